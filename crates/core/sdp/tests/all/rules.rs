//! Reading descriptions (RFC 8866), and whose fault it is when nothing comes of one.

use hotline_sdp::{
    BYTES_MAX, CRYPTO_MAX, Codec, Connection, FORMATS_MAX, Fault, LINES_MAX, MEDIA_MAX, NegotiationError,
    SdpError, parse,
};

use crate::{accepted, agreed, answered, read, refused, with_media};

const AUDIO: &str = "m=audio 4000 RTP/AVP 0\r\n";

#[test]
fn what_cannot_be_agreed_on_is_told_apart() {
    assert_eq!(refused(""), NegotiationError::NoAudio);
    assert_eq!(refused("m=audio 0 RTP/AVP 0\r\n"), NegotiationError::NoAudio);
    assert_eq!(refused("m=video 4000 RTP/AVP 96\r\n"), NegotiationError::NoAudio);
    assert_eq!(refused("m=audio 4000 RTP/SAVP 0\r\n"), NegotiationError::UnsupportedTransport);
    assert_eq!(refused("m=audio 4000 udp 0\r\n"), NegotiationError::UnsupportedTransport);
    assert_eq!(refused("m=audio 4000 TCP/RTP/AVP 0\r\n"), NegotiationError::UnsupportedTransport);
    assert_eq!(refused("m=audio 4000 RTP/AVP 18 9\r\n"), NegotiationError::NoCommonCodec);
    let first = refused("m=audio 4000 RTP/AVP 18\r\nm=audio 4002 udp 0\r\n");
    assert_eq!(first, NegotiationError::NoCommonCodec, "the reason of the first");
    for (place, expected) in [
        ("IN IP4 phone.example.com", NegotiationError::HostName),
        ("IN IP6 phone.example.com", NegotiationError::HostName),
        ("in ip4 localhost", NegotiationError::HostName),
        ("IN IP4 239.1.2.3/127", NegotiationError::UnusableAddress),
        ("IN IP6 FF15::101/3", NegotiationError::UnusableAddress),
        ("IN IP6 ::ffff:239.1.2.3", NegotiationError::UnusableAddress),
        ("IN IP4 255.255.255.255", NegotiationError::UnusableAddress),
        ("IN IP6 198.51.100.5", NegotiationError::UnusableAddress),
        ("IN IP4 198.51.100.500", NegotiationError::UnusableAddress),
        ("IN IP6 fe80::1%eth0", NegotiationError::UnusableAddress),
        ("ATM NSAP 47.0091.8100", NegotiationError::UnusableAddress),
        ("IN", NegotiationError::UnusableAddress),
    ] {
        assert_eq!(refused(&format!("{AUDIO}c={place}\r\n")), expected, "{place}");
    }
    assert_eq!(answered(&format!("v=0\r\n{AUDIO}")).unwrap_err(), NegotiationError::NoAddress);
}

#[test]
fn faults_lead_to_their_status() {
    assert_eq!((SdpError::NotVersionZero.fault(), SdpError::TooLong.status()), (Fault::Misbehaved, 400));
    assert_eq!(
        (NegotiationError::NoAddress.fault(), NegotiationError::NoAddress.status()),
        (Fault::Misbehaved, 400)
    );
    for error in [
        NegotiationError::NoAudio,
        NegotiationError::UnsupportedTransport,
        NegotiationError::EncryptionRequired,
        NegotiationError::NoCommonSuite,
        NegotiationError::NoCommonCodec,
        NegotiationError::HostName,
        NegotiationError::UnusableAddress,
    ] {
        assert_eq!((error.fault(), error.status()), (Fault::Incompatible, 488), "{error}");
    }
}

#[test]
fn an_answer_may_refuse_or_miss_the_point() {
    assert_eq!(accepted("m=audio 0 RTP/AVP 0\r\n"), Err(NegotiationError::NoAudio));
    assert_eq!(accepted(""), Err(NegotiationError::NoAudio));
    assert_eq!(accepted("m=video 4000 RTP/AVP 0\r\n"), Err(NegotiationError::NoAudio));
    assert_eq!(accepted("m=audio 4000 RTP/SAVP 0\r\n"), Err(NegotiationError::UnsupportedTransport));
    assert_eq!(accepted("m=audio 4000 RTP/AVP 18\r\n"), Err(NegotiationError::NoCommonCodec));
    assert_eq!(accepted(&format!("{AUDIO}c=IN IP4 a.example\r\n")), Err(NegotiationError::HostName));
    assert!(accepted(&format!("{AUDIO}m=audio 4002 RTP/AVP 0\r\n")).is_ok(), "one stream too many");
}

#[test]
fn the_answer_repeats_the_time_of_the_offer() {
    let text = "v=0\r\nc=IN IP4 198.51.100.5\r\nt=2873397496 2873404696\r\nm=audio 4000 RTP/AVP 0\r\n";
    assert!(answered(text).unwrap().0.contains("\r\nt=2873397496 2873404696\r\n"));
}

