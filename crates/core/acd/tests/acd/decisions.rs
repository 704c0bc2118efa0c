//! Every offer says why, and every agent who is passed over has a reason.

use hotline_acd::{
    AgentConfig, Candidate, DECISION_LISTED_MAX, Decision, Direction, Event, Gate, NotReadyReason,
    OfferFailure, Outside, Plan, PlanStep, QueueConfig, Requirement, SortKey, Strategy,
};
use hotline_base::SkillId;

use crate::center::{Center, agent, call, entry, queue, seconds};

fn last_decision(center: &mut Center) -> Decision {
    let events = center.told();
    let decision = |event: Event| match event {
        Event::Offer { because, .. } => Some(because),
        _ => None,
    };
    events.into_iter().rev().find_map(decision).expect("an offer was made")
}

#[test]
fn a_decision_orders_the_candidates_and_says_why_not_the_others() {
    let mut center = Center::sales(&["zoe", "ben", "carl"]);
    let lunch = NotReadyReason::Chosen("lunch".into());
    center.acd.set_not_ready(center.now, &agent("carl"), lunch.clone()).unwrap();
    center.enqueue(1);
    let decision = last_decision(&mut center);
    let candidate = |name, secs| Candidate {
        agent: agent(name),
        weight: 1,
        sort_key: SortKey { tier: 1, preference: 0, measure: 0, idle_for: seconds(secs) },
    };
    assert_eq!(decision.strategy, Strategy::LongestIdle);
    assert_eq!((decision.position, decision.waited.as_secs(), decision.unlisted), (1, 0, 0));
    assert_eq!(decision.candidates, [candidate("zoe", 3), candidate("ben", 2)]);
    assert_eq!(decision.refused.len(), 1);
    assert_eq!(decision.refused[0].gate, Gate::NotReady { reason: lunch });
}

#[test]
fn the_first_shut_gate_is_the_reason_in_the_order_of_the_gates() {
    let mut center = Center::closed(vec![queue("sales", &["adam", "eve"])], &["adam", "eve", "out"]);
    let adam = agent("adam");
    let refusal = |center: &Center, number, name: &str| {
        center.acd.refusal(center.now, call(number), &agent(name)).map(|gate| gate.code())
    };
    center.staff("eve");
    center.acd.set_outside_call(center.now, &agent("eve"), call(99), Some(Outside::Talking(Direction::In)));
    center.enqueue(1);

    assert_eq!(refusal(&center, 1, "adam"), Some("NOT_LOGGED_IN"));
    assert_eq!(refusal(&center, 1, "out"), Some("NOT_LOGGED_IN"));
    center.acd.sign_in(center.now, &agent("out")).unwrap();
    assert_eq!(refusal(&center, 1, "out"), Some("NOT_IN_QUEUE"));
    center.acd.sign_in(center.now, &adam).unwrap();
    assert_eq!(refusal(&center, 1, "adam"), Some("NOT_READY"));
    center.ready("adam");
    assert_eq!(refusal(&center, 1, "adam"), Some("NO_REGISTRATION"));
    center.acd.set_outside_call(center.now, &adam, call(99), Some(Outside::Talking(Direction::Out)));
    center.acd.set_registered(center.now, &adam, true);
    assert_eq!(refusal(&center, 1, "adam"), Some("DEVICE_BUSY"));
    center.acd.set_outside_call(center.now, &adam, call(99), None);
    center.drain();

    center.enqueue(2);
    assert_eq!(refusal(&center, 2, "adam"), Some("RESERVED"));
    center.answer(1);
    assert_eq!(refusal(&center, 2, "adam"), Some("AT_CAPACITY"));
    center.end("adam");
    assert_eq!(refusal(&center, 2, "adam"), Some("WRAP_UP"));
    center.ready("adam");
    center.fail(2, OfferFailure::Rejected);
    assert_eq!(refusal(&center, 2, "adam"), Some("RNA_DELAY"));
    center.wait(30);
    assert_eq!(refusal(&center, 2, "adam"), Some("EXCLUDED_BY_CALL"));
    assert_eq!(refusal(&center, 2, "eve"), Some("DEVICE_BUSY"));
    center.acd.set_outside_call(center.now, &agent("eve"), call(99), None);
    assert_eq!(center.acd.refusal(center.now, call(2), &agent("nobody")), None);
}

#[test]
fn a_skill_that_is_missing_is_said_before_one_of_which_there_is_too_little() {
    let skills = [(SkillId::from("french"), 2)].into();
    let adam = AgentConfig { skills, ..AgentConfig::new(agent("adam"), "".into()) };
    let asked = |skill: &str| Requirement { skill: skill.into(), level: 3, weight: 1 };
    let plan = Plan { steps: vec![PlanStep { require: vec![asked("cars")], ..PlanStep::default() }] };
    let mut center = Center::with(vec![QueueConfig { plan, ..queue("sales", &["adam"]) }], vec![adam]);
    let mut caller = entry(1, "sales");
    caller.requires = vec![asked("french")];
    center.try_enqueue(caller).unwrap();
    let gate = center.acd.refusal(center.now, call(1), &agent("adam"));
    assert_eq!(
        gate,
        Some(Gate::SkillMissing { skill: "cars".into() }),
        "of the step, not french of the caller"
    );
}

#[test]
fn a_decision_in_a_huge_queue_stays_small() {
    let names: Vec<String> = (0..200).map(|number| format!("agent{number:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut center = Center::sales(&names);
    for name in &names[100..] {
        center.acd.set_registered(center.now, &agent(name), false);
    }
    center.enqueue(1);
    let decision = last_decision(&mut center);
    assert_eq!(decision.candidates.len(), DECISION_LISTED_MAX);
    assert_eq!(decision.refused.len(), DECISION_LISTED_MAX);
    assert_eq!(decision.unlisted, 100);
}
