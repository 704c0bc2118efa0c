//! The figures of queues and agents: what is counted of an interval, and by which formula each number is made of it. Two tallies that are
//! added give the figures of both together, so that a day is the sum of its quarters of an hour.
//!
//! Stays in queues belong to the interval in which they began, agents' seconds to that in which they passed.
//!
//! Must never know: calls, events, databases, time zones. Start reading at [`QueueTally`], [`AgentTally`] and [`QUEUE_DEFINITIONS`].

mod agent;
mod definition;
mod queue;
mod slot;

pub use agent::{AgentFigures, AgentTally, OfferOutcome};
pub use definition::{AGENT_DEFINITIONS, Definition, QUEUE_DEFINITIONS};
pub use queue::{Ending, HandleTime, QueueFigures, QueueTally, Thresholds};
pub use slot::{SLOT_US, slot_of, split};
