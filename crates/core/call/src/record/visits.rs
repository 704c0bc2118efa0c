//! A call as reports count it: each stay in a queue with what became of it, and each offer to an agent. Functions of the record,
//! so that counting anew gives the same.

use std::time::Duration;

use hotline_acd::OfferFailure;
use hotline_base::{AgentId, QueueId, WallTime};
use hotline_ivr::{CallbackExit, StepExit};

use super::{CallRecord, Offer, OfferOutcome, QueueVisit};
use crate::event::QueueOutcome;

/// What became of a stay in a queue. Every stay has exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// An agent took the call.
    Answered,
    /// The caller hung up.
    Abandoned,
    /// The caller is called back instead of waiting on.
    Callback,
    /// The call went elsewhere: another queue, a key, the longest wait, closing time, a person.
    FlowedOut,
}

impl Ending {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Answered, Self::Abandoned, Self::Callback, Self::FlowedOut];

    /// The word that stands for it. Never changes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Abandoned => "abandoned",
            Self::Callback => "callback",
            Self::FlowedOut => "flowed_out",
        }
    }
}

/// A stay in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The queue.
    pub queue: QueueId,
    /// When it began. The stay counts for the interval of this moment.
    pub enqueued_at: WallTime,
    /// How long it was.
    pub wait: Duration,
    /// What became of it.
    pub ending: Ending,
    /// Who took the call.
    pub agent: Option<AgentId>,
    /// True if nobody held the line: the call was made for somebody who is called back.
    pub called_back: bool,
}

/// An offer to an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedOffer {
    /// Whom.
    pub agent: AgentId,
    /// Out of which queue; `None` for a call to the agent's own extension and the like.
    pub queue: Option<QueueId>,
    /// When.
    pub offered_at: WallTime,
    /// How long the phone rang.
    pub rang: Duration,
    /// `answered`, `missed`, `rejected`, `busy`, `unreachable`, `fault`, `elsewhere` or `caller_gone`. Never changes.
    pub outcome: &'static str,
}

impl CallRecord {
    /// The stays in queues of a call that is over, in order.
    #[must_use]
    pub fn visits(&self) -> Vec<Visit> {
        let ends = self.queues.iter().skip(1).map(|next| Some(next.entered_at)).chain([None]);
        self.queues.iter().zip(ends).map(|(visit, next)| self.visit(visit, next)).collect()
    }

    /// The offers of a call that is over, in order.
    #[must_use]
    pub fn counted_offers(&self) -> Vec<CountedOffer> {
        let counted = |offer: &Offer| {
            let ended = offer.ended_at.or(self.ended_at).unwrap_or(offer.offered_at);
            CountedOffer {
                agent: offer.agent.clone(),
                queue: self.queue_at(offer.offered_at),
                offered_at: offer.offered_at,
                rang: offer.ringing_at.map(|rang| ended.since(rang)).unwrap_or_default(),
                outcome: outcome(offer.outcome),
            }
        };
        self.offers.iter().map(counted).collect()
    }

    fn visit(&self, visit: &QueueVisit, next: Option<WallTime>) -> Visit {
        // A server that was killed leaves the end of the stay to that of the call.
        let left = visit.left_at.or(self.ended_at).unwrap_or(visit.entered_at);
        let ending = match visit.outcome {
            Some(QueueOutcome::Answered) => Ending::Answered,
            Some(QueueOutcome::Abandoned) => Ending::Abandoned,
            Some(QueueOutcome::TimedOut | QueueOutcome::Left) if self.is_to_be_called_back(left, next) => {
                Ending::Callback
            }
            Some(
                QueueOutcome::TimedOut | QueueOutcome::Withdrawn | QueueOutcome::Left | QueueOutcome::Moved,
            )
            | None => Ending::FlowedOut,
        };
        let took = |offer: &&Offer| {
            offer.outcome == OfferOutcome::Answered && (visit.entered_at..=left).contains(&offer.offered_at)
        };
        let agent = (ending == Ending::Answered).then(|| self.offers.iter().rfind(took)).flatten();
        Visit {
            queue: visit.queue.clone(),
            enqueued_at: visit.entered_at,
            wait: left.since(visit.entered_at),
            ending,
            agent: agent.map(|offer| offer.agent.clone()),
            called_back: self.callback.is_some(),
        }
    }

    /// Whether the flow noted a wish after `left` and before the next stay in a queue.
    fn is_to_be_called_back(&self, left: WallTime, next: Option<WallTime>) -> bool {
        self.path.iter().any(|step| {
            let at = step.step.left.wall;
            step.step.exit == StepExit::Callback(CallbackExit::Booked)
                && at >= left
                && next.is_none_or(|next| at <= next)
        })
    }

    fn queue_at(&self, at: WallTime) -> Option<QueueId> {
        let covers = |visit: &&QueueVisit| {
            visit.entered_at <= at && visit.left_at.or(self.ended_at).is_none_or(|left| at <= left)
        };
        self.queues.iter().rfind(covers).map(|visit| visit.queue.clone())
    }
}

