//! Prompts: uploaded in any usual format, listed, listened to, taken away when no flow needs them.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::State;
use hotline_access::Permission;
use hotline_api_types as api;
use hotline_base::WallTime;
use hotline_flow_files::Expected;
use hotline_ivr::{Language, PromptName};
use hotline_prompt_files::{
    ConvertError, LEVEL_DBFS, MUSIC, PromptFile, convert, folders, list as list_files, remove, write,
};
use hotline_record_io::Keyring;
use hotline_yaml::is_name;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use super::calls::wrong;
use crate::answer::{NoContent, SavedPrompt, Versioned};
use crate::app::App;
use crate::auth::Identity;
use crate::convert::{mistakes, time};
use crate::cursor;
use crate::error::ApiError;
use crate::extract::{FlowBase, Path, Query, RangeFields, SoundFile};
use crate::sound::Sound;
use crate::viewer::Subject;

/// The most prompts on a page.
const PAGE_MAX: usize = 500;
/// Folders of sounds that are no languages.
const OTHERS: [&str; 3] = ["demo", "16k", "tone"];

/// Where prompts are.
#[derive(Clone)]
pub struct Prompts {
    /// The folder of sounds.
    pub folder: PathBuf,
    /// The level of speech, in dBFS, if the configuration names one.
    pub level_dbfs: Option<f64>,
    /// Has the folder looked at; answered when what has changed is in use.
    pub renewed: mpsc::Sender<oneshot::Sender<()>>,
}

impl Prompts {
    /// What has changed on disk is in use when this returns; if the server is stopping it is so after the next start.
    async fn renew(&self) {
        let (done, is_done) = oneshot::channel();
        if self.renewed.send(done).await.is_ok() {
            // Whoever was to look has ended with the server.
            drop(is_done.await);
        }
    }
}

/// The query of a list.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    /// At most so many on a page: 1 to 500, 500 if absent.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// `GET /api/v1/prompts`
pub(crate) async fn languages(
    State(app): State<Arc<App>>,
    who: Identity,
) -> Result<axum::Json<api::PromptLanguages>, ApiError> {
    who.may(Permission::PromptsSee, Subject::Center)?;
    let root = app.ports.prompts.folder.clone();
    let folders = blocking(move || folders(&root)).await?;
    let languages = folders.into_iter().filter(|name| folder(name).is_some()).collect();
    Ok(axum::Json(api::PromptLanguages { languages }))
}

/// `GET /api/v1/prompts/{language}/{name}/uses`
pub(crate) async fn uses(
    State(app): State<Arc<App>>,
    who: Identity,
    Path((language, name)): Path<(String, String)>,
) -> Result<axum::Json<api::PromptUses>, ApiError> {
    who.may(Permission::PromptsSee, Subject::Center)?;
    let (language, name) = place(&language, &name)?;
    find(&app, &language, &name).await?.ok_or(ApiError::NotFound)?;
    let prompt = (Language::from(language.as_str()), PromptName::from(name.as_str()));
    let places = app.ports.flows.prompt_uses(&prompt).await;
    Ok(axum::Json(api::PromptUses { places: mistakes(&places) }))
}

/// `GET /api/v1/prompts/{language}`
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(language): Path<String>,
    Query(page): Query<Page>,
) -> Result<axum::Json<api::PromptList>, ApiError> {
    who.may(Permission::PromptsSee, Subject::Center)?;
    let language = folder(&language).ok_or(ApiError::NotFound)?;
    let size = page.limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
    let after: Option<String> = cursor::read(page.cursor.as_deref())?;
    let (root, of) = (app.ports.prompts.folder.clone(), language.clone());
    let found = blocking(move || list_files(&root, &of, after.as_deref(), size + 1)).await?;
    let (found, next) = cursor::page(found, size, |prompt| prompt.name.clone());
    let prompts = found.iter().map(|prompt| shape(&language, prompt)).collect();
    Ok(axum::Json(api::PromptList { prompts, next }))
}

/// `GET /api/v1/prompts/{language}/{name}`: the sound.
pub(crate) async fn listen(
    State(app): State<Arc<App>>,
    who: Identity,
    Path((language, name)): Path<(String, String)>,
    fields: RangeFields,
) -> Result<Sound, ApiError> {
    who.may(Permission::PromptsSee, Subject::Center)?;
    let (language, name) = place(&language, &name)?;
    Sound::open((&*app.ports.prompts.folder, &Keyring::default()), &format!("{language}/{name}.wav"), &fields)
        .await
}

