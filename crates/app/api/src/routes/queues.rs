//! What leaders do with callers in line and with the staff of queues, and why callers wait. Every act is audited.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use hotline_access::{Permission, Scope};
use hotline_acd::Merged;
use hotline_api_types as api;
use hotline_base::{AgentId, CallId, GroupId, QueueId, WallTime};
use hotline_call::{CallEvent, Command, Event, EventKind, MergeView, Supervision};
use serde_json::json;

use super::calls::wrong;
use crate::answer::NoContent;
use crate::app::App;
use crate::auth::Identity;
use crate::convert::{self, time};
use crate::error::ApiError;
use crate::extract::{Json, Path};
use crate::viewer::{Subject, Ties};

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
    let call = CallId::parse(&id).ok_or(ApiError::NotFound)?;
    let events = app.ports.store.events_of(call).await?;
    let now = app.ports.shard.explain(call).await?;
    if !who.viewer.sees_all(Permission::QueuesSee) {
        // Reasons name everybody who serves the queue, so it is the queue that must be one's team's.
        let ties = Ties { agents: Vec::new(), queues: queues_of(&events) };
        who.may(Permission::QueuesSee, Subject::Call(&ties))?;
    }
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
) -> Result<NoContent, ApiError> {
    let call = CallId::parse(&id).ok_or(ApiError::NotFound)?;
    let act = match (&body.queue, &body.agent) {
        (Some(queue), None) => Supervision::Move { call, to: QueueId::from(queue.as_str()) },
        (None, Some(agent)) => Supervision::Assign { call, agent: AgentId::from(agent.as_str()) },
        (_, _) => return Err(wrong("queue", "must be there, or `agent`, and not both")),
    };
    let detail = json!({ "queue": body.queue, "agent": body.agent });
    steer(&app, &who, call, body.agent.as_deref()).await?;
    supervise(&app, &who, act, ("call.move", id), detail).await
}

/// `POST /api/v1/calls/{id}/priority`
pub(crate) async fn prioritise(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    Json(body): Json<api::PrioritiseCaller>,
) -> Result<NoContent, ApiError> {
    let call = CallId::parse(&id).ok_or(ApiError::NotFound)?;
    if body.credit_s > CREDIT_MAX_S {
        return Err(wrong("credit_s", "must be at most 86400"));
    }
    let credit = Duration::from_secs(body.credit_s.into());
    let act = Supervision::Prioritise { call, credit, emergency: body.emergency };
    let detail = json!({ "credit_s": body.credit_s, "emergency": body.emergency });
    steer(&app, &who, call, None).await?;
    supervise(&app, &who, act, ("call.prioritise", id), detail).await
}

