//! A request of ours, whole: what its bytes, its ACK, its CANCEL and its repetition with credentials are made of.

use std::borrow::Cow;

use bytes::Bytes;
use hotline_base::Rng;
use serde::{Deserialize, Serialize};

use crate::flow::SentBy;
use crate::login::Answer;
use crate::message::{BuildError, Builder, MAGIC_COOKIE, NameAddr};
use crate::uri::Uri;
use crate::{HeaderName, Message, Method};

/// RFC 3261 §8.1.1.6. Hops a request of ours may take.
pub(crate) const MAX_FORWARDS: u8 = 70;
/// Hexadecimal digits of a branch after the cookie: 96 bits.
const BRANCH_LENGTH: usize = 24;
/// Hexadecimal digits of a tag: 64 bits (RFC 3261 §19.3 asks for 32).
pub(crate) const TAG_LENGTH: usize = 16;
/// Hexadecimal digits of a Call-ID: 128 bits.
pub(crate) const CALL_ID_LENGTH: usize = 32;
/// The content type of session descriptions.
pub(crate) const SDP: &str = "application/sdp";

/// One request of ours.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    /// What the Via says.
    pub(crate) sent_by: SentBy,
    pub(crate) branch: String,
    pub(crate) from: NameAddr,
    pub(crate) to: NameAddr,
    pub(crate) call_id: String,
    pub(crate) cseq: u32,
    pub(crate) routes: Vec<NameAddr>,
    /// Whatever is not named above.
    pub(crate) headers: Vec<(HeaderName, String)>,
    /// What the peer wants otherwise, see [`crate::Invite::overrides`].
    pub(crate) overrides: Vec<(String, String)>,
    /// What it answers to challenges. The ACK to a 2xx repeats them (RFC 3261 §22.1).
    pub(crate) answers: Vec<Answer>,
    pub(crate) body: Option<Body>,
    /// Whether it goes by UDP however long it is: its peer is a phone that is reached only where it registered, and a
    /// connection to a port of a NAT leads nowhere.
    pub(crate) stays: bool,
}

/// What a request carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Body {
    content_type: Cow<'static, str>,
    bytes: Bytes,
}

impl Body {
    pub(crate) const fn new(content_type: &'static str, bytes: Bytes) -> Self {
        Self { content_type: Cow::Borrowed(content_type), bytes }
    }

    /// A session description.
    pub(crate) const fn sdp(bytes: Bytes) -> Self {
        Self::new(SDP, bytes)
    }
}

/// A new branch (RFC 3261 §8.1.1.7).
pub(crate) fn branch(rng: &mut Rng) -> String {
    format!("{MAGIC_COOKIE}{}", rng.hex(BRANCH_LENGTH))
}

impl Outgoing {
    /// The message.
    pub(crate) fn to_bytes(&self) -> Result<Bytes, BuildError> {
        let SentBy { transport, address } = self.sent_by;
        let via = format_args!("SIP/2.0/{transport} {address};branch={};rport", self.branch);
        let mut builder = Builder::request(&self.method, &self.uri)
            .header(HeaderName::Via, via)
            .header(HeaderName::MaxForwards, MAX_FORWARDS);
        for route in &self.routes {
            builder = builder.header(HeaderName::Route, route);
        }
        builder = builder
            .header(HeaderName::From, &self.from)
            .header(HeaderName::To, &self.to)
            .header(HeaderName::CallId, &self.call_id)
            .header(HeaderName::CSeq, format_args!("{} {}", self.cseq, self.method));
        let is_overridden = |name: HeaderName| {
            self.overrides.iter().any(|(other, _)| HeaderName::parse(other.as_bytes()) == Some(name))
        };
        for (name, value) in self.headers.iter().filter(|(name, _)| !is_overridden(*name)) {
            builder = builder.header(*name, value);
        }
        for (name, value) in self.overrides.iter().filter(|(_, value)| !value.is_empty()) {
            builder = builder.raw(name, value);
        }
        for answer in &self.answers {
            builder = builder.header(answer.name, &answer.value);
        }
        if let Some(Body { content_type, bytes }) = &self.body {
            builder = builder.body(content_type, bytes);
        }
        builder.build()
    }

    /// The ACK to a failure: the INVITE's own transaction, the To of the response (RFC 3261 §17.1.1.3). A To that
    /// cannot be repeated, as it holds a NUL, gives way to ours with its tag.
    pub(crate) fn ack(&self, failure: &Message) -> Bytes {
        let ours = match failure.to_tag() {
            Some(tag) => self.to.clone().with_tag(&tag),
            None => self.to.clone(),
        };
        [failure.to().ok(), Some(ours)]
            .into_iter()
            .flatten()
            .find_map(|to| self.acknowledgement(to).to_bytes().ok())
            .or_else(|| self.acknowledgement(self.to.clone()).to_bytes().ok())
            .expect("what is left of an INVITE that was written can be written")
    }

    fn acknowledgement(&self, to: NameAddr) -> Self {
        Self { method: Method::Ack, to, ..self.bare() }
    }

    /// Only what every request has.
    fn bare(&self) -> Self {
        let (headers, overrides, answers) = (Vec::new(), Vec::new(), Vec::new());
        Self { headers, overrides, answers, body: None, ..self.clone() }
    }

    /// The CANCEL of this INVITE (RFC 3261 §9.1).
    pub(crate) fn cancel(&self, headers: Vec<(HeaderName, String)>) -> Self {
        Self { method: Method::Cancel, headers, ..self.bare() }
    }

    /// The same request again as a new transaction.
    pub(crate) fn again(&self, rng: &mut Rng) -> Self {
        Self { branch: branch(rng), cseq: self.cseq + 1, ..self.clone() }
    }
}
