//! Erlang C: everybody waits as long as it takes. Without abandonment it asks for more agents than are needed.

use core::time::Duration;

use crate::demand::{Demand, duration, erlang_b, seconds};

/// A queue from which nobody goes away (M/M/n).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErlangC {
    demand: Demand,
    agents: f64,
    waiting: f64,
}

impl ErlangC {
    /// None when the agents cannot do the work: the line would grow without end.
    #[must_use]
    pub fn new(demand: Demand, agents: u32) -> Option<Self> {
        let (load, n) = (demand.load(), f64::from(agents));
        let blocked = erlang_b(load, agents);
        (load < n).then(|| Self { demand, agents: n, waiting: n * blocked / (n - load * (1.0 - blocked)) })
    }

    /// The share of callers who have to wait at all.
    #[must_use]
    pub const fn waiting(&self) -> f64 {
        self.waiting
    }

    /// The share of callers who are answered within this time: 1 − C·e^(−(n−a)·T/m).
    #[must_use]
    pub fn service_level(&self, within: Duration) -> f64 {
        let handled = within.as_secs_f64() / seconds(self.demand.handle);
        1.0 - self.waiting * (-(self.agents - self.demand.load()) * handled).exp()
    }

    /// The average speed of answer over all callers: C·m / (n − a).
    #[must_use]
    pub fn speed_of_answer(&self) -> Duration {
        duration(self.waiting * seconds(self.demand.handle) / (self.agents - self.demand.load()))
    }

    /// The share of their time for which agents are busy.
    #[must_use]
    pub fn occupancy(&self) -> f64 {
        self.demand.load() / self.agents
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITHIN: Duration = Duration::from_secs(20);

    fn check(calls_per_hour: f64, handle_s: u64, agents: u32, expected: [f64; 4]) {
        let demand = Demand { calls_per_hour, handle: Duration::from_secs(handle_s) };
        let queue = ErlangC::new(demand, agents).unwrap();
        let [waiting, level, answer, occupancy] = expected;
        assert!((queue.waiting() - waiting).abs() < 5e-7, "{queue:?}");
        assert!((queue.service_level(WITHIN) - level).abs() < 5e-7, "{}", queue.service_level(WITHIN));
        assert!(
            (queue.speed_of_answer().as_secs_f64() - answer).abs() < 5e-5,
            "{:?}",
            queue.speed_of_answer()
        );
        assert!((queue.occupancy() - occupancy).abs() < 5e-5, "{}", queue.occupancy());
    }

    #[test]
    fn the_figures_that_are_known_come_out() {
        check(200.0, 180, 14, [0.174_132, 0.888_350, 7.8359, 0.7143]);
        check(360.0, 240, 28, [0.333_139, 0.761_296, 19.9883, 0.8571]);
    }

    #[test]
    fn too_few_agents_have_no_figures() {
        let demand = Demand { calls_per_hour: 200.0, handle: Duration::from_secs(180) };
        assert_eq!(ErlangC::new(demand, 10), None, "ten Erlang keep ten agents busy for ever");
        assert!(ErlangC::new(demand, 11).is_some());
        assert_eq!(ErlangC::new(demand, 0), None);
    }
}
