//! The call record: everything that is kept of one call.

use core::fmt;
use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::{Attendee, Disposition, Number, Timestamp};

/// Answer to `GET /api/v1/calls`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecordPage {
    /// Newest first.
    pub calls: Vec<Record>,
    /// For `?cursor=`: the older ones; `null` at the end.
    pub next: Option<String>,
}

/// A call record.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// The call.
    pub id: String,
    /// The caller's number as sent.
    pub caller: Number,
    /// The caller's display name.
    pub caller_name: Option<String>,
    /// What was dialled, as sent.
    pub called: Number,
    /// The configured number that was dialled; `null` if it was an extension or a number outside.
    pub number: Option<String>,
    /// The flow of that number.
    pub flow: Option<String>,
    /// Who called whom.
    pub direction: Direction,
    /// Where the call came from.
    pub source: Source,
    /// The SIP Call-ID of the caller's leg.
    pub sip_call_id: String,
    /// BCP 47 language in which the caller was addressed last.
    pub language: String,
    /// The customer's id.
    pub customer: Option<String>,
    /// INVITE received.
    pub started_at: Timestamp,
    /// Answered by the server.
    pub answered_at: Option<Timestamp>,
    /// Caller and agent heard each other first.
    pub connected_at: Option<Timestamp>,
    /// Nobody was connected any more.
    pub ended_at: Option<Timestamp>,
    /// Who ended it.
    pub ended_by: Option<Party>,
    /// Why it ended.
    pub cause: Option<Cause>,
    /// The agent who took it last, or who called somebody outside.
    pub agent: Option<String>,
    /// The way through the flows.
    pub path: Vec<Step>,
    /// Stays in queues, in order.
    pub queues: Vec<QueueVisit>,
    /// Offers to agents, in order.
    pub offers: Vec<Offer>,
    /// Recordings, in order.
    pub recordings: Vec<Recording>,
    /// Answers to surveys, in order.
    #[serde(default)]
    pub answers: Vec<SurveyAnswer>,
    /// Who sent the caller on to whom, in order.
    #[serde(default)]
    pub transfers: Vec<Transfer>,
    /// What was done with it for requests of clients, in order; at most 200.
    #[serde(default)]
    pub requests: Vec<CallRequest>,
    /// Who took part beside the two, in the order of joining.
    #[serde(default)]
    pub attendances: Vec<Attendance>,
    /// When the customer left and the agent talked on with the others.
    #[serde(default)]
    pub customer_left_at: Option<Timestamp>,
    /// Tries to call somebody outside, in order.
    #[serde(default)]
    pub dials: Vec<Dial>,
    /// Who sent the call on to this server.
    #[serde(default)]
    pub diversion: Option<Diversion>,
    /// From where the caller called and why, if it was the visitor of a web page who said so.
    #[serde(default)]
    pub visitor: Option<Visiting>,
    /// Why the caller was not let through as dialled, if so.
    #[serde(default)]
    pub blocked: Option<BlockedCall>,
    /// How each phone sounded, in the order in which they left.
    #[serde(default)]
    pub sounds: Vec<LegSound>,
    /// What the caller left, in order.
    #[serde(default)]
    pub messages: Vec<LeftMessage>,
    /// What became of the call, in the words of each agent who had it; at the latest a moment after it was said, once the
    /// call is over.
    #[serde(default)]
    pub dispositions: Vec<Disposition>,
}

/// What the visitor of a web page said on calling. Digits are masked for those who may not read numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Visiting {
    /// The page that was open.
    pub page: Option<String>,
    /// What it is about.
    pub question: Option<String>,
}

/// Somebody who took part beside the two who talked, in one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attendance {
    /// Who, and how.
    #[serde(flatten)]
    pub attendee: Attendee,
    /// From when on.
    pub from: Timestamp,
    /// Until when; absent while it goes on.
    pub until: Option<Timestamp>,
}

/// One message of the caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftMessage {
    /// The message.
    pub id: String,
    /// An agent or a queue; `null` if the flow keeps it for itself.
    pub mailbox: Option<String>,
    /// Complete.
    pub at: Timestamp,
    /// Length.
    pub duration_ms: u64,
}

