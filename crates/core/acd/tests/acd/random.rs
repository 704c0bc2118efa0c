//! The machine against the naive model, over random transitions.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use hotline_acd::{
    Acd, AgentState, AgentView, AlarmKind, CallerKind, Class, Direction, Entry, Event, LeaveCause, Merge,
    Merged, NotReadyReason, OfferFailure, Presence, Requirement, Sticky,
};
use hotline_base::{CallId, GroupId, Now, ReservationId, SkillId, Time, WallTime};
use proptest::prelude::*;

use crate::center::call;
use crate::model::{self, Caller, Failure, Model, Offer, SECOND, TALK, Told, Wanted};
use crate::rules::{self, CENTERS, config, name, queue_name};

const AGENTS: usize = 4;
const QUEUES: usize = 3;
/// Random runs of [`STEPS`] transitions, unless [`MORE`] says otherwise.
const RUNS: u32 = 400;
/// How many runs there are to be: `make seeds`.
const MORE: &str = "HOTLINE_SEEDS";
const STEPS: usize = 120;

#[derive(Clone, Debug)]
enum Step {
    Wait {
        millis: u64,
        wakes_in_time: bool,
    },
    SignIn(usize),
    SignOut(usize),
    Ready(usize),
    NotReady(usize),
    Register(usize, bool),
    Outside(usize, bool),
    Enqueue {
        queue: usize,
        credit: u64,
        emergency: bool,
        excluded: Option<usize>,
    },
    EnqueueFor {
        queue: usize,
        waited: u64,
        callback: bool,
        needs: Option<(bool, u8)>,
        sticky: Option<(usize, u64, bool)>,
    },
    Move(prop::sample::Index, usize),
    Assign(prop::sample::Index, usize),
    Prioritise(prop::sample::Index, u64, bool),
    HoldBack(prop::sample::Index, u64),
    Merge {
        queues: BTreeSet<usize>,
        secs: u64,
    },
    Split,
    MergeGroups {
        groups: BTreeSet<&'static str>,
        secs: u64,
    },
    SplitGroups,
    Leave(prop::sample::Index),
    Ringing(prop::sample::Index),
    Accepted(prop::sample::Index, u64),
    Answered(prop::sample::Index),
    Returned(prop::sample::Index),
    Failed(prop::sample::Index, Failure),
    Hold(usize, bool),
    ConversationEnded(usize),
    Member {
        queue: usize,
        agent: usize,
        serves: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let agent = 0..AGENTS;
    let any_index = any::<prop::sample::Index>;
    let failure = prop::sample::select(vec![
        Failure::NoAnswer,
        Failure::Rejected,
        Failure::Busy,
        Failure::NotRegistered,
        Failure::PhoneFault,
        Failure::CallerGone,
    ]);
    prop_oneof![
        8 => (0..40_000u64, any::<bool>())
            .prop_map(|(millis, wakes_in_time)| Step::Wait { millis, wakes_in_time }),
        2 => agent.clone().prop_map(Step::SignIn),
        1 => agent.clone().prop_map(Step::SignOut),
        6 => agent.clone().prop_map(Step::Ready),
        2 => agent.clone().prop_map(Step::NotReady),
        4 => (agent.clone(), prop::bool::weighted(0.8)).prop_map(|(agent, on)| Step::Register(agent, on)),
        2 => (agent.clone(), any::<bool>()).prop_map(|(agent, on)| Step::Outside(agent, on)),
        10 => (0..QUEUES, 0..30u64, prop::bool::weighted(0.1), prop::option::weighted(0.2, agent.clone()))
            .prop_map(|(queue, credit, emergency, excluded)| Step::Enqueue { queue, credit, emergency, excluded }),
        6 => (0..QUEUES, 0..30u64, prop::bool::weighted(0.3), prop::option::of((any::<bool>(), 1..9u8)),
                prop::option::of((agent.clone(), 0..40u64, any::<bool>())))
            .prop_map(|(queue, waited, callback, needs, sticky)| Step::EnqueueFor { queue, waited, callback, needs, sticky }),
        1 => (any_index(), 0..QUEUES).prop_map(|(caller, queue)| Step::Move(caller, queue)),
        1 => (any_index(), agent.clone()).prop_map(|(caller, agent)| Step::Assign(caller, agent)),
        1 => (any_index(), 0..60u64, prop::bool::weighted(0.2))
            .prop_map(|(caller, credit, emergency)| Step::Prioritise(caller, credit, emergency)),
        1 => (any_index(), 1..30u64).prop_map(|(caller, secs)| Step::HoldBack(caller, secs)),
        1 => (prop::collection::btree_set(0..QUEUES, 2..4), 1..90u64)
            .prop_map(|(queues, secs)| Step::Merge { queues, secs }),
        1 => Just(Step::Split),
        1 => (prop::collection::btree_set(prop::sample::select(vec!["early", "vip", "late"]), 2..4), 1..90u64)
            .prop_map(|(groups, secs)| Step::MergeGroups { groups, secs }),
        1 => Just(Step::SplitGroups),
        3 => any_index().prop_map(Step::Leave),
        5 => any_index().prop_map(Step::Ringing),
        3 => (any_index(), 1..30u64).prop_map(|(offer, secs)| Step::Accepted(offer, secs)),
        5 => any_index().prop_map(Step::Answered),
        2 => any_index().prop_map(Step::Returned),
        7 => (any_index(), failure).prop_map(|(offer, failure)| Step::Failed(offer, failure)),
        2 => (agent.clone(), any::<bool>()).prop_map(|(agent, on)| Step::Hold(agent, on)),
        6 => agent.clone().prop_map(Step::ConversationEnded),
        2 => (0..QUEUES, agent, any::<bool>())
            .prop_map(|(queue, agent, serves)| Step::Member { queue, agent, serves }),
    ]
}

fn number(of: CallId) -> u32 {
    u32::try_from(of.0.as_u128()).expect("the test's calls are numbered")
}

fn index(of: &hotline_base::AgentId) -> usize {
    of.as_str()["agent".len()..].parse().unwrap()
}

/// Both, side by side.
struct Pair {
    acd: Acd,
    model: Model,
    calls: u32,
    /// Agent and call of each open offer, kept from the events alone.
    open: BTreeMap<ReservationId, (hotline_base::AgentId, CallId)>,
}

impl Pair {
    fn new(center: usize) -> Self {
        let model = rules::center(center);
        let acd = Acd::new(config(&model), Now::default());
        Self { acd, model, calls: 0, open: BTreeMap::new() }
    }

