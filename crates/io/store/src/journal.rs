//! The event journal: every event once, in the order of its number, as private versioned JSON.

use hotline_base::{CallId, WallTime};
use hotline_call::{CallEvent, Event, EventKind};
use hotline_telemetry::Metric;

use crate::db::{Argument, Row, Tx, portions, sql};
use crate::{Store, StoreError};

/// Most events that one page gives.
pub const EVENTS_PAGE_MAX: usize = 1000;

/// The form in which events are written. A later program that changes it reads both.
const VERSION: i64 = 1;

impl Store {
    /// Writes `events` in one transaction; on return they are on disk. An event whose number is in the journal
    /// already is passed over, so that a repetition after a failure does no harm.
    ///
    /// # Errors
    /// [`StoreError::Encode`], [`StoreError::Unavailable`]; then none is written.
    pub async fn append_events(&self, events: &[Event]) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        insert(&mut tx, &events.iter().collect::<Vec<_>>()).await?;
        tx.commit().await
    }

    /// The number of the last event, 0 for an empty journal.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn last_seq(&self) -> Result<u64, StoreError> {
        let row = self.db.fetch_first(sql("SELECT MAX(seq) AS seq FROM call_event")).await?;
        let seq = row.map(|row| row.get::<Option<i64>>("seq")).transpose()?.flatten();
        Ok(seq.unwrap_or(0).unsigned_abs())
    }

    /// Events after number `seq`, in order; at most `limit` and [`EVENTS_PAGE_MAX`].
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    pub async fn events_after(&self, seq: u64, limit: usize) -> Result<Vec<Event>, StoreError> {
        let statement = sql("SELECT * FROM call_event WHERE seq > $1 ORDER BY seq LIMIT $2")
            .bind(i64::try_from(seq).unwrap_or(i64::MAX))
            .bind(i64::try_from(limit.min(EVENTS_PAGE_MAX)).unwrap_or(0));
        self.db.fetch(statement).await?.iter().map(read).collect()
    }

    /// The events of one call, in order; at most [`EVENTS_PAGE_MAX`].
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    pub async fn events_of(&self, call: CallId) -> Result<Vec<Event>, StoreError> {
        let statement = sql("SELECT * FROM call_event WHERE call = $1 ORDER BY seq LIMIT $2")
            .bind(call.to_string())
            .bind(i64::try_from(EVENTS_PAGE_MAX).unwrap_or(0));
        self.db.fetch(statement).await?.iter().map(read).collect()
    }

    /// Events of no call before number `seq`, the last one first; at most `limit` and [`EVENTS_PAGE_MAX`].
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    pub async fn events_of_no_call(&self, seq: u64, limit: usize) -> Result<Vec<Event>, StoreError> {
        let statement =
            sql("SELECT * FROM call_event WHERE call IS NULL AND seq < $1 ORDER BY seq DESC LIMIT $2")
                .bind(i64::try_from(seq).unwrap_or(i64::MAX))
                .bind(i64::try_from(limit.min(EVENTS_PAGE_MAX)).unwrap_or(0));
        self.db.fetch(statement).await?.iter().map(read).collect()
    }

    /// When the last event happened; `None` for an empty journal.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn last_moment(&self) -> Result<Option<WallTime>, StoreError> {
        let row = self.db.fetch_first(sql("SELECT at FROM call_event ORDER BY seq DESC LIMIT 1")).await?;
        row.map(|row| Ok(WallTime(row.get("at")?))).transpose()
    }

    /// Calls that began and have no record, each with its events in order: what was under way when the server
    /// stopped. An event that cannot be read is passed over with an error in the log and a count, because one
    /// bad row must not keep the server from starting.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn open_calls(&self) -> Result<Vec<(CallId, Vec<Event>)>, StoreError> {
        let statement = sql("SELECT e.* FROM open_call o JOIN call_event e ON e.call = o.call
            ORDER BY e.call, e.seq");
        let mut calls: Vec<(CallId, Vec<Event>)> = Vec::new();
        for row in self.db.fetch(statement).await? {
            let event = match read(&row) {
                Ok(event) => event,
                Err(error @ StoreError::Corrupt { .. }) => {
                    tracing::error!(%error, "an event of an unfinished call is passed over");
                    Metric::JournalUnreadable.increment(1);
                    continue;
                }
                Err(error) => return Err(error),
            };
            let EventKind::Call { call, .. } = &event.kind else {
                continue;
            };
            match calls.last_mut() {
                Some((last, events)) if last == call => events.push(event),
                Some(_) | None => calls.push((*call, vec![event])),
            }
        }
        Ok(calls)
    }
}

/// Writes events in a transaction, and keeps `open_call` in step.
pub(crate) async fn insert(tx: &mut Tx, events: &[&Event]) -> Result<(), StoreError> {
    for portion in portions(events) {
        let mut statement = sql("INSERT INTO call_event (seq, call, at, version, payload) VALUES ");
        for (index, event) in portion.iter().enumerate() {
            statement.push_row(index == 0, row(event)?);
        }
        statement.push(" ON CONFLICT (seq) DO NOTHING");
        tx.execute(statement).await?;
    }
    let started: Vec<String> = events.iter().filter_map(|event| started(event)).collect();
    for portion in portions(&started) {
        // A replayed event of a call that has its record must not open it again.
        let mut statement = sql("INSERT INTO open_call (call) SELECT column1 FROM (VALUES ");
        for (index, call) in portion.iter().enumerate() {
            statement.push_row(index == 0, [call.as_str().into()]);
        }
        statement.push(
            ") AS started WHERE NOT EXISTS (SELECT 1 FROM call WHERE id = column1) ON CONFLICT (call) DO NOTHING",
        );
        tx.execute(statement).await?;
    }
    Ok(())
}

/// The call that begins with this event.
fn started(event: &Event) -> Option<String> {
    match &event.kind {
        EventKind::Call { call, what: CallEvent::Started { .. } } => Some(call.to_string()),
        EventKind::Call { .. }
        | EventKind::Agent { .. }
        | EventKind::AlarmRaised(_)
        | EventKind::AlarmCleared(_)
        | EventKind::CenterChanged
        | EventKind::AgentRemoved { .. }
        | EventKind::CallbacksChanged { .. } => None,
    }
}

fn row(event: &Event) -> Result<[Argument; 5], StoreError> {
    let call = match &event.kind {
        EventKind::Call { call, .. } => Some(call.to_string()),
        EventKind::Agent { .. }
        | EventKind::AlarmRaised(_)
        | EventKind::AlarmCleared(_)
        | EventKind::CenterChanged
        | EventKind::AgentRemoved { .. }
        | EventKind::CallbacksChanged { .. } => None,
    };
    Ok([
        number(event.seq).into(),
        call.into(),
        event.at.as_unix_micros().into(),
        VERSION.into(),
        serde_json::to_string(&event.kind).map_err(StoreError::Encode)?.into(),
    ])
}

/// Event numbers count events of one server: 2^63 take 292 000 years at a million a second.
fn number(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

fn read(row: &Row) -> Result<Event, StoreError> {
    let seq: i64 = row.get("seq")?;
    let corrupt = |source| StoreError::Corrupt { what: "event", key: seq.to_string(), source };
    if row.get::<i64>("version")? != VERSION {
        return Err(corrupt(None));
    }
    let kind = serde_json::from_str(&row.get::<String>("payload")?).map_err(|error| corrupt(Some(error)))?;
    Ok(Event { seq: seq.unsigned_abs(), at: WallTime(row.get("at")?), kind })
}
