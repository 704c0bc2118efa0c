//! What the server finds when it looks at itself.

use std::sync::Arc;

use axum::extract::State;
use hotline_access::Permission;
use hotline_api_types as api;

use crate::app::App;
use crate::auth::Identity;
use crate::error::ApiError;
use crate::viewer::Subject;

/// `GET /api/v1/system/doctor`
pub(crate) async fn look(
    State(app): State<Arc<App>>,
    who: Identity,
) -> Result<axum::Json<api::Checkup>, ApiError> {
    who.may(Permission::SystemSee, Subject::Center)?;
    // It reads the whole database, among others.
    let Ok(_turn) = app.examination.try_lock() else {
        return Err(ApiError::Kept("somebody asks for this already; try again in a few seconds"));
    };
    Ok(axum::Json((app.ports.doctor)().await))
}
