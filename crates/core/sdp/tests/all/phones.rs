//! One offer of each kind of peer, as it comes over the wire, and what is made of it. The offers are those that
//! malformed input is made of, too.

use hotline_sdp::{Codec, Direction, Local, Negotiated, NegotiationError, Policy, Preference, Security};
use hotline_sdp::{Suite, SuiteKey};

use crate::{answered, answered_by, lines, local, read};

macro_rules! corpus {
    ($name:literal) => {
        include_str!(concat!("../../../../../fuzz/corpus/sdp/", $name))
    };
}

fn agreed(offer: &str) -> Negotiated {
    answered(offer).expect("an agreement").1
}

#[test]
fn baresip() {
    let (text, negotiated) = answered(corpus!("baresip")).unwrap();
    assert_eq!(
        text,
        "v=0\r\no=- 7 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n\
         m=audio 20000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
         a=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
    );
    assert_eq!(
        negotiated,
        Negotiated {
            remote: "198.51.100.5:15934".parse().unwrap(),
            remote_rtcp: "198.51.100.5:15935".parse().unwrap(),
            rtcp_mux: false,
            codec: Codec::Pcmu,
            payload_type_send: 0,
            payload_type_receive: 0,
            telephone_event_send: Some(101),
            telephone_event_receive: Some(101),
            ptime_ms: 20,
            direction: Direction::SendReceive,
            telephone_event_clock_hz: 8000,
            comfort_noise_receive: None,
            opus: None,
            srtp: None,
            dtls: None,
        }
    );
}

#[test]
fn linphone_with_video_ice_and_feedback_profile() {
    let (text, negotiated) = answered(corpus!("linphone_video")).unwrap();
    assert_eq!(lines(&text, "m="), ["m=audio 20000 RTP/AVPF 0 100", "m=video 0 RTP/AVPF 96 97"]);
    assert_eq!(negotiated.telephone_event_send, Some(100), "the one on the codec's clock");
    assert_eq!(negotiated.remote_rtcp, "203.0.113.9:50212".parse().unwrap());
}

#[test]
fn linphone_with_keys() {
    let keys = [SuiteKey::generate(Suite::AeadAes128Gcm, |bytes| bytes.fill(1))];
    let local = Local { security: Security::Required(&keys), ..local() };
    let (text, negotiated) = answered_by(corpus!("linphone_srtp"), &local).unwrap();
    assert_eq!(lines(&text, "m="), ["m=audio 20000 RTP/SAVPF 0 100"]);
    assert_eq!(
        lines(&text, "a=crypto"),
        ["a=crypto:2 AEAD_AES_128_GCM inline:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ=="]
    );
    let srtp = negotiated.srtp.unwrap();
    assert_eq!(
        (srtp.suite, srtp.theirs[0].key.salt()),
        (Suite::AeadAes128Gcm, &[16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27][..])
    );
    assert_eq!(answered(corpus!("linphone_srtp")), Err(NegotiationError::UnsupportedTransport));
}

#[test]
fn yealink_without_names_for_static_codecs() {
    let negotiated = agreed(corpus!("yealink"));
    assert_eq!((negotiated.codec, negotiated.payload_type_send, negotiated.ptime_ms), (Codec::Pcma, 8, 30));
    assert_eq!(negotiated.remote_rtcp.port(), 11789);
}

#[test]
fn yealink_with_keys() {
    let keys = [SuiteKey::generate(Suite::AesCm128HmacSha1Tag32, |bytes| bytes.fill(0))];
    let local = Local { security: Security::IfOffered(&keys), ..local() };
    let (text, negotiated) = answered_by(corpus!("yealink_srtp"), &local).unwrap();
    assert_eq!(lines(&text, "m="), ["m=audio 20000 RTP/SAVP 0 101"]);
    let zeros = "A".repeat(40);
    assert_eq!(lines(&text, "a=crypto"), [format!("a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:{zeros}")]);
    assert_eq!(negotiated.srtp.unwrap().theirs[0].lifetime, Some(1 << 20));
}

