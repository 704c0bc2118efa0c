//! Callers who want to be called back: the agent's phone is called first, then the number.
#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks only at the variants it is about")]

use std::time::Duration;

use hotline_acd::{AgentState, NotReadyReason};
use hotline_call::{
    CallEvent, CallbackRules, CallbackState, CalledFirst, EndKind, EventKind, QueueOutcome, TRUNK_PATIENCE,
    TRUNK_PAUSE,
};
use hotline_sim::{Act, Manners, PhoneId, PickUp, Rules, WRAP_UP, World, for_each_seed};

const SEEDS: u64 = 1000;
const LONG: Duration = Duration::from_secs(120);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A center that can call out, and one who has asked to be called back. Whoever takes calls outside does what `pick_up` says.
fn asked(seed: u64, loud: bool, pick_up: PickUp) -> (World, PhoneId, PhoneId) {
    asked_of(seed, loud, Rules { outside: 1, ..Rules::default() }, pick_up)
}

/// The same in a center with these rules.
fn asked_of(seed: u64, loud: bool, rules: Rules, pick_up: PickUp) -> (World, PhoneId, PhoneId) {
    let mut world = World::new(seed, loud, rules);
    if seed.is_multiple_of(5) {
        world.restore_often(40);
    }
    world.open();
    let (agent, outside) = (world.agent(0), world.outside(0));
    world.manners(outside).pick_up = pick_up;
    let caller = world.add_caller_for_later();
    let dial = world.number();
    world.later(Duration::ZERO, caller, dial);
    assert!(world.run_until(LONG, |world| !world.callbacks().is_empty()), "the wish is noted");
    (world, agent, outside)
}

#[test]
fn whoever_wants_it_is_called_back_by_an_agent_who_then_does_after_call_work() {
    for_each_seed(SEEDS, |seed, loud| {
        let (mut world, agent, outside) = asked(seed, loud, PickUp::After(seconds(2)));
        assert!(world.run_until(LONG, |world| world.are_talking(agent, outside)), "the two talk");
        assert_eq!(world.callbacks(), [CallbackState::Reached]);
        let (call, by) = world.talk_of(agent);
        assert_eq!(world.agent_state(agent).call(), Some(call), "{by} talks in the call that has a record");
        let who = if seed.is_multiple_of(2) { agent } else { outside };
        world.later(seconds(3), who, Act::HangUp);
        let wraps_up = |world: &World| matches!(world.agent_state(agent), AgentState::WrapUp { .. });
        assert!(world.run_until(LONG, wraps_up));
        assert!(world.run_until(WRAP_UP, |world| world.agent_state(agent) == AgentState::Ready));
        let records = world.close();
        let [_, made] = &records[..] else { panic!("the caller's call, and the one that was made") };
        assert_eq!(made.call, call);
        assert_eq!(made.cause.as_ref().map(|cause| cause.kind), Some(EndKind::Completed));
    });
}

#[test]
fn who_is_not_reached_is_tried_again_twice_five_minutes_apart_and_then_given_up() {
    for_each_seed(SEEDS, |seed, loud| {
        let after = seconds(2);
        let pick_up = match seed % 3 {
            0 => PickUp::Never,
            1 => PickUp::Refuse { after, status: 486 },
            _ => PickUp::Reject(404),
        };
        let (mut world, agent, outside) = asked(seed, loud, pick_up);
        let given_up = |world: &World| world.callbacks() == [CallbackState::Missed];
        assert!(world.run_until(seconds(1800), given_up), "{:?}", world.callbacks());
        assert_eq!(world.phone(outside).answered, 0);
        assert!(world.run_until(seconds(60), |world| world.agent_state(agent) == AgentState::Ready));
        world.run_for(2 * CallbackRules::default().retry);
        let day = world.close_day();
        let (mut begun, mut dialled) = (Vec::new(), 0);
        for event in &day.events {
            match &event.kind {
                EventKind::Call { what: CallEvent::CallingBack { .. }, .. } => begun.push(event.at),
                EventKind::Call { what: CallEvent::Dialled { .. }, .. } => dialled += 1,
                _ => {}
            }
        }
        assert!(dialled > usize::from(CallbackRules::default().retries), "the number was called each time");
        // A try for which the agent's own phone was not reached does not count.
        assert!(begun.len() > usize::from(CallbackRules::default().retries));
        let pauses = begun.windows(2).filter(|pair| pair[1].since(pair[0]) >= CallbackRules::default().retry);
        assert_eq!(pauses.count(), usize::from(CallbackRules::default().retries));
    });
}

