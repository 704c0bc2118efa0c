//! A call's beginning: from the accepted INVITE, or an agent's wish, to the first open media port.

use std::sync::Arc;

use bytes::Bytes;
use hotline_acd::{Direction, Outside};
use hotline_base::{CallId, LegId, Now, Pii};
use hotline_media::LegFailure;
use hotline_sip::{Diversion, SessionId};
use serde::{Deserialize, Serialize};

use super::live::{Activity, Live, Progress};
use super::{Call, Fallback, Lookup, Served, Stage};
use crate::command::Request;
use crate::controller::CallTimer;
use crate::env::{Env, LegOwner};
use crate::event::{CallEvent, EndCause, EndKind, Entry, EventKind, Party, Source};
use crate::guests::Visiting;
use crate::media_leg::{DialogSeed, MediaLeg, Peer};
use crate::number::normalise;
use crate::record::CallRecord;
use crate::screening::{Grounds, Refusal, Screened};
use crate::sessions::{LegEnd, SipLeg};

/// An INVITE that was accepted for processing.
pub(crate) struct Invitation {
    pub(crate) id: CallId,
    pub(crate) session: SessionId,
    pub(crate) source: Source,
    pub(crate) caller: Pii<String>,
    pub(crate) caller_name: Option<Pii<String>>,
    /// What is known of a guest.
    pub(crate) visiting: Visiting,
    pub(crate) called: String,
    pub(crate) entry: Entry,
    pub(crate) language: String,
    pub(crate) diversion: Option<Diversion>,
    pub(crate) sip_call_id: String,
    pub(crate) offer: Option<Bytes>,
    /// Why the caller is not let through as dialled.
    pub(crate) screened: Option<Screened>,
}

/// How a call began, while its first port is being opened.
#[derive(Serialize, Deserialize)]
pub(super) enum Opening {
    /// With an INVITE: its offer, if it had one.
    Invited(Option<Bytes>),
    /// The same with the port that is open: the address book is yet to say whether the caller is blocked.
    Screening { offer: Option<Bytes>, port: u16 },
    /// On an agent's page: the agent's phone is to be called. The number that is to be shown outside.
    Summoned { caller_id: Option<Pii<String>> },
    /// With a wish whose turn comes: the number is to be called.
    CalledBack,
}

impl Invitation {
    fn started(&self) -> CallEvent {
        CallEvent::Started {
            caller: self.caller.clone(),
            caller_name: self.caller_name.clone(),
            called: Pii::new(self.called.clone()),
            entry: self.entry.clone(),
            source: self.source.clone(),
            sip_call_id: self.sip_call_id.clone(),
            language: self.language.clone(),
            diversion: self.diversion.clone().map(Box::new),
        }
    }
}

/// Refuses a caller who is blocked, with the final SIP status and the Q.850 cause. The call takes no port and no line, and
/// has its record.
pub(crate) fn turn_away(now: Now, env: &mut Env, invitation: Invitation, (status, q850): (u16, u8)) {
    let started = invitation.started();
    let (call, source) = (invitation.id, invitation.source);
    let mut record = CallRecord::begin(call, now.wall, &started).expect("the event is `Started`");
    env.sip.reject(now, invitation.session, status, None);
    env.trunks.failed(&source, status);
    let cause = EndCause { kind: EndKind::Blocked, sip_status: Some(status), q850 };
    let ended = CallEvent::Ended { by: Party::System, cause };
    let visiting = Some(invitation.visiting).filter(|visiting| !visiting.is_empty()).map(CallEvent::Visiting);
    let screened = invitation.screened.map(CallEvent::Screened);
    for what in [Some(started), visiting, screened, Some(ended)].into_iter().flatten() {
        record.apply(now.wall, &what);
        env.emit(now, EventKind::Call { call, what });
    }
    env.requests.push_back(Request::SaveRecord(Box::new(record)));
}

/// A call that begins.
pub(super) struct Begun {
    pub(super) id: CallId,
    pub(super) started: CallEvent,
    pub(super) session: Option<SessionId>,
    pub(super) opening: Opening,
}

impl Call {
    /// Begins a call that comes in.
    pub(crate) fn begin(now: Now, env: &mut Env, invitation: Invitation) -> Self {
        let (id, session) = (invitation.id, invitation.session);
        let started = invitation.started();
        let end = LegEnd::Caller(invitation.source);
        env.sessions.adopt(session, SipLeg { call: id, end, sip_call_id: invitation.sip_call_id });
        let opening = Opening::Invited(invitation.offer);
        let mut call = Self::open(now, env, Begun { id, started, session: Some(session), opening });
        if !invitation.visiting.is_empty() {
            call.visitor = invitation.visiting.told();
            call.emit(now, env, CallEvent::Visiting(invitation.visiting));
        }
        if let Some(screened) = invitation.screened {
            call.emit(now, env, CallEvent::Screened(screened));
        }
        if let Source::Agent(agent) = &call.record.source {
            let talking = Outside::Talking(call.direction_of_entry());
            env.acd.set_outside_call(now, agent, id, Some(talking));
        }
        call
    }

