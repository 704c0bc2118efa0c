//! The call record, folded from the events of a call by a pure function.
//!
//! The controller keeps the fold beside each living call; after a crash the same fold over the journal gives
//! the same record.

use std::time::Duration;

use hotline_acd::OfferFailure;
use hotline_base::{
    AgentId, CallId, CustomerId, FlowId, LegId, Pii, QueueId, TrunkId, VoiceMessageId, WallTime,
};
use hotline_ivr::PathStep;
use hotline_sip::Diversion;
use serde::{Deserialize, Serialize};

use crate::cause::{REQUESTS_MAX, Requested};
use crate::event::{CallEvent, DialFailure, EndCause, Entry, Part, Party, QueueOutcome, Source, Who};
use crate::guests::Visiting;
use crate::screening::Screened;
use crate::sound::LegSound;
use crate::staff::CallDisposition;

mod recording;
mod visits;

pub use hotline_media::RecordingIndex;
pub use recording::{Correction, Recording, RecordingState};
pub use visits::{CountedOffer, Ending, Visit};

/// How often somebody joining beside the two, or another way of doing so, is kept of one call.
pub(crate) const ATTENDANCES_MAX: usize = 256;

/// Everything that is kept of one call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallRecord {
    /// The call.
    pub call: CallId,
    /// The caller's number as sent.
    pub caller: Pii<String>,
    /// The caller's display name.
    pub caller_name: Option<Pii<String>>,
    /// What was dialled, as sent.
    pub called: Pii<String>,
    /// Where the call went first.
    pub entry: Entry,
    /// Where it came from.
    pub source: Source,
    /// The SIP Call-ID of the caller's leg.
    pub sip_call_id: String,
    /// The language in which the caller was addressed last.
    pub language: String,
    /// The caller in the address book.
    pub customer: Option<CustomerId>,
    /// INVITE received.
    pub started_at: WallTime,
    /// 200 sent to the caller.
    pub answered_at: Option<WallTime>,
    /// Caller and agent heard each other first.
    pub connected_at: Option<WallTime>,
    /// Nobody was connected any more.
    pub ended_at: Option<WallTime>,
    /// Who hung up.
    pub ended_by: Option<Party>,
    /// Why it ended.
    pub cause: Option<EndCause>,
    /// The agent who took it last, or who called somebody outside.
    pub agent: Option<AgentId>,
    /// The way through the flows.
    pub path: Vec<FlowStep>,
    /// Answers to surveys, in order.
    #[serde(default)]
    pub answers: Vec<SurveyAnswer>,
    /// Stays in queues, in order.
    pub queues: Vec<QueueVisit>,
    /// Offers to agents, in order.
    pub offers: Vec<Offer>,
    /// Recordings of the conversation.
    pub recordings: Vec<Recording>,
    /// Who sent the caller on to whom, in order.
    #[serde(default)]
    pub transfers: Vec<Transfer>,
    /// What was done with it for requests of clients, in order; at most 200.
    #[serde(default)]
    pub requests: Vec<RequestedAt>,
    /// The wish to be called back that the call was made for.
    #[serde(default)]
    pub callback: Option<CalledBack>,
    /// Who took part beside the two, in the order of joining.
    #[serde(default)]
    pub attendances: Vec<Attendance>,
    /// When the customer left and the agent talked on with the others.
    #[serde(default)]
    pub customer_left_at: Option<WallTime>,
    /// Tries to call somebody outside, in order.
    #[serde(default)]
    pub dials: Vec<Dial>,
    /// Who sent the call on to us.
    #[serde(default)]
    pub diversion: Option<Diversion>,
    /// How its legs sounded, in the order of their ends.
    #[serde(default)]
    pub sounds: Vec<LegSound>,
    /// From where the visitor of a web page called, and why.
    #[serde(default)]
    pub visiting: Option<Visiting>,
    /// Why the caller was not let through as dialled, and what became of the call.
    #[serde(default)]
    pub screened: Option<Screened>,
    /// What the caller left, in order.
    #[serde(default)]
    pub messages: Vec<LeftMessage>,
    /// What became of the call, by agent. Added when a record is read: most of it is said when the record is written.
    #[serde(skip)]
    pub dispositions: Vec<CallDisposition>,
}

/// Something that was done for a request of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestedAt {
    /// When.
    pub at: WallTime,
    /// What, for which request.
    pub what: Requested,
}

/// One message of the caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftMessage {
    /// The message.
    pub id: VoiceMessageId,
    /// An agent or a queue; absent if the flow keeps it for itself.
    pub mailbox: Option<String>,
    /// Complete.
    pub at: WallTime,
    /// Length.
    pub duration: Duration,
}

