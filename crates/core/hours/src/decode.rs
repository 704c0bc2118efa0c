//! The section `hours:` of `config/center.yaml`: schedules by id. `docs/configuration.md` explains it to authors.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hotline_base::HoursId;
use hotline_yaml::{Key, Node, Place, Reader, shown, suggest};
use jiff::civil::Date;

use crate::schedule::{DAY_MIN, Schedule, Span};
use crate::zone::Zone;

/// The most schedules of a center.
pub const SCHEDULES_MAX: usize = 200;
/// The most spans of hours of one day.
pub const SPANS_MAX: usize = 8;
/// The most entries of `holidays`.
pub const HOLIDAYS_MAX: usize = 1000;
/// The most days of one span of holidays.
pub const HOLIDAY_SPAN_DAYS_MAX: usize = 366;
/// The longest name of a holiday, in characters.
pub const HOLIDAY_NAME_MAX: usize = 64;
/// The most special days.
pub const SPECIAL_DAYS_MAX: usize = 1000;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// How dates are written.
const DATE_REMEDY: &str = "a date such as \"2026-12-25\"";

/// Reads `hours:`, a mapping of ids to schedules. Every mistake is noted with its place.
pub fn schedules(r: &mut Reader<'_>, node: &Node) -> Option<BTreeMap<HoursId, Schedule>> {
    let entries = r.entries(node, "hours")?;
    if entries.len() > SCHEDULES_MAX {
        r.mistake(node.place, format!("{} schedules", entries.len()), format!("at most {SCHEDULES_MAX}"));
    }
    let mut schedules = BTreeMap::new();
    for (key, value) in entries.into_iter().take(SCHEDULES_MAX) {
        let name = r.check_name(&key.text, key.place, "the name of opening hours");
        if let (Some(()), Some(schedule)) = (name, schedule(r, value)) {
            schedules.insert(HoursId::from(key.text.as_str()), schedule);
        }
    }
    Some(schedules)
}

fn schedule(r: &mut Reader<'_>, node: &Node) -> Option<Schedule> {
    let fields = r.fields(node, "opening hours", &["zone", "weekly", "holidays", "special"])?;
    let zone = r.required(&fields, "zone").and_then(|node| zone(r, node));
    let weekly = r.required(&fields, "weekly").and_then(|node| weekly(r, node));
    let special = match fields.optional("special") {
        Some(node) => special(r, node),
        None => Some(BTreeMap::new()),
    };
    let holidays = match fields.optional("holidays") {
        Some(node) => holidays(r, node, special.as_ref()),
        None => Some(Holidays::default()),
    };
    let holidays = holidays?;
    Some(Schedule {
        zone: zone?,
        weekly: weekly?,
        holidays: holidays.dates,
        yearly: holidays.yearly,
        special: special?,
    })
}

fn zone(r: &mut Reader<'_>, node: &Node) -> Option<Zone> {
    let name = r.text(node, "a time zone such as `Europe/Berlin`")?;
    let zone = Zone::named(name);
    if zone.is_none() {
        let nearest = suggest(name, Zone::names());
        let remedy = if nearest.starts_with("did you mean") {
            nearest
        } else {
            "a name of the IANA time zone database, such as `Europe/Berlin`".to_owned()
        };
        r.mistake(node.place, format!("unknown time zone `{}`", shown(name)), remedy);
    }
    zone
}

/// A span and where it is written.
type Placed = (Span, Place);

fn weekly(r: &mut Reader<'_>, node: &Node) -> Option<[Vec<Span>; 7]> {
    let mut week: [Vec<Placed>; 7] = Default::default();
    let mut taken = BTreeSet::new();
    for (key, value) in r.entries(node, "weekly")? {
        let days = days(r, key);
        let spans = spans(r, value);
        for day in days.into_iter().flatten() {
            if !taken.insert(day) {
                let problem = format!("`{}` is there twice", DAYS[day]);
                r.mistake(key.place, problem, "name each day once");
            } else if let Some(spans) = &spans {
                week[day].clone_from(spans);
            }
        }
    }
    check_midnights(r, &week);
    Some(week.map(|day| day.into_iter().map(|(span, _)| span).collect()))
}

/// `mon`, `mon-fri`, `sat-mon`: days by their number from Monday.
fn days(r: &mut Reader<'_>, key: &Key) -> Option<Vec<usize>> {
    let mut number = |name: &str| {
        let found = DAYS.iter().position(|day| *day == name);
        if found.is_none() {
            let problem = format!("`{}` is no day of the week", shown(name));
            let nearest = suggest(name, DAYS);
            r.mistake(key.place, problem, format!("{nearest}; several as `mon-fri`"));
        }
        found
    };
    let Some((first, last)) = key.text.split_once('-') else { return Some(vec![number(&key.text)?]) };
    let (first, last) = (number(first), number(last));
    let (first, last) = (first?, last?);
    let length = (last + DAYS.len() - first) % DAYS.len();
    Some((0..=length).map(|after| (first + after) % DAYS.len()).collect())
}