/// What came from a phone as RTP, and how much was sent to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LegSound {
    /// Names the leg within the call.
    pub leg: u64,
    /// Whose phone.
    pub party: Party,
    /// The agent, if it is one's.
    pub agent: Option<String>,
    /// `PCMU`, `PCMA` or `G722`.
    pub codec: String,
    /// Packets that came.
    pub packets_received: u64,
    /// Packets that never came.
    pub packets_lost: u64,
    /// Packets overtaken by a later one.
    pub packets_reordered: u64,
    /// Packets sent.
    pub packets_sent: u64,
    /// Mean jitter, microseconds (RFC 3550 §6.4.1).
    pub jitter_us: u32,
    /// The worst jitter, microseconds.
    pub jitter_max_us: u32,
    /// Milliseconds made up for packets that were lost or late, while others heard this phone in a conference.
    pub concealed_ms: u64,
    /// Packets that came too late for a conference.
    pub packets_late: u64,
    /// How long its sound waited on average before it was mixed, milliseconds; `null` if it never was.
    pub buffered_ms: Option<u32>,
    /// Mean of the way there and back, microseconds, from the phone's reports (RTCP); `null` if it sent none.
    pub round_trip_us: Option<u32>,
    /// Packets sent that the phone reported lost; `null` if it sent no report.
    pub peer_lost: Option<u64>,
    /// The jitter that the phone reported last, microseconds; `null` if it sent no report.
    pub peer_jitter_us: Option<u32>,
    /// Mean opinion score of what came, estimated by the E-model (G.107); `null` if too little came.
    pub mos: Option<Mos>,
}

/// The data of a `line` on `GET /api/v1/events`: how the line of the page's own agent has sounded in the last few seconds of a
/// talk. It has no number, and is not told again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LineQuality {
    /// The call.
    pub call: String,
    /// Of a thousand packets from the agent's phone, how many did not come.
    pub lost_permille: u16,
    /// Of a thousand packets to the agent's phone, how many it said to miss since the call began; `null` if it sent no report.
    pub peer_lost_permille: Option<u16>,
    /// Jitter of what came, microseconds (RFC 3550 §6.4.1).
    pub jitter_us: u32,
    /// Mean of the way there and back, microseconds, from the phone's reports (RTCP); `null` if it sent none.
    pub round_trip_us: Option<u32>,
    /// Mean opinion score of what came, estimated by the E-model (G.107); `null` if too little came.
    pub mos: Option<Mos>,
}

/// A mean opinion score, from 1.00 to 4.50, in hundredths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mos(pub u16);

impl Serialize for Mos {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.0) / 100.0)
    }
}

impl JsonSchema for Mos {
    fn schema_name() -> Cow<'static, str> {
        "Mos".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 1, "maximum": 5, "description": "A mean opinion score." })
    }
}

impl<'de> Deserialize<'de> for Mos {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let score = f64::deserialize(deserializer)?;
        if !(1.0..=5.0).contains(&score) {
            return Err(serde::de::Error::custom(format!("{score} is no mean opinion score")));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "100 to 500")]
        Ok(Self((score * 100.0).round() as u16))
    }
}

/// Who sent a call on.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Diversion {
    /// The number that was called before.
    pub from: Number,
    /// Why, as the network says it: `user-busy`, `no-answer`, `unconditional`…
    pub reason: Option<String>,
}

impl fmt::Debug for Diversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Diversion").field("reason", &self.reason).finish_non_exhaustive()
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Where a call came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// From this trunk.
    Trunk(String),
    /// From the phone of this agent.
    Agent(String),
    /// From nobody: made for who waits to be called back from this queue.
    Queue(String),
}

/// Who called whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Somebody outside called.
    In,
    /// An agent called somebody outside, or somebody is called back.
    Out,
    /// An agent called within the center.
    Internal,
}

/// One try to call somebody outside.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dial {
    /// The trunk.
    pub trunk: String,
    /// Its server, as configured.
    pub server: String,
    /// The number, normalised.
    pub number: Number,
    /// The agent whose own device this is; absent if somebody else is called.
    pub device_of: Option<String>,
    /// Begun.
    pub dialled_at: Timestamp,
    /// The called phone rang.
    pub ringing_at: Option<Timestamp>,
    /// Answered or failed.
    pub ended_at: Option<Timestamp>,
    /// What became of it.
    pub outcome: DialOutcome,
    /// The final SIP status of a try that failed, if there was one.
    pub sip_status: Option<u16>,
}

impl fmt::Debug for Dial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dial")
            .field("trunk", &self.trunk)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

/// What became of a try to call somebody outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DialOutcome {
    /// Still open.
    Pending,
    /// The called one took the call.
    Answered,
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
    /// There is no way to the server: no address of ours has its transport or family.
    NoWay,
    /// The answer came without a codec that we know.
    NoCodec,
    /// Whoever called has gone.
    CallerGone,
    /// A limit or failure of this server.
    ServerFault,
}

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The one who called.
    Caller,
    /// The one outside who was called.
    Callee,
    /// The agent.
    Agent,
    /// The server.
    System,
}

/// That a caller is blocked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BlockedCall {
    /// On what grounds.
    pub by: BlockedBy,
    /// The list of the configuration; `null` for others.
    pub list: Option<String>,
    /// Why the caller is on the list.
    pub reason: Option<String>,
    /// What became of the call.
    pub answer: BlockedAnswer,
    /// The flow that answered, if one did.
    pub flow: Option<String>,
}

