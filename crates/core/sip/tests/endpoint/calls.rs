//! Single calls, message by message.

use core::time::Duration;

use hotline_base::{Pii, RequestId};
use hotline_sip::endpoint::{Event, Failure, Login, Peer, Reason, SessionId, Side};
use hotline_sip::{HeaderName, Message};

use crate::net::{ANSWER, Net, OFFER, PERFECT, call, call_to, sdp, title};

/// A phone that the test plays by hand, at an address of the trunk.
pub(crate) const PHONE: &str = "192.0.2.99:5060";

/// A request of that phone; `to` is the To tag.
pub(crate) fn request(method: &str, cseq: u32, branch: &str, to: &str, extra: &str) -> String {
    let to = if to.is_empty() { String::new() } else { format!(";tag={to}") };
    format!(
        "{method} sip:100@192.0.2.10 SIP/2.0\nVia: SIP/2.0/UDP {PHONE};branch=z9hG4bK{branch}\n\
         From: <sip:bob@192.0.2.99>;tag=bob\nTo: <sip:100@192.0.2.10>{to}\nCall-ID: by-hand\n\
         CSeq: {cseq} {method}\nMax-Forwards: 70\nContact: <sip:bob@{PHONE}>\n{extra}"
    )
}

pub(crate) fn with_sdp(headers: &str) -> String {
    format!("{headers}Content-Type: application/sdp\n\nv=0 offer")
}

pub(crate) fn titles(messages: &[Message]) -> Vec<String> {
    messages.iter().map(title).collect()
}

/// A call of that phone which the endpoint answered; our tag and the session.
pub(crate) fn answered(net: &mut Net, invite: &str) -> (String, SessionId) {
    assert_eq!(titles(&net.inject(0, PHONE, invite)), ["100 INVITE"]);
    let session = net.incoming(0).unwrap();
    net.on(0, |endpoint, now| endpoint.answer(now, session, sdp(ANSWER)));
    let ok = net.outside.pop().unwrap();
    assert_eq!(ok.status(), Some(200));
    (ok.to_tag().unwrap().into_owned(), session)
}

/// A request of that phone within the call to it that `invite` began, from the dialog with this tag of its.
pub(crate) fn from_callee(invite: &Message, tag: &str, method: &str, cseq: u32, extra: &str) -> String {
    let ours = invite.from_tag().unwrap();
    request(method, cseq, &format!("{tag}{cseq}"), &ours, extra)
        .replace("Call-ID: by-hand", &format!("Call-ID: {}", invite.call_id()))
        .replace("tag=bob", &format!("tag={tag}"))
}

/// Takes what was sent to that phone.
pub(crate) fn sent(net: &mut Net) -> Vec<Message> {
    core::mem::take(&mut net.outside)
}

pub(crate) fn established(net: &mut Net) -> (String, SessionId) {
    let (tag, session) = answered(net, &with_sdp(&request("INVITE", 1, "1", "", "")));
    net.inject(0, PHONE, &request("ACK", 1, "1a", &tag, "\n"));
    assert_eq!(net.told(0), ["Incoming", "Confirmed"]);
    (tag, session)
}

/// The INVITE of an outgoing call to that phone.
pub(crate) fn invited(net: &mut Net) -> (Message, SessionId) {
    let mut invite = call_to("sip:bob@192.0.2.99", 0);
    invite.flow.remote = PHONE.parse().unwrap();
    let session = net.on(0, |endpoint, now| endpoint.invite(now, invite)).unwrap();
    (net.outside.pop().unwrap(), session)
}

/// A response of that phone to a request of the endpoint.
pub(crate) fn response(request: &Message, status: &str, tag: &str, extra: &str) -> String {
    let header = |name| request.header(name).unwrap();
    format!(
        "SIP/2.0 {status}\nVia: {}\nFrom: {}\nTo: <sip:bob@192.0.2.99>;tag={tag}\nCall-ID: {}\nCSeq: {}\n\
         Contact: <sip:{tag}@{PHONE}>\n{extra}\n",
        header(HeaderName::Via),
        header(HeaderName::From),
        header(HeaderName::CallId),
        header(HeaderName::CSeq)
    )
}

#[test]
fn what_is_sent_for_a_request_of_a_client_says_so() {
    let mut net = Net::pair(1, PERFECT);
    let said = |message: &Message| message.header(HeaderName::XRequestId).map(|id| id.to_string());
    net.on(0, |endpoint, _| endpoint.set_cause(RequestId::parse("r-1")));
    let (invite, session) = invited(&mut net);
    net.on(0, |endpoint, _| endpoint.set_cause(None));
    assert_eq!(said(&invite).as_deref(), Some("r-1"));
    let ok = response(&invite, "200 OK", "bob", &with_sdp("")).replace("v=0 offer\n", "v=0 answer");
    let ack = net.inject(0, PHONE, &ok);
    assert_eq!((titles(&ack), said(&ack[0])), (vec!["ACK".to_owned()], None));
    net.on(0, |endpoint, _| endpoint.set_cause(RequestId::parse("r-2")));
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    let bye = sent(&mut net);
    assert_eq!((titles(&bye), said(&bye[0]).as_deref()), (vec!["BYE".to_owned()], Some("r-2")));
}

