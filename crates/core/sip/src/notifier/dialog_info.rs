//! The calls of one phone as a document: RFC 4235 §4. It says how far each has come and who began it, and not with whom
//! it is: numbers are personal data, and a busy lamp needs none.

use core::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::endpoint::SessionId;

/// Calls that one document lists, those furthest along first. A phone with more is as busy as one with so many.
pub const MAX_LISTED: usize = 8;

/// Which part the watched phone has in a call (RFC 4235 §4.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Direction {
    /// It sent the INVITE.
    Initiator,
    /// It got it.
    Recipient,
}

/// How far a call has come (RFC 4235 §3.7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Progress {
    /// The INVITE has left.
    Trying,
    /// It rings.
    Early,
    /// It was answered.
    Confirmed,
    /// It is over.
    Terminated,
}

impl Progress {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Trying => "trying",
            Self::Early => "early",
            Self::Confirmed => "confirmed",
            Self::Terminated => "terminated",
        }
    }
}

/// One call of a watched phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) session: SessionId,
    pub(crate) direction: Direction,
    pub(crate) progress: Progress,
}

/// Those that a document lists, in the order in which they began: of too many, those furthest along.
pub(crate) fn listed(lines: &[Line]) -> Vec<Line> {
    let mut lines = lines.to_vec();
    if lines.len() > MAX_LISTED {
        lines.sort_by_key(|line| (core::cmp::Reverse(line.progress), line.session));
        lines.truncate(MAX_LISTED);
        lines.sort_by_key(|line| line.session);
    }
    lines
}

/// The whole state of `entity`, as the subscription's document number `version`, which begins with 0.
pub(crate) fn dialog_info(entity: &str, version: u32, lines: &[Line]) -> String {
    let mut out = String::with_capacity(256 + lines.len() * 96);
    out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n");
    out.push_str("<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"");
    push(&mut out, version);
    out.push_str("\" state=\"full\" entity=\"");
    escape(&mut out, entity);
    out.push_str("\">\r\n");
    for Line { session, direction, progress } in lines {
        let direction = match direction {
            Direction::Initiator => "initiator",
            Direction::Recipient => "recipient",
        };
        out.push_str("<dialog id=\"");
        push(&mut out, session);
        out.push_str("\" direction=\"");
        out.push_str(direction);
        out.push_str("\"><state>");
        out.push_str(progress.as_str());
        out.push_str("</state></dialog>\r\n");
    }
    out.push_str("</dialog-info>\r\n");
    out
}

fn push(out: &mut String, value: impl core::fmt::Display) {
    write!(out, "{value}").expect("a String takes all that is written");
}

/// Writes `text` as the value of an attribute; what no XML document may hold (XML 1.0 §2.2) is left out.
fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => {}
            other if other.is_control() => {}
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(session: u64, progress: Progress) -> Line {
        Line { session: SessionId(session), direction: Direction::Recipient, progress }
    }

    #[test]
    fn a_phone_without_calls_has_an_empty_document() {
        assert_eq!(
            dialog_info("sip:1001@center.example", 0, &[]),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n\
             <dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"0\" state=\"full\" \
             entity=\"sip:1001@center.example\">\r\n</dialog-info>\r\n"
        );
    }

    #[test]
    fn each_call_says_its_state_and_who_began_it_and_no_number() {
        let called = line(7, Progress::Early);
        let calls = Line { direction: Direction::Initiator, ..line(9, Progress::Confirmed) };
        let text = dialog_info("sip:1001@center.example", 3, &[called, calls]);
        assert!(text.contains(" version=\"3\" "), "{text}");
        assert!(
            text.contains("<dialog id=\"7\" direction=\"recipient\"><state>early</state></dialog>"),
            "{text}"
        );
        assert!(
            text.contains("<dialog id=\"9\" direction=\"initiator\"><state>confirmed</state></dialog>"),
            "{text}"
        );
    }

    #[test]
    fn of_too_many_calls_those_furthest_along_are_listed() {
        let progress = |n: u64| if n.is_multiple_of(5) { Progress::Confirmed } else { Progress::Trying };
        let many: Vec<Line> = (0..20).map(|n| line(n, progress(n))).collect();
        let listed: Vec<u64> = listed(&many).iter().map(|line| line.session.0).collect();
        assert_eq!(listed, [0, 1, 2, 3, 4, 5, 10, 15]);
    }

    proptest! {
        /// Whatever a phone names, it cannot add an element or an attribute.
        #[test]
        fn nothing_can_be_smuggled_in(entity in "\\PC*|[<>&\"'\\x00-\\x1f]*") {
            let text = dialog_info(&entity, 1, &[]);
            let (_, rest) = text.split_once("entity=\"").unwrap();
            let (value, rest) = rest.split_once('"').unwrap();
            prop_assert_eq!(rest, ">\r\n</dialog-info>\r\n");
            prop_assert!(!value.contains(['<', '>', '\'']) && !value.contains(char::is_control));
            let undone = value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
            let undone = undone.replace("&apos;", "'").replace("&amp;", "&");
            let kept: String =
                entity.chars().filter(|c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')).collect();
            prop_assert_eq!(undone, kept);
        }
    }
}
