//! The event journal.

use hotline_call::{AlarmKind, CallEvent, Event, EventKind};
use hotline_store::{SavedRecord, StoreError};

use crate::bench::Bench;
use crate::sample::{at, call_id, event, record, started, whole_call};

fn seqs(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.seq).collect()
}

pub(crate) async fn events_come_back_in_order_by_pages(bench: Bench) {
    assert_eq!(bench.store.last_seq().await.unwrap(), 0);
    assert_eq!(bench.store.events_after(0, 10).await.unwrap(), []);
    let mut events = whole_call(1, call_id(1));
    events.push(Event { seq: 5, at: at(5), kind: EventKind::AlarmCleared(AlarmKind::StoreUnavailable) });
    bench.store.append_events(&events).await.unwrap();
    assert_eq!(bench.store.last_seq().await.unwrap(), 5);
    assert_eq!(bench.store.events_after(0, 100).await.unwrap(), events);
    assert_eq!(seqs(&bench.store.events_after(2, 2).await.unwrap()), [3, 4]);
    assert_eq!(bench.store.events_after(5, 100).await.unwrap(), []);
    bench.store.append_events(&[]).await.unwrap();
}

pub(crate) async fn an_event_is_written_once(bench: Bench) {
    // More than one INSERT's worth, and a repetition that overlaps.
    let call = call_id(1);
    let events: Vec<Event> = (1..=1200).map(|seq| event(seq, call, CallEvent::Answered)).collect();
    bench.store.append_events(&events[..700]).await.unwrap();
    bench.store.append_events(&events[300..]).await.unwrap();
    bench.store.append_events(&events).await.unwrap();
    let mut seen = Vec::new();
    while seen.len() < events.len() {
        let page = bench.store.events_after(seen.len() as u64, 1000).await.unwrap();
        assert!(!page.is_empty());
        seen.extend(page);
    }
    assert_eq!(seen, events);
    assert_eq!(bench.store.events_after(1200, 1000).await.unwrap(), []);
}

pub(crate) async fn a_call_without_a_record_is_open(bench: Bench) {
    let (first, second) = (call_id(1), call_id(2));
    let mut events = vec![started(1, first), started(2, second)];
    events.push(event(3, first, CallEvent::Answered));
    events.push(Event { seq: 4, at: at(4), kind: EventKind::AlarmCleared(AlarmKind::InternalError) });
    events.push(event(5, second, CallEvent::Answered));
    bench.store.append_events(&events).await.unwrap();
    let open = bench.store.open_calls().await.unwrap();
    let expected = vec![
        (first, vec![events[0].clone(), events[2].clone()]),
        (second, vec![events[1].clone(), events[4].clone()]),
    ];
    assert_eq!(open, expected);

    assert_eq!(bench.store.save_record(&record(first)).await.unwrap(), SavedRecord::New);
    assert_eq!(bench.store.open_calls().await.unwrap(), expected[1..]);
}

pub(crate) async fn an_old_event_does_not_open_a_finished_call(bench: Bench) {
    let call = call_id(1);
    bench.store.save_record(&record(call)).await.unwrap();
    bench.store.append_events(&whole_call(1, call)).await.unwrap();
    assert_eq!(bench.store.open_calls().await.unwrap(), []);
}

pub(crate) async fn an_unreadable_event_does_not_stop_a_restart(bench: Bench) {
    let call = call_id(1);
    let events = whole_call(1, call);
    bench.store.append_events(&events).await.unwrap();
    bench.raw("UPDATE call_event SET payload = '{}' WHERE seq = 2").await.unwrap();
    bench.raw("UPDATE call_event SET version = 99 WHERE seq = 3").await.unwrap();
    let open = bench.store.open_calls().await.unwrap();
    assert_eq!(open, [(call, vec![events[0].clone(), events[3].clone()])]);
    for seq in [1, 2] {
        let refused = bench.store.events_after(seq, 1).await;
        let StoreError::Corrupt { what: "event", key, .. } = refused.unwrap_err() else { panic!() };
        assert_eq!(key, (seq + 1).to_string());
    }
}
