//! What agents did lately, by which queues spread calls.

use hotline_acd::{NotReadyReason, RECENT, Recent};

use crate::center::{Center, WRAP_UP, agent, seconds};

const HALF_HOUR: u64 = 1800;

fn recent(center: &Center) -> Recent {
    center.acd.recent(center.now, &agent("adam")).unwrap()
}

/// Adam has been ready for a second, and takes a call of so many seconds, half of them on hold.
fn after_a_call_of(length: u64) -> Center {
    let mut center = Center::sales(&["adam"]);
    center.enqueue(1);
    center.answer(1);
    center.wait(length / 2);
    center.acd.hold(center.now, &agent("adam"), true);
    center.wait(length / 2);
    center.end("adam");
    center.wait(WRAP_UP);
    center
}

#[test]
fn calls_talks_and_the_time_in_which_calls_are_taken_are_counted() {
    let center = after_a_call_of(300);
    let figures = Recent { calls: 1, talk: seconds(300), ready: seconds(1 + 300 + WRAP_UP) };
    assert_eq!(recent(&center), figures);
}

#[test]
fn a_break_counts_for_nothing_and_the_state_under_way_counts() {
    let mut center = after_a_call_of(300);
    let lunch = NotReadyReason::Chosen("lunch".into());
    center.acd.set_not_ready(center.now, &agent("adam"), lunch).unwrap();
    center.wait(600);
    center.ready("adam");
    center.wait(7);
    let figures = Recent { calls: 1, talk: seconds(300), ready: seconds(1 + 300 + WRAP_UP + 7) };
    assert_eq!(recent(&center), figures);
}

#[test]
fn the_end_of_a_session_ends_nothing() {
    let mut center = after_a_call_of(300);
    center.acd.sign_out(center.now, &agent("adam")).unwrap();
    center.wait(60);
    assert_eq!(recent(&center).calls, 1);
    assert_eq!(recent(&center).talk, seconds(300));
}

#[test]
fn what_is_older_than_eight_hours_is_forgotten_by_half_hours() {
    let mut center = after_a_call_of(2 * HALF_HOUR);
    assert_eq!(recent(&center).talk, seconds(2 * HALF_HOUR));
    // The call began at second 1001 of the clock: 799 seconds of it are in its first half hour.
    center.now = center.now + (RECENT - seconds(2 * HALF_HOUR));
    let figures = recent(&center);
    assert_eq!((figures.calls, figures.talk), (0, seconds(2 * HALF_HOUR - 799)));
    center.wait(RECENT.as_secs());
    assert_eq!(recent(&center).talk, seconds(0));
    assert!(recent(&center).ready <= RECENT, "ready all the time");
    assert!(recent(&center).ready > RECENT - seconds(HALF_HOUR));
}
