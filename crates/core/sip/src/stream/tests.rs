//! Streams as phones, networks and attackers cut them.

use proptest::prelude::*;

use super::*;
use crate::Message;

const OPTIONS: &str = "OPTIONS sip:hotline SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.9;branch=z9hG4bKa\r\n\
    From: <sip:a@b>;tag=f\r\nTo: <sip:hotline>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n";

/// A message with these header lines at its end, and a body.
fn message(lines: &str, body: &str) -> String {
    format!("{OPTIONS}{lines}\r\n{body}")
}

fn drain(framer: &mut Framer) -> Result<Vec<Frame>, FramingError> {
    core::iter::from_fn(|| framer.poll_frame()).collect()
}

/// The frames of a stream, and whether something waits for its rest.
fn frames(stream: impl AsRef<[u8]>) -> (Vec<Frame>, bool) {
    let mut framer = Framer::default();
    framer.handle_bytes(stream.as_ref());
    (drain(&mut framer).unwrap(), !framer.is_between())
}

fn is(text: &str) -> Frame {
    Frame::Message(Bytes::copy_from_slice(text.as_bytes()))
}

/// How many bytes of a stream it takes to know that it is no good, and why.
fn fault(stream: impl AsRef<[u8]>) -> (usize, FramingError) {
    let mut framer = Framer::default();
    for (at, &byte) in stream.as_ref().iter().enumerate() {
        framer.handle_bytes(&[byte]);
        if let Some(Err(error)) = framer.poll_frame() {
            framer.handle_bytes(OPTIONS.as_bytes());
            assert_eq!(framer.poll_frame(), Some(Err(error)), "nothing follows");
            return (at + 1, error);
        }
    }
    panic!("nothing is wrong with {}", String::from_utf8_lossy(stream.as_ref()));
}

#[test]
fn messages_end_where_content_length_says_however_it_is_written() {
    for line in [
        "Content-Length: 5\r\n",
        "l: 5\r\n",
        "CONTENT-LENGTH:5\r\n",
        "L  :\t5\r\n",
        "Content-Length:\r\n 5\r\n",
        "Content-Length: 5 \r\n  \r\n",
        "Subject: Content-Length: 9\r\n of 8\r\nContent-Length: 005\r\n",
        "Content-Length: 5\r\nl: 5\r\n",
        "Content-Length: 5\n",
    ] {
        let text = message(line, "hello");
        let (found, waits) = frames(format!("{text}{text}"));
        assert!(found == [is(&text), is(&text)] && !waits, "{line:?}: {found:?}");
    }
}

#[test]
fn a_message_without_content_length_has_no_body() {
    let text = message("", "");
    assert_eq!(frames(format!("{text}{text}")), (vec![is(&text), is(&text)], false));
}

#[test]
fn the_body_that_is_cut_off_here_is_the_body_that_is_read() {
    let Frame::Message(bytes) = frames(message("l: 3\r\n", "abcd")).0.remove(0) else { panic!("no message") };
    assert_eq!(&Message::parse(bytes).unwrap().body()[..], b"abc");
}

#[test]
fn what_looks_like_a_message_inside_a_body_is_none() {
    let inner = message("Content-Length: 0\r\n", "");
    let text = message(&format!("Content-Length: {}\r\n", inner.len() + 4), &format!("\r\n\r\n{inner}"));
    assert_eq!(frames(&text), (vec![is(&text)], false));
}

#[test]
fn two_line_ends_between_messages_are_a_ping_and_one_is_nothing() {
    let text = message("", "");
    let (found, waits) = frames(format!("\r\n{text}\r\n\r\n\r\n{text}\r\n\r\n\r\n\r\n\r"));
    assert_eq!(found, [is(&text), Frame::Ping, is(&text), Frame::Ping, Frame::Ping]);
    assert!(!waits, "a line end waits for nothing");
    assert_eq!(frames("\n\n\r\r\n\n\r\n\r\n"), (vec![Frame::Ping], false));
}

#[test]
fn what_has_come_of_a_message_waits_for_its_rest() {
    for part in ["I", OPTIONS, &message("", "")[..OPTIONS.len() + 1], &message("l: 2\r\n", "x")] {
        assert_eq!(frames(part), (vec![], true), "{part}");
    }
}

