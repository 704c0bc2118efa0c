//! Call records.

use std::time::Duration;

use hotline_acd::OfferFailure;
use hotline_api_types as api;
use hotline_base::{LegId, Pii};
use hotline_call::{
    Attendance, CallDisposition, CallRecord, Dial, DialFailure, DialOutcome, Diversion, EndCause, EndKind,
    Entry, FlowStep, Grounds, LeftMessage, LegSound, LineQuality, MonitorMode, Offer, OfferOutcome, Part,
    Party, QueueOutcome, QueueVisit, Recording, RecordingState, Refusal, RequestedAt, Screened, Source,
    SurveyAnswer, Transfer, TransferOutcome, Visiting, Who,
};
use hotline_media::{Channel, MarkKind, RecordedGap, RecordedLeg, RecordedMark, Talk};

use super::{Sight, text, time};

/// A call record.
pub(crate) fn record(record: &CallRecord, sight: Sight) -> api::Record {
    let (number, flow) = entry(&record.entry);
    api::Record {
        id: record.call.to_string(),
        caller: sight.number(&record.caller),
        caller_name: sight.text(record.caller_name.as_ref()),
        called: called(&record.called, &record.entry, sight),
        number,
        flow,
        direction: direction(&record.source, &record.entry),
        source: source(&record.source),
        sip_call_id: record.sip_call_id.clone(),
        language: record.language.clone(),
        customer: record.customer.map(|customer| customer.to_string()),
        started_at: time(record.started_at),
        answered_at: record.answered_at.map(time),
        connected_at: record.connected_at.map(time),
        ended_at: record.ended_at.map(time),
        ended_by: record.ended_by.map(party),
        cause: record.cause.as_ref().map(cause),
        agent: record.agent.as_ref().map(ToString::to_string),
        path: record.path.iter().map(|one| step(one, sight)).collect(),
        queues: record.queues.iter().map(visit).collect(),
        offers: record.offers.iter().map(offer).collect(),
        recordings: record.recordings.iter().map(recording).collect(),
        answers: record.answers.iter().map(answer).collect(),
        transfers: record.transfers.iter().map(|one| transfer(one, sight)).collect(),
        requests: record.requests.iter().map(requested).collect(),
        attendances: record.attendances.iter().map(|one| attendance(one, sight)).collect(),
        customer_left_at: record.customer_left_at.map(time),
        dials: record.dials.iter().map(|one| dial(one, sight)).collect(),
        diversion: record.diversion.as_ref().map(|one| diversion(one, sight)),
        visitor: record.visiting.as_ref().map(|of| visiting(of, sight)),
        blocked: record.screened.as_ref().map(blocked),
        sounds: record.sounds.iter().map(leg_sound).collect(),
        messages: record.messages.iter().map(message).collect(),
        dispositions: record.dispositions.iter().map(disposition).collect(),
    }
}

fn attendance(of: &Attendance, sight: Sight) -> api::Attendance {
    let attendee = attendee(of.leg, &of.who, of.part, sight);
    api::Attendance { attendee, from: time(of.from), until: of.until.map(time) }
}

/// Somebody who takes part beside the two who talk.
pub(super) fn attendee(leg: LegId, who: &Who, part: Part, sight: Sight) -> api::Attendee {
    let (agent, number) = match who {
        Who::Agent(agent) => (Some(agent.to_string()), None),
        Who::Outside(number) => (None, Some(sight.number(number))),
    };
    api::Attendee { leg: leg.0, agent, number, part: self::part(part) }
}

/// In which way somebody takes part.
pub(crate) const fn part(part: Part) -> api::Part {
    match part {
        Part::Consulted => api::Part::Consulted,
        Part::Conference => api::Part::Conference,
        Part::Supervising(MonitorMode::Listen) => api::Part::Listen,
        Part::Supervising(MonitorMode::Whisper) => api::Part::Whisper,
        Part::Supervising(MonitorMode::PrivateWhisper) => api::Part::PrivateWhisper,
        Part::Supervising(MonitorMode::Barge) => api::Part::Barge,
        Part::Supervising(MonitorMode::TakeOver) => api::Part::TakeOver,
    }
}

