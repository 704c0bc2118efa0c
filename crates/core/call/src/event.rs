//! What happened, as numbered facts: the journal, the live stream and the call record are all made from these.

use std::time::Duration;

use hotline_acd::{AgentState, Decision, Device, Help, OfferFailure, Presence};
use hotline_base::{
    AgentId, CallId, CustomerId, FlowId, LegId, NumberId, Pii, QueueId, RecordingId, TrunkId, VoiceMessageId,
    WallTime,
};
use hotline_ivr::PathStep;
use hotline_media::{RecordingIndex, Supervision};
use hotline_sip::Diversion;
use serde::{Deserialize, Serialize};

use crate::alarm::{Alarm, AlarmKind};
use crate::cause::Requested;
use crate::guests::Visiting;
use crate::screening::Screened;
use crate::sound::LegSound;

/// One fact. `seq` grows by one for each event of this server. After a restart it goes on far above the last number
/// of the journal, so that no number ever names two events: a reader that knows the last number it saw can ask for
/// what came after.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Place in the journal, from 1.
    pub seq: u64,
    /// When it happened.
    pub at: WallTime,
    /// What happened.
    pub kind: EventKind,
}

/// Every kind of fact. The serde form is private to the journal; the API has its own shapes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum EventKind {
    /// A call began or moved on.
    Call {
        /// The call.
        call: CallId,
        /// What happened to it.
        what: CallEvent,
    },
    /// An agent's state, device, registration or pending request changed.
    Agent {
        /// The agent.
        agent: AgentId,
        /// The state from here on.
        state: AgentState,
        /// Since when, for the clock on the page.
        since: WallTime,
        /// Asked for during a call, to be applied after wrap-up.
        pending: Option<Presence>,
        /// Where the agent is reached.
        device: Device,
        /// Whether that can be called: a phone of the agent is registered, or calls go out to the number.
        registered: bool,
        /// Set while the agent wants help.
        #[serde(default)]
        help: Option<Help>,
    },
    /// Something an operator should look at.
    AlarmRaised(Alarm),
    /// The alarm of this kind and subject is over.
    AlarmCleared(AlarmKind),
    /// Another configuration of the center is in force from here on.
    CenterChanged,
    /// An agent who is gone from the configuration has finished what it had.
    AgentRemoved {
        /// The agent.
        agent: AgentId,
    },
    /// More or fewer than before wait to be called back from a queue.
    CallbacksChanged {
        /// The queue.
        queue: QueueId,
        /// How many do.
        waiting: u32,
    },
}

