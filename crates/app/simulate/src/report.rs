//! The figures of a day in words, with a small chart: for a terminal.

use std::fmt::Write as _;
use std::time::Duration;

use hotline_base::QueueId;

use crate::tally::{INTERVAL, Row, Rules, Seconds, Tally};

/// The longest bar, in characters.
const BAR: u32 = 30;
const HEAD: &str = "  from   offered  answered  abandoned  short  left    SL5    SL4      ASA      90%  longest      AHT   busy  ring";

/// What the figures mean.
const DEFINITIONS: &str = "\
SL5      answered in time / (answered + abandoned - short abandons)
SL4      answered in time / (answered + abandoned)
short    hung up before the queue's time for short abandons
left     the longest wait was over, or the flow led on
ASA      average wait of those who were answered; 90%: nine of ten of them waited no longer
longest  the longest wait of anybody, answered or not
AHT      average talk, hold and after-call work of those who were answered
busy     (talk + hold + after-call work) / (that + ready without a call), of the queue's members
ring     the same with ringing counted as work
Callers count in the quarter of an hour in which they joined, agents' seconds where they passed.
";

/// A table with a chart for each queue, and what its columns mean.
#[must_use]
pub fn report(rules: &Rules, tally: &Tally) -> String {
    let mut text = String::new();
    for queue in tally.queues.keys() {
        table(&mut text, rules, tally, queue);
    }
    if tally.refused > 0 {
        line(
            &mut text,
            &format!("{} callers were turned away: the server or their queue was full.\n", tally.refused),
        );
    }
    let within = rules.answer_within.as_secs_f64();
    line(&mut text, &format!("In time is within {within} s. Bars: # in time, + later, - abandoned, . left."));
    text.push_str(DEFINITIONS);
    text
}

/// The whole day of each queue under two configurations with the same callers, side by side.
#[must_use]
pub fn comparison(rules: &Rules, one: (&str, &Tally), other: (&str, &Tally)) -> String {
    let mut text = String::new();
    for (queue, named) in &rules.queues {
        line(&mut text, &format!("{} ({queue})", named.name));
        line(&mut text, &format!("  {:<12}{:>24}{:>24}", "", tail(one.0), tail(other.0)));
        let whole = [one.1, other.1].map(|tally| (tally.whole(queue), tally.seconds(&named.members, None)));
        for (name, figure) in FIGURES {
            let [left, right] = whole.each_ref().map(|(row, seconds)| figure(row, seconds));
            line(&mut text, &format!("  {name:<12}{left:>24}{right:>24}"));
        }
        text.push('\n');
    }
    text
}

