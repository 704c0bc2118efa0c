//! Who guesses and who scans is not heard, others at the same address are, and no answer tells who exists.

use core::net::IpAddr;
use core::time::Duration;

use hotline_base::Pii;
use hotline_sip::digest::{Algorithm, Challenge};
use hotline_sip::endpoint::{Blocked, Culprit, EndpointConfig, MAX_FAILURES, MAX_NAMES, Offence};
use hotline_sip::{HeaderName, Message};

use crate::flood::counted;
use crate::net::{Net, PERFECT, open_config};
use crate::registration::{CONTACT, PHONE, answer, challenges, config, net, register, registered, user};

const STRANGER: &str = "203.0.113.66:5070";
/// Another host behind the phone's NAT.
const NEIGHBOUR: &str = "203.0.113.7:41000";
const BOB: &str = "Contact: <sip:bob@10.0.0.8>\n";

fn address(text: &str) -> IpAddr {
    text.parse::<std::net::SocketAddr>().unwrap().ip()
}

fn blocked(net: &Net) -> Vec<Blocked> {
    net.nodes[0].endpoint.blocked(net.now)
}

/// Asks `from` for the password of `user`, and gives a wrong one `times`; how often that was answered.
fn guess(net: &mut Net, from: &str, user: &str, first_cseq: u32, times: u32) -> usize {
    let Some(asked) = net.inject(0, from, &register(user, first_cseq, CONTACT)).pop() else { return 0 };
    let challenge = challenges(&asked).remove(0);
    let wrong = |cseq: u32| {
        let proof = answer(&challenge, user, "guess", cseq);
        register(user, first_cseq + cseq, &format!("{proof}{CONTACT}"))
    };
    (1..=times).map(|cseq| net.inject(0, from, &wrong(cseq)).len()).sum()
}

/// Bob, who has his phone at this address.
fn with_bob() -> Net {
    let mut net = net();
    registered(&mut net, "bob", 1, BOB);
    net
}

#[test]
fn where_phones_are_the_user_who_is_guessed_is_not_heard_and_the_others_are() {
    let mut net = with_bob();
    assert_eq!(guess(&mut net, NEIGHBOUR, "ann", 1, 30), MAX_FAILURES as usize);
    assert_eq!(counted(&net, "sip_ignored"), 20);
    let who = Culprit::Identity { source: address(PHONE), user: Pii::from("ann") };
    let list = blocked(&net);
    assert_eq!((list.len(), &list[0].who, list[0].why, list[0].dropped), (1, &who, Offence::Guessing, 20));
    assert_eq!((list[0].since, list[0].until), (net.now.wall, net.now.wall + Duration::from_secs(30)));
    assert_eq!(registered(&mut net, "bob", 3, BOB).status(), Some(200));
    assert_eq!(net.inject(0, NEIGHBOUR, &register("carl", 1, CONTACT))[0].status(), Some(401));
    assert_eq!(net.inject(0, STRANGER, &register("ann", 90, CONTACT))[0].status(), Some(401), "elsewhere");
    net.run_for(Duration::from_secs(31));
    assert_eq!(registered(&mut net, "ann", 91, CONTACT).status(), Some(200));
    assert_eq!((blocked(&net).len(), counted(&net, "sip_identities_blocked")), (0, 1));
}

#[test]
fn a_phone_that_is_registered_is_heard_whoever_guesses_its_password_elsewhere() {
    let mut net = net();
    registered(&mut net, "ann", 1, CONTACT);
    assert_eq!(guess(&mut net, NEIGHBOUR, "ann", 10, 30), MAX_FAILURES as usize);
    assert_eq!(net.inject(0, NEIGHBOUR, &register("ann", 80, CONTACT)), []);
    assert_eq!(registered(&mut net, "ann", 90, CONTACT).status(), Some(200), "from its own port");
    let invite = register("ann", 95, CONTACT)
        .replace("REGISTER sip:", "INVITE sip:200@")
        .replace("REGISTER", "INVITE");
    assert_eq!(net.inject(0, PHONE, &invite)[0].status(), Some(401));
    assert_eq!(net.inject(0, NEIGHBOUR, &invite.replace("ann95", "x")), []);
}

