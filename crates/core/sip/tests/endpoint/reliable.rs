//! Provisional responses that are acknowledged: RFC 3262, as the callee and as the caller.

use core::time::Duration;

use hotline_sip::endpoint::{Event, ReliableProvisionals, SessionId};
use hotline_sip::{HeaderName, Message};

use crate::calls::{PHONE, invited, request, response, sent, titles, with_sdp};
use crate::net::{ANSWER, Net, OFFER, PERFECT, open_config, sdp, title};

const KNOWS: &str = "Supported: 100rel\n";
const INSISTS: &str = "Require: 100rel\n";

/// A call of the phone, with or without an offer.
fn incoming(net: &mut Net, headers: &str, offer: bool) -> SessionId {
    let invite = request("INVITE", 1, "1", "", headers);
    let invite = if offer { with_sdp(&invite) } else { format!("{invite}\n") };
    assert_eq!(titles(&net.inject(0, PHONE, &invite)), ["100 INVITE"]);
    net.incoming(0).unwrap()
}

fn ring(net: &mut Net, session: SessionId, early: bool) -> Vec<Message> {
    let early = early.then(|| sdp(ANSWER));
    net.on(0, |endpoint, now| endpoint.ring(now, session, early));
    sent(net)
}

fn answer(net: &mut Net, session: SessionId) -> Vec<Message> {
    net.on(0, |endpoint, now| endpoint.answer(now, session, sdp(ANSWER)));
    sent(net)
}

fn rseq(response: &Message) -> u32 {
    assert!(response.requires("100rel"), "{response:?}");
    response.rseq().unwrap().unwrap()
}

/// The PRACK for `response`.
fn prack(response: &Message, cseq: u32, extra: &str) -> String {
    let rack = format!("RAck: {} 1 INVITE\n", rseq(response));
    request("PRACK", cseq, &format!("p{cseq}"), &response.to_tag().unwrap(), &format!("{rack}{extra}"))
}

fn ack(net: &mut Net, response: &Message, body: bool) {
    let ack = request("ACK", 1, "1a", &response.to_tag().unwrap(), "");
    let ack = if body { with_sdp(&ack) } else { format!("{ack}\n") };
    net.inject(0, PHONE, &ack);
}

fn bye(net: &mut Net, response: &Message) {
    net.inject(0, PHONE, &request("BYE", 90, "90", &response.to_tag().unwrap(), "\n"));
    net.run_out();
}

#[test]
fn early_media_is_repeated_until_its_prack_and_then_agreed_on() {
    let mut net = Net::pair(1, PERFECT);
    let session = incoming(&mut net, KNOWS, true);
    let progress = ring(&mut net, session, true).pop().unwrap();
    assert_eq!((progress.status(), progress.body()), (Some(183), sdp(ANSWER)));
    assert!((1..1 << 31).contains(&rseq(&progress)));
    assert!(progress.header(HeaderName::Allow).unwrap().contains("UPDATE"));
    net.run_ms(4000);
    let again = sent(&mut net);
    assert_eq!(titles(&again), ["183 INVITE"; 3]);
    assert!(again.iter().all(|again| again.bytes() == progress.bytes()));
    assert_eq!(titles(&net.inject(0, PHONE, &prack(&progress, 2, "\n"))), ["200 PRACK"]);
    net.run_for(Duration::from_secs(50));
    assert_eq!(titles(&sent(&mut net)), [""; 0], "nothing is repeated any more");
    let ok = answer(&mut net, session).pop().unwrap();
    assert_eq!((ok.status(), ok.body()), (Some(200), sdp("")), "it was described before");
    ack(&mut net, &ok, false);
    assert!(net.nodes[0].events.last() == Some(&Event::Confirmed { session, body: None }));
    bye(&mut net, &ok);
}

#[test]
fn the_answer_waits_until_the_description_before_it_has_arrived() {
    let mut net = Net::pair(1, PERFECT);
    let session = incoming(&mut net, KNOWS, true);
    let progress = ring(&mut net, session, true).pop().unwrap();
    assert!(answer(&mut net, session).is_empty());
    assert!(ring(&mut net, session, false).is_empty(), "it is answered, as far as our user knows");
    let both = net.inject(0, PHONE, &prack(&progress, 2, "\n"));
    assert_eq!(titles(&both), ["200 PRACK", "200 INVITE"]);
    assert!(both[1].body().is_empty());
    ack(&mut net, &both[1], false);
    bye(&mut net, &both[1]);
}

