//! One queue: its callers in order, its members, and which of those could be offered a call this moment.

use core::ops::Bound;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use hotline_base::{AgentId, QueueId, Time};
use serde::{Deserialize, Serialize};

use crate::agent::Agent;
use crate::{CallerKey, CallerView, QueueConfig, WrapUp};

/// What became of a queue's callers since the process began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueCounts {
    /// Joined.
    pub entered: u64,
    /// Refused because the queue was full.
    pub full: u64,
    /// Reached an agent.
    pub answered: u64,
    /// Hung up while waiting.
    pub abandoned: u64,
    /// Left by key, by the longest wait, or because the flow went on.
    pub exited: u64,
}

/// A queue as others may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueView {
    /// Which queue.
    pub id: QueueId,
    /// How people name it.
    pub name: String,
    /// Its callers, the next one first.
    pub waiting: Vec<CallerView>,
    /// How many agents serve it.
    pub members: u32,
    /// How many of them could be offered a call this moment.
    pub offerable: u32,
    /// How many of them take calls, those busy with one included.
    pub working: u32,
    /// What became of its callers.
    pub counts: QueueCounts,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Queue {
    pub(crate) config: QueueConfig,
    /// Gone from the configuration: takes no more callers, and is forgotten when the last one has left.
    pub(crate) closing: bool,
    /// Everybody who waits, those being offered included.
    pub(crate) callers: BTreeSet<CallerKey>,
    /// Those of them who can be offered to an agent.
    pub(crate) unoffered: BTreeSet<CallerKey>,
    pub(crate) members: BTreeSet<AgentId>,
    /// Members whose after-call work has a length of its own.
    pub(crate) own_wrap_up: BTreeMap<AgentId, Duration>,
    /// Members whose own gates are all open, the longest idle first.
    pub(crate) offerable: BTreeSet<(Time, AgentId)>,
    /// Members who take calls, now or after the one they have.
    pub(crate) working: BTreeSet<AgentId>,
    pub(crate) counts: QueueCounts,
}

impl Queue {
    pub(crate) fn new(config: QueueConfig) -> Self {
        Self {
            config,
            closing: false,
            callers: BTreeSet::new(),
            unoffered: BTreeSet::new(),
            members: BTreeSet::new(),
            own_wrap_up: BTreeMap::new(),
            offerable: BTreeSet::new(),
            working: BTreeSet::new(),
            counts: QueueCounts::default(),
        }
    }

    /// The first caller after `last` who can be offered, if there is anybody to offer it to.
    pub(crate) fn next_after(&self, last: Option<CallerKey>) -> Option<CallerKey> {
        if self.offerable.is_empty() {
            return None;
        }
        let from = last.map_or(Bound::Unbounded, Bound::Excluded);
        self.unoffered.range((from, Bound::Unbounded)).next().copied()
    }

    /// The rules for the after-call work of one of its agents.
    pub(crate) fn wrap_up_of(&self, agent: &AgentId) -> WrapUp {
        let length = self.own_wrap_up.get(agent).copied().unwrap_or(self.config.wrap_up.length);
        WrapUp { length, ..self.config.wrap_up }
    }

    /// Follows a member from one place in the indexes to another.
    pub(crate) fn reindex(&mut self, before: Option<Time>, agent: &Agent) {
        let id = &agent.config.id;
        let after = agent.offerable();
        if before != after {
            if let Some(idle_since) = before {
                self.offerable.remove(&(idle_since, id.clone()));
            }
            if let Some(idle_since) = after {
                self.offerable.insert((idle_since, id.clone()));
            }
        }
        if agent.is_working() {
            self.working.insert(id.clone());
        } else {
            self.working.remove(id);
        }
    }
}
