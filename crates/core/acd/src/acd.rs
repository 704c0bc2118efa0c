//! The machine: its state, its clock, what it tells, and the one place where an agent changes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use hotline_base::{AgentId, CallId, Now, QueueId, ReservationId, Time, TimerQueue};
use serde::{Deserialize, Serialize};

use crate::agent::Agent;
use crate::caller::{Caller, Stage};
use crate::dispatch::Marks;
use crate::queue::Queue;
use crate::slots::Slots;
use crate::{
    AgentState, AgentView, CallerView, Config, Delay, Device, Event, Gate, Help, HelpOutcome, Limit, Merge,
    MergeId, Presence, QueueView, ReasonConfig, Recent, StateSpan, StateTimes, Timer,
};

/// The owner of every agent's state, every queue and every offer.
///
/// After each input drain [`poll_event`](Self::poll_event) and arm one timer for
/// [`poll_timeout`](Self::poll_timeout). An input that no longer fits (a late answer to an offer that was
/// withdrawn, an unknown id) changes nothing and is counted as stray.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Acd {
    pub(crate) agents: Slots<AgentId, Agent>,
    pub(crate) queues: Slots<QueueId, Queue>,
    pub(crate) callers: BTreeMap<CallId, Caller>,
    pub(crate) reservations: BTreeMap<ReservationId, Reservation>,
    pub(crate) last_reservation: ReservationId,
    pub(crate) timers: TimerQueue<Timer>,
    /// Bounded by what one input can cause: a position for each caller of the queues it touches, and a change
    /// and an offer for each agent.
    pub(crate) events: VecDeque<Event>,
    pub(crate) counters: Counters,
    pub(crate) reasons: BTreeMap<Arc<str>, ReasonConfig>,
    pub(crate) phone_grace: Option<Duration>,
    /// Agents whose own gates are all open.
    pub(crate) free: BTreeSet<AgentId>,
    /// How many callers can be offered to an agent, or to one more.
    pub(crate) open: usize,
    /// Callers who are held for an agent.
    pub(crate) held_for: BTreeMap<AgentId, BTreeSet<CallId>>,
    pub(crate) merges: BTreeMap<MergeId, Merge>,
    /// Pairs that were not offered although nothing kept them apart, as of the last look.
    pub(crate) suspects: BTreeSet<(CallId, AgentId)>,
    /// The agent with whom the next look begins.
    pub(crate) watch_from: Option<AgentId>,
    #[serde(skip)]
    pub(crate) marks: Marks,
}

/// Who holds which call: a lease that ends with the offer, at the latest with [`Timer::Lease`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Reservation {
    pub(crate) agent: AgentId,
    pub(crate) call: CallId,
}

/// What came of a wish about an agent's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is so.
    Applied,
    /// It will be so after the call and its wrap-up.
    Pending,
    /// It was so.
    Unchanged,
}

/// Why a wish about an agent's state cannot be met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AgentError {
    /// No such agent.
    #[error("there is no such agent")]
    Unknown,
    /// The agent is signed out.
    #[error("the agent is signed out")]
    SignedOut,
    /// The reason is longer than [`REASON_BYTES_MAX`](crate::REASON_BYTES_MAX).
    #[error("the reason is too long")]
    ReasonTooLong,
    /// The center's configuration does not have the reason.
    #[error("there is no such reason; choose one of the center's")]
    UnknownReason,
    /// The agent has had the reason for as long as anybody may on one day.
    #[error("your time for this reason is used up for today; choose another reason")]
    QuotaUsed,
    /// As many agents have the reason as may at once.
    #[error("as many agents as may have this reason; try again when one is back")]
    TooManyAtOnce,
    /// There is no after-call work, or no call to which it could belong.
    #[error("there is no after-call work; it belongs to a call from a queue")]
    NoWrapUp,
    /// After-call work cannot be made longer any more.
    #[error("this after-call work cannot be made longer again")]
    NoExtension,
    /// After-call work lasts its full time.
    #[error("this after-call work lasts its full time; it ends by itself")]
    WrapUpForced,
    /// The call must have a disposition first.
    #[error("the call must have a disposition first; choose one")]
    DispositionMissing,
}

