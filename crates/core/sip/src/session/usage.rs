//! What holds in every state of a session: its names, its way to the peer, and the ACKs it may have to repeat.

use core::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::body::{Sdp, sdp_of};
use super::context::{Context, Inbound, Owner};
use super::ending::Leaving;
use super::info::{self, Info};
use super::rules::{MIN_SE, ReliableProvisionals};
use super::terms::is_too_brief;
use super::{Reason, Request, State};
use crate::address::reply_flow;
use crate::dialog::Dialog;
use crate::endpoint::{
    ACCEPT, ALLOW, EndpointConfig, Event, Failure, Login, SUPPORTED, SUPPORTED_WITHOUT_PRACK, SessionId, Side,
};
use crate::flow::Flow;
use crate::login::Answer;
use crate::message::{Builder, RAck};
use crate::notifier::Direction;
use crate::outgoing::Outgoing;
use crate::transaction::SendError;
use crate::{HeaderName, Message, Method};

/// ACKs kept for repetition: of the INVITE, of its forks, and of the latest re-INVITEs.
const MAX_ACKS: usize = 8;
/// BYEs to surplus answers that are repeated with credentials when they are challenged.
const MAX_FAREWELLS: usize = 16;

/// Which end sent the first INVITE: it waits longer after glare (RFC 3261 §14.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Role {
    Caller,
    Callee,
}

/// How the peer is reached and addressed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Peerage {
    /// Where its latest request came from; at first, where its INVITE did or ours went to.
    pub(crate) flow: Flow,
    /// True if it is reached over `flow` whatever its Contact says, as a registered phone or the other end of a
    /// connection.
    pub(crate) pinned: bool,
    /// Our tag.
    pub(crate) local_tag: String,
    /// Our Contact.
    pub(crate) contact: String,
}

/// A 2xx of the peer that was acknowledged.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Ack {
    cseq: u32,
    remote_tag: String,
    flow: Flow,
    bytes: Bytes,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Usage {
    pub(super) id: SessionId,
    pub(super) call_id: String,
    pub(super) local_tag: String,
    pub(super) role: Role,
    pub(super) login: Option<Login>,
    flow: Flow,
    pinned: bool,
    contact: String,
    /// The shortest life of the session that nobody on the way has refused (RFC 4028 §7.4: it holds for the dialog).
    pub(super) min_se: Duration,
    /// The peer's tag in the dialog that became the session's.
    confirmed: Option<String>,
    /// A provisional response that our final one overtook: its PRACK is granted yet (RFC 3262 §3).
    overtaken: Option<RAck>,
    acks: Vec<Ack>,
    /// The BYEs to answers that nobody waited for, until they are answered.
    farewells: Vec<Leaving>,
}

impl Usage {
    pub(super) fn new(
        id: SessionId,
        call_id: String,
        role: Role,
        login: Option<Login>,
        peerage: Peerage,
    ) -> Self {
        let Peerage { flow, pinned, local_tag, contact } = peerage;
        Self {
            id,
            call_id,
            local_tag,
            role,
            login,
            flow,
            pinned,
            contact,
            min_se: MIN_SE,
            confirmed: None,
            overtaken: None,
            acks: Vec::new(),
            farewells: Vec::new(),
        }
    }

    pub(super) const fn owner(&self) -> Owner {
        Owner::Session(self.id)
    }

    /// The way to the peer of `dialog`. Where its target is to be reached over a transport that we have no address
    /// for, it is the way that its latest request came.
    pub(super) fn way(&self, config: &EndpointConfig, dialog: &Dialog) -> Flow {
        if self.pinned {
            return self.flow;
        }
        let (transport, remote) = dialog.next_hop(&self.flow);
        match config.listener(transport, self.flow.local) {
            _ if transport == self.flow.transport => Flow { remote, ..self.flow },
            Some(listener) => Flow { transport, local: listener.local, remote },
            None => self.flow,
        }
    }

    /// Which part the peer has in the call.
    pub(super) const fn direction(&self) -> Direction {
        match self.role {
            Role::Caller => Direction::Recipient,
            Role::Callee => Direction::Initiator,
        }
    }

    /// The connection is gone: the peer is reached where its Contact says until it opens another.
    pub(super) fn disconnect(&mut self, gone: Flow) {
        if self.flow == gone {
            self.pinned = false;
        }
    }

    /// A registered phone is found elsewhere, as when its NAT forgot it.
    pub(super) fn follow(&mut self, old: Flow, new: Flow) {
        if self.pinned && self.flow == old {
            self.flow = new;
        }
    }

