//! The examples of RFC 4317 that have audio in them. Names of hosts are written as addresses, and iLBC, which is
//! not spoken here, as PCMA with the same payload type.

use hotline_sdp::{Codec, Direction, Local, NegotiationError, Session, accept, answer, offer};

use crate::{lines, read};

const ALICE: &str = "198.51.100.1";
const BOB: &str = "203.0.113.2";

fn alice() -> Local<'static> {
    Local::new(ALICE.parse().expect("an address"), 49170, 2890844526, &[Codec::Pcmu, Codec::Pcma])
}

fn bob() -> Local<'static> {
    Local::new(BOB.parse().expect("an address"), 49172, 2808844564, &[Codec::Pcmu, Codec::Pcma])
}

/// What one of the two says, with the version of `o=` beyond the first.
fn says(address: &str, version: u32, media: &str) -> Session {
    let media = media.replace('\n', "\r\n");
    read(&format!("v=0\r\no=- 1 {version} IN IP4 {address}\r\ns= \r\nc=IN IP4 {address}\r\nt=0 0\r\n{media}"))
}

fn media(session: &Session) -> Vec<String> {
    lines(&session.print(), "m=").into_iter().map(str::to_owned).collect()
}

const AUDIO_AND_VIDEO: &str = "m=audio 49170 RTP/AVP 0 8 97\na=rtpmap:0 PCMU/8000\na=rtpmap:8 PCMA/8000\n\
    a=rtpmap:97 iLBC/8000\nm=video 51372 RTP/AVP 31 32\na=rtpmap:31 H261/90000\na=rtpmap:32 MPV/90000\n";

/// §2.1, as Bob: one codec is taken. We have no video.
#[test]
fn audio_and_video_1() {
    let (ours, negotiated) = answer(&says(ALICE, 0, AUDIO_AND_VIDEO), &bob()).unwrap();
    assert_eq!(media(&ours), ["m=audio 49172 RTP/AVP 0", "m=video 0 RTP/AVP 31 32"]);
    assert_eq!(negotiated.remote, format!("{ALICE}:49170").parse().unwrap());
}

/// §2.2: the answer has two codecs, and the second offer settles on one. As Alice we use the first of the answer;
/// as Bob the declined video stays in the second exchange with port 0.
#[test]
fn audio_and_video_2() {
    let answered = says(
        BOB,
        0,
        "m=audio 49172 RTP/AVP 0 8\na=rtpmap:0 PCMU/8000\na=rtpmap:8 PCMA/8000\nm=video 0 RTP/AVP 31\n",
    );
    assert_eq!(accept(&says(ALICE, 0, AUDIO_AND_VIDEO), &answered).unwrap().codec, Codec::Pcmu);

    let (first, _) = answer(&says(ALICE, 0, AUDIO_AND_VIDEO), &bob()).unwrap();
    let second_offer = says(
        ALICE,
        1,
        "m=audio 51372 RTP/AVP 0\na=rtpmap:0 PCMU/8000\nm=video 0 RTP/AVP 31\na=rtpmap:31 H261/90000\n",
    );
    let (second, negotiated) = answer(&second_offer, &Local { previous: Some(&first), ..bob() }).unwrap();
    assert_eq!(media(&second), ["m=audio 49172 RTP/AVP 0", "m=video 0 RTP/AVP 31"]);
    assert_eq!(negotiated.remote.port(), 51372);
}

/// §2.3, as Alice: the answer may give a codec another number than the offer.
#[test]
fn audio_and_video_3() {
    let ours = says(ALICE, 0, "m=audio 49170 RTP/AVP 0 97\na=rtpmap:0 PCMU/8000\na=rtpmap:97 PCMA/8000\n");
    let theirs = says(BOB, 0, "m=audio 49172 RTP/AVP 99\na=rtpmap:99 PCMA/8000\n");
    let negotiated = accept(&ours, &theirs).unwrap();
    assert_eq!(negotiated.codec, Codec::Pcma);
    assert_eq!((negotiated.payload_type_send, negotiated.payload_type_receive), (99, 97));
}

