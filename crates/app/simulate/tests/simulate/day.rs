//! A whole day at both levels.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hotline_acd::Strategy;
use hotline_base::{AgentId, CallId, QueueId, WallTime};
use hotline_call::{CallEvent, Event, EventKind};
use hotline_simulate::{Crew, Distribution, Level, Scenario, Simulation, Stream, Tally, callers};

use crate::center::center;

const HOUR: Duration = Duration::from_secs(3600);

fn constant(seconds: u64) -> Distribution {
    Distribution::Constant(Duration::from_secs(seconds))
}

/// Two hours with more callers than six agents can serve.
pub(crate) fn scenario(seed: u64) -> Scenario {
    let agents = center(6, Duration::ZERO).agents.into_keys().collect();
    Scenario {
        midnight: WallTime(1_700_000_000_000_000),
        seed,
        answer_within: Duration::from_secs(20),
        streams: vec![Stream {
            queue: QueueId::from("calls"),
            number: None,
            keys: String::new(),
            profile: vec![(HOUR, 80.0)],
            until: HOUR * 3,
            patience: Distribution::Exponential { mean: Duration::from_secs(90) },
            talk: Distribution::Gamma { mean: Duration::from_secs(120), deviation: Duration::from_secs(60) },
            wrap_up: Some(Distribution::Exponential { mean: Duration::from_secs(10) }),
        }],
        crews: vec![Crew::new(agents, HOUR..HOUR * 3)],
    }
}

pub(crate) fn pass(scenario: &Scenario, level: Level) -> (Tally, String) {
    let center = center(6, Duration::from_secs(30));
    let callers: Arc<[_]> = callers(scenario).into();
    let simulation = Simulation { level, center: &center, scenario, callers };
    let mut journal = Vec::new();
    let tally = simulation.run(Some(&mut journal)).expect("memory takes everything");
    (tally, String::from_utf8(journal).expect("JSON"))
}

pub(crate) fn events(journal: &str) -> Vec<Event> {
    journal.lines().map(|line| serde_json::from_str(line).expect("an event")).collect()
}

#[test]
fn every_caller_has_one_call_with_one_end_at_both_levels() {
    let scenario = scenario(1);
    let expected = callers(&scenario).len();
    for level in [Level::Acd, Level::Sip] {
        let (tally, journal) = pass(&scenario, level);
        let whole = tally.whole(&QueueId::from("calls"));
        assert_eq!(whole.offered as usize, expected, "{level:?}");
        assert_eq!(whole.answered + whole.abandoned + whole.left, whole.offered, "{level:?}");
        assert_eq!((tally.refused, whole.left), (0, 0), "{level:?}");
        assert!(whole.answered > 150 && whole.abandoned > 20, "{level:?}: {whole:?}");
        let mut ends: BTreeMap<CallId, u32> = BTreeMap::new();
        for event in events(&journal) {
            if let EventKind::Call { call, what } = event.kind {
                *ends.entry(call).or_default() += u32::from(matches!(what, CallEvent::Ended { .. }));
            }
        }
        assert_eq!(ends.len(), expected, "{level:?}");
        assert!(ends.values().all(|ends| *ends == 1), "{level:?}");
    }
}

#[test]
fn both_levels_come_to_nearly_the_same() {
    let scenario = scenario(2);
    let whole = |level| pass(&scenario, level).0.whole(&QueueId::from("calls"));
    let (acd, sip) = (whole(Level::Acd), whole(Level::Sip));
    assert_eq!(acd.offered, sip.offered);
    assert!(acd.answered.abs_diff(sip.answered) <= 6, "{} and {}", acd.answered, sip.answered);
    let asa = |row: &hotline_simulate::Row| row.speed_of_answer().map_or(0.0, |time| time.as_secs_f64());
    assert!((asa(&acd) - asa(&sip)).abs() < 3.0, "{} and {}", asa(&acd), asa(&sip));
}

#[test]
fn the_same_seed_gives_the_same_journal_byte_for_byte() {
    for level in [Level::Acd, Level::Sip] {
        let (first, again, other) =
            (pass(&scenario(3), level), pass(&scenario(3), level), pass(&scenario(4), level));
        assert!(first == again, "{level:?}");
        assert_ne!(first.1, other.1, "{level:?}");
    }
}

