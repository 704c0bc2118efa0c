//! Who may be asked after which wait: tiers of members, and plans in steps.
//!
//! A caller is offered to an agent whom at least one step of the plan that has begun admits, and whose tier is open.
//! Steps add up, so that the ring around the first choice grows; a step with `replace` ends those before it. The caller's
//! own requirements hold in every step, at the levels it asked for unless the step has a `min_level`.

use core::time::Duration;
use std::collections::BTreeSet;

use hotline_base::{GroupId, SkillId};
use serde::{Deserialize, Serialize};

/// Steps of one plan.
pub const PLAN_STEPS_MAX: usize = 16;

/// When members of a tier after the first are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tiers {
    /// How long a caller waits before members of the second tier are asked.
    pub wait: Duration,
    /// Whether each further tier opens so much later again; else all open at once.
    pub each: bool,
    /// Whether a tier opens at once while no member of the tiers before it works.
    pub skip_unstaffed: bool,
}

impl Default for Tiers {
    /// Tiers are an order and nothing waits for them.
    fn default() -> Self {
        Self { wait: Duration::ZERO, each: true, skip_unstaffed: true }
    }
}

/// The steps of a queue, by [`PlanStep::after`]. Without any, every member may be asked at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// At most [`PLAN_STEPS_MAX`], the earliest first.
    pub steps: Vec<PlanStep>,
}

/// From some wait on, these may be asked too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanStep {
    /// The wait in this queue with which it begins.
    pub after: Duration,
    /// What an agent must know.
    pub require: Vec<Requirement>,
    /// Those who know more of this are asked before others of their tier.
    pub prefer: Vec<Preference>,
    /// The agent must be in one of these, if there are any.
    pub groups: BTreeSet<GroupId>,
    /// The level that is enough in this step for every required skill, the caller's own included, instead of the one that
    /// is asked for. With 0 the skills do not count.
    pub min_level: Option<u8>,
    /// How many phones ring at once from here on, with the strategies that ring several.
    pub ring_count: Option<u32>,
    /// What the caller's head start grows by when the step begins.
    pub priority_credit: Duration,
    /// Whether the steps before it no longer admit anybody.
    pub replace: bool,
    /// When it is passed over: what it would have begun with begins the next step.
    pub skip_if: Option<SkipIf>,
}

/// When a step of a plan is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SkipIf {
    /// Nobody whom it admits could be offered a call this moment.
    NobodyFree,
    /// Nobody whom it admits takes calls, now or after the one it has.
    NobodyWorking,
}

/// A skill that an agent must have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// Which.
    pub skill: SkillId,
    /// At least so much of it, 1 to [`SKILL_LEVEL_MAX`](crate::SKILL_LEVEL_MAX).
    pub level: u8,
    /// How much more of it counts for [`Strategy::BestSkill`](crate::Strategy::BestSkill).
    pub weight: u8,
}

/// A skill that is good to have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preference {
    /// Which.
    pub skill: SkillId,
    /// How much each level of it counts.
    pub weight: u8,
}
