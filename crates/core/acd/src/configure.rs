//! A new configuration on a running center: nobody is thrown out of a conversation or a queue.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hotline_base::{Now, QueueId};

use crate::agent::Agent;
use crate::queue::Queue;
use crate::{Acd, AgentConfig, Config, Member, Presence, QueueConfig, ReasonConfig};

impl Acd {
    /// Takes over another configuration.
    ///
    /// An agent who is gone from it finishes what it has, with wrap-up, and is then signed out and forgotten. A
    /// queue that is gone takes no more callers, serves those it has with the agents it had, and is then
    /// forgotten. Callers keep their place and the longest wait under which they joined; an agent in a call
    /// keeps the wrap-up time under which it was offered.
    pub fn reconfigure(&mut self, now: Now, config: Config) {
        self.configure_reasons(config.reasons);
        self.configure_agents(now, config.agents);
        self.configure_queues(config.queues);
        self.link_members();
        let queues: Vec<QueueId> = self.queues.keys().cloned().collect();
        self.to_renumber.extend(queues.iter().cloned());
        self.to_dispatch.extend(queues);
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
        }
        for config in agents {
            match self.agents.get_mut(&config.id) {
                Some(agent) => {
                    agent.retired = false;
                    agent.config = config;
                }
                None => {
                    self.agents.insert(config.id.clone(), Agent::new(config, now));
                }
            }
        }
    }

    fn configure_queues(&mut self, queues: Vec<QueueConfig>) {
        let mut wanted: BTreeMap<QueueId, QueueConfig> =
            queues.into_iter().map(|queue| (queue.id.clone(), queue)).collect();
        self.queues.retain(|_, queue| !queue.callers.is_empty() || wanted.contains_key(&queue.config.id));
        for (id, queue) in &mut self.queues {
            match wanted.remove(id) {
                Some(config) => {
                    queue.config = config;
                    queue.closing = false;
                }
                None => queue.closing = true,
            }
        }
        self.queues.extend(wanted.into_iter().map(|(id, config)| (id, Queue::new(config))));
    }

    /// Makes the indexes anew from the queues' lists of members.
    fn link_members(&mut self) {
        for agent in self.agents.values_mut() {
            agent.queues.clear();
        }
        for (id, queue) in &mut self.queues {
            queue.members.clear();
            queue.offerable.clear();
            queue.working.clear();
            queue.own_wrap_up.clear();
            for Member { agent: member, wrap_up, .. } in queue.config.members.clone() {
                if let Some(agent) = self.agents.get_mut(&member).filter(|agent| !agent.retired) {
                    agent.queues.insert(id.clone());
                    queue.reindex(None, agent);
                    queue.own_wrap_up.extend(wrap_up.map(|length| (member.clone(), length)));
                    queue.members.insert(member);
                }
            }
        }
    }

    /// The last caller of a queue that is gone from the configuration has left.
    pub(crate) fn forget_queue(&mut self, id: &QueueId) {
        if let Some(queue) = self.queues.remove(id) {
            for member in &queue.members {
                if let Some(agent) = self.agents.get_mut(member) {
                    agent.queues.remove(id);
                }
            }
        }
    }
}
