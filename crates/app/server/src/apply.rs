//! `hotline export` and `hotline apply`: the configuration of the running server as files for git, and back.
//!
//! A directory has `center.yaml` and `flows/NAME.yaml`. What is exported and applied again changes nothing: passwords are masked,
//! and a mask keeps the password that is there.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use hotline_api_client::{Client, ClientError};
use hotline_api_types::{Config, ConfigCheck, ConfigDraft, FlowList, FlowMistake, FlowText, Problem};
use hotline_config::{Configuration, read_flows};
use serde::de::DeserializeOwned;
use similar::TextDiff;

use crate::banner::print;
use crate::cli::{Apply, Export};
use crate::visit::Visit;

const CENTER: &str = "center.yaml";
const FLOWS: &str = "flows";

/// What came of it, for the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Applied {
    /// It is in force, or was so before.
    InForce,
    /// Nothing was done, and something would change.
    WouldChange,
    /// There are mistakes; nothing was changed.
    Mistaken,
}

/// Writes what the server has.
pub(crate) async fn export(configuration: Option<&Configuration>, options: &Export) -> Result<()> {
    let visit = Visit::begin(configuration, &options.visitor).await?;
    let outcome = write_down(&visit.client, options).await;
    visit.end().await?;
    outcome
}

/// Puts in force what lies in the directory.
pub(crate) async fn apply(configuration: Option<&Configuration>, options: &Apply) -> Result<Applied> {
    let visit = Visit::begin(configuration, &options.visitor).await?;
    let outcome = bring(&visit.client, options).await;
    visit.end().await?;
    outcome
}

async fn write_down(client: &Client, options: &Export) -> Result<()> {
    let path = if options.secrets { "/api/v1/config?secrets=true" } else { "/api/v1/config" };
    let (config, _) = get::<Config>(client, path).await?;
    let folder = options.out.join(FLOWS);
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let mut changed = usize::from(put(&options.out.join(CENTER), &config.text)?);
    let flows = flows(client).await?;
    for (flow, text) in &flows {
        changed += usize::from(put(&folder.join(format!("{flow}.yaml")), text)?);
    }
    for flow in read_flows(&folder)?.iter().filter(|text| !flows.contains_key(text.flow.as_str())) {
        print(&format!("{}: the server has no such flow; the file is left as it is", flow.file));
    }
    let all = flows.len() + 1;
    print(&format!("{all} files in {}, {changed} of them written anew", options.out.display()));
    Ok(())
}

async fn bring(client: &Client, options: &Apply) -> Result<Applied> {
    let path = options.directory.join(CENTER);
    let center = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let (config, tag) = get::<Config>(client, "/api/v1/config").await?;
    let known = flows(client).await?;
    let wanted = changes(&options.directory, &known, options.prune)?;
    let draft = ConfigDraft {
        text: Some(center.clone()),
        parts: None,
        flows: (!wanted.is_empty()).then(|| wanted.clone()),
    };
    let body = serde_json::to_value(&draft)?;
    let checked = client.post("/api/v1/config/check", &body).await.map_err(explain)?;
    let checked: ConfigCheck =
        serde_json::from_value(checked).context("the server's answer is of another version")?;
    print_difference(&checked.diff, &known, &wanted);
    if !checked.mistakes.is_empty() || !checked.errors.is_empty() {
        tell_mistakes(&checked.mistakes, &options.directory);
        if checked.mistakes.is_empty() {
            checked.errors.iter().for_each(|error| print(&format!("{}: {}", error.field, error.problem)));
        }
        print("nothing is changed");
        return Ok(Applied::Mistaken);
    }
    if checked.diff.is_empty() && wanted.is_empty() && config.is_current {
        print("nothing to change: the server runs with just this");
        return Ok(Applied::InForce);
    }
    for section in &checked.needs_restart {
        print(&format!("`{section}` counts once the server is started again"));
    }
    if options.dry_run {
        print("nothing is changed; without --dry-run the above would be");
        return Ok(Applied::WouldChange);
    }
    let saved = client.put_if("/api/v1/config", &body, &tag).await.map_err(explain)?;
    let saved: Config = serde_json::from_value(saved).context("the server's answer is of another version")?;
    let version = saved.version.map(|version| format!(" as version {}", version.version)).unwrap_or_default();
    print(&format!("in force{version}"));
    Ok(Applied::InForce)
}

