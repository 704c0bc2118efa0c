//! What a message's body is to a session: a session description, alone or among other parts (RFC 3261 §7.4, RFC 2046
//! §5.1). Descriptions are found, not read.

use bytes::Bytes;
use memchr::memmem;

use crate::message::Params;
use crate::outgoing::SDP;
use crate::{HeaderName, Message};

/// Parts of a body that are looked at; one with more is not understood.
const MAX_PARTS: usize = 16;

/// The body of an INVITE, an UPDATE, an ACK or a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sdp {
    /// No body.
    None,
    /// A session description, not yet read.
    Some(Bytes),
    /// Something else: 415 in a request.
    Foreign,
}

impl Sdp {
    /// The description, if it is one.
    pub(crate) fn known(self) -> Option<Bytes> {
        match self {
            Self::Some(sdp) => Some(sdp),
            Self::None | Self::Foreign => None,
        }
    }
}

/// The body of `message`; one without a Content-Type is taken for SDP.
pub(crate) fn sdp_of(message: &Message) -> Sdp {
    let body = message.body();
    if body.is_empty() {
        return Sdp::None;
    }
    // RFC 3261 §8.2.3.
    let is_plain = |coding: &str| coding.trim().eq_ignore_ascii_case("identity");
    if message.headers(HeaderName::ContentEncoding).any(|coding| !is_plain(&coding)) {
        return Sdp::Foreign;
    }
    let Some(content_type) = message.header(HeaderName::ContentType) else { return Sdp::Some(body) };
    let (media_type, params) = typed(content_type.as_bytes());
    if media_type.eq_ignore_ascii_case(SDP.as_bytes()) {
        return Sdp::Some(body);
    }
    let boundary = params.text("boundary").filter(|boundary| !boundary.is_empty());
    match boundary.filter(|_| media_type.eq_ignore_ascii_case(b"multipart/mixed")) {
        Some(boundary) => sdp_among(&body, &boundary),
        None => Sdp::Foreign,
    }
}

/// The first description among the parts; nothing if a part that is not understood has to be (RFC 3204 §6).
fn sdp_among(body: &Bytes, boundary: &str) -> Sdp {
    let mut found = Sdp::Foreign;
    let Some(parts) = parts(body, boundary) else { return Sdp::Foreign };
    for part in parts.iter().map(|part| Part::read(part)) {
        match (part.is_sdp, &found) {
            (true, Sdp::Foreign) => found = Sdp::Some(body.slice_ref(part.content)),
            (true, Sdp::Some(_) | Sdp::None) => {}
            (false, _) if part.is_required => return Sdp::Foreign,
            (false, _) => {}
        }
    }
    found
}

/// What lies between the lines that begin with the boundary; `None` if that is too much.
fn parts<'a>(body: &'a [u8], boundary: &str) -> Option<Vec<&'a [u8]>> {
    let delimiter = format!("--{boundary}");
    let mut parts = Vec::new();
    let mut begin = None;
    for at in memmem::find_iter(body, delimiter.as_bytes()) {
        let line = &body[at + delimiter.len()..];
        let (line, _) =
            line.split_at(line.iter().position(|byte| *byte == b'\n').map_or(line.len(), |end| end + 1));
        let is_last = line.starts_with(b"--");
        let is_delimiter = is_last || line.trim_ascii().is_empty();
        if !is_delimiter || (at > 0 && body[at - 1] != b'\n') {
            continue;
        }
        if let Some(begin) = begin {
            // The line end before a boundary belongs to the boundary.
            let part: &[u8] = body.get(begin..at).unwrap_or_default();
            let part = part.strip_suffix(b"\n").unwrap_or(part);
            parts.push(part.strip_suffix(b"\r").unwrap_or(part));
        }
        if is_last {
            break;
        }
        if parts.len() == MAX_PARTS {
            return None;
        }
        begin = Some(at + delimiter.len() + line.len());
    }
    Some(parts)
}

/// One part.
struct Part<'a> {
    is_sdp: bool,
    /// It must be understood.
    is_required: bool,
    content: &'a [u8],
}

