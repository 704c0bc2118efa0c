//! Registrations from both ends: phones at our registrar, and ours at another.

use core::time::Duration;

use hotline_base::{AgentId, Pii};
use hotline_sip::digest::{Algorithm, Challenge, Ha1};
use hotline_sip::endpoint::{
    Contact, EndpointConfig, Event, Login, PROBE_INTERVAL, Peer, ProbeConfig, Probed, Register,
    RegistrationId, UserConfig, Why,
};
use hotline_sip::{Flow, HeaderName, Message};

use crate::net::{Net, OFFER, PERFECT, address, call_to, open_config, sdp, title};

pub(crate) const PHONE: &str = "203.0.113.7:40000";
pub(crate) const REALM: &str = "center.example";

pub(crate) fn user(name: &str, algorithms: &[Algorithm]) -> (String, UserConfig) {
    let ha1 = |algorithm: &Algorithm| (*algorithm, Ha1::new(*algorithm, name, REALM, "secret"));
    (name.to_owned(), UserConfig { agent: AgentId::from(name), ha1: algorithms.iter().map(ha1).collect() })
}

/// Users `ann`, who is asked for MD5 first, and `bob`, who is asked for SHA-256 first; no trunks, no probes.
pub(crate) fn config() -> EndpointConfig {
    let (md5, sha) = (Algorithm::Md5, Algorithm::Sha256);
    let users = [user("ann", &[md5, sha]), user("bob", &[sha, md5])].into();
    let probes = ProbeConfig { whom: Probed::Nobody, interval: PROBE_INTERVAL };
    EndpointConfig { users, trunks: Vec::new(), probes, ..open_config(0) }
}

pub(crate) fn net() -> Net {
    Net::new(1, PERFECT, vec![config()])
}

/// A REGISTER of `user` from behind a NAT.
pub(crate) fn register(user: &str, cseq: u32, extra: &str) -> String {
    format!(
        "REGISTER sip:center.example SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.7:5060;rport;branch=z9hG4bK{user}{cseq}\n\
         From: <sip:{user}@center.example>;tag=1\nTo: <sip:{user}@center.example>\nCall-ID: reg-{user}\n\
         CSeq: {cseq} REGISTER\n{extra}\n"
    )
}

pub(crate) const CONTACT: &str = "Contact: <sip:ann@10.0.0.7:5060;ob>\n";

pub(crate) fn challenges(response: &Message) -> Vec<Challenge> {
    let values = response.headers(HeaderName::WwwAuthenticate);
    values.map(|value| Challenge::parse(&value).unwrap()).collect()
}

pub(crate) fn answer(challenge: &Challenge, user: &str, password: &str, nc: u32) -> String {
    let credentials = challenge.answer(user, password, "REGISTER", "sip:center.example", "0a4f113b", nc);
    format!("Authorization: {credentials}\n")
}

/// Registers with the first challenge; the final response.
pub(crate) fn registered(net: &mut Net, user: &str, cseq: u32, extra: &str) -> Message {
    let asked = net.inject(0, PHONE, &register(user, cseq, extra)).remove(0);
    let proof = answer(&challenges(&asked)[0], user, "secret", 1);
    net.inject(0, PHONE, &register(user, cseq + 1, &format!("{proof}{extra}"))).remove(0)
}

