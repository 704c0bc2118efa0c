//! Counting days anew from the journal: every night, and by `hotline reports recount`.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use hotline_api_types::Timestamp;
use hotline_base::{CallId, WallTime};
use hotline_call::{CallRecord, EventKind};
use hotline_config::Configuration;
use hotline_store::{EVENTS_PAGE_MAX, ReportCheck, Span, Store, StoreError, day};
use hotline_telemetry::Metric;
use tokio::time::sleep;
use tracing::{error, info, warn};

use crate::{banner, cli};

const DAY: Duration = Duration::from_hours(24);
/// When in the day, in UTC, the day before is counted anew.
const NIGHT: Duration = Duration::from_hours(2);
/// After the database did not answer.
const RETRY: Duration = Duration::from_mins(10);
/// Calls that are looked for at a time.
const PAGE: usize = 500;
/// How long the database may do other things between two pages.
const PAUSE: Duration = Duration::from_millis(50);
/// Calls that are named at most.
const NAMED_MAX: usize = 10;

/// Counts each day anew in the night after it, and one that was slept through as soon as the server runs. Never ends.
pub(crate) async fn nightly(store: Store, now: impl Fn() -> WallTime) {
    loop {
        let yesterday = day(now()) - 1;
        let pause = match store.report_checks(1).await {
            Ok(checks) if checks.first().is_some_and(|check| check.day >= yesterday) => until_night(now()),
            Ok(_) if now_of_day(now()) < NIGHT => until_night(now()),
            Ok(_) => match recount(&store, yesterday, now()).await {
                Ok(check) => {
                    tell(&check);
                    until_night(now())
                }
                Err(error) => later(&error),
            },
            Err(error) => later(&error),
        };
        sleep(pause).await;
    }
}

fn later(error: &StoreError) -> Duration {
    warn!(%error, "yesterday could not be counted anew; it is tried again");
    RETRY
}

fn tell(check: &ReportCheck) {
    if check.differing == 0 {
        info!(calls = check.calls, "yesterday was counted anew");
        return;
    }
    Metric::ReportsDiffering.increment(check.differing);
    error!(
        calls = check.calls,
        differing = check.differing,
        "yesterday was not counted as the journal says; /api/v1/reports/checks has the calls"
    );
}

fn now_of_day(now: WallTime) -> Duration {
    let day_us = i64::try_from(DAY.as_micros()).unwrap_or(i64::MAX);
    Duration::from_micros(now.as_unix_micros().rem_euclid(day_us).unsigned_abs())
}

fn until_night(now: WallTime) -> Duration {
    let since_midnight = now_of_day(now);
    let until = NIGHT + if since_midnight >= NIGHT { DAY } else { Duration::ZERO };
    until.saturating_sub(since_midnight)
}

/// Folds the journal of every call that began on a day, compares what comes out with what is stored, mends the counts where they
/// differ, and notes what was found.
pub(crate) async fn recount(store: &Store, day: i64, now: WallTime) -> Result<ReportCheck, StoreError> {
    let day_us = i64::try_from(DAY.as_micros()).unwrap_or(i64::MAX);
    let span = Span { from: WallTime(day * day_us), until: WallTime((day + 1) * day_us) };
    let mut check = ReportCheck { day, checked_at: now, calls: 0, differing: 0, detail: String::new() };
    let (mut after, mut named) = (None, Vec::new());
    loop {
        let calls = store.calls_begun(span, after, PAGE).await?;
        for call in &calls {
            check.calls += 1;
            if let Some(difference) = compare(store, *call).await? {
                check.differing += 1;
                if named.len() < NAMED_MAX {
                    named.push(format!("{call}: {difference}"));
                }
            }
        }
        if calls.len() < PAGE {
            break;
        }
        after = calls.last().copied();
        sleep(PAUSE).await;
    }
    check.detail = named.join("; ");
    store.note_report_check(&check).await?;
    Ok(check)
}

/// How a call was stored otherwise than the journal says.
async fn compare(store: &Store, call: CallId) -> Result<Option<&'static str>, StoreError> {
    let Some(stored) = store.get_call(call).await? else { return Ok(None) };
    let difference = match fold(store, call).await? {
        // Its journal is gone, or too long to be read at once: the record is all there is.
        None => None,
        Some(folded) if core(&folded) != core(&stored) => Some("the record is not the fold of its events"),
        Some(_) => None,
    };
    if store.counts_as(&stored).await? {
        return Ok(difference);
    }
    store.count_anew(&stored).await?;
    Ok(Some(difference.unwrap_or("its stays and offers were not counted as on its record")))
}

async fn fold(store: &Store, call: CallId) -> Result<Option<CallRecord>, StoreError> {
    let events = store.events_of(call).await?;
    if events.len() == EVENTS_PAGE_MAX {
        return Ok(None);
    }
    let mut record: Option<CallRecord> = None;
    for event in &events {
        let EventKind::Call { what, .. } = &event.kind else { continue };
        match &mut record {
            None => record = CallRecord::begin(call, event.at, what),
            Some(record) => record.apply(event.at, what),
        }
    }
    Ok(record.filter(|record| record.ended_at.is_some()))
}

/// A record without what others add to it later.
fn core(record: &CallRecord) -> CallRecord {
    CallRecord { recordings: Vec::new(), dispositions: Vec::new(), ..record.clone() }
}

/// `hotline reports recount`: the server may run.
///
/// # Errors
/// A call differs, or the database cannot be used.
pub(crate) async fn run(configuration: &Configuration, options: &cli::Recount, now: WallTime) -> Result<()> {
    let first = match &options.from {
        Some(date) => {
            let midnight: Timestamp = format!("{date}T00:00:00Z")
                .parse()
                .with_context(|| format!("`{date}` is not a date such as 2026-01-31"))?;
            day(WallTime(midnight.as_unix_millis().saturating_mul(1000)))
        }
        None => day(now) - 1,
    };
    let store = Store::open(&configuration.server.storage.database).await?;
    let mut differing = 0;
    for day in first..first + i64::from(options.days) {
        let check = recount(&store, day, now).await?;
        differing += check.differing;
        let date = Timestamp::from_unix_millis(day.saturating_mul(86_400_000)).to_string();
        let date = date.split('T').next().unwrap_or_default();
        banner::print(&format!(
            "{date}: {} calls, {} counted otherwise. {}",
            check.calls, check.differing, check.detail
        ));
    }
    store.close().await;
    if differing > 0 {
        bail!("{differing} calls were not counted as the journal says; their counts are mended");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_night_is_the_next_one() {
        let hour = 3_600_000_000;
        assert_eq!(until_night(WallTime(hour)), Duration::from_hours(1));
        assert_eq!(until_night(WallTime(2 * hour)), Duration::from_hours(24));
        assert_eq!(until_night(WallTime(23 * hour)), Duration::from_hours(3));
    }
}