    /// Gives the terminal event of an INVITE that has no answer.
    pub(super) fn fail(&self, ctx: &mut Context<'_>, failure: Failure) {
        ctx.events.push_back(Event::Failed { session: self.id, failure });
    }

    /// Gives the terminal event of an answered session.
    pub(super) fn end(&self, ctx: &mut Context<'_>, by: Side, reason: Option<Reason>) {
        ctx.events.push_back(Event::Ended { session: self.id, by, reason });
    }

    /// Tells that an offer of ours is not taken.
    pub(super) fn refuse_offer(&self, ctx: &mut Context<'_>, status: u16) {
        ctx.events.push_back(Event::ReofferRefused { session: self.id, status });
    }

    /// The shortest life of the session that we ask for or agree to.
    pub(super) fn min_se(&self, ctx: &Context<'_>) -> Duration {
        self.min_se.max(ctx.config.sessions.min_se)
    }

    /// The headers with which we say what we can do.
    /// Whether the peer is reached only by the way it came, or where it registered.
    pub(super) const fn is_pinned(&self) -> bool {
        self.pinned
    }

    pub(super) fn headers(&self, ctx: &Context<'_>) -> Vec<(HeaderName, String)> {
        let supported = match ctx.config.sessions.reliable_provisionals {
            ReliableProvisionals::Never => SUPPORTED_WITHOUT_PRACK,
            ReliableProvisionals::Described
            | ReliableProvisionals::Supported
            | ReliableProvisionals::Required => SUPPORTED,
        };
        let mut headers = vec![
            (HeaderName::Contact, self.contact.clone()),
            (HeaderName::Allow, ALLOW.to_owned()),
            (HeaderName::Supported, supported.to_owned()),
            (HeaderName::UserAgent, ctx.config.user_agent.clone()),
        ];
        headers.extend(ctx.cause());
        headers
    }

    /// Begins a response within or creating the dialog.
    pub(super) fn response(&self, ctx: &Context<'_>, inbound: &Inbound, status: u16) -> Builder {
        ctx.response(inbound, status, &self.local_tag).header(HeaderName::Contact, &self.contact)
    }

    /// Begins a 2xx to an INVITE or UPDATE.
    pub(super) fn success(&self, ctx: &Context<'_>, inbound: &Inbound) -> Builder {
        self.response(ctx, inbound, 200)
            .header(HeaderName::Allow, ALLOW)
            .header(HeaderName::Supported, SUPPORTED)
    }

    /// Acknowledges a 2xx, and keeps the ACK for its repetitions.
    pub(super) fn acknowledge(
        &mut self,
        ctx: &mut Context<'_>,
        dialog: &Dialog,
        cseq: u32,
        answers: Vec<Answer>,
    ) {
        let flow = self.way(ctx.config, dialog);
        let mut ack = dialog.ack(cseq, ctx.config.sent_by(&flow), ctx.rng);
        ack.answers = answers;
        let Ok(bytes) = ack.to_bytes() else { return };
        if self.acks.len() == MAX_ACKS {
            self.acks.remove(0);
        }
        let remote_tag = dialog.remote.tag().unwrap_or_default().to_owned();
        self.acks.push(Ack { cseq, remote_tag, flow, bytes: bytes.clone() });
        ctx.layer.send(flow, bytes);
    }

    /// Sends the PRACK for a provisional response; what was sent, unless a limit is in the way.
    pub(super) fn prack(&self, ctx: &mut Context<'_>, dialog: &mut Dialog, rack: &RAck) -> Option<Outgoing> {
        let flow = self.way(ctx.config, dialog);
        let mut prack = dialog.request(Method::Prack, ctx.config.sent_by(&flow), ctx.rng);
        prack.headers = vec![
            (HeaderName::RAck, rack.to_string()),
            (HeaderName::UserAgent, ctx.config.user_agent.clone()),
        ];
        ctx.request(&prack, flow, self.owner()).ok()?;
        Some(prack)
    }

    /// Our final response leaves while a provisional one waits for its PRACK.
    pub(super) fn overtake(&mut self, outstanding: Option<RAck>) {
        self.overtaken = outstanding;
    }

    /// A PRACK where no provisional response is out but perhaps one that was overtaken.
    pub(super) fn handle_late_prack(&mut self, ctx: &mut Context<'_>, inbound: &Inbound) {
        let rack = inbound.message.rack().ok();
        if rack.is_some() && rack == self.overtaken {
            self.overtaken = None;
            ctx.reply(inbound, 200, &self.local_tag);
        } else {
            ctx.counters.unmatched_pracks += 1;
            ctx.reply(inbound, 481, &self.local_tag);
        }
    }

    /// The peer's tag, once there is a dialog.
    pub(super) fn remote_tag(&self) -> Option<&str> {
        self.confirmed.as_deref()
    }

