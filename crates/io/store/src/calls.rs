//! Finished calls, their agents and their recordings.
//!
//! The record is a JSON document private to this crate; its recordings are rows, because a repair changes them
//! later. They live in one place only: the document is stored without them and put together when it is read.

use std::collections::BTreeSet;
use std::time::Duration;

use hotline_base::{AgentId, CallId, CustomerId, QueueId, RecordingId, WallTime};
use hotline_call::{CallRecord, Correction, Recording, RecordingIndex, RecordingState};

use crate::db::{Argument, Row, Statement, Tx, portions, sql};
use crate::{Store, StoreError, customers, dispositions, flow_figures, reports, search};

/// Most calls that one page gives.
pub const CALL_PAGE_MAX: usize = 200;

/// The form in which records are written. A later program that changes it reads both.
const VERSION: i64 = 1;

/// Whether a record was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SavedRecord {
    /// It was.
    New,
    /// The call has its record already; that one stands.
    Existing,
}

/// Which calls a list gives; a filter that is absent lets everything through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallFilter {
    /// An agent who took the call or was offered it.
    pub agent: Option<AgentId>,
    /// The queue in which the call waited last.
    pub queue: Option<QueueId>,
    /// The customer.
    pub customer: Option<CustomerId>,
    /// Began at or after this time.
    pub since: Option<WallTime>,
    /// Began before this time.
    pub until: Option<WallTime>,
    /// An agent among these took the call or was offered it, or it waited last in one of these queues.
    pub among: Option<Among>,
}

/// Some agents and queues.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Among {
    /// The agents.
    pub agents: BTreeSet<AgentId>,
    /// The queues.
    pub queues: BTreeSet<QueueId>,
}

/// A place in a list: the last call of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallCursor {
    /// When it began.
    pub started_at: WallTime,
    /// The call.
    pub call: CallId,
}

/// Part of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct CallPage {
    /// Newest first.
    pub calls: Vec<CallRecord>,
    /// Where the next page begins; absent at the end.
    pub next: Option<CallCursor>,
}

impl Store {
    /// Writes the record of a call and its recordings in one transaction, once: a second record of the same
    /// call changes nothing. On return it is on disk.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if another call has a recording of the same id, [`StoreError::Encode`],
    /// [`StoreError::Unavailable`]; then nothing is written.
    pub async fn save_record(&self, record: &CallRecord) -> Result<SavedRecord, StoreError> {
        let mut tx = self.db.begin().await?;
        let written = insert(&mut tx, &[record]).await?;
        tx.commit().await?;
        Ok(if written == 0 { SavedRecord::Existing } else { SavedRecord::New })
    }

    /// Writes records in one transaction, but for calls that have one; how many were written.
    ///
    /// # Errors
    /// As [`Store::save_record`]; then nothing is written.
    pub async fn save_records(&self, records: &[CallRecord]) -> Result<usize, StoreError> {
        let mut tx = self.db.begin().await?;
        let written = insert(&mut tx, &records.iter().collect::<Vec<_>>()).await?;
        tx.commit().await?;
        Ok(written)
    }

    /// The record of a call.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    pub async fn get_call(&self, call: CallId) -> Result<Option<CallRecord>, StoreError> {
        let statement = sql("SELECT * FROM call WHERE id = $1").bind(call.to_string());
        Ok(self.read_calls(statement).await?.into_iter().next())
    }

    /// Calls that pass `filter`, newest first, after `cursor`; at most `limit` and [`CALL_PAGE_MAX`].
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    pub async fn list_calls(
        &self,
        filter: &CallFilter,
        cursor: Option<CallCursor>,
        limit: usize,
    ) -> Result<CallPage, StoreError> {
        let limit = limit.clamp(1, CALL_PAGE_MAX);
        // One more than asked for tells whether there is a next page.
        let statement = list_statement(filter, cursor, i64::try_from(limit + 1).unwrap_or(i64::MAX));
        let mut calls = self.read_calls(statement).await?;
        let more = calls.len() > limit;
        calls.truncate(limit);
        let cursor = |last: &CallRecord| CallCursor { started_at: last.started_at, call: last.call };
        let next = if more { calls.last().map(cursor) } else { None };
        Ok(CallPage { calls, next })
    }

    /// A recording, with the call it belongs to.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    pub async fn find_recording(&self, id: RecordingId) -> Result<Option<(CallId, Recording)>, StoreError> {
        let statement = sql("SELECT * FROM recording WHERE id = $1").bind(id.to_string());
        self.db.fetch_first(statement).await?.map(|row| read_recording(&row)).transpose()
    }

    /// Writes what a repair found out about a recording.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Unavailable`].
    pub async fn update_recording(&self, recording: &Recording) -> Result<(), StoreError> {
        match self.db.execute(update(recording)?).await? {
            0 => Err(StoreError::NotFound),
            _ => Ok(()),
        }
    }

    pub(crate) async fn read_calls(&self, statement: Statement) -> Result<Vec<CallRecord>, StoreError> {
        let rows = self.db.fetch(statement).await?;
        let mut calls = rows.iter().map(read_record).collect::<Result<Vec<_>, _>>()?;
        if calls.is_empty() {
            return Ok(calls);
        }
        let mut statement = sql("SELECT * FROM recording WHERE call IN ");
        for (index, record) in calls.iter().enumerate() {
            statement.push_bind(if index == 0 { "(" } else { "," }, record.call.to_string());
        }
        statement.push(") ORDER BY call, position");
        for row in self.db.fetch(statement).await? {
            let (call, recording) = read_recording(&row)?;
            if let Some(record) = calls.iter_mut().find(|record| record.call == call) {
                record.recordings.push(recording);
            }
        }
        dispositions::add(&self.db, &mut calls).await?;
        Ok(calls)
    }
}

