//! The work of agents: reasons, after-call work, help, where their time went, and what became of calls.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use hotline_access::Permission;
use hotline_acd::{HelpOutcome, ReasonClass, ReasonView};
use hotline_api_types as api;
use hotline_base::{AgentId, CallId, Pii, QueueId, WallTime};
use hotline_call::{CallRecord, Command, DispositionGroup, NOTE_BYTES_MAX, OfferOutcome};
use hotline_store::{
    AGENT_SPANS_PAGE_MAX, BOOKING_NOTE_CHARS_MAX, Booking, FOLLOW_UPS_MAX, FollowUp, StoredHelp, StoredSpan,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::agents::{allowed, present};
use super::calls::{find, wrong};
use crate::answer::{Made, NoContent};
use crate::app::App;
use crate::auth::Identity;
use crate::convert::{millis, time};
use crate::cursor;
use crate::error::ApiError;
use crate::extract::{Json, Path, Query};

/// The longest time that one question is about.
const ASKED_MAX: Duration = Duration::from_hours(31 * 24);
/// How far ahead somebody can want to come back to a call.
const FOLLOW_UP_MAX: Duration = Duration::from_hours(10 * 366 * 24);
/// Unless asked otherwise.
const ASKED: Duration = Duration::from_hours(24);

/// What can become of calls, as configured.
#[derive(Clone, Debug, Default)]
pub struct Dispositions {
    /// Names by codes.
    pub names: BTreeMap<String, String>,
    /// How they are shown.
    pub groups: Vec<DispositionGroup>,
    /// The codes of queues that do not have all.
    pub queues: BTreeMap<QueueId, BTreeSet<String>>,
}

/// Which agent a question is about.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Whose {
    agent: Option<String>,
}

/// `GET /api/v1/reasons`
pub(crate) async fn reasons(
    State(app): State<Arc<App>>,
    who: Identity,
    Query(query): Query<Whose>,
) -> Result<axum::Json<api::ReasonList>, ApiError> {
    let agent = match query.agent {
        Some(id) => Some(allowed(&who, Permission::AgentsSee, &id)?),
        None => who.viewer.agent.clone(),
    };
    let is_agent = agent.is_some();
    // To whoever is no agent nothing is left, and nothing lacking.
    let views = app.ports.shard.reasons(agent.unwrap_or_else(|| AgentId::from(""))).await?;
    Ok(axum::Json(api::ReasonList { reasons: views.iter().map(|view| reason(view, is_agent)).collect() }))
}

fn reason(view: &ReasonView, is_agent: bool) -> api::Reason {
    let class = match view.config.class {
        ReasonClass::Break => "break",
        ReasonClass::Meal => "meal",
        ReasonClass::Work => "work",
        ReasonClass::Training => "training",
        ReasonClass::Fault => "fault",
        ReasonClass::Other => "other",
    };
    api::Reason {
        reason: view.reason.to_string(),
        name: view.config.name.clone(),
        class: class.to_owned(),
        taken: view.taken,
        at_once_max: view.config.at_once_max,
        daily_quota_ms: view.config.daily_quota.map(millis),
        left_ms: view.left.filter(|_| is_agent).map(millis),
    }
}

/// `GET /api/v1/dispositions`
pub(crate) async fn dispositions(
    State(app): State<Arc<App>>,
    _who: Identity,
) -> Result<axum::Json<api::DispositionList>, ApiError> {
    let center = app.center();
    let Dispositions { names, groups, queues } = &center.dispositions;
    let queues = queues.iter().map(|(queue, codes)| (queue.to_string(), codes.iter().cloned().collect()));
    Ok(axum::Json(api::DispositionList {
        dispositions: names.clone(),
        groups: groups.iter().map(group).collect(),
        queues: queues.collect(),
    }))
}

/// As deep as the configuration lets it be.
fn group(of: &DispositionGroup) -> api::DispositionGroup {
    api::DispositionGroup {
        code: of.code.clone(),
        name: of.name.clone(),
        groups: of.groups.iter().map(group).collect(),
        codes: of.codes.clone(),
    }
}

