//! Via: the way a response goes back (RFC 3261 §20.42, RFC 3581).

use core::fmt::{self, Write};
use core::net::{IpAddr, SocketAddr};
use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::builder::Text;
use super::error::HeaderError;
use super::lexis;
use super::params::Params;
use crate::flow::Transport;
use crate::uri::{self, Host};

/// What every branch made by RFC 3261 begins with (RFC 3261 §8.1.1.7).
pub const MAGIC_COOKIE: &str = "z9hG4bK";

/// The transport named in a Via. Names compare without case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ViaTransport {
    /// One of ours.
    Known(Transport),
    /// Any other token.
    Other(Box<str>),
}

impl ViaTransport {
    /// The transport of that name; `None` if it is not a token.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let known = Transport::parse(name).map(Self::Known);
        known.or_else(|| lexis::is_token(name.as_bytes()).then(|| Self::Other(name.into())))
    }

    /// As in a Via.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(transport) => transport.as_str(),
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for ViaTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One Via value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Via {
    /// Over what the sender sent.
    pub transport: ViaTransport,
    /// Where the sender says it is.
    pub host: Host,
    /// At which port, if it says so.
    pub port: Option<u16>,
    /// `branch`, `rport`, `received` and others.
    pub params: Params,
}

impl Via {
    /// Reads one value.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, HeaderError> {
        Self::parse_bytes(text.as_bytes())
    }

    /// The branch; a transaction is known by it if it begins with [`MAGIC_COOKIE`].
    #[must_use]
    pub fn branch(&self) -> Option<&str> {
        self.params.get("branch").filter(|branch| !branch.is_empty())
    }

    /// Whether the sender asked for answers to the port it sent from (RFC 3581 §3).
    #[must_use]
    pub fn wants_rport(&self) -> bool {
        self.params.has("rport")
    }

    /// The source port that the next element saw (RFC 3581 §4).
    #[must_use]
    pub fn rport(&self) -> Option<u16> {
        self.params.get("rport")?.parse().ok()
    }

    /// The source address that the next element saw (RFC 3261 §18.2.1); brackets around IPv6 are forgiven.
    #[must_use]
    pub fn received(&self) -> Option<IpAddr> {
        self.params.get("received")?.trim_matches(['[', ']']).parse().ok()
    }

    pub(crate) fn parse_bytes(bytes: &[u8]) -> Result<Self, HeaderError> {
        let view = ViaView::split(bytes)?;
        Ok(Self {
            transport: ViaTransport::parse(&lexis::text(view.transport)).ok_or(HeaderError::Syntax)?,
            host: Host::parse_bytes(view.host)?,
            port: view.port,
            params: Params::parse(view.params)?,
        })
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP/2.0/{} {}", self.transport, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "{}", self.params)
    }
}

/// Bytes of a usual source, with the names of both parameters.
const SOURCE_BYTES: usize = 40;

/// A Via that says where the request came from: `received` when that is another address than it says or RFC 3581
/// asks for it, and the port in `rport` (RFC 3261 §18.2.1, RFC 3581 §4). All else stays as it came; a value that
/// cannot be read stays so as a whole.
pub(crate) fn with_source(value: &[u8], source: SocketAddr) -> Vec<u8> {
    let Ok(view) = ViaView::split(value) else { return value.to_vec() };
    let is_rport = |name: &[u8]| name.eq_ignore_ascii_case(b"rport");
    let wants_rport = lexis::params(view.params).flatten().any(|(name, _)| is_rport(name));
    let mut out = Vec::with_capacity(value.len() + SOURCE_BYTES);
    out.extend_from_slice(&value[..value.len() - view.params.len()]);
    for (name, param) in lexis::params(view.params).flatten() {
        if name.eq_ignore_ascii_case(b"received") {
            continue;
        }
        out.push(b';');
        out.extend_from_slice(name);
        if is_rport(name) {
            write!(Text(&mut out), "={}", source.port()).expect("memory takes what is written");
        } else if let Some(value) = param {
            out.push(b'=');
            out.extend_from_slice(value);
        }
    }
    let says = Host::parse_bytes(view.host).ok().and_then(|host| host.ip());
    if wants_rport || says != Some(source.ip()) {
        write!(Text(&mut out), ";received={}", source.ip()).expect("memory takes what is written");
    }
    out
}

/// The parts of a value as ranges of its bytes; costs no allocation.
#[derive(Clone, Debug)]
pub(crate) struct ViaView<'a> {
    transport: &'a [u8],
    host: &'a [u8],
    port: Option<u16>,
    params: &'a [u8],
}

