//! Who is not heard by SIP for a while.

use core::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Answer to `GET /api/v1/sip/blocked`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BlockedList {
    /// In no order.
    pub blocked: Vec<BlockedSource>,
}

/// Somebody who is not heard.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BlockedSource {
    /// The address; of an IPv6 address its network of 64 bits counts.
    pub address: String,
    /// The user whose password was guessed there: only whoever says to be this user is not heard. `null` if nobody at the
    /// address is.
    pub user: Option<String>,
    /// Why.
    pub reason: BlockReason,
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Requests that were dropped since.
    pub dropped: u64,
}

impl fmt::Debug for BlockedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockedSource").field("reason", &self.reason).finish_non_exhaustive()
    }
}

/// Why somebody is not heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BlockReason {
    /// Too many wrong passwords.
    Guessing,
    /// Too many users or numbers were asked for.
    Scanning,
    /// It says itself that it is a scanner.
    Scanner,
}
