//! A live call: the caller's leg and what the call does.

use bytes::Bytes;
use hotline_base::{AgentId, CallId, LegId, Now, Pii, PlayId};
use hotline_media as media;
use serde::{Deserialize, Serialize};

use super::conversation::Partner;
use super::device::DeviceCall;
use super::ending::Ending;
use super::supervisors::Supervisor;
use super::{AgentLeg, Call, Conversation, Dialling, Fallback, FlowRun, Stage, Waiting};
use crate::env::Env;
use crate::event::{CallEvent, EndKind};
use crate::media_leg::MediaLeg;
use crate::snapshot::CallState;

#[derive(Serialize, Deserialize)]
pub(crate) struct Live {
    /// The caller's leg.
    pub(super) media: MediaLeg,
    pub(super) progress: Progress,
    pub(super) activity: Activity,
    /// Who supervises the call.
    pub(super) supervisors: Vec<Supervisor>,
    /// Nobody took the call, and the caller hears a tone that says so.
    pub(super) refusal: Option<Refusal>,
}

/// How a call ends when its tone has been heard.
#[derive(Serialize, Deserialize)]
pub(super) struct Refusal {
    pub(super) play: PlayId,
    pub(super) ending: Ending,
}

/// How far the caller's INVITE has come.
#[derive(Serialize, Deserialize)]
pub(super) enum Progress {
    /// No final answer yet. Holds our session description for it.
    Proceeding(Bytes),
    /// 183 with our session description was sent: the caller hears us before the answer.
    Early(Bytes),
    /// 200 was sent, the ACK has not come.
    Answered,
    /// Both sides know that the call is up.
    Confirmed,
    /// The agent's own device, from which the call is to be made, was called and has not answered.
    Summoned {
        /// The number that is to be shown outside.
        caller_id: Option<Pii<String>>,
        device: Box<DeviceCall>,
    },
}

/// What a live call does.
#[derive(Serialize, Deserialize)]
pub(super) enum Activity {
    /// Between two of the others, within one turn.
    Idle,
    /// Waits for the agent who wants to make the call to take the phone up.
    Summoning,
    Flow(FlowRun),
    Waiting(Waiting),
    /// At least one phone rings, or is to ring.
    Offering {
        agents: Vec<AgentLeg>,
        fallback: Fallback,
    },
    /// Somebody outside is called.
    Dialling {
        dial: Box<Dialling>,
        fallback: Fallback,
    },
    Talking(Conversation),
}

impl Live {
    pub(super) const fn new(media: MediaLeg, progress: Progress, activity: Activity) -> Self {
        Self { media, progress, activity, supervisors: Vec::new(), refusal: None }
    }

    pub(super) fn state(&self, call: CallId, env: &Env) -> CallState {
        match &self.activity {
            Activity::Idle | Activity::Flow(_) => CallState::InFlow,
            Activity::Summoning => CallState::Dialling,
            Activity::Waiting(waiting) => waiting.state(call, env),
            Activity::Offering { agents, fallback } => match agents.iter().find(|leg| leg.is_told()) {
                Some(leg) => CallState::Offered { offer: leg.offer, agent: leg.agent.clone() },
                // For as long as the address book is asked, nothing has changed for anybody.
                None => match fallback {
                    Fallback::Queue(waiting) => waiting.state(call, env),
                    Fallback::Transferor(handover) => {
                        CallState::Connected { agent: handover.agent().clone() }
                    }
                    Fallback::Flow(_) | Fallback::Refuse => CallState::InFlow,
                },
            },
            Activity::Dialling { .. } => CallState::Dialling,
            Activity::Talking(conversation) => match &conversation.partner {
                Partner::Agent(agent) => CallState::Connected { agent: agent.clone() },
                Partner::Outside(_) => CallState::ConnectedOutside,
            },
        }
    }

    /// The agent whose page shows this offer: from the offer to the end of the talk.
    pub(super) fn agent_of(&self, offer: LegId) -> Option<&AgentId> {
        match &self.activity {
            Activity::Offering { agents, .. } => {
                agents.iter().find(|leg| leg.offer == offer).map(|leg| &leg.agent)
            }
            Activity::Talking(conversation) if conversation.media.id() == offer => conversation.agent(),
            Activity::Talking(conversation) => conversation.company.agent_of(offer),
            Activity::Idle
            | Activity::Summoning
            | Activity::Dialling { .. }
            | Activity::Flow(_)
            | Activity::Waiting(_) => None,
        }
    }
}

impl Call {
    pub(super) fn live(&mut self) -> Option<&mut Live> {
        match &mut self.stage {
            Stage::Live(live) => Some(live),
            Stage::Opening(_) | Stage::Ending | Stage::Over => None,
        }
    }

    /// Takes the activity out, leaving `Idle`. Whoever takes it puts the next one in before the turn ends.
    pub(super) fn take_activity(&mut self) -> Option<Activity> {
        self.live().map(|live| std::mem::replace(&mut live.activity, Activity::Idle))
    }

