//! The language of flows in one table: every kind of step, what can be written in it and what that means. The reader,
//! the JSON Schema and the reference in `docs/flows.md` come from it.

use crate::end::{
    CallbackExit, HangupCause, HoursExit, LookupExit, QueueExit, RecordExit, StreamExit, TransferExit,
    WebhookExit,
};
use crate::expression::Type;
use crate::model::{Method, SpokenAs};

/// What stands behind a key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// The name of a step.
    Step,
    /// What is said: names of prompts, values, texts.
    Prompts,
    /// `true` or `false`.
    Boolean,
    /// Seconds between these.
    Seconds(u32, u32),
    /// A whole number between these.
    Count(usize, usize),
    /// One key of a telephone.
    Key,
    /// Keys of a telephone and the steps where they lead.
    Keys,
    /// Keys, or several in a row, and a step each.
    KeySequences,
    /// An expression.
    Expression,
    /// A text in which `{{ … }}` stand for values.
    Template,
    /// A list of lists of prompts.
    Retries,
    /// A name that is defined elsewhere: a queue, a flow, a schedule, a language, a variable.
    Name,
    /// A text as it is.
    Text,
    /// A text, a number, `true` or `false`.
    Scalar,
    /// One of these.
    OneOf(&'static [&'static str]),
    /// Names and an expression each.
    Assignments,
    /// Names and a text, a number, `true` or `false` each.
    Templates,
    /// Names and a text each.
    Headers,
    /// Names and a name or path each.
    Names,
    /// Names of skills and a level each.
    Levels,
    /// A list of whole numbers.
    Counts,
    /// A list of languages.
    Languages,
    /// A list of variables.
    Variables,
    /// Variables and how they are declared.
    Declarations,
    /// Steps by name.
    Steps,
    /// A mapping with these keys.
    Fields(&'static [Field]),
    /// A list of mappings with these keys.
    List(&'static [Field]),
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) shape: Shape,
    pub(crate) about: &'static str,
}

/// One kind of step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) shape: Shape,
}

const fn must(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { name, required: true, shape, about }
}

const fn may(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { name, required: false, shape, about }
}

/// What stands at the top of a flow.
pub(crate) const TOP: &[Field] = &[
    must("flow", Shape::Name, "the name, which is that of the file without .yaml"),
    must("languages", Shape::Languages, "folders of prompts in `sounds/`; the first is the default"),
    may("variables", Shape::Declarations, "what the flow remembers: a type each, or a mapping as below"),
    may("parameters", Shape::Variables, "the variables that a `call` of this flow must give"),
    may("results", Shape::Variables, "the variables that a `call` of this flow may take"),
    must("start", Shape::Step, "the step where calls begin"),
    must("steps", Shape::Steps, "the steps by name, each with exactly one kind"),
];

const THEN: Field = must("then", Shape::Step, "the step that follows");
const PROMPTS: Field = must("prompts", Shape::Prompts, "what is said");
const BARGE_IN: Field = may("barge_in", Shape::Boolean, "true (the default) if a key stops what is said");
const TIMEOUT: Field = may(
    "timeout_s",
    Shape::Seconds(1, 120),
    "how long to wait for the first key after the prompts, 5 by default",
);
const NEXT_DIGIT: Field =
    may("next_digit_s", Shape::Seconds(1, 120), "how long to wait for each further key, 3 by default");
const TERMINATOR: Field = may("terminator", Shape::Key, "a key that ends it early");

/// `no_input` and `invalid`.
pub(crate) const FAILURE: &[Field] = &[
    may("retries", Shape::Retries, "what is said at each repetition; none by default"),
    must("then", Shape::Step, "the step after the last repetition"),
];
const NO_INPUT: Field = must("no_input", Shape::Fields(FAILURE), "what follows when no key is pressed");
const INVALID: Field =
    must("invalid", Shape::Fields(FAILURE), "what follows wrong keys; counted apart from no keys");

const THEN_ONLY: &[Field] = &[THEN];
const RING: &[Field] =
    &[may("for_s", Shape::Seconds(0, 60), "how long the caller hears ringing; at once by default"), THEN];
