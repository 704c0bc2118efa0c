//! Mends what a crash left unfinished, and tells it to who keeps the records of calls.
//!
//! A note that a recording is unfinished goes only when its end is on record ([`settle`]), so that a start that
//! fails in between takes nothing away from the next.

use std::fs::File;
use std::io;
use std::path::Path;

use hotline_base::{CallId, RecordingId, WallTime};

use crate::manifest::Manifest;
use crate::notes::{Note, Slot};
use crate::shelf::Shelf;
use crate::{StartError, wav};

/// A recording of an earlier process that is complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// The recording.
    pub recording: RecordingId,
    /// Whose conversation it is.
    pub call: CallId,
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

/// Gives every recording that was under way when the server died a header of its true length and a manifest. Run it
/// before the recorder starts. A file that the system does not let us mend is logged and tried again at the next
/// start. Until [`settle`] the same recordings are told again.
///
/// # Errors
/// A directory that cannot be written, by name.
pub fn repair(root: &Path) -> Result<Vec<Repaired>, StartError> {
    let shelf = Shelf::open(root)?;
    let mut repaired = Vec::new();
    for (slot, note) in noted(&shelf, root)? {
        match mend(root, &note) {
            Ok(mended) => repaired.push(mended),
            // The crash came before there was a file.
            Err(error) if error.kind() == io::ErrorKind::NotFound => erase(&shelf, slot, &note),
            Err(error) => {
                tracing::warn!(recording = %note.recording, path = note.path, %error, "a recording could not be mended");
            }
        }
    }
    Ok(repaired)
}

/// The ends of these recordings are on record. One whose note cannot be erased is told again by the next
/// [`repair`], which does no harm.
///
/// # Errors
/// A directory that cannot be written, by name.
pub fn settle(root: &Path, repaired: &[Repaired]) -> Result<(), StartError> {
    let shelf = Shelf::open(root)?;
    for (slot, note) in noted(&shelf, root)? {
        if repaired.iter().any(|repaired| repaired.recording == note.recording) {
            erase(&shelf, slot, &note);
        }
    }
    Ok(())
}

/// What there is of a recording that the journal knows and no note: one that was finished so shortly before a crash
/// that nobody was told, or whose note a loss of power took. Its file is mended if need be.
///
/// # Errors
/// The file is missing or cannot be read or written.
pub fn recover(
    root: &Path,
    recording: RecordingId,
    call: CallId,
    started: WallTime,
    path: &str,
) -> io::Result<Repaired> {
    mend(root, &Note { recording, call, started_unix_us: started, path: path.to_owned() })
}

fn noted(shelf: &Shelf, root: &Path) -> Result<Vec<(Slot, Note)>, StartError> {
    shelf.notes.read().map_err(|source| StartError::Directory { path: root.to_path_buf(), source })
}

fn erase(shelf: &Shelf, slot: Slot, note: &Note) {
    if let Err(error) = shelf.notes.erase(slot) {
        tracing::warn!(recording = %note.recording, %error, "the note of a mended recording cannot be erased");
    }
}

fn mend(root: &Path, note: &Note) -> io::Result<Repaired> {
    let path = &note.path;
    let file = File::options().read(true).write(true).open(root.join(path))?;
    let found = wav::find_manifest(&file)?;
    if let Some((frames, manifest)) = &found
        && wav::frames_said(&file)? == Some(*frames)
        && manifest.is_of(&file, *frames)?
    {
        // It may be in the system's memory only, and its note goes soon.
        file.sync_data()?;
        return Ok(told(manifest, path, file.metadata()?.len()));
    }
    let frames = match (found, wav::frames_said(&file)?) {
        (Some((frames, _)), _) => frames,
        (None, Some(frames)) if wav::has_torn_manifest(&file, frames)? => frames,
        // The samples are there before the header says so.
        (None, _) => file.metadata()?.len().saturating_sub(wav::HEADER_LEN) / wav::FRAME_LEN,
    };
    wav::extend(&file, frames)?;
    wav::write_header(&file, frames)?;
    let Note { recording, call, started_unix_us: started, .. } = *note;
    let manifest = Manifest::new(recording, call, started, frames, None, None);
    let bytes = wav::write_manifest(&file, frames, &manifest)?;
    file.sync_data()?;
    Ok(told(&manifest, path, bytes))
}

fn told(manifest: &Manifest, path: &str, bytes: u64) -> Repaired {
    let Manifest { recording, call, started_unix_us: started, duration_ms, gap_ms, .. } = *manifest;
    Repaired { recording, call, path: path.to_owned(), started, duration_ms, gap_ms, bytes }
}
