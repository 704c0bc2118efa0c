//! Our INVITE until its final response, and after it was given up: RFC 3261 §13.2, §9.1.

use core::time::Duration;

use bytes::Bytes;
use hotline_base::Time;
use serde::{Deserialize, Serialize};

use super::body::sdp_of;
use super::context::{Context, Inbound, reason_phrase};
use super::early::{Early, Progress};
use super::established::Established;
use super::exchange::Exchange;
use super::refresh::Refresh;
use super::rules::ReliableProvisionals;
use super::terms::{Terms, longer, wish};
use super::usage::{Change, Peerage, Role, Usage, reason_of};
use super::{Reason, Request, State, Timer};
use crate::dialog::{Dialog, routed};
use crate::endpoint::{Event, Failure, Invite, InviteError, SessionId, Side};
use crate::flow::Flow;
use crate::login::authorise;
use crate::message::{Contacts, NameAddr, Params, REL100};
use crate::outgoing::{Body, CALL_ID_LENGTH, Outgoing, branch};
use crate::transaction::SendError;
use crate::uri::Uri;
use crate::{HeaderName, Message, Method};

/// Early dialogs that forks of one INVITE may make; progress of further ones is told all the same, but not acknowledged.
pub(super) const MAX_EARLY_DIALOGS: usize = 16;
/// How often an INVITE is sent anew because the way wants a longer session (RFC 4028 §7.3): each proxy may.
const MAX_BRIEF: u8 = 5;
/// Where else the callee may be reached, as a failure tells; further places are not.
const MAX_CONTACTS: usize = 8;
/// RFC 3261 §8.1.1.5. The first CSeq of a dialog of ours.
const FIRST_CSEQ: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Calling {
    invite: Outgoing,
    flow: Flow,
    offer: Bytes,
    /// A 1xx came: the INVITE can be cancelled.
    heard: bool,
    /// How long the session is to live without a refresh.
    interval: Duration,
    /// How often that was too short.
    brief: u8,
    earlies: Vec<Early>,
}

impl Calling {
    pub(super) fn new(
        ctx: &mut Context<'_>,
        id: SessionId,
        invite: Invite,
        peerage: Peerage,
    ) -> Result<(Usage, Self), InviteError> {
        let Invite { uri, routes, from, mut to, headers, overrides, offer, credentials, .. } = invite;
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
            overrides,
            answers: Vec::new(),
            body: Some(Body::sdp(offer.clone())),
            stays: peerage.pinned,
        };
        let usage = Usage::new(id, request.call_id.clone(), Role::Caller, credentials, peerage);
        let mut request = request;
        let interval = ctx.config.sessions.session_expires.max(usage.min_se(ctx));
        request.headers.extend(usage.headers(ctx));
        request.headers.extend(wish(interval, usage.min_se(ctx), None));
        match ctx.config.sessions.reliable_provisionals {
            ReliableProvisionals::Required => {
                request.headers.push((HeaderName::Require, REL100.to_owned()));
            }
            ReliableProvisionals::Never
            | ReliableProvisionals::Described
            | ReliableProvisionals::Supported => {}
        }
        ctx.request(&request, flow, usage.owner()).map_err(|error| match error {
            SendError::Full => InviteError::Exhausted,
            SendError::Unwritable => InviteError::Header,
        })?;
        let calling =
            Self { invite: request, flow, offer, heard: false, interval, brief: 0, earlies: Vec::new() };
        Ok((usage, calling))
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
                if !self.heard {
                    ctx.events.push_back(Event::Trying { session: usage.id });
                }
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

    /// A response to a PRACK or UPDATE in one of the early dialogs.
    pub(super) fn handle_early_response(
        &mut self,
        usage: &mut Usage,
        ctx: &mut Context<'_>,
        status: u16,
        response: &Message,
    ) {
        let (Ok(cseq), Some(tag)) = (response.cseq(), response.to_tag()) else { return };
        let Some(early) = self.earlies.iter_mut().find(|early| early.tag() == Some(&*tag)) else { return };
        if cseq.method == Method::Prack {
            early.handle_pracked(usage, ctx, response);
        } else if cseq.method == Method::Update && early.offered(cseq.number) {
            early.handle_response(usage, ctx, status, response);
        }
    }

