//! What agents and supervisors do with calls from the page, over networks that lose, repeat, delay and reorder.

use std::time::Duration;

use hotline_acd::AgentState;
use hotline_base::{CallId, Pii, RequestId};
use hotline_call::{
    CallRecord, Command, CommandError, Control, EndKind, Follow, MonitorMode, Oversight, Part, Party,
    RecordingPolicy, TransferOutcome,
};
use hotline_sim::{Act, PhoneId, PickUp, Rules, World, for_each_seed};

/// Seeds for each scenario.
const SEEDS: u64 = 200;
/// Long enough for anything that is to happen in these scenarios.
const LONG: Duration = Duration::from_secs(120);
/// Long enough for whatever was agreed to have come through.
const WHILE: Duration = Duration::from_secs(10);

struct Scene {
    world: World,
    caller: PhoneId,
    first: PhoneId,
    second: PhoneId,
    third: PhoneId,
    call: CallId,
}

/// A caller who talks to the first of three agents.
fn talking(seed: u64, loud: bool) -> Scene {
    let recording = RecordingPolicy { consult: seed.is_multiple_of(2), ..RecordingPolicy::default() };
    let rules = Rules { agents: 3, outside: 1, recording, ..Rules::default() };
    let mut world = World::new(seed, loud, rules);
    world.open();
    let [first, second, third] = [0, 1, 2].map(|number| world.agent(number));
    let caller = world.add_caller(None);
    let dial = world.number();
    world.later(Duration::ZERO, caller, dial);
    assert!(world.run_until(LONG, |world| world.are_talking(caller, first)));
    for phone in [second, third] {
        let after = world.up_to(Duration::from_secs(5));
        world.manners(phone).pick_up = PickUp::After(after);
    }
    let (call, _) = world.talk_of(first);
    Scene { world, caller, first, second, third, call }
}

impl Scene {
    fn control(&mut self, what: Control) {
        self.world.control(self.first, what.clone()).unwrap_or_else(|error| panic!("{what:?}: {error}"));
    }

    fn to(&self, agent: PhoneId) -> Pii<String> {
        Pii::new(self.world.extension_of(agent))
    }

    /// The first asks somebody, who takes the call.
    fn consult(&mut self, whom: PhoneId) {
        let to = self.to(whom);
        self.control(Control::Consult(to));
        let first = self.first;
        let aside = |world: &World| world.hears(first, whom) && world.hears(whom, first);
        assert!(self.world.run_until(LONG, aside), "the two talk aside");
    }

    fn until(&mut self, what: &str, done: impl Fn(&World) -> bool) {
        assert!(self.world.run_until(LONG, done), "{what}");
    }

    /// Everybody hangs up; the record of the call.
    fn close(mut self) -> CallRecord {
        self.world.later(Duration::ZERO, self.caller, Act::HangUp);
        self.world.run_for(Duration::from_secs(40));
        self.world.close_with_one()
    }

    fn all_hear(world: &World, all: &[PhoneId]) -> bool {
        all.iter().all(|one| all.iter().all(|other| one == other || world.hears(*one, *other)))
    }
}

/// After so many offers a phone is known.
const OFFERS_MAX: usize = 6;

/// A caller for whom the phone of the only agent rings, which knows nothing of NOTIFY `talk`; nobody picks it up.
fn ringing(seed: u64, loud: bool) -> (World, PhoneId, PhoneId) {
    let mut world = World::new(seed, loud, Rules { agents: 1, ..Rules::default() });
    world.open();
    let agent = world.agent(0);
    world.manners(agent).pick_up = PickUp::Never;
    let caller = world.add_caller(None);
    let dial = world.number();
    world.later(Duration::ZERO, caller, dial);
    until_it_rings(&mut world);
    (world, caller, agent)
}