/// `PUT /api/v1/calls/{id}/disposition`: what became of a call, during it or later.
pub(crate) async fn dispose(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    Json(body): Json<api::SetDisposition>,
) -> Result<NoContent, ApiError> {
    let record = find(&app, &who, Permission::RecordsSee, &id).await?;
    let by = match body.agent.as_deref() {
        Some(agent) => allowed(&who, Permission::AgentsSteer, agent)?,
        None => who.viewer.agent.clone().ok_or_else(|| wrong("agent", "must say for which agent"))?,
    };
    if !had(&record, &by) {
        return Err(wrong("agent", "has not had this call"));
    }
    let note = body.note.as_deref().map(str::trim).filter(|note| !note.is_empty());
    if note.is_some_and(|note| note.len() > NOTE_BYTES_MAX || note.contains('\0')) {
        return Err(wrong("note", "must be text of at most 2000 bytes"));
    }
    let follow_up_at = body.follow_up_at.map(wall);
    if follow_up_at.is_some_and(|at| at < WallTime(0) || at > app.now() + FOLLOW_UP_MAX) {
        return Err(wrong("follow_up_at", "must be within ten years"));
    }
    let (call, code): (CallId, _) = (record.call, body.code.clone());
    let note = note.map(Pii::from);
    app.ports.shard.command(Command::Dispose { call, by: by.clone(), code, note, follow_up_at }).await?;
    let detail = serde_json::json!({ "agent": by.as_str(), "code": body.code });
    app.audit(&who.user.name, "call.disposition", call, detail).await?;
    Ok(NoContent)
}

/// Whose, and which of them.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FollowUps {
    /// The agent; the own one if absent.
    agent: Option<String>,
    /// Those that are done, the latest first, in place of those that are not.
    #[serde(default)]
    done: bool,
    /// At most so many on a page: 1 to 200, 100 if absent.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// `GET /api/v1/follow-ups`
pub(crate) async fn follow_ups(
    State(app): State<Arc<App>>,
    who: Identity,
    Query(query): Query<FollowUps>,
) -> Result<axum::Json<api::FollowUpList>, ApiError> {
    let agent = match query.agent {
        Some(agent) => allowed(&who, Permission::RecordsSee, &agent)?,
        None => who.viewer.agent.clone().ok_or_else(|| wrong("agent", "must say for which agent"))?,
    };
    let after: Option<(WallTime, CallId)> = cursor::read(query.cursor.as_deref())?;
    let size = query.limit.unwrap_or(cursor::PAGE_DEFAULT).clamp(1, FOLLOW_UPS_MAX);
    // What was said a moment ago is on its way.
    drop(tokio::time::timeout(Duration::from_secs(2), app.ports.writer.flush()).await);
    let found = app.ports.store.follow_ups(&agent, query.done, after, size + 1).await?;
    let place = |FollowUp { disposition: one, .. }: &FollowUp| (one.follow_up_at.unwrap_or(one.at), one.call);
    let (found, next) = cursor::page(found, size, place);
    let follow_up = |FollowUp { disposition: one, done_at }: &FollowUp| {
        Some(api::FollowUp {
            done_at: done_at.map(time),
            at: time(one.follow_up_at?),
            call: one.call.to_string(),
            agent: one.agent.to_string(),
            code: one.code.clone(),
            note: one.note.as_ref().map(|note| note.expose().clone()),
        })
    };
    Ok(axum::Json(api::FollowUpList { follow_ups: found.iter().filter_map(follow_up).collect(), next }))
}

/// `PUT /api/v1/calls/{id}/follow-up`: the agent has come back to the call, or has not after all.
pub(crate) async fn set_follow_up(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    Json(body): Json<api::SetFollowUp>,
) -> Result<NoContent, ApiError> {
    let call = CallId::parse(&id).ok_or(ApiError::NotFound)?;
    let agent = match body.agent.as_deref() {
        Some(agent) => allowed(&who, Permission::AgentsSteer, agent)?,
        None => who.viewer.agent.clone().ok_or_else(|| wrong("agent", "must say for which agent"))?,
    };
    drop(tokio::time::timeout(Duration::from_secs(2), app.ports.writer.flush()).await);
    let done_at = body.done.then(|| app.now());
    if !app.ports.store.set_follow_up_done(call, &agent, done_at).await? {
        return Err(ApiError::NotFound);
    }
    let detail = serde_json::json!({ "agent": agent.as_str(), "done": body.done });
    app.audit(&who.user.name, "call.follow_up", call, detail).await?;
    Ok(NoContent)
}

