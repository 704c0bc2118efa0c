//! RTP packets, sequence and time, statistics, telephone-event.
//!
//! Must never know: sockets, clocks, codecs, calls. Start reading at [`Header`].

mod digit;
mod jitter;
mod packet;
mod sequence;
mod telephone_event;

pub use digit::{Digit, NotAKey};
pub use jitter::InterarrivalJitter;
pub use packet::{HEADER_LEN, Header, ParseError};
pub use sequence::{Arrival, SequenceTracker};
pub use telephone_event::{EVENT_LEN, EventPacket, EventReceiver, EventSender, LOST_END_AFTER, Press};
