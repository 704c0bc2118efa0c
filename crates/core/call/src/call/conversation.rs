//! Two people talk: bridge, recording, hold.

use bytes::Bytes;
use hotline_acd::{Direction, OfferFailure, Outside};
use hotline_base::{AgentId, BridgeId, CallId, LegId, Now, Pii};
use hotline_ivr::Input;
use hotline_media as media;
use hotline_sip::{Reason, SessionId};
use serde::{Deserialize, Serialize};

use super::live::Activity;
use super::offer::{Answered, Fallback};
use super::{AgentLeg, Call, FlowRun, Served, Stage};
use crate::controller::CallTimer;
use crate::env::{Env, Role};
use crate::event::{AlarmKind, CallEvent, DialFailure, EndKind, Party, Source};
use crate::media_leg::MediaLeg;
use crate::queue::Queue;
use crate::speech::SpeechPolicy;

/// Two people who hear each other.
#[derive(Serialize, Deserialize)]
pub(crate) struct Conversation {
    pub(super) partner: Partner,
    pub(super) session: SessionId,
    pub(super) media: MediaLeg,
    /// Where the call came from when it was taken; says how the agent's time is counted.
    pub(super) origin: Origin,
    pub(super) bridge: BridgeId,
    /// Who has stopped listening: while somebody has, the two are not bridged.
    pub(super) holds: Holds,
    /// The flow that goes on with the caller when the partner hangs up first.
    pub(super) after: Option<Box<FlowRun>>,
}

/// Who talks with the one who is served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Partner {
    Agent(AgentId),
    /// Somebody outside to whom the caller was sent: the number.
    Outside(Pii<String>),
}

impl Partner {
    /// Who that is to people.
    const fn party(&self) -> Party {
        match self {
            Self::Agent(_) => Party::Agent,
            Self::Outside(_) => Party::Callee,
        }
    }
}

impl Conversation {
    /// The agent who talks.
    pub(crate) const fn agent(&self) -> Option<&AgentId> {
        match &self.partner {
            Partner::Agent(agent) => Some(agent),
            Partner::Outside(_) => None,
        }
    }
}

/// Which sides hold the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Holds {
    caller: bool,
    agent: bool,
}

impl Holds {
    pub(super) const NONE: Self = Self { caller: false, agent: false };

    /// The same, once the two have changed sides.
    pub(super) const fn turned(self) -> Self {
        Self { caller: self.agent, agent: self.caller }
    }
}

/// How the conversation came about.
#[derive(Serialize, Deserialize)]
pub(super) enum Origin {
    /// Offered by the ACD, which owns the agent's state until wrap-up is over.
    Queue,
    /// The agent was dialled directly.
    Direct,
}

impl Call {
    /// Joins caller and agent.
    pub(super) fn connect(&mut self, now: Now, env: &mut Env, fallback: Fallback, answered: Answered) {
        let Answered { agent, reservation, session, media } = answered;
        let (customer_leg, agent_leg) = (self.leg, media.id());
        env.media.push_back(media::Command::StopPlay { leg: customer_leg });
        env.media.push_back(media::Command::SetMusic { leg: customer_leg, prompt: None });
        self.answer_caller(now, env);
        let after = self.settle_fallback(now, env, fallback);
        self.emit(now, env, CallEvent::Connected { offer: agent_leg, agent: agent.clone() });
        env.clear(now, &AlarmKind::PhoneBusy(agent.clone()));
        env.clear(now, &AlarmKind::ReservationExpired(agent.clone()));
        let origin = match reservation {
            Some(reservation) => {
                env.acd.offer_answered(now, reservation);
                Origin::Queue
            }
            None => {
                let talking = Outside::Talking(self.direction());
                env.acd.set_outside_call(now, &agent, self.id(), Some(talking));
                Origin::Direct
            }
        };
        let (bridge, holds) = (env.next_bridge(), Holds::NONE);
        let partner = Partner::Agent(agent);
        let mut conversation = Conversation { partner, session, media, origin, bridge, holds, after };
        self.bridge_and_record(now, env, &mut conversation);
        self.set_activity(Activity::Talking(conversation));
        // A caller may have put us on hold while waiting.
        self.follow_hold(now, env);
    }

