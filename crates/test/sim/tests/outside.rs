//! Calls that go out by trunks, over networks that lose, repeat, delay and reorder.

use std::time::Duration;

use hotline_acd::AgentState;
use hotline_call::{CallRecord, CommandError, DialFailure, DialOutcome, EndKind, Party, TransferOutcome};
use hotline_media::Channel;
use hotline_sim::{Act, PhoneId, PickUp, Rules, World, for_each_seed};

/// Seeds for each scenario.
const SEEDS: u64 = 1000;
/// Long enough for anything that is to happen in these scenarios.
const LONG: Duration = Duration::from_secs(120);
/// A number outside.
const NUMBER: &str = "+494012345";

fn world(seed: u64, loud: bool, agents: usize) -> World {
    let mut world = World::new(seed, loud, Rules { agents, outside: 2, ..Rules::default() });
    world.open();
    world
}

fn dial(world: &mut World, agent: PhoneId) {
    world.later(Duration::ZERO, agent, Act::Dial(NUMBER.to_owned()));
}

/// Trunk and outcome of each try.
fn dials(record: &CallRecord) -> Vec<(String, DialOutcome)> {
    record.dials.iter().map(|dial| (dial.trunk.to_string(), dial.outcome)).collect()
}

fn answered(trunk: &str) -> (String, DialOutcome) {
    (trunk.to_owned(), DialOutcome::Answered)
}

fn failed(trunk: &str, failure: DialFailure, status: Option<u16>) -> (String, DialOutcome) {
    (trunk.to_owned(), DialOutcome::Failed { failure, status })
}

/// An agent who has dialled on the page hears a tone if nobody takes the call; if the media plane never says that it is over, the
/// call ends all the same.
#[test]
fn a_tone_whose_end_is_never_told_does_not_keep_the_call() {
    for_each_seed(SEEDS / 5, |seed, loud| {
        let mut world = world(seed, loud, 1);
        let (agent, callee) = (world.agent(0), world.outside(0));
        world.manners(callee).pick_up = PickUp::Refuse { after: Duration::from_secs(1), status: 486 };
        world.lose_ends_of_playbacks();
        world.originate(agent, NUMBER).expect("the agent may");
        let begins = |world: &World| world.phone(agent).talk.is_some();
        assert!(world.run_until(LONG, begins), "the own phone takes the call");
        world.run_for(Duration::from_secs(10));
        assert_eq!(world.calls(), 1, "the tone is still heard");
        assert!(world.run_until(Duration::from_secs(15), |world| world.calls() == 0), "it has a deadline");
        world.run_for(Duration::from_secs(40));
        let record = world.close_with_one();
        assert_eq!(record.cause.expect("it has ended").kind, EndKind::NotAnswered);
    });
}

#[test]
fn an_agent_dials_a_number_outside_and_both_are_recorded() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut world = world(seed, loud, 1);
        let (agent, callee) = (world.agent(0), world.outside(0));
        dial(&mut world, agent);
        assert!(world.run_until(LONG, |world| world.are_talking(agent, callee)));
        assert!(matches!(world.agent_state(agent), AgentState::Talking { .. }));
        let (who, by) = if seed % 2 == 0 { (agent, Party::Agent) } else { (callee, Party::Callee) };
        world.later(Duration::from_secs(5), who, Act::HangUp);
        world.run_for(Duration::from_secs(40));
        assert_eq!(world.agent_state(agent), AgentState::Ready, "no wrap-up follows");
        let record = world.close_with_one();
        assert_eq!(dials(&record), [answered("outside0")]);
        assert_eq!((record.recordings.len(), record.ended_by), (1, Some(by)));
        let legs = record.recordings[0].index.legs.iter();
        let heard: Vec<_> = legs.map(|leg| (leg.speaker.as_str(), leg.channel)).collect();
        assert_eq!(heard, [("customer", Channel::Customer), ("agent:agent0", Channel::Agent)]);
        assert_eq!(record.cause.unwrap().kind, EndKind::Completed);
        assert!(record.answered_at.is_some() && record.connected_at.is_some());
    });
}

#[test]
fn a_server_that_is_dead_or_cannot_is_passed_over_within_the_call() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut world = world(seed, loud, 1);
        let (agent, first, second) = (world.agent(0), world.outside(0), world.outside(1));
        let why = match seed % 3 {
            0 => {
                world.later(Duration::ZERO, first, Act::Vanish);
                failed("outside0", DialFailure::Silent, None)
            }
            1 => {
                world.manners(first).pick_up = PickUp::Reject(503);
                failed("outside0", DialFailure::TrunkFault, Some(503))
            }
            _ => {
                world.manners(first).pick_up = PickUp::Reject(403);
                failed("outside0", DialFailure::TrunkFault, Some(403))
            }
        };
        dial(&mut world, agent);
        let connected = world.run_until(Duration::from_secs(30), |world| world.are_talking(agent, second));
        assert!(connected, "the next trunk takes the call");
        world.later(Duration::from_secs(1), agent, Act::HangUp);
        world.run_for(Duration::from_secs(40));
        let tries = dials(&world.close_with_one());
        // The answer of a slow network may come too late.
        let late = [failed("outside0", DialFailure::Silent, None), answered("outside1")];
        assert!(tries == [why, answered("outside1")] || tries == late, "{tries:?}");
    });
}

