//! The last net under personal data in logs: masks what looks like a telephone number or the user of a SIP URI
//! in a finished line. The first net is `Pii`; this one is for errors and texts that others wrote.

use std::borrow::Cow;

/// A `+` or `tel:` with at least this many digits is taken for a telephone number.
const DIGITS_MIN: usize = 5;
const MASK: &str = "***";

/// `line` with numbers and SIP users masked; borrowed if there is nothing to mask, which is the usual case.
pub(crate) fn redact(line: &str) -> Cow<'_, str> {
    let mut masked = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some((start, length)) = find(&line[at..]) {
        let start = at + start;
        masked.push_str(&line[copied..start]);
        masked.push_str(MASK);
        at = start + length;
        copied = at;
    }
    if copied == 0 {
        return Cow::Borrowed(line);
    }
    masked.push_str(&line[copied..]);
    Cow::Owned(masked)
}

/// The first stretch to mask: where it starts and its length in bytes, which is never 0.
fn find(text: &str) -> Option<(usize, usize)> {
    text.char_indices().find_map(|(index, character)| {
        let rest = &text[index + character.len_utf8()..];
        let length = match character {
            '+' => number_length(rest)?,
            ':' if ends_with_scheme(&text[..index], "tel") => number_length(rest)?,
            ':' if ends_with_scheme(&text[..index], "sip") || ends_with_scheme(&text[..index], "sips") => {
                user_length(rest)?
            }
            _ => return None,
        };
        Some((index + character.len_utf8(), length))
    })
}

/// Digits and visual separators (RFC 3966 §3) after `+` or `tel:`.
fn number_length(text: &str) -> Option<usize> {
    let separates = |byte: u8| matches!(byte, b'-' | b'.' | b'(' | b')' | b' ' | b'/');
    let stretch = text.bytes().take_while(|byte| byte.is_ascii_digit() || separates(*byte)).count();
    let length = text[..stretch].trim_end_matches(|character: char| !character.is_ascii_digit()).len();
    let digits = text[..length].bytes().filter(u8::is_ascii_digit).count();
    (digits >= DIGITS_MIN).then_some(length)
}

fn ends_with_scheme(text: &str, scheme: &str) -> bool {
    let start = text.len().checked_sub(scheme.len());
    start.and_then(|start| text.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(scheme))
}

/// The user part before the `@` of a SIP URI; a URI without one names a host.
fn user_length(text: &str) -> Option<usize> {
    let end =
        text.find(|character: char| character.is_whitespace() || matches!(character, '@' | '<' | '>' | '"'))?;
    (end > 0 && text[end..].starts_with('@')).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_sip_users_are_masked() {
        for (line, shown) in [
            ("caller +4930901820 hung up", "caller +*** hung up"),
            ("caller +49 (30) 90-1820, queue sales", "caller +***, queue sales"),
            ("INVITE sip:anna.meier@example.org;x=1", "INVITE sip:***@example.org;x=1"),
            ("From: \"A\" <sips:+4930901820@10.0.0.1>", "From: \"A\" <sips:***@10.0.0.1>"),
            ("to tel:030901820", "to tel:***"),
            ("王 +8613812345678 王", "王 +*** 王"),
        ] {
            assert_eq!(redact(line), shown);
        }
    }

    #[test]
    fn what_is_no_number_stays_readable() {
        for line in [
            "2026-11-23T06:34:46.123456+00:00 call 019ab4c2-7b3e-7000-8000-123456789012 began",
            "listening on sip:10.0.0.1:5060",
            "5 + 3 calls, 1234567 events",
            "sip: 3 trunks",
        ] {
            assert!(matches!(redact(line), Cow::Borrowed(_)), "{}", redact(line));
        }
    }
}
