//! Who may be asked after which wait: tiers of members, and plans in steps.
//!
//! A caller is offered to an agent whom at least one step of the plan that has begun admits, and whose tier is open.
//! Steps add up, so that the ring around the first choice grows; a step with `replace` ends those before it. The caller's
//! own requirements hold in every step, at the levels it asked for unless the step has a `min_level`.
//!
//! The last step is never passed over, or nobody might ever be asked. A caller whose queue gets another plan while it waits
//! follows that one from where its wait has come to, without credit for what has begun.

use core::time::Duration;
use std::collections::BTreeSet;

use hotline_base::{GroupId, SkillId};
use serde::{Deserialize, Serialize};

use crate::Gate;
use crate::agent::Agent;

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

impl Tiers {
    /// The wait with which a tier opens, if nothing opens it before.
    pub(crate) fn opens_after(&self, tier: u8) -> Duration {
        match (tier, self.each) {
            (0 | 1, _) => Duration::ZERO,
            (_, true) => self.wait * u32::from(tier - 1),
            (_, false) => self.wait,
        }
    }
}

/// How far a caller has come in its queue's plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// The step that begins next; the number of steps if none is left.
    pub(crate) next: u8,
    /// One bit for each step that admits agents.
    begun: u16,
}

impl Progress {
    /// Where a wait of this length has come to in a plan, if no step is passed over.
    pub(crate) fn after(wait: Duration, plan: &Plan) -> Self {
        let mut progress = Self::default();
        while progress.next_step(plan).is_some_and(|step| step.after <= wait) {
            progress.begin(plan);
        }
        progress
    }

    pub(crate) fn next_step<'a>(&self, plan: &'a Plan) -> Option<&'a PlanStep> {
        plan.steps.iter().take(PLAN_STEPS_MAX).nth(usize::from(self.next))
    }

    pub(crate) fn is_last(&self, plan: &Plan) -> bool {
        usize::from(self.next) + 1 >= plan.steps.len().min(PLAN_STEPS_MAX)
    }

    /// The next step begins.
    pub(crate) fn begin(&mut self, plan: &Plan) {
        if self.next_step(plan).is_some_and(|step| step.replace) {
            self.begun = 0;
        }
        self.begun |= 1 << self.next;
        self.next += 1;
    }

    /// The next step is passed over.
    pub(crate) fn pass_over(&mut self) {
        self.next += 1;
    }

    /// The steps that admit agents, the last one first.
    pub(crate) fn steps<'a>(&self, plan: &'a Plan) -> impl Iterator<Item = &'a PlanStep> {
        let begun = self.begun;
        let is_begun = move |(index, _): &(usize, _)| begun & (1 << index) != 0;
        plan.steps.iter().take(PLAN_STEPS_MAX).enumerate().rev().filter(is_begun).map(|(_, step)| step)
    }

    /// The last step that has begun.
    pub(crate) fn last(&self) -> Option<u32> {
        self.begun.checked_ilog2()
    }
}

/// Why a step does not admit an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// It lacks a skill, or has too little of it.
    Skill(Gate),
    /// It is in none of the groups.
    Group,
}

/// Whether an agent knows what is asked, at the level asked for or the one that is enough. That a skill is missing is said
/// before that there is too little of another: it is the gate before.
pub(crate) fn knows<'a>(
    agent: &Agent,
    asked: impl Iterator<Item = &'a Requirement>,
    enough: Option<u8>,
) -> Result<(), Unfit> {
    let mut too_little = None;
    for Requirement { skill, level, .. } in asked {
        let needs = enough.unwrap_or(*level);
        match agent.level(skill) {
            has if has >= needs => {}
            0 => return Err(Unfit::Skill(Gate::SkillMissing { skill: skill.clone() })),
            has => {
                too_little =
                    too_little.or_else(|| Some(Gate::SkillLevel { skill: skill.clone(), has, needs }));
            }
        }
    }
    too_little.map_or(Ok(()), |gate| Err(Unfit::Skill(gate)))
}

impl PlanStep {
    /// Whether the step admits an agent to a caller with these requirements.
    pub(crate) fn admits(&self, agent: &Agent, requires: &[Requirement]) -> Result<(), Unfit> {
        knows(agent, requires.iter().chain(&self.require), self.min_level)?;
        if self.groups.is_empty() || !self.groups.is_disjoint(&agent.groups) {
            Ok(())
        } else {
            Err(Unfit::Group)
        }
    }
}
