//! One key of a telephone keypad: personal data, since keys spell PINs and card numbers.

use core::fmt;

use serde::{Deserialize, Serialize};

/// A DTMF key, `0`–`9`, `*`, `#`, `A`–`D`: the event codes 0–15 of RFC 4733 §3.2. `Debug` and `Display` hide it;
/// [`Digit::as_char`] is what a reviewer looks for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "char", try_from = "char")]
pub struct Digit(u8);

impl Digit {
    const KEYS: &[u8; 16] = b"0123456789*#ABCD";

    /// The key of an event code; `None` for the codes that are not keys (RFC 4733 §3.2: 16 is a hook flash).
    #[must_use]
    pub const fn from_event_code(code: u8) -> Option<Self> {
        if code < 16 { Some(Self(code)) } else { None }
    }

    /// The key printed as `key`; lower-case letters are taken too.
    #[must_use]
    pub fn from_char(key: char) -> Option<Self> {
        let wanted = u8::try_from(key.to_ascii_uppercase()).ok()?;
        let code = Self::KEYS.iter().position(|known| *known == wanted)?;
        Some(Self(u8::try_from(code).expect("there are sixteen keys")))
    }

    /// The event code, 0–15.
    #[must_use]
    pub const fn event_code(self) -> u8 {
        self.0
    }

    /// What is printed on the key.
    #[must_use]
    pub const fn as_char(self) -> char {
        Self::KEYS[self.0 as usize] as char
    }
}

impl fmt::Debug for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl From<Digit> for char {
    fn from(digit: Digit) -> Self {
        digit.as_char()
    }
}

/// The text is no key of a telephone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a telephone key: expected 0-9, *, #, A-D")]
pub struct NotAKey;

impl TryFrom<char> for Digit {
    type Error = NotAKey;

    fn try_from(key: char) -> Result<Self, NotAKey> {
        Self::from_char(key).ok_or(NotAKey)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_its_code_and_hides_itself() {
        for (code, key) in "0123456789*#ABCD".chars().enumerate() {
            let digit = Digit::from_char(key).unwrap();
            assert_eq!(usize::from(digit.event_code()), code);
            assert_eq!(Digit::from_event_code(digit.event_code()), Some(digit));
            assert_eq!(digit.as_char(), key);
            assert_eq!(format!("{digit} {digit:?}"), "*** ***");
        }
        assert_eq!(Digit::from_char('a'), Digit::from_char('A'));
        assert_eq!(Digit::from_char('e'), None);
        assert_eq!(Digit::from_char('é'), None);
        assert_eq!(Digit::from_event_code(16), None);
    }
}
