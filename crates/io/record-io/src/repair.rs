//! Mends what a crash left unfinished, and tells it to who keeps the records of calls.
//!
//! A note that a recording is unfinished goes only when its end is on record ([`settle`]), so that a start that
//! fails in between takes nothing away from the next.

use std::fs::File;
use std::io;
use std::path::Path;

use hotline_base::{CallId, RecordingId, WallTime};

use crate::manifest::{End, Manifest, Outcome};
use crate::shelf::{Shelf, born};
use crate::{StartError, wav};

/// A recording of an earlier process that is complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// The recording.
    pub recording: RecordingId,
    /// Whose conversation it is; unknown if the crash took its manifest.
    pub call: Option<CallId>,
    /// Relative to the root of the recordings.
    pub path: String,
    /// When it began.
    pub started: WallTime,
    /// How much of it is there.
    pub duration_ms: u64,
    /// Silence in place of audio; `None` if the server died meanwhile, and nobody knows.
    pub gap_ms: Option<u64>,
    /// The size of the file.
    pub bytes: u64,
}

/// Gives every recording that was under way when the server died a header of its true length and a finished
/// manifest, also if the crash left its note or its manifest unreadable. Run it before the recorder starts. A file
/// that the system does not let us mend is logged and tried again at the next start. Until [`settle`] the same recordings are told again.
///
/// # Errors
/// A directory that cannot be written, by name.
pub fn repair(root: &Path) -> Result<Vec<Repaired>, StartError> {
    let shelf = Shelf::open(root)?;
    let unfinished =
        shelf.unfinished().map_err(|source| StartError::Directory { path: root.to_path_buf(), source })?;
    let mut repaired = Vec::new();
    for (recording, noted) in unfinished {
        match mend(&shelf, recording, &noted) {
            Ok(mended) => repaired.extend(mended),
            Err(error) => tracing::warn!(%recording, %noted, %error, "a recording could not be mended"),
        }
    }
    Ok(repaired)
}

/// The ends of these recordings are on record. One whose note cannot be removed is told again by the next
/// [`repair`], which does no harm.
///
/// # Errors
/// A directory that cannot be written, by name.
pub fn settle(root: &Path, repaired: &[Repaired]) -> Result<(), StartError> {
    let shelf = Shelf::open(root)?;
    for Repaired { recording, .. } in repaired {
        if let Err(error) = shelf.close(*recording) {
            tracing::warn!(%recording, %error, "the note of a mended recording cannot be removed");
        }
    }
    Ok(())
}

/// What the manifest says of the recording at `relative`, if it is complete: for one that was finished so shortly
/// before a crash that nobody was told.
///
/// # Errors
/// The manifest is missing or cannot be read.
pub fn complete(root: &Path, relative: &str) -> io::Result<Option<Repaired>> {
    let manifest = Manifest::read(&root.join(relative))?;
    Ok(manifest.end.clone().map(|end| told(&manifest, &end, relative)))
}

/// `None` if the crash came before there was a file.
fn mend(shelf: &Shelf, recording: RecordingId, noted: &str) -> io::Result<Option<Repaired>> {
    let Some(relative) = shelf.find(recording, noted)? else {
        shelf.close(recording)?;
        return Ok(None);
    };
    let path = shelf.full(&relative);
    let file = File::options().read(true).write(true).open(&path)?;
    let mut manifest = Manifest::read(&path).unwrap_or_else(|error| {
        tracing::warn!(%recording, %error, "the manifest of a recording is lost; it gets a new one");
        Manifest::new(recording, None, born(recording))
    });
    if let Some(end) = &manifest.end {
        return Ok(Some(told(&manifest, end, &relative)));
    }
    let length = file.metadata()?.len();
    let frames = length.saturating_sub(wav::HEADER_LEN) / wav::FRAME_LEN;
    let bytes = wav::HEADER_LEN + frames * wav::FRAME_LEN;
    file.set_len(bytes)?;
    wav::write_header(&file, frames)?;
    file.sync_data()?;
    let end = End { outcome: Outcome::Repaired, duration_ms: wav::millis(frames), gap_ms: None, bytes };
    manifest.end = Some(end.clone());
    manifest.write(&path)?;
    Ok(Some(told(&manifest, &end, &relative)))
}

fn told(manifest: &Manifest, end: &End, relative: &str) -> Repaired {
    let End { duration_ms, gap_ms, bytes, .. } = *end;
    let Manifest { recording, call, started_unix_us: started, .. } = *manifest;
    Repaired { recording, call, path: relative.to_owned(), started, duration_ms, gap_ms, bytes }
}
