//! Reports: the figures of queues, agents, groups and flows within some time, each number with its definition.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// How long the time is that one row is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportStep {
    /// Fifteen minutes.
    Interval,
    /// An hour.
    Hour,
    /// A day of the center's zone.
    Day,
    /// All of it.
    #[default]
    Total,
}

/// How a number is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportDefinition {
    /// The field.
    pub field: String,
    /// The formula.
    pub formula: String,
    /// In words.
    pub words: String,
    /// In Chinese words.
    pub zh: String,
}

/// Answer to `GET /api/v1/reports/queues`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QueueReport {
    /// The first moment.
    pub from: Timestamp,
    /// The first moment that is not in it.
    pub until: Timestamp,
    /// How long the time of a row is.
    pub by: ReportStep,
    /// The zone in which days begin.
    pub zone: String,
    /// T: within so many seconds callers are to be answered.
    pub within_s: u32,
    /// Who hangs up within so many seconds does not count against the queue.
    pub short_s: u32,
    /// By queue and time; times in which nobody joined a queue have no row.
    pub rows: Vec<QueueReportRow>,
    /// What each number means.
    pub definitions: Vec<ReportDefinition>,
}

/// The numbers of one queue within some time. They are about calls that are over; what nothing was divided by is `null`, shares lie
/// between 0 and 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the answer itself has the definitions")]
pub struct QueueReportRow {
    /// The queue.
    pub queue: String,
    /// The first moment.
    pub from: Timestamp,
    /// The first moment that is not in it.
    pub until: Timestamp,
    pub offered: u64,
    pub answered: u64,
    pub answered_within: u64,
    pub abandoned: u64,
    pub abandoned_short: u64,
    pub callbacks: u64,
    pub flowed_out: u64,
    pub service_level: Option<f64>,
    pub sl1: Option<f64>,
    pub sl2: Option<f64>,
    pub sl3: Option<f64>,
    pub sl4: Option<f64>,
    pub sl6: Option<f64>,
    pub abandon_rate: Option<f64>,
    pub abandon_rate_long: Option<f64>,
    pub asa_ms: Option<u64>,
    pub answer_median_ms: Option<u64>,
    pub answer_p90_ms: Option<u64>,
    pub abandon_wait_ms: Option<u64>,
    pub longest_wait_ms: Option<u64>,
    pub handled: u64,
    pub aht_ms: Option<u64>,
    pub talk_ms: Option<u64>,
    pub hold_ms: Option<u64>,
    pub wrap_up_ms: Option<u64>,
    pub called_back: u64,
}

/// Answer to `GET /api/v1/reports/agents` and `GET /api/v1/reports/groups`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AgentReport {
    /// The first moment.
    pub from: Timestamp,
    /// The first moment that is not in it.
    pub until: Timestamp,
    /// How long the time of a row is.
    pub by: ReportStep,
    /// The zone in which days begin.
    pub zone: String,
    /// By agent or group, and time; times without any state or offer have no row.
    pub rows: Vec<AgentReportRow>,
    /// What each number means.
    pub definitions: Vec<ReportDefinition>,
}

/// The numbers of one agent, or of a group's agents together, within some time. The state that goes on is in them until now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the answer itself has the definitions")]
pub struct AgentReportRow {
    /// The agent, or the group.
    pub id: String,
    /// The first moment.
    pub from: Timestamp,
    /// The first moment that is not in it.
    pub until: Timestamp,
    pub signed_in_ms: u64,
    pub ready_ms: u64,
    /// Ready, but without a phone.
    pub offline_grace_ms: u64,
    pub ring_ms: u64,
    pub talk_ms: u64,
    pub hold_ms: u64,
    pub wrap_up_ms: u64,
    pub not_ready_ms: u64,
    pub not_ready_by_reason_ms: BTreeMap<String, u64>,
    pub occupancy: Option<f64>,
    pub occupancy_with_ring: Option<f64>,
    pub utilisation: Option<f64>,
    pub offered: u64,
    pub answered: u64,
    pub missed: u64,
    pub rejected: u64,
    pub failed: u64,
    pub aht_ms: Option<u64>,
}

/// Answer to `GET /api/v1/reports/flows`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FlowReport {
    /// The first day, in UTC.
    pub from: String,
    /// The last day, which is in it.
    pub to: String,
    /// By flow.
    pub rows: Vec<FlowReportRow>,
    /// What each number means.
    pub definitions: Vec<ReportDefinition>,
}

/// The numbers of one flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FlowReportRow {
    /// The flow.
    pub flow: String,
    /// Calls that began with it.
    pub calls: u64,
    /// Those of them that ended in flows, without a person.
    pub contained: u64,
    /// Their share; `null` without calls.
    pub containment: Option<f64>,
}

/// Answer to `GET /api/v1/reports/checks`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportCheckList {
    /// The latest day first.
    pub checks: Vec<ReportCheck>,
}

/// What was found when the calls of a day were counted anew from the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportCheck {
    /// The day, in UTC.
    pub day: String,
    /// When it was counted anew.
    pub checked_at: Timestamp,
    /// Calls that began on it.
    pub calls: u64,
    /// Those that were not counted as the journal says. They are now.
    pub differing: u64,
    /// The first of them; empty if there was none.
    pub detail: String,
}
