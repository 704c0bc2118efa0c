//! One waiting caller and the order among them.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use hotline_base::{AgentId, CallId, Now, QueueId, ReservationId, Time, WallTime};
use serde::{Deserialize, Serialize};

use crate::agent::Agent;
use crate::plan::Progress;
use crate::{Limit, Requirement, WaitRange};

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
    /// Not to be offered to anybody before, as by [`hold_back`](crate::Acd::hold_back).
    pub not_before: Option<Time>,
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
            not_before: None,
        }
    }
}

/// The most skills that one call can require.
pub const REQUIREMENTS_MAX: usize = 8;

/// An agent who is asked before all others, for a while. Neither membership nor skills, tiers or the plan keep the call
/// from it. An agent who does not take the call is an ordinary one for it from then on, unless it is designated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sticky {
    /// Who. It need not be a member of the queue.
    pub agent: AgentId,
    /// How long after joining the call is held for it; `None` for as long as it waits.
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
    /// Somebody who is to be called back: has a place, and no phone in hand. Never waits too long, and is not counted where
    /// the number of callers is limited.
    Callback,
    /// Somebody who was to be called back, has been called, and hears music. Is counted as what it was, and never waits too
    /// long.
    CalledBack,
}

impl CallerKind {
    /// Whether somebody hears music.
    #[must_use]
    pub const fn is_on_the_line(self) -> bool {
        match self {
            Self::OnTheLine | Self::CalledBack => true,
            Self::Callback => false,
        }
    }
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
    /// None of its members is there as [`Join`](crate::Join) asks.
    #[error("no agent of the queue is at work")]
    Unstaffed,
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
    /// The agents whose phones ring for it right now.
    pub offered_to: Vec<AgentId>,
    /// Who waits.
    pub kind: CallerKind,
}

/// A caller in a queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Caller {
    pub(crate) key: CallerKey,
    pub(crate) queue: QueueId,
    /// When it joined this queue.
    pub(crate) since: Now,
    /// When its place in line dates from.
    pub(crate) enqueued: Time,
    pub(crate) credit: Duration,
    pub(crate) kind: CallerKind,
    pub(crate) requires: Vec<Requirement>,
    /// The agent for whom it is held this moment.
    pub(crate) sticky: Option<Sticky>,
    pub(crate) stage: Stage,
    /// Not offered before then.
    pub(crate) held_back: Option<Time>,
    pub(crate) progress: Progress,
    /// How often it was offered.
    pub(crate) passes: u32,
    /// To whom last.
    pub(crate) last_offered: Option<AgentId>,
    /// What it was told of its wait.
    pub(crate) told: Option<Told>,
    /// Agents not to be offered this call, with their `ready_count` at that moment.
    pub(crate) excluded: BTreeMap<AgentId, u64>,
}

/// What a caller was told of its wait.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Told {
    /// When it was told first, and that it would then not wait longer than this.
    pub(crate) first: (Time, Duration),
    pub(crate) last: WaitRange,
    /// How many agents the last was reckoned with.
    pub(crate) agents: f64,
}

/// What happens to a waiting caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stage {
    Waiting,
    Offered {
        /// At least one.
        offers: BTreeSet<ReservationId>,
        /// How many phones may ring, with a strategy that adds one after the other.
        phones: u32,
        /// A limit passed during the offers, which are let finish.
        overdue: Option<Limit>,
        /// An agent has taken the call: no other phone is rung.
        accepted: bool,
    },
    /// Past a limit: not offered to anybody; the flow takes it out.
    Exceeded,
}

impl Caller {
    pub(crate) fn new(now: Now, entry: &Entry) -> Self {
        let enqueued = entry.enqueued.map_or(now.mono, |enqueued| enqueued.mono.min(now.mono));
        Self {
            key: CallerKey::new(enqueued, entry.class, entry.priority_credit, entry.call),
            queue: entry.queue.clone(),
            since: now,
            enqueued,
            credit: entry.priority_credit,
            kind: entry.kind,
            requires: entry.requires.iter().take(REQUIREMENTS_MAX).cloned().collect(),
            sticky: entry.sticky.clone(),
            stage: Stage::Waiting,
            held_back: entry.not_before.filter(|until| *until > now.mono),
            progress: Progress::default(),
            passes: 0,
            last_offered: None,
            told: None,
            excluded: BTreeMap::new(),
        }
    }

    /// The key with the present credit.
    pub(crate) fn due(&self, class: Class) -> CallerKey {
        CallerKey::new(self.enqueued, class, self.credit, self.key.call)
    }

    pub(crate) fn waited(&self, now: Now) -> Duration {
        now.mono - self.since.mono
    }

    pub(crate) fn is_held_for(&self, agent: &AgentId) -> bool {
        self.sticky.as_ref().is_some_and(|sticky| sticky.agent == *agent)
    }

    /// How many phones ring for it.
    pub(crate) fn ringing(&self) -> usize {
        match &self.stage {
            Stage::Offered { offers, .. } => offers.len(),
            Stage::Waiting | Stage::Exceeded => 0,
        }
    }

    pub(crate) fn exclude(&mut self, agent: &Agent) {
        self.excluded.insert(agent.config.id.clone(), agent.ready_count);
    }

    /// True until the agent makes itself ready again.
    pub(crate) fn excludes(&self, agent: &Agent) -> bool {
        self.excluded.get(&agent.config.id) == Some(&agent.ready_count)
    }
}
