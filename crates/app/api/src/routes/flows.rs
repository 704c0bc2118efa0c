//! The flows: read, checked, changed, compared, rolled back, counted.

use std::sync::Arc;

use axum::extract::State;
use hotline_access::Permission;
use hotline_api_types as api;
use hotline_base::{FlowId, WallTime};
use hotline_flow_files::{Expected, FlowFile};
use hotline_store::{FLOW_VERSIONS_MAX, FlowVersion, day};
use schemars::JsonSchema;
use serde::Deserialize;

use super::calls::wrong;
use crate::answer::{NoContent, SavedFlow, Versioned};
use crate::app::App;
use crate::auth::Identity;
use crate::convert;
use crate::cursor;
use crate::diff::unified;
use crate::error::ApiError;
use crate::extract::{FlowBase, Json, Path, Query};
use crate::viewer::Subject;

/// The days of figures unless the query says otherwise, today included.
const FIGURE_DAYS: i64 = 30;

/// `GET /api/v1/flows`
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    who: Identity,
) -> Result<axum::Json<api::FlowList>, ApiError> {
    who.may(Permission::FlowsSee, Subject::Center)?;
    Ok(axum::Json(convert::flows(&app.ports.flows.list().await)))
}

/// `GET /api/v1/flow-schema`: what can be written in a flow's file, as JSON Schema (draft 2020-12).
pub(crate) async fn schema(who: Identity) -> Result<axum::Json<serde_json::Value>, ApiError> {
    who.may(Permission::FlowsSee, Subject::Center)?;
    let schema = serde_json::from_str(&hotline_ivr::schema()).map_err(|_| ApiError::Panicked)?;
    Ok(axum::Json(schema))
}

/// `GET /api/v1/flows/{name}`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(name): Path<String>,
) -> Result<Versioned<api::FlowText>, ApiError> {
    who.may(Permission::FlowsSee, Subject::Center)?;
    Ok(answer(&app.ports.flows.read(&FlowId::from(name.as_str())).await?))
}

/// `POST /api/v1/flows/{name}/check`: nothing is changed.
pub(crate) async fn check(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(name): Path<String>,
    Json(draft): Json<api::FlowDraft>,
) -> Result<axum::Json<api::FlowCheck>, ApiError> {
    who.may(Permission::FlowsSee, Subject::Center)?;
    let (mistakes, graph) = app.ports.flows.check(&FlowId::from(name.as_str()), draft.text).await?;
    let graph = graph.as_ref().map(convert::flow_graph);
    Ok(axum::Json(api::FlowCheck { mistakes: convert::mistakes(&mistakes), graph }))
}

/// `PUT /api/v1/flows/{name}`
pub(crate) async fn save(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(name): Path<String>,
    base: FlowBase,
    Json(draft): Json<api::FlowDraft>,
) -> Result<SavedFlow, ApiError> {
    who.may(Permission::FlowsEdit, Subject::Center)?;
    let (flow, user) = (FlowId::from(name.as_str()), &who.user.name);
    let saved = app.ports.flows.save(&flow, draft.text, &base.0, user).await?;
    app.audit(user, "flow.save", &flow, detail(&saved)).await?;
    Ok(SavedFlow { is_new: base.0 == Expected::Absent, flow: answer(&saved) })
}

/// `DELETE /api/v1/flows/{name}`
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(name): Path<String>,
    base: FlowBase,
) -> Result<NoContent, ApiError> {
    who.may(Permission::FlowsEdit, Subject::Center)?;
    let (flow, user) = (FlowId::from(name.as_str()), &who.user.name);
    app.ports.flows.delete(&flow, &base.0, user).await?;
    app.audit(user, "flow.delete", &flow, serde_json::Value::Null).await?;
    Ok(NoContent)
}

/// `GET /api/v1/flows/{name}/graph`
pub(crate) async fn graph(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(name): Path<String>,
) -> Result<axum::Json<api::FlowGraph>, ApiError> {
    who.may(Permission::FlowsSee, Subject::Center)?;
    let graph = app.ports.flows.graph(&FlowId::from(name.as_str())).await?;
    Ok(axum::Json(convert::flow_graph(&graph)))
}

/// `POST /api/v1/flows/{name}/test`: runs the tests beside the flow, or those given; nothing is changed.
pub(crate) async fn test(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(name): Path<String>,
    Json(draft): Json<api::FlowTestDraft>,
) -> Result<axum::Json<api::FlowTestRun>, ApiError> {
    who.may(Permission::FlowsSee, Subject::Center)?;
    let course = draft.tests.is_some();
    let ran = app.ports.flows.test(&FlowId::from(name.as_str()), draft.text, draft.tests).await?;
    Ok(axum::Json(convert::flow_test_run(&ran, course)))
}

