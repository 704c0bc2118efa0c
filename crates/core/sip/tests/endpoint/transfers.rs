//! Transfers that a peer asks for (RFC 3515), and calls that take the place of others (RFC 3891).

use hotline_sip::digest::Challenge;
use hotline_sip::endpoint::{Event, Peer, SessionId};
use hotline_sip::{HeaderName, Message, Replaces};

use crate::calls::{self, established, invited, request, response, titles, with_sdp};
use crate::net::{Net, PERFECT, title};
use crate::registration::{self, CONTACT, challenges, net, registered};

const PHONE: &str = calls::PHONE;

fn refer(net: &mut Net, tag: &str, cseq: u32, headers: &str) -> Vec<Message> {
    net.inject(0, PHONE, &request("REFER", cseq, &format!("r{cseq}"), tag, &format!("{headers}\n")))
}

/// A REFER to `bob` that was accepted; what was sent then.
fn accepted(net: &mut Net, tag: &str, session: SessionId, extra: &str) -> Vec<Message> {
    assert!(refer(net, tag, 2, &format!("Refer-To: <sip:bob@center.example>\n{extra}")).is_empty());
    net.on(0, |endpoint, now| endpoint.accept_refer(now, session));
    core::mem::take(&mut net.outside)
}

fn report(net: &mut Net, session: SessionId, status: u16) -> Vec<Message> {
    net.on(0, |endpoint, now| endpoint.report_refer(now, session, status));
    core::mem::take(&mut net.outside)
}

/// What a NOTIFY says: the fragment's first line, and the state of the subscription.
fn told(notify: &Message) -> (String, String) {
    assert_eq!(notify.header(HeaderName::ContentType).unwrap(), "message/sipfrag;version=2.0");
    let body = String::from_utf8(notify.body().to_vec()).unwrap();
    (body.trim_end().to_owned(), notify.header(HeaderName::SubscriptionState).unwrap().into_owned())
}

#[test]
fn a_transfer_is_told_from_its_begin_to_its_end() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session) = established(&mut net);
    let sent = accepted(&mut net, &tag, session, "Referred-By: <sip:ann@192.0.2.99>\n");
    assert_eq!(titles(&sent), ["202 REFER", "NOTIFY"]);
    match net.nodes[0].events.last() {
        Some(Event::Refer { target, referred_by: Some(by), .. }) => {
            assert_eq!((target.user.expose().as_str(), &target.replaces), ("bob", &None));
            assert_eq!(by.uri.user().unwrap(), "ann");
        }
        other => panic!("{other:?}"),
    }
    let active = "active;expires=180".to_owned();
    assert_eq!(told(&sent[1]), ("SIP/2.0 100 Trying".into(), active.clone()));
    assert_eq!(sent[1].header(HeaderName::Event).unwrap(), "refer;id=2");
    assert!(report(&mut net, session, 180).is_empty(), "one NOTIFY after the other");
    let next = net.inject(0, PHONE, &response(&sent[1], "200 OK", "bob", ""));
    assert_eq!(told(&next[0]), ("SIP/2.0 180 Ringing".into(), active));
    net.inject(0, PHONE, &response(&next[0], "200 OK", "bob", ""));
    let last = report(&mut net, session, 200);
    assert_eq!(told(&last[0]), ("SIP/2.0 200 OK".into(), "terminated;reason=noresource".into()));
    assert!(report(&mut net, session, 200).is_empty(), "the end is told once");
}

#[test]
fn what_is_overtaken_is_not_told() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session) = established(&mut net);
    let sent = accepted(&mut net, &tag, session, "");
    report(&mut net, session, 180);
    report(&mut net, session, 486);
    let next = net.inject(0, PHONE, &response(&sent[1], "200 OK", "bob", ""));
    assert_eq!(told(&next[0]).0, "SIP/2.0 486 Busy Here");
    assert!(net.inject(0, PHONE, &response(&next[0], "200 OK", "bob", "")).is_empty());
}

