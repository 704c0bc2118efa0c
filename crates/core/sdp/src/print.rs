//! [`Session`] to text, as it goes into a SIP body.

use core::fmt::{self, Write};
use std::net::IpAddr;

use crate::crypto::CryptoText;
use crate::direction::Direction;
use crate::rtcp::RtcpPort;
use crate::session::{Connection, Media, MediaKind, Protocol, Session};

/// Bytes of a usual description.
const USUAL_BYTES: usize = 512;

impl Session {
    /// The description with CRLF line ends. [`crate::parse()`] reads it back to an equal value.
    #[must_use]
    pub fn print(&self) -> String {
        let mut text = String::with_capacity(USUAL_BYTES);
        write!(text, "{}", Wire(self)).expect("memory takes what is written");
        text
    }
}

impl Protocol {
    /// The word in an `m=` line.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::RtpAvp => "RTP/AVP",
            Self::RtpAvpf => "RTP/AVPF",
            Self::RtpSavp => "RTP/SAVP",
            Self::RtpSavpf => "RTP/SAVPF",
            Self::TlsSavp => "UDP/TLS/RTP/SAVP",
            Self::TlsSavpf => "UDP/TLS/RTP/SAVPF",
            Self::Other(word) => word,
        }
    }
}

/// A description as the wire has it, with names and keys in clear: [`Session`] itself does not print them.
struct Wire<'a>(&'a Session);

impl fmt::Display for Wire<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Session { origin, connection, timing, direction, ice_lite, bundle, connecting, media } = self.0;
        write!(f, "v=0\r\no={}\r\ns=-\r\n", origin.expose())?;
        write_connection(f, connection.as_ref())?;
        write!(f, "t={timing}\r\n")?;
        write_direction(f, *direction)?;
        if *ice_lite {
            f.write_str("a=ice-lite\r\n")?;
        }
        if !bundle.is_empty() {
            write!(f, "a=group:BUNDLE {}\r\n", bundle.join(" "))?;
        }
        connecting.write(f)?;
        media.iter().try_for_each(|media| write_media(f, media))
    }
}

/// `IN IP4 192.0.2.1`, as in `o=` and `c=`.
pub(crate) fn network_address(address: IpAddr) -> String {
    let family = if address.is_ipv4() { "IP4" } else { "IP6" };
    format!("IN {family} {address}")
}

fn write_media(f: &mut fmt::Formatter<'_>, media: &Media) -> fmt::Result {
    let kind = match &media.kind {
        MediaKind::Audio => "audio",
        MediaKind::Other(word) => word,
    };
    write!(f, "m={kind} {} {} {}\r\n", media.port, media.protocol.name(), media.formats.join(" "))?;
    write_connection(f, media.connection.as_ref())?;
    if let Some(mid) = &media.mid {
        write!(f, "a=mid:{mid}\r\n")?;
    }
    media.connecting.write(f)?;
    for candidate in &media.candidates {
        write!(f, "a=candidate:{candidate}\r\n")?;
    }
    if media.end_of_candidates {
        f.write_str("a=end-of-candidates\r\n")?;
    }
    for line in &media.crypto {
        write!(f, "a=crypto:{}\r\n", CryptoText(line))?;
    }
    write_formats(f, media)?;
    if let Some(ptime) = media.ptime_ms {
        write!(f, "a=ptime:{ptime}\r\n")?;
    }
    if let Some(maxptime) = media.maxptime_ms {
        write!(f, "a=maxptime:{maxptime}\r\n")?;
    }
    match media.rtcp {
        Some(RtcpPort { port, address: Some(address) }) => {
            write!(f, "a=rtcp:{port} {}\r\n", network_address(address))?;
        }
        Some(RtcpPort { port, address: None }) => write!(f, "a=rtcp:{port}\r\n")?,
        None => {}
    }
    if media.rtcp_mux {
        f.write_str("a=rtcp-mux\r\n")?;
    }
    write_direction(f, media.direction)
}

fn write_formats(f: &mut fmt::Formatter<'_>, media: &Media) -> fmt::Result {
    for (payload_type, map) in &media.rtpmaps {
        write!(f, "a=rtpmap:{payload_type} {}/{}", map.name, map.clock_hz)?;
        if map.channels != 1 {
            write!(f, "/{}", map.channels)?;
        }
        f.write_str("\r\n")?;
        if let Some(parameters) = media.fmtps.get(payload_type) {
            write!(f, "a=fmtp:{payload_type} {parameters}\r\n")?;
        }
    }
    for (payload_type, parameters) in &media.fmtps {
        if !media.rtpmaps.contains_key(payload_type) {
            write!(f, "a=fmtp:{payload_type} {parameters}\r\n")?;
        }
    }
    Ok(())
}

fn write_connection(f: &mut fmt::Formatter<'_>, connection: Option<&Connection>) -> fmt::Result {
    match connection {
        Some(Connection::Address(address)) => write!(f, "c={}\r\n", network_address(*address)),
        Some(Connection::HostName(text) | Connection::Unusable(text)) => write!(f, "c={text}\r\n"),
        None => Ok(()),
    }
}

fn write_direction(f: &mut fmt::Formatter<'_>, direction: Option<Direction>) -> fmt::Result {
    match direction {
        Some(direction) => write!(f, "a={}\r\n", direction.name()),
        None => Ok(()),
    }
}
