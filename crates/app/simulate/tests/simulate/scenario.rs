//! What can be wrong with a scenario, and what its writer is told.

use std::time::Duration;

use hotline_simulate::{Scenario, callers, parse};
use hotline_yaml::Source;

use crate::center::center;

const GOOD: &str = r#"
day: "2026-03-02"
seed: 5
callers:
  - queue: calls
    profile: {"08:00": 30, "09:00": 0, "10:00": 60}
    until: "12:00"
    patience: {exponential: {mean_s: 120}}
    talk: {log_normal: {mean_s: 180, deviation_s: 90}}
    wrap_up: {gamma: {mean_s: 20, deviation_s: 10}}
agents:
  - agents: [agent000, agent001]
    shift: "08:00-12:00"
    breaks: ["09:00-09:15"]
    pick_up: {list_s: [2, 3, 8]}
    missed_percent: 2
  - queue: calls
    shift: "09:30-12:00"
    phone_losses_per_hour: 0.5
    phone_loss: 90
"#;

fn read(text: &str) -> Result<Scenario, Vec<String>> {
    let center = center(4, Duration::ZERO);
    parse(&Source::new("day.yaml", text), &center).map_err(|mistakes| {
        let told = mistakes.iter();
        told.map(|told| format!("{}:{} {}; {}", told.line, told.column, told.problem, told.remedy)).collect()
    })
}

#[test]
fn a_scenario_is_read_as_it_is_meant() {
    let scenario = read(GOOD).expect("a good scenario");
    assert_eq!((scenario.seed, scenario.answer_within), (5, Duration::from_secs(20)));
    let crews: Vec<usize> = scenario.crews.iter().map(|crew| crew.agents.len()).collect();
    assert_eq!(crews, [2, 2], "whoever has a plan of its own is not in that of its queue too");
    let callers = callers(&scenario);
    let during = |from: u64, to: u64| {
        let span = Duration::from_secs(from * 3600)..Duration::from_secs(to * 3600);
        callers.iter().filter(|caller| span.contains(&caller.at)).count()
    };
    assert!((40..=80).contains(&during(8, 9)), "60 are expected: {}", during(8, 9));
    assert_eq!(during(9, 10), 0);
    assert!((195..=285).contains(&during(10, 12)), "240 are expected: {}", during(10, 12));
    assert_eq!(during(8, 12), callers.len());
}

#[test]
fn all_mistakes_are_told_at_once_with_what_would_be_right() {
    let wrong = GOOD
        .replace("queue: calls\n    profile", "queue: cals\n    profile")
        .replace("\"09:00\": 0", "\"07:00\": 0")
        .replace("exponential:", "exponental:")
        .replace("agent001", "agent01")
        .replace("09:00-09:15", "12:00-12:15")
        .replace("missed_percent: 2", "missed_percent: 200")
        .replace("phone_losses_per_hour", "phone_losses");
    let mistakes = read(&wrong).expect_err("seven mistakes");
    let expected = [
        "there is no queue `cals`; did you mean `calls`?",
        "this time is not after the one before",
        "unknown distribution `exponental`; did you mean `exponential`?",
        "there is no agent `agent01`",
        "this break is outside the shift",
        "this is not a number that fits here; a number from 0 to 100",
        "unknown key `phone_losses` in agents; did you mean `phone_loss`?",
    ];
    for problem in expected {
        assert!(mistakes.iter().any(|told| told.contains(problem)), "{problem}\n{mistakes:#?}");
    }
    assert_eq!(mistakes.len(), expected.len(), "{mistakes:#?}");
}

#[test]
fn who_works_must_be_clear() {
    let wrong = GOOD.replace("  - queue: calls\n    shift", "  - queue: calls\n    group: early\n    shift");
    let mistakes = read(&wrong).expect_err("a mistake");
    assert!(mistakes[0].contains("it is not clear who works"), "{mistakes:?}");
}