/// The flows that differ from those of the server.
fn changes(
    directory: &Path,
    known: &BTreeMap<String, String>,
    prune: bool,
) -> Result<BTreeMap<String, Option<String>>> {
    let folder = directory.join(FLOWS);
    if !folder.is_dir() {
        return Ok(BTreeMap::new());
    }
    let mut changes = BTreeMap::new();
    let files = read_flows(&folder)?;
    for file in &files {
        if known.get(file.flow.as_str()) != Some(&file.text) {
            changes.insert(file.flow.to_string(), Some(file.text.clone()));
        }
    }
    for flow in known.keys().filter(|flow| !files.iter().any(|file| file.flow.as_str() == flow.as_str())) {
        if prune {
            changes.insert(flow.clone(), None);
        } else {
            print(&format!("the server has the flow `{flow}` besides, which stays; --prune takes it away"));
        }
    }
    Ok(changes)
}

fn print_difference(
    center: &str,
    known: &BTreeMap<String, String>,
    wanted: &BTreeMap<String, Option<String>>,
) {
    if !center.is_empty() {
        print(center.trim_end());
    }
    for (flow, text) in wanted {
        let (old, new) = (known.get(flow).map_or("", String::as_str), text.as_deref().unwrap_or_default());
        let name = format!("{FLOWS}/{flow}.yaml");
        let diff = TextDiff::from_lines(old, new);
        print(diff.unified_diff().header(&name, &name).to_string().trim_end());
    }
}

fn tell_mistakes(mistakes: &[FlowMistake], directory: &Path) {
    for mistake in mistakes {
        let name = Path::new(&mistake.file).file_name().unwrap_or_default();
        let ours: PathBuf =
            if name == CENTER { directory.join(name) } else { directory.join(FLOWS).join(name) };
        print(&format!("{}:{}:{}: {}", ours.display(), mistake.line, mistake.column, mistake.problem));
        print(&format!("      = {}", mistake.remedy));
    }
}

async fn flows(client: &Client) -> Result<BTreeMap<String, String>> {
    let (list, _) = get::<FlowList>(client, "/api/v1/flows").await?;
    let mut flows = BTreeMap::new();
    for flow in list.flows {
        match get::<FlowText>(client, &format!("/api/v1/flows/{}", flow.name)).await {
            Ok((text, _)) => drop(flows.insert(flow.name, text.text)),
            // One that is in force and has lost its file has nothing to be exported.
            Err(_) if !flow.is_current => {}
            Err(error) => return Err(error),
        }
    }
    Ok(flows)
}

async fn get<T: DeserializeOwned>(client: &Client, path: &str) -> Result<(T, String)> {
    let (value, tag) = client.get_tagged(path).await.map_err(explain)?;
    Ok((serde_json::from_value(value).context("the server's answer is of another version")?, tag))
}

/// True if the file was another one.
fn put(path: &Path, text: &str) -> Result<bool> {
    match fs::read_to_string(path) {
        Ok(known) if known == text => return Ok(false),
        Err(error) if error.kind() != io::ErrorKind::NotFound => bail!("{}: {error}", path.display()),
        Ok(_) | Err(_) => {}
    }
    fs::write(path, text).with_context(|| path.display().to_string())?;
    Ok(true)
}

fn explain(error: ClientError) -> anyhow::Error {
    let ClientError::Refused { status, body, .. } = &error else { return error.into() };
    let Ok(problem) = serde_json::from_str::<Problem>(body) else { return error.into() };
    let fields: Vec<String> =
        problem.errors.iter().map(|one| format!("\n  {}: {}", one.field, one.problem)).collect();
    anyhow::anyhow!("{status}: {}{}", problem.detail, fields.concat())
}
