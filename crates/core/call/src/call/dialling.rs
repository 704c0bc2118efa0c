//! Somebody outside is called over a trunk: for an agent who has dialled the number, or for a caller who is sent there.

use core::time::Duration;

use bytes::Bytes;
use hotline_acd::{Direction, OfferFailure, Outside};
use hotline_base::{BridgeId, LegId, Now, Pii};
use hotline_ivr::Input;
use hotline_media::{self as media, LegFailure};
use hotline_sip::{Failure, Reason, SessionId};
use serde::{Deserialize, Serialize};

use super::company::Member;
use super::conversation::{Conversation, Origin, Partner};
use super::live::{Activity, Progress};
use super::offer::Fallback;
use super::outcall::{Aim, Sent};
use super::{Call, FlowRun, Served};
use crate::controller::CallTimer;
use crate::env::{Env, LegOwner, Role};
use crate::event::{CallEvent, DialFailure, EndKind, Party, QueueOutcome};
use crate::media_leg::MediaLeg;
use crate::sessions::LegEnd;
use crate::trunk::{Hunt, Outlook};

/// The side of a call that is being dialled.
#[derive(Serialize, Deserialize)]
pub(crate) struct Dialling {
    /// The same for every try.
    leg: LegId,
    hunt: Hunt,
    /// How long the called phone may ring; as the trunk says if absent.
    ring: Option<Duration>,
    state: State,
}

#[derive(Serialize, Deserialize)]
enum State {
    /// The port is being opened.
    Opening,
    /// A server has the INVITE.
    Trying(Box<Try>),
}

#[derive(Serialize, Deserialize)]
struct Try {
    session: SessionId,
    /// As offered: every answer, of whichever fork, is one to this.
    offered: MediaLeg,
    early: Option<EarlyMedia>,
    /// As changed before the answer (RFC 3311): an answer without a description means this one.
    changed: Option<MediaLeg>,
    /// The called phone rings: whoever has it is not called again by another way.
    rang: bool,
}

impl Dialling {
    pub(super) const fn leg(&self) -> LegId {
        self.leg
    }

    /// Lets the called phone ring for so long, and not for as long as the trunk says. To be said before it rings.
    pub(super) const fn set_ring(&mut self, ring: Duration) {
        self.ring = Some(ring);
    }

    /// Who is called, normalised.
    pub(super) fn number(&self) -> Pii<String> {
        self.hunt.number().clone()
    }

    /// The session of the server that has the INVITE, and its description.
    pub(super) fn tried(&mut self) -> Option<&mut MediaLeg> {
        let State::Trying(attempt) = &mut self.state else { return None };
        let Try { offered, early, changed, .. } = &mut **attempt;
        let before = || early.as_ref().map_or(&*offered, |early| &early.media).clone();
        Some(changed.get_or_insert_with(before))
    }
}

/// What the network plays before the answer.
#[derive(Serialize, Deserialize)]
struct EarlyMedia {
    media: MediaLeg,
    /// Lets the caller hear it.
    bridge: BridgeId,
}

impl Call {
    /// Begins to call `number`, which is normalised; `caller_id` is the number that the caller wants shown.
    pub(super) fn begin_dialling(
        &mut self,
        now: Now,
        env: &mut Env,
        number: Pii<String>,
        caller_id: Option<Pii<String>>,
        fallback: Fallback,
    ) {
        let Some(dial) = self.open_dial(now, env, number, caller_id) else {
            self.set_activity(Activity::Idle);
            self.after_dialling(now, env, Some(fallback), DialFailure::NoWay);
            return;
        };
        self.set_activity(Activity::Dialling { dial: Box::new(dial), fallback });
    }

    /// Asks for a port from which the number is called. `None` if no trunk carries calls to it.
    pub(super) fn open_dial(
        &self,
        now: Now,
        env: &mut Env,
        number: Pii<String>,
        caller_id: Option<Pii<String>>,
    ) -> Option<Dialling> {
        let hunt = Hunt::new(now, env, Outlook { number, caller_id })?;
        let leg = env.open_leg(self.id(), LegOwner { party: Party::Callee, agent: None });
        env.arm(self.id(), CallTimer::AgentMediaOpen(leg), now.mono + env.center.timing.media_open);
        Some(Dialling { leg, hunt, ring: None, state: State::Opening })
    }

