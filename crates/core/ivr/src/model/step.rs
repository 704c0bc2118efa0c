//! The kinds of steps and what each is told.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use hotline_base::{FlowId, QueueId};
use hotline_yaml::{At, Place};
use serde::{Deserialize, Serialize};

use super::request::{Lookup, Stream, Webhook};
use crate::end::{CallbackExit, HangupCause, HoursExit, QueueExit, RecordExit, TransferExit};
use crate::expression::{Expression, Type};
use crate::name::{Language, PromptName, StepName, Variable};
use crate::sequence::KeySequence;
use crate::spoken::{Currency, SpokenKind};
use crate::template::Template;

/// Where a way out leads.
pub(crate) type To = At<StepName>;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum StepKind {
    Answer(Answer),
    Ring(Ring),
    Say(Arc<Say>),
    Menu(Arc<Menu>),
    Collect(Arc<Collect>),
    Condition(Arc<Condition>),
    Hours(Hours),
    Set(Arc<Set>),
    Lookup(Arc<Lookup>),
    Queue(Arc<Queue>),
    Transfer(Arc<Transfer>),
    Voicemail(Arc<Voicemail>),
    Record(Arc<Record>),
    Survey(Arc<Survey>),
    Callback(Arc<Callback>),
    Dtmf(Arc<Dtmf>),
    Language(SetLanguage),
    Call(Arc<CallFlow>),
    Return,
    Webhook(Arc<Webhook>),
    Stream(Arc<Stream>),
    Goto(To),
    Hangup(HangupCause),
}

impl StepKind {
    /// Every kind, as it is written.
    pub(crate) const NAMES: &'static [&'static str] = &[
        "answer",
        "ring",
        "say",
        "menu",
        "collect",
        "condition",
        "hours",
        "set",
        "lookup",
        "queue",
        "transfer",
        "voicemail",
        "record",
        "survey",
        "callback",
        "dtmf",
        "language",
        "call",
        "return",
        "webhook",
        "stream",
        "goto",
        "hangup",
    ];

    /// As it is written.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Answer(_) => "answer",
            Self::Ring(_) => "ring",
            Self::Say(_) => "say",
            Self::Menu(_) => "menu",
            Self::Collect(_) => "collect",
            Self::Condition(_) => "condition",
            Self::Hours(_) => "hours",
            Self::Set(_) => "set",
            Self::Lookup(_) => "lookup",
            Self::Queue(_) => "queue",
            Self::Transfer(_) => "transfer",
            Self::Voicemail(_) => "voicemail",
            Self::Record(_) => "record",
            Self::Survey(_) => "survey",
            Self::Callback(_) => "callback",
            Self::Dtmf(_) => "dtmf",
            Self::Language(_) => "language",
            Self::Call(_) => "call",
            Self::Return => "return",
            Self::Webhook(_) => "webhook",
            Self::Stream(_) => "stream",
            Self::Goto(_) => "goto",
            Self::Hangup(_) => "hangup",
        }
    }
}

/// Accepts the call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) then: To,
}

/// Lets the caller hear ringing, before the call is answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ring {
    /// How long before it goes on.
    pub(crate) duration: Duration,
    pub(crate) then: To,
}

/// What is said in one go.
pub(crate) type SayItems = Vec<SayItem>;

/// One thing that is said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum SayItem {
    /// A recorded prompt.
    Prompt(At<PromptName>),
    /// A value by recorded phrases.
    Value { kind: SpokenAs, value: Expression },
    /// A text by the speech engine.
    Speech(Template),
    /// What a `record` step recorded, named by the variable.
    Recorded(At<Variable>),
}

/// How a value is spoken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum SpokenAs {
    Number,
    Ordinal,
    Digits,
    /// A date such as `2026-11-29`.
    Date,
    /// The same with the day of the week.
    DateWithWeekday,
    /// A time of day such as `09:05`.
    Time,
    /// Seconds.
    Duration,
    /// An amount in this currency.
    Money(String),
}

impl SpokenAs {
    pub(crate) const NAMES: &'static [&'static str] =
        &["number", "ordinal", "digits", "date", "date_with_weekday", "time", "duration", "money"];

    /// What phrases say a value of `value_type` like this; `None` for a currency that is not known.
    pub(crate) fn kind(&self, value_type: Type) -> Option<SpokenKind> {
        Some(match self {
            Self::Number if value_type == Type::Decimal => SpokenKind::Decimal,
            Self::Number => SpokenKind::Number,
            Self::Ordinal => SpokenKind::Ordinal,
            Self::Digits => SpokenKind::Digits,
            Self::Date => SpokenKind::Date,
            Self::DateWithWeekday => SpokenKind::DateWithWeekday,
            Self::Time => SpokenKind::Time,
            Self::Duration => SpokenKind::Duration,
            Self::Money(currency) => SpokenKind::Money(Currency::from_code(currency)?),
        })
    }
}

/// Plays prompts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Say {
    pub(crate) prompts: SayItems,
    /// True if a digit stops the prompts; it is kept for the next menu.
    pub(crate) barge_in: bool,
    pub(crate) then: To,
    /// Where it goes if something cannot be played; else it goes on as if it had been.
    pub(crate) failed: Option<To>,
}

/// Asks for one digit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Menu {
    pub(crate) ask: Ask,
    pub(crate) choices: BTreeMap<char, To>,
    pub(crate) direct_dial: Option<DirectDial>,
}

/// Lets callers dial an extension in a menu.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct DirectDial {
    /// How many digits extensions have.
    pub(crate) digits: usize,
    /// What was dialled.
    pub(crate) into: At<Variable>,
    /// How long to wait for each digit after the first, before that one counts as a choice.
    pub(crate) next_digit: Duration,
    pub(crate) then: To,
}

