//! Who is offered a call, and what follows when the offer is not taken.

use hotline_acd::{
    AgentState, AlarmKind, BUSY_DELAY, DelayCause, Direction, Event, Gate, LEASE_GRACE, LeaveCause,
    NotReadyReason, OfferFailure, Outside, PHONE_FAULT_DELAY, PHONE_FAULTS_MAX, REJECTED_DELAY,
    SERVER_FAULT_DELAY, Timer, WithdrawCause,
};
use hotline_base::QueueId;

use crate::center::{Center, RING, WRAP_UP, agent, call, entry, queue, seconds};

fn missed() -> AgentState {
    AgentState::NotReady { reason: NotReadyReason::Missed }
}

fn alarms(events: &[Event]) -> Vec<AlarmKind> {
    let alarm = |event: &Event| match event {
        Event::Alarm(kind) => Some(kind.clone()),
        _ => None,
    };
    events.iter().filter_map(alarm).collect()
}

#[test]
fn the_agent_idle_longest_is_offered_the_call() {
    let mut center = Center::sales(&["zoe", "adam"]);
    center.enqueue(1);
    assert_eq!(center.offered_to(1), "zoe");
    assert_eq!(center.state("zoe"), AgentState::Reserved { call: call(1) });
    center.enqueue(2);
    assert_eq!(center.offered_to(2), "adam");
}

#[test]
fn agents_idle_equally_long_are_taken_by_id() {
    let names = ["zoe", "mia", "adam"];
    let mut center = Center::closed(vec![queue("sales", &names)], &names);
    names.iter().for_each(|name| center.staff(name));
    center.enqueue(1);
    assert_eq!(center.offered_to(1), "adam");
}

#[test]
fn after_wrap_up_an_agent_is_behind_those_idle_longer() {
    let mut center = Center::sales(&["adam", "ben"]);
    center.enqueue(1);
    center.answer(1);
    center.end("adam");
    center.wait(WRAP_UP);
    center.enqueue(2);
    assert_eq!(center.offered_to(2), "ben");
}

#[test]
fn a_break_puts_an_agent_behind_those_idle_longer() {
    let mut center = Center::sales(&["adam", "ben"]);
    let reason = NotReadyReason::Chosen("break".into());
    center.acd.set_not_ready(center.now, &agent("adam"), reason).unwrap();
    center.wait(1);
    center.ready("adam");
    center.enqueue(1);
    assert_eq!(center.offered_to(1), "ben");
}

#[test]
fn a_call_outside_the_queues_puts_an_agent_behind_those_idle_longer() {
    let mut center = Center::sales(&["adam", "ben"]);
    center.acd.set_outside_call(center.now, &agent("adam"), call(99), Some(Outside::Talking(Direction::Out)));
    center.wait(1);
    center.acd.set_outside_call(center.now, &agent("adam"), call(99), None);
    center.enqueue(1);
    assert_eq!(center.offered_to(1), "ben");
}

#[test]
fn a_direct_call_that_only_rang_costs_no_place_in_line() {
    let mut center = Center::sales(&["adam", "ben"]);
    center.acd.set_outside_call(center.now, &agent("adam"), call(99), Some(Outside::Ringing));
    assert_eq!(center.state("adam"), AgentState::Ringing { call: call(99) });
    center.wait(1);
    center.acd.set_outside_call(center.now, &agent("adam"), call(99), None);
    center.enqueue(1);
    assert_eq!(center.offered_to(1), "adam");
}

#[test]
fn a_fault_of_the_server_never_sets_an_agent_not_ready() {
    let mut center = Center::sales(&["adam"]);
    center.enqueue(1);
    for _ in 0..=PHONE_FAULTS_MAX {
        center.fail(1, OfferFailure::ServerFault);
        assert_eq!(center.state("adam"), AgentState::Ready);
        center.wait(SERVER_FAULT_DELAY.as_secs());
        assert_eq!(center.offered_to(1), "adam");
    }
}

#[test]
fn an_offer_whose_caller_hung_up_costs_the_agent_nothing() {
    let mut center = Center::sales(&["adam", "ben"]);
    center.enqueue(1);
    center.ring(1);
    center.wait(5);
    center.leave(1);
    assert_eq!(center.state("adam"), AgentState::Ready);
    assert_eq!(center.view("adam").delay, None);
    center.enqueue(2);
    assert_eq!(center.offered_to(2), "adam", "the place among the idle is kept");
}

#[test]
fn a_caller_who_leaves_makes_the_phone_stop_ringing() {
    let mut center = Center::sales(&["adam"]);
    center.enqueue(1);
    center.ring(1);
    let (reservation, _) = center.offer_of(1).unwrap();
    center.told();
    center.leave(1);
    let cause = WithdrawCause::CallerLeft(LeaveCause::Abandoned);
    let withdrawn = Event::OfferWithdrawn { reservation, call: call(1), agent: agent("adam"), cause };
    assert!(center.told().contains(&withdrawn));
    center.acd.offer_answered(center.now, reservation);
    assert_eq!(center.state("adam"), AgentState::Ready, "an answer that comes too late changes nothing");
    assert_eq!(center.acd.counters().stray, 1);
}

