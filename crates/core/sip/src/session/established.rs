//! A confirmed session: its changes (`exchange.rs`), its refreshes (`refresh.rs`), its transfers (`referral.rs`), and its
//! end.

use bytes::Bytes;
use hotline_base::Time;
use serde::{Deserialize, Serialize};

use super::answer::NO_ACK;
use super::context::{Context, Inbound};
use super::exchange::{Asked, Exchange, Manner, Outcome, back_off};
use super::referral::Referral;
use super::refresh::{Refresh, Wake};
use super::terms::{Terms, longer, wish};
use super::usage::{Change, Usage, reason_of};
use super::{Reason, Request, State, Timer};
use crate::dialog::Dialog;
use crate::endpoint::Side;
use crate::login::authorise;
use crate::transaction::ServerKey;
use crate::{HeaderName, Message, Method};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Established {
    dialog: Dialog,
    exchange: Exchange,
    refresh: Refresh,
    referral: Referral,
}

impl Established {
    pub(super) const fn new(dialog: Dialog, exchange: Exchange, refresh: Refresh) -> Self {
        Self { dialog, exchange, refresh, referral: Referral::None }
    }

    /// Whether this request of ours is our offer or refresh under way.
    pub(super) fn offered(&self, method: &Method, cseq: u32) -> bool {
        let is_refresh = *method == Method::Update && self.refresh.update(cseq).is_some();
        is_refresh || self.exchange.offered(method, cseq)
    }

    /// The peer's answer to the offer in our 2xx.
    pub(super) fn agree(&mut self, theirs: Bytes) {
        self.exchange = Exchange::new(self.exchange.ours().clone(), theirs);
    }

    pub(super) fn reoffer(&mut self, usage: &Usage, ctx: &mut Context<'_>, sdp: Bytes) {
        let manner = by_invite(usage, ctx, &self.refresh);
        self.exchange.reoffer(usage, ctx, &mut self.dialog, sdp, manner);
    }

    pub(super) fn answer_reoffer(&mut self, usage: &Usage, ctx: &mut Context<'_>, sdp: Bytes) {
        let Some(request) = self.exchange.asked() else { return };
        // A PRACK came before the answer, and has no say in this.
        let terms = (request.method() != Some(Method::Prack)).then(|| self.terms_for(ctx, request));
        let headers = terms.map(|terms| terms.headers()).unwrap_or_default();
        if self.exchange.answer(usage, ctx, &mut self.dialog, sdp, headers)
            && let Some(terms) = terms
        {
            self.refresh = Refresh::new(ctx.now, terms);
        }
    }

    pub(super) fn refuse_reoffer(&mut self, usage: &Usage, ctx: &mut Context<'_>, status: u16) {
        let status = if (300..700).contains(&status) { status } else { 488 };
        self.exchange.refuse(usage, ctx, status);
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
        self.exchange.refuse(usage, ctx, 487);
        self.referral.conclude(usage, ctx, &mut self.dialog);
        usage.end(ctx, Side::Local, reason.clone());
        usage.leave(ctx, self.dialog, reason.as_ref())
    }

    /// Sends the BYE; the terminal event was given.
    pub(super) fn leave(self, usage: &Usage, ctx: &mut Context<'_>, reason: Option<&Reason>) -> State {
        usage.leave(ctx, self.dialog, reason)
    }

    pub(super) fn take_in_order(
        &mut self,
        usage: &mut Usage,
        ctx: &mut Context<'_>,
        inbound: &Inbound,
    ) -> bool {
        usage.take_in_order(ctx, &mut self.dialog, inbound)
    }

    pub(super) fn handle_request(
        mut self,
        usage: &mut Usage,
        ctx: &mut Context<'_>,
        request: Request,
        inbound: &Inbound,
    ) -> State {
        if !self.take_in_order(usage, ctx, inbound) {
            return State::Established(self);
        }
        match usage.handle_plain(ctx, request, inbound) {
            Some(change) => self.handle_change(usage, ctx, change, inbound),
            None => State::Established(self),
        }
    }

    pub(super) fn handle_change(
        mut self,
        usage: &mut Usage,
        ctx: &mut Context<'_>,
        change: Change,
        inbound: &Inbound,
    ) -> State {
        match change {
            Change::Bye => {
                self.handle_bye(usage, ctx, inbound);
                return State::Over;
            }
            Change::Refer => self.referral.handle_refer(usage, ctx, inbound),
            Change::Prack => usage.handle_late_prack(ctx, inbound),
            Change::Refresh => {
                let terms = self.terms_for(ctx, &inbound.message);
                usage.grant(ctx, &mut self.dialog, inbound, terms.headers());
                self.refresh = Refresh::new(ctx.now, terms);
            }
            Change::Invite(offer) => {
                let asked = if offer.is_some() { Asked::Invite } else { Asked::EmptyInvite };
                self.exchange.handle_offer(usage, ctx, inbound, asked, offer);
            }
            Change::Update(offer) => {
                self.exchange.handle_offer(usage, ctx, inbound, Asked::Update, Some(offer));
            }
        }
        State::Established(self)
    }