/// Writes records in a transaction, but for calls that have one; how many were written.
pub(crate) async fn insert(tx: &mut Tx, records: &[&CallRecord]) -> Result<usize, StoreError> {
    let mut written: Vec<&CallRecord> = Vec::new();
    for portion in portions(records) {
        let mut statement =
            sql("INSERT INTO call (id, started_at, agent, queue, customer, version, record) VALUES ");
        for (index, record) in portion.iter().enumerate() {
            statement.push_row(index == 0, call_row(record)?);
        }
        statement.push(" ON CONFLICT (id) DO NOTHING RETURNING id");
        let rows = tx.fetch(statement).await?;
        let mut inserted = rows.iter().map(|row| row.get("id")).collect::<Result<BTreeSet<String>, _>>()?;
        // A second record of the same call does not count.
        written.extend(portion.iter().filter(|record| inserted.remove(&record.call.to_string())));
    }
    customers::point_to_kept(tx, &written).await?;
    insert_agents(tx, &written).await?;
    insert_recordings(tx, &written).await?;
    flow_figures::count(tx, &written).await?;
    reports::count(tx, &written).await?;
    search::insert(tx, &written).await?;
    for portion in portions(&written) {
        let mut statement = sql("DELETE FROM open_call WHERE call IN ");
        for (index, record) in portion.iter().enumerate() {
            statement.push_bind(if index == 0 { "(" } else { "," }, record.call.to_string());
        }
        statement.push(")");
        tx.execute(statement).await?;
    }
    Ok(written.len())
}

/// Says what became of a recording, unless that is known; a recording that is on no record is left alone.
pub(crate) async fn correct(tx: &mut Tx, correction: &Correction) -> Result<(), StoreError> {
    let Correction { recording, path, .. } = correction;
    let rows = tx.fetch(sql("SELECT * FROM recording WHERE id = $1").bind(recording.to_string())).await?;
    let Some(row) = rows.first() else { return Ok(()) };
    let (_, mut known) = read_recording(row)?;
    if !correction.apply_to(&mut known) {
        tracing::debug!(%recording, path, "how the recording ended is known");
        return Ok(());
    }
    tx.execute(update(&known)?).await?;
    Ok(())
}