#[test]
fn a_caller_found_gone_while_ringing_is_not_offered_to_the_next_agent() {
    let mut center = Center::sales(&["adam", "ben"]);
    center.enqueue(1);
    center.ring(1);
    center.told();
    center.fail(1, OfferFailure::CallerGone);
    let offers = center.told().iter().filter(|event| matches!(event, Event::Offer { .. })).count();
    assert_eq!(offers, 0);
    assert_eq!(center.acd.queue(&QueueId::from("sales")).unwrap().counts.short_abandons, 1);
    assert_eq!(center.state("adam"), AgentState::Ready);
}

#[test]
fn an_agent_who_lets_it_ring_is_set_not_ready_and_the_next_is_rung() {
    let mut center = Center::sales(&["adam", "ben"]);
    center.enqueue(1);
    center.ring(1);
    center.fail(1, OfferFailure::NoAnswer);
    assert_eq!(center.state("adam"), missed());
    assert_eq!(center.offered_to(1), "ben");
}

#[test]
fn an_agent_whose_phone_never_rang_has_missed_nothing() {
    let mut center = Center::sales(&["adam"]);
    center.enqueue(1);
    let (reservation, _) = center.offer_of(1).unwrap();
    center.acd.offer_failed(center.now, reservation, OfferFailure::NoAnswer);
    assert_eq!(center.state("adam"), AgentState::Ready);
    assert_eq!(center.view("adam").delay.unwrap().cause, DelayCause::PhoneFault);
}

#[test]
fn a_caller_whom_all_missed_keeps_waiting_and_is_offered_when_one_is_ready_again() {
    let mut center = Center::sales(&["adam", "ben"]);
    center.enqueue(1);
    center.fail(1, OfferFailure::NoAnswer);
    center.fail(1, OfferFailure::NoAnswer);
    center.wait(3600);
    assert_eq!(center.offered_to(1), "");
    assert_eq!(center.acd.queues().next().unwrap().waiting.len(), 1);
    center.ready("adam");
    assert_eq!(center.offered_to(1), "adam");
}

#[test]
fn a_rejecting_agent_is_not_offered_the_same_call_again() {
    let mut center = Center::sales(&["adam", "ben"]);
    center.enqueue(1);
    center.fail(1, OfferFailure::Rejected);
    assert_eq!(center.offered_to(1), "ben");
    center.fail(1, OfferFailure::Busy);
    center.wait(50);
    assert_eq!(center.view("adam").delay, None);
    assert_eq!(center.offered_to(1), "", "adam rejected it, and ben may still come");
    assert_eq!(center.acd.refusal(center.now, call(1), &agent("adam")), Some(Gate::ExcludedByCall));
    center.enqueue(2);
    assert_eq!(center.offered_to(2), "adam", "another call is welcome");
}

#[test]
fn a_rejecting_agent_gets_no_call_for_thirty_seconds() {
    let mut center = Center::sales(&["adam"]);
    center.enqueue(1);
    center.fail(1, OfferFailure::Rejected);
    center.enqueue(2);
    assert_eq!(center.state("adam"), AgentState::Ready);
    assert_eq!(center.view("adam").delay.unwrap().cause, DelayCause::Rejected);
    center.wait(29);
    assert_eq!(center.offered_to(1) + &center.offered_to(2), "");
    center.wait(1);
    assert_eq!(center.offered_to(1), "adam", "nobody else works, so the caller is not left to wait for ever");
}

#[test]
fn a_caller_goes_back_to_a_rejecting_agent_when_the_last_other_one_stops_working() {
    let mut center = Center::sales(&["adam", "ben"]);
    center.enqueue(1);
    center.fail(1, OfferFailure::Rejected);
    center.fail(1, OfferFailure::Busy);
    center.wait(40);
    assert_eq!(center.offered_to(1), "");
    center.acd.set_registered(center.now, &agent("ben"), false);
    center.drain();
    assert_eq!(center.offered_to(1), "adam");
}

#[test]
fn agents_excluded_from_the_start_are_passed_over() {
    let mut center = Center::sales(&["adam", "ben"]);
    let mut transferred = entry(1, "sales");
    transferred.excluded = vec![agent("adam"), agent("nobody")];
    center.try_enqueue(transferred).unwrap();
    assert_eq!(center.offered_to(1), "ben");
}

#[test]
fn a_busy_phone_gets_no_call_for_a_minute_and_somebody_is_told() {
    let mut center = Center::sales(&["adam"]);
    center.enqueue(1);
    center.fail(1, OfferFailure::Busy);
    assert_eq!(alarms(&center.told()), [AlarmKind::PhoneBusy { agent: agent("adam") }]);
    assert_eq!(center.state("adam"), AgentState::Ready);
    center.wait(59);
    assert_eq!(center.offered_to(1), "");
    center.wait(1);
    assert_eq!(center.offered_to(1), "adam");
}