/// Somebody who took part beside the two, in one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendance {
    /// The leg.
    pub leg: LegId,
    /// Who.
    pub who: Who,
    /// How.
    pub part: Part,
    /// From when on.
    pub from: WallTime,
    /// Until when; absent while it goes on.
    pub until: Option<WallTime>,
    /// Whether the agent is to know of it.
    pub told: bool,
}

/// One try to call somebody outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dial {
    /// The leg.
    pub leg: LegId,
    /// The trunk.
    pub trunk: TrunkId,
    /// Its server, as configured.
    pub server: String,
    /// The number, normalised.
    pub number: Pii<String>,
    /// The agent whose own device this is; absent if somebody else is called.
    #[serde(default)]
    pub device_of: Option<AgentId>,
    /// Begun.
    pub dialled_at: WallTime,
    /// The called phone rang.
    pub ringing_at: Option<WallTime>,
    /// Answered or failed.
    pub ended_at: Option<WallTime>,
    /// What became of it.
    pub outcome: DialOutcome,
}

/// What became of a try to call somebody outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DialOutcome {
    /// Still open.
    Pending,
    /// The called one took the call.
    Answered,
    /// It came to nothing.
    Failed {
        /// Why.
        failure: DialFailure,
        /// The final SIP status, if there was one.
        status: Option<u16>,
    },
}

/// One transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// Begun.
    pub at: WallTime,
    /// The agent who sent the caller on.
    pub by: AgentId,
    /// Where to.
    pub to: Entry,
    /// Whether the agent had talked to the one who took over.
    pub attended: bool,
    /// What became of it.
    pub outcome: TransferOutcome,
}

/// What became of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TransferOutcome {
    /// Still open; for good if the caller hung up meanwhile.
    Pending,
    /// The caller was taken over.
    Done,
    /// Nobody took over.
    Failed,
}

/// One step of a flow, as it was run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowStep {
    /// The flow.
    pub flow: FlowId,
    /// The step.
    pub step: PathStep,
}

/// One answer to a survey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SurveyAnswer {
    /// The survey.
    pub survey: String,
    /// The question.
    pub question: String,
    /// The key that was pressed.
    pub answer: u8,
    /// When.
    pub at: WallTime,
}

/// One stay in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueVisit {
    /// The queue.
    pub queue: QueueId,
    /// Joined.
    pub entered_at: WallTime,
    /// Left, when `outcome` is known.
    pub left_at: Option<WallTime>,
    /// How it ended.
    pub outcome: Option<QueueOutcome>,
}

impl QueueVisit {
    /// How long the caller waited, once the stay is over.
    #[must_use]
    pub fn waited(&self) -> Option<Duration> {
        self.left_at.map(|left| left.since(self.entered_at))
    }
}

/// One offer to an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The agent leg.
    pub leg: LegId,
    /// The agent.
    pub agent: AgentId,
    /// Chosen.
    pub offered_at: WallTime,
    /// The screen pop was written to the agent's page; absent if it had none or it took too long.
    pub popped_at: Option<WallTime>,
    /// The INVITE left.
    pub invited_at: Option<WallTime>,
    /// The phone rang.
    pub ringing_at: Option<WallTime>,
    /// Taken or failed.
    pub ended_at: Option<WallTime>,
    /// What became of it.
    pub outcome: OfferOutcome,
}

impl Offer {
    const fn new(leg: LegId, agent: AgentId, offered_at: WallTime) -> Self {
        Self {
            leg,
            agent,
            offered_at,
            popped_at: None,
            invited_at: None,
            ringing_at: None,
            ended_at: None,
            outcome: OfferOutcome::Pending,
        }
    }
}

/// What became of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OfferOutcome {
    /// Still open.
    Pending,
    /// The agent took the call.
    Answered,
    /// It came to nothing.
    Failed {
        /// Why.
        failure: OfferFailure,
        /// The final SIP status of the agent's leg, if there was one.
        status: Option<u16>,
    },
}

/// For which wish to be called back a call was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalledBack {
    /// The wish.
    pub id: CallId,
    /// When it was asked for; the wait is reported apart from that of callers who hold the line.
    pub requested_at: WallTime,
}

impl CallRecord {
    /// The last steps of the way through the flows, at most so many.
    #[must_use]
    pub fn last_steps(&self, steps_max: usize) -> &[FlowStep] {
        &self.path[self.path.len().saturating_sub(steps_max)..]
    }

