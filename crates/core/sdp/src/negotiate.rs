//! Offer and answer (RFC 3264): one audio stream over plain RTP, every other stream refused.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use hotline_base::Pii;
use serde::{Deserialize, Serialize};

use crate::print::network_address;
use crate::session::{Codec, Connection, Direction, Media, MediaKind, Protocol, RtpMap, Session};

/// The payload type that our offers give to telephone-events; most phones use the same.
const TELEPHONE_EVENT: u8 = 101;
/// Milliseconds of audio per packet unless the peer asks otherwise (RFC 3551 §4.2).
const DEFAULT_PTIME_MS: u8 = 20;
/// The shortest and longest packets that are sent; a wish beyond them is ignored.
const PTIME_RANGE_MS: core::ops::RangeInclusive<u8> = 10..=120;

/// Our side of a stream.
#[derive(Clone, Copy, Debug)]
pub struct Local<'a> {
    /// Where we receive.
    pub address: IpAddr,
    /// The RTP port where we receive; RTCP is on the next one.
    pub port: u16,
    /// The same in every description of one dialog (`o=`).
    pub session_id: u64,
    /// One more for each changed description of one dialog (`o=`, RFC 3264 §8).
    pub version: u64,
    /// The codecs that may be used, the preferred first.
    pub codecs: &'a [Codec],
    /// Who may send, as seen from us.
    pub direction: Direction,
}

/// What both sides agreed on. The payload types of the two directions may differ (RFC 3264 §5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Negotiated {
    /// Where our RTP goes. The unspecified address if the peer is on hold by `c=0.0.0.0`; then `direction` does
    /// not send.
    pub remote: SocketAddr,
    /// Where our RTCP goes: `a=rtcp` or the port after `remote` (RFC 3605 §1).
    pub remote_rtcp: SocketAddr,
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
    /// Milliseconds of audio per packet that the peer would like to receive, 10 to 120.
    pub ptime_ms: u8,
    /// Who sends, as seen from us.
    pub direction: Direction,
}

/// Why two descriptions do not make a conversation: the peer is incompatible. An offer is answered 488; after
/// an answer the call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NegotiationError {
    /// No audio stream, or only refused ones (port 0).
    #[error("no audio stream")]
    NoAudio,
    /// Audio only over a transport that we do not speak, such as `RTP/SAVP`.
    #[error("no audio stream over plain RTP")]
    UnsupportedTransport,
    /// No codec that both sides speak.
    #[error("no common codec")]
    NoCommonCodec,
    /// The audio stream has no address, a host name, a multicast or a broadcast address.
    #[error("no usable address for audio")]
    UnusableAddress,
}

/// Our offer: one audio stream with `local.codecs` and telephone-events.
#[must_use]
pub fn offer(local: &Local<'_>) -> Session {
    let mut media = audio(local, Protocol::RtpAvp, local.direction);
    for codec in local.codecs {
        add_format(&mut media, codec.static_payload_type(), codec.rtpmap());
    }
    add_format(&mut media, TELEPHONE_EVENT, telephone_event());
    description(local, "0 0", vec![media])
}

/// Our answer to the peer's offer: the first usable audio stream with the first of our codecs that it offers.
/// Every other stream is refused with port 0, in its place (RFC 3264 §6).
///
/// # Errors
/// See [`NegotiationError`]; when several audio streams are unusable, the reason of the first.
pub fn answer(offer: &Session, local: &Local<'_>) -> Result<(Session, Negotiated), NegotiationError> {
    let mut agreed = None;
    let mut failure = None;
    let mut media = Vec::with_capacity(offer.media.len());
    for offered in &offer.media {
        let outcome = match agreed {
            None => answer_audio(offer, offered, local),
            Some(_) => Err(NegotiationError::NoAudio),
        };
        match outcome {
            Ok((answered, negotiated)) => {
                agreed = Some(negotiated);
                media.push(answered);
            }
            Err(error) => {
                if error != NegotiationError::NoAudio {
                    failure.get_or_insert(error);
                }
                media.push(refused(offered));
            }
        }
    }
    let negotiated = agreed.ok_or(failure.unwrap_or(NegotiationError::NoAudio))?;
    Ok((description(local, &offer.timing, media), negotiated))
}

/// What the peer's answer to our offer means. Of several codecs in the answer the first is used.
///
/// # Errors
/// See [`NegotiationError`].
pub fn accept(our_offer: &Session, answer: &Session) -> Result<Negotiated, NegotiationError> {
    let (ours, theirs) = our_offer
        .media
        .iter()
        .zip(&answer.media)
        .find(|(ours, theirs)| {
            ours.kind == MediaKind::Audio && theirs.kind == MediaKind::Audio && theirs.port != 0
        })
        .ok_or(NegotiationError::NoAudio)?;
    if !is_plain_rtp(theirs) {
        return Err(NegotiationError::UnsupportedTransport);
    }
    let (codec, send, receive) = theirs
        .payload_types()
        .find_map(|send| {
            let codec = theirs.codec_of(send)?;
            Some((codec, send, ours.payload_type_of(codec)?))
        })
        .ok_or(NegotiationError::NoCommonCodec)?;
    let events = theirs.telephone_event().zip(ours.telephone_event());
    let peer = Peer::of(answer, theirs)?;
    let direction = ours.direction.or(our_offer.direction).unwrap_or_default().and(peer.direction.reversed());
    Ok(peer.negotiated(theirs, codec, (send, receive), events, direction))
}