    /// Asks for a media port and for the customer.
    pub(super) fn open(now: Now, env: &mut Env, begun: Begun) -> Self {
        let Begun { id, started, session, opening } = begun;
        let record = CallRecord::begin(id, now.wall, &started).expect("the event is `Started`");
        env.emit(now, EventKind::Call { call: id, what: started });
        let agent = match &record.source {
            Source::Trunk(_) | Source::Queue(_) => None,
            Source::Agent(agent) => Some(agent.clone()),
        };
        let leg = env.open_leg(id, LegOwner { party: Party::Caller, agent });
        env.arm(id, CallTimer::MediaOpen, now.mono + env.center.timing.media_open);
        let (lookup, collected, stage) = (Lookup::Done(None), Arc::default(), Stage::Opening(opening));
        let (served, tape) = (Served::Caller, None);
        let (enqueued_first, returning, cause) = (None, None, env.request());
        let mut call = Self {
            id,
            session,
            leg,
            served,
            record,
            tape,
            lookup,
            collected,
            visitor: Arc::default(),
            enqueued_first,
            returning,
            cause,
            stage,
        };
        if let Some(number) = normalise(call.number(), &env.center.dial_plan) {
            env.requests.push_back(Request::FindCustomer { call: id, number: Pii::new(number) });
            call.lookup = Lookup::Pending;
        }
        call
    }

    /// How the time of an agent who has called is counted.
    pub(super) const fn direction_of_entry(&self) -> Direction {
        match self.record.entry {
            Entry::Outside(_) => Direction::Out,
            Entry::Number { .. } | Entry::Extension(_) | Entry::Queue(_) => Direction::Internal,
        }
    }

    /// The media plane opened `leg`.
    pub(crate) fn on_leg_open(&mut self, now: Now, env: &mut Env, leg: LegId, port: u16) {
        if self.dialled_leg() == Some(leg) {
            self.on_dial_leg_open(now, env, leg, port);
        } else if leg != self.leg && !self.on_supervisor_leg_open(now, env, leg, port) {
            self.on_agent_leg_open(now, env, leg, port);
        } else if matches!(self.stage, Stage::Opening(_)) {
            self.on_caller_leg_open(now, env, port);
        }
    }

    /// The media plane could not open `leg`.
    pub(crate) fn on_leg_failed(&mut self, now: Now, env: &mut Env, leg: LegId, cause: Option<LegFailure>) {
        if leg == self.leg {
            self.on_caller_leg_failed(now, env, cause);
        } else if self.dialled_leg() == Some(leg) {
            self.on_dial_leg_failed(now, env, cause);
        } else if self.agent_leg(leg).is_some() {
            self.on_agent_leg_failed(now, env, leg, cause);
        } else if self.on_supervisor_leg_gone(now, env, leg) {
            env.raise_media(now, cause);
        }
    }

    /// The media plane did not answer in time about the caller's leg.
    pub(crate) fn on_media_open_timeout(&mut self, now: Now, env: &mut Env) {
        self.on_caller_leg_failed(now, env, None);
    }

    /// The caller's port is open: agree on media and let the call go where it was dialled.
    fn on_caller_leg_open(&mut self, now: Now, env: &mut Env, port: u16) {
        let Stage::Opening(opening) = std::mem::replace(&mut self.stage, Stage::Over) else {
            unreachable!("only an opening call waits for its first port");
        };
        env.disarm(self.id, CallTimer::MediaOpen);
        let offer = match opening {
            Opening::Invited(offer) if self.is_being_screened(now, env) => {
                env.arm(self.id, CallTimer::Screening, now.mono + env.center.timing.screening);
                self.stage = Stage::Opening(Opening::Screening { offer, port });
                return;
            }
            Opening::Invited(offer) | Opening::Screening { offer, .. } => offer,
            Opening::Summoned { caller_id } => {
                let Some(agent) = self.calling_agent().cloned() else { return };
                let seed = DialogSeed::draw(&mut env.rng);
                let media = MediaLeg::new(self.leg, port, seed, Peer::Phone(agent));
                self.summon_agent(now, env, media, caller_id);
                return;
            }
            Opening::CalledBack => return self.summon_customer(now, env, port),
        };
        self.let_in(now, env, offer.as_ref(), port);
    }

    /// Whether the address book has a say in letting the caller through, and has not said it yet.
    fn is_being_screened(&self, now: Now, env: &Env) -> bool {
        let screening = &env.center.screening;
        let number = normalise(self.caller(), &env.center.dial_plan);
        matches!(self.record.source, Source::Trunk(_))
            && screening.customers.is_some()
            && self.record.screened.is_none()
            && !self.is_looked_up()
            && !screening.allows(number.as_deref(), now.wall)
    }

