//! The audit log.

use std::sync::Arc;

use axum::extract::State;
use hotline_access::Permission;
use hotline_api_types as api;
use hotline_base::WallTime;
use hotline_store::{AUDIT_PAGE_MAX, AuditFilter, AuditRow, AuditVerdict};
use schemars::JsonSchema;
use serde::Deserialize;

use super::calls::wrong;
use crate::app::App;
use crate::auth::Identity;
use crate::convert::{Sight, time};
use crate::cursor::{self, page_size};
use crate::error::ApiError;
use crate::extract::Query;
use crate::viewer::Subject;

/// The query.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    /// At most so many on a page: 1 to 500, 100 if absent.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Who did it.
    actor: Option<String>,
    /// What was done: a word, or a family of words that ends in a dot.
    action: Option<String>,
    /// From when on.
    from: Option<api::Timestamp>,
    /// Until when.
    until: Option<api::Timestamp>,
}

/// `GET /api/v1/audit`
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    who: Identity,
    Query(part): Query<Part>,
) -> Result<axum::Json<api::AuditPage>, ApiError> {
    who.may(Permission::AuditSee, Subject::Center)?;
    let size = page_size(part.limit).min(AUDIT_PAGE_MAX);
    let before = cursor::read(part.cursor.as_deref())?;
    if [&part.actor, &part.action].into_iter().flatten().any(|text| text.contains('\0')) {
        return Err(wrong("actor", "and `action` are text without NUL characters"));
    }
    let wall = |at: api::Timestamp| WallTime(at.as_unix_millis().saturating_mul(1000));
    let filter = AuditFilter {
        actor: part.actor,
        action: part.action,
        from: part.from.map(wall),
        until: part.until.map(wall),
    };
    let rows = app.ports.store.list_audit(&filter, before, size).await?;
    // Places begin at 1.
    let next = rows.last().filter(|row| rows.len() == size && row.seq > 1).map(|row| cursor::write(&row.seq));
    // What was done to one call or customer may have been done to anybody's.
    let sight = Sight::of(&who.viewer, Subject::Center);
    let entries = rows.into_iter().map(|row| shape(row, sight)).collect();
    Ok(axum::Json(api::AuditPage { entries, next }))
}

/// `GET /api/v1/audit/check`: whether the log is what was written, as far as each row holds the hash of the one before.
pub(crate) async fn check(
    State(app): State<Arc<App>>,
    who: Identity,
) -> Result<axum::Json<api::AuditCheck>, ApiError> {
    who.may(Permission::AuditSee, Subject::Center)?;
    // It reads all of the log.
    let Ok(_turn) = app.examination.try_lock() else {
        return Err(ApiError::Kept("the server is being examined already; try again in a few seconds"));
    };
    let (rows, broken_at) = match app.ports.store.verify_audit().await? {
        AuditVerdict::Intact { rows } => (rows, None),
        AuditVerdict::Broken { seq } => (seq.saturating_sub(1), Some(seq)),
    };
    Ok(axum::Json(api::AuditCheck { rows, broken_at }))
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
