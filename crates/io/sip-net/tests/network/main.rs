//! The transports on real sockets of the loopback interface.

#![expect(clippy::unwrap_used, reason = "what a test cannot do without fails it")]

mod certificates;
mod dialling;
mod limits;
mod stage;
mod tcp;
mod tls;
mod udp;
mod websocket;
