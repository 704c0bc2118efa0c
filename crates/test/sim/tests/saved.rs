//! Another process goes on with the core at any moment: nobody may notice.

use std::collections::BTreeSet;
use std::time::Duration;

use hotline_call::{EndKind, QueueOutcome};
use hotline_sim::{Act, Day, Moment, PickUp, Rules, World, for_each_seed};

/// Seeds; each is a day that is lived twice.
const SEEDS: u64 = 300;
/// Long enough for anything that is to happen here.
const LONG: Duration = Duration::from_secs(120);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// More callers than agents; people answer, miss and refuse calls, hold, hang up, give up and vanish.
fn day(seed: u64, loud: bool, hand_over: Option<u64>) -> Day {
    let rules = Rules { agents: 3, wait_max: seconds(45), media_ports: 9, ..Rules::default() };
    let mut world = World::new(seed, loud, rules);
    if let Some(steps) = hand_over {
        world.hand_over_often(steps);
    }
    world.open();
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
    world.close_day()
}

/// Names the first difference instead of printing two days.
fn assert_same<T: PartialEq + std::fmt::Debug>(what: &str, expected: &[T], found: &[T]) {
    for (number, pair) in expected.iter().zip(found).enumerate() {
        assert_eq!(pair.0, pair.1, "{what} {number}");
    }
    assert_eq!(expected.len(), found.len(), "{what}s");
}

#[test]
fn a_day_goes_on_in_other_processes_as_if_there_had_been_one() {
    let mut met = BTreeSet::new();
    let mut seeds = 0;
    for_each_seed(SEEDS, |seed, loud| {
        let uninterrupted = day(seed, false, None);
        let steps = [1, 4, 16, 64][usize::try_from(seed % 4).unwrap()];
        let interrupted = day(seed, loud, Some(steps));
        assert_same("event", &uninterrupted.events, &interrupted.events);
        assert_same("message", &uninterrupted.sent, &interrupted.sent);
        assert_same("record", &uninterrupted.records, &interrupted.records);
        assert_same("counter", &uninterrupted.counters, &interrupted.counters);
        met.extend(interrupted.handed_over);
        seeds += 1;
    });
    let all = [
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
    ];
    for doing in all {
        assert!(seeds == 1 || met.contains(doing), "somebody was {doing}");
    }
}

#[test]
fn a_call_keeps_the_flow_it_began_with_while_new_calls_get_the_new_one() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut world = World::new(seed, loud, Rules::default());
        world.open();
        let (agent, early, late) = (world.agent(0), world.add_caller(None), world.add_caller(None));
        world.manners(agent).hang_up_after = Some(seconds(2));
        world.later(Duration::ZERO, early, world.number());
        let is_up = |world: &World| world.phone(early).talk.as_ref().is_some_and(|talk| talk.is_up);
        assert!(world.run_until(LONG, is_up), "the caller hears the menu");
        world.hand_over_to(Rules { queue_key: '2', ..Rules::default() });
        assert!(
            world.run_until(LONG, |world| world.are_talking(early, agent)),
            "the old key still leads there"
        );
        world.later(seconds(1), late, world.number());
        world.run_for(LONG);
        let records = world.close();
        assert_eq!(records[0].queues[0].outcome, Some(QueueOutcome::Answered));
        assert!(records[1].queues.is_empty(), "the old key leads nowhere");
        assert_eq!(records[1].cause.as_ref().unwrap().kind, EndKind::FlowEnded);
    });
}
