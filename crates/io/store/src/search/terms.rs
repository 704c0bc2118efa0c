//! What a finished call is found by: its terms, and the few figures that are compared.

use std::collections::BTreeSet;
use std::time::Duration;

use hotline_call::number::DIGITS_MAX;
use hotline_call::{CallRecord, EndKind, Entry, Source};

/// Words of the notes on one call that it is found by; the rest of longer notes is not looked through.
pub(crate) const WORDS_MAX: usize = 512;
/// Longer words are cut, in characters.
const WORD_CHARS_MAX: usize = 40;
/// Numbers of one call that it is found by.
const NUMBERS_MAX: usize = 16;
/// Digits at the beginning of a number by which it is looked up: the country with the first of an area, and an area with the first of a
/// number.
pub(super) const BEGINNINGS: [usize; 2] = [4, 7];
/// Digits at the end of a number by which it is looked up.
pub(super) const END: usize = 4;

/// Who called whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallDirection {
    /// Somebody outside called.
    In,
    /// Somebody outside was called.
    Out,
    /// An agent called within the center.
    Internal,
}

impl CallDirection {
    /// Of a call.
    #[must_use]
    pub const fn of(record: &CallRecord) -> Self {
        match (&record.source, &record.entry) {
            (Source::Trunk(_), _) => Self::In,
            (Source::Agent(_), Entry::Outside(_)) | (Source::Queue(_), _) => Self::Out,
            (Source::Agent(_), Entry::Number { .. } | Entry::Extension(_) | Entry::Queue(_)) => {
                Self::Internal
            }
        }
    }

    pub(super) fn term(self) -> String {
        format!(
            "i:{}",
            match self {
                Self::In => "in",
                Self::Out => "out",
                Self::Internal => "internal",
            }
        )
    }
}

pub(super) fn cause(kind: EndKind) -> String {
    format!("o:{kind:?}")
}

/// On calls with a recording.
pub(super) const RECORDED: &str = "r:";

/// The figures of a call, and the numbers of those outside.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Figures {
    /// In queues, all stays together, in seconds.
    pub(super) waited_s: i64,
    /// From the moment on that the two heard each other, in seconds; absent if they never did.
    pub(super) talked_s: Option<i64>,
    /// Digits, each between blanks.
    pub(super) numbers: String,
}

impl Figures {
    pub(super) fn of(record: &CallRecord) -> Self {
        let waited: Duration = record.queues.iter().filter_map(|visit| visit.waited()).sum();
        let end = record.ended_at.unwrap_or(record.started_at);
        let talked = record.connected_at.map(|connected| end.since(connected));
        let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        let mut numbers = String::from(" ");
        for number in outside(record) {
            numbers.push_str(&number);
            numbers.push(' ');
        }
        Self { waited_s: seconds(waited), talked_s: talked.map(seconds), numbers }
    }
}

/// Everything but what is said about the call afterwards.
pub(super) fn of_record(record: &CallRecord) -> BTreeSet<String> {
    let mut terms = BTreeSet::from([CallDirection::of(record).term()]);
    terms.extend(record.cause.as_ref().map(|end| cause(end.kind)));
    terms.extend(record.customer.map(|customer| format!("c:{customer}")));
    terms.extend(record.queues.iter().map(|visit| format!("q:{}", visit.queue)));
    if let Source::Trunk(trunk) = &record.source {
        terms.insert(format!("t:{trunk}"));
    }
    terms.extend(record.dials.iter().map(|dial| format!("t:{}", dial.trunk)));
    if let Entry::Number { number, flow } = &record.entry {
        terms.insert(format!("d:{number}"));
        terms.insert(format!("f:{flow}"));
    }
    if !record.recordings.is_empty() {
        terms.insert(RECORDED.to_owned());
    }
    for number in [&record.caller, &record.called] {
        terms.extend(digits(number.expose()).map(|digits| format!("n:{digits}")));
    }
    for number in outside(record) {
        terms.extend(BEGINNINGS.iter().filter_map(|length| beginning(&number, *length)));
        terms.extend(end(&number));
        terms.insert(format!("n:{number}"));
    }
    terms
}

/// The term of the first digits of a number.
pub(super) fn beginning(number: &str, length: usize) -> Option<String> {
    number.get(..length).map(|first| format!("p{length}:{first}"))
}

/// The term of the last digits of a number.
pub(super) fn end(number: &str) -> Option<String> {
    let from = number.len().checked_sub(END)?;
    number.get(from..).map(|last| format!("e:{last}"))
}

/// The term of the last digits of a number as it was sent.
pub(crate) fn end_term(number: &str) -> Option<String> {
    digits(number).and_then(|digits| end(&digits))
}

