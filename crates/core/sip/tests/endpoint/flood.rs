//! Too much from one stranger: it is dropped, and nobody else notices.

use core::time::Duration;

use hotline_sip::digest::Challenge;

use crate::net::{Net, PERFECT, open_config};
use crate::registration::{CONTACT, PHONE, answer, challenges, net, register, registered};

const STRANGER: &str = "203.0.113.66:5070";

pub(crate) fn counted(net: &Net, name: &str) -> u64 {
    let named = net.nodes[0].endpoint.counters().named();
    named.into_iter().find(|(known, _)| *known == name).map(|(_, count)| count).unwrap()
}

fn options(number: u32) -> String {
    register("nobody", number, "").replace("REGISTER", "OPTIONS")
}

/// How many of `count` requests at once are answered.
fn answered(net: &mut Net, from: &str, count: u32) -> usize {
    (0..count).map(|number| net.inject(0, from, &options(number)).len()).sum()
}

#[test]
fn a_stranger_gets_200_answers_at_once_and_50_a_second() {
    let mut net = net();
    assert_eq!(answered(&mut net, STRANGER, 300), 200);
    assert_eq!(counted(&net, "sip_throttled"), 100);
    assert_eq!(answered(&mut net, "203.0.113.67:5070", 10), 10, "another is not concerned");
    net.run_for(Duration::from_secs(2));
    assert_eq!(answered(&mut net, STRANGER, 300), 100);
    net.run_for(Duration::from_secs(60));
    assert_eq!(answered(&mut net, STRANGER, 300), 200);
}

#[test]
fn the_addresses_of_one_ipv6_network_count_as_one() {
    let mut net = net();
    assert_eq!(answered(&mut net, "[2001:db8::1]:5060", 200), 200);
    assert_eq!(answered(&mut net, "[2001:db8::2]:5060", 10), 0);
    assert_eq!(answered(&mut net, "[2001:db8:0:1::1]:5060", 10), 10);
}

#[test]
fn trunks_and_registered_phones_are_not_limited() {
    let mut net = net();
    registered(&mut net, "ann", 1, CONTACT);
    assert_eq!(answered(&mut net, PHONE, 1000), 1000);
    let mut net = Net::new(1, PERFECT, vec![open_config(0)]);
    assert_eq!(answered(&mut net, "192.0.2.77:5060", 1000), 1000);
}

/// Guesses ann's password once; the status.
fn guess(net: &mut Net, challenge: &Challenge, cseq: u32) -> Option<u16> {
    let wrong = answer(challenge, "ann", "guess", cseq);
    let sent = net.inject(0, PHONE, &register("ann", cseq, &format!("{wrong}{CONTACT}")));
    sent.first().and_then(hotline_sip::Message::status)
}

#[test]
fn who_guesses_passwords_is_not_heard_for_a_while() {
    let mut net = net();
    let asked = net.inject(0, PHONE, &register("ann", 1, CONTACT)).remove(0);
    let challenge = &challenges(&asked)[0];
    for cseq in 2..12 {
        assert_eq!(guess(&mut net, challenge, cseq), Some(401));
    }
    assert_eq!(guess(&mut net, challenge, 12), None);
    assert_eq!(counted(&net, "sip_throttled"), 1);
    net.run_for(Duration::from_secs(29));
    assert_eq!(net.inject(0, PHONE, &register("ann", 20, CONTACT)), []);
    net.run_for(Duration::from_secs(2));
    assert_eq!(registered(&mut net, "ann", 21, CONTACT).status(), Some(200));
}

#[test]
fn a_few_wrong_passwords_over_minutes_are_forgiven() {
    let mut net = net();
    let asked = net.inject(0, PHONE, &register("ann", 1, CONTACT)).remove(0);
    for cseq in 2..40 {
        net.run_for(Duration::from_secs(7));
        assert_eq!(guess(&mut net, &challenges(&asked)[0], cseq), Some(401));
    }
}
