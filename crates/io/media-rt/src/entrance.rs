//! All that a stranger's datagrams meet at the socket of a browser's leg, without sockets and threads: fuzz targets give it
//! whatever they like.

use std::net::SocketAddr;
use std::sync::mpsc::Receiver;
use std::time::Instant;

use hotline_base::LegId;
use hotline_media::Dtls;

use crate::browser::{BrowserGuard, Came};
use crate::desk::{Clerk, Counter, Reply, by_hand};
use crate::handshake::Terms;
use crate::ice::ANSWER_MAX;

/// One leg of a browser, with the handshake behind it.
#[doc(hidden)]
pub struct Entrance {
    guard: BrowserGuard,
    counter: Counter,
    clerk: Clerk,
    replies: Receiver<Reply>,
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
        Some(Self { guard, counter, clerk, replies })
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
