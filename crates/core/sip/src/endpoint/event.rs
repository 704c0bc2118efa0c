//! What goes in and comes out of the endpoint besides time: datagrams, events, and what callers hand over.

use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;

use bytes::Bytes;
use hotline_base::{AgentId, Pii, TrunkId};
use serde::{Deserialize, Serialize};

use crate::HeaderName;
use crate::flow::Flow;
use crate::message::NameAddr;
use crate::pager::MessageId;
pub use crate::probe::ProbeId;
pub use crate::registrar::Why;
use crate::replaces::Replaces;
pub use crate::session::Reason;

/// One INVITE usage, incoming or outgoing. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(pub u64);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// One registration that we keep at another server. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RegistrationId(pub u64);

/// A datagram that arrived, or one message out of a stream.
#[derive(Clone, Debug)]
pub struct Datagram {
    /// The way it came.
    pub flow: Flow,
    /// Its content.
    pub bytes: Bytes,
}

/// A datagram to send, or a message to a connection, which is opened first if there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// The way to send it.
    pub flow: Flow,
    /// Its content.
    pub bytes: Bytes,
}

/// Who calls in, proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Peer {
    /// By its address.
    Trunk(TrunkId),
    /// By a password.
    Agent(AgentId),
    /// A guest from a web page, by a password for one call. Its name is that of the caller.
    Guest,
}

/// Who calls: for a trunk what it asserts or else From, for an agent its account with the name that From shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// The user part, or the number of a tel URI; empty if there is none.
    pub user: Pii<String>,
    /// The display name.
    pub display: Option<Pii<String>>,
    /// The host part; empty for a tel URI.
    pub host: String,
}

/// Who sent a call on before it reached us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diversion {
    /// The number that was called before.
    pub from: Pii<String>,
    /// Why, as the network says it: `user-busy`, `no-answer`, `unconditional`…; at most 32 characters.
    pub reason: Option<String>,
}

/// Whom a REFER names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferTarget {
    /// The user part of the Refer-To URI, or the number of a tel URI.
    pub user: Pii<String>,
    /// The dialog that is to be taken over there: an attended transfer.
    pub replaces: Option<Replaces>,
}

/// Which end did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    /// This endpoint.
    Local,
    /// The peer.
    Remote,
}

/// Why an INVITE was not answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The final status; 408 when nobody answered, 503 when a limit of ours was in the way.
    pub status: u16,
    /// ITU-T Q.850 cause of its Reason header.
    pub q850: Option<u8>,
    /// The reason phrase.
    pub text: String,
    /// How long the peer asks to wait before another try.
    pub retry_after: Option<Duration>,
    /// Where else the callee may be reached (3xx), the best place first.
    pub contacts: Vec<NameAddr>,
}

