//! The ladder of a call.

use hotline_api_types as api;
use hotline_call::LegEnd;
use hotline_sip_trace::{Ladder, MediaSummary, Participant, Role, Rung, Trace, View, Way};

use super::{record, time};

/// The name of this server among the participants.
const SERVER: &str = "hotline";
/// The name of the one who called. Two callers are there only if a call of ours came back to us.
const CALLER: &str = "caller";

/// What is kept of a call, looked at in this way.
pub(crate) fn ladder(trace: &Trace, view: View) -> api::SipLadder {
    let Ladder { participants, rungs } = Ladder::of(trace, view);
    let names: Vec<String> = participants.iter().map(name).collect();
    let next = trace.legs.iter().filter_map(|leg| leg.messages.last()).map(|message| message.seq);
    api::SipLadder {
        call: trace.call.map(|call| call.to_string()),
        living: trace.living,
        legs: trace
            .legs
            .iter()
            .map(|leg| api::SipLeg {
                sip_call_id: leg.sip_call_id.to_string(),
                role: leg.end.as_ref().map_or(api::SipRole::Stranger, role),
                agent: leg.end.as_ref().and_then(agent),
                messages: leg.messages.len(),
            })
            .collect(),
        participants: participants.iter().zip(&names).map(|(one, name)| participant(one, name)).collect(),
        messages: rungs.into_iter().map(|rung| message(rung, &names)).collect(),
        omitted: trace.omitted,
        next: next.max().unwrap_or(0),
    }
}

const fn role(end: &LegEnd) -> api::SipRole {
    match end {
        LegEnd::Caller(_) => api::SipRole::Caller,
        LegEnd::Agent(_) | LegEnd::Supervisor(_) => api::SipRole::Agent,
        LegEnd::Callee => api::SipRole::Callee,
    }
}

fn agent(end: &LegEnd) -> Option<String> {
    match end {
        LegEnd::Caller(_) | LegEnd::Callee => None,
        LegEnd::Agent(agent) | LegEnd::Supervisor(agent) => Some(agent.to_string()),
    }
}

fn name(participant: &Participant) -> String {
    match &participant.role {
        Role::Server => SERVER.to_owned(),
        Role::Caller(_) => CALLER.to_owned(),
        Role::Agent(agent) => format!("agent {agent}"),
        Role::Callee(address) => format!("outside {address}"),
        Role::Stranger(address) => address.to_string(),
    }
}

fn participant(participant: &Participant, name: &str) -> api::SipParticipant {
    let (role, source, agent) = match &participant.role {
        Role::Server => (api::SipRole::Server, None, None),
        Role::Caller(source) => (api::SipRole::Caller, Some(record::source(source)), None),
        Role::Agent(agent) => (api::SipRole::Agent, None, Some(agent.to_string())),
        Role::Callee(_) => (api::SipRole::Callee, None, None),
        Role::Stranger(_) => (api::SipRole::Stranger, None, None),
    };
    let address = participant.address.map(|address| address.to_string());
    api::SipParticipant { id: name.to_owned(), role, source, agent, address }
}

fn message(rung: Rung, names: &[String]) -> api::SipMessage {
    api::SipMessage {
        seq: rung.seq,
        at: time(rung.at),
        offset_us: u64::try_from(rung.offset.as_micros()).unwrap_or(u64::MAX),
        direction: match rung.way {
            Way::Received => api::SipDirection::Received,
            Way::Sent => api::SipDirection::Sent,
        },
        from: names[rung.from].clone(),
        to: names[rung.to].clone(),
        transport: rung.flow.transport.to_string(),
        local: rung.flow.local.to_string(),
        remote: rung.flow.remote.to_string(),
        sip_call_id: rung.sip_call_id.to_string(),
        start_line: rung.start_line.into_inner(),
        method: rung.method,
        status: rung.status,
        cseq: rung.cseq,
        repeated: rung.repeated,
        bytes: rung.length,
        sdp: rung.media.into_iter().map(media).collect(),
        text: rung.text.map(hotline_base::Pii::into_inner),
    }
}

fn media(summary: MediaSummary) -> api::SipMedia {
    let MediaSummary { kind, address, port, codecs, direction } = summary;
    api::SipMedia { kind, address, port, codecs, direction: direction.to_owned() }
}
