//! Another process goes on with the core at any moment, and nobody notices.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::time::Duration;

use hotline_call::{EndKind, QueueOutcome};
use hotline_sim::{Act, Moment, PickUp, Rules, World, for_each_seed};

/// Seeds for each scenario.
const SEEDS: u64 = 300;
/// Long enough for anything that is to happen here.
const LONG: Duration = Duration::from_secs(120);
/// How many steps a process lasts on average, by seed.
const STEPS: [u64; 4] = [1, 8, 32, 128];

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Names the first difference instead of printing two days.
fn assert_same<T: PartialEq + std::fmt::Debug>(what: &str, expected: &[T], found: &[T]) {
    for (number, pair) in expected.iter().zip(found).enumerate() {
        assert_eq!(pair.0, pair.1, "{what} {number}");
    }
    assert_eq!(expected.len(), found.len(), "{what}s");
}

/// Lives each day twice, in one process and in many, and gives what calls and agents were doing at the changes; nothing
/// if one seed is replayed.
fn assert_unnoticed(live: impl Fn(&mut World)) -> Option<BTreeSet<&'static str>> {
    let mut met = BTreeSet::new();
    let mut seeds = 0;
    for_each_seed(SEEDS, |seed, loud| {
        let rules = Rules { agents: 3, wait_max: seconds(45), media_ports: 9, ..Rules::default() };
        let mut world = World::new(seed, false, rules);
        live(&mut world);
        let expected = world.close_day();
        let mut world = World::new(seed, loud, rules);
        world.restore_often(STEPS[usize::try_from(seed % 4).unwrap()]);
        live(&mut world);
        let found = world.close_day();
        assert_same("event", &expected.events, &found.events);
        assert_same("message", &expected.sent, &found.sent);
        assert_same("record", &expected.records, &found.records);
        assert_same("counter", &expected.counters, &found.counters);
        met.extend(found.restored);
        seeds += 1;
    });
    (seeds == SEEDS).then_some(met)
}

/// More callers than agents; people answer, miss and refuse calls, hold, hang up, give up and vanish, and one
/// watches another.
fn a_busy_day(world: &mut World) {
    world.open();
    world.add_lamp(world.agent(1), world.agent(0));
    for number in 0..3 {
        let agent = world.agent(number);
        let (after, hold) = (world.up_to(seconds(8)), world.up_to(seconds(4)));
        world.manners(agent).pick_up = match world.rng().below(6) {
            0 => PickUp::Never,
            1 => PickUp::Refuse { after, status: 486 },
            _ => PickUp::After(after),
        };
        world.manners(agent).hang_up_after = Some(seconds(5) + after);
        world.when(Moment::Connected, agent, hold, Act::Hold(true));
        world.when(Moment::Connected, agent, hold + seconds(3), Act::Hold(false));
        if world.rng().chance(1, 8) {
            let gone = world.up_to(seconds(60));
            world.later(gone, agent, Act::Vanish);
        }
    }
    for _ in 0..6 {
        let patience = world.up_to(seconds(60));
        let caller = world.add_caller(Some(patience));
        let to_extension = world.rng().chance(1, 4);
        let dial = if to_extension { world.extension(world.agent(0)) } else { world.number() };
        let (begin, give_up) = (world.up_to(seconds(30)), world.up_to(seconds(60)));
        world.later(begin, caller, dial);
        match world.rng().below(6) {
            0 => world.later(begin + give_up, caller, Act::HangUp),
            1 => world.later(begin + give_up, caller, Act::Vanish),
            _ => {}
        }
    }
    world.run_for(LONG);
}

#[test]
fn a_busy_day_in_many_processes_is_the_same_as_in_one() {
    let Some(met) = assert_unnoticed(a_busy_day) else { return };
    for doing in [
        "in a flow",
        "queued",
        "offered",
        "connected",
        "ending",
        "not ready",
        "ready",
        "reserved",
        "ringing",
        "talking",
        "holding",
        "wrapping up",
    ] {
        assert!(met.contains(doing), "somebody was {doing}");
    }
}

#[test]
fn a_caller_who_is_sent_on_arrives_in_another_process() {
    assert_unnoticed(|world| {
        world.open();
        let (first, second, caller) = (world.agent(0), world.agent(1), world.add_caller(None));
        world.later(Duration::ZERO, caller, world.number());
        assert!(world.run_until(LONG, |world| world.are_talking(caller, first)));
        let after = world.up_to(seconds(5));
        world.manners(second).pick_up = match world.rng().below(3) {
            0 => PickUp::Refuse { after, status: 603 },
            _ => PickUp::After(after),
        };
        world.transfer(first, second);
        assert!(world.run_until(LONG, |world| {
            world.are_talking(caller, second) || world.are_talking(caller, first)
        }));
        world.later(seconds(2), caller, Act::HangUp);
        world.run_for(seconds(30));
    });
}

#[test]
fn a_call_keeps_the_flow_it_began_with_while_new_calls_get_the_new_one() {
    for_each_seed(SEEDS / 3, |seed, loud| {
        let mut world = World::new(seed, loud, Rules::default());
        world.open();
        let (agent, early, late) = (world.agent(0), world.add_caller(None), world.add_caller(None));
        world.manners(agent).hang_up_after = Some(seconds(2));
        world.later(Duration::ZERO, early, world.number());
        let is_up = |world: &World| world.phone(early).talk.as_ref().is_some_and(|talk| talk.is_up);
        assert!(world.run_until(LONG, is_up), "the caller hears the menu");
        world.restore_under(Rules { queue_key: '2', ..Rules::default() });
        let connected = world.run_until(LONG, |world| world.are_talking(early, agent));
        assert!(connected, "the key leads where it led when the call began");
        world.later(seconds(1), late, world.number());
        world.run_for(LONG);
        let records = world.close();
        assert_eq!(records[0].queues[0].outcome, Some(QueueOutcome::Answered));
        assert!(records[1].queues.is_empty(), "for a new call it leads nowhere");
        assert_eq!(records[1].cause.as_ref().unwrap().kind, EndKind::FlowEnded);
    });
}