fn until_it_rings(world: &mut World) {
    let rings = |world: &World| {
        let calls = world.living_calls();
        let offer = calls.first().and_then(|call| call.record.offers.last());
        offer.is_some_and(|offer| offer.ringing_at.is_some() && offer.ended_at.is_none())
    };
    assert!(world.run_until(LONG, rings));
}

fn answer(world: &mut World) -> Result<(), CommandError> {
    let call = world.only_call().record.call;
    world.try_command(Command::Control { call, by: "agent0".into(), what: Control::Answer })
}

#[test]
fn a_phone_that_cannot_be_told_to_answer_is_called_anew_within_the_same_offer() {
    for_each_seed(100, |seed, loud| {
        let (mut world, caller, agent) = ringing(seed, loud);
        // As it does when the headers ask for it.
        world.manners(agent).pick_up = PickUp::After(Duration::from_millis(200));
        // That it rings may have been lost on the way, and with it an offer.
        let offers = world.only_call().record.offers.len();
        assert_eq!(answer(&mut world), Ok(()));
        assert_eq!(answer(&mut world), Ok(()), "said twice, it is done once");
        assert!(world.run_until(LONG, |world| world.are_talking(caller, agent)));
        world.later(Duration::ZERO, caller, Act::HangUp);
        world.run_for(Duration::from_secs(40));
        let record = world.close_with_one();
        assert_eq!(record.offers.len(), offers, "the caller did not go back to the line");
        assert_eq!(record.cause.unwrap().kind, EndKind::Completed);
    });
}

#[test]
fn a_phone_that_only_rings_again_is_known_and_refused_the_next_time() {
    for_each_seed(20, |seed, loud| {
        let (mut world, caller, agent) = ringing(seed, loud);
        assert_eq!(answer(&mut world), Ok(()));
        // What it says to the second call may be lost as well, so that nothing is learnt from it.
        let refused = (0..OFFERS_MAX).any(|_| {
            let offers = world.only_call().record.offers.len();
            let is_over = |world: &World| world.only_call().record.offers[offers - 1].ended_at.is_some();
            assert!(world.run_until(LONG, is_over), "it lasts no longer than any offer");
            world.command(Command::SetReady("agent0".into()));
            until_it_rings(&mut world);
            answer(&mut world) == Err(CommandError::PhoneCannotAnswer)
        });
        assert!(refused, "the phone is known by now");
        world.manners(agent).pick_up = PickUp::After(Duration::ZERO);
        world.later(Duration::ZERO, caller, Act::HangUp);
        world.run_for(Duration::from_secs(40));
        world.close_with_one();
    });
}

#[test]
fn what_was_asked_by_a_request_is_in_the_record_once_and_what_was_refused_is_not() {
    for_each_seed(20, |seed, loud| {
        let mut scene = talking(seed, loud);
        let id = |text: &str| RequestId::parse(text).unwrap();
        let first = scene.first;
        scene.world.control_for(id("r-hold"), first, Control::Hold(true)).unwrap();
        scene.world.run_for(WHILE);
        let refused = scene.world.control_for(id("r-swap"), first, Control::Swap);
        assert_eq!(refused, Err(CommandError::NobodyAsked));
        scene.control(Control::Hold(false));
        scene.world.run_for(WHILE);
        scene.world.control_for(id("r-end"), first, Control::HangUp).unwrap();
        let record = scene.close();
        let told: Vec<_> =
            (record.requests.iter()).map(|one| (one.what.request.as_str(), one.what.what.as_str())).collect();
        assert_eq!(told, [("r-hold", "hold"), ("r-end", "hang_up")]);
    });
}

