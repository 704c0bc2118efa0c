//! How much others may make the server hold, and for how long. Each limit has a policy and a counter.

use std::time::Duration;

/// Requests at a time. Beyond, a further one fails at once (`busy`).
pub const REQUESTS_MAX: usize = 256;
/// Of these, how many to one host, so that one that does not answer leaves room for the others. Beyond, a further one fails at
/// once (`busy`).
pub const REQUESTS_PER_HOST_MAX: usize = 64;
/// Names being resolved at a time, those included that nobody waits for any more. Further ones wait within their time.
pub const LOOKUPS_MAX: usize = 16;
/// Hosts whose failures are remembered. Beyond, the one that was not asked for the longest is forgotten.
pub const HOSTS_MAX: usize = 1024;
/// Failures in a row after which a host is left alone for [`BREAKER_PAUSE`].
pub const BREAKER_FAILURES: u32 = 5;
/// How long a host is left alone before one request tries it again.
pub const BREAKER_PAUSE: Duration = Duration::from_secs(30);

/// The longest that a request may take, repetitions included. A longer wish is cut to it.
pub const TIMEOUT_MAX: Duration = Duration::from_secs(120);
/// Repetitions of one request. A higher wish is cut to it.
pub const RETRIES_MAX: u8 = 5;
/// Bytes of an address. A longer one is refused (`bad_url`).
pub const URL_MAX: usize = 8192;
/// Header fields that a request may bring. More are refused (`bad_request`).
pub const HEADERS_MAX: usize = 32;
/// Bytes of names and values of these together.
pub const HEADERS_SIZE_MAX: usize = 8192;
/// Bytes of a request's body. More are refused (`bad_request`).
pub const REQUEST_BODY_MAX: usize = 256 * 1024;
/// Bytes of an answer's body, unless the request asks for more. Beyond, it is not read on (`too_large`).
pub const RESPONSE_MAX: usize = 256 * 1024;
/// The most that a request may ask for.
pub const RESPONSE_CEILING: usize = 16 * 1024 * 1024;

/// Bytes of an answer's status line and header fields.
pub(crate) const RESPONSE_HEAD_MAX: usize = 64 * 1024;
/// Connections kept open to one host that nobody uses.
pub(crate) const IDLE_PER_HOST_MAX: usize = 8;
/// How long they are kept. Servers close theirs after a minute or so.
pub(crate) const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// The limits of a client; the defaults are the constants of their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// [`REQUESTS_MAX`].
    pub requests: usize,
    /// [`REQUESTS_PER_HOST_MAX`].
    pub requests_per_host: usize,
    /// [`BREAKER_FAILURES`].
    pub breaker_failures: u32,
    /// [`BREAKER_PAUSE`].
    pub breaker_pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests: REQUESTS_MAX,
            requests_per_host: REQUESTS_PER_HOST_MAX,
            breaker_failures: BREAKER_FAILURES,
            breaker_pause: BREAKER_PAUSE,
        }
    }
}
