//! Messages as phones and trunks send them.

use proptest::prelude::*;

use super::*;
use crate::uri::Uri;

/// The invitation most tests begin with, with lines added before the blank one.
fn invite(more: &str) -> String {
    format!(
        "INVITE sip:4711@192.0.2.1 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKa\r\n\
         From: <sip:+4930123@192.0.2.9>;tag=f\r\n\
         To: <sip:4711@192.0.2.1>\r\n\
         Call-ID: c@192.0.2.9\r\n\
         CSeq: 1 INVITE\r\n\
         {more}\r\n"
    )
}

fn parse(bytes: impl AsRef<[u8]>) -> Message {
    let bytes = bytes.as_ref();
    Message::parse(Bytes::copy_from_slice(bytes))
        .unwrap_or_else(|error| panic!("{error}: {:?}", String::from_utf8_lossy(bytes)))
}

fn fault(bytes: impl AsRef<[u8]>) -> (MalformedKind, Option<u16>) {
    let malformed = Message::parse(Bytes::copy_from_slice(bytes.as_ref())).unwrap_err();
    (malformed.kind, malformed.status())
}

#[test]
fn a_usual_invitation_is_read() {
    let message = parse(invite("Max-Forwards: 70\r\nContent-Length: 0\r\n"));
    assert_eq!(message.kind(), Kind::Request { method: Method::Invite, uri: "sip:4711@192.0.2.1" });
    assert_eq!(message.top_via().unwrap().branch(), Some("z9hG4bKa"));
    assert_eq!((message.from_tag().as_deref(), message.to_tag()), (Some("f"), None));
    assert_eq!(message.call_id(), "c@192.0.2.9");
    assert_eq!(message.cseq().unwrap(), CSeq { number: 1, method: Method::Invite });
    assert_eq!(message.max_forwards(), Ok(Some(70)));
    assert_eq!(message.uri(), Uri::parse("sip:4711@192.0.2.1"));
    assert_eq!((message.status(), message.expires()), (None, Ok(None)));
}

#[test]
fn ipv6_compact_forms_folds_and_bare_line_feeds_are_read() {
    let message = parse(
        "\r\n\r\nINVITE sip:bob@[2001:db8::2]:5070 SIP/2.0\n\
         v: SIP/2.0/UDP [2001:db8::9]:5061;branch=z9hG4bKa;rport\n\
         f: \"Alice\n\t of A\" <sip:a@[2001:db8::9]>;tag=f\n\
         t:<tel:+4930123>\n\
         i: c\n\
         CSeq: 1\n INVITE\n\
         m:\n <sip:a@[2001:db8::9]:5061>\n\
         k: 100rel,timer\n\
         l: 3\n\
         \n\
         abcdef",
    );
    assert_eq!(
        message.top_via().unwrap().to_string(),
        "SIP/2.0/UDP [2001:db8::9]:5061;branch=z9hG4bKa;rport"
    );
    assert_eq!(message.uri().unwrap().to_string(), "sip:bob@[2001:db8::2]:5070");
    assert_eq!(message.from().unwrap().display.as_deref(), Some("Alice of A"));
    assert_eq!(message.to().unwrap().uri.to_string(), "tel:+4930123");
    assert_eq!(message.header_by_text("Contact").unwrap(), "<sip:a@[2001:db8::9]:5061>");
    assert_eq!(message.body(), "abc");
}

