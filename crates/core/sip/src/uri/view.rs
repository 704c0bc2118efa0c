//! Finds and checks the parts of a URI without allocating; what every received message goes through.

use core::net::Ipv6Addr;

use super::{SipScheme, UriError};
use crate::message::{Params, lexis};

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
    pub(super) scheme: SipScheme,
    pub(super) user: Option<&'a [u8]>,
    pub(super) password: Option<&'a [u8]>,
    pub(super) host: &'a [u8],
    pub(super) port: Option<u16>,
    pub(super) params: &'a [u8],
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
        [b'[', inner @ .., b']'] => core::str::from_utf8(inner).is_ok_and(|ip| ipv6(ip).is_some()),
        name => name.iter().all(|&b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_')),
    };
    if fine { Ok(()) } else { Err(UriError::Host) }
}

/// An IPv6 address. The grammar of RFC 3261 put a third colon before an IPv4 part, which is forgiven (RFC 5118 §4.10).
pub(super) fn ipv6(text: &str) -> Option<Ipv6Addr> {
    text.parse().ok().or_else(|| text.contains('.').then(|| text.replacen(":::", "::", 1).parse().ok())?)
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

pub(super) fn uri_params(bytes: &[u8]) -> Result<Params, UriError> {
    check_params(bytes)?;
    let mut params = Params::new();
    for part in param_parts(bytes) {
        let (name, value) = split_at_byte(part, b'=');
        params.push(&lexis::text(name), value.get(1..).map(lexis::text).as_deref());
    }
    Ok(params)
}
