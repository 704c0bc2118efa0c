//! What became of those who waited in a queue.

use std::collections::BTreeMap;

/// What became of a stay in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// An agent took the call (A).
    Answered,
    /// The caller hung up (B).
    Abandoned,
    /// The caller is called back instead (C).
    Callback,
    /// The call went elsewhere (F).
    FlowedOut,
}

/// By what waits are judged, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Within this time callers are to be answered.
    pub within_s: u32,
    /// Who hangs up within this time does not count against the queue.
    pub short_s: u32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { within_s: 20, short_s: 5 }
    }
}

/// How long agents had a queue's calls, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HandleTime {
    /// Calls.
    pub handled: u64,
    /// In conversation, without hold.
    pub talk_us: u64,
    /// On hold.
    pub hold_us: u64,
    /// After-call work.
    pub wrap_up_us: u64,
}

/// The stays of one queue that began in some time: how many by ending and by seconds of wait, so that every threshold can be asked for
/// later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueTally {
    /// Stays and the sum of their waits in microseconds, by ending and by the wait in seconds, rounded up.
    waits: BTreeMap<(Ending, u32), (u64, u64)>,
    handle: HandleTime,
    called_back: u64,
}

impl QueueTally {
    /// Counts stays that lasted at most `wait_s` seconds and more than one second less, `wait_us` microseconds in all.
    pub fn count(&mut self, ending: Ending, wait_s: u32, stays: u64, wait_us: u64) {
        let (count, sum) = self.waits.entry((ending, wait_s)).or_default();
        *count += stays;
        *sum += wait_us;
    }

    /// Counts calls to those who are called back that an agent took.
    pub fn count_called_back(&mut self, calls: u64) {
        self.called_back += calls;
    }

    /// Adds how long agents had calls.
    pub fn add_handle_time(&mut self, handle: HandleTime) {
        self.handle.handled += handle.handled;
        self.handle.talk_us += handle.talk_us;
        self.handle.hold_us += handle.hold_us;
        self.handle.wrap_up_us += handle.wrap_up_us;
    }

    /// Adds another tally.
    pub fn add(&mut self, other: &Self) {
        for ((ending, wait_s), (stays, wait_us)) in &other.waits {
            self.count(*ending, *wait_s, *stays, *wait_us);
        }
        self.add_handle_time(other.handle);
        self.called_back += other.called_back;
    }

    /// The numbers, each by its definition.
    #[must_use]
    pub fn figures(&self, thresholds: Thresholds) -> QueueFigures {
        let Thresholds { within_s, short_s } = thresholds;
        let all = |ending| self.number(ending, 0..=u32::MAX);
        let within = |ending| self.number(ending, 0..=within_s);
        let (a, b, c, f) =
            (all(Ending::Answered), all(Ending::Abandoned), all(Ending::Callback), all(Ending::FlowedOut));
        let (a_t, b_t, c_t) = (within(Ending::Answered), within(Ending::Abandoned), within(Ending::Callback));
        let b_short = self.number(Ending::Abandoned, 0..=short_s);
        let offered = a + b + c + f;
        let handled = self.handle.handled;
        let handle_us = self.handle.talk_us + self.handle.hold_us + self.handle.wrap_up_us;
        QueueFigures {
            offered,
            answered: a,
            answered_within: a_t,
            abandoned: b,
            abandoned_short: b_short,
            callbacks: c,
            flowed_out: f,
            service_level: share(a_t, a + b - b_short),
            sl1: share(a_t, a),
            sl2: share(a_t + b_t, a + b),
            sl3: share(a_t + b_t + c_t, offered),
            sl4: share(a_t, a + b),
            sl6: share(a_t, a + (b - b_t)),
            abandon_rate: share(b, a + b),
            abandon_rate_long: share(b - b_short, a + b - b_short),
            asa_ms: mean_ms(self.wait_us(Ending::Answered), a),
            answer_median_ms: self.percentile_ms(Ending::Answered, 50),
            answer_p90_ms: self.percentile_ms(Ending::Answered, 90),
            abandon_wait_ms: mean_ms(self.wait_us(Ending::Abandoned), b),
            longest_wait_ms: self.waits.keys().map(|(_, wait_s)| u64::from(*wait_s) * 1000).max(),
            handled,
            aht_ms: mean_ms(handle_us, handled),
            talk_ms: mean_ms(self.handle.talk_us, handled),
            hold_ms: mean_ms(self.handle.hold_us, handled),
            wrap_up_ms: mean_ms(self.handle.wrap_up_us, handled),
            called_back: self.called_back,
        }
    }

    fn number(&self, ending: Ending, seconds: std::ops::RangeInclusive<u32>) -> u64 {
        let (first, last) = ((ending, *seconds.start()), (ending, *seconds.end()));
        self.waits.range(first..=last).map(|(_, (stays, _))| stays).sum()
    }

    fn wait_us(&self, ending: Ending) -> u64 {
        self.waits.range((ending, 0)..=(ending, u32::MAX)).map(|(_, (_, wait_us))| wait_us).sum()
    }

    /// The least second within which `percent` of all stays were over.
    fn percentile_ms(&self, ending: Ending, percent: u64) -> Option<u64> {
        let needed = (self.number(ending, 0..=u32::MAX) * percent).div_ceil(100);
        let mut seen = 0;
        let of_ending = self.waits.range((ending, 0)..=(ending, u32::MAX));
        for ((_, wait_s), (stays, _)) in of_ending {
            seen += stays;
            if seen >= needed {
                return Some(u64::from(*wait_s) * 1000);
            }
        }
        None
    }
}

