//! How much is heard of strangers: a bucket of requests for each source, and silence for those that guess passwords.
//! Must not know who is a stranger.

use core::net::{IpAddr, Ipv6Addr};
use core::time::Duration;
use std::collections::BTreeMap;

use hotline_base::{Time, TimerQueue};
use serde::{Deserialize, Serialize};

/// Requests that one source may send at once.
pub const BURST: u32 = 200;
/// How long it takes until one more may come: 50 requests a second.
pub const REQUEST_INTERVAL: Duration = Duration::from_millis(20);
/// Wrong passwords within [`FAILURE_WINDOW`] after which a source is not heard for [`SILENCE`].
pub const MAX_FAILURES: u32 = 10;
/// How long a wrong password counts.
pub const FAILURE_WINDOW: Duration = Duration::from_secs(60);
/// How long a source that guesses is not heard.
pub const SILENCE: Duration = Duration::from_secs(30);
/// Sources remembered. Beyond, the one that was heard of least recently is forgotten and begins anew.
pub const MAX_SOURCES: usize = 8_192;

/// What is remembered of one source.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Source {
    /// When its bucket is full again.
    full_at: Time,
    failures: u32,
    /// When the first of `failures` was.
    failing_since: Time,
    silent_until: Time,
}

/// All sources.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Throttle {
    sources: BTreeMap<IpAddr, Source>,
    /// When each was heard of last.
    heard: TimerQueue<IpAddr>,
}

impl Throttle {
    /// Whether a request from `address` is to be looked at.
    pub(super) fn take(&mut self, now: Time, address: IpAddr) -> bool {
        let source = self.source(now, address);
        let full_at = source.full_at.max(now) + REQUEST_INTERVAL;
        let is_heard = source.silent_until <= now && full_at.since(now) <= REQUEST_INTERVAL * BURST;
        if is_heard {
            source.full_at = full_at;
        }
        is_heard
    }

    /// Notes a wrong password from `address`.
    pub(super) fn note_failure(&mut self, now: Time, address: IpAddr) {
        let source = self.source(now, address);
        if source.failures == 0 || now.since(source.failing_since) > FAILURE_WINDOW {
            (source.failures, source.failing_since) = (0, now);
        }
        source.failures += 1;
        if source.failures >= MAX_FAILURES {
            (source.failures, source.silent_until) = (0, now + SILENCE);
        }
    }

    fn source(&mut self, now: Time, address: IpAddr) -> &mut Source {
        let key = network(address);
        if self.sources.len() >= MAX_SOURCES
            && !self.sources.contains_key(&key)
            && let Some(oldest) = self.heard.pop_due(now)
        {
            self.sources.remove(&oldest);
        }
        self.heard.set(key, now);
        let fresh = Source { full_at: now, failures: 0, failing_since: now, silent_until: now };
        self.sources.entry(key).or_insert(fresh)
    }
}

/// What one host can have all of: an IPv4 address, or the network of 64 bits of an IPv6 address.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_sources_are_remembered_those_heard_of_last() {
        let mut throttle = Throttle::default();
        let address = |number: u32| IpAddr::V4(number.into());
        for number in 0..MAX_SOURCES as u32 {
            assert!(throttle.take(Time(number.into()), address(number)));
        }
        let now = Time(1_000_000);
        assert!(throttle.take(now, address(0)));
        assert!(throttle.take(now, address(1 << 20)));
        assert_eq!((throttle.sources.len(), throttle.heard.len()), (MAX_SOURCES, MAX_SOURCES));
        assert!(throttle.sources.contains_key(&address(0)) && !throttle.sources.contains_key(&address(1)));
    }
}
