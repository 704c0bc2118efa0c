//! What the wire has seen: the SIP messages of each call, kept in memory within bounds, to be read as a ladder or as a
//! pcap file, sent to a HEP collector, and counted.
//!
//! [`Tap`] belongs to the call task and costs it a push into a ring without a lock; everything else happens in the
//! task of [`Tracer`]. It holds personal data, in memory only: secrets and pressed keys are masked before a message is
//! kept (`mask.rs`), numbers and names when it is read, if that is asked for (`redact.rs`). Must never know: who may
//! read it, HTTP, disks. Start reading at [`Tracer`], then `ring.rs` for what is kept how long and `ladder.rs` for how
//! it is read.

mod captured;
mod collector;
mod counts;
mod head;
mod hep;
mod ladder;
mod lines;
mod mask;
mod pcap;
mod redact;
mod ring;
mod sdp;
mod tap;
mod tracer;

pub use captured::{Captured, Way};
pub use collector::Collector;
pub use hep::{Agent, TooLarge, encode};
pub use ladder::{Ladder, Participant, Role, Rung, View};
pub use mask::mask;
pub use pcap::{file_header, record};
pub use redact::redact;
pub use ring::{Limits, Trace, TracedLeg, Which};
pub use sdp::{MediaSummary, summarise};
pub use tap::{INPUTS_MAX, Tap};
pub use tracer::{Handle, HandleError, QUESTIONS_MAX, Settings, Tracer};
