//! One day, from the first shift to the last caller: people who do what their scenario says, at whatever level.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hotline_acd::{AgentState, NotReadyReason};
use hotline_base::{AgentId, CallId, Now, Rng, Time, WallTime};
use hotline_call::{CallEvent, Event, EventKind};
use rand_distr::{Distribution as _, Exp1};

use crate::agenda::Agenda;
use crate::floor::{Floor, Ring, Wish, caller_of};
use crate::{Caller, Crew};

/// How long after the last shift and the last caller everybody who still waits or talks goes home.
const CLOSING: Duration = Duration::from_secs(3600);
/// Phones are switched on this long before their agents sign in.
const SWITCHED_ON_BEFORE: Duration = Duration::from_secs(1);

/// What can happen.
#[derive(Debug)]
enum Happening {
    Arrives(usize),
    GivesUp(usize),
    TalkEnds(usize),
    PicksUp(Ring),
    Agent(usize, Act),
    Closes,
}

/// What an agent does or suffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Starts,
    TakesBreak,
    ComesBack,
    GoesHome,
    PhoneLost,
    PhoneFound,
    /// Notices that it is not ready.
    Notices,
    /// Has done what there was to do after this call.
    Done(CallId),
}

/// How far a caller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Coming,
    Waiting,
    Talking,
    Gone,
}

/// An agent on this day.
struct Worker {
    id: AgentId,
    crew: usize,
    rng: Rng,
    state: AgentState,
    is_on_shift: bool,
    is_on_break: bool,
    /// What the present call leaves to do, if that is not always the queue's wrap-up time.
    wrap_up: Option<Duration>,
}

/// The day.
pub(crate) struct Day<'s, F> {
    now: Now,
    midnight: Time,
    floor: F,
    crews: &'s [Crew],
    callers: Arc<[Caller]>,
    stages: Vec<Stage>,
    /// Callers whose call lives.
    calls: BTreeMap<CallId, usize>,
    workers: Vec<Worker>,
    by_agent: BTreeMap<AgentId, usize>,
    agenda: Agenda<Happening>,
    is_closed: bool,
}

impl<'s, F: Floor> Day<'s, F> {
    /// Before anybody has come.
    pub(crate) fn new(
        midnight: Now,
        floor: F,
        crews: &'s [Crew],
        callers: Arc<[Caller]>,
        mut rng: Rng,
    ) -> Self {
        let mut day = Self {
            now: midnight,
            midnight: midnight.mono,
            floor,
            crews,
            stages: vec![Stage::Coming; callers.len()],
            callers,
            calls: BTreeMap::new(),
            workers: Vec::new(),
            by_agent: BTreeMap::new(),
            agenda: Agenda::default(),
            is_closed: false,
        };
        let mut last = day.callers.last().map_or(Duration::ZERO, |caller| caller.at);
        for (crew, plan) in crews.iter().enumerate() {
            last = last.max(plan.shift.end);
            for agent in &plan.agents {
                day.hire(crew, agent, rng.fork());
            }
        }
        day.agenda.put(midnight.mono + last + CLOSING, Happening::Closes);
        if let Some(first) = day.callers.first() {
            day.agenda.put(midnight.mono + first.at, Happening::Arrives(0));
        }
        day
    }

    /// Lets the day pass; every fact is given to `note`, in order. The number of callers who were turned away.
    pub(crate) fn run(mut self, mut note: impl FnMut(&Event)) -> u64 {
        loop {
            self.settle(&mut note);
            let next = [self.agenda.next_at(), self.floor.poll_timeout()].into_iter().flatten().min();
            let Some(at) = next.filter(|_| !self.is_closed || !self.calls.is_empty()) else {
                return self.floor.refused();
            };
            self.now = self.now + (at - self.now.mono);
            match self.agenda.pop_due(self.now.mono) {
                Some(happening) => self.happen(happening),
                None => self.floor.handle_timeout(self.now),
            }
        }
    }

    /// An agent with the plan of the whole day.
    fn hire(&mut self, crew: usize, agent: &AgentId, mut rng: Rng) {
        let (worker, midnight) = (self.workers.len(), self.now.mono);
        let plan = &self.crews[crew];
        let mut put = |at: Duration, act| self.agenda.put(midnight + at, Happening::Agent(worker, act));
        put(plan.shift.start.saturating_sub(SWITCHED_ON_BEFORE), Act::PhoneFound);
        put(plan.shift.start, Act::Starts);
        for pause in &plan.breaks {
            put(pause.start, Act::TakesBreak);
            put(pause.end, Act::ComesBack);
        }
        put(plan.shift.end, Act::GoesHome);
        if plan.losses_per_hour > 0.0 {
            let mut at = plan.shift.start;
            loop {
                let hours: f64 = Exp1.sample(&mut rng);
                at += Duration::from_secs_f64(hours / plan.losses_per_hour * 3600.0);
                if at >= plan.shift.end {
                    break;
                }
                put(at, Act::PhoneLost);
                at += plan.loss.draw(&mut rng);
                put(at, Act::PhoneFound);
            }
        }
        self.by_agent.insert(agent.clone(), worker);
        let (state, id) = (AgentState::LoggedOut, agent.clone());
        self.workers.push(Worker {
            id,
            crew,
            rng,
            state,
            is_on_shift: false,
            is_on_break: false,
            wrap_up: None,
        });
    }

