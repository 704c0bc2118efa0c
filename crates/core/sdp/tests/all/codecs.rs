//! Codecs, payload types, telephone-events and packet times.

use hotline_sdp::{Codec, Local, NegotiationError, OpusWishes, Policy, Preference, accept, answer, offer};

use crate::{accepted, agreed, answered, answered_by, lines, local, read, refused, with_media};

const THEIRS: Policy =
    Policy { preference: Preference::Theirs, ptime_ms: 20, maxptime_ms: None, rtcp_mux: false };

#[test]
fn the_table_of_codecs_is_whole() {
    for codec in Codec::ALL {
        let ours = offer(&Local { codecs: &[codec], ..local() });
        let (ours, negotiated) = answer(&ours, &Local { codecs: &Codec::ALL, ..local() }).unwrap();
        assert_eq!(negotiated.codec, codec);
        assert!(ours.print().contains(&format!(" {}/{}", codec.name(), codec.clock_hz())));
        let payload_type = negotiated.payload_type_send;
        match codec.static_payload_type() {
            Some(fixed) => assert_eq!(payload_type, fixed),
            None => assert!((96..128).contains(&payload_type), "{payload_type}"),
        }
        assert_eq!(negotiated.opus.is_some(), codec == Codec::Opus);
    }
}

#[test]
fn opus_is_agreed_on_as_browsers_and_phones_offer_it() {
    let offer = with_media(
        "m=audio 4000 RTP/AVP 111 0 110 126\r\na=rtpmap:111 opus/48000/2\r\n\
         a=fmtp:111 minptime=10;useinbandfec=1;maxaveragebitrate=20000\r\n\
         a=rtpmap:110 telephone-event/48000\r\na=rtpmap:126 telephone-event/8000\r\n",
    );
    let local = Local { codecs: &[Codec::Opus, Codec::Pcmu], ..local() };
    let (text, negotiated) = answered_by(&offer, &local).unwrap();
    assert_eq!((negotiated.codec, negotiated.payload_type_send), (Codec::Opus, 111));
    assert_eq!(negotiated.opus, Some(OpusWishes { bitrate_max: Some(20_000), fec: true, dtx: false }));
    assert_eq!(negotiated.telephone_event_send, Some(110), "on the clock of the audio");
    assert_eq!(negotiated.telephone_event_clock_hz, 48_000);
    let old = offer.replace(" 110 ", " ").replace("a=rtpmap:110 telephone-event/48000\r\n", "");
    let (of_old, old) = answered_by(&old, &local).unwrap();
    assert_eq!((old.telephone_event_send, old.telephone_event_clock_hz), (Some(126), 8000));
    assert!(of_old.contains("a=rtpmap:126 telephone-event/8000"), "{of_old}");
    assert_eq!(lines(&text, "m="), ["m=audio 20000 RTP/AVP 111 110"]);
    assert_eq!(lines(&text, "a=rtpmap:111"), ["a=rtpmap:111 opus/48000/2"]);
    assert_eq!(lines(&text, "a=fmtp:111"), ["a=fmtp:111 minptime=10;useinbandfec=1"]);
}

#[test]
fn our_order_or_theirs_decides() {
    let offer = with_media("m=audio 4000 RTP/AVP 18 8 0\r\n");
    assert_eq!(answered(&offer).unwrap().1.codec, Codec::Pcmu);
    assert_eq!(answered_by(&offer, &Local { policy: THEIRS, ..local() }).unwrap().1.codec, Codec::Pcma);
    let only_mu = Local { policy: THEIRS, codecs: &[Codec::Pcmu], ..local() };
    assert_eq!(
        answered_by(&offer, &only_mu).unwrap().1.codec,
        Codec::Pcmu,
        "what we may not use is not theirs"
    );
    let none = Local { codecs: &[], ..only_mu };
    assert_eq!(answered_by(&offer, &none), Err(NegotiationError::NoCommonCodec));
}

