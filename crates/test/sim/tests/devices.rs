//! Agents who are reached at numbers outside, over networks that lose, repeat, delay and reorder.

use std::time::Duration;

use hotline_acd::{AgentState, NotReadyReason, OfferFailure};
use hotline_call::{CallRecord, DialFailure, DialOutcome, EndKind, OfferOutcome, Party, TransferOutcome};
use hotline_sim::{Act, Manners, PhoneId, PickUp, Rules, World, for_each_seed};

/// Seeds for each scenario.
const SEEDS: u64 = 500;
/// Long enough for anything that is to happen in these scenarios.
const LONG: Duration = Duration::from_secs(120);
/// A number outside.
const NUMBER: &str = "+494012345";
/// How long after the answer the key is pressed that takes the call.
const THINKS: Duration = Duration::from_secs(1);

/// The first agent is at a number outside, behind the first trunk's server.
fn world(seed: u64, loud: bool, agents: usize) -> (World, PhoneId, PhoneId) {
    world_of(seed, loud, Rules { agents, outside: 2, ..Rules::default() })
}

fn world_of(seed: u64, loud: bool, rules: Rules) -> (World, PhoneId, PhoneId) {
    let mut world = World::new(seed, loud, rules);
    world.open();
    let (agent, device) = (world.agent(0), world.outside(0));
    world.move_outside(agent);
    world.manners(device).keys = Manners::press('1', THINKS);
    (world, agent, device)
}

fn outcomes(record: &CallRecord) -> Vec<OfferOutcome> {
    record.offers.iter().map(|offer| offer.outcome).collect()
}

#[test]
fn an_agent_at_a_number_outside_takes_calls_from_queues() {
    for_each_seed(SEEDS, |seed, loud| {
        let (mut world, agent, device) = world(seed, loud, 1);
        let caller = world.call_in();
        assert!(world.run_until(LONG, |world| world.are_talking(caller, device)));
        assert!(matches!(world.agent_state(agent), AgentState::Talking { call: Some(_), .. }));
        assert_eq!(world.phone(agent).answered, 0, "the registered phone is left alone");
        let (who, by) = if seed % 2 == 0 { (caller, Party::Caller) } else { (device, Party::Agent) };
        world.later(Duration::from_secs(2), who, Act::HangUp);
        let over = |world: &World| matches!(world.agent_state(agent), AgentState::WrapUp { .. });
        assert!(world.run_until(LONG, over));
        world.run_for(Duration::from_secs(40));
        let record = world.close_with_one();
        assert_eq!(outcomes(&record), [OfferOutcome::Answered]);
        assert_eq!((record.recordings.len(), record.ended_by), (1, Some(by)));
        let [dial] = &record.dials[..] else { panic!("{:?}", record.dials) };
        assert_eq!((dial.outcome, &dial.device_of), (DialOutcome::Answered, &record.agent));
        assert!(record.connected_at > dial.ended_at, "put through with the key, not with the answer");
    });
}

#[test]
fn a_desk_phone_takes_calls_with_a_key_where_that_is_asked() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut world = World::new(seed, loud, Rules { confirm_key: true, ..Rules::default() });
        world.open();
        let agent = world.agent(0);
        world.manners(agent).keys = Manners::press('1', THINKS);
        let caller = world.call_in();
        assert!(world.run_until(LONG, |world| world.are_talking(caller, agent)));
        world.later(Duration::from_secs(2), caller, Act::HangUp);
        let record = world.close_with_one();
        assert_eq!(outcomes(&record), [OfferOutcome::Answered]);
        let rings = record.connected_at.unwrap().since(record.offers[0].invited_at.unwrap());
        assert!(rings >= THINKS + Duration::from_secs(1), "put through with the key, not with the answer");
    });
}

/// A mailbox of the network answers, and presses no key.
#[test]
fn a_mailbox_takes_no_caller() {
    for_each_seed(SEEDS, |seed, loud| {
        let (mut world, first, mailbox) = world(seed, loud, 2);
        world.manners(mailbox).keys = if seed % 2 == 0 { Vec::new() } else { Manners::press('2', THINKS) };
        let (caller, second) = (world.call_in(), world.agent(1));
        assert!(world.run_until(LONG, |world| world.are_talking(caller, second)), "the next agent does");
        assert!(!world.are_talking(caller, mailbox));
        let missed = AgentState::NotReady { reason: NotReadyReason::Missed };
        assert_eq!(world.agent_state(first), missed);
        let record = world.close_with_one();
        let no_answer = OfferOutcome::Failed { failure: OfferFailure::NoAnswer, status: None };
        assert_eq!(outcomes(&record), [no_answer, OfferOutcome::Answered]);
    });
}