#[test]
fn the_ladder_of_a_plain_call() {
    let mut net = Net::pair(1, PERFECT);
    let caller = net.on(0, |endpoint, now| endpoint.invite(now, call())).unwrap();
    net.run_ms(100);
    let callee = net.incoming(1).unwrap();
    net.on(1, |endpoint, now| endpoint.ring(now, callee, None));
    net.run_ms(100);
    net.on(1, |endpoint, now| endpoint.ring(now, callee, Some(sdp(ANSWER))));
    net.run_ms(100);
    net.on(1, |endpoint, now| endpoint.answer(now, callee, sdp(ANSWER)));
    net.run_ms(100);
    net.on(1, |endpoint, now| endpoint.hang_up(now, callee, Some(Reason::NORMAL)));
    net.run_out();
    assert_eq!(
        net.ladder,
        [
            "0>1 INVITE",
            "1>0 100 INVITE",
            "1>0 180 INVITE",
            "1>0 183 INVITE",
            "0>1 PRACK",
            "1>0 200 PRACK",
            "1>0 200 INVITE",
            "0>1 ACK",
            "1>0 BYE",
            "0>1 200 BYE"
        ]
    );
    assert_eq!(net.told(0), ["Ringing", "Ringing", "Answered", "Ended"]);
    assert_eq!(net.told(1), ["Incoming", "Confirmed", "Ended"]);
    let ended = Event::Ended { session: caller, by: Side::Remote, reason: Some(Reason::NORMAL) };
    assert!(net.nodes[0].events.last() == Some(&ended));
    let answered = Event::Answered { session: caller, body: Some(sdp(ANSWER)) };
    assert!(net.nodes[0].events.contains(&answered));
}

