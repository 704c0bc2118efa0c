//! A call that is made for somebody who is to be called back: the chosen agent's phone is called first, then the number.

use hotline_acd::OfferFailure;
use hotline_base::Now;

use super::Call;
use super::ending::Ending;
use crate::callbacks::CallbackState;
use crate::env::Env;
use crate::event::{CallEvent, EndKind, Party, QueueOutcome};

impl Call {
    /// The agent's own phone rings.
    pub(crate) fn on_own_ringing(&mut self, now: Now, env: &mut Env) {
        let leg = self.first_leg();
        self.on_device_found(now, env, leg);
        if let Some(returning) = &self.returning {
            env.acd.offer_ringing(now, returning.reservation);
        }
    }

    /// Whoever is called back has taken the call: the agent's time is the queue's from here on. False if nobody is.
    pub(super) fn settle_return(&mut self, now: Now, env: &mut Env) -> bool {
        let Some(returning) = self.returning.take() else { return false };
        env.acd.offer_answered_in(now, returning.reservation, self.id());
        env.end_callback(returning.callback, CallbackState::Reached);
        // The wait itself was that of the wish.
        let (queue, outcome) = (returning.queue, QueueOutcome::Answered);
        self.emit(now, env, CallEvent::Queued { queue: queue.clone() });
        self.emit(now, env, CallEvent::Dequeued { queue, outcome });
        true
    }

    /// The call ends and the two have not talked: the agent is free, and the wish waits on.
    pub(super) fn give_up_return(&mut self, now: Now, env: &mut Env, ending: &Ending) {
        let Some(returning) = self.returning.take() else { return };
        let (id, reservation) = (returning.callback, returning.reservation);
        let taken = self.record.answered_at.is_some();
        let by_agent = taken && ending.by == Party::Caller;
        if taken && !by_agent && ending.kind != EndKind::Shutdown {
            match ending.kind == EndKind::NoTrunk {
                true => env.callback_without_trunk(now, id, reservation),
                false => env.callback_missed(now, id, reservation),
            }
            return;
        }
        let failure = match ending.status {
            _ if by_agent => OfferFailure::Rejected,
            Some(486 | 600) => OfferFailure::Busy,
            Some(603) => OfferFailure::Rejected,
            Some(480) => OfferFailure::NoAnswer,
            Some(404 | 410 | 604) => OfferFailure::NotRegistered,
            Some(503) => OfferFailure::ServerFault,
            Some(_) | None => OfferFailure::PhoneFault,
        };
        env.callback_waits(id);
        env.acd.offer_failed(now, reservation, failure);
    }
}
