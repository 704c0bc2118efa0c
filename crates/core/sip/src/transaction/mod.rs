//! The transaction layer: RFC 3261 §17 and RFC 6026. Four machines, one per kind of transaction, which know bytes
//! and time only, and the layer, which owns the running ones and finds the one a message belongs to.
//! Must not know dialogs, sessions or registrations.

mod client_invite;
mod client_non_invite;
mod key;
mod layer;
#[cfg(test)]
mod properties;
mod server_invite;
mod server_non_invite;
pub mod timer;

pub use client_invite::ClientInvite;
pub use client_non_invite::ClientNonInvite;
pub(crate) use key::ServerKey;
pub(crate) use layer::{Layer, Notice, Reception, SendError, Stream, Way};
use serde::{Deserialize, Serialize};
pub use server_invite::ServerInvite;
pub use server_non_invite::ServerNonInvite;
pub use timer::Timer;

/// Whether what arrived is news for the transaction's user or a repetition the machine dealt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The transaction's user must see it.
    Pass,
    /// Nothing more to do.
    Absorb,
}

/// How a client transaction ended when no response told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Timer B or F fired: the user sees a 408 (RFC 3261 §8.1.3.1).
    TimedOut,
    /// The connection could not be opened, or broke: the user sees a 503 (RFC 3261 §8.1.3.1).
    Unreachable,
}

impl Outcome {
    /// What the transaction's user sees.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::TimedOut => 408,
            Self::Unreachable => 503,
        }
    }
}

#[cfg(test)]
mod testing {
    //! Messages as opaque bytes and a clock in milliseconds for the machines' tests.

    use bytes::Bytes;
    use core::time::Duration;
    use hotline_base::Now;

    pub(super) fn at(millis: u64) -> Now {
        Now::default() + Duration::from_millis(millis)
    }

    pub(super) fn request() -> Bytes {
        Bytes::from_static(b"request")
    }

    pub(super) fn ack() -> Bytes {
        Bytes::from_static(b"ACK")
    }

    pub(super) fn trying() -> Bytes {
        Bytes::from_static(b"100")
    }

    pub(super) fn ringing() -> Bytes {
        Bytes::from_static(b"180")
    }

    pub(super) fn ok() -> Bytes {
        Bytes::from_static(b"200")
    }

    pub(super) fn busy() -> Bytes {
        Bytes::from_static(b"486")
    }

    /// Runs a machine until it has no timer; the milliseconds at which it sent.
    macro_rules! drive {
        ($machine:expr) => {{
            let mut sent = Vec::new();
            if $machine.poll_transmit().is_some() {
                sent.push(0);
            }
            while let Some((time, _)) = $machine.poll_timeout() {
                let millis = time.as_micros() / 1000;
                $machine.handle_timeout(at(millis));
                if $machine.poll_transmit().is_some() {
                    sent.push(millis);
                }
            }
            sent
        }};
    }
    pub(super) use drive;
}
