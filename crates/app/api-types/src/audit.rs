//! Who did what.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Answer to `GET /api/v1/audit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    /// Newest first.
    pub entries: Vec<AuditEntry>,
    /// For `?cursor=`: the older ones; `null` at the end.
    pub next: Option<String>,
}

/// One thing that a person or program did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// The user; `null` if nobody was signed in.
    pub user: Option<String>,
    /// What, as a stable word: `session.created`, `recording.listened`, …
    pub action: String,
    /// To what: the id of a call, a customer, an agent.
    pub subject: Option<String>,
    /// More in words.
    pub detail: Option<String>,
}
