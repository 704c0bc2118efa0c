//! The present state, and the stream of what changes it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use hotline_api_types as api;
use http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;
use tokio::time::Instant;

use crate::app::App;
use crate::auth::Identity;
use crate::delivery::Outbox;
use crate::error::ApiError;
use crate::extract::Query;
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
#[derive(Deserialize)]
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
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    // A browser that reconnects by itself sends the header and the old address with its query.
    let last = headers.get("last-event-id").and_then(|field| field.to_str().ok()?.trim().parse().ok());
    let now = app.now();
    let left =
        who.session.expires_at.map_or(STREAM_LIFETIME_MAX, |end| end.since(now)).min(STREAM_LIFETIME_MAX);
    let seat = app.hub.enter(who.viewer, who.session.token).ok_or(ApiError::Busy)?;
    let hub = Arc::clone(&app.hub);
    let page = Page::open(seat, hub, outbox, Instant::now() + left, last.or(from.after)).await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // nginx would hold events back to fill its buffer.
        (header::HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    Ok((headers, Body::from_stream(page.into_stream())).into_response())
}
