//! Which of the free agents is asked first.

use hotline_acd::{
    AgentConfig, Event, Member, OfferFailure, Plan, PlanStep, Preference, QueueConfig, Requirement, Strategy,
};
use hotline_base::SkillId;

use crate::center::{Center, WRAP_UP, agent, call, entry, queue, seconds};

fn by(strategy: Strategy, names: &[&str]) -> Center {
    Center::open(vec![QueueConfig { strategy, ..queue("sales", names) }], names)
}

/// The agents who get one caller after the other, each answering and ending at once.
fn turns(center: &mut Center, numbers: core::ops::Range<u32>) -> Vec<String> {
    let turn = |number| {
        center.enqueue(number);
        let name = center.offered_to(number);
        center.answer(number);
        center.wait(60);
        center.end(&name);
        center.wait(WRAP_UP);
        name
    };
    numbers.map(turn).collect()
}

fn skilled(name: &str, skills: &[(&str, u8)]) -> AgentConfig {
    let skills = skills.iter().map(|(skill, level)| (SkillId::from(*skill), *level)).collect();
    AgentConfig { skills, ..AgentConfig::new(agent(name), "".into()) }
}

#[test]
fn least_recent_offer_counts_offers_that_were_not_taken() {
    let mut center = by(Strategy::LeastRecentOffer, &["adam", "ben"]);
    center.enqueue(1);
    assert_eq!(center.offered_to(1), "adam");
    center.leave(1);
    center.wait(1);
    center.enqueue(2);
    assert_eq!(center.offered_to(2), "ben");
}

#[test]
fn fewest_calls_does_not_flood_a_newcomer() {
    let mut center = by(Strategy::FewestCallsToday, &["adam", "ben", "carl"]);
    center.acd.sign_out(center.now, &agent("carl")).unwrap();
    turns(&mut center, 1..41);
    center.staff("carl");
    let next = turns(&mut center, 41..51);
    let of_newcomer = next.iter().filter(|name| *name == "carl").count();
    assert!((1..=5).contains(&of_newcomer), "{next:?}");
}

#[test]
fn least_talk_spares_who_talked_long() {
    let mut center = by(Strategy::LeastTalkToday, &["adam", "ben"]);
    center.enqueue(1);
    center.answer(1);
    center.wait(600);
    center.end("adam");
    center.wait(WRAP_UP);
    assert_eq!(turns(&mut center, 2..7), ["ben"; 5]);
}

#[test]
fn round_robin_goes_on_after_an_agent_who_is_gone() {
    let mut center = by(Strategy::RoundRobin, &["carl", "adam", "ben"]);
    assert_eq!(turns(&mut center, 1..5), ["adam", "ben", "carl", "adam"]);
    turns(&mut center, 5..6);
    let rest = QueueConfig { strategy: Strategy::RoundRobin, ..queue("sales", &["carl", "adam"]) };
    let config = hotline_acd::Config {
        queues: vec![rest],
        agents: crate::center::agents(&["carl", "adam", "ben"]),
        ..Default::default()
    };
    center.acd.reconfigure(center.now, config);
    assert_eq!(turns(&mut center, 6..8), ["carl", "adam"]);
}

#[test]
fn linear_begins_anew_for_each_caller_and_top_down_goes_on_for_the_same() {
    let mut center = by(Strategy::Linear, &["zoe", "ben", "carl"]);
    assert_eq!(turns(&mut center, 1..3), ["zoe", "zoe"]);
    let mut center = by(Strategy::TopDown, &["zoe", "ben", "carl"]);
    center.enqueue(1);
    let mut asked = vec![center.offered_to(1)];
    for _ in 0..3 {
        center.fail(1, OfferFailure::ServerFault);
        asked.push(center.offered_to(1));
        center.wait(5);
    }
    assert_eq!(asked, ["zoe", "ben", "carl", "zoe"]);
    center.enqueue(2);
    assert_eq!(center.offered_to(2), "ben", "another caller begins at the top: zoe has the first");
}

#[test]
fn lots_are_drawn_in_proportion_and_can_be_drawn_again() {
    let members = vec![
        Member { weight: 1, ..Member::new(agent("adam")) },
        Member { weight: 4, ..Member::new(agent("ben")) },
    ];
    let strategy = Strategy::WeightedRandom;
    let sales = QueueConfig { strategy, members, ..queue("sales", &[]) };
    let mut center = Center::open(vec![sales], &["adam", "ben"]);
    let of_ben = turns(&mut center, 1..301).iter().filter(|name| *name == "ben").count();
    assert!((210..=270).contains(&of_ben), "{of_ben} of 300 instead of 240");
    for event in center.told() {
        if let Event::Offer { agent, mut because, .. } = event {
            for candidate in &mut because.candidates {
                candidate.sort_key.measure = 0;
            }
            assert_eq!(because.replay(), Some(agent), "the seed is enough");
        }
    }
}

