//! One UDP socket for SIP: received datagrams go to a bounded channel, a full channel drops and counts.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use hotline_sip::Flow;
use socket2::SockRef;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tracing::warn;

use crate::counters::Counters;
use crate::network::Incoming;
use crate::quiet::Quiet;

/// The largest UDP payload (RFC 768 length field less both headers, IPv4).
const DATAGRAM_MAX: usize = 65_507;
/// Room taken from the allocator at once for received datagrams.
const ARENA_BYTES: usize = 256 * 1024;
/// After an error that follows another: one that stays must not keep a processor busy.
const ERROR_PAUSE: Duration = Duration::from_millis(100);

/// A bound UDP socket for SIP.
pub(crate) struct Datagrams {
    socket: UdpSocket,
    local: SocketAddr,
    counters: Arc<Counters>,
    send_errors: Quiet,
}

impl Datagrams {
    pub(crate) fn new(socket: UdpSocket, local: SocketAddr, counters: Arc<Counters>) -> Self {
        Self { socket, local, counters, send_errors: Quiet::default() }
    }

    /// The address that is listened on.
    pub(crate) const fn local(&self) -> SocketAddr {
        self.local
    }

    /// Receives until the channel's other end is gone. At a full channel the datagram is dropped and counted:
    /// SIP over UDP repeats what matters (RFC 3261 §17).
    pub(crate) async fn receive(&self, incoming: mpsc::Sender<Incoming>) {
        let mut arena = BytesMut::with_capacity(ARENA_BYTES);
        let (quiet, mut failing) = (Quiet::default(), false);
        loop {
            if arena.capacity() - arena.len() < DATAGRAM_MAX {
                arena = BytesMut::with_capacity(ARENA_BYTES);
            }
            let remote = match self.socket.recv_buf_from(&mut arena).await {
                Ok((_, remote)) => remote,
                Err(error) => {
                    self.counters.receive_errors.increment(1);
                    if let Some(held_back) = quiet.may_speak(Instant::now()) {
                        warn!(%error, held_back, "receiving SIP over UDP");
                    }
                    // A single one may be about an earlier send (ICMP); the next datagram must not wait for that.
                    if std::mem::replace(&mut failing, true) {
                        tokio::time::sleep(ERROR_PAUSE).await;
                    }
                    continue;
                }
            };
            failing = false;
            let bytes = arena.split().freeze();
            let flow = Flow::udp(self.local, remote);
            match incoming.try_send(Incoming::Message { flow, bytes }) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(_)) => self.counters.dropped.increment(1),
                Err(mpsc::error::TrySendError::Closed(_)) => return,
            }
        }
    }

    /// Sends one datagram, at once or not at all: who sends must not wait for a full buffer. A failure is counted
    /// and otherwise left to the retransmission timers.
    pub(crate) fn send(&self, remote: SocketAddr, bytes: &[u8]) {
        // Past tokio: its knowledge of the socket's readiness may be older than the socket's own.
        if let Err(error) = SockRef::from(&self.socket).send_to(bytes, &remote.into()) {
            self.counters.send_errors.increment(1);
            if let Some(held_back) = self.send_errors.may_speak(Instant::now()) {
                warn!(%error, held_back, "sending SIP over UDP");
            }
        }
    }
}
