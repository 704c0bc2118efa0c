//! Customers out of files and into files.

use std::sync::Arc;

use axum::extract::State;
use hotline_access::Permission;
use hotline_api_types as api;

use crate::answer::{CsvFile, Made, NoContent, Started, XlsxFile};
use crate::app::App;
use crate::auth::Identity;
use crate::error::ApiError;
use crate::exports;
use crate::extract::{Json, Path, Upload};
use crate::imports;
use crate::viewer::Subject;

/// `POST /api/v1/imports`
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    who: Identity,
    upload: Upload,
) -> Result<Made<api::Import>, ApiError> {
    who.may(Permission::CustomersEdit, Subject::Center)?;
    Ok(Made(imports::begin(&app, &who, upload).await?))
}

/// `GET /api/v1/imports/{id}`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Result<axum::Json<api::Import>, ApiError> {
    who.may(Permission::CustomersEdit, Subject::Center)?;
    Ok(axum::Json(imports::show(&app, &who, &id)?))
}

/// `PUT /api/v1/imports/{id}`
pub(crate) async fn set_columns(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    Json(body): Json<api::SetImportColumns>,
) -> Result<axum::Json<api::Import>, ApiError> {
    who.may(Permission::CustomersEdit, Subject::Center)?;
    Ok(axum::Json(imports::set_columns(&app, &who, &id, body.columns).await?))
}

/// `DELETE /api/v1/imports/{id}`
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Result<NoContent, ApiError> {
    who.may(Permission::CustomersEdit, Subject::Center)?;
    imports::forget(&app, &who, &id)?;
    Ok(NoContent)
}

/// `POST /api/v1/imports/{id}/commit`
pub(crate) async fn commit(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    Json(body): Json<api::CommitImport>,
) -> Result<Started<api::Import>, ApiError> {
    who.may(Permission::CustomersEdit, Subject::Center)?;
    Ok(Started(imports::commit(&app, &who, &id, body.skip_wrong)?))
}

/// `GET /api/v1/customers.csv`
pub(crate) async fn csv(State(app): State<Arc<App>>, who: Identity) -> Result<CsvFile, ApiError> {
    let body = exports::csv(&app, &who).await?.into();
    Ok(CsvFile { name: "customers".to_owned(), body })
}

/// `GET /api/v1/customers.xlsx`
pub(crate) async fn xlsx(State(app): State<Arc<App>>, who: Identity) -> Result<XlsxFile, ApiError> {
    let body = exports::xlsx(&app, &who).await?;
    Ok(XlsxFile { name: "customers".to_owned(), body })
}
