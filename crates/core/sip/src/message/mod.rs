//! SIP messages: an index over the bytes they came in, typed headers on demand, and a builder for new ones.
//!
//! Start at [`Message::parse`] and [`Builder`]. Knows the grammar of RFC 3261 §25, not what a message means.

use core::fmt;
use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

mod builder;
mod check;
mod error;
mod index;
mod interval;
pub(crate) mod lexis;
mod method;
mod name;
mod name_addr;
mod params;
mod reliability;
#[cfg(test)]
mod tests;
mod typed;
mod via;

pub use builder::{BuildError, Builder};
pub use error::{HeaderError, Malformed, MalformedKind};
pub(crate) use interval::TIMER;
pub use interval::{Refresher, SessionExpires};
pub use method::Method;
pub use name::HeaderName;
pub use name_addr::NameAddr;
pub use params::Params;
pub use reliability::RAck;
pub(crate) use reliability::REL100;
pub use typed::{CSeq, Contacts, MAX_RETRY_AFTER};
pub use via::{MAGIC_COOKIE, Via, ViaTransport};

pub(crate) use index::content_lengths;
use index::{Entry, Index, Span, StartLine};
use typed::{cseq_parts, seconds};

/// Bytes of a whole message; a UDP datagram cannot carry more. Beyond: 513.
pub const MAX_MESSAGE_SIZE: usize = 65_535;
/// Header lines in a message. Beyond: 400.
pub const MAX_HEADERS: usize = 128;
/// Bytes of one header with its folds. Beyond: 400.
pub const MAX_HEADER_LINE: usize = 8_192;
/// Bytes of a Request-URI. Beyond: 414.
pub const MAX_REQUEST_URI: usize = 2_048;

/// A received message. Cloning it copies a pointer. `Debug` shows what it is, not who is in it; `Serialize`
/// writes its bytes.
#[derive(Clone)]
pub struct Message(Arc<Parts>);

struct Parts {
    bytes: Bytes,
    index: Index,
}

/// What a message is.
#[derive(Clone, PartialEq, Eq)]
pub enum Kind<'a> {
    /// It asks for something.
    Request {
        /// What it asks for.
        method: Method,
        /// Of whom, as on the wire.
        uri: &'a str,
    },
    /// It answers.
    Response {
        /// 100 to 699.
        status: u16,
        /// In words, for people.
        reason: Cow<'a, str>,
    },
}

impl Message {
    /// Reads one datagram. Bytes beyond Content-Length are dropped; without Content-Length the body is all that
    /// follows the headers (RFC 3261 §18.3). In the message given back, Via, From, To, Call-ID, CSeq and
    /// Max-Forwards are known to be well formed; other headers are looked at when they are asked for.
    ///
    /// # Errors
    /// The first thing that is wrong, with as much of the message as could be read.
    pub fn parse(bytes: impl Into<Bytes>) -> Result<Self, Malformed> {
        let bytes = bytes.into();
        let (index, result) = index::read(&bytes);
        let Some(mut index) = index else {
            return Err(Malformed { message: None, kind: result.err().unwrap_or(MalformedKind::StartLine) });
        };
        let checked = result.and_then(|()| check::check(&index, &bytes));
        if let Ok(length) = checked {
            index.body = index.body.first(length);
        }
        let message = Self(Arc::new(Parts { bytes, index }));
        match checked {
            Ok(_) => Ok(message),
            Err(kind) => Err(Malformed { message: Some(message), kind }),
        }
    }

