//! Who takes part in a conversation, and whom each of them hears.

use hotline_base::LegId;
use serde::{Deserialize, Serialize};

/// The most parties of one bridge.
pub const PARTIES_MAX: usize = 32;

/// One leg of a bridge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// The leg.
    pub leg: LegId,
    /// Whom it hears, of the others.
    pub hears: Vec<LegId>,
    /// How much louder the others hear it, in decibels; taken into −20 to 20. Who hears one other party alone, and that at 0, gets
    /// its packets as they are.
    pub gain_db: i8,
}

/// How a supervisor takes part in a conversation of a customer and an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Supervision {
    /// Hears both, is heard by nobody.
    Listen,
    /// Hears both, is heard by the agent.
    Whisper,
    /// Hears nobody, is heard by the agent.
    PrivateWhisper,
    /// Hears both, is heard by both.
    Barge,
    /// Talks to the customer in place of the agent.
    TakeOver,
}

impl Supervision {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Listen, Self::Whisper, Self::PrivateWhisper, Self::Barge, Self::TakeOver];
}

impl Party {
    fn new(leg: LegId, hears: Vec<LegId>) -> Self {
        Self { leg, hears, gain_db: 0 }
    }

    /// A conference in which everybody hears everybody else.
    #[must_use]
    pub fn conference(legs: &[LegId]) -> Vec<Self> {
        let others = |leg| legs.iter().copied().filter(|other| *other != leg).collect();
        legs.iter().map(|&leg| Self::new(leg, others(leg))).collect()
    }

    /// A conversation of `customer` and `agent` with a supervisor. Of one that was taken over the agent is no party.
    #[must_use]
    pub fn supervised(
        customer: LegId,
        agent: LegId,
        supervisor: LegId,
        supervision: Supervision,
    ) -> Vec<Self> {
        let both = || vec![customer, agent];
        let (to_customer, to_agent, to_supervisor) = match supervision {
            Supervision::Listen => (vec![agent], vec![customer], both()),
            Supervision::Whisper => (vec![agent], vec![customer, supervisor], both()),
            Supervision::PrivateWhisper => (vec![agent], vec![customer, supervisor], vec![]),
            Supervision::Barge => (vec![agent, supervisor], vec![customer, supervisor], both()),
            Supervision::TakeOver => return Self::conference(&[customer, supervisor]),
        };
        vec![
            Self::new(customer, to_customer),
            Self::new(agent, to_agent),
            Self::new(supervisor, to_supervisor),
        ]
    }
}