#[test]
fn an_answer_that_waits_may_be_taken_back_or_cancelled() {
    for we in [true, false] {
        let mut net = Net::pair(1, PERFECT);
        let session = incoming(&mut net, KNOWS, true);
        let progress = ring(&mut net, session, true).pop().unwrap();
        answer(&mut net, session);
        if we {
            net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
            assert_eq!(titles(&sent(&mut net)), ["480 INVITE"]);
        } else {
            let both = net.inject(0, PHONE, &request("CANCEL", 1, "1", "", "\n"));
            assert_eq!(titles(&both), ["200 CANCEL", "487 INVITE"]);
        }
        net.inject(0, PHONE, &request("ACK", 1, "1", "", "\n"));
        let late = net.inject(0, PHONE, &prack(&progress, 2, "\n"));
        assert!(late.is_empty() || titles(&late) == ["481 PRACK"], "the session may be forgotten");
        net.run_out();
        assert_eq!(net.told(0), ["Incoming", if we { "Failed" } else { "Cancelled" }]);
    }
}

#[test]
fn the_first_reliable_message_has_our_offer_where_the_invite_has_none() {
    for (headers, has_offer) in [(INSISTS, true), (KNOWS, false), ("", false)] {
        let mut net = Net::pair(1, PERFECT);
        let session = incoming(&mut net, headers, false);
        net.on(0, |endpoint, now| endpoint.alert(now, session, sdp(OFFER)));
        let ringing = sent(&mut net).pop().unwrap();
        assert_eq!((ringing.status(), ringing.body()), (Some(180), sdp(if has_offer { OFFER } else { "" })));
        if has_offer {
            let pracked = with_sdp(&prack(&ringing, 2, ""));
            assert_eq!(titles(&net.inject(0, PHONE, &pracked)), ["200 PRACK"]);
            assert!(matches!(net.nodes[0].events.last(), Some(Event::ReofferAnswered { body: Some(_), .. })));
        }
        let ok = answer(&mut net, session).pop().unwrap();
        assert_eq!((ok.status(), ok.body().is_empty()), (Some(200), has_offer), "{headers}");
        ack(&mut net, &ok, !has_offer);
        bye(&mut net, &ok);
    }
}

#[test]
fn without_a_prack_the_invite_is_refused_after_32_seconds() {
    let mut net = Net::pair(1, PERFECT);
    let session = incoming(&mut net, INSISTS, true);
    assert_eq!(titles(&ring(&mut net, session, false)), ["180 INVITE"]);
    let start = net.now.mono;
    while net.find(0, "Failed").is_none() {
        net.run_ms(100);
    }
    assert_eq!(net.now.mono.since(start).as_secs(), 32);
    assert_eq!(titles(&sent(&mut net)), [&["180 INVITE"; 6][..], &["504 INVITE"]].concat());
    assert_eq!(net.nodes[0].endpoint.counters().missing_pracks, 1);
    net.inject(0, PHONE, &request("ACK", 1, "1", "", "\n"));
    net.run_out();
}

#[test]
fn an_answer_overtakes_progress_that_describes_nothing_and_its_prack_is_granted_late() {
    let mut net = Net::pair(1, PERFECT);
    let session = incoming(&mut net, INSISTS, true);
    let ringing = ring(&mut net, session, false).pop().unwrap();
    let ok = answer(&mut net, session).pop().unwrap();
    assert_eq!((ok.status(), ok.body()), (Some(200), sdp(ANSWER)));
    net.run_ms(600);
    assert_eq!(titles(&sent(&mut net)), ["200 INVITE"], "the 180 is repeated no more");
    assert_eq!(titles(&net.inject(0, PHONE, &prack(&ringing, 2, "\n"))), ["200 PRACK"]);
    ack(&mut net, &ok, false);
    let again = prack(&ringing, 3, "\n");
    assert_eq!(titles(&net.inject(0, PHONE, &again)), ["481 PRACK"]);
    assert_eq!(net.nodes[0].endpoint.counters().unmatched_pracks, 1);
    bye(&mut net, &ok);
}