    /// Begins a record from the first event of a call; `None` if that is not [`CallEvent::Started`].
    #[must_use]
    pub fn begin(call: CallId, at: WallTime, event: &CallEvent) -> Option<Self> {
        let CallEvent::Started {
            caller,
            caller_name,
            called,
            entry,
            source,
            sip_call_id,
            language,
            diversion,
        } = event
        else {
            return None;
        };
        let agent = match (source, entry) {
            (Source::Agent(agent), Entry::Outside(_)) => Some(agent.clone()),
            (Source::Agent(_) | Source::Trunk(_) | Source::Queue(_), _) => None,
        };
        Some(Self {
            call,
            caller: caller.clone(),
            caller_name: caller_name.clone(),
            called: called.clone(),
            entry: entry.clone(),
            source: source.clone(),
            sip_call_id: sip_call_id.clone(),
            language: language.clone(),
            customer: None,
            started_at: at,
            answered_at: None,
            connected_at: None,
            ended_at: None,
            ended_by: None,
            cause: None,
            agent,
            path: Vec::new(),
            queues: Vec::new(),
            offers: Vec::new(),
            recordings: Vec::new(),
            transfers: Vec::new(),
            requests: Vec::new(),
            answers: Vec::new(),
            callback: None,
            attendances: Vec::new(),
            customer_left_at: None,
            dials: Vec::new(),
            diversion: diversion.as_deref().cloned(),
            sounds: Vec::new(),
            visiting: None,
            screened: None,
            messages: Vec::new(),
            dispositions: Vec::new(),
        })
    }

    /// Folds one more event of the call into the record. Events about things the record does not know are
    /// ignored: a journal that lost its head must not stop a restart.
    pub fn apply(&mut self, at: WallTime, event: &CallEvent) {
        match event {
            CallEvent::Started { .. } | CallEvent::Position { .. } => {}
            CallEvent::CustomerMatched { customer } => self.customer = *customer,
            CallEvent::Screened(screened) => self.screened = Some(screened.clone()),
            CallEvent::Visiting(visiting) => self.visiting = Some(visiting.clone()),
            CallEvent::Answered => self.answered_at = Some(at),
            CallEvent::StepLeft { flow, step } => {
                self.path.push(FlowStep { flow: flow.clone(), step: step.clone() });
            }
            CallEvent::SurveyAnswered { survey, question, answer } => {
                let (survey, question) = (survey.clone(), question.clone());
                self.answers.push(SurveyAnswer { survey, question, answer: *answer, at });
            }
            CallEvent::LanguageChanged { language } => self.language.clone_from(language),
            CallEvent::Queued { queue } => {
                let queue = queue.clone();
                self.queues.push(QueueVisit { queue, entered_at: at, left_at: None, outcome: None });
            }
            CallEvent::Dequeued { outcome, .. } => self.leave_queue(at, *outcome),
            CallEvent::Offered { offer, agent, .. } => {
                self.offers.push(Offer::new(*offer, agent.clone(), at))
            }
            CallEvent::Popped { offer, written } => {
                self.with_offer(*offer, |entry| entry.popped_at = written.then_some(at));
            }
            CallEvent::Invited { offer } => self.with_offer(*offer, |entry| entry.invited_at = Some(at)),
            CallEvent::Ringing { offer } => self.with_offer(*offer, |entry| entry.ringing_at = Some(at)),
            CallEvent::OfferFailed { offer, failure, status, .. } => {
                self.end_offer(*offer, at, OfferOutcome::Failed { failure: *failure, status: *status });
            }
            CallEvent::Dialled { .. }
            | CallEvent::DialRinging { .. }
            | CallEvent::DialFailed { .. }
            | CallEvent::DialAnswered { .. } => self.apply_dial(at, event),
            CallEvent::Connected { .. }
            | CallEvent::Transferring { .. }
            | CallEvent::Transferred { .. }
            | CallEvent::TransferFailed { .. }
            | CallEvent::PartyJoined { .. }
            | CallEvent::PartyLeft { .. }
            | CallEvent::CustomerLeft
            | CallEvent::TakenOver { .. } => self.apply_company(at, event),
            CallEvent::Held { .. }
            | CallEvent::Retrieved { .. }
            | CallEvent::RecordingStarted { .. }
            | CallEvent::RecordingPaused { .. }
            | CallEvent::RecordingResumed { .. }
            | CallEvent::RecordingFinished { .. }
            | CallEvent::RecordingMended { .. }
            | CallEvent::RecordingFailed { .. } => self.apply_recording(at, event),
            CallEvent::MessageLeft { message, mailbox, duration } => {
                let (id, mailbox) = (*message, mailbox.clone());
                self.messages.push(LeftMessage { id, mailbox, at, duration: *duration });
            }
            CallEvent::Requested(what) => self.note_request(at, what),
            CallEvent::CallingBack { callback, requested_at, .. } => {
                self.callback = Some(CalledBack { id: *callback, requested_at: *requested_at });
            }
            CallEvent::NotOffered { .. }
            | CallEvent::Assigned { .. }
            | CallEvent::Prioritised { .. }
            | CallEvent::Consulting { .. }
            | CallEvent::ConsultEnded { .. }
            | CallEvent::Muted { .. } => {}
            CallEvent::SoundMeasured(sound) => self.sounds.push(sound.clone()),
            CallEvent::Ended { by, cause } => self.end(at, *by, cause),
        }
    }