impl<'a> Part<'a> {
    /// Headers up to an empty line, then the content.
    fn read(mut rest: &'a [u8]) -> Self {
        let (mut is_sdp, mut is_plain, mut is_required) = (false, true, false);
        while !rest.is_empty() {
            let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
            let (line, tail) = rest.split_at(end);
            rest = tail;
            if line.trim_ascii().is_empty() {
                break;
            }
            let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
            let (name, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
            let (first, params) = typed(value);
            if name.eq_ignore_ascii_case(b"Content-Type") || name.eq_ignore_ascii_case(b"c") {
                is_sdp = first.eq_ignore_ascii_case(SDP.as_bytes());
            } else if name.eq_ignore_ascii_case(b"Content-Disposition") {
                is_required = params.get("handling").is_some_and(|how| how.eq_ignore_ascii_case("required"));
            } else if name.eq_ignore_ascii_case(b"Content-Transfer-Encoding") {
                is_plain =
                    [&b"binary"[..], b"8bit", b"7bit"].iter().any(|known| first.eq_ignore_ascii_case(known));
            }
        }
        Self { is_sdp: is_sdp && is_plain, is_required, content: rest }
    }
}

/// A value and its parameters.
fn typed(value: &[u8]) -> (&[u8], Params) {
    let (first, params) = value.split_at(value.iter().position(|byte| *byte == b';').unwrap_or(value.len()));
    (first.trim_ascii(), Params::parse(params).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sdp(content_type: &str, body: &str) -> Sdp {
        let text = format!(
            "INVITE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@x>;tag=1\r\n\
             To: <sip:b@y>\r\nCall-ID: c\r\nCSeq: 5 INVITE\r\n{content_type}\r\n{}",
            body.replace('\n', "\r\n")
        );
        sdp_of(&Message::parse(text).unwrap())
    }

    fn mixed(body: &str) -> Sdp {
        sdp("Content-Type: Multipart/Mixed ; boundary=\"b 1\"\r\n", body)
    }

    fn some(sdp: &'static str) -> Sdp {
        Sdp::Some(Bytes::from_static(sdp.as_bytes()))
    }

    #[test]
    fn a_body_of_one_kind() {
        assert_eq!(sdp("", ""), Sdp::None);
        assert_eq!(sdp("", "v=0"), some("v=0"));
        assert_eq!(sdp("c: APPLICATION/sdp;charset=utf-8\r\n", "v=0"), some("v=0"));
        assert_eq!(sdp("Content-Type: text/plain\r\n", "v=0"), Sdp::Foreign);
        assert_eq!(sdp("c: application/sdp\r\ne: gzip\r\n", "v=0"), Sdp::Foreign);
        assert_eq!(sdp("c: application/sdp\r\ne: Identity\r\n", "v=0"), some("v=0"));
        assert_eq!(sdp("Content-Type: multipart/mixed\r\n", "--\n\nv=0\n----"), Sdp::Foreign);
    }

    #[test]
    fn the_first_description_among_the_parts_is_found() {
        let isup =
            "--b 1\nContent-Type: application/isup\nContent-Disposition: signal;handling=optional\n\n\u{1}\n";
        let own = "--b 1 \nContent-Type: application/sdp\nContent-Disposition: session;handling=required\n\nv=0\ns=-\n";
        assert_eq!(mixed(&format!("preamble\n{isup}{own}--b 1--\nepilogue")), some("v=0\r\ns=-"));
        assert_eq!(mixed(&format!("{own}{isup}--b 1--")), some("v=0\r\ns=-"));
        let second = "--b 1\nc: application/sdp\n\nv=1\n";
        assert_eq!(mixed(&format!("{own}{second}--b 1--")), some("v=0\r\ns=-"));
        assert_eq!(mixed(&format!("{own}--b 12\n--b 1--")), some("v=0\r\ns=-\r\n--b 12"));
    }

    #[test]
    fn what_must_be_understood_and_is_not_is_foreign() {
        let own = "--b 1\nContent-Type: application/sdp\n\nv=0\n";
        let isup =
            "--b 1\nContent-Type: application/isup\nContent-Disposition: signal;handling=REQUIRED\n\n\u{1}\n";
        assert_eq!(mixed(&format!("{own}{isup}--b 1--")), Sdp::Foreign);
        assert_eq!(mixed("--b 1\n\nplain\n--b 1--"), Sdp::Foreign);
        let coded =
            "--b 1\nContent-Type: application/sdp\nContent-Transfer-Encoding: base64\n\ndj0w\n--b 1--";
        assert_eq!(mixed(coded), Sdp::Foreign);
        assert_eq!(mixed(&format!("{}--b 1--", own.repeat(MAX_PARTS))), some("v=0"));
        assert_eq!(mixed(&format!("{}--b 1--", own.repeat(MAX_PARTS + 1))), Sdp::Foreign);
        for odd in ["--b 1", "--b 1--", "--b 1\n--b 1--", "--b 1\n\n--b 1--", "--b 1--b 1", "--b 1\r--b 1"] {
            assert_eq!(mixed(odd), Sdp::Foreign, "{odd:?}");
        }
    }
}
