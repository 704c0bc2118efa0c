//! Whether it is open, and until when.

use crate::schedule::{check, check_with, office, utc};
use hotline_hours::{Override, State};

const OFFICE: &str = r#"
  zone: Europe/Berlin
  weekly: {mon-fri: ["08:00-12:00", "13:00-18:00"], sat: ["09:00-12:00"]}
  holidays: {"2026-12-25": Christmas Day, "01-01": New Year, "2026-12-28..2026-12-31": Between the years}
  special: {"2026-12-24": ["08:00-12:00"]}
"#;

#[test]
fn a_working_day_opens_pauses_and_closes() {
    // A Monday in winter: Berlin is an hour ahead of UTC.
    check(
        &office(OFFICE),
        &[
            ("2026-11-30T06:59:59.999999Z", "closed until 2026-11-30T07:00:00Z"),
            ("2026-11-30T07:00:00Z", "open until 2026-11-30T11:00:00Z"),
            ("2026-11-30T10:59:59Z", "open until 2026-11-30T11:00:00Z"),
            ("2026-11-30T11:00:00Z", "closed until 2026-11-30T12:00:00Z"),
            ("2026-11-30T12:00:00Z", "open until 2026-11-30T17:00:00Z"),
            ("2026-11-30T17:00:00Z", "closed until 2026-12-01T07:00:00Z"),
        ],
    );
}

#[test]
fn a_weekend_is_closed_until_monday() {
    check(
        &office(OFFICE),
        &[
            ("2026-11-28T10:00:00Z", "open until 2026-11-28T11:00:00Z"),
            ("2026-11-28T11:00:00Z", "closed until 2026-11-30T07:00:00Z"),
            ("2026-11-29T12:00:00Z", "closed until 2026-11-30T07:00:00Z"),
        ],
    );
}

#[test]
fn holidays_have_names_and_special_days_their_own_hours() {
    check(
        &office(OFFICE),
        &[
            ("2026-12-24T08:00:00Z", "open until 2026-12-24T11:00:00Z"),
            // The afternoon of the 24th is closed without a name; the next day's begins at midnight.
            ("2026-12-24T12:00:00Z", "closed until 2026-12-24T23:00:00Z"),
            ("2026-12-25T09:00:00Z", "holiday Christmas Day until 2026-12-25T23:00:00Z"),
            ("2026-12-26T09:00:00Z", "open until 2026-12-26T11:00:00Z"),
            ("2026-12-28T09:00:00Z", "holiday Between the years until 2026-12-31T23:00:00Z"),
            ("2027-01-01T09:00:00Z", "holiday New Year until 2027-01-01T23:00:00Z"),
            ("2027-01-02T09:00:00Z", "open until 2027-01-02T11:00:00Z"),
            ("2027-12-28T09:00:00Z", "open until 2027-12-28T11:00:00Z"),
            ("2040-01-01T09:00:00Z", "holiday New Year until 2040-01-01T23:00:00Z"),
        ],
    );
}

#[test]
fn a_special_day_counts_before_a_holiday_around_it() {
    let schedule = office(
        r#"{zone: UTC, weekly: {mon-sun: ["08:00-12:00"]}, holidays: {"2026-12-20..2026-12-31": Winter, "12-31": Eve},
            special: {"2026-12-29": ["10:00-11:00"]}}"#,
    );
    check(
        &schedule,
        &[
            ("2026-12-28T10:30:00Z", "holiday Winter until 2026-12-29T00:00:00Z"),
            ("2026-12-29T09:00:00Z", "closed until 2026-12-29T10:00:00Z"),
            ("2026-12-29T10:30:00Z", "open until 2026-12-29T11:00:00Z"),
            ("2026-12-29T11:00:00Z", "closed until 2026-12-30T00:00:00Z"),
            // A date counts before the same day of every year.
            ("2026-12-31T10:30:00Z", "holiday Winter until 2027-01-01T00:00:00Z"),
            ("2027-12-31T10:30:00Z", "holiday Eve until 2028-01-01T00:00:00Z"),
        ],
    );
}

#[test]
fn a_night_belongs_to_the_day_on_which_it_begins() {
    let schedule = office(
        r#"{zone: UTC, weekly: {fri: ["22:00-30:00"], sun: ["22:00-30:00"]},
            holidays: {"2026-12-05": Rest, "2026-12-11": Off}}"#,
    );
    check(
        &schedule,
        &[
            ("2026-12-04T21:00:00Z", "closed until 2026-12-04T22:00:00Z"),
            // Friday's night goes on into the holiday, whose name is heard from its end on.
            ("2026-12-04T23:00:00Z", "open until 2026-12-05T06:00:00Z"),
            ("2026-12-05T05:59:00Z", "open until 2026-12-05T06:00:00Z"),
            ("2026-12-05T06:00:00Z", "holiday Rest until 2026-12-06T00:00:00Z"),
            ("2026-12-07T05:00:00Z", "open until 2026-12-07T06:00:00Z"),
            // A holiday takes the night that would begin on it.
            ("2026-12-11T23:00:00Z", "holiday Off until 2026-12-12T00:00:00Z"),
            ("2026-12-12T03:00:00Z", "closed until 2026-12-13T22:00:00Z"),
        ],
    );
}

