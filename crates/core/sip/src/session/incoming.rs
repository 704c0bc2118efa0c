//! An INVITE that came and has no final response yet: RFC 3261 §13.3, with reliable provisional responses (RFC 3262) and
//! changes of what they agreed on (RFC 3311).

use core::time::Duration;

use bytes::Bytes;
use hotline_base::{Rng, Time};
use serde::{Deserialize, Serialize};

use super::answer::{Answer, Answered};
use super::body::{Sdp, sdp_of};
use super::context::{Context, Inbound, reason_phrase};
use super::established::Established;
use super::exchange::{Asked, Exchange, Manner};
use super::provisional::{Next, Provisionals, Wake};
use super::refresh::Refresh;
use super::terms::Terms;
use super::usage::{Change, Peerage, Role, Usage, reason_header, reason_of};
use super::{Protocol, Reason, Request, State, Timer};
use crate::dialog::Dialog;
use crate::endpoint::{ALLOW, Event, Failure, SUPPORTED, SessionId};
use crate::message::{Builder, HeaderError, REL100};
use crate::outgoing::SDP;
use crate::{HeaderName, Message, Method};

/// RFC 3261 §13.3.1.1. A provisional response is repeated every minute, lest a proxy cancels.
pub(super) const PROGRESS_INTERVAL: Duration = Duration::from_secs(60);

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Incoming {
    inbound: Inbound,
    dialog: Dialog,
    described: Described,
    provisionals: Provisionals,
    progress: Option<Progress>,
    decision: Decision,
}

/// How far the first offer and answer have come.
#[expect(clippy::large_enum_variant, reason = "there is one a session, and most sessions get there")]
#[derive(Debug, Serialize, Deserialize)]
enum Described {
    /// The INVITE has none, and ours has not left.
    Nothing,
    /// The INVITE has this offer, and the answer has not left reliably.
    Offered(Bytes),
    /// Our offer left in a provisional response; its PRACK brings the answer.
    Offering(Bytes),
    /// Our answer left in a provisional response; its PRACK is waited for.
    Answering { ours: Bytes, theirs: Bytes },
    /// Both know both (RFC 3311 §5.1): from here on each may offer changes.
    Agreed(Exchange),
}

/// The latest provisional response, repeated every minute.
#[derive(Debug, Serialize, Deserialize)]
struct Progress {
    status: u16,
    how: How,
    again_at: Time,
}

#[derive(Debug, Serialize, Deserialize)]
enum How {
    /// The same response once more.
    Plain(Bytes),
    /// A new one: what was acknowledged is not repeated.
    Reliably,
}

/// What our user has decided.
#[derive(Debug, Serialize, Deserialize)]
enum Decision {
    None,
    /// To answer so, once both know what was described before (RFC 3262 §3).
    Answer(Bytes),
}

impl Incoming {
    pub(super) fn new(
        rng: &mut Rng,
        id: SessionId,
        inbound: Inbound,
        peerage: Peerage,
    ) -> Result<(Usage, Self), HeaderError> {
        let dialog = Dialog::from_request(&inbound.message, &peerage.local_tag)?;
        let mut usage = Usage::new(id, dialog.call_id.clone(), Role::Callee, None, peerage);
        usage.confirm(&dialog);
        let described = match sdp_of(&inbound.message).known() {
            Some(offer) => Described::Offered(offer),
            None => Described::Nothing,
        };
        let provisionals = Provisionals::new(&inbound.message, inbound.message.cseq()?, rng);
        let (progress, decision) = (None, Decision::None);
        Ok((usage, Self { inbound, dialog, described, provisionals, progress, decision }))
    }

    /// Whether the caller was told progress.
    pub(super) const fn has_rung(&self) -> bool {
        self.progress.is_some()
    }

    /// Tells progress: 180, or 183 with a description.
    pub(super) fn ring(&mut self, usage: &Usage, ctx: &mut Context<'_>, early: Option<Bytes>) {
        let status = if early.is_some() { 183 } else { 180 };
        self.progress(usage, ctx, Next { status, description: early });
    }

    /// Tells 180. Where the INVITE has no offer, the first message that is sent reliably must have ours (RFC 3261 §13.2.1);
    /// one that is repeated by nobody must not.
    pub(super) fn alert(&mut self, usage: &Usage, ctx: &mut Context<'_>, offer: Bytes) {
        let policy = ctx.config.sessions.reliable_provisionals;
        let description = match self.described {
            Described::Nothing => Some(offer).filter(|_| self.provisionals.is_reliable(policy, false)),
            Described::Offered(_)
            | Described::Offering(_)
            | Described::Answering { .. }
            | Described::Agreed(_) => None,
        };
        self.progress(usage, ctx, Next { status: 180, description });
    }

