//! How late the server's own beats began, by the histogram in its metrics.

use std::collections::BTreeMap;

const BUCKET: &str = "hotline_media_beat_lateness_seconds_bucket{le=\"";

/// Beats since the server started, by the bound that they did not exceed, in microseconds; each count includes the smaller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Beats(BTreeMap<u64, u64>);

impl Beats {
    /// Of the Prometheus text format.
    pub(super) fn read(metrics: &str) -> Self {
        let bucket = |line: &str| {
            let (bound, count) = line.strip_prefix(BUCKET)?.split_once("\"} ")?;
            let bound: f64 = if bound == "+Inf" { f64::MAX } else { bound.parse().ok()? };
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
            let micros = (bound * 1_000_000.0).round() as u64;
            Some((micros, count.trim().parse().ok()?))
        };
        Self(metrics.lines().filter_map(bucket).collect())
    }

    pub(super) fn since(&self, before: &Self) -> Self {
        let earlier = |bound| before.0.get(bound).copied().unwrap_or(0);
        Self(self.0.iter().map(|(bound, count)| (*bound, count.saturating_sub(earlier(bound)))).collect())
    }

    /// How many there were.
    pub(super) fn count(&self) -> u64 {
        self.0.values().next_back().copied().unwrap_or(0)
    }

    /// The smallest bound that `part` of all (0 to 1) did not exceed, in milliseconds: infinite beyond all bounds, NaN of no
    /// beat.
    pub(super) fn quantile_ms(&self, part: f64) -> f64 {
        let all = self.count();
        if all == 0 {
            return f64::NAN;
        }
        let within = self.0.iter().find(|(_, count)| **count as f64 >= part * all as f64);
        match within {
            Some((&u64::MAX, _)) | None => f64::INFINITY,
            Some((micros, _)) => *micros as f64 / 1000.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics(counts: [u64; 3]) -> String {
        let [a, b, all] = counts;
        format!(
            "# TYPE hotline_media_beat_lateness_seconds histogram\n{BUCKET}0.0005\"}} {a}\n{BUCKET}0.002\"}} {b}\n\
             {BUCKET}+Inf\"}} {all}\nhotline_media_beat_lateness_seconds_count {all}\n"
        )
    }

    #[test]
    fn the_beats_of_a_window_are_those_since_its_begin() {
        let before = Beats::read(&metrics([5, 5, 50]));
        let beats = Beats::read(&metrics([1004, 1054, 1100])).since(&before);
        assert_eq!(beats.count(), 1050);
        assert_eq!([beats.quantile_ms(0.5), beats.quantile_ms(0.999)], [0.5, 2.0]);
        let late = Beats::read(&metrics([0, 9, 10]));
        assert_eq!([late.quantile_ms(0.9), late.quantile_ms(0.95)], [2.0, f64::INFINITY]);
        assert!(Beats::default().quantile_ms(0.5).is_nan() && Beats::read("").count() == 0);
    }
}
