//! What agents did before the process began: the figures of the day and of the last hours go on as if nothing was.

use std::collections::{BTreeMap, BTreeSet};

use hotline_base::{AgentId, Now, WallTime};

use crate::{Acd, AgentState, RECENT, StateSpan, reasons};

impl Acd {
    /// Since when spans are of use to [`remember`](Self::remember), if the day began at `day`.
    #[must_use]
    pub fn remembers_since(now: Now, day: WallTime) -> WallTime {
        let recent = i64::try_from(RECENT.as_micros()).unwrap_or(i64::MAX);
        day.min(WallTime(now.wall.as_unix_micros().saturating_sub(recent)))
    }

    /// Adds finished spans of a former process, in any order, to what is counted of the day, which began at `day`, and of the
    /// last [`RECENT`]. To be called once, before anybody signs in. Of agents who are not configured nothing is counted.
    pub fn remember(&mut self, now: Now, day: WallTime, mut spans: Vec<StateSpan>) {
        spans.sort_by(|a, b| (&a.agent, a.from).cmp(&(&b.agent, b.from)));
        let mut of_agents: BTreeMap<AgentId, Vec<StateSpan>> = BTreeMap::new();
        for span in spans {
            of_agents.entry(span.agent.clone()).or_default().push(span);
        }
        of_agents.retain(|agent, _| self.agents.get(agent).is_some());
        for (id, spans) in of_agents {
            self.update(now, &id, |agent| {
                let mut calls = BTreeSet::new();
                for StateSpan { state, from, until, .. } in &spans {
                    let answered = is_of_queue(state) && calls.insert(state.call());
                    let span = (now.then(*from).mono, now.then(*until).mono.min(now.mono));
                    agent.history.remember(now.mono, span, state, answered);
                    agent.calls_today += u32::from(answered && *from >= day);
                    reasons::count(&mut agent.reasons_today, state, until.since((*from).max(day)));
                }
            });
        }
        self.settle(now);
    }
}

/// Whether an agent in this state has a call that a queue gave it.
const fn is_of_queue(state: &AgentState) -> bool {
    match state {
        AgentState::Talking { call, .. } => call.is_some(),
        AgentState::Hold { .. } => true,
        AgentState::LoggedOut
        | AgentState::NotReady { .. }
        | AgentState::Ready
        | AgentState::OfflineGrace
        | AgentState::Reserved { .. }
        | AgentState::Ringing { .. }
        | AgentState::WrapUp { .. } => false,
    }
}
