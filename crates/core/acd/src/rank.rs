//! The order among the agents who may be offered a call. Pure: the same candidates are always in the same order.

use core::cmp::Reverse;
use core::time::Duration;

use hotline_base::{AgentId, CallId, Rng};
use serde::{Deserialize, Serialize};

use crate::agent::Agent;
use crate::gate::Asking;
use crate::queue::Membership;
use crate::{Requirement, Strategy};

/// An agent who could have been offered the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Who.
    pub agent: AgentId,
    /// Its share with [`Strategy::WeightedRandom`].
    pub weight: u8,
    /// What it was ordered by.
    pub sort_key: SortKey,
}

/// What candidates are ordered by, the first field first; then by the agent's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SortKey {
    /// The tier in the queue; the least first.
    pub tier: u8,
    /// The sum of weight × level over the skills that the plan prefers; the greatest first.
    pub preference: u32,
    /// The strategy's own measure; the least first.
    ///
    /// | strategy                                   | measure                                                     |
    /// |--------------------------------------------|-------------------------------------------------------------|
    /// | ring all, longest idle, progressive ring   | 0                                                           |
    /// | least recent offer                         | when the last offer was, in µs; −1 before the first         |
    /// | fewest calls today                         | calls in 1000 hours of taking calls                         |
    /// | least talk today                           | talk in a million parts of the time of taking calls         |
    /// | round robin, top down                      | places after the last one, around                           |
    /// | linear                                     | the place                                                   |
    /// | random                                     | the lot                                                     |
    /// | weighted random                            | the least of as many lots as the agent's weight             |
    /// | best skill                                 | minus the sum of weight × (level − required level)          |
    pub measure: i64,
    /// How long it has been idle; the longest first.
    pub idle_for: Duration,
}

impl Candidate {
    pub(crate) fn order(&self, other: &Self) -> core::cmp::Ordering {
        let key = |candidate: &Self| {
            let SortKey { tier, preference, measure, idle_for } = candidate.sort_key;
            (tier, Reverse(preference), measure, Reverse(idle_for))
        };
        key(self).cmp(&key(other)).then_with(|| self.agent.cmp(&other.agent))
    }
}

impl Strategy {
    /// Whether the order of tiers and idle times is the order of the candidates, if no skill is preferred.
    pub(crate) const fn is_by_idle_time(self) -> bool {
        match self {
            Self::RingAll | Self::LongestIdle | Self::ProgressiveRing(_) => true,
            Self::LeastRecentOffer
            | Self::FewestCallsToday
            | Self::LeastTalkToday
            | Self::RoundRobin
            | Self::Linear
            | Self::TopDown
            | Self::Random
            | Self::WeightedRandom
            | Self::BestSkill => false,
        }
    }

    /// How many lots an agent of this weight draws; `None` if the strategy draws none.
    pub(crate) const fn lots(self, weight: u8) -> Option<u8> {
        match self {
            Self::Random => Some(1),
            Self::WeightedRandom => Some(if weight == 0 { 1 } else { weight }),
            Self::RingAll
            | Self::LongestIdle
            | Self::LeastRecentOffer
            | Self::FewestCallsToday
            | Self::LeastTalkToday
            | Self::RoundRobin
            | Self::Linear
            | Self::TopDown
            | Self::BestSkill
            | Self::ProgressiveRing(_) => None,
        }
    }
}

/// The seed of one pass for one call.
pub(crate) fn seed(call: CallId, pass: u32) -> u64 {
    let mut seed = [0; 32];
    seed[..16].copy_from_slice(call.0.as_bytes());
    seed[16..20].copy_from_slice(&pass.to_le_bytes());
    Rng::from_seed(seed).next_u64()
}

/// The least of `lots` lots of one agent. It depends on nobody else, so that the others can come and go; of two agents with
/// the weights 1 and 3 the second has the least lot of all in three of four cases.
pub(crate) fn lot(seed: u64, agent: &AgentId, lots: u8) -> i64 {
    let mut own = [0; 32];
    own[..8].copy_from_slice(&seed.to_le_bytes());
    own[8..16].copy_from_slice(&fnv_1a(agent.as_str()).to_le_bytes());
    let mut rng = Rng::from_seed(own);
    let least = (0..lots.max(1)).map(|_| rng.next_u64() >> 1).min().expect("there is at least one lot");
    i64::try_from(least).expect("63 bits fit")
}