/// `POST /api/v1/calls/{id}/withdraw`
pub(crate) async fn withdraw(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Result<NoContent, ApiError> {
    let call = CallId::parse(&id).ok_or(ApiError::NotFound)?;
    steer(&app, &who, call, None).await?;
    supervise(&app, &who, Supervision::Withdraw(call), ("call.withdraw", id), json!({})).await
}

/// `GET /api/v1/merges`
pub(crate) async fn merges(
    State(app): State<Arc<App>>,
    who: Identity,
) -> Result<axum::Json<api::MergeList>, ApiError> {
    let merges = app.ports.shard.merges().await?;
    let seen = merges.into_iter().filter(|merge| reaches(&who, Permission::QueuesSee, &merge.of));
    Ok(axum::Json(api::MergeList { merges: seen.map(shape).collect() }))
}

/// `PUT /api/v1/merges/{name}`
pub(crate) async fn merge(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(name): Path<String>,
    Json(body): Json<api::MergeStaff>,
) -> Result<NoContent, ApiError> {
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
    if !reaches(&who, Permission::QueuesSteer, &of) {
        return Err(ApiError::Forbidden);
    }
    let detail = json!({ "queues": body.queues, "groups": body.groups, "until": time(until) });
    let act = Supervision::Merge { name: name.clone(), of, until };
    supervise(&app, &who, act, ("staff.merge", name), detail).await
}

/// `DELETE /api/v1/merges/{name}`
pub(crate) async fn split(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(name): Path<String>,
) -> Result<NoContent, ApiError> {
    if !who.viewer.sees_all(Permission::QueuesSteer) {
        let merges = app.ports.shard.merges().await?;
        let known = merges.iter().find(|merge| merge.name == name).ok_or(ApiError::Forbidden)?;
        if !reaches(&who, Permission::QueuesSteer, &known.of) {
            return Err(ApiError::Forbidden);
        }
    }
    supervise(&app, &who, Supervision::Split(name.clone()), ("staff.split", name), json!({})).await
}

/// Whether a caller in line may be acted on, and given to that agent.
async fn steer(app: &App, who: &Identity, call: CallId, to: Option<&str>) -> Result<(), ApiError> {
    if who.viewer.sees_all(Permission::QueuesSteer) {
        return Ok(());
    }
    let snapshot = app.ports.shard.snapshot().await?;
    let known = snapshot.calls.iter().find(|view| view.record.call == call).ok_or(ApiError::NotFound)?;
    who.may(Permission::QueuesSteer, Subject::Call(&Ties::of_view(known)))?;
    match to {
        Some(agent) => who.may(Permission::QueuesSteer, Subject::Agent(&AgentId::from(agent))),
        None => Ok(()),
    }
}

/// Whether all of them are of one's teams.
fn reaches(who: &Identity, permission: Permission, of: &Merged) -> bool {
    let team_of = |name: &str| who.viewer.teams().iter().any(|team| team.name == name);
    who.viewer.sees_all(permission)
        || who.viewer.grants.scope(permission) == Some(Scope::Team)
            && match of {
                Merged::Queues(queues) => {
                    queues.iter().all(|queue| who.viewer.may(permission, Subject::Queue(queue)))
                }
                Merged::Groups(groups) => groups.iter().all(|group| team_of(group.as_str())),
            }
}

/// The queues that a call was in.
fn queues_of(events: &[Event]) -> Vec<QueueId> {
    let queued = events.iter().filter_map(|event| match &event.kind {
        EventKind::Call { what: CallEvent::Queued { queue }, .. } => Some(queue.clone()),
        EventKind::Call { .. }
        | EventKind::Agent { .. }
        | EventKind::AlarmRaised(_)
        | EventKind::AlarmCleared(_)
        | EventKind::CenterChanged
        | EventKind::AgentRemoved { .. }
        | EventKind::CallbacksChanged { .. } => None,
    });
    queued.collect()
}

async fn supervise(
    app: &App,
    who: &Identity,
    act: Supervision,
    (action, about): (&'static str, String),
    detail: serde_json::Value,
) -> Result<NoContent, ApiError> {
    app.ports.shard.command(Command::Supervise(act)).await?;
    app.audit(&who.user.name, action, about, detail).await?;
    Ok(NoContent)
}

fn shape(MergeView { name, of, until }: MergeView) -> api::Merge {
    let (queues, groups) = match of {
        Merged::Queues(queues) => (queues.iter().map(ToString::to_string).collect(), Vec::new()),
        Merged::Groups(groups) => (Vec::new(), groups.iter().map(ToString::to_string).collect()),
    };
    api::Merge { name, queues, groups, until: time(until) }
}

/// `GET /api/v1/queues/{id}/script`
pub(crate) async fn script(
    State(app): State<Arc<App>>,
    _who: Identity,
    Path(id): Path<String>,
) -> Result<axum::Json<api::QueueScript>, ApiError> {
    let center = app.center();
    let script = center.scripts.get(&QueueId::from(id.as_str())).ok_or(ApiError::NotFound)?;
    Ok(axum::Json(api::QueueScript { script: script.clone() }))
}
