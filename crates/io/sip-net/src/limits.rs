//! How much of the server strangers may hold, and for how long. Each limit has a policy and a counter.

use std::time::Duration;

/// Connections that others opened. Beyond, a further one is closed at once (`full`).
pub const CONNECTIONS_MAX: usize = 4096;
/// Connections that one source opened: an IPv4 address, or an IPv6 network of 64 bits. An office behind one address has
/// hundreds of phones. Beyond, a further one is closed at once (`source_full`).
pub const CONNECTIONS_PER_SOURCE_MAX: usize = 1024;
/// TLS and WebSocket handshakes that go on at a time; further connections wait for theirs.
pub const HANDSHAKES_MAX: usize = 512;
/// Of these, how many of one source. Beyond, a further connection is closed at once (`handshakes`), so that one source
/// cannot keep the others waiting.
pub const HANDSHAKES_PER_SOURCE_MAX: usize = 128;
/// Connections being opened by us at a time; further ones wait.
pub const DIALS_MAX: usize = 64;
/// Messages that wait to be written to one connection. Beyond, it is closed (`overrun`): a peer that does not read.
pub const OUTBOX_MAX: usize = 1024;
/// Messages that leave in one write when they wait.
pub(crate) const BATCH_MAX: usize = 32;

/// How long a peer may take to accept a connection of ours, waiting for [`DIALS_MAX`] included.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long TLS and WebSocket handshakes may take, waiting for [`HANDSHAKES_MAX`] included.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an accepted connection may be without a complete message.
pub const FIRST_MESSAGE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a message may take from its first byte to its last.
pub const MESSAGE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a peer may send nothing: longer than a registration lasts, whose refresh counts as does a keep-alive.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(2 * 3600);
/// How long a message may take to leave, and what has left to be acknowledged by the peer's system.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// How often a WebSocket is pinged, which browsers cannot do. Proxies give up connections that are silent for a minute.
pub const PING_INTERVAL: Duration = Duration::from_secs(25);
/// How long a WebSocket may send nothing although it is pinged: three pings.
pub const SILENCE_TIMEOUT: Duration = Duration::from_secs(75);
/// How long a connection that is closed may take over its last words.
pub(crate) const GOODBYE_TIMEOUT: Duration = Duration::from_secs(1);
/// The system asks a silent peer whether it lives after so long, every [`KEEPALIVE_INTERVAL`], [`KEEPALIVE_RETRIES`]
/// times: a phone whose battery is empty is noticed within a minute.
pub(crate) const KEEPALIVE_TIME: Duration = Duration::from_secs(30);
/// Between two of these questions.
pub(crate) const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
/// How many of them go unanswered.
pub(crate) const KEEPALIVE_RETRIES: u32 = 3;
/// Connections that the system holds for us until they are accepted.
pub(crate) const BACKLOG: i32 = 1024;
/// After an accept that failed because the system lacks something (files, memory).
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// The limits of a network; the defaults are the constants of their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// [`CONNECTIONS_MAX`].
    pub connections: usize,
    /// [`CONNECTIONS_PER_SOURCE_MAX`].
    pub connections_per_source: usize,
    /// [`HANDSHAKES_PER_SOURCE_MAX`].
    pub handshakes_per_source: usize,
    /// [`OUTBOX_MAX`].
    pub outbox: usize,
    /// [`CONNECT_TIMEOUT`].
    pub connect: Duration,
    /// [`HANDSHAKE_TIMEOUT`].
    pub handshake: Duration,
    /// [`FIRST_MESSAGE_TIMEOUT`].
    pub first_message: Duration,
    /// [`MESSAGE_TIMEOUT`].
    pub message: Duration,
    /// [`IDLE_TIMEOUT`].
    pub idle: Duration,
    /// [`WRITE_TIMEOUT`].
    pub write: Duration,
    /// [`PING_INTERVAL`].
    pub ping: Duration,
    /// [`SILENCE_TIMEOUT`].
    pub silence: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: CONNECTIONS_MAX,
            connections_per_source: CONNECTIONS_PER_SOURCE_MAX,
            handshakes_per_source: HANDSHAKES_PER_SOURCE_MAX,
            outbox: OUTBOX_MAX,
            connect: CONNECT_TIMEOUT,
            handshake: HANDSHAKE_TIMEOUT,
            first_message: FIRST_MESSAGE_TIMEOUT,
            message: MESSAGE_TIMEOUT,
            idle: IDLE_TIMEOUT,
            write: WRITE_TIMEOUT,
            ping: PING_INTERVAL,
            silence: SILENCE_TIMEOUT,
        }
    }
}
