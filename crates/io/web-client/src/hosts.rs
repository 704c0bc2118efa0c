//! What goes on with each host, and what went wrong.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use hotline_telemetry::Metric;

use crate::Failure;
use crate::breaker::{Breaker, Patience, Verdict};
use crate::limits::{HOSTS_MAX, Limits};

/// The hosts that were asked. The lock is held for a look-up in a map of at most [`HOSTS_MAX`], never across an await.
pub(crate) struct Hosts {
    per_host: usize,
    patience: Patience,
    known: Mutex<BTreeMap<String, Host>>,
}

struct Host {
    breaker: Breaker,
    under_way: usize,
    asked: Instant,
}

/// One try at a host. Dropping it without a verdict says that nobody waited for it.
pub(crate) struct Try<'h> {
    hosts: &'h Hosts,
    host: String,
    verdict: Verdict,
}

impl Hosts {
    pub(crate) fn new(limits: &Limits) -> Self {
        let patience = Patience { failures: limits.breaker_failures.max(1), pause: limits.breaker_pause };
        Self { per_host: limits.requests_per_host, patience, known: Mutex::default() }
    }

    /// Begins a try.
    pub(crate) fn admit(&self, host: &str) -> Result<Try<'_>, Failure> {
        let now = Instant::now();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.contains_key(host) {
            if known.len() >= HOSTS_MAX {
                forget_one(&mut known);
            }
            known.insert(host.to_owned(), Host { breaker: Breaker::NEW, under_way: 0, asked: now });
        }
        let entry = known.get_mut(host).expect("it was just put there");
        if entry.under_way >= self.per_host {
            return Err(Failure::Busy);
        }
        if !entry.breaker.admit(now) {
            return Err(Failure::Open);
        }
        entry.under_way += 1;
        entry.asked = now;
        Ok(Try { hosts: self, host: host.to_owned(), verdict: Verdict::Unknown })
    }
}

/// Forgets the host that was not asked for the longest, and is not being asked.
fn forget_one(known: &mut BTreeMap<String, Host>) {
    let idle = known.iter().filter(|(_, host)| host.under_way == 0);
    if let Some(oldest) = idle.min_by_key(|(_, host)| host.asked).map(|(name, _)| name.clone()) {
        known.remove(&oldest);
        Metric::WebHostsForgotten.increment(1);
    }
}

impl Try<'_> {
    /// Says what became of it.
    pub(crate) fn end<T>(mut self, outcome: Result<&T, &Failure>) {
        self.verdict = match outcome {
            Err(failure) if failure.is_of_host() => Verdict::Fails,
            Err(_) | Ok(_) => Verdict::Works,
        };
    }
}

impl Drop for Try<'_> {
    fn drop(&mut self) {
        let mut known = self.hosts.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(entry) = known.get_mut(&self.host) else { return };
        entry.under_way -= 1;
        if entry.breaker.tell(self.verdict, Instant::now(), self.hosts.patience) {
            Metric::WebBreakersOpened.increment(1);
            tracing::warn!(host = %self.host, pause = ?self.hosts.patience.pause, "a host fails and is left alone");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_hosts_is_bounded_and_keeps_those_that_are_asked() {
        let hosts = Hosts::new(&Limits::default());
        let busy = hosts.admit("busy:80").unwrap();
        for number in 0..2 * HOSTS_MAX {
            hosts.admit(&format!("host-{number}:80")).unwrap().end(Ok(&()));
        }
        let known = hosts.known.lock().unwrap();
        assert_eq!(known.len(), HOSTS_MAX);
        assert!(known.contains_key("busy:80") && !known.contains_key("host-0:80"));
        drop(known);
        drop(busy);
    }
}
