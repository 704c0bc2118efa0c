//! What goes into a [`crate::Session`] and what comes out.

use core::fmt;
use core::time::Duration;
use std::collections::BTreeMap;

use hotline_base::{FlowId, Now, Pii, QueueId};
use serde::{Deserialize, Serialize};

use crate::end::{
    CallbackExit, HangupCause, HoursExit, QueueExit, RecordExit, StepExit, StreamExit, TransferExit,
    WebhookExit,
};
use crate::expression::{CustomerFact, CustomerField, QueueFact, Value};
use crate::model::Method;
use crate::name::{FieldName, Language, PromptName, StepName};

/// What is known about a call before its flow starts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The caller's number; empty if withheld.
    pub caller: Pii<String>,
    /// The number that was dialled.
    pub called: Pii<String>,
    /// The trunk by which the call came; empty if by none.
    pub trunk: String,
    /// The area of the caller's number; empty if unknown.
    pub area: String,
    /// The caller's language, if known; ignored if the flow does not speak it.
    pub language: Option<Language>,
}

/// The customer whose call it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// The name.
    pub name: Pii<String>,
    /// The company; empty for none.
    pub company: Pii<String>,
    /// The class, such as `gold`; empty for none.
    pub class: String,
    /// The language; empty if unknown.
    pub language: String,
    /// Whether the customer is to be treated with preference.
    #[serde(default)]
    pub vip: bool,
    /// Whether the center does not want to hear from the customer.
    #[serde(default)]
    pub blocked: bool,
    /// The agent, by id, who looks after the customer; empty if nobody does.
    #[serde(default)]
    pub agent: String,
    /// The agent, by id, who had a call of the customer last; empty if unknown.
    pub last_agent: String,
    /// What the fields hold that the center has added, by name.
    #[serde(default)]
    pub fields: BTreeMap<FieldName, Pii<String>>,
}

impl Customer {
    /// What a field holds, with `true` and `false` for yes and no; nothing if it is one that the center has added and it
    /// is empty.
    #[must_use]
    pub fn value(&self, field: &CustomerField) -> Option<Pii<String>> {
        let fact = match field {
            CustomerField::Own(fact) => fact,
            CustomerField::Added(name) => return self.fields.get(name).cloned(),
        };
        Some(match fact {
            CustomerFact::Known => Pii::new("true".to_owned()),
            CustomerFact::Name => self.name.clone(),
            CustomerFact::Company => self.company.clone(),
            CustomerFact::Class => Pii::new(self.class.clone()),
            CustomerFact::Language => Pii::new(self.language.clone()),
            CustomerFact::Vip => Pii::new(self.vip.to_string()),
            CustomerFact::Blocked => Pii::new(self.blocked.to_string()),
            CustomerFact::Agent => Pii::new(self.agent.clone()),
            CustomerFact::LastAgent => Pii::new(self.last_agent.clone()),
        })
    }
}

/// A moment as clocks on the wall show it, in the zone of the center.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LocalTime {
    /// The year.
    pub year: i16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 1 (Monday) to 7 (Sunday).
    pub weekday: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
}

/// What a flow can read beside its own call. It is asked when a step needs it, never kept.
pub trait Surroundings {
    /// A figure of a queue; 0, or -1 for the estimate, if there is no such queue.
    fn queue(&self, queue: &QueueId, fact: QueueFact) -> i64;
    /// What the calendar says of a schedule.
    fn hours(&self, schedule: &str, now: Now) -> HoursExit;
    /// The time in the zone of the center.
    fn local_time(&self, now: Now) -> LocalTime;
    /// What is known of the customer, with `true` and `false` for yes and no; nothing while nobody is known, and where
    /// the customer has nothing.
    fn customer(&self, field: &CustomerField) -> Option<Pii<String>>;
}

