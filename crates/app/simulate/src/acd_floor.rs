//! The lower level: the real routing, and calls that are nothing but a caller, a place in line and a talk. No flow, no
//! SIP; what it tells are the same facts as the whole server's.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use hotline_acd::{
    Acd, AlarmKind as AcdAlarm, Config, Event as AcdEvent, LeaveCause, Limit, NotReadyReason, OfferFailure,
    WithdrawCause,
};
use hotline_base::{AgentId, CallId, FlowId, LegId, Now, NumberId, Pii, ReservationId, Rng, Time, TrunkId};
use hotline_call::{
    Alarm, AlarmCause, AlarmKind, CallEvent, EndCause, EndKind, Entry, Event, EventKind, Party, QueueOutcome,
    Source,
};

use crate::Caller;
use crate::agenda::Agenda;
use crate::floor::{Floor, Ring, Wish, number_of};

/// Where calls of this level come from and go to, for the journal.
const NAME: &str = "simulation";
/// What agents give as their reason.
pub(crate) const BREAK: &str = "break";

/// Callers and agents around an [`Acd`].
pub(crate) struct AcdFloor {
    acd: Acd,
    callers: Arc<[Caller]>,
    rng: Rng,
    calls: BTreeMap<CallId, Call>,
    /// By caller.
    lines: BTreeMap<usize, CallId>,
    /// Offers whose phone may ring no longer than until then.
    ringing: BTreeMap<ReservationId, Offer>,
    ends: Agenda<ReservationId>,
    /// Phones that are gone: nothing rings there.
    gone: BTreeMap<AgentId, bool>,
    events: VecDeque<Event>,
    rings: VecDeque<Ring>,
    seq: u64,
    refused: u64,
}

struct Call {
    caller: usize,
    agent: Option<AgentId>,
}

struct Offer {
    call: CallId,
    agent: AgentId,
}

impl AcdFloor {
    /// An empty center before its day.
    pub(crate) fn new(now: Now, config: Config, callers: Arc<[Caller]>, rng: Rng) -> Self {
        let gone = config.agents.iter().map(|agent| (agent.id.clone(), true)).collect();
        Self {
            acd: Acd::new(config, now),
            callers,
            rng,
            calls: BTreeMap::new(),
            lines: BTreeMap::new(),
            ringing: BTreeMap::new(),
            ends: Agenda::default(),
            gone,
            events: VecDeque::new(),
            rings: VecDeque::new(),
            seq: 0,
            refused: 0,
        }
    }

    fn emit(&mut self, now: Now, kind: EventKind) {
        self.seq += 1;
        self.events.push_back(Event { seq: self.seq, at: now.wall, kind });
    }

    fn tell(&mut self, now: Now, call: CallId, what: CallEvent) {
        self.emit(now, EventKind::Call { call, what });
    }

    /// Follows what the routing decides.
    fn follow(&mut self, now: Now) {
        while let Some(event) = self.acd.poll_event() {
            self.on_acd(now, event);
        }
    }

    fn on_acd(&mut self, now: Now, event: AcdEvent) {
        match event {
            AcdEvent::AgentChanged { agent, state, since, pending, device, registered, help } => {
                self.emit(now, EventKind::Agent { agent, state, since, pending, device, registered, help });
            }
            AcdEvent::Offer { reservation, call, agent, ring_timeout, because, .. } => {
                let because = Some(because);
                self.tell(
                    now,
                    call,
                    CallEvent::Offered { offer: leg(reservation), agent: agent.clone(), because },
                );
                self.ends.put(now.mono + ring_timeout, reservation);
                self.ringing.insert(reservation, Offer { call, agent: agent.clone() });
                if !self.gone.get(&agent).copied().unwrap_or_default() {
                    self.acd.offer_ringing(now, reservation);
                    self.tell(now, call, CallEvent::Ringing { offer: leg(reservation) });
                    self.rings.push_back(Ring { agent, number: reservation.0 });
                }
            }
            AcdEvent::OfferWithdrawn { reservation, cause, .. } => {
                let failure = match cause {
                    WithdrawCause::AnsweredElsewhere | WithdrawCause::Moved => OfferFailure::Elsewhere,
                    WithdrawCause::CallerLeft(_) => OfferFailure::CallerGone,
                    WithdrawCause::LeaseExpired => OfferFailure::ServerFault,
                };
                self.offer_over(now, reservation, failure);
            }
            AcdEvent::LimitReached { call, limit, .. } => {
                let outcome = match limit {
                    Limit::Wait => QueueOutcome::TimedOut,
                    Limit::Unstaffed => QueueOutcome::Left,
                };
                self.acd.leave(now, call, LeaveCause::WaitExceeded);
                self.leave_queue(now, call, outcome);
                self.end(now, call, Party::System, EndKind::FlowEnded);
            }
            AcdEvent::Alarm(alarm) => self.alarm(now, alarm),
            // Places in line are no part of the journal; times in states follow from the states, and who waits from who was
            // not offered. Nobody leads this center, so nothing is moved by hand, and nobody asks for help.
            AcdEvent::Position { .. }
            | AcdEvent::AgentRemoved { .. }
            | AcdEvent::CallbacksChanged { .. }
            | AcdEvent::SessionStarted { .. }
            | AcdEvent::SessionEnded { .. }
            | AcdEvent::StateEnded(_)
            | AcdEvent::Passed { .. }
            | AcdEvent::Prioritised { .. }
            | AcdEvent::Moved { .. }
            | AcdEvent::Assigned { .. }
            | AcdEvent::Merged { .. }
            | AcdEvent::Split { .. }
            | AcdEvent::HelpEnded { .. } => {}
        }
    }

