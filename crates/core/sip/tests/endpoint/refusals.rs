//! What the endpoint refuses, and that it keeps nothing of it.

use hotline_base::Rng;
use hotline_sip::endpoint::{EndpointConfig, Event, InviteError, Limits};
use hotline_sip::{Flow, HeaderName, Message};

use crate::calls;
use crate::net::{Net, OFFER, PERFECT, address, call, open_config, sdp, title};

const STRANGER: &str = "203.0.113.66:5070";
const TRUNK: &str = "192.0.2.77:5060";

fn request(method: &str, extra: &str) -> String {
    format!(
        "{method} sip:100@192.0.2.10 SIP/2.0\nVia: SIP/2.0/UDP 203.0.113.66:5070;branch=z9hG4bKx\n\
         From: <sip:eve@203.0.113.66>;tag=eve\nTo: <sip:100@192.0.2.10>\nCall-ID: c\nCSeq: 1 {method}\n{extra}\n"
    )
}

fn net() -> Net {
    Net::new(1, PERFECT, vec![open_config(0)])
}

fn titles(messages: &[Message]) -> Vec<String> {
    messages.iter().map(title).collect()
}

#[test]
fn an_invite_from_a_stranger_is_refused_counted_and_forgotten() {
    let mut net = net();
    let sent = net.inject(0, STRANGER, &request("INVITE", ""));
    assert_eq!(titles(&sent), ["403 INVITE"]);
    let again = net.inject(0, STRANGER, &request("INVITE", ""));
    assert_eq!(again[0].to_tag(), sent[0].to_tag(), "a repetition gets the same answer");
    assert_eq!(net.nodes[0].endpoint.counters().refused_invites, 2);
    net.inject(0, STRANGER, &request("ACK", ""));
    assert_eq!(net.nodes[0].endpoint.counters().stray_acks, 1);
    net.run_out();
}

#[test]
fn what_cannot_be_accepted_is_refused_with_its_status() {
    for (method, extra, status) in [
        ("PUBLISH", "", "405 PUBLISH"),
        ("PRACK", "", "481 PRACK"),
        ("FROB", "", "501 FROB"),
        ("BYE", "", "481 BYE"),
        ("INFO", "", "481 INFO"),
        ("CANCEL", "", "481 CANCEL"),
        ("INVITE", "Max-Forwards: 0\n", "483 INVITE"),
        ("INVITE", "Require: 100rel, timer, x-y, precondition\n", "420 INVITE"),
        ("INVITE", "Max-Forwards: x\n", "400 INVITE"),
        ("INVITE", "Content-Length: 10\n", "400 INVITE"),
        ("INVITE", "Content-Type: text/plain\n\nhello", "415 INVITE"),
        ("INVITE", "Contact: <nonsense\n", "400 INVITE"),
    ] {
        let mut net = net();
        let sent = net.inject(0, TRUNK, &request(method, extra));
        assert_eq!(titles(&sent), [status], "{method} {extra}");
        assert!(sent[0].has(HeaderName::To) && sent[0].to_tag().is_some(), "{method} {extra}");
        match sent[0].status() {
            Some(405 | 501) => assert!(sent[0].header(HeaderName::Allow).unwrap().contains("INVITE")),
            Some(420) => {
                let unsupported: Vec<_> = sent[0].headers(HeaderName::Unsupported).collect();
                assert_eq!(unsupported, ["x-y", "precondition"]);
            }
            Some(415) => assert!(sent[0].header(HeaderName::Accept).unwrap().contains("application/sdp")),
            _ => {}
        }
        net.run_out();
    }
    let mut net = net();
    let sent = net.inject(0, TRUNK, &request("INVITE", "").replace("sip:100@192.0.2.10 SIP", "http://a SIP"));
    assert_eq!(titles(&sent), ["416 INVITE"]);
}

#[test]
fn a_register_without_a_hop_left_has_arrived() {
    let mut net = net();
    let sent = net.inject(0, TRUNK, &request("REGISTER", "Max-Forwards: 0\n"));
    assert_eq!(titles(&sent), ["401 REGISTER"]);
}

