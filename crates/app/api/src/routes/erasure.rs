//! Erasing everything that is kept of one customer: the right to be forgotten, as far as no legal hold stands against it.

use std::sync::Arc;

use axum::extract::State;
use hotline_access::Permission;
use hotline_api_types as api;
use hotline_call::Customer;
use hotline_store::{Footprint, HOLD_REASON_CHARS_MAX};

use super::calls::wrong;
use super::{customers, holds, messages};
use crate::app::App;
use crate::auth::Identity;
use crate::error::ApiError;
use crate::extract::{Json, Path};
use crate::viewer::Subject;

/// `GET /api/v1/customers/{id}/erasure`
pub(crate) async fn preview(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Result<axum::Json<api::CustomerErasure>, ApiError> {
    may(&who)?;
    let customer = customers::find(&app, &id).await?;
    let found = app.ports.store.footprint(&customer, &app.center().dial_plan).await?;
    let hindrance = hindrance(&app, &customer, &found).await?;
    Ok(axum::Json(api::CustomerErasure { hindrance: hindrance.map(str::to_owned), ..shown(&found) }))
}

/// `POST /api/v1/customers/{id}/erase`
pub(crate) async fn erase(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    Json(body): Json<api::EraseCustomer>,
) -> Result<axum::Json<api::CustomerErasure>, ApiError> {
    may(&who)?;
    let reason = body.reason.trim();
    if reason.is_empty() || reason.chars().count() > HOLD_REASON_CHARS_MAX || reason.contains('\0') {
        return Err(wrong("reason", "must be a few words, at most 500 characters"));
    }
    let customer = customers::find(&app, &id).await?;
    let store = &app.ports.store;
    let found = store.footprint(&customer, &app.center().dial_plan).await?;
    if let Some(hindrance) = hindrance(&app, &customer, &found).await? {
        return Err(ApiError::Kept(hindrance));
    }
    // Noted first: nothing is erased that nobody can be asked about.
    let detail = serde_json::json!({
        "reason": reason, "calls": found.calls.len(), "held": found.held, "recordings": found.recordings.len(),
        "messages": found.messages.len(), "notes": found.notes, "callbacks": found.callbacks,
    });
    app.audit(&who.user.name, "customer.erase", customer.id, detail).await?;
    for recording in &found.recordings {
        // Whoever puts a hold on a call meanwhile is faster.
        match holds::erase_one(&app, recording).await {
            Ok(()) | Err(ApiError::Kept(_)) => {}
            Err(error) => return Err(error),
        }
    }
    for message in &found.messages {
        if store.get_hold(message.call).await?.is_none() {
            messages::delete(&app, message).await?;
        }
    }
    for call in &found.calls {
        store.forget_call(*call).await?;
    }
    if !found.is_cut {
        store.forget_customer(&customer).await?;
    }
    tracing::info!(customer = %customer.id, calls = found.calls.len(), held = found.held, "a customer was erased");
    Ok(axum::Json(shown(&found)))
}

fn may(who: &Identity) -> Result<(), ApiError> {
    who.may(Permission::CustomersEdit, Subject::Center)?;
    who.may(Permission::RecordingsErase, Subject::Center)
}

/// What stands against it for the moment.
async fn hindrance(
    app: &App,
    customer: &Customer,
    found: &Footprint,
) -> Result<Option<&'static str>, ApiError> {
    if found.open_callbacks > 0 {
        return Ok(Some("the customer waits to be called back: close that first"));
    }
    let is_up = app.ports.store.is_in_a_call(customer, &app.center().dial_plan).await?;
    Ok(is_up.then_some("the customer is in a call: wait until it is over"))
}

fn shown(found: &Footprint) -> api::CustomerErasure {
    api::CustomerErasure {
        calls: found.calls.len() as u64,
        recordings: found.recordings.len() as u64,
        messages: found.messages.len() as u64,
        notes: found.notes,
        callbacks: found.callbacks,
        held: found.held,
        is_complete: !found.is_cut,
        hindrance: None,
    }
}
