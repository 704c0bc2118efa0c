//! The spool: journal entries on disk, in order, while the database is away. One JSON object a line.
//!
//! What was appended is on disk. A line that a crash cut short was never acknowledged and is cut off at the
//! next start. Entries that reached the database shortly before a crash may be read again: writing them twice
//! is harmless, because events have numbers and a call has one record.

use std::io::{self, BufRead, SeekFrom};
use std::path::{Path, PathBuf};

use hotline_telemetry::Metric;
use serde::{Deserialize, Serialize};
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt, AsyncSeekExt, AsyncWriteExt, BufReader};

use crate::{JournalEntry, StoreError};

/// The usual bound of the spool file: some 500 000 events, hours of a large center.
pub const SPOOL_BYTES_MAX: u64 = 256 << 20;

/// The form in which lines are written. A later program that changes it reads both.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct LineOut<'a> {
    version: u32,
    entry: &'a JournalEntry,
}

#[derive(Deserialize)]
struct LineIn {
    version: u32,
    entry: JournalEntry,
}

/// The file, locked for this process.
#[derive(Debug)]
pub(crate) struct Spool {
    path: PathBuf,
    file: File,
    /// Entries before this byte are in the database.
    start: u64,
    /// Complete lines end here.
    end: u64,
    bytes_max: u64,
    /// The file may hold half a line after `end`.
    torn: bool,
}

/// Entries read from the spool, not taken off it yet.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) entries: Vec<JournalEntry>,
    end: u64,
}

impl Spool {
    /// Opens or makes the file, locks it and cuts off half a line at its end. Blocks; for the start only.
    pub(crate) fn open(path: &Path, bytes_max: u64) -> Result<Self, StoreError> {
        let fail = |source| StoreError::Spool { path: path.to_owned(), source };
        let file =
            std::fs::OpenOptions::new().read(true).append(true).create(true).open(path).map_err(fail)?;
        file.try_lock().map_err(|error| match error {
            std::fs::TryLockError::WouldBlock => fail(io::Error::other("another server is using it")),
            std::fs::TryLockError::Error(error) => fail(error),
        })?;
        let end = complete_bytes(&file).map_err(fail)?;
        file.set_len(end).map_err(fail)?;
        file.sync_all().map_err(fail)?;
        sync_directory(path).map_err(fail)?;
        Ok(Self { path: path.to_owned(), file: File::from_std(file), start: 0, end, bytes_max, torn: false })
    }

    /// True if everything was taken off.
    pub(crate) const fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Appends `entries`; on return they are on disk. After an error none of them is in the spool.
    pub(crate) async fn append(&mut self, entries: &[JournalEntry]) -> Result<(), StoreError> {
        let mut lines = Vec::new();
        for entry in entries {
            let before = lines.len();
            if let Err(error) = serde_json::to_writer(&mut lines, &LineOut { version: VERSION, entry }) {
                tracing::error!(%error, "an entry without a JSON form is dropped");
                Metric::JournalRefused.increment(1);
                lines.truncate(before);
                continue;
            }
            lines.push(b'\n');
        }
        let result = self.append_lines(&lines).await;
        Metric::JournalSpool.set((self.end - self.start) as f64);
        result.map_err(|source| self.fail(source))
    }

    async fn append_lines(&mut self, lines: &[u8]) -> io::Result<()> {
        let end = self.end + lines.len() as u64;
        if end > self.bytes_max {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "the spool's limit is reached"));
        }
        if self.torn {
            self.file.set_len(self.end).await?;
        }
        self.torn = true;
        self.file.write_all(lines).await?;
        self.file.flush().await?;
        self.file.sync_data().await?;
        self.torn = false;
        self.end = end;
        Ok(())
    }

    /// The oldest entries, at most `limit` lines; an unreadable line is counted and passed over.
    pub(crate) async fn read(&mut self, limit: usize) -> Result<Chunk, StoreError> {
        self.read_lines(limit).await.map_err(|source| self.fail(source))
    }

    async fn read_lines(&mut self, limit: usize) -> io::Result<Chunk> {
        let mut chunk = Chunk { entries: Vec::new(), end: self.start };
        let mut reader = BufReader::new(&mut self.file);
        reader.seek(SeekFrom::Start(self.start)).await?;
        let mut line = Vec::new();
        for _ in 0..limit {
            if chunk.end == self.end {
                break;
            }
            line.clear();
            chunk.end += reader.read_until(b'\n', &mut line).await? as u64;
            match serde_json::from_slice::<LineIn>(&line) {
                Ok(line) if line.version == VERSION => chunk.entries.push(line.entry),
                Ok(_) | Err(_) => {
                    tracing::error!(path = %self.path.display(), "an unreadable line of the spool is passed over");
                    Metric::JournalUnreadable.increment(1);
                }
            }
        }
        Ok(chunk)
    }

    /// Takes `chunk` off the spool, now that it is in the database. Frees the file when it is empty.
    pub(crate) async fn take_off(&mut self, chunk: &Chunk) {
        self.start = chunk.end;
        if self.is_empty() {
            self.start = 0;
            self.end = 0;
            if let Err(error) = self.file.set_len(0).await {
                tracing::warn!(%error, path = %self.path.display(), "the spool cannot be shortened");
                self.torn = true;
            }
        }
        Metric::JournalSpool.set((self.end - self.start) as f64);
    }

    fn fail(&self, source: io::Error) -> StoreError {
        StoreError::Spool { path: self.path.clone(), source }
    }
}

