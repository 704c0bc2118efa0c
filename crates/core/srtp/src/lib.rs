//! SRTP and SRTCP (RFC 3711, RFC 6188, RFC 7714): packets are encrypted and authenticated in their place, without memory
//! being asked for.
//!
//! A [`Sender`] protects what we send, a [`Receiver`] opens what the peer sends. Must never know: where keys come from, sockets,
//! legs. Start reading at `sender.rs` and `receiver.rs`; what a packet is encrypted with is in `session.rs`.

mod aes_counter;
mod index;
mod master;
mod packet;
mod receiver;
mod sender;
mod session;
mod suite;

pub use master::{MasterKey, Mki, PeerKey};
pub use receiver::{Receiver, Refusal};
pub use sender::Sender;
pub use suite::{OVERHEAD_MAX, Suite};

/// The most streams of one peer, by their SSRCs, whose place is known. Of more the one heard longest ago is forgotten.
pub const STREAMS_MAX: usize = 4;
