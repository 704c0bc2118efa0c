//! What agents and their phones tell: sign-in, ready, not ready, registration, calls outside the queues.

use hotline_base::{AgentId, CallId, Now};

use crate::agent::Work;
use crate::session::Session;
use crate::{
    Acd, AgentError, AgentState, Change, Device, NotReadyReason, Outside, Presence, REASON_BYTES_MAX,
};

impl Acd {
    /// The agent comes to work: not ready, until it says otherwise. Takes back a sign-out that is pending.
    ///
    /// # Errors
    /// [`AgentError::Unknown`].
    pub fn sign_in(&mut self, now: Now, agent: &AgentId) -> Result<Change, AgentError> {
        let not_ready = Presence::NotReady { reason: NotReadyReason::SignedIn };
        let (state, presence) = self.standing(agent)?;
        if state != AgentState::LoggedOut {
            return if presence == Presence::LoggedOut {
                self.ask(now, agent, not_ready)
            } else {
                Ok(Change::Unchanged)
            };
        }
        self.update(now, agent, |agent| {
            agent.presence = not_ready;
            agent.session = Some(Session::start(now));
        });
        self.settle(now);
        Ok(Change::Applied)
    }

    /// The agent goes home; during a call or wrap-up, after it.
    ///
    /// # Errors
    /// [`AgentError::Unknown`].
    pub fn sign_out(&mut self, now: Now, agent: &AgentId) -> Result<Change, AgentError> {
        match self.ask(now, agent, Presence::LoggedOut) {
            Err(AgentError::SignedOut) => Ok(Change::Unchanged),
            result => result,
        }
    }

    /// The agent takes calls: at once, ending its wrap-up early if it is in one that may end; else after its call and
    /// wrap-up. An agent who was not ready may then be offered again what it missed or rejected, and no delay remains.
    ///
    /// # Errors
    /// [`AgentError::Unknown`], [`AgentError::SignedOut`].
    pub fn set_ready(&mut self, now: Now, agent: &AgentId) -> Result<Change, AgentError> {
        self.ask(now, agent, Presence::Ready)
    }

    /// The agent takes no calls; during an offer, a call or wrap-up, after it.
    ///
    /// # Errors
    /// [`AgentError::Unknown`], [`AgentError::SignedOut`], [`AgentError::ReasonTooLong`]; with configured reasons
    /// [`AgentError::UnknownReason`], [`AgentError::QuotaUsed`], [`AgentError::TooManyAtOnce`].
    pub fn set_not_ready(
        &mut self,
        now: Now,
        agent: &AgentId,
        reason: NotReadyReason,
    ) -> Result<Change, AgentError> {
        if reason.as_str().len() > REASON_BYTES_MAX {
            return Err(AgentError::ReasonTooLong);
        }
        self.may_have(now, agent, &reason)?;
        self.ask(now, agent, Presence::NotReady { reason })
    }

    /// Where the agent is reached from now on, and whether that can be called. A call under way stays where it is.
    pub fn set_device(&mut self, now: Now, agent: &AgentId, device: Device, registered: bool) {
        self.update(now, agent, |agent| {
            agent.device = device;
            agent.registered = registered;
        });
        self.settle(now);
    }

    /// The agent's device can be called, or no longer. An offer under way goes on.
    pub fn set_registered(&mut self, now: Now, agent: &AgentId, registered: bool) {
        self.update(now, agent, |agent| agent.registered = registered);
        self.settle(now);
    }

    /// The agent's phone rings or talks in a call that no queue gave it, or that call is over (`None`). Each call
    /// is told by itself: a second one may begin before the first has ended.
    pub fn set_outside_call(&mut self, now: Now, agent: &AgentId, call: CallId, outside: Option<Outside>) {
        self.update(now, agent, |agent| {
            match outside {
                Some(outside) => agent.outside.insert(call, outside),
                None => agent.outside.remove(&call),
            };
        });
        self.settle(now);
    }

    /// The caller of the agent's queue call is put on hold, or taken back.
    pub fn hold(&mut self, now: Now, agent: &AgentId, on_hold: bool) {
        let mut fits = true;
        self.update(now, agent, |agent| match (on_hold, &agent.work) {
            (true, Work::Talking(with)) => agent.work = Work::Hold(with.clone()),
            (false, Work::Hold(with)) => agent.work = Work::Talking(with.clone()),
            (true, Work::Hold(_)) | (false, Work::Talking(_)) => {}
            (_, Work::Free | Work::Reserved(_) | Work::Ringing(_) | Work::WrapUp(_)) => fits = false,
        });
        self.counters.stray += u64::from(!fits);
        self.settle(now);
    }

    /// The agent's leg of a queue call ended: wrap-up begins if the queue wants it (`wrap_up.rs`). An offer that was never
    /// answered ends with [`offer_failed`](Self::offer_failed) or [`leave`](Self::leave), without wrap-up.
    pub fn conversation_ended(&mut self, now: Now, agent: &AgentId) {
        let mut fits = true;
        self.update(now, agent, |agent| match &agent.work {
            Work::Talking(with) | Work::Hold(with) => {
                let with = with.clone();
                agent.end_talk(now, with);
            }
            Work::Free | Work::Reserved(_) | Work::Ringing(_) | Work::WrapUp(_) => fits = false,
        });
        self.counters.stray += u64::from(!fits);
        self.settle(now);
    }

    /// Changes what a signed-in agent is when free.
    fn ask(&mut self, now: Now, id: &AgentId, wanted: Presence) -> Result<Change, AgentError> {
        let (state, presence) = self.standing(id)?;
        if state == AgentState::LoggedOut {
            return Err(AgentError::SignedOut);
        }
        let ends_wrap_up = wanted == Presence::Ready && matches!(state, AgentState::WrapUp { .. });
        if presence == wanted && !ends_wrap_up {
            return Ok(Change::Unchanged);
        }
        let becomes_ready = wanted == Presence::Ready && presence != Presence::Ready;
        let mut change = Change::Applied;
        self.update(now, id, |agent| {
            agent.presence = wanted;
            if becomes_ready {
                agent.ready_count += 1;
                agent.delay = None;
                agent.phone_faults = 0;
            }
            if ends_wrap_up && agent.end_wrap_up().is_err() {
                change = Change::Pending;
            }
            if !agent.state().is_idle() {
                change = Change::Pending;
            }
        });
        self.settle(now);
        Ok(change)
    }

    fn standing(&self, agent: &AgentId) -> Result<(AgentState, Presence), AgentError> {
        let agent = self.agents.get(agent).filter(|agent| !agent.retired).ok_or(AgentError::Unknown)?;
        Ok((agent.state(), agent.presence.clone()))
    }
}
