//! What a recording says of itself beside its samples, as JSON in a chunk of its own at the end of the file.

use std::fs::File;
use std::io;

use hotline_base::{CallId, RecordingId, WallTime};
use serde::{Deserialize, Serialize};

use crate::wav;

/// Written when the recording is over. A file without one is under way, or was when the server died.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) recording: RecordingId,
    pub(crate) call: CallId,
    /// Microseconds since the Unix epoch, UTC.
    pub(crate) started_unix_us: WallTime,
    /// Who is on which channel, left first.
    pub(crate) channels: [String; 2],
    pub(crate) outcome: Outcome,
    pub(crate) duration_ms: u64,
    /// Audio that arrived and is missing, because the recorder could not keep up. Unknown after a crash.
    pub(crate) gap_ms: Option<u64>,
    /// SHA-256 of the samples as they were recorded, in hexadecimal. Nobody knows it of a file that was mended.
    pub(crate) sha256: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Finished,
    /// The server died; the file was mended at the next start.
    Repaired,
}

impl Manifest {
    /// Whether it tells of these frames of the file: reads all of them, unless nobody knows what they were.
    pub(crate) fn is_of(&self, file: &File, frames: u64) -> io::Result<bool> {
        let is_alike = match &self.sha256 {
            Some(known) => wav::digest(file, frames)? == *known,
            None => true,
        };
        Ok(is_alike && wav::millis(frames) == self.duration_ms)
    }

    /// Of a recording of so many frames; `gap_ms` only if it came to its end.
    pub(crate) fn new(
        recording: RecordingId,
        call: CallId,
        started: WallTime,
        frames: u64,
        gap_ms: Option<u64>,
        sha256: Option<String>,
    ) -> Self {
        Self {
            recording,
            call,
            started_unix_us: started,
            channels: ["customer".to_owned(), "agent".to_owned()],
            outcome: if gap_ms.is_some() { Outcome::Finished } else { Outcome::Repaired },
            duration_ms: wav::millis(frames),
            gap_ms,
            sha256,
        }
    }
}