#[test]
fn codecs_may_have_any_payload_type_and_case() {
    let negotiated =
        agreed("m=audio 4000 RTP/AVP 0 97\r\na=rtpmap:0 G726-32/8000\r\na=rtpmap:97 pcma/8000/1\r\n");
    assert_eq!((negotiated.codec, negotiated.payload_type_send), (Codec::Pcma, 97));
    let negotiated = agreed("m=audio 4000 RTP/AVP 97\r\na=rtpmap:97 PCMU/8000\r\n");
    assert_eq!((negotiated.codec, negotiated.payload_type_receive), (Codec::Pcmu, 97));
}

#[test]
fn a_codec_on_another_clock_is_another_codec() {
    for encoding in ["PCMU/16000", "PCMU/8000/2", "PCMU", "G722/16000"] {
        let lines = format!("m=audio 4000 RTP/AVP 97\r\na=rtpmap:97 {encoding}\r\n");
        assert_eq!(refused(&lines), NegotiationError::NoCommonCodec, "{encoding}");
    }
}

#[test]
fn comfort_noise_is_taken_on_the_clock_of_the_audio_and_is_no_codec() {
    let (text, negotiated) =
        answered(&with_media("m=audio 4000 RTP/AVP 13 0 118\r\na=rtpmap:118 CN/16000\r\n")).unwrap();
    assert_eq!((lines(&text, "m="), negotiated.codec), (vec!["m=audio 20000 RTP/AVP 0 13"], Codec::Pcmu));
    assert_eq!(negotiated.comfort_noise_receive, Some(13));
    let linear = Local { codecs: &[Codec::L16], ..local() };
    let offer =
        with_media("m=audio 4000 RTP/AVP 13 97 118\r\na=rtpmap:97 L16/16000\r\na=rtpmap:118 CN/16000\r\n");
    assert_eq!(answered_by(&offer, &linear).unwrap().1.comfort_noise_receive, Some(118));
    assert_eq!(refused("m=audio 4000 RTP/AVP 13\r\n"), NegotiationError::NoCommonCodec);
    assert_eq!(
        accepted("m=audio 4000 RTP/AVP 0 13\r\n").unwrap().comfort_noise_receive,
        None,
        "we did not offer it"
    );
}

