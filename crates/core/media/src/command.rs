//! What call control asks of the media plane.

use core::fmt;
use core::net::SocketAddr;
use std::sync::Arc;

use hotline_base::{BridgeId, CallId, LegId, Pii, PlayId, RecordingId};
use hotline_rtp::Digit;
use hotline_srtp::{MasterKey, PeerKey};
use serde::{Deserialize, Serialize};

use crate::{Codec, Mark, Opus, Party, Speech, Voice};

/// One instruction. A command for a leg, bridge or recording that has ended is ignored: it crossed the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Binds a port for a leg. Answered by `LegOpened` or `LegFailed`. All legs of one call live on one thread,
    /// and so do calls whose ids end alike (`CallId::sibling`): only their legs can be bridged and recorded together.
    OpenLeg {
        /// The new leg.
        leg: LegId,
        /// The call it belongs to.
        call: CallId,
    },
    /// What offer and answer settled for a leg. Sent again for each new answer; audio flows from the first on.
    SetRemote {
        /// The leg.
        leg: LegId,
        /// What was settled.
        remote: Remote,
    },
    /// Says what is done to what the peer of a leg says before anybody hears it, in every bridge from here on.
    SetSpeech {
        /// The leg.
        leg: LegId,
        /// What.
        speech: Speech,
    },
    /// Plays a prompt in a loop behind everything else on a leg, or stops that. Prompts mute it meanwhile or are
    /// heard over it, as [`Play`](Self::Play) says; a bridge replaces it.
    SetMusic {
        /// The leg that hears it.
        leg: LegId,
        /// The loop; `None` for silence.
        prompt: Option<Music>,
    },
    /// Plays prompts one after the other without a gap, to one leg, in place of a bridge and in place of music or
    /// over it. Replaces a playback under way, which ends `Stopped`. Ends with exactly one `PlayFinished`.
    Play {
        /// The leg that hears them.
        leg: LegId,
        /// Names the playback in `PlayFinished`.
        play: PlayId,
        /// In this order.
        prompts: Vec<PromptId>,
        /// What is heard behind them.
        behind: Behind,
    },
    /// Ends the playback on a leg, if there is one.
    StopPlay {
        /// The leg.
        leg: LegId,
    },
    /// Presses a key toward a peer (RFC 4733), after those that wait already, at most [`crate::KEYS_WAITING_MAX`]. Ignored and
    /// counted if the peer takes no telephone-events.
    SendDigit {
        /// The leg that gets it.
        leg: LegId,
        /// The key.
        digit: Digit,
    },
    /// Lets two legs of one call hear each other. A leg leaves the bridge it was in.
    Bridge {
        /// The new bridge.
        bridge: BridgeId,
        /// One leg.
        a: LegId,
        /// The other.
        b: LegId,
    },
    /// Lets the parties hear each other as each says: a conference, or a conversation with a supervisor. In place of what the
    /// bridge was before; a leg leaves the bridge it was in, and one that closes leaves this one. Ignored and counted if a leg is
    /// not there or named twice, if somebody hears himself or somebody outside, or if there are more than
    /// [`EngineConfig::parties_max`](crate::EngineConfig::parties_max).
    Connect {
        /// The bridge.
        bridge: BridgeId,
        /// Who takes part: two to [`PARTIES_MAX`](crate::PARTIES_MAX).
        parties: Vec<Party>,
    },
    /// Ends a bridge. Closing one of two legs does so too.
    Unbridge {
        /// The bridge.
        bridge: BridgeId,
    },
    /// Records what these legs say from here on. Answered by `RecordingStarted` or `RecordingFailed`.
    StartRecording {
        /// The new recording.
        recording: RecordingId,
        /// At least one, none of them recorded already.
        voices: Vec<Voice>,
    },
    /// Lets a recording hear one more leg, or this one on another channel. A leg leaves the recording it was in; closing it does so too.
    JoinRecording {
        /// The recording.
        recording: RecordingId,
        /// The leg.
        voice: Voice,
    },
    /// Lets a recording hear a leg no more. Its last leg's leaving ends it.
    LeaveRecording {
        /// The leg.
        leg: LegId,
    },
    /// Marks what happened in a recording. From [`MarkKind::Paused`](crate::MarkKind::Paused) to
    /// [`MarkKind::Resumed`](crate::MarkKind::Resumed) there is silence in the file, and time goes on.
    MarkRecording {
        /// The recording.
        recording: RecordingId,
        /// What.
        mark: Mark,
    },
    /// Ends a recording; `RecordingFinished` follows. Its last leg's leaving does so too.
    StopRecording {
        /// The recording.
        recording: RecordingId,
    },
    /// Gives a leg's port back. Answered by `LegClosed`.
    CloseLeg {
        /// The leg.
        leg: LegId,
    },
}

/// Where the peer of a leg with [`Remote::dtls`] seems to be to the engine, wherever it really is.
pub const FOUND_BY_ICE: SocketAddr =
    SocketAddr::new(core::net::IpAddr::V4(core::net::Ipv4Addr::UNSPECIFIED), 9);

