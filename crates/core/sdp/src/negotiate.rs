//! Offer and answer (RFC 3264): one audio stream, every other stream refused.

use std::net::SocketAddr;

use hotline_base::Pii;
use serde::{Deserialize, Serialize};

use crate::browser::{self, Connecting, Dtls, FOUND_BY_ICE, Setup};
use crate::codecs::{self, Codec, Formats};
use crate::crypto::{self, Crypto, Srtp, SuiteKey};
use crate::direction::Direction;
use crate::error::NegotiationError;
use crate::local::{Browser, Local, Security};
use crate::opus::OpusWishes;
use crate::packet_time;
use crate::peer::Peer;
use crate::print::network_address;
use crate::rtcp;
use crate::session::{Connection, Media, MediaKind, Protocol, Session};

/// The version of the first description of a dialog (`o=`).
const FIRST_VERSION: u64 = 1;
/// The time of a session without end (RFC 8866 §5.9).
const UNBOUNDED: &str = "0 0";
/// The name of our stream in an offer to a browser.
const OUR_MID: &str = "0";

/// What both sides agreed on. The payload types of the two directions may differ (RFC 3264 §5.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Negotiated {
    /// Where our RTP goes. The unspecified address if the peer is on hold by `c=0.0.0.0`; then `direction` does
    /// not send. [`FOUND_BY_ICE`] with `dtls`.
    pub remote: SocketAddr,
    /// Where our RTCP goes: `a=rtcp` (RFC 3605), the port after `remote`, or `remote` itself with `rtcp_mux`. The
    /// unspecified address if the peer has no place for it.
    pub remote_rtcp: SocketAddr,
    /// Whether the peer's RTCP comes to our RTP port (RFC 5761).
    pub rtcp_mux: bool,
    /// The codec of both directions.
    pub codec: Codec,
    /// The payload type that we write into our packets.
    pub payload_type_send: u8,
    /// The payload type that the peer writes into its packets.
    pub payload_type_receive: u8,
    /// The payload type of our telephone-events; `None` if the peer takes none.
    pub telephone_event_send: Option<u8>,
    /// The payload type of the peer's telephone-events; `None` if it sends none.
    pub telephone_event_receive: Option<u8>,
    /// What the durations in both count, in hertz.
    pub telephone_event_clock_hz: u32,
    /// The payload type of the peer's comfort noise.
    pub comfort_noise_receive: Option<u8>,
    /// Milliseconds of audio in each packet that we send, in [`PTIME_RANGE_MS`](crate::PTIME_RANGE_MS).
    pub ptime_ms: u8,
    /// Who sends, as seen from us.
    pub direction: Direction,
    /// What the peer wishes of the audio that it gets, if that is Opus.
    pub opus: Option<OpusWishes>,
    /// The keys of a stream that is encrypted with keys in the descriptions.
    pub srtp: Option<Srtp>,
    /// How the peer is found and known if it is a browser, whose keys come from a handshake. Without `srtp` and this it
    /// is plain RTP.
    pub dtls: Option<Box<Dtls>>,
}

/// Our offer: one audio stream with `local.codecs` and telephone-events, in the place that it had before; every
/// other stream of `local.previous` stays refused in its own (RFC 3264 §8).
#[must_use]
pub fn offer(local: &Local<'_>) -> Session {
    let earlier = local.previous.map_or(&[][..], |previous| &previous.media);
    let place = earlier.iter().position(Media::is_open_audio);
    let ours_before = place.and_then(|place| earlier.get(place));
    let (protocol, keys) = offered_protocol(ours_before, local);
    let meets_browser = Way::of(&protocol) == Some(Way::Handshake);
    let mut ours = audio(local, protocol, local.direction, local.policy.rtcp_mux);
    codecs::offer_formats(&mut ours, local.codecs, ours_before);
    crypto::offer_keys(&mut ours, keys);
    let mut bundle = Vec::new();
    if let Some(local) = local.browser.as_ref().filter(|_| meets_browser) {
        let mid = ours_before.and_then(|before| before.mid.clone()).unwrap_or_else(|| OUR_MID.to_owned());
        bundle.push(mid.clone());
        browser::announce(&mut ours, local, Setup::ActPass, Some(mid));
    }

    let mut media: Vec<Media> = earlier.iter().map(Media::refused).collect();
    match place.and_then(|place| media.get_mut(place)) {
        Some(line) => *line = ours,
        None => media.push(ours),
    }
    description(local, (UNBOUNDED, bundle), media)
}

