//! Who may join, how long callers stay while nobody works, callbacks, and the figures of a queue.

use hotline_acd::{
    CallerKind, EnqueueError, Entry, Event, Join, LeaveCause, Limit, OfferFailure, POSITIONS_TOLD_MAX,
    QueueConfig, QueueView, WaitRange,
};
use hotline_base::{Now, QueueId};

use crate::center::{Center, WRAP_UP, agent, call, entry, queue, seconds};

fn view(center: &Center) -> QueueView {
    center.acd.queue(&QueueId::from("sales")).unwrap()
}

fn reached(number: u32, limit: Limit) -> Event {
    Event::LimitReached { call: call(number), queue: "sales".into(), limit }
}

#[test]
fn who_may_join_depends_on_who_is_there() {
    for (join, signed_in, working) in
        [(Join::Always, true, true), (Join::SignedIn, true, true), (Join::Working, false, true)]
    {
        let mut center = Center::closed(vec![QueueConfig { join, ..queue("sales", &["adam"]) }], &["adam"]);
        let out = center.try_enqueue(entry(1, "sales"));
        assert_eq!(out.is_ok(), join == Join::Always, "{join:?}");
        center.acd.sign_in(center.now, &agent("adam")).unwrap();
        let joined = center.try_enqueue(entry(2, "sales"));
        assert_eq!(joined.err(), (!signed_in).then_some(EnqueueError::Unstaffed), "{join:?}");
        center.staff("adam");
        assert_eq!(center.try_enqueue(entry(3, "sales")).is_ok(), working);
    }
}

#[test]
fn callers_stay_for_a_while_once_nobody_works_or_since_they_joined() {
    let sales = QueueConfig { unstaffed_max: Some(seconds(30)), ..queue("sales", &["adam"]) };
    let mut center = Center::open(vec![sales], &["adam"]);
    center.enqueue(9);
    center.answer(9);
    center.enqueue(1);
    center.wait(100);
    center.acd.set_registered(center.now, &agent("adam"), false);
    center.wait(10);
    center.enqueue(2);
    center.wait(19);
    assert!(!center.told().contains(&reached(1, Limit::Unstaffed)));
    center.wait(1);
    assert!(center.told().contains(&reached(1, Limit::Unstaffed)));
    center.wait(9);
    center.acd.set_registered(center.now, &agent("adam"), true);
    center.wait(60);
    assert!(!center.told().contains(&reached(2, Limit::Unstaffed)), "somebody works again");
}

fn callback(number: u32) -> Entry {
    Entry { kind: CallerKind::Callback, ..entry(number, "sales") }
}

#[test]
fn a_callback_keeps_the_place_it_had_and_never_waits_too_long() {
    let sales = QueueConfig { wait_max: Some(seconds(60)), ..queue("sales", &["adam"]) };
    let mut center = Center::closed(vec![sales], &["adam"]);
    let first: Now = center.now;
    center.wait(50);
    center.enqueue(1);
    center.try_enqueue(Entry { enqueued: Some(first), ..callback(2) }).unwrap();
    center.wait(300);
    let waiting: Vec<_> = view(&center).waiting.iter().map(|caller| caller.call).collect();
    assert_eq!(waiting, [call(2), call(1)]);
    assert_eq!((view(&center).callbacks_waiting, view(&center).counts.entered), (1, 1));
    center.staff("adam");
    assert_eq!(center.offered_to(2), "adam");
    center.answer(2);
    assert_eq!((view(&center).counts.answered, view(&center).counts.callbacks_answered), (0, 1));
}

#[test]
fn a_callback_that_is_held_back_is_passed_by_and_comes_again() {
    let mut center = Center::closed(vec![queue("sales", &["adam"])], &["adam"]);
    let changed = |waiting| Event::CallbacksChanged { queue: "sales".into(), waiting };
    center.try_enqueue(callback(1)).unwrap();
    center.wait(1);
    assert!(center.told().contains(&changed(1)));
    center.enqueue(2);
    center.acd.hold_back(center.now, call(1), center.now.mono + seconds(300));
    center.staff("adam");
    assert_eq!(center.offered_to(2), "adam");
    center.answer(2);
    center.end("adam");
    center.wait(WRAP_UP);
    assert_eq!(center.offered_to(1), "");
    center.wait(300 - WRAP_UP);
    assert_eq!(center.offered_to(1), "adam");
    center.fail(1, OfferFailure::NotRegistered);
    assert!(!center.told().contains(&changed(0)), "the wish waits again");
    center.acd.leave(center.now, call(1), LeaveCause::Withdrawn).unwrap();
    assert!(center.told().contains(&changed(0)));
    assert_eq!((view(&center).counts.callbacks_left, view(&center).counts.exited), (1, 0));
}

