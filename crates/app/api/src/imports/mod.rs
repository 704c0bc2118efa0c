//! Customers out of files: read, shown as what it would change, then written whole or not at all.
//!
//! A file is kept in memory until it is written or an hour is over; there are few of them at a time.

mod columns;
mod plan;
pub(crate) mod sheet;
mod workbook;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hotline_api_types as api;
use hotline_base::{CallId, WallTime};
use serde_json::json;

use self::plan::{Counts, Plan};
use self::sheet::Sheet;
use crate::app::App;
use crate::auth::Identity;
use crate::convert;
use crate::error::ApiError;
use crate::extract::Upload;

/// Files that are kept at a time.
const IMPORTS_MAX: usize = 8;
/// How long.
const KEPT_FOR: Duration = Duration::from_hours(1);

/// The files that are kept. Locked for a look, never across an await.
#[derive(Default)]
pub(crate) struct Imports(Mutex<BTreeMap<String, Import>>);

struct Import {
    owner: String,
    expires_at: WallTime,
    sheet: Arc<Sheet>,
    columns: Vec<Option<String>>,
    counts: Counts,
    errors: Vec<api::ImportError>,
    done: Arc<AtomicUsize>,
    stage: Stage,
}

enum Stage {
    Preview(Plan),
    Running,
    Done,
    Failed(String),
}

impl Imports {
    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Import>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes room for one more: what is too old goes.
    fn make_room(&self, now: WallTime) -> Result<(), ApiError> {
        let mut all = self.all();
        all.retain(|_, import| import.expires_at > now || matches!(import.stage, Stage::Running));
        if all.len() < IMPORTS_MAX {
            return Ok(());
        }
        Err(ApiError::Kept("there are as many imports as can be at a time; delete one, or wait an hour"))
    }
}

/// Reads a file and says what it would change.
pub(crate) async fn begin(app: &App, who: &Identity, upload: Upload) -> Result<api::Import, ApiError> {
    app.imports.make_room(app.now())?;
    let read = tokio::task::spawn_blocking(move || match upload {
        Upload::Csv(bytes) => Sheet::read(&bytes),
        Upload::Xlsx(bytes) => Sheet::read_xlsx(&bytes),
    })
    .await;
    let sheet = Arc::new(read.map_err(|_| ApiError::Panicked)?.map_err(|problem| wrong("file", problem))?);
    let fields = app.fields().await?;
    let columns: Vec<_> = sheet.header.iter().map(|heading| columns::guess(heading, &fields)).collect();
    let plan = Plan::make(app, who, &sheet, &columns).await?;
    let now = app.now();
    // Another one may have come meanwhile.
    app.imports.make_room(now)?;
    let id = app.with_rng(|rng| CallId::generate(now, rng)).to_string();
    let import = Import {
        owner: who.user.name.clone(),
        expires_at: now + KEPT_FOR,
        counts: plan.counts,
        errors: plan.errors.clone(),
        sheet,
        columns,
        done: Arc::default(),
        stage: Stage::Preview(plan),
    };
    let shown = view(&id, &import);
    app.imports.all().insert(id, import);
    Ok(shown)
}

/// How far it is.
pub(crate) fn show(app: &App, who: &Identity, id: &str) -> Result<api::Import, ApiError> {
    look(app, who, id, |import| Ok(view(id, import)))
}

/// Takes the columns for something else, and says what it would change then.
pub(crate) async fn set_columns(
    app: &App,
    who: &Identity,
    id: &str,
    columns: Vec<Option<String>>,
) -> Result<api::Import, ApiError> {
    let sheet = look(app, who, id, |import| {
        waiting(import)?;
        Ok(Arc::clone(&import.sheet))
    })?;
    let fields = app.fields().await?;
    if columns.len() != sheet.header.len() {
        return Err(wrong("columns", format!("must be {}", sheet.header.len())));
    }
    for (index, part) in columns.iter().enumerate() {
        if part.as_deref().is_some_and(|part| !columns::is_known(part, &fields)) {
            return Err(wrong(&format!("columns[{index}]"), "is no part of a customer".to_owned()));
        }
    }
    let plan = Plan::make(app, who, &sheet, &columns).await?;
    look(app, who, id, |import| {
        waiting(import)?;
        (import.counts, import.errors) = (plan.counts, plan.errors.clone());
        import.columns = columns;
        import.stage = Stage::Preview(plan);
        Ok(view(id, import))
    })
}

