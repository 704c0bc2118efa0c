//! RTP packets, sequence and time, statistics, telephone-event.
//!
//! Must never know: sockets, clocks, codecs, calls. Start reading at [`Digit`].

mod digit;

pub use digit::{Digit, NotAKey};
