//! Changes of a session before its answer: RFC 3311, as the callee and as the caller.

use core::time::Duration;

use hotline_sip::Message;
use hotline_sip::endpoint::{Event, SessionId};

use crate::calls::{PHONE, from_callee, invited, request, response, sent, titles, with_sdp};
use crate::net::{ANSWER, Net, OFFER, PERFECT, sdp};

const CHANGE: &str = "v=0 change";

/// A call of the phone that has our early media, acknowledged; our tag.
fn early(net: &mut Net, allow: &str) -> (String, SessionId) {
    let headers = format!("Supported: 100rel\n{allow}");
    net.inject(0, PHONE, &with_sdp(&request("INVITE", 1, "1", "", &headers)));
    let session = net.incoming(0).unwrap();
    net.on(0, |endpoint, now| endpoint.ring(now, session, Some(sdp(ANSWER))));
    let progress = sent(net).pop().unwrap();
    let tag = progress.to_tag().unwrap().into_owned();
    let rack = format!("RAck: {} 1 INVITE\n\n", progress.rseq().unwrap().unwrap());
    assert_eq!(titles(&net.inject(0, PHONE, &request("PRACK", 2, "2", &tag, &rack))), ["200 PRACK"]);
    (tag, session)
}

fn update(tag: &str, cseq: u32) -> String {
    with_sdp(&request("UPDATE", cseq, &format!("u{cseq}"), tag, ""))
}

fn reoffer(net: &mut Net, session: SessionId) -> Vec<Message> {
    net.on(0, |endpoint, now| endpoint.reoffer(now, session, sdp(CHANGE)));
    sent(net)
}

/// A call to the phone that has told its early media reliably, in the dialog with this tag.
fn early_callee(net: &mut Net, invite: &Message, tag: &str) {
    let headers = "Require: 100rel\nRSeq: 1\nAllow: INVITE, UPDATE\nContent-Type: application/sdp\n";
    let progress = response(invite, "183 Progress", tag, headers);
    let prack = net.inject(0, PHONE, &format!("{progress}{ANSWER}"));
    assert_eq!(titles(&prack), ["PRACK"]);
    net.inject(0, PHONE, &response(&prack[0], "200 OK", tag, ""));
}

fn end(net: &mut Net, session: SessionId) {
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    net.run_out();
}

#[test]
fn a_caller_changes_what_was_agreed_on_before_the_answer() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session) = early(&mut net, "");
    assert!(net.inject(0, PHONE, &update(&tag, 3)).is_empty());
    assert!(net.nodes[0].events.last() == Some(&Event::Reoffer { session, offer: Some(sdp(OFFER)) }));
    assert_eq!(titles(&net.inject(0, PHONE, &update(&tag, 4))), ["500 UPDATE"], "one at a time");
    net.on(0, |endpoint, now| endpoint.answer(now, session, sdp(ANSWER)));
    assert!(sent(&mut net).is_empty(), "the offer is answered first");
    net.on(0, |endpoint, now| endpoint.answer_reoffer(now, session, sdp(CHANGE)));
    let both = sent(&mut net);
    assert_eq!(titles(&both), ["200 UPDATE", "200 INVITE"]);
    assert_eq!((both[0].body(), both[1].body()), (sdp(CHANGE), sdp("")));
    net.inject(0, PHONE, &request("ACK", 1, "1a", &tag, "\n"));
    end(&mut net, session);
}

#[test]
fn an_offer_that_is_refused_before_the_answer_lets_the_answer_leave() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session) = early(&mut net, "");
    net.inject(0, PHONE, &update(&tag, 3));
    net.on(0, |endpoint, now| endpoint.answer(now, session, sdp(ANSWER)));
    net.on(0, |endpoint, now| endpoint.refuse_reoffer(now, session, 488));
    assert_eq!(titles(&sent(&mut net)), ["488 UPDATE", "200 INVITE"]);
    net.inject(0, PHONE, &request("ACK", 1, "1a", &tag, "\n"));
    end(&mut net, session);
}

#[test]
fn an_offer_that_nobody_answers_ends_with_the_call() {
    for we in [true, false] {
        let mut net = Net::pair(1, PERFECT);
        let (tag, session) = early(&mut net, "");
        net.inject(0, PHONE, &update(&tag, 3));
        if we {
            net.on(0, |endpoint, now| endpoint.reject(now, session, 486, None));
            assert_eq!(titles(&sent(&mut net)), ["487 UPDATE", "486 INVITE"]);
        } else {
            let all = net.inject(0, PHONE, &request("CANCEL", 1, "1", "", "\n"));
            assert_eq!(titles(&all), ["200 CANCEL", "487 UPDATE", "487 INVITE"]);
        }
        net.inject(0, PHONE, &request("ACK", 1, "1", "", "\n"));
        net.run_out();
    }
}

