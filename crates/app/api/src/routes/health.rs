//! For those who watch the server: is it well, may it be sent work, and its numbers.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use hotline_access::Permission;
use hotline_call::AlarmKind;
use http::{HeaderMap, StatusCode, header};
use tokio::time::timeout;

use crate::app::App;
use crate::auth::{Origin, may};
use crate::convert::alarm_kind;
use crate::error::ApiError;

/// How long a part of the server may take to show that it lives.
const SIGN_OF_LIFE_MAX: Duration = Duration::from_secs(2);

/// `GET /healthz`: 200 `ok`, or 503 with what is degraded, one word a line.
pub(crate) async fn health(State(app): State<Arc<App>>) -> Response {
    let mut degraded = match timeout(SIGN_OF_LIFE_MAX, app.ports.shard.alive()).await {
        Ok(Ok(alarms)) => {
            let of_server = alarms.iter().map(|alarm| &alarm.kind).filter(|kind| concerns_server(kind));
            of_server.map(alarm_kind).collect()
        }
        Ok(Err(_)) | Err(_) => vec!["call_core".to_owned()],
    };
    if !store_lives(&app).await && !degraded.iter().any(|word| word == "store_unavailable") {
        degraded.push("store_unavailable".to_owned());
    }
    answer(&degraded)
}

/// `GET /readyz`: 200 `ok` when calls can be taken and people can sign in.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Response {
    let core = timeout(SIGN_OF_LIFE_MAX, app.ports.shard.alive()).await;
    let mut missing = Vec::new();
    if !matches!(core, Ok(Ok(_))) {
        missing.push("call_core".to_owned());
    }
    if !store_lives(&app).await {
        missing.push("store_unavailable".to_owned());
    }
    answer(&missing)
}

/// `GET /metrics`, for this machine and for those who may see how the server is.
pub(crate) async fn metrics(
    State(app): State<Arc<App>>,
    origin: Origin,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    // Behind a proxy on this machine everybody seems to come from here.
    let forwarded = headers.contains_key(header::FORWARDED) || headers.contains_key("x-forwarded-for");
    let local = origin.address.to_canonical().is_loopback() && !forwarded;
    if !local && !may(&app, &headers, Permission::SystemSee).await? {
        return Err(ApiError::Forbidden);
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], (app.ports.metrics)()).into_response())
}

async fn store_lives(app: &App) -> bool {
    matches!(timeout(SIGN_OF_LIFE_MAX, app.ports.store.ping()).await, Ok(Ok(_)))
}

/// Alarms about one agent, one call or one trunk do not make the server ill.
fn concerns_server(kind: &AlarmKind) -> bool {
    match kind {
        AlarmKind::RecordingFailed
        | AlarmKind::StoreUnavailable
        | AlarmKind::MediaPortsExhausted
        | AlarmKind::MediaSilent
        | AlarmKind::PromptMissing
        | AlarmKind::InternalError
        | AlarmKind::NotOffered
        | AlarmKind::Overloaded
        | AlarmKind::CertificateUnusable => true,
        AlarmKind::RecordingCut
        | AlarmKind::RecordingGap
        | AlarmKind::ReservationExpired(_)
        | AlarmKind::PhoneFault(_)
        | AlarmKind::PhoneBusy(_)
        // Calls go on with the flows before.
        | AlarmKind::FlowsInvalid
        // Others may carry the calls; `hotline_sip_trunk_usable` is for those who must know.
        | AlarmKind::TrunkUnusable(_) => false,
    }
}

fn answer(degraded: &[String]) -> Response {
    let headers = [(header::CACHE_CONTROL, "no-store")];
    if degraded.is_empty() {
        return (headers, "ok\n").into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, headers, degraded.join("\n") + "\n").into_response()
}