const SAY: &[Field] =
    &[PROMPTS, BARGE_IN, THEN, may("failed", Shape::Step, "where it goes if something cannot be played")];
pub(crate) const DIRECT_DIAL: &[Field] = &[
    must("digits", Shape::Count(1, 10), "how many digits extensions have"),
    must("into", Shape::Name, "the variable that gets what was dialled"),
    NEXT_DIGIT,
    must("then", Shape::Step, "the step that follows, a transfer as a rule"),
];
const MENU: &[Field] = &[
    PROMPTS,
    BARGE_IN,
    TIMEOUT,
    must("choices", Shape::Keys, "where each key leads"),
    may("direct_dial", Shape::Fields(DIRECT_DIAL), "lets callers dial an extension"),
    NO_INPUT,
    INVALID,
];
/// What collected digits must be.
pub(crate) const CHECK: &[Field] = &[
    may("regex", Shape::Text, "a regular expression that fits the whole number"),
    may("luhn", Shape::Boolean, "true if the last digit is a check digit as on payment cards"),
    may("date", Shape::OneOf(DATE_FORMATS), "the digits are a date that exists"),
    may("length", Shape::Counts, "the lengths that are possible"),
];
/// How callers enter dates.
pub(crate) const DATE_FORMATS: &[&str] = &["YYYYMMDD", "DDMMYYYY", "MMDDYYYY", "YYMMDD", "DDMM", "MMDD"];
const COLLECT: &[Field] = &[
    PROMPTS,
    BARGE_IN,
    TIMEOUT,
    NEXT_DIGIT,
    must("into", Shape::Name, "the variable that gets the digits"),
    must("min_digits", Shape::Count(1, 32), "the fewest digits"),
    must("max_digits", Shape::Count(1, 32), "the most digits; it ends with the last"),
    TERMINATOR,
    may("check", Shape::Fields(CHECK), "what the digits must be besides"),
    may(
        "sensitive",
        Shape::Boolean,
        "true if the digits stay out of records; so it is if the variable is sensitive",
    ),
    NO_INPUT,
    INVALID,
    THEN,
];
/// One case of a `condition`.
pub(crate) const CASE: &[Field] = &[
    must("if", Shape::Expression, "a condition"),
    must("then", Shape::Step, "where it goes if that is true"),
];
const ERROR: Field = may("error", Shape::Step, "where it goes if an expression cannot be computed");
const CONDITION: &[Field] = &[
    may("if", Shape::Expression, "a condition; or `cases`"),
    may("then", Shape::Step, "where it goes if that is true"),
    may("cases", Shape::List(CASE), "conditions, the first that is true counts"),
    must("else", Shape::Step, "where it goes if none is true"),
    ERROR,
];
const HOURS_EXITS: &[Field] = &[
    must(HoursExit::Open.name(), Shape::Step, "within the hours"),
    must(HoursExit::Closed.name(), Shape::Step, "outside them"),
    must(HoursExit::Holiday.name(), Shape::Step, "on a holiday"),
];
const HOURS: &[Field] = &[
    must("schedule", Shape::Name, "one of `hours` in config/center.yaml"),
    must("exits", Shape::Fields(HOURS_EXITS), "where it goes"),
];
const SET: &[Field] = &[must("values", Shape::Assignments, "variables and what they become"), THEN, ERROR];
/// A request over HTTP.
pub(crate) const HTTP: &[Field] = &[
    must("url", Shape::Template, "the address; values in it are escaped"),
    may("method", Shape::OneOf(Method::NAMES), "GET for a lookup and POST for a webhook by default"),
    may("headers", Shape::Headers, "header fields"),
    may("body", Shape::Templates, "the members of a JSON object"),
    must("timeout_s", Shape::Seconds(1, 30), "the limit for everything, repetitions included"),
    may("retries", Shape::Count(0, 3), "how often it is tried again, 0 by default"),
];
const LOOKUP_EXITS: &[Field] = &[
    must(LookupExit::Found.name(), Shape::Step, "all that was asked for is there"),
    must(LookupExit::NotFound.name(), Shape::Step, "there is none"),
    must(LookupExit::Failed.name(), Shape::Step, "no answer in time, or one that cannot be understood"),
];
const LOOKUP: &[Field] = &[
    may("customer", Shape::Expression, "the number of a customer; or `http`"),
    may("http", Shape::Fields(HTTP), "a question to a service"),
    may("timeout_s", Shape::Seconds(1, 30), "the limit for a customer, 3 by default"),
    may("into", Shape::Names, "variables, and the customer's field or the path in the answer that they get"),
    must("exits", Shape::Fields(LOOKUP_EXITS), "where it goes"),
];
const QUEUE_EXITS: &[Field] = &[
    must(QueueExit::Full.name(), Shape::Step, "the queue holds as many as it may"),
    must(QueueExit::Timeout.name(), Shape::Step, "the longest wait is over"),
    must(QueueExit::NoAgents.name(), Shape::Step, "nobody is there"),
    may(QueueExit::Closed.name(), Shape::Step, "its opening hours are over; `no_agents` by default"),
    may(QueueExit::Withdrawn.name(), Shape::Step, "a person took the caller out; `timeout` by default"),
    may(QueueExit::AgentLeft.name(), Shape::Step, "the agent hung up first, for surveys"),
];
const QUEUE: &[Field] = &[
    must("name", Shape::Name, "one of `queues` in config/center.yaml"),
    may(
        "skills",
        Shape::Levels,
        "the level from 1 to 10 that an agent needs of each skill; a name may be computed, such as `\"{{ call.language }}\"`",
    ),
    may("priority_credit_s", Shape::Expression, "a head start in seconds"),
    may(
        "emergency",
        Shape::Boolean,
        "true if it goes before all other callers, however long those have waited",
    ),
    may("agent", Shape::Expression, "the agent, by id or extension, who is asked first"),
    may("agent_wait_s", Shape::Seconds(1, 3600), "how long only that agent is asked, 30 by default"),
    may(
        "agent_only",
        Shape::Boolean,
        "true if the call is held for that agent also while it takes no calls; else others are asked at once then",
    ),
    may("keys", Shape::KeySequences, "keys, or up to 8 in a row, that leave the queue, and where they lead"),
    must("exits", Shape::Fields(QUEUE_EXITS), "where it goes without an agent"),
];
const TRANSFER_EXITS: &[Field] = &[
    must(TransferExit::Busy.name(), Shape::Step, "the other one is in a call"),
    must(TransferExit::NoAnswer.name(), Shape::Step, "nobody picks up"),
    must(TransferExit::Unavailable.name(), Shape::Step, "the other one cannot be reached"),
    may(TransferExit::AgentLeft.name(), Shape::Step, "the other one hung up first"),
];
const TRANSFER: &[Field] = &[
    may("extension", Shape::Template, "an extension"),
    may("agent", Shape::Template, "an agent's id"),
    may("number", Shape::Template, "a number outside, by `routes` in config/center.yaml"),
    may("flow", Shape::Name, "another flow, from its start"),
    may("ring_s", Shape::Seconds(1, 300), "how long it rings; the center's own time by default"),
    may("exits", Shape::Fields(TRANSFER_EXITS), "where it goes if nobody takes the call; not for `flow`"),
];
const RECORD_EXITS: &[Field] = &[
    must(
        RecordExit::Recorded.name(),
        Shape::Step,
        "the message was kept, also if the caller hung up after it",
    ),
    must(RecordExit::Nothing.name(), Shape::Step, "nothing was said"),
    must(RecordExit::Failed.name(), Shape::Step, "the message could not be kept"),
];
const LONGEST: Field = may("max_s", Shape::Seconds(1, 600), "the longest message, 120 by default");
const SILENCE: Field = may("silence_s", Shape::Seconds(1, 60), "so much silence ends it, 5 by default");
const SHORTEST: Field = may("min_s", Shape::Seconds(0, 60), "less is no message, 1 by default");
const MAY_PROMPTS: Field = may("prompts", Shape::Prompts, "what is said before; a beep follows");
const RECORD_ENDS: Field = must("exits", Shape::Fields(RECORD_EXITS), "where it goes");
const VOICEMAIL: &[Field] = &[
    must("to", Shape::Name, "an agent's id or a queue: who gets the message"),
    MAY_PROMPTS,
    LONGEST,
    SILENCE,
    SHORTEST,
    TERMINATOR,
    RECORD_ENDS,
];
const RECORD: &[Field] = &[
    must("into", Shape::Name, "the variable that names the recording, for `{recorded: …}`"),
    MAY_PROMPTS,
    LONGEST,
    SILENCE,
    SHORTEST,
    TERMINATOR,
    RECORD_ENDS,
];
/// A question of a survey.
pub(crate) const QUESTION: &[Field] = &[
    must("name", Shape::Name, "how the answers are called in reports"),
    PROMPTS,
    must("from", Shape::Count(0, 9), "the least key that counts"),
    must("to", Shape::Count(0, 9), "the greatest key that counts"),
];
const SURVEY: &[Field] = &[
    must("name", Shape::Name, "how the survey is called in reports"),
    must("questions", Shape::List(QUESTION), "what is asked; each twice if no key that counts comes"),
    TIMEOUT,
    THEN,
];
const CALLBACK_EXITS: &[Field] = &[
    must(CallbackExit::Booked.name(), Shape::Step, "it is noted"),
    must(CallbackExit::Refused.name(), Shape::Step, "the number cannot be called, or there are too many"),
];
const CALLBACK: &[Field] = &[
    must("queue", Shape::Name, "the queue whose agents call back"),
    must("number", Shape::Expression, "the number to call"),
    must("exits", Shape::Fields(CALLBACK_EXITS), "where it goes"),
];
const DTMF: &[Field] = &[must("digits", Shape::Template, "the keys, at most 32"), THEN];
const LANGUAGE: &[Field] = &[must("to", Shape::Name, "one of the flow's languages"), THEN];
const CALL: &[Field] = &[
    must("flow", Shape::Name, "the flow that is run"),
    may("with", Shape::Assignments, "its parameters"),
    may("into", Shape::Names, "variables of this flow, and the results that they get"),
    THEN,
];
const WEBHOOK_EXITS: &[Field] = &[
    must(WebhookExit::Done.name(), Shape::Step, "it was taken"),
    must(WebhookExit::Failed.name(), Shape::Step, "it was not"),
];
const WEBHOOK: &[Field] = &[
    must("http", Shape::Fields(HTTP), "the request"),
    must("exits", Shape::Fields(WEBHOOK_EXITS), "where it goes"),
];
const STREAM_EXITS: &[Field] = &[
    must(StreamExit::Done.name(), Shape::Step, "the service is done"),
    must(StreamExit::Timeout.name(), Shape::Step, "it lasted as long as it may"),
    must(StreamExit::Failed.name(), Shape::Step, "it could not be reached or broke off"),
];
const STREAM: &[Field] = &[
    must("url", Shape::Template, "ws:// or wss:// and the rest of the address"),
    may("parameters", Shape::Templates, "what the service is told at the start"),
    may("into", Shape::Names, "variables, and the members of the service's result that they get"),
    may("connect_s", Shape::Seconds(1, 30), "how long the service may take to be there, 5 by default"),
    must("timeout_s", Shape::Seconds(1, 3600), "how long it may last"),
    must("exits", Shape::Fields(STREAM_EXITS), "where it goes"),
];
const WRITABLE_CAUSES: &[&str] = &[
    HangupCause::Normal.name(),
    HangupCause::Busy.name(),
    HangupCause::Rejected.name(),
    HangupCause::Unavailable.name(),
    HangupCause::NotFound.name(),
];
const HANGUP: &[Field] = &[must("cause", Shape::OneOf(WRITABLE_CAUSES), "what the caller's side is told")];

