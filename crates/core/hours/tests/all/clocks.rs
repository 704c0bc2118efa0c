//! When clocks are put forward and back, and what they show.

use crate::schedule::{check, office, utc};
use hotline_hours::{LocalTime, Zone};

#[test]
fn the_clock_on_the_wall_counts_in_summer_and_in_winter() {
    let schedule = office(r#"{zone: Europe/Berlin, weekly: {mon-sun: ["08:00-12:00"]}}"#);
    check(
        &schedule,
        &[
            ("2026-03-28T07:00:00Z", "open until 2026-03-28T11:00:00Z"),
            ("2026-03-28T12:00:00Z", "closed until 2026-03-29T06:00:00Z"),
            ("2026-10-24T06:00:00Z", "open until 2026-10-24T10:00:00Z"),
            ("2026-10-24T12:00:00Z", "closed until 2026-10-25T07:00:00Z"),
        ],
    );
}

#[test]
fn berlin_skips_an_hour_in_march() {
    // At 01:00 UTC clocks go from 02:00 to 03:00.
    let around = office(r#"{zone: Europe/Berlin, weekly: {sun: ["01:00-04:00"]}}"#);
    check(&around, &[("2026-03-29T00:00:00Z", "open until 2026-03-29T02:00:00Z")]);
    let begins_inside = office(r#"{zone: Europe/Berlin, weekly: {sun: ["02:30-04:00"]}}"#);
    check(
        &begins_inside,
        &[
            ("2026-03-29T00:59:59Z", "closed until 2026-03-29T01:00:00Z"),
            ("2026-03-29T01:00:00Z", "open until 2026-03-29T02:00:00Z"),
        ],
    );
    let ends_inside = office(r#"{zone: Europe/Berlin, weekly: {sun: ["01:00-02:30"]}}"#);
    check(
        &ends_inside,
        &[
            ("2026-03-29T00:30:00Z", "open until 2026-03-29T01:00:00Z"),
            ("2026-03-29T01:00:00Z", "closed until 2026-04-04T23:00:00Z"),
        ],
    );
    // The span that clocks skip whole is never open.
    let skipped = office(r#"{zone: Europe/Berlin, weekly: {sun: ["02:00-03:00"]}}"#);
    check(
        &skipped,
        &[
            ("2026-03-28T12:00:00Z", "closed until 2026-04-05T00:00:00Z"),
            ("2026-03-29T01:00:00Z", "closed until 2026-04-05T00:00:00Z"),
        ],
    );
}

#[test]
fn berlin_has_an_hour_twice_in_october() {
    // At 01:00 UTC clocks go back from 03:00 to 02:00.
    let around = office(r#"{zone: Europe/Berlin, weekly: {sun: ["01:00-04:00"]}}"#);
    check(&around, &[("2026-10-24T23:00:00Z", "open until 2026-10-25T03:00:00Z")]);
    let begins_inside = office(r#"{zone: Europe/Berlin, weekly: {sun: ["02:30-04:00"]}}"#);
    check(
        &begins_inside,
        &[
            ("2026-10-25T00:29:59Z", "closed until 2026-10-25T00:30:00Z"),
            ("2026-10-25T00:30:00Z", "open until 2026-10-25T03:00:00Z"),
            ("2026-10-25T01:15:00Z", "open until 2026-10-25T03:00:00Z"),
        ],
    );
    let ends_inside = office(r#"{zone: Europe/Berlin, weekly: {sun: ["01:00-02:30"]}}"#);
    check(
        &ends_inside,
        &[
            ("2026-10-25T00:45:00Z", "open until 2026-10-25T01:30:00Z"),
            ("2026-10-25T01:30:00Z", "closed until 2026-11-01T00:00:00Z"),
        ],
    );
}

#[test]
fn a_night_shift_is_an_hour_longer_or_shorter() {
    let schedule = office(r#"{zone: America/New_York, weekly: {sat: ["22:00-30:00"]}}"#);
    check(
        &schedule,
        &[
            // Clocks are put forward at 07:00 UTC on 8 March 2026, and back at 06:00 UTC on 1 November.
            ("2026-03-08T03:00:00Z", "open until 2026-03-08T10:00:00Z"),
            ("2026-11-01T02:00:00Z", "open until 2026-11-01T11:00:00Z"),
        ],
    );
}

#[test]
fn new_york_changes_on_other_sundays_than_berlin() {
    let schedule = office(r#"{zone: America/New_York, weekly: {mon-fri: ["09:00-17:00"]}}"#);
    check(
        &schedule,
        &[
            ("2026-03-06T14:00:00Z", "open until 2026-03-06T22:00:00Z"),
            ("2026-03-06T22:00:00Z", "closed until 2026-03-09T13:00:00Z"),
            ("2026-10-30T21:00:00Z", "closed until 2026-11-02T14:00:00Z"),
        ],
    );
}

#[test]
fn shanghai_changes_no_clocks() {
    let schedule = office(r#"{zone: Asia/Shanghai, weekly: {mon-sun: ["09:00-18:00"]}}"#);
    for day in ["2026-03-29", "2026-07-01", "2026-10-25", "2026-12-31"] {
        let (at, until) = (format!("{day}T01:00:00Z"), format!("open until {day}T10:00:00Z"));
        check(&schedule, &[(at.as_str(), until.as_str())]);
    }
}

#[test]
fn lord_howe_changes_by_half_an_hour() {
    // On 5 April 2026 at 15:00 UTC of the 4th clocks go from 02:00 back to 01:30; on 4 October at 15:30 UTC of the 3rd
    // from 02:00 to 02:30.
    let back = office(r#"{zone: Australia/Lord_Howe, weekly: {sun: ["01:00-01:45"]}}"#);
    check(
        &back,
        &[
            ("2026-04-04T13:59:59Z", "closed until 2026-04-04T14:00:00Z"),
            ("2026-04-04T14:00:00Z", "open until 2026-04-04T15:15:00Z"),
        ],
    );
    let forward = office(r#"{zone: Australia/Lord_Howe, weekly: {sun: ["01:00-02:15"]}}"#);
    check(&forward, &[("2026-10-03T14:30:00Z", "open until 2026-10-03T15:30:00Z")]);
}

#[test]
fn a_midnight_that_clocks_skip_is_no_gap_in_a_day_and_night_service() {
    // Beirut goes from 00:00 to 01:00 at the end of March.
    let schedule = office(r#"{zone: Asia/Beirut, weekly: {mon-sun: ["00:00-24:00"]}}"#);
    check(&schedule, &[("2026-03-28T12:00:00Z", "open for good")]);
    let holiday = office(r#"{zone: Asia/Beirut, weekly: {}, holidays: {"2026-03-29": Change}}"#);
    check(
        &holiday,
        &[
            ("2026-03-28T12:00:00Z", "closed until 2026-03-28T22:00:00Z"),
            ("2026-03-28T22:00:00Z", "holiday Change until 2026-03-29T21:00:00Z"),
        ],
    );
}

#[test]
fn a_date_that_a_place_left_out_is_never_open() {
    // Samoa went from 29 to 31 December 2011.
    let schedule = office(r#"{zone: Pacific/Apia, weekly: {fri: ["08:00-12:00"]}}"#);
    check(&schedule, &[("2011-12-29T20:00:00Z", "closed until 2012-01-05T18:00:00Z")]);
}

#[test]
fn clocks_and_calendars_show_the_time_of_their_place() {
    let shown = |zone: &str, at: &str| {
        let LocalTime { year, month, day, weekday, hour, minute } = Zone::named(zone).unwrap().local(utc(at));
        format!("{year}-{month:02}-{day:02} {weekday} {hour:02}:{minute:02}")
    };
    assert_eq!(shown("Europe/Berlin", "2026-11-29T22:59:59.9Z"), "2026-11-29 7 23:59");
    assert_eq!(shown("Europe/Berlin", "2026-11-29T23:00:00Z"), "2026-11-30 1 00:00");
    assert_eq!(shown("Europe/Berlin", "2026-07-01T12:00:00Z"), "2026-07-01 3 14:00");
    assert_eq!(shown("Asia/Shanghai", "2026-12-31T16:00:00Z"), "2027-01-01 5 00:00");
    assert_eq!(shown("Australia/Lord_Howe", "2026-07-01T12:00:00Z"), "2026-07-01 3 22:30");
    assert_eq!(shown("America/New_York", "2026-11-01T05:30:00Z"), "2026-11-01 7 01:30");
    assert_eq!(shown("America/New_York", "2026-11-01T06:30:00Z"), "2026-11-01 7 01:30");
    assert_eq!(shown("UTC", "1969-12-31T23:59:59Z"), "1969-12-31 3 23:59");
}

#[test]
fn a_day_begins_at_its_midnight_or_when_the_clocks_skip_that_later() {
    let begins = |zone: &str, year, month, day| Zone::named(zone).unwrap().midnight(year, month, day);
    assert_eq!(begins("Europe/Berlin", 2026, 11, 30), Some(utc("2026-11-29T23:00:00Z")));
    assert_eq!(begins("Asia/Beirut", 2026, 3, 29), Some(utc("2026-03-28T22:00:00Z")));
    assert_eq!(begins("UTC", 2026, 2, 29), None);
}

#[test]
fn every_zone_of_the_database_can_be_used() {
    assert!(Zone::names().count() > 400);
    for name in Zone::names() {
        let zone = Zone::named(name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(zone.name(), name);
    }
    assert!(Zone::named("europe/berlin").is_none());
    assert!(Zone::named("Europe/Berlin/").is_none());
}

#[test]
fn a_day_begins_at_midnight_or_when_clocks_skip_it() {
    for (zone, from, begins) in [
        ("UTC", "2026-11-30T23:59:59Z", "2026-12-01T00:00:00Z"),
        ("UTC", "2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z"),
        ("Europe/Berlin", "2026-03-28T23:30:00Z", "2026-03-29T22:00:00Z"),
        ("America/Asuncion", "2022-10-01T12:00:00Z", "2022-10-02T04:00:00Z"),
    ] {
        let zone = Zone::named(zone).unwrap();
        assert_eq!(zone.day_after(utc(from)), utc(begins), "{from}");
    }
}
