//! What reports are made of: each stay in a queue and each offer, written with the record of their call and in the same transaction; and
//! what was found when they were counted anew.

use std::collections::BTreeSet;

use hotline_base::{AgentId, CallId, QueueId, WallTime};
use hotline_call::{CallRecord, CountedOffer, Ending, Visit};

use crate::db::{Argument, Row, Statement, Tx, portions, sql};
use crate::{Store, StoreError};

/// The most spans of agents that one page gives.
pub const REPORT_SPANS_PAGE_MAX: usize = 20_000;

/// Stays of one queue that began in one interval, had one ending and lasted the same seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitCount {
    /// The queue.
    pub queue: QueueId,
    /// The beginning of the interval, in microseconds since the Unix epoch.
    pub slot: i64,
    /// What became of them.
    pub ending: Ending,
    /// True for calls made to call somebody back.
    pub called_back: bool,
    /// The wait in seconds, rounded up.
    pub wait_s: u32,
    /// How many.
    pub stays: u64,
    /// The sum of their waits.
    pub wait_us: u64,
}

/// How long agents were in one state with calls of one queue that began to wait in one interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandleCount {
    /// The queue.
    pub queue: QueueId,
    /// The beginning of the interval.
    pub slot: i64,
    /// The word of the state: `talking`, `hold` or `wrap_up`.
    pub state: String,
    /// Calls that had such time.
    pub calls: u64,
    /// The time.
    pub time_us: u64,
}

/// A finished span of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentSpan {
    /// Whose.
    pub agent: AgentId,
    /// The word of the state.
    pub state: String,
    /// What else is told apart.
    pub detail: Option<String>,
    /// When it began.
    pub from: WallTime,
    /// When it ended.
    pub until: WallTime,
}

/// Offers to one agent in one interval with one outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferCount {
    /// Whom.
    pub agent: AgentId,
    /// The beginning of the interval.
    pub slot: i64,
    /// The word of the outcome.
    pub outcome: String,
    /// How many.
    pub offers: u64,
}

/// What counting a day anew found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportCheck {
    /// The day, counted since 1970 in UTC.
    pub day: i64,
    /// When it was counted anew.
    pub checked_at: WallTime,
    /// Calls that began on it.
    pub calls: u64,
    /// Those whose record or counted stays and offers were not what the journal says.
    pub differing: u64,
    /// The first of them, and how they differed.
    pub detail: String,
}

/// A time: from the first moment on, until before the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first moment.
    pub from: WallTime,
    /// The first moment that is not in it.
    pub until: WallTime,
}

