//! The values of a session description that matter to a telephone call. What a description holds beyond them
//! (bandwidths, header extensions, feedback, names of tracks, …) is not kept.

use std::collections::BTreeMap;
use std::net::IpAddr;

use hotline_base::Pii;
use serde::{Deserialize, Serialize};

use crate::browser::{Candidate, Connecting};
use crate::crypto::Crypto;
use crate::direction::Direction;
use crate::rtcp::RtcpPort;

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
    /// `a=ice-lite`: its writer answers checks and sends none.
    pub ice_lite: bool,
    /// `a=group:BUNDLE` (RFC 9143): the streams, by their `mid`, that share one port.
    pub bundle: Vec<String>,
    /// What stands above the streams for all of them.
    pub connecting: Connecting,
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
    pub rtcp: Option<RtcpPort>,
    /// `a=rtcp-mux` (RFC 5761): its writer can receive RTCP at the RTP port.
    pub rtcp_mux: bool,
    /// The media-level direction, as seen by the side that wrote this description.
    pub direction: Option<Direction>,
    /// `a=rtpmap` by payload type.
    pub rtpmaps: BTreeMap<u8, RtpMap>,
    /// `a=fmtp` by payload type.
    pub fmtps: BTreeMap<u8, String>,
    /// `a=ptime`: milliseconds of audio per packet that its writer would like to receive.
    pub ptime_ms: Option<u8>,
    /// `a=maxptime`: the most milliseconds of audio per packet that its writer can receive.
    pub maxptime_ms: Option<u8>,
    /// `a=crypto` (RFC 4568), the preferred first: what its writer encrypts with. Lines with an unknown suite or
    /// a malformed key are not kept.
    pub crypto: Vec<Crypto>,
    /// `a=mid` (RFC 5888): its name.
    pub mid: Option<String>,
    /// How its writer is found and known, if it says so here.
    pub connecting: Connecting,
    /// `a=candidate`: addresses of its writer; others than those of its machine are not kept.
    pub candidates: Vec<Candidate>,
    /// `a=end-of-candidates` (RFC 8840): there are no more.
    pub end_of_candidates: bool,
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
    /// `RTP/SAVP` (RFC 3711), with keys in `a=crypto`.
    RtpSavp,
    /// `RTP/SAVPF` (RFC 5124), with keys in `a=crypto`. Answered in kind and used without feedback messages.
    RtpSavpf,
    /// `UDP/TLS/RTP/SAVP` (RFC 5764), with keys from a handshake.
    TlsSavp,
    /// `UDP/TLS/RTP/SAVPF` (RFC 5764), with keys from a handshake, as browsers have it. Used without feedback messages.
    TlsSavpf,
    /// Anything else; always refused.
    Other(String),
}

/// The value of a `c=` line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Connection {
    /// An address. The unspecified one (`0.0.0.0`, `::`) means "send me nothing" (RFC 3264 §8.4).
    Address(IpAddr),
    /// A host name with what stands before it, such as `IN IP4 phone.example.com`. Never sent to.
    HostName(String),
    /// An unknown network or address type, or no address at all. Never sent to.
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

impl Session {
    /// The version in `o=` (RFC 8866 §5.2), if it is a number.
    #[must_use]
    pub fn version(&self) -> Option<u64> {
        self.origin.expose().split_ascii_whitespace().nth(2)?.parse().ok()
    }
}

impl Session {
    /// The name of its writer's connectivity checks, if it is found by ICE.
    #[must_use]
    pub fn ice_ufrag(&self) -> Option<&str> {
        let audio = self.media.iter().find(|media| media.is_open_audio());
        let own = audio.and_then(|media| media.connecting.ufrag.as_deref());
        own.or(self.connecting.ufrag.as_deref())
    }
}

impl Media {
    /// A media line and nothing below it.
    pub(crate) fn bare(kind: MediaKind, port: u16, protocol: Protocol, formats: Vec<String>) -> Self {
        Self {
            kind,
            port,
            protocol,
            formats,
            connection: None,
            rtcp: None,
            rtcp_mux: false,
            direction: None,
            rtpmaps: BTreeMap::new(),
            fmtps: BTreeMap::new(),
            ptime_ms: None,
            maxptime_ms: None,
            crypto: Vec::new(),
            mid: None,
            connecting: Connecting::default(),
            candidates: Vec::new(),
            end_of_candidates: false,
        }
    }

    /// This line with port 0: a refusal keeps its name and the formats, which mean nothing then (RFC 3264 §6).
    pub(crate) fn refused(&self) -> Self {
        let mid = self.mid.clone();
        Self { mid, ..Self::bare(self.kind.clone(), 0, self.protocol.clone(), self.formats.clone()) }
    }

    /// True for a voice stream that is neither refused nor ended.
    pub(crate) fn is_open_audio(&self) -> bool {
        self.kind == MediaKind::Audio && self.port != 0
    }

    /// The RTP payload types, in order of preference.
    pub(crate) fn payload_types(&self) -> impl Iterator<Item = u8> {
        self.formats
            .iter()
            .filter_map(|format| format.parse().ok())
            .filter(|&payload_type| payload_type < 128)
    }
}
