//! Browsers: found by ICE, known by their certificate, keyed by a handshake.

use std::net::{IpAddr, SocketAddr};

use hotline_base::Pii;
use hotline_sdp::{
    Browser, Codec, Direction, FOUND_BY_ICE, Fingerprint, Hash, IceCredentials, Local, NegotiationError,
    Protocol, Session, accept, answer, offer, parse,
};

const HERE: [IpAddr; 2] =
    [IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 7)), IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1))];
const CODECS: [Codec; 2] = [Codec::Opus, Codec::Pcmu];
const THEIR_FINGERPRINT: &str =
    "sha-256 0A:1B:2C:3D:4E:5F:60:71:82:93:A4:B5:C6:D7:E8:F9:0A:1B:2C:3D:4E:5F:60:71:82:93:A4:B5:C6:D7:E8:F9";

/// Chromium's offer with a camera, without header extensions and most codecs.
fn chromium() -> String {
    let audio = "m=audio 51234 UDP/TLS/RTP/SAVPF 111 0 126 110\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n\
        a=candidate:1 1 udp 2122260223 2b1e.local 51234 typ host generation 0 network-id 1\r\n\
        a=ice-ufrag:Abcd\r\na=ice-pwd:0123456789abcdefghijklmn\r\na=ice-options:trickle\r\n\
        a=fingerprint:FINGERPRINT\r\na=setup:actpass\r\na=mid:0\r\na=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n\
        a=sendrecv\r\na=msid:- 7\r\na=rtcp-mux\r\na=rtcp-rsize\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\n\
        a=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:110 telephone-event/48000\r\n\
        a=rtpmap:126 telephone-event/8000\r\n";
    let video = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:Abcd\r\n\
        a=ice-pwd:0123456789abcdefghijklmn\r\na=fingerprint:FINGERPRINT\r\na=setup:actpass\r\na=mid:1\r\na=sendrecv\r\n\
        a=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n";
    let head = "v=0\r\no=- 461 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=extmap-allow-mixed\r\n\
        a=msid-semantic: WMS\r\n";
    format!("{head}{audio}{video}").replace("FINGERPRINT", THEIR_FINGERPRINT)
}

pub(crate) struct Ours {
    credentials: IceCredentials,
    fingerprint: Fingerprint,
    tcp: Vec<SocketAddr>,
}

impl Ours {
    pub(crate) fn new() -> Self {
        let credentials =
            IceCredentials { ufrag: "ours".into(), password: Pii::from("ourpasswordourpassword12") };
        let fingerprint = Fingerprint { hash: Hash::Sha256, value: vec![0xAB; 32] };
        Self { credentials, fingerprint, tcp: Vec::new() }
    }

    pub(crate) fn local<'a>(&'a self, is_peer: bool, previous: Option<&'a Session>) -> Local<'a> {
        let browser = Browser {
            is_peer,
            credentials: &self.credentials,
            fingerprint: &self.fingerprint,
            addresses: &HERE,
            tcp: &self.tcp,
            is_client: None,
        };
        Local { browser: Some(browser), previous, ..Local::new(HERE[0], 20_000, 7, &CODECS) }
    }
}

fn session(text: &str) -> Session {
    parse(text.as_bytes()).expect("a description")
}

fn answered(text: &str) -> Result<(Session, hotline_sdp::Negotiated), NegotiationError> {
    let ours = Ours::new();
    answer(&session(text), &ours.local(false, None))
}

#[test]
fn a_browser_s_offer_is_answered_as_one_who_waits_for_its_checks() {
    let (ours, agreed) = answered(&chromium()).unwrap();
    let text = ours.print();
    for line in [
        "a=ice-lite",
        "a=group:BUNDLE 0",
        "m=audio 20000 UDP/TLS/RTP/SAVPF 111 110",
        "a=mid:0",
        "a=ice-ufrag:ours",
        "a=ice-pwd:ourpasswordourpassword12",
        "a=setup:passive",
        "a=candidate:1 1 udp 2130706431 203.0.113.7 20000 typ host",
        "a=candidate:2 1 udp 2130706175 192.0.2.1 20000 typ host",
        "a=end-of-candidates",
        "a=rtcp-mux",
        "m=video 0 UDP/TLS/RTP/SAVPF 96",
        "a=mid:1",
    ] {
        assert!(text.lines().any(|written| written == line), "{line} is missing:\n{text}");
    }
    assert!(text.contains("a=fingerprint:sha-256 AB:AB:"), "{text}");
    assert!(!text.contains("a=crypto"), "{text}");
    assert_eq!(session(&text), ours, "it reads back as it is");
    let dtls = agreed.dtls.expect("a handshake");
    assert_eq!((dtls.peer_ufrag.as_str(), dtls.is_client, dtls.fingerprints.len()), ("Abcd", false, 1));
    assert_eq!((agreed.remote, agreed.remote_rtcp, agreed.rtcp_mux), (FOUND_BY_ICE, FOUND_BY_ICE, true));
    assert_eq!(agreed.direction, Direction::SendReceive, "0.0.0.0 is no hold");
    assert_eq!((agreed.codec, agreed.srtp), (Codec::Opus, None));
}

