//! Prompts that are uploaded: a file as people have it becomes a file of the folder of sounds, at 16 kHz, one channel, at the level of the
//! other prompts.
//!
//! Must never know: HTTP, flows, media threads. Start reading at [`convert`].

mod decode;
mod folder;

use hotline_audio::{Rate, gain, resampled};

pub use folder::{PromptFile, find, folders, list, remove, write};

/// The longest prompt, in seconds: what is longer is not read by the media threads either.
pub const SECONDS_MAX: u32 = 600;
/// The shortest, in milliseconds: a click is a mistake.
pub const MILLIS_MIN: u32 = 20;
/// The folder of music, whose level is left alone: it has quiet passages on purpose.
pub const MUSIC: &str = "music";
/// The level of speech where the configuration names none, in dBFS.
pub const LEVEL_DBFS: f64 = -20.0;

/// Why a file cannot be a prompt.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// Not one of the formats, or damaged.
    #[error("this is no sound that can be read ({0}): send WAV, MP3 or OGG Vorbis")]
    Unreadable(String),
    /// Samples a second that cannot be turned into ours.
    #[error(
        "the sound has {0} samples a second: send 8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100 or 48000"
    )]
    Rate(u32),
    /// Longer than [`SECONDS_MAX`].
    #[error("the sound is longer than {} minutes", SECONDS_MAX / 60)]
    TooLong,
    /// Shorter than [`MILLIS_MIN`].
    #[error("there is no sound in it")]
    Empty,
}

/// The samples of a file at 16 kHz, brought to `level_dbfs` if there is one. Takes some hundred milliseconds a minute of sound: not for
/// threads on which others wait.
///
/// # Errors
/// [`ConvertError`].
pub fn convert(file: Vec<u8>, level_dbfs: Option<f64>) -> Result<Vec<i16>, ConvertError> {
    let decode::Sound { rate_hz, samples } = decode::decode(file)?;
    if samples.len() < (rate_hz / 1000 * MILLIS_MIN) as usize {
        return Err(ConvertError::Empty);
    }
    let mut samples = resampled(&samples, rate_hz, Rate::Wide).ok_or(ConvertError::Rate(rate_hz))?;
    if let Some(level) = level_dbfs {
        gain::normalize(&mut samples, Rate::Wide, level);
    }
    Ok(samples)
}