#[test]
fn a_wallboard_sees_who_is_there_and_who_waits_longest() {
    let mut center = Center::closed(vec![queue("sales", &["adam", "ben"])], &["adam", "ben"]);
    center.acd.sign_in(center.now, &agent("ben")).unwrap();
    let since = center.now.wall;
    center.enqueue(1);
    center.wait(3);
    let early = Entry { priority_credit: seconds(60), ..entry(2, "sales") };
    center.try_enqueue(early).unwrap();
    let seen = view(&center);
    assert_eq!((seen.members, seen.staffed, seen.working), (2, 1, 0));
    assert_eq!((seen.longest_since, seen.waiting[0].call), (Some(since), call(2)));
    center.leave(2);
    center.wait(2);
    center.leave(1);
    let counts = view(&center).counts;
    assert_eq!((counts.short_abandons, counts.abandoned), (1, 1), "after 0 and after 5 seconds");
}

#[test]
fn only_the_first_of_a_long_queue_are_told_their_position() {
    let sales = QueueConfig { waiting_max: 1000, ..queue("sales", &["adam"]) };
    let mut center = Center::closed(vec![sales], &["adam"]);
    let most = u32::try_from(POSITIONS_TOLD_MAX).unwrap();
    for number in 1..=most + 5 {
        assert_eq!(center.enqueue(number).position, number);
    }
    let told =
        |events: Vec<Event>| events.iter().filter(|event| matches!(event, Event::Position { .. })).count();
    assert_eq!(told(center.told()), POSITIONS_TOLD_MAX);
    assert_eq!(center.acd.position(call(most + 5)), Some(most + 5));
    center.leave(1);
    assert_eq!(told(center.told()), POSITIONS_TOLD_MAX, "the next comes within it");
}

/// Adam is in a call; nobody has been in one before.
fn busy(names: &[&str]) -> Center {
    let mut center = Center::sales(names);
    for (number, _) in (1..).zip(names) {
        center.enqueue(900 + number);
        center.answer(900 + number);
    }
    center
}

fn range(from: u64, to: u64) -> Option<WaitRange> {
    Some(WaitRange { from: seconds(from), to: seconds(to) })
}

#[test]
fn the_expected_wait_follows_place_staff_and_length_of_calls() {
    let mut center = busy(&["adam"]);
    // One exponential time of 90 s: ln 2 and ln 5 of it, up to whole ten seconds.
    assert_eq!(center.acd.queue_wait(&"sales".into()), range(70, 150));
    center.enqueue(1);
    assert_eq!(center.acd.expected_wait(call(1)), range(70, 150));
    center.enqueue(2);
    let second = center.acd.expected_wait(call(2)).unwrap();
    assert!(second.from > seconds(70) && second.to > seconds(150), "{second:?}");
    center.wait(30 - WRAP_UP);
    center.end("adam");
    center.wait(WRAP_UP);
    center.answer(1);
    // A call took 30 s with its wrap-up.
    assert_eq!(center.acd.expected_wait(call(2)), range(30, 50));
    center.acd.set_registered(center.now, &agent("adam"), false);
    assert_eq!(center.acd.expected_wait(call(2)), None, "nobody works");
    assert_eq!(center.acd.expected_wait(call(77)), None);
}

#[test]
fn an_agent_of_two_queues_is_half_a_one_in_each() {
    let queues = vec![queue("sales", &["adam"]), queue("other", &["adam"])];
    let mut center = Center::open(queues, &["adam"]);
    center.enqueue(1);
    center.answer(1);
    assert_eq!(center.acd.queue_wait(&"sales".into()), range(130, 290));
}

#[test]
fn what_is_said_never_grows_unless_there_are_fewer_agents() {
    let mut center = busy(&["adam", "ben"]);
    center.enqueue(1);
    center.enqueue(2);
    let first = center.acd.say_wait(center.now, call(2)).unwrap();
    let before = Entry { priority_credit: seconds(600), ..entry(3, "sales") };
    center.try_enqueue(before).unwrap();
    assert!(center.acd.expected_wait(call(2)).unwrap().to > first.to);
    assert_eq!(center.acd.say_wait(center.now, call(2)), Some(first));
    center.acd.set_registered(center.now, &agent("ben"), false);
    assert!(center.acd.say_wait(center.now, call(2)).unwrap().to > first.to);
}

#[test]
fn what_was_said_is_held_against_what_came() {
    let mut center = busy(&["adam"]);
    for (number, waits) in [(1, 150), (2, 600)] {
        center.enqueue(number);
        center.acd.say_wait(center.now, call(number)).unwrap();
        center.wait(waits - WRAP_UP);
        center.end("adam");
        center.wait(WRAP_UP);
        center.answer(number);
    }
    let counts = view(&center).counts;
    assert_eq!((counts.waits_told, counts.waits_held), (2, 1));
}

#[test]
fn patience_is_learnt_from_those_who_hang_up() {
    let mut center = busy(&["adam"]);
    for number in 1..=20 {
        center.enqueue(number);
    }
    let patient = center.acd.queue_wait(&"sales".into()).unwrap();
    center.wait(40);
    for number in 1..=20 {
        center.leave(number);
    }
    for number in 31..=50 {
        center.enqueue(number);
    }
    let impatient = center.acd.queue_wait(&"sales".into()).unwrap();
    assert!(impatient.to < patient.to / 2, "{impatient:?} {patient:?}");
}