    fn progress(&mut self, usage: &Usage, ctx: &mut Context<'_>, next: Next) {
        match self.decision {
            Decision::None => self.tell(usage, ctx, next),
            Decision::Answer(_) => {}
        }
    }

    pub(super) fn answer(mut self, usage: &mut Usage, ctx: &mut Context<'_>, sdp: Bytes) -> State {
        self.decision = Decision::Answer(sdp);
        self.decide(usage, ctx)
    }

    /// Refuses with `status`; one that is no failure becomes 500.
    pub(super) fn fail(
        mut self,
        usage: &mut Usage,
        ctx: &mut Context<'_>,
        status: u16,
        reason: Option<&Reason>,
    ) -> State {
        let status = if (300..700).contains(&status) { status } else { 500 };
        self.refuse(ctx, usage, status, reason_header(reason));
        usage.fail(ctx, failure(status, reason));
        State::Over
    }

    /// Refuses what the INVITE offers, in words for people (RFC 3261 §20.43).
    pub(super) fn refuse_offer(
        mut self,
        usage: &mut Usage,
        ctx: &mut Context<'_>,
        status: u16,
        why: &str,
    ) -> State {
        let host = ctx.config.sent_by(&self.inbound.flow).address;
        let warning = format!("399 {host} \"{why}\"");
        self.refuse(ctx, usage, status, vec![(HeaderName::Warning, warning)]);
        usage.fail(ctx, failure(status, None));
        State::Over
    }

    pub(super) fn hang_up(self, usage: &mut Usage, ctx: &mut Context<'_>, reason: Option<Reason>) -> State {
        let status = reason.as_ref().map_or(480, status_of);
        self.fail(usage, ctx, status, reason.as_ref())
    }

    /// The caller cancelled.
    pub(super) fn cancel(
        mut self,
        usage: &mut Usage,
        ctx: &mut Context<'_>,
        reason: Option<Reason>,
    ) -> State {
        self.refuse(ctx, usage, 487, Vec::new());
        ctx.events.push_back(Event::Cancelled { session: usage.id, reason });
        State::Over
    }

    /// Offers a change of what was agreed on before the answer, by UPDATE.
    pub(super) fn reoffer(&mut self, usage: &Usage, ctx: &mut Context<'_>, sdp: Bytes) {
        match (&mut self.described, &self.decision) {
            (Described::Agreed(exchange), Decision::None) if self.dialog.takes_update => {
                exchange.reoffer(usage, ctx, &mut self.dialog, sdp, Manner::update());
            }
            (_, Decision::None | Decision::Answer(_)) => usage.refuse_offer(ctx, 491),
        }
    }

    pub(super) fn answer_reoffer(mut self, usage: &mut Usage, ctx: &mut Context<'_>, sdp: Bytes) -> State {
        if let Described::Agreed(exchange) = &mut self.described {
            exchange.answer(usage, ctx, &mut self.dialog, sdp, Vec::new());
        }
        self.decide(usage, ctx)
    }

    pub(super) fn refuse_reoffer(mut self, usage: &mut Usage, ctx: &mut Context<'_>, status: u16) -> State {
        if let Described::Agreed(exchange) = &mut self.described {
            exchange.refuse(usage, ctx, status);
        }
        self.decide(usage, ctx)
    }

    pub(super) fn handle_request(
        mut self,
        usage: &mut Usage,
        ctx: &mut Context<'_>,
        request: Request,
        inbound: &Inbound,
    ) -> State {
        if !usage.take_in_order(ctx, &mut self.dialog, inbound) {
            return State::Incoming(self);
        }
        match usage.handle_plain(ctx, request, inbound) {
            // RFC 3261 §15: a caller may end an early dialog so; the INVITE is answered 487.
            Some(Change::Bye) => {
                ctx.reply(inbound, 200, &usage.local_tag);
                return self.cancel(usage, ctx, reason_of(&inbound.message));
            }
            Some(Change::Prack) => return self.handle_prack(usage, ctx, inbound),
            Some(Change::Update(offer)) => self.handle_update(usage, ctx, inbound, offer),
            Some(Change::Refresh) => usage.grant(ctx, &mut self.dialog, inbound, Vec::new()),
            // RFC 3261 §14.2: the first INVITE has no answer yet.
            Some(Change::Invite(_) | Change::Refer) => ctx.reply_later(inbound, &usage.local_tag),
            None => {}
        }
        State::Incoming(self)
    }

