//! "You are number 23 in line": a caller's position in a queue.

use crate::name::{Language, PromptName};
use crate::spoken::{Spoken, Words, mandarin, phrases};

/// The largest position that is told: beyond it, it would be long to hear and of no comfort.
pub const MAX_NUMBER: u32 = 999;

/// The prompts that say `number` as a position in `language`; empty if the language is unknown or the number above
/// [`MAX_NUMBER`]: better silent than wrong.
///
/// Mandarin is read as in an ordinal (第…位), where two is always 二 and never 两.
#[must_use]
pub fn number_phrases(language: &Language, number: u32) -> Vec<PromptName> {
    if number > MAX_NUMBER {
        return Vec::new();
    }
    if language.as_str() == "zh" {
        let mut words = Words::default();
        mandarin::place_number(&mut words, u64::from(number));
        return words.0;
    }
    phrases(language, &Spoken::Number(i64::from(number))).unwrap_or_default()
}

/// The prompts that tell a caller's position in a queue, 1 being the next; empty where [`number_phrases`] is.
#[must_use]
pub fn position_announcement(language: &Language, position: u32) -> Vec<PromptName> {
    let number = number_phrases(language, position);
    match position {
        _ if number.is_empty() => number,
        0 => Vec::new(),
        1 => vec![PromptName::from(NEXT)],
        _ => {
            let mut prompts = vec![PromptName::from(BEFORE)];
            prompts.extend(number);
            prompts.push(PromptName::from(AFTER));
            prompts
        }
    }
}

/// Every prompt that [`position_announcement`] may name in `language`, so that their presence can be checked.
#[must_use]
pub fn announcement_prompts(language: &Language) -> Vec<PromptName> {
    let mut prompts: Vec<PromptName> =
        (1..=MAX_NUMBER).flat_map(|position| position_announcement(language, position)).collect();
    prompts.sort();
    prompts.dedup();
    prompts
}

/// "You are next in line."
const NEXT: &str = "you_are_next";
/// What is said before the number.
const BEFORE: &str = "you_are_number";
/// What is said after the number.
const AFTER: &str = "in_line";

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of a number as a person would write them.
    fn said(language: &str, number: u32) -> String {
        let prompts = number_phrases(&Language::from(language), number);
        let words: Vec<&str> =
            prompts.iter().map(|prompt| prompt.as_str().strip_prefix("number_").unwrap()).collect();
        words.join(" ")
    }

    #[test]
    fn english_numbers_are_said_as_people_say_them() {
        let expected = [
            (0, "0"),
            (7, "7"),
            (13, "13"),
            (20, "20"),
            (21, "20 1"),
            (90, "90"),
            (100, "1 hundred"),
            (105, "1 hundred 5"),
            (342, "3 hundred 40 2"),
            (999, "9 hundred 90 9"),
        ];
        for (number, words) in expected {
            assert_eq!(said("en", number), words, "{number}");
        }
    }

    #[test]
    fn mandarin_numbers_follow_the_rules_of_positions() {
        let expected = [
            (0, "0"),
            (2, "2"),
            (10, "10"),
            (12, "10 2"),
            (20, "2 10"),
            (22, "2 10 2"),
            (100, "1 hundred"),
            (102, "1 hundred 0 2"),
            (110, "1 hundred 1 10"),
            (112, "1 hundred 1 10 2"),
            (200, "2 hundred"),
            (222, "2 hundred 2 10 2"),
            (999, "9 hundred 9 10 9"),
        ];
        for (number, words) in expected {
            assert_eq!(said("zh", number), words, "{number}");
        }
    }

    #[test]
    fn different_numbers_sound_different() {
        for language in ["en", "zh"] {
            let mut said: Vec<String> = (0..=MAX_NUMBER).map(|number| said(language, number)).collect();
            said.sort();
            said.dedup();
            assert_eq!(said.len(), 1000, "{language}");
        }
    }

    #[test]
    fn positions_are_announced_and_the_first_is_next() {
        let english = Language::from("en");
        assert_eq!(position_announcement(&english, 1), vec![PromptName::from("you_are_next")]);
        let second: Vec<String> =
            position_announcement(&english, 2).iter().map(ToString::to_string).collect();
        assert_eq!(second, ["you_are_number", "number_2", "in_line"]);
    }

    #[test]
    fn what_cannot_be_said_is_not_said() {
        assert_eq!(position_announcement(&Language::from("en"), 1000), Vec::new());
        assert_eq!(position_announcement(&Language::from("en"), 0), Vec::new());
        assert_eq!(position_announcement(&Language::from("xx"), 5), Vec::new());
        assert_eq!(number_phrases(&Language::from("xx"), 5), Vec::new());
    }
}