/// The response is computed by hand, as RFC 7616 §3.4.1 has it: MD5(HA1:nonce:nc:cnonce:qop:HA2).
#[test]
fn a_phone_registers_with_md5() {
    use md5::Digest as _;
    let hash =
        |text: String| md5::Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut net = net();
    let asked = net.inject(0, PHONE, &register("ann", 1, CONTACT)).remove(0);
    let nonce = challenges(&asked)[0].nonce.clone();
    let ha1 = hash("ann:center.example:secret".into());
    let ha2 = hash("REGISTER:sip:center.example".into());
    let response = hash(format!("{ha1}:{nonce}:00000001:abc:auth:{ha2}"));
    let proof = format!(
        "Authorization: Digest username=\"ann\", realm=\"center.example\", nonce=\"{nonce}\", \
         uri=\"sip:center.example\", response=\"{response}\", algorithm=MD5, cnonce=\"abc\", qop=auth, nc=00000001\n"
    );
    let sent = net.inject(0, PHONE, &register("ann", 2, &format!("{proof}{CONTACT}Expires: 600\n")));
    assert_eq!(title(&sent[0]), "200 REGISTER");
    assert_eq!(sent[0].header(HeaderName::Contact).unwrap(), "<sip:ann@10.0.0.7:5060;ob>;expires=600");
    let expires = Duration::from_secs(600);
    assert!(net.nodes[0].events == [Event::Registered { agent: AgentId::from("ann"), contacts: 1, expires }]);
    let expected = Contact {
        uri: "sip:ann@10.0.0.7:5060;ob".into(),
        flow: Flow::udp(address(0), PHONE.parse().unwrap()),
        routes: Vec::new(),
        q: 1000,
    };
    assert_eq!(net.nodes[0].endpoint.contact("ann"), Some(expected), "reached where it registered from");
    assert_eq!(net.nodes[0].endpoint.contact("bob"), None);
}

#[test]
fn sha_256_works_as_well_and_a_registration_expires() {
    let mut net = net();
    let ok = registered(&mut net, "bob", 1, "Contact: <sip:bob@10.0.0.7>;expires=60\n");
    assert_eq!(ok.status(), Some(200));
    net.run_for(Duration::from_secs(61));
    let gone = Event::Unregistered { agent: AgentId::from("bob"), why: Why::Expired };
    assert!(net.nodes[0].events.last() == Some(&gone));
    assert_eq!(net.nodes[0].endpoint.contact("bob"), None);
    net.run_out();
}

#[test]
fn contacts_are_listed_and_taken_back() {
    let mut net = net();
    let two = "Contact: <sip:a@10.0.0.7>;q=0.5, <sip:b@10.0.0.8>;expires=90\nExpires: 120\n";
    let ok = registered(&mut net, "ann", 1, two);
    let listed: Vec<_> = ok.headers(HeaderName::Contact).collect();
    assert_eq!(listed, ["<sip:a@10.0.0.7>;expires=120;q=0.500", "<sip:b@10.0.0.8>;expires=90"]);
    assert_eq!(net.nodes[0].endpoint.contact("ann").unwrap().uri, "sip:b@10.0.0.8");
    assert_eq!(registered(&mut net, "ann", 3, "").headers(HeaderName::Contact).count(), 2, "only asking");
    let one = registered(&mut net, "ann", 5, "Contact: <sip:b@10.0.0.8>;expires=0\n");
    assert_eq!(one.headers(HeaderName::Contact).count(), 1);
    let none = registered(&mut net, "ann", 7, "Contact: *\nExpires: 0\n");
    assert_eq!((none.status(), none.has(HeaderName::Contact)), (Some(200), false));
    let gone = Event::Unregistered { agent: AgentId::from("ann"), why: Why::Removed };
    assert!(net.nodes[0].events.last() == Some(&gone));
    net.run_out();
}

#[test]
fn a_register_that_asks_for_nonsense_is_refused() {
    for (extra, status) in [
        ("Contact: <sip:a@h>\nExpires: 5\n", 423),
        ("Contact: *\n", 400),
        ("Contact: *, <sip:a@h>\nExpires: 0\n", 400),
        ("Contact: <sip:a@h\n", 400),
    ] {
        let mut net = net();
        let refused = registered(&mut net, "ann", 1, extra);
        assert_eq!(refused.status(), Some(status), "{extra}");
        assert_eq!(refused.header(HeaderName::MinExpires).as_deref(), (status == 423).then_some("30"));
        assert!(net.nodes[0].events.is_empty());
    }
}