const fn outcome(of: OfferOutcome) -> &'static str {
    match of {
        OfferOutcome::Answered => "answered",
        // The server was killed while it rang.
        OfferOutcome::Pending => "fault",
        OfferOutcome::Failed { failure, .. } => match failure {
            OfferFailure::NoAnswer => "missed",
            OfferFailure::Rejected => "rejected",
            OfferFailure::Busy => "busy",
            OfferFailure::NotRegistered => "unreachable",
            OfferFailure::PhoneFault | OfferFailure::ServerFault => "fault",
            OfferFailure::Elsewhere => "elsewhere",
            OfferFailure::CallerGone => "caller_gone",
        },
    }
}

#[cfg(test)]
mod tests {
    use hotline_base::{CallId, FlowId, LegId, NumberId, Pii, Rng, TrunkId};
    use serde_json::json;

    use super::*;
    use crate::event::{CallEvent, EndCause, EndKind, Entry, Party, Source};

    fn record(events: &[(i64, CallEvent)]) -> CallRecord {
        let started = CallEvent::Started {
            caller: Pii::from("+15550100"),
            caller_name: None,
            called: Pii::from("4000"),
            entry: Entry::Number { number: NumberId::from("4000"), flow: FlowId::from("main") },
            source: Source::Trunk(TrunkId::from("demo")),
            sip_call_id: "x".to_owned(),
            language: "en".to_owned(),
            diversion: None,
        };
        let call = CallId::generate(WallTime(0), &mut Rng::from_number(1));
        let mut record = CallRecord::begin(call, WallTime(0), &started).unwrap();
        for (second, event) in events {
            record.apply(WallTime(second * 1_000_000), event);
        }
        record
    }

    fn queued(queue: &str) -> CallEvent {
        CallEvent::Queued { queue: QueueId::from(queue) }
    }

    fn dequeued(queue: &str, outcome: QueueOutcome) -> CallEvent {
        CallEvent::Dequeued { queue: QueueId::from(queue), outcome }
    }

    fn offered(offer: u64, agent: &str) -> CallEvent {
        CallEvent::Offered { offer: LegId(offer), agent: AgentId::from(agent), because: None }
    }

    fn booked(second: i64) -> CallEvent {
        let moment = json!({ "mono": 0, "wall": second * 1_000_000 });
        let exit = serde_json::to_value(StepExit::Callback(CallbackExit::Booked)).unwrap();
        let step = json!({ "step": "note", "entered": moment, "left": moment, "exit": exit, "input": null });
        CallEvent::StepLeft { flow: FlowId::from("main"), step: serde_json::from_value(step).unwrap() }
    }

    fn endings(record: &CallRecord) -> Vec<(String, u64, Ending)> {
        let told = |visit: Visit| (visit.queue.to_string(), visit.wait.as_secs(), visit.ending);
        record.visits().into_iter().map(told).collect()
    }

    #[test]
    fn whoever_takes_the_call_and_whoever_does_not_are_counted_apart() {
        let failed = CallEvent::OfferFailed {
            offer: LegId(2),
            agent: AgentId::from("1001"),
            failure: OfferFailure::NoAnswer,
            status: None,
        };
        let record = record(&[
            (10, queued("sales")),
            (11, offered(2, "1001")),
            (12, CallEvent::Ringing { offer: LegId(2) }),
            (22, failed),
            (23, offered(3, "1002")),
            (24, CallEvent::Ringing { offer: LegId(3) }),
            (27, CallEvent::Connected { offer: LegId(3), agent: AgentId::from("1002") }),
            (27, dequeued("sales", QueueOutcome::Answered)),
        ]);
        let [visit] = record.visits().try_into().unwrap();
        assert_eq!((visit.wait.as_secs(), visit.ending), (17, Ending::Answered));
        assert_eq!(visit.agent, Some(AgentId::from("1002")));
        let offers = record.counted_offers();
        let told: Vec<_> = offers.iter().map(|offer| (offer.outcome, offer.rang.as_secs())).collect();
        assert_eq!(told, [("missed", 10), ("answered", 3)]);
        assert!(offers.iter().all(|offer| offer.queue == Some(QueueId::from("sales"))));
    }

    #[test]
    fn a_stay_that_ends_in_a_wish_to_be_called_back_is_no_other() {
        let events = [
            (0, queued("sales")),
            (30, dequeued("sales", QueueOutcome::Left)),
            (40, queued("support")),
            (60, dequeued("support", QueueOutcome::TimedOut)),
            (65, booked(65)),
        ];
        let expected =
            [("sales".to_owned(), 30, Ending::FlowedOut), ("support".to_owned(), 20, Ending::Callback)];
        assert_eq!(endings(&record(&events)), expected);
    }

    #[test]
    fn a_stay_that_a_kill_cut_off_ends_with_the_call() {
        let cause = EndCause { kind: EndKind::ServerRestart, sip_status: None, q850: 41 };
        let ended = CallEvent::Ended { by: Party::System, cause };
        let record = record(&[(5, queued("sales")), (9, ended)]);
        assert_eq!(endings(&record), [("sales".to_owned(), 4, Ending::FlowedOut)]);
    }
}
