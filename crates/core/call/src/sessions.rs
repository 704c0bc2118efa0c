//! Which SIP session belongs to which call, and the SIP Call-ID of each leg for those who look at the wire.

use std::collections::{BTreeMap, VecDeque};

use hotline_base::{AgentId, BoundedQueue, CallId};
use hotline_sip::SessionId;
use serde::{Deserialize, Serialize};

use crate::env::Role;
use crate::event::Source;

/// Legs that may wait to be told. Whoever drives the controller takes them in every turn; beyond it a leg is not told,
/// which is counted.
const LEGS_WAITING_MAX: usize = 1024;

/// A call has one SIP leg more. Said once for each: when its session begins, or comes over from another call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SipLeg {
    /// The call.
    pub call: CallId,
    /// Who is at its other end.
    pub end: LegEnd,
    /// Its Call-ID (RFC 3261 §20.8).
    pub sip_call_id: String,
}

/// Who is at the other end of a SIP leg.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LegEnd {
    /// The one who called, over this trunk or from this agent's phone.
    Caller(Source),
    /// The phone of an agent whom the call is offered to.
    Agent(AgentId),
    /// The phone of an agent who supervises the call.
    Supervisor(AgentId),
    /// Somebody outside who is called over a trunk.
    Callee,
}

impl LegEnd {
    /// The agent whose phone it is.
    const fn agent(&self) -> Option<&AgentId> {
        match self {
            Self::Caller(Source::Agent(agent)) | Self::Agent(agent) | Self::Supervisor(agent) => Some(agent),
            Self::Caller(Source::Trunk(_) | Source::Queue(_)) | Self::Callee => None,
        }
    }

    const fn role(&self) -> Role {
        match self {
            Self::Caller(_) => Role::Caller,
            Self::Agent(_) => Role::Agent,
            Self::Supervisor(_) => Role::Supervisor,
            Self::Callee => Role::Callee,
        }
    }
}

/// The sessions whose events still matter to a call.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Sessions {
    owners: BTreeMap<SessionId, (CallId, Role)>,
    legs: BoundedQueue<SipLeg>,
    /// Sessions with phones of agents of which the endpoint does not know yet whose they are: of one turn.
    of_agents: VecDeque<(SessionId, AgentId)>,
}

impl Default for Sessions {
    fn default() -> Self {
        let legs = BoundedQueue::new(LEGS_WAITING_MAX);
        Self { owners: BTreeMap::new(), legs, of_agents: VecDeque::new() }
    }
}

impl Sessions {
    /// A session begins for the call of `leg`, or goes over to it.
    pub(crate) fn adopt(&mut self, session: SessionId, leg: SipLeg) {
        self.insert(session, (leg.call, leg.end.role()));
        self.of_agents.extend(leg.end.agent().map(|agent| (session, agent.clone())));
        // A leg that is not told is missing in traces and nowhere else; the queue counts it.
        drop(self.legs.push(leg));
    }

    /// The call of `session`, and which of its legs it is.
    pub(crate) fn get(&self, session: &SessionId) -> Option<&(CallId, Role)> {
        self.owners.get(session)
    }

    /// A session plays another role in its call.
    pub(crate) fn insert(&mut self, session: SessionId, owner: (CallId, Role)) {
        self.owners.insert(session, owner);
    }

    pub(crate) fn remove(&mut self, session: &SessionId) -> Option<(CallId, Role)> {
        self.owners.remove(session)
    }

    /// Every session of `call`.
    pub(crate) fn of(&self, call: CallId) -> Vec<SessionId> {
        self.owners.iter().filter(|(_, (owner, _))| *owner == call).map(|(session, _)| *session).collect()
    }

    /// The next leg to be told.
    pub(crate) fn poll_leg(&mut self) -> Option<SipLeg> {
        self.legs.pop()
    }

    /// The next session that is with the phone of an agent.
    pub(crate) fn poll_agent(&mut self) -> Option<(SessionId, AgentId)> {
        self.of_agents.pop_front()
    }

    /// Legs that were never told.
    pub(crate) const fn untold(&self) -> u64 {
        self.legs.refused()
    }
}

#[cfg(test)]
mod tests {
    use hotline_base::{Rng, WallTime};

    use super::*;

    fn leg(sip_call_id: &str) -> SipLeg {
        let call = CallId::generate(WallTime(0), &mut Rng::from_number(1));
        SipLeg { call, end: LegEnd::Agent("1001".into()), sip_call_id: sip_call_id.to_owned() }
    }

    #[test]
    fn each_leg_is_told_once_and_its_session_is_known_until_it_is_removed() {
        let mut sessions = Sessions::default();
        sessions.adopt(SessionId(7), leg("a@b"));
        assert_eq!(sessions.poll_leg(), Some(leg("a@b")));
        assert_eq!(sessions.poll_leg(), None);
        assert_eq!(sessions.poll_agent(), Some((SessionId(7), "1001".into())));
        assert_eq!(sessions.poll_agent(), None);
        assert_eq!(sessions.of(leg("a@b").call), [SessionId(7)]);
        assert_eq!(sessions.remove(&SessionId(7)), Some((leg("a@b").call, Role::Agent)));
        assert_eq!(sessions.get(&SessionId(7)), None);
    }

    #[test]
    fn legs_that_nobody_takes_do_not_pile_up() {
        let mut sessions = Sessions::default();
        for session in 0..LEGS_WAITING_MAX as u64 + 3 {
            sessions.adopt(SessionId(session), leg("a@b"));
        }
        assert_eq!(sessions.untold(), 3);
        assert_eq!(std::iter::from_fn(|| sessions.poll_leg()).count(), LEGS_WAITING_MAX);
    }
}
