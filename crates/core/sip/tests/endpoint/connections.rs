//! Peers that come over connections: their Via and Contact, what goes back over the same connection, and its loss.

use bytes::Bytes;
use hotline_base::AgentId;
use hotline_sip::digest::Algorithm;
use hotline_sip::endpoint::{Datagram, EndpointConfig, Event, Failure, Listener, SessionId, Why};
use hotline_sip::{Flow, HeaderName, Message, Transport};

use crate::net::{Net, PERFECT, address, call_to, sdp, title};
use crate::registration::{answer, challenges, config, register, user};

/// The phone's end of its connection.
const PHONE: &str = "203.0.113.7:40000";
const TCP: &str = "192.0.2.1:5070";
const CONTACT: &str = "Contact: <sip:ann@10.0.0.7:5060;transport=tcp>\n";

fn flow() -> Flow {
    Flow { transport: Transport::Tcp, local: TCP.parse().unwrap(), remote: PHONE.parse().unwrap() }
}

/// An endpoint that listens on UDP, and on TCP at another port.
fn net() -> Net {
    let mut config: EndpointConfig = config();
    let local = TCP.parse().unwrap();
    config.listeners.push(Listener { transport: Transport::Tcp, local, advertised: local });
    Net::new(1, PERFECT, vec![config])
}

/// Gives the endpoint one message of the connection; what it sends and how.
fn send(net: &mut Net, text: &str) -> Vec<(Message, Flow)> {
    let bytes = Bytes::copy_from_slice(text.replace('\n', "\r\n").as_bytes());
    net.nodes[0].endpoint.handle_datagram(net.now, Datagram { flow: flow(), bytes });
    sent(net)
}

fn sent(net: &mut Net) -> Vec<(Message, Flow)> {
    let transmits = core::iter::from_fn(|| net.nodes[0].endpoint.poll_transmit());
    transmits.map(|transmit| (Message::parse(transmit.bytes).unwrap(), transmit.flow)).collect()
}

/// Registers the phone over its connection.
fn registered(net: &mut Net) {
    let over_tcp = |cseq: u32, extra: &str| register("ann", cseq, extra).replace("/UDP", "/TCP");
    let asked = send(net, &over_tcp(1, CONTACT)).remove(0).0;
    let proof = answer(&challenges(&asked)[0], "ann", "secret", 1);
    let (granted, way) = send(net, &over_tcp(2, &format!("{proof}{CONTACT}"))).remove(0);
    assert_eq!((title(&granted), way), ("200 REGISTER".to_owned(), flow()));
    net.nodes[0].endpoint.poll_event();
}

/// Calls the phone; the INVITE.
fn called(net: &mut Net) -> (SessionId, Message) {
    let contact = net.nodes[0].endpoint.contact("ann").unwrap();
    assert_eq!(contact.flow, flow());
    let mut invite = call_to(&contact.uri, 0);
    invite.flow = contact.flow;
    let session = net.nodes[0].endpoint.invite(net.now, invite).unwrap();
    let (invite, way) = sent(net).remove(0);
    assert_eq!(way, flow());
    (session, invite)
}

fn lose_connection(net: &mut Net) {
    net.nodes[0].endpoint.handle_disconnect(net.now, flow());
}

fn events(net: &mut Net) -> Vec<Event> {
    core::iter::from_fn(|| net.nodes[0].endpoint.poll_event()).collect()
}

#[test]
fn a_call_takes_the_connection_of_the_registration_and_names_it() {
    let mut net = net();
    registered(&mut net);
    let (_, invite) = called(&mut net);
    let via = invite.header(HeaderName::Via).unwrap().into_owned();
    assert!(via.starts_with("SIP/2.0/TCP 192.0.2.1:5070;branch=z9hG4bK"), "{via}");
    assert!(invite.header(HeaderName::Contact).unwrap().contains("@192.0.2.1:5070;transport=tcp"));
}

#[test]
fn nothing_is_repeated_over_a_connection() {
    let mut net = net();
    registered(&mut net);
    called(&mut net);
    net.run_ms(20_000);
    assert_eq!(net.outside.len(), 0);
}

#[test]
fn a_phone_whose_connection_broke_is_registered_no_more_and_its_call_fails_at_once() {
    let mut net = net();
    registered(&mut net);
    let (session, _) = called(&mut net);
    lose_connection(&mut net);
    let failure = Failure {
        status: 503,
        q850: None,
        text: "Service Unavailable".into(),
        retry_after: None,
        contacts: Vec::new(),
    };
    let gone = Event::Unregistered { agent: AgentId::from("ann"), why: Why::Disconnected };
    assert!(events(&mut net) == [Event::Failed { session, failure }, gone]);
    assert_eq!(net.nodes[0].endpoint.contact("ann"), None);
    lose_connection(&mut net);
    assert!(events(&mut net).is_empty(), "a second loss tells nothing");
}

#[test]
fn a_call_that_rings_outlives_the_connection_as_the_answer_may_come_by_another() {
    let mut net = net();
    registered(&mut net);
    let (session, invite) = called(&mut net);
    send(&mut net, &crate::calls::response(&invite, "180 Ringing", "bob", ""));
    lose_connection(&mut net);
    let ended = events(&mut net).iter().any(|event| event.session() == Some(session) && event.is_terminal());
    assert!(!ended);
    send(&mut net, &crate::calls::response(&invite, "200 OK", "bob", ""));
    assert!(events(&mut net).iter().any(|event| matches!(event, Event::Answered { .. })));
}

