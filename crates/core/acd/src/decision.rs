//! Why a call went to this agent and not to another, or to nobody: kept with every offer.

use core::time::Duration;

use hotline_base::AgentId;
use serde::{Deserialize, Serialize};

use crate::rank::{Candidate, lot};
use crate::{Gate, Strategy};

/// How many agents a decision lists of each kind; the rest is counted.
pub const DECISION_LISTED_MAX: usize = 50;

/// The reasons of one offer, or of a wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// How the queue chooses.
    pub strategy: Strategy,
    /// The caller's place in the queue.
    pub position: u32,
    /// How long the caller had waited.
    pub waited: Duration,
    /// The last step of the queue's plan that had begun, the first being 0.
    pub step: Option<u32>,
    /// What the lots were drawn with.
    pub seed: Option<u64>,
    /// The agents who could have been offered the call, the chosen one first.
    pub candidates: Vec<Candidate>,
    /// Other members of the queue, each with the first gate that was shut.
    pub refused: Vec<Refusal>,
    /// Members left out of both lists because of [`DECISION_LISTED_MAX`].
    pub unlisted: u32,
}

/// An agent who could not be offered the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Who.
    pub agent: AgentId,
    /// Why not.
    pub gate: Gate,
}

impl Decision {
    /// Chooses again, from what the record holds: lots are drawn anew. It is the agent who was offered the call; `None`
    /// if there was nobody.
    #[must_use]
    pub fn replay(&self) -> Option<AgentId> {
        let mut candidates = self.candidates.clone();
        for candidate in &mut candidates {
            if let (Some(lots), Some(seed)) = (self.strategy.lots(candidate.weight), self.seed) {
                candidate.sort_key.measure = lot(seed, &candidate.agent, lots);
            }
        }
        candidates.into_iter().min_by(Candidate::order).map(|first| first.agent)
    }
}