/// What happened since the process began. Callers are counted by queue, in [`QueueView::counts`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Offers made.
    pub offers: u64,
    /// Offers that were taken.
    pub answered: u64,
    /// Offers that rang out.
    pub no_answer: u64,
    /// Offers that agents rejected.
    pub rejected: u64,
    /// Offers to busy phones.
    pub busy: u64,
    /// Offers to phones without a contact.
    pub not_registered: u64,
    /// Offers that the network or the phone failed.
    pub phone_faults: u64,
    /// Offers that failed for a fault of this server.
    pub server_faults: u64,
    /// Offers whose caller left first.
    pub caller_gone: u64,
    /// Offers of which nobody told what became.
    pub leases_expired: u64,
    /// Offers that only the watchdog saw to.
    pub not_offered: u64,
    /// Inputs that did not fit the state and changed nothing.
    pub stray: u64,
}

impl Acd {
    /// An idle center: nobody signed in, no phone registered.
    #[must_use]
    pub fn new(config: Config, now: Now) -> Self {
        let mut acd = Self {
            agents: Slots::new(),
            queues: Slots::new(),
            callers: BTreeMap::new(),
            reservations: BTreeMap::new(),
            last_reservation: ReservationId(0),
            timers: TimerQueue::new(),
            events: VecDeque::new(),
            counters: Counters::default(),
            reasons: BTreeMap::new(),
            phone_grace: config.phone_grace,
            free: BTreeSet::new(),
            open: 0,
            held_for: BTreeMap::new(),
            merges: BTreeMap::new(),
            suspects: BTreeSet::new(),
            watch_from: None,
            marks: Marks::default(),
        };
        acd.reconfigure(now, config);
        acd
    }

