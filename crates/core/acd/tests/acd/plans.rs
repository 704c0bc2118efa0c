//! Who may be asked after which wait: gates, tiers, plans, sticky agents, queues that share agents.

use hotline_acd::{
    AgentConfig, Class, Entry, Event, Gate, OfferFailure, Plan, PlanStep, QueueConfig, Requirement, Ring,
    SkipIf, Sticky, Tiers,
};
use hotline_base::{GroupId, SkillId};

use crate::center::{Center, agent, call, entry, queue, seconds};

fn refusal(center: &Center, number: u32, name: &str) -> Option<Gate> {
    center.acd.refusal(center.now, call(number), &agent(name))
}

fn french(level: u8) -> Requirement {
    Requirement { skill: "french".into(), level, weight: 1 }
}

fn person(name: &str, french: u8, group: &str) -> AgentConfig {
    AgentConfig {
        skills: [(SkillId::from("french"), french)].into(),
        groups: [GroupId::from(group)].into(),
        ..AgentConfig::new(agent(name), "".into())
    }
}

fn asking(number: u32, level: u8) -> Entry {
    Entry { requires: vec![french(level)], ..entry(number, "sales") }
}

/// Adam knows no French, ben some; ben is a VIP agent.
fn with_plan(steps: Vec<PlanStep>) -> Center {
    let sales = QueueConfig { plan: Plan { steps }, ..queue("sales", &["adam", "ben"]) };
    Center::with(vec![sales], vec![person("adam", 0, "early"), person("ben", 4, "vip")])
}

fn step(after: u64) -> PlanStep {
    PlanStep { after: seconds(after), ..PlanStep::default() }
}

fn sticky(name: &str, wait: Option<u64>, designated: bool) -> Option<Sticky> {
    Some(Sticky { agent: agent(name), wait: wait.map(seconds), designated })
}

#[test]
fn a_call_that_asks_for_a_skill_goes_only_to_who_has_enough_of_it() {
    let mut center = with_plan(vec![]);
    center.try_enqueue(asking(1, 5)).unwrap();
    assert_eq!(refusal(&center, 1, "adam"), Some(Gate::SkillMissing { skill: "french".into() }));
    let gate = Gate::SkillLevel { skill: "french".into(), has: 4, needs: 5 };
    assert_eq!(refusal(&center, 1, "ben"), Some(gate));
    center.try_enqueue(asking(2, 4)).unwrap();
    assert_eq!(center.offered_to(2), "ben");
}

#[test]
fn steps_widen_the_ring_and_then_do_without_the_skill() {
    let enough = |after, level| PlanStep { min_level: Some(level), ..step(after) };
    let mut center = with_plan(vec![step(0), enough(10, 3), enough(20, 0)]);
    center.acd.set_registered(center.now, &agent("adam"), false);
    center.try_enqueue(asking(1, 9)).unwrap();
    center.try_enqueue(asking(2, 9)).unwrap();
    center.acd.set_registered(center.now, &agent("adam"), true);
    center.wait(9);
    assert_eq!(center.offered_to(1), "");
    center.wait(1);
    assert_eq!((center.offered_to(1).as_str(), center.offered_to(2).as_str()), ("ben", ""));
    center.wait(10);
    assert_eq!(center.offered_to(2), "adam");
}

#[test]
fn before_the_first_step_nobody_is_asked_and_the_gate_says_when() {
    let vip = PlanStep { groups: [GroupId::from("vip")].into(), ..step(5) };
    let mut center = with_plan(vec![vip, step(30)]);
    center.enqueue(1);
    let opens =
        |secs| Some(Gate::RingClosed { ring: Ring::Plan, opens: Some(center.now.wall + seconds(secs)) });
    assert_eq!((refusal(&center, 1, "ben"), refusal(&center, 1, "adam")), (opens(5), opens(30)));
    center.wait(5);
    assert_eq!(center.offered_to(1), "ben");
}

