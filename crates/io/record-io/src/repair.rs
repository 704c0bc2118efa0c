//! Mends what a crash left unfinished.

use std::fs::File;
use std::io;
use std::path::Path;

use hotline_base::{CallId, RecordingId, WallTime};

use crate::manifest::{End, Manifest, Outcome};
use crate::shelf::Shelf;
use crate::{StartError, wav};

/// A recording that is complete again.
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
    /// The size of the file.
    pub bytes: u64,
}

/// Gives every recording that was under way when the server died a header of its true length and a finished
/// manifest. Run it before the recorder starts. A file that cannot be mended is logged and tried again at the
/// next start.
///
/// # Errors
/// A directory that cannot be written, by name.
pub fn repair(root: &Path) -> Result<Vec<Repaired>, StartError> {
    let shelf = Shelf::open(root)?;
    let unfinished =
        shelf.unfinished().map_err(|source| StartError::Directory { path: root.to_path_buf(), source })?;
    let mut repaired = Vec::new();
    for (recording, path) in unfinished {
        match mend(&shelf, recording, &path) {
            Ok(mended) => repaired.extend(mended),
            Err(error) => tracing::warn!(%recording, %path, %error, "a recording could not be mended"),
        }
    }
    Ok(repaired)
}

/// `None` if the crash came before there was a file.
fn mend(shelf: &Shelf, recording: RecordingId, relative: &str) -> io::Result<Option<Repaired>> {
    let path = shelf.full(relative);
    let open = || Ok((Manifest::read(&path)?, File::options().read(true).write(true).open(&path)?));
    let (mut manifest, file) = match open() {
        Ok(opened) => opened,
        Err(error) => {
            let error: io::Error = error;
            if error.kind() != io::ErrorKind::NotFound {
                return Err(error);
            }
            shelf.close(recording)?;
            return Ok(None);
        }
    };
    let length = file.metadata()?.len();
    let frames = length.saturating_sub(wav::HEADER_LEN) / wav::FRAME_LEN;
    let bytes = wav::HEADER_LEN + frames * wav::FRAME_LEN;
    file.set_len(bytes)?;
    wav::write_header(&file, frames)?;
    file.sync_data()?;
    let duration_ms = wav::millis(frames);
    manifest.end = Some(End { outcome: Outcome::Repaired, duration_ms, gap_ms: None, bytes });
    manifest.write(&path)?;
    shelf.close(recording)?;
    let Manifest { call, started_unix_us: started, .. } = manifest;
    Ok(Some(Repaired { recording, call, path: relative.to_owned(), started, duration_ms, bytes }))
}
