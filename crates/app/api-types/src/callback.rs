//! Callers who want to be called back.

use core::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Number, Timestamp};

/// Answer to `GET /api/v1/callbacks`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CallbackList {
    /// The oldest first.
    pub callbacks: Vec<Callback>,
    /// Those who were not reached as often as is tried, and to whom nobody has seen since; the latest first, at most 500; on the first page
    /// and behind `?missed_cursor=`.
    #[serde(default)]
    pub missed: Vec<Callback>,
    /// For `?cursor=`: what follows; `null` at the end.
    pub next: Option<String>,
    /// For `?missed_cursor=`: those who were missed before; `null` at the end.
    #[serde(default)]
    pub next_missed: Option<String>,
}

/// Somebody who wants to be called back.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Callback {
    /// Its id.
    pub id: String,
    /// The call in which it was asked for.
    pub call: String,
    /// Whose agents are to call.
    pub queue: String,
    /// The number.
    pub number: Number,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// How often nobody was reached.
    pub tries: u8,
    /// Not called before, after a try that reached nobody.
    pub not_before: Option<Timestamp>,
    /// When it was given up; `null` while it waits.
    #[serde(default)]
    pub missed_at: Option<Timestamp>,
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback").field("id", &self.id).finish_non_exhaustive()
    }
}