const AUDIO_AND_TONES: &str = "m=audio 49170 RTP/AVP 0 97\na=rtpmap:0 PCMU/8000\na=rtpmap:97 iLBC/8000\n\
    m=audio 49172 RTP/AVP 98\na=rtpmap:98 telephone-event/8000\na=sendonly\n";

/// §2.4 and §3.2, as Bob: a stream of its own for tones is declined; the voice is held and comes back.
#[test]
fn two_audio_streams_and_hold_with_two_streams() {
    let (ours, negotiated) = answer(&says(ALICE, 0, AUDIO_AND_TONES), &bob()).unwrap();
    assert_eq!(media(&ours), ["m=audio 49172 RTP/AVP 0", "m=audio 0 RTP/AVP 98"]);
    assert_eq!((negotiated.direction, negotiated.telephone_event_send), (Direction::SendReceive, None));

    let hold = offer(&Local { previous: Some(&ours), direction: Direction::SendOnly, ..bob() });
    assert_eq!(media(&hold), ["m=audio 49172 RTP/AVP 0 8 101", "m=audio 0 RTP/AVP 98"]);
    // Alice answers with her first description, tones and all.
    let held = says(ALICE, 1, AUDIO_AND_TONES);
    assert_eq!(accept(&hold, &held).unwrap().direction, Direction::SendOnly);
}

/// §2.5, as Alice: Bob moves, and she has nothing new to say: the version stays.
#[test]
fn audio_and_video_4() {
    let ours = offer(&alice());
    let moved = says("203.0.113.3", 1, "m=audio 49178 RTP/AVP 0 8 101\na=rtpmap:101 telephone-event/8000\n");
    let first = answer(&moved, &Local { previous: Some(&ours), ..alice() }).unwrap().0;
    let (second, negotiated) = answer(&moved, &Local { previous: Some(&first), ..alice() }).unwrap();
    assert_eq!(second, first);
    assert_eq!(negotiated.remote, "203.0.113.3:49178".parse().unwrap());
}

/// §2.6, as Bob: the first stream has no codec of ours, the second has.
#[test]
fn audio_only_1() {
    let offered = says(
        ALICE,
        0,
        "m=audio 49170 RTP/AVP 97\na=rtpmap:97 iLBC/8000\nm=audio 51372 RTP/AVP 0 101\na=rtpmap:0 PCMU/8000\na=rtpmap:101 telephone-event/8000\n",
    );
    let (ours, negotiated) = answer(&offered, &bob()).unwrap();
    assert_eq!(media(&ours), ["m=audio 0 RTP/AVP 97", "m=audio 49172 RTP/AVP 0 101"]);
    assert_eq!((negotiated.remote.port(), negotiated.telephone_event_send), (51372, Some(101)));
}

/// §2.8, as Alice: the address of another stream does not matter to audio.
#[test]
fn audio_and_video_6() {
    let theirs = says(
        BOB,
        0,
        "m=audio 49174 RTP/AVP 0\na=rtpmap:0 PCMU/8000\nm=video 49172 RTP/AVP 32\nc=IN IP4 otherhost.biloxi.example.com\na=rtpmap:32 MPV/90000\n",
    );
    let negotiated = accept(&says(ALICE, 0, AUDIO_AND_VIDEO), &theirs).unwrap();
    assert_eq!(negotiated.remote, format!("{BOB}:49174").parse().unwrap());
}

