//! The call flows of RFC 3665 §3 that concern a user agent, by their sections. The test plays everybody else.

use core::time::Duration;

use hotline_sip::endpoint::{Event, Login, Reason, Side};
use hotline_sip::{HeaderName, Message};

use crate::calls::{PHONE, from_callee, invited, request, response, sent, titles, with_sdp};
use crate::net::{ANSWER, Net, OFFER, PERFECT, call, call_to, sdp};

const TWO_PROXIES: &str = "Record-Route: <sip:192.0.2.98;lr>, <sip:ss1.atlanta.example.com;lr>\n";

fn routes(message: &Message) -> Vec<String> {
    message.headers(HeaderName::Route).map(|route| route.into_owned()).collect()
}

#[test]
fn s3_1_a_session_is_established() {
    let mut net = Net::pair(1, PERFECT);
    net.on(0, |endpoint, now| endpoint.invite(now, call())).unwrap();
    net.run_ms(10);
    let bob = net.incoming(1).unwrap();
    net.on(1, |endpoint, now| endpoint.ring(now, bob, None));
    net.run_ms(10);
    net.on(1, |endpoint, now| endpoint.answer(now, bob, sdp(ANSWER)));
    net.run_ms(10);
    net.on(1, |endpoint, now| endpoint.hang_up(now, bob, None));
    net.run_out();
    assert_eq!(
        net.ladder,
        [
            "0>1 INVITE",
            "1>0 100 INVITE",
            "1>0 180 INVITE",
            "1>0 200 INVITE",
            "0>1 ACK",
            "1>0 BYE",
            "0>1 200 BYE"
        ]
    );
}

/// 3.2, as Alice: the route of the dialog is that of the 200, the nearest proxy first.
#[test]
fn s3_2_we_call_through_two_proxies() {
    let mut net = Net::pair(1, PERFECT);
    let (invite, session) = invited(&mut net);
    let through = "Record-Route: <sip:ss2.biloxi.example.com;lr>, <sip:192.0.2.98;lr>\n";
    net.inject(0, PHONE, &response(&invite, "180 Ringing", "bob", through));
    let ack = net.inject(0, PHONE, &response(&invite, "200 OK", "bob", through)).pop().unwrap();
    let expected = ["<sip:192.0.2.98;lr>", "<sip:ss2.biloxi.example.com;lr>"];
    assert_eq!(
        (ack.request_uri(), routes(&ack)),
        (Some("sip:bob@192.0.2.99:5060"), expected.map(Into::into).into())
    );
    let bye = net.inject(0, PHONE, &from_callee(&invite, "bob", "BYE", 1, "\n"));
    assert_eq!(titles(&bye), ["200 BYE"]);
    assert!(net.nodes[0].events.last() == Some(&Event::Ended { session, by: Side::Remote, reason: None }));
    net.run_out();
}

/// 3.2, as Bob: each response goes back by the Vias it came with.
#[test]
fn s3_2_we_are_called_through_two_proxies() {
    let mut net = Net::pair(1, PERFECT);
    let vias = "Via: SIP/2.0/UDP ss1.atlanta.example.com:5060;branch=z9hG4bK2d4790.1\n";
    let invite = with_sdp(&request("INVITE", 1, "1", "", &format!("{vias}{TWO_PROXIES}")));
    net.inject(0, PHONE, &invite);
    let session = net.incoming(0).unwrap();
    net.on(0, |endpoint, now| endpoint.ring(now, session, None));
    net.on(0, |endpoint, now| endpoint.answer(now, session, sdp(ANSWER)));
    let both = sent(&mut net);
    assert_eq!(titles(&both), ["180 INVITE", "200 INVITE"]);
    for response in &both {
        assert_eq!(response.vias().unwrap().len(), 2);
        assert_eq!(response.record_routes().unwrap().len(), 2, "RFC 3261 §12.1.1");
    }
    let tag = both[1].to_tag().unwrap().into_owned();
    net.inject(0, PHONE, &request("ACK", 1, "1a", &tag, "\n"));
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, Some(Reason::NORMAL)));
    let bye = sent(&mut net).pop().unwrap();
    assert_eq!(routes(&bye), ["<sip:192.0.2.98;lr>", "<sip:ss1.atlanta.example.com;lr>"]);
    net.inject(0, PHONE, &response(&bye, "200 OK", "bob", ""));
    net.run_out();
}

