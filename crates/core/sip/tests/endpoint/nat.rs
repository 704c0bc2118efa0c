//! Peers behind address translation: where they are reached, and what they say that cannot be.

use bytes::Bytes;
use hotline_sip::endpoint::{Datagram, Event};
use hotline_sip::{Flow, Message, SessionId};

use crate::calls;
use crate::net::{ANSWER, Net, PERFECT, address, call_to, sdp, title};
use crate::registration::{CONTACT, PHONE, answer, challenges, net, register, registered};

/// Where the phone is seen after its NAT forgot it.
const MOVED: &str = "203.0.113.7:50001";

/// Gives the endpoint one datagram; what it sends and where to.
fn send(net: &mut Net, from: &str, text: &str) -> Vec<(String, String)> {
    let bytes = Bytes::copy_from_slice(text.replace('\n', "\r\n").as_bytes());
    let datagram = Datagram { flow: Flow::udp(address(0), from.parse().unwrap()), bytes };
    net.nodes[0].endpoint.handle_datagram(net.now, datagram);
    sent(net)
}

fn sent(net: &mut Net) -> Vec<(String, String)> {
    let mut sent = Vec::new();
    while let Some(transmit) = net.nodes[0].endpoint.poll_transmit() {
        let message = Message::parse(transmit.bytes).unwrap();
        sent.push((title(&message), transmit.flow.remote.to_string()));
    }
    sent
}

fn counted(net: &Net, name: &str) -> u64 {
    let named = net.nodes[0].endpoint.counters().named();
    named.into_iter().find(|(known, _)| *known == name).map(|(_, count)| count).unwrap()
}

fn hang_up(net: &mut Net, session: SessionId) -> Vec<(String, String)> {
    net.nodes[0].endpoint.hang_up(net.now, session, None);
    sent(net)
}

/// A call to the registered phone, which it answered.
fn called(net: &mut Net) -> (Message, SessionId) {
    registered(net, "ann", 1, CONTACT);
    let contact = net.nodes[0].endpoint.contact("ann").unwrap();
    let mut invite = call_to(&contact.uri, 0);
    invite.flow = contact.flow;
    let session = net.on(0, |endpoint, now| endpoint.invite(now, invite)).unwrap();
    let invite = net.outside.pop().unwrap();
    net.inject(0, PHONE, &calls::response(&invite, "200 OK", "bob", ""));
    (invite, session)
}

#[test]
fn a_phone_whose_nat_moved_it_is_reached_where_its_last_request_came_from() {
    let mut net = net();
    let (invite, session) = called(&mut net);
    let info = |cseq: u32, tag: &str| {
        calls::request("INFO", cseq, &format!("i{cseq}"), &invite.from_tag().unwrap(), "\n")
            .replace("Call-ID: by-hand", &format!("Call-ID: {}", invite.call_id()))
            .replace("192.0.2.99:5060;branch", "10.0.0.7;rport;branch")
            .replace(";tag=bob", &format!(";tag={tag}"))
    };
    let ok = ("200 INFO".to_owned(), MOVED.to_owned());
    assert_eq!(send(&mut net, MOVED, &info(5, "bob")), [ok]);
    send(&mut net, "203.0.113.99:9999", &info(6, "eve"));
    send(&mut net, "203.0.113.98:9999", &info(4, "bob"));
    assert_eq!(hang_up(&mut net, session), [("BYE".to_owned(), MOVED.to_owned())]);
}

#[test]
fn a_phone_whose_nat_moved_it_is_reached_where_it_registered_again() {
    let mut net = net();
    let (_, session) = called(&mut net);
    let asked = net.inject(0, MOVED, &register("ann", 3, CONTACT)).remove(0);
    let proof = answer(&challenges(&asked)[0], "ann", "secret", 1);
    net.inject(0, MOVED, &register("ann", 4, &format!("{proof}{CONTACT}")));
    assert_eq!(hang_up(&mut net, session), [("BYE".to_owned(), MOVED.to_owned())]);
}