/// The agent is at a number outside, where a mailbox answers.
#[test]
fn nobody_is_called_back_by_the_mailbox_of_an_agent() {
    for_each_seed(SEEDS / 2, |seed, loud| {
        let rules = Rules { outside: 2, outside_calls_max: Some(1), ..Rules::default() };
        let mut world = World::new(seed, loud, rules);
        world.open();
        let (agent, mailbox, who) = (world.agent(0), world.outside(0), world.outside(1));
        world.move_outside(agent);
        world.manners(mailbox).keys = Vec::new();
        let caller = world.add_caller_for_later();
        let dial = world.number();
        world.later(Duration::ZERO, caller, dial);
        let missed = AgentState::NotReady { reason: NotReadyReason::Missed };
        assert!(world.run_until(LONG, |world| world.agent_state(agent) == missed));
        assert_eq!(world.phone(who).answered, 0, "nobody was called");
        assert!(matches!(world.callbacks()[..], [CallbackState::Waiting { tries: 0, .. }]));
        world.close();
    });
}

#[test]
fn a_trunk_that_takes_no_calls_uses_up_no_tries_and_the_number_is_called_when_it_does_again() {
    for_each_seed(SEEDS / 10, |seed, loud| {
        let (mut world, agent, outside) = asked(seed, loud, PickUp::Reject(503));
        world.run_for(4 * CallbackRules::default().retry);
        assert!(matches!(world.callbacks()[..], [CallbackState::Waiting { tries: 0, .. }]), "no try yet");
        world.manners(outside).pick_up = PickUp::After(seconds(2));
        assert!(world.run_until(2 * TRUNK_PAUSE, |world| world.are_talking(agent, outside)), "the two talk");
        assert_eq!(world.callbacks(), [CallbackState::Reached]);
        world.later(seconds(3), outside, Act::HangUp);
        world.close();
    });
}

#[test]
fn a_trunk_that_never_takes_calls_again_ends_the_wish_after_all() {
    for_each_seed(3, |seed, loud| {
        let (mut world, agent, _) = asked(seed, loud, PickUp::Reject(503));
        let given_up = |world: &World| world.callbacks() == [CallbackState::Missed];
        let rules = CallbackRules::default();
        let longest = TRUNK_PATIENCE + u32::from(rules.retries + 1) * (seconds(60) + rules.retry);
        assert!(world.run_until(longest, given_up), "{:?}", world.callbacks());
        assert!(world.run_until(seconds(60), |world| world.agent_state(agent) == AgentState::Ready));
        world.close();
    });
}

#[test]
fn a_wish_that_nobody_has_come_to_for_four_days_is_given_up() {
    for_each_seed(20, |seed, loud| {
        let rules = Rules { outside: 1, ..Rules::default() };
        let mut world = World::new(seed, loud, rules);
        let caller = world.add_caller_for_later();
        let dial = world.number();
        world.later(Duration::ZERO, caller, dial);
        assert!(world.run_until(LONG, |world| !world.callbacks().is_empty()), "the wish is noted");
        world.run_for(CallbackRules::default().keep - seconds(600));
        if seed.is_multiple_of(4) {
            world.restore_often(1);
        }
        assert!(matches!(world.callbacks()[..], [CallbackState::Waiting { tries: 0, .. }]));
        let given_up = |world: &World| world.callbacks() == [CallbackState::Missed];
        assert!(world.run_until(seconds(1200), given_up), "{:?}", world.callbacks());
        world.close();
    });
}

#[test]
fn a_wish_that_is_kept_for_a_shorter_time_from_here_on_is_given_up_at_once() {
    for_each_seed(20, |seed, loud| {
        let mut world = World::new(seed, loud, Rules { outside: 1, ..Rules::default() });
        let caller = world.add_caller_for_later();
        let dial = world.number();
        world.later(Duration::ZERO, caller, dial);
        assert!(world.run_until(LONG, |world| !world.callbacks().is_empty()), "the wish is noted");
        world.run_for(seconds(7200));
        let keep = |world: &mut World, hours| {
            world.reconfigure(|center| {
                center
                    .queues
                    .values_mut()
                    .for_each(|queue| queue.callback.keep = Duration::from_hours(hours));
            });
            world.run_for(seconds(1));
        };
        keep(&mut world, 3);
        assert!(matches!(world.callbacks()[..], [CallbackState::Waiting { .. }]));
        keep(&mut world, 1);
        assert_eq!(world.callbacks(), [CallbackState::Missed]);
        world.close();
    });
}

