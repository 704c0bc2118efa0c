//! SIP: messages, transactions, dialogs, INVITE sessions, registration and digest, without sockets or clocks.
//!
//! Must never know: sockets, clocks, calls, queues. Start reading at [`Message`].

pub mod digest;
pub mod message;
pub mod transaction;
pub mod uri;

pub use message::{Builder, HeaderName, Message, Method};
