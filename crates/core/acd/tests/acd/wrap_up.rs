//! After-call work: when it begins, what ends it, and what it waits for.

use core::time::Duration;

use hotline_acd::{
    AgentError, AgentState, Change, Disposition, Event, Member, NotReadyReason, Presence, WrapUp, WrapUpMode,
};

use crate::center::{Center, WRAP_UP, agent, agents, call, queue, seconds};

const EXTENSION: u64 = 30;

fn rules(mode: WrapUpMode) -> WrapUp {
    WrapUp {
        mode,
        length: seconds(WRAP_UP),
        extend_by: seconds(EXTENSION),
        extensions_max: 2,
        disposition_required: false,
    }
}

fn disposing(mode: WrapUpMode) -> WrapUp {
    WrapUp { disposition_required: true, ..rules(mode) }
}

/// Adam talks to call 1, of a queue with these rules.
fn talking(wrap_up: WrapUp) -> Center {
    let mut sales = queue("sales", &["adam"]);
    sales.wrap_up = wrap_up;
    let mut center = Center::open(vec![sales], &["adam"]);
    center.enqueue(1);
    center.answer(1);
    center
}

/// Adam's call 1 has just ended.
fn ended(wrap_up: WrapUp) -> Center {
    let mut center = talking(wrap_up);
    center.end("adam");
    center
}

impl Center {
    fn end_wrap_up(&mut self) -> Result<(), AgentError> {
        let ended = self.acd.end_wrap_up(self.now, &agent("adam"));
        self.drain();
        ended
    }

    fn extend(&mut self) -> Result<(), AgentError> {
        self.acd.extend_wrap_up(self.now, &agent("adam"))
    }

    fn ask_wrap_up(&mut self) -> Result<Change, AgentError> {
        self.acd.ask_wrap_up(self.now, &agent("adam"))
    }

    fn dispose(&mut self, number: u32) {
        self.acd.disposed(self.now, &agent("adam"), call(number));
        self.drain();
    }

    /// When the wrap-up ends by itself in seconds from now, what of the disposition, and the extensions left.
    fn wrap_up(&self) -> Option<(Option<u64>, Disposition, u8)> {
        match self.state("adam") {
            AgentState::WrapUp { until, disposition, extensions_left, .. } => {
                let until = until.map(|until| until.since(self.now.wall).as_secs());
                Some((until, disposition, extensions_left))
            }
            _ => None,
        }
    }
}

#[test]
fn manual_work_lasts_until_the_agent_ends_it() {
    let mut center = ended(rules(WrapUpMode::Manual));
    assert_eq!(center.wrap_up(), Some((None, Disposition::Settled, 0)));
    assert_eq!(center.acd.poll_timeout(), None);
    center.wait(100_000);
    assert_eq!(center.extend(), Err(AgentError::NoExtension));
    assert_eq!(center.end_wrap_up(), Ok(()));
    assert_eq!(center.state("adam"), AgentState::Ready);
    assert_eq!(center.end_wrap_up(), Err(AgentError::NoWrapUp));
}

#[test]
fn timed_work_ends_early_by_hand_and_gives_what_was_asked_for_before() {
    let mut center = ended(rules(WrapUpMode::Timed));
    let lunch = NotReadyReason::Chosen("lunch".into());
    center.acd.set_not_ready(center.now, &agent("adam"), lunch.clone()).unwrap();
    assert_eq!(center.end_wrap_up(), Ok(()));
    assert_eq!(center.state("adam"), AgentState::NotReady { reason: lunch });
}

#[test]
fn forced_work_lasts_its_full_time() {
    let mut center = ended(rules(WrapUpMode::Forced));
    assert_eq!(center.end_wrap_up(), Err(AgentError::WrapUpForced));
    assert_eq!(center.acd.set_ready(center.now, &agent("adam")), Ok(Change::Pending));
    center.wait(WRAP_UP - 1);
    assert_eq!(center.wrap_up(), Some((Some(1), Disposition::Settled, 2)));
    center.wait(1);
    assert_eq!(center.state("adam"), AgentState::Ready);
}

#[test]
fn optional_work_begins_only_if_asked_for_in_time_and_before_another_offer() {
    let mut center = ended(rules(WrapUpMode::Optional));
    assert_eq!(center.state("adam"), AgentState::Ready);
    center.wait(WRAP_UP);
    assert_eq!(center.ask_wrap_up(), Ok(Change::Applied));
    assert_eq!(center.wrap_up(), Some((Some(WRAP_UP), Disposition::Settled, 2)));
    assert_eq!(center.ask_wrap_up(), Ok(Change::Unchanged));
    center.wait(WRAP_UP);
    assert_eq!(center.state("adam"), AgentState::Ready);
    assert_eq!(center.ask_wrap_up(), Err(AgentError::NoWrapUp), "once");

    let mut late = ended(rules(WrapUpMode::Optional));
    late.wait(WRAP_UP + 1);
    assert_eq!(late.ask_wrap_up(), Err(AgentError::NoWrapUp));

    let mut busy = ended(rules(WrapUpMode::Optional));
    busy.enqueue(2);
    busy.leave(2);
    assert_eq!(busy.ask_wrap_up(), Err(AgentError::NoWrapUp));

    let mut asked = talking(rules(WrapUpMode::Optional));
    assert_eq!(asked.ask_wrap_up(), Ok(Change::Pending));
    asked.end("adam");
    assert_eq!(asked.wrap_up(), Some((Some(WRAP_UP), Disposition::Settled, 2)));
}

