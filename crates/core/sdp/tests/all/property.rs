//! What holds for every description.

use hotline_sdp::{
    Codec, Direction, Local, Negotiated, NegotiationError, PTIME_RANGE_MS, Policy, Preference, Security,
    Suite, SuiteKey, accept, answer, offer, parse,
};
use proptest::prelude::*;

use crate::browser::Ours;
use crate::local;

/// Bytes that look enough like a description to get past the first line.
fn some_bytes() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        "[a-z]=[ -~]{0,40}",
        "c=IN IP4 198\\.51\\.100\\.[1-9]",
        "m=audio 4000 RTP/AVP( (0|8|18|96|101)){1,4}",
        "m=(audio|video|image) [0-9]{1,6}(/2)? (RTP/S?AVPF?|udptl)( [0-9]{1,3}){0,5}",
        "c=IN IP[46] ([0-9]{1,3}\\.){3}[0-9]{1,3}",
        "a=rtpmap:[0-9]{1,3} (PCMU|pcma|telephone-event|opus)/[0-9]{1,5}(/[0-9])?",
        "a=(sendrecv|sendonly|recvonly|inactive|rtcp-mux|(max)?ptime:[0-9]{1,4}|rtcp:[0-9]{1,5})",
        "a=fmtp:(0|96|101) [0-9]{1,2}(-[0-9]{1,2})?(,[0-9]{1,2})?",
        "a=crypto:[1-3] AES_CM_128_HMAC_SHA1_(80|32) inline:[A-Za-z0-9+/]{40}(\\|2\\^[0-9]{1,2})?(\\|[0-9]:[0-9])?( WSH=64)?",
        "m=audio [0-9]{1,5} UDP/TLS/RTP/SAVPF?( (0|8|111|101)){1,4}",
        "a=(ice-lite|rtcp-mux|end-of-candidates|mid:[a-z0-9]{0,3}|group:BUNDLE( [a-z0-9]){0,3})",
        "a=(ice-ufrag:[A-Za-z0-9+/]{3,9}|ice-pwd:[A-Za-z0-9+/]{20,26}|setup:(actpass|active|passive|holdconn))",
        "a=fingerprint:(sha-1|sha-256|SHA-512) [0-9A-F]{2}(:[0-9A-F]{2}){31}",
        "a=candidate:[0-9] [12] (udp|TCP) [0-9]{1,10} 192\\.0\\.2\\.[1-9] [0-9]{1,5} typ (host|relay)",
        "\\PC{0,20}",
    ];
    let end = prop::sample::select(&["\r\n", "\n"][..]);
    let text = prop::collection::vec((line, end), 0..30).prop_map(|lines| {
        lines.into_iter().fold("v=0\r\n".to_owned(), |text, (line, end)| text + &line + end)
    });
    prop_oneof![4 => text.prop_map(String::into_bytes), 1 => prop::collection::vec(any::<u8>(), 0..200)]
}

fn a_direction() -> impl Strategy<Value = Direction> {
    prop::sample::select(
        &[Direction::SendReceive, Direction::SendOnly, Direction::ReceiveOnly, Direction::Inactive][..],
    )
}

fn a_policy() -> impl Strategy<Value = Policy> {
    let preference = prop::sample::select(&[Preference::Ours, Preference::Theirs][..]);
    (preference, any::<u8>(), any::<Option<u8>>(), any::<bool>()).prop_map(
        |(preference, ptime_ms, maxptime_ms, rtcp_mux)| Policy {
            preference,
            ptime_ms,
            maxptime_ms,
            rtcp_mux,
        },
    )
}

fn keys() -> [SuiteKey; 2] {
    [Suite::AesCm128HmacSha1Tag32, Suite::AesCm128HmacSha1Tag80]
        .map(|suite| SuiteKey::generate(suite, |bytes| bytes.fill(3)))
}