#[test]
fn a_step_that_nobody_can_serve_is_passed_over_at_once() {
    let vip =
        PlanStep { groups: [GroupId::from("vip")].into(), skip_if: Some(SkipIf::NobodyFree), ..step(0) };
    let mut center = with_plan(vec![vip.clone(), step(60)]);
    center.acd.set_registered(center.now, &agent("ben"), false);
    center.enqueue(1);
    assert_eq!(center.offered_to(1), "adam");
    let mut center = with_plan(vec![vip, PlanStep { replace: true, ..step(60) }]);
    center.enqueue(1);
    assert_eq!(center.offered_to(1), "ben", "somebody is there for it");
}

#[test]
fn a_step_that_begins_without_anybody_says_so_and_gives_credit() {
    let mut center = with_plan(vec![step(0), PlanStep { priority_credit: seconds(100), ..step(10) }]);
    for name in ["adam", "ben"] {
        center.acd.set_registered(center.now, &agent(name), false);
    }
    center.enqueue(1);
    center.wait(4);
    center.told();
    center.wait(6);
    let told = center.told();
    let class = Class::Ordinary;
    let queue = "sales".into();
    assert!(told.contains(&Event::Prioritised { call: call(1), queue, class, credit: seconds(100) }));
    let passed = told.iter().find_map(|event| match event {
        Event::Passed { because, .. } => Some(because.clone()),
        _ => None,
    });
    let because = passed.expect("nobody came");
    assert_eq!((because.step, because.candidates.len(), because.refused.len()), (Some(1), 0, 2));
    assert_eq!(center.acd.explain(center.now, call(1)), Some(because));
}

#[test]
fn a_tier_opens_with_time_or_when_nobody_before_it_works() {
    for (skip_unstaffed, leaves_work) in [(false, true), (true, true), (true, false)] {
        let mut sales = queue("sales", &["adam", "ben"]);
        sales.members[1].tier = 2;
        sales.tiers = Tiers { wait: seconds(10), each: true, skip_unstaffed };
        let mut center = Center::open(vec![sales], &["adam", "ben"]);
        center.enqueue(1);
        center.answer(1);
        center.enqueue(2);
        let opens = Some(center.now.wall + seconds(10));
        assert_eq!(refusal(&center, 2, "ben"), Some(Gate::RingClosed { ring: Ring::Tier(2), opens }));
        if leaves_work {
            center.acd.set_registered(center.now, &agent("adam"), false);
            center.drain();
        }
        let expected = if skip_unstaffed && leaves_work { "ben" } else { "" };
        assert_eq!(center.offered_to(2), expected);
        center.wait(10);
        assert_eq!(center.offered_to(2), "ben");
    }
}

/// Queue "sales" of adam and ben, queue "other" of carl.
fn two_queues() -> Center {
    let queues = vec![queue("sales", &["adam", "ben"]), queue("other", &["carl"])];
    Center::open(queues, &["adam", "ben", "carl"])
}

#[test]
fn a_call_is_held_for_its_agent_for_a_while_member_or_not() {
    let mut center = two_queues();
    center.try_enqueue(entry(9, "other")).unwrap();
    center.answer(9);
    center.try_enqueue(Entry { sticky: sticky("carl", Some(15), false), ..entry(1, "sales") }).unwrap();
    let until = Some(center.now.wall + seconds(15));
    assert_eq!(refusal(&center, 1, "adam"), Some(Gate::StickyHeld { agent: agent("carl"), until }));
    center.try_enqueue(Entry { sticky: sticky("carl", Some(15), false), ..entry(2, "sales") }).unwrap();
    center.end("carl");
    center.ready("carl");
    assert_eq!((center.offered_to(1), center.offered_to(2)), ("carl".into(), String::new()));
    center.wait(15);
    assert_eq!(center.offered_to(2), "adam");
}

#[test]
fn a_sticky_agent_who_does_not_work_or_refuses_is_not_waited_for() {
    let mut center = two_queues();
    center.enqueue(9);
    center.answer(9);
    center.try_enqueue(Entry { sticky: sticky("adam", None, false), ..entry(1, "sales") }).unwrap();
    assert_eq!(center.offered_to(1), "");
    center.acd.sign_out(center.now, &agent("adam")).unwrap();
    center.drain();
    assert_eq!(center.offered_to(1), "ben");
    let mut center = two_queues();
    center.try_enqueue(Entry { sticky: sticky("adam", None, false), ..entry(1, "sales") }).unwrap();
    center.fail(1, OfferFailure::Rejected);
    assert_eq!(center.offered_to(1), "ben");
}