#[test]
fn what_the_called_one_says_is_final() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut world = world(seed, loud, 1);
        let (agent, callee, other) = (world.agent(0), world.outside(0), world.outside(1));
        let (status, failure) = match seed % 3 {
            0 => (486, DialFailure::Busy),
            1 => (404, DialFailure::UnknownNumber),
            _ => (603, DialFailure::Rejected),
        };
        let after = world.up_to(Duration::from_secs(2));
        world.manners(callee).pick_up = PickUp::Refuse { after, status };
        dial(&mut world, agent);
        world.run_for(Duration::from_secs(60));
        assert_eq!(world.phone(agent).failed, Some(status), "the agent's phone is told");
        assert_eq!(world.phone(other).answered, 0);
        let record = world.close_with_one();
        assert_eq!(dials(&record), [failed("outside0", failure, Some(status))]);
        assert_eq!((record.cause.unwrap().kind, record.recordings.len()), (EndKind::NotAnswered, 0));
    });
}

/// Whoever hangs up at whatever moment, and whoever goes on with the core, nothing is left behind.
#[test]
fn anybody_may_hang_up_at_any_moment() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut world = world(seed, loud, 1);
        world.restore_often(15);
        let (agent, first, second) = (world.agent(0), world.outside(0), world.outside(1));
        if seed % 4 == 3 {
            world.manners(first).pick_up = PickUp::Reject(500);
        }
        let pick_up = PickUp::After(world.up_to(Duration::from_secs(3)));
        world.manners(second).pick_up = pick_up;
        let from_page = seed % 2 == 0;
        if from_page {
            let answers = world.up_to(Duration::from_secs(2));
            world.manners(agent).pick_up = PickUp::After(answers);
            world.originate(agent, NUMBER).expect("the agent is free");
        } else {
            dial(&mut world, agent);
        }
        let after = world.up_to(Duration::from_secs(8));
        let who = [agent, first, second][usize::try_from(seed / 4 % 3).unwrap()];
        world.later(after, who, if seed % 5 == 4 { Act::Vanish } else { Act::HangUp });
        world.run_for(Duration::from_secs(120));
        let records = world.close();
        assert!(records.len() <= 1, "a call that was given up before it was heard of has no record");
    });
}

#[test]
fn a_call_from_the_page_rings_the_agent_first() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut world = world(seed, loud, 1);
        let (agent, callee) = (world.agent(0), world.outside(0));
        world.originate(agent, NUMBER).expect("the agent is free");
        assert!(matches!(world.agent_state(agent), AgentState::Ringing { .. }));
        assert_eq!(world.originate(agent, NUMBER), Err(CommandError::Busy));
        assert!(world.run_until(LONG, |world| world.are_talking(agent, callee)));
        world.later(Duration::from_secs(1), callee, Act::HangUp);
        world.run_for(Duration::from_secs(40));
        let record = world.close_with_one();
        assert_eq!((dials(&record), record.ended_by), (vec![answered("outside0")], Some(Party::Callee)));
        assert_eq!(record.cause.unwrap().kind, EndKind::Completed);
    });
}

#[test]
fn an_agent_who_does_not_take_the_own_phone_up_calls_nobody() {
    for_each_seed(SEEDS / 2, |seed, loud| {
        let mut world = world(seed, loud, 1);
        let agent = world.agent(0);
        world.manners(agent).pick_up = match seed % 2 {
            0 => PickUp::Never,
            _ => PickUp::Refuse { after: Duration::from_secs(1), status: 486 },
        };
        world.originate(agent, NUMBER).expect("the agent is free");
        world.run_for(Duration::from_secs(90));
        assert_eq!(world.agent_state(agent), AgentState::Ready);
        let record = world.close_with_one();
        assert_eq!(dials(&record), []);
        assert_eq!(record.cause.unwrap().kind, EndKind::NotAnswered);
    });
}

/// A caller who talks to the first agent.
fn talking(world: &mut World) -> (PhoneId, PhoneId) {
    let (agent, caller) = (world.agent(0), world.add_caller(None));
    let number = world.number();
    world.later(Duration::ZERO, caller, number);
    assert!(world.run_until(LONG, |world| world.are_talking(caller, agent)));
    (caller, agent)
}

