//! Whom a call concerns at each moment: the agents it is offered to and who talks with it, until that is over; and whom it
//! ever concerned, which is what those see who oversee them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hotline_api_types::CallState as Shown;
use hotline_base::{AgentId, CallId, LegId, Pii, QueueId, WallTime};
use hotline_call::{
    Attendee, CallEvent, CallState, CallView, Entry, Event, EventKind, OfferOutcome, Part, Party, Snapshot,
    Source, Who,
};

use crate::viewer::Ties;

/// The living calls; bounded by the shard's limit of calls.
#[derive(Default)]
pub(crate) struct Concerns(BTreeMap<CallId, Concern>);

#[derive(Default)]
struct Concern {
    agents: BTreeSet<AgentId>,
    /// Those of them who take part beside the two.
    company: BTreeMap<LegId, AgentId>,
    /// Those of them of whom the agent is not to know, also when they have left.
    hidden: BTreeMap<LegId, AgentId>,
    lookup_done: bool,
    recording: bool,
    ended: bool,
    /// Agents and queues that ever had to do with it.
    ever: Arc<Ties>,
    course: Option<Course>,
}

/// A call as it stands, for those whose view it comes into.
#[derive(Clone, Debug)]
pub(crate) struct Course {
    pub(crate) call: CallId,
    pub(crate) caller: Pii<String>,
    pub(crate) caller_name: Option<Pii<String>>,
    pub(crate) called: Pii<String>,
    pub(crate) entry: Entry,
    pub(crate) source: Source,
    pub(crate) language: String,
    pub(crate) started_at: WallTime,
    pub(crate) answered_at: Option<WallTime>,
    pub(crate) connected_at: Option<WallTime>,
    pub(crate) customer: Option<String>,
    pub(crate) queue: Option<QueueId>,
    pub(crate) state: Shown,
    pub(crate) agents: Vec<AgentId>,
    /// Who talks with the other side, or did last.
    pub(crate) talker: Option<AgentId>,
    pub(crate) attendees: Vec<Attendee>,
    pub(crate) consulting: bool,
    pub(crate) customer_left: bool,
    pub(crate) held: bool,
    pub(crate) muted: bool,
}

/// Whom an event concerns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Noted {
    /// The agents who are told as their own.
    pub(crate) agents: Vec<AgentId>,
    /// Who ever had to do with the call.
    pub(crate) ever: Arc<Ties>,
    /// The call, with an event that may bring it into somebody's view.
    pub(crate) shown: Option<Box<Course>>,
}

impl Concerns {
    /// As of a snapshot. Whether the address book has answered is not told there: a known customer shows that it
    /// has.
    pub(crate) fn from_snapshot(snapshot: &Snapshot) -> Self {
        let concern = |view: &CallView| Concern {
            agents: agents_of(view).into_iter().cloned().collect(),
            company: company_of(view, |_| true),
            hidden: company_of(view, |one| !one.told),
            lookup_done: view.found.is_some(),
            recording: view.record.is_recording(),
            ended: view.record.ended_at.is_some(),
            ever: Arc::new(Ties::of_record(&view.record)),
            course: Some(Course::of(view)),
        };
        Self(snapshot.calls.iter().map(|view| (view.record.call, concern(view))).collect())
    }

    /// Whether the address book has answered for this call.
    pub(crate) fn lookup_done(&self, call: CallId) -> bool {
        self.0.get(&call).is_some_and(|concern| concern.lookup_done)
    }

    /// Notes what happened and says whom it concerns.
    pub(crate) fn note(&mut self, event: &Event) -> Noted {
        match &event.kind {
            EventKind::Agent { agent, .. } => Noted { agents: vec![agent.clone()], ..Noted::default() },
            EventKind::AlarmRaised(_)
            | EventKind::AlarmCleared(_)
            | EventKind::CenterChanged
            | EventKind::AgentRemoved { .. }
            | EventKind::CallbacksChanged { .. } => Noted::default(),
            EventKind::Call { call, what } => {
                // Kept from before, for the last event of a call lets go of it.
                let before = self.0.get(call).map(|concern| Arc::clone(&concern.ever)).unwrap_or_default();
                let agents = self.note_call(*call, what);
                let Some(concern) = self.0.get_mut(call) else {
                    return Noted { agents, ever: before, shown: None };
                };
                let shown = concern.follow(*call, what, event.at);
                Noted { agents, ever: Arc::clone(&concern.ever), shown }
            }
        }
    }

