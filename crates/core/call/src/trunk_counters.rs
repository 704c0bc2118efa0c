//! What is counted of each trunk's calls. Trunks are configured, so there is a bounded number of them.

use std::collections::BTreeMap;

use hotline_base::TrunkId;
use serde::{Deserialize, Serialize};

use crate::event::Source;

/// The calls of one trunk since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrunkCounters {
    /// INVITEs from it, those included that were refused at once.
    pub calls: u64,
    /// Those of them that the server refused or gave up, by the class of the final status: 3xx, 4xx, 5xx, 6xx. A call
    /// that the caller ended is none of them.
    pub failures: [u64; 4],
}

impl TrunkCounters {
    /// The classes of [`TrunkCounters::failures`], in their order.
    pub const CLASSES: [&'static str; 4] = ["3xx", "4xx", "5xx", "6xx"];
}

/// All trunks that sent a call.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Trunks(BTreeMap<TrunkId, TrunkCounters>);

impl Trunks {
    /// An INVITE came.
    pub(crate) fn began(&mut self, source: &Source) {
        if let Some(counters) = self.of(source) {
            counters.calls += 1;
        }
    }

    /// A call came to nothing with this final status; one below 300 is no failure.
    pub(crate) fn failed(&mut self, source: &Source, status: u16) {
        let class = usize::from(status / 100).checked_sub(3);
        if let Some(counters) = self.of(source)
            && let Some(count) = class.and_then(|class| counters.failures.get_mut(class))
        {
            *count += 1;
        }
    }

    pub(crate) fn all(&self) -> Vec<(TrunkId, TrunkCounters)> {
        self.0.iter().map(|(trunk, counters)| (trunk.clone(), *counters)).collect()
    }

    fn of(&mut self, source: &Source) -> Option<&mut TrunkCounters> {
        match source {
            Source::Trunk(trunk) => Some(self.0.entry(trunk.clone()).or_default()),
            Source::Agent(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_counted_by_class_and_only_for_trunks() {
        let (trunk, agent) = (Source::Trunk("carrier".into()), Source::Agent("1001".into()));
        let mut trunks = Trunks::default();
        for status in [200, 302, 404, 486, 503, 603, 999] {
            trunks.began(&trunk);
            trunks.failed(&trunk, status);
            trunks.began(&agent);
            trunks.failed(&agent, status);
        }
        let carrier = TrunkCounters { calls: 7, failures: [1, 2, 1, 1] };
        assert_eq!(trunks.all(), [("carrier".into(), carrier)]);
    }
}