    /// Does what is due. Harmless to call early, late or twice.
    pub fn handle_timeout(&mut self, now: Now) {
        let mut watch = false;
        while let Some(timer) = self.timers.pop_due(now.mono) {
            match timer {
                Timer::Lease(reservation) => self.lease_expired(now, reservation),
                Timer::WrapUp(agent) => self.update(now, &agent, Agent::wrap_up_over),
                Timer::Delay(agent) => self.update(now, &agent, |agent| agent.delay = None),
                Timer::PhoneGrace(agent) => self.update(now, &agent, Agent::phone_lost),
                Timer::Wait(call) => self.limit_passed(call, Limit::Wait),
                Timer::Unstaffed(call) => self.limit_passed(call, Limit::Unstaffed),
                Timer::Ring(call) => {
                    self.marks.rings.insert(call);
                }
                Timer::Sticky(call) => self.release(call),
                Timer::HoldBack(call) => self.held_back_long_enough(call),
                Timer::NextPhone(call) => self.next_phone(now, call),
                Timer::Merge(merge) => self.unmerge(now, &merge),
                Timer::Watch => watch = true,
            }
        }
        self.settle(now);
        if watch {
            self.watch(now);
        }
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) next, and why.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Time, Timer)> {
        self.timers.next().map(|(at, timer)| (at, timer.clone()))
    }

    /// The next event, in the order in which they happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// One agent.
    #[must_use]
    pub fn agent(&self, agent: &AgentId) -> Option<AgentView> {
        self.agents.get(agent).map(Agent::view)
    }

    /// All agents, by id.
    pub fn agents(&self) -> impl Iterator<Item = AgentView> {
        self.agents.values().map(Agent::view)
    }

    /// Where the seconds of an agent's session went until `now`; `None` while signed out.
    #[must_use]
    pub fn state_times(&self, now: Now, agent: &AgentId) -> Option<StateTimes> {
        self.agents.get(agent)?.times(now)
    }

    /// What an agent did lately, signed in or not; `None` if there is no such agent.
    #[must_use]
    pub fn recent(&self, now: Now, agent: &AgentId) -> Option<Recent> {
        Some(self.agents.get(agent)?.recent(now.mono))
    }

    /// One queue.
    #[must_use]
    pub fn queue(&self, queue: &QueueId) -> Option<QueueView> {
        self.queues.get(queue).map(|queue| self.view(queue))
    }

    /// All queues with their callers in order, by id.
    pub fn queues(&self) -> impl Iterator<Item = QueueView> {
        self.queues.values().map(|queue| self.view(queue))
    }

    /// Where a waiting call stands: 1 is next. `None` if it waits nowhere.
    #[must_use]
    pub fn position(&self, call: CallId) -> Option<u32> {
        let caller = self.callers.get(&call)?;
        Some(count(self.queues.get(&caller.queue)?.position(caller.key)))
    }

    /// Why a waiting call is not offered to an agent this moment: the first gate that is shut. `None` if none is
    /// (then it is another caller's or another agent's turn), or if either is unknown.
    #[must_use]
    pub fn refusal(&self, now: Now, call: CallId, agent: &AgentId) -> Option<Gate> {
        let asking = self.asking(now, self.callers.get(&call)?)?;
        asking.first_shut(self.agents.get(agent)?).or_else(|| self.preceding(&asking, agent))
    }

    /// What happened so far.
    #[must_use]
    pub const fn counters(&self) -> Counters {
        self.counters
    }

    fn view(&self, queue: &Queue) -> QueueView {
        let caller = |(index, key): (usize, &crate::CallerKey)| {
            let caller = self.caller(key.call);
            let offers = match &caller.stage {
                Stage::Offered { offers, .. } => Some(offers),
                Stage::Waiting | Stage::Exceeded => None,
            };
            let offers = offers.into_iter().flatten().filter_map(|offer| self.reservations.get(offer));
            CallerView {
                call: key.call,
                since: caller.since.wall,
                position: count(index + 1),
                offered_to: offers.map(|reservation| reservation.agent.clone()).collect(),
                kind: caller.kind,
            }
        };
        let waiting: Vec<CallerView> = queue.callers.iter().enumerate().map(caller).collect();
        let is_staffed = |agent: &&AgentId| {
            self.agents.get(*agent).is_some_and(|agent| agent.state() != AgentState::LoggedOut)
        };
        let on_the_line = waiting.iter().filter(|caller| caller.kind.is_on_the_line());
        QueueView {
            id: queue.config.id.clone(),
            name: queue.config.name.clone(),
            members: count(queue.members.len()),
            staffed: count(queue.members.keys().filter(is_staffed).count()),
            offerable: count(queue.offerable.len()),
            working: count(queue.working.len()),
            longest_since: on_the_line.clone().map(|caller| caller.since).min(),
            callbacks_waiting: count(waiting.len() - on_the_line.count()),
            waiting,
            counts: queue.counts,
        }
    }

    /// The only place where an agent changes: keeps the seconds, the indexes, the timers and the event in step
    /// with `change`. An unknown agent is a stray input.
    pub(crate) fn update(&mut self, now: Now, id: &AgentId, change: impl FnOnce(&mut Agent)) {
        let Some(agent) = self.agents.get_mut(id) else {
            self.counters.stray += 1;
            return;
        };
        let (before, since) = (Facets::of(agent), agent.since);
        change(agent);
        agent.phone_gone = !agent.registered && (agent.phone_gone || before.registered);
        agent.entered(now, &before.state);
        let after = Facets::of(agent);

        before.follow_timers(now, &after, (id, self.phone_grace), &mut self.timers);
        if before.offerable != after.offerable || before.working != after.working {
            for (queue_id, serves) in &agent.queues {
                let Some(queue) = self.queues.at_mut(serves.queue) else { continue };
                if queue.reindex(now.mono, *serves, (before.offerable, before.working), agent) {
                    self.marks.queues.insert(queue_id.clone());
                }
            }
            if after.offerable.is_some() {
                self.free.insert(id.clone());
            } else {
                self.free.remove(id);
            }
            self.marks.agents.insert(id.clone());
        }
        if before.is_handling()
            && !after.is_handling()
            && let Some((queue, since)) = agent.handling.take()
            && let Some(queue) = self.queues.get_mut(&queue)
        {
            queue.note_handled(now.mono - since);
        }
        if before.state == AgentState::LoggedOut && after.state != AgentState::LoggedOut {
            self.events.push_back(Event::SessionStarted { agent: id.clone(), at: now.wall });
        } else if !after.state.goes_on(&before.state) && now.mono > since.mono {
            self.events.push_back(Event::StateEnded(StateSpan {
                agent: id.clone(),
                state: before.state.clone(),
                from: since.wall,
                until: now.wall,
            }));
        }
        if !before.look_like(&after) {
            self.events.push_back(Event::AgentChanged {
                agent: id.clone(),
                state: after.state.clone(),
                since: agent.since.wall,
                pending: after.pending,
                device: after.device,
                registered: after.registered,
                help: after.help,
            });
        }
        if after.state == AgentState::LoggedOut {
            if let Some(session) = agent.session.take() {
                self.events.extend(agent.help_ended(now, HelpOutcome::SignedOut));
                self.events.push_back(Event::SessionEnded {
                    agent: id.clone(),
                    started: session.started.wall,
                    ended: now.wall,
                    times: session.times,
                });
            }
            if agent.retired {
                self.agents.remove(id);
                self.events.push_back(Event::AgentRemoved { agent: id.clone() });
            }
        }
    }

    /// A caller that an index names.
    pub(crate) fn caller(&self, call: CallId) -> &Caller {
        self.callers.get(&call).expect("the queues' orders hold only calls that wait")
    }
}

