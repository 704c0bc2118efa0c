//! Where recordings lie.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hotline_base::{RecordingId, WallTime};
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};

use crate::StartError;
use crate::manifest::Manifest;
use crate::notes::{Note, Notes};
use crate::repair::mend;
use crate::sealed::Keyring;

/// What names of plain recordings end with, and those of sealed ones.
const PLAIN: &str = ".wav";
const SEALED: &str = ".wav.sealed";

/// Whether a recording is named like this.
pub(crate) fn is_recording(name: &str) -> bool {
    name.ends_with(PLAIN) || name.ends_with(SEALED)
}

/// Whether the name says that what is in the file is sealed.
pub(crate) fn is_sealed(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(SEALED.as_bytes())
}

/// The root of all recordings.
#[derive(Clone, Debug)]
pub(crate) struct Shelf {
    root: PathBuf,
    pub(crate) notes: Arc<Notes>,
    pub(crate) keys: Keyring,
}

impl Shelf {
    /// Makes the root if need be, and makes sure that it can be written.
    pub(crate) fn open(root: &Path, keys: &Keyring) -> Result<Self, StartError> {
        let probe = root.join(".probe");
        let notes = fs::create_dir_all(root)
            .and_then(|()| fs::write(&probe, b"probe"))
            .and_then(|()| fs::remove_file(&probe))
            .and_then(|()| Notes::open(root))
            .map_err(|source| StartError::Directory { path: root.to_path_buf(), source })?;
        Ok(Self { root: root.to_path_buf(), notes: Arc::new(notes), keys: keys.clone() })
    }

    /// The place of a file by its relative path.
    pub(crate) fn full(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// `YYYY/MM/DD/<HHMMSS>-<id>.wav`, UTC, relative to the root; `….wav.sealed` if it is sealed.
    pub(crate) fn relative(recording: RecordingId, at: WallTime, is_sealed: bool) -> String {
        let at =
            OffsetDateTime::from_unix_timestamp(at.as_unix_seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let (year, month, day): (i32, u8, u8) = (at.year(), u8::from(at.month()), at.day());
        let (hour, minute, second) = at.to_hms();
        let end = if is_sealed { SEALED } else { PLAIN };
        format!("{year:04}/{month:02}/{day:02}/{hour:02}{minute:02}{second:02}-{recording}{end}")
    }

    /// Whose file this is, and since when, by its relative path; `None` if it is none of ours.
    pub(crate) fn recording_of(relative: &str) -> Option<(RecordingId, WallTime)> {
        let (day, name) = relative.rsplit_once('/')?;
        let (time, recording) =
            name.strip_suffix(SEALED).or_else(|| name.strip_suffix(PLAIN))?.split_once('-')?;
        let mut date = day.split('/');
        let (year, month, day): (i32, u8, u8) =
            (date.next()?.parse().ok()?, date.next()?.parse().ok()?, date.next()?.parse().ok()?);
        let date = Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()?;
        let part = |range: core::ops::Range<usize>| time.get(range)?.parse().ok();
        let time = Time::from_hms(part(0..2)?, part(2..4)?, part(4..6)?).ok()?;
        let seconds = PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp();
        let at = WallTime(seconds.checked_mul(1_000_000)?);
        Some((RecordingId::parse(recording)?, at))
    }

    /// Completes the file of a note.
    pub(crate) fn mend(&self, note: &Note) -> io::Result<(Manifest, u64)> {
        mend(&self.root, &self.keys, &note.path, note.identity(), note.format)
    }

    /// Makes the directory for a file.
    pub(crate) fn make_room(&self, relative: &str) -> io::Result<()> {
        fs::create_dir_all(self.day(relative))
    }

    /// Puts the names of all files of a day on the disk, and those of the directories above unless that `is_known` to
    /// have been done.
    pub(crate) fn sync_names(&self, day: &Path, is_known: bool) -> io::Result<()> {
        // Each directory has the name of the next.
        let directories = day.ancestors().take_while(|directory| directory.starts_with(&self.root));
        directories.take(if is_known { 1 } else { usize::MAX }).try_for_each(sync)
    }

    /// The directory of a recording's files.
    pub(crate) fn day(&self, relative: &str) -> PathBuf {
        let mut path = self.full(relative);
        path.pop();
        path
    }
}

fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use hotline_base::Rng;

    use super::*;

    #[test]
    fn files_lie_by_day_and_time() {
        let recording = RecordingId::generate(WallTime(0), &mut Rng::from_number(1));
        let leap_day = WallTime(1_709_251_199_999_999);
        for (is_sealed, end) in [(false, ".wav"), (true, ".wav.sealed")] {
            let path = Shelf::relative(recording, leap_day, is_sealed);
            assert_eq!(path, format!("2024/02/29/235959-{recording}{end}"));
            assert_eq!(Shelf::recording_of(&path), Some((recording, WallTime(1_709_251_199_000_000))));
            assert_eq!((is_recording(&path), super::is_sealed(Path::new(&path))), (true, is_sealed));
        }
        for other in ["2024/02/30/235959-x.wav", "2024/02/29/235959.wav", "a.wav", "2024/02/29/2359é9-x.wav"]
        {
            assert_eq!(Shelf::recording_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_root_that_cannot_be_written_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Shelf::open(&file.path().join("recordings"), &Keyring::default()).unwrap_err();
        let path = file.path().display();
        assert_eq!(error.to_string(), format!("recordings directory {path}/recordings: cannot be written"));
    }
}