#[test]
fn of_several_codecs_in_an_answer_the_first_is_used() {
    assert_eq!(accepted("m=audio 4000 RTP/AVP 18 13 8 0\r\n").unwrap().codec, Codec::Pcma);
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

/// We offered events as 101, the peer answered 96: its own offers say 96, and ours goes on saying 101.
#[test]
fn our_payload_types_outlast_the_offers_of_the_peer() {
    let first = offer(&local());
    let reoffer = |lines: &str| {
        let within = Local { previous: Some(&first), ..local() };
        let (ours, negotiated) = answer(&read(&with_media(lines)), &within).unwrap();
        // Who offered understands it, numbers and all.
        let at_them = accept(&read(&with_media(lines)), &ours).unwrap();
        assert_eq!(at_them.telephone_event_send, negotiated.telephone_event_receive);
        (negotiated.telephone_event_send, negotiated.telephone_event_receive)
    };
    let kept = reoffer("m=audio 4000 RTP/AVP 0 96\r\na=rtpmap:96 telephone-event/8000\r\n");
    assert_eq!(kept, (Some(96), Some(101)));
    let taken = reoffer(
        "m=audio 4000 RTP/AVP 0 101 96\r\na=rtpmap:101 opus/48000/2\r\na=rtpmap:96 telephone-event/8000\r\n",
    );
    assert_eq!(taken, (Some(96), Some(96)), "101 means something else to the peer");
}

#[test]
fn what_the_peer_numbered_keeps_its_number_in_our_offers() {
    let theirs = "m=audio 4000 RTP/AVP 97 101 96\r\na=rtpmap:97 PCMA/8000\r\na=rtpmap:101 PCMU/8000\r\n\
                  a=rtpmap:96 telephone-event/8000\r\n";
    let (ours, _) = answer(&read(&with_media(theirs)), &local()).unwrap();
    let ours = offer(&Local { previous: Some(&ours), ..local() }).print();
    assert_eq!(lines(&ours, "m="), ["m=audio 20000 RTP/AVP 101 8 96"]);
    assert_eq!(lines(&ours, "a=fmtp"), ["a=fmtp:96 0-15"]);
}

#[test]
fn telephone_events_have_the_clock_and_the_keys_that_matter() {
    let cases = [
        ("telephone-event/8000", "", Some(100)),
        ("Telephone-Event/8000/1", "0-16", Some(100)),
        ("telephone-event/8000", "0-15,66,70", Some(100)),
        ("telephone-event/8000", "0-9, 10,11", Some(100)),
        ("telephone-event/8000", "nonsense", Some(100)),
        ("telephone-event/8000", "32-36", None),
        ("telephone-event/8000", "0-9", None),
        ("telephone-event/16000", "0-15", None),
        ("telephone-event/8000/2", "0-15", None),
    ];
    for (encoding, events, expected) in cases {
        let text =
            format!("m=audio 4000 RTP/AVP 0 100\r\na=rtpmap:100 {encoding}\r\na=fmtp:100 {events}\r\n");
        let (answer, negotiated) = answered(&with_media(&text)).unwrap();
        assert_eq!(negotiated.telephone_event_send, expected, "{text}");
        assert_eq!(lines(&answer, "a=fmtp").first().copied(), expected.map(|_| "a=fmtp:100 0-15"), "{text}");
    }
    let second = "m=audio 4000 RTP/AVP 0 98 101\r\na=rtpmap:98 telephone-event/8000\r\na=fmtp:98 32-36\r\n\
                  a=rtpmap:101 telephone-event/8000\r\n";
    assert_eq!(agreed(second).telephone_event_send, Some(101), "the one with keys in it");
}

#[test]
fn packet_times_are_met_as_far_as_they_go() {
    for (lines, expected) in [
        ("", 20),
        ("a=ptime:10\r\n", 10),
        ("a=ptime:30\r\n", 30),
        ("a=ptime:25\r\n", 20),
        ("a=ptime:20.5\r\n", 20),
        ("a=ptime:5\r\n", 10),
        ("a=ptime:120\r\n", 60),
        ("a=ptime:0\r\n", 20),
        ("a=ptime:1000\r\n", 20),
        ("a=ptime:x\r\n", 20),
        ("a=ptime:60\r\na=maxptime:40\r\n", 40),
        ("a=ptime:20\r\na=maxptime:150\r\n", 20),
        ("a=maxptime:10\r\n", 10),
        ("a=maxptime:1\r\n", 10),
        ("a=maxptime:0\r\n", 20),
    ] {
        assert_eq!(agreed(&format!("m=audio 4000 RTP/AVP 0\r\n{lines}")).ptime_ms, expected, "{lines}");
    }
}

#[test]
fn our_packet_times_are_announced_and_used_when_the_peer_has_no_wish() {
    let policy = Policy { ptime_ms: 40, maxptime_ms: Some(60), ..Policy::default() };
    let (text, negotiated) =
        answered_by(&with_media("m=audio 4000 RTP/AVP 0\r\n"), &Local { policy, ..local() }).unwrap();
    assert!(text.contains("a=ptime:40\r\na=maxptime:60\r\n"), "{text}");
    assert_eq!(negotiated.ptime_ms, 40);
    let beyond = Policy { ptime_ms: 200, maxptime_ms: Some(30), ..policy };
    let text = offer(&Local { policy: beyond, ..local() }).print();
    assert!(text.contains("a=ptime:30\r\na=maxptime:30\r\n"), "{text}");
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
