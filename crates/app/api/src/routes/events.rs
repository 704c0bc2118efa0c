//! The present state, and the stream of what changes it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Extension, State};
use hotline_api_types as api;
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::time::Instant;

use crate::answer::EventStream;
use crate::app::App;
use crate::auth::Identity;
use crate::delivery::Outbox;
use crate::error::ApiError;
use crate::extract::{LastEvent, Query};
use crate::page::Page;

/// Tokens may live for a year; a stream is asked to come back after a day.
const STREAM_LIFETIME_MAX: Duration = Duration::from_secs(24 * 3600);

/// `GET /api/v1/live`
pub(crate) async fn live(
    State(app): State<Arc<App>>,
    who: Identity,
) -> Result<axum::Json<api::Live>, ApiError> {
    Ok(axum::Json(app.hub.picture(&who.viewer).await?.live))
}

/// The query of the stream.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct From {
    after: Option<u64>,
}

/// `GET /api/v1/events`
pub(crate) async fn stream(
    State(app): State<Arc<App>>,
    who: Identity,
    Query(from): Query<From>,
    Extension(outbox): Extension<Outbox>,
    last: LastEvent,
) -> Result<EventStream, ApiError> {
    let now = app.now();
    let left =
        who.session.expires_at.map_or(STREAM_LIFETIME_MAX, |end| end.since(now)).min(STREAM_LIFETIME_MAX);
    // A browser that reconnects by itself sends the header and the old address with its query.
    let after = last.0.or(from.after);
    let seat = app.hub.enter(who.viewer, who.session.token).ok_or(ApiError::Busy)?;
    let hub = Arc::clone(&app.hub);
    let page = Page::open(seat, hub, outbox, Instant::now() + left, after).await?;
    Ok(EventStream(Body::from_stream(page.into_stream())))
}
