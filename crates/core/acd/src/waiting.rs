//! Callers come and go: joining a queue, leaving it, waiting too long, being held back.

use hotline_base::{AgentId, CallId, Now, QueueId, ReservationId, Time};

use crate::acd::count;
use crate::caller::{Caller, Stage};
use crate::queue::Queue;
use crate::{
    Acd, AgentState, CallerKind, EnqueueError, Entry, Event, Join, LeaveCause, Left, Limit, Position, Timer,
    WithdrawCause,
};

impl Acd {
    /// Puts a call into a queue. It is offered at once if an agent is free.
    ///
    /// # Errors
    /// See [`EnqueueError`]; the call then waits nowhere new.
    pub fn enqueue(&mut self, now: Now, entry: Entry) -> Result<Position, EnqueueError> {
        let call = entry.call;
        if self.callers.contains_key(&call) {
            return Err(EnqueueError::AlreadyWaiting);
        }
        let queue = self.queues.get(&entry.queue).filter(|queue| !queue.closing);
        let queue = queue.ok_or(EnqueueError::UnknownQueue)?;
        if queue.members.is_empty() {
            return Err(EnqueueError::NoAgents);
        }
        let is_callback = entry.kind != CallerKind::OnTheLine;
        if !is_callback && !self.may_join(queue) {
            return Err(EnqueueError::Unstaffed);
        }
        let mut caller = Caller::new(now, &entry);
        let members = entry.excluded.iter().filter(|agent| queue.members.contains_key(*agent));
        for agent in members.filter_map(|agent| self.agents.get(agent)) {
            caller.exclude(agent);
        }
        let queue = self.queues.get_mut(&entry.queue).ok_or(EnqueueError::UnknownQueue)?;
        if !is_callback && queue.is_full() {
            queue.counts.full += 1;
            return Err(EnqueueError::Full);
        }
        let key = caller.key;
        self.admit(now, caller);
        self.settle(now);
        let queue = self.queues.get(&entry.queue).expect("a queue with callers is kept");
        let key = self.callers.get(&call).map_or(key, |caller| caller.key);
        Ok(Position { position: count(queue.position(key)), waiting: count(queue.callers.len()) })
    }

    fn may_join(&self, queue: &Queue) -> bool {
        let is_there = |agent: &AgentId| {
            self.agents.get(agent).is_some_and(|agent| agent.state() != AgentState::LoggedOut)
        };
        match queue.config.join {
            Join::Always => true,
            Join::SignedIn => queue.members.keys().any(is_there),
            Join::Working => !queue.working.is_empty(),
        }
    }

    /// Puts a caller into the queue that it names.
    pub(crate) fn admit(&mut self, now: Now, caller: Caller) {
        let (call, queue_id) = (caller.key.call, caller.queue.clone());
        let queue = self.queues.get_mut(&queue_id).expect("callers are put into queues that are there");
        queue.callers.insert(caller.key);
        match caller.kind {
            CallerKind::OnTheLine => queue.counts.entered += 1,
            CallerKind::CalledBack => queue.counts.callbacks += 1,
            CallerKind::Callback => {
                queue.counts.callbacks += 1;
                queue.callbacks += 1;
            }
        }
        if caller.kind == CallerKind::OnTheLine {
            if let Some(wait_max) = queue.config.wait_max {
                self.timers.set(Timer::Wait(call), now.mono + wait_max);
            }
            if let Some(unstaffed_max) = queue.config.unstaffed_max.filter(|_| queue.is_unstaffed) {
                self.timers.set(Timer::Unstaffed(call), now.mono + unstaffed_max);
            }
        }
        if let Some(until) = caller.held_back {
            self.timers.set(Timer::HoldBack(call), until);
        }
        let sticky = caller.sticky.clone();
        self.callers.insert(call, Caller { sticky: None, ..caller });
        if let Some(sticky) = sticky {
            self.hold_for(now, call, sticky);
        }
        self.marks.moved.insert(queue_id);
        self.marks.rings.insert(call);
        self.marks.begun.insert(call);
        self.refresh(call);
    }

    /// The caller leaves its queue unanswered; offers under way are withdrawn, and the agents are not to blame.
    /// `None` if the call waits nowhere (it was answered, or has left).
    pub fn leave(&mut self, now: Now, call: CallId, cause: LeaveCause) -> Option<Left> {
        if !self.callers.contains_key(&call) {
            self.counters.stray += 1;
            return None;
        }
        self.counters.caller_gone += self.withdraw_all(now, call, WithdrawCause::CallerLeft(cause));
        let left = self.take_out(now, call, cause);
        self.settle(now);
        left
    }

    /// Removes a caller whom no agent holds and who was not answered.
    pub(crate) fn take_out(&mut self, now: Now, call: CallId, cause: LeaveCause) -> Option<Left> {
        let position = self.position(call)?;
        let caller = self.remove_caller(call)?;
        let waited = caller.waited(now);
        if let Some(queue) = self.queues.get_mut(&caller.queue) {
            let is_callback = caller.kind != CallerKind::OnTheLine;
            let has_abandoned = cause == LeaveCause::Abandoned && !is_callback;
            let counts = &mut queue.counts;
            match cause {
                LeaveCause::Abandoned
                | LeaveCause::Exit
                | LeaveCause::WaitExceeded
                | LeaveCause::Withdrawn
                    if is_callback =>
                {
                    counts.callbacks_left += 1;
                }
                LeaveCause::Abandoned if waited < queue.config.short_abandon => counts.short_abandons += 1,
                LeaveCause::Abandoned => counts.abandoned += 1,
                LeaveCause::Exit | LeaveCause::WaitExceeded | LeaveCause::Withdrawn => counts.exited += 1,
            }
            queue.note_wait(now, &caller, has_abandoned);
        }
        Some(Left { queue: caller.queue, waited, position })
    }