#[test]
fn an_incoming_call_tells_who_calls_whom() {
    let mut net = Net::pair(1, PERFECT);
    net.on(0, |endpoint, now| endpoint.invite(now, call())).unwrap();
    net.run_ms(10);
    match &net.nodes[1].events[..] {
        [Event::Incoming { peer: Peer::Trunk(trunk), caller, called, offer, source, .. }] => {
            assert_eq!(trunk.as_str(), "net");
            assert_eq!(caller.user, Pii::from("+4930123"));
            assert_eq!(caller.display, Some(Pii::from("Ann")));
            assert_eq!(caller.host, "192.0.2.10");
            assert_eq!(called.expose(), "100");
            assert_eq!(*offer, Some(sdp(OFFER)));
            assert_eq!(*source, net.nodes[0].address);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_trunk_s_asserted_identity_and_tel_uris_are_read() {
    let mut net = Net::pair(1, PERFECT);
    let invite = with_sdp(&request("INVITE", 1, "1", "", "P-Asserted-Identity: <tel:+49301>\n"));
    net.inject(0, PHONE, &invite.replace("INVITE sip:100@192.0.2.10", "INVITE tel:+49800"));
    match &net.nodes[0].events[..] {
        [Event::Incoming { caller, called, .. }] => {
            assert_eq!((caller.user.expose().as_str(), called.expose().as_str()), ("+49301", "+49800"));
        }
        other => panic!("{other:?}"),
    }
}

/// User, display name and host of the caller of an INVITE with these headers.
fn caller(is_trusted: bool, from: &str, headers: &str) -> (String, Option<String>, String) {
    let mut config = crate::net::open_config(0);
    config.trunks[0].trusted = is_trusted;
    let mut net = Net::new(1, PERFECT, vec![config]);
    let invite = with_sdp(&request("INVITE", 1, "1", "", headers));
    let ours = invite.lines().find(|line| line.starts_with("From:")).unwrap().to_owned();
    net.inject(0, PHONE, &invite.replace(&ours, &format!("From: {from};tag=1")));
    match &net.nodes[0].events[..] {
        [Event::Incoming { caller, .. }] => {
            let display = caller.display.as_ref().map(|name| name.expose().clone());
            (caller.user.expose().clone(), display, caller.host.clone())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_calls_is_what_a_trusted_trunk_says() {
    let ann = "\"Ann\" <sip:+49111@carrier.example>";
    let asserted = "P-Asserted-Identity: \"Bob\" <sip:+49222@carrier.example>\n";
    let shown =
        |user: &str, name: &str| (user.to_owned(), Some(name.to_owned()), "carrier.example".to_owned());
    let nobody = (String::new(), None, String::new());
    assert_eq!(caller(true, ann, asserted), shown("+49222", "Bob"));
    assert_eq!(caller(false, ann, asserted), shown("+49111", "Ann"), "anybody can write that header");
    for privacy in ["id", "user;id", "header; critical", "ID"] {
        let hidden = format!("{asserted}Privacy: {privacy}\n");
        assert_eq!(caller(true, ann, &hidden), nobody, "{privacy}");
        assert_eq!(caller(false, ann, &hidden), shown("+49111", "Ann"), "{privacy}");
    }
    assert_eq!(caller(true, ann, &format!("{asserted}Privacy: none\n")), shown("+49222", "Bob"));
    let anonymous = "\"Anonymous\" <sip:anonymous@anonymous.invalid>";
    assert_eq!(caller(false, anonymous, asserted), nobody);
    assert_eq!(
        caller(true, anonymous, asserted),
        shown("+49222", "Bob"),
        "hidden only from those who are not trusted"
    );
}

#[test]
fn who_sent_a_call_on_is_told() {
    // The examples of RFC 5806 §7 and RFC 7044 §B.1, and what goes wrong on the way.
    for (headers, told) in [
        (
            "Diversion: \"Bob\" <sip:+49333@carrier.example>;reason=user-busy;counter=1\nDiversion: <sip:+49444@x.example>;reason=no-answer\n",
            Some(("+49333", Some("user-busy"))),
        ),
        ("Diversion: <tel:+49333>;reason=\"Do Not\"\n", Some(("+49333", None))),
        ("Diversion: nonsense\n", None),
        (
            "History-Info: <sip:+49333@carrier.example>;index=1, <sip:100@192.0.2.10;cause=486>;index=1.1\n",
            Some(("+49333", Some("user-busy"))),
        ),
        ("History-Info: <sip:100@192.0.2.10>;index=1\n", None),
        ("", None),
    ] {
        let mut net = Net::new(1, PERFECT, vec![crate::net::open_config(0)]);
        net.inject(0, PHONE, &with_sdp(&request("INVITE", 1, "1", "", headers)));
        match &net.nodes[0].events[..] {
            [Event::Incoming { diversion, .. }] => {
                let diversion = diversion.as_ref();
                let found = diversion.map(|one| (one.from.expose().as_str(), one.reason.as_deref()));
                assert_eq!(found, told, "{headers}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn without_an_ack_the_answer_is_repeated_for_32_seconds_and_the_call_hung_up() {
    let mut net = Net::pair(1, PERFECT);
    net.filter = Some(Box::new(|_, message| title(message) != "ACK"));
    net.on(0, |endpoint, now| endpoint.invite(now, call())).unwrap();
    net.run_ms(10);
    let callee = net.incoming(1).unwrap();
    net.on(1, |endpoint, now| endpoint.answer(now, callee, sdp(ANSWER)));
    let start = net.now.mono;
    while net.find(1, "Ended").is_none() {
        net.run_ms(100);
    }
    assert_eq!(net.now.mono.since(start).as_secs(), 32);
    net.run_out();
    let answers = net.ladder.iter().filter(|line| *line == "1>0 200 INVITE").count();
    let acks = net.ladder.iter().filter(|line| *line == "0>1 ACK").count();
    assert_eq!((answers, acks), (11, 11), "each repetition is acknowledged again");
    assert_eq!(net.told(1), ["Incoming", "Ended"]);
    assert_eq!(net.told(0), ["Answered", "Ended"]);
    assert_eq!(net.nodes[1].endpoint.counters().missing_acks, 1);
}

#[test]
fn a_hang_up_before_the_ack_waits_for_it() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session) = answered(&mut net, &with_sdp(&request("INVITE", 1, "1", "", "")));
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    assert_eq!(net.told(0), ["Incoming", "Ended"]);
    assert_eq!(titles(&net.outside), [""; 0]);
    let sent = net.inject(0, PHONE, &request("ACK", 1, "1a", &tag, "\n"));
    assert_eq!(titles(&sent), ["BYE"]);
    net.inject(0, PHONE, &response(&sent[0], "200 OK", "bob", ""));
    net.run_out();
}

#[test]
fn the_caller_s_cancel_ends_a_ringing_call() {
    let mut net = Net::pair(1, PERFECT);
    net.inject(0, PHONE, &with_sdp(&request("INVITE", 1, "1", "", "")));
    let reason = "Reason: SIP;cause=200;text=\"Call completed elsewhere\"\n\n";
    let cancel = request("CANCEL", 1, "1", "", reason);
    let sent = net.inject(0, PHONE, &cancel);
    assert_eq!(titles(&sent), ["200 CANCEL", "487 INVITE"]);
    assert_eq!(sent[0].to_tag(), sent[1].to_tag());
    let session = net.incoming(0).unwrap();
    let cancelled = Event::Cancelled { session, reason: Some(Reason::COMPLETED_ELSEWHERE) };
    assert!(net.nodes[0].events.last() == Some(&cancelled));
    net.inject(0, PHONE, &request("ACK", 1, "1", "", "\n"));
    net.run_out();
    assert_eq!(net.nodes[0].endpoint.counters().stray_acks, 0);
}

#[test]
fn a_cancel_after_the_answer_changes_nothing() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session) = answered(&mut net, &with_sdp(&request("INVITE", 1, "1", "", "")));
    assert_eq!(titles(&net.inject(0, PHONE, &request("CANCEL", 1, "1", "", "\n"))), ["200 CANCEL"]);
    net.inject(0, PHONE, &request("ACK", 1, "1a", &tag, "\n"));
    assert_eq!(net.told(0), ["Incoming", "Confirmed"]);
    let sent = net.inject(0, PHONE, &request("BYE", 2, "2", &tag, "Reason: Q.850;cause=16\n\n"));
    assert_eq!(titles(&sent), ["200 BYE"]);
    let reason = Some(Reason::q850(16, ""));
    assert!(net.nodes[0].events.last() == Some(&Event::Ended { session, by: Side::Remote, reason }));
    net.run_out();
}

#[test]
fn a_cancel_of_nothing_is_481() {
    let mut net = Net::pair(1, PERFECT);
    assert_eq!(titles(&net.inject(0, PHONE, &request("CANCEL", 1, "1", "", "\n"))), ["481 CANCEL"]);
}

#[test]
fn hanging_up_before_any_response_waits_to_cancel() {
    let mut net = Net::pair(1, PERFECT);
    let (invite, session) = invited(&mut net);
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, Some(Reason::COMPLETED_ELSEWHERE)));
    assert_eq!((net.told(0), net.outside.len()), (vec!["Cancelled".to_owned()], 0));
    let sent = net.inject(0, PHONE, &response(&invite, "180 Ringing", "bob", ""));
    assert_eq!(titles(&sent), ["CANCEL"]);
    assert_eq!(sent[0].header(HeaderName::Reason).unwrap(), Reason::COMPLETED_ELSEWHERE.to_string());
    assert_eq!(sent[0].top_via().unwrap().branch(), invite.top_via().unwrap().branch());
    net.inject(0, PHONE, &response(&sent[0], "200 OK", "bob", ""));
    let sent = net.inject(0, PHONE, &response(&invite, "487 Request Terminated", "bob", ""));
    assert_eq!(titles(&sent), ["ACK"]);
    net.run_out();
}

#[test]
fn an_answer_that_crosses_the_cancel_is_acknowledged_and_hung_up() {
    let mut net = Net::pair(1, PERFECT);
    let (invite, session) = invited(&mut net);
    net.inject(0, PHONE, &response(&invite, "180 Ringing", "bob", ""));
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    net.outside.clear();
    let sent = net.inject(0, PHONE, &response(&invite, "200 OK", "bob", ""));
    assert_eq!(titles(&sent), ["ACK", "BYE"]);
    let sent = net.inject(0, PHONE, &response(&invite, "200 OK", "bob", ""));
    assert_eq!(titles(&sent), ["ACK"], "a repeated answer gets its ACK again and no second BYE");
    assert_eq!(net.told(0), ["Ringing", "Cancelled"]);
    net.run_out();
}

#[test]
fn a_cancel_that_nobody_obeys_is_given_up() {
    let mut net = Net::pair(1, PERFECT);
    let (invite, session) = invited(&mut net);
    net.inject(0, PHONE, &response(&invite, "180 Ringing", "bob", ""));
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    net.run_out();
    assert_eq!(net.now.mono.since(hotline_base::Time::ZERO), Duration::from_secs(32));
}

#[test]
fn of_several_forks_the_first_answer_wins_and_the_others_are_hung_up() {
    let mut net = Net::pair(1, PERFECT);
    let (invite, session) = invited(&mut net);
    for tag in ["one", "two"] {
        net.inject(0, PHONE, &response(&invite, "180 Ringing", tag, ""));
    }
    let sent = net.inject(0, PHONE, &response(&invite, "200 OK", "two", ""));
    assert_eq!(titles(&sent), ["ACK"]);
    let sent = net.inject(0, PHONE, &response(&invite, "200 OK", "one", ""));
    assert_eq!(titles(&sent), ["ACK", "BYE"]);
    assert_eq!(sent[1].to_tag().unwrap(), "one");
    assert_eq!(sent[1].request_uri(), Some("sip:one@192.0.2.99:5060"));
    net.inject(0, PHONE, &response(&sent[1], "200 OK", "one", ""));
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    let bye = net.outside.pop().unwrap();
    assert_eq!((bye.to_tag().unwrap().as_ref(), bye.cseq().unwrap().number), ("two", 2));
    assert_eq!(net.told(0), ["Ringing", "Ringing", "Answered", "Ended"]);
    assert_eq!(net.nodes[0].endpoint.counters().surplus_answers, 1);
    net.run_out();
}

#[test]
fn that_the_peer_has_the_invite_is_told_once() {
    let mut net = Net::pair(1, PERFECT);
    let (invite, _) = invited(&mut net);
    assert_eq!(net.nodes[0].trying, 0);
    for status in ["100 Trying", "100 Trying", "180 Ringing"] {
        net.inject(0, PHONE, &response(&invite, status, "one", ""));
        assert_eq!(net.nodes[0].trying, 1, "{status}");
    }
    net.inject(0, PHONE, &response(&invite, "603 Decline", "one", ""));
    net.run_out();
}

#[test]
fn nobody_there_is_a_408_after_32_seconds() {
    let mut net = Net::pair(1, PERFECT);
    let (_, session) = invited(&mut net);
    net.run_out();
    assert_eq!(net.now.mono.since(hotline_base::Time::ZERO), Duration::from_secs(32));
    let failure = Failure {
        status: 408,
        q850: None,
        text: "Request Timeout".into(),
        retry_after: None,
        contacts: Vec::new(),
    };
    assert!(net.nodes[0].events == [Event::Failed { session, failure }]);
}

#[test]
fn a_failure_tells_its_cause_and_when_to_try_again() {
    let mut net = Net::pair(1, PERFECT);
    let (invite, session) = invited(&mut net);
    let extra = "Reason: Q.850;cause=34\nRetry-After: 12 (busy hour);duration=9\n";
    let sent = net.inject(0, PHONE, &response(&invite, "503 No circuit", "bob", extra));
    assert_eq!(titles(&sent), ["ACK"]);
    assert_eq!(sent[0].to_tag().unwrap(), "bob");
    let retry_after = Some(Duration::from_secs(12));
    let failure =
        Failure { status: 503, q850: Some(34), text: "No circuit".into(), retry_after, contacts: Vec::new() };
    assert!(net.nodes[0].events == [Event::Failed { session, failure }]);
    net.run_out();
}

#[test]
fn an_invite_without_an_offer_gets_ours_and_the_ack_brings_the_answer() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session) = answered(&mut net, &request("INVITE", 1, "1", "", "\n"));
    net.inject(0, PHONE, &with_sdp(&request("ACK", 1, "1a", &tag, "")));
    assert!(matches!(&net.nodes[0].events[0], Event::Incoming { offer: None, .. }));
    assert!(net.nodes[0].events[1] == Event::Confirmed { session, body: Some(sdp(OFFER)) });
    net.inject(0, PHONE, &request("BYE", 2, "2", &tag, "\n"));
    net.run_out();
}

#[test]
fn the_peer_changes_the_session_by_reinvite_and_by_update() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session) = established(&mut net);
    for (number, method) in [(2, "INVITE"), (3, "UPDATE")] {
        let branch = number.to_string();
        net.inject(0, PHONE, &with_sdp(&request(method, number, &branch, &tag, "")));
        assert!(net.nodes[0].events.last() == Some(&Event::Reoffer { session, offer: Some(sdp(OFFER)) }));
        net.outside.clear();
        net.on(0, |endpoint, now| endpoint.answer_reoffer(now, session, sdp(ANSWER)));
        let ok = net.outside.pop().unwrap();
        assert_eq!((title(&ok), ok.body()), (format!("200 {method}"), sdp(ANSWER)));
        net.inject(0, PHONE, &request("ACK", number, "a", &tag, "\n"));
    }
    net.run_for(Duration::from_secs(40));
    assert!(net.find(0, "Ended").is_none(), "the re-INVITE was acknowledged");
    net.inject(0, PHONE, &with_sdp(&request("INVITE", 4, "4", &tag, "")));
    net.outside.clear();
    net.on(0, |endpoint, now| endpoint.refuse_reoffer(now, session, 488));
    assert_eq!(titles(&net.outside), ["488 INVITE"]);
    net.inject(0, PHONE, &request("ACK", 4, "4", &tag, "\n"));
    net.inject(0, PHONE, &request("BYE", 5, "5", &tag, "\n"));
    net.run_out();
}

