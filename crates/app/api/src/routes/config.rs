//! The center's configuration: read, checked, changed as a whole or by parts, compared, rolled back.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use hotline_access::Permission;
use hotline_api_types as api;
use hotline_base::FlowId;
use hotline_config::{center_schema, mask, mask_beside, section_schema};
use hotline_flow_files::{CenterError, CenterFile, Edit, Expected};
use hotline_store::{CENTER_VERSIONS_MAX, CenterVersion};
use hotline_yaml::{Value, edit, same};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::calls::wrong;
use crate::answer::{NoContent, SavedPart, Versioned};
use crate::app::App;
use crate::auth::Identity;
use crate::convert::{self, from_json, json_at, section_of, to_json};
use crate::cursor;
use crate::diff::unified;
use crate::error::{ApiError, config_problems};
use crate::extract::{FlowBase, Json, Path, Query};
use crate::sections::{Part, Section, is_section};
use crate::viewer::Subject;

/// People in the file get their roles at the start: who writes there must be one who may do so elsewhere.
const PEOPLE: &str = "demo";
/// The most parts of one change: each is an edit of the text, which is read again after it.
const PARTS_MAX: usize = 500;

/// The query of what may show passwords.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shown {
    /// Whether passwords are to be shown, which takes a permission and is in the audit log.
    #[serde(default)]
    secrets: bool,
}

/// `GET /api/v1/config`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: Identity,
    Query(shown): Query<Shown>,
) -> Result<Versioned<api::Config>, ApiError> {
    who.may(Permission::ConfigSee, Subject::Center)?;
    note_secrets(&app, &who, &shown, "config").await?;
    Ok(answer(&app, &app.ports.flows.center().await, shown.secrets))
}

/// `PUT /api/v1/config`
pub(crate) async fn save(
    State(app): State<Arc<App>>,
    who: Identity,
    base: FlowBase,
    Json(draft): Json<api::ConfigDraft>,
) -> Result<Versioned<api::Config>, ApiError> {
    who.may(Permission::ConfigEdit, Subject::Center)?;
    let flows = flows_of(&who, draft.flows)?;
    let parts = parts_of(draft.parts)?;
    let what = if draft.text.is_some() { "center.yaml".to_owned() } else { named_parts(&parts) };
    let (tagging, wanted) = (Arc::clone(&app), draft.text);
    let edit = move |text: &str| {
        expect(&base.0, Some(&tagging.tag(text)))?;
        put_into(wanted.as_deref().unwrap_or(text), &parts)
    };
    let saved = change(&app, &who, Box::new(edit), flows, &what).await?;
    Ok(answer(&app, &saved, false))
}

/// `POST /api/v1/config/check`: nothing is changed.
pub(crate) async fn check(
    State(app): State<Arc<App>>,
    who: Identity,
    Json(draft): Json<api::ConfigDraft>,
) -> Result<axum::Json<api::ConfigCheck>, ApiError> {
    who.may(Permission::ConfigSee, Subject::Center)?;
    let flows = named(draft.flows);
    let parts = parts_of(draft.parts)?;
    let before = app.ports.flows.center().await;
    let wanted = draft.text.clone();
    let edit = move |text: &str| put_into(wanted.as_deref().unwrap_or(text), &parts);
    let checked = app.ports.flows.check_center(Box::new(edit), flows).await;
    let (mut answer, text) = match checked {
        Ok(checked) => {
            let needs_restart = checked.needs_restart.iter().map(ToString::to_string).collect();
            (api::ConfigCheck { needs_restart, ..nothing_wrong() }, checked.text.expose().clone())
        }
        Err(error) => {
            let text = if let CenterError::Invalid { text, .. } = &error
                && draft.text.is_none()
            {
                text.expose().clone()
            } else {
                draft.text.unwrap_or_else(|| before.text.expose().clone())
            };
            let (errors, mistakes) = config_problems(error)?;
            (api::ConfigCheck { errors, mistakes, ..nothing_wrong() }, text)
        }
    };
    if let Ok((old, new)) = mask_beside(before.text.expose(), &text) {
        answer.diff =
            unified(("center.yaml".to_owned(), old), ("center.yaml, as sent".to_owned(), new)).await?;
    }
    Ok(axum::Json(answer))
}

const fn nothing_wrong() -> api::ConfigCheck {
    api::ConfigCheck {
        errors: Vec::new(),
        mistakes: Vec::new(),
        needs_restart: Vec::new(),
        diff: String::new(),
    }
}

