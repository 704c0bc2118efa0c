//! Which waiting call goes to which agent, and the positions that everybody else is told.
//!
//! Callers are looked at in one order over all queues: emergencies, then by the weight of their queue, then by their keys.
//! Each goes to the first of the agents who may have it, in the order of `rank.rs`; with a strategy that rings several
//! phones, to as many as it may.
//!
//! A caller who was missed or rejected by an agent goes to another one. That exclusion holds only while another
//! member of the queue works (is registered and takes calls, now or after the one it has) whom the plan admits: a caller
//! whom all of those have refused keeps waiting in its place and is offered again, as soon as any of them can take
//! calls. An agent who makes itself ready anew may be offered anything.
//!
//! Between two inputs no waiting caller has an agent who could be offered it. So after an input only a caller or an agent
//! that changed can be part of a new pair: changed callers are held against the free members of their queue, found by
//! skill and idle time, and changed agents against the callers of their queues, until they are given away. All callers of a
//! queue are looked at only if that changed: its members, or who of them works. `watch.rs` sees to it that this holds.

use std::collections::{BTreeMap, BTreeSet};

use hotline_base::{AgentId, CallId, Now, QueueId};

use crate::acd::{Reservation, count};
use crate::agent::{Agent, Assignment, Work};
use crate::caller::{Caller, Stage};
use crate::gate::Asking;
use crate::queue::{Membership, Queue, Turn};
use crate::rank::{Candidate, seed_of};
use crate::slots::Slot;
use crate::{Acd, DECISION_LISTED_MAX, Decision, Event, Gate, LEASE_GRACE, Refusal, Strategy, Timer};

/// The most phones that ring for one call.
pub const RING_AT_ONCE_MAX: usize = 16;
/// How many callers of a queue are told their position; a change in front moves everybody behind.
pub const POSITIONS_TOLD_MAX: usize = 100;
/// How many members are looked at to list those who were refused.
const REFUSED_SEEN_MAX: usize = 4 * DECISION_LISTED_MAX;

/// What has changed since the last [`Acd::settle`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    /// Agents who can be offered a call, or work, or no longer.
    pub(crate) agents: BTreeSet<AgentId>,
    /// Callers for whom an agent may be there.
    pub(crate) callers: BTreeSet<CallId>,
    /// Queues for all of whose callers an agent may be there.
    pub(crate) queues: BTreeSet<QueueId>,
    /// Queues whose callers have moved.
    pub(crate) moved: BTreeSet<QueueId>,
    /// Callers for whom a step of the plan or a tier opens.
    pub(crate) rings: BTreeSet<CallId>,
    /// Callers who joined, or for whom a step began.
    pub(crate) begun: BTreeSet<CallId>,
}

/// Whom a caller is held against.
#[derive(Clone, Copy)]
enum Among<'a> {
    Everybody,
    Changed(&'a [Slot]),
}

impl Acd {
    /// Ends every input: follows what has changed, makes the offers that have become possible, tells positions.
    pub(crate) fn settle(&mut self, now: Now) {
        self.follow_workers();
        self.follow_staffing();
        self.follow_plans(now);
        self.renumber();
        self.dispatch(now);
        self.tell_passed(now);
        self.arm_watch(now);
    }

    fn renumber(&mut self) {
        for queue_id in core::mem::take(&mut self.marks.moved) {
            let Some(queue) = self.queues.get_mut(&queue_id) else { continue };
            if queue.callbacks != queue.callbacks_told {
                queue.callbacks_told = queue.callbacks;
                let waiting = count(queue.callbacks);
                self.events.push_back(Event::CallbacksChanged { queue: queue_id.clone(), waiting });
            }
            if queue.closing && queue.callers.is_empty() {
                self.forget_queue(&queue_id);
                continue;
            }
            let waiting = count(queue.callers.len());
            let first: Vec<CallId> =
                queue.callers.iter().take(POSITIONS_TOLD_MAX).map(|key| key.call).collect();
            for (index, call) in first.iter().copied().enumerate() {
                if queue.told.get(index) != Some(&call) {
                    let (queue, position) = (queue_id.clone(), count(index + 1));
                    self.events.push_back(Event::Position { call, queue, position, waiting });
                }
            }
            queue.told = first;
        }
    }

