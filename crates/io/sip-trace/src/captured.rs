//! One message that passed.

use core::fmt;
use core::net::SocketAddr;

use bytes::Bytes;
use hotline_base::WallTime;
use hotline_sip::Flow;

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// To this server.
    Received,
    /// From this server.
    Sent,
}

impl Way {
    /// As a word, for labels and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Sent => "sent",
        }
    }
}

/// A message as it passed, secrets and pressed keys masked. `Debug` shows what it is, not who is in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Captured {
    /// Its place among all that were kept, from 1.
    pub seq: u64,
    /// When this server took it up or gave it to the system.
    pub at: WallTime,
    /// Which way it went.
    pub way: Way,
    /// Over which way to a peer.
    pub flow: Flow,
    /// What was on the wire, or in one frame of a stream.
    pub bytes: Bytes,
    /// Whether the same bytes had gone the same way before.
    pub repeated: bool,
}

impl Captured {
    /// Who sent it.
    #[must_use]
    pub const fn source(&self) -> SocketAddr {
        match self.way {
            Way::Received => self.flow.remote,
            Way::Sent => self.flow.local,
        }
    }

    /// Whom it was sent to.
    #[must_use]
    pub const fn destination(&self) -> SocketAddr {
        match self.way {
            Way::Received => self.flow.local,
            Way::Sent => self.flow.remote,
        }
    }
}

impl fmt::Debug for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Captured")
            .field("seq", &self.seq)
            .field("way", &self.way)
            .field("flow", &self.flow)
            .field("length", &self.bytes.len())
            .finish_non_exhaustive()
    }
}
