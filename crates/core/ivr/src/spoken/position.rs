//! "You are number 23 in line": a caller's position in a queue.

use core::time::Duration;

use hotline_base::Pii;

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

/// The longest wait that is told, in minutes: beyond it, the number would be of no comfort.
pub const MAX_WAIT_MINUTES: u32 = 120;

/// The prompts that tell a caller the expected wait as a range of minutes, each rounded up; empty if the language is
/// unknown or the wait longer than [`MAX_WAIT_MINUTES`].
#[must_use]
pub fn wait_announcement(language: &Language, from: Duration, to: Duration) -> Vec<PromptName> {
    let (from, to) = (minutes(from), minutes(to));
    let said =
        |minutes: u32| phrases(language, &Spoken::Duration { seconds: minutes * 60 }).unwrap_or_default();
    if to > MAX_WAIT_MINUTES || said(1).is_empty() {
        return Vec::new();
    }
    if to <= 1 {
        return vec![PromptName::from(WAIT_SHORT)];
    }
    if from == to {
        return [vec![PromptName::from(WAIT_ABOUT)], said(to)].concat();
    }
    // "Between two and four minutes".
    let low = number_of_minutes(language, from);
    [vec![PromptName::from(WAIT_FROM)], low, vec![PromptName::from(WAIT_TO)], said(to)].concat()
}

/// The prompts that tell an agent how long a caller has waited; empty if the language is unknown.
#[must_use]
pub fn waited_announcement(language: &Language, waited: Duration) -> Vec<PromptName> {
    let seconds = u32::try_from(waited.as_secs()).unwrap_or(u32::MAX);
    // Nobody needs the seconds of minutes.
    let seconds = if seconds < 60 { seconds } else { seconds / 60 * 60 };
    match phrases(language, &Spoken::Duration { seconds }) {
        Some(said) => [vec![PromptName::from(WAITED)], said].concat(),
        None => Vec::new(),
    }
}

/// The prompts that tell a caller which agent comes: its extension, digit by digit; empty if the language is unknown.
#[must_use]
pub fn agent_announcement(language: &Language, extension: &str) -> Vec<PromptName> {
    match phrases(language, &Spoken::Digits(Pii::from(extension))) {
        Some(said) => {
            [vec![PromptName::from(AGENT_NUMBER)], said, vec![PromptName::from(AGENT_COMES)]].concat()
        }
        None => Vec::new(),
    }
}

fn minutes(wait: Duration) -> u32 {
    u32::try_from(wait.as_secs().div_ceil(60)).unwrap_or(u32::MAX).max(1)
}

/// Without the word for minutes, which the end of the range has; in Mandarin as in counting (两, not 二).
fn number_of_minutes(language: &Language, minutes: u32) -> Vec<PromptName> {
    let mut said = phrases(language, &Spoken::Duration { seconds: minutes * 60 }).unwrap_or_default();
    said.retain(|prompt| !prompt.as_str().starts_with("duration_minute"));
    said
}

/// Every prompt that waiting callers may hear by [`position_announcement`] and [`wait_announcement`], and those that are
/// said before two people meet, in `language`, so that their presence can be checked.
#[must_use]
pub fn announcement_prompts(language: &Language) -> Vec<PromptName> {
    let positions = (1..=MAX_NUMBER).flat_map(|position| position_announcement(language, position));
    let minutes = |minutes: u32| Duration::from_secs(u64::from(minutes) * 60);
    let waits = (0..=MAX_WAIT_MINUTES).flat_map(|to| {
        let exactly = wait_announcement(language, minutes(to), minutes(to));
        exactly.into_iter().chain(wait_announcement(language, minutes(to / 2), minutes(to)))
    });
    let waited = waited_announcement(language, minutes(1));
    let agent = agent_announcement(language, "0123456789");
    let mut prompts: Vec<PromptName> = positions.chain(waits).chain(waited).chain(agent).collect();
    prompts.sort();
    prompts.dedup();
    prompts
}

/// "Your expected wait is less than one minute."
const WAIT_SHORT: &str = "wait_short";
/// "Your expected wait is about", before the time.
const WAIT_ABOUT: &str = "wait_about";
/// "Your expected wait is between", before the shorter time.
const WAIT_FROM: &str = "wait_from";
/// "And", before the longer one.
const WAIT_TO: &str = "wait_to";
/// "The caller has waited", before the time.
const WAITED: &str = "waited";
/// "Agent number", before the digits.
const AGENT_NUMBER: &str = "agent_number";
/// "Is with you now", after them.
const AGENT_COMES: &str = "agent_comes";
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
