//! Decisions: which agent gets which caller, what a key in a menu does, what an offer is answered with.
#![expect(clippy::unwrap_used, reason = "all inputs are written here")]

use core::time::Duration;
use std::sync::Arc;

use divan::{Bencher, black_box};
use hotline_acd::{Acd, AgentConfig, Config, Entry, Event, LeaveCause, Member, QueueConfig, WrapUp};
use hotline_base::{AgentId, CallId, FlowId, Now, Pii, QueueId, ReservationId};
use hotline_ivr::{
    Action, CustomerField, Digit, Facts, Flows, HoursExit, Input, LocalTime, QueueFact, Session, Surroundings,
};
use hotline_sdp::{Codec, Local};

fn main() {
    divan::main();
}

const AGENTS: usize = 1000;
const CALLERS: u128 = 1000;

/// All agents are busy and a thousand callers wait: one agent ends a call and gets the next caller, who answers;
/// another caller joins. Everyone's position changes, and is told.
#[divan::bench]
fn acd_next_caller_of_1000(bencher: Bencher) {
    let mut center = Center::new();
    for _ in 0..AGENTS as u128 + CALLERS {
        center.enqueue();
    }
    bencher.bench_local(|| center.next_caller());
}

/// A thousand agents are free: a caller comes, is offered to the longest idle, and gives up.
#[divan::bench]
fn acd_longest_idle_of_1000(bencher: Bencher) {
    let mut center = Center::new();
    center.answers = false;
    bencher.bench_local(|| {
        let call = center.enqueue();
        let left = center.acd.leave(center.now, call, LeaveCause::Abandoned);
        center.drain();
        left
    });
}

/// The greatest center that is promised: 10,000 agents, each in five of 2,000 queues, all busy, and 50,000 callers. One agent
/// ends a call and gets the next caller of its queues, who answers; another caller joins. `hotline bench acd` has more.
#[divan::bench]
fn acd_next_caller_of_50000(bencher: Bencher) {
    let mut center = Center::of(10_000, 2000);
    for _ in 0..60_000 {
        center.enqueue();
    }
    bencher.bench_local(|| center.next_caller());
}

/// A key in the shipped menu: what was playing is stopped, the next prompts are played.
#[divan::bench]
fn ivr_key_in_a_menu(bencher: Bencher) {
    let mut at_menu = answered(&flow());
    listen(&mut at_menu);
    assert!(matches!(follow(&mut at_menu), Some(Action::Play { .. })));
    bencher.with_inputs(|| at_menu.clone()).bench_local_values(|mut session| {
        press(&mut session);
        assert!(matches!(follow(&mut session), Some(Action::Play { .. })));
        session
    });
}

/// A caller's whole way through the shipped flow: greeting, menu, key, prompt, queue.
#[divan::bench]
fn ivr_way_to_the_queue(bencher: Bencher) {
    let flow = flow();
    bencher.bench_local(|| {
        let mut session = answered(&flow);
        listen(&mut session);
        follow(&mut session);
        press(&mut session);
        listen(&mut session);
        assert!(matches!(follow(&mut session), Some(Action::Enqueue { .. })));
        session
    });
}

/// The tests beside the shipped flow, one after the other; a thousand a second are required.
#[divan::bench]
fn ivr_flow_tests(bencher: Bencher) {
    let flow = flow();
    let text = include_str!("../../../../ivr-flows/main.test.yaml");
    let file = hotline_flow_test::parse("main.test.yaml", text).unwrap_or_else(|all| panic!("{all:?}"));
    let tests = file.tests().len();
    bencher.counter(divan::counter::ItemsCount::new(tests)).bench_local(|| {
        let run = |test| hotline_flow_test::run(&flow, &file, test, &hotline_flow_test::NoCenter);
        assert!(file.tests().iter().all(|test| run(test).failure.is_none()));
    });
}

/// A carrier's offer: read, answered, the answer printed.
#[divan::bench]
fn sdp_answer(bencher: Bencher) {
    let offer = include_bytes!("../../../../fuzz/corpus/sdp/trunk_alaw");
    let local = Local::new("192.0.2.1".parse().unwrap(), 20_000, 1, &Codec::ALL);
    bencher.bench(|| {
        let offer = hotline_sdp::parse(black_box(offer)).unwrap();
        let (answer, negotiated) = hotline_sdp::answer(&offer, &local).unwrap();
        (answer.print(), negotiated)
    });
}

/// Agents answer at once and have no wrap-up.
struct Center {
    acd: Acd,
    now: Now,
    agents: usize,
    queues: usize,
    last_call: u128,
    talking: std::collections::VecDeque<AgentId>,
    answers: bool,
}

impl Center {
    /// One queue that everybody serves.
    fn new() -> Self {
        Self::of(AGENTS, 1)
    }

