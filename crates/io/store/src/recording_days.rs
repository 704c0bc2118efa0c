//! The daily chain of recordings: which there were, with the checksums that they had, and each day with the hash of the one before.
//!
//! It shows that a recording was changed or taken away, and that the database was made to say nothing of it. It does not stop
//! somebody who may write to the database and computes all of it anew: against that the hash of each day is in the audit log, too.

use hotline_base::{RecordingId, WallTime};
use sha2::{Digest, Sha256};

use crate::db::{Row, portions, sql};
use crate::flow_figures::DAY_US;
use crate::sessions::hex;
use crate::{Store, StoreError};

/// Recordings that are read for a day at a time.
pub const DAY_ENTRIES_AT_ONCE: usize = 1000;
/// How much earlier than the day that is closed a recording may have begun, in days: its end may come late, by a day
/// that it lasted and by a database that was away.
const LATE_DAYS: i64 = 8;

/// A recording of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayEntry {
    /// The recording.
    pub recording: RecordingId,
    /// Where its file was.
    pub path: String,
    /// SHA-256 of its samples, in hexadecimal.
    pub sha256: String,
}

/// A recording that belongs to no day yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unchained {
    /// The recording.
    pub recording: RecordingId,
    /// Where its file is.
    pub path: String,
    /// The checksum that it had; `None` if nobody knows, as after a crash.
    pub sha256: Option<String>,
    /// Whether it is erased.
    pub is_erased: bool,
}

/// A day that is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingDay {
    /// Since 1970, in UTC.
    pub day: i64,
    /// How many recordings belong to it.
    pub recordings: u64,
    /// The hash of the day before; empty for the first.
    pub previous: String,
    /// The hash of this one: of all of the above and each recording.
    pub hash: String,
}

/// What became of a recording of a day, as the database says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It should be there.
    Kept,
    /// It was erased; the record of its call may be, too.
    Erased,
    /// The database knows nothing of it: somebody took it out.
    Unknown,
}

impl RecordingDay {
    /// A day with these recordings, in the order of their ids, after a day with that hash.
    #[must_use]
    pub fn close(day: i64, previous: &str, entries: &[DayEntry]) -> Self {
        let mut digest = Sha256::new();
        // What has no length of its own is told apart by its length.
        let mut add = |text: &str| {
            digest.update((text.len() as u64).to_le_bytes());
            digest.update(text);
        };
        add(previous);
        add(&day.to_string());
        add(&entries.len().to_string());
        for entry in entries {
            add(&entry.recording.to_string());
            add(&entry.path);
            add(&entry.sha256);
        }
        let hash = hex(&digest.finalize());
        Self { day, recordings: entries.len() as u64, previous: previous.to_owned(), hash }
    }
}

impl Store {
    /// The last day that is closed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn last_recording_day(&self) -> Result<Option<RecordingDay>, StoreError> {
        let row = self.db.fetch_first(sql("SELECT * FROM recording_day ORDER BY day DESC LIMIT 1")).await?;
        row.map(|row| read_day(&row)).transpose()
    }

    /// Complete recordings that began before the end of `day` and belong to no day yet, in the order of their ids after `after`; at most
    /// [`DAY_ENTRIES_AT_ONCE`].
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    pub async fn unchained_recordings(
        &self,
        day: i64,
        after: Option<RecordingId>,
    ) -> Result<Vec<Unchained>, StoreError> {
        let statement = sql("SELECT * FROM recording r
            WHERE r.started_at >= $1 AND r.started_at < $2 AND r.id > $3 AND r.state IN ('finished', 'mended')
            AND NOT EXISTS (SELECT 1 FROM recording_day_entry e WHERE e.recording = r.id)
            ORDER BY r.id LIMIT $4")
        .bind((day - LATE_DAYS) * DAY_US)
        .bind((day + 1) * DAY_US)
        .bind(after.map_or_else(String::new, |id| id.to_string()))
        .bind(i64::try_from(DAY_ENTRIES_AT_ONCE).unwrap_or(0));
        let rows = self.db.fetch(statement).await?;
        let read = |row: &Row| {
            let is_erased = row.get::<Option<i64>>("erased_at")?.is_some();
            let (_, recording) = crate::calls::read_recording(row)?;
            let (path, sha256) = (recording.path, recording.index.sha256);
            Ok(Unchained { recording: recording.id, path, sha256, is_erased })
        };
        rows.iter().map(read).collect()
    }

    /// Closes a day, all of it or nothing.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if it or one of the recordings is in the chain; [`StoreError::Unavailable`].
    pub async fn close_recording_day(
        &self,
        day: &RecordingDay,
        entries: &[DayEntry],
        at: WallTime,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let statement = sql("INSERT INTO recording_day (day, recordings, previous, hash, closed_at)
            VALUES ($1, $2, $3, $4, $5)")
        .bind(day.day)
        .bind(i64::try_from(day.recordings).unwrap_or(i64::MAX))
        .bind(day.previous.as_str())
        .bind(day.hash.as_str())
        .bind(at.as_unix_micros());
        tx.execute(statement).await?;
        for portion in portions(entries) {
            let mut statement = sql("INSERT INTO recording_day_entry (recording, day, path, sha256) VALUES ");
            for (index, entry) in portion.iter().enumerate() {
                let row = [
                    entry.recording.to_string().into(),
                    day.day.into(),
                    entry.path.as_str().into(),
                    entry.sha256.as_str().into(),
                ];
                statement.push_row(index == 0, row);
            }
            tx.execute(statement).await?;
        }
        tx.commit().await
    }

    /// The first closed day after `after`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn next_recording_day(&self, after: Option<i64>) -> Result<Option<RecordingDay>, StoreError> {
        let statement = sql("SELECT * FROM recording_day WHERE day > $1 ORDER BY day LIMIT 1");
        let row = self.db.fetch_first(statement.bind(after.unwrap_or(i64::MIN))).await?;
        row.map(|row| read_day(&row)).transpose()
    }

    /// The recordings of a closed day in the order of their ids, with what the database says became of each.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    pub async fn recording_day_entries(&self, day: i64) -> Result<Vec<(DayEntry, Fate)>, StoreError> {
        let statement = sql("SELECT e.recording, e.path, e.sha256, e.forgotten, r.id AS known, r.erased_at
            FROM recording_day_entry e LEFT JOIN recording r ON r.id = e.recording
            WHERE e.day = $1 ORDER BY e.recording");
        let rows = self.db.fetch(statement.bind(day)).await?;
        let read = |row: &Row| {
            let key: String = row.get("recording")?;
            let corrupt =
                || StoreError::Corrupt { what: "day of recordings", key: key.clone(), source: None };
            let recording = RecordingId::parse(&key).ok_or_else(corrupt)?;
            let fate = match (row.get::<Option<String>>("known")?, row.get::<Option<i64>>("erased_at")?) {
                (None, _) if row.get::<bool>("forgotten")? => Fate::Erased,
                (None, _) => Fate::Unknown,
                (Some(_), Some(_)) => Fate::Erased,
                (Some(_), None) => Fate::Kept,
            };
            Ok((DayEntry { recording, path: row.get("path")?, sha256: row.get("sha256")? }, fate))
        };
        rows.iter().map(read).collect()
    }
}

fn read_day(row: &Row) -> Result<RecordingDay, StoreError> {
    Ok(RecordingDay {
        day: row.get("day")?,
        recordings: row.get::<i64>("recordings")?.unsigned_abs(),
        previous: row.get("previous")?,
        hash: row.get("hash")?,
    })
}
