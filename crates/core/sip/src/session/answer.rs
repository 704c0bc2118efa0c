//! Our 2xx to an INVITE until its ACK comes: RFC 3261 §13.3.1.4, for the first INVITE and for re-INVITEs.

use bytes::Bytes;
use hotline_base::{Now, Time};
use serde::{Deserialize, Serialize};

use super::body::sdp_of;
use super::context::{Context, Inbound};
use super::established::Established;
use super::usage::{Change, Usage};
use super::{Reason, Request, State, Timer};
use crate::Message;
use crate::dialog::Dialog;
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

/// The callee's session between its 2xx and the ACK.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Answered {
    pub(super) dialog: Dialog,
    pub(super) answer: Answer,
}

impl Answered {
    pub(super) fn hang_up(self, usage: &Usage, ctx: &mut Context<'_>, reason: Option<Reason>) -> State {
        usage.end(ctx, Side::Local, reason.clone());
        State::Departing(super::Departing { answered: self, reason })
    }

    pub(super) fn handle_ack(self, usage: &Usage, ctx: &mut Context<'_>, ack: &Message) -> State {
        if !self.answer.is_acknowledged_by(ack) {
            return State::Answered(self);
        }
        ctx.events.push_back(Event::Confirmed { session: usage.id, body: sdp_of(ack).known() });
        State::Established(Established::new(self.dialog))
    }

    pub(super) fn handle_request(
        mut self,
        usage: &mut Usage,
        ctx: &mut Context<'_>,
        request: Request,
        inbound: &Inbound,
    ) -> State {
        if !usage.take_in_order(ctx, &mut self.dialog, inbound) {
            return State::Answered(self);
        }
        match usage.handle_plain(ctx, &mut self.dialog, request, inbound) {
            Some(Change::Bye) => return usage.handle_bye(ctx, inbound),
            Some(Change::Refer) => ctx.reply_later(inbound, &usage.local_tag),
            // The ACK may be lost, but until it comes an offer of ours may be open.
            Some(Change::Offer(_)) => {
                ctx.counters.glares += 1;
                ctx.reply(inbound, 491, &usage.local_tag);
            }
            None => {}
        }
        State::Answered(self)
    }

    pub(super) fn handle_timeout(mut self, usage: &Usage, ctx: &mut Context<'_>) -> State {
        if self.answer.handle_timeout(ctx) {
            return State::Answered(self);
        }
        usage.end(ctx, Side::Local, Some(NO_ACK));
        usage.leave(ctx, self.dialog, Some(&NO_ACK))
    }

    pub(super) fn poll_timeout(&self) -> (Time, Timer) {
        self.answer.poll_timeout()
    }
}