    /// The port for the leg to outside is open.
    pub(super) fn on_dial_leg_open(&mut self, now: Now, env: &mut Env, leg: LegId, port: u16) {
        let Some(Dialling { leg: dialled, state: State::Opening, .. }) = self.dialling() else { return };
        if *dialled == leg {
            env.disarm(self.id(), CallTimer::AgentMediaOpen(leg));
            self.dial_next(now, env, port, DialFailure::NoWay);
        }
    }

    /// The media plane did not answer in time about the leg to outside, or has no port.
    pub(super) fn on_dial_leg_failed(&mut self, now: Now, env: &mut Env, cause: Option<LegFailure>) {
        if self.dialling().is_some() {
            env.raise_media(now, cause);
            self.stop_dialling(now, env, DialFailure::ServerFault);
        }
    }

    pub(super) fn on_dial_media_timeout(&mut self, now: Now, env: &mut Env) {
        self.on_dial_leg_failed(now, env, None);
    }

    /// Tries the next place; `last` is why the one before was not the right one.
    fn dial_next(&mut self, now: Now, env: &mut Env, port: u16, last: DialFailure) {
        let Some(dial) = self.dialling() else { return };
        let (leg, mut hunt) = (dial.leg, dial.hunt.take());
        let aim = Aim { leg, port, end: LegEnd::Callee, device_of: None };
        let sent = self.send_out(now, env, &mut hunt, &aim, last);
        let Some(dial) = self.dialling() else { return };
        dial.hunt = hunt;
        match sent {
            Ok(Sent { session, offered, rings }) => {
                let attempt = Try { session, offered, early: None, changed: None, rang: false };
                let rings = dial.ring.unwrap_or(rings);
                dial.state = State::Trying(Box::new(attempt));
                env.arm(self.id(), CallTimer::Ring(leg), now.mono + rings);
            }
            Err(failure) => self.close_dialling(now, env, failure),
        }
    }

    /// The server has the INVITE.
    pub(crate) fn on_dial_trying(&mut self, env: &mut Env) {
        let id = self.id();
        if let Some(dial) = self.dialling() {
            dial.hunt.heard(env);
            env.disarm(id, CallTimer::Response(dial.leg));
        }
    }

    /// The called phone rings (180), or the network says or plays something (183).
    pub(crate) fn on_dial_progress(&mut self, now: Now, env: &mut Env, status: u16, body: Option<&Bytes>) {
        self.on_dial_trying(env);
        let Some(dial) = self.dialling() else { return };
        let leg = dial.leg;
        let State::Trying(attempt) = &mut dial.state else { return };
        if status == 180 && !std::mem::replace(&mut attempt.rang, true) {
            let plays_itself = attempt.early.is_some();
            self.emit(now, env, CallEvent::DialRinging { leg });
            self.tell_transferor(now, env, 180);
            if !plays_itself {
                self.hear_ringing(env);
                self.hear_consult_ringing(env, leg);
            }
        }
        match body {
            Some(body) if self.hears_early() => self.hear_early(now, env, body),
            // Whose call is answered is not rung.
            Some(_) | None if status == 180 => self.ring_caller(now, env),
            Some(_) | None => {}
        }
    }

    /// Whether the caller can hear what the network plays.
    fn hears_early(&mut self) -> bool {
        self.live().is_some_and(|live| live.media.is_agreed())
    }

    /// The network plays something before the answer: an agent who has dialled hears it. A caller who is sent on hears
    /// music, and a tone once the phone rings.
    fn hear_early(&mut self, now: Now, env: &mut Env, body: &Bytes) {
        let own_leg = self.leg;
        let Some(live) = self.live() else { return };
        let (dial, caller_leg) = match &mut live.activity {
            Activity::Dialling { dial, fallback: Fallback::Refuse } => (&mut **dial, own_leg),
            Activity::Talking(talk) => {
                let agent_leg = talk.media.id();
                let Some(dial) = talk.company.dialling() else { return };
                (dial, agent_leg)
            }
            Activity::Dialling { .. }
            | Activity::Idle
            | Activity::Summoning
            | Activity::Flow(_)
            | Activity::Waiting(_)
            | Activity::Offering { .. } => return,
        };
        let leg = dial.leg;
        let State::Trying(attempt) = &mut dial.state else { return };
        let mut media = attempt.offered.clone();
        if media.accept(body, &mut env.media).is_err() {
            return;
        }
        if let Some(early) = &mut attempt.early {
            early.media = media;
            return;
        }
        let bridge = env.next_bridge();
        attempt.early = Some(EarlyMedia { media, bridge });
        env.media.push_back(media::Command::SetMusic { leg: caller_leg, prompt: None });
        env.media.push_back(media::Command::Bridge { bridge, a: leg, b: caller_leg });
        self.open_early_media(now, env);
    }

