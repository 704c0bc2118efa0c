//! What an agent does with the own call, with any phone, and what a supervisor does with those of others. Each returns when
//! it is done or on its way, or with the reason why not; done twice, each has its effect once.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use hotline_api_types as api;
use hotline_base::{AgentId, CallId, LegId, Pii};
use hotline_call::{Command, CommandError, Control, MonitorMode, Oversight};
use hotline_shard::HandleError;

use super::calls::{target, wrong};
use crate::app::App;
use crate::auth::Identity;
use crate::error::ApiError;
use crate::extract::{Json, Path};

/// The longest note of a mark, in bytes.
const NOTE_BYTES_MAX: usize = 100;

type Done = Result<StatusCode, ApiError>;

/// `POST /api/v1/calls/{id}/hangup`: an agent leaves the own call; a supervisor ends it for all.
pub(crate) async fn hang_up(State(app): State<Arc<App>>, who: Identity, Path(id): Path<String>) -> Done {
    let call = CallId::parse(&id).ok_or(ApiError::NotFound)?;
    if let Some(by) = who.viewer.agent.clone() {
        let own = Command::Control { call, by, what: Control::HangUp };
        match app.ports.shard.command(own).await {
            Err(HandleError::Refused(CommandError::NotTalking)) if who.viewer.is_admin() => {}
            done => return done.map(|()| StatusCode::ACCEPTED).map_err(ApiError::from),
        }
    }
    oversee(&app, &who, call, Oversight::HangUp).await?;
    app.audit(&who.user.name, "call.force_hangup", call, serde_json::json!({})).await?;
    Ok(StatusCode::ACCEPTED)
}

/// `POST /api/v1/calls/{id}/hold`
pub(crate) async fn hold(State(app): State<Arc<App>>, who: Identity, Path(id): Path<String>) -> Done {
    control(&app, &who, &id, Control::Hold(true)).await
}

/// `POST /api/v1/calls/{id}/retrieve`
pub(crate) async fn retrieve(State(app): State<Arc<App>>, who: Identity, Path(id): Path<String>) -> Done {
    control(&app, &who, &id, Control::Hold(false)).await
}

/// `POST /api/v1/calls/{id}/mute`
pub(crate) async fn mute(State(app): State<Arc<App>>, who: Identity, Path(id): Path<String>) -> Done {
    control(&app, &who, &id, Control::Mute(true)).await
}

/// `POST /api/v1/calls/{id}/unmute`
pub(crate) async fn unmute(State(app): State<Arc<App>>, who: Identity, Path(id): Path<String>) -> Done {
    control(&app, &who, &id, Control::Mute(false)).await
}

/// `POST /api/v1/calls/{id}/dtmf`
pub(crate) async fn press(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    Json(body): Json<api::PressKeys>,
) -> Done {
    control(&app, &who, &id, Control::Press(Pii::new(body.digits))).await
}

/// `POST /api/v1/calls/{id}/answer`
pub(crate) async fn answer(State(app): State<Arc<App>>, who: Identity, Path(id): Path<String>) -> Done {
    control(&app, &who, &id, Control::Answer).await
}

/// `POST /api/v1/calls/{id}/pickup`
pub(crate) async fn pick_up(State(app): State<Arc<App>>, who: Identity, Path(id): Path<String>) -> Done {
    control(&app, &who, &id, Control::PickUp).await
}

/// `POST /api/v1/calls/{id}/consult`
pub(crate) async fn consult(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    Json(body): Json<api::TransferCall>,
) -> Done {
    let to = target(&body.to)?;
    control(&app, &who, &id, Control::Consult(Pii::from(to))).await
}

/// `DELETE /api/v1/calls/{id}/consult`
pub(crate) async fn end_consult(State(app): State<Arc<App>>, who: Identity, Path(id): Path<String>) -> Done {
    control(&app, &who, &id, Control::EndConsult).await
}

/// `POST /api/v1/calls/{id}/swap`
pub(crate) async fn swap(State(app): State<Arc<App>>, who: Identity, Path(id): Path<String>) -> Done {
    control(&app, &who, &id, Control::Swap).await
}

/// `POST /api/v1/calls/{id}/complete`
pub(crate) async fn complete(State(app): State<Arc<App>>, who: Identity, Path(id): Path<String>) -> Done {
    control(&app, &who, &id, Control::Complete).await
}

