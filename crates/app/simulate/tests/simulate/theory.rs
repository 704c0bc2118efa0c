//! The real routing against formulas: what a single queue of exponential callers must come to (semantics §4.8).
//!
//! Several long runs, each with a seed of its own, are cut into batches, whose means are nearly independent: between runs they
//! are so altogether, and a batch is many times as long as the queue remembers. The confidence interval is that of their mean.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use hotline_base::{QueueId, WallTime};
use hotline_erlang::{Demand, ErlangA, ErlangC};
use hotline_simulate::{Crew, Distribution, Level, Row, Scenario, Seconds, Simulation, Stream, callers};

use crate::center::center;

/// Answered this soon is answered in time.
const WITHIN: Duration = Duration::from_secs(20);
const SEEDS: Range<u64> = 1..7;
/// Of each seed.
const BATCHES: u32 = 10;
/// Student's t for 59 degrees of freedom: one in a thousand right simulations would be refused, and the seeds are fixed.
const T: f64 = 3.463;
/// The queue needs some time until it is as it always is.
const WARM_UP: Duration = Duration::from_secs(5 * 3600);

/// A single queue.
#[derive(Clone, Copy)]
struct Line {
    calls_per_hour: f64,
    handle_s: u64,
    patience_s: Option<u64>,
    agents: u32,
}

/// What a queue and its agents came to in each batch of all seeds.
struct Found(Vec<(Row, Seconds)>);

impl Line {
    const fn demand(self) -> Demand {
        Demand { calls_per_hour: self.calls_per_hour, handle: Duration::from_secs(self.handle_s) }
    }

    /// So many callers, of all seeds together.
    fn simulate(self, calls: f64) -> Found {
        let count = f64::from(BATCHES) * SEEDS.count() as f64;
        let batch =
            Duration::from_secs_f64((calls / self.calls_per_hour * 3600.0 / count / 900.0).ceil() * 900.0);
        Found(SEEDS.flat_map(|seed| self.run(seed, batch)).collect())
    }

    /// One run.
    fn run(self, seed: u64, batch: Duration) -> Vec<(Row, Seconds)> {
        let until = WARM_UP + batch * BATCHES;
        let center = center(self.agents, Duration::ZERO);
        let mut crew = Crew::new(center.agents.keys().cloned().collect(), Duration::ZERO..until);
        crew.pick_up = Distribution::Constant(Duration::ZERO);
        let exponential = |seconds| Distribution::Exponential { mean: Duration::from_secs(seconds) };
        let scenario = Scenario {
            midnight: WallTime(1_700_000_000_000_000),
            seed,
            answer_within: WITHIN,
            streams: vec![Stream {
                queue: QueueId::from("calls"),
                number: None,
                keys: String::new(),
                profile: vec![(Duration::ZERO, self.calls_per_hour / 2.0)],
                until,
                patience: self
                    .patience_s
                    .map_or(Distribution::Constant(Duration::from_secs(10_000_000)), exponential),
                talk: exponential(self.handle_s),
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
            let (mut row, mut seconds) = (Row::default(), Seconds::default());
            intervals.range(span.clone()).for_each(|(_, interval)| row += interval);
            let worked = tally.agents.values().flat_map(|agent| agent.range(span.clone()));
            worked.for_each(|(_, interval)| seconds += *interval);
            (row, seconds)
        });
        batches.collect()
    }
}

impl Found {
    /// The mean over the batches, and how far it may be from the truth.
    fn mean(&self, figure: impl Fn(&(Row, Seconds)) -> f64) -> (f64, f64) {
        let figures: Vec<f64> = self.0.iter().map(figure).collect();
        let count = figures.len() as f64;
        let mean = figures.iter().sum::<f64>() / count;
        let variance = figures.iter().map(|figure| (figure - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, T * (variance / count).sqrt())
    }

    /// `wide` is what the interval must be within for the comparison to say something.
    fn check(&self, what: &str, expected: f64, wide: f64, figure: impl Fn(&Row) -> f64) {
        self.hold(what, expected, wide, |(row, _)| figure(row));
    }

    fn check_occupancy(&self, expected: f64) {
        self.hold("occupancy", expected, 0.01, |(_, seconds)| seconds.occupancy().expect("they worked"));
    }

    fn hold(&self, what: &str, expected: f64, wide: f64, figure: impl Fn(&(Row, Seconds)) -> f64) {
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

fn check_patient(line: Line, calls: f64, wide_s: f64) {
    let theory = ErlangC::new(line.demand(), line.agents).expect("enough agents");
    let found = line.simulate(calls);
    found.check("waiting", theory.waiting(), 0.02, |row| waited(row) / f64::from(row.offered));
    found.check("level", theory.service_level(WITHIN), 0.02, |row| {
        row.strict_level().expect("somebody called")
    });
    found.check("speed of answer", theory.speed_of_answer().as_secs_f64(), wide_s, |row| {
        seconds(row.speed_of_answer())
    });
    found.check_occupancy(theory.occupancy());
}

fn check_giving_up(line: Line, patience_s: u64) {
    let line = Line { patience_s: Some(patience_s), ..line };
    let theory = ErlangA::new(line.demand(), Duration::from_secs(patience_s), line.agents);
    let found = line.simulate(240_000.0);
    // Who gives up has waited.
    let waiting = |row: &Row| (waited(row) + f64::from(row.abandoned)) / f64::from(row.offered);
    found.check("waiting", theory.waiting(), 0.02, waiting);
    found.check("abandoned", theory.abandoned(), 0.01, |row| row.abandon_rate().expect("somebody called"));
    found.check("level", theory.service_level(WITHIN), 0.02, |row| {
        row.strict_level().expect("somebody called")
    });
    found.check("speed of answer", theory.speed_of_answer().as_secs_f64(), 1.0, |row| {
        seconds(row.speed_of_answer())
    });
    let mean_wait = |row: &Row| {
        (row.waits.iter().sum::<Duration>() + row.waited_in_vain).as_secs_f64() / f64::from(row.offered)
    };
    found.check("mean wait", theory.mean_wait().as_secs_f64(), 1.0, mean_wait);
    found.check_occupancy(theory.occupancy());
}

const fn line(calls_per_hour: f64, handle_s: u64, agents: u32) -> Line {
    Line { calls_per_hour, handle_s, patience_s: None, agents }
}

#[test]
fn fourteen_agents_for_ten_erlang_are_as_erlang_c_says() {
    check_patient(line(200.0, 180, 14), 400_000.0, 1.0);
}

#[test]
fn twenty_eight_agents_for_twenty_four_erlang_are_as_erlang_c_says() {
    check_patient(line(360.0, 240, 28), 800_000.0, 2.5);
}

#[test]
fn eleven_agents_and_two_minutes_of_patience_are_as_erlang_a_says() {
    check_giving_up(line(200.0, 180, 11), 120);
}

#[test]
fn twenty_four_agents_and_ninety_seconds_of_patience_are_as_erlang_a_says() {
    check_giving_up(line(360.0, 240, 24), 90);
}

#[test]
fn eight_agents_and_a_minute_of_patience_are_as_erlang_a_says() {
    check_giving_up(line(100.0, 300, 8), 60);
}