/// How far counts are from shares (Pearson's χ²).
fn chi_square(counts: &[u32], shares: &[f64]) -> f64 {
    let all: f64 = counts.iter().map(|count| f64::from(*count)).sum();
    let parts: f64 = shares.iter().sum();
    let expected = shares.iter().map(|share| all * share / parts);
    counts
        .iter()
        .zip(expected)
        .map(|(count, expected)| (f64::from(*count) - expected).powi(2) / expected)
        .sum()
}

/// How often each of `names` is the first choice of so many callers, each of whom leaves before anybody answers.
fn drawn(center: &mut Center, names: &[&str], numbers: core::ops::Range<u32>) -> Vec<u32> {
    let mut counts = vec![0; names.len()];
    for number in numbers {
        center.enqueue(number);
        let chosen = center.offered_to(number);
        counts[names.iter().position(|name| *name == chosen).unwrap()] += 1;
        center.leave(number);
    }
    counts
}

/// 99.9 % of all samples of a fair draw are below these, by degrees of freedom (the χ² table).
const CHI_SQUARE_MAX: [f64; 4] = [0.0, 10.828, 13.816, 16.266];

#[test]
fn twenty_thousand_lots_are_in_proportion_to_the_weights_of_those_who_are_free() {
    let names = ["adam", "ben", "carl", "dora"];
    let weights = [1, 3, 6, 100];
    let members = names.iter().zip(weights);
    let members = members.map(|(name, weight)| Member { weight, ..Member::new(agent(name)) }).collect();
    let strategy = Strategy::WeightedRandom;
    let sales = QueueConfig { strategy, members, ..queue("sales", &[]) };
    let mut center = Center::open(vec![sales], &names);
    let far = chi_square(&drawn(&mut center, &names, 1..20_001), &weights.map(f64::from));
    assert!(far < CHI_SQUARE_MAX[3], "χ² {far}");
    // The three others have the shares among themselves that they had before.
    center.acd.set_registered(center.now, &agent("dora"), false);
    let counts = drawn(&mut center, &names, 20_001..40_001);
    assert_eq!(counts[3], 0);
    let far = chi_square(&counts[..3], &[1.0, 3.0, 6.0]);
    assert!(far < CHI_SQUARE_MAX[2], "χ² {far}: {counts:?}");
}

#[test]
fn a_weight_is_a_share_within_its_tier_and_never_goes_before_one() {
    let names = ["adam", "ben", "carl"];
    let member = |name, tier, weight| Member { tier, weight, ..Member::new(agent(name)) };
    let members = vec![member("adam", 1, 1), member("ben", 1, 2), member("carl", 2, 100)];
    let sales = QueueConfig { strategy: Strategy::WeightedRandom, members, ..queue("sales", &[]) };
    let mut center = Center::open(vec![sales], &names);
    let counts = drawn(&mut center, &names, 1..10_001);
    assert_eq!(counts[2], 0, "of the second tier, however great its weight");
    let far = chi_square(&counts[..2], &[1.0, 2.0]);
    assert!(far < CHI_SQUARE_MAX[1], "χ² {far}: {counts:?}");
}

#[test]
fn random_draws_all_alike() {
    let names = ["adam", "ben", "carl", "dora"];
    let mut center = by(Strategy::Random, &names);
    let far = chi_square(&drawn(&mut center, &names, 1..20_001), &[1.0; 4]);
    assert!(far < CHI_SQUARE_MAX[3], "χ² {far}");
}

#[test]
fn best_skill_takes_who_knows_most_of_what_is_asked() {
    let sales = QueueConfig { strategy: Strategy::BestSkill, ..queue("sales", &["adam", "ben"]) };
    let agents =
        vec![skilled("adam", &[("french", 6), ("cars", 5)]), skilled("ben", &[("french", 4), ("cars", 9)])];
    let mut center = Center::with(vec![sales], agents);
    let asked = |french, cars| {
        let requirement = |skill: &str, weight| Requirement { skill: skill.into(), level: 3, weight };
        vec![requirement("french", french), requirement("cars", cars)]
    };
    let mut first = entry(1, "sales");
    first.requires = asked(1, 1);
    center.try_enqueue(first).unwrap();
    assert_eq!(center.offered_to(1), "ben", "1 + 6 against 3 + 2");
    center.leave(1);
    let mut second = entry(2, "sales");
    second.requires = asked(5, 1);
    center.try_enqueue(second).unwrap();
    assert_eq!(center.offered_to(2), "adam", "15 + 2 against 5 + 6");
}