/// What of an agent the rest of the machine follows.
struct Facets {
    state: AgentState,
    pending: Option<Presence>,
    device: Device,
    registered: bool,
    delay: Option<Delay>,
    help: Option<Help>,
    offerable: Option<Time>,
    working: bool,
}

impl Facets {
    fn of(agent: &Agent) -> Self {
        Self {
            state: agent.state(),
            pending: agent.pending(),
            device: agent.device.clone(),
            registered: agent.registered,
            delay: agent.delay,
            help: agent.help.clone(),
            offerable: agent.offerable(),
            working: agent.is_working(),
        }
    }

    /// Arms the timers that the change wants, and disarms those of before.
    fn follow_timers(
        &self,
        now: Now,
        after: &Self,
        (id, phone_grace): (&AgentId, Option<Duration>),
        timers: &mut TimerQueue<Timer>,
    ) {
        let is_gone = |of: &Self| of.state == AgentState::OfflineGrace;
        if is_gone(self) != is_gone(after) {
            let end = phone_grace.filter(|_| is_gone(after)).map(|grace| now.mono + grace);
            set_or_cancel(timers, Timer::PhoneGrace(id.clone()), end);
        }
        if self.wrap_up_until() != after.wrap_up_until() {
            let end = after.wrap_up_until().map(|until| now.mono + until.since(now.wall));
            set_or_cancel(timers, Timer::WrapUp(id.clone()), end);
        }
        if self.delay != after.delay {
            let end = after.delay.map(|delay| now.mono + delay.until.since(now.wall));
            set_or_cancel(timers, Timer::Delay(id.clone()), end);
        }
    }

    /// True if nothing that [`Event::AgentChanged`] tells differs.
    fn look_like(&self, other: &Self) -> bool {
        self.state == other.state
            && self.pending == other.pending
            && self.device == other.device
            && self.registered == other.registered
            && self.help == other.help
    }

    /// Occupied by a queue's call that was answered, after-call work included.
    fn is_handling(&self) -> bool {
        match &self.state {
            AgentState::Talking { call, .. } => call.is_some(),
            AgentState::Hold { .. } | AgentState::WrapUp { .. } => true,
            AgentState::LoggedOut
            | AgentState::NotReady { .. }
            | AgentState::Ready
            | AgentState::OfflineGrace
            | AgentState::Reserved { .. }
            | AgentState::Ringing { .. } => false,
        }
    }

    fn wrap_up_until(&self) -> Option<hotline_base::WallTime> {
        match self.state {
            AgentState::WrapUp { until, .. } => until,
            AgentState::LoggedOut
            | AgentState::NotReady { .. }
            | AgentState::Ready
            | AgentState::OfflineGrace
            | AgentState::Reserved { .. }
            | AgentState::Ringing { .. }
            | AgentState::Talking { .. }
            | AgentState::Hold { .. } => None,
        }
    }
}

fn set_or_cancel(timers: &mut TimerQueue<Timer>, timer: Timer, at: Option<Time>) {
    match at {
        Some(at) => timers.set(timer, at),
        None => {
            timers.cancel(&timer);
        }
    }
}

/// A number of things for a view; more than four thousand million are shown as that many.
pub(crate) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
