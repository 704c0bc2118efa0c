//! What was sent and heard, second by second, and what that makes of a window.

use std::time::Duration;

/// A delay is known to so much…
const STEP: Duration = Duration::from_micros(10);
/// …up to a second; what is longer counts as this.
const STEPS: usize = 100_000;

/// One-way delays, counted by size.
#[derive(Clone, Debug)]
pub(super) struct Delays {
    counts: Vec<u32>,
    all: u32,
}

impl Default for Delays {
    fn default() -> Self {
        Self { counts: vec![0; STEPS], all: 0 }
    }
}

impl Delays {
    pub(super) fn add(&mut self, delay: Duration) {
        let step = usize::try_from(delay.as_micros() / STEP.as_micros()).unwrap_or(STEPS);
        self.counts[step.min(STEPS - 1)] += 1;
        self.all += 1;
    }

    /// The delay that `part` of all (0 to 1) do not exceed, in milliseconds, rounded up to a step. NaN of nothing.
    pub(super) fn quantile_ms(&self, part: f64) -> f64 {
        let mut below = 0;
        for (step, count) in (1..).zip(&self.counts) {
            below += count;
            if below > 0 && f64::from(below) >= part * f64::from(self.all) {
                return f64::from(step) * STEP.as_secs_f64() * 1000.0;
            }
        }
        f64::NAN
    }
}

/// One second of all voices.
#[derive(Clone, Debug, Default)]
pub(super) struct Second {
    pub(super) counts: Counts,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    /// The longest that the load was behind its own plan.
    pub(super) late: Duration,
}

/// Packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) sent: u64,
    /// That the system did not take.
    pub(super) unsent: u64,
    /// From the server, whatever was in them.
    pub(super) heard: u64,
    /// Missing in the sequence that the other end of the call wrote into its payloads.
    pub(super) lost: u64,
    /// With a payload that is not what the other end of the call sent, bit for bit.
    pub(super) wrong: u64,
}

/// A window of some seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Heard {
    pub(super) counts: Counts,
    /// The median of the seconds' own percentiles of the one-way delay. NaN where contents are not looked at.
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    /// The worst second's.
    pub(super) p99_worst_ms: f64,
    pub(super) late_ms: f64,
    /// From a call's INVITE to the first audio that its caller heard, of all calls. NaN of none.
    pub(super) first_p50_ms: f64,
    pub(super) first_p99_ms: f64,
}

impl Heard {
    pub(super) fn of(window: &[Second], firsts: &Delays) -> Self {
        let mut counts = Counts::default();
        for second in window {
            let Counts { sent, unsent, heard, lost, wrong } = second.counts;
            counts.sent += sent;
            counts.unsent += unsent;
            counts.heard += heard;
            counts.lost += lost;
            counts.wrong += wrong;
        }
        let late = window.iter().map(|second| second.late).max().unwrap_or_default();
        Self {
            counts,
            p50_ms: median(window.iter().map(|second| second.p50_ms)),
            p99_ms: median(window.iter().map(|second| second.p99_ms)),
            p99_worst_ms: window.iter().map(|second| second.p99_ms).fold(f64::NAN, f64::max),
            late_ms: late.as_secs_f64() * 1000.0,
            first_p50_ms: firsts.quantile_ms(0.5),
            first_p99_ms: firsts.quantile_ms(0.99),
        }
    }
}

/// The middle one, of an even number the upper of both. NaN of nothing.
pub(super) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_of_delays_is_rounded_up_to_a_step() {
        let mut delays = Delays::default();
        assert!(delays.quantile_ms(0.5).is_nan());
        for micros in 0..100 {
            delays.add(Duration::from_micros(micros * 10));
        }
        let of = |delays: &Delays, part| (delays.quantile_ms(part) * 1000.0).round();
        assert_eq!([of(&delays, 0.5), of(&delays, 0.99), of(&delays, 1.0)], [500.0, 990.0, 1000.0]);
        delays.add(Duration::from_secs(3));
        assert_eq!(of(&delays, 1.0), 1_000_000.0);
    }

    #[test]
    fn a_window_adds_packets_and_takes_the_middle_of_delays() {
        let second = |p99_ms, late| Second {
            counts: Counts { sent: 10, unsent: 1, heard: 9, lost: 1, wrong: 2 },
            p50_ms: 0.1,
            p99_ms,
            late: Duration::from_millis(late),
        };
        let heard = Heard::of(&[second(0.3, 1), second(9.0, 7), second(0.4, 2)], &Delays::default());
        assert_eq!(heard.counts, Counts { sent: 30, unsent: 3, heard: 27, lost: 3, wrong: 6 });
        assert_eq!((heard.p99_ms, heard.p99_worst_ms, heard.late_ms), (0.4, 9.0, 7.0));
        assert!(Heard::of(&[], &Delays::default()).p99_ms.is_nan() && heard.first_p99_ms.is_nan());
    }
}
