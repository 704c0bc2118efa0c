//! That nothing outlives its end, whatever the peer keeps to itself.

use core::time::Duration;

use hotline_base::Time;
use hotline_sip::endpoint::Event;
use hotline_sip::{HeaderName, Message};

use crate::calls::{PHONE, called_with_password, established, invited, request, response, titles};
use crate::net::{Net, OFFER, PERFECT, sdp};

const ASK: &str = "Proxy-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=MD5, qop=\"auth\"\n";

/// Our offer in an established call; nobody has said anything about it.
fn offered(net: &mut Net) -> (Message, hotline_sip::SessionId) {
    let (_, session) = established(net);
    net.on(0, |endpoint, now| endpoint.reoffer(now, session, sdp(OFFER)));
    (net.outside.pop().unwrap(), session)
}

#[test]
fn an_offer_without_an_answer_does_not_outlive_the_call() {
    for late in [false, true] {
        let mut net = Net::pair(1, PERFECT);
        let (offer, session) = offered(&mut net);
        if !late {
            net.inject(0, PHONE, &response(&offer, "100 Trying", "bob", ""));
        }
        net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
        let bye = net.outside.pop().unwrap();
        net.inject(0, PHONE, &response(&bye, "200 OK", "bob", ""));
        if late {
            net.inject(0, PHONE, &response(&offer, "180 Ringing", "bob", ""));
        }
        let over = net.now.mono;
        net.run_out();
        assert!(net.now.mono.since(over) <= Duration::from_secs(32), "late {late}");
    }
}

#[test]
fn an_offer_that_the_peer_leaves_open_is_cancelled_32_seconds_after_its_last_progress() {
    let mut net = Net::pair(1, PERFECT);
    let (offer, session) = offered(&mut net);
    net.inject(0, PHONE, &response(&offer, "100 Trying", "bob", ""));
    net.run_for(Duration::from_secs(20));
    net.inject(0, PHONE, &response(&offer, "183 Progress", "bob", ""));
    net.run_for(Duration::from_millis(31_900));
    assert_eq!(titles(&net.outside), [""; 0]);
    net.run_ms(200);
    let cancel = net.outside.pop().unwrap();
    assert_eq!((titles(core::slice::from_ref(&cancel)), net.outside.len()), (vec!["CANCEL".to_owned()], 0));
    assert!(net.nodes[0].events.last() == Some(&Event::ReofferRefused { session, status: 408 }));
    net.inject(0, PHONE, &response(&cancel, "200 OK", "bob", ""));
    let sent = net.inject(0, PHONE, &response(&offer, "487 Terminated", "bob", ""));
    assert_eq!((titles(&sent), net.told(0).len()), (vec!["ACK".to_owned()], 3));
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    net.run_out();
}

#[test]
fn an_invite_that_was_given_up_ends_by_itself() {
    let mut net = Net::pair(1, PERFECT);
    let (invite, session) = invited(&mut net);
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    net.inject(0, PHONE, &response(&invite, "100 Trying", "bob", ""));
    net.run_for(Duration::from_secs(20));
    net.inject(0, PHONE, &response(&invite, "180 Ringing", "bob", ""));
    net.run_out();
    assert_eq!(net.now.mono.since(Time::ZERO), Duration::from_secs(32), "progress grants no more time");
}

#[test]
fn an_answer_that_cannot_be_read_is_acknowledged_and_hung_up() {
    for unreadable in ["Contact: <sip:a b@192.0.2.99>\n", "Record-Route: <sip:p1\n"] {
        let mut net = Net::pair(1, PERFECT);
        let (invite, _) = invited(&mut net);
        let mut ok = response(&invite, "200 OK", "bob", unreadable);
        if unreadable.starts_with("Contact") {
            ok = ok.replace("Contact: <sip:bob@192.0.2.99:5060>\n", "");
        }
        let sent = net.inject(0, PHONE, &ok);
        assert_eq!(titles(&sent), ["ACK", "BYE"], "{unreadable}");
        assert_eq!(sent[1].to_tag().unwrap(), "bob");
        match net.nodes[0].events.last() {
            Some(Event::Failed { failure, .. }) => assert_eq!(failure.status, 502),
            other => panic!("{other:?}"),
        }
        assert_eq!(titles(&net.inject(0, PHONE, &ok)), ["ACK"], "{unreadable}");
        net.inject(0, PHONE, &response(&sent[1], "200 OK", "bob", ""));
        net.run_out();
    }
}

#[test]
fn the_bye_to_an_answer_that_nobody_waits_for_answers_a_challenge() {
    // A second fork.
    let mut net = Net::pair(1, PERFECT);
    let (invite, session) = called_with_password(&mut net);
    let surplus = net.inject(0, PHONE, &response(&invite, "200 OK", "two", ""));
    assert_eq!(titles(&surplus), ["ACK", "BYE"]);
    let again = net.inject(0, PHONE, &response(&surplus[1], "407 Who", "two", ASK));
    assert_eq!(titles(&again), ["BYE"]);
    assert!(again[0].has(HeaderName::ProxyAuthorization));
    assert_eq!(again[0].to_tag().unwrap(), "two");
    assert!(net.inject(0, PHONE, &response(&again[0], "407 Who", "two", ASK)).is_empty());
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    net.run_out();
}

#[test]
fn an_answer_that_crosses_the_cancel_gets_the_invite_s_credentials_and_its_bye_answers_a_challenge() {
    let mut net = Net::pair(1, PERFECT);
    let mut invite = crate::net::call_to("sip:bob@192.0.2.99", 0);
    invite.flow.remote = PHONE.parse().unwrap();
    invite.credentials = crate::registration::login("secret");
    let session = net.on(0, |endpoint, now| endpoint.invite(now, invite)).unwrap();
    let first = net.outside.pop().unwrap();
    let second = net.inject(0, PHONE, &response(&first, "407 Who", "bob", ASK)).pop().unwrap();
    net.inject(0, PHONE, &response(&second, "180 Ringing", "bob", ""));
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    let sent = net.inject(0, PHONE, &response(&second, "200 OK", "bob", "")).split_off(1);
    assert_eq!(titles(&sent), ["ACK", "BYE"]);
    assert!(sent[0].has(HeaderName::ProxyAuthorization), "RFC 3261 §22.1");
    let again = net.inject(0, PHONE, &response(&sent[1], "407 Who", "bob", ASK));
    assert_eq!(titles(&again), ["BYE"]);
    assert!(again[0].has(HeaderName::ProxyAuthorization));
    net.inject(0, PHONE, &response(&again[0], "200 OK", "bob", ""));
    net.run_out();
}

#[test]
fn a_reoffer_that_cannot_be_is_refused_at_once() {
    let mut net = Net::pair(1, PERFECT);
    let (invite, session) = invited(&mut net);
    net.on(0, |endpoint, now| endpoint.reoffer(now, session, sdp(OFFER)));
    assert_eq!(net.told(0), ["ReofferRefused"]);
    net.inject(0, PHONE, &response(&invite, "486 Busy", "bob", ""));
    net.on(0, |endpoint, now| endpoint.reoffer(now, session, sdp(OFFER)));
    assert_eq!(net.told(0), ["ReofferRefused", "Failed"], "nothing follows the end");
    net.inject(0, PHONE, &crate::calls::with_sdp(&request("INVITE", 1, "1", "", "")));
    let session = net.incoming(0).unwrap();
    net.on(0, |endpoint, now| endpoint.reoffer(now, session, sdp(OFFER)));
    assert_eq!(net.told(0)[2..], ["Incoming", "ReofferRefused"]);
}
