//! Instant messages (RFC 3428): from phone to phone, and from our user to phones.

use core::time::Duration;

use hotline_base::{AgentId, Pii};
use hotline_sip::endpoint::{Event, MAX_MESSAGES_PER_USER, MessageError};
use hotline_sip::pager::MAX_TEXT;
use hotline_sip::{HeaderName, Message, NameAddr};

use crate::calls::{self, titles};
use crate::net::Net;
use crate::registration::{PHONE, challenges, registered};
use crate::subscriptions::{Sent, net};

fn text(body: &str) -> String {
    format!("Content-Type: text/plain\nContent-Length: {}\n\n{body}", body.len())
}

/// A MESSAGE of `ann`; what the endpoint sends then.
fn message(net: &mut Net, to: &str, call_id: &str, rest: &str) -> Vec<Message> {
    Sent { user: "ann", method: "MESSAGE", to, tag: "", call_id, cseq: 1, rest }.proved(net)
}

fn answer(net: &mut Net, message: &Message, status: &str) -> Vec<Message> {
    net.inject(0, PHONE, &calls::response(message, status, "b", ""))
}

#[test]
fn a_message_reaches_every_phone_and_the_first_that_has_it_answers() {
    let mut net = net();
    registered(&mut net, "bob", 5, "Contact: <sip:bob@10.0.0.9:5060>\n");
    let sent = message(&mut net, "202", "m", &text("back at five"));
    assert_eq!(titles(&sent), ["MESSAGE", "MESSAGE"]);
    let uris: Vec<_> = sent.iter().map(|one| one.request_uri().unwrap().to_owned()).collect();
    assert_eq!(uris, ["sip:bob@10.0.0.9:5060", "sip:bob@10.0.0.8:5060"]);
    for one in &sent {
        assert_eq!(one.body(), "back at five");
        assert_eq!(one.header(HeaderName::ContentType).unwrap(), "text/plain;charset=UTF-8");
        assert!(one.header(HeaderName::From).unwrap().starts_with("<sip:ann@center.example>;tag="));
        assert_eq!(one.header(HeaderName::To).unwrap(), "<sip:bob@center.example>");
    }
    assert!(answer(&mut net, &sent[0], "486 Busy Here").is_empty());
    assert_eq!(titles(&answer(&mut net, &sent[1], "200 OK")), ["200 MESSAGE"]);
    assert_eq!(net.nodes[0].endpoint.counters().messages, 1);
}

#[test]
fn nobody_took_it() {
    for (status, told) in [("415 No", "415 MESSAGE"), ("503 No", "480 MESSAGE"), ("401 Who?", "480 MESSAGE")]
    {
        let mut net = net();
        let sent = message(&mut net, "bob", "m", &text("hi"));
        assert_eq!(titles(&answer(&mut net, &sent[0], status)), [told], "{status}");
        assert_eq!(net.nodes[0].endpoint.counters().messages_failed, 1);
    }
    let mut net = net();
    let sent = message(&mut net, "bob", "m", &text("hi"));
    net.run_for(Duration::from_secs(21));
    let last = core::mem::take(&mut net.outside).pop().unwrap();
    assert_eq!(titles(&[last]), ["480 MESSAGE"], "in time for the sender to hear it");
    assert!(answer(&mut net, &sent[0], "200 OK").is_empty(), "too late");
    registered(&mut net, "bob", 5, "Contact: *\nExpires: 0\n");
    assert_eq!(titles(&message(&mut net, "bob", "n", &text("hi"))), ["480 MESSAGE"]);
    registered(&mut net, "ann", 5, "Contact: *\nExpires: 0\n");
    net.run_ms(40);
    assert_eq!(titles(&message(&mut net, "bob", "o", &text("hi"))), ["403 MESSAGE"]);
    net.run_out();
}