#[test]
fn one_user_cannot_register_another() {
    let mut net = net();
    let asked = net.inject(0, PHONE, &register("ann", 1, CONTACT)).remove(0);
    let proof = answer(&challenges(&asked)[0], "bob", "secret", 1);
    let refused = net.inject(0, PHONE, &register("ann", 2, &format!("{proof}{CONTACT}"))).remove(0);
    assert_eq!(refused.status(), Some(403));
    assert!(net.nodes[0].endpoint.contact("ann").is_none());
}

pub(crate) fn login(password: &str) -> Option<Login> {
    Some(Login { username: Pii::from("ann"), password: Pii::from(password) })
}

fn to_center(password: &str) -> Register {
    Register {
        flow: Flow::udp(address(1), address(0)),
        user: Pii::from("ann"),
        domain: REALM.into(),
        credentials: login(password),
        expires: Duration::from_secs(100),
    }
}

/// The center and a phone.
fn center_and_phone() -> Net {
    let mut phone = open_config(1);
    phone.user_agent = "phone".into();
    Net::new(3, PERFECT, vec![config(), phone])
}

fn succeeded(id: RegistrationId, seconds: u64) -> Event {
    Event::RegistrationSucceeded { id, expires: Duration::from_secs(seconds) }
}

#[test]
fn our_registration_is_refreshed_until_it_is_taken_back() {
    let mut net = center_and_phone();
    let id = net.on(1, |endpoint, now| endpoint.register(now, to_center("secret"))).unwrap();
    net.run_for(Duration::from_secs(250));
    assert!(
        net.nodes[1].events
            == [succeeded(id, 100), succeeded(id, 100), succeeded(id, 100), succeeded(id, 100)]
    );
    assert_eq!(net.nodes[0].endpoint.contact("ann").unwrap().flow.remote, address(1));
    net.on(1, |endpoint, now| endpoint.unregister(now, id));
    net.run_ms(100);
    assert!(net.nodes[1].events.last() == Some(&succeeded(id, 0)));
    assert_eq!(net.nodes[0].endpoint.contact("ann"), None);
    net.run_out();
}

#[test]
fn a_wrong_password_is_tried_again_after_a_long_while() {
    let mut net = center_and_phone();
    let id = net.on(1, |endpoint, now| endpoint.register(now, to_center("guess"))).unwrap();
    net.run_for(Duration::from_secs(899));
    assert!(net.nodes[1].events == [Event::RegistrationFailed { id, status: 401 }]);
    assert_eq!(net.nodes[0].endpoint.counters().auth_failures, 1);
    net.run_for(Duration::from_secs(2));
    assert_eq!(net.nodes[0].endpoint.counters().auth_failures, 2);
    net.on(1, |endpoint, now| endpoint.unregister(now, id));
    net.run_out();
}

/// A registration of ours at a server that the test plays by hand; its REGISTER.
fn by_hand(net: &mut Net) -> (RegistrationId, Message) {
    let register = Register { flow: Flow::udp(address(0), PHONE.parse().unwrap()), ..to_center("secret") };
    let id = net.on(0, |endpoint, now| endpoint.register(now, register)).unwrap();
    (id, net.outside.pop().unwrap())
}

#[test]
fn a_server_that_grants_no_time_has_not_registered_us() {
    let mut net = net();
    let (id, register) = by_hand(&mut net);
    net.inject(0, PHONE, &reply(&register, "200 OK", "Expires: 0\n"));
    assert!(net.nodes[0].events == [Event::RegistrationFailed { id, status: 200 }]);
    net.run_for(Duration::from_secs(31));
    assert_eq!(title(&net.outside[0]), "REGISTER", "it is tried again");
}

#[test]
fn a_server_that_does_not_know_us_is_asked_again_after_a_long_while() {
    let mut net = net();
    let (_, register) = by_hand(&mut net);
    net.inject(0, PHONE, &reply(&register, "404 Not Found", "Retry-After: 5 (soon)\n"));
    net.run_for(Duration::from_secs(899));
    assert!(net.outside.is_empty());
    net.run_for(Duration::from_secs(2));
    assert_eq!(title(&net.outside[0]), "REGISTER");
}

