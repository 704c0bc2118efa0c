//! Where the time of agents went: their sessions, every finished span, the help they asked for, and what leaders booked
//! beside it.

use std::time::Duration;

use hotline_acd::{AgentState, StateSpan};
use hotline_base::{AgentId, CallId, WallTime};
use hotline_call::AgentFact;

use crate::db::{Argument, Row, Statement, Tx, portions, sql};
use crate::text::check_required;
use crate::{Store, StoreError};

/// The most spans that one page gives.
pub const AGENT_SPANS_PAGE_MAX: usize = 2000;
/// No span is believed to last longer, where the latest of all agents are looked for.
const SPAN_LONGEST: Duration = Duration::from_hours(24);
/// The longest note of a booking, in characters.
pub const BOOKING_NOTE_CHARS_MAX: usize = 500;

/// A finished span, as reports see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSpan {
    /// The word of the state.
    pub state: String,
    /// What else is told apart, see [`hotline_acd::AgentState::detail`].
    pub detail: Option<String>,
    /// The call that it was about.
    pub call: Option<CallId>,
    /// When it began.
    pub from: WallTime,
    /// When it ended.
    pub until: WallTime,
}

/// A session of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// Who.
    pub agent: AgentId,
    /// Sign-in.
    pub started: WallTime,
    /// Sign-out; `None` while it lasts.
    pub ended: Option<WallTime>,
}

/// Help that an agent asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredHelp {
    /// When it was asked for.
    pub asked: WallTime,
    /// In which call of a queue.
    pub call: Option<CallId>,
    /// When a leader answered, and who.
    pub answered: Option<(WallTime, String)>,
    /// When it ended.
    pub ended: WallTime,
    /// How.
    pub outcome: String,
}

/// A span that a leader says was a fault of the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booking {
    /// Names it.
    pub id: String,
    /// Whose time.
    pub agent: AgentId,
    /// From when on.
    pub from: WallTime,
    /// Until when.
    pub until: WallTime,
    /// Why. At most [`BOOKING_NOTE_CHARS_MAX`].
    pub note: String,
    /// Who booked it.
    pub by: String,
    /// When.
    pub at: WallTime,
}