    /// The called one took the call.
    pub(crate) fn on_dial_answered(&mut self, now: Now, env: &mut Env, answer: Option<&Bytes>) {
        let Some(dial) = self.dialling() else { return };
        let State::Trying(attempt) = &mut dial.state else { return };
        let changed = attempt.changed.take().filter(MediaLeg::is_agreed);
        let media = match answer {
            Some(answer) => {
                let mut media = attempt.offered.clone();
                media.accept(answer, &mut env.media).is_ok().then_some(media)
            }
            None => changed.or_else(|| attempt.early.as_ref().map(|early| early.media.clone())),
        };
        let Some(media) = media else {
            self.stop_dialling(now, env, DialFailure::NoCodec);
            return;
        };
        let Some((dial, fallback)) = self.take_dialling() else { return };
        let State::Trying(attempt) = dial.state else { return };
        dial.hunt.heard(env);
        for timer in [CallTimer::Ring, CallTimer::Response] {
            env.disarm(self.id(), timer(dial.leg));
        }
        if let Some(early) = attempt.early {
            env.media.push_back(media::Command::Unbridge { bridge: early.bridge });
        }
        self.emit(now, env, CallEvent::DialAnswered { leg: dial.leg });
        let taken = Taken { session: attempt.session, media, number: dial.hunt.number().clone() };
        match fallback {
            Some(fallback) => self.connect_outside(now, env, fallback, taken),
            None => {
                let Taken { session, media, number } = taken;
                self.talk_aside(now, env, Member { partner: Partner::Outside(number), session, media });
            }
        }
    }

    /// Joins the caller and the one outside who took the call. From here on an agent who has called is the agent of the
    /// call, and the one outside is who is served.
    fn connect_outside(&mut self, now: Now, env: &mut Env, fallback: Fallback, taken: Taken) {
        let Taken { session, media, number } = taken;
        let leg = media.id();
        env.media.push_back(media::Command::StopPlay { leg: self.leg });
        env.media.push_back(media::Command::SetMusic { leg: self.leg, prompt: None });
        self.answer_caller(now, env);
        let caller = self.calling_agent().cloned();
        let mut origin = Origin::Direct;
        let (partner, session, media, after) = match (fallback, caller) {
            (Fallback::Refuse, Some(agent)) => {
                let Some((session, media)) = self.change_sides(env, (session, media), number) else { return };
                if self.settle_return(now, env) {
                    origin = Origin::Queue;
                } else {
                    let talking = Outside::Talking(Direction::Out);
                    env.acd.set_outside_call(now, &agent, self.id(), Some(talking));
                }
                self.emit(now, env, CallEvent::Connected { offer: leg, agent: agent.clone() });
                (Partner::Agent(agent), session, media, None)
            }
            (fallback, _) => {
                let after = self.settle_fallback(now, env, fallback);
                (Partner::Outside(number), session, media, after)
            }
        };
        let conversation = Conversation::new(partner, (session, media), origin, after);
        self.begin_talk(now, env, conversation);
        self.follow_hold(now, env);
    }

    /// Where the call came from has been left. Gives the flow that has something to ask once the talk is over.
    pub(super) fn settle_fallback(
        &mut self,
        now: Now,
        env: &mut Env,
        fallback: Fallback,
    ) -> Option<Box<FlowRun>> {
        match fallback {
            Fallback::Queue(waiting) => {
                self.note_place(env, &waiting);
                self.enqueued_first = None;
                self.settle_wish(env);
                let (queue, outcome) = (waiting.queue, QueueOutcome::Answered);
                self.emit(now, env, CallEvent::Dequeued { queue, outcome });
                self.close_flow(now, env, waiting.run, Input::Connected)
            }
            Fallback::Flow(run) => self.close_flow(now, env, run, Input::Connected),
            Fallback::Transferor(handover) => {
                self.release_transferor(now, env, *handover);
                None
            }
            Fallback::Refuse => None,
        }
    }