#[test]
fn an_empty_reinvite_gets_our_offer_and_a_cancelled_one_487() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session) = established(&mut net);
    net.inject(0, PHONE, &request("INVITE", 2, "2", &tag, "\n"));
    assert!(net.nodes[0].events.last() == Some(&Event::Reoffer { session, offer: None }));
    net.on(0, |endpoint, now| endpoint.answer_reoffer(now, session, sdp(OFFER)));
    net.inject(0, PHONE, &with_sdp(&request("ACK", 2, "2a", &tag, "")));
    assert!(net.nodes[0].events.last() == Some(&Event::ReofferAnswered { session, body: Some(sdp(OFFER)) }));
    net.outside.clear();
    net.inject(0, PHONE, &with_sdp(&request("INVITE", 3, "3", &tag, "")));
    let sent = net.inject(0, PHONE, &request("CANCEL", 3, "3", &tag, "\n"));
    assert_eq!(titles(&sent), ["200 CANCEL", "487 INVITE"]);
    net.inject(0, PHONE, &request("ACK", 3, "3", &tag, "\n"));
    net.inject(0, PHONE, &request("BYE", 4, "4", &tag, "\n"));
    net.run_out();
}

#[test]
fn offers_that_come_at_the_wrong_time_are_put_off() {
    let mut net = Net::pair(1, PERFECT);
    net.inject(0, PHONE, &with_sdp(&request("INVITE", 1, "1", "", "")));
    let session = net.incoming(0).unwrap();
    net.on(0, |endpoint, now| endpoint.ring(now, session, None));
    let tag = net.outside.pop().unwrap().to_tag().unwrap().into_owned();
    let sent = net.inject(0, PHONE, &with_sdp(&request("UPDATE", 2, "2", &tag, "")));
    assert_eq!(titles(&sent), ["500 UPDATE"]);
    assert!(sent[0].has(HeaderName::RetryAfter));
    net.on(0, |endpoint, now| endpoint.answer(now, session, sdp(ANSWER)));
    net.outside.clear();
    net.inject(0, PHONE, &request("ACK", 1, "1a", &tag, "\n"));
    net.on(0, |endpoint, now| endpoint.reoffer(now, session, sdp(OFFER)));
    assert_eq!(titles(&core::mem::take(&mut net.outside)), ["INVITE"]);
    let sent = net.inject(0, PHONE, &with_sdp(&request("UPDATE", 4, "4", &tag, "")));
    assert_eq!(titles(&sent), ["491 UPDATE"]);
    let late = net.inject(0, PHONE, &request("INFO", 4, "5", &tag, "\n"));
    assert_eq!(titles(&late), ["500 INFO"], "a CSeq is used once");
    net.inject(0, PHONE, &request("BYE", 6, "6", &tag, "\n"));
    net.run_out();
}