/// `POST /api/v1/calls/{id}/conference`
pub(crate) async fn conference(State(app): State<Arc<App>>, who: Identity, Path(id): Path<String>) -> Done {
    control(&app, &who, &id, Control::Conference).await
}

/// `DELETE /api/v1/calls/{id}/parties/{leg}`
pub(crate) async fn drop_party(
    State(app): State<Arc<App>>,
    who: Identity,
    Path((id, leg)): Path<(String, u64)>,
) -> Done {
    control(&app, &who, &id, Control::Drop(LegId(leg))).await
}

async fn control(app: &App, who: &Identity, id: &str, what: Control) -> Done {
    let call = CallId::parse(id).ok_or(ApiError::NotFound)?;
    let by = who.viewer.agent.clone().ok_or(ApiError::Forbidden)?;
    app.ports.shard.command(Command::Control { call, by, what }).await?;
    Ok(StatusCode::ACCEPTED)
}

/// `PUT /api/v1/calls/{id}/monitor`: the supervisor's own phone is called, or the mode changes.
pub(crate) async fn monitor(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    Json(body): Json<api::Monitor>,
) -> Done {
    let call = CallId::parse(&id).ok_or(ApiError::NotFound)?;
    let agent = own_phone(&who)?;
    let mode = match body.mode {
        api::MonitorMode::Listen => MonitorMode::Listen,
        api::MonitorMode::Whisper => MonitorMode::Whisper,
        api::MonitorMode::PrivateWhisper => MonitorMode::PrivateWhisper,
        api::MonitorMode::Barge => MonitorMode::Barge,
        api::MonitorMode::TakeOver => MonitorMode::TakeOver,
    };
    let allowed = MonitorMode::ALL.to_vec();
    // Written first: nobody listens of whom nothing is known.
    let detail = serde_json::json!({ "mode": body.mode });
    app.audit(&who.user.name, "call.monitor", call, detail).await?;
    oversee(&app, &who, call, Oversight::Monitor { agent, mode, allowed }).await
}

/// `DELETE /api/v1/calls/{id}/monitor`
pub(crate) async fn end_monitor(State(app): State<Arc<App>>, who: Identity, Path(id): Path<String>) -> Done {
    let call = CallId::parse(&id).ok_or(ApiError::NotFound)?;
    let agent = own_phone(&who)?;
    oversee(&app, &who, call, Oversight::Leave(agent)).await?;
    app.audit(&who.user.name, "call.monitor_end", call, serde_json::json!({})).await?;
    Ok(StatusCode::ACCEPTED)
}

/// `POST /api/v1/calls/{id}/recording/start`: the talk is recorded whatever the queue wishes.
pub(crate) async fn start_recording(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Done {
    record(&app, &who, &id, true).await
}

/// `POST /api/v1/calls/{id}/recording/stop`: the recording ends, the talk goes on.
pub(crate) async fn stop_recording(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Done {
    record(&app, &who, &id, false).await
}

async fn record(app: &App, who: &Identity, id: &str, is_wanted: bool) -> Done {
    let call = CallId::parse(id).ok_or(ApiError::NotFound)?;
    oversee(app, who, call, Oversight::Record(is_wanted)).await?;
    let action = if is_wanted { "recording.start" } else { "recording.stop" };
    app.audit(&who.user.name, action, call, serde_json::json!({})).await?;
    Ok(StatusCode::ACCEPTED)
}

/// `POST /api/v1/calls/{id}/recording/mark`
pub(crate) async fn mark_recording(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    Json(body): Json<api::MarkRecording>,
) -> Done {
    let call = CallId::parse(&id).ok_or(ApiError::NotFound)?;
    let note = body.note.trim();
    if note.is_empty() || note.len() > NOTE_BYTES_MAX || note.contains(char::is_control) {
        return Err(wrong("note", "must be a few words, at most 100 bytes"));
    }
    oversee(&app, &who, call, Oversight::Mark(note.to_owned())).await?;
    app.audit(&who.user.name, "recording.mark", call, serde_json::json!({ "note": note })).await?;
    Ok(StatusCode::ACCEPTED)
}

pub(super) async fn oversee(app: &App, who: &Identity, call: CallId, what: Oversight) -> Done {
    who.require_admin()?;
    app.ports.shard.command(Command::Oversee { call, what }).await?;
    Ok(StatusCode::ACCEPTED)
}

fn own_phone(who: &Identity) -> Result<AgentId, ApiError> {
    who.require_admin()?;
    who.viewer.agent.clone().ok_or(ApiError::NoPhone)
}