impl Store {
    /// The stays in queues that began within `span`, counted by interval. Of all queues, or of some.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    pub async fn wait_counts(
        &self,
        span: Span,
        queues: Option<&BTreeSet<QueueId>>,
    ) -> Result<Vec<WaitCount>, StoreError> {
        let mut statement =
            sql("SELECT queue, enqueued_at / 900000000 * 900000000 AS slot, ending, called_back, wait_s,
            COUNT(*) AS stays, CAST(SUM(wait_us) AS BIGINT) AS wait_us
            FROM queue_visit WHERE enqueued_at >= $1 AND enqueued_at < $2")
            .bind(span.from.as_unix_micros())
            .bind(span.until.as_unix_micros());
        push_queues(&mut statement, " AND queue IN ", queues);
        statement.push(" GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2");
        self.db.fetch(statement).await?.iter().map(read_wait).collect()
    }

    /// How long agents had the calls that joined queues within `span`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn handle_counts(
        &self,
        span: Span,
        queues: Option<&BTreeSet<QueueId>>,
    ) -> Result<Vec<HandleCount>, StoreError> {
        let mut statement =
            sql("SELECT v.queue AS queue, v.enqueued_at / 900000000 * 900000000 AS slot, s.state AS state,
            COUNT(DISTINCT v.call_id) AS calls, CAST(SUM(s.until_at - s.from_at) AS BIGINT) AS time_us
            FROM queue_visit v JOIN agent_state s ON s.call_id = v.call_id AND s.agent = v.agent
            WHERE v.ending = 'answered' AND NOT v.called_back AND v.enqueued_at >= $1 AND v.enqueued_at < $2
            AND s.state IN ('talking', 'hold', 'wrap_up') AND s.from_at >= v.enqueued_at
            AND NOT EXISTS (SELECT 1 FROM queue_visit w WHERE w.call_id = v.call_id AND w.agent = v.agent
                AND w.ending = 'answered' AND w.enqueued_at > v.enqueued_at AND w.enqueued_at <= s.from_at)")
            .bind(span.from.as_unix_micros())
            .bind(span.until.as_unix_micros());
        push_queues(&mut statement, " AND v.queue IN ", queues);
        statement.push(" GROUP BY 1, 2, 3 ORDER BY 1, 2");
        let rows = self.db.fetch(statement).await?;
        let read = |row: &Row| {
            Ok(HandleCount {
                queue: QueueId::from(row.get::<String>("queue")?.as_str()),
                slot: row.get("slot")?,
                state: row.get("state")?,
                calls: row.get::<i64>("calls")?.unsigned_abs(),
                time_us: row.get::<i64>("time_us")?.unsigned_abs(),
            })
        };
        rows.iter().map(read).collect()
    }

    /// Finished spans of agents that reach into `span`, by their ends, after the one that `after` names; at most
    /// [`REPORT_SPANS_PAGE_MAX`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn report_spans(
        &self,
        span: Span,
        after: Option<&AgentSpan>,
    ) -> Result<Vec<AgentSpan>, StoreError> {
        let mut statement = sql("SELECT agent, state, detail, from_at, until_at FROM agent_state
            WHERE until_at > $1 AND from_at < $2")
        .bind(span.from.as_unix_micros())
        .bind(span.until.as_unix_micros());
        if let Some(after) = after {
            statement.push_bind(" AND (until_at, agent) > (", after.until.as_unix_micros());
            statement.push_bind(", ", after.agent.as_str());
            statement.push(")");
        }
        let most = i64::try_from(REPORT_SPANS_PAGE_MAX).unwrap_or(i64::MAX);
        statement.push_bind(" ORDER BY until_at, agent LIMIT ", most);
        let rows = self.db.fetch(statement).await?;
        let read = |row: &Row| {
            Ok(AgentSpan {
                agent: AgentId::from(row.get::<String>("agent")?.as_str()),
                state: row.get("state")?,
                detail: row.get("detail")?,
                from: WallTime(row.get("from_at")?),
                until: WallTime(row.get("until_at")?),
            })
        };
        rows.iter().map(read).collect()
    }

    /// The offers made within `span`, counted by agent, interval and outcome.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn offer_counts(&self, span: Span) -> Result<Vec<OfferCount>, StoreError> {
        let statement =
            sql("SELECT agent, offered_at / 900000000 * 900000000 AS slot, outcome, COUNT(*) AS offers
            FROM agent_offer WHERE offered_at >= $1 AND offered_at < $2 GROUP BY 1, 2, 3 ORDER BY 1, 2")
            .bind(span.from.as_unix_micros())
            .bind(span.until.as_unix_micros());
        let rows = self.db.fetch(statement).await?;
        let read = |row: &Row| {
            Ok(OfferCount {
                agent: AgentId::from(row.get::<String>("agent")?.as_str()),
                slot: row.get("slot")?,
                outcome: row.get("outcome")?,
                offers: row.get::<i64>("offers")?.unsigned_abs(),
            })
        };
        rows.iter().map(read).collect()
    }

    /// The calls that began within `span`, by time, after `after`; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    pub async fn calls_begun(
        &self,
        span: Span,
        after: Option<CallId>,
        limit: usize,
    ) -> Result<Vec<CallId>, StoreError> {
        // Ids begin with the time at which they were made: their order is that of time.
        let statement = sql("SELECT id FROM call WHERE started_at >= $1 AND started_at < $2 AND id > $3
            ORDER BY id LIMIT $4")
        .bind(span.from.as_unix_micros())
        .bind(span.until.as_unix_micros())
        .bind(after.map(|call| call.to_string()).unwrap_or_default())
        .bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let rows = self.db.fetch(statement).await?;
        let read = |row: &Row| {
            let id: String = row.get("id")?;
            CallId::parse(&id).ok_or(StoreError::Corrupt { what: "call", key: id, source: None })
        };
        rows.iter().map(read).collect()
    }

    /// Whether the counted stays and offers of a call are those of `record`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn counts_as(&self, record: &CallRecord) -> Result<bool, StoreError> {
        let call = record.call.to_string();
        let visits = sql("SELECT queue, enqueued_at, ending, wait_us, agent, called_back FROM queue_visit
            WHERE call_id = $1 ORDER BY position")
        .bind(call.as_str());
        let visits: Result<Vec<_>, StoreError> = self.db.fetch(visits).await?.iter().map(visit_key).collect();
        let offers = sql("SELECT agent, queue, offered_at, rang_us, outcome FROM agent_offer
            WHERE call_id = $1 ORDER BY position")
        .bind(call.as_str());
        let offers: Result<Vec<_>, StoreError> = self.db.fetch(offers).await?.iter().map(offer_key).collect();
        Ok(visits? == record.visits().iter().map(key_of_visit).collect::<Vec<_>>()
            && offers? == record.counted_offers().iter().map(key_of_offer).collect::<Vec<_>>())
    }

    /// Counts a call's stays and offers anew, in the place of what is there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; then nothing has changed.
    pub async fn count_anew(&self, record: &CallRecord) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let call = record.call.to_string();
        tx.execute(sql("DELETE FROM queue_visit WHERE call_id = $1").bind(call.as_str())).await?;
        tx.execute(sql("DELETE FROM agent_offer WHERE call_id = $1").bind(call.as_str())).await?;
        count(&mut tx, &[record]).await?;
        tx.commit().await
    }

    /// Notes what counting a day anew found, in the place of what was found before.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn note_report_check(&self, check: &ReportCheck) -> Result<(), StoreError> {
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let statement = sql("INSERT INTO report_check (day, checked_at, calls, differing, detail)
            VALUES ($1, $2, $3, $4, $5) ON CONFLICT (day) DO UPDATE SET checked_at = excluded.checked_at,
            calls = excluded.calls, differing = excluded.differing, detail = excluded.detail")
        .bind(check.day)
        .bind(check.checked_at.as_unix_micros())
        .bind(number(check.calls))
        .bind(number(check.differing))
        .bind(check.detail.as_str());
        self.db.execute(statement).await.map(drop)
    }

    /// What counting days anew found, the latest day first; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn report_checks(&self, limit: usize) -> Result<Vec<ReportCheck>, StoreError> {
        let statement = sql("SELECT * FROM report_check ORDER BY day DESC LIMIT $1");
        let rows = self.db.fetch(statement.bind(i64::try_from(limit).unwrap_or(i64::MAX))).await?;
        let read = |row: &Row| {
            Ok(ReportCheck {
                day: row.get("day")?,
                checked_at: WallTime(row.get("checked_at")?),
                calls: row.get::<i64>("calls")?.unsigned_abs(),
                differing: row.get::<i64>("differing")?.unsigned_abs(),
                detail: row.get("detail")?,
            })
        };
        rows.iter().map(read).collect()
    }
}