#[test]
fn our_offer_is_refused_and_the_call_goes_on_or_is_lost() {
    for (status, told) in [("488 No", "ReofferRefused"), ("481 Gone", "Ended")] {
        let mut net = Net::pair(1, PERFECT);
        let (tag, session) = established(&mut net);
        net.on(0, |endpoint, now| endpoint.reoffer(now, session, sdp(OFFER)));
        let invite = net.outside.pop().unwrap();
        assert_eq!(invite.to_tag().unwrap(), "bob");
        net.inject(0, PHONE, &response(&invite, status, "bob", ""));
        assert_eq!(net.told(0).last().map(String::as_str), Some(told));
        net.inject(0, PHONE, &request("BYE", 2, "2", &tag, "\n"));
        net.run_out();
    }
}

#[test]
fn a_failure_is_acknowledged_whatever_its_to_holds() {
    let mut net = Net::pair(1, PERFECT);
    let (invite, _) = invited(&mut net);
    let failure = response(&invite, "486 Busy Here", "busy", "").replace("\nTo: ", "\nTo: \"a\\\0\" ");
    assert_eq!(titles(&net.inject(0, PHONE, &failure)), ["ACK"]);
    net.run_out();
}

#[test]
fn an_offer_that_the_peer_never_decides_is_given_up() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session) = established(&mut net);
    net.on(0, |endpoint, now| endpoint.reoffer(now, session, sdp(OFFER)));
    let invite = net.outside.pop().unwrap();
    net.inject(0, PHONE, &response(&invite, "183 Asking", "bob", ""));
    net.run_for(Duration::from_secs(33));
    assert!(net.nodes[0].events.last() == Some(&Event::ReofferRefused { session, status: 408 }));
    net.outside.clear();
    net.on(0, |endpoint, now| endpoint.reoffer(now, session, sdp(OFFER)));
    assert_eq!(titles(&net.outside), ["INVITE"], "the next one has its turn");
    net.inject(0, PHONE, &request("BYE", 2, "2", &tag, "\n"));
    net.run_out();
}

