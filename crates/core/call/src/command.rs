//! What people and the shell ask of the core, what the core asks of the database, and the answers.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hotline_acd::{
    AgentError, Device, HelpError, HelpOutcome, MergeError, Merged, MoveError, NotReadyReason,
};
use hotline_base::{AgentId, CallId, HoursId, LegId, Pii, PlayId, QueueId, VoiceMessageId, WallTime};
use hotline_hours::Override;
use hotline_ivr::{Digit, Flows, HttpRequest, OpenStream, Recorded, RequestTag, StreamExit};
use hotline_media::{PromptId, Supervision as MonitorMode};
use hotline_sip::registrar::SavedContacts;
use hotline_sip::{Destination, Located, MessageSummary};
use serde::{Deserialize, Serialize};

use crate::alarm::FileMistake;
use crate::callbacks::{Callback, CallbackState};
use crate::controller::Configured;
use crate::customer::{Customer, Found};
use crate::guests::Guest;
use crate::record::{CallRecord, Correction};
use crate::staff::{AgentFact, CallDisposition};
use crate::trunk::TrunkFault;

/// Asked through the API or by the shell.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// The agent takes calls from here on (or after the present one). Signs in an agent who was not.
    SetReady(AgentId),
    /// The agent takes no calls from here on (or after the present one). Signs in an agent who was not.
    SetNotReady(AgentId, NotReadyReason),
    /// The agent is reached there from the next call on.
    SetDevice(AgentId, Device),
    /// The agent leaves (or will after the present call).
    SignOut(AgentId),
    /// The agent wants after-call work that does not begin by itself.
    AskWrapUp(AgentId),
    /// The agent needs more time for its after-call work.
    ExtendWrapUp(AgentId),
    /// The agent has done its after-call work.
    EndWrapUp(AgentId),
    /// The agent says what became of a call, during it or later.
    Dispose {
        /// The call.
        call: CallId,
        /// The agent.
        by: AgentId,
        /// One of the codes of the call's queue.
        code: String,
        /// In the agent's words.
        note: Option<Pii<String>>,
        /// When the agent wants to come back to it.
        follow_up_at: Option<WallTime>,
    },
    /// The agent wants help.
    AskHelp(AgentId),
    /// A leader helps.
    AnswerHelp {
        /// Whom.
        agent: AgentId,
        /// The leader's user name.
        by: String,
    },
    /// The agent needs no more help.
    EndHelp(AgentId, HelpOutcome),
    /// The screen pop of this offer reached the agent's page (`true`), or no page is connected (`false`).
    PopWritten {
        /// The offer.
        offer: LegId,
        /// Whether a page has it.
        written: bool,
    },
    /// The agent who talks in this call sends the caller on.
    Transfer {
        /// The call.
        call: CallId,
        /// The agent.
        by: AgentId,
        /// An extension, a number of the center, one outside, or [`QUEUE_PREFIX`](crate::QUEUE_PREFIX) and the id of a queue.
        to: Pii<String>,
    },
    /// An agent does something with the own call, with any phone.
    Control {
        /// The call.
        call: CallId,
        /// The agent.
        by: AgentId,
        /// What.
        what: Control,
    },
    /// A supervisor does something with a call of others.
    Oversee {
        /// The call.
        call: CallId,
        /// What.
        what: Oversight,
    },
    /// The agent who talks in this call keeps what is said out of its recording for a while.
    PauseRecording {
        /// The call.
        call: CallId,
        /// The agent.
        by: AgentId,
        /// Why, in the agent's words; kept in the recording.
        why: Option<String>,
    },
    /// The agent who talks in this call has what is said recorded again.
    ResumeRecording {
        /// The call.
        call: CallId,
        /// The agent.
        by: AgentId,
    },
    /// So many messages are in the agent's mailbox: phones that watch it light their lamp.
    SetMailbox(AgentId, MessageSummary),
    /// A customer was created or changed; calls of that number show the new record.
    CustomerChanged(Box<Customer>),
    /// The database answers again.
    StoreAvailable,
    /// The database does not answer; the cause in one line.
    StoreUnavailable(String),
    /// The files of the SIP certificate can be used again.
    CertificateUsable,
    /// The files of the SIP certificate have changed and cannot be used; those before stay in use. What is wrong, in one
    /// line.
    CertificateUnusable(String),
    /// These flows, checked against this center, are for all calls whose first flow begins from here on. Those that run
    /// go on with the flows with which they began.
    FlowsChanged(Arc<Flows>),
    /// Another configuration of the center, its flows included. Calls that run go on; whatever is asked from here on is answered
    /// by it.
    CenterChanged(Configured),
    /// The files of center and flows are good, or good again.
    FlowsUsable,
    /// The files of center or flows have changed and cannot be used; those before stay in use. What is wrong first.
    FlowsUnusable(FileMistake),
    /// Somebody decided by hand whether it is open; `None` takes that back.
    OverrideHours(HoursId, Option<Override>),
    /// A leader does something with a caller in line, or with the staff of queues.
    Supervise(Supervision),
    /// Somebody is to be called back: after a restart, or by a wish that did not come by phone.
    CallBack(Box<Callback>),
    /// Somebody is not to be called back any more.
    CancelCallback(CallId),
    /// The phone of this agent may prove itself by this password, too, for so long.
    AdmitPhone(AgentId, Pii<String>, Duration),
    /// A guest may call once.
    AdmitGuest(Box<Guest>),
    /// Hear this address, and every user there, by SIP again.
    Release(IpAddr),
    /// More comes by SIP than is worked off (`true`), or all is done in time again: new calls are refused before the
    /// running ones suffer.
    Overloaded(bool),
    /// No new calls; the running ones go on.
    Drain,
    /// End every call now.
    HangUpAll,
}