#[test]
fn a_refusal_overtakes_progress_too() {
    let mut net = Net::pair(1, PERFECT);
    let session = incoming(&mut net, INSISTS, true);
    let ringing = ring(&mut net, session, false).pop().unwrap();
    let outgoing = net.on(0, |endpoint, now| {
        endpoint.reject(now, session, 486, None);
        endpoint.sessions()
    });
    assert_eq!((titles(&sent(&mut net)), outgoing), (vec!["486 INVITE".to_owned()], 0));
    assert_eq!(titles(&net.inject(0, PHONE, &prack(&ringing, 2, "\n"))), ["481 PRACK"]);
    net.inject(0, PHONE, &request("ACK", 1, "1", "", "\n"));
    net.run_out();
}

#[test]
fn one_response_at_a_time_waits_for_its_prack() {
    let mut net = Net::pair(1, PERFECT);
    let session = incoming(&mut net, INSISTS, true);
    let first = ring(&mut net, session, false).pop().unwrap();
    assert!(ring(&mut net, session, true).is_empty() && ring(&mut net, session, false).is_empty());
    let next = net.inject(0, PHONE, &prack(&first, 2, "\n"));
    assert_eq!(titles(&next), ["200 PRACK", "180 INVITE"]);
    assert_eq!(
        (rseq(&next[1]), next[1].body()),
        (rseq(&first) + 1, sdp(ANSWER)),
        "the latest, with what was said"
    );
    assert_eq!(titles(&net.inject(0, PHONE, &prack(&next[1], 3, "\n"))), ["200 PRACK"]);
    let ok = answer(&mut net, session).pop().unwrap();
    ack(&mut net, &ok, false);
    bye(&mut net, &ok);
}

#[test]
fn a_prack_for_something_else_changes_nothing() {
    let mut net = Net::pair(1, PERFECT);
    let session = incoming(&mut net, KNOWS, true);
    let progress = ring(&mut net, session, true).pop().unwrap();
    let tag = progress.to_tag().unwrap();
    let number = rseq(&progress);
    for (cseq, rack) in [
        (2, format!("RAck: {} 1 INVITE\n\n", number + 1)),
        (3, format!("RAck: {number} 2 INVITE\n\n")),
        (4, format!("RAck: {number} 1 UPDATE\n\n")),
        (5, "RAck: nonsense\n\n".to_owned()),
        (6, "\n".to_owned()),
    ] {
        let wrong = request("PRACK", cseq, &format!("p{cseq}"), &tag, &rack);
        assert_eq!(titles(&net.inject(0, PHONE, &wrong)), ["481 PRACK"], "{rack}");
    }
    let foreign = prack(&progress, 7, "Content-Type: text/plain\n\nhello");
    assert_eq!(titles(&net.inject(0, PHONE, &foreign)), ["415 PRACK"]);
    assert_eq!(net.nodes[0].endpoint.counters().unmatched_pracks, 5);
    net.run_ms(600);
    assert_eq!(titles(&sent(&mut net)), ["183 INVITE"], "it still waits");
    assert_eq!(titles(&net.inject(0, PHONE, &prack(&progress, 8, "\n"))), ["200 PRACK"]);
    let ok = answer(&mut net, session).pop().unwrap();
    ack(&mut net, &ok, false);
    bye(&mut net, &ok);
}

#[test]
fn our_offer_before_the_answer_is_answered_by_the_prack() {
    let mut net = Net::pair(1, PERFECT);
    let session = incoming(&mut net, KNOWS, false);
    let progress = ring(&mut net, session, true).pop().unwrap();
    assert_eq!(progress.body(), sdp(ANSWER));
    let offer = with_sdp(&request("UPDATE", 2, "2", &progress.to_tag().unwrap(), ""));
    assert_eq!(titles(&net.inject(0, PHONE, &offer)), ["491 UPDATE"], "RFC 3311 §5.2: ours is open");
    assert_eq!(titles(&net.inject(0, PHONE, &prack(&progress, 3, &with_sdp("")))), ["200 PRACK"]);
    assert!(net.nodes[0].events.last() == Some(&Event::ReofferAnswered { session, body: Some(sdp(OFFER)) }));
    let ok = answer(&mut net, session).pop().unwrap();
    assert!(ok.body().is_empty());
    ack(&mut net, &ok, false);
    assert!(net.nodes[0].events.last() == Some(&Event::Confirmed { session, body: None }));
    bye(&mut net, &ok);
}

