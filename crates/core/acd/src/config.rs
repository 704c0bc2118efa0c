//! What an administrator decides about queues and agents. Checked before it gets here; nothing is parsed.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hotline_base::{AgentId, GroupId, Pii, QueueId, SkillId};
use serde::{Deserialize, Serialize};

use crate::{Plan, Tiers};

/// The highest level that an agent can have of a skill. Level 0 is the same as not to have it.
pub const SKILL_LEVEL_MAX: u8 = 10;

/// All queues and all agents of one center.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// Every queue; of two with one id the later counts.
    pub queues: Vec<QueueConfig>,
    /// Every agent; of two with one id the later counts.
    pub agents: Vec<AgentConfig>,
    /// The reasons for which agents may be not ready, by the word that stands for each. Without any, agents give
    /// whatever reason they like.
    pub reasons: BTreeMap<Arc<str>, ReasonConfig>,
    /// For how long an agent who is ready may be without a phone; then it is not ready. Without it the agent takes calls
    /// again whenever the phone is back.
    pub phone_grace: Option<Duration>,
}

/// One queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueConfig {
    /// How flows and members name it.
    pub id: QueueId,
    /// How people name it.
    pub name: String,
    /// Which of the agents that may be offered a call is.
    pub strategy: Strategy,
    /// How long one agent's phone rings.
    pub ring_timeout: Duration,
    /// After-call work of its calls.
    pub wrap_up: WrapUp,
    /// The agents who serve it, in the order that [`Strategy::Linear`] and [`Strategy::TopDown`] follow. One that the
    /// center does not know is skipped.
    pub members: Vec<Member>,
    /// How many callers may wait, those being offered included.
    pub waiting_max: usize,
    /// How long one caller may wait before [`LimitReached`](crate::Event::LimitReached).
    pub wait_max: Option<Duration>,
    /// Who may join while nobody could come.
    pub join: Join,
    /// How long callers stay once no member works any more; `None` for as long as they may wait at all.
    pub unstaffed_max: Option<Duration>,
    /// Callers of a queue with a greater weight go before those of this one to agents who serve both, however long these
    /// have waited. Of equal weights the caller with the least [`CallerKey`](crate::CallerKey) is first.
    pub weight: u8,
    /// When members of a higher tier are asked.
    pub tiers: Tiers,
    /// Who may be asked after which wait.
    pub plan: Plan,
    /// What follows for an agent who does not take an offer.
    pub unanswered: Unanswered,
    /// From the wait of a caller who hung up until here on it counts as abandoned, not as a short abandon.
    pub short_abandon: Duration,
}

impl QueueConfig {
    /// A queue with the usual rules.
    #[must_use]
    pub fn new(id: QueueId, members: Vec<Member>) -> Self {
        Self {
            name: id.as_str().to_owned(),
            id,
            strategy: Strategy::LongestIdle,
            ring_timeout: Duration::from_secs(15),
            wrap_up: WrapUp::default(),
            members,
            waiting_max: 200,
            wait_max: None,
            join: Join::Always,
            unstaffed_max: None,
            weight: 1,
            tiers: Tiers::default(),
            plan: Plan::default(),
            unanswered: Unanswered::default(),
            short_abandon: Duration::from_secs(5),
        }
    }
}

/// An agent in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Who.
    pub agent: AgentId,
    /// 1 is asked first; see [`Tiers`].
    pub tier: u8,
    /// The share of calls with [`Strategy::WeightedRandom`], 1 to 100.
    pub weight: u8,
    /// The length of this agent's after-call work here, if it is not the queue's.
    pub wrap_up: Option<Duration>,
}

impl Member {
    /// A member of the first tier with weight 1.
    #[must_use]
    pub const fn new(agent: AgentId) -> Self {
        Self { agent, tier: 1, weight: 1, wrap_up: None }
    }
}

/// How a queue chooses among the agents who may be offered a call, once tier and preferred skills are equal. Equal ones
/// follow [`Strategy::LongestIdle`], then the agent's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Strategy {
    /// All of them at once; who answers first has the call. With a plan step's
    /// [`ring_count`](crate::PlanStep::ring_count) so many, the longest idle ones.
    RingAll,
    /// The agent for whom the latest of {end of the last wrap-up, became ready, signed in} is longest ago. An offer that
    /// was not taken changes nothing.
    LongestIdle,
    /// The agent to whom the last offer, taken or not, was longest ago.
    LeastRecentOffer,
    /// The fewest calls from queues in the last [`RECENT`](crate::RECENT) by the time ready in it, so that a newcomer is not
    /// flooded.
    FewestCallsToday,
    /// The least time in talks in the last [`RECENT`](crate::RECENT) by the time ready in it.
    LeastTalkToday,
    /// The next one by id after the one who was offered the queue's last call, around.
    RoundRobin,
    /// The first one in the queue's order of members.
    Linear,
    /// The first one in the queue's order of members after the last that this caller was offered to, around.
    TopDown,
    /// Anyone, by lot. The lot is the call's own and can be drawn again.
    Random,
    /// By lot, each in proportion to its [`Member::weight`].
    WeightedRandom,
    /// The greatest sum of weight × (level − required level) over the skills that the call requires.
    BestSkill,
    /// The longest idle one; then, while that phone rings on, one more after each such time.
    ProgressiveRing(Duration),
}

