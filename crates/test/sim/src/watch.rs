//! What must hold at all times, checked from outside: from what the core tells and sends, and from its snapshot.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hotline_acd::{AgentState, AgentView, StateSpan, Strategy};
use hotline_base::{AgentId, CallId, LegId, WallTime};
use hotline_call::{
    AgentFact, CallEvent, CallRecord, CallState, CallbackRules, CallbackState, Center, Controller,
    Correction, Entry, Event, EventKind, LegEnd, Request, SipLeg, Snapshot, Source, Timer, Who,
};
use hotline_sip::{Message, Method, Transmit};

use crate::media::MediaPlane;

/// Remembers what was told, and panics at the first thing that must not be.
#[derive(Debug, Default)]
pub struct Watch {
    seq: u64,
    /// How long wishes are kept, if the center was changed.
    keep: Option<Duration>,
    /// Each agent's call, from the offer to its end.
    busy: BTreeMap<AgentId, (CallId, LegId)>,
    /// Who is sending the caller of a call on, and has not left it.
    senders: BTreeMap<CallId, AgentId>,
    /// The agent on the first leg.
    outward: BTreeMap<CallId, AgentId>,
    /// Who brings a talk along into a call.
    joined: BTreeMap<CallId, AgentId>,
    /// Records folded from the events.
    folded: BTreeMap<CallId, CallRecord>,
    /// Records handed to the database.
    saved: BTreeMap<CallId, CallRecord>,
    /// Everything that was told.
    events: Vec<Event>,
    /// Everything that was sent.
    sent: Vec<Transmit>,
    /// The calls of SIP Call-IDs, as they were told.
    legs: BTreeSet<(String, CallId)>,
    /// Calls whose first leg was told.
    begun: BTreeSet<CallId>,
    /// The final response to each transaction.
    finals: BTreeMap<String, (u16, String)>,
    /// Until when the time of each session is told of.
    sessions: BTreeMap<AgentId, WallTime>,
    /// Whether several phones ring for one caller.
    rings_several: bool,
    /// Whether calls may have others beside the two who talk.
    pub(crate) has_company: bool,
    /// Who wants to be called back, and how that stands.
    wishes: BTreeMap<CallId, CallbackState>,
    /// When they were asked for.
    wished_at: BTreeMap<CallId, WallTime>,
    /// The last call that was made for each wish.
    returning: BTreeMap<CallId, CallId>,
}

impl Watch {
    pub(crate) fn new(strategy: Strategy) -> Self {
        let rings_several = matches!(strategy, Strategy::RingAll | Strategy::ProgressiveRing(_));
        Self { rings_several, ..Self::default() }
    }

    /// The center is another one.
    pub(crate) fn keeps(&mut self, center: &Center) {
        self.keep = center.queues.values().map(|queue| queue.callback.keep).min();
    }

    /// The records handed to the database, by call.
    #[must_use]
    pub const fn records(&self) -> &BTreeMap<CallId, CallRecord> {
        &self.saved
    }

    /// Everything that was told, in order.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Everything that the core sent, in order.
    #[must_use]
    pub fn sent(&self) -> &[Transmit] {
        &self.sent
    }

    /// How many calls were begun.
    #[must_use]
    pub fn calls_started(&self) -> usize {
        self.folded.len()
    }

