//! What became of calls in flows, counted when a call's record is written, in the same transaction: exact, and as quick
//! to read after a year as after a day.

use std::collections::BTreeMap;

use hotline_base::{FlowId, WallTime};
use hotline_call::CallRecord;

use crate::db::{Argument, Tx, portions, sql};
use crate::{Store, StoreError};

/// Microseconds of a day.
pub(crate) const DAY_US: i64 = 86_400_000_000;
/// The most pairs of step and exit that the figures of a flow give, those that were taken most often.
pub const FLOW_EXITS_MAX: usize = 5000;

/// A flow's figures within some days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowFigures {
    /// Calls that began with this flow.
    pub calls: u64,
    /// Those of them that ended in flows: nobody was called, and they were in no queue.
    pub contained: u64,
    /// How often each step was left by each exit, also by calls that came from another flow. By step and exit; at most
    /// [`FLOW_EXITS_MAX`].
    pub exits: Vec<FlowExitCount>,
}

/// How often one step was left by one exit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowExitCount {
    /// The step.
    pub step: String,
    /// The exit, in the words of the call's path.
    pub exit: String,
    /// How often.
    pub count: u64,
}

impl Store {
    /// The figures of a flow in the calls that began on the days from `first` to `last`, both included and counted since
    /// 1970 in UTC (see [`day`]).
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn flow_figures(
        &self,
        flow: &FlowId,
        first: i64,
        last: i64,
    ) -> Result<FlowFigures, StoreError> {
        let calls = sql("SELECT CAST(COALESCE(SUM(calls), 0) AS BIGINT) AS calls,
                CAST(COALESCE(SUM(contained), 0) AS BIGINT) AS contained
                FROM flow_call_count WHERE flow = $1 AND day BETWEEN $2 AND $3")
        .bind(flow.as_str())
        .bind(first)
        .bind(last);
        let mut figures = FlowFigures::default();
        if let Some(row) = self.db.fetch_first(calls).await? {
            figures.calls = unsigned(row.get("calls")?);
            figures.contained = unsigned(row.get("contained")?);
        }
        let exits = sql("SELECT step, exit, CAST(SUM(count) AS BIGINT) AS taken FROM flow_step_count
                WHERE flow = $1 AND day BETWEEN $2 AND $3
                GROUP BY step, exit ORDER BY taken DESC, step, exit LIMIT $4")
        .bind(flow.as_str())
        .bind(first)
        .bind(last)
        .bind(i64::try_from(FLOW_EXITS_MAX).unwrap_or(0));
        for row in self.db.fetch(exits).await? {
            let count = unsigned(row.get("taken")?);
            figures.exits.push(FlowExitCount { step: row.get("step")?, exit: row.get("exit")?, count });
        }
        figures.exits.sort_by(|one, other| (&one.step, &one.exit).cmp(&(&other.step, &other.exit)));
        Ok(figures)
    }

    /// How many calls began with each flow on the days from `first` to `last`, and how many of them ended in flows; by flow.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn flow_calls(&self, first: i64, last: i64) -> Result<Vec<(FlowId, u64, u64)>, StoreError> {
        let statement = sql("SELECT flow, CAST(SUM(calls) AS BIGINT) AS calls,
                CAST(SUM(contained) AS BIGINT) AS contained
                FROM flow_call_count WHERE day BETWEEN $1 AND $2 GROUP BY flow ORDER BY flow");
        let rows = self.db.fetch(statement.bind(first).bind(last)).await?;
        let read = |row: &crate::db::Row| {
            let flow = FlowId::from(row.get::<String>("flow")?.as_str());
            Ok((flow, unsigned(row.get("calls")?), unsigned(row.get("contained")?)))
        };
        rows.iter().map(read).collect()
    }
}

impl Store {
    /// Forgets the figures of the days before `first_kept`, the oldest first and at most so many days, one at a time so that calls
    /// are counted meanwhile. How many days there were.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; the days before are forgotten then.
    pub async fn forget_flow_figures(&self, first_kept: i64, days_max: u64) -> Result<u64, StoreError> {
        let mut days = 0;
        while days < days_max {
            let oldest = sql("SELECT MIN(day) AS day FROM
                    (SELECT MIN(day) AS day FROM flow_step_count UNION ALL SELECT MIN(day) AS day FROM flow_call_count) AS days");
            let oldest = self.db.fetch_first(oldest).await?;
            let oldest: Option<i64> = oldest.map(|row| row.get("day")).transpose()?.flatten();
            let Some(day) = oldest.filter(|day| *day < first_kept) else { break };
            self.db.execute(sql("DELETE FROM flow_step_count WHERE day = $1").bind(day)).await?;
            self.db.execute(sql("DELETE FROM flow_call_count WHERE day = $1").bind(day)).await?;
            days += 1;
        }
        Ok(days)
    }
}

/// The day of a time, counted since 1970 in UTC.
#[must_use]
pub fn day(at: WallTime) -> i64 {
    at.as_unix_micros().div_euclid(DAY_US)
}

fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}

/// Counts records that were written just now. The rows are touched in one order by everybody, so that two who count at
/// the same time wait for each other at most.
pub(crate) async fn count(tx: &mut Tx, records: &[&CallRecord]) -> Result<(), StoreError> {
    let mut exits: BTreeMap<(String, i64, String, String), i64> = BTreeMap::new();
    let mut calls: BTreeMap<(String, i64), (i64, i64)> = BTreeMap::new();
    for record in records {
        let day = day(record.started_at);
        for step in &record.path {
            let key = (step.flow.to_string(), day, step.step.step.to_string(), step.step.exit.to_string());
            *exits.entry(key).or_default() += 1;
        }
        if let Some(first) = record.path.first() {
            let (all, contained) = calls.entry((first.flow.to_string(), day)).or_default();
            *all += 1;
            *contained += i64::from(is_contained(record));
        }
    }
    let exits: Vec<_> = exits.into_iter().collect();
    for portion in portions(&exits) {
        let mut statement = sql("INSERT INTO flow_step_count (flow, day, step, exit, count) VALUES ");
        for (index, ((flow, day, step, exit), count)) in portion.iter().enumerate() {
            let row: [Argument; 5] = [
                flow.as_str().into(),
                (*day).into(),
                step.as_str().into(),
                exit.as_str().into(),
                (*count).into(),
            ];
            statement.push_row(index == 0, row);
        }
        statement.push(
            " ON CONFLICT (flow, day, step, exit) DO UPDATE SET count = flow_step_count.count + excluded.count",
        );
        tx.execute(statement).await?;
    }
    let calls: Vec<_> = calls.into_iter().collect();
    for portion in portions(&calls) {
        let mut statement = sql("INSERT INTO flow_call_count (flow, day, calls, contained) VALUES ");
        for (index, ((flow, day), (all, contained))) in portion.iter().enumerate() {
            let row: [Argument; 4] =
                [flow.as_str().into(), (*day).into(), (*all).into(), (*contained).into()];
            statement.push_row(index == 0, row);
        }
        statement.push(
            " ON CONFLICT (flow, day) DO UPDATE SET calls = flow_call_count.calls + excluded.calls,
                contained = flow_call_count.contained + excluded.contained",
        );
        tx.execute(statement).await?;
    }
    Ok(())
}

/// Whether a call came to its end in flows alone: whoever waited in a queue or was put through needed a person.
fn is_contained(record: &CallRecord) -> bool {
    record.connected_at.is_none()
        && record.queues.is_empty()
        && record.offers.is_empty()
        && record.dials.is_empty()
}
