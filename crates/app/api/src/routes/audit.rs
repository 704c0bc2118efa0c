//! The audit log.

use std::sync::Arc;

use axum::extract::State;
use hotline_access::Permission;
use hotline_api_types as api;
use hotline_store::{AUDIT_PAGE_MAX, AuditRow};
use serde::Deserialize;

use crate::app::App;
use crate::auth::Identity;
use crate::convert::time;
use crate::error::ApiError;
use crate::extract::Query;
use crate::viewer::Subject;

/// Entries on a page unless asked otherwise.
const PAGE_DEFAULT: usize = 100;

/// The query.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    limit: Option<usize>,
    cursor: Option<u64>,
}

/// `GET /api/v1/audit`
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    who: Identity,
    Query(part): Query<Part>,
) -> Result<axum::Json<api::AuditPage>, ApiError> {
    who.may(Permission::AuditSee, Subject::Center)?;
    let limit = part.limit.unwrap_or(PAGE_DEFAULT).clamp(1, AUDIT_PAGE_MAX);
    let rows = app.ports.store.list_audit(part.cursor, limit).await?;
    // Places have no gaps and begin at 1.
    let next = rows.last().filter(|row| row.seq > 1).map(|row| row.seq.to_string());
    Ok(axum::Json(api::AuditPage { entries: rows.into_iter().map(shape).collect(), next }))
}

fn shape(AuditRow { seq, entry }: AuditRow) -> api::AuditEntry {
    api::AuditEntry {
        seq,
        at: time(entry.at),
        actor: entry.actor,
        action: entry.action,
        subject: entry.subject,
        detail: entry.detail.into_inner(),
    }
}
