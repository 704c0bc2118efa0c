//! The work that comes in, and Erlang B: the share of calls that finds nobody free where nobody can wait.

use core::time::Duration;

/// Calls and how long each keeps an agent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    /// Calls an hour on average; not negative.
    pub calls_per_hour: f64,
    /// Talk, hold and wrap-up of one call on average.
    pub handle: Duration,
}

impl Demand {
    /// Calls a second, λ.
    #[must_use]
    pub fn rate(self) -> f64 {
        self.calls_per_hour / 3600.0
    }

    /// The agents that would be busy on average if nobody ever waited or gave up: a = λ·m, in Erlang.
    #[must_use]
    pub fn load(self) -> f64 {
        self.rate() * seconds(self.handle)
    }
}

/// The share of calls that finds `agents` all busy when such calls are lost, for a load in Erlang.
/// B(0) = 1, B(k) = a·B(k−1) / (k + a·B(k−1)).
#[must_use]
pub fn erlang_b(load: f64, agents: u32) -> f64 {
    (1..=agents).fold(1.0, |blocked, agents| load * blocked / (f64::from(agents) + load * blocked))
}

/// Seconds; at least a microsecond, so that a rate of it is finite.
pub(crate) fn seconds(duration: Duration) -> f64 {
    duration.max(Duration::from_micros(1)).as_secs_f64()
}

/// The longest duration for what is longer than it can say, nothing for what is no time.
pub(crate) fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fourteen_trunks_for_ten_erlang() {
        assert!((erlang_b(10.0, 14) - 0.056_819_1).abs() < 5e-8);
    }

    #[test]
    fn without_trunks_every_call_is_lost_and_without_calls_none() {
        assert_eq!(erlang_b(10.0, 0), 1.0);
        assert_eq!(erlang_b(0.0, 1), 0.0);
    }

    #[test]
    fn what_no_duration_can_say_is_the_longest() {
        assert_eq!(duration(f64::INFINITY), Duration::MAX);
        assert_eq!(duration(-1.0), Duration::ZERO);
    }
}
