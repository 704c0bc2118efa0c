//! What supervisors do with those who wait, and with queues and groups.

use core::time::Duration;
use std::collections::BTreeSet;

use hotline_acd::{
    CallerKind, Class, Entry, Event, Gate, Merge, MergeError, Merged, MoveError, OfferFailure, Plan,
    PlanStep, QueueConfig, Timer, WithdrawCause,
};
use hotline_base::{CallId, GroupId, QueueId};

use crate::center::{Center, WRAP_UP, agent, call, entry, queue, seconds};

/// Nobody of "sales" is at work; carl of "other" is.
fn two_queues() -> Center {
    let queues = vec![queue("sales", &["adam", "ben"]), queue("other", &["carl"])];
    let mut center = Center::closed(queues, &["adam", "ben", "carl"]);
    center.staff("carl");
    center.told();
    center
}

fn order(center: &Center, queue: &str) -> Vec<CallId> {
    let view = center.acd.queue(&QueueId::from(queue)).unwrap();
    view.waiting.iter().map(|caller| caller.call).collect()
}

#[test]
fn a_caller_who_is_moved_keeps_its_place_in_line() {
    let mut center = two_queues();
    center.enqueue(1);
    center.wait(60);
    center.try_enqueue(entry(2, "other")).unwrap();
    center.try_enqueue(entry(3, "other")).unwrap();
    center.told();
    center.acd.move_caller(center.now, call(1), "other".into()).unwrap();
    assert!(center.told().contains(&Event::Moved {
        call: call(1),
        from: "sales".into(),
        to: "other".into()
    }));
    assert_eq!(order(&center, "other"), [call(1), call(2), call(3)]);
    let counts = |center: &Center, queue: &str| center.acd.queue(&QueueId::from(queue)).unwrap().counts;
    assert_eq!((counts(&center, "sales").flowed_out, counts(&center, "other").entered), (1, 3));
}

#[test]
fn moving_a_caller_takes_back_the_offer_under_way() {
    let mut center =
        Center::open(vec![queue("sales", &["adam"]), queue("other", &["carl"])], &["adam", "carl"]);
    center.enqueue(1);
    let (reservation, _) = center.offer_of(1).unwrap();
    center.acd.move_caller(center.now, call(1), "other".into()).unwrap();
    let told = center.told();
    let is_withdrawn = |event: &Event| matches!(event, Event::OfferWithdrawn { reservation: of, cause: WithdrawCause::Moved, .. } if *of == reservation);
    assert!(told.iter().any(is_withdrawn));
    assert_eq!(center.offered_to(1), "carl");
    assert!(center.state("adam").is_idle());
}

#[test]
fn what_cannot_be_done_is_refused_with_the_reason() {
    let small = QueueConfig { waiting_max: 0, ..queue("small", &["carl"]) };
    let queues = vec![queue("sales", &["adam"]), queue("empty", &[]), small];
    let mut center = Center::closed(queues, &["adam", "carl"]);
    center.enqueue(1);
    let mut moved = |to: &str| center.acd.move_caller(center.now, call(1), to.into());
    assert_eq!(moved("nowhere"), Err(MoveError::UnknownQueue));
    assert_eq!(moved("empty"), Err(MoveError::NoAgents));
    assert_eq!(moved("small"), Err(MoveError::Full));
    assert_eq!(moved("sales"), Ok(()));
    let now = center.now;
    assert_eq!(center.acd.assign(now, call(1), &agent("nobody")), Err(MoveError::UnknownAgent));
    assert_eq!(center.acd.assign(now, call(2), &agent("adam")), Err(MoveError::NotWaiting));
    let prioritised = center.acd.prioritise(now, call(2), seconds(1), Class::Ordinary);
    assert_eq!(prioritised, Err(MoveError::NotWaiting));
}

#[test]
fn a_caller_who_is_assigned_waits_for_that_agent_alone() {
    let mut center = two_queues();
    center.try_enqueue(entry(9, "other")).unwrap();
    center.answer(9);
    center.enqueue(1);
    center.acd.assign(center.now, call(1), &agent("carl")).unwrap();
    center.staff("adam");
    assert_eq!(center.offered_to(1), "");
    let gate = center.acd.refusal(center.now, call(1), &agent("adam"));
    assert_eq!(gate, Some(Gate::StickyHeld { agent: agent("carl"), until: None }));
    center.end("carl");
    center.ready("carl");
    assert_eq!(center.offered_to(1), "carl", "who is no member");
    center.fail(1, OfferFailure::ServerFault);
    assert_eq!(center.offered_to(1), "");
}

#[test]
fn another_priority_is_another_place() {
    let mut center = two_queues();
    for number in 1..=3 {
        center.enqueue(number);
        center.wait(1);
    }
    center.acd.prioritise(center.now, call(3), seconds(600), Class::Ordinary).unwrap();
    assert_eq!(order(&center, "sales"), [call(3), call(1), call(2)]);
    center.acd.prioritise(center.now, call(2), seconds(0), Class::Emergency).unwrap();
    assert_eq!(order(&center, "sales"), [call(2), call(3), call(1)]);
    center.acd.prioritise(center.now, call(3), seconds(0), Class::Ordinary).unwrap();
    assert_eq!(order(&center, "sales"), [call(2), call(1), call(3)], "in place of what it had");
}

