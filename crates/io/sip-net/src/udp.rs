//! One UDP socket for SIP: received datagrams go to a bounded channel, a full channel drops and counts.

use std::io;
use std::net::{SocketAddr, UdpSocket as StdUdpSocket};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use metrics::Counter;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tracing::{debug, warn};

/// The largest UDP payload (RFC 768 length field less both headers, IPv4).
const DATAGRAM_MAX: usize = 65_507;
/// Kernel receive buffer: about a thousand INVITEs may wait while the shard is busy.
const RECEIVE_BUFFER_BYTES: usize = 2 * 1024 * 1024;
/// Room taken from the allocator at once for received datagrams.
const ARENA_BYTES: usize = 256 * 1024;

/// A datagram as it came.
#[derive(Clone, Debug)]
pub struct Received {
    /// The address it was sent to: the socket's own.
    pub local: SocketAddr,
    /// Who sent it.
    pub remote: SocketAddr,
    /// What was sent.
    pub bytes: Bytes,
}

/// The address could not be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen for SIP on udp {address}: {source}; is another server using the port?")]
pub struct BindError {
    /// The address asked for.
    pub address: SocketAddr,
    /// The system's answer.
    pub source: io::Error,
}

/// A bound UDP socket for SIP.
#[derive(Clone, Debug)]
pub struct UdpTransport {
    socket: Arc<UdpSocket>,
    local: SocketAddr,
}

impl UdpTransport {
    /// Binds `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// [`BindError`] names the address: it is in use, or not one of this machine.
    pub fn bind(address: SocketAddr) -> Result<Self, BindError> {
        let bound = bind_socket(address).map_err(|source| BindError { address, source })?;
        let socket = UdpSocket::from_std(bound).map_err(|source| BindError { address, source })?;
        let local = socket.local_addr().map_err(|source| BindError { address, source })?;
        Ok(Self { socket: Arc::new(socket), local })
    }

    /// The address that is listened on, with the real port.
    #[must_use]
    pub const fn local(&self) -> SocketAddr {
        self.local
    }

    /// Receives until the channel's other end is gone. At a full channel the datagram is dropped and counted in
    /// `dropped`: SIP over UDP repeats what matters (RFC 3261 §17).
    pub async fn receive(self, datagrams: mpsc::Sender<Received>, dropped: Counter) {
        let mut arena = BytesMut::with_capacity(ARENA_BYTES);
        loop {
            if arena.capacity() - arena.len() < DATAGRAM_MAX {
                arena = BytesMut::with_capacity(ARENA_BYTES);
            }
            let remote = match self.socket.recv_buf_from(&mut arena).await {
                Ok((_, remote)) => remote,
                // ICMP errors of earlier sends surface here; the socket itself is fine.
                Err(error) => {
                    debug!(%error, "receiving SIP over UDP");
                    continue;
                }
            };
            let bytes = arena.split().freeze();
            match datagrams.try_send(Received { local: self.local, remote, bytes }) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(_)) => dropped.increment(1),
                Err(mpsc::error::TrySendError::Closed(_)) => return,
            }
        }
    }

    /// Sends one datagram. A failure is logged and otherwise left to the retransmission timers.
    pub async fn send(&self, remote: SocketAddr, bytes: &[u8]) {
        if let Err(error) = self.socket.send_to(bytes, remote).await {
            warn!(%error, "sending SIP over UDP");
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

    use super::*;

    #[tokio::test]
    async fn a_datagram_arrives_with_both_addresses() {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (server, client) = (UdpTransport::bind(any).unwrap(), UdpTransport::bind(any).unwrap());
        let (sender, mut receiver) = mpsc::channel(1);
        tokio::spawn(server.clone().receive(sender, Counter::noop()));
        client.send(server.local(), b"hello").await;
        let received = receiver.recv().await.unwrap();
        assert_eq!((received.local, received.remote), (server.local(), client.local()));
        assert_eq!(&received.bytes[..], b"hello");
    }

    #[tokio::test]
    async fn a_taken_port_is_named() {
        let first = UdpTransport::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let error = UdpTransport::bind(first.local()).unwrap_err();
        assert!(error.to_string().contains(&first.local().to_string()), "{error}");
    }
}
