//! Mends what a crash left unfinished, and tells it to who keeps the records of calls.
//!
//! A note that a recording is unfinished goes only when its end is on record ([`settle`]), so that a start that
//! fails in between takes nothing away from the next.

use std::fs::File;
use std::io;
use std::path::Path;

use hotline_base::{CallId, RecordingId, WallTime};
use hotline_media::RecordingIndex;

use crate::archive::{Condition, inspect};
use crate::bytes::Found;
use crate::format::Format;
use crate::manifest::{Identity, Manifest};
use crate::notes::{Note, Slot};
use crate::sealed::{Keyring, SealError, Sealed, Sealer};
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
    /// Who was heard when, and what happened; empty if the server died meanwhile.
    pub index: RecordingIndex,
}

/// Gives every recording that was under way when the server died a header of its true length and a manifest. Run it
/// before the recorder starts. A file that the system does not let us mend is logged and tried again at the next
/// start. Until [`settle`] the same recordings are told again.
///
/// # Errors
/// A directory that cannot be written, by name.
pub fn repair(root: &Path, keys: &Keyring) -> Result<Vec<Repaired>, StartError> {
    let shelf = Shelf::open(root, keys)?;
    let mut repaired = Vec::new();
    for (slot, note) in noted(&shelf, root)? {
        match shelf.mend(&note) {
            Ok(mended) => repaired.push(told(mended, note.call, &note.path)),
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
    let shelf = Shelf::open(root, &Keyring::default())?;
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
    keys: &Keyring,
    (recording, call, started): (RecordingId, CallId, WallTime),
    path: &str,
) -> io::Result<Repaired> {
    let mended = mend(root, keys, path, (recording, Some(call), started), Format::default())?;
    Ok(told(mended, call, path))
}

fn noted(shelf: &Shelf, root: &Path) -> Result<Vec<(Slot, Note)>, StartError> {
    shelf.notes.read().map_err(|source| StartError::Directory { path: root.to_path_buf(), source })
}

fn erase(shelf: &Shelf, slot: Slot, note: &Note) {
    if let Err(error) = shelf.notes.erase(slot) {
        tracing::warn!(recording = %note.recording, %error, "the note of a mended recording cannot be erased");
    }
}

/// Mends every recording that is cut off and noted nowhere, as after a loss of power or with notes of a version before. No
/// server may run. `mended` is told of each with its path relative to the root, and why it could not be.
///
/// # Errors
/// A directory that cannot be read.
pub fn repair_unnoted(
    root: &Path,
    keys: &Keyring,
    mut mended: impl FnMut(&str, io::Result<()>),
) -> io::Result<()> {
    let mut unfinished = Vec::new();
    inspect(root, keys, |path, condition| {
        if condition == Condition::Unfinished {
            unfinished.push(path.to_owned());
        }
    })?;
    for path in unfinished {
        let known = Shelf::recording_of(&path);
        let outcome = known.ok_or_else(|| io::Error::other("its name is none of a recording"));
        mended(
            &path,
            outcome.and_then(|(recording, at)| {
                mend(root, keys, &path, (recording, None, at), Format::default()).map(drop)
            }),
        );
    }
    Ok(())
}

/// Completes a file, whatever state it is in; `format` is its own if its header does not say.
pub(crate) fn mend(
    root: &Path,
    keys: &Keyring,
    path: &str,
    of: Identity,
    format: Format,
) -> io::Result<(Manifest, u64)> {
    let path = root.join(path);
    match Found::open(&path, keys, true) {
        Ok(Found::Plain(file)) => mend_plain(&file, of, format),
        Ok(Found::Sealed(sealed)) => mend_sealed(*sealed, of),
        Err(error) if SealError::of(&error) == Some(SealError::Begun) => begin_anew(&path, keys, of, format),
        Err(error) => Err(error),
    }
}

fn mend_plain(file: &File, of: Identity, format: Format) -> io::Result<(Manifest, u64)> {
    let format = Format::read(file)?.unwrap_or(format);
    // Of another recording it is something that somebody said.
    let found = wav::find_manifest(file, format)?.filter(|(_, manifest)| manifest.recording == of.0);
    if let Some((frames, manifest)) = &found
        && wav::frames_said(file, format)? == Some(*frames)
        && manifest.is_of(file, format, *frames)?
    {
        // It may be in the system's memory only, and its note goes soon.
        file.sync_data()?;
        return Ok((manifest.clone(), file.metadata()?.len()));
    }
    let frames = match (found, wav::frames_said(file, format)?) {
        (Some((frames, _)), _) => frames,
        (None, Some(frames)) if wav::has_torn_manifest(file, format, frames)? => frames,
        // The samples are there before the header says so.
        (None, _) => file.metadata()?.len().saturating_sub(format.header_len()) / format.frame_len(),
    };
    let frames = format.even(frames);
    wav::cut(file, format, frames)?;
    wav::write_header(file, format, frames)?;
    let manifest = Manifest::mended(of, format, frames);
    let bytes = wav::write_manifest(file, format, frames, &manifest)?;
    file.sync_data()?;
    Ok((manifest, bytes))
}

/// A sealed file is complete if it has a manifest, which nobody without the key can have written.
fn mend_sealed(sealed: Sealed, of: Identity) -> io::Result<(Manifest, u64)> {
    let format = sealed.format();
    if sealed.is_complete()
        && let Some(manifest) = wav::read_manifest(&sealed, format)?.filter(|known| known.recording == of.0)
        && manifest.is_of(&sealed, format, sealed.frames())?
    {
        return Ok((manifest, sealed.sync()?));
    }
    let (file, mut sealer, samples) = sealed.cut()?;
    let manifest = Manifest::mended(of, format, samples / format.frame_len());
    let bytes = sealer.manifest(&file, &wav::chunk(&manifest)?)?;
    file.sync_data()?;
    Ok((manifest, bytes))
}

/// Of a sealed file whose key a crash came before: nothing that may be in it can be heard by anybody.
fn begin_anew(path: &Path, keys: &Keyring, of: Identity, format: Format) -> io::Result<(Manifest, u64)> {
    let file = File::options().write(true).open(path)?;
    let master = keys.current().ok_or(SealError::Begun)?;
    file.set_len(0)?;
    let mut sealer = Sealer::create(&file, format, master)?;
    let manifest = Manifest::mended(of, format, 0);
    let bytes = sealer.manifest(&file, &wav::chunk(&manifest)?)?;
    file.sync_data()?;
    Ok((manifest, bytes))
}

fn told((manifest, bytes): (Manifest, u64), call: CallId, path: &str) -> Repaired {
    let index = manifest.index_told();
    let Manifest { recording, started_unix_us: started, duration_ms, gap_ms, .. } = manifest;
    Repaired { recording, call, path: path.to_owned(), started, duration_ms, gap_ms, bytes, index }
}
