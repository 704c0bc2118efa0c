//! Finds where everything in a message is, in one pass and without copying. Knows lines and names, not values.

use smallvec::SmallVec;

use super::error::MalformedKind;
use super::lexis;
use super::method::Method;
use super::name::HeaderName;
use super::{MAX_HEADER_LINE, MAX_HEADERS, MAX_MESSAGE_SIZE, MAX_REQUEST_URI};
use crate::uri::{UriError, UriView};

/// Headers that fit without allocating once more; a usual INVITE has 12 to 20.
const USUAL_HEADERS: usize = 20;

/// A range of the message's bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    start: u16,
    end: u16,
}

impl Span {
    /// Both ends are at most [`MAX_MESSAGE_SIZE`], since only that many bytes are looked at.
    fn new(start: usize, end: usize) -> Self {
        let end = end.max(start);
        let short = |at: usize| u16::try_from(at).expect("offsets are within MAX_MESSAGE_SIZE");
        Self { start: short(start), end: short(end) }
    }

    pub(super) fn of(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.range()]
    }

    /// The first `length` bytes of it.
    pub(super) fn first(self, length: usize) -> Self {
        Self::new(usize::from(self.start), usize::from(self.start) + length)
    }

    pub(super) fn range(self) -> core::ops::Range<usize> {
        usize::from(self.start)..usize::from(self.end)
    }
}

/// One header line, folds included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// `None` for an unknown name.
    pub(super) known: Option<HeaderName>,
    pub(super) name: Span,
    pub(super) value: Span,
}

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StartLine {
    /// The URI is UTF-8; empty in a partial message whose URI is not known.
    Request {
        method: Method,
        uri: Span,
    },
    Response {
        status: u16,
        reason: Span,
    },
}

/// Where everything is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Index {
    pub(super) start: StartLine,
    pub(super) headers: SmallVec<[Entry; USUAL_HEADERS]>,
    /// What follows the blank line: all of it, until Content-Length is known.
    pub(super) body: Span,
}

/// Indexes `bytes`. The first thing that is wrong is told beside what could be read.
pub(super) fn read(bytes: &[u8]) -> (Option<Index>, Result<(), MalformedKind>) {
    let window = &bytes[..bytes.len().min(MAX_MESSAGE_SIZE)];
    let Some(begin) = window.iter().position(|&b| !matches!(b, b'\r' | b'\n')) else {
        return (None, Err(MalformedKind::Empty));
    };
    let line_end = memchr::memchr(b'\n', &window[begin..]).map_or(window.len(), |length| begin + length);
    let mut result = if bytes.len() > window.len() { Err(MalformedKind::TooLarge) } else { Ok(()) };
    let (start, start_result) = read_start_line(window, begin, line_end);
    result = result.and(start_result);
    let Some(start) = start else {
        return (None, result);
    };
    let mut index = Index { start, headers: SmallVec::new(), body: Span::new(window.len(), window.len()) };
    let headers_result = read_headers(window, line_end + 1, &mut index);
    (Some(index), result.and(headers_result))
}

fn read_start_line(bytes: &[u8], begin: usize, end: usize) -> (Option<StartLine>, Result<(), MalformedKind>) {
    let line = bytes[begin..end].strip_suffix(b"\r").unwrap_or(&bytes[begin..end]);
    if line.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"SIP/")) {
        return match read_status_line(line, begin) {
            Ok(start) => (Some(start), Ok(())),
            Err(kind) => (None, Err(kind)),
        };
    }
    let (name, rest) = lexis::token(line);
    let name = core::str::from_utf8(name).ok().and_then(Method::parse);
    let last_word = rest.rsplit(|&b| b == b' ').find(|word| !word.is_empty()).unwrap_or_default();
    let (Some(method), Some(version)) = (name, last_word.get(..4)) else {
        return (None, Err(MalformedKind::StartLine));
    };
    if rest.first() != Some(&b' ') || !version.eq_ignore_ascii_case(b"SIP/") {
        return (None, Err(MalformedKind::StartLine));
    }
    let uri_begin = begin + method.as_str().len() + 1;
    match read_request_uri(&rest[1..], uri_begin) {
        Ok(uri) => (Some(StartLine::Request { method, uri }), Ok(())),
        Err(kind) => (Some(StartLine::Request { method, uri: Span::default() }), Err(kind)),
    }
}

/// `Request-URI SP SIP-Version`, with single spaces and nothing behind (RFC 3261 §7.1).
fn read_request_uri(rest: &[u8], begin: usize) -> Result<Span, MalformedKind> {
    let space = memchr::memchr(b' ', rest).ok_or(MalformedKind::StartLine)?;
    let (uri, version) = (&rest[..space], &rest[space + 1..]);
    if uri.is_empty() || memchr::memchr(b' ', version).is_some() {
        return Err(MalformedKind::StartLine);
    }
    if !version.eq_ignore_ascii_case(b"SIP/2.0") {
        return Err(MalformedKind::Version);
    }
    if uri.len() > MAX_REQUEST_URI {
        return Err(MalformedKind::RequestUriTooLong);
    }
    let view = UriView::split(uri).map_err(MalformedKind::RequestUri)?;
    if matches!(view, UriView::Sip(sip) if sip.headers.is_some()) {
        return Err(MalformedKind::RequestUri(UriError::Headers));
    }
    if core::str::from_utf8(uri).is_err() {
        return Err(MalformedKind::RequestUri(UriError::Character));
    }
    Ok(Span::new(begin, begin + space))
}

