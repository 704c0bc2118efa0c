//! How long to wait before a request is repeated.

use std::time::Duration;

/// Before the first repetition, at most.
const FIRST: Duration = Duration::from_millis(100);
/// Before any.
const MAX: Duration = Duration::from_secs(2);

/// The wait before a repetition, counted from zero: twice as long each time, and of this between one half and all, so that
/// many calls that failed together do not come back together.
pub(crate) fn wait(repetition: u8) -> Duration {
    let mut random = [0; 2];
    // Without randomness all wait the same: the requests are still right.
    let share = getrandom::fill(&mut random).map_or(u16::MAX, |()| u16::from_le_bytes(random));
    spread(repetition, share)
}

fn spread(repetition: u8, share: u16) -> Duration {
    let longest = FIRST.saturating_mul(1 << repetition.min(16)).min(MAX);
    longest / 2 + longest.mul_f64(f64::from(share) / f64::from(u16::MAX) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_limit_and_are_spread() {
        assert_eq!(spread(0, 0), FIRST / 2);
        assert_eq!(spread(0, u16::MAX), FIRST);
        assert_eq!(spread(2, u16::MAX), FIRST * 4);
        assert_eq!(spread(200, u16::MAX), MAX);
    }
}