#[test]
fn an_offer_that_was_not_decided_when_the_call_ended_leaves_nothing_behind() {
    for (asks_before_the_end, we_hang_up) in [(true, true), (true, false), (false, true), (false, false)] {
        let mut net = Net::pair(1, PERFECT);
        let (tag, session) = established(&mut net);
        net.on(0, |endpoint, now| endpoint.reoffer(now, session, sdp(OFFER)));
        let asking = response(&net.outside.pop().unwrap(), "183 Asking", "bob", "");
        if asks_before_the_end {
            net.inject(0, PHONE, &asking);
        }
        if we_hang_up {
            net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
        } else {
            net.inject(0, PHONE, &request("BYE", 2, "2", &tag, "\n"));
        }
        net.inject(0, PHONE, &asking);
        net.run_out();
    }
}

#[test]
fn key_presses_arrive_and_other_infos_are_answered() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session) = established(&mut net);
    for (number, content, status) in [
        (2, "Content-Type: application/dtmf-relay\n\nSignal=7\nDuration=250\n", "200 INFO"),
        (3, "\n", "200 INFO"),
        (4, "Content-Type: application/x\n\nhello", "415 INFO"),
        (5, "Content-Type: application/dtmf\n\nseven", "400 INFO"),
    ] {
        let sent = net.inject(0, PHONE, &request("INFO", number, &number.to_string(), &tag, content));
        assert_eq!(titles(&sent), [status]);
    }
    let pressed = Event::Info { session, digit: Pii::new('7'), duration: Duration::from_millis(250) };
    assert!(net.nodes[0].events.last() == Some(&pressed));
    net.inject(0, PHONE, &request("BYE", 6, "6", &tag, "\n"));
    net.run_out();
}

