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

    /// Whether a handshake is the one under way: a former one's end means nothing.
    pub(crate) fn is_about(&self, name: Name) -> bool {
        self.handshake.name == name
    }

    /// The handshake is complete: audio may come and go.
    pub(crate) fn open(&mut self, keys: &Srtp) {
        self.srtp = Some(Guard::new(keys));
    }
}