#[test]
fn an_offer_among_other_parts_is_found() {
    let parts = |first: &str, second: &str| {
        let body = format!(
            "--b1\nContent-Type: {first}\n\nother\n--b1\nContent-Type: {second}\n\n{OFFER}\n--b1--\n"
        );
        let headers = "Content-Type: multipart/mixed;boundary=\"b1\"\n\n";
        request("INVITE", &format!("{headers}{body}"))
    };
    let mut net = net();
    net.inject(0, TRUNK, &parts("application/isup", "application/sdp"));
    match net.nodes[0].events.last() {
        Some(Event::Incoming { offer, .. }) => assert_eq!(*offer, Some(sdp(OFFER))),
        other => panic!("{other:?}"),
    }
    let required = "application/isup\nContent-Disposition: signal;handling=required";
    for invite in [parts(required, "application/sdp"), parts("application/isup", "text/plain")] {
        let mut net = self::net();
        assert_eq!(net.inject(0, TRUNK, &invite)[0].status(), Some(415));
    }
}

#[test]
fn options_tells_what_we_can_do() {
    let mut net = net();
    let sent = net.inject(0, STRANGER, &request("OPTIONS", "Max-Forwards: 0\n"));
    assert_eq!(titles(&sent), ["200 OPTIONS"]);
    for name in [HeaderName::Allow, HeaderName::Accept, HeaderName::Supported] {
        assert!(sent[0].has(name), "{name}");
    }
}

#[test]
fn a_request_that_comes_by_two_ways_is_merged() {
    let mut net = net();
    let invite = request("INVITE", "Content-Type: application/sdp\n\nv=0");
    assert_eq!(titles(&net.inject(0, TRUNK, &invite)), ["100 INVITE"]);
    assert_eq!(titles(&net.inject(0, TRUNK, &invite)), ["100 INVITE"], "a repetition is no second way");
    let other = net.inject(0, TRUNK, &invite.replace("z9hG4bKx", "z9hG4bKy"));
    assert_eq!(titles(&other), ["482 INVITE"]);
    assert_eq!((net.nodes[0].endpoint.sessions(), net.nodes[0].endpoint.counters().merged), (1, 1));
}

#[test]
fn responses_go_to_where_the_request_came_from() {
    for (via, destination, noted) in [
        ("10.0.0.9:5060;rport", STRANGER, ";rport=5070;received=203.0.113.66"),
        ("10.0.0.9:5060", STRANGER, ";received=203.0.113.66"),
        ("203.0.113.66:5062", "203.0.113.66:5062", ""),
        ("203.0.113.66", "203.0.113.66:5060", ""),
        ("203.0.113.66:5062;rport", STRANGER, ";rport=5070;received=203.0.113.66"),
    ] {
        let mut net = net();
        let text = request("OPTIONS", "").replace("203.0.113.66:5070;branch", &format!("{via};branch"));
        let bytes = text.replace('\n', "\r\n").into_bytes().into();
        let datagram =
            hotline_sip::endpoint::Datagram { flow: Flow::udp(address(0), STRANGER.parse().unwrap()), bytes };
        let endpoint = &mut net.nodes[0].endpoint;
        endpoint.handle_datagram(net.now, datagram);
        let transmit = endpoint.poll_transmit().unwrap();
        assert_eq!(
            (transmit.flow.local, transmit.flow.remote),
            (address(0), destination.parse().unwrap()),
            "{via}"
        );
        let told = Message::parse(transmit.bytes).unwrap().top_via().unwrap();
        for param in noted.split(';').filter(|param| !param.is_empty()) {
            assert!(told.params.to_string().contains(param), "{via}: {}", told.params);
        }
    }
}

#[test]
fn at_a_limit_calls_are_refused_for_a_while() {
    for limits in
        [Limits { sessions: 1, ..Limits::default() }, Limits { server_transactions: 1, ..Limits::default() }]
    {
        let mut net = Net::new(1, PERFECT, vec![EndpointConfig { limits, ..open_config(0) }]);
        let invite = request("INVITE", "Content-Type: application/sdp\n\nv=0");
        net.inject(0, TRUNK, &invite);
        let second = invite.replace("z9hG4bKx", "z9hG4bKy").replace("Call-ID: c", "Call-ID: d");
        let sent = net.inject(0, TRUNK, &second);
        assert_eq!(titles(&sent), ["503 INVITE"]);
        assert!(sent[0].has(HeaderName::RetryAfter));
        assert_eq!(net.nodes[0].endpoint.counters().overloaded, 1);
        assert_eq!(net.told(0), ["Incoming"]);
    }
}

