//! One key of a telephone, or several in a row.

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The most keys of a sequence.
pub const MAX_SEQUENCE: usize = 8;

/// The keys of telephones.
pub(crate) const KEYS: &str = "0123456789*#ABCD";

/// Keys that are pressed one after the other, at least one. Written and stored as a text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeySequence {
    /// Zeros follow the last key.
    keys: [u8; MAX_SEQUENCE],
}

impl KeySequence {
    /// The keys of a text; `None` if they are none, or more than [`MAX_SEQUENCE`].
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let is_right = (1..=MAX_SEQUENCE).contains(&text.len()) && text.chars().all(|key| KEYS.contains(key));
        let mut keys = [0; MAX_SEQUENCE];
        is_right.then(|| keys[..text.len()].copy_from_slice(text.as_bytes()))?;
        Some(Self { keys })
    }

    /// The keys, as they are pressed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let count = self.keys.iter().take_while(|key| **key != 0).count();
        core::str::from_utf8(&self.keys[..count]).expect("keys of telephones are ASCII")
    }

    /// One key.
    pub(crate) fn one(key: char) -> Option<Self> {
        Self::new(key.encode_utf8(&mut [0; 4]))
    }

    /// These keys and one more; `None` if that is too many.
    pub(crate) fn then(self, key: char) -> Option<Self> {
        Self::new(&format!("{}{key}", self.as_str()))
    }

    /// Whether `other` begins with these keys and has more.
    pub(crate) fn begins(&self, other: &Self) -> bool {
        self != other && other.as_str().starts_with(self.as_str())
    }
}

impl fmt::Display for KeySequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for KeySequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for KeySequence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for KeySequence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).ok_or_else(|| de::Error::custom("not keys of a telephone"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_telephones_and_at_most_eight() {
        for text in ["1", "12", "*7#", "A", "12345678"] {
            assert_eq!(KeySequence::new(text).map(|keys| keys.to_string()).as_deref(), Some(text));
        }
        for text in ["", "x", "1 2", "123456789", "é", "a"] {
            assert_eq!(KeySequence::new(text), None, "{text}");
        }
    }

    #[test]
    fn a_sequence_begins_longer_ones_only() {
        let keys = |text| KeySequence::new(text).unwrap();
        assert!(keys("1").begins(&keys("12")));
        assert!(
            !keys("1").begins(&keys("1")) && !keys("12").begins(&keys("1")) && !keys("2").begins(&keys("12"))
        );
        assert_eq!(keys("1").then('2'), Some(keys("12")));
        assert_eq!(keys("12345678").then('9'), None);
    }

    #[test]
    fn it_is_stored_like_a_text() {
        let keys = KeySequence::new("12").unwrap();
        assert_eq!(serde_json::to_string(&keys).unwrap(), "\"12\"");
        assert_eq!(serde_json::from_str::<KeySequence>("\"12\"").unwrap(), keys);
        assert!(serde_json::from_str::<KeySequence>("\"\"").is_err());
    }
}