    fn dispatch(&mut self, now: Now) {
        let changed = core::mem::take(&mut self.marks.agents);
        let free = changed.intersection(&self.free);
        let mut callers = core::mem::take(&mut self.marks.callers);
        callers.extend(free.clone().filter_map(|agent| self.held_for.get(agent)).flatten());
        let agents: Vec<Slot> = free.filter_map(|agent| self.agents.slot(agent)).collect();
        let whole = core::mem::take(&mut self.marks.queues);
        let mut queues: BTreeMap<Slot, bool> = BTreeMap::new();
        for agent in agents.iter().filter_map(|agent| self.agents.at(*agent)) {
            queues.extend(agent.queues.values().map(|serves| (serves.queue, false)));
        }
        queues.extend(whole.iter().filter_map(|queue| Some((self.queues.slot(queue)?, true))));

        let mut turns: BTreeSet<(Turn, Option<Slot>)> = BTreeSet::new();
        turns.extend(callers.into_iter().filter_map(|call| Some((self.turn(call)?, None))));
        turns.extend(queues.keys().filter_map(|queue| self.next_turn(*queue, None)));
        while let Some((turn, source)) = turns.pop_first() {
            let Some(queue) = source else {
                self.serve(now, turn.key.call, Among::Everybody);
                continue;
            };
            let among = if queues[&queue] { Among::Everybody } else { Among::Changed(&agents) };
            let is_left = match among {
                Among::Everybody => self.queues.at(queue).is_some_and(|queue| !queue.offerable.is_empty()),
                Among::Changed(agents) => {
                    let mut agents = agents.iter().filter_map(|agent| self.agents.at(*agent));
                    agents.any(|agent| agent.offerable().is_some())
                }
            };
            if is_left {
                self.serve(now, turn.key.call, among);
                turns.extend(self.next_turn(queue, Some(turn)));
            }
        }
        // An offer takes an agent away from all its queues and leaves its caller served: neither makes anything possible.
        self.marks.agents.clear();
        self.marks.callers.clear();
    }

    fn turn(&self, call: CallId) -> Option<Turn> {
        let caller = self.callers.get(&call)?;
        Some(self.queues.get(&caller.queue)?.turn(caller.key))
    }

    fn next_turn(&self, queue: Slot, after: Option<Turn>) -> Option<(Turn, Option<Slot>)> {
        let next = self.queues.at(queue)?.next_after(after.map(|turn| turn.key))?;
        Some((next, Some(queue)))
    }

    /// Offers a caller to as many agents as may be and are there.
    fn serve(&mut self, now: Now, call: CallId, among: Among<'_>) {
        while let Some((agent, because)) = self.choose(now, call, among) {
            self.offer(now, call, agent, because);
        }
    }

    /// The agent to whom this caller is to be offered, and why.
    fn choose(&self, now: Now, call: CallId, among: Among<'_>) -> Option<(AgentId, Decision)> {
        let caller = self.callers.get(&call)?;
        let asking = self.asking(now, caller)?;
        if !asking.queue.open.contains(&caller.key) {
            return None;
        }
        let candidates = self.candidates(&asking, among);
        let agent = candidates.first()?.agent.clone();
        Some((agent, self.record(&asking, candidates)))
    }

    pub(crate) fn asking<'a>(&'a self, now: Now, caller: &'a Caller) -> Option<Asking<'a>> {
        let queue = self.queues.get(&caller.queue)?;
        let mut asking = Asking { now, caller, queue, exclusions_hold: false };
        asking.exclusions_hold = self.exclusions_hold(&asking);
        Some(asking)
    }

    /// Whether the caller can still be kept from agents who refused it: another working member may come.
    fn exclusions_hold(&self, asking: &Asking<'_>) -> bool {
        let (caller, queue) = (asking.caller, asking.queue);
        if caller.excluded.is_empty() || caller.sticky.is_some() {
            return false;
        }
        let working = queue.working.iter().filter_map(|(_, agent)| self.agents.get(agent));
        working.into_iter().any(|agent| !caller.excludes(agent) && asking.unfit(agent).is_none())
    }

