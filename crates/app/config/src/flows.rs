//! `ivr-flows/` and `sounds/` as they lie on disk.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use hotline_base::FlowId;
use hotline_ivr::{Flow, Flows, Language, MAX_BYTES, PromptName, draft};
use hotline_yaml::Diagnostic;

use crate::ConfigError;

/// The most flow files of a center.
pub const FLOWS_MAX: usize = 1000;

/// A flow file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowText {
    /// The flow.
    pub flow: FlowId,
    /// The file, for messages.
    pub file: String,
    /// What it says.
    pub text: String,
}

/// The folder of music below the sounds directory: no language, so never spoken of in flows.
const MUSIC: &str = "music";
/// Folders that hold no prompts for flows.
const NOT_LANGUAGES: [&str; 4] = [MUSIC, "demo", "16k", "tone"];

/// The names of all prompts by language.
pub type Prompts = BTreeMap<Language, BTreeSet<PromptName>>;

/// The names of all prompts and of all music.
pub(crate) struct Sounds {
    pub(crate) prompts: Prompts,
    pub(crate) music: BTreeSet<String>,
}

/// All flow files of a directory, in the order of their names: `*.yaml` but for tests (`*.test.yaml`) and what is hidden.
/// A file that is longer than a flow may be is read until that can be told.
///
/// # Errors
/// [`ConfigError::Unreadable`], also for more than [`FLOWS_MAX`] files.
pub fn read_flows(directory: &Path) -> Result<Vec<FlowText>, ConfigError> {
    let mut names = names(directory, ".yaml")?;
    names.retain(|name| !name.ends_with(".test") && !name.starts_with('.'));
    if names.len() > FLOWS_MAX {
        let error = io::Error::other(format!("{} flow files, at most {FLOWS_MAX}", names.len()));
        return Err(ConfigError::Unreadable { path: directory.to_owned(), error });
    }
    names.iter().map(|name| read_flow(directory, name)).collect()
}

fn read_flow(directory: &Path, name: &str) -> Result<FlowText, ConfigError> {
    let path = directory.join(format!("{name}.yaml"));
    let read = || {
        let mut bytes = Vec::new();
        File::open(&path)?.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
        // Refused for its length, wherever it was cut, or where it is no UTF-8.
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let text = read().map_err(|error| ConfigError::Unreadable { path: path.clone(), error })?;
    Ok(FlowText { flow: FlowId::from(name), file: path.display().to_string(), text })
}

/// The flows as far as they could be read: they can run if there is no mistake.
pub(crate) fn parse_all(texts: &[FlowText], mistakes: &mut Vec<Diagnostic>) -> Flows {
    let mut flows: Vec<Flow> = Vec::new();
    for text in texts {
        let (flow, found) = draft(&text.file, &text.text);
        flows.extend(flow);
        mistakes.extend(found);
    }
    flows.into_iter().collect()
}

/// Brings what is said of flow files into the order of these and of their lines, whichever part of the check said it.
pub(crate) fn sort(texts: &[FlowText], mistakes: &mut [Diagnostic]) {
    let files: BTreeMap<&str, usize> = texts.iter().map(|text| text.file.as_str()).zip(0..).collect();
    mistakes.sort_by_key(|one| (files.get(one.file.as_str()).copied(), one.line, one.column));
}

/// The prompts of each language that lie in a folder of sounds.
///
/// # Errors
/// [`ConfigError::Unreadable`].
pub fn read_prompts(directory: &Path) -> Result<Prompts, ConfigError> {
    prompts(directory).map(|sounds| sounds.prompts)
}

/// The prompts of each language folder, and the music.
pub(crate) fn prompts(directory: &Path) -> Result<Sounds, ConfigError> {
    let mut prompts = BTreeMap::new();
    for language in folders(directory)? {
        if NOT_LANGUAGES.contains(&language.as_str()) {
            continue;
        }
        let names = names(&directory.join(&language), ".wav")?;
        prompts.insert(
            Language::from(language.as_str()),
            names.iter().map(|name| PromptName::from(name.as_str())).collect(),
        );
    }
    let music = directory.join(MUSIC);
    let music = if music.is_dir() { names(&music, ".wav")?.into_iter().collect() } else { BTreeSet::new() };
    Ok(Sounds { prompts, music })
}

fn folders(directory: &Path) -> Result<Vec<String>, ConfigError> {
    entries(directory, |entry| {
        entry.path().is_dir().then(|| entry.file_name().to_string_lossy().into_owned())
    })
}

pub(crate) fn names(directory: &Path, ending: &str) -> Result<Vec<String>, ConfigError> {
    entries(directory, |entry| entry.file_name().to_string_lossy().strip_suffix(ending).map(str::to_owned))
}

fn entries(
    directory: &Path,
    pick: impl Fn(&std::fs::DirEntry) -> Option<String>,
) -> Result<Vec<String>, ConfigError> {
    let unreadable = |error| ConfigError::Unreadable { path: directory.to_owned(), error };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        found.extend(pick(&entry.map_err(unreadable)?));
    }
    found.sort();
    Ok(found)
}
