//! A caller's audio both ways to a service, over a WebSocket: speech recognition, voice bots.
//!
//! [`Streams::connect`] gives a [`Stream`]: one end of a line for the media thread, and channels for all else. The protocol is in
//! `docs/stream.md`. What is said and what comes of it is personal data and never logged. Must never know: flows, calls, media
//! legs. Start reading at `streams.rs`, then `session.rs`.

mod connect;
mod ending;
mod limits;
mod message;
mod playing;
mod session;
mod streams;

pub use ending::End;
pub use limits::{
    CONNECT_TIMEOUT, CONTROLS_MAX, EVENTS_MAX, HEARD_MAX, IDLE_TIMEOUT, Limits, MARK_MAX, MARKS_MAX,
    MESSAGE_MAX, PARAMETERS_MAX, PING_INTERVAL, PLAYING_MAX, RESULT_MAX, STREAMS_MAX, URL_MAX, WRITE_TIMEOUT,
};
pub use message::Values;
pub use streams::{ConfigError, Control, Event, Start, Stream, StreamRequest, Streams, StreamsConfig};
