//! The machine against the naive model, over random transitions.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use hotline_acd::{
    Acd, AgentConfig, AgentState, AgentView, Class, Config, Direction, Disposition, Entry, Event,
    HelpOutcome, LeaveCause, Member, NotReadyReason, OfferFailure, Presence, QueueConfig, ReasonClass,
    ReasonConfig, WithdrawCause, WrapUp, WrapUpMode,
};
use hotline_base::{AgentId, CallId, Now, QueueId, ReservationId, Time, WallTime};
use proptest::prelude::*;

use crate::center::call;
use crate::model::{self, Doing, Failure, Mode, Model, Offer, Queue, REASONS, Told, Wanted};

const AGENTS: usize = 4;
const QUEUES: usize = 3;
/// Random runs of [`STEPS`] transitions.
const RUNS: u32 = 400;
const STEPS: usize = 120;

#[derive(Clone, Debug)]
enum Step {
    Wait { millis: u64, wakes_in_time: bool },
    SignIn(usize),
    SignOut(usize),
    Ready(usize),
    NotReady(usize, &'static str),
    BeginDay,
    AskWrapUp(usize),
    ExtendWrapUp(usize),
    EndWrapUp(usize),
    Disposed(usize),
    AskHelp(usize),
    AnswerHelp(usize, &'static str),
    EndHelp(usize),
    Register(usize, bool),
    Outside(usize, bool),
    Enqueue { queue: usize, credit: u64, emergency: bool, excluded: Option<usize> },
    Leave(prop::sample::Index),
    Ringing(prop::sample::Index),
    Answered(prop::sample::Index),
    Failed(prop::sample::Index, Failure),
    Hold(usize, bool),
    ConversationEnded(usize),
    Member { queue: usize, agent: usize, serves: bool },
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
        3 => (agent.clone(), prop::sample::select(vec!["lunch", "lunch", "training", "tea"]))
            .prop_map(|(agent, reason)| Step::NotReady(agent, reason)),
        1 => Just(Step::BeginDay),
        2 => agent.clone().prop_map(Step::AskWrapUp),
        2 => agent.clone().prop_map(Step::ExtendWrapUp),
        2 => agent.clone().prop_map(Step::EndWrapUp),
        3 => agent.clone().prop_map(Step::Disposed),
        1 => agent.clone().prop_map(Step::AskHelp),
        1 => (agent.clone(), prop::sample::select(vec!["lea", "leo"]))
            .prop_map(|(agent, by)| Step::AnswerHelp(agent, by)),
        1 => agent.clone().prop_map(Step::EndHelp),
        4 => (agent.clone(), prop::bool::weighted(0.8)).prop_map(|(agent, on)| Step::Register(agent, on)),
        2 => (agent.clone(), any::<bool>()).prop_map(|(agent, on)| Step::Outside(agent, on)),
        10 => (0..QUEUES, 0..30u64, prop::bool::weighted(0.1), prop::option::weighted(0.2, agent.clone()))
            .prop_map(|(queue, credit, emergency, excluded)| Step::Enqueue { queue, credit, emergency, excluded }),
        3 => any_index().prop_map(Step::Leave),
        5 => any_index().prop_map(Step::Ringing),
        5 => any_index().prop_map(Step::Answered),
        7 => (any_index(), failure).prop_map(|(offer, failure)| Step::Failed(offer, failure)),
        2 => (agent.clone(), any::<bool>()).prop_map(|(agent, on)| Step::Hold(agent, on)),
        6 => agent.clone().prop_map(Step::ConversationEnded),
        2 => (0..QUEUES, agent, any::<bool>())
            .prop_map(|(queue, agent, serves)| Step::Member { queue, agent, serves }),
    ]
}

fn name(agent: usize) -> AgentId {
    AgentId::from(format!("agent{agent}").as_str())
}

fn queue_name(queue: usize) -> QueueId {
    QueueId::from(format!("queue{queue}").as_str())
}

fn number(of: CallId) -> u32 {
    u32::try_from(of.0.as_u128()).expect("the test's calls are numbered")
}

fn index(of: &AgentId) -> usize {
    of.as_str()["agent".len()..].parse().unwrap()
}

/// Both, side by side.
struct Pair {
    acd: Acd,
    model: Model,
    calls: u32,
    /// Agent and call of each open offer, kept from the events alone.
    open: BTreeMap<ReservationId, (AgentId, CallId)>,
    /// Begin, end and length in all of each agent's spans so far.
    spans: BTreeMap<AgentId, (WallTime, WallTime, Duration)>,
}

type Modes = [(Mode, bool); QUEUES];

fn modes() -> impl Strategy<Value = Modes> {
    let all = [Mode::Manual, Mode::Optional, Mode::Timed, Mode::Forced, Mode::OnRequest];
    prop::array::uniform3((prop::sample::select(all.to_vec()), prop::bool::weighted(0.3)))
}

impl Pair {
    fn new(modes: Modes) -> Self {
        let mut modes = modes.into_iter();
        let mut queue =
            |members: &[usize], wrap_up: u64, ring: u64, waiting_max, wait_max: Option<u64>| Queue {
                members: members.iter().copied().collect(),
                wrap_up: {
                    let (mode, must_dispose) = modes.next().unwrap();
                    let length = wrap_up * 1_000_000;
                    model::WrapUp { mode, length, must_dispose, extend_by: 7_000_000, extensions: 2 }
                },
                own_length: BTreeMap::from([(1, 3_000_000)]),
                ring: ring * 1_000_000,
                waiting_max,
                wait_max: wait_max.map(|secs| secs * 1_000_000),
            };
        let queues = vec![
            queue(&[0, 1, 2], 10, 20, 4, None),
            queue(&[2, 3], 0, 15, 6, Some(60)),
            queue(&[1], 25, 5, 5, Some(20)),
        ];
        let model = Model::new(AGENTS, queues);
        let acd = Acd::new(config(&model), Now::default());
        Self { acd, model, calls: 0, open: BTreeMap::new(), spans: BTreeMap::new() }
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
        self.model.step(Model::time_out);
        self.acd.handle_timeout(self.now());
        self.compare();
    }

