//! One numbered event of the live stream.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Agent, Alarm, Attendee, BlockedCall, Call, Cause, DialOutcome, Direction, LegSound, Number, OfferOutcome,
    Party, Pop, QueueOutcome, Source, Step, Timestamp, TransferTarget, Visiting,
};

/// The data of an `event` on `GET /api/v1/events`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// Its number.
    pub seq: u64,
    /// When it happened.
    pub at: Timestamp,
    /// The call concerned, if it is one call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// The call as it stands, with what may have brought it into the view of an agent, or of those who see it by their team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Box<Call>>,
    /// What happened: `type` and the fields of that type.
    #[serde(flatten)]
    pub what: What,
}

/// Every type of event with its fields. In JSON the variant is the field `type`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type")]
pub enum What {
    /// A call began.
    #[serde(rename = "call.started")]
    CallStarted {
        /// The caller's number as sent.
        caller: Number,
        /// The caller's display name.
        caller_name: Option<String>,
        /// What was dialled.
        called: Number,
        /// The configured number.
        number: Option<String>,
        /// Its flow.
        flow: Option<String>,
        /// Who called whom.
        direction: Direction,
        /// Where it came from.
        source: Source,
        /// BCP 47 language.
        language: String,
    },
    /// The address book answered.
    #[serde(rename = "call.customer")]
    CallCustomer {
        /// The customer's id, if the number is known.
        customer: Option<String>,
    },
    /// The caller is blocked.
    #[serde(rename = "call.blocked")]
    CallBlocked {
        /// Why, and what becomes of the call.
        blocked: BlockedCall,
    },
    /// The caller is the visitor of a web page.
    #[serde(rename = "call.visitor")]
    CallVisitor {
        /// From where, and why.
        visitor: Visiting,
    },
    /// The server answered the caller.
    #[serde(rename = "call.answered")]
    CallAnswered,
    /// A step of a flow was left.
    #[serde(rename = "call.step")]
    CallStep(Step),
    /// The caller answered a question of a survey.
    #[serde(rename = "call.survey_answered")]
    CallSurveyAnswered {
        /// The survey.
        survey: String,
        /// The question.
        question: String,
        /// The key that was pressed.
        answer: u8,
    },
    /// The caller's language changed.
    #[serde(rename = "call.language")]
    CallLanguage {
        /// BCP 47 language.
        language: String,
    },
    /// The call waits in a queue.
    #[serde(rename = "call.queued")]
    CallQueued {
        /// The queue.
        queue: String,
    },
    /// The place in line changed.
    #[serde(rename = "call.position")]
    CallPosition {
        /// The queue.
        queue: String,
        /// 1 is next.
        position: u32,
        /// Callers waiting in all.
        waiting: u32,
    },
    /// The call left its queue.
    #[serde(rename = "call.dequeued")]
    CallDequeued {
        /// The queue.
        queue: String,
        /// Why.
        outcome: QueueOutcome,
    },
    /// The call was not offered to anybody.
    #[serde(rename = "call.not_offered")]
    CallNotOffered {
        /// Why not; for admins.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        because: Option<Box<Decision>>,
    },
    /// A person gave the caller to an agent: it waits for that one alone.
    #[serde(rename = "call.assigned")]
    CallAssigned {
        /// The agent.
        agent: String,
    },
    /// The caller's place in line has changed: a person said so, or a step of the queue's plan.
    #[serde(rename = "call.prioritised")]
    CallPrioritised {
        /// Whether it goes before all ordinary callers.
        emergency: bool,
        /// Its whole head start.
        credit_s: u64,
    },
    /// The call is made for somebody who is to be called back.
    #[serde(rename = "call.calling_back")]
    CallCallingBack {
        /// The wish.
        callback: String,
        /// When it was asked for.
        requested_at: Timestamp,
        /// Why this agent; for admins.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        because: Option<Box<Decision>>,
    },
    /// An agent was chosen.
    #[serde(rename = "call.offered")]
    CallOffered {
        /// The offer.
        offer: u64,
        /// The agent.
        agent: String,
        /// Why this agent; for admins, and only if a queue chose.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        because: Option<Box<Decision>>,
        /// The screen pop; for the offered agent alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pop: Option<Box<Pop>>,
    },
    /// The screen pop was written to the agent's page, or not in time.
    #[serde(rename = "call.popped")]
    CallPopped {
        /// The offer.
        offer: u64,
        /// True if a page has it.
        written: bool,
    },
    /// The INVITE left for the agent's phone.
    #[serde(rename = "call.invited")]
    CallInvited {
        /// The offer.
        offer: u64,
    },
    /// The agent's phone rings.
    #[serde(rename = "call.ringing")]
    CallRinging {
        /// The offer.
        offer: u64,
    },
    /// The offer came to nothing.
    #[serde(rename = "call.offer_failed")]
    CallOfferFailed {
        /// The offer.
        offer: u64,
        /// The agent.
        agent: String,
        /// Why; the same words as the outcome of an offer in a record.
        failure: OfferOutcome,
        /// The final SIP status, if there was one.
        sip_status: Option<u16>,
    },
    /// Caller and agent hear each other.
    #[serde(rename = "call.connected")]
    CallConnected {
        /// The offer that was taken.
        offer: u64,
        /// The agent.
        agent: String,
        /// The screen pop as it is now; for that agent alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pop: Option<Box<Pop>>,
    },
    /// A server of a trunk is asked to call a number outside.
    #[serde(rename = "call.dialled")]
    CallDialled {
        /// The trunk.
        trunk: String,
        /// Its server, as configured.
        server: String,
        /// The number, normalised.
        number: Number,
        /// The agent whose own device this is; absent if somebody else is called.
        device_of: Option<String>,
    },
    /// The called phone rings.
    #[serde(rename = "call.dial_ringing")]
    CallDialRinging,
    /// This try came to nothing; another may follow.
    #[serde(rename = "call.dial_failed")]
    CallDialFailed {
        /// Why; the same words as the outcome of a try in a record.
        failure: DialOutcome,
        /// The final SIP status, if there was one.
        sip_status: Option<u16>,
    },
    /// The called one took the call.
    #[serde(rename = "call.dial_answered")]
    CallDialAnswered,
    /// The agent is sending the caller on.
    #[serde(rename = "call.transferring")]
    CallTransferring {
        /// The agent.
        by: String,
        /// Where to.
        to: TransferTarget,
    },
    /// The agent has sent the caller on, and has left the call.
    #[serde(rename = "call.transferred")]
    CallTransferred {
        /// The agent.
        by: String,
        /// Where to.
        to: TransferTarget,
        /// Whether the agent had talked to the one who takes over.
        attended: bool,
    },
    /// Nobody took the caller over.
    #[serde(rename = "call.transfer_failed")]
    CallTransferFailed {
        /// The agent.
        by: String,
        /// Where to.
        to: TransferTarget,
    },
    /// The agent asks somebody while the other side waits.
    #[serde(rename = "call.consulting")]
    CallConsulting {
        /// The agent.
        by: String,
        /// Whom.
        to: TransferTarget,
    },
    /// Nobody is asked any more, or whoever was asked has joined the two.
    #[serde(rename = "call.consult_ended")]
    CallConsultEnded {
        /// The agent.
        by: String,
    },
    /// Somebody takes part beside the two who talk, or in another way from here on.
    #[serde(rename = "call.party_joined")]
    CallPartyJoined(Attendee),
    /// Somebody takes part no more beside the two.
    #[serde(rename = "call.party_left")]
    CallPartyLeft {
        /// Which.
        leg: u64,
    },
    /// The customer has hung up, and the agent talks on with the others.
    #[serde(rename = "call.customer_left")]
    CallCustomerLeft,
    /// A supervisor has taken the customer over; the agent has left.
    #[serde(rename = "call.taken_over")]
    CallTakenOver {
        /// The supervisor's leg.
        leg: u64,
        /// The supervisor.
        by: String,
        /// The agent.
        from: String,
    },
    /// Nobody hears the agent, or everybody does again.
    #[serde(rename = "call.muted")]
    CallMuted {
        /// The agent.
        by: String,
        /// Whether nobody does.
        muted: bool,
    },
    /// One put the other on hold.
    #[serde(rename = "call.held")]
    CallHeld {
        /// Who holds.
        by: Party,
    },
    /// The hold is over.
    #[serde(rename = "call.retrieved")]
    CallRetrieved {
        /// Who held.
        by: Party,
    },
    /// A recording is being written.
    #[serde(rename = "recording.started")]
    RecordingStarted {
        /// The recording.
        recording: String,
        /// Path below the recordings directory.
        path: String,
    },
    /// An agent keeps what is said out of the recording.
    #[serde(rename = "recording.paused")]
    RecordingPaused {
        /// The recording.
        recording: String,
        /// The agent.
        by: String,
        /// Why, in the agent's words.
        reason: Option<String>,
        /// When it goes on at the latest, unless it is paused again.
        until: Timestamp,
    },
    /// What follows is done for a request of a client.
    #[serde(rename = "call.requested")]
    CallRequested {
        /// The request, as its answer had it in `X-Request-Id`.
        request_id: String,
        /// What: `hold`, `hang_up`, `transfer`.
        what: String,
    },
    /// What is said is recorded again.
    #[serde(rename = "recording.resumed")]
    RecordingResumed {
        /// The recording.
        recording: String,
        /// The agent who wanted it; `null` if the pause lasted too long or its agent left.
        by: Option<String>,
    },
    /// A recording is complete.
    #[serde(rename = "recording.finished")]
    RecordingFinished {
        /// The recording.
        recording: String,
        /// Length.
        duration_ms: u64,
        /// Silence in place of audio that was lost.
        gap_ms: u64,
        /// Size of the file.
        bytes: u64,
    },
    /// A recording that was cut off when the server died was made playable at the restart.
    #[serde(rename = "recording.mended")]
    RecordingMended {
        /// The recording.
        recording: String,
        /// Length.
        duration_ms: u64,
        /// Size of the file.
        bytes: u64,
    },
    /// A recording could not be written.
    #[serde(rename = "recording.failed")]
    RecordingFailed {
        /// The recording.
        recording: String,
        /// Why.
        problem: String,
    },
    /// The caller left a message.
    #[serde(rename = "message.left")]
    MessageLeft {
        /// The message.
        message: String,
        /// An agent or a queue; `null` if the flow keeps it for itself.
        mailbox: Option<String>,
        /// Length.
        duration_ms: u64,
    },
    /// A phone has left the call: how it sounded.
    #[serde(rename = "sound.measured")]
    SoundMeasured {
        /// What came and went.
        sound: LegSound,
    },
    /// The call is over.
    #[serde(rename = "call.ended")]
    CallEnded {
        /// Who ended it.
        by: Party,
        /// Why.
        cause: Cause,
    },
    /// A queue has become longer or shorter; for agents, in place of the event of a call that does not concern
    /// them.
    #[serde(rename = "queue.changed")]
    QueueChanged {
        /// The queue.
        queue: String,
        /// Callers waiting in all.
        length: usize,
        /// Since when the one of them waits who has waited longest; `null` if nobody does.
        #[serde(default)]
        longest_since: Option<Timestamp>,
    },
    /// An agent's state, registration or pending request changed.
    #[serde(rename = "agent.changed")]
    AgentChanged {
        /// The agent as it is from here on.
        agent: Agent,
    },
    /// An agent who is gone from the configuration has finished what it had.
    #[serde(rename = "agent.removed")]
    AgentRemoved {
        /// The agent.
        agent: String,
    },
    /// More or fewer than before wait to be called back from a queue.
    #[serde(rename = "queue.callbacks")]
    QueueCallbacks {
        /// The queue.
        queue: String,
        /// How many do.
        callbacks: u32,
    },
    /// Something an operator should look at.
    #[serde(rename = "alarm.raised")]
    AlarmRaised {
        /// The alarm.
        alarm: Alarm,
    },
    /// The alarm of this kind is over.
    #[serde(rename = "alarm.cleared")]
    AlarmCleared {
        /// As in [`Alarm::kind`].
        kind: String,
    },
    /// Another configuration of the center is in force from here on. A snapshot follows.
    #[serde(rename = "center.changed")]
    CenterChanged {},
}

