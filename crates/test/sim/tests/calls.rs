//! Whole calls over networks that lose, repeat, delay and reorder, each scenario with many seeds.
//!
//! A failing seed is named, and run again alone with every message printed: `HOTLINE_SIM_SEED=<n>`.
#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks only at the variants it is about")]

use std::collections::BTreeSet;
use std::time::Duration;

use hotline_acd::{AgentState, NotReadyReason, OfferFailure};
use hotline_call::{CallRecord, Command, EndKind, OfferOutcome, Party, QueueOutcome};
use hotline_sim::{Act, Moment, PhoneId, PickUp, Rules, WRAP_UP, World, for_each_seed};

/// Seeds for each scenario.
const SEEDS: u64 = 2000;
/// Seeds for each scenario with many phones.
const SEEDS_OF_CROWDS: u64 = 1000;
/// Long enough for anything that is to happen in these scenarios.
const LONG: Duration = Duration::from_secs(120);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn is_idle(world: &World, phones: &[PhoneId]) -> bool {
    phones.iter().all(|phone| world.phone(*phone).talk.is_none())
}

fn kind(record: &CallRecord) -> EndKind {
    record.cause.as_ref().expect("a record has a cause").kind
}

/// A caller who reached the only agent; they have just begun to talk.
fn talking(seed: u64, loud: bool) -> (World, PhoneId, PhoneId) {
    let mut world = World::new(seed, loud, Rules::default());
    world.open();
    let agent = world.agent(0);
    let pick_up = PickUp::After(world.up_to(seconds(5)));
    world.manners(agent).pick_up = pick_up;
    let caller = world.add_caller(None);
    let dial = world.number();
    world.later(Duration::ZERO, caller, dial);
    let connected = world.run_until(LONG, |world| world.are_talking(caller, agent));
    assert!(connected, "caller and agent hear each other and are recorded");
    (world, caller, agent)
}

#[test]
fn a_caller_reaches_an_agent_and_either_hangs_up() {
    for_each_seed(SEEDS, |seed, loud| {
        let (mut world, caller, agent) = talking(seed, loud);
        let (who, by) = if seed % 2 == 0 { (caller, Party::Caller) } else { (agent, Party::Agent) };
        let talk = world.up_to(seconds(30));
        world.later(talk, who, Act::HangUp);
        assert!(world.run_until(LONG, |world| is_idle(world, &[caller, agent])), "both phones fall silent");
        assert!(world.run_until(LONG, |world| matches!(world.agent_state(agent), AgentState::WrapUp { .. })));
        assert!(world.run_until(WRAP_UP, |world| world.agent_state(agent) == AgentState::Ready));
        let record = world.close_with_one();
        assert_eq!((kind(&record), record.ended_by), (EndKind::Completed, Some(by)));
        assert_eq!(record.queues[0].outcome, Some(QueueOutcome::Answered));
        assert_eq!(record.offers.len(), 1);
        assert_eq!(record.recordings.len(), 1);
    });
}

#[test]
fn a_phone_that_moves_its_audio_while_it_rings_is_heard_where_it_has_moved() {
    let (mut moved, mut calls) = (0, 0);
    for_each_seed(SEEDS, |seed, loud| {
        let mut world = World::new(seed, loud, Rules::default());
        world.open();
        let (agent, caller) = (world.agent(0), world.add_caller(None));
        let pick_up = PickUp::Moving(world.up_to(seconds(3)));
        world.manners(agent).pick_up = pick_up;
        let dials_extension = world.rng().chance(1, 2);
        let dial = if dials_extension { world.extension(agent) } else { world.number() };
        world.later(Duration::ZERO, caller, dial);
        assert!(world.run_until(LONG, |world| world.are_talking(caller, agent)), "they hear each other");
        world.later(seconds(1), caller, Act::HangUp);
        world.run_for(seconds(40));
        moved += world.phone(agent).moved;
        calls += 1;
        assert_eq!(kind(&world.close_with_one()), EndKind::Completed);
    });
    // Before our PRACK has come it may not be asked for.
    assert!(moved >= calls / 2, "the audio has moved in {moved} of {calls} calls");
}