    fn input(&mut self, step: &Step) {
        let now = self.now();
        match step {
            Step::Wait { .. } => unreachable!("run() lets time pass"),
            Step::SignIn(agent) => {
                self.model.step(|model| model.sign_in(*agent));
                self.acd.sign_in(now, &name(*agent)).unwrap();
            }
            Step::SignOut(agent) => {
                // Who is out already stays so.
                self.model.outcome(|model| model.want(*agent, Wanted::Out)).ok();
                self.acd.sign_out(now, &name(*agent)).unwrap();
            }
            Step::Ready(agent) => {
                let expected = self.model.outcome(|model| model.want(*agent, Wanted::Ready));
                assert_eq!(told_of(self.acd.set_ready(now, &name(*agent))), expected);
            }
            Step::NotReady(agent, reason) => {
                let expected = self.model.outcome(|model| model.want(*agent, Wanted::NotReady(reason)));
                let reason = NotReadyReason::Chosen((*reason).into());
                assert_eq!(told_of(self.acd.set_not_ready(now, &name(*agent), reason)), expected);
            }
            Step::BeginDay => {
                self.model.step(Model::begin_day);
                self.acd.begin_day(now);
            }
            Step::AskWrapUp(_)
            | Step::ExtendWrapUp(_)
            | Step::EndWrapUp(_)
            | Step::Disposed(_)
            | Step::AskHelp(_)
            | Step::AnswerHelp(..)
            | Step::EndHelp(_) => self.agent_input(now, step),
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
                    if *serves {
                        members.insert(*agent)
                    } else {
                        members.remove(agent)
                    };
                });
                self.acd.reconfigure(now, config(&self.model));
            }
            Step::Enqueue { .. } | Step::Leave(_) => self.caller_input(now, step),
            Step::Ringing(_) | Step::Answered(_) | Step::Failed(..) => self.offer_input(now, step),
        }
        self.compare();
    }

    fn agent_input(&mut self, now: Now, step: &Step) {
        let Self { acd, model, .. } = self;
        match step {
            Step::AskWrapUp(agent) => {
                let expected = model.outcome(|model| model.ask_wrap_up(*agent));
                assert_eq!(told_of(acd.ask_wrap_up(now, &name(*agent))), expected);
            }
            Step::ExtendWrapUp(agent) => {
                let expected = model.outcome(|model| model.extend_wrap_up(*agent));
                assert_eq!(told_of(acd.extend_wrap_up(now, &name(*agent))), expected);
            }
            Step::EndWrapUp(agent) => {
                let expected = model.outcome(|model| model.end_wrap_up(*agent));
                assert_eq!(told_of(acd.end_wrap_up(now, &name(*agent))), expected);
            }
            Step::Disposed(agent) => {
                let known = &model.agents[*agent];
                let number = match (&known.doing, known.last) {
                    (Doing::Talking { call, .. } | Doing::WrapUp { call, .. }, _) => *call,
                    (_, Some(last)) => last.call,
                    (_, None) => 0,
                };
                model.step(|model| model.disposed(*agent));
                acd.disposed(now, &name(*agent), call(number));
            }
            Step::AskHelp(agent) => {
                let expected = model.outcome(|model| model.ask_help(*agent));
                assert_eq!(told_of(acd.ask_help(now, &name(*agent))), expected);
            }
            Step::AnswerHelp(agent, by) => {
                let expected = model.outcome(|model| model.answer_help(*agent, by));
                assert_eq!(told_of(acd.answer_help(now, &name(*agent), by)), expected);
            }
            Step::EndHelp(agent) => {
                let expected = model.outcome(|model| model.end_help(*agent));
                assert_eq!(told_of(acd.end_help(now, &name(*agent), HelpOutcome::Solved)), expected);
            }
            _ => {}
        }
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
                    joined = model.enqueue(number, *queue, credit * 1_000_000, *emergency, &excluded);
                });
                let entry = Entry {
                    priority_credit: Duration::from_secs(*credit),
                    class: if *emergency { Class::Emergency } else { Class::Ordinary },
                    excluded: excluded.into_iter().map(name).collect(),
                    ..Entry::new(call(number), queue_name(*queue))
                };
                assert_eq!(self.acd.enqueue(now, entry).is_ok(), joined);
            }
            Step::Leave(which) if !self.model.callers.is_empty() => {
                let leaving = which.get(&self.model.callers).call;
                self.model.step(|model| model.leave(leaving));
                assert!(self.acd.leave(now, call(leaving), LeaveCause::Abandoned).is_some());
            }
            _ => {}
        }
    }

    /// On one of the offers made so far, open or long over.
    fn offer_input(&mut self, now: Now, step: &Step) {
        let offers = self.acd.counters().offers;
        let (Step::Ringing(which) | Step::Answered(which) | Step::Failed(which, _)) = step else { return };
        if offers == 0 {
            return;
        }
        let open: Vec<u64> = self.open.keys().map(|reservation| reservation.0).collect();
        let offer = if open.is_empty() { offers } else { *which.get(&open) };
        let reservation = ReservationId(offer);
        match step {
            Step::Ringing(_) => {
                self.model.step(|model| model.ringing(offer));
                self.acd.offer_ringing(now, reservation);
            }
            Step::Answered(_) => {
                self.model.step(|model| model.answered(offer));
                self.acd.offer_answered(now, reservation);
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
            let help = view.help.map(|help| help.answered.map(|answer| answer.by.to_string()));
            assert_eq!(help, agent.help.map(|by| by.map(str::to_owned)));
            assert_eq!(view.calls_today, agent.calls_today);
            self.compare_times(now, number);
        }
        for (number, queue) in self.acd.queues().enumerate() {
            let order: Vec<u32> = queue.waiting.iter().map(|caller| self::number(caller.call)).collect();
            assert_eq!(order, self.model.order(number));
            for (place, caller) in queue.waiting.iter().enumerate() {
                assert_eq!(caller.position as usize, place + 1);
                assert_eq!(self.acd.position(caller.call), Some(caller.position));
                let offered_to = caller.offered_to.as_ref().map(index);
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
        let left = REASONS.map(|reason| {
            reason.quota - agent.today.get(reason.word).map_or(0, |had| (*had).min(reason.quota))
        });
        let reasons = self.acd.reasons(now, &name(number)).into_iter();
        assert_eq!(
            reasons.filter_map(|reason| reason.left).collect::<Vec<_>>(),
            left.map(Duration::from_micros)
        );
        let spent = |kind| agent.worked.get(kind).copied().unwrap_or(0);
        let recent = self.acd.recent(now, &name(number)).unwrap();
        let of_calls: u64 =
            ["reserved", "ringing", "hold", "wrap-up", "missing"].into_iter().map(spent).sum();
        assert_eq!(recent.calls, agent.calls);
        assert_eq!(recent.talk, Duration::from_micros(spent("hold") + spent("talking")));
        assert_eq!(recent.ready, Duration::from_micros(of_calls + spent("ready") + spent("talking")));
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
                times.wrap_up,
                times.disposition_missing
            ],
            ["not", "ready", "reserved", "ringing", "talking", "hold", "wrap-up", "missing"].map(spent)
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
                    assert!(self.open.values().all(|(to, of)| *to != agent && *of != call), "offered twice");
                    assert_eq!(because.candidates[0].agent, agent, "the reason names who was chosen");
                    assert!(because.refused.iter().all(|refusal| refusal.agent != agent));
                    told.offers.push(Offer {
                        reservation: reservation.0,
                        call: number(call),
                        agent: index(&agent),
                    });
                    self.open.insert(reservation, (agent, call));
                }
                Event::OfferWithdrawn { reservation, cause, .. } => {
                    assert!(self.open.remove(&reservation).is_some());
                    assert!(matches!(cause, WithdrawCause::CallerLeft(_) | WithdrawCause::LeaseExpired));
                    told.withdrawn.insert(reservation.0);
                }
                Event::WaitExceeded { call, .. } => {
                    assert!(told.exceeded.insert(number(call)), "told twice");
                }
                Event::SessionStarted { agent, at } => {
                    self.spans.insert(agent, (at, at, Duration::ZERO));
                }
                Event::StateEnded(span) => {
                    let (_, end, lasted) = self.spans.get_mut(&span.agent).unwrap();
                    assert_eq!(*end, span.from, "no second is missing between two states");
                    *lasted += span.until.since(span.from);
                    *end = span.until;
                }
                Event::SessionEnded { agent, started, ended, times } => {
                    let lasted = times.total();
                    assert_eq!(self.spans.remove(&agent), Some((started, ended, lasted)));
                }
                Event::AgentChanged { .. }
                | Event::HelpEnded { .. }
                | Event::Position { .. }
                | Event::Alarm(_) => {}
            }
        }
        told
    }
}