#[test]
fn a_designated_agent_is_waited_for_whatever_it_does() {
    let mut center = two_queues();
    center.acd.sign_out(center.now, &agent("carl")).unwrap();
    center.try_enqueue(Entry { sticky: sticky("carl", None, true), ..entry(1, "sales") }).unwrap();
    center.wait(600);
    assert_eq!(center.offered_to(1), "");
    center.staff("carl");
    assert_eq!(center.offered_to(1), "carl");
    center.fail(1, OfferFailure::Rejected);
    assert_eq!(center.offered_to(1), "");
    center.wait(30);
    assert_eq!(center.offered_to(1), "carl", "nobody else may come");
}

#[test]
fn a_designated_agent_who_is_gone_for_good_is_not_waited_for() {
    let mut center = two_queues();
    center.try_enqueue(Entry { sticky: sticky("nobody", None, true), ..entry(1, "sales") }).unwrap();
    assert_eq!(center.offered_to(1), "adam", "there is no such agent");
    center.acd.sign_out(center.now, &agent("carl")).unwrap();
    center.try_enqueue(Entry { sticky: sticky("carl", None, true), ..entry(2, "sales") }).unwrap();
    let queues = vec![queue("sales", &["adam", "ben"])];
    let agents = crate::center::agents(&["adam", "ben"]);
    center.acd.reconfigure(center.now, hotline_acd::Config { queues, agents, ..Default::default() });
    center.drain();
    assert_eq!(center.offered_to(2), "ben");
}

#[test]
fn a_queue_of_greater_weight_goes_first_and_an_emergency_before_it() {
    let heavy = QueueConfig { weight: 5, ..queue("vip", &["adam"]) };
    let mut center = Center::closed(vec![queue("sales", &["adam"]), heavy], &["adam"]);
    center.enqueue(1);
    center.wait(600);
    center.try_enqueue(entry(2, "vip")).unwrap();
    center.try_enqueue(Entry { class: Class::Emergency, ..entry(3, "sales") }).unwrap();
    center.staff("adam");
    for number in [3, 2, 1] {
        assert_ne!(center.offered_to(number), "", "the turn of {number}");
        center.answer(number);
        center.end("adam");
        center.ready("adam");
    }
}

#[test]
fn an_agent_gets_no_more_calls_than_its_day_allows() {
    let capped = AgentConfig { daily_cap: Some(1), ..AgentConfig::new(agent("adam"), "".into()) };
    let mut center = Center::with(vec![queue("sales", &["adam"])], vec![capped]);
    center.enqueue(1);
    center.answer(1);
    center.end("adam");
    center.ready("adam");
    center.enqueue(2);
    assert_eq!(refusal(&center, 2, "adam"), Some(Gate::DailyCap));
}

#[test]
fn a_caller_whom_the_only_capable_agent_refused_is_offered_to_it_again() {
    let mut center = with_plan(vec![]);
    center.try_enqueue(asking(1, 4)).unwrap();
    center.fail(1, OfferFailure::Rejected);
    center.wait(30);
    assert_eq!(center.offered_to(1), "ben", "that adam works is of no help");
}

#[test]
fn an_agent_is_missed_only_after_as_many_calls_as_the_queue_says() {
    let mut sales = queue("sales", &["adam"]);
    sales.unanswered.missed_max = 2;
    sales.unanswered.missed_delay = seconds(7);
    let mut center = Center::open(vec![sales], &["adam"]);
    center.enqueue(1);
    center.fail(1, OfferFailure::NoAnswer);
    assert_eq!(center.view("adam").delay.map(|delay| delay.until), Some(center.now.wall + seconds(7)));
    center.wait(7);
    center.fail(1, OfferFailure::NoAnswer);
    assert!(matches!(center.state("adam"), hotline_acd::AgentState::NotReady { .. }));
    center.ready("adam");
    center.fail(1, OfferFailure::NoAnswer);
    assert_eq!(center.view("adam").pending, None);
    assert_eq!(center.state("adam"), hotline_acd::AgentState::Ready, "counted anew");
}
