//! Reasons for which agents are not ready: which there are, who may choose them, and how much of the day is left.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use hotline_base::{AgentId, Now};

use crate::agent::Agent;
use crate::{Acd, AgentError, AgentState, NotReadyReason, Presence, ReasonConfig};

/// The most reasons that a center has.
pub const REASONS_MAX: usize = 64;

/// A configured reason as one agent may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReasonView {
    /// The word that stands for it.
    pub reason: Arc<str>,
    /// As configured.
    pub config: ReasonConfig,
    /// How many agents have it, or will after their call.
    pub taken: u32,
    /// How much of its daily quota is left to the agent; `None` without a quota.
    pub left: Option<Duration>,
}

impl Acd {
    /// The configured reasons by their words, with what is left of them to `agent`. Empty if agents may give any.
    #[must_use]
    pub fn reasons(&self, now: Now, agent: &AgentId) -> Vec<ReasonView> {
        let agent = self.agents.get(agent);
        let views = self.reasons.iter().map(|(reason, config)| ReasonView {
            reason: Arc::clone(reason),
            config: config.clone(),
            taken: self.have(reason),
            left: config.daily_quota.map(|quota| {
                quota.saturating_sub(agent.map_or(Duration::ZERO, |agent| agent.had_today(now, reason)))
            }),
        });
        views.collect()
    }

    /// Another day has begun where the center is: daily quotas and daily caps count anew.
    pub fn begin_day(&mut self, now: Now) {
        let agents: Vec<AgentId> = self.agents.keys().cloned().collect();
        for id in agents {
            self.update(now, &id, |agent| {
                let state = agent.state();
                agent.entered(now, &state);
                agent.reasons_today.clear();
                agent.calls_today = 0;
            });
        }
        self.settle(now);
    }

    /// Whether `agent` may choose this reason now. Whoever has it keeps it.
    pub(crate) fn may_have(
        &self,
        now: Now,
        agent: &AgentId,
        reason: &NotReadyReason,
    ) -> Result<(), AgentError> {
        let NotReadyReason::Chosen(reason) = reason else { return Ok(()) };
        if self.reasons.is_empty() {
            return Ok(());
        }
        let config = self.reasons.get(reason).ok_or(AgentError::UnknownReason)?;
        let Some(agent) = self.agents.get(agent).filter(|agent| !agent.has_reason(reason)) else {
            return Ok(());
        };
        if config.daily_quota.is_some_and(|quota| agent.had_today(now, reason) >= quota) {
            return Err(AgentError::QuotaUsed);
        }
        if config.at_once_max.is_some_and(|most| self.have(reason) >= most) {
            return Err(AgentError::TooManyAtOnce);
        }
        Ok(())
    }

    /// How many agents have this reason, or will after their call.
    fn have(&self, reason: &str) -> u32 {
        crate::acd::count(self.agents.values().filter(|agent| agent.has_reason(reason)).count())
    }
}

impl Agent {
    fn has_reason(&self, wanted: &str) -> bool {
        matches!(
            &self.presence,
            Presence::NotReady { reason: NotReadyReason::Chosen(reason) } if **reason == *wanted
        )
    }

    fn had_today(&self, now: Now, reason: &str) -> Duration {
        let before = self.reasons_today.get(reason).copied().unwrap_or_default();
        match chosen(&self.state()) {
            Some(present) if **present == *reason => before + (now.mono - self.counted_until),
            Some(_) | None => before,
        }
    }
}

/// Adds `spent` to the day's time of the reason in `state`. Beyond [`REASONS_MAX`] words, which only agents who may give any
/// can use, there is nothing to count for.
pub(crate) fn count(today: &mut BTreeMap<Arc<str>, Duration>, state: &AgentState, spent: Duration) {
    if let Some(reason) = chosen(state)
        && (today.len() < REASONS_MAX || today.contains_key(reason))
    {
        *today.entry(Arc::clone(reason)).or_default() += spent;
    }
}

/// The reason that an agent in this state gave itself.
pub(crate) const fn chosen(state: &AgentState) -> Option<&Arc<str>> {
    match state {
        AgentState::NotReady { reason: NotReadyReason::Chosen(reason) } => Some(reason),
        AgentState::NotReady {
            reason:
                NotReadyReason::SignedIn
                | NotReadyReason::Missed
                | NotReadyReason::PhoneFault
                | NotReadyReason::PhoneLost,
        }
        | AgentState::LoggedOut
        | AgentState::Ready
        | AgentState::OfflineGrace
        | AgentState::Reserved { .. }
        | AgentState::Ringing { .. }
        | AgentState::Talking { .. }
        | AgentState::Hold { .. }
        | AgentState::WrapUp { .. } => None,
    }
}