#[test]
fn a_hang_up_of_ours_is_preceded_by_what_was_not_told() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session) = established(&mut net);
    accepted(&mut net, &tag, session, "");
    report(&mut net, session, 200);
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
    let sent = core::mem::take(&mut net.outside);
    assert_eq!(titles(&sent), ["NOTIFY", "BYE"]);
    assert_eq!(told(&sent[0]).0, "SIP/2.0 200 OK");
}

#[test]
fn a_peer_that_knows_no_subscription_or_wants_none_is_told_nothing_more() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session) = established(&mut net);
    let sent = accepted(&mut net, &tag, session, "");
    net.inject(0, PHONE, &response(&sent[1], "481 No", "bob", ""));
    assert!(report(&mut net, session, 200).is_empty());
    let mut net = Net::pair(1, PERFECT);
    let (tag, session) = established(&mut net);
    let sent = accepted(&mut net, &tag, session, "Refer-Sub: false\n");
    assert_eq!(titles(&sent), ["202 REFER"]);
    assert_eq!(sent[0].header_by_text("Refer-Sub").unwrap(), "false");
    assert!(report(&mut net, session, 200).is_empty());
    assert!(
        refer(&mut net, &tag, 3, "Refer-To: <sip:carl@center.example>\n").is_empty(),
        "another may follow"
    );
}

#[test]
fn a_refused_transfer_leaves_the_call_as_it_was() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session) = established(&mut net);
    refer(&mut net, &tag, 2, "Refer-To: <sip:bob@center.example>\n");
    net.on(0, |endpoint, now| endpoint.refuse_refer(now, session, 403));
    assert_eq!(titles(&core::mem::take(&mut net.outside)), ["403 REFER"]);
    assert_eq!(titles(&net.inject(0, PHONE, &request("BYE", 3, "b", &tag, "\n"))), ["200 BYE"]);
}

#[test]
fn a_call_that_ends_takes_the_undecided_transfer_with_it() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, session) = established(&mut net);
    refer(&mut net, &tag, 2, "Refer-To: <sip:bob@center.example>\n");
    let sent = net.inject(0, PHONE, &request("BYE", 3, "b", &tag, "\n"));
    assert_eq!(titles(&sent), ["603 REFER", "200 BYE"]);
    net.on(0, |endpoint, now| endpoint.accept_refer(now, session));
    assert!(net.outside.is_empty());
    net.run_out();
}

#[test]
fn transfers_that_name_nobody_are_refused() {
    for (headers, status) in [
        ("", 400),
        ("Refer-To: <sip:a@h>\nRefer-To: <sip:b@h>\n", 400),
        ("Refer-To: <sip:>\n", 400),
        ("Refer-To: <urn:service:sos>\n", 416),
        ("Refer-To: <sip:a@h;method=BYE>\n", 501),
        ("Refer-To: <sip:a@h?Replaces=x>\n", 400),
    ] {
        let mut net = Net::pair(1, PERFECT);
        let (tag, _) = established(&mut net);
        let sent = refer(&mut net, &tag, 2, headers);
        assert_eq!(titles(&sent), [format!("{status} REFER")], "{headers}");
    }
    let mut net = Net::pair(1, PERFECT);
    let (tag, _) = established(&mut net);
    refer(&mut net, &tag, 2, "Refer-To: <sip:bob@center.example>\n");
    let second = refer(&mut net, &tag, 3, "Refer-To: <sip:carl@center.example>\n");
    assert_eq!(titles(&second), ["500 REFER"]);
    assert!(second[0].has(HeaderName::RetryAfter));
    assert_eq!(
        titles(&net.inject(0, PHONE, &request("REFER", 9, "x", "", "Refer-To: <sip:a@h>\n\n"))),
        ["481 REFER"]
    );
}