#[test]
fn a_user_that_does_not_exist_is_blocked_like_one_that_does() {
    for name in ["ann", "eve"] {
        let mut net = with_bob();
        assert_eq!(guess(&mut net, NEIGHBOUR, name, 1, 30), MAX_FAILURES as usize, "{name}");
        assert_eq!(blocked(&net).len(), 1);
    }
}

#[test]
fn at_a_trunk_s_address_guesses_stop_no_call() {
    let mut center = config();
    center.trunks = open_config(0).trunks;
    let mut net = Net::new(1, PERFECT, vec![center]);
    let trunk = "192.0.2.77:5060";
    assert_eq!(guess(&mut net, trunk, "ann", 1, 30), MAX_FAILURES as usize);
    let invite = register("ann", 95, CONTACT)
        .replace("REGISTER sip:", "INVITE sip:200@")
        .replace("REGISTER", "INVITE");
    let invite = invite.replace("Via: SIP/2.0/UDP 10.0.0.7:5060", "Via: SIP/2.0/UDP 192.0.2.77");
    assert_eq!(net.inject(0, trunk, &invite)[0].status(), Some(100));
}

#[test]
fn who_calls_itself_a_scanner_gets_no_answer_and_nothing_else_does_for_a_while() {
    let scan = |cseq| register("ann", cseq, "User-Agent: friendly-scanner\n").replace("REGISTER", "OPTIONS");
    let mut net = net();
    assert_eq!(net.inject(0, STRANGER, &scan(1)), []);
    assert_eq!(net.inject(0, STRANGER, &register("ann", 2, CONTACT)), []);
    let list = blocked(&net);
    assert_eq!((&list[0].who, list[0].why), (&Culprit::Source(address(STRANGER)), Offence::Scanner));
    assert_eq!((counted(&net, "sip_scans"), counted(&net, "sip_throttled")), (1, 1));
    net.run_for(Duration::from_secs(601));
    assert_eq!(net.inject(0, STRANGER, &register("ann", 3, CONTACT))[0].status(), Some(401));

    let mut net = with_bob();
    assert_eq!(net.inject(0, NEIGHBOUR, &scan(1)), []);
    assert_eq!(net.inject(0, NEIGHBOUR, &register("ann", 2, CONTACT))[0].status(), Some(401), "bob is here");
    assert_eq!(blocked(&net), []);
    let mut net = Net::new(1, PERFECT, vec![open_config(0)]);
    assert_eq!(net.inject(0, "192.0.2.77:5060", &scan(1))[0].status(), Some(200), "a trunk is trusted");
}

#[test]
fn who_asks_for_many_users_or_numbers_is_not_heard_for_a_while() {
    for method in ["REGISTER", "INVITE", "OPTIONS"] {
        let mut net = net();
        let ask = |net: &mut Net, number: u32| {
            let uri = format!("{method} sip:{number}@");
            let text = register(&number.to_string(), 1, CONTACT).replace("REGISTER sip:", &uri);
            let text = if method == "REGISTER" { text.replace(&uri, "REGISTER sip:") } else { text };
            net.inject(0, STRANGER, &text.replace("1 REGISTER", &format!("1 {method}"))).len()
        };
        let answered: usize = (0..200).map(|number| ask(&mut net, 1000 + number)).sum();
        assert_eq!(answered, MAX_NAMES, "{method}");
        assert_eq!(blocked(&net)[0].why, Offence::Scanning);
        assert_eq!(ask(&mut net, 1000), 0, "{method}: nothing of it is heard");
        net.run_for(Duration::from_secs(601));
        assert_eq!(ask(&mut net, 1001), 1, "{method}");
    }
}

