//! URIs (RFC 3261 §19.1, RFC 3966): read, compared and printed with the escapes they came with.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;
use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::message::Params;
use crate::message::lexis;

mod compare;
mod escape;

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
            return inner.parse().map(Self::V6).map_err(|_| UriError::Host);
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

/// The parts of a URI as ranges of the bytes it came in; costs no allocation.
#[derive(Clone, Debug)]
pub(crate) enum UriView<'a> {
    Sip(SipView<'a>),
    Tel { number: &'a [u8], params: &'a [u8] },
    Other,
}

/// The parts of a SIP or SIPS URI.
#[derive(Clone, Debug)]
pub(crate) struct SipView<'a> {
    scheme: SipScheme,
    user: Option<&'a [u8]>,
    password: Option<&'a [u8]>,
    host: &'a [u8],
    port: Option<u16>,
    params: &'a [u8],
    pub(crate) headers: Option<&'a [u8]>,
}

impl<'a> UriView<'a> {
    /// Finds and checks the parts.
    pub(crate) fn split(bytes: &'a [u8]) -> Result<Self, UriError> {
        if bytes.iter().any(|&b| b <= b' ' || matches!(b, 0x7f | b'<' | b'>' | b'"')) {
            return Err(UriError::Character);
        }
        let colon = memchr::memchr(b':', bytes).ok_or(UriError::Scheme)?;
        let (scheme, rest) = (&bytes[..colon], &bytes[colon + 1..]);
        if scheme.eq_ignore_ascii_case(b"sip") {
            return SipView::split(SipScheme::Sip, rest).map(Self::Sip);
        }
        if scheme.eq_ignore_ascii_case(b"sips") {
            return SipView::split(SipScheme::Sips, rest).map(Self::Sip);
        }
        if scheme.eq_ignore_ascii_case(b"tel") {
            let (number, params) = split_at_byte(rest, b';');
            check_params(params)?;
            return if number.is_empty() { Err(UriError::Host) } else { Ok(Self::Tel { number, params }) };
        }
        let first_is_letter = scheme.first().is_some_and(u8::is_ascii_alphabetic);
        let is_scheme = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
        if first_is_letter && scheme.iter().all(is_scheme) && !rest.is_empty() {
            Ok(Self::Other)
        } else {
            Err(UriError::Scheme)
        }
    }
}

impl<'a> SipView<'a> {
    fn split(scheme: SipScheme, bytes: &'a [u8]) -> Result<Self, UriError> {
        // The user may hold `;`, `?` and `/` unescaped, so `@` is looked for first. A second one would make it
        // a matter of taste which host is meant.
        let (userinfo, rest) = match memchr::memchr(b'@', bytes) {
            Some(at) => (Some(&bytes[..at]), &bytes[at + 1..]),
            None => (None, bytes),
        };
        if memchr::memchr(b'@', rest).is_some() || userinfo.is_some_and(<[u8]>::is_empty) {
            return Err(UriError::Character);
        }
        let (user, password) = match userinfo.map(|info| split_at_byte(info, b':')) {
            Some((user, password)) => (Some(user), password.get(1..)),
            None => (None, None),
        };
        let (rest, headers) = split_at_byte(rest, b'?');
        let (hostport, params) = split_at_byte(rest, b';');
        check_params(params)?;
        let (host, port) = split_host_port(hostport)?;
        check_host(host)?;
        Ok(Self { scheme, user, password, host, port, params, headers: headers.get(1..) })
    }
}

/// Host and port of `host[:port]`; the host still has its brackets.
pub(crate) fn split_host_port(bytes: &[u8]) -> Result<(&[u8], Option<u16>), UriError> {
    let host_end = match bytes.first() {
        Some(b'[') => memchr::memchr(b']', bytes).ok_or(UriError::Host)? + 1,
        Some(_) | None => memchr::memchr(b':', bytes).unwrap_or(bytes.len()),
    };
    let (host, port) = bytes.split_at(host_end);
    let host = lexis::trim(host);
    let Some(port) = lexis::after(port, b':') else {
        return if lexis::trim(port).is_empty() { Ok((host, None)) } else { Err(UriError::Host) };
    };
    let port = lexis::number(port).and_then(|port| u16::try_from(port).ok()).ok_or(UriError::Port)?;
    Ok((host, Some(port)))
}

/// Names of letters, digits, `-`, `.` and, as many machines are called, `_`; or an IPv6 address in brackets.
pub(crate) fn check_host(bytes: &[u8]) -> Result<(), UriError> {
    let fine = match bytes {
        [] => false,
        [b'[', inner @ .., b']'] => {
            core::str::from_utf8(inner).is_ok_and(|ip| ip.parse::<Ipv6Addr>().is_ok())
        }
        name => name.iter().all(|&b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_')),
    };
    if fine { Ok(()) } else { Err(UriError::Host) }
}

/// Splits before the first `byte`; the second part keeps it.
fn split_at_byte(bytes: &[u8], byte: u8) -> (&[u8], &[u8]) {
    bytes.split_at(memchr::memchr(byte, bytes).unwrap_or(bytes.len()))
}

/// The `;`-separated parts after the first `;`. One empty part at the end is forgiven.
fn param_parts(params: &[u8]) -> impl Iterator<Item = &[u8]> {
    let params = params.strip_suffix(b";").unwrap_or(params);
    let inside = params.get(1..);
    inside.into_iter().flat_map(|inside| inside.split(|&byte| byte == b';'))
}

fn check_params(params: &[u8]) -> Result<(), UriError> {
    if param_parts(params).any(|part| part.is_empty() || part.first() == Some(&b'=')) {
        return Err(UriError::Param);
    }
    Ok(())
}

fn uri_params(bytes: &[u8]) -> Result<Params, UriError> {
    check_params(bytes)?;
    let mut params = Params::new();
    for part in param_parts(bytes) {
        let (name, value) = split_at_byte(part, b'=');
        params.push(&lexis::text(name), value.get(1..).map(lexis::text).as_deref());
    }
    Ok(params)
}

#[cfg(test)]
mod tests;
