//! A small center to test with: a clock, the machine, and everything it has told.

use core::time::Duration;

use hotline_acd::{
    Acd, AgentConfig, AgentState, AgentView, Config, EnqueueError, Entry, Event, LeaveCause, Member,
    OfferFailure, Position, QueueConfig, WrapUp,
};
use hotline_base::{AgentId, CallId, Now, QueueId, ReservationId};

pub(crate) const RING: u64 = 20;
pub(crate) const WRAP_UP: u64 = 10;

pub(crate) struct Center {
    pub(crate) acd: Acd,
    pub(crate) now: Now,
    pub(crate) log: Vec<Event>,
    /// How much of the log was looked at.
    pub(crate) looked: usize,
}

pub(crate) fn agent(name: &str) -> AgentId {
    AgentId::from(name)
}

pub(crate) fn call(number: u32) -> CallId {
    CallId::parse(&format!("{number:032x}")).expect("32 hexadecimal digits are a UUID")
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn queue(name: &str, members: &[&str]) -> QueueConfig {
    let members = members.iter().map(|member| Member::new(agent(member))).collect();
    QueueConfig {
        name: name.to_uppercase(),
        ring_timeout: seconds(RING),
        wrap_up: WrapUp { length: seconds(WRAP_UP), ..WrapUp::default() },
        waiting_max: 100,
        ..QueueConfig::new(QueueId::from(name), members)
    }
}

pub(crate) fn agents(names: &[&str]) -> Vec<AgentConfig> {
    names.iter().map(|name| AgentConfig::new(agent(name), (*name).into())).collect()
}

pub(crate) fn entry(number: u32, queue: &str) -> Entry {
    Entry::new(call(number), QueueId::from(queue))
}

impl Center {
    /// Nobody signed in.
    pub(crate) fn closed(queues: Vec<QueueConfig>, names: &[&str]) -> Self {
        let now = Now::default() + seconds(1000);
        let acd = Acd::new(Config { queues, agents: agents(names), ..Config::default() }, now);
        Self { acd, now, log: vec![], looked: 0 }
    }

    /// All agents registered and ready, one second after the other: the first is the longest idle.
    pub(crate) fn open(queues: Vec<QueueConfig>, names: &[&str]) -> Self {
        let mut center = Self::closed(queues, names);
        for name in names {
            center.staff(name);
            center.wait(1);
        }
        center.told();
        center
    }

    /// The same with agents who can do something.
    pub(crate) fn with(queues: Vec<QueueConfig>, agents: Vec<AgentConfig>) -> Self {
        let names: Vec<AgentId> = agents.iter().map(|agent| agent.id.clone()).collect();
        let now = Now::default() + seconds(1000);
        let acd = Acd::new(Config { queues, agents, ..Config::default() }, now);
        let mut center = Self { acd, now, log: vec![], looked: 0 };
        for name in &names {
            center.staff(name.as_str());
            center.wait(1);
        }
        center.told();
        center
    }

    /// One queue, "sales", served by these agents.
    pub(crate) fn sales(names: &[&str]) -> Self {
        Self::open(vec![queue("sales", names)], names)
    }

    pub(crate) fn staff(&mut self, name: &str) {
        self.acd.set_registered(self.now, &agent(name), true);
        self.acd.sign_in(self.now, &agent(name)).unwrap();
        self.ready(name);
    }

    pub(crate) fn ready(&mut self, name: &str) {
        self.acd.set_ready(self.now, &agent(name)).unwrap();
        self.drain();
    }

    /// Lets time pass, waking exactly when the machine asks to.
    pub(crate) fn wait(&mut self, secs: u64) {
        let end = self.now + seconds(secs);
        while let Some((at, _)) = self.acd.poll_timeout().filter(|(at, _)| *at <= end.mono) {
            self.now = self.now + (at - self.now.mono);
            self.acd.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    pub(crate) fn enqueue(&mut self, number: u32) -> Position {
        self.try_enqueue(entry(number, "sales")).unwrap()
    }

    pub(crate) fn try_enqueue(&mut self, entry: Entry) -> Result<Position, EnqueueError> {
        let result = self.acd.enqueue(self.now, entry);
        self.drain();
        result
    }

    pub(crate) fn leave(&mut self, number: u32) {
        self.acd.leave(self.now, call(number), LeaveCause::Abandoned).unwrap();
        self.drain();
    }

    /// The open offer of a call: its reservation and the agent's name.
    pub(crate) fn offer_of(&self, number: u32) -> Option<(ReservationId, String)> {
        let queues: Vec<_> = self.acd.queues().collect();
        let mut callers = queues.iter().flat_map(|queue| &queue.waiting);
        let offered_to = callers.find(|caller| caller.call == call(number))?.offered_to.first()?.clone();
        let reservation = self.log.iter().rev().find_map(|event| match event {
            Event::Offer { reservation, call: offered, agent, .. }
                if *offered == call(number) && *agent == offered_to =>
            {
                Some(*reservation)
            }
            _ => None,
        });
        Some((reservation?, offered_to.to_string()))
    }

    /// The agent a call is on offer to; empty if to nobody.
    pub(crate) fn offered_to(&self, number: u32) -> String {
        self.offer_of(number).map_or(String::new(), |(_, name)| name)
    }

    /// The agents a call is on offer to.
    pub(crate) fn ringing(&self, number: u32) -> Vec<String> {
        let queues: Vec<_> = self.acd.queues().collect();
        let mut callers = queues.iter().flat_map(|queue| &queue.waiting);
        let caller = callers.find(|caller| caller.call == call(number)).expect("the call waits");
        caller.offered_to.iter().map(ToString::to_string).collect()
    }

    /// The offer of a call to one of several agents.
    fn offer_to(&mut self, number: u32, name: &str) -> ReservationId {
        self.drain();
        let offer = self.log.iter().rev().find_map(|event| match event {
            Event::Offer { reservation, call: offered, agent, .. }
                if *offered == call(number) && agent.as_str() == name =>
            {
                Some(*reservation)
            }
            _ => None,
        });
        offer.expect("the call is on offer to the agent")
    }

    pub(crate) fn answer_by(&mut self, number: u32, name: &str) {
        let reservation = self.offer_to(number, name);
        self.acd.offer_answered(self.now, reservation);
        self.drain();
    }

    pub(crate) fn fail_by(&mut self, number: u32, name: &str, failure: OfferFailure) {
        let reservation = self.offer_to(number, name);
        self.acd.offer_failed(self.now, reservation, failure);
        self.drain();
    }

    pub(crate) fn ring(&mut self, number: u32) {
        let (reservation, _) = self.offer_of(number).expect("the call is on offer");
        self.acd.offer_ringing(self.now, reservation);
        self.drain();
    }

    pub(crate) fn answer(&mut self, number: u32) {
        let (reservation, _) = self.offer_of(number).expect("the call is on offer");
        self.acd.offer_answered(self.now, reservation);
        self.drain();
    }

    /// The offer comes to nothing; a phone that is not answered has rung.
    pub(crate) fn fail(&mut self, number: u32, failure: OfferFailure) {
        if failure == OfferFailure::NoAnswer {
            self.ring(number);
        }
        let (reservation, _) = self.offer_of(number).expect("the call is on offer");
        self.acd.offer_failed(self.now, reservation, failure);
        self.drain();
    }

    /// The agent's leg ends.
    pub(crate) fn end(&mut self, name: &str) {
        self.acd.conversation_ended(self.now, &agent(name));
        self.drain();
    }

    pub(crate) fn view(&self, name: &str) -> AgentView {
        self.acd.agent(&agent(name)).expect("the center has this agent")
    }

    pub(crate) fn state(&self, name: &str) -> AgentState {
        self.view(name).state
    }

    pub(crate) fn drain(&mut self) {
        while let Some(event) = self.acd.poll_event() {
            self.log.push(event);
        }
    }

    /// What was told since the last look.
    pub(crate) fn told(&mut self) -> Vec<Event> {
        self.drain();
        let new = self.log[self.looked..].to_vec();
        self.looked = self.log.len();
        new
    }
}
