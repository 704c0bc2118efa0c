//! What each target does with its input. A panic is a finding.
//!
//! Texts are here, in `sdp.rs`, `hours.rs`, `scenario.rs`, `ivr_flow.rs` and `spoken.rs`; machines that take a row of packets are in
//! `packets.rs` and `sip_endpoint.rs`, what shows messages to people in `sip_trace.rs`, what opens
//! encrypted packets in `srtp.rs`, and what comes to a browser's leg in `browser.rs`.

mod browser;
mod hours;
mod ivr_flow;
mod packets;
mod scenario;
mod sdp;
mod sip_endpoint;
mod sip_trace;
mod spoken;
mod srtp;

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use hotline_ivr::Flows;
use hotline_sip::digest::{Challenge, Credentials};
use hotline_sip::message::{BuildError, Kind, MAX_HEADERS, Malformed, MalformedKind};
use hotline_sip::uri::Uri;
use hotline_sip::{Builder, Frame, Framer, FramingError, HeaderName, Message};
use hotline_yaml::{Diagnostic, Node, Source, Value};

pub use browser::browser;
pub use hours::hours;
pub use ivr_flow::ivr_flow;
pub use packets::{media_engine, rtcp, rtp};
pub use scenario::scenario;
pub use sdp::sdp;
pub use sip_endpoint::sip_endpoint;
pub use sip_trace::sip_trace;
pub use spoken::spoken;
pub use srtp::srtp;

/// A datagram: it must not panic, must be answerable if it is a request, and when it is whole, what is printed of
/// it must read the same.
pub fn sip_message(input: &[u8]) {
    match Message::parse(Bytes::copy_from_slice(input)) {
        Ok(message) => {
            read_everything(&message);
            answer(&message);
            print_and_read_back(&message);
        }
        Err(malformed) => {
            assert!(malformed.status().is_none() || malformed.message.is_some(), "an answer needs a message");
            if let Malformed { message: Some(message), .. } = malformed {
                read_everything(&message);
                refuse(&message);
            }
        }
    }
}

/// A stream, cut into pieces as long as its first byte says: the same frames must come out as at once, and the reader of
/// messages must find the end of each where the stream was cut.
pub fn sip_stream(input: &[u8]) {
    let Some((&length, stream)) = input.split_first() else { return };
    let frames = framed(stream, stream.len().max(1));
    assert_eq!(framed(stream, usize::from(length).max(1)), frames);
    let of_frames: usize =
        frames.iter().map(|frame| if let Ok(Frame::Message(m)) = frame { m.len() } else { 0 }).sum();
    assert!(of_frames <= stream.len());
    for frame in frames {
        let Ok(Frame::Message(bytes)) = frame else { continue };
        match Message::parse(bytes.clone()) {
            Ok(message) => {
                let length = message.header(HeaderName::ContentLength).map_or(Ok(0), |value| value.parse());
                assert_eq!(Ok(message.body().len()), length);
                assert!(bytes.ends_with(&message.body()));
            }
            Err(Malformed { kind, .. }) => assert!(
                !matches!(
                    kind,
                    MalformedKind::Empty
                        | MalformedKind::TooLarge
                        | MalformedKind::HeadersNotEnded
                        | MalformedKind::BodyTooShort
                        | MalformedKind::BodyTooLarge
                ),
                "{kind}"
            ),
        }
    }
}

/// What comes out of a stream in pieces of that length, an error at most at the end.
fn framed(stream: &[u8], length: usize) -> Vec<Result<Frame, FramingError>> {
    let (mut framer, mut frames) = (Framer::default(), Vec::new());
    for piece in stream.chunks(length) {
        framer.handle_bytes(piece);
        while let Some(frame) = framer.poll_frame() {
            let is_end = frame.is_err();
            frames.push(frame);
            if is_end {
                return frames;
            }
        }
    }
    frames
}

/// A URI: what is read must print and read the same, and be equivalent to itself.
pub fn sip_uri(input: &[u8]) {
    let Ok(text) = core::str::from_utf8(input) else { return };
    let Ok(uri) = Uri::parse(text) else { return };
    let again = Uri::parse(&uri.to_string()).expect("what is printed can be read");
    assert_eq!(again, uri, "{text}");
    assert!(again.equivalent(&uri), "{text}");
    assert!(uri.user().is_none_or(|user| user.len() <= text.len() * 2));
}

/// A challenge or credentials: what is read must print and read the same.
pub fn sip_digest(input: &[u8]) {
    let Ok(text) = core::str::from_utf8(input) else { return };
    if let Ok(challenge) = Challenge::parse(text) {
        assert_eq!(Challenge::parse(&challenge.to_string()).as_ref(), Ok(&challenge), "{text}");
        let answer = challenge.answer("user", "password", "REGISTER", "sip:center", "cnonce", 1);
        assert_eq!(Credentials::parse(&answer.to_string()).as_ref(), Ok(&answer), "{text}");
    }
    if let Ok(credentials) = Credentials::parse(text) {
        assert!(credentials.count().is_some(), "{text}");
        assert_eq!(Credentials::parse(&credentials.to_string()).as_ref(), Ok(&credentials), "{text}");
    }
}

