//! The call in its flow: what the interpreter wants is turned into SIP and media, what happens goes back to it.

use std::sync::Arc;

use hotline_acd::{Class, Entry as QueueEntry, OfferFailure, Outside};
use hotline_base::{FlowId, Now, PlayId};
use hotline_ivr::{
    Action, Digit, Facts, Flow, HangupCause, Input, Language, PlayTag, PromptName, Session, TransferExit,
};
use hotline_media::{self as media, PromptId};
use serde::{Deserialize, Serialize};

use super::Call;
use super::live::{Activity, Progress};
use super::offer::{Candidate, Fallback};
use crate::controller::CallTimer;
use crate::env::Env;
use crate::event::{CallEvent, EndKind};

/// A flow being run for this call, on the version it began with.
#[derive(Serialize, Deserialize)]
pub(crate) struct FlowRun {
    flow: FlowId,
    session: Session,
    /// The playback that the flow waits for.
    playing: Option<(PlayId, PlayTag)>,
}

impl FlowRun {
    pub(super) fn new(flow: Arc<Flow>, facts: Facts) -> Self {
        Self { flow: flow.name().clone(), session: Session::new(flow, facts), playing: None }
    }
}

/// The name by which the media plane knows a prompt.
pub(super) fn prompt_id(language: &str, prompt: &PromptName) -> PromptId {
    PromptId::from(format!("{language}/{prompt}").as_str())
}

impl Call {
    pub(super) fn facts(&self) -> Facts {
        Facts {
            caller: self.record.caller.clone(),
            called: self.record.called.clone(),
            language: Some(Language::from(self.record.language.as_str())),
        }
    }

    /// Enters the first step.
    pub(super) fn start_flow(&mut self, now: Now, env: &mut Env) {
        if let Some(run) = self.run() {
            run.session.start(now);
        }
        self.run_flow(now, env);
    }

    /// Tells the flow something, and does what it then wants.
    pub(super) fn give_flow(&mut self, now: Now, env: &mut Env, input: Input) {
        if let Some(run) = self.run() {
            run.session.handle_input(now, input);
        }
        self.run_flow(now, env);
    }

    /// The call is up: prompts can be heard from here on.
    pub(super) fn on_flow_answered(&mut self, now: Now, env: &mut Env) {
        self.give_flow(now, env, Input::Answered);
    }

    pub(super) fn on_flow_digit(&mut self, now: Now, env: &mut Env, key: char) {
        if let Some(digit) = Digit::new(key) {
            self.give_flow(now, env, Input::Digit(digit));
        }
    }

    pub(crate) fn on_flow_timeout(&mut self, now: Now, env: &mut Env) {
        if let Some(run) = self.run() {
            run.session.handle_timeout(now);
        }
        self.run_flow(now, env);
    }

    /// A playback to the caller is over.
    pub(crate) fn on_play_finished(&mut self, now: Now, env: &mut Env, play: PlayId) {
        if self.on_refusal_heard(now, env, play) || self.on_announcement_finished(env, play) {
            return;
        }
        let Some(run) = self.run() else { return };
        let Some((playing, tag)) = run.playing else { return };
        if playing == play {
            run.playing = None;
            self.give_flow(now, env, Input::PlayFinished(tag));
        }
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
            Action::Play { tag, language, prompts } => {
                self.open_early_media(now, env);
                let play = env.next_play();
                let prompts = prompts.iter().map(|name| prompt_id(language.as_str(), name)).collect();
                env.media.push_back(media::Command::Play { leg: self.leg, play, prompts });
                if let Some(run) = self.run() {
                    run.playing = Some((play, tag));
                }
            }
            Action::StopPlay(tag) => {
                let leg = self.leg;
                let Some(run) = self.run() else { return };
                if run.playing.is_some_and(|(_, playing)| playing == tag) {
                    run.playing = None;
                    env.media.push_back(media::Command::StopPlay { leg });
                }
            }
            Action::Enqueue { queue } => {
                let entry = QueueEntry {
                    call: self.id(),
                    queue: queue.clone(),
                    priority_credit: std::time::Duration::ZERO,
                    class: Class::Ordinary,
                    // Agents who call a queue themselves are not the ones to answer.
                    excluded: self.calling_agent().into_iter().cloned().collect(),
                };
                let Some(Activity::Flow(run)) = self.take_activity() else { return };
                env.disarm(self.id(), CallTimer::Flow);
                self.enqueue(now, env, run, queue, entry);
            }
            Action::Transfer { extension } => self.transfer_to_extension(now, env, &extension),
            Action::LanguageChanged(language) => {
                let language = language.as_str().to_owned();
                self.emit(now, env, CallEvent::LanguageChanged { language });
            }
            Action::Hangup { cause } => self.end_by_flow(now, env, cause),
        }
    }

    fn transfer_to_extension(&mut self, now: Now, env: &mut Env, extension: &str) {
        let Some(Activity::Flow(run)) = self.take_activity() else { return };
        env.disarm(self.id(), CallTimer::Flow);
        let Some(agent) = env.center.agent_by_extension(extension).cloned() else {
            self.set_activity(Activity::Flow(run));
            self.on_transfer_failed(now, env, OfferFailure::NotRegistered);
            return;
        };
        let music = env.center.queues.values().next().map(|queue| queue.music.clone());
        env.media.push_back(media::Command::SetMusic { leg: self.leg, prompt: music });
        self.offer_directly(now, env, agent, Fallback::Flow(run));
    }

    /// Rings an agent who was named by the caller or the flow, unless the agent is busy.
    pub(super) fn offer_directly(
        &mut self,
        now: Now,
        env: &mut Env,
        agent: hotline_base::AgentId,
        fallback: Fallback,
    ) {
        let free = env.acd.agent(&agent).is_some_and(|view| view.is_free());
        let ring_timeout = env.center.timing.extension_ring;
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

    fn end_by_flow(&mut self, now: Now, env: &mut Env, cause: HangupCause) {
        let answered =
            self.live().is_some_and(|live| matches!(live.progress, Progress::Answered | Progress::Confirmed));
        let status = if answered { 200 } else { cause.sip_status() };
        self.end_by_system(now, env, EndKind::FlowEnded, Some(status), cause.q850());
    }

    /// Puts the last step on record: the flow has done its part, or the call is over.
    pub(super) fn close_flow(&mut self, now: Now, env: &mut Env, mut run: FlowRun, last: Input) {
        run.session.handle_input(now, last);
        self.record_steps_of(now, env, &mut run);
    }

    fn record_steps(&mut self, now: Now, env: &mut Env) {
        while let Some(run) = self.run() {
            let Some(step) = run.session.poll_step() else { return };
            let flow = run.flow.clone();
            self.emit(now, env, CallEvent::StepLeft { flow, step });
        }
    }

    fn record_steps_of(&mut self, now: Now, env: &mut Env, run: &mut FlowRun) {
        while let Some(step) = run.session.poll_step() {
            self.emit(now, env, CallEvent::StepLeft { flow: run.flow.clone(), step });
        }
    }

    fn run(&mut self) -> Option<&mut FlowRun> {
        match &mut self.live()?.activity {
            Activity::Flow(run) => Some(run),
            Activity::Idle
            | Activity::Summoning
            | Activity::Waiting(_)
            | Activity::Offering { .. }
            | Activity::Dialling { .. }
            | Activity::Talking(_) => None,
        }
    }
}
