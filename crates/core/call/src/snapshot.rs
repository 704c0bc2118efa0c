//! The state of every call, agent and queue at one number of the event stream.

use std::sync::Arc;

use hotline_acd::{AgentView, QueueView};
use hotline_base::{AgentId, CallId, LegId, Pii, QueueId, WallTime};
use hotline_ivr::{Value, Variable};
use hotline_sip::Diversion;

use crate::alarm::Alarm;
use crate::crm::CrmPage;
use crate::customer::Found;
use crate::event::{Part, Who};
use crate::record::{CallRecord, FlowStep};

/// A consistent picture: applying the events after `seq` gives every later one.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The last event that is contained.
    pub seq: u64,
    /// When it was taken.
    pub at: WallTime,
    /// Living calls, oldest first, and those whose record is not complete yet.
    pub calls: Vec<CallView>,
    /// All agents, by id.
    pub agents: Vec<AgentView>,
    /// All queues, by id.
    pub queues: Vec<QueueView>,
    /// Standing alarms.
    pub alarms: Vec<Alarm>,
    /// Counters of the SIP endpoint and the controller, by name.
    pub counters: Vec<(&'static str, u64)>,
}

/// A living call.
#[derive(Clone, Debug, PartialEq)]
pub struct CallView {
    /// The record so far.
    pub record: CallRecord,
    /// What the call does at this moment.
    pub state: CallState,
    /// The customer, if known, and what else is known then.
    pub found: Option<Arc<Found>>,
    /// What the flow had collected when the call was offered last.
    pub collected: Arc<[(Variable, Value)]>,
    /// Where another system shows the customer.
    pub crm: Option<CrmPage>,
    /// Who takes part beside the two.
    pub attendees: Vec<Attendee>,
    /// Whether somebody is being called whom the agent asks.
    pub is_consulting: bool,
    /// Whether the agent holds the customer, or asks somebody else.
    pub is_held: bool,
    /// Whether nobody hears the agent: the page said so.
    pub is_muted: bool,
    /// False when whoever watches calls has been told of its end: it is over, and so are its recordings. Its legs may still
    /// be closing.
    pub is_listed: bool,
}

/// Somebody who takes part beside the two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attendee {
    /// The leg.
    pub leg: LegId,
    /// Who.
    pub who: Who,
    /// How.
    pub part: Part,
    /// Whether the agent is to know of it.
    pub told: bool,
}

/// What a call does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallState {
    /// In its flow.
    InFlow,
    /// Waiting in a queue.
    Queued {
        /// The queue.
        queue: QueueId,
        /// 1 is next.
        position: u32,
    },
    /// Offered to an agent.
    Offered {
        /// The offer.
        offer: LegId,
        /// The agent.
        agent: AgentId,
    },
    /// Somebody is called.
    Dialling,
    /// The caller, or whom an agent has called, talks with somebody outside.
    ConnectedOutside,
    /// Talking with an agent.
    Connected {
        /// The agent.
        agent: AgentId,
    },
    /// Over; the recording is being closed.
    Ending,
}

/// Steps of the way through the flows that a pop shows, the last ones.
pub const POP_STEPS_MAX: usize = 50;

/// What the agent's page shows for an offer, sent with its event.
#[derive(Clone, Debug, PartialEq)]
pub struct ScreenPop {
    /// The call.
    pub call: CallId,
    /// The offer.
    pub offer: LegId,
    /// The agent who may see it.
    pub agent: AgentId,
    /// The caller's number as sent.
    pub caller: Pii<String>,
    /// The caller's display name.
    pub caller_name: Option<Pii<String>>,
    /// What was dialled.
    pub called: Pii<String>,
    /// The queue the call waited in.
    pub queue: Option<QueueId>,
    /// When the call joined that queue.
    pub queued_at: Option<WallTime>,
    /// Who sent the call on to us.
    pub diversion: Option<Diversion>,
    /// Language of the caller.
    pub language: String,
    /// The customer and what else is known then; absent for an unknown number.
    pub found: Option<Arc<Found>>,
    /// The way through the flows so far, the last [`POP_STEPS_MAX`] steps of it.
    pub path: Vec<FlowStep>,
    /// What the flow had collected when the call was offered; never what is sensitive.
    pub collected: Arc<[(Variable, Value)]>,
    /// Where another system shows the customer.
    pub crm: Option<CrmPage>,
    /// Whether the address book has answered yet.
    pub lookup_done: bool,
}
