//! What strangers send to the port of a browser's leg. An input is a row of datagrams: a byte that says from where, two with the
//! length, then the datagram. The first of each row comes after the browser's own check, so that the rest gets beyond it.

use std::net::SocketAddr;
use std::sync::LazyLock;

use hmac::{Hmac, KeyInit as _, Mac as _};
use hotline_base::Pii;
use hotline_media::{Dtls, Fingerprint, Hash};
use hotline_media_rt::{Entrance, Identity, Passed, Terms};
use is::stun::{StunMessage, StunMessageBuilder, TransId};
use sha1::Sha1;

const PASSWORD: &str = "0123456789abcdefghijklmn";
/// Where the browser is, and a stranger.
const SOURCES: [([u8; 4], u16); 2] = [([192, 0, 2, 7], 50_000), ([198, 51, 100, 9], 50_001)];
/// Datagrams of one input.
const DATAGRAMS_MAX: usize = 64;

static TERMS: LazyLock<Terms> = LazyLock::new(|| {
    let identity = Identity::generate().expect("random numbers");
    Terms::of(&identity).expect("a good certificate")
});

/// Nobody without the browser's certificate gets audio through, a stranger gets no answer, and nothing panics.
pub fn browser(input: &[u8]) {
    for is_client in [false, true] {
        let agreed = Dtls {
            ufrag: "ours".to_owned(),
            password: Pii::from(PASSWORD),
            peer_ufrag: "theirs".to_owned(),
            fingerprints: vec![Fingerprint { hash: Hash::Sha256, value: vec![0; 32] }],
            is_client,
        };
        let mut entrance = Entrance::new(&TERMS, &agreed).expect("a leg");
        let passed = entrance.take(&mut check(), SOURCES[0].into());
        assert_eq!(passed, Passed::Answered, "the browser itself is answered");
        let mut rest = input;
        for _ in 0..DATAGRAMS_MAX {
            let Some(([from, high, low], after)) = rest.split_first_chunk() else { break };
            let length = usize::from(u16::from_be_bytes([*high, *low])).min(after.len());
            let (datagram, after) = after.split_at(length);
            rest = after;
            let source: SocketAddr = SOURCES[usize::from(*from) % SOURCES.len()].into();
            let passed = entrance.take(&mut datagram.to_vec(), source);
            // A check that is repeated word by word is authentic, whoever repeats it; no mutation makes another one so.
            assert_ne!(passed, Passed::Audio, "audio without a handshake");
            let is_check =
                StunMessage::parse(datagram).is_ok_and(|check| check.verify(PASSWORD.as_bytes(), code));
            assert!(passed != Passed::Answered || is_check, "an answer to who does not know the password");
            assert!(
                is_check || !entrance.lets_in(datagram),
                "a connection of who does not know the password"
            );
        }
        by_tcp(input, &mut Entrance::new(&TERMS, &agreed).expect("a leg"));
    }
}

/// The same bytes as a stream behind the browser's own check, cut in pieces.
fn by_tcp(input: &[u8], entrance: &mut Entrance) {
    let check = check();
    assert!(entrance.lets_in(&check), "the browser itself is let in");
    let length = u16::try_from(check.len()).expect("a short one").to_be_bytes();
    let stream = [&length[..], &check, input].concat();
    let (mut answers, mut authentic) = (0, 0);
    let piece = usize::from(input.first().copied().unwrap_or_default()) * 7;
    entrance.take_stream(&stream, piece, SOURCES[0].into(), |packet, passed| {
        assert_ne!(passed, Passed::Audio, "audio without a handshake");
        answers += u32::from(passed == Passed::Answered);
        authentic +=
            u32::from(StunMessage::parse(packet).is_ok_and(|check| check.verify(PASSWORD.as_bytes(), code)));
    });
    assert!(answers >= 1 && answers <= authentic, "{answers} answers to {authentic} checks");
}

fn check() -> Vec<u8> {
    let check = StunMessageBuilder::new().binding().request().username("ours:theirs").prio(1).use_candidate();
    let check = check.ice_controlling(7).build(TransId::new());
    let mut bytes = vec![0; 256];
    let length = check.to_bytes(Some(PASSWORD.as_bytes()), &mut bytes, code).expect("room");
    bytes.truncate(length);
    bytes
}

fn code(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    let mut code = Hmac::<Sha1>::new_from_slice(key).expect("any key");
    parts.iter().for_each(|part| code.update(part));
    code.finalize().into_bytes().into()
}