/// What media may rely on.
fn check(negotiated: &Negotiated) -> Result<(), TestCaseError> {
    prop_assert!(negotiated.remote.port() != 0);
    prop_assert!(PTIME_RANGE_MS.contains(&negotiated.ptime_ms) && negotiated.ptime_ms.is_multiple_of(10));
    prop_assert!(negotiated.payload_type_send < 128 && negotiated.payload_type_receive < 128);
    let may_send = !negotiated.remote.ip().is_unspecified() && !negotiated.remote.ip().is_multicast();
    prop_assert!(may_send || negotiated.dtls.is_some() || !negotiated.direction.sends());
    prop_assert!(negotiated.dtls.is_none() || negotiated.rtcp_mux && negotiated.srtp.is_none());
    Ok(())
}

proptest! {
    #[test]
    fn no_bytes_panic_and_every_agreement_is_sound(
        bytes in some_bytes(), policy in a_policy(), direction in a_direction(), security in 0..3,
        is_browser in any::<bool>(),
    ) {
        let Ok(theirs) = parse(&bytes) else { return Ok(()) };
        let keys = keys();
        let security = match security {
            0 => Security::Plain,
            1 => Security::IfOffered(&keys),
            _ => Security::Required(&keys),
        };
        let ours = Ours::new();
        let local = Local { policy, direction, security, browser: ours.local(is_browser, None).browser, ..local() };
        if let Ok(negotiated) = accept(&offer(&local), &theirs) {
            check(&negotiated)?;
        }
        let Ok((ours, negotiated)) = answer(&theirs, &local) else { return Ok(()) };
        prop_assert_eq!(ours.media.len(), theirs.media.len());
        prop_assert_eq!(ours.media.iter().filter(|media| media.port != 0).count(), 1);
        check(&negotiated)?;
        prop_assert_eq!(parse(ours.print().as_bytes()), Ok(ours.clone()), "our answer reads back");

        let at_them = accept(&theirs, &ours);
        prop_assert!(at_them.is_ok(), "who offered takes our answer: {:?}", at_them);
        let at_them = at_them.expect("checked above");
        prop_assert_eq!(at_them.payload_type_send, negotiated.payload_type_receive);
        prop_assert_eq!(at_them.telephone_event_send, negotiated.telephone_event_receive);
        prop_assert_eq!(at_them.srtp.map(|srtp| srtp.suite), negotiated.srtp.map(|srtp| srtp.suite));

        let within = Local { previous: Some(&ours), ..local };
        prop_assert_eq!(answer(&theirs, &within).map(|(again, _)| again), Ok(ours.clone()));
        prop_assert_eq!(offer(&within).media.len(), ours.media.len());
    }

    #[test]
    fn what_is_printed_reads_back(bytes in some_bytes()) {
        if let Ok(session) = parse(&bytes) {
            prop_assert_eq!(parse(session.print().as_bytes()), Ok(session));
        }
    }

    /// Both sides of one exchange agree on codec, payload types and who speaks.
    #[test]
    fn offerer_and_answerer_agree(ours in a_direction(), theirs in a_direction(), alaw_first in any::<bool>()) {
        let caller = Local { direction: ours, ..local() };
        let codecs: &[Codec] = if alaw_first { &[Codec::Pcma, Codec::Pcmu] } else { &[Codec::Pcmu] };
        let callee = Local { address: "2001:db8::1".parse().unwrap(), port: 30000, codecs, direction: theirs, ..local() };
        let offered = offer(&caller);
        let received = parse(offered.print().as_bytes()).unwrap();
        let (answered, at_callee) = answer(&received, &callee).unwrap();
        let at_caller = accept(&offered, &parse(answered.print().as_bytes()).unwrap()).unwrap();
        prop_assert_eq!(at_caller.codec, at_callee.codec);
        prop_assert_eq!(at_caller.codec, codecs[0]);
        prop_assert_eq!(at_caller.payload_type_send, at_callee.payload_type_receive);
        prop_assert_eq!(at_caller.telephone_event_send, at_callee.telephone_event_receive);
        prop_assert_eq!(at_caller.direction, at_callee.direction.reversed());
        prop_assert_eq!(at_caller.remote, (callee.address, callee.port).into());
        prop_assert_eq!(at_callee.remote, (caller.address, caller.port).into());
    }

    #[test]
    fn without_codecs_nothing_is_agreed(direction in a_direction()) {
        let mute = Local { codecs: &[], direction, ..local() };
        prop_assert_eq!(answer(&offer(&local()), &mute), Err(NegotiationError::NoCommonCodec));
    }
}
