//! Which recordings are kept.

use std::collections::BTreeSet;

use hotline_base::{AgentId, CallId, Pii, QueueId};
use hotline_call::{CallDisposition, CallRecord, Recording, RecordingState};
use hotline_store::{
    DayEntry, Erasure, Fate, LegalHold, OfQueues, RecordingDay, Span, Store, StoreError, day,
};

use crate::bench::Bench;
use crate::sample::{at, call_id, finished, record, recording, recording_id};
use crate::search::say;

fn recorded(number: u64, queue: Option<&str>, state: RecordingState) -> CallRecord {
    let mut record = record(call_id(number));
    record.started_at = at(number);
    match queue {
        Some(queue) => record.queues[0].queue = QueueId::from(queue),
        None => record.queues.clear(),
    }
    record.recordings.push(recording(number, state));
    record
}

fn hold(number: u64, reason: &str) -> LegalHold {
    LegalHold { call: call_id(number), at: at(9), by: "lawyer".to_owned(), reason: reason.to_owned() }
}

fn numbers(found: &[Recording]) -> Vec<u64> {
    let number = |found: &Recording| (1..9).find(|number| recording_id(*number) == found.id).unwrap();
    found.iter().map(number).collect()
}

pub(crate) async fn nothing_of_a_held_call_is_erased(bench: Bench) {
    let store = &bench.store;
    store.save_record(&recorded(1, None, finished())).await.unwrap();
    assert!(store.put_hold(&hold(1, "case 7")).await.unwrap());
    assert!(!store.put_hold(&hold(1, "another")).await.unwrap());
    assert_eq!(store.get_hold(call_id(1)).await.unwrap(), Some(hold(1, "case 7")));
    assert!(matches!(store.put_hold(&hold(2, " ")).await, Err(StoreError::Invalid { .. })));
    let all = BTreeSet::new();
    assert_eq!(store.erase_recording(recording_id(1), at(50)).await.unwrap(), Erasure::Held);
    assert_eq!(store.recordings_before(at(99), OfQueues::Others(&all), 9).await.unwrap(), []);
    assert!(store.release_hold(call_id(1)).await.unwrap());
    assert!(!store.release_hold(call_id(1)).await.unwrap());
    assert_eq!(store.erase_recording(recording_id(1), at(50)).await.unwrap(), Erasure::Done);
    assert_eq!(store.erase_recording(recording_id(1), at(51)).await.unwrap(), Erasure::Nothing);
    let call = store.get_call(call_id(1)).await.unwrap().unwrap();
    assert_eq!(call.recordings[0].state, RecordingState::Erased { at: at(50) });
    assert_eq!(numbers(&store.files_to_delete(9).await.unwrap()), [1]);
    store.note_file_deleted(recording_id(1), at(52)).await.unwrap();
    assert_eq!(store.files_to_delete(9).await.unwrap(), []);
}

pub(crate) async fn the_oldest_recordings_are_found_by_queue(bench: Bench) {
    let store = &bench.store;
    for (number, queue, state) in [
        (3, Some("sales"), finished()),
        (1, Some("sales"), finished()),
        (2, None, finished()),
        (4, Some("support"), finished()),
        (5, Some("support"), RecordingState::Open),
        (6, Some("support"), finished()),
    ] {
        store.save_record(&recorded(number, queue, state)).await.unwrap();
    }
    let (sales, named) = (QueueId::from("sales"), BTreeSet::from([QueueId::from("sales")]));
    let (none, before) = (BTreeSet::new(), at(6));
    for (of, limit, expected) in [
        (OfQueues::One(&sales), 9, vec![1, 3]),
        (OfQueues::One(&sales), 1, vec![1]),
        (OfQueues::Others(&named), 9, vec![2, 4]),
        (OfQueues::Others(&none), 9, vec![1, 2, 3, 4]),
    ] {
        let found = store.recordings_before(before, of, limit).await.unwrap();
        assert_eq!(numbers(&found), expected, "{of:?}");
    }
    assert_eq!(store.erase_recording(recording_id(5), at(7)).await.unwrap(), Erasure::Nothing, "is written");
}

/// What an agent says of a call, and when the agent comes back to it.
fn said(number: u64, note: &str, follow_up: Option<u64>) -> CallDisposition {
    CallDisposition {
        call: call_id(number),
        agent: AgentId::from("1001"),
        queue: None,
        code: "sold".to_owned(),
        note: Some(Pii::from(note)),
        at: at(number),
        follow_up_at: follow_up.map(at),
    }
}

/// Calls of before second 100, all of them.
async fn forgettable(store: &Store) -> Vec<CallId> {
    store.calls_before(at(100), OfQueues::Others(&BTreeSet::new()), 9).await.unwrap()
}