#[test]
fn the_phones_of_an_office_that_register_for_the_first_time_are_no_scanners() {
    let names: Vec<String> = (0..150).map(|number| format!("{number:03}")).collect();
    let users = names.iter().map(|name| user(name, &[Algorithm::Md5])).collect();
    let mut net = Net::new(1, PERFECT, vec![EndpointConfig { users, ..config() }]);
    for (first, name) in names.iter().enumerate() {
        let from = format!("203.0.113.7:{}", 42_000 + first);
        let asked = net.inject(0, &from, &register(name, 1, CONTACT)).remove(0);
        let proof = answer(&challenges(&asked)[0], name, "secret", 1);
        let granted = net.inject(0, &from, &register(name, 2, &format!("{proof}{CONTACT}"))).remove(0);
        assert_eq!(granted.status(), Some(200), "{name}");
    }
}

#[test]
fn who_is_blocked_can_be_released() {
    let mut net = with_bob();
    guess(&mut net, NEIGHBOUR, "ann", 1, 30);
    guess(&mut net, STRANGER, "ann", 40, 30);
    assert_eq!(blocked(&net).len(), 2);
    for source in [NEIGHBOUR, STRANGER] {
        let now = net.now;
        let endpoint = &mut net.nodes[0].endpoint;
        assert!(endpoint.release(now, address(source)) && !endpoint.release(now, address(source)));
        assert_eq!(net.inject(0, source, &register("ann", 90, CONTACT))[0].status(), Some(401), "{source}");
    }
    assert_eq!(blocked(&net), []);
}

#[test]
fn a_block_is_told_when_it_begins() {
    let mut net = with_bob();
    guess(&mut net, NEIGHBOUR, "ann", 1, 30);
    let told = net.nodes[0].endpoint.poll_blocked().unwrap();
    assert_eq!((told.why, told.dropped), (Offence::Guessing, 0));
    assert_eq!(net.nodes[0].endpoint.poll_blocked(), None);
}

/// Everything that is sent in answer, without the nonces and with `USER` for the name.
fn answers(name: &str, phone: Option<&str>) -> Vec<String> {
    let order = [Algorithm::Sha256, Algorithm::Md5];
    let users = [user("ann", &order), user("bob", &order)].into();
    let mut net = Net::new(1, PERFECT, vec![EndpointConfig { users, ..config() }]);
    let from = phone.unwrap_or(STRANGER);
    if phone.is_some() {
        registered(&mut net, "bob", 1, BOB);
    }
    let alike = |text: String| text.replace(&format!("reg-{name}"), "reg");
    let mut seen = Vec::new();
    let mut send = |net: &mut Net, text: String| -> Option<Message> {
        let answers = net.inject(0, from, &alike(text));
        let told = answers.iter().map(|answer| String::from_utf8(answer.bytes().to_vec()).unwrap());
        seen.push(told.map(|text| text.replace(name, "USER")).collect::<String>());
        answers.into_iter().next()
    };
    let asked = send(&mut net, register(name, 1, CONTACT)).unwrap();
    let strong = challenges(&asked).remove(0);
    for (cseq, challenge) in [
        (2, strong.clone()),
        (3, Challenge { algorithm: Algorithm::Md5, ..strong.clone() }),
        (4, Challenge { algorithm: Algorithm::Sha512_256, ..strong.clone() }),
        (5, Challenge { nonce: "of another server".into(), ..strong.clone() }),
        (6, Challenge { qop_auth: false, ..strong.clone() }),
    ] {
        send(&mut net, register(name, cseq, &format!("{}{CONTACT}", answer(&challenge, name, "guess", 1))));
    }
    let other = answer(&strong, "bob", "guess", 1);
    send(&mut net, register(name, 7, &format!("{other}{CONTACT}")));
    send(&mut net, register("bob", 8, &format!("{}{BOB}", answer(&strong, name, "guess", 1))));
    send(&mut net, register(name, 9, "Contact: *\n"));
    send(&mut net, register(name, 10, "Require: gruu\n"));
    for method in ["INVITE", "OPTIONS", "BYE", "MESSAGE", "SUBSCRIBE"] {
        let uri = format!("{method} sip:{name}@");
        let text = register(name, 20, &format!("{CONTACT}Event: dialog\n"))
            .replace("REGISTER sip:", &uri)
            .replace("20 REGISTER", &format!("20 {method}"));
        send(&mut net, text.replace(&format!("{name}20"), method));
    }
    for cseq in 30..45 {
        send(&mut net, register(name, cseq, &format!("{}{CONTACT}", answer(&strong, name, "guess", 1))));
    }
    seen.iter().map(|text| without_nonces(text)).collect()
}