#[test]
fn a_server_that_is_busy_says_when_to_try_again() {
    let mut net = net();
    let (_, register) = by_hand(&mut net);
    net.inject(0, PHONE, &reply(&register, "503 Busy", "Retry-After: 100 (later);duration=9\n"));
    net.run_for(Duration::from_secs(99));
    assert!(net.outside.is_empty());
    net.run_for(Duration::from_secs(2));
    assert_eq!(title(&net.outside[0]), "REGISTER");
}

/// A response of that server.
pub(crate) fn reply(request: &Message, status: &str, extra: &str) -> String {
    let header = |name| request.header(name).unwrap();
    format!(
        "SIP/2.0 {status}\nVia: {}\nFrom: {}\nTo: {};tag=server\nCall-ID: {}\nCSeq: {}\n{extra}\n",
        header(HeaderName::Via),
        header(HeaderName::From),
        header(HeaderName::To),
        header(HeaderName::CallId),
        header(HeaderName::CSeq)
    )
}

fn ask(realm: &str, nonce: &str, stale: bool) -> String {
    format!("Proxy-Authenticate: Digest realm=\"{realm}\", nonce=\"{nonce}\", stale={stale}, qop=\"auth\"\n")
}

#[test]
fn a_nonce_that_is_always_stale_is_answered_twice() {
    let mut net = net();
    let (id, register) = by_hand(&mut net);
    let second = net.inject(0, PHONE, &reply(&register, "407 Who", &ask("r", "1", false))).remove(0);
    let third = net.inject(0, PHONE, &reply(&second, "407 Who", &ask("r", "2", true))).remove(0);
    assert!(third.header(HeaderName::ProxyAuthorization).unwrap().contains("nonce=\"2\""));
    assert!(net.inject(0, PHONE, &reply(&third, "407 Who", &ask("r", "3", true))).is_empty());
    assert!(net.nodes[0].events == [Event::RegistrationFailed { id, status: 407 }]);
}

#[test]
fn the_strongest_of_a_server_s_challenges_is_answered() {
    let mut net = net();
    let (_, register) = by_hand(&mut net);
    let of = |algorithm: &str| {
        format!("WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm={algorithm}\n")
    };
    let asked = format!("{}{}{}", of("MD5"), of("SHA-512-256"), of("SHA-256-sess"));
    let again = net.inject(0, PHONE, &reply(&register, "401 Who", &asked)).remove(0);
    let given: Vec<_> = again.headers(HeaderName::Authorization).collect();
    assert!(given.len() == 1 && given[0].contains("algorithm=SHA-512-256"), "{given:?}");
}

#[test]
fn each_of_two_proxies_on_the_way_gets_its_own_answer() {
    let mut net = net();
    let (id, register) = by_hand(&mut net);
    let second = net.inject(0, PHONE, &reply(&register, "407 Who", &ask("near", "1", false))).remove(0);
    let third = net.inject(0, PHONE, &reply(&second, "407 Who", &ask("far", "2", false))).remove(0);
    let given: Vec<_> = third.headers(HeaderName::ProxyAuthorization).collect();
    assert_eq!(given.len(), 2);
    assert!(given[0].contains("realm=\"near\"") && given[1].contains("realm=\"far\""));
    net.inject(0, PHONE, &reply(&third, "200 OK", "Expires: 100\n"));
    assert!(net.nodes[0].events == [succeeded(id, 100)]);
}

#[test]
fn a_registration_that_is_too_short_is_asked_for_longer() {
    let mut net = center_and_phone();
    let short = Register { expires: Duration::from_secs(5), ..to_center("secret") };
    let id = net.on(1, |endpoint, now| endpoint.register(now, short)).unwrap();
    net.run_ms(100);
    assert!(net.nodes[1].events == [succeeded(id, 30)]);
}

#[test]
fn while_the_server_is_away_registration_is_tried_again() {
    let mut net = center_and_phone();
    net.filter = Some(Box::new(|from, _| from != 1));
    let id = net.on(1, |endpoint, now| endpoint.register(now, to_center("secret"))).unwrap();
    net.run_for(Duration::from_secs(40));
    assert!(net.nodes[1].events == [Event::RegistrationFailed { id, status: 408 }]);
    net.filter = None;
    net.run_for(Duration::from_secs(60));
    assert!(net.nodes[1].events.last() == Some(&succeeded(id, 100)));
}