/// The spans of a day in their order.
fn spans(r: &mut Reader<'_>, node: &Node) -> Option<Vec<Placed>> {
    let mut spans: Vec<Placed> = Vec::new();
    for item in r.list(node, "spans of hours", SPANS_MAX)? {
        let Some(text) = r.text(item, "hours such as \"08:00-12:00\"") else { continue };
        let Some(span) = span(r, text, item.place) else { continue };
        let overlapped =
            spans.iter().find(|(other, _)| span.from_min < other.to_min && other.from_min < span.to_min);
        if let Some((other, _)) = overlapped {
            let problem = format!("`{}` overlaps `{}`", written(span), written(*other));
            r.mistake(item.place, problem, "join them, or let one end where the other begins");
        } else {
            spans.push((span, item.place));
        }
    }
    spans.sort_unstable();
    Some(spans)
}

/// What goes on after midnight must not run into the hours of the next day.
fn check_midnights(r: &mut Reader<'_>, week: &[Vec<Placed>; 7]) {
    for (day, spans) in week.iter().enumerate() {
        let next = (day + 1) % DAYS.len();
        for (late, place) in spans.iter().filter(|(span, _)| span.to_min > DAY_MIN) {
            let early = week[next].iter().find(|(early, _)| early.from_min + DAY_MIN < late.to_min);
            if let Some((early, _)) = early {
                let (late, early) = (written(*late), written(*early));
                let problem = format!("`{late}` of {} overlaps `{early}` of {}", DAYS[day], DAYS[next]);
                r.mistake(*place, problem, "let one end where the other begins");
            }
        }
    }
}

/// `08:00-12:00`, `18:00-24:00`, `22:00-30:00`.
fn span(r: &mut Reader<'_>, text: &str, place: Place) -> Option<Span> {
    let ends = text.split_once('-').and_then(|(from, to)| Some((minutes(from)?, minutes(to)?)));
    let Some((from_min, to_min)) = ends else {
        let problem = format!("`{}` is no span of hours", shown(text));
        r.mistake(place, problem, "two times such as \"08:00-12:00\"; midnight at the end is 24:00");
        return None;
    };
    if from_min >= DAY_MIN {
        r.mistake(place, format!("`{}` begins on the next day", shown(text)), "write it with that day");
        return None;
    }
    if to_min <= from_min {
        let overnight = written(Span { from_min, to_min: to_min + DAY_MIN });
        let remedy = format!("a later end, or \"{overnight}\" if it ends on the next day");
        r.mistake(place, format!("`{}` does not end after it begins", shown(text)), remedy);
        return None;
    }
    if to_min - from_min > DAY_MIN {
        r.mistake(place, format!("`{}` is longer than a day", shown(text)), "24 hours at most");
        return None;
    }
    Some(Span { from_min, to_min })
}

/// `HH:MM` up to 48:00, as minutes.
fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let number = |digits: &str| {
        let two = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        two.then(|| digits.parse::<u16>().ok())?
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= 2 * DAY_MIN).then_some(total)
}

fn written(span: Span) -> String {
    let time = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    format!("{}-{}", time(span.from_min), time(span.to_min))
}

fn special(r: &mut Reader<'_>, node: &Node) -> Option<BTreeMap<Date, Vec<Span>>> {
    let entries = r.entries(node, "special")?;
    if entries.len() > SPECIAL_DAYS_MAX {
        let problem = format!("{} special days", entries.len());
        r.mistake(node.place, problem, format!("at most {SPECIAL_DAYS_MAX}; those in the past can go"));
    }
    let mut special = BTreeMap::new();
    for (key, value) in entries.into_iter().take(SPECIAL_DAYS_MAX) {
        let date = date(r, &key.text, key, DATE_REMEDY);
        let spans = spans(r, value);
        if let (Some(date), Some(spans)) = (date, spans) {
            special.insert(date, spans.into_iter().map(|(span, _)| span).collect());
        }
    }
    Some(special)
}

#[derive(Default)]
struct Holidays {
    dates: BTreeMap<Date, Arc<str>>,
    yearly: BTreeMap<(i8, i8), Arc<str>>,
}

