//! When a host is left alone: a machine without a clock.

use std::time::{Duration, Instant};

/// What is known of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Breaker {
    /// It is asked.
    Closed {
        /// Failures since the last success.
        failures: u32,
    },
    /// It is left alone.
    Open {
        /// Until then.
        until: Instant,
    },
    /// One request tries whether it is back; the others are refused meanwhile.
    Probing,
}

/// What became of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The host answered.
    Works,
    /// It did not, or with 5xx.
    Fails,
    /// Nobody waited for it.
    Unknown,
}

/// When to leave a host alone, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    pub(crate) failures: u32,
    pub(crate) pause: Duration,
}

impl Breaker {
    pub(crate) const NEW: Self = Self::Closed { failures: 0 };

    /// True if the host may be asked now. Whoever hears so tells what became of it.
    pub(crate) fn admit(&mut self, now: Instant) -> bool {
        match *self {
            Self::Closed { .. } => true,
            Self::Open { until } if now >= until => {
                *self = Self::Probing;
                true
            }
            Self::Open { .. } | Self::Probing => false,
        }
    }

    /// True if the host is left alone from now on.
    pub(crate) fn tell(&mut self, verdict: Verdict, now: Instant, patience: Patience) -> bool {
        let open = Self::Open { until: now + patience.pause };
        let next = match (*self, verdict) {
            (_, Verdict::Works) => Self::NEW,
            (Self::Closed { failures }, Verdict::Fails) if failures + 1 < patience.failures => {
                Self::Closed { failures: failures + 1 }
            }
            (Self::Closed { .. } | Self::Probing, Verdict::Fails) => open,
            // The probe was called off: the next request is one.
            (Self::Probing, Verdict::Unknown) => Self::Open { until: now },
            // A request of before the host was left alone.
            (Self::Open { .. }, Verdict::Fails | Verdict::Unknown)
            | (Self::Closed { .. }, Verdict::Unknown) => {
                return false;
            }
        };
        *self = next;
        next == open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience { failures: 3, pause: Duration::from_secs(30) };

    fn opened(now: Instant) -> Breaker {
        let mut breaker = Breaker::NEW;
        assert!(!breaker.tell(Verdict::Fails, now, PATIENCE) && !breaker.tell(Verdict::Fails, now, PATIENCE));
        assert!(breaker.tell(Verdict::Fails, now, PATIENCE));
        breaker
    }

    #[test]
    fn failures_in_a_row_open_it_and_a_success_between_them_does_not() {
        let now = Instant::now();
        let mut breaker = Breaker::NEW;
        for verdict in [Verdict::Fails, Verdict::Fails, Verdict::Works, Verdict::Fails, Verdict::Fails] {
            assert!(breaker.admit(now));
            breaker.tell(verdict, now, PATIENCE);
        }
        assert!(breaker.admit(now));
        assert!(!opened(now).admit(now + Duration::from_secs(29)));
    }

    #[test]
    fn after_the_pause_one_request_tries_and_decides_for_all() {
        let now = Instant::now();
        let later = now + PATIENCE.pause;
        let mut breaker = opened(now);
        assert!(breaker.admit(later) && !breaker.admit(later), "one only");
        assert!(breaker.tell(Verdict::Fails, later, PATIENCE));
        assert!(!breaker.admit(later + Duration::from_secs(29)));
        assert!(breaker.admit(later + PATIENCE.pause));
        breaker.tell(Verdict::Works, later, PATIENCE);
        assert!(breaker.admit(later) && breaker.admit(later));
    }

    #[test]
    fn a_probe_that_is_called_off_makes_room_for_the_next() {
        let now = Instant::now();
        let later = now + PATIENCE.pause;
        let mut breaker = opened(now);
        assert!(breaker.admit(later));
        assert!(!breaker.tell(Verdict::Unknown, later, PATIENCE));
        assert!(breaker.admit(later) && !breaker.admit(later));
    }

    #[test]
    fn stragglers_do_not_prolong_the_pause_and_one_that_succeeds_ends_it() {
        let now = Instant::now();
        let mut breaker = opened(now);
        let late = now + Duration::from_secs(20);
        assert!(!breaker.tell(Verdict::Fails, late, PATIENCE));
        assert!(breaker.admit(now + PATIENCE.pause));
        let mut breaker = opened(now);
        breaker.tell(Verdict::Works, late, PATIENCE);
        assert!(breaker.admit(late));
    }
}