#[test]
fn a_phone_without_contact_gets_no_call_until_it_registers() {
    let mut center = Center::sales(&["adam"]);
    center.enqueue(1);
    center.fail(1, OfferFailure::NotRegistered);
    center.wait(3600);
    assert_eq!((center.offered_to(1).as_str(), center.state("adam")), ("", AgentState::OfflineGrace));
    center.acd.set_registered(center.now, &agent("adam"), true);
    center.drain();
    assert_eq!(center.offered_to(1), "adam");
}

#[test]
fn three_phone_faults_in_a_row_set_the_agent_not_ready_without_blame() {
    let mut center = Center::sales(&["adam"]);
    center.enqueue(1);
    for _ in 1..PHONE_FAULTS_MAX {
        center.fail(1, OfferFailure::PhoneFault);
        assert_eq!(center.state("adam"), AgentState::Ready);
        center.wait(14);
        assert_eq!(center.offered_to(1), "");
        center.wait(1);
        assert_eq!(center.offered_to(1), "adam");
    }
    assert_eq!(alarms(&center.told()), []);
    center.fail(1, OfferFailure::PhoneFault);
    assert_eq!(center.state("adam"), AgentState::NotReady { reason: NotReadyReason::PhoneFault });
    assert_eq!(alarms(&center.told()), [AlarmKind::PhoneFaults { agent: agent("adam") }]);
}

#[test]
fn an_answered_call_forgives_phone_faults() {
    let mut center = Center::sales(&["adam"]);
    for number in 1..=PHONE_FAULTS_MAX {
        center.enqueue(number);
        center.fail(number, OfferFailure::PhoneFault);
        center.wait(15);
        center.answer(number);
        center.end("adam");
        center.wait(WRAP_UP);
    }
    assert_eq!(center.state("adam"), AgentState::Ready);
}

#[test]
fn a_phone_that_gives_any_answer_ends_the_row_of_faults() {
    for answer in [OfferFailure::Busy, OfferFailure::Rejected, OfferFailure::NoAnswer] {
        let mut center = Center::sales(&["adam"]);
        center.enqueue(1);
        let fault = OfferFailure::PhoneFault;
        for failure in [fault, fault, answer, fault, fault] {
            center.fail(1, failure);
            if answer == OfferFailure::NoAnswer && failure == answer {
                center.ready("adam");
            }
            center.wait(60);
        }
        assert_eq!(center.state("adam"), AgentState::Reserved { call: call(1) }, "after {answer:?}");
    }
}

#[test]
fn an_offer_nobody_speaks_of_gives_the_agent_back_and_raises_an_alarm() {
    let mut center = Center::sales(&["adam", "ben"]);
    center.enqueue(1);
    let (reservation, _) = center.offer_of(1).unwrap();
    let at = center.now.mono + seconds(RING + 2);
    assert_eq!(center.acd.poll_timeout(), Some((at, Timer::Lease(reservation))));
    center.told();
    center.wait(RING + 2);
    assert_eq!(center.state("adam"), AgentState::Ready);
    assert_eq!(center.offered_to(1), "ben");
    let events = center.told();
    let lost = AlarmKind::LeaseExpired { reservation, call: call(1), agent: agent("adam") };
    assert_eq!(alarms(&events), [lost]);
    let withdrawn = |event: &Event| matches!(event, Event::OfferWithdrawn { cause: WithdrawCause::LeaseExpired, agent: whose, .. } if *whose == agent("adam"));
    assert!(events.iter().any(withdrawn));
}

#[test]
fn an_answered_offer_has_no_lease() {
    let mut center = Center::sales(&["adam"]);
    center.enqueue(1);
    center.answer(1);
    assert_eq!(center.acd.poll_timeout(), None);
}

#[test]
fn an_agent_of_two_queues_takes_the_caller_who_has_waited_longest() {
    let queues = vec![queue("sales", &["adam"]), queue("support", &["adam"])];
    let mut center = Center::closed(queues, &["adam"]);
    center.try_enqueue(entry(9, "support")).unwrap();
    center.wait(1);
    center.try_enqueue(entry(1, "sales")).unwrap();
    center.staff("adam");
    assert_eq!((center.offered_to(9).as_str(), center.offered_to(1).as_str()), ("adam", ""));
}

#[test]
fn a_wish_during_an_offer_is_met_when_it_ends_and_outweighs_missed() {
    let mut center = Center::sales(&["adam"]);
    let lunch = NotReadyReason::Chosen("lunch".into());
    center.enqueue(1);
    center.ring(1);
    center.acd.set_not_ready(center.now, &agent("adam"), lunch.clone()).unwrap();
    assert_eq!(center.state("adam"), AgentState::Ringing { call: call(1) });
    center.fail(1, OfferFailure::NoAnswer);
    assert_eq!(center.state("adam"), AgentState::NotReady { reason: lunch });
}

#[test]
fn the_times_are_those_promised() {
    assert_eq!(
        [REJECTED_DELAY, BUSY_DELAY, PHONE_FAULT_DELAY, LEASE_GRACE].map(|time| time.as_secs()),
        [30, 60, 15, 2]
    );
    assert_eq!(PHONE_FAULTS_MAX, 3);
}
