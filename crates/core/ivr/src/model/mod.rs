//! A flow as it runs: steps by name. Every reference keeps its place in the file for the checker.

mod exits;
mod gaps;
mod request;
mod step;

use std::collections::BTreeMap;
use std::sync::Arc;

use hotline_base::{FlowId, QueueId};
use hotline_yaml::{At, Place, Source};
use serde::{Deserialize, Serialize};

pub use exits::Exit;
pub(crate) use exits::Pace;
pub(crate) use gaps::Gaps;
pub use request::Method;
pub(crate) use request::{Http, Lookup, LookupSource, Stream, Webhook};
pub(crate) use step::{
    Answer, Ask, CallFlow, Callback, Case, Check, Collect, Condition, DirectDial, Dtmf, Failure, Hours, Menu,
    Question, Queue, Record, Ring, Say, SayItem, SayItems, Set, SetLanguage, SpokenAs, StepKind, Survey,
    Transfer, TransferTo, Voicemail,
};

use crate::expression::{Type, Value};
use crate::name::{Language, StepName, Variable};

/// A flow that was read. Whether the names in it exist is for [`crate::check()`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    pub(crate) name: FlowId,
    /// At least one; the first is the default.
    pub(crate) languages: Vec<At<Language>>,
    pub(crate) variables: BTreeMap<Variable, Declaration>,
    /// What whoever calls it must give.
    pub(crate) parameters: Vec<At<Variable>>,
    /// What whoever calls it gets.
    pub(crate) results: Vec<At<Variable>>,
    pub(crate) start: At<StepName>,
    pub(crate) steps: BTreeMap<StepName, Step>,
    /// Where diagnostics point; of no use to a call.
    #[serde(skip)]
    pub(crate) source: Source,
    /// What the checker must not draw conclusions from; nothing in a flow that runs.
    #[serde(skip)]
    pub(crate) gaps: Gaps,
}

/// A variable as it is declared at the top of a flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Declaration {
    pub(crate) place: Place,
    pub(crate) value_type: Type,
    /// What it holds when the flow begins.
    pub(crate) initial: Option<Value>,
    /// True if what it holds must reach no log, address or webhook.
    pub(crate) sensitive: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Step {
    /// Where its name stands.
    pub(crate) place: Place,
    pub(crate) kind: StepKind,
}

/// The flows of a center that belong together: a call runs on the version of all of them with which it began.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Flows(BTreeMap<FlowId, Arc<Flow>>);

impl Flows {
    /// The flow of that name.
    #[must_use]
    pub fn get(&self, name: &FlowId) -> Option<&Arc<Flow>> {
        self.0.get(name)
    }

    /// The flow of that name, with the name as it is kept here.
    pub(crate) fn get_entry(&self, name: &FlowId) -> Option<(&FlowId, &Arc<Flow>)> {
        self.0.get_key_value(name)
    }

    /// All of them by name.
    pub fn iter(&self) -> impl Iterator<Item = (&FlowId, &Arc<Flow>)> {
        self.0.iter()
    }

    /// These and one more, in place of one of the same name.
    #[must_use]
    pub fn with(&self, flow: Flow) -> Self {
        let mut all = self.0.clone();
        all.insert(flow.name.clone(), Arc::new(flow));
        Self(all)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Flow> for Flows {
    fn from_iter<I: IntoIterator<Item = Flow>>(flows: I) -> Self {
        Self(flows.into_iter().map(|flow| (flow.name.clone(), Arc::new(flow))).collect())
    }
}

impl Flow {
    /// The flow's id.
    #[must_use]
    pub const fn name(&self) -> &FlowId {
        &self.name
    }

    /// True if its file was read without a mistake. Only such a flow can run; what is known of another is good for more mistakes.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        !self.gaps.any
    }

    /// The languages that it speaks, the default first; none if they could not be read.
    pub fn languages(&self) -> impl Iterator<Item = &Language> {
        self.languages.iter().map(|language| &language.value)
    }

    /// The flows that it calls or hands calls to.
    pub fn linked(&self) -> impl Iterator<Item = &FlowId> {
        self.steps.values().filter_map(|step| {
            if let StepKind::Call(call) = &step.kind {
                return Some(&call.flow.value);
            }
            let StepKind::Transfer(transfer) = &step.kind else { return None };
            if let TransferTo::Flow(flow) = &transfer.to { Some(&flow.value) } else { None }
        })
    }

    /// The queues that it may send a call to.
    pub fn queues(&self) -> impl Iterator<Item = &QueueId> {
        self.steps.values().filter_map(|step| {
            if let StepKind::Queue(queue) = &step.kind { Some(&queue.queue.value) } else { None }
        })
    }

    /// The names of its steps and of the ways out of each, for figures by step.
    pub fn exits(&self) -> impl Iterator<Item = (&StepName, Vec<Exit<'_>>)> {
        self.steps.iter().map(|(name, step)| (name, step.kind.exits()))
    }

    pub(crate) fn is_sensitive(&self, variable: &Variable) -> bool {
        self.variables.get(variable).is_some_and(|declared| declared.sensitive)
    }
}
