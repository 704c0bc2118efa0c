//! An agent sends a caller on: with the phone's transfer key (REFER), or from the page.

use hotline_base::{AgentId, CallId, Now, QueueId};
use hotline_sip::{ReferTarget, Replaces, SessionId};

use super::Controller;
use crate::call::{Call, Replacing};
use crate::command::CommandError;
use crate::env::Role;
use crate::event::Entry;

/// What stands before the id of a queue to which a caller is sent.
pub const QUEUE_PREFIX: &str = "queue:";

impl Controller {
    /// A phone asks for a transfer. Only the agent of a talk may: a caller must not send an agent on.
    pub(super) fn on_refer(&mut self, now: Now, session: SessionId, target: &ReferTarget) {
        let Some(id) = self.call_of_agent(session) else {
            self.env.counters.transfers_refused += 1;
            self.env.sip.refuse_refer(now, session, 403);
            return;
        };
        self.let_transfer(id, session);
        let accepted = match &target.replaces {
            Some(replaces) => self.join(now, (id, session), replaces),
            None => self.send_on(now, (id, session), target.user.expose()),
        };
        if let Err(status) = accepted {
            self.env.counters.transfers_refused += 1;
            self.env.sip.refuse_refer(now, session, status);
        }
    }

    /// An agent's page asks for a transfer of the call that the agent talks in.
    pub(super) fn transfer(
        &mut self,
        now: Now,
        call: CallId,
        by: &AgentId,
        to: &str,
    ) -> Result<(), CommandError> {
        let Some((entry, language)) = self.target_for_agent(to) else {
            return Err(CommandError::UnknownTarget);
        };
        self.with_call(call, |call, env| call.turn_round(env, by));
        let is_theirs = self.calls.get(&call).is_some_and(|call| call.is_talking_to(by));
        if !is_theirs {
            return Err(CommandError::NotTalking);
        }
        self.with_call(call, |call, env| call.transfer(now, env, entry, language));
        Ok(())
    }

    /// Where an agent can send a caller: what an agent can call, and queues.
    pub(super) fn target_for_agent(&self, to: &str) -> Option<(Entry, String)> {
        let center = &self.env.center;
        match to.strip_prefix(QUEUE_PREFIX) {
            Some(queue) => {
                let (queue, _) = center.queues.get_key_value(&QueueId::from(queue))?;
                Some((Entry::Queue(queue.clone()), center.language.clone()))
            }
            None => self.entry_for_agent(to),
        }
    }

    /// The call in which this session is an agent who talks.
    fn call_of_agent(&self, session: SessionId) -> Option<CallId> {
        let (id, role) = *self.env.sessions.get(&session)?;
        let call = self.calls.get(&id)?;
        (matches!(role, Role::Agent | Role::Caller) && call.may_transfer(session)).then_some(id)
    }

    /// Whoever sends somebody on is the agent of the call from here on, also one who has made it.
    fn let_transfer(&mut self, id: CallId, session: SessionId) {
        let by = self.calls.get(&id).and_then(|call| call.agent_of_session(session)).cloned();
        if let Some(by) = by {
            self.with_call(id, |call, env| call.turn_round(env, &by));
        }
    }

    /// A blind transfer, or the status that refuses it.
    fn send_on(&mut self, now: Now, (id, session): (CallId, SessionId), to: &str) -> Result<(), u16> {
        let (entry, language) = self.entry_for_agent(to).ok_or(404_u16)?;
        self.env.sip.accept_refer(now, session);
        self.with_call(id, |call, env| call.transfer(now, env, entry, language));
        Ok(())
    }

    /// An attended transfer: the agent's other call gives its talk to this one. While nobody talks there yet, the
    /// caller is sent to where that call went.
    fn join(&mut self, now: Now, (id, session): (CallId, SessionId), replaces: &Replaces) -> Result<(), u16> {
        let (other, _) = self.env.sip.replaced(replaces).ok_or(481_u16)?;
        let (given, role) = *self.env.sessions.get(&other).ok_or(481_u16)?;
        let is_own_leg = matches!(role, Role::Caller | Role::Agent);
        let is_crowded = [id, given].iter().filter_map(|id| self.calls.get(id)).any(Call::has_company);
        if given == id || !is_own_leg || is_crowded || !self.same_agent(id, given) {
            return Err(403);
        }
        self.env.sip.accept_refer(now, session);
        match self.with_call(given, |call, env| call.give_away(now, env)).flatten() {
            Some(joining) => {
                self.with_call(id, |call, env| call.take_over(now, env, joining));
            }
            None => self.redirect(now, id, given),
        }
        Ok(())
    }

    /// A phone is to take the place of another.
    pub(super) fn replace(&mut self, now: Now, replacing: &Replacing) {
        let owner = self.env.sessions.get(&replacing.replaced).map(|(call, _)| *call);
        let taken = owner.and_then(|id| self.with_call(id, |call, env| call.take_place(now, env, replacing)));
        if let Err(status) = taken.unwrap_or(Err(481)) {
            self.env.counters.transfers_refused += 1;
            self.env.sip.reject(now, replacing.session, status, None);
        }
    }

    fn redirect(&mut self, now: Now, id: CallId, given: CallId) {
        let Some(called) = self.calls.get(&given).map(|call| call.called().to_owned()) else { return };
        self.with_call(given, |call, env| {
            call.end_by_system(now, env, crate::EndKind::Transferred, None, 16)
        });
        if let Some((entry, language)) = self.entry_for_agent(&called) {
            self.with_call(id, |call, env| call.transfer(now, env, entry, language));
        }
    }

    /// Whether the agent who talks in one call has made the other.
    fn same_agent(&self, talking: CallId, made: CallId) -> bool {
        let maker = self.calls.get(&made).and_then(crate::call::Call::maker);
        let talking = self.calls.get(&talking);
        maker.is_some_and(|agent| talking.is_some_and(|call| call.is_talking_to(agent)))
    }
}
