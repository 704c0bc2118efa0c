//! What the media plane tells call control.

use hotline_base::{CallId, LegId, PlayId, RecordingId};
use hotline_rtp::Digit;
use serde::{Deserialize, Serialize};

use crate::{Codec, RecordingIndex};

/// Something that happened. Events of one leg come in order; those of a recording come from the recorder and
/// may cross events of its legs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The leg has a port.
    LegOpened {
        /// The leg.
        leg: LegId,
        /// The UDP port for the session description.
        port: u16,
    },
    /// The leg could not be opened; it does not exist.
    LegFailed {
        /// The leg.
        leg: LegId,
        /// Why.
        cause: LegFailure,
    },
    /// No encrypted audio can come or go on a leg of a browser, and none has since its last answer.
    LegUnconnected {
        /// The leg.
        leg: LegId,
        /// Why.
        cause: ConnectFailure,
    },
    /// The leg is gone and its port is free.
    LegClosed {
        /// The leg.
        leg: LegId,
        /// What went through it.
        stats: LegStats,
    },
    /// How a leg sounds, every few seconds while its peer is heard. One that nobody takes in time is left out.
    LegMeasured {
        /// The leg.
        leg: LegId,
        /// What went through it so far.
        stats: LegStats,
    },
    /// The first valid packet came on a leg: the peer's audio has started.
    FirstPacket {
        /// The leg.
        leg: LegId,
    },
    /// The peer pressed a key; reported once, when it is let go or its end is known to be lost.
    Digit {
        /// The leg.
        leg: LegId,
        /// The key.
        digit: Digit,
        /// How long it was held, as far as is known.
        duration_ms: u32,
    },
    /// A playback ended.
    PlayFinished {
        /// The leg.
        leg: LegId,
        /// The playback.
        play: PlayId,
        /// How.
        outcome: PlayOutcome,
    },
    /// No packet came for the configured time although the peer may send, also if none ever came. Reported once
    /// per silence, and anew for the silence after each answer.
    RtpTimeout {
        /// The leg.
        leg: LegId,
    },
    /// The file exists and grows.
    RecordingStarted {
        /// The recording.
        recording: RecordingId,
        /// Relative to the root of the recordings.
        path: String,
    },
    /// The file is complete.
    RecordingFinished {
        /// The recording.
        recording: RecordingId,
        /// Relative to the root of the recordings.
        path: String,
        /// The length of the file.
        duration_ms: u64,
        /// How much audio arrived and is missing in the file, both channels added. What the network lost
        /// is not in it.
        gap_ms: u64,
        /// Of it, what the recorder refused, and not what came too late for its place.
        refused_ms: u64,
        /// The size of the file.
        bytes: u64,
        /// Why there is no more of it.
        end: RecordingEnd,
        /// Who was heard when, and what happened.
        index: RecordingIndex,
    },
    /// A recording that had failed is complete as far as it goes. Its call may be over for long.
    RecordingCompleted {
        /// The recording.
        recording: RecordingId,
        /// The call it belongs to.
        call: CallId,
        /// Relative to the root of the recordings.
        path: String,
        /// The length of the file.
        duration_ms: u64,
        /// How much audio arrived and is missing; `None` if it was cut off, and nobody knows.
        gap_ms: Option<u64>,
        /// The size of the file.
        bytes: u64,
        /// Who was heard when, and what happened; nothing if it was cut off.
        index: RecordingIndex,
    },
    /// The recording ended early or never began; the call goes on. An operator should be told.
    RecordingFailed {
        /// The recording.
        recording: RecordingId,
        /// Why.
        cause: RecordingFailure,
    },
}

/// Why a complete recording is as long as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordingEnd {
    /// It was stopped.
    Stopped,
    /// It has the greatest length that a recording may have; the talk goes on without. An operator should be told.
    Full,
}

/// How a playback ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlayOutcome {
    /// The last prompt was sent to its end.
    Completed,
    /// It was stopped or replaced, or its leg was closed.
    Stopped,
    /// A prompt is not in the library; nothing was played.
    MissingPrompt,
}

/// Why a leg could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum LegFailure {
    /// Exhausted: every port of the configured range is in use.
    #[error("no RTP port is free in the configured range")]
    PortsExhausted,
    /// Exhausted: the thread has its limit of legs.
    #[error("the media thread has its limit of legs")]
    TooManyLegs,
    /// Misuse: the leg exists already.
    #[error("the leg exists already")]
    Duplicate,
    /// Environment: the system refused a socket.
    #[error("the system refused a socket (error {os_error})")]
    Socket {
        /// `errno`.
        os_error: i32,
    },
}

