//! The state of everything at one number of the event stream.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Agent, Alarm, Call, Pop, Timestamp};

/// Answer to `GET /api/v1/live`, and the data of a `snapshot` event. The events after `seq` give every later
/// state. An agent gets itself, its own call and pop, and the lengths of the queues; an admin gets everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Live {
    /// The last event that is contained.
    pub seq: u64,
    /// When it was taken.
    pub at: Timestamp,
    /// Agents, by id.
    pub agents: Vec<Agent>,
    /// Queues, by id.
    pub queues: Vec<Queue>,
    /// Living calls, oldest first.
    pub calls: Vec<Call>,
    /// What is offered to the asking agent, or was taken by it, while the call lives.
    pub pop: Option<Pop>,
    /// Standing alarms; empty for an agent.
    pub alarms: Vec<Alarm>,
    /// Counters since the start of the server, by name; empty for an agent.
    pub counters: BTreeMap<String, u64>,
}

/// A queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Queue {
    /// The queue.
    pub id: String,
    /// Shown name.
    pub name: String,
    /// How many hold the line.
    pub length: usize,
    /// Since when the one of them waits who has waited longest; `null` if nobody does.
    #[serde(default)]
    pub longest_since: Option<Timestamp>,
    /// How many wait to be called back.
    #[serde(default)]
    pub callbacks: u32,
    /// Who waits, in order; `null` for an agent.
    pub waiting: Option<Vec<Waiting>>,
    /// The agents who serve it, as configured; `null` for an agent.
    #[serde(default)]
    pub agents: Option<Vec<String>>,
}

/// A call that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Waiting {
    /// The call.
    pub call: String,
    /// When it joined the queue.
    pub since: Timestamp,
}