/// The number and the flow, if a number was dialled.
pub(super) fn entry(entry: &Entry) -> (Option<String>, Option<String>) {
    match entry {
        Entry::Number { number, flow } => (Some(number.to_string()), Some(flow.to_string())),
        Entry::Extension(_) | Entry::Outside(_) | Entry::Queue(_) => (None, None),
    }
}

/// What was dialled. A number of the center is nobody's.
pub(super) fn called(called: &Pii<String>, entry: &Entry, sight: Sight) -> api::Number {
    match entry {
        Entry::Number { .. } => Sight::Plain.number(called),
        Entry::Extension(_) | Entry::Outside(_) | Entry::Queue(_) => sight.number(called),
    }
}

/// Where a caller is sent.
pub(super) fn transfer_target(entry: &Entry, sight: Sight) -> api::TransferTarget {
    match entry {
        Entry::Number { number, .. } => api::TransferTarget::Number(number.to_string()),
        Entry::Extension(agent) => api::TransferTarget::Agent(agent.to_string()),
        Entry::Outside(number) => api::TransferTarget::Outside(sight.number(number)),
        Entry::Queue(queue) => api::TransferTarget::Queue(queue.to_string()),
    }
}

/// Who called whom.
pub(super) const fn direction(source: &Source, entry: &Entry) -> api::Direction {
    match (source, entry) {
        (Source::Trunk(_), _) => api::Direction::In,
        (Source::Agent(_), Entry::Outside(_)) | (Source::Queue(_), _) => api::Direction::Out,
        (Source::Agent(_), Entry::Number { .. } | Entry::Extension(_) | Entry::Queue(_)) => {
            api::Direction::Internal
        }
    }
}

/// Who sent a call on.
pub(super) fn diversion(diversion: &Diversion, sight: Sight) -> api::Diversion {
    api::Diversion { from: sight.number(&diversion.from), reason: diversion.reason.clone() }
}

/// From where a visitor called, and why. Either may hold a number.
pub(super) fn visiting(of: &Visiting, sight: Sight) -> api::Visiting {
    api::Visiting { page: sight.text(of.page.as_ref()), question: sight.text(of.question.as_ref()) }
}

/// How a phone sounded.
pub(super) fn leg_sound(of: &LegSound) -> api::LegSound {
    let LegSound { leg, party: whose, agent, sound } = of;
    api::LegSound {
        leg: leg.0,
        party: party(*whose),
        agent: agent.as_ref().map(ToString::to_string),
        codec: sound.codec.name().to_owned(),
        packets_received: sound.packets_received,
        packets_lost: sound.packets_lost,
        packets_reordered: sound.packets_reordered,
        packets_sent: sound.packets_sent,
        jitter_us: sound.jitter_us,
        jitter_max_us: sound.jitter_max_us,
        concealed_ms: sound.concealed_ms,
        packets_late: sound.packets_late,
        buffered_ms: sound.buffered_ms,
        round_trip_us: sound.round_trip_us,
        peer_lost: sound.peer_lost,
        peer_jitter_us: sound.peer_jitter_us,
        mos: sound.mos_hundredths.map(api::Mos),
    }
}

/// How the line of an agent sounds.
pub(crate) fn line(of: &LineQuality) -> api::LineQuality {
    let LineQuality {
        agent: _,
        call,
        lost_permille,
        peer_lost_permille,
        jitter_us,
        round_trip_us,
        mos_hundredths,
    } = of;
    api::LineQuality {
        call: call.to_string(),
        lost_permille: *lost_permille,
        peer_lost_permille: *peer_lost_permille,
        jitter_us: *jitter_us,
        round_trip_us: *round_trip_us,
        mos: mos_hundredths.map(api::Mos),
    }
}