#[test]
fn s3_3_two_proxies_want_to_know_who_calls() {
    let ask = |realm: &str| {
        format!("Proxy-Authenticate: Digest realm=\"{realm}\", nonce=\"n\", algorithm=MD5, qop=\"auth\"\n")
    };
    let mut net = Net::pair(1, PERFECT);
    let mut invite = call_to("sip:bob@192.0.2.99", 0);
    invite.flow.remote = PHONE.parse().unwrap();
    invite.credentials = Some(Login { username: "alice".into(), password: "secret".into() });
    let session = net.on(0, |endpoint, now| endpoint.invite(now, invite)).unwrap();
    let mut invite = sent(&mut net).pop().unwrap();
    for (number, realm) in ["atlanta.example.com", "biloxi.example.com"].into_iter().enumerate() {
        let next = net.inject(0, PHONE, &response(&invite, "407 Who", "proxy", &ask(realm)));
        assert_eq!(titles(&next), ["ACK", "INVITE"]);
        invite = next[1].clone();
        assert_eq!(invite.headers(HeaderName::ProxyAuthorization).count(), number + 1);
        assert_eq!(invite.cseq().unwrap().number, u32::try_from(number).unwrap() + 2);
    }
    let ack = net.inject(0, PHONE, &response(&invite, "200 OK", "bob", "")).pop().unwrap();
    assert_eq!(ack.headers(HeaderName::ProxyAuthorization).count(), 2, "RFC 3261 §22.1");
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    net.run_out();
}

/// 3.4: nobody answers at the first proxy. Which other way there is our user knows.
#[test]
fn s3_4_a_proxy_fails_and_another_takes_the_call() {
    let mut net = Net::pair(1, PERFECT);
    let (_, first) = invited(&mut net);
    net.run_for(Duration::from_secs(33));
    assert_eq!(titles(&sent(&mut net)), ["INVITE"; 6], "repeated after 0.5, 1, 2, 4, 8 and 16 s");
    match net.nodes[0].events.last() {
        Some(Event::Failed { session, failure }) => assert_eq!((*session, failure.status), (first, 408)),
        other => panic!("{other:?}"),
    }
    let (invite, session) = invited(&mut net);
    assert_eq!(titles(&net.inject(0, PHONE, &response(&invite, "200 OK", "bob", TWO_PROXIES))), ["ACK"]);
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    net.run_out();
}

/// 3.5: the gateway on the way stands in for the caller in every dialog.
#[test]
fn s3_5_a_call_comes_through_an_application_level_gateway() {
    let mut net = Net::pair(1, PERFECT);
    let alg = "Record-Route: <sip:192.0.2.128;lr>\n";
    net.inject(0, PHONE, &with_sdp(&request("INVITE", 1, "1", "", alg)));
    let session = net.incoming(0).unwrap();
    net.on(0, |endpoint, now| endpoint.answer(now, session, sdp(ANSWER)));
    let ok = sent(&mut net).pop().unwrap();
    net.inject(0, PHONE, &request("ACK", 1, "1a", &ok.to_tag().unwrap(), "\n"));
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    let bye = sent(&mut net).pop().unwrap();
    assert_eq!(
        (bye.request_uri(), routes(&bye)),
        (Some("sip:bob@192.0.2.99:5060"), vec!["<sip:192.0.2.128;lr>".into()])
    );
    net.run_out();
}

/// 3.6, as Alice: our user is told where else the callee is.
#[test]
fn s3_6_we_are_told_to_call_elsewhere() {
    let mut net = Net::pair(1, PERFECT);
    let (invite, session) = invited(&mut net);
    let moved =
        "Contact: <sip:bob@chicago.example.com>;q=0.5, <sip:bob@192.0.2.201:5070>;q=0.9, <tel:+15550100>\n";
    let moved = response(&invite, "302 Moved Temporarily", "redirect", moved);
    let moved = moved.replace("Contact: <sip:redirect@192.0.2.99:5060>\n", "");
    assert_eq!(titles(&net.inject(0, PHONE, &moved)), ["ACK"]);
    match net.nodes[0].events.last() {
        Some(Event::Failed { session: failed, failure }) => {
            assert_eq!((*failed, failure.status), (session, 302));
            let contacts: Vec<String> = failure.contacts.iter().map(|one| one.uri.to_string()).collect();
            assert_eq!(
                contacts,
                ["tel:+15550100", "sip:bob@192.0.2.201:5070", "sip:bob@chicago.example.com"]
            );
        }
        other => panic!("{other:?}"),
    }
    net.run_out();
}

#[test]
fn s3_6_places_beyond_eight_and_those_of_other_failures_are_left_out() {
    for (status, places, expected) in
        [("302 Moved", 20, 8), ("301 Moved", 1, 1), ("486 Busy", 1, 0), ("302 Moved", 0, 0)]
    {
        let mut net = Net::pair(1, PERFECT);
        let (invite, _) = invited(&mut net);
        let contacts: String =
            (0..places).map(|place| format!("Contact: <sip:{place}@192.0.2.1>\n")).collect();
        let failure =
            response(&invite, status, "r", &contacts).replace("Contact: <sip:r@192.0.2.99:5060>\n", "");
        net.inject(0, PHONE, &failure);
        match net.nodes[0].events.last() {
            Some(Event::Failed { failure, .. }) => assert_eq!(failure.contacts.len(), expected, "{status}"),
            other => panic!("{other:?}"),
        }
        net.run_out();
    }
}

