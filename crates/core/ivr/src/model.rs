//! A flow as it runs: steps by name. Every reference keeps its place in the file for the checker.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use hotline_base::{FlowId, QueueId};
use hotline_yaml::{At, Place, Source};
use serde::{Deserialize, Serialize};

use crate::end::{HangupCause, QueueExit, TransferExit};
use crate::name::{Language, PromptName, StepName, Variable};

/// A flow that was read without a mistake. Whether the names in it exist is for [`crate::check()`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    pub(crate) name: FlowId,
    /// At least one; the first is the default.
    pub(crate) languages: Vec<At<Language>>,
    pub(crate) start: At<StepName>,
    pub(crate) steps: BTreeMap<StepName, Step>,
    /// Where diagnostics point; of no use to a call.
    #[serde(skip)]
    pub(crate) source: Source,
}

impl Flow {
    /// The flow's id.
    #[must_use]
    pub const fn name(&self) -> &FlowId {
        &self.name
    }

    /// The languages that it speaks, the default first.
    pub fn languages(&self) -> impl Iterator<Item = &Language> {
        self.languages.iter().map(|language| &language.value)
    }

    /// The queues that it may send a call to.
    pub fn queues(&self) -> impl Iterator<Item = &QueueId> {
        self.steps.values().filter_map(|step| match &step.kind {
            StepKind::Queue(queue) => Some(&queue.queue.value),
            StepKind::Answer(_)
            | StepKind::Say(_)
            | StepKind::Menu(_)
            | StepKind::Collect(_)
            | StepKind::Language(_)
            | StepKind::Transfer(_)
            | StepKind::Goto(_)
            | StepKind::Hangup(_) => None,
        })
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Step {
    /// Where its name stands.
    pub(crate) place: Place,
    pub(crate) kind: StepKind,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum StepKind {
    Answer(Answer),
    Say(Say),
    Menu(Arc<Menu>),
    Collect(Arc<Collect>),
    Language(SetLanguage),
    Queue(Queue),
    Transfer(Transfer),
    Goto(At<StepName>),
    Hangup(HangupCause),
}

/// Accepts the call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) then: At<StepName>,
}

/// Plays prompts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Say {
    pub(crate) prompts: Prompts,
    /// True if a digit stops the prompts; it is kept for the next menu.
    pub(crate) barge_in: bool,
    pub(crate) then: At<StepName>,
}

/// Asks for one digit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Menu {
    pub(crate) ask: Ask,
    pub(crate) choices: BTreeMap<char, At<StepName>>,
}

/// Asks for several digits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Collect {
    pub(crate) ask: Ask,
    pub(crate) into: Variable,
    pub(crate) min_digits: usize,
    pub(crate) max_digits: usize,
    pub(crate) terminator: Option<char>,
    /// How long to wait for each digit after the first.
    pub(crate) next_digit: Duration,
    /// True if the digits must not reach records.
    pub(crate) sensitive: bool,
    pub(crate) then: At<StepName>,
}

/// What menu and collect share: a question and what follows when it is not answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ask {
    pub(crate) prompts: Prompts,
    /// True if a digit stops the prompts. Digits count in both cases.
    pub(crate) barge_in: bool,
    /// How long to wait for the first digit after the prompts.
    pub(crate) first_digit: Duration,
    pub(crate) no_input: Failure,
    pub(crate) invalid: Failure,
}

/// One way of not answering a question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Failure {
    /// What is played at each repetition; their number is the number of repetitions.
    pub(crate) retries: Vec<Prompts>,
    /// Where it goes after the last.
    pub(crate) then: At<StepName>,
}

pub(crate) type Prompts = Vec<At<PromptName>>;

/// Changes the language of all that follows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SetLanguage {
    pub(crate) to: At<Language>,
    pub(crate) then: At<StepName>,
}

/// Waits for an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Queue {
    pub(crate) queue: At<QueueId>,
    /// Complete: one for each of [`QueueExit::ALL`].
    pub(crate) exits: BTreeMap<QueueExit, At<StepName>>,
}

/// Connects to an extension.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Transfer {
    pub(crate) extension: At<String>,
    /// Complete: one for each of [`TransferExit::ALL`].
    pub(crate) exits: BTreeMap<TransferExit, At<StepName>>,
}
