//! The INVITE usage of a dialog, from the INVITE to its end: RFC 3261 §13 to §15, RFC 3311, RFC 6026.
//!
//! A `Session` is what holds in every state (`Usage`) and the state itself; each state has a file. A state's
//! handlers consume it and give the next one. Must not know who may call, nor transactions' timers.

mod answer;
mod body;
mod calling;
mod context;
mod early;
mod ending;
mod established;
mod exchange;
mod incoming;
mod info;
mod prack;
mod provisional;
mod reason;
mod referral;
mod refresh;
mod rules;
mod terms;
mod usage;

use answer::Answered;
use bytes::Bytes;
use calling::{Abandoned, Calling};
pub(crate) use context::{Context, Inbound, Owner, reason_phrase};
use ending::{Departing, Leaving};
use established::Established;
use hotline_base::{Rng, Time};
use incoming::Incoming;
pub use reason::{Protocol, Reason};
pub use rules::{MIN_SE, ReliableProvisionals, SESSION_EXPIRES, SessionRules};
use serde::{Deserialize, Serialize};
pub(crate) use terms::is_too_brief;
use usage::Usage;
pub(crate) use usage::{Peerage, reason_of};

use crate::endpoint::{Invite, InviteError, SessionId};
use crate::flow::Flow;
use crate::message::HeaderError;
use crate::notifier::{Direction, Progress};
pub(crate) use crate::session::body::{Sdp, sdp_of};
use crate::{Message, Method};

/// Why a session will wake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Timer {
    /// Repeat the provisional response every minute, lest a proxy gives up (RFC 3261 §13.3.1.1).
    Progress,
    /// Repeat the provisional response that wants a PRACK: T1, doubling (RFC 3262 §3).
    Provisional,
    /// Give up waiting for the PRACK: 64·T1 (RFC 3262 §3).
    Prack,
    /// Repeat the 2xx: T1, doubling up to T2 (RFC 3261 §13.3.1.4).
    Answer,
    /// Give up waiting for the ACK to the 2xx: 64·T1 (RFC 3261 §13.3.1.4).
    Acknowledgement,
    /// Cancel an offer of ours that the peer has heard and does not decide: 64·T1 after its last 1xx.
    Offer,
    /// Offer again after glare (RFC 3261 §14.1).
    Glare,
    /// Refresh the session: half of its interval (RFC 4028 §7.2).
    Refresh,
    /// End the session that nobody refreshed (RFC 4028 §10).
    Expiry,
}

/// The requests that a session takes, ACK and CANCEL aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Bye,
    Info,
    Invite,
    Options,
    Prack,
    Refer,
    Update,
}

impl Request {
    /// `None` for a method that no session takes.
    pub(crate) fn of(method: &Method) -> Option<Self> {
        match method {
            Method::Bye => Some(Self::Bye),
            Method::Info => Some(Self::Info),
            Method::Invite => Some(Self::Invite),
            Method::Options => Some(Self::Options),
            Method::Prack => Some(Self::Prack),
            Method::Refer => Some(Self::Refer),
            Method::Update => Some(Self::Update),
            Method::Ack
            | Method::Cancel
            | Method::Register
            | Method::Notify
            | Method::Subscribe
            | Method::Message
            | Method::Publish
            | Method::Other(_) => None,
        }
    }
}

/// One INVITE usage.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Session {
    usage: Usage,
    state: State,
}

#[derive(Debug, Serialize, Deserialize)]
enum State {
    /// An INVITE came and has no final response yet.
    Incoming(Incoming),
    /// Our 2xx waits for its ACK.
    Answered(Answered),
    /// Our INVITE has no final response yet.
    Calling(Calling),
    /// The dialog is confirmed.
    Established(Established),
    /// Terminal event given; our INVITE is being cancelled.
    Abandoned(Abandoned),
    /// Terminal event given; our BYE must wait for the ACK.
    Departing(Departing),
    /// Terminal event given; our BYE is on its way.
    Leaving(Leaving),
    /// Terminal event given; only transactions of ours may be left.
    Over,
}

