//! One waiting caller and the order among them.

use core::time::Duration;
use std::collections::BTreeMap;

use hotline_base::{AgentId, CallId, Now, QueueId, ReservationId, Time, WallTime};
use serde::{Deserialize, Serialize};

use crate::Requirement;
use crate::agent::Agent;

/// A call to put into a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Which call.
    pub call: CallId,
    /// Into which queue.
    pub queue: QueueId,
    /// A head start: the caller counts as having come this much earlier. Nobody starves by it.
    pub priority_credit: Duration,
    /// Whether it goes before all ordinary callers.
    pub class: Class,
    /// Agents who are not to be offered this call while others may come. Those not in the queue are skipped.
    pub excluded: Vec<AgentId>,
    /// What an agent must know, at most [`REQUIREMENTS_MAX`]; a step of the queue's plan may ask for more or be content
    /// with less.
    pub requires: Vec<Requirement>,
    /// The agent who is asked before all others.
    pub sticky: Option<Sticky>,
    /// When its place in line dates from, if it has one already: a caller from another queue, one who was cut off, one
    /// who is called back. Not later than now.
    pub enqueued: Option<Now>,
    /// Who waits.
    pub kind: CallerKind,
}

impl Entry {
    /// An ordinary caller who joins now.
    #[must_use]
    pub const fn new(call: CallId, queue: QueueId) -> Self {
        Self {
            call,
            queue,
            priority_credit: Duration::ZERO,
            class: Class::Ordinary,
            excluded: Vec::new(),
            requires: Vec::new(),
            sticky: None,
            enqueued: None,
            kind: CallerKind::OnTheLine,
        }
    }
}

/// The most skills that one call can require.
pub const REQUIREMENTS_MAX: usize = 8;

/// An agent who is asked before all others, for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sticky {
    /// Who. It need not be a member of the queue.
    pub agent: AgentId,
    /// How long the call is held for it; `None` for as long as it waits.
    pub wait: Option<Duration>,
    /// Whether the call is held even while the agent does not take calls; else that ends it.
    pub designated: bool,
}

/// Who waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CallerKind {
    /// Somebody who hears music.
    #[default]
    OnTheLine,
    /// Somebody who is to be called back: has a place, and no phone in hand. Never waits too long.
    Callback,
}

/// Strict precedence, for emergencies only; ordinary priority is [`Entry::priority_credit`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Class {
    /// Before everybody else.
    Emergency,
    /// By time and credit.
    #[default]
    Ordinary,
}

/// The order of callers, over all queues: total, and immutable while the caller waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CallerKey {
    /// Strict precedence first.
    pub class: Class,
    /// Then microseconds of enqueue time less credit; below zero if the credit reaches back beyond the origin.
    pub due: i128,
    /// Then the id.
    pub call: CallId,
}

impl CallerKey {
    pub(crate) fn new(now: Time, class: Class, credit: Duration, call: CallId) -> Self {
        let credit = i128::try_from(credit.as_micros()).unwrap_or(i128::MAX / 2);
        Self { class, due: i128::from(now.as_micros()) - credit, call }
    }
}

/// Where a caller stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// 1 is next.
    pub position: u32,
    /// How many wait in the queue, this caller included.
    pub waiting: u32,
}

/// Why a call cannot wait in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnqueueError {
    /// No such queue, or it is being closed.
    #[error("there is no such queue")]
    UnknownQueue,
    /// As many callers wait as may ([`waiting_max`](crate::QueueConfig::waiting_max)).
    #[error("the queue is full")]
    Full,
    /// The queue has no members, so nobody can ever come.
    #[error("the queue has no agents")]
    NoAgents,
    /// The call waits in a queue already.
    #[error("the call waits in a queue already")]
    AlreadyWaiting,
}

/// What a caller who left the queue leaves behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The queue it waited in.
    pub queue: QueueId,
    /// How long.
    pub waited: Duration,
    /// Where it stood.
    pub position: u32,
}

/// A waiting caller as others may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallerView {
    /// Which call.
    pub call: CallId,
    /// When it joined.
    pub since: WallTime,
    /// 1 is next.
    pub position: u32,
    /// The agent to whom it is offered right now.
    pub offered_to: Option<AgentId>,
}

/// A caller in a queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Caller {
    pub(crate) key: CallerKey,
    pub(crate) queue: QueueId,
    pub(crate) since: Now,
    pub(crate) stage: Stage,
    /// The position last told; 0 before the first.
    pub(crate) position: u32,
    /// Agents not to be offered this call, with their `ready_count` at that moment.
    excluded: BTreeMap<AgentId, u64>,
}

/// What happens to a waiting caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stage {
    Waiting,
    Offered {
        reservation: ReservationId,
        /// The longest wait passed during the offer, which is let finish.
        overdue: bool,
    },
    /// Waited too long: not offered to anybody; the flow takes it out.
    Exceeded,
}

impl Caller {
    pub(crate) fn new(now: Now, key: CallerKey, queue: QueueId) -> Self {
        Self { key, queue, since: now, stage: Stage::Waiting, position: 0, excluded: BTreeMap::new() }
    }

    pub(crate) fn exclude(&mut self, agent: &Agent) {
        self.excluded.insert(agent.config.id.clone(), agent.ready_count);
    }

    /// True until the agent makes itself ready again.
    pub(crate) fn excludes(&self, agent: &Agent) -> bool {
        self.excluded.get(&agent.config.id) == Some(&agent.ready_count)
    }
}
