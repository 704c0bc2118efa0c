//! The registrar beyond one contact a phone: preferences, proxies on the way (RFC 3327), phones that name themselves
//! (RFC 5626).

use bytes::Bytes;
use hotline_sip::endpoint::Datagram;
use hotline_sip::{Flow, HeaderName, Message, Transport};

use crate::net::{Net, address, call_to};
use crate::registration::{CONTACT, PHONE, answer, challenges, net, register, registered};

/// Between the phone and us, at the address that the REGISTER is seen from.
const EDGE: &str = "<sip:203.0.113.7:5070;lr;ob>";
const FAR: &str = "<sip:edge.example;lr>";

fn counted(message: &Message, name: HeaderName) -> usize {
    message.headers(name).count()
}

/// Calls ann's best contact; what is sent, and where.
fn called(net: &mut Net) -> (Message, Flow) {
    let contact = net.nodes[0].endpoint.contact("ann").unwrap();
    let mut invite = call_to(&contact.uri, 0);
    (invite.flow, invite.routes) = (contact.flow, contact.routes);
    let endpoint = &mut net.nodes[0].endpoint;
    endpoint.invite(net.now, invite).unwrap();
    let sent = endpoint.poll_transmit().unwrap();
    (Message::parse(sent.bytes).unwrap(), sent.flow)
}

#[test]
fn all_contacts_are_there_the_preferred_first_among_equals_the_latest() {
    let mut net = net();
    let first = "Contact: <sip:a@10.0.0.1>;q=0.2, <sip:b@10.0.0.2>;q=0.9, <sip:c@10.0.0.3>;q=0.2\n";
    registered(&mut net, "ann", 1, first);
    registered(&mut net, "ann", 3, "Contact: <sip:a@10.0.0.1>;q=0.2\n");
    let contacts = net.nodes[0].endpoint.contacts("ann");
    let order: Vec<_> = contacts.iter().map(|contact| (contact.uri.as_str(), contact.q)).collect();
    assert_eq!(order, [("sip:b@10.0.0.2", 900), ("sip:a@10.0.0.1", 200), ("sip:c@10.0.0.3", 200)]);
    assert_eq!(net.nodes[0].endpoint.contact("ann").as_ref(), contacts.first());
    assert_eq!(net.nodes[0].endpoint.contacts("bob"), []);
}

#[test]
fn a_contact_behind_proxies_is_called_by_them_and_the_phone_that_asks_is_told_the_way() {
    for (supported, told) in [("Supported: path\n", 2), ("", 0)] {
        let mut net = net();
        let way = format!("Path: {EDGE}\nPath: {FAR}\n{supported}{CONTACT}");
        let granted = registered(&mut net, "ann", 1, &way);
        assert_eq!((granted.status(), counted(&granted, HeaderName::Path)), (Some(200), told));
        let extensions: Vec<_> = granted.headers(HeaderName::Supported).collect();
        assert_eq!(extensions, ["path", "outbound"]);
        let (invite, flow) = called(&mut net);
        assert_eq!(invite.request_uri(), Some("sip:ann@10.0.0.7:5060;ob"));
        let routes: Vec<_> = invite.headers(HeaderName::Route).collect();
        assert_eq!(routes, [EDGE, FAR]);
        assert_eq!(flow, Flow::udp(address(0), "203.0.113.7:5070".parse().unwrap()), "to the first proxy");
    }
}

#[test]
fn a_way_that_cannot_be_where_it_says_is_taken_as_it_came() {
    for path in ["<sip:10.0.0.99;lr>", "<sip:edge.example;lr>", "<sip:203.0.113.50;transport=tcp;lr>"] {
        let mut net = net();
        registered(&mut net, "ann", 1, &format!("Path: {path}\n{CONTACT}"));
        let (invite, flow) = called(&mut net);
        assert_eq!(flow.remote, PHONE.parse().unwrap(), "{path}");
        assert_eq!(invite.header(HeaderName::Route).as_deref(), Some(path));
    }
}

#[test]
fn a_strict_router_on_the_way_takes_the_request_uri() {
    let mut net = net();
    registered(&mut net, "ann", 1, &format!("Path: <sip:203.0.113.7:5070>\n{CONTACT}"));
    let (invite, _) = called(&mut net);
    assert_eq!(invite.request_uri(), Some("sip:203.0.113.7:5070"));
    assert_eq!(invite.header(HeaderName::Route).as_deref(), Some("<sip:ann@10.0.0.7:5060;ob>"));
}

#[test]
fn a_register_may_insist_on_what_we_know_and_nothing_else() {
    let mut net = net();
    let granted = registered(&mut net, "ann", 1, &format!("Require: path, outbound\n{CONTACT}"));
    assert_eq!(granted.status(), Some(200));
    let asks = register("ann", 9, &format!("Require: path, gruu, outbound\n{CONTACT}"));
    let refused = net.inject(0, PHONE, &asks).remove(0);
    assert_eq!(refused.status(), Some(420));
    assert_eq!(refused.headers(HeaderName::Unsupported).collect::<Vec<_>>(), ["gruu"]);
    let invite = asks.replace("REGISTER", "INVITE").replace("9 INVITE", "10 INVITE").replace("ann9", "i10");
    let refused = net.inject(0, PHONE, &invite).remove(0);
    assert_eq!((refused.status(), counted(&refused, HeaderName::Unsupported)), (Some(420), 3));
}

