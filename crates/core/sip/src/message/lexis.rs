//! The bytes of RFC 3261 §25: tokens, white space, quoted strings, comma lists, parameters.
//!
//! Works on raw bytes, because real headers hold Latin-1; [`text`] is the one place where they become `str`.
//! A folded line needs no special care: CR and LF count as white space here.

use std::borrow::Cow;

use super::error::HeaderError;

/// Alphanumerics and `-.!%*_+`'~`, as a table: it is asked for every byte of every name.
const TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        let is_mark = matches!(byte, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~');
        table[byte as usize] = byte.is_ascii_alphanumeric() || is_mark;
        byte += 1;
    }
    table
};

/// Whether a token may hold this byte.
#[inline]
pub(crate) const fn is_token_byte(byte: u8) -> bool {
    TOKEN[byte as usize]
}

/// Whether `bytes` are a token.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|&b| is_token_byte(b))
}

/// Space, tab, and the line ends inside a folded value.
#[inline]
pub(crate) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Without white space at either end.
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    trim_start(trim_end(bytes))
}

/// Without white space in front.
pub(crate) fn trim_start(mut bytes: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = bytes
        && is_space(*first)
    {
        bytes = rest;
    }
    bytes
}

fn trim_end(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., last] = bytes
        && is_space(*last)
    {
        bytes = rest;
    }
    bytes
}

/// What follows the byte `expected`, with white space allowed around it.
pub(crate) fn after(bytes: &[u8], expected: u8) -> Option<&[u8]> {
    let (&first, rest) = trim_start(bytes).split_first()?;
    (first == expected).then(|| trim_start(rest))
}

/// The longest token in front, and the rest; the token may be empty.
pub(crate) fn token(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|&b| !is_token_byte(b)).unwrap_or(bytes.len());
    bytes.split_at(end)
}

/// A decimal number without sign, of at most ten digits; leading zeros are allowed.
pub(crate) fn number(bytes: &[u8]) -> Option<u64> {
    const MAX_DIGITS: usize = 10;
    let mut value: u64 = 0;
    if bytes.is_empty() || bytes.len() > MAX_DIGITS {
        return None;
    }
    for &byte in bytes {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value * 10 + u64::from(byte - b'0');
    }
    Some(value)
}

/// The length of the quoted string that `bytes` begin with, both quotes included (RFC 3261 §25.1).
pub(crate) fn quoted_length(bytes: &[u8]) -> Option<usize> {
    let mut escaped = false;
    for (at, &byte) in bytes.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Bytes as text: trimmed, folds made one space, and Latin-1 read as such when it is not UTF-8.
pub(crate) fn text(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = trim(bytes);
    if memchr::memchr2(b'\r', b'\n', bytes).is_some() {
        return Cow::Owned(match String::from_utf8(unfolded(bytes).into_owned()) {
            Ok(text) => text,
            Err(error) => latin1(error.as_bytes()),
        });
    }
    match core::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(latin1(bytes)),
    }
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

/// A value on one line: white space that holds a line end becomes one space.
pub(crate) fn unfolded(bytes: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr2(b'\r', b'\n', bytes).is_none() {
        return Cow::Borrowed(bytes);
    }
    let mut line = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first() {
        if matches!(byte, b'\r' | b'\n') {
            while line.last().is_some_and(|&last| is_space(last)) {
                line.pop();
            }
            line.push(b' ');
            rest = trim_start(tail);
        } else {
            line.push(byte);
            rest = tail;
        }
    }
    Cow::Owned(line)
}

/// The inside of a quoted string with its escapes undone; anything else unchanged.
pub(crate) fn unquoted(text: &str) -> Cow<'_, str> {
    let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Cow::Borrowed(text);
    };
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut plain = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        if character == '\\' {
            plain.extend(characters.next());
        } else {
            plain.push(character);
        }
    }
    Cow::Owned(plain)
}

/// An upper-case hexadecimal digit for the low four bits of `nibble`.
pub(crate) fn hex_digit(nibble: u8) -> char {
    char::from(b"0123456789ABCDEF"[usize::from(nibble & 15)])
}

/// `text` as a quoted string.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
    out
}

/// The values of a comma list, trimmed; a comma inside quotes or angle brackets does not separate. Empty values
/// are given too.
pub(crate) fn list(bytes: &[u8]) -> List<'_> {
    List { rest: Some(bytes) }
}

/// Iterator of [`list`].
#[derive(Clone, Debug)]
pub(crate) struct List<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Iterator for List<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        let end = value_end(rest, b',');
        self.rest = rest.get(end + 1..);
        Some(trim(&rest[..end]))
    }
}