    /// A response to our UPDATE.
    pub(super) fn handle_response(
        mut self,
        usage: &mut Usage,
        ctx: &mut Context<'_>,
        cseq: u32,
        status: u16,
        response: &Message,
    ) -> State {
        if let Described::Agreed(exchange) = &mut self.described
            && exchange.offered(&Method::Update, cseq)
        {
            let outcome = exchange.handle_response(usage, ctx, &mut self.dialog, status, response);
            outcome.settle_early(usage, ctx);
        }
        self.decide(usage, ctx)
    }

    /// Nobody answered our UPDATE.
    pub(super) fn handle_no_response(
        mut self,
        usage: &mut Usage,
        ctx: &mut Context<'_>,
        cseq: u32,
        status: u16,
    ) -> State {
        if let Described::Agreed(exchange) = &mut self.described
            && exchange.offered(&Method::Update, cseq)
        {
            let outcome = exchange.handle_no_response(status);
            outcome.settle_early(usage, ctx);
        }
        self.decide(usage, ctx)
    }

    pub(super) fn handle_timeout(mut self, usage: &mut Usage, ctx: &mut Context<'_>) -> State {
        match self.provisionals.handle_timeout(ctx.now) {
            Wake::Nothing => {}
            Wake::Repeat { status, response } => {
                ctx.counters.retransmissions += 1;
                ctx.layer.respond(ctx.now, &self.inbound.key, status, response);
            }
            // RFC 3262 §3: a response of the 5xx class.
            Wake::GiveUp => {
                ctx.counters.missing_pracks += 1;
                return self.fail(usage, ctx, 504, None);
            }
        }
        if let Described::Agreed(exchange) = &mut self.described {
            // Only a re-INVITE is acknowledged, and none is granted here.
            if let Ok(outcome) = exchange.handle_timeout(usage, ctx, &mut self.dialog, |_| Manner::update()) {
                outcome.settle_early(usage, ctx);
            }
        }
        self.repeat_progress(usage, ctx);
        State::Incoming(self)
    }

    pub(super) fn poll_timeout(&self) -> Option<(Time, Timer)> {
        let progress = self.progress.as_ref().map(|progress| (progress.again_at, Timer::Progress));
        let exchange = match &self.described {
            Described::Agreed(exchange) => exchange.poll_timeout(),
            Described::Nothing
            | Described::Offered(_)
            | Described::Offering(_)
            | Described::Answering { .. } => None,
        };
        let provisionals = self.provisionals.poll_timeout();
        progress.into_iter().chain(exchange).chain(provisionals).min()
    }

    /// Sends a provisional response, or lets it wait for the PRACK of the one before.
    fn tell(&mut self, usage: &Usage, ctx: &mut Context<'_>, next: Next) {
        let policy = ctx.config.sessions.reliable_provisionals;
        let status = next.status;
        let carried = self.carried(next.description.as_ref(), ctx);
        if !self.provisionals.is_reliable(policy, carried.is_some()) {
            self.tell_plainly(usage, ctx, status, carried);
        } else if let Err(next) = self.provisionals.wait(next) {
            self.tell_reliably(usage, ctx, next.status, carried);
        }
    }

    /// What of `description` a provisional response may carry: nothing once it was described, and no offer of ours that
    /// might be lost (RFC 3261 §13.2.1).
    fn carried(&self, description: Option<&Bytes>, ctx: &Context<'_>) -> Option<Bytes> {
        let policy = ctx.config.sessions.reliable_provisionals;
        match self.described {
            Described::Offered(_) => description.cloned(),
            Described::Nothing if self.provisionals.is_reliable(policy, true) => description.cloned(),
            Described::Nothing
            | Described::Offering(_)
            | Described::Answering { .. }
            | Described::Agreed(_) => None,
        }
    }

    fn tell_plainly(&mut self, usage: &Usage, ctx: &mut Context<'_>, status: u16, carried: Option<Bytes>) {
        let response = described(usage.response(ctx, &self.inbound, status), carried.as_ref());
        if let Some(response) = ctx.respond(&self.inbound, status, response) {
            let again_at = ctx.now.mono + PROGRESS_INTERVAL;
            self.progress = Some(Progress { status, how: How::Plain(response), again_at });
        }
    }