#[test]
fn a_caller_is_sent_on_to_a_number_outside() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut world = world(seed, loud, 1);
        let (caller, agent) = talking(&mut world);
        let outside = world.outside(0);
        world.transfer_to(agent, NUMBER);
        assert!(world.run_until(LONG, |world| world.are_talking(caller, outside)));
        assert!(world.run_until(LONG, |world| world.phone(agent).talk.is_none()));
        assert!(matches!(world.agent_state(agent), AgentState::WrapUp { .. } | AgentState::Ready));
        let (who, by) = if seed % 2 == 0 { (caller, Party::Caller) } else { (outside, Party::Callee) };
        world.later(Duration::from_secs(2), who, Act::HangUp);
        world.run_for(Duration::from_secs(40));
        let record = world.close_with_one();
        assert_eq!(record.transfers[0].outcome, TransferOutcome::Done);
        assert_eq!((record.recordings.len(), record.ended_by), (1, Some(by)));
        let legs = record.recordings[0].index.legs.iter();
        let heard: Vec<&str> = legs.map(|leg| leg.speaker.as_str()).collect();
        assert_eq!(heard, ["customer", "agent:agent0", "outside"]);
    });
}

#[test]
fn a_caller_whom_nobody_outside_takes_is_back_with_the_agent() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut world = world(seed, loud, 1);
        let (caller, agent) = talking(&mut world);
        for number in 0..2 {
            let outside = world.outside(number);
            world.manners(outside).pick_up = match seed % 3 {
                0 => PickUp::Refuse { after: Duration::from_secs(1), status: 486 },
                1 => PickUp::Reject(503),
                _ => PickUp::Never,
            };
        }
        world.transfer_to(agent, NUMBER);
        assert!(!world.are_talking(caller, agent), "the caller hears music");
        assert!(world.run_until(LONG, |world| world.are_talking(caller, agent)), "they talk again");
        world.later(Duration::from_secs(2), caller, Act::HangUp);
        world.run_for(Duration::from_secs(40));
        let record = world.close_with_one();
        assert_eq!(record.transfers[0].outcome, TransferOutcome::Failed);
    });
}

#[test]
fn an_agent_asks_somebody_outside_first_and_joins_the_two() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut world = world(seed, loud, 1);
        let (caller, agent) = talking(&mut world);
        let outside = world.outside(0);
        world.later(Duration::from_secs(1), agent, Act::Consult(NUMBER.to_owned()));
        assert!(world.run_until(LONG, |world| world.are_talking(agent, outside)), "the agent asks");
        for repetition in 0..12 {
            world.later(Duration::from_millis(500 * repetition), agent, Act::Join);
        }
        assert!(world.run_until(LONG, |world| world.are_talking(caller, outside)), "the two are joined");
        let left = |world: &World| world.phone(agent).talk.is_none() && world.phone(agent).aside.is_none();
        assert!(world.run_until(LONG, left), "both calls of the agent's phone are over");
        assert!(matches!(world.agent_state(agent), AgentState::WrapUp { .. } | AgentState::Ready));
        world.later(Duration::from_secs(2), outside, Act::HangUp);
        world.run_for(Duration::from_secs(40));
        let records = world.close();
        let kinds: Vec<_> = records.iter().map(|record| record.cause.as_ref().unwrap().kind).collect();
        assert_eq!(kinds, [EndKind::Completed, EndKind::Transferred]);
        assert_eq!(records[0].ended_by, Some(Party::Callee));
        assert!(records[0].transfers[0].attended);
    });
}

#[test]
fn a_full_trunk_is_passed_over_and_its_places_are_given_back() {
    for_each_seed(SEEDS / 2, |seed, loud| {
        let rules = Rules { agents: 3, outside: 2, outside_calls_max: Some(1), ..Rules::default() };
        let mut world = World::new(seed, loud, rules);
        world.open();
        for (number, outside) in [(0, Some(0)), (1, Some(1)), (2, None)] {
            let agent = world.agent(number);
            dial(&mut world, agent);
            match outside.map(|outside| world.outside(outside)) {
                Some(outside) => {
                    assert!(world.run_until(LONG, |world| world.are_talking(agent, outside)));
                }
                None => {
                    assert!(world.run_until(LONG, |world| world.phone(agent).failed == Some(503)));
                }
            }
        }
        let (first, callee) = (world.agent(0), world.outside(0));
        world.later(Duration::ZERO, first, Act::HangUp);
        world.run_for(Duration::from_secs(40));
        dial(&mut world, first);
        assert!(world.run_until(LONG, |world| world.are_talking(first, callee)), "its place is free again");
        let records = world.close();
        let full = DialFailure::TrunkFull;
        assert_eq!(dials(&records[1]), [failed("outside0", full, None), answered("outside1")]);
        assert_eq!(dials(&records[2]), [failed("outside0", full, None), failed("outside1", full, None)]);
        assert_eq!(records[2].cause.as_ref().unwrap().kind, EndKind::NoTrunk);
    });
}

#[test]
fn strangers_reach_no_trunk() {
    for_each_seed(20, |seed, loud| {
        let mut world = world(seed, loud, 1);
        let caller = world.add_caller(None);
        dial(&mut world, caller);
        assert!(world.run_until(LONG, |world| world.phone(caller).failed == Some(404)));
        assert_eq!(world.close(), []);
    });
}
