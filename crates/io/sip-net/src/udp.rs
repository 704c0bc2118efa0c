//! One UDP socket for SIP: received datagrams go to a bounded channel, a full channel drops and counts.

use std::io;
use std::net::{SocketAddr, UdpSocket as StdUdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use hotline_sip::Flow;
use metrics::Counter;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tracing::warn;

use crate::quiet::Quiet;

/// The largest UDP payload (RFC 768 length field less both headers, IPv4).
const DATAGRAM_MAX: usize = 65_507;
/// Kernel receive buffer: about a thousand INVITEs may wait while the shard is busy.
const RECEIVE_BUFFER_BYTES: usize = 2 * 1024 * 1024;
/// Room taken from the allocator at once for received datagrams.
const ARENA_BYTES: usize = 256 * 1024;
/// After an error that follows another: one that stays must not keep a processor busy.
const ERROR_PAUSE: Duration = Duration::from_millis(100);

/// A datagram as it came.
#[derive(Clone, Debug)]
pub struct Received {
    /// The way it came.
    pub flow: Flow,
    /// What was sent.
    pub bytes: Bytes,
}

/// The address could not be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen for SIP on udp {address}; is another server using the port?")]
pub struct BindError {
    /// The address asked for.
    pub address: SocketAddr,
    /// The system's answer.
    pub source: io::Error,
}

/// What went wrong, to be counted.
#[derive(Clone)]
pub struct UdpCounters {
    /// Received datagrams for which the channel had no room.
    pub dropped: Counter,
    /// Receives that failed.
    pub receive_errors: Counter,
    /// Datagrams that the system did not take: its buffer was full, or there was no way to the peer.
    pub send_errors: Counter,
}

/// A bound UDP socket for SIP.
#[derive(Clone)]
pub struct UdpTransport {
    socket: Arc<UdpSocket>,
    local: SocketAddr,
    counters: UdpCounters,
    send_errors: Arc<Quiet>,
}

impl UdpTransport {
    /// Binds `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// [`BindError`] names the address: it is in use, or not one of this machine.
    pub fn bind(address: SocketAddr, counters: UdpCounters) -> Result<Self, BindError> {
        let bound = bind_socket(address).map_err(|source| BindError { address, source })?;
        let socket = UdpSocket::from_std(bound).map_err(|source| BindError { address, source })?;
        let local = socket.local_addr().map_err(|source| BindError { address, source })?;
        Ok(Self { socket: Arc::new(socket), local, counters, send_errors: Arc::default() })
    }

    /// The address that is listened on, with the real port.
    #[must_use]
    pub const fn local(&self) -> SocketAddr {
        self.local
    }

    /// Receives until the channel's other end is gone. At a full channel the datagram is dropped and counted:
    /// SIP over UDP repeats what matters (RFC 3261 §17).
    pub async fn receive(self, datagrams: mpsc::Sender<Received>) {
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
            match datagrams.try_send(Received { flow: Flow::udp(self.local, remote), bytes }) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(_)) => self.counters.dropped.increment(1),
                Err(mpsc::error::TrySendError::Closed(_)) => return,
            }
        }
    }

    /// Sends one datagram, at once or not at all: who sends must not wait for a full buffer. A failure is counted
    /// and otherwise left to the retransmission timers.
    pub fn send(&self, remote: SocketAddr, bytes: &[u8]) {
        // Past tokio: its knowledge of the socket's readiness may be older than the socket's own.
        if let Err(error) = SockRef::from(&*self.socket).send_to(bytes, &remote.into()) {
            self.counters.send_errors.increment(1);
            if let Some(held_back) = self.send_errors.may_speak(Instant::now()) {
                warn!(%error, held_back, "sending SIP over UDP");
            }
        }
    }
}

fn bind_socket(address: SocketAddr) -> io::Result<StdUdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    fn uncounted() -> UdpCounters {
        let none = Counter::noop;
        UdpCounters { dropped: none(), receive_errors: none(), send_errors: none() }
    }

    fn any() -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
    }

    #[tokio::test]
    async fn a_datagram_arrives_with_both_addresses() {
        let server = UdpTransport::bind(any(), uncounted()).unwrap();
        let client = UdpTransport::bind(any(), uncounted()).unwrap();
        let (sender, mut receiver) = mpsc::channel(1);
        tokio::spawn(server.clone().receive(sender));
        client.send(server.local(), b"hello");
        let received = receiver.recv().await.unwrap();
        assert_eq!(received.flow, Flow::udp(server.local(), client.local()));
        assert_eq!(&received.bytes[..], b"hello");
    }

    #[tokio::test]
    async fn a_datagram_that_the_system_refuses_is_counted_and_nobody_waits() {
        let count = Arc::new(AtomicU64::new(0));
        let counters = UdpCounters { send_errors: Counter::from_arc(Arc::clone(&count)), ..uncounted() };
        let client = UdpTransport::bind(any(), counters).unwrap();
        client.send(client.local(), &[0; DATAGRAM_MAX + 1]);
        assert_eq!(count.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_taken_port_is_named() {
        let first = UdpTransport::bind(any(), uncounted()).unwrap();
        let error = UdpTransport::bind(first.local(), uncounted()).err().unwrap();
        assert!(error.to_string().contains(&first.local().to_string()), "{error}");
    }
}