#[test]
fn best_skill_counts_what_the_plan_asks_for_too() {
    let require = vec![Requirement { skill: "french".into(), level: 3, weight: 2 }];
    let plan = Plan { steps: vec![PlanStep { require, ..PlanStep::default() }] };
    let sales =
        QueueConfig { strategy: Strategy::BestSkill, plan, ..queue("sales", &["adam", "ben", "carl"]) };
    let agents = vec![
        skilled("adam", &[("french", 3), ("cars", 9)]),
        skilled("ben", &[("french", 7), ("cars", 3)]),
        skilled("carl", &[("french", 2), ("cars", 9)]),
    ];
    let mut center = Center::with(vec![sales], agents);
    center.enqueue(1);
    assert_eq!(center.offered_to(1), "ben", "8 against 0; carl knows too little");
    center.leave(1);
    let mut second = entry(2, "sales");
    second.requires = vec![Requirement { skill: "cars".into(), level: 1, weight: 2 }];
    center.try_enqueue(second).unwrap();
    assert_eq!(center.offered_to(2), "adam", "16 + 0 against 4 + 8");
}

#[test]
fn preferred_skills_go_before_idle_time_and_after_the_tier() {
    let prefer = vec![Preference { skill: "cars".into(), weight: 1 }];
    let plan = Plan { steps: vec![PlanStep { prefer, ..PlanStep::default() }] };
    let mut sales = QueueConfig { plan, ..queue("sales", &["adam", "ben", "carl"]) };
    sales.members[2].tier = 2;
    let agents = vec![skilled("adam", &[]), skilled("ben", &[("cars", 2)]), skilled("carl", &[("cars", 9)])];
    let mut center = Center::with(vec![sales], agents);
    for (number, expected) in [(1, "ben"), (2, "adam"), (3, "carl")] {
        center.enqueue(number);
        assert_eq!(center.offered_to(number), expected);
    }
}

#[test]
fn all_phones_ring_and_the_first_answer_wins() {
    let mut center = by(Strategy::RingAll, &["adam", "ben", "carl"]);
    center.enqueue(1);
    center.enqueue(2);
    assert_eq!(center.ringing(1), ["adam", "ben", "carl"]);
    assert_eq!(center.offered_to(2), "");
    center.answer_by(1, "ben");
    assert_eq!(center.ringing(2), ["adam", "carl"], "who was called in vain is free at once, without blame");
    assert_eq!(center.acd.counters().no_answer + center.acd.counters().rejected, 0);
}

#[test]
fn one_phone_that_fails_does_not_silence_the_others() {
    let mut center = by(Strategy::RingAll, &["adam", "ben", "carl"]);
    center.enqueue(1);
    center.fail_by(1, "adam", OfferFailure::Rejected);
    center.fail_by(1, "ben", OfferFailure::Busy);
    assert_eq!(center.ringing(1), ["carl"]);
    center.fail_by(1, "carl", OfferFailure::CallerGone);
    assert_eq!(center.acd.queues().next().unwrap().waiting, []);
    assert_eq!(
        center.acd.poll_timeout().map(|(at, _)| at),
        Some(center.now.mono + seconds(30)),
        "adam's delay"
    );
}

#[test]
fn a_phone_that_becomes_free_joins_those_that_ring() {
    let mut center = by(Strategy::RingAll, &["adam", "ben"]);
    center.acd.set_registered(center.now, &agent("ben"), false);
    center.enqueue(1);
    assert_eq!(center.ringing(1), ["adam"]);
    center.acd.set_registered(center.now, &agent("ben"), true);
    assert_eq!(center.ringing(1), ["adam", "ben"]);
}

#[test]
fn a_progressive_ring_adds_one_phone_after_the_other() {
    let mut center = by(Strategy::ProgressiveRing(seconds(5)), &["adam", "ben", "carl"]);
    center.enqueue(1);
    assert_eq!(center.ringing(1), ["adam"]);
    center.wait(5);
    assert_eq!(center.ringing(1), ["adam", "ben"]);
    center.fail_by(1, "adam", OfferFailure::Rejected);
    assert_eq!(center.ringing(1), ["ben", "carl"], "the next phone takes the place of one that failed");
    center.answer_by(1, "carl");
    assert!(!center.state("carl").is_idle());
    assert_eq!(center.acd.position(call(1)), None);
}

#[test]
fn a_step_says_how_many_phones_ring_at_once() {
    let step = |after, ring_count| PlanStep { after: seconds(after), ring_count, ..PlanStep::default() };
    let plan = Plan { steps: vec![step(0, Some(1)), step(10, Some(2))] };
    let names = ["adam", "ben", "carl"];
    let sales = QueueConfig { strategy: Strategy::RingAll, plan, ..queue("sales", &names) };
    let mut center = Center::open(vec![sales], &names);
    center.enqueue(1);
    assert_eq!(center.ringing(1), ["adam"]);
    center.wait(10);
    assert_eq!(center.ringing(1), ["adam", "ben"]);
}