#[test]
fn a_caller_who_hangs_up_is_gone_from_every_state() {
    let mut moments = BTreeSet::new();
    for_each_seed(SEEDS, |seed, loud| {
        let mut world = World::new(seed, loud, Rules::default());
        world.open();
        let (agent, caller) = (world.agent(0), world.add_caller(None));
        let moment = Moment::ALL[usize::try_from(seed % 7).unwrap()];
        // An extension rings before the caller is answered: then hanging up is a CANCEL.
        let dials_extension = !matches!(moment, Moment::Queued) && world.rng().chance(1, 2);
        let dial = if dials_extension { world.extension(agent) } else { world.number() };
        let pick_up = PickUp::After(world.up_to(seconds(2)));
        world.manners(agent).pick_up = pick_up;
        let after = world.up_to(Duration::from_millis(300));
        world.when(moment, caller, after, Act::HangUp);
        // The moment may not come: a lost 180 means that the phone was never known to ring.
        world.when(Moment::Connected, caller, after, Act::HangUp);
        world.later(Duration::ZERO, caller, dial);

        let begun = world.run_until(LONG, |world| world.phone(caller).talk.is_some());
        assert!(begun && world.run_until(LONG, |world| is_idle(world, &[caller, agent])));
        world.run_for(seconds(3));
        let state = world.agent_state(agent);
        let record = world.close_with_one();
        let talked = record.connected_at.is_some();
        let queued = record.queues.first().and_then(|visit| visit.outcome);
        let expected = match queued {
            _ if talked => EndKind::Completed,
            Some(QueueOutcome::Abandoned) => EndKind::Abandoned,
            _ => EndKind::HungUpEarly,
        };
        assert_eq!((kind(&record), record.ended_by), (expected, Some(Party::Caller)));
        match state {
            AgentState::WrapUp { .. } => assert!(talked && !dials_extension),
            state => assert_eq!(state, AgentState::Ready, "the agent is not to blame"),
        }
        moments.insert((moment, dials_extension, talked));
    });
    let is_replay = moments.len() < 2;
    for moment in &Moment::ALL[..7] {
        assert!(is_replay || moments.iter().any(|(seen, ..)| seen == moment), "{moment:?} was met");
    }
}

#[test]
fn a_call_that_the_first_agent_does_not_take_goes_to_the_next() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut world = World::new(seed, loud, Rules { agents: 2, ..Rules::default() });
        world.open();
        let (first, second) = (world.agent(0), world.agent(1));
        let after = world.up_to(seconds(5));
        let status = [486, 603, 480][usize::try_from(seed / 3 % 3).unwrap()];
        match seed % 3 {
            0 => world.manners(first).pick_up = PickUp::Never,
            1 => world.manners(first).pick_up = PickUp::Refuse { after, status },
            _ => world.later(Duration::ZERO, first, Act::Vanish),
        }
        let caller = world.add_caller(None);
        let dial = world.number();
        world.later(seconds(1), caller, dial);
        assert!(world.run_until(LONG, |world| world.are_talking(caller, second)));
        let state = world.agent_state(first);
        world.later(seconds(3), caller, Act::HangUp);
        world.run_for(seconds(30));
        let record = world.close_with_one();
        assert_eq!(record.offers.len(), 2);
        let OfferOutcome::Failed { failure, .. } = record.offers[0].outcome else {
            panic!("the first offer came to nothing");
        };
        let missed = AgentState::NotReady { reason: NotReadyReason::Missed };
        let rang = record.offers[0].ringing_at.is_some();
        match seed % 3 {
            0 if rang => assert_eq!((failure, state), (OfferFailure::NoAnswer, missed)),
            1 => {
                let expected = if status == 486 { OfferFailure::Busy } else { OfferFailure::Rejected };
                assert_eq!((failure, state), (expected, AgentState::Ready));
            }
            _ => assert_eq!(
                state,
                AgentState::Ready,
                "a phone that was not heard to ring is not the agent's fault"
            ),
        }
        assert_eq!(kind(&record), EndKind::Completed);
    });
}

