//! Masks what nobody needs to see a fault and what would do harm in the wrong hands, before a message is kept or sent
//! on: the answers to digest challenges, which a password can be guessed from; the keys that callers press, which are
//! PINs and card numbers; the keys of SRTP and ICE; what people write to each other.

use core::ops::Range;

use crate::lines::{Edits, find, header, lines, parts};

const MASK: &[u8] = b"***";
/// Fields that hold proofs of a password (RFC 3261 §20.7, §20.27, §20.6).
const CREDENTIALS: [&str; 2] = ["authorization", "proxy-authorization"];
const AUTHENTICATION_INFO: &str = "authentication-info";
/// Parameters that are such a proof (RFC 7616 §3.4, §3.5).
const PROOFS: [&str; 2] = ["response", "rspauth"];
/// Attributes of session descriptions whose value is a secret (RFC 8839 §5.4, RFC 8866 §5.12).
const SECRET_LINES: [&str; 2] = ["a=ice-pwd:", "k="];
/// Keys of SRTP (RFC 4568 §6.1).
const CRYPTO_LINE: &str = "a=crypto:";
const INLINE: &str = "inline:";

/// The message with its secrets masked; `None` if it has none. The length of the body does not change.
#[must_use]
pub fn mask(bytes: &[u8]) -> Option<Vec<u8>> {
    let parts = parts(bytes);
    let mut edits = Edits::default();
    let mut content_type = 0..0;
    for line in parts.head.iter().skip(1) {
        let Some((name, value)) = header(bytes, line) else { continue };
        match name.as_str() {
            name if CREDENTIALS.contains(&name) => credentials(bytes, value, &mut edits),
            AUTHENTICATION_INFO => proofs(bytes, value, &mut edits),
            "content-type" | "c" => content_type = value,
            _ => {}
        }
    }
    if !parts.body.is_empty() {
        let method = parts.head.first().map_or(&b""[..], |line| &bytes[line.clone()]);
        if method.starts_with(b"MESSAGE ") {
            edits.cover(bytes, parts.body);
        } else {
            let keys = keys_in(method, bytes[content_type].trim_ascii());
            body(bytes, parts.body, keys, &mut edits);
        }
    }
    edits.apply(bytes)
}

/// How a body tells pressed keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keys {
    /// It does not.
    None,
    /// In lines `Signal=5`, as `application/dtmf-relay` does.
    Signals,
    /// It is nothing else, as `application/dtmf` is.
    All,
}

fn keys_in(start_line: &[u8], content_type: &[u8]) -> Keys {
    let is = |kind: &str| {
        content_type.get(..kind.len()).is_some_and(|start| start.eq_ignore_ascii_case(kind.as_bytes()))
    };
    if is("application/dtmf-relay") {
        Keys::Signals
    } else if is("application/dtmf") || is("audio/telephone-event") {
        Keys::All
    } else if start_line.starts_with(b"INFO ") {
        Keys::Signals
    } else {
        Keys::None
    }
}

/// `Digest` shows everything but its proof; of another scheme nothing is known, so nothing of it is shown.
fn credentials(bytes: &[u8], value: Range<usize>, edits: &mut Edits) {
    let text = &bytes[value.clone()];
    let begin = value.start + text.len() - text.trim_ascii_start().len();
    let end = begin + bytes[begin..value.end].iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
    // White space stays: it may be what makes the next line part of this one.
    let Some(rest) = skip_space(bytes, end..value.end) else {
        // One word, which may be a scheme or a secret.
        edits.replace(begin..end, MASK);
        return;
    };
    if bytes[begin..end].eq_ignore_ascii_case(b"Digest") {
        proofs(bytes, rest..value.end, edits);
    } else {
        edits.replace(rest..value.end, MASK);
    }
}