impl Session {
    /// Of an INVITE that came.
    pub(crate) fn incoming(
        rng: &mut Rng,
        id: SessionId,
        inbound: Inbound,
        peerage: Peerage,
    ) -> Result<Self, HeaderError> {
        let (usage, incoming) = Incoming::new(rng, id, inbound, peerage)?;
        Ok(Self { usage, state: State::Incoming(incoming) })
    }

    /// Of an INVITE that leaves.
    pub(crate) fn outgoing(
        ctx: &mut Context<'_>,
        id: SessionId,
        invite: Invite,
        peerage: Peerage,
    ) -> Result<Self, InviteError> {
        let (usage, calling) = Calling::new(ctx, id, invite, peerage)?;
        Ok(Self { usage, state: State::Calling(calling) })
    }

    /// The tag of the peer in the dialog that became the session's.
    pub(crate) fn remote_tag(&self) -> Option<&str> {
        self.usage.remote_tag()
    }

    /// Whether the peer of one of its dialogs, early or not, has this tag.
    pub(crate) fn is_with(&self, tag: &str) -> bool {
        let is_early = match &self.state {
            State::Calling(calling) => calling.is_early_with(tag),
            State::Incoming(_)
            | State::Answered(_)
            | State::Established(_)
            | State::Abandoned(_)
            | State::Departing(_)
            | State::Leaving(_)
            | State::Over => false,
        };
        is_early || self.remote_tag() == Some(tag)
    }

    /// Whether it was answered and is not over.
    pub(crate) const fn is_answered(&self) -> bool {
        matches!(self.state, State::Answered(_) | State::Established(_))
    }

    /// Call-ID and our tag: what requests within the dialog are known by.
    pub(crate) fn key(&self) -> (String, String) {
        (self.usage.call_id.clone(), self.usage.local_tag.clone())
    }

    /// The registered phone at `old` is found at `new`.
    pub(crate) fn follow(&mut self, old: Flow, new: Flow) {
        self.usage.follow(old, new);
    }

    /// A connection is gone.
    pub(crate) fn disconnect(&mut self, gone: Flow) {
        self.usage.disconnect(gone);
    }

    /// True when the terminal event was given and nothing is waited for but the ends of transactions.
    pub(crate) const fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// How far the peer's phone is in it, and who began it; `None` once it is over.
    pub(crate) fn line(&self) -> Option<(Direction, Progress)> {
        let progress = match &self.state {
            State::Incoming(incoming) if incoming.has_rung() => Progress::Early,
            State::Calling(calling) if calling.has_rung() => Progress::Early,
            State::Incoming(_) | State::Calling(_) => Progress::Trying,
            State::Answered(_) | State::Established(_) => Progress::Confirmed,
            State::Abandoned(_) | State::Departing(_) | State::Leaving(_) | State::Over => return None,
        };
        Some((self.usage.direction(), progress))
    }

    /// Tells the caller progress: 180, or 183 with SDP.
    pub(crate) fn ring(&mut self, ctx: &mut Context<'_>, early: Option<Bytes>) {
        if let State::Incoming(incoming) = &mut self.state {
            incoming.ring(&self.usage, ctx, early);
        }
    }

    /// Tells the caller 180, with our offer where that has to be there.
    pub(crate) fn alert(&mut self, ctx: &mut Context<'_>, offer: Bytes) {
        if let State::Incoming(incoming) = &mut self.state {
            incoming.alert(&self.usage, ctx, offer);
        }
    }

    /// Answers the INVITE.
    pub(crate) fn answer(&mut self, ctx: &mut Context<'_>, sdp: Bytes) {
        self.step(|state, usage| match state {
            State::Incoming(incoming) => incoming.answer(usage, ctx, sdp),
            State::Answered(_)
            | State::Calling(_)
            | State::Established(_)
            | State::Abandoned(_)
            | State::Departing(_)
            | State::Leaving(_)
            | State::Over => state,
        });
    }