    fn now(&self) -> Now {
        Now {
            mono: Time(self.model.now),
            wall: WallTime(i64::try_from(self.model.now).expect("the test is short")),
        }
    }

    fn run(&mut self, step: &Step) {
        match step {
            Step::Wait { millis, wakes_in_time } => {
                let end = self.model.now + millis * 1000;
                while *wakes_in_time && self.model.deadlines().iter().any(|at| *at <= end) {
                    let next = self.model.deadlines().into_iter().min().expect("there is one");
                    self.wake(next.max(self.model.now));
                }
                self.wake(end);
            }
            _ => self.input(step),
        }
    }

    fn wake(&mut self, at: u64) {
        self.model.advance(at);
        self.look_back();
        self.model.step(Model::time_out);
        self.acd.handle_timeout(self.now());
        self.compare();
    }

    /// The model takes over what the machine knows of the last hours: that has tests of its own.
    fn look_back(&mut self) {
        let now = self.now();
        for number in 0..AGENTS {
            let recent = self.acd.recent(now, &name(number)).unwrap();
            let ready = i64::try_from(recent.ready.as_millis()).unwrap().max(1000);
            let talk = i64::try_from(recent.talk.as_millis()).unwrap();
            let calls = i64::from(recent.calls) * 3_600_000_000 / ready;
            self.model.agents[number].lately = (calls, talk * 1_000_000 / ready);
        }
    }

