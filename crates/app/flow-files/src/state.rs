//! What lies on disk, and what is in force.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use hotline_base::{FlowId, Pii, WallTime};
use hotline_config::{FLOWS_MAX, FlowText, FlowWorld};
use hotline_ivr::Diagnostic;
use hotline_store::{FlowVersion, flow_hash};

use crate::center::Center;
use crate::{Expected, FlowError, FlowState, FlowStates};

/// Flow files by name.
pub(crate) type Texts = BTreeMap<FlowId, FlowText>;

/// What lies on disk, and what is in force.
pub(crate) struct State {
    pub(crate) center: Center,
    /// The files as they were last read.
    pub(crate) on_disk: Texts,
    /// What calls run on that begin now.
    pub(crate) in_force: Texts,
    /// The versions of that, as far as the database has them.
    pub(crate) versions: BTreeMap<FlowId, FlowVersion>,
    /// What flows are checked against; its prompts change with the sound files.
    pub(crate) world: Arc<FlowWorld>,
    /// Sound files that cannot be used.
    pub(crate) sounds: Vec<Diagnostic>,
    /// Why what is on disk is not in force.
    pub(crate) mistakes: Vec<Diagnostic>,
    /// Versions that the database has not yet, oldest first.
    pub(crate) unrecorded: VecDeque<Unrecorded>,
}

pub(crate) struct Unrecorded {
    pub(crate) what: Recorded,
    pub(crate) author: String,
    pub(crate) since: WallTime,
}

/// What a version is of.
pub(crate) enum Recorded {
    /// A flow; without a text if it was taken away.
    Flow(FlowId, Option<String>),
    /// The center, with what was changed.
    Center { text: Pii<String>, change: String },
}

impl State {
    pub(crate) fn list(&self) -> FlowStates {
        let mut names: Vec<&FlowId> = self.on_disk.keys().chain(self.in_force.keys()).collect();
        names.sort();
        names.dedup();
        let of_files = |mistake: &&Diagnostic| !self.on_disk.values().any(|text| text.file == mistake.file);
        FlowStates {
            flows: names.into_iter().map(|flow| self.of(flow)).collect(),
            mistakes: self.mistakes.iter().filter(of_files).cloned().collect(),
        }
    }

    pub(crate) fn of(&self, flow: &FlowId) -> FlowState {
        let (on_disk, in_force) = (self.on_disk.get(flow), self.in_force.get(flow));
        let of_file = |mistake: &&Diagnostic| on_disk.is_some_and(|text| text.file == mistake.file);
        FlowState {
            flow: flow.clone(),
            version: in_force.and_then(|_| self.versions.get(flow).cloned()),
            is_current: on_disk == in_force,
            mistakes: self.mistakes.iter().filter(of_file).cloned().collect(),
        }
    }

    /// Whether a change may be made to what is on disk.
    pub(crate) fn expect(&self, flow: &FlowId, is_write: bool, expected: &Expected) -> Result<(), FlowError> {
        match (self.on_disk.get(flow), expected) {
            (None, Expected::Absent) if is_write && self.on_disk.len() >= FLOWS_MAX => {
                Err(FlowError::TooMany)
            }
            (None, Expected::Absent) if is_write => Ok(()),
            (None, Expected::Absent | Expected::Hash(_)) => Err(FlowError::NotFound),
            (Some(text), Expected::Hash(hash)) if flow_hash(&text.text) == *hash => Ok(()),
            (Some(_), Expected::Absent | Expected::Hash(_)) => Err(FlowError::Stale),
        }
    }
}

/// The texts with another for this flow, or without it.
pub(crate) fn with(texts: &Texts, flow: &FlowId, text: Option<FlowText>) -> Texts {
    let mut texts = texts.clone();
    match text {
        Some(text) => drop(texts.insert(flow.clone(), text)),
        None => drop(texts.remove(flow)),
    }
    texts
}
