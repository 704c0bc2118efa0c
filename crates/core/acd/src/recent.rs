//! What an agent did lately: the figures by which queues spread calls fairly.

use core::time::Duration;
use std::collections::VecDeque;

use hotline_base::Time;
use serde::{Deserialize, Serialize};

use crate::AgentState;
use crate::agent::Agent;

/// How far back "lately" reaches. Figures are kept by half hours, so what is older leaves up to half an hour early.
pub const RECENT: Duration = Duration::from_hours(8);

const BUCKET: Duration = Duration::from_mins(30);
/// The one that is being filled and those before it.
const BUCKETS_MAX: u64 = 16;

/// An agent's last [`RECENT`], over all its sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recent {
    /// Calls from queues that it answered.
    pub calls: u32,
    /// Time in talks of queues, holds included.
    pub talk: Duration,
    /// Time in which it took calls: ready, on offer, in a queue's call or in its after-call work. With the ready time alone,
    /// whoever is never idle would be spared.
    pub ready: Duration,
}

/// The half hours of one agent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct History {
    /// Ascending; at most [`BUCKETS_MAX`].
    buckets: VecDeque<(u64, Recent)>,
}

impl History {
    /// A call from a queue was answered.
    pub(crate) fn answered(&mut self, now: Time) {
        self.bucket(now).calls += 1;
    }

    /// Gives the time from `from` on to `state`, the one the agent was in until now.
    pub(crate) fn count(&mut self, from: Time, now: Time, state: &AgentState) {
        self.fill(from.max(oldest(now)), now, state);
    }

    /// Gives a span before `now` to `state`. A talk with which a call was answered counts the call, too.
    pub(crate) fn remember(
        &mut self,
        now: Time,
        (from, to): (Time, Time),
        state: &AgentState,
        answered: bool,
    ) {
        if answered && from >= oldest(now) {
            self.bucket(from).calls += 1;
        }
        self.fill(from.max(oldest(now)), to, state);
    }

    fn fill(&mut self, mut from: Time, until: Time, state: &AgentState) {
        let (talks, works) = kind(state);
        while works && from < until {
            let to = until.min(Time((number(from) + 1) * micros(BUCKET)));
            self.bucket(from).add(to - from, talks);
            from = to;
        }
    }

    /// The figures as of `now`, for an agent who has been in `state` since `from`, until when all is counted.
    fn figures(&self, from: Time, now: Time, state: &AgentState) -> Recent {
        let mut sum = Recent::default();
        for (_, bucket) in self.buckets.iter().filter(|(number, _)| *number >= self::number(oldest(now))) {
            sum.calls += bucket.calls;
            sum.talk += bucket.talk;
            sum.ready += bucket.ready;
        }
        let (talks, works) = kind(state);
        if works {
            sum.add(now - from.max(oldest(now)), talks);
        }
        sum
    }

    fn bucket(&mut self, at: Time) -> &mut Recent {
        if self.buckets.back().is_none_or(|(last, _)| *last < number(at)) {
            if self.buckets.len() as u64 == BUCKETS_MAX {
                self.buckets.pop_front();
            }
            self.buckets.push_back((number(at), Recent::default()));
        }
        let (_, last) = self.buckets.back_mut().expect("one was added if there was none");
        last
    }
}

impl Recent {
    fn add(&mut self, spent: Duration, talks: bool) {
        self.ready += spent;
        if talks {
            self.talk += spent;
        }
    }
}

impl Agent {
    /// What it did lately, until `now`.
    pub(crate) fn recent(&self, now: Time) -> Recent {
        self.history.figures(self.counted_until, now, &self.state())
    }
}

const fn number(at: Time) -> u64 {
    at.0 / micros(BUCKET)
}

/// When the first half hour began that still counts at `now`.
const fn oldest(now: Time) -> Time {
    Time((number(now) + 1).saturating_sub(BUCKETS_MAX) * micros(BUCKET))
}

const fn micros(of: Duration) -> u64 {
    of.as_secs() * 1_000_000
}

/// Whether an agent in this state talks for a queue, and whether it takes calls.
const fn kind(state: &AgentState) -> (bool, bool) {
    match state {
        AgentState::Talking { call: Some(_), .. } | AgentState::Hold { .. } => (true, true),
        AgentState::Ready
        | AgentState::Reserved { .. }
        | AgentState::Ringing { .. }
        | AgentState::WrapUp { .. } => (false, true),
        AgentState::LoggedOut
        | AgentState::NotReady { .. }
        | AgentState::OfflineGrace
        | AgentState::Talking { call: None, .. } => (false, false),
    }
}
