//! What collected digits must be: patterns, check digits, dates.

use std::collections::BTreeSet;

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::util::{start, syntax};
use regex_automata::{Anchored, dfa};
use regex_lite::{Regex, RegexBuilder};

use crate::decode::MAX_DIGITS;
use crate::model::Check;

/// The largest compiled pattern, in bytes. Matching takes time that grows with pattern and digits, never faster.
const PATTERN_BYTES: usize = 64 * 1024;

/// The keys of telephones.
const KEYS: &[u8] = b"0123456789*#ABCD";

/// A pattern for whole numbers, or why it is none.
pub(crate) fn regex(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(PATTERN_BYTES)
        .build()
        .map_err(|error| error.to_string().lines().last().unwrap_or("it cannot be read").trim().to_owned())
}

/// How many keys a number can have that fits the pattern; `None` if that takes too much to tell. `regex-lite` matches, but
/// does not say what could match.
pub(crate) fn lengths_of(pattern: &str) -> Option<Vec<usize>> {
    let limit = Some(16 * PATTERN_BYTES);
    let config = dense::Config::new()
        .start_kind(StartKind::Anchored)
        .dfa_size_limit(limit)
        .determinize_size_limit(limit);
    let syntax = syntax::Config::new().unicode(false).utf8(false);
    let automaton = dense::Builder::new().configure(config).syntax(syntax).build(&format!("^(?:{pattern})$"));
    let automaton: dfa::dense::DFA<Vec<u32>> = automaton.ok()?;
    let start = automaton.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()?;
    let mut states = BTreeSet::from([start]);
    let mut lengths = Vec::new();
    for length in 1..=MAX_DIGITS {
        let next = |state| KEYS.iter().map(move |key| (state, *key));
        states =
            states.into_iter().flat_map(next).map(|(state, key)| automaton.next_state(state, key)).collect();
        states.retain(|state| !automaton.is_dead_state(*state));
        if states.iter().any(|state| automaton.is_match_state(automaton.next_eoi_state(*state))) {
            lengths.push(length);
        }
    }
    Some(lengths)
}

impl Check {
    /// Whether a number may have so many digits, its pattern aside.
    pub(crate) fn allows(&self, length: usize) -> bool {
        let dated = self.date.as_ref().is_none_or(|format| format.len() == length);
        dated && (self.lengths.is_empty() || self.lengths.contains(&length))
    }

    /// Whether `digits` are what they must be.
    pub(crate) fn accepts(&self, digits: &str) -> bool {
        let length = self.lengths.is_empty() || self.lengths.contains(&digits.len());
        let pattern = self
            .regex
            .as_deref()
            .is_none_or(|pattern| regex(pattern).is_ok_and(|regex| regex.is_match(digits)));
        let date = self.date.as_deref().is_none_or(|format| is_date(digits, format));
        length && pattern && date && (!self.luhn || luhn(digits))
    }
}

/// ISO/IEC 7812-1, annex B.
fn luhn(digits: &str) -> bool {
    let mut sum = 0;
    for (index, digit) in digits.bytes().rev().enumerate() {
        if !digit.is_ascii_digit() {
            return false;
        }
        let value = u32::from(digit - b'0') * if index % 2 == 1 { 2 } else { 1 };
        sum += value / 10 + value % 10;
    }
    digits.len() > 1 && sum % 10 == 0
}

/// Whether `digits` written as `format` are a day that exists. A year that is not told may be a leap year.
fn is_date(digits: &str, format: &str) -> bool {
    if digits.len() != format.len() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return false;
    }
    let part = |letter: char| -> Option<u32> {
        let part: String = format
            .chars()
            .zip(digits.chars())
            .filter(|(kind, _)| *kind == letter)
            .map(|(_, digit)| digit)
            .collect();
        part.parse().ok()
    };
    let year = part('Y').unwrap_or(2000);
    let (Some(month), Some(day)) = (part('M'), part('D')) else { return false };
    (1..=12).contains(&month) && (1..=days(year, month)).contains(&day)
}

/// Gregorian.
const fn days(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_those_of_payment_cards() {
        for right in ["79927398713", "4539578763621486", "18"] {
            assert!(luhn(right), "{right}");
        }
        for wrong in ["79927398710", "4539578763621487", "0", "", "12a"] {
            assert!(!luhn(wrong), "{wrong}");
        }
    }

    #[test]
    fn dates_exist_or_not() {
        for (digits, format, exists) in [
            ("20260228", "YYYYMMDD", true),
            ("20260229", "YYYYMMDD", false),
            ("20240229", "YYYYMMDD", true),
            ("19000229", "YYYYMMDD", false),
            ("31122026", "DDMMYYYY", true),
            ("12312026", "MMDDYYYY", true),
            ("31042026", "DDMMYYYY", false),
            ("2902", "DDMM", true),
            ("0000", "DDMM", false),
            ("260130", "YYMMDD", true),
            ("26013", "YYMMDD", false),
        ] {
            assert_eq!(is_date(digits, format), exists, "{digits} as {format}");
        }
    }

    #[test]
    fn patterns_fit_the_whole_number_and_are_bounded() {
        let check = Check { regex: Some("4[0-9]{3}|5".to_owned()), ..Check::default() };
        assert!(
            check.accepts("4123") && check.accepts("5") && !check.accepts("41234") && !check.accepts("15")
        );
        assert!(regex("(").is_err());
        assert!(regex("((a{100}){100}){100}").is_err(), "too large");
    }

    #[test]
    fn how_many_digits_a_pattern_takes_is_known() {
        for (pattern, lengths) in [
            ("4[0-9]{3}|5", vec![1, 4]),
            (r"\d{2,4}", vec![2, 3, 4]),
            ("(?:12)+", (2..=MAX_DIGITS).step_by(2).collect()),
            ("[a-z]+", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(lengths_of(pattern), Some(lengths), "{pattern}");
        }
        assert_eq!(lengths_of(r"\b.{1,32}(?:0|1).{20}"), None, "too large");
    }
}
