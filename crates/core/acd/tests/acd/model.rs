//! The rules again, as naively as they can be written: after every input look at everybody and everything.
//! No index, no timer table, no event; to be read on its own.

use std::collections::{BTreeMap, BTreeSet};

const SECOND: u64 = 1_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    NoAnswer,
    Rejected,
    Busy,
    NotRegistered,
    PhoneFault,
    CallerGone,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Out,
    NotReady(&'static str),
    Ready,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Manual,
    Optional,
    Timed,
    Forced,
    OnRequest,
}

/// A queue's rules for after-call work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WrapUp {
    pub(crate) mode: Mode,
    pub(crate) length: u64,
    pub(crate) must_dispose: bool,
    pub(crate) extend_by: u64,
    pub(crate) extensions: u8,
}

/// A reason for not being ready, with the longest time on one day and the most agents at once.
pub(crate) struct Reason {
    pub(crate) word: &'static str,
    pub(crate) quota: u64,
    pub(crate) at_once: usize,
}

pub(crate) const REASONS: [Reason; 2] = [
    Reason { word: "lunch", quota: 90 * SECOND, at_once: 2 },
    Reason { word: "training", quota: 1_000_000 * SECOND, at_once: 1 },
];

/// A call whose after-call work was left to the agent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Last {
    pub(crate) call: u32,
    rules: WrapUp,
    disposed: bool,
    ended: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    Nothing,
    Offered {
        ringing: bool,
        reservation: u64,
        call: u32,
        lease: u64,
    },
    Talking {
        call: u32,
        on_hold: bool,
        asked: bool,
        disposed: bool,
    },
    /// Without an end of its own until it is ended, or overdue and waiting for the disposition.
    WrapUp {
        call: u32,
        until: Option<u64>,
        overdue: bool,
        left: u8,
        disposed: bool,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub(crate) signed_in: bool,
    pub(crate) wanted: Wanted,
    pub(crate) doing: Doing,
    pub(crate) outside: Option<&'static str>,
    pub(crate) registered: bool,
    pub(crate) delay_until: Option<u64>,
    pub(crate) seconds: BTreeMap<String, u64>,
    pub(crate) last: Option<Last>,
    pub(crate) help: Option<Option<&'static str>>,
    pub(crate) calls_today: u32,
    pub(crate) today: BTreeMap<&'static str, u64>,
    /// Calls, and the time in each state, of all sessions.
    pub(crate) calls: u32,
    pub(crate) worked: BTreeMap<String, u64>,
    rules: Option<WrapUp>,
    faults: u32,
    idle_since: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Queue {
    pub(crate) members: BTreeSet<usize>,
    pub(crate) wrap_up: WrapUp,
    /// Members whose after-call work has another length.
    pub(crate) own_length: BTreeMap<usize, u64>,
    pub(crate) ring: u64,
    pub(crate) waiting_max: usize,
    pub(crate) wait_max: Option<u64>,
}

#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) call: u32,
    pub(crate) queue: usize,
    emergency: bool,
    due: i128,
    deadline: Option<u64>,
    pub(crate) exceeded: bool,
    told: bool,
    refused_by: BTreeSet<usize>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) reservation: u64,
    pub(crate) call: u32,
    pub(crate) agent: usize,
}

/// What must be told of one input, apart from the states themselves.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) offers: Vec<Offer>,
    pub(crate) withdrawn: BTreeSet<u64>,
    pub(crate) exceeded: BTreeSet<u32>,
}

pub(crate) struct Model {
    pub(crate) now: u64,
    pub(crate) agents: Vec<Agent>,
    pub(crate) queues: Vec<Queue>,
    pub(crate) callers: Vec<Caller>,
    pub(crate) told: Told,
    reservations: u64,
}

impl Agent {
    fn new() -> Self {
        Self {
            signed_in: false,
            wanted: Wanted::Out,
            doing: Doing::Nothing,
            outside: None,
            registered: false,
            delay_until: None,
            seconds: BTreeMap::new(),
            last: None,
            help: None,
            calls_today: 0,
            today: BTreeMap::new(),
            calls: 0,
            worked: BTreeMap::new(),
            rules: None,
            faults: 0,
            idle_since: 0,
        }
    }

