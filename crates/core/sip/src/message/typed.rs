//! Headers as values, read from a message when they are asked for.

use core::fmt;
use core::time::Duration;
use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Message;
use super::error::HeaderError;
use super::lexis;
use super::method::Method;
use super::name::HeaderName;
use super::name_addr::{NameAddr, NameAddrView};
use super::via::{Via, ViaView};
use crate::uri::{Uri, UriError};

/// The longest Retry-After that is believed: a day.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(86_400);

/// CSeq: the place of a request in its dialog (RFC 3261 §20.16).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CSeq {
    /// Below 2^31 (RFC 3261 §8.1.1.5).
    pub number: u32,
    /// That of the request.
    pub method: Method,
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}

/// The Contacts of a message (RFC 3261 §20.10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contacts {
    /// `*`: all of them, to be removed (RFC 3261 §10.2.2).
    Star,
    /// Those given, perhaps none.
    List(Vec<NameAddr>),
}

impl Contacts {
    /// The first one, where a dialog takes its remote target from.
    #[must_use]
    pub fn first(&self) -> Option<&NameAddr> {
        match self {
            Self::Star => None,
            Self::List(list) => list.first(),
        }
    }
}

impl Message {
    /// The Via of the last element that sent it.
    ///
    /// # Errors
    /// Only in a partial message.
    pub fn top_via(&self) -> Result<Via, HeaderError> {
        Via::parse_bytes(self.values(HeaderName::Via).next().ok_or(HeaderError::Missing)?)
    }

