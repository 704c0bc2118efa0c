//! Whom an agent can reach.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{AgentState, Timestamp};

/// Answer to `GET /api/v1/directory`: whom a call can be sent to, or who can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Directory {
    /// All agents but the one who asks, by id. The id is what is dialled.
    pub agents: Vec<Colleague>,
    /// The center's own numbers, in order.
    pub numbers: Vec<CenterNumber>,
    /// The queues into which callers can be sent, by id.
    pub queues: Vec<QueueTarget>,
}

/// A queue, at the moment of the answer. It is dialled as `queue:` and its id, and only to send a caller on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QueueTarget {
    /// The queue.
    pub id: String,
    /// Shown name.
    pub name: String,
    /// Callers who wait.
    pub waiting: u32,
    /// Its agents who could take a call at once.
    pub ready: u32,
}

/// A colleague, at the moment of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Colleague {
    /// The agent.
    pub id: String,
    /// Shown name.
    pub name: String,
    /// What the agent does.
    pub state: AgentState,
    /// Since when.
    pub since: Timestamp,
    /// Whether the agent's device can be called.
    pub registered: bool,
    /// The call that rings there, if it can be picked up by whoever asks.
    pub ringing: Option<String>,
}

/// A number of the center, and what it leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CenterNumber {
    /// What is dialled.
    pub number: String,
    /// What people call it; `null` if it has no name.
    pub name: Option<String>,
    /// Its flow.
    pub flow: String,
    /// BCP 47 language in which callers are addressed.
    pub language: String,
}
