//! Telephone numbers as people and carriers write them, brought to one form so that they can be compared.

use serde::{Deserialize, Serialize};

/// The longest number that is looked at, in digits (E.164 allows 15; some carriers send prefixes).
pub const DIGITS_MAX: usize = 24;

/// How numbers are dialled in the country of this center.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DialPlan {
    /// Country code without `+`, for example `49`.
    pub country: String,
    /// What precedes a national number, for example `0`; empty where there is none.
    pub national_prefix: String,
    /// What precedes an international number, for example `00`.
    pub international_prefix: String,
    /// How long every national number is without country code and prefix, for example 10 in the United States;
    /// absent where they differ in length. With it a number is known also without any prefix.
    #[serde(default)]
    pub national_digits: Option<usize>,
}

impl Default for DialPlan {
    fn default() -> Self {
        Self {
            country: "1".to_owned(),
            national_prefix: String::new(),
            international_prefix: "011".to_owned(),
            national_digits: Some(10),
        }
    }
}

/// Brings `text` to E.164 with `+` where the dial plan can tell, else to its bare digits (extensions, short
/// numbers, prefixes without a meaning here). `None` if it holds anything but a number: letters, nothing at all,
/// or more than [`DIGITS_MAX`] digits.
#[must_use]
pub fn normalise(text: &str, plan: &DialPlan) -> Option<String> {
    let text = text.strip_prefix("tel:").unwrap_or(text);
    let text = text.split(';').next().unwrap_or(text).trim();
    let (plus, rest) = text.strip_prefix('+').map_or((false, text), |rest| (true, rest));
    // "+44 (0)20 …" is written by many; the zero is not dialled from abroad.
    let rest = if plus { rest.replace("(0)", "") } else { rest.to_owned() };
    let mut digits = String::with_capacity(rest.len());
    for character in rest.chars() {
        match character {
            '0'..='9' => digits.push(character),
            ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}' => {}
            _ => return None,
        }
    }
    if digits.is_empty() || digits.len() > DIGITS_MAX {
        return None;
    }
    if plus {
        return Some(format!("+{digits}"));
    }
    if let Some(abroad) = strip(&digits, &plan.international_prefix) {
        return Some(format!("+{abroad}"));
    }
    if let Some(national) = strip(&digits, &plan.national_prefix) {
        return Some(format!("+{}{national}", plan.country));
    }
    match plan.national_digits {
        Some(length) if digits.len() == length => Some(format!("+{}{digits}", plan.country)),
        Some(length) if digits.strip_prefix(&plan.country).is_some_and(|rest| rest.len() == length) => {
            Some(format!("+{digits}"))
        }
        Some(_) | None => Some(digits),
    }
}

fn strip<'a>(digits: &'a str, prefix: &str) -> Option<&'a str> {
    if prefix.is_empty() {
        return None;
    }
    digits.strip_prefix(prefix).filter(|rest| rest.len() > 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn germany() -> DialPlan {
        DialPlan {
            country: "49".into(),
            national_prefix: "0".into(),
            international_prefix: "00".into(),
            national_digits: None,
        }
    }

    #[test]
    fn every_way_of_writing_a_number_is_one_number() {
        for text in [
            "+49 30 901820",
            "0049-30-901820",
            "030/901820",
            "tel:+4930901820;phone-context=x",
            "+49 (0)30 901820",
        ] {
            assert_eq!(normalise(text, &germany()).as_deref(), Some("+4930901820"), "{text}");
        }
    }

    #[test]
    fn where_all_numbers_are_equally_long_a_number_is_known_without_any_prefix() {
        let plan = DialPlan::default();
        for text in ["+1 (555) 010-0123", "15550100123", "5550100123", "01115550100123"] {
            assert_eq!(normalise(text, &plan).as_deref(), Some("+15550100123"), "{text}");
        }
        for text in ["1001", "911", "0100123", "25550100123"] {
            assert_eq!(normalise(text, &plan).as_deref(), Some(text));
        }
        let unknown = DialPlan { national_digits: None, ..plan };
        assert_eq!(normalise("5550100123", &unknown).as_deref(), Some("5550100123"));
    }

    #[test]
    fn extensions_and_short_numbers_stay_as_they_are() {
        assert_eq!(normalise("1001", &germany()).as_deref(), Some("1001"));
        assert_eq!(normalise("0", &germany()).as_deref(), Some("0"));
        assert_eq!(normalise("110", &germany()).as_deref(), Some("110"));
    }

    #[test]
    fn what_is_not_a_number_is_refused() {
        for text in ["", "anonymous", "*21#", "12a", "+", "1234567890123456789012345"] {
            assert_eq!(normalise(text, &germany()), None, "{text}");
        }
    }
}
