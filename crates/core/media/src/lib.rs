//! Who hears whom: legs, bridges, prompts and record taps on one 20 ms beat.
//!
//! Absent on purpose, for now: RTCP (RFC 3550 §6), neither sent nor read; a call is judged by what its packets show.
//! A jitter buffer, since a bridge forwards, translating between codecs on the packet, and a recording places each packet by
//! its timestamp.
//!
//! Must never know: sockets, files, threads, clocks, SIP, queues, agents. Start reading at [`Engine`], then
//! [`Command`] and [`Event`].

mod codec;
mod command;
mod engine;
mod event;
mod events;
mod in_band;
mod keys;
mod leg;
mod player;
mod prompts;
mod quality;
mod receiver;
mod recording;
mod recordings;
mod sender;
mod sink;
mod source;
mod streams;
mod timeline;

pub use codec::{Codec, Decoder, Encoder};
pub use command::{Command, Direction, PromptId};
pub use engine::{BEAT, Engine, EngineConfig, EngineCounters, Timer};
pub use event::{Event, LegFailure, LegStats, PlayOutcome, RecordingEnd, RecordingFailure};
pub use hotline_rtp::Digit;
pub use keys::KEYS_WAITING_MAX;
pub(crate) use leg::Remote;
pub use prompts::PromptLibrary;
pub use quality::mos_hundredths;
pub use recording::{
    Channel, Mark, MarkKind, RecordedGap, RecordedLeg, RecordedMark, RecordingIndex, Speaker, Voice,
};
pub use sink::{Chunk, Sink};
