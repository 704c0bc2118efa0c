//! Where recordings lie, and how the unfinished ones are found again.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hotline_base::{RecordingId, WallTime};
use time::OffsetDateTime;

use crate::StartError;
use crate::manifest::Manifest;

/// Holds one file for each recording under way, named by its id; the text is the recording's path. So a start-up
/// after a crash reads what was under way and not the whole archive.
const UNFINISHED: &str = ".unfinished";

const NEXT_DAY: Duration = Duration::from_secs(24 * 3600);

/// The root of all recordings.
#[derive(Clone, Debug)]
pub(crate) struct Shelf {
    root: PathBuf,
}

impl Shelf {
    /// Makes the root if need be, and makes sure that it can be written.
    pub(crate) fn open(root: &Path) -> Result<Self, StartError> {
        let shelf = Self { root: root.to_path_buf() };
        let probe = shelf.root.join(UNFINISHED).join("probe");
        fs::create_dir_all(shelf.root.join(UNFINISHED))
            .and_then(|()| fs::write(&probe, b"probe"))
            .and_then(|()| fs::remove_file(&probe))
            .map_err(|source| StartError::Directory { path: shelf.root.clone(), source })?;
        Ok(shelf)
    }

    /// The place of a file by its relative path.
    pub(crate) fn full(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// `YYYY/MM/DD/<HHMMSS>-<id>.wav`, UTC, relative to the root.
    pub(crate) fn relative(recording: RecordingId, at: WallTime) -> String {
        let at =
            OffsetDateTime::from_unix_timestamp(at.as_unix_seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let (year, month, day) = (at.year(), u8::from(at.month()), at.day());
        let (hour, minute, second) = at.to_hms();
        format!("{year:04}/{month:02}/{day:02}/{hour:02}{minute:02}{second:02}-{recording}.wav")
    }

    /// Makes room for a file and notes it as unfinished, before anything of it exists.
    pub(crate) fn announce(&self, recording: RecordingId, relative: &str) -> io::Result<()> {
        if let Some(day) = self.full(relative).parent() {
            fs::create_dir_all(day)?;
        }
        fs::write(self.note(recording), relative)
    }

    /// Puts a recording's files on the disk, not yet their names.
    pub(crate) fn sync_files(&self, recording: RecordingId, relative: &str) -> io::Result<()> {
        let wav = self.full(relative);
        [self.note(recording), Manifest::path(&wav), wav].iter().try_for_each(|path| sync(path))
    }

    /// Puts the names of all files of a day on the disk, and those of the directories above unless that `is_known` to
    /// have been done.
    pub(crate) fn sync_names(&self, day: &Path, is_known: bool) -> io::Result<()> {
        // Each directory has the name of the next.
        let directories = day.ancestors().take_while(|directory| directory.starts_with(&self.root));
        directories.take(if is_known { 1 } else { usize::MAX }).try_for_each(sync)
    }

    /// Puts the names of all notes on the disk.
    pub(crate) fn sync_notes(&self) -> io::Result<()> {
        sync(&self.root.join(UNFINISHED))
    }

    /// The directory of a recording's files.
    pub(crate) fn day(&self, relative: &str) -> PathBuf {
        let mut path = self.full(relative);
        path.pop();
        path
    }

    /// The recording is complete or mended.
    pub(crate) fn close(&self, recording: RecordingId) -> io::Result<()> {
        fs::remove_file(self.note(recording))
    }

    /// All unfinished recordings, and what their notes say; nothing for a note that a crash left unreadable.
    pub(crate) fn unfinished(&self) -> io::Result<Vec<(RecordingId, String)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(self.root.join(UNFINISHED))? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(recording) = name.to_str().and_then(RecordingId::parse) else {
                tracing::warn!(file = %entry.path().display(), "not a note of a recording; left alone");
                continue;
            };
            found.push((recording, fs::read_to_string(entry.path()).unwrap_or_default()));
        }
        found.sort();
        Ok(found)
    }

    /// Where an unfinished recording's WAV file is: where its note says, or else on its day, by its id. `None` if
    /// there is no file.
    pub(crate) fn find(&self, recording: RecordingId, noted: &str) -> io::Result<Option<String>> {
        let ending = format!("-{recording}.wav");
        if noted.ends_with(&ending) && self.full(noted).try_exists()? {
            return Ok(Some(noted.to_owned()));
        }
        // A recording begins right after its id was made, which may be the next day.
        let made = born(recording);
        for at in [made, made + NEXT_DAY] {
            let relative = Self::relative(recording, at);
            let Some((day, _)) = relative.rsplit_once('/') else { continue };
            let Ok(files) = fs::read_dir(self.root.join(day)) else { continue };
            for file in files {
                let name = file?.file_name();
                if let Some(name) = name.to_str().filter(|name| name.ends_with(&ending)) {
                    return Ok(Some(format!("{day}/{name}")));
                }
            }
        }
        Ok(None)
    }

    fn note(&self, recording: RecordingId) -> PathBuf {
        self.root.join(UNFINISHED).join(recording.to_string())
    }
}

fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// When a recording's id was made, to the millisecond; about when it began.
pub(crate) fn born(recording: RecordingId) -> WallTime {
    let made = recording.0.get_timestamp().map_or((0, 0), |made| made.to_unix());
    WallTime::default() + Duration::new(made.0, made.1)
}

#[cfg(test)]
mod tests {
    use hotline_base::Rng;

    use super::*;

    #[test]
    fn files_lie_by_day_and_time() {
        let recording = RecordingId::generate(WallTime(0), &mut Rng::from_number(1));
        let leap_day = WallTime(1_709_251_199_999_999);
        assert_eq!(Shelf::relative(recording, leap_day), format!("2024/02/29/235959-{recording}.wav"));
    }

    #[test]
    fn a_root_that_cannot_be_written_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Shelf::open(&file.path().join("recordings")).unwrap_err();
        let path = file.path().display();
        assert_eq!(error.to_string(), format!("recordings directory {path}/recordings: cannot be written"));
    }
}