#[test]
fn an_agent_calls_in_with_its_password() {
    let mut net = center_and_phone();
    let registration = net.on(1, |endpoint, now| endpoint.register(now, to_center("secret"))).unwrap();
    net.run_ms(50);
    net.ladder.clear();
    let mut invite = call_to("sip:200@center.example", 0);
    (invite.flow.local, invite.from) = (address(1), "<sip:ann@center.example>".parse_name());
    invite.credentials = login("secret");
    net.on(1, |endpoint, now| endpoint.invite(now, invite)).unwrap();
    net.run_ms(50);
    assert_eq!(net.ladder[..4], ["1>0 INVITE", "0>1 401 INVITE", "1>0 ACK", "1>0 INVITE"]);
    match &net.nodes[0].events[..] {
        [Event::Registered { .. }, Event::Incoming { session, peer: Peer::Agent(agent), offer, .. }] => {
            assert_eq!((agent.as_str(), offer), ("ann", &Some(sdp(OFFER))));
            let session = *session;
            net.on(0, |endpoint, now| endpoint.reject(now, session, 404, None));
        }
        other => panic!("{other:?}"),
    }
    net.on(1, |endpoint, now| endpoint.unregister(now, registration));
    net.run_out();
}

#[test]
fn a_phone_at_a_trunk_s_address_still_needs_its_password() {
    let mut center = config();
    center.trunks = open_config(0).trunks;
    let mut net = Net::new(3, PERFECT, vec![center, open_config(1)]);
    let mut invite = call_to("sip:200@center.example", 0);
    (invite.flow.local, invite.from) = (address(1), "<sip:ann@center.example>".parse_name());
    net.on(1, |endpoint, now| endpoint.invite(now, invite.clone())).unwrap();
    net.run_ms(50);
    assert!(matches!(&net.nodes[0].events[..], [Event::Incoming { peer: Peer::Trunk(_), .. }]));
    net.on(1, |endpoint, now| endpoint.register(now, to_center("secret"))).unwrap();
    net.run_ms(50);
    net.on(1, |endpoint, now| endpoint.invite(now, invite.clone())).unwrap();
    net.run_ms(50);
    assert_eq!(net.told(1).last().map(String::as_str), Some("Failed"), "it has no password");
    invite.credentials = login("secret");
    net.on(1, |endpoint, now| endpoint.invite(now, invite)).unwrap();
    net.run_ms(50);
    assert!(matches!(net.nodes[0].events.last(), Some(Event::Incoming { peer: Peer::Agent(_), .. })));
}

#[test]
fn an_agent_who_called_in_is_reached_where_it_called_from() {
    let mut net = net();
    registered(&mut net, "ann", 1, CONTACT);
    let invite = |cseq: u32, extra: &str| {
        format!(
            "INVITE sip:200@center.example SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.7;rport;branch=z9hG4bKi{cseq}\n\
             From: <sip:ann@center.example>;tag=1\nTo: <sip:200@center.example>\nCall-ID: i\n\
             CSeq: {cseq} INVITE\nContact: <sip:ann@198.51.100.9:5060>\n{extra}\n"
        )
    };
    let asked = net.inject(0, PHONE, &invite(1, "")).remove(0);
    let challenge = &challenges(&asked)[0];
    let proof = challenge.answer("ann", "secret", "INVITE", "sip:200@center.example", "c", 1);
    net.inject(0, PHONE, &invite(2, &format!("Authorization: {proof}\n")));
    let session = net.incoming(0).unwrap();
    let endpoint = &mut net.nodes[0].endpoint;
    endpoint.answer(net.now, session, sdp(OFFER));
    let tag = Message::parse(endpoint.poll_transmit().unwrap().bytes).unwrap().to_tag().unwrap().into_owned();
    let ack = invite(2, "")
        .replace("INVITE", "ACK")
        .replace("To: <sip:200@center.example>", &format!("To: <sip:200@center.example>;tag={tag}"));
    net.inject(0, PHONE, &ack.replace("z9hG4bKi2", "z9hG4bKa"));
    let endpoint = &mut net.nodes[0].endpoint;
    endpoint.hang_up(net.now, session, None);
    let bye = endpoint.poll_transmit().unwrap();
    assert!(bye.bytes.starts_with(b"BYE sip:ann@198.51.100.9:5060 SIP/2.0"));
    assert_eq!(bye.flow.remote, PHONE.parse().unwrap());
}

