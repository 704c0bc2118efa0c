//! A living call, and the screen pop of an offer.

use core::fmt;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Contact, Customer, Direction, Diversion, FieldValue, Number, Step, Timestamp};

/// A living call.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Call {
    /// The call.
    pub id: String,
    /// What it does.
    pub state: CallState,
    /// The caller's number as sent.
    pub caller: Number,
    /// The caller's display name.
    pub caller_name: Option<String>,
    /// What was dialled.
    pub called: Number,
    /// Who called whom.
    pub direction: Direction,
    /// The queue it waits in, or waited in last.
    pub queue: Option<String>,
    /// Place in the queue while it waits, 1 is next.
    pub position: Option<u32>,
    /// The agent it is offered to or talks with; of several the one who was chosen first.
    pub agent: Option<String>,
    /// Everybody it is offered to, in the order of the offers: several phones may ring for one call.
    #[serde(default)]
    pub offered_to: Vec<String>,
    /// INVITE received.
    pub started_at: Timestamp,
    /// Answered by the server.
    pub answered_at: Option<Timestamp>,
    /// Caller and agent heard each other first.
    pub connected_at: Option<Timestamp>,
    /// BCP 47 language of the caller.
    pub language: String,
    /// The customer's id, if the number is known.
    pub customer: Option<String>,
    /// Who takes part beside the two who talk.
    #[serde(default)]
    pub attendees: Vec<Attendee>,
    /// Whether somebody is being called whom the agent asks. Until `call.consult_ended`, `call.transferring` or a `call.party_joined` as
    /// `consulted`, offers and tries to call somebody outside are about that.
    #[serde(default)]
    pub consulting: bool,
    /// Whether the customer has hung up and the agent talks on with the others, who are among the attendees.
    #[serde(default)]
    pub customer_left: bool,
    /// Whether the agent holds the other side, or asks somebody else meanwhile.
    #[serde(default)]
    pub held: bool,
    /// Whether nobody hears the agent, as the page said.
    #[serde(default)]
    pub muted: bool,
}

/// Somebody who takes part in a call beside the two who talk.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attendee {
    /// Names the party within the call.
    pub leg: u64,
    /// The agent, if it is one.
    pub agent: Option<String>,
    /// The number outside, if it is there.
    pub number: Option<Number>,
    /// How it takes part.
    pub part: Part,
}

impl fmt::Debug for Attendee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attendee").field("leg", &self.leg).field("part", &self.part).finish_non_exhaustive()
    }
}

/// How somebody takes part in a call beside the two who talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Is asked by the agent while the other side waits.
    Consulted,
    /// Talks with all.
    Conference,
    /// A supervisor who hears both and is heard by nobody.
    Listen,
    /// A supervisor who hears both and is heard by the agent.
    Whisper,
    /// A supervisor who hears nobody and is heard by the agent.
    PrivateWhisper,
    /// A supervisor who talks with both.
    Barge,
    /// A supervisor who takes the customer over.
    TakeOver,
}

/// Body of `POST /api/v1/calls/{id}/dtmf`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PressKeys {
    /// 1 to 32 of `0-9`, `*`, `#`, `A-D`.
    #[schemars(length(min = 1, max = 32))]
    pub digits: String,
}

impl fmt::Debug for PressKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PressKeys(***)")
    }
}

/// Body of `PUT /api/v1/calls/{id}/monitor`: how the supervisor takes part from here on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Monitor {
    /// How.
    pub mode: MonitorMode,
    /// With whom the supervisor stays when customer and agent part.
    #[serde(default)]
    pub follow: Follow,
}

/// With whom a supervisor stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Follow {
    /// With the customer, through holds, consultations and transfers.
    #[default]
    Customer,
    /// With the agent who talks now, also aside with somebody who is asked; when the agent leaves the call, the supervisor does.
    Agent,
}

/// How a supervisor takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MonitorMode {
    /// Hears both, is heard by nobody.
    Listen,
    /// Hears both, is heard by the agent.
    Whisper,
    /// Hears nobody, is heard by the agent.
    PrivateWhisper,
    /// Talks with both.
    Barge,
    /// Talks with the customer; the agent leaves.
    TakeOver,
}

/// Body of `POST /api/v1/calls/{id}/recording/mark`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkRecording {
    /// A few words that are kept with the recording: no personal data.
    #[schemars(length(min = 1, max = 100))]
    pub note: String,
}

/// Body of `POST /api/v1/calls`: the agent's own phone is called, then whom the agent wants.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateCall {
    /// An extension, a number of the center, or one outside.
    #[schemars(length(min = 1, max = 64))]
    pub to: String,
    /// For which agent; for admins. The own one if absent.
    #[serde(default)]
    pub agent: Option<String>,
    /// The number that is shown outside, one of the center's; as the routes say if absent.
    #[serde(default)]
    pub caller_id: Option<String>,
}

impl fmt::Debug for CreateCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CreateCall(***)")
    }
}

/// Answer to `POST /api/v1/calls`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CallCreated {
    /// The call.
    pub id: String,
}

/// Body of `POST /api/v1/calls/{id}/transfer`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferCall {
    /// An extension, a number of the center, or one outside; to send a caller on also `queue:` and the id of a queue.
    #[schemars(length(min = 1, max = 64))]
    pub to: String,
}

/// Body of `POST /api/v1/calls/{id}/recording/pause`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PauseRecording {
    /// Why, in a few words that are kept with the recording: no personal data.
    #[serde(default)]
    pub reason: Option<String>,
}

impl fmt::Debug for TransferCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TransferCall(***)")
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("id", &self.id).field("state", &self.state).finish_non_exhaustive()
    }
}

/// What a living call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// In its flow.
    InFlow,
    /// Waits in a queue.
    Queued,
    /// Offered to an agent.
    Offered,
    /// Caller and agent talk.
    Connected,
    /// Somebody outside is called.
    Dialling,
    /// The caller talks with somebody outside.
    ConnectedOutside,
    /// Over; its recording is being closed.
    Ending,
}

/// What the agent's page shows of the call that is offered to it. Sent to no one else.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pop {
    /// The call.
    pub call: String,
    /// The offer; one call may be offered several times.
    pub offer: u64,
    /// The agent.
    pub agent: String,
    /// The caller's number as sent.
    pub caller: Number,
    /// The caller's display name.
    pub caller_name: Option<String>,
    /// What was dialled.
    pub called: Number,
    /// The queue the call waited in.
    pub queue: Option<String>,
    /// When it joined that queue.
    pub queued_at: Option<Timestamp>,
    /// Who sent the call on to this server.
    #[serde(default)]
    pub diversion: Option<Diversion>,
    /// BCP 47 language of the caller.
    pub language: String,
    /// The customer; `null` for an unknown number, or while `lookup_done` is false.
    pub customer: Option<Customer>,
    /// Everybody who has the number, the one above first; empty unless there are several.
    #[serde(default)]
    pub matches: Vec<Customer>,
    /// The customer's calls before, the newest first, at most 10.
    #[serde(default)]
    pub history: Vec<Contact>,
    /// The way through the flows so far: the last 50 steps that are over.
    #[serde(default)]
    pub path: Vec<Step>,
    /// What the flow has collected, by the names of its variables; never those that are sensitive.
    #[serde(default)]
    pub collected: BTreeMap<String, FieldValue>,
    /// Where another system shows the customer, as the queue or the center says.
    #[serde(default)]
    pub crm_url: Option<String>,
    /// Whether the address book has answered.
    pub lookup_done: bool,
}

impl fmt::Debug for Pop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pop").field("call", &self.call).field("offer", &self.offer).finish_non_exhaustive()
    }
}
