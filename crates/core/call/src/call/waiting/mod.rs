//! Waiting in a queue: music, announcements, the end of the opening hours, an agent at last.

mod announcer;
mod placed;

use std::sync::Arc;
use std::time::Duration;

use hotline_acd::{
    Class, Decision, EnqueueError, Entry as QueueEntry, LeaveCause, Limit, OfferFailure, Requirement, Sticky,
};
use hotline_base::{AgentId, CallId, Now, Pii, PlayId, QueueId, ReservationId, SkillId, Time};
use hotline_hours::State;
use hotline_ivr::{
    Enqueue, Input, Language, PromptName, QueueExit, position_announcement, wait_announcement,
};
use hotline_media as media;
use serde::{Deserialize, Serialize};

use self::announcer::{Announcer, Next};
use super::live::Activity;
use super::offer::{Candidate, Fallback};
use super::{Call, FlowRun};
use crate::controller::CallTimer;
use crate::env::Env;
use crate::event::{CallEvent, QueueOutcome};
use crate::number::normalise;
use crate::snapshot::CallState;

/// A call in line.
#[derive(Serialize, Deserialize)]
pub(crate) struct Waiting {
    /// The flow to go on with if the wait ends without an agent.
    pub(super) run: FlowRun,
    pub(super) queue: QueueId,
    /// What its place in line counts from.
    enqueued: Now,
    announcer: Announcer,
}

impl Waiting {
    /// When the caller joined this queue.
    pub(super) const fn joined(&self) -> Time {
        self.announcer.joined_at
    }

    pub(super) fn state(&self, call: CallId, env: &Env) -> CallState {
        CallState::Queued { queue: self.queue.clone(), position: env.acd.position(call).unwrap_or(0) }
    }
}

impl Call {
    /// Puts the caller into the queue that its flow leads to.
    pub(super) fn enqueue(&mut self, now: Now, env: &mut Env, run: FlowRun, wanted: Enqueue) {
        let queue = wanted.queue.clone();
        // A skill that the flow computed, and that nobody can have: who asks for it would wait for nobody.
        let is_known =
            |skill: &String| env.center.staffing.skills.contains_key(&SkillId::from(skill.as_str()));
        let asks_too_much = !wanted.skills.keys().all(is_known);
        let entry = self.entry(now, env, wanted);
        let enqueued = entry.enqueued.unwrap_or(now);
        let joined = match self.stand_in(now, env) {
            Some(joined) => joined,
            None if asks_too_much => Err(QueueExit::NoAgents),
            None => join(now, env, entry),
        };
        if let Err(exit) = joined {
            self.set_activity(Activity::Flow(run));
            self.give_flow(now, env, Input::QueueExited(exit));
            return;
        }
        let music = env.center.queues.get(&queue).map(|queue| queue.music.clone());
        env.media.push_back(media::Command::SetMusic { leg: self.leg, prompt: music });
        let announcer = Announcer::new(now.mono);
        self.set_activity(Activity::Waiting(Waiting { run, queue: queue.clone(), enqueued, announcer }));
        self.emit(now, env, CallEvent::Queued { queue });
        self.watch_hours(now, env);
    }

    fn entry(&self, now: Now, env: &mut Env, wanted: Enqueue) -> QueueEntry {
        let agent = wanted.agent.and_then(|(name, wait)| {
            let by_id = AgentId::from(name.as_str());
            let known = env.center.agents.contains_key(&by_id).then_some(by_id);
            let agent = known.or_else(|| env.center.agent_by_extension(&name).cloned())?;
            Some(Sticky { agent, wait: Some(wait), designated: wanted.agent_only })
        });
        let requires = wanted.skills.iter().map(|(skill, level)| Requirement {
            skill: SkillId::from(skill.as_str()),
            level: *level,
            weight: 1,
        });
        QueueEntry {
            priority_credit: wanted.priority_credit,
            class: if wanted.emergency { Class::Emergency } else { Class::Ordinary },
            // Agents who call a queue themselves are not the ones to answer.
            excluded: self.calling_agent().into_iter().cloned().collect(),
            requires: requires.collect(),
            sticky: agent,
            enqueued: self.place(now, env, &wanted.queue),
            ..QueueEntry::new(self.id(), wanted.queue)
        }
    }

    /// Since when the caller has a place in line already: from another queue, or from a call before that was cut off.
    fn place(&self, now: Now, env: &mut Env, queue: &QueueId) -> Option<Now> {
        let number = normalise(self.number(), &env.center.dial_plan).map(Pii::new);
        let kept = number.and_then(|number| env.places.take(now, queue, &number));
        let before = self.enqueued_first.filter(|_| kept.is_none());
        kept.or(before)
    }

