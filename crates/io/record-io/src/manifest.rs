//! The sidecar of a recording: what its WAV file cannot say, as JSON beside it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use hotline_base::{CallId, RecordingId, WallTime};
use serde::{Deserialize, Serialize};

/// Written when the recording begins, and again when it has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) recording: RecordingId,
    /// Unknown if a crash took the first manifest.
    pub(crate) call: Option<CallId>,
    /// Microseconds since the Unix epoch, UTC.
    pub(crate) started_unix_us: WallTime,
    pub(crate) sample_rate_hz: u32,
    /// Who is on which channel, left first.
    pub(crate) channels: [String; 2],
    /// Nothing while it runs.
    pub(crate) end: Option<End>,
}

/// How the recording ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct End {
    pub(crate) outcome: Outcome,
    pub(crate) duration_ms: u64,
    /// Audio that arrived and is missing, because the recorder could not keep up. Unknown after a crash.
    pub(crate) gap_ms: Option<u64>,
    /// Of the WAV file.
    pub(crate) bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Finished,
    /// The server died; the file was mended at the next start.
    Repaired,
}

impl Manifest {
    pub(crate) fn new(recording: RecordingId, call: Option<CallId>, started: WallTime) -> Self {
        Self {
            recording,
            call,
            started_unix_us: started,
            sample_rate_hz: crate::wav::SAMPLE_RATE_HZ,
            channels: ["customer".to_owned(), "agent".to_owned()],
            end: None,
        }
    }

    /// Writes the manifest of the WAV file at `wav`, whole or not at all; the last one onto the disk.
    pub(crate) fn write(&self, wav: &Path) -> io::Result<()> {
        let path = Self::path(wav);
        let temporary = path.with_extension("json.part");
        let mut file = File::create(&temporary)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        if self.end.is_some() {
            file.sync_data()?;
        }
        fs::rename(temporary, path)
    }

    /// Reads the manifest of the WAV file at `wav`.
    pub(crate) fn read(wav: &Path) -> io::Result<Self> {
        Ok(serde_json::from_slice(&fs::read(Self::path(wav))?)?)
    }

    /// Where the manifest of the WAV file at `wav` is.
    pub(crate) fn path(wav: &Path) -> PathBuf {
        wav.with_extension("json")
    }
}