    /// What becomes of the call because the address book marks the caller as blocked.
    fn blocked_by_book(&self, now: Now, env: &Env) -> Option<Screened> {
        let screening = &env.center.screening;
        let refusal = screening.customers.as_ref().filter(|_| {
            let number = normalise(self.caller(), &env.center.dial_plan);
            matches!(self.record.source, Source::Trunk(_))
                && self.record.screened.is_none()
                && self.customer().is_some_and(|customer| customer.blocked)
                && !screening.allows(number.as_deref(), now.wall)
        })?;
        Some(Screened { grounds: Grounds::Customer, refusal: refusal.clone() })
    }

    /// The address book has said who calls, or took too long to.
    pub(crate) fn on_screened(&mut self, now: Now, env: &mut Env) {
        if !matches!(self.stage, Stage::Opening(Opening::Screening { .. })) {
            return;
        }
        env.disarm(self.id, CallTimer::Screening);
        let Stage::Opening(Opening::Screening { offer, port }) =
            std::mem::replace(&mut self.stage, Stage::Over)
        else {
            unreachable!("that was looked at");
        };
        self.let_in(now, env, offer.as_ref(), port);
    }

    /// Whoever called is let in, unless the address book marks the caller as blocked.
    fn let_in(&mut self, now: Now, env: &mut Env, offer: Option<&Bytes>, port: u16) {
        if let Some(screened) = self.blocked_by_book(now, env) {
            env.counters.calls_blocked += 1;
            let status = screened.refusal.status();
            self.emit(now, env, CallEvent::Screened(screened));
            if let Some((status, q850)) = status {
                self.refuse_as(now, env, EndKind::Blocked, (status, q850));
                return;
            }
        }
        let peer = match &self.record.source {
            Source::Trunk(trunk) => Peer::Trunk(trunk.clone()),
            Source::Agent(agent) => Peer::Phone(agent.clone()),
            Source::Queue(_) => unreachable!("a queue's call is summoned, nobody invited to it"),
        };
        let mut media = MediaLeg::new(self.leg, port, DialogSeed::draw(&mut env.rng), peer);
        let description = match offer {
            Some(offer) => media.answer(&env.center, offer, &mut env.media),
            None => Ok(media.offer(&env.center, None)),
        };
        let description = match description {
            Ok(description) => description,
            Err(error) => {
                let (status, q850) = error.refusal();
                if let Some(session) = self.session {
                    env.sessions.remove(&session);
                    env.sip.refuse_offer(now, session, status, &error.to_string());
                }
                self.refuse(now, env, status, q850);
                return;
            }
        };
        let (progress, activity) = (Progress::Proceeding(description), Activity::Idle);
        self.stage = Stage::Live(Box::new(Live::new(media, progress, activity)));
        self.enter(now, env, None);
    }

    /// Lets a call whose first leg stands go where it was dialled. `caller_id` is the number that an agent wants shown
    /// outside.
    pub(super) fn enter(&mut self, now: Now, env: &mut Env, caller_id: Option<Pii<String>>) {
        if let Some(Screened { refusal: Refusal::Flow(flow), .. }) = self.record.screened.clone() {
            if !self.start_flow(now, env, &flow) {
                self.end_by_system(now, env, EndKind::Blocked, Some(603), 21);
            }
            return;
        }
        match self.record.entry.clone() {
            Entry::Number { flow, .. } => {
                if !self.start_flow(now, env, &flow) {
                    self.end_by_system(now, env, EndKind::Refused, Some(503), 41);
                }
            }
            Entry::Extension(agent) => self.offer_directly(now, env, agent, None, Fallback::Refuse),
            Entry::Queue(queue) => self.enter_queue(now, env, &queue),
            Entry::Outside(number) => {
                let own = self.calling_agent().and_then(|agent| env.center.agents.get(agent));
                let own = own.and_then(|agent| agent.caller_id.clone()).map(Pii::new);
                self.begin_dialling(now, env, number, caller_id.or(own), Fallback::Refuse);
            }
        }
    }

    /// No port for the caller: the call is refused, and operators are told why.
    fn on_caller_leg_failed(&mut self, now: Now, env: &mut Env, cause: Option<LegFailure>) {
        if matches!(self.stage, Stage::Opening(_)) {
            env.raise_media(now, cause);
            self.refuse(now, env, 503, 34);
        }
    }

    pub(super) fn refuse(&mut self, now: Now, env: &mut Env, status: u16, q850: u8) {
        self.refuse_as(now, env, EndKind::Refused, (status, q850));
    }

    fn refuse_as(&mut self, now: Now, env: &mut Env, kind: EndKind, (status, q850): (u16, u8)) {
        if let Some(session) = self.session {
            env.sessions.remove(&session);
            env.sip.reject(now, session, status, None);
        }
        env.close_leg(self.leg);
        self.finish(now, env, kind, status, q850);
    }
}