    /// Refuses the INVITE.
    pub(crate) fn reject(&mut self, ctx: &mut Context<'_>, status: u16, reason: Option<&Reason>) {
        self.step(|state, usage| match state {
            State::Incoming(incoming) => incoming.fail(usage, ctx, status, reason),
            State::Answered(_)
            | State::Calling(_)
            | State::Established(_)
            | State::Abandoned(_)
            | State::Departing(_)
            | State::Leaving(_)
            | State::Over => state,
        });
    }

    /// Refuses what the INVITE offers, and says why in words.
    pub(crate) fn refuse_offer(&mut self, ctx: &mut Context<'_>, status: u16, why: &str) {
        self.step(|state, usage| match state {
            State::Incoming(incoming) => incoming.refuse_offer(usage, ctx, status, why),
            State::Answered(_)
            | State::Calling(_)
            | State::Established(_)
            | State::Abandoned(_)
            | State::Departing(_)
            | State::Leaving(_)
            | State::Over => state,
        });
    }

    /// Ends it by whatever the state needs.
    pub(crate) fn hang_up(&mut self, ctx: &mut Context<'_>, reason: Option<Reason>) {
        self.step(|state, usage| match state {
            State::Incoming(incoming) => incoming.hang_up(usage, ctx, reason),
            State::Answered(answered) => answered.hang_up(usage, ctx, reason),
            State::Calling(calling) => calling.hang_up(usage, ctx, reason),
            State::Established(established) => established.hang_up(usage, ctx, reason),
            State::Abandoned(_) | State::Departing(_) | State::Leaving(_) | State::Over => state,
        });
    }

    /// Offers a change of the session; refused at once before there is one that can be changed.
    pub(crate) fn reoffer(&mut self, ctx: &mut Context<'_>, sdp: Bytes) {
        match &mut self.state {
            State::Incoming(incoming) => incoming.reoffer(&self.usage, ctx, sdp),
            State::Calling(calling) => calling.reoffer(&self.usage, ctx, sdp),
            State::Established(established) => established.reoffer(&self.usage, ctx, sdp),
            State::Answered(_) => self.usage.refuse_offer(ctx, 491),
            State::Abandoned(_) | State::Departing(_) | State::Leaving(_) | State::Over => {}
        }
    }

    /// Tells the peer's phone, which rings, to take the call; false if it cannot be told so.
    pub(crate) fn ask_to_answer(&mut self, ctx: &mut Context<'_>) -> bool {
        match &mut self.state {
            State::Calling(calling) => calling.ask_to_answer(&self.usage, ctx),
            State::Incoming(_)
            | State::Established(_)
            | State::Answered(_)
            | State::Abandoned(_)
            | State::Departing(_)
            | State::Leaving(_)
            | State::Over => false,
        }
    }

    /// Agrees to the peer's change.
    pub(crate) fn answer_reoffer(&mut self, ctx: &mut Context<'_>, sdp: Bytes) {
        self.step(|state, usage| match state {
            State::Incoming(incoming) => incoming.answer_reoffer(usage, ctx, sdp),
            State::Answered(mut answered) => {
                answered.established.answer_reoffer(usage, ctx, sdp);
                State::Answered(answered)
            }
            State::Calling(mut calling) => {
                calling.answer_reoffer(usage, ctx, sdp);
                State::Calling(calling)
            }
            State::Established(mut established) => {
                established.answer_reoffer(usage, ctx, sdp);
                State::Established(established)
            }
            State::Abandoned(_) | State::Departing(_) | State::Leaving(_) | State::Over => state,
        });
    }