    fn note_call(&mut self, call: CallId, what: &CallEvent) -> Vec<AgentId> {
        if let CallEvent::Started { .. } = what {
            self.0.insert(call, Concern { agents: caller(what).into_iter().collect(), ..Concern::default() });
        }
        // Whoever hangs up leaves a message when the call is over.
        if let CallEvent::MessageLeft { mailbox, .. } = what {
            return mailbox.as_deref().map(AgentId::from).into_iter().collect();
        }
        // Nothing is remembered of a call that is not alive.
        let Some(concern) = self.0.get_mut(&call) else { return Vec::new() };
        let concerned = concern.note(what);
        if concern.ended && !concern.recording {
            self.0.remove(&call);
        }
        concerned
    }
}

impl Concern {
    /// Remembers what an event changes; gives whom it concerns.
    fn note(&mut self, what: &CallEvent) -> Vec<AgentId> {
        let mut concerned: Vec<AgentId> = self.agents.iter().cloned().collect();
        self.note_company(what, &mut concerned);
        match what {
            CallEvent::Offered { agent, .. } => {
                concerned = vec![agent.clone()];
                self.agents.insert(agent.clone());
            }
            CallEvent::Connected { agent, offer } => {
                self.company.remove(offer);
                self.agents = self.company.values().cloned().collect();
                self.agents.insert(agent.clone());
                concerned = self.agents.iter().cloned().collect();
            }
            CallEvent::OfferFailed { agent, .. } => {
                concerned = vec![agent.clone()];
                self.agents.remove(agent);
            }
            CallEvent::CustomerMatched { .. } => self.lookup_done = true,
            CallEvent::RecordingStarted { .. } => self.recording = true,
            CallEvent::RecordingFinished { .. }
            | CallEvent::RecordingMended { .. }
            | CallEvent::RecordingFailed { .. } => self.recording = false,
            CallEvent::Ended { .. } => self.ended = true,
            CallEvent::Started { .. }
            | CallEvent::Screened(_)
            | CallEvent::Visiting(_)
            | CallEvent::SoundMeasured(_)
            | CallEvent::MessageLeft { .. }
            | CallEvent::RecordingPaused { .. }
            | CallEvent::RecordingResumed { .. }
            | CallEvent::Requested(_)
            | CallEvent::Answered
            | CallEvent::StepLeft { .. }
            | CallEvent::SurveyAnswered { .. }
            | CallEvent::LanguageChanged { .. }
            | CallEvent::Queued { .. }
            | CallEvent::Position { .. }
            | CallEvent::Dequeued { .. }
            | CallEvent::NotOffered { .. }
            | CallEvent::Assigned { .. }
            | CallEvent::Prioritised { .. }
            | CallEvent::CallingBack { .. }
            | CallEvent::Popped { .. }
            | CallEvent::Invited { .. }
            | CallEvent::Ringing { .. }
            | CallEvent::Dialled { .. }
            | CallEvent::DialRinging { .. }
            | CallEvent::DialFailed { .. }
            | CallEvent::DialAnswered { .. }
            | CallEvent::PartyJoined { .. }
            | CallEvent::PartyLeft { .. }
            | CallEvent::CustomerLeft
            | CallEvent::Consulting { .. }
            | CallEvent::ConsultEnded { .. }
            | CallEvent::TakenOver { .. }
            | CallEvent::Muted { .. }
            | CallEvent::Held { .. }
            | CallEvent::Transferring { .. }
            | CallEvent::Transferred { .. }
            | CallEvent::TransferFailed { .. }
            | CallEvent::Retrieved { .. } => {}
        }
        concerned
    }

    /// Follows the course of a call, and gives it when it may come into somebody's view: with a new queue or agent.
    fn follow(&mut self, call: CallId, what: &CallEvent, at: WallTime) -> Option<Box<Course>> {
        if let CallEvent::Started { .. } = what {
            self.course = Course::begun(call, what, at);
        }
        let course = self.course.as_mut()?;
        course.follow(what, at);
        course.agents = self.agents.iter().cloned().collect();
        let (agent, queue) = touched(what);
        let caller = caller(what);
        let agent = agent.or(caller.as_ref());
        if agent.is_none() && queue.is_none() {
            return None;
        }
        let is_new = agent.is_some_and(|agent| !self.ever.agents.contains(agent))
            || queue.is_some_and(|queue| !self.ever.queues.contains(queue));
        if is_new {
            let ever = Arc::make_mut(&mut self.ever);
            ever.agents.extend(agent.cloned());
            ever.queues.extend(queue.cloned());
        }
        Some(Box::new(course.clone()))
    }
}