impl Store {
    /// Writes facts about agents in one transaction. One that is there already is passed over.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; then none is written.
    pub async fn save_agent_facts(&self, facts: &[AgentFact]) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        insert(&mut tx, &facts.iter().collect::<Vec<_>>()).await?;
        tx.commit().await
    }

    /// The finished spans of an agent that reach into the time from `from` until `until`, in order; at most
    /// [`AGENT_SPANS_PAGE_MAX`]. Where so many are given, the next page begins at the end of the last.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    pub async fn agent_spans(
        &self,
        agent: &AgentId,
        from: WallTime,
        until: WallTime,
    ) -> Result<Vec<StoredSpan>, StoreError> {
        let statement = sql("SELECT * FROM agent_state
            WHERE agent = $1 AND until_at > $2 AND from_at < $3 ORDER BY from_at LIMIT $4");
        let rows = self.db.fetch(within(statement, agent, from, until)).await?;
        rows.iter().map(read_span).collect()
    }

    /// The sessions of an agent that reach into the time from `from` until `until`, in order; at most
    /// [`AGENT_SPANS_PAGE_MAX`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn agent_sessions(
        &self,
        agent: &AgentId,
        from: WallTime,
        until: WallTime,
    ) -> Result<Vec<StoredSession>, StoreError> {
        let statement = sql("SELECT * FROM agent_session
            WHERE agent = $1 AND (ended_at IS NULL OR ended_at > $2) AND started_at < $3
            ORDER BY started_at LIMIT $4");
        let rows = self.db.fetch(within(statement, agent, from, until)).await?;
        rows.iter().map(read_session).collect()
    }

    /// The help that an agent asked for from `from` on and before `until`, in order; at most [`AGENT_SPANS_PAGE_MAX`].
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    pub async fn agent_help(
        &self,
        agent: &AgentId,
        from: WallTime,
        until: WallTime,
    ) -> Result<Vec<StoredHelp>, StoreError> {
        let statement = sql("SELECT * FROM agent_help
            WHERE agent = $1 AND asked_at >= $2 AND asked_at < $3 ORDER BY asked_at LIMIT $4");
        let rows = self.db.fetch(within(statement, agent, from, until)).await?;
        rows.iter().map(read_help).collect()
    }

    /// What was booked of an agent's time from `from` until `until`, in order; at most [`AGENT_SPANS_PAGE_MAX`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn bookings(
        &self,
        agent: &AgentId,
        from: WallTime,
        until: WallTime,
    ) -> Result<Vec<Booking>, StoreError> {
        let statement = sql("SELECT * FROM agent_booking
            WHERE agent = $1 AND until_at > $2 AND from_at < $3 ORDER BY from_at, id LIMIT $4");
        let rows = self.db.fetch(within(statement, agent, from, until)).await?;
        rows.iter().map(read_booking).collect()
    }

    /// Books a span beside what was measured.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for the note, [`StoreError::Unavailable`].
    pub async fn book(&self, booking: &Booking) -> Result<(), StoreError> {
        check_required("note", &booking.note, BOOKING_NOTE_CHARS_MAX)?;
        let statement =
            sql("INSERT INTO agent_booking (id, agent, from_at, until_at, note, booked_by, booked_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7)")
            .bind(booking.id.as_str())
            .bind(booking.agent.as_str())
            .bind(booking.from.as_unix_micros())
            .bind(booking.until.as_unix_micros())
            .bind(booking.note.as_str())
            .bind(booking.by.as_str())
            .bind(booking.at.as_unix_micros());
        self.db.execute(statement).await?;
        Ok(())
    }

    /// The finished spans of all agents that reach beyond `since`, the latest first; at most `most`. They are read in pages. A span
    /// of which nobody knows the state any more is left out.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    pub async fn latest_spans(&self, since: WallTime, most: usize) -> Result<Vec<StateSpan>, StoreError> {
        let longest = i64::try_from(SPAN_LONGEST.as_micros()).unwrap_or(i64::MAX);
        let first = since.as_unix_micros().saturating_sub(longest);
        let mut found = Vec::new();
        let mut before = (i64::MAX, String::new());
        while found.len() < most {
            let page = AGENT_SPANS_PAGE_MAX.min(most - found.len());
            let statement = sql("SELECT * FROM agent_state
                WHERE from_at >= $1 AND until_at > $2 AND from_at <= $3 AND (from_at < $3 OR agent < $4)
                ORDER BY from_at DESC, agent DESC LIMIT $5")
            .bind(first)
            .bind(since.as_unix_micros())
            .bind(before.0)
            .bind(before.1.as_str())
            .bind(i64::try_from(page).unwrap_or(i64::MAX));
            let rows = self.db.fetch(statement).await?;
            let Some(last) = rows.last() else { break };
            before = (last.get("from_at")?, last.get("agent")?);
            let is_last = rows.len() < page;
            for row in &rows {
                let StoredSpan { state, detail, call, from, until } = read_span(row)?;
                let agent = AgentId::from(row.get::<String>("agent")?.as_str());
                let state = AgentState::told(&state, detail.as_deref(), call);
                found.extend(state.map(|state| StateSpan { agent, state, from, until }));
            }
            if is_last {
                break;
            }
        }
        Ok(found)
    }

    /// Sessions without an end, each with the end of its last finished span.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn open_agent_sessions(&self) -> Result<Vec<(StoredSession, Option<WallTime>)>, StoreError> {
        let statement =
            sql("SELECT s.agent, s.started_at, s.ended_at, (SELECT MAX(until_at) FROM agent_state t
                WHERE t.agent = s.agent AND t.from_at >= s.started_at) AS counted_until
            FROM agent_session s WHERE s.ended_at IS NULL ORDER BY s.agent, s.started_at");
        let rows = self.db.fetch(statement).await?;
        rows.iter()
            .map(|row| Ok((read_session(row)?, row.get::<Option<i64>>("counted_until")?.map(WallTime))))
            .collect()
    }
}

fn within(statement: Statement, agent: &AgentId, from: WallTime, until: WallTime) -> Statement {
    statement
        .bind(agent.as_str())
        .bind(from.as_unix_micros())
        .bind(until.as_unix_micros())
        .bind(i64::try_from(AGENT_SPANS_PAGE_MAX).unwrap_or(i64::MAX))
}

