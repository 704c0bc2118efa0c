//! Our INVITE until its final response, and after it was given up: RFC 3261 §13.2, §9.1.

use serde::{Deserialize, Serialize};

use super::body::sdp_of;
use super::context::{Context, Inbound, reason_phrase};
use super::established::Established;
use super::usage::{Change, Peerage, Role, Usage, reason_of};
use super::{Reason, Request, State};
use crate::dialog::{Dialog, routed};
use crate::endpoint::{Event, Failure, Invite, InviteError, SessionId, Side};
use crate::flow::Flow;
use crate::login::authorise;
use crate::message::Params;
use crate::outgoing::{Body, CALL_ID_LENGTH, Outgoing, branch};
use crate::transaction::SendError;
use crate::uri::Uri;
use crate::{Message, Method};

/// Early dialogs that forks of one INVITE may make; progress of further ones is told all the same.
pub(super) const MAX_EARLY_DIALOGS: usize = 16;
/// RFC 3261 §8.1.1.5. The first CSeq of a dialog of ours.
const FIRST_CSEQ: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Calling {
    invite: Outgoing,
    flow: Flow,
    /// A 1xx came: the INVITE can be cancelled.
    heard: bool,
    earlies: Vec<Dialog>,
}

impl Calling {
    pub(super) fn new(
        ctx: &mut Context<'_>,
        id: SessionId,
        invite: Invite,
        peerage: Peerage,
    ) -> Result<(Usage, Self), InviteError> {
        let Invite { uri, routes, from, mut to, headers, offer, credentials, .. } = invite;
        let flow = peerage.flow;
        to.params = Params::new();
        let target = Uri::parse(&uri).map_err(|_| InviteError::Uri)?;
        let (uri, routes) = routed(&target, &routes);
        let request = Outgoing {
            method: Method::Invite,
            uri,
            sent_by: ctx.config.sent_by(&flow),
            branch: branch(ctx.rng),
            from: from.with_tag(&peerage.local_tag),
            to,
            call_id: ctx.rng.hex(CALL_ID_LENGTH),
            cseq: FIRST_CSEQ,
            routes,
            headers,
            answers: Vec::new(),
            body: Some(Body::sdp(offer)),
        };
        let usage = Usage::new(id, request.call_id.clone(), Role::Caller, credentials, peerage);
        let mut request = request;
        request.headers.extend(usage.headers(ctx));
        ctx.request(&request, flow, usage.owner()).map_err(|error| match error {
            SendError::Full => InviteError::Exhausted,
            SendError::Unwritable => InviteError::Header,
        })?;
        Ok((usage, Self { invite: request, flow, heard: false, earlies: Vec::new() }))
    }

    pub(super) fn handle_response(
        mut self,
        usage: &mut Usage,
        ctx: &mut Context<'_>,
        status: u16,
        response: &Message,
    ) -> State {
        match status {
            ..200 => {
                self.heard = true;
                if status > 100 {
                    self.progress(usage, ctx, status, response);
                }
                State::Calling(self)
            }
            200..300 => self.answered(usage, ctx, response),
            300.. => self.refused(usage, ctx, status, response),
        }
    }

    /// Timer B fired (408), or there is no way to the peer (503).
    pub(super) fn handle_no_response(self, usage: &Usage, ctx: &mut Context<'_>, status: u16) -> State {
        let text = reason_phrase(status).to_owned();
        usage.fail(ctx, Failure { status, q850: None, text, retry_after: None });
        State::Over
    }

    pub(super) fn hang_up(self, usage: &Usage, ctx: &mut Context<'_>, reason: Option<Reason>) -> State {
        ctx.events.push_back(Event::Cancelled { session: usage.id, reason: reason.clone() });
        self.abandon(usage, ctx, reason)
    }

    /// Requests of the callee within an early dialog.
    pub(super) fn handle_request(
        mut self,
        usage: &mut Usage,
        ctx: &mut Context<'_>,
        request: Request,
        inbound: &Inbound,
    ) -> State {
        let tag = inbound.message.from_tag().unwrap_or_default();
        let Some(early) = self.earlies.iter_mut().find(|early| early.remote.tag() == Some(&tag)) else {
            ctx.reply(inbound, 481, &usage.local_tag);
            return State::Calling(self);
        };
        if !usage.take_in_order(ctx, early, inbound) {
            return State::Calling(self);
        }
        match usage.handle_plain(ctx, early, request, inbound) {
            // All its 2xx were lost, and it gave up waiting for our ACK.
            Some(Change::Bye) => {
                ctx.reply(inbound, 200, &usage.local_tag);
                usage.end(ctx, Side::Remote, reason_of(&inbound.message));
                return self.abandon(usage, ctx, None);
            }
            Some(Change::Offer(_)) => {
                ctx.counters.glares += 1;
                ctx.reply(inbound, 491, &usage.local_tag);
            }
            Some(Change::Refer) => ctx.reply_later(inbound, &usage.local_tag),
            None => {}
        }
        State::Calling(self)
    }

