//! What is wrong with hours is told with its place and what would be right.

use crate::schedule::parse;
use hotline_yaml::{Reader, Source, read};

/// The mistakes of a schedule, as "column: problem = remedy".
fn mistakes(office: &str) -> Vec<String> {
    let found = parse(office).expect_err("it has a mistake");
    found.iter().map(|found| format!("{}: {} = {}", found.column, found.problem, found.remedy)).collect()
}

/// A schedule with these hours on Monday.
fn monday(spans: &str) -> String {
    format!("{{zone: UTC, weekly: {{mon: {spans}}}}}")
}

#[test]
fn each_mistake_says_what_would_be_right() {
    let weekly = |text: &str| format!("{{zone: UTC, weekly: {text}}}");
    let holidays = |text: &str| format!("{{zone: UTC, weekly: {{}}, holidays: {text}}}");
    let special = |text: &str| format!("{{zone: UTC, weekly: {{}}, special: {text}}}");
    for (office, expected) in [
        ("{}".to_owned(), "opening hours without `zone`"),
        ("{zone: UTC}".to_owned(), "opening hours without `weekly`"),
        ("{zone: UTC, weekly: {}, holyday: {}}".to_owned(), "did you mean `holidays`?"),
        ("{zone: Europe/Berln, weekly: {}}".to_owned(), "did you mean `Europe/Berlin`?"),
        ("{zone: europe/berlin, weekly: {}}".to_owned(), "did you mean `Europe/Berlin`?"),
        ("{zone: Asia/Shangai, weekly: {}}".to_owned(), "did you mean `Asia/Shanghai`?"),
        ("{zone: Middle-earth/Shire, weekly: {}}".to_owned(), "such as `Europe/Berlin`"),
        ("{zone: 1, weekly: {}}".to_owned(), "a time zone such as"),
        (weekly("[mon]"), "weekly as a mapping"),
        (weekly(r#"{mno: ["08:00-12:00"]}"#), "did you mean `mon`?"),
        (weekly(r#"{mon-fry: ["08:00-12:00"]}"#), "did you mean `fri`?"),
        (weekly(r#"{monday: ["08:00-12:00"]}"#), "`monday` is no day of the week"),
        (weekly(r#"{mon-fri: ["08:00-12:00"], wed: ["08:00-12:00"]}"#), "`wed` is there twice"),
        (weekly(r#"{mon: ["08:00-12:00"], mon: ["13:00-18:00"]}"#), "`mon` is there twice"),
        (weekly(r#"{mon: ["22:00-30:00"], tue: ["05:00-08:00"]}"#), "overlaps `05:00-08:00` of tue"),
        (weekly(r#"{sun: ["22:00-30:00"], mon: ["05:00-08:00"]}"#), "`22:00-30:00` of sun overlaps"),
        (monday("08:00-12:00"), "a list of spans of hours"),
        (monday("[]"), "1 to 8 of them"),
        (monday("[8]"), "hours such as"),
        (monday(r#"["8:00-12:00"]"#), "two times such as"),
        (monday(r#"["08:00"]"#), "two times such as"),
        (monday(r#"["08:00-12:60"]"#), "`08:00-12:60` is no span of hours"),
        (monday(r#"["08:00-49:00"]"#), "`08:00-49:00` is no span of hours"),
        (monday(r#"["08.00-12.00"]"#), "two times such as"),
        (monday(r#"["é8:00-12:00"]"#), "two times such as"),
        (monday(r#"["24:00-26:00"]"#), "begins on the next day = write it with that day"),
        (monday(r#"["13:00-08:00"]"#), "a later end, or \"13:00-32:00\" if it ends on the next day"),
        (monday(r#"["08:00-08:00"]"#), "does not end after it begins"),
        (monday(r#"["08:00-33:00"]"#), "longer than a day"),
        (monday(r#"["08:00-12:00", "11:59-18:00"]"#), "`11:59-18:00` overlaps `08:00-12:00`"),
        (monday(r#"["08:00-12:00", "08:00-12:00"]"#), "overlaps"),
        (holidays(r#"{"2026-02-29": Leap}"#), "there is no such day: `2026-02-29` = that month has 28 days"),
        (holidays(r#"{"2026-13-01": X}"#), "months are 01 to 12"),
        (holidays(r#"{"02-30": X}"#), "there is no such day: `02-30` = that month has 29 days"),
        (holidays(r#"{"25.12.2026": X}"#), "`25.12.2026` is no date = \"2026-12-25\", \"12-25\" for every year"),
        (holidays(r#"{Christmas: "12-25"}"#), "is no date"),
        (holidays(r#"{"12-24..12-26": X}"#), "is no date"),
        (holidays(r#"{"2026-12-31..2026-12-28": X}"#), "ends before it begins = \"2026-12-28..2026-12-31\""),
        (holidays(r#"{"2026-01-01..2027-12-31": X}"#), "longer than 366 days"),
        (holidays(r#"{"2026-12-25": A, "2026-12-24..2026-12-26": B}"#), "2026-12-25 is in two holidays, `A` and `B`"),
        (holidays(r#"{"12-25": A, "12-25": B}"#), "`12-25` is there twice"),
        (holidays(r#"{"12-25": }"#), "the holiday's name"),
        (holidays(r#"{"12-25": ""}"#), "1 to 64 characters"),
        (special(r#"{"12-24": ["08:00-12:00"]}"#), "`12-24` is no date = a date such as"),
        (special(r#"{"2026-12-24": []}"#), "1 to 8 of them"),
        (special(r#"{"2026-04-31": ["08:00-12:00"]}"#), "that month has 30 days"),
        (
            r#"{zone: UTC, weekly: {}, holidays: {"2026-12-24": Eve}, special: {"2026-12-24": ["08:00-12:00"]}}"#
                .to_owned(),
            "2026-12-24 is a holiday and has special hours",
        ),
    ] {
        let found = mistakes(&office);
        assert!(found.iter().any(|found| found.contains(expected)), "{office}: {found:?}");
    }
}

#[test]
fn mistakes_stand_where_they_are_and_come_at_once() {
    let found =
        mistakes(r#"{zone: UTX, weekly: {mon: ["08:00-12:00", "11:00-13:00"]}, holidays: {"02-30": X}}"#);
    let columns: Vec<&str> = found.iter().map(|found| found.split(':').next().unwrap()).collect();
    assert_eq!(columns, ["16", "51", "79"], "{found:?}");
}

#[test]
fn there_may_be_only_so_much_of_everything() {
    let many =
        |count: usize, entry: &dyn Fn(usize) -> String| (0..count).map(entry).collect::<Vec<_>>().join(", ");
    let dated = |n: usize| format!("\"{}-{:02}-{:02}\"", 2000 + n / 300, n % 300 / 25 + 1, n % 25 + 1);
    let holidays = many(1001, &|n| format!("{}: X", dated(n)));
    let found = mistakes(&format!("{{zone: UTC, weekly: {{}}, holidays: {{{holidays}}}}}"));
    assert!(found[0].contains("1001 holidays = at most 1000"), "{found:?}");
    let special = many(1001, &|n| format!("{}: [\"08:00-12:00\"]", dated(n)));
    let found = mistakes(&format!("{{zone: UTC, weekly: {{}}, special: {{{special}}}}}"));
    assert!(found[0].contains("1001 special days = at most 1000"), "{found:?}");

    let text = many(201, &|n| format!("h{n}: {{zone: UTC, weekly: {{}}}}"));
    let source = Source::new("center.yaml", &format!("{{{text}}}"));
    let node = read(&source).unwrap();
    let mut reader = Reader::new(&source);
    hotline_hours::schedules(&mut reader, &node);
    assert!(reader.into_diagnostics()[0].problem.contains("201 schedules"));
}

#[test]
fn days_may_be_named_around_the_weekend() {
    assert!(parse(r#"{zone: UTC, weekly: {sat-mon: ["08:00-12:00"], tue-fri: ["09:00-10:00"]}}"#).is_ok());
}
