//! Call records, recordings, flow versions.

use std::time::Duration;

use hotline_base::{AgentId, CustomerId, QueueId, Rng};
use hotline_call::{CallRecord, QueueVisit, Recording, RecordingState};
use hotline_store::{CALL_PAGE_MAX, CallFilter, SavedRecord, StoreError};

use crate::bench::Bench;
use crate::sample::{
    at, call_id, finished, offered_record, record, record_of, recording, recording_id, started,
};

pub(crate) async fn a_record_comes_back_with_its_recordings(bench: Bench) {
    let mended = RecordingState::Mended { duration: Duration::from_secs(3), bytes: 96_044 };
    let failed = RecordingState::Failed { problem: "2026/01/01/4.wav: no space left on device".to_owned() };
    let states = [finished(), RecordingState::Open, mended, failed];
    let recordings: Vec<Recording> =
        [4, 3, 2, 1].into_iter().zip(states).map(|(number, state)| recording(number, state)).collect();
    let stored = CallRecord { recordings: recordings.clone(), ..record(call_id(1)) };
    assert_eq!(bench.store.save_record(&stored).await.unwrap(), SavedRecord::New);
    assert_eq!(bench.store.get_call(stored.call).await.unwrap(), Some(stored.clone()));
    for recording in recordings {
        let found = bench.store.find_recording(recording.id).await.unwrap();
        assert_eq!(found, Some((stored.call, recording)));
    }
    assert_eq!(bench.store.get_call(call_id(2)).await.unwrap(), None);
    assert_eq!(bench.store.find_recording(recording_id(9)).await.unwrap(), None);
}

pub(crate) async fn the_first_record_of_a_call_stands(bench: Bench) {
    let first = record_of(1, at(0), "1001");
    bench.store.save_record(&first).await.unwrap();
    let second = CallRecord { recordings: vec![recording(1, finished())], ..record_of(1, at(9), "1002") };
    assert_eq!(bench.store.save_record(&second).await.unwrap(), SavedRecord::Existing);
    assert_eq!(bench.store.get_call(first.call).await.unwrap(), Some(first));
    assert_eq!(bench.store.find_recording(recording_id(1)).await.unwrap(), None);
}

pub(crate) async fn a_record_that_fails_leaves_nothing(bench: Bench) {
    let taken = CallRecord { recordings: vec![recording(1, finished())], ..record(call_id(1)) };
    bench.store.save_record(&taken).await.unwrap();
    bench.store.append_events(&[started(1, call_id(2))]).await.unwrap();
    let refused = CallRecord {
        recordings: vec![recording(2, finished()), recording(1, finished())],
        ..record(call_id(2))
    };
    let result = bench.store.save_record(&refused).await;
    assert!(matches!(result, Err(StoreError::Conflict)), "{result:?}");
    assert_eq!(bench.store.get_call(refused.call).await.unwrap(), None);
    assert_eq!(bench.store.find_recording(recording_id(2)).await.unwrap(), None);
    assert_eq!(bench.store.open_calls().await.unwrap().len(), 1, "the call is still to be finished");
}

pub(crate) async fn pages_follow_one_another_without_gap_or_overlap(bench: Bench) {
    // Three at each moment: the id decides between them.
    let mut expected: Vec<CallRecord> =
        (0..10).map(|number| record_of(number, at(number / 3), "1001")).collect();
    for record in &expected {
        bench.store.save_record(record).await.unwrap();
    }
    expected.reverse();
    let filter = CallFilter::default();
    for limit in [1, 2, 3, 10, CALL_PAGE_MAX + 1] {
        let mut seen = Vec::new();
        let mut cursor = None;
        loop {
            let page = bench.store.list_calls(&filter, cursor, limit).await.unwrap();
            assert!(page.calls.len() <= limit);
            seen.extend(page.calls);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, expected, "by {limit}");
    }
}

pub(crate) async fn filters_can_be_combined(bench: Bench) {
    let customer = CustomerId::generate(at(0), &mut Rng::from_number(7));
    let support =
        QueueVisit { queue: QueueId::from("support"), entered_at: at(1), left_at: None, outcome: None };
    for (number, agent, last_queue, known) in
        [(1, "1001", None, true), (2, "1002", None, false), (3, "1001", Some(support), false)]
    {
        let mut record = record_of(number, at(number), agent);
        record.queues.extend(last_queue);
        record.customer = known.then_some(customer);
        bench.store.save_record(&record).await.unwrap();
    }
    let all = CallFilter::default();
    let agent = Some(AgentId::from("1001"));
    let sales = Some(QueueId::from("sales"));
    for (filter, expected) in [
        (all.clone(), vec![3, 2, 1]),
        (CallFilter { agent: agent.clone(), ..all.clone() }, vec![3, 1]),
        (CallFilter { queue: sales.clone(), ..all.clone() }, vec![2, 1]),
        (CallFilter { agent, queue: sales, ..all.clone() }, vec![1]),
        (CallFilter { customer: Some(customer), ..all.clone() }, vec![1]),
        (CallFilter { since: Some(at(2)), ..all.clone() }, vec![3, 2]),
        (CallFilter { until: Some(at(2)), ..all.clone() }, vec![1]),
        (CallFilter { since: Some(at(2)), until: Some(at(3)), ..all.clone() }, vec![2]),
        (CallFilter { agent: Some(AgentId::from("x' OR '1'='1")), ..all }, vec![]),
    ] {
        let page = bench.store.list_calls(&filter, None, 10).await.unwrap();
        let calls: Vec<_> = page.calls.iter().map(|record| record.call).collect();
        assert_eq!(calls, expected.into_iter().map(call_id).collect::<Vec<_>>(), "{filter:?}");
    }
}

pub(crate) async fn an_agent_has_the_calls_it_took_and_those_it_was_offered(bench: Bench) {
    for (number, offered, taken_by) in [
        (1, vec!["1001"], Some("1001")),
        (2, vec!["1001", "1002"], Some("1002")),
        (3, vec!["1001", "1001"], None),
        (4, vec![], Some("1003")),
        (5, vec![], None),
    ] {
        bench.store.save_record(&offered_record(number, &offered, taken_by)).await.unwrap();
    }
    for (agent, expected) in
        [("1001", vec![3, 2, 1]), ("1002", vec![2]), ("1003", vec![4]), ("1004", vec![]), ("", vec![])]
    {
        let filter = CallFilter { agent: Some(AgentId::from(agent)), ..CallFilter::default() };
        let mut seen = Vec::new();
        let mut cursor = None;
        loop {
            let page = bench.store.list_calls(&filter, cursor, 1).await.unwrap();
            seen.extend(page.calls.into_iter().map(|record| record.call));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, expected.into_iter().map(call_id).collect::<Vec<_>>(), "{agent}");
    }
}

pub(crate) async fn a_repair_shows_in_the_record(bench: Bench) {
    let cut = CallRecord { recordings: vec![recording(1, RecordingState::Open)], ..record(call_id(1)) };
    bench.store.save_record(&cut).await.unwrap();
    let mended =
        recording(1, RecordingState::Mended { duration: Duration::from_millis(1980), bytes: 63_404 });
    bench.store.update_recording(&mended).await.unwrap();
    let record = bench.store.get_call(cut.call).await.unwrap().unwrap();
    assert_eq!(record.recordings, [mended]);
    let unknown = bench.store.update_recording(&recording(2, finished())).await;
    assert!(matches!(unknown, Err(StoreError::NotFound)), "{unknown:?}");
}
