//! URIs (RFC 3261 §19.1, RFC 3966): read, compared and printed with the escapes they came with.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;
use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::flow::{SentBy, Transport};
use crate::message::Params;
use crate::message::lexis;

mod compare;
mod escape;
pub(crate) use escape::undone;
mod view;

use view::{SipView, uri_params};
pub(crate) use view::{UriView, check_host, split_host_port};

/// What is wrong with a URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UriError {
    /// No scheme in front.
    #[error("the scheme is missing")]
    Scheme,
    /// The host is missing or not a name or address.
    #[error("the host is wrong")]
    Host,
    /// The port is not in 0–65535.
    #[error("the port is wrong")]
    Port,
    /// White space, a control, a quote or a bracket, or a second `@`.
    #[error("a character is not allowed")]
    Character,
    /// A parameter without a name.
    #[error("a parameter is wrong")]
    Param,
    /// Header fields where only a plain URI may be (RFC 3261 §19.1.1, table 1).
    #[error("header fields are not allowed here")]
    Headers,
}

/// Any URI. `Debug` hides whom it names; `Display` is the wire form.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Uri {
    /// `sip:` and `sips:`.
    Sip(SipUri),
    /// `tel:` (RFC 3966).
    Tel(TelUri),
    /// Any other scheme, whole and as it came.
    Other(Box<str>),
}

impl Uri {
    /// Reads `text`, which must be nothing but the URI.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        Self::parse_bytes(text.as_bytes())
    }

    /// The SIP or SIPS URI in it.
    #[must_use]
    pub const fn sip(&self) -> Option<&SipUri> {
        match self {
            Self::Sip(uri) => Some(uri),
            Self::Tel(_) | Self::Other(_) => None,
        }
    }

    /// What of it a Request-URI may hold: all but `?…` and `method` (RFC 3261 §19.1.1, table 1).
    #[must_use]
    pub(crate) fn into_request_uri(self) -> Self {
        match self {
            Self::Sip(mut uri) => {
                uri.headers = None;
                uri.params.remove("method");
                Self::Sip(uri)
            }
            uri @ (Self::Tel(_) | Self::Other(_)) => uri,
        }
    }

    /// The user part of a SIP URI or the number of a `tel:` URI, escapes undone: whom it names.
    #[must_use]
    pub fn user(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Sip(uri) => uri.user_text(),
            Self::Tel(uri) => Some(Cow::Borrowed(&uri.number)),
            Self::Other(_) => None,
        }
    }

    /// Whether both mean the same resource (RFC 3261 §19.1.4, RFC 3966 §4).
    #[must_use]
    pub fn equivalent(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sip(a), Self::Sip(b)) => a.equivalent(b),
            (Self::Tel(a), Self::Tel(b)) => a.equivalent(b),
            (Self::Other(a), Self::Other(b)) => a == b,
            (Self::Sip(_) | Self::Tel(_) | Self::Other(_), _) => false,
        }
    }

    pub(crate) fn parse_bytes(bytes: &[u8]) -> Result<Self, UriError> {
        Ok(match UriView::split(bytes)? {
            UriView::Sip(view) => Self::Sip(SipUri::from_view(&view)?),
            UriView::Tel { number, params } => {
                Self::Tel(TelUri { number: lexis::text(number).into(), params: uri_params(params)? })
            }
            UriView::Other => Self::Other(lexis::text(bytes).into()),
        })
    }
}

impl FromStr for Uri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        Self::parse(text)
    }
}

impl From<SipUri> for Uri {
    fn from(uri: SipUri) -> Self {
        Self::Sip(uri)
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sip(uri) => uri.fmt(f),
            Self::Tel(uri) => uri.fmt(f),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sip(uri) => fmt::Debug::fmt(uri, f),
            Self::Tel(uri) => fmt::Debug::fmt(uri, f),
            Self::Other(text) => write!(f, "{}:***", text.split(':').next().unwrap_or_default()),
        }
    }
}

/// `sip` or `sips`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SipScheme {
    /// `sip:`
    Sip,
    /// `sips:`
    Sips,
}

impl SipScheme {
    /// As on the wire, without the colon.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sip => "sip",
            Self::Sips => "sips",
        }
    }
}

/// A name or an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Host {
    /// A domain name, in the case it came in.
    Name(Box<str>),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address, without its brackets.
    V6(Ipv6Addr),
}

impl Host {
    /// Reads a host; an IPv6 address must be in brackets.
    ///
    /// # Errors
    /// [`UriError::Host`].
    pub fn parse(text: &str) -> Result<Self, UriError> {
        Self::parse_bytes(text.as_bytes())
    }

