//! Why a call went to this agent, or to nobody: in fields for programs, and in words for people.

use hotline_acd::{Candidate, Decision, DelayCause, Gate, Ring, Strategy};
use hotline_api_types as api;
use hotline_base::WallTime;

use super::record::millis;
use super::time;

/// As of the moment `at` at which it was made.
pub(crate) fn decision(decision: &Decision, at: WallTime) -> api::Decision {
    let candidates: Vec<api::Candidate> = decision.candidates.iter().map(candidate).collect();
    api::Decision {
        strategy: decision.strategy.as_str().to_owned(),
        position: decision.position,
        waited_ms: millis(decision.waited),
        step: decision.step,
        seed: decision.seed.map(|seed| format!("{seed:016x}")),
        words: words(decision),
        candidates,
        refused: decision
            .refused
            .iter()
            .map(|refusal| api::Refusal {
                agent: refusal.agent.to_string(),
                gate: refusal.gate.code().to_owned(),
                until: opens(&refusal.gate).map(time),
                words: refused(&refusal.gate, at),
            })
            .collect(),
        unlisted: decision.unlisted,
    }
}

fn candidate(candidate: &Candidate) -> api::Candidate {
    api::Candidate {
        agent: candidate.agent.to_string(),
        tier: candidate.sort_key.tier,
        preference: candidate.sort_key.preference,
        measure: candidate.sort_key.measure,
        idle_ms: millis(candidate.sort_key.idle_for),
    }
}

/// The whole in one sentence.
fn words(decision: &Decision) -> String {
    match decision.candidates.split_first() {
        None => {
            format!("nobody of {} can take the call", decision.refused.len() + decision.unlisted as usize)
        }
        Some((first, [])) => format!("{} is the only one who can take the call", first.agent),
        Some((first, rest)) => {
            let second = &rest[0];
            format!("{} before {}: {}", first.agent, second.agent, before(decision.strategy, first, second))
        }
    }
}

/// What put the first before the second.
fn before(strategy: Strategy, first: &Candidate, second: &Candidate) -> String {
    let (one, other) = (&first.sort_key, &second.sort_key);
    if one.tier != other.tier {
        return format!("tier {} before tier {}", one.tier, other.tier);
    }
    if one.preference != other.preference {
        return format!("{} points of preferred skills against {}", one.preference, other.preference);
    }
    if one.measure != other.measure {
        return match strategy {
            Strategy::LeastRecentOffer => "its last offer is longer ago".to_owned(),
            Strategy::FewestCallsToday => "fewer calls for the time it took calls".to_owned(),
            Strategy::LeastTalkToday => "less talk for the time it took calls".to_owned(),
            Strategy::RoundRobin => "next in turn".to_owned(),
            Strategy::Linear => "earlier in the queue's order".to_owned(),
            Strategy::TopDown => "next in the queue's order for this caller".to_owned(),
            Strategy::Random | Strategy::WeightedRandom => "by lot".to_owned(),
            Strategy::BestSkill => format!("{} points of skill against {}", -one.measure, -other.measure),
            Strategy::RingAll | Strategy::LongestIdle | Strategy::ProgressiveRing(_) => String::new(),
        };
    }
    if one.idle_for == other.idle_for {
        return "the same in all; the order of ids decides".to_owned();
    }
    format!("idle for {} s against {} s", one.idle_for.as_secs(), other.idle_for.as_secs())
}

/// When the gate opens by itself.
const fn opens(gate: &Gate) -> Option<WallTime> {
    match gate {
        Gate::RnaDelay { until, .. } => Some(*until),
        Gate::RingClosed { opens, .. } => *opens,
        Gate::WrapUp { until } | Gate::StickyHeld { until, .. } => *until,
        Gate::NotLoggedIn
        | Gate::NotInQueue
        | Gate::NotReady { .. }
        | Gate::NoRegistration
        | Gate::DeviceBusy
        | Gate::Reserved { .. }
        | Gate::AtCapacity
        | Gate::SkillMissing { .. }
        | Gate::SkillLevel { .. }
        | Gate::ExcludedByCall
        | Gate::QueuePrecedence { .. }
        | Gate::DailyCap => None,
    }
}