    /// Makes `dialog` the session's.
    pub(super) fn confirm(&mut self, dialog: &Dialog) {
        self.confirmed = Some(dialog.remote.tag().unwrap_or_default().to_owned());
    }

    /// A 2xx to an INVITE that no state waits for: a repetition wants its ACK again, another fork (RFC 3261
    /// §13.2.2.4) or an answer that crossed our hang-up wants ACK and BYE.
    pub(super) fn handle_late_success(&mut self, ctx: &mut Context<'_>, response: &Message) {
        let Ok(cseq) = response.cseq() else { return };
        let tag = response.to_tag().unwrap_or_default();
        let known = self.acks.iter().find(|ack| ack.cseq == cseq.number && ack.remote_tag == tag);
        if let Some(ack) = known {
            ctx.counters.repetitions += 1;
            ctx.layer.send(ack.flow, ack.bytes.clone());
            return;
        }
        let dialog = Dialog::from_response(response).or_else(|_| {
            ctx.counters.malformed += 1;
            Dialog::salvage(response)
        });
        let Ok(mut dialog) = dialog else { return };
        let answers = ctx.layer.invite_of(response).map(|invite| invite.answers.clone()).unwrap_or_default();
        self.acknowledge(ctx, &dialog, cseq.number, answers);
        if self.confirmed.as_deref() != Some(&*tag) {
            ctx.counters.surplus_answers += 1;
            if let Some((bye, flow)) = self.bye(ctx, &mut dialog, None)
                && self.farewells.len() < MAX_FAREWELLS
            {
                self.farewells.push(Leaving { bye, flow });
            }
        }
    }

    /// A response to the BYE of an answer that nobody waited for; false if it is to another one.
    pub(super) fn handle_farewell(&mut self, ctx: &mut Context<'_>, status: u16, response: &Message) -> bool {
        let place = self.farewells.iter().position(|leaving| leaving.is_answered_by(response));
        let Some(place) = place.filter(|_| status >= 200) else { return place.is_some() };
        let leaving = self.farewells.remove(place);
        self.farewells.extend(leaving.repeat(self, ctx, response));
        true
    }

    /// Sends the CANCEL of an INVITE that was heard of, and gives it 64·T1 to end.
    pub(super) fn cancel(
        &self,
        ctx: &mut Context<'_>,
        invite: &Outgoing,
        flow: Flow,
        reason: Option<&Reason>,
    ) {
        let mut headers = reason_header(reason);
        headers.extend(ctx.cause());
        let cancel = invite.cancel(headers);
        // Without room for the CANCEL, the INVITE is given up all the same when its time is over.
        match ctx.request(&cancel, flow, self.owner()) {
            Ok(()) | Err(SendError::Full | SendError::Unwritable) => {}
        }
        ctx.layer.give_up(ctx.now, self.owner());
    }

    /// Sends a BYE; what was sent, unless a limit is in the way.
    pub(super) fn bye(
        &self,
        ctx: &mut Context<'_>,
        dialog: &mut Dialog,
        reason: Option<&Reason>,
    ) -> Option<(Outgoing, Flow)> {
        let flow = self.way(ctx.config, dialog);
        let mut bye = dialog.request(Method::Bye, ctx.config.sent_by(&flow), ctx.rng);
        bye.headers = reason_header(reason);
        bye.headers.push((HeaderName::UserAgent, ctx.config.user_agent.clone()));
        bye.headers.extend(ctx.cause());
        ctx.request(&bye, flow, self.owner()).ok()?;
        Some((bye, flow))
    }

    /// Notes the CSeq of a request within `dialog`, and where its sender is reached from then on; one of another peer
    /// gets 481, one out of order 500 (RFC 3261 §12.2.2).
    pub(super) fn take_in_order(
        &mut self,
        ctx: &mut Context<'_>,
        dialog: &mut Dialog,
        inbound: &Inbound,
    ) -> bool {
        if inbound.message.from_tag().as_deref() != dialog.remote.tag() {
            ctx.counters.unknown_dialogs += 1;
            ctx.reply(inbound, 481, &self.local_tag);
            return false;
        }
        let in_order = inbound.message.cseq().is_ok_and(|cseq| dialog.accept_seq(cseq.number));
        if in_order {
            self.flow = reply_flow(&inbound.message, inbound.flow);
            self.pinned |= self.flow.transport.is_reliable();
        } else {
            ctx.reply(inbound, 500, &self.local_tag);
        }
        in_order
    }

