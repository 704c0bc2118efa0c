//! Why a call went to this agent and not to another: kept with every offer.

use core::time::Duration;

use hotline_base::AgentId;
use serde::{Deserialize, Serialize};

use crate::{Gate, Strategy};

/// How many agents a decision lists of each kind; the rest is counted.
pub const DECISION_LISTED_MAX: usize = 50;

/// The reasons of one offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// How the queue chooses.
    pub strategy: Strategy,
    /// The caller's place in the queue.
    pub position: u32,
    /// How long the caller had waited.
    pub waited: Duration,
    /// The agents who could have been offered the call, the chosen one first.
    pub candidates: Vec<Candidate>,
    /// The other members of the queue, each with the first gate that was shut.
    pub refused: Vec<Refusal>,
    /// Members left out of both lists because of [`DECISION_LISTED_MAX`].
    pub unlisted: u32,
}

/// An agent who could have been offered the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Who.
    pub agent: AgentId,
    /// What the strategy ordered by.
    pub sort_key: SortKey,
}

/// What a strategy orders candidates by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SortKey {
    /// Idle for this long; the longest first.
    IdleFor(Duration),
}

/// An agent who could not be offered the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Who.
    pub agent: AgentId,
    /// Why not.
    pub gate: Gate,
}
