//! Flows that are changed while calls run.

use std::sync::Arc;
use std::time::Duration;

use hotline_call::{AlarmKind, Command, FileMistake};
use hotline_sim::{Act, PickUp, Rules, World, for_each_seed};

/// Seeds for each scenario.
const SEEDS: u64 = 500;
/// Long enough for anything that is to happen in these scenarios.
const LONG: Duration = Duration::from_secs(120);
/// Nobody gets anywhere.
const CLOSED: &str = "flow: main
languages: [en]
start: answer
steps:
  answer:
    answer: {then: closed}
  closed:
    hangup: {cause: normal}
";

#[test]
fn a_call_goes_on_with_the_flow_it_began_with_and_the_next_gets_the_new_one() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut world = World::new(seed, loud, Rules::default());
        world.open();
        let agent = world.agent(0);
        world.manners(agent).pick_up = PickUp::After(Duration::from_secs(1));
        let (first, second) = (world.add_caller(None), world.add_caller(None));
        let dial = world.number();
        world.later(Duration::ZERO, first, dial);
        world.run_for(Duration::from_secs(5));
        assert_eq!(world.calls(), 1, "the first caller is in the menu, or further");

        let closed = hotline_ivr::parse("main.yaml", CLOSED).expect("a flow");
        let mistake = FileMistake { file: "main.yaml".to_owned(), line: 3, problem: "a mistake".to_owned() };
        world.command(Command::FlowsUnusable(mistake));
        assert!(world.has_alarm(&AlarmKind::FlowsInvalid));
        world.command(Command::FlowsUsable);
        assert!(!world.has_alarm(&AlarmKind::FlowsInvalid));
        world.command(Command::FlowsChanged(Arc::new([closed].into_iter().collect())));
        let dial = world.number();
        world.later(Duration::ZERO, second, dial);
        assert!(world.run_until(LONG, |world| world.calls() == 2), "the second call has begun");

        assert!(
            world.run_until(LONG, |world| world.are_talking(first, agent)),
            "the first reaches the agent"
        );
        assert!(world.run_until(LONG, |world| world.calls() == 1), "the second is hung up");
        world.later(Duration::ZERO, first, Act::HangUp);
        assert!(world.run_until(LONG, |world| world.calls() == 0), "the first is over");
        let mut records = world.close();
        records.sort_by_key(|record| record.started_at);
        let last_steps: Vec<String> = (records.iter())
            .map(|record| record.path.last().expect("a step").step.step.to_string())
            .collect();
        assert_eq!(last_steps[1], "closed");
        assert_ne!(last_steps[0], "closed");
    });
}