#[test]
fn several_values_on_a_line_or_on_lines_are_one_list() {
    let message = parse(invite(
        "Via: SIP/2.0/TCP b;branch=2 , SIP/2.0/UDP c;branch=3\r\n\
         Record-Route: <sip:r1;lr>, <sip:r2;lr>\r\n\
         Record-Route: <sip:r3;lr>\r\n\
         Contact: \"A, B\" <sip:a@h>;q=0.5,<sip:b@h>\r\n\
         Allow: INVITE,,ACK\r\n\
         Date: Sat, 15 Oct 2005 04:44:56 GMT\r\n",
    ));
    let branches: Vec<_> =
        message.vias().unwrap().iter().map(|via| via.branch().unwrap_or_default().to_owned()).collect();
    assert_eq!(branches, ["z9hG4bKa", "2", "3"]);
    let routes: Vec<_> = message.record_routes().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(routes, ["<sip:r1;lr>", "<sip:r2;lr>", "<sip:r3;lr>"]);
    let Contacts::List(contacts) = message.contacts().unwrap() else { panic!("a list") };
    assert_eq!((contacts.len(), contacts[0].display.as_deref()), (2, Some("A, B")));
    assert_eq!(message.headers(HeaderName::Allow).collect::<Vec<_>>(), ["INVITE", "ACK"]);
    assert_eq!(message.headers(HeaderName::Date).count(), 1);
}

#[test]
fn a_star_contact_stands_alone() {
    assert_eq!(parse(invite("Contact: *\r\n")).contacts(), Ok(Contacts::Star));
    assert_eq!(parse(invite("Contact: *, <sip:a@b>\r\n")).contacts(), Err(HeaderError::Syntax));
    assert_eq!(parse(invite("")).contacts(), Ok(Contacts::List(Vec::new())));
}

#[test]
fn unknown_headers_are_found_in_any_case() {
    let message = parse(invite("X-Account:  42 \r\nx-empty:\r\n"));
    assert_eq!(message.header_by_text("x-account").unwrap(), "42");
    assert_eq!(message.header_by_text("X-Empty").unwrap(), "");
    assert_eq!(message.header_by_text("X-None"), None);
}

#[test]
fn latin1_anywhere_is_read_and_passed_on_as_it_came() {
    let mut bytes = invite("Subject: caf#\r\nX-Y: #\r\nUser-Agent: #\r\n").into_bytes();
    bytes.iter_mut().filter(|byte| **byte == b'#').for_each(|byte| *byte = 0xe9);
    let from = b"From: J\xfcrgen <sip:+4930123@192.0.2.9>;tag=f";
    let at = bytes.windows(6).position(|window| window == b"From: ").unwrap();
    let end = at + bytes[at..].iter().position(|&byte| byte == b'\r').unwrap();
    bytes.splice(at..end, from.iter().copied());
    let message = parse(&bytes);
    assert_eq!(message.header(HeaderName::Subject).unwrap(), "caf\u{e9}");
    assert_eq!(message.from().unwrap().display.as_deref(), Some("J\u{fc}rgen"));
    let answer = Builder::response(&message, 200, "OK").build().unwrap();
    assert!(answer.windows(from.len()).any(|window| window == from));
}

#[test]
fn without_content_length_the_body_is_the_rest_of_the_datagram() {
    assert_eq!(parse(invite("") + "rest").body(), "rest");
    assert_eq!(parse(invite("Content-Length: 2\r\n") + "rest").body(), "re");
    assert_eq!(fault(invite("Content-Length: 5\r\n") + "rest"), (MalformedKind::BodyTooShort, Some(400)));
    assert_eq!(fault(invite("Content-Length: 999999\r\n")), (MalformedKind::BodyTooLarge, Some(413)));
    assert_eq!(
        fault(invite("Content-Length: 99999999999999999999\r\n")),
        (MalformedKind::BodyTooLarge, Some(413))
    );
}

#[test]
fn cseq_stays_below_two_to_the_31() {
    let with = |cseq: &str| invite("").replace("CSeq: 1 INVITE", &format!("CSeq: {cseq}"));
    assert_eq!(parse(with("2147483647 INVITE")).cseq().unwrap().number, 2_147_483_647);
    let wrong = |error| (MalformedKind::Header(HeaderName::CSeq, error), Some(400));
    for (cseq, expected) in [
        ("2147483648 INVITE", wrong(HeaderError::Number)),
        ("-1 INVITE", wrong(HeaderError::Number)),
        ("1INVITE", wrong(HeaderError::Syntax)),
        ("1", wrong(HeaderError::Syntax)),
        ("1 ", wrong(HeaderError::Syntax)),
        ("1 INVITE x", wrong(HeaderError::Syntax)),
        ("1 invite", (MalformedKind::MethodMismatch, Some(400))),
    ] {
        assert_eq!(fault(with(cseq)), expected, "{cseq}");
    }
}