/// Whether the agent talked in the call, from a queue or not.
fn had(record: &CallRecord, agent: &AgentId) -> bool {
    let answered = record.offers.iter().filter(|offer| offer.outcome == OfferOutcome::Answered);
    record.agent.iter().chain(answered.map(|offer| &offer.agent)).any(|known| known == agent)
}

/// `POST /api/v1/agents/{id}/wrap-up`: after-call work that does not begin by itself.
pub(crate) async fn ask_wrap_up(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Result<axum::Json<api::Agent>, ApiError> {
    let agent = allowed(&who, Permission::AgentsSteer, &id)?;
    ask(&app, &who, &agent, Command::AskWrapUp(agent.clone()), "agent.wrap_up.ask").await
}

/// `DELETE /api/v1/agents/{id}/wrap-up`: it is done early.
pub(crate) async fn end_wrap_up(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Result<axum::Json<api::Agent>, ApiError> {
    let agent = allowed(&who, Permission::AgentsSteer, &id)?;
    ask(&app, &who, &agent, Command::EndWrapUp(agent.clone()), "agent.wrap_up.end").await
}

/// `POST /api/v1/agents/{id}/wrap-up/extend`
pub(crate) async fn extend_wrap_up(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Result<axum::Json<api::Agent>, ApiError> {
    let agent = allowed(&who, Permission::AgentsSteer, &id)?;
    ask(&app, &who, &agent, Command::ExtendWrapUp(agent.clone()), "agent.wrap_up.extend").await
}

/// `POST /api/v1/agents/{id}/help`
pub(crate) async fn ask_help(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Result<axum::Json<api::Agent>, ApiError> {
    let agent = allowed(&who, Permission::AgentsSteer, &id)?;
    ask(&app, &who, &agent, Command::AskHelp(agent.clone()), "agent.help.ask").await
}

/// `POST /api/v1/agents/{id}/help/answer`: a leader helps.
pub(crate) async fn answer_help(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Result<axum::Json<api::Agent>, ApiError> {
    let agent = allowed(&who, Permission::AgentsLead, &id)?;
    let command = Command::AnswerHelp { agent: agent.clone(), by: who.user.name.clone() };
    ask(&app, &who, &agent, command, "agent.help.answer").await
}

/// `POST /api/v1/agents/{id}/help/end`
pub(crate) async fn end_help(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    Json(body): Json<api::EndHelp>,
) -> Result<axum::Json<api::Agent>, ApiError> {
    let agent = allowed(&who, Permission::AgentsLead, &id)
        .or_else(|_| allowed(&who, Permission::AgentsSteer, &id))?;
    let outcome = match body.outcome {
        api::HelpOutcome::Solved => HelpOutcome::Solved,
        api::HelpOutcome::Unsolved => HelpOutcome::Unsolved,
        api::HelpOutcome::Withdrawn => HelpOutcome::Withdrawn,
    };
    ask(&app, &who, &agent, Command::EndHelp(agent.clone(), outcome), "agent.help.end").await
}

/// Carries out what concerns one agent, and shows that agent as it is then.
async fn ask(
    app: &App,
    who: &Identity,
    agent: &AgentId,
    command: Command,
    action: &str,
) -> Result<axum::Json<api::Agent>, ApiError> {
    app.ports.shard.command(command).await?;
    app.audit(&who.user.name, action, agent, serde_json::json!({})).await?;
    present(app, who, agent).await
}

/// The time that a question is about.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Span {
    /// From when on: a day before `until` if absent.
    from: Option<api::Timestamp>,
    /// Until when: now if absent.
    until: Option<api::Timestamp>,
    /// At most so many spans on a page: 1 to 2000, 2000 if absent.
    limit: Option<usize>,
    /// `next` of the page before, with the same `from` and `until`.
    cursor: Option<String>,
}

/// `GET /api/v1/agents/{id}/states`
pub(crate) async fn times(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    Query(query): Query<Span>,
) -> Result<axum::Json<api::AgentTimes>, ApiError> {
    let agent = allowed(&who, Permission::AgentsSee, &id)?;
    let until = query.until.map_or_else(|| app.now(), wall);
    let from = query.from.map_or_else(|| before(until, ASKED), wall);
    if from >= until || until.since(from) > ASKED_MAX {
        return Err(wrong("from", "must be before `until`, by 31 days at most"));
    }
    let from = cursor::read(query.cursor.as_deref())?.unwrap_or(from).max(from);
    // What was told a moment ago is on its way.
    drop(tokio::time::timeout(Duration::from_secs(2), app.ports.writer.flush()).await);
    let store = &app.ports.store;
    let spans = store.agent_spans(&agent, from, until).await?;
    let is_full = spans.len() == AGENT_SPANS_PAGE_MAX;
    let size = query.limit.unwrap_or(AGENT_SPANS_PAGE_MAX).clamp(1, AGENT_SPANS_PAGE_MAX);
    let (spans, next) = cursor::page(spans, size, |last| last.until);
    let next = next.or_else(|| spans.last().filter(|_| is_full).map(|last| cursor::write(&last.until)));
    let sessions = store.agent_sessions(&agent, from, until).await?;
    Ok(axum::Json(api::AgentTimes {
        sessions: sessions
            .iter()
            .map(|session| api::AgentSession {
                started_at: time(session.started),
                ended_at: session.ended.map(time),
            })
            .collect(),
        states: spans.iter().map(span).collect(),
        next,
        help: store.agent_help(&agent, from, until).await?.iter().map(help).collect(),
        bookings: store.bookings(&agent, from, until).await?.iter().map(booking).collect(),
    }))
}

/// `POST /api/v1/agents/{id}/bookings`: a leader says that the system was at fault.
pub(crate) async fn book(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    Json(body): Json<api::NewBooking>,
) -> Result<Made<api::AgentBooking>, ApiError> {
    let agent = allowed(&who, Permission::AgentsLead, &id)?;
    app.ports.shard.agent(agent.clone()).await?.ok_or(ApiError::NotFound)?;
    let (from, until, at) = (wall(body.from), wall(body.until), app.now());
    if from >= until || until > at || until.since(from) > ASKED_MAX {
        return Err(wrong("until", "must be after `from`, by 31 days at most, and not in the future"));
    }
    let note = body.note.trim();
    if note.is_empty() || note.chars().count() > BOOKING_NOTE_CHARS_MAX || note.contains('\0') {
        return Err(wrong("note", "must say why, in 500 characters at most"));
    }
    let id = app.with_rng(|rng| CallId::generate(at, rng)).to_string();
    let new = Booking { id, agent, from, until, note: note.to_owned(), by: who.user.name.clone(), at };
    app.ports.store.book(&new).await?;
    let detail = serde_json::json!({ "id": new.id, "from": body.from, "until": body.until, "note": note });
    app.audit(&who.user.name, "agent.booking", &new.agent, detail).await?;
    Ok(Made(booking(&new)))
}

fn wall(at: api::Timestamp) -> WallTime {
    WallTime(at.as_unix_millis().saturating_mul(1000))
}

fn before(at: WallTime, by: Duration) -> WallTime {
    WallTime(at.0.saturating_sub(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
}

fn span(of: &StoredSpan) -> api::AgentSpan {
    api::AgentSpan {
        state: of.state.clone(),
        detail: of.detail.clone(),
        call: of.call.map(|call| call.to_string()),
        from: time(of.from),
        until: time(of.until),
    }
}

fn help(of: &StoredHelp) -> api::AgentHelp {
    let answered = of.answered.as_ref();
    api::AgentHelp {
        asked_at: time(of.asked),
        call: of.call.map(|call| call.to_string()),
        answered_at: answered.map(|(at, _)| time(*at)),
        answered_by: answered.map(|(_, by)| by.clone()),
        ended_at: time(of.ended),
        outcome: of.outcome.clone(),
    }
}

fn booking(of: &Booking) -> api::AgentBooking {
    api::AgentBooking {
        id: of.id.clone(),
        from: time(of.from),
        until: time(of.until),
        note: of.note.clone(),
        by: of.by.clone(),
        at: time(of.at),
    }
}
