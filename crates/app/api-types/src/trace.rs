//! The SIP messages of a call, as a ladder.

use core::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Source, Timestamp};

/// Answer to `GET /api/v1/calls/{id}/sip`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SipLadder {
    /// The call; `null` for a dialog that belongs to none.
    pub call: Option<String>,
    /// Whether the call still lives.
    pub living: bool,
    /// Its SIP dialogs: the caller's, then one for each offer to an agent and each try to call somebody outside.
    pub legs: Vec<SipLeg>,
    /// The columns of the ladder from left to right.
    pub participants: Vec<SipParticipant>,
    /// The messages in the order in which they passed.
    pub messages: Vec<SipMessage>,
    /// How many more there were, which were left out or gave way.
    pub omitted: u64,
    /// For `?after=`: what passes later has higher numbers.
    pub next: u64,
}

/// One SIP dialog of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SipLeg {
    /// Its Call-ID (RFC 3261 §20.8).
    pub sip_call_id: String,
    /// Who is at its other end.
    pub role: SipRole,
    /// The agent whose phone is at its other end; `null` for the caller's, and where that is not known.
    pub agent: Option<String>,
    /// How many of its messages are kept.
    pub messages: usize,
}

/// A column of the ladder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SipParticipant {
    /// What messages name it by.
    pub id: String,
    /// Who it is.
    pub role: SipRole,
    /// Where a caller calls from.
    pub source: Option<Source>,
    /// The agent whose phone it is.
    pub agent: Option<String>,
    /// Where its first message came from or went to: address and port. `null` for this server.
    pub address: Option<String>,
}

/// Who takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SipRole {
    /// This server.
    Server,
    /// The one who called.
    Caller,
    /// The phone of an agent.
    Agent,
    /// A server that was asked to call somebody outside.
    Callee,
    /// Somebody in no call.
    Stranger,
}

/// One SIP message. `Debug` shows what it is, not what it says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SipMessage {
    /// Its number; they grow and have gaps.
    pub seq: u64,
    /// When it passed this server.
    pub at: Timestamp,
    /// Microseconds after the first message that is kept.
    pub offset_us: u64,
    /// Which way it went.
    pub direction: SipDirection,
    /// The participant who sent it.
    pub from: String,
    /// The participant it was sent to.
    pub to: String,
    /// `UDP`, `TCP`, `TLS`, `WS` or `WSS`.
    pub transport: String,
    /// Our address and port.
    pub local: String,
    /// The peer's.
    pub remote: String,
    /// Its dialog.
    pub sip_call_id: String,
    /// The first line.
    pub start_line: String,
    /// The method, also that which a response answers; `null` if it cannot be read.
    pub method: Option<String>,
    /// The status of a response.
    pub status: Option<u16>,
    /// CSeq as it is written.
    pub cseq: Option<String>,
    /// Whether it had been sent before: a retransmission.
    pub repeated: bool,
    /// Its length.
    pub bytes: usize,
    /// What its session description says, one entry a media line.
    pub sdp: Vec<SipMedia>,
    /// All of it, secrets masked; `null` without `?full=1`. Bytes that are not UTF-8 are replaced.
    pub text: Option<String>,
}

impl fmt::Debug for SipMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SipMessage")
            .field("seq", &self.seq)
            .field("method", &self.method)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SipDirection {
    /// To this server.
    Received,
    /// From this server.
    Sent,
}

/// One media line of a session description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SipMedia {
    /// `audio`, `video`, …
    pub kind: String,
    /// Where its writer receives.
    pub address: Option<String>,
    /// The port; 0 refuses the line.
    pub port: u16,
    /// The encodings, preferred first.
    pub codecs: Vec<String>,
    /// `sendrecv`, `sendonly`, `recvonly` or `inactive`, as its writer sees it.
    pub direction: String,
}
