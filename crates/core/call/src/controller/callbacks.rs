//! An agent is free for somebody who is to be called back.

use hotline_acd::{Decision, OfferFailure, Place};
use hotline_base::{AgentId, CallId, Now, ReservationId};

use super::{CALLS_MAX, Controller};
use crate::call::{Call, Summons};
use crate::callbacks::{First, Returning, Wish};
use crate::command::CommandError;
use crate::event::{EndKind, Entry};

impl Controller {
    /// Begins the call for a wish. False if `id` is none that waits.
    pub(super) fn call_back(
        &mut self,
        now: Now,
        (reservation, id): (ReservationId, CallId),
        agent: &AgentId,
        because: &Decision,
    ) -> bool {
        let Some(Wish { number, language, requested_at }) = self.env.callbacks.idle(id).cloned() else {
            return false;
        };
        let Some(Place { queue, .. }) = self.env.acd.place(id) else { return false };
        if self.env.keep_from_agents(now, id) || self.env.hold_callback(now, id) {
            self.env.acd.offer_returned(now, reservation);
            return true;
        }
        if self.draining || self.calls.len() >= CALLS_MAX {
            self.env.counters.calls_shed += 1;
            self.env.acd.offer_failed(now, reservation, OfferFailure::ServerFault);
            return true;
        }
        let attempt = CallId::generate(now.wall, &mut self.env.rng);
        self.env.callbacks.begin(id, attempt);
        let summons = Summons {
            id: attempt,
            agent: agent.clone(),
            called: number.expose().clone(),
            entry: Entry::Outside(number),
            language,
            caller_id: None,
        };
        self.env.counters.calls_started += 1;
        let returning = Returning { callback: id, queue, first: First::Agent(reservation) };
        let call = Call::call_back(now, &mut self.env, summons, (returning, requested_at, because.clone()));
        self.calls.insert(attempt, call);
        true
    }

    /// Gives up wishes that are too old, and calls the numbers of those whose turn comes.
    pub(super) fn follow_turns(&mut self, now: Now) {
        self.env.expire_callbacks(now);
        for id in self.env.turns(now) {
            if self.draining || self.calls.len() >= CALLS_MAX {
                return;
            }
            let Some(wish) = self.env.callbacks.idle(id).cloned() else { continue };
            let Some(because) = self.env.acd.explain(now, id) else { continue };
            let Some(Place { queue, .. }) = self.env.acd.place(id) else { continue };
            let attempt = CallId::generate(now.wall, &mut self.env.rng);
            self.env.callbacks.begin(id, attempt);
            self.env.counters.calls_started += 1;
            let returning = Returning { callback: id, queue, first: First::Customer };
            let call = Call::call_customer(now, &mut self.env, (attempt, wish), (returning, because));
            self.calls.insert(attempt, call);
        }
    }

    /// The call that is being made for a wish is not wanted any more.
    pub(super) fn stop_call_back(&mut self, now: Now, id: CallId) {
        if let Some(attempt) = self.env.callbacks.attempt(id) {
            self.end_attempt(now, attempt);
        }
    }

    pub(super) fn cancel_callback(&mut self, now: Now, id: CallId) -> Result<(), CommandError> {
        let attempt = self.env.cancel_callback(now, id).ok_or(CommandError::UnknownCallback)?;
        if let Some(attempt) = attempt {
            self.end_attempt(now, attempt);
        }
        Ok(())
    }

    fn end_attempt(&mut self, now: Now, attempt: CallId) {
        self.with_call(attempt, |call, env| {
            call.end_by_system(now, env, EndKind::NotAnswered, Some(487), 31)
        });
    }
}