/// The device is up and is asked for the key.
#[test]
fn a_colleague_picks_up_what_an_agent_outside_has_not_taken() {
    for_each_seed(SEEDS, |seed, loud| {
        let rules = Rules { agents: 2, outside: 2, ring_timeout: LONG, ..Rules::default() };
        let (mut world, first, device) = world_of(seed, loud, rules);
        world.manners(device).keys = Vec::new();
        let (caller, second) = (world.call_in(), world.agent(1));
        let is_up = |world: &World| world.phone(device).talk.as_ref().is_some_and(|talk| talk.is_up);
        assert!(world.run_until(LONG, is_up));
        assert!(world.take_over(second, device));
        assert!(world.run_until(LONG, |world| world.are_talking(caller, second)));
        assert!(world.run_until(LONG, |world| world.phone(device).talk.is_none()));
        assert_eq!(world.agent_state(first), AgentState::Ready, "without blame");
        world.later(Duration::from_secs(1), caller, Act::HangUp);
        world.run_for(Duration::from_secs(60));
        let record = world.close_with_one();
        let elsewhere = OfferOutcome::Failed { failure: OfferFailure::Elsewhere, status: None };
        assert_eq!(outcomes(&record), [elsewhere, OfferOutcome::Answered]);
    });
}

#[test]
fn an_agent_outside_who_hangs_up_instead_has_rejected_the_call() {
    for_each_seed(SEEDS / 2, |seed, loud| {
        // Whoever answers can hang up only once our ACK has come, which a bad network may lose for long.
        let rules = Rules { agents: 2, outside: 2, ring_timeout: LONG / 3, ..Rules::default() };
        let (mut world, first, device) = world_of(seed, loud, rules);
        let manners = world.manners(device);
        (manners.keys, manners.hang_up_after) = (Vec::new(), Some(THINKS));
        let (caller, second) = (world.call_in(), world.agent(1));
        assert!(world.run_until(LONG, |world| world.are_talking(caller, second)));
        assert_eq!(world.agent_state(first), AgentState::Ready, "held back for a while");
        let record = world.close_with_one();
        let OfferOutcome::Failed { failure, .. } = record.offers[0].outcome else { panic!("{record:?}") };
        assert_eq!(failure, OfferFailure::Rejected);
    });
}

#[test]
fn a_trunk_that_fails_is_passed_over_within_the_offer() {
    for_each_seed(SEEDS, |seed, loud| {
        let (mut world, _, first) = world(seed, loud, 1);
        let second = world.outside(1);
        world.manners(second).keys = Manners::press('1', THINKS);
        if seed % 2 == 0 {
            world.manners(first).pick_up = PickUp::Reject(503);
        } else {
            world.later(Duration::ZERO, first, Act::Vanish);
        }
        let caller = world.call_in();
        assert!(world.run_until(LONG, |world| world.are_talking(caller, second)));
        let record = world.close_with_one();
        assert_eq!(outcomes(&record), [OfferOutcome::Answered]);
        assert_eq!(record.dials.len(), 2);
    });
}

#[test]
fn trunks_that_all_fail_are_not_the_agent_s_fault() {
    for_each_seed(SEEDS / 2, |seed, loud| {
        let (mut world, first, _) = world(seed, loud, 2);
        for number in 0..2 {
            let outside = world.outside(number);
            world.manners(outside).pick_up = PickUp::Reject(503);
        }
        let (caller, second) = (world.call_in(), world.agent(1));
        assert!(world.run_until(LONG, |world| world.are_talking(caller, second)));
        assert_eq!(world.agent_state(first), AgentState::Ready);
        let record = world.close_with_one();
        let fault = OfferOutcome::Failed { failure: OfferFailure::PhoneFault, status: Some(503) };
        assert_eq!(outcomes(&record), [fault, OfferOutcome::Answered]);
        let tries: Vec<_> = record.dials.iter().map(|dial| dial.outcome).collect();
        let failed = DialOutcome::Failed { failure: DialFailure::TrunkFault, status: Some(503) };
        assert_eq!(tries, [failed, failed]);
    });
}