/// How many bytes the complete lines take.
fn complete_bytes(file: &std::fs::File) -> io::Result<u64> {
    let mut reader = io::BufReader::new(file);
    let mut line = Vec::new();
    let mut complete = 0;
    loop {
        line.clear();
        let length = reader.read_until(b'\n', &mut line)?;
        if line.last() != Some(&b'\n') {
            return Ok(complete);
        }
        complete += length as u64;
    }
}

/// Makes the name of a new file durable.
fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    std::fs::File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use hotline_base::WallTime;
    use hotline_call::{AlarmKind, Event, EventKind};
    use tempfile::TempDir;

    use super::*;

    fn entry(seq: u64) -> JournalEntry {
        let kind = EventKind::AlarmCleared(AlarmKind::StoreUnavailable);
        JournalEntry::Event(Event { seq, at: WallTime(0), kind })
    }

    fn entries(seqs: std::ops::RangeInclusive<u64>) -> Vec<JournalEntry> {
        seqs.map(entry).collect()
    }

    #[tokio::test]
    async fn entries_come_back_in_order_after_a_restart_and_the_file_is_freed() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("spool");
        let mut spool = Spool::open(&path, SPOOL_BYTES_MAX).unwrap();
        spool.append(&entries(1..=3)).await.unwrap();
        spool.append(&entries(4..=5)).await.unwrap();
        drop(spool);

        let mut spool = Spool::open(&path, SPOOL_BYTES_MAX).unwrap();
        let chunk = spool.read(2).await.unwrap();
        assert_eq!(chunk.entries, entries(1..=2));
        spool.take_off(&chunk).await;
        spool.append(&entries(6..=6)).await.unwrap();
        let chunk = spool.read(100).await.unwrap();
        assert_eq!(chunk.entries, entries(3..=6));
        spool.take_off(&chunk).await;
        assert!(spool.is_empty());
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
        spool.append(&entries(7..=7)).await.unwrap();
        assert_eq!(spool.read(100).await.unwrap().entries, entries(7..=7));
    }

    #[tokio::test]
    async fn half_a_line_is_cut_off_and_a_damaged_one_is_passed_over() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("spool");
        Spool::open(&path, SPOOL_BYTES_MAX).unwrap().append(&entries(1..=1)).await.unwrap();
        let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"version\":1,\"entry\":17}\n{\"version\":1,\"ent").unwrap();

        let mut spool = Spool::open(&path, SPOOL_BYTES_MAX).unwrap();
        spool.append(&entries(2..=2)).await.unwrap();
        assert_eq!(spool.read(100).await.unwrap().entries, entries(1..=2));
    }

    #[tokio::test]
    async fn at_its_limit_it_refuses_and_keeps_what_it_has() {
        let directory = TempDir::new().unwrap();
        let mut spool = Spool::open(&directory.path().join("spool"), 200).unwrap();
        spool.append(&entries(1..=1)).await.unwrap();
        let error = spool.append(&entries(2..=9)).await.unwrap_err();
        assert!(matches!(error, StoreError::Spool { .. }), "{error}");
        spool.append(&entries(2..=2)).await.unwrap();
        assert_eq!(spool.read(100).await.unwrap().entries, entries(1..=2));
    }

    #[test]
    fn two_servers_do_not_share_a_spool() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("spool");
        let _first = Spool::open(&path, SPOOL_BYTES_MAX).unwrap();
        let error = Spool::open(&path, SPOOL_BYTES_MAX).unwrap_err();
        let StoreError::Spool { source, .. } = error else { panic!("{error}") };
        assert_eq!(source.to_string(), "another server is using it");
    }
}
