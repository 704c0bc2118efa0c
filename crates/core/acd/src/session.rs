//! Where the seconds of an agent's session went: each belongs to exactly one state.

use core::time::Duration;

use hotline_base::{Now, Time};
use serde::{Deserialize, Serialize};

use crate::AgentState;

/// Time spent in each state since sign-in. Their sum is the length of the session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateTimes {
    /// In any not-ready reason.
    pub not_ready: Duration,
    /// Ready, also while a delay holds offers back.
    pub ready: Duration,
    /// Reserved for a call, the phone not yet ringing.
    pub reserved: Duration,
    /// The phone rings.
    pub ringing: Duration,
    /// Talking, with a queue's caller or outside the queues.
    pub talking: Duration,
    /// The caller is on hold.
    pub hold: Duration,
    /// After-call work.
    pub wrap_up: Duration,
}

impl StateTimes {
    /// The length of the session.
    #[must_use]
    pub fn total(&self) -> Duration {
        let Self { not_ready, ready, reserved, ringing, talking, hold, wrap_up } = *self;
        not_ready + ready + reserved + ringing + talking + hold + wrap_up
    }

    /// Adds `spent` to the time in `state`. Signed out is no part of a session.
    fn add(&mut self, state: &AgentState, spent: Duration) {
        let total = match state {
            AgentState::LoggedOut => return,
            AgentState::NotReady { .. } => &mut self.not_ready,
            AgentState::Ready => &mut self.ready,
            AgentState::Reserved { .. } => &mut self.reserved,
            AgentState::Ringing { .. } => &mut self.ringing,
            AgentState::Talking { .. } => &mut self.talking,
            AgentState::Hold { .. } => &mut self.hold,
            AgentState::WrapUp { .. } => &mut self.wrap_up,
        };
        *total += spent;
    }
}

/// The span from sign-in to the moment the agent is signed out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) started: Now,
    times: StateTimes,
    counted_until: Time,
}

impl Session {
    pub(crate) fn start(now: Now) -> Self {
        Self { started: now, times: StateTimes::default(), counted_until: now.mono }
    }

    /// Gives the time since the last call to `state`, the one the agent was in until now.
    pub(crate) fn count(&mut self, now: Now, state: &AgentState) {
        self.times.add(state, now.mono - self.counted_until);
        self.counted_until = now.mono;
    }

    /// The times as of `now`, for an agent who is in `state`.
    pub(crate) fn times(&self, now: Now, state: &AgentState) -> StateTimes {
        let mut counted = self.clone();
        counted.count(now, state);
        counted.times
    }
}
