//! Answers to requests that may be sent twice: what a key stands for, and what was answered to it.

use std::time::Duration;

use hotline_base::WallTime;

use crate::db::{Row, sql};
use crate::{Store, StoreError};

/// How long a key stands for its request.
pub const IDEMPOTENCY_KEPT: Duration = Duration::from_hours(24);
/// Keys that are kept at once; of more, the oldest go first.
pub const IDEMPOTENCY_KEYS_MAX: usize = 20_000;

/// A request with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyedRequest<'a> {
    /// Whose.
    pub user: &'a str,
    /// Stands for the key; what the client sent is not kept.
    pub key_hash: &'a str,
    /// Stands for what is asked: another one with the same key is refused.
    pub request_hash: &'a str,
    /// The run of the server that carries it out: of an earlier one nobody knows how far it came.
    pub run: &'a str,
}

/// What is known of a request with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyedState {
    /// Nothing: it is to be carried out, and waits for its answer from here on.
    New,
    /// It is being carried out by this run.
    Running,
    /// An earlier run began it and has not said what came of it.
    Unknown,
    /// The key stands for something else.
    Other,
    /// It is answered.
    Answered(KeyedAnswer),
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedAnswer {
    /// Its HTTP status.
    pub status: u16,
    /// Header fields that belong to it, as the caller writes them.
    pub headers: String,
    /// The body; `None` if it may not be kept, for it is shown once.
    pub body: Option<String>,
}

impl Store {
    /// Begins a request, or says what is known of it.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    pub async fn begin_keyed(
        &self,
        request: KeyedRequest<'_>,
        now: WallTime,
    ) -> Result<KeyedState, StoreError> {
        let mut tx = self.db.begin().await?;
        let old = sql("DELETE FROM idempotency WHERE user_name = $1 AND key_hash = $2 AND begun_at <= $3")
            .bind(request.user)
            .bind(request.key_hash)
            .bind(oldest(now));
        tx.execute(old).await?;
        let new = sql("INSERT INTO idempotency (user_name, key_hash, request_hash, run, begun_at)
            VALUES ($1, $2, $3, $4, $5) ON CONFLICT (user_name, key_hash) DO NOTHING")
        .bind(request.user)
        .bind(request.key_hash)
        .bind(request.request_hash)
        .bind(request.run)
        .bind(now.as_unix_micros());
        if tx.execute(new).await? > 0 {
            tx.commit().await?;
            return Ok(KeyedState::New);
        }
        let statement = sql("SELECT * FROM idempotency WHERE user_name = $1 AND key_hash = $2")
            .bind(request.user)
            .bind(request.key_hash);
        let row = tx.fetch_first(statement).await?;
        tx.commit().await?;
        // Taken away in between: whoever did so has failed, and it may be tried again.
        row.map_or(Ok(KeyedState::Running), |row| state(&row, request))
    }

    /// Keeps the answer to a request that was begun.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn answer_keyed(
        &self,
        request: KeyedRequest<'_>,
        answer: &KeyedAnswer,
    ) -> Result<(), StoreError> {
        let statement = sql("UPDATE idempotency SET status = $4, headers = $5, body = $6
            WHERE user_name = $1 AND key_hash = $2 AND request_hash = $3")
        .bind(request.user)
        .bind(request.key_hash)
        .bind(request.request_hash)
        .bind(i64::from(answer.status))
        .bind(answer.headers.as_str())
        .bind(answer.body.clone());
        self.db.execute(statement).await.map(drop)
    }

    /// Forgets a request that came to nothing, so that it may be tried again.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn forget_keyed(&self, request: KeyedRequest<'_>) -> Result<(), StoreError> {
        let statement =
            sql("DELETE FROM idempotency WHERE user_name = $1 AND key_hash = $2 AND status IS NULL")
                .bind(request.user)
                .bind(request.key_hash);
        self.db.execute(statement).await.map(drop)
    }

    /// Forgets what is older than [`IDEMPOTENCY_KEPT`], and the oldest of more than [`IDEMPOTENCY_KEYS_MAX`]; gives how many
    /// are left.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn trim_keyed(&self, now: WallTime) -> Result<u64, StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute(sql("DELETE FROM idempotency WHERE begun_at <= $1").bind(oldest(now))).await?;
        let most = i64::try_from(IDEMPOTENCY_KEYS_MAX).unwrap_or(i64::MAX);
        let statement = sql("DELETE FROM idempotency WHERE begun_at <=
            (SELECT begun_at FROM idempotency ORDER BY begun_at DESC LIMIT 1 OFFSET $1)");
        tx.execute(statement.bind(most)).await?;
        let row = tx.fetch_first(sql("SELECT COUNT(*) AS kept FROM idempotency")).await?;
        tx.commit().await?;
        let kept = row.map(|row| row.get::<i64>("kept")).transpose()?.unwrap_or(0);
        Ok(kept.unsigned_abs())
    }
}

fn oldest(now: WallTime) -> i64 {
    let kept = i64::try_from(IDEMPOTENCY_KEPT.as_micros()).unwrap_or(i64::MAX);
    now.as_unix_micros().saturating_sub(kept)
}

fn state(row: &Row, request: KeyedRequest<'_>) -> Result<KeyedState, StoreError> {
    if row.get::<String>("request_hash")? != request.request_hash {
        return Ok(KeyedState::Other);
    }
    let Some(status) = row.get::<Option<i64>>("status")? else {
        let is_ours = row.get::<String>("run")? == request.run;
        return Ok(if is_ours { KeyedState::Running } else { KeyedState::Unknown });
    };
    let corrupt = |_| StoreError::Corrupt { what: "answer", key: request.key_hash.to_owned(), source: None };
    Ok(KeyedState::Answered(KeyedAnswer {
        status: u16::try_from(status).map_err(corrupt)?,
        headers: row.get::<Option<String>>("headers")?.unwrap_or_default(),
        body: row.get("body")?,
    }))
}
