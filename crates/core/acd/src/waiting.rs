//! Callers come and go: joining a queue, leaving it, waiting too long.

use hotline_base::{CallId, Now};

use crate::acd::count;
use crate::caller::{Caller, Stage};
use crate::{Acd, CallerKey, EnqueueError, Entry, Event, LeaveCause, Left, Position, Timer, WithdrawCause};

impl Acd {
    /// Puts a call into a queue. It is offered at once if an agent is free.
    ///
    /// # Errors
    /// See [`EnqueueError`]; the call then waits nowhere new.
    pub fn enqueue(&mut self, now: Now, entry: Entry) -> Result<Position, EnqueueError> {
        let Entry { call, queue: queue_id, priority_credit, class, excluded, .. } = entry;
        if self.callers.contains_key(&call) {
            return Err(EnqueueError::AlreadyWaiting);
        }
        let queue = self.queues.get_mut(&queue_id).filter(|queue| !queue.closing);
        let queue = queue.ok_or(EnqueueError::UnknownQueue)?;
        if queue.members.is_empty() {
            return Err(EnqueueError::NoAgents);
        }
        if queue.callers.len() >= queue.config.waiting_max {
            queue.counts.full += 1;
            return Err(EnqueueError::Full);
        }
        let key = CallerKey::new(now.mono, class, priority_credit, call);
        let mut caller = Caller::new(now, key, queue_id.clone());
        let members = excluded.iter().filter(|agent| queue.members.contains(*agent));
        for agent in members.filter_map(|agent| self.agents.get(agent)) {
            caller.exclude(agent);
        }
        queue.counts.entered += 1;
        queue.callers.insert(key);
        queue.unoffered.insert(key);
        if let Some(wait_max) = queue.config.wait_max {
            self.timers.set(Timer::Wait(call), now.mono + wait_max);
        }
        let waiting = count(queue.callers.len());
        let position = count(queue.callers.range(..=key).count());
        self.callers.insert(call, caller);
        self.to_renumber.insert(queue_id.clone());
        self.to_dispatch.insert(queue_id);
        self.settle(now);
        Ok(Position { position, waiting })
    }

    /// The caller leaves its queue unanswered; an offer under way is withdrawn, and the agent is not to blame.
    /// `None` if the call waits nowhere (it was answered, or has left).
    pub fn leave(&mut self, now: Now, call: CallId, cause: LeaveCause) -> Option<Left> {
        let Some(caller) = self.callers.get(&call) else {
            self.counters.stray += 1;
            return None;
        };
        match caller.stage {
            Stage::Waiting | Stage::Exceeded => {}
            Stage::Offered { reservation, .. } => {
                self.counters.caller_gone += 1;
                self.withdraw(now, reservation, WithdrawCause::CallerLeft(cause));
            }
        }
        let left = self.take_out(now, call, cause);
        self.settle(now);
        left
    }

    /// Removes a caller whom no agent holds and who was not answered.
    pub(crate) fn take_out(&mut self, now: Now, call: CallId, cause: LeaveCause) -> Option<Left> {
        let caller = self.remove_caller(call)?;
        if let Some(queue) = self.queues.get_mut(&caller.queue) {
            match cause {
                LeaveCause::Abandoned => queue.counts.abandoned += 1,
                LeaveCause::Exit | LeaveCause::WaitExceeded | LeaveCause::Withdrawn => {
                    queue.counts.exited += 1;
                }
            }
        }
        let waited = now.mono - caller.since.mono;
        Some(Left { queue: caller.queue, waited, position: caller.position })
    }

    /// Removes every trace of a caller.
    pub(crate) fn remove_caller(&mut self, call: CallId) -> Option<Caller> {
        let caller = self.callers.remove(&call)?;
        self.timers.cancel(&Timer::Wait(call));
        if let Some(queue) = self.queues.get_mut(&caller.queue) {
            queue.callers.remove(&caller.key);
            queue.unoffered.remove(&caller.key);
        }
        self.to_renumber.insert(caller.queue.clone());
        Some(caller)
    }

    /// An offer came to nothing: its caller waits on in its old place, or, having waited too long meanwhile, is
    /// to be taken out.
    pub(crate) fn wait_on(&mut self, call: CallId) {
        let Some(caller) = self.callers.get_mut(&call) else { return };
        match caller.stage {
            Stage::Waiting | Stage::Exceeded => {}
            Stage::Offered { overdue: true, .. } => {
                caller.stage = Stage::Exceeded;
                self.events.push_back(Event::WaitExceeded { call, queue: caller.queue.clone() });
            }
            Stage::Offered { overdue: false, .. } => {
                caller.stage = Stage::Waiting;
                if let Some(queue) = self.queues.get_mut(&caller.queue) {
                    queue.unoffered.insert(caller.key);
                }
                self.to_dispatch.insert(caller.queue.clone());
            }
        }
    }

    /// A caller has waited as long as its queue allows. A ring under way is let finish, as an agent may be
    /// reaching for the phone.
    pub(crate) fn wait_exceeded(&mut self, call: CallId) {
        let Some(caller) = self.callers.get_mut(&call) else { return };
        match &mut caller.stage {
            Stage::Exceeded => {}
            Stage::Offered { overdue, .. } => *overdue = true,
            Stage::Waiting => {
                caller.stage = Stage::Exceeded;
                if let Some(queue) = self.queues.get_mut(&caller.queue) {
                    queue.unoffered.remove(&caller.key);
                }
                self.events.push_back(Event::WaitExceeded { call, queue: caller.queue.clone() });
            }
        }
    }
}
