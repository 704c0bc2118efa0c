//! The rules again, as naively as they can be written: after every input look at everybody and everything.
//! No index, no timer table, no event; to be read on its own.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use hotline_base::Rng;

use crate::rules::{self, Plan, Queue, Skip, Strategy};

pub(crate) const SECOND: u64 = 1_000_000;
/// What is added to the number of somebody who is called back, for the call in which that is done.
pub(crate) const TALK: u32 = 10_000;

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

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    Nothing,
    Offered { ringing: bool, reservation: u64, call: u32, lease: u64 },
    Talking { call: u32, on_hold: bool, wrap_up: u64 },
    WrapUp { call: u32, until: u64 },
}

#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub(crate) skills: BTreeMap<&'static str, u8>,
    pub(crate) groups: BTreeSet<&'static str>,
    /// Those of merges included.
    all_groups: BTreeSet<&'static str>,
    pub(crate) cap: Option<u32>,
    pub(crate) signed_in: bool,
    pub(crate) wanted: Wanted,
    pub(crate) doing: Doing,
    pub(crate) outside: Option<&'static str>,
    pub(crate) registered: bool,
    phone_gone: bool,
    pub(crate) delay_until: Option<u64>,
    pub(crate) seconds: BTreeMap<String, u64>,
    /// Calls and talk by the time of taking calls, as the machine keeps them: they have a test of their own.
    pub(crate) lately: (i64, i64),
    calls: u32,
    missed: u32,
    faults: u32,
    idle_since: u64,
    last_offer: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) call: u32,
    pub(crate) queue: usize,
    pub(crate) emergency: bool,
    pub(crate) enqueued: u64,
    pub(crate) credit: u64,
    pub(crate) callback: bool,
    pub(crate) requires: Vec<(&'static str, u8)>,
    pub(crate) sticky: Option<Sticky>,
    pub(crate) refused_by: BTreeSet<usize>,
    joined: u64,
    held_back: Option<u64>,
    /// When it has waited too long, whoever works, and while nobody does.
    deadlines: [Option<u64>; 2],
    next_step: usize,
    begun: BTreeSet<usize>,
    has_news: bool,
    phones: usize,
    next_phone: Option<u64>,
    /// An agent has taken it, and something is said before the two hear each other.
    accepted: bool,
    /// How often it was offered.
    passes: u32,
    last_offered: Option<usize>,
    limit: Option<usize>,
    pub(crate) told: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Sticky {
    pub(crate) agent: usize,
    pub(crate) until: Option<u64>,
    pub(crate) designated: bool,
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
    pub(crate) passed: BTreeSet<u32>,
}

pub(crate) struct Model {
    pub(crate) now: u64,
    pub(crate) agents: Vec<Agent>,
    pub(crate) queues: Vec<Queue>,
    pub(crate) callers: Vec<Caller>,
    /// Queues with one staff, and until when.
    pub(crate) merged: Option<(BTreeSet<usize>, u64)>,
    /// Groups with the same agents, and until when.
    pub(crate) merged_groups: Option<(BTreeSet<&'static str>, u64)>,
    pub(crate) told: Told,
    reservations: u64,
    watch: Option<u64>,
}

impl Agent {
    pub(crate) fn new(skills: &[(&'static str, u8)], groups: &[&'static str], cap: Option<u32>) -> Self {
        Self {
            skills: skills.iter().copied().collect(),
            groups: groups.iter().copied().collect(),
            all_groups: BTreeSet::new(),
            cap,
            signed_in: false,
            wanted: Wanted::Out,
            doing: Doing::Nothing,
            outside: None,
            registered: false,
            phone_gone: false,
            delay_until: None,
            seconds: BTreeMap::new(),
            lately: (0, 0),
            calls: 0,
            missed: 0,
            faults: 0,
            idle_since: 0,
            last_offer: -1,
        }
    }

    pub(crate) fn state(&self) -> String {
        match (&self.doing, self.outside, &self.wanted) {
            _ if !self.signed_in => "out".into(),
            (Doing::Offered { ringing: false, call, .. }, ..) => format!("reserved {call}"),
            (Doing::Offered { ringing: true, call, .. }, ..) => format!("ringing {call}"),
            (Doing::Talking { call, on_hold: false, .. }, ..) => format!("talking {call}"),
            (Doing::Talking { call, on_hold: true, .. }, ..) => format!("hold {call}"),
            (Doing::WrapUp { call, until }, ..) => format!("wrap-up {call} {until}"),
            (Doing::Nothing, Some(direction), _) => format!("talking {direction}"),
            (Doing::Nothing, None, Wanted::Out) => "out".into(),
            (Doing::Nothing, None, Wanted::NotReady(reason)) => format!("not ready {reason}"),
            (Doing::Nothing, None, Wanted::Ready) if self.phone_gone => "gone".into(),
            (Doing::Nothing, None, Wanted::Ready) => "ready".into(),
        }
    }

    pub(crate) fn pending(&self) -> Option<Wanted> {
        let busy = self.signed_in && (self.doing != Doing::Nothing || self.outside.is_some());
        (busy && self.wanted != Wanted::Ready).then(|| self.wanted.clone())
    }

    fn works(&self) -> bool {
        self.registered && self.wanted == Wanted::Ready
    }

    fn is_free(&self) -> bool {
        let has_enough = self.cap.is_some_and(|cap| self.calls >= cap);
        self.state() == "ready" && self.registered && self.delay_until.is_none() && !has_enough
    }

    fn knows(&self, asked: &[(&'static str, u8)], enough: Option<u8>) -> bool {
        let level = |skill| self.skills.get(skill).copied().unwrap_or(0);
        asked.iter().all(|(skill, needs)| level(skill) >= enough.unwrap_or(*needs))
    }

    fn is_admitted(&self, step: &Plan, requires: &[(&'static str, u8)]) -> bool {
        self.knows(requires, step.min_level)
            && self.knows(&step.require, step.min_level)
            && (step.groups.is_empty() || step.groups.iter().any(|group| self.all_groups.contains(group)))
    }
}

impl Model {
    pub(crate) fn new(agents: Vec<Agent>, queues: Vec<Queue>) -> Self {
        Self {
            now: 0,
            agents,
            queues,
            callers: vec![],
            merged: None,
            merged_groups: None,
            told: Told::default(),
            reservations: 0,
            watch: None,
        }
    }

    /// Every deadline there is.
    pub(crate) fn deadlines(&self) -> Vec<u64> {
        let mut all: Vec<u64> = self.watch.into_iter().collect();
        all.extend(self.merged.as_ref().map(|(_, until)| *until));
        all.extend(self.merged_groups.as_ref().map(|(_, until)| *until));
        for caller in self.callers.iter().filter(|caller| !caller.told) {
            all.extend(caller.deadlines.into_iter().flatten());
            all.extend(caller.held_back);
            all.extend(caller.next_phone);
            all.extend(caller.sticky.and_then(|sticky| sticky.until));
            all.extend(self.next_ring(caller));
        }
        for agent in &self.agents {
            all.extend(agent.delay_until);
            match agent.doing {
                Doing::Offered { lease, .. } => all.push(lease),
                Doing::WrapUp { until, .. } => all.push(until),
                Doing::Nothing | Doing::Talking { .. } => {}
            }
        }
        all
    }

    fn next_ring(&self, caller: &Caller) -> Option<u64> {
        let queue = &self.queues[caller.queue];
        let step = queue.plan.get(caller.next_step).map(|step| step.after);
        let tiers = self.staff(caller.queue).into_iter().map(|(_, tier)| queue.tier_opens(tier));
        let next = tiers.filter(|after| caller.joined + after > self.now).chain(step).min();
        next.map(|after| caller.joined + after)
    }

    /// Time passes: every second goes to the state each agent is in.
    pub(crate) fn advance(&mut self, to: u64) {
        for agent in self.agents.iter_mut().filter(|agent| agent.signed_in) {
            let state = agent.state();
            let kind = state.split(' ').next().unwrap().to_owned();
            *agent.seconds.entry(kind).or_default() += to - self.now;
        }
        self.now = to;
    }

    /// Does an input and everything that follows from it.
    pub(crate) fn step(&mut self, input: impl FnOnce(&mut Self)) {
        let before: Vec<(String, bool)> =
            self.agents.iter().map(|agent| (agent.state(), agent.registered)).collect();
        input(self);
        for (agent, (before, was_registered)) in self.agents.iter_mut().zip(before) {
            agent.phone_gone = !agent.registered && (agent.phone_gone || was_registered);
            let after = agent.state();
            let was_offered = before.starts_with("reserved") || before.starts_with("ringing");
            if after == "ready" && before != "ready" && !was_offered {
                agent.idle_since = self.now;
            }
            if after == "out" {
                agent.signed_in = false;
            }
        }
        self.follow_staff();
        self.begin_steps();
        self.tell_exceeded();
        for index in 0..self.callers.len() {
            if self.offered_to(self.callers[index].call).is_empty() {
                self.callers[index].next_phone = None;
                self.callers[index].accepted = false;
            }
        }
        self.make_offers();
        for caller in &mut self.callers {
            let is_offered = self.agents.iter().any(|agent| is_offered(agent, caller.call));
            if core::mem::take(&mut caller.has_news)
                && !caller.told
                && !is_offered
                && caller.held_back.is_none()
            {
                self.told.passed.insert(caller.call);
            }
        }
        let is_needed =
            self.callers.iter().any(|caller| self.is_open(caller)) && self.agents.iter().any(Agent::is_free);
        self.watch = if is_needed { Some(self.watch.unwrap_or(self.now + 2 * SECOND)) } else { None };
    }

    pub(crate) fn time_out(&mut self) {
        let now = self.now;
        let due = |at: &Option<u64>| at.is_some_and(|at| at <= now);
        for index in 0..self.agents.len() {
            let agent = &mut self.agents[index];
            if due(&agent.delay_until) {
                agent.delay_until = None;
            }
            match agent.doing {
                Doing::WrapUp { until, .. } if until <= now => agent.doing = Doing::Nothing,
                Doing::Offered { lease, call, reservation, .. } if lease <= now => {
                    agent.doing = Doing::Nothing;
                    self.told.withdrawn.insert(reservation);
                    self.refuse(call, index);
                }
                _ => {}
            }
        }
        for caller in &mut self.callers {
            for kind in 0..2 {
                if due(&caller.deadlines[kind]) {
                    caller.deadlines[kind] = None;
                    caller.limit = caller.limit.or(Some(kind));
                }
            }
            if due(&caller.held_back) {
                caller.held_back = None;
            }
            if caller.sticky.is_some_and(|sticky| due(&sticky.until)) {
                caller.sticky = None;
            }
            if let (Some(at), Strategy::Progressive(interval)) =
                (caller.next_phone, self.queues[caller.queue].strategy)
                && at <= now
            {
                caller.phones += 1;
                caller.next_phone = (caller.phones < 16).then_some(now + interval);
            }
        }
        if self.merged.as_ref().is_some_and(|(_, until)| *until <= now) {
            self.merged = None;
        }
        if self.merged_groups.as_ref().is_some_and(|(_, until)| *until <= now) {
            self.merged_groups = None;
        }
        if due(&self.watch) {
            self.watch = None;
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

    pub(crate) fn want(&mut self, agent: usize, wanted: Wanted) {
        let index = agent;
        let agent = &mut self.agents[agent];
        if !agent.signed_in {
            return;
        }
        if wanted == Wanted::Ready {
            if matches!(agent.doing, Doing::WrapUp { .. }) {
                agent.doing = Doing::Nothing;
            }
            if agent.wanted != Wanted::Ready {
                agent.delay_until = None;
                agent.faults = 0;
                self.callers.iter_mut().for_each(|caller| {
                    caller.refused_by.remove(&index);
                });
            }
        }
        self.agents[index].wanted = wanted;
    }

    /// A caller as it is before it joins.
    pub(crate) fn caller(&self, call: u32, queue: usize) -> Caller {
        Caller {
            call,
            queue,
            emergency: false,
            enqueued: self.now,
            credit: 0,
            callback: false,
            requires: vec![],
            sticky: None,
            refused_by: BTreeSet::new(),
            joined: self.now,
            held_back: None,
            deadlines: [None; 2],
            next_step: 0,
            begun: BTreeSet::new(),
            has_news: true,
            phones: 1,
            next_phone: None,
            accepted: false,
            passes: 0,
            last_offered: None,
            limit: None,
            told: false,
        }
    }

    pub(crate) fn enqueue(&mut self, mut caller: Caller) -> bool {
        let staff = self.staff(caller.queue);
        let rules = &self.queues[caller.queue];
        let works = |agent: &Agent| agent.works();
        let is_there = |agent: &Agent| agent.state() != "out";
        let may_join = match rules.join {
            "working" => staff.iter().any(|(agent, _)| works(&self.agents[*agent])),
            "signed_in" => staff.iter().any(|(agent, _)| is_there(&self.agents[*agent])),
            _ => true,
        };
        let refused = !caller.callback && (!may_join || self.is_full(caller.queue));
        if staff.is_empty() || refused {
            return false;
        }
        caller.refused_by.retain(|agent| staff.iter().any(|(member, _)| member == agent));
        self.join(caller);
        true
    }

    fn join(&mut self, mut caller: Caller) {
        let rules = &self.queues[caller.queue];
        if !caller.callback {
            let unstaffed = rules.unstaffed_max.filter(|_| !self.is_staffed(caller.queue));
            caller.deadlines = [rules.wait_max, unstaffed].map(|max| max.map(|max| self.now + max));
        }
        let can_come = |sticky: &Sticky| sticky.designated || self.agents[sticky.agent].works();
        caller.sticky = caller.sticky.filter(can_come);
        self.callers.push(caller);
    }

    /// Who is to be called back takes no place on the line.
    fn is_full(&self, queue: usize) -> bool {
        let on_the_line = |caller: &&Caller| caller.queue == queue && !caller.callback;
        self.callers.iter().filter(on_the_line).count() >= self.queues[queue].waiting_max
    }

    pub(crate) fn leave(&mut self, call: u32) {
        self.withdraw(call);
        self.callers.retain(|caller| caller.call != call);
    }

    /// All offers of a call are over, by nobody's fault.
    fn withdraw(&mut self, call: u32) {
        for agent in &mut self.agents {
            if let Doing::Offered { call: offered, reservation, .. } = agent.doing
                && offered == call
            {
                agent.doing = Doing::Nothing;
                self.told.withdrawn.insert(reservation);
            }
        }
    }

    pub(crate) fn move_caller(&mut self, call: u32, queue: usize) -> bool {
        let old = self.find(call).clone();
        if old.told {
            return false;
        }
        if old.queue == queue {
            return true;
        }
        if self.staff(queue).is_empty() || (!old.callback && self.is_full(queue)) {
            return false;
        }
        self.leave(call);
        let fresh = self.caller(call, queue);
        self.join(Caller {
            emergency: old.emergency,
            enqueued: old.enqueued,
            credit: old.credit,
            callback: old.callback,
            requires: old.requires,
            refused_by: old.refused_by,
            held_back: old.held_back,
            last_offered: old.last_offered,
            passes: old.passes,
            ..fresh
        });
        true
    }

    pub(crate) fn assign(&mut self, call: u32, agent: usize) -> bool {
        if self.find(call).told {
            return false;
        }
        let ringing: Vec<usize> =
            (0..self.agents.len()).filter(|index| is_offered(&self.agents[*index], call)).collect();
        if ringing != [agent] {
            self.withdraw(call);
            if self.find(call).limit.is_some() {
                return false;
            }
        }
        self.find(call).sticky = Some(Sticky { agent, until: None, designated: true });
        true
    }

    pub(crate) fn prioritise(&mut self, call: u32, credit: u64, emergency: bool) -> bool {
        let caller = self.find(call);
        if caller.told {
            return false;
        }
        (caller.credit, caller.emergency) = (credit, emergency);
        true
    }

    pub(crate) fn hold_back(&mut self, call: u32, until: u64) {
        let caller = self.find(call);
        if !caller.told {
            caller.held_back = Some(until);
        }
    }

    pub(crate) fn ringing(&mut self, offer: u64) {
        for agent in &mut self.agents {
            if let Doing::Offered { ringing, reservation, .. } = &mut agent.doing {
                *ringing |= *reservation == offer;
            }
        }
    }

    /// The agent has taken the call, and is to hear the caller within so long.
    pub(crate) fn accepted(&mut self, offer: u64, longest: u64) {
        let Some((holder, wanted)) = self.holder(offer) else { return };
        let until = self.now + longest + 2 * SECOND;
        self.find(wanted).accepted = true;
        for (index, agent) in self.agents.iter_mut().enumerate() {
            let Doing::Offered { call, reservation, lease, .. } = &mut agent.doing else { continue };
            if index == holder {
                *lease = until;
            } else if *call == wanted {
                self.told.withdrawn.insert(*reservation);
                agent.doing = Doing::Nothing;
            }
        }
    }

    /// Whoever was to be called back was not reached.
    pub(crate) fn returned(&mut self, offer: u64) {
        if let Some((index, _)) = self.holder(offer) {
            self.agents[index].doing = Doing::Nothing;
        }
    }

    pub(crate) fn is_callback(&self, offer: u64) -> bool {
        let call = self.holder(offer).map(|(_, call)| call);
        self.callers.iter().any(|caller| Some(caller.call) == call && caller.callback)
    }

    pub(crate) fn answered(&mut self, offer: u64) {
        let Some((index, call)) = self.holder(offer) else { return };
        let Caller { queue, callback, .. } = *self.find(call);
        let agent = &mut self.agents[index];
        let talk = if callback { call + TALK } else { call };
        agent.doing = Doing::Talking { call: talk, on_hold: false, wrap_up: self.queues[queue].wrap_up };
        (agent.faults, agent.missed) = (0, 0);
        agent.calls += 1;
        self.leave(call);
    }

    pub(crate) fn failed(&mut self, offer: u64, failure: Failure) {
        let Some((index, call)) = self.holder(offer) else { return };
        let now = self.now;
        let queue = self.find(call).queue;
        let rules = self.queues[queue].clone();
        let agent = &mut self.agents[index];
        let has_rung = matches!(agent.doing, Doing::Offered { ringing: true, .. });
        let failure = if failure == Failure::NoAnswer && !has_rung { Failure::PhoneFault } else { failure };
        agent.doing = Doing::Nothing;
        let mut not_ready = None;
        let mut delay = 0;
        match failure {
            Failure::NoAnswer => {
                agent.missed += 1;
                if rules.missed_max > 0 && agent.missed >= rules.missed_max {
                    agent.missed = 0;
                    not_ready = Some("missed");
                } else {
                    delay = rules.missed_delay;
                }
            }
            Failure::Rejected => {
                agent.missed = 0;
                delay = rules.rejected_delay;
            }
            Failure::Busy => delay = rules.busy_delay,
            Failure::NotRegistered => agent.registered = false,
            Failure::PhoneFault if agent.faults == 2 => not_ready = Some("phone_fault"),
            Failure::PhoneFault => delay = 15 * SECOND,
            Failure::CallerGone => {}
        }
        if delay > 0 {
            agent.delay_until = Some(now + delay);
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
        match failure {
            Failure::CallerGone => self.leave(call),
            Failure::NoAnswer | Failure::Rejected => self.refuse(call, index),
            Failure::Busy | Failure::NotRegistered | Failure::PhoneFault => {}
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
        if let Doing::Talking { call, wrap_up, .. } = agent.doing {
            agent.doing =
                if wrap_up == 0 { Doing::Nothing } else { Doing::WrapUp { call, until: now + wrap_up } };
        }
    }

    /// A queue's callers in their order.
    pub(crate) fn order(&self, queue: usize) -> Vec<u32> {
        let mut callers: Vec<&Caller> = self.callers.iter().filter(|caller| caller.queue == queue).collect();
        callers.sort_by_key(|caller| caller.place());
        callers.iter().map(|caller| caller.call).collect()
    }

    /// To whom a call is on offer, in the order of the offers.
    pub(crate) fn offered_to(&self, wanted: u32) -> Vec<usize> {
        let mut offers: Vec<(u64, usize)> = self
            .agents
            .iter()
            .enumerate()
            .filter_map(|(index, agent)| match agent.doing {
                Doing::Offered { call, reservation, .. } if call == wanted => Some((reservation, index)),
                _ => None,
            })
            .collect();
        offers.sort_unstable();
        offers.into_iter().map(|(_, index)| index).collect()
    }

    /// Who serves a queue, and in which tier: its own members, then those of the others it is merged with.
    fn staff(&self, queue: usize) -> Vec<(usize, u8)> {
        let mut staff = self.queues[queue].members.clone();
        let merged = self.merged.iter().map(|(queues, _)| queues).filter(|queues| queues.contains(&queue));
        for other in merged.flatten() {
            for member in &self.queues[*other].members {
                if staff.iter().all(|(agent, _)| *agent != member.0) {
                    staff.push(*member);
                }
            }
        }
        staff
    }

    fn is_staffed(&self, queue: usize) -> bool {
        self.staff(queue).iter().any(|(agent, _)| self.agents[*agent].works())
    }

    /// The last worker of a queue goes, or the first comes; a call is held for nobody who does not work.
    fn follow_staff(&mut self) {
        for agent in &mut self.agents {
            agent.all_groups.clone_from(&agent.groups);
            if let Some((groups, _)) = &self.merged_groups
                && !groups.is_disjoint(&agent.groups)
            {
                agent.all_groups.extend(groups);
            }
        }
        for queue in 0..self.queues.len() {
            let is_staffed = self.is_staffed(queue);
            let rules = &mut self.queues[queue];
            if core::mem::replace(&mut rules.was_staffed, is_staffed) == is_staffed {
                continue;
            }
            let until = rules.unstaffed_max.map(|max| self.now + max).filter(|_| !is_staffed);
            for caller in self.callers.iter_mut().filter(|caller| caller.queue == queue && !caller.told) {
                caller.deadlines[1] = until.filter(|_| !caller.callback);
                if is_staffed {
                    caller.limit = caller.limit.filter(|limit| *limit == 0);
                }
            }
        }
        for caller in &mut self.callers {
            caller.sticky =
                caller.sticky.filter(|sticky| sticky.designated || self.agents[sticky.agent].works());
        }
    }

    fn begin_steps(&mut self) {
        for index in 0..self.callers.len() {
            if self.callers[index].told || self.is_past_limit(&self.callers[index]) {
                continue;
            }
            let plan = self.queues[self.callers[index].queue].plan.clone();
            let mut begins_early = false;
            while let Some(step) = plan.get(self.callers[index].next_step)
                && (begins_early || self.callers[index].joined + step.after <= self.now)
            {
                let caller = &self.callers[index];
                let is_last = caller.next_step + 1 == plan.len();
                let staff = self.staff(caller.queue);
                let mut admitted = staff
                    .iter()
                    .map(|(agent, _)| &self.agents[*agent])
                    .filter(|agent| agent.is_admitted(step, &caller.requires));
                begins_early = !is_last
                    && match step.skip_if {
                        None => false,
                        Some(Skip::NobodyFree) => !admitted.any(Agent::is_free),
                        Some(Skip::NobodyWorking) => !admitted.any(Agent::works),
                    };
                let caller = &mut self.callers[index];
                if !begins_early {
                    if step.replace {
                        caller.begun.clear();
                    }
                    caller.begun.insert(caller.next_step);
                    caller.credit += step.credit;
                    caller.has_news = true;
                }
                caller.next_step += 1;
            }
        }
    }

    fn is_past_limit(&self, caller: &Caller) -> bool {
        caller.limit.is_some() && self.offered_to(caller.call).is_empty()
    }

    /// Who has waited too long is told of once, as soon as it is on offer to nobody.
    fn tell_exceeded(&mut self) {
        for index in 0..self.callers.len() {
            if !self.callers[index].told && self.is_past_limit(&self.callers[index]) {
                self.callers[index].told = true;
                self.callers[index].sticky = None;
                self.told.exceeded.insert(self.callers[index].call);
            }
        }
    }

    fn is_open(&self, caller: &Caller) -> bool {
        let ringing = self.offered_to(caller.call).len();
        let queue = &self.queues[caller.queue];
        let most = caller.begun.iter().rev().find_map(|step| queue.plan[*step].ring_count).unwrap_or(16);
        let phones = match queue.strategy {
            Strategy::RingAll => most,
            Strategy::Progressive(_) if ringing == 0 => 1,
            Strategy::Progressive(_) => caller.phones.min(most),
            _ => 1,
        };
        let may_ring = caller.held_back.is_none() && caller.limit.is_none() && !caller.accepted;
        !caller.told && may_ring && ringing < phones
    }

    /// True if nobody will ever come for the caller: who could has had enough, or there is none.
    pub(crate) fn is_hopeless(&self, caller: &Caller) -> bool {
        let has_enough = |index: usize| {
            let agent = &self.agents[index];
            agent.cap.is_some_and(|cap| agent.calls >= cap)
        };
        match caller.sticky {
            Some(sticky) => has_enough(sticky.agent),
            None => self
                .staff(caller.queue)
                .into_iter()
                .all(|(index, _)| has_enough(index) || !self.is_admitted(caller, &self.agents[index])),
        }
    }

    fn may_have(&self, caller: &Caller, index: usize) -> bool {
        let agent = &self.agents[index];
        if !agent.is_free() {
            return false;
        }
        if let Some(sticky) = caller.sticky {
            return sticky.agent == index;
        }
        let staff = self.staff(caller.queue);
        let Some((_, tier)) = staff.iter().find(|(member, _)| *member == index) else { return false };
        let queue = &self.queues[caller.queue];
        let works_before = staff.iter().any(|(member, before)| before < tier && self.agents[*member].works());
        let is_tier_open = caller.joined + queue.tier_opens(*tier) <= self.now
            || queue.tiers.skip_unstaffed && !works_before;
        let may_others_come = staff.iter().any(|(member, _)| {
            let other = &self.agents[*member];
            other.works() && !caller.refused_by.contains(member) && self.is_admitted(caller, other)
        });
        is_tier_open
            && self.is_admitted(caller, agent)
            && !(may_others_come && caller.refused_by.contains(&index))
    }

    fn is_admitted(&self, caller: &Caller, agent: &Agent) -> bool {
        let plan = &self.queues[caller.queue].plan;
        if plan.is_empty() {
            return agent.knows(&caller.requires, None);
        }
        caller.begun.iter().any(|step| agent.is_admitted(&plan[*step], &caller.requires))
    }

    /// What the agent is ordered by among those who may have the caller; the least first.
    fn rank(&self, caller: &Caller, index: usize) -> (u8, Reverse<u32>, i64, u64, usize) {
        let queue = &self.queues[caller.queue];
        let agent = &self.agents[index];
        let staff = self.staff(caller.queue);
        let place = |wanted| staff.iter().position(|(agent, _)| *agent == wanted).map_or(0, |at| at as i64);
        let level = |skill| i64::from(agent.skills.get(skill).copied().unwrap_or(0));
        let preferred = caller.begun.iter().flat_map(|step| &queue.plan[*step].prefer);
        let preference = preferred.map(|(skill, weight)| *weight * level(skill) as u32).sum();
        // Whoever is held for is asked even if the queue has lost all its members.
        let count = staff.len().max(1) as i64;
        let measure = match queue.strategy {
            Strategy::RingAll | Strategy::LongestIdle | Strategy::Progressive(_) => 0,
            Strategy::LeastRecent => agent.last_offer,
            Strategy::FewestCalls => agent.lately.0,
            Strategy::LeastTalk => agent.lately.1,
            Strategy::RoundRobin => match queue.last_offered {
                Some(last) => i64::from(index <= last) * 100 + index as i64,
                None => index as i64,
            },
            Strategy::Linear => place(index),
            Strategy::TopDown => {
                let from = caller
                    .last_offered
                    .filter(|last| staff.iter().any(|(agent, _)| agent == last))
                    .map_or(0, |last| place(last) + 1);
                (place(index) - from).rem_euclid(count)
            }
            Strategy::Random => lot(caller, index, 1),
            Strategy::WeightedRandom => lot(caller, index, rules::weight(index)),
            Strategy::BestSkill => {
                let steps = caller.begun.iter().flat_map(|step| &queue.plan[*step].require);
                let asked: BTreeMap<_, _> = steps.chain(&caller.requires).copied().collect();
                -asked.iter().map(|(skill, needs)| level(skill) - i64::from(*needs)).sum::<i64>()
            }
        };
        let tier = staff.iter().find(|(agent, _)| *agent == index).map_or(1, |(_, tier)| *tier);
        (tier, Reverse(preference), measure, agent.idle_since, index)
    }

    /// Every caller in order gets the first of the agents who may have it, as often as phones may ring for it.
    fn make_offers(&mut self) {
        let mut order: Vec<Caller> = self.callers.clone();
        order.sort_by_key(|caller| {
            let (ordinary, due, call) = caller.place();
            (ordinary, Reverse(self.queues[caller.queue].weight), due, call)
        });
        for call in order.iter().map(|caller| caller.call) {
            loop {
                let caller = self.find(call).clone();
                let candidates = (0..self.agents.len()).filter(|index| self.may_have(&caller, *index));
                let chosen = candidates.min_by_key(|index| self.rank(&caller, *index));
                let Some(index) = chosen.filter(|_| self.is_open(&caller)) else { break };
                self.offer(caller.call, caller.queue, index);
            }
        }
    }

    fn offer(&mut self, call: u32, queue: usize, index: usize) {
        self.reservations += 1;
        let (reservation, now) = (self.reservations, self.now);
        let rules = &mut self.queues[queue];
        rules.last_offered = Some(index);
        let (lease, strategy) = (now + rules.ring + 2 * SECOND, rules.strategy);
        let is_first = self.offered_to(call).is_empty();
        let caller = self.find(call);
        caller.last_offered = Some(index);
        caller.passes += 1;
        if is_first {
            caller.phones = 1;
            caller.next_phone = match strategy {
                Strategy::Progressive(interval) => Some(now + interval),
                _ => None,
            };
        }
        let agent = &mut self.agents[index];
        agent.doing = Doing::Offered { ringing: false, reservation, call, lease };
        agent.last_offer = now as i64;
        self.told.offers.push(Offer { reservation, call, agent: index });
    }

    fn holder(&self, offer: u64) -> Option<(usize, u32)> {
        self.agents.iter().enumerate().find_map(|(index, agent)| match agent.doing {
            Doing::Offered { reservation, call, .. } if reservation == offer => Some((index, call)),
            _ => None,
        })
    }

    fn find(&mut self, call: u32) -> &mut Caller {
        self.callers.iter_mut().find(|caller| caller.call == call).expect("who is on offer waits")
    }

    fn refuse(&mut self, call: u32, agent: usize) {
        let caller = self.find(call);
        caller.refused_by.insert(agent);
        caller.sticky = caller.sticky.filter(|sticky| sticky.designated || sticky.agent != agent);
    }
}

impl Caller {
    fn place(&self) -> (bool, i128, u32) {
        (!self.emergency, i128::from(self.enqueued) - i128::from(self.credit), self.call)
    }
}

fn is_offered(agent: &Agent, wanted: u32) -> bool {
    matches!(agent.doing, Doing::Offered { call, .. } if call == wanted)
}

/// The least of as many lots, drawn with the call, how often it was offered, and the agent's name.
fn lot(caller: &Caller, agent: usize, lots: u8) -> i64 {
    let mut seed = [0; 32];
    seed[..16].copy_from_slice(&u128::from(caller.call).to_be_bytes());
    seed[16..20].copy_from_slice(&caller.passes.to_le_bytes());
    let pass = Rng::from_seed(seed).next_u64();
    let name = rules::name(agent);
    let prime = 0x0100_0000_01b3;
    let hash = name
        .as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(prime));
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&pass.to_le_bytes());
    seed[8..16].copy_from_slice(&hash.to_le_bytes());
    let mut rng = Rng::from_seed(seed);
    let drawn = core::iter::repeat_with(|| rng.next_u64() / 2).take(usize::from(lots));
    i64::try_from(drawn.min().unwrap()).unwrap()
}