    /// Request or response, with the start line's parts.
    #[must_use]
    pub fn kind(&self) -> Kind<'_> {
        match &self.0.index.start {
            StartLine::Request { method, uri } => {
                Kind::Request { method: method.clone(), uri: self.uri_text(*uri) }
            }
            StartLine::Response { status, reason } => {
                Kind::Response { status: *status, reason: lexis::text(reason.of(&self.0.bytes)) }
            }
        }
    }

    /// The method of a request.
    #[must_use]
    pub fn method(&self) -> Option<Method> {
        match &self.0.index.start {
            StartLine::Request { method, .. } => Some(method.clone()),
            StartLine::Response { .. } => None,
        }
    }

    /// The status code of a response.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self.0.index.start {
            StartLine::Request { .. } => None,
            StartLine::Response { status, .. } => Some(status),
        }
    }

    /// The Request-URI as on the wire.
    #[must_use]
    pub fn request_uri(&self) -> Option<&str> {
        match self.0.index.start {
            StartLine::Request { uri, .. } => Some(self.uri_text(uri)),
            StartLine::Response { .. } => None,
        }
    }

    /// Whether a header of that name is there.
    #[must_use]
    pub fn has(&self, name: HeaderName) -> bool {
        self.lines(name).next().is_some()
    }

    /// The whole value of the first line of that name: trimmed, unfolded, Latin-1 read as such.
    #[must_use]
    pub fn header(&self, name: HeaderName) -> Option<Cow<'_, str>> {
        self.lines(name).next().map(lexis::text)
    }

    /// Every value of that name in order, over all lines; comma lists are split where the field is one, and
    /// empty values left out.
    pub fn headers(&self, name: HeaderName) -> impl Iterator<Item = Cow<'_, str>> {
        self.values(name).filter(|value| !value.is_empty()).map(lexis::text)
    }

    /// The whole value of the first line of that name, which may be one Hotline does not know, in any case; long
    /// and compact forms find each other.
    #[must_use]
    pub fn header_by_text(&self, name: &str) -> Option<Cow<'_, str>> {
        if let Some(known) = HeaderName::parse(name.as_bytes()) {
            return self.header(known);
        }
        let is_it = |entry: &&Entry| entry.name.of(&self.0.bytes).eq_ignore_ascii_case(name.as_bytes());
        self.0.index.headers.iter().find(is_it).map(|entry| lexis::text(entry.value.of(&self.0.bytes)))
    }

    /// Name and value of every header line in order, as on the wire but unfolded.
    pub fn all_headers(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        let bytes = &self.0.bytes;
        let read = |entry: &Entry| (lexis::text(entry.name.of(bytes)), lexis::text(entry.value.of(bytes)));
        self.0.index.headers.iter().map(read)
    }

    /// The body: what Content-Length says, or all there is.
    #[must_use]
    pub fn body(&self) -> Bytes {
        self.0.bytes.slice(self.0.index.body.range())
    }

    /// The bytes it came in.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.0.bytes
    }

    /// The raw value of each line of that name.
    pub(crate) fn lines(&self, name: HeaderName) -> impl Iterator<Item = &[u8]> {
        let bytes = &self.0.bytes;
        let is_it = move |entry: &&Entry| entry.known == Some(name);
        self.0.index.headers.iter().filter(is_it).map(|entry| entry.value.of(bytes))
    }

    /// The raw values of that name, comma lists split where the field is one; empty ones too.
    pub(crate) fn values(&self, name: HeaderName) -> impl Iterator<Item = &[u8]> {
        self.lines(name).flat_map(move |line| {
            let split = name.is_list();
            let whole = (!split).then_some(line);
            whole.into_iter().chain(split.then(|| lexis::list(line)).into_iter().flatten())
        })
    }

    fn uri_text(&self, uri: Span) -> &str {
        core::str::from_utf8(uri.of(&self.0.bytes))
            .expect("the index takes a Request-URI only if it is UTF-8")
    }
}

impl PartialEq for Message {
    /// Whether both came in the same bytes.
    fn eq(&self, other: &Self) -> bool {
        self.0.bytes == other.0.bytes
    }
}

impl Eq for Message {}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Message");
        match &self.0.index.start {
            StartLine::Request { method, .. } => out.field("method", method),
            StartLine::Response { status, .. } => out.field("status", status),
        };
        out.field("call_id", &self.call_id())
            .field("cseq", &self.header(HeaderName::CSeq))
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Kind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request { method, .. } => write!(f, "Request({method})"),
            Self::Response { status, .. } => write!(f, "Response({status})"),
        }
    }
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.bytes.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(Bytes::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