    fn tell_reliably(&mut self, usage: &Usage, ctx: &mut Context<'_>, status: u16, carried: Option<Bytes>) {
        let response = usage
            .response(ctx, &self.inbound, status)
            .header(HeaderName::Require, REL100)
            .header(HeaderName::RSeq, self.provisionals.next_rseq())
            .header(HeaderName::Allow, ALLOW)
            .header(HeaderName::Supported, SUPPORTED);
        let response = described(response, carried.as_ref());
        let Some(response) = ctx.respond(&self.inbound, status, response) else { return };
        self.provisionals.sent(ctx.now, status, response, carried.is_some());
        self.progress =
            Some(Progress { status, how: How::Reliably, again_at: ctx.now.mono + PROGRESS_INTERVAL });
        let Some(ours) = carried else { return };
        self.described = match core::mem::replace(&mut self.described, Described::Nothing) {
            Described::Nothing => Described::Offering(ours),
            Described::Offered(theirs) => Described::Answering { ours, theirs },
            before @ (Described::Offering(_) | Described::Answering { .. } | Described::Agreed(_)) => before,
        };
    }

    fn repeat_progress(&mut self, usage: &Usage, ctx: &mut Context<'_>) {
        let Some(progress) = &mut self.progress else { return };
        if progress.again_at > ctx.now.mono {
            return;
        }
        progress.again_at = ctx.now.mono + PROGRESS_INTERVAL;
        let status = progress.status;
        match &progress.how {
            How::Plain(response) => {
                ctx.layer.respond(ctx.now, &self.inbound.key, status, response.clone());
            }
            How::Reliably if self.provisionals.outstanding().is_none() => {
                self.tell_reliably(usage, ctx, status, None);
            }
            // It is repeated as it is.
            How::Reliably => {}
        }
    }

    /// RFC 3262 §3, §5: a PRACK stops the repetition, and may bring an answer or an offer.
    fn handle_prack(mut self, usage: &mut Usage, ctx: &mut Context<'_>, inbound: &Inbound) -> State {
        let sdp = match sdp_of(&inbound.message) {
            Sdp::Foreign => {
                usage.reply_accept(ctx, inbound);
                return State::Incoming(self);
            }
            sdp @ (Sdp::None | Sdp::Some(_)) => sdp.known(),
        };
        let rack = inbound.message.rack().ok();
        let Some(acknowledged) = rack.and_then(|rack| self.provisionals.acknowledge(&rack)) else {
            usage.handle_late_prack(ctx, inbound);
            return State::Incoming(self);
        };
        let offer = if acknowledged.was_described { self.agree(usage, ctx, sdp) } else { sdp };
        match (&mut self.described, offer) {
            (Described::Agreed(exchange), Some(offer)) => {
                exchange.handle_offer(usage, ctx, inbound, Asked::Prack, Some(offer));
            }
            // A description out of turn means nothing.
            (_, _) => ctx.reply(inbound, 200, &usage.local_tag),
        }
        if let Some(next) = acknowledged.next {
            self.tell(usage, ctx, next);
        }
        self.decide(usage, ctx)
    }

    /// Our description has arrived. What the PRACK carries is the answer to our offer, or given back.
    fn agree(&mut self, usage: &Usage, ctx: &mut Context<'_>, sdp: Option<Bytes>) -> Option<Bytes> {
        let (described, offer) = match core::mem::replace(&mut self.described, Described::Nothing) {
            Described::Offering(ours) => match sdp {
                Some(theirs) => {
                    let body = Some(theirs.clone());
                    ctx.events.push_back(Event::ReofferAnswered { session: usage.id, body });
                    (Described::Agreed(Exchange::new(ours, theirs)), None)
                }
                // It owes us the answer: the 2xx offers once more.
                None => (Described::Nothing, None),
            },
            Described::Answering { ours, theirs } => (Described::Agreed(Exchange::new(ours, theirs)), sdp),
            described @ (Described::Nothing | Described::Offered(_) | Described::Agreed(_)) => {
                (described, sdp)
            }
        };
        self.described = described;
        offer
    }

