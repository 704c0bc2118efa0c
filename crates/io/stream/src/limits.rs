//! How much a service may make the server hold, and for how long. Each limit has a policy.

use std::time::Duration;

/// Streams at a time. Beyond, a further one ends at once (`busy`).
pub const STREAMS_MAX: usize = 512;
/// Frames of 20 ms of the caller that wait for a slow service: 1 s. Beyond, the oldest is dropped and counted.
pub const HEARD_MAX: usize = 50;
/// Frames of 20 ms that wait to be heard by the caller: 60 s. Beyond, what comes is dropped and counted.
pub const PLAYING_MAX: usize = 3000;
/// Marks that wait for their sound. Beyond, the stream ends (`protocol`).
pub const MARKS_MAX: usize = 64;
/// Bytes of the name of a mark. A longer one ends the stream (`protocol`).
pub const MARK_MAX: usize = 128;
/// Bytes of the result. A longer one ends the stream (`protocol`).
pub const RESULT_MAX: usize = 16 * 1024;
/// Bytes of the parameters a service is given. Longer ones are refused (`bad_request`).
pub const PARAMETERS_MAX: usize = 16 * 1024;
/// Bytes of a message. A longer one ends the stream (`protocol`).
pub const MESSAGE_MAX: usize = 256 * 1024;
/// Bytes of an address. A longer one is refused (`bad_request`).
pub const URL_MAX: usize = 8192;
/// What we have to tell that waits for a slow service. Beyond, the stream ends (`stalled`).
pub const CONTROLS_MAX: usize = 64;
/// What a service told that waits for whoever reads it. Beyond, the stream ends (`overrun`).
pub const EVENTS_MAX: usize = 64;

/// How long name, connection, TLS and the WebSocket's handshake may take together.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a service is pinged.
pub const PING_INTERVAL: Duration = Duration::from_secs(10);
/// How long a service may send nothing at all, although it is pinged.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a service may read nothing.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the last words may take.
pub(crate) const GOODBYE_TIMEOUT: Duration = Duration::from_secs(1);
/// Frames that are ready for the media thread: what it needs if the task is 100 ms late.
pub(crate) const AHEAD: usize = 5;
/// Bytes that the system holds for a service that is behind: a second or two of sound.
pub(crate) const SEND_BUFFER: usize = 32 * 1024;
/// Names being resolved at a time, those included that nobody waits for any more. Further ones wait within their time.
pub(crate) const LOOKUPS_MAX: usize = 16;
/// Header fields of a request. More are refused (`bad_request`).
pub(crate) const HEADERS_MAX: usize = 32;

/// The limits of streams; the defaults are the constants of their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// [`STREAMS_MAX`].
    pub streams: usize,
    /// [`CONNECT_TIMEOUT`].
    pub connect: Duration,
    /// [`PING_INTERVAL`].
    pub ping: Duration,
    /// [`IDLE_TIMEOUT`].
    pub idle: Duration,
    /// [`WRITE_TIMEOUT`].
    pub write: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            streams: STREAMS_MAX,
            connect: CONNECT_TIMEOUT,
            ping: PING_INTERVAL,
            idle: IDLE_TIMEOUT,
            write: WRITE_TIMEOUT,
        }
    }
}
