//! Which of several streams is taken, and where each keeps its place.

use hotline_sdp::{Local, answer, offer};

use crate::{answered, lines, local, read, with_media};

const VIDEO_AND_TWO_AUDIO: &str = "m=video 5000 RTP/AVP 96\r\n\
    m=audio 4000 RTP/AVP 8\r\n\
    m=audio 4002 RTP/AVP 0\r\n";

#[test]
fn every_stream_is_answered_in_its_place() {
    let text = with_media(
        "m=video 5000 RTP/AVP 96\r\nm=audio 0 RTP/AVP 0\r\nm=audio 4000 RTP/AVP 8\r\nm=audio 4002 RTP/AVP 0\r\n\
         m=image 6000 udptl t38\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nm=message 7000 TCP/MSRP *\r\n",
    );
    let (text, negotiated) = answered(&text).unwrap();
    assert_eq!(
        lines(&text, "m="),
        [
            "m=video 0 RTP/AVP 96",
            "m=audio 0 RTP/AVP 0",
            "m=audio 20000 RTP/AVP 8",
            "m=audio 0 RTP/AVP 0",
            "m=image 0 udptl t38",
            "m=application 0 UDP/DTLS/SCTP webrtc-datachannel",
            "m=message 0 TCP/MSRP *",
        ]
    );
    assert_eq!(negotiated.remote.port(), 4000);
}

#[test]
fn our_offer_within_a_dialog_keeps_the_place_of_each_stream() {
    let (answered, _) = answer(&read(&with_media(VIDEO_AND_TWO_AUDIO)), &local()).unwrap();
    let ours = offer(&Local { previous: Some(&answered), ..local() });
    let text = ours.print();
    assert_eq!(
        lines(&text, "m="),
        ["m=video 0 RTP/AVP 96", "m=audio 20000 RTP/AVP 0 8 101", "m=audio 0 RTP/AVP 0"]
    );
    assert_eq!(ours.version(), Some(2), "it offers more than was answered");
}

#[test]
fn the_stream_in_use_is_kept_when_another_becomes_usable() {
    let first = read(&with_media("m=audio 4000 RTP/AVP 18\r\nm=audio 4002 RTP/AVP 0\r\n"));
    let (ours, _) = answer(&first, &local()).unwrap();
    let within = Local { previous: Some(&ours), ..local() };
    let both = read(&with_media("m=audio 4000 RTP/AVP 0\r\nm=audio 4002 RTP/AVP 0\r\n"));
    let (again, negotiated) = answer(&both, &within).unwrap();
    assert_eq!(lines(&again.print(), "m="), ["m=audio 0 RTP/AVP 0", "m=audio 20000 RTP/AVP 0"]);
    assert_eq!(negotiated.remote.port(), 4002);
    let moved = read(&with_media("m=audio 4000 RTP/AVP 0\r\nm=audio 0 RTP/AVP 0\r\n"));
    assert_eq!(answer(&moved, &within).unwrap().1.remote.port(), 4000);
}

#[test]
fn a_stream_that_was_added_is_answered_behind_the_others() {
    let (ours, _) = answer(&read(&with_media("m=audio 4000 RTP/AVP 0\r\n")), &local()).unwrap();
    let added = read(&with_media("m=audio 4000 RTP/AVP 0\r\nm=video 5000 RTP/AVP 96\r\n"));
    let (ours, _) = answer(&added, &Local { previous: Some(&ours), ..local() }).unwrap();
    assert_eq!(lines(&ours.print(), "m="), ["m=audio 20000 RTP/AVP 0", "m=video 0 RTP/AVP 96"]);
    assert_eq!(ours.version(), Some(2));
}

#[test]
fn a_stream_keeps_its_transport() {
    let (ours, _) = answer(&read(&with_media("m=audio 4000 RTP/AVPF 0\r\n")), &local()).unwrap();
    let ours = offer(&Local { previous: Some(&ours), ..local() });
    assert_eq!(lines(&ours.print(), "m="), ["m=audio 20000 RTP/AVPF 0 8 101"]);
}

#[test]
fn an_offer_after_nothing_but_refusals_adds_a_stream() {
    let refusal = read(&with_media("m=image 0 udptl t38\r\n"));
    let ours = offer(&Local { previous: Some(&refusal), ..local() });
    assert_eq!(lines(&ours.print(), "m="), ["m=image 0 udptl t38", "m=audio 20000 RTP/AVP 0 8 101"]);
}
