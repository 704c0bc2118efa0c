//! A confirmed session: its changes by re-INVITE and UPDATE (RFC 3261 §14, RFC 3311), one at a time, and its end.

use core::time::Duration;

use bytes::Bytes;
use hotline_base::{Rng, Time};
use serde::{Deserialize, Serialize};

use super::answer::{Answer, NO_ACK};
use super::body::sdp_of;
use super::context::{Context, Inbound};
use super::referral::Referral;
use super::usage::{Change, Role, Usage};
use super::{Reason, Request, State, Timer};
use crate::Message;
use crate::Method;
use crate::dialog::Dialog;
use crate::endpoint::{Event, Side};
use crate::flow::Flow;
use crate::login::authorise;
use crate::outgoing::{Body, Outgoing, SDP};
use crate::transaction::ServerKey;
use crate::transaction::timer::T1_64;

/// How often an offer of ours is tried again after glare; then it counts as refused.
pub(super) const MAX_GLARE_RETRIES: u8 = 5;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Established {
    dialog: Dialog,
    exchange: Exchange,
    /// An offer of ours that waits for its turn.
    deferred: Option<Deferred>,
    referral: Referral,
}

/// The one change that is under way.
#[derive(Debug, Serialize, Deserialize)]
enum Exchange {
    Idle,
    /// The peer's, not yet answered by our user.
    Theirs(Theirs),
    /// The peer's re-INVITE, answered; its ACK is waited for.
    Answered(Answer),
    /// Ours, not yet answered by the peer.
    Ours(Box<Ours>),
}

#[derive(Debug, Serialize, Deserialize)]
struct Theirs {
    inbound: Inbound,
    request: Offer,
}

/// How the peer asks for a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Offer {
    Invite,
    /// A re-INVITE without a description: our answer is the offer.
    EmptyInvite,
    Update,
}

#[derive(Debug, Serialize, Deserialize)]
struct Ours {
    invite: Outgoing,
    flow: Flow,
    sdp: Bytes,
    retries: u8,
    /// Set by each provisional response; the first stops timer B. A re-INVITE rings nobody, so that 64·T1 are
    /// enough.
    cancel_at: Option<Time>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Deferred {
    sdp: Bytes,
    at: Time,
    retries: u8,
}

/// RFC 3261 §14.1: who sent the first INVITE waits 2.1 to 4 s, the other 0 to 2 s, in steps of 10 ms.
fn back_off(role: Role, rng: &mut Rng) -> Duration {
    let step = Duration::from_millis(10);
    match role {
        Role::Caller => step * (210 + u32::try_from(rng.below(191)).unwrap_or(0)),
        Role::Callee => step * u32::try_from(rng.below(201)).unwrap_or(0),
    }
}

impl Established {
    pub(super) const fn new(dialog: Dialog) -> Self {
        Self { dialog, exchange: Exchange::Idle, deferred: None, referral: Referral::None }
    }

    /// Whether the INVITE numbered `cseq` is our offer under way.
    pub(super) fn offered(&self, cseq: u32) -> bool {
        matches!(&self.exchange, Exchange::Ours(ours) if ours.invite.cseq == cseq)
    }

    pub(super) fn reoffer(&mut self, usage: &Usage, ctx: &mut Context<'_>, sdp: Bytes) {
        if self.deferred.is_some() || matches!(self.exchange, Exchange::Ours(_)) {
            usage.refuse_offer(ctx, 491);
            return;
        }
        match self.exchange {
            Exchange::Idle | Exchange::Ours(_) => self.offer(usage, ctx, sdp, 0),
            Exchange::Theirs(_) | Exchange::Answered(_) => {
                let at = ctx.now.mono + back_off(usage.role, ctx.rng);
                self.deferred = Some(Deferred { sdp, at, retries: 0 });
            }
        }
    }

    pub(super) fn answer_reoffer(&mut self, usage: &Usage, ctx: &mut Context<'_>, sdp: Bytes) {
        let Some(Theirs { inbound, request }) = self.take_theirs() else { return };
        let response = usage.success(ctx, &inbound).body(SDP, sdp);
        let response = ctx.respond(&inbound, 200, response);
        if response.is_some() {
            self.dialog.refresh(&inbound.message);
        }
        self.exchange = match (response, request) {
            (Some(response), Offer::Invite | Offer::EmptyInvite) => {
                let offered = request == Offer::EmptyInvite;
                Exchange::Answered(Answer::new(ctx.now, inbound, response, offered))
            }
            (Some(_), Offer::Update) | (None, _) => Exchange::Idle,
        };
    }

    pub(super) fn refuse_reoffer(&mut self, usage: &Usage, ctx: &mut Context<'_>, status: u16) {
        let status = if (300..700).contains(&status) { status } else { 488 };
        self.refuse_theirs(usage, ctx, status);
    }

    /// Goes on with the transfer that the peer asked for.
    pub(super) fn accept_refer(&mut self, usage: &Usage, ctx: &mut Context<'_>) {
        self.referral.accept(usage, ctx, &mut self.dialog);
    }