/// What the peer's description says of one stream's place and direction.
struct Peer {
    rtp: SocketAddr,
    rtcp: SocketAddr,
    /// As seen from the peer; it receives nothing at an unspecified address.
    direction: Direction,
}

impl Peer {
    fn of(session: &Session, media: &Media) -> Result<Self, NegotiationError> {
        let address = match media.connection.as_ref().or(session.connection.as_ref()) {
            Some(Connection::Address(address)) if !is_shared(*address) => *address,
            Some(Connection::Address(_) | Connection::Unusable(_)) | None => {
                return Err(NegotiationError::UnusableAddress);
            }
        };
        let (rtcp_port, rtcp_address) = media.rtcp.unwrap_or((media.port.saturating_add(1), None));
        let rtcp_address = rtcp_address.filter(|&place| !is_shared(place)).unwrap_or(address);
        let stated = media.direction.or(session.direction).unwrap_or_default();
        let possible = if address.is_unspecified() { Direction::SendOnly } else { Direction::SendReceive };
        Ok(Self {
            rtp: SocketAddr::new(address, media.port),
            rtcp: SocketAddr::new(rtcp_address, rtcp_port),
            direction: stated.and(possible),
        })
    }

    fn negotiated(
        &self,
        theirs: &Media,
        codec: Codec,
        (send, receive): (u8, u8),
        events: Option<(u8, u8)>,
        direction: Direction,
    ) -> Negotiated {
        Negotiated {
            remote: self.rtp,
            remote_rtcp: self.rtcp,
            codec,
            payload_type_send: send,
            payload_type_receive: receive,
            telephone_event_send: events.map(|(send, _)| send),
            telephone_event_receive: events.map(|(_, receive)| receive),
            ptime_ms: ptime(theirs),
            direction,
        }
    }
}

fn answer_audio(
    offer: &Session,
    offered: &Media,
    local: &Local<'_>,
) -> Result<(Media, Negotiated), NegotiationError> {
    if offered.kind != MediaKind::Audio || offered.port == 0 {
        return Err(NegotiationError::NoAudio);
    }
    if !is_plain_rtp(offered) {
        return Err(NegotiationError::UnsupportedTransport);
    }
    let (codec, payload_type) = local
        .codecs
        .iter()
        .find_map(|&codec| Some((codec, offered.payload_type_of(codec)?)))
        .ok_or(NegotiationError::NoCommonCodec)?;
    let event = offered.telephone_event();
    let peer = Peer::of(offer, offered)?;
    let direction = local.direction.and(peer.direction.reversed());

    // The answer keeps the offer's payload types, so both directions use the same.
    let mut media = audio(local, offered.protocol.clone(), direction);
    add_format(&mut media, payload_type, codec.rtpmap());
    if let Some(event) = event {
        add_format(&mut media, event, telephone_event());
    }
    let events = event.map(|event| (event, event));
    let negotiated = peer.negotiated(offered, codec, (payload_type, payload_type), events, direction);
    Ok((media, negotiated))
}

fn is_plain_rtp(media: &Media) -> bool {
    match media.protocol {
        Protocol::RtpAvp | Protocol::RtpAvpf => true,
        Protocol::Other(_) => false,
    }
}

/// Addresses that reach many hosts: audio sent there would be an attack on a network.
fn is_shared(address: IpAddr) -> bool {
    address.is_multicast() || matches!(address, IpAddr::V4(v4) if v4.is_broadcast())
}

fn ptime(theirs: &Media) -> u8 {
    let wish = theirs.ptime_ms.filter(|ms| PTIME_RANGE_MS.contains(ms)).unwrap_or(DEFAULT_PTIME_MS);
    match theirs.maxptime_ms.filter(|ms| PTIME_RANGE_MS.contains(ms)) {
        Some(most) => wish.min(most),
        None => wish,
    }
}

fn description(local: &Local<'_>, timing: &str, media: Vec<Media>) -> Session {
    let place = network_address(local.address);
    Session {
        origin: Pii::new(format!("- {} {} {place}", local.session_id, local.version)),
        connection: Some(Connection::Address(local.address)),
        timing: timing.to_owned(),
        direction: None,
        media,
    }
}

fn audio(local: &Local<'_>, protocol: Protocol, direction: Direction) -> Media {
    Media {
        kind: MediaKind::Audio,
        port: local.port,
        protocol,
        formats: Vec::new(),
        connection: None,
        rtcp: None,
        direction: Some(direction),
        rtpmaps: BTreeMap::new(),
        ptime_ms: Some(DEFAULT_PTIME_MS),
        maxptime_ms: None,
    }
}

fn add_format(media: &mut Media, payload_type: u8, map: RtpMap) {
    media.formats.push(payload_type.to_string());
    media.rtpmaps.insert(payload_type, map);
}

fn telephone_event() -> RtpMap {
    RtpMap { name: "telephone-event".to_owned(), clock_hz: 8000, channels: 1 }
}

/// The offered line with port 0: a refusal keeps the formats, which mean nothing then (RFC 3264 §6).
fn refused(offered: &Media) -> Media {
    Media {
        kind: offered.kind.clone(),
        port: 0,
        protocol: offered.protocol.clone(),
        formats: offered.formats.clone(),
        connection: None,
        rtcp: None,
        direction: None,
        rtpmaps: BTreeMap::new(),
        ptime_ms: None,
        maxptime_ms: None,
    }
}