impl Concern {
    /// Who takes part beside the two.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others say nothing of it")]
    fn note_company(&mut self, what: &CallEvent, concerned: &mut Vec<AgentId>) {
        match what {
            // Who listens in secret is known to who does so, and to those who see all.
            CallEvent::PartyJoined { leg, who: Who::Agent(agent), told: false, .. } => {
                self.company.insert(*leg, agent.clone());
                self.hidden.insert(*leg, agent.clone());
                self.agents.insert(agent.clone());
                *concerned = vec![agent.clone()];
            }
            CallEvent::SoundMeasured(measured) if self.hidden.contains_key(&measured.leg) => {
                *concerned = self.hidden.get(&measured.leg).cloned().into_iter().collect();
            }
            CallEvent::PartyJoined { leg, who: Who::Agent(agent), .. } => {
                self.hidden.remove(leg);
                self.company.insert(*leg, agent.clone());
                if self.agents.insert(agent.clone()) {
                    concerned.push(agent.clone());
                }
            }
            CallEvent::PartyLeft { leg } => {
                if let Some(agent) = self.company.remove(leg) {
                    if self.hidden.contains_key(leg) {
                        *concerned = vec![agent.clone()];
                    }
                    self.agents.remove(&agent);
                }
            }
            _ => {}
        }
    }
}

impl Course {
    fn begun(call: CallId, what: &CallEvent, at: WallTime) -> Option<Self> {
        let CallEvent::Started { caller, caller_name, called, entry, source, language, .. } = what else {
            return None;
        };
        Some(Self {
            call,
            caller: caller.clone(),
            caller_name: caller_name.clone(),
            called: called.clone(),
            entry: entry.clone(),
            source: source.clone(),
            language: language.clone(),
            started_at: at,
            answered_at: None,
            connected_at: None,
            customer: None,
            queue: None,
            state: Shown::InFlow,
            agents: Vec::new(),
            talker: None,
            attendees: Vec::new(),
            consulting: false,
            customer_left: false,
            held: false,
            muted: false,
        })
    }