    fn end(&mut self, at: WallTime, by: Party, cause: &EndCause) {
        (self.ended_at, self.ended_by, self.cause) = (Some(at), Some(by), Some(cause.clone()));
        // Who has the customer's place is there to the end.
        let open = self.attendances.iter_mut().filter(|one| one.until.is_none());
        open.for_each(|one| one.until = Some(at));
    }

    /// What follows is done for a request of a client.
    fn note_request(&mut self, at: WallTime, what: &Requested) {
        if self.requests.len() < REQUESTS_MAX {
            self.requests.push(RequestedAt { at, what: what.clone() });
        }
    }

    /// Who talks, is sent on, and takes part beside the two.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only these are given here")]
    fn apply_company(&mut self, at: WallTime, event: &CallEvent) {
        match event {
            CallEvent::Connected { offer, agent } => {
                self.leave(*offer, at);
                self.connected_at.get_or_insert(at);
                self.agent = Some(agent.clone());
                self.end_offer(*offer, at, OfferOutcome::Answered);
            }
            CallEvent::Transferring { by, to } => self.begin_transfer(at, by, to, false),
            CallEvent::Transferred { by, to, attended } => {
                if *attended {
                    self.begin_transfer(at, by, to, true);
                    self.take_over(at, to);
                }
                self.end_transfer(TransferOutcome::Done);
                self.mark_transfer(at, by);
            }
            CallEvent::TransferFailed { .. } => self.end_transfer(TransferOutcome::Failed),
            CallEvent::PartyJoined { leg, who, part, told } => {
                self.leave(*leg, at);
                self.end_offer_of(*leg, at);
                let (leg, who, part, told) = (*leg, who.clone(), *part, *told);
                if self.attendances.len() < ATTENDANCES_MAX {
                    self.attendances.push(Attendance { leg, who, part, from: at, until: None, told });
                }
            }
            CallEvent::PartyLeft { leg } => self.leave(*leg, at),
            CallEvent::CustomerLeft => self.customer_left_at = Some(at),
            CallEvent::TakenOver { from, .. } => self.mark_transfer(at, from),
            _ => {}
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "only these are given here")]
    fn apply_dial(&mut self, at: WallTime, event: &CallEvent) {
        match event {
            CallEvent::Dialled { leg, trunk, server, number, device_of } => self.dials.push(Dial {
                leg: *leg,
                trunk: trunk.clone(),
                server: server.clone(),
                number: number.clone(),
                device_of: device_of.clone(),
                dialled_at: at,
                ringing_at: None,
                ended_at: None,
                outcome: DialOutcome::Pending,
            }),
            CallEvent::DialRinging { leg } => self.with_dial(*leg, |dial| dial.ringing_at = Some(at)),
            CallEvent::DialFailed { leg, failure, status } => self.with_dial(*leg, |dial| {
                dial.ended_at = Some(at);
                dial.outcome = DialOutcome::Failed { failure: *failure, status: *status };
            }),
            CallEvent::DialAnswered { leg } => {
                let mut is_device = false;
                self.with_dial(*leg, |dial| {
                    dial.ended_at = Some(at);
                    dial.outcome = DialOutcome::Answered;
                    is_device = dial.device_of.is_some();
                });
                // Who is called back before an agent talks to nobody yet.
                let waits = matches!(self.source, Source::Queue(_)) && self.answered_at.is_none();
                if !is_device && !waits {
                    self.connected_at.get_or_insert(at);
                }
            }
            _ => {}
        }
    }

    /// Whoever has this leg takes part no more in the way it did.
    fn leave(&mut self, leg: LegId, at: WallTime) {
        let open = self.attendances.iter_mut().filter(|one| one.leg == leg && one.until.is_none());
        open.for_each(|one| one.until = Some(at));
    }

