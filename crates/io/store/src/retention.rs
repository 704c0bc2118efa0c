//! Forgetting the records of calls that are older than anybody wants to keep them.
//!
//! Reports stay as they are: stays in queues, offers and states of agents are counted without a number or a name.

use std::collections::BTreeSet;

use hotline_base::{CallId, QueueId, WallTime};

use crate::calls::read_record;
use crate::db::{Statement, sql};
use crate::search::forget_terms;
use crate::{Store, StoreError};

/// Records that are asked for at once at most.
pub const FORGOTTEN_AT_ONCE_MAX: usize = 200;

/// What is kept of which queues.
#[derive(Clone, Copy, Debug)]
pub enum OfQueues<'a> {
    /// Of one queue.
    One(&'a QueueId),
    /// Of all other queues than these, and of none.
    Others(&'a BTreeSet<QueueId>),
}

impl OfQueues<'_> {
    /// Lets a statement that has a condition already be about rows with these queues in `column`.
    pub(crate) fn restrict(self, statement: &mut Statement, column: &'static str) {
        match self {
            OfQueues::One(queue) => {
                statement.push(" AND ");
                statement.push(column);
                statement.push_bind(" = ", queue.as_str());
            }
            OfQueues::Others(queues) if queues.is_empty() => {}
            OfQueues::Others(queues) => {
                statement.push(" AND (");
                statement.push(column);
                statement.push(" IS NULL OR ");
                statement.push(column);
                for (position, queue) in queues.iter().enumerate() {
                    statement.push_bind(if position == 0 { " NOT IN (" } else { "," }, queue.as_str());
                }
                statement.push("))");
            }
        }
    }
}

impl Store {
    /// The oldest calls that began before `at` and can be forgotten, by the queues in which they waited last; at most `limit` and
    /// [`FORGOTTEN_AT_ONCE_MAX`]. Not those under a legal hold, with a recording whose file may be there, with somebody who is to be
    /// called back, or with a follow-up of later that is not done.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    pub async fn calls_before(
        &self,
        at: WallTime,
        of: OfQueues<'_>,
        limit: usize,
    ) -> Result<Vec<CallId>, StoreError> {
        let mut statement = sql("SELECT c.id AS id FROM call c WHERE c.started_at < $1
            AND NOT EXISTS (SELECT 1 FROM legal_hold h WHERE h.call = c.id)
            AND NOT EXISTS (SELECT 1 FROM recording r WHERE r.call = c.id AND r.file_deleted_at IS NULL)
            AND NOT EXISTS (SELECT 1 FROM call_disposition d WHERE d.call_id = c.id AND d.follow_up_at >= $1
                AND d.follow_up_done_at IS NULL)
            AND c.id NOT IN (SELECT call_id FROM callback WHERE closed_at IS NULL)")
        .bind(at.as_unix_micros());
        of.restrict(&mut statement, "c.queue");
        let limit = i64::try_from(limit.min(FORGOTTEN_AT_ONCE_MAX)).unwrap_or(0);
        statement.push_bind(" ORDER BY c.started_at, c.id LIMIT ", limit);
        let rows = self.db.fetch(statement).await?;
        let read = |id: String| {
            CallId::parse(&id).ok_or(StoreError::Corrupt { what: "call", key: id, source: None })
        };
        rows.iter().map(|row| read(row.get("id")?)).collect()
    }

    /// Forgets a call: its record, its journal, what it is found by, what was said about it, and the wish to be called back that it
    /// left and that is over. False if it is under a legal hold, a file of it may be there, or there is none.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`]; then nothing has changed.
    pub async fn delete_call(&self, call: CallId) -> Result<bool, StoreError> {
        let id = call.to_string();
        let mut tx = self.db.begin().await?;
        let statement = sql("SELECT * FROM call WHERE id = $1
            AND NOT EXISTS (SELECT 1 FROM legal_hold h WHERE h.call = call.id)
            AND NOT EXISTS (SELECT 1 FROM recording r WHERE r.call = call.id AND r.file_deleted_at IS NULL)");
        let Some(row) = tx.fetch_first(statement.bind(id.as_str())).await? else { return Ok(false) };
        forget_terms(&mut tx, &read_record(&row)?).await?;
        for text in [
            "UPDATE recording_day_entry SET forgotten = TRUE
                WHERE recording IN (SELECT r.id FROM recording r WHERE r.call = $1)",
            "DELETE FROM recording WHERE call = $1",
            "DELETE FROM call_agent WHERE call = $1",
            "DELETE FROM call_disposition WHERE call_id = $1",
            "DELETE FROM callback WHERE closed_at IS NOT NULL AND (id = $1 OR call_id = $1)",
            "DELETE FROM call_event WHERE call = $1",
            "DELETE FROM call WHERE id = $1",
        ] {
            tx.execute(sql(text).bind(id.as_str())).await?;
        }
        tx.commit().await?;
        Ok(true)
    }
}
