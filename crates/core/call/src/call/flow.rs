//! The call in its flow: what the interpreter wants is turned into SIP and media, what happens goes back to it.

mod around;
mod ask;
mod sound;

use std::sync::Arc;
use std::time::Duration;

use hotline_acd::{OfferFailure, Outside};
use hotline_base::{AgentId, FlowId, Now, Pii, PlayId, VoiceMessageId};
use hotline_ivr::{
    Action, CustomerField, Digit, Enqueue, Facts, Flows, HangupCause, Input, Language, PromptName, Session,
    Target, TransferExit, Value, Variable,
};
use hotline_media::{self as media, PromptId};
use serde::{Deserialize, Serialize};

use self::around::Around;
use self::sound::Playback;
use super::Call;
use super::live::{Activity, Progress};
use super::offer::{Candidate, Fallback};
use crate::command::{Message, Request};
use crate::controller::CallTimer;
use crate::env::Env;
use crate::event::{CallEvent, EndKind, Source};
use crate::number::normalise;

/// A flow being run for this call, on the version it began with.
#[derive(Serialize, Deserialize)]
pub(crate) struct FlowRun {
    session: Session,
    /// The playback that the flow waits for.
    playing: Option<Playback>,
    /// The fields of the customer that it has asked for.
    wanted: Vec<CustomerField>,
}

impl FlowRun {
    fn new(flows: Arc<Flows>, name: &FlowId, facts: Facts) -> Option<Self> {
        Some(Self { session: Session::new(flows, name, facts)?, playing: None, wanted: Vec::new() })
    }

    /// What it has collected so far, without what is sensitive.
    fn collected(&self) -> Arc<[(Variable, Value)]> {
        self.session.collected().into_iter().collect()
    }

    /// Whether it has something to ask once the talk is over.
    pub(super) const fn goes_on_after_talk(&self) -> bool {
        self.session.goes_on_after_talk()
    }
}

/// The name by which the media plane knows a prompt.
pub(super) fn prompt_id(language: &str, prompt: &PromptName) -> PromptId {
    PromptId::from(format!("{language}/{prompt}").as_str())
}

impl Call {
    fn facts(&self, env: &Env) -> Facts {
        let trunk = match &self.record.source {
            Source::Trunk(trunk) => trunk.as_str().to_owned(),
            Source::Agent(_) | Source::Queue(_) => String::new(),
        };
        let number = normalise(self.caller(), &env.center.dial_plan);
        let area = number.map_or("", |number| env.center.area(&number)).to_owned();
        Facts {
            caller: self.record.caller.clone(),
            called: self.record.called.clone(),
            trunk,
            area,
            language: Some(Language::from(self.record.language.as_str())),
        }
    }

    /// Enters the first step of a flow. False if there is no such flow.
    pub(super) fn start_flow(&mut self, now: Now, env: &mut Env, name: &FlowId) -> bool {
        self.start_flow_of(now, env, Arc::clone(&env.center.flows), name)
    }

    /// The same of other flows than the center's.
    pub(super) fn start_flow_of(
        &mut self,
        now: Now,
        env: &mut Env,
        flows: Arc<Flows>,
        name: &FlowId,
    ) -> bool {
        let Some(run) = FlowRun::new(flows, name, self.facts(env)) else { return false };
        self.set_activity(Activity::Flow(run));
        let around = Around::of(self, env, now);
        if let Some(run) = self.run() {
            run.session.start(now, &around);
        }
        self.run_flow(now, env);
        true
    }

    /// Tells the flow something, and does what it then wants.
    pub(super) fn give_flow(&mut self, now: Now, env: &mut Env, input: Input) {
        let around = Around::of(self, env, now);
        if let Some(run) = self.run() {
            run.session.handle_input(now, &around, input);
        }
        self.run_flow(now, env);
    }

    /// The call is up: prompts can be heard from here on.
    pub(super) fn on_flow_answered(&mut self, now: Now, env: &mut Env) {
        self.give_flow(now, env, Input::Answered);
    }

    /// The caller pressed a key. It reaches the flow also while the caller waits: some keys lead out of a queue.
    pub(super) fn on_flow_digit(&mut self, now: Now, env: &mut Env, key: char) {
        if let Some(digit) = Digit::new(key) {
            self.give_flow(now, env, Input::Digit(digit));
        }
    }

    pub(crate) fn on_flow_timeout(&mut self, now: Now, env: &mut Env) {
        let around = Around::of(self, env, now);
        if let Some(run) = self.run() {
            run.session.handle_timeout(now, &around);
        }
        self.run_flow(now, env);
    }