    /// Somebody outside who was asked talks with the customer from here on, and not beside the two.
    fn take_over(&mut self, at: WallTime, to: &Entry) {
        let Entry::Outside(number) = to else { return };
        let taken = Who::Outside(number.clone());
        let open = self.attendances.iter_mut().filter(|one| one.who == taken && one.until.is_none());
        open.for_each(|one| one.until = Some(at));
    }

    /// Whom the agent asked has taken the call.
    fn end_offer_of(&mut self, leg: LegId, at: WallTime) {
        self.with_offer(leg, |entry| {
            if entry.outcome == OfferOutcome::Pending {
                (entry.ended_at, entry.outcome) = (Some(at), OfferOutcome::Answered);
            }
        });
    }

    fn begin_transfer(&mut self, at: WallTime, by: &AgentId, to: &Entry, attended: bool) {
        let outcome = TransferOutcome::Pending;
        self.transfers.push(Transfer { at, by: by.clone(), to: to.clone(), attended, outcome });
    }

    fn end_transfer(&mut self, outcome: TransferOutcome) {
        if let Some(transfer) = self.transfers.last_mut() {
            transfer.outcome = outcome;
        }
    }

    fn leave_queue(&mut self, at: WallTime, outcome: QueueOutcome) {
        if let Some(visit) = self.queues.last_mut() {
            visit.left_at = Some(at);
            visit.outcome = Some(outcome);
        }
    }

    fn end_offer(&mut self, leg: LegId, at: WallTime, outcome: OfferOutcome) {
        self.with_offer(leg, |entry| {
            entry.ended_at = Some(at);
            entry.outcome = outcome;
        });
    }

    fn with_offer(&mut self, leg: LegId, change: impl FnOnce(&mut Offer)) {
        if let Some(entry) = self.offers.iter_mut().rev().find(|entry| entry.leg == leg) {
            change(entry);
        }
    }

    /// The present try of a leg.
    fn with_dial(&mut self, leg: LegId, change: impl FnOnce(&mut Dial)) {
        if let Some(dial) = self.dials.last_mut().filter(|dial| dial.leg == leg) {
            change(dial);
        }
    }
}

#[cfg(test)]
mod tests {
    use hotline_base::{NumberId, RecordingId, Rng, TrunkId};

    use super::*;
    use crate::event::EndKind;

    fn begun() -> CallRecord {
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
        CallRecord::begin(call, WallTime(1_000_000), &started).unwrap()
    }

    #[test]
    fn an_abandoned_call_has_its_waiting_time() {
        let mut record = begun();
        let queue = QueueId::from("sales");
        record.apply(WallTime(2_000_000), &CallEvent::Queued { queue: queue.clone() });
        assert_eq!(record.queues[0].waited(), None);
        let outcome = QueueOutcome::Abandoned;
        record.apply(WallTime(9_000_000), &CallEvent::Dequeued { queue, outcome });
        let cause = EndCause { kind: EndKind::Abandoned, sip_status: Some(200), q850: 16 };
        record.apply(WallTime(9_000_000), &CallEvent::Ended { by: Party::Caller, cause });
        assert_eq!(record.queues[0].waited(), Some(Duration::from_secs(7)));
        assert_eq!(record.ended_by, Some(Party::Caller));
    }

    #[test]
    fn only_the_first_event_begins_a_record() {
        assert_eq!(CallRecord::begin(begun().call, WallTime(0), &CallEvent::Answered), None);
    }

    #[test]
    fn a_message_that_the_caller_left_is_on_record() {
        let mut record = begun();
        let message = VoiceMessageId::generate(WallTime(0), &mut Rng::from_number(2));
        let (mailbox, duration) = (Some("1001".to_owned()), Duration::from_millis(1240));
        let what = CallEvent::MessageLeft { message, mailbox: mailbox.clone(), duration };
        record.apply(WallTime(3_000_000), &what);
        let left = LeftMessage { id: message, mailbox, at: WallTime(3_000_000), duration };
        assert_eq!(record.messages, [left]);
    }

    #[test]
    fn a_recording_that_never_opened_is_on_record() {
        let mut record = begun();
        let recording = RecordingId::generate(WallTime(0), &mut Rng::from_number(2));
        let problem = "disk full".to_owned();
        record
            .apply(WallTime(3_000_000), &CallEvent::RecordingFailed { recording, problem: problem.clone() });
        assert_eq!(record.recordings[0].state, RecordingState::Failed { problem });
        assert!(!record.is_recording());
    }
}