#[test]
fn a_prack_that_owes_us_the_answer_leaves_it_to_the_ack() {
    let mut net = Net::pair(1, PERFECT);
    let session = incoming(&mut net, KNOWS, false);
    let progress = ring(&mut net, session, true).pop().unwrap();
    assert!(answer(&mut net, session).is_empty());
    let both = net.inject(0, PHONE, &prack(&progress, 2, "\n"));
    assert_eq!(titles(&both), ["200 PRACK", "200 INVITE"]);
    assert_eq!(both[1].body(), sdp(ANSWER));
    ack(&mut net, &both[1], true);
    assert!(net.nodes[0].events.last() == Some(&Event::Confirmed { session, body: Some(sdp(OFFER)) }));
    bye(&mut net, &both[1]);
}

#[test]
fn an_offer_that_might_be_lost_is_not_made() {
    let mut net = Net::pair(1, PERFECT);
    let session = incoming(&mut net, "", false);
    let progress = ring(&mut net, session, true).pop().unwrap();
    assert_eq!((progress.status(), progress.body()), (Some(183), sdp("")));
    assert!(!progress.has(HeaderName::RSeq) && !progress.has(HeaderName::Require));
    let ok = answer(&mut net, session).pop().unwrap();
    assert_eq!(ok.body(), sdp(ANSWER));
    ack(&mut net, &ok, true);
    bye(&mut net, &ok);
}

#[test]
fn an_offer_in_a_prack_is_answered_by_its_200_before_the_invite_is() {
    let mut net = Net::pair(1, PERFECT);
    let session = incoming(&mut net, KNOWS, true);
    let progress = ring(&mut net, session, true).pop().unwrap();
    assert!(net.inject(0, PHONE, &prack(&progress, 2, &with_sdp(""))).is_empty(), "our user decides");
    assert!(net.nodes[0].events.last() == Some(&Event::Reoffer { session, offer: Some(sdp(OFFER)) }));
    assert!(answer(&mut net, session).is_empty());
    net.on(0, |endpoint, now| endpoint.answer_reoffer(now, session, sdp(ANSWER)));
    let both = sent(&mut net);
    assert_eq!(titles(&both), ["200 PRACK", "200 INVITE"]);
    assert_eq!((both[0].body(), both[1].body()), (sdp(ANSWER), sdp("")));
    assert!(!both[0].has(HeaderName::SessionExpires), "RFC 4028 knows INVITE and UPDATE only");
    ack(&mut net, &both[1], false);
    bye(&mut net, &both[1]);
}

#[test]
fn an_offer_in_a_prack_that_is_refused_leaves_all_as_it_was() {
    let mut net = Net::pair(1, PERFECT);
    let session = incoming(&mut net, KNOWS, true);
    let progress = ring(&mut net, session, true).pop().unwrap();
    net.inject(0, PHONE, &prack(&progress, 2, &with_sdp("")));
    net.on(0, |endpoint, now| endpoint.refuse_reoffer(now, session, 488));
    assert_eq!(titles(&sent(&mut net)), ["488 PRACK"]);
    net.run_ms(5000);
    assert_eq!(titles(&sent(&mut net)), [""; 0], "what it acknowledges is acknowledged");
    let ok = answer(&mut net, session).pop().unwrap();
    ack(&mut net, &ok, false);
    bye(&mut net, &ok);
}

fn with_policy(policy: ReliableProvisionals) -> Net {
    let mut config = open_config(0);
    config.sessions.reliable_provisionals = policy;
    Net::new(1, PERFECT, vec![config])
}

