//! Who hears whom: legs, bridges, prompts and record taps on one 20 ms beat.
//!
//! Who hears one other party gets its packets as they come, translated if need be; who hears several gets a mix on the beat, for
//! which packets go through a jitter buffer. A recording places each packet by its timestamp.
//!
//! Must never know: sockets, files, threads, clocks, SIP, queues, agents. Start reading at [`Engine`], then
//! [`Command`] and [`Event`].

mod bridges;
mod codec;
mod command;
mod delays;
mod engine;
mod event;
mod events;
mod form;
mod in_band;
mod keys;
mod leg;
mod opus_encoder;
mod parties;
mod player;
mod playout;
mod prompts;
mod quality;
mod receiver;
mod recording;
mod recordings;
mod reports;
mod sender;
mod sink;
mod source;
mod speech;
mod streams;
mod timeline;

pub use codec::{Codec, Decoder, Encoder, Opus};
pub use command::{
    Behind, Command, Direction, Dtls, FOUND_BY_ICE, Fingerprint, Hash, Music, MusicStart, PromptId, Remote,
    Srtp,
};
pub use engine::{BEAT, Engine, EngineConfig, EngineCounters, Timer};
pub use event::{ConnectFailure, Event, LegFailure, LegStats, PlayOutcome, RecordingEnd, RecordingFailure};
pub use hotline_rtp::Digit;
pub use hotline_srtp as srtp;
pub use keys::KEYS_WAITING_MAX;
pub use opus_encoder::OpusEncoder;
pub use parties::{PARTIES_MAX, Party, Supervision};
pub use prompts::{BEEP, BUSY, CONGESTION, PromptLibrary, RINGBACK};
pub use quality::mos_hundredths;
pub use recording::{
    Channel, Mark, MarkKind, RecordedGap, RecordedLeg, RecordedMark, RecordingIndex, Speaker, Talk, Voice,
};
pub use sink::{Chunk, Sink};
pub use speech::{Gain, Speech};