#[test]
fn what_is_no_sip_is_known_by_its_first_bytes() {
    assert_eq!(fault(b"\x16\x03\x01\x02\x00\x01\x00"), (1, FramingError::NotSip));
    assert_eq!(fault("\r\n {json}"), (3, FramingError::NotSip));
    assert_eq!(fault("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), (16, FramingError::NotSip));
    assert_eq!(fault("SSH-2.0-OpenSSH_9.2\r\n"), (20, FramingError::NotSip));
    assert_eq!(fault("HTTP/1.1 400 Bad Request\r\n"), (5, FramingError::NotSip));
    assert_eq!(fault("A".repeat(1000)), (MAX_METHOD + 1, FramingError::NotSip));
    assert_eq!(fault(format!("{}\r\nv=0\r\n", message("", ""))), (OPTIONS.len() + 6, FramingError::NotSip));
}

#[test]
fn a_message_with_another_fault_than_its_length_is_passed_on_to_be_answered() {
    for text in [
        message("this is no header\r\n", ""),
        OPTIONS.replace("SIP/2.0\r\nVia", "SIP/7.0\r\nVia") + "\r\n",
        "SIP/2.0 200\r\n\r\n".to_owned(),
        "sip/2.0 200 OK\n\n".to_owned(),
    ] {
        assert_eq!(frames(&text), (vec![is(&text)], false), "{text}");
    }
}

#[test]
fn a_length_that_nobody_can_know_ends_the_stream() {
    for line in ["l: x", "l: -1", "l: +1", "l:", "l: 1 1", "l: 1, 1", "l: 1\r\nContent-Length: 2", "l: 0x1"] {
        let (_, error) = fault(message(&format!("{line}\r\n"), "12345678"));
        assert_eq!(error, FramingError::ContentLength, "{line}");
    }
}

#[test]
fn headers_are_taken_up_to_their_limit() {
    let filled = |size: usize| message(&format!("X: {}\r\n", "x".repeat(size - OPTIONS.len() - 7)), "");
    assert_eq!(frames(filled(MAX_HEAD_SIZE)).0[0], is(&filled(MAX_HEAD_SIZE)));
    assert_eq!(fault(filled(MAX_HEAD_SIZE + 1)), (MAX_HEAD_SIZE, FramingError::HeadTooLarge));
    let endless = OPTIONS.to_owned() + &"X: y\r\n".repeat(10_000);
    assert_eq!(fault(endless), (MAX_HEAD_SIZE, FramingError::HeadTooLarge));
}

#[test]
fn messages_are_taken_up_to_their_limit_and_refused_before_the_body_comes() {
    let head = |length: usize| message(&format!("l:{length}\r\n"), "");
    let most = MAX_MESSAGE_SIZE - head(10_000).len();
    let text = head(most) + &"x".repeat(most);
    assert_eq!((text.len(), frames(&text)), (MAX_MESSAGE_SIZE, (vec![is(&text)], false)));
    assert_eq!(fault(head(most + 1)), (head(most + 1).len(), FramingError::MessageTooLarge));
    assert_eq!(fault(head(4_294_967_296)).1, FramingError::MessageTooLarge);
    assert_eq!(fault(message("l: 99999999999999999999\r\n", "")).1, FramingError::MessageTooLarge);
}

fn pieces() -> impl Strategy<Value = Vec<(String, Frame)>> {
    let length = prop_oneof![Just("Content-Length"), Just("l"), Just("cOnTeNt-LeNgTh \t")];
    let fold = prop_oneof![Just(" "), Just(""), Just("\r\n "), Just("\t")];
    let line = "[A-Za-z-]{1,9}:[ -~]{0,20}(\r\n [ -~]{0,9})?\r\n";
    let is_other = |line: &String| !line.to_ascii_lowercase().starts_with("l:");
    let text = (line.prop_filter("another header", is_other), length, fold, "[\r\n -~]{0,90}").prop_map(
        |(line, name, fold, body)| {
            let text = message(&format!("{line}{name}:{fold}{}\r\n{line}", body.len()), &body);
            (text.clone(), is(&text))
        },
    );
    let ping = Just((String::from_utf8_lossy(PING).into_owned(), Frame::Ping));
    prop::collection::vec(prop_oneof![3 => text, 1 => ping], 0..8)
}

proptest! {
    /// However a network cuts a row of messages, the same come out.
    #[test]
    fn the_pieces_of_a_stream_make_no_difference(
        pieces in pieces(),
        padding in "(\r\n)?",
        cuts in prop::collection::vec(1..400_usize, 1..40),
    ) {
        // A line end too many beside a ping would be half of another.
        let has_ping = pieces.iter().any(|(_, frame)| *frame == Frame::Ping);
        let padding = if has_ping { "" } else { &padding };
        let stream: String = pieces.iter().map(|(text, _)| format!("{text}{padding}")).collect();
        let expected: Vec<Frame> = pieces.into_iter().map(|(_, frame)| frame).collect();
        let (mut framer, mut found, mut rest) = (Framer::default(), Vec::new(), stream.as_bytes());
        for cut in cuts.into_iter().cycle() {
            let (piece, after) = rest.split_at(cut.min(rest.len()));
            framer.handle_bytes(piece);
            while let Some(frame) = framer.poll_frame() {
                found.push(frame.unwrap());
            }
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(&found, &expected);
        prop_assert!(framer.is_between());
    }

    /// Whatever comes, it ends the same way byte by byte as at once, and no more is held than one message.
    #[test]
    fn noise_is_the_same_byte_by_byte(noise in "(OPTIONS sip:a SIP/2.0\r\n)?(l: ?[0-9x]{0,3}\r\n)?(\r\n|[ -~]|\u{fc}){0,60}") {
        let outcome = |step: usize| {
            let (mut framer, mut found) = (Framer::default(), Vec::new());
            for piece in noise.as_bytes().chunks(step) {
                framer.handle_bytes(piece);
                while let Some(frame) = framer.poll_frame() {
                    let is_broken = frame.is_err();
                    found.push(frame);
                    if is_broken {
                        return (found, true);
                    }
                }
            }
            (found, framer.is_between())
        };
        prop_assert_eq!(outcome(1), outcome(noise.len().max(1)));
    }
}
