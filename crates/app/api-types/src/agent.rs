//! An agent, and the state it asks for.

use core::fmt;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Help, Number, Timestamp, WrapUp};

/// An agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Agent {
    /// The agent; also the user name and the SIP user.
    pub id: String,
    /// Shown name.
    pub name: String,
    /// What the agent does.
    pub state: AgentState,
    /// Why `not_ready`: `signed_in`, `missed`, `phone_fault`, or the agent's own word.
    pub reason: Option<String>,
    /// Since when the state holds.
    pub since: Timestamp,
    /// When `wrap_up` ends by itself; `null` if it does not.
    pub until: Option<Timestamp>,
    /// Asked for during a call; applied after it.
    pub pending: Option<Pending>,
    /// Where the agent is reached.
    pub device: Device,
    /// Whether that can be called: a phone of the agent is registered, or calls go out to the number.
    pub registered: bool,
    /// The call that occupies the agent.
    pub call: Option<String>,
    /// Set in `wrap_up`: what ends it.
    pub wrap_up: Option<WrapUp>,
    /// Set while the agent wants help.
    pub help: Option<Help>,
    /// What the agent can do, each at level 1 to 10.
    pub skills: BTreeMap<String, u8>,
    /// The groups that the agent belongs to.
    pub groups: Vec<String>,
    /// The queues that the agent serves, as configured.
    #[serde(default)]
    pub queues: Vec<String>,
    /// How many calls from queues the agent takes on one day.
    pub daily_cap: Option<u32>,
}

/// Where an agent is reached; also the body of `PUT /api/v1/agents/{id}/device`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Device {
    /// At the phone that has registered for the agent.
    // With braces: serde looks for unknown fields in variants that have fields.
    Phone {},
    /// At a number outside.
    Outside {
        /// One of [`Devices::outside_numbers`].
        number: Number,
    },
}

/// Where an agent may be reached: answer to `GET /api/v1/agents/{id}/device`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Devices {
    /// Where the agent is reached now.
    pub device: Device,
    /// The numbers outside that can be chosen instead.
    pub outside_numbers: Vec<Number>,
}

/// The states of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgentState {
    /// Not at work.
    LoggedOut,
    /// At work, takes no calls.
    NotReady,
    /// Takes calls.
    Ready,
    /// Chosen for a call; the phone does not ring yet.
    Reserved,
    /// The phone rings.
    Ringing,
    /// In a conversation.
    Talking,
    /// In a conversation that is on hold.
    Hold,
    /// After-call work.
    WrapUp,
    /// Takes calls, but the phone has gone; with `phone_grace_s` of the center it is not ready (`phone_lost`) after that.
    OfflineGrace,
}

/// A state that waits for the end of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pending {
    /// The state.
    pub state: AskedState,
    /// Why `not_ready`.
    pub reason: Option<String>,
}

/// Body of `PUT /api/v1/agents/{id}/state`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetAgentState {
    /// The state asked for.
    pub state: AskedState,
    /// Why `not_ready`, at most 64 bytes; `not_ready` if absent.
    #[serde(default)]
    pub reason: Option<String>,
}

/// The states that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AskedState {
    /// Take calls.
    Ready,
    /// Take no calls.
    NotReady,
    /// Leave.
    SignedOut,
}

/// Body of `POST /api/v1/agents/{id}/messages`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendMessage {
    /// What the agent's phones show, at most 1300 bytes.
    #[schemars(length(min = 1, max = 1300))]
    pub text: String,
}

impl fmt::Debug for SendMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SendMessage(***)")
    }
}

/// The answer to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MessageSent {
    /// Whether a phone has it; false if none took it within 20 s.
    pub taken: bool,
}
