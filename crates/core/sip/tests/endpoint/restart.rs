//! Registrations that outlive the process.

use core::time::Duration;

use bytes::Bytes;
use hotline_base::{AgentId, Now, Rng, Time};
use hotline_sip::endpoint::{Datagram, Endpoint, EndpointConfig, Event, Listener};
use hotline_sip::registrar::SavedContacts;
use hotline_sip::{Flow, Message, Transport};

use crate::net::{Net, PERFECT, address, title};
use crate::registration::{CONTACT, PHONE, answer, challenges, config, register, registered, user};

const CENTER: &str = "192.0.2.1:5070";

/// A configuration that listens for connections too.
fn center() -> EndpointConfig {
    let mut config = config();
    for transport in [Transport::Tcp, Transport::Tls, Transport::Ws] {
        let local = CENTER.parse().unwrap();
        config.listeners.push(Listener { transport, local, advertised: local });
    }
    config
}

/// Ann, registered over `transport` from the phone's address.
fn with_phone(transport: Transport, contact: &str) -> Net {
    let mut net = Net::new(1, PERFECT, vec![center()]);
    let local = if transport == Transport::Udp { address(0) } else { CENTER.parse().unwrap() };
    let flow = Flow { transport, local, remote: PHONE.parse().unwrap() };
    let mut send = |text: &str| {
        let bytes = Bytes::copy_from_slice(text.replace('\n', "\r\n").as_bytes());
        net.nodes[0].endpoint.handle_datagram(net.now, Datagram { flow, bytes });
        Message::parse(net.nodes[0].endpoint.poll_transmit().unwrap().bytes).unwrap()
    };
    let asked = send(&register("ann", 1, contact));
    let proof = answer(&challenges(&asked)[0], "ann", "secret", 1);
    let granted = send(&register("ann", 2, &format!("{proof}{contact}")));
    assert_eq!(title(&granted), "200 REGISTER");
    net
}

fn kept(net: &mut Net) -> Vec<SavedContacts> {
    core::iter::from_fn(|| net.nodes[0].endpoint.poll_contacts()).collect()
}

/// The endpoint of another process that begins `later`, and what it tells.
fn restarted(
    net: &Net,
    config: EndpointConfig,
    kept: &[SavedContacts],
    later: u64,
) -> (Endpoint, Vec<Event>) {
    let wall = net.now.wall + Duration::from_secs(later);
    let mut endpoint = Endpoint::new(config, Rng::from_number(9), [0; 32]);
    endpoint.restore_contacts(Now { mono: Time(17), wall }, kept);
    let events = core::iter::from_fn(|| endpoint.poll_event()).collect();
    (endpoint, events)
}

#[test]
fn after_a_restart_a_phone_is_called_where_it_registered() {
    let mut net =
        with_phone(Transport::Udp, "Path: <sip:203.0.113.7:5070;lr>\nContact: <sip:ann@10.0.0.7>;q=0.5\n");
    let kept = kept(&mut net);
    let (endpoint, events) = restarted(&net, center(), &kept, 100);
    assert_eq!(endpoint.contacts("ann"), net.nodes[0].endpoint.contacts("ann"));
    let expires = Duration::from_secs(200);
    assert!(events == [Event::Registered { agent: AgentId::from("ann"), contacts: 1, expires }]);
    assert!(endpoint.poll_timeout().is_some(), "it expires as it would have");
}

#[test]
fn every_change_of_contacts_is_told_with_all_that_are_left() {
    let mut net = Net::new(1, PERFECT, vec![config()]);
    registered(&mut net, "ann", 1, "Contact: <sip:a@10.0.0.1>;expires=60, <sip:b@10.0.0.2>;expires=90\n");
    let told = kept(&mut net);
    assert_eq!((told.len(), told[0].user.as_str(), told[0].contacts.len()), (1, "ann", 2));
    let until = told[0].expires_at().unwrap();
    assert_eq!(until, net.now.wall + Duration::from_secs(90));
    registered(&mut net, "ann", 3, "");
    assert_eq!(kept(&mut net), [], "only asking changes nothing");
    net.run_for(Duration::from_secs(61));
    assert_eq!(kept(&mut net)[0].contacts.len(), 1, "one expired");
    registered(&mut net, "ann", 5, "Contact: *\nExpires: 0\n");
    assert_eq!(kept(&mut net), [SavedContacts { user: "ann".into(), contacts: Vec::new() }]);
}