/// What an agent does with the own call. Said twice, each does what it does once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// Leaves the call. Whoever else is there goes on; without anybody the call, or its flow, goes on as the flow says.
    HangUp,
    /// The other side hears music (`true`), or the agent is back.
    Hold(bool),
    /// Nobody hears the agent (`true`), recordings neither, or everybody does again.
    Mute(bool),
    /// Presses keys toward whom the agent talks with (RFC 4733): 1 to 32 of `0-9*#A-D`.
    Press(Pii<String>),
    /// Has the own phone take the call that rings at it, if the phone can be told so.
    Answer,
    /// Has the own phone ring beside that of a colleague, for the call that rings there.
    PickUp,
    /// Asks somebody, an extension or a number outside, while the other side waits.
    Consult(Pii<String>),
    /// Asks nobody any more.
    EndConsult,
    /// Goes from the other side to who is asked, or back.
    Swap,
    /// Leaves the other side with whoever is asked.
    Complete,
    /// Whoever is asked joins the two.
    Conference,
    /// Takes somebody out whose leg this is.
    Drop(LegId),
}

/// With whom a supervisor stays when customer and agent part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Follow {
    /// With the customer, through holds, consultations and transfers.
    #[default]
    Customer,
    /// With the agent who talks now: also while that agent asks somebody aside; once the agent leaves, so does the supervisor.
    Agent,
}

/// What a supervisor does with a call of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Oversight {
    /// Hears and is heard as the mode says. The supervisor's own phone is called; in the call, another mode is taken at once.
    Monitor {
        /// The supervisor.
        agent: AgentId,
        /// The mode.
        mode: MonitorMode,
        /// The modes that keys of the supervisor's phone may choose: 4 listens, 5 whispers, 6 barges in.
        allowed: Vec<MonitorMode>,
        /// With whom the supervisor stays.
        follow: Follow,
    },
    /// The supervisor leaves.
    Leave(AgentId),
    /// The call ends for all.
    HangUp,
    /// The customer is sent on, away from the agent.
    Transfer(Pii<String>),
    /// The talk is recorded (`true`), or no longer.
    Record(bool),
    /// Marks this moment in the recording.
    Mark(String),
}

