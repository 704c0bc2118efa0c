//! After-call work: whether it begins when an agent's part of a queue's call ends, and when it is over.
//!
//! | mode       | begins                                  | ends by itself | by hand |
//! |------------|-----------------------------------------|----------------|---------|
//! | manual     | always                                  | never          | yes     |
//! | optional   | if asked for in the call or soon after  | yes            | yes     |
//! | timed      | always                                  | yes            | yes     |
//! | forced     | always                                  | yes            | no      |
//! | on request | if asked for in the call                | yes            | yes     |
//!
//! Whatever the mode, a call that must have a disposition keeps it open until it has one. What is over its time is
//! counted apart, as "disposition missing".

use hotline_base::{AgentId, CallId, Now, QueueId, Time, WallTime};
use serde::{Deserialize, Serialize};

use crate::agent::{Agent, Assignment, Work};
use crate::{Acd, AgentError, AgentState, Change, WrapUp, WrapUpMode};

/// Whether after-call work waits for the disposition of its call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Disposition {
    /// None is required, or it is there.
    #[default]
    Settled,
    /// It is required, and the time for it runs.
    Awaited,
    /// It is required, and the time is over: after-call work goes on for nothing else.
    Missing,
}

/// After-call work under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AfterCall {
    pub(crate) with: Assignment,
    end: End,
    extensions_left: u8,
}

/// When after-call work ends, if no disposition is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum End {
    ByHand,
    At(WallTime),
    Overdue,
}

/// The last call of an agent, whose after-call work was left to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LastCall {
    with: Assignment,
    ended: Time,
}

impl AfterCall {
    fn new(now: Now, with: Assignment) -> Self {
        let end = match with.wrap_up.mode {
            WrapUpMode::Manual => End::ByHand,
            WrapUpMode::Optional | WrapUpMode::Timed | WrapUpMode::Forced | WrapUpMode::OnRequest => {
                End::At(now.wall + with.wrap_up.length)
            }
        };
        let extensions_left = if end == End::ByHand { 0 } else { with.wrap_up.extensions_max };
        Self { with, end, extensions_left }
    }

    pub(crate) fn state(&self) -> AgentState {
        AgentState::WrapUp {
            call: self.with.call,
            until: self.until(),
            disposition: match self.end {
                End::ByHand | End::At(_) if self.with.awaits_disposition() => Disposition::Awaited,
                End::Overdue => Disposition::Missing,
                End::ByHand | End::At(_) => Disposition::Settled,
            },
            extensions_left: self.extensions_left,
        }
    }

    /// When it ends by itself, or is overdue from then on.
    pub(crate) const fn until(&self) -> Option<WallTime> {
        match self.end {
            End::At(until) => Some(until),
            End::ByHand | End::Overdue => None,
        }
    }

    fn may_end(&self) -> Result<(), AgentError> {
        match (self.with.wrap_up.mode, self.end) {
            (WrapUpMode::Forced, End::At(_)) => Err(AgentError::WrapUpForced),
            (_, _) if self.with.awaits_disposition() => Err(AgentError::DispositionMissing),
            (_, _) => Ok(()),
        }
    }
}

impl WrapUp {
    /// True if it would last no time at all, and wait for nothing.
    const fn is_nothing(&self) -> bool {
        match self.mode {
            WrapUpMode::Manual => false,
            WrapUpMode::Optional | WrapUpMode::Timed | WrapUpMode::Forced | WrapUpMode::OnRequest => {
                self.length.is_zero()
            }
        }
    }
}

impl Assignment {
    const fn awaits_disposition(&self) -> bool {
        self.wrap_up.disposition_required && !self.disposed
    }

    /// After-call work follows when the agent's part of the call ends.
    const fn has_wrap_up(&self) -> bool {
        let begins = match self.wrap_up.mode {
            WrapUpMode::Manual | WrapUpMode::Timed | WrapUpMode::Forced => true,
            WrapUpMode::Optional | WrapUpMode::OnRequest => self.wrap_up_asked,
        };
        begins && (self.awaits_disposition() || !self.wrap_up.is_nothing())
    }
}

impl Agent {
    /// Its part of a queue's call has ended.
    pub(crate) fn end_talk(&mut self, now: Now, with: Assignment) {
        if with.has_wrap_up() {
            self.work = Work::WrapUp(AfterCall::new(now, with));
            self.release_if_retired();
        } else {
            self.work = Work::Free;
            self.last_call = Some(LastCall { with, ended: now.mono });
        }
    }

    /// The time of its after-call work is over.
    pub(crate) fn wrap_up_over(&mut self) {
        if let Work::WrapUp(after) = &mut self.work {
            if after.with.awaits_disposition() {
                after.end = End::Overdue;
            } else {
                self.work = Work::Free;
            }
        }
    }

    /// Ends its after-call work early, if that is allowed.
    pub(crate) fn end_wrap_up(&mut self) -> Result<(), AgentError> {
        let Work::WrapUp(after) = &self.work else { return Err(AgentError::NoWrapUp) };
        after.may_end()?;
        self.work = Work::Free;
        Ok(())
    }

