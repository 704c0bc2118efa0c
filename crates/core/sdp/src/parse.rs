//! Bytes to [`Session`]. Lenient where phones are careless (bare LF, missing lines, unknown lines), strict where
//! a guess could send audio to the wrong place.

use std::net::IpAddr;

use hotline_base::Pii;

use crate::browser::{CANDIDATES_MAX, Candidate, Connecting};
use crate::crypto::Crypto;
use crate::direction::Direction;
use crate::error::SdpError;
use crate::rtcp::RtcpPort;
use crate::session::{Connection, Media, MediaKind, Protocol, RtpMap, Session};

/// The largest description that is read, in bytes.
pub const BYTES_MAX: usize = 32 * 1024;
/// The most lines in a description.
pub const LINES_MAX: usize = 1024;
/// The most `m=` lines in a description.
pub const MEDIA_MAX: usize = 16;
/// The most formats in one `m=` line: every payload type of RTP.
pub const FORMATS_MAX: usize = 128;
/// The most usable `a=crypto` lines for one `m=` line.
pub const CRYPTO_MAX: usize = 16;

/// Reads a session description with CRLF or LF line ends. Never panics, whatever the bytes.
///
/// # Errors
/// See [`SdpError`]; lines that are unknown or malformed but not needed are ignored.
pub fn parse(bytes: &[u8]) -> Result<Session, SdpError> {
    if bytes.len() > BYTES_MAX {
        return Err(SdpError::TooLong);
    }
    let mut session = Session {
        origin: Pii::from("- 0 0 IN IP4 0.0.0.0"),
        connection: None,
        timing: "0 0".to_owned(),
        direction: None,
        ice_lite: false,
        bundle: Vec::new(),
        connecting: Connecting::default(),
        media: Vec::new(),
    };
    let mut versioned = false;
    for (index, text) in String::from_utf8_lossy(bytes).split('\n').enumerate() {
        if index >= LINES_MAX {
            return Err(SdpError::TooManyLines);
        }
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        let text = text.strip_suffix('\r').unwrap_or(text);
        if !versioned {
            versioned = text.trim() == "v=0";
            if !versioned && !text.trim().is_empty() {
                return Err(SdpError::NotVersionZero);
            }
            continue;
        }
        // A control character would be passed on in our answer.
        if let Some((kind, value)) = text.split_at_checked(1)
            && let Some(value) = value.strip_prefix('=')
            && !holds_control(value)
        {
            read_line(&mut session, number, kind, value.trim())?;
        }
    }
    if versioned { Ok(session) } else { Err(SdpError::NotVersionZero) }
}

/// Whether there is another control character than a tab. Bytes that belong to none are told without a look at
/// characters.
fn holds_control(value: &str) -> bool {
    let may_be_of_one = |byte: u8| !(b' '..=b'~').contains(&byte) && byte != b'\t';
    value.bytes().any(may_be_of_one) && value.chars().any(|c| c.is_control() && c != '\t')
}

fn read_line(session: &mut Session, number: u32, kind: &str, value: &str) -> Result<(), SdpError> {
    match kind {
        "o" if session.media.is_empty() => session.origin = Pii::from(value),
        "t" if session.media.is_empty() => session.timing = value.to_owned(),
        "c" => {
            let place =
                session.media.last_mut().map_or(&mut session.connection, |media| &mut media.connection);
            // Several are the layers of one multicast (RFC 8866 §5.7); the first is the base.
            place.get_or_insert_with(|| connection(value));
        }
        "m" if session.media.len() >= MEDIA_MAX => return Err(SdpError::TooManyMedia { line: number }),
        "m" => {
            let media = media(value).ok_or(SdpError::BadMedia { line: number })?;
            if media.formats.len() > FORMATS_MAX {
                return Err(SdpError::TooManyFormats { line: number });
            }
            session.media.push(media);
        }
        "a" => return read_attribute(session, number, value),
        _ => {}
    }
    Ok(())
}

fn read_attribute(session: &mut Session, number: u32, attribute: &str) -> Result<(), SdpError> {
    let (name, value) = attribute.split_once(':').unwrap_or((attribute, ""));
    let (name, value) = (name.trim(), value.trim());
    if let Some(direction) = Direction::of_name(name) {
        match session.media.last_mut() {
            Some(media) => media.direction = Some(direction),
            None => session.direction = Some(direction),
        }
        return Ok(());
    }
    let Some(media) = session.media.last_mut() else {
        match name {
            "ice-lite" => session.ice_lite = true,
            "group" if session.bundle.is_empty() => session.bundle = bundle(value),
            _ => {
                session.connecting.read(name, value);
            }
        }
        return Ok(());
    };
    match name {
        "rtpmap" => media.rtpmaps.extend(rtpmap(value)),
        "fmtp" => media.fmtps.extend(fmtp(value)),
        "ptime" => media.ptime_ms = milliseconds(value),
        "maxptime" => media.maxptime_ms = milliseconds(value),
        "rtcp" => media.rtcp = rtcp(value),
        "rtcp-mux" => media.rtcp_mux = true,
        "crypto" => {
            media.crypto.extend(Crypto::parse(value));
            if media.crypto.len() > CRYPTO_MAX {
                return Err(SdpError::TooManyKeys { line: number });
            }
        }
        "mid" => media.mid = value.split_ascii_whitespace().next().map(str::to_owned),
        "candidate" if media.candidates.len() < CANDIDATES_MAX => {
            media.candidates.extend(Candidate::parse(value));
        }
        "end-of-candidates" => media.end_of_candidates = true,
        _ => {
            media.connecting.read(name, value);
        }
    }
    Ok(())
}

