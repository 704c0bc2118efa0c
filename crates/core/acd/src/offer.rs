//! What becomes of an offer, and what follows from it for the agent and for the caller.
//!
//! | outcome        | agent                                         | caller                    |
//! |----------------|-----------------------------------------------|---------------------------|
//! | answered       | talking                                       | leaves the queue          |
//! | no answer      | the queue's `missed_max`th in a row: not      | not to this agent again   |
//! |                | ready, "missed"; before, no offers for its    |                           |
//! |                | `missed_delay`. If the phone never rang, a    |                           |
//! |                | phone fault: nobody could have answered       |                           |
//! | rejected       | no offers for its `rejected_delay`            | not to this agent again   |
//! | busy           | no offers for its `busy_delay`, alarm         | waits on                  |
//! | not registered | no offers until the phone registers           | waits on                  |
//! | phone fault    | no offers for 15 s; the third in a row: not   | waits on                  |
//! |                | ready, "phone fault", alarm                   |                           |
//! | caller gone    | nothing                                       | leaves the queue          |
//! | lease expired  | nothing; alarm                                | not to this agent again   |
//!
//! A call can ring several phones. The first answer has it and the others are withdrawn, without blame; each that fails
//! is dealt with by its own cause, while the rest rings on.
//!
//! An agent who asked during the offer to be not ready or signed out gets what it asked for.

use core::time::Duration;
use std::collections::BTreeSet;

use hotline_base::{AgentId, CallId, Now, ReservationId};

use crate::acd::Reservation;
use crate::agent::{Agent, Assignment, Work};
use crate::caller::Stage;
use crate::{
    Acd, AlarmKind, Delay, DelayCause, Event, LeaveCause, NotReadyReason, OfferFailure, Presence, Timer,
    Unanswered, WithdrawCause,
};

/// How long an agent who rejected a call gets no other.
pub const REJECTED_DELAY: Duration = Duration::from_secs(30);
/// How long an agent whose phone was busy gets no call.
pub const BUSY_DELAY: Duration = Duration::from_secs(60);
/// How long an agent whose phone could not be reached gets no call.
pub const PHONE_FAULT_DELAY: Duration = Duration::from_secs(15);
/// How long an agent gets no call after this server could not ring the phone, so that it is not tried in a loop.
pub const SERVER_FAULT_DELAY: Duration = Duration::from_secs(5);
/// After how many phone faults in a row an agent is set not ready.
pub const PHONE_FAULTS_MAX: u32 = 3;
/// How much longer than the queue's ring time-out a reservation lasts.
pub const LEASE_GRACE: Duration = Duration::from_secs(2);

impl Acd {
    /// The agent's phone rings. Repeats are harmless.
    pub fn offer_ringing(&mut self, now: Now, reservation: ReservationId) {
        let Some(Reservation { agent, .. }) = self.reservations.get(&reservation).cloned() else {
            self.counters.stray += 1;
            return;
        };
        self.update(now, &agent, |agent| {
            if let Work::Reserved(with) = &agent.work {
                agent.work = Work::Ringing(with.clone());
            }
        });
        self.settle(now);
    }

    /// The agent answered and hears the caller: the call leaves the queue, the conversation begins. An agent who
    /// answers a caller who is gone is an [`offer_failed`](Self::offer_failed).
    pub fn offer_answered(&mut self, now: Now, reservation: ReservationId) {
        self.answered(now, reservation, None);
    }

    /// The same for somebody who was called back: the two talk in `talk`, while the call that waited was only a place in line.
    pub fn offer_answered_in(&mut self, now: Now, reservation: ReservationId, talk: CallId) {
        self.answered(now, reservation, Some(talk));
    }

    fn answered(&mut self, now: Now, reservation: ReservationId, talk: Option<CallId>) {
        let Some(Reservation { agent, call }) = self.reservations.remove(&reservation) else {
            self.counters.stray += 1;
            return;
        };
        self.timers.cancel(&Timer::Lease(reservation));
        self.counters.answered += 1;
        self.update(now, &agent, |agent| {
            agent.phone_faults = 0;
            agent.missed = 0;
            agent.history.answered(now.mono);
            agent.calls_today += 1;
            if let Work::Reserved(with) | Work::Ringing(with) = &agent.work {
                let with = Assignment { call: talk.unwrap_or(call), ..with.clone() };
                agent.handling = Some((with.queue.clone(), now.mono));
                agent.work = Work::Talking(with);
            }
        });
        self.withdraw_others(now, call, reservation, WithdrawCause::AnsweredElsewhere);
        self.reach(now, call);
        self.settle(now);
    }