    /// Nobody can end the after-call work of an agent who is gone from the configuration: it only runs its time.
    pub(crate) fn release_if_retired(&mut self) {
        if let Work::WrapUp(after) = &mut self.work
            && self.retired
        {
            after.with.wrap_up.disposition_required = false;
            if after.until().is_none() {
                self.work = Work::Free;
            }
        }
    }
}

impl Acd {
    /// The agent wants after-call work that does not begin by itself: during a call for its end; after it, where the
    /// queue leaves it to the agent, within its length and before another offer.
    ///
    /// # Errors
    /// [`AgentError::Unknown`], [`AgentError::NoWrapUp`] if there is no call to which it could belong.
    pub fn ask_wrap_up(&mut self, now: Now, agent: &AgentId) -> Result<Change, AgentError> {
        let agents = self.agents.get(agent).ok_or(AgentError::Unknown)?;
        let change = match (&agents.work, &agents.last_call) {
            (Work::WrapUp(_), _) => Change::Unchanged,
            (Work::Talking(with) | Work::Hold(with), _) if with.has_wrap_up() => Change::Unchanged,
            (Work::Talking(_) | Work::Hold(_), _) => Change::Pending,
            (Work::Free, Some(last))
                if last.with.wrap_up.mode == WrapUpMode::Optional
                    && agents.session.is_some()
                    && now.mono <= last.ended + last.with.wrap_up.length =>
            {
                Change::Applied
            }
            (Work::Free | Work::Reserved(_) | Work::Ringing(_), _) => return Err(AgentError::NoWrapUp),
        };
        self.update(now, agent, |agent| match &mut agent.work {
            Work::Talking(with) | Work::Hold(with) => with.wrap_up_asked = true,
            Work::Free => {
                if let Some(last) = agent.last_call.take() {
                    agent.work = Work::WrapUp(AfterCall::new(now, last.with));
                }
            }
            Work::Reserved(_) | Work::Ringing(_) | Work::WrapUp(_) => {}
        });
        self.settle(now);
        Ok(change)
    }

    /// The agent's after-call work becomes longer by what the queue allows at once; work that is overdue gets so much
    /// from here on.
    ///
    /// # Errors
    /// [`AgentError::Unknown`], [`AgentError::NoWrapUp`], [`AgentError::NoExtension`].
    pub fn extend_wrap_up(&mut self, now: Now, agent: &AgentId) -> Result<(), AgentError> {
        let known = self.agents.get(agent).ok_or(AgentError::Unknown)?;
        let Work::WrapUp(after) = &known.work else { return Err(AgentError::NoWrapUp) };
        if after.extensions_left == 0 {
            return Err(AgentError::NoExtension);
        }
        self.update(now, agent, |agent| {
            if let Work::WrapUp(after) = &mut agent.work {
                after.extensions_left -= 1;
                after.end = End::At(after.until().unwrap_or(now.wall) + after.with.wrap_up.extend_by);
            }
        });
        self.settle(now);
        Ok(())
    }

    /// The agent's after-call work ends early; the agent becomes what it asked for before.
    ///
    /// # Errors
    /// [`AgentError::Unknown`], [`AgentError::NoWrapUp`], [`AgentError::WrapUpForced`],
    /// [`AgentError::DispositionMissing`].
    pub fn end_wrap_up(&mut self, now: Now, agent: &AgentId) -> Result<(), AgentError> {
        if !self.agents.contains_key(agent) {
            return Err(AgentError::Unknown);
        }
        let mut ended = Ok(());
        self.update(now, agent, |agent| ended = agent.end_wrap_up());
        self.settle(now);
        ended
    }

    /// The agent gave the call its disposition. After-call work that waited for nothing else is over.
    pub fn disposed(&mut self, now: Now, agent: &AgentId, call: CallId) {
        self.update(now, agent, |agent| {
            if let Some(with) = agent.work.served_mut().filter(|with| with.call == call) {
                with.disposed = true;
            }
            if let Some(last) = agent.last_call.as_mut().filter(|last| last.with.call == call) {
                last.with.disposed = true;
            }
            if let Work::WrapUp(AfterCall { end: End::Overdue, with, .. }) = &agent.work
                && with.call == call
            {
                agent.work = Work::Free;
            }
        });
        self.settle(now);
    }

    /// The queue from which the agent has this call, or had it last.
    #[must_use]
    pub fn queue_of(&self, agent: &AgentId, call: CallId) -> Option<&QueueId> {
        let agent = self.agents.get(agent)?;
        let served = agent.work.served().into_iter().chain(agent.last_call.as_ref().map(|last| &last.with));
        served.into_iter().find(|with| with.call == call).map(|with| &with.queue)
    }
}

impl Work {
    /// The call that the agent talks in, or does after-call work for.
    const fn served(&self) -> Option<&Assignment> {
        match self {
            Self::Talking(with) | Self::Hold(with) | Self::WrapUp(AfterCall { with, .. }) => Some(with),
            Self::Free | Self::Reserved(_) | Self::Ringing(_) => None,
        }
    }

    const fn served_mut(&mut self) -> Option<&mut Assignment> {
        match self {
            Self::Talking(with) | Self::Hold(with) | Self::WrapUp(AfterCall { with, .. }) => Some(with),
            Self::Free | Self::Reserved(_) | Self::Ringing(_) => None,
        }
    }
}