    fn alarm(&mut self, now: Now, alarm: AcdAlarm) {
        let kind = match alarm {
            AcdAlarm::LeaseExpired { agent, .. } => AlarmKind::ReservationExpired(agent),
            AcdAlarm::PhoneFaults { agent } => AlarmKind::PhoneFault(agent),
            AcdAlarm::PhoneBusy { agent } => AlarmKind::PhoneBusy(agent),
            AcdAlarm::NotOffered { .. } => AlarmKind::NotOffered,
        };
        self.emit(now, EventKind::AlarmRaised(Alarm { kind, since: now.wall, cause: AlarmCause::Untold }));
    }

    /// Tells of an offer that came to nothing, if it is not over already.
    fn offer_over(&mut self, now: Now, reservation: ReservationId, failure: OfferFailure) -> bool {
        let Some(Offer { call, agent }) = self.ringing.remove(&reservation) else { return false };
        let offer = leg(reservation);
        self.tell(now, call, CallEvent::OfferFailed { offer, agent, failure, status: None });
        true
    }

    fn leave_queue(&mut self, now: Now, call: CallId, outcome: QueueOutcome) {
        if let Some(call_of) = self.calls.get(&call) {
            let queue = self.callers[call_of.caller].queue.clone();
            self.tell(now, call, CallEvent::Dequeued { queue, outcome });
        }
    }

    fn end(&mut self, now: Now, call: CallId, by: Party, kind: EndKind) {
        if let Some(ended) = self.calls.remove(&call) {
            self.lines.remove(&ended.caller);
            let cause = EndCause { kind, sip_status: None, q850: 16 };
            self.tell(now, call, CallEvent::Ended { by, cause });
        }
    }

    fn started(&self, caller: usize) -> CallEvent {
        let Caller { queue, number, .. } = &self.callers[caller];
        let called = number.clone().unwrap_or_else(|| queue.as_str().to_owned());
        CallEvent::Started {
            caller: Pii::new(number_of(caller)),
            caller_name: None,
            entry: Entry::Number { number: NumberId::from(called.as_str()), flow: FlowId::from(NAME) },
            called: Pii::new(called),
            source: Source::Trunk(TrunkId::from(NAME)),
            sip_call_id: String::new(),
            language: String::new(),
            diversion: None,
        }
    }
}

impl Floor for AcdFloor {
    fn arrive(&mut self, now: Now, caller: usize) {
        let call = CallId::generate(now.wall, &mut self.rng);
        self.calls.insert(call, Call { caller, agent: None });
        self.lines.insert(caller, call);
        self.tell(now, call, self.started(caller));
        let queue = self.callers[caller].queue.clone();
        match self.acd.enqueue(now, hotline_acd::Entry::new(call, queue.clone())) {
            Ok(_) => self.tell(now, call, CallEvent::Queued { queue }),
            Err(_) => {
                self.refused += 1;
                self.end(now, call, Party::System, EndKind::FlowEnded);
            }
        }
        self.follow(now);
    }

    fn hang_up(&mut self, now: Now, caller: usize) {
        let Some(call) = self.lines.get(&caller).copied() else { return };
        match self.calls.get(&call).and_then(|call| call.agent.clone()) {
            Some(agent) => {
                self.end(now, call, Party::Caller, EndKind::Completed);
                self.acd.conversation_ended(now, &agent);
            }
            None => {
                self.acd.leave(now, call, LeaveCause::Abandoned);
                self.leave_queue(now, call, QueueOutcome::Abandoned);
                self.end(now, call, Party::Caller, EndKind::Abandoned);
            }
        }
        self.follow(now);
    }

    fn pick_up(&mut self, now: Now, ring: Ring) {
        let reservation = ReservationId(ring.number);
        let Some(Offer { call, agent }) = self.ringing.remove(&reservation) else { return };
        if let Some(call) = self.calls.get_mut(&call) {
            call.agent = Some(agent.clone());
        }
        self.leave_queue(now, call, QueueOutcome::Answered);
        self.tell(now, call, CallEvent::Connected { offer: leg(reservation), agent });
        self.acd.offer_answered(now, reservation);
        self.follow(now);
    }

    fn wish(&mut self, now: Now, agent: &AgentId, wish: Wish) {
        let acd = &mut self.acd;
        // An agent who is told no goes on as before, as people do.
        let (Ok(_) | Err(_)) = match wish {
            Wish::Ready => acd.sign_in(now, agent).and_then(|_| acd.set_ready(now, agent)),
            Wish::Break => acd.set_not_ready(now, agent, NotReadyReason::Chosen(BREAK.into())),
            Wish::SignOut => acd.sign_out(now, agent),
        };
        self.follow(now);
    }

    fn plug(&mut self, now: Now, agent: &AgentId, is_there: bool) {
        self.gone.insert(agent.clone(), !is_there);
        self.acd.set_registered(now, agent, is_there);
        self.follow(now);
    }

    fn handle_timeout(&mut self, now: Now) {
        while let Some(reservation) = self.ends.pop_due(now.mono) {
            if self.offer_over(now, reservation, OfferFailure::NoAnswer) {
                self.acd.offer_failed(now, reservation, OfferFailure::NoAnswer);
            }
        }
        self.acd.handle_timeout(now);
        self.follow(now);
    }

    fn poll_timeout(&self) -> Option<Time> {
        let acd = self.acd.poll_timeout().map(|(at, _)| at);
        [acd, self.ends.next_at()].into_iter().flatten().min()
    }

    fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn poll_ring(&mut self) -> Option<Ring> {
        self.rings.pop_front()
    }

    fn refused(&self) -> u64 {
        self.refused
    }
}

/// Offers have no legs at this level: they are told by their reservation.
const fn leg(reservation: ReservationId) -> LegId {
    LegId(reservation.0)
}
