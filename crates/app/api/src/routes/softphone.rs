//! What an agent does with the own call, with any phone, and what a supervisor does with those of others. Each returns when
//! it is done or on its way, or with the reason why not; done twice, each has its effect once.

use std::sync::Arc;

use axum::extract::State;
use hotline_access::Permission;
use hotline_api_types as api;
use hotline_base::{AgentId, CallId, LegId, Pii};
use hotline_call::{Command, CommandError, Control, Follow, MonitorMode, Oversight};
use hotline_shard::HandleError;

use super::calls::{find, own_agent, target, wrong};
use crate::answer::Accepted;
use crate::app::App;
use crate::auth::Identity;
use crate::error::ApiError;
use crate::extract::{Json, Path};
use crate::viewer::{Subject, Ties};

/// The longest note of a mark, in bytes.
const NOTE_BYTES_MAX: usize = 100;

type Done = Result<Accepted, ApiError>;

/// `POST /api/v1/calls/{id}/hangup`: an agent leaves the own call; a supervisor ends it for all.
pub(crate) async fn hang_up(State(app): State<Arc<App>>, who: Identity, Path(id): Path<String>) -> Done {
    let call = CallId::parse(&id).ok_or(ApiError::NotFound)?;
    if let Ok(by) = own_agent(&who) {
        let own = Command::Control { call, by, what: Control::HangUp };
        let may_force = who.viewer.may(Permission::CallsControl, Subject::Anything);
        match app.ports.shard.command(own).await {
            Err(HandleError::Refused(CommandError::NotTalking)) if may_force => {}
            done => return done.map(|()| Accepted).map_err(ApiError::from),
        }
    }
    oversee(&app, &who, (call, Permission::CallsControl), Oversight::HangUp).await?;
    app.audit(&who.user.name, "call.force_hangup", call, serde_json::json!({})).await?;
    Ok(Accepted)
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
    let by = own_agent(who)?;
    app.ports.shard.command(Command::Control { call, by, what }).await?;
    Ok(Accepted)
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
    let record = find(&app, &who, permission(mode), &id).await?;
    let ties = Ties::of_record(&record);
    let may = |mode: &MonitorMode| who.viewer.may(permission(*mode), Subject::Call(&ties));
    let allowed = MonitorMode::ALL.into_iter().filter(may).collect();
    // Written first: nobody listens of whom nothing is known.
    let detail = serde_json::json!({ "mode": body.mode, "follow": body.follow });
    app.audit(&who.user.name, "call.monitor", call, detail).await?;
    let follow = match body.follow {
        api::Follow::Customer => Follow::Customer,
        api::Follow::Agent => Follow::Agent,
    };
    let what = Oversight::Monitor { agent, mode, allowed, follow };
    app.ports.shard.command(Command::Oversee { call, what }).await?;
    Ok(Accepted)
}

/// What each way of supervising needs.
const fn permission(mode: MonitorMode) -> Permission {
    match mode {
        MonitorMode::Listen => Permission::CallsListen,
        MonitorMode::Whisper | MonitorMode::PrivateWhisper => Permission::CallsWhisper,
        MonitorMode::Barge => Permission::CallsBarge,
        MonitorMode::TakeOver => Permission::CallsTakeOver,
    }
}

/// `DELETE /api/v1/calls/{id}/monitor`
pub(crate) async fn end_monitor(State(app): State<Arc<App>>, who: Identity, Path(id): Path<String>) -> Done {
    let call = CallId::parse(&id).ok_or(ApiError::NotFound)?;
    let agent = own_phone(&who)?;
    // Whoever has come in may leave, whatever has become of its rights.
    let what = Oversight::Leave(agent);
    app.ports.shard.command(Command::Oversee { call, what }).await?;
    app.audit(&who.user.name, "call.monitor_end", call, serde_json::json!({})).await?;
    Ok(Accepted)
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
    oversee(app, who, (call, Permission::CallsControl), Oversight::Record(is_wanted)).await?;
    let action = if is_wanted { "recording.start" } else { "recording.stop" };
    app.audit(&who.user.name, action, call, serde_json::json!({})).await?;
    Ok(Accepted)
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
    oversee(&app, &who, (call, Permission::CallsListen), Oversight::Mark(note.to_owned())).await?;
    app.audit(&who.user.name, "recording.mark", call, serde_json::json!({ "note": note })).await?;
    Ok(Accepted)
}

/// Does it, if the permission reaches the call.
pub(super) async fn oversee(
    app: &App,
    who: &Identity,
    (call, permission): (CallId, Permission),
    what: Oversight,
) -> Done {
    find(app, who, permission, &call.to_string()).await?;
    app.ports.shard.command(Command::Oversee { call, what }).await?;
    Ok(Accepted)
}

/// The supervisor's own phone is that of the agent that it is.
fn own_phone(who: &Identity) -> Result<AgentId, ApiError> {
    who.viewer.agent.clone().ok_or(ApiError::NoPhone)
}