    /// Sends the BYE of the session's own dialog.
    pub(super) fn leave(&self, ctx: &mut Context<'_>, mut dialog: Dialog, reason: Option<&Reason>) -> State {
        match self.bye(ctx, &mut dialog, reason) {
            Some((bye, flow)) => State::Leaving(Leaving { bye, flow }),
            None => State::Over,
        }
    }

    /// Answers what every living state answers alike: INFO, OPTIONS, and what cannot be taken in any. Gives back the
    /// others.
    pub(super) fn handle_plain(
        &self,
        ctx: &mut Context<'_>,
        request: Request,
        inbound: &Inbound,
    ) -> Option<Change> {
        match request {
            Request::Bye => return Some(Change::Bye),
            Request::Prack => return Some(Change::Prack),
            Request::Refer => return Some(Change::Refer),
            Request::Info => self.info(ctx, inbound),
            Request::Options => {
                let response = self.success(ctx, inbound).header(HeaderName::Accept, ACCEPT);
                ctx.respond(inbound, 200, response);
            }
            Request::Invite | Request::Update => match (sdp_of(&inbound.message), request) {
                (Sdp::Foreign, _) => self.reply_accept(ctx, inbound),
                _ if is_too_brief(&inbound.message, &ctx.config.sessions) => {
                    self.reply_too_brief(ctx, inbound)
                }
                (Sdp::None, Request::Update) => return Some(Change::Refresh),
                (sdp, Request::Update) => return Some(Change::Update(sdp.known().unwrap_or_default())),
                (sdp, _) => return Some(Change::Invite(sdp.known())),
            },
        }
        None
    }

    /// Grants an UPDATE without a description, with `headers` in the 2xx.
    pub(super) fn grant(
        &self,
        ctx: &mut Context<'_>,
        dialog: &mut Dialog,
        inbound: &Inbound,
        headers: Vec<(HeaderName, String)>,
    ) {
        dialog.refresh(&inbound.message);
        let response = self.success(ctx, inbound);
        let response =
            headers.into_iter().fold(response, |response, (name, value)| response.header(name, value));
        ctx.respond(inbound, 200, response);
    }

    /// RFC 4028 §9: 422 with what we would agree to.
    fn reply_too_brief(&self, ctx: &mut Context<'_>, inbound: &Inbound) {
        ctx.counters.brief_sessions += 1;
        let least = ctx.config.sessions.min_se.as_secs();
        let response = ctx.response(inbound, 422, &self.local_tag).header(HeaderName::MinSe, least);
        ctx.respond(inbound, 422, response);
    }

    fn info(&self, ctx: &mut Context<'_>, inbound: &Inbound) {
        let content_type = inbound.message.header(HeaderName::ContentType);
        match info::parse(content_type.as_deref(), &inbound.message.body()) {
            Info::Key { digit, duration } => {
                ctx.reply(inbound, 200, &self.local_tag);
                ctx.events.push_back(Event::Info { session: self.id, digit, duration });
            }
            Info::Empty => ctx.reply(inbound, 200, &self.local_tag),
            Info::Invalid => ctx.reply(inbound, 400, &self.local_tag),
            Info::Foreign => {
                let accept = "application/dtmf-relay, application/dtmf";
                let response = ctx.response(inbound, 415, &self.local_tag).header(HeaderName::Accept, accept);
                ctx.respond(inbound, 415, response);
            }
        }
    }

    /// Refuses a body that is no session description.
    pub(super) fn reply_accept(&self, ctx: &mut Context<'_>, inbound: &Inbound) {
        let response = ctx.response(inbound, 415, &self.local_tag);
        let response =
            response.header(HeaderName::Accept, ACCEPT).header(HeaderName::AcceptEncoding, "identity");
        ctx.respond(inbound, 415, response);
    }
}

/// What a request that a state must judge for itself wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The end.
    Bye,
    /// Another session description by re-INVITE; `None` wants ours.
    Invite(Option<Bytes>),
    /// Another session description by UPDATE.
    Update(Bytes),
    /// To know that we are there (an UPDATE without a description), or to move.
    Refresh,
    /// A provisional response of ours to be repeated no more.
    Prack,
    /// A transfer.
    Refer,
}

/// The Reason header for `reason`.
pub(super) fn reason_header(reason: Option<&Reason>) -> Vec<(HeaderName, String)> {
    reason.map(|reason| (HeaderName::Reason, reason.to_string())).into_iter().collect()
}

/// The first Reason of a message that is understood; the Q.850 one if there is.
pub(crate) fn reason_of(message: &Message) -> Option<Reason> {
    let reasons = || message.headers(HeaderName::Reason).filter_map(|value| Reason::parse(&value));
    reasons().find(|reason| reason.q850_cause().is_some()).or_else(|| reasons().next())
}
