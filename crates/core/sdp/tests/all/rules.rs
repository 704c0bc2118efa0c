//! The rules of RFC 3264 and RFC 8866, one at a time.

use hotline_sdp::{
    Codec, Direction, Local, MAX_BYTES, MAX_FORMATS, MAX_LINES, MAX_MEDIA, NegotiationError, SdpError,
    accept, answer, offer, parse,
};

use crate::phones::{answered, local};

/// An offer whose lines after `t=` are given.
fn with_media(lines: &str) -> String {
    format!("v=0\r\no=- 1 1 IN IP4 198.51.100.5\r\ns=-\r\nc=IN IP4 198.51.100.5\r\nt=0 0\r\n{lines}")
}

fn refused(lines: &str) -> NegotiationError {
    answered(&with_media(lines)).expect_err("no agreement")
}

#[test]
fn every_form_of_hold_is_understood() {
    use Direction::{Inactive, ReceiveOnly, SendOnly, SendReceive};
    let cases = [
        ("", SendReceive),
        ("a=sendrecv\r\n", SendReceive),
        ("a=sendonly\r\n", ReceiveOnly),
        ("a=recvonly\r\n", SendOnly),
        ("a=inactive\r\n", Inactive),
        ("c=IN IP4 0.0.0.0\r\n", ReceiveOnly),
        ("c=IN IP6 ::\r\n", ReceiveOnly),
        ("c=IN IP4 0.0.0.0\r\na=inactive\r\n", Inactive),
        ("c=IN IP4 0.0.0.0\r\na=recvonly\r\n", Inactive),
    ];
    for (lines, expected) in cases {
        let (text, negotiated) =
            answered(&with_media(&format!("m=audio 4000 RTP/AVP 0\r\n{lines}"))).unwrap();
        assert_eq!(negotiated.direction, expected, "{lines}");
        assert!(text.ends_with(&format!("a={}\r\n", expected.name())), "{lines}{text}");
    }
}

#[test]
fn what_we_hold_stays_on_hold() {
    let asked = parse(with_media("m=audio 4000 RTP/AVP 0\r\n").as_bytes()).unwrap();
    let holding = Local { direction: Direction::SendOnly, ..local() };
    assert_eq!(answer(&asked, &holding).unwrap().1.direction, Direction::SendOnly);
    let silent = Local { direction: Direction::Inactive, ..local() };
    assert_eq!(answer(&asked, &silent).unwrap().1.direction, Direction::Inactive);
}

#[test]
fn a_direction_at_the_media_wins_over_the_sessions() {
    let text = with_media("a=sendonly\r\nm=audio 4000 RTP/AVP 0\r\na=sendrecv\r\n");
    assert_eq!(answered(&text).unwrap().1.direction, Direction::SendReceive);
}

#[test]
fn codecs_may_have_any_payload_type() {
    let text =
        with_media("m=audio 4000 RTP/AVP 0 97\r\na=rtpmap:0 G726-32/8000\r\na=rtpmap:97 pcma/8000/1\r\n");
    let negotiated = answered(&text).unwrap().1;
    assert_eq!((negotiated.codec, negotiated.payload_type_send), (Codec::Pcma, 97));
}

#[test]
fn a_codec_on_another_clock_is_another_codec() {
    assert_eq!(
        refused("m=audio 4000 RTP/AVP 97\r\na=rtpmap:97 PCMU/16000\r\n"),
        NegotiationError::NoCommonCodec
    );
    assert_eq!(
        refused("m=audio 4000 RTP/AVP 97\r\na=rtpmap:97 PCMU/8000/2\r\n"),
        NegotiationError::NoCommonCodec
    );
}

