//! Passwords for a while: of phones in pages, and of guests who may call one number once.

use std::time::Duration;

use hotline_sip::digest::Algorithm;
use hotline_sip::endpoint::{Event, GUESTS_MAX, PASSES_PER_USER_MAX, Peer};
use hotline_sip::{Listener, Message, Transport};

use crate::net::{Net, PERFECT};
use crate::registration::{answer, challenges, config, register};

const PAGE: &str = "203.0.113.9:50000";
const LONG: Duration = Duration::from_secs(60);

/// An endpoint that pages reach by WebSocket.
fn net() -> Net {
    let mut config = config();
    let Listener { local, advertised, .. } = config.listeners[0];
    config.listeners.push(Listener { transport: Transport::Ws, local, advertised });
    Net::new(1, PERFECT, vec![config])
}

fn admit(net: &mut Net, user: &str, password: &str, valid: Duration) {
    net.on(0, |endpoint, now| endpoint.admit_phone(now, user, password, now.mono + valid));
}

/// The answer to a registration with this password.
fn registers(net: &mut Net, user: &str, password: &str, cseq: u32) -> Option<u16> {
    let contact = "Contact: <sip:page@10.0.0.9>\n";
    let asked = net.inject(0, PAGE, &register(user, cseq, contact)).remove(0);
    let proof = answer(&challenges(&asked)[0], user, password, 1);
    net.inject(0, PAGE, &register(user, cseq + 1, &format!("{contact}{proof}"))).remove(0).status()
}

#[test]
fn a_phone_proves_itself_by_a_password_for_a_while_and_by_its_own() {
    let mut net = net();
    admit(&mut net, "ann", "for a minute", LONG);
    assert_eq!(registers(&mut net, "ann", "for a minute", 1), Some(200));
    assert_eq!(registers(&mut net, "ann", "secret", 3), Some(200), "the configured one counts, too");
    assert_eq!(registers(&mut net, "bob", "for a minute", 5), Some(401), "it is nobody else's");
    net.run_for(LONG);
    assert_eq!(registers(&mut net, "ann", "for a minute", 7), Some(401));
}

#[test]
fn of_many_passwords_the_oldest_go_first() {
    let mut net = net();
    for number in 0..=PASSES_PER_USER_MAX {
        admit(&mut net, "ann", &format!("pass {number}"), LONG);
    }
    assert_eq!(registers(&mut net, "ann", "pass 0", 1), Some(401));
    assert_eq!(registers(&mut net, "ann", "pass 1", 3), Some(200));
}

/// An INVITE of a guest over this transport.
fn invite(net: &mut Net, to: &str, cseq: u32, proof: &str) -> Message {
    let text = format!(
        "INVITE sip:{to}@center.example SIP/2.0\nVia: SIP/2.0/WS page.invalid;branch=z9hG4bKg{cseq}\n\
         From: <sip:guest-1@center.example>;tag=1\nTo: <sip:{to}@center.example>\nCall-ID: g\n\
         CSeq: {cseq} INVITE\nContact: <sip:guest-1@page.invalid;transport=ws>\n{proof}\n"
    );
    net.inject_over(0, Transport::Ws, PAGE, &text).pop().expect("an answer")
}

/// The same with the password, after it was asked for.
fn proved(net: &mut Net, to: &str, cseq: u32) -> Message {
    let asked = invite(net, to, cseq, "");
    assert_eq!(asked.status(), Some(401), "{to}");
    let challenge = &challenges(&asked)[0];
    assert_eq!(challenge.algorithm, Algorithm::Md5, "libraries of browsers take the first and know no other");
    let uri = format!("sip:{to}@center.example");
    let credentials = challenge.answer("guest-1", "secret", "INVITE", &uri, "c", 1);
    invite(net, to, cseq + 1, &format!("Authorization: {credentials}\n"))
}

fn guest(net: &mut Net, valid: Duration) -> bool {
    net.on(0, |endpoint, now| endpoint.admit_guest(now, ("guest-1", "secret"), "4100", now.mono + valid))
}

#[test]
fn a_guest_calls_one_number_once_over_a_websocket() {
    let mut net = net();
    assert_eq!(invite(&mut net, "4100", 1, "").status(), Some(403), "a stranger");
    assert!(guest(&mut net, LONG));
    assert_eq!(proved(&mut net, "4200", 2).status(), Some(403), "another number");
    let begun = proved(&mut net, "4100", 4);
    assert_eq!(begun.status(), Some(100), "{begun:?}");
    let told = net.nodes[0].events.last();
    assert!(matches!(told, Some(Event::Incoming { peer: Peer::Guest, .. })), "{told:?}");
    assert_eq!(invite(&mut net, "4100", 6, "").status(), Some(403), "once");
}

#[test]
fn a_guest_is_a_stranger_after_its_time_and_over_other_ways() {
    let mut net = net();
    assert!(guest(&mut net, LONG));
    let text = "INVITE sip:4100@center.example SIP/2.0\nVia: SIP/2.0/UDP 203.0.113.9;branch=z9hG4bKu\n\
        From: <sip:guest-1@center.example>;tag=1\nTo: <sip:4100@center.example>\nCall-ID: u\n\
        CSeq: 1 INVITE\nContact: <sip:guest-1@203.0.113.9>\n\n";
    assert_eq!(net.inject(0, PAGE, text)[0].status(), Some(403), "no page");
    net.run_for(LONG);
    assert_eq!(invite(&mut net, "4100", 2, "").status(), Some(403), "too late");
}

#[test]
fn there_are_so_many_guests_at_a_time() {
    let mut net = net();
    let mut admit = |number: usize| {
        net.on(0, |endpoint, now| {
            endpoint.admit_guest(now, (&format!("guest-{number}"), "secret"), "4100", now.mono + LONG)
        })
    };
    assert!((0..GUESTS_MAX).all(&mut admit));
    assert!(!admit(GUESTS_MAX));
    net.run_for(LONG);
    assert!(guest(&mut net, LONG));
}
