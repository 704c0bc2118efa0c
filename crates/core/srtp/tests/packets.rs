//! What one side protects, the other opens; nothing else.

use hotline_srtp::{MasterKey, Mki, OVERHEAD_MAX, PeerKey, Receiver, Refusal, STREAMS_MAX, Sender, Suite};
use proptest::prelude::*;

const SUITES: [Suite; 6] = [
    Suite::AesCm128HmacSha1Tag80,
    Suite::AesCm128HmacSha1Tag32,
    Suite::AesCm256HmacSha1Tag80,
    Suite::AesCm256HmacSha1Tag32,
    Suite::AeadAes128Gcm,
    Suite::AeadAes256Gcm,
];

fn key(suite: Suite, byte: u8) -> MasterKey {
    MasterKey::new(suite, &[byte; 32][..suite.key_len()], &[byte ^ 0x55; 14][..suite.salt_len()])
        .expect("both have their lengths")
}

fn pair(suite: Suite) -> (Sender, Receiver) {
    let key = key(suite, 7);
    (Sender::new(&key), Receiver::new(&[PeerKey { key, mki: None }]).expect("one key"))
}

fn rtp(ssrc: u32, sequence: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, 0];
    packet.extend(sequence.to_be_bytes());
    packet.extend([0; 4]);
    packet.extend(ssrc.to_be_bytes());
    packet.extend(payload);
    packet
}

fn rtcp(ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x81, 201, 0, 7];
    packet.extend(ssrc.to_be_bytes());
    packet.extend([9; 24]);
    packet
}

fn sealed(packet: &[u8], seal: impl FnOnce(&mut [u8], usize) -> Option<usize>) -> Vec<u8> {
    let mut buffer = packet.to_vec();
    buffer.resize(packet.len() + OVERHEAD_MAX, 0);
    let length = seal(&mut buffer, packet.len()).expect("it is a packet");
    buffer.truncate(length);
    buffer
}

#[test]
fn what_one_side_protects_the_other_opens_past_the_end_of_the_numbers() {
    for suite in SUITES {
        let (mut sender, mut receiver) = pair(suite);
        let around_ends =
            (0xFFF0_u32..0x1_0010).chain((0x1_0010..0x1_FFF0).step_by(0x1FF0)).chain(0x1_FFF0..0x2_0010);
        for index in around_ends {
            let packet = rtp(1, index as u16, &index.to_be_bytes());
            let mut sent = sealed(&packet, |buffer, length| sender.protect_rtp(buffer, length));
            assert_ne!(sent[12..16], packet[12..16], "{suite:?}: in clear");
            let length = receiver.open_rtp(&mut sent).unwrap();
            assert_eq!(sent[..length], packet, "{suite:?}");
        }
        for _ in 0..3 {
            let packet = rtcp(1);
            let mut sent = sealed(&packet, |buffer, length| sender.protect_rtcp(buffer, length));
            assert_ne!(sent[8..32], packet[8..32], "{suite:?}: in clear");
            let length = receiver.open_rtcp(&mut sent).unwrap();
            assert_eq!(sent[..length], packet, "{suite:?}");
        }
    }
}

#[test]
fn a_packet_is_taken_once_and_in_any_order() {
    for suite in SUITES {
        let (mut sender, mut receiver) = pair(suite);
        let mut sent: Vec<Vec<u8>> = (0..10)
            .map(|sequence| {
                sealed(&rtp(1, sequence, &[1; 160]), |buffer, length| sender.protect_rtp(buffer, length))
            })
            .collect();
        let again = sent.clone();
        sent.swap(3, 7);
        for mut packet in sent {
            assert_eq!(receiver.open_rtp(&mut packet), Ok(172));
        }
        for mut packet in again {
            assert_eq!(receiver.open_rtp(&mut packet), Err(Refusal::Replayed));
        }
        let report = sealed(&rtcp(1), |buffer, length| sender.protect_rtcp(buffer, length));
        assert_eq!(receiver.open_rtcp(&mut report.clone()), Ok(32));
        assert_eq!(receiver.open_rtcp(&mut report.clone()), Err(Refusal::Replayed));
    }
}

#[test]
fn a_number_is_never_used_twice_and_streams_are_bounded() {
    let (mut sender, _) = pair(Suite::AeadAes128Gcm);
    let mut buffer = [0; 64];
    let mut send = |ssrc: u32, sequence: u16| {
        buffer[..16].copy_from_slice(&rtp(ssrc, sequence, &[0; 4]));
        sender.protect_rtp(&mut buffer, 16)
    };
    assert_eq!((send(1, 5), send(1, 5)), (Some(32), None));
    for ssrc in 2..=STREAMS_MAX as u32 {
        assert!(send(ssrc, 5).is_some());
    }
    assert_eq!(send(99, 5), None);
    assert!(send(1, 6).is_some());
}

#[test]
fn a_key_is_found_by_its_name() {
    for suite in [Suite::AesCm128HmacSha1Tag80, Suite::AeadAes128Gcm] {
        let named = |byte| PeerKey { key: key(suite, byte), mki: Some(Mki { value: byte.into(), bytes: 2 }) };
        let mut receiver = Receiver::new(&[named(1), named(2)]).unwrap();
        let mut sender = Sender::new(&key(suite, 2));
        let mut sent = sealed(&rtp(1, 1, b"hello"), |buffer, length| sender.protect_rtp(buffer, length));
        let name_at = if suite == Suite::AeadAes128Gcm { sent.len() } else { sent.len() - 10 };
        let mut unknown = sent.clone();
        sent.splice(name_at..name_at, [0, 2]);
        unknown.splice(name_at..name_at, [0, 3]);
        assert_eq!(receiver.open_rtp(&mut unknown), Err(Refusal::UnknownKey));
        assert_eq!(receiver.open_rtp(&mut sent), Ok(17));
        assert_eq!(sent[12..17], *b"hello");
        let mut report = sealed(&rtcp(1), |buffer, length| sender.protect_rtcp(buffer, length));
        let name_at = if suite == Suite::AeadAes128Gcm { report.len() } else { report.len() - 10 };
        report.splice(name_at..name_at, [0, 2]);
        assert_eq!(receiver.open_rtcp(&mut report), Ok(32));
    }
    let mixed = SUITES.map(|suite| PeerKey { key: key(suite, 1), mki: None });
    assert!(Receiver::new(&mixed).is_none() && Receiver::new(&[]).is_none());
}

proptest! {
    #[test]
    fn a_changed_packet_is_refused(suite in 0_usize..6, at in 0_usize..188, bit in 0_u8..8, is_report: bool) {
        let (mut sender, mut receiver) = pair(SUITES[suite]);
        let mut sent = if is_report {
            sealed(&rtcp(1), |buffer, length| sender.protect_rtcp(buffer, length))
        } else {
            sealed(&rtp(1, 1, &[7; 160]), |buffer, length| sender.protect_rtp(buffer, length))
        };
        let at = at % sent.len();
        sent[at] ^= 1 << bit;
        let opened = if is_report { receiver.open_rtcp(&mut sent) } else { receiver.open_rtp(&mut sent) };
        prop_assert!(opened.is_err());
    }

    #[test]
    fn nothing_that_a_stranger_sends_is_opened_or_panics(suite in 0_usize..6, mut packet: Vec<u8>) {
        let (_, mut receiver) = pair(SUITES[suite]);
        prop_assert!(receiver.open_rtp(&mut packet.clone()).is_err());
        prop_assert!(receiver.open_rtcp(&mut packet).is_err());
    }
}
