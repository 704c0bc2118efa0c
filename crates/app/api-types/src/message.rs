//! Messages that callers left.

use core::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Number, Timestamp};

/// Answer to `GET /api/v1/messages`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MessagePage {
    /// Newest first.
    pub messages: Vec<Message>,
    /// For `?cursor=`: the older ones; `null` at the end.
    pub next: Option<String>,
    /// How many nobody has heard, on all pages.
    pub unheard: u64,
}

/// One message.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// Its id.
    pub id: String,
    /// The call in which it was left.
    pub call: String,
    /// An agent or a queue; `null` if the flow keeps it for itself.
    pub mailbox: Option<String>,
    /// The caller's number as sent.
    pub caller: Number,
    /// When it began.
    pub started_at: Timestamp,
    /// Length.
    pub duration_ms: u64,
    /// When it was heard first; `null` if nobody has heard it.
    pub heard_at: Option<Timestamp>,
    /// The user who heard it first.
    pub heard_by: Option<String>,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Body of `PUT /api/v1/messages/{id}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetMessage {
    /// Whether it counts as heard.
    pub heard: bool,
}
