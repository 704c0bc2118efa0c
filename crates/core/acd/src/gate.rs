//! The gates between a caller and an agent: each with a stable code, asked in a fixed order, the first that is
//! shut is the answer.

use hotline_base::{AgentId, CallId, Now, QueueId, SkillId, WallTime};
use serde::{Deserialize, Serialize};

use crate::agent::Agent;
use crate::caller::Caller;
use crate::plan::{self, Unfit};
use crate::queue::{Membership, Queue};
use crate::{AgentState, DelayCause, NotReadyReason};

/// Why an agent is not offered a call. Variants stand in the order in which they are asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Gate {
    /// Signed out.
    NotLoggedIn,
    /// Does not serve the caller's queue.
    NotInQueue,
    /// Takes no calls.
    NotReady {
        /// Why not.
        reason: NotReadyReason,
    },
    /// The phone is not registered.
    NoRegistration,
    /// The phone is in a call outside the queues.
    DeviceBusy,
    /// A call is on offer to the agent.
    Reserved {
        /// Which call.
        call: CallId,
    },
    /// In conversation with as many callers as the agent may have (one).
    AtCapacity,
    /// Does after-call work.
    WrapUp {
        /// When it ends by itself; `None` if it does not.
        until: Option<WallTime>,
    },
    /// Offers are held back after one that was not taken.
    RnaDelay {
        /// Until when.
        until: WallTime,
        /// After what.
        cause: DelayCause,
    },
    /// Lacks a skill that is asked for.
    SkillMissing {
        /// Which.
        skill: SkillId,
    },
    /// Has too little of a skill.
    SkillLevel {
        /// Which.
        skill: SkillId,
        /// How much it has.
        has: u8,
        /// How much is asked for.
        needs: u8,
    },
    /// It is not yet this agent's turn in the queue's plan.
    RingClosed {
        /// What keeps it out.
        ring: Ring,
        /// When that opens by itself; `None` if it does not.
        opens: Option<WallTime>,
    },
    /// The call is held for another agent.
    StickyHeld {
        /// For whom.
        agent: AgentId,
        /// Until when; `None` for as long as it waits.
        until: Option<WallTime>,
    },
    /// This caller is not to be offered to this agent, for example because the agent rejected it.
    ExcludedByCall,
    /// A caller of a queue with a greater weight is to have this agent.
    QueuePrecedence {
        /// Which queue.
        queue: QueueId,
    },
    /// Has had as many calls today as it may have.
    DailyCap,
}

/// Which ring around the first choice has not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ring {
    /// The agent's tier in the queue.
    Tier(u8),
    /// No step of the plan that has begun admits the agent.
    Plan,
}

impl Gate {
    /// The code by which reports and screens know the gate. Never changes.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotLoggedIn => "NOT_LOGGED_IN",
            Self::NotInQueue => "NOT_IN_QUEUE",
            Self::NotReady { .. } => "NOT_READY",
            Self::NoRegistration => "NO_REGISTRATION",
            Self::DeviceBusy => "DEVICE_BUSY",
            Self::Reserved { .. } => "RESERVED",
            Self::AtCapacity => "AT_CAPACITY",
            Self::WrapUp { .. } => "WRAP_UP",
            Self::RnaDelay { .. } => "RNA_DELAY",
            Self::SkillMissing { .. } => "SKILL_MISSING",
            Self::SkillLevel { .. } => "SKILL_LEVEL",
            Self::RingClosed { .. } => "RING_CLOSED",
            Self::StickyHeld { .. } => "STICKY_HELD",
            Self::ExcludedByCall => "EXCLUDED_BY_CALL",
            Self::QueuePrecedence { .. } => "QUEUE_PRECEDENCE",
            Self::DailyCap => "DAILY_CAP",
        }
    }
}

/// A caller who asks for an agent.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) now: Now,
    pub(crate) caller: &'a Caller,
    pub(crate) queue: &'a Queue,
    /// Whether another agent may come for this caller (see `dispatch.rs`).
    pub(crate) exclusions_hold: bool,
}