/// Why a call went to this agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Decision {
    /// How the queue chooses.
    pub strategy: String,
    /// The caller's place in the queue.
    pub position: u32,
    /// How long the caller had waited.
    pub waited_ms: u64,
    /// The last step of the queue's plan that had begun, the first being 0.
    pub step: Option<u32>,
    /// What lots were drawn with, if the queue draws lots.
    pub seed: Option<String>,
    /// The whole in one sentence.
    pub words: String,
    /// Agents who could have been offered the call, the chosen one first.
    pub candidates: Vec<Candidate>,
    /// Agents who could not.
    pub refused: Vec<Refusal>,
    /// Agents left out of both lists because they are too many.
    pub unlisted: u32,
}

/// An agent who could have been offered the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Candidate {
    /// The agent.
    pub agent: String,
    /// Its tier in the queue; the least goes first.
    pub tier: u8,
    /// The sum of weight × level over the skills that the plan prefers; the greatest goes first.
    pub preference: u32,
    /// The strategy's own measure; the least goes first.
    pub measure: i64,
    /// How long it had been idle; the longest goes first.
    pub idle_ms: u64,
}

/// An agent who could not be offered the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refusal {
    /// The agent.
    pub agent: String,
    /// The first gate that was shut: `NOT_READY`, `WRAP_UP`, …
    pub gate: String,
    /// When it opens by itself.
    pub until: Option<Timestamp>,
    /// In words.
    pub words: String,
}