    pub(super) fn refuse_refer(&mut self, usage: &Usage, ctx: &mut Context<'_>, status: u16) {
        self.referral.refuse(usage, ctx, status);
    }

    /// Tells the peer how its transfer goes.
    pub(super) fn report_refer(&mut self, usage: &Usage, ctx: &mut Context<'_>, status: u16) {
        self.referral.report(usage, ctx, &mut self.dialog, status);
    }

    /// A NOTIFY of ours was answered, or not.
    pub(super) fn handle_notified(&mut self, usage: &Usage, ctx: &mut Context<'_>, cseq: u32, status: u16) {
        self.referral.handle_response(usage, ctx, &mut self.dialog, (cseq, status));
    }

    pub(super) fn hang_up(mut self, usage: &Usage, ctx: &mut Context<'_>, reason: Option<Reason>) -> State {
        self.refuse_theirs(usage, ctx, 487);
        self.referral.conclude(usage, ctx, &mut self.dialog);
        usage.end(ctx, Side::Local, reason.clone());
        usage.leave(ctx, self.dialog, reason.as_ref())
    }

    pub(super) fn handle_request(
        mut self,
        usage: &mut Usage,
        ctx: &mut Context<'_>,
        request: Request,
        inbound: &Inbound,
    ) -> State {
        if !usage.take_in_order(ctx, &mut self.dialog, inbound) {
            return State::Established(self);
        }
        match usage.handle_plain(ctx, &mut self.dialog, request, inbound) {
            Some(Change::Bye) => {
                self.refuse_theirs(usage, ctx, 487);
                self.referral.end(usage, ctx);
                return usage.handle_bye(ctx, inbound);
            }
            Some(Change::Refer) => self.referral.handle_refer(usage, ctx, inbound),
            Some(Change::Offer(offer)) => self.handle_offer(usage, ctx, request, inbound, offer),
            None => {}
        }
        State::Established(self)
    }

    pub(super) fn handle_ack(&mut self, usage: &Usage, ctx: &mut Context<'_>, ack: &Message) {
        let Exchange::Answered(answer) = &self.exchange else { return };
        if !answer.is_acknowledged_by(ack) {
            return;
        }
        if answer.offered {
            let body = sdp_of(ack).known();
            ctx.events.push_back(Event::ReofferAnswered { session: usage.id, body });
        }
        self.exchange = Exchange::Idle;
    }

    pub(super) fn handle_cancel(&mut self, usage: &Usage, ctx: &mut Context<'_>, key: &ServerKey) {
        if matches!(&self.exchange, Exchange::Theirs(theirs) if theirs.inbound.key == *key) {
            self.refuse_theirs(usage, ctx, 487);
        }
    }

    /// A response to our offer.
    pub(super) fn handle_response(
        mut self,
        usage: &mut Usage,
        ctx: &mut Context<'_>,
        status: u16,
        response: &Message,
    ) -> State {
        if status < 200 {
            if let Exchange::Ours(ours) = &mut self.exchange {
                ours.cancel_at = Some(ctx.now.mono + T1_64);
            }
            return State::Established(self);
        }
        let ours = match core::mem::replace(&mut self.exchange, Exchange::Idle) {
            Exchange::Ours(ours) => ours,
            exchange @ (Exchange::Idle | Exchange::Theirs(_) | Exchange::Answered(_)) => {
                return State::Established(Self { exchange, ..self });
            }
        };
        match status {
            ..300 => {
                self.dialog.refresh(response);
                usage.acknowledge(ctx, &self.dialog, ours.invite.cseq, ours.invite.answers.clone());
                let body = sdp_of(response).known();
                ctx.events.push_back(Event::ReofferAnswered { session: usage.id, body });
            }
            491 if ours.retries < MAX_GLARE_RETRIES => {
                ctx.counters.glares += 1;
                let at = ctx.now.mono + back_off(usage.role, ctx.rng);
                self.deferred = Some(Deferred { sdp: ours.sdp, at, retries: ours.retries + 1 });
            }
            401 | 407 => self.repeat(usage, ctx, ours, status, response),
            408 | 481 => return self.lost(usage, ctx, status),
            _ => usage.refuse_offer(ctx, status),
        }
        State::Established(self)
    }

    /// Timer B of our offer fired (408), or there is no way to the peer (503).
    pub(super) fn handle_no_response(self, usage: &Usage, ctx: &mut Context<'_>, status: u16) -> State {
        self.lost(usage, ctx, status)
    }

    pub(super) fn handle_timeout(mut self, usage: &Usage, ctx: &mut Context<'_>) -> State {
        if let Exchange::Answered(answer) = &mut self.exchange
            && !answer.handle_timeout(ctx)
        {
            usage.end(ctx, Side::Local, Some(NO_ACK));
            return usage.leave(ctx, self.dialog, Some(&NO_ACK));
        }
        if let Exchange::Ours(ours) = &self.exchange
            && ours.cancel_at.is_some_and(|cancel_at| cancel_at <= ctx.now.mono)
        {
            usage.cancel(ctx, &ours.invite, ours.flow, None);
            self.exchange = Exchange::Idle;
            usage.refuse_offer(ctx, 408);
        }
        if let Some(deferred) = self.deferred.take_if(|deferred| deferred.at <= ctx.now.mono) {
            match self.exchange {
                Exchange::Idle => self.offer(usage, ctx, deferred.sdp, deferred.retries),
                Exchange::Theirs(_) | Exchange::Answered(_) | Exchange::Ours(_) => {
                    let at = ctx.now.mono + back_off(Role::Caller, ctx.rng);
                    self.deferred = Some(Deferred { at, ..deferred });
                }
            }
        }
        State::Established(self)
    }