#[test]
fn asterisk() {
    let negotiated = agreed(corpus!("asterisk"));
    assert_eq!(negotiated.codec, Codec::Pcmu, "our preference decides");
    assert_eq!((negotiated.payload_type_send, negotiated.payload_type_receive), (0, 0));
    assert_eq!(negotiated.telephone_event_send, Some(101));
}

#[test]
fn a_trunk_with_a_law_only_and_its_own_address_at_the_media() {
    let negotiated = agreed(corpus!("trunk_alaw"));
    assert_eq!(negotiated.codec, Codec::Pcma);
    assert_eq!(negotiated.remote, "198.51.100.77:30210".parse().unwrap());
    assert_eq!(negotiated.telephone_event_receive, Some(96));
}

#[test]
fn a_carrier_that_takes_short_packets_only() {
    let local = Local { policy: Policy { ptime_ms: 40, ..Policy::default() }, ..local() };
    let (text, negotiated) = answered_by(corpus!("carrier"), &local).unwrap();
    assert_eq!(negotiated.ptime_ms, 20);
    assert!(text.contains("a=fmtp:101 0-15\r\na=ptime:40\r\n"), "{text}");
}

#[test]
fn cisco() {
    let negotiated = agreed(corpus!("cisco"));
    assert_eq!((negotiated.codec, negotiated.remote.port(), negotiated.ptime_ms), (Codec::Pcmu, 24580, 20));
}

#[test]
fn cisco_holding() {
    let (text, negotiated) = answered(corpus!("cisco_hold")).unwrap();
    assert_eq!(negotiated.direction, Direction::Inactive);
    assert!(negotiated.remote.ip().is_unspecified() && negotiated.remote_rtcp.ip().is_unspecified());
    assert!(text.contains("c=IN IP4 192.0.2.10\r\n") && text.ends_with("a=inactive\r\n"), "{text}");
}

#[test]
fn polycom_with_its_direction_at_the_session() {
    let (text, negotiated) = answered(corpus!("polycom")).unwrap();
    assert_eq!(lines(&text, "m="), ["m=audio 20000 RTP/AVP 0 127", "m=video 0 RTP/AVP 109 34"]);
    assert_eq!(negotiated.telephone_event_receive, Some(127));
}

#[test]
fn freeswitch_with_comfort_noise() {
    let (text, negotiated) = answered(corpus!("freeswitch")).unwrap();
    assert_eq!(lines(&text, "m="), ["m=audio 20000 RTP/AVP 0 13 101"], "comfort noise is taken");
    assert_eq!(negotiated.remote_rtcp, "203.0.113.8:22181".parse().unwrap());
}

#[test]
fn zoiper_with_events_on_two_clocks() {
    let (text, negotiated) = answered(corpus!("zoiper")).unwrap();
    assert_eq!(lines(&text, "m="), ["m=audio 20000 RTP/AVP 0 101"]);
    assert!(!text.contains("rtcp-mux") && !negotiated.rtcp_mux, "only by policy");
    assert_eq!(negotiated.telephone_event_send, Some(101));
}

#[test]
fn pjsip_in_its_own_order() {
    assert_eq!(agreed(corpus!("pjsip")).codec, Codec::Pcmu);
    let theirs = Policy { preference: Preference::Theirs, ..Policy::default() };
    let (text, negotiated) = answered_by(corpus!("pjsip"), &Local { policy: theirs, ..local() }).unwrap();
    assert_eq!(negotiated.codec, Codec::Pcma);
    assert_eq!(lines(&text, "m="), ["m=audio 20000 RTP/AVP 8 101"]);
}

#[test]
fn a_mobile_network_with_quality_of_service() {
    let (text, negotiated) = answered(corpus!("volte")).unwrap();
    assert_eq!(lines(&text, "m="), ["m=audio 20000 RTP/AVP 0 100"]);
    assert_eq!(negotiated.remote, "[2001:db8:40::7]:49152".parse().unwrap());
}