/// Masks the value of each parameter that proves a password.
fn proofs(bytes: &[u8], range: Range<usize>, edits: &mut Edits) {
    let mut at = range.start;
    while let Some((name, length)) = next_proof(bytes, at..range.end) {
        at = name + length;
        let before = bytes[..name].last();
        let separate = before.is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b',' | b':'));
        let Some(equals) = skip_space(bytes, at..range.end).filter(|at| bytes[*at] == b'=') else { continue };
        let Some(value) = skip_space(bytes, equals + 1..range.end).filter(|_| separate) else { continue };
        let quoted = bytes[value] == b'"';
        let begin = value + usize::from(quoted);
        let ends =
            |byte: &u8| if quoted { *byte == b'"' } else { byte.is_ascii_whitespace() || *byte == b',' };
        let end = bytes[begin..range.end].iter().position(ends).map_or(range.end, |length| begin + length);
        edits.replace(begin..end, MASK);
        at = end;
    }
}

fn next_proof(bytes: &[u8], range: Range<usize>) -> Option<(usize, usize)> {
    let found = |name: &&str| find(bytes, range.clone(), name).map(|at| (at, name.len()));
    PROOFS.iter().filter_map(found).min()
}

fn skip_space(bytes: &[u8], range: Range<usize>) -> Option<usize> {
    let skipped = bytes[range.clone()].iter().position(|byte| !byte.is_ascii_whitespace())?;
    Some(range.start + skipped)
}

fn body(bytes: &[u8], body: Range<usize>, keys: Keys, edits: &mut Edits) {
    if keys == Keys::All {
        edits.cover(bytes, body);
        return;
    }
    for line in lines(bytes, body) {
        let line = line.content;
        if keys == Keys::Signals
            && let Some(key) = signal(bytes, &line)
        {
            edits.cover(bytes, key);
            continue;
        }
        let starts = |with: &str| {
            let start = bytes.get(line.start..line.start + with.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(with.as_bytes()))
        };
        if let Some(secret) = SECRET_LINES.iter().find(|with| starts(with)) {
            edits.cover(bytes, line.start + secret.len()..line.end);
        } else if starts(CRYPTO_LINE) {
            crypto(bytes, line, edits);
        }
    }
}

/// The key of a line `Signal=5`, spaces allowed everywhere.
fn signal(bytes: &[u8], line: &Range<usize>) -> Option<Range<usize>> {
    let equals = line.start + bytes[line.clone()].iter().position(|&byte| byte == b'=')?;
    let name = bytes[line.start..equals].trim_ascii();
    name.eq_ignore_ascii_case(b"signal").then_some(equals + 1..line.end)
}