/// Whose numbers are called before an agent is.
const CUSTOMER_FIRST: fn() -> Rules =
    || Rules { outside: 1, called_first: CalledFirst::Customer, ..Rules::default() };

#[test]
fn where_the_number_is_called_first_whoever_answers_waits_and_has_the_next_agent() {
    for_each_seed(SEEDS, |seed, loud| {
        let (mut world, agent, outside) = asked_of(seed, loud, CUSTOMER_FIRST(), PickUp::After(seconds(2)));
        assert!(world.run_until(LONG, |world| world.phone(outside).answered == 1), "the number is called");
        assert!(world.run_until(LONG, |world| world.are_talking(agent, outside)), "the two talk");
        assert_eq!(world.callbacks(), [CallbackState::Reached]);
        let (call, by) = world.talk_of(agent);
        assert_eq!(world.agent_state(agent).call(), Some(call), "{by} talks in the call that has a record");
        let who = if seed.is_multiple_of(2) { agent } else { outside };
        world.later(seconds(3), who, Act::HangUp);
        let wraps_up = |world: &World| matches!(world.agent_state(agent), AgentState::WrapUp { .. });
        assert!(world.run_until(LONG, wraps_up));
        let records = world.close();
        let [_, made] = &records[..] else { panic!("the caller's call, and the one that was made") };
        assert_eq!((made.call, made.callback.is_some()), (call, true));
        assert!(
            made.answered_at < made.connected_at,
            "it waited: {:?} {:?}",
            made.answered_at,
            made.connected_at
        );
        assert_eq!(made.cause.as_ref().map(|cause| cause.kind), Some(EndKind::Completed));
        assert_eq!(made.queues.last().and_then(|visit| visit.outcome), Some(QueueOutcome::Answered));
    });
}

#[test]
fn who_is_called_first_and_hangs_up_before_an_agent_comes_is_missed() {
    for_each_seed(SEEDS / 10, |seed, loud| {
        let (mut world, agent, outside) = asked_of(seed, loud, CUSTOMER_FIRST(), PickUp::After(seconds(2)));
        world.manners(agent).pick_up = PickUp::Never;
        world.manners(outside).hang_up_after = Some(seconds(4));
        assert!(world.run_until(LONG, |world| world.callbacks() == [CallbackState::Missed]));
        assert_eq!(world.phone(outside).answered, 1);
        world.run_for(2 * CallbackRules::default().retry);
        let records = world.close();
        let [_, made] = &records[..] else { panic!("{} calls: it is not called again", records.len()) };
        assert_eq!(made.cause.as_ref().map(|cause| cause.kind), Some(EndKind::Abandoned));
        assert_eq!(made.queues.last().and_then(|visit| visit.outcome), Some(QueueOutcome::Abandoned));
    });
}

#[test]
fn who_is_called_first_and_does_not_answer_costs_no_agent_a_second_and_is_tried_again() {
    for_each_seed(SEEDS / 10, |seed, loud| {
        let after = seconds(2);
        let (mut world, agent, outside) =
            asked_of(seed, loud, CUSTOMER_FIRST(), PickUp::Refuse { after, status: 486 });
        let given_up = |world: &World| world.callbacks() == [CallbackState::Missed];
        assert!(world.run_until(seconds(1800), given_up), "{:?}", world.callbacks());
        assert_eq!((world.phone(outside).answered, world.phone(agent).answered), (0, 0));
        assert_eq!(world.agent_state(agent), AgentState::Ready);
        let records = world.close();
        assert_eq!(records.len(), 2 + usize::from(CallbackRules::default().retries));
        assert!(records.iter().skip(1).all(|made| made.offers.is_empty()));
    });
}