/// Counts records that were written just now.
pub(crate) async fn count(tx: &mut Tx, records: &[&CallRecord]) -> Result<(), StoreError> {
    let of = |record: &&CallRecord| {
        let call = record.call.to_string();
        (0_i64..).zip(record.visits()).map(move |(position, visit)| (call.clone(), position, visit))
    };
    let visits: Vec<(String, i64, Visit)> = records.iter().flat_map(of).collect();
    for portion in portions(&visits) {
        let mut statement = sql("INSERT INTO queue_visit
            (call_id, position, queue, enqueued_at, ending, wait_us, wait_s, agent, called_back) VALUES ");
        for (index, (call, position, visit)) in portion.iter().enumerate() {
            statement.push_row(index == 0, visit_row(call, *position, visit));
        }
        tx.execute(statement).await?;
    }
    let of = |record: &&CallRecord| {
        let call = record.call.to_string();
        (0_i64..).zip(record.counted_offers()).map(move |(position, offer)| (call.clone(), position, offer))
    };
    let offers: Vec<(String, i64, CountedOffer)> = records.iter().flat_map(of).collect();
    for portion in portions(&offers) {
        let mut statement = sql("INSERT INTO agent_offer
            (call_id, position, agent, queue, offered_at, rang_us, outcome) VALUES ");
        for (index, (call, position, offer)) in portion.iter().enumerate() {
            let row: [Argument; 7] = [
                call.as_str().into(),
                (*position).into(),
                offer.agent.as_str().into(),
                offer.queue.as_ref().map(ToString::to_string).into(),
                offer.offered_at.as_unix_micros().into(),
                micros(offer.rang).into(),
                offer.outcome.into(),
            ];
            statement.push_row(index == 0, row);
        }
        tx.execute(statement).await?;
    }
    Ok(())
}

fn visit_row(call: &str, position: i64, visit: &Visit) -> [Argument; 9] {
    let wait_us = micros(visit.wait);
    [
        call.into(),
        position.into(),
        visit.queue.as_str().into(),
        visit.enqueued_at.as_unix_micros().into(),
        visit.ending.as_str().into(),
        wait_us.into(),
        // Rounded up: whoever waited 20.0 s was answered within 20 s, and whoever waited 20.1 s was not.
        wait_us.div_euclid(1_000_000).saturating_add(i64::from(wait_us % 1_000_000 != 0)).into(),
        visit.agent.as_ref().map(ToString::to_string).into(),
        visit.called_back.into(),
    ]
}

fn micros(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn push_queues(statement: &mut Statement, before: &'static str, queues: Option<&BTreeSet<QueueId>>) {
    let Some(queues) = queues else { return };
    statement.push(before);
    // A list must hold something; no queue has an empty name.
    statement.push_bind("(", "");
    for queue in queues {
        statement.push_bind(",", queue.as_str());
    }
    statement.push(")");
}

fn read_wait(row: &Row) -> Result<WaitCount, StoreError> {
    let word: String = row.get("ending")?;
    let Some(ending) = Ending::ALL.into_iter().find(|ending| ending.as_str() == word) else {
        return Err(StoreError::Corrupt { what: "ending", key: word, source: None });
    };
    Ok(WaitCount {
        queue: QueueId::from(row.get::<String>("queue")?.as_str()),
        slot: row.get("slot")?,
        ending,
        called_back: row.get("called_back")?,
        wait_s: u32::try_from(row.get::<i64>("wait_s")?).unwrap_or(u32::MAX),
        stays: row.get::<i64>("stays")?.unsigned_abs(),
        wait_us: row.get::<i64>("wait_us")?.unsigned_abs(),
    })
}

type VisitKey = (String, i64, String, i64, Option<String>, bool);
type OfferKey = (String, Option<String>, i64, i64, String);

fn visit_key(row: &Row) -> Result<VisitKey, StoreError> {
    Ok((
        row.get("queue")?,
        row.get("enqueued_at")?,
        row.get("ending")?,
        row.get("wait_us")?,
        row.get("agent")?,
        row.get("called_back")?,
    ))
}

fn key_of_visit(visit: &Visit) -> VisitKey {
    (
        visit.queue.to_string(),
        visit.enqueued_at.as_unix_micros(),
        visit.ending.as_str().to_owned(),
        micros(visit.wait),
        visit.agent.as_ref().map(ToString::to_string),
        visit.called_back,
    )
}

fn offer_key(row: &Row) -> Result<OfferKey, StoreError> {
    Ok((
        row.get("agent")?,
        row.get("queue")?,
        row.get("offered_at")?,
        row.get("rang_us")?,
        row.get("outcome")?,
    ))
}

fn key_of_offer(offer: &CountedOffer) -> OfferKey {
    (
        offer.agent.to_string(),
        offer.queue.as_ref().map(ToString::to_string),
        offer.offered_at.as_unix_micros(),
        micros(offer.rang),
        offer.outcome.to_owned(),
    )
}