/// Forgets a file.
pub(crate) fn forget(app: &App, who: &Identity, id: &str) -> Result<(), ApiError> {
    look(app, who, id, |import| match import.stage {
        Stage::Running => Err(ApiError::Kept("it is being written")),
        Stage::Preview(_) | Stage::Done | Stage::Failed(_) => Ok(()),
    })?;
    app.imports.all().remove(id);
    Ok(())
}

/// Begins to write what the preview shows.
pub(crate) fn commit(
    app: &Arc<App>,
    who: &Identity,
    id: &str,
    skip_wrong: bool,
) -> Result<api::Import, ApiError> {
    let (plan, shown, done) = look(app, who, id, |import| {
        waiting(import)?;
        if import.counts.wrong > 0 && !skip_wrong {
            return Err(ApiError::Kept("lines have mistakes; mend them, or leave them out (`skip_wrong`)"));
        }
        let Stage::Preview(plan) = std::mem::replace(&mut import.stage, Stage::Running) else {
            unreachable!("it waits")
        };
        Ok((plan, view(id, import), Arc::clone(&import.done)))
    })?;
    let (app, id, by) = (Arc::clone(app), id.to_owned(), who.user.name.clone());
    tokio::spawn(async move {
        let stage = match write(&app, &by, &id, plan, &done).await {
            Ok(()) => Stage::Done,
            Err(error) => {
                tracing::warn!(%error, "an import was not written");
                done.store(0, Ordering::Relaxed);
                Stage::Failed(error.to_string())
            }
        };
        if let Some(import) = app.imports.all().get_mut(&id) {
            import.stage = stage;
        }
    });
    Ok(shown)
}

async fn write(app: &App, by: &str, id: &str, plan: Plan, done: &AtomicUsize) -> Result<(), ApiError> {
    let Plan { new, changed, counts, .. } = plan;
    let detail = json!({ "new": counts.new, "changed": counts.changed, "left_out": counts.wrong });
    // Said first: what is written without a trace would be worse than a trace of nothing.
    app.audit(by, "customer.import", id, detail).await?;
    let tell = |count| done.store(count, Ordering::Relaxed);
    let written = app.ports.store.import_customers(&new, &changed, app.now(), tell).await;
    written.map(drop).map_err(|error| ApiError::on_conflict(error, ApiError::Stale))
}

/// Looks at somebody's own file. Those of others are not there.
fn look<T>(
    app: &App,
    who: &Identity,
    id: &str,
    look: impl FnOnce(&mut Import) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let mut all = app.imports.all();
    let import = all.get_mut(id).filter(|import| import.owner == who.user.name);
    look(import.ok_or(ApiError::NotFound)?)
}

const fn waiting(import: &Import) -> Result<(), ApiError> {
    match import.stage {
        Stage::Preview(_) => Ok(()),
        Stage::Running | Stage::Done | Stage::Failed(_) => {
            Err(ApiError::Kept("it was written, or is being written; upload the file again"))
        }
    }
}

fn view(id: &str, import: &Import) -> api::Import {
    let (state, problem) = match &import.stage {
        Stage::Preview(_) => (api::ImportState::Preview, None),
        Stage::Running => (api::ImportState::Running, None),
        Stage::Done => (api::ImportState::Done, None),
        Stage::Failed(problem) => (api::ImportState::Failed, Some(problem.clone())),
    };
    let columns = import.sheet.header.iter().zip(&import.columns);
    let column = |(heading, part): (&String, &Option<String>)| api::ImportColumn {
        heading: heading.clone(),
        part: part.clone(),
    };
    api::Import {
        id: id.to_owned(),
        state,
        expires_at: convert::time(import.expires_at),
        columns: columns.map(column).collect(),
        rows: import.sheet.rows.len() as u64,
        new: import.counts.new as u64,
        changed: import.counts.changed as u64,
        unchanged: import.counts.unchanged as u64,
        duplicates: import.counts.duplicates as u64,
        wrong: import.counts.wrong as u64,
        errors: import.errors.clone(),
        done: import.done.load(Ordering::Relaxed) as u64,
        problem,
    }
}

fn wrong(field: &str, problem: String) -> ApiError {
    ApiError::Fields(vec![api::FieldProblem { field: field.to_owned(), problem }])
}
