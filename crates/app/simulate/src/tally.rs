//! What came of a day, folded from its facts.
//!
//! All figures of a queue belong to the quarter of an hour in which its callers joined; times of agents to that in which
//! the seconds passed.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;
use std::time::Duration;

use hotline_acd::AgentState;
use hotline_base::{AgentId, CallId, QueueId, WallTime};
use hotline_call::{CallEvent, Event, EventKind, QueueOutcome};

/// The time for which figures are told.
pub const INTERVAL: Duration = Duration::from_secs(900);

/// What figures are counted by.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Counted from there.
    pub midnight: WallTime,
    /// Answered this soon is answered in time.
    pub answer_within: Duration,
    /// Every queue: who gives up before this much wait has not really waited, and who serves it.
    pub queues: BTreeMap<QueueId, QueueRules>,
}

/// What one queue's figures are counted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueRules {
    /// The shown name.
    pub name: String,
    /// Abandoned before this is a short abandon.
    pub short_abandon: Duration,
    /// Who serves it.
    pub members: BTreeSet<AgentId>,
}

/// What became of the callers of a queue who joined it in some time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Joined.
    pub offered: u32,
    /// Reached an agent.
    pub answered: u32,
    /// Those of them in time.
    pub in_time: u32,
    /// Hung up while waiting.
    pub abandoned: u32,
    /// Those of them who had hardly waited.
    pub short: u32,
    /// Left otherwise: the longest wait was over, a key, the end of the day.
    pub left: u32,
    /// The waits of those who were answered.
    pub waits: Vec<Duration>,
    /// The waits of those who hung up, together.
    pub waited_in_vain: Duration,
    /// The longest wait of anybody.
    pub longest: Duration,
    /// Talk and hold of those who were answered, together.
    pub talk: Duration,
    /// After-call work of theirs, together.
    pub wrap_up: Duration,
}

/// Where the seconds of agents at work went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seconds {
    /// Takes calls and has none.
    pub ready: Duration,
    /// A call is on offer.
    pub ringing: Duration,
    /// Talks, or has the caller on hold.
    pub talking: Duration,
    /// After-call work.
    pub wrap_up: Duration,
    /// Breaks and everything else.
    pub not_ready: Duration,
}

/// The figures of one day under one configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Calls that began.
    pub calls: u64,
    /// Facts that were told.
    pub events: u64,
    /// Callers who were turned away: by the server, or because their queue was full.
    pub refused: u64,
    /// By queue and by interval from midnight.
    pub queues: BTreeMap<QueueId, BTreeMap<u32, Row>>,
    /// By agent and by interval from midnight.
    pub agents: BTreeMap<AgentId, BTreeMap<u32, Seconds>>,
    /// Offers that came to nothing because nobody picked up.
    pub missed: u64,
}

/// Folds facts into a [`Tally`].
pub(crate) struct Counting<'r> {
    rules: &'r Rules,
    tally: Tally,
    waiting: BTreeMap<CallId, (QueueId, WallTime)>,
    /// Where the work of a call is counted: until its agent has done everything about it.
    served: BTreeMap<CallId, (QueueId, u32)>,
    states: BTreeMap<AgentId, (AgentState, WallTime)>,
}

impl<'r> Counting<'r> {
    pub(crate) fn new(rules: &'r Rules) -> Self {
        let queues = rules.queues.keys().map(|queue| (queue.clone(), BTreeMap::new())).collect();
        Self {
            rules,
            tally: Tally { queues, ..Tally::default() },
            waiting: BTreeMap::new(),
            served: BTreeMap::new(),
            states: BTreeMap::new(),
        }
    }

    /// Takes one more fact.
    pub(crate) fn note(&mut self, event: &Event) {
        self.tally.events += 1;
        match &event.kind {
            EventKind::Call { call, what } => self.on_call(event.at, *call, what),
            EventKind::Agent { agent, state, .. } => self.on_agent(event.at, agent, state),
            EventKind::AlarmRaised(_)
            | EventKind::AlarmCleared(_)
            | EventKind::CenterChanged
            | EventKind::AgentRemoved { .. }
            | EventKind::CallbacksChanged { .. } => {}
        }
    }