#[test]
fn what_cannot_be_agreed_on_is_told_apart() {
    assert_eq!(refused(""), NegotiationError::NoAudio);
    assert_eq!(refused("m=audio 0 RTP/AVP 0\r\n"), NegotiationError::NoAudio);
    assert_eq!(refused("m=video 4000 RTP/AVP 96\r\n"), NegotiationError::NoAudio);
    assert_eq!(refused("m=audio 4000 RTP/SAVP 0\r\n"), NegotiationError::UnsupportedTransport);
    assert_eq!(refused("m=audio 4000 udp 0\r\n"), NegotiationError::UnsupportedTransport);
    assert_eq!(refused("m=audio 4000 RTP/AVP 18 9\r\n"), NegotiationError::NoCommonCodec);
    for place in
        ["IN IP4 phone.example.com", "IN IP4 239.1.2.3/127", "IN IP4 255.255.255.255", "IN IP6 198.51.100.5"]
    {
        let text = format!("m=audio 4000 RTP/AVP 0\r\nc={place}\r\n");
        assert_eq!(refused(&text), NegotiationError::UnusableAddress, "{place}");
    }
    let nowhere = "v=0\r\nm=audio 4000 RTP/AVP 0\r\n";
    assert_eq!(answered(nowhere).unwrap_err(), NegotiationError::UnusableAddress);
}

#[test]
fn every_stream_is_answered_in_its_place() {
    let text = with_media(
        "m=video 5000 RTP/AVP 96\r\nm=audio 0 RTP/AVP 0\r\nm=audio 4000 RTP/AVP 8\r\nm=audio 4002 RTP/AVP 0\r\nm=image 6000 udptl t38\r\n",
    );
    let (text, negotiated) = answered(&text).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(
        lines,
        [
            "m=video 0 RTP/AVP 96",
            "m=audio 0 RTP/AVP 0",
            "m=audio 20000 RTP/AVP 8",
            "m=audio 0 RTP/AVP 0",
            "m=image 0 udptl t38"
        ]
    );
    assert_eq!(negotiated.remote.port(), 4000);
}

#[test]
fn the_answer_repeats_the_time_of_the_offer() {
    let text = "v=0\r\nc=IN IP4 198.51.100.5\r\nt=2873397496 2873404696\r\nm=audio 4000 RTP/AVP 0\r\n";
    assert!(answered(text).unwrap().0.contains("\r\nt=2873397496 2873404696\r\n"));
}

#[test]
fn packet_times_beyond_reason_are_ignored() {
    for (lines, expected) in [
        ("a=ptime:10\r\n", 10),
        ("a=ptime:0\r\n", 20),
        ("a=ptime:1000\r\n", 20),
        ("a=ptime:x\r\n", 20),
        ("a=ptime:60\r\na=maxptime:40\r\n", 40),
        ("a=maxptime:10\r\n", 10),
        ("a=maxptime:1\r\n", 20),
    ] {
        let text = with_media(&format!("m=audio 4000 RTP/AVP 0\r\n{lines}"));
        assert_eq!(answered(&text).unwrap().1.ptime_ms, expected, "{lines}");
    }
}

#[test]
fn our_offer_reads_as_people_expect() {
    let alaw_first = Local { codecs: &[Codec::Pcma, Codec::Pcmu], ..local() };
    assert_eq!(
        offer(&alaw_first).print(),
        "v=0\r\no=- 7 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n\
         m=audio 20000 RTP/AVP 8 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
    );
}

/// What our offer and an answer agree on.
fn accepted(lines: &str) -> Result<hotline_sdp::Negotiated, NegotiationError> {
    let answer = parse(with_media(lines).as_bytes()).expect("a description");
    accept(&offer(&local()), &answer)
}

#[test]
fn payload_types_may_differ_between_the_directions() {
    let negotiated =
        accepted("m=audio 4000 RTP/AVP 8 96\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:96 telephone-event/8000\r\n")
            .unwrap();
    assert_eq!(negotiated.codec, Codec::Pcma);
    assert_eq!((negotiated.telephone_event_send, negotiated.telephone_event_receive), (Some(96), Some(101)));
    let negotiated = accepted("m=audio 4000 RTP/AVP 97\r\na=rtpmap:97 PCMU/8000\r\n").unwrap();
    assert_eq!((negotiated.payload_type_send, negotiated.payload_type_receive), (97, 0));
    assert_eq!((negotiated.telephone_event_send, negotiated.telephone_event_receive), (None, None));
}