/// What happened to the call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Input {
    /// The answer to [`Action::Answer`] is done.
    Answered,
    /// The prompts of a [`Action::Play`] are over, for whatever reason.
    PlayFinished(PlayTag),
    /// Something of a [`Action::Play`] cannot be played; nothing of it plays any more.
    PlayFailed(PlayTag),
    /// The caller pressed a key.
    Digit(Digit),
    /// The queue gave the call back.
    QueueExited(QueueExit),
    /// The transfer did not connect.
    TransferFailed(TransferExit),
    /// An agent or extension answered: the flow's work is done, unless it has something to ask afterwards.
    Connected,
    /// The one who answered hung up, and the caller is still there.
    AgentLeft,
    /// The answer to [`Action::Ask`].
    Replied(RequestTag, Reply),
    /// What a [`Action::Record`] came to.
    Recorded(RequestTag, Recorded),
    /// A [`Action::OpenStream`] is over. The members of the service's result come as texts.
    StreamEnded(RequestTag, StreamExit, BTreeMap<String, Pii<String>>),
    /// The call is over, whoever ended it.
    CallEnded,
}

/// The answer to a [`Request`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// The values in the order of the question, `None` where the answer has none.
    Found(Vec<Option<Pii<String>>>),
    /// There is no such customer, or the service said 404.
    NotFound,
    /// Nothing came, or something that cannot be understood.
    Failed,
    /// A webhook is through.
    Webhook(WebhookExit),
    /// A call back is noted, or not.
    Callback(CallbackExit),
}

/// What a recording came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// How it went.
    pub exit: RecordExit,
    /// Names it, for [`Prompt::Recording`]; empty if there is none.
    pub name: String,
}

/// A key of the telephone. `Debug` does not show which.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digit(char);

impl Digit {
    /// One of `0`–`9`, `*`, `#`, `A`–`D`; small letters count too.
    #[must_use]
    pub fn new(key: char) -> Option<Self> {
        let key = key.to_ascii_uppercase();
        matches!(key, '0'..='9' | '*' | '#' | 'A'..='D').then_some(Self(key))
    }

    /// The key.
    #[must_use]
    pub const fn key(self) -> char {
        self.0
    }
}

impl fmt::Debug for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digit(***)")
    }
}

/// Names one [`Action::Play`] within its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlayTag(pub u32);

/// Names one question, recording or stream within its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestTag(pub u32);

/// One thing that the caller hears.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Prompt {
    /// A recorded prompt of the language.
    Name(PromptName),
    /// A text for the speech engine.
    Speech(Pii<String>),
    /// What the caller recorded before, by [`Recorded::name`].
    Recording(String),
    /// A tone in place of a question that cannot be played: something is expected.
    Beep,
}

/// What the call must do for the flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Action {
    /// Accept the call, then tell [`Input::Answered`].
    Answer,
    /// Let the caller hear ringing (180).
    Ring,
    /// Play one after the other, then tell [`Input::PlayFinished`] or [`Input::PlayFailed`]. Before the answer it is
    /// early media.
    Play {
        /// To be told with the end.
        tag: PlayTag,
        /// The folder of the prompts.
        language: Language,
        /// What to play.
        prompts: Vec<Prompt>,
    },
    /// Stop a playback. Its end need not be told.
    StopPlay(PlayTag),
    /// Put the call into a queue; music and announcements are the queue's. Then tell [`Input::Connected`] or
    /// [`Input::QueueExited`].
    Enqueue(Enqueue),
    /// Take the call out of the queue again; nothing need be told.
    LeaveQueue,
    /// Ring somebody. Then tell [`Input::Connected`] or [`Input::TransferFailed`].
    Transfer {
        /// Whom.
        to: Target,
        /// How long it rings, if not as long as usual.
        ring: Option<Duration>,
    },
    /// Ask something outside. Then tell [`Input::Replied`]; what comes after the time limit is ignored.
    Ask(RequestTag, Request),
    /// The answer is no longer of use.
    Forget(RequestTag),
    /// Record the caller after a beep, then tell [`Input::Recorded`].
    Record {
        /// To be told with the end.
        tag: RequestTag,
        /// Whose mailbox it is for; `None` if it is the flow's own.
        mailbox: Option<String>,
        /// The longest.
        longest: Duration,
        /// So much silence ends it.
        silence: Duration,
        /// Less is nothing.
        shortest: Duration,
    },
    /// End a recording and keep it; then tell [`Input::Recorded`].
    StopRecord(RequestTag),
    /// Connect the caller's sound with a service, then tell [`Input::StreamEnded`].
    OpenStream(RequestTag, OpenStream),
    /// A key for the service.
    StreamDigit(RequestTag, Digit),
    /// End a stream. Its end need not be told.
    CloseStream(RequestTag),
    /// Send keys to the caller's side.
    SendDigits(Pii<String>),
    /// The caller answered a question of a survey.
    SurveyAnswered {
        /// The survey.
        survey: String,
        /// The question.
        question: String,
        /// The key.
        answer: u8,
    },
    /// The language of all that follows is another.
    LanguageChanged(Language),
    /// End the call. The flow is over.
    Hangup {
        /// Why.
        cause: HangupCause,
    },
}

