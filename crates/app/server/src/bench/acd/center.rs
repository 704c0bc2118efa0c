//! A large center in virtual time: agents who end calls, callers who come, and the routing between them, which is timed.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use hotline_acd::{
    Acd, AgentConfig, Config, Entry, Event, Member, Plan, PlanStep, QueueConfig, Requirement, Strategy,
    WrapUp,
};
use hotline_base::{AgentId, CallId, Now, QueueId, ReservationId, Rng, SkillId};

use crate::bench::tally::Times;

/// How large.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) agents: u32,
    pub(super) queues: u32,
    pub(super) callers: u32,
    /// Offers in a second of the center's time.
    pub(super) rate: u32,
}

/// How long each input took, by what came of it.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// Those that made at least one offer: decisions.
    pub(super) decisions: Times,
    /// Callers who join and find nobody.
    pub(super) passes: Times,
    /// Everything else: ringing, answers, time.
    pub(super) others: Times,
}

/// Queues of each agent, and skills.
const QUEUES_EACH: u32 = 5;
const SKILLS: u32 = 12;
const STRATEGIES: [Strategy; 12] = Strategy::all(Duration::from_secs(5));

pub(super) struct Center {
    acd: Acd,
    now: Now,
    rng: Rng,
    size: Size,
    calls: u64,
    talking: VecDeque<AgentId>,
    offers: BTreeMap<ReservationId, (CallId, AgentId)>,
    taken: Taken,
    /// Processor time of this thread: what others do to the machine does not count.
    clock: fn() -> Duration,
}

impl Center {
    /// Everybody is signed in and talks, and the queues are full. The same every time.
    pub(super) fn new(size: Size, clock: fn() -> Duration) -> Self {
        let now = Now::default() + Duration::from_hours(1);
        let queues = (0..size.queues).map(|number| queue(size, number)).collect();
        let agents = (0..size.agents).map(agent).collect();
        let acd = Acd::new(Config { queues, agents, ..Config::default() }, now);
        let mut center = Self {
            acd,
            now,
            rng: Rng::from_number(1),
            size,
            calls: 0,
            talking: VecDeque::new(),
            offers: BTreeMap::new(),
            taken: Taken::default(),
            clock,
        };
        for number in 0..size.agents {
            center.pass(Duration::from_millis(1));
            let agent = agent_id(number);
            center.acd.set_registered(center.now, &agent, true);
            center.acd.sign_in(center.now, &agent).expect("the agent is there");
            center.acd.set_ready(center.now, &agent).expect("the agent is signed in");
        }
        while center.talking.len() < size.agents as usize * 9 / 10 {
            center.join();
        }
        for _ in 0..size.callers {
            center.pass(Duration::from_secs(1) / size.rate);
            center.join();
        }
        center.taken = Taken::default();
        center
    }

    /// So many turns: an agent ends a call and gets the next caller, and somebody joins.
    pub(super) fn run(&mut self, turns: u32) -> Taken {
        for _ in 0..turns {
            self.pass(Duration::from_secs(1) / self.size.rate);
            let agent = self.talking.pop_front().expect("most agents talk");
            self.timed(|acd, now| acd.conversation_ended(now, &agent), false);
            self.join();
        }
        std::mem::take(&mut self.taken)
    }

    /// How many agents could be offered a call, and how many callers wait.
    pub(super) fn counts(&self) -> (usize, usize) {
        let free = self.acd.agents().filter(|agent| agent.is_free()).count();
        (free, self.acd.queues().map(|queue| queue.waiting.len()).sum())
    }

    fn join(&mut self) {
        self.calls += 1;
        let call = CallId::generate(self.now.wall, &mut self.rng);
        let number = u32::try_from(self.rng.below(u64::from(self.size.queues))).expect("below a u32");
        let mut entry = Entry::new(call, queue_id(number));
        if self.rng.chance(1, 3) {
            let skill = u32::try_from(self.rng.below(u64::from(SKILLS))).expect("below a u32");
            entry.requires.push(Requirement { skill: skill_id(skill), level: 3, weight: 1 });
        }
        self.timed(|acd, now| acd.enqueue(now, entry).map_or((), |_| ()), true);
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        if self.acd.poll_timeout().is_some_and(|(at, _)| at <= self.now.mono) {
            self.timed(|acd, now| acd.handle_timeout(now), false);
        }
    }