    /// The agent has taken the call, and the two will hear each other soon, within `longest`: something is said to them
    /// before, or somebody is still to be called. The agent is let nobody else's until then, and other phones that ring for
    /// the call are let go.
    pub fn offer_accepted(&mut self, now: Now, reservation: ReservationId, longest: Duration) {
        let Some(Reservation { call, .. }) = self.reservations.get(&reservation).cloned() else {
            self.counters.stray += 1;
            return;
        };
        self.timers.set(Timer::Lease(reservation), now.mono + longest + LEASE_GRACE);
        if let Some(Stage::Offered { offers, accepted, .. }) =
            self.callers.get_mut(&call).map(|caller| &mut caller.stage)
        {
            *accepted = true;
            let others = core::mem::replace(offers, BTreeSet::from([reservation]));
            for other in others.into_iter().filter(|other| *other != reservation) {
                self.withdraw(now, other, WithdrawCause::AnsweredElsewhere);
            }
        }
        self.refresh(call);
        self.settle(now);
    }

    /// The offer is over and nobody is to blame: whoever was to be called back was not reached. The agent is free, the caller
    /// waits on.
    pub fn offer_returned(&mut self, now: Now, reservation: ReservationId) {
        if let Some((_, call)) = self.free(now, reservation, |_| {}) {
            self.wait_on(call, reservation);
        }
        self.settle(now);
    }

    /// The offer came to nothing.
    pub fn offer_failed(&mut self, now: Now, reservation: ReservationId, failure: OfferFailure) {
        match failure {
            OfferFailure::NoAnswer if self.has_rung(reservation) => self.no_answer(now, reservation),
            OfferFailure::NoAnswer | OfferFailure::PhoneFault => self.phone_fault(now, reservation),
            OfferFailure::Rejected => self.rejected(now, reservation),
            OfferFailure::Busy => self.busy(now, reservation),
            OfferFailure::NotRegistered => self.not_registered(now, reservation),
            OfferFailure::ServerFault => self.server_fault(now, reservation),
            OfferFailure::CallerGone => self.caller_gone(now, reservation),
            OfferFailure::Elsewhere => self.taken_elsewhere(now, reservation),
        }
        self.settle(now);
    }

    /// Takes back the offers of a call other than the one that has ended.
    fn withdraw_others(&mut self, now: Now, call: CallId, ended: ReservationId, cause: WithdrawCause) {
        if let Some(Stage::Offered { offers, .. }) =
            self.callers.get_mut(&call).map(|caller| &mut caller.stage)
        {
            offers.remove(&ended);
        }
        self.withdraw_all(now, call, cause);
    }

    /// Takes back all offers of a call, and tells how many there were. Its caller is in no stage to be left in: it goes, or is
    /// given another place.
    pub(crate) fn withdraw_all(&mut self, now: Now, call: CallId, cause: WithdrawCause) -> u64 {
        let mut withdrawn = 0;
        if let Some(caller) = self.callers.get_mut(&call)
            && let Stage::Offered { offers, .. } = &mut caller.stage
        {
            for reservation in core::mem::take(offers) {
                withdrawn += 1;
                self.withdraw(now, reservation, cause);
            }
        }
        withdrawn
    }

    /// Takes an offer back because of the caller.
    fn withdraw(&mut self, now: Now, reservation: ReservationId, cause: WithdrawCause) {
        if let Some(Reservation { agent, call }) = self.reservations.get(&reservation).cloned() {
            self.events.push_back(Event::OfferWithdrawn { reservation, call, agent, cause });
            self.free(now, reservation, |_| {});
        }
    }

    /// Nobody told what became of the offer.
    pub(crate) fn lease_expired(&mut self, now: Now, reservation: ReservationId) {
        if let Some(Reservation { agent, call }) = self.reservations.get(&reservation).cloned() {
            self.counters.leases_expired += 1;
            self.withdraw(now, reservation, WithdrawCause::LeaseExpired);
            self.exclude(call, &agent);
            self.wait_on(call, reservation);
            self.events.push_back(Event::Alarm(AlarmKind::LeaseExpired { reservation, call, agent }));
        }
    }

    fn no_answer(&mut self, now: Now, reservation: ReservationId) {
        let Unanswered { missed_max, missed_delay, .. } = self.rules(reservation);
        if let Some((agent, call)) = self.free(now, reservation, |agent| {
            agent.phone_faults = 0;
            agent.missed += 1;
            if missed_max > 0 && agent.missed >= missed_max {
                agent.missed = 0;
                agent.stand_down(NotReadyReason::Missed);
            } else {
                agent.delay_for(now, missed_delay, DelayCause::Missed);
            }
        }) {
            self.counters.no_answer += 1;
            self.exclude(call, &agent);
            self.wait_on(call, reservation);
        }
    }

    fn rejected(&mut self, now: Now, reservation: ReservationId) {
        let delay = self.rules(reservation).rejected_delay;
        if let Some((agent, call)) = self.free(now, reservation, |agent| {
            agent.phone_faults = 0;
            agent.missed = 0;
            agent.delay_for(now, delay, DelayCause::Rejected);
        }) {
            self.counters.rejected += 1;
            self.exclude(call, &agent);
            self.wait_on(call, reservation);
        }
    }

    fn busy(&mut self, now: Now, reservation: ReservationId) {
        let delay = self.rules(reservation).busy_delay;
        if let Some((agent, call)) = self.free(now, reservation, |agent| {
            agent.phone_faults = 0;
            agent.delay_for(now, delay, DelayCause::Busy);
        }) {
            self.counters.busy += 1;
            self.wait_on(call, reservation);
            self.events.push_back(Event::Alarm(AlarmKind::PhoneBusy { agent }));
        }
    }

