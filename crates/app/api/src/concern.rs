//! Which agents a call concerns at each moment: those it is offered to and who talks with it, until that is over.

use std::collections::{BTreeMap, BTreeSet};

use hotline_base::{AgentId, CallId, LegId};
use hotline_call::{
    Attendee, CallEvent, CallState, CallView, Entry, Event, EventKind, OfferOutcome, Snapshot, Source, Who,
};

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
}

impl Concerns {
    /// As of a snapshot. Whether the address book has answered is not told there: a known customer shows that it
    /// has.
    pub(crate) fn from_snapshot(snapshot: &Snapshot) -> Self {
        let concern = |view: &hotline_call::CallView| Concern {
            agents: agents_of(view).into_iter().cloned().collect(),
            company: company_of(view, |_| true),
            hidden: company_of(view, |one| !one.told),
            lookup_done: view.customer.is_some(),
            recording: view.record.is_recording(),
            ended: view.record.ended_at.is_some(),
        };
        Self(snapshot.calls.iter().map(|view| (view.record.call, concern(view))).collect())
    }

    /// Whether the address book has answered for this call.
    pub(crate) fn lookup_done(&self, call: CallId) -> bool {
        self.0.get(&call).is_some_and(|concern| concern.lookup_done)
    }

    /// Notes what happened and says which agents it concerns.
    pub(crate) fn note(&mut self, event: &Event) -> Vec<AgentId> {
        match &event.kind {
            EventKind::Agent { agent, .. } => vec![agent.clone()],
            EventKind::AlarmRaised(_) | EventKind::AlarmCleared(_) => Vec::new(),
            EventKind::Call { call, what } => self.note_call(*call, what),
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
        let mut concerned: Vec<AgentId> = concern.agents.iter().cloned().collect();
        match what {
            CallEvent::Offered { agent, .. } => {
                concerned = vec![agent.clone()];
                concern.agents.insert(agent.clone());
            }
            CallEvent::Connected { agent, offer } => {
                concern.company.remove(offer);
                concern.agents = concern.company.values().cloned().collect();
                concern.agents.insert(agent.clone());
                concerned = concern.agents.iter().cloned().collect();
            }
            // Who listens in secret is known to who does so, and to those who see all.
            CallEvent::PartyJoined { leg, who: Who::Agent(agent), told: false, .. } => {
                concern.company.insert(*leg, agent.clone());
                concern.hidden.insert(*leg, agent.clone());
                concern.agents.insert(agent.clone());
                concerned = vec![agent.clone()];
            }
            CallEvent::SoundMeasured(measured) if concern.hidden.contains_key(&measured.leg) => {
                concerned = concern.hidden.get(&measured.leg).cloned().into_iter().collect();
            }
            CallEvent::PartyJoined { leg, who: Who::Agent(agent), .. } => {
                concern.hidden.remove(leg);
                concern.company.insert(*leg, agent.clone());
                if concern.agents.insert(agent.clone()) {
                    concerned.push(agent.clone());
                }
            }
            CallEvent::PartyLeft { leg } => {
                if let Some(agent) = concern.company.remove(leg) {
                    if concern.hidden.contains_key(leg) {
                        concerned = vec![agent.clone()];
                    }
                    concern.agents.remove(&agent);
                }
            }
            CallEvent::OfferFailed { agent, .. } => {
                concerned = vec![agent.clone()];
                concern.agents.remove(agent);
            }
            CallEvent::CustomerMatched { .. } => concern.lookup_done = true,
            CallEvent::RecordingStarted { .. } => concern.recording = true,
            CallEvent::RecordingFinished { .. }
            | CallEvent::RecordingMended { .. }
            | CallEvent::RecordingFailed { .. } => concern.recording = false,
            CallEvent::Ended { .. } => concern.ended = true,
            CallEvent::Started { .. }
            | CallEvent::SoundMeasured(_)
            | CallEvent::MessageLeft { .. }
            | CallEvent::RecordingPaused { .. }
            | CallEvent::RecordingResumed { .. }
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
            | CallEvent::PartyJoined { who: Who::Outside(_), .. }
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
        if concern.ended && !concern.recording {
            self.0.remove(&call);
        }
        concerned
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
            let concerned = concerns.note(&event);
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
            let concerned = concerns.note(&event);
            assert_eq!(concerned.first().map(AgentId::as_str), expected, "{event:?}");
            assert!(concerned.len() < 2, "{event:?}");
        }
        assert!(concerns.0.is_empty());
    }
}
