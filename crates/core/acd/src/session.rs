//! Where the seconds of an agent's session went: each belongs to exactly one state.

use core::time::Duration;

use hotline_base::{AgentId, Now, WallTime};
use serde::{Deserialize, Serialize};

use crate::agent::Agent;
use crate::{AgentState, Disposition};

/// Time spent in each state since sign-in. Their sum is the length of the session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateTimes {
    /// In any not-ready reason.
    pub not_ready: Duration,
    /// Ready, also while a delay holds offers back.
    pub ready: Duration,
    /// Would take calls, but its phone has gone.
    #[serde(default)]
    pub offline_grace: Duration,
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
    /// After-call work over its time, because the call has no disposition.
    pub disposition_missing: Duration,
}

impl StateTimes {
    /// The length of the session.
    #[must_use]
    pub fn total(&self) -> Duration {
        let Self {
            not_ready,
            ready,
            offline_grace,
            reserved,
            ringing,
            talking,
            hold,
            wrap_up,
            disposition_missing,
        } = *self;
        not_ready
            + ready
            + offline_grace
            + reserved
            + ringing
            + talking
            + hold
            + wrap_up
            + disposition_missing
    }

    /// Adds `spent` to the time in `state`. Signed out is no part of a session.
    pub(crate) fn add(&mut self, state: &AgentState, spent: Duration) {
        let total = match state {
            AgentState::LoggedOut => return,
            AgentState::NotReady { .. } => &mut self.not_ready,
            AgentState::Ready => &mut self.ready,
            AgentState::OfflineGrace => &mut self.offline_grace,
            AgentState::Reserved { .. } => &mut self.reserved,
            AgentState::Ringing { .. } => &mut self.ringing,
            AgentState::Talking { .. } => &mut self.talking,
            AgentState::Hold { .. } => &mut self.hold,
            AgentState::WrapUp { disposition: Disposition::Missing, .. } => &mut self.disposition_missing,
            AgentState::WrapUp { disposition: Disposition::Settled | Disposition::Awaited, .. } => {
                &mut self.wrap_up
            }
        };
        *total += spent;
    }
}

/// The span from sign-in to the moment the agent is signed out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) started: Now,
    pub(crate) times: StateTimes,
}

impl Session {
    pub(crate) fn start(now: Now) -> Self {
        Self { started: now, times: StateTimes::default() }
    }
}

/// A span that an agent spent in one state. Those of a session follow each other without a gap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateSpan {
    /// Who.
    pub agent: AgentId,
    /// The state, as it was at the end of the span.
    pub state: AgentState,
    /// When it began.
    pub from: WallTime,
    /// When it ended.
    pub until: WallTime,
}

impl Agent {
    /// The times of its session until `now`.
    pub(crate) fn times(&self, now: Now) -> Option<StateTimes> {
        let mut times = self.session.as_ref()?.times;
        times.add(&self.state(), now.mono - self.counted_until);
        Some(times)
    }
}
