//! Registered phones that are asked whether they are there, and those that do not say so.

use core::time::Duration;

use hotline_base::AgentId;
use hotline_sip::endpoint::{EndpointConfig, Event, Limits, PROBE_INTERVAL, ProbeConfig, Probed, Why};
use hotline_sip::{HeaderName, Message};

use crate::net::{Net, PERFECT, title};
use crate::registration::{CONTACT, PHONE, config, registered, reply};

/// A contact at the very address that it registers from.
const DIRECT: &str = "Contact: <sip:ann@203.0.113.7:40000>\n";

fn net(whom: Probed) -> Net {
    let probes = ProbeConfig { whom, interval: PROBE_INTERVAL };
    Net::new(1, PERFECT, vec![EndpointConfig { probes, ..config() }])
}

/// Lets seconds pass in which ann's phone gives `status`, or nothing, to each OPTIONS; those that came.
fn seconds(net: &mut Net, count: u32, status: Option<&str>) -> Vec<Message> {
    let mut asked: Vec<Message> = Vec::new();
    for _ in 0..count {
        net.run_for(Duration::from_secs(1));
        for options in core::mem::take(&mut net.outside) {
            assert_eq!(title(&options), "OPTIONS");
            if let Some(status) = status {
                assert_eq!(net.inject(0, PHONE, &reply(&options, status, "")), []);
            }
            if asked.last().is_none_or(|last| last.cseq() != options.cseq()) {
                asked.push(options);
            }
        }
    }
    asked
}

fn counted(net: &Net, name: &str) -> u64 {
    let named = net.nodes[0].endpoint.counters().named();
    named.into_iter().find(|(known, _)| *known == name).map(|(_, count)| count).unwrap()
}

fn unanswered() -> Event {
    Event::Unregistered { agent: AgentId::from("ann"), why: Why::Unanswered }
}

#[test]
fn a_phone_behind_a_nat_is_asked_every_25_seconds_while_it_is_registered() {
    let mut net = net(Probed::BehindNat);
    registered(&mut net, "ann", 1, CONTACT);
    let asked = seconds(&mut net, 250, Some("200 OK"));
    assert_eq!(asked.len(), 10);
    assert_eq!(asked[0].request_uri(), Some("sip:ann@10.0.0.7:5060;ob"));
    assert!(asked.iter().all(|options| options.call_id() == asked[0].call_id()));
    assert_eq!((counted(&net, "sip_probes"), counted(&net, "sip_probes_missed")), (10, 0));
    assert_eq!(net.nodes[0].events.len(), 1, "nothing is told of a phone that answers");
    assert!(seconds(&mut net, 60, Some("200 OK")).len() <= 2, "the registration has expired");
    registered(&mut net, "ann", 3, CONTACT);
    registered(&mut net, "ann", 5, "Contact: *\nExpires: 0\n");
    assert_eq!(seconds(&mut net, 60, None).len(), 0);
    net.run_out();
}

#[test]
fn whatever_a_phone_answers_shows_that_it_is_there() {
    for status in ["200 OK", "404 Not Found", "486 Busy Here", "501 Not Implemented"] {
        let mut net = net(Probed::BehindNat);
        registered(&mut net, "ann", 1, CONTACT);
        seconds(&mut net, 200, Some(status));
        assert_eq!(counted(&net, "sip_probes_missed"), 0, "{status}");
    }
}

#[test]
fn a_phone_that_leaves_three_in_a_row_unanswered_is_not_there_until_it_answers() {
    for silence in [None, Some("408 Request Timeout"), Some("503 Service Unavailable")] {
        let mut net = net(Probed::BehindNat);
        registered(&mut net, "ann", 1, "Contact: <sip:ann@10.0.0.7>;expires=900\n");
        seconds(&mut net, 40, Some("200 OK"));
        seconds(&mut net, 70, silence);
        assert!(net.nodes[0].events.last() != Some(&unanswered()), "{silence:?}");
        seconds(&mut net, 35, silence);
        assert!(net.nodes[0].events.last() == Some(&unanswered()), "{silence:?}");
        assert_eq!(net.nodes[0].endpoint.contact("ann"), None);
        assert_eq!((counted(&net, "sip_contacts_lost"), counted(&net, "sip_probes_missed")), (1, 3));
        seconds(&mut net, 100, silence);
        assert_eq!(counted(&net, "sip_contacts_lost"), 1, "it is lost once");
        seconds(&mut net, 30, Some("200 OK"));
        assert!(matches!(net.nodes[0].events.last(), Some(Event::Registered { contacts: 1, .. })));
        assert!(net.nodes[0].endpoint.contact("ann").is_some());
    }
}

#[test]
fn a_few_that_are_lost_on_the_way_do_no_harm() {
    let mut net = net(Probed::BehindNat);
    registered(&mut net, "ann", 1, "Contact: <sip:ann@10.0.0.7>;expires=900\n");
    for _ in 0..4 {
        seconds(&mut net, 50, None);
        seconds(&mut net, 50, Some("200 OK"));
    }
    assert!(counted(&net, "sip_probes_missed") >= 4);
    assert_eq!(net.nodes[0].events.len(), 1);
}

#[test]
fn a_phone_that_registers_again_can_be_called_at_once() {
    let mut net = net(Probed::BehindNat);
    registered(&mut net, "ann", 1, CONTACT);
    seconds(&mut net, 110, None);
    assert_eq!(net.nodes[0].endpoint.contact("ann"), None);
    registered(&mut net, "ann", 3, CONTACT);
    assert!(net.nodes[0].endpoint.contact("ann").is_some());
    seconds(&mut net, 70, None);
    assert!(net.nodes[0].endpoint.contact("ann").is_some(), "three more");
}

#[test]
fn who_is_asked_is_configured() {
    for (whom, contact, asked) in [
        (Probed::BehindNat, DIRECT, 0),
        (Probed::BehindNat, CONTACT, 2),
        (Probed::BehindNat, "Path: <sip:203.0.113.7;lr>\nContact: <sip:ann@10.0.0.7>\n", 0),
        (Probed::Everybody, DIRECT, 2),
        (Probed::Nobody, CONTACT, 0),
    ] {
        let mut net = net(whom);
        registered(&mut net, "ann", 1, contact);
        assert_eq!(seconds(&mut net, 50, Some("200 OK")).len(), asked, "{whom:?} {contact}");
    }
}

#[test]
fn a_phone_behind_proxies_is_asked_by_them() {
    let mut net = net(Probed::Everybody);
    registered(&mut net, "ann", 1, &format!("Path: <sip:203.0.113.7;lr>\n{CONTACT}"));
    let asked = seconds(&mut net, 26, Some("200 OK"));
    assert_eq!(asked[0].header(HeaderName::Route).as_deref(), Some("<sip:203.0.113.7;lr>"));
}

#[test]
fn what_a_limit_of_ours_keeps_from_being_asked_is_no_fault_of_the_phone() {
    let mut config = config();
    config.probes.whom = Probed::BehindNat;
    config.limits = Limits { client_transactions: 0, ..Limits::default() };
    let mut net = Net::new(1, PERFECT, vec![config]);
    registered(&mut net, "ann", 1, CONTACT);
    assert_eq!(seconds(&mut net, 200, None).len(), 0);
    assert_eq!((counted(&net, "sip_probes_missed"), net.nodes[0].events.len()), (0, 1));
}