    /// The partner hung up, and the flow that brought the caller here has something left to do. False if it has not.
    pub(super) fn go_on_after_talk(&mut self, now: Now, env: &mut Env) -> bool {
        if self.conversation().is_none_or(|conversation| conversation.after.is_none()) {
            return false;
        }
        let Some(Activity::Talking(mut conversation)) = self.take_activity() else { return false };
        let Some(run) = conversation.after.take() else { return false };
        self.stop_recording(now, env);
        env.media.push_back(media::Command::SetMusic { leg: self.leg, prompt: None });
        end_conversation(self.id(), now, env, conversation, None);
        self.set_activity(Activity::Flow(*run));
        self.give_flow(now, env, Input::AgentLeft);
        true
    }

    /// Lets caller and agent hear each other, and records them unless the queue that the caller came through says no.
    pub(super) fn bridge_and_record(&mut self, now: Now, env: &mut Env, conversation: &mut Conversation) {
        let speech = self.speech_policy(env);
        if let Some(live) = self.live() {
            speech.apply(env, &mut live.media, &mut conversation.media);
        }
        let (customer, agent) = (self.leg, conversation.media.id());
        env.media.push_back(media::Command::Bridge { bridge: conversation.bridge, a: customer, b: agent });
        self.record_talk(now, env, agent);
    }

    /// One side sent a new offer in the dialog: hold, retrieve, a new address. Answered on the same port. A
    /// re-INVITE without an offer gets ours, and its answer comes by [`Call::on_reoffer_answered`].
    pub(crate) fn on_reoffer(
        &mut self,
        now: Now,
        env: &mut Env,
        (session, role): (SessionId, Role),
        offer: Option<&Bytes>,
    ) {
        let Some(leg) = self.side(session, role) else {
            // Who asks is on the way out, or between two partners.
            env.sip.refuse_reoffer(now, session, 491);
            return;
        };
        let description = match offer {
            Some(offer) => leg.answer(&env.center, offer, &mut env.media),
            None => Ok(leg.offer(&env.center, leg.codec())),
        };
        match description {
            Ok(description) => {
                env.sip.answer_reoffer(now, session, description);
                self.follow_hold(now, env);
            }
            Err(error) => {
                let (status, _) = error.refusal();
                env.sip.refuse_reoffer(now, session, status);
            }
        }
    }

    /// The answer to the offer that we made in a re-INVITE's 200 came with its ACK. One that cannot be used
    /// leaves everything as it was agreed before.
    pub(crate) fn on_reoffer_answered(
        &mut self,
        now: Now,
        env: &mut Env,
        (session, role): (SessionId, Role),
        answer: Option<&Bytes>,
    ) {
        let Some(leg) = self.side(session, role) else { return };
        if answer.is_some_and(|answer| leg.accept(answer, &mut env.media).is_ok()) {
            self.follow_hold(now, env);
        }
    }

    /// The leg of the side of the call that this session leads to.
    fn side(&mut self, session: SessionId, role: Role) -> Option<&mut MediaLeg> {
        let live = self.live()?;
        match (role, &mut live.activity) {
            (Role::Caller, _) => Some(&mut live.media),
            (Role::Agent | Role::Callee, Activity::Talking(conversation)) => Some(&mut conversation.media),
            // Before the answer (RFC 3311 §5.1).
            (Role::Agent, Activity::Offering { agents, .. }) => {
                let mut devices = agents.iter_mut().filter_map(AgentLeg::device_call);
                devices.find(|device| device.session == session).map(|device| &mut device.offered)
            }
            (Role::Callee, Activity::Dialling { dial, .. }) => dial.tried(),
            (
                Role::Transferor,
                Activity::Offering { fallback: Fallback::Transferor(handover), .. }
                | Activity::Dialling { fallback: Fallback::Transferor(handover), .. },
            ) => Some(&mut handover.conversation.media),
            (
                Role::Agent | Role::Callee | Role::Transferor,
                Activity::Idle
                | Activity::Summoning
                | Activity::Flow(_)
                | Activity::Waiting(_)
                | Activity::Offering { .. }
                | Activity::Dialling { .. }
                | Activity::Talking(_),
            ) => None,
        }
    }