/// `GET /api/v1/config/{section}`
pub(crate) async fn section(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(Section(section)): Path<Section>,
    Query(shown): Query<Shown>,
) -> Result<Versioned<api::ConfigPart>, ApiError> {
    part(&app, &who, &[section], &shown).await
}

/// `GET /api/v1/config/{section}/{name}`
pub(crate) async fn entry(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(Part(section, name)): Path<Part>,
    Query(shown): Query<Shown>,
) -> Result<Versioned<api::ConfigPart>, ApiError> {
    part(&app, &who, &[section, name], &shown).await
}

/// `PUT /api/v1/config/{section}`
pub(crate) async fn save_section(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(Section(section)): Path<Section>,
    base: FlowBase,
    Json(value): Json<serde_json::Value>,
) -> Result<SavedPart, ApiError> {
    save_part(&app, &who, vec![section], base.0, value).await
}

/// `PUT /api/v1/config/{section}/{name}`
pub(crate) async fn save_entry(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(Part(section, name)): Path<Part>,
    base: FlowBase,
    Json(value): Json<serde_json::Value>,
) -> Result<SavedPart, ApiError> {
    save_part(&app, &who, vec![section, name], base.0, value).await
}

/// `DELETE /api/v1/config/{section}`
pub(crate) async fn delete_section(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(Section(section)): Path<Section>,
    base: FlowBase,
) -> Result<NoContent, ApiError> {
    delete_part(&app, &who, vec![section], base.0).await
}

/// `DELETE /api/v1/config/{section}/{name}`
pub(crate) async fn delete_entry(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(Part(section, name)): Path<Part>,
    base: FlowBase,
) -> Result<NoContent, ApiError> {
    delete_part(&app, &who, vec![section, name], base.0).await
}

/// Of what the schema is asked for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Described {
    /// A section; the whole file unless given.
    section: Option<String>,
}

/// `GET /api/v1/config/schema`: what can be written in the center's file, as JSON Schema (draft 2020-12).
pub(crate) async fn schema(
    who: Identity,
    Query(described): Query<Described>,
) -> Result<axum::Json<serde_json::Value>, ApiError> {
    who.may(Permission::ConfigSee, Subject::Center)?;
    let schema = match described.section {
        Some(section) => section_schema(&section).ok_or(ApiError::NotFound)?,
        None => center_schema(),
    };
    Ok(axum::Json(schema))
}

/// The query of a list.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    /// At most so many on a page: 1 to 100, 100 if absent.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// `GET /api/v1/config/versions`
pub(crate) async fn versions(
    State(app): State<Arc<App>>,
    who: Identity,
    Query(page): Query<Page>,
) -> Result<axum::Json<api::ConfigVersionList>, ApiError> {
    who.may(Permission::ConfigSee, Subject::Center)?;
    let size = page.limit.unwrap_or(CENTER_VERSIONS_MAX).clamp(1, CENTER_VERSIONS_MAX);
    let before = cursor::read(page.cursor.as_deref())?;
    let versions = app.ports.store.list_center_versions(before, size + 1).await?;
    let (versions, next) = cursor::page(versions, size, |version| version.number);
    let versions = versions.iter().map(convert::config_version).collect();
    Ok(axum::Json(api::ConfigVersionList { versions, next }))
}

/// `GET /api/v1/config/versions/{version}`
pub(crate) async fn version(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(version): Path<u64>,
) -> Result<axum::Json<api::ConfigVersionText>, ApiError> {
    who.may(Permission::ConfigSee, Subject::Center)?;
    let (version, text) = find(&app, version).await?;
    let text = mask(&text).map_err(|_| ApiError::Panicked)?;
    Ok(axum::Json(api::ConfigVersionText { version: convert::config_version(&version), text }))
}

/// The query of a comparison.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Compared {
    from: u64,
    /// The text in force unless given.
    to: Option<u64>,
}