#[test]
fn an_administrator_chooses_what_is_reliable() {
    use ReliableProvisionals::{Described, Never, Required, Supported};
    for (policy, headers, expected) in [
        (Never, KNOWS, [false, false]),
        (Never, INSISTS, [true, true]),
        (Described, KNOWS, [false, true]),
        (Described, "", [false, false]),
        (Supported, KNOWS, [true, true]),
        (Required, KNOWS, [true, true]),
        (Required, "", [false, false]),
    ] {
        let reliable = [false, true].map(|early| {
            let mut net = with_policy(policy);
            let session = incoming(&mut net, headers, true);
            ring(&mut net, session, early).pop().unwrap().has(HeaderName::RSeq)
        });
        assert_eq!(reliable, expected, "{policy:?} {headers}");
    }
}

#[test]
fn our_calls_say_whether_they_know_it_or_insist_on_it() {
    use ReliableProvisionals::{Described, Never, Required, Supported};
    for (policy, supports, requires) in
        [(Never, false, false), (Described, true, false), (Supported, true, false), (Required, true, true)]
    {
        let mut net = with_policy(policy);
        let (invite, _) = invited(&mut net);
        assert_eq!(
            (invite.supports("100rel"), invite.requires("100rel")),
            (supports, requires),
            "{policy:?}"
        );
    }
}

#[test]
fn reliable_ringing_is_told_anew_every_minute() {
    let mut net = with_policy(ReliableProvisionals::Supported);
    let session = incoming(&mut net, KNOWS, true);
    let mut last = ring(&mut net, session, true).pop().unwrap();
    for cseq in 2..5 {
        assert_eq!(titles(&net.inject(0, PHONE, &prack(&last, cseq, "\n"))), ["200 PRACK"]);
        net.run_ms(60_100);
        let next = sent(&mut net).remove(0);
        assert_eq!((title(&next), rseq(&next), next.body()), ("183 INVITE".into(), rseq(&last) + 1, sdp("")));
        last = next;
    }
    net.on(0, |endpoint, now| endpoint.reject(now, session, 480, None));
    net.run_out();
}

/// A provisional response of the phone that wants a PRACK.
fn reliable(invite: &Message, status: &str, tag: &str, rseq: u32, body: &str) -> String {
    let headers = format!("Require: 100rel\nRSeq: {rseq}\nAllow: INVITE, UPDATE\n");
    let text = response(invite, status, tag, &headers);
    if body.is_empty() { text } else { described(&text, body) }
}

fn described(text: &str, body: &str) -> String {
    format!("{}Content-Type: application/sdp\n\n{body}", text.trim_end_matches('\n').to_owned() + "\n")
}

fn racks(messages: &[Message]) -> Vec<(String, u32)> {
    let racks = messages.iter().map(|prack| {
        assert_eq!(title(prack), "PRACK");
        (prack.rack().unwrap().to_string(), prack.cseq().unwrap().number)
    });
    racks.collect()
}

#[test]
fn what_the_callee_tells_reliably_is_acknowledged_once_and_in_order() {
    let mut net = Net::pair(1, PERFECT);
    let (invite, session) = invited(&mut net);
    let mut take = |status: &str, tag: &str, rseq: u32| {
        racks(&net.inject(0, PHONE, &reliable(&invite, status, tag, rseq, "")))
    };
    assert_eq!(take("180 Ringing", "one", 70), [("70 1 INVITE".to_owned(), 2)]);
    assert_eq!(take("180 Ringing", "one", 70), [], "its PRACK repeats itself");
    assert_eq!(take("183 Progress", "one", 72), [], "71 comes first");
    assert_eq!(take("183 Progress", "one", 71), [("71 1 INVITE".to_owned(), 3)]);
    assert_eq!(take("183 Progress", "two", 5), [("5 1 INVITE".to_owned(), 2)], "each fork counts for itself");
    assert_eq!(net.told(0), ["Ringing"; 3]);
    net.run_ms(600);
    assert_eq!(titles(&sent(&mut net)), ["PRACK"; 3]);
    assert_eq!(net.nodes[0].endpoint.counters().repetitions, 2);
    net.inject(0, PHONE, &response(&invite, "200 OK", "one", ""));
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    let bye = sent(&mut net).pop().unwrap();
    assert_eq!((title(&bye), bye.cseq().unwrap().number), ("BYE".into(), 4), "the PRACKs have used 2 and 3");
    net.run_out();
}

