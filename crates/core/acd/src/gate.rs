//! The gates between a caller and an agent: each with a stable code, asked in a fixed order, the first that is
//! shut is the answer.

use hotline_base::{CallId, WallTime};
use serde::{Deserialize, Serialize};

use crate::agent::Agent;
use crate::caller::Caller;
use crate::{AgentState, DelayCause, NotReadyReason};

/// Why an agent is not offered a call. Variants stand in the order in which they are asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Gate {
    /// Signed out.
    NotLoggedIn,
    /// Does not serve the caller's queue.
    NotInQueue,
    /// Takes no calls.
    NotReady {
        /// Why not.
        reason: NotReadyReason,
    },
    /// The phone is not registered.
    NoRegistration,
    /// The phone is in a call outside the queues.
    DeviceBusy,
    /// A call is on offer to the agent.
    Reserved {
        /// Which call.
        call: CallId,
    },
    /// In conversation with as many callers as the agent may have (one).
    AtCapacity,
    /// Does after-call work.
    WrapUp {
        /// When it ends by itself; `None` if it does not.
        until: Option<WallTime>,
    },
    /// Offers are held back after one that was not taken.
    RnaDelay {
        /// Until when.
        until: WallTime,
        /// After what.
        cause: DelayCause,
    },
    /// This caller is not to be offered to this agent, for example because the agent rejected it.
    ExcludedByCall,
}

impl Gate {
    /// The code by which reports and screens know the gate. Never changes.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotLoggedIn => "NOT_LOGGED_IN",
            Self::NotInQueue => "NOT_IN_QUEUE",
            Self::NotReady { .. } => "NOT_READY",
            Self::NoRegistration => "NO_REGISTRATION",
            Self::DeviceBusy => "DEVICE_BUSY",
            Self::Reserved { .. } => "RESERVED",
            Self::AtCapacity => "AT_CAPACITY",
            Self::WrapUp { .. } => "WRAP_UP",
            Self::RnaDelay { .. } => "RNA_DELAY",
            Self::ExcludedByCall => "EXCLUDED_BY_CALL",
        }
    }
}

/// The first shut gate between `caller` and `agent`; `None` if the call may be offered. `exclusions_hold` is
/// whether another agent may come for this caller (see `dispatch.rs`).
pub(crate) fn first_shut(caller: &Caller, agent: &Agent, exclusions_hold: bool) -> Option<Gate> {
    let state = agent.state();
    if state == AgentState::LoggedOut {
        return Some(Gate::NotLoggedIn);
    }
    if !agent.queues.contains(&caller.queue) {
        return Some(Gate::NotInQueue);
    }
    if let AgentState::NotReady { reason } = state {
        return Some(Gate::NotReady { reason });
    }
    if !agent.registered {
        return Some(Gate::NoRegistration);
    }
    if !agent.outside.is_empty() {
        return Some(Gate::DeviceBusy);
    }
    match state {
        AgentState::Reserved { call } | AgentState::Ringing { call } => return Some(Gate::Reserved { call }),
        AgentState::Talking { .. } | AgentState::Hold { .. } => return Some(Gate::AtCapacity),
        AgentState::WrapUp { until, .. } => return Some(Gate::WrapUp { until }),
        AgentState::LoggedOut | AgentState::NotReady { .. } | AgentState::Ready => {}
    }
    if let Some(delay) = agent.delay {
        return Some(Gate::RnaDelay { until: delay.until, cause: delay.cause });
    }
    (exclusions_hold && caller.excludes(agent)).then_some(Gate::ExcludedByCall)
}