    /// Events are numbered without a gap; offers do not overlap; nothing follows a record.
    pub(crate) fn on_event(&mut self, event: &Event) {
        self.events.push(event.clone());
        self.seq += 1;
        assert_eq!(event.seq, self.seq, "events are numbered without a gap");
        let EventKind::Call { call, what } = &event.kind else { return };
        assert!(!self.saved.contains_key(call), "{call}: {what:?} after its record");
        if let Some(record) = self.folded.get_mut(call) {
            record.apply(event.at, what);
        } else {
            let record = CallRecord::begin(*call, event.at, what);
            self.folded.insert(*call, record.expect("a call's first event is that it started"));
        }
        self.follow_offers(*call, what);
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "only these say who takes part beside the two")]
    fn follow_company(&mut self, call: CallId, what: &CallEvent) {
        match what {
            CallEvent::Consulting { by, .. } => self.turn_round(call, by),
            CallEvent::PartyJoined { leg, who: Who::Agent(agent), .. } => {
                let before = self.busy.insert(agent.clone(), (call, *leg));
                assert!(
                    before.is_none_or(|it| it == (call, *leg)),
                    "{agent} joins {call} and is in {before:?}"
                );
            }
            CallEvent::PartyLeft { leg } => self.busy.retain(|_, at| *at != (call, *leg)),
            CallEvent::TakenOver { from, .. } => {
                assert!(self.busy.remove(from).is_some(), "{from} leaves twice");
            }
            _ => {}
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "only these say who is busy")]
    fn follow_offers(&mut self, call: CallId, what: &CallEvent) {
        self.follow_company(call, what);
        match what {
            CallEvent::Started { source: Source::Agent(agent), .. } => {
                self.outward.insert(call, agent.clone());
            }
            CallEvent::Transferred { by, to: Entry::Outside(_), .. } => {
                self.senders.remove(&call);
                assert!(self.busy.remove(by).is_some(), "{by} leaves twice");
            }
            CallEvent::CallingBack { callback, .. } => {
                let stands = self.wishes.get(callback);
                assert!(
                    matches!(stands, Some(CallbackState::Waiting { .. })),
                    "{callback} is {stands:?} and called back"
                );
                self.returning.insert(*callback, call);
            }
            CallEvent::Offered { offer, agent, .. } => {
                let before = self.busy.insert(agent.clone(), (call, *offer));
                assert_eq!(before, None, "{agent} is offered {call} while busy with another");
                let sender = self.senders.get(&call);
                let others =
                    self.busy.iter().filter(|(agent, (other, _))| *other == call && Some(*agent) != sender);
                let is_one = self.rings_several || self.has_company || others.count() == 1;
                assert!(is_one, "{call} is offered to two agents");
            }
            CallEvent::Transferring { by, .. } => {
                self.turn_round(call, by);
                assert_eq!(
                    self.busy.get(by).map(|(of, _)| *of),
                    Some(call),
                    "{by} sends on who is not there"
                );
                self.senders.insert(call, by.clone());
            }
            CallEvent::Transferred { by, to: Entry::Extension(to), attended: true } => {
                self.turn_round(call, by);
                assert!(self.busy.remove(by).is_some(), "{by} leaves twice");
                self.joined.insert(call, to.clone());
            }
            CallEvent::Transferred { by, .. } => {
                self.senders.remove(&call);
                assert!(self.busy.remove(by).is_some(), "{by} leaves twice");
            }
            CallEvent::TransferFailed { .. } => {
                self.senders.remove(&call);
            }
            CallEvent::OfferFailed { offer, agent, .. } => {
                let over = self.busy.remove(agent);
                assert_eq!(over, Some((call, *offer)), "an offer fails that was not made");
            }
            CallEvent::Connected { offer, agent } => {
                // Whoever asks somebody outside keeps the caller who was put aside.
                if self.outward.get(&call) == Some(agent) {
                    self.busy.entry(agent.clone()).or_insert((call, *offer));
                    return;
                }
                if self.joined.remove(&call).as_ref() == Some(agent) {
                    self.busy.insert(agent.clone(), (call, *offer));
                }
                assert_eq!(self.busy.get(agent), Some(&(call, *offer)), "connected without an offer");
            }
            CallEvent::Ended { .. } => {
                self.outward.remove(&call);
                self.senders.remove(&call);
                self.busy.retain(|_, (of, _)| *of != call);
            }
            _ => {}
        }
    }

    /// An agent who has called a colleague sends that one on: the colleague is on the first leg from then on.
    fn turn_round(&mut self, call: CallId, by: &AgentId) {
        let is_made = matches!(&self.folded[&call].source, Source::Agent(agent) if agent == by);
        let colleague = self.busy.iter().find(|(agent, (of, _))| *of == call && *agent != by);
        let Some((colleague, leg)) = colleague.map(|(agent, (_, leg))| (agent.clone(), *leg)) else { return };
        if is_made {
            self.busy.remove(&colleague);
            self.outward.insert(call, colleague);
            self.busy.insert(by.clone(), (call, leg));
        }
    }

    /// One record for each call, equal to what the events say, with its times in order.
    pub(crate) fn on_request(&mut self, now: WallTime, request: &Request) {
        if let Request::SaveAgentFact(fact) = request {
            self.on_agent_fact(fact);
        }
        self.follow_wishes(now, request);
        let Request::SaveRecord(record) = request else { return };
        let call = record.call;
        assert_eq!(self.folded.get(&call), Some(&**record), "the record is what the events fold to");
        assert!(self.saved.insert(call, (**record).clone()).is_none(), "{call} has two records");
        let ended = record.ended_at.expect("a record is of a call that ended");
        assert!(record.cause.is_some() && record.ended_by.is_some(), "a record says who ended it and why");
        let times = [Some(record.started_at), record.answered_at, record.connected_at, Some(ended)];
        let times: Vec<_> = times.into_iter().flatten().collect();
        assert!(times.is_sorted(), "{call}: times in order");
        let sounding: BTreeSet<_> = record.sounds.iter().map(|sound| sound.leg).collect();
        assert_eq!(sounding.len(), record.sounds.len(), "{call}: each leg is measured once");
        assert!(record.queues.iter().all(|visit| visit.outcome.is_some()), "{call}: each wait has an end");
    }

    /// Each wish is met or given up once, after three tries at most, or once it is too old.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only these are about wishes")]
    fn follow_wishes(&mut self, now: WallTime, request: &Request) {
        match request {
            Request::BookCallback { callback, .. } => {
                let waiting = CallbackState::Waiting { tries: 0, not_before: None };
                self.wished_at.insert(callback.id, callback.requested_at);
                assert_eq!(self.wishes.insert(callback.id, waiting), None, "a wish is booked once");
            }
            Request::CallbackChanged { id, state } => {
                let before = self.wishes.get(id).cloned().expect("a wish was booked");
                let CallbackState::Waiting { tries: before, not_before } = before else {
                    panic!("{id} was {before:?}")
                };
                match state {
                    // Without a trunk it is no try.
                    CallbackState::Waiting { tries, .. } => assert!((before..=before + 1).contains(tries)),
                    CallbackState::Placed(_) => {
                        self.wishes.insert(*id, CallbackState::Waiting { tries: before, not_before });
                        return;
                    }
                    // Who was called first and hung up in line is missed at once.
                    CallbackState::Missed if self.is_abandoned(*id) => {}
                    CallbackState::Missed if self.is_too_old(now, *id) => {}
                    CallbackState::Missed => {
                        assert_eq!(before, CallbackRules::default().retries, "{id} is given up")
                    }
                    CallbackState::Reached => {}
                }
                self.wishes.insert(*id, state.clone());
            }
            _ => {}
        }
    }

    fn is_too_old(&self, now: WallTime, wish: CallId) -> bool {
        self.wished_at
            .get(&wish)
            .is_some_and(|at| now.since(*at) >= self.keep.unwrap_or(CallbackRules::default().keep))
    }

    /// Whether the call that was made for this wish had been answered before an agent was called.
    fn is_abandoned(&self, wish: CallId) -> bool {
        let made = self.returning.get(&wish).and_then(|call| self.folded.get(call));
        made.is_some_and(|made| matches!(made.source, Source::Queue(_)) && made.answered_at.is_some())
    }

    pub(crate) const fn wishes(&self) -> &BTreeMap<CallId, CallbackState> {
        &self.wishes
    }

    pub(crate) fn open_wishes(&self) -> Vec<CallId> {
        let open = |(id, state): (&CallId, &CallbackState)| {
            matches!(state, CallbackState::Waiting { .. }).then_some(*id)
        };
        self.wishes.iter().filter_map(open).collect()
    }

    /// Somebody has taken a wish back.
    pub(crate) fn on_cancelled(&mut self, wish: CallId) {
        self.wishes.remove(&wish);
    }

    /// Every second of a session is in exactly one state.
    fn on_agent_fact(&mut self, fact: &AgentFact) {
        match fact {
            AgentFact::SessionStarted { agent, at } => {
                assert_eq!(self.sessions.insert(agent.clone(), *at), None, "{agent}: one session at a time");
            }
            AgentFact::State(StateSpan { agent, state, from, until }) => {
                let told = self.sessions.insert(agent.clone(), *until);
                assert_eq!(told, Some(*from), "{agent}: no second lies between two states");
                assert!(from < until && *state != AgentState::LoggedOut, "{agent}: a state lasts a while");
            }
            AgentFact::SessionEnded { agent, ended, .. } => {
                assert_eq!(self.sessions.remove(agent), Some(*ended), "{agent}: the last state ends it");
            }
            AgentFact::Help { .. } => {}
        }
    }

    /// Done to the records that are saved, as the database does.
    pub(crate) fn correct(&mut self, correction: &Correction) {
        let is_known = self.saved.values_mut().any(|record| correction.apply(record));
        assert!(is_known, "what is to be set right is on record, and wrong");
    }

    /// Legs are told once, of calls that have begun, and the caller's is that of the record.
    pub(crate) fn on_sip_leg(&mut self, leg: SipLeg) {
        let record = self.folded.get(&leg.call).expect("a leg is told of a call that has begun");
        match &leg.end {
            LegEnd::Caller(source) => {
                assert_eq!(source, &record.source);
                // The phone of an agent who calls from the page is called later.
                let is_it = record.sip_call_id.is_empty() || record.sip_call_id == leg.sip_call_id;
                // An agent may go on at another phone.
                let is_moved = !self.begun.insert(leg.call) && matches!(source, Source::Agent(_));
                assert!(is_it || is_moved, "the caller's leg is that of the record");
            }
            LegEnd::Agent(_) | LegEnd::Callee | LegEnd::Supervisor(_) => {}
        }
        // A talk that is given to another call takes its leg along.
        let is_new = self.legs.insert((leg.sip_call_id, leg.call));
        assert!(is_new, "a leg of a call is told once");
    }

    /// One final response for each transaction, however often it is repeated; and nobody is called, or answered with
    /// 2xx, whose leg was not told.
    pub(crate) fn on_transmit(&mut self, transmit: &Transmit) {
        self.sent.push(transmit.clone());
        let message = Message::parse(transmit.bytes.clone()).expect("what the core sends is SIP");
        let invites = message.cseq().is_ok_and(|cseq| cseq.method == Method::Invite);
        if invites && message.status().is_none_or(|status| (200..300).contains(&status)) {
            let told = self.legs.iter().any(|(sip_call_id, _)| *sip_call_id == message.call_id());
            assert!(told, "an INVITE of a leg that was not told");
        }
        let Some(status) = message.status().filter(|status| *status >= 200) else { return };
        let (via, cseq) = (message.top_via().expect("has a Via"), message.cseq().expect("has a CSeq"));
        let transaction =
            format!("{} {} {:?} {cseq:?}", transmit.flow.remote, message.call_id(), via.branch());
        let told = (status, message.to_tag().unwrap_or_default().into_owned());
        let first = self.finals.entry(transaction).or_insert_with(|| told.clone());
        assert_eq!(*first, told, "one final response for each transaction");
    }

    /// Calls, legs, queues and agents agree with one another.
    pub(crate) fn check(&self, snapshot: &Snapshot, media: &MediaPlane) {
        let with_legs = media.calls();
        let waiting: BTreeSet<CallId> =
            snapshot.queues.iter().flat_map(|queue| queue.on_the_line()).map(|caller| caller.call).collect();
        let mut states = BTreeMap::new();
        for call in &snapshot.calls {
            let id = call.record.call;
            states.insert(id, &call.state);
            let answered = call.record.answered_at.is_some();
            match &call.state {
                CallState::InFlow => assert!(!answered || with_legs.contains(&id), "{id} outlives its legs"),
                CallState::Queued { .. } => {
                    assert!(waiting.contains(&id), "{id} waits in no queue");
                    assert!(with_legs.contains(&id), "{id} outlives its legs");
                }
                CallState::Offered { agent, .. } | CallState::Connected { agent } => {
                    assert!(with_legs.contains(&id), "{id} outlives its legs");
                    let is_theirs = self.busy.get(agent).map(|(call, _)| *call) == Some(id);
                    let is_outward = self.outward.get(&id) == Some(agent);
                    assert!(is_theirs || is_outward, "{id} is at {agent}, who has another call");
                }
                CallState::Dialling | CallState::ConnectedOutside => {
                    assert!(with_legs.contains(&id), "{id} outlives its legs");
                }
                CallState::Ending => assert!(!waiting.contains(&id), "{id} is over and waits"),
            }
        }
        for call in &waiting {
            let is_wish = matches!(self.wishes.get(call), Some(CallbackState::Waiting { .. }));
            assert!(states.contains_key(call) || is_wish, "{call} waits without a call");
        }
        for agent in &snapshot.agents {
            self.check_agent(agent, &states);
        }
    }

    /// Each agent does what its call says, and only one thing.
    fn check_agent(&self, agent: &AgentView, states: &BTreeMap<CallId, &CallState>) {
        // An agent is reserved for a wish, and called in the call that is made for it.
        let call_of = |call: &CallId| self.returning.get(call).copied().unwrap_or(*call);
        match &agent.state {
            // The offer is told when the address book has answered.
            AgentState::Reserved { call } | AgentState::Ringing { call }
                if !self.busy.contains_key(&agent.id) =>
            {
                let waits = matches!(states.get(call), Some(CallState::Queued { .. } | CallState::InFlow));
                let rings_elsewhere =
                    self.rings_several && matches!(states.get(call), Some(CallState::Offered { .. }));
                let waits = waits
                    || (self.has_company && matches!(states.get(call), Some(CallState::Connected { .. })))
                    || rings_elsewhere
                    || self.senders.contains_key(call)
                    || self.outward.get(&call_of(call)) == Some(&agent.id);
                assert!(waits, "{} is reserved for a call that does not wait", agent.id);
            }
            AgentState::Reserved { call } | AgentState::Ringing { call } => {
                let offered = match states.get(call) {
                    Some(CallState::Offered { agent: to, .. }) => {
                        *to == agent.id || self.rings_several || self.has_company
                    }
                    Some(CallState::Connected { .. }) => self.has_company,
                    _ => false,
                };
                assert!(offered, "{} is {:?} without an offer", agent.id, agent.state);
            }
            AgentState::Talking { call: Some(call), .. } | AgentState::Hold { call } => {
                let connected =
                    matches!(states.get(call), Some(CallState::Connected { agent: to }) if *to == agent.id);
                let sends_on = self.senders.get(call) == Some(&agent.id);
                assert!(connected || sends_on, "{} is {:?} without a conversation", agent.id, agent.state);
            }
            AgentState::Talking { call: None, .. } => {
                let talks = self.busy.contains_key(&agent.id)
                    || self.outward.values().any(|outward| *outward == agent.id);
                assert!(talks, "{} talks to nobody", agent.id);
            }
            AgentState::LoggedOut
            | AgentState::NotReady { .. }
            | AgentState::Ready
            | AgentState::OfflineGrace
            | AgentState::WrapUp { .. } => {
                assert!(!self.busy.contains_key(&agent.id), "{} is free and in a call", agent.id);
            }
        }
    }

    /// Everybody has gone home: nothing is left.
    pub(crate) fn check_end(&self, controller: &Controller, snapshot: &Snapshot, media: &MediaPlane) {
        assert_eq!(controller.calls(), 0, "no call is left");
        assert_eq!(controller.legs(), 0, "no leg is left");
        assert_eq!(controller.subscriptions(), 0, "nobody is told anything any more");
        assert_eq!(controller.trunk_places(), 0, "every place on a trunk is given back");
        assert!(media.is_idle(), "every port is given back: {media:?}");
        let armed = controller.poll_timeout().map(|(_, timer)| timer);
        assert_eq!(armed, Some(Timer::Day), "no timer but the calendar's is armed when idle");
        assert!(self.folded.keys().eq(self.saved.keys()), "every call has a record");
        for agent in &snapshot.agents {
            assert_eq!(agent.state, AgentState::LoggedOut, "{} is signed out", agent.id);
            assert!(!agent.registered, "{} has no phone", agent.id);
        }
    }
}
