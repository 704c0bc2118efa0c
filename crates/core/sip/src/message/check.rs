//! What every element must be able to read before it may act on a message (RFC 3261 §8.1.1, §16.3, §18.3).

use super::error::{HeaderError, MalformedKind};
use super::index::{Index, StartLine};
use super::lexis;
use super::name::HeaderName;
use super::name_addr::NameAddrView;
use super::via::ViaView;
use super::{MAX_MESSAGE_SIZE, cseq_parts};

/// The headers of which there must be exactly one.
const ONE: [HeaderName; 4] = [HeaderName::From, HeaderName::To, HeaderName::CallId, HeaderName::CSeq];
/// The headers of which there may be one.
const AT_MOST_ONE: [HeaderName; 2] = [HeaderName::MaxForwards, HeaderName::ContentLength];

/// Checks an index; gives the length of the body: what Content-Length says, else all there is.
pub(super) fn check(index: &Index, bytes: &[u8]) -> Result<usize, MalformedKind> {
    for name in ONE {
        single(index, bytes, name)?.ok_or(MalformedKind::Missing(name))?;
    }
    for name in AT_MOST_ONE {
        single(index, bytes, name)?;
    }
    vias(index, bytes)?;
    for name in [HeaderName::From, HeaderName::To] {
        let value = single(index, bytes, name)?.unwrap_or_default();
        NameAddrView::split(value)
            .and_then(|view| view.check())
            .map_err(|error| MalformedKind::Header(name, error))?;
    }
    if single(index, bytes, HeaderName::CallId)?.is_none_or(<[u8]>::is_empty) {
        return Err(MalformedKind::Header(HeaderName::CallId, HeaderError::Syntax));
    }
    cseq(index, bytes)?;
    max_forwards(index, bytes)?;
    body_length(index, bytes)
}

fn single<'a>(index: &Index, bytes: &'a [u8], name: HeaderName) -> Result<Option<&'a [u8]>, MalformedKind> {
    let mut values = index.headers.iter().filter(|entry| entry.known == Some(name));
    let first = values.next();
    if values.next().is_some() {
        return Err(MalformedKind::Repeated(name));
    }
    Ok(first.map(|entry| entry.value.of(bytes)))
}

fn vias(index: &Index, bytes: &[u8]) -> Result<(), MalformedKind> {
    let mut found = false;
    for entry in index.headers.iter().filter(|entry| entry.known == Some(HeaderName::Via)) {
        for value in lexis::list(entry.value.of(bytes)) {
            found = true;
            ViaView::split(value)
                .and_then(|view| view.check())
                .map_err(|error| MalformedKind::Header(HeaderName::Via, error))?;
        }
    }
    if found { Ok(()) } else { Err(MalformedKind::Missing(HeaderName::Via)) }
}

fn cseq(index: &Index, bytes: &[u8]) -> Result<(), MalformedKind> {
    let value = single(index, bytes, HeaderName::CSeq)?.unwrap_or_default();
    let (_, method) = cseq_parts(value).map_err(|error| MalformedKind::Header(HeaderName::CSeq, error))?;
    match &index.start {
        StartLine::Request { method: expected, .. } if expected.as_str().as_bytes() != method => {
            Err(MalformedKind::MethodMismatch)
        }
        StartLine::Request { .. } | StartLine::Response { .. } => Ok(()),
    }
}

fn max_forwards(index: &Index, bytes: &[u8]) -> Result<(), MalformedKind> {
    let Some(value) = single(index, bytes, HeaderName::MaxForwards)? else { return Ok(()) };
    match lexis::number(value) {
        Some(0..=255) => Ok(()),
        Some(_) | None => Err(MalformedKind::Header(HeaderName::MaxForwards, HeaderError::Number)),
    }
}

fn body_length(index: &Index, bytes: &[u8]) -> Result<usize, MalformedKind> {
    let there = index.body.range().len();
    let Some(value) = single(index, bytes, HeaderName::ContentLength)? else { return Ok(there) };
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(MalformedKind::Header(HeaderName::ContentLength, HeaderError::Number));
    }
    match lexis::number(value).and_then(|length| usize::try_from(length).ok()) {
        Some(length) if length <= there => Ok(length),
        Some(length) if length <= MAX_MESSAGE_SIZE => Err(MalformedKind::BodyTooShort),
        Some(_) | None => Err(MalformedKind::BodyTooLarge),
    }
}