#[test]
fn a_caller_whom_nobody_answers_is_led_on_by_the_flow() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut world = World::new(seed, loud, Rules { wait_max: seconds(40), ..Rules::default() });
        world.open();
        let agent = world.agent(0);
        world.manners(agent).pick_up = PickUp::Never;
        let caller = world.add_caller(None);
        let dial = world.number();
        world.later(Duration::ZERO, caller, dial);
        assert!(world.run_until(seconds(10), |world| {
            world.phone(caller).talk.as_ref().is_some_and(|talk| talk.is_up)
        }));
        assert!(world.run_until(LONG, |world| is_idle(world, &[caller, agent])));
        let record = world.close_with_one();
        assert_eq!(record.queues[0].outcome, Some(QueueOutcome::TimedOut));
        assert_eq!((kind(&record), record.ended_by), (EndKind::FlowEnded, Some(Party::System)));
        let rang = record.offers.iter().filter(|offer| offer.ringing_at.is_some()).count();
        assert!(rang <= 1, "an agent who missed the call is left in peace");
    });
}

#[test]
fn both_hang_up_at_once() {
    for_each_seed(SEEDS, |seed, loud| {
        let (mut world, caller, agent) = talking(seed, loud);
        let talk = world.up_to(seconds(5));
        let (early, late) = (world.up_to(Duration::from_millis(80)), world.up_to(Duration::from_millis(80)));
        world.later(talk + early, caller, Act::HangUp);
        world.later(talk + late, agent, Act::HangUp);
        world.run_for(talk + seconds(5));
        assert!(is_idle(&world, &[caller, agent]));
        let record = world.close_with_one();
        assert_eq!(kind(&record), EndKind::Completed);
        assert!(matches!(record.ended_by, Some(Party::Caller | Party::Agent)));
    });
}

#[test]
fn two_calls_for_one_agent_are_taken_one_after_the_other() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut world = World::new(seed, loud, Rules::default());
        world.open();
        let agent = world.agent(0);
        world.manners(agent).hang_up_after = Some(seconds(5));
        for _ in 0..2 {
            let caller = world.add_caller(None);
            let (dial, after) = (world.number(), world.up_to(seconds(2)));
            world.later(after, caller, dial);
        }
        assert!(world.run_until(LONG, |world| world.phone(agent).answered == 2));
        world.run_for(seconds(20));
        let mut records = world.close();
        // Two who come in the same moment may be served in either order.
        records.sort_by_key(|record| (record.queues[0].entered_at, record.connected_at));
        let [first, second] = &records[..] else { panic!("two calls have two records") };
        for record in &records {
            assert_eq!((kind(record), record.offers.len()), (EndKind::Completed, 1));
        }
        let rest = second.connected_at.unwrap().since(first.ended_at.unwrap());
        assert!(rest >= WRAP_UP, "who came first is served first, and wrap-up is kept: {rest:?}");
    });
}

#[test]
fn a_shutdown_ends_every_call_with_a_record() {
    for_each_seed(SEEDS_OF_CROWDS, |seed, loud| {
        let mut world = World::new(seed, loud, Rules { agents: 2, ..Rules::default() });
        world.open();
        let callers: Vec<PhoneId> = (0..4).map(|_| world.add_caller(None)).collect();
        for caller in &callers {
            let (dial, after) = (world.number(), world.up_to(seconds(6)));
            world.later(after, *caller, dial);
        }
        let until = world.up_to(seconds(8));
        world.run_for(until);
        world.command(Command::Drain);
        world.command(Command::HangUpAll);
        world.run_for(seconds(40));
        assert!(is_idle(&world, &callers), "nobody is left on the line");
        let records = world.close();
        assert!(records.iter().all(|record| matches!(kind(record), EndKind::Shutdown)));
    });
}