    /// Each agent serves five queues, or as many as there are.
    fn of(agents: usize, queues: usize) -> Self {
        let size = agents * queues.min(5) / queues;
        let count = agents;
        // Any two queues share few; a single one has everybody.
        let step = if queues > 1 { queues + 1 } else { 1 };
        let agents: Vec<AgentId> =
            (0..count).map(|number| AgentId::from(format!("{number:05}").as_str())).collect();
        let config_of = |number: usize| {
            let members = (0..size).map(|place| Member::new(agents[(number + place * step) % count].clone()));
            QueueConfig {
                wrap_up: WrapUp { length: Duration::ZERO, ..WrapUp::default() },
                waiting_max: 10_000,
                ..QueueConfig::new(queue(number), members.collect())
            }
        };
        let queue_configs = (0..queues).map(config_of).collect();
        let configs = agents.iter().map(|id| AgentConfig::new(id.clone(), "Agent".into())).collect();
        let now = Now::default();
        let acd = Acd::new(Config { queues: queue_configs, agents: configs, ..Config::default() }, now);
        let (talking, answers) = (Default::default(), true);
        let mut center = Self { acd, now, agents: count, queues, last_call: 0, talking, answers };
        for agent in &agents {
            center.now = center.now + Duration::from_millis(1);
            center.acd.set_registered(center.now, agent, true);
            center.acd.sign_in(center.now, agent).unwrap();
            center.acd.set_ready(center.now, agent).unwrap();
        }
        center.drain();
        center
    }

    fn enqueue(&mut self) -> CallId {
        self.last_call += 1;
        self.now = self.now + Duration::from_millis(1);
        let call = CallId::parse(&format!("{:032x}", self.last_call)).unwrap();
        let number = usize::try_from(self.last_call).unwrap() * 7919 % self.queues;
        let entry = Entry::new(call, queue(number));
        self.acd.enqueue(self.now, entry).unwrap();
        self.drain();
        call
    }

    fn next_caller(&mut self) {
        let agent = self.talking.pop_front().expect("all agents talk");
        self.now = self.now + Duration::from_millis(1);
        self.acd.conversation_ended(self.now, &agent);
        self.acd.handle_timeout(self.now);
        self.drain();
        self.enqueue();
        assert_eq!(self.talking.len(), self.agents, "the agent has its next caller");
    }

    fn drain(&mut self) {
        let mut offered: Vec<(ReservationId, AgentId)> = Vec::new();
        loop {
            while let Some(event) = self.acd.poll_event() {
                if let Event::Offer { reservation, agent, .. } = black_box(event) {
                    offered.push((reservation, agent));
                }
            }
            let Some((reservation, agent)) = offered.pop().filter(|_| self.answers) else { return };
            self.acd.offer_ringing(self.now, reservation);
            self.acd.offer_answered(self.now, reservation);
            self.talking.push_back(agent);
        }
    }
}

fn queue(number: usize) -> QueueId {
    QueueId::from(format!("queue{number}").as_str())
}

fn flow() -> Arc<Flows> {
    let text = include_str!("../../../../ivr-flows/main.yaml");
    let flow = hotline_ivr::parse("main.yaml", text).unwrap_or_else(|all| panic!("{all:?}"));
    Arc::new([flow].into_iter().collect())
}

/// Nothing that the flow reads.
struct Nowhere;

impl Surroundings for Nowhere {
    fn queue(&self, _queue: &QueueId, _fact: QueueFact) -> i64 {
        0
    }

    fn hours(&self, _schedule: &str, _now: Now) -> HoursExit {
        HoursExit::Open
    }

    fn local_time(&self, _now: Now) -> LocalTime {
        LocalTime::default()
    }

    fn customer(&self, _: &CustomerField) -> Option<Pii<String>> {
        None
    }
}

/// With the greeting playing.
fn answered(flow: &Arc<Flows>) -> Session {
    let mut session = Session::new(Arc::clone(flow), &FlowId::from("main"), Facts::default()).unwrap();
    session.start(Now::default(), &Nowhere);
    session.handle_input(Now::default(), &Nowhere, Input::Answered);
    session
}

/// Hears what is playing to its end.
fn listen(session: &mut Session) {
    let playing = follow(session);
    let Some(Action::Play { tag, .. }) = playing else { panic!("{playing:?}") };
    session.handle_input(Now::default(), &Nowhere, Input::PlayFinished(tag));
}

fn press(session: &mut Session) {
    session.handle_input(Now::default(), &Nowhere, Input::Digit(Digit::new('1').unwrap()));
}

/// The last thing that is to be done.
fn follow(session: &mut Session) -> Option<Action> {
    while let Some(step) = session.poll_step() {
        black_box(step);
    }
    core::iter::from_fn(|| session.poll_action()).last()
}