    /// The address, if it is one.
    #[must_use]
    pub const fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Name(_) => None,
            Self::V4(ip) => Some(IpAddr::V4(*ip)),
            Self::V6(ip) => Some(IpAddr::V6(*ip)),
        }
    }

    pub(crate) fn parse_bytes(bytes: &[u8]) -> Result<Self, UriError> {
        check_host(bytes)?;
        let text = core::str::from_utf8(bytes).map_err(|_| UriError::Host)?;
        if let Some(inner) = text.strip_prefix('[') {
            let inner = inner.strip_suffix(']').ok_or(UriError::Host)?;
            return view::ipv6(inner).map(Self::V6).ok_or(UriError::Host);
        }
        Ok(text.parse().map_or_else(|_| Self::Name(text.into()), Self::V4))
    }

    /// Whether both are the same host: names compare without case.
    #[must_use]
    pub fn equivalent(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(a), Self::Name(b)) => a.eq_ignore_ascii_case(b),
            (Self::V4(a), Self::V4(b)) => a == b,
            (Self::V6(a), Self::V6(b)) => a == b,
            (Self::Name(_) | Self::V4(_) | Self::V6(_), _) => false,
        }
    }
}

impl From<IpAddr> for Host {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => Self::V4(ip),
            IpAddr::V6(ip) => Self::V6(ip),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(ip) => ip.fmt(f),
            Self::V6(ip) => write!(f, "[{ip}]"),
        }
    }
}

/// A SIP or SIPS URI. All texts are in wire form, escapes included, so that printing gives back what came.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SipUri {
    /// `sip` or `sips`.
    pub scheme: SipScheme,
    /// The user, escaped; [`SipUri::user_text`] reads it.
    pub user: Option<Box<str>>,
    /// The password, escaped. Its use is discouraged (RFC 3261 §19.1.1).
    pub password: Option<Box<str>>,
    /// Where to.
    pub host: Host,
    /// The port, if it was given.
    pub port: Option<u16>,
    /// `;transport=…`, `;lr` and the like, escaped.
    pub params: Params,
    /// What follows the `?`, escaped.
    pub headers: Option<Box<str>>,
}

impl SipUri {
    /// `sip:user@host:port`; the user is given plain and escaped here.
    #[must_use]
    pub fn new(user: Option<&str>, host: impl Into<Host>, port: Option<u16>) -> Self {
        Self {
            scheme: SipScheme::Sip,
            user: user.map(|user| escape::user(user).into()),
            password: None,
            host: host.into(),
            port,
            params: Params::new(),
            headers: None,
        }
    }

    /// Ours: `sip:user@host:port;transport=tcp`; UDP needs no parameter.
    #[must_use]
    pub fn at(user: Option<&str>, ours: SentBy) -> Self {
        let mut uri = Self::new(user, ours.address.ip(), Some(ours.address.port()));
        if ours.transport != Transport::Udp {
            uri.params.set("transport", Some(ours.transport.param()));
        }
        uri
    }

    /// Reads `text`, which must be nothing but a `sip:` or `sips:` URI.
    ///
    /// # Errors
    /// What is wrong with it; [`UriError::Scheme`] for another scheme.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        match Uri::parse(text)? {
            Uri::Sip(uri) => Ok(uri),
            Uri::Tel(_) | Uri::Other(_) => Err(UriError::Scheme),
        }
    }

    /// The user with its escapes undone; bytes that are no UTF-8 then are read as Latin-1.
    #[must_use]
    pub fn user_text(&self) -> Option<Cow<'_, str>> {
        self.user.as_deref().map(escape::undone)
    }

    fn from_view(view: &SipView<'_>) -> Result<Self, UriError> {
        let owned = |bytes: Option<&[u8]>| bytes.map(|bytes| Box::from(lexis::text(bytes)));
        Ok(Self {
            scheme: view.scheme,
            user: owned(view.user),
            password: owned(view.password),
            host: Host::parse_bytes(view.host)?,
            port: view.port,
            params: uri_params(view.params)?,
            headers: owned(view.headers),
        })
    }
}

impl fmt::Display for SipUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.scheme.as_str())?;
        if let Some(user) = &self.user {
            f.write_str(user)?;
            if let Some(password) = &self.password {
                write!(f, ":{password}")?;
            }
            f.write_str("@")?;
        }
        write!(f, "{}", self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "{}", self.params)?;
        if let Some(headers) = &self.headers {
            write!(f, "?{headers}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for SipUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = if self.user.is_some() { "***@" } else { "" };
        write!(f, "{}:{user}{}", self.scheme.as_str(), self.host)
    }
}

/// A `tel:` URI (RFC 3966).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TelUri {
    /// The number as it came, visual separators included.
    pub number: Box<str>,
    /// `;phone-context=…` and the like.
    pub params: Params,
}

impl fmt::Display for TelUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tel:{}{}", self.number, self.params)
    }
}

impl fmt::Debug for TelUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tel:***")
    }
}

#[cfg(test)]
mod tests;