/// Nobody has a port: the caller is refused, and the record is there at once.
#[test]
fn a_call_without_a_port_is_over_at_once() {
    for_each_seed(SEEDS / 2, |seed, loud| {
        let mut world = World::new(seed, loud, Rules { media_ports: 0, ..Rules::default() });
        world.open();
        let caller = world.call_in();
        let refused = |world: &World| world.phone(caller).failed.is_some();
        if world.run_until(seconds(40), refused) {
            assert_eq!(world.calls(), 0, "nothing is waited for");
        }
        world.close();
    });
}

/// More callers than agents and ports, and people who do whatever people do. Only the rules that hold at all times
/// are checked, by the watch.
#[test]
fn whatever_people_do_nobody_is_lost_and_nothing_is_left() {
    for_each_seed(SEEDS_OF_CROWDS, |seed, loud| {
        let mut world = World::new(
            seed,
            loud,
            Rules { agents: 3, wait_max: seconds(45), media_ports: 8, ..Rules::default() },
        );
        world.open();
        for number in 0..3 {
            let agent = world.agent(number);
            let after = world.up_to(seconds(12));
            let pick_up = match world.rng().below(4) {
                0 | 1 => PickUp::After(after),
                2 => PickUp::Never,
                _ => PickUp::Refuse { after, status: 486 },
            };
            world.manners(agent).pick_up = pick_up;
            world.manners(agent).hang_up_after = Some(after + seconds(1));
            if world.rng().chance(1, 6) {
                let gone = world.up_to(seconds(60));
                world.later(gone, agent, Act::Vanish);
            }
        }
        for _ in 0..5 {
            let patience = world.up_to(seconds(60));
            let caller = world.add_caller(Some(patience));
            let callee = world.rng().below(10);
            let dial = if callee < 3 {
                let agent = world.agent(usize::try_from(callee).unwrap());
                world.extension(agent)
            } else {
                world.number()
            };
            let (begin, give_up) = (world.up_to(seconds(30)), world.up_to(seconds(60)));
            world.later(begin, caller, dial);
            match world.rng().below(6) {
                0 | 1 => world.later(begin + give_up, caller, Act::HangUp),
                2 => world.later(begin + give_up, caller, Act::Vanish),
                _ => {}
            }
        }
        world.run_for(LONG);
        world.close();
    });
}

/// Audio may go on while a phone is lost to SIP: the session's refreshes tell (RFC 4028).
#[test]
fn a_phone_that_is_lost_to_sip_ends_the_call_when_its_session_expires() {
    let mut kinds = Vec::new();
    for_each_seed(SEEDS / 20, |seed, loud| {
        let mut world = World::new(seed, loud, Rules::default());
        world.open();
        let (agent, caller) = (world.agent(0), world.add_caller(None));
        let number = world.number();
        world.later(Duration::ZERO, caller, number);
        assert!(world.run_until(Duration::from_secs(120), |world| world.are_talking(caller, agent)));
        let lost = if seed % 2 == 0 { agent } else { caller };
        world.later(Duration::from_secs(1), lost, Act::LoseSip);
        world.run_for(Duration::from_secs(3600));
        let records = world.close();
        assert_eq!(records.len(), 1);
        let cause = records[0].cause.clone().unwrap();
        assert_eq!(records[0].ended_by, Some(Party::System));
        // It did not refresh in its turn, or did not answer our refresh.
        assert!(matches!(cause.kind, EndKind::SessionExpired | EndKind::Unreachable), "{:?}", cause.kind);
        kinds.push(cause.kind);
    });
    assert!(kinds.len() < 2 || kinds.contains(&EndKind::SessionExpired));
}