#[test]
fn without_rport_the_answer_goes_to_the_port_in_the_via_unless_that_is_private() {
    for (via, source, destination) in [
        ("203.0.113.66:5062", "203.0.113.66:5070", "203.0.113.66:5062"),
        ("198.51.100.3:5062", "203.0.113.66:5070", "203.0.113.66:5062"),
        ("proxy.example:5062", "203.0.113.66:5070", "203.0.113.66:5062"),
        ("proxy.example", "203.0.113.66:5070", "203.0.113.66:5060"),
        ("10.0.0.9:5062", "203.0.113.66:5070", "203.0.113.66:5070"),
        ("10.0.0.9:5062", "10.0.0.1:5070", "10.0.0.1:5062"),
        ("10.0.0.9:5062;rport", "10.0.0.1:5070", "10.0.0.1:5070"),
    ] {
        let mut net = net();
        let options = calls::request("OPTIONS", 1, "o", "", "\n")
            .replace("192.0.2.99:5060;branch", &format!("{via};branch"));
        let expected = [("200 OPTIONS".to_owned(), destination.to_owned())];
        assert_eq!(send(&mut net, source, &options), expected, "{via} from {source}");
    }
}

#[test]
fn what_would_go_to_port_0_or_to_many_is_dropped_and_counted() {
    for (via, source) in [
        ("192.0.2.99:0", "192.0.2.99:5060"),
        ("192.0.2.99;rport", "192.0.2.99:0"),
        ("224.0.0.1;rport", "224.0.0.1:5060"),
        ("255.255.255.255;rport", "255.255.255.255:5060"),
    ] {
        let mut net = net();
        let options = calls::request("OPTIONS", 1, "o", "", "\n")
            .replace("192.0.2.99:5060;branch", &format!("{via};branch"));
        assert!(send(&mut net, source, &options).is_empty(), "{via}");
        assert_eq!(counted(&net, "sip_unsendable"), 1, "{via}");
    }
}

#[test]
fn a_contact_that_cannot_be_the_peer_s_is_not_called() {
    for contact in
        ["127.0.0.1:5060", "[2001:db8::1]:5060", "224.0.0.1", "255.255.255.255", "0.0.0.0", "192.0.2.98:0"]
    {
        let mut net = Net::pair(1, PERFECT);
        let invite = calls::with_sdp(&calls::request("INVITE", 1, "1", "", ""))
            .replace("Contact: <sip:bob@192.0.2.99:5060>", &format!("Contact: <sip:bob@{contact}>"));
        let (tag, session) = calls::answered(&mut net, &invite);
        net.inject(0, calls::PHONE, &calls::request("ACK", 1, "1a", &tag, "\n"));
        let expected = [("BYE".to_owned(), calls::PHONE.to_owned())];
        assert_eq!(hang_up(&mut net, session), expected, "{contact}");
    }
}

#[test]
fn only_a_change_that_is_granted_moves_the_peer() {
    for (method, granted) in [("INVITE", false), ("UPDATE", false), ("INVITE", true), ("UPDATE", true)] {
        let mut net = Net::pair(1, PERFECT);
        let (tag, session) = calls::established(&mut net);
        let change = calls::with_sdp(&calls::request(method, 2, "2", &tag, ""))
            .replace("Contact: <sip:bob@192.0.2.99:5060>", "Contact: <sip:bob@192.0.2.98:5060>");
        net.inject(0, calls::PHONE, &change);
        net.on(0, |endpoint, now| {
            if granted {
                endpoint.answer_reoffer(now, session, sdp(ANSWER));
            } else {
                endpoint.refuse_reoffer(now, session, 488);
            }
        });
        net.inject(0, calls::PHONE, &calls::request("ACK", 2, "2", &tag, "\n"));
        let expected = if granted { "192.0.2.98:5060" } else { calls::PHONE };
        let sent = hang_up(&mut net, session);
        assert_eq!(sent, [("BYE".to_owned(), expected.to_owned())], "{method} {granted}");
    }
}

#[test]
fn an_update_that_is_refused_does_not_move_the_peer() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session) = calls::established(&mut net);
    for (cseq, port, extra) in [(2, 5061, "\n"), (3, 5062, "Content-Type: text/plain\n\nhello")] {
        let update = calls::request("UPDATE", cseq, &cseq.to_string(), &tag, extra)
            .replace("Contact: <sip:bob@192.0.2.99:5060>", &format!("Contact: <sip:bob@192.0.2.99:{port}>"));
        net.inject(0, calls::PHONE, &update);
    }
    assert!(!matches!(net.nodes[0].events.last(), Some(Event::Reoffer { .. })));
    assert_eq!(hang_up(&mut net, session), [("BYE".to_owned(), "192.0.2.99:5061".to_owned())]);
}