#[test]
fn a_way_by_tcp_comes_after_those_by_udp_and_is_one_by_which_we_are_connected_to() {
    let tcp = vec!["203.0.113.7:443".parse().unwrap()];
    let ours = Ours { tcp, ..Ours::new() };
    let (described, _) = answer(&session(&chromium()), &ours.local(false, None)).unwrap();
    let text = described.print();
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("a=candidate:")).collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert_eq!(lines[2], "a=candidate:3 1 tcp 1520435199 203.0.113.7 443 typ host tcptype passive");
    assert_eq!(session(&text), described, "it reads back as it is");
}

#[test]
fn what_is_missing_is_refused_by_name() {
    let without = |line: &str| {
        let text = chromium();
        let kept: Vec<&str> = text.lines().filter(|text| !text.starts_with(line)).collect();
        answered(&format!("{}\r\n", kept.join("\r\n"))).map(|_| ()).unwrap_err()
    };
    assert_eq!(without("a=ice-ufrag"), NegotiationError::NoIce);
    assert_eq!(without("a=ice-pwd"), NegotiationError::NoIce);
    assert_eq!(without("a=fingerprint"), NegotiationError::NoFingerprint);
    assert_eq!(without("a=setup"), NegotiationError::NoSetup);
    assert_eq!(without("a=rtcp-mux"), NegotiationError::NoRtcpMux);
    let weak = chromium()
        .replace(THEIR_FINGERPRINT, "sha-1 0A:1B:2C:3D:4E:5F:60:71:82:93:A4:B5:C6:D7:E8:F9:0A:1B:2C:3D");
    assert_eq!(answered(&weak).unwrap_err(), NegotiationError::NoFingerprint);
    assert_eq!(NegotiationError::NoFingerprint.status(), 488);
    let plain = Local::new(HERE[0], 20_000, 7, &CODECS);
    let refused = answer(&session(&chromium()), &plain).unwrap_err();
    assert_eq!(refused, NegotiationError::UnsupportedTransport);
}

#[test]
fn keys_above_all_streams_count_and_who_waits_is_begun_with() {
    let text = chromium();
    let shared = format!(
        "a=ice-ufrag:Abcd\r\na=ice-pwd:0123456789abcdefghijklmn\r\na=fingerprint:{THEIR_FINGERPRINT}\r\n"
    );
    let (head, media) = text.split_at(text.find("m=audio").unwrap());
    let media =
        shared.lines().fold(media.to_owned(), |media, line| media.replace(&format!("{line}\r\n"), ""));
    let moved = format!("{head}{shared}{media}").replace("a=setup:actpass", "a=setup:passive");
    let (ours, agreed) = answered(&moved).unwrap();
    assert!(ours.print().contains("a=setup:active"));
    assert!(agreed.dtls.expect("a handshake").is_client);
}

#[test]
fn our_offer_is_for_a_browser_if_the_peer_is_one_and_stays_so() {
    let ours = Ours::new();
    let offered = offer(&ours.local(true, None));
    let text = offered.print();
    for line in ["a=ice-lite", "a=group:BUNDLE 0", "a=mid:0", "a=setup:actpass", "a=rtcp-mux"] {
        assert!(text.lines().any(|written| written == line), "{line} is missing:\n{text}");
    }
    let one = chromium()
        .replace("a=setup:actpass", "a=setup:active")
        .replace("a=group:BUNDLE 0 1", "a=group:BUNDLE 0");
    let (their_answer, _) = one.split_at(one.find("m=video").unwrap());
    let agreed = accept(&offered, &session(their_answer)).unwrap();
    let dtls = agreed.dtls.expect("a handshake");
    assert_eq!((dtls.is_client, dtls.ours.ufrag.as_str()), (false, "ours"));
    let without_setup = their_answer.replace("a=setup:active\r\n", "");
    assert_eq!(accept(&offered, &session(&without_setup)).unwrap_err(), NegotiationError::NoSetup);
    let plain =
        "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
    assert_eq!(accept(&offered, &session(plain)).unwrap_err(), NegotiationError::EncryptionRequired);

    // Within the dialog nobody needs to say again that it is a browser.
    let again = offer(&ours.local(false, Some(&offered)));
    assert_eq!(again.media[0].protocol, Protocol::TlsSavpf);
    assert_eq!(again, offered, "the same again is the same version");
}

#[test]
fn a_phone_is_offered_nothing_of_it() {
    let ours = Ours::new();
    let text = offer(&ours.local(false, None)).print();
    for word in ["ice", "fingerprint", "setup", "BUNDLE", "candidate", "mid"] {
        assert!(!text.contains(word), "{word} is in\n{text}");
    }
    assert!(text.contains("m=audio 20000 RTP/AVP "), "{text}");
}