    /// The day is over.
    pub(crate) fn finish(mut self, refused: u64) -> Tally {
        self.tally.refused = refused;
        self.tally
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "nothing else counts")]
    fn on_call(&mut self, at: WallTime, call: CallId, what: &CallEvent) {
        match what {
            CallEvent::Started { .. } => self.tally.calls += 1,
            CallEvent::Queued { queue } => {
                self.waiting.insert(call, (queue.clone(), at));
                let interval = self.interval(at);
                self.row(queue, interval).offered += 1;
            }
            CallEvent::Dequeued { outcome, .. } => {
                if let Some((queue, since)) = self.waiting.remove(&call) {
                    self.dequeued(call, &queue, since, at.since(since), *outcome);
                }
            }
            CallEvent::OfferFailed { failure: hotline_acd::OfferFailure::NoAnswer, .. } => {
                self.tally.missed += 1
            }
            _ => {}
        }
    }

    fn dequeued(
        &mut self,
        call: CallId,
        queue: &QueueId,
        since: WallTime,
        waited: Duration,
        outcome: QueueOutcome,
    ) {
        let interval = self.interval(since);
        let in_time = waited <= self.rules.answer_within;
        let is_short = self.rules.queues.get(queue).is_some_and(|rules| waited < rules.short_abandon);
        if outcome == QueueOutcome::Answered {
            self.served.insert(call, (queue.clone(), interval));
        }
        let row = self.row(queue, interval);
        row.longest = row.longest.max(waited);
        match outcome {
            QueueOutcome::Answered => {
                row.answered += 1;
                row.in_time += u32::from(in_time);
                row.waits.push(waited);
            }
            QueueOutcome::Abandoned => {
                row.abandoned += 1;
                row.short += u32::from(is_short);
                row.waited_in_vain += waited;
            }
            QueueOutcome::TimedOut | QueueOutcome::Withdrawn | QueueOutcome::Left | QueueOutcome::Moved => {
                row.left += 1;
            }
        }
    }

    fn on_agent(&mut self, at: WallTime, agent: &AgentId, state: &AgentState) {
        let Some((before, since)) = self.states.insert(agent.clone(), (state.clone(), at)) else { return };
        if before == AgentState::LoggedOut {
            return;
        }
        self.spend(agent, &before, since, at);
        let spent = at.since(since);
        match &before {
            AgentState::Talking { call: Some(call), .. } | AgentState::Hold { call } => {
                self.work(*call, |row| row.talk += spent);
                let goes_on = matches!(
                    state,
                    AgentState::Hold { .. } | AgentState::Talking { .. } | AgentState::WrapUp { .. }
                );
                if !goes_on {
                    self.served.remove(call);
                }
            }
            AgentState::WrapUp { call, .. } => {
                self.work(*call, |row| row.wrap_up += spent);
                self.served.remove(call);
            }
            AgentState::Talking { call: None, .. }
            | AgentState::LoggedOut
            | AgentState::NotReady { .. }
            | AgentState::Ready
            | AgentState::OfflineGrace
            | AgentState::Reserved { .. }
            | AgentState::Ringing { .. } => {}
        }
    }

    /// Counts the time from `since` to `at` in the intervals in which it passed.
    fn spend(&mut self, agent: &AgentId, state: &AgentState, since: WallTime, at: WallTime) {
        let mut from = since;
        while from < at {
            let interval = self.interval(from);
            let next = self.rules.midnight + INTERVAL * (interval + 1);
            let to = next.min(at);
            let spent = to.since(from);
            let seconds = self.tally.agents.entry(agent.clone()).or_default().entry(interval).or_default();
            let total = match state {
                AgentState::LoggedOut => return,
                AgentState::NotReady { .. } | AgentState::OfflineGrace => &mut seconds.not_ready,
                AgentState::Ready => &mut seconds.ready,
                AgentState::Reserved { .. } | AgentState::Ringing { .. } => &mut seconds.ringing,
                AgentState::Talking { .. } | AgentState::Hold { .. } => &mut seconds.talking,
                AgentState::WrapUp { .. } => &mut seconds.wrap_up,
            };
            *total += spent;
            from = to;
        }
    }

    fn work(&mut self, call: CallId, add: impl FnOnce(&mut Row)) {
        if let Some((queue, interval)) = self.served.get(&call).cloned() {
            add(self.row(&queue, interval));
        }
    }

    fn row(&mut self, queue: &QueueId, interval: u32) -> &mut Row {
        self.tally.queues.entry(queue.clone()).or_default().entry(interval).or_default()
    }

    fn interval(&self, at: WallTime) -> u32 {
        u32::try_from(at.since(self.rules.midnight).as_secs() / INTERVAL.as_secs()).unwrap_or(u32::MAX)
    }
}

