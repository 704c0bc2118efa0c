//! Listening to a recording, also while it is being written.

use std::sync::Arc;

use axum::extract::State;
use hotline_access::Permission;
use hotline_base::RecordingId;
use hotline_call::{CallRecord, Recording};
use schemars::JsonSchema;
use serde::Deserialize;

use super::calls;
use crate::app::App;
use crate::auth::Identity;
use crate::error::ApiError;
use crate::extract::{Path, Query, RangeFields};
use crate::sound::Sound;

/// The query.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    recording: Option<String>,
}

/// `GET /api/v1/calls/{id}/recording`: the first recording of the call, or that of `?recording=`.
pub(crate) async fn play(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    Query(which): Query<Which>,
    fields: RangeFields,
) -> Result<Sound, ApiError> {
    let record = calls::find(&app, &who, Permission::RecordingsPlay, &id).await?;
    let recording = choose(&record, which.recording.as_deref())?;
    let sound = Sound::open(&app.ports.recordings, &recording.path, &fields).await?;
    let detail = serde_json::json!({
        "recording": recording.id.to_string(), "first_byte": sound.range().first, "bytes": sound.range().length
    });
    app.audit(&who.user.name, "recording.listen", record.call, detail).await?;
    Ok(sound)
}

fn choose<'a>(record: &'a CallRecord, id: Option<&str>) -> Result<&'a Recording, ApiError> {
    let id = id.map(|id| RecordingId::parse(id).ok_or(ApiError::NotFound)).transpose()?;
    let found = record.recordings.iter().find(|recording| id.is_none_or(|id| id == recording.id));
    found.ok_or(ApiError::NotFound)
}
