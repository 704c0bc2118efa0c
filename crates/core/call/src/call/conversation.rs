//! Two people talk: bridge, recording, hold.

use bytes::Bytes;
use hotline_acd::{Direction, OfferFailure, Outside};
use hotline_base::{AgentId, CallId, LegId, Now, Pii};
use hotline_ivr::Input;
use hotline_media as media;
use hotline_sip::{Reason, SessionId};
use serde::{Deserialize, Serialize};

use super::company::Company;
use super::live::Activity;
use super::offer::{Answered, Fallback};
use super::room::Rooms;
use super::{AgentLeg, Call, FlowRun, Live, Served, Stage};
use crate::alarm::AlarmKind;
use crate::center::RecordingPolicy;
use crate::controller::CallTimer;
use crate::env::{Env, Role};
use crate::event::{CallEvent, DialFailure, EndKind, Party, Source};
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
    /// Who has stopped listening, or is elsewhere for a while.
    pub(super) holds: Holds,
    /// Whether nobody hears the partner: the page said so.
    pub(super) is_muted: bool,
    /// Who is there beside the two.
    pub(super) company: Company,
    /// What the media plane was told of who hears whom.
    pub(super) rooms: Rooms,
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
    pub(super) fn new(
        partner: Partner,
        (session, media): (SessionId, MediaLeg),
        origin: Origin,
        after: Option<Box<FlowRun>>,
    ) -> Self {
        let (company, rooms) = (Company::default(), Rooms::default());
        Self { partner, session, media, origin, holds: Holds::NONE, is_muted: false, company, rooms, after }
    }

    /// The agent who talks.
    pub(crate) const fn agent(&self) -> Option<&AgentId> {
        match &self.partner {
            Partner::Agent(agent) => Some(agent),
            Partner::Outside(_) => None,
        }
    }
}

/// Who holds whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Holds {
    /// The phone of the one who is served does not listen.
    pub(super) caller: bool,
    /// The partner's phone does not listen.
    pub(super) agent: bool,
    /// The partner holds from the page.
    page: bool,
    /// The partner asks somebody else meanwhile.
    aside: bool,
}

impl Holds {
    pub(super) const NONE: Self = Self { caller: false, agent: false, page: false, aside: false };

    /// The same, once the two have changed sides.
    pub(super) const fn turned(self) -> Self {
        Self { caller: self.agent, agent: self.caller, ..Self::NONE }
    }

    /// The same, once another partner has come.
    pub(super) const fn of_another(self) -> Self {
        Self { caller: self.caller, ..Self::NONE }
    }

    /// Whether the partner is not in the room of the one who is served.
    pub(super) const fn agent_is_away(self) -> bool {
        self.agent || self.page || self.aside
    }

    /// Whether the partner asks somebody, and is not back for a while.
    pub(super) const fn is_aside(self) -> bool {
        self.aside
    }

    /// Whether the partner is with somebody who is asked.
    pub(super) const fn agent_is_aside(self) -> bool {
        self.aside && !self.agent && !self.page
    }

    /// Whether what the partner's phone sends is not for the recording.
    const fn is_off_record(self, policy: RecordingPolicy) -> bool {
        self.page || (self.aside && !policy.consult)
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

/// Causes of Q.850.
const TEMPORARY_FAILURE: u8 = 41;
const BEARER_NOT_AVAILABLE: u8 = 58;

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
        let conversation = Conversation::new(Partner::Agent(agent), (session, media), origin, after);
        self.begin_talk(now, env, conversation);
        // A caller may have put us on hold while waiting.
        self.follow_hold(now, env);
    }

    /// The partner hung up, or is to (`hangs_up`), and the flow that brought the caller here has something left to do. False if
    /// it has not.
    pub(super) fn go_on_after_talk(&mut self, now: Now, env: &mut Env, hangs_up: bool) -> bool {
        if self.conversation().is_none_or(|conversation| conversation.after.is_none()) {
            return false;
        }
        let Some(Activity::Talking(mut conversation)) = self.take_activity() else { return false };
        let Some(run) = conversation.after.take() else { return false };
        self.stop_recording(now, env);
        env.media.push_back(media::Command::SetMusic { leg: self.leg, prompt: None });
        self.end_conversation(now, env, conversation, (&Reason::NORMAL, hangs_up));
        self.set_activity(Activity::Flow(*run));
        self.give_flow(now, env, Input::AgentLeft);
        true
    }

