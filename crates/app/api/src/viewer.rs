//! Who looks, as far as it decides what may be seen.

use hotline_base::AgentId;
use hotline_store::Role;

/// A user's rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Viewer {
    pub(crate) role: Role,
    pub(crate) agent: Option<AgentId>,
}

impl Viewer {
    /// Sees everything.
    pub(crate) fn is_admin(&self) -> bool {
        match self.role {
            Role::Admin => true,
            Role::Agent => false,
        }
    }

    /// May see the SIP messages of every call: they say who called whom, and how the center is built.
    pub(crate) fn may_trace(&self) -> bool {
        match self.role {
            Role::Admin => true,
            Role::Agent => false,
        }
    }

    /// Is this agent.
    pub(crate) fn is(&self, agent: &AgentId) -> bool {
        self.agent.as_ref() == Some(agent)
    }

    /// May see what concerns this agent.
    pub(crate) fn may_see(&self, agent: &AgentId) -> bool {
        self.is_admin() || self.is(agent)
    }
}
