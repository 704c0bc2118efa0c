//! What a recording says of itself beside its samples, as JSON in a chunk of its own at the end of the file.

use std::io;

use hotline_base::{CallId, RecordingId, WallTime};
use hotline_media::RecordingIndex;
use serde::{Deserialize, Serialize};

use crate::bytes::Bytes;
use crate::format::Format;
use crate::wav;

/// Written when the recording is over. A file without one is under way, or was when the server died.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) recording: RecordingId,
    /// Unknown of a file that was mended without a note.
    pub(crate) call: Option<CallId>,
    /// Microseconds since the Unix epoch, UTC.
    pub(crate) started_unix_us: WallTime,
    /// Who is on which channel, left first.
    pub(crate) channels: Vec<String>,
    pub(crate) outcome: Outcome,
    pub(crate) duration_ms: u64,
    /// Audio that arrived and is missing, because the recorder could not keep up. Unknown after a crash.
    pub(crate) gap_ms: Option<u64>,
    /// Audio that was lost on the way here, in holes so short that they were filled with what is like the sound around them. Unknown
    /// after a crash.
    #[serde(default)]
    pub(crate) concealed_ms: Option<u64>,
    /// SHA-256 of the samples as they were recorded, in hexadecimal. Nobody knows it of a file that was mended.
    pub(crate) sha256: Option<String>,
    /// Who was heard when, what happened, and where the gaps are. Empty after a crash: the record of the call says more.
    #[serde(default)]
    pub(crate) index: RecordingIndex,
}

/// Which recording it is, of which call, and since when.
pub(crate) type Identity = (RecordingId, Option<CallId>, WallTime);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Finished,
    /// The server died or could not write on; the file was mended later.
    Repaired,
}

impl Manifest {
    /// Whether it tells of these frames of the file: reads all of them, unless nobody knows what they were.
    pub(crate) fn is_of(&self, file: &dyn Bytes, format: Format, frames: u64) -> io::Result<bool> {
        let is_alike = match &self.sha256 {
            Some(known) => wav::digest(file, format, frames)? == *known,
            None => true,
        };
        Ok(is_alike && wav::millis(frames) == self.duration_ms)
    }

    /// The index as the call's record has it: with the checksum, which the manifest has beside.
    pub(crate) fn index_told(&self) -> RecordingIndex {
        RecordingIndex { sha256: self.sha256.clone(), ..self.index.clone() }
    }

    /// Of a recording that came to its end.
    pub(crate) fn finished(
        of: Identity,
        format: Format,
        frames: u64,
        (gap_ms, concealed_ms, index): (u64, u64, RecordingIndex),
        sha256: String,
    ) -> Self {
        let outcome = Outcome::Finished;
        Self {
            outcome,
            gap_ms: Some(gap_ms),
            concealed_ms: Some(concealed_ms),
            sha256: Some(sha256),
            index,
            ..Self::mended(of, format, frames)
        }
    }

    /// Of one that did not.
    pub(crate) fn mended(of: Identity, format: Format, frames: u64) -> Self {
        let (recording, call, started_unix_us) = of;
        Self {
            recording,
            call,
            started_unix_us,
            channels: format.channel_names(),
            outcome: Outcome::Repaired,
            duration_ms: wav::millis(frames),
            gap_ms: None,
            concealed_ms: None,
            sha256: None,
            index: RecordingIndex::default(),
        }
    }
}