fn dial(dial: &Dial, sight: Sight) -> api::Dial {
    let (outcome, sip_status) = match &dial.outcome {
        DialOutcome::Pending => (api::DialOutcome::Pending, None),
        DialOutcome::Answered => (api::DialOutcome::Answered, None),
        DialOutcome::Failed { failure, status } => (dial_failure(*failure), *status),
    };
    api::Dial {
        trunk: dial.trunk.to_string(),
        server: dial.server.clone(),
        number: sight.number(&dial.number),
        device_of: dial.device_of.as_ref().map(ToString::to_string),
        dialled_at: time(dial.dialled_at),
        ringing_at: dial.ringing_at.map(time),
        ended_at: dial.ended_at.map(time),
        outcome,
        sip_status,
    }
}

pub(super) const fn dial_failure(failure: DialFailure) -> api::DialOutcome {
    match failure {
        DialFailure::Busy => api::DialOutcome::Busy,
        DialFailure::NoAnswer => api::DialOutcome::NoAnswer,
        DialFailure::Rejected => api::DialOutcome::Rejected,
        DialFailure::UnknownNumber => api::DialOutcome::UnknownNumber,
        DialFailure::Silent => api::DialOutcome::Silent,
        DialFailure::TrunkFault => api::DialOutcome::TrunkFault,
        DialFailure::TrunkFull => api::DialOutcome::TrunkFull,
        DialFailure::TrunkBusy => api::DialOutcome::TrunkBusy,
        DialFailure::NoWay => api::DialOutcome::NoWay,
        DialFailure::NoCodec => api::DialOutcome::NoCodec,
        DialFailure::CallerGone => api::DialOutcome::CallerGone,
        DialFailure::ServerFault => api::DialOutcome::ServerFault,
    }
}

fn transfer(transfer: &Transfer, sight: Sight) -> api::Transfer {
    api::Transfer {
        at: time(transfer.at),
        by: transfer.by.to_string(),
        to: transfer_target(&transfer.to, sight),
        attended: transfer.attended,
        outcome: match transfer.outcome {
            TransferOutcome::Pending => api::TransferOutcome::Pending,
            TransferOutcome::Done => api::TransferOutcome::Done,
            TransferOutcome::Failed => api::TransferOutcome::Failed,
        },
    }
}

pub(super) fn source(source: &Source) -> api::Source {
    match source {
        Source::Trunk(trunk) => api::Source::Trunk(trunk.to_string()),
        Source::Agent(agent) => api::Source::Agent(agent.to_string()),
        Source::Queue(queue) => api::Source::Queue(queue.to_string()),
    }
}

pub(super) fn party(party: Party) -> api::Party {
    match party {
        Party::Caller => api::Party::Caller,
        Party::Callee => api::Party::Callee,
        Party::Agent => api::Party::Agent,
        Party::System => api::Party::System,
    }
}

pub(super) fn blocked(screened: &Screened) -> api::BlockedCall {
    let (by, list, reason) = match &screened.grounds {
        Grounds::List { list, reason } => (api::BlockedBy::List, Some(list.clone()), Some(reason.clone())),
        Grounds::NotAmongAllowed => (api::BlockedBy::Number, None, None),
        Grounds::Customer => (api::BlockedBy::Customer, None, None),
    };
    let (answer, flow) = match &screened.refusal {
        Refusal::Decline => (api::BlockedAnswer::Decline, None),
        Refusal::Busy => (api::BlockedAnswer::Busy, None),
        Refusal::Flow(flow) => (api::BlockedAnswer::Flow, Some(flow.to_string())),
    };
    api::BlockedCall { by, list, reason, answer, flow }
}