fn merge(names: &[&str], center: &Center) -> Merge {
    let of = Merged::Queues(names.iter().copied().map(QueueId::from).collect());
    Merge { id: "evening".into(), of, until: center.now.mono + seconds(3600) }
}

#[test]
fn merged_queues_have_one_staff_until_the_time_is_over() {
    let mut center = two_queues();
    center.enqueue(1);
    center.enqueue(2);
    let evening = merge(&["sales", "other"], &center);
    center.acd.merge(center.now, evening).unwrap();
    center.drain();
    assert_eq!(center.offered_to(1), "carl");
    assert_eq!(center.view("carl").queues, BTreeSet::from(["sales".into(), "other".into()]));
    assert_eq!(order(&center, "sales"), [call(1), call(2)]);
    center.answer(1);
    center.wait(3600);
    center.end("carl");
    center.ready("carl");
    assert_eq!(center.offered_to(2), "", "carl has its own queue again");
    assert_eq!(center.acd.merges().count(), 0);
    assert!(center.told().contains(&Event::Split { merge: "evening".into() }));
}

#[test]
fn a_merge_can_be_split_early_and_survives_a_new_configuration() {
    let mut center = two_queues();
    let evening = merge(&["sales", "other"], &center);
    center.acd.merge(center.now, evening).unwrap();
    let queues = vec![queue("sales", &["adam"]), queue("other", &["carl"])];
    let agents = crate::center::agents(&["adam", "carl"]);
    center.acd.reconfigure(center.now, hotline_acd::Config { queues, agents, ..Default::default() });
    assert_eq!(center.acd.queue(&"sales".into()).unwrap().members, 2);
    center.acd.split(center.now, &"evening".into()).unwrap();
    assert_eq!(center.acd.queue(&"sales".into()).unwrap().members, 1);
    assert_eq!(center.acd.split(center.now, &"evening".into()), Err(MergeError::Unknown));
    assert_eq!(center.acd.poll_timeout(), None);
}

#[test]
fn a_merge_that_makes_no_sense_is_refused() {
    let mut center = two_queues();
    let evening = merge(&["sales", "other"], &center);
    let mut refused = |merge: Merge| center.acd.merge(center.now, merge).unwrap_err();
    let of = |names: &[&str]| Merged::Queues(names.iter().copied().map(QueueId::from).collect());
    assert_eq!(refused(Merge { of: of(&["sales"]), ..evening.clone() }), MergeError::TooFew);
    assert_eq!(refused(Merge { of: of(&["sales", "none"]), ..evening.clone() }), MergeError::UnknownQueue);
    assert_eq!(refused(Merge { until: center.now.mono, ..evening }), MergeError::Over);
}

#[test]
fn the_agents_of_merged_groups_belong_to_all_of_them() {
    let vip = PlanStep { groups: [GroupId::from("vip")].into(), ..PlanStep::default() };
    let sales = QueueConfig { plan: Plan { steps: vec![vip] }, ..queue("sales", &["adam"]) };
    let mut adam = hotline_acd::AgentConfig::new(agent("adam"), "".into());
    adam.groups.insert("early".into());
    let mut center = Center::with(vec![sales], vec![adam]);
    center.enqueue(1);
    assert_eq!(center.offered_to(1), "");
    let of = Merged::Groups(["early", "vip"].map(GroupId::from).into());
    let until = center.now.mono + seconds(60);
    center.acd.merge(center.now, Merge { id: "rush".into(), of, until }).unwrap();
    center.drain();
    assert_eq!(center.offered_to(1), "adam");
    assert!(center.acd.poll_timeout().is_some_and(|(_, timer)| matches!(timer, Timer::Lease(_))));
}

#[test]
fn who_is_called_back_holds_the_place_of_the_wish_and_is_on_the_line() {
    let mut center = Center::closed(vec![queue("sales", &["adam"])], &["adam"]);
    let later = Some(center.now.mono + seconds(9999));
    let wish = Entry { kind: CallerKind::Callback, not_before: later, ..entry(1, "sales") };
    center.try_enqueue(wish).unwrap();
    center.wait(1);
    center.enqueue(2);
    let sales = QueueId::from("sales");
    assert_eq!(center.acd.turns_within(&sales, seconds(3600)), [], "while nobody works");
    center.acd.set_registered(center.now, &agent("adam"), true);
    center.staff("adam");
    assert_eq!(center.offered_to(2), "adam", "who is called first keeps no agent");
    assert_eq!(center.acd.turns_within(&sales, seconds(3600)), [call(1)]);
    assert_eq!(center.acd.turns_within(&sales, Duration::ZERO), []);
    let waits = |center: &Center| center.acd.queue(&sales).unwrap().on_the_line().count();
    assert_eq!(waits(&center), 1);

    center.acd.stand_in(center.now, call(1), call(7)).unwrap();
    center.drain();
    assert_eq!((center.acd.position(call(1)), center.acd.position(call(7))), (None, Some(1)));
    assert_eq!(waits(&center), 2);
    center.answer(2);
    center.end("adam");
    center.wait(WRAP_UP);
    assert_eq!(center.offered_to(7), "adam");
    assert_eq!(center.acd.stand_in(center.now, call(1), call(8)), Err(MoveError::NotWaiting));

    center.acd.stand_in(center.now, call(7), call(1)).unwrap();
    center.drain();
    let counts = center.acd.queue(&sales).unwrap().counts;
    assert_eq!((counts.callbacks, counts.entered, center.acd.position(call(1))), (1, 1, Some(1)));
}
