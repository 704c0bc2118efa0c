//! Which agent a call concerns at each moment: the one it is offered to or talks with, until that is over.

use std::collections::BTreeMap;

use hotline_base::{AgentId, CallId};
use hotline_call::{CallEvent, CallState, Entry, Event, EventKind, Snapshot, Source};

/// The living calls; bounded by the shard's limit of calls.
#[derive(Default)]
pub(crate) struct Concerns(BTreeMap<CallId, Concern>);

#[derive(Default)]
struct Concern {
    agent: Option<AgentId>,
    lookup_done: bool,
    recording: bool,
    ended: bool,
}

impl Concerns {
    /// As of a snapshot. Whether the address book has answered is not told there: a known customer shows that it
    /// has.
    pub(crate) fn from_snapshot(snapshot: &Snapshot) -> Self {
        let concern = |view: &hotline_call::CallView| Concern {
            agent: match &view.state {
                CallState::Offered { agent, .. } | CallState::Connected { agent } => Some(agent.clone()),
                CallState::Ending => view.record.agent.clone(),
                CallState::Dialling => match &view.record.source {
                    Source::Agent(agent) => Some(agent.clone()),
                    Source::Trunk(_) => None,
                },
                CallState::InFlow | CallState::Queued { .. } | CallState::ConnectedOutside => None,
            },
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

    /// Notes what happened and says which agent it concerns.
    pub(crate) fn note(&mut self, event: &Event) -> Option<AgentId> {
        match &event.kind {
            EventKind::Agent { agent, .. } => Some(agent.clone()),
            EventKind::AlarmRaised(_) | EventKind::AlarmCleared(_) => None,
            EventKind::Call { call, what } => self.note_call(*call, what),
        }
    }

    fn note_call(&mut self, call: CallId, what: &CallEvent) -> Option<AgentId> {
        if let CallEvent::Started { .. } = what {
            self.0.insert(call, Concern { agent: caller(what), ..Concern::default() });
        }
        // Whoever hangs up leaves a message when the call is over.
        if let CallEvent::MessageLeft { mailbox, .. } = what {
            return mailbox.as_deref().map(AgentId::from);
        }
        // Nothing is remembered of a call that is not alive.
        let concern = self.0.get_mut(&call)?;
        let mut concerned = concern.agent.clone();
        match what {
            CallEvent::Offered { agent, .. } | CallEvent::Connected { agent, .. } => {
                concerned = Some(agent.clone());
                concern.agent.clone_from(&concerned);
            }
            CallEvent::OfferFailed { agent, .. } => {
                concerned = Some(agent.clone());
                concern.agent = None;
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
            | CallEvent::Popped { .. }
            | CallEvent::Invited { .. }
            | CallEvent::Ringing { .. }
            | CallEvent::Dialled { .. }
            | CallEvent::DialRinging { .. }
            | CallEvent::DialFailed { .. }
            | CallEvent::DialAnswered { .. }
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
    use hotline_base::{LegId, QueueId, RecordingId, Rng, WallTime};
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
            assert_eq!(concerns.note(&event).as_ref().map(AgentId::as_str), expected, "{event:?}");
        }
        assert!(concerns.0.is_empty());
    }
}
