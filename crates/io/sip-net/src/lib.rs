//! The SIP transports: datagrams and connections, in and out.
//!
//! [`Network`] listens, opens and accepts connections, and gives what comes in one bounded channel of [`Incoming`]. Who
//! sends never waits. Must never know: what a SIP message means, beyond where in a stream it ends. Start reading at
//! `network.rs`, then `table.rs` for what is promised about connections and `connection.rs` for their life.

mod accept;
mod connection;
mod counters;
mod dial;
mod ending;
mod limits;
mod names;
mod network;
mod patience;
mod places;
mod quiet;
mod resolve;
mod socket;
mod table;
mod udp;
mod websocket;

pub use connection::ByteStream;
pub use hotline_tls::{ClientAuth, Identity, RELOAD_INTERVAL, TlsConfig, TlsError, check as check_tls};
pub use limits::{
    CONNECT_TIMEOUT, CONNECTIONS_MAX, CONNECTIONS_PER_SOURCE_MAX, DIALS_MAX, FIRST_MESSAGE_TIMEOUT,
    HANDSHAKE_TIMEOUT, HANDSHAKES_MAX, HANDSHAKES_PER_SOURCE_MAX, IDLE_TIMEOUT, Limits, MESSAGE_TIMEOUT,
    OUTBOX_MAX, PING_INTERVAL, SILENCE_TIMEOUT, WRITE_TIMEOUT,
};
pub use names::{NAMES_MAX, Names};
pub use network::{BindError, Incoming, Listen, Listening, Network, NetworkConfig, NetworkError, Receivers};
pub use resolve::{HOSTS_MAX, LocateError, PLACES_MAX, Resolver, TIME_MAX, TTL_MAX, TTL_MIN};
pub use websocket::agree_to_websocket;
