//! How much callers may make the server hold. Each limit has a policy.

use std::time::Duration;

/// Messages recorded at a time. Beyond, a further one fails at once and is counted (`busy`).
pub const MESSAGES_MAX: usize = 256;
/// How long the longest message is, whatever is asked for; then it ends and is kept.
pub const LONGEST_MAX: Duration = Duration::from_secs(3600);
/// What was said and waits for a slow disk. Beyond, the message fails (`slow`).
pub const BACKLOG_MAX: Duration = Duration::from_secs(10);

/// How much is written at a time; the header is renewed with it.
pub(crate) const BLOCK: Duration = Duration::from_secs(1);
/// How long the beep may take to be heard, its 0.4 s included; then the message begins without the rest.
pub(crate) const BEEP_TIMEOUT: Duration = Duration::from_secs(2);