#[test]
fn a_call_from_the_page_rings_the_device_outside_first() {
    for_each_seed(SEEDS, |seed, loud| {
        // The device takes the only place of the first trunk, so that the callee is behind the second.
        let rules = Rules { agents: 1, outside: 2, outside_calls_max: Some(1), ..Rules::default() };
        let mut world = World::new(seed, loud, rules);
        world.open();
        let (agent, device, callee) = (world.agent(0), world.outside(0), world.outside(1));
        world.move_outside(agent);
        world.manners(device).keys = Manners::press('1', THINKS);
        world.originate(agent, NUMBER).expect("the agent is free");
        assert!(world.run_until(LONG, |world| world.are_talking(device, callee)));
        world.later(Duration::from_secs(1), callee, Act::HangUp);
        world.run_for(Duration::from_secs(40));
        let record = world.close_with_one();
        assert_eq!(record.cause.as_ref().unwrap().kind, EndKind::Completed);
        assert_eq!(record.dials[0].device_of, record.agent);
        assert!(record.connected_at > record.answered_at, "the agent's own device is not who was called");
    });
}

/// A mailbox of the network answers in the agent's place, and hangs up some time after.
#[test]
fn a_mailbox_calls_nobody_for_the_agent() {
    for_each_seed(SEEDS, |seed, loud| {
        let rules = Rules { agents: 1, outside: 2, outside_calls_max: Some(1), ..Rules::default() };
        let mut world = World::new(seed, loud, rules);
        world.restore_often(40);
        world.open();
        let (agent, mailbox, callee) = (world.agent(0), world.outside(0), world.outside(1));
        world.move_outside(agent);
        let manners = world.manners(mailbox);
        manners.keys = if seed % 2 == 0 { Vec::new() } else { Manners::press('2', THINKS) };
        manners.hang_up_after = (seed % 3 == 0).then_some(THINKS * 2);
        world.originate(agent, NUMBER).expect("the agent is free");
        assert!(world.run_until(LONG, |world| world.agent_state(agent) == AgentState::Ready));
        assert_eq!(world.phone(callee).answered, 0, "nobody was called");
        let record = world.close_with_one();
        assert_eq!(record.answered_at, None);
        let [dial] = &record.dials[..] else { panic!("{:?}", record.dials) };
        assert_eq!((dial.outcome, &dial.device_of), (DialOutcome::Answered, &record.agent));
    });
}

#[test]
fn an_agent_outside_sends_a_caller_on() {
    for_each_seed(SEEDS / 2, |seed, loud| {
        let (mut world, first, device) = world(seed, loud, 2);
        let second = world.agent(1);
        world.later(Duration::ZERO, second, Act::Unregister);
        world.run_for(Duration::from_secs(40));
        let caller = world.call_in();
        assert!(world.run_until(LONG, |world| world.are_talking(caller, device)));
        world.later(Duration::ZERO, second, Act::Register);
        world.run_for(Duration::from_secs(40));
        world.transfer(first, second);
        assert!(world.run_until(LONG, |world| world.are_talking(caller, second)));
        assert!(world.run_until(LONG, |world| world.phone(device).talk.is_none()));
        let record = world.close_with_one();
        assert_eq!(record.transfers[0].outcome, TransferOutcome::Done);
    });
}

/// Whoever hangs up or vanishes at whatever moment, and whoever goes on with the core, nothing is left behind.
#[test]
fn anybody_may_leave_at_any_moment() {
    for_each_seed(2 * SEEDS, |seed, loud| {
        let (mut world, agent, device) = world(seed, loud, 2);
        world.restore_often(15);
        let (second, other) = (world.agent(1), world.outside(1));
        if seed % 4 == 3 {
            world.manners(device).pick_up = PickUp::Reject(500);
            world.manners(other).keys = Manners::press('1', THINKS);
        } else {
            let answers = world.up_to(Duration::from_secs(4));
            world.manners(device).pick_up = PickUp::After(answers);
        }
        let caller = world.call_in();
        if seed % 3 == 0 {
            // Refused while a call is on offer.
            drop(world.originate(agent, NUMBER));
        }
        let after = world.up_to(Duration::from_secs(10));
        let who = [caller, device, other, second][usize::try_from(seed / 4 % 4).unwrap()];
        world.later(after, who, if seed % 5 == 4 { Act::Vanish } else { Act::HangUp });
        world.run_for(Duration::from_secs(120));
        // The caller's and the agent's own; one that was given up before it was heard of has none.
        assert!(world.close().len() <= 2);
    });
}
