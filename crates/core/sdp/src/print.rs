//! [`Session`] to text, as it goes into a SIP body.

use core::fmt;
use std::net::IpAddr;

use crate::session::{Connection, Direction, Media, MediaKind, Protocol, Session};

impl Session {
    /// The description with CRLF line ends. [`crate::parse()`] reads it back to an equal value.
    #[must_use]
    pub fn print(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v=0\r\no={}\r\ns=-\r\n", self.origin.expose())?;
        write_connection(f, self.connection.as_ref())?;
        write!(f, "t={}\r\n", self.timing)?;
        write_direction(f, self.direction)?;
        self.media.iter().try_for_each(|media| write_media(f, media))
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
    let protocol = match &media.protocol {
        Protocol::RtpAvp => "RTP/AVP",
        Protocol::RtpAvpf => "RTP/AVPF",
        Protocol::Other(word) => word,
    };
    write!(f, "m={kind} {} {protocol} {}\r\n", media.port, media.formats.join(" "))?;
    write_connection(f, media.connection.as_ref())?;
    for (payload_type, map) in &media.rtpmaps {
        write!(f, "a=rtpmap:{payload_type} {}/{}", map.name, map.clock_hz)?;
        if map.channels != 1 {
            write!(f, "/{}", map.channels)?;
        }
        f.write_str("\r\n")?;
        if map.name.eq_ignore_ascii_case("telephone-event") {
            // The sixteen keys (RFC 4733 §2.4.1).
            write!(f, "a=fmtp:{payload_type} 0-15\r\n")?;
        }
    }
    if let Some(ptime) = media.ptime_ms {
        write!(f, "a=ptime:{ptime}\r\n")?;
    }
    if let Some(maxptime) = media.maxptime_ms {
        write!(f, "a=maxptime:{maxptime}\r\n")?;
    }
    match media.rtcp {
        Some((port, Some(address))) => write!(f, "a=rtcp:{port} {}\r\n", network_address(address))?,
        Some((port, None)) => write!(f, "a=rtcp:{port}\r\n")?,
        None => {}
    }
    write_direction(f, media.direction)
}

fn write_connection(f: &mut fmt::Formatter<'_>, connection: Option<&Connection>) -> fmt::Result {
    match connection {
        Some(Connection::Address(address)) => write!(f, "c={}\r\n", network_address(*address)),
        Some(Connection::Unusable(text)) => write!(f, "c={text}\r\n"),
        None => Ok(()),
    }
}

fn write_direction(f: &mut fmt::Formatter<'_>, direction: Option<Direction>) -> fmt::Result {
    match direction {
        Some(direction) => write!(f, "a={}\r\n", direction.name()),
        None => Ok(()),
    }
}