    fn input(&mut self, step: &Step) {
        let now = self.now();
        self.look_back();
        match step {
            Step::Wait { .. } => unreachable!("run() lets time pass"),
            Step::SignIn(agent) => {
                self.model.step(|model| model.sign_in(*agent));
                self.acd.sign_in(now, &name(*agent)).unwrap();
            }
            Step::SignOut(agent) => {
                self.model.step(|model| model.want(*agent, Wanted::Out));
                self.acd.sign_out(now, &name(*agent)).unwrap();
            }
            Step::Ready(agent) => {
                let expected = self.model.agents[*agent].signed_in;
                self.model.step(|model| model.want(*agent, Wanted::Ready));
                assert_eq!(self.acd.set_ready(now, &name(*agent)).is_ok(), expected);
            }
            Step::NotReady(agent) => {
                let expected = self.model.agents[*agent].signed_in;
                self.model.step(|model| model.want(*agent, Wanted::NotReady("lunch")));
                let lunch = NotReadyReason::Chosen("lunch".into());
                assert_eq!(self.acd.set_not_ready(now, &name(*agent), lunch).is_ok(), expected);
            }
            Step::Register(agent, on) => {
                self.model.step(|model| model.agents[*agent].registered = *on);
                self.acd.set_registered(now, &name(*agent), *on);
            }
            Step::Outside(agent, on) => {
                self.model.step(|model| model.agents[*agent].outside = on.then_some("Out"));
                self.acd.set_outside_call(
                    now,
                    &name(*agent),
                    call(99),
                    on.then_some(hotline_acd::Outside::Talking(Direction::Out)),
                );
            }
            Step::Hold(agent, on) => {
                self.model.step(|model| model.hold(*agent, *on));
                self.acd.hold(now, &name(*agent), *on);
            }
            Step::ConversationEnded(agent) => {
                self.model.step(|model| model.conversation_ended(*agent));
                self.acd.conversation_ended(now, &name(*agent));
            }
            Step::Member { queue, agent, serves } => {
                self.model.step(|model| {
                    let members = &mut model.queues[*queue].members;
                    members.retain(|(member, _)| member != agent);
                    if *serves {
                        members.push((*agent, 1));
                    }
                });
                self.acd.reconfigure(now, config(&self.model));
            }
            Step::Enqueue { .. } | Step::EnqueueFor { .. } | Step::Leave(_) => self.caller_input(now, step),
            Step::Move(..) | Step::Assign(..) | Step::Prioritise(..) | Step::HoldBack(..) => {
                self.supervisor_input(now, step);
            }
            Step::Merge { .. } | Step::Split | Step::MergeGroups { .. } | Step::SplitGroups => {
                self.merge_input(now, step);
            }
            Step::Ringing(_)
            | Step::Accepted(..)
            | Step::Answered(_)
            | Step::Returned(_)
            | Step::Failed(..) => self.offer_input(now, step),
        }
        self.compare();
    }

    fn caller_input(&mut self, now: Now, step: &Step) {
        match step {
            Step::Enqueue { queue, credit, emergency, excluded } => {
                // Ids fall while time rises, so that neither order can stand in for the other.
                self.calls += 1;
                let number = 1000 - self.calls;
                let excluded: Vec<usize> = excluded.iter().copied().collect();
                let mut joined = false;
                self.model.step(|model| {
                    let mut caller = model.caller(number, *queue);
                    (caller.credit, caller.emergency) = (credit * SECOND, *emergency);
                    caller.refused_by.extend(excluded.iter().copied());
                    joined = model.enqueue(caller);
                });
                let entry = Entry {
                    priority_credit: Duration::from_secs(*credit),
                    class: if *emergency { Class::Emergency } else { Class::Ordinary },
                    excluded: excluded.into_iter().map(name).collect(),
                    ..Entry::new(call(number), queue_name(*queue))
                };
                assert_eq!(self.acd.enqueue(now, entry).is_ok(), joined);
            }
            Step::EnqueueFor { .. } => self.enqueue_for(now, step),
            Step::Leave(which) if !self.model.callers.is_empty() => {
                let leaving = which.get(&self.model.callers).call;
                self.model.step(|model| model.leave(leaving));
                assert!(self.acd.leave(now, call(leaving), LeaveCause::Abandoned).is_some());
            }
            _ => {}
        }
    }

    fn merge_input(&mut self, now: Now, step: &Step) {
        match step {
            Step::Merge { queues, secs } => {
                let until = now.mono + Duration::from_secs(*secs);
                self.model.step(|model| model.merged = Some((queues.clone(), until.0)));
                let of = Merged::Queues(queues.iter().copied().map(queue_name).collect());
                self.acd.merge(now, Merge { id: "m".into(), of, until }).unwrap();
            }
            Step::Split => {
                let expected = self.model.merged.is_some();
                self.model.step(|model| model.merged = None);
                assert_eq!(self.acd.split(now, &"m".into()).is_ok(), expected);
            }
            Step::MergeGroups { groups, secs } => {
                let until = now.mono + Duration::from_secs(*secs);
                self.model.step(|model| model.merged_groups = Some((groups.clone(), until.0)));
                let of = Merged::Groups(groups.iter().map(|group| GroupId::from(*group)).collect());
                self.acd.merge(now, Merge { id: "g".into(), of, until }).unwrap();
            }
            Step::SplitGroups => {
                let expected = self.model.merged_groups.is_some();
                self.model.step(|model| model.merged_groups = None);
                assert_eq!(self.acd.split(now, &"g".into()).is_ok(), expected);
            }
            _ => {}
        }
    }

