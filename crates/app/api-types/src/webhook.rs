//! Events that are sent to programs outside.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Answer to `GET /api/v1/webhooks`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WebhookList {
    /// By name.
    pub webhooks: Vec<Webhook>,
}

/// How one receiver stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Webhook {
    /// Names it.
    pub name: String,
    /// Where events are sent.
    pub url: String,
    /// Which types; all if empty.
    pub types: Vec<String>,
    /// The number of the last event that was sent, or waits in `parked`.
    pub place: u64,
    /// The number of the last event there is.
    pub newest: u64,
    /// Events that the receiver did not take, and is asked again about.
    pub parked: usize,
    /// Events it has taken since the server started.
    pub delivered: u64,
    /// Events that were given up since the server started.
    pub given_up: u64,
    /// Since when it takes nothing.
    pub failing_since: Option<Timestamp>,
    /// Why.
    pub problem: Option<String>,
}

/// Body of `POST /api/v1/webhooks/{name}/replay`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayWebhook {
    /// Everything after the event of this number is sent again, in order.
    pub after: u64,
}
