//! How many callers wait in each queue and since when, followed event by event: agents are told this and not who waits.

use std::collections::BTreeMap;

use hotline_base::{CallId, QueueId, WallTime};
use hotline_call::{CallEvent, Event, EventKind, Snapshot};

/// Who waits where since when; bounded by the shard's limit of calls.
#[derive(Default)]
pub(crate) struct Lines(BTreeMap<QueueId, Line>);

type Line = BTreeMap<CallId, WallTime>;

/// A queue that has become longer or shorter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LengthChange {
    pub(crate) queue: QueueId,
    pub(crate) length: usize,
    /// Since when who has waited longest waits.
    pub(crate) longest_since: Option<WallTime>,
}

impl LengthChange {
    fn of(queue: &QueueId, line: &Line) -> Self {
        Self { queue: queue.clone(), length: line.len(), longest_since: line.values().min().copied() }
    }
}

/// What agents are told of an event that does not concern them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Share {
    /// Of a call's way through a queue: how long that is.
    Length(LengthChange),
    /// All of it: a message was left for a queue, and who left it is not told.
    Whole,
}

impl Lines {
    /// As of a snapshot.
    pub(crate) fn from_snapshot(snapshot: &Snapshot) -> Self {
        let line = |view: &hotline_acd::QueueView| {
            (view.id.clone(), view.on_the_line().map(|caller| (caller.call, caller.since)).collect())
        };
        Self(snapshot.queues.iter().map(line).collect())
    }

    /// Notes what happened, and says which queue it made longer or shorter.
    pub(crate) fn note(&mut self, event: &Event) -> Option<LengthChange> {
        let EventKind::Call { call, what } = &event.kind else { return None };
        match what {
            CallEvent::Queued { queue } => {
                let line = self.0.entry(queue.clone()).or_default();
                line.insert(*call, event.at).is_none().then(|| LengthChange::of(queue, line))
            }
            // The end of a call takes it out of its queue even if a defect kept the queue from saying so.
            CallEvent::Dequeued { .. } | CallEvent::Ended { .. } => self.leave(*call),
            CallEvent::Started { .. }
            | CallEvent::Screened(_)
            | CallEvent::Visiting(_)
            | CallEvent::CustomerMatched { .. }
            | CallEvent::Answered
            | CallEvent::StepLeft { .. }
            | CallEvent::SurveyAnswered { .. }
            | CallEvent::LanguageChanged { .. }
            | CallEvent::Position { .. }
            | CallEvent::NotOffered { .. }
            | CallEvent::Assigned { .. }
            | CallEvent::Prioritised { .. }
            | CallEvent::CallingBack { .. }
            | CallEvent::Offered { .. }
            | CallEvent::Popped { .. }
            | CallEvent::Invited { .. }
            | CallEvent::Ringing { .. }
            | CallEvent::OfferFailed { .. }
            | CallEvent::Connected { .. }
            | CallEvent::Dialled { .. }
            | CallEvent::DialRinging { .. }
            | CallEvent::DialFailed { .. }
            | CallEvent::DialAnswered { .. }
            | CallEvent::Consulting { .. }
            | CallEvent::ConsultEnded { .. }
            | CallEvent::PartyJoined { .. }
            | CallEvent::PartyLeft { .. }
            | CallEvent::CustomerLeft
            | CallEvent::TakenOver { .. }
            | CallEvent::Muted { .. }
            | CallEvent::Held { .. }
            | CallEvent::Retrieved { .. }
            | CallEvent::Transferring { .. }
            | CallEvent::Transferred { .. }
            | CallEvent::TransferFailed { .. }
            | CallEvent::SoundMeasured(_)
            | CallEvent::MessageLeft { .. }
            | CallEvent::RecordingStarted { .. }
            | CallEvent::RecordingPaused { .. }
            | CallEvent::RecordingResumed { .. }
            | CallEvent::Requested(_)
            | CallEvent::RecordingFinished { .. }
            | CallEvent::RecordingMended { .. }
            | CallEvent::RecordingFailed { .. } => None,
        }
    }

    fn leave(&mut self, call: CallId) -> Option<LengthChange> {
        let (queue, line) = self.0.iter_mut().find(|(_, line)| line.contains_key(&call))?;
        line.remove(&call);
        Some(LengthChange::of(queue, line))
    }
}

#[cfg(test)]
mod tests {
    use hotline_acd::{CallerKind, CallerView, QueueCounts, QueueView};
    use hotline_base::{Rng, WallTime};
    use hotline_call::{EndCause, EndKind, Party, QueueOutcome};

    use super::*;
    use crate::testing::snapshot;

    fn call(number: u64) -> CallId {
        CallId::generate(WallTime(0), &mut Rng::from_number(number))
    }

    fn sales() -> QueueView {
        let caller = CallerView {
            call: call(1),
            since: WallTime(0),
            position: 1,
            offered_to: vec![],
            kind: CallerKind::OnTheLine,
        };
        QueueView {
            id: "sales".into(),
            name: "Sales".into(),
            waiting: vec![caller],
            members: 2,
            staffed: 2,
            offerable: 1,
            working: 2,
            longest_since: Some(WallTime(0)),
            callbacks_waiting: 0,
            counts: QueueCounts::default(),
        }
    }

    #[test]
    fn lengths_follow_those_who_come_and_go_from_the_snapshot_on() {
        let mut lines = Lines::from_snapshot(&Snapshot { queues: vec![sales()], ..snapshot(1) });
        let queued = |queue: &str| CallEvent::Queued { queue: queue.into() };
        let left = || CallEvent::Dequeued { queue: "sales".into(), outcome: QueueOutcome::Answered };
        let cause = || EndCause { kind: EndKind::InternalError, sip_status: Some(500), q850: 41 };
        let ended = || CallEvent::Ended { by: Party::System, cause: cause() };
        for (number, what, expected) in [
            (2, queued("sales"), Some(("sales", 2, Some(0)))),
            (2, queued("sales"), None),
            (3, queued("support"), Some(("support", 1, Some(9)))),
            (2, CallEvent::Position { queue: "sales".into(), position: 2, waiting: 2 }, None),
            (1, left(), Some(("sales", 1, Some(9)))),
            (1, left(), None),
            (1, ended(), None),
            (3, ended(), Some(("support", 0, None))),
            (2, left(), Some(("sales", 0, None))),
        ] {
            let kind = EventKind::Call { call: call(number), what };
            let change = lines.note(&Event { seq: 2, at: WallTime(9), kind });
            let told = |change: &LengthChange| {
                (change.queue.to_string(), change.length, change.longest_since.map(|since| since.0))
            };
            let expected = expected.map(|(queue, length, since)| (queue.to_owned(), length, since));
            let change = change.as_ref().map(told);
            assert_eq!(change, expected, "call {number}");
        }
    }
}
