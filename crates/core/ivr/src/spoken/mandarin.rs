//! Mandarin as it is read out on the mainland.
//!
//! Two is 两 before 百, 千, 万 and 亿 and before what is counted (两百, 两万两千, 两点, 两元, 两分钟), and 二 everywhere
//! else: before 十, at the end (十二, 一百零二), in ordinals (第二, 第二百), dates and digits, and after a larger unit of
//! money (十二元二角). Ten is 十 at the beginning and 一十 inside (一百一十). One is 幺 where digits are counted off. Of
//! the forms that are all right the written ones are said: 元 and not 块, 日 and not 号, 三十分 and not 半.

use super::{Currency, Spoken, SpokenKind, Words, calendar, parts};

/// From the largest: groups of four digits.
const GROUPS: [(u64, &str); 3] =
    [(100_000_000, "number_hundred_million"), (10_000, "number_ten_thousand"), (1, "")];
/// Inside a group, from the largest.
const PLACES: [(u64, &str); 4] =
    [(1000, "number_thousand"), (100, "number_hundred"), (10, "number_10"), (1, "")];
/// 两.
const TWO_OF: &str = "number_2_of";
/// Longest first.
const UNITS: [(u32, &str); 4] =
    [(86_400, "duration_day"), (3600, "duration_hour"), (60, "duration_minute"), (1, "duration_second")];

/// How two is said before 百, 千, 万 and 亿.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Two {
    /// 两, as in numbers of things.
    Liang,
    /// 二, as in ordinals.
    Er,
}

/// Says a value that is in range.
pub(super) fn say(spoken: &Spoken) -> Words {
    let mut words = Words::default();
    match spoken {
        Spoken::Number(number) => {
            sign(&mut words, *number);
            cardinal(&mut words, number.unsigned_abs(), Two::Liang);
        }
        Spoken::Decimal { unscaled, places } => {
            sign(&mut words, *unscaled);
            let (whole, fraction) = parts(*unscaled, *places);
            cardinal(&mut words, whole, Two::Liang);
            if *places > 0 {
                words.push("point");
                words.numerals(fraction, usize::from(*places));
            }
        }
        Spoken::Ordinal(place) => {
            words.push("ordinal");
            place_number(&mut words, u64::from(*place));
        }
        Spoken::Digits(digits) => digits.expose().chars().for_each(|digit| counted(&mut words, digit)),
        Spoken::Money { minor, currency } => money(&mut words, *minor, *currency),
        Spoken::Date { year, month, day, weekday } => {
            words.numerals(u64::from(*year), 4);
            words.push("date_year");
            cardinal(&mut words, u64::from(*month), Two::Er);
            words.push("date_month");
            cardinal(&mut words, u64::from(*day), Two::Er);
            words.push("date_day");
            if *weekday {
                words.series("weekday", [u64::from(calendar::weekday(*year, *month, *day))]);
            }
        }
        Spoken::Time { hour, minute } => time(&mut words, *hour, *minute),
        Spoken::Duration { seconds } => duration(&mut words, *seconds),
    }
    words
}

/// A number in an order, without 第.
pub(super) fn place_number(words: &mut Words, place: u64) {
    cardinal(words, place, Two::Er);
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
            words.push("ordinal");
            numbers(&mut words);
        }
        SpokenKind::Digits => {
            words.series("number", [0].into_iter().chain(2..=9));
            words.extend(&["digit_1", "digit_plus", "digit_star", "digit_hash"]);
        }
        SpokenKind::Money(currency) => {
            let (unit, minor) = coins(currency);
            signed_numbers(&mut words);
            words.extend(&[TWO_OF, unit, minor]);
            if currency == Currency::Cny {
                words.push("money_cny_tenth");
            }
        }
        SpokenKind::Date => date_words(&mut words),
        SpokenKind::DateWithWeekday => {
            words.series("weekday", 1..=7);
            date_words(&mut words);
        }
        SpokenKind::Time => {
            words.series("number", 0..=10);
            words.extend(&[TWO_OF, "time_hour", "time_minute", "time_night", "time_morning", "time_noon"]);
            words.extend(&["time_afternoon", "time_evening"]);
        }
        SpokenKind::Duration => {
            numbers(&mut words);
            words.push(TWO_OF);
            UNITS.iter().for_each(|(_, unit)| words.push(unit));
        }
    }
    words
}

fn numbers(words: &mut Words) {
    words.series("number", 0..=10);
    words.extend(&["number_hundred", "number_thousand", "number_ten_thousand", "number_hundred_million"]);
}

fn signed_numbers(words: &mut Words) {
    numbers(words);
    words.extend(&["minus", TWO_OF]);
}

fn date_words(words: &mut Words) {
    words.series("number", 0..=10);
    words.extend(&["date_year", "date_month", "date_day"]);
}

fn sign(words: &mut Words, number: i64) {
    if number < 0 {
        words.push("minus");
    }
}

