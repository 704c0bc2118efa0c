//! The work of agents: reasons, after-call work, help, where their time went, what became of calls.

use core::fmt;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// After-call work under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WrapUp {
    /// When it ends by itself; `null` if it does not.
    pub until: Option<Timestamp>,
    /// Whether it waits for the disposition of its call.
    pub disposition: WrapUpDisposition,
    /// How often it can still be made longer.
    pub extensions_left: u8,
}

/// Whether after-call work waits for the disposition of its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WrapUpDisposition {
    /// None is required, or it is there.
    Settled,
    /// It is required, and the time for it runs.
    Awaited,
    /// It is required, and the time is over.
    Missing,
}

/// An agent wants help.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Help {
    /// Since when.
    pub asked_at: Timestamp,
    /// In which call of a queue.
    pub call: Option<String>,
    /// When a leader answered.
    pub answered_at: Option<Timestamp>,
    /// That leader's user name.
    pub answered_by: Option<String>,
}

/// Body of `POST /api/v1/agents/{id}/help/end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndHelp {
    /// How it ended.
    pub outcome: HelpOutcome,
}

/// How help ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HelpOutcome {
    /// The question is answered.
    Solved,
    /// It is not; somebody else has to look at it.
    Unsolved,
    /// The agent took the wish back.
    Withdrawn,
}

/// Answer to `GET /api/v1/reasons`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReasonList {
    /// By their words; empty if agents may give any reason.
    pub reasons: Vec<Reason>,
}

/// A reason for being not ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    /// The word to give as `reason`.
    pub reason: String,
    /// Shown name.
    pub name: String,
    /// `break`, `meal`, `work`, `training`, `fault` or `other`.
    pub class: String,
    /// How many agents have it, or will after their call.
    pub taken: u32,
    /// How many may at once; `null` for any number.
    pub at_once_max: Option<u32>,
    /// How long one agent may have it on one day.
    pub daily_quota_ms: Option<u64>,
    /// How much of that is left to the agent.
    pub left_ms: Option<u64>,
}

/// Answer to `GET /api/v1/dispositions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DispositionList {
    /// Names by their codes.
    pub dispositions: BTreeMap<String, String>,
    /// How they are shown; those in no group stand beside the groups.
    #[serde(default)]
    pub groups: Vec<DispositionGroup>,
    /// The codes of queues that do not have all of them.
    pub queues: BTreeMap<String, Vec<String>>,
}

/// Dispositions that are shown together. A group is no disposition itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DispositionGroup {
    /// Names the group.
    pub code: String,
    /// Shown name.
    pub name: String,
    /// Groups within it.
    pub groups: Vec<DispositionGroup>,
    /// The codes of the dispositions right in it.
    pub codes: Vec<String>,
}

/// Answer to `GET /api/v1/follow-ups`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FollowUpList {
    /// The earliest first.
    pub follow_ups: Vec<FollowUp>,
    /// For `?cursor=`: what follows; `null` at the end.
    pub next: Option<String>,
}

/// A call to which an agent wants to come back.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FollowUp {
    /// When.
    pub at: Timestamp,
    /// The call.
    pub call: String,
    /// The agent.
    pub agent: String,
    /// The disposition.
    pub code: String,
    /// In the agent's words.
    pub note: Option<String>,
    /// When the agent said that it is done; `null` while it is open.
    #[serde(default)]
    pub done_at: Option<Timestamp>,
}

impl fmt::Debug for FollowUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FollowUp").field("call", &self.call).finish_non_exhaustive()
    }
}

/// Body of `PUT /api/v1/calls/{id}/follow-up`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetFollowUp {
    /// Whether the agent has come back to the call.
    pub done: bool,
    /// Whose follow-up it is; the own one if absent.
    #[serde(default)]
    pub agent: Option<String>,
}

/// Body of `PUT /api/v1/calls/{id}/disposition`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetDisposition {
    /// One of the codes of the call's queue.
    pub code: String,
    /// In the agent's words, at most 2000 bytes.
    #[serde(default)]
    pub note: Option<String>,
    /// When the agent wants to come back to it, within ten years.
    #[serde(default)]
    pub follow_up_at: Option<Timestamp>,
    /// Whose disposition it is; for admins, who may give it for an agent.
    #[serde(default)]
    pub agent: Option<String>,
}

impl fmt::Debug for SetDisposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetDisposition").field("code", &self.code).finish_non_exhaustive()
    }
}

/// What became of a call, in the words of one agent who had it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Disposition {
    /// Who says so.
    pub agent: String,
    /// The queue from which the agent had it, if that is known.
    pub queue: Option<String>,
    /// One of the center's codes.
    pub code: String,
    /// In the agent's words.
    pub note: Option<String>,
    /// When.
    pub at: Timestamp,
    /// When the agent wants to come back to it.
    #[serde(default)]
    pub follow_up_at: Option<Timestamp>,
}

impl fmt::Debug for Disposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disposition").field("code", &self.code).finish_non_exhaustive()
    }
}

/// Answer to `GET /api/v1/agents/{id}/states`: what reaches into the time asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgentTimes {
    /// Sessions in their order.
    pub sessions: Vec<AgentSession>,
    /// Finished spans in their order; those of one session follow each other without a gap.
    pub states: Vec<AgentSpan>,
    /// For `?cursor=`: the spans that follow; `null` if these are all.
    pub next: Option<String>,
    /// Help that was asked for, and is over.
    pub help: Vec<AgentHelp>,
    /// What leaders booked beside it.
    pub bookings: Vec<AgentBooking>,
}

/// From sign-in to sign-out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgentSession {
    /// Sign-in.
    pub started_at: Timestamp,
    /// Sign-out; `null` while it lasts.
    pub ended_at: Option<Timestamp>,
}

/// A span in one state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgentSpan {
    /// As in the agent's `state`.
    pub state: String,
    /// The reason of `not_ready`; `in`, `out` or `internal` of `talking`; `disposition_missing` of `wrap_up`.
    pub detail: Option<String>,
    /// The call that it was about.
    pub call: Option<String>,
    /// When it began.
    pub from: Timestamp,
    /// When it ended.
    pub until: Timestamp,
}

/// Help that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgentHelp {
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// In which call of a queue.
    pub call: Option<String>,
    /// When a leader answered.
    pub answered_at: Option<Timestamp>,
    /// That leader's user name.
    pub answered_by: Option<String>,
    /// When it ended.
    pub ended_at: Timestamp,
    /// `solved`, `unsolved`, `withdrawn` or `signed_out`.
    pub outcome: String,
}

/// Body of `POST /api/v1/agents/{id}/bookings`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBooking {
    /// From when on the system was at fault.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Why, at most 500 characters.
    pub note: String,
}

/// A span that a leader says was a fault of the system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgentBooking {
    /// Its id.
    pub id: String,
    /// From when on.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub note: String,
    /// The user who booked it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}