/// Where the first `stop` outside quotes and angle brackets is; the length if there is none. An unclosed quote or
/// bracket takes all that follows.
pub(crate) fn value_end(bytes: &[u8], stop: u8) -> usize {
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += match byte {
            b'"' => quoted_length(&bytes[at..]).unwrap_or(bytes.len() - at),
            b'<' => memchr::memchr(b'>', &bytes[at..]).map_or(bytes.len() - at, |length| length + 1),
            _ if byte == stop => return at,
            _ => 1,
        };
    }
    bytes.len()
}

/// The parameters in `bytes`, which are empty or begin with `;` (`*( SEMI generic-param )`, RFC 3261 §25.1). One
/// `;` at the very end is forgiven, since phones send it.
pub(crate) fn params(bytes: &[u8]) -> ParamItems<'_> {
    ParamItems { rest: trim(bytes) }
}

/// Iterator of [`params`]: name and value, the value as on the wire, quotes included.
#[derive(Clone, Debug)]
pub(crate) struct ParamItems<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for ParamItems<'a> {
    type Item = Result<(&'a [u8], Option<&'a [u8]>), HeaderError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let result = param(self.rest);
        match result {
            Ok(Some((item, rest))) => {
                self.rest = rest;
                Some(Ok(item))
            }
            Ok(None) => {
                self.rest = &[];
                None
            }
            Err(error) => {
                self.rest = &[];
                Some(Err(error))
            }
        }
    }
}

type Param<'a> = (&'a [u8], Option<&'a [u8]>);

fn param(bytes: &[u8]) -> Result<Option<(Param<'_>, &[u8])>, HeaderError> {
    let rest = after(bytes, b';').ok_or(HeaderError::Syntax)?;
    if rest.is_empty() {
        return Ok(None);
    }
    let (name, rest) = token(rest);
    if name.is_empty() {
        return Err(HeaderError::Syntax);
    }
    let Some(value) = after(rest, b'=') else {
        return Ok(Some(((name, None), trim_start(rest))));
    };
    let end = if value.first() == Some(&b'"') {
        quoted_length(value).ok_or(HeaderError::Quote)?
    } else {
        value.iter().position(|&b| is_space(b) || matches!(b, b';' | b'"')).unwrap_or(value.len())
    };
    let (value, rest) = value.split_at(end);
    Ok(Some(((name, Some(value)), trim_start(rest))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(bytes: &[u8]) -> Vec<Cow<'_, str>> {
        list(bytes).map(text).collect()
    }

    #[test]
    fn commas_in_quotes_and_brackets_do_not_separate() {
        assert_eq!(
            texts(b"\"Bell, A. \\\", x\" <sip:a,b@c>;q=1 ,<sip:d>"),
            [r#""Bell, A. \", x" <sip:a,b@c>;q=1"#, "<sip:d>"]
        );
        assert_eq!(texts(b"a,,b"), ["a", "", "b"]);
        assert_eq!(texts(b"\"never closed, x"), ["\"never closed, x"]);
    }

    #[test]
    fn folds_become_one_space_and_latin1_is_read() {
        assert_eq!(text(b" a\r\n\t b "), "a b");
        assert_eq!(text(b"J\xfcrgen"), "J\u{fc}rgen");
        assert_eq!(text("J\u{fc}rgen".as_bytes()), "J\u{fc}rgen");
        assert_eq!(text(b"J\xfcr\n gen"), "J\u{fc}r gen");
    }

    #[test]
    fn parameters_keep_their_quotes_and_forgive_space() {
        let all: Result<Vec<_>, _> = params(b"; tag = 19 ;+sip.instance=\"<urn:a;b>\";lr").collect();
        assert_eq!(
            all.unwrap(),
            [
                (&b"tag"[..], Some(&b"19"[..])),
                (&b"+sip.instance"[..], Some(&b"\"<urn:a;b>\""[..])),
                (&b"lr"[..], None)
            ]
        );
    }

    #[test]
    fn empty_parameters_are_an_error_but_one_at_the_end_is_not() {
        assert!(params(b";a;").all(|item| item.is_ok()));
        assert!(params(b";;a").any(|item| item.is_err()));
        assert!(params(b"a").any(|item| item.is_err()));
        assert_eq!(params(b";a=\"x").last(), Some(Err(HeaderError::Quote)));
    }

    #[test]
    fn quoting_and_unquoting_are_inverse() {
        for plain in ["", "a", "a\"b", "\\", "\u{fc} <;>,"] {
            assert_eq!(unquoted(&quoted(plain)), plain);
        }
        assert_eq!(unquoted("token"), "token");
    }

    #[test]
    fn numbers_have_no_sign_and_an_end() {
        assert_eq!(number(b"0009"), Some(9));
        assert_eq!(number(b"-1"), None);
        assert_eq!(number(b""), None);
        assert_eq!(number(b"99999999999"), None);
    }
}