/// A file of an administrator: every value, or what is wrong, has its place in the file.
pub fn yaml(input: &[u8]) {
    let Ok(text) = core::str::from_utf8(input) else { return };
    let source = Source::new("fuzz.yaml", text);
    match hotline_yaml::read(&source) {
        Ok(node) => check_places(&node, text.lines().count()),
        Err(diagnostic) => {
            let Diagnostic { line, column, ref problem, ref remedy, .. } = diagnostic;
            assert!(line > 0 && column > 0 && !problem.is_empty() && !remedy.is_empty());
            assert!(!diagnostic.to_string().contains('\r'), "a terminal would write over the line");
        }
    }
}

/// A file of tests: refused with places, or run on a small flow, where each test passes or says why not.
pub fn flow_test(input: &[u8]) {
    static FLOWS: LazyLock<Arc<Flows>> = LazyLock::new(|| {
        let flow = hotline_ivr::parse("fuzz.yaml", include_str!("tested_flow.yaml"));
        Arc::new([flow.expect("the flow reads well")].into_iter().collect())
    });
    let Ok(text) = core::str::from_utf8(input) else { return };
    let file = match hotline_flow_test::parse("fuzz.test.yaml", text) {
        Ok(file) => file,
        Err(mistakes) => {
            assert!((1..=100).contains(&mistakes.len()), "{text}");
            assert!(mistakes.iter().all(|one| one.line > 0 && one.column > 0 && !one.to_string().is_empty()));
            return;
        }
    };
    let outcomes: Vec<_> = file
        .tests()
        .iter()
        .take(10)
        .map(|test| hotline_flow_test::run(&FLOWS, &file, test, &hotline_flow_test::NoCenter))
        .collect();
    for failure in outcomes.iter().filter_map(|outcome| outcome.failure.as_ref()) {
        assert!(failure.at.line > 0 && failure.to_string().lines().count() > 3, "{failure}");
    }
    assert!(!hotline_flow_test::junit(&[(file.file().to_owned(), outcomes)]).is_empty());
}

fn check_places(node: &Node, lines: usize) {
    assert!(node.place.line > 0 && node.place.column > 0, "{node:?}");
    assert!(node.place.line as usize <= lines + 1, "{node:?} of {lines} lines");
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| check_places(item, lines)),
        Value::Map(entries) => entries.iter().for_each(|(_, value)| check_places(value, lines)),
        Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Decimal(_) | Value::Text(_) => {}
    }
}

fn read_everything(message: &Message) {
    for name in HeaderName::ALL {
        let values = message.headers(*name).count();
        assert!(message.name_addrs(*name).map_or(0, |list| list.len()) <= values);
    }
    let typed = [
        message.vias().is_ok(),
        message.contacts().is_ok(),
        message.expires().is_ok(),
        message.max_forwards().is_ok(),
        message.uri().is_ok(),
    ];
    assert!(typed.len() == 5 && message.body().len() <= message.bytes().len());
}

/// Whatever could be read of a request can be put into a refusal.
fn refuse(request: &Message) {
    if request.method().is_some() {
        let refusal = Builder::response(request, 400, "Bad Request").to_tag("t").build();
        assert!(matches!(refusal, Ok(_) | Err(BuildError::TooLarge)), "{refusal:?}");
    }
}

/// The answer to a whole request is whole itself and belongs to it.
fn answer(request: &Message) {
    if request.method().is_none() || request.all_headers().count() >= MAX_HEADERS - 1 {
        return;
    }
    let source = "192.0.2.7:40000".parse().expect("an address");
    let built = Builder::response(request, 200, "OK").top_via_received(source).to_tag("t").build();
    let bytes = match built {
        Ok(bytes) => bytes,
        Err(BuildError::TooLarge) => return,
        Err(error) => panic!("{error}"),
    };
    let answer = Message::parse(bytes).expect("an answer to a whole request is whole");
    assert_eq!(answer.call_id(), request.call_id());
    assert_eq!(answer.cseq(), request.cseq());
    assert_eq!(answer.from(), request.from());
    assert!(answer.to_tag().is_some() || request.to().is_ok_and(|to| to.params.has("tag")));
    let branches = |message: &Message| -> Vec<_> {
        let vias = message.vias().expect("a whole message has Vias");
        vias.iter().map(|via| via.branch().map(str::to_owned)).collect()
    };
    assert_eq!(branches(&answer), branches(request));
}

fn print_and_read_back(message: &Message) {
    let Kind::Request { method, uri } = message.kind() else { return };
    let is_ours = |name: &str| {
        let known = HeaderName::parse(name.as_bytes());
        matches!(known, Some(HeaderName::ContentLength | HeaderName::ContentType))
    };
    let kept = |message: &Message| -> Vec<_> {
        let headers = message.all_headers().filter(|(name, value)| !is_ours(name) && !value.contains('\0'));
        headers.map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
    };
    let headers = kept(message);
    let mut builder = Builder::request(&method, uri);
    for (name, value) in &headers {
        builder = builder.raw(name, value);
    }
    let too_many = headers.len() + 2 > MAX_HEADERS;
    let Ok(bytes) = builder.body("x/y", message.body()).build() else { return };
    let Ok(again) = Message::parse(bytes) else {
        // A header was left out for its NUL, or became too long as UTF-8.
        let lossy = message.bytes().iter().any(|&byte| byte == 0 || byte > 0x7f);
        assert!(too_many || lossy, "what is printed can be read");
        return;
    };
    assert_eq!(again.kind(), message.kind());
    assert_eq!(kept(&again), headers);
    assert_eq!(again.body(), message.body());
}
