//! One queue: its callers in order, its members, and which of those could be offered a call this moment.

use core::cmp::Reverse;
use core::ops::Bound;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use hotline_base::{AgentId, CallId, QueueId, SkillId, Time, WallTime};
use serde::{Deserialize, Serialize};

use crate::agent::Agent;
use crate::caller::{Caller, Stage};
use crate::estimate::Experience;
use crate::slots::Slot;
use crate::{CallerKey, CallerView, Class, QueueConfig, RING_AT_ONCE_MAX, Requirement, Strategy, WrapUp};

/// What became of a queue's callers since the process began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueCounts {
    /// Joined, to wait on the line.
    pub entered: u64,
    /// Refused because the queue was full.
    pub full: u64,
    /// Reached an agent.
    pub answered: u64,
    /// Hung up while waiting, after [`short_abandon`](crate::QueueConfig::short_abandon) or more.
    pub abandoned: u64,
    /// Hung up earlier.
    pub short_abandons: u64,
    /// Left by key, by a limit, or because the flow went on.
    pub exited: u64,
    /// Moved to another queue by a person.
    pub flowed_out: u64,
    /// Places kept for a callback. Callbacks are in none of the counts above.
    pub callbacks: u64,
    /// Callbacks for which an agent was there.
    pub callbacks_answered: u64,
    /// Callbacks that ended without.
    pub callbacks_left: u64,
    /// Callers who were told how long they would wait, and then were answered, or waited longer than that.
    pub waits_told: u64,
    /// Those of them who did not wait longer. Four of five, if the estimate is right.
    pub waits_held: u64,
}

/// A queue as others may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueView {
    /// Which queue.
    pub id: QueueId,
    /// How people name it.
    pub name: String,
    /// Its callers, the next one first.
    pub waiting: Vec<CallerView>,
    /// How many agents serve it.
    pub members: u32,
    /// How many of them are signed in.
    pub staffed: u32,
    /// How many of them could be offered a call this moment.
    pub offerable: u32,
    /// How many of them take calls, those busy with one included.
    pub working: u32,
    /// Since when the one on the line who has waited longest waits; `None` if nobody does.
    pub longest_since: Option<WallTime>,
    /// How many of those who wait are to be called back.
    pub callbacks_waiting: u32,
    /// What became of its callers.
    pub counts: QueueCounts,
}

impl QueueView {
    /// Those who hold the line, the next one first; without those who are to be called back.
    pub fn on_the_line(&self) -> impl Iterator<Item = &CallerView> {
        self.waiting.iter().filter(|caller| caller.kind.is_on_the_line())
    }
}

/// Where an agent and a queue that it serves find each other, without looking for names.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Serves {
    pub(crate) queue: Slot,
    pub(crate) agent: Slot,
    pub(crate) tier: u8,
}

/// An agent's place in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Membership {
    /// That of the agent.
    pub(crate) slot: Slot,
    pub(crate) tier: u8,
    pub(crate) weight: u8,
    /// In the order of the configuration.
    pub(crate) place: u32,
    /// In the order of the ids.
    pub(crate) number: u32,
    /// The length of the agent's after-call work here, if it is not the queue's.
    pub(crate) wrap_up: Option<Duration>,
}