/// §3.1, as Alice: Bob answers with hold and takes it back in an offer of his own.
#[test]
fn hold_and_unhold_1() {
    let ours = offer(&alice());
    let holding = says(BOB, 0, "m=audio 49172 RTP/AVP 97\na=rtpmap:97 PCMA/8000\na=sendonly\n");
    let negotiated = accept(&ours, &holding).unwrap();
    assert_eq!((negotiated.direction, negotiated.payload_type_send), (Direction::ReceiveOnly, 97));

    let unhold = says(BOB, 1, "m=audio 49170 RTP/AVP 97\na=rtpmap:97 PCMA/8000\n");
    let within = Local { previous: Some(&ours), port: 49178, rtcp_port: 49179, ..alice() };
    let (ours, negotiated) = answer(&unhold, &within).unwrap();
    assert_eq!((ours.version(), negotiated.direction), (Some(2), Direction::SendReceive));
    // We offered PCMA as 8, so 8 it stays for what we receive.
    assert_eq!(media(&ours), ["m=audio 49178 RTP/AVP 8"]);
    assert_eq!((negotiated.payload_type_send, negotiated.payload_type_receive), (97, 8));
}

/// §4.1, as Alice: a media server of Bob's offers to take tones; we send them with the voice or not at all.
#[test]
fn second_audio_stream_added() {
    let first = offer(&alice());
    let added = says(
        BOB,
        1,
        "m=audio 49170 RTP/AVP 0\na=rtpmap:0 PCMU/8000\nm=audio 48282 RTP/AVP 98\nc=IN IP4 203.0.113.9\na=rtpmap:98 telephone-event/8000\na=recvonly\n",
    );
    let (ours, negotiated) = answer(&added, &Local { previous: Some(&first), ..alice() }).unwrap();
    assert_eq!(media(&ours), ["m=audio 49170 RTP/AVP 0", "m=audio 0 RTP/AVP 98"]);
    assert_eq!(negotiated.remote, format!("{BOB}:49170").parse().unwrap());
}

/// §4.2 and §4.3, as the one who is asked: video comes and goes, and audio does not notice.
#[test]
fn video_is_added_and_deleted() {
    let audio = "m=audio 49170 RTP/AVP 0\na=rtpmap:0 PCMU/8000\n";
    let (first, _) = answer(&says(ALICE, 0, audio), &bob()).unwrap();
    let with_video = format!("{audio}m=video 49172 RTP/AVP 31\na=rtpmap:31 H261/90000\n");
    let (second, negotiated) =
        answer(&says(ALICE, 1, &with_video), &Local { previous: Some(&first), ..bob() }).unwrap();
    assert_eq!(media(&second), ["m=audio 49172 RTP/AVP 0", "m=video 0 RTP/AVP 31"]);
    let without = with_video.replace("video 49172", "video 0");
    let (third, same) =
        answer(&says(ALICE, 2, &without), &Local { previous: Some(&second), ..bob() }).unwrap();
    assert_eq!((third, same), (second, negotiated));
}

/// §5.1, as Bob: an offer without media is the one example that we do otherwise. A call center has nothing to say
/// without audio.
#[test]
fn no_media() {
    assert_eq!(answer(&says(ALICE, 0, ""), &bob()), Err(NegotiationError::NoAudio));
}

/// §5.2, as Bob, and §5.3, as Alice: a black hole, then a place.
#[test]
fn hold_and_unhold_2_and_3() {
    let hole = "m=audio 23442 RTP/AVP 97\nc=IN IP4 0.0.0.0\na=rtpmap:97 PCMA/8000\n";
    let (first, negotiated) = answer(&says(ALICE, 0, hole), &bob()).unwrap();
    assert_eq!(
        (negotiated.direction, media(&first)),
        (Direction::ReceiveOnly, vec!["m=audio 49172 RTP/AVP 97".to_owned()])
    );
    let place = "m=audio 49170 RTP/AVP 97\na=rtpmap:97 PCMA/8000\n";
    let (_, negotiated) = answer(&says(ALICE, 1, place), &Local { previous: Some(&first), ..bob() }).unwrap();
    assert_eq!((negotiated.direction, negotiated.remote.port()), (Direction::SendReceive, 49170));

    let ours = offer(&alice());
    assert_eq!(accept(&ours, &says(BOB, 0, hole)).unwrap().direction, Direction::ReceiveOnly);
    let (_, negotiated) = answer(&says(BOB, 1, place), &Local { previous: Some(&ours), ..alice() }).unwrap();
    assert_eq!(negotiated.direction, Direction::SendReceive);
}
