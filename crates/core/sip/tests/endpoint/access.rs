//! Who may call in, and what each is told.

use hotline_base::Pii;
use hotline_sip::digest::{Algorithm, Challenge};
use hotline_sip::endpoint::{Event, Peer};
use hotline_sip::{HeaderName, Message};

use crate::net::{Net, PERFECT, open_config};
use crate::registration::{CONTACT, PHONE, answer, challenges, config, net, register, registered, user};

/// The same phone behind its NAT, seen at another port.
const OTHER_PORT: &str = "203.0.113.7:41111";

/// An INVITE from behind a NAT that says `from` calls.
fn invite(from: &str, cseq: u32, extra: &str) -> String {
    format!(
        "INVITE sip:200@center.example SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.7;rport;branch=z9hG4bKi{cseq}\n\
         From: \"Ann\" <sip:{from}@center.example>;tag=1\nTo: <sip:200@center.example>\nCall-ID: i\n\
         CSeq: {cseq} INVITE\nContact: <sip:ann@10.0.0.7:5060>\n{extra}\n"
    )
}

/// What answers `challenge` for an INVITE.
fn proof(challenge: &Challenge, user: &str, password: &str) -> String {
    let credentials = challenge.answer(user, password, "INVITE", "sip:200@center.example", "c", 1);
    format!("Authorization: {credentials}\n")
}

fn with_phone() -> Net {
    let mut net = net();
    assert_eq!(registered(&mut net, "ann", 1, CONTACT).status(), Some(200));
    net
}

fn algorithms(response: &Message) -> Vec<Algorithm> {
    challenges(response).iter().map(|challenge| challenge.algorithm).collect()
}

#[test]
fn where_no_phone_registered_nobody_may_call_whoever_it_says_it_is() {
    let mut net = with_phone();
    for from in ["ann", "nobody"] {
        let sent = net.inject(0, "203.0.113.8:40000", &invite(from, 1, "")).remove(0);
        assert_eq!((sent.status(), sent.has(HeaderName::WwwAuthenticate)), (Some(403), false), "{from}");
    }
    assert_eq!(net.nodes[0].endpoint.counters().refused_invites, 2);
}

#[test]
fn a_registered_phone_is_challenged_whoever_it_says_it_is() {
    for source in [PHONE, OTHER_PORT] {
        let mut net = with_phone();
        for from in ["ann", "bob", "nobody"] {
            let sent = net.inject(0, source, &invite(from, 1, "")).remove(0);
            let asked = (sent.status(), algorithms(&sent));
            assert_eq!(asked, (Some(401), vec![Algorithm::Md5, Algorithm::Sha256]), "{from} at {source}");
        }
        assert_eq!(net.nodes[0].endpoint.counters().refused_invites, 0);
    }
}

#[test]
fn of_two_phones_behind_one_nat_each_is_asked_in_its_own_order() {
    let mut net = with_phone();
    registered(&mut net, "bob", 1, "Contact: <sip:bob@10.0.0.8>\n");
    let mut first = |from| algorithms(&net.inject(0, OTHER_PORT, &invite(from, 1, ""))[0])[0];
    assert_eq!((first("ann"), first("bob")), (Algorithm::Md5, Algorithm::Sha256));
}

#[test]
fn a_phone_calls_in_from_another_port_than_it_registered_from() {
    let mut net = with_phone();
    let asked = net.inject(0, OTHER_PORT, &invite("ann", 1, "")).remove(0);
    net.inject(0, OTHER_PORT, &invite("ann", 2, &proof(&challenges(&asked)[0], "ann", "secret")));
    assert!(matches!(net.nodes[0].events.last(), Some(Event::Incoming { peer: Peer::Agent(_), .. })));
}

#[test]
fn another_user_s_password_is_no_proof_where_that_user_is_not_registered() {
    let mut net = with_phone();
    let asked = net.inject(0, PHONE, &invite("ann", 1, "")).remove(0);
    let challenge = Challenge { algorithm: Algorithm::Sha256, ..challenges(&asked).remove(0) };
    let sent = net.inject(0, PHONE, &invite("ann", 2, &proof(&challenge, "bob", "secret"))).remove(0);
    assert_eq!(sent.status(), Some(401));
    assert_eq!(net.nodes[0].endpoint.counters().auth_failures, 1);
}

