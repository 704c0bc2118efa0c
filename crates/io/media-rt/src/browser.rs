//! The socket of a browser's leg carries three things (RFC 7983): checks, which are answered at once; handshakes, which are
//! made elsewhere; and encrypted audio, once there are keys.

use std::net::SocketAddr;

use hotline_base::LegId;
use hotline_media::{ConnectFailure, Dtls, Srtp};
use hotline_srtp::OVERHEAD_MAX;

use crate::desk::{Counter, Name, Ticket};
use crate::guard::Guard;
use crate::ice::{ANSWER_MAX, Responder};
use crate::thread::DATAGRAM_MAX;

/// The most datagrams of one handshake, repetitions and what comes after it included: a peer that sends more wants something else.
const HANDSHAKE_DATAGRAMS_MAX: u16 = 256;

/// What keeps a browser's leg.
pub(crate) struct BrowserGuard {
    agreed: Dtls,
    ice: Responder,
    handshake: Ticket,
    datagrams: u16,
    /// From the end of the handshake on.
    srtp: Option<Guard>,
}

/// What came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Came {
    /// A check; so much of an answer goes back.
    Check(usize),
    /// A part of the handshake, or nothing.
    Nothing,
    /// Audio or a report, of that length in its place.
    Audio(usize),
    /// Nothing of our peer, or not encrypted as was agreed.
    Refused,
}

impl BrowserGuard {
    pub(crate) fn new(leg: LegId, agreed: &Dtls, counter: &mut Counter) -> Result<Self, ConnectFailure> {
        let handshake = counter.begin(leg, agreed)?;
        Ok(Self { agreed: agreed.clone(), ice: Responder::new(agreed), handshake, datagrams: 0, srtp: None })
    }

    /// Goes on with what a new answer settled. Another certificate is another browser, or the page was loaded again: nothing is
    /// heard until it has proved who it is. With the same one only the names of checks change (RFC 8842 §5.5).
    pub(crate) fn renew(
        &mut self,
        leg: LegId,
        agreed: &Dtls,
        counter: &mut Counter,
    ) -> Result<(), ConnectFailure> {
        let is_same =
            agreed.fingerprints == self.agreed.fingerprints && agreed.is_client == self.agreed.is_client;
        if is_same {
            self.ice.renew(agreed);
            self.agreed = agreed.clone();
        } else {
            *self = Self::new(leg, agreed, counter)?;
        }
        Ok(())
    }

    /// Takes what came, in its place; an answer goes into `room`.
    pub(crate) fn take(
        &mut self,
        packet: &mut [u8],
        source: SocketAddr,
        room: &mut [u8; ANSWER_MAX],
        counter: &Counter,
    ) -> Came {
        match packet.first() {
            Some(0..=3) => {
                let before = self.ice.selected();
                let Ok(length) = self.ice.answer(packet, source, room) else { return Came::Refused };
                if let Some(at) = self.ice.selected().filter(|at| before != Some(*at)) {
                    counter.reach(&self.handshake, at);
                }
                Came::Check(length)
            }
            Some(20..=63) if self.ice.knows(source) && self.datagrams < HANDSHAKE_DATAGRAMS_MAX => {
                self.datagrams += 1;
                counter.hand(&self.handshake, source, packet);
                Came::Nothing
            }
            Some(128..=191) if self.ice.knows(source) => {
                match self.srtp.as_mut().map(|guard| guard.open(packet)) {
                    Some(Ok(length)) => Came::Audio(length),
                    Some(Err(_)) | None => Came::Refused,
                }
            }
            _ => Came::Refused,
        }
    }

    /// Writes a packet of ours, encrypted, into `room`, and says where it goes; `None` while nobody is known to be there.
    pub(crate) fn protect<'a>(
        &mut self,
        packet: &[u8],
        room: &'a mut [u8; DATAGRAM_MAX + OVERHEAD_MAX],
    ) -> Option<(&'a [u8], SocketAddr)> {
        let to = self.ice.selected()?;
        Some((self.srtp.as_mut()?.protect(packet, room)?, to))
    }

    /// There is no way to that address any more.
    pub(crate) fn forget(&mut self, path: SocketAddr) {
        self.ice.forget(path);
    }

    /// Where packets of ours go.
    pub(crate) fn selected(&self) -> Option<SocketAddr> {
        self.ice.selected()
    }

    /// Whether a handshake is the one under way: a former one's end means nothing.
    pub(crate) fn is_about(&self, name: Name) -> bool {
        self.handshake.name == name
    }

    /// The handshake is complete: audio may come and go.
    pub(crate) fn open(&mut self, keys: &Srtp) {
        self.srtp = Some(Guard::new(keys));
    }
}

#[cfg(test)]
mod tests {
    use hotline_media::srtp::{MasterKey, PeerKey, Suite};

    use super::*;
    use crate::desk::by_hand;
    use crate::handshake::Terms;
    use crate::ice::tests::{PASSWORD, agreed, check};
    use crate::identity::Identity;