#[test]
fn a_colleague_who_is_asked_talks_aside_and_takes_the_customer_over() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut scene = talking(seed, loud);
        let (caller, first, second) = (scene.caller, scene.first, scene.second);
        scene.consult(second);
        assert!(!scene.world.hears(caller, first) && !scene.world.hears(second, caller), "aside");
        for phone in [first, second] {
            assert_eq!(scene.world.is_recorded(phone), seed.is_multiple_of(2), "as the policy says");
        }
        assert!(scene.world.is_recorded(caller));
        let view = scene.world.view(scene.call).unwrap();
        assert!(view.is_held && view.attendees[0].part == Part::Consulted);
        scene.control(Control::Complete);
        scene.until("the customer is with the colleague", |world| world.are_talking(caller, second));
        scene.until("the first is free", |world| world.phone(first).talk.is_none());
        let after = scene.world.agent_state(first);
        assert!(matches!(after, AgentState::WrapUp { .. } | AgentState::Ready), "{after:?}");
        let record = scene.close();
        let outcomes: Vec<_> = record.transfers.iter().map(|one| (one.attended, one.outcome)).collect();
        assert_eq!(outcomes, [(true, TransferOutcome::Done)]);
        assert_eq!((record.offers.len(), record.recordings.len()), (2, 1));
        assert_eq!(record.agent.unwrap().as_str(), "agent1");
        assert_eq!(record.cause.unwrap().kind, EndKind::Completed);
    });
}

#[test]
fn whoever_is_asked_and_does_not_answer_leaves_the_agent_with_the_customer() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut scene = talking(seed, loud);
        let (caller, first, second) = (scene.caller, scene.first, scene.second);
        let after = scene.world.up_to(Duration::from_secs(5));
        match seed % 4 {
            0 => scene.world.manners(second).pick_up = PickUp::Never,
            1 => scene.world.manners(second).pick_up = PickUp::Refuse { after, status: 603 },
            2 => scene.world.later(after, second, Act::Vanish),
            _ => {}
        }
        let to = scene.to(second);
        scene.control(Control::Consult(to.clone()));
        assert!(!scene.world.hears(caller, first), "the customer waits");
        let again = scene.world.control(first, Control::Consult(to));
        assert_eq!(again, Err(CommandError::ConsultsAlready));
        scene.world.run_for(after);
        if seed % 4 == 3 {
            scene.control(Control::EndConsult);
            scene.control(Control::EndConsult);
        }
        scene.until("the two talk again", |world| world.are_talking(caller, first));
        assert!(!scene.world.view(scene.call).unwrap().is_held);
        scene.until("the other phone is silent", |world| world.phone(second).talk.is_none());
        let record = scene.close();
        assert_eq!(record.transfers, []);
    });
}

#[test]
fn three_talk_in_a_conference_and_each_may_leave() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut scene = talking(seed, loud);
        let (caller, first, second, third) = (scene.caller, scene.first, scene.second, scene.third);
        scene.consult(second);
        scene.control(Control::Conference);
        scene.control(Control::Conference);
        let three = [caller, first, second];
        assert!(Scene::all_hear(&scene.world, &three));
        assert!(three.iter().all(|phone| scene.world.is_recorded(*phone)), "all are recorded");
        scene.consult(third);
        assert!(Scene::all_hear(&scene.world, &[caller, second]), "the others talk on");
        assert!(!scene.world.hears(caller, third));
        scene.control(Control::Conference);
        assert!(Scene::all_hear(&scene.world, &[caller, first, second, third]));
        match seed % 3 {
            0 => {
                let leg = scene.world.view(scene.call).unwrap().attendees[1].leg;
                scene.control(Control::Drop(leg));
                assert_eq!(scene.world.control(first, Control::Drop(leg)), Err(CommandError::NoParty));
            }
            1 => scene.world.later(Duration::ZERO, third, Act::HangUp),
            _ => scene.world.later(Duration::ZERO, third, Act::Vanish),
        }
        if seed % 3 < 2 {
            scene.until("the third has left", |world| world.phone(third).talk.is_none());
        }
        scene.world.run_for(WHILE);
        assert!(Scene::all_hear(&scene.world, &three));
        // The agent leaves: the customer is with the colleague.
        match seed % 2 {
            0 => scene.control(Control::HangUp),
            _ => scene.world.later(Duration::ZERO, first, Act::HangUp),
        }
        scene.until("the customer is not alone", |world| {
            world.phone(first).talk.is_none() && world.hears(caller, second)
        });
        let record = scene.close();
        assert!(record.attendances.iter().all(|one| one.until.is_some()));
        let parts: Vec<Part> = record.attendances.iter().map(|one| one.part).collect();
        assert_eq!(parts[..2], [Part::Consulted, Part::Conference]);
        // The agent's BYE may come after the customer's.
        assert!(record.ended_by == Some(Party::Caller) || record.customer_left_at.is_some());
    });
}