/// A member whose own gates are all open: tier, since when it is idle, who, where. The first is the first choice by idle time.
pub(crate) type Free = (u8, Time, AgentId, Slot);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Queue {
    pub(crate) config: QueueConfig,
    /// Gone from the configuration: takes no more callers, and is forgotten when the last one has left.
    pub(crate) closing: bool,
    /// Everybody who waits, those being offered included.
    pub(crate) callers: BTreeSet<CallerKey>,
    /// Who was told last to be the first, the second and so on.
    pub(crate) told: Vec<CallId>,
    /// How many of them are to be called back.
    pub(crate) callbacks: usize,
    /// How many were told last.
    pub(crate) callbacks_told: usize,
    /// Those of them who can be offered to an agent, or to one more.
    pub(crate) open: BTreeSet<CallerKey>,
    pub(crate) members: BTreeMap<AgentId, Membership>,
    /// Those that members are in.
    pub(crate) tiers: BTreeSet<u8>,
    /// Members whose own gates are all open.
    pub(crate) offerable: BTreeSet<Free>,
    /// The same by what they know.
    by_skill: BTreeMap<SkillId, BTreeSet<Free>>,
    /// Members who take calls, now or after the one they have, by tier.
    pub(crate) working: BTreeSet<(u8, AgentId)>,
    /// Since when nobody is; meaningful only then.
    pub(crate) unstaffed_since: Time,
    /// Whether callers' limits for that run.
    pub(crate) is_unstaffed: bool,
    /// To whom a call was offered last.
    pub(crate) last_offered: Option<AgentId>,
    pub(crate) experience: Experience,
    pub(crate) counts: QueueCounts,
}

/// The order in which callers of different queues are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Turn {
    class: Class,
    weight: Reverse<u8>,
    pub(crate) key: CallerKey,
}

impl Queue {
    pub(crate) fn new(config: QueueConfig, now: Time) -> Self {
        Self {
            config,
            closing: false,
            callers: BTreeSet::new(),
            told: Vec::new(),
            callbacks: 0,
            callbacks_told: 0,
            open: BTreeSet::new(),
            members: BTreeMap::new(),
            tiers: BTreeSet::new(),
            offerable: BTreeSet::new(),
            by_skill: BTreeMap::new(),
            working: BTreeSet::new(),
            unstaffed_since: now,
            is_unstaffed: true,
            last_offered: None,
            experience: Experience::default(),
            counts: QueueCounts::default(),
        }
    }

    pub(crate) fn turn(&self, key: CallerKey) -> Turn {
        Turn { class: key.class, weight: Reverse(self.config.weight), key }
    }

    /// The rules for the after-call work of one of its agents.
    pub(crate) fn wrap_up_of(&self, agent: &AgentId) -> WrapUp {
        let own = self.members.get(agent).and_then(|member| member.wrap_up);
        WrapUp { length: own.unwrap_or(self.config.wrap_up.length), ..self.config.wrap_up }
    }

    /// The first caller after `last` who can be offered.
    pub(crate) fn next_after(&self, last: Option<CallerKey>) -> Option<Turn> {
        let from = last.map_or(Bound::Unbounded, Bound::Excluded);
        self.open.range((from, Bound::Unbounded)).next().map(|key| self.turn(*key))
    }

    /// Whether as many hold the line as may.
    pub(crate) fn is_full(&self) -> bool {
        self.callers.len() - self.callbacks >= self.config.waiting_max
    }

    /// Where a caller stands: 1 is next.
    pub(crate) fn position(&self, key: CallerKey) -> usize {
        self.callers.len() - self.callers.range((Bound::Excluded(key), Bound::Unbounded)).count()
    }

    /// The members who could be offered a call, in the order of tiers and idle times: all who know something of the skill
    /// that the fewest have, of those asked for.
    pub(crate) fn free(&self, asked: &[Requirement]) -> &BTreeSet<Free> {
        static NOBODY: BTreeSet<Free> = BTreeSet::new();
        let asked = asked.iter().filter(|asked| asked.level > 0);
        let sets = asked.map(|asked| self.by_skill.get(&asked.skill).unwrap_or(&NOBODY));
        sets.min_by_key(|set| set.len()).unwrap_or(&self.offerable)
    }

    /// The first tier in which somebody works; beyond all if nobody does.
    pub(crate) fn first_working_tier(&self) -> u8 {
        self.working.first().map_or(u8::MAX, |(tier, _)| *tier)
    }

