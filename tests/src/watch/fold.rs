//! What each event does to the state: written from docs/api.md alone, as a page's author would.

use hotline_api_types::{
    Call, CallState, Direction, Event, Live, Part, Party, Queue, Source, TransferTarget, Waiting, What,
};
use serde_json::{Value, json};

/// Applies one event that follows `before`.
pub(super) fn apply(live: &mut Live, before: &[Event], event: &Event) {
    live.seq = event.seq;
    live.at = event.at;
    match event.call.as_deref() {
        Some(call) => apply_to_call(live, call, before, event),
        None => apply_to_server(live, event),
    }
}

fn apply_to_server(live: &mut Live, event: &Event) {
    if let What::AgentChanged { agent } = &event.what {
        if let Some(known) = live.agents.iter_mut().find(|known| known.id == agent.id) {
            known.clone_from(agent);
        }
    } else if let What::AlarmRaised { alarm } = &event.what {
        live.alarms.retain(|known| known.kind != alarm.kind);
        live.alarms.push(alarm.clone());
    } else if let What::AlarmCleared { kind } = &event.what {
        live.alarms.retain(|known| known.kind != *kind);
    } else if let What::QueueChanged { queue, length, .. } = &event.what
        && let Some(known) = live.queues.iter_mut().find(|known| known.id == *queue)
    {
        known.length = *length;
    }
}

fn apply_to_call(live: &mut Live, id: &str, before: &[Event], event: &Event) {
    if let What::CallStarted { .. } = event.what {
        live.calls.push(begun(id, event));
    }
    queues(&mut live.queues, id, event);
    if let Some(call) = live.calls.iter_mut().find(|call| call.id == id) {
        change(call, event);
    }
    if is_gone(live, id, before, event) {
        live.calls.retain(|call| call.id != id);
    }
}