#[test]
fn when_the_customer_hangs_up_the_others_talk_on_and_all_can_be_done_with_them() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut scene = talking(seed, loud);
        let (caller, first, second, third) = (scene.caller, scene.first, scene.second, scene.third);
        scene.consult(second);
        // Asked aside, or in a conference already.
        if seed % 3 != 0 {
            scene.control(Control::Conference);
        }
        scene.world.later(Duration::ZERO, caller, Act::HangUp);
        let call = scene.call;
        scene.until("the two talk on", |world| {
            let view = world.view(call).unwrap();
            view.record.customer_left_at.is_some() && world.are_talking(first, second)
        });
        scene.until("both are recorded", |world| world.is_recorded(first) && world.is_recorded(second));
        assert!(!matches!(scene.world.agent_state(first), AgentState::WrapUp { .. } | AgentState::Ready));
        let attendees = scene.world.view(scene.call).unwrap().attendees;
        assert_eq!(attendees.iter().map(|one| one.part).collect::<Vec<_>>(), [Part::Conference]);
        scene.control(Control::Hold(true));
        assert!(!scene.world.hears(second, first));
        scene.control(Control::Hold(false));
        scene.consult(third);
        scene.control(Control::Conference);
        assert!(Scene::all_hear(&scene.world, &[first, second, third]));
        match seed % 4 {
            // Both are taken out, the first of them first.
            0 | 1 => {
                let leg = attendees[0].leg;
                scene.control(Control::Drop(leg));
                scene.until("the second has left", |world| {
                    world.phone(second).talk.is_none() && world.are_talking(first, third)
                });
                let leg = scene.world.view(scene.call).unwrap().attendees[0].leg;
                scene.control(Control::Drop(leg));
            }
            // The colleague hangs up by the page, and then the agent.
            2 => {
                let (by, what) = ("agent1".into(), Control::HangUp);
                scene.world.try_command(Command::Control { call, by, what }).unwrap();
                scene.until("the second has left", |world| {
                    world.phone(second).talk.is_none() && world.are_talking(first, third)
                });
                scene.control(Control::HangUp);
                scene.world.later(Duration::ZERO, third, Act::HangUp);
            }
            // The agent leaves the two colleagues.
            _ => {
                scene.control(Control::HangUp);
                scene.until("the colleagues talk on", |world| {
                    world.phone(first).talk.is_none() && world.are_talking(second, third)
                });
                scene.world.later(Duration::ZERO, second, Act::HangUp);
            }
        }
        scene.until("all have left", |world| {
            [first, second, third].iter().all(|phone| world.phone(*phone).talk.is_none())
        });
        scene.world.run_for(Duration::from_secs(40));
        for phone in [first, second, third] {
            assert!(matches!(scene.world.agent_state(phone), AgentState::Ready | AgentState::WrapUp { .. }));
        }
        let record = scene.world.close_with_one();
        assert!(record.customer_left_at.is_some_and(|left| Some(left) < record.ended_at));
        assert!(record.attendances.iter().all(|one| one.until.is_some()));
        assert_eq!((record.cause.unwrap().kind, record.recordings.len()), (EndKind::Completed, 1));
    });
}