    /// Refuses the peer's change; the session goes on as before.
    pub(crate) fn refuse_reoffer(&mut self, ctx: &mut Context<'_>, status: u16) {
        let status = if (300..700).contains(&status) { status } else { 488 };
        self.step(|state, usage| match state {
            State::Incoming(incoming) => incoming.refuse_reoffer(usage, ctx, status),
            State::Answered(mut answered) => {
                answered.established.refuse_reoffer(usage, ctx, status);
                State::Answered(answered)
            }
            State::Calling(mut calling) => {
                calling.refuse_reoffer(usage, ctx, status);
                State::Calling(calling)
            }
            State::Established(mut established) => {
                established.refuse_reoffer(usage, ctx, status);
                State::Established(established)
            }
            State::Abandoned(_) | State::Departing(_) | State::Leaving(_) | State::Over => state,
        });
    }

    /// Accepts the transfer that the peer asked for.
    pub(crate) fn accept_refer(&mut self, ctx: &mut Context<'_>) {
        if let State::Established(established) = &mut self.state {
            established.accept_refer(&self.usage, ctx);
        }
    }

    /// Refuses the transfer that the peer asked for.
    pub(crate) fn refuse_refer(&mut self, ctx: &mut Context<'_>, status: u16) {
        if let State::Established(established) = &mut self.state {
            established.refuse_refer(&self.usage, ctx, status);
        }
    }

    /// Tells the peer how the transfer goes that it asked for.
    pub(crate) fn report_refer(&mut self, ctx: &mut Context<'_>, status: u16) {
        if let State::Established(established) = &mut self.state {
            established.report_refer(&self.usage, ctx, status);
        }
    }

    /// A request within the dialog came.
    pub(crate) fn handle_request(&mut self, ctx: &mut Context<'_>, request: Request, inbound: &Inbound) {
        self.step(|state, usage| match state {
            State::Incoming(incoming) => incoming.handle_request(usage, ctx, request, inbound),
            State::Answered(answered) => answered.handle_request(usage, ctx, request, inbound),
            State::Calling(calling) => calling.handle_request(usage, ctx, request, inbound),
            State::Established(established) => established.handle_request(usage, ctx, request, inbound),
            State::Departing(departing) => departing.handle_request(usage, ctx, request, inbound),
            State::Abandoned(_) | State::Leaving(_) | State::Over => {
                ending::handle_request(usage, ctx, request, inbound);
                state
            }
        });
    }

    /// An ACK for a 2xx came.
    pub(crate) fn handle_ack(&mut self, ctx: &mut Context<'_>, ack: &Message) {
        self.step(|state, usage| match state {
            State::Answered(answered) => answered.handle_ack(usage, ctx, ack),
            State::Departing(departing) => departing.handle_ack(usage, ctx, ack),
            State::Established(mut established) => {
                established.handle_ack(usage, ctx, ack);
                State::Established(established)
            }
            State::Incoming(_)
            | State::Calling(_)
            | State::Abandoned(_)
            | State::Leaving(_)
            | State::Over => state,
        });
    }

    /// A CANCEL of the INVITE with this key came; it was answered already.
    pub(crate) fn handle_cancel(
        &mut self,
        ctx: &mut Context<'_>,
        key: &crate::transaction::ServerKey,
        reason: Option<Reason>,
    ) {
        self.step(|state, usage| match state {
            State::Incoming(incoming) => incoming.cancel(usage, ctx, reason),
            State::Answered(mut answered) => {
                answered.established.handle_cancel(usage, ctx, key);
                State::Answered(answered)
            }
            State::Established(mut established) => {
                established.handle_cancel(usage, ctx, key);
                State::Established(established)
            }
            State::Calling(_)
            | State::Abandoned(_)
            | State::Departing(_)
            | State::Leaving(_)
            | State::Over => state,
        });
    }

