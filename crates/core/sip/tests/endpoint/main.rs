//! The endpoint as its peers see it: calls, registrations and refusals over a simulated network.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod calls;
mod connections;
mod digest;
mod endings;
mod flood;
mod guard;
mod messages;
mod nat;
mod net;
mod passes;
mod probes;
mod races;
mod refusals;
mod registrar;
mod registration;
mod reliable;
mod restart;
mod rfc3665;
mod saved;
mod seeds;
mod subscriptions;
mod timers;
mod transfers;
mod updates;