pub(crate) async fn a_call_is_forgotten_with_all_that_was_noted_of_it(bench: Bench) {
    let store = &bench.store;
    for (number, queue) in [(1, Some("sales")), (2, None), (200, None)] {
        let agent = Some(AgentId::from("1001"));
        store.save_record(&CallRecord { agent, ..recorded(number, queue, finished()) }).await.unwrap();
        say(&bench, vec![said(number, "wants twelve", None)]).await;
    }
    let today = day(at(0));
    let entry = DayEntry { recording: recording_id(1), path: "a.wav".to_owned(), sha256: "ab".to_owned() };
    let closed = RecordingDay::close(today, "", std::slice::from_ref(&entry));
    store.close_recording_day(&closed, std::slice::from_ref(&entry), at(60)).await.unwrap();
    assert_eq!(forgettable(store).await, [], "their recordings are there");
    assert!(!store.delete_call(call_id(1)).await.unwrap());
    for number in [1, 2] {
        store.erase_recording(recording_id(number), at(101)).await.unwrap();
    }
    assert_eq!(forgettable(store).await, [], "their files may be there");
    for number in [1, 2] {
        store.note_file_deleted(recording_id(number), at(102)).await.unwrap();
    }
    let sales = QueueId::from("sales");
    assert_eq!(store.calls_before(at(100), OfQueues::One(&sales), 9).await.unwrap(), [call_id(1)]);
    let waits = store.wait_counts(Span { from: at(0), until: at(300) }, None).await.unwrap();
    assert!(store.delete_call(call_id(1)).await.unwrap());
    assert!(!store.delete_call(call_id(1)).await.unwrap());
    assert_eq!(store.get_call(call_id(1)).await.unwrap(), None);
    assert_eq!(store.events_of(call_id(1)).await.unwrap(), []);
    assert_eq!(forgettable(store).await, [call_id(2)]);
    let kept = store.wait_counts(Span { from: at(0), until: at(300) }, None).await.unwrap();
    assert_eq!(kept, waits, "reports stay");
    assert_eq!(store.recording_day_entries(today).await.unwrap(), [(entry, Fate::Erased)]);
    // Found by nothing, of which the same call would be found again.
    for table in ["call_term", "call_search", "call_agent", "call_disposition", "recording"] {
        let column = if table == "call_disposition" { "call_id" } else { "call" };
        assert_eq!(bench.count(table, column, &call_id(1).to_string()).await, 0, "{table}");
        assert!(bench.count(table, column, &call_id(2).to_string()).await > 0, "{table}");
    }
}

pub(crate) async fn what_is_not_over_is_not_forgotten(bench: Bench) {
    let store = &bench.store;
    for number in 1..=4 {
        let mut record = recorded(number, None, finished());
        record.recordings.clear();
        store.save_record(&record).await.unwrap();
    }
    store.put_hold(&hold(1, "case 7")).await.unwrap();
    say(&bench, vec![said(2, "calls again", Some(150)), said(3, "called again", Some(50))]).await;
    assert_eq!(forgettable(store).await, [call_id(3), call_id(4)]);
    assert!(!store.delete_call(call_id(1)).await.unwrap());
    store.release_hold(call_id(1)).await.unwrap();
    assert_eq!(forgettable(store).await, [call_id(1), call_id(3), call_id(4)]);
}

pub(crate) async fn a_day_is_closed_once_with_what_belongs_to_no_other(bench: Bench) {
    let store = &bench.store;
    let today = day(at(0));
    for (number, state) in [(1, finished()), (2, finished()), (3, RecordingState::Open), (4, finished())] {
        let mut record = recorded(number, None, state);
        // The last one is of another month.
        record.recordings[0].started_at = at(if number == 4 { 40 * 86_400 } else { number });
        record.recordings[0].index.sha256 = (number == 1).then(|| "ab".repeat(32));
        store.save_record(&record).await.unwrap();
    }
    assert_eq!(store.erase_recording(recording_id(2), at(50)).await.unwrap(), Erasure::Done);
    let found = store.unchained_recordings(today, None).await.unwrap();
    let told: Vec<_> = found.iter().map(|one| (one.recording, one.sha256.is_some(), one.is_erased)).collect();
    assert_eq!(told, [(recording_id(1), true, false), (recording_id(2), false, true)]);
    assert_eq!(store.unchained_recordings(today, Some(recording_id(1))).await.unwrap(), found[1..]);
    assert_eq!(store.unchained_recordings(today - 1, None).await.unwrap(), []);
    assert_eq!(store.unchained_recordings(today + 9, None).await.unwrap(), [], "long after its own day");

    let entry = |number: u64| DayEntry {
        recording: recording_id(number),
        path: format!("2026/01/01/{number}.wav"),
        sha256: number.to_string(),
    };
    let entries = [entry(1), entry(2), entry(7)];
    let first = RecordingDay::close(today, "", &entries);
    assert_eq!(store.last_recording_day().await.unwrap(), None);
    store.close_recording_day(&first, &entries, at(60)).await.unwrap();
    assert_eq!(store.unchained_recordings(today, None).await.unwrap(), [], "each is of one day");
    let second = RecordingDay::close(today + 1, &first.hash, &[]);
    assert_ne!(second.hash, RecordingDay::close(today + 1, "", &[]).hash);
    store.close_recording_day(&second, &[], at(61)).await.unwrap();
    let again = RecordingDay::close(today + 2, &second.hash, &entries[..1]);
    assert!(store.close_recording_day(&again, &entries[..1], at(62)).await.is_err());
    assert_eq!(store.last_recording_day().await.unwrap(), Some(second.clone()), "all of a day or nothing");
    assert_eq!(store.next_recording_day(None).await.unwrap(), Some(first.clone()));
    assert_eq!(store.next_recording_day(Some(first.day)).await.unwrap(), Some(second.clone()));
    assert_eq!(store.next_recording_day(Some(second.day)).await.unwrap(), None);
    let [one, two, seven] = entries;
    let mut known = store.recording_day_entries(today).await.unwrap();
    known.sort_by_key(|(entry, _)| entry.sha256.clone());
    assert_eq!(known, [(one, Fate::Kept), (two, Fate::Erased), (seven, Fate::Unknown)]);
}