/// What can happen to one call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum CallEvent {
    /// The INVITE was accepted for processing. Always first.
    Started {
        /// The caller's number as sent.
        caller: Pii<String>,
        /// The caller's display name.
        caller_name: Option<Pii<String>>,
        /// What was dialled, as sent.
        called: Pii<String>,
        /// Where the call goes first.
        entry: Entry,
        /// Where it came from.
        source: Source,
        /// The SIP Call-ID of the caller's leg (RFC 3261 §20.8); empty if the caller's phone is still to be called.
        sip_call_id: String,
        /// BCP 47 language in which the caller is addressed at first.
        language: String,
        /// Who sent the call on to us.
        #[serde(default)]
        diversion: Option<Box<Diversion>>,
    },
    /// The address book answered.
    CustomerMatched {
        /// The customer, if the number is known.
        customer: Option<CustomerId>,
    },
    /// The caller is not let through as dialled.
    Screened(Screened),
    /// The caller is the visitor of a web page, who has said this.
    Visiting(Visiting),
    /// The caller's leg was answered with 200.
    Answered,
    /// A flow step was left.
    StepLeft {
        /// The flow.
        flow: FlowId,
        /// The step with its times, input and exit.
        step: PathStep,
    },
    /// The caller answered a question of a survey.
    SurveyAnswered {
        /// The survey.
        survey: String,
        /// The question.
        question: String,
        /// The key that was pressed.
        answer: u8,
    },
    /// The caller chose a language.
    LanguageChanged {
        /// BCP 47 tag.
        language: String,
    },
    /// The call waits in a queue.
    Queued {
        /// The queue.
        queue: QueueId,
    },
    /// The place in line changed.
    Position {
        /// The queue.
        queue: QueueId,
        /// 1 is next.
        position: u32,
        /// Callers waiting in all.
        waiting: u32,
    },
    /// The call left its queue.
    Dequeued {
        /// The queue.
        queue: QueueId,
        /// Why.
        outcome: QueueOutcome,
    },
    /// An agent was chosen; the screen pop goes out with this event.
    Offered {
        /// The agent leg this offer uses.
        offer: LegId,
        /// The agent.
        agent: AgentId,
        /// Why this agent; absent when the caller or the flow named the agent.
        because: Option<Decision>,
    },
    /// The screen pop was written to the agent's page, or there was no page, or it took too long.
    Popped {
        /// The offer.
        offer: LegId,
        /// True if a connected page has it.
        written: bool,
    },
    /// The INVITE left for the agent's phone.
    Invited {
        /// The offer.
        offer: LegId,
    },
    /// The agent's phone rings.
    Ringing {
        /// The offer.
        offer: LegId,
    },
    /// The offer came to nothing.
    OfferFailed {
        /// The offer.
        offer: LegId,
        /// The agent.
        agent: AgentId,
        /// Why.
        failure: OfferFailure,
        /// The final SIP status of the agent's leg, if there was one.
        status: Option<u16>,
    },
    /// A server of a trunk is asked to call a number outside.
    Dialled {
        /// The leg to outside; the same for every try of one call.
        leg: LegId,
        /// The trunk.
        trunk: TrunkId,
        /// Its server, as configured.
        server: String,
        /// The number, normalised.
        number: Pii<String>,
        /// The agent whose own device this is; absent if somebody else is called.
        #[serde(default)]
        device_of: Option<AgentId>,
    },
    /// The called phone rings, or its network plays what stands for that.
    DialRinging {
        /// The leg.
        leg: LegId,
    },
    /// This try came to nothing; another may follow.
    DialFailed {
        /// The leg.
        leg: LegId,
        /// Why.
        failure: DialFailure,
        /// The final SIP status, if there was one.
        status: Option<u16>,
    },
    /// The called one took the call. The caller hears it from here on.
    DialAnswered {
        /// The leg.
        leg: LegId,
    },
    /// Caller and agent hear each other.
    Connected {
        /// The offer that was taken.
        offer: LegId,
        /// The agent.
        agent: AgentId,
    },
    /// The agent is sending the caller on; the caller hears music until somebody else answers.
    Transferring {
        /// The agent.
        by: AgentId,
        /// Where to.
        to: Entry,
    },
    /// The agent has sent the caller on, and has left the call.
    Transferred {
        /// The agent.
        by: AgentId,
        /// Where to.
        to: Entry,
        /// Whether the agent had talked to the one who takes over.
        attended: bool,
    },
    /// Nobody took over: the caller is back with the agent, or is told so if the agent has left.
    TransferFailed {
        /// The agent.
        by: AgentId,
        /// Where to.
        to: Entry,
    },
    /// The agent asks somebody while the customer waits. Offers or tries to call somebody outside follow.
    Consulting {
        /// The agent.
        by: AgentId,
        /// Whom.
        to: Entry,
    },
    /// Nobody is asked any more: it came to nothing, the agent has ended it, or whoever was asked has joined the two.
    ConsultEnded {
        /// The agent.
        by: AgentId,
    },
    /// Somebody takes part beside the two, or does so in another way from here on.
    PartyJoined {
        /// Its leg.
        leg: LegId,
        /// Who.
        who: Who,
        /// How.
        part: Part,
        /// Whether the agent is to know of it.
        told: bool,
    },
    /// Somebody takes part no more beside the two; who has become one of them does not leave.
    PartyLeft {
        /// Its leg.
        leg: LegId,
    },
    /// The customer has hung up, and the agent talks on with the others; the first of them has the customer's place.
    CustomerLeft,
    /// A supervisor has taken the customer over from the agent, who has left.
    TakenOver {
        /// The supervisor's leg.
        leg: LegId,
        /// The supervisor.
        by: AgentId,
        /// The agent.
        from: AgentId,
    },
    /// Nobody hears the agent, or everybody does again.
    Muted {
        /// The agent.
        by: AgentId,
        /// Whether nobody does.
        is_muted: bool,
    },
    /// The agent's or the caller's phone, or the agent's page, put the other on hold.
    Held {
        /// Who holds.
        by: Party,
    },
    /// The hold is over.
    Retrieved {
        /// Who held.
        by: Party,
    },
    /// A recording of the conversation is being written.
    RecordingStarted {
        /// The recording.
        recording: RecordingId,
        /// Path below the recordings directory.
        path: String,
    },
    /// An agent keeps what is said out of the recording.
    RecordingPaused {
        /// The recording.
        recording: RecordingId,
        /// The agent.
        by: AgentId,
        /// Why, in the agent's words.
        why: Option<String>,
        /// When it goes on at the latest, unless the agent pauses again.
        until: WallTime,
    },
    /// What follows is done for a request of a client.
    Requested(Requested),
    /// What is said is recorded again.
    RecordingResumed {
        /// The recording.
        recording: RecordingId,
        /// The agent who wanted it; absent if the pause lasted too long or its agent left.
        by: Option<AgentId>,
    },
    /// The recording is complete and on disk.
    RecordingFinished {
        /// The recording.
        recording: RecordingId,
        /// Length of the file.
        duration: Duration,
        /// Silence that was written in place of audio the recorder could not take.
        gap: Duration,
        /// Size of the file.
        bytes: u64,
        /// Who was heard when, what happened, and where the gaps are.
        #[serde(default)]
        index: RecordingIndex,
    },
    /// The server stopped while the recording was written; its file was mended at the next start.
    RecordingMended {
        /// The recording.
        recording: RecordingId,
        /// Length of the file.
        duration: Duration,
        /// Size of the file.
        bytes: u64,
    },
    /// The recording could not be written; the call went on.
    RecordingFailed {
        /// The recording.
        recording: RecordingId,
        /// The cause in words, naming the file.
        problem: String,
    },
    /// The call is made for somebody who is to be called back. Comes right after `Started`.
    CallingBack {
        /// The wish.
        callback: CallId,
        /// When it was asked for.
        requested_at: WallTime,
        /// Why this agent, and this one in line.
        because: Decision,
    },
    /// The routing looked for an agent and made no offer.
    NotOffered {
        /// Why not. There are no candidates, unless the offer was forgotten ([`AlarmKind::NotOffered`]).
        because: Decision,
    },
    /// A person gave the caller to an agent: it waits for that one alone.
    Assigned {
        /// The agent.
        agent: AgentId,
    },
    /// The caller's place in line has changed: a person said so, or a step of the queue's plan.
    Prioritised {
        /// Whether it goes before all ordinary callers.
        emergency: bool,
        /// Its whole head start.
        credit: Duration,
    },
    /// The caller left a message, and it is on disk.
    MessageLeft {
        /// The message.
        message: VoiceMessageId,
        /// An agent or a queue; absent if the flow keeps it for itself.
        mailbox: Option<String>,
        /// How long it is.
        duration: Duration,
    },
    /// A leg is closed: how it sounded.
    SoundMeasured(LegSound),
    /// The call is over: nobody is connected any more. Only the beginning and end of its recording, a message that the caller
    /// left, and how its legs sounded, may follow.
    Ended {
        /// Who ended it.
        by: Party,
        /// The cause.
        cause: EndCause,
    },
}

