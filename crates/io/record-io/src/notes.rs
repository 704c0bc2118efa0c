//! Notes of the recordings under way, so that a start-up after a crash reads those and not the whole archive.
//!
//! One file of slots, each a line of text: a note, or blank. A slot is used again when its recording is complete, so
//! the file is as long as the most recordings at a time, and a recording costs neither a file nor its removal.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hotline_base::{CallId, RecordingId, WallTime};
use serde::{Deserialize, Serialize};

use crate::format::Format;
use crate::manifest::Identity;

/// Below the root.
const NAME: &str = ".under-way";
/// Of one slot: a sector, which a disk writes whole or not at all. The longest note takes 320.
const SLOT_LEN: usize = 512;

/// A recording under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) recording: RecordingId,
    pub(crate) call: CallId,
    /// Microseconds since the Unix epoch, UTC.
    pub(crate) started_unix_us: WallTime,
    /// Relative to the root.
    pub(crate) path: String,
    /// How it is written, should its file not say so.
    #[serde(default)]
    pub(crate) format: Format,
    /// It could not be written on, and is not complete yet.
    #[serde(default)]
    pub(crate) is_cut: bool,
}

impl Note {
    /// Which recording it is, of which call, and since when.
    pub(crate) const fn identity(&self) -> Identity {
        (self.recording, Some(self.call), self.started_unix_us)
    }
}

/// The file, and which of its slots are free.
#[derive(Debug)]
pub(crate) struct Notes {
    file: File,
    path: PathBuf,
    slots: Mutex<Slots>,
}

#[derive(Debug, Default)]
struct Slots {
    free: BTreeSet<u32>,
    count: u32,
}

/// Where a note is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot(u32);