    /// The caller has reached an agent.
    pub(crate) fn reach(&mut self, now: Now, call: CallId) -> Option<QueueId> {
        let caller = self.remove_caller(call)?;
        let queue = self.queues.get_mut(&caller.queue)?;
        match caller.kind {
            CallerKind::OnTheLine => queue.counts.answered += 1,
            CallerKind::Callback | CallerKind::CalledBack => queue.counts.callbacks_answered += 1,
        }
        queue.note_wait(now, &caller, false);
        queue.note_told(now, &caller);
        Some(caller.queue)
    }

    /// Removes every trace of a caller.
    pub(crate) fn remove_caller(&mut self, call: CallId) -> Option<Caller> {
        self.stop_timers(call);
        self.release(call);
        let caller = self.callers.remove(&call)?;
        if let Some(queue) = self.queues.get_mut(&caller.queue) {
            queue.callers.remove(&caller.key);
            queue.callbacks -= usize::from(caller.kind == CallerKind::Callback);
            self.open -= usize::from(queue.open.remove(&caller.key));
        }
        self.marks.moved.insert(caller.queue.clone());
        Some(caller)
    }

    fn stop_timers(&mut self, call: CallId) {
        for timer in
            [Timer::Wait, Timer::Unstaffed, Timer::Ring, Timer::Sticky, Timer::HoldBack, Timer::NextPhone]
        {
            self.timers.cancel(&timer(call));
        }
    }

    /// An offer came to nothing. After the last one that was under way its caller waits on in its old place, or, past a
    /// limit meanwhile, is to be taken out.
    pub(crate) fn wait_on(&mut self, call: CallId, reservation: ReservationId) {
        if let Some(Stage::Offered { offers, .. }) =
            self.callers.get_mut(&call).map(|caller| &mut caller.stage)
        {
            offers.remove(&reservation);
        }
        self.wait_again(call);
    }

    /// The same, of whatever offers were left.
    pub(crate) fn wait_again(&mut self, call: CallId) {
        if let Some(caller) = self.callers.get_mut(&call)
            && let Stage::Offered { offers, overdue, .. } = &caller.stage
            && offers.is_empty()
        {
            let overdue = *overdue;
            caller.stage = Stage::Waiting;
            self.timers.cancel(&Timer::NextPhone(call));
            if let Some(limit) = overdue {
                self.exceed(call, limit);
            }
        }
        self.refresh(call);
    }

    /// A caller is past a limit of its queue. A ring under way is let finish, as an agent may be reaching for the phone.
    pub(crate) fn limit_passed(&mut self, call: CallId, limit: Limit) {
        let Some(caller) = self.callers.get_mut(&call) else { return };
        match &mut caller.stage {
            Stage::Exceeded => {}
            Stage::Offered { overdue, .. } => *overdue = overdue.or(Some(limit)),
            Stage::Waiting => self.exceed(call, limit),
        }
        self.refresh(call);
    }

    fn exceed(&mut self, call: CallId, limit: Limit) {
        self.stop_timers(call);
        self.release(call);
        let Some(caller) = self.callers.get_mut(&call) else { return };
        caller.stage = Stage::Exceeded;
        self.events.push_back(Event::LimitReached { call, queue: caller.queue.clone(), limit });
    }

    /// Starts or stops the limit of the callers of queues in which the last member has stopped working, or the first begun.
    pub(crate) fn follow_staffing(&mut self) {
        for id in &self.marks.queues {
            let Some(queue) = self.queues.get_mut(id) else { continue };
            let is_unstaffed = queue.working.is_empty();
            if core::mem::replace(&mut queue.is_unstaffed, is_unstaffed) == is_unstaffed {
                continue;
            }
            let until = queue.config.unstaffed_max.map(|max| queue.unstaffed_since + max);
            for key in &queue.callers {
                let caller = self.callers.get_mut(&key.call).expect("the order holds only calls that wait");
                let timer = Timer::Unstaffed(key.call);
                match (&mut caller.stage, until) {
                    (Stage::Exceeded, _) => {}
                    (Stage::Waiting | Stage::Offered { .. }, Some(until)) if is_unstaffed => {
                        if caller.kind == CallerKind::OnTheLine {
                            self.timers.set(timer, until);
                        }
                    }
                    (Stage::Waiting, _) => {
                        self.timers.cancel(&timer);
                    }
                    (Stage::Offered { overdue, .. }, _) => {
                        self.timers.cancel(&timer);
                        *overdue = overdue.filter(|limit| *limit != Limit::Unstaffed);
                    }
                }
            }
        }
    }

    /// Keeps a caller in its place without offering it to anybody before `until`: somebody who was not reached when called
    /// back. Offers under way go on. A call that waits nowhere is a stray input.
    pub fn hold_back(&mut self, now: Now, call: CallId, until: Time) {
        match self.callers.get_mut(&call) {
            Some(caller) if caller.stage != Stage::Exceeded => {
                caller.held_back = Some(until);
                self.timers.set(Timer::HoldBack(call), until);
                self.refresh(call);
            }
            Some(_) | None => self.counters.stray += 1,
        }
        self.settle(now);
    }

    pub(crate) fn held_back_long_enough(&mut self, call: CallId) {
        if let Some(caller) = self.callers.get_mut(&call) {
            caller.held_back = None;
        }
        self.refresh(call);
    }
}