    fn happen(&mut self, happening: Happening) {
        let now = self.now;
        match happening {
            Happening::Arrives(caller) => {
                if let Some(next) = self.callers.get(caller + 1) {
                    self.agenda.put(self.midnight + next.at, Happening::Arrives(caller + 1));
                }
                self.floor.arrive(now, caller);
            }
            Happening::GivesUp(caller) => {
                if self.stages[caller] == Stage::Waiting {
                    self.floor.hang_up(now, caller);
                }
            }
            Happening::TalkEnds(caller) => {
                if self.stages[caller] == Stage::Talking {
                    self.floor.hang_up(now, caller);
                }
            }
            Happening::PicksUp(ring) => self.floor.pick_up(now, ring),
            Happening::Agent(worker, act) => self.act(worker, act),
            Happening::Closes => {
                self.is_closed = true;
                let left: Vec<usize> = self.calls.values().copied().collect();
                for caller in left {
                    self.floor.hang_up(now, caller);
                }
            }
        }
    }

    fn act(&mut self, worker: usize, act: Act) {
        let (now, worker) = (self.now, &mut self.workers[worker]);
        let wish = match act {
            Act::PhoneLost => return self.floor.plug(now, &worker.id, false),
            Act::PhoneFound => return self.floor.plug(now, &worker.id, true),
            Act::Starts => {
                worker.is_on_shift = true;
                Some(Wish::Ready)
            }
            Act::TakesBreak => {
                worker.is_on_break = true;
                Some(Wish::Break)
            }
            Act::ComesBack => {
                worker.is_on_break = false;
                worker.is_on_shift.then_some(Wish::Ready)
            }
            Act::GoesHome => {
                worker.is_on_shift = false;
                Some(Wish::SignOut)
            }
            Act::Notices => worker.is_working().then_some(Wish::Ready),
            Act::Done(call) => {
                let is_at_it = matches!(&worker.state, AgentState::WrapUp { call: of, .. } if *of == call);
                (is_at_it && worker.is_working()).then_some(Wish::Ready)
            }
        };
        if let Some(wish) = wish {
            self.floor.wish(now, &worker.id, wish);
        }
    }

    /// People react to what has happened.
    fn settle(&mut self, note: &mut impl FnMut(&Event)) {
        while let Some(event) = self.floor.poll_event() {
            note(&event);
            match event.kind {
                EventKind::Call { call, what } => self.on_call(call, &what),
                EventKind::Agent { agent, state, .. } => self.on_agent(&agent, state),
                EventKind::AlarmRaised(_)
                | EventKind::AlarmCleared(_)
                | EventKind::CenterChanged
                | EventKind::AgentRemoved { .. }
                | EventKind::CallbacksChanged { .. } => {}
            }
        }
        while let Some(ring) = self.floor.poll_ring() {
            self.on_ring(ring);
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "people notice nothing else")]
    fn on_call(&mut self, call: CallId, what: &CallEvent) {
        if let CallEvent::Started { caller, .. } = what
            && let Some(caller) = caller_of(caller.expose())
        {
            self.calls.insert(call, caller);
        }
        let Some(&caller) = self.calls.get(&call) else { return };
        let mono = self.now.mono;
        match what {
            CallEvent::Queued { .. } => {
                self.stages[caller] = Stage::Waiting;
                self.agenda.put(mono + self.callers[caller].patience, Happening::GivesUp(caller));
            }
            CallEvent::Connected { agent, .. } => {
                self.stages[caller] = Stage::Talking;
                if let Some(&worker) = self.by_agent.get(agent) {
                    self.workers[worker].wrap_up = self.callers[caller].wrap_up;
                }
                self.agenda.put(mono + self.callers[caller].talk, Happening::TalkEnds(caller));
            }
            CallEvent::Ended { .. } => {
                self.stages[caller] = Stage::Gone;
                self.calls.remove(&call);
            }
            _ => {}
        }
    }

    fn on_agent(&mut self, agent: &AgentId, state: AgentState) {
        let Some(&number) = self.by_agent.get(agent) else { return };
        let worker = &mut self.workers[number];
        let reacts = match &state {
            AgentState::NotReady {
                reason: NotReadyReason::Missed | NotReadyReason::PhoneFault | NotReadyReason::PhoneLost,
            } => Some((self.crews[worker.crew].back_after.draw(&mut worker.rng), Act::Notices)),
            AgentState::WrapUp { call, .. } => worker.wrap_up.map(|wrap_up| (wrap_up, Act::Done(*call))),
            AgentState::NotReady { reason: NotReadyReason::SignedIn | NotReadyReason::Chosen(_) }
            | AgentState::LoggedOut
            | AgentState::Ready
            | AgentState::OfflineGrace
            | AgentState::Reserved { .. }
            | AgentState::Ringing { .. }
            | AgentState::Talking { .. }
            | AgentState::Hold { .. } => None,
        };
        worker.state = state;
        if let Some((after, act)) = reacts {
            self.agenda.put(self.now.mono + after, Happening::Agent(number, act));
        }
    }

    fn on_ring(&mut self, ring: Ring) {
        let Some(&number) = self.by_agent.get(&ring.agent) else { return };
        let worker = &mut self.workers[number];
        let crew = &self.crews[worker.crew];
        let after = crew.pick_up.draw(&mut worker.rng);
        let is_missed = worker.rng.chance((crew.missed_percent * 1000.0) as u64, 100_000);
        if !is_missed {
            self.agenda.put(self.now.mono + after, Happening::PicksUp(ring));
        }
    }
}

impl Worker {
    const fn is_working(&self) -> bool {
        self.is_on_shift && !self.is_on_break
    }
}

/// The start of a day: both clocks, with room before it for what happens before midnight.
pub(crate) const fn start(midnight: WallTime) -> Now {
    Now { mono: Time(1_000_000), wall: midnight }
}
