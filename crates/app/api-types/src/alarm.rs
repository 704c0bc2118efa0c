//! What operators should look at.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Timestamp, TrunkFault};

/// Something an operator should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Alarm {
    /// What is wrong, as a stable word: `recording_failed`, `recording_cut`, `recording_gap`, `store_unavailable`,
    /// `media_ports_exhausted`, `media_silent`, `prompt_missing`, `internal_error`, `not_offered`, `certificate_unusable`, `flows_invalid`,
    /// `overloaded`; with an agent after a colon: `reservation_expired:1001`, `phone_fault:1001`, `phone_busy:1001`; with a trunk:
    /// `trunk_unusable:carrier`.
    pub kind: String,
    /// Since when.
    pub since: Timestamp,
    /// Why, as an English sentence.
    pub detail: String,
    /// The same for programs, and for pages in other languages.
    pub cause: AlarmCause,
}

/// Why an alarm was raised: `code`, and the fields of that code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum AlarmCause {
    /// The kind says all.
    Untold,
    /// No space is left for a recording.
    DiskFull {
        /// Its file.
        file: String,
    },
    /// A recording may not be made or written.
    NotWritable {
        /// Its file.
        file: String,
    },
    /// The file system refuses a recording.
    FileError {
        /// Its file.
        file: String,
        /// `errno`; 0 if there was none.
        os_error: i32,
    },
    /// The recorder is too far behind to take another recording.
    RecorderBusy,
    /// A defect in the recorder.
    RecorderDefect,
    /// A recording has the greatest length that one may have; its call goes on.
    RecordingFull {
        /// Its file.
        file: String,
    },
    /// Audio is missing in a recording, because the disk was too slow.
    AudioMissing {
        /// Its file.
        file: String,
        /// How much.
        missing_ms: u64,
    },
    /// A prompt could not be played; the log has more.
    Prompt,
    /// The database does not answer; events wait on disk.
    Store {
        /// What it, or its driver, said.
        said: String,
    },
    /// The new certificate cannot be used; the one before stays in use.
    Certificate {
        /// What the system or the TLS library said.
        said: String,
    },
    /// Files of center, flows or sounds have mistakes; what was in force stays.
    Files {
        /// The file of the first mistake.
        file: String,
        /// Its line, from 1.
        line: u32,
        /// What is wrong there, as an English sentence.
        problem: String,
    },
    /// More comes by SIP than is worked off; new calls are refused meanwhile.
    Overloaded,
    /// No RTP port is free.
    PortsExhausted,
    /// A media thread has its limit of legs.
    TooManyLegs,
    /// The system refused a socket for a call's audio.
    NoSocket {
        /// `errno`.
        os_error: i32,
    },
    /// The media plane did not answer.
    MediaSilent,
    /// A defect in the server; the log has more.
    Defect,
    /// An offer was never settled; the agent was released.
    OfferUnsettled,
    /// The phone failed three times in a row; the agent is not ready.
    PhoneFailed,
    /// The phone was busy while the agent was ready: perhaps a call outside.
    PhoneBusy,
    /// Calls cannot go out by a trunk.
    Trunk {
        /// What is wrong with it.
        fault: TrunkFault,
    },
    /// A defect kept a caller waiting although an agent was free; the caller is offered now.
    NotOffered {
        /// Whose call.
        call: String,
        /// Who was free.
        agent: String,
        /// How long the caller had waited.
        waited_s: u64,
        /// The caller's place in the line, from 1.
        position: u32,
        /// How many were free in all.
        free: usize,
        /// How many were not.
        refused: usize,
    },
}
