//! A session after its terminal event: what is left to say to the peer. No event leaves from here.

use hotline_base::Time;
use serde::{Deserialize, Serialize};

use super::answer::Answered;
use super::context::{Context, Inbound};
use super::usage::Usage;
use super::{Reason, Request, State, Timer};
use crate::Message;
use crate::flow::Flow;
use crate::login::authorise;
use crate::outgoing::Outgoing;

/// Over before the ACK to our 2xx, which is repeated until it comes: without it the caller might wait for our answer for
/// ever (RFC 3261 §13.3.1.4).
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Departing {
    pub(super) answered: Answered,
    pub(super) then: Then,
}

/// What follows the ACK.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Then {
    /// Our BYE, which must wait for it (RFC 3261 §15).
    Bye(Option<Reason>),
    /// Nothing: the caller sent its BYE.
    Nothing,
}

impl Departing {
    pub(super) fn handle_ack(self, usage: &Usage, ctx: &mut Context<'_>, ack: &Message) -> State {
        if self.answered.answer.is_acknowledged_by(ack) {
            self.leave(usage, ctx)
        } else {
            State::Departing(self)
        }
    }

    pub(super) fn handle_request(
        self,
        usage: &mut Usage,
        ctx: &mut Context<'_>,
        request: Request,
        inbound: &Inbound,
    ) -> State {
        handle_request(usage, ctx, request, inbound);
        let then = if request == Request::Bye { Then::Nothing } else { self.then };
        State::Departing(Self { answered: self.answered, then })
    }

    pub(super) fn handle_timeout(mut self, usage: &Usage, ctx: &mut Context<'_>) -> State {
        if self.answered.answer.handle_timeout(ctx) { State::Departing(self) } else { self.leave(usage, ctx) }
    }

    pub(super) fn poll_timeout(&self) -> (Time, Timer) {
        self.answered.answer.poll_timeout()
    }

    fn leave(self, usage: &Usage, ctx: &mut Context<'_>) -> State {
        match self.then {
            Then::Bye(reason) => self.answered.established.leave(usage, ctx, reason.as_ref()),
            Then::Nothing => State::Over,
        }
    }
}

/// Our BYE has no response yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Leaving {
    pub(super) bye: Outgoing,
    pub(super) flow: Flow,
}

impl Leaving {
    /// Any final response ends it (RFC 3261 §15.1.1), but a challenge is answered.
    pub(super) fn handle_response(
        self,
        usage: &Usage,
        ctx: &mut Context<'_>,
        status: u16,
        response: &Message,
    ) -> State {
        if status < 200 {
            return State::Leaving(self);
        }
        self.repeat(usage, ctx, response).map_or(State::Over, State::Leaving)
    }

    /// Whether `response` is to this BYE.
    pub(super) fn is_answered_by(&self, response: &Message) -> bool {
        response.top_via().is_ok_and(|via| via.branch() == Some(&self.bye.branch))
    }

    /// The BYE with an answer to the challenge, if `response` is one.
    pub(super) fn repeat(self, usage: &Usage, ctx: &mut Context<'_>, response: &Message) -> Option<Self> {
        let bye = authorise(ctx.rng, &self.bye, response, usage.login.as_ref()?)?;
        ctx.request(&bye, self.flow, usage.owner()).ok()?;
        Some(Self { bye, ..self })
    }
}

/// A request within a dialog that is over here: a BYE that crossed ours is granted (RFC 5407 §3.2.1).
pub(super) fn handle_request(usage: &mut Usage, ctx: &mut Context<'_>, request: Request, inbound: &Inbound) {
    match request {
        Request::Bye => ctx.reply(inbound, 200, &usage.local_tag),
        Request::Prack => usage.handle_late_prack(ctx, inbound),
        Request::Info | Request::Invite | Request::Options | Request::Refer | Request::Update => {
            ctx.reply(inbound, 481, &usage.local_tag);
        }
    }
}
