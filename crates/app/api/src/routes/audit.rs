//! The audit log.

use std::sync::Arc;

use axum::extract::State;
use hotline_access::Permission;
use hotline_api_types as api;
use hotline_base::WallTime;
use hotline_store::{AUDIT_PAGE_MAX, AuditFilter, AuditRow};
use serde::Deserialize;

use crate::app::App;
use crate::auth::Identity;
use crate::convert::{Sight, time};
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
    actor: Option<String>,
    action: Option<String>,
    from: Option<api::Timestamp>,
    until: Option<api::Timestamp>,
}

/// `GET /api/v1/audit`
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    who: Identity,
    Query(part): Query<Part>,
) -> Result<axum::Json<api::AuditPage>, ApiError> {
    who.may(Permission::AuditSee, Subject::Center)?;
    let limit = part.limit.unwrap_or(PAGE_DEFAULT).clamp(1, AUDIT_PAGE_MAX);
    let wall = |at: api::Timestamp| WallTime(at.as_unix_millis().saturating_mul(1000));
    let filter = AuditFilter {
        actor: part.actor,
        action: part.action,
        from: part.from.map(wall),
        until: part.until.map(wall),
    };
    let rows = app.ports.store.list_audit(&filter, part.cursor, limit).await?;
    // Places begin at 1.
    let next = rows.last().filter(|row| rows.len() == limit && row.seq > 1).map(|row| row.seq.to_string());
    // What was done to one call or customer may have been done to anybody's.
    let sight = Sight::of(&who.viewer, Subject::Center);
    let entries = rows.into_iter().map(|row| shape(row, sight)).collect();
    Ok(axum::Json(api::AuditPage { entries, next }))
}

fn shape(AuditRow { seq, entry }: AuditRow, sight: Sight) -> api::AuditEntry {
    api::AuditEntry {
        seq,
        at: time(entry.at),
        actor: entry.actor,
        action: entry.action,
        subject: entry.subject,
        detail: sight.json(entry.detail.into_inner()),
    }
}