/// Where a call goes first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// To the flow of a configured number.
    Number {
        /// The number.
        number: NumberId,
        /// Its flow.
        flow: FlowId,
    },
    /// Straight to an agent's extension.
    Extension(AgentId),
    /// To a number outside, normalised, over a trunk.
    Outside(Pii<String>),
    /// Into a queue, where an agent has sent the caller.
    Queue(QueueId),
}

/// Where a call came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// From a trunk.
    Trunk(TrunkId),
    /// From an agent's own phone.
    Agent(AgentId),
    /// From nobody: it is made for who waits to be called back from this queue.
    Queue(QueueId),
}

/// Somebody who takes part in a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Who {
    /// An agent.
    Agent(AgentId),
    /// Somebody at this number outside, normalised.
    Outside(Pii<String>),
}

/// How somebody takes part beside the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// Is asked by the agent while the customer waits.
    Consulted,
    /// Talks with all.
    Conference,
    /// Supervises.
    Supervising(Supervision),
}

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Party {
    /// The one who called.
    Caller,
    /// The one outside who was called.
    Callee,
    /// The agent.
    Agent,
    /// This server.
    System,
}

/// How a stay in a queue ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum QueueOutcome {
    /// An agent took the call.
    Answered,
    /// The caller hung up while waiting.
    Abandoned,
    /// The longest wait was reached; the flow goes on.
    TimedOut,
    /// A person took the caller out, or the server ended it: shutdown or a failure.
    Withdrawn,
    /// The caller pressed a key that leads out, or the queue closed; the flow goes on.
    Left,
    /// A person moved the caller to another queue.
    Moved,
}