/// A name and how it is told of a queue's whole day.
type Figure = (&'static str, fn(&Row, &Seconds) -> String);

const FIGURES: [Figure; 10] = [
    ("offered", |row, _| row.offered.to_string()),
    ("answered", |row, _| row.answered.to_string()),
    ("abandoned", |row, _| row.abandoned.to_string()),
    ("SL5", |row, _| percent(row.level())),
    ("SL4", |row, _| percent(row.strict_level())),
    ("ASA", |row, _| time(row.speed_of_answer())),
    ("90%", |row, _| time(row.wait_quantile(0.9))),
    ("longest", |row, _| time(Some(row.longest))),
    ("AHT", |row, _| time(row.handle())),
    ("busy", |_, seconds| percent(seconds.occupancy())),
];

fn table(text: &mut String, rules: &Rules, tally: &Tally, queue: &QueueId) {
    let (Some(intervals), Some(named)) = (tally.queues.get(queue), rules.queues.get(queue)) else { return };
    line(text, &format!("{} ({queue})", named.name));
    if intervals.is_empty() {
        line(text, "  nobody came\n");
        return;
    }
    line(text, HEAD);
    let most = intervals.values().map(|row| row.offered).max().unwrap_or_default();
    for (interval, row) in intervals {
        let minutes = u64::from(*interval) * INTERVAL.as_secs() / 60;
        let from = format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let seconds = tally.seconds(&named.members, Some(*interval));
        line(text, &format!("  {from}{}  {}", columns(row, &seconds), bar(row, most)));
    }
    let whole = columns(&tally.whole(queue), &tally.seconds(&named.members, None));
    line(text, &format!("  day  {whole}\n"));
}

fn columns(row: &Row, seconds: &Seconds) -> String {
    format!(
        "{:>10}{:>10}{:>11}{:>7}{:>6}{:>7}{:>7}{:>9}{:>9}{:>9}{:>9}{:>7}{:>6}",
        row.offered,
        row.answered,
        row.abandoned,
        row.short,
        row.left,
        percent(row.level()),
        percent(row.strict_level()),
        time(row.speed_of_answer()),
        time(row.wait_quantile(0.9)),
        time(Some(row.longest)),
        time(row.handle()),
        percent(seconds.occupancy()),
        percent(seconds.occupancy_with_ringing()),
    )
}

/// A character for so many callers that the longest bar fits.
fn bar(row: &Row, most: u32) -> String {
    let scaled = |callers: u32| (callers * BAR).div_ceil(most.max(BAR)) as usize;
    let parts =
        [(row.in_time, "#"), (row.answered - row.in_time, "+"), (row.abandoned, "-"), (row.left, ".")];
    parts.map(|(callers, sign)| sign.repeat(scaled(callers))).concat()
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{:.0} %", share * 100.0))
}

/// Seconds below ten minutes, minutes and seconds from there on.
fn time(time: Option<Duration>) -> String {
    let Some(time) = time else { return "–".to_owned() };
    let seconds = time.as_secs_f64();
    if seconds < 600.0 {
        return format!("{seconds:.1} s");
    }
    format!("{:.0}:{:02.0}", (seconds / 60.0).floor(), (seconds % 60.0).floor())
}

/// The end of a name that is too long for its column.
fn tail(name: &str) -> String {
    const WIDTH: usize = 22;
    let length = name.chars().count();
    name.chars().skip(length.saturating_sub(WIDTH)).collect()
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("memory takes everything");
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use hotline_base::WallTime;

    use super::*;
    use crate::QueueRules;

    fn tally(in_time: u32) -> (Rules, Tally) {
        let queue = QueueId::from("sales");
        let named = QueueRules {
            name: "Sales".to_owned(),
            short_abandon: Duration::from_secs(5),
            members: [].into(),
        };
        let rules = Rules {
            midnight: WallTime(0),
            answer_within: Duration::from_secs(20),
            queues: BTreeMap::from([(queue.clone(), named)]),
        };
        let row = Row {
            offered: 10,
            answered: 8,
            in_time,
            abandoned: 2,
            short: 1,
            waits: (1..=8).map(|wait| Duration::from_secs(wait * 5)).collect(),
            longest: Duration::from_secs(640),
            talk: Duration::from_secs(800),
            ..Row::default()
        };
        let queues = BTreeMap::from([(queue, BTreeMap::from([(33, row)]))]);
        (rules, Tally { queues, ..Tally::default() })
    }

    #[test]
    fn a_row_tells_what_its_columns_promise() {
        let (rules, tally) = tally(4);
        let text = report(&rules, &tally);
        let row = text.lines().find(|line| line.starts_with("  08:15")).unwrap();
        let words: Vec<&str> = row.split_whitespace().collect();
        let expected = [
            "08:15",
            "10",
            "8",
            "2",
            "1",
            "0",
            "44",
            "%",
            "40",
            "%",
            "22.5",
            "s",
            "35.0",
            "s",
            "10:40",
            "100.0",
            "s",
            "–",
            "–",
            "####++++--",
        ];
        assert_eq!(words, expected);
        assert!(text.contains("SL5      answered in time / (answered + abandoned - short abandons)"));
    }

    #[test]
    fn two_configurations_stand_side_by_side() {
        let ((rules, one), (_, other)) = (tally(4), tally(8));
        let text = comparison(&rules, ("a.yaml", &one), ("config/with/a/long/name/other.yaml", &other));
        let level = text.lines().find(|line| line.contains("SL4")).unwrap();
        assert_eq!(level.split_whitespace().collect::<Vec<_>>(), ["SL4", "40", "%", "80", "%"]);
        assert!(text.contains("h/a/long/name/other.yaml") || text.contains("a/long/name/other.yaml"));
    }
}
