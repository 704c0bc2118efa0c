//! What a session needs of its surroundings for one step: time, transactions, and where its events go.

use std::collections::VecDeque;

use bytes::Bytes;
use hotline_base::{Now, RequestId, Rng};
use serde::{Deserialize, Serialize};

use crate::endpoint::{Counters, EndpointConfig, Event, SessionId};
use crate::flow::{Flow, SentBy, Transport};
use crate::message::Builder;
use crate::outgoing::Outgoing;
use crate::transaction::{Layer, SendError, ServerKey, Stream, Way};
use crate::{HeaderName, Message, Method};

/// Whom the response to a request of ours concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Owner {
    /// A session.
    Session(SessionId),
    /// A registration of ours.
    Registration(crate::endpoint::RegistrationId),
    /// A probe.
    Probe(crate::probe::ProbeId),
    /// A subscription.
    Subscription(crate::notifier::SubscriptionId),
    /// A message on its way to phones.
    Message(crate::pager::MessageId),
}

/// A request that has a server transaction and no final response yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Inbound {
    pub(crate) key: ServerKey,
    pub(crate) message: Message,
    pub(crate) flow: Flow,
}

/// The endpoint, as far as one step may touch it.
pub(crate) struct Context<'a> {
    pub(crate) now: Now,
    pub(crate) config: &'a EndpointConfig,
    pub(crate) rng: &'a mut Rng,
    pub(crate) layer: &'a mut Layer<Owner>,
    pub(crate) events: &'a mut VecDeque<Event>,
    pub(crate) counters: &'a mut Counters,
    /// The request of a client for which it is done.
    pub(crate) cause: Option<&'a RequestId>,
}

impl Context<'_> {
    /// The header that says for which request of a client something is sent.
    pub(crate) fn cause(&self) -> impl Iterator<Item = (HeaderName, String)> {
        self.cause.map(|request| (HeaderName::XRequestId, request.to_string())).into_iter()
    }

    /// Sends a request as a client transaction. What ends something is not limited: it gives room.
    pub(crate) fn request(&mut self, request: &Outgoing, flow: Flow, owner: Owner) -> Result<(), SendError> {
        let limit = match request.method {
            Method::Bye | Method::Cancel => usize::MAX,
            Method::Invite
            | Method::Ack
            | Method::Register
            | Method::Options
            | Method::Info
            | Method::Update
            | Method::Prack
            | Method::Refer
            | Method::Notify
            | Method::Subscribe
            | Method::Message
            | Method::Publish
            | Method::Other(_) => self.config.limits.client_transactions,
        };
        let listener = self.config.listener(Transport::Tcp, flow.local).filter(|_| !request.stays);
        let stream = listener.map(|listener| Stream {
            flow: Flow { transport: Transport::Tcp, local: listener.local, remote: flow.remote },
            sent_by: SentBy { transport: Transport::Tcp, address: listener.advertised },
        });
        let result = self.layer.request(self.now, request, Way { flow, stream }, owner, limit);
        if result == Err(SendError::Full) {
            self.counters.overloaded += 1;
        }
        result
    }

    /// Begins a response to `inbound` that says who we are.
    pub(crate) fn response(&self, inbound: &Inbound, status: u16, tag: &str) -> Builder {
        Builder::response(&inbound.message, status, reason_phrase(status))
            .top_via_received(inbound.flow.remote)
            .to_tag(tag)
            .header(HeaderName::Server, &self.config.user_agent)
    }

    /// Sends a response in its transaction; what was sent, for repetition. A response that cannot be written
    /// becomes a 500.
    pub(crate) fn respond(&mut self, inbound: &Inbound, status: u16, response: Builder) -> Option<Bytes> {
        if let Ok(bytes) = response.build() {
            self.layer.respond(self.now, &inbound.key, status, bytes.clone());
            return Some(bytes);
        }
        let plain = Builder::response(&inbound.message, 500, reason_phrase(500)).build();
        if let Ok(bytes) = plain {
            self.layer.respond(self.now, &inbound.key, 500, bytes);
        }
        None
    }

    /// Sends a response without anything special in it.
    pub(crate) fn reply(&mut self, inbound: &Inbound, status: u16, tag: &str) {
        let response = self.response(inbound, status, tag);
        self.respond(inbound, status, response);
    }

    /// Refuses for a while (RFC 3261 §14.2, RFC 3311 §5.2): 500 with a random Retry-After of 0 to 10 seconds.
    pub(crate) fn reply_later(&mut self, inbound: &Inbound, tag: &str) {
        const LONGEST_SECONDS: u64 = 10;
        let seconds = self.rng.below(LONGEST_SECONDS + 1);
        let response = self.response(inbound, 500, tag).header(HeaderName::RetryAfter, seconds);
        self.respond(inbound, 500, response);
    }
}

/// The usual words for a status (RFC 3261 §21).
pub(crate) const fn reason_phrase(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        181 => "Call Is Being Forwarded",
        182 => "Queued",
        183 => "Session Progress",
        200 => "OK",
        202 => "Accepted",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        410 => "Gone",
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        422 => "Session Interval Too Small",
        423 => "Interval Too Brief",
        439 => "First Hop Lacks Outbound Support",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        483 => "Too Many Hops",
        484 => "Address Incomplete",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        489 => "Bad Event",
        491 => "Request Pending",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        600 => "Busy Everywhere",
        603 => "Decline",
        604 => "Does Not Exist Anywhere",
        606 => "Not Acceptable",
        _ => "Unspecified",
    }
}
