//! What of a flow's file could not be read.

use std::collections::{BTreeMap, BTreeSet};

use hotline_yaml::{Node, Value, is_near};

use crate::name::StepName;

/// More steps with mistakes than this are not looked at one by one: then nobody can say which steps are reached.
const MAX_SEARCHED: usize = 64;

/// What a flow lacks because its file has mistakes in these places. Nothing that is there is judged by what may stand in a
/// gap, so that one mistake is not told twice. A flow that can run has none.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Gaps {
    /// True if anything of the file has a mistake.
    pub(crate) any: bool,
    /// The steps that could not be read as they are meant, and the texts in each, among which are the steps that it leads to.
    pub(crate) steps: BTreeMap<StepName, BTreeSet<String>>,
    /// True if variables, parameters or results have mistakes.
    pub(crate) variables: bool,
    /// True if there may be steps whose names are not known.
    pub(crate) unnamed: bool,
    /// True if what leads to a step may be missing beside the steps that are noted here, such as where calls begin.
    pub(crate) unlinked: bool,
}

impl Gaps {
    /// Notes a step that has mistakes.
    pub(crate) fn step(&mut self, name: &str, node: &Node) {
        let mut texts = BTreeSet::new();
        collect(node, &mut texts);
        self.steps.insert(StepName::from(name), texts);
    }

    /// Whether something that could not be read may lead to this step, a misspelt name included.
    pub(crate) fn may_lead_to(&self, step: &StepName) -> bool {
        let named = |text: &String| is_near(text, step.as_str());
        self.unlinked
            || self.steps.len() > MAX_SEARCHED
            || self.steps.values().any(|texts| texts.contains(step.as_str()) || texts.iter().any(named))
    }
}

/// All texts of a value that could be names.
fn collect(node: &Node, texts: &mut BTreeSet<String>) {
    match &node.value {
        Value::Text(text) if hotline_yaml::is_name(text) => {
            texts.insert(text.clone());
        }
        Value::List(items) => items.iter().for_each(|item| collect(item, texts)),
        Value::Map(entries) => entries.iter().for_each(|(_, value)| collect(value, texts)),
        Value::Text(_) | Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Decimal(_) => {}
    }
}