/// What happened. Each session ends in exactly one of [`Event::Failed`], [`Event::Cancelled`] and
/// [`Event::Ended`]; nothing about it follows.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A call comes in; 100 was sent. Answer with `ring`, `answer`, `reject` or `hang_up`.
    Incoming {
        /// Its id from now on.
        session: SessionId,
        /// Who was proved to call.
        peer: Peer,
        /// Who calls.
        caller: Party,
        /// The user part of the Request-URI, or the number of a tel URI.
        called: Pii<String>,
        /// Who sent the call on to us, if the trunk says so: the last of several (RFC 5806, RFC 7044).
        diversion: Option<Diversion>,
        /// The SDP offer; without one, [`Event::Confirmed`] brings the answer to ours.
        offer: Option<Bytes>,
        /// The session that it takes the place of (RFC 3891).
        replaces: Option<SessionId>,
        /// Where the INVITE came from.
        source: SocketAddr,
        /// Call-ID of the dialog.
        call_id: String,
    },
    /// The peer of an outgoing call has the INVITE: 100, another first provisional response, or a challenge that was
    /// answered.
    Trying {
        /// Which.
        session: SessionId,
    },
    /// The peer of an outgoing call told progress: 101 to 199.
    Ringing {
        /// Which.
        session: SessionId,
        /// 180, 183 …
        status: u16,
        /// SDP: early media.
        body: Option<Bytes>,
    },
    /// The peer of an outgoing call answered; the ACK was sent.
    Answered {
        /// Which.
        session: SessionId,
        /// The SDP answer; `None` where it came before and was changed since by [`Event::Reoffer`] or our `reoffer`.
        body: Option<Bytes>,
    },
    /// The ACK to our answer came.
    Confirmed {
        /// Which.
        session: SessionId,
        /// The SDP answer, when our 200 carried the offer. Where a provisional response carried it,
        /// [`Event::ReofferAnswered`] came before.
        body: Option<Bytes>,
    },
    /// No answer: the peer refused an outgoing call, or an incoming one was refused here. Terminal.
    Failed {
        /// Which.
        session: SessionId,
        /// Why.
        failure: Failure,
    },
    /// Cancelled before it was answered, by the caller; that is us for an outgoing call. Terminal, and given at
    /// once: an answer that crosses the CANCEL is acknowledged and hung up without a further event.
    Cancelled {
        /// Which.
        session: SessionId,
        /// As the CANCEL says, which for an outgoing call is as `hang_up` said.
        reason: Option<Reason>,
    },
    /// An answered call is over. Terminal.
    Ended {
        /// Which.
        session: SessionId,
        /// Who ended it; this endpoint too where the peer was lost, or did not refresh the session in time
        /// ([`Reason::SESSION_EXPIRED`]).
        by: Side,
        /// As the BYE says.
        reason: Option<Reason>,
    },
    /// The peer wants to change the session, perhaps before it is answered: answer with `answer_reoffer` or
    /// `refuse_reoffer`. The peer may take it back before; the answer then has no effect and the session goes on as
    /// before.
    Reoffer {
        /// Which.
        session: SessionId,
        /// Its offer; without one, ours goes in the answer and [`Event::ReofferAnswered`] brings the peer's.
        offer: Option<Bytes>,
    },
    /// The peer agreed to our offer, or described itself anew when the session was refreshed.
    ReofferAnswered {
        /// Which.
        session: SessionId,
        /// The SDP answer.
        body: Option<Bytes>,
    },
    /// The peer did not agree; the session goes on as before.
    ReofferRefused {
        /// Which.
        session: SessionId,
        /// The final status; 408 when nobody answered, 491 when offers kept crossing.
        status: u16,
    },
    /// The peer of an answered session asks to be replaced in it by somebody else (RFC 3515): answer with
    /// `accept_refer` and `report_refer`, or with `refuse_refer`.
    Refer {
        /// Which.
        session: SessionId,
        /// By whom.
        target: ReferTarget,
        /// Who asks, if it says so (RFC 3892).
        referred_by: Option<NameAddr>,
    },
    /// A key was pressed (INFO).
    Info {
        /// Which.
        session: SessionId,
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: Pii<char>,
        /// For how long.
        duration: Duration,
    },
    /// A user registered, refreshed, or took back one of several contacts.
    Registered {
        /// Whose.
        agent: AgentId,
        /// How many contacts there are.
        contacts: usize,
        /// Until the last of them expires.
        expires: Duration,
    },
    /// A user has no contact left.
    Unregistered {
        /// Whose.
        agent: AgentId,
        /// Why.
        why: Why,
    },
    /// Our registration at another server is in force, or was refreshed.
    RegistrationSucceeded {
        /// Which.
        id: RegistrationId,
        /// Until it is refreshed or expires; zero after `unregister`.
        expires: Duration,
    },
    /// Our registration is not in force; it is tried again unless it was taken back.
    RegistrationFailed {
        /// Which.
        id: RegistrationId,
        /// The final status; 408 when nobody answered, 200 when the server granted no time.
        status: u16,
    },
    /// A server that is probed answered.
    ProbeAnswered {
        /// Which probe.
        id: ProbeId,
    },
    /// A server that is probed did not answer in time, or nobody reaches it.
    ProbeMissed {
        /// Which probe.
        id: ProbeId,
        /// How often in a row by now.
        misses: u8,
    },
    /// It is known whether a phone has a message of ours.
    MessageAnswered {
        /// Which.
        id: MessageId,
        /// 200 if one has it; else why none took it, 480 if none answered.
        status: u16,
    },
}