    fn progress(&mut self, usage: &Usage, ctx: &mut Context<'_>, status: u16, response: &Message) {
        if let Some(tag) = response.to_tag() {
            let room = self.earlies.len() < MAX_EARLY_DIALOGS;
            let is_known = self.earlies.iter().any(|early| early.remote.tag() == Some(&tag));
            if room && !is_known {
                self.earlies.extend(Dialog::from_response(response));
            }
        }
        let body = sdp_of(response).known();
        ctx.events.push_back(Event::Ringing { session: usage.id, status, body });
    }

    /// The first 2xx makes the session.
    fn answered(self, usage: &mut Usage, ctx: &mut Context<'_>, response: &Message) -> State {
        let Ok(mut dialog) = Dialog::from_response(response) else {
            usage.handle_late_success(ctx, response);
            let text = "Malformed answer".to_owned();
            usage.fail(ctx, Failure { status: 502, q850: None, text, retry_after: None });
            return State::Over;
        };
        let early = self.earlies.iter().find(|early| early.remote.tag() == dialog.remote.tag());
        dialog.remote_seq = early.and_then(|early| early.remote_seq);
        usage.confirm(&dialog);
        usage.acknowledge(ctx, &dialog, self.invite.cseq, self.invite.answers.clone());
        ctx.events.push_back(Event::Answered { session: usage.id, body: sdp_of(response).known() });
        State::Established(Established::new(dialog))
    }

    fn refused(self, usage: &Usage, ctx: &mut Context<'_>, status: u16, response: &Message) -> State {
        let again = usage.login.as_ref().and_then(|login| authorise(ctx.rng, &self.invite, response, login));
        if let Some(invite) = again
            && ctx.request(&invite, self.flow, usage.owner()).is_ok()
        {
            return State::Calling(Self { invite, flow: self.flow, heard: false, earlies: Vec::new() });
        }
        usage.fail(ctx, failure_of(status, response));
        State::Over
    }

    fn abandon(self, usage: &Usage, ctx: &mut Context<'_>, reason: Option<Reason>) -> State {
        let abandoned = Abandoned { invite: self.invite, flow: self.flow, reason, stage: Stage::Unheard };
        State::Abandoned(if self.heard { abandoned.cancel(usage, ctx) } else { abandoned })
    }
}

/// Our INVITE after it was given up.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Abandoned {
    invite: Outgoing,
    flow: Flow,
    reason: Option<Reason>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    /// No CANCEL may be sent before the first response (RFC 3261 §9.1).
    Unheard,
    /// The CANCEL was sent. The transaction ends by itself if nobody obeys.
    Cancelled,
}

impl Abandoned {
    pub(super) fn handle_response(
        self,
        usage: &mut Usage,
        ctx: &mut Context<'_>,
        status: u16,
        response: &Message,
    ) -> State {
        match (status, self.stage) {
            (..200, Stage::Unheard) => State::Abandoned(self.cancel(usage, ctx)),
            (..200, Stage::Cancelled) => State::Abandoned(self),
            // The answer crossed our CANCEL.
            (200..300, _) => {
                usage.handle_late_success(ctx, response);
                State::Over
            }
            (300.., _) => State::Over,
        }
    }

    fn cancel(self, usage: &Usage, ctx: &mut Context<'_>) -> Self {
        usage.cancel(ctx, &self.invite, self.flow, self.reason.as_ref());
        Self { stage: Stage::Cancelled, ..self }
    }
}

/// What a failure response says.
fn failure_of(status: u16, response: &Message) -> Failure {
    let text = match response.kind() {
        crate::message::Kind::Response { reason, .. } => reason.into_owned(),
        crate::message::Kind::Request { .. } => String::new(),
    };
    let q850 = reason_of(response).and_then(|reason| reason.q850_cause());
    Failure { status, q850, text, retry_after: response.retry_after() }
}
