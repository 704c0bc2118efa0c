//! Bytes to [`Session`]. Lenient where phones are careless (bare LF, missing lines, unknown lines), strict where
//! a guess could send audio to the wrong place.

use std::collections::BTreeMap;
use std::net::IpAddr;

use hotline_base::Pii;

use crate::session::{Connection, Direction, Media, MediaKind, Protocol, RtpMap, Session};

/// The largest description that is read, in bytes.
pub const MAX_BYTES: usize = 32 * 1024;
/// The most lines in a description.
pub const MAX_LINES: usize = 1024;
/// The most `m=` lines in a description.
pub const MAX_MEDIA: usize = 16;
/// The most formats in one `m=` line.
pub const MAX_FORMATS: usize = 64;

/// Why bytes are no session description. The peer's fault; an offer is answered 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// More than [`MAX_BYTES`].
    #[error("longer than {MAX_BYTES} bytes")]
    TooLong,
    /// More than [`MAX_LINES`].
    #[error("more than {MAX_LINES} lines")]
    TooManyLines,
    /// More than [`MAX_MEDIA`] `m=` lines.
    #[error("line {line}: more than {MAX_MEDIA} media lines")]
    TooManyMedia {
        /// The line, counted from 1.
        line: u32,
    },
    /// More than [`MAX_FORMATS`] formats in an `m=` line.
    #[error("line {line}: more than {MAX_FORMATS} formats")]
    TooManyFormats {
        /// The line, counted from 1.
        line: u32,
    },
    /// The first line is not `v=0`.
    #[error("does not begin with v=0")]
    NotVersionZero,
    /// An `m=` line without kind, port, protocol or format.
    #[error("line {line}: malformed media line")]
    BadMedia {
        /// The line, counted from 1.
        line: u32,
    },
}

/// Reads a session description with CRLF or LF line ends. Never panics, whatever the bytes.
///
/// # Errors
/// See [`SdpError`]; lines that are unknown or malformed but not needed are ignored.
pub fn parse(bytes: &[u8]) -> Result<Session, SdpError> {
    if bytes.len() > MAX_BYTES {
        return Err(SdpError::TooLong);
    }
    let mut session = Session {
        origin: Pii::from("- 0 0 IN IP4 0.0.0.0"),
        connection: None,
        timing: "0 0".to_owned(),
        direction: None,
        media: Vec::new(),
    };
    let mut versioned = false;
    for (index, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        if index >= MAX_LINES {
            return Err(SdpError::TooManyLines);
        }
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        let text = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line));
        if !versioned {
            versioned = text.trim() == "v=0";
            if !versioned && !text.trim().is_empty() {
                return Err(SdpError::NotVersionZero);
            }
            continue;
        }
        // A control character would be passed on in our answer.
        if let Some((kind, value)) = text.split_once('=')
            && !value.chars().any(|c| c.is_control() && c != '\t')
        {
            read_line(&mut session, number, kind, value.trim())?;
        }
    }
    if versioned { Ok(session) } else { Err(SdpError::NotVersionZero) }
}

fn read_line(session: &mut Session, number: u32, kind: &str, value: &str) -> Result<(), SdpError> {
    match kind {
        "o" if session.media.is_empty() => session.origin = Pii::from(value),
        "t" if session.media.is_empty() => session.timing = value.to_owned(),
        "c" => match session.media.last_mut() {
            Some(media) => media.connection = Some(connection(value)),
            None => session.connection = Some(connection(value)),
        },
        "m" if session.media.len() >= MAX_MEDIA => return Err(SdpError::TooManyMedia { line: number }),
        "m" => {
            let media = media(value).ok_or(SdpError::BadMedia { line: number })?;
            if media.formats.len() > MAX_FORMATS {
                return Err(SdpError::TooManyFormats { line: number });
            }
            session.media.push(media);
        }
        "a" => read_attribute(session, value),
        _ => {}
    }
    Ok(())
}