    /// A playback to the caller is over.
    pub(crate) fn on_play_finished(
        &mut self,
        now: Now,
        env: &mut Env,
        play: PlayId,
        outcome: media::PlayOutcome,
    ) {
        if self.on_refusal_heard(now, env, play)
            || self.on_announcement_finished(now, env, play)
            || self.on_greeting_heard(now, env, play)
        {
            return;
        }
        self.on_flow_played(now, env, play, outcome);
    }

    /// The extension that the flow named did not take the call.
    pub(super) fn on_transfer_failed(&mut self, now: Now, env: &mut Env, failure: OfferFailure) {
        let exit = match failure {
            OfferFailure::Busy | OfferFailure::Rejected => TransferExit::Busy,
            OfferFailure::NoAnswer => TransferExit::NoAnswer,
            OfferFailure::NotRegistered
            | OfferFailure::PhoneFault
            | OfferFailure::ServerFault
            | OfferFailure::CallerGone
            | OfferFailure::Elsewhere => TransferExit::Unavailable,
        };
        env.media.push_back(media::Command::SetMusic { leg: self.leg, prompt: None });
        self.give_flow(now, env, Input::TransferFailed(exit));
    }

    /// Does what the flow wants until it waits for something.
    fn run_flow(&mut self, now: Now, env: &mut Env) {
        loop {
            self.record_steps(now, env);
            let Some(run) = self.run() else { return };
            let Some(action) = run.session.poll_action() else { break };
            self.act(now, env, action);
        }
        let id = self.id();
        match self.run().and_then(|run| run.session.poll_timeout()) {
            Some((at, _)) => env.arm(id, CallTimer::Flow, at),
            None => env.disarm(id, CallTimer::Flow),
        }
    }

    fn act(&mut self, now: Now, env: &mut Env, action: Action) {
        match action {
            Action::Answer => {
                let up = self.live().is_some_and(|live| matches!(live.progress, Progress::Confirmed));
                self.answer_caller(now, env);
                if up {
                    self.give_flow(now, env, Input::Answered);
                }
            }
            Action::Ring => self.ring_caller(now, env),
            Action::Play { tag, language, prompts } => self.play_for_flow(now, env, tag, &language, &prompts),
            Action::StopPlay(tag) => self.stop_play_of_flow(env, tag),
            Action::Enqueue(enqueue) => self.enqueue_for_flow(now, env, enqueue),
            Action::LeaveQueue => self.leave_queue_by_key(now, env),
            Action::Transfer { to, ring } => self.transfer_for_flow(now, env, to, ring),
            Action::Ask(tag, question) => self.ask_for_flow(now, env, tag, question),
            Action::Forget(tag) => env.requests.push_back(Request::Forget { call: self.id(), tag }),
            Action::SurveyAnswered { survey, question, answer } => {
                self.emit(now, env, CallEvent::SurveyAnswered { survey, question, answer });
            }
            Action::SendDigits(digits) => self.send_digits(env, digits.expose()),
            Action::Record { tag, mailbox, longest, silence, shortest } => {
                let (id, started_at) = (VoiceMessageId::generate(now.wall, &mut env.rng), now.wall);
                let caller = self.record.caller.clone();
                let message = Message { id, started_at, mailbox, caller, longest, silence, shortest };
                self.record_for_flow(now, env, tag, message);
            }
            Action::StopRecord(tag) => env.requests.push_back(Request::StopRecord { call: self.id(), tag }),
            Action::OpenStream(tag, stream) => self.stream_for_flow(now, env, tag, stream),
            Action::StreamDigit(tag, digit) => {
                env.requests.push_back(Request::StreamDigit { call: self.id(), tag, digit });
            }
            Action::CloseStream(tag) => env.requests.push_back(Request::Forget { call: self.id(), tag }),
            Action::LanguageChanged(language) => {
                let language = language.as_str().to_owned();
                self.emit(now, env, CallEvent::LanguageChanged { language });
            }
            Action::Hangup { cause } => self.end_by_flow(now, env, cause),
        }
    }

    fn enqueue_for_flow(&mut self, now: Now, env: &mut Env, enqueue: Enqueue) {
        let Some(Activity::Flow(run)) = self.take_activity() else { return };
        env.disarm(self.id(), CallTimer::Flow);
        self.open_early_media(now, env);
        self.enqueue(now, env, run, enqueue);
    }

