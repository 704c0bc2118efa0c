//! A process that ends takes no figures of its agents with it.

use core::time::Duration;

use hotline_acd::{Acd, AgentState, Direction, Event, NotReadyReason, Outside, RECENT, StateSpan};
use hotline_base::{Now, WallTime};

use crate::center::{Center, WRAP_UP, agent, call, seconds};
use crate::reasons;

const HOUR: u64 = 3600;

fn lunch() -> NotReadyReason {
    NotReadyReason::Chosen("lunch".into())
}

/// What is kept of the time of agents, as others read it: the words only.
fn kept(center: &mut Center) -> Vec<StateSpan> {
    let told = center.told();
    let spans = told.into_iter().filter_map(|event| match event {
        Event::StateEnded(span) => Some(span),
        _ => None,
    });
    let by_words = spans.map(|StateSpan { agent, state, from, until }| {
        let state = AgentState::told(state.as_str(), state.detail(), state.call()).unwrap();
        StateSpan { agent, state, from, until }
    });
    by_words.collect()
}

/// A call of so many seconds, half of them on hold.
fn talk(center: &mut Center, number: u32, length: u64) {
    center.enqueue(number);
    center.answer(number);
    center.wait(length / 2);
    center.acd.hold(center.now, &agent("adam"), true);
    center.wait(length - length / 2);
    center.end("adam");
    center.wait(WRAP_UP);
}

/// Adam works for nine hours; four of them were yesterday.
fn worked() -> (Center, WallTime) {
    let mut center = reasons::center();
    center.acd.sign_out(center.now, &agent("ben")).unwrap();
    // A clock that has run for a while: what was before its origin cannot be told apart.
    center.wait(20 * HOUR);
    talk(&mut center, 1, 700);
    center.acd.set_not_ready(center.now, &agent("adam"), lunch()).unwrap();
    center.wait(4 * HOUR);
    center.acd.begin_day(center.now);
    let day = center.now.wall;
    center.wait(25);
    center.ready("adam");
    talk(&mut center, 2, 3 * HOUR);
    talk(&mut center, 3, HOUR);
    let talks = Some(Outside::Talking(Direction::Out));
    center.acd.set_outside_call(center.now, &agent("adam"), call(4), talks);
    center.wait(1000);
    center.acd.set_outside_call(center.now, &agent("adam"), call(4), None);
    center.wait(HOUR);
    (center, day)
}

/// Another process, whose clock has another origin.
fn restarted(before: &Center, day: WallTime, spans: Vec<StateSpan>) -> Center {
    let mut after = reasons::center();
    after.now = Now { mono: after.now.mono + Duration::from_hours(1000), wall: before.now.wall };
    after.acd = Acd::new(reasons::config(), after.now);
    after.acd.remember(after.now, day, spans);
    after
}

#[test]
fn figures_of_the_day_and_of_the_last_hours_go_on_after_a_restart() {
    let (mut center, day) = worked();
    center.acd.sign_out(center.now, &agent("adam")).unwrap();
    let mut spans = kept(&mut center);
    spans.reverse();
    let after = restarted(&center, day, spans);
    assert_eq!(after.view("adam").calls_today, 2);
    assert_eq!(after.reason("adam", "lunch").left, Some(seconds(60 - 25)));
    let (was, is) =
        (center.acd.recent(center.now, &agent("adam")), after.acd.recent(after.now, &agent("adam")));
    let (was, is) = (was.unwrap(), is.unwrap());
    assert_eq!(is.calls, was.calls);
    // The half hours of the two clocks begin at other moments.
    let differs = |a: Duration, b: Duration| a.abs_diff(b);
    assert!(differs(is.talk, was.talk) <= seconds(HOUR / 2), "{is:?} {was:?}");
    assert!(differs(is.ready, was.ready) <= seconds(HOUR / 2), "{is:?} {was:?}");
    assert!(is.talk >= seconds(4 * HOUR), "{is:?}");
}

#[test]
fn what_is_asked_for_reaches_back_to_midnight_and_as_far_as_lately_does() {
    let now = Now::default() + Duration::from_hours(30);
    let noon = WallTime(0) + Duration::from_hours(18);
    assert_eq!(Acd::remembers_since(now, noon), noon);
    let just_now = WallTime(0) + Duration::from_hours(29);
    assert_eq!(Acd::remembers_since(now, just_now) + RECENT, now.wall);
}

#[test]
fn who_has_had_enough_calls_today_has_had_them_also_after_a_restart() {
    let (mut center, day) = worked();
    let spans = kept(&mut center);
    let mut after = restarted(&center, day, spans);
    let mut config = reasons::config();
    config.agents[0].daily_cap = Some(2);
    after.acd.reconfigure(after.now, config);
    after.staff("adam");
    after.enqueue(9);
    assert_eq!(after.state("adam"), AgentState::Ready, "no call for it");
}

#[test]
fn every_state_is_known_by_its_words() {
    let states = [
        AgentState::Ready,
        AgentState::NotReady { reason: NotReadyReason::Missed },
        AgentState::NotReady { reason: lunch() },
        AgentState::Hold { call: call(1) },
    ];
    for state in states {
        assert_eq!(AgentState::told(state.as_str(), state.detail(), state.call()), Some(state));
    }
    assert_eq!(AgentState::told("asleep", None, None), None);
}
