//! Sends messages to a HEP collector: at once or not at all, since nobody waits for a collector.

use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::io;
use std::net::UdpSocket;

use hotline_telemetry::Metric;
use metrics::Counter;
use tracing::{info, warn};

use crate::captured::Captured;
use crate::hep::{Agent, encode};

/// The way to a collector.
#[derive(Debug)]
pub struct Collector {
    socket: UdpSocket,
    address: SocketAddr,
    agent: Agent,
    sent: Counter,
    failed: Counter,
    /// Whether the last one failed: each change is logged, not each failure.
    failing: bool,
}

impl Collector {
    /// A socket of its own for the collector at `address`, which need not be there yet.
    ///
    /// # Errors
    /// The system gives no socket.
    pub fn open(address: SocketAddr, agent: Agent) -> io::Result<Self> {
        let any = if address.is_ipv4() {
            SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))
        } else {
            SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0))
        };
        let socket = UdpSocket::bind(any)?;
        socket.set_nonblocking(true)?;
        let (sent, failed) = (Metric::SipHepSent.counter(), Metric::SipHepFailed.counter());
        Ok(Self { socket, address, agent, sent, failed, failing: false })
    }

    /// Sends one message. What the system does not take at once is counted and forgotten.
    pub(crate) fn send(&mut self, captured: &Captured, sip_call_id: &str) {
        let Ok(packet) = encode(captured, sip_call_id, &self.agent) else {
            self.failed.increment(1);
            return;
        };
        match self.socket.send_to(&packet, self.address) {
            Ok(_) => {
                self.sent.increment(1);
                if std::mem::replace(&mut self.failing, false) {
                    info!(collector = %self.address, "messages reach the HEP collector's network again");
                }
            }
            Err(error) => {
                self.failed.increment(1);
                if !std::mem::replace(&mut self.failing, true) {
                    warn!(collector = %self.address, %error, "sending to the HEP collector; further failures are counted");
                }
            }
        }
    }
}
