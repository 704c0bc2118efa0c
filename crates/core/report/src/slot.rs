//! Intervals of fifteen minutes. They begin at the same moment in every time zone there is.

/// The length of an interval, in microseconds.
pub const SLOT_US: i64 = 15 * 60 * 1_000_000;

/// The beginning of the interval that a moment is in, both in microseconds since the Unix epoch.
#[must_use]
pub const fn slot_of(at: i64) -> i64 {
    at.div_euclid(SLOT_US) * SLOT_US
}

/// Cuts a span at the borders of intervals: the beginning of each interval, and how much of the span is in it, in microseconds.
pub fn split(from: i64, until: i64) -> impl Iterator<Item = (i64, u64)> {
    let mut next = from;
    std::iter::from_fn(move || {
        if next >= until {
            return None;
        }
        let slot = slot_of(next);
        let end = until.min(slot.saturating_add(SLOT_US));
        let part = end.abs_diff(next);
        next = end;
        Some((slot, part))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_span_over_two_borders_is_in_three_intervals() {
        let parts: Vec<_> = split(SLOT_US - 1, 2 * SLOT_US + 5).collect();
        assert_eq!(parts, [(0, 1), (SLOT_US, 900_000_000), (2 * SLOT_US, 5)]);
        assert_eq!(split(7, 7).count(), 0);
        assert_eq!(slot_of(-1), -SLOT_US);
    }

    proptest! {
        #[test]
        fn no_microsecond_is_lost(from in -1_000_000_000_000_i64..2_000_000_000_000_000, length in 0_i64..100_000_000_000) {
            let parts: Vec<_> = split(from, from + length).collect();
            prop_assert_eq!(parts.iter().map(|(_, part)| part).sum::<u64>(), length.unsigned_abs());
            prop_assert!(parts.iter().all(|(slot, part)| slot_of(*slot) == *slot && *part <= SLOT_US.unsigned_abs()));
        }
    }
}
