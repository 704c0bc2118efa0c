//! How far each webhook has been told of the journal. The journal itself is the outbox: what is kept here is a place in it, and
//! the few events that a receiver did not take and is asked again about.

use hotline_base::{CallId, WallTime};

use crate::db::{Row, sql};
use crate::{Store, StoreError};

/// An event that a receiver has not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkedEvent {
    /// Its number.
    pub seq: u64,
    /// Its call: a later event of that call waits behind it.
    pub call: Option<CallId>,
    /// How often it was sent.
    pub attempts: u32,
    /// Not to be sent before.
    pub next_at: WallTime,
}

impl Store {
    /// The number of the last event that was sent to `webhook` or parked for it; `None` before the first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn webhook_place(&self, webhook: &str) -> Result<Option<u64>, StoreError> {
        let row = self.db.fetch_first(sql("SELECT place FROM webhook WHERE name = $1").bind(webhook)).await?;
        row.map(|row| Ok(row.get::<i64>("place")?.unsigned_abs())).transpose()
    }

    /// Everything up to `place` was sent to `webhook`, but for `parked`; both are kept together.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn advance_webhook(
        &self,
        webhook: &str,
        place: u64,
        parked: &[ParkedEvent],
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let statement = sql("INSERT INTO webhook (name, place) VALUES ($1, $2)
            ON CONFLICT (name) DO UPDATE SET place = excluded.place");
        tx.execute(statement.bind(webhook).bind(number(place))).await?;
        for event in parked {
            let statement = sql("INSERT INTO webhook_parked (webhook, seq, call_id, attempts, next_at)
                VALUES ($1, $2, $3, $4, $5) ON CONFLICT (webhook, seq) DO NOTHING")
            .bind(webhook)
            .bind(number(event.seq))
            .bind(event.call.map(|call| call.to_string()))
            .bind(i64::from(event.attempts))
            .bind(event.next_at.as_unix_micros());
            tx.execute(statement).await?;
        }
        tx.commit().await
    }

    /// Lets `webhook` be told everything after `place` again, or begin there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn rewind_webhook(&self, webhook: &str, place: u64) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let forget = sql("DELETE FROM webhook_parked WHERE webhook = $1 AND seq > $2");
        tx.execute(forget.bind(webhook).bind(number(place))).await?;
        let statement = sql("INSERT INTO webhook (name, place) VALUES ($1, $2)
            ON CONFLICT (name) DO UPDATE SET place = excluded.place");
        tx.execute(statement.bind(webhook).bind(number(place))).await?;
        tx.commit().await
    }

    /// The events that `webhook` has not taken, in order.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    pub async fn parked_events(&self, webhook: &str) -> Result<Vec<ParkedEvent>, StoreError> {
        let statement = sql("SELECT * FROM webhook_parked WHERE webhook = $1 ORDER BY seq").bind(webhook);
        self.db.fetch(statement).await?.iter().map(parked).collect()
    }

    /// The receiver has taken a parked event, or nobody tries any more.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn unpark_event(&self, webhook: &str, seq: u64) -> Result<(), StoreError> {
        let statement = sql("DELETE FROM webhook_parked WHERE webhook = $1 AND seq = $2");
        self.db.execute(statement.bind(webhook).bind(number(seq))).await.map(drop)
    }

    /// A parked event was sent in vain once more.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn park_again(&self, webhook: &str, event: &ParkedEvent) -> Result<(), StoreError> {
        let statement = sql("UPDATE webhook_parked SET attempts = $3, next_at = $4
            WHERE webhook = $1 AND seq = $2")
        .bind(webhook)
        .bind(number(event.seq))
        .bind(i64::from(event.attempts))
        .bind(event.next_at.as_unix_micros());
        self.db.execute(statement).await.map(drop)
    }
}

fn parked(row: &Row) -> Result<ParkedEvent, StoreError> {
    let seq: i64 = row.get("seq")?;
    let call = row.get::<Option<String>>("call_id")?;
    let known = call.as_deref().map(CallId::parse);
    if known == Some(None) {
        return Err(StoreError::Corrupt { what: "parked event", key: seq.to_string(), source: None });
    }
    Ok(ParkedEvent {
        seq: seq.unsigned_abs(),
        call: known.flatten(),
        attempts: u32::try_from(row.get::<i64>("attempts")?).unwrap_or(u32::MAX),
        next_at: WallTime(row.get("next_at")?),
    })
}

fn number(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}
