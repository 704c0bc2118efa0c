//! Erlang A: callers give up after an exponential patience (Palm; Garnett, Mandelbaum and Reiman 2002).

use core::time::Duration;

use statrs::function::beta::beta_reg;

use crate::demand::{Demand, duration, erlang_b, seconds};

/// Lines whose chance is below this share of the likeliest one's are left out.
const NEGLIGIBLE: f64 = 1e-16;
/// The longest line that is looked at: 1 048 576 callers.
const LINE_MAX: usize = 1 << 20;

/// A queue whose callers give up (M/M/n+M).
#[derive(Clone, Debug, PartialEq)]
pub struct ErlangA {
    demand: Demand,
    agents: f64,
    /// How soon a waiting caller gives up, a second: θ.
    giving_up: f64,
    /// How many patiences the agents' next call takes: α = n·μ/θ.
    stages: f64,
    /// The chance that somebody is free.
    free: f64,
    /// The chance that all are busy and that this many wait.
    line: Vec<f64>,
}

impl ErlangA {
    /// For callers who wait for `patience` on average before they give up.
    #[must_use]
    pub fn new(demand: Demand, patience: Duration, agents: u32) -> Self {
        let n = f64::from(agents);
        let served = n / seconds(demand.handle);
        let giving_up = 1.0 / seconds(patience);
        // With p(n) as the unit, all states up to n together are 1 / B.
        let mut line = line(demand.rate(), served, giving_up);
        let mut free = line[0] * (1.0 / erlang_b(demand.load(), agents) - 1.0);
        let whole = free + line.iter().sum::<f64>();
        if whole.is_finite() {
            free /= whole;
            line.iter_mut().for_each(|chance| *chance /= whole);
        } else {
            // The load is so small that not one of its calls in 10^308 finds all agents busy.
            (free, line) = (1.0, vec![0.0]);
        }
        Self { demand, agents: n, giving_up, stages: served / giving_up, free, line }
    }

    /// The share of callers who have to wait at all.
    #[must_use]
    pub fn waiting(&self) -> f64 {
        1.0 - self.free
    }

    /// The share of callers who give up: θ·E\[Q\] / λ.
    #[must_use]
    pub fn abandoned(&self) -> f64 {
        self.giving_up * self.mean_wait_s()
    }

    /// How long callers wait on average, those who give up included: E\[Q\] / λ.
    #[must_use]
    pub fn mean_wait(&self) -> Duration {
        duration(self.mean_wait_s())
    }

    /// The share of all callers who are answered within this time: SL4, in which who gives up counts as not answered.
    #[must_use]
    pub fn service_level(&self, within: Duration) -> f64 {
        // Who has j callers ahead is served before giving up with α/(α+j+1), and then waits −ln X / θ with
        // X ~ Beta(α+1, j+1).
        let until = (-self.giving_up * within.as_secs_f64()).exp();
        let late = |ahead: f64| beta_reg(self.stages + 1.0, ahead + 1.0, until);
        self.free + self.answered().map(|(ahead, share)| share * (1.0 - late(ahead))).sum::<f64>()
    }

    /// The average speed of answer: the wait of those who are answered.
    #[must_use]
    pub fn speed_of_answer(&self) -> Duration {
        // ψ(α+j+2) − ψ(α+1) is the sum of 1/(α+1+i) for i up to j.
        let mut sum = 0.0;
        let waited = self.answered().map(|(ahead, share)| {
            sum += 1.0 / (self.stages + 1.0 + ahead);
            share * sum
        });
        let all = waited.sum::<f64>() / self.giving_up;
        let answered = 1.0 - self.abandoned();
        duration(if answered > 0.0 { all / answered } else { 0.0 })
    }

    /// The share of their time for which agents are busy.
    #[must_use]
    pub fn occupancy(&self) -> f64 {
        if self.agents > 0.0 { self.demand.load() * (1.0 - self.abandoned()) / self.agents } else { 0.0 }
    }

    /// By callers ahead: the share of callers who find it so and are answered in the end.
    fn answered(&self) -> impl Iterator<Item = (f64, f64)> {
        (0u32..)
            .map(f64::from)
            .zip(&self.line)
            .map(|(ahead, chance)| (ahead, chance * self.stages / (self.stages + ahead + 1.0)))
    }