/// Our answer to the peer's offer: one usable audio stream, the one that was used before if it is still offered.
/// Every other stream is refused with port 0, in its place (RFC 3264 §6).
///
/// # Errors
/// See [`NegotiationError`]; when several audio streams are unusable, the reason of the first.
pub fn answer(offer: &Session, local: &Local<'_>) -> Result<(Session, Negotiated), NegotiationError> {
    let earlier = local.previous.map_or(&[][..], |previous| &previous.media);
    let place = earlier.iter().position(Media::is_open_audio);
    let used_before = place.and_then(|place| offer.media.get(place).map(|offered| (place, offered)));
    let mut failure = NegotiationError::NoAudio;
    for (place, offered) in used_before.into_iter().chain(offer.media.iter().enumerate()) {
        if !offered.is_open_audio() {
            continue;
        }
        let ours_before = earlier.get(place).filter(|line| line.is_open_audio());
        match answer_audio(offer, offered, local, ours_before) {
            Ok((ours, negotiated)) => {
                let mut media: Vec<Media> = offer.media.iter().map(Media::refused).collect();
                // What is refused is in no bundle (RFC 9143 §7.3.3).
                let bundle = offer.bundle.iter().filter(|mid| ours.mid.as_ref() == Some(*mid)).cloned();
                let bundle = if negotiated.dtls.is_some() { bundle.collect() } else { Vec::new() };
                media[place] = ours;
                return Ok((description(local, (&offer.timing, bundle), media), negotiated));
            }
            Err(error) if failure == NegotiationError::NoAudio => failure = error,
            Err(_) => {}
        }
    }
    Err(failure)
}

/// What the peer's answer to our offer means. Of several codecs in the answer the first is used.
///
/// # Errors
/// See [`NegotiationError`].
pub fn accept(our_offer: &Session, answer: &Session) -> Result<Negotiated, NegotiationError> {
    // An answer has as many streams as the offer, in its order (RFC 3264 §6). What is missing is refused.
    let (ours, theirs) = our_offer
        .media
        .iter()
        .zip(&answer.media)
        .find(|(ours, theirs)| ours.is_open_audio() && theirs.is_open_audio())
        .ok_or(NegotiationError::NoAudio)?;
    let (srtp, dtls) = match (Way::of(&ours.protocol), Way::of(&theirs.protocol)) {
        (Some(Way::Plain), Some(Way::Plain)) => (None, None),
        (Some(Way::Described), Some(Way::Described)) => (Some(crypto::answered_key(ours, theirs)?), None),
        (Some(Way::Handshake), Some(Way::Handshake)) => {
            (None, Some(browser::answered(ours, answer, theirs)?))
        }
        (Some(Way::Described | Way::Handshake), Some(Way::Plain)) => {
            return Err(NegotiationError::EncryptionRequired);
        }
        (None, _) | (_, None | Some(Way::Described | Way::Handshake)) => {
            return Err(NegotiationError::UnsupportedTransport);
        }
    };
    let formats = Formats::answered(ours, theirs).ok_or(NegotiationError::NoCommonCodec)?;
    let peer = peer(answer, theirs, dtls.as_ref())?;
    let direction = Direction::stated(our_offer, ours).and(peer.direction.reversed());
    let rtcp_mux = ours.rtcp_mux && theirs.rtcp_mux;
    Ok(negotiated(ours, theirs, &peer, formats, Rest { direction, rtcp_mux, srtp, dtls }))
}