#[test]
fn of_contacts_over_connections_only_those_that_can_be_called_back_are_there_again() {
    let direct = "Contact: <sip:ann@203.0.113.7:5060;transport=tcp>\n";
    for (transport, contact, expected) in [
        (Transport::Udp, CONTACT, Some(PHONE)),
        (Transport::Tcp, direct, Some("203.0.113.7:5060")),
        (Transport::Tcp, "Contact: <sip:ann@10.0.0.7;transport=tcp>\n", None),
        (Transport::Tcp, "Contact: <sip:ann@203.0.113.7>\n", None),
        (Transport::Tcp, "Contact: <sip:ann@phone.example;transport=tcp>\n", None),
        (Transport::Tls, "Contact: <sips:ann@203.0.113.7:5061>\n", None),
        (Transport::Ws, "Contact: <sip:ann@203.0.113.7;transport=ws>\n", None),
    ] {
        let mut net = with_phone(transport, contact);
        let kept = kept(&mut net);
        let (mut endpoint, events) = restarted(&net, center(), &kept, 1);
        let remote = endpoint.contact("ann").map(|contact| contact.flow.remote.to_string());
        assert_eq!(remote.as_deref(), expected, "{transport} {contact}");
        assert_eq!(events.len(), 1);
        let left = endpoint.poll_contacts().unwrap();
        assert_eq!(left.contacts.is_empty(), expected.is_none(), "what is gone is not kept");
    }
}

#[test]
fn what_has_expired_or_is_of_nobody_is_left_out_and_not_kept_any_more() {
    let mut net = with_phone(Transport::Udp, CONTACT);
    let kept = kept(&mut net);
    let gone = [SavedContacts { user: "ann".into(), contacts: Vec::new() }];
    let others = EndpointConfig { users: [user("bob", &[])].into(), ..center() };
    for (config, later) in [(center(), 301), (others, 1)] {
        let (mut endpoint, _) = restarted(&net, config, &kept, later);
        assert_eq!(endpoint.contact("ann"), None);
        let told: Vec<_> = core::iter::from_fn(|| endpoint.poll_contacts()).collect();
        assert_eq!(told, gone);
    }
}

#[test]
fn a_server_that_listens_elsewhere_calls_from_there() {
    let mut net = with_phone(Transport::Udp, CONTACT);
    let kept = kept(&mut net);
    let mut config = center();
    config.listeners[0].local = "192.0.2.77:5060".parse().unwrap();
    let (endpoint, _) = restarted(&net, config.clone(), &kept, 1);
    assert_eq!(endpoint.contact("ann").unwrap().flow.local, config.listeners[0].local);
    config.listeners.remove(0);
    assert_eq!(restarted(&net, config, &kept, 1).0.contact("ann"), None, "it does not listen for UDP");
}

#[test]
fn a_phone_that_was_taken_over_refreshes_and_repeats_in_order() {
    let mut net = with_phone(Transport::Udp, CONTACT);
    let kept = kept(&mut net);
    (net.nodes[0].endpoint, _) = restarted(&net, config(), &kept, 1);
    net.run_ms(1000);
    let mut send = |cseq: u32| {
        let asked = net.inject(0, PHONE, &register("ann", 90, CONTACT)).remove(0);
        let proof = answer(&challenges(&asked)[0], "ann", "secret", 1);
        net.inject(0, PHONE, &register("ann", cseq, &format!("{proof}{CONTACT}"))).remove(0).status()
    };
    assert_eq!((send(2), send(3)), (Some(500), Some(200)));
}
