//! The headers by which a provisional response is numbered and acknowledged: RFC 3262 §7.

use core::fmt;

use serde::{Deserialize, Serialize};

use super::Message;
use super::error::HeaderError;
use super::lexis;
use super::name::HeaderName;
use super::typed::{CSeq, cseq_parts};
use crate::Method;

/// The option tag of reliable provisional responses (RFC 3262 §8.1).
pub(crate) const REL100: &str = "100rel";

/// RAck: which provisional response a PRACK acknowledges (RFC 3262 §7.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RAck {
    /// The response's RSeq.
    pub rseq: u32,
    /// The response's CSeq.
    pub cseq: CSeq,
}

impl fmt::Display for RAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rseq, self.cseq)
    }
}

impl Message {
    /// The number of a provisional response that wants a PRACK (RFC 3262 §7.1), from 1.
    ///
    /// # Errors
    /// If it is no number.
    pub fn rseq(&self) -> Result<Option<u32>, HeaderError> {
        let Some(value) = self.lines(HeaderName::RSeq).next() else { return Ok(None) };
        response_number(value).map(Some)
    }

    /// What a PRACK acknowledges.
    ///
    /// # Errors
    /// If it is not there or wrong.
    pub fn rack(&self) -> Result<RAck, HeaderError> {
        let value = self.lines(HeaderName::RAck).next().ok_or(HeaderError::Missing)?;
        let end = value.iter().position(|byte| lexis::is_space(*byte)).ok_or(HeaderError::Syntax)?;
        let (rseq, rest) = value.split_at(end);
        let rseq = response_number(rseq)?;
        let (number, method) = cseq_parts(lexis::trim(rest))?;
        let method = Method::parse(&lexis::text(method)).ok_or(HeaderError::Syntax)?;
        Ok(RAck { rseq, cseq: CSeq { number, method } })
    }

    /// Whether the sender knows the extension of this option tag (RFC 3261 §20.37).
    #[must_use]
    pub fn supports(&self, option: &str) -> bool {
        self.headers(HeaderName::Supported).any(|known| known.eq_ignore_ascii_case(option))
    }

    /// Whether the sender insists on the extension of this option tag.
    #[must_use]
    pub fn requires(&self, option: &str) -> bool {
        self.require().any(|known| known.eq_ignore_ascii_case(option))
    }
}

/// `response-num`: 1 to 2^32 - 1.
fn response_number(value: &[u8]) -> Result<u32, HeaderError> {
    let number = lexis::number(value).filter(|number| *number != 0);
    number.and_then(|number| u32::try_from(number).ok()).ok_or(HeaderError::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(extra: &str) -> Message {
        let text = format!(
            "PRACK sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@x>;tag=1\r\n\
             To: <sip:b@y>;tag=2\r\nCall-ID: c\r\nCSeq: 2 PRACK\r\n{extra}\r\n"
        );
        Message::parse(text).unwrap()
    }

    #[test]
    fn a_prack_names_the_response_it_acknowledges() {
        let rack = message("RAck: 776656 1  INVITE\r\n").rack().unwrap();
        assert_eq!(rack, RAck { rseq: 776_656, cseq: CSeq { number: 1, method: Method::Invite } });
        assert_eq!(rack.to_string(), "776656 1 INVITE");
        assert_eq!(message("").rack(), Err(HeaderError::Missing));
        for wrong in
            ["1", "1 1", "1  INVITE", "0 1 INVITE", "-1 1 INVITE", "4294967296 1 INVITE", "1 1 IN VITE"]
        {
            assert!(message(&format!("RAck: {wrong}\r\n")).rack().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_response_number_is_from_1_to_the_largest_of_32_bits() {
        assert_eq!(message("").rseq(), Ok(None));
        assert_eq!(message("RSeq: 988789\r\n").rseq(), Ok(Some(988_789)));
        assert_eq!(message("RSeq: 4294967295\r\n").rseq(), Ok(Some(u32::MAX)));
        for wrong in ["0", "4294967296", "", "x", "1 2"] {
            assert_eq!(message(&format!("RSeq: {wrong}\r\n")).rseq(), Err(HeaderError::Number), "{wrong}");
        }
    }

    #[test]
    fn option_tags_are_found_in_any_case_and_on_any_line() {
        let message = message("k: replaces, 100REL\r\nSupported: timer\r\nRequire: 100rel\r\n");
        assert!(message.supports(REL100) && message.supports("timer") && !message.supports("path"));
        assert!(message.requires(REL100) && !message.requires("timer"));
    }
}
