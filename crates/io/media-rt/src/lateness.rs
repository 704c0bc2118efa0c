//! How late beats begin, counted by size.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Sizes of lateness: each beat counts for the first one that it does not exceed.
pub const LATENESS_BOUNDS: [Duration; 10] = [
    Duration::from_micros(100),
    Duration::from_micros(200),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_millis(2),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(20),
    Duration::from_millis(50),
    Duration::from_millis(100),
];

/// Beats by [`LATENESS_BOUNDS`]; last are those beyond all bounds.
pub type BeatsByLateness = [u64; LATENESS_BOUNDS.len() + 1];

/// Written by one media thread, read by any.
#[derive(Debug, Default)]
pub(crate) struct Lateness([AtomicU64; LATENESS_BOUNDS.len() + 1]);

impl Lateness {
    /// A beat began so long after it was due.
    pub(crate) fn note(&self, late: Duration) {
        let size = LATENESS_BOUNDS.iter().position(|bound| late <= *bound);
        self.0[size.unwrap_or(LATENESS_BOUNDS.len())].fetch_add(1, Ordering::Relaxed);
    }

    /// Adds what was counted.
    pub(crate) fn add_to(&self, sum: &mut BeatsByLateness) {
        for (sum, count) in sum.iter_mut().zip(&self.0) {
            *sum += count.load(Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beat_counts_for_the_first_size_that_it_does_not_exceed() {
        let lateness = Lateness::default();
        for micros in [0, 100, 101, 2000, 2001, 100_000, 100_001, 9_000_000] {
            lateness.note(Duration::from_micros(micros));
        }
        let mut sum = [1; 11];
        lateness.add_to(&mut sum);
        assert_eq!(sum, [3, 2, 1, 1, 2, 2, 1, 1, 1, 2, 3]);
    }
}
