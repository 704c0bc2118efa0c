//! New messages: requests from nothing, responses from their request.

use core::fmt;
use core::net::SocketAddr;

use bytes::Bytes;
use thiserror::Error;

use super::lexis;
use super::method::Method;
use super::name::HeaderName;
use super::name_addr::NameAddrView;
use super::via;
use super::{MAX_MESSAGE_SIZE, Message};

/// Why a message was not built. The fault of our caller, or of whoever gave it the value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BuildError {
    /// A value holds a line end or a NUL, and could have added a header.
    #[error("the value of {0} holds a line end")]
    LineEnd(Box<str>),
    /// The Request-URI is empty or holds white space.
    #[error("the Request-URI is empty or holds white space")]
    RequestUri,
    /// A name is no token, or is Content-Length, which the builder writes itself.
    #[error("{0:?} cannot be used as a header name")]
    Name(Box<str>),
    /// A status outside of 100–699.
    #[error("{0} is no status code")]
    Status(u16),
    /// A tag or source was given for a request.
    #[error("only a response has a tag or a source to note")]
    NotAResponse,
    /// Longer than [`MAX_MESSAGE_SIZE`].
    #[error("the message is too large")]
    TooLarge,
}

/// Writes one message. The first mistake is kept and told by [`Builder::build`]. Headers come out in the order they
/// were added, Content-Length last.
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    start: Vec<u8>,
    answer: Option<Answer>,
    headers: Vec<u8>,
    body: Bytes,
    mistake: Option<BuildError>,
}

/// What a response takes from its request and may change yet.
#[derive(Clone, Debug)]
struct Answer {
    vias: Vec<Vec<u8>>,
    to: Option<Vec<u8>>,
}

impl Builder {
    /// A request. All headers are the caller's, but for Content-Length.
    pub fn request(method: &Method, uri: impl fmt::Display) -> Self {
        let uri = uri.to_string();
        let bad = uri.is_empty() || uri.bytes().any(|byte| byte <= b' ' || byte == 0x7f);
        Self {
            start: format!("{method} {uri} SIP/2.0\r\n").into_bytes(),
            answer: None,
            headers: Vec::new(),
            body: Bytes::new(),
            mistake: bad.then_some(BuildError::RequestUri),
        }
    }

    /// A response: it has the Vias, From, To, Call-ID and CSeq of the request as they came (RFC 3261 §8.2.6.2),
    /// Timestamp in a 100 (§8.2.6.1) and Record-Route if it makes a dialog (§12.1.1). Works on a partial message
    /// with what is there.
    pub fn response(request: &Message, status: u16, reason: &str) -> Self {
        let mut builder = Self {
            start: format!("SIP/2.0 {status} {reason}\r\n").into_bytes(),
            answer: Some(Answer {
                vias: request.values(HeaderName::Via).map(lexis::unfolded).collect(),
                to: request.lines(HeaderName::To).next().map(lexis::unfolded),
            }),
            headers: Vec::new(),
            body: Bytes::new(),
            mistake: (!(100..=699).contains(&status)).then_some(BuildError::Status(status)),
        };
        builder.forbid_line_end("the status line", reason.as_bytes());
        for name in [HeaderName::From, HeaderName::CallId, HeaderName::CSeq] {
            builder = builder.copy(request, name);
        }
        if status == 100 {
            builder = builder.copy(request, HeaderName::Timestamp);
        }
        if (101..300).contains(&status) && request.method().is_some_and(|method| method.creates_dialog()) {
            builder = builder.copy(request, HeaderName::RecordRoute);
        }
        builder
    }

    /// Adds our tag to To, unless the request has one there already (RFC 3261 §8.2.6.2).
    pub fn to_tag(mut self, tag: &str) -> Self {
        self.forbid_line_end("To", tag.as_bytes());
        match &mut self.answer {
            Some(Answer { to: Some(to), .. }) => {
                let has_tag = NameAddrView::split(to).is_ok_and(|view| view.param(b"tag").is_some());
                if !has_tag {
                    to.extend_from_slice(b";tag=");
                    to.extend_from_slice(tag.as_bytes());
                }
            }
            Some(Answer { to: None, .. }) => {}
            None => self.note(BuildError::NotAResponse),
        }
        self
    }

    /// Notes in the top Via where the request came from (RFC 3261 §18.2.1, RFC 3581 §4).
    pub fn top_via_received(mut self, source: SocketAddr) -> Self {
        match &mut self.answer {
            Some(Answer { vias, .. }) => {
                if let Some(top) = vias.first_mut() {
                    *top = via::with_source(top, source);
                }
            }
            None => self.note(BuildError::NotAResponse),
        }
        self
    }

    /// Adds a header.
    pub fn header(self, name: HeaderName, value: impl fmt::Display) -> Self {
        self.raw(name.as_str(), value)
    }

    /// Adds a header of any name.
    pub fn raw(mut self, name: &str, value: impl fmt::Display) -> Self {
        let is_length = HeaderName::parse(name.as_bytes()) == Some(HeaderName::ContentLength);
        if is_length || !lexis::is_token(name.as_bytes()) {
            self.note(BuildError::Name(name.into()));
            return self;
        }
        let value = value.to_string();
        self.line(name, value.as_bytes());
        self
    }

    /// Adds all headers of that name that `message` has, as they came but unfolded.
    pub fn copy(mut self, message: &Message, name: HeaderName) -> Self {
        for value in message.lines(name) {
            self.line(name.as_str(), &lexis::unfolded(value));
        }
        self
    }

    /// Sets the body and its Content-Type.
    pub fn body(mut self, content_type: &str, body: impl AsRef<[u8]>) -> Self {
        self.body = Bytes::copy_from_slice(body.as_ref());
        self.header(HeaderName::ContentType, content_type)
    }

    /// The message.
    ///
    /// # Errors
    /// The first mistake that was made.
    pub fn build(self) -> Result<Bytes, BuildError> {
        if let Some(mistake) = self.mistake {
            return Err(mistake);
        }
        let mut out = self.start;
        if let Some(answer) = &self.answer {
            answer.vias.iter().for_each(|via| push_line(&mut out, "Via", via));
            answer.to.iter().for_each(|to| push_line(&mut out, "To", to));
        }
        out.extend_from_slice(&self.headers);
        push_line(&mut out, "Content-Length", self.body.len().to_string().as_bytes());
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(&self.body);
        if out.len() > MAX_MESSAGE_SIZE {
            return Err(BuildError::TooLarge);
        }
        Ok(Bytes::from(out))
    }

    fn line(&mut self, name: &str, value: &[u8]) {
        self.forbid_line_end(name, value);
        push_line(&mut self.headers, name, value);
    }

    fn forbid_line_end(&mut self, name: &str, value: &[u8]) {
        if memchr::memchr3(b'\r', b'\n', 0, value).is_some() {
            self.note(BuildError::LineEnd(name.into()));
        }
    }

    fn note(&mut self, mistake: BuildError) {
        self.mistake.get_or_insert(mistake);
    }
}

fn push_line(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}