    fn mean_wait_s(&self) -> f64 {
        let waiting: f64 =
            (0u32..).map(f64::from).zip(&self.line).map(|(waiting, chance)| waiting * chance).sum();
        if self.demand.rate() > 0.0 { waiting / self.demand.rate() } else { 0.0 }
    }
}

/// How likely each length of the line is while all agents are busy, the likeliest being 1: it is where as many come as
/// are served and give up. From there the chances fall to both sides, so that none is too great for a number.
fn line(arriving: f64, served: f64, giving_up: f64) -> Vec<f64> {
    let leaving = |waiting: usize| served + waiting as f64 * giving_up;
    let likeliest = (((arriving - served) / giving_up).max(0.0) as usize).min(LINE_MAX - 1);
    let mut line = vec![1.0; likeliest + 1];
    for waiting in (0..likeliest).rev() {
        line[waiting] = line[waiting + 1] * leaving(waiting + 1) / arriving;
    }
    let mut chance = 1.0;
    while line.len() < LINE_MAX && chance > NEGLIGIBLE {
        chance *= arriving / leaving(line.len());
        line.push(chance);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITHIN: Duration = Duration::from_secs(20);

    fn queue(calls_per_hour: f64, handle_s: u64, patience_s: u64, agents: u32) -> ErlangA {
        let demand = Demand { calls_per_hour, handle: Duration::from_secs(handle_s) };
        ErlangA::new(demand, Duration::from_secs(patience_s), agents)
    }

    /// Waiting, abandoned, SL4, speed of answer, mean wait, occupancy.
    fn check(queue: &ErlangA, expected: [f64; 6]) {
        let [waiting, abandoned, level, answer, wait, occupancy] = expected;
        // The known figures were rounded in their sixth digit.
        assert!((queue.waiting() - waiting).abs() < 1e-6, "{}", queue.waiting());
        assert!((queue.abandoned() - abandoned).abs() < 5e-7, "{}", queue.abandoned());
        assert!((queue.service_level(WITHIN) - level).abs() < 5e-7, "{}", queue.service_level(WITHIN));
        assert!(
            (queue.speed_of_answer().as_secs_f64() - answer).abs() < 5e-5,
            "{:?}",
            queue.speed_of_answer()
        );
        assert!((queue.mean_wait().as_secs_f64() - wait).abs() < 5e-5, "{:?}", queue.mean_wait());
        assert!((queue.occupancy() - occupancy).abs() < 5e-7, "{}", queue.occupancy());
    }

    #[test]
    fn the_figures_that_are_known_come_out() {
        check(&queue(200.0, 180, 120, 11), [0.382_816, 0.094_155, 0.742_209, 9.7825, 11.2986, 0.823_495]);
        check(&queue(360.0, 240, 90, 24), [0.414_882, 0.100_419, 0.753_961, 7.9713, 9.0377, 0.899_581]);
        check(&queue(100.0, 300, 60, 8), [0.415_313, 0.207_598, 0.673_531, 8.4506, 12.4559, 0.825_419]);
    }

    #[test]
    fn without_agents_everybody_gives_up() {
        let nobody = queue(3_600_000.0, 60, 600, 0);
        assert!((nobody.abandoned() - 1.0).abs() < 1e-9, "600 000 wait: {}", nobody.abandoned());
        assert_eq!((nobody.waiting(), nobody.service_level(WITHIN), nobody.occupancy()), (1.0, 0.0, 0.0));
        assert_eq!(nobody.speed_of_answer(), Duration::ZERO);
    }

    #[test]
    fn without_calls_or_with_a_crowd_of_agents_nobody_waits() {
        for idle in [queue(0.0, 180, 120, 5), queue(20.0, 180, 120, 1000), queue(0.0, 180, 120, 0)] {
            assert!(idle.abandoned().abs() < 1e-12 && idle.mean_wait().is_zero(), "{idle:?}");
        }
        assert_eq!(queue(20.0, 180, 120, 1000).service_level(WITHIN), 1.0);
    }

    #[test]
    fn endless_patience_is_erlang_c() {
        let demand = Demand { calls_per_hour: 200.0, handle: Duration::from_secs(180) };
        let patient = crate::ErlangC::new(demand, 14).unwrap();
        let nearly = ErlangA::new(demand, Duration::from_secs(1_000_000_000), 14);
        assert!((patient.waiting() - nearly.waiting()).abs() < 1e-6);
        assert!((patient.service_level(WITHIN) - nearly.service_level(WITHIN)).abs() < 1e-6);
    }
}