    /// The peer ended the session.
    pub(super) fn handle_bye(&mut self, usage: &Usage, ctx: &mut Context<'_>, inbound: &Inbound) {
        self.drop_requests(usage, ctx);
        ctx.reply(inbound, 200, &usage.local_tag);
        usage.end(ctx, Side::Remote, reason_of(&inbound.message));
    }

    pub(super) fn handle_ack(&mut self, usage: &Usage, ctx: &mut Context<'_>, ack: &Message) {
        self.exchange.handle_ack(usage, ctx, ack);
    }

    pub(super) fn handle_cancel(&mut self, usage: &Usage, ctx: &mut Context<'_>, key: &ServerKey) {
        self.exchange.handle_cancel(usage, ctx, key);
    }

    /// A response to our offer or refresh.
    pub(super) fn handle_response(
        mut self,
        usage: &mut Usage,
        ctx: &mut Context<'_>,
        status: u16,
        response: &Message,
    ) -> State {
        if let Ok(cseq) = response.cseq()
            && cseq.method == Method::Update
            && self.refresh.update(cseq.number).is_some()
        {
            return self.handle_refreshed(usage, ctx, status, response);
        }
        let asked = interval(usage, ctx);
        let outcome = self.exchange.handle_response(usage, ctx, &mut self.dialog, status, response);
        if outcome == Outcome::Granted {
            self.refresh = Refresh::new(ctx.now, Terms::learn(response, asked));
        }
        self.settle(usage, ctx, outcome)
    }

    /// Timer B or F of our offer or refresh fired (408), or there is no way to the peer (503).
    pub(super) fn handle_no_response(
        mut self,
        usage: &mut Usage,
        ctx: &mut Context<'_>,
        method: &Method,
        cseq: u32,
        status: u16,
    ) -> State {
        let is_refresh = *method == Method::Update && self.refresh.update(cseq).is_some();
        match (is_refresh, status) {
            // A connection that broke may be opened anew.
            (true, 503) => self.settle(usage, ctx, Outcome::NotRefreshed(status)),
            (true, _) => self.lost(usage, ctx, status),
            (false, _) => {
                let outcome = self.exchange.handle_no_response(status);
                self.settle(usage, ctx, outcome)
            }
        }
    }