    pub(crate) fn state(&self) -> String {
        match (&self.doing, self.outside, &self.wanted) {
            _ if !self.signed_in => "out".into(),
            (Doing::Offered { ringing: false, call, .. }, ..) => format!("reserved {call}"),
            (Doing::Offered { ringing: true, call, .. }, ..) => format!("ringing {call}"),
            (Doing::Talking { call, on_hold: false, .. }, ..) => format!("talking {call}"),
            (Doing::Talking { call, on_hold: true, .. }, ..) => format!("hold {call}"),
            (Doing::WrapUp { call, overdue: true, left, .. }, ..) => format!("missing {call} {left}"),
            (Doing::WrapUp { call, until, left, .. }, ..) => {
                format!("wrap-up {call} {until:?} {} {left}", self.must_dispose())
            }
            (Doing::Nothing, Some(direction), _) => format!("talking {direction}"),
            (Doing::Nothing, None, Wanted::Out) => "out".into(),
            (Doing::Nothing, None, Wanted::NotReady(reason)) => format!("not ready {reason}"),
            (Doing::Nothing, None, Wanted::Ready) => "ready".into(),
        }
    }

    pub(crate) fn pending(&self) -> Option<Wanted> {
        let busy = self.signed_in && (self.doing != Doing::Nothing || self.outside.is_some());
        (busy && self.wanted != Wanted::Ready).then(|| self.wanted.clone())
    }

    /// The call that it talks in or does after-call work for must have a disposition, and has none.
    fn must_dispose(&self) -> bool {
        let must = self.rules.is_some_and(|rules| rules.must_dispose);
        must && matches!(
            self.doing,
            Doing::Talking { disposed: false, .. } | Doing::WrapUp { disposed: false, .. }
        )
    }

    fn end_wrap_up(&mut self) -> Result<(), &'static str> {
        let Doing::WrapUp { until, .. } = self.doing else { return Err("NoWrapUp") };
        if self.rules.is_some_and(|rules| rules.mode == Mode::Forced) && until.is_some() {
            Err("WrapUpForced")
        } else if self.must_dispose() {
            Err("DispositionMissing")
        } else {
            self.doing = Doing::Nothing;
            Ok(())
        }
    }

    fn begin_wrap_up(&mut self, now: u64, call: u32, disposed: bool) {
        let Some(rules) = self.rules else { return };
        let ends = rules.mode != Mode::Manual;
        self.doing = Doing::WrapUp {
            call,
            until: ends.then_some(now + rules.length),
            overdue: false,
            left: if ends { rules.extensions } else { 0 },
            disposed,
        };
    }

    fn works(&self) -> bool {
        self.registered && self.wanted == Wanted::Ready
    }
}

impl Model {
    pub(crate) fn new(agents: usize, queues: Vec<Queue>) -> Self {
        let agents = vec![Agent::new(); agents];
        Self { now: 0, agents, queues, callers: vec![], told: Told::default(), reservations: 0 }
    }

    /// Every deadline there is.
    pub(crate) fn deadlines(&self) -> Vec<u64> {
        let mut all: Vec<u64> = self.callers.iter().filter_map(|caller| caller.deadline).collect();
        for agent in &self.agents {
            all.extend(agent.delay_until);
            match agent.doing {
                Doing::Offered { lease, .. } => all.push(lease),
                Doing::WrapUp { until, .. } => all.extend(until),
                Doing::Nothing | Doing::Talking { .. } => {}
            }
        }
        all
    }

    /// Time passes: every second goes to the state each agent is in.
    pub(crate) fn advance(&mut self, to: u64) {
        for agent in self.agents.iter_mut().filter(|agent| agent.signed_in) {
            let state = agent.state();
            let kind = state.split(' ').next().unwrap().to_owned();
            *agent.seconds.entry(kind.clone()).or_default() += to - self.now;
            let is_outside = agent.doing == Doing::Nothing && agent.outside.is_some();
            let kind = if is_outside { "outside".into() } else { kind };
            *agent.worked.entry(kind).or_default() += to - self.now;
            let reason = REASONS.iter().find(|reason| state == format!("not ready {}", reason.word));
            if let Some(reason) = reason {
                *agent.today.entry(reason.word).or_default() += to - self.now;
            }
        }
        self.now = to;
    }

    /// Does an input and everything that follows from it.
    pub(crate) fn step(&mut self, input: impl FnOnce(&mut Self)) {
        let before: Vec<String> = self.agents.iter().map(Agent::state).collect();
        input(self);
        for (agent, before) in self.agents.iter_mut().zip(before) {
            let after = agent.state();
            let was_offered = before.starts_with("reserved") || before.starts_with("ringing");
            if after == "ready" && before != "ready" && !was_offered {
                agent.idle_since = self.now;
            }
            if after == "out" {
                agent.signed_in = false;
                agent.help = None;
            }
        }
        self.tell_exceeded();
        self.make_offers();
    }

