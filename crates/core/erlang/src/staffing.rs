//! How many agents a target needs.

use core::time::Duration;

use crate::{Demand, ErlangA, ErlangC};

/// The most agents that are looked for.
pub const AGENTS_MAX: u32 = 100_000;

/// What is to be reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// The share of callers who are to be answered in time, 0 to 1.
    pub level: f64,
    /// In time: at most this long after they joined the line.
    pub within: Duration,
    /// The share of their time for which agents may be busy at most, usually 0.85 to 0.9.
    pub occupancy_max: f64,
    /// The share of the paid time in which agents are not there to take calls: breaks, training, illness. Below 1.
    pub shrinkage: f64,
}

/// What it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Staffing {
    /// Agents who take calls.
    pub agents: u32,
    /// Agents on the schedule, so that as many take calls.
    pub scheduled: u32,
}

/// The fewest agents who reach the target: by Erlang A if the callers' mean `patience` is given, by Erlang C, which asks
/// for more, if not. None if [`AGENTS_MAX`] are not enough.
#[must_use]
pub fn staffing(demand: Demand, patience: Option<Duration>, target: &Target) -> Option<Staffing> {
    let reaches = |agents: u32| match patience {
        Some(patience) => {
            let queue = ErlangA::new(demand, patience, agents);
            queue.service_level(target.within) >= target.level && queue.occupancy() <= target.occupancy_max
        }
        None => ErlangC::new(demand, agents).is_some_and(|queue| {
            queue.service_level(target.within) >= target.level && queue.occupancy() <= target.occupancy_max
        }),
    };
    // More agents are never worse: doubled until they are enough, then the place between is halved.
    let mut enough = 1;
    while !reaches(enough) {
        if enough == AGENTS_MAX {
            return None;
        }
        enough = (enough * 2).min(AGENTS_MAX);
    }
    let mut too_few = enough / 2;
    while enough - too_few > 1 {
        let middle = u32::midpoint(too_few, enough);
        if reaches(middle) { enough = middle } else { too_few = middle }
    }
    let scheduled = (f64::from(enough) / (1.0 - target.shrinkage)).ceil() as u32;
    Some(Staffing { agents: enough, scheduled })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEMAND: Demand = Demand { calls_per_hour: 360.0, handle: Duration::from_secs(240) };
    const TARGET: Target =
        Target { level: 0.75, within: Duration::from_secs(20), occupancy_max: 0.9, shrinkage: 0.3 };

    #[test]
    fn patience_that_ends_needs_four_agents_fewer() {
        let patient = staffing(DEMAND, None, &TARGET);
        assert_eq!(patient, Some(Staffing { agents: 28, scheduled: 40 }));
        let giving_up = staffing(DEMAND, Some(Duration::from_secs(90)), &TARGET);
        assert_eq!(giving_up, Some(Staffing { agents: 24, scheduled: 35 }));
    }

    #[test]
    fn tired_agents_get_company() {
        let rested = Target { occupancy_max: 0.8, ..TARGET };
        assert_eq!(staffing(DEMAND, None, &rested).map(|found| found.agents), Some(30));
    }

    #[test]
    fn one_fewer_is_too_few() {
        for calls_per_hour in [1.0, 20.0, 500.0, 5000.0] {
            for patience in [None, Some(Duration::from_secs(60))] {
                let demand = Demand { calls_per_hour, ..DEMAND };
                let found = staffing(demand, patience, &TARGET).unwrap().agents;
                let level = |agents| match patience {
                    Some(patience) => {
                        let queue = ErlangA::new(demand, patience, agents);
                        (queue.service_level(TARGET.within), queue.occupancy())
                    }
                    None => ErlangC::new(demand, agents)
                        .map_or((0.0, 1.0), |queue| (queue.service_level(TARGET.within), queue.occupancy())),
                };
                let good = |(level, occupancy)| level >= TARGET.level && occupancy <= TARGET.occupancy_max;
                assert!(good(level(found)) && !good(level(found - 1)), "{demand:?} {patience:?}: {found}");
            }
        }
    }

    #[test]
    fn what_nobody_can_reach_is_said() {
        assert_eq!(staffing(DEMAND, None, &Target { level: 1.1, ..TARGET }), None);
    }
}
