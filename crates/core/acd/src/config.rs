//! What an administrator decides about queues and agents. Checked before it gets here; nothing is parsed.

use core::time::Duration;

use hotline_base::{AgentId, Pii, QueueId};
use serde::{Deserialize, Serialize};

/// All queues and all agents of one center.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// Every queue; of two with one id the later counts.
    pub queues: Vec<QueueConfig>,
    /// Every agent; of two with one id the later counts.
    pub agents: Vec<AgentConfig>,
}

/// One queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueConfig {
    /// How flows and members name it.
    pub id: QueueId,
    /// How people name it.
    pub name: String,
    /// Which of the agents that may be offered a call is.
    pub strategy: Strategy,
    /// How long one agent's phone rings.
    pub ring_timeout: Duration,
    /// How long an agent has for after-call work.
    pub wrap_up: Duration,
    /// The agents who serve it. One that the center does not know is skipped.
    pub members: Vec<AgentId>,
    /// How many callers may wait, those being offered included.
    pub waiting_max: usize,
    /// How long one caller may wait before [`WaitExceeded`](crate::Event::WaitExceeded).
    pub wait_max: Option<Duration>,
}

/// How a queue chooses among the agents who may be offered a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Strategy {
    /// The agent for whom the latest of {end of the last wrap-up, became ready, signed in} is longest ago; equal
    /// ones by agent id. An offer that was not taken changes nothing.
    LongestIdle,
}

/// One agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentConfig {
    /// The user name, which is also the SIP user.
    pub id: AgentId,
    /// The person's name.
    pub name: Pii<String>,
}