fn without_nonces(text: &str) -> String {
    let mut parts = text.split("nonce=\"");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + "nonce=" + part.split_once('"').unwrap().1)
}

#[test]
fn no_answer_tells_whether_a_user_exists() {
    for phone in [None, Some(NEIGHBOUR)] {
        let (known, unknown) = (answers("ann", phone), answers("eve", phone));
        for (place, (known, unknown)) in known.iter().zip(&unknown).enumerate() {
            assert_eq!(known, unknown, "{place} {phone:?}");
        }
        assert!(known.iter().any(|text| text.contains("401")) && known.last().unwrap().is_empty());
    }
}

#[test]
fn while_too_much_comes_new_calls_are_put_off_and_the_running_ones_go_on() {
    let mut net = Net::pair(1, PERFECT);
    let (tag, _) = crate::calls::established(&mut net);
    net.nodes[0].endpoint.set_overloaded(true);
    let fresh = crate::calls::with_sdp(&crate::calls::request("INVITE", 1, "new", "", ""))
        .replace("by-hand", "other");
    let refused = net.inject(0, crate::calls::PHONE, &fresh).remove(0);
    assert_eq!((refused.status(), refused.header(HeaderName::RetryAfter).as_deref()), (Some(503), Some("5")));
    let options = crate::calls::request("OPTIONS", 7, "o", &tag, "\n");
    assert_eq!(net.inject(0, crate::calls::PHONE, &options)[0].status(), Some(200));
    assert_eq!((counted(&net, "sip_shed"), counted(&net, "sip_overloaded")), (1, 1));
    net.nodes[0].endpoint.set_overloaded(false);
    let again = fresh.replace("z9hG4bKnew", "z9hG4bKnewer").replace("other", "another");
    assert_eq!(net.inject(0, crate::calls::PHONE, &again)[0].status(), Some(100));
}

#[test]
fn a_flood_of_strangers_users_and_nonces_leaves_little_behind() {
    let mut net = with_bob();
    let asked = net.inject(0, STRANGER, &register("ann", 1, CONTACT)).remove(0);
    let challenge = challenges(&asked).remove(0);
    for number in 0..1_500_u32 {
        let [_, _, high, low] = number.to_be_bytes();
        let source = format!("198.51.{high}.{low}:5060");
        let name = format!("u{number}");
        let proof = answer(&challenge, &name, "guess", 1);
        let from = if number % 2 == 0 { &source } else { NEIGHBOUR };
        net.inject(0, from, &register(&name, 1, &format!("{proof}Path: <sip:x;lr>\n{CONTACT}")));
        if number % 16 == 0 {
            let scan = register(&name, 2, "User-Agent: sipvicious\n");
            net.inject(0, &source, &scan);
        }
    }
    let endpoint = &net.nodes[0].endpoint;
    assert_eq!((endpoint.transactions(), endpoint.sessions()), (1, 0), "bob's REGISTER alone");
    assert_eq!((endpoint.contacts("bob").len(), net.nodes[0].events.len()), (1, 1));
    assert_eq!(registered(&mut net, "bob", 5, BOB).status(), Some(200), "and nobody else notices");
}