#[test]
fn what_is_at_fault_decides_the_answer() {
    let without = |name: &str| {
        let lines: Vec<_> =
            invite("").split("\r\n").filter(|line| !line.starts_with(name)).map(str::to_owned).collect();
        lines.join("\r\n")
    };
    let missing = |name| (MalformedKind::Missing(name), Some(400));
    assert_eq!(fault(without("From")), missing(HeaderName::From));
    assert_eq!(fault(without("To")), missing(HeaderName::To));
    assert_eq!(fault(without("Call-ID")), missing(HeaderName::CallId));
    assert_eq!(fault(without("CSeq")), missing(HeaderName::CSeq));
    assert_eq!(fault(without("Via")), (MalformedKind::Missing(HeaderName::Via), None));
    assert_eq!(fault(invite("To: <sip:b@c>\r\n")), (MalformedKind::Repeated(HeaderName::To), Some(400)));
    assert_eq!(fault(invite("no colon\r\n")), (MalformedKind::HeaderLine, Some(400)));
    assert_eq!(fault(invite(": no name\r\n")), (MalformedKind::HeaderLine, Some(400)));
    assert_eq!(
        fault(invite("Max-Forwards: 256\r\n")),
        (MalformedKind::Header(HeaderName::MaxForwards, HeaderError::Number), Some(400))
    );
    let cut = invite("");
    assert_eq!(fault(&cut[..cut.len() - 2]), (MalformedKind::HeadersNotEnded, Some(400)));
    assert_eq!(fault(&cut[..cut.len() - 9]), (MalformedKind::HeadersNotEnded, Some(400)));
}

#[test]
fn noise_and_wrong_answers_are_dropped() {
    for bytes in [&b""[..], b"\r\n\r\n", b"\0\0\0\0", b"hello", b"GET / HTTP/1.1\r\n\r\n", b"INVITE\r\n\r\n"]
    {
        assert_eq!(fault(bytes).1, None, "{bytes:?}");
    }
    let answer = invite("").replace("INVITE sip:4711@192.0.2.1 SIP/2.0", "SIP/2.0 200 OK");
    assert_eq!(parse(&answer).status(), Some(200));
    assert_eq!(fault(answer.replace("To:", "X:")), (MalformedKind::Missing(HeaderName::To), None));
    for line in
        ["SIP/2.0 20 OK", "SIP/2.0 700 OK", "SIP/2.0 099 OK", "SIP/2.0", "SIP/2.0 2000 OK", "SIP/3.0 200 OK"]
    {
        assert_eq!(fault(answer.replace("SIP/2.0 200 OK", line)).1, None, "{line}");
    }
    let ack = invite("Content-Length: 9\r\n").replace("INVITE", "ACK");
    assert_eq!(fault(ack), (MalformedKind::BodyTooShort, None));
}

#[test]
fn each_limit_has_its_answer() {
    let headers = |count: usize| invite(&"X: y\r\n".repeat(count));
    assert_eq!(parse(headers(MAX_HEADERS - 5)).all_headers().count(), MAX_HEADERS);
    assert_eq!(fault(headers(MAX_HEADERS - 4)), (MalformedKind::TooManyHeaders, Some(400)));

    let line = |length: usize| invite(&format!("X: {}\r\n", "y".repeat(length - 3)));
    assert_eq!(parse(line(MAX_HEADER_LINE)).header_by_text("X").unwrap().len(), MAX_HEADER_LINE - 3);
    assert_eq!(fault(line(MAX_HEADER_LINE + 1)), (MalformedKind::HeaderLineTooLong, Some(400)));

    let uri = |length: usize| {
        invite("").replacen("sip:4711@192.0.2.1", &format!("sip:{}", "h".repeat(length - 4)), 1)
    };
    assert_eq!(parse(uri(MAX_REQUEST_URI)).request_uri().unwrap().len(), MAX_REQUEST_URI);
    assert_eq!(fault(uri(MAX_REQUEST_URI + 1)), (MalformedKind::RequestUriTooLong, Some(414)));

    let sized = |size: usize| invite("") + &"b".repeat(size - invite("").len());
    assert_eq!(parse(sized(MAX_MESSAGE_SIZE)).bytes().len(), MAX_MESSAGE_SIZE);
    assert_eq!(fault(sized(MAX_MESSAGE_SIZE + 1)), (MalformedKind::TooLarge, Some(513)));
}