fn answer_audio(
    offer: &Session,
    offered: &Media,
    local: &Local<'_>,
    ours_before: Option<&Media>,
) -> Result<(Media, Negotiated), NegotiationError> {
    let keys = answered_keys(offer, offered, local)?;
    let formats = Formats::answering(offered, local, ours_before).ok_or(NegotiationError::NoCommonCodec)?;
    let peer = peer(offer, offered, keys.dtls())?;
    let direction = local.direction.and(peer.direction.reversed());
    let rtcp_mux = offered.rtcp_mux && (local.policy.rtcp_mux || keys.dtls().is_some());

    let mut ours = audio(local, offered.protocol.clone(), direction, rtcp_mux);
    formats.announce(&mut ours);
    let (srtp, dtls) = match keys {
        Keys::None => (None, None),
        Keys::Described(line, srtp) => {
            ours.crypto.push(line);
            (Some(srtp), None)
        }
        Keys::Handshake(local, setup, dtls) => {
            browser::announce(&mut ours, &local, setup, offered.mid.clone());
            (None, Some(dtls))
        }
    };
    let negotiated = negotiated(&ours, offered, &peer, formats, Rest { direction, rtcp_mux, srtp, dtls });
    Ok((ours, negotiated))
}

/// Where the keys of an answered stream come from.
enum Keys<'a> {
    None,
    Described(Crypto, Srtp),
    Handshake(Browser<'a>, Setup, Dtls),
}

impl Keys<'_> {
    const fn dtls(&self) -> Option<&Dtls> {
        match self {
            Self::None | Self::Described(..) => None,
            Self::Handshake(_, _, dtls) => Some(dtls),
        }
    }
}

fn answered_keys<'a>(
    offer: &Session,
    offered: &Media,
    local: &Local<'a>,
) -> Result<Keys<'a>, NegotiationError> {
    match (Way::of(&offered.protocol), local.security, local.browser) {
        (Some(Way::Plain), Security::Plain | Security::IfOffered(_), _) => Ok(Keys::None),
        (Some(Way::Described), Security::IfOffered(keys) | Security::Required(keys), _) => {
            let (line, srtp) = crypto::answer_key(offered, keys)?;
            Ok(Keys::Described(line, srtp))
        }
        // A browser speaks in no other way, and this one is encrypted whatever is wished.
        (Some(Way::Handshake), _, Some(local)) => {
            let (setup, dtls) = browser::answering(offer, offered, &local)?;
            Ok(Keys::Handshake(local, setup, dtls))
        }
        (Some(Way::Plain), Security::Required(_), _) => Err(NegotiationError::EncryptionRequired),
        (Some(Way::Described), Security::Plain, _) | (Some(Way::Handshake), _, None) | (None, ..) => {
            Err(NegotiationError::UnsupportedTransport)
        }
    }
}

/// Where the peer is. A browser is found by ICE, whatever address it writes.
fn peer(session: &Session, media: &Media, dtls: Option<&Dtls>) -> Result<Peer, NegotiationError> {
    match dtls {
        Some(_) => Ok(Peer { rtp: FOUND_BY_ICE, direction: Direction::stated(session, media) }),
        None => Peer::of(session, media),
    }
}

/// What was agreed beside formats and places.
struct Rest {
    direction: Direction,
    rtcp_mux: bool,
    srtp: Option<Srtp>,
    dtls: Option<Dtls>,
}

