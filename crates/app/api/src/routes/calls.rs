//! Call records: those in the database, and those of living calls as far as they go.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use hotline_access::{Permission, Scope};
use hotline_api_types as api;
use hotline_base::{AgentId, CallId, LegId, Pii};
use hotline_call::{Attendance, CallRecord, Command, CommandError, Oversight, Who};
use hotline_shard::{HandleError, Originate};
use hotline_store::CallCursor;
use tokio::time::timeout;

use super::search::{self, CallQuery};
use super::softphone::oversee;
use crate::answer::{Accepted, Started};
use crate::app::App;
use crate::auth::Identity;
use crate::convert::{self, Sight};
use crate::cursor;
use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::viewer::{Subject, Ties, Viewer};

/// Calls on a page unless asked otherwise.
const PAGE_DEFAULT: usize = 50;

/// The longest number or extension that is taken, in bytes.
const TARGET_BYTES_MAX: usize = 64;

/// The longest reason of a pause, in bytes.
const REASON_BYTES_MAX: usize = 100;

/// How long is waited for the record of a call that has just ended; records are written within 25 ms.
const ON_THE_WAY_MAX: Duration = Duration::from_secs(2);

/// `GET /api/v1/calls`
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    who: Identity,
    Query(query): Query<CallQuery>,
) -> Result<axum::Json<api::RecordPage>, ApiError> {
    let cursor = cursor::read(query.cursor.as_deref())?;
    let cursor = cursor.map(|(started_at, call)| CallCursor { started_at, call });
    let search = search::read(&query, &who.viewer, Permission::RecordsSee, &app.center().dial_plan)?;
    let limit = query.limit.unwrap_or(PAGE_DEFAULT);
    let page = app.ports.store.search_calls(&search, cursor, limit).await?;
    Ok(axum::Json(api::RecordPage {
        calls: page.calls.iter().map(|record| shape(&who, record)).collect(),
        next: page.next.map(|last| cursor::write(&(last.started_at, last.call))),
    }))
}

/// `GET /api/v1/calls/{id}`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Result<axum::Json<api::Record>, ApiError> {
    let mut record = find(&app, &who, Permission::RecordsSee, &id).await?;
    if who.viewer.grants.scope(Permission::CallsSee) <= Some(Scope::Own) {
        hide_listeners(&who.viewer, &mut record);
    }
    Ok(axum::Json(shape(&who, &record)))
}

/// `POST /api/v1/calls/{id}/transfer`: the agent who talks sends the caller on.
pub(crate) async fn transfer(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    Json(body): Json<api::TransferCall>,
) -> Result<Accepted, ApiError> {
    let call = CallId::parse(&id).ok_or(ApiError::NotFound)?;
    let to = target(&body.to)?;
    let own = match own_agent(&who) {
        Ok(by) => app.ports.shard.command(Command::Transfer { call, by, to: Pii::from(to) }).await,
        Err(_) => Err(HandleError::Refused(CommandError::NotTalking)),
    };
    match own {
        // A supervisor sends on whom an agent talks with.
        Err(HandleError::Refused(CommandError::NotTalking))
            if who.viewer.may(Permission::CallsControl, Subject::Anything) =>
        {
            oversee(&app, &who, (call, Permission::CallsControl), Oversight::Transfer(Pii::from(to))).await?;
            let detail = serde_json::json!({ "to": to });
            app.audit(&who.user.name, "call.force_transfer", &call, detail).await?;
            return Ok(Accepted);
        }
        done => done?,
    }
    app.audit(&who.user.name, "call.transfer", &call, serde_json::json!({ "to": to })).await?;
    Ok(Accepted)
}

/// `POST /api/v1/calls/{id}/recording/pause`: the agent who talks keeps what is said out of the recording.
pub(crate) async fn pause_recording(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    Json(body): Json<api::PauseRecording>,
) -> Result<Accepted, ApiError> {
    let call = CallId::parse(&id).ok_or(ApiError::NotFound)?;
    let by = own_agent(&who)?;
    let why = body.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    if why.is_some_and(|why| why.len() > REASON_BYTES_MAX || why.contains(char::is_control)) {
        return Err(wrong("reason", "must be a few words, at most 100 bytes"));
    }
    let detail = serde_json::json!({ "reason": why });
    let why = why.map(str::to_owned);
    app.ports.shard.command(Command::PauseRecording { call, by, why }).await?;
    app.audit(&who.user.name, "recording.pause", &call, detail).await?;
    Ok(Accepted)
}

