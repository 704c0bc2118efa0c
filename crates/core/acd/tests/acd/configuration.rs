//! A new configuration on a running center.

use hotline_acd::{AgentState, Config, EnqueueError, Event, QueueConfig};
use hotline_base::QueueId;

use crate::center::{Center, WRAP_UP, agent, agents, entry, queue, seconds};

fn apply(center: &mut Center, queues: Vec<QueueConfig>, names: &[&str]) {
    center.acd.reconfigure(center.now, Config { queues, agents: agents(names), ..Config::default() });
    center.drain();
}

#[test]
fn an_unchanged_configuration_changes_nothing() {
    let mut center = Center::sales(&["adam", "ben"]);
    center.enqueue(1);
    center.told();
    apply(&mut center, vec![queue("sales", &["adam", "ben"])], &["adam", "ben"]);
    assert_eq!(center.told(), []);
    assert_eq!(center.offered_to(1), "adam");
}

#[test]
fn a_new_member_is_offered_who_waits() {
    let mut center = Center::open(vec![queue("sales", &["adam"])], &["adam", "ben"]);
    center.enqueue(1);
    center.enqueue(2);
    assert_eq!(center.offered_to(2), "");
    apply(&mut center, vec![queue("sales", &["adam", "ben"])], &["adam", "ben"]);
    assert_eq!(center.offered_to(2), "ben");
}

#[test]
fn a_queue_that_is_gone_serves_its_callers_and_takes_no_more() {
    let mut center = Center::sales(&["adam"]);
    center.enqueue(1);
    center.enqueue(2);
    apply(&mut center, vec![], &["adam"]);
    assert_eq!(center.try_enqueue(entry(3, "sales")), Err(EnqueueError::UnknownQueue));
    center.answer(1);
    center.end("adam");
    center.wait(WRAP_UP);
    center.answer(2);
    assert_eq!(center.acd.queues().count(), 0);
    center.end("adam");
    assert!(matches!(center.state("adam"), AgentState::WrapUp { .. }));
    assert!(center.view("adam").queues.is_empty());
}

#[test]
fn an_agent_who_is_gone_finishes_the_call_first() {
    let mut center = Center::sales(&["adam", "ben"]);
    center.enqueue(1);
    center.answer(1);
    apply(&mut center, vec![queue("sales", &["adam", "ben"])], &["ben"]);
    assert!(matches!(center.state("adam"), AgentState::Talking { .. }));
    assert!(center.acd.set_ready(center.now, &agent("adam")).is_err());
    center.end("adam");
    let removed = Event::AgentRemoved { agent: agent("adam") };
    assert!(!center.told().contains(&removed), "there is wrap-up to be done");
    center.wait(WRAP_UP);
    assert_eq!(center.acd.agent(&agent("adam")), None);
    assert!(center.told().contains(&removed));
    center.enqueue(2);
    assert_eq!(center.offered_to(2), "ben");
}

#[test]
fn an_idle_agent_who_is_gone_is_forgotten_at_once() {
    let mut center = Center::sales(&["adam", "ben"]);
    apply(&mut center, vec![queue("sales", &["adam", "ben"])], &["ben"]);
    assert_eq!(center.acd.agents().count(), 1);
    assert_eq!(center.acd.queue(&QueueId::from("sales")).unwrap().members, 1);
}

#[test]
fn a_call_keeps_the_wrap_up_time_under_which_it_was_offered() {
    let mut center = Center::sales(&["adam"]);
    center.enqueue(1);
    center.answer(1);
    let mut longer = queue("sales", &["adam"]);
    longer.wrap_up.length = seconds(600);
    apply(&mut center, vec![longer], &["adam"]);
    center.end("adam");
    let until = center.now.wall + seconds(WRAP_UP);
    assert!(matches!(center.state("adam"), AgentState::WrapUp { until: Some(told), .. } if told == until));
}

#[test]
fn members_and_agents_named_twice_or_unknown_do_no_harm() {
    let sales = queue("sales", &["adam", "adam", "nobody"]);
    let mut center = Center::open(vec![queue("sales", &[]), sales], &["adam", "adam"]);
    center.enqueue(1);
    assert_eq!(center.offered_to(1), "adam");
    assert_eq!(center.acd.queues().next().unwrap().members, 1);
}