/// The query of a list.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    /// At most so many on a page: 1 to 100, 100 if absent.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// `GET /api/v1/flows/{name}/versions`
pub(crate) async fn versions(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(name): Path<String>,
    Query(part): Query<Part>,
) -> Result<axum::Json<api::FlowVersionList>, ApiError> {
    who.may(Permission::FlowsSee, Subject::Center)?;
    let size = part.limit.unwrap_or(FLOW_VERSIONS_MAX).clamp(1, FLOW_VERSIONS_MAX);
    let before = cursor::read(part.cursor.as_deref())?;
    let flow = FlowId::from(name.as_str());
    let versions = app.ports.store.list_flow_versions(&flow, before, size + 1).await?;
    if versions.is_empty() && before.is_none() {
        return Err(ApiError::NotFound);
    }
    let (versions, next) = cursor::page(versions, size, |version| version.number);
    let versions = versions.iter().map(convert::flow_version).collect();
    Ok(axum::Json(api::FlowVersionList { versions, next }))
}

/// `GET /api/v1/flows/{name}/versions/{version}`
pub(crate) async fn version(
    State(app): State<Arc<App>>,
    who: Identity,
    Path((name, version)): Path<(String, u64)>,
) -> Result<axum::Json<api::FlowVersionText>, ApiError> {
    who.may(Permission::FlowsSee, Subject::Center)?;
    let (version, text) = find(&app, &FlowId::from(name.as_str()), version).await?;
    Ok(axum::Json(api::FlowVersionText { version: convert::flow_version(&version), text }))
}

/// The query of a comparison.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Compared {
    from: u64,
    /// The file on disk unless given.
    to: Option<u64>,
}

/// `GET /api/v1/flows/{name}/diff`
pub(crate) async fn diff(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(name): Path<String>,
    Query(compared): Query<Compared>,
) -> Result<axum::Json<api::FlowDiff>, ApiError> {
    who.may(Permission::FlowsSee, Subject::Center)?;
    let flow = FlowId::from(name.as_str());
    let (_, old) = find(&app, &flow, compared.from).await?;
    let (new, new_name) = match compared.to {
        Some(to) => (find(&app, &flow, to).await?.1, format!("{flow} version {to}")),
        None => (app.ports.flows.read(&flow).await?.text, format!("{flow}.yaml")),
    };
    let old_name = format!("{flow} version {}", compared.from);
    Ok(axum::Json(api::FlowDiff { diff: unified((old_name, old), (new_name, new)).await? }))
}

/// `POST /api/v1/flows/{name}/rollback`: the text of a version comes into force as a new version.
pub(crate) async fn roll_back(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(name): Path<String>,
    base: FlowBase,
    Json(body): Json<api::FlowRollback>,
) -> Result<Versioned<api::FlowText>, ApiError> {
    who.may(Permission::FlowsEdit, Subject::Center)?;
    let (flow, user) = (FlowId::from(name.as_str()), &who.user.name);
    let (version, text) = find(&app, &flow, body.version).await?;
    if version.removed {
        return Err(wrong("version", "is the one that took the flow away; DELETE does that"));
    }
    let saved = app.ports.flows.save(&flow, text, &base.0, user).await?;
    app.audit(user, "flow.rollback", &flow, serde_json::json!({ "to": body.version })).await?;
    Ok(answer(&saved))
}

/// The query of figures: days, both included.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Days {
    /// The first day, such as 2026-01-31; 30 days before the last if absent.
    #[schemars(extend("format" = "date"))]
    from: Option<String>,
    /// The last day; today if absent.
    #[schemars(extend("format" = "date"))]
    to: Option<String>,
}

/// `GET /api/v1/flows/{name}/figures`
pub(crate) async fn figures(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(name): Path<String>,
    Query(days): Query<Days>,
) -> Result<axum::Json<api::FlowFigures>, ApiError> {
    who.may(Permission::FlowsSee, Subject::Center)?;
    let last = read_day("to", days.to.as_deref())?.unwrap_or_else(|| day(app.now()));
    let first = read_day("from", days.from.as_deref())?.unwrap_or(last - FIGURE_DAYS + 1);
    let figures = app.ports.store.flow_figures(&FlowId::from(name.as_str()), first, last).await?;
    Ok(axum::Json(convert::flow_figures(&figures)))
}

pub(super) fn read_day(field: &str, date: Option<&str>) -> Result<Option<i64>, ApiError> {
    let Some(date) = date else { return Ok(None) };
    let midnight: api::Timestamp =
        format!("{date}T00:00:00Z").parse().map_err(|_| wrong(field, "must be a date such as 2026-01-31"))?;
    Ok(Some(day(WallTime(midnight.as_unix_millis().saturating_mul(1000)))))
}

async fn find(app: &App, flow: &FlowId, version: u64) -> Result<(FlowVersion, String), ApiError> {
    app.ports.store.flow_version(flow, version).await?.ok_or(ApiError::NotFound)
}

fn detail(file: &FlowFile) -> serde_json::Value {
    serde_json::json!({ "version": file.state.version.as_ref().map(|version| version.number) })
}

fn answer(file: &FlowFile) -> Versioned<api::FlowText> {
    let body = api::FlowText { flow: convert::flow(&file.state), text: file.text.clone() };
    Versioned { tag: format!("\"{}\"", file.hash), body }
}
