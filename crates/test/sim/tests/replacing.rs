//! Phones that take the place of others (RFC 3891), over networks that lose, repeat, delay and reorder.

use std::cell::Cell;
use std::time::Duration;

use hotline_acd::{AgentState, OfferFailure};
use hotline_base::{AgentId, GroupId};
use hotline_call::{Command, CommandError, Control, EndKind, Group, OfferOutcome, PickUpBy};
use hotline_sim::{Act, Manners, PhoneId, PickUp, Rules, World, for_each_seed};

/// Seeds for each scenario.
const SEEDS: u64 = 500;
/// Long enough for anything that is to happen in these scenarios.
const LONG: Duration = Duration::from_secs(120);

/// Two agents; the first was idle for longer.
fn world(seed: u64, loud: bool) -> (World, PhoneId, PhoneId) {
    let mut world = World::new(seed, loud, Rules { agents: 2, ring_timeout: LONG, ..Rules::default() });
    world.open();
    let (first, second) = (world.agent(0), world.agent(1));
    (world, first, second)
}

#[test]
fn a_call_that_rings_at_a_colleague_s_phone_is_picked_up() {
    let picked_up = Cell::new(0);
    for_each_seed(SEEDS, |seed, loud| {
        let (mut world, first, second) = world(seed, loud);
        world.restore_often(20);
        world.manners(first).pick_up = PickUp::Never;
        let caller = world.call_in();
        let rings = |world: &World| matches!(world.agent_state(first), AgentState::Ringing { .. });
        if !world.run_until(LONG / 4, rings) {
            // The network has lost the word of it, and with it what the dialog is called.
            return;
        }
        picked_up.set(picked_up.get() + 1);
        assert!(world.take_over(second, first));
        assert!(world.run_until(LONG, |world| world.are_talking(caller, second)));
        assert!(world.run_until(LONG, |world| world.phone(first).talk.is_none()), "it rings no more");
        assert_eq!(world.agent_state(first), AgentState::Ready, "without blame");
        assert!(matches!(world.agent_state(second), AgentState::Talking { .. }));
        let who = if seed % 2 == 0 { caller } else { second };
        world.later(Duration::from_secs(1), who, Act::HangUp);
        world.run_for(Duration::from_secs(60));
        assert_eq!(world.agent_state(second), AgentState::Ready);
        let record = world.close_with_one();
        let outcomes: Vec<_> = record.offers.iter().map(|offer| offer.outcome).collect();
        let elsewhere = OfferOutcome::Failed { failure: OfferFailure::Elsewhere, status: None };
        assert_eq!(outcomes, [elsewhere, OfferOutcome::Answered]);
        assert_eq!(record.cause.unwrap().kind, EndKind::Completed);
    });
    assert!(picked_up.get() > 0);
}

/// Puts each agent into the groups that are named, and lets the first of them lead one.
fn group(world: &mut World, groups: [&[&str]; 2], leader: Option<(&str, &str)>, pick_up: PickUpBy) {
    world.reconfigure(|center| {
        for (agent, groups) in center.agents.values_mut().zip(groups) {
            agent.groups = groups.iter().map(|group| GroupId::from(*group)).collect();
        }
        center.staffing.pick_up = pick_up;
        if let Some((group, leader)) = leader {
            let led = Group { leaders: [AgentId::from(leader)].into(), ..Group::default() };
            center.staffing.groups.insert(GroupId::from(group), led);
        }
    });
}

#[test]
fn whose_ringing_call_may_be_picked_up_follows_groups() {
    let early: &[&str] = &["early"];
    let cases: [([&[&str]; 2], Option<(&str, &str)>, PickUpBy, bool); 6] = [
        ([early, &["late"]], None, PickUpBy::Groups, false),
        ([early, &[]], None, PickUpBy::Groups, false),
        ([early, &["late", "early"]], None, PickUpBy::Groups, true),
        ([&[], &["late"]], None, PickUpBy::Groups, true),
        ([early, &[]], Some(("early", "agent1")), PickUpBy::Groups, true),
        ([early, &["late"]], None, PickUpBy::Everybody, true),
    ];
    for (groups, leader, pick_up, may) in cases {
        // By the page the own phone would ring beside the other; it is tried with real phones.
        for by_phone in if may { vec![true] } else { vec![false, true] } {
            for_each_seed(5, |seed, loud| {
                let (mut world, first, second) = world(seed, loud);
                group(&mut world, groups, leader, pick_up);
                world.manners(first).pick_up = PickUp::Never;
                let caller = world.call_in();
                let rings = |world: &World| matches!(world.agent_state(first), AgentState::Ringing { .. });
                if !world.run_until(LONG / 4, rings) {
                    return;
                }
                if by_phone {
                    assert!(world.take_over(second, first));
                } else {
                    let call = world.agent_state(first).call().unwrap();
                    let by = AgentId::from("agent1");
                    let done = world.try_command(Command::Control { call, by, what: Control::PickUp });
                    assert_eq!(done, Err(CommandError::NoColleague));
                }
                let talks = world.run_until(LONG / 4, |world| world.are_talking(caller, second));
                assert_eq!(talks, may, "{groups:?} {leader:?} {pick_up:?} {by_phone}");
                if by_phone && !may {
                    assert_eq!(world.phone(second).failed, Some(403));
                }
                world.close();
            });
        }
    }
}

