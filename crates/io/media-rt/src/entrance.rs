//! All that a stranger's datagrams meet at the socket of a browser's leg, without sockets and threads: fuzz targets give it
//! whatever they like.

use std::net::SocketAddr;
use std::sync::mpsc::Receiver;
use std::time::Instant;

use hotline_base::LegId;
use hotline_media::Dtls;

use crate::browser::{BrowserGuard, Came};
use crate::desk::{Clerk, Counter, Reply, by_hand};
use crate::framing::Inbox;
use crate::handshake::Terms;
use crate::ice::{ANSWER_MAX, Called, called};
use crate::names::Meant;

/// One leg of a browser, with the handshake behind it.
#[doc(hidden)]
pub struct Entrance {
    guard: BrowserGuard,
    counter: Counter,
    clerk: Clerk,
    replies: Receiver<Reply>,
    meant: Meant,
}

/// What came of a datagram.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    /// Nothing that the engine sees.
    Nothing,
    /// An answer to an authentic check went back.
    Answered,
    /// Audio, as if it were our peer's.
    Audio,
}

impl Entrance {
    /// A leg that waits for its browser. `None` if the system lacks what is needed.
    #[must_use]
    pub fn new(terms: &Terms, agreed: &Dtls) -> Option<Self> {
        let (clerk, mut counter, replies) = by_hand(terms.clone())?;
        let guard = BrowserGuard::new(LegId(1), agreed, &mut counter).ok()?;
        let (password, peer_ufrag) = (agreed.password.clone(), agreed.peer_ufrag.clone());
        let meant = Meant { leg: LegId(1), thread: 0, password, peer_ufrag };
        Some(Self { guard, counter, clerk, replies, meant })
    }

    /// Whether a connection whose first packet is this one would be given to the leg.
    #[must_use]
    pub fn lets_in(&self, packet: &[u8]) -> bool {
        matches!(called(packet, |_| Some(self.meant.clone())), Called::Proved { .. })
    }

    /// A stream comes in pieces of that length, and all that follows from each packet in it, until it ends.
    pub fn take_stream(
        &mut self,
        stream: &[u8],
        piece: usize,
        source: SocketAddr,
        mut passed: impl FnMut(&[u8], Passed),
    ) {
        let (mut inbox, mut rest) = (Inbox::new(), stream);
        while !rest.is_empty() {
            let room = inbox.room();
            let length = piece.max(1).min(room.len()).min(rest.len());
            let (here, after) = rest.split_at(length);
            room[..length].copy_from_slice(here);
            inbox.fill(length);
            rest = after;
            loop {
                // A packet that is too long ends a connection.
                let Ok(packet) = inbox.packet() else { return };
                let Some(packet) = packet.map(<[u8]>::to_vec) else { break };
                inbox.take();
                let came = self.take(&mut packet.clone(), source);
                passed(&packet, came);
            }
        }
    }

    /// A datagram comes, and all that follows from it.
    pub fn take(&mut self, packet: &mut [u8], source: SocketAddr) -> Passed {
        let mut room = [0; ANSWER_MAX];
        let came = self.guard.take(packet, source, &mut room, &self.counter);
        self.clerk.catch_up(Instant::now());
        while let Ok(reply) = self.replies.try_recv() {
            if let Reply::Keyed { keys, .. } = reply {
                self.guard.open(&keys);
            }
        }
        match came {
            Came::Check(_) => Passed::Answered,
            Came::Audio(_) => Passed::Audio,
            Came::Nothing | Came::Refused => Passed::Nothing,
        }
    }
}