fn refused(gate: &Gate, at: WallTime) -> String {
    let further = |until: Option<WallTime>| match until {
        Some(until) => format!(" for another {} s", until.since(at).as_secs_f64().ceil()),
        None => String::new(),
    };
    match gate {
        Gate::NotLoggedIn => "signed out".to_owned(),
        Gate::NotInQueue => "does not serve this queue".to_owned(),
        Gate::NotReady { reason } => format!("not ready: {}", reason.as_str()),
        Gate::NoRegistration => "the phone is not registered".to_owned(),
        Gate::DeviceBusy => "in a call outside the queues".to_owned(),
        Gate::Reserved { .. } => "a call is on offer".to_owned(),
        Gate::AtCapacity => "talks".to_owned(),
        Gate::WrapUp { until } => format!("after-call work{}", further(*until)),
        Gate::RnaDelay { until, cause } => {
            let after = match cause {
                DelayCause::Missed => "a missed call",
                DelayCause::Rejected => "a rejected call",
                DelayCause::Busy => "a busy phone",
                DelayCause::PhoneFault => "a fault of the phone",
                DelayCause::ServerFault => "a fault of this server",
            };
            format!("no calls after {after}{}", further(Some(*until)))
        }
        Gate::SkillMissing { skill } => format!("does not have {skill}"),
        Gate::SkillLevel { skill, has, needs } => format!("{skill} {has}, needs {needs}"),
        Gate::RingClosed { ring: Ring::Tier(tier), opens } => {
            format!("tier {tier} is not asked yet{}", further(*opens))
        }
        Gate::RingClosed { ring: Ring::Plan, opens } => {
            format!("no step of the plan admits this agent yet{}", further(*opens))
        }
        Gate::StickyHeld { agent, until } => format!("the call is held for {agent}{}", further(*until)),
        Gate::ExcludedByCall => "has let this call go before".to_owned(),
        Gate::QueuePrecedence { queue } => format!("a caller of {queue} goes first"),
        Gate::DailyCap => "has had as many calls today as it may".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use hotline_acd::{Refusal, SortKey};

    use super::*;

    fn candidate(agent: &str, tier: u8, idle: u64) -> Candidate {
        let sort_key = SortKey { tier, preference: 0, measure: 0, idle_for: Duration::from_secs(idle) };
        Candidate { agent: agent.into(), weight: 1, sort_key }
    }

    fn made(candidates: Vec<Candidate>, refused: Vec<Refusal>) -> api::Decision {
        let made = Decision {
            strategy: Strategy::LongestIdle,
            position: 1,
            waited: Duration::from_millis(1500),
            step: None,
            seed: None,
            candidates,
            refused,
            unlisted: 0,
        };
        decision(&made, WallTime(60_000_000))
    }

    #[test]
    fn a_manager_reads_why() {
        assert_eq!(
            made(vec![candidate("1001", 1, 62), candidate("1002", 1, 7)], vec![]).words,
            "1001 before 1002: idle for 62 s against 7 s"
        );
        assert_eq!(
            made(vec![candidate("1001", 1, 1), candidate("1002", 2, 7)], vec![]).words,
            "1001 before 1002: tier 1 before tier 2"
        );
        let gates = [
            Gate::WrapUp { until: Some(WallTime(67_400_000)) },
            Gate::SkillLevel { skill: "spanish".into(), has: 2, needs: 3 },
        ];
        let refused: Vec<Refusal> =
            gates.into_iter().map(|gate| Refusal { agent: "1007".into(), gate }).collect();
        let nobody = made(vec![], refused);
        assert_eq!(nobody.words, "nobody of 2 can take the call");
        let words: Vec<&str> = nobody.refused.iter().map(|refusal| refusal.words.as_str()).collect();
        assert_eq!(words, ["after-call work for another 8 s", "spanish 2, needs 3"]);
    }
}