    pub(super) fn handle_timeout(mut self, usage: &mut Usage, ctx: &mut Context<'_>) -> State {
        let (dialog, refresh) = (&mut self.dialog, &self.refresh);
        let manner = |ctx: &Context<'_>| by_invite(usage, ctx, refresh);
        let outcome = match self.exchange.handle_timeout(usage, ctx, dialog, manner) {
            Ok(outcome) => outcome,
            Err(_) => return self.end(usage, ctx, Side::Local, NO_ACK),
        };
        match self.settle(usage, ctx, outcome) {
            State::Established(established) => established.keep_alive(usage, ctx),
            state @ (State::Incoming(_)
            | State::Answered(_)
            | State::Calling(_)
            | State::Abandoned(_)
            | State::Departing(_)
            | State::Leaving(_)
            | State::Over) => state,
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<(Time, Timer)> {
        let exchange = self.exchange.poll_timeout();
        exchange.into_iter().chain([self.refresh.poll_timeout()]).min()
    }

    /// Ends the session for `reason`, which the peer is told too.
    pub(super) fn end(mut self, usage: &Usage, ctx: &mut Context<'_>, by: Side, reason: Reason) -> State {
        self.drop_requests(usage, ctx);
        usage.end(ctx, by, Some(reason.clone()));
        usage.leave(ctx, self.dialog, Some(&reason))
    }

    /// Refreshes the session or ends it, when either is due.
    fn keep_alive(mut self, usage: &mut Usage, ctx: &mut Context<'_>) -> State {
        match self.refresh.handle_timeout(ctx.now) {
            Wake::Nothing => {}
            Wake::Refresh => self.send_refresh(usage, ctx),
            Wake::Expired => {
                ctx.counters.expired_sessions += 1;
                return self.end(usage, ctx, Side::Local, Reason::SESSION_EXPIRED);
            }
        }
        State::Established(self)
    }

    /// By UPDATE without a description if the peer takes it (RFC 4028 §7.4), else by offering once more what is in force.
    fn send_refresh(&mut self, usage: &Usage, ctx: &mut Context<'_>) {
        let sent = if self.dialog.takes_update {
            let flow = usage.way(ctx.config, &self.dialog);
            let mut update = self.dialog.request(Method::Update, ctx.config.sent_by(&flow), ctx.rng);
            update.stays = usage.is_pinned();
            update.headers = usage.headers(ctx);
            update.headers.extend(life(usage, ctx, &self.refresh));
            let sent = ctx.request(&update, flow, usage.owner()).is_ok();
            self.refresh.asked(update);
            sent
        } else {
            let manner = by_invite(usage, ctx, &self.refresh);
            self.refresh.offered();
            self.exchange.refresh(usage, ctx, &mut self.dialog, manner)
        };
        if !sent {
            self.refresh.postpone(ctx.now);
        }
    }

    /// A response to our UPDATE that only refreshes.
    fn handle_refreshed(
        mut self,
        usage: &mut Usage,
        ctx: &mut Context<'_>,
        status: u16,
        response: &Message,
    ) -> State {
        match status {
            ..200 => {}
            200..300 => {
                self.dialog.refresh(response);
                self.refresh = Refresh::new(ctx.now, Terms::learn(response, interval(usage, ctx)));
            }
            401 | 407 => self.repeat_refresh(usage, ctx, response),
            // It does not take UPDATE, whatever it said.
            405 | 501 => {
                self.dialog.takes_update = false;
                self.send_refresh(usage, ctx);
            }
            422 => {
                let outcome = match longer(response, usage.min_se(ctx)) {
                    Some(least) => {
                        usage.min_se = least;
                        Outcome::TooBrief
                    }
                    None => Outcome::NotRefreshed(status),
                };
                return self.settle(usage, ctx, outcome);
            }
            408 | 481 => return self.lost(usage, ctx, status),
            300.. => return self.settle(usage, ctx, Outcome::NotRefreshed(status)),
        }
        State::Established(self)
    }

    /// Sends our UPDATE again with an answer to the challenge.
    fn repeat_refresh(&mut self, usage: &Usage, ctx: &mut Context<'_>, response: &Message) {
        let cseq = response.cseq().map(|cseq| cseq.number).unwrap_or_default();
        let update = self.refresh.update(cseq).zip(usage.login.as_ref());
        let again = update.and_then(|(update, login)| authorise(ctx.rng, update, response, login));
        let flow = usage.way(ctx.config, &self.dialog);
        match again {
            Some(update) if ctx.request(&update, flow, usage.owner()).is_ok() => {
                self.dialog.local_seq = update.cseq;
                self.refresh.asked(update);
            }
            Some(_) | None => self.refresh.refused(ctx.now),
        }
    }

    fn settle(mut self, usage: &Usage, ctx: &mut Context<'_>, outcome: Outcome) -> State {
        match outcome {
            Outcome::Settled | Outcome::Granted => {}
            Outcome::NotRefreshed(491) => {
                let wait = back_off(usage.role, ctx.rng);
                self.refresh.again_in(ctx.now, wait);
            }
            Outcome::NotRefreshed(503) => self.refresh.unheard(ctx.now),
            Outcome::TooBrief => self.refresh.postpone(ctx.now),
            Outcome::NotRefreshed(_) => self.refresh.refused(ctx.now),
            Outcome::Lost(status) => return self.lost(usage, ctx, status),
        }
        State::Established(self)
    }

    /// RFC 3261 §12.2.1.2: a 408 or 481 within a dialog ends it.
    fn lost(self, usage: &Usage, ctx: &mut Context<'_>, status: u16) -> State {
        self.end(usage, ctx, Side::Local, Reason::sip(status, "Dialog lost"))
    }

    /// Refuses what the peer waits for, as the session ends.
    fn drop_requests(&mut self, usage: &Usage, ctx: &mut Context<'_>) {
        self.exchange.refuse(usage, ctx, 487);
        self.referral.end(usage, ctx);
    }

    /// What a 2xx to `request` says of the session's life.
    fn terms_for(&self, ctx: &Context<'_>, request: &Message) -> Terms {
        Terms::grant(request, &ctx.config.sessions, Some(self.refresh.refresher()))
    }
}

/// How long we want a session to live without a refresh.
fn interval(usage: &Usage, ctx: &Context<'_>) -> core::time::Duration {
    ctx.config.sessions.session_expires.max(usage.min_se(ctx))
}

/// What our INVITE or UPDATE asks for, that the session may live on (RFC 4028 §7.4): as agreed before, unless the way
/// has come to want more.
fn life(usage: &Usage, ctx: &Context<'_>, refresh: &Refresh) -> [(HeaderName, String); 2] {
    let min_se = usage.min_se(ctx);
    wish(refresh.interval().max(min_se), min_se, Some(refresh.refresher()))
}

/// Our offers in an established session.
fn by_invite(usage: &Usage, ctx: &Context<'_>, refresh: &Refresh) -> Manner {
    Manner { method: Method::Invite, headers: life(usage, ctx, refresh).into() }
}
