//! One offer of each kind of peer, as it comes over the wire, and what is made of it.

use hotline_sdp::{Codec, Direction, Local, Negotiated, NegotiationError, answer, parse};

/// We are at 192.0.2.10:20000 and prefer µ-law.
pub(crate) fn local() -> Local<'static> {
    Local {
        address: "192.0.2.10".parse().expect("an address"),
        port: 20000,
        session_id: 7,
        version: 1,
        codecs: &[Codec::Pcmu, Codec::Pcma],
        direction: Direction::SendReceive,
    }
}

/// Our answer to an offer, as text, and what was agreed.
pub(crate) fn answered(offer: &str) -> Result<(String, Negotiated), NegotiationError> {
    let offer = parse(offer.as_bytes()).expect("a description");
    answer(&offer, &local()).map(|(answer, negotiated)| (answer.print(), negotiated))
}

fn agreed(offer: &str) -> Negotiated {
    answered(offer).expect("an agreement").1
}

const BARESIP: &str = "v=0\r
o=- 3878237216 3878237217 IN IP4 198.51.100.5\r
s=-\r
c=IN IP4 198.51.100.5\r
t=0 0\r
a=tool:baresip 1.0.0\r
m=audio 15934 RTP/AVP 96 0 8 101\r
b=AS:125\r
a=rtpmap:96 opus/48000/2\r
a=fmtp:96 stereo=1;sprop-stereo=1\r
a=rtpmap:0 PCMU/8000\r
a=rtpmap:8 PCMA/8000\r
a=rtpmap:101 telephone-event/8000\r
a=fmtp:101 0-15\r
a=rtcp:15935\r
a=sendrecv\r
a=label:1\r
a=rtcp-rsize\r
a=ssrc:1423857201 cname:sip:caller@example.com\r
a=ptime:20\r
";

#[test]
fn baresip() {
    let (text, negotiated) = answered(BARESIP).unwrap();
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
            codec: Codec::Pcmu,
            payload_type_send: 0,
            payload_type_receive: 0,
            telephone_event_send: Some(101),
            telephone_event_receive: Some(101),
            ptime_ms: 20,
            direction: Direction::SendReceive,
        }
    );
}

#[test]
fn linphone_with_video_ice_and_feedback_profile() {
    let offer = "v=0\r
o=alice 1234 5678 IN IP4 192.168.1.20\r
s=Talk\r
c=IN IP4 192.168.1.20\r
t=0 0\r
a=ice-pwd:d2b7c0a1f1b1d3ffd9a1b2c3\r
a=ice-ufrag:8a2b31c4\r
a=rtcp-xr:rcvr-rtt=all:10000 stat-summary=loss,dup,jitt,TTL voip-metrics\r
m=audio 7078 RTP/AVPF 96 97 0 8 18 101 99 100\r
a=rtpmap:96 opus/48000/2\r
a=fmtp:96 useinbandfec=1\r
a=rtpmap:97 speex/16000\r
a=rtpmap:101 telephone-event/48000\r
a=rtpmap:99 telephone-event/16000\r
a=rtpmap:100 telephone-event/8000\r
a=rtcp:50212 IN IP4 203.0.113.9\r
a=candidate:1 1 UDP 2130706303 192.168.1.20 7078 typ host\r
a=rtcp-fb:* trr-int 5000\r
m=video 9078 RTP/AVPF 96 97\r
a=rtpmap:96 VP8/90000\r
a=rtpmap:97 H264/90000\r
a=fmtp:97 profile-level-id=42801F\r
a=rtcp-fb:* ccm fir\r
";
    let (text, negotiated) = answered(offer).unwrap();
    assert!(text.contains("m=audio 20000 RTP/AVPF 0 100\r\n"), "{text}");
    assert!(text.ends_with("m=video 0 RTP/AVPF 96 97\r\n"), "{text}");
    assert_eq!(negotiated.telephone_event_send, Some(100), "the one on the codec's clock");
    assert_eq!(negotiated.remote_rtcp, "203.0.113.9:50212".parse().unwrap());
}

#[test]
fn yealink_without_names_for_static_codecs() {
    let offer = "v=0\r
o=- 20009 20009 IN IP4 10.3.5.15\r
s=SDP data\r
c=IN IP4 10.3.5.15\r
t=0 0\r
m=audio 11788 RTP/AVP 9 8 18 101\r
a=rtpmap:18 G729/8000\r
a=fmtp:18 annexb=no\r
a=fmtp:101 0-15\r
a=rtpmap:101 telephone-event/8000\r
a=ptime:30\r
a=sendrecv\r
";
    let negotiated = agreed(offer);
    assert_eq!((negotiated.codec, negotiated.payload_type_send, negotiated.ptime_ms), (Codec::Pcma, 8, 30));
    assert_eq!(negotiated.remote_rtcp.port(), 11789);
}