/// Writes facts in a transaction, in their order where it matters: a session begins before it ends.
pub(crate) async fn insert(tx: &mut Tx, facts: &[&AgentFact]) -> Result<(), StoreError> {
    let mut spans: Vec<&StateSpan> = Vec::new();
    for fact in facts {
        match fact {
            AgentFact::State(span) => spans.push(span),
            AgentFact::SessionStarted { agent, at } => {
                let statement = sql(
                    "INSERT INTO agent_session (agent, started_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                )
                .bind(agent.as_str())
                .bind(at.as_unix_micros());
                tx.execute(statement).await?;
            }
            AgentFact::SessionEnded { agent, started, ended } => {
                let statement =
                    sql("INSERT INTO agent_session (agent, started_at, ended_at) VALUES ($1, $2, $3)
                    ON CONFLICT (agent, started_at) DO UPDATE SET ended_at = excluded.ended_at
                    WHERE agent_session.ended_at IS NULL")
                    .bind(agent.as_str())
                    .bind(started.as_unix_micros())
                    .bind(ended.as_unix_micros());
                tx.execute(statement).await?;
            }
            AgentFact::Help { agent, help, ended, outcome } => {
                let answered = help.answered.as_ref();
                let statement = sql("INSERT INTO agent_help
                        (agent, asked_at, call_id, answered_at, answered_by, ended_at, outcome)
                        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING")
                .bind(agent.as_str())
                .bind(help.asked.as_unix_micros())
                .bind(help.call.map(|call| call.to_string()))
                .bind(answered.map(|answer| answer.at.as_unix_micros()))
                .bind(answered.map(|answer| answer.by.to_string()))
                .bind(ended.as_unix_micros())
                .bind(outcome.as_str());
                tx.execute(statement).await?;
            }
        }
    }
    for portion in portions(&spans) {
        let mut statement =
            sql("INSERT INTO agent_state (agent, from_at, until_at, state, detail, call_id) VALUES ");
        for (index, span) in portion.iter().enumerate() {
            statement.push_row(index == 0, span_row(span));
        }
        statement.push(" ON CONFLICT DO NOTHING");
        tx.execute(statement).await?;
    }
    Ok(())
}

fn span_row(span: &StateSpan) -> [Argument; 6] {
    let StateSpan { agent, state, from, until } = span;
    [
        agent.as_str().into(),
        from.as_unix_micros().into(),
        until.as_unix_micros().into(),
        state.as_str().into(),
        // Whatever an agent gave as the reason must not keep its time from being written.
        state.detail().map(|detail| detail.replace('\0', "\u{fffd}")).into(),
        state.call().map(|call| call.to_string()).into(),
    ]
}

fn read_span(row: &Row) -> Result<StoredSpan, StoreError> {
    Ok(StoredSpan {
        state: row.get("state")?,
        detail: row.get("detail")?,
        call: call(row)?,
        from: WallTime(row.get("from_at")?),
        until: WallTime(row.get("until_at")?),
    })
}

fn read_session(row: &Row) -> Result<StoredSession, StoreError> {
    Ok(StoredSession {
        agent: AgentId::from(row.get::<String>("agent")?.as_str()),
        started: WallTime(row.get("started_at")?),
        ended: row.get::<Option<i64>>("ended_at")?.map(WallTime),
    })
}

fn read_help(row: &Row) -> Result<StoredHelp, StoreError> {
    let answered = row.get::<Option<i64>>("answered_at")?.zip(row.get::<Option<String>>("answered_by")?);
    Ok(StoredHelp {
        asked: WallTime(row.get("asked_at")?),
        call: call(row)?,
        answered: answered.map(|(at, by)| (WallTime(at), by)),
        ended: WallTime(row.get("ended_at")?),
        outcome: row.get("outcome")?,
    })
}

fn read_booking(row: &Row) -> Result<Booking, StoreError> {
    Ok(Booking {
        id: row.get("id")?,
        agent: AgentId::from(row.get::<String>("agent")?.as_str()),
        from: WallTime(row.get("from_at")?),
        until: WallTime(row.get("until_at")?),
        note: row.get("note")?,
        by: row.get("booked_by")?,
        at: WallTime(row.get("booked_at")?),
    })
}

fn call(row: &Row) -> Result<Option<CallId>, StoreError> {
    let Some(key) = row.get::<Option<String>>("call_id")? else { return Ok(None) };
    let call = CallId::parse(&key).ok_or(StoreError::Corrupt { what: "agent_state", key, source: None })?;
    Ok(Some(call))
}