/// On what grounds a caller is blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BlockedBy {
    /// The caller is on a list of `blocked`.
    List,
    /// The number that was called is for others, by its `allow_only`.
    Number,
    /// The address book marks the customer as blocked.
    Customer,
}

/// What becomes of the call of somebody who is blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BlockedAnswer {
    /// Declined with 603.
    Decline,
    /// Busy, 486.
    Busy,
    /// A flow answers.
    Flow,
}

/// Why a call ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cause {
    /// The kind of ending.
    pub kind: EndKind,
    /// The final SIP status that mattered.
    pub sip_status: Option<u16>,
    /// Q.850 cause.
    pub q850: u8,
}

/// The kinds of ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndKind {
    /// One of the two hung up after they had talked.
    Completed,
    /// It went into the call of the one whom its agent sent on.
    Transferred,
    /// The caller hung up in a queue.
    Abandoned,
    /// The caller hung up before a queue, or before the extension answered.
    HungUpEarly,
    /// The flow came to its own end.
    FlowEnded,
    /// Whoever was called was busy, did not answer or refused.
    NotAnswered,
    /// Refused before it began.
    Refused,
    /// The caller is blocked.
    Blocked,
    /// No trunk took the call.
    NoTrunk,
    /// Media stopped coming.
    MediaLost,
    /// A phone did not refresh its session in time.
    SessionExpired,
    /// A phone did not acknowledge the answer or answer within its session, or its session failed.
    Unreachable,
    /// The server was stopped.
    Shutdown,
    /// The server died and was started again.
    ServerRestart,
    /// A defect in the server.
    InternalError,
}

/// One step of a flow, as it was run.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// The flow.
    pub flow: String,
    /// The step.
    pub step: String,
    /// When it began.
    pub entered_at: Timestamp,
    /// When it was left.
    pub left_at: Timestamp,
    /// What the caller keyed in.
    pub input: Option<String>,
    /// By which exit it was left.
    pub exit: String,
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step").field("flow", &self.flow).field("step", &self.step).finish_non_exhaustive()
    }
}

/// One stay in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QueueVisit {
    /// The queue.
    pub queue: String,
    /// Joined.
    pub entered_at: Timestamp,
    /// Left.
    pub left_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<QueueOutcome>,
    /// How long the caller waited, once the stay is over.
    pub waited_ms: Option<u64>,
}

/// One answer to a survey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SurveyAnswer {
    /// The survey.
    pub survey: String,
    /// The question.
    pub question: String,
    /// The key that was pressed.
    pub answer: u8,
    /// When.
    pub at: Timestamp,
}

/// How a stay in a queue ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum QueueOutcome {
    /// An agent took the call.
    Answered,
    /// The caller hung up.
    Abandoned,
    /// The longest wait was reached.
    TimedOut,
    /// A person took the caller out, or the server ended it.
    Withdrawn,
    /// The caller pressed a key that leads out, or the queue closed.
    Left,
    /// A person moved the caller to another queue.
    Moved,
}

/// One offer to an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Offer {
    /// The agent.
    pub agent: String,
    /// Chosen.
    pub offered_at: Timestamp,
    /// The screen pop was written to the agent's page; `null` if there was none or it took too long.
    pub popped_at: Option<Timestamp>,
    /// The INVITE left.
    pub invited_at: Option<Timestamp>,
    /// The phone rang.
    pub ringing_at: Option<Timestamp>,
    /// Taken or failed.
    pub ended_at: Option<Timestamp>,
    /// What became of it.
    pub outcome: OfferOutcome,
    /// The final SIP status of a failed offer, if there was one.
    pub sip_status: Option<u16>,
}

/// What became of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OfferOutcome {
    /// Still open.
    Pending,
    /// The agent took the call.
    Answered,
    /// The phone rang for the whole time.
    NoAnswer,
    /// The agent rejected it.
    Rejected,
    /// The phone was busy.
    Busy,
    /// No phone was registered.
    NotRegistered,
    /// The network or the phone failed.
    PhoneFault,
    /// This server could not ring the phone.
    ServerFault,
    /// The caller hung up.
    CallerGone,
    /// Somebody else took the call from the ringing phone.
    Elsewhere,
}

