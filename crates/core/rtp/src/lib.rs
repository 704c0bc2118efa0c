//! RTP packets, sequence and time, statistics, telephone-event.
//!
//! Must never know: sockets, clocks, codecs, calls. Start reading at [`Header`].

mod digit;
mod jitter;
mod packet;
mod report;
mod sequence;
mod telephone_event;

pub use digit::{Digit, NotAKey};
pub use jitter::InterarrivalJitter;
pub use packet::{HEADER_LEN, Header, ParseError};
pub use report::{PeerReport, REPORT_LEN_MAX, Reception, Report, SenderInfo};
pub use sequence::{Arrival, SequenceTracker};
pub use telephone_event::{
    EVENT_LEN, EventPacket, EventReceiver, EventSender, LOST_END_AFTER, Press, slow_event_down,
    speed_event_up,
};