#[test]
fn after_the_loss_of_its_connection_a_phone_is_sought_where_its_contact_says() {
    let mut net = net();
    registered(&mut net);
    let (session, invite) = called(&mut net);
    let ok = crate::calls::response(&invite, "200 OK", "bob", "")
        .replace("192.0.2.99:5060", "203.0.113.7:5060;transport=tcp");
    send(&mut net, &ok);
    lose_connection(&mut net);
    net.nodes[0].endpoint.hang_up(net.now, session, None);
    let (bye, way) = sent(&mut net).remove(0);
    let contact = Flow { remote: "203.0.113.7:5060".parse().unwrap(), ..flow() };
    assert_eq!((title(&bye), way), ("BYE".to_owned(), contact));
}

/// An INVITE to a node outside that is longer than RFC 3261 §18.1.1 lets UDP carry.
fn long_invite(net: &mut Net) -> (Message, Flow) {
    let mut invite = call_to("sip:bob@203.0.113.50", 0);
    invite.flow = Flow::udp(address(0), "203.0.113.50:5060".parse().unwrap());
    invite.offer = sdp(&"a=x\r\n".repeat(300));
    net.nodes[0].endpoint.invite(net.now, invite).unwrap();
    sent(net).remove(0)
}

#[test]
fn what_is_too_long_for_udp_goes_by_tcp_and_its_cancel_after_it() {
    let mut net = net();
    let (invite, way) = long_invite(&mut net);
    assert_eq!((way.transport, way.local, way.remote.port()), (Transport::Tcp, TCP.parse().unwrap(), 5060));
    let via = invite.header(HeaderName::Via).unwrap().into_owned();
    assert!(via.starts_with("SIP/2.0/TCP 192.0.2.1:5070;"), "{via}");
    let bytes = crate::calls::response(&invite, "180 Ringing", "bob", "").replace('\n', "\r\n");
    net.nodes[0].endpoint.handle_datagram(net.now, Datagram { flow: way, bytes: bytes.into() });
    let session = net.nodes[0].endpoint.poll_event().and_then(|event| event.session()).unwrap();
    net.nodes[0].endpoint.hang_up(net.now, session, None);
    let (cancel, cancel_way) = sent(&mut net).remove(0);
    assert_eq!((title(&cancel), cancel_way), ("CANCEL".to_owned(), way));
    assert_eq!(cancel.header(HeaderName::Via).unwrap(), via);
}

#[test]
fn a_peer_that_takes_no_connection_gets_the_long_request_by_udp_after_all() {
    let mut net = net();
    let (invite, way) = long_invite(&mut net);
    net.nodes[0].endpoint.handle_disconnect(net.now, way);
    let (again, fallback) = sent(&mut net).remove(0);
    assert_eq!((title(&again), fallback.transport), ("INVITE".to_owned(), Transport::Udp));
    assert_eq!(again.call_id(), invite.call_id());
    assert!(again.header(HeaderName::Via).unwrap().starts_with("SIP/2.0/UDP "));
    assert!(events(&mut net).is_empty(), "the call goes on");
    net.nodes[0].endpoint.handle_disconnect(net.now, way);
    assert!(sent(&mut net).is_empty());
}

/// Behind a NAT a connection to the port where it registered leads nowhere, and its time-out would come before the ring.
#[test]
fn a_phone_that_registered_by_udp_is_called_by_udp_however_long_the_invite() {
    let mut net = net();
    crate::registration::registered(&mut net, "ann", 1, crate::registration::CONTACT);
    let contact = net.nodes[0].endpoint.contact("ann").unwrap();
    let mut invite = call_to(&contact.uri, 0);
    invite.flow = contact.flow;
    invite.offer = sdp(&"a=x\r\n".repeat(300));
    net.nodes[0].endpoint.invite(net.now, invite).unwrap();
    let (invite, way) = sent(&mut net).remove(0);
    assert_eq!((title(&invite), way), ("INVITE".to_owned(), contact.flow));
    assert_eq!(way.transport, Transport::Udp);
}

/// Their libraries know MD5 alone, and read one challenge of several, some the first and some the last.
#[test]
fn a_browser_is_asked_for_md5_alone_if_its_user_may_use_it() {
    for (algorithms, asked) in [
        (&[Algorithm::Sha256, Algorithm::Md5][..], &[Algorithm::Md5][..]),
        (&[Algorithm::Sha256], &[Algorithm::Sha256]),
    ] {
        let mut config = EndpointConfig { users: [user("ann", algorithms)].into(), ..config() };
        let local = TCP.parse().unwrap();
        config.listeners.push(Listener { transport: Transport::Ws, local, advertised: local });
        let mut net = Net::new(1, PERFECT, vec![config]);
        let text = register("ann", 1, CONTACT).replace("/UDP", "/WS").replace('\n', "\r\n");
        let flow = Flow { transport: Transport::Ws, ..flow() };
        net.nodes[0].endpoint.handle_datagram(net.now, Datagram { flow, bytes: text.into() });
        let answer = sent(&mut net).remove(0).0;
        let offered: Vec<_> = challenges(&answer).iter().map(|challenge| challenge.algorithm).collect();
        assert_eq!(offered, asked);
    }
}
