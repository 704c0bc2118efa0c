//! English as spoken in America: no "and" inside numbers ("one hundred five"), the month before the day, twelve
//! hours with a.m. and p.m.
//!
//! Zero is "zero" wherever it is counted off, since over the telephone "oh" passes for a letter; it is "oh" in
//! years and minutes, where nobody says anything else. Noon and midnight have names, as 12 p.m. is taken for either.

use super::{Currency, Spoken, SpokenKind, Words, calendar, parts};

/// From the largest. Each has its prompts `number_<name>` and `ordinal_<name>`.
const SCALES: [(u64, &str); 3] =
    [(1_000_000_000, "number_billion"), (1_000_000, "number_million"), (1000, "number_thousand")];
/// Longest first. One has its own prompt, more than one another.
const UNITS: [(u32, &str, &str); 4] = [
    (86_400, "duration_day", "duration_days"),
    (3600, "duration_hour", "duration_hours"),
    (60, "duration_minute", "duration_minutes"),
    (1, "duration_second", "duration_seconds"),
];

/// A currency's words, one and several.
struct Coins {
    unit: [&'static str; 2],
    minor: [&'static str; 2],
}

const fn coins(currency: Currency) -> Coins {
    match currency {
        Currency::Cny => {
            Coins { unit: ["money_cny", "money_cny"], minor: ["money_cny_minor", "money_cny_minor"] }
        }
        Currency::Usd => Coins {
            unit: ["money_usd", "money_usd_many"],
            minor: ["money_usd_minor", "money_usd_minor_many"],
        },
        Currency::Eur => Coins {
            unit: ["money_eur", "money_eur_many"],
            minor: ["money_eur_minor", "money_eur_minor_many"],
        },
        Currency::Gbp => Coins {
            unit: ["money_gbp", "money_gbp_many"],
            minor: ["money_gbp_minor", "money_gbp_minor_many"],
        },
    }
}

/// Says a value that is in range.
pub(super) fn say(spoken: &Spoken) -> Words {
    let mut words = Words::default();
    match spoken {
        Spoken::Number(number) => {
            sign(&mut words, *number);
            cardinal(&mut words, number.unsigned_abs());
        }
        Spoken::Decimal { unscaled, places } => {
            sign(&mut words, *unscaled);
            let (whole, fraction) = parts(*unscaled, *places);
            cardinal(&mut words, whole);
            if *places > 0 {
                words.push("point");
                words.numerals(fraction, usize::from(*places));
            }
        }
        Spoken::Ordinal(place) => ordinal(&mut words, u64::from(*place)),
        Spoken::Digits(digits) => digits.expose().chars().for_each(|digit| counted(&mut words, digit)),
        Spoken::Money { minor, currency } => money(&mut words, *minor, &coins(*currency)),
        Spoken::Date { year, month, day, weekday } => {
            if *weekday {
                words.series("weekday", [u64::from(calendar::weekday(*year, *month, *day))]);
            }
            words.series("month", [u64::from(*month)]);
            ordinal(&mut words, u64::from(*day));
            said_year(&mut words, u64::from(*year));
        }
        Spoken::Time { hour, minute } => time(&mut words, *hour, *minute),
        Spoken::Duration { seconds } => duration(&mut words, *seconds),
    }
    words
}

/// Every prompt that values of a kind may need.
pub(super) fn vocabulary(kind: SpokenKind) -> Words {
    let mut words = Words::default();
    match kind {
        SpokenKind::Number => signed_numbers(&mut words),
        SpokenKind::Decimal => {
            signed_numbers(&mut words);
            words.push("point");
        }
        SpokenKind::Ordinal => {
            words.series("number", one_word().filter(|n| *n > 0));
            words.push("number_hundred");
            words.series("ordinal", one_word().filter(|n| *n > 0));
            words.push("ordinal_hundred");
            for (_, scale) in SCALES {
                words.push(scale);
                words.push(&scale.replace("number_", "ordinal_"));
            }
        }
        SpokenKind::Digits => {
            words.series("number", 0..=9);
            words.extend(&["digit_plus", "digit_star", "digit_hash"]);
        }
        SpokenKind::Money(currency) => {
            let coins = coins(currency);
            signed_numbers(&mut words);
            words.push("money_and");
            words.extend(&coins.unit);
            words.extend(&coins.minor);
        }
        SpokenKind::Date => date_words(&mut words),
        SpokenKind::DateWithWeekday => {
            words.series("weekday", 1..=7);
            date_words(&mut words);
        }
        SpokenKind::Time => {
            words.series("number", (1..=20).chain([30, 40, 50]));
            words.extend(&["digit_oh", "time_hour", "time_am", "time_pm", "time_midnight", "time_noon"]);
        }
        SpokenKind::Duration => {
            numbers(&mut words);
            UNITS.iter().for_each(|(_, one, several)| words.extend(&[one, several]));
        }
    }
    words
}

/// The numbers that are one word.
fn one_word() -> impl Iterator<Item = u64> {
    (0..=20).chain((30..=90).step_by(10))
}

fn numbers(words: &mut Words) {
    words.series("number", one_word());
    words.push("number_hundred");
    SCALES.iter().for_each(|(_, scale)| words.push(scale));
}

fn signed_numbers(words: &mut Words) {
    words.push("minus");
    numbers(words);
}

fn date_words(words: &mut Words) {
    words.series("month", 1..=12);
    words.series("ordinal", (1..=20).chain([30]));
    words.series("number", one_word().filter(|n| *n > 0));
    words.extend(&["number_hundred", "number_thousand", "digit_oh"]);
}

fn sign(words: &mut Words, number: i64) {
    if number < 0 {
        words.push("minus");
    }
}

fn cardinal(words: &mut Words, number: u64) {
    if number == 0 {
        words.numeral(0);
    }
    let mut rest = number;
    for (scale, name) in SCALES {
        if rest >= scale {
            below_thousand(words, rest / scale);
            words.push(name);
            rest %= scale;
        }
    }
    below_thousand(words, rest);
}

/// Nothing for zero.
fn below_thousand(words: &mut Words, number: u64) {
    if number >= 100 {
        words.numeral(number / 100);
        words.push("number_hundred");
    }
    match number % 100 {
        0 => {}
        rest @ 1..=20 => words.numeral(rest),
        rest => {
            words.numeral(rest / 10 * 10);
            if rest % 10 > 0 {
                words.numeral(rest % 10);
            }
        }
    }
}

/// As the number, with its last word changed: "twenty-one", "twenty-first".
fn ordinal(words: &mut Words, place: u64) {
    cardinal(words, place);
    if let Some(last) = words.0.pop() {
        words.push(&last.as_str().replace("number_", "ordinal_"));
    }
}

fn counted(words: &mut Words, digit: char) {
    match digit {
        '+' => words.push("digit_plus"),
        '*' => words.push("digit_star"),
        '#' => words.push("digit_hash"),
        digit => words.series("number", digit.to_digit(10).map(u64::from)),
    }
}

/// "two dollars and five cents"; a part that is zero is left out, unless both are.
fn money(words: &mut Words, minor: i64, coins: &Coins) {
    sign(words, minor);
    let (whole, hundredths) = parts(minor, 2);
    if whole > 0 || hundredths == 0 {
        counted_unit(words, whole, coins.unit);
    }
    if whole > 0 && hundredths > 0 {
        words.push("money_and");
    }
    if hundredths > 0 {
        counted_unit(words, hundredths, coins.minor);
    }
}

fn counted_unit(words: &mut Words, number: u64, [one, several]: [&str; 2]) {
    cardinal(words, number);
    words.push(if number == 1 { one } else { several });
}

/// In pairs ("nineteen oh five", "twenty twenty-six"), but the first ten years of a millennium as a number ("two
/// thousand five").
fn said_year(words: &mut Words, year: u64) {
    let (century, rest) = (year / 100, year % 100);
    if year % 1000 < 10 {
        cardinal(words, year);
        return;
    }
    below_thousand(words, century);
    match rest {
        0 => words.push("number_hundred"),
        1..=9 => {
            words.push("digit_oh");
            words.numeral(rest);
        }
        _ => below_thousand(words, rest),
    }
}

fn time(words: &mut Words, hour: u8, minute: u8) {
    match (hour, minute) {
        (0, 0) => return words.push("time_midnight"),
        (12, 0) => return words.push("time_noon"),
        _ => {}
    }
    words.numeral(u64::from((hour + 11) % 12 + 1));
    match minute {
        0 => words.push("time_hour"),
        1..=9 => {
            words.push("digit_oh");
            words.numeral(u64::from(minute));
        }
        _ => below_thousand(words, u64::from(minute)),
    }
    words.push(if hour < 12 { "time_am" } else { "time_pm" });
}

/// Parts that are zero are left out; nothing at all is "zero seconds".
fn duration(words: &mut Words, seconds: u32) {
    let mut rest = seconds;
    for (length, one, several) in UNITS {
        let count = rest / length;
        rest %= length;
        if count > 0 || (seconds == 0 && length == 1) {
            counted_unit(words, u64::from(count), [one, several]);
        }
    }
}