/// The numbers of a queue. What nothing was divided by is absent; shares lie between 0 and 1. See
/// [`QUEUE_DEFINITIONS`](crate::QUEUE_DEFINITIONS).
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(
    missing_docs,
    reason = "each field is defined in QUEUE_DEFINITIONS, which a test compares with them"
)]
pub struct QueueFigures {
    pub offered: u64,
    pub answered: u64,
    pub answered_within: u64,
    pub abandoned: u64,
    pub abandoned_short: u64,
    pub callbacks: u64,
    pub flowed_out: u64,
    pub service_level: Option<f64>,
    pub sl1: Option<f64>,
    pub sl2: Option<f64>,
    pub sl3: Option<f64>,
    pub sl4: Option<f64>,
    pub sl6: Option<f64>,
    pub abandon_rate: Option<f64>,
    pub abandon_rate_long: Option<f64>,
    pub asa_ms: Option<u64>,
    pub answer_median_ms: Option<u64>,
    pub answer_p90_ms: Option<u64>,
    pub abandon_wait_ms: Option<u64>,
    pub longest_wait_ms: Option<u64>,
    pub handled: u64,
    pub aht_ms: Option<u64>,
    pub talk_ms: Option<u64>,
    pub hold_ms: Option<u64>,
    pub wrap_up_ms: Option<u64>,
    pub called_back: u64,
}

#[expect(clippy::cast_precision_loss, reason = "counts of calls are far below 2^52")]
pub(crate) fn share(part: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| part as f64 / of as f64)
}

pub(crate) fn mean_ms(sum_us: u64, count: u64) -> Option<u64> {
    (count > 0).then(|| sum_us / count / 1000)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tally(waits: &[(Ending, u32)]) -> QueueTally {
        let mut tally = QueueTally::default();
        for (ending, wait_s) in waits {
            tally.count(*ending, *wait_s, 1, u64::from(*wait_s) * 1_000_000);
        }
        tally
    }

    /// By hand: ten answered (eight within 20 s), four abandoned (one within 5 s, two within 20 s), one callback within 20 s, one
    /// flowed out.
    fn an_hour() -> QueueTally {
        let answered = [1, 2, 3, 4, 5, 10, 15, 20, 25, 60].map(|wait_s| (Ending::Answered, wait_s));
        let abandoned = [4, 18, 40, 90].map(|wait_s| (Ending::Abandoned, wait_s));
        let others = [(Ending::Callback, 19), (Ending::FlowedOut, 120)];
        tally(&[&answered[..], &abandoned, &others].concat())
    }

    #[test]
    fn every_service_level_follows_its_formula() {
        let figures = an_hour().figures(Thresholds::default());
        let close = |found: Option<f64>, expected: f64| {
            assert!((found.unwrap() - expected).abs() < 1e-12, "{found:?}")
        };
        assert_eq!((figures.offered, figures.answered_within, figures.abandoned_short), (16, 8, 1));
        close(figures.sl1, 8.0 / 10.0);
        close(figures.sl2, 10.0 / 14.0);
        close(figures.sl3, 11.0 / 16.0);
        close(figures.sl4, 8.0 / 14.0);
        close(figures.service_level, 8.0 / 13.0);
        close(figures.sl6, 8.0 / 12.0);
        close(figures.abandon_rate, 4.0 / 14.0);
        close(figures.abandon_rate_long, 3.0 / 13.0);
    }

    #[test]
    fn waits_are_told_as_mean_median_and_tail() {
        let figures = an_hour().figures(Thresholds::default());
        assert_eq!(figures.asa_ms, Some(14_500));
        assert_eq!((figures.answer_median_ms, figures.answer_p90_ms), (Some(5_000), Some(25_000)));
        assert_eq!((figures.abandon_wait_ms, figures.longest_wait_ms), (Some(38_000), Some(120_000)));
    }

    #[test]
    fn an_empty_interval_has_counts_and_no_shares() {
        let figures = QueueTally::default().figures(Thresholds::default());
        assert_eq!((figures.offered, figures.service_level, figures.asa_ms), (0, None, None));
    }

    fn ending() -> impl Strategy<Value = Ending> {
        prop_oneof![
            Just(Ending::Answered),
            Just(Ending::Abandoned),
            Just(Ending::Callback),
            Just(Ending::FlowedOut)
        ]
    }

    proptest! {
        #[test]
        fn a_day_is_the_sum_of_its_quarters(
            waits in proptest::collection::vec((ending(), 0_u32..300), 0..60),
            cut in 0_usize..60,
            within_s in 0_u32..300,
            short_s in 0_u32..300,
        ) {
            let (one, other) = waits.split_at(cut.min(waits.len()));
            let mut sum = tally(one);
            sum.add(&tally(other));
            prop_assert_eq!(&sum, &tally(&waits));
            let figures = sum.figures(Thresholds { within_s, short_s });
            let shares = [figures.service_level, figures.sl1, figures.sl2, figures.sl3, figures.sl4, figures.sl6];
            for share in shares.into_iter().flatten() {
                prop_assert!((0.0..=1.0).contains(&share));
            }
        }
    }
}
