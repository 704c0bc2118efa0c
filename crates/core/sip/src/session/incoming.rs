//! An INVITE that came and has no final response yet: RFC 3261 §13.3.

use core::time::Duration;

use bytes::Bytes;
use hotline_base::Time;
use serde::{Deserialize, Serialize};

use super::answer::{Answer, Answered};
use super::body::sdp_of;
use super::context::{Context, Inbound, reason_phrase};
use super::usage::{Change, Peerage, Role, Usage, reason_header};
use super::{Protocol, Reason, Request, State, Timer};
use crate::dialog::Dialog;
use crate::endpoint::{Event, Failure, SessionId};
use crate::message::HeaderError;
use crate::outgoing::SDP;

/// RFC 3261 §13.3.1.1. A provisional response is repeated every minute, lest a proxy cancels.
pub(super) const PROGRESS_INTERVAL: Duration = Duration::from_secs(60);

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Incoming {
    inbound: Inbound,
    dialog: Dialog,
    /// Whether the INVITE carried an offer.
    offered: bool,
    progress: Option<Progress>,
}

/// The latest provisional response.
#[derive(Debug, Serialize, Deserialize)]
struct Progress {
    status: u16,
    response: Bytes,
    again_at: Time,
}

impl Incoming {
    pub(super) fn new(
        id: SessionId,
        inbound: Inbound,
        peerage: Peerage,
    ) -> Result<(Usage, Self), HeaderError> {
        let dialog = Dialog::from_request(&inbound.message, &peerage.local_tag)?;
        let mut usage = Usage::new(id, dialog.call_id.clone(), Role::Callee, None, peerage);
        usage.confirm(&dialog);
        let offered = sdp_of(&inbound.message).known().is_some();
        Ok((usage, Self { inbound, dialog, offered, progress: None }))
    }

    pub(super) fn ring(&mut self, usage: &Usage, ctx: &mut Context<'_>, early: Option<Bytes>) {
        let status = if early.is_some() { 183 } else { 180 };
        let mut response = usage.response(ctx, &self.inbound, status);
        if let Some(sdp) = early {
            response = response.body(SDP, sdp);
        }
        if let Some(response) = ctx.respond(&self.inbound, status, response) {
            self.progress = Some(Progress { status, response, again_at: ctx.now.mono + PROGRESS_INTERVAL });
        }
    }

    pub(super) fn answer(self, usage: &Usage, ctx: &mut Context<'_>, sdp: Bytes) -> State {
        let response = usage.success(ctx, &self.inbound).body(SDP, sdp);
        match ctx.respond(&self.inbound, 200, response) {
            Some(response) => {
                let answer = Answer::new(ctx.now, self.inbound, response, !self.offered);
                State::Answered(Answered { dialog: self.dialog, answer })
            }
            None => {
                usage.fail(ctx, failure(500, None));
                State::Over
            }
        }
    }

    /// Refuses with `status`; one that is no failure becomes 500.
    pub(super) fn fail(
        self,
        usage: &Usage,
        ctx: &mut Context<'_>,
        status: u16,
        reason: Option<&Reason>,
    ) -> State {
        let status = if (300..700).contains(&status) { status } else { 500 };
        self.refuse(ctx, usage, status, reason);
        usage.fail(ctx, failure(status, reason));
        State::Over
    }

    pub(super) fn hang_up(self, usage: &Usage, ctx: &mut Context<'_>, reason: Option<Reason>) -> State {
        let status = reason.as_ref().map_or(480, status_of);
        self.fail(usage, ctx, status, reason.as_ref())
    }

    /// The caller cancelled.
    pub(super) fn cancel(self, usage: &Usage, ctx: &mut Context<'_>, reason: Option<Reason>) -> State {
        self.refuse(ctx, usage, 487, None);
        ctx.events.push_back(Event::Cancelled { session: usage.id, reason });
        State::Over
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
        match usage.handle_plain(ctx, &mut self.dialog, request, inbound) {
            // RFC 3261 §15: a caller may end an early dialog so; the INVITE is answered 487.
            Some(Change::Bye) => {
                ctx.reply(inbound, 200, &usage.local_tag);
                return self.cancel(usage, ctx, super::usage::reason_of(&inbound.message));
            }
            // RFC 3261 §14.2, RFC 3311 §5.2: the first offer has no answer yet.
            Some(Change::Offer(_) | Change::Refer) => ctx.reply_later(inbound, &usage.local_tag),
            None => {}
        }
        State::Incoming(self)
    }

    pub(super) fn handle_timeout(&mut self, ctx: &mut Context<'_>) {
        if let Some(progress) = &mut self.progress
            && progress.again_at <= ctx.now.mono
        {
            progress.again_at = ctx.now.mono + PROGRESS_INTERVAL;
            ctx.layer.respond(ctx.now, &self.inbound.key, progress.status, progress.response.clone());
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<(Time, Timer)> {
        self.progress.as_ref().map(|progress| (progress.again_at, Timer::Progress))
    }

    fn refuse(&self, ctx: &mut Context<'_>, usage: &Usage, status: u16, reason: Option<&Reason>) {
        let mut response = ctx.response(&self.inbound, status, &usage.local_tag);
        for (name, value) in reason_header(reason) {
            response = response.header(name, value);
        }
        ctx.respond(&self.inbound, status, response);
    }
}

/// A failure that we sent.
fn failure(status: u16, reason: Option<&Reason>) -> Failure {
    let q850 = reason.and_then(Reason::q850_cause);
    Failure { status, q850, text: reason_phrase(status).to_owned(), retry_after: None }
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
