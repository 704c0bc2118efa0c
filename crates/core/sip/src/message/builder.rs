//! New messages: requests from nothing, responses from their request.

use core::fmt::{self, Write};
use core::net::SocketAddr;
use core::ops::Range;

use bytes::Bytes;
use thiserror::Error;

use super::lexis;
use super::method::Method;
use super::name::HeaderName;
use super::name_addr::NameAddrView;
use super::via;
use super::{MAX_MESSAGE_SIZE, Message};

/// Why a message was not built. The fault of our caller, or of whoever gave it the value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BuildError {
    /// A value holds a line end or a NUL, and could have added a header.
    #[error("the value of {0} holds a line end")]
    LineEnd(Box<str>),
    /// The Request-URI is empty or holds white space.
    #[error("the Request-URI is empty or holds white space")]
    RequestUri,
    /// A name is no token, or is Content-Length, which the builder writes itself.
    #[error("{0:?} cannot be used as a header name")]
    Name(Box<str>),
    /// A status outside of 100–699.
    #[error("{0} is no status code")]
    Status(u16),
    /// A tag or source was given for a request.
    #[error("only a response has a tag or a source to note")]
    NotAResponse,
    /// Longer than [`MAX_MESSAGE_SIZE`].
    #[error("the message is too large")]
    TooLarge,
}

/// Writes one message. The first mistake is kept and told by [`Builder::build`]. Headers come out in the order they
/// were added, Content-Length last.
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    /// The start line and the headers so far.
    text: Vec<u8>,
    answer: Option<Answer>,
    body: Bytes,
    mistake: Option<BuildError>,
}

/// Bytes of a usual message without its body.
const USUAL_TEXT: usize = 1024;

/// Where in its text a response has the values that it takes from its request and may change yet.
#[derive(Clone, Debug)]
struct Answer {
    top_via: Option<Range<usize>>,
    /// Behind the Vias.
    to: Option<Range<usize>>,
}

impl Builder {
    /// A request. All headers are the caller's, but for Content-Length.
    pub fn request(method: &Method, uri: impl fmt::Display) -> Self {
        let mut text = Vec::with_capacity(USUAL_TEXT);
        text.extend_from_slice(method.as_str().as_bytes());
        text.push(b' ');
        let begin = text.len();
        write!(Text(&mut text), "{uri}").expect("memory takes what is written");
        let uri = &text[begin..];
        let bad = uri.is_empty() || uri.iter().any(|byte| *byte <= b' ' || *byte == 0x7f);
        text.extend_from_slice(b" SIP/2.0\r\n");
        Self { text, answer: None, body: Bytes::new(), mistake: bad.then_some(BuildError::RequestUri) }
    }

    /// A response: it has the Vias, From, To, Call-ID and CSeq of the request as they came (RFC 3261 §8.2.6.2),
    /// Timestamp in a 100 (§8.2.6.1) and Record-Route if it makes a dialog (§12.1.1). Works on a partial message
    /// with what is there.
    pub fn response(request: &Message, status: u16, reason: &str) -> Self {
        let mut text = Vec::with_capacity(USUAL_TEXT);
        write!(Text(&mut text), "SIP/2.0 {status} {reason}\r\n").expect("memory takes what is written");
        let mut answer = Answer { top_via: None, to: None };
        for via in request.values(HeaderName::Via) {
            let place = push_line(&mut text, HeaderName::Via.as_str(), &lexis::unfolded(via));
            answer.top_via.get_or_insert(place);
        }
        if let Some(to) = request.lines(HeaderName::To).next() {
            answer.to = Some(push_line(&mut text, HeaderName::To.as_str(), &lexis::unfolded(to)));
        }
        let mut builder = Self {
            text,
            answer: Some(answer),
            body: Bytes::new(),
            mistake: (!(100..=699).contains(&status)).then_some(BuildError::Status(status)),
        };
        builder.forbid_line_end("the status line", reason.as_bytes());
        for name in [HeaderName::From, HeaderName::CallId, HeaderName::CSeq] {
            builder = builder.copy(request, name);
        }
        if status == 100 {
            builder = builder.copy(request, HeaderName::Timestamp);
        }
        if (101..300).contains(&status) && request.method().is_some_and(|method| method.creates_dialog()) {
            builder = builder.copy(request, HeaderName::RecordRoute);
        }
        builder
    }

