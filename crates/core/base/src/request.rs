//! Which request of a client something was done for.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest id of a request, in characters.
const LENGTH_MAX: usize = 64;

/// The id of a request from outside, as its sender or this server chose it: it is in answers, logs, records and SIP messages, so that
/// they can be found together. Says nothing of anybody.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RequestId(String);

impl RequestId {
    /// An id as somebody sent it: 1 to 64 letters, digits, `-`, `_` and `.`; `None` if it is anything else. A telephone number is none:
    /// one letter has to be in it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_one = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let is_good = (1..=LENGTH_MAX).contains(&text.len())
            && text.bytes().all(is_one)
            && text.bytes().any(|byte| byte.is_ascii_alphabetic());
        is_good.then(|| Self(text.to_owned()))
    }

    /// As it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_break_a_line_or_name_a_person_is_no_id() {
        for good in ["a", "7f3e-A_b.c", "0123456789abcdef", &"x".repeat(64)] {
            assert_eq!(RequestId::parse(good).map(|id| id.to_string()).as_deref(), Some(good));
        }
        for bad in ["", "a b", "a\r\nVia: x", "+49", "4930123456", "é", &"x".repeat(65)] {
            assert_eq!(RequestId::parse(bad), None, "{bad}");
        }
    }
}