/// What a leader does with a caller in line, or with the staff of queues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Supervision {
    /// A caller in line waits in another queue from here on, with its place.
    Move {
        /// Whose.
        call: CallId,
        /// The queue.
        to: QueueId,
    },
    /// A caller in line waits for one agent alone from here on.
    Assign {
        /// Whose.
        call: CallId,
        /// The agent.
        agent: AgentId,
    },
    /// A caller in line has another head start from here on, in place of the one it had.
    Prioritise {
        /// Whose.
        call: CallId,
        /// The head start.
        credit: Duration,
        /// Whether it goes before all ordinary callers.
        emergency: bool,
    },
    /// A caller leaves its queue; its flow goes on.
    Withdraw(CallId),
    /// Queues or groups of agents have one staff for a while.
    Merge {
        /// What the merge is called; one of that name is replaced.
        name: String,
        /// Of what.
        of: Merged,
        /// When it ends by itself.
        until: WallTime,
    },
    /// They have their own again.
    Split(String),
}

/// Why a command was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// The agent's machine refused.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// The wish about help cannot be met.
    #[error(transparent)]
    Help(#[from] HelpError),
    /// Calls of that queue have no such disposition.
    #[error("there is no such disposition for calls of this queue; choose one of its list")]
    UnknownDisposition,
    /// The note is longer than [`NOTE_BYTES_MAX`](crate::NOTE_BYTES_MAX).
    #[error("the note is too long")]
    NoteTooLong,
    /// The offer is over.
    #[error("the offer is over")]
    OfferOver,
    /// The agent does not talk in that call.
    #[error("the agent does not talk in that call")]
    NotTalking,
    /// There is no such call, or it is over.
    #[error("there is no such call, or it is over")]
    NoSuchCall,
    /// The call is not offered to the agent, or to nobody.
    #[error("the call does not ring")]
    NotOffered,
    /// The agent's phone is not called yet.
    #[error("the phone does not ring yet, try again")]
    NotRingingYet,
    /// The agent's phone cannot be told to take a call.
    #[error("this phone cannot be told to take a call; take it up by hand")]
    PhoneCannotAnswer,
    /// No keys, too many, or such as there are none.
    #[error("the keys must be 1 to 32 of 0-9, *, #, A-D")]
    NoKeys,
    /// The agent asks somebody already.
    #[error("somebody is asked already: end that first, or go on with it")]
    ConsultsAlready,
    /// The agent asks nobody.
    #[error("nobody is asked, or has taken the call")]
    NobodyAsked,
    /// A number with a flow is no person.
    #[error("at this number is nobody who can be asked")]
    NobodyToAsk,
    /// The colleague has a call, or is not there.
    #[error("the colleague has a call, or is not there")]
    ColleagueBusy,
    /// No trunk carries calls to that number.
    #[error("no trunk carries calls to that number at the moment")]
    NoRoute,
    /// As many take part as may.
    #[error("as many take part as may")]
    TooManyParties,
    /// Nobody of the others has that leg.
    #[error("nobody who takes part has this leg")]
    NoParty,
    /// No other agent talks in the call.
    #[error("no other agent talks in this call")]
    NothingToTakeOver,
    /// Nothing of the call is recorded.
    #[error("the call is not recorded")]
    NotRecorded,
    /// There is no such extension or number, and no route for it.
    #[error("there is no such extension or number")]
    UnknownTarget,
    /// The agent may not be reached at this number: it is not among those of the configuration, or there is no route for
    /// it.
    #[error("the agent may not be reached at this number")]
    ForbiddenDevice,
    /// There are no such opening hours.
    #[error("there are no such opening hours")]
    UnknownHours,
    /// The caller does not wait in line, or a phone rings for it.
    #[error("the caller does not wait in line, or a phone rings for it")]
    NotInLine,
    /// The caller cannot have that place.
    #[error(transparent)]
    Move(#[from] MoveError),
    /// The staffs cannot be merged or split like that.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// Nobody with this id waits to be called back.
    #[error("nobody with this id waits to be called back")]
    UnknownCallback,
    /// The number waits to be called back from that queue already.
    #[error("the number waits to be called back from that queue already")]
    CallbackThere,
    /// Nobody at this address is kept from being heard.
    #[error("nobody there is kept from being heard")]
    NotBlocked,
    /// No phone of the agent is registered.
    #[error("no phone of the agent is registered")]
    NoPhone,
    /// The agent has a call.
    #[error("the agent has a call")]
    Busy,
    /// The number that is to be shown is none of the center's.
    #[error("the number that is to be shown is none of the center's")]
    UnknownCallerId,
    /// As many messages are on their way as may.
    #[error("too many messages are on their way")]
    TooManyMessages,
    /// The text is too long for a phone.
    #[error("the text is too long")]
    TextTooLong,
    /// The call rings at nobody whose calls the agent may take.
    #[error("it rings at nobody whose calls this agent may take: they have no group in common")]
    NoColleague,
    /// No new calls are taken: the server stops, or has as many as it may.
    #[error("no new calls are taken")]
    NoNewCalls,
}

/// Asked of the database, or of DNS, by the core. Each is answered by one [`Reply`] or never; the core does not wait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Who has this number?
    FindCustomer {
        /// For which call.
        call: CallId,
        /// Normalised number, see [`crate::number::normalise`].
        number: Pii<String>,
    },
    /// A flow asks something. Its session keeps the time limit, and takes what comes too late for nothing.
    Ask {
        /// For which call.
        call: CallId,
        /// Names the question within the call.
        tag: RequestTag,
        /// What it asks.
        question: Question,
    },
    /// A caller wants to be called back: keep it, unless the number waits for that queue already. Answered by
    /// [`Reply::Booked`].
    BookCallback {
        /// In which call.
        call: CallId,
        /// Names the question within the call.
        tag: RequestTag,
        /// What is to be kept.
        callback: Box<Callback>,
    },
    /// Keep how a wish to be called back stands.
    CallbackChanged {
        /// Which.
        id: CallId,
        /// How it stands.
        state: CallbackState,
    },
    /// Texts are to be spoken, as prompts. Answered by [`Reply::Spoken`].
    Speak {
        /// For which call.
        call: CallId,
        /// For which playback.
        play: PlayId,
        /// The language of the call.
        language: String,
        /// The texts, in their order.
        texts: Vec<Pii<String>>,
    },
    /// The caller's sound goes to a service and back. Answered by [`Answer::Streamed`] at the end.
    Stream {
        /// Which call.
        call: CallId,
        /// Names the stream within the call.
        tag: RequestTag,
        /// The caller's leg.
        leg: LegId,
        /// The language of the call.
        language: String,
        /// The service.
        stream: OpenStream,
    },
    /// The caller pressed a key that a service is to know.
    StreamDigit {
        /// Of which call.
        call: CallId,
        /// Which stream.
        tag: RequestTag,
        /// The key.
        digit: Digit,
    },
    /// What the caller says is to be kept. Answered by [`Answer::Recorded`] at the end. If the caller hangs up, what was said
    /// until then counts.
    Record {
        /// Which call.
        call: CallId,
        /// Names the message within the call.
        tag: RequestTag,
        /// The caller's leg.
        leg: LegId,
        /// How it is to be recorded.
        message: Message,
    },
    /// The message is complete.
    StopRecord {
        /// Of which call.
        call: CallId,
        /// Which message.
        tag: RequestTag,
    },
    /// A flow no longer waits for the answer; a stream ends.
    Forget {
        /// Of which call.
        call: CallId,
        /// Which question.
        tag: RequestTag,
    },
    /// The call is over and its recording closed: write the record with its recordings, once, in one
    /// transaction.
    SaveRecord(Box<CallRecord>),
    /// A recording that had failed is complete, and the record of its call was asked to be written before.
    CorrectRecording(Box<Correction>),
    /// Where this SIP user is reached has changed: keep it in place of what was kept before, so that the next start
    /// can take it over.
    SaveContacts(SavedContacts),
    /// A fact about an agent's work: keep it, once and in order.
    SaveAgentFact(AgentFact),
    /// What became of a call: keep it, in place of what the same agent said before.
    SaveDisposition(CallDisposition),
    /// Where is this server of a trunk? Asked of DNS.
    Locate(Destination),
}