fn config(model: &Model) -> Config {
    let micros = Duration::from_micros;
    let queues = model.queues.iter().enumerate().map(|(number, queue)| QueueConfig {
        ring_timeout: micros(queue.ring),
        wrap_up: rules(&queue.wrap_up),
        waiting_max: queue.waiting_max,
        wait_max: queue.wait_max.map(micros),
        ..QueueConfig::new(
            queue_name(number),
            queue
                .members
                .iter()
                .map(|member| Member {
                    wrap_up: queue.own_length.get(member).copied().map(micros),
                    ..Member::new(name(*member))
                })
                .collect(),
        )
    });
    let agents = (0..AGENTS).map(|agent| AgentConfig::new(name(agent), "".into()));
    let reasons = REASONS.iter().map(|reason| {
        let config = ReasonConfig {
            name: reason.word.to_uppercase(),
            class: ReasonClass::Break,
            daily_quota: Some(micros(reason.quota)),
            at_once_max: Some(u32::try_from(reason.at_once).unwrap()),
        };
        (reason.word.into(), config)
    });
    Config { queues: queues.collect(), agents: agents.collect(), reasons: reasons.collect() }
}

fn rules(of: &model::WrapUp) -> WrapUp {
    WrapUp {
        mode: match of.mode {
            Mode::Manual => WrapUpMode::Manual,
            Mode::Optional => WrapUpMode::Optional,
            Mode::Timed => WrapUpMode::Timed,
            Mode::Forced => WrapUpMode::Forced,
            Mode::OnRequest => WrapUpMode::OnRequest,
        },
        length: Duration::from_micros(of.length),
        extend_by: Duration::from_micros(of.extend_by),
        extensions_max: of.extensions,
        disposition_required: of.must_dispose,
    }
}

