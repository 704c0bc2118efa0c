//! The examples of RFC 3264 §10, with addresses for the names of hosts.

use hotline_sdp::{Codec, Direction, Local, accept, answer};

use crate::{lines, read};

/// Bob at 192.0.2.2:49920.
fn bob() -> Local<'static> {
    Local::new("192.0.2.2".parse().expect("an address"), 49920, 2890844730, &[Codec::Pcmu, Codec::Pcma])
}

const OFFER: &str = "v=0\r
o=alice 2890844526 2890844526 IN IP4 198.51.100.1\r
s= \r
c=IN IP4 198.51.100.1\r
t=0 0\r
m=audio 49170 RTP/AVP 0\r
a=rtpmap:0 PCMU/8000\r
m=video 51372 RTP/AVP 31\r
a=rtpmap:31 H261/90000\r
m=video 53000 RTP/AVP 32\r
a=rtpmap:32 MPV/90000\r
";

/// §10.1: Bob takes audio; both videos keep their places. Then audio moves to another port.
#[test]
fn basic_exchange() {
    let (first, negotiated) = answer(&read(OFFER), &bob()).unwrap();
    assert_eq!(
        lines(&first.print(), "m="),
        ["m=audio 49920 RTP/AVP 0", "m=video 0 RTP/AVP 31", "m=video 0 RTP/AVP 32"]
    );
    assert_eq!(negotiated.remote, "198.51.100.1:49170".parse().unwrap());

    // Alice changes the port and repeats what was refused, now with port 0.
    let moved = OFFER
        .replace("2890844526 IN", "2890844527 IN")
        .replace("audio 49170", "audio 65422")
        .replace("video 51372", "video 0")
        .replace("video 53000", "video 0");
    let (second, negotiated) = answer(&read(&moved), &Local { previous: Some(&first), ..bob() }).unwrap();
    assert_eq!(negotiated.remote, "198.51.100.1:65422".parse().unwrap());
    assert_eq!(second, first, "Bob has nothing new to say");
}

/// §10.1, the other way round: Bob adds a receive-only stream for telephone-events behind the others.
#[test]
fn a_stream_for_events_is_added() {
    let (ours, _) = answer(&read(OFFER), &bob()).unwrap();
    let added =
        OFFER.to_owned() + "m=audio 53122 RTP/AVP 110\r\na=rtpmap:110 telephone-event/8000\r\na=recvonly\r\n";
    let (ours, negotiated) = answer(&read(&added), &Local { previous: Some(&ours), ..bob() }).unwrap();
    assert_eq!(lines(&ours.print(), "m=").last(), Some(&"m=audio 0 RTP/AVP 110"));
    assert_eq!((ours.version(), negotiated.remote.port()), (Some(2), 49170));
}

const ONE_OF_N: &str = "v=0\r
o=alice 2890844526 2890844526 IN IP4 198.51.100.1\r
s= \r
c=IN IP4 198.51.100.1\r
t=0 0\r
m=audio 62986 RTP/AVP 0 4 18\r
a=rtpmap:0 PCMU/8000\r
a=rtpmap:4 G723/8000\r
a=rtpmap:18 G729/8000\r
a=inactive\r
";

/// §10.2: all codecs are offered inactive, one is settled on, and the next offer starts it.
#[test]
fn one_of_n_codecs() {
    let (first, negotiated) = answer(&read(ONE_OF_N), &bob()).unwrap();
    assert_eq!((negotiated.codec, negotiated.direction), (Codec::Pcmu, Direction::Inactive));
    let text = first.print();
    assert_eq!(lines(&text, "m="), ["m=audio 49920 RTP/AVP 0"]);
    assert!(text.ends_with("a=inactive\r\n"), "{text}");

    let start = ONE_OF_N
        .replace("2890844526 IN", "2890844527 IN")
        .replace("RTP/AVP 0 4 18", "RTP/AVP 0")
        .replace("inactive", "sendrecv");
    let (second, negotiated) = answer(&read(&start), &Local { previous: Some(&first), ..bob() }).unwrap();
    assert_eq!((second.version(), negotiated.direction), (Some(2), Direction::SendReceive));

    // Who offered comes to the same.
    let at_alice = accept(&read(&start), &second).unwrap();
    assert_eq!((at_alice.codec, at_alice.remote), (Codec::Pcmu, "192.0.2.2:49920".parse().unwrap()));
}
