//! What became of calls. Apart from their records, because most of it is said after these are written.

use hotline_base::{AgentId, CallId, Pii, QueueId, WallTime};
use hotline_call::{CallDisposition, CallRecord};

use crate::db::{Db, Row, Tx, sql};
use crate::{Store, StoreError, search};

/// The most follow-ups in one answer.
pub const FOLLOW_UPS_MAX: usize = 200;

/// A call to which an agent wants to come back, or has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowUp {
    /// The disposition; it says when.
    pub disposition: CallDisposition,
    /// When the agent said that it is done.
    pub done_at: Option<WallTime>,
}

impl Store {
    /// What the agent wants to come back to, the earliest first; or with `done` what it has come back to, the latest first. Behind
    /// the one at `after`; at most `limit`, and one more than [`FOLLOW_UPS_MAX`].
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    pub async fn follow_ups(
        &self,
        agent: &AgentId,
        done: bool,
        after: Option<(WallTime, CallId)>,
        limit: usize,
    ) -> Result<Vec<FollowUp>, StoreError> {
        let (state, behind, order) = match done {
            false => (" AND follow_up_done_at IS NULL", ">", "follow_up_at, call_id"),
            true => (" AND follow_up_done_at IS NOT NULL", "<", "follow_up_at DESC, call_id DESC"),
        };
        let mut statement = sql("SELECT * FROM call_disposition WHERE follow_up_at IS NOT NULL");
        statement.push(state);
        statement.push_bind(" AND agent = ", agent.as_str());
        if let Some((at, call)) = after {
            statement.push(" AND (follow_up_at, call_id) ");
            statement.push(behind);
            statement.push_bind(" (", at.as_unix_micros());
            statement.push_bind(", ", call.to_string());
            statement.push(")");
        }
        statement.push(" ORDER BY ");
        statement.push(order);
        let limit = i64::try_from(limit.min(FOLLOW_UPS_MAX + 1)).unwrap_or(0);
        statement.push_bind(" LIMIT ", limit);
        let follow_up = |row: &Row| {
            let done_at = row.get::<Option<i64>>("follow_up_done_at")?.map(WallTime);
            Ok(FollowUp { disposition: read(row)?, done_at })
        };
        self.db.fetch(statement).await?.iter().map(follow_up).collect()
    }

    /// Says that the agent has come back to the call, or has not after all. False if it never wanted to.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn set_follow_up_done(
        &self,
        call: CallId,
        agent: &AgentId,
        done_at: Option<WallTime>,
    ) -> Result<bool, StoreError> {
        let statement = sql("UPDATE call_disposition SET follow_up_done_at = $1
            WHERE call_id = $2 AND agent = $3 AND follow_up_at IS NOT NULL")
        .bind(done_at.map(WallTime::as_unix_micros))
        .bind(call.to_string())
        .bind(agent.as_str());
        Ok(self.db.execute(statement).await? > 0)
    }
}

/// Writes it in a transaction, in place of what the same agent said before.
pub(crate) async fn put(tx: &mut Tx, disposition: &CallDisposition) -> Result<(), StoreError> {
    let CallDisposition { call, agent, queue, code, note, at, follow_up_at } = disposition;
    let said_before = search::said_terms(tx, &call.to_string()).await?;
    let statement = sql("INSERT INTO call_disposition (call_id, agent, queue, code, note, at, follow_up_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (call_id, agent) DO UPDATE SET queue = excluded.queue, code = excluded.code,
            note = excluded.note, at = excluded.at, follow_up_at = excluded.follow_up_at,
            follow_up_done_at = CASE WHEN call_disposition.follow_up_at = excluded.follow_up_at
                THEN call_disposition.follow_up_done_at END")
    .bind(call.to_string())
    .bind(agent.as_str())
    .bind(queue.as_ref().map(ToString::to_string))
    .bind(code.as_str())
    .bind(note.as_ref().map(|note| note.expose().clone()))
    .bind(at.as_unix_micros())
    .bind(follow_up_at.map(WallTime::as_unix_micros));
    tx.execute(statement).await?;
    search::put_disposition_terms(tx, &call.to_string(), &said_before).await
}

/// Adds to records what became of their calls, in the order in which it was said.
pub(crate) async fn add(db: &Db, records: &mut [CallRecord]) -> Result<(), StoreError> {
    if records.is_empty() {
        return Ok(());
    }
    let mut statement = sql("SELECT * FROM call_disposition WHERE call_id IN ");
    for (index, record) in records.iter().enumerate() {
        statement.push_bind(if index == 0 { "(" } else { "," }, record.call.to_string());
    }
    statement.push(") ORDER BY at, agent");
    for row in db.fetch(statement).await? {
        let disposition = read(&row)?;
        if let Some(record) = records.iter_mut().find(|record| record.call == disposition.call) {
            record.dispositions.push(disposition);
        }
    }
    Ok(())
}

fn read(row: &Row) -> Result<CallDisposition, StoreError> {
    let key: String = row.get("call_id")?;
    let call = CallId::parse(&key);
    Ok(CallDisposition {
        call: call.ok_or(StoreError::Corrupt { what: "call_disposition", key, source: None })?,
        agent: AgentId::from(row.get::<String>("agent")?.as_str()),
        queue: row.get::<Option<String>>("queue")?.map(|queue| QueueId::from(queue.as_str())),
        code: row.get("code")?,
        note: row.get::<Option<String>>("note")?.map(Pii::new),
        at: WallTime(row.get("at")?),
        follow_up_at: row.get::<Option<i64>>("follow_up_at")?.map(WallTime),
    })
}
