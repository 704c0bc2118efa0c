//! Encrypted packets. An input is the number of a suite, then what a stranger sends.

use hotline_srtp::{MasterKey, OVERHEAD_MAX, PeerKey, Receiver, Refusal, Sender, Suite};

const SUITES: [Suite; 6] = [
    Suite::AesCm128HmacSha1Tag80,
    Suite::AesCm128HmacSha1Tag32,
    Suite::AesCm256HmacSha1Tag80,
    Suite::AesCm256HmacSha1Tag32,
    Suite::AeadAes128Gcm,
    Suite::AeadAes256Gcm,
];

/// A stranger's packet is never opened. The same, protected as RTP and as RTCP, is opened once and is what it was; changed in one bit it is not.
pub fn srtp(input: &[u8]) {
    let Some((&number, packet)) = input.split_first() else { return };
    let suite = SUITES[usize::from(number) % SUITES.len()];
    let key = MasterKey::new(suite, &[1; 32][..suite.key_len()], &[2; 14][..suite.salt_len()]);
    let key = key.expect("both have their lengths");
    let (mut sender, peer) = (Sender::new(&key), [PeerKey { key, mki: None }]);
    let mut receiver = Receiver::new(&peer).expect("one key");
    // A tag of 32 bits may be right by chance; nobody waits for one of 80.
    let is_long = !matches!(suite, Suite::AesCm128HmacSha1Tag32 | Suite::AesCm256HmacSha1Tag32);
    assert!(receiver.open_rtp(&mut packet.to_vec()).is_err() || !is_long);
    assert!(receiver.open_rtcp(&mut packet.to_vec()).is_err());
    let room = || [packet, &[0; OVERHEAD_MAX]].concat();
    let mut receiver = Receiver::new(&peer).expect("one key");
    let mut sealed = room();
    if let Some(length) = sender.protect_rtp(&mut sealed, packet.len()) {
        sealed.truncate(length);
        let mut changed = sealed.clone();
        let place = usize::from(number) % length;
        changed[place] ^= 1 << (number % 8);
        assert!(receiver.open_rtp(&mut changed).is_err() || !is_long);
        let mut opened = sealed.clone();
        assert_eq!(receiver.open_rtp(&mut opened), Ok(packet.len()));
        assert_eq!(opened[..packet.len()], *packet);
        assert_eq!(receiver.open_rtp(&mut sealed), Err(Refusal::Replayed));
    }
    let mut sealed = room();
    if let Some(length) = sender.protect_rtcp(&mut sealed, packet.len()) {
        sealed.truncate(length);
        assert_eq!(receiver.open_rtcp(&mut sealed), Ok(packet.len()));
        assert_eq!(sealed[..packet.len()], *packet);
    }
}
