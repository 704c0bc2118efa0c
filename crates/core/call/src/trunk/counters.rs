//! What is counted of each trunk's calls. Trunks are configured, so there is a bounded number of them.

use serde::{Deserialize, Serialize};

/// The calls of one trunk since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrunkCounters {
    /// INVITEs from it, those included that were refused at once.
    pub calls: u64,
    /// Those of them that the server refused or gave up, by the class of the final status: 3xx, 4xx, 5xx, 6xx. A call
    /// that the caller ended is none of them.
    pub failures: [u64; 4],
    /// INVITEs for calls that go out by it, each try counted.
    pub calls_out: u64,
    /// Those of them that it refused or left unanswered, by the same classes.
    pub failures_out: [u64; 4],
}

impl TrunkCounters {
    /// The classes of [`TrunkCounters::failures`], in their order.
    pub const CLASSES: [&'static str; 4] = ["3xx", "4xx", "5xx", "6xx"];

    /// One failure more with this final status; one below 300 is none.
    pub(super) fn count(failures: &mut [u64; 4], status: u16) {
        let class = usize::from(status / 100).checked_sub(3);
        if let Some(count) = class.and_then(|class| failures.get_mut(class)) {
            *count += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_counted_by_class() {
        let mut failures = [0; 4];
        for status in [200, 302, 404, 486, 503, 603, 999] {
            TrunkCounters::count(&mut failures, status);
        }
        assert_eq!(failures, [1, 2, 1, 1]);
    }
}
