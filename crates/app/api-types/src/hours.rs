//! Opening hours, and what is decided about them by hand.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Answer to `GET /api/v1/hours`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HoursList {
    /// By name.
    pub hours: Vec<Hours>,
}

/// How opening hours stand now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hours {
    /// Their name.
    pub name: String,
    /// Open or not.
    pub state: HoursState,
    /// On account of which holiday it is closed.
    pub holiday: Option<String>,
    /// When that changes; `null` if it does not within 400 days.
    pub until: Option<Timestamp>,
    /// What was decided by hand.
    #[serde(rename = "override")]
    pub by_hand: Option<HoursOverride>,
}

/// Open, or why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HoursState {
    /// Within the hours.
    Open,
    /// Outside them.
    Closed,
    /// Closed on account of a holiday.
    Holiday,
}

/// Body of `PUT /api/v1/hours/{name}/override`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HoursOverride {
    /// Whether it is open, whatever the hours are.
    pub open: bool,
    /// From when on the hours count again; `null` until it is taken back.
    pub until: Option<Timestamp>,
}
