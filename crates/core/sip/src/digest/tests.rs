//! The vectors of the RFCs, and headers as phones write them.

use super::*;

const CHALLENGE_7616: &str = "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", \
    nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
const CNONCE_7616: &str = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

/// RFC 7616 §3.9.1.
#[test]
fn the_answers_of_rfc_7616() {
    for (algorithm, response) in [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ] {
        let challenge = Challenge::parse(&format!("{CHALLENGE_7616}, algorithm={algorithm}")).unwrap();
        let answer = challenge.answer("Mufasa", "Circle of Life", "GET", "/dir/index.html", CNONCE_7616, 1);
        assert_eq!(&*answer.response, response);
        let ha1 = Ha1::new(challenge.algorithm, "Mufasa", "http-auth@example.org", "Circle of Life");
        let received = Credentials::parse(&answer.to_string()).unwrap();
        assert_eq!(received, answer);
        assert!(received.prove(&ha1, "GET"));
        assert!(!received.prove(&ha1, "PUT"));
        let other_password =
            Ha1::new(challenge.algorithm, "Mufasa", "http-auth@example.org", "circle of life");
        assert!(!received.prove(&other_password, "GET"));
    }
}

/// RFC 2617 §3.5, whose credentials mix quoted and plain values.
#[test]
fn the_credentials_of_rfc_2617() {
    let received = Credentials::parse(
        "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
         uri=\"/dir/index.html\", qop=auth, nc=00000001, cnonce=\"0a4f113b\", \
         response=\"6629fae49393a05397450978507c4ef1\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
    )
    .unwrap();
    assert!(
        received.prove(&Ha1::new(Algorithm::Md5, "Mufasa", "testrealm@host.com", "Circle Of Life"), "GET")
    );
    assert_eq!((received.algorithm, received.count()), (Algorithm::Md5, Some(1)));
}

/// RFC 7616 §3.9.2 with the values of its erratum 4897: those printed were made with a truncated SHA-512, which has
/// other initial values than SHA-512/256.
#[test]
fn the_answer_of_rfc_7616_with_sha_512_256() {
    let challenge = Challenge::parse(
        "Digest realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-512-256, \
         nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", \
         opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", charset=UTF-8, userhash=true",
    )
    .unwrap();
    let cnonce = "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v";
    let user = "J\u{e4}s\u{f8}n Doe";
    let answer = challenge.answer(user, "Secret, or not?", "GET", "/doe.json", cnonce, 1);
    assert_eq!(&*answer.response, "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5");
    let received = Credentials::parse(&answer.to_string()).unwrap();
    let ha1 = Ha1::new(Algorithm::Sha512_256, user, "api@example.org", "Secret, or not?");
    assert!(received.prove(&ha1, "GET"));
}

/// The example of RFC 2617 §3.5 without what RFC 2069 did not have, as the oldest phones answer.
#[test]
fn credentials_without_qop_are_proved_as_of_rfc_2069() {
    let received = Credentials::parse(
        "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
         uri=\"/dir/index.html\", response=\"670fd8c2df070c60b045671b8b24ff02\"",
    )
    .unwrap();
    let ha1 = Ha1::new(Algorithm::Md5, "Mufasa", "testrealm@host.com", "Circle Of Life");
    assert!(received.prove(&ha1, "GET"));
    assert_eq!(received.count(), Some(1));
}