/// Answers from the database, from DNS and to flows.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// To [`Request::FindCustomer`].
    Customer {
        /// For which call.
        call: CallId,
        /// What is known, if the number is.
        found: Option<Arc<Found>>,
    },
    /// To [`Request::Speak`].
    Spoken {
        /// For which call.
        call: CallId,
        /// For which playback.
        play: PlayId,
        /// The prompts of the texts in their order; `None` if they could not be spoken.
        prompts: Option<Vec<PromptId>>,
    },
    /// A caller has left a message, which is kept. Comes before [`Answer::Recorded`], or after the call's end.
    MessageLeft {
        /// In which call.
        call: CallId,
        /// The message.
        message: VoiceMessageId,
        /// Whose mailbox it is in; `None` if it is the flow's own.
        mailbox: Option<String>,
        /// How long it is.
        duration: Duration,
        /// What is in that mailbox now, if that is known.
        count: Option<MessageSummary>,
    },
    /// To [`Request::BookCallback`].
    Booked {
        /// In which call.
        call: CallId,
        /// To which question.
        tag: RequestTag,
        /// `None` if it could not be kept; nothing within if the number waits already, and keeps its place.
        callback: Option<Option<Box<Callback>>>,
    },
    /// A service of sound wants keys pressed toward the caller's side.
    StreamDigits {
        /// In which call.
        call: CallId,
        /// The keys.
        digits: Pii<String>,
    },
    /// To [`Request::Ask`], [`Request::Stream`] and [`Request::Record`].
    Answer {
        /// For which call.
        call: CallId,
        /// To which question.
        tag: RequestTag,
        /// The answer.
        answer: Answer,
    },
    /// To [`Request::Locate`].
    Located {
        /// The server.
        destination: Destination,
        /// Where it is, or why that is not known.
        answer: Result<Located, TrunkFault>,
    },
}

/// What a flow asks outside the call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Question {
    /// The customer with this normalised number.
    Customer(Pii<String>),
    /// An HTTP request and what is wanted of its JSON answer.
    Http {
        /// The request.
        request: HttpRequest,
        /// Paths as `hotline_json_path` reads them.
        paths: Vec<String>,
    },
    /// An HTTP request whose answer is of no interest.
    Webhook(HttpRequest),
}

/// How a message is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Names it.
    pub id: VoiceMessageId,
    /// When it begins.
    pub started_at: WallTime,
    /// Whose mailbox it is for, an agent's or a queue's; `None` if it is the flow's own.
    pub mailbox: Option<String>,
    /// The caller's number, for whoever hears it.
    pub caller: Pii<String>,
    /// The longest.
    pub longest: Duration,
    /// So much silence ends it.
    pub silence: Duration,
    /// Less speech is no message.
    pub shortest: Duration,
}

/// The answer to what a flow asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// Who has the number, if anybody does.
    Customer(Option<Arc<Found>>),
    /// How a stream ended, and the wanted members of the service's result.
    Streamed(StreamExit, BTreeMap<String, Pii<String>>),
    /// What became of a message.
    Recorded(Recorded),
    /// Anything else.
    Other(hotline_ivr::Reply),
}
