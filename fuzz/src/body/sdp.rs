//! A session description from a stranger, met with every policy that we have.

use hotline_sdp::{
    Codec, Direction, Local, Negotiated, PTIME_RANGE_MS, Policy, Preference, Security, Session, Suite,
    SuiteKey, accept, answer, offer, parse,
};

/// What is read must print and read the same, and an answer to it must fit it and be accepted by whoever offered.
pub fn sdp(input: &[u8]) {
    let Ok(theirs) = parse(input) else { return };
    assert_eq!(parse(theirs.print().as_bytes()).as_ref(), Ok(&theirs));
    let keys: Vec<SuiteKey> =
        Suite::ALL.into_iter().map(|suite| SuiteKey::generate(suite, |bytes| bytes.fill(7))).collect();
    let plain = Local::new("192.0.2.10".parse().expect("an address"), 20_000, 1, &Codec::ALL);
    let policy =
        Policy { preference: Preference::Theirs, maxptime_ms: Some(40), rtcp_mux: true, ..plain.policy };
    let locals = [
        plain,
        Local { policy, security: Security::IfOffered(&keys), rtcp_port: 20_100, ..plain },
        Local { direction: Direction::SendOnly, security: Security::Required(&keys), ..plain },
    ];
    for local in locals {
        // The description comes as an offer, first alone and then within a dialog, and as an answer.
        if let Some(ours) = answered(&theirs, &local) {
            let again = Local { previous: Some(&ours), ..local };
            assert_eq!(answered(&theirs, &again).as_ref(), Some(&ours), "the same offer changes nothing");
            assert_eq!(
                offer(&again).media.len(),
                ours.media.len(),
                "an offer keeps the place of each stream"
            );
        }
        let ours = offer(&local);
        assert_eq!(parse(ours.print().as_bytes()).as_ref(), Ok(&ours));
        if let Ok(negotiated) = accept(&ours, &theirs) {
            check(&negotiated, &local);
        }
    }
}

fn answered(theirs: &Session, local: &Local<'_>) -> Option<Session> {
    let (ours, negotiated) = match answer(theirs, local) {
        Ok(agreed) => agreed,
        Err(error) => {
            assert!(matches!(error.status(), 400 | 488));
            return None;
        }
    };
    assert_eq!(ours.media.len(), theirs.media.len());
    assert_eq!(ours.media.iter().filter(|media| media.port != 0).count(), 1);
    assert_eq!(parse(ours.print().as_bytes()).as_ref(), Ok(&ours));
    check(&negotiated, local);
    let at_them = accept(theirs, &ours).expect("who offered takes our answer");
    assert_eq!(at_them.codec, negotiated.codec);
    assert_eq!(at_them.payload_type_send, negotiated.payload_type_receive);
    assert_eq!(at_them.rtcp_mux, negotiated.rtcp_mux);
    assert_eq!(at_them.srtp.is_some(), negotiated.srtp.is_some());
    Some(ours)
}

/// What the media plane relies on.
fn check(negotiated: &Negotiated, local: &Local<'_>) {
    let Negotiated { remote, direction, payload_type_send, payload_type_receive, ptime_ms, srtp, .. } =
        negotiated;
    assert!(remote.port() != 0 && *payload_type_send < 128 && *payload_type_receive < 128);
    assert!(!direction.sends() || !remote.ip().is_unspecified() && !remote.ip().is_multicast());
    assert!(PTIME_RANGE_MS.contains(ptime_ms) && ptime_ms.is_multiple_of(10));
    match local.security {
        Security::Plain => assert!(srtp.is_none()),
        Security::IfOffered(_) => {}
        Security::Required(_) => assert!(srtp.is_some()),
    }
    assert!(srtp.as_ref().is_none_or(|srtp| !srtp.theirs.is_empty()));
}
