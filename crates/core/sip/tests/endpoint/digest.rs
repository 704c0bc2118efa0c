//! Proofs of passwords at our registrar: what is asked, what is accepted, and how often.

use core::time::Duration;

use hotline_base::Rng;
use hotline_sip::Message;
use hotline_sip::digest::{Algorithm, Challenge};
use hotline_sip::endpoint::{Endpoint, EndpointConfig};

use crate::net::{Net, PERFECT};
use crate::registration::{
    CONTACT, PHONE, REALM, answer, challenges, config, net, register, registered, user,
};

#[test]
fn a_phone_older_than_qop_registers_once_with_each_nonce() {
    let mut net = net();
    let asked = net.inject(0, PHONE, &register("ann", 1, CONTACT)).remove(0);
    let challenge = Challenge { qop_auth: false, ..challenges(&asked).remove(0) };
    let proof = answer(&challenge, "ann", "secret", 1);
    assert!(!proof.contains("qop") && !proof.contains("nc="));
    let granted = net.inject(0, PHONE, &register("ann", 2, &format!("{proof}{CONTACT}"))).remove(0);
    assert_eq!(granted.status(), Some(200));
    let again = net.inject(0, PHONE, &register("ann", 3, &format!("{proof}{CONTACT}"))).remove(0);
    assert_eq!((again.status(), challenges(&again)[0].stale), (Some(401), true));
}

#[test]
fn sha_512_256_is_offered_and_taken_where_it_is_set() {
    let order = [Algorithm::Sha512_256, Algorithm::Sha256, Algorithm::Md5];
    let config = EndpointConfig { users: [user("ann", &order)].into(), ..config() };
    let mut net = Net::new(1, PERFECT, vec![config]);
    let asked = net.inject(0, PHONE, &register("ann", 1, CONTACT)).remove(0);
    let offered: Vec<_> = challenges(&asked).iter().map(|challenge| challenge.algorithm).collect();
    assert_eq!(offered, order);
    assert_eq!(registered(&mut net, "ann", 2, CONTACT).status(), Some(200));
}

#[test]
fn credentials_of_a_kind_that_was_not_offered_are_refused_whoever_they_name() {
    for change in
        [("qop=auth", "qop=auth-int"), ("algorithm=MD5", "algorithm=MD5-sess"), ("nc=", "userhash=true, nc=")]
    {
        let mut net = net();
        let mut refusals = Vec::new();
        for user in ["ann", "nobody"] {
            let asked = net.inject(0, PHONE, &register(user, 1, CONTACT)).remove(0);
            let md5 = challenges(&asked).into_iter().find(|one| one.algorithm == Algorithm::Md5).unwrap();
            let proof = answer(&md5, user, "secret", 1).replace(change.0, change.1);
            assert!(proof.contains(change.1), "{proof}");
            refusals.push(net.inject(0, PHONE, &register(user, 2, &format!("{proof}{CONTACT}"))).remove(0));
        }
        assert!(refusals.iter().all(|refused| refused.status() == Some(400)), "{change:?}");
        assert_eq!(net.nodes[0].endpoint.counters().unusable_credentials, 2);
        assert_eq!(net.nodes[0].endpoint.counters().auth_failures, 0);
    }
}

#[test]
fn a_phone_that_first_only_names_itself_is_challenged_and_has_not_failed() {
    let mut net = net();
    let blank = "Authorization: Digest username=\"ann\", realm=\"center.example\", nonce=\"\", \
                 uri=\"sip:center.example\", response=\"\"\n";
    let asked = net.inject(0, PHONE, &register("ann", 1, &format!("{blank}{CONTACT}"))).remove(0);
    assert_eq!((asked.status(), net.nodes[0].endpoint.counters().auth_failures), (Some(401), 0));
}

#[test]
fn of_several_answers_the_one_that_can_be_checked_counts() {
    let mut net = net();
    let asked = net.inject(0, PHONE, &register("ann", 1, CONTACT)).remove(0);
    let proof = answer(&challenges(&asked)[0], "ann", "secret", 1);
    let odd = proof.replace("algorithm=MD5", "algorithm=SHA-3");
    let both = register("ann", 2, &format!("{odd}{proof}{CONTACT}"));
    assert_eq!(net.inject(0, PHONE, &both)[0].status(), Some(200));
}

