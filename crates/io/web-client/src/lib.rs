//! Outgoing HTTP: what flows look up and whom they notify.
//!
//! [`Client`] sends one [`Request`] and gives one [`Response`] or one [`Failure`], within the time that the request has, repetitions
//! included. Nobody waits for anybody: beyond the limits a request fails at once. URLs, headers and bodies are personal data
//! and never logged; the host is. Must never know: flows, calls, what an answer means. Start reading at `client.rs`, then
//! `breaker.rs` for hosts that do not answer.

mod backoff;
mod breaker;
mod client;
mod connector;
mod counters;
mod failure;
mod hosts;
mod keys;
mod limits;
mod request;
mod response;

pub use client::{Client, ClientConfig, ConfigError};
pub use failure::Failure;
pub use keys::{Field, Keys};
pub use limits::{
    BREAKER_FAILURES, BREAKER_PAUSE, HEADERS_MAX, HEADERS_SIZE_MAX, HOSTS_MAX, LOOKUPS_MAX, Limits,
    REQUEST_BODY_MAX, REQUESTS_MAX, REQUESTS_PER_HOST_MAX, RESPONSE_CEILING, RESPONSE_MAX, RETRIES_MAX,
    TIMEOUT_MAX, URL_MAX,
};
pub use request::{Body, Method, Request, check_url};
pub use response::Response;