    /// The agents who may be offered the call, the first choice first; at most [`DECISION_LISTED_MAX`].
    fn candidates(&self, asking: &Asking<'_>, among: Among<'_>) -> Vec<Candidate> {
        let (caller, queue) = (asking.caller, asking.queue);
        let seed = seed_of(asking);
        let candidate = |agent: Option<&Agent>| {
            let agent = agent?;
            let member = queue.members.get(&agent.config.id);
            asking.first_shut_to(agent, member).is_none().then(|| asking.candidate(agent, member, seed))
        };
        let mut found: Vec<Candidate> = match (&caller.sticky, among) {
            (Some(sticky), Among::Everybody | Among::Changed(_)) => {
                candidate(self.agents.get(&sticky.agent)).into_iter().collect()
            }
            (None, Among::Changed(agents)) => {
                agents.iter().filter_map(|agent| candidate(self.agents.at(*agent))).collect()
            }
            (None, Among::Everybody) => {
                let free = queue.free(queue.indispensable(caller)).iter();
                let free = free.filter_map(|(.., slot)| candidate(self.agents.at(*slot)));
                let mut steps = caller.progress.steps(&queue.config.plan);
                let is_in_order =
                    queue.config.strategy.is_by_idle_time() && steps.all(|step| step.prefer.is_empty());
                if is_in_order { free.take(DECISION_LISTED_MAX).collect() } else { free.collect() }
            }
        };
        found.sort_by(Candidate::order);
        found.truncate(DECISION_LISTED_MAX);
        // Kept for as long as the call, and its event in the live stream; thousands may have been looked at.
        found.shrink_to_fit();
        found
    }

    /// The reasons: these candidates, and why not the others.
    fn record(&self, asking: &Asking<'_>, candidates: Vec<Candidate>) -> Decision {
        let (caller, queue) = (asking.caller, asking.queue);
        let refusal = |(id, member): (&AgentId, &Membership)| {
            let gate = asking.first_shut_to(self.agents.at(member.slot)?, Some(member))?;
            Some(Refusal { agent: id.clone(), gate })
        };
        let members = queue.members.iter().take(REFUSED_SEEN_MAX);
        let mut refused: Vec<Refusal> = members.filter_map(refusal).take(DECISION_LISTED_MAX).collect();
        refused.shrink_to_fit();
        Decision {
            strategy: queue.config.strategy,
            position: count(queue.position(caller.key)),
            waited: caller.waited(asking.now),
            step: caller.progress.last(),
            seed: seed_of(asking),
            unlisted: count(queue.members.len().saturating_sub(candidates.len() + refused.len())),
            candidates,
            refused,
        }
    }

    fn offer(&mut self, now: Now, call: CallId, agent: AgentId, because: Decision) {
        let Some(caller) = self.callers.get_mut(&call) else { return };
        let queue = self.queues.get_mut(&caller.queue).expect("a waiting call's queue is kept");
        let wrap_up = queue.wrap_up_of(&agent);
        let (queue_id, ring_timeout) = (caller.queue.clone(), queue.config.ring_timeout);

        self.last_reservation.0 += 1;
        let reservation = self.last_reservation;
        self.reservations.insert(reservation, Reservation { agent: agent.clone(), call });
        self.timers.set(Timer::Lease(reservation), now.mono + ring_timeout + LEASE_GRACE);
        self.counters.offers += 1;
        queue.last_offered = Some(agent.clone());
        caller.last_offered = Some(agent.clone());
        caller.passes += 1;
        match &mut caller.stage {
            Stage::Offered { offers, .. } => {
                offers.insert(reservation);
            }
            Stage::Waiting | Stage::Exceeded => {
                let offers = BTreeSet::from([reservation]);
                caller.stage = Stage::Offered { offers, phones: 1, overdue: None, accepted: false };
                if let Strategy::ProgressiveRing(interval) = queue.config.strategy {
                    self.timers.set(Timer::NextPhone(call), now.mono + interval);
                }
            }
        }
        self.refresh(call);
        let served = queue_id.clone();
        self.update(now, &agent, |agent| {
            agent.last_offer = Some(now.mono);
            agent.last_call = None;
            agent.work = Work::Reserved(Assignment::new(reservation, call, served, wrap_up));
        });
        self.events.push_back(Event::Offer {
            reservation,
            call,
            agent,
            queue: queue_id,
            ring_timeout,
            because,
        });
    }