    fn transfer_for_flow(&mut self, now: Now, env: &mut Env, to: Target, ring: Option<Duration>) {
        let Some(Activity::Flow(run)) = self.take_activity() else { return };
        env.disarm(self.id(), CallTimer::Flow);
        let agent = match to {
            Target::Extension(extension) => env.center.agent_by_extension(extension.expose()).cloned(),
            Target::Agent(agent) => {
                Some(AgentId::from(agent.as_str())).filter(|agent| env.center.agents.contains_key(agent))
            }
            Target::Number(number) => {
                let music = env.center.queues.values().next().map(|queue| queue.music.clone());
                env.media.push_back(media::Command::SetMusic { leg: self.leg, prompt: music });
                match normalise(number.expose(), &env.center.dial_plan) {
                    Some(number) => {
                        self.begin_dialling(now, env, Pii::new(number), None, Fallback::Flow(run));
                        if let (Some(ring), Some(dial)) = (ring, self.dialling()) {
                            dial.set_ring(ring);
                        }
                    }
                    None => self.fall_back(now, env, Fallback::Flow(run), OfferFailure::NotRegistered),
                }
                return;
            }
        };
        let Some(agent) = agent else {
            self.fall_back(now, env, Fallback::Flow(run), OfferFailure::NotRegistered);
            return;
        };
        let music = env.center.queues.values().next().map(|queue| queue.music.clone());
        env.media.push_back(media::Command::SetMusic { leg: self.leg, prompt: music });
        self.offer_directly(now, env, agent, ring, Fallback::Flow(run));
    }

    /// Rings an agent who was named by the caller or the flow, unless the agent is busy.
    pub(super) fn offer_directly(
        &mut self,
        now: Now,
        env: &mut Env,
        agent: AgentId,
        ring: Option<Duration>,
        fallback: Fallback,
    ) {
        let free = env.acd.agent(&agent).is_some_and(|view| view.is_free());
        let ring_timeout = ring.unwrap_or(env.center.timing.extension_ring);
        if free {
            env.acd.set_outside_call(now, &agent, self.id(), Some(Outside::Ringing));
            let candidate = Candidate { agent, reservation: None, ring_timeout, because: None };
            self.begin_offer(now, env, candidate, fallback);
            return;
        }
        match fallback {
            Fallback::Flow(run) => {
                self.set_activity(Activity::Flow(run));
                self.on_transfer_failed(now, env, OfferFailure::Busy);
            }
            Fallback::Refuse => self.refuse_extension(now, env, OfferFailure::Busy),
            Fallback::Transferor(handover) => self.resume(now, env, *handover, OfferFailure::Busy),
            Fallback::Queue(waiting) => self.set_activity(Activity::Waiting(waiting)),
        }
    }

    /// Keeps what the flow that sends the call to somebody has collected: the flow may be over when it is shown.
    pub(super) fn keep_collected(&mut self) {
        let collected = match self.live().map(|live| &live.activity) {
            Some(Activity::Offering { fallback, .. }) => match fallback {
                Fallback::Queue(waiting) => waiting.run.collected(),
                Fallback::Flow(run) => run.collected(),
                Fallback::Transferor(_) | Fallback::Refuse => return,
            },
            Some(_) | None => return,
        };
        let visitor = Arc::clone(&self.visitor);
        self.collected = if visitor.is_empty() {
            collected
        } else {
            visitor.iter().chain(collected.iter()).cloned().collect()
        };
    }

    fn end_by_flow(&mut self, now: Now, env: &mut Env, cause: HangupCause) {
        let answered =
            self.live().is_some_and(|live| matches!(live.progress, Progress::Answered | Progress::Confirmed));
        let status = if answered { 200 } else { cause.sip_status() };
        self.end_by_system(now, env, EndKind::FlowEnded, Some(status), cause.q850());
    }

    /// Tells a flow that is not the call's present doing something, and puts the steps that it leaves on record. Gives it
    /// back if it goes on after a talk.
    pub(super) fn close_flow(
        &mut self,
        now: Now,
        env: &mut Env,
        mut run: FlowRun,
        last: Input,
    ) -> Option<Box<FlowRun>> {
        run.session.handle_input(now, &Around::of(self, env, now), last);
        while let Some((flow, step)) = run.session.poll_step() {
            self.emit(now, env, CallEvent::StepLeft { flow, step });
        }
        run.goes_on_after_talk().then(|| Box::new(run))
    }

    /// The call is over: puts the last step on record.
    pub(super) fn end_flow(&mut self, now: Now, env: &mut Env, run: FlowRun) {
        self.close_flow(now, env, run, Input::CallEnded);
    }

    fn record_steps(&mut self, now: Now, env: &mut Env) {
        while let Some(run) = self.run() {
            let Some((flow, step)) = run.session.poll_step() else { return };
            self.emit(now, env, CallEvent::StepLeft { flow, step });
        }
    }

    /// The flow that runs, or that waits for what a queue brings.
    fn run(&mut self) -> Option<&mut FlowRun> {
        match &mut self.live()?.activity {
            Activity::Flow(run) => Some(run),
            Activity::Waiting(waiting) | Activity::Offering { fallback: Fallback::Queue(waiting), .. } => {
                Some(&mut waiting.run)
            }
            Activity::Idle
            | Activity::Summoning
            | Activity::Offering { .. }
            | Activity::Dialling { .. }
            | Activity::Talking(_) => None,
        }
    }
}