/// Groups of four digits, 零 where the next group is smaller than its place or a whole group is missing.
fn cardinal(words: &mut Words, number: u64, two: Two) {
    if number == 0 {
        words.numeral(0);
    }
    let mut rest = number;
    let mut begun = false;
    let mut missing = false;
    for (scale, name) in GROUPS {
        let group = rest / scale;
        rest %= scale;
        if group == 0 {
            missing = begun;
            continue;
        }
        if begun && (missing || group < 1000) {
            words.numeral(0);
        }
        if group == 2 && scale > 1 && two == Two::Liang {
            words.push(TWO_OF);
        } else {
            below_ten_thousand(words, group, two, begun);
        }
        if !name.is_empty() {
            words.push(name);
        }
        begun = true;
        missing = false;
    }
}

/// One group. `inside` if something was said before it, so that ten is 一十.
fn below_ten_thousand(words: &mut Words, number: u64, two: Two, inside: bool) {
    let mut begun = false;
    let mut missing = false;
    for (scale, name) in PLACES {
        let digit = number / scale % 10;
        if digit == 0 {
            missing = begun;
            continue;
        }
        if missing {
            words.numeral(0);
        }
        let bare_ten = scale == 10 && digit == 1 && !begun && !inside;
        if digit == 2 && scale >= 100 && two == Two::Liang {
            words.push(TWO_OF);
        } else if !bare_ten {
            words.numeral(digit);
        }
        if !name.is_empty() {
            words.push(name);
        }
        begun = true;
        missing = false;
    }
}

/// A number of things: two alone is 两.
fn amount(words: &mut Words, number: u64) {
    if number == 2 {
        words.push(TWO_OF);
    } else {
        cardinal(words, number, Two::Liang);
    }
}

fn counted(words: &mut Words, digit: char) {
    match digit {
        '1' => words.push("digit_1"),
        '+' => words.push("digit_plus"),
        '*' => words.push("digit_star"),
        '#' => words.push("digit_hash"),
        digit => words.series("number", digit.to_digit(10).map(u64::from)),
    }
}

/// The words of the unit and of its hundredth.
const fn coins(currency: Currency) -> (&'static str, &'static str) {
    match currency {
        Currency::Cny => ("money_cny", "money_cny_minor"),
        Currency::Usd => ("money_usd", "money_usd_minor"),
        Currency::Eur => ("money_eur", "money_eur_minor"),
        Currency::Gbp => ("money_gbp", "money_gbp_minor"),
    }
}

/// 十二元五角, 十二元零五分, 十二美元五十美分. 零 if the tenths are missing; a part that is zero is left out, unless
/// all are.
fn money(words: &mut Words, minor: i64, currency: Currency) {
    sign(words, minor);
    let (whole, hundredths) = parts(minor, 2);
    let (unit, minor_unit) = coins(currency);
    let first = whole == 0;
    if whole > 0 || hundredths == 0 {
        amount(words, whole);
        words.push(unit);
    }
    if !first && (1..=9).contains(&hundredths) {
        words.numeral(0);
    }
    let tenths_apart = currency == Currency::Cny && hundredths >= 10;
    if tenths_apart {
        part(words, hundredths / 10, "money_cny_tenth", first);
    }
    let rest = if tenths_apart { hundredths % 10 } else { hundredths };
    part(words, rest, minor_unit, first && !tenths_apart);
}

/// A part of an amount, nothing if it is zero. Two is 两 in the `first` part only.
fn part(words: &mut Words, count: u64, unit: &str, first: bool) {
    match (count, first) {
        (0, _) => return,
        (_, true) => amount(words, count),
        (_, false) => cardinal(words, count, Two::Liang),
    }
    words.push(unit);
}

fn time(words: &mut Words, hour: u8, minute: u8) {
    words.push(match hour {
        0..=5 => "time_night",
        6..=11 => "time_morning",
        12 => "time_noon",
        13..=17 => "time_afternoon",
        _ => "time_evening",
    });
    // 凌晨零点, 中午十二点.
    amount(words, u64::from(if hour > 12 { hour - 12 } else { hour }));
    words.push("time_hour");
    if minute == 0 {
        return;
    }
    if minute < 10 {
        words.numeral(0);
    }
    cardinal(words, u64::from(minute), Two::Er);
    words.push("time_minute");
}

/// 零 where a unit between two others is missing (一小时零五秒).
fn duration(words: &mut Words, seconds: u32) {
    let mut rest = seconds;
    let mut begun = false;
    let mut missing = false;
    for (length, unit) in UNITS {
        let count = rest / length;
        rest %= length;
        if count == 0 && !(seconds == 0 && length == 1) {
            missing = begun;
            continue;
        }
        if missing {
            words.numeral(0);
        }
        amount(words, u64::from(count));
        words.push(unit);
        begun = true;
        missing = false;
    }
}