#[test]
fn sipp_with_bare_line_feeds_and_no_events() {
    let (text, negotiated) = answered(corpus!("sipp")).unwrap();
    assert_eq!(negotiated.telephone_event_send, None);
    assert_eq!(lines(&text, "m="), ["m=audio 20000 RTP/AVP 0"], "no events that were not offered");
}

#[test]
fn ipv6_with_hold_at_the_session() {
    let (text, negotiated) = answered(corpus!("ipv6_hold")).unwrap();
    assert_eq!(negotiated.remote, "[2001:db8::5]:4000".parse().unwrap());
    assert_eq!(negotiated.direction, Direction::ReceiveOnly);
    assert!(text.contains("a=recvonly\r\n"), "{text}");
}

#[test]
fn best_effort_encryption_falls_back_to_plain() {
    let (text, negotiated) = answered(corpus!("savp_and_avp")).unwrap();
    assert_eq!(lines(&text, "m="), ["m=audio 0 RTP/SAVP 0 101", "m=audio 20000 RTP/AVP 0 101"]);
    assert_eq!(negotiated.remote.port(), 4002);
}

#[test]
fn keys_beside_plain_rtp_are_not_taken() {
    let (text, negotiated) = answered(corpus!("optional_srtp")).unwrap();
    assert_eq!((lines(&text, "a=crypto").len(), negotiated.srtp), (0, None));
    let offered = &read(corpus!("optional_srtp")).media[0].crypto[0];
    let names = offered.keys.iter().map(|key| key.mki.map(|mki| (mki.value, mki.bytes)));
    assert_eq!(names.collect::<Vec<_>>(), [Some((1, 1)), Some((2, 1))]);
}

#[test]
fn a_fax_machine_is_refused_and_a_fax_stream_beside_audio_left_out() {
    assert_eq!(answered(corpus!("fax_reinvite")), Err(NegotiationError::NoAudio));
    let (text, negotiated) = answered(corpus!("fax_beside_audio")).unwrap();
    assert_eq!(lines(&text, "m="), ["m=audio 20000 RTP/AVP 0", "m=image 0 udptl t38"]);
    assert_eq!((negotiated.codec, negotiated.telephone_event_send), (Codec::Pcmu, None));
}

#[test]
fn a_browser_is_refused_whatever_keys_we_have() {
    let keys = Suite::ALL.map(|suite| SuiteKey::generate(suite, |bytes| bytes.fill(1)));
    for security in [Security::Plain, Security::IfOffered(&keys), Security::Required(&keys)] {
        let local = Local { security, ..local() };
        for offer in [corpus!("browser"), corpus!("browser_bundle")] {
            assert_eq!(answered_by(offer, &local), Err(NegotiationError::UnsupportedTransport));
        }
    }
}

#[test]
fn bundles_and_candidates_do_no_harm_to_plain_rtp() {
    let plain = corpus!("browser_bundle").replace("UDP/TLS/RTP/SAVPF", "RTP/AVP");
    let plain = plain.replace("c=IN IP4 0.0.0.0", "c=IN IP4 198.51.100.23").replace("audio 9", "audio 46243");
    let (text, negotiated) = answered(&plain).unwrap();
    assert_eq!(
        lines(&text, "m="),
        [
            "m=audio 20000 RTP/AVP 0 13 126",
            "m=video 0 RTP/AVP 96 97",
            "m=application 0 UDP/DTLS/SCTP webrtc-datachannel"
        ]
    );
    assert_eq!(negotiated.remote, "198.51.100.23:46243".parse().unwrap());
    assert!(negotiated.remote_rtcp.ip().is_unspecified(), "a=rtcp names no place");
}

#[test]
fn an_address_of_many_hosts_wins_over_a_name_and_is_refused() {
    assert_eq!(answered(corpus!("host_name")), Err(NegotiationError::UnusableAddress));
    let (name, _) = corpus!("host_name").split_once("c=IN IP4 224").unwrap();
    assert_eq!(answered(name), Err(NegotiationError::HostName));
}