impl Event {
    /// The session it is about.
    #[must_use]
    pub const fn session(&self) -> Option<SessionId> {
        match self {
            Self::Incoming { session, .. }
            | Self::Trying { session }
            | Self::Ringing { session, .. }
            | Self::Answered { session, .. }
            | Self::Confirmed { session, .. }
            | Self::Failed { session, .. }
            | Self::Cancelled { session, .. }
            | Self::Ended { session, .. }
            | Self::Reoffer { session, .. }
            | Self::ReofferAnswered { session, .. }
            | Self::ReofferRefused { session, .. }
            | Self::Refer { session, .. }
            | Self::Info { session, .. } => Some(*session),
            Self::Registered { .. }
            | Self::Unregistered { .. }
            | Self::RegistrationSucceeded { .. }
            | Self::RegistrationFailed { .. }
            | Self::ProbeAnswered { .. }
            | Self::ProbeMissed { .. }
            | Self::MessageAnswered { .. } => None,
        }
    }

    /// Whether it is the last one about its session.
    #[must_use]
    pub const fn is_terminal(&self) -> bool {
        matches!(self, Self::Failed { .. } | Self::Cancelled { .. } | Self::Ended { .. })
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Incoming { .. } => "Incoming",
            Self::Trying { .. } => "Trying",
            Self::Ringing { .. } => "Ringing",
            Self::Answered { .. } => "Answered",
            Self::Confirmed { .. } => "Confirmed",
            Self::Failed { .. } => "Failed",
            Self::Cancelled { .. } => "Cancelled",
            Self::Ended { .. } => "Ended",
            Self::Reoffer { .. } => "Reoffer",
            Self::ReofferAnswered { .. } => "ReofferAnswered",
            Self::ReofferRefused { .. } => "ReofferRefused",
            Self::Refer { .. } => "Refer",
            Self::Info { .. } => "Info",
            Self::Registered { .. } => "Registered",
            Self::Unregistered { .. } => "Unregistered",
            Self::RegistrationSucceeded { .. } => "RegistrationSucceeded",
            Self::RegistrationFailed { .. } => "RegistrationFailed",
            Self::ProbeAnswered { .. } => "ProbeAnswered",
            Self::ProbeMissed { .. } => "ProbeMissed",
            Self::MessageAnswered { .. } => "MessageAnswered",
        }
    }
}

impl fmt::Debug for Event {
    /// The name and the session only: SDP, numbers and digits stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        self.session().map_or(Ok(()), |session| write!(f, "({session})"))
    }
}

/// A user name and password, hashed or not, for a server that challenges us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// The user name.
    pub username: Pii<String>,
    /// The password in the clear: the realm is known only from the challenge.
    pub password: Pii<String>,
}

/// A call to make.
#[derive(Clone, Debug)]
pub struct Invite {
    /// The Request-URI.
    pub uri: String,
    /// The way the INVITE is sent.
    pub flow: Flow,
    /// The proxies on the way, nearest first: [`Contact::routes`].
    pub routes: Vec<NameAddr>,
    /// Who calls; a tag of ours is added.
    pub from: NameAddr,
    /// Who is called.
    pub to: NameAddr,
    /// Further headers, in this order.
    pub headers: Vec<(HeaderName, String)>,
    /// Headers that the peer wants otherwise, by name: each takes the place of ours of that name, or is added. Without a
    /// value, ours is left out. What makes the dialog and the transaction (Via, From, To, Call-ID, CSeq, Max-Forwards,
    /// Route, Content-Length) is not to be named here.
    pub overrides: Vec<(String, String)>,
    /// The SDP offer.
    pub offer: Bytes,
    /// What answers a challenge.
    pub credentials: Option<Login>,
}

/// Why no INVITE left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InviteError {
    /// `uri` is not a URI.
    #[error("the Request-URI is not a URI")]
    Uri,
    /// A header holds a line end, or all is too large for a datagram.
    #[error("a header or the offer cannot be written")]
    Header,
    /// A limit of [`Limits`](super::Limits) is reached.
    #[error("too many sessions or transactions")]
    Exhausted,
}

/// A registration to keep at another server.
#[derive(Clone, Debug)]
pub struct Register {
    /// The way to the registrar.
    pub flow: Flow,
    /// The user part of the address-of-record.
    pub user: Pii<String>,
    /// Its host part, and that of the Request-URI.
    pub domain: String,
    /// What answers a challenge.
    pub credentials: Option<Login>,
    /// How long to ask for.
    pub expires: Duration,
}

/// Where a registered user is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The Request-URI.
    pub uri: String,
    /// The way the INVITE is sent: the one by which the user registered.
    pub flow: Flow,
    /// The proxies on the way, nearest first (RFC 3327).
    pub routes: Vec<NameAddr>,
    /// Preference in thousandths (RFC 3261 §20.10).
    pub q: u16,
}