fn begun(id: &str, event: &Event) -> Call {
    let What::CallStarted { caller, caller_name, called, language, direction, source, .. } = &event.what
    else {
        unreachable!("only a start begins a call");
    };
    Call {
        id: id.to_owned(),
        state: match direction {
            Direction::Out => CallState::Dialling,
            Direction::In | Direction::Internal => CallState::InFlow,
        },
        caller: caller.clone(),
        caller_name: caller_name.clone(),
        called: called.clone(),
        direction: *direction,
        queue: None,
        position: None,
        agent: match (direction, source) {
            (Direction::Out, Source::Agent(agent)) => Some(agent.clone()),
            (Direction::In | Direction::Out | Direction::Internal, _) => None,
        },
        offered_to: Vec::new(),
        started_at: event.at,
        answered_at: None,
        connected_at: None,
        language: language.clone(),
        customer: None,
        attendees: Vec::new(),
        consulting: false,
        customer_left: false,
        held: false,
        muted: false,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the others change nothing of a call")]
fn change(call: &mut Call, event: &Event) {
    if is_about_consult(call, event) {
        return;
    }
    company(call, &event.what);
    match &event.what {
        What::CallCustomer { customer } => call.customer.clone_from(customer),
        What::CallAnswered => call.answered_at = Some(event.at),
        What::CallLanguage { language } => call.language.clone_from(language),
        What::CallQueued { queue } => {
            call.state = CallState::Queued;
            call.queue = Some(queue.clone());
        }
        What::CallPosition { position, .. } => call.position = Some(*position),
        What::CallDequeued { .. } => {
            call.state = CallState::InFlow;
            call.position = None;
        }
        What::CallOffered { agent, .. } => {
            call.state = CallState::Offered;
            call.offered_to.push(agent.clone());
            call.agent = call.offered_to.first().cloned();
        }
        // Whose phone rang beside the one that was taken up.
        What::CallOfferFailed { .. } if call.state == CallState::Connected => {}
        What::CallOfferFailed { agent, .. } => not_taken(call, agent),
        What::CallConnected { agent, .. } => {
            call.state = CallState::Connected;
            call.offered_to.clear();
            call.agent = Some(agent.clone());
            call.connected_at = Some(call.connected_at.unwrap_or(event.at));
            call.attendees.retain(|one| one.agent.as_ref() != Some(agent));
        }
        What::CallDialled { .. } => call.state = CallState::Dialling,
        // Who is called back before an agent waits for one.
        What::CallDialAnswered
            if call.direction == Direction::Out && call.agent.is_none() && call.answered_at.is_none() =>
        {
            call.state = CallState::InFlow;
        }
        What::CallDialAnswered => {
            call.state = CallState::ConnectedOutside;
            call.connected_at = Some(call.connected_at.unwrap_or(event.at));
        }
        What::CallEnded { .. } => {
            call.state = CallState::Ending;
            call.offered_to.clear();
            (call.consulting, call.held, call.muted) = (false, false, false);
        }
        _ => {}
    }
}

/// Who takes part beside the two, and how the agent does.
#[expect(clippy::wildcard_enum_match_arm, reason = "the others say nothing of it")]
fn company(call: &mut Call, what: &What) {
    match what {
        What::CallConsulting { .. } => call.consulting = true,
        What::CallConsultEnded { .. } => call.consulting = false,
        What::CallCustomerLeft => call.customer_left = true,
        What::CallPartyJoined(one) => {
            call.consulting &= one.part != Part::Consulted;
            call.attendees.retain(|known| known.leg != one.leg);
            call.attendees.push(one.clone());
        }
        What::CallPartyLeft { leg } => call.attendees.retain(|known| known.leg != *leg),
        What::CallMuted { muted, .. } => call.muted = *muted,
        What::CallHeld { by: Party::Agent } => call.held = true,
        What::CallRetrieved { by: Party::Agent } => call.held = false,
        What::CallTransferring { to, .. } => {
            if std::mem::take(&mut call.consulting) {
                rung_by_consult(call, to);
            }
            (call.held, call.muted) = (false, false);
        }
        What::CallTransferred { to, attended, .. } => {
            (call.held, call.muted) = (false, false);
            if let (TransferTarget::Outside(number), true) = (to, attended) {
                call.attendees.retain(|one| one.number.as_ref() != Some(number));
            }
        }
        What::CallTakenOver { .. } => (call.held, call.muted) = (false, false),
        _ => {}
    }
}

/// While somebody is called who is to be asked, what is said of that does not change what the call does.
fn is_about_consult(call: &Call, event: &Event) -> bool {
    call.consulting
        && matches!(
            event.what,
            What::CallOffered { .. }
                | What::CallOfferFailed { .. }
                | What::CallDialled { .. }
                | What::CallDialAnswered
        )
}

/// The agent has left to whom it asked, whose phone rings.
fn rung_by_consult(call: &mut Call, to: &TransferTarget) {
    match to {
        TransferTarget::Agent(agent) => {
            call.state = CallState::Offered;
            call.offered_to = vec![agent.clone()];
            call.agent = Some(agent.clone());
        }
        TransferTarget::Outside(_) => call.state = CallState::Dialling,
        TransferTarget::Number(_) | TransferTarget::Queue(_) => {}
    }
}

/// The agent does not take the call; others may still be rung.
fn not_taken(call: &mut Call, agent: &str) {
    call.offered_to.retain(|other| other != agent);
    call.agent = call.offered_to.first().cloned();
    if call.agent.is_none() {
        call.state = if call.position.is_some() { CallState::Queued } else { CallState::InFlow };
    }
}

/// A call goes when it has ended; one that was recorded when its recording is closed too, whichever is later.
fn is_gone(live: &Live, id: &str, before: &[Event], event: &Event) -> bool {
    let Some(call) = live.calls.iter().find(|call| call.id == id) else { return false };
    let closes = |event: &Event| {
        let is_closed = matches!(event.what, What::RecordingFinished { .. } | What::RecordingFailed { .. });
        is_closed && event.call.as_deref() == Some(id)
    };
    let is_recorded = call.connected_at.is_some();
    call.state == CallState::Ending && (!is_recorded || closes(event) || before.iter().any(closes))
}

fn queues(queues: &mut [Queue], call: &str, event: &Event) {
    let (name, joins) = if let What::CallQueued { queue } = &event.what {
        (queue, true)
    } else if let What::CallDequeued { queue, .. } = &event.what {
        (queue, false)
    } else {
        return;
    };
    let Some(queue) = queues.iter_mut().find(|queue| queue.id == *name) else { return };
    let waiting = queue.waiting.get_or_insert_default();
    waiting.retain(|caller| caller.call != call);
    if joins {
        waiting.push(Waiting { call: call.to_owned(), since: event.at });
    }
    queue.length = waiting.len();
    queue.longest_since = waiting.iter().map(|caller| caller.since).min();
}

/// What must be equal, without what only `/live` has: counters, and the moment of asking. A place in line is not
/// compared while an agent is rung, when it is not shown.
pub(super) fn comparable(live: &Live) -> Value {
    let mut live = live.clone();
    for call in &mut live.calls {
        if call.state != CallState::Queued {
            call.position = None;
        }
    }
    live.alarms.sort_by(|a, b| a.kind.cmp(&b.kind));
    json!({"agents": live.agents, "queues": live.queues, "calls": live.calls, "alarms": live.alarms})
}
