//! Hides who calls whom, for a trace that leaves the house: users and numbers in URIs, display names, names in
//! session descriptions, and every body that is none. Hosts, addresses and everything about the protocol stay.

use core::ops::Range;

use crate::lines::{Edits, find, header, lines, parts};

const MASK: &[u8] = b"***";
/// Fields whose values name people: `"Name" <sip:…>`, long and compact.
const NAMED: [&str; 16] = [
    "from",
    "f",
    "to",
    "t",
    "contact",
    "m",
    "p-asserted-identity",
    "p-preferred-identity",
    "remote-party-id",
    "diversion",
    "history-info",
    "refer-to",
    "r",
    "referred-by",
    "b",
    "reply-to",
];
/// Fields that are text about the call.
const TEXTS: [&str; 3] = ["subject", "s", "organization"];
/// Lines of a session description that name somebody (RFC 8866 §5.2 to §5.6).
const NAMING_LINES: [&[u8]; 4] = [b"s=", b"i=", b"e=", b"p="];
/// Fewer digits are no telephone number.
const DIGITS_MIN: usize = 5;

/// The message without people.
#[must_use]
pub fn redact(bytes: &[u8]) -> Vec<u8> {
    let parts = parts(bytes);
    let mut edits = Edits::default();
    let mut is_sdp = false;
    for (number, line) in parts.head.iter().enumerate() {
        let field = if number == 0 { None } else { header(bytes, line) };
        let Some((name, value)) = field else {
            addresses(bytes, line.clone(), &mut edits);
            continue;
        };
        match name.as_str() {
            name if NAMED.contains(&name) => named(bytes, value, &mut edits),
            name if TEXTS.contains(&name) => edits.replace(value, b" ***"),
            "content-type" | "c" => is_sdp = find(bytes, value, "application/sdp").is_some(),
            "call-id" | "i" => {}
            "authorization" | "proxy-authorization" => account(bytes, value, &mut edits),
            _ => addresses(bytes, value, &mut edits),
        }
    }
    if is_sdp {
        description(bytes, parts.body, &mut edits);
    } else {
        edits.cover(bytes, parts.body);
    }
    edits.apply(bytes).unwrap_or_else(|| bytes.to_vec())
}

/// The names before `<`, then what the addresses hold.
fn named(bytes: &[u8], value: Range<usize>, edits: &mut Edits) {
    let mut at = value.start;
    while at < value.end {
        let open = bytes[at..value.end].iter().position(|&byte| byte == b'<').map(|length| at + length);
        let Some(open) = open else { break };
        let name = name(bytes, at..open);
        addresses(bytes, at..name.start, edits);
        if !name.is_empty() {
            edits.replace(name, b"\"***\"");
        }
        let close =
            bytes[open..value.end].iter().position(|&byte| byte == b'>').map_or(value.end, |end| open + end);
        addresses(bytes, open..close, edits);
        at = close + 1;
    }
    addresses(bytes, at.min(value.end)..value.end, edits);
}

/// The display name at the end of what stands before `<`: a quoted string, or words up to the comma of the address
/// before.
fn name(bytes: &[u8], before: Range<usize>) -> Range<usize> {
    let text = &bytes[before.clone()];
    let end = before.start + text.trim_ascii_end().len();
    let inside = &bytes[before.start..end];
    let begin = match inside.strip_suffix(b"\"") {
        Some(quoted) => {
            let opens = |at: &usize| quoted[*at] == b'"' && (*at == 0 || quoted[*at - 1] != b'\\');
            (0..quoted.len()).rev().find(opens).unwrap_or(0)
        }
        None => inside.iter().rposition(|&byte| byte == b',').map_or(0, |comma| comma + 1),
    };
    let spaces = inside[begin..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    before.start + begin + spaces..end
}

/// The account that is proved, which is somebody's.
fn account(bytes: &[u8], value: Range<usize>, edits: &mut Edits) {
    let quote = find(bytes, value.clone(), "username=\"").map(|at| at + "username=\"".len());
    if let Some(begin) = quote {
        let end = bytes[begin..value.end]
            .iter()
            .position(|&byte| byte == b'"')
            .map_or(value.end, |end| begin + end);
        edits.replace(begin..end, MASK);
        addresses(bytes, end..value.end, edits);
    } else {
        addresses(bytes, value, edits);
    }
}

/// The user of each `sip:` and `sips:`, and the number of each `tel:` and after each `+`.
fn addresses(bytes: &[u8], range: Range<usize>, edits: &mut Edits) {
    let mut at = range.start;
    while at < range.end {
        let scheme = ["sips:", "sip:", "tel:"].into_iter().find(|scheme| {
            let there = bytes[at..range.end].get(..scheme.len());
            there.is_some_and(|text| text.eq_ignore_ascii_case(scheme.as_bytes()))
        });
        let hidden = match scheme {
            Some("tel:") => Some(number(bytes, at + 4..range.end)),
            Some(scheme) => user(bytes, at + scheme.len()..range.end),
            None if bytes[at] == b'+' => {
                Some(number(bytes, at + 1..range.end)).filter(|number| number.len() >= DIGITS_MIN)
            }
            None => None,
        };
        match hidden {
            Some(hidden) => {
                at = hidden.end.max(at + 1);
                edits.replace(hidden, MASK);
            }
            None => at += scheme.map_or(1, str::len),
        }
    }
}

/// What stands before `@`; a URI without one names a host.
fn user(bytes: &[u8], range: Range<usize>) -> Option<Range<usize>> {
    let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'@' | b'<' | b'>' | b'"');
    let end = range.start + bytes[range.clone()].iter().position(ends)?;
    (bytes[end] == b'@').then_some(range.start..end)
}

