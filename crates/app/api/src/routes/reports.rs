//! The figures of queues, agents, groups and flows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::State;
use hotline_access::{Permission, Scope};
use hotline_api_types as api;
use hotline_base::{AgentId, QueueId, WallTime};
use hotline_call::Ending as Stayed;
use hotline_hours::Zone;
use hotline_report::{
    AGENT_DEFINITIONS, AgentTally, Definition, Ending, HandleTime, OfferOutcome, QUEUE_DEFINITIONS,
    QueueTally, SLOT_US, Thresholds, slot_of, split,
};
use hotline_store::{Among, REPORT_SPANS_PAGE_MAX, Span, day};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::app::App;
use crate::auth::Identity;
use crate::convert;
use crate::convert::time;
use crate::error::ApiError;
use crate::extract::Query;
use crate::viewer::{Subject, Viewer};

/// The longest time of a report on queues, in days.
const QUEUE_DAYS_MAX: i64 = 400;
/// The longest time of a report on agents, in days.
const AGENT_DAYS_MAX: i64 = 93;
/// The most rows of a report.
const ROWS_MAX: usize = 20_000;
const DAY_US: i64 = 86_400_000_000;
/// Checks of days that are given.
const CHECKS: usize = 100;

/// What a report is about.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueueQuery {
    /// The first moment; the beginning of today in the center's zone if absent. It is brought back to the beginning of its
    /// interval.
    from: Option<api::Timestamp>,
    /// The first moment that is not in it; now if absent.
    until: Option<api::Timestamp>,
    /// How long the time of a row is.
    #[serde(default)]
    by: api::ReportStep,
    /// Only this queue.
    queue: Option<String>,
    /// Within so many seconds callers are to be answered: 1 to 3600, 20 if absent.
    within_s: Option<u32>,
    /// Who hangs up within so many seconds does not count against the queue: 0 to 600, 5 if absent.
    short_s: Option<u32>,
}

/// What a report is about.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgentQuery {
    /// The first moment; the beginning of today in the center's zone if absent. It is brought back to the beginning of its
    /// interval.
    from: Option<api::Timestamp>,
    /// The first moment that is not in it; now if absent.
    until: Option<api::Timestamp>,
    /// How long the time of a row is.
    #[serde(default)]
    by: api::ReportStep,
    /// Only this agent, or this group.
    id: Option<String>,
}

/// The days of a report on flows, in UTC.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FlowQuery {
    /// The first, such as 2026-01-31; today if absent.
    from: Option<String>,
    /// The last; today if absent.
    to: Option<String>,
}

/// `GET /api/v1/reports/queues`
pub(crate) async fn queues(
    State(app): State<Arc<App>>,
    who: Identity,
    Query(query): Query<QueueQuery>,
) -> Result<axum::Json<api::QueueReport>, ApiError> {
    let thresholds = thresholds(&query)?;
    let time = Time::read(&app, (query.from, query.until, query.by), QUEUE_DAYS_MAX)?;
    let mut wanted = seen(&who.viewer)?.map(|among| among.queues);
    if let Some(queue) = query.queue.as_deref().map(QueueId::from) {
        if wanted.as_ref().is_some_and(|queues| !queues.contains(&queue)) {
            return Err(ApiError::Forbidden);
        }
        wanted = Some(BTreeSet::from([queue]));
    }
    let mut tallies: BTreeMap<(QueueId, i64), QueueTally> = BTreeMap::new();
    for day in time.days() {
        add_day(&app, &time, (day, wanted.as_ref()), &mut tallies).await?;
        if tallies.len() > ROWS_MAX {
            return Err(too_many_rows());
        }
    }
    let rows = tallies.iter().map(|((queue, row), tally)| {
        let (from, until) = time.bounds(*row);
        convert::queue_report_row(queue, (from, until), &tally.figures(thresholds))
    });
    Ok(axum::Json(api::QueueReport {
        from: convert::time(time.span.from),
        until: convert::time(time.span.until),
        by: query.by,
        zone: app.center().zone.name().to_owned(),
        within_s: thresholds.within_s,
        short_s: thresholds.short_s,
        rows: bounded(rows)?,
        definitions: definitions(QUEUE_DEFINITIONS),
    }))
}