fn read_attribute(session: &mut Session, attribute: &str) {
    let (name, value) = attribute.split_once(':').unwrap_or((attribute, ""));
    let value = value.trim();
    if let Some(direction) = direction(name.trim()) {
        match session.media.last_mut() {
            Some(media) => media.direction = Some(direction),
            None => session.direction = Some(direction),
        }
        return;
    }
    let Some(media) = session.media.last_mut() else { return };
    match name {
        "rtpmap" => {
            if let Some((payload_type, map)) = rtpmap(value) {
                media.rtpmaps.insert(payload_type, map);
            }
        }
        "ptime" => media.ptime_ms = value.parse().ok(),
        "maxptime" => media.maxptime_ms = value.parse().ok(),
        "rtcp" => media.rtcp = rtcp(value),
        _ => {}
    }
}

/// `<kind> <port>[/<count>] <protocol> <format> …`
fn media(value: &str) -> Option<Media> {
    let mut words = value.split_ascii_whitespace();
    let kind = match words.next()? {
        word if word.eq_ignore_ascii_case("audio") => MediaKind::Audio,
        word => MediaKind::Other(word.to_owned()),
    };
    let port = words.next()?.split('/').next()?.parse().ok()?;
    let protocol = match words.next()? {
        word if word.eq_ignore_ascii_case("RTP/AVP") => Protocol::RtpAvp,
        word if word.eq_ignore_ascii_case("RTP/AVPF") => Protocol::RtpAvpf,
        word => Protocol::Other(word.to_owned()),
    };
    let formats: Vec<String> = words.take(MAX_FORMATS + 1).map(str::to_owned).collect();
    if formats.is_empty() {
        return None;
    }
    Some(Media {
        kind,
        port,
        protocol,
        formats,
        connection: None,
        rtcp: None,
        direction: None,
        rtpmaps: BTreeMap::new(),
        ptime_ms: None,
        maxptime_ms: None,
    })
}

/// `IN IP4 <address>[/<ttl>]`
fn connection(value: &str) -> Connection {
    match address(value) {
        Some(address) => Connection::Address(address),
        None => Connection::Unusable(value.to_owned()),
    }
}

fn address(value: &str) -> Option<IpAddr> {
    let mut words = value.split_ascii_whitespace();
    let network = words.next()?;
    let family = words.next()?;
    let address: IpAddr = words.next()?.split('/').next()?.parse().ok()?;
    let expected = if address.is_ipv4() { "IP4" } else { "IP6" };
    (network.eq_ignore_ascii_case("IN") && family.eq_ignore_ascii_case(expected)).then_some(address)
}

/// `<port>[ IN IP4 <address>]` (RFC 3605 §2.1)
fn rtcp(value: &str) -> Option<(u16, Option<IpAddr>)> {
    match value.split_once(' ') {
        Some((port, place)) => Some((port.parse().ok()?, Some(address(place)?))),
        None => Some((value.parse().ok()?, None)),
    }
}

/// `<payload type> <name>/<clock>[/<channels>]`
fn rtpmap(value: &str) -> Option<(u8, RtpMap)> {
    let (payload_type, encoding) = value.split_once(char::is_whitespace)?;
    let mut parts = encoding.trim().split('/');
    let name = parts.next().filter(|name| !name.is_empty())?.to_owned();
    let clock_hz = parts.next()?.trim().parse().ok()?;
    let channels = match parts.next() {
        Some(channels) => channels.trim().parse().ok()?,
        None => 1,
    };
    let payload_type = payload_type.parse().ok().filter(|&number: &u8| number < 128)?;
    Some((payload_type, RtpMap { name, clock_hz, channels }))
}

fn direction(name: &str) -> Option<Direction> {
    [Direction::SendReceive, Direction::SendOnly, Direction::ReceiveOnly, Direction::Inactive]
        .into_iter()
        .find(|direction| direction.name() == name)
}