#[test]
fn an_agent_calls_as_its_account_whatever_from_says() {
    let mut net = with_phone();
    let asked = net.inject(0, PHONE, &invite("+1900", 1, "")).remove(0);
    net.inject(0, PHONE, &invite("+1900", 2, &proof(&challenges(&asked)[0], "ann", "secret")));
    match net.nodes[0].events.last() {
        Some(Event::Incoming { caller, .. }) => {
            assert_eq!((caller.user.expose().as_str(), caller.host.as_str()), ("ann", "center.example"));
            assert_eq!(caller.display, Some(Pii::from("Ann")));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_trunk_s_address_is_a_trunk_but_where_a_phone_registered() {
    let mut center = config();
    center.trunks = open_config(0).trunks;
    center.trunks[0].peers[0].addr = "203.0.113.0".parse().unwrap();
    let mut net = Net::new(1, PERFECT, vec![center]);
    registered(&mut net, "ann", 1, CONTACT);
    let sent = net.inject(0, PHONE, &invite("+1900", 1, "")).remove(0);
    assert_eq!(sent.status(), Some(401));
    net.inject(0, OTHER_PORT, &invite("+1900", 2, ""));
    assert!(matches!(net.nodes[0].events.last(), Some(Event::Incoming { peer: Peer::Trunk(_), .. })));
}

#[test]
fn a_wrong_answer_is_asked_again_with_a_new_nonce() {
    let mut net = with_phone();
    let asked = net.inject(0, PHONE, &invite("ann", 1, "")).remove(0);
    let first = &challenges(&asked)[0];
    let again = net.inject(0, PHONE, &invite("ann", 2, &proof(first, "ann", "guess"))).remove(0);
    let guessed = format!("{}{CONTACT}", answer(first, "ann", "guess", 2));
    let other = net.inject(0, PHONE, &register("ann", 7, &guessed)).remove(0);
    for refused in [again, other] {
        let fresh = &challenges(&refused)[0];
        assert_eq!((refused.status(), fresh.stale), (Some(401), false));
        assert_ne!(fresh.nonce, first.nonce);
    }
    assert_eq!(net.nodes[0].endpoint.counters().auth_failures, 2);
}

#[test]
fn what_is_refused_leaves_the_proof_to_the_next_request() {
    let mut net = with_phone();
    let asked = net.inject(0, PHONE, &invite("ann", 1, "")).remove(0);
    let proof = proof(&challenges(&asked)[0], "ann", "secret");
    let foreign = invite("ann", 2, &format!("{proof}Content-Type: text/plain\n\nhello"));
    for _ in 0..2 {
        assert_eq!(net.inject(0, PHONE, &foreign)[0].status(), Some(415));
    }
    let misplaced = invite("ann", 3, &proof).replace("<sip:ann@10.0.0.7:5060>", "<sip:a b@h");
    assert_eq!(net.inject(0, PHONE, &misplaced)[0].status(), Some(400));
    assert_eq!(net.inject(0, PHONE, &invite("ann", 4, &proof))[0].status(), Some(100));
}

#[test]
fn a_register_for_another_user_leaves_the_proof_to_the_next_request() {
    let mut net = net();
    let asked = net.inject(0, PHONE, &register("bob", 1, CONTACT)).remove(0);
    let md5 = challenges(&asked).into_iter().find(|challenge| challenge.algorithm == Algorithm::Md5).unwrap();
    let proof = answer(&md5, "ann", "secret", 1);
    let other = register("bob", 2, &format!("{proof}{CONTACT}"));
    assert_eq!(net.inject(0, PHONE, &other)[0].status(), Some(403));
    let own = register("ann", 3, &format!("{proof}{CONTACT}"));
    assert_eq!(net.inject(0, PHONE, &own)[0].status(), Some(200));
}

#[test]
fn a_phone_that_is_gone_may_not_call() {
    let mut net = with_phone();
    registered(&mut net, "ann", 3, "Contact: *\nExpires: 0\n");
    assert_eq!(net.inject(0, PHONE, &invite("ann", 1, ""))[0].status(), Some(403));
    registered(&mut net, "ann", 5, CONTACT);
    let users = [user("bob", &[Algorithm::Md5])].into();
    net.on(0, |endpoint, _| endpoint.reconfigure(hotline_sip::EndpointConfig { users, ..config() }));
    assert_eq!(net.inject(0, PHONE, &invite("ann", 2, ""))[0].status(), Some(403));
}
