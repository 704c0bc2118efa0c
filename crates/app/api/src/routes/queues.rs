//! What leaders do with callers in line and with the staff of queues, and why callers wait. Every act is audited.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use hotline_acd::Merged;
use hotline_api_types as api;
use hotline_base::{AgentId, CallId, GroupId, QueueId, WallTime};
use hotline_call::{CallEvent, Command, EventKind, MergeView, Supervision};
use serde_json::json;

use super::calls::wrong;
use crate::app::App;
use crate::auth::Identity;
use crate::convert::{self, time};
use crate::error::ApiError;
use crate::extract::{Json, Path};

/// The longest name of a merge, in bytes.
const NAME_BYTES_MAX: usize = 64;
/// The greatest head start.
const CREDIT_MAX_S: u32 = 86_400;
/// Queues or groups in one merge.
const MERGED_MAX: usize = 50;

/// `GET /api/v1/calls/{id}/decisions`
pub(crate) async fn decisions(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Result<axum::Json<api::DecisionList>, ApiError> {
    who.require_admin()?;
    let call = CallId::parse(&id).ok_or(ApiError::NotFound)?;
    let events = app.ports.store.events_of(call).await?;
    let now = app.ports.shard.explain(call).await?;
    if events.is_empty() && now.is_none() {
        return Err(ApiError::NotFound);
    }
    let made = events.iter().filter_map(|event| {
        let EventKind::Call { what, .. } = &event.kind else { return None };
        let (agent, because) = if let CallEvent::Offered { agent, because: Some(because), .. } = what {
            (Some(agent), because)
        } else if let CallEvent::CallingBack { because, .. } | CallEvent::NotOffered { because } = what {
            (because.candidates.first().map(|first| &first.agent), because)
        } else {
            return None;
        };
        Some(api::DecisionMade {
            at: time(event.at),
            agent: agent.map(ToString::to_string),
            replayed: because.replay().map(|agent| agent.to_string()),
            decision: convert::decision(because, event.at),
        })
    });
    Ok(axum::Json(api::DecisionList {
        decisions: made.collect(),
        waits_because: now.map(|now| convert::decision(&now, app.now())),
    }))
}

/// `POST /api/v1/calls/{id}/move`
pub(crate) async fn move_caller(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    Json(body): Json<api::MoveCaller>,
) -> Result<StatusCode, ApiError> {
    let call = CallId::parse(&id).ok_or(ApiError::NotFound)?;
    let act = match (&body.queue, &body.agent) {
        (Some(queue), None) => Supervision::Move { call, to: QueueId::from(queue.as_str()) },
        (None, Some(agent)) => Supervision::Assign { call, agent: AgentId::from(agent.as_str()) },
        (_, _) => return Err(wrong("queue", "must be there, or `agent`, and not both")),
    };
    let detail = json!({ "queue": body.queue, "agent": body.agent });
    supervise(&app, &who, act, ("call.move", id), detail).await
}

/// `POST /api/v1/calls/{id}/priority`
pub(crate) async fn prioritise(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    Json(body): Json<api::PrioritiseCaller>,
) -> Result<StatusCode, ApiError> {
    let call = CallId::parse(&id).ok_or(ApiError::NotFound)?;
    if body.credit_s > CREDIT_MAX_S {
        return Err(wrong("credit_s", "must be at most 86400"));
    }
    let credit = Duration::from_secs(body.credit_s.into());
    let act = Supervision::Prioritise { call, credit, emergency: body.emergency };
    let detail = json!({ "credit_s": body.credit_s, "emergency": body.emergency });
    supervise(&app, &who, act, ("call.prioritise", id), detail).await
}

/// `POST /api/v1/calls/{id}/withdraw`
pub(crate) async fn withdraw(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let call = CallId::parse(&id).ok_or(ApiError::NotFound)?;
    supervise(&app, &who, Supervision::Withdraw(call), ("call.withdraw", id), json!({})).await
}

/// `GET /api/v1/merges`
pub(crate) async fn merges(
    State(app): State<Arc<App>>,
    who: Identity,
) -> Result<axum::Json<api::MergeList>, ApiError> {
    who.require_admin()?;
    let merges = app.ports.shard.merges().await?;
    Ok(axum::Json(api::MergeList { merges: merges.into_iter().map(shape).collect() }))
}

/// `PUT /api/v1/merges/{name}`
pub(crate) async fn merge(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(name): Path<String>,
    Json(body): Json<api::MergeStaff>,
) -> Result<StatusCode, ApiError> {
    if name.len() > NAME_BYTES_MAX || name.contains(char::is_control) {
        return Err(wrong("name", "must be a short name"));
    }
    let until = WallTime(body.until.as_unix_millis().saturating_mul(1000));
    if until <= app.now() {
        return Err(wrong("until", "must be a time to come"));
    }
    if body.queues.len().max(body.groups.len()) > MERGED_MAX {
        return Err(wrong("queues", "must be at most 50"));
    }
    let of = match (body.queues.is_empty(), body.groups.is_empty()) {
        (false, true) => Merged::Queues(body.queues.iter().map(|id| QueueId::from(id.as_str())).collect()),
        (true, false) => Merged::Groups(body.groups.iter().map(|id| GroupId::from(id.as_str())).collect()),
        (_, _) => return Err(wrong("queues", "must be there, or `groups`, and not both")),
    };
    let detail = json!({ "queues": body.queues, "groups": body.groups, "until": time(until) });
    let act = Supervision::Merge { name: name.clone(), of, until };
    supervise(&app, &who, act, ("staff.merge", name), detail).await
}

/// `DELETE /api/v1/merges/{name}`
pub(crate) async fn split(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    supervise(&app, &who, Supervision::Split(name.clone()), ("staff.split", name), json!({})).await
}

async fn supervise(
    app: &App,
    who: &Identity,
    act: Supervision,
    (action, about): (&'static str, String),
    detail: serde_json::Value,
) -> Result<StatusCode, ApiError> {
    who.require_admin()?;
    app.ports.shard.command(Command::Supervise(act)).await?;
    app.audit(&who.user.name, action, about, detail).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn shape(MergeView { name, of, until }: MergeView) -> api::Merge {
    let (queues, groups) = match of {
        Merged::Queues(queues) => (queues.iter().map(ToString::to_string).collect(), Vec::new()),
        Merged::Groups(groups) => (Vec::new(), groups.iter().map(ToString::to_string).collect()),
    };
    api::Merge { name, queues, groups, until: time(until) }
}