    /// Nobody answered our UPDATE in one of the early dialogs: the first that waits with this CSeq.
    pub(super) fn handle_no_early_response(
        &mut self,
        usage: &Usage,
        ctx: &mut Context<'_>,
        cseq: u32,
        status: u16,
    ) {
        if let Some(early) = self.earlies.iter_mut().find(|early| early.offered(cseq)) {
            early.handle_no_response(usage, ctx, status);
        }
    }

    /// Timer B fired (408), or there is no way to the peer (503).
    pub(super) fn handle_no_response(self, usage: &Usage, ctx: &mut Context<'_>, status: u16) -> State {
        usage.fail(ctx, failure(status, reason_phrase(status)));
        State::Over
    }

    pub(super) fn hang_up(self, usage: &Usage, ctx: &mut Context<'_>, reason: Option<Reason>) -> State {
        ctx.events.push_back(Event::Cancelled { session: usage.id, reason: reason.clone() });
        self.abandon(usage, ctx, reason)
    }

    /// Offers a change of what was agreed on before the answer, by UPDATE, if it is clear to whom.
    pub(super) fn reoffer(&mut self, usage: &Usage, ctx: &mut Context<'_>, sdp: Bytes) {
        let mut able = self.earlies.iter_mut().filter(|early| early.may_be_offered());
        match (able.next(), able.next()) {
            (Some(early), None) => early.reoffer(usage, ctx, sdp),
            (Some(_) | None, _) => usage.refuse_offer(ctx, 491),
        }
    }

    /// Tells the phone that rings to take the call, if it can be told so.
    pub(super) fn ask_to_answer(&mut self, usage: &Usage, ctx: &mut Context<'_>) -> bool {
        self.earlies.iter_mut().any(|early| early.ask_to_answer(usage, ctx))
    }

    pub(super) fn answer_reoffer(&mut self, usage: &Usage, ctx: &mut Context<'_>, sdp: Bytes) {
        if let Some(early) = self.earlies.iter_mut().find(|early| early.is_asked()) {
            early.answer_reoffer(usage, ctx, sdp);
        }
    }

    pub(super) fn refuse_reoffer(&mut self, usage: &Usage, ctx: &mut Context<'_>, status: u16) {
        if let Some(early) = self.earlies.iter_mut().find(|early| early.is_asked()) {
            early.refuse_reoffer(usage, ctx, status);
        }
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
        let is_busy = self.earlies.iter().any(|early| early.tag() != Some(&*tag) && early.is_asked());
        let Some(early) = self.earlies.iter_mut().find(|early| early.tag() == Some(&*tag)) else {
            ctx.reply(inbound, 481, &usage.local_tag);
            return State::Calling(self);
        };
        if !early.take_in_order(usage, ctx, inbound) {
            return State::Calling(self);
        }
        match usage.handle_plain(ctx, request, inbound) {
            // All its 2xx were lost, and it gave up waiting for our ACK.
            Some(Change::Bye) => {
                ctx.reply(inbound, 200, &usage.local_tag);
                usage.end(ctx, Side::Remote, reason_of(&inbound.message));
                return self.abandon(usage, ctx, None);
            }
            Some(change) => early.handle_change(usage, ctx, change, inbound, is_busy),
            None => {}
        }
        State::Calling(self)
    }

    pub(super) fn handle_timeout(&mut self, usage: &Usage, ctx: &mut Context<'_>) {
        self.earlies.iter_mut().for_each(|early| early.handle_timeout(usage, ctx));
    }

    /// Whether the peer told progress in a dialog.
    pub(super) const fn has_rung(&self) -> bool {
        !self.earlies.is_empty()
    }

    pub(super) fn poll_timeout(&self) -> Option<(Time, Timer)> {
        self.earlies.iter().filter_map(Early::poll_timeout).min()
    }

    /// Whether a phone with this tag has said something.
    pub(super) fn is_early_with(&self, tag: &str) -> bool {
        self.earlies.iter().any(|early| early.tag() == Some(tag))
    }

    fn progress(&mut self, usage: &Usage, ctx: &mut Context<'_>, status: u16, response: &Message) {
        let progress = match self.early_of(ctx, response) {
            Some(early) => early.handle_progress(usage, ctx, response),
            None => Progress::News,
        };
        match progress {
            Progress::News => {
                let body = sdp_of(response).known();
                ctx.events.push_back(Event::Ringing { session: usage.id, status, body });
            }
            Progress::Ignored => {}
        }
    }