#[test]
fn work_on_request_begins_only_if_asked_for_in_the_call() {
    let mut center = ended(rules(WrapUpMode::OnRequest));
    assert_eq!(center.state("adam"), AgentState::Ready);
    assert_eq!(center.ask_wrap_up(), Err(AgentError::NoWrapUp));
    center.enqueue(2);
    center.answer(2);
    assert_eq!(center.ask_wrap_up(), Ok(Change::Pending));
    center.end("adam");
    assert_eq!(center.wrap_up(), Some((Some(WRAP_UP), Disposition::Settled, 2)));
    assert_eq!(center.end_wrap_up(), Ok(()));
}

#[test]
fn work_can_be_made_longer_so_often_and_the_state_goes_on() {
    let mut center = ended(rules(WrapUpMode::Timed));
    let since = center.view("adam").since;
    center.told();
    center.wait(WRAP_UP - 1);
    assert_eq!(center.extend(), Ok(()));
    assert_eq!(center.extend(), Ok(()));
    assert_eq!(center.extend(), Err(AgentError::NoExtension));
    assert_eq!(center.wrap_up(), Some((Some(1 + 2 * EXTENSION), Disposition::Settled, 0)));
    assert_eq!(center.view("adam").since, since);
    center.wait(2 * EXTENSION + 1);
    let spans: Vec<Duration> = center
        .told()
        .into_iter()
        .filter_map(|event| match event {
            Event::StateEnded(span) => Some(span.until.since(span.from)),
            _ => None,
        })
        .collect();
    assert_eq!(spans, [seconds(WRAP_UP + 2 * EXTENSION)]);
}

#[test]
fn a_missing_disposition_keeps_work_open_and_is_counted_apart() {
    let mut center = ended(disposing(WrapUpMode::Timed));
    assert_eq!(center.wrap_up(), Some((Some(WRAP_UP), Disposition::Awaited, 2)));
    assert_eq!(center.end_wrap_up(), Err(AgentError::DispositionMissing));
    center.wait(WRAP_UP + 25);
    assert_eq!(center.wrap_up(), Some((None, Disposition::Missing, 2)));
    assert_eq!(center.acd.set_ready(center.now, &agent("adam")), Ok(Change::Pending));
    center.dispose(9);
    assert_eq!(center.wrap_up(), Some((None, Disposition::Missing, 2)), "another call's");
    center.dispose(1);
    assert_eq!(center.state("adam"), AgentState::Ready);
    let times = center.acd.state_times(center.now, &agent("adam")).unwrap();
    assert_eq!((times.wrap_up, times.disposition_missing), (seconds(WRAP_UP), seconds(25)));
}

#[test]
fn a_disposition_in_time_lets_work_end_as_usual() {
    let mut center = talking(disposing(WrapUpMode::Manual));
    center.dispose(1);
    center.end("adam");
    assert_eq!(center.wrap_up(), Some((None, Disposition::Settled, 0)));
    assert_eq!(center.end_wrap_up(), Ok(()));

    let mut center = ended(disposing(WrapUpMode::Timed));
    center.dispose(1);
    assert_eq!(center.wrap_up(), Some((Some(WRAP_UP), Disposition::Settled, 2)));
    center.wait(WRAP_UP);
    assert_eq!(center.state("adam"), AgentState::Ready);
}

#[test]
fn overdue_work_that_is_made_longer_has_time_again() {
    let mut center = ended(disposing(WrapUpMode::Timed));
    center.wait(WRAP_UP + 5);
    assert_eq!(center.extend(), Ok(()));
    assert_eq!(center.wrap_up(), Some((Some(EXTENSION), Disposition::Awaited, 1)));
    center.wait(EXTENSION);
    assert_eq!(center.wrap_up(), Some((None, Disposition::Missing, 1)));
}

#[test]
fn without_a_length_work_begins_only_for_the_disposition() {
    let none = |wrap_up| WrapUp { length: Duration::ZERO, ..wrap_up };
    let center = ended(none(rules(WrapUpMode::Forced)));
    assert_eq!(center.state("adam"), AgentState::Ready);
    let mut center = ended(none(disposing(WrapUpMode::Timed)));
    center.wait(0);
    assert_eq!(center.wrap_up(), Some((None, Disposition::Missing, 2)));
}

#[test]
fn a_member_can_have_a_length_of_its_own() {
    let mut sales = queue("sales", &["adam"]);
    sales.members = vec![Member { wrap_up: Some(seconds(3)), ..Member::new(agent("adam")) }];
    let mut center = Center::open(vec![sales], &["adam"]);
    center.enqueue(1);
    center.answer(1);
    center.end("adam");
    assert_eq!(center.wrap_up(), Some((Some(3), Disposition::Settled, 3)));
}

#[test]
fn nobody_who_is_gone_from_the_configuration_is_kept_for_a_disposition() {
    for retires_in_call in [true, false] {
        let mut center = talking(disposing(WrapUpMode::Manual));
        if !retires_in_call {
            center.end("adam");
        }
        let config = hotline_acd::Config { agents: agents(&["ben"]), ..hotline_acd::Config::default() };
        center.acd.reconfigure(center.now, config);
        if retires_in_call {
            center.end("adam");
        }
        assert_eq!(center.acd.agent(&agent("adam")), None);
    }
}

#[test]
fn a_wish_for_a_break_stays_pending_through_overdue_work() {
    let mut center = ended(disposing(WrapUpMode::Timed));
    let lunch = Presence::NotReady { reason: NotReadyReason::Chosen("lunch".into()) };
    center.acd.set_not_ready(center.now, &agent("adam"), NotReadyReason::Chosen("lunch".into())).unwrap();
    center.wait(WRAP_UP + 1);
    assert_eq!(center.view("adam").pending, Some(lunch));
    assert_eq!(center.acd.sign_out(center.now, &agent("adam")), Ok(Change::Pending));
    center.dispose(1);
    assert_eq!(center.state("adam"), AgentState::LoggedOut);
}