/// Why a browser and we did not come together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ConnectFailure {
    /// No check of the browser has come, or no handshake was completed after it.
    #[error("the browser did not reach this server's media port")]
    Unreached,
    /// The certificate is not the one that was described: somebody else may be in between.
    #[error("the browser's certificate is not the one in its description")]
    WrongCertificate,
    /// The handshake failed, or agreed on nothing that audio can be encrypted with.
    #[error("the handshake for encrypted audio failed")]
    Handshake,
    /// Exhausted: too many handshakes are under way.
    #[error("too many handshakes for encrypted audio are under way")]
    Overloaded,
}

impl ConnectFailure {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Unreached, Self::WrongCertificate, Self::Handshake, Self::Overloaded];

    /// Its name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unreached => "unreached",
            Self::WrongCertificate => "wrong_certificate",
            Self::Handshake => "handshake",
            Self::Overloaded => "overloaded",
        }
    }
}

/// Why a recording ended early or never began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum RecordingFailure {
    /// Exhausted: no space left for this file.
    #[error("{path}: the disk is full")]
    DiskFull {
        /// The file.
        path: String,
    },
    /// Environment: we may not create or write this file.
    #[error("{path}: no permission to write")]
    NotWritable {
        /// The file.
        path: String,
    },
    /// Environment: another error of the file system.
    #[error("{path}: cannot be written (error {os_error})")]
    Io {
        /// The file.
        path: String,
        /// `errno`, or 0 if the error came without one.
        os_error: i32,
    },
    /// Exhausted: the recorder is too far behind to take another recording.
    #[error("the recorder is too far behind to take another recording")]
    RecorderBusy,
    /// A bug in the recorder; the log says which.
    #[error("a bug in the recorder")]
    Bug,
    /// Misuse: one of the legs does not exist or is there twice, or there is none.
    #[error("the recording needs living legs")]
    NoSuchLegs,
    /// Misuse: one of the legs is being recorded already.
    #[error("a leg is being recorded already")]
    AlreadyRecorded,
}

/// What went through a leg from opening to closing. Packets that were not taken are counted by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegStats {
    /// What was agreed last; nothing if offer and answer never came together.
    pub codec: Option<Codec>,
    /// Packets of the peer's streams, without duplicates.
    pub packets_received: u64,
    /// Their payload bytes.
    pub bytes_received: u64,
    /// Packets sent to the peer.
    pub packets_sent: u64,
    /// Their payload bytes.
    pub bytes_sent: u64,
    /// RFC 3550 §A.3: expected less received, over all streams.
    pub packets_lost: i64,
    /// Packets seen twice.
    pub duplicates: u64,
    /// Packets overtaken by a later one.
    pub reordered: u64,
    /// Packets too far from the sequence to belong to it.
    pub out_of_sequence: u64,
    /// RFC 3550 §6.4.1 interarrival jitter of the newest stream at the end, microseconds.
    pub jitter_us: u32,
    /// Its mean over the newest stream, microseconds.
    pub jitter_mean_us: u32,
    /// The worst interarrival jitter, microseconds.
    pub jitter_max_us: u32,
    /// Datagrams that are no RTP packet.
    pub malformed: u64,
    /// Reports of the peer (RFC 3550 §6).
    pub reports_received: u64,
    /// The mean of the way there and back, in microseconds; `None` if the peer's reports did not tell.
    pub round_trip_us: Option<u32>,
    /// How many of the packets sent to it the peer said to miss; `None` if it said nothing.
    pub peer_lost: Option<i64>,
    /// The interarrival jitter that the peer said to see last, in microseconds.
    pub peer_jitter_us: Option<u32>,
    /// Packets with a payload type that was not agreed.
    pub unknown_payload_type: u64,
    /// Packets from an address that is not (yet) known as the peer's.
    pub strangers: u64,
    /// Packets that came before the answer or against the agreed direction.
    pub unexpected: u64,
    /// How often the peer began a new stream (RFC 3550 §8.2).
    pub ssrc_changes: u64,
    /// How often the peer's address was learned anew.
    pub source_changes: u64,
    /// Keys pressed.
    pub digits: u64,
    /// Packets that a mix had gone on without (counted only while others heard this leg in one).
    pub late: u64,
    /// Milliseconds of this leg that were made up in mixes.
    pub concealed_ms: u64,
    /// How long its sound waited on average before it was mixed, in milliseconds; `None` if it never was.
    pub buffered_ms: Option<u32>,
}
