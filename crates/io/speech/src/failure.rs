//! Why there is no speech, sorted by whose fault it is. No text of anybody is in it.

use std::io;
use std::path::PathBuf;

/// Why a text was not spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Ours: there is nothing to say.
    #[error("the text is empty")]
    Empty,
    /// Ours: more than [`TEXT_MAX`](crate::TEXT_MAX) characters.
    #[error("the text has more than {max} characters", max = crate::TEXT_MAX)]
    TooLong,
    /// Ours: not a language tag such as `en` or `zh-TW`.
    #[error("the language is not a tag such as `en` or `zh-TW`")]
    Language,
    /// Exhausted: too many texts wait.
    #[error("too many texts wait to be spoken")]
    Busy,
    /// The engine did not finish in time, or was not free in time.
    #[error("the engine took too long")]
    Timeout,
    /// Configuration: the program is not there or cannot be run.
    #[error("the engine's program cannot be run")]
    NoProgram,
    /// The program failed: with this exit status, or by a signal.
    #[error("the engine's program failed")]
    Failed(Option<i32>),
    /// The web service failed.
    #[error("the engine's web service failed: {0}")]
    Web(hotline_web_client::Failure),
    /// What came is no sound that can be played: a WAV file, PCM of 16 bits, mono, at a usual rate.
    #[error("the engine gave no WAV file of PCM with 16 bits, mono, at a usual rate")]
    NotPlayable,
    /// The sound is longer than [`SOUND_MAX`](crate::SOUND_MAX) bytes.
    #[error("the engine gave too long a sound")]
    TooLarge,
    /// The sound has no sample.
    #[error("the engine gave no sound")]
    Silent,
    /// The folder cannot be written to.
    #[error("the folder of spoken texts cannot be used: {0}")]
    Disk(io::ErrorKind),
    /// A defect.
    #[error("a defect in the server")]
    Defect,
}

impl Failure {
    /// One word, for metrics and the failure exits of flows.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong => "too_long",
            Self::Language => "language",
            Self::Busy => "busy",
            Self::Timeout => "timeout",
            Self::NoProgram => "no_program",
            Self::Failed(_) => "failed",
            Self::Web(_) => "web",
            Self::NotPlayable => "not_playable",
            Self::TooLarge => "too_large",
            Self::Silent => "silent",
            Self::Disk(_) => "disk",
            Self::Defect => "defect",
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Disk(error.kind())
    }
}

/// Why speech cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The folder is not there and cannot be made, or cannot be read.
    #[error("folder of spoken texts {path}: cannot be used", path = path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}