#[test]
fn the_agent_goes_from_the_one_to_the_other_and_back() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut scene = talking(seed, loud);
        let (caller, first, second) = (scene.caller, scene.first, scene.second);
        scene.consult(second);
        scene.control(Control::Swap);
        assert!(scene.world.are_talking(caller, first) && !scene.world.hears(first, second));
        scene.control(Control::Swap);
        assert!(scene.world.hears(first, second) && !scene.world.hears(first, caller));
        scene.world.later(Duration::ZERO, second, Act::HangUp);
        scene.until("who is asked has left", |world| world.are_talking(caller, first));
        scene.close();
    });
}

#[test]
fn an_agent_who_hangs_up_while_asking_leaves_the_customer_with_whom_is_asked() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut scene = talking(seed, loud);
        let (caller, first, second) = (scene.caller, scene.first, scene.second);
        let to = scene.to(second);
        scene.control(Control::Consult(to));
        let rings = scene.world.up_to(Duration::from_secs(6));
        scene.world.run_for(rings);
        match seed % 2 {
            0 => scene.control(Control::HangUp),
            _ => scene.world.later(Duration::ZERO, first, Act::HangUp),
        }
        scene.until("the customer is with the colleague", |world| {
            world.are_talking(caller, second) && world.phone(first).talk.is_none()
        });
        let record = scene.close();
        assert_eq!(record.transfers.last().unwrap().outcome, TransferOutcome::Done);
    });
}

#[test]
fn an_agent_holds_is_muted_and_hangs_up_from_the_page() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut scene = talking(seed, loud);
        let (caller, first) = (scene.caller, scene.first);
        for _ in 0..2 {
            scene.control(Control::Hold(true));
            assert!(!scene.world.hears(caller, first) && !scene.world.is_recorded(first));
            assert!(matches!(scene.world.agent_state(first), AgentState::Hold { .. }));
            scene.control(Control::Hold(true));
            scene.control(Control::Hold(false));
            assert!(scene.world.are_talking(caller, first));
        }
        scene.control(Control::Mute(true));
        assert!(!scene.world.hears(caller, first) && scene.world.hears(first, caller));
        assert!(scene.world.view(scene.call).unwrap().is_muted);
        scene.control(Control::Mute(false));
        assert!(scene.world.hears(caller, first));
        let refused = scene.world.control(first, Control::Press(Pii::from("12x")));
        assert_eq!(refused, Err(CommandError::NoKeys));
        scene.control(Control::Press(Pii::from("12#")));
        scene.control(Control::HangUp);
        scene.until("both phones are silent", |world| {
            world.phone(first).talk.is_none() && world.phone(caller).talk.is_none()
        });
        scene.world.run_for(Duration::from_secs(40));
        let record = scene.world.close_with_one();
        assert_eq!((record.ended_by, record.cause.unwrap().kind), (Some(Party::Agent), EndKind::Completed));
    });
}

/// Who hears whom: the supervisor the customer and the agent, and each of the two the supervisor.
fn matrix(scene: &Scene, supervisor: PhoneId) -> [bool; 4] {
    let (world, caller, first) = (&scene.world, scene.caller, scene.first);
    [
        world.hears(supervisor, caller),
        world.hears(supervisor, first),
        world.hears(caller, supervisor),
        world.hears(first, supervisor),
    ]
}

fn monitor(scene: &Scene, supervisor: PhoneId, mode: MonitorMode) -> Oversight {
    let agent = scene.world.agent_view(supervisor).id;
    Oversight::Monitor { agent, mode, allowed: MonitorMode::ALL.to_vec(), follow: Follow::Customer }
}