    /// One more phone may ring.
    pub(crate) fn next_phone(&mut self, now: Now, call: CallId) {
        let Some(caller) = self.callers.get_mut(&call) else { return };
        let strategy = self.queues.get(&caller.queue).map(|queue| queue.config.strategy);
        if let (Stage::Offered { phones, .. }, Some(Strategy::ProgressiveRing(interval))) =
            (&mut caller.stage, strategy)
        {
            *phones += 1;
            if (*phones as usize) < RING_AT_ONCE_MAX {
                self.timers.set(Timer::NextPhone(call), now.mono + interval);
            }
        }
        self.refresh(call);
    }

    /// Keeps the index of those who can be offered to an agent, or to one more, in step with a caller.
    pub(crate) fn refresh(&mut self, call: CallId) {
        let Some(caller) = self.callers.get(&call) else { return };
        let Some(queue) = self.queues.get_mut(&caller.queue) else { return };
        let is_open = caller.held_back.is_none()
            && match &caller.stage {
                Stage::Waiting => true,
                Stage::Offered { offers, overdue, accepted, .. } => {
                    overdue.is_none() && !accepted && offers.len() < queue.phones(caller)
                }
                Stage::Exceeded => false,
            };
        if is_open {
            self.open += usize::from(queue.open.insert(caller.key));
            self.marks.callers.insert(call);
        } else {
            self.open -= usize::from(queue.open.remove(&caller.key));
        }
    }

    /// Says of callers who joined, or for whom a step began, why nobody came.
    fn tell_passed(&mut self, now: Now) {
        for call in core::mem::take(&mut self.marks.begun) {
            let Some(caller) = self.callers.get(&call) else { continue };
            if caller.stage == Stage::Waiting && caller.held_back.is_none() {
                let queue = caller.queue.clone();
                if let Some(because) = self.explain(now, call) {
                    self.events.push_back(Event::Passed { call, queue, because });
                }
            }
        }
    }

    /// Why a caller waits: who could be offered it (nobody, unless this program is at fault), and why not the others.
    /// `None` if the call waits nowhere.
    #[must_use]
    pub fn explain(&self, now: Now, call: CallId) -> Option<Decision> {
        let asking = self.asking(now, self.callers.get(&call)?)?;
        let mut candidates = self.candidates(&asking, Among::Everybody);
        let mut preceded = Vec::new();
        candidates.retain(|candidate| match self.preceding(&asking, &candidate.agent) {
            Some(gate) => {
                preceded.push(Refusal { agent: candidate.agent.clone(), gate });
                false
            }
            None => true,
        });
        let mut decision = self.record(&asking, candidates);
        decision.unlisted = decision.unlisted.saturating_sub(count(preceded.len()));
        decision.refused.extend(preceded);
        Some(decision)
    }

    /// The queue of greater weight of which a caller is to have this agent first, as a gate.
    pub(crate) fn preceding(&self, asking: &Asking<'_>, agent: &AgentId) -> Option<Gate> {
        let agent = self.agents.get(agent)?;
        let turn = asking.queue.turn(asking.caller.key);
        let heavier = |queue: &&Queue| queue.config.weight > asking.queue.config.weight;
        for queue in agent.queues.values().filter_map(|serves| self.queues.at(serves.queue)).filter(heavier) {
            let before = queue.open.iter().take_while(|key| queue.turn(**key) < turn);
            let mut others = before.filter_map(|key| self.asking(asking.now, self.callers.get(&key.call)?));
            if others.any(|other| other.first_shut(agent).is_none()) {
                return Some(Gate::QueuePrecedence { queue: queue.config.id.clone() });
            }
        }
        None
    }
}