impl AddAssign<&Self> for Row {
    fn add_assign(&mut self, other: &Self) {
        self.offered += other.offered;
        self.answered += other.answered;
        self.in_time += other.in_time;
        self.abandoned += other.abandoned;
        self.short += other.short;
        self.left += other.left;
        self.waits.extend(&other.waits);
        self.waited_in_vain += other.waited_in_vain;
        self.longest = self.longest.max(other.longest);
        self.talk += other.talk;
        self.wrap_up += other.wrap_up;
    }
}

impl AddAssign for Seconds {
    fn add_assign(&mut self, other: Self) {
        self.ready += other.ready;
        self.ringing += other.ringing;
        self.talking += other.talking;
        self.wrap_up += other.wrap_up;
        self.not_ready += other.not_ready;
    }
}

impl Row {
    /// SL5: answered in time, of all who were answered or really waited in vain. None if nobody was.
    #[must_use]
    pub fn level(&self) -> Option<f64> {
        share(self.in_time, self.answered + self.abandoned - self.short)
    }

    /// SL4: answered in time, of all who were answered or hung up.
    #[must_use]
    pub fn strict_level(&self) -> Option<f64> {
        share(self.in_time, self.answered + self.abandoned)
    }

    /// Hung up, of all who were answered or hung up.
    #[must_use]
    pub fn abandon_rate(&self) -> Option<f64> {
        share(self.abandoned, self.answered + self.abandoned)
    }

    /// The average speed of answer.
    #[must_use]
    pub fn speed_of_answer(&self) -> Option<Duration> {
        mean(self.waits.iter().sum(), self.answered)
    }

    /// The wait within which this share of those who were answered had been.
    #[must_use]
    pub fn wait_quantile(&self, quantile: f64) -> Option<Duration> {
        let mut waits = self.waits.clone();
        waits.sort_unstable();
        let last = waits.len().checked_sub(1)?;
        waits.get((quantile * last as f64).round() as usize).copied()
    }

    /// The average handling time: talk, hold and after-call work. Ringing is no part of it.
    #[must_use]
    pub fn handle(&self) -> Option<Duration> {
        mean(self.talk + self.wrap_up, self.answered)
    }
}

impl Seconds {
    /// Talk, hold and after-call work, of that and the time ready without a call.
    #[must_use]
    pub fn occupancy(&self) -> Option<f64> {
        let busy = (self.talking + self.wrap_up).as_secs_f64();
        part(busy, busy + self.ready.as_secs_f64())
    }

    /// The same with ringing counted as work.
    #[must_use]
    pub fn occupancy_with_ringing(&self) -> Option<f64> {
        let busy = (self.talking + self.wrap_up + self.ringing).as_secs_f64();
        part(busy, busy + self.ready.as_secs_f64())
    }
}

impl Tally {
    /// A queue's figures of the whole day.
    #[must_use]
    pub fn whole(&self, queue: &QueueId) -> Row {
        let mut whole = Row::default();
        self.queues.get(queue).into_iter().flatten().for_each(|(_, row)| whole += row);
        whole
    }

    /// Where the seconds of these agents went, in one interval or in all.
    #[must_use]
    pub fn seconds(&self, agents: &BTreeSet<AgentId>, interval: Option<u32>) -> Seconds {
        let mut sum = Seconds::default();
        for intervals in agents.iter().filter_map(|agent| self.agents.get(agent)) {
            let counted =
                intervals.iter().filter(|(number, _)| interval.is_none_or(|wanted| wanted == **number));
            counted.for_each(|(_, seconds)| sum += *seconds);
        }
        sum
    }
}

fn share(some: u32, all: u32) -> Option<f64> {
    part(f64::from(some), f64::from(all))
}

fn part(some: f64, all: f64) -> Option<f64> {
    (all > 0.0).then(|| some / all)
}

fn mean(sum: Duration, count: u32) -> Option<Duration> {
    sum.checked_div(count)
}
