//! How the trunks stand.

use std::sync::Arc;

use axum::extract::State;
use hotline_access::Permission;
use hotline_api_types as api;

use crate::app::App;
use crate::auth::Identity;
use crate::convert;
use crate::error::ApiError;
use crate::viewer::Subject;

/// `GET /api/v1/trunks`
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    who: Identity,
) -> Result<axum::Json<api::TrunkList>, ApiError> {
    who.may(Permission::SystemSee, Subject::Center)?;
    let trunks = app.ports.shard.trunks().await?;
    Ok(axum::Json(api::TrunkList { trunks: trunks.iter().map(convert::trunk).collect() }))
}