/// A variable's declaration, in its long form.
pub(crate) const DECLARATION: &[Field] = &[
    must("type", Shape::OneOf(TYPES), "what it holds"),
    may("initial", Shape::Scalar, "what it holds at the start"),
    may("sensitive", Shape::Boolean, "true if what it holds must reach no log, address or webhook"),
];
/// The types of variables.
pub(crate) const TYPES: &[&str] =
    &[Type::Text.name(), Type::Integer.name(), Type::Decimal.name(), Type::Boolean.name()];
/// How values are said: `{number: tries}`.
pub(crate) const SPOKEN: &[&str] = SpokenAs::NAMES;
/// The currencies of `{money: amount, currency: EUR}`.
pub(crate) const CURRENCIES: &[&str] = &["CNY", "USD", "EUR", "GBP"];

const EVERY: &[Kind] = &[
    Kind {
        name: "answer",
        shape: Shape::Fields(THEN_ONLY),
        about: "Accepts the call. What is said before is early media (183), without cost for the caller.",
    },
    Kind { name: "ring", shape: Shape::Fields(RING), about: "Lets the caller hear ringing." },
    Kind { name: "say", shape: Shape::Fields(SAY), about: "Says prompts, values and texts." },
    Kind { name: "menu", shape: Shape::Fields(MENU), about: "Asks for one key." },
    Kind { name: "collect", shape: Shape::Fields(COLLECT), about: "Asks for several digits." },
    Kind {
        name: "condition",
        shape: Shape::Fields(CONDITION),
        about: "Goes where the first true condition says.",
    },
    Kind { name: "hours", shape: Shape::Fields(HOURS), about: "Goes by the calendar." },
    Kind { name: "set", shape: Shape::Fields(SET), about: "Gives variables values." },
    Kind { name: "lookup", shape: Shape::Fields(LOOKUP), about: "Asks the address book or a service." },
    Kind { name: "queue", shape: Shape::Fields(QUEUE), about: "Waits for an agent." },
    Kind {
        name: "transfer",
        shape: Shape::Fields(TRANSFER),
        about: "Connects to an extension, an agent, a number outside or another flow.",
    },
    Kind { name: "voicemail", shape: Shape::Fields(VOICEMAIL), about: "Records a message for somebody." },
    Kind { name: "record", shape: Shape::Fields(RECORD), about: "Records what the caller says." },
    Kind { name: "survey", shape: Shape::Fields(SURVEY), about: "Asks how it was." },
    Kind {
        name: "callback",
        shape: Shape::Fields(CALLBACK),
        about: "Notes that the caller is to be called back.",
    },
    Kind { name: "dtmf", shape: Shape::Fields(DTMF), about: "Sends keys to the caller's side." },
    Kind {
        name: "language",
        shape: Shape::Fields(LANGUAGE),
        about: "Changes the language of all that follows.",
    },
    Kind { name: "call", shape: Shape::Fields(CALL), about: "Runs another flow and comes back." },
    Kind { name: "return", shape: Shape::Fields(&[]), about: "Goes back to the flow that called this one." },
    Kind { name: "webhook", shape: Shape::Fields(WEBHOOK), about: "Tells a service something." },
    Kind {
        name: "stream",
        shape: Shape::Fields(STREAM),
        about: "Connects the caller's sound both ways to a service (docs/stream.md).",
    },
    Kind { name: "goto", shape: Shape::Step, about: "Goes to another step." },
    Kind { name: "hangup", shape: Shape::Fields(HANGUP), about: "Ends the call." },
];

/// Every kind of step.
pub(crate) const fn kinds() -> &'static [Kind] {
    EVERY
}

/// The keys of a kind of step, none for `goto`.
pub(crate) fn fields(kind: &str) -> &'static [Field] {
    match EVERY.iter().find(|known| known.name == kind).map(|known| known.shape) {
        Some(Shape::Fields(fields)) => fields,
        Some(_) | None => &[],
    }
}

/// The exits of a kind of step.
pub(crate) fn exits(kind: &str) -> &'static [Field] {
    match fields(kind).iter().find(|field| field.name == "exits").map(|field| field.shape) {
        Some(Shape::Fields(exits)) => exits,
        Some(_) | None => &[],
    }
}