/// `SIP/2.0 SP 3DIGIT SP Reason-Phrase`; a missing space before an empty reason is forgiven.
fn read_status_line(line: &[u8], begin: usize) -> Result<StartLine, MalformedKind> {
    const BEFORE_REASON: usize = "SIP/2.0 200".len();
    let (version, rest) = line.split_at(memchr::memchr(b' ', line).ok_or(MalformedKind::StartLine)?);
    if !version.eq_ignore_ascii_case(b"SIP/2.0") {
        return Err(MalformedKind::Version);
    }
    let (code, reason) = rest[1..].split_at_checked(3).ok_or(MalformedKind::StartLine)?;
    let status = lexis::number(code).filter(|status| (100..=699).contains(status));
    let status = status.and_then(|status| u16::try_from(status).ok()).ok_or(MalformedKind::StartLine)?;
    if !reason.is_empty() && reason[0] != b' ' {
        return Err(MalformedKind::StartLine);
    }
    let reason_begin = begin + BEFORE_REASON + usize::from(!reason.is_empty());
    Ok(StartLine::Response { status, reason: Span::new(reason_begin, begin + line.len()) })
}

/// Reads on after a bad line, so that as much as possible is there for an answer.
fn read_headers(bytes: &[u8], begin: usize, index: &mut Index) -> Result<(), MalformedKind> {
    let mut result = Ok(());
    let mut at = begin;
    while at < bytes.len() {
        let end = line_end(bytes, at);
        let line = &bytes[at..end.content];
        if line.is_empty() {
            if !end.terminated {
                break;
            }
            index.body = Span::new(end.next, bytes.len());
            return result;
        }
        let entry = read_header(line, at);
        if index.headers.len() == MAX_HEADERS {
            return result.and(Err(MalformedKind::TooManyHeaders));
        }
        if line.len() > MAX_HEADER_LINE {
            result = result.and(Err(MalformedKind::HeaderLineTooLong));
        } else if let Some(entry) = entry {
            index.headers.push(entry);
        } else {
            result = result.and(Err(MalformedKind::HeaderLine));
        }
        at = end.next;
    }
    result.and(Err(MalformedKind::HeadersNotEnded))
}

/// The value of each Content-Length in a start line and headers, up to [`MAX_MESSAGE_SIZE`] of them, whatever else is
/// wrong there.
pub(crate) fn content_lengths(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let head = &head[..head.len().min(MAX_MESSAGE_SIZE)];
    let mut at = memchr::memchr(b'\n', head).map_or(head.len(), |newline| newline + 1);
    let lines = core::iter::from_fn(move || {
        let begin = at;
        let end = (begin < head.len()).then(|| line_end(head, begin))?;
        at = end.next;
        Some((begin, end.content))
    });
    lines.filter_map(move |(begin, end)| {
        let entry = read_header(&head[begin..end], begin)?;
        (entry.known == Some(HeaderName::ContentLength)).then(|| entry.value.of(head))
    })
}

struct LineEnd {
    /// Where the content ends: before the CR LF or LF.
    content: usize,
    /// Where the next line begins.
    next: usize,
    /// Whether there was a line end at all.
    terminated: bool,
}

/// The end of the logical line at `begin`: a line that begins with white space belongs to the one before
/// (RFC 3261 §7.3.1).
fn line_end(bytes: &[u8], begin: usize) -> LineEnd {
    let mut at = begin;
    loop {
        let Some(length) = memchr::memchr(b'\n', &bytes[at..]) else {
            return LineEnd { content: bytes.len(), next: bytes.len(), terminated: false };
        };
        let newline = at + length;
        let content = if newline > begin && bytes[newline - 1] == b'\r' { newline - 1 } else { newline };
        let folded = content > begin && matches!(bytes.get(newline + 1), Some(b' ' | b'\t'));
        if !folded {
            return LineEnd { content, next: newline + 1, terminated: true };
        }
        at = newline + 1;
    }
}

/// `name HCOLON value`; space before the colon is allowed (RFC 3261 §25.1).
fn read_header(line: &[u8], begin: usize) -> Option<Entry> {
    let (name, rest) = lexis::token(line);
    let gap = rest.iter().position(|&b| !matches!(b, b' ' | b'\t'))?;
    if name.is_empty() || rest[gap] != b':' {
        return None;
    }
    let value = &rest[gap + 1..];
    let value_begin = begin + line.len() - lexis::trim_start(value).len();
    Some(Entry {
        known: HeaderName::parse(name),
        name: Span::new(begin, begin + name.len()),
        value: Span::new(value_begin, value_begin + lexis::trim(value).len()),
    })
}