#[test]
fn a_bye_before_the_answer_cancels_the_call() {
    let mut net = Net::pair(1, PERFECT);
    net.inject(0, PHONE, &with_sdp(&request("INVITE", 1, "1", "", "")));
    let session = net.incoming(0).unwrap();
    net.on(0, |endpoint, now| endpoint.ring(now, session, None));
    let tag = net.outside.pop().unwrap().to_tag().unwrap().into_owned();
    let sent = net.inject(0, PHONE, &request("BYE", 2, "2", &tag, "\n"));
    assert_eq!(titles(&sent), ["200 BYE", "487 INVITE"]);
    assert_eq!(net.told(0), ["Incoming", "Cancelled"]);
    net.run_out();
}

#[test]
fn ringing_is_repeated_every_minute() {
    let mut net = Net::pair(1, PERFECT);
    net.inject(0, PHONE, &with_sdp(&request("INVITE", 1, "1", "", "")));
    let session = net.incoming(0).unwrap();
    net.on(0, |endpoint, now| endpoint.ring(now, session, None));
    net.run_for(Duration::from_secs(150));
    assert_eq!(titles(&net.outside), ["180 INVITE"; 3]);
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, Some(Reason::q850(17, "User busy"))));
    assert_eq!(net.outside.last().and_then(Message::status), Some(486));
    net.run_out();
}

#[test]
fn requests_follow_the_route_and_the_contact() {
    let mut net = Net::pair(1, PERFECT);
    let routes = "Record-Route: <sip:192.0.2.98;lr>, <sip:far.example;lr>\n";
    let (tag, session) = answered(&mut net, &with_sdp(&request("INVITE", 1, "1", "", routes)));
    net.inject(0, PHONE, &request("ACK", 1, "1a", &tag, "\n"));
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    let bye = net.outside.pop().unwrap();
    assert_eq!(bye.request_uri(), Some("sip:bob@192.0.2.99:5060"));
    let routes: Vec<_> = bye.headers(HeaderName::Route).collect();
    assert_eq!(routes, ["<sip:192.0.2.98;lr>", "<sip:far.example;lr>"]);
    net.inject(0, PHONE, &response(&bye, "200 OK", "bob", ""));
    net.run_out();
}

/// An answered outgoing call to that phone, with a password.
pub(crate) fn called_with_password(net: &mut Net) -> (Message, SessionId) {
    let mut invite = call_to("sip:bob@192.0.2.99", 0);
    invite.flow.remote = PHONE.parse().unwrap();
    invite.credentials = Some(Login { username: Pii::from("us"), password: Pii::from("secret") });
    let session = net.on(0, |endpoint, now| endpoint.invite(now, invite)).unwrap();
    let invite = net.outside.pop().unwrap();
    net.inject(0, PHONE, &response(&invite, "200 OK", "bob", ""));
    (invite, session)
}

#[test]
fn challenges_within_a_call_are_answered_once() {
    const ASK: &str = "Proxy-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=MD5, qop=\"auth\"\n";
    let mut net = Net::pair(1, PERFECT);
    let (invite, session) = called_with_password(&mut net);
    net.on(0, |endpoint, now| endpoint.reoffer(now, session, sdp(OFFER)));
    let offer = net.outside.pop().unwrap();
    let sent = net.inject(0, PHONE, &response(&offer, "407 Who", "bob", ASK));
    assert_eq!(titles(&sent), ["ACK", "INVITE"]);
    assert!(sent[1].has(HeaderName::ProxyAuthorization));
    let sent = net.inject(0, PHONE, &response(&sent[1], "200 OK", "bob", ""));
    assert!(sent[0].has(HeaderName::ProxyAuthorization), "RFC 3261 §22.1: the ACK repeats the credentials");
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    let bye = net.outside.pop().unwrap();
    let sent = net.inject(0, PHONE, &response(&bye, "407 Who", "bob", ASK));
    assert_eq!(titles(&sent), ["BYE"]);
    assert!(sent[0].has(HeaderName::ProxyAuthorization));
    let cseqs = [&invite, &offer, &bye, &sent[0]].map(|message| message.cseq().unwrap().number);
    assert_eq!(cseqs, [1, 2, 4, 5]);
    assert!(net.inject(0, PHONE, &response(&sent[0], "407 Who", "bob", ASK)).is_empty());
    net.run_out();
}

