//! The states of agents: one at a time, and where the seconds go.

use core::time::Duration;

use hotline_acd::{
    AgentError, AgentState, Change, Config, Direction, Event, NotReadyReason, Outside, Presence,
    REASON_BYTES_MAX, StateTimes,
};

use crate::center::{Center, RING, WRAP_UP, agent, agents, call, queue, seconds};

fn lunch() -> NotReadyReason {
    NotReadyReason::Chosen("lunch".into())
}

fn talking(number: u32) -> AgentState {
    AgentState::Talking { direction: Direction::In, call: Some(call(number)) }
}

/// Adam talks to call 1.
fn in_conversation() -> Center {
    let mut center = Center::sales(&["adam"]);
    center.enqueue(1);
    center.ring(1);
    center.answer(1);
    center
}

fn is_wrap_up(state: &AgentState) -> bool {
    matches!(state, AgentState::WrapUp { .. })
}

#[test]
fn a_call_goes_through_every_state_in_turn() {
    let mut center = Center::sales(&["adam"]);
    center.enqueue(1);
    center.ring(1);
    center.answer(1);
    center.acd.hold(center.now, &agent("adam"), true);
    center.acd.hold(center.now, &agent("adam"), false);
    center.end("adam");
    center.wait(WRAP_UP);
    let states: Vec<AgentState> = center
        .told()
        .into_iter()
        .filter_map(|event| match event {
            Event::AgentChanged { state, .. } => Some(state),
            _ => None,
        })
        .collect();
    let call = call(1);
    assert_eq!(
        states[..4],
        [AgentState::Reserved { call }, AgentState::Ringing { call }, talking(1), AgentState::Hold { call },]
    );
    assert_eq!(states[4], talking(1));
    assert!(is_wrap_up(&states[5]));
    assert_eq!(states[6..], [AgentState::Ready]);
}

#[test]
fn wrap_up_lasts_as_long_as_the_queue_says() {
    let mut center = in_conversation();
    center.end("adam");
    let until = Some(center.now.wall + seconds(WRAP_UP));
    assert!(matches!(center.state("adam"), AgentState::WrapUp { until: told, .. } if told == until));
    center.wait(WRAP_UP - 1);
    assert!(is_wrap_up(&center.state("adam")));
    center.wait(1);
    assert_eq!(center.state("adam"), AgentState::Ready);
}

#[test]
fn no_wrap_up_follows_a_call_that_was_never_answered() {
    let mut center = Center::sales(&["adam"]);
    center.enqueue(1);
    center.ring(1);
    center.leave(1);
    assert_eq!(center.state("adam"), AgentState::Ready);
    center.end("adam");
    assert_eq!(center.state("adam"), AgentState::Ready);
}

#[test]
fn a_queue_without_wrap_up_makes_the_agent_ready_at_once() {
    let mut sales = queue("sales", &["adam"]);
    sales.wrap_up.length = Duration::ZERO;
    let mut center = Center::open(vec![sales], &["adam"]);
    center.enqueue(1);
    center.answer(1);
    center.end("adam");
    assert_eq!(center.state("adam"), AgentState::Ready);
    assert_eq!(center.acd.poll_timeout(), None);
}

#[test]
fn a_break_asked_for_during_a_call_begins_after_wrap_up() {
    let mut center = in_conversation();
    let asked = center.acd.set_not_ready(center.now, &agent("adam"), lunch());
    assert_eq!(asked, Ok(Change::Pending));
    assert_eq!(center.state("adam"), talking(1));
    assert_eq!(center.view("adam").pending, Some(Presence::NotReady { reason: lunch() }));
    center.end("adam");
    assert!(is_wrap_up(&center.state("adam")));
    center.enqueue(2);
    center.wait(WRAP_UP);
    assert_eq!(center.state("adam"), AgentState::NotReady { reason: lunch() });
    assert_eq!(center.view("adam").pending, None);
    assert_eq!(center.offered_to(2), "");
}

#[test]
fn ready_during_wrap_up_ends_it_early() {
    let mut center = in_conversation();
    center.acd.set_not_ready(center.now, &agent("adam"), lunch()).unwrap();
    center.end("adam");
    center.wait(1);
    assert_eq!(center.acd.set_ready(center.now, &agent("adam")), Ok(Change::Applied));
    assert_eq!(center.state("adam"), AgentState::Ready);
    assert_eq!(center.acd.poll_timeout(), None);
}

#[test]
fn ready_during_a_call_changes_nothing_but_takes_back_a_break() {
    let mut center = in_conversation();
    assert_eq!(center.acd.set_ready(center.now, &agent("adam")), Ok(Change::Unchanged));
    center.acd.set_not_ready(center.now, &agent("adam"), lunch()).unwrap();
    assert_eq!(center.acd.set_ready(center.now, &agent("adam")), Ok(Change::Pending));
    center.end("adam");
    assert!(is_wrap_up(&center.state("adam")));
    center.wait(WRAP_UP);
    assert_eq!(center.state("adam"), AgentState::Ready);
}