#[test]
fn an_update_that_describes_nothing_is_granted_at_any_time() {
    let mut net = Net::pair(1, PERFECT);
    net.inject(0, PHONE, &with_sdp(&request("INVITE", 1, "1", "", "")));
    let session = net.incoming(0).unwrap();
    net.on(0, |endpoint, now| endpoint.ring(now, session, None));
    let tag = sent(&mut net).pop().unwrap().to_tag().unwrap().into_owned();
    let granted = net.inject(0, PHONE, &request("UPDATE", 2, "2", &tag, "\n"));
    assert_eq!(titles(&granted), ["200 UPDATE"]);
    assert!(!granted[0].has(hotline_sip::HeaderName::SessionExpires), "there is no session yet");
    end(&mut net, session);
}

#[test]
fn we_change_what_was_agreed_on_with_a_caller_before_the_answer() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session) = early(&mut net, "Allow: INVITE, UPDATE\n");
    let offer = reoffer(&mut net, session).pop().unwrap();
    assert_eq!(
        (titles(core::slice::from_ref(&offer)), offer.body()),
        (vec!["UPDATE".to_owned()], sdp(CHANGE))
    );
    assert_eq!(titles(&net.inject(0, PHONE, &update(&tag, 3))), ["491 UPDATE"]);
    net.on(0, |endpoint, now| endpoint.answer(now, session, sdp(ANSWER)));
    assert!(sent(&mut net).is_empty(), "our offer is answered first");
    let ok = format!("{}{OFFER}", response(&offer, "200 OK", "bob", "Content-Type: application/sdp\n"));
    assert_eq!(titles(&net.inject(0, PHONE, &ok)), ["200 INVITE"]);
    assert!(net.nodes[0].events.last() == Some(&Event::ReofferAnswered { session, body: Some(sdp(OFFER)) }));
    net.inject(0, PHONE, &request("ACK", 1, "1a", &tag, "\n"));
    end(&mut net, session);
}

#[test]
fn an_offer_of_ours_before_the_answer_is_refused_where_it_cannot_be_made() {
    let mut net = Net::pair(1, PERFECT);
    let (_, session) = early(&mut net, "Allow: INVITE, ACK\n");
    assert!(reoffer(&mut net, session).is_empty());
    assert!(net.nodes[0].events.last() == Some(&Event::ReofferRefused { session, status: 491 }));
    net.on(0, |endpoint, now| endpoint.reject(now, session, 486, None));
    let mut net = Net::pair(1, PERFECT);
    let (invite, session) = invited(&mut net);
    net.inject(0, PHONE, &response(&invite, "183 Progress", "bob", "Allow: UPDATE\n"));
    assert!(reoffer(&mut net, session).is_empty(), "nothing is agreed on");
    for tag in ["one", "two"] {
        early_callee(&mut net, &invite, tag);
    }
    assert!(reoffer(&mut net, session).is_empty(), "it is not clear to whom");
    assert_eq!(net.told(0).iter().filter(|name| *name == "ReofferRefused").count(), 2);
    end(&mut net, session);
}

#[test]
fn a_callee_changes_what_was_agreed_on_before_its_answer() {
    let mut net = Net::pair(1, PERFECT);
    let (invite, session) = invited(&mut net);
    net.inject(0, PHONE, &response(&invite, "180 Ringing", "bob", ""));
    let offer = |cseq| with_sdp(&from_callee(&invite, "bob", "UPDATE", cseq, ""));
    assert_eq!(titles(&net.inject(0, PHONE, &offer(1))), ["491 UPDATE"], "our offer has no answer yet");
    early_callee(&mut net, &invite, "bob");
    assert!(net.inject(0, PHONE, &offer(2)).is_empty());
    assert!(net.nodes[0].events.last() == Some(&Event::Reoffer { session, offer: Some(sdp(OFFER)) }));
    assert_eq!(titles(&net.inject(0, PHONE, &offer(3))), ["500 UPDATE"]);
    let reinvite = with_sdp(&from_callee(&invite, "bob", "INVITE", 4, ""));
    assert_eq!(titles(&net.inject(0, PHONE, &reinvite)), ["100 INVITE", "491 INVITE"]);
    net.on(0, |endpoint, now| endpoint.answer_reoffer(now, session, sdp(CHANGE)));
    assert_eq!(titles(&sent(&mut net)), ["200 UPDATE"]);
    net.inject(0, PHONE, &response(&invite, "200 OK", "bob", ""));
    let answered = Event::Answered { session, body: None };
    assert!(net.nodes[0].events.last() == Some(&answered), "the answer is not the last word");
    end(&mut net, session);
}

