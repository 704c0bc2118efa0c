//! What can be wrong with a message, and which status code answers it.

use core::fmt;

use thiserror::Error;

use super::Message;
use super::method::Method;
use super::name::HeaderName;
use crate::uri::UriError;

/// Why one header could not be read. The peer's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HeaderError {
    /// The header is not there.
    #[error("the header is missing")]
    Missing,
    /// Not in the form of the grammar (RFC 3261 §25.1).
    #[error("the value is not in the form of the grammar")]
    Syntax,
    /// A quoted string without its end.
    #[error("a quoted string is not closed")]
    Quote,
    /// Not a number, or one out of range.
    #[error("a number is missing or out of range")]
    Number,
    /// The URI in it is wrong.
    #[error("the URI is wrong")]
    Uri(#[from] UriError),
}

/// A message that cannot be processed: what is wrong, and as much of it as could be read.
#[derive(Clone, Debug)]
pub struct Malformed {
    /// What could be read, to build an answer from; `None` if not even the start line could. Its typed accessors
    /// may fail where those of a whole message cannot.
    pub message: Option<Message>,
    /// The first thing that is wrong.
    pub kind: MalformedKind,
}

impl Malformed {
    /// The status code to answer with; `None` to drop the message: responses and ACKs are never answered, nor is
    /// a request without a Via (RFC 3261 §8.2.6.2 has nothing to copy) or noise.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        let message = self.message.as_ref()?;
        let answerable = match message.method()? {
            Method::Ack => false,
            Method::Invite
            | Method::Bye
            | Method::Cancel
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
            | Method::Other(_) => message.has(HeaderName::Via),
        };
        self.kind.status().filter(|_| answerable)
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.kind, f)
    }
}

impl core::error::Error for Malformed {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        core::error::Error::source(&self.kind)
    }
}

/// What is wrong with a message as a whole. The peer's fault, all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MalformedKind {
    /// Nothing but line ends: a keep-alive (RFC 5626 §3.5.1).
    #[error("the message is empty")]
    Empty,
    /// Longer than [`MAX_MESSAGE_SIZE`](super::MAX_MESSAGE_SIZE).
    #[error("the message is too large")]
    TooLarge,
    /// More than [`MAX_HEADERS`](super::MAX_HEADERS) header lines.
    #[error("the message has too many headers")]
    TooManyHeaders,
    /// A header, folds included, longer than [`MAX_HEADER_LINE`](super::MAX_HEADER_LINE).
    #[error("a header line is too long")]
    HeaderLineTooLong,
    /// The Request-URI is longer than [`MAX_REQUEST_URI`](super::MAX_REQUEST_URI).
    #[error("the Request-URI is too long")]
    RequestUriTooLong,
    /// Neither a request nor a status line.
    #[error("the start line is wrong")]
    StartLine,
    /// Another version than SIP/2.0.
    #[error("the SIP version is not 2.0")]
    Version,
    /// The Request-URI cannot be read.
    #[error("the Request-URI is wrong")]
    RequestUri(#[source] UriError),
    /// A line that is not `name: value`.
    #[error("a header line has no name or no colon")]
    HeaderLine,
    /// The blank line after the headers is missing: the message was cut off.
    #[error("the headers do not end")]
    HeadersNotEnded,
    /// A header that every message must have (RFC 3261 §8.1.1) is missing.
    #[error("{0} is missing")]
    Missing(HeaderName),
    /// A header that may be there once is there twice.
    #[error("{0} is there more than once")]
    Repeated(HeaderName),
    /// A header that every element must read cannot be read.
    #[error("{0} is wrong")]
    Header(HeaderName, #[source] HeaderError),
    /// The method of CSeq is not that of the request (RFC 3261 §8.1.1.5).
    #[error("the methods of the request line and of CSeq differ")]
    MethodMismatch,
    /// Content-Length promises more than the datagram holds (RFC 3261 §18.3).
    #[error("the body is shorter than its Content-Length")]
    BodyTooShort,
    /// Content-Length promises more than [`MAX_MESSAGE_SIZE`](super::MAX_MESSAGE_SIZE).
    #[error("the body is too large")]
    BodyTooLarge,
}

impl MalformedKind {
    /// The status code that says so to the sender of a request; `None` if there is nothing to answer.
    #[must_use]
    pub const fn status(self) -> Option<u16> {
        match self {
            Self::Empty => None,
            Self::TooLarge => Some(513),
            Self::BodyTooLarge => Some(413),
            Self::RequestUriTooLong => Some(414),
            Self::Version => Some(505),
            Self::TooManyHeaders
            | Self::HeaderLineTooLong
            | Self::StartLine
            | Self::RequestUri(_)
            | Self::HeaderLine
            | Self::HeadersNotEnded
            | Self::Missing(_)
            | Self::Repeated(_)
            | Self::Header(..)
            | Self::MethodMismatch
            | Self::BodyTooShort => Some(400),
        }
    }

    /// A fixed word for a counter's label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLarge => "too_large",
            Self::TooManyHeaders => "too_many_headers",
            Self::HeaderLineTooLong => "header_line_too_long",
            Self::RequestUriTooLong => "request_uri_too_long",
            Self::StartLine => "start_line",
            Self::Version => "version",
            Self::RequestUri(_) => "request_uri",
            Self::HeaderLine => "header_line",
            Self::HeadersNotEnded => "headers_not_ended",
            Self::Missing(_) => "missing_header",
            Self::Repeated(_) => "repeated_header",
            Self::Header(..) => "header",
            Self::MethodMismatch => "method_mismatch",
            Self::BodyTooShort => "body_too_short",
            Self::BodyTooLarge => "body_too_large",
        }
    }
}
