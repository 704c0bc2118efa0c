//! What is to be said, and whether it can be.

use hotline_base::Pii;
use sha2::{Digest, Sha256};

use crate::Failure;

/// Characters of a text.
pub const TEXT_MAX: usize = 2000;
/// Characters of a language tag (RFC 5646 §4.4.1).
pub const LANGUAGE_MAX: usize = 35;
/// How fast one may speak, in per cent of the usual. A wish beyond is cut to it.
pub const RATE_PERCENT: std::ops::RangeInclusive<u16> = 50..=200;

/// A text in a language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Utterance {
    /// 1 to [`TEXT_MAX`] characters. Control characters are read as spaces.
    pub text: Pii<String>,
    /// A tag such as `en` or `zh-TW`.
    pub language: String,
    /// 100 is the usual.
    pub rate_percent: u16,
}

impl Utterance {
    /// At the usual rate.
    #[must_use]
    pub fn new(text: &str, language: &str) -> Self {
        Self { text: text.into(), language: language.to_owned(), rate_percent: 100 }
    }

    /// What an engine gets of it.
    pub(crate) fn checked(&self) -> Result<Self, Failure> {
        let language = self.language.to_ascii_lowercase();
        let is_tag = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        // A program must not take it for an option.
        let begins = language.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
        if !begins || language.len() > LANGUAGE_MAX || !language.bytes().all(is_tag) {
            return Err(Failure::Language);
        }
        let text = self.text.expose();
        // The bytes first: a text of megabytes is not read through.
        if text.len() > TEXT_MAX * 4 || text.chars().count() > TEXT_MAX {
            return Err(Failure::TooLong);
        }
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let text = text.trim();
        if text.is_empty() {
            return Err(Failure::Empty);
        }
        let rate_percent = self.rate_percent.clamp(*RATE_PERCENT.start(), *RATE_PERCENT.end());
        Ok(Self { text: text.into(), language, rate_percent })
    }
}

/// The name of what was spoken: the SHA-256 of engine, voice, rate and text. Whoever has it cannot tell the text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(String);

impl Key {
    pub(crate) fn of(parts: &[&str]) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            // Lengths, so that no two lists of parts are the same bytes.
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part.as_bytes());
        }
        Self(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// From the name of a file.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == 64 && text.bytes().all(is_hex)).then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_spoken_is_refused_before_an_engine_is_asked() {
        let check = |text: &str, language: &str| Utterance::new(text, language).checked().err();
        assert_eq!(check("hello", "en"), None);
        assert_eq!(check(&"好".repeat(TEXT_MAX), "zh-TW"), None);
        assert_eq!(check(&"好".repeat(TEXT_MAX + 1), "zh"), Some(Failure::TooLong));
        assert_eq!(check(" \n\t\0 ", "en"), Some(Failure::Empty));
        for language in ["", "-v", "en us", "en;reboot", "../en", &"x".repeat(LANGUAGE_MAX + 1)] {
            assert_eq!(check("hello", language), Some(Failure::Language), "{language}");
        }
    }

    #[test]
    fn what_is_heard_alike_is_one_and_what_is_not_is_not() {
        let spoken = Utterance::new(" one\r\ntwo\0", "EN").checked().unwrap();
        assert_eq!((spoken.text.expose().as_str(), spoken.language.as_str()), ("one  two", "en"));
        assert!(Key::of(&["ab", "c"]) != Key::of(&["a", "bc"]));
        assert!(Key::of(&["a"]) == Key::of(&["a"]));
        let key = Key::of(&["a"]);
        assert!(Key::read(key.as_str()).is_some_and(|read| read == key));
        assert!(Key::read("../../etc/passwd").is_none());
    }
}
