//! The HTTP side over real loopback connections, with a real database and the shard's end of the handle played by
//! the test.

mod calls;
mod client;
mod customers;
mod hardening;
mod roles;
mod server;
mod sign_in;
mod stream;
