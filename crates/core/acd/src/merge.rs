//! Queues or groups of agents that have one staff for a while.
//!
//! The members of merged queues serve all of them, each in the tier and with the weight of the first of its own in the order
//! of ids; callers stay in their queues and keep their place. The agents of merged groups belong to all of them. When the
//! time is over, or a person splits them, everybody has the own again: calls and offers under way go on.

use core::fmt;
use std::collections::BTreeSet;
use std::sync::Arc;

use hotline_base::{GroupId, Now, QueueId, Time};
use serde::{Deserialize, Serialize};

use crate::queue::Queue;
use crate::{Acd, AgentConfig, Event, Member, Timer};

/// Merges at once.
pub const MERGES_MAX: usize = 64;

/// The name of a merge, chosen by who makes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MergeId(Arc<str>);

impl From<&str> for MergeId {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for MergeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One staff for several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merge {
    /// Its name. One of the same name takes its place.
    pub id: MergeId,
    /// Of what.
    pub of: Merged,
    /// When it ends by itself.
    pub until: Time,
}

/// What has one staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Merged {
    /// The agents of any serve all.
    Queues(BTreeSet<QueueId>),
    /// The agents of any belong to all.
    Groups(BTreeSet<GroupId>),
}

/// Why there is no such merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// There are [`MERGES_MAX`] already.
    #[error("there are too many merges; split one first")]
    TooMany,
    /// Fewer than two queues or groups are named.
    #[error("name two queues or groups at least")]
    TooFew,
    /// One of the queues is not there.
    #[error("there is no such queue")]
    UnknownQueue,
    /// Its end is not later than now.
    #[error("the end of the merge has passed")]
    Over,
    /// No merge has this name.
    #[error("there is no such merge")]
    Unknown,
}

impl Acd {
    /// Gives queues or groups one staff until the end of the merge, or until [`split`](Self::split).
    ///
    /// # Errors
    /// See [`MergeError`].
    pub fn merge(&mut self, now: Now, merge: Merge) -> Result<(), MergeError> {
        let size = match &merge.of {
            Merged::Queues(queues) if queues.iter().any(|queue| !self.queues.contains_key(queue)) => {
                return Err(MergeError::UnknownQueue);
            }
            Merged::Queues(queues) => queues.len(),
            Merged::Groups(groups) => groups.len(),
        };
        if size < 2 {
            return Err(MergeError::TooFew);
        }
        if merge.until <= now.mono {
            return Err(MergeError::Over);
        }
        if self.merges.len() >= MERGES_MAX && !self.merges.contains_key(&merge.id) {
            return Err(MergeError::TooMany);
        }
        self.timers.set(Timer::Merge(merge.id.clone()), merge.until);
        self.events.push_back(Event::Merged { merge: merge.id.clone() });
        self.merges.insert(merge.id.clone(), merge);
        self.link_members(now);
        self.settle(now);
        Ok(())
    }

    /// Ends a merge before its time.
    ///
    /// # Errors
    /// [`MergeError::Unknown`].
    pub fn split(&mut self, now: Now, merge: &MergeId) -> Result<(), MergeError> {
        if !self.merges.contains_key(merge) {
            return Err(MergeError::Unknown);
        }
        self.unmerge(now, merge);
        self.settle(now);
        Ok(())
    }

    /// The merges that hold, by name.
    pub fn merges(&self) -> impl Iterator<Item = &Merge> {
        self.merges.values()
    }

    pub(crate) fn unmerge(&mut self, now: Now, merge: &MergeId) {
        self.timers.cancel(&Timer::Merge(merge.clone()));
        if self.merges.remove(merge).is_some() {
            self.events.push_back(Event::Split { merge: merge.clone() });
            self.link_members(now);
        }
    }

    /// Everybody who serves a queue, its own members first. Somebody may be in it twice; the first counts.
    pub(crate) fn staff(&self, queue: &Queue) -> Vec<Member> {
        let mut staff = queue.config.members.clone();
        let mut others = BTreeSet::new();
        for merge in self.merges.values() {
            match &merge.of {
                Merged::Queues(queues) if queues.contains(&queue.config.id) => others.extend(queues),
                Merged::Queues(_) | Merged::Groups(_) => {}
            }
        }
        let others = others.into_iter().filter_map(|queue| self.queues.get(queue));
        staff.extend(others.flat_map(|other| other.config.members.iter().cloned()));
        staff
    }

    /// The groups an agent belongs to.
    pub(crate) fn groups(&self, agent: &AgentConfig) -> BTreeSet<GroupId> {
        let mut all = agent.groups.clone();
        for merge in self.merges.values() {
            match &merge.of {
                Merged::Groups(groups) if !groups.is_disjoint(&agent.groups) => {
                    all.extend(groups.iter().cloned());
                }
                Merged::Groups(_) | Merged::Queues(_) => {}
            }
        }
        all
    }
}