/// Adds what began on one day.
async fn add_day(
    app: &App,
    time: &Time,
    (day, wanted): (Span, Option<&BTreeSet<QueueId>>),
    tallies: &mut BTreeMap<(QueueId, i64), QueueTally>,
) -> Result<(), ApiError> {
    for count in app.ports.store.wait_counts(day, wanted).await? {
        let tally = tallies.entry((count.queue, time.row_of(count.slot))).or_default();
        match (count.called_back, count.ending) {
            (false, ending) => tally.count(counted(ending), count.wait_s, count.stays, count.wait_us),
            (true, Stayed::Answered) => tally.count_called_back(count.stays),
            (true, Stayed::Abandoned | Stayed::Callback | Stayed::FlowedOut) => {}
        }
    }
    for count in app.ports.store.handle_counts(day, wanted).await? {
        let mut handle = HandleTime::default();
        match count.state.as_str() {
            "talking" => (handle.talk_us, handle.handled) = (count.time_us, count.calls),
            "hold" => handle.hold_us = count.time_us,
            _ => handle.wrap_up_us = count.time_us,
        }
        tallies.entry((count.queue, time.row_of(count.slot))).or_default().add_handle_time(handle);
    }
    Ok(())
}

/// `GET /api/v1/reports/agents`
pub(crate) async fn agents(
    State(app): State<Arc<App>>,
    who: Identity,
    Query(query): Query<AgentQuery>,
) -> Result<axum::Json<api::AgentReport>, ApiError> {
    let wanted = query.id.as_deref().map(AgentId::from);
    if let Some(agent) = &wanted {
        who.may(Permission::ReportsSee, Subject::Agent(agent))?;
    }
    let name = |agent: &AgentId| {
        let is_wanted = wanted.as_ref().is_none_or(|wanted| wanted == agent);
        let is_seen = who.viewer.may(Permission::ReportsSee, Subject::Agent(agent));
        if is_wanted && is_seen { vec![agent.to_string()] } else { Vec::new() }
    };
    of_agents(&app, &query, name).await
}

/// `GET /api/v1/reports/groups`
pub(crate) async fn groups(
    State(app): State<Arc<App>>,
    who: Identity,
    Query(query): Query<AgentQuery>,
) -> Result<axum::Json<api::AgentReport>, ApiError> {
    let (all, teams): (bool, Vec<_>) = match who.viewer.grants.scope(Permission::ReportsSee) {
        Some(Scope::All) => (true, app.center().teams.iter().cloned().collect()),
        Some(Scope::Team) => (false, who.viewer.teams().to_vec()),
        None | Some(Scope::Own) => return Err(ApiError::Forbidden),
    };
    let wanted = |name: &str| query.id.as_deref().is_none_or(|id| id == name);
    if let Some(id) = &query.id
        && !teams.iter().any(|team| team.name == *id)
    {
        return Err(if all { ApiError::NotFound } else { ApiError::Forbidden });
    }
    let name = |agent: &AgentId| {
        let of_agent = teams.iter().filter(|team| wanted(&team.name) && team.agents.contains(agent));
        of_agent.map(|team| team.name.clone()).collect()
    };
    of_agents(&app, &query, name).await
}

/// `GET /api/v1/reports/flows`
pub(crate) async fn flows(
    State(app): State<Arc<App>>,
    who: Identity,
    Query(query): Query<FlowQuery>,
) -> Result<axum::Json<api::FlowReport>, ApiError> {
    who.may(Permission::ReportsSee, Subject::Center)?;
    let today = day(app.now());
    let last = super::flows::read_day("to", query.to.as_deref())?.unwrap_or(today);
    let first = super::flows::read_day("from", query.from.as_deref())?.unwrap_or(today);
    let counts = app.ports.store.flow_calls(first, last).await?;
    let rows = counts.into_iter().map(|(flow, calls, contained)| api::FlowReportRow {
        flow: flow.to_string(),
        calls,
        contained,
        #[expect(clippy::cast_precision_loss, reason = "counts of calls are far below 2^52")]
        containment: (calls > 0).then(|| contained as f64 / calls as f64),
    });
    let define = |field: &str, formula: &str, words: &str, zh: &str| api::ReportDefinition {
        field: field.to_owned(),
        formula: formula.to_owned(),
        words: words.to_owned(),
        zh: zh.to_owned(),
    };
    Ok(axum::Json(api::FlowReport {
        from: date_of(first),
        to: date_of(last),
        rows: rows.collect(),
        definitions: vec![
            define("calls", "N", "calls that began with the flow", "由该流程接入的呼叫"),
            define(
                "contained",
                "K",
                "nobody was called and they were in no queue",
                "未呼叫任何人，也未进入队列",
            ),
            define("containment", "K / N", "the share that needed no person", "无需人工即完成的比例"),
        ],
    }))
}