/// `POST /api/v1/calls/{id}/recording/resume`: the agent who talks has what is said recorded again.
pub(crate) async fn resume_recording(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Result<Accepted, ApiError> {
    let call = CallId::parse(&id).ok_or(ApiError::NotFound)?;
    let by = own_agent(&who)?;
    app.ports.shard.command(Command::ResumeRecording { call, by }).await?;
    app.audit(&who.user.name, "recording.resume", &call, serde_json::json!({})).await?;
    Ok(Accepted)
}

/// `POST /api/v1/calls`: calls the agent's own phone, then whom the agent wants.
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    who: Identity,
    Json(body): Json<api::CreateCall>,
) -> Result<Started<api::CallCreated>, ApiError> {
    let agent = match body.agent.as_deref().map(AgentId::from) {
        Some(agent) => agent,
        None => who.viewer.agent.clone().ok_or_else(|| wrong("agent", "must say for which agent"))?,
    };
    who.may(Permission::SoftphoneUse, Subject::Agent(&agent))?;
    let to = target(&body.to)?;
    let caller_id = body.caller_id.as_deref().map(str::trim).filter(|number| !number.is_empty());
    if caller_id.is_some_and(|number| number.len() > TARGET_BYTES_MAX) {
        return Err(wrong("caller_id", "must be a number of the center"));
    }
    let originate =
        Originate { agent: agent.clone(), to: Pii::from(to), caller_id: caller_id.map(Pii::from) };
    let call = app.ports.shard.originate(originate).await?;
    app.audit(&who.user.name, "call.create", &call, serde_json::json!({ "to": to, "agent": agent.as_str() }))
        .await?;
    Ok(Started(api::CallCreated { id: call.to_string() }))
}

/// The agent who asks, for what is done with one's own phone.
pub(super) fn own_agent(who: &Identity) -> Result<AgentId, ApiError> {
    let agent = who.viewer.agent.clone().ok_or(ApiError::Forbidden)?;
    who.may(Permission::SoftphoneUse, Subject::Agent(&agent))?;
    Ok(agent)
}

/// Whom a call is for, as people write it.
pub(super) fn target(to: &str) -> Result<&str, ApiError> {
    let to = to.trim();
    if to.is_empty() || to.len() > TARGET_BYTES_MAX {
        return Err(wrong("to", "must be an extension, a number of the center, or one that can be dialled"));
    }
    Ok(to)
}

pub(super) fn shape(who: &Identity, record: &CallRecord) -> api::Record {
    let ties = Ties::of_record(record);
    convert::record(record, Sight::of(&who.viewer, Subject::Call(&ties)))
}

/// The record of a call, living or over, of which this may be done.
pub(super) async fn find(
    app: &App,
    who: &Identity,
    permission: Permission,
    id: &str,
) -> Result<CallRecord, ApiError> {
    let call = CallId::parse(id).ok_or(ApiError::NotFound)?;
    // The living ones first, for a call may end in between; then its record is in the database or on the way there.
    let snapshot = app.ports.shard.snapshot().await?;
    let living = snapshot.calls.into_iter().map(|view| view.record).find(|record| record.call == call);
    let record = match living {
        Some(record) => record,
        None => find_ended(app, call).await?.ok_or(ApiError::NotFound)?,
    };
    who.may(permission, Subject::Call(&Ties::of_record(&record)))?;
    Ok(record)
}

async fn find_ended(app: &App, call: CallId) -> Result<Option<CallRecord>, ApiError> {
    let store = &app.ports.store;
    if let Some(record) = store.get_call(call).await? {
        return Ok(Some(record));
    }
    // It may have ended a moment ago. If the journal is late or has stopped, the database has the last word.
    drop(timeout(ON_THE_WAY_MAX, app.ports.writer.flush()).await);
    Ok(store.get_call(call).await?)
}

/// Who listened in secret is known to who did so, and to those who oversee the agent.
fn hide_listeners(viewer: &Viewer, record: &mut CallRecord) {
    let secret = |one: &Attendance| !one.told && !matches!(&one.who, Who::Agent(agent) if viewer.is(agent));
    let legs: BTreeSet<LegId> =
        record.attendances.iter().filter(|one| secret(one)).map(|one| one.leg).collect();
    let told = |one: &Attendance| one.told && legs.contains(&one.leg);
    let known: BTreeSet<LegId> =
        record.attendances.iter().filter(|one| told(one)).map(|one| one.leg).collect();
    record.attendances.retain(|one| !secret(one));
    record.sounds.retain(|sound| !legs.contains(&sound.leg) || known.contains(&sound.leg));
}

/// One wrong field.
pub(super) fn wrong(field: &str, problem: &str) -> ApiError {
    ApiError::Fields(vec![api::FieldProblem { field: field.to_owned(), problem: problem.to_owned() }])
}