    /// A response to a request of ours came.
    #[expect(clippy::wildcard_enum_match_arm, reason = "what no state waits for changes none of them")]
    pub(crate) fn handle_response(&mut self, ctx: &mut Context<'_>, response: &Message) {
        let (Ok(cseq), Some(status)) = (response.cseq(), response.status()) else { return };
        let (method, number) = (cseq.method, cseq.number);
        let is_early = matches!(method, Method::Prack | Method::Update);
        self.step(|state, usage| match state {
            State::Calling(calling) if method == Method::Invite => {
                calling.handle_response(usage, ctx, status, response)
            }
            State::Calling(mut calling) if is_early => {
                calling.handle_early_response(usage, ctx, status, response);
                State::Calling(calling)
            }
            State::Incoming(incoming) if method == Method::Update => {
                incoming.handle_response(usage, ctx, number, status, response)
            }
            State::Abandoned(abandoned) if method == Method::Invite => {
                abandoned.handle_response(usage, ctx, status, response)
            }
            State::Established(established) if established.offered(&method, number) => {
                established.handle_response(usage, ctx, status, response)
            }
            State::Established(mut established) if method == Method::Notify => {
                established.handle_notified(usage, ctx, number, status);
                State::Established(established)
            }
            state if method == Method::Invite => {
                if (200..300).contains(&status) {
                    usage.handle_late_success(ctx, response);
                }
                state
            }
            state if method == Method::Bye && usage.handle_farewell(ctx, status, response) => state,
            State::Leaving(leaving) if method == Method::Bye => {
                leaving.handle_response(usage, ctx, status, response)
            }
            state => state,
        });
    }

    /// Nobody answered a request of ours (408), or it could not be sent (503).
    #[expect(clippy::wildcard_enum_match_arm, reason = "what no state waits for changes none of them")]
    pub(crate) fn handle_no_response(
        &mut self,
        ctx: &mut Context<'_>,
        method: &Method,
        cseq: u32,
        status: u16,
    ) {
        self.step(|state, usage| match state {
            State::Calling(calling) if *method == Method::Invite => {
                calling.handle_no_response(usage, ctx, status)
            }
            State::Calling(mut calling) if *method == Method::Update => {
                calling.handle_no_early_response(usage, ctx, cseq, status);
                State::Calling(calling)
            }
            State::Incoming(incoming) if *method == Method::Update => {
                incoming.handle_no_response(usage, ctx, cseq, status)
            }
            State::Abandoned(_) if *method == Method::Invite => State::Over,
            State::Established(established) if established.offered(method, cseq) => {
                established.handle_no_response(usage, ctx, method, cseq, status)
            }
            State::Established(mut established) if *method == Method::Notify => {
                established.handle_notified(usage, ctx, cseq, status);
                State::Established(established)
            }
            State::Leaving(_) if *method == Method::Bye => State::Over,
            state => state,
        });
    }

    /// Advances whatever is due.
    pub(crate) fn handle_timeout(&mut self, ctx: &mut Context<'_>) {
        self.step(|state, usage| match state {
            State::Incoming(incoming) => incoming.handle_timeout(usage, ctx),
            State::Answered(answered) => answered.handle_timeout(usage, ctx),
            State::Calling(mut calling) => {
                calling.handle_timeout(usage, ctx);
                State::Calling(calling)
            }
            State::Established(established) => established.handle_timeout(usage, ctx),
            State::Departing(departing) => departing.handle_timeout(usage, ctx),
            State::Abandoned(_) | State::Leaving(_) | State::Over => state,
        });
    }

    /// When [`Self::handle_timeout`] is due, and why.
    pub(crate) fn poll_timeout(&self) -> Option<(Time, Timer)> {
        match &self.state {
            State::Incoming(incoming) => incoming.poll_timeout(),
            State::Answered(answered) => Some(answered.poll_timeout()),
            State::Calling(calling) => calling.poll_timeout(),
            State::Established(established) => established.poll_timeout(),
            State::Departing(departing) => Some(departing.poll_timeout()),
            State::Abandoned(_) | State::Leaving(_) | State::Over => None,
        }
    }

    /// Replaces the state by the one that `transition` makes of it.
    fn step(&mut self, transition: impl FnOnce(State, &mut Usage) -> State) {
        let state = core::mem::replace(&mut self.state, State::Over);
        self.state = transition(state, &mut self.usage);
    }
}
