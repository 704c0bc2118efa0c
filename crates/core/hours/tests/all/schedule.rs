//! Schedules from YAML, moments from text.

use hotline_base::WallTime;
use hotline_hours::{Override, Schedule, State, Status, schedules};
use hotline_yaml::{Diagnostic, Reader, Source, read};

/// What `hours: {office: …}` reads as, or all its mistakes.
pub(crate) fn parse(office: &str) -> Result<Schedule, Vec<Diagnostic>> {
    let source = Source::new("center.yaml", &format!("office: {office}\n"));
    let node = read(&source).expect("YAML");
    let mut reader = Reader::new(&source);
    let found = schedules(&mut reader, &node);
    let mistakes = reader.into_diagnostics();
    match found.and_then(|mut found| found.remove(&"office".into())) {
        Some(schedule) if mistakes.is_empty() => Ok(schedule),
        Some(_) | None => Err(mistakes),
    }
}

#[track_caller]
pub(crate) fn office(text: &str) -> Schedule {
    parse(text).unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

/// A moment in UTC, such as `2026-03-29T00:59:59Z`.
#[track_caller]
pub(crate) fn utc(text: &str) -> WallTime {
    let at: jiff::Timestamp = text.parse().expect("a moment");
    WallTime(at.as_microsecond())
}

/// `open until 2026-03-29T01:00:00Z`.
pub(crate) fn told(status: &Status) -> String {
    let state = match &status.state {
        State::Open => "open".to_owned(),
        State::Closed => "closed".to_owned(),
        State::Holiday(name) => format!("holiday {name}"),
    };
    match status.until {
        Some(until) => {
            let until = jiff::Timestamp::from_microsecond(until.as_unix_micros()).expect("in range");
            format!("{state} until {until}")
        }
        None => format!("{state} for good"),
    }
}

/// Checks lines of "moment: status", without anything decided by hand.
#[track_caller]
pub(crate) fn check(schedule: &Schedule, expected: &[(&str, &str)]) {
    check_with(schedule, None, expected);
}

#[track_caller]
pub(crate) fn check_with(schedule: &Schedule, by_hand: Option<Override>, expected: &[(&str, &str)]) {
    let wrong: Vec<String> = expected
        .iter()
        .map(|(at, expected)| (at, expected, told(&schedule.at(utc(at), by_hand))))
        .filter(|(_, expected, told)| **expected != told)
        .map(|(at, expected, told)| format!("at {at}: {told}, expected {expected}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