    /// Does an input that may be refused, and what follows from it.
    pub(crate) fn outcome(
        &mut self,
        input: impl FnOnce(&mut Self) -> Result<(), &'static str>,
    ) -> Result<(), String> {
        let mut outcome = Ok(());
        self.step(|model| outcome = input(model));
        outcome.map_err(str::to_owned)
    }

    pub(crate) fn time_out(&mut self) {
        let now = self.now;
        for index in 0..self.agents.len() {
            let agent = &mut self.agents[index];
            if agent.delay_until.is_some_and(|until| until <= now) {
                agent.delay_until = None;
            }
            match agent.doing {
                Doing::WrapUp { call, until: Some(until), left, disposed, .. } if until <= now => {
                    agent.doing = if agent.must_dispose() {
                        Doing::WrapUp { call, until: None, overdue: true, left, disposed }
                    } else {
                        Doing::Nothing
                    };
                }
                Doing::Offered { lease, call, reservation, .. } if lease <= now => {
                    agent.doing = Doing::Nothing;
                    self.told.withdrawn.insert(reservation);
                    self.caller(call).refused_by.insert(index);
                }
                _ => {}
            }
        }
        for caller in &mut self.callers {
            if caller.deadline.is_some_and(|deadline| deadline <= now) {
                caller.deadline = None;
                caller.exceeded = true;
            }
        }
    }

    pub(crate) fn sign_in(&mut self, agent: usize) {
        let agent = &mut self.agents[agent];
        if !agent.signed_in {
            agent.signed_in = true;
            agent.seconds.clear();
            agent.wanted = Wanted::NotReady("signed_in");
        } else if agent.wanted == Wanted::Out {
            agent.wanted = Wanted::NotReady("signed_in");
        }
    }

