//! Slows down guessing of passwords: per user and source address, in a bounded table.
//!
//! Must not know: passwords, the database. Time is an argument.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use hotline_telemetry::Metric;

/// Failed tries of one user from one address that are free.
pub const FAILURES_MAX: u32 = 5;
/// How long a failed try counts, from the last one on.
pub(crate) const FAILURE_MEMORY: Duration = Duration::from_secs(15 * 60);
/// The first wait after too many failures; it doubles with each further one, up to [`FAILURE_MEMORY`].
pub(crate) const WAIT_FIRST: Duration = Duration::from_secs(5);
/// Pairs of user and address that are remembered; when more come, the one that would be forgotten first goes.
pub(crate) const ENTRIES_MAX: usize = 10_000;
/// Longer user names are cut for this table, in bytes.
const USER_BYTES_MAX: usize = 64;

/// A user as given, and where the try came from.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key(Vec<u8>, IpAddr);

impl Key {
    pub(crate) fn new(user: &str, source: IpAddr) -> Self {
        let user = user.as_bytes();
        Self(user[..user.len().min(USER_BYTES_MAX)].to_vec(), source)
    }
}

struct Entry {
    failures: u32,
    blocked_until: Instant,
    forget_at: Instant,
}

/// Who failed how often.
#[derive(Default)]
pub(crate) struct Throttle(HashMap<Key, Entry>);

impl Throttle {
    /// Asks for a try and counts it as failed, so that tries side by side are all seen; [`Throttle::succeeded`]
    /// takes that back. Gives whether one has failed before; the error is how long to wait.
    pub(crate) fn begin(&mut self, key: &Key, now: Instant) -> Result<bool, Duration> {
        if self.0.get(key).is_some_and(|entry| entry.forget_at <= now) {
            self.0.remove(key);
        }
        if !self.0.contains_key(key) {
            self.make_room(now);
        }
        let entry =
            self.0.entry(key.clone()).or_insert(Entry { failures: 0, blocked_until: now, forget_at: now });
        if now < entry.blocked_until {
            return Err(entry.blocked_until - now);
        }
        entry.failures += 1;
        entry.forget_at = now + FAILURE_MEMORY;
        if entry.failures >= FAILURES_MAX {
            let doublings = (entry.failures - FAILURES_MAX).min(16);
            entry.blocked_until = now + (WAIT_FIRST * 2_u32.pow(doublings)).min(FAILURE_MEMORY);
        }
        Ok(entry.failures > 1)
    }

    /// The password was right.
    pub(crate) fn succeeded(&mut self, key: &Key) {
        self.0.remove(key);
    }

    /// The password could not be checked: the try does not count.
    pub(crate) fn take_back(&mut self, key: &Key) {
        if let Some(entry) = self.0.get_mut(key) {
            entry.failures = entry.failures.saturating_sub(1);
            entry.blocked_until = entry.blocked_until.min(entry.forget_at - FAILURE_MEMORY);
        }
    }

    fn make_room(&mut self, now: Instant) {
        if self.0.len() < ENTRIES_MAX {
            return;
        }
        self.0.retain(|_, entry| now < entry.forget_at);
        if self.0.len() < ENTRIES_MAX {
            return;
        }
        Metric::ApiThrottleEvicted.increment(1);
        let first = self.0.iter().min_by_key(|(_, entry)| entry.forget_at).map(|(key, _)| key.clone());
        first.map(|key| self.0.remove(&key));
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn key(user: &str) -> Key {
        Key::new(user, Ipv4Addr::LOCALHOST.into())
    }

    #[test]
    fn after_five_failures_the_sixth_waits_and_each_further_one_twice_as_long() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for failed in 0..FAILURES_MAX {
            assert_eq!(throttle.begin(&key("ada"), now), Ok(failed > 0));
        }
        assert_eq!(throttle.begin(&key("ada"), now), Err(WAIT_FIRST));
        assert_eq!(throttle.begin(&key("bob"), now), Ok(false), "others are not concerned");
        let later = now + WAIT_FIRST;
        assert_eq!(throttle.begin(&key("ada"), later), Ok(true));
        assert_eq!(throttle.begin(&key("ada"), later), Err(WAIT_FIRST * 2));
    }

    #[test]
    fn success_and_time_make_good() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for _ in 0..FAILURES_MAX - 1 {
            assert!(throttle.begin(&key("ada"), now).is_ok());
            assert!(throttle.begin(&key("bob"), now).is_ok());
        }
        assert!(throttle.begin(&key("ada"), now).is_ok());
        throttle.succeeded(&key("ada"));
        for _ in 0..FAILURES_MAX {
            assert!(throttle.begin(&key("ada"), now).is_ok());
        }
        for _ in 0..FAILURES_MAX {
            assert!(throttle.begin(&key("bob"), now + FAILURE_MEMORY).is_ok());
        }
    }

    #[test]
    fn a_try_that_could_not_be_checked_does_not_count() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for _ in 0..FAILURES_MAX * 2 {
            assert!(throttle.begin(&key("ada"), now).is_ok());
            throttle.take_back(&key("ada"));
        }
    }

    #[test]
    fn the_table_is_bounded_and_keeps_the_newest() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for number in 0..u32::try_from(ENTRIES_MAX).unwrap() + 10 {
            let at = now + Duration::from_micros(number.into());
            assert!(throttle.begin(&key(&number.to_string()), at).is_ok());
        }
        assert_eq!(throttle.0.len(), ENTRIES_MAX);
        assert!(!throttle.0.contains_key(&key("9")) && throttle.0.contains_key(&key("10")));
    }
}
