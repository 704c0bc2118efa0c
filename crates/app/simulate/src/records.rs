//! A day as it was: callers taken from call records, for "what if" with other agents or another configuration.

use std::sync::Arc;
use std::time::Duration;

use hotline_base::{Rng, WallTime};
use hotline_call::{CallRecord, QueueOutcome};

use crate::callers::CALLERS_MAX;
use crate::{Caller, Distribution};

/// How long callers talk of whom none is known who talked.
const TALK: Duration = Duration::from_secs(180);
/// Patience where nobody has given up.
const ENDLESS: Duration = Duration::from_secs(86_400);

/// The callers of the day that begins at `midnight`, in order of time: everybody who joined a queue, with its first one.
///
/// Who was answered talks as long as it did; who was not draws from those. Who gave up has the patience that it had. Of
/// the others it is only known that it was longer than their wait: they are given that and an exponential time whose mean
/// is all waits together by the number of those who gave up, which is what the records say about patience that ends by
/// chance.
#[must_use]
pub fn callers_of(records: &[CallRecord], midnight: WallTime, seed: u64) -> Arc<[Caller]> {
    let mut rng = Rng::from_number(seed);
    let visits = || records.iter().filter_map(|record| Some((record, record.queues.first()?)));
    let talks: Vec<Duration> = visits().filter_map(|(record, _)| talk(record)).collect();
    let talks = if talks.is_empty() { Distribution::Constant(TALK) } else { Distribution::Listed(talks) };
    let waited: Duration = visits().filter_map(|(_, visit)| visit.waited()).sum();
    let gave_up = visits().filter(|(_, visit)| visit.outcome == Some(QueueOutcome::Abandoned)).count();
    let patience = match waited.checked_div(u32::try_from(gave_up).unwrap_or(u32::MAX)) {
        Some(mean) if !mean.is_zero() => Distribution::Exponential { mean },
        Some(_) | None => Distribution::Constant(ENDLESS),
    };
    let mut callers: Vec<Caller> = visits()
        .take(CALLERS_MAX)
        .map(|(record, visit)| {
            let waited = visit.waited().unwrap_or_default();
            let further = patience.draw(&mut rng);
            let drawn = talks.draw(&mut rng);
            Caller {
                at: visit.entered_at.since(midnight),
                queue: visit.queue.clone(),
                number: None,
                keys: String::new(),
                patience: if visit.outcome == Some(QueueOutcome::Abandoned) {
                    waited
                } else {
                    waited + further
                },
                talk: talk(record).unwrap_or(drawn),
                wrap_up: None,
            }
        })
        .collect();
    callers.sort_by_key(|caller| caller.at);
    callers.into()
}

fn talk(record: &CallRecord) -> Option<Duration> {
    Some(record.ended_at?.since(record.connected_at?))
}