/// `GET /api/v1/config/diff`
pub(crate) async fn diff(
    State(app): State<Arc<App>>,
    who: Identity,
    Query(compared): Query<Compared>,
) -> Result<axum::Json<api::ConfigDiff>, ApiError> {
    who.may(Permission::ConfigSee, Subject::Center)?;
    let (_, old) = find(&app, compared.from).await?;
    let (new, new_name) = match compared.to {
        Some(to) => (find(&app, to).await?.1, format!("version {to}")),
        None => (app.ports.flows.center().await.in_force.expose().clone(), "center.yaml".to_owned()),
    };
    let (old, new) = mask_beside(&old, &new).map_err(|_| ApiError::Panicked)?;
    let diff = unified((format!("version {}", compared.from), old), (new_name, new)).await?;
    Ok(axum::Json(api::ConfigDiff { diff }))
}

/// `POST /api/v1/config/rollback`: the text of a version comes into force as a new version.
pub(crate) async fn roll_back(
    State(app): State<Arc<App>>,
    who: Identity,
    base: FlowBase,
    Json(body): Json<api::ConfigRollback>,
) -> Result<Versioned<api::Config>, ApiError> {
    who.may(Permission::ConfigEdit, Subject::Center)?;
    let (_, wanted) = find(&app, body.version).await?;
    let tagging = Arc::clone(&app);
    let edit = move |text: &str| {
        expect(&base.0, Some(&tagging.tag(text)))?;
        Ok(wanted)
    };
    let what = format!("version {}", body.version);
    let saved = change(&app, &who, Box::new(edit), BTreeMap::new(), &what).await?;
    Ok(answer(&app, &saved, false))
}

async fn part(
    app: &App,
    who: &Identity,
    path: &[String],
    shown: &Shown,
) -> Result<Versioned<api::ConfigPart>, ApiError> {
    who.may(Permission::ConfigSee, Subject::Center)?;
    note_secrets(app, who, shown, &path.join("/")).await?;
    part_of(app, &app.ports.flows.center().await, path, shown.secrets)
}

fn part_of(
    app: &App,
    center: &CenterFile,
    path: &[String],
    secrets: bool,
) -> Result<Versioned<api::ConfigPart>, ApiError> {
    let text = shown_text(center);
    let whole = json_at(text, path).ok_or(ApiError::NotFound)?;
    let masked = if secrets { text.to_owned() } else { mask(text).map_err(|_| ApiError::Panicked)? };
    let value = json_at(&masked, path).ok_or(ApiError::NotFound)?;
    let needs_restart = center.needs_restart.iter().map(ToString::to_string).collect();
    Ok(Versioned { tag: app.tag(&whole.to_string()), body: api::ConfigPart { value, needs_restart } })
}

async fn save_part(
    app: &Arc<App>,
    who: &Identity,
    path: Vec<String>,
    base: Expected,
    value: serde_json::Value,
) -> Result<SavedPart, ApiError> {
    who.may(Permission::ConfigEdit, Subject::Center)?;
    let what = path.join("/");
    let is_new = base == Expected::Absent;
    let edit = editing(app, path.clone(), base, Some(from_json(&value)));
    let saved = change(app, who, edit, BTreeMap::new(), &what).await?;
    Ok(SavedPart { is_new, part: part_of(app, &saved, &path, false)? })
}

async fn delete_part(
    app: &Arc<App>,
    who: &Identity,
    path: Vec<String>,
    base: Expected,
) -> Result<NoContent, ApiError> {
    who.may(Permission::ConfigEdit, Subject::Center)?;
    let what = path.join("/");
    change(app, who, editing(app, path, base, None), BTreeMap::new(), &what).await?;
    Ok(NoContent)
}

fn editing(app: &Arc<App>, path: Vec<String>, base: Expected, value: Option<Value>) -> Edit {
    let tagging = Arc::clone(app);
    Box::new(move |text: &str| {
        let before = json_at(text, &path);
        expect(&base, before.map(|value| tagging.tag(&value.to_string())).as_deref())?;
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        Ok(edit(text, &path, value.as_ref())?)
    })
}

/// A part as it is to be: the keys that lead there, and what it says; nothing takes it away.
type WantedPart = (Vec<String>, Option<Value>);

fn parts_of(parts: Option<Vec<api::ConfigPartDraft>>) -> Result<Vec<WantedPart>, ApiError> {
    let parts = parts.unwrap_or_default();
    if parts.len() > PARTS_MAX {
        return Err(wrong("parts", &format!("at most {PARTS_MAX}")));
    }
    let of = |(at, part): (usize, api::ConfigPartDraft)| {
        if !is_section(&part.section) {
            return Err(wrong(&format!("parts[{at}].section"), "there is no such section"));
        }
        let path = std::iter::once(part.section).chain(part.name).collect();
        Ok((path, (!part.value.is_null()).then(|| from_json(&part.value))))
    };
    parts.into_iter().enumerate().map(of).collect()
}

