//! Callers who want to be called back.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use hotline_access::Permission;
use hotline_api_types as api;
use hotline_base::CallId;
use hotline_call::{Command, CommandError};
use hotline_shard::HandleError;
use hotline_store::BookedCallback;

use crate::app::App;
use crate::auth::Identity;
use crate::convert::{Sight, time};
use crate::error::ApiError;
use crate::extract::Path;
use crate::viewer::{Subject, Ties};

/// The most that one list gives.
const PAGE_MAX: usize = 500;

/// `GET /api/v1/callbacks`
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    who: Identity,
) -> Result<axum::Json<api::CallbackList>, ApiError> {
    let open = app.ports.store.open_callbacks(PAGE_MAX).await?;
    let missed = app.ports.store.missed_callbacks(PAGE_MAX).await?;
    let seen = |booked: &BookedCallback| may(&who, Permission::QueuesSee, booked).is_ok();
    let shaped = |booked: &BookedCallback| {
        let sight = Sight::of(&who.viewer, Subject::Call(&ties(booked)));
        seen(booked).then(|| shape(booked, sight))
    };
    let callbacks = open.iter().filter_map(shaped).collect();
    let missed = missed.iter().filter_map(|(booked, at)| {
        Some(api::Callback { not_before: None, missed_at: Some(time(*at)), ..shaped(booked)? })
    });
    Ok(axum::Json(api::CallbackList { callbacks, missed: missed.collect() }))
}

/// `DELETE /api/v1/callbacks/{id}`
pub(crate) async fn close(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let wish = CallId::parse(&id).ok_or(ApiError::NotFound)?;
    let open = app.ports.store.open_callbacks(PAGE_MAX).await?;
    let missed = app.ports.store.missed_callbacks(PAGE_MAX).await?;
    let mut known = open.iter().chain(missed.iter().map(|(booked, _)| booked));
    match known.find(|booked| booked.callback.id == wish) {
        Some(booked) => may(&who, Permission::QueuesSteer, booked)?,
        None => who.may(Permission::QueuesSteer, Subject::Center)?,
    }
    if app.ports.store.settle_missed_callback(wish).await? {
        app.audit(&who.user.name, "callback.settle", id, serde_json::Value::Null).await?;
        return Ok(StatusCode::NO_CONTENT);
    }
    if !app.ports.store.close_callback(wish, app.now()).await? {
        return Err(ApiError::NotFound);
    }
    match app.ports.shard.command(Command::CancelCallback(wish)).await {
        // Not in line any more: being called this moment, or its queue is gone.
        Ok(()) | Err(HandleError::Refused(CommandError::UnknownCallback)) => {}
        Err(error) => return Err(error.into()),
    }
    app.audit(&who.user.name, "callback.close", id, serde_json::Value::Null).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A wish belongs to its queue.
fn may(who: &Identity, permission: Permission, booked: &BookedCallback) -> Result<(), ApiError> {
    who.may(permission, Subject::Call(&ties(booked)))
}

/// Who serves a queue is given its calls and not its list.
fn ties(booked: &BookedCallback) -> Ties {
    Ties { agents: Vec::new(), queues: vec![booked.callback.place.queue.clone()] }
}

fn shape(BookedCallback { callback, call }: &BookedCallback, sight: Sight) -> api::Callback {
    api::Callback {
        id: callback.id.to_string(),
        call: call.to_string(),
        queue: callback.place.queue.to_string(),
        number: sight.number(&callback.number),
        requested_at: time(callback.requested_at),
        tries: callback.tries,
        not_before: callback.not_before.map(time),
        missed_at: None,
    }
}