    /// Lets the two hear each other, and records them unless the queue that the caller came through says no.
    pub(super) fn begin_talk(&mut self, now: Now, env: &mut Env, mut conversation: Conversation) {
        let speech = self.speech_policy(env);
        if let Some(live) = self.live() {
            speech.apply(env, &mut live.media, &mut conversation.media);
        }
        let agent = conversation.media.id();
        self.set_activity(Activity::Talking(conversation));
        self.arrange(env);
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
        let Live { media, activity, supervisors, .. } = live;
        match (role, activity) {
            (Role::Caller, _) => Some(media),
            (Role::Supervisor, _) => supervisors.iter_mut().find(|one| one.leads_to(session))?.media(),
            (Role::Agent | Role::Callee, Activity::Talking(talk)) => match talk.session == session {
                true => Some(&mut talk.media),
                false => talk.company.side(session),
            },
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

    /// Compares who listens with what was known before, and does what follows: whoever does not is in no room, and the other
    /// hears music.
    pub(super) fn follow_hold(&mut self, now: Now, env: &mut Env) {
        let Some(live) = self.live() else { return };
        let caller = !live.media.remote_listens();
        let Activity::Talking(talk) = &live.activity else { return };
        let holds = Holds { caller, agent: !talk.media.remote_listens(), ..talk.holds };
        self.set_holds(now, env, holds);
    }

    /// The agent holds the one who is served from the page, or is back.
    pub(super) fn set_page_hold(&mut self, now: Now, env: &mut Env, page: bool) {
        if let Some(holds) = self.conversation().map(|talk| talk.holds) {
            self.set_holds(now, env, Holds { page, ..holds });
        }
    }

    /// The agent is with somebody who is asked, or back.
    pub(super) fn set_aside(&mut self, now: Now, env: &mut Env, aside: bool) {
        if let Some(holds) = self.conversation().map(|talk| talk.holds) {
            self.set_holds(now, env, Holds { aside, ..holds });
        }
    }

    fn set_holds(&mut self, now: Now, env: &mut Env, holds: Holds) {
        let caller_leg = self.leg;
        let Some(Activity::Talking(talk)) = self.live().map(|live| &mut live.activity) else { return };
        let before = std::mem::replace(&mut talk.holds, holds);
        let (agent_leg, partner) = (talk.media.id(), talk.partner.party());
        // Somebody beside the two may hold, too.
        self.arrange(env);
        if holds.caller != before.caller {
            let served = self.served.party();
            self.mark_hold(env, caller_leg, holds.caller);
            self.tell_hold(now, env, served, holds.caller);
        }
        let policy = env.center.recording;
        if holds.is_off_record(policy) && !before.is_off_record(policy) {
            self.leave_recording(env, agent_leg);
        }
        if holds.agent_is_away() != before.agent_is_away() {
            self.mark_hold(env, agent_leg, holds.agent_is_away());
            self.tell_hold(now, env, partner, holds.agent_is_away());
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
            (Source::Agent(_), Served::Callee(_)) => Direction::Out,
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
        if env.is_heard(leg) && self.on_member_leg_gone(now, env, leg) {
            return;
        }
        if !self.is_talking_on(leg) {
            return;
        }
        if env.is_heard(leg) {
            let lost = Reason::q850(102, "No audio");
            if leg != self.leg || !self.go_on_without_served(now, env, Some(&lost)) {
                self.end_by_system(now, env, EndKind::MediaLost, None, 102);
            }
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
        self.on_leg_useless(now, env, leg, TEMPORARY_FAILURE);
    }

    /// A browser's audio cannot be encrypted, or is not that browser's: that side never hears anything.
    pub(crate) fn on_leg_unconnected(&mut self, now: Now, env: &mut Env, leg: LegId) {
        self.on_leg_useless(now, env, leg, BEARER_NOT_AVAILABLE);
    }

    fn on_leg_useless(&mut self, now: Now, env: &mut Env, leg: LegId, q850: u8) {
        if leg == self.leg || self.is_talking_on(leg) {
            self.end_by_system(now, env, EndKind::MediaLost, None, q850);
        } else if self.on_member_leg_gone(now, env, leg) || self.on_supervisor_leg_gone(now, env, leg) {
            // The others go on without.
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

impl Call {
    /// Undoes a conversation, whose legs leave the recording: `reason` is what the phones are told that have not hung up.
    pub(super) fn end_conversation(
        &mut self,
        now: Now,
        env: &mut Env,
        mut talk: Conversation,
        (reason, hangs_up): (&Reason, bool),
    ) {
        talk.rooms.close(env);
        self.dismiss_company(now, env, talk.company, reason);
        let side = (talk.session, talk.media.id());
        end_side(self.id(), now, env, (&talk.partner, &talk.origin), side, hangs_up.then_some(reason));
    }
}

/// Gives the leg of somebody who talked back, and tells the ACD: `told` is what the phone is told, unless it has hung up.
pub(super) fn end_side(
    call: CallId,
    now: Now,
    env: &mut Env,
    (partner, origin): (&Partner, &Origin),
    (session, leg): (SessionId, LegId),
    told: Option<&Reason>,
) {
    if env.sessions.remove(&session).is_some()
        && let Some(reason) = told
    {
        env.sip.hang_up(now, session, Some(reason.clone()));
    }
    env.close_leg(leg);
    match (partner, origin) {
        (Partner::Agent(agent), Origin::Queue) => env.acd.conversation_ended(now, agent),
        (Partner::Agent(agent), Origin::Direct) => env.acd.set_outside_call(now, agent, call, None),
        (Partner::Outside(_), _) => {}
    }
}
