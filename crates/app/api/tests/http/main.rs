//! The HTTP side over real loopback connections, with a real database and the shard's end of the handle played by
//! the test.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod calls;
mod client;
mod configuration;
mod customers;
mod description;
mod flows;
mod hardening;
mod hours;
mod messages;
mod once;
mod people;
mod permissions;
mod prompts;
mod roles;
mod scopes;
mod search;
mod server;
mod sign_in;
mod staff;
mod stream;
mod trace;
