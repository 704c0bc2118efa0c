//! A file of tests as it runs.

use core::time::Duration;
use std::collections::BTreeMap;

use hotline_base::{FlowId, QueueId};
use hotline_ivr::{
    CallbackExit, Customer, Digit, Facts, HangupCause, HoursExit, Language, QueueExit, QueueFact, RecordExit,
    StreamExit, TransferExit, Value, Variable, WebhookExit,
};
use hotline_yaml::{At, Place, Source};

use crate::calendar::Moment;

/// A file of tests that was read without a mistake.
#[derive(Clone, Debug)]
pub struct TestFile {
    pub(crate) flow: FlowId,
    pub(crate) tests: Vec<Test>,
    pub(crate) source: Source,
}

impl TestFile {
    /// The flow that calls begin in.
    #[must_use]
    pub const fn flow(&self) -> &FlowId {
        &self.flow
    }

    /// The name of the file, for messages.
    #[must_use]
    pub fn file(&self) -> &str {
        self.source.file()
    }

    /// The tests in their order.
    #[must_use]
    pub fn tests(&self) -> &[Test] {
        &self.tests
    }
}

/// One call from beginning to end.
#[derive(Clone, Debug)]
pub struct Test {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) given: Given,
    pub(crate) steps: Vec<Step>,
    pub(crate) ends: Option<At<End>>,
    pub(crate) within: Option<At<Duration>>,
}

impl Test {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The line where it begins, counted from 1.
    #[must_use]
    pub const fn line(&self) -> u32 {
        self.place.line
    }
}

/// What there is before the call begins.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    pub(crate) facts: Facts,
    pub(crate) at: Moment,
    pub(crate) hours: BTreeMap<String, HoursExit>,
    pub(crate) customer: Option<Customer>,
    pub(crate) queues: BTreeMap<QueueId, BTreeMap<QueueFact, i64>>,
}

/// One line of what happens and what is expected.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) place: Place,
    pub(crate) kind: StepKind,
    /// So much time passes first.
    pub(crate) after: Option<Duration>,
    /// It must be there in that time.
    pub(crate) within: Option<Duration>,
}

#[derive(Clone, Debug)]
pub(crate) enum StepKind {
    /// Somebody does something.
    Does(Deed),
    /// The flow does something that the caller or somebody else notices, next.
    Expects(Expected),
    /// What is true at this moment.
    State(State),
    /// What happens until the next expectation is of no interest.
    Skip,
}

#[derive(Clone, Debug)]
pub(crate) enum Deed {
    Presses { keys: Vec<Digit>, gap: Duration },
    Silence(Duration),
    Queue(QueueExit),
    Transfer(TransferExit),
    Connected,
    AgentLeft,
    HangsUp,
    Replies(Answer),
    Recording(RecordExit),
    StreamEnds { exit: StreamExit, result: BTreeMap<String, String> },
    PromptFails,
}

/// What a service, the address book or the center answers.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Json(serde_json::Value),
    Customer(Customer),
    NotFound,
    Failed,
    /// The time limit passes.
    Nothing,
    Webhook(WebhookExit),
    Callback(CallbackExit),
}

#[derive(Clone, Debug)]
pub(crate) enum Expected {
    Hears(Vec<At<Heard>>),
    Queued(QueueEntry),
    Transferred { to: Whom, number: String, ring: Option<Duration> },
    Asks(Question),
    Records { mailbox: Option<String> },
    Stream { url: String, parameters: Option<BTreeMap<String, String>> },
    Sends(String),
}

/// One thing that is heard.
#[derive(Clone, Debug)]
pub(crate) enum Heard {
    Prompt(String),
    Speech(String),
    /// What the caller recorded.
    Recorded,
    /// The tone in place of a question that cannot be played.
    Beep,
    /// A value by recorded phrases: the kind, the value as an expression, the currency.
    Value {
        kind: String,
        expression: String,
        currency: Option<String>,
    },
}

/// How the call waits; what is absent is not compared.
#[derive(Clone, Debug)]
pub(crate) struct QueueEntry {
    pub(crate) queue: QueueId,
    pub(crate) skills: Option<BTreeMap<String, u8>>,
    pub(crate) credit: Option<Duration>,
    pub(crate) agent: Option<String>,
    pub(crate) agent_wait: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whom {
    Extension,
    Agent,
    Number,
}

impl Whom {
    pub(crate) const ALL: [Self; 3] = [Self::Extension, Self::Agent, Self::Number];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Extension => "extension",
            Self::Agent => "agent",
            Self::Number => "number",
        }
    }
}

/// A question that the flow asks; what is absent is not compared.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    Http {
        method: String,
        url: String,
        headers: BTreeMap<String, String>,
        body: Option<BTreeMap<String, Value>>,
    },
    Customer(String),
    Callback {
        queue: QueueId,
        number: Option<String>,
    },
}

#[derive(Clone, Debug)]
pub(crate) enum State {
    /// `None`: the variable has no value.
    Variables(Vec<(At<Variable>, Option<Value>)>),
    Language(Language),
    InStep(String),
    Answered(bool),
    Ringing(bool),
    Survey(BTreeMap<String, u8>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Hangup(HangupCause),
    /// Somebody has the call and the flow has nothing more to do.
    Connected,
    /// The caller hung up.
    HungUp,
}
