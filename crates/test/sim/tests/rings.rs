//! Several phones ring for one caller, and something is said before the two hear each other.

use std::time::Duration;

use hotline_acd::{AgentState, OfferFailure, Strategy};
use hotline_call::{EndKind, OfferOutcome};
use hotline_sim::{Act, PhoneId, PickUp, Rules, World, for_each_seed};
use hotline_sip::{Message, Method, Transmit};

const SEEDS: u64 = 1000;
const LONG: Duration = Duration::from_secs(120);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A center in which several phones ring: all at once, or one more after the other.
fn rules(seed: u64) -> Rules {
    let strategy = match seed % 3 {
        0 => Strategy::ProgressiveRing(seconds(3)),
        _ => Strategy::RingAll,
    };
    Rules { agents: 3, strategy, greets: !seed.is_multiple_of(4), ..Rules::default() }
}

fn open(seed: u64, loud: bool) -> (World, Vec<PhoneId>) {
    let mut world = World::new(seed, loud, rules(seed));
    if seed.is_multiple_of(5) {
        world.restore_often(40);
    }
    world.open();
    let agents = (0..3).map(|number| world.agent(number)).collect();
    (world, agents)
}

/// Whether somebody was told that another phone has the call (RFC 3326).
fn is_told_elsewhere(sent: &[Transmit], phone: std::net::SocketAddr) -> bool {
    sent.iter().filter(|transmit| transmit.flow.remote == phone).any(|transmit| {
        let message = Message::parse(transmit.bytes.clone()).expect("what the core sends is SIP");
        let ends = matches!(message.method(), Some(Method::Cancel | Method::Bye));
        ends && String::from_utf8_lossy(&transmit.bytes)
            .contains("cause=200;text=\"Call completed elsewhere\"")
    })
}

#[test]
fn the_first_who_takes_the_call_has_it_and_the_other_phones_are_told_so() {
    let (mut stopped, mut several) = (0, 0);
    for_each_seed(SEEDS, |seed, loud| {
        let (mut world, agents) = open(seed, loud);
        for agent in &agents {
            let after = seconds(1) + world.up_to(seconds(9));
            world.manners(*agent).pick_up = match world.rng().below(6) {
                0 => PickUp::Never,
                1 => PickUp::Refuse { after, status: 486 },
                2 => PickUp::Refuse { after, status: 603 },
                _ => PickUp::After(after),
            };
        }
        let willing = agents[usize::try_from(seed % 3).expect("one of three")];
        let after = world.up_to(seconds(5));
        world.manners(willing).pick_up = PickUp::After(after);
        let caller = world.call_in();
        let talks = |world: &World| agents.iter().any(|agent| world.are_talking(caller, *agent));
        assert!(world.run_until(LONG, talks), "caller and agent hear each other and are recorded");
        let has_it = |agent: &&PhoneId| world.are_talking(caller, **agent);
        let winner = *agents.iter().find(has_it).expect("one of them talks");
        let idle =
            |world: &World| agents.iter().all(|agent| *agent == winner || world.phone(*agent).talk.is_none());
        assert!(world.run_until(seconds(40), idle), "no other phone rings on");
        assert!(world.are_talking(caller, winner), "and the two still talk");
        let names = |world: &World, phone: &PhoneId| world.phone(*phone).name.clone();
        let losers: Vec<_> = agents.iter().filter(|agent| **agent != winner).copied().collect();
        let losers: Vec<_> = losers
            .iter()
            .map(|agent| (names(&world, agent), world.phone(*agent).address, world.agent_state(*agent)))
            .collect();
        let by = if seed.is_multiple_of(2) { caller } else { winner };
        world.later(seconds(2), by, Act::HangUp);
        world.run_for(seconds(40));

        let day = world.close_day();
        let [record] = &day.records[..] else { panic!("one call has one record") };
        assert_eq!(record.cause.as_ref().map(|cause| cause.kind), Some(EndKind::Completed));
        several += u64::from(record.offers.len() > 1);
        for offer in &record.offers {
            let OfferOutcome::Failed { failure: OfferFailure::Elsewhere, .. } = offer.outcome else {
                continue;
            };
            let (name, address, state) =
                losers.iter().find(|(name, ..)| *name == offer.agent.as_str()).expect("a loser");
            assert_eq!(*state, AgentState::Ready, "{name} is not to blame");
            if offer.ringing_at.is_some() {
                stopped += 1;
                assert!(is_told_elsewhere(&day.sent, *address), "{name} is told why it stops ringing");
            }
        }
    });
    assert!(stopped > 0 && several > 0 || std::env::var_os("HOTLINE_SIM_SEED").is_some());
}

/// Only the rules that hold at all times are checked, by the watch.
#[test]
fn whatever_people_do_while_several_phones_ring_nobody_is_lost() {
    for_each_seed(SEEDS, |seed, loud| {
        let (mut world, agents) = open(seed, loud);
        for agent in agents {
            let after = world.up_to(seconds(12));
            world.manners(agent).pick_up = match world.rng().below(5) {
                0..3 => PickUp::After(after),
                3 => PickUp::Never,
                _ => PickUp::Refuse { after, status: 486 },
            };
            // Some hang up while they are still told whose call it is.
            let hang_up = world.up_to(seconds(8));
            world.manners(agent).hang_up_after = Some(hang_up);
            if world.rng().chance(1, 6) {
                let gone = world.up_to(seconds(60));
                world.later(gone, agent, Act::Vanish);
            }
        }
        for _ in 0..4 {
            let patience = world.up_to(seconds(60));
            let caller = world.add_caller(Some(patience));
            let (begin, give_up) = (world.up_to(seconds(30)), world.up_to(seconds(30)));
            let dial = world.number();
            world.later(begin, caller, dial);
            match world.rng().below(5) {
                0 => world.later(begin + give_up, caller, Act::HangUp),
                1 => world.later(begin + give_up, caller, Act::Vanish),
                _ => {}
            }
        }
        world.run_for(LONG);
        world.close();
    });
}
