//! Callers whom an agent sends on, over networks that lose, repeat, delay and reorder.

use std::collections::BTreeSet;
use std::time::Duration;

use hotline_acd::AgentState;
use hotline_call::{CallRecord, EndKind, Party, RecordingPolicy, TransferOutcome};
use hotline_media::{Channel, MarkKind};
use hotline_sim::{Act, PhoneId, PickUp, Rules, World, for_each_seed};

/// Seeds for each scenario.
const SEEDS: u64 = 1500;
/// Long enough for anything that is to happen in these scenarios.
const LONG: Duration = Duration::from_secs(120);

/// A caller who talks to the first of two agents.
fn talking(seed: u64, loud: bool) -> (World, PhoneId, PhoneId, PhoneId) {
    talking_by(seed, loud, Rules { agents: 2, ..Rules::default() })
}

fn talking_by(seed: u64, loud: bool, rules: Rules) -> (World, PhoneId, PhoneId, PhoneId) {
    let mut world = World::new(seed, loud, rules);
    world.open();
    let (first, second) = (world.agent(0), world.agent(1));
    let caller = world.add_caller(None);
    let dial = world.number();
    world.later(Duration::ZERO, caller, dial);
    assert!(world.run_until(LONG, |world| world.are_talking(caller, first)));
    (world, caller, first, second)
}

const LEFT: Channel = Channel::Customer;
const RIGHT: Channel = Channel::Agent;

/// Who is in the only recording of a call, and where.
fn heard(record: &CallRecord) -> Vec<(String, Channel)> {
    let [recording] = &record.recordings[..] else { panic!("one recording: {:?}", record.recordings) };
    let legs = recording.index.legs.iter();
    legs.map(|leg| (leg.speaker.as_str().to_owned(), leg.channel)).collect()
}

fn strings(legs: &[(&str, Channel)]) -> Vec<(String, Channel)> {
    legs.iter().map(|(speaker, channel)| ((*speaker).to_owned(), *channel)).collect()
}

fn marks(record: &CallRecord) -> Vec<MarkKind> {
    record.recordings[0].index.marks.iter().map(|mark| mark.kind).collect()
}

fn outcomes(record: &CallRecord) -> Vec<TransferOutcome> {
    record.transfers.iter().map(|transfer| transfer.outcome).collect()
}

#[test]
fn a_caller_who_is_sent_on_talks_to_the_next_agent_and_the_first_is_free() {
    for_each_seed(SEEDS, |seed, loud| {
        let (mut world, caller, first, second) = talking(seed, loud);
        let pick_up = PickUp::After(world.up_to(Duration::from_secs(5)));
        world.manners(second).pick_up = pick_up;
        world.transfer(first, second);
        assert!(world.run_until(LONG, |world| world.are_talking(caller, second)), "somebody takes over");
        assert!(
            world.run_until(LONG, |world| world.phone(first).talk.is_none()),
            "the first phone falls silent"
        );
        assert!(matches!(world.agent_state(first), AgentState::WrapUp { .. } | AgentState::Ready));
        world.later(Duration::from_secs(2), caller, Act::HangUp);
        world.run_for(Duration::from_secs(30));
        let record = world.close_with_one();
        assert_eq!(outcomes(&record), [TransferOutcome::Done]);
        let whole = [("customer", LEFT), ("agent:agent0", RIGHT), ("agent:agent1", RIGHT)];
        assert_eq!((heard(&record), record.offers.len()), (strings(&whole), 2));
        assert_eq!(marks(&record), [MarkKind::Transferred]);
        assert_eq!(record.cause.unwrap().kind, EndKind::Completed);
        assert_eq!(record.ended_by, Some(Party::Caller));
    });
}

#[test]
fn a_caller_who_is_sent_into_a_queue_waits_there_and_the_agent_is_free() {
    for_each_seed(SEEDS, |seed, loud| {
        let (mut world, caller, first, second) = talking(seed, loud);
        world.transfer_to(first, "queue:sales");
        let is_free = |world: &World| world.phone(first).talk.is_none();
        assert!(world.run_until(LONG, is_free), "the first phone falls silent");
        assert!(world.run_until(LONG, |world| world.are_talking(caller, second)), "the queue's next has it");
        world.later(Duration::from_secs(2), caller, Act::HangUp);
        world.run_for(Duration::from_secs(30));
        let record = world.close_with_one();
        assert_eq!(outcomes(&record), [TransferOutcome::Done]);
        assert_eq!(record.queues.len(), 2, "it waited once more");
        assert_eq!(record.cause.unwrap().kind, EndKind::Completed);
    });
}