#[test]
fn an_agent_moves_a_talk_to_another_phone_and_the_recording_goes_on() {
    for_each_seed(SEEDS, |seed, loud| {
        let (mut world, first, _) = world(seed, loud);
        world.restore_often(20);
        let caller = world.call_in();
        assert!(world.run_until(LONG, |world| world.are_talking(caller, first)));
        let other = world.add_second_phone(first);
        world.later(Duration::ZERO, other, Act::Register);
        assert!(world.run_until(LONG, |world| world.phone(other).is_registered));
        assert!(world.take_over(other, first));
        assert!(world.run_until(LONG, |world| world.are_talking(caller, other)));
        assert!(world.run_until(LONG, |world| world.phone(first).talk.is_none()), "the first is told");
        assert!(matches!(world.agent_state(first), AgentState::Talking { call: Some(_), .. }));
        let who = if seed % 2 == 0 { caller } else { other };
        world.later(Duration::from_secs(1), who, Act::HangUp);
        world.run_for(Duration::from_secs(60));
        let record = world.close_with_one();
        assert_eq!((record.recordings.len(), record.offers.len()), (1, 1));
        assert_eq!(record.cause.unwrap().kind, EndKind::Completed);
    });
}

#[test]
fn an_agent_moves_a_call_it_has_made() {
    for_each_seed(SEEDS, |seed, loud| {
        let (mut world, first, second) = world(seed, loud);
        let dial = world.extension(second);
        world.later(Duration::ZERO, first, dial);
        assert!(world.run_until(LONG, |world| world.are_talking(first, second)));
        let other = world.add_second_phone(first);
        world.later(Duration::ZERO, other, Act::Register);
        assert!(world.run_until(LONG, |world| world.phone(other).is_registered));
        assert!(world.take_over(other, first));
        assert!(world.run_until(LONG, |world| world.are_talking(other, second)));
        assert!(world.run_until(LONG, |world| world.phone(first).talk.is_none()));
        world.later(Duration::from_secs(1), other, Act::HangUp);
        world.run_for(Duration::from_secs(60));
        let record = world.close_with_one();
        assert_eq!(record.cause.unwrap().kind, EndKind::Completed);
    });
}

/// The ACK of the first phone may still be on its way.
#[test]
fn an_agent_moves_a_call_that_a_flow_has_just_answered() {
    let (moved, calls) = (Cell::new(0), Cell::new(0));
    for_each_seed(SEEDS, |seed, loud| {
        calls.set(calls.get() + 1);
        let (mut world, first, second) = world(seed, loud);
        let other = world.add_second_phone(first);
        world.later(Duration::ZERO, other, Act::Register);
        assert!(world.run_until(LONG, |world| world.phone(other).is_registered));
        world.manners(other).keys = Manners::press('1', Duration::from_secs(1));
        let number = world.number();
        world.later(Duration::ZERO, first, number);
        let is_up = |world: &World| world.phone(first).talk.as_ref().is_some_and(|talk| talk.is_up);
        if !world.run_until(LONG / 4, is_up) {
            // The network has lost too much for a call.
            return;
        }
        moved.set(moved.get() + 1);
        assert!(world.take_over(other, first));
        assert!(world.run_until(LONG, |world| world.are_talking(other, second)), "the flow goes on");
        world.later(Duration::from_secs(1), other, Act::HangUp);
        world.run_for(Duration::from_secs(60));
        assert_eq!(world.close_with_one().cause.unwrap().kind, EndKind::Completed);
    });
    assert!(moved.get() > calls.get() / 2);
}

#[test]
fn nobody_takes_the_talk_of_somebody_else() {
    for_each_seed(SEEDS / 2, |seed, loud| {
        let (mut world, first, second) = world(seed, loud);
        let caller = world.call_in();
        assert!(world.run_until(LONG, |world| world.are_talking(caller, first)));
        assert!(world.take_over(second, first));
        assert_eq!(world.phone(second).failed, Some(403));
        world.run_for(Duration::from_secs(40));
        assert!(world.are_talking(caller, first), "as if nothing had been");
        assert_eq!(world.close_with_one().offers.len(), 1);
    });
}