/// `GET /api/v1/reports/checks`
pub(crate) async fn checks(
    State(app): State<Arc<App>>,
    who: Identity,
) -> Result<axum::Json<api::ReportCheckList>, ApiError> {
    who.may(Permission::ReportsSee, Subject::Center)?;
    let checks = app.ports.store.report_checks(CHECKS).await?;
    let checks = checks.into_iter().map(|check| api::ReportCheck {
        day: date_of(check.day),
        checked_at: time(check.checked_at),
        calls: check.calls,
        differing: check.differing,
        detail: check.detail,
    });
    Ok(axum::Json(api::ReportCheckList { checks: checks.collect() }))
}

/// Figures of agents under the names that `names` gives to each: its own, or those of its groups.
async fn of_agents(
    app: &App,
    query: &AgentQuery,
    names: impl Fn(&AgentId) -> Vec<String>,
) -> Result<axum::Json<api::AgentReport>, ApiError> {
    let time = Time::read(app, (query.from, query.until, query.by), AGENT_DAYS_MAX)?;
    let (first, end) = (time.span.from.as_unix_micros(), time.span.until.as_unix_micros());
    let mut tallies: BTreeMap<(String, i64), AgentTally> = BTreeMap::new();
    let mut overflows = false;
    let mut spend = |agent: &AgentId, (state, detail): (&str, Option<&str>), from: i64, until: i64| {
        let names = names(agent);
        if names.is_empty() || state == "logged_out" {
            return;
        }
        for (slot, time_us) in split(from.max(first), until.min(end)) {
            for name in &names {
                let row = (name.clone(), time.row_of(slot));
                if tallies.len() < ROWS_MAX || tallies.contains_key(&row) {
                    tallies.entry(row).or_default().spend(state, detail, time_us);
                } else {
                    overflows = true;
                }
            }
        }
    };
    let mut after = None;
    loop {
        let page = app.ports.store.report_spans(time.span, after.as_ref()).await?;
        for span in &page {
            let state = (span.state.as_str(), span.detail.as_deref());
            spend(&span.agent, state, span.from.as_unix_micros(), span.until.as_unix_micros());
        }
        if page.len() < REPORT_SPANS_PAGE_MAX {
            break;
        }
        after = page.last().cloned();
    }
    // What goes on is in no span yet.
    let now = app.now().as_unix_micros();
    for view in app.ports.shard.snapshot().await?.agents {
        let state = (view.state.as_str(), view.state.detail());
        spend(&view.id, state, view.since.as_unix_micros(), now);
    }
    if overflows {
        return Err(too_many_rows());
    }
    for count in app.ports.store.offer_counts(time.span).await? {
        for name in names(&count.agent) {
            let tally = tallies.entry((name, time.row_of(count.slot))).or_default();
            tally.count(OfferOutcome::told(&count.outcome), count.offers);
        }
    }
    let rows = tallies
        .iter()
        .map(|((id, row), tally)| convert::agent_report_row(id, time.bounds(*row), tally.figures()));
    Ok(axum::Json(api::AgentReport {
        from: convert::time(time.span.from),
        until: convert::time(time.span.until),
        by: query.by,
        zone: app.center().zone.name().to_owned(),
        rows: bounded(rows)?,
        definitions: definitions(AGENT_DEFINITIONS),
    }))
}

/// The time of a report and how it is cut.
struct Time {
    span: Span,
    by: api::ReportStep,
    zone: Zone,
}

impl Time {
    fn read(
        app: &App,
        (from, until, by): (Option<api::Timestamp>, Option<api::Timestamp>, api::ReportStep),
        days_max: i64,
    ) -> Result<Self, ApiError> {
        let zone = app.center().zone.clone();
        let micros = |at: api::Timestamp| at.as_unix_millis().saturating_mul(1000);
        let until = until.map_or_else(|| app.now().as_unix_micros(), micros);
        let from = from.map_or_else(|| zone.day_of(WallTime(until)).as_unix_micros(), micros);
        let from = slot_of(from);
        if from >= until {
            return Err(wrong("until", "must be after `from`"));
        }
        if until - from > days_max * DAY_US {
            return Err(wrong("from", &format!("must be at most {days_max} days before `until`")));
        }
        let span = Span { from: WallTime(from), until: WallTime(until) };
        Ok(Self { span, by, zone })
    }