#[test]
fn a_partial_message_can_be_answered() {
    let malformed = Message::parse(invite("no colon\r\nContent-Length: 9\r\n")).unwrap_err();
    let request = malformed.message.unwrap();
    let answer = Builder::response(&request, 400, "Bad Request").to_tag("t").build().unwrap();
    let answer = parse(answer);
    assert_eq!(answer.status(), Some(400));
    assert_eq!(answer.to_tag().unwrap(), "t");
    assert_eq!(answer.cseq(), request.cseq());
}

#[test]
fn who_calls_is_not_in_a_log() {
    let printed = format!("{:?}", parse(invite("")));
    assert!(!printed.contains("4930123") && !printed.contains("4711"), "{printed}");
}

#[test]
fn a_message_and_its_values_survive_a_snapshot() {
    let mut bytes = invite("Subject: #\r\nContent-Length: 2\r\n").into_bytes();
    bytes.iter_mut().filter(|byte| **byte == b'#').for_each(|byte| *byte = 0xe9);
    bytes.extend_from_slice(b"ab and more");
    let message = parse(bytes);
    let thawed: Message = thaw(&message);
    assert_eq!((&thawed, thawed.body()), (&message, message.body()));
    assert_eq!(thaw(&message.from().unwrap()), message.from().unwrap());
    assert_eq!(thaw(&message.top_via().unwrap()), message.top_via().unwrap());
    assert_eq!(thaw(&message.cseq().unwrap()), message.cseq().unwrap());
}

fn thaw<T: Serialize + for<'de> Deserialize<'de>>(value: &T) -> T {
    serde_json::from_slice(&serde_json::to_vec(value).unwrap()).unwrap()
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        exercise(&bytes);
    }

    #[test]
    fn no_damage_to_a_message_makes_it_panic(
        at in 0_usize..400, remove in 0_usize..20, insert in proptest::collection::vec(any::<u8>(), 0..20)
    ) {
        let mut bytes = invite("Contact: \"A\" <sip:a@b>;q=0.1;+sip.instance=\"<urn:uuid:0>\"\r\n").into_bytes();
        let at = at.min(bytes.len());
        let end = (at + remove).min(bytes.len());
        bytes.splice(at..end, insert);
        exercise(&bytes);
    }
}

/// Asks a message, whole or partial, for everything, and answers it.
fn exercise(bytes: &[u8]) {
    let (message, whole) = match Message::parse(Bytes::copy_from_slice(bytes)) {
        Ok(message) => (message, true),
        Err(Malformed { message: Some(message), .. }) => (message, false),
        Err(Malformed { message: None, .. }) => return,
    };
    for (name, value) in message.all_headers() {
        assert!(!name.is_empty() && !value.contains(['\r', '\n']));
    }
    for name in HeaderName::ALL {
        let values = message.headers(*name).count();
        assert!(message.name_addrs(*name).map_or(0, |list| list.len()) <= values);
    }
    let essential = message.vias().is_ok_and(|vias| !vias.is_empty())
        && message.from().is_ok()
        && message.to().is_ok()
        && message.cseq().is_ok()
        && message.max_forwards().is_ok()
        && !message.call_id().is_empty();
    assert!(essential || !whole, "a whole message has its essential headers");
    if message.request_uri().is_some() {
        let answer = Builder::response(&message, 400, "Bad Request").to_tag("t").build();
        assert!(answer.is_ok_and(|answer| answer.ends_with(b"\r\n\r\n")), "any request can be answered");
    }
}
