//! Who asks, as far as it decides what may be seen and done. Everything that is decided about permissions is decided here.

use std::collections::BTreeSet;
use std::sync::Arc;

use hotline_access::{Grants, Permission, Scope};
use hotline_base::{AgentId, QueueId};
use hotline_call::{CallRecord, CallView};

use crate::concern::agents_of;
use crate::teams::{Team, Teams};

/// A user's rights.
#[derive(Clone, Debug)]
pub(crate) struct Viewer {
    pub(crate) agent: Option<AgentId>,
    pub(crate) grants: Grants,
    /// The names of the roles, for what is shown to some of them only.
    pub(crate) roles: Arc<BTreeSet<String>>,
    teams: Vec<Arc<Team>>,
    center: Arc<Teams>,
}

/// What is asked about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject<'a> {
    /// The whole center: no narrower scope will do.
    Center,
    /// Nobody in particular: any scope will do.
    Anything,
    /// An agent.
    Agent(&'a AgentId),
    /// A queue. One's own is one that one serves.
    Queue(&'a QueueId),
    /// A call, living or over.
    Call(&'a Ties),
}

/// Who has to do with a call: the agents who have it, had it or were offered it, and the queues it was in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ties {
    pub(crate) agents: Vec<AgentId>,
    pub(crate) queues: Vec<QueueId>,
}

impl Ties {
    /// Of a call that may be over.
    pub(crate) fn of_record(record: &CallRecord) -> Self {
        let offered = record.offers.iter().map(|offer| &offer.agent);
        let agents = record.agent.iter().chain(offered).cloned().collect();
        Self { agents, queues: record.queues.iter().map(|visit| visit.queue.clone()).collect() }
    }

    /// Of a living call, at this moment.
    pub(crate) fn of_view(view: &CallView) -> Self {
        let queues = view.record.queues.last().map(|visit| visit.queue.clone());
        let agents = agents_of(view).into_iter().cloned().collect();
        Self { agents, queues: queues.into_iter().collect() }
    }
}

impl Viewer {
    pub(crate) fn new(
        agent: Option<AgentId>,
        grants: Grants,
        teams: impl IntoIterator<Item = impl AsRef<str>>,
        center: Arc<Teams>,
    ) -> Self {
        // A team that is not configured any more has nobody.
        let named = teams.into_iter().filter_map(|team| center.get(team.as_ref()).cloned());
        let mut teams: Vec<Arc<Team>> = named.collect();
        // Whoever leads a group need not be given it beside that.
        for led in agent.iter().flat_map(|agent| center.led_by(agent)) {
            if !teams.iter().any(|team| team.name == led.name) {
                teams.push(Arc::clone(led));
            }
        }
        Self { agent, grants, roles: Arc::default(), teams, center }
    }

    /// The same with these roles.
    pub(crate) fn with_roles(self, roles: &BTreeSet<String>) -> Self {
        Self { roles: Arc::new(roles.clone()), ..self }
    }

    /// Whether this may be done to that.
    pub(crate) fn may(&self, permission: Permission, subject: Subject<'_>) -> bool {
        match self.grants.scope(permission) {
            None => false,
            Some(Scope::All) => true,
            Some(Scope::Team) => self.is_own(subject) || self.is_of_team(subject),
            Some(Scope::Own) => self.is_own(subject),
        }
    }

    /// Whether telephone numbers there may be read in full. Those of callers of a masked queue are for those only who
    /// may read all.
    pub(crate) fn reads_numbers(&self, subject: Subject<'_>) -> bool {
        let masked = match subject {
            Subject::Center | Subject::Anything | Subject::Agent(_) => false,
            Subject::Queue(queue) => self.center.is_masked(queue),
            Subject::Call(ties) => ties.queues.iter().any(|queue| self.center.is_masked(queue)),
        };
        if masked { self.sees_all(Permission::NumbersSee) } else { self.may(Permission::NumbersSee, subject) }
    }

    /// The queues whose callers' numbers are for those only who may read all numbers.
    pub(crate) fn masked_queues(&self) -> &BTreeSet<QueueId> {
        self.center.masked()
    }

    /// The agents who serve a queue, by id.
    pub(crate) fn agents_of(&self, queue: &QueueId) -> impl Iterator<Item = &AgentId> {
        self.center.members(queue)
    }

    /// Whether a living call is seen: one's own while one has to do with it, one of the team from the moment on that
    /// the team had to do with it.
    pub(crate) fn sees_live(&self, now: &Ties, ever: &Ties) -> bool {
        match self.grants.scope(Permission::CallsSee) {
            None => false,
            Some(Scope::Own) => self.is_own(Subject::Call(now)),
            Some(Scope::Team) => self.is_own(Subject::Call(now)) || self.is_of_team(Subject::Call(ever)),
            Some(Scope::All) => true,
        }
    }

    /// Whether this may be done in the whole center.
    pub(crate) fn sees_all(&self, permission: Permission) -> bool {
        self.grants.scope(permission) == Some(Scope::All)
    }

    /// Whether there is such an agent.
    pub(crate) fn knows(&self, agent: &AgentId) -> bool {
        self.center.knows(agent)
    }

    /// Is this agent.
    pub(crate) fn is(&self, agent: &AgentId) -> bool {
        self.agent.as_ref() == Some(agent)
    }

    /// Is told who calls when a call is offered to this agent.
    pub(crate) fn is_popped(&self, agent: &AgentId) -> bool {
        self.is(agent) && self.may(Permission::CallsSee, Subject::Agent(agent))
    }

    /// The teams that are overseen.
    pub(crate) fn teams(&self) -> &[Arc<Team>] {
        &self.teams
    }

    fn is_own(&self, subject: Subject<'_>) -> bool {
        match subject {
            Subject::Center => false,
            Subject::Anything => true,
            Subject::Agent(agent) => self.is(agent),
            Subject::Queue(queue) => {
                self.agent.as_ref().is_some_and(|agent| self.center.serves(agent, queue))
            }
            Subject::Call(ties) => ties.agents.iter().any(|agent| self.is(agent)),
        }
    }

    fn is_of_team(&self, subject: Subject<'_>) -> bool {
        let has = |agent: &AgentId| self.teams.iter().any(|team| team.agents.contains(agent));
        let serves = |queue: &QueueId| self.teams.iter().any(|team| team.queues.contains(queue));
        match subject {
            Subject::Center => false,
            Subject::Anything => true,
            Subject::Agent(agent) => has(agent),
            Subject::Queue(queue) => serves(queue),
            Subject::Call(ties) => ties.agents.iter().any(has) || ties.queues.iter().any(serves),
        }
    }
}

/// Two that may see and do the same in the same center.
impl PartialEq for Viewer {
    fn eq(&self, other: &Self) -> bool {
        (&self.agent, &self.grants, &self.roles) == (&other.agent, &other.grants, &other.roles)
            && self.teams == other.teams
            && Arc::ptr_eq(&self.center, &other.center)
    }
}

#[cfg(test)]
mod tests {
    use hotline_base::GroupId;

    use super::*;

    fn center() -> Arc<Teams> {
        let agents = [("ann", "early"), ("bob", "early"), ("cy", "late")]
            .map(|(agent, group)| (AgentId::from(agent), BTreeSet::from([GroupId::from(group)])));
        let queues = [("sales", vec!["ann", "bob"]), ("night", vec!["cy"])];
        let queues = queues
            .map(|(queue, members)| (QueueId::from(queue), members.into_iter().map(AgentId::from).collect()));
        Arc::new(Teams::new(agents, queues, BTreeSet::from([QueueId::from("night")])))
    }

    fn viewer(scope: Scope, teams: &[&str]) -> Viewer {
        let both = [(Permission::CallsSee, scope), (Permission::NumbersSee, scope)];
        Viewer::new(Some("ann".into()), both.into_iter().collect(), teams, center())
    }

    fn ties(agents: &[&str], queues: &[&str]) -> Ties {
        Ties {
            agents: agents.iter().map(|agent| AgentId::from(*agent)).collect(),
            queues: queues.iter().map(|queue| QueueId::from(*queue)).collect(),
        }
    }

    #[test]
    fn a_scope_reaches_as_far_as_it_says() {
        let (own, mate, other) = (ties(&["ann"], &[]), ties(&["bob"], &[]), ties(&["cy"], &["night"]));
        let (waiting, nowhere) = (ties(&[], &["sales"]), ties(&[], &[]));
        let seen = |viewer: &Viewer| {
            [&own, &mate, &waiting, &other, &nowhere]
                .map(|ties| viewer.may(Permission::CallsSee, Subject::Call(ties)))
        };
        assert_eq!(seen(&viewer(Scope::Own, &["early"])), [true, false, false, false, false]);
        assert_eq!(seen(&viewer(Scope::Team, &["early"])), [true, true, true, false, false]);
        assert_eq!(seen(&viewer(Scope::Team, &["gone"])), [true, false, false, false, false]);
        assert_eq!(seen(&viewer(Scope::All, &[])), [true; 5]);
        let own = viewer(Scope::Own, &[]);
        assert!(own.may(Permission::CallsSee, Subject::Queue(&"sales".into())));
        assert!(!own.may(Permission::CallsSee, Subject::Queue(&"night".into())));
        assert!(own.may(Permission::CallsSee, Subject::Anything));
        assert!(!own.may(Permission::CallsSee, Subject::Center));
        assert!(!own.may(Permission::AuditSee, Subject::Anything));
    }

    #[test]
    fn numbers_of_a_masked_queue_are_for_those_who_read_all() {
        let (masked, plain) = (ties(&["ann"], &["night"]), ties(&["ann"], &["sales"]));
        for (scope, reads) in [(Scope::Own, false), (Scope::Team, false), (Scope::All, true)] {
            let viewer = viewer(scope, &["early", "late"]);
            assert_eq!(viewer.reads_numbers(Subject::Call(&masked)), reads, "{scope:?}");
            assert!(viewer.reads_numbers(Subject::Call(&plain)), "{scope:?}");
        }
    }

    #[test]
    fn whoever_leads_a_group_oversees_it_and_nobody_else_in_it_does() {
        let agents = [("ann", "early"), ("bob", "early"), ("cy", "late")]
            .map(|(agent, group)| (AgentId::from(agent), BTreeSet::from([GroupId::from(group)])));
        let led =
            hotline_call::Group { label: Some("Early".into()), leaders: BTreeSet::from(["ann".into()]) };
        let center = Teams::new(agents, [], BTreeSet::new()).with_groups(&[("early".into(), led)].into());
        let center = Arc::new(center);
        let sees = |who: &str, other: &str| {
            let team = [(Permission::CallsSee, Scope::Team)].into_iter().collect::<Grants>();
            let none: [&str; 0] = [];
            let viewer = Viewer::new(Some(who.into()), team, none, Arc::clone(&center));
            viewer.may(Permission::CallsSee, Subject::Call(&ties(&[other], &[])))
        };
        assert!(sees("ann", "bob"));
        assert!(!sees("ann", "cy"));
        assert!(!sees("bob", "ann"));
    }
}
