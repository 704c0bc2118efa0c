//! Who sends and who listens: every way to hold, and to come back (RFC 3264 §6.1, §8.4).

use hotline_sdp::Direction::{Inactive, ReceiveOnly, SendOnly, SendReceive};
use hotline_sdp::{Local, accept, answer, offer, parse};

use crate::{agreed, answered, local, read, with_media};

const AUDIO: &str = "m=audio 4000 RTP/AVP 0\r\n";

#[test]
fn every_form_of_hold_is_understood_and_mirrored() {
    let cases = [
        ("", SendReceive),
        ("a=sendrecv\r\n", SendReceive),
        ("a=sendonly\r\n", ReceiveOnly),
        ("a=recvonly\r\n", SendOnly),
        ("a=inactive\r\n", Inactive),
        ("c=IN IP4 0.0.0.0\r\n", ReceiveOnly),
        ("c=IN IP6 ::\r\n", ReceiveOnly),
        ("c=IN IP6 ::ffff:0.0.0.0\r\n", ReceiveOnly),
        ("c=IN IP4 0.0.0.0\r\na=sendonly\r\n", ReceiveOnly),
        ("c=IN IP4 0.0.0.0\r\na=inactive\r\n", Inactive),
        ("c=IN IP4 0.0.0.0\r\na=recvonly\r\n", Inactive),
        ("a=SendOnly\r\n", SendReceive),
    ];
    for (lines, expected) in cases {
        // The same said of the stream and of the whole session.
        let at_media = with_media(&format!("{AUDIO}{lines}"));
        let at_session = with_media("").replace("c=IN IP4 198.51.100.5\r\n", "") + lines + AUDIO;
        let at_session =
            if lines.contains("c=") { at_session } else { with_media(&format!("{lines}{AUDIO}")) };
        for text in [at_media, at_session] {
            let (answer, negotiated) = answered(&text).unwrap();
            assert_eq!(negotiated.direction, expected, "{text}");
            assert!(answer.ends_with(&format!("a={}\r\n", expected.name())), "{text}{answer}");
            assert_eq!(negotiated.remote.port(), 4000);
        }
    }
}

#[test]
fn what_is_said_of_the_stream_wins_over_the_session() {
    assert_eq!(agreed(&format!("a=sendonly\r\n{AUDIO}a=sendrecv\r\n")).direction, SendReceive);
    assert_eq!(agreed(&format!("a=sendrecv\r\n{AUDIO}a=inactive\r\n")).direction, Inactive);
    let held = with_media(&format!("{AUDIO}c=IN IP4 198.51.100.6\r\n"))
        .replace("c=IN IP4 198.51.100.5", "c=IN IP4 0.0.0.0");
    let negotiated = answered(&held).unwrap().1;
    assert_eq!(
        (negotiated.direction, negotiated.remote),
        (SendReceive, "198.51.100.6:4000".parse().unwrap())
    );
}

#[test]
fn what_we_hold_stays_on_hold() {
    let asked = read(&with_media(AUDIO));
    for direction in [SendOnly, Inactive, ReceiveOnly] {
        let holding = Local { direction, ..local() };
        assert_eq!(answer(&asked, &holding).unwrap().1.direction, direction);
    }
    let both_hold = read(&with_media(&format!("{AUDIO}a=sendonly\r\n")));
    let holding = Local { direction: SendOnly, ..local() };
    assert_eq!(answer(&both_hold, &holding).unwrap().1.direction, Inactive);
}

#[test]
fn a_peer_that_answers_hold_with_hold_is_silent_both_ways() {
    let holding = offer(&Local { direction: SendOnly, ..local() });
    let by = |attribute: &str| {
        let theirs = read(&with_media(&format!("{AUDIO}a={attribute}\r\n")));
        accept(&holding, &theirs).unwrap().direction
    };
    assert_eq!(by("recvonly"), SendOnly);
    assert_eq!(by("sendrecv"), SendOnly, "who is held does not send, whatever it says");
    assert_eq!(by("sendonly"), Inactive);
    assert_eq!(by("inactive"), Inactive);
}

#[test]
fn an_answer_without_an_address_holds_us() {
    let theirs = read(&with_media(&format!("{AUDIO}c=IN IP4 0.0.0.0\r\n")));
    assert_eq!(accept(&offer(&local()), &theirs).unwrap().direction, ReceiveOnly);
}

#[test]
fn hold_and_resume_change_the_version_and_nothing_else_does() {
    let talk = read(&with_media(AUDIO));
    let hold = read(&with_media(&format!("{AUDIO}a=sendonly\r\n")));
    let mut previous = None;
    let mut versions = Vec::new();
    for asked in [&talk, &talk, &hold, &hold, &talk] {
        let (ours, _) = answer(asked, &Local { previous: previous.as_ref(), ..local() }).unwrap();
        versions.push(ours.version().unwrap());
        previous = parse(ours.print().as_bytes()).ok();
    }
    assert_eq!(versions, [1, 1, 2, 2, 3]);
}

#[test]
fn our_hold_and_resume_are_new_versions_of_the_same_offer() {
    let first = offer(&local());
    let refreshed = offer(&Local { previous: Some(&first), ..local() });
    assert_eq!(refreshed, first, "RFC 3264 §8: the same version says the same");
    let hold = offer(&Local { previous: Some(&first), direction: SendOnly, ..local() });
    assert_eq!(hold.print(), first.print().replace("o=- 7 1", "o=- 7 2").replace("sendrecv", "sendonly"));
    let resumed = offer(&Local { previous: Some(&hold), ..local() });
    assert_eq!(resumed.print(), first.print().replace("o=- 7 1", "o=- 7 3"));
}
