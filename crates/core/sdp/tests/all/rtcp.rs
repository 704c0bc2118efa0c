//! Where RTCP goes (RFC 3605, RFC 5761).

use hotline_sdp::{Local, Policy, accept, answer, offer};

use crate::{agreed, answered, answered_by, lines, local, read, with_media};

const AUDIO: &str = "m=audio 4000 RTP/AVP 0\r\n";

fn muxing() -> Local<'static> {
    Local { policy: Policy { rtcp_mux: true, ..Policy::default() }, ..local() }
}

#[test]
fn the_peers_place_for_rtcp_is_read() {
    for (lines, expected) in [
        ("", "198.51.100.5:4001"),
        ("a=rtcp:5000\r\n", "198.51.100.5:5000"),
        ("a=rtcp:5000 IN IP4 198.51.100.9\r\n", "198.51.100.9:5000"),
        ("a=rtcp:5000 IN IP6 2001:db8::9\r\n", "[2001:db8::9]:5000"),
        ("a=rtcp:5000 IN IP4 224.0.0.1\r\n", "198.51.100.5:5000"),
        ("a=rtcp:5000 IN IP4 phone.example.com\r\n", "198.51.100.5:4001"),
        ("a=rtcp:x\r\n", "198.51.100.5:4001"),
        ("a=rtcp:0\r\n", "0.0.0.0:0"),
        ("a=rtcp:9 IN IP4 0.0.0.0\r\n", "0.0.0.0:0"),
        ("c=IN IP4 0.0.0.0\r\na=rtcp:5000 IN IP4 198.51.100.9\r\n", "0.0.0.0:0"),
    ] {
        let negotiated = agreed(&format!("{AUDIO}{lines}"));
        assert_eq!(negotiated.remote_rtcp, expected.parse().unwrap(), "{lines}");
    }
    assert_eq!(agreed("m=audio 65535 RTP/AVP 0\r\n").remote_rtcp, "0.0.0.0:0".parse().unwrap());
}

#[test]
fn our_place_for_rtcp_is_said_if_nobody_would_guess_it() {
    let apart = Local { rtcp_port: 20500, ..local() };
    let (text, _) = answered_by(&with_media(AUDIO), &apart).unwrap();
    assert_eq!(lines(&text, "a=rtcp"), ["a=rtcp:20500"]);
    assert_eq!(lines(&offer(&apart).print(), "a=rtcp"), ["a=rtcp:20500"]);
    let (_, at_peer) = answer(&offer(&apart), &local()).unwrap();
    assert_eq!(at_peer.remote_rtcp, "192.0.2.10:20500".parse().unwrap());
    assert_eq!(lines(&answered(&with_media(AUDIO)).unwrap().0, "a=rtcp"), [""; 0]);
}

#[test]
fn one_port_for_both_needs_both_sides() {
    let offered = with_media(&format!("{AUDIO}a=rtcp:4009\r\na=rtcp-mux\r\n"));
    let (text, negotiated) = answered_by(&offered, &muxing()).unwrap();
    assert!(negotiated.rtcp_mux);
    assert_eq!(negotiated.remote_rtcp, negotiated.remote);
    assert_eq!(lines(&text, "a=rtcp"), ["a=rtcp-mux"]);

    let (text, negotiated) = answered(&offered).unwrap();
    assert!(!negotiated.rtcp_mux && lines(&text, "a=rtcp").is_empty(), "{text}");
    assert_eq!(negotiated.remote_rtcp.port(), 4009);

    let (text, negotiated) = answered_by(&with_media(AUDIO), &muxing()).unwrap();
    assert!(!negotiated.rtcp_mux && lines(&text, "a=rtcp").is_empty(), "RFC 5761 §5.1.1: {text}");
}

#[test]
fn our_offer_of_one_port_may_be_left() {
    let ours = offer(&muxing());
    assert_eq!(lines(&ours.print(), "a=rtcp"), ["a=rtcp-mux"]);
    let taken = accept(&ours, &read(&with_media(&format!("{AUDIO}a=rtcp-mux\r\n")))).unwrap();
    assert_eq!((taken.rtcp_mux, taken.remote_rtcp.port()), (true, 4000));
    let left = accept(&ours, &read(&with_media(AUDIO))).unwrap();
    assert_eq!((left.rtcp_mux, left.remote_rtcp.port()), (false, 4001));
    let unasked = accept(&offer(&local()), &read(&with_media(&format!("{AUDIO}a=rtcp-mux\r\n")))).unwrap();
    assert_eq!((unasked.rtcp_mux, unasked.remote_rtcp.port()), (false, 4001));
}