impl Asking<'_> {
    /// The first shut gate between caller and agent; `None` if the call may be offered. Whether a queue of greater weight
    /// goes before is for the whole machine to say ([`Acd::preceding`](crate::Acd::preceding)): callers are looked at in that
    /// order.
    pub(crate) fn first_shut(&self, agent: &Agent) -> Option<Gate> {
        self.first_shut_to(agent, self.queue.members.get(&agent.config.id))
    }

    /// The same, if it is known whether and how the agent serves the queue.
    pub(crate) fn first_shut_to(&self, agent: &Agent, member: Option<&Membership>) -> Option<Gate> {
        let is_held = self.caller.is_held_for(&agent.config.id);
        shut_by_state(agent, is_held || member.is_some())
            .or_else(|| self.shut_by_plan(agent, member.filter(|_| !is_held)?))
            .or_else(|| self.shut_by_caller(agent, is_held))
            .or_else(|| agent.has_enough().then_some(Gate::DailyCap))
    }

    fn shut_by_caller(&self, agent: &Agent, is_held: bool) -> Option<Gate> {
        if let Some(sticky) = self.caller.sticky.as_ref().filter(|_| !is_held) {
            let until = sticky.wait.map(|wait| self.caller.since.wall + wait);
            return Some(Gate::StickyHeld { agent: sticky.agent.clone(), until });
        }
        (self.exclusions_hold && self.caller.excludes(agent)).then_some(Gate::ExcludedByCall)
    }

    fn shut_by_plan(&self, agent: &Agent, member: &Membership) -> Option<Gate> {
        match self.unfit(agent) {
            Some(Unfit::Skill(gate)) => return Some(gate),
            Some(Unfit::Group) => return Some(self.closed(Ring::Plan, self.admitted_after(agent))),
            None => {}
        }
        let tier = member.tier;
        let tiers = &self.queue.config.tiers;
        let opens_after = tiers.opens_after(tier);
        let is_open = opens_after <= self.caller.waited(self.now)
            || tiers.skip_unstaffed && self.queue.first_working_tier() >= tier;
        (!is_open).then(|| self.closed(Ring::Tier(tier), Some(opens_after)))
    }

    /// Why the steps that have begun do not admit the agent: as the last of them has it. Before the first step begins that
    /// one is asked, and admits nobody.
    pub(crate) fn unfit(&self, agent: &Agent) -> Option<Unfit> {
        let (caller, plan) = (self.caller, &self.queue.config.plan);
        if plan.steps.is_empty() {
            return plan::knows(agent, caller.requires.iter(), None).err();
        }
        let mut first = None;
        for step in caller.progress.steps(plan) {
            match step.admits(agent, &caller.requires) {
                Ok(()) => return None,
                Err(unfit) => first = first.or(Some(unfit)),
            }
        }
        first.or_else(|| {
            let step = caller.progress.next_step(plan)?;
            Some(step.admits(agent, &caller.requires).err().unwrap_or(Unfit::Group))
        })
    }

    /// The wait with which the first step begins that will admit the agent, if none is passed over.
    fn admitted_after(&self, agent: &Agent) -> Option<core::time::Duration> {
        let steps = &self.queue.config.plan.steps;
        let to_come = steps.iter().skip(usize::from(self.caller.progress.next));
        to_come.filter(|step| step.admits(agent, &self.caller.requires).is_ok()).map(|step| step.after).next()
    }

    fn closed(&self, ring: Ring, opens_after: Option<core::time::Duration>) -> Gate {
        Gate::RingClosed { ring, opens: opens_after.map(|after| self.caller.since.wall + after) }
    }
}

/// What keeps any call of the queue from the agent.
fn shut_by_state(agent: &Agent, serves: bool) -> Option<Gate> {
    let state = agent.state();
    if state == AgentState::LoggedOut {
        return Some(Gate::NotLoggedIn);
    }
    if !serves {
        return Some(Gate::NotInQueue);
    }
    if let AgentState::NotReady { reason } = state {
        return Some(Gate::NotReady { reason });
    }
    if !agent.registered {
        return Some(Gate::NoRegistration);
    }
    if !agent.outside.is_empty() {
        return Some(Gate::DeviceBusy);
    }
    match state {
        AgentState::Reserved { call } | AgentState::Ringing { call } => {
            return Some(Gate::Reserved { call });
        }
        AgentState::Talking { .. } | AgentState::Hold { .. } => return Some(Gate::AtCapacity),
        AgentState::WrapUp { until, .. } => return Some(Gate::WrapUp { until }),
        AgentState::LoggedOut
        | AgentState::NotReady { .. }
        | AgentState::Ready
        | AgentState::OfflineGrace => {}
    }
    agent.delay.map(|delay| Gate::RnaDelay { until: delay.until, cause: delay.cause })
}