    /// Keeps the place of a caller who hung up in line: perhaps it was cut off.
    pub(super) fn keep_place(&self, now: Now, env: &mut Env, waiting: &Waiting) {
        let length = env.center.queues.get(&waiting.queue).map_or(Duration::ZERO, |queue| queue.place_kept);
        if let Some(number) = normalise(self.number(), &env.center.dial_plan)
            && !length.is_zero()
            && !self.has_lost_customer()
        {
            env.places.keep(now, waiting.queue.clone(), Pii::new(number), waiting.enqueued, length);
        }
    }

    /// The ACD tells the position: on joining, and whenever it changes.
    pub(crate) fn on_position(&mut self, now: Now, env: &mut Env, position: u32, waiting: u32) {
        let Some(queued) = self.waiting() else { return };
        queued.announcer.position = position;
        let queue = queued.queue.clone();
        self.emit(now, env, CallEvent::Position { queue, position, waiting });
        self.announce(now, env);
    }

    /// Says what is due, or sees to it that it is said in its time. While a phone rings the caller hears music: the next
    /// word should be the agent's.
    pub(crate) fn announce(&mut self, now: Now, env: &mut Env) {
        let (id, center) = (self.id(), Arc::clone(&env.center));
        loop {
            let Some(Activity::Waiting(waiting)) = self.live().map(|live| &mut live.activity) else { return };
            let Some(rules) = center.queues.get(&waiting.queue).map(|queue| &queue.announcements) else {
                return;
            };
            let what = match waiting.announcer.next(rules) {
                Some((at, what)) if at <= now.mono => what,
                Some((at, _)) => return env.arm(id, CallTimer::Announce, at),
                None => return env.disarm(id, CallTimer::Announce),
            };
            let position = waiting.announcer.position;
            let prompts = match what {
                Next::Comfort(index) => {
                    self.own_prompts(rules.comfort.get(index..=index).unwrap_or_default())
                }
                Next::Place => {
                    let language = Language::from(self.record.language.as_str());
                    let mut words = Vec::new();
                    if rules.position {
                        words.extend(position_announcement(&language, position));
                    }
                    if rules.wait
                        && let Some(range) = env.acd.say_wait(now, id)
                    {
                        words.extend(wait_announcement(&language, range.from, range.to));
                    }
                    self.own_prompts(&words)
                }
            };
            let (leg, play) = (self.leg, env.next_play());
            let Some(waiting) = self.waiting() else { return };
            if prompts.is_empty() {
                waiting.announcer.noted(now.mono, what);
            } else {
                waiting.announcer.said(now.mono, what, play);
                let behind = if rules.over_music { media::Behind::Music } else { media::Behind::Silence };
                env.media.push_back(media::Command::Play { leg, play, prompts, behind });
            }
        }
    }

    /// The prompts in the language of the call.
    pub(super) fn own_prompts(&self, names: &[PromptName]) -> Vec<media::PromptId> {
        names.iter().map(|name| super::flow::prompt_id(&self.record.language, name)).collect()
    }

    /// True if the playback was an announcement.
    pub(super) fn on_announcement_finished(&mut self, now: Now, env: &mut Env, play: PlayId) -> bool {
        let is_own = self.waiting().is_some_and(|waiting| waiting.announcer.ended(now.mono, play));
        if is_own {
            self.announce(now, env);
        }
        is_own
    }

    /// Whoever waits when the opening hours of the queue are over leaves it then.
    pub(crate) fn watch_hours(&mut self, now: Now, env: &mut Env) {
        let id = self.id();
        // Whoever was called back in time is not sent away.
        if self.is_called_first() {
            return;
        }
        let Some(queue) = self.waiting().map(|waiting| waiting.queue.clone()) else { return };
        match closing(now, env, &queue) {
            Closing::Now if self.is_only_waiting() => {
                self.exit_queue(now, env, QueueExit::Closed, LeaveCause::Exit);
            }
            // An agent may be reaching for the phone.
            Closing::Now | Closing::Never => env.disarm(id, CallTimer::QueueCloses),
            Closing::In(time) => env.arm(id, CallTimer::QueueCloses, now.mono + time),
        }
    }

    fn is_only_waiting(&mut self) -> bool {
        self.live().is_some_and(|live| matches!(live.activity, Activity::Waiting(_)))
    }

    /// An agent was chosen for this caller. False if it does not wait any more.
    pub(crate) fn on_agent_chosen(
        &mut self,
        now: Now,
        env: &mut Env,
        reservation: ReservationId,
        agent: AgentId,
        because: Decision,
    ) -> bool {
        let Some(waiting) = self.waiting() else { return false };
        let ring_timeout = env
            .center
            .queues
            .get(&waiting.queue)
            .map_or(env.center.timing.extension_ring, |queue| queue.routing.ring_timeout);
        let candidate =
            Candidate { agent, reservation: Some(reservation), ring_timeout, because: Some(because) };
        match self.take_activity() {
            Some(Activity::Waiting(waiting)) => {
                self.begin_offer(now, env, candidate, Fallback::Queue(waiting));
            }
            // Another phone rings already.
            Some(offering) => {
                self.set_activity(offering);
                self.add_offer(now, env, candidate);
            }
            None => return false,
        }
        true
    }