#[test]
fn seconds_of_agents_sum_to_their_shifts() {
    let mut scenario = scenario(5);
    scenario.crews[0].breaks = vec![HOUR * 2..HOUR * 2 + Duration::from_secs(900)];
    for level in [Level::Acd, Level::Sip] {
        let (tally, _) = pass(&scenario, level);
        let agents = scenario.crews[0].agents.iter().cloned().collect();
        let seconds = tally.seconds(&agents, None);
        let sum = seconds.ready + seconds.ringing + seconds.talking + seconds.wrap_up + seconds.not_ready;
        // Somebody may still talk when the shift ends.
        let paid = HOUR * 2 * 6;
        assert!(sum >= paid && sum < paid + HOUR, "{level:?}: {sum:?}");
        let rest = seconds.not_ready.as_secs_f64() / 6.0;
        assert!(rest > 600.0 && rest <= 900.0, "{level:?}: a break begins after the call at hand: {rest}");
    }
}

#[test]
fn who_misses_a_call_is_not_ready_until_it_is_noticed() {
    let mut scenario = scenario(6);
    scenario.crews[0].missed_percent = 10.0;
    scenario.crews[0].back_after = constant(120);
    for level in [Level::Acd, Level::Sip] {
        let (tally, _) = pass(&scenario, level);
        let agents = scenario.crews[0].agents.iter().cloned().collect();
        let away = tally.seconds(&agents, None).not_ready.as_secs_f64();
        assert!(tally.missed >= 10, "{level:?}: {}", tally.missed);
        let expected = tally.missed as f64 * 120.0;
        assert!((away - expected).abs() <= 240.0, "{level:?}: {away} and not {expected}");
    }
}

#[test]
fn lost_phones_cost_calls_time_and_nobody_its_caller() {
    let mut scenario = scenario(7);
    scenario.crews[0].losses_per_hour = 4.0;
    for level in [Level::Acd, Level::Sip] {
        let whole = pass(&scenario, level).0.whole(&QueueId::from("calls"));
        assert_eq!(whole.answered + whole.abandoned + whole.left, whole.offered, "{level:?}");
        assert!(whole.answered > 100, "{level:?}: {whole:?}");
    }
}

/// By the decisions that the journal holds: on each the agents who were free then had shares in proportion to their weights.
#[test]
fn lots_of_a_day_are_in_proportion_to_weights_and_every_decision_can_be_made_again() {
    let mut center = center(6, Duration::from_secs(30));
    let queue = center.queues.get_mut(&QueueId::from("calls")).expect("the center's queue");
    queue.routing.strategy = Strategy::WeightedRandom;
    for (member, weight) in queue.routing.members.iter_mut().zip([1, 1, 2, 4, 8, 16]) {
        member.weight = weight;
    }
    let mut scenario = scenario(9);
    scenario.streams[0].profile = vec![(HOUR, 1500.0)];
    scenario.streams[0].talk = constant(5);
    scenario.streams[0].wrap_up = Some(constant(1));
    let callers: Arc<[_]> = callers(&scenario).into();
    let simulation = Simulation { level: Level::Acd, center: &center, scenario: &scenario, callers };
    let mut journal = Vec::new();
    simulation.run(Some(&mut journal)).expect("memory takes everything");
    // For each agent: chosen how often, how often it should have been, and the variance of that.
    let mut drawn: BTreeMap<AgentId, (f64, f64, f64)> = BTreeMap::new();
    let mut decisions = 0;
    for event in events(&String::from_utf8(journal).expect("JSON")) {
        let EventKind::Call { what: CallEvent::Offered { agent, because: Some(because), .. }, .. } =
            event.kind
        else {
            continue;
        };
        assert_eq!(because.replay().as_ref(), Some(&agent));
        let all: f64 = because.candidates.iter().map(|candidate| f64::from(candidate.weight)).sum();
        for candidate in because.candidates {
            let share = f64::from(candidate.weight) / all;
            let (chosen, expected, variance) = drawn.entry(candidate.agent.clone()).or_default();
            *chosen += f64::from(u8::from(candidate.agent == agent));
            *expected += share;
            *variance += share * (1.0 - share);
        }
        decisions += 1;
    }
    assert!(decisions > 2500, "{decisions} decisions");
    for (agent, (chosen, expected, variance)) in drawn {
        let far = (chosen - expected) / variance.sqrt();
        assert!(far.abs() < 4.0, "{agent}: {chosen} and not {expected}, {far} standard deviations");
    }
}