    /// How many members by id come between the last one who was offered a call and this one, around.
    pub(crate) fn places_by_id(&self, agent: &AgentId) -> i64 {
        let last = self.last_offered.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let next = self.members.range::<AgentId, _>((last, Bound::Unbounded)).next();
        let next = next.map_or(0, |(_, member)| i64::from(member.number));
        let number = self.members.get(agent).map_or(0, |member| i64::from(member.number));
        (number - next).rem_euclid(self.size())
    }

    /// How many places in the order of members come between `last` and this one, around; without a `last`, from the first.
    pub(crate) fn places_after(&self, agent: &AgentId, last: Option<&AgentId>) -> i64 {
        let place = |agent: &AgentId| self.members.get(agent).map(|member| i64::from(member.place));
        let from = last.and_then(place).map_or(0, |last| last + 1);
        (place(agent).unwrap_or(0) - from).rem_euclid(self.size())
    }

    fn size(&self) -> i64 {
        i64::try_from(self.members.len()).unwrap_or(i64::MAX).max(1)
    }

    /// How many phones ring at once for this caller.
    pub(crate) fn phones(&self, caller: &Caller) -> usize {
        let counts = caller.progress.steps(&self.config.plan).filter_map(|step| step.ring_count);
        let most = counts.map(|count| count as usize).next().unwrap_or(RING_AT_ONCE_MAX);
        let most = most.clamp(1, RING_AT_ONCE_MAX);
        match self.config.strategy {
            Strategy::RingAll => most,
            Strategy::ProgressiveRing(_) => match caller.stage {
                Stage::Offered { phones, .. } => most.min(phones as usize),
                Stage::Waiting | Stage::Exceeded => 1,
            },
            Strategy::LongestIdle
            | Strategy::LeastRecentOffer
            | Strategy::FewestCallsToday
            | Strategy::LeastTalkToday
            | Strategy::RoundRobin
            | Strategy::Linear
            | Strategy::TopDown
            | Strategy::Random
            | Strategy::WeightedRandom
            | Strategy::BestSkill => 1,
        }
    }

    /// Of what is asked for, what nobody can lack: a step that has begun may be content without any skill.
    pub(crate) fn indispensable<'a>(&self, caller: &'a Caller) -> &'a [Requirement] {
        let mut steps = caller.progress.steps(&self.config.plan);
        if steps.any(|step| step.min_level == Some(0)) { &[] } else { &caller.requires }
    }

    /// Follows a member from one place in the indexes to another: `before`, it was offerable and worked so. True if others of the queue's callers may have to be
    /// looked at: somebody takes calls who did not, or the other way.
    pub(crate) fn reindex(
        &mut self,
        now: Time,
        serves: Serves,
        (before, worked): (Option<Time>, bool),
        agent: &Agent,
    ) -> bool {
        let id = &agent.config.id;
        let Serves { agent: slot, tier, .. } = serves;
        let after = agent.offerable();
        if before != after {
            let skills = agent.config.skills.iter().filter(|(_, level)| **level > 0).map(|(skill, _)| skill);
            if let Some(idle_since) = before {
                let free = (tier, idle_since, id.clone(), slot);
                for skill in skills.clone() {
                    if let Some(set) = self.by_skill.get_mut(skill) {
                        set.remove(&free);
                    }
                }
                self.offerable.remove(&free);
            }
            if let Some(idle_since) = after {
                let free = (tier, idle_since, id.clone(), slot);
                for skill in skills {
                    self.by_skill.entry(skill.clone()).or_default().insert(free.clone());
                }
                self.offerable.insert(free);
            }
        }
        let works = agent.is_working();
        if works && !worked {
            self.working.insert((tier, id.clone()));
        } else if worked && !works {
            self.working.remove(&(tier, id.clone()));
            if self.working.is_empty() {
                self.unstaffed_since = now;
            }
        }
        works != worked
    }

    /// Empties the indexes of members, to be filled anew.
    pub(crate) fn unlink(&mut self) {
        self.members.clear();
        self.tiers.clear();
        self.offerable.clear();
        self.by_skill.clear();
        self.working.clear();
    }
}
