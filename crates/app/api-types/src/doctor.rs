//! What the server finds when it looks at itself.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Answer to `GET /api/v1/system/doctor`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Checkup {
    /// What was looked at, in order.
    pub findings: Vec<Finding>,
    /// How long things are kept.
    pub retention: Retention,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// What was looked at.
    pub subject: String,
    /// How it is.
    pub verdict: Verdict,
    /// In words.
    pub says: String,
    /// What to do.
    pub advice: Option<String>,
}

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// It may be wanted so.
    Doubtful,
    /// The center cannot serve so, or will not for long.
    Bad,
}

/// After how many days things are erased; `null` for what is kept for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Retention {
    /// Messages that callers left.
    pub messages_days: Option<u32>,
    /// Recordings.
    pub recordings_days: Option<u32>,
    /// Records of calls; their recordings go with them at the latest.
    pub calls_days: Option<u32>,
    /// How often steps of flows were run.
    pub flow_figures_days: Option<u32>,
    /// Of queues that say something themselves, by queue.
    pub queues: BTreeMap<String, QueueRetention>,
}

/// After how many days things of one queue are erased; `null` for what is kept like those of others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QueueRetention {
    /// Messages in its mailbox.
    pub messages_days: Option<u32>,
    /// Recordings of calls that waited here last.
    pub recordings_days: Option<u32>,
    /// Records of calls that waited here last.
    pub calls_days: Option<u32>,
}
