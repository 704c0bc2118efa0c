//! What is kept of recordings and what is not: legal holds, and erasing.

use std::sync::Arc;

use axum::extract::State;
use hotline_access::Permission;
use hotline_api_types as api;
use hotline_call::{Recording, RecordingState};
use hotline_store::{Erasure, HOLD_REASON_CHARS_MAX, LegalHold};

use super::calls::{self, wrong};
use super::recording::{Which, choose};
use crate::answer::NoContent;
use crate::app::App;
use crate::auth::Identity;
use crate::convert::time;
use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::sound::locate;

/// `GET /api/v1/calls/{id}/legal-hold`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Result<axum::Json<api::LegalHold>, ApiError> {
    let record = calls::find(&app, &who, Permission::RecordingsErase, &id).await?;
    let hold = app.ports.store.get_hold(record.call).await?.ok_or(ApiError::NotFound)?;
    Ok(axum::Json(api::LegalHold { at: time(hold.at), by: hold.by, reason: hold.reason }))
}

/// `PUT /api/v1/calls/{id}/legal-hold`
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    Json(body): Json<api::PutLegalHold>,
) -> Result<NoContent, ApiError> {
    let reason = body.reason.trim();
    if reason.is_empty() || reason.chars().count() > HOLD_REASON_CHARS_MAX || reason.contains('\0') {
        return Err(wrong("reason", "must be a few words, at most 500 characters"));
    }
    let call = calls::find(&app, &who, Permission::RecordingsErase, &id).await?.call;
    let hold = LegalHold { call, at: app.now(), by: who.user.name.clone(), reason: reason.to_owned() };
    if app.ports.store.put_hold(&hold).await? {
        app.audit(&who.user.name, "recording.hold", call, serde_json::json!({ "reason": reason })).await?;
    }
    Ok(NoContent)
}

/// `DELETE /api/v1/calls/{id}/legal-hold`
pub(crate) async fn release(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Result<NoContent, ApiError> {
    let call = calls::find(&app, &who, Permission::RecordingsErase, &id).await?.call;
    let hold = app.ports.store.get_hold(call).await?.ok_or(ApiError::NotFound)?;
    // Noted first: a hold that ends unnoted would be worse than a note of one that goes on.
    let detail = serde_json::json!({ "by": hold.by, "reason": hold.reason });
    app.audit(&who.user.name, "recording.release", call, detail).await?;
    app.ports.store.release_hold(call).await?;
    Ok(NoContent)
}

/// `DELETE /api/v1/calls/{id}/recording`: the first recording of the call, or that of `?recording=`.
pub(crate) async fn erase(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<NoContent, ApiError> {
    let record = calls::find(&app, &who, Permission::RecordingsErase, &id).await?;
    let recording = choose(&record, which.recording.as_deref())?;
    match recording.state {
        RecordingState::Open => return Err(ApiError::Kept("it is still being written: stop it first")),
        RecordingState::Erased { .. } => return Err(ApiError::Kept("it is erased already")),
        RecordingState::Finished { .. } | RecordingState::Mended { .. } | RecordingState::Failed { .. } => {}
    }
    if app.ports.store.get_hold(record.call).await?.is_some() {
        return Err(ApiError::Kept(HELD));
    }
    // Noted first: nothing is erased that nobody can be asked about.
    let detail = serde_json::json!({ "recording": recording.id.to_string() });
    app.audit(&who.user.name, "recording.erase", record.call, detail).await?;
    erase_one(&app, recording).await?;
    Ok(NoContent)
}

const HELD: &str = "the call is under a legal hold";

/// Erases a recording and its file.
pub(super) async fn erase_one(app: &App, recording: &Recording) -> Result<(), ApiError> {
    let store = &app.ports.store;
    match store.erase_recording(recording.id, app.now()).await? {
        Erasure::Done => {}
        Erasure::Held => return Err(ApiError::Kept(HELD)),
        Erasure::Nothing => return Err(ApiError::Kept("the call is not over")),
    }
    // If it cannot be deleted now, the sweep of what is too old does so.
    match locate(&app.ports.recordings, &recording.path).await {
        Ok(file) => tokio::fs::remove_file(file).await.map_err(ApiError::RecordingUndeletable)?,
        Err(ApiError::NotFound) => {}
        Err(error) => return Err(error),
    }
    tracing::info!(recording = %recording.id, "a recording was erased");
    Ok(store.note_file_deleted(recording.id, app.now()).await?)
}
