//! Agents at work, by the day.

use std::time::Duration;

use hotline_acd::AgentState;
use hotline_call::Command;
use hotline_sim::{Act, PickUp, Rules, WRAP_UP, World, for_each_seed};

/// Seeds for each scenario.
const SEEDS: u64 = 20;
const LONG: Duration = Duration::from_secs(120);

/// The simulated center is in the zone UTC.
#[test]
fn what_is_counted_by_the_day_begins_anew_at_midnight() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut world = World::new(seed, loud, Rules::default());
        world.open();
        let agent = world.agent(0);
        world.manners(agent).pick_up = PickUp::After(Duration::from_secs(1));
        let caller = world.add_caller(None);
        let dial = world.number();
        world.later(Duration::ZERO, caller, dial);
        assert!(world.run_until(LONG, |world| world.are_talking(caller, agent)));
        assert_eq!(world.agent_view(agent).calls_today, 1);
        world.later(Duration::ZERO, caller, Act::HangUp);
        assert!(world.run_until(LONG, |world| world.agent_state(agent) == AgentState::Ready));
        assert_eq!(world.agent_view(agent).calls_today, 1);
        let day = Duration::from_hours(24);
        assert!(world.run_until(day, |world| world.agent_view(agent).calls_today == 0), "within a day");
        world.close();
    });
}

/// The watch checks that no second of the session is missing.
#[test]
fn a_wish_to_go_home_during_a_call_ends_the_session_after_wrap_up() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut world = World::new(seed, loud, Rules::default());
        world.open();
        let agent = world.agent(0);
        world.manners(agent).pick_up = PickUp::After(Duration::from_secs(1));
        let caller = world.add_caller(None);
        let dial = world.number();
        world.later(Duration::ZERO, caller, dial);
        assert!(world.run_until(LONG, |world| world.are_talking(caller, agent)));
        let (call, id) = world.talk_of(agent);
        world.command(Command::SignOut(id.clone()));
        world.command(Command::AskHelp(id.clone()));
        let unknown =
            Command::Dispose { call, by: id, code: "sold".to_owned(), note: None, follow_up_at: None };
        assert!(world.try_command(unknown).is_err(), "the simulated center has no dispositions");
        world.later(Duration::ZERO, caller, Act::HangUp);
        assert!(world.run_until(LONG, |world| matches!(world.agent_state(agent), AgentState::WrapUp { .. })));
        assert!(world.run_until(WRAP_UP, |world| world.agent_state(agent) == AgentState::LoggedOut));
        assert_eq!(world.agent_view(agent).help, None);
        world.close();
    });
}