/// One recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recording {
    /// The recording.
    pub id: String,
    /// Path below the recordings directory.
    pub path: String,
    /// First sample.
    pub started_at: Timestamp,
    /// How it stands.
    pub state: RecordingState,
    /// Length; `null` while it is open.
    pub duration_ms: Option<u64>,
    /// Silence in place of audio that was lost; `null` unless the recording is finished.
    pub gap_ms: Option<u64>,
    /// Size of the file; `null` while it is open.
    pub bytes: Option<u64>,
    /// Why it failed.
    pub problem: Option<String>,
    /// When it was erased; what happened in it stays to be read.
    #[serde(default)]
    pub erased_at: Option<Timestamp>,
    /// Who was heard when; empty while it is open, and after a crash.
    pub legs: Vec<RecordedLeg>,
    /// What happened.
    pub marks: Vec<RecordedMark>,
    /// Where audio is missing; at most 100 places.
    pub gaps: Vec<RecordedGap>,
    /// Who spoke for how long; `null` while it is open, and after a crash.
    pub talk: Option<RecordedTalk>,
    /// SHA-256 of its samples, in hexadecimal, as they were when it was recorded; `null` while it is open, and after a crash.
    #[serde(default)]
    pub sha256: Option<String>,
}

/// Something that was done with a call for a request of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CallRequest {
    /// When.
    pub at: Timestamp,
    /// The request, as its answer had it in `X-Request-Id`.
    pub request_id: String,
    /// What: `hold`, `hang_up`, `transfer`.
    pub what: String,
}

/// Who spoke for how long in a recording. Music and ringing count as speech, a pause as silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordedTalk {
    /// The left channel, alone or not.
    pub customer_ms: u64,
    /// The right channel, alone or not.
    pub agent_ms: u64,
    /// Both at once.
    pub over_talk_ms: u64,
    /// How often that began.
    pub over_talks: u32,
    /// Neither.
    pub silence_ms: u64,
    /// The longest silence in one piece.
    pub longest_silence_ms: u64,
}

/// A phone in a recording. Milliseconds count from the first sample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordedLeg {
    /// Whose: `customer`, `outside`, or an agent as `agent:1001`.
    pub speaker: String,
    /// Where it is heard.
    pub channel: RecordedChannel,
    /// From when.
    pub from_ms: u64,
    /// To when.
    pub to_ms: u64,
}

/// A channel of a recording; both are mixed in one that has one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordedChannel {
    /// The customer's.
    Left,
    /// Everybody else's.
    Right,
}

/// Something that happened during a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordedMark {
    /// When.
    pub at_ms: u64,
    /// What.
    pub kind: RecordedMarkKind,
    /// Who did it, as `speaker` of a leg; `null` for the server itself.
    pub by: Option<String>,
    /// Why, in the words of who did it.
    pub reason: Option<String>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordedMarkKind {
    /// One put the other on hold.
    Held,
    /// The hold is over.
    Retrieved,
    /// From here to the next `resumed` there is silence.
    Paused,
    /// What is said is recorded again.
    Resumed,
    /// The customer was sent on.
    Transferred,
    /// A person marked this moment; the note is the reason.
    Noted,
}

/// Silence in place of audio that was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordedGap {
    /// Whose.
    pub channel: RecordedChannel,
    /// From when.
    pub from_ms: u64,
    /// How long.
    pub length_ms: u64,
}

/// One transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Transfer {
    /// Begun.
    pub at: Timestamp,
    /// The agent who sent the caller on.
    pub by: String,
    /// Where to.
    pub to: TransferTarget,
    /// Whether the agent had talked to the one who took over.
    pub attended: bool,
    /// What became of it.
    pub outcome: TransferOutcome,
}

/// Where a caller is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransferTarget {
    /// To this agent.
    Agent(String),
    /// To the flow of this number.
    Number(String),
    /// To this number outside.
    Outside(Number),
    /// Into this queue.
    Queue(String),
}

/// What became of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransferOutcome {
    /// Still open; for good if the caller hung up meanwhile.
    Pending,
    /// The caller was taken over.
    Done,
    /// Nobody took over.
    Failed,
}

/// Answer to `GET /api/v1/calls/{id}/recording/peaks`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordingPeaks {
    /// As far as the recording goes.
    pub duration_ms: u64,
    /// For each channel, the customer's first, the loudest amplitude of each stretch: 0 to 32 768. Of a mono recording there is one.
    pub channels: Vec<Vec<u16>>,
}

/// Nothing of the call's recordings may be erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LegalHold {
    /// Since when.
    pub at: Timestamp,
    /// Who said so.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Body of `PUT /api/v1/calls/{id}/legal-hold`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PutLegalHold {
    /// Why: at most 500 characters, such as the number of a case.
    pub reason: String,
}

/// How a recording stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordingState {
    /// Being written.
    Open,
    /// Complete.
    Finished,
    /// Could not be written.
    Failed,
    /// Cut off when the server died, and made playable at the restart.
    Mended,
    /// Erased, by a person or because it was too old.
    Erased,
}