fn holidays(
    r: &mut Reader<'_>,
    node: &Node,
    special: Option<&BTreeMap<Date, Vec<Span>>>,
) -> Option<Holidays> {
    let entries = r.entries(node, "holidays")?;
    if entries.len() > HOLIDAYS_MAX {
        let problem = format!("{} holidays", entries.len());
        r.mistake(node.place, problem, format!("at most {HOLIDAYS_MAX}; those in the past can go"));
    }
    let mut holidays = Holidays::default();
    for (key, value) in entries.into_iter().take(HOLIDAYS_MAX) {
        let name = holiday_name(r, value);
        let days = holiday_days(r, key);
        let (Some(name), Some(days)) = (name, days) else { continue };
        match days {
            HolidayDays::Yearly(month, day) => {
                holidays.yearly.insert((month, day), name);
            }
            HolidayDays::Dates(dates) => {
                let single = dates.len() == 1;
                for date in dates {
                    if single && special.is_some_and(|special| special.contains_key(&date)) {
                        let problem = format!("{date} is a holiday and has special hours");
                        r.mistake(key.place, problem, "keep one of them");
                    }
                    if let Some(other) = holidays.dates.insert(date, name.clone()) {
                        let problem = format!("{date} is in two holidays, `{other}` and `{name}`");
                        r.mistake(key.place, problem, "name each date once");
                        break;
                    }
                }
            }
        }
    }
    Some(holidays)
}

fn holiday_name(r: &mut Reader<'_>, node: &Node) -> Option<Arc<str>> {
    let name = r.text(node, "the holiday's name")?;
    if (1..=HOLIDAY_NAME_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        return Some(name.into());
    }
    let remedy = format!("1 to {HOLIDAY_NAME_MAX} characters on one line");
    r.mistake(node.place, format!("`{}` is no name of a holiday", shown(name)), remedy);
    None
}

enum HolidayDays {
    Yearly(i8, i8),
    /// At least one.
    Dates(Vec<Date>),
}

/// `2026-12-25`, `12-25` (each year), `2026-12-28..2026-12-31`.
fn holiday_days(r: &mut Reader<'_>, key: &Key) -> Option<HolidayDays> {
    const REMEDY: &str =
        "\"2026-12-25\", \"12-25\" for every year, or \"2026-12-28..2026-12-31\" from one to the other";
    if let Some((first, last)) = key.text.split_once("..") {
        let (first, last) = (date(r, first, key, REMEDY), date(r, last, key, REMEDY));
        return days_between(r, key, first?, last?).map(HolidayDays::Dates);
    }
    if key.text.len() == "12-25".len() {
        // A leap year has every day that any year has.
        let day = date(r, &format!("2024-{}", key.text), key, REMEDY)?;
        return Some(HolidayDays::Yearly(day.month(), day.day()));
    }
    date(r, &key.text, key, REMEDY).map(|date| HolidayDays::Dates(vec![date]))
}

fn days_between(r: &mut Reader<'_>, key: &Key, first: Date, last: Date) -> Option<Vec<Date>> {
    if last < first {
        let problem = format!("`{}` ends before it begins", shown(&key.text));
        r.mistake(key.place, problem, format!("\"{last}..{first}\""));
        return None;
    }
    let following = core::iter::successors(Some(first), |date| date.tomorrow().ok());
    let days: Vec<Date> =
        following.take(HOLIDAY_SPAN_DAYS_MAX + 1).take_while(|date| *date <= last).collect();
    if days.len() > HOLIDAY_SPAN_DAYS_MAX {
        let problem = format!("`{}` is longer than {HOLIDAY_SPAN_DAYS_MAX} days", shown(&key.text));
        r.mistake(key.place, problem, "a shorter span");
        return None;
    }
    Some(days)
}

/// `2026-12-25`, all or a part of what `key` says.
fn date(r: &mut Reader<'_>, text: &str, key: &Key, remedy: &str) -> Option<Date> {
    let fields: Vec<&str> = text.split('-').collect();
    let digits =
        |field: &str, width: usize| field.len() == width && field.bytes().all(|byte| byte.is_ascii_digit());
    let numbers = match fields.as_slice() {
        [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2) => {
            year.parse::<i16>().ok().zip(month.parse::<i8>().ok()).zip(day.parse::<i8>().ok())
        }
        _ => None,
    };
    let Some(((year, month), day)) = numbers else {
        r.mistake(key.place, format!("`{}` is no date", shown(&key.text)), remedy);
        return None;
    };
    let date = Date::new(year, month, day).ok();
    if date.is_none() {
        let remedy = match Date::new(year, month, 1) {
            Ok(first) => format!("that month has {} days", first.days_in_month()),
            Err(_) => "months are 01 to 12".to_owned(),
        };
        r.mistake(key.place, format!("there is no such day: `{}`", shown(&key.text)), remedy);
    }
    date
}
