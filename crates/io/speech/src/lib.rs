//! Text to speech: a sentence becomes a WAV file in a folder, once for all who ask for it.
//!
//! [`Speech`] asks the configured [`Engine`] (espeak-ng, another program or a web service), two at a time, and keeps what was
//! spoken up to a size and an age. Texts are personal data: they are never logged, reach programs by their standard input
//! only, and the files are for the server's own user. Must never know: flows, calls, who hears it. Start reading at
//! `speech.rs`, then `engine.rs` and `cache.rs`.

mod cache;
mod config;
mod engine;
mod failure;
mod flights;
mod process;
mod speech;
mod utterance;
mod wav;

pub use cache::Spoken;
pub use config::{
    AGE_MAX, CACHE_BYTES_MAX, CacheConfig, ENGINE_TIMEOUT, ENGINES_MAX, Engine, Limits, SpeechConfig,
    WAITING_MAX,
};
pub use failure::{Failure, StartError};
pub use speech::Speech;
pub use utterance::{LANGUAGE_MAX, RATE_PERCENT, TEXT_MAX, Utterance};
pub use wav::{SOUND_MAX, is_playable_rate};
