//! Callers who want to be called back.

use std::sync::Arc;

use axum::extract::State;
use hotline_access::Permission;
use hotline_api_types as api;
use hotline_base::{CallId, WallTime};
use hotline_call::{Command, CommandError};
use hotline_shard::HandleError;
use hotline_store::BookedCallback;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::answer::NoContent;
use crate::app::App;
use crate::auth::Identity;
use crate::convert::{Sight, time};
use crate::cursor::{self, PAGE_MAX, page_size};
use crate::error::ApiError;
use crate::extract::{Path, Query};
use crate::viewer::{Subject, Ties};

/// The query of a list.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    /// At most so many on a page: 1 to 500, 100 if absent.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// `next_missed` of the page before: those who were not reached go on behind it, and nobody else is given.
    missed_cursor: Option<String>,
}

/// `GET /api/v1/callbacks`
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    who: Identity,
    Query(part): Query<Part>,
) -> Result<axum::Json<api::CallbackList>, ApiError> {
    let size = page_size(part.limit);
    if let Some(behind) = &part.missed_cursor {
        let (missed, next_missed) = missed(&app, &who, Some(behind), size).await?;
        return Ok(axum::Json(api::CallbackList { callbacks: Vec::new(), missed, next: None, next_missed }));
    }
    let mut after: Option<(WallTime, CallId)> = cursor::read(part.cursor.as_deref())?;
    let place = |booked: &BookedCallback| (booked.callback.requested_at, booked.callback.id);
    let mut seen = Vec::new();
    // Few of many may be seen.
    loop {
        let open = app.ports.store.open_callbacks_after(after, PAGE_MAX).await?;
        let is_last = open.len() < PAGE_MAX;
        after = open.last().map(place);
        seen.extend(open.into_iter().filter(|booked| may(&who, Permission::QueuesSee, booked).is_ok()));
        if is_last || seen.len() > size {
            break;
        }
    }
    let (seen, next) = cursor::page(seen, size, place);
    let sight = |booked: &BookedCallback| Sight::of(&who.viewer, Subject::Call(&ties(booked)));
    let callbacks = seen.iter().map(|booked| shape(booked, sight(booked))).collect();
    let (missed, next_missed) =
        if part.cursor.is_none() { missed(&app, &who, None, PAGE_MAX).await? } else { (Vec::new(), None) };
    Ok(axum::Json(api::CallbackList { callbacks, missed, next, next_missed }))
}

/// Those who were not reached as often as is tried.
async fn missed(
    app: &App,
    who: &Identity,
    behind: Option<&str>,
    size: usize,
) -> Result<(Vec<api::Callback>, Option<String>), ApiError> {
    let mut after: Option<(WallTime, CallId)> = cursor::read(behind)?;
    let place = |(booked, at): &(BookedCallback, WallTime)| (*at, booked.callback.id);
    let mut seen = Vec::new();
    loop {
        let missed = app.ports.store.missed_callbacks(after, PAGE_MAX).await?;
        let is_last = missed.len() < PAGE_MAX;
        after = missed.last().map(place);
        seen.extend(missed.into_iter().filter(|(booked, _)| may(who, Permission::QueuesSee, booked).is_ok()));
        if is_last || seen.len() > size {
            break;
        }
    }
    let (seen, next) = cursor::page(seen, size, place);
    let shaped = seen.iter().map(|(booked, at)| {
        let sight = Sight::of(&who.viewer, Subject::Call(&ties(booked)));
        api::Callback { not_before: None, missed_at: Some(time(*at)), ..shape(booked, sight) }
    });
    Ok((shaped.collect(), next))
}

/// `DELETE /api/v1/callbacks/{id}`
pub(crate) async fn close(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Result<NoContent, ApiError> {
    let wish = CallId::parse(&id).ok_or(ApiError::NotFound)?;
    let known = match app.ports.store.open_callback(wish).await? {
        None => app.ports.store.missed_callback(wish).await?,
        open => open,
    };
    match known {
        Some(booked) => may(&who, Permission::QueuesSteer, &booked)?,
        None => who.may(Permission::QueuesSteer, Subject::Center)?,
    }
    if app.ports.store.settle_missed_callback(wish).await? {
        app.audit(&who.user.name, "callback.settle", id, serde_json::Value::Null).await?;
        return Ok(NoContent);
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
    Ok(NoContent)
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
