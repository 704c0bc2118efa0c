//! What the model knows of a queue's configuration, and the centers that are played.

use core::time::Duration;

use hotline_acd::{
    AgentConfig, Config, Join, Member, PlanStep, Preference, QueueConfig, Requirement, SkipIf, Unanswered,
    WrapUp,
};
use hotline_base::{AgentId, GroupId, QueueId, SkillId};

use crate::model::{Agent, Model, SECOND};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strategy {
    RingAll,
    LongestIdle,
    LeastRecent,
    FewestCalls,
    LeastTalk,
    RoundRobin,
    Linear,
    TopDown,
    Random,
    WeightedRandom,
    BestSkill,
    Progressive(u64),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Skip {
    NobodyFree,
    NobodyWorking,
}

/// A step of a plan.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) after: u64,
    pub(crate) require: Vec<(&'static str, u8)>,
    pub(crate) prefer: Vec<(&'static str, u32)>,
    pub(crate) groups: Vec<&'static str>,
    pub(crate) min_level: Option<u8>,
    pub(crate) ring_count: Option<usize>,
    pub(crate) credit: u64,
    pub(crate) replace: bool,
    pub(crate) skip_if: Option<Skip>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Tiers {
    pub(crate) wait: u64,
    pub(crate) each: bool,
    pub(crate) skip_unstaffed: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Queue {
    /// Agents and their tiers, in the order of the configuration.
    pub(crate) members: Vec<(usize, u8)>,
    pub(crate) strategy: Strategy,
    pub(crate) weight: u8,
    pub(crate) wrap_up: u64,
    pub(crate) ring: u64,
    pub(crate) waiting_max: usize,
    pub(crate) wait_max: Option<u64>,
    pub(crate) unstaffed_max: Option<u64>,
    pub(crate) join: &'static str,
    pub(crate) tiers: Tiers,
    pub(crate) plan: Vec<Plan>,
    pub(crate) missed_max: u32,
    pub(crate) missed_delay: u64,
    pub(crate) rejected_delay: u64,
    pub(crate) busy_delay: u64,
    pub(crate) was_staffed: bool,
    pub(crate) last_offered: Option<usize>,
}

impl Queue {
    fn new(
        members: &[(usize, u8)],
        wrap_up: u64,
        ring: u64,
        waiting_max: usize,
        wait_max: Option<u64>,
    ) -> Self {
        Self {
            members: members.to_vec(),
            strategy: Strategy::LongestIdle,
            weight: 1,
            wrap_up: wrap_up * SECOND,
            ring: ring * SECOND,
            waiting_max,
            wait_max: wait_max.map(|secs| secs * SECOND),
            unstaffed_max: None,
            join: "always",
            tiers: Tiers { wait: 0, each: true, skip_unstaffed: true },
            plan: vec![],
            missed_max: 1,
            missed_delay: 0,
            rejected_delay: 30 * SECOND,
            busy_delay: 60 * SECOND,
            was_staffed: false,
            last_offered: None,
        }
    }

    /// How long a caller waits for a tier to open by time.
    pub(crate) fn tier_opens(&self, tier: u8) -> u64 {
        match tier {
            0 | 1 => 0,
            _ if self.tiers.each => self.tiers.wait * u64::from(tier - 1),
            _ => self.tiers.wait,
        }
    }
}

/// Centers that have as much in them as fits: each feature in one queue at least, and none alone.
pub(crate) fn center(number: usize) -> Model {
    let agents = vec![
        Agent::new(&[("french", 3), ("sales", 8)], &["early"], None),
        Agent::new(&[("sales", 5)], &["early", "vip"], Some(6)),
        Agent::new(&[("french", 7)], &[], None),
        Agent::new(&[("sales", 2)], &["vip"], None),
    ];
    let plain = Queue::new(&[(0, 1), (1, 1), (2, 1)], 10, 20, 4, None);
    let small = Queue::new(&[(2, 1), (3, 1)], 0, 15, 6, Some(60));
    let single = Queue::new(&[(1, 1)], 25, 5, 5, Some(20));
    let queues = match number {
        0 => vec![plain, small, single],
        1 => vec![
            Queue { strategy: Strategy::RingAll, unstaffed_max: Some(30 * SECOND), weight: 2, ..plain },
            Queue { strategy: Strategy::Progressive(4 * SECOND), join: "working", ..small },
            Queue { strategy: Strategy::LeastRecent, missed_max: 3, missed_delay: 7 * SECOND, ..single },
        ],
        2 => vec![
            tiered(Queue { strategy: Strategy::RoundRobin, ..plain }),
            Queue {
                strategy: Strategy::TopDown,
                weight: 3,
                rejected_delay: 0,
                busy_delay: 9 * SECOND,
                ..small
            },
            Queue { strategy: Strategy::Linear, join: "signed_in", weight: 2, ..single },
        ],
        3 => vec![
            planned(Queue { strategy: Strategy::BestSkill, ..plain }),
            Queue { strategy: Strategy::FewestCalls, missed_max: 0, ..small },
            tiered(Queue { strategy: Strategy::LeastTalk, unstaffed_max: Some(10 * SECOND), ..single }),
        ],
        4 => vec![
            planned(Queue { strategy: Strategy::Progressive(3 * SECOND), weight: 2, ..plain }),
            tiered(planned(Queue { strategy: Strategy::RingAll, unstaffed_max: Some(40 * SECOND), ..small })),
            Queue { strategy: Strategy::RingAll, ..single },
        ],
        _ => vec![
            Queue { strategy: Strategy::WeightedRandom, ..plain },
            planned(Queue { strategy: Strategy::Random, members: vec![(0, 1), (2, 1), (3, 1)], ..small }),
            tiered(Queue { strategy: Strategy::Random, members: vec![(0, 1), (1, 1), (3, 1)], ..single }),
        ],
    };
    Model::new(agents, queues)
}

pub(crate) const CENTERS: usize = 6;

/// An agent's share in every queue that draws lots.
pub(crate) fn weight(agent: usize) -> u8 {
    [1, 3, 2, 7][agent]
}

fn tiered(queue: Queue) -> Queue {
    let mut members: Vec<(usize, u8)> =
        (1..).zip(&queue.members).map(|(tier, (agent, _))| (*agent, tier)).collect();
    members.reverse();
    let tiers = Tiers { wait: 8 * SECOND, each: queue.weight == 1, skip_unstaffed: queue.wrap_up > 0 };
    Queue { members, tiers, ..queue }
}

fn planned(queue: Queue) -> Queue {
    let first = Plan {
        require: vec![("sales", 4)],
        groups: vec!["early"],
        skip_if: Some(Skip::NobodyFree),
        ring_count: Some(1),
        ..Plan::default()
    };
    let wider = Plan {
        after: 6 * SECOND,
        groups: vec!["vip"],
        prefer: vec![("sales", 2)],
        credit: 15 * SECOND,
        skip_if: Some(Skip::NobodyWorking),
        ring_count: Some(2),
        ..Plan::default()
    };
    let skilled = Plan { after: 12 * SECOND, min_level: Some(3), replace: true, ..Plan::default() };
    let anybody = Plan { after: 25 * SECOND, min_level: Some(0), ring_count: Some(3), ..Plan::default() };
    Queue { plan: vec![first, wider, skilled, anybody], ..queue }
}

pub(crate) fn name(agent: usize) -> AgentId {
    AgentId::from(format!("agent{agent}").as_str())
}

pub(crate) fn queue_name(queue: usize) -> QueueId {
    QueueId::from(format!("queue{queue}").as_str())
}

/// The same for the machine.
pub(crate) fn config(model: &Model) -> Config {
    let agents = model.agents.iter().enumerate().map(|(number, agent)| AgentConfig {
        skills: agent.skills.iter().map(|(skill, level)| (SkillId::from(*skill), *level)).collect(),
        groups: agent.groups.iter().map(|group| GroupId::from(*group)).collect(),
        daily_cap: agent.cap,
        ..AgentConfig::new(name(number), "".into())
    });
    Config {
        queues: model.queues.iter().enumerate().map(|(number, queue)| queue.config(number)).collect(),
        agents: agents.collect(),
        ..Config::default()
    }
}

impl Queue {
    fn config(&self, number: usize) -> QueueConfig {
        let micros = Duration::from_micros;
        let member = |(agent, tier): &(usize, u8)| Member {
            tier: *tier,
            weight: weight(*agent),
            ..Member::new(name(*agent))
        };
        QueueConfig {
            strategy: self.strategy(),
            ring_timeout: micros(self.ring),
            wrap_up: WrapUp { length: micros(self.wrap_up), ..WrapUp::default() },
            waiting_max: self.waiting_max,
            wait_max: self.wait_max.map(micros),
            unstaffed_max: self.unstaffed_max.map(micros),
            join: match self.join {
                "working" => Join::Working,
                "signed_in" => Join::SignedIn,
                _ => Join::Always,
            },
            weight: self.weight,
            tiers: hotline_acd::Tiers {
                wait: micros(self.tiers.wait),
                each: self.tiers.each,
                skip_unstaffed: self.tiers.skip_unstaffed,
            },
            plan: hotline_acd::Plan { steps: self.plan.iter().map(Plan::config).collect() },
            unanswered: Unanswered {
                missed_max: self.missed_max,
                missed_delay: micros(self.missed_delay),
                rejected_delay: micros(self.rejected_delay),
                busy_delay: micros(self.busy_delay),
            },
            ..QueueConfig::new(queue_name(number), self.members.iter().map(member).collect())
        }
    }

    fn strategy(&self) -> hotline_acd::Strategy {
        match self.strategy {
            Strategy::RingAll => hotline_acd::Strategy::RingAll,
            Strategy::LongestIdle => hotline_acd::Strategy::LongestIdle,
            Strategy::LeastRecent => hotline_acd::Strategy::LeastRecentOffer,
            Strategy::FewestCalls => hotline_acd::Strategy::FewestCallsToday,
            Strategy::LeastTalk => hotline_acd::Strategy::LeastTalkToday,
            Strategy::RoundRobin => hotline_acd::Strategy::RoundRobin,
            Strategy::Linear => hotline_acd::Strategy::Linear,
            Strategy::TopDown => hotline_acd::Strategy::TopDown,
            Strategy::Random => hotline_acd::Strategy::Random,
            Strategy::WeightedRandom => hotline_acd::Strategy::WeightedRandom,
            Strategy::BestSkill => hotline_acd::Strategy::BestSkill,
            Strategy::Progressive(every) => {
                hotline_acd::Strategy::ProgressiveRing(Duration::from_micros(every))
            }
        }
    }
}

impl Plan {
    fn config(&self) -> PlanStep {
        let requirement = |(skill, level): &(&str, u8)| Requirement {
            skill: SkillId::from(*skill),
            level: *level,
            weight: 1,
        };
        let preference = |(skill, weight): &(&str, u32)| Preference {
            skill: SkillId::from(*skill),
            weight: u8::try_from(*weight).unwrap(),
        };
        PlanStep {
            after: Duration::from_micros(self.after),
            require: self.require.iter().map(requirement).collect(),
            prefer: self.prefer.iter().map(preference).collect(),
            groups: self.groups.iter().map(|group| GroupId::from(*group)).collect(),
            min_level: self.min_level,
            ring_count: self.ring_count.map(|count| u32::try_from(count).unwrap()),
            priority_credit: Duration::from_micros(self.credit),
            replace: self.replace,
            skip_if: self.skip_if.map(|skip| match skip {
                Skip::NobodyFree => SkipIf::NobodyFree,
                Skip::NobodyWorking => SkipIf::NobodyWorking,
            }),
        }
    }
}