    /// The caller has waited as long as the queue allows, or nobody who could come is left.
    pub(crate) fn on_limit_reached(&mut self, now: Now, env: &mut Env, limit: Limit) {
        if !self.is_only_waiting() {
            return;
        }
        let exit = match limit {
            Limit::Wait => QueueExit::Timeout,
            Limit::Unstaffed => QueueExit::NoAgents,
        };
        self.exit_queue(now, env, exit, LeaveCause::WaitExceeded);
    }

    /// Takes the caller out of line; the flow goes on.
    fn exit_queue(&mut self, now: Now, env: &mut Env, exit: QueueExit, cause: LeaveCause) {
        let Some(Activity::Waiting(waiting)) = self.take_activity() else { return };
        let outcome = match exit {
            QueueExit::Timeout => QueueOutcome::TimedOut,
            QueueExit::Withdrawn => QueueOutcome::Withdrawn,
            QueueExit::Full | QueueExit::NoAgents | QueueExit::Closed | QueueExit::AgentLeft => {
                QueueOutcome::Left
            }
        };
        let run = self.leave_line(now, env, waiting, cause, outcome);
        self.set_activity(Activity::Flow(run));
        self.give_flow(now, env, Input::QueueExited(exit));
    }

    /// The caller pressed a key that leads out of the queue; agents whose phones ring for it are let go.
    pub(super) fn leave_queue_by_key(&mut self, now: Now, env: &mut Env) {
        let waiting = match self.take_activity() {
            Some(Activity::Waiting(waiting)) => waiting,
            Some(Activity::Offering { agents, fallback: Fallback::Queue(waiting) }) => {
                self.drop_offers(now, env, agents, OfferFailure::CallerGone);
                waiting
            }
            Some(other) => return self.set_activity(other),
            None => return,
        };
        let run = self.leave_line(now, env, waiting, LeaveCause::Exit, QueueOutcome::Left);
        self.set_activity(Activity::Flow(run));
    }

    /// Ends the wait of a caller who stays in the call. Leaving the queue withdraws reservations too.
    fn leave_line(
        &mut self,
        now: Now,
        env: &mut Env,
        waiting: Waiting,
        cause: LeaveCause,
        outcome: QueueOutcome,
    ) -> FlowRun {
        env.acd.leave(now, self.id(), cause);
        env.media.push_back(media::Command::StopPlay { leg: self.leg });
        env.media.push_back(media::Command::SetMusic { leg: self.leg, prompt: None });
        self.note_place(env, &waiting);
        let Waiting { run, queue, .. } = waiting;
        self.emit(now, env, CallEvent::Dequeued { queue, outcome });
        run
    }

    /// The wait is over, one way or another; the next queue of this call goes on from its place.
    pub(super) fn note_place(&mut self, env: &mut Env, waiting: &Waiting) {
        for timer in [CallTimer::Announce, CallTimer::QueueCloses] {
            env.disarm(self.id(), timer);
        }
        self.enqueued_first = Some(waiting.enqueued);
    }

    pub(super) fn waiting(&mut self) -> Option<&mut Waiting> {
        match &mut self.live()?.activity {
            Activity::Waiting(waiting) | Activity::Offering { fallback: Fallback::Queue(waiting), .. } => {
                Some(waiting)
            }
            Activity::Idle
            | Activity::Summoning
            | Activity::Flow(_)
            | Activity::Offering { .. }
            | Activity::Dialling { .. }
            | Activity::Talking(_) => None,
        }
    }
}

fn join(now: Now, env: &mut Env, entry: QueueEntry) -> Result<(), QueueExit> {
    if let Closing::Now = closing(now, env, &entry.queue) {
        return Err(QueueExit::Closed);
    }
    match env.acd.enqueue(now, entry) {
        Ok(_) => Ok(()),
        Err(EnqueueError::Full) => Err(QueueExit::Full),
        Err(
            EnqueueError::Unstaffed
            | EnqueueError::NoAgents
            | EnqueueError::UnknownQueue
            | EnqueueError::AlreadyWaiting,
        ) => Err(QueueExit::NoAgents),
    }
}

/// When the opening hours of a queue are over.
enum Closing {
    Never,
    In(Duration),
    Now,
}

fn closing(now: Now, env: &Env, queue: &QueueId) -> Closing {
    let Some(hours) = env.center.queues.get(queue).and_then(|queue| queue.hours.as_ref()) else {
        return Closing::Never;
    };
    // A schedule that is not configured is closed; the configuration is checked for that.
    let Some(schedule) = env.center.hours.get(hours) else { return Closing::Now };
    let status = schedule.at(now.wall, env.by_hand.get(hours).copied());
    match (status.state, status.until) {
        (State::Open, Some(until)) => Closing::In(until.since(now.wall)),
        (State::Open, None) => Closing::Never,
        (State::Closed | State::Holiday(_), _) => Closing::Now,
    }
}
