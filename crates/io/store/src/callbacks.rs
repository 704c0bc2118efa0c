//! Callers who want to be called back.

use std::time::Duration;

use hotline_base::{AgentId, CallId, Pii, QueueId, WallTime};
use hotline_call::{CALLBACKS_MAX, Callback, CallbackPlace, CallbackState};
use serde::{Deserialize, Serialize};

use crate::db::{Row, Tx, sql};
use crate::error::StoreError;
use crate::store::Store;

/// A wish to be called back, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookedCallback {
    /// The wish.
    pub callback: Callback,
    /// The call in which it was asked for.
    pub call: CallId,
}

/// What became of a wish that is to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackBooking {
    /// It is kept.
    New,
    /// The number waits for that queue already, and keeps its place.
    Known,
    /// As many wait as may ([`CALLBACKS_MAX`]).
    Full,
}

/// How a wish stands from here on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackChange {
    /// Which.
    pub id: CallId,
    /// How it stands.
    pub state: CallbackState,
    /// Since when.
    pub at: WallTime,
}

impl Store {
    /// Keeps a wish. There is one of each number and queue at a time.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn book_callback(&self, booked: &BookedCallback) -> Result<CallbackBooking, StoreError> {
        let mut tx = self.db.begin().await?;
        let count = sql("SELECT COUNT(*) AS open FROM callback WHERE closed_at IS NULL");
        let open: i64 = match tx.fetch_first(count).await? {
            Some(row) => row.get("open")?,
            None => 0,
        };
        if usize::try_from(open).is_ok_and(|open| open >= CALLBACKS_MAX) {
            return Ok(CallbackBooking::Full);
        }
        let Callback { id, place, number, language, requested_at, enqueued_at, tries, not_before } =
            &booked.callback;
        let statement = sql("INSERT INTO callback
                (id, call_id, queue, number, language, requested_at, enqueued_at, tries, not_before,
                credit_us, emergency, agent)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING")
        .bind(id.to_string())
        .bind(booked.call.to_string())
        .bind(place.queue.as_str())
        .bind(number.expose().as_str())
        .bind(language.as_str())
        .bind(requested_at.as_unix_micros())
        .bind(enqueued_at.as_unix_micros())
        .bind(i64::from(*tries))
        .bind(not_before.map(WallTime::as_unix_micros))
        .bind(micros(place.credit))
        .bind(i64::from(place.emergency))
        .bind(place.agent.as_ref().map(ToString::to_string));
        let kept = tx.execute(statement).await?;
        tx.commit().await?;
        Ok(if kept == 0 { CallbackBooking::Known } else { CallbackBooking::New })
    }

    /// Those who wait to be called back, in the order of their wishes, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn open_callbacks(&self, limit: usize) -> Result<Vec<BookedCallback>, StoreError> {
        let limit = i64::try_from(limit.min(CALLBACKS_MAX)).unwrap_or(0);
        let statement =
            sql("SELECT * FROM callback WHERE closed_at IS NULL ORDER BY requested_at, id LIMIT $1")
                .bind(limit);
        self.db.fetch(statement).await?.iter().map(read).collect()
    }

    /// Those who wait to be called back, in the order of their wishes, behind the one that was asked for at that time; at most
    /// `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn open_callbacks_after(
        &self,
        after: Option<(WallTime, CallId)>,
        limit: usize,
    ) -> Result<Vec<BookedCallback>, StoreError> {
        let mut statement = sql("SELECT * FROM callback WHERE closed_at IS NULL");
        if let Some((requested_at, id)) = after {
            statement.push_bind(" AND (requested_at > ", requested_at.as_unix_micros());
            statement.push_bind(" OR (requested_at = ", requested_at.as_unix_micros());
            statement.push_bind(" AND id > ", id.to_string());
            statement.push("))");
        }
        let limit = i64::try_from(limit.min(CALLBACKS_MAX)).unwrap_or(0);
        statement.push_bind(" ORDER BY requested_at, id LIMIT ", limit);
        self.db.fetch(statement).await?.iter().map(read).collect()
    }

    /// The wish of this id, if it waits.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn open_callback(&self, id: CallId) -> Result<Option<BookedCallback>, StoreError> {
        let statement =
            sql("SELECT * FROM callback WHERE closed_at IS NULL AND id = $1").bind(id.to_string());
        self.db.fetch_first(statement).await?.as_ref().map(read).transpose()
    }

    /// The wishes that were given up because nobody was reached, with when that was, the latest first, behind the one that is named,
    /// at most `limit`: until somebody has seen to them.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn missed_callbacks(
        &self,
        after: Option<(WallTime, CallId)>,
        limit: usize,
    ) -> Result<Vec<(BookedCallback, WallTime)>, StoreError> {
        let limit = i64::try_from(limit.min(CALLBACKS_MAX)).unwrap_or(0);
        let mut statement = sql("SELECT * FROM callback WHERE outcome = 'missed'");
        if let Some((at, id)) = after {
            statement.push_bind(" AND (closed_at, id) < (", at.as_unix_micros());
            statement.push_bind(", ", id.to_string());
            statement.push(")");
        }
        statement.push_bind(" ORDER BY closed_at DESC, id DESC LIMIT ", limit);
        let rows = self.db.fetch(statement).await?;
        rows.iter().map(|row| Ok((read(row)?, WallTime(row.get("closed_at")?)))).collect()
    }

    /// The wish of this id, if it was given up because nobody was reached and nobody has seen to it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn missed_callback(&self, id: CallId) -> Result<Option<BookedCallback>, StoreError> {
        let statement =
            sql("SELECT * FROM callback WHERE outcome = 'missed' AND id = $1").bind(id.to_string());
        self.db.fetch_first(statement).await?.as_ref().map(read).transpose()
    }

    /// Somebody has seen to a wish that was given up. False if it is not on that list.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn settle_missed_callback(&self, id: CallId) -> Result<bool, StoreError> {
        let statement = sql("UPDATE callback SET outcome = 'settled' WHERE id = $1 AND outcome = 'missed'")
            .bind(id.to_string());
        Ok(self.db.execute(statement).await? > 0)
    }

    /// Takes a wish off the list. False if it is not on it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn close_callback(&self, id: CallId, now: WallTime) -> Result<bool, StoreError> {
        let statement = sql("UPDATE callback SET closed_at = $2, outcome = 'cancelled'
                WHERE id = $1 AND closed_at IS NULL")
        .bind(id.to_string())
        .bind(now.as_unix_micros());
        Ok(self.db.execute(statement).await? > 0)
    }
}