#[test]
fn the_first_reliable_description_is_the_answer() {
    let mut net = Net::pair(1, PERFECT);
    let (invite, session) = invited(&mut net);
    net.inject(0, PHONE, &described(&response(&invite, "183 Glimpse", "bob", ""), "v=0 glimpse"));
    net.inject(0, PHONE, &reliable(&invite, "183 Progress", "bob", 1, "v=0 first"));
    net.inject(0, PHONE, &reliable(&invite, "183 Progress", "bob", 2, "v=0 second"));
    net.inject(0, PHONE, &described(&response(&invite, "200 OK", "bob", ""), "v=0 third"));
    let answered = Event::Answered { session, body: Some(sdp("v=0 first")) };
    assert!(net.nodes[0].events.last() == Some(&answered));
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    net.run_out();
}

#[test]
fn a_200_without_a_description_confirms_the_latest_glimpse() {
    let mut net = Net::pair(1, PERFECT);
    let (invite, session) = invited(&mut net);
    net.inject(0, PHONE, &described(&response(&invite, "183 Progress", "bob", ""), "v=0 one"));
    net.inject(0, PHONE, &described(&response(&invite, "183 Progress", "bob", ""), "v=0 two"));
    net.inject(0, PHONE, &response(&invite, "180 Ringing", "bob", ""));
    net.inject(0, PHONE, &response(&invite, "200 OK", "bob", ""));
    assert!(net.nodes[0].events.last() == Some(&Event::Answered { session, body: Some(sdp("v=0 two")) }));
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    net.run_out();
}

#[test]
fn forks_beyond_those_that_are_followed_get_no_prack() {
    const FOLLOWED: usize = 16;
    let mut net = Net::pair(1, PERFECT);
    let (invite, session) = invited(&mut net);
    for fork in 0..FOLLOWED + 3 {
        net.inject(0, PHONE, &reliable(&invite, "180 Ringing", &format!("fork{fork}"), 1, ""));
    }
    let counters = net.nodes[0].endpoint.counters();
    assert_eq!(counters.surplus_forks, 3);
    assert_eq!(net.nodes[0].endpoint.transactions(), 1 + FOLLOWED);
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    net.run_out();
}

#[test]
fn a_prack_answers_a_challenge() {
    const ASK: &str = "Proxy-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=MD5, qop=\"auth\"\n";
    let mut net = Net::pair(1, PERFECT);
    let mut call = crate::net::call_to("sip:bob@192.0.2.99", 0);
    call.flow.remote = PHONE.parse().unwrap();
    call.credentials = crate::registration::login("secret");
    let session = net.on(0, |endpoint, now| endpoint.invite(now, call)).unwrap();
    let invite = sent(&mut net).pop().unwrap();
    let prack = net.inject(0, PHONE, &reliable(&invite, "183 Progress", "bob", 1, "")).pop().unwrap();
    let again = net.inject(0, PHONE, &response(&prack, "407 Who", "bob", ASK)).pop().unwrap();
    assert!(again.has(HeaderName::ProxyAuthorization));
    assert_eq!(racks(core::slice::from_ref(&again)), [("1 1 INVITE".to_owned(), 3)]);
    assert!(net.inject(0, PHONE, &response(&again, "407 Who", "bob", ASK)).is_empty());
    net.inject(0, PHONE, &response(&invite, "200 OK", "bob", ""));
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    assert_eq!(sent(&mut net).pop().unwrap().cseq().unwrap().number, 4);
    net.run_out();
}

#[test]
fn a_reinvite_s_progress_is_acknowledged_too() {
    let mut net = Net::pair(1, PERFECT);
    let (_, session) = crate::calls::established(&mut net);
    net.on(0, |endpoint, now| endpoint.reoffer(now, session, sdp(OFFER)));
    let offer = sent(&mut net).pop().unwrap();
    let take = |net: &mut Net, rseq| net.inject(0, PHONE, &reliable(&offer, "183 Progress", "bob", rseq, ""));
    let rack = format!("9 {} INVITE", offer.cseq().unwrap().number);
    assert_eq!(racks(&take(&mut net, 9)), [(rack, offer.cseq().unwrap().number + 1)]);
    assert!(take(&mut net, 9).is_empty());
    assert_eq!(titles(&net.inject(0, PHONE, &response(&offer, "200 OK", "bob", ""))), ["ACK"]);
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    net.run_out();
}