/// 3.6, as Bob: the INVITE has no description, the ACK brings it.
#[test]
fn s3_6_the_ack_brings_the_description() {
    let mut net = Net::pair(1, PERFECT);
    net.inject(0, PHONE, &request("INVITE", 2, "1", "", &format!("{TWO_PROXIES}\n")));
    let session = net.incoming(0).unwrap();
    net.on(0, |endpoint, now| endpoint.ring(now, session, None));
    net.on(0, |endpoint, now| endpoint.answer(now, session, sdp(ANSWER)));
    let ok = sent(&mut net).pop().unwrap();
    assert_eq!(ok.body(), sdp(ANSWER));
    let tag = ok.to_tag().unwrap().into_owned();
    net.inject(0, PHONE, &with_sdp(&request("ACK", 2, "1a", &tag, "")));
    assert!(net.nodes[0].events.last() == Some(&Event::Confirmed { session, body: Some(sdp(OFFER)) }));
    net.inject(0, PHONE, &request("BYE", 3, "3", &tag, "\n"));
    net.run_out();
}

#[test]
fn s3_7_a_phone_moves_to_another_address() {
    let mut net = Net::pair(1, PERFECT);
    let (invite, session) = invited(&mut net);
    net.inject(0, PHONE, &response(&invite, "200 OK", "bob", ""));
    let moved = from_callee(&invite, "bob", "INVITE", 14_798, "")
        .replace("Contact: <sip:bob@192.0.2.99:5060>", "Contact: <sip:bob@192.0.2.100>");
    assert_eq!(titles(&net.inject(0, PHONE, &with_sdp(&moved))), ["100 INVITE"]);
    net.on(0, |endpoint, now| endpoint.answer_reoffer(now, session, sdp(ANSWER)));
    assert_eq!(titles(&sent(&mut net)), ["200 INVITE"]);
    net.inject(0, PHONE, &from_callee(&invite, "bob", "ACK", 14_798, "\n"));
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    assert_eq!(sent(&mut net).pop().unwrap().request_uri(), Some("sip:bob@192.0.2.100"));
    net.run_out();
}

#[test]
fn s3_8_nobody_answers_and_the_caller_gives_up() {
    let mut net = Net::pair(1, PERFECT);
    let alice = net.on(0, |endpoint, now| endpoint.invite(now, call())).unwrap();
    net.run_ms(10);
    let bob = net.incoming(1).unwrap();
    net.on(1, |endpoint, now| endpoint.ring(now, bob, None));
    net.run_ms(10);
    net.on(0, |endpoint, now| endpoint.hang_up(now, alice, None));
    net.run_out();
    assert_eq!(net.ladder[3..], ["0>1 CANCEL", "1>0 200 CANCEL", "1>0 487 INVITE", "0>1 ACK"]);
    assert_eq!(
        (net.told(0), net.told(1)),
        (vec!["Ringing".into(), "Cancelled".into()], vec!["Incoming".into(), "Cancelled".into()])
    );
}

#[test]
fn s3_9_the_callee_is_busy() {
    let mut net = Net::pair(1, PERFECT);
    net.on(0, |endpoint, now| endpoint.invite(now, call())).unwrap();
    net.run_ms(10);
    let bob = net.incoming(1).unwrap();
    net.on(1, |endpoint, now| endpoint.reject(now, bob, 486, None));
    net.run_out();
    assert_eq!(net.ladder, ["0>1 INVITE", "1>0 100 INVITE", "1>0 486 INVITE", "0>1 ACK"]);
}

/// 3.10: the last proxy got no response from the callee.
#[test]
fn s3_10_no_phone_responds() {
    let mut net = Net::pair(1, PERFECT);
    let (invite, _) = invited(&mut net);
    net.inject(0, PHONE, &response(&invite, "100 Trying", "proxy", ""));
    net.run_for(Duration::from_secs(40));
    assert_eq!(titles(&sent(&mut net)), [""; 0]);
    let gone = response(&invite, "480 No response from bob", "proxy", "");
    assert_eq!(titles(&net.inject(0, PHONE, &gone)), ["ACK"]);
    match net.nodes[0].events.last() {
        Some(Event::Failed { failure, .. }) => {
            assert_eq!((failure.status, failure.text.as_str()), (480, "No response from bob"));
        }
        other => panic!("{other:?}"),
    }
    net.run_out();
}

#[test]
fn s3_11_the_callee_is_temporarily_unavailable() {
    let mut net = Net::pair(1, PERFECT);
    net.on(0, |endpoint, now| endpoint.invite(now, call())).unwrap();
    net.run_ms(10);
    let bob = net.incoming(1).unwrap();
    net.on(1, |endpoint, now| endpoint.ring(now, bob, None));
    net.run_ms(10);
    net.on(1, |endpoint, now| endpoint.hang_up(now, bob, None));
    net.run_out();
    assert_eq!(net.ladder[2..], ["1>0 180 INVITE", "1>0 480 INVITE", "0>1 ACK"]);
}