#[test]
fn the_address_of_a_stream_wins_over_that_of_the_session() {
    let text = format!("m=video 5000 RTP/AVP 96\r\nc=IN IP4 a.example\r\n{AUDIO}c=IN IP6 2001:db8::7\r\n");
    assert_eq!(agreed(&text).remote, "[2001:db8::7]:4000".parse().unwrap());
    let mapped = format!("{AUDIO}c=IN IP6 ::ffff:198.51.100.9\r\n");
    assert_eq!(agreed(&mapped).remote, "198.51.100.9:4000".parse().unwrap());
}

#[test]
fn of_several_addresses_the_first_is_kept() {
    let session = read(&with_media(&format!(
        "c=IN IP4 198.51.100.6\r\n{AUDIO}c=IN IP4 198.51.100.7\r\nc=IN IP4 198.51.100.8\r\n"
    )));
    let address = |text: &str| Some(Connection::Address(text.parse().unwrap()));
    assert_eq!(session.connection, address("198.51.100.5"));
    assert_eq!(session.media[0].connection, address("198.51.100.7"));
}

#[test]
fn case_matters_where_the_standard_says_so() {
    // Types of lines and names of attributes have one case; encodings, transports and networks any (RFC 8866 §5).
    let offer = "v=0\r\nc=in ip4 198.51.100.5\r\nA=inactive\r\nM=video 1 RTP/AVP 0\r\nm=Audio 4000 rtp/Avp 97\r\n\
                 a=rtpmap:97 pCmU/8000\r\na=PTIME:40\r\na=Inactive\r\n";
    let (text, negotiated) = answered(offer).unwrap();
    assert_eq!(
        (negotiated.codec, negotiated.ptime_ms, negotiated.direction.name()),
        (Codec::Pcmu, 20, "sendrecv")
    );
    assert!(text.contains("m=audio 20000 RTP/AVP 97\r\n"), "{text}");
}

#[test]
fn lines_of_no_use_are_ignored() {
    let text = "v=0\r\no=- 1 1 IN IP4 198.51.100.5\r\ns= \r\ni=talk\r\nu=http://example.com\r\ne=a@example.com\r\n\
                p=+1 617 555 6011\r\nc=IN IP4 198.51.100.5\r\nb=CT:64\r\nt=0 0\r\nr=7d 1h 0 25h\r\nz=0 0\r\nk=prompt\r\n\
                a=recvonly2\r\na=group:LS a\r\nm=audio 4000 RTP/AVP 0\r\ni=voice\r\nb=AS:64\r\nk=clear:x\r\na=label:a\r\n\
                a=unheard-of:x\r\na=silenceSupp:off - - - -\r\n";
    let session = read(text);
    assert_eq!(session.print().lines().filter(|line| line.starts_with("a=")).count(), 0);
    assert_eq!(answered(text).unwrap().1.codec, Codec::Pcmu);
    assert_eq!(read(&text.replace("\r\n", "\n")), session, "either end of line will do");
}

#[test]
fn limits_are_enforced() {
    let long = format!("v=0\r\ni={}", "x".repeat(BYTES_MAX));
    assert_eq!(parse(long.as_bytes()), Err(SdpError::TooLong));
    let lines = format!("v=0\n{}", "a\n".repeat(LINES_MAX));
    assert_eq!(parse(lines.as_bytes()), Err(SdpError::TooManyLines));
    let media = format!("v=0\n{}", "m=audio 1 RTP/AVP 0\n".repeat(MEDIA_MAX + 1));
    assert_eq!(parse(media.as_bytes()), Err(SdpError::TooManyMedia { line: 18 }));
    let formats = |count| format!("v=0\nm=audio 1 RTP/AVP{}\n", " 0".repeat(count));
    assert_eq!(parse(formats(FORMATS_MAX + 1).as_bytes()), Err(SdpError::TooManyFormats { line: 2 }));
    assert!(parse(formats(FORMATS_MAX).as_bytes()).is_ok());
    let key = format!("a=crypto:1 AEAD_AES_128_GCM inline:{}\n", "A".repeat(38));
    let keys = |count| format!("v=0\nm=audio 1 RTP/SAVP 0\n{}", key.repeat(count));
    assert_eq!(parse(keys(CRYPTO_MAX).as_bytes()).unwrap().media[0].crypto.len(), CRYPTO_MAX);
    assert_eq!(parse(keys(CRYPTO_MAX + 1).as_bytes()), Err(SdpError::TooManyKeys { line: 19 }));
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
    let careless = "\r\nv=0\r\nnonsense\r\n=\r\nx=\r\nc=IN IP4 198.51.100.5\r\na=rtpmap:x\r\na=\r\nm=AUDIO 4000/2 rtp/avp  0\r\na=rtpmap:300 PCMU/8000\r\na=rtpmap:0\r\na=fmtp:0\r\na=fmtp:300 x\r\na=rtcp:x\r\na=crypto:x\r\n";
    assert_eq!(answered(careless).unwrap().1.codec, Codec::Pcmu);
}

#[test]
fn the_user_of_an_origin_does_not_reach_logs() {
    let session = parse(b"v=0\r\no=alice 1 1 IN IP4 198.51.100.5\r\n").unwrap();
    assert!(!format!("{session:?}").contains("alice"));
}