/// `inline:KEY|lifetime|MKI`, several of them separated by `;`.
fn crypto(bytes: &[u8], line: Range<usize>, edits: &mut Edits) {
    let mut at = line.start;
    while let Some(inline) = find(bytes, at..line.end, INLINE) {
        let begin = inline + INLINE.len();
        let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'|' | b';');
        let end = bytes[begin..line.end].iter().position(ends).map_or(line.end, |length| begin + length);
        edits.cover(bytes, begin..end);
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn masked(text: &str) -> String {
        let bytes = mask(text.as_bytes()).expect("there is something to mask");
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn the_answer_to_a_challenge_is_masked_and_the_rest_of_it_is_not() {
        let text = "REGISTER sip:h SIP/2.0\r\nAuthorization: Digest username=\"1001\", nonce=\"n\",\r\n \
                    response=\"0123abcd\", uri=\"sip:h\"\r\nproxy-authorization : digest Response = abc,nc=1\r\n\r\n";
        let shown = masked(text);
        assert!(shown.contains("username=\"1001\"") && shown.contains("nonce=\"n\""), "{shown}");
        assert!(shown.contains("response=\"***\", uri=\"sip:h\"\r\n"), "{shown}");
        assert!(shown.contains("Response = ***,nc=1\r\n"), "{shown}");
    }

    #[test]
    fn credentials_of_another_kind_are_masked_whole() {
        let shown =
            masked("BYE x SIP/2.0\r\nAuthorization: Basic QTpi\r\nProxy-Authorization: secret\r\n\r\n");
        assert_eq!(shown, "BYE x SIP/2.0\r\nAuthorization: Basic ***\r\nProxy-Authorization: ***\r\n\r\n");
    }

    #[test]
    fn a_folded_field_stays_one_field() {
        let shown = masked("BYE x SIP/2.0\r\nAuthorization: Digest,x\r\n QTpi,\r\n QTpi\r\nTo: x\r\n\r\n");
        assert_eq!(shown, "BYE x SIP/2.0\r\nAuthorization: Digest,x\r\n ***\r\nTo: x\r\n\r\n");
        assert_eq!(mask(shown.as_bytes()).map(|twice| String::from_utf8(twice).unwrap()), Some(shown));
    }

    #[test]
    fn the_server_s_own_proof_is_masked_too() {
        let shown = masked("SIP/2.0 200 OK\r\nAuthentication-Info: qop=auth, rspauth=\"ab\"\r\n\r\n");
        assert!(shown.contains("qop=auth, rspauth=\"***\""), "{shown}");
    }

    #[test]
    fn a_quote_that_is_not_closed_hides_the_rest_of_the_line() {
        let shown = masked("BYE x SIP/2.0\r\nAuthorization: Digest response=\"abc\r\nTo: x\r\n\r\n");
        assert!(shown.contains("response=\"***\r\nTo: x"), "{shown}");
    }

    #[test]
    fn pressed_keys_are_masked_and_lengths_stay() {
        for (kind, body, hidden) in [
            ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", "Signal=*\r\nDuration=160\r\n"),
            ("Application/DTMF-Relay", "signal= 12\r\n", "signal= **\r\n"),
            ("application/dtmf", "5", "*"),
            ("application/x-unknown", "Duration=1\nSignal = #", "Duration=1\nSignal = *"),
        ] {
            let text = format!("INFO x SIP/2.0\r\nc: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            let shown = masked(&text);
            assert!(shown.ends_with(&format!("\r\n\r\n{hidden}")), "{shown}");
            assert_eq!(shown.len(), text.len());
        }
    }

    #[test]
    fn what_people_write_is_masked_whatever_it_is() {
        for kind in ["text/plain;charset=UTF-8", "application/sdp", "x"] {
            let text = format!("MESSAGE sip:1@h SIP/2.0\r\nContent-Type: {kind}\r\n\r\nmeet me\nat 5");
            assert!(masked(&text).ends_with("\r\n\r\n**** **\n** *"));
        }
    }

    #[test]
    fn keys_of_srtp_and_ice_are_masked() {
        let sdp = "v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0|2^20|1:4;inline:b3RoZXI=\r\n\
                   a=ice-ufrag:u\r\na=ice-pwd:secret\r\nk=clear:abc\r\n";
        let shown = masked(&format!("INVITE x SIP/2.0\r\nContent-Type: application/sdp\r\n\r\n{sdp}"));
        for hidden in ["c2VjcmV0", "b3RoZXI", "secret", "clear:abc"] {
            assert!(!shown.contains(hidden), "{hidden} in {shown}");
        }
        assert!(shown.contains("inline:********|2^20|1:4;inline:********\r\na=ice-ufrag:u\r\n"), "{shown}");
    }

    #[test]
    fn what_holds_no_secret_is_left_alone() {
        let text = "INVITE x SIP/2.0\r\nContent-Type: application/sdp\r\n\r\nv=0\r\ns=response=\"a\"\r\n";
        assert_eq!(mask(text.as_bytes()), None);
        assert_eq!(mask(b""), None);
        assert_eq!(mask(b"SIP/2.0 401 Unauthorized\r\nWWW-Authenticate: Digest nonce=\"n\"\r\n\r\n"), None);
    }

    proptest! {
        #[test]
        fn whatever_stands_around_it_the_proof_is_masked(before in "[ -~]{0,20}", after in "[ -~]{0,20}") {
            let before = before.replace('"', "'");
            let text = format!(
                "REGISTER x SIP/2.0\r\nAuthorization: Digest realm=\"{before}\", response=\"5ec4e7\", x=\"{after}\r\n\r\n"
            );
            prop_assert!(!masked(&text).contains("5ec4e7"));
        }
    }
}