impl<'a> ViaView<'a> {
    /// Finds the parts; white space may be nearly anywhere (RFC 4475 §3.1.1.1).
    pub(crate) fn split(bytes: &'a [u8]) -> Result<Self, HeaderError> {
        let (name, rest) = lexis::token(lexis::trim_start(bytes));
        let rest = lexis::after(rest, b'/').ok_or(HeaderError::Syntax)?;
        let (version, rest) = lexis::token(rest);
        let rest = lexis::after(rest, b'/').ok_or(HeaderError::Syntax)?;
        let (transport, rest) = lexis::token(rest);
        let space_follows = rest.first().is_some_and(|&byte| lexis::is_space(byte));
        if !name.eq_ignore_ascii_case(b"SIP") || version != b"2.0" || transport.is_empty() || !space_follows {
            return Err(HeaderError::Syntax);
        }
        let end = memchr::memchr(b';', rest).unwrap_or(rest.len());
        let (host, port) = uri::split_host_port(lexis::trim(&rest[..end]))?;
        uri::check_host(host)?;
        Ok(Self { transport, host, port, params: &rest[end..] })
    }

    /// [`Via::host`] of it.
    pub(crate) fn host(&self) -> Result<Host, HeaderError> {
        Ok(Host::parse_bytes(self.host)?)
    }

    /// [`Via::port`] of it.
    pub(crate) const fn port(&self) -> Option<u16> {
        self.port
    }

    /// [`Via::branch`] of it.
    pub(crate) fn branch(&self) -> Option<Cow<'a, str>> {
        self.param(b"branch").map(lexis::text).filter(|branch| !branch.is_empty())
    }

    /// [`Via::wants_rport`] of it.
    pub(crate) fn wants_rport(&self) -> bool {
        self.param(b"rport").is_some()
    }

    fn param(&self, name: &[u8]) -> Option<&'a [u8]> {
        lexis::params(self.params)
            .map_while(Result::ok)
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.unwrap_or_default())
    }

    /// Checks everything that [`Via::parse`] would refuse.
    pub(crate) fn check(&self) -> Result<(), HeaderError> {
        lexis::params(self.params).try_for_each(|item| item.map(|_| ()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_via_reads_and_prints_back() {
        for text in [
            "SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK776asdhds",
            "SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bK56sdasks;rport",
            "SIP/2.0/UDP [2001:db8::9:1]:5060;branch=z9hG4bKas3-111;received=2001:db8::9:255",
            "SIP/2.0/TLS-SCTP host_1.example.com:5061;branch=z9hG4bKx;rport=17",
        ] {
            assert_eq!(Via::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn space_nearly_anywhere_is_read() {
        let via = Via::parse("SIP  / 2.0\r\n /udp\r\n    192.0.2.2 : 5070 ; branch = 390skdjuw").unwrap();
        assert_eq!(via.to_string(), "SIP/2.0/UDP 192.0.2.2:5070;branch=390skdjuw");
    }

    #[test]
    fn wrong_values_are_refused() {
        for text in [
            "",
            "SIP/2.0/UDP",
            "SIP/2.0/UDP ",
            "SIP/3.0/UDP h",
            "HTTP/2.0/UDP h",
            "SIP/2.0/UDP 192.0.2.15;;,;,,",
            "SIP/2.0/UDP h:70000",
            "SIP/2.0/UDP [::1",
            "SIP/2.0/UDP 2001:db8::1",
        ] {
            assert!(Via::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_source_is_noted_as_asked() {
        let source: SocketAddr = "192.0.2.7:40000".parse().unwrap();
        let noted =
            |text: &str| Via::parse_bytes(&with_source(text.as_bytes(), source)).unwrap().params.to_string();
        assert_eq!(noted("SIP/2.0/UDP 192.0.2.7;branch=b"), ";branch=b");
        assert_eq!(noted("SIP/2.0/UDP 10.0.0.1;branch=b"), ";branch=b;received=192.0.2.7");
        assert_eq!(noted("SIP/2.0/UDP name;branch=b;received=6.6.6.6"), ";branch=b;received=192.0.2.7");
        assert_eq!(noted("SIP/2.0/UDP 192.0.2.7;rport;branch=b"), ";rport=40000;branch=b;received=192.0.2.7");
    }

    #[test]
    fn where_to_answer_is_read() {
        let via = Via::parse("SIP/2.0/UDP a;rport=17;received=[2001:db8::1]").unwrap();
        assert_eq!((via.rport(), via.received()), (Some(17), Some("2001:db8::1".parse().unwrap())));
        let via = Via::parse("SIP/2.0/UDP a;rport").unwrap();
        assert_eq!((via.rport(), via.received(), via.wants_rport()), (None, None, true));
    }
}
