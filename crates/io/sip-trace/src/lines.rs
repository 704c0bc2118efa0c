//! The lines of a message and where they are, for those who change some of them. Takes any bytes.

use core::ops::Range;

/// Where head and body of a message are.
pub(crate) struct Parts {
    /// The start line and the header lines, folds included, each without its line end.
    pub(crate) head: Vec<Range<usize>>,
    /// What follows the blank line.
    pub(crate) body: Range<usize>,
}

/// Finds them.
pub(crate) fn parts(bytes: &[u8]) -> Parts {
    let mut head: Vec<Range<usize>> = Vec::new();
    for line in lines(bytes, 0..bytes.len()) {
        let after = line.next;
        let folded = matches!(bytes.get(line.content.start), Some(b' ' | b'\t'));
        if line.content.is_empty() && !head.is_empty() {
            return Parts { head, body: after..bytes.len() };
        }
        match head.last_mut() {
            // White space at its start makes a line part of the one before (RFC 3261 §7.3.1).
            Some(last) if folded => last.end = line.content.end,
            Some(_) | None if line.content.is_empty() => {}
            Some(_) | None => head.push(line.content),
        }
    }
    Parts { head, body: bytes.len()..bytes.len() }
}

/// One line.
pub(crate) struct Line {
    /// Without its line end.
    pub(crate) content: Range<usize>,
    /// Where the next one begins.
    pub(crate) next: usize,
}

/// The lines of a part of `bytes`, ended by LF or CR LF.
pub(crate) fn lines(bytes: &[u8], part: Range<usize>) -> impl Iterator<Item = Line> {
    let mut at = part.start;
    core::iter::from_fn(move || {
        if at >= part.end {
            return None;
        }
        let rest = &bytes[at..part.end];
        let length = rest.iter().position(|&byte| byte == b'\n');
        let (end, next) = length.map_or((part.end, part.end), |length| (at + length, at + length + 1));
        let cut = end > at && bytes[end - 1] == b'\r';
        let content = at..if cut { end - 1 } else { end };
        at = next;
        Some(Line { content, next })
    })
}

/// Name and value of a header line; `None` for a line without a colon.
pub(crate) fn header(bytes: &[u8], line: &Range<usize>) -> Option<(String, Range<usize>)> {
    let colon = line.start + bytes[line.clone()].iter().position(|&byte| byte == b':')?;
    let name = String::from_utf8_lossy(bytes[line.start..colon].trim_ascii()).to_ascii_lowercase();
    Some((name, colon + 1..line.end))
}

/// Changes to be made to bytes, in their order.
#[derive(Default)]
pub(crate) struct Edits(Vec<(Range<usize>, Vec<u8>)>);

impl Edits {
    /// Puts `with` in place of what is at `range`. What lies before the end of an earlier edit is left out.
    pub(crate) fn replace(&mut self, range: Range<usize>, with: &[u8]) {
        let done = self.0.last().map_or(0, |(range, _)| range.end);
        if range.start >= done && range.start <= range.end {
            self.0.push((range, with.to_vec()));
        }
    }

    /// Puts a star in place of every byte of `range` that is not white space. Lengths stay, and with them
    /// Content-Length.
    pub(crate) fn cover(&mut self, bytes: &[u8], range: Range<usize>) {
        let star = |byte: &u8| if byte.is_ascii_whitespace() { *byte } else { b'*' };
        let stars: Vec<u8> = bytes[range.clone()].iter().map(star).collect();
        if !range.is_empty() {
            self.replace(range, &stars);
        }
    }

    /// The changed bytes; `None` if nothing is to be changed.
    pub(crate) fn apply(self, bytes: &[u8]) -> Option<Vec<u8>> {
        if self.0.is_empty() {
            return None;
        }
        let mut changed = Vec::with_capacity(bytes.len());
        let mut copied = 0;
        for (range, with) in self.0 {
            changed.extend_from_slice(&bytes[copied..range.start]);
            changed.extend_from_slice(&with);
            copied = range.end;
        }
        changed.extend_from_slice(&bytes[copied..]);
        Some(changed)
    }
}

/// Where `needle` is within `range`, in any case.
pub(crate) fn find(bytes: &[u8], range: Range<usize>, needle: &str) -> Option<usize> {
    let windows = bytes[range.clone()].windows(needle.len());
    windows
        .into_iter()
        .position(|window| window.eq_ignore_ascii_case(needle.as_bytes()))
        .map(|at| range.start + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_belong_to_their_line_and_the_body_follows_the_blank_one() {
        let bytes = b"\r\nBYE x SIP/2.0\r\nA: 1,\r\n 2\r\nB : 3\n\r\nbody\r\n";
        let parts = parts(bytes);
        let head: Vec<_> = parts.head.iter().map(|line| &bytes[line.clone()]).collect();
        assert_eq!(head, [&b"BYE x SIP/2.0"[..], b"A: 1,\r\n 2", b"B : 3"]);
        assert_eq!(&bytes[parts.body], b"body\r\n");
        let (name, value) = header(bytes, &parts.head[2]).unwrap();
        assert_eq!((name.as_str(), &bytes[value]), ("b", &b" 3"[..]));
    }

    #[test]
    fn edits_that_meet_do_not_disturb_each_other() {
        let mut edits = Edits::default();
        edits.replace(1..3, b"-");
        edits.replace(2..4, b"never");
        edits.cover(b"ab cd", 2..5);
        edits.cover(b"ab cd", 3..5);
        assert_eq!(edits.apply(b"ab cd").unwrap(), b"a-**");
        assert_eq!(Edits::default().apply(b"ab"), None);
    }
}