    /// Adds our tag to To, unless the request has one there already (RFC 3261 §8.2.6.2).
    pub fn to_tag(mut self, tag: &str) -> Self {
        self.forbid_line_end("To", tag.as_bytes());
        match &mut self.answer {
            Some(Answer { to: Some(to), .. }) => {
                let value = &self.text[to.clone()];
                let has_tag = NameAddrView::split(value).is_ok_and(|view| view.param(b"tag").is_some());
                if !has_tag {
                    // A `;` that was forgiven at the end would be an empty parameter before ours.
                    let last = value.iter().rposition(|&b| b != b';' && !lexis::is_space(b));
                    let end = to.start + last.map_or(0, |last| last + 1);
                    let ours = [b";tag=", tag.as_bytes()].concat();
                    let until = core::mem::replace(&mut to.end, end + ours.len());
                    self.text.splice(end..until, ours);
                }
            }
            Some(Answer { to: None, .. }) => {}
            None => self.note(BuildError::NotAResponse),
        }
        self
    }

    /// Notes in the top Via where the request came from (RFC 3261 §18.2.1, RFC 3581 §4).
    pub fn top_via_received(mut self, source: SocketAddr) -> Self {
        match &mut self.answer {
            Some(Answer { top_via: Some(top), to }) => {
                let noted = via::with_source(&self.text[top.clone()], source);
                let end = top.start + noted.len();
                if let Some(to) = to {
                    *to = to.start - top.end + end..to.end - top.end + end;
                }
                let until = core::mem::replace(&mut top.end, end);
                self.text.splice(top.start..until, noted);
            }
            Some(Answer { top_via: None, .. }) => {}
            None => self.note(BuildError::NotAResponse),
        }
        self
    }

    /// Adds a header.
    pub fn header(mut self, name: HeaderName, value: impl fmt::Display) -> Self {
        if name == HeaderName::ContentLength {
            self.note(BuildError::Name(name.as_str().into()));
        } else {
            self.line(name.as_str(), value);
        }
        self
    }

    /// Adds a header of any name.
    pub fn raw(mut self, name: &str, value: impl fmt::Display) -> Self {
        let is_length = HeaderName::parse(name.as_bytes()) == Some(HeaderName::ContentLength);
        if is_length || !lexis::is_token(name.as_bytes()) {
            self.note(BuildError::Name(name.into()));
        } else {
            self.line(name, value);
        }
        self
    }

    /// Adds all headers of that name that `message` has, as they came but unfolded; a NUL in a quoted string, which
    /// the grammar allows, is passed on.
    pub fn copy(mut self, message: &Message, name: HeaderName) -> Self {
        for value in message.lines(name) {
            push_line(&mut self.text, name.as_str(), &lexis::unfolded(value));
        }
        self
    }

    /// Sets the body and its Content-Type.
    pub fn body(mut self, content_type: &str, body: impl AsRef<[u8]>) -> Self {
        self.body = Bytes::copy_from_slice(body.as_ref());
        self.header(HeaderName::ContentType, content_type)
    }

    /// The message.
    ///
    /// # Errors
    /// The first mistake that was made.
    pub fn build(mut self) -> Result<Bytes, BuildError> {
        if let Some(mistake) = self.mistake {
            return Err(mistake);
        }
        write!(Text(&mut self.text), "Content-Length: {}\r\n\r\n", self.body.len())
            .expect("memory takes what is written");
        if self.text.len() + self.body.len() > MAX_MESSAGE_SIZE {
            return Err(BuildError::TooLarge);
        }
        // No larger than it is: transactions keep messages for a while.
        Ok(Bytes::from([&self.text[..], &self.body[..]].concat()))
    }

    fn line(&mut self, name: &str, value: impl fmt::Display) {
        self.text.extend_from_slice(name.as_bytes());
        self.text.extend_from_slice(b": ");
        let begin = self.text.len();
        write!(Text(&mut self.text), "{value}").expect("memory takes what is written");
        if has_line_end(&self.text[begin..]) {
            self.note(BuildError::LineEnd(name.into()));
        }
        self.text.extend_from_slice(b"\r\n");
    }

    fn forbid_line_end(&mut self, name: &str, value: &[u8]) {
        if has_line_end(value) {
            self.note(BuildError::LineEnd(name.into()));
        }
    }

