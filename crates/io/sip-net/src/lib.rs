//! The SIP transport: a UDP socket in and out.
//!
//! Must never know: what a SIP message means. Start reading at [`UdpTransport`].

mod quiet;
mod udp;

pub use udp::{BindError, Received, UdpCounters, UdpTransport};
