//! Reasons for being not ready: which may be chosen, for how long, and by how many.

use core::time::Duration;

use hotline_acd::{
    Acd, AgentError, AgentState, Change, Config, NotReadyReason, ReasonClass, ReasonConfig, ReasonView,
};

use crate::center::{Center, agent, agents, queue, seconds};

fn chosen(word: &str) -> NotReadyReason {
    NotReadyReason::Chosen(word.into())
}

fn reason(daily_quota: Option<Duration>, at_once_max: Option<u32>) -> ReasonConfig {
    ReasonConfig { name: "Reason".to_owned(), class: ReasonClass::Break, daily_quota, at_once_max }
}

/// Lunch for a minute a day, training for one at a time, mail as one likes.
pub(crate) fn center() -> Center {
    let names = ["adam", "ben"];
    let mut center = Center::open(vec![queue("sales", &names)], &names);
    center.acd.reconfigure(center.now, config());
    center
}

pub(crate) fn config() -> Config {
    let names = ["adam", "ben"];
    let reasons = [
        ("lunch".into(), reason(Some(seconds(60)), None)),
        ("training".into(), reason(None, Some(1))),
        ("mail".into(), reason(None, None)),
    ];
    Config {
        queues: vec![queue("sales", &names)],
        agents: agents(&names),
        reasons: reasons.into(),
        ..Config::default()
    }
}

impl Center {
    pub(crate) fn not_ready(&mut self, name: &str, word: &str) -> Result<Change, AgentError> {
        let asked = self.acd.set_not_ready(self.now, &agent(name), chosen(word));
        self.drain();
        asked
    }

    pub(crate) fn reason(&self, name: &str, word: &str) -> ReasonView {
        let reasons = self.acd.reasons(self.now, &agent(name));
        reasons.into_iter().find(|view| *view.reason == *word).unwrap()
    }
}

#[test]
fn without_configured_reasons_any_is_taken() {
    let mut center = Center::sales(&["adam"]);
    assert_eq!(center.not_ready("adam", "the cat is on the phone"), Ok(Change::Applied));
    assert_eq!(center.acd.reasons(center.now, &agent("adam")), []);
}

#[test]
fn only_configured_reasons_are_taken() {
    let mut center = center();
    assert_eq!(center.not_ready("adam", "tea"), Err(AgentError::UnknownReason));
    assert_eq!(center.state("adam"), AgentState::Ready);
    assert_eq!(center.not_ready("adam", "mail"), Ok(Change::Applied));
}

#[test]
fn who_has_had_a_reason_for_long_enough_is_not_thrown_out_and_cannot_choose_it_again() {
    let mut center = center();
    center.not_ready("adam", "lunch").unwrap();
    center.wait(40);
    assert_eq!(center.reason("adam", "lunch").left, Some(seconds(20)));
    assert_eq!(center.reason("ben", "lunch").left, Some(seconds(60)));
    center.ready("adam");
    center.wait(100);
    center.not_ready("adam", "lunch").unwrap();
    center.wait(300);
    assert_eq!(center.state("adam"), AgentState::NotReady { reason: chosen("lunch") });
    assert_eq!(center.not_ready("adam", "lunch"), Ok(Change::Unchanged));
    center.ready("adam");
    assert_eq!(center.not_ready("adam", "lunch"), Err(AgentError::QuotaUsed));
    assert_eq!(center.reason("adam", "lunch").left, Some(Duration::ZERO));
    assert_eq!(center.not_ready("ben", "lunch"), Ok(Change::Applied));
}

#[test]
fn another_day_gives_the_quota_back_and_a_break_over_midnight_counts_from_there() {
    let mut center = center();
    center.not_ready("adam", "lunch").unwrap();
    center.wait(59);
    center.acd.begin_day(center.now);
    center.wait(10);
    assert_eq!(center.reason("adam", "lunch").left, Some(seconds(50)));
    assert_eq!(center.acd.state_times(center.now, &agent("adam")).unwrap().not_ready, seconds(69));
}

#[test]
fn a_reason_is_for_so_many_at_once_and_a_wish_holds_the_place() {
    let mut center = center();
    center.enqueue(1);
    center.answer(1);
    assert_eq!(center.not_ready("adam", "training"), Ok(Change::Pending));
    assert_eq!(center.reason("ben", "training").taken, 1);
    assert_eq!(center.not_ready("ben", "training"), Err(AgentError::TooManyAtOnce));
    assert_eq!(center.not_ready("adam", "training"), Ok(Change::Unchanged));
    center.ready("adam");
    assert_eq!(center.not_ready("ben", "training"), Ok(Change::Applied));
    center.acd.sign_out(center.now, &agent("ben")).unwrap();
    assert_eq!(center.reason("adam", "training").taken, 0);
}

#[test]
fn what_was_used_of_a_day_outlives_a_new_configuration_and_a_snapshot() {
    let mut center = center();
    center.not_ready("adam", "lunch").unwrap();
    center.wait(40);
    center.acd.reconfigure(center.now, config());
    let bytes = postcard::to_allocvec(&center.acd).unwrap();
    center.acd = postcard::from_bytes::<Acd>(&bytes).unwrap();
    assert_eq!(center.reason("adam", "lunch").left, Some(seconds(20)));
}

#[test]
fn calls_of_the_day_count_anew_when_another_begins() {
    let mut center = center();
    center.enqueue(1);
    center.answer(1);
    assert_eq!(center.view("adam").calls_today, 1);
    center.acd.begin_day(center.now);
    assert_eq!(center.view("adam").calls_today, 0);
}