#[test]
fn a_sign_out_during_a_call_waits_for_wrap_up() {
    let mut center = in_conversation();
    assert_eq!(center.acd.sign_out(center.now, &agent("adam")), Ok(Change::Pending));
    center.end("adam");
    assert!(is_wrap_up(&center.state("adam")));
    center.wait(WRAP_UP);
    assert_eq!(center.state("adam"), AgentState::LoggedOut);
}

#[test]
fn signing_in_again_takes_back_a_sign_out() {
    let mut center = in_conversation();
    center.acd.sign_out(center.now, &agent("adam")).unwrap();
    assert_eq!(center.acd.sign_in(center.now, &agent("adam")), Ok(Change::Pending));
    assert_eq!(center.acd.sign_in(center.now, &agent("adam")), Ok(Change::Unchanged));
    center.end("adam");
    center.wait(WRAP_UP);
    assert_eq!(center.state("adam"), AgentState::NotReady { reason: NotReadyReason::SignedIn });
}

#[test]
fn a_call_outside_the_queues_is_talking_and_no_wrap_up_follows() {
    let mut center = Center::sales(&["adam"]);
    center.acd.set_outside_call(
        center.now,
        &agent("adam"),
        call(99),
        Some(Outside::Talking(Direction::Internal)),
    );
    assert_eq!(center.state("adam"), AgentState::Talking { direction: Direction::Internal, call: None });
    center.enqueue(1);
    assert_eq!(center.offered_to(1), "");
    center.acd.set_outside_call(center.now, &agent("adam"), call(99), None);
    center.drain();
    assert_eq!(center.offered_to(1), "adam");
}

#[test]
fn the_end_of_one_outside_call_leaves_the_other() {
    let mut center = Center::sales(&["adam"]);
    let talking = Some(Outside::Talking(Direction::Internal));
    center.acd.set_outside_call(center.now, &agent("adam"), call(98), talking);
    center.acd.set_outside_call(center.now, &agent("adam"), call(99), Some(Outside::Ringing));
    center.acd.set_outside_call(center.now, &agent("adam"), call(99), None);
    assert_eq!(center.state("adam"), AgentState::Talking { direction: Direction::Internal, call: None });
    center.acd.set_outside_call(center.now, &agent("adam"), call(98), None);
    assert_eq!(center.state("adam"), AgentState::Ready);
}

#[test]
fn a_call_that_a_defect_ended_leaves_nobody_occupied() {
    let mut center = Center::sales(&["adam", "ben"]);
    center.enqueue(1);
    center.answer(1);
    center.enqueue(2);
    center.acd.forget_call(center.now, call(1));
    center.acd.forget_call(center.now, call(2));
    center.drain();
    assert_eq!((center.state("adam"), center.state("ben")), (AgentState::Ready, AgentState::Ready));
}

#[test]
fn an_outside_call_during_a_queue_call_shows_after_wrap_up() {
    let mut center = in_conversation();
    center.acd.set_outside_call(center.now, &agent("adam"), call(99), Some(Outside::Talking(Direction::Out)));
    assert_eq!(center.state("adam"), talking(1));
    center.end("adam");
    center.wait(WRAP_UP);
    assert_eq!(center.state("adam"), AgentState::Talking { direction: Direction::Out, call: None });
}

#[test]
fn a_phone_in_use_by_nobody_signed_in_is_no_session() {
    let mut center = Center::closed(vec![queue("sales", &["adam"])], &["adam"]);
    center.acd.set_outside_call(center.now, &agent("adam"), call(99), Some(Outside::Talking(Direction::Out)));
    assert_eq!(center.state("adam"), AgentState::LoggedOut);
    center.acd.sign_in(center.now, &agent("adam")).unwrap();
    assert_eq!(center.state("adam"), AgentState::Talking { direction: Direction::Out, call: None });
    assert_eq!(center.acd.sign_out(center.now, &agent("adam")), Ok(Change::Pending));
    center.acd.set_outside_call(center.now, &agent("adam"), call(99), None);
    assert_eq!(center.state("adam"), AgentState::LoggedOut);
}