/// `PUT /api/v1/prompts/{language}/{name}`: on return it can be played, and named by flows.
pub(crate) async fn save(
    State(app): State<Arc<App>>,
    who: Identity,
    Path((language, name)): Path<(String, String)>,
    base: FlowBase,
    SoundFile(file): SoundFile,
) -> Result<SavedPrompt, ApiError> {
    who.may(Permission::PromptsEdit, Subject::Center)?;
    let (language, name) = new_place(&language, &name)?;
    let level = (language != MUSIC).then(|| app.ports.prompts.level_dbfs.unwrap_or(LEVEL_DBFS));
    let samples = tokio::task::spawn_blocking(move || convert(file.to_vec(), level)).await;
    let samples = samples.map_err(|_| ApiError::Panicked)?.map_err(refused)?;
    // One change of the folder at a time: what is compared is what is replaced.
    let _one = app.prompts.lock().await;
    expect(&base.0, find(&app, &language, &name).await?.as_ref())?;
    let (root, at) = (app.ports.prompts.folder.clone(), (language.clone(), name.clone()));
    blocking(move || write(&root, &at.0, &at.1, &samples)).await?;
    app.ports.prompts.renew().await;
    let saved = find(&app, &language, &name).await?.ok_or(ApiError::NotFound)?;
    let prompt = shape(&language, &saved);
    let detail = json!({ "duration_ms": prompt.duration_ms });
    app.audit(&who.user.name, "prompt.save", format!("{language}/{name}"), detail).await?;
    Ok(SavedPrompt {
        is_new: base.0 == Expected::Absent,
        prompt: Versioned { tag: tag(&saved), body: prompt },
    })
}

/// `DELETE /api/v1/prompts/{language}/{name}`
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    who: Identity,
    Path((language, name)): Path<(String, String)>,
) -> Result<NoContent, ApiError> {
    who.may(Permission::PromptsEdit, Subject::Center)?;
    let (language, name) = place(&language, &name)?;
    let _one = app.prompts.lock().await;
    find(&app, &language, &name).await?.ok_or(ApiError::NotFound)?;
    let (root, at) = (app.ports.prompts.folder.clone(), (language.clone(), name.clone()));
    let prompt = (Language::from(language.as_str()), PromptName::from(name.as_str()));
    app.ports.flows.remove_prompt(&prompt, move || remove(&root, &at.0, &at.1)).await?;
    app.ports.prompts.renew().await;
    app.audit(&who.user.name, "prompt.delete", format!("{language}/{name}"), serde_json::Value::Null).await?;
    Ok(NoContent)
}

async fn find(app: &App, language: &str, name: &str) -> Result<Option<PromptFile>, ApiError> {
    let (root, language, name) = (app.ports.prompts.folder.clone(), language.to_owned(), name.to_owned());
    let found = blocking(move || hotline_prompt_files::find(&root, &language, &name)).await?;
    Ok(found)
}

async fn blocking<T: Send + 'static>(
    act: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(act).await.map_err(|_| ApiError::Panicked)?;
    done.map_err(|error| {
        if error.kind() == io::ErrorKind::NotFound {
            ApiError::NotFound
        } else {
            ApiError::FlowUnwritable(error)
        }
    })
}

fn expect(expected: &Expected, found: Option<&PromptFile>) -> Result<(), ApiError> {
    match (expected, found) {
        (Expected::Absent, None) => Ok(()),
        (Expected::Hash(_), None) => Err(ApiError::NotFound),
        (Expected::Hash(known), Some(found)) if tag(found).trim_matches('"') == known => Ok(()),
        (Expected::Absent | Expected::Hash(_), Some(_)) => Err(ApiError::Stale),
    }
}

fn refused(error: ConvertError) -> ApiError {
    wrong("sound", &error.to_string())
}

/// A language as a folder may be called, or music.
fn folder(language: &str) -> Option<String> {
    let is_language = is_name(language) && language.starts_with(|first: char| first.is_ascii_lowercase());
    (is_language && !OTHERS.contains(&language)).then(|| language.to_owned())
}

fn place(language: &str, name: &str) -> Result<(String, String), ApiError> {
    let language = folder(language).filter(|_| is_name(name)).ok_or(ApiError::NotFound)?;
    Ok((language, name.to_owned()))
}

fn new_place(language: &str, name: &str) -> Result<(String, String), ApiError> {
    let language =
        folder(language).ok_or_else(|| wrong("language", "must be a language such as `en`, or `music`"))?;
    if !is_name(name) {
        return Err(wrong("name", "must be 1 to 64 letters, digits, `_` or `-`"));
    }
    Ok((language, name.to_owned()))
}

fn tag(prompt: &PromptFile) -> String {
    let since = prompt.changed_at.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    format!("\"{}-{}\"", since.as_nanos(), prompt.bytes)
}

fn shape(language: &str, prompt: &PromptFile) -> api::Prompt {
    let since = prompt.changed_at.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    api::Prompt {
        language: language.to_owned(),
        name: prompt.name.clone(),
        duration_ms: prompt.duration.map(|duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)),
        bytes: prompt.bytes,
        changed_at: time(WallTime(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))),
        etag: tag(prompt),
    }
}