impl What {
    /// Every `type`, in the order of this file.
    pub const TYPES: [&str; 52] = [
        "call.started",
        "call.customer",
        "call.blocked",
        "call.visitor",
        "call.answered",
        "call.step",
        "call.survey_answered",
        "call.language",
        "call.queued",
        "call.position",
        "call.dequeued",
        "call.not_offered",
        "call.assigned",
        "call.prioritised",
        "call.calling_back",
        "call.offered",
        "call.popped",
        "call.invited",
        "call.ringing",
        "call.offer_failed",
        "call.connected",
        "call.dialled",
        "call.dial_ringing",
        "call.dial_failed",
        "call.dial_answered",
        "call.transferring",
        "call.transferred",
        "call.transfer_failed",
        "call.consulting",
        "call.consult_ended",
        "call.party_joined",
        "call.party_left",
        "call.taken_over",
        "call.muted",
        "call.held",
        "call.retrieved",
        "recording.started",
        "recording.paused",
        "call.requested",
        "recording.resumed",
        "recording.finished",
        "recording.mended",
        "recording.failed",
        "message.left",
        "sound.measured",
        "call.ended",
        "queue.changed",
        "agent.changed",
        "agent.removed",
        "queue.callbacks",
        "alarm.raised",
        "alarm.cleared",
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_flat_object_with_only_its_own_fields() {
        let event = Event {
            seq: 7,
            at: Timestamp::from_unix_millis(0),
            call: Some("c".into()),
            shown: None,
            what: What::CallOffered { offer: 3, agent: "1001".into(), because: None, pop: None },
        };
        let json = serde_json::to_value(&event).unwrap();
        let expected = serde_json::json!({
            "seq": 7, "at": "1970-01-01T00:00:00.000Z", "call": "c", "type": "call.offered", "offer": 3, "agent": "1001"
        });
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_value::<Event>(json).unwrap(), event);
    }

    #[test]
    fn an_event_without_a_call_omits_it() {
        let what = What::AlarmCleared { kind: "store_unavailable".into() };
        let event = Event { seq: 1, at: Timestamp::from_unix_millis(0), call: None, shown: None, what };
        assert_eq!(
            serde_json::to_string(&event).unwrap(),
            r#"{"seq":1,"at":"1970-01-01T00:00:00.000Z","type":"alarm.cleared","kind":"store_unavailable"}"#
        );
    }
}
