//! Callers who want to be called back.

use hotline_base::{CallId, Pii, QueueId, WallTime};

use crate::db::{Row, sql};
use crate::error::StoreError;
use crate::store::Store;

/// The most wishes that are open at a time; beyond it callers are told no.
pub const CALLBACKS_OPEN_MAX: usize = 10_000;
/// The most that one list gives.
pub const CALLBACKS_PAGE_MAX: usize = 500;

/// Somebody who wants to be called back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// Its id.
    pub id: String,
    /// The call in which it was asked for.
    pub call: CallId,
    /// Whose agents are to call.
    pub queue: QueueId,
    /// The normalised number.
    pub number: Pii<String>,
    /// When it was asked for.
    pub requested_at: WallTime,
}

impl Store {
    /// Notes that `number` wants to be called back by a queue. Whoever is noted already keeps the place. False if there
    /// are [`CALLBACKS_OPEN_MAX`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn book_callback(&self, callback: &Callback) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let count = sql("SELECT COUNT(*) AS open FROM callback WHERE closed_at IS NULL");
        let open: i64 = match tx.fetch_first(count).await? {
            Some(row) => row.get("open")?,
            None => 0,
        };
        if usize::try_from(open).is_ok_and(|open| open >= CALLBACKS_OPEN_MAX) {
            return Ok(false);
        }
        let statement = sql("INSERT INTO callback (id, call_id, queue, number, requested_at)
                VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING")
        .bind(callback.id.as_str())
        .bind(callback.call.to_string())
        .bind(callback.queue.as_str())
        .bind(callback.number.expose().as_str())
        .bind(callback.requested_at.as_unix_micros());
        tx.execute(statement).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Those who wait to be called back, the oldest first, at most [`CALLBACKS_PAGE_MAX`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn open_callbacks(&self) -> Result<Vec<Callback>, StoreError> {
        let limit = i64::try_from(CALLBACKS_PAGE_MAX).unwrap_or(0);
        let statement = sql("SELECT id, call_id, queue, number, requested_at FROM callback
                WHERE closed_at IS NULL ORDER BY requested_at, id LIMIT $1")
        .bind(limit);
        self.db.fetch(statement).await?.iter().map(read).collect()
    }

    /// Takes a wish off the list. False if it is not on it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn close_callback(&self, id: &str, now: WallTime) -> Result<bool, StoreError> {
        let statement = sql("UPDATE callback SET closed_at = $2 WHERE id = $1 AND closed_at IS NULL")
            .bind(id)
            .bind(now.as_unix_micros());
        Ok(self.db.execute(statement).await? > 0)
    }
}

fn read(row: &Row) -> Result<Callback, StoreError> {
    let call: String = row.get("call_id")?;
    let queue: String = row.get("queue")?;
    let what = "callback";
    Ok(Callback {
        id: row.get("id")?,
        call: CallId::parse(&call).ok_or(StoreError::Corrupt { what, key: call, source: None })?,
        queue: QueueId::from(queue.as_str()),
        number: Pii::new(row.get("number")?),
        requested_at: WallTime(row.get("requested_at")?),
    })
}