    /// While one side does not listen, the two are not bridged and the other hears music. Compares who listens
    /// with what was known before, and does what follows.
    pub(super) fn follow_hold(&mut self, now: Now, env: &mut Env) {
        let caller_leg = self.leg;
        let music = self.hold_music(env);
        let Some(live) = self.live() else { return };
        let caller_holds = !live.media.remote_listens();
        let Activity::Talking(conversation) = &mut live.activity else { return };
        let agent_leg = conversation.media.id();
        let holds = Holds { caller: caller_holds, agent: !conversation.media.remote_listens() };
        let before = std::mem::replace(&mut conversation.holds, holds);
        if holds == before {
            return;
        }
        if before == Holds::NONE {
            env.media.push_back(media::Command::Unbridge { bridge: conversation.bridge });
        }
        let heard_by = |holding: bool| if holding { music.clone() } else { None };
        env.media.push_back(media::Command::SetMusic { leg: caller_leg, prompt: heard_by(holds.agent) });
        env.media.push_back(media::Command::SetMusic { leg: agent_leg, prompt: heard_by(holds.caller) });
        if holds == Holds::NONE {
            conversation.bridge = env.next_bridge();
            let bridge = conversation.bridge;
            env.media.push_back(media::Command::Bridge { bridge, a: caller_leg, b: agent_leg });
        }
        let partner = conversation.partner.party();
        if holds.caller != before.caller {
            let served = self.served.party();
            self.mark_hold(env, caller_leg, holds.caller);
            self.tell_hold(now, env, served, holds.caller);
        }
        if holds.agent != before.agent {
            self.mark_hold(env, agent_leg, holds.agent);
            self.tell_hold(now, env, partner, holds.agent);
        }
    }

    fn tell_hold(&mut self, now: Now, env: &mut Env, by: Party, held: bool) {
        if by == Party::Agent
            && let Some(agent) = self.talking_agent()
        {
            env.acd.hold(now, &agent, held);
        }
        self.emit(now, env, if held { CallEvent::Held { by } } else { CallEvent::Retrieved { by } });
    }

    /// Who talks with the one who is served.
    pub(super) fn partner_party(&mut self) -> Party {
        match self.live().map(|live| &live.activity) {
            Some(Activity::Talking(conversation)) => conversation.partner.party(),
            Some(_) | None => Party::Agent,
        }
    }

    /// A key that a phone has told by INFO goes on to whom it talks with, as every phone understands it (RFC 4733).
    pub(super) fn pass_digit(&mut self, env: &mut Env, from: LegId, key: char) {
        let caller_leg = self.leg;
        let Some(conversation) = self.conversation() else { return };
        let (agent_leg, holds) = (conversation.media.id(), conversation.holds);
        let is_hidden = match &self.stage {
            Stage::Live(live) if from == caller_leg => live.media.hides_keys(),
            Stage::Live(_) | Stage::Opening(_) | Stage::Ending | Stage::Over => {
                conversation.media.hides_keys()
            }
        };
        if is_hidden {
            return;
        }
        let leg = if from == caller_leg { agent_leg } else { caller_leg };
        if let (Some(digit), Holds::NONE) = (media::Digit::from_char(key), holds) {
            env.media.push_back(media::Command::SendDigit { leg, digit });
        }
    }

    fn talking_agent(&self) -> Option<AgentId> {
        self.conversation()?.agent().cloned()
    }

    /// How the agent's time is counted.
    pub(super) const fn direction(&self) -> Direction {
        match (&self.record.source, &self.served) {
            (Source::Agent(_), Served::Callee) => Direction::Out,
            (Source::Agent(_), Served::Caller | Served::Colleague(_)) => Direction::Internal,
            (Source::Trunk(_) | Source::Queue(_), _) => Direction::In,
        }
    }