#[test]
fn asterisk() {
    let offer = "v=0\r
o=- 1391518826 1391518826 IN IP4 203.0.113.4\r
s=Asterisk\r
c=IN IP4 203.0.113.4\r
t=0 0\r
m=audio 13262 RTP/AVP 8 0 101\r
a=rtpmap:8 PCMA/8000\r
a=rtpmap:0 PCMU/8000\r
a=rtpmap:101 telephone-event/8000\r
a=fmtp:101 0-16\r
a=ptime:20\r
a=maxptime:150\r
a=sendrecv\r
";
    let negotiated = agreed(offer);
    assert_eq!(negotiated.codec, Codec::Pcmu, "our preference decides");
    assert_eq!((negotiated.payload_type_send, negotiated.payload_type_receive), (0, 0));
}

#[test]
fn a_trunk_with_a_law_only_and_its_own_address_at_the_media() {
    let offer = "v=0\r
o=SBC 1 1 IN IP4 198.51.100.1\r
s=sip call\r
c=IN IP4 198.51.100.1\r
b=CT:64\r
t=0 0\r
m=audio 30210 RTP/AVP 8 18 96\r
c=IN IP4 198.51.100.77\r
a=rtpmap:96 telephone-event/8000\r
a=silenceSupp:off - - - -\r
";
    let negotiated = agreed(offer);
    assert_eq!(negotiated.codec, Codec::Pcma);
    assert_eq!(negotiated.remote, "198.51.100.77:30210".parse().unwrap());
    assert_eq!(negotiated.telephone_event_receive, Some(96));
}

#[test]
fn sipp_with_bare_line_feeds_and_no_events() {
    let offer = "v=0\no=user1 53655765 2353687637 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 6000 RTP/AVP 0\na=rtpmap:0 PCMU/8000\n";
    let (text, negotiated) = answered(offer).unwrap();
    assert_eq!(negotiated.telephone_event_send, None);
    assert!(text.contains("m=audio 20000 RTP/AVP 0\r\n"), "no events that were not offered: {text}");
}

#[test]
fn ipv6_with_hold_at_the_session() {
    let offer = "v=0\r
o=- 1 2 IN IP6 2001:db8::5\r
s=-\r
c=IN IP6 2001:db8::5\r
t=0 0\r
a=sendonly\r
m=audio 4000 RTP/AVP 0\r
";
    let (text, negotiated) = answered(offer).unwrap();
    assert_eq!(negotiated.remote, "[2001:db8::5]:4000".parse().unwrap());
    assert_eq!(negotiated.direction, Direction::ReceiveOnly);
    assert!(text.contains("a=recvonly\r\n"), "{text}");
}

#[test]
fn best_effort_encryption_falls_back_to_plain() {
    let offer = "v=0\r
o=- 1 1 IN IP4 198.51.100.5\r
s=-\r
c=IN IP4 198.51.100.5\r
t=0 0\r
m=audio 4000 RTP/SAVP 0 101\r
a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r
a=rtpmap:101 telephone-event/8000\r
m=audio 4002 RTP/AVP 0 101\r
a=rtpmap:101 telephone-event/8000\r
";
    let (text, negotiated) = answered(offer).unwrap();
    assert!(text.contains("m=audio 0 RTP/SAVP 0 101\r\nm=audio 20000 RTP/AVP 0 101\r\n"), "{text}");
    assert_eq!(negotiated.remote.port(), 4002);
}

#[test]
fn a_browser_is_refused_as_long_as_keys_are_not_spoken() {
    let offer = "v=0\r
o=- 4611731400430051336 2 IN IP4 127.0.0.1\r
s=-\r
t=0 0\r
a=group:BUNDLE 0\r
a=msid-semantic: WMS stream\r
m=audio 54609 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\r
c=IN IP4 203.0.113.141\r
a=rtcp:9 IN IP4 0.0.0.0\r
a=fingerprint:sha-256 7B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:08\r
a=setup:actpass\r
a=mid:0\r
a=rtcp-mux\r
a=rtpmap:111 opus/48000/2\r
a=rtpmap:126 telephone-event/8000\r
";
    assert_eq!(answered(offer), Err(NegotiationError::UnsupportedTransport));
}
