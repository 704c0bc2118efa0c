//! Events.

use std::collections::BTreeMap;

use hotline_api_types as api;
use hotline_api_types::What;
use hotline_base::{AgentId, Pii, WallTime};
use hotline_call::{CallEvent, Entry, Event, EventKind, FlowStep, Requested, Source};

use super::decision::decision;
use super::record::{
    attendee, blocked, called, cause, dial_failure, direction, entry, leg_sound, millis, offer_failure,
    party, queue_outcome, source, step, transfer_target, visiting,
};
use super::{Profile, Sight, Standing, agent_object, alarm, alarm_kind, device, time};

/// An event as those get it who see everything.
pub(crate) fn event(event: &Event, agents: &BTreeMap<AgentId, Profile>, sight: Sight) -> api::Event {
    let (call, what) = match &event.kind {
        EventKind::Call { call, what } => (Some(call.to_string()), call_event(what, event.at, sight)),
        EventKind::Agent { agent, state, since, pending, device: at, registered, help } => {
            let (since, pending, registered) = (*since, pending.as_ref(), *registered);
            let (help, device) = (help.as_ref(), device(at, sight));
            let standing = Standing { state, since, pending, device, registered, help };
            let agent = agent_object(agent, agents.get(agent), standing);
            (None, What::AgentChanged { agent })
        }
        EventKind::AlarmRaised(raised) => (None, What::AlarmRaised { alarm: alarm(raised) }),
        EventKind::CenterChanged => (None, What::CenterChanged {}),
        EventKind::AgentRemoved { agent } => (None, What::AgentRemoved { agent: agent.to_string() }),
        EventKind::CallbacksChanged { queue, waiting } => {
            (None, What::QueueCallbacks { queue: queue.to_string(), callbacks: *waiting })
        }
        EventKind::AlarmCleared(kind) => (None, What::AlarmCleared { kind: alarm_kind(kind) }),
    };
    api::Event { seq: event.seq, at: time(event.at), call, shown: None, what }
}

fn call_event(what: &CallEvent, at: WallTime, sight: Sight) -> What {
    match what {
        CallEvent::Started { caller, caller_name, called, entry, source, language, .. } => {
            started((caller, caller_name.as_ref(), called), (entry, source), language, sight)
        }
        CallEvent::CustomerMatched { customer } => {
            What::CallCustomer { customer: customer.map(|customer| customer.to_string()) }
        }
        CallEvent::Screened(screened) => What::CallBlocked { blocked: blocked(screened) },
        CallEvent::Visiting(of) => What::CallVisitor { visitor: visiting(of, sight) },
        CallEvent::Answered => What::CallAnswered,
        CallEvent::StepLeft { flow, step: left } => {
            What::CallStep(step(&FlowStep { flow: flow.clone(), step: left.clone() }, sight))
        }
        CallEvent::SurveyAnswered { survey, question, answer } => {
            What::CallSurveyAnswered { survey: survey.clone(), question: question.clone(), answer: *answer }
        }
        CallEvent::LanguageChanged { language } => What::CallLanguage { language: language.clone() },
        CallEvent::Queued { .. }
        | CallEvent::Position { .. }
        | CallEvent::Dequeued { .. }
        | CallEvent::NotOffered { .. }
        | CallEvent::Assigned { .. }
        | CallEvent::Prioritised { .. }
        | CallEvent::CallingBack { .. } => routing_event(what, at),
        CallEvent::Transferring { by, to } => {
            What::CallTransferring { by: by.to_string(), to: transfer_target(to, sight) }
        }
        CallEvent::Transferred { by, to, attended } => {
            What::CallTransferred { by: by.to_string(), to: transfer_target(to, sight), attended: *attended }
        }
        CallEvent::TransferFailed { by, to } => transfer_failed(by, to, sight),
        CallEvent::Dialled { .. }
        | CallEvent::DialRinging { .. }
        | CallEvent::DialFailed { .. }
        | CallEvent::DialAnswered { .. } => dial_event(what, sight),
        CallEvent::Consulting { .. }
        | CallEvent::ConsultEnded { .. }
        | CallEvent::PartyJoined { .. }
        | CallEvent::PartyLeft { .. }
        | CallEvent::CustomerLeft
        | CallEvent::TakenOver { .. }
        | CallEvent::Muted { .. } => company_event(what, sight),
        CallEvent::Requested(Requested { request, what }) => {
            What::CallRequested { request_id: request.to_string(), what: what.clone() }
        }
        CallEvent::Held { by } => What::CallHeld { by: party(*by) },
        CallEvent::Retrieved { by } => What::CallRetrieved { by: party(*by) },
        CallEvent::RecordingStarted { .. }
        | CallEvent::RecordingPaused { .. }
        | CallEvent::RecordingResumed { .. }
        | CallEvent::RecordingFinished { .. }
        | CallEvent::RecordingMended { .. }
        | CallEvent::RecordingFailed { .. } => recording_event(what),
        CallEvent::MessageLeft { message, mailbox, duration } => What::MessageLeft {
            message: message.to_string(),
            mailbox: mailbox.clone(),
            duration_ms: millis(*duration),
        },
        CallEvent::SoundMeasured(measured) => What::SoundMeasured { sound: leg_sound(measured) },
        CallEvent::Ended { by, cause: why } => What::CallEnded { by: party(*by), cause: cause(why) },
        CallEvent::Offered { .. }
        | CallEvent::Popped { .. }
        | CallEvent::Invited { .. }
        | CallEvent::Ringing { .. }
        | CallEvent::OfferFailed { .. }
        | CallEvent::Connected { .. } => offer_event(what, at),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "only these are given here")]