#[test]
fn a_supervisor_hears_and_is_heard_as_the_mode_says() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut scene = talking(seed, loud);
        let (caller, first, third) = (scene.caller, scene.first, scene.third);
        let listen = monitor(&scene, third, MonitorMode::Listen);
        scene.world.oversee(scene.call, listen.clone()).unwrap();
        scene.until("the supervisor listens", |world| world.hears(third, caller));
        for (mode, expected) in [
            (MonitorMode::Listen, [true, true, false, false]),
            (MonitorMode::Whisper, [true, true, false, true]),
            (MonitorMode::PrivateWhisper, [false, false, false, true]),
            (MonitorMode::Barge, [true, true, true, true]),
            (MonitorMode::Listen, [true, true, false, false]),
        ] {
            let act = monitor(&scene, third, mode);
            scene.world.oversee(scene.call, act).unwrap();
            assert_eq!(matrix(&scene, third), expected, "{mode:?}");
            assert!(Scene::all_hear(&scene.world, &[caller, first]), "the two hear each other");
            assert_eq!(scene.world.is_recorded(third), mode == MonitorMode::Barge, "{mode:?}");
        }
        // A hold, and a transfer, keep the supervisor with the customer.
        scene.control(Control::Hold(true));
        assert_eq!(matrix(&scene, third), [false; 4]);
        scene.control(Control::Hold(false));
        assert_eq!(matrix(&scene, third), [true, true, false, false]);
        let second = scene.second;
        scene.world.transfer(first, second);
        scene.until("the next agent is heard", |world| {
            world.hears(third, second) && world.hears(third, caller) && !world.hears(second, third)
        });
        let agent = scene.world.agent_view(third).id;
        scene.world.oversee(scene.call, Oversight::Leave(agent)).unwrap();
        scene.until("the supervisor is gone", |world| world.phone(third).talk.is_none());
        assert!(scene.world.are_talking(caller, second), "packets pass as they are again");
        let record = scene.close();
        assert!(record.attendances.iter().all(|one| one.until.is_some()));
        assert_eq!(record.attendances.len(), 5);
    });
}

#[test]
fn a_supervisor_takes_the_customer_over_and_the_agent_has_after_call_work() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut scene = talking(seed, loud);
        let (caller, first, third) = (scene.caller, scene.first, scene.third);
        let mode = if seed.is_multiple_of(2) { MonitorMode::TakeOver } else { MonitorMode::Listen };
        let act = monitor(&scene, third, mode);
        scene.world.oversee(scene.call, act).unwrap();
        if mode == MonitorMode::Listen {
            scene.until("the supervisor listens", |world| world.hears(third, caller));
            let act = monitor(&scene, third, MonitorMode::TakeOver);
            scene.world.oversee(scene.call, act).unwrap();
        }
        scene.until("the supervisor has the customer", |world| {
            world.are_talking(caller, third) && world.phone(first).talk.is_none()
        });
        let after = scene.world.agent_state(first);
        assert!(matches!(after, AgentState::WrapUp { .. } | AgentState::Ready), "{after:?}");
        let record = scene.close();
        assert_eq!(record.agent.unwrap().as_str(), "agent2");
        assert_eq!(record.recordings.len(), 1);
    });
}

#[test]
fn a_supervisor_who_follows_the_agent_goes_aside_and_leaves_with_the_agent() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut scene = talking(seed, loud);
        let (caller, first, second, third) = (scene.caller, scene.first, scene.second, scene.third);
        let mut act = monitor(&scene, third, MonitorMode::Whisper);
        let Oversight::Monitor { follow, .. } = &mut act else { unreachable!("it is made so") };
        *follow = Follow::Agent;
        scene.world.oversee(scene.call, act).unwrap();
        scene.until("the supervisor hears both", |world| {
            world.hears(third, caller) && world.hears(third, first)
        });
        scene.consult(second);
        let world = &scene.world;
        assert!(world.hears(third, first) && world.hears(third, second) && world.hears(first, third));
        assert!(!world.hears(third, caller) && !world.hears(second, third) && !world.hears(caller, third));
        if seed.is_multiple_of(2) {
            scene.control(Control::EndConsult);
            scene.until("all are back with the customer", |world| {
                world.hears(caller, first) && world.hears(third, caller) && !world.hears(third, second)
            });
            // From here on the supervisor stays with the customer.
            let act = monitor(&scene, third, MonitorMode::Listen);
            scene.world.oversee(scene.call, act).unwrap();
            scene.until("the second can be asked again", |world| world.phone(second).talk.is_none());
            scene.consult(second);
            assert!(!scene.world.hears(third, second));
        } else {
            scene.control(Control::Complete);
            scene.until("the supervisor has left with the agent", |world| {
                world.are_talking(caller, second)
                    && [first, third].iter().all(|phone| world.phone(*phone).talk.is_none())
            });
        }
        scene.close();
    });
}

