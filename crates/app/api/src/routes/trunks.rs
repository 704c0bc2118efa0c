//! How the trunks stand, for admins.

use std::sync::Arc;

use axum::extract::State;
use hotline_api_types as api;

use crate::app::App;
use crate::auth::Identity;
use crate::convert;
use crate::error::ApiError;

/// `GET /api/v1/trunks`
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    who: Identity,
) -> Result<axum::Json<api::TrunkList>, ApiError> {
    who.require_admin()?;
    let trunks = app.ports.shard.trunks().await?;
    Ok(axum::Json(api::TrunkList { trunks: trunks.iter().map(convert::trunk).collect() }))
}