/// The numbers of those outside, in digits. What is dialled to reach the center is nobody's, and on nearly every call.
fn outside(record: &CallRecord) -> BTreeSet<String> {
    let caller = matches!(record.source, Source::Trunk(_) | Source::Queue(_)).then_some(&record.caller);
    let called = match &record.entry {
        Entry::Outside(number) => Some(number),
        Entry::Number { .. } | Entry::Extension(_) | Entry::Queue(_) => None,
    };
    let dialled = record.dials.iter().filter(|dial| dial.device_of.is_none()).map(|dial| &dial.number);
    let diverted = record.diversion.as_ref().map(|diversion| &diversion.from);
    let numbers = caller.into_iter().chain(called).chain(dialled).chain(diverted);
    numbers.filter_map(|number| digits(number.expose())).take(NUMBERS_MAX).collect()
}

/// The digits of a number as it was sent; none if it has letters before them, or nothing else.
pub(super) fn digits(text: &str) -> Option<String> {
    let text = text.split(['@', ';']).next().unwrap_or_default();
    if text.chars().any(char::is_alphabetic) {
        return None;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).take(DIGITS_MAX).collect();
    (!digits.is_empty()).then_some(digits)
}

/// What was said about a call: codes and the words of the notes.
pub(super) fn of_dispositions<'d>(
    said: impl IntoIterator<Item = (&'d str, Option<&'d str>)>,
) -> BTreeSet<String> {
    let mut terms = BTreeSet::new();
    let mut noted = BTreeSet::new();
    for (code, note) in said {
        terms.insert(format!("x:{code}"));
        words(note.unwrap_or_default(), &mut noted);
    }
    terms.extend(noted);
    terms
}

/// The terms of the words of a text: lower-cased words of letters and digits; of scripts that are written without blanks each two characters
/// that stand together, so that any two of them are found whatever stands around. At most [`WORDS_MAX`] in `terms`.
pub(super) fn words(text: &str, terms: &mut BTreeSet<String>) {
    let mut word = String::new();
    let mut length = 0;
    let mut run: Vec<char> = Vec::new();
    let mut take = |term: &str| {
        if terms.len() < WORDS_MAX {
            terms.insert(format!("w:{term}"));
        }
    };
    for character in text.chars().flat_map(char::to_lowercase).chain([' ']) {
        let is_unspaced = is_unspaced(character);
        if !is_unspaced && !run.is_empty() {
            if let [only] = run.as_slice() {
                take(&only.to_string());
            }
            run.clear();
        }
        if (is_unspaced || !character.is_alphanumeric()) && !word.is_empty() {
            take(&word);
            word.clear();
            length = 0;
        }
        if is_unspaced {
            if let Some(last) = run.last() {
                take(&String::from_iter([*last, character]));
            }
            run.push(character);
        } else if character.is_alphanumeric() && length < WORD_CHARS_MAX {
            word.push(character);
            length += 1;
        }
    }
}

/// Chinese, Japanese, Korean, Thai: scripts whose words are not between blanks, or change at their ends.
const fn is_unspaced(character: char) -> bool {
    matches!(character as u32,
        0x0E00..=0x0E7F | 0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xAC00..=0xD7AF
            | 0xF900..=0xFAFF | 0x20000..=0x3134F)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        let mut terms = BTreeSet::new();
        words(text, &mut terms);
        terms.into_iter().collect()
    }

    #[test]
    fn words_are_lower_case_and_chinese_ones_are_pairs() {
        assert_eq!(of("Wants TWO, by DHL-24."), ["w:24", "w:by", "w:dhl", "w:two", "w:wants"]);
        assert_eq!(of("客户投诉iPhone坏了"), ["w:iphone", "w:坏了", "w:客户", "w:户投", "w:投诉"]);
        assert_eq!(of("好 ok"), ["w:ok", "w:好"]);
        assert_eq!(of(" …\u{0}"), Vec::<String>::new());
        assert_eq!(of("ÄRGER"), ["w:ärger"]);
    }

    #[test]
    fn a_note_without_an_end_has_so_many_words_at_most() {
        let note: String = (0..5000).map(|number| format!("{number} ")).collect();
        assert_eq!(of(&note).len(), WORDS_MAX);
        assert_eq!(of(&"x".repeat(1000)), [format!("w:{}", "x".repeat(WORD_CHARS_MAX))]);
    }

    #[test]
    fn numbers_are_their_digits_and_names_are_none() {
        assert_eq!(digits("+49 (30) 901-820").as_deref(), Some("4930901820"));
        assert_eq!(digits("+4930@carrier7.example").as_deref(), Some("4930"));
        assert_eq!((digits("anonymous"), digits("*"), digits("")), (None, None, None));
        assert_eq!(beginning("49309", 4).as_deref(), Some("p4:4930"));
        assert_eq!((beginning("493", 4), end("820")), (None, None));
        assert_eq!(end("4930901820").as_deref(), Some("e:1820"));
    }
}
