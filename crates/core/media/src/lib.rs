//! Who hears whom: legs, bridges, prompts and record taps on one 20 ms tick.
//!
//! Must never know: sockets, files, threads, clocks, SIP, queues, agents. Start reading at [`Command`] and
//! [`Event`].

mod codec;
mod command;
mod event;

pub use codec::Codec;
pub use command::{Command, Direction, PromptId};
pub use event::{Event, LegFailure, LegStats, PlayOutcome, RecordingFailure};
pub use hotline_rtp::Digit;
