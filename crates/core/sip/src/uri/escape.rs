//! Percent escapes (RFC 3261 §19.1.2): undone for people, made for the wire, never made twice.

use std::borrow::Cow;

use crate::message::lexis;

/// `text` with its escapes undone. An escape that is no two hexadecimal digits stays as it is; bytes that are no
/// UTF-8 then are read as Latin-1.
pub(crate) fn undone(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let plain = undone_bytes(text.as_bytes());
    Cow::Owned(match String::from_utf8(plain) {
        Ok(plain) => plain,
        Err(error) => error.as_bytes().iter().map(|&byte| char::from(byte)).collect(),
    })
}

/// The same on bytes.
pub(super) fn undone_bytes(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = match rest {
            [b'%', high, low, ..] => hex(*high).zip(hex(*low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        plain.push(escaped.unwrap_or(first));
        rest = if escaped.is_some() { &rest[3..] } else { tail };
    }
    plain
}

/// A plain user as a `user` of the grammar.
pub(super) fn user(plain: &str) -> String {
    const UNRESERVED: &[u8] = b"-_.!~*'()&=+$,;?/";
    let mut out = String::with_capacity(plain.len());
    for &byte in plain.as_bytes() {
        if byte.is_ascii_alphanumeric() || UNRESERVED.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(lexis::hex_digit(byte >> 4));
            out.push(lexis::hex_digit(byte & 15));
        }
    }
    out
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