/// What offer and answer settled for a leg.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remote {
    /// Where the peer said it listens. Where its packets really come from is learned (symmetric RTP).
    pub address: SocketAddr,
    /// Where the peer takes reports (RFC 3550 §6), at first; `None` if nowhere.
    pub rtcp: Option<SocketAddr>,
    /// Whether reports go over the same port as audio (RFC 5761).
    pub rtcp_mux: bool,
    /// The codec of both directions.
    pub codec: Codec,
    /// What the peer wishes of Opus, if it is that.
    pub opus: Opus,
    /// The payload type the peer expects.
    pub payload_type_send: u8,
    /// The payload type we told the peer to use.
    pub payload_type_receive: u8,
    /// The payload type the peer expects for RFC 4733 events, if it takes them.
    pub telephone_event_send: Option<u8>,
    /// The payload type we told the peer to use for RFC 4733 events, if we take them.
    pub telephone_event_receive: Option<u8>,
    /// How many times faster than 8 kHz the clock is that the durations in both count.
    pub telephone_event_clock_factor: u32,
    /// The payload type of the comfort noise that the peer may send in place of silence (RFC 3389). We send noise as audio.
    pub comfort_noise_receive: Option<u8>,
    /// Who may talk, as seen from us.
    pub direction: Direction,
    /// How much audio one packet that we make holds, in milliseconds; taken into 10–60.
    pub ptime_ms: u8,
    /// With what packets are encrypted on their way; `None` for plain ones. The engine sees them plain.
    pub srtp: Option<Box<Srtp>>,
    /// How a browser is found, and known by its certificate; its packets are encrypted with keys from a handshake, and `srtp` is
    /// `None`. The media plane then sends to wherever the browser was found, whatever `address` says.
    pub dtls: Option<Box<Dtls>>,
}

impl Remote {
    /// A peer that sends and takes a codec under the [usual payload type](Codec::usual_payload_type), telephone-events under 101
    /// with the clock of the codec, and 20 ms a packet; no reports and no comfort noise.
    #[must_use]
    pub fn new(address: SocketAddr, codec: Codec) -> Self {
        Self {
            address,
            rtcp: None,
            rtcp_mux: false,
            codec,
            opus: Opus::default(),
            payload_type_send: codec.usual_payload_type(),
            payload_type_receive: codec.usual_payload_type(),
            telephone_event_send: Some(101),
            telephone_event_receive: Some(101),
            telephone_event_clock_factor: codec.clock_factor(),
            comfort_noise_receive: None,
            direction: Direction::SendReceive,
            ptime_ms: 20,
            srtp: None,
            dtls: None,
        }
    }

    /// Samples at 8 kHz of one packet that we make. Of Opus it is whole frames, and no more than is wished.
    pub(crate) fn frame_samples(&self) -> usize {
        let wished_ms = usize::from(self.ptime_ms.clamp(10, 60));
        let whole_ms = match self.codec {
            Codec::Pcmu | Codec::Pcma | Codec::G722 | Codec::L16 => wished_ms,
            Codec::Opus => wished_ms - wished_ms % 10,
        };
        whole_ms * 8
    }
}

/// What both sides encrypt with (RFC 3711).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Srtp {
    /// What we encrypt with.
    pub ours: MasterKey,
    /// What the peer encrypts with: one key, or several with names, all for one suite.
    pub theirs: Vec<PeerKey>,
}

/// How a browser is found (ICE, RFC 8445: we answer checks and send none) and how both get keys (RFC 5763, RFC 5764).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dtls {
    /// Our name in checks.
    pub ufrag: String,
    /// What proves that a check is from who has our description.
    pub password: Pii<String>,
    /// The peer's name in checks.
    pub peer_ufrag: String,
    /// One of these is that of the peer's certificate.
    pub fingerprints: Vec<Fingerprint>,
    /// Whether we begin the handshake.
    pub is_client: bool,
}

/// By what a certificate is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// How it is made.
    pub hash: Hash,
    /// Its bytes.
    pub value: Vec<u8>,
}

/// What fingerprints are made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// Who may send audio on a leg, as seen from us (RFC 3264 §6.1, the answer's attribute on our side).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// Both.
    SendReceive,
    /// We send, the peer listens.
    SendOnly,
    /// The peer sends, we listen.
    ReceiveOnly,
    /// Nobody.
    Inactive,
}

impl Direction {
    /// True if we may send.
    #[must_use]
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendReceive | Self::SendOnly)
    }

    /// True if the peer may send.
    #[must_use]
    pub const fn receives(self) -> bool {
        matches!(self, Self::SendReceive | Self::ReceiveOnly)
    }
}

/// A prompt that is played in a loop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Music {
    /// The loop.
    pub prompt: PromptId,
    /// Where in it a leg begins.
    pub start: MusicStart,
}

/// Where in a loop a leg begins to hear it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum MusicStart {
    /// At its beginning, whenever that is.
    #[default]
    Beginning,
    /// Where all others are: the loop runs by the clock of the server.
    Shared,
}

/// From the beginning.
impl From<PromptId> for Music {
    fn from(prompt: PromptId) -> Self {
        Self { prompt, start: MusicStart::Beginning }
    }
}

/// From the beginning.
impl From<&str> for Music {
    fn from(prompt: &str) -> Self {
        PromptId::from(prompt).into()
    }
}

/// What is heard behind prompts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Behind {
    /// Nothing: they cut the music off, which goes on after them where it would be.
    Silence,
    /// The leg's music, 15 dB softer, if it hears any; not where a bridge has replaced it. It goes down and comes up again
    /// within 150 ms, and not between two prompts of one playback.
    Music,
}

/// A prompt or a piece of music by `folder/name`: `en/greeting`, `music/waiting`. The folder of a spoken prompt
/// is its language.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PromptId(Arc<str>);

impl PromptId {
    /// The id as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for PromptId {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for PromptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PromptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
