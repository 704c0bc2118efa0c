//! How many calls a trunk takes.

use std::time::Duration;

use hotline_base::Time;
use serde::{Deserialize, Serialize};

/// Why a trunk takes no further call at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TrunkFull {
    /// As many as it may carry are up.
    Calls,
    /// As many as it may be sent within a second were sent.
    Rate,
}

/// Calls of the last second: a bucket that holds what may be sent in one second and fills evenly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rate {
    /// When the bucket will be full again, if nothing more is taken.
    full_at: Option<Time>,
}

impl Rate {
    /// Takes one; false if there is none.
    pub(super) fn take(&mut self, now: Time, per_second: u32) -> bool {
        let Some(one) = Duration::from_secs(1).checked_div(per_second) else { return false };
        let full_at = self.full_at.map_or(now, |at| at.max(now)) + one;
        let has_room = full_at - now <= Duration::from_secs(1);
        if has_room {
            self.full_at = Some(full_at);
        }
        has_room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_s_worth_goes_at_once_and_then_evenly() {
        let mut rate = Rate::default();
        let at = |millis: u64| Time(1_000_000 + millis * 1000);
        let burst = (0..20).filter(|_| rate.take(at(0), 5)).count();
        assert_eq!(burst, 5);
        assert!(!rate.take(at(199), 5));
        assert!(rate.take(at(200), 5));
        assert!(!rate.take(at(201), 5));
        let after = (0..20).filter(|_| rate.take(at(5000), 5)).count();
        assert_eq!(after, 5, "no more than a second's worth is saved up");
        assert!(!Rate::default().take(at(0), 0), "none a second is none at all");
    }
}