#[test]
fn a_phone_with_a_wrong_password_gets_no_call_through() {
    let mut net = center_and_phone();
    let registration = net.on(1, |endpoint, now| endpoint.register(now, to_center("secret"))).unwrap();
    net.run_ms(50);
    let mut invite = call_to("sip:200@center.example", 0);
    (invite.flow.local, invite.from) = (address(1), "<sip:ann@center.example>".parse_name());
    invite.credentials = login("guess");
    let session = net.on(1, |endpoint, now| endpoint.invite(now, invite)).unwrap();
    net.run_ms(50);
    match net.nodes[1].events.last() {
        Some(Event::Failed { session: failed, failure }) => {
            assert_eq!((*failed, failure.status), (session, 401));
        }
        other => panic!("{other:?}"),
    }
    assert!(net.incoming(0).is_none());
    assert_eq!(net.nodes[0].endpoint.counters().auth_failures, 1);
    net.on(1, |endpoint, now| endpoint.unregister(now, registration));
    net.run_out();
}

#[test]
fn a_registered_phone_is_called_where_it_registered_whatever_its_contact_says() {
    let mut net = net();
    registered(&mut net, "ann", 1, CONTACT);
    let contact = net.nodes[0].endpoint.contact("ann").unwrap();
    let mut invite = call_to(&contact.uri, 0);
    invite.flow = contact.flow;
    let session = net.on(0, |endpoint, now| endpoint.invite(now, invite)).unwrap();
    let sent = net.outside.pop().unwrap();
    assert_eq!(sent.request_uri(), Some("sip:ann@10.0.0.7:5060;ob"));
    let header = |name| sent.header(name).unwrap();
    let ok = format!(
        "SIP/2.0 200 OK\nVia: {}\nFrom: {}\nTo: <sip:ann@h>;tag=t\nCall-ID: {}\nCSeq: 1 INVITE\n\
         Contact: <sip:ann@198.51.100.3:5060>\n\n",
        header(HeaderName::Via),
        header(HeaderName::From),
        header(HeaderName::CallId)
    );
    let bytes = ok.replace('\n', "\r\n").into_bytes().into();
    let datagram =
        hotline_sip::endpoint::Datagram { flow: Flow::udp(address(0), PHONE.parse().unwrap()), bytes };
    let endpoint = &mut net.nodes[0].endpoint;
    endpoint.handle_datagram(net.now, datagram);
    assert_eq!(endpoint.poll_transmit().unwrap().flow.remote, PHONE.parse().unwrap());
    net.on(0, |endpoint, now| endpoint.hang_up(now, session, None));
}

#[test]
fn a_user_who_is_configured_no_more_is_gone() {
    let mut net = net();
    registered(&mut net, "ann", 1, CONTACT);
    net.on(0, |endpoint, _| endpoint.reconfigure(EndpointConfig { users: [].into(), ..config() }));
    assert_eq!(net.nodes[0].endpoint.contact("ann"), None);
    let gone = Event::Unregistered { agent: AgentId::from("ann"), why: Why::Removed };
    assert!(net.nodes[0].events.last() == Some(&gone));
}

/// Reads a name-addr in a test.
trait ParseName {
    fn parse_name(&self) -> hotline_sip::message::NameAddr;
}

impl ParseName for str {
    fn parse_name(&self) -> hotline_sip::message::NameAddr {
        hotline_sip::message::NameAddr::parse(self).unwrap()
    }
}