#[test]
fn a_caller_whom_nobody_takes_over_is_back_with_the_agent() {
    for_each_seed(SEEDS, |seed, loud| {
        let (mut world, caller, first, second) = talking(seed, loud);
        let after = world.up_to(Duration::from_secs(5));
        match seed % 3 {
            0 => world.manners(second).pick_up = PickUp::Never,
            1 => world.manners(second).pick_up = PickUp::Refuse { after, status: 603 },
            _ => world.later(Duration::ZERO, second, Act::Vanish),
        }
        world.run_for(Duration::from_secs(1));
        world.transfer(first, second);
        assert!(!world.are_talking(caller, first), "the caller hears music");
        assert!(world.run_until(LONG, |world| world.are_talking(caller, first)), "they talk again");
        world.later(Duration::from_secs(2), first, Act::HangUp);
        world.run_for(Duration::from_secs(30));
        let record = world.close_with_one();
        assert_eq!(outcomes(&record), [TransferOutcome::Failed]);
        assert_eq!((record.recordings.len(), record.ended_by), (1, Some(Party::Agent)));
    });
}

#[test]
fn an_agent_who_asks_a_colleague_first_joins_the_two_and_leaves() {
    for_each_seed(SEEDS, |seed, loud| {
        let consult = seed % 2 == 0;
        let recording = RecordingPolicy { consult, ..RecordingPolicy::default() };
        let rules = Rules { agents: 2, recording, ..Rules::default() };
        let (mut world, caller, first, second) = talking_by(seed, loud, rules);
        let pick_up = PickUp::After(world.up_to(Duration::from_secs(2)));
        world.manners(second).pick_up = pick_up;
        let Act::Dial(extension) = world.extension(second) else { panic!("an extension is dialled") };
        world.later(Duration::from_secs(1), first, Act::Consult(extension));
        let they_talk = |world: &World| match consult {
            true => world.are_talking(first, second),
            false => world.are_talking_off_the_record(first, second),
        };
        assert!(world.run_until(LONG, they_talk), "the agents talk");
        for repetition in 0..12 {
            world.later(Duration::from_millis(500 * repetition), first, Act::Join);
        }
        assert!(world.run_until(LONG, |world| world.are_talking(caller, second)), "the two are joined");
        let left = |world: &World| world.phone(first).talk.is_none() && world.phone(first).aside.is_none();
        assert!(world.run_until(LONG, left), "both calls of the first phone are over");
        assert!(matches!(world.agent_state(first), AgentState::WrapUp { .. } | AgentState::Ready));
        assert!(matches!(world.agent_state(second), AgentState::Talking { .. }));
        world.later(Duration::from_secs(2), caller, Act::HangUp);
        world.run_for(Duration::from_secs(40));
        let records = world.close();
        let kinds: Vec<_> = records.iter().map(|record| record.cause.as_ref().unwrap().kind).collect();
        assert_eq!(kinds, [EndKind::Completed, EndKind::Transferred]);
        assert!(records[0].transfers[0].attended && outcomes(&records[0]) == [TransferOutcome::Done]);
        assert_eq!(records[0].agent, records[1].agent, "the colleague took the call");
        let whole = [("customer", LEFT), ("agent:agent0", RIGHT), ("agent:agent1", RIGHT)];
        assert_eq!(heard(&records[0]), strings(&whole), "one conversation, one recording");
        assert_eq!(marks(&records[0]).last(), Some(&MarkKind::Transferred));
        let asked = [("agent:agent0", LEFT), ("agent:agent1", RIGHT)];
        if consult {
            assert_eq!(heard(&records[1]), strings(&asked));
        } else {
            assert!(records[1].recordings.is_empty(), "consultations are not recorded");
        }
    });
}

/// Whoever leaves while the second phone rings, nothing is left behind.
#[test]
fn anybody_may_hang_up_while_a_caller_is_sent_on() {
    let mut ends = BTreeSet::new();
    for_each_seed(SEEDS, |seed, loud| {
        let (mut world, caller, first, second) = talking(seed, loud);
        let pick_up = PickUp::After(world.up_to(Duration::from_secs(2)));
        world.manners(second).pick_up = pick_up;
        world.transfer(first, second);
        let after = world.up_to(Duration::from_secs(3));
        let who = [caller, first, second][usize::try_from(seed % 3).unwrap()];
        world.later(after, who, Act::HangUp);
        world.run_for(Duration::from_secs(60));
        let taken_over = world.are_talking(caller, second);
        assert!(seed % 3 != 1 || taken_over, "an agent who leaves takes nobody along");
        let record = world.close_with_one();
        ends.insert((seed % 3, outcomes(&record)[0] == TransferOutcome::Done));
    });
    let is_replay = ends.len() < 2;
    for who in 0..3 {
        assert!(is_replay || ends.contains(&(who, true)), "{who} hung up after the transfer too");
    }
}