    pub(super) fn poll_timeout(&self) -> Option<(Time, Timer)> {
        let exchange = match &self.exchange {
            Exchange::Answered(answer) => Some(answer.poll_timeout()),
            Exchange::Ours(ours) => ours.cancel_at.map(|at| (at, Timer::Offer)),
            Exchange::Idle | Exchange::Theirs(_) => None,
        };
        let deferred = self.deferred.as_ref().map(|deferred| (deferred.at, Timer::Glare));
        exchange.into_iter().chain(deferred).min()
    }

    /// Sends our offer as a re-INVITE.
    fn offer(&mut self, usage: &Usage, ctx: &mut Context<'_>, sdp: Bytes, retries: u8) {
        let flow = usage.way(ctx.config, &self.dialog);
        let mut invite = self.dialog.request(Method::Invite, ctx.config.sent_by(&flow), ctx.rng);
        invite.headers = usage.headers(ctx);
        invite.body = Some(Body::sdp(sdp.clone()));
        match ctx.request(&invite, flow, usage.owner()) {
            Ok(()) => {
                let ours = Ours { invite, flow, sdp, retries, cancel_at: None };
                self.exchange = Exchange::Ours(Box::new(ours));
            }
            Err(_) => usage.refuse_offer(ctx, 503),
        }
    }

    /// Sends our offer again with an answer to the challenge.
    fn repeat(
        &mut self,
        usage: &Usage,
        ctx: &mut Context<'_>,
        ours: Box<Ours>,
        status: u16,
        response: &Message,
    ) {
        let again = usage.login.as_ref().and_then(|login| authorise(ctx.rng, &ours.invite, response, login));
        match again {
            Some(invite) if ctx.request(&invite, ours.flow, usage.owner()).is_ok() => {
                self.dialog.local_seq = invite.cseq;
                self.exchange = Exchange::Ours(Box::new(Ours { invite, cancel_at: None, ..*ours }));
            }
            Some(_) | None => usage.refuse_offer(ctx, status),
        }
    }

    /// RFC 3261 §12.2.1.2: a 408 or 481 within a dialog ends it.
    fn lost(self, usage: &Usage, ctx: &mut Context<'_>, status: u16) -> State {
        let reason = Reason::sip(status, "Dialog lost");
        usage.end(ctx, Side::Remote, Some(reason.clone()));
        usage.leave(ctx, self.dialog, Some(&reason))
    }

    /// The peer wants a change: RFC 3261 §14.2, RFC 3311 §5.2.
    fn handle_offer(
        &mut self,
        usage: &Usage,
        ctx: &mut Context<'_>,
        request: Request,
        inbound: &Inbound,
        offer: Option<Bytes>,
    ) {
        match self.exchange {
            Exchange::Idle => {
                let request = match (request, &offer) {
                    (Request::Update, _) => Offer::Update,
                    (_, Some(_)) => Offer::Invite,
                    (_, None) => Offer::EmptyInvite,
                };
                self.exchange = Exchange::Theirs(Theirs { inbound: inbound.clone(), request });
                ctx.events.push_back(Event::Reoffer { session: usage.id, offer });
            }
            Exchange::Theirs(_) => ctx.reply_later(inbound, &usage.local_tag),
            Exchange::Answered(_) | Exchange::Ours(_) => {
                ctx.counters.glares += 1;
                ctx.reply(inbound, 491, &usage.local_tag);
            }
        }
    }

    /// Refuses the peer's change, if there is one that waits.
    fn refuse_theirs(&mut self, usage: &Usage, ctx: &mut Context<'_>, status: u16) {
        if let Some(theirs) = self.take_theirs() {
            ctx.reply(&theirs.inbound, status, &usage.local_tag);
        }
    }

    /// Ends the peer's change, if there is one that waits.
    fn take_theirs(&mut self) -> Option<Theirs> {
        match core::mem::replace(&mut self.exchange, Exchange::Idle) {
            Exchange::Theirs(theirs) => Some(theirs),
            exchange @ (Exchange::Idle | Exchange::Answered(_) | Exchange::Ours(_)) => {
                self.exchange = exchange;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_glare_the_caller_waits_longer_than_the_callee() {
        let mut rng = Rng::from_number(1);
        for _ in 0..1000 {
            let (caller, callee) = (back_off(Role::Caller, &mut rng), back_off(Role::Callee, &mut rng));
            assert!((Duration::from_millis(2100)..=Duration::from_secs(4)).contains(&caller));
            assert!(callee <= Duration::from_secs(2));
            assert_eq!((caller.as_millis() % 10, callee.as_millis() % 10), (0, 0));
        }
    }
}
