//! Which waiting call goes to which agent: callers in the order of their keys over all queues, each to the first
//! agent its queue's strategy names; and the positions that everybody else is told.
//!
//! A caller who was missed or rejected by an agent goes to another one. That exclusion holds only while another
//! member of the queue works (is registered and takes calls, now or after the one it has): a caller whom all
//! working agents have refused keeps waiting in its place and is offered again, as soon as any of them can take
//! calls. An agent who makes itself ready anew may be offered anything.
//!
//! Between two inputs no waiting caller has an agent who could be offered it. So only queues in which an agent or
//! a caller changed need a look, and there only as long as agents are left.

use hotline_base::{AgentId, Now};

use crate::acd::{Reservation, count};
use crate::agent::{Assignment, Work};
use crate::caller::{Caller, Stage};
use crate::queue::Queue;
use crate::{
    Acd, CallerKey, Candidate, DECISION_LISTED_MAX, Decision, Event, LEASE_GRACE, Refusal, SortKey, Timer,
    gate,
};

impl Acd {
    /// Ends every input: tells positions, makes the offers that have become possible, forgets closed queues.
    pub(crate) fn settle(&mut self, now: Now) {
        self.renumber();
        self.dispatch(now);
    }

    /// Whether callers can still be kept from agents who refused them: another working member may come.
    pub(crate) fn exclusions_hold(&self, caller: &Caller) -> bool {
        let working = self.queues.get(&caller.queue).into_iter().flat_map(|queue| &queue.working);
        working.filter_map(|agent| self.agents.get(agent)).any(|agent| !caller.excludes(agent))
    }

    fn renumber(&mut self) {
        for queue_id in core::mem::take(&mut self.to_renumber) {
            let Some(queue) = self.queues.get(&queue_id) else { continue };
            if queue.closing && queue.callers.is_empty() {
                self.forget_queue(&queue_id);
                continue;
            }
            let waiting = count(queue.callers.len());
            for (index, key) in queue.callers.iter().enumerate() {
                let position = count(index + 1);
                let caller = self.callers.get_mut(&key.call).expect("the order holds only calls that wait");
                if caller.position != position {
                    caller.position = position;
                    let (call, queue) = (key.call, queue_id.clone());
                    self.events.push_back(Event::Position { call, queue, position, waiting });
                }
            }
        }
    }

    fn dispatch(&mut self, now: Now) {
        let queues = core::mem::take(&mut self.to_dispatch);
        let mut last = None;
        loop {
            let next = queues.iter().filter_map(|queue| self.queues.get(queue)?.next_after(last)).min();
            let Some(key) = next else { break };
            last = Some(key);
            if let Some(agent) = self.choose(self.caller(key.call)) {
                self.offer(now, key, agent);
            }
        }
        // An offer takes an agent away from all its queues, which can make nothing else possible.
        self.to_dispatch.clear();
    }

    /// The agent to whom this caller is to be offered.
    fn choose(&self, caller: &Caller) -> Option<AgentId> {
        let queue = self.queues.get(&caller.queue)?;
        let exclusions_hold = self.exclusions_hold(caller);
        let may_come = |agent: &&AgentId| {
            let agent = self.agents.get(*agent);
            agent.is_some_and(|agent| gate::first_shut(caller, agent, exclusions_hold).is_none())
        };
        queue.offerable.iter().map(|(_, agent)| agent).find(may_come).cloned()
    }

    fn offer(&mut self, now: Now, key: CallerKey, agent: AgentId) {
        let caller = self.caller(key.call);
        let queue = self.queues.get(&caller.queue).expect("a waiting call's queue is kept");
        let because = self.explain(now, caller, queue);
        let (queue_id, ring_timeout) = (caller.queue.clone(), queue.config.ring_timeout);
        let wrap_up = queue.wrap_up_of(&agent);

        self.last_reservation.0 += 1;
        let (reservation, call) = (self.last_reservation, key.call);
        self.reservations.insert(reservation, Reservation { agent: agent.clone(), call });
        self.timers.set(Timer::Lease(reservation), now.mono + ring_timeout + LEASE_GRACE);
        self.counters.offers += 1;
        if let Some(caller) = self.callers.get_mut(&call) {
            caller.stage = Stage::Offered { reservation, overdue: false };
        }
        if let Some(queue) = self.queues.get_mut(&queue_id) {
            queue.unoffered.remove(&key);
        }
        let served = queue_id.clone();
        self.update(now, &agent, |agent| {
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

    /// Why this caller goes to the first candidate: every member, with its sort key or the gate that is shut.
    fn explain(&self, now: Now, caller: &Caller, queue: &Queue) -> Decision {
        let exclusions_hold = self.exclusions_hold(caller);
        let shut = |agent| gate::first_shut(caller, agent, exclusions_hold);
        let idle = queue.offerable.iter().filter_map(|(_, agent)| self.agents.get(agent));
        let candidates: Vec<Candidate> = idle
            .filter(|agent| shut(agent).is_none())
            .take(DECISION_LISTED_MAX)
            .map(|agent| Candidate {
                agent: agent.config.id.clone(),
                sort_key: SortKey::IdleFor(now.mono - agent.idle_since),
            })
            .collect();
        let members = queue.members.iter().filter_map(|agent| self.agents.get(agent));
        let refused: Vec<Refusal> = members
            .filter_map(|agent| Some(Refusal { agent: agent.config.id.clone(), gate: shut(agent)? }))
            .take(DECISION_LISTED_MAX)
            .collect();
        Decision {
            strategy: queue.config.strategy,
            position: caller.position,
            waited: now.mono - caller.since.mono,
            unlisted: count(queue.members.len() - candidates.len() - refused.len()),
            candidates,
            refused,
        }
    }
}