/// Keeps how a wish stands. One that is closed stays so.
pub(crate) async fn change(tx: &mut Tx, change: &CallbackChange) -> Result<(), StoreError> {
    let id = change.id.to_string();
    let statement = match &change.state {
        CallbackState::Waiting { tries, not_before } => {
            sql("UPDATE callback SET tries = $2, not_before = $3 WHERE id = $1 AND closed_at IS NULL")
                .bind(id)
                .bind(i64::from(*tries))
                .bind(not_before.map(WallTime::as_unix_micros))
        }
        // The core keeps a number from waiting for one queue twice; that must hold here whatever came in between.
        CallbackState::Placed(CallbackPlace { queue, credit, emergency, agent }) => {
            sql("UPDATE callback SET queue = $2, credit_us = $3, emergency = $4, agent = $5
                WHERE id = $1 AND closed_at IS NULL AND NOT EXISTS (SELECT 1 FROM callback other
                    WHERE other.closed_at IS NULL AND other.id <> callback.id
                    AND other.number = callback.number AND other.queue = $2)")
            .bind(id)
            .bind(queue.as_str())
            .bind(micros(*credit))
            .bind(i64::from(*emergency))
            .bind(agent.as_ref().map(ToString::to_string))
        }
        CallbackState::Reached | CallbackState::Missed => {
            let outcome = if change.state == CallbackState::Reached { "reached" } else { "missed" };
            sql("UPDATE callback SET closed_at = $2, outcome = $3 WHERE id = $1 AND closed_at IS NULL")
                .bind(id)
                .bind(change.at.as_unix_micros())
                .bind(outcome)
        }
    };
    tx.execute(statement).await?;
    Ok(())
}

fn read(row: &Row) -> Result<BookedCallback, StoreError> {
    let id = |column: &'static str| -> Result<CallId, StoreError> {
        let text: String = row.get(column)?;
        CallId::parse(&text).ok_or(StoreError::Corrupt { what: "callback", key: text, source: None })
    };
    let queue: String = row.get("queue")?;
    let tries: i64 = row.get("tries")?;
    let place = CallbackPlace {
        queue: QueueId::from(queue.as_str()),
        credit: Duration::from_micros(u64::try_from(row.get::<i64>("credit_us")?).unwrap_or(0)),
        emergency: row.get::<i64>("emergency")? != 0,
        agent: row.get::<Option<String>>("agent")?.map(|agent| AgentId::from(agent.as_str())),
    };
    let callback = Callback {
        id: id("id")?,
        place,
        number: Pii::new(row.get("number")?),
        language: row.get("language")?,
        requested_at: WallTime(row.get("requested_at")?),
        enqueued_at: WallTime(row.get("enqueued_at")?),
        tries: u8::try_from(tries).unwrap_or(u8::MAX),
        not_before: row.get::<Option<i64>>("not_before")?.map(WallTime),
    };
    Ok(BookedCallback { callback, call: id("call_id")? })
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