/// Fowler, Noll and Vo's hash: spreads names over generators, and keeps nothing secret.
fn fnv_1a(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

impl Asking<'_> {
    /// The agent as a candidate for this caller; `member` is how it serves the queue.
    pub(crate) fn candidate(
        &self,
        agent: &Agent,
        member: Option<&Membership>,
        seed: Option<u64>,
    ) -> Candidate {
        let weight = member.map_or(1, |member| member.weight);
        let steps = self.caller.progress.steps(&self.queue.config.plan);
        let preferred = steps.flat_map(|step| &step.prefer);
        let preference =
            preferred.map(|wish| u32::from(wish.weight) * u32::from(agent.level(&wish.skill))).sum();
        let sort_key = SortKey {
            tier: member.map_or(1, |member| member.tier),
            preference,
            measure: self.measure(agent, weight, seed),
            idle_for: self.now.mono - agent.idle_since,
        };
        Candidate { agent: agent.config.id.clone(), weight, sort_key }
    }

    fn measure(&self, agent: &Agent, weight: u8, seed: Option<u64>) -> i64 {
        let id = &agent.config.id;
        match self.queue.config.strategy {
            Strategy::RingAll | Strategy::LongestIdle | Strategy::ProgressiveRing(_) => 0,
            Strategy::LeastRecentOffer => agent.last_offer.map_or(-1, |at| clamp(u128::from(at.0))),
            Strategy::FewestCallsToday => {
                let recent = agent.recent(self.now.mono);
                per_time(u128::from(recent.calls) * 3_600_000_000, recent.ready)
            }
            Strategy::LeastTalkToday => {
                let recent = agent.recent(self.now.mono);
                per_time(recent.talk.as_millis() * 1_000_000, recent.ready)
            }
            Strategy::RoundRobin => self.queue.places_by_id(id),
            Strategy::Linear => self.queue.places_after(id, None),
            Strategy::TopDown => self.queue.places_after(id, self.caller.last_offered.as_ref()),
            strategy @ (Strategy::Random | Strategy::WeightedRandom) => {
                let lots = strategy.lots(weight).unwrap_or(1);
                lot(seed.unwrap_or_default(), id, lots)
            }
            Strategy::BestSkill => -self.excess(agent),
        }
    }
}

impl Asking<'_> {
    /// By how much an agent exceeds what is asked for: by the caller, and by the steps of the plan that have begun. What both ask
    /// for counts once, as the caller asks for it.
    fn excess(&self, agent: &Agent) -> i64 {
        let own = &self.caller.requires;
        let steps = self.caller.progress.steps(&self.queue.config.plan).flat_map(|step| &step.require);
        let mut counted: Vec<&Requirement> = own.iter().collect();
        for asked in steps {
            if counted.iter().all(|known| known.skill != asked.skill) {
                counted.push(asked);
            }
        }
        let more = |asked: &&Requirement| {
            i64::from(asked.weight) * (i64::from(agent.level(&asked.skill)) - i64::from(asked.level))
        };
        counted.iter().map(more).sum()
    }
}

/// What `amount` is in a millisecond of `time`. Less than a second counts as one.
fn per_time(amount: u128, time: Duration) -> i64 {
    clamp(amount / time.as_millis().max(1000))
}

fn clamp(number: u128) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The seed with which a caller's next pass draws, if the strategy draws at all.
pub(crate) fn seed_of(asking: &Asking<'_>) -> Option<u64> {
    let draws = asking.queue.config.strategy.lots(1).is_some();
    draws.then(|| seed(asking.caller.key.call, asking.caller.passes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn winner(seed: u64, weights: &[(&str, u8)]) -> usize {
        let lots = weights.iter().map(|(name, weight)| lot(seed, &AgentId::from(*name), *weight));
        lots.enumerate().min_by_key(|(_, lot)| *lot).expect("there are agents").0
    }

    #[test]
    fn lots_are_in_proportion_to_weights() {
        let agents = [("adam", 1), ("ben", 3), ("carl", 6)];
        let mut won = [0_u32; 3];
        for seed in 0..10_000 {
            won[winner(seed, &agents)] += 1;
        }
        for (won, share) in won.into_iter().zip([1000, 3000, 6000]) {
            assert!(won.abs_diff(share) < 200, "{won} of 10000 instead of {share}");
        }
    }

    #[test]
    fn a_lot_does_not_depend_on_who_else_draws() {
        let all = [("adam", 1), ("ben", 1), ("carl", 1)];
        for seed in 0..100 {
            let first = winner(seed, &all);
            let without_another: Vec<_> = all
                .iter()
                .enumerate()
                .filter(|(index, _)| *index != (first + 1) % 3)
                .map(|(_, agent)| *agent)
                .collect();
            assert_eq!(without_another[winner(seed, &without_another)], all[first]);
        }
    }

    #[test]
    fn each_pass_draws_anew() {
        let call = CallId::parse(&format!("{:032x}", 7)).expect("it is one");
        assert_ne!(seed(call, 0), seed(call, 1));
        assert_eq!(seed(call, 1), seed(call, 1));
    }
}
