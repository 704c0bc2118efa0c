//! What becomes of each datagram: RFC 3261 §8.2, §9.2, §12.2.2, §18. Nothing is remembered of a request before its
//! sender has proved who it is: whatever is refused here is answered statelessly (§8.2.7).

use core::net::IpAddr;
use std::hash::{DefaultHasher, Hash, Hasher};

use hotline_base::Now;

use super::throttle::is_scanner;
use super::{ACCEPT, ALLOW, Datagram, Endpoint, Offence, RETRY_AFTER, SUPPORTED, SessionId, register};
use crate::address::reply_flow;
use crate::flow::Flow;
use crate::message::{Builder, Malformed, MalformedKind};
use crate::notifier::ALLOW_EVENTS;
use crate::session::{Inbound, Owner, Request, Session, reason_of, reason_phrase};
use crate::transaction::Reception;
use crate::uri::Uri;
use crate::{HeaderName, Message, Method};

impl Endpoint {
    /// Takes one datagram, whatever is in it.
    pub fn handle_datagram(&mut self, now: Now, datagram: Datagram) {
        let Datagram { flow, bytes } = datagram;
        let source = flow.remote.ip();
        // Before anything is read: responses cost little where no request of ours waits for them.
        let is_request = !bytes.starts_with(b"SIP/2.0 ");
        if is_request && self.is_stranger(source) && !self.throttle.take(now.mono, source) {
            self.shared.counters.throttled += 1;
            return;
        }
        match Message::parse(bytes) {
            Ok(message) if message.method().is_some() => self.handle_request(now, message, flow),
            Ok(message) => self.handle_response(now, &message),
            Err(malformed) => self.refuse_malformed(&malformed, flow),
        }
        self.drain(now);
    }

    /// Whether neither a trunk nor a registered phone is at this address.
    pub(super) fn is_stranger(&self, address: IpAddr) -> bool {
        self.trunk_at(address).is_none() && self.registrar.behind(address).next().is_none()
    }

    /// Whether a request is dropped without a word, as its sender looks for a victim: it says so itself, or it is a
    /// stranger and asks for one name too many. Where phones are, others are heard on; a trunk is trusted.
    fn is_scan(&mut self, now: Now, message: &Message, source: IpAddr) -> bool {
        let is_stranger = self.is_stranger(source);
        let agent = message.header(HeaderName::UserAgent);
        if agent.is_some_and(|agent| is_scanner(&agent)) && self.trunk_at(source).is_none() {
            if is_stranger {
                self.throttle.block(now, source, Offence::Scanner);
                self.shared.counters.sources_blocked += 1;
            }
            return true;
        }
        let Some(name) = asked_for(message).filter(|_| is_stranger) else { return false };
        let is_too_many = self.throttle.note_name(now, source, name);
        self.shared.counters.sources_blocked += u64::from(is_too_many);
        is_too_many
    }

    fn handle_response(&mut self, now: Now, response: &Message) {
        match self.shared.layer.handle_response(now, response, &mut self.shared.counters) {
            Some(Owner::Session(id)) => {
                self.step(now, id, |session, ctx| session.handle_response(ctx, response));
            }
            Some(Owner::Registration(id)) => {
                self.step_registration(now, id, |registration, ctx| {
                    registration.handle_response(ctx, response)
                });
            }
            Some(Owner::Probe(id)) => self.answer_probe(now, id, response),
            Some(Owner::Subscription(id)) => {
                if let (Ok(cseq), Some(status)) = (response.cseq(), response.status()) {
                    self.answer_notify(now, id, cseq.number, status);
                }
            }
            Some(Owner::Message(id)) => {
                if let Some(status) = response.status() {
                    self.answer_message(now, id, status);
                }
            }
            None => {}
        }
    }

    fn handle_request(&mut self, now: Now, message: Message, flow: Flow) {
        if self.is_scan(now, &message, flow.remote.ip()) {
            self.shared.counters.scans += 1;
            return;
        }
        let (layer, counters) = (&mut self.shared.layer, &mut self.shared.counters);
        match layer.handle_request(now, &message, counters) {
            Some(Reception::New(key)) => self.handle_new(now, Inbound { key, message, flow }),
            Some(Reception::SessionAck) => match self.session_of(&message) {
                Some(id) => self.step(now, id, |session, ctx| session.handle_ack(ctx, &message)),
                None => self.shared.counters.stray_acks += 1,
            },
            Some(Reception::Merged) => {
                self.shared.counters.merged += 1;
                self.refuse(&message, flow, 482);
            }
            Some(Reception::Absorbed) => {}
            None => self.shared.counters.malformed += 1,
        }
    }