fn put_into(text: &str, parts: &[WantedPart]) -> Result<String, CenterError> {
    parts.iter().try_fold(text.to_owned(), |text, (path, value)| {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        Ok(edit(&text, &path, value.as_ref())?)
    })
}

/// What is noted as the change: `queues/sales`, `agents/1001 (+3)`.
fn named_parts(parts: &[WantedPart]) -> String {
    match parts {
        [] => "center.yaml".to_owned(),
        [(path, _)] => path.join("/"),
        [(path, _), others @ ..] => format!("{} (+{})", path.join("/"), others.len()),
    }
}

/// Whether the change is made to what is there.
fn expect(expected: &Expected, tag: Option<&str>) -> Result<(), CenterError> {
    match (expected, tag) {
        (Expected::Absent, None) => Ok(()),
        (Expected::Hash(_), None) => Err(CenterError::NotFound),
        (Expected::Hash(known), Some(tag)) if tag.trim_matches('"') == known => Ok(()),
        (Expected::Hash(_) | Expected::Absent, Some(_)) => Err(CenterError::Stale),
    }
}

async fn change(
    app: &App,
    who: &Identity,
    edit: Edit,
    flows: BTreeMap<FlowId, Option<String>>,
    what: &str,
) -> Result<CenterFile, ApiError> {
    let names: Vec<String> = flows.keys().map(ToString::to_string).collect();
    let may_people = who.may(Permission::UsersManage, Subject::Center).is_ok();
    let guarded = move |text: &str| {
        let changed = edit(text)?;
        let people = |text: &str| section_of(text, PEOPLE).unwrap_or(Value::Null);
        if !may_people && !same(&people(text), &people(&changed)) {
            return Err(CenterError::Forbidden);
        }
        Ok(changed)
    };
    let saved = app.ports.flows.change_center(Box::new(guarded), flows, (&who.user.name, what)).await?;
    let version = saved.version.as_ref().map(|version| version.number);
    let detail = json!({ "version": version, "flows": names, "needs_restart": saved.needs_restart });
    app.audit(&who.user.name, "config.change", what, detail).await?;
    Ok(saved)
}

fn flows_of(
    who: &Identity,
    flows: Option<BTreeMap<String, Option<String>>>,
) -> Result<BTreeMap<FlowId, Option<String>>, ApiError> {
    let flows = named(flows);
    if !flows.is_empty() {
        who.may(Permission::FlowsEdit, Subject::Center)?;
    }
    Ok(flows)
}

fn named(flows: Option<BTreeMap<String, Option<String>>>) -> BTreeMap<FlowId, Option<String>> {
    flows.into_iter().flatten().map(|(flow, text)| (FlowId::from(flow.as_str()), text)).collect()
}

async fn note_secrets(app: &App, who: &Identity, shown: &Shown, what: &str) -> Result<(), ApiError> {
    if shown.secrets {
        who.may(Permission::ConfigSecrets, Subject::Center)?;
        app.audit(&who.user.name, "config.secrets", what, serde_json::Value::Null).await?;
    }
    Ok(())
}

async fn find(app: &App, version: u64) -> Result<(CenterVersion, String), ApiError> {
    let (version, text) = app.ports.store.center_version(version).await?.ok_or(ApiError::NotFound)?;
    Ok((version, text.expose().clone()))
}

/// What is on disk if it can be read at all: else nobody could tell where passwords are.
fn shown_text(center: &CenterFile) -> &str {
    let on_disk = center.text.expose();
    if mask(on_disk).is_ok() { on_disk } else { center.in_force.expose() }
}

fn answer(app: &App, center: &CenterFile, secrets: bool) -> Versioned<api::Config> {
    let text = shown_text(center);
    let text = if secrets { text.to_owned() } else { mask(text).unwrap_or_default() };
    let said = to_json(&text);
    let sections = said.as_object().cloned().unwrap_or_default();
    let body = api::Config {
        text,
        sections,
        version: center.version.as_ref().map(convert::config_version),
        is_current: center.is_current(),
        mistakes: convert::mistakes(&center.mistakes),
        needs_restart: center.needs_restart.iter().map(ToString::to_string).collect(),
    };
    Versioned { tag: app.tag(center.text.expose()), body }
}