#[test]
fn the_seconds_of_a_session_add_up() {
    let mut center = Center::closed(vec![queue("sales", &["adam"])], &["adam"]);
    let adam = agent("adam");
    center.acd.set_registered(center.now, &adam, true);
    center.acd.sign_in(center.now, &adam).unwrap();
    let started = center.now.wall;
    center.wait(3);
    center.ready("adam");
    center.wait(5);
    center.enqueue(1);
    center.wait(1);
    center.ring(1);
    center.wait(RING - 4);
    center.answer(1);
    center.wait(60);
    center.acd.hold(center.now, &adam, true);
    center.wait(7);
    center.acd.hold(center.now, &adam, false);
    center.wait(2);
    center.end("adam");
    center.acd.sign_out(center.now, &adam).unwrap();
    center.told();
    center.wait(WRAP_UP + 100);
    let times = StateTimes {
        not_ready: seconds(3),
        ready: seconds(5),
        offline_grace: Duration::ZERO,
        reserved: seconds(1),
        ringing: seconds(RING - 4),
        talking: seconds(62),
        hold: seconds(7),
        wrap_up: seconds(WRAP_UP),
        disposition_missing: Duration::ZERO,
    };
    let ended = started + times.total();
    let told = center.told();
    assert!(told.contains(&Event::SessionEnded { agent: adam.clone(), started, ended, times }));
    assert_eq!(center.acd.state_times(center.now, &adam), None);
}

#[test]
fn a_wish_that_cannot_be_met_is_refused_with_the_reason() {
    let mut center = Center::closed(vec![], &["adam"]);
    let (adam, nobody) = (agent("adam"), agent("nobody"));
    assert_eq!(center.acd.set_ready(center.now, &adam), Err(AgentError::SignedOut));
    assert_eq!(center.acd.set_ready(center.now, &nobody), Err(AgentError::Unknown));
    assert_eq!(center.acd.sign_out(center.now, &adam), Ok(Change::Unchanged));
    center.acd.sign_in(center.now, &adam).unwrap();
    let endless = NotReadyReason::Chosen("x".repeat(REASON_BYTES_MAX + 1).into());
    assert_eq!(center.acd.set_not_ready(center.now, &adam, endless), Err(AgentError::ReasonTooLong));
}

#[test]
fn what_does_not_fit_changes_nothing_and_is_counted() {
    let mut center = Center::sales(&["adam"]);
    center.acd.hold(center.now, &agent("adam"), true);
    center.acd.conversation_ended(center.now, &agent("adam"));
    center.acd.set_registered(center.now, &agent("nobody"), true);
    center.acd.offer_answered(center.now, hotline_base::ReservationId(77));
    assert_eq!(center.acd.counters().stray, 4);
    assert_eq!(center.told(), []);
}

#[test]
fn losing_the_registration_is_told_and_keeps_calls_away() {
    let mut center = Center::sales(&["adam"]);
    center.acd.set_registered(center.now, &agent("adam"), false);
    let told = center.told();
    assert!(
        matches!(
            &told[..],
            [
                Event::StateEnded(_),
                Event::AgentChanged { registered: false, state: AgentState::OfflineGrace, .. }
            ] | [Event::AgentChanged { registered: false, state: AgentState::OfflineGrace, .. }]
        ),
        "{told:?}"
    );
    center.enqueue(1);
    assert_eq!(center.offered_to(1), "");
}

#[test]
fn who_loses_the_phone_is_ready_again_if_it_comes_back_in_time_and_else_not_ready() {
    let mut center = Center::sales(&["adam"]);
    let config = Config {
        queues: vec![queue("sales", &["adam"])],
        agents: agents(&["adam"]),
        phone_grace: Some(seconds(60)),
        ..Config::default()
    };
    center.acd.reconfigure(center.now, config);
    let adam = agent("adam");
    let state = |center: &Center| center.acd.agent(&adam).unwrap().state;
    center.acd.set_registered(center.now, &adam, false);
    assert_eq!(state(&center), AgentState::OfflineGrace);
    center.wait(59);
    assert_eq!(state(&center), AgentState::OfflineGrace);
    center.acd.set_registered(center.now, &adam, true);
    assert_eq!(state(&center), AgentState::Ready);

    center.acd.set_registered(center.now, &adam, false);
    center.wait(60);
    let lost = AgentState::NotReady { reason: NotReadyReason::PhoneLost };
    assert_eq!(state(&center), lost);
    center.acd.set_registered(center.now, &adam, true);
    assert_eq!(state(&center), lost, "somebody has to say that the agent is back");
    assert_eq!(center.acd.set_ready(center.now, &adam), Ok(Change::Applied));
    let times = center.acd.state_times(center.now, &adam).unwrap();
    assert_eq!(times.offline_grace, seconds(119));
}

#[test]
fn a_phone_that_is_lost_during_a_call_counts_after_it() {
    let mut center = Center::sales(&["adam"]);
    let adam = agent("adam");
    center.enqueue(1);
    center.ring(1);
    center.answer(1);
    center.acd.set_registered(center.now, &adam, false);
    center.wait(100);
    let state = |center: &Center| center.acd.agent(&adam).unwrap().state;
    assert!(matches!(state(&center), AgentState::Talking { .. }));
    center.end("adam");
    center.wait(WRAP_UP);
    assert_eq!(state(&center), AgentState::OfflineGrace);
    center.acd.set_not_ready(center.now, &adam, NotReadyReason::Chosen("break".into())).unwrap();
    assert!(matches!(state(&center), AgentState::NotReady { reason: NotReadyReason::Chosen(_) }));
}