    /// Puts the one outside on the call's first leg. Gives back what was there: the calling agent's.
    fn change_sides(
        &mut self,
        env: &mut Env,
        (session, media): (SessionId, MediaLeg),
        number: Pii<String>,
    ) -> Option<(SessionId, MediaLeg)> {
        let id = self.id();
        let leg = media.id();
        let live = self.live()?;
        let agent_media = std::mem::replace(&mut live.media, media);
        live.progress = Progress::Confirmed;
        let agent_session = self.session.replace(session)?;
        self.leg = leg;
        self.served = Served::Callee(number);
        env.sessions.insert(session, (id, Role::Caller));
        env.sessions.insert(agent_session, (id, Role::Agent));
        Some((agent_session, agent_media))
    }

    /// The server gave a final status. Where it cannot take the call, the next is tried.
    pub(crate) fn on_dial_failed(&mut self, now: Now, env: &mut Env, failure: &Failure) {
        let id = self.id();
        let Some(dial) = self.dialling() else { return };
        let leg = dial.leg;
        let State::Trying(attempt) = &mut dial.state else { return };
        let (port, rang) = (attempt.offered.port(), attempt.rang);
        let early = attempt.early.take();
        let (meaning, elsewhere) = dial.hunt.judge(now, env, failure);
        if let Some(early) = early {
            env.media.push_back(media::Command::Unbridge { bridge: early.bridge });
        }
        for timer in [CallTimer::Ring, CallTimer::Response] {
            env.disarm(id, timer(leg));
        }
        self.emit(now, env, CallEvent::DialFailed { leg, failure: meaning, status: Some(failure.status) });
        if elsewhere && !rang {
            self.dial_next(now, env, port, meaning);
        } else {
            self.close_dialling(now, env, meaning);
        }
    }

    /// The server said nothing in time: the next is tried.
    pub(crate) fn on_response_timeout(&mut self, now: Now, env: &mut Env, leg: LegId) {
        let Some(dial) = self.dialling().filter(|dial| dial.leg == leg) else {
            self.on_device_response_timeout(now, env, leg);
            return;
        };
        let State::Trying(attempt) = &dial.state else { return };
        let (session, port) = (attempt.session, attempt.offered.port());
        dial.hunt.rest(now, env);
        env.sessions.remove(&session);
        env.sip.hang_up(now, session, None);
        self.emit(now, env, CallEvent::DialFailed { leg, failure: DialFailure::Silent, status: None });
        self.dial_next(now, env, port, DialFailure::Silent);
    }

    /// Gives up calling while a server still has the INVITE, or the port is not open.
    pub(super) fn stop_dialling(&mut self, now: Now, env: &mut Env, failure: DialFailure) {
        let Some((dial, fallback)) = self.take_dialling() else { return };
        self.drop_dial(now, env, *dial, failure);
        self.after_dialling(now, env, fallback, failure);
    }

    /// Every place was tried, or the last one has spoken for all.
    fn close_dialling(&mut self, now: Now, env: &mut Env, failure: DialFailure) {
        let Some((mut dial, fallback)) = self.take_dialling() else { return };
        dial.hunt.leave(env, self.id());
        env.close_leg(dial.leg);
        self.after_dialling(now, env, fallback, failure);
    }

    /// Takes back whatever was dialled; says nothing to the caller.
    pub(super) fn drop_dial(&mut self, now: Now, env: &mut Env, mut dial: Dialling, failure: DialFailure) {
        let leg = dial.leg;
        for timer in [CallTimer::AgentMediaOpen, CallTimer::Ring, CallTimer::Response] {
            env.disarm(self.id(), timer(leg));
        }
        dial.hunt.leave(env, self.id());
        if let State::Trying(attempt) = dial.state {
            if let Some(early) = attempt.early {
                env.media.push_back(media::Command::Unbridge { bridge: early.bridge });
            }
            if env.sessions.remove(&attempt.session).is_some() {
                env.sip.hang_up(now, attempt.session, Some(withdrawal(failure)));
            }
            self.emit(now, env, CallEvent::DialFailed { leg, failure, status: None });
        }
        env.close_leg(leg);
    }