/// The agent has left and the colleague does not answer: the caller is not lost.
#[test]
fn a_caller_whom_nobody_is_left_for_begins_again() {
    for_each_seed(SEEDS / 3, |seed, loud| {
        let (mut world, caller, first, second) = talking(seed, loud);
        world.manners(second).pick_up = PickUp::Never;
        world.transfer(first, second);
        world.later(Duration::from_secs(1), first, Act::HangUp);
        // The agents' phones are as before when the caller has come through the menu again.
        world.manners(first).pick_up = PickUp::After(Duration::from_secs(1));
        world.run_for(Duration::from_secs(35));
        assert!(world.phone(caller).talk.is_some(), "the caller is still there");
        world.later(Duration::ZERO, caller, Act::Press('1'));
        assert!(world.run_until(LONG, |world| world.are_talking(caller, first)), "and is served");
        world.later(Duration::from_secs(2), caller, Act::HangUp);
        world.run_for(Duration::from_secs(30));
        let record = world.close_with_one();
        assert_eq!(outcomes(&record), [TransferOutcome::Failed]);
        assert_eq!((record.recordings.len(), record.queues.len()), (1, 2));
        assert_eq!(record.cause.unwrap().kind, EndKind::Completed);
    });
}

/// The first of three agents talks to the second, whom it has called.
fn colleagues(seed: u64, loud: bool) -> (World, [PhoneId; 3]) {
    let mut world = World::new(seed, loud, Rules { agents: 3, ..Rules::default() });
    world.open();
    let agents = [world.agent(0), world.agent(1), world.agent(2)];
    let dial = world.extension(agents[1]);
    world.later(Duration::ZERO, agents[0], dial);
    assert!(world.run_until(LONG, |world| world.are_talking(agents[0], agents[1])));
    (world, agents)
}

#[test]
fn an_agent_who_has_called_a_colleague_sends_that_one_on() {
    for_each_seed(SEEDS / 2, |seed, loud| {
        let (mut world, [first, second, third]) = colleagues(seed, loud);
        world.restore_often(20);
        world.transfer(first, third);
        assert!(world.run_until(LONG, |world| world.are_talking(second, third)), "the third takes over");
        assert!(world.run_until(LONG, |world| world.phone(first).talk.is_none()));
        assert_eq!(world.agent_state(first), AgentState::Ready);
        let who = if seed % 2 == 0 { second } else { third };
        world.later(Duration::from_secs(2), who, Act::HangUp);
        world.run_for(Duration::from_secs(40));
        for agent in [first, second, third] {
            assert_eq!(world.agent_state(agent), AgentState::Ready, "nobody is left in a call");
        }
        let record = world.close_with_one();
        assert_eq!(outcomes(&record), [TransferOutcome::Done]);
        // The colleague is who is served from the transfer on.
        let whole = [
            ("agent:agent0", LEFT),
            ("agent:agent1", RIGHT),
            ("agent:agent1", LEFT),
            ("agent:agent0", RIGHT),
            ("agent:agent2", RIGHT),
        ];
        assert_eq!(heard(&record), strings(&whole));
    });
}

#[test]
fn a_colleague_whom_nobody_takes_over_is_back_with_the_agent_who_called() {
    for_each_seed(SEEDS / 2, |seed, loud| {
        let (mut world, [first, second, third]) = colleagues(seed, loud);
        world.manners(third).pick_up = PickUp::Refuse { after: Duration::from_secs(1), status: 486 };
        world.transfer(first, third);
        assert!(!world.are_talking(first, second));
        assert!(world.run_until(LONG, |world| world.are_talking(first, second)), "they talk again");
        let who = if seed % 2 == 0 { first } else { second };
        world.later(Duration::from_secs(2), who, Act::HangUp);
        world.run_for(Duration::from_secs(40));
        for agent in [first, second, third] {
            assert_eq!(world.agent_state(agent), AgentState::Ready, "nobody is left in a call");
        }
        assert_eq!(outcomes(&world.close_with_one()), [TransferOutcome::Failed]);
    });
}

#[test]
fn an_agent_joins_two_colleagues_whom_it_has_called() {
    for_each_seed(SEEDS / 2, |seed, loud| {
        let (mut world, [first, second, third]) = colleagues(seed, loud);
        let Act::Dial(extension) = world.extension(third) else { panic!("an extension is dialled") };
        world.later(Duration::from_secs(1), first, Act::Consult(extension));
        assert!(world.run_until(LONG, |world| world.are_talking(first, third)), "the agent asks");
        for repetition in 0..12 {
            world.later(Duration::from_millis(500 * repetition), first, Act::Join);
        }
        assert!(world.run_until(LONG, |world| world.are_talking(second, third)), "the two are joined");
        let left = |world: &World| world.phone(first).talk.is_none() && world.phone(first).aside.is_none();
        assert!(world.run_until(LONG, left), "both calls of the agent's phone are over");
        world.later(Duration::from_secs(2), second, Act::HangUp);
        world.run_for(Duration::from_secs(40));
        for agent in [first, second, third] {
            assert_eq!(world.agent_state(agent), AgentState::Ready, "nobody is left in a call");
        }
        let records = world.close();
        let kinds: Vec<_> = records.iter().map(|record| record.cause.as_ref().unwrap().kind).collect();
        assert_eq!(kinds, [EndKind::Completed, EndKind::Transferred]);
    });
}