#[test]
fn an_attended_transfer_names_the_dialog_that_it_takes_over() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, _) = established(&mut net);
    let (invite, consulted) = invited(&mut net);
    net.inject(0, PHONE, &response(&invite, "200 OK", "carl", ""));
    let ours = invite.from_tag().unwrap().into_owned();
    let escaped = format!("{}%3Bto-tag%3D{ours}%3Bfrom-tag%3Dcarl", invite.call_id());
    refer(&mut net, &tag, 2, &format!("Refer-To: <sip:carl@center.example?Replaces={escaped}>\n"));
    let Some(Event::Refer { target, .. }) = net.nodes[0].events.last().cloned() else { panic!() };
    let replaces: Replaces = target.replaces.unwrap();
    assert_eq!(net.nodes[0].endpoint.replaced(&replaces), Some((consulted, true)));
    let other = Replaces { from_tag: "eve".into(), ..replaces };
    assert_eq!(net.nodes[0].endpoint.replaced(&other), None);
}

/// An INVITE of the registered phone with its password, and with these headers.
fn invite_of_phone(net: &mut Net, headers: &str) -> Vec<Message> {
    let invite = |cseq: u32, extra: &str| {
        with_sdp(&format!(
            "INVITE sip:200@center.example SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.7;rport;branch=z9hG4bKp{cseq}{}\n\
             From: <sip:ann@center.example>;tag=1\nTo: <sip:200@center.example>\nCall-ID: p{}\n\
             CSeq: {cseq} INVITE\nContact: <sip:ann@198.51.100.9:5060>\n{headers}{extra}",
            headers.len(),
            headers.len()
        ))
    };
    let asked = net.inject(0, registration::PHONE, &invite(1, ""));
    if asked[0].status() != Some(401) {
        return asked;
    }
    let challenge: &Challenge = &challenges(&asked[0])[0];
    let proof = challenge.answer("ann", "secret", "INVITE", "sip:200@center.example", "c", 1);
    net.inject(0, registration::PHONE, &invite(2, &format!("Authorization: {proof}\n")))
}

#[test]
fn a_phone_of_ours_may_take_a_call_over_and_nobody_else() {
    let mut net = net();
    registered(&mut net, "ann", 1, CONTACT);
    let (invite, consulted) = invited(&mut net);
    let dialog = format!("{};to-tag={};from-tag=carl", invite.call_id(), invite.from_tag().unwrap());
    net.inject(0, PHONE, &response(&invite, "200 OK", "carl", ""));
    let refused = |net: &mut Net, headers: &str| titles(&invite_of_phone(net, headers));
    let stranger = request("INVITE", 1, "t", "", "Replaces: gone;to-tag=1;from-tag=2\n\n");
    let asked = net.inject(0, registration::PHONE, &stranger);
    assert_ne!(asked[0].status(), Some(481), "nobody learns without a password which dialogs there are");
    assert_eq!(refused(&mut net, "Replaces: gone;to-tag=1;from-tag=2\n"), ["100 INVITE", "481 INVITE"]);
    assert_eq!(refused(&mut net, &format!("Replaces: {dialog};early-only\n")), ["100 INVITE", "486 INVITE"]);
    assert_eq!(refused(&mut net, "Replaces: a;to-tag=1\n"), ["400 INVITE"]);
    let twice = format!("Replaces: {dialog}\nReplaces: {dialog}\n");
    assert_eq!(refused(&mut net, &twice), ["400 INVITE"]);
    invite_of_phone(&mut net, &format!("Require: replaces\nReplaces: {dialog}\n"));
    match net.nodes[0].events.last() {
        Some(Event::Incoming { peer: Peer::Agent(_), replaces, .. }) => {
            assert_eq!(*replaces, Some(consulted))
        }
        other => panic!("{other:?}"),
    }
    let mut net = Net::pair(1, PERFECT);
    let (invite, _) = invited(&mut net);
    let dialog = format!("{};to-tag={};from-tag=carl", invite.call_id(), invite.from_tag().unwrap());
    let of_trunk = request("INVITE", 1, "t", "", &format!("Replaces: {dialog}\n\n"));
    assert_eq!(title(&net.inject(0, PHONE, &of_trunk)[0]), "403 INVITE");
}