#[test]
fn offers_of_two_forks_are_answered_one_after_the_other() {
    let mut net = Net::pair(1, PERFECT);
    let (invite, session) = invited(&mut net);
    for tag in ["one", "two"] {
        early_callee(&mut net, &invite, tag);
    }
    let offer = |tag: &str, cseq| with_sdp(&from_callee(&invite, tag, "UPDATE", cseq, ""));
    assert!(net.inject(0, PHONE, &offer("one", 1)).is_empty());
    assert_eq!(titles(&net.inject(0, PHONE, &offer("two", 1))), ["500 UPDATE"]);
    net.on(0, |endpoint, now| endpoint.refuse_reoffer(now, session, 488));
    assert_eq!(titles(&sent(&mut net)), ["488 UPDATE"]);
    assert!(net.inject(0, PHONE, &offer("two", 2)).is_empty());
    let both = net.inject(0, PHONE, &response(&invite, "200 OK", "one", ""));
    assert_eq!(titles(&both), ["487 UPDATE", "ACK"], "who did not answer the call needs no answer");
    assert!(net.nodes[0].events.last() == Some(&Event::Answered { session, body: Some(sdp(ANSWER)) }));
    end(&mut net, session);
}

#[test]
fn we_change_what_was_agreed_on_with_a_callee_before_its_answer() {
    let mut net = Net::pair(1, PERFECT);
    let (invite, session) = invited(&mut net);
    early_callee(&mut net, &invite, "bob");
    let offer = reoffer(&mut net, session).pop().unwrap();
    assert_eq!(titles(core::slice::from_ref(&offer)), ["UPDATE"]);
    assert!(reoffer(&mut net, session).is_empty(), "one at a time");
    assert!(net.nodes[0].events.last() == Some(&Event::ReofferRefused { session, status: 491 }));
    assert!(net.inject(0, PHONE, &response(&offer, "491 Pending", "bob", "")).is_empty());
    net.run_ms(4100);
    let again = sent(&mut net);
    assert_eq!(titles(&again)[0], "UPDATE", "RFC 3311 §5.3: after 2.1 to 4 s");
    let ok = format!("{}{OFFER}", response(&again[0], "200 OK", "bob", "Content-Type: application/sdp\n"));
    net.inject(0, PHONE, &ok);
    assert!(net.nodes[0].events.last() == Some(&Event::ReofferAnswered { session, body: Some(sdp(OFFER)) }));
    net.inject(0, PHONE, &response(&invite, "200 OK", "bob", ""));
    assert!(net.nodes[0].events.last() == Some(&Event::Answered { session, body: None }));
    end(&mut net, session);
}

#[test]
fn a_change_that_fails_before_the_answer_leaves_the_call_alone() {
    for status in ["488 No", "481 Gone", "500 Later"] {
        let mut net = Net::pair(1, PERFECT);
        let (invite, session) = invited(&mut net);
        early_callee(&mut net, &invite, "bob");
        let offer = reoffer(&mut net, session).pop().unwrap();
        net.inject(0, PHONE, &response(&offer, status, "bob", ""));
        let status = status[..3].parse().unwrap();
        assert!(net.nodes[0].events.last() == Some(&Event::ReofferRefused { session, status }));
        end(&mut net, session);
    }
    let mut net = Net::pair(1, PERFECT);
    let (invite, session) = invited(&mut net);
    early_callee(&mut net, &invite, "bob");
    reoffer(&mut net, session);
    net.run_for(Duration::from_secs(33));
    assert!(net.nodes[0].events.last() == Some(&Event::ReofferRefused { session, status: 408 }));
    net.inject(0, PHONE, &response(&invite, "200 OK", "bob", ""));
    assert_eq!(net.told(0).last().unwrap(), "Answered");
    end(&mut net, session);
}

#[test]
fn a_change_that_the_answer_overtakes_is_settled_after_it() {
    let mut net = Net::pair(1, PERFECT);
    let (invite, session) = invited(&mut net);
    early_callee(&mut net, &invite, "bob");
    let offer = reoffer(&mut net, session).pop().unwrap();
    assert_eq!(titles(&net.inject(0, PHONE, &response(&invite, "200 OK", "bob", ""))), ["ACK"]);
    assert!(net.nodes[0].events.last() == Some(&Event::Answered { session, body: Some(sdp(ANSWER)) }));
    let ok = format!("{}{OFFER}", response(&offer, "200 OK", "bob", "Content-Type: application/sdp\n"));
    assert!(net.inject(0, PHONE, &ok).is_empty(), "an UPDATE has no ACK");
    assert!(net.nodes[0].events.last() == Some(&Event::ReofferAnswered { session, body: Some(sdp(OFFER)) }));
    end(&mut net, session);
}