#[test]
fn a_supervisor_whose_phone_does_not_answer_changes_nothing() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut scene = talking(seed, loud);
        let (caller, first, third) = (scene.caller, scene.first, scene.third);
        scene.world.manners(third).pick_up = match seed % 2 {
            0 => PickUp::Never,
            _ => PickUp::Refuse { after: Duration::from_secs(1), status: 486 },
        };
        let act = monitor(&scene, third, MonitorMode::Barge);
        scene.world.oversee(scene.call, act).unwrap();
        scene.world.run_for(LONG);
        assert!(scene.world.are_talking(caller, first));
        assert!(matches!(scene.world.agent_state(third), AgentState::Ready));
        assert_eq!(scene.close().attendances, []);
    });
}

/// A number outside.
const OUTSIDE: &str = "+494012345";

#[test]
fn somebody_outside_is_asked_and_joins_in() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut scene = talking(seed, loud);
        let (caller, first) = (scene.caller, scene.first);
        let outside = scene.world.outside(0);
        let after = scene.world.up_to(Duration::from_secs(5));
        let answers = seed % 3 > 0;
        scene.world.manners(outside).pick_up =
            if answers { PickUp::After(after) } else { PickUp::Refuse { after, status: 486 } };
        scene.control(Control::Consult(Pii::from(OUTSIDE)));
        if !answers {
            scene.until("the two talk again", |world| world.are_talking(caller, first));
            return drop(scene.close());
        }
        scene.until("the two talk aside", |world| world.hears(first, outside));
        if seed.is_multiple_of(2) {
            scene.control(Control::Conference);
            assert!(Scene::all_hear(&scene.world, &[caller, first, outside]));
            scene.world.later(Duration::ZERO, outside, Act::HangUp);
            scene.until("the two talk again", |world| world.are_talking(caller, first));
        } else {
            scene.control(Control::Complete);
            scene.until("the customer talks outside", |world| {
                world.are_talking(caller, outside) && world.phone(first).talk.is_none()
            });
        }
        let record = scene.close();
        assert_eq!(record.dials.len(), 1);
        assert!(record.attendances.iter().all(|one| one.until.is_some()));
    });
}

#[test]
fn a_customer_who_hangs_up_before_whom_the_agent_asks_is_there_ends_the_call_for_all() {
    for_each_seed(SEEDS, |seed, loud| {
        let mut scene = talking(seed, loud);
        let (first, second, third) = (scene.first, scene.second, scene.third);
        scene.world.manners(second).pick_up = PickUp::Never;
        let to = scene.to(second);
        scene.control(Control::Consult(to));
        let act = monitor(&scene, third, MonitorMode::Listen);
        scene.world.oversee(scene.call, act).unwrap();
        let caller = scene.caller;
        scene.world.run_for(WHILE);
        scene.world.later(Duration::ZERO, caller, Act::HangUp);
        scene.until("all phones are silent", |world| {
            [first, second, third].iter().all(|phone| world.phone(*phone).talk.is_none())
        });
        let record = scene.close();
        assert_eq!(record.cause.unwrap().kind, EndKind::Completed);
    });
}