/// Asks for several digits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Collect {
    pub(crate) ask: Ask,
    pub(crate) into: At<Variable>,
    pub(crate) min_digits: usize,
    pub(crate) max_digits: usize,
    pub(crate) terminator: Option<char>,
    /// How long to wait for each digit after the first.
    pub(crate) next_digit: Duration,
    pub(crate) check: Check,
    /// True if the digits must not reach records.
    pub(crate) sensitive: bool,
    pub(crate) then: To,
}

/// What digits must be besides as many as wanted; what is not is treated as wrong digits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Check {
    /// Matches the whole number.
    pub(crate) regex: Option<String>,
    /// Ends in the right check digit (ISO/IEC 7812-1, annex B).
    pub(crate) luhn: bool,
    /// Is a date as `YYYYMMDD`, `DDMMYYYY`, `MMDDYYYY`, `YYMMDD` or `DDMM`.
    pub(crate) date: Option<String>,
    /// Has one of these lengths; empty if any will do.
    pub(crate) lengths: Vec<usize>,
}

/// What menu and collect share: a question and what follows when it is not answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ask {
    pub(crate) prompts: SayItems,
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
    pub(crate) retries: Vec<SayItems>,
    /// Where it goes after the last.
    pub(crate) then: To,
}

/// Goes where the first expression that is true says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Condition {
    pub(crate) cases: Vec<Case>,
    pub(crate) otherwise: To,
    /// Where it goes if an expression cannot be computed.
    pub(crate) error: Option<To>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Case {
    pub(crate) condition: Expression,
    pub(crate) then: To,
}

/// Goes by the calendar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Hours {
    pub(crate) schedule: At<String>,
    /// Complete: one for each of [`HoursExit::ALL`].
    pub(crate) exits: BTreeMap<HoursExit, To>,
}

/// Gives variables values, all computed from what they were before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Set {
    pub(crate) values: Vec<(At<Variable>, Expression)>,
    pub(crate) then: To,
    /// Where it goes if an expression cannot be computed; no variable is changed then.
    pub(crate) error: Option<To>,
}

/// Waits for an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Queue {
    pub(crate) queue: At<QueueId>,
    /// The level that an agent needs of each skill, whose name may be computed.
    pub(crate) skills: Vec<(Template, u8)>,
    /// A head start in seconds.
    pub(crate) priority_credit: Option<Expression>,
    /// The agent, by id or extension, who is asked first.
    pub(crate) agent: Option<Expression>,
    /// How long only that agent is asked.
    pub(crate) agent_wait: Duration,
    /// Whether the call is held for that agent also while it takes no calls.
    pub(crate) agent_only: bool,
    /// Whether it goes before all other callers.
    pub(crate) emergency: bool,
    /// Keys that leave the queue, and where to.
    pub(crate) keys: BTreeMap<KeySequence, To>,
    /// Complete: one for each of [`QueueExit::REQUIRED`].
    pub(crate) exits: BTreeMap<QueueExit, To>,
}

/// Connects to somebody else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Transfer {
    pub(crate) place: Place,
    pub(crate) to: TransferTo,
    /// How long it rings; the center's own time if absent.
    pub(crate) ring: Option<Duration>,
    /// Complete: one for each of [`TransferExit::REQUIRED`], unless it leads to a flow.
    pub(crate) exits: BTreeMap<TransferExit, To>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum TransferTo {
    /// An extension.
    Extension(Template),
    /// An agent by id.
    Agent(Template),
    /// A number outside, by the center's routes.
    Number(Template),
    /// Another flow, from its start.
    Flow(At<FlowId>),
}

/// Records a message for somebody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Voicemail {
    /// An agent by id, or a queue.
    pub(crate) to: At<String>,
    pub(crate) recording: Record,
}

/// Records what the caller says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Heard before; empty for none.
    pub(crate) prompts: SayItems,
    /// Names the recording afterwards; absent for voicemail.
    pub(crate) into: Option<At<Variable>>,
    /// The longest that may be said.
    pub(crate) longest: Duration,
    /// So much silence ends it.
    pub(crate) silence: Duration,
    /// Less than this is nothing.
    pub(crate) shortest: Duration,
    pub(crate) terminator: Option<char>,
    /// Complete: one for each of [`RecordExit::ALL`].
    pub(crate) exits: BTreeMap<RecordExit, To>,
}

/// Asks how it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Survey {
    pub(crate) name: String,
    pub(crate) questions: Vec<Question>,
    pub(crate) first_digit: Duration,
    pub(crate) then: To,
}

/// One question of a survey. An answer that does not come after it was asked twice is left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Question {
    pub(crate) name: String,
    pub(crate) prompts: SayItems,
    /// The least and the greatest digit that count.
    pub(crate) scale: (u8, u8),
}

/// Asks for a call back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Callback {
    pub(crate) queue: At<QueueId>,
    pub(crate) number: Expression,
    /// Complete: one for each of [`CallbackExit::ALL`].
    pub(crate) exits: BTreeMap<CallbackExit, To>,
}

/// Sends keys to the caller's side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Dtmf {
    pub(crate) digits: Template,
    pub(crate) then: To,
}

/// Changes the language of all that follows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SetLanguage {
    pub(crate) to: At<Language>,
    pub(crate) then: To,
}

/// Runs another flow and comes back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CallFlow {
    pub(crate) flow: At<FlowId>,
    /// The parameters that it is given.
    pub(crate) with: Vec<(At<Variable>, Expression)>,
    /// Ours, and its results that they get.
    pub(crate) into: Vec<(At<Variable>, At<Variable>)>,
    pub(crate) then: To,
}
