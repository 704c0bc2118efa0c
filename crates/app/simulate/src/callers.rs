//! Who calls on one day: drawn from a scenario before anything happens, so that two configurations meet the same people.

use std::time::Duration;

use hotline_base::{QueueId, Rng};
use rand_distr::{Distribution as _, Exp1};

use crate::{Scenario, Stream};

/// Callers of one simulated day.
pub const CALLERS_MAX: usize = 2_000_000;

/// The time for which profiles count.
const HALF_HOUR: Duration = Duration::from_secs(1800);

/// Somebody who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// When, from midnight.
    pub at: Duration,
    /// The queue that is wanted.
    pub queue: QueueId,
    /// The number that is dialled; without one the call comes to the queue at once.
    pub number: Option<String>,
    /// What is pressed on the way.
    pub keys: String,
    /// How long it waits in the queue before it gives up.
    pub patience: Duration,
    /// How long it talks.
    pub talk: Duration,
    /// How long the agent has to do afterwards, if that is not always the queue's wrap-up time.
    pub wrap_up: Option<Duration>,
}

/// All callers of a scenario, in order of time; at most [`CALLERS_MAX`]. Arrivals are a Poisson process whose rate is
/// the profile's.
#[must_use]
pub fn callers(scenario: &Scenario) -> Vec<Caller> {
    let mut rng = Rng::from_number(scenario.seed);
    let mut callers = Vec::new();
    for stream in &scenario.streams {
        let mut rng = rng.fork();
        let (mut coming, mut being) = (rng.fork(), rng.fork());
        for at in arrivals(stream, &mut coming).take(CALLERS_MAX - callers.len()) {
            callers.push(Caller {
                at,
                queue: stream.queue.clone(),
                number: stream.number.clone(),
                keys: stream.keys.clone(),
                patience: stream.patience.draw(&mut being),
                talk: stream.talk.draw(&mut being),
                wrap_up: stream.wrap_up.as_ref().map(|wrap_up| wrap_up.draw(&mut being)),
            });
        }
    }
    callers.sort_by_key(|caller| caller.at);
    callers
}

/// When somebody comes.
fn arrivals(stream: &Stream, rng: &mut Rng) -> impl Iterator<Item = Duration> {
    let ends = stream.profile.iter().skip(1).map(|(from, _)| *from).chain([stream.until]);
    let spans = stream.profile.iter().zip(ends);
    spans.flat_map(move |((from, rate), until)| {
        // What has not come at the end of a span is forgotten: the process has no memory.
        let mean = HALF_HOUR.as_secs_f64() / rate;
        let mut at = from.as_secs_f64();
        let mut next = || {
            let gap: f64 = Exp1.sample(rng);
            at += gap * mean;
            (at < until.as_secs_f64()).then(|| Duration::from_secs_f64(at))
        };
        core::iter::from_fn(&mut next).collect::<Vec<_>>()
    })
}
