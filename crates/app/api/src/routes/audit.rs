//! The audit log.

use std::sync::Arc;

use axum::extract::State;
use hotline_access::Permission;
use hotline_api_types as api;
use hotline_base::WallTime;
use hotline_store::{AUDIT_PAGE_MAX, AuditFilter, AuditRow, AuditVerdict};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::calls::wrong;
use crate::answer::CsvFile;
use crate::app::App;
use crate::auth::Identity;
use crate::convert::{Sight, time};
use crate::cursor::{self, page_size};
use crate::error::ApiError;
use crate::exports;
use crate::extract::Query;
use crate::viewer::Subject;

/// Entries of one export.
const EXPORT_ROWS_MAX: usize = 50_000;
/// The names of its columns.
const HEADER: [&str; 6] = ["seq", "at", "actor", "action", "subject", "detail"];

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
    let filter = filter(part.actor, part.action, (part.from, part.until))?;
    let rows = app.ports.store.list_audit(&filter, before, size).await?;
    // Places begin at 1.
    let next = rows.last().filter(|row| rows.len() == size && row.seq > 1).map(|row| cursor::write(&row.seq));
    // What was done to one call or customer may have been done to anybody's.
    let sight = Sight::of(&who.viewer, Subject::Center);
    let entries = rows.into_iter().map(|row| shape(row, sight)).collect();
    Ok(axum::Json(api::AuditPage { entries, next }))
}

/// What an export is about.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Whole {
    /// Who did it.
    actor: Option<String>,
    /// What was done: a word, or a family of words that ends in a dot.
    action: Option<String>,
    /// From when on.
    from: Option<api::Timestamp>,
    /// Until when.
    until: Option<api::Timestamp>,
}

/// `GET /api/v1/audit.csv`
pub(crate) async fn csv(
    State(app): State<Arc<App>>,
    who: Identity,
    Query(of): Query<Whole>,
) -> Result<CsvFile, ApiError> {
    who.may(Permission::AuditSee, Subject::Center)?;
    let mut detail = json!({ "actor": of.actor, "action": of.action, "from": of.from, "until": of.until });
    let filter = filter(of.actor, of.action, (of.from, of.until))?;
    let sight = Sight::of(&who.viewer, Subject::Center);
    let mut rows = vec![HEADER.map(str::to_owned).to_vec()];
    let mut before = None;
    loop {
        let portion = app.ports.store.list_audit(&filter, before, AUDIT_PAGE_MAX).await?;
        before = portion.last().map(|row| row.seq);
        let is_last = portion.len() < AUDIT_PAGE_MAX;
        rows.extend(portion.into_iter().map(|row| cells(&shape(row, sight))));
        if rows.len() > EXPORT_ROWS_MAX + 1 {
            return Err(ApiError::Kept("there are more entries than fit into one file: name a shorter time"));
        }
        if is_last {
            break;
        }
    }
    detail["rows"] = (rows.len() - 1).into();
    // Written first: nothing leaves of which the log knows nothing.
    app.audit(&who.user.name, "audit.export", "audit", detail).await?;
    Ok(CsvFile { name: "audit".to_owned(), body: exports::written(rows).await?.into() })
}

fn cells(entry: &api::AuditEntry) -> Vec<String> {
    let detail = if entry.detail.is_null() { String::new() } else { entry.detail.to_string() };
    let (actor, action, subject) = (entry.actor.clone(), entry.action.clone(), entry.subject.clone());
    vec![entry.seq.to_string(), entry.at.to_string(), actor, action, subject, detail]
}

/// Which entries are meant.
fn filter(
    actor: Option<String>,
    action: Option<String>,
    (from, until): (Option<api::Timestamp>, Option<api::Timestamp>),
) -> Result<AuditFilter, ApiError> {
    if [&actor, &action].into_iter().flatten().any(|text| text.contains('\0')) {
        return Err(wrong("actor", "and `action` are text without NUL characters"));
    }
    let wall = |at: api::Timestamp| WallTime(at.as_unix_millis().saturating_mul(1000));
    Ok(AuditFilter { actor, action, from: from.map(wall), until: until.map(wall) })
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