    /// [`Self::top_via`] without the cost of a value of its own.
    pub(crate) fn top_via_view(&self) -> Result<ViaView<'_>, HeaderError> {
        ViaView::split(self.values(HeaderName::Via).next().ok_or(HeaderError::Missing)?)
    }

    /// All Vias, the last sender's first.
    ///
    /// # Errors
    /// Only in a partial message.
    pub fn vias(&self) -> Result<Vec<Via>, HeaderError> {
        self.values(HeaderName::Via).map(Via::parse_bytes).collect()
    }

    /// Who sends the request.
    ///
    /// # Errors
    /// Only in a partial message.
    pub fn from(&self) -> Result<NameAddr, HeaderError> {
        self.name_addr(HeaderName::From).and_then(|from| from.ok_or(HeaderError::Missing))
    }

    /// Whom the request was first meant for.
    ///
    /// # Errors
    /// Only in a partial message.
    pub fn to(&self) -> Result<NameAddr, HeaderError> {
        self.name_addr(HeaderName::To).and_then(|to| to.ok_or(HeaderError::Missing))
    }

    /// The tag of From, without reading the rest of it.
    #[must_use]
    pub fn from_tag(&self) -> Option<Cow<'_, str>> {
        self.tag(HeaderName::From)
    }

    /// The tag of To, without reading the rest of it; `None` outside of a dialog.
    #[must_use]
    pub fn to_tag(&self) -> Option<Cow<'_, str>> {
        self.tag(HeaderName::To)
    }

    /// Call-ID; empty only in a partial message.
    #[must_use]
    pub fn call_id(&self) -> Cow<'_, str> {
        self.header(HeaderName::CallId).unwrap_or_default()
    }

    /// CSeq.
    ///
    /// # Errors
    /// Only in a partial message.
    pub fn cseq(&self) -> Result<CSeq, HeaderError> {
        let (number, method) = cseq_parts(self.lines(HeaderName::CSeq).next().ok_or(HeaderError::Missing)?)?;
        let method = Method::parse(&lexis::text(method)).ok_or(HeaderError::Syntax)?;
        Ok(CSeq { number, method })
    }

    /// Max-Forwards (RFC 3261 §20.22).
    ///
    /// # Errors
    /// Only in a partial message.
    pub fn max_forwards(&self) -> Result<Option<u8>, HeaderError> {
        let Some(value) = self.lines(HeaderName::MaxForwards).next() else { return Ok(None) };
        let hops = lexis::number(value).and_then(|hops| u8::try_from(hops).ok());
        hops.map(Some).ok_or(HeaderError::Number)
    }

    /// Expires in seconds (RFC 3261 §20.19).
    ///
    /// # Errors
    /// If it is no number.
    pub fn expires(&self) -> Result<Option<u32>, HeaderError> {
        let Some(value) = self.lines(HeaderName::Expires).next() else { return Ok(None) };
        seconds(value).map(Some).ok_or(HeaderError::Number)
    }

    /// Retry-After without its comment and parameters (RFC 3261 §20.33), at most [`MAX_RETRY_AFTER`]. `None` if there
    /// is none or it is no number.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let value = self.lines(HeaderName::RetryAfter).next()?;
        let end = value.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(value.len());
        let told = Duration::from_secs(seconds(&value[..end])?.into());
        Some(told.min(MAX_RETRY_AFTER))
    }

    /// The Contacts, over all lines.
    ///
    /// # Errors
    /// If one of them is wrong, or `*` is not alone (RFC 3261 §20.10).
    pub fn contacts(&self) -> Result<Contacts, HeaderError> {
        if self.values(HeaderName::Contact).any(|value| value == b"*") {
            let alone = self.values(HeaderName::Contact).count() == 1;
            return if alone { Ok(Contacts::Star) } else { Err(HeaderError::Syntax) };
        }
        self.name_addrs(HeaderName::Contact).map(Contacts::List)
    }

    /// The route set of a request that creates a dialog, in the order of the wire.
    ///
    /// # Errors
    /// If one of them is wrong.
    pub fn record_routes(&self) -> Result<Vec<NameAddr>, HeaderError> {
        self.name_addrs(HeaderName::RecordRoute)
    }

    /// Where the request is to go yet.
    ///
    /// # Errors
    /// If one of them is wrong.
    pub fn routes(&self) -> Result<Vec<NameAddr>, HeaderError> {
        self.name_addrs(HeaderName::Route)
    }

    /// The option tags that the sender insists on.
    pub fn require(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.headers(HeaderName::Require)
    }

    /// The Request-URI as a value.
    ///
    /// # Errors
    /// In a response or a partial message.
    pub fn uri(&self) -> Result<Uri, UriError> {
        Uri::parse(self.request_uri().unwrap_or_default())
    }

    /// All values of a header that holds addresses, such as P-Asserted-Identity.
    ///
    /// # Errors
    /// If one of them is wrong.
    pub fn name_addrs(&self, name: HeaderName) -> Result<Vec<NameAddr>, HeaderError> {
        self.values(name).map(NameAddr::parse_bytes).collect()
    }

    /// The first value of a header that holds addresses, such as Refer-To.
    ///
    /// # Errors
    /// If it is wrong.
    pub fn name_addr(&self, name: HeaderName) -> Result<Option<NameAddr>, HeaderError> {
        self.values(name).next().map(NameAddr::parse_bytes).transpose()
    }

    fn tag(&self, name: HeaderName) -> Option<Cow<'_, str>> {
        let value = self.lines(name).next()?;
        let tag = NameAddrView::split(value).ok()?.param(b"tag")?;
        (!tag.is_empty()).then(|| lexis::text(tag))
    }
}

/// `1*DIGIT LWS Method`: the number, below 2^31 (RFC 3261 §8.1.1.5), and the method.
pub(super) fn cseq_parts(value: &[u8]) -> Result<(u32, &[u8]), HeaderError> {
    const LIMIT: u64 = 1 << 31;
    let digits = value.iter().position(|b| !b.is_ascii_digit()).ok_or(HeaderError::Syntax)?;
    let (number, rest) = value.split_at(digits);
    let number = lexis::number(number).filter(|&number| number < LIMIT);
    let number = number.and_then(|number| u32::try_from(number).ok()).ok_or(HeaderError::Number)?;
    let method = lexis::trim(rest);
    if !lexis::is_space(rest[0]) || !lexis::is_token(method) {
        return Err(HeaderError::Syntax);
    }
    Ok((number, method))
}

/// `delta-seconds`; what is larger than 2^32 - 1 counts as that (RFC 3261 §20.19 gives the range).
pub(super) fn seconds(value: &[u8]) -> Option<u32> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(lexis::number(value).and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(u32::MAX))
}
