//! Joining, the order of callers, positions, and leaving.

use hotline_acd::{Class, EnqueueError, Event, LeaveCause, Left, Limit, OfferFailure, Position};
use hotline_base::{CallId, QueueId};

use crate::center::{Center, call, entry, queue, seconds};

fn order(center: &Center) -> Vec<CallId> {
    center.acd.queues().next().unwrap().waiting.iter().map(|caller| caller.call).collect()
}

fn positions(events: &[Event]) -> Vec<(CallId, u32, u32)> {
    let position = |event: &Event| match event {
        Event::Position { call, position, waiting, .. } => Some((*call, *position, *waiting)),
        _ => None,
    };
    events.iter().filter_map(position).collect()
}

/// Nobody serves it yet.
fn closed() -> Center {
    Center::closed(vec![queue("sales", &["adam"])], &["adam"])
}

#[test]
fn callers_wait_in_the_order_in_which_they_came() {
    let mut center = closed();
    for number in [3, 1, 2] {
        center.enqueue(number);
        center.wait(1);
    }
    assert_eq!(order(&center), [call(3), call(1), call(2)]);
}

#[test]
fn callers_of_the_same_moment_are_ordered_by_id() {
    let mut center = closed();
    center.enqueue(2);
    center.enqueue(1);
    assert_eq!(order(&center), [call(1), call(2)]);
}

#[test]
fn credit_counts_as_having_come_earlier_even_before_the_server_started() {
    let mut center = closed();
    let credit = |number, secs| {
        let mut entry = entry(number, "sales");
        entry.priority_credit = seconds(secs);
        entry
    };
    center.enqueue(1);
    center.wait(10);
    center.try_enqueue(credit(2, 9)).unwrap();
    center.try_enqueue(credit(3, 11)).unwrap();
    center.try_enqueue(credit(4, 100_000)).unwrap();
    center.wait(1);
    center.try_enqueue(credit(5, 100_002)).unwrap();
    assert_eq!(order(&center), [call(5), call(4), call(3), call(1), call(2)]);
}

#[test]
fn an_emergency_goes_before_everybody() {
    let mut center = closed();
    let mut vip = entry(1, "sales");
    vip.priority_credit = seconds(3600);
    center.try_enqueue(vip).unwrap();
    center.wait(1);
    let mut emergency = entry(2, "sales");
    emergency.class = Class::Emergency;
    center.try_enqueue(emergency).unwrap();
    assert_eq!(order(&center), [call(2), call(1)]);
    center.staff("adam");
    assert_eq!(center.offered_to(2), "adam");
}

#[test]
fn positions_are_told_on_joining_and_whenever_they_change() {
    let mut center = closed();
    assert_eq!(center.enqueue(1), Position { position: 1, waiting: 1 });
    assert_eq!(center.enqueue(2), Position { position: 2, waiting: 2 });
    assert_eq!(center.enqueue(3), Position { position: 3, waiting: 3 });
    assert_eq!(positions(&center.told()), [(call(1), 1, 1), (call(2), 2, 2), (call(3), 3, 3)]);
    center.leave(1);
    assert_eq!(positions(&center.told()), [(call(2), 1, 2), (call(3), 2, 2)]);
    center.leave(3);
    assert_eq!(positions(&center.told()), [], "nobody else moved");
}

#[test]
fn a_caller_on_offer_keeps_its_place_until_answered() {
    let mut center = Center::sales(&["adam"]);
    center.enqueue(1);
    center.enqueue(2);
    center.told();
    center.ring(1);
    assert_eq!(positions(&center.told()), []);
    center.answer(1);
    assert_eq!(positions(&center.told()), [(call(2), 1, 1)]);
}

#[test]
fn a_caller_missed_by_one_agent_keeps_its_place() {
    let mut center = Center::sales(&["adam"]);
    center.enqueue(1);
    center.enqueue(2);
    center.fail(1, OfferFailure::NoAnswer);
    assert_eq!(order(&center), [call(1), call(2)]);
    center.ready("adam");
    assert_eq!(center.offered_to(1), "adam");
}

#[test]
fn a_full_queue_takes_nobody_and_counts_it() {
    let mut sales = queue("sales", &["adam"]);
    sales.waiting_max = 1;
    let mut center = Center::closed(vec![sales], &["adam"]);
    center.enqueue(1);
    assert_eq!(center.try_enqueue(entry(2, "sales")), Err(EnqueueError::Full));
    assert_eq!(order(&center), [call(1)]);
    assert_eq!(center.acd.queues().next().unwrap().counts.full, 1);
}

#[test]
fn a_call_that_cannot_wait_is_refused_with_the_reason() {
    let mut center = Center::closed(vec![queue("sales", &["adam"]), queue("empty", &[])], &["adam"]);
    assert_eq!(center.try_enqueue(entry(1, "nowhere")), Err(EnqueueError::UnknownQueue));
    assert_eq!(center.try_enqueue(entry(1, "empty")), Err(EnqueueError::NoAgents));
    center.enqueue(1);
    assert_eq!(center.try_enqueue(entry(1, "sales")), Err(EnqueueError::AlreadyWaiting));
}

#[test]
fn who_leaves_is_told_how_long_it_waited() {
    let mut center = closed();
    center.enqueue(1);
    center.enqueue(2);
    center.wait(42);
    let left = center.acd.leave(center.now, call(2), LeaveCause::Exit);
    assert_eq!(left, Some(Left { queue: QueueId::from("sales"), waited: seconds(42), position: 2 }));
    assert_eq!(center.acd.leave(center.now, call(2), LeaveCause::Exit), None);
    let counts = center.acd.queues().next().unwrap().counts;
    assert_eq!((counts.entered, counts.exited, counts.abandoned), (2, 1, 0));
}

fn patient_for(secs: u64) -> Center {
    let mut sales = queue("sales", &["adam"]);
    sales.wait_max = Some(seconds(secs));
    Center::open(vec![sales], &["adam"])
}

fn exceeded() -> Event {
    Event::LimitReached { call: call(1), queue: QueueId::from("sales"), limit: Limit::Wait }
}

#[test]
fn a_caller_who_waited_too_long_is_told_of_once_and_offered_to_nobody() {
    let mut center = patient_for(30);
    center.acd.set_registered(center.now, &"adam".into(), false);
    center.enqueue(1);
    center.wait(29);
    assert!(!center.told().contains(&exceeded()));
    center.wait(1);
    assert_eq!(center.told(), [exceeded()]);
    center.acd.set_registered(center.now, &"adam".into(), true);
    assert_eq!(center.offered_to(1), "");
    assert!(center.acd.leave(center.now, call(1), LeaveCause::WaitExceeded).is_some());
    assert_eq!(center.acd.poll_timeout(), None);
}

#[test]
fn a_ring_under_way_is_let_finish_when_the_wait_is_over() {
    let mut center = patient_for(5);
    center.enqueue(1);
    center.ring(1);
    center.wait(10);
    assert!(!center.told().contains(&exceeded()));
    center.answer(1);
    center.end("adam");
    assert!(!center.told().contains(&exceeded()));

    let mut center = patient_for(5);
    center.enqueue(1);
    center.ring(1);
    center.wait(10);
    let (reservation, _) = center.offer_of(1).unwrap();
    center.told();
    center.acd.offer_failed(center.now, reservation, OfferFailure::NotRegistered);
    center.acd.set_registered(center.now, &"adam".into(), true);
    assert!(center.told().contains(&exceeded()));
    assert_eq!(center.offered_to(1), "");
}
