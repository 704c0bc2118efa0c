//! What an administrator chooses: who speaks, and what is kept.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use hotline_base::Pii;
use hotline_web_client::Client;

/// Engines at work at a time; further texts wait.
pub const ENGINES_MAX: usize = 2;
/// Texts that wait or are being spoken at a time. Beyond, a further one fails at once (`busy`).
pub const WAITING_MAX: usize = 64;
/// How long an engine may take, and how long a text may wait for one. A program is killed then, with what it started.
pub const ENGINE_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes on disk. Beyond, what was not asked for the longest is deleted.
pub const CACHE_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// How long a spoken text is kept: names of callers may be in it.
pub const AGE_MAX: Duration = Duration::from_secs(30 * 24 * 3600);

/// All of it.
#[derive(Clone)]
pub struct SpeechConfig {
    /// Who speaks.
    pub engine: Engine,
    /// What is kept.
    pub cache: CacheConfig,
    /// How much at a time.
    pub limits: Limits,
}

/// Who speaks.
#[derive(Clone)]
pub enum Engine {
    /// espeak-ng: small, free, and audibly a machine.
    Espeak {
        /// The program; found in `PATH` if it is a name only.
        program: PathBuf,
        /// Voices for languages, in place of those of [`Engine::espeak`].
        voices: BTreeMap<String, String>,
    },
    /// Another program. It gets the text in UTF-8 by its standard input and no shell sees any of it.
    Command {
        /// The program; found in `PATH` if it is a name only.
        program: PathBuf,
        /// Its arguments, in which `{language}`, `{rate}` (per cent) and `{output}` are replaced. The WAV file is expected at
        /// `{output}`, or on the standard output if no argument has it.
        arguments: Vec<String>,
    },
    /// A web service that gets the text by POST (`text/plain`) and answers with a WAV file.
    Web {
        /// The way there.
        client: Client,
        /// The address, in which `{language}` and `{rate}` are replaced.
        url: String,
        /// Header fields, such as a key.
        headers: Vec<(String, Pii<String>)>,
    },
}

impl Engine {
    /// espeak-ng from `PATH`. English is American, Mandarin is the voice that reads tones (`cmn-latn-pinyin`: the one named
    /// `cmn` reads its own transcription with English sounds in version 1.51). Any other language is its own voice.
    #[must_use]
    pub fn espeak() -> Self {
        Self::Espeak { program: "espeak-ng".into(), voices: BTreeMap::new() }
    }
}

/// What is kept of what was spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheConfig {
    /// The folder, made if it is not there. Nothing else should be in it.
    pub folder: PathBuf,
    /// False: each file is deleted once nobody needs it.
    pub keep: bool,
    /// [`CACHE_BYTES_MAX`].
    pub bytes_max: u64,
    /// [`AGE_MAX`].
    pub age_max: Duration,
}

impl CacheConfig {
    /// A folder with the usual limits.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), keep: true, bytes_max: CACHE_BYTES_MAX, age_max: AGE_MAX }
    }
}

/// How much at a time; the defaults are the constants of their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// [`ENGINES_MAX`].
    pub engines: usize,
    /// [`WAITING_MAX`].
    pub waiting: usize,
    /// [`ENGINE_TIMEOUT`].
    pub timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { engines: ENGINES_MAX, waiting: WAITING_MAX, timeout: ENGINE_TIMEOUT }
    }
}