    /// Its days one by one, in UTC: what a day has is counted by the database at once.
    fn days(&self) -> impl Iterator<Item = Span> + use<> {
        let (mut from, until) = (self.span.from.as_unix_micros(), self.span.until.as_unix_micros());
        std::iter::from_fn(move || {
            let first = from;
            from = (first.div_euclid(DAY_US) + 1) * DAY_US;
            (first < until).then(|| Span { from: WallTime(first), until: WallTime(from.min(until)) })
        })
    }

    /// The row, by its first moment, to which an interval belongs.
    fn row_of(&self, slot: i64) -> i64 {
        match self.by {
            api::ReportStep::Interval => slot,
            // Zones that differ by a part of an hour have their hours begin there.
            api::ReportStep::Hour => {
                let minute = i64::from(self.zone.local(WallTime(slot)).minute);
                slot - minute * 60_000_000
            }
            api::ReportStep::Day => self.zone.day_of(WallTime(slot)).as_unix_micros(),
            api::ReportStep::Total => self.span.from.as_unix_micros(),
        }
    }

    /// The first moment of a row, and the first that is not in it.
    fn bounds(&self, row: i64) -> (WallTime, WallTime) {
        let until = match self.by {
            api::ReportStep::Interval => row + SLOT_US,
            api::ReportStep::Hour => row + 4 * SLOT_US,
            api::ReportStep::Day => self.zone.day_after(WallTime(row)).as_unix_micros(),
            api::ReportStep::Total => self.span.until.as_unix_micros(),
        };
        let first = row.max(self.span.from.as_unix_micros());
        (WallTime(first), WallTime(until.min(self.span.until.as_unix_micros())))
    }
}

/// The agents and queues whose reports this viewer sees; `None` for all of them.
fn seen(viewer: &Viewer) -> Result<Option<Among>, ApiError> {
    match viewer.grants.scope(Permission::ReportsSee) {
        // One's own are those of one agent, who is no queue.
        None | Some(Scope::Own) => Err(ApiError::Forbidden),
        Some(Scope::All) => Ok(None),
        Some(Scope::Team) => {
            let teams = viewer.teams();
            let agents = teams.iter().flat_map(|team| &team.agents).cloned().collect();
            let queues = teams.iter().flat_map(|team| &team.queues).cloned().collect();
            Ok(Some(Among { agents, queues }))
        }
    }
}

fn thresholds(query: &QueueQuery) -> Result<Thresholds, ApiError> {
    let usual = Thresholds::default();
    let within_s = query.within_s.unwrap_or(usual.within_s);
    let short_s = query.short_s.unwrap_or(usual.short_s);
    if !(1..=3600).contains(&within_s) {
        return Err(wrong("within_s", "must be 1 to 3600"));
    }
    if short_s > 600 {
        return Err(wrong("short_s", "must be 0 to 600"));
    }
    Ok(Thresholds { within_s, short_s })
}

const fn counted(ending: Stayed) -> Ending {
    match ending {
        Stayed::Answered => Ending::Answered,
        Stayed::Abandoned => Ending::Abandoned,
        Stayed::Callback => Ending::Callback,
        Stayed::FlowedOut => Ending::FlowedOut,
    }
}

fn bounded<T>(rows: impl ExactSizeIterator<Item = T>) -> Result<Vec<T>, ApiError> {
    if rows.len() > ROWS_MAX {
        return Err(too_many_rows());
    }
    Ok(rows.collect())
}

fn too_many_rows() -> ApiError {
    wrong("by", &format!("gives more than {ROWS_MAX} rows: take longer ones, or a shorter time"))
}

fn definitions(all: &[Definition]) -> Vec<api::ReportDefinition> {
    let told = |definition: &Definition| api::ReportDefinition {
        field: definition.field.to_owned(),
        formula: definition.formula.to_owned(),
        words: definition.words.to_owned(),
        zh: definition.zh.to_owned(),
    };
    all.iter().map(told).collect()
}

/// The date of a day counted since 1970.
fn date_of(day: i64) -> String {
    let text = api::Timestamp::from_unix_millis(day.saturating_mul(DAY_US / 1000)).to_string();
    text.split('T').next().unwrap_or_default().to_owned()
}

fn wrong(field: &str, problem: &str) -> ApiError {
    super::calls::wrong(field, problem)
}
