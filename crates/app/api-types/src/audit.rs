//! Who did what.

use core::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Answer to `GET /api/v1/audit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditPage {
    /// Newest first.
    pub entries: Vec<AuditEntry>,
    /// For `?cursor=`: the older ones; `null` at the end.
    pub next: Option<String>,
}

/// Answer to `GET /api/v1/audit/check`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditCheck {
    /// Rows that are what was written.
    pub rows: u64,
    /// The row that is missing, or of which it or the one before was changed; 0 if the log has lost its end; `null` if all is
    /// well.
    pub broken_at: Option<u64>,
}

/// One thing that a person or program did.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditEntry {
    /// Place in the log, from 1 without gaps.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// The user, or `system`.
    pub actor: String,
    /// What, as a stable word: `session.create`, `recording.listen`, …
    pub action: String,
    /// To what: the id of a call, a customer, an agent, a user.
    pub subject: String,
    /// More; its form depends on the action.
    pub detail: serde_json::Value,
}

impl fmt::Debug for AuditEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditEntry")
            .field("seq", &self.seq)
            .field("action", &self.action)
            .finish_non_exhaustive()
    }
}
