//! What operators should look at, and why it is so.

use std::fmt;

use hotline_base::{AgentId, CallId, TrunkId, WallTime};
use hotline_media::{LegFailure, RecordingFailure};
use serde::{Deserialize, Serialize};

use crate::trunk::TrunkFault;

/// An alarm, as operators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// What is wrong; two alarms of one kind are one alarm.
    pub kind: AlarmKind,
    /// Since when.
    pub since: WallTime,
    /// Why. The journal's earlier events told it in words, which nobody reads again.
    #[serde(default)]
    pub cause: AlarmCause,
}

/// Why an alarm was raised. Prints as an English sentence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AlarmCause {
    /// The kind says all.
    #[default]
    Untold,
    /// A recording cannot be written.
    Recording(RecordingFailure),
    /// A recording has the greatest length that one may have.
    RecordingFull {
        /// Its file.
        file: String,
    },
    /// Audio is missing in a recording.
    AudioMissing {
        /// Its file.
        file: String,
        /// How much.
        missing_ms: u64,
    },
    /// A prompt could not be played.
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
    /// Files of center, flows or sounds have mistakes, this one first; what was in force stays.
    Files(FileMistake),
    /// More comes by SIP than is worked off.
    Overloaded,
    /// No leg could be opened.
    Leg(LegFailure),
    /// The media plane did not answer.
    MediaSilent,
    /// A defect ended a call.
    Defect,
    /// An offer was never settled.
    OfferUnsettled,
    /// The phone failed three times in a row.
    PhoneFailed,
    /// The phone was busy while the agent was ready.
    PhoneBusy,
    /// What is wrong with the trunk.
    Trunk(TrunkFault),
    /// A caller was kept waiting although an agent was free.
    NotOffered {
        /// Whose call.
        call: CallId,
        /// Who was free.
        agent: AgentId,
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

/// A mistake in a file of center, flows or sounds. Prints as `file:line: problem`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileMistake {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// What is wrong, in words.
    pub problem: String,
}

impl fmt::Display for FileMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.problem)
    }
}

impl fmt::Display for AlarmCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Untold => Ok(()),
            Self::Recording(failure) => failure.fmt(f),
            Self::RecordingFull { file } => {
                write!(f, "{file}: the longest that a recording may be; its call goes on")
            }
            Self::AudioMissing { file, missing_ms } => {
                write!(f, "{file}: {missing_ms} ms are missing; the disk is too slow")
            }
            Self::Prompt => f.write_str("a prompt could not be played, see the log"),
            Self::Store { said } => write!(f, "events wait on disk: {said}"),
            Self::Certificate { said } => write!(f, "those before stay in use: {said}"),
            Self::Files(first) => write!(f, "those before stay in use: {first}"),
            Self::Overloaded => f.write_str("new calls are refused until what waits is worked off"),
            Self::Leg(failure) => failure.fmt(f),
            Self::MediaSilent => f.write_str("the media plane did not answer"),
            Self::Defect => f.write_str("a defect ended a call; the log has more"),
            Self::OfferUnsettled => f.write_str("an offer was never settled; the agent was released"),
            Self::PhoneFailed => f.write_str("the phone failed three times in a row; the agent is not ready"),
            Self::PhoneBusy => f.write_str("the phone was busy while the agent was ready: an outside call?"),
            Self::Trunk(fault) => fault.fmt(f),
            Self::NotOffered { call, agent, waited_s, position, free, refused } => write!(
                f,
                "call {call} had waited {waited_s} s in place {position} although agent {agent} was free for it \
                 ({free} free in all, {refused} not); it is offered now"
            ),
        }
    }
}

/// The kinds of alarm.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AlarmKind {
    /// Recordings cannot be written. Cleared by the next that can.
    RecordingFailed,
    /// A recording has the greatest length that one may have; its call goes on without. Cleared by the next that is
    /// complete.
    RecordingCut,
    /// Audio is missing in a recording, because the disk was too slow. Cleared by the next in which none is.
    RecordingGap,
    /// The database does not answer; events wait.
    StoreUnavailable,
    /// No media port is free; new calls are refused.
    MediaPortsExhausted,
    /// The media plane did not open a leg in time.
    MediaSilent,
    /// A prompt is missing.
    PromptMissing,
    /// A reservation outlived its lease.
    ReservationExpired(AgentId),
    /// An agent's phone failed three times in a row.
    PhoneFault(AgentId),
    /// An agent's phone was busy while the agent was ready: an outside call?
    PhoneBusy(AgentId),
    /// A defect ended a call.
    InternalError,
    /// The files of the SIP certificate have changed and cannot be used.
    CertificateUnusable,
    /// The flow files have changed and have mistakes.
    FlowsInvalid,
    /// More comes by SIP than is worked off; new calls are refused.
    Overloaded,
    /// Calls cannot go out by a trunk.
    TrunkUnusable(TrunkId),
    /// A defect kept a caller waiting although an agent was free. The call's events have the decision.
    NotOffered,
}
