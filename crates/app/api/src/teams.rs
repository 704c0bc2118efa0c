//! The teams that users oversee: groups of agents with the queues that these serve, as configured.
//!
//! Must not know: users, what anybody may do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hotline_base::{AgentId, GroupId, QueueId};
use hotline_call::Group;

/// Who belongs together.
#[derive(Debug, Default)]
pub struct Teams {
    teams: BTreeMap<String, Arc<Team>>,
    /// The queues of every agent there is.
    served: BTreeMap<AgentId, BTreeSet<QueueId>>,
    /// The other way round.
    members: BTreeMap<QueueId, BTreeSet<AgentId>>,
    masked: BTreeSet<QueueId>,
}

/// A group of agents and the queues that they serve.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Team {
    pub(crate) name: String,
    pub(crate) label: Option<String>,
    pub(crate) leaders: BTreeSet<AgentId>,
    pub(crate) agents: BTreeSet<AgentId>,
    pub(crate) queues: BTreeSet<QueueId>,
}

impl Teams {
    /// From the groups of the agents, the members of the queues, and the queues whose callers' numbers are masked.
    pub fn new(
        agents: impl IntoIterator<Item = (AgentId, BTreeSet<GroupId>)>,
        queues: impl IntoIterator<Item = (QueueId, Vec<AgentId>)>,
        masked: BTreeSet<QueueId>,
    ) -> Self {
        let agents: BTreeMap<AgentId, BTreeSet<GroupId>> = agents.into_iter().collect();
        let mut served: BTreeMap<AgentId, BTreeSet<QueueId>> =
            agents.keys().map(|agent| (agent.clone(), BTreeSet::new())).collect();
        let mut members: BTreeMap<QueueId, BTreeSet<AgentId>> = BTreeMap::new();
        for (queue, agents) in queues {
            for agent in agents {
                served.entry(agent.clone()).or_default().insert(queue.clone());
                members.entry(queue.clone()).or_default().insert(agent);
            }
        }
        let mut teams: BTreeMap<String, Team> = BTreeMap::new();
        for (agent, groups) in agents {
            for group in groups {
                let name = group.to_string();
                let team = teams.entry(name.clone()).or_insert_with(|| Team { name, ..Team::default() });
                team.queues.extend(served[&agent].iter().cloned());
                team.agents.insert(agent.clone());
            }
        }
        let teams = teams.into_iter().map(|(name, team)| (name, Arc::new(team))).collect();
        Self { teams, served, members, masked }
    }

    /// The same with what is said of groups, those included that nobody is in.
    #[must_use]
    pub fn with_groups(mut self, groups: &BTreeMap<GroupId, Group>) -> Self {
        for (id, Group { label, leaders }) in groups {
            let name = id.to_string();
            let known = self.teams.remove(&name).map(Arc::unwrap_or_clone);
            let known = known.unwrap_or_else(|| Team { name: name.clone(), ..Team::default() });
            let team = Team { label: label.clone(), leaders: leaders.clone(), ..known };
            self.teams.insert(name, Arc::new(team));
        }
        self
    }

    /// The teams that an agent leads.
    pub(crate) fn led_by(&self, agent: &AgentId) -> impl Iterator<Item = &Arc<Team>> {
        self.teams.values().filter(move |team| team.leaders.contains(agent))
    }

    /// The team of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Arc<Team>> {
        self.teams.get(name)
    }

    /// All teams, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Team>> {
        self.teams.values()
    }

    /// Whether there is such an agent.
    pub(crate) fn knows(&self, agent: &AgentId) -> bool {
        self.served.contains_key(agent)
    }

    /// Whether the agent serves the queue.
    pub(crate) fn serves(&self, agent: &AgentId, queue: &QueueId) -> bool {
        self.served.get(agent).is_some_and(|queues| queues.contains(queue))
    }

    /// The agents who serve the queue, by id.
    pub(crate) fn members(&self, queue: &QueueId) -> impl Iterator<Item = &AgentId> {
        self.members.get(queue).into_iter().flatten()
    }

    /// Whether the numbers of the queue's callers are for those only who may read all numbers.
    pub(crate) fn is_masked(&self, queue: &QueueId) -> bool {
        self.masked.contains(queue)
    }

    /// Those queues.
    pub(crate) fn masked(&self) -> &BTreeSet<QueueId> {
        &self.masked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_team_has_its_agents_and_the_queues_that_they_serve() {
        let agents = [("ann", vec!["early"]), ("bob", vec!["early", "late"]), ("cy", vec![])];
        let agents = agents
            .map(|(agent, groups)| (AgentId::from(agent), groups.into_iter().map(GroupId::from).collect()));
        let queues = [("sales", vec!["ann"]), ("support", vec!["bob", "cy"]), ("night", vec!["cy"])];
        let queues = queues
            .map(|(queue, members)| (QueueId::from(queue), members.into_iter().map(AgentId::from).collect()));
        let teams = Teams::new(agents, queues, BTreeSet::from([QueueId::from("night")]));
        let queues_of =
            |team: &str| teams.get(team).unwrap().queues.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            (queues_of("early"), queues_of("late")),
            (vec!["sales".into(), "support".into()], vec!["support".into()])
        );
        assert!(teams.serves(&"cy".into(), &"night".into()) && !teams.serves(&"cy".into(), &"sales".into()));
        assert_eq!(teams.members(&"support".into()).map(AgentId::as_str).collect::<Vec<_>>(), ["bob", "cy"]);
        assert!(
            teams.knows(&"ann".into()) && !teams.knows(&"dee".into()) && teams.is_masked(&"night".into())
        );
    }
}
