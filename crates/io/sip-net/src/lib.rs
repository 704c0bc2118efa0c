//! SIP transports: sockets in, datagrams out. UDP; streams join behind the same two types.
//!
//! Must never know: what a SIP message means. Start reading at [`UdpTransport`].

mod udp;

pub use udp::{BindError, Received, UdpTransport};