impl Notes {
    /// Opens the file below `root`, or makes it. What is noted in it stays until it is erased.
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        let path = root.join(NAME);
        let file = File::options().read(true).write(true).create(true).truncate(false).open(&path)?;
        let notes = Self { file, path, slots: Mutex::default() };
        let text = fs::read(&notes.path)?;
        let used: BTreeSet<u32> = lines(&text).map(|(Slot(slot), _)| slot).collect();
        let count = used.last().map_or(0, |last| last + 1);
        *notes.slots() = Slots { free: (0..count).filter(|slot| !used.contains(slot)).collect(), count };
        Ok(notes)
    }

    /// The notes below `root` without touching the file; `None` if there is none.
    pub(crate) fn look(root: &Path) -> io::Result<Option<Vec<Note>>> {
        match fs::read(root.join(NAME)) {
            Ok(text) => {
                let notes = lines(&text).filter_map(|(_, line)| serde_json::from_slice(line).ok());
                Ok(Some(notes.collect()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All notes; one that cannot be read is logged and left out.
    pub(crate) fn read(&self) -> io::Result<Vec<(Slot, Note)>> {
        let text = fs::read(&self.path)?;
        let mut notes = Vec::new();
        for (slot, line) in lines(&text) {
            match serde_json::from_slice(line) {
                Ok(note) => notes.push((slot, note)),
                Err(error) => {
                    let (Slot(slot), file) = (slot, self.path.display());
                    tracing::warn!(%file, slot, %error, "the note of a recording cannot be read");
                }
            }
        }
        Ok(notes)
    }

    /// Notes a recording; not yet on the disk.
    pub(crate) fn write(&self, note: &Note) -> io::Result<Slot> {
        let line = line(note)?;
        let slot = self.slots().take();
        if let Err(error) = self.file.write_all_at(&line, slot.offset()) {
            self.slots().give_back(slot);
            return Err(error);
        }
        Ok(slot)
    }

    /// Notes something else of the same recording.
    pub(crate) fn change(&self, slot: Slot, note: &Note) -> io::Result<()> {
        self.file.write_all_at(&line(note)?, slot.offset())
    }

    /// The recording is over, and its file is whole.
    pub(crate) fn erase(&self, slot: Slot) -> io::Result<()> {
        let mut blank = [b' '; SLOT_LEN];
        blank[SLOT_LEN - 1] = b'\n';
        self.file.write_all_at(&blank, slot.offset())?;
        self.slots().give_back(slot);
        Ok(())
    }

    /// Puts all notes on the disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slots {
    fn take(&mut self) -> Slot {
        let slot = self.free.pop_first().unwrap_or(self.count);
        self.count = self.count.max(slot + 1);
        Slot(slot)
    }

    fn give_back(&mut self, Slot(slot): Slot) {
        self.free.insert(slot);
    }
}

impl Slot {
    const fn offset(self) -> u64 {
        self.0 as u64 * SLOT_LEN as u64
    }
}

/// A note as it fills a slot.
fn line(note: &Note) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(note)?;
    if line.len() >= SLOT_LEN {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the note is too long"));
    }
    line.resize(SLOT_LEN - 1, b' ');
    line.push(b'\n');
    Ok(line)
}

/// The slots that are not blank.
fn lines(text: &[u8]) -> impl Iterator<Item = (Slot, &[u8])> {
    let used = |slot: &[u8]| slot.iter().any(|byte| !matches!(byte, b' ' | b'\n' | 0));
    (0..).map(Slot).zip(text.chunks(SLOT_LEN)).filter(move |(_, slot)| used(slot))
}

#[cfg(test)]
mod tests {
    use hotline_base::Rng;

    use super::*;

    fn note(number: u64) -> Note {
        let (at, rng) = (WallTime(1_795_415_400_000_000), &mut Rng::from_number(number));
        let (recording, call) = (RecordingId::generate(at, rng), CallId::generate(at, rng));
        let path = format!("2026/11/23/063000-{recording}.wav");
        Note { recording, call, started_unix_us: at, path, format: Format::default(), is_cut: false }
    }

    #[test]
    fn what_is_written_and_not_erased_is_read_by_the_next() {
        let root = tempfile::tempdir().unwrap();
        let notes = Notes::open(root.path()).unwrap();
        let slots: Vec<Slot> = (0..3).map(|number| notes.write(&note(number)).unwrap()).collect();
        notes.erase(slots[1]).unwrap();
        let next = Notes::open(root.path()).unwrap();
        assert_eq!(next.read().unwrap(), [(slots[0], note(0)), (slots[2], note(2))]);
        assert_eq!(next.write(&note(3)).unwrap(), slots[1], "a free slot before a new one");
        assert_eq!(next.write(&note(4)).unwrap(), Slot(3));
        assert_eq!(next.read().unwrap().len(), 4);
    }

    #[test]
    fn a_slot_that_cannot_be_read_costs_no_other_and_is_not_used() {
        let root = tempfile::tempdir().unwrap();
        let notes = Notes::open(root.path()).unwrap();
        let slots = [0, 1].map(|number| notes.write(&note(number)).unwrap());
        notes.file.write_all_at(b"torn", slots[0].offset()).unwrap();
        notes.file.write_all_at(b"{", Slot(2).offset()).unwrap();
        let next = Notes::open(root.path()).unwrap();
        assert_eq!(next.read().unwrap(), [(slots[1], note(1))]);
        assert_eq!(next.write(&note(3)).unwrap(), Slot(3));
    }

    #[test]
    fn the_file_is_as_long_as_the_most_recordings_at_a_time() {
        let root = tempfile::tempdir().unwrap();
        let notes = Notes::open(root.path()).unwrap();
        for number in 0..100 {
            let slots = [number, number + 1].map(|number| notes.write(&note(number)).unwrap());
            slots.into_iter().for_each(|slot| notes.erase(slot).unwrap());
        }
        assert_eq!(fs::metadata(root.path().join(NAME)).unwrap().len(), 2 * SLOT_LEN as u64);
    }
}