/// What came of a wish, in the words of the model.
fn told_of<T, E: core::fmt::Debug>(result: Result<T, E>) -> Result<(), String> {
    result.map(drop).map_err(|error| format!("{error:?}"))
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
        AgentState::Reserved { call } => format!("reserved {}", number(*call)),
        AgentState::Ringing { call } => format!("ringing {}", number(*call)),
        AgentState::Talking { call: Some(call), .. } => format!("talking {}", number(*call)),
        AgentState::Talking { call: None, direction } => format!("talking {direction:?}"),
        AgentState::Hold { call } => format!("hold {}", number(*call)),
        AgentState::WrapUp { call, disposition: Disposition::Missing, extensions_left, .. } => {
            format!("missing {} {extensions_left}", number(*call))
        }
        AgentState::WrapUp { call, until, disposition, extensions_left } => format!(
            "wrap-up {} {:?} {} {extensions_left}",
            number(*call),
            until.map(|until| until.0),
            *disposition == Disposition::Awaited
        ),
    }
}

fn wanted(presence: Presence) -> String {
    match presence {
        Presence::LoggedOut => "Out".into(),
        Presence::NotReady { reason } => format!("NotReady({:?})", reason.as_str()),
        Presence::Ready => "Ready".into(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: RUNS, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_machine_does_what_the_naive_model_does(modes in modes(), steps in prop::collection::vec(step(), STEPS)) {
        let mut pair = Pair::new(modes);
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
    fn every_caller_is_answered_once_agents_answer(modes in modes(), steps in prop::collection::vec(step(), STEPS)) {
        let mut pair = Pair::new(modes);
        for step in &steps {
            pair.run(step);
        }
        // Everybody comes back to work and answers; only who was told of as having waited too long is left.
        for queue in 0..QUEUES {
            pair.run(&Step::Member { queue, agent: 0, serves: true });
        }
        for agent in 0..AGENTS {
            pair.run(&Step::ConversationEnded(agent));
            pair.run(&Step::Disposed(agent));
            pair.run(&Step::Outside(agent, false));
            pair.run(&Step::Register(agent, true));
            pair.run(&Step::SignIn(agent));
            pair.run(&Step::Ready(agent));
        }
        let waiting: BTreeSet<CallId> =
            pair.acd.queues().flat_map(|queue| queue.waiting).map(|caller| caller.call).collect();
        for _ in 0..=waiting.len() {
            while let Some(reservation) = pair.open.keys().next().copied() {
                pair.model.step(|model| model.answered(reservation.0));
                pair.acd.offer_answered(pair.now(), reservation);
                pair.open.remove(&reservation);
                pair.compare();
            }
            for agent in 0..AGENTS {
                pair.run(&Step::ConversationEnded(agent));
                pair.run(&Step::Disposed(agent));
            }
            pair.run(&Step::Wait { millis: 61_000, wakes_in_time: true });
            for agent in 0..AGENTS {
                pair.run(&Step::EndWrapUp(agent));
            }
        }
        // The model has the same callers waiting, as compared after each step.
        prop_assert!(pair.model.callers.iter().all(|caller| caller.exceeded), "somebody was forgotten");
    }
}
