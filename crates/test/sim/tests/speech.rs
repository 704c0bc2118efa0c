//! Whose speech is brought to a level and whose keys are hidden, whoever called whom and whoever took over.

use std::time::Duration;

use hotline_call::{Sides, SpeechPolicy};
use hotline_media::{Gain, Speech};
use hotline_sim::{Act, Rules, World, for_each_seed};

const SEEDS: u64 = 300;
const LONG: Duration = Duration::from_secs(120);
const LEVEL: Gain = Gain { target_dbfs: -23, most_db: 15 };
const OF_CUSTOMER: Speech = Speech { gain: None, hides_keys: true, is_muted: false };
const OF_AGENT: Speech = Speech { gain: Some(LEVEL), hides_keys: false, is_muted: false };

fn rules() -> Rules {
    let (customer, agent) = (Sides { customer: true, agent: false }, Sides { customer: false, agent: true });
    let speech = SpeechPolicy { agc: agent, level: LEVEL, hide_keys: customer };
    Rules { agents: 2, outside: 1, speech, ..Rules::default() }
}

#[test]
fn a_caller_is_the_customer_through_hold_and_transfer() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut world = World::new(seed, loud, rules());
        world.open();
        let (first, second) = (world.agent(0), world.agent(1));
        let caller = world.add_caller(None);
        let dial = world.number();
        world.later(Duration::ZERO, caller, dial);
        assert!(world.run_until(LONG, |world| world.are_talking(caller, first)));
        assert_eq!((world.speech(caller), world.speech(first)), (Some(OF_CUSTOMER), Some(OF_AGENT)));
        world.transfer(first, second);
        assert!(world.run_until(LONG, |world| world.are_talking(caller, second)));
        assert_eq!((world.speech(caller), world.speech(second)), (Some(OF_CUSTOMER), Some(OF_AGENT)));
        world.later(Duration::from_secs(1), caller, Act::HangUp);
        world.run_for(Duration::from_secs(40));
        world.close_with_one();
    });
}

#[test]
fn whom_an_agent_calls_is_the_customer() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut world = World::new(seed, loud, rules());
        world.open();
        let (agent, callee) = (world.agent(0), world.outside(0));
        world.later(Duration::ZERO, agent, Act::Dial("+494012345".to_owned()));
        assert!(world.run_until(LONG, |world| world.are_talking(agent, callee)));
        assert_eq!((world.speech(callee), world.speech(agent)), (Some(OF_CUSTOMER), Some(OF_AGENT)));
        world.later(Duration::from_secs(1), agent, Act::HangUp);
        world.run_for(Duration::from_secs(40));
        world.close_with_one();
    });
}

/// An agent who has called a colleague and sends that one on changes sides: the colleague is the one who is served.
#[test]
fn the_sides_turn_when_who_has_called_sends_the_other_on() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut world = World::new(seed, loud, Rules { agents: 3, ..rules() });
        world.open();
        let (first, second, third) = (world.agent(0), world.agent(1), world.agent(2));
        world.later(Duration::ZERO, first, Act::Dial("1001".to_owned()));
        assert!(world.run_until(LONG, |world| world.are_talking(first, second)));
        assert_eq!((world.speech(first), world.speech(second)), (Some(OF_CUSTOMER), Some(OF_AGENT)));
        world.transfer(first, third);
        assert!(world.run_until(LONG, |world| world.are_talking(second, third)));
        assert_eq!((world.speech(second), world.speech(third)), (Some(OF_CUSTOMER), Some(OF_AGENT)));
        world.later(Duration::from_secs(1), second, Act::HangUp);
        world.run_for(Duration::from_secs(40));
        world.close_with_one();
    });
}
