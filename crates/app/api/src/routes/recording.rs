//! Listening to a recording, also while it is being written.

use std::io;
use std::sync::Arc;

use axum::extract::State;
use hotline_access::Permission;
use hotline_api_types as api;
use hotline_base::RecordingId;
use hotline_call::{CallRecord, Recording, RecordingState};
use hotline_record_io::{PEAKS_MAX, Peaks, SealError, peaks};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::calls;
use crate::app::App;
use crate::auth::Identity;
use crate::error::ApiError;
use crate::extract::{Path, Query, RangeFields};
use crate::sound::{Sound, locate, missing};

/// Stretches of a picture unless asked otherwise.
const POINTS_DEFAULT: usize = 800;
/// Recordings that are read through for their peaks at once.
static PICTURES_AT_ONCE: Semaphore = Semaphore::const_new(4);

/// The query.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    /// The id of a recording; the first one if absent.
    pub(super) recording: Option<String>,
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
    if matches!(recording.state, RecordingState::Erased { .. }) {
        return Err(ApiError::NotFound);
    }
    let sound =
        Sound::open((&*app.ports.recordings, &app.ports.recording_keys), &recording.path, &fields).await?;
    let detail = serde_json::json!({
        "recording": recording.id.to_string(), "first_byte": sound.range().first, "bytes": sound.range().length
    });
    app.audit(&who.user.name, "recording.listen", record.call, detail).await?;
    Ok(sound)
}

/// The query of peaks.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Picture {
    /// The id of a recording; the first one if absent.
    recording: Option<String>,
    /// Stretches into which the recording is cut: 1 to 4000, 800 if absent.
    points: Option<usize>,
}

/// `GET /api/v1/calls/{id}/recording/peaks`
pub(crate) async fn picture(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    Query(query): Query<Picture>,
) -> Result<axum::Json<api::RecordingPeaks>, ApiError> {
    let points = query.points.unwrap_or(POINTS_DEFAULT);
    if !(1..=PEAKS_MAX).contains(&points) {
        return Err(calls::wrong("points", "must be 1 to 4000"));
    }
    let record = calls::find(&app, &who, Permission::RecordingsPlay, &id).await?;
    let recording = choose(&record, query.recording.as_deref())?;
    if matches!(recording.state, RecordingState::Erased { .. }) {
        return Err(ApiError::NotFound);
    }
    let file = locate(&app.ports.recordings, &recording.path).await?;
    let _permit = PICTURES_AT_ONCE.try_acquire().map_err(|_| ApiError::Busy)?;
    let keys = app.ports.recording_keys.clone();
    let read = tokio::task::spawn_blocking(move || peaks(&file, &keys, points)).await;
    let Peaks { duration_ms, channels } = read.map_err(|_| ApiError::Panicked)?.map_err(|error| {
        // It has a header as soon as there is anything to be heard.
        match SealError::of(&error) {
            None if error.kind() == io::ErrorKind::InvalidData => ApiError::NotFound,
            Some(_) | None => missing(error),
        }
    })?;
    Ok(axum::Json(api::RecordingPeaks { duration_ms, channels }))
}

pub(super) fn choose<'a>(record: &'a CallRecord, id: Option<&str>) -> Result<&'a Recording, ApiError> {
    let id = id.map(|id| RecordingId::parse(id).ok_or(ApiError::NotFound)).transpose()?;
    let found = record.recordings.iter().find(|recording| id.is_none_or(|id| id == recording.id));
    found.ok_or(ApiError::NotFound)
}