pub(super) fn cause(cause: &EndCause) -> api::Cause {
    let kind = match cause.kind {
        EndKind::Completed => api::EndKind::Completed,
        EndKind::Transferred => api::EndKind::Transferred,
        EndKind::Abandoned => api::EndKind::Abandoned,
        EndKind::HungUpEarly => api::EndKind::HungUpEarly,
        EndKind::FlowEnded => api::EndKind::FlowEnded,
        EndKind::NotAnswered => api::EndKind::NotAnswered,
        EndKind::Refused => api::EndKind::Refused,
        EndKind::Blocked => api::EndKind::Blocked,
        EndKind::NoTrunk => api::EndKind::NoTrunk,
        EndKind::Unreachable => api::EndKind::Unreachable,
        EndKind::MediaLost => api::EndKind::MediaLost,
        EndKind::SessionExpired => api::EndKind::SessionExpired,
        EndKind::Shutdown => api::EndKind::Shutdown,
        EndKind::ServerRestart => api::EndKind::ServerRestart,
        EndKind::InternalError => api::EndKind::InternalError,
    };
    api::Cause { kind, sip_status: cause.sip_status, q850: cause.q850 }
}

pub(super) fn step(FlowStep { flow, step }: &FlowStep, sight: Sight) -> api::Step {
    api::Step {
        flow: flow.to_string(),
        step: step.step.to_string(),
        entered_at: time(step.entered.wall),
        left_at: time(step.left.wall),
        input: sight.text(step.input.as_ref()),
        exit: step.exit.to_string(),
    }
}

fn visit(visit: &QueueVisit) -> api::QueueVisit {
    api::QueueVisit {
        queue: visit.queue.to_string(),
        entered_at: time(visit.entered_at),
        left_at: visit.left_at.map(time),
        outcome: visit.outcome.map(queue_outcome),
        waited_ms: visit.waited().map(millis),
    }
}

fn answer(answer: &SurveyAnswer) -> api::SurveyAnswer {
    api::SurveyAnswer {
        survey: answer.survey.clone(),
        question: answer.question.clone(),
        answer: answer.answer,
        at: time(answer.at),
    }
}

fn disposition(said: &CallDisposition) -> api::Disposition {
    api::Disposition {
        agent: said.agent.to_string(),
        queue: said.queue.as_ref().map(ToString::to_string),
        code: said.code.clone(),
        note: text(said.note.as_ref()),
        at: time(said.at),
        follow_up_at: said.follow_up_at.map(time),
    }
}

fn message(message: &LeftMessage) -> api::LeftMessage {
    api::LeftMessage {
        id: message.id.to_string(),
        mailbox: message.mailbox.clone(),
        at: time(message.at),
        duration_ms: millis(message.duration),
    }
}

pub(super) fn queue_outcome(outcome: QueueOutcome) -> api::QueueOutcome {
    match outcome {
        QueueOutcome::Answered => api::QueueOutcome::Answered,
        QueueOutcome::Abandoned => api::QueueOutcome::Abandoned,
        QueueOutcome::TimedOut => api::QueueOutcome::TimedOut,
        QueueOutcome::Moved => api::QueueOutcome::Moved,
        QueueOutcome::Withdrawn => api::QueueOutcome::Withdrawn,
        QueueOutcome::Left => api::QueueOutcome::Left,
    }
}

fn offer(offer: &Offer) -> api::Offer {
    let (outcome, sip_status) = match &offer.outcome {
        OfferOutcome::Pending => (api::OfferOutcome::Pending, None),
        OfferOutcome::Answered => (api::OfferOutcome::Answered, None),
        OfferOutcome::Failed { failure, status } => (offer_failure(*failure), *status),
    };
    api::Offer {
        agent: offer.agent.to_string(),
        offered_at: time(offer.offered_at),
        popped_at: offer.popped_at.map(time),
        invited_at: offer.invited_at.map(time),
        ringing_at: offer.ringing_at.map(time),
        ended_at: offer.ended_at.map(time),
        outcome,
        sip_status,
    }
}

