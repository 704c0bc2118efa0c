//! On well-formed messages that rsip can read too, both must read the same.
//!
//! rsip is the referee only here: it refuses much that real phones send, see the torture messages.

use hotline_sip::message::Kind;
use hotline_sip::{HeaderName, Message};
use proptest::prelude::*;
use rsip::prelude::*;

/// What rsip knows: the plain forms of the grammar.
fn uri() -> impl Strategy<Value = String> {
    let host = prop_oneof![Just("example.com".to_owned()), "[a-z]{1,8}\\.org", Just("192.0.2.7".to_owned())];
    let user = prop_oneof![Just(String::new()), "[a-z0-9]{1,8}@", "\\+[0-9]{3,12}@"];
    let port = prop_oneof![Just(String::new()), (1_u16..).prop_map(|port| format!(":{port}"))];
    let params = prop_oneof![Just(""), Just(";transport=UDP"), Just(";user=phone")];
    (user, host, port, params)
        .prop_map(|(user, host, port, params)| format!("sip:{user}{host}{port}{params}"))
}

fn start_line() -> impl Strategy<Value = (String, String)> {
    let method = proptest::sample::select(vec![
        "INVITE", "ACK", "BYE", "CANCEL", "REGISTER", "OPTIONS", "INFO", "UPDATE",
    ]);
    let status =
        (proptest::sample::select(vec![100, 180, 183, 200, 401, 407, 486, 503, 603]), "[A-Z][a-z]{1,10}");
    prop_oneof![
        (method.clone(), uri())
            .prop_map(|(method, uri)| (format!("{method} {uri} SIP/2.0"), method.to_owned())),
        (status, method)
            .prop_map(|((code, reason), method)| (format!("SIP/2.0 {code} {reason}"), method.to_owned())),
    ]
}

prop_compose! {
    fn message()(
        (start, method) in start_line(),
        via_host in "[a-z]{1,8}\\.net", branch in "z9hG4bK[a-zA-Z0-9]{1,16}",
        from in uri(), from_tag in "[a-z0-9]{1,10}", display in "[A-Za-z ]{0,12}",
        to in uri(), to_tag in proptest::option::of("[a-z0-9]{1,10}"),
        call_id in "[a-zA-Z0-9.@-]{1,30}", number in 0_u32..(1 << 31), hops in 0_u8..=255,
        other in "[ -~]{0,30}", body in "[ -~]{0,60}"
    ) -> String {
        let to_tag = to_tag.map(|tag| format!(";tag={tag}")).unwrap_or_default();
        format!(
            "{start}\r\nVia: SIP/2.0/UDP {via_host};branch={branch}\r\nMax-Forwards: {hops}\r\n\
             From: \"{display}\" <{from}>;tag={from_tag}\r\nTo: <{to}>{to_tag}\r\nCall-ID: {call_id}\r\n\
             CSeq: {number} {method}\r\nX-Other: {other}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}

proptest! {
    #[test]
    fn both_read_the_same(text in message()) {
        let ours = Message::parse(text.clone().into_bytes()).unwrap();
        let theirs = rsip::SipMessage::try_from(text.as_bytes()).unwrap();
        match (ours.kind(), &theirs) {
            (Kind::Request { method, uri }, rsip::SipMessage::Request(request)) => {
                prop_assert_eq!(method.as_str(), request.method.to_string());
                prop_assert_eq!(uri, request.uri.to_string());
                prop_assert_eq!(ours.uri().unwrap().to_string(), request.uri.to_string());
            }
            (Kind::Response { status, .. }, rsip::SipMessage::Response(response)) => {
                prop_assert_eq!(status, response.status_code.code());
            }
            (ours, theirs) => prop_assert!(false, "{ours:?} is not {theirs}"),
        }
        let via = theirs.via_header().unwrap().typed().unwrap();
        let top = ours.top_via().unwrap();
        prop_assert_eq!(top.host.to_string(), via.uri.host().to_string());
        prop_assert_eq!(top.branch(), via.branch().map(|branch| branch.value()));
        let from = theirs.from_header().unwrap().typed().unwrap();
        prop_assert_eq!(ours.from().unwrap().uri.to_string(), from.uri.to_string());
        let tags = (ours.from_tag().map(String::from), ours.to_tag().map(String::from));
        let to = theirs.to_header().unwrap().typed().unwrap();
        prop_assert_eq!(ours.to().unwrap().uri.to_string(), to.uri.to_string());
        prop_assert_eq!(tags, (from.tag().map(|tag| tag.value().into()), to.tag().map(|tag| tag.value().into())));
        prop_assert_eq!(ours.call_id(), theirs.call_id_header().unwrap().value());
        let cseq = theirs.cseq_header().unwrap().typed().unwrap();
        let ours_cseq = ours.cseq().unwrap();
        prop_assert_eq!((ours_cseq.number, ours_cseq.method.to_string()), (cseq.seq, cseq.method.to_string()));
        let hops = theirs.max_forwards_header().unwrap().num().unwrap();
        prop_assert_eq!(ours.max_forwards().unwrap().map(u32::from), Some(hops));
        prop_assert_eq!(ours.all_headers().count(), theirs.headers().iter().count());
        prop_assert_eq!(ours.header(HeaderName::ContentLength).is_some(), true);
        prop_assert_eq!(&ours.body()[..], &theirs.body()[..]);
    }
}