    fn not_registered(&mut self, now: Now, reservation: ReservationId) {
        if let Some((_, call)) = self.free(now, reservation, |agent| agent.registered = false) {
            self.counters.not_registered += 1;
            self.wait_on(call, reservation);
        }
    }

    fn phone_fault(&mut self, now: Now, reservation: ReservationId) {
        let mut is_last = false;
        if let Some((agent, call)) = self.free(now, reservation, |agent| {
            agent.phone_faults += 1;
            is_last = agent.phone_faults >= PHONE_FAULTS_MAX;
            if is_last {
                agent.phone_faults = 0;
                agent.stand_down(NotReadyReason::PhoneFault);
            } else {
                agent.delay_for(now, PHONE_FAULT_DELAY, DelayCause::PhoneFault);
            }
        }) {
            self.counters.phone_faults += 1;
            self.wait_on(call, reservation);
            if is_last {
                self.events.push_back(Event::Alarm(AlarmKind::PhoneFaults { agent }));
            }
        }
    }

    fn server_fault(&mut self, now: Now, reservation: ReservationId) {
        if let Some((_, call)) = self.free(now, reservation, |agent| {
            agent.delay_for(now, SERVER_FAULT_DELAY, DelayCause::ServerFault);
        }) {
            self.counters.server_faults += 1;
            self.wait_on(call, reservation);
        }
    }

    /// A defect ended the call: whoever was occupied by it is free, without wrap-up.
    pub fn forget_call(&mut self, now: Now, call: CallId) {
        self.leave(now, call, LeaveCause::Withdrawn);
        let concerned: Vec<AgentId> = self
            .agents
            .values()
            .filter(|agent| agent.has_call(call))
            .map(|agent| agent.config.id.clone())
            .collect();
        for id in concerned {
            self.update(now, &id, |agent| agent.drop_call(call));
        }
        self.settle(now);
    }

    fn caller_gone(&mut self, now: Now, reservation: ReservationId) {
        if let Some((_, call)) = self.free(now, reservation, |_| {}) {
            self.counters.caller_gone += 1;
            self.withdraw_others(now, call, reservation, WithdrawCause::CallerLeft(LeaveCause::Abandoned));
            self.take_out(now, call, LeaveCause::Abandoned);
        }
    }

    /// The call was answered all the same.
    fn taken_elsewhere(&mut self, now: Now, reservation: ReservationId) {
        if let Some((_, call)) = self.free(now, reservation, |_| {}) {
            self.withdraw_others(now, call, reservation, WithdrawCause::AnsweredElsewhere);
            self.reach(now, call);
        }
    }

    /// What the queue of the call on offer says about offers that are not taken.
    fn rules(&self, reservation: ReservationId) -> Unanswered {
        let caller = self.reservations.get(&reservation).and_then(|held| self.callers.get(&held.call));
        let queue = caller.and_then(|caller| self.queues.get(&caller.queue));
        queue.map_or_else(Unanswered::default, |queue| queue.config.unanswered)
    }

    fn has_rung(&self, reservation: ReservationId) -> bool {
        let agent = self.reservations.get(&reservation).and_then(|held| self.agents.get(&held.agent));
        agent.is_some_and(|agent| matches!(agent.work, Work::Ringing(_)))
    }

    /// Ends the reservation and frees its agent, who learns what `lesson` says. A reservation that has ended
    /// already is a stray input.
    fn free(
        &mut self,
        now: Now,
        reservation: ReservationId,
        lesson: impl FnOnce(&mut Agent),
    ) -> Option<(AgentId, CallId)> {
        let Some(Reservation { agent, call }) = self.reservations.remove(&reservation) else {
            self.counters.stray += 1;
            return None;
        };
        self.timers.cancel(&Timer::Lease(reservation));
        self.update(now, &agent, |agent| {
            agent.work = Work::Free;
            lesson(agent);
        });
        Some((agent, call))
    }

    /// This call is not to be offered to this agent while another may come. If it was held for it, any other may.
    fn exclude(&mut self, call: CallId, agent: &AgentId) {
        if let (Some(caller), Some(agent)) = (self.callers.get_mut(&call), self.agents.get(agent)) {
            caller.exclude(agent);
            if caller
                .sticky
                .as_ref()
                .is_some_and(|sticky| sticky.agent == agent.config.id && !sticky.designated)
            {
                self.release(call);
            }
        }
    }
}

impl Agent {
    /// Gets no offer for a while.
    fn delay_for(&mut self, now: Now, delay: Duration, cause: DelayCause) {
        if !delay.is_zero() {
            self.delay = Some(Delay { until: now.wall + delay, cause });
        }
    }

    /// Becomes not ready, unless it asked for something else itself.
    fn stand_down(&mut self, reason: NotReadyReason) {
        if self.presence == Presence::Ready {
            self.presence = Presence::NotReady { reason };
        }
    }
}