    pub(super) fn set_activity(&mut self, activity: Activity) {
        if let Some(live) = self.live() {
            live.activity = activity;
        }
    }

    /// Sends 200 to the caller unless that was done.
    pub(super) fn answer_caller(&mut self, now: Now, env: &mut Env) {
        let session = self.session;
        let Some(live) = self.live() else { return };
        let description = match &live.progress {
            Progress::Proceeding(description) | Progress::Early(description) => description.clone(),
            Progress::Answered | Progress::Confirmed | Progress::Summoned { .. } => return,
        };
        live.progress = Progress::Answered;
        if let Some(session) = session {
            env.sip.answer(now, session, description);
        }
        self.emit(now, env, CallEvent::Answered);
        self.record_from_answer(now, env);
    }

    /// Tells the caller that somebody's phone rings.
    pub(super) fn ring_caller(&mut self, now: Now, env: &mut Env) {
        let session = self.session;
        let Some(live) = self.live() else { return };
        match (session, &live.progress) {
            (Some(session), Progress::Proceeding(offer)) if !live.media.is_agreed() => {
                env.sip.alert(now, session, offer.clone());
            }
            // A page plays no tone of its own.
            (Some(_), Progress::Proceeding(_)) if live.media.is_met_as_browser() => {
                self.open_early_media(now, env);
                self.hear_ringing(env);
            }
            (Some(session), Progress::Proceeding(_)) => env.sip.ring(now, session, None),
            (_, _) => {}
        }
    }

    /// The phone rings that the caller waits for. Who hears us is told by a tone in the place of the music, but not in a queue,
    /// which has its own; to any other caller the own phone rings back.
    pub(super) fn hear_ringing(&mut self, env: &mut Env) {
        let leg = self.leg;
        let Some(live) = self.live() else { return };
        let waits = match &live.activity {
            Activity::Offering { fallback, .. } | Activity::Dialling { fallback, .. } => {
                !matches!(fallback, Fallback::Queue(_))
            }
            Activity::Idle
            | Activity::Summoning
            | Activity::Flow(_)
            | Activity::Waiting(_)
            | Activity::Talking(_) => false,
        };
        if waits && !matches!(live.progress, Progress::Proceeding(_)) {
            env.media.push_back(media::Command::SetMusic { leg, prompt: Some(media::RINGBACK.into()) });
        }
    }

    /// Lets the caller hear us before the call is answered (183 with a session description).
    pub(super) fn open_early_media(&mut self, now: Now, env: &mut Env) {
        let session = self.session;
        let Some(live) = self.live() else { return };
        if let (Some(session), Progress::Proceeding(description)) = (session, &live.progress) {
            let description = description.clone();
            env.sip.ring(now, session, Some(description.clone()));
            live.progress = Progress::Early(description);
        }
    }

    /// The caller's phone has acknowledged our 200. `answer` comes with it when the INVITE had no offer.
    pub(crate) fn on_caller_confirmed(&mut self, now: Now, env: &mut Env, answer: Option<&Bytes>) {
        let Some(live) = self.live() else { return };
        let Progress::Answered = live.progress else { return };
        live.progress = Progress::Confirmed;
        let agreed = match answer {
            Some(answer) => live.media.accept(answer, &mut env.media).is_ok(),
            // What an offer of ours took the place of is agreed no more.
            None => live.media.is_agreed() && !live.media.awaits_answer(),
        };
        if agreed {
            if answer.is_some() {
                self.follow_hold(now, env);
            }
            self.on_flow_answered(now, env);
        } else {
            self.end_by_system(now, env, EndKind::Refused, None, 88);
        }
    }

    /// A key was pressed on one of the phones: the caller's have a meaning to the flow, those of an agent's device take the
    /// call that is offered to it, or that the agent wants to make.
    pub(crate) fn on_digit(&mut self, now: Now, env: &mut Env, leg: LegId, key: char) {
        if leg == self.leg {
            self.on_own_digit(now, env, key);
        } else if !self.on_supervisor_digit(now, env, leg, key) {
            self.on_offer_digit(now, env, leg, key);
        }
    }

    /// A key was pressed on an agent's device, and told by INFO.
    pub(crate) fn on_agent_digit(&mut self, now: Now, env: &mut Env, leg: LegId, key: char) {
        if self.agent_leg(leg).is_some() {
            self.on_offer_digit(now, env, leg, key);
        } else {
            self.pass_digit(env, leg, key);
        }
    }

    /// A key was pressed on the caller's phone, and told by INFO.
    pub(crate) fn on_caller_info(&mut self, now: Now, env: &mut Env, key: char) {
        let leg = self.leg;
        self.pass_digit(env, leg, key);
        self.on_own_digit(now, env, key);
    }

    fn on_own_digit(&mut self, now: Now, env: &mut Env, key: char) {
        if !self.on_summoned_digit(now, env, key) {
            self.on_flow_digit(now, env, key);
        }
    }
}
