//! Any hours, at any moment, in zones with every kind of clock change.

use std::collections::BTreeSet;

use crate::schedule::office;
use hotline_base::WallTime;
use hotline_hours::{LocalTime, State};
use proptest::prelude::*;

const ZONES: [&str; 9] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Shanghai",
    "Australia/Lord_Howe",
    "America/Nuuk",
    "America/Havana",
    "Asia/Beirut",
    "Pacific/Chatham",
];
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const MINUTE: i64 = 60_000_000;

/// Spans of each day as minutes, not overlapping, quarters of an hour apart.
type Week = Vec<Vec<(u16, u16)>>;

fn any_week() -> impl Strategy<Value = Week> {
    // Ends of spans within the day, and whether the last goes on into the night.
    let day = (prop::collection::btree_set(24..96_u16, 0..6), any::<bool>());
    prop::collection::vec(day, 7)
        .prop_map(|days| days.into_iter().map(|(ends, night)| spans(&ends, night)).collect())
}

/// Nothing begins before 06:00 and no night lasts longer, so that days do not overlap.
fn spans(ends: &BTreeSet<u16>, night: bool) -> Vec<(u16, u16)> {
    let ends: Vec<u16> = ends.iter().map(|quarter| quarter * 15).collect();
    let mut spans: Vec<(u16, u16)> = ends.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
    if let (true, Some(last)) = (night, ends.last()) {
        match spans.last_mut() {
            Some(span) if span.1 == *last => span.1 = 24 * 60 + 195,
            Some(_) | None => spans.push((*last, 24 * 60 + 195)),
        }
    }
    spans
}

fn yaml(zone: &str, week: &Week) -> String {
    let time = |minutes: &u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    let days = DAYS.iter().zip(week).filter(|(_, spans)| !spans.is_empty()).map(|(day, spans)| {
        let spans: Vec<String> =
            spans.iter().map(|(from, to)| format!("\"{}-{}\"", time(from), time(to))).collect();
        format!("{day}: [{}]", spans.join(", "))
    });
    format!("{{zone: {zone}, weekly: {{{}}}}}", days.collect::<Vec<_>>().join(", "))
}

/// Whether somebody who looks at the clock and the calendar would find it open.
fn by_the_clock(week: &Week, shown: LocalTime) -> bool {
    let day = usize::from(shown.weekday) - 1;
    let minute = u16::from(shown.hour) * 60 + u16::from(shown.minute);
    let today = week[day].iter().any(|(from, to)| (*from..*to).contains(&minute));
    today || week[(day + 6) % 7].iter().any(|(_, to)| minute + 24 * 60 < *to)
}

/// A quarter of an hour in 2026, often near a change of clocks.
fn any_quarter() -> impl Strategy<Value = WallTime> {
    const YEAR: i64 = 1_767_225_600_000_000;
    let near = prop::sample::select(vec![66_i64, 86, 87, 93, 275, 276, 296, 297, 303, 304]);
    prop_oneof![0..365 * 96_i64, (near, 0..96_i64).prop_map(|(day, quarter)| day * 96 + quarter)]
        .prop_map(|quarter| WallTime(YEAR + quarter * 15 * MINUTE))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn nobody_who_goes_by_the_clock_finds_it_closed(
        week in any_week(),
        zone in prop::sample::select(ZONES.to_vec()),
        at in any_quarter(),
    ) {
        let schedule = office(&yaml(zone, &week));
        let status = schedule.at(at, None);
        let expected = by_the_clock(&week, schedule.zone().local(at));
        // On the day around a change of clocks it may be open where a clock that was put back says otherwise.
        let offset = |at: WallTime| {
            let shown = schedule.zone().local(at);
            (i64::from(shown.hour) * 60 + i64::from(shown.minute) - at.0.div_euclid(MINUTE)).rem_euclid(1440)
        };
        let day = 1440 * MINUTE;
        let steady = offset(WallTime(at.0 - day)) == offset(WallTime(at.0 + day));
        if expected || steady {
            prop_assert_eq!(status.state == State::Open, expected, "{} {:?}", yaml(zone, &week), status);
        }
    }

    #[test]
    fn it_stays_so_until_it_is_said_to_change(
        week in any_week(),
        zone in prop::sample::select(ZONES.to_vec()),
        at in any_quarter(),
    ) {
        let schedule = office(&yaml(zone, &week));
        let status = schedule.at(at, None);
        let Some(until) = status.until else {
            prop_assert!(week.iter().all(Vec::is_empty), "only what is never open never changes");
            return Ok(());
        };
        prop_assert!(until > at);
        prop_assert_ne!(&schedule.at(until, None).state, &status.state);
        let mut between = at.0;
        while between < until.0 {
            prop_assert_eq!(&schedule.at(WallTime(between), None), &status);
            between += (until.0 - at.0) / 50 + 1;
        }
        prop_assert_eq!(&schedule.at(WallTime(until.0 - 1), None), &status);
    }
}