#[test]
fn what_is_no_message_is_refused() {
    let long = text(&"x".repeat(MAX_TEXT + 1));
    for (to, rest, status) in [
        ("bob", long.as_str(), 413),
        ("bob", "Content-Type: text/html\nContent-Length: 4\n\n<p/>", 415),
        ("999", "Content-Type: text/plain\nContent-Length: 2\n\nhi", 404),
    ] {
        let mut net = net();
        let sent = message(&mut net, to, "m", rest);
        assert_eq!(titles(&sent), [format!("{status} MESSAGE")]);
        let accepted = sent[0].header(HeaderName::Accept).map(|accept| accept.into_owned());
        assert_eq!(accepted.as_deref(), (status == 415).then_some("text/plain"));
    }
    let mut net = net();
    let rest = text("hi");
    let within =
        Sent { user: "ann", method: "MESSAGE", to: "bob", tag: "x", call_id: "w", cseq: 1, rest: &rest };
    assert_eq!(titles(&net.inject(0, PHONE, &within.text(""))), ["481 MESSAGE"]);
    let spent =
        Sent { tag: "", call_id: "s", ..within }.text("").replace("Max-Forwards: 70", "Max-Forwards: 0");
    assert_eq!(titles(&net.inject(0, PHONE, &spent)), ["483 MESSAGE"]);
}

#[test]
fn only_who_has_proved_the_password_learns_who_is_there() {
    let mut net = net();
    for to in ["bob", "999"] {
        let rest = text("hi");
        let sent = Sent { user: "eve", method: "MESSAGE", to, tag: "", call_id: to, cseq: 1, rest: &rest };
        let asked = net.inject(0, PHONE, &sent.text(""));
        assert_eq!(titles(&asked), ["401 MESSAGE"]);
        let challenge = &challenges(&asked[0])[0];
        let uri = format!("sip:{to}@center.example");
        let proof = challenge.answer("eve", "guess", "MESSAGE", &uri, "c", 1);
        let again = Sent { cseq: 2, ..sent };
        let answered = net.inject(0, PHONE, &again.text(&format!("Authorization: {proof}\n")));
        assert_eq!(titles(&answered), ["401 MESSAGE"]);
    }
}

#[test]
fn one_user_has_so_many_on_their_way() {
    let mut net = net();
    for number in 0..MAX_MESSAGES_PER_USER {
        assert_eq!(titles(&message(&mut net, "bob", &format!("m{number}"), &text("hi"))), ["MESSAGE"]);
    }
    let refused = message(&mut net, "bob", "more", &text("hi"));
    assert_eq!(titles(&refused), ["503 MESSAGE"]);
    assert!(refused[0].has(HeaderName::RetryAfter));
    net.run_for(Duration::from_secs(33));
    net.outside.clear();
    assert_eq!(titles(&message(&mut net, "bob", "again", &text("hi"))), ["MESSAGE"]);
}

#[test]
fn a_message_of_ours_tells_whether_a_phone_has_it() {
    let mut net = net();
    let say = |net: &mut Net, to: &str, what: &str| {
        let (from, to) = (NameAddr::parse("\"Mia\" <sip:center.example>").unwrap(), AgentId::from(to));
        let what = Pii::from(what);
        net.on(0, |endpoint, now| endpoint.message(now, from, &to, &what))
    };
    let id = say(&mut net, "bob", "grüße").unwrap();
    let sent = core::mem::take(&mut net.outside).remove(0);
    assert_eq!(sent.body(), "grüße");
    assert!(sent.header(HeaderName::From).unwrap().starts_with("\"Mia\" <sip:center.example>;tag="));
    answer(&mut net, &sent, "202 Accepted");
    assert!(net.nodes[0].events.last() == Some(&Event::MessageAnswered { id, status: 200 }));
    let id = say(&mut net, "bob", "again").unwrap();
    net.run_for(Duration::from_secs(21));
    assert!(net.nodes[0].events.last() == Some(&Event::MessageAnswered { id, status: 480 }));
    assert_eq!(say(&mut net, "carl", "hi"), Err(MessageError::NotRegistered));
    assert_eq!(say(&mut net, "bob", &"x".repeat(MAX_TEXT + 1)), Err(MessageError::TooLong));
}