/// Digits and what people put between them (RFC 3966 §3).
fn number(bytes: &[u8], range: Range<usize>) -> Range<usize> {
    let inside =
        |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'(' | b')' | b'*' | b'#');
    let length = bytes[range.clone()].iter().take_while(|byte| inside(byte)).count();
    range.start..range.start + length
}

fn description(bytes: &[u8], body: Range<usize>, edits: &mut Edits) {
    for line in lines(bytes, body) {
        let line = line.content;
        let text = &bytes[line.clone()];
        if text.starts_with(b"o=") {
            let length = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
            edits.cover(bytes, line.start + 2..line.start + length);
        } else if NAMING_LINES.iter().any(|kind| text.starts_with(kind)) {
            edits.cover(bytes, line.start + 2..line.end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(text: &str) -> String {
        String::from_utf8(redact(text.replace('\n', "\r\n").as_bytes())).unwrap().replace("\r\n", "\n")
    }

    #[test]
    fn nobody_is_left_and_the_protocol_is() {
        let shown = redacted(
            "INVITE sip:+4930901820@192.0.2.1:5060;transport=udp SIP/2.0
Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1
From: \"Ada, Lovelace\" <sip:ada@carrier.example;user=phone>;tag=f1
t: Bob Builder <tel:+49-30-5678;phone-context=x>
Contact: sip:ada@192.0.2.2:5060, Work <sip:ada@192.0.2.3>;q=0.5, \"Home\" <sip:ada@192.0.2.4>
Diversion: <sip:4711@192.0.2.9>;reason=busy
Call-ID: +4930901820@192.0.2.2
CSeq: 1 INVITE
Subject: my account
X-Number: call +4930901820 back
Authorization: Digest username=\"ada\", uri=\"sip:ada@h\", response=\"***\"
Content-Type: application/sdp

v=0
o=ada 12345678 1 IN IP4 192.0.2.2
s=Ada
c=IN IP4 192.0.2.2
m=audio 4000 RTP/AVP 0
",
        );
        assert_eq!(
            shown,
            "INVITE sip:***@192.0.2.1:5060;transport=udp SIP/2.0
Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1
From: \"***\" <sip:***@carrier.example;user=phone>;tag=f1
t: \"***\" <tel:***;phone-context=x>
Contact: sip:***@192.0.2.2:5060, \"***\" <sip:***@192.0.2.3>;q=0.5, \"***\" <sip:***@192.0.2.4>
Diversion: <sip:***@192.0.2.9>;reason=busy
Call-ID: +4930901820@192.0.2.2
CSeq: 1 INVITE
Subject: ***
X-Number: call +*** back
Authorization: Digest username=\"***\", uri=\"sip:***@h\", response=\"***\"
Content-Type: application/sdp

v=0
o=*** 12345678 1 IN IP4 192.0.2.2
s=***
c=IN IP4 192.0.2.2
m=audio 4000 RTP/AVP 0
"
        );
    }

    #[test]
    fn a_body_that_is_no_session_description_is_covered() {
        let shown = redacted("MESSAGE sip:a@h SIP/2.0\nc: text/plain\n\nmeet me\nat 5");
        assert_eq!(shown, "MESSAGE sip:***@h SIP/2.0\nc: text/plain\n\n**** **\n** *");
    }

    #[test]
    fn a_uri_of_a_host_is_left_alone() {
        let text = "OPTIONS sip:hotline.local SIP/2.0\r\nTo: <sip:hotline.local>\r\n\r\n";
        assert_eq!(redact(text.as_bytes()), text.as_bytes());
    }
}
