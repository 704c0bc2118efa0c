//! Events and snapshots as the text of an event stream (WHATWG HTML §9.2.6).

use std::collections::BTreeMap;

use bytes::Bytes;
use hotline_api_types::{Event, What};
use hotline_base::AgentId;
use hotline_call::ScreenPop;
use hotline_shard::Live;
use serde::Serialize;

use crate::convert::{self, Profile};
use crate::lines::Share;

/// One event, written out for admins, for the agents concerned, and for the other agents as far as they share it.
pub(crate) struct Frames {
    pub(crate) all: Bytes,
    pub(crate) own: Option<Bytes>,
    pub(crate) others: Option<Bytes>,
}

/// Writes an event out.
pub(crate) fn frames(
    live: &Live,
    concerned: &[AgentId],
    share: Option<&Share>,
    agents: &BTreeMap<AgentId, Profile>,
) -> Frames {
    let event = convert::event(&live.event, agents);
    let (all, seq) = (frame("event", live.event.seq, &event), live.event.seq);
    let others = share.map(|share| {
        let what = match share {
            Share::Length(change) => {
                What::QueueChanged { queue: change.queue.to_string(), length: change.length }
            }
            Share::Whole => event.what.clone(),
        };
        frame("event", seq, &Event { call: None, what, ..event.clone() })
    });
    let own = concerned.first().map(|agent| {
        let mut own = event;
        // The reasons name the other agents.
        if let What::CallOffered { because, .. }
        | What::CallNotOffered { because }
        | What::CallCallingBack { because, .. } = &mut own.what
        {
            *because = None;
        }
        // An offer concerns nobody but its agent.
        if let What::CallOffered { pop, .. } = &mut own.what {
            *pop = pop_for(live, agent).map(|shown| Box::new(convert::pop(shown)));
        }
        frame("event", seq, &own)
    });
    Frames { all, own, others }
}

/// The screen pop that goes to `agent` with an event.
pub(crate) fn pop_for<'l>(live: &'l Live, agent: &AgentId) -> Option<&'l ScreenPop> {
    live.pop.as_ref().filter(|shown| shown.agent == *agent)
}

/// A snapshot at `seq`.
pub(crate) fn snapshot(seq: u64, live: &hotline_api_types::Live) -> Bytes {
    frame("snapshot", seq, live)
}

/// A sign of life. It carries the number that the page has got to, for a page that is sent little: an id alone
/// dispatches nothing, but it is where a reconnecting page goes on.
pub(crate) fn keep_alive(seq: u64) -> Bytes {
    format!(": here\nid: {seq}\n\n").into()
}

fn frame(event: &str, seq: u64, data: &impl Serialize) -> Bytes {
    let data = serde_json::to_string(data).expect("API shapes have text keys and finite numbers only");
    format!("id: {seq}\nevent: {event}\ndata: {data}\n\n").into()
}