    /// The early dialog of a provisional response, which may be new.
    fn early_of(&mut self, ctx: &mut Context<'_>, response: &Message) -> Option<&mut Early> {
        let tag = response.to_tag()?;
        let known = self.earlies.iter().position(|early| early.tag() == Some(&*tag));
        let place = match known {
            Some(place) => place,
            None if self.earlies.len() >= MAX_EARLY_DIALOGS => {
                ctx.counters.surplus_forks += 1;
                return None;
            }
            None => {
                self.earlies.push(Early::new(response, self.offer.clone()).ok()?);
                self.earlies.len() - 1
            }
        };
        self.earlies.get_mut(place)
    }

    /// The first 2xx makes the session.
    fn answered(mut self, usage: &mut Usage, ctx: &mut Context<'_>, response: &Message) -> State {
        let Ok(mut dialog) = Dialog::from_response(response) else {
            usage.handle_late_success(ctx, response);
            usage.fail(ctx, failure(502, "Malformed answer"));
            return State::Over;
        };
        let place = self.earlies.iter().position(|early| early.tag() == dialog.remote.tag());
        let early = place.map(|place| self.earlies.swap_remove(place));
        self.earlies.iter_mut().for_each(|other| other.refuse_reoffer(usage, ctx, 487));
        let answer = sdp_of(response).known();
        let (exchange, body) = match early {
            Some(early) => early.confirm(&mut dialog, answer),
            None => (Exchange::new(self.offer, answer.clone().unwrap_or_default()), answer),
        };
        usage.confirm(&dialog);
        usage.acknowledge(ctx, &dialog, self.invite.cseq, self.invite.answers);
        ctx.events.push_back(Event::Answered { session: usage.id, body });
        let refresh = Refresh::new(ctx.now, Terms::learn(response, self.interval));
        State::Established(Established::new(dialog, exchange, refresh))
    }

    fn refused(mut self, usage: &mut Usage, ctx: &mut Context<'_>, status: u16, response: &Message) -> State {
        let again = match status {
            422 => self.for_longer(usage, ctx, response),
            _ => usage.login.as_ref().and_then(|login| authorise(ctx.rng, &self.invite, response, login)),
        };
        if let Some(invite) = again
            && ctx.request(&invite, self.flow, usage.owner()).is_ok()
        {
            ctx.events.push_back(Event::Trying { session: usage.id });
            return State::Calling(Self { invite, heard: false, earlies: Vec::new(), ..self });
        }
        usage.fail(ctx, failure_of(status, response));
        State::Over
    }

    /// The INVITE once more, for a session that lives as long as the way wants (RFC 4028 §7.3). Its proof of who we are
    /// is used up.
    fn for_longer(
        &mut self,
        usage: &mut Usage,
        ctx: &mut Context<'_>,
        response: &Message,
    ) -> Option<Outgoing> {
        let least = longer(response, usage.min_se(ctx)).filter(|_| self.brief < MAX_BRIEF)?;
        self.brief += 1;
        usage.min_se = least;
        self.interval = self.interval.max(least);
        let mut invite = self.invite.again(ctx.rng);
        invite.answers.clear();
        invite.headers.retain(|(name, _)| !matches!(name, HeaderName::SessionExpires | HeaderName::MinSe));
        invite.headers.extend(wish(self.interval, least, None));
        Some(invite)
    }

    fn abandon(mut self, usage: &Usage, ctx: &mut Context<'_>, reason: Option<Reason>) -> State {
        self.earlies.iter_mut().for_each(|early| early.refuse_reoffer(usage, ctx, 487));
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
    let contacts = if (300..400).contains(&status) { elsewhere(response) } else { Vec::new() };
    Failure { status, q850, text, retry_after: response.retry_after(), contacts }
}

/// Where a 3xx says that the callee may be reached, the best place first (RFC 3261 §8.1.3.4).
fn elsewhere(response: &Message) -> Vec<NameAddr> {
    let mut contacts = match response.contacts() {
        Ok(Contacts::List(contacts)) => contacts,
        Ok(Contacts::Star) | Err(_) => Vec::new(),
    };
    contacts.sort_by_key(|contact| core::cmp::Reverse(contact.q_thousandths()));
    contacts.truncate(MAX_CONTACTS);
    contacts
}

/// A failure that no response told.
fn failure(status: u16, text: &str) -> Failure {
    Failure { status, q850: None, text: text.to_owned(), retry_after: None, contacts: Vec::new() }
}
