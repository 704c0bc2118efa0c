//! What became of calls. Apart from their records, because most of it is said after these are written.

use hotline_base::{AgentId, CallId, Pii, QueueId, WallTime};
use hotline_call::{CallDisposition, CallRecord};

use crate::db::{Db, Row, Tx, sql};
use crate::{StoreError, search};

/// Writes it in a transaction, in place of what the same agent said before.
pub(crate) async fn put(tx: &mut Tx, disposition: &CallDisposition) -> Result<(), StoreError> {
    let CallDisposition { call, agent, queue, code, note, at } = disposition;
    let said_before = search::said_terms(tx, &call.to_string()).await?;
    let statement = sql("INSERT INTO call_disposition (call_id, agent, queue, code, note, at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (call_id, agent) DO UPDATE SET queue = excluded.queue, code = excluded.code,
            note = excluded.note, at = excluded.at")
    .bind(call.to_string())
    .bind(agent.as_str())
    .bind(queue.as_ref().map(ToString::to_string))
    .bind(code.as_str())
    .bind(note.as_ref().map(|note| note.expose().clone()))
    .bind(at.as_unix_micros());
    tx.execute(statement).await?;
    search::put_disposition_terms(tx, &call.to_string(), &said_before).await
}

/// Adds to records what became of their calls, in the order in which it was said.
pub(crate) async fn add(db: &Db, records: &mut [CallRecord]) -> Result<(), StoreError> {
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
    })
}