    /// Gives an input and sees what came of it; everybody who is offered a call rings and answers.
    fn timed(&mut self, input: impl FnOnce(&mut Acd, Now), joins: bool) {
        let begun = (self.clock)();
        input(&mut self.acd, self.now);
        let took = (self.clock)().saturating_sub(begun);
        let before = self.offers.len();
        let mut decided = false;
        while let Some(event) = self.acd.poll_event() {
            match event {
                Event::Offer { reservation, call, agent, .. } => {
                    decided = true;
                    self.offers.insert(reservation, (call, agent));
                }
                Event::OfferWithdrawn { reservation, .. } => {
                    self.offers.remove(&reservation);
                }
                Event::AgentChanged { .. }
                | Event::AgentRemoved { .. }
                | Event::CallbacksChanged { .. }
                | Event::SessionStarted { .. }
                | Event::SessionEnded { .. }
                | Event::StateEnded(_)
                | Event::HelpEnded { .. }
                | Event::Passed { .. }
                | Event::Position { .. }
                | Event::LimitReached { .. }
                | Event::Moved { .. }
                | Event::Assigned { .. }
                | Event::Prioritised { .. }
                | Event::Merged { .. }
                | Event::Split { .. }
                | Event::Alarm(_) => {}
            }
        }
        match (decided, joins) {
            (true, _) => self.taken.decisions.add(took),
            (false, true) => self.taken.passes.add(took),
            (false, false) => self.taken.others.add(took),
        }
        if self.offers.len() > before {
            self.answer();
        }
    }

    fn answer(&mut self) {
        while let Some((reservation, (_, agent))) = self.offers.pop_first() {
            self.timed(|acd, now| acd.offer_ringing(now, reservation), false);
            self.talking.push_back(agent);
            self.timed(|acd, now| acd.offer_answered(now, reservation), false);
        }
    }
}

fn queue(size: Size, number: u32) -> QueueConfig {
    let members = (0..size.agents * QUEUES_EACH / size.queues).map(|place| {
        let agent = (number + place * (size.queues + 1)) % size.agents;
        let (tier, weight) = (1 + u8::from(place % 4 == 0), 1 + u8::try_from(place % 9).unwrap_or(0));
        Member { tier, weight, ..Member::new(agent_id(agent)) }
    });
    let steps = [(0, None), (60, Some(1)), (600, Some(0))].map(|(after, min_level)| PlanStep {
        after: Duration::from_secs(after),
        min_level,
        ..PlanStep::default()
    });
    let plan = if number.is_multiple_of(2) { steps.to_vec() } else { Vec::new() };
    QueueConfig {
        strategy: STRATEGIES[number as usize % STRATEGIES.len()],
        wrap_up: WrapUp { length: Duration::ZERO, ..WrapUp::default() },
        waiting_max: 10_000,
        plan: Plan { steps: plan },
        ..QueueConfig::new(queue_id(number), members.collect())
    }
}

fn agent(number: u32) -> AgentConfig {
    let skills = (0..3).map(|place| {
        (skill_id((number + place * 5) % SKILLS), 1 + u8::try_from((number + place) % 10).unwrap_or(0))
    });
    AgentConfig { skills: skills.collect(), ..AgentConfig::new(agent_id(number), "Agent".into()) }
}

fn agent_id(number: u32) -> AgentId {
    AgentId::from(format!("{number:05}").as_str())
}

fn queue_id(number: u32) -> QueueId {
    QueueId::from(format!("queue{number:04}").as_str())
}

fn skill_id(number: u32) -> SkillId {
    SkillId::from(format!("skill{number}").as_str())
}