    fn note(&mut self, mistake: BuildError) {
        self.mistake.get_or_insert(mistake);
    }
}

/// Bytes that text is written to.
pub(super) struct Text<'b>(pub(super) &'b mut Vec<u8>);

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// Whether it would end the line that it is written to, or is a NUL.
fn has_line_end(value: &[u8]) -> bool {
    memchr::memchr3(b'\r', b'\n', 0, value).is_some()
}

/// Where its value is.
fn push_line(out: &mut Vec<u8>, name: &str, value: &[u8]) -> Range<usize> {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    let begin = out.len();
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
    begin..begin + value.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::message::{CSeq, NameAddr};

    fn minimal(method: &Method) -> Builder {
        Builder::request(method, "sip:b@h")
            .header(HeaderName::Via, "SIP/2.0/UDP 10.0.0.1:5062;branch=z9hG4bKa;rport")
            .header(HeaderName::Via, "SIP/2.0/UDP b , SIP/2.0/UDP c")
            .header(HeaderName::RecordRoute, "<sip:r;lr>")
            .header(HeaderName::From, "<sip:a@h>;tag=f")
            .header(HeaderName::To, "\"B\" <sip:b@h>")
            .header(HeaderName::CallId, "c")
            .header(HeaderName::CSeq, CSeq { number: 7, method: method.clone() })
            .header(HeaderName::Timestamp, "54")
    }

    fn message(builder: Builder) -> Message {
        Message::parse(builder.build().unwrap()).unwrap()
    }

    #[test]
    fn a_request_is_written_in_order_with_its_length() {
        let bytes =
            minimal(&Method::Invite).raw("X-A", 1).body("application/sdp", "v=0\r\n").build().unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(text.starts_with("INVITE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1:5062;"), "{text}");
        assert!(
            text.ends_with("X-A: 1\r\nContent-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n"),
            "{text}"
        );
    }

    #[test]
    fn a_response_takes_what_the_rfc_says_from_its_request() {
        let request = message(minimal(&Method::Invite));
        let source = "192.0.2.7:40000".parse().unwrap();
        let bytes = Builder::response(&request, 180, "Ringing")
            .top_via_received(source)
            .to_tag("t")
            .header(HeaderName::Contact, NameAddr::parse("<sip:me@h>").unwrap())
            .build()
            .unwrap();
        assert_eq!(
            String::from_utf8(bytes.to_vec()).unwrap(),
            "SIP/2.0 180 Ringing\r\n\
             Via: SIP/2.0/UDP 10.0.0.1:5062;branch=z9hG4bKa;rport=40000;received=192.0.2.7\r\n\
             Via: SIP/2.0/UDP b\r\n\
             Via: SIP/2.0/UDP c\r\n\
             To: \"B\" <sip:b@h>;tag=t\r\n\
             From: <sip:a@h>;tag=f\r\n\
             Call-ID: c\r\n\
             CSeq: 7 INVITE\r\n\
             Record-Route: <sip:r;lr>\r\n\
             Contact: <sip:me@h>\r\n\
             Content-Length: 0\r\n\r\n"
        );
    }

    #[test]
    fn record_route_and_timestamp_are_only_where_they_belong() {
        let has = |method: &Method, status, name| {
            message(Builder::response(&message(minimal(method)), status, "x")).has(name)
        };
        for (method, status, record_route, timestamp) in [
            (Method::Invite, 100, false, true),
            (Method::Invite, 200, true, false),
            (Method::Invite, 486, false, false),
            (Method::Bye, 200, false, false),
            (Method::Options, 100, false, true),
        ] {
            assert_eq!(has(&method, status, HeaderName::RecordRoute), record_route, "{method} {status}");
            assert_eq!(has(&method, status, HeaderName::Timestamp), timestamp, "{method} {status}");
        }
    }

    #[test]
    fn a_tag_is_added_after_a_semicolon_too_many() {
        let request = message(minimal(&Method::Bye)).bytes().to_vec();
        let request = String::from_utf8(request).unwrap().replace("\"B\" <sip:b@h>", "<sip:b@h>; ");
        let answer = message(Builder::response(&Message::parse(request).unwrap(), 200, "OK").to_tag("t"));
        assert_eq!(answer.header(HeaderName::To).unwrap(), "<sip:b@h>;tag=t");
    }

    #[test]
    fn a_tag_that_is_there_stays() {
        let bye = message(Builder::response(&message(minimal(&Method::Bye)), 200, "OK").to_tag("first"));
        assert_eq!(message(Builder::response(&bye, 200, "OK").to_tag("second")).to_tag().unwrap(), "first");
    }

    #[test]
    fn nothing_can_be_smuggled_in() {
        let line_end = |name: &str| Err(BuildError::LineEnd(name.into()));
        let base = || minimal(&Method::Bye);
        assert_eq!(base().header(HeaderName::Subject, "a\r\nEvil: b").build(), line_end("Subject"));
        assert_eq!(base().raw("X", "a\nb").build(), line_end("X"));
        assert_eq!(base().raw("X", "a\0b").build(), line_end("X"));
        assert_eq!(base().body("text/plain\r\nEvil: b", "").build(), line_end("Content-Type"));
        assert_eq!(base().raw("X: y\r\nEvil", "b").build(), Err(BuildError::Name("X: y\r\nEvil".into())));
        assert_eq!(base().raw("l", 5).build(), Err(BuildError::Name("l".into())));
        assert_eq!(base().to_tag("t").build(), Err(BuildError::NotAResponse));
        assert_eq!(Builder::request(&Method::Bye, "sip:a b").build(), Err(BuildError::RequestUri));
        assert_eq!(Builder::request(&Method::Bye, "").build(), Err(BuildError::RequestUri));
        let request = message(base());
        assert_eq!(Builder::response(&request, 99, "x").build(), Err(BuildError::Status(99)));
        assert_eq!(Builder::response(&request, 200, "OK\r\nEvil: b").build(), line_end("the status line"));
        assert_eq!(Builder::response(&request, 200, "OK").to_tag("\r\nEvil: b").build(), line_end("To"));
        assert_eq!(
            base().body("text/plain", vec![b'x'; MAX_MESSAGE_SIZE]).build(),
            Err(BuildError::TooLarge)
        );
    }

    #[test]
    fn folds_of_the_request_do_not_reach_the_answer() {
        let request = message(minimal(&Method::Bye)).bytes().to_vec();
        let folded =
            String::from_utf8(request).unwrap().replace("<sip:a@h>;tag=f", "<sip:a@h>\r\n\t ;\r\n tag=f");
        let answer = message(Builder::response(&Message::parse(folded).unwrap(), 200, "OK"));
        assert_eq!(answer.header(HeaderName::From).unwrap(), "<sip:a@h> ; tag=f");
    }

    proptest! {
        #[test]
        fn what_is_built_reads_back(
            method in "[A-Z]{1,12}", user in "[a-zA-Z0-9+*#.-]{1,12}", display in "[^\\x00-\\x1f]{0,20}",
            tag in "[a-z0-9.-]{1,10}", number in 0_u32..(1 << 31), value in "[^\\x00-\\x1f\\x7f]{0,40}",
            body in proptest::collection::vec(any::<u8>(), 0..100)
        ) {
            let method = Method::parse(&method).unwrap();
            let from = NameAddr::parse(&format!("<sip:{user}@h>")).unwrap().with_tag(&tag);
            let from = NameAddr { display: (!display.is_empty()).then(|| display.as_str().into()), ..from };
            let cseq = CSeq { number, method: method.clone() };
            let bytes = Builder::request(&method, format_args!("sip:{user}@h"))
                .header(HeaderName::Via, "SIP/2.0/UDP h;branch=z9hG4bKx")
                .header(HeaderName::From, &from)
                .header(HeaderName::To, "<sip:b@h>")
                .header(HeaderName::CallId, "c")
                .header(HeaderName::CSeq, &cseq)
                .raw("X-Value", &value)
                .body("application/octet-stream", &body)
                .build()
                .unwrap();
            let message = Message::parse(bytes).unwrap();
            prop_assert_eq!(message.method(), Some(method));
            prop_assert_eq!(message.cseq(), Ok(cseq));
            let read = message.from().unwrap();
            prop_assert_eq!(read.tag(), from.tag());
            prop_assert_eq!(read.display, from.display);
            prop_assert_eq!(message.header_by_text("x-value").unwrap(), value.trim_matches(' '));
            prop_assert_eq!(message.body(), body);
        }
    }
}