fn offer_event(what: &CallEvent, at: WallTime) -> What {
    match what {
        CallEvent::Offered { offer, agent, because } => What::CallOffered {
            offer: offer.0,
            agent: agent.to_string(),
            because: because.as_ref().map(|because| Box::new(decision(because, at))),
            pop: None,
        },
        CallEvent::Popped { offer, written } => What::CallPopped { offer: offer.0, written: *written },
        CallEvent::Invited { offer } => What::CallInvited { offer: offer.0 },
        CallEvent::Ringing { offer } => What::CallRinging { offer: offer.0 },
        CallEvent::OfferFailed { offer, agent, failure, status } => What::CallOfferFailed {
            offer: offer.0,
            agent: agent.to_string(),
            failure: offer_failure(*failure),
            sip_status: *status,
        },
        CallEvent::Connected { offer, agent } => {
            What::CallConnected { offer: offer.0, agent: agent.to_string(), pop: None }
        }
        _ => unreachable!("only these are given here"),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "only these are given here")]
fn routing_event(what: &CallEvent, at: WallTime) -> What {
    match what {
        CallEvent::Queued { queue } => What::CallQueued { queue: queue.to_string() },
        CallEvent::Position { queue, position, waiting } => {
            What::CallPosition { queue: queue.to_string(), position: *position, waiting: *waiting }
        }
        CallEvent::Dequeued { queue, outcome } => {
            What::CallDequeued { queue: queue.to_string(), outcome: queue_outcome(*outcome) }
        }
        CallEvent::Assigned { agent } => What::CallAssigned { agent: agent.to_string() },
        CallEvent::Prioritised { emergency, credit } => {
            What::CallPrioritised { emergency: *emergency, credit_s: credit.as_secs() }
        }
        CallEvent::CallingBack { callback, requested_at, because } => What::CallCallingBack {
            callback: callback.to_string(),
            requested_at: time(*requested_at),
            because: Some(Box::new(decision(because, at))),
        },
        CallEvent::NotOffered { because } => {
            What::CallNotOffered { because: Some(Box::new(decision(because, at))) }
        }
        _ => unreachable!("only these are given here"),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "only these are given here")]
fn recording_event(what: &CallEvent) -> What {
    match what {
        CallEvent::RecordingStarted { recording, path } => {
            What::RecordingStarted { recording: recording.to_string(), path: path.clone() }
        }
        CallEvent::RecordingPaused { recording, by, why, until } => What::RecordingPaused {
            recording: recording.to_string(),
            by: by.to_string(),
            reason: why.clone(),
            until: time(*until),
        },
        CallEvent::RecordingResumed { recording, by } => What::RecordingResumed {
            recording: recording.to_string(),
            by: by.as_ref().map(ToString::to_string),
        },
        CallEvent::RecordingFinished { recording, duration, gap, bytes, .. } => What::RecordingFinished {
            recording: recording.to_string(),
            duration_ms: millis(*duration),
            gap_ms: millis(*gap),
            bytes: *bytes,
        },
        CallEvent::RecordingMended { recording, duration, bytes } => What::RecordingMended {
            recording: recording.to_string(),
            duration_ms: millis(*duration),
            bytes: *bytes,
        },
        CallEvent::RecordingFailed { recording, problem } => {
            What::RecordingFailed { recording: recording.to_string(), problem: problem.clone() }
        }
        _ => unreachable!("only these are given here"),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "only these are given here")]
fn company_event(what: &CallEvent, sight: Sight) -> What {
    match what {
        CallEvent::Consulting { by, to } => {
            What::CallConsulting { by: by.to_string(), to: transfer_target(to, sight) }
        }
        CallEvent::ConsultEnded { by } => What::CallConsultEnded { by: by.to_string() },
        CallEvent::PartyJoined { leg, who, part, told: _ } => {
            What::CallPartyJoined(attendee(*leg, who, *part, sight))
        }
        CallEvent::PartyLeft { leg } => What::CallPartyLeft { leg: leg.0 },
        CallEvent::CustomerLeft => What::CallCustomerLeft,
        CallEvent::TakenOver { leg, by, from } => {
            What::CallTakenOver { leg: leg.0, by: by.to_string(), from: from.to_string() }
        }
        CallEvent::Muted { by, is_muted } => What::CallMuted { by: by.to_string(), muted: *is_muted },
        _ => unreachable!("only these are given here"),
    }
}

fn transfer_failed(by: &AgentId, to: &Entry, sight: Sight) -> What {
    What::CallTransferFailed { by: by.to_string(), to: transfer_target(to, sight) }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "only these are given here")]
fn dial_event(what: &CallEvent, sight: Sight) -> What {
    match what {
        CallEvent::Dialled { leg: _, trunk, server, number, device_of } => What::CallDialled {
            trunk: trunk.to_string(),
            server: server.clone(),
            number: sight.number(number),
            device_of: device_of.as_ref().map(ToString::to_string),
        },
        CallEvent::DialRinging { leg: _ } => What::CallDialRinging,
        CallEvent::DialFailed { leg: _, failure, status } => {
            What::CallDialFailed { failure: dial_failure(*failure), sip_status: *status }
        }
        _ => What::CallDialAnswered,
    }
}

fn started(
    (caller, caller_name, dialled): (&Pii<String>, Option<&Pii<String>>, &Pii<String>),
    (first, from): (&Entry, &Source),
    language: &str,
    sight: Sight,
) -> What {
    let (number, flow) = entry(first);
    What::CallStarted {
        caller: sight.number(caller),
        caller_name: sight.text(caller_name),
        called: called(dialled, first, sight),
        number,
        flow,
        direction: direction(from, first),
        source: source(from),
        language: language.to_owned(),
    }
}
