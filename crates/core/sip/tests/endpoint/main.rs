//! The endpoint as its peers see it: calls, registrations and refusals over a simulated network.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod calls;
mod connections;
mod endings;
mod flood;
mod nat;
mod net;
mod races;
mod refusals;
mod registration;
mod reliable;
mod rfc3665;
mod saved;
mod seeds;
mod timers;
mod transfers;
mod updates;