#[test]
fn of_several_codecs_in_an_answer_the_first_is_used() {
    assert_eq!(accepted("m=audio 4000 RTP/AVP 18 8 0\r\n").unwrap().codec, Codec::Pcma);
}

#[test]
fn an_answer_may_refuse_or_miss_the_point() {
    assert_eq!(accepted("m=audio 0 RTP/AVP 0\r\n"), Err(NegotiationError::NoAudio));
    assert_eq!(accepted(""), Err(NegotiationError::NoAudio));
    assert_eq!(accepted("m=video 4000 RTP/AVP 0\r\n"), Err(NegotiationError::NoAudio));
    assert_eq!(accepted("m=audio 4000 RTP/SAVP 0\r\n"), Err(NegotiationError::UnsupportedTransport));
    assert_eq!(accepted("m=audio 4000 RTP/AVP 18\r\n"), Err(NegotiationError::NoCommonCodec));
}

#[test]
fn a_peer_that_answers_hold_with_hold_is_silent_both_ways() {
    let holding = Local { direction: Direction::SendOnly, ..local() };
    let theirs = parse(with_media("m=audio 4000 RTP/AVP 0\r\na=recvonly\r\n").as_bytes()).unwrap();
    assert_eq!(accept(&offer(&holding), &theirs).unwrap().direction, Direction::SendOnly);
    let theirs = parse(with_media("m=audio 4000 RTP/AVP 0\r\na=inactive\r\n").as_bytes()).unwrap();
    assert_eq!(accept(&offer(&holding), &theirs).unwrap().direction, Direction::Inactive);
}

#[test]
fn limits_are_enforced() {
    let long = format!("v=0\r\ni={}", "x".repeat(MAX_BYTES));
    assert_eq!(parse(long.as_bytes()), Err(SdpError::TooLong));
    let lines = format!("v=0\n{}", "a\n".repeat(MAX_LINES));
    assert_eq!(parse(lines.as_bytes()), Err(SdpError::TooManyLines));
    let media = format!("v=0\n{}", "m=audio 1 RTP/AVP 0\n".repeat(MAX_MEDIA + 1));
    assert_eq!(parse(media.as_bytes()), Err(SdpError::TooManyMedia { line: 18 }));
    let formats = format!("v=0\nm=audio 1 RTP/AVP{}\n", " 0".repeat(MAX_FORMATS + 1));
    assert_eq!(parse(formats.as_bytes()), Err(SdpError::TooManyFormats { line: 2 }));
}

#[test]
fn what_is_no_description_is_refused_and_what_is_careless_is_not() {
    for text in ["", "\r\n", "hello", "v=1\r\n", "o=- 1 1 IN IP4 1.2.3.4\r\nv=0\r\n"] {
        assert_eq!(parse(text.as_bytes()), Err(SdpError::NotVersionZero), "{text:?}");
    }
    for media in
        ["audio", "audio x RTP/AVP 0", "audio 70000 RTP/AVP 0", "audio 1 RTP/AVP", "audio -1 RTP/AVP 0"]
    {
        let text = format!("v=0\r\nm={media}\r\n");
        assert_eq!(parse(text.as_bytes()), Err(SdpError::BadMedia { line: 2 }), "{media}");
    }
    let careless = "\r\nv=0\r\nnonsense\r\n=\r\nx=\r\nc=IN IP4 198.51.100.5\r\na=rtpmap:x\r\na=\r\nm=AUDIO 4000/2 rtp/avp  0\r\na=rtpmap:300 PCMU/8000\r\na=rtpmap:0\r\na=rtcp:x\r\n";
    assert_eq!(answered(careless).unwrap().1.codec, Codec::Pcmu);
}

#[test]
fn the_user_of_an_origin_does_not_reach_logs() {
    let session = parse(b"v=0\r\no=alice 1 1 IN IP4 198.51.100.5\r\n").unwrap();
    assert!(!format!("{session:?}").contains("alice"));
}