/// Why a call to outside did not go out by a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DialFailure {
    /// The called one talks.
    Busy,
    /// The called one did not take the call.
    NoAnswer,
    /// The called one, or the network, refused.
    Rejected,
    /// There is no such number.
    UnknownNumber,
    /// The server said nothing in time.
    Silent,
    /// The server or its trunk could not or would not take the call.
    TrunkFault,
    /// The trunk carries as many calls as it may.
    TrunkFull,
    /// The trunk was sent as many calls within a second as it may.
    TrunkBusy,
    /// We do not listen by the transport or at the address family of the server.
    NoWay,
    /// The answer came without a codec that we know.
    NoCodec,
    /// Whoever called has gone.
    CallerGone,
    /// A limit or failure of ours.
    ServerFault,
}

/// Why a call ended, with what the wire said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndCause {
    /// The kind of ending.
    pub kind: EndKind,
    /// The final SIP status that mattered: 200 for a normal BYE, 487 for a cancelled INVITE, …
    pub sip_status: Option<u16>,
    /// Q.850 cause: 16 normal clearing, 17 busy, 19 no answer, … (RFC 3398 §8.2.6.1 where it is derived).
    pub q850: u8,
}

/// The kinds of ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndKind {
    /// One of the two hung up after they had talked.
    Completed,
    /// The agent's call to a colleague went into the call of the one who was sent on.
    Transferred,
    /// The caller hung up in a queue.
    Abandoned,
    /// The caller hung up before a queue, or before the called extension answered.
    HungUpEarly,
    /// The flow came to its own end.
    FlowEnded,
    /// The called extension was busy, did not answer or refused.
    NotAnswered,
    /// Refused before it began: no common codec, no media port.
    Refused,
    /// The caller is blocked.
    Blocked,
    /// No trunk took the call.
    NoTrunk,
    /// A phone did not acknowledge our answer or answer within its session, or its session failed.
    Unreachable,
    /// Media stopped coming.
    MediaLost,
    /// A phone did not refresh its session in time (RFC 4028).
    SessionExpired,
    /// The server was drained or stopped.
    Shutdown,
    /// The server died and was started again.
    ServerRestart,
    /// A defect in this server; an alarm says more.
    InternalError,
}
