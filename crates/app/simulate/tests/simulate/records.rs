//! A day that was is simulated again from its records.

use std::collections::BTreeMap;
use std::time::Duration;

use hotline_base::{CallId, QueueId, WallTime};
use hotline_call::{CallRecord, EventKind, QueueOutcome};
use hotline_simulate::{Level, Simulation, callers, callers_of};

use crate::center::center;
use crate::day::{events, pass, scenario};

/// The records of a simulated day, as call control folds them.
fn records(journal: &str) -> Vec<CallRecord> {
    let mut records: BTreeMap<CallId, CallRecord> = BTreeMap::new();
    for event in events(journal) {
        let EventKind::Call { call, what } = event.kind else { continue };
        match records.get_mut(&call) {
            Some(record) => record.apply(event.at, &what),
            None => {
                records.extend(CallRecord::begin(call, event.at, &what).map(|record| (call, record)));
            }
        }
    }
    records.into_values().collect()
}

#[test]
fn callers_of_a_day_come_again_when_they_came_and_talk_as_long() {
    let mut scenario = scenario(8);
    // Without after-call work that ends early: records do not know of it.
    scenario.streams[0].wrap_up = None;
    let (tally, journal) = pass(&scenario, Level::Sip);
    let records = records(&journal);
    let again = callers_of(&records, scenario.midnight, 1);
    let drawn = callers(&scenario);
    assert_eq!(again.len(), drawn.len());
    let mut talks = 0;
    for (again, drawn) in again.iter().zip(&drawn) {
        assert!(again.at.abs_diff(drawn.at) <= Duration::from_micros(1), "times are kept to the microsecond");
        let talked = again.talk.abs_diff(drawn.talk) < Duration::from_millis(5);
        talks += u32::from(talked);
    }
    let whole = tally.whole(&QueueId::from("calls"));
    assert!(talks >= whole.answered, "{talks} of {}", whole.answered);
    let center = center(6, Duration::from_secs(30));
    let simulation = Simulation { level: Level::Sip, center: &center, scenario: &scenario, callers: again };
    let repeated = simulation.run(None).expect("nothing is written").whole(&QueueId::from("calls"));
    assert_eq!(
        (repeated.offered, repeated.answered),
        (whole.offered, whole.answered),
        "nothing else has changed"
    );
}

#[test]
fn who_was_answered_is_more_patient_than_that_and_who_gave_up_is_not() {
    let (_, journal) = pass(&scenario(9), Level::Acd);
    let mut records = records(&journal);
    records.sort_by_key(|record| record.queues[0].entered_at);
    let again = callers_of(&records, WallTime(1_700_000_000_000_000), 1);
    for (record, caller) in records.iter().zip(again.iter()) {
        let waited = record.queues[0].waited().expect("the day is over");
        if record.queues[0].outcome == Some(QueueOutcome::Abandoned) {
            assert_eq!(caller.patience, waited);
        } else {
            assert!(caller.patience > waited);
        }
    }
}
