//! Callers who want to be called back, for admins.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use hotline_api_types as api;
use hotline_store::Callback;

use crate::app::App;
use crate::auth::Identity;
use crate::convert::time;
use crate::error::ApiError;
use crate::extract::Path;

/// `GET /api/v1/callbacks`
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    who: Identity,
) -> Result<axum::Json<api::CallbackList>, ApiError> {
    who.require_admin()?;
    let open = app.ports.store.open_callbacks().await?;
    Ok(axum::Json(api::CallbackList { callbacks: open.iter().map(shape).collect() }))
}

/// `DELETE /api/v1/callbacks/{id}`
pub(crate) async fn close(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    who.require_admin()?;
    if !app.ports.store.close_callback(&id, app.now()).await? {
        return Err(ApiError::NotFound);
    }
    app.audit(&who.user.name, "callback.close", id, serde_json::Value::Null).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn shape(callback: &Callback) -> api::Callback {
    api::Callback {
        id: callback.id.clone(),
        call: callback.call.to_string(),
        queue: callback.queue.to_string(),
        number: callback.number.expose().clone(),
        requested_at: time(callback.requested_at),
    }
}
