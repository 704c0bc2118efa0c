//! SIP: messages, transactions, dialogs, INVITE sessions, registration and digest, without sockets or clocks.

pub mod transaction;
