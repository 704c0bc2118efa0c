//! Callers in line, why they wait, and merged staffs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Decision, Timestamp};

/// Answer to `GET /api/v1/calls/{id}/decisions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionList {
    /// Every look at whom the call could be offered to, in order.
    pub decisions: Vec<DecisionMade>,
    /// Why the call waits this moment; `null` if it does not wait.
    pub waits_because: Option<Decision>,
}

/// One look at whom a call could be offered to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionMade {
    /// When.
    pub at: Timestamp,
    /// Whom it was offered to; `null` if nobody could be.
    pub agent: Option<String>,
    /// Whom the recorded candidates give when they are put in order again: the same agent, unless the program is at fault.
    pub replayed: Option<String>,
    /// The reasons.
    pub decision: Decision,
}

/// Answer to `GET /api/v1/queues/{id}/script`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QueueScript {
    /// The text as the center has it: headings, lists, `**strong**`, and places such as `{name}`; `null` if there is none.
    pub script: Option<String>,
}

/// Body of `POST /api/v1/calls/{id}/move`: one of the two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveCaller {
    /// Into this queue, with the place in line.
    pub queue: Option<String>,
    /// To this agent alone.
    pub agent: Option<String>,
}

/// Body of `POST /api/v1/calls/{id}/priority`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrioritiseCaller {
    /// The head start in seconds, in place of the one the caller had.
    #[schemars(range(max = 86_400))]
    pub credit_s: u32,
    /// Whether it goes before all ordinary callers.
    #[serde(default)]
    pub emergency: bool,
}

/// Answer to `GET /api/v1/merges`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MergeList {
    /// By name.
    pub merges: Vec<Merge>,
}

/// Queues or groups of agents that have one staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Merge {
    /// Its name.
    pub name: String,
    /// The queues whose agents serve all of them.
    pub queues: Vec<String>,
    /// The groups whose agents belong to all of them.
    pub groups: Vec<String>,
    /// When it ends by itself.
    pub until: Timestamp,
}

/// Body of `PUT /api/v1/merges/{name}`: queues or groups, at least two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeStaff {
    /// The queues whose agents are to serve all of them.
    #[serde(default)]
    pub queues: Vec<String>,
    /// The groups whose agents are to belong to all of them.
    #[serde(default)]
    pub groups: Vec<String>,
    /// When it ends by itself.
    pub until: Timestamp,
}
