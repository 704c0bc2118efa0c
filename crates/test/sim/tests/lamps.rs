//! Busy lamps that follow the calls of agents, over networks that lose, repeat, delay and reorder.

use std::time::Duration;

use hotline_sim::{Act, LampId, Light, PhoneId, PickUp, Rules, World, for_each_seed};

/// Seeds for each scenario.
const SEEDS: u64 = 1000;
/// Long enough for anything that is to happen in these scenarios.
const LONG: Duration = Duration::from_secs(120);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Two agents, of whom the second watches the first.
fn watching(world: &mut World) -> (PhoneId, PhoneId, LampId) {
    world.open();
    let (watched, watcher) = (world.agent(0), world.agent(1));
    let lamp = world.add_lamp(watcher, watched);
    assert!(shows(world, lamp, Light::Off), "the first NOTIFY comes at once");
    (watched, watcher, lamp)
}

fn shows(world: &mut World, lamp: LampId, light: Light) -> bool {
    world.run_until(LONG, |world| world.lamp(lamp).light == light)
}

fn world(seed: u64, loud: bool) -> World {
    World::new(seed, loud, Rules { agents: 2, ..Rules::default() })
}

#[test]
fn a_lamp_follows_a_call_through_offer_talk_and_end() {
    let (mut seeds, mut rang) = (0, 0);
    for_each_seed(SEEDS, |seed, loud| {
        let mut world = world(seed, loud);
        let (watched, _, lamp) = watching(&mut world);
        world.manners(watched).pick_up = PickUp::After(seconds(6));
        let caller = world.add_caller(None);
        world.later(Duration::ZERO, caller, world.number());
        let is_called = |world: &World| world.lamp(lamp).light >= Light::Trying;
        assert!(world.run_until(LONG, is_called));
        assert!(world.run_until(LONG, |world| world.are_talking(caller, watched)));
        assert!(shows(&mut world, lamp, Light::Confirmed), "they talk");
        world.later(Duration::ZERO, if seed % 2 == 0 { caller } else { watched }, Act::HangUp);
        assert!(shows(&mut world, lamp, Light::Off), "it is over");
        let shown = &world.lamp(lamp).shown;
        seeds += 1;
        rang += u64::from(shown.contains(&Light::Early));
        assert!(shown.is_sorted_by(|a, b| a < b || *b == Light::Off), "in order: {shown:?}");
        world.run_for(seconds(60));
        assert_eq!(world.lamp(lamp).light, Light::Off);
        world.close();
    });
    // That it rings, the phone says once, and the network may lose it.
    assert!(seeds < SEEDS || rang > SEEDS * 3 / 4, "{rang} of {seeds} lamps showed that it rings");
}

#[test]
fn whatever_becomes_of_calls_the_lamp_is_right_in_the_end() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut world = world(seed, loud);
        let (watched, watcher, lamp) = watching(&mut world);
        let after = world.up_to(seconds(5));
        world.manners(watched).pick_up = match seed % 4 {
            0 => PickUp::Never,
            1 => PickUp::Refuse { after, status: 486 },
            _ => PickUp::After(after),
        };
        world.manners(watched).hang_up_after = Some(seconds(3));
        for _ in 0..3 {
            let caller = world.add_caller(Some(seconds(10)));
            let (begin, give_up) = (world.up_to(seconds(20)), world.up_to(seconds(40)));
            world.later(begin, caller, world.number());
            world.later(begin + give_up, caller, Act::HangUp);
        }
        world.run_for(LONG);
        for phone in [watched, watcher] {
            world.later(Duration::ZERO, phone, Act::HangUp);
        }
        world.manners(watched).pick_up = PickUp::Refuse { after: Duration::ZERO, status: 486 };
        world.run_for(seconds(40));
        assert!(world.phone(watched).talk.is_none());
        assert_eq!(world.lamp(lamp).light, Light::Off);
        world.close();
    });
}

#[test]
fn a_lamp_is_refreshed_and_ends_with_its_phone_s_registration() {
    for_each_seed(SEEDS / 4, |seed, loud| {
        let mut world = world(seed, loud);
        let (watched, watcher, lamp) = watching(&mut world);
        world.run_for(seconds(400));
        assert_eq!(world.subscriptions(), 1, "refreshed several times");
        let caller = world.add_caller(None);
        world.later(Duration::ZERO, caller, world.extension(watched));
        assert!(shows(&mut world, lamp, Light::Confirmed));
        world.later(Duration::ZERO, watcher, Act::Unregister);
        world.run_for(seconds(40));
        assert_eq!(world.subscriptions(), 0);
        assert_eq!(world.lamp(lamp).ended.as_deref(), Some("deactivated"));
        world.close();
    });
}

#[test]
fn nobody_is_told_for_long_who_does_not_answer() {
    for_each_seed(SEEDS / 4, |seed, loud| {
        let mut world = world(seed, loud);
        let (watched, _, lamp) = watching(&mut world);
        world.run_for(seconds(3));
        world.unplug(lamp);
        if seed % 2 == 0 {
            let caller = world.add_caller(None);
            world.later(Duration::ZERO, caller, world.number());
            assert!(world.run_until(LONG, |world| world.are_talking(caller, watched)));
            world.run_for(seconds(35));
            assert_eq!(world.subscriptions(), 0, "the first NOTIFY that nobody answers is the last");
        } else {
            world.run_for(LONG + seconds(35));
            assert_eq!(world.subscriptions(), 0, "it was not refreshed");
        }
        world.close();
    });
}