fn negotiated(ours: &Media, theirs: &Media, peer: &Peer, formats: Formats, rest: Rest) -> Negotiated {
    Negotiated {
        remote: peer.rtp,
        remote_rtcp: match rest.dtls {
            Some(_) => FOUND_BY_ICE,
            None => rtcp::destination(theirs, peer.rtp, rest.rtcp_mux),
        },
        rtcp_mux: rest.rtcp_mux,
        codec: formats.codec,
        payload_type_send: formats.audio.send,
        payload_type_receive: formats.audio.receive,
        telephone_event_send: formats.events.map(|(events, _)| events.send),
        telephone_event_receive: formats.events.map(|(events, _)| events.receive),
        telephone_event_clock_hz: formats.events.map_or(formats.codec.clock_hz(), |(_, clock_hz)| clock_hz),
        comfort_noise_receive: formats.noise.map(|noise| noise.receive),
        ptime_ms: packet_time::sent(ours, theirs),
        direction: rest.direction,
        opus: (formats.codec == Codec::Opus).then(|| {
            let parameters = theirs.fmtps.get(&formats.audio.send);
            parameters.map(|text| OpusWishes::read(text)).unwrap_or_default()
        }),
        srtp: rest.srtp,
        dtls: rest.dtls.map(Box::new),
    }
}

/// How a stream gets its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// It is not encrypted.
    Plain,
    /// From the descriptions.
    Described,
    /// From a handshake, as browsers do it.
    Handshake,
}

impl Way {
    /// `None` for what is not spoken here at all.
    const fn of(protocol: &Protocol) -> Option<Self> {
        match protocol {
            Protocol::RtpAvp | Protocol::RtpAvpf => Some(Self::Plain),
            Protocol::RtpSavp | Protocol::RtpSavpf => Some(Self::Described),
            Protocol::TlsSavp | Protocol::TlsSavpf => Some(Self::Handshake),
            Protocol::Other(_) => None,
        }
    }
}

/// The transport of our offer and the keys in it. A stream keeps its transport as long as that is allowed.
fn offered_protocol<'a>(ours_before: Option<&Media>, local: &Local<'a>) -> (Protocol, &'a [SuiteKey]) {
    let before = ours_before.map(|media| &media.protocol);
    let way_before = before.and_then(Way::of);
    let is_peer_browser =
        local.browser.is_some_and(|local| local.is_peer || way_before == Some(Way::Handshake));
    let (protocol, keys) = match local.security {
        _ if is_peer_browser => (Protocol::TlsSavpf, &[][..]),
        Security::IfOffered(keys) if way_before == Some(Way::Described) => (Protocol::RtpSavp, keys),
        Security::Plain | Security::IfOffered(_) => (Protocol::RtpAvp, &[][..]),
        Security::Required(keys) => (Protocol::RtpSavp, keys),
    };
    match before {
        Some(before) if way_before == Way::of(&protocol) => (before.clone(), keys),
        Some(_) | None => (protocol, keys),
    }
}

/// Our description. Its version is one more than before, unless it says the same as before (RFC 3264 §8).
fn description(local: &Local<'_>, (timing, bundle): (&str, Vec<String>), media: Vec<Media>) -> Session {
    let place = network_address(local.address);
    let origin = |version: u64| Pii::new(format!("- {} {version} {place}", local.session_id));
    let before = local.previous.and_then(Session::version);
    let mut session = Session {
        origin: origin(before.unwrap_or(FIRST_VERSION)),
        connection: Some(Connection::Address(local.address)),
        timing: timing.to_owned(),
        direction: None,
        ice_lite: media.iter().any(|media| media.connecting.ufrag.is_some()),
        bundle,
        connecting: Connecting::default(),
        media,
    };
    if let (Some(previous), Some(before)) = (local.previous, before)
        && *previous != session
    {
        session.origin = origin(before.saturating_add(1));
    }
    session
}

/// Our line without formats and keys.
fn audio(local: &Local<'_>, protocol: Protocol, direction: Direction, rtcp_mux: bool) -> Media {
    let mut media = Media::bare(MediaKind::Audio, local.port, protocol, Vec::new());
    media.direction = Some(direction);
    packet_time::announce(&mut media, &local.policy);
    rtcp::announce(&mut media, local, rtcp_mux);
    media
}