#[test]
fn spans_that_meet_are_one() {
    let schedule = office(
        r#"{zone: UTC, weekly: {mon: ["12:00-24:00", "08:00-12:00"], tue: ["00:00-06:00"], wed: ["06:00-30:00"]}}"#,
    );
    check(
        &schedule,
        &[
            ("2026-11-30T09:00:00Z", "open until 2026-12-01T06:00:00Z"),
            ("2026-12-02T09:00:00Z", "open until 2026-12-03T06:00:00Z"),
        ],
    );
}

#[test]
fn what_never_changes_is_told_so() {
    let always = office(r#"{zone: Europe/Berlin, weekly: {mon-sun: ["00:00-24:00"]}}"#);
    check(&always, &[("2026-11-30T09:00:00Z", "open for good")]);
    let never = office("{zone: Europe/Berlin, weekly: {}}");
    check(&never, &[("2026-11-30T09:00:00Z", "closed for good")]);
    let but_once =
        office(r#"{zone: UTC, weekly: {mon-sun: ["00:00-24:00"]}, holidays: {"12-25": Christmas Day}}"#);
    check(
        &but_once,
        &[
            ("2026-12-26T00:00:00Z", "open until 2027-12-25T00:00:00Z"),
            ("2026-12-25T12:00:00Z", "holiday Christmas Day until 2026-12-26T00:00:00Z"),
        ],
    );
    let long_ahead = office(r#"{zone: UTC, weekly: {}, special: {"2030-01-01": ["08:00-12:00"]}}"#);
    check(
        &long_ahead,
        &[
            ("2026-11-30T09:00:00Z", "closed for good"),
            ("2029-01-01T09:00:00Z", "closed until 2030-01-01T08:00:00Z"),
        ],
    );
}

#[test]
fn what_is_decided_by_hand_counts_before_the_hours() {
    let schedule = office(OFFICE);
    let open = Some(Override { open: true, until: None });
    check_with(&schedule, open, &[("2026-12-25T12:00:00Z", "open for good")]);
    let closed = Some(Override { open: false, until: None });
    check_with(&schedule, closed, &[("2026-11-30T08:00:00Z", "closed for good")]);

    let closed = Some(Override { open: false, until: Some(utc("2026-11-30T08:30:00Z")) });
    check_with(
        &schedule,
        closed,
        &[
            ("2026-11-30T08:00:00Z", "closed until 2026-11-30T08:30:00Z"),
            // From then on the hours count again.
            ("2026-11-30T08:30:00Z", "open until 2026-11-30T11:00:00Z"),
            ("2026-11-30T11:30:00Z", "closed until 2026-11-30T12:00:00Z"),
        ],
    );
    // It ends in a pause, in hours, and on a holiday.
    let in_pause = Some(Override { open: false, until: Some(utc("2026-11-30T11:30:00Z")) });
    check_with(&schedule, in_pause, &[("2026-11-30T08:00:00Z", "closed until 2026-11-30T12:00:00Z")]);
    let in_hours = Some(Override { open: true, until: Some(utc("2026-11-30T08:00:00Z")) });
    check_with(&schedule, in_hours, &[("2026-11-30T05:00:00Z", "open until 2026-11-30T11:00:00Z")]);
    let on_holiday = Some(Override { open: false, until: Some(utc("2026-12-25T08:00:00Z")) });
    check_with(&schedule, on_holiday, &[("2026-12-24T08:00:00Z", "closed until 2026-12-25T08:00:00Z")]);
}

#[test]
fn moments_far_away_are_answered() {
    use hotline_base::WallTime;
    let schedule = office(OFFICE);
    let always = office(r#"{zone: Asia/Beirut, weekly: {mon-sun: ["00:00-24:00"]}}"#);
    for at in [i64::MIN, -1, 0, 253_402_300_799_000_000, i64::MAX] {
        let status = schedule.at(WallTime(at), None);
        assert!(status.until.is_none_or(|until| until.0 > at || at == i64::MAX), "{at}: {status:?}");
        assert_eq!(always.at(WallTime(at), None).state, State::Open, "{at}");
    }
}
