//! Why a session ends: the Reason header (RFC 3326), and what a status says about it.

use core::fmt;
use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Longest reason text kept from a peer, in characters.
const MAX_TEXT: usize = 128;

/// The namespace of a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Protocol {
    /// The cause is a SIP status.
    Sip,
    /// The cause is an ISDN one: 16 is normal clearing, 17 is busy.
    Q850,
}

/// One Reason value: `SIP;cause=200;text="Call completed elsewhere"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Which numbers `cause` is from.
    pub protocol: Protocol,
    /// The status or the Q.850 cause.
    pub cause: u16,
    /// For people; may be empty.
    pub text: Cow<'static, str>,
}

impl Reason {
    /// RFC 3326 §3.1. The call was answered by somebody else; the phone shows no missed call.
    pub const COMPLETED_ELSEWHERE: Self = Self::sip(200, "Call completed elsewhere");
    /// RFC 4028 §10. The session was not refreshed in time.
    pub const SESSION_EXPIRED: Self = Self::sip(408, "Session expired");
    /// ITU-T Q.850 cause 16.
    pub const NORMAL: Self = Self::q850(16, "Normal call clearing");

    /// A SIP status as the reason.
    #[must_use]
    pub const fn sip(cause: u16, text: &'static str) -> Self {
        Self { protocol: Protocol::Sip, cause, text: Cow::Borrowed(text) }
    }

    /// A Q.850 cause as the reason.
    #[must_use]
    pub const fn q850(cause: u16, text: &'static str) -> Self {
        Self { protocol: Protocol::Q850, cause, text: Cow::Borrowed(text) }
    }

    /// Reads one value of the header; `None` for other protocols or without a cause.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let (name, mut rest) = value.split_once(';').unwrap_or((value, ""));
        let protocol = match name.trim() {
            name if name.eq_ignore_ascii_case("SIP") => Protocol::Sip,
            name if name.eq_ignore_ascii_case("Q.850") => Protocol::Q850,
            _ => return None,
        };
        let (mut cause, mut text) = (None, String::new());
        while !rest.is_empty() {
            let (param, tail) = split_param(rest);
            rest = tail;
            match param.split_once('=').map(|(name, value)| (name.trim(), value.trim())) {
                Some((name, value)) if name.eq_ignore_ascii_case("cause") => cause = value.parse().ok(),
                Some((name, value)) if name.eq_ignore_ascii_case("text") => {
                    text = value.trim_matches('"').chars().take(MAX_TEXT).collect();
                }
                Some(_) | None => {}
            }
        }
        Some(Self { protocol, cause: cause?, text: text.into() })
    }

    /// The Q.850 cause, if it is one.
    #[must_use]
    pub fn q850_cause(&self) -> Option<u8> {
        match self.protocol {
            Protocol::Q850 => u8::try_from(self.cause).ok(),
            Protocol::Sip => None,
        }
    }
}

/// The text up to the next `;` that is not in quotes, and what follows it.
fn split_param(text: &str) -> (&str, &str) {
    let mut quoted = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b';' if !quoted => return (&text[..at], &text[at + 1..]),
            _ => {}
        }
    }
    (text, "")
}

impl fmt::Display for Reason {
    /// As the header's value. Quotes, backslashes and line ends in the text are left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = match self.protocol {
            Protocol::Sip => "SIP",
            Protocol::Q850 => "Q.850",
        };
        write!(f, "{protocol};cause={}", self.cause)?;
        if self.text.is_empty() {
            return Ok(());
        }
        f.write_str(";text=\"")?;
        let clean = |character: &char| !matches!(character, '"' | '\\') && !character.is_control();
        self.text.chars().filter(clean).try_for_each(|character| fmt::Write::write_char(f, character))?;
        f.write_str("\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for reason in [Reason::COMPLETED_ELSEWHERE, Reason::NORMAL, Reason::q850(17, "")] {
            assert_eq!(Reason::parse(&reason.to_string()), Some(reason));
        }
        assert_eq!(
            Reason::COMPLETED_ELSEWHERE.to_string(),
            "SIP;cause=200;text=\"Call completed elsewhere\""
        );
    }

    #[test]
    fn reads_spaces_case_and_semicolons_in_text() {
        let reason = Reason::parse("q.850 ; cause = 17 ; text=\"busy; very\"").unwrap();
        assert_eq!((reason.q850_cause(), reason.text.as_ref()), (Some(17), "busy; very"));
        assert_eq!(Reason::parse("SIP;cause=487").unwrap().q850_cause(), None);
    }

    #[test]
    fn other_protocols_and_missing_causes_are_none() {
        for value in ["", "SIP", "X;cause=1", "SIP;cause=99999999", "SIP;text=\"a\""] {
            assert_eq!(Reason::parse(value), None, "{value}");
        }
    }

    #[test]
    fn text_cannot_break_out_of_the_header() {
        let reason = Reason { text: "a\"\r\nVia: x\\".into(), ..Reason::NORMAL };
        assert_eq!(reason.to_string(), "Q.850;cause=16;text=\"aVia: x\"");
    }
}