pub(super) fn offer_failure(failure: OfferFailure) -> api::OfferOutcome {
    match failure {
        OfferFailure::NoAnswer => api::OfferOutcome::NoAnswer,
        OfferFailure::Rejected => api::OfferOutcome::Rejected,
        OfferFailure::Busy => api::OfferOutcome::Busy,
        OfferFailure::NotRegistered => api::OfferOutcome::NotRegistered,
        OfferFailure::PhoneFault => api::OfferOutcome::PhoneFault,
        OfferFailure::ServerFault => api::OfferOutcome::ServerFault,
        OfferFailure::CallerGone => api::OfferOutcome::CallerGone,
        OfferFailure::Elsewhere => api::OfferOutcome::Elsewhere,
    }
}

fn recording(recording: &Recording) -> api::Recording {
    let open = api::Recording {
        id: recording.id.to_string(),
        path: recording.path.clone(),
        started_at: time(recording.started_at),
        state: api::RecordingState::Open,
        duration_ms: None,
        gap_ms: None,
        bytes: None,
        problem: None,
        erased_at: None,
        legs: recording.index.legs.iter().map(recorded_leg).collect(),
        marks: recording.index.marks.iter().map(recorded_mark).collect(),
        gaps: recording.index.gaps.iter().map(recorded_gap).collect(),
        talk: recording.index.talk.map(recorded_talk),
        sha256: recording.index.sha256.clone(),
    };
    match &recording.state {
        RecordingState::Open => open,
        RecordingState::Finished { duration, gap, bytes } => api::Recording {
            state: api::RecordingState::Finished,
            duration_ms: Some(millis(*duration)),
            gap_ms: Some(millis(*gap)),
            bytes: Some(*bytes),
            ..open
        },
        RecordingState::Mended { duration, bytes } => api::Recording {
            state: api::RecordingState::Mended,
            duration_ms: Some(millis(*duration)),
            bytes: Some(*bytes),
            ..open
        },
        RecordingState::Erased { at } => {
            api::Recording { state: api::RecordingState::Erased, erased_at: Some(time(*at)), ..open }
        }
        RecordingState::Failed { problem } => {
            api::Recording { state: api::RecordingState::Failed, problem: Some(problem.clone()), ..open }
        }
    }
}

fn recorded_leg(leg: &RecordedLeg) -> api::RecordedLeg {
    let (speaker, channel) = (leg.speaker.as_str().to_owned(), channel(leg.channel));
    api::RecordedLeg { speaker, channel, from_ms: leg.from_ms, to_ms: leg.to_ms }
}

fn requested(RequestedAt { at, what }: &RequestedAt) -> api::CallRequest {
    api::CallRequest { at: time(*at), request_id: what.request.to_string(), what: what.what.clone() }
}

fn recorded_talk(talk: Talk) -> api::RecordedTalk {
    let Talk { customer_ms, agent_ms, over_talk_ms, over_talks, silence_ms, longest_silence_ms } = talk;
    api::RecordedTalk { customer_ms, agent_ms, over_talk_ms, over_talks, silence_ms, longest_silence_ms }
}

fn recorded_mark(mark: &RecordedMark) -> api::RecordedMark {
    let kind = match mark.kind {
        MarkKind::Held => api::RecordedMarkKind::Held,
        MarkKind::Retrieved => api::RecordedMarkKind::Retrieved,
        MarkKind::Paused => api::RecordedMarkKind::Paused,
        MarkKind::Resumed => api::RecordedMarkKind::Resumed,
        MarkKind::Transferred => api::RecordedMarkKind::Transferred,
        MarkKind::Noted => api::RecordedMarkKind::Noted,
    };
    let by = mark.by.as_ref().map(|by| by.as_str().to_owned());
    api::RecordedMark { at_ms: mark.at_ms, kind, by, reason: mark.why.clone() }
}

fn recorded_gap(gap: &RecordedGap) -> api::RecordedGap {
    api::RecordedGap { channel: channel(gap.channel), from_ms: gap.from_ms, length_ms: gap.length_ms }
}

const fn channel(channel: Channel) -> api::RecordedChannel {
    match channel {
        Channel::Customer => api::RecordedChannel::Left,
        Channel::Agent => api::RecordedChannel::Right,
    }
}

/// Whole milliseconds, saturating.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
