//! What is remembered of somebody, for so many at a time: beyond, the one heard of least recently is forgotten.

use std::collections::BTreeMap;

use hotline_base::{Time, TimerQueue};
use serde::{Deserialize, Serialize};

/// Values by key, at most `limit`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Ledger<K: Ord, V> {
    entries: BTreeMap<K, V>,
    /// When each was heard of last.
    heard: TimerQueue<K>,
    limit: usize,
}

impl<K: Ord + Clone, V> Ledger<K, V> {
    pub(super) fn new(limit: usize) -> Self {
        Self { entries: BTreeMap::new(), heard: TimerQueue::new(), limit }
    }

    /// What is remembered of `key`, or `fresh`; it was heard of.
    pub(super) fn entry(&mut self, now: Time, key: K, fresh: V) -> &mut V {
        if self.entries.len() >= self.limit
            && !self.entries.contains_key(&key)
            && let Some(oldest) = self.heard.pop_due(now)
        {
            self.entries.remove(&oldest);
        }
        self.heard.set(key.clone(), now);
        self.entries.entry(key).or_insert(fresh)
    }

    /// What is remembered of `key`.
    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key)
    }

    /// All from `first` on, in order.
    pub(super) fn range_mut(&mut self, first: K) -> impl Iterator<Item = (&K, &mut V)> {
        self.entries.range_mut(first..)
    }

    /// All, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.iter()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        assert_eq!(self.entries.len(), self.heard.len());
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_heard_of_least_recently_is_forgotten() {
        let mut ledger = Ledger::new(3);
        for key in 0..3_u64 {
            *ledger.entry(Time(key), key, 0) += 1;
        }
        *ledger.entry(Time(10), 0, 0) += 1;
        ledger.entry(Time(11), 9, 0);
        assert_eq!(
            ledger.iter().map(|(key, count)| (*key, *count)).collect::<Vec<_>>(),
            [(0, 2), (2, 1), (9, 0)]
        );
        assert_eq!((ledger.len(), ledger.get_mut(&1)), (3, None));
        assert_eq!(ledger.range_mut(1).count(), 2);
    }
}
