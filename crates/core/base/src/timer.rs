//! A queue of named timers: each key is armed at most once, and the earliest comes out first.

use core::ops::RangeBounds;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::Time;

/// Timers by key. Arming a key again moves it. Equal times come out in the order of their keys, so a run is
/// repeatable.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TimerQueue<K: Ord> {
    by_time: BTreeSet<(Time, K)>,
    by_key: BTreeMap<K, Time>,
}

impl<K: Ord> Default for TimerQueue<K> {
    fn default() -> Self {
        Self { by_time: BTreeSet::new(), by_key: BTreeMap::new() }
    }
}

impl<K: Ord + Clone> TimerQueue<K> {
    /// An empty queue.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Arms `key` at `at`, replacing an earlier arming.
    pub fn set(&mut self, key: K, at: Time) {
        let Some(armed) = self.by_key.get_mut(&key) else {
            self.by_time.insert((at, key.clone()));
            self.by_key.insert(key, at);
            return;
        };
        if *armed != at {
            let mut entry = (core::mem::replace(armed, at), key);
            self.by_time.remove(&entry);
            entry.0 = at;
            self.by_time.insert(entry);
        }
    }

    /// Disarms `key`. True if it was armed.
    pub fn cancel(&mut self, key: &K) -> bool {
        let Some((key, at)) = self.by_key.remove_entry(key) else { return false };
        self.by_time.remove(&(at, key))
    }

    /// Disarms every key in `keys`.
    pub fn cancel_range(&mut self, keys: impl RangeBounds<K>) {
        let armed: Vec<K> = self.by_key.range(keys).map(|(key, _)| key.clone()).collect();
        for key in armed {
            self.cancel(&key);
        }
    }

    /// When `key` fires, if it is armed.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<Time> {
        self.by_key.get(key).copied()
    }

    /// The earliest timer and its key.
    #[must_use]
    pub fn next(&self) -> Option<(Time, &K)> {
        self.by_time.first().map(|(at, key)| (*at, key))
    }

    /// Takes the earliest timer that is due at `now`. Call until `None`.
    pub fn pop_due(&mut self, now: Time) -> Option<K> {
        if self.by_time.first()?.0 > now {
            return None;
        }
        let (_, key) = self.by_time.pop_first()?;
        self.by_key.remove(&key);
        Some(key)
    }

    /// How many timers are armed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// True if no timer is armed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fires_in_order_and_only_when_due() {
        let mut queue = TimerQueue::new();
        queue.set("late", Time(20));
        queue.set("b", Time(10));
        queue.set("a", Time(10));
        assert_eq!(queue.pop_due(Time(9)), None);
        assert_eq!(queue.pop_due(Time(10)), Some("a"));
        assert_eq!(queue.pop_due(Time(10)), Some("b"));
        assert_eq!(queue.pop_due(Time(10)), None);
        assert_eq!(queue.next(), Some((Time(20), &"late")));
    }

    #[test]
    fn arming_again_moves_the_timer() {
        let mut queue = TimerQueue::new();
        queue.set(1, Time(10));
        queue.set(1, Time(30));
        assert_eq!(queue.len(), 1);
        assert_eq!(queue.pop_due(Time(10)), None);
        assert!(queue.cancel(&1));
        assert!(!queue.cancel(&1));
        assert!(queue.is_empty());
    }
}