    fn of(view: &CallView) -> Self {
        let record = &view.record;
        Self {
            call: record.call,
            caller: record.caller.clone(),
            caller_name: record.caller_name.clone(),
            called: record.called.clone(),
            entry: record.entry.clone(),
            source: record.source.clone(),
            language: record.language.clone(),
            started_at: record.started_at,
            answered_at: record.answered_at,
            connected_at: record.connected_at,
            customer: record.customer.map(|customer| customer.to_string()),
            queue: record.queues.last().map(|visit| visit.queue.clone()),
            state: state(&view.state),
            agents: agents_of(view).into_iter().cloned().collect(),
            talker: match &view.state {
                CallState::Connected { agent } => Some(agent.clone()),
                CallState::InFlow
                | CallState::Queued { .. }
                | CallState::Offered { .. }
                | CallState::Dialling
                | CallState::ConnectedOutside
                | CallState::Ending => None,
            },
            attendees: view.attendees.clone(),
            consulting: view.is_consulting,
            customer_left: record.customer_left_at.is_some(),
            held: view.is_held,
            muted: view.is_muted,
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the others change nothing that is shown")]
    fn follow(&mut self, what: &CallEvent, at: WallTime) {
        self.follow_company(what);
        match what {
            // Of whom the agent asks, and not of the call.
            CallEvent::Offered { .. } | CallEvent::Dialled { .. } | CallEvent::DialAnswered { .. }
                if self.consulting => {}
            CallEvent::Queued { queue } => (self.queue, self.state) = (Some(queue.clone()), Shown::Queued),
            CallEvent::Dequeued { .. } if self.state == Shown::Queued => self.state = Shown::InFlow,
            CallEvent::Answered => self.answered_at = Some(at),
            CallEvent::LanguageChanged { language } => self.language.clone_from(language),
            CallEvent::CustomerMatched { customer } => {
                self.customer = customer.map(|customer| customer.to_string());
            }
            CallEvent::Offered { .. } => self.state = Shown::Offered,
            CallEvent::Connected { agent, .. } => {
                self.state = Shown::Connected;
                self.talker = Some(agent.clone());
                self.connected_at = self.connected_at.or(Some(at));
            }
            CallEvent::Dialled { .. } => self.state = Shown::Dialling,
            CallEvent::DialAnswered { .. } => {
                self.state = Shown::ConnectedOutside;
                self.connected_at = self.connected_at.or(Some(at));
            }
            CallEvent::Ended { .. } => self.state = Shown::Ending,
            _ => {}
        }
    }
}

impl Course {
    /// Who takes part beside the two, and how the agent does.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others say nothing of it")]
    fn follow_company(&mut self, what: &CallEvent) {
        match what {
            CallEvent::Consulting { .. } => self.consulting = true,
            CallEvent::ConsultEnded { .. } => self.consulting = false,
            CallEvent::PartyJoined { leg, who, part, told } => {
                self.consulting &= *part != Part::Consulted;
                self.attendees.retain(|one| one.leg != *leg);
                self.attendees.push(Attendee { leg: *leg, who: who.clone(), part: *part, told: *told });
            }
            CallEvent::CustomerLeft => self.customer_left = true,
            CallEvent::PartyLeft { leg } | CallEvent::Connected { offer: leg, .. } => {
                self.attendees.retain(|one| one.leg != *leg);
            }
            CallEvent::Muted { is_muted, .. } => self.muted = *is_muted,
            CallEvent::Held { by: Party::Agent } => self.held = true,
            CallEvent::Retrieved { by: Party::Agent } => self.held = false,
            CallEvent::TakenOver { by, .. } => {
                self.talker = Some(by.clone());
                (self.consulting, self.held, self.muted) = (false, false, false);
            }
            CallEvent::Transferring { .. } | CallEvent::Transferred { .. } => {
                (self.consulting, self.held, self.muted) = (false, false, false);
            }
            _ => {}
        }
    }
}

/// The agent and the queue that an event brings to a call.
#[expect(clippy::wildcard_enum_match_arm, reason = "the others bring none")]
fn touched(what: &CallEvent) -> (Option<&AgentId>, Option<&QueueId>) {
    match what {
        CallEvent::Queued { queue } => (None, Some(queue)),
        CallEvent::Offered { agent, .. }
        | CallEvent::Connected { agent, .. }
        | CallEvent::PartyJoined { who: Who::Agent(agent), told: true, .. } => (Some(agent), None),
        _ => (None, None),
    }
}

/// The stable word of a call's state.
pub(crate) const fn state(state: &CallState) -> Shown {
    match state {
        CallState::InFlow => Shown::InFlow,
        CallState::Queued { .. } => Shown::Queued,
        CallState::Offered { .. } => Shown::Offered,
        CallState::Connected { .. } => Shown::Connected,
        CallState::Dialling => Shown::Dialling,
        CallState::ConnectedOutside => Shown::ConnectedOutside,
        CallState::Ending => Shown::Ending,
    }
}

/// Whom a living call concerns.
pub(crate) fn agents_of(view: &CallView) -> Vec<&AgentId> {
    match &view.state {
        CallState::Offered { .. } => {
            let offers = view.record.offers.iter();
            let pending = offers.filter(|offer| offer.outcome == OfferOutcome::Pending);
            pending.map(|offer| &offer.agent).collect()
        }
        CallState::Connected { agent } => {
            let company = view.attendees.iter().filter_map(|one| match &one.who {
                Who::Agent(agent) => Some(agent),
                Who::Outside(_) => None,
            });
            [agent].into_iter().chain(company).collect()
        }
        CallState::Ending => view.record.agent.iter().collect(),
        CallState::Dialling => match &view.record.source {
            Source::Agent(agent) => vec![agent],
            Source::Trunk(_) | Source::Queue(_) => Vec::new(),
        },
        CallState::InFlow | CallState::Queued { .. } | CallState::ConnectedOutside => Vec::new(),
    }
}

/// The agents who take part beside the two, by their legs.
fn company_of(view: &CallView, is_wanted: impl Fn(&Attendee) -> bool) -> BTreeMap<LegId, AgentId> {
    let agents = view.attendees.iter().filter(|one| is_wanted(one)).filter_map(|one| match &one.who {
        Who::Agent(agent) => Some((one.leg, agent.clone())),
        Who::Outside(_) => None,
    });
    agents.collect()
}

/// The agent who calls somebody outside with this event.
fn caller(what: &CallEvent) -> Option<AgentId> {
    let CallEvent::Started { source: Source::Agent(agent), entry: Entry::Outside(_), .. } = what else {
        return None;
    };
    Some(agent.clone())
}

#[cfg(test)]
mod tests {
    use hotline_acd::OfferFailure;
    use hotline_base::{QueueId, RecordingId, Rng, WallTime};
    use hotline_call::{EndCause, EndKind, Party};

    use super::*;

    fn started() -> CallEvent {
        CallEvent::Started {
            caller: "1".into(),
            caller_name: None,
            called: "2".into(),
            entry: Entry::Extension("bob".into()),
            source: Source::Agent("ann".into()),
            sip_call_id: "x".into(),
            language: "en".into(),
            diversion: None,
        }
    }

    #[test]
    fn everybody_whose_phone_rings_is_concerned_until_somebody_has_the_call() {
        let call = CallId::generate(WallTime(0), &mut Rng::from_number(1));
        let (ann, bob) = (AgentId::from("ann"), AgentId::from("bob"));
        let offered = |offer, agent: &AgentId| CallEvent::Offered {
            offer: LegId(offer),
            agent: agent.clone(),
            because: None,
        };
        let elsewhere = CallEvent::OfferFailed {
            offer: LegId(2),
            agent: bob.clone(),
            failure: OfferFailure::Elsewhere,
            status: None,
        };
        let events: [(CallEvent, &[&str]); 7] = [
            (started(), &[]),
            (offered(1, &ann), &["ann"]),
            (offered(2, &bob), &["bob"]),
            (CallEvent::CustomerMatched { customer: None }, &["ann", "bob"]),
            (CallEvent::Connected { offer: LegId(1), agent: ann }, &["ann"]),
            (elsewhere, &["bob"]),
            (CallEvent::Held { by: Party::Agent }, &["ann"]),
        ];
        let mut concerns = Concerns::default();
        for (what, expected) in events {
            let event = Event { seq: 1, at: WallTime(0), kind: EventKind::Call { call, what } };
            let concerned = concerns.note(&event).agents;
            let concerned: Vec<&str> = concerned.iter().map(AgentId::as_str).collect();
            assert_eq!(concerned, expected, "{event:?}");
        }
    }

    #[test]
    fn an_agent_is_concerned_from_the_offer_to_the_end_of_the_recording() {
        let call = CallId::generate(WallTime(0), &mut Rng::from_number(1));
        let (ann, bob, offer) = (AgentId::from("ann"), AgentId::from("bob"), LegId(1));
        let recording = RecordingId::generate(WallTime(0), &mut Rng::from_number(1));
        let cause = EndCause { kind: EndKind::Completed, sip_status: Some(200), q850: 16 };
        let events = [
            (started(), None),
            (CallEvent::Queued { queue: QueueId::from("sales") }, None),
            (CallEvent::Offered { offer, agent: ann.clone(), because: None }, Some("ann")),
            (CallEvent::Ringing { offer }, Some("ann")),
            (
                CallEvent::OfferFailed { offer, agent: ann, failure: OfferFailure::NoAnswer, status: None },
                Some("ann"),
            ),
            (CallEvent::Answered, None),
            (CallEvent::Offered { offer, agent: bob.clone(), because: None }, Some("bob")),
            (CallEvent::Connected { offer, agent: bob }, Some("bob")),
            (CallEvent::RecordingStarted { recording, path: "a.wav".into() }, Some("bob")),
            (CallEvent::Ended { by: Party::Caller, cause }, Some("bob")),
            (CallEvent::RecordingFailed { recording, problem: "full".into() }, Some("bob")),
        ];
        let mut concerns = Concerns::default();
        for (what, expected) in events {
            let event = Event { seq: 1, at: WallTime(0), kind: EventKind::Call { call, what } };
            let concerned = concerns.note(&event).agents;
            assert_eq!(concerned.first().map(AgentId::as_str), expected, "{event:?}");
            assert!(concerned.len() < 2, "{event:?}");
        }
        assert!(concerns.0.is_empty());
    }
}
