//! The values of a session description that matter to a telephone call. What a description holds beyond them
//! (bandwidths, keys, ICE candidates, …) is not kept.

use std::collections::BTreeMap;
use std::net::IpAddr;

use hotline_base::Pii;
use serde::{Deserialize, Serialize};

/// One session description: an offer or an answer, ours or the peer's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The value of `o=`: user, session id, version, address. The user part may name a person.
    pub origin: Pii<String>,
    /// The session-level `c=`; a media line's own takes precedence.
    pub connection: Option<Connection>,
    /// The value of `t=`, which an answer repeats (RFC 3264 §6).
    pub timing: String,
    /// The session-level direction, as seen by the side that wrote this description.
    pub direction: Option<Direction>,
    /// The media lines in their order; an answer has the same number in the same order.
    pub media: Vec<Media>,
}

/// One `m=` line with the lines that belong to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// `audio` or something else.
    pub kind: MediaKind,
    /// Where its writer receives; 0 refuses or ends the stream.
    pub port: u16,
    /// The transport.
    pub protocol: Protocol,
    /// The formats in order of preference: RTP payload types for RTP, anything for other protocols.
    pub formats: Vec<String>,
    /// The media-level `c=`.
    pub connection: Option<Connection>,
    /// `a=rtcp` (RFC 3605): where its writer receives RTCP, if not at the next port.
    pub rtcp: Option<(u16, Option<IpAddr>)>,
    /// The media-level direction, as seen by the side that wrote this description.
    pub direction: Option<Direction>,
    /// `a=rtpmap` by payload type.
    pub rtpmaps: BTreeMap<u8, RtpMap>,
    /// `a=ptime`: milliseconds of audio per packet that its writer would like to receive.
    pub ptime_ms: Option<u8>,
    /// `a=maxptime`: the most milliseconds of audio per packet that its writer can receive.
    pub maxptime_ms: Option<u8>,
}

/// The first word of an `m=` line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MediaKind {
    /// A voice stream.
    Audio,
    /// Anything else; always refused.
    Other(String),
}

/// The transport of an `m=` line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Protocol {
    /// `RTP/AVP` (RFC 3551).
    RtpAvp,
    /// `RTP/AVPF` (RFC 4585). Answered in kind and used without feedback messages.
    RtpAvpf,
    /// Anything else, `RTP/SAVP` among it; always refused.
    Other(String),
}

/// The value of a `c=` line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Connection {
    /// An address. The unspecified one (`0.0.0.0`, `::`) means "send me nothing" (RFC 3264 §8.4).
    Address(IpAddr),
    /// A host name, an unknown network or address type. Never sent to.
    Unusable(String),
}

/// One `a=rtpmap`: what a payload type stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RtpMap {
    /// The encoding's name, as written; compared without regard to case.
    pub name: String,
    /// The RTP clock in hertz.
    pub clock_hz: u32,
    /// The number of audio channels.
    pub channels: u8,
}

/// A voice codec that this server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Codec {
    /// G.711 µ-law, 8 kHz.
    Pcmu,
    /// G.711 A-law, 8 kHz.
    Pcma,
}

/// Who sends, as seen by the side that says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Direction {
    /// Both sides send.
    #[default]
    SendReceive,
    /// Only this side sends.
    SendOnly,
    /// Only the other side sends.
    ReceiveOnly,
    /// Nobody sends.
    Inactive,
}

impl Codec {
    /// Every codec, in the order that an offer lists them if nobody chose another.
    pub const ALL: [Self; 2] = [Self::Pcmu, Self::Pcma];

    /// The encoding's registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
        }
    }

    /// The payload type that stands for the codec without an `a=rtpmap` (RFC 3551 §6).
    #[must_use]
    pub const fn static_payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
        }
    }

    /// The RTP clock in hertz.
    #[must_use]
    pub const fn clock_hz(self) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma => 8000,
        }
    }

    /// The `a=rtpmap` of the codec.
    #[must_use]
    pub fn rtpmap(self) -> RtpMap {
        RtpMap { name: self.name().to_owned(), clock_hz: self.clock_hz(), channels: 1 }
    }

    fn of_rtpmap(map: &RtpMap) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| {
            map.channels == 1
                && map.clock_hz == codec.clock_hz()
                && map.name.eq_ignore_ascii_case(codec.name())
        })
    }

    fn of_static(payload_type: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.static_payload_type() == payload_type)
    }
}

impl Direction {
    /// True if the side that says it sends.
    #[must_use]
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendReceive | Self::SendOnly)
    }

    /// True if the side that says it receives.
    #[must_use]
    pub const fn receives(self) -> bool {
        matches!(self, Self::SendReceive | Self::ReceiveOnly)
    }

    /// The same agreement as seen by the other side.
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self::new(self.receives(), self.sends())
    }

    /// What both directions allow, seen from the same side.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self::new(self.sends() && other.sends(), self.receives() && other.receives())
    }

    /// The attribute's name in an `a=` line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SendReceive => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::ReceiveOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    const fn new(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendReceive,
            (true, false) => Self::SendOnly,
            (false, true) => Self::ReceiveOnly,
            (false, false) => Self::Inactive,
        }
    }
}

impl Media {
    /// The first payload type that stands for `codec`, by `a=rtpmap` or statically.
    pub(crate) fn payload_type_of(&self, codec: Codec) -> Option<u8> {
        self.payload_types().find(|&payload_type| self.codec_of(payload_type) == Some(codec))
    }

    /// The codec that `payload_type` stands for; an `a=rtpmap` wins over the static table.
    pub(crate) fn codec_of(&self, payload_type: u8) -> Option<Codec> {
        match self.rtpmaps.get(&payload_type) {
            Some(map) => Codec::of_rtpmap(map),
            None => Codec::of_static(payload_type),
        }
    }

    /// The payload type of telephone-events on an 8 kHz clock (RFC 4733 §2.1), if offered or answered.
    pub(crate) fn telephone_event(&self) -> Option<u8> {
        self.payload_types().find(|payload_type| {
            self.rtpmaps.get(payload_type).is_some_and(|map| {
                map.name.eq_ignore_ascii_case("telephone-event") && map.clock_hz == 8000 && map.channels == 1
            })
        })
    }

    /// The RTP payload types, in order of preference.
    pub(crate) fn payload_types(&self) -> impl Iterator<Item = u8> {
        self.formats
            .iter()
            .filter_map(|format| format.parse().ok())
            .filter(|&payload_type| payload_type < 128)
    }
}
