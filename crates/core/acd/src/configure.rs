//! A new configuration on a running center: nobody is thrown out of a conversation or a queue.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hotline_base::{Now, QueueId};

use crate::acd::count;
use crate::agent::Agent;
use crate::plan::Progress;
use crate::queue::{Membership, Queue, Serves};
use crate::{Acd, AgentConfig, Config, Member, Presence, QueueConfig, ReasonConfig};

impl Acd {
    /// Takes over another configuration.
    ///
    /// An agent who is gone from it finishes what it has, with wrap-up, and is then signed out and forgotten. A
    /// queue that is gone takes no more callers, serves those it has with the agents it had, and is then
    /// forgotten. Callers keep their place and the limits under which they joined; an agent in a call
    /// keeps the wrap-up time under which it was offered.
    pub fn reconfigure(&mut self, now: Now, config: Config) {
        self.phone_grace = config.phone_grace;
        self.configure_reasons(config.reasons);
        self.configure_agents(now, config.agents);
        self.configure_queues(now, config.queues);
        self.link_members(now);
        self.settle(now);
    }

    /// What was spent of the day in a reason that stays counts on.
    fn configure_reasons(&mut self, reasons: BTreeMap<Arc<str>, ReasonConfig>) {
        self.reasons = reasons;
        for agent in self.agents.values_mut() {
            agent.reasons_today.retain(|reason, _| self.reasons.contains_key(reason));
        }
    }

    fn configure_agents(&mut self, now: Now, agents: Vec<AgentConfig>) {
        let known: BTreeSet<_> = agents.iter().map(|agent| agent.id.clone()).collect();
        let gone: Vec<_> = self.agents.keys().filter(|id| !known.contains(*id)).cloned().collect();
        for id in gone {
            self.update(now, &id, |agent| {
                agent.retired = true;
                agent.presence = Presence::LoggedOut;
                agent.release_if_retired();
            });
            self.marks.agents.insert(id);
        }
        for config in agents {
            match self.agents.get_mut(&config.id) {
                Some(agent) => {
                    agent.retired = false;
                    agent.config = config;
                }
                None => self.agents.insert(config.id.clone(), Agent::new(config, now)),
            }
        }
    }

    fn configure_queues(&mut self, now: Now, queues: Vec<QueueConfig>) {
        let mut wanted: BTreeMap<QueueId, QueueConfig> =
            queues.into_iter().map(|queue| (queue.id.clone(), queue)).collect();
        let is_over =
            |(id, queue): &(&QueueId, &Queue)| queue.callers.is_empty() && !wanted.contains_key(*id);
        let over: Vec<QueueId> = self.queues.iter().filter(is_over).map(|(id, _)| id.clone()).collect();
        for id in over {
            self.queues.remove(&id);
        }
        for queue in self.queues.values_mut() {
            match wanted.remove(&queue.config.id) {
                Some(config) => {
                    let old = core::mem::replace(&mut queue.config, config);
                    queue.closing = false;
                    if old.plan == queue.config.plan {
                        continue;
                    }
                    for key in &queue.callers {
                        let caller = self.callers.get_mut(&key.call);
                        let caller = caller.expect("the order holds only calls that wait");
                        caller.progress = Progress::after(caller.waited(now), &queue.config.plan);
                    }
                }
                None => queue.closing = true,
            }
        }
        for (id, config) in wanted {
            self.queues.insert(id, Queue::new(config, now.mono));
        }
    }

    /// Makes the indexes anew from the queues' lists of members and the merges, and has every caller looked at.
    pub(crate) fn link_members(&mut self, now: Now) {
        let staffs: Vec<(QueueId, Vec<Member>)> =
            self.queues.iter().map(|(id, queue)| (id.clone(), self.staff(queue))).collect();
        let groups: Vec<_> =
            self.agents.iter().map(|(id, agent)| (id.clone(), self.groups(&agent.config))).collect();
        for (agent, groups) in groups {
            if let Some(agent) = self.agents.get_mut(&agent) {
                agent.queues.clear();
                agent.groups = groups;
            }
        }
        for (id, staff) in staffs {
            let Some(queue_slot) = self.queues.slot(&id) else { continue };
            let Some(queue) = self.queues.at_mut(queue_slot) else { continue };
            let worked = !queue.working.is_empty();
            queue.unlink();
            for Member { agent: member, tier, weight, wrap_up } in staff {
                let Some(slot) = self.agents.slot(&member) else { continue };
                let agent = self.agents.at_mut(slot).filter(|agent| !agent.retired);
                if let Some(agent) = agent.filter(|_| !queue.members.contains_key(&member)) {
                    let serves = Serves { queue: queue_slot, agent: slot, tier };
                    agent.queues.insert(id.clone(), serves);
                    let place = count(queue.members.len());
                    let membership = Membership { slot, tier, weight, place, number: 0, wrap_up };
                    queue.members.insert(member, membership);
                    queue.tiers.insert(tier);
                    queue.reindex(now.mono, serves, (None, false), agent);
                }
            }
            for (number, member) in queue.members.values_mut().enumerate() {
                member.number = count(number);
            }
            if worked && queue.working.is_empty() {
                queue.unstaffed_since = now.mono;
            }
        }
        let free = self.agents.values().filter(|agent| agent.offerable().is_some());
        self.free = free.map(|agent| agent.config.id.clone()).collect();
        self.marks.agents.extend(self.held_for.keys().cloned());
        let queues = self.queues.keys().cloned();
        self.marks.queues.extend(queues.clone());
        self.marks.moved.extend(queues);
        self.marks.rings.extend(self.callers.keys().copied());
    }

    /// The last caller of a queue that is gone from the configuration has left.
    pub(crate) fn forget_queue(&mut self, id: &QueueId) {
        if let Some(queue) = self.queues.remove(id) {
            for member in queue.members.keys() {
                if let Some(agent) = self.agents.get_mut(member) {
                    agent.queues.remove(id);
                }
            }
        }
    }
}