impl Strategy {
    /// Every one, progressive ring with this time between two phones.
    #[must_use]
    pub const fn all(ring_delay: Duration) -> [Self; 12] {
        [
            Self::RingAll,
            Self::LongestIdle,
            Self::LeastRecentOffer,
            Self::FewestCallsToday,
            Self::LeastTalkToday,
            Self::RoundRobin,
            Self::Linear,
            Self::TopDown,
            Self::Random,
            Self::WeightedRandom,
            Self::BestSkill,
            Self::ProgressiveRing(ring_delay),
        ]
    }

    /// The word that stands for it in the configuration and for programs outside. Never changes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RingAll => "ring_all",
            Self::LongestIdle => "longest_idle",
            Self::LeastRecentOffer => "least_recent_offer",
            Self::FewestCallsToday => "fewest_calls_today",
            Self::LeastTalkToday => "least_talk_today",
            Self::RoundRobin => "round_robin",
            Self::Linear => "linear",
            Self::TopDown => "top_down",
            Self::Random => "random",
            Self::WeightedRandom => "weighted_random",
            Self::BestSkill => "best_skill",
            Self::ProgressiveRing(_) => "progressive_ring",
        }
    }
}

/// What begins for an agent when its part of a queue's call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrapUp {
    /// Whether and how it ends.
    pub mode: WrapUpMode,
    /// Its length, in the modes that have one.
    pub length: Duration,
    /// By how much an agent can make it longer at once.
    pub extend_by: Duration,
    /// How often.
    pub extensions_max: u8,
    /// Whether it goes on until the call has a disposition.
    pub disposition_required: bool,
}

impl Default for WrapUp {
    fn default() -> Self {
        Self {
            mode: WrapUpMode::Timed,
            length: Duration::from_secs(10),
            extend_by: Duration::from_secs(30),
            extensions_max: 3,
            disposition_required: false,
        }
    }
}

/// Whether after-call work begins, and what ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WrapUpMode {
    /// It lasts until the agent ends it.
    Manual,
    /// It begins only if the agent asks for it within its length after the call, before another offer.
    Optional,
    /// It ends by itself, or early by hand.
    Timed,
    /// It lasts its full length.
    Forced,
    /// It begins only if the agent asked for it during the call, and then is like `Timed`.
    OnRequest,
}

/// Who may join a queue while nobody could come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Join {
    /// Everybody, if the queue has members at all.
    #[default]
    Always,
    /// Only while a member is signed in.
    SignedIn,
    /// Only while a member takes calls, now or after the one it has.
    Working,
}

/// What follows for an agent who does not take an offer, by cause (semantics: ring-no-answer policy).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unanswered {
    /// After so many missed offers in a row the agent is not ready, "missed"; 0 never.
    pub missed_max: u32,
    /// How long an agent who missed one, and stays ready, gets no other.
    pub missed_delay: Duration,
    /// The same after a rejected one.
    pub rejected_delay: Duration,
    /// The same after one to a busy phone.
    pub busy_delay: Duration,
}

impl Default for Unanswered {
    fn default() -> Self {
        Self {
            missed_max: 1,
            missed_delay: Duration::ZERO,
            rejected_delay: crate::REJECTED_DELAY,
            busy_delay: crate::BUSY_DELAY,
        }
    }
}

/// One agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentConfig {
    /// The user name, which is also the SIP user.
    pub id: AgentId,
    /// The person's name.
    pub name: Pii<String>,
    /// What the agent can do, each at level 1 to [`SKILL_LEVEL_MAX`].
    pub skills: BTreeMap<SkillId, u8>,
    /// The groups that the agent belongs to.
    pub groups: BTreeSet<GroupId>,
    /// How many calls from queues the agent takes on one day; `None` for any number.
    pub daily_cap: Option<u32>,
}

impl AgentConfig {
    /// An agent without skills.
    #[must_use]
    pub const fn new(id: AgentId, name: Pii<String>) -> Self {
        Self { id, name, skills: BTreeMap::new(), groups: BTreeSet::new(), daily_cap: None }
    }
}

/// A reason for which agents may be not ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonConfig {
    /// How people name it.
    pub name: String,
    /// What reports count it as.
    pub class: ReasonClass,
    /// How long one agent may have it on one day. Whoever has had so much cannot choose it again that day; nobody is
    /// thrown out of it.
    pub daily_quota: Option<Duration>,
    /// How many agents may have it at once.
    pub at_once_max: Option<u32>,
}

/// What reports count a not-ready reason as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ReasonClass {
    /// Paid rest.
    Break,
    /// A meal.
    Meal,
    /// Work away from the phone: mail, a case, a letter.
    Work,
    /// Training and meetings.
    Training,
    /// The phone, the network or this server does not work.
    Fault,
    /// Anything else.
    Other,
}