    pub(crate) fn want(&mut self, agent: usize, wanted: Wanted) -> Result<(), &'static str> {
        let index = agent;
        self.may_want(agent, &wanted)?;
        let agent = &mut self.agents[agent];
        if !agent.signed_in {
            return Err("SignedOut");
        }
        if wanted == Wanted::Ready {
            agent.end_wrap_up().ok();
            if agent.wanted != Wanted::Ready {
                agent.delay_until = None;
                agent.faults = 0;
                self.callers.iter_mut().for_each(|caller| {
                    caller.refused_by.remove(&index);
                });
            }
        }
        self.agents[index].wanted = wanted;
        Ok(())
    }

    fn may_want(&self, agent: usize, wanted: &Wanted) -> Result<(), &'static str> {
        let Wanted::NotReady(word) = wanted else { return Ok(()) };
        let reason = REASONS.iter().find(|reason| reason.word == *word).ok_or("UnknownReason")?;
        if self.agents[agent].wanted == *wanted {
            Ok(())
        } else if self.agents[agent].today.get(word).is_some_and(|had| *had >= reason.quota) {
            Err("QuotaUsed")
        } else if self.agents.iter().filter(|agent| agent.wanted == *wanted).count() >= reason.at_once {
            Err("TooManyAtOnce")
        } else {
            Ok(())
        }
    }

    pub(crate) fn begin_day(&mut self) {
        for agent in &mut self.agents {
            agent.today.clear();
            agent.calls_today = 0;
        }
    }

    pub(crate) fn ask_wrap_up(&mut self, agent: usize) -> Result<(), &'static str> {
        let now = self.now;
        let agent = &mut self.agents[agent];
        match (&mut agent.doing, agent.last) {
            (Doing::WrapUp { .. }, _) => Ok(()),
            (Doing::Talking { asked, .. }, _) => {
                *asked = true;
                Ok(())
            }
            (Doing::Nothing, Some(last))
                if last.rules.mode == Mode::Optional
                    && agent.signed_in
                    && now <= last.ended + last.rules.length =>
            {
                agent.last = None;
                agent.rules = Some(last.rules);
                agent.begin_wrap_up(now, last.call, last.disposed);
                Ok(())
            }
            _ => Err("NoWrapUp"),
        }
    }

    pub(crate) fn extend_wrap_up(&mut self, agent: usize) -> Result<(), &'static str> {
        let now = self.now;
        let agent = &mut self.agents[agent];
        let Doing::WrapUp { until, overdue, left, .. } = &mut agent.doing else { return Err("NoWrapUp") };
        *left = left.checked_sub(1).ok_or("NoExtension")?;
        *until = Some(until.unwrap_or(now) + agent.rules.map_or(0, |rules| rules.extend_by));
        *overdue = false;
        Ok(())
    }

    pub(crate) fn end_wrap_up(&mut self, agent: usize) -> Result<(), &'static str> {
        self.agents[agent].end_wrap_up()
    }

    /// The call that the agent has, or had last, gets its disposition.
    pub(crate) fn disposed(&mut self, agent: usize) {
        let agent = &mut self.agents[agent];
        match &mut agent.doing {
            Doing::WrapUp { overdue: true, .. } => agent.doing = Doing::Nothing,
            Doing::Talking { disposed, .. } | Doing::WrapUp { disposed, .. } => *disposed = true,
            Doing::Nothing | Doing::Offered { .. } => {
                if let Some(last) = &mut agent.last {
                    last.disposed = true;
                }
            }
        }
    }

    pub(crate) fn ask_help(&mut self, agent: usize) -> Result<(), &'static str> {
        if !self.agents[agent].signed_in {
            return Err("Agent(SignedOut)");
        }
        self.agents[agent].help.get_or_insert(None);
        Ok(())
    }

    pub(crate) fn answer_help(&mut self, agent: usize, by: &'static str) -> Result<(), &'static str> {
        let help = self.agents[agent].help.as_mut().ok_or("NotAsked")?;
        if *help.get_or_insert(by) == by { Ok(()) } else { Err("Answered") }
    }

    pub(crate) fn end_help(&mut self, agent: usize) -> Result<(), &'static str> {
        self.agents[agent].help.take().map(drop).ok_or("NotAsked")
    }

    pub(crate) fn enqueue(
        &mut self,
        call: u32,
        queue: usize,
        credit: u64,
        emergency: bool,
        excluded: &[usize],
    ) -> bool {
        let rules = &self.queues[queue];
        let waiting = self.callers.iter().filter(|caller| caller.queue == queue).count();
        if rules.members.is_empty() || waiting >= rules.waiting_max {
            return false;
        }
        self.callers.push(Caller {
            call,
            queue,
            emergency,
            due: i128::from(self.now) - i128::from(credit),
            deadline: rules.wait_max.map(|wait_max| self.now + wait_max),
            exceeded: false,
            told: false,
            refused_by: excluded.iter().copied().filter(|agent| rules.members.contains(agent)).collect(),
        });
        true
    }

    pub(crate) fn leave(&mut self, call: u32) {
        for agent in &mut self.agents {
            if let Doing::Offered { call: offered, reservation, .. } = agent.doing
                && offered == call
            {
                agent.doing = Doing::Nothing;
                self.told.withdrawn.insert(reservation);
            }
        }
        self.callers.retain(|caller| caller.call != call);
    }

    pub(crate) fn ringing(&mut self, offer: u64) {
        for agent in &mut self.agents {
            if let Doing::Offered { ringing, reservation, .. } = &mut agent.doing {
                *ringing |= *reservation == offer;
            }
        }
    }

    pub(crate) fn answered(&mut self, offer: u64) {
        let Some((index, call)) = self.holder(offer) else { return };
        let queue = &self.queues[self.callers.iter().find(|caller| caller.call == call).unwrap().queue];
        let length = queue.own_length.get(&index).copied().unwrap_or(queue.wrap_up.length);
        let rules = WrapUp { length, ..queue.wrap_up };
        let agent = &mut self.agents[index];
        agent.rules = Some(rules);
        agent.doing = Doing::Talking { call, on_hold: false, asked: false, disposed: false };
        agent.faults = 0;
        agent.calls += 1;
        agent.calls_today += 1;
        self.callers.retain(|caller| caller.call != call);
    }

    pub(crate) fn failed(&mut self, offer: u64, failure: Failure) {
        let Some((index, call)) = self.holder(offer) else { return };
        let now = self.now;
        let agent = &mut self.agents[index];
        let has_rung = matches!(agent.doing, Doing::Offered { ringing: true, .. });
        let failure = if failure == Failure::NoAnswer && !has_rung { Failure::PhoneFault } else { failure };
        agent.doing = Doing::Nothing;
        let mut not_ready = None;
        match failure {
            Failure::NoAnswer => not_ready = Some("missed"),
            Failure::Rejected => agent.delay_until = Some(now + 30 * SECOND),
            Failure::Busy => agent.delay_until = Some(now + 60 * SECOND),
            Failure::NotRegistered => agent.registered = false,
            Failure::PhoneFault if agent.faults == 2 => not_ready = Some("phone_fault"),
            Failure::PhoneFault => agent.delay_until = Some(now + 15 * SECOND),
            Failure::CallerGone => {}
        }
        match failure {
            Failure::PhoneFault => agent.faults = (agent.faults + 1) % 3,
            Failure::NoAnswer | Failure::Rejected | Failure::Busy => agent.faults = 0,
            Failure::NotRegistered | Failure::CallerGone => {}
        }
        if let Some(reason) = not_ready
            && agent.wanted == Wanted::Ready
        {
            agent.wanted = Wanted::NotReady(reason);
        }
        if failure == Failure::CallerGone {
            self.callers.retain(|caller| caller.call != call);
        } else {
            if matches!(failure, Failure::NoAnswer | Failure::Rejected) {
                self.caller(call).refused_by.insert(index);
            }
        }
    }

    pub(crate) fn hold(&mut self, agent: usize, hold: bool) {
        if let Doing::Talking { on_hold, .. } = &mut self.agents[agent].doing {
            *on_hold = hold;
        }
    }

    pub(crate) fn conversation_ended(&mut self, agent: usize) {
        let now = self.now;
        let agent = &mut self.agents[agent];
        let (Doing::Talking { call, asked, disposed, .. }, Some(rules)) = (&agent.doing, agent.rules) else {
            return;
        };
        let (call, asked, disposed) = (*call, *asked, *disposed);
        let begins = match rules.mode {
            Mode::Manual => true,
            Mode::Timed | Mode::Forced => rules.length > 0 || agent.must_dispose(),
            Mode::Optional | Mode::OnRequest => asked && (rules.length > 0 || agent.must_dispose()),
        };
        if begins {
            agent.begin_wrap_up(now, call, disposed);
        } else {
            agent.doing = Doing::Nothing;
            agent.last = Some(Last { call, rules, disposed, ended: now });
        }
    }

    /// A queue's callers in their order.
    pub(crate) fn order(&self, queue: usize) -> Vec<u32> {
        let mut callers: Vec<&Caller> = self.callers.iter().filter(|caller| caller.queue == queue).collect();
        callers.sort_by_key(|caller| (!caller.emergency, caller.due, caller.call));
        callers.iter().map(|caller| caller.call).collect()
    }

    pub(crate) fn offered_to(&self, wanted: u32) -> Option<usize> {
        self.agents
            .iter()
            .position(|agent| matches!(agent.doing, Doing::Offered { call, .. } if call == wanted))
    }

    /// Who has waited too long is told of once, as soon as it is on offer to nobody.
    fn tell_exceeded(&mut self) {
        for index in 0..self.callers.len() {
            let Caller { call, exceeded, told, .. } = self.callers[index];
            if exceeded && !told && self.offered_to(call).is_none() {
                self.callers[index].told = true;
                self.told.exceeded.insert(call);
            }
        }
    }

    /// Every caller in order gets the longest idle of the agents who may have it.
    fn make_offers(&mut self) {
        self.callers.sort_by_key(|caller| (!caller.emergency, caller.due, caller.call));
        for caller in self.callers.clone() {
            if caller.exceeded || self.offered_to(caller.call).is_some() {
                continue;
            }
            let queue = self.queues[caller.queue].clone();
            let others_may_come = queue
                .members
                .iter()
                .any(|agent| self.agents[*agent].works() && !caller.refused_by.contains(agent));
            let chosen = queue
                .members
                .iter()
                .copied()
                .filter(|index| {
                    let agent = &self.agents[*index];
                    agent.state() == "ready"
                        && agent.registered
                        && agent.delay_until.is_none()
                        && !(others_may_come && caller.refused_by.contains(index))
                })
                .min_by_key(|index| (self.agents[*index].idle_since, *index));
            if let Some(index) = chosen {
                self.reservations += 1;
                let (reservation, call) = (self.reservations, caller.call);
                let lease = self.now + queue.ring + 2 * SECOND;
                self.agents[index].doing = Doing::Offered { ringing: false, reservation, call, lease };
                self.agents[index].last = None;
                self.told.offers.push(Offer { reservation, call, agent: index });
            }
        }
    }

    fn holder(&self, offer: u64) -> Option<(usize, u32)> {
        self.agents.iter().enumerate().find_map(|(index, agent)| match agent.doing {
            Doing::Offered { reservation, call, .. } if reservation == offer => Some((index, call)),
            _ => None,
        })
    }

    fn caller(&mut self, call: u32) -> &mut Caller {
        self.callers.iter_mut().find(|caller| caller.call == call).expect("who is on offer waits")
    }
}