/// Whose numbers are called before an agent is, and who press a key to wait for one.
fn asked_for_a_key(seed: u64, loud: bool, keys: &[char]) -> (World, PhoneId, PhoneId) {
    let rules = Rules { confirm_callback: true, ..CUSTOMER_FIRST() };
    let (mut world, agent, outside) = asked_of(seed, loud, rules, PickUp::After(seconds(2)));
    let keys = keys.iter().flat_map(|key| Manners::press(*key, seconds(2)));
    world.manners(outside).keys = keys.collect();
    (world, agent, outside)
}

#[test]
fn a_mailbox_that_is_called_first_reaches_no_agent_and_the_number_is_called_again() {
    for_each_seed(SEEDS / 10, |seed, loud| {
        let (mut world, agent, outside) = asked_for_a_key(seed, loud, &[]);
        let given_up = |world: &World| world.callbacks() == [CallbackState::Missed];
        assert!(world.run_until(seconds(1800), given_up), "{:?}", world.callbacks());
        let times = 1 + u32::from(CallbackRules::default().retries);
        assert_eq!((world.phone(outside).answered, world.phone(agent).answered), (times, 0));
        assert_eq!(world.agent_state(agent), AgentState::Ready, "no agent loses a second");
        let records = world.close();
        assert_eq!(records.len(), 1 + times as usize);
        assert!(records.iter().skip(1).all(|made| made.offers.is_empty() && made.queues.is_empty()));
    });
}

#[test]
fn who_is_called_first_and_presses_the_key_waits_and_has_the_next_agent() {
    for_each_seed(SEEDS / 10, |seed, loud| {
        let (mut world, agent, outside) = asked_for_a_key(seed, loud, &['1']);
        assert!(world.run_until(LONG, |world| world.are_talking(agent, outside)), "the two talk");
        assert_eq!(world.callbacks(), [CallbackState::Reached]);
        world.later(seconds(3), outside, Act::HangUp);
        let records = world.close();
        let [_, made] = &records[..] else { panic!("the caller's call, and the one that was made") };
        assert_eq!(made.queues.last().and_then(|visit| visit.outcome), Some(QueueOutcome::Answered));
    });
}

#[test]
fn nobody_is_called_first_while_no_agent_works() {
    for_each_seed(SEEDS / 50, |seed, loud| {
        let mut world = World::new(seed, loud, CUSTOMER_FIRST());
        let caller = world.add_caller_for_later();
        let dial = world.number();
        world.later(Duration::ZERO, caller, dial);
        assert!(world.run_until(LONG, |world| !world.callbacks().is_empty()), "the wish is noted");
        world.run_for(seconds(3600));
        let outside = world.outside(0);
        assert_eq!(world.phone(outside).answered, 0);
        assert!(matches!(world.callbacks()[..], [CallbackState::Waiting { tries: 0, .. }]));
        world.close();
    });
}

/// Only the rules that hold at all times are checked, by the watch.
#[test]
fn whatever_people_do_no_wish_is_lost_and_none_is_met_twice() {
    for_each_seed(SEEDS, |seed, loud| {
        let called_first = if seed.is_multiple_of(3) { CalledFirst::Customer } else { CalledFirst::Agent };
        let rules =
            Rules { agents: 2, outside: 2, outside_calls_max: Some(1), called_first, ..Rules::default() };
        let mut world = World::new(seed, loud, rules);
        if seed.is_multiple_of(5) {
            world.restore_often(40);
        }
        world.open();
        for number in 0..2 {
            for phone in [world.agent(number), world.outside(number)] {
                let (after, talk) = (world.up_to(seconds(20)), world.up_to(seconds(20)));
                world.manners(phone).pick_up = match world.rng().below(5) {
                    0..3 => PickUp::After(after),
                    3 => PickUp::Never,
                    _ => PickUp::Refuse { after, status: 486 },
                };
                world.manners(phone).hang_up_after = Some(talk);
                if world.rng().chance(1, 8) {
                    let gone = world.up_to(seconds(400));
                    world.later(gone, phone, Act::Vanish);
                }
            }
        }
        for number in 0..5 {
            let patience = world.up_to(seconds(60));
            let caller =
                if number < 3 { world.add_caller_for_later() } else { world.add_caller(Some(patience)) };
            let (begin, dial) = (world.up_to(seconds(60)), world.number());
            world.later(begin, caller, dial);
        }
        let length = world.up_to(seconds(1500));
        world.run_for(length);
        world.close();
    });
}
