//! Waiting in a queue: music, the position said on joining and whenever it changes, an agent at last.

use hotline_acd::Entry as QueueEntry;
use hotline_acd::{Decision, EnqueueError};
use hotline_base::{AgentId, CallId, Now, PlayId, QueueId, ReservationId};
use hotline_ivr::{Input, Language, QueueExit, position_announcement};
use hotline_media as media;
use serde::{Deserialize, Serialize};

use super::live::Activity;
use super::offer::{Candidate, Fallback};
use super::{Call, FlowRun};
use crate::env::Env;
use crate::event::{CallEvent, QueueOutcome};
use crate::snapshot::CallState;

/// A call in line.
#[derive(Serialize, Deserialize)]
pub(crate) struct Waiting {
    /// The flow to go on with if the wait ends without an agent.
    pub(super) run: FlowRun,
    pub(super) queue: QueueId,
    announcer: Announcer,
}

/// Says the position, never two at once: what changed meanwhile is said when the present one has ended.
#[derive(Default, Serialize, Deserialize)]
struct Announcer {
    playing: Option<PlayId>,
    position: u32,
    said: u32,
}

impl Waiting {
    pub(super) fn state(&self, call: CallId, env: &Env) -> CallState {
        CallState::Queued { queue: self.queue.clone(), position: env.acd.position(call).unwrap_or(0) }
    }
}

impl Call {
    /// Puts the call in line. If the queue does not take it, the flow goes on by the exit that says why.
    pub(super) fn enqueue(
        &mut self,
        now: Now,
        env: &mut Env,
        run: FlowRun,
        queue: QueueId,
        entry: QueueEntry,
    ) {
        let music = env.center.queues.get(&queue).map(|queue| queue.music.clone());
        if let Err(error) = env.acd.enqueue(now, entry) {
            let exit = match error {
                EnqueueError::Full => QueueExit::Full,
                EnqueueError::NoAgents
                | EnqueueError::Unstaffed
                | EnqueueError::UnknownQueue
                | EnqueueError::AlreadyWaiting => QueueExit::NoAgents,
            };
            self.set_activity(Activity::Flow(run));
            self.give_flow(now, env, Input::QueueExited(exit));
            return;
        }
        env.media.push_back(media::Command::SetMusic { leg: self.leg, prompt: music });
        self.set_activity(Activity::Waiting(Waiting {
            run,
            queue: queue.clone(),
            announcer: Announcer::default(),
        }));
        self.emit(now, env, CallEvent::Queued { queue });
    }

    /// The ACD says where the call stands.
    pub(crate) fn on_position(&mut self, now: Now, env: &mut Env, position: u32, waiting: u32) {
        let Some(queued) = self.waiting() else { return };
        queued.announcer.position = position;
        let queue = queued.queue.clone();
        self.emit(now, env, CallEvent::Position { queue, position, waiting });
        self.announce_position(env);
    }

    /// Says the position if it is another than the one said last and nothing is being said.
    pub(super) fn announce_position(&mut self, env: &mut Env) {
        let (leg, language) = (self.leg, self.record.language.clone());
        let Some(live) = self.live() else { return };
        // While a phone rings the caller hears music: the next word should be the agent's.
        let Activity::Waiting(waiting) = &mut live.activity else { return };
        let announcer = &mut waiting.announcer;
        let wanted = env.center.queues.get(&waiting.queue).is_some_and(|queue| queue.announce_position);
        if !wanted
            || announcer.playing.is_some()
            || announcer.position == announcer.said
            || announcer.position == 0
        {
            return;
        }
        let play = env.next_play();
        announcer.playing = Some(play);
        announcer.said = announcer.position;
        let prompts = position_announcement(&Language::from(language.as_str()), announcer.position)
            .iter()
            .map(|name| super::flow::prompt_id(&language, name))
            .collect();
        env.media.push_back(media::Command::Play { leg, play, prompts });
    }

    /// A playback to the caller ended; true if it was an announcement of the queue.
    pub(super) fn on_announcement_finished(&mut self, env: &mut Env, play: PlayId) -> bool {
        let Some(waiting) = self.waiting() else { return false };
        if waiting.announcer.playing != Some(play) {
            return false;
        }
        waiting.announcer.playing = None;
        self.announce_position(env);
        true
    }

    /// The ACD chose an agent. False if the call does not wait: the reservation must go back.
    pub(crate) fn on_agent_chosen(
        &mut self,
        now: Now,
        env: &mut Env,
        reservation: ReservationId,
        agent: AgentId,
        because: Decision,
    ) -> bool {
        let Some(live) = self.live() else { return false };
        if !matches!(live.activity, Activity::Waiting(_)) {
            return false;
        }
        let Some(Activity::Waiting(waiting)) = self.take_activity() else { return false };
        let ring_timeout = env
            .center
            .queues
            .get(&waiting.queue)
            .map_or(env.center.timing.extension_ring, |queue| queue.routing.ring_timeout);
        let candidate =
            Candidate { agent, reservation: Some(reservation), ring_timeout, because: Some(because) };
        self.begin_offer(now, env, candidate, Fallback::Queue(waiting));
        true
    }

    /// The longest wait of the queue is reached: back to the flow.
    pub(crate) fn on_wait_exceeded(&mut self, now: Now, env: &mut Env) {
        let Some(live) = self.live() else { return };
        if !matches!(live.activity, Activity::Waiting(_)) {
            return;
        }
        let Some(Activity::Waiting(waiting)) = self.take_activity() else { return };
        env.acd.leave(now, self.id(), hotline_acd::LeaveCause::WaitExceeded);
        env.media.push_back(media::Command::StopPlay { leg: self.leg });
        env.media.push_back(media::Command::SetMusic { leg: self.leg, prompt: None });
        self.emit(now, env, CallEvent::Dequeued { queue: waiting.queue, outcome: QueueOutcome::TimedOut });
        self.set_activity(Activity::Flow(waiting.run));
        self.give_flow(now, env, Input::QueueExited(QueueExit::Timeout));
    }

    /// The place in line, whether or not an agent is being rung.
    fn waiting(&mut self) -> Option<&mut Waiting> {
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