#[test]
fn after_a_restart_a_phone_goes_on_with_its_nonce_and_nobody_else_does() {
    let mut net = net();
    let asked = net.inject(0, PHONE, &register("ann", 1, CONTACT)).remove(0);
    let challenge = &challenges(&asked)[0];
    let send = |net: &mut Net, cseq: u32, nc: u32| {
        let proof = answer(challenge, "ann", "secret", nc);
        net.inject(0, PHONE, &register("ann", cseq, &format!("{proof}{CONTACT}"))).remove(0).status()
    };
    assert_eq!(send(&mut net, 2, 1), Some(200));
    net.run_ms(10);
    let used = net.nodes[0].endpoint.used_nonces();
    let restart = |net: &mut Net| {
        net.nodes[0].endpoint = Endpoint::new(config(), Rng::from_number(9), [0; 32]);
    };
    restart(&mut net);
    net.nodes[0].endpoint.resume_nonces(net.now, used);
    assert_eq!(send(&mut net, 3, 1), Some(401), "a replay");
    assert_eq!(send(&mut net, 4, 2), Some(200));
    net.run_ms(10);
    restart(&mut net);
    assert_eq!(send(&mut net, 5, 3), Some(401), "after a crash nobody knows what was used");
}

#[test]
fn each_user_is_challenged_in_the_order_set_for_it() {
    let mut net = net();
    for (user, first) in [("ann", Algorithm::Md5), ("bob", Algorithm::Sha256)] {
        let sent = net.inject(0, PHONE, &register(user, 1, CONTACT));
        let asked = challenges(&sent[0]);
        assert_eq!((sent[0].status(), asked.len(), asked[0].algorithm), (Some(401), 2, first));
        assert_eq!((&*asked[0].realm, asked[0].qop_auth, asked[0].stale), (REALM, true, false));
    }
    net.run_out();
}

#[test]
fn an_unknown_user_looks_like_one_with_a_wrong_password() {
    let mut net = net();
    let mut seen = Vec::new();
    for user in ["ann", "nobody"] {
        let asked = net.inject(0, PHONE, &register(user, 1, CONTACT)).remove(0);
        let proof = answer(&challenges(&asked)[0], user, "guess", 1);
        let failed = net.inject(0, PHONE, &register(user, 2, &format!("{proof}{CONTACT}"))).remove(0);
        seen.push((asked.status(), challenges(&asked).len(), failed.status(), failed.all_headers().count()));
    }
    assert_eq!(seen[0], (Some(401), 2, Some(401), 9));
    assert_eq!(seen[0], seen[1]);
    assert_eq!(net.nodes[0].endpoint.counters().auth_failures, 2);
    let twice: Vec<_> = (3..5).map(|cseq| net.inject(0, PHONE, &register("nobody", cseq, CONTACT))).collect();
    let order =
        |messages: &[Message]| challenges(&messages[0]).iter().map(|one| one.algorithm).collect::<Vec<_>>();
    assert_eq!(order(&twice[0]), order(&twice[1]), "always the same challenge");
    net.run_out();
}

#[test]
fn a_replay_an_old_nonce_and_a_foreign_one_are_stale() {
    let mut net = net();
    let asked = net.inject(0, PHONE, &register("ann", 1, CONTACT)).remove(0);
    let challenge = &challenges(&asked)[0];
    let mut cseq = 1;
    let mut send = |net: &mut Net, challenge: &Challenge, nc| {
        cseq += 1;
        let proof = answer(challenge, "ann", "secret", nc);
        net.inject(0, PHONE, &register("ann", cseq, &format!("{proof}{CONTACT}"))).remove(0)
    };
    assert_eq!(send(&mut net, challenge, 1).status(), Some(200));
    assert_eq!(send(&mut net, challenge, 2).status(), Some(200));
    let replayed = send(&mut net, challenge, 2);
    assert_eq!((replayed.status(), challenges(&replayed)[0].stale), (Some(401), true));
    assert_eq!(net.nodes[0].endpoint.counters().replays, 1);
    net.run_for(Duration::from_secs(700));
    assert!(challenges(&send(&mut net, challenge, 3))[0].stale);
    let foreign = Challenge { nonce: "of another server".into(), ..challenge.clone() };
    assert!(challenges(&send(&mut net, &foreign, 1))[0].stale);
}

#[test]
fn a_repeated_register_is_answered_again_and_not_a_replay() {
    let mut net = net();
    let asked = net.inject(0, PHONE, &register("ann", 1, CONTACT)).remove(0);
    let proof = answer(&challenges(&asked)[0], "ann", "secret", 1);
    let text = register("ann", 2, &format!("{proof}{CONTACT}"));
    for _ in 0..2 {
        assert_eq!(net.inject(0, PHONE, &text)[0].status(), Some(200));
    }
    assert_eq!(net.nodes[0].events.len(), 1);
}