/// A contact of a phone that names itself.
fn way(port: u16, reg_id: u32, more: &str) -> String {
    format!("Contact: <sip:ann@10.0.0.7:{port}>;+sip.instance=\"<urn:uuid:1>\";reg-id={reg_id}{more}\n")
}

/// Registers over this flow; the final response.
fn register_over(net: &mut Net, flow: Flow, cseq: u32, extra: &str) -> Message {
    let mut send = |text: &str| {
        let bytes = Bytes::copy_from_slice(text.replace('\n', "\r\n").as_bytes());
        net.nodes[0].endpoint.handle_datagram(net.now, Datagram { flow, bytes });
        Message::parse(net.nodes[0].endpoint.poll_transmit().unwrap().bytes).unwrap()
    };
    let asked = send(&register("ann", cseq, extra));
    let proof = answer(&challenges(&asked)[0], "ann", "secret", 1);
    send(&register("ann", cseq + 1, &format!("{proof}{extra}")))
}

fn over(transport: Transport, port: u16) -> Flow {
    let remote = std::net::SocketAddr::from(([203, 0, 113, 7], port));
    Flow { transport, local: address(0), remote }
}

#[test]
fn two_ways_to_a_phone_are_kept_apart_where_the_phone_asks_and_the_way_allows_it() {
    const ASKED: &str = "Supported: outbound, path\n";
    let direct = |reg_id| format!("{ASKED}{}", way(5060, reg_id, ""));
    for (transport, extra, in_force) in [
        (Transport::Tcp, direct(1), true),
        (Transport::Ws, direct(1), true),
        (Transport::Tcp, way(5060, 1, ""), false),
        (Transport::Tcp, format!("{ASKED}{CONTACT}"), false),
        (Transport::Udp, direct(1), false),
        (Transport::Udp, format!("Path: {FAR}, {EDGE}\n{}", direct(1)), true),
    ] {
        let mut net = net();
        let granted = register_over(&mut net, over(transport, 4001), 1, &extra);
        let required: Vec<_> = granted.headers(HeaderName::Require).map(|one| one.into_owned()).collect();
        let expected = if in_force { vec!["outbound"] } else { vec![] };
        assert_eq!(
            (granted.status(), &required[..]),
            (Some(200), &expected.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>()[..]),
            "{transport} {extra}"
        );
        register_over(&mut net, over(transport, 4002), 3, &extra.replace("reg-id=1", "reg-id=2"));
        let ways = net.nodes[0].endpoint.contacts("ann").len();
        assert_eq!(ways, if in_force { 2 } else { 1 }, "{transport} {extra}");
    }
}

#[test]
fn a_phone_behind_a_proxy_that_does_not_know_the_way_back_is_told_so() {
    let asked = format!("Supported: outbound, path\n{}", way(5060, 1, ""));
    for before in ["Path: <sip:203.0.113.7;lr>\n", "Via: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKp\n"] {
        let mut net = net();
        let refused = registered(&mut net, "ann", 1, &format!("{before}{asked}"));
        assert_eq!(refused.status(), Some(439), "{before}");
        assert_eq!(net.nodes[0].endpoint.contacts("ann"), []);
        let without = registered(&mut net, "ann", 3, &format!("{before}{CONTACT}"));
        assert_eq!(without.status(), Some(200), "{before}");
    }
}

#[test]
fn a_phone_adds_one_way_at_a_time() {
    let two = format!("Supported: outbound\n{}{}", way(5060, 1, ""), way(5061, 2, ""));
    let replaced = format!("Supported: outbound\n{}{}", way(5060, 1, ";expires=0"), way(5061, 1, ""));
    let mut net = net();
    let flow = over(Transport::Tcp, 4001);
    assert_eq!(register_over(&mut net, flow, 1, &two).status(), Some(400));
    assert_eq!(register_over(&mut net, flow, 3, &replaced).status(), Some(200));
    assert_eq!(net.nodes[0].endpoint.contacts("ann").len(), 1);
}

#[test]
fn a_phone_that_moved_is_called_at_its_new_address_only_and_listed_with_its_name() {
    let mut net = net();
    let name = "+sip.instance=\"<urn:uuid:1>\"";
    registered(&mut net, "ann", 1, &format!("Contact: <sip:ann@10.0.0.7>;{name}\n"));
    let granted = registered(&mut net, "ann", 3, &format!("Contact: <sip:ann@10.0.0.8>;{name}\n"));
    let listed: Vec<_> = granted.headers(HeaderName::Contact).collect();
    assert_eq!(listed, [format!("<sip:ann@10.0.0.8>;expires=300;{name}")]);
}

#[test]
fn a_register_with_too_long_a_way_or_name_is_refused() {
    let path = |count: usize| format!("Path: {}\n{CONTACT}", vec![FAR; count].join(", "));
    let named =
        |length: usize| format!("Contact: <sip:ann@10.0.0.7>;+sip.instance=\"{}\"\n", "x".repeat(length));
    for (extra, status) in [
        (path(8), 200),
        (path(9), 400),
        (named(256), 200),
        (named(257), 400),
        (format!("Path: <tel:+1>\n{CONTACT}"), 400),
        (format!("Path: <sip:broken\n{CONTACT}"), 400),
    ] {
        assert_eq!(registered(&mut net(), "ann", 1, &extra).status(), Some(status), "{extra}");
    }
}