    /// RFC 3311 §5.2.
    fn handle_update(&mut self, usage: &Usage, ctx: &mut Context<'_>, inbound: &Inbound, offer: Bytes) {
        match &mut self.described {
            Described::Agreed(exchange) => {
                exchange.handle_offer(usage, ctx, inbound, Asked::Update, Some(offer));
            }
            Described::Offering(_) => {
                ctx.counters.glares += 1;
                ctx.reply(inbound, 491, &usage.local_tag);
            }
            Described::Nothing | Described::Offered(_) | Described::Answering { .. } => {
                ctx.reply_later(inbound, &usage.local_tag);
            }
        }
    }

    /// Answers as soon as that may be.
    fn decide(self, usage: &mut Usage, ctx: &mut Context<'_>) -> State {
        let Decision::Answer(sdp) = &self.decision else { return State::Incoming(self) };
        let sdp = sdp.clone();
        let (carried, exchange, offered) = match self.described {
            Described::Offered(theirs) => (Some(sdp.clone()), Exchange::new(sdp, theirs), false),
            Described::Nothing => (Some(sdp.clone()), Exchange::new(sdp, Bytes::new()), true),
            Described::Agreed(exchange) if exchange.is_settled() => (None, exchange, false),
            described @ (Described::Offering(_) | Described::Answering { .. } | Described::Agreed(_)) => {
                return State::Incoming(Self { described, ..self });
            }
        };
        usage.overtake(self.provisionals.outstanding());
        let terms = Terms::grant(&self.inbound.message, &ctx.config.sessions, None);
        let mut response = described(usage.success(ctx, &self.inbound), carried.as_ref());
        for (name, value) in terms.headers() {
            response = response.header(name, value);
        }
        match ctx.respond(&self.inbound, 200, response) {
            Some(response) => {
                let answer = Answer::new(ctx.now, self.inbound, response, offered);
                let refresh = Refresh::new(ctx.now, terms);
                let established = Established::new(self.dialog, exchange, refresh);
                State::Answered(Answered { answer, established })
            }
            None => {
                usage.fail(ctx, failure(500, None));
                State::Over
            }
        }
    }

    fn refuse(
        &mut self,
        ctx: &mut Context<'_>,
        usage: &mut Usage,
        status: u16,
        headers: Vec<(HeaderName, String)>,
    ) {
        if let Described::Agreed(exchange) = &mut self.described {
            exchange.refuse(usage, ctx, 487);
        }
        usage.overtake(self.provisionals.outstanding());
        let mut response = ctx.response(&self.inbound, status, &usage.local_tag);
        for (name, value) in headers {
            response = response.header(name, value);
        }
        ctx.respond(&self.inbound, status, response);
    }
}

fn described(response: Builder, description: Option<&Bytes>) -> Builder {
    match description {
        Some(sdp) => response.body(SDP, sdp),
        None => response,
    }
}

/// A failure that we sent.
fn failure(status: u16, reason: Option<&Reason>) -> Failure {
    let q850 = reason.and_then(Reason::q850_cause);
    Failure { status, q850, text: reason_phrase(status).to_owned(), retry_after: None, contacts: Vec::new() }
}

/// The status that refuses for `reason`: itself, or as RFC 3398 §7.2.4.1 maps Q.850 causes.
fn status_of(reason: &Reason) -> u16 {
    match (reason.protocol, reason.cause) {
        (Protocol::Sip, status @ 300..700) => status,
        (Protocol::Sip, _) => 480,
        (Protocol::Q850, 1..=3) => 404,
        (Protocol::Q850, 17) => 486,
        (Protocol::Q850, 18) => 408,
        (Protocol::Q850, 21 | 55 | 57 | 87) => 403,
        (Protocol::Q850, 22) => 410,
        (Protocol::Q850, 28) => 484,
        (Protocol::Q850, 34 | 38 | 41 | 42 | 47 | 58 | 88) => 503,
        (Protocol::Q850, 65 | 70) => 488,
        (Protocol::Q850, _) => 480,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_chooses_the_status_that_refuses() {
        for (reason, status) in [
            (Reason::q850(17, ""), 486),
            (Reason::q850(34, ""), 503),
            (Reason::NORMAL, 480),
            (Reason::sip(486, ""), 486),
            (Reason::COMPLETED_ELSEWHERE, 480),
        ] {
            assert_eq!(status_of(&reason), status, "{reason}");
        }
    }

    #[test]
    fn progress_is_repeated_every_minute() {
        assert_eq!(PROGRESS_INTERVAL, Duration::from_secs(60));
    }
}