    fn handle_new(&mut self, now: Now, inbound: Inbound) {
        let (message, flow) = (&inbound.message, inbound.flow);
        let Some(method) = message.method() else { return };
        if method == Method::Cancel {
            self.handle_cancel(now, &inbound);
            return;
        }
        if let Some(refusal) = self.unacceptable(message, flow) {
            self.send_stateless(message, flow, refusal);
            return;
        }
        match (Request::of(&method), message.to_tag().is_some()) {
            (Some(request), true) => self.handle_within(now, request, &inbound),
            (Some(Request::Invite), false) => self.handle_invite(now, inbound),
            (Some(Request::Options), false) => {
                let response = self.stateless(message, flow, 200).header(HeaderName::Accept, ACCEPT);
                let supported = format!("{SUPPORTED}, {}", register::EXTENSIONS);
                let response =
                    response.header(HeaderName::Allow, ALLOW).header(HeaderName::Supported, supported);
                let response = response.header(HeaderName::AllowEvents, ALLOW_EVENTS);
                self.send_stateless(message, flow, response);
            }
            (
                Some(Request::Bye | Request::Info | Request::Prack | Request::Refer | Request::Update),
                false,
            ) => {
                self.shared.counters.unknown_dialogs += 1;
                self.refuse(message, flow, 481);
            }
            (None, _) if method == Method::Subscribe => self.handle_subscribe(now, &inbound),
            (None, false) if method == Method::Message => self.handle_message(now, inbound),
            (None, true) if method == Method::Message => self.refuse_within(message, flow),
            (None, _) => self.handle_register(now, &inbound),
        }
    }

    /// The response to what RFC 3261 §8.2.1 to §8.2.2.3 and §16.3 refuse: in the order of the RFC the method, the
    /// Request-URI, then what the request insists on.
    fn unacceptable(&mut self, message: &Message, flow: Flow) -> Option<Builder> {
        let method = message.method()?;
        let is_known = Request::of(&method).is_some()
            || matches!(method, Method::Register | Method::Subscribe | Method::Message);
        if !is_known {
            self.shared.counters.refused_requests += 1;
            let status = if matches!(method, Method::Other(_)) { 501 } else { 405 };
            return Some(self.stateless(message, flow, status).header(HeaderName::Allow, ALLOW));
        }
        if matches!(message.uri(), Ok(Uri::Other(_)) | Err(_)) {
            return Some(self.stateless(message, flow, 416));
        }
        // §8.2 lets a destination take a request whatever hops it has left, and to all but one kind we are one. A call
        // goes on to a phone as a call of ours with hops of its own, which never end if that phone leads back here:
        // for it we are on the way, and §16.3 is for us.
        // So it is with a message.
        let is_passing = message.to_tag().is_none() && matches!(method, Method::Invite | Method::Message);
        if is_passing && message.max_forwards() == Ok(Some(0)) {
            self.shared.counters.too_many_hops += 1;
            return Some(self.stateless(message, flow, 483));
        }
        let mut required = message.require().filter(|option| !is_supported(&method, option)).peekable();
        required.peek()?;
        let response = self.stateless(message, flow, 420);
        Some(required.fold(response, |response, option| response.header(HeaderName::Unsupported, option)))
    }

    /// A request within a dialog.
    fn handle_within(&mut self, now: Now, request: Request, inbound: &Inbound) {
        match self.session_of(&inbound.message) {
            Some(id) if self.open(inbound) => {
                self.step(now, id, |session, ctx| session.handle_request(ctx, request, inbound));
                // A CANCEL of a re-INVITE must find the session.
                self.shared.layer.adopt(&inbound.key, Owner::Session(id));
            }
            Some(_) => {}
            None => {
                self.shared.counters.unknown_dialogs += 1;
                self.refuse(&inbound.message, inbound.flow, 481);
            }
        }
    }

    /// A MESSAGE within a call: whoever talks has no text (RFC 3428 §2 has them outside of calls).
    fn refuse_within(&mut self, message: &Message, flow: Flow) {
        let is_known = self.session_of(message).is_some();
        self.shared.counters.unknown_dialogs += u64::from(!is_known);
        self.refuse(message, flow, if is_known { 488 } else { 481 });
    }

    /// RFC 3261 §9.2: the CANCEL is answered for itself, then the INVITE it means.
    fn handle_cancel(&mut self, now: Now, inbound: &Inbound) {
        let Some((key, owner)) = self.shared.layer.cancelled_by(&inbound.message) else {
            self.shared.counters.unknown_dialogs += 1;
            self.refuse(&inbound.message, inbound.flow, 481);
            return;
        };
        if !self.open(inbound) {
            return;
        }
        let session = match owner {
            Some(Owner::Session(id)) => Some(id),
            Some(Owner::Registration(_) | Owner::Probe(_) | Owner::Subscription(_) | Owner::Message(_))
            | None => None,
        };
        let tag = session.and_then(|id| self.sessions.get(&id)).map(|session| session.key().1);
        let tag = tag.unwrap_or_else(|| stateless_tag(&inbound.message));
        self.shared.context(now).reply(inbound, 200, &tag);
        if let Some(id) = session {
            let reason = reason_of(&inbound.message);
            self.step(now, id, |session: &mut Session, ctx| session.handle_cancel(ctx, &key, reason));
        }
    }

