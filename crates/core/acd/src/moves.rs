//! What supervisors do with those who wait: another queue, one agent, another place in line.

use core::time::Duration;

use hotline_base::{AgentId, CallId, Now, QueueId};
use serde::{Deserialize, Serialize};

use crate::caller::{Caller, Stage};
use crate::plan::Progress;
use crate::{Acd, CallerKey, CallerKind, Class, Event, Sticky, WithdrawCause};

/// Why a caller cannot be given another place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoveError {
    /// The call waits nowhere: it was answered, has left, or is past a limit and about to leave.
    #[error("the call does not wait in a queue")]
    NotWaiting,
    /// No such queue, or it is being closed.
    #[error("there is no such queue")]
    UnknownQueue,
    /// Nobody serves that queue.
    #[error("the queue has no agents")]
    NoAgents,
    /// As many callers wait there as may.
    #[error("the queue is full")]
    Full,
    /// No such agent.
    #[error("there is no such agent")]
    UnknownAgent,
}

/// What of a caller's place people can change; the rest is the time from which it counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// In which queue.
    pub queue: QueueId,
    /// Whether it goes before all ordinary callers.
    pub class: Class,
    /// Its whole head start.
    pub credit: Duration,
    /// The agent for whom alone it waits.
    pub agent: Option<AgentId>,
}

impl Acd {
    /// Where a caller stands; `None` if the call waits nowhere.
    #[must_use]
    pub fn place(&self, call: CallId) -> Option<Place> {
        let caller = self.callers.get(&call)?;
        let designated = caller.sticky.as_ref().filter(|sticky| sticky.designated && sticky.wait.is_none());
        Some(Place {
            queue: caller.queue.clone(),
            class: caller.key.class,
            credit: caller.credit,
            agent: designated.map(|sticky| sticky.agent.clone()),
        })
    }

    /// Whoever was to be called back is on the line, and the call `by` holds the place of `call` from here on; or the other way, if
    /// that call is lost. It is offered at once if an agent is free. Offers under way are withdrawn.
    ///
    /// # Errors
    /// [`MoveError::NotWaiting`], also if `by` waits already, or `call` is none of somebody who is called back.
    pub fn stand_in(&mut self, now: Now, call: CallId, by: CallId) -> Result<(), MoveError> {
        let kind = match self.waiting(call)?.kind {
            CallerKind::Callback => CallerKind::CalledBack,
            CallerKind::CalledBack => CallerKind::Callback,
            CallerKind::OnTheLine => return Err(MoveError::NotWaiting),
        };
        if self.callers.contains_key(&by) {
            return Err(MoveError::NotWaiting);
        }
        let sticky = self.waiting(call)?.sticky.clone();
        self.withdraw_all(now, call, WithdrawCause::Moved);
        let caller = self.remove_caller(call).ok_or(MoveError::NotWaiting)?;
        if let Some(queue) = self.queues.get_mut(&caller.queue) {
            // Whoever comes in is counted, which was done before.
            queue.counts.callbacks -= 1;
        }
        let key = CallerKey { call: by, ..caller.key };
        self.admit(now, Caller { key, kind, sticky, held_back: None, stage: Stage::Waiting, ..caller });
        self.settle(now);
        Ok(())
    }

    /// Moves a caller to another queue, with its place in line: its key stays the same. Offers under way are withdrawn. The
    /// limits, tiers and plan of that queue begin for it; it is no longer held for an agent. To the queue it waits in
    /// already, nothing changes.
    ///
    /// # Errors
    /// See [`MoveError`]; the call then waits where it did.
    pub fn move_caller(&mut self, now: Now, call: CallId, queue: QueueId) -> Result<(), MoveError> {
        let (from, kind) = self.waiting(call).map(|caller| (caller.queue.clone(), caller.kind))?;
        if from == queue {
            return Ok(());
        }
        let to = self.queues.get(&queue).filter(|queue| !queue.closing).ok_or(MoveError::UnknownQueue)?;
        if to.members.is_empty() {
            return Err(MoveError::NoAgents);
        }
        if kind == CallerKind::OnTheLine && to.is_full() {
            return Err(MoveError::Full);
        }
        self.withdraw_all(now, call, WithdrawCause::Moved);
        let caller = self.remove_caller(call).ok_or(MoveError::NotWaiting)?;
        if let Some(queue) = self.queues.get_mut(&from) {
            queue.counts.flowed_out += 1;
            queue.note_wait(now, &caller, false);
        }
        self.events.push_back(Event::Moved { call, from, to: queue.clone() });
        let told = None;
        let (stage, progress) = (Stage::Waiting, Progress::default());
        self.admit(now, Caller { queue, since: now, stage, progress, told, ..caller });
        self.settle(now);
        Ok(())
    }

    /// Gives a caller to an agent, member of the queue or not: it waits for that one alone from then on. Offers to others are
    /// withdrawn.
    ///
    /// # Errors
    /// See [`MoveError`].
    pub fn assign(&mut self, now: Now, call: CallId, agent: &AgentId) -> Result<(), MoveError> {
        let (queue, is_ringing) = {
            let caller = self.waiting(call)?;
            let mut ringing = self.reservations.values().filter(|held| held.call == call);
            (caller.queue.clone(), ringing.any(|held| held.agent == *agent) && caller.ringing() == 1)
        };
        if self.agents.get(agent).is_none_or(|agent| agent.retired) {
            return Err(MoveError::UnknownAgent);
        }
        if !is_ringing {
            self.withdraw_all(now, call, WithdrawCause::Moved);
            self.wait_again(call);
        }
        let still_waits = self.waiting(call).map(|_| ());
        if still_waits.is_ok() {
            self.release(call);
            self.hold_for(now, call, Sticky { agent: agent.clone(), wait: None, designated: true });
            self.events.push_back(Event::Assigned { call, queue, agent: agent.clone() });
        }
        self.settle(now);
        still_waits
    }

    /// Gives a caller another head start, in place of the one it had, and another class.
    ///
    /// # Errors
    /// [`MoveError::NotWaiting`].
    pub fn prioritise(
        &mut self,
        now: Now,
        call: CallId,
        credit: Duration,
        class: Class,
    ) -> Result<(), MoveError> {
        self.waiting(call)?;
        self.reorder(call, credit, class);
        self.settle(now);
        Ok(())
    }

    fn waiting(&self, call: CallId) -> Result<&Caller, MoveError> {
        let caller = self.callers.get(&call).filter(|caller| caller.stage != Stage::Exceeded);
        caller.ok_or(MoveError::NotWaiting)
    }
}