#[test]
fn of_several_challenges_the_strongest_that_is_known_is_answered() {
    let of =
        |algorithm: &str| format!("Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm={algorithm}");
    let chosen =
        |list: &[&str]| choose(list.iter().map(|name| of(name))).first().map(|challenge| challenge.algorithm);
    assert_eq!(chosen(&["SHA-256", "MD5"]), Some(Algorithm::Sha256));
    assert_eq!(chosen(&["MD5", "SHA-256"]), Some(Algorithm::Sha256));
    assert_eq!(chosen(&["MD5", "SHA-512-256", "SHA-256"]), Some(Algorithm::Sha512_256));
    assert_eq!(chosen(&["SHA-3", "SHA-256-sess", "MD5"]), Some(Algorithm::Md5));
    assert_eq!(chosen(&["SHA-3", "MD5-sess"]), None);
    assert_eq!(choose(["Basic realm=\"r\"", "Digest nonce=\"n\""]), []);
    let realms = choose(["Digest realm=\"a\", nonce=\"1\"", "Digest realm=\"b\", nonce=\"2\""]);
    assert_eq!(realms.iter().map(|challenge| &*challenge.realm).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(choose(["Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\""]), []);
    let twice = choose(["Digest realm=\"a\", nonce=\"1\"", "Digest realm=\"a\", nonce=\"2\""]);
    assert_eq!(twice.iter().map(|challenge| &*challenge.nonce).collect::<Vec<_>>(), ["1"]);
}

#[test]
fn any_quoting_is_read() {
    let plain = "digest  username=alice,realm=center ,\tnonce=n,uri=sip:center,response=AB,qop=\"auth\",\
                 nc=\"0000000A\",cnonce=c,algorithm=\"sha-256\",";
    let quoted = "Digest username=\"alice\", realm=\"center\", nonce=\"n\", uri=\"sip:center\", response=\"AB\", \
                  qop=auth, nc=0000000A, cnonce=\"c\", algorithm=SHA-256";
    let received = Credentials::parse(plain).unwrap();
    assert_eq!(received, Credentials::parse(quoted).unwrap());
    assert_eq!(received.count(), Some(10));
}

#[test]
fn what_cannot_be_checked_says_why() {
    for (text, error) in [
        ("Basic dXNlcg==", DigestError::Scheme),
        ("Digest", DigestError::Scheme),
        ("Digest username", DigestError::Syntax),
        ("Digest realm=\"r\" nonce=\"n\"", DigestError::Syntax),
        ("Digest realm=\"r, nonce=n", DigestError::Syntax),
        ("Digest =r, nonce=n", DigestError::Syntax),
        ("Digest username=a, realm=r, nonce=n, uri=u", DigestError::Missing("response")),
        ("Digest username=a, realm=r, nonce=n, uri=u, response=x, qop=auth", DigestError::Missing("nc")),
        ("Digest username=a, realm=r, nonce=n, uri=u, response=x, qop=auth-int", DigestError::Qop),
        ("Digest username=a, realm=r, nonce=n, uri=u, response=x, algorithm=ROT13", DigestError::Algorithm),
        (
            "Digest username=a, realm=r, nonce=n, uri=u, response=x, algorithm=MD5-sess",
            DigestError::Algorithm,
        ),
        ("Digest username=a, realm=r, nonce=n, uri=u, response=x, userhash=true", DigestError::Userhash),
        (
            "Digest username*=UTF-8''a, realm=r, nonce=n, uri=u, response=x, userhash=false",
            DigestError::Missing("username"),
        ),
    ] {
        assert_eq!(Credentials::parse(text), Err(error), "{text}");
    }
    for nc in ["+0000001", "g", "", "123456789"] {
        let text = format!(
            "Digest username=a, realm=r, nonce=n, uri=u, response=x, qop=auth, cnonce=c, nc=\"{nc}\""
        );
        assert_eq!(Credentials::parse(&text), Err(DigestError::Syntax), "{nc}");
    }
}

#[test]
fn whose_realm_credentials_are_for_can_be_read_though_they_cannot_be_used() {
    assert_eq!(realm_of("Digest realm=\"r\", qop=auth-int").as_deref(), Some("r"));
    assert_eq!(realm_of("Digest nonce=n"), None);
    assert_eq!(realm_of("Basic realm=\"r\""), None);
    let blank = "Digest username=\"a\", realm=\"r\", nonce=\"\", uri=\"sip:r\", response=\"\"";
    assert!(Credentials::parse(blank).unwrap().is_blank());
}

#[test]
fn a_challenge_reads_back() {
    let challenge = Challenge {
        realm: "a \"b\" \\ c".into(),
        nonce: "n".into(),
        algorithm: Algorithm::Sha512_256,
        opaque: Some("o".into()),
        stale: true,
        qop_auth: true,
    };
    assert_eq!(Challenge::parse(&challenge.to_string()), Ok(challenge));
}

/// Old servers: no qop, no algorithm.
#[test]
fn a_challenge_as_of_rfc_2069_is_answered_so() {
    let challenge = Challenge::parse("Digest realm=\"r\", nonce=\"n\"").unwrap();
    let answer = challenge.answer("u", "p", "REGISTER", "sip:r", "c", 1);
    assert_eq!(answer.qop, None);
    assert!(answer.prove(&Ha1::new(Algorithm::Md5, "u", "r", "p"), "REGISTER"));
    assert!(!answer.to_string().contains("cnonce"));
}

#[test]
fn an_answer_with_another_algorithm_than_the_stored_hash_is_refused() {
    let challenge = Challenge::parse("Digest realm=\"r\", nonce=\"n\", qop=\"auth\"").unwrap();
    let answer = challenge.answer("u", "p", "REGISTER", "sip:r", "c", 1);
    assert!(!answer.prove(&Ha1::new(Algorithm::Sha256, "u", "r", "p"), "REGISTER"));
    assert!(
        answer.prove(
            &Ha1::from_hex(Algorithm::Md5, Ha1::new(Algorithm::Md5, "u", "r", "p").expose()),
            "REGISTER"
        )
    );
}

#[test]
fn secrets_are_not_in_a_log() {
    let ha1 = Ha1::new(Algorithm::Md5, "u", "r", "p");
    assert!(!format!("{ha1:?}").contains(ha1.expose()));
    let challenge = Challenge::parse("Digest realm=\"r\", nonce=\"n\"").unwrap();
    let answer = challenge.answer("alice", "p", "REGISTER", "sip:alice@r", "c", 1);
    let printed = format!("{answer:?}");
    assert!(!printed.contains("alice") && !printed.contains(&*answer.response));
}