    /// Begins the server transaction of a request, with a 100 if it is an INVITE; false after a 503 if there are
    /// too many.
    pub(super) fn open(&mut self, inbound: &Inbound) -> bool {
        let Inbound { key, message, flow } = inbound;
        if self.is_full() {
            self.refuse_overload(message, *flow);
            return false;
        }
        let reply_flow = reply_flow(message, *flow);
        let trying = (message.method() == Some(Method::Invite)).then(|| {
            Builder::response(message, 100, reason_phrase(100)).top_via_received(flow.remote).build()
        });
        match trying.transpose() {
            Ok(trying) => {
                self.shared.layer.open(key.clone(), message, reply_flow, trying);
                true
            }
            Err(_) => {
                self.shared.counters.malformed += 1;
                false
            }
        }
    }

    /// A malformed request is answered if it can be, everything else is dropped.
    fn refuse_malformed(&mut self, malformed: &Malformed, flow: Flow) {
        let counters = &mut self.shared.counters;
        // Without a Via that can be read there is nobody to answer.
        let message = malformed.message.as_ref().filter(|message| message.top_via().is_ok());
        match (malformed.kind, message.zip(malformed.status())) {
            (MalformedKind::Empty, _) => counters.keepalives += 1,
            (_, None) => counters.malformed += 1,
            (kind, Some((message, status))) => {
                counters.malformed_answered += 1;
                let warning = format!("399 {} \"{kind}\"", self.shared.config.sent_by(&flow).address);
                let response = self.stateless(message, flow, status).header(HeaderName::Warning, warning);
                self.send_stateless(message, flow, response);
            }
        }
    }

    /// Whether no further server transaction may begin.
    pub(super) fn is_full(&self) -> bool {
        self.shared.layer.servers() >= self.shared.config.limits.server_transactions
    }

    /// The response that refuses for now, because of a limit of ours.
    pub(super) fn overload(&mut self, message: &Message, flow: Flow) -> Builder {
        self.shared.counters.overloaded += 1;
        self.stateless(message, flow, 503).header(HeaderName::RetryAfter, RETRY_AFTER.as_secs())
    }

    /// Refuses for now, because of a limit of ours.
    pub(super) fn refuse_overload(&mut self, message: &Message, flow: Flow) {
        let response = self.overload(message, flow);
        self.send_stateless(message, flow, response);
    }

    /// Answers without remembering anything.
    pub(super) fn refuse(&mut self, message: &Message, flow: Flow, status: u16) {
        let response = self.stateless(message, flow, status);
        self.send_stateless(message, flow, response);
    }

    /// Begins a response outside of any transaction.
    pub(super) fn stateless(&self, message: &Message, flow: Flow, status: u16) -> Builder {
        Builder::response(message, status, reason_phrase(status))
            .top_via_received(flow.remote)
            .to_tag(&stateless_tag(message))
            .header(HeaderName::Server, &self.shared.config.user_agent)
    }

    /// Sends a response outside of any transaction.
    pub(super) fn send_stateless(&mut self, message: &Message, flow: Flow, response: Builder) {
        match response.build() {
            Ok(bytes) => self.shared.layer.send(reply_flow(message, flow), bytes),
            Err(_) => self.shared.counters.malformed += 1,
        }
    }

    /// The session that a request within a dialog belongs to.
    fn session_of(&self, message: &Message) -> Option<SessionId> {
        let key = (message.call_id().into_owned(), message.to_tag()?.into_owned());
        self.dialogs.get(&key).copied()
    }
}

/// Whether a request may insist on this extension (RFC 3261 §8.2.2.3).
fn is_supported(method: &Method, option: &str) -> bool {
    let of_method = if *method == Method::Register { register::EXTENSIONS } else { SUPPORTED };
    of_method.split(", ").any(|known| known.eq_ignore_ascii_case(option))
}

/// Whom a request outside of a dialog asks for, as a hash: the user who is registered, or the number that is called.
/// The same whether or not there is such a one.
fn asked_for(message: &Message) -> Option<u64> {
    let uri = match message.method()? {
        Method::Register => message.to().ok()?.uri,
        // A phone that is started asks for as many lamps as it has. Who is asked for changes no answer before the proof.
        Method::Subscribe | Method::Message => message.from().ok()?.uri,
        Method::Invite
        | Method::Ack
        | Method::Bye
        | Method::Cancel
        | Method::Options
        | Method::Info
        | Method::Update
        | Method::Prack
        | Method::Refer
        | Method::Notify
        | Method::Publish
        | Method::Other(_) => message.uri().ok()?,
    };
    let is_within = message.to_tag().is_some();
    let mut hasher = DefaultHasher::new();
    uri.user().filter(|_| !is_within)?.hash(&mut hasher);
    Some(hasher.finish())
}

/// The tag of a stateless response: the same for each repetition of the request (RFC 3261 §8.2.7).
fn stateless_tag(message: &Message) -> String {
    let mut hasher = DefaultHasher::new();
    message.call_id().hash(&mut hasher);
    message.from_tag().hash(&mut hasher);
    message.header(HeaderName::CSeq).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
