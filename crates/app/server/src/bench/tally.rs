//! What a run counted, and where the figures of all its calls lie.

use std::collections::BTreeMap;
use std::time::Duration;

/// The counts and times of one run.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) offered: u64,
    pub(super) completed: u64,
    /// Why calls failed, and how many each.
    pub(super) failures: BTreeMap<String, u64>,
    /// Messages that were sent again because an answer was late, by either side.
    pub(super) repeated: u64,
    /// From the INVITE to the one that the agent's phone gets.
    pub(super) to_agent: Times,
    /// From the INVITE to its 200.
    pub(super) to_answer: Times,
    /// The longest that the generator was behind its own plan: beyond some milliseconds it had too little of the processor.
    pub(super) latest: Duration,
}

impl Tally {
    pub(super) fn failed(&self) -> u64 {
        self.failures.values().sum()
    }

    pub(super) fn fail(&mut self, why: impl Into<String>) {
        *self.failures.entry(why.into()).or_default() += 1;
    }
}

/// Durations of the same thing.
#[derive(Clone, Debug, Default)]
pub(super) struct Times(Vec<Duration>);

impl Times {
    pub(super) fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The time that `part` of all (0 to 1) do not exceed, in milliseconds: the nearest rank. NaN of nothing.
    pub(super) fn quantile_ms(&self, part: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank within the list")]
        let rank = (part * sorted.len() as f64).ceil() as usize;
        sorted.get(rank.saturating_sub(1)).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
    }

    pub(super) fn max_ms(&self) -> f64 {
        self.quantile_ms(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_time_that_was_measured() {
        let mut times = Times::default();
        assert!(times.quantile_ms(0.5).is_nan());
        for ms in (1..=100).rev() {
            times.add(Duration::from_millis(ms));
        }
        let of = |part| (times.quantile_ms(part) * 1000.0).round();
        assert_eq!([of(0.5), of(0.99), of(1.0), of(0.0)], [50_000.0, 99_000.0, 100_000.0, 1000.0]);
    }
}
