//! How the webhooks stand, and telling one again.

use std::sync::Arc;

use axum::extract::State;
use hotline_access::Permission;
use hotline_api_types as api;

use crate::answer::Accepted;
use crate::app::App;
use crate::auth::Identity;
use crate::error::ApiError;
use crate::extract::{Json, Path};
use crate::viewer::Subject;

/// `GET /api/v1/webhooks`
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    who: Identity,
) -> Result<axum::Json<api::WebhookList>, ApiError> {
    who.may(Permission::SystemSee, Subject::Center)?;
    let newest = app.ports.store.last_seq().await?;
    Ok(axum::Json(api::WebhookList { webhooks: app.webhooks.list(newest) }))
}

/// `POST /api/v1/webhooks/{name}/replay`: everything after that event is sent again.
pub(crate) async fn replay(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(name): Path<String>,
    Json(body): Json<api::ReplayWebhook>,
) -> Result<Accepted, ApiError> {
    who.may(Permission::SystemManage, Subject::Center)?;
    if !app.webhooks.contains(&name) {
        return Err(ApiError::NotFound);
    }
    let detail = serde_json::json!({ "after": body.after });
    app.audit(&who.user.name, "webhook.replay", &name, detail).await?;
    if app.webhooks.rewind(&name, body.after).await { Ok(Accepted) } else { Err(ApiError::Busy) }
}