    /// Nobody outside took the call: it goes where it then belongs.
    fn after_dialling(&mut self, now: Now, env: &mut Env, fallback: Option<Fallback>, failure: DialFailure) {
        match fallback {
            // An agent has asked somebody, and is back with the customer.
            None => self.after_consult(now, env),
            Some(Fallback::Refuse) if self.begin_again(now, env) => {}
            Some(Fallback::Refuse) => {
                let (kind, status, q850) = told(failure);
                self.end_refused(now, env, (kind, status, q850));
            }
            Some(other @ (Fallback::Queue(_) | Fallback::Flow(_) | Fallback::Transferor(_))) => {
                self.fall_back(now, env, other, as_offer(failure));
            }
        }
    }

    pub(super) fn dialling(&mut self) -> Option<&mut Dialling> {
        match &mut self.live()?.activity {
            Activity::Dialling { dial, .. } => Some(dial),
            Activity::Talking(talk) => talk.company.dialling(),
            Activity::Idle
            | Activity::Summoning
            | Activity::Flow(_)
            | Activity::Waiting(_)
            | Activity::Offering { .. } => None,
        }
    }

    /// Takes out what is being dialled, and where the call goes if that comes to nothing; `None` in its place for somebody
    /// whom an agent asks.
    fn take_dialling(&mut self) -> Option<(Box<Dialling>, Option<Fallback>)> {
        if let Some(dial) = self.take_consult_dial() {
            return Some((dial, None));
        }
        self.dialling()?;
        match self.take_activity()? {
            Activity::Dialling { dial, fallback } => Some((dial, Some(fallback))),
            Activity::Idle
            | Activity::Summoning
            | Activity::Flow(_)
            | Activity::Waiting(_)
            | Activity::Offering { .. }
            | Activity::Talking(_) => None,
        }
    }

    /// The leg that is being dialled.
    pub(super) fn dialled_leg(&mut self) -> Option<LegId> {
        self.dialling().map(|dial| dial.leg)
    }
}

/// What was taken outside.
struct Taken {
    session: SessionId,
    media: MediaLeg,
    number: Pii<String>,
}

/// How the call of whoever has dialled ends, with SIP status and Q.850 cause (RFC 3398 §7.2.4.1).
const fn told(failure: DialFailure) -> (EndKind, u16, u8) {
    match failure {
        DialFailure::Busy => (EndKind::NotAnswered, 486, 17),
        DialFailure::NoAnswer => (EndKind::NotAnswered, 480, 19),
        DialFailure::Rejected => (EndKind::NotAnswered, 603, 21),
        DialFailure::UnknownNumber => (EndKind::NotAnswered, 404, 1),
        DialFailure::NoCodec => (EndKind::NotAnswered, 488, 88),
        DialFailure::TrunkFull | DialFailure::TrunkBusy => (EndKind::NoTrunk, 503, 34),
        DialFailure::Silent | DialFailure::TrunkFault | DialFailure::NoWay => (EndKind::NoTrunk, 503, 38),
        DialFailure::CallerGone => (EndKind::HungUpEarly, 487, 16),
        DialFailure::ServerFault => (EndKind::NoTrunk, 503, 41),
    }
}

/// What a flow or a transferring agent makes of it.
pub(super) const fn as_offer(failure: DialFailure) -> OfferFailure {
    match failure {
        DialFailure::Busy => OfferFailure::Busy,
        DialFailure::Rejected => OfferFailure::Rejected,
        DialFailure::NoAnswer => OfferFailure::NoAnswer,
        DialFailure::UnknownNumber => OfferFailure::NotRegistered,
        DialFailure::CallerGone => OfferFailure::CallerGone,
        DialFailure::Silent
        | DialFailure::TrunkFault
        | DialFailure::TrunkFull
        | DialFailure::TrunkBusy
        | DialFailure::NoWay
        | DialFailure::NoCodec
        | DialFailure::ServerFault => OfferFailure::ServerFault,
    }
}

/// What the server is told when we stop calling by it (RFC 3326).
const fn withdrawal(failure: DialFailure) -> Reason {
    match failure {
        DialFailure::NoAnswer => Reason::q850(19, "No answer from user"),
        DialFailure::CallerGone => Reason::q850(16, "Normal call clearing"),
        DialFailure::NoCodec => Reason::q850(88, "Incompatible destination"),
        DialFailure::Busy
        | DialFailure::Rejected
        | DialFailure::UnknownNumber
        | DialFailure::Silent
        | DialFailure::TrunkFault
        | DialFailure::TrunkFull
        | DialFailure::TrunkBusy
        | DialFailure::NoWay
        | DialFailure::ServerFault => Reason::q850(31, "Normal, unspecified"),
    }
}
