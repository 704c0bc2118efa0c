//! Which recordings are kept: legal holds, and what is erased. The files are the caller's to delete.
//!
//! A recording is noted as erased first and its file deleted then: between the two nobody can put a hold on it, and after a crash the
//! file is found again.

use hotline_base::{CallId, RecordingId, WallTime};
use hotline_call::Recording;

use crate::calls::read_recording;
use crate::db::sql;
use crate::text::check_required;
use crate::{OfQueues, Store, StoreError};

/// The longest reason of a legal hold, in characters.
pub const HOLD_REASON_CHARS_MAX: usize = 500;
/// Recordings that are asked for at once at most.
pub const ERASED_AT_ONCE_MAX: usize = 200;

/// Nothing of a call may be erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegalHold {
    /// The call.
    pub call: CallId,
    /// Since when.
    pub at: WallTime,
    /// Who said so.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// What became of the wish to erase a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erasure {
    /// It counts as erased from now on; its file is to be deleted.
    Done,
    /// Its call is under a legal hold.
    Held,
    /// It was erased before, is still being written, or there is none.
    Nothing,
}

impl Store {
    /// Puts a call under a legal hold. False if it is already; that hold stands.
    ///
    /// # Errors
    /// [`StoreError::Invalid`], [`StoreError::Unavailable`].
    pub async fn put_hold(&self, hold: &LegalHold) -> Result<bool, StoreError> {
        check_required("the reason", &hold.reason, HOLD_REASON_CHARS_MAX)?;
        let statement = sql("INSERT INTO legal_hold (call, held_at, held_by, reason) VALUES ($1, $2, $3, $4)
            ON CONFLICT (call) DO NOTHING")
        .bind(hold.call.to_string())
        .bind(hold.at.as_unix_micros())
        .bind(hold.by.as_str())
        .bind(hold.reason.as_str());
        Ok(self.db.execute(statement).await? > 0)
    }

    /// The legal hold on a call.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn get_hold(&self, call: CallId) -> Result<Option<LegalHold>, StoreError> {
        let statement = sql("SELECT held_at, held_by, reason FROM legal_hold WHERE call = $1");
        let row = self.db.fetch_first(statement.bind(call.to_string())).await?;
        row.map(|row| {
            let (at, by, reason) = (WallTime(row.get("held_at")?), row.get("held_by")?, row.get("reason")?);
            Ok(LegalHold { call, at, by, reason })
        })
        .transpose()
    }

    /// Ends the legal hold on a call. False if there is none.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn release_hold(&self, call: CallId) -> Result<bool, StoreError> {
        let statement = sql("DELETE FROM legal_hold WHERE call = $1").bind(call.to_string());
        Ok(self.db.execute(statement).await? > 0)
    }

    /// Notes that a recording is erased, unless its call is under a legal hold.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn erase_recording(&self, id: RecordingId, at: WallTime) -> Result<Erasure, StoreError> {
        let statement = sql("UPDATE recording SET erased_at = $2
            WHERE id = $1 AND erased_at IS NULL AND state <> 'open'
            AND NOT EXISTS (SELECT 1 FROM legal_hold h WHERE h.call = recording.call)")
        .bind(id.to_string())
        .bind(at.as_unix_micros());
        if self.db.execute(statement).await? > 0 {
            return Ok(Erasure::Done);
        }
        let held = sql(
            "SELECT h.call AS call FROM recording r JOIN legal_hold h ON h.call = r.call WHERE r.id = $1",
        );
        let held = self.db.fetch_first(held.bind(id.to_string())).await?;
        Ok(if held.is_some() { Erasure::Held } else { Erasure::Nothing })
    }

    /// Notes that the file of an erased recording is deleted.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn note_file_deleted(&self, id: RecordingId, at: WallTime) -> Result<(), StoreError> {
        let statement =
            sql("UPDATE recording SET file_deleted_at = $2 WHERE id = $1 AND erased_at IS NOT NULL");
        self.db.execute(statement.bind(id.to_string()).bind(at.as_unix_micros())).await.map(drop)
    }

    /// Erased recordings whose files are not noted as deleted; at most `limit` and [`ERASED_AT_ONCE_MAX`].
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    pub async fn files_to_delete(&self, limit: usize) -> Result<Vec<Recording>, StoreError> {
        let statement = sql("SELECT * FROM recording WHERE erased_at IS NOT NULL AND file_deleted_at IS NULL
            ORDER BY erased_at LIMIT $1");
        let limit = i64::try_from(limit.min(ERASED_AT_ONCE_MAX)).unwrap_or(0);
        let rows = self.db.fetch(statement.bind(limit)).await?;
        rows.iter().map(|row| Ok(read_recording(row)?.1)).collect()
    }

    /// The oldest recordings of before `at` that are neither erased nor held, by the queues in which their calls waited last; at most `limit` and [`ERASED_AT_ONCE_MAX`].
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    pub async fn recordings_before(
        &self,
        at: WallTime,
        of: OfQueues<'_>,
        limit: usize,
    ) -> Result<Vec<Recording>, StoreError> {
        let mut statement = sql("SELECT r.* FROM recording r JOIN call c ON c.id = r.call
            WHERE r.erased_at IS NULL AND r.state <> 'open' AND r.started_at < $1
            AND NOT EXISTS (SELECT 1 FROM legal_hold h WHERE h.call = r.call)")
        .bind(at.as_unix_micros());
        of.restrict(&mut statement, "c.queue");
        let limit = i64::try_from(limit.min(ERASED_AT_ONCE_MAX)).unwrap_or(0);
        statement.push_bind(" ORDER BY r.started_at LIMIT ", limit);
        let rows = self.db.fetch(statement).await?;
        rows.iter().map(|row| Ok(read_recording(row)?.1)).collect()
    }
}