/// How a call waits for an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enqueue {
    /// The queue.
    pub queue: QueueId,
    /// The level that an agent needs of each skill. A name that the flow computed may be one of no skill.
    pub skills: BTreeMap<String, u8>,
    /// A head start.
    pub priority_credit: Duration,
    /// The agent, by id or extension, who is asked first, and how long only that one.
    pub agent: Option<(String, Duration)>,
    /// Whether the call is held for that agent also while it takes no calls.
    pub agent_only: bool,
    /// Whether it goes before all other callers.
    pub emergency: bool,
}

/// Whom to ring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// An extension, as configured.
    Extension(Pii<String>),
    /// An agent by id.
    Agent(String),
    /// A number outside.
    Number(Pii<String>),
}

/// A question to somebody outside the call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// The customer with this number, to whom the call belongs from then on. The answer has the customer's fields of
    /// [`Customer`] in the order of the flow.
    Customer {
        /// The number.
        number: Pii<String>,
        /// The fields that are wanted.
        fields: Vec<CustomerField>,
    },
    /// An HTTP request and what is wanted of its JSON answer.
    Http {
        /// The request.
        request: HttpRequest,
        /// Paths as `hotline_json_path` reads them.
        paths: Vec<String>,
    },
    /// An HTTP request whose answer is of no interest.
    Webhook(HttpRequest),
    /// Note that the caller wants to be called back.
    Callback {
        /// By whose agents.
        queue: QueueId,
        /// Where.
        number: Pii<String>,
    },
}

/// An HTTP request. Address and body are personal data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// The address.
    pub url: Pii<String>,
    /// Header fields.
    pub headers: Vec<(String, Pii<String>)>,
    /// The members of a JSON object; empty for no body.
    pub body: Vec<(String, Value)>,
    /// For everything.
    pub timeout: Duration,
    /// How often it may be tried again.
    pub retries: u8,
}

/// A service of sound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenStream {
    /// The flow and the step, for the service's own logs.
    pub step: (FlowId, StepName),
    /// Its address.
    pub url: Pii<String>,
    /// What it is told at the start.
    pub parameters: Vec<(String, Pii<String>)>,
    /// The members of its result that are wanted.
    pub wanted: Vec<String>,
    /// How long it may take to be there.
    pub connect: Duration,
}

/// Why the session will wake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Timer {
    /// [`Input::Answered`] is missing.
    Answer,
    /// [`Input::PlayFinished`] is missing.
    Playback,
    /// The caller has not pressed a first key.
    FirstDigit,
    /// The caller has not pressed a further key.
    NextDigit,
    /// The caller has not pressed a further key of a way out of a queue.
    QueueKeys,
    /// A step that only takes time is over.
    Pause,
    /// An answer is missing.
    Reply,
    /// [`Input::Recorded`] is missing.
    Recording,
    /// A stream has lasted as long as it may.
    Stream,
}

/// One step that the call went through, for its record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathStep {
    /// The step.
    pub step: StepName,
    /// When it began.
    pub entered: Now,
    /// When it ended.
    pub left: Now,
    /// How it ended.
    pub exit: StepExit,
    /// The keys that the caller pressed at the last attempt; `***` if the step is sensitive.
    pub input: Option<Pii<String>>,
}