    /// The music of the queue the call came from, or of any queue when it came from none.
    pub(super) fn hold_music(&self, env: &Env) -> Option<media::Music> {
        self.last_queue(env).or_else(|| env.center.queues.values().next()).map(|queue| queue.music.clone())
    }

    pub(super) fn last_queue<'a>(&self, env: &'a Env) -> Option<&'a Queue> {
        env.center.queues.get(&self.record.queues.last()?.queue)
    }

    /// What is done to what is said: as the queue wishes that the call came through, or the center.
    pub(super) fn speech_policy(&self, env: &Env) -> SpeechPolicy {
        self.last_queue(env).map_or(env.center.speech, |queue| queue.speech)
    }

    /// Nothing comes from a phone that should talk. One that was heard before has vanished, with or without its
    /// owner; one that never sent anything may be meant so, and gets [`crate::Timing::unheard`]. Before the talk
    /// a silent caller is left alone: phones that suppress silence send nothing while they listen to music.
    pub(crate) fn on_rtp_timeout(&mut self, now: Now, env: &mut Env, leg: LegId) {
        if !self.is_talking_on(leg) {
            return;
        }
        if env.is_heard(leg) {
            self.end_by_system(now, env, EndKind::MediaLost, None, 102);
        } else {
            env.arm(self.id(), CallTimer::Unheard, now.mono + env.center.timing.unheard);
        }
    }

    /// The patience with a phone that never sent anything is over.
    pub(crate) fn on_unheard_timeout(&mut self, now: Now, env: &mut Env) {
        let caller_leg = self.leg;
        let Some(live) = self.live() else { return };
        let Activity::Talking(conversation) = &live.activity else { return };
        let agent_leg = conversation.media.id();
        if !env.is_heard(caller_leg) || !env.is_heard(agent_leg) {
            self.end_by_system(now, env, EndKind::MediaLost, None, 102);
        }
    }

    /// The media plane closed a leg that we have not given back: that side hears nothing any more.
    pub(crate) fn on_leg_closed(&mut self, now: Now, env: &mut Env, leg: LegId) {
        if leg == self.leg || self.is_talking_on(leg) {
            self.end_by_system(now, env, EndKind::MediaLost, None, 41);
        } else if self.agent_leg(leg).is_some() {
            self.fail_offer(now, env, leg, OfferFailure::ServerFault, None);
        } else if self.dialled_leg() == Some(leg) {
            self.stop_dialling(now, env, DialFailure::ServerFault);
        }
    }

    fn is_talking_on(&mut self, leg: LegId) -> bool {
        let caller_leg = self.leg;
        match self.live().map(|live| &live.activity) {
            Some(Activity::Talking(conversation)) => leg == caller_leg || leg == conversation.media.id(),
            Some(
                Activity::Idle
                | Activity::Summoning
                | Activity::Flow(_)
                | Activity::Waiting(_)
                | Activity::Offering { .. }
                | Activity::Dialling { .. },
            )
            | None => false,
        }
    }
}

/// Undoes a conversation, whose leg leaves the recording: `told` is what the partner's phone is told, unless it has hung up.
pub(super) fn end_conversation(
    call: CallId,
    now: Now,
    env: &mut Env,
    conversation: Conversation,
    told: Option<&Reason>,
) {
    if conversation.holds == Holds::NONE {
        env.media.push_back(media::Command::Unbridge { bridge: conversation.bridge });
    }
    if env.sessions.remove(&conversation.session).is_some()
        && let Some(reason) = told
    {
        env.sip.hang_up(now, conversation.session, Some(reason.clone()));
    }
    env.close_leg(conversation.media.id());
    match (conversation.agent(), &conversation.origin) {
        (Some(agent), Origin::Queue) => env.acd.conversation_ended(now, agent),
        (Some(agent), Origin::Direct) => env.acd.set_outside_call(now, agent, call, None),
        (None, _) => {}
    }
}
