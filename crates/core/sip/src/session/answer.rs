//! Our 2xx to an INVITE until its ACK comes: RFC 3261 §13.3.1.4, for the first INVITE and for re-INVITEs.

use bytes::Bytes;
use hotline_base::{Now, Time};
use serde::{Deserialize, Serialize};

use super::body::sdp_of;
use super::context::{Context, Inbound};
use super::ending::{Departing, Then};
use super::established::Established;
use super::usage::{Change, Usage};
use super::{Reason, Request, State, Timer};
use crate::Message;
use crate::endpoint::{Event, Side};
use crate::transaction::timer::{Repeat, T1, T1_64, T2};

/// What a session says that ends because no ACK came.
pub(super) const NO_ACK: Reason = Reason::sip(408, "ACK timeout");

/// A 2xx that is repeated until its ACK.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Answer {
    inbound: Inbound,
    cseq: u32,
    response: Bytes,
    repeat: Repeat,
    give_up: Time,
    /// The 2xx carried our offer: the ACK brings the answer.
    pub(super) offered: bool,
}

impl Answer {
    /// Of a 2xx that was just sent.
    pub(super) fn new(now: Now, inbound: Inbound, response: Bytes, offered: bool) -> Self {
        let cseq = inbound.message.cseq().map(|cseq| cseq.number).unwrap_or_default();
        // The 2xx is repeated over reliable transports too: the next hop need not be the last.
        let repeat = Repeat::new(now.mono, T1, false);
        Self { inbound, cseq, response, repeat, give_up: now.mono + T1_64, offered }
    }

    /// Whether `ack` is the one that is waited for.
    pub(super) fn is_acknowledged_by(&self, ack: &Message) -> bool {
        ack.cseq().is_ok_and(|cseq| cseq.number == self.cseq)
    }

    /// Repeats the 2xx when it is due; false when no ACK came in time.
    pub(super) fn handle_timeout(&mut self, ctx: &mut Context<'_>) -> bool {
        if self.give_up <= ctx.now.mono {
            ctx.counters.missing_acks += 1;
            return false;
        }
        if self.repeat.take_due(ctx.now.mono, T2) {
            ctx.counters.retransmissions += 1;
            ctx.layer.respond(ctx.now, &self.inbound.key, 200, self.response.clone());
        }
        true
    }

    pub(super) fn poll_timeout(&self) -> (Time, Timer) {
        match self.repeat.at() {
            Some(at) if at < self.give_up => (at, Timer::Answer),
            Some(_) | None => (self.give_up, Timer::Acknowledgement),
        }
    }
}

/// The callee's session between its 2xx and the ACK: it lives already, and each request but an offer of ours is taken.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Answered {
    pub(super) answer: Answer,
    pub(super) established: Established,
}

impl Answered {
    pub(super) fn hang_up(mut self, usage: &Usage, ctx: &mut Context<'_>, reason: Option<Reason>) -> State {
        self.established.refuse_reoffer(usage, ctx, 487);
        usage.end(ctx, Side::Local, reason.clone());
        State::Departing(Departing { answered: self, then: Then::Bye(reason) })
    }

    pub(super) fn handle_ack(mut self, usage: &Usage, ctx: &mut Context<'_>, ack: &Message) -> State {
        if !self.answer.is_acknowledged_by(ack) {
            self.established.handle_ack(usage, ctx, ack);
            return State::Answered(self);
        }
        let body = sdp_of(ack).known().filter(|_| self.answer.offered);
        if let Some(answer) = &body {
            self.established.agree(answer.clone());
        }
        ctx.events.push_back(Event::Confirmed { session: usage.id, body });
        State::Established(self.established)
    }

    /// A request before the ACK, which may be lost or late (RFC 5407 §3.1.3 to §3.1.6).
    pub(super) fn handle_request(
        self,
        usage: &mut Usage,
        ctx: &mut Context<'_>,
        request: Request,
        inbound: &Inbound,
    ) -> State {
        let Self { answer, mut established } = self;
        if !established.take_in_order(usage, ctx, inbound) {
            return State::Answered(Self { answer, established });
        }
        let change = match usage.handle_plain(ctx, request, inbound) {
            // Our offer in the 2xx is open.
            Some(Change::Invite(_) | Change::Update(_)) if answer.offered => {
                ctx.counters.glares += 1;
                ctx.reply(inbound, 491, &usage.local_tag);
                None
            }
            Some(Change::Refer) => {
                ctx.reply_later(inbound, &usage.local_tag);
                None
            }
            change => change,
        };
        match change {
            // It may have been sent before our answer came (RFC 5407 §3.1.3).
            Some(Change::Bye) => {
                established.handle_bye(usage, ctx, inbound);
                let answered = Self { answer, established };
                State::Departing(Departing { answered, then: Then::Nothing })
            }
            Some(change) => match established.handle_change(usage, ctx, change, inbound) {
                State::Established(established) => State::Answered(Self { answer, established }),
                state @ (State::Incoming(_)
                | State::Answered(_)
                | State::Calling(_)
                | State::Abandoned(_)
                | State::Departing(_)
                | State::Leaving(_)
                | State::Over) => state,
            },
            None => State::Answered(Self { answer, established }),
        }
    }

    pub(super) fn handle_timeout(self, usage: &mut Usage, ctx: &mut Context<'_>) -> State {
        let Self { mut answer, established } = self;
        if !answer.handle_timeout(ctx) {
            return established.end(usage, ctx, Side::Local, NO_ACK);
        }
        match established.handle_timeout(usage, ctx) {
            State::Established(established) => State::Answered(Self { answer, established }),
            state @ (State::Incoming(_)
            | State::Answered(_)
            | State::Calling(_)
            | State::Abandoned(_)
            | State::Departing(_)
            | State::Leaving(_)
            | State::Over) => state,
        }
    }

    pub(super) fn poll_timeout(&self) -> (Time, Timer) {
        let answer = self.answer.poll_timeout();
        self.established.poll_timeout().map_or(answer, |other| other.min(answer))
    }
}