    const BROWSER: ([u8; 4], u16) = ([192, 0, 2, 7], 50_000);
    const STRANGER: ([u8; 4], u16) = ([198, 51, 100, 9], 50_000);

    fn keys(ours: u8, theirs: u8) -> Srtp {
        let key = |byte: u8| MasterKey::new(Suite::AeadAes128Gcm, &[byte; 16], &[byte; 12]).unwrap();
        Srtp { ours: key(ours), theirs: vec![PeerKey { key: key(theirs), mki: None }] }
    }

    fn rtp() -> Vec<u8> {
        let mut packet = vec![0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1];
        packet.extend([0x55; 160]);
        packet
    }

    #[test]
    fn only_the_browser_is_heard_and_only_with_its_keys() {
        let terms = Terms::new(&Identity::generate().unwrap()).unwrap();
        let (_clerk, mut counter, _replies) = by_hand(terms).unwrap();
        let (mut guard, mut answer) =
            (BrowserGuard::new(LegId(1), &agreed(), &mut counter).unwrap(), [0; ANSWER_MAX]);
        let mut room = [0; DATAGRAM_MAX + OVERHEAD_MAX];
        let mut theirs = Guard::new(&keys(2, 1));
        let sealed = theirs.protect(&rtp(), &mut room).unwrap().to_vec();
        let hello = [22, 254, 253, 0, 0];
        let mut take = |guard: &mut BrowserGuard, packet: &[u8], from: ([u8; 4], u16)| {
            guard.take(&mut packet.to_vec(), from.into(), &mut answer, &counter)
        };

        assert_eq!(take(&mut guard, &hello, BROWSER), Came::Refused, "nobody is there yet");
        let proof = check("ours:theirs", PASSWORD, true);
        assert!(matches!(take(&mut guard, &proof, BROWSER), Came::Check(_)));
        assert_eq!(take(&mut guard, &hello, BROWSER), Came::Nothing);
        assert_eq!(take(&mut guard, &hello, STRANGER), Came::Refused);
        assert_eq!(take(&mut guard, &sealed, BROWSER), Came::Refused, "there are no keys");
        assert_eq!(guard.protect(&rtp(), &mut room), None, "nothing leaves without keys");

        guard.open(&keys(1, 2));
        assert_eq!(take(&mut guard, &sealed, STRANGER), Came::Refused);
        assert_eq!(take(&mut guard, &rtp(), BROWSER), Came::Refused, "plain audio is not taken");
        assert_eq!(take(&mut guard, &sealed, BROWSER), Came::Audio(rtp().len()));
        assert_eq!(guard.protect(&rtp(), &mut room).map(|(_, to)| to), Some(BROWSER.into()));
        for _ in 0..HANDSHAKE_DATAGRAMS_MAX {
            take(&mut guard, &hello, BROWSER);
        }
        assert_eq!(take(&mut guard, &hello, BROWSER), Came::Refused, "a handshake is not longer");
        for useless in [&[][..], &[64, 1, 2], &[255; 40]] {
            assert_eq!(take(&mut guard, useless, BROWSER), Came::Refused);
        }
    }

    #[test]
    fn another_certificate_is_heard_only_when_it_has_proved_itself_and_a_restart_interrupts_nothing() {
        let terms = Terms::new(&Identity::generate().unwrap()).unwrap();
        let (_clerk, mut counter, _replies) = by_hand(terms).unwrap();
        let mut guard = BrowserGuard::new(LegId(1), &agreed(), &mut counter).unwrap();
        let (mut answer, mut room) = ([0; ANSWER_MAX], [0; DATAGRAM_MAX + OVERHEAD_MAX]);
        guard.take(&mut check("ours:theirs", PASSWORD, true), BROWSER.into(), &mut answer, &counter);
        guard.open(&keys(1, 2));
        let first = guard.handshake.name;

        let restarted = Dtls { ufrag: "again".into(), peer_ufrag: "restarted".into(), ..agreed() };
        guard.renew(LegId(1), &restarted, &mut counter).unwrap();
        assert!(guard.is_about(first) && guard.protect(&rtp(), &mut room).is_some());
        let mut old = check("ours:theirs", PASSWORD, true);
        assert_eq!(guard.take(&mut old, STRANGER.into(), &mut answer, &counter), Came::Refused);
        let mut new = check("again:restarted", PASSWORD, true);
        assert!(matches!(guard.take(&mut new, STRANGER.into(), &mut answer, &counter), Came::Check(_)));

        let hash = hotline_media::Hash::Sha256;
        let fingerprints = vec![hotline_media::Fingerprint { hash, value: vec![1; 32] }];
        guard.renew(LegId(1), &Dtls { fingerprints, ..restarted }, &mut counter).unwrap();
        assert!(!guard.is_about(first) && guard.protect(&rtp(), &mut room).is_none());
    }
}
