//! A living call, and the screen pop of an offer.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::{Customer, Direction, Diversion, Number, Timestamp};

/// A living call.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The call.
    pub id: String,
    /// What it does.
    pub state: CallState,
    /// The caller's number as sent.
    pub caller: Number,
    /// The caller's display name.
    pub caller_name: Option<String>,
    /// What was dialled.
    pub called: Number,
    /// Who called whom.
    pub direction: Direction,
    /// The queue it waits in, or waited in last.
    pub queue: Option<String>,
    /// Place in the queue while it waits, 1 is next.
    pub position: Option<u32>,
    /// The agent it is offered to or talks with; of several the one who was chosen first.
    pub agent: Option<String>,
    /// Everybody it is offered to, in the order of the offers: several phones may ring for one call.
    #[serde(default)]
    pub offered_to: Vec<String>,
    /// INVITE received.
    pub started_at: Timestamp,
    /// Answered by the server.
    pub answered_at: Option<Timestamp>,
    /// Caller and agent heard each other first.
    pub connected_at: Option<Timestamp>,
    /// BCP 47 language of the caller.
    pub language: String,
    /// The customer's id, if the number is known.
    pub customer: Option<String>,
}

/// Body of `POST /api/v1/calls`: the agent's own phone is called, then whom the agent wants.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateCall {
    /// An extension, a number of the center, or one outside.
    pub to: String,
    /// For which agent; for admins. The own one if absent.
    #[serde(default)]
    pub agent: Option<String>,
    /// The number that is shown outside, one of the center's; as the routes say if absent.
    #[serde(default)]
    pub caller_id: Option<String>,
}

impl fmt::Debug for CreateCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CreateCall(***)")
    }
}

/// Answer to `POST /api/v1/calls`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallCreated {
    /// The call.
    pub id: String,
}

/// Body of `POST /api/v1/calls/{id}/transfer`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferCall {
    /// An extension, a number of the center, or one outside.
    pub to: String,
}

/// Body of `POST /api/v1/calls/{id}/recording/pause`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PauseRecording {
    /// Why, in a few words that are kept with the recording: no personal data.
    #[serde(default)]
    pub reason: Option<String>,
}

impl fmt::Debug for TransferCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TransferCall(***)")
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("id", &self.id).field("state", &self.state).finish_non_exhaustive()
    }
}

/// What a living call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// In its flow.
    InFlow,
    /// Waits in a queue.
    Queued,
    /// Offered to an agent.
    Offered,
    /// Caller and agent talk.
    Connected,
    /// Somebody outside is called.
    Dialling,
    /// The caller talks with somebody outside.
    ConnectedOutside,
    /// Over; its recording is being closed.
    Ending,
}

/// What the agent's page shows of the call that is offered to it. Sent to no one else.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pop {
    /// The call.
    pub call: String,
    /// The offer; one call may be offered several times.
    pub offer: u64,
    /// The agent.
    pub agent: String,
    /// The caller's number as sent.
    pub caller: Number,
    /// The caller's display name.
    pub caller_name: Option<String>,
    /// What was dialled.
    pub called: Number,
    /// The queue the call waited in.
    pub queue: Option<String>,
    /// When it joined that queue.
    pub queued_at: Option<Timestamp>,
    /// Who sent the call on to this server.
    #[serde(default)]
    pub diversion: Option<Diversion>,
    /// BCP 47 language of the caller.
    pub language: String,
    /// The customer; `null` for an unknown number, or while `lookup_done` is false.
    pub customer: Option<Customer>,
    /// Whether the address book has answered.
    pub lookup_done: bool,
}

impl fmt::Debug for Pop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pop").field("call", &self.call).field("offer", &self.offer).finish_non_exhaustive()
    }
}