fn update(recording: &Recording) -> Result<Statement, StoreError> {
    let columns = StateColumns::from(&recording.state);
    let statement = sql("UPDATE recording SET path = $2, started_at = $3, state = $4, duration = $5,
            gap = $6, bytes = $7, problem = $8, timeline = $9 WHERE id = $1");
    Ok(statement
        .bind(recording.id.to_string())
        .bind(recording.path.as_str())
        .bind(recording.started_at.as_unix_micros())
        .bind(columns.state)
        .bind(columns.duration)
        .bind(columns.gap)
        .bind(columns.bytes)
        .bind(columns.problem)
        .bind(timeline(recording)?))
}

fn call_row(record: &CallRecord) -> Result<[Argument; 7], StoreError> {
    let document = CallRecord { recordings: Vec::new(), ..record.clone() };
    Ok([
        record.call.to_string().into(),
        record.started_at.as_unix_micros().into(),
        record.agent.as_ref().map(ToString::to_string).into(),
        record.queues.last().map(|visit| visit.queue.to_string()).into(),
        record.customer.map(|customer| customer.to_string()).into(),
        VERSION.into(),
        serde_json::to_string(&document).map_err(StoreError::Encode)?.into(),
    ])
}

/// Whose calls the calls are among.
async fn insert_agents(tx: &mut Tx, records: &[&CallRecord]) -> Result<(), StoreError> {
    let mut rows: Vec<(&AgentId, &CallRecord)> = Vec::new();
    for record in records {
        let offered = record.offers.iter().map(|offer| &offer.agent);
        let agents: BTreeSet<&AgentId> = record.agent.iter().chain(offered).collect();
        rows.extend(agents.into_iter().map(|agent| (agent, *record)));
    }
    for portion in portions(&rows) {
        let mut statement = sql("INSERT INTO call_agent (agent, started_at, call) VALUES ");
        for (index, (agent, record)) in portion.iter().enumerate() {
            let row: [Argument; 3] = [
                agent.as_str().into(),
                record.started_at.as_unix_micros().into(),
                record.call.to_string().into(),
            ];
            statement.push_row(index == 0, row);
        }
        tx.execute(statement).await?;
    }
    Ok(())
}

async fn insert_recordings(tx: &mut Tx, records: &[&CallRecord]) -> Result<(), StoreError> {
    let mut rows: Vec<(CallId, i64, &Recording)> = Vec::new();
    for record in records {
        let numbered = (0_i64..).zip(&record.recordings);
        rows.extend(numbered.map(|(position, recording)| (record.call, position, recording)));
    }
    for portion in portions(&rows) {
        let mut statement = sql("INSERT INTO recording
            (id, call, position, path, started_at, state, duration, gap, bytes, problem, timeline) VALUES ");
        for (index, (call, position, recording)) in portion.iter().enumerate() {
            statement.push_row(index == 0, recording_row(*call, *position, recording)?);
        }
        tx.execute(statement).await?;
    }
    Ok(())
}

fn recording_row(call: CallId, position: i64, recording: &Recording) -> Result<[Argument; 11], StoreError> {
    let columns = StateColumns::from(&recording.state);
    Ok([
        recording.id.to_string().into(),
        call.to_string().into(),
        position.into(),
        recording.path.as_str().into(),
        recording.started_at.as_unix_micros().into(),
        columns.state.into(),
        columns.duration.into(),
        columns.gap.into(),
        columns.bytes.into(),
        columns.problem.into(),
        timeline(recording)?.into(),
    ])
}

/// The index of a recording as it is stored. A NUL, which PostgreSQL does not take, is written as an escape by JSON.
fn timeline(recording: &Recording) -> Result<String, StoreError> {
    serde_json::to_string(&recording.index).map_err(StoreError::Encode)
}

fn list_statement(filter: &CallFilter, cursor: Option<CallCursor>, limit: i64) -> Statement {
    // An agent's calls are read in the order of their own index.
    let (mut statement, after, order) = match &filter.agent {
        None => (
            sql("SELECT call.* FROM call WHERE TRUE"),
            " AND (call.started_at, call.id) < (",
            " ORDER BY call.started_at DESC, call.id DESC LIMIT ",
        ),
        Some(agent) => (
            sql("SELECT call.* FROM call_agent JOIN call ON call.id = call_agent.call
                WHERE call_agent.agent = $1")
            .bind(agent.as_str()),
            " AND (call_agent.started_at, call_agent.call) < (",
            " ORDER BY call_agent.started_at DESC, call_agent.call DESC LIMIT ",
        ),
    };
    if let Some(queue) = &filter.queue {
        statement.push_bind(" AND queue = ", queue.as_str());
    }
    if let Some(customer) = filter.customer {
        statement.push_bind(" AND customer = ", customer.to_string());
    }
    if let Some(since) = filter.since {
        statement.push_bind(" AND call.started_at >= ", since.as_unix_micros());
    }
    if let Some(until) = filter.until {
        statement.push_bind(" AND call.started_at < ", until.as_unix_micros());
    }
    if let Some(among) = &filter.among {
        push_among(&mut statement, among);
    }
    if let Some(cursor) = cursor {
        statement.push_bind(after, cursor.started_at.as_unix_micros());
        statement.push_bind(", ", cursor.call.to_string());
        statement.push(")");
    }
    statement.push_bind(order, limit);
    statement
}

fn push_among(statement: &mut Statement, among: &Among) {
    statement.push(" AND (FALSE");
    for (position, queue) in among.queues.iter().enumerate() {
        statement.push_bind(if position == 0 { " OR call.queue IN (" } else { "," }, queue.as_str());
    }
    statement.push(if among.queues.is_empty() { "" } else { ")" });
    for (position, agent) in among.agents.iter().enumerate() {
        let first = " OR EXISTS (SELECT 1 FROM call_agent a WHERE a.call = call.id AND a.agent IN (";
        statement.push_bind(if position == 0 { first } else { "," }, agent.as_str());
    }
    statement.push(if among.agents.is_empty() { ")" } else { ")))" });
}

/// The customer is that of the column: merges change it.
pub(crate) fn read_record(row: &Row) -> Result<CallRecord, StoreError> {
    let id: String = row.get("id")?;
    if row.get::<i64>("version")? != VERSION {
        return Err(StoreError::Corrupt { what: "call", key: id, source: None });
    }
    let text: String = row.get("record")?;
    let mut record: CallRecord = serde_json::from_str(&text).map_err(|source| StoreError::Corrupt {
        what: "call",
        key: id,
        source: Some(source),
    })?;
    record.customer = row.get::<Option<String>>("customer")?.as_deref().and_then(CustomerId::parse);
    Ok(record)
}

/// The state of a recording as columns; lengths in microseconds.
struct StateColumns {
    state: &'static str,
    duration: Option<i64>,
    gap: Option<i64>,
    bytes: Option<i64>,
    problem: Option<String>,
}

impl From<&RecordingState> for StateColumns {
    fn from(state: &RecordingState) -> Self {
        let nothing = Self { state: "open", duration: None, gap: None, bytes: None, problem: None };
        match state {
            RecordingState::Open => nothing,
            RecordingState::Finished { duration, gap, bytes } => Self {
                state: "finished",
                duration: Some(micros(*duration)),
                gap: Some(micros(*gap)),
                bytes: Some(i64::try_from(*bytes).unwrap_or(i64::MAX)),
                ..nothing
            },
            RecordingState::Mended { duration, bytes } => Self {
                state: "mended",
                duration: Some(micros(*duration)),
                bytes: Some(i64::try_from(*bytes).unwrap_or(i64::MAX)),
                ..nothing
            },
            // That stands in a column of its own, and the database knows no such state.
            RecordingState::Erased { .. } => {
                Self { state: "failed", problem: Some("erased".to_owned()), ..nothing }
            }
            // Words of the system, not of a person: what cannot be stored is replaced, the record must not
            // fail for it.
            RecordingState::Failed { problem } => {
                Self { state: "failed", problem: Some(problem.replace('\0', "\u{fffd}")), ..nothing }
            }
        }
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

pub(crate) fn read_recording(row: &Row) -> Result<(CallId, Recording), StoreError> {
    let key: String = row.get("id")?;
    let corrupt = || StoreError::Corrupt { what: "recording", key: key.clone(), source: None };
    let number = |column| -> Result<u64, StoreError> {
        Ok(row.get::<Option<i64>>(column)?.ok_or_else(corrupt)?.unsigned_abs())
    };
    let erased_at: Option<i64> = row.get("erased_at")?;
    let state = match (row.get::<String>("state")?.as_str(), erased_at) {
        (_, Some(at)) => RecordingState::Erased { at: WallTime(at) },
        ("open", None) => RecordingState::Open,
        ("finished", None) => RecordingState::Finished {
            duration: Duration::from_micros(number("duration")?),
            gap: Duration::from_micros(number("gap")?),
            bytes: number("bytes")?,
        },
        ("mended", None) => RecordingState::Mended {
            duration: Duration::from_micros(number("duration")?),
            bytes: number("bytes")?,
        },
        ("failed", None) => {
            RecordingState::Failed { problem: row.get::<Option<String>>("problem")?.ok_or_else(corrupt)? }
        }
        _ => return Err(corrupt()),
    };
    let call = CallId::parse(&row.get::<String>("call")?).ok_or_else(corrupt)?;
    let index = match row.get::<Option<String>>("timeline")? {
        Some(text) => serde_json::from_str(&text).map_err(|source| StoreError::Corrupt {
            what: "recording",
            key: key.clone(),
            source: Some(source),
        })?,
        None => RecordingIndex::default(),
    };
    let recording = Recording {
        id: RecordingId::parse(&key).ok_or_else(corrupt)?,
        path: row.get("path")?,
        started_at: WallTime(row.get("started_at")?),
        state,
        index,
    };
    Ok((call, recording))
}