/// `BUNDLE <mid> …`, of several the first.
fn bundle(value: &str) -> Vec<String> {
    let mut words = value.split_ascii_whitespace();
    let is_bundle = words.next() == Some("BUNDLE");
    words.filter(|_| is_bundle).take(MEDIA_MAX).map(str::to_owned).collect()
}

/// `<kind> <port>[/<count>] <protocol> <format> …`
fn media(value: &str) -> Option<Media> {
    let mut words = value.split_ascii_whitespace();
    let kind = match words.next()? {
        word if word.eq_ignore_ascii_case("audio") => MediaKind::Audio,
        word => MediaKind::Other(word.to_owned()),
    };
    let port = words.next()?.split('/').next()?.parse().ok()?;
    let protocol = protocol(words.next()?);
    let formats: Vec<String> = words.take(FORMATS_MAX + 1).map(str::to_owned).collect();
    (!formats.is_empty()).then(|| Media::bare(kind, port, protocol, formats))
}

fn protocol(word: &str) -> Protocol {
    let known = [
        Protocol::RtpAvp,
        Protocol::RtpAvpf,
        Protocol::RtpSavp,
        Protocol::RtpSavpf,
        Protocol::TlsSavp,
        Protocol::TlsSavpf,
    ];
    let known = known.into_iter().find(|protocol| protocol.name().eq_ignore_ascii_case(word));
    known.unwrap_or_else(|| Protocol::Other(word.to_owned()))
}

/// `IN IP4 <address>[/<ttl>]`
fn connection(value: &str) -> Connection {
    let host = value.split_ascii_whitespace().nth(2).unwrap_or_default();
    match address(value) {
        Some(address) => Connection::Address(address),
        None if is_internet(value) && is_host_name(host) => Connection::HostName(value.to_owned()),
        None => Connection::Unusable(value.to_owned()),
    }
}

/// True for the networks and address types of RFC 8866 §5.7.
fn is_internet(value: &str) -> bool {
    let mut words = value.split_ascii_whitespace();
    words.next().is_some_and(|network| network.eq_ignore_ascii_case("IN"))
        && words
            .next()
            .is_some_and(|kind| kind.eq_ignore_ascii_case("IP4") || kind.eq_ignore_ascii_case("IP6"))
}

/// A word with a letter in it that is neither IPv6 nor anything with a slash.
fn is_host_name(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_alphabetic())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
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
fn rtcp(value: &str) -> Option<RtcpPort> {
    let (port, address) = match value.split_once(char::is_whitespace) {
        Some((port, place)) => (port, Some(address(place)?)),
        None => (value, None),
    };
    Some(RtcpPort { port: port.parse().ok()?, address })
}

/// `<payload type> <name>/<clock>[/<channels>]`
fn rtpmap(value: &str) -> Option<(u8, RtpMap)> {
    let (payload_type, encoding) = of_payload_type(value)?;
    let mut parts = encoding.split('/');
    let name = parts.next().filter(|name| !name.is_empty())?.to_owned();
    let clock_hz = parts.next()?.trim().parse().ok()?;
    let channels = match parts.next() {
        Some(channels) => channels.trim().parse().ok()?,
        None => 1,
    };
    Some((payload_type, RtpMap { name, clock_hz, channels }))
}

/// `<payload type> <parameters>`
fn fmtp(value: &str) -> Option<(u8, String)> {
    let (payload_type, parameters) = of_payload_type(value)?;
    (!parameters.is_empty()).then(|| (payload_type, parameters.to_owned()))
}

/// A payload type and what an attribute says of it.
fn of_payload_type(value: &str) -> Option<(u8, &str)> {
    let (payload_type, said) = value.split_once(char::is_whitespace)?;
    let payload_type = payload_type.parse().ok().filter(|&number: &u8| number < 128)?;
    Some((payload_type, said.trim()))
}

/// A whole number of milliseconds; a fraction is left out (RFC 8866 §6.4 allows one). `None` for none, which says
/// nothing, and for more than a packet can hold.
fn milliseconds(value: &str) -> Option<u8> {
    let whole = value.split_once('.').map_or(value, |(whole, _)| whole);
    whole.parse().ok().filter(|&ms| ms != 0)
}