    /// Somebody who needs something, or somebody.
    fn enqueue_for(&mut self, now: Now, step: &Step) {
        let Step::EnqueueFor { queue, waited, callback, needs, sticky } = step else { return };
        self.calls += 1;
        let number = 1000 - self.calls;
        let waited = (waited * SECOND).min(now.mono.0);
        let requires: Vec<(&'static str, u8)> =
            needs.iter().map(|(french, level)| (if *french { "french" } else { "sales" }, *level)).collect();
        let mut joined = false;
        self.model.step(|model| {
            let mut caller = model.caller(number, *queue);
            (caller.enqueued, caller.callback) = (model.now - waited, *callback);
            caller.requires.clone_from(&requires);
            caller.sticky = sticky.map(|(agent, secs, designated)| model::Sticky {
                agent,
                until: (secs > 0).then_some(model.now + secs * SECOND),
                designated,
            });
            joined = model.enqueue(caller);
        });
        let requirement = |(skill, level)| Requirement { skill: SkillId::from(skill), level, weight: 1 };
        let entry = Entry {
            enqueued: Some(Now { mono: Time(now.mono.0 - waited), ..now }),
            kind: if *callback { CallerKind::Callback } else { CallerKind::OnTheLine },
            requires: requires.into_iter().map(requirement).collect(),
            sticky: sticky.map(|(agent, secs, designated)| Sticky {
                agent: name(agent),
                wait: (secs > 0).then_some(Duration::from_secs(secs)),
                designated,
            }),
            ..Entry::new(call(number), queue_name(*queue))
        };
        assert_eq!(self.acd.enqueue(now, entry).is_ok(), joined);
    }

    fn supervisor_input(&mut self, now: Now, step: &Step) {
        let (Step::Move(which, _)
        | Step::Assign(which, _)
        | Step::Prioritise(which, ..)
        | Step::HoldBack(which, _)) = step
        else {
            return;
        };
        if self.model.callers.is_empty() {
            return;
        }
        let number = which.get(&self.model.callers).call;
        let mut expected = true;
        let result = match step {
            Step::Move(_, queue) => {
                self.model.step(|model| expected = model.move_caller(number, *queue));
                self.acd.move_caller(now, call(number), queue_name(*queue))
            }
            Step::Assign(_, agent) => {
                self.model.step(|model| expected = model.assign(number, *agent));
                self.acd.assign(now, call(number), &name(*agent))
            }
            Step::Prioritise(_, credit, emergency) => {
                self.model.step(|model| expected = model.prioritise(number, credit * SECOND, *emergency));
                let class = if *emergency { Class::Emergency } else { Class::Ordinary };
                self.acd.prioritise(now, call(number), Duration::from_secs(*credit), class)
            }
            Step::HoldBack(_, secs) => {
                let until = now.mono + Duration::from_secs(*secs);
                self.model.step(|model| model.hold_back(number, until.0));
                self.acd.hold_back(now, call(number), until);
                Ok(())
            }
            _ => Ok(()),
        };
        assert_eq!(result.is_ok(), expected);
    }

    /// On one of the offers made so far, open or long over.
    fn offer_input(&mut self, now: Now, step: &Step) {
        let offers = self.acd.counters().offers;
        let (Step::Ringing(which)
        | Step::Accepted(which, _)
        | Step::Answered(which)
        | Step::Returned(which)
        | Step::Failed(which, _)) = step
        else {
            return;
        };
        if offers == 0 {
            return;
        }
        // Answers come late: one in a few is about any offer that there ever was.
        let mut known: Vec<u64> = self.open.keys().map(|reservation| reservation.0).collect();
        known.push(1 + which.index(usize::try_from(offers).unwrap()) as u64);
        let offer = *which.get(&known);
        let reservation = ReservationId(offer);
        match step {
            Step::Ringing(_) => {
                self.model.step(|model| model.ringing(offer));
                self.acd.offer_ringing(now, reservation);
            }
            Step::Answered(_) => {
                self.answer(reservation);
            }
            Step::Accepted(_, secs) => {
                self.model.step(|model| model.accepted(offer, secs * SECOND));
                self.acd.offer_accepted(now, reservation, Duration::from_secs(*secs));
            }
            Step::Returned(_) => {
                self.model.step(|model| model.returned(offer));
                self.acd.offer_returned(now, reservation);
                self.open.remove(&reservation);
            }
            Step::Failed(_, failure) => {
                self.model.step(|model| model.failed(offer, *failure));
                self.acd.offer_failed(now, reservation, outcome(*failure));
                self.open.remove(&reservation);
            }
            _ => {}
        }
    }

    /// The two talk; with somebody who is called back in another call than the one that waited.
    fn answer(&mut self, reservation: ReservationId) {
        let (now, is_callback) = (self.now(), self.model.is_callback(reservation.0));
        self.model.step(|model| model.answered(reservation.0));
        match self.open.remove(&reservation) {
            Some((_, waited)) if is_callback => {
                self.acd.offer_answered_in(now, reservation, call(number(waited) + TALK));
            }
            Some(_) | None => self.acd.offer_answered(now, reservation),
        }
    }

    fn compare(&mut self) {
        let now = self.now();
        let expected = core::mem::take(&mut self.model.told);
        assert_eq!(self.told(), expected, "what was told at {now:?}");
        for (number, agent) in self.model.agents.iter().enumerate() {
            let view = self.acd.agent(&name(number)).unwrap();
            assert_eq!(shown(&view), agent.state());
            assert_eq!(view.pending.map(wanted), agent.pending().map(|wanted| format!("{wanted:?}")));
            assert_eq!(view.registered, agent.registered);
            assert_eq!(view.delay.map(|delay| delay.until.0 as u64), agent.delay_until);
            self.compare_times(now, number);
        }
        for (number, queue) in self.acd.queues().enumerate() {
            let order: Vec<u32> = queue.waiting.iter().map(|caller| self::number(caller.call)).collect();
            assert_eq!(order, self.model.order(number));
            for (place, caller) in queue.waiting.iter().enumerate() {
                assert_eq!(caller.position as usize, place + 1);
                assert_eq!(self.acd.position(caller.call), Some(caller.position));
                let offered_to: Vec<usize> = caller.offered_to.iter().map(index).collect();
                assert_eq!(offered_to, self.model.offered_to(self::number(caller.call)));
            }
        }
        let next = self.acd.poll_timeout().map(|(at, _)| at.0);
        assert_eq!(
            next,
            self.model.deadlines().into_iter().min(),
            "wakes when something is due, and only then"
        );
    }

    fn compare_times(&self, now: Now, number: usize) {
        let agent = &self.model.agents[number];
        let Some(times) = self.acd.state_times(now, &name(number)) else {
            assert!(!agent.signed_in);
            return;
        };
        let spent = |kind| Duration::from_micros(agent.seconds.get(kind).copied().unwrap_or(0));
        assert_eq!(
            [
                times.not_ready,
                times.ready,
                times.reserved,
                times.ringing,
                times.talking,
                times.hold,
                times.wrap_up
            ],
            ["not", "ready", "reserved", "ringing", "talking", "hold", "wrap-up"].map(spent)
        );
        let signed_in = self.acd.agent(&name(number)).unwrap().signed_in.expect("has a session");
        assert_eq!(times.total(), now.wall.since(signed_in), "every second is in one state");
    }

    /// Reads the events as call control would, and checks on the way that nothing is offered twice.
    fn told(&mut self) -> Told {
        let mut told = Told::default();
        while let Some(event) = self.acd.poll_event() {
            match event {
                Event::Offer { reservation, call, agent, because, .. } => {
                    assert!(self.open.values().all(|(to, _)| *to != agent), "offered twice");
                    assert_eq!(because.replay(), Some(agent.clone()), "the record gives the same winner");
                    assert_eq!(because.candidates[0].agent, agent, "the reason names who was chosen");
                    assert!(because.refused.iter().all(|refusal| refusal.agent != agent));
                    told.offers.push(Offer {
                        reservation: reservation.0,
                        call: number(call),
                        agent: index(&agent),
                    });
                    self.open.insert(reservation, (agent, call));
                }
                Event::OfferWithdrawn { reservation, .. } => {
                    assert!(self.open.remove(&reservation).is_some());
                    told.withdrawn.insert(reservation.0);
                }
                Event::LimitReached { call, .. } => {
                    assert!(told.exceeded.insert(number(call)), "told twice");
                }
                Event::Passed { call, because, .. } => {
                    assert_eq!(because.candidates, [], "nobody could have been offered it");
                    assert!(told.passed.insert(number(call)), "told twice");
                }
                Event::Alarm(AlarmKind::NotOffered { .. }) => panic!("an offer was forgotten"),
                Event::AgentChanged { .. }
                | Event::AgentRemoved { .. }
                | Event::CallbacksChanged { .. }
                | Event::SessionStarted { .. }
                | Event::StateEnded(_)
                | Event::HelpEnded { .. }
                | Event::SessionEnded { .. }
                | Event::Position { .. }
                | Event::Moved { .. }
                | Event::Assigned { .. }
                | Event::Prioritised { .. }
                | Event::Merged { .. }
                | Event::Split { .. }
                | Event::Alarm(_) => {}
            }
        }
        told
    }
}

fn outcome(failure: Failure) -> OfferFailure {
    match failure {
        Failure::NoAnswer => OfferFailure::NoAnswer,
        Failure::Rejected => OfferFailure::Rejected,
        Failure::Busy => OfferFailure::Busy,
        Failure::NotRegistered => OfferFailure::NotRegistered,
        Failure::PhoneFault => OfferFailure::PhoneFault,
        Failure::CallerGone => OfferFailure::CallerGone,
    }
}

fn shown(view: &AgentView) -> String {
    match &view.state {
        AgentState::LoggedOut => "out".into(),
        AgentState::NotReady { reason } => format!("not ready {}", reason.as_str()),
        AgentState::Ready => "ready".into(),
        AgentState::OfflineGrace => "gone".into(),
        AgentState::Reserved { call } => format!("reserved {}", number(*call)),
        AgentState::Ringing { call } => format!("ringing {}", number(*call)),
        AgentState::Talking { call: Some(call), .. } => format!("talking {}", number(*call)),
        AgentState::Talking { call: None, direction } => format!("talking {direction:?}"),
        AgentState::Hold { call } => format!("hold {}", number(*call)),
        AgentState::WrapUp { call, until, .. } => {
            format!("wrap-up {} {}", number(*call), until.expect("it is timed").0)
        }
    }
}

fn wanted(presence: Presence) -> String {
    match presence {
        Presence::LoggedOut => "Out".into(),
        Presence::NotReady { reason } => format!("NotReady({:?})", reason.as_str()),
        Presence::Ready => "Ready".into(),
    }
}

#[expect(clippy::disallowed_methods, reason = "how long the test is to last is for who starts it")]
fn runs() -> u32 {
    std::env::var(MORE).ok().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: runs(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_machine_does_what_the_naive_model_does(
        center in 0..CENTERS,
        steps in prop::collection::vec(step(), STEPS),
    ) {
        let mut pair = Pair::new(center);
        // Most of the staff comes to work first, or little would happen.
        for agent in 0..AGENTS - 1 {
            pair.run(&Step::Register(agent, true));
            pair.run(&Step::SignIn(agent));
            pair.run(&Step::Ready(agent));
        }
        for step in &steps {
            pair.run(step);
        }
    }

    #[test]
    fn every_caller_is_answered_once_agents_answer(
        center in 0..CENTERS,
        steps in prop::collection::vec(step(), STEPS),
    ) {
        let mut pair = Pair::new(center);
        for step in &steps {
            pair.run(step);
        }
        // Everybody comes back to work and answers; only who was told of as having waited too long is left.
        for queue in 0..QUEUES {
            pair.run(&Step::Member { queue, agent: 0, serves: true });
        }
        for agent in 0..AGENTS {
            pair.run(&Step::Outside(agent, false));
            pair.run(&Step::Register(agent, true));
            pair.run(&Step::SignIn(agent));
            pair.run(&Step::Ready(agent));
        }
        let waiting: BTreeSet<CallId> =
            pair.acd.queues().flat_map(|queue| queue.waiting).map(|caller| caller.call).collect();
        for _ in 0..=waiting.len() {
            while let Some(reservation) = pair.open.keys().next().copied() {
                pair.answer(reservation);
                pair.compare();
            }
            for agent in 0..AGENTS {
                pair.run(&Step::ConversationEnded(agent));
            }
            pair.run(&Step::Wait { millis: 61_000, wakes_in_time: true });
        }
        // The model has the same callers waiting, as compared after each step.
        let model = &pair.model;
        let is_excused = |caller: &Caller| caller.told || model.is_hopeless(caller);
        prop_assert!(model.callers.iter().all(is_excused), "somebody was forgotten: {:?}", model.callers);
    }
}