#[test]
fn an_answer_that_fits_no_datagram_fails_the_call() {
    let mut net = Net::pair(1, PERFECT);
    net.inject(0, PHONE, &with_sdp(&request("INVITE", 1, "1", "", "")));
    let session = net.incoming(0).unwrap();
    net.on(0, |endpoint, now| endpoint.answer(now, session, vec![b'x'; 70_000].into()));
    assert_eq!(titles(&net.outside), ["500 INVITE"]);
    assert_eq!(net.told(0), ["Incoming", "Failed"]);
    net.inject(0, PHONE, &request("ACK", 1, "1", "", "\n"));
    net.run_out();
}

#[test]
fn an_offer_is_refused_in_words_that_a_person_can_read() {
    let mut net = Net::pair(1, PERFECT);
    net.inject(0, PHONE, &with_sdp(&request("INVITE", 1, "1", "", "")));
    let session = net.incoming(0).unwrap();
    net.on(0, |endpoint, now| endpoint.refuse_offer(now, session, 488, "no common codec"));
    let refusal = net.outside.remove(0);
    assert_eq!(refusal.status(), Some(488));
    let warning = refusal.header(HeaderName::Warning);
    assert_eq!(warning.as_deref(), Some("399 192.0.2.10:5060 \"no common codec\""));
    net.inject(0, PHONE, &request("ACK", 1, "1", "", "\n"));
    net.run_out();
}

#[test]
fn commands_that_do_not_fit_the_state_change_nothing() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session) = established(&mut net);
    let events = net.told(0);
    net.on(0, |endpoint, now| {
        endpoint.ring(now, session, None);
        endpoint.answer(now, session, sdp(ANSWER));
        endpoint.reject(now, session, 486, None);
        endpoint.answer_reoffer(now, session, sdp(ANSWER));
        endpoint.refuse_reoffer(now, session, 488);
        endpoint.hang_up(now, SessionId(99), None);
    });
    assert_eq!((net.told(0), titles(&net.outside)), (events, vec![]));
    net.inject(0, PHONE, &request("BYE", 2, "2", &tag, "\n"));
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    net.run_out();
}

#[test]
fn requests_of_another_dialog_are_481() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, _) = established(&mut net);
    let stolen = request("BYE", 2, "2", &tag, "\n").replace("tag=bob", "tag=eve");
    assert_eq!(titles(&net.inject(0, PHONE, &stolen)), ["481 BYE"]);
    assert_eq!(titles(&net.inject(0, PHONE, &request("BYE", 2, "3", "none", "\n"))), ["481 BYE"]);
    assert_eq!(net.nodes[0].endpoint.counters().unknown_dialogs, 2);
    net.inject(0, PHONE, &request("BYE", 2, "4", &tag, "\n"));
    net.run_out();
}

#[test]
fn hang_ups_that_cross_are_both_granted() {
    let mut net = Net::pair(1, PERFECT);
    let caller = net.on(0, |endpoint, now| endpoint.invite(now, call())).unwrap();
    net.run_ms(10);
    let callee = net.incoming(1).unwrap();
    net.on(1, |endpoint, now| endpoint.answer(now, callee, sdp(ANSWER)));
    net.run_ms(10);
    net.on(0, |endpoint, now| endpoint.hang_up(now, caller, None));
    net.on(1, |endpoint, now| endpoint.hang_up(now, callee, None));
    net.run_out();
    assert_eq!(net.ladder[4..], ["0>1 BYE", "1>0 BYE", "1>0 200 BYE", "0>1 200 BYE"]);
}

#[test]
fn a_hang_up_refuses_the_change_that_waits() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session) = established(&mut net);
    net.inject(0, PHONE, &with_sdp(&request("INVITE", 2, "2", &tag, "")));
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    assert_eq!(titles(&net.outside), ["487 INVITE", "BYE"]);
    net.inject(0, PHONE, &request("ACK", 2, "2", &tag, "\n"));
    net.run_out();
}

#[test]
fn a_peer_s_requests_before_its_answer_count_in_its_dialog() {
    let mut net = Net::pair(1, PERFECT);
    let (invite, session) = invited(&mut net);
    net.inject(0, PHONE, &response(&invite, "183 Early", "bob", ""));
    let ours = invite.from_tag().unwrap().into_owned();
    let within = |method: &str, cseq: u32, branch: &str| {
        let call_id = format!("Call-ID: {}", invite.call_id());
        request(method, cseq, branch, &ours, "\n").replace("Call-ID: by-hand", &call_id)
    };
    assert_eq!(titles(&net.inject(0, PHONE, &within("UPDATE", 5, "5"))), ["200 UPDATE"]);
    assert_eq!(titles(&net.inject(0, PHONE, &within("INFO", 5, "6"))), ["500 INFO"]);
    net.inject(0, PHONE, &response(&invite, "200 OK", "bob", ""));
    assert_eq!(titles(&net.inject(0, PHONE, &within("INFO", 5, "7"))), ["500 INFO"]);
    assert_eq!(titles(&net.inject(0, PHONE, &within("BYE", 6, "8"))), ["200 BYE"]);
    assert!(net.nodes[0].events.last() == Some(&Event::Ended { session, by: Side::Remote, reason: None }));
    net.run_out();
}
