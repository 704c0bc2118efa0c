//! Opening hours, and opening and closing by hand.

use std::sync::Arc;

use axum::extract::State;
use hotline_access::Permission;
use hotline_api_types as api;
use hotline_base::{HoursId, WallTime};
use hotline_hours::{Override, State as Opening};
use schemars::JsonSchema;
use serde::Deserialize;

use super::calls::wrong;
use crate::answer::NoContent;
use crate::app::App;
use crate::auth::Identity;
use crate::convert::time;
use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::hours::View;
use crate::viewer::Subject;

/// The query of what is open when.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Moment {
    /// How it stands then; now if absent. What was decided by hand counts as far as it lasts until then.
    at: Option<api::Timestamp>,
}

/// `GET /api/v1/hours`
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    who: Identity,
    Query(moment): Query<Moment>,
) -> Result<axum::Json<api::HoursList>, ApiError> {
    who.may(Permission::HoursSee, Subject::Center)?;
    let at = moment.at.map_or_else(|| app.now(), wall);
    let views = app.ports.hours.list(&app.center().hours, at).await;
    Ok(axum::Json(api::HoursList { hours: views.into_iter().map(shape).collect() }))
}

/// `PUT /api/v1/hours/{name}/override`
pub(crate) async fn decide(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(name): Path<String>,
    Json(body): Json<api::HoursOverride>,
) -> Result<NoContent, ApiError> {
    who.may(Permission::HoursSet, Subject::Center)?;
    let until = body.until.map(wall);
    if until.is_some_and(|until| until <= app.now()) {
        return Err(wrong("until", "must be a time to come"));
    }
    put(&app, &who, &name, Some(Override { open: body.open, until })).await
}

/// `DELETE /api/v1/hours/{name}/override`
pub(crate) async fn take_back(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(name): Path<String>,
) -> Result<NoContent, ApiError> {
    who.may(Permission::HoursSet, Subject::Center)?;
    put(&app, &who, &name, None).await
}

async fn put(
    app: &App,
    who: &Identity,
    name: &str,
    by_hand: Option<Override>,
) -> Result<NoContent, ApiError> {
    let (hours, ports) = (HoursId::from(name), &app.ports);
    let schedules = &app.center().hours;
    ports.hours.decide((&ports.store, &ports.shard), schedules, &hours, by_hand, app.now()).await?;
    let detail = by_hand.map(shape_override);
    app.audit(&who.user.name, "hours.override", name, serde_json::json!(detail)).await?;
    Ok(NoContent)
}

fn wall(time: api::Timestamp) -> WallTime {
    WallTime(time.as_unix_millis().saturating_mul(1000))
}

fn shape(view: View) -> api::Hours {
    let (state, holiday) = match view.status.state {
        Opening::Open => (api::HoursState::Open, None),
        Opening::Closed => (api::HoursState::Closed, None),
        Opening::Holiday(name) => (api::HoursState::Holiday, Some(name.to_string())),
    };
    api::Hours {
        name: view.hours.to_string(),
        state,
        holiday,
        until: view.status.until.map(time),
        by_hand: view.by_hand.map(shape_override),
    }
}

fn shape_override(decided: Override) -> api::HoursOverride {
    api::HoursOverride { open: decided.open, until: decided.until.map(time) }
}