#[test]
fn a_call_that_is_over_leaves_its_place_though_its_transaction_lives_on() {
    let limits = Limits { sessions: 1, ..Limits::default() };
    let mut net = Net::new(1, PERFECT, vec![EndpointConfig { limits, ..open_config(0) }]);
    let again = |net: &mut Net| net.on(0, |endpoint, now| endpoint.invite(now, call()));
    let (invite, _) = calls::invited(&mut net);
    net.inject(0, calls::PHONE, &calls::response(&invite, "200 OK", "bob", &calls::with_sdp("")));
    assert_eq!(again(&mut net), Err(InviteError::Exhausted), "it is up");
    net.inject(0, calls::PHONE, &calls::from_callee(&invite, "bob", "BYE", 1, "\n"));
    assert_eq!(net.nodes[0].endpoint.sessions(), 1, "its 200 may still be repeated");
    assert!(again(&mut net).is_ok());
    assert_eq!(again(&mut net), Err(InviteError::Exhausted));
}

#[test]
fn at_a_limit_or_with_a_bad_header_no_call_leaves() {
    let limits = Limits { client_transactions: 0, ..Limits::default() };
    let mut net = Net::new(1, PERFECT, vec![EndpointConfig { limits, ..open_config(0) }]);
    let error = |net: &mut Net, invite| net.on(0, |endpoint, now| endpoint.invite(now, invite)).unwrap_err();
    assert_eq!(error(&mut net, call()), InviteError::Exhausted);
    let mut net = self::net();
    let mut invite = call();
    invite.headers.push((HeaderName::Subject, "a\r\nVia: evil".into()));
    assert_eq!(error(&mut net, invite), InviteError::Header);
    let mut invite = call();
    invite.uri = "no uri".into();
    assert_eq!(error(&mut net, invite), InviteError::Uri);
    net.run_out();
}

#[test]
fn noise_is_dropped_and_counted() {
    let mut net = net();
    for text in ["\n\n", "", "hello", "SIP/2.0 200 OK\n\n", "INVITE\n\n", "\u{0}"] {
        assert!(net.inject(0, STRANGER, text).is_empty(), "{text:?}");
    }
    let stray = "SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKnone\nFrom: <sip:a@b>;tag=1\n\
                 To: <sip:b@c>;tag=2\nCall-ID: c\nCSeq: 1 INVITE\n\n";
    assert!(net.inject(0, STRANGER, stray).is_empty());
    let counters = net.nodes[0].endpoint.counters();
    assert_eq!((counters.keepalives, counters.malformed, counters.stray_responses), (2, 4, 1));
    net.run_out();
}

/// Bytes changed, cut and doubled in valid messages: nothing panics, and every answer is well formed (the network
/// parses all that is sent).
#[test]
fn no_datagram_breaks_the_endpoint() {
    let mut net = net();
    let mut rng = Rng::from_number(7);
    let invite = request("INVITE", "Content-Type: application/sdp\n\nv=0");
    let seeds =
        [invite.clone(), request("REGISTER", "Contact: *\n"), request("OPTIONS", ""), request("BYE", "")];
    for round in 0..20_000 {
        let mut bytes = seeds[round % seeds.len()].replace('\n', "\r\n").into_bytes();
        for _ in 0..=rng.below(4) {
            let at = usize::try_from(rng.below(bytes.len() as u64)).unwrap();
            match rng.below(4) {
                0 => bytes[at] = rng.next_u32().to_le_bytes()[0],
                1 => bytes.truncate(at.max(1)),
                2 => bytes.insert(at, b"\r\n;:<>\"@, "[usize::try_from(rng.below(10)).unwrap()]),
                _ => {
                    let line = bytes[at..].to_vec();
                    bytes.extend(line);
                }
            }
        }
        let datagram = hotline_sip::endpoint::Datagram {
            flow: Flow::udp(address(0), if round % 2 == 0 { TRUNK } else { STRANGER }.parse().unwrap()),
            bytes: bytes.into(),
        };
        net.on(0, |endpoint, now| endpoint.handle_datagram(now, datagram));
        // No faster than strangers are heard.
        net.now = net.now + core::time::Duration::from_millis(10);
        net.outside.clear();
        // Different requests with one branch are judged one by one.
        net.nodes[0].finals.clear();
    }
    let sessions: Vec<_> = net.nodes[0].events.iter().filter_map(|event| event.session()).collect();
    for session in sessions {
        net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    }
    net.run_out();
}
