//! Who hears whom: legs, bridges, prompts and record taps on one 20 ms beat.
//!
//! Absent on purpose, for now: a jitter buffer, since a bridge forwards, translating between codecs on the packet, and a recording places each packet by
//! its timestamp.
//!
//! Must never know: sockets, files, threads, clocks, SIP, queues, agents. Start reading at [`Engine`], then
//! [`Command`] and [`Event`].

mod codec;
mod command;
mod engine;
mod event;
mod events;
mod form;
mod in_band;
mod keys;
mod leg;
mod player;
mod prompts;
mod quality;
mod receiver;
mod reports;
mod sender;
mod sink;
mod source;
mod streams;
mod timeline;

pub use codec::{Codec, Decoder, Encoder, Opus};
pub use command::{Command, Direction, Music, MusicStart, PromptId, Remote};
pub use engine::{BEAT, Engine, EngineConfig, EngineCounters, Timer};
pub use event::{Event, LegFailure, LegStats, PlayOutcome, RecordingEnd, RecordingFailure};
pub use hotline_rtp::Digit;
pub use keys::KEYS_WAITING_MAX;
pub use prompts::{BUSY, CONGESTION, PromptLibrary, RINGBACK};
pub use quality::mos_hundredths;
pub use sink::{Channel, Chunk, Sink};
