//! The real routing against formulas: what a single queue of exponential callers must come to (semantics §4.8).
//!
//! The confidence interval is that of batch means: the long run is cut into parts, whose means are nearly independent.

use std::sync::Arc;
use std::time::Duration;

use hotline_base::{QueueId, WallTime};
use hotline_erlang::{Demand, ErlangA, ErlangC};
use hotline_simulate::{Crew, Distribution, Level, Row, Scenario, Simulation, Stream, callers};

use crate::center::center;

/// Answered this soon is answered in time.
const WITHIN: Duration = Duration::from_secs(20);
const BATCHES: u32 = 20;
/// Student's t for 19 degrees of freedom: one in a thousand right simulations would be refused, and the seeds are fixed.
const T: f64 = 3.883;
/// The queue needs some time until it is as it always is.
const WARM_UP: Duration = Duration::from_secs(5 * 3600);

/// What one queue came to in each batch.
struct Found {
    batches: Vec<Row>,
    /// Of all agents over the whole time.
    occupancy: f64,
}

fn simulate(calls_per_hour: f64, handle_s: u64, patience_s: Option<u64>, agents: u32, calls: f64) -> Found {
    let batch = Duration::from_secs_f64(
        (calls / calls_per_hour * 3600.0 / f64::from(BATCHES) / 900.0).ceil() * 900.0,
    );
    let until = WARM_UP + batch * BATCHES;
    let patience = patience_s.map_or(Distribution::Constant(Duration::from_secs(10_000_000)), |seconds| {
        Distribution::Exponential { mean: Duration::from_secs(seconds) }
    });
    let center = center(agents, Duration::ZERO);
    let mut crew = Crew::new(center.agents.keys().cloned().collect(), Duration::ZERO..until);
    crew.pick_up = Distribution::Constant(Duration::ZERO);
    let scenario = Scenario {
        midnight: WallTime(1_700_000_000_000_000),
        seed: 7,
        answer_within: WITHIN,
        streams: vec![Stream {
            queue: QueueId::from("calls"),
            number: None,
            keys: String::new(),
            profile: vec![(Duration::ZERO, calls_per_hour / 2.0)],
            until,
            patience,
            talk: Distribution::Exponential { mean: Duration::from_secs(handle_s) },
            wrap_up: None,
        }],
        crews: vec![crew],
    };
    let callers: Arc<[_]> = callers(&scenario).into();
    let simulation = Simulation { level: Level::Acd, center: &center, scenario: &scenario, callers };
    let tally = simulation.run(None).expect("nothing is written");
    let intervals = &tally.queues[&QueueId::from("calls")];
    let number = |time: Duration| u32::try_from(time.as_secs() / 900).expect("some years at most");
    let batches = (0..BATCHES).map(|part| {
        let span = number(WARM_UP + batch * part)..number(WARM_UP + batch * (part + 1));
        let mut row = Row::default();
        intervals.range(span).for_each(|(_, interval)| row += interval);
        row
    });
    let occupancy =
        tally.seconds(&center.agents.keys().cloned().collect(), None).occupancy().expect("they worked");
    Found { batches: batches.collect(), occupancy }
}

impl Found {
    /// The mean over the batches, and how far it may be from the truth.
    fn mean(&self, figure: impl Fn(&Row) -> f64) -> (f64, f64) {
        let figures: Vec<f64> = self.batches.iter().map(figure).collect();
        let count = f64::from(BATCHES);
        let mean = figures.iter().sum::<f64>() / count;
        let variance = figures.iter().map(|figure| (figure - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, T * (variance / count).sqrt())
    }

    /// `wide` is what the interval must be within for the comparison to say something.
    fn check(&self, what: &str, expected: f64, wide: f64, figure: impl Fn(&Row) -> f64) {
        let (mean, near) = self.mean(figure);
        assert!(near <= wide, "{what}: {mean} ± {near} says too little");
        assert!((mean - expected).abs() <= near, "{what}: {mean} ± {near}, and not {expected}");
    }
}

fn seconds(time: Option<Duration>) -> f64 {
    time.expect("somebody was answered").as_secs_f64()
}

fn waited(row: &Row) -> f64 {
    f64::from(row.waits.iter().filter(|wait| !wait.is_zero()).count() as u32)
}

fn check_patient(calls_per_hour: f64, handle_s: u64, agents: u32) {
    let demand = Demand { calls_per_hour, handle: Duration::from_secs(handle_s) };
    let theory = ErlangC::new(demand, agents).expect("enough agents");
    let found = simulate(calls_per_hour, handle_s, None, agents, 120_000.0);
    found.check("waiting", theory.waiting(), 0.05, |row| waited(row) / f64::from(row.offered));
    found.check("level", theory.service_level(WITHIN), 0.05, |row| {
        row.strict_level().expect("somebody called")
    });
    found.check("speed of answer", theory.speed_of_answer().as_secs_f64(), 8.0, |row| {
        seconds(row.speed_of_answer())
    });
    assert!((found.occupancy - theory.occupancy()).abs() < 0.01, "{}", found.occupancy);
}

fn check_giving_up(calls_per_hour: f64, handle_s: u64, patience_s: u64, agents: u32) {
    let demand = Demand { calls_per_hour, handle: Duration::from_secs(handle_s) };
    let theory = ErlangA::new(demand, Duration::from_secs(patience_s), agents);
    let found = simulate(calls_per_hour, handle_s, Some(patience_s), agents, 80_000.0);
    // Who gives up has waited.
    let waiting = |row: &Row| (waited(row) + f64::from(row.abandoned)) / f64::from(row.offered);
    found.check("waiting", theory.waiting(), 0.04, waiting);
    found.check("abandoned", theory.abandoned(), 0.02, |row| row.abandon_rate().expect("somebody called"));
    found.check("level", theory.service_level(WITHIN), 0.04, |row| {
        row.strict_level().expect("somebody called")
    });
    found.check("speed of answer", theory.speed_of_answer().as_secs_f64(), 1.5, |row| {
        seconds(row.speed_of_answer())
    });
    let mean_wait = |row: &Row| {
        (row.waits.iter().sum::<Duration>() + row.waited_in_vain).as_secs_f64() / f64::from(row.offered)
    };
    found.check("mean wait", theory.mean_wait().as_secs_f64(), 1.5, mean_wait);
    assert!((found.occupancy - theory.occupancy()).abs() < 0.01, "{}", found.occupancy);
}

#[test]
fn fourteen_agents_for_ten_erlang_are_as_erlang_c_says() {
    check_patient(200.0, 180, 14);
}

#[test]
fn twenty_eight_agents_for_twenty_four_erlang_are_as_erlang_c_says() {
    check_patient(360.0, 240, 28);
}

#[test]
fn eleven_agents_and_two_minutes_of_patience_are_as_erlang_a_says() {
    check_giving_up(200.0, 180, 120, 11);
}

#[test]
fn twenty_four_agents_and_ninety_seconds_of_patience_are_as_erlang_a_says() {
    check_giving_up(360.0, 240, 90, 24);
}

#[test]
fn eight_agents_and_a_minute_of_patience_are_as_erlang_a_says() {
    check_giving_up(100.0, 300, 60, 8);
}
