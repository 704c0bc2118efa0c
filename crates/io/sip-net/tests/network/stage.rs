//! A network under test, and peers of it that know nothing but bytes.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use hotline_sip::{Flow, Transport};
use hotline_sip_net::{ClientAuth, Incoming, Listen, Network, NetworkConfig};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long anything may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// Incoming messages that may wait.
pub(crate) const ROOM: usize = 64;

pub(crate) struct Stage {
    pub(crate) network: Network,
    pub(crate) incoming: mpsc::Receiver<Incoming>,
    pub(crate) running: JoinHandle<()>,
}

/// A free port of 127.0.0.1.
pub(crate) fn listen(transport: Transport) -> Listen {
    listen_at(Ipv4Addr::LOCALHOST, transport)
}

pub(crate) fn listen_at(host: Ipv4Addr, transport: Transport) -> Listen {
    Listen { transport, address: SocketAddr::from((host, 0)), client_auth: ClientAuth::None }
}

pub(crate) fn config(transport: Transport) -> NetworkConfig {
    NetworkConfig::new(vec![listen(transport)])
}

impl Stage {
    pub(crate) fn set(config: NetworkConfig) -> Self {
        Self::with_room(config, ROOM)
    }

    pub(crate) fn with_room(config: NetworkConfig, room: usize) -> Self {
        let (sender, incoming) = mpsc::channel(room);
        let (network, receivers) = Network::bind(config, sender).unwrap();
        Self { network, incoming, running: tokio::spawn(receivers.run()) }
    }

    /// Where it listens first.
    pub(crate) fn local(&self) -> SocketAddr {
        self.network.listening()[0].local
    }

    /// The flow of a peer at that address.
    pub(crate) fn flow(&self, remote: SocketAddr) -> Flow {
        let first = self.network.listening()[0];
        Flow { transport: first.transport, local: first.local, remote }
    }

    /// A TCP connection to where it listens first.
    pub(crate) async fn connect(&self) -> Peer<TcpStream> {
        let stream = TcpStream::connect(self.local()).await.unwrap();
        let here = stream.local_addr().unwrap();
        Peer { stream, here }
    }

    /// One more TCP connection is closed at once.
    pub(crate) async fn turns_away(&self) {
        // The system may tell the client before it has its connection.
        let Ok(stream) = TcpStream::connect(self.local()).await else { return };
        let Ok(here) = stream.local_addr() else { return };
        Peer { stream, here }.expect_end().await;
    }

    pub(crate) async fn next(&mut self) -> Incoming {
        let next = timeout(PATIENCE, self.incoming.recv()).await;
        next.expect("something in time").expect("the network runs")
    }

    /// The next thing, which must be this message of that peer.
    pub(crate) async fn expect(&mut self, remote: SocketAddr, text: &str) {
        let bytes = Bytes::copy_from_slice(text.as_bytes());
        assert_eq!(self.next().await, Incoming::Message { flow: self.flow(remote), bytes });
    }

    /// The next thing, which must be the end of that peer.
    pub(crate) async fn expect_end(&mut self, remote: SocketAddr) {
        assert_eq!(self.next().await, Incoming::Disconnected(self.flow(remote)));
    }

    pub(crate) fn send(&self, remote: SocketAddr, text: &str) {
        self.network.send(self.flow(remote), Bytes::copy_from_slice(text.as_bytes()));
    }
}

/// The other end of a connection.
pub(crate) struct Peer<S> {
    pub(crate) stream: S,
    pub(crate) here: SocketAddr,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    pub(crate) async fn send(&mut self, text: impl AsRef<[u8]>) {
        self.stream.write_all(text.as_ref()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// The next bytes, which must be these.
    pub(crate) async fn expect(&mut self, text: &str) {
        let mut bytes = vec![0; text.len()];
        timeout(PATIENCE, self.stream.read_exact(&mut bytes)).await.expect("bytes in time").unwrap();
        assert_eq!(String::from_utf8_lossy(&bytes), text);
    }

    /// Nothing comes any more: it is closed or reset.
    pub(crate) async fn expect_end(&mut self) {
        let mut rest = Vec::new();
        let ended = timeout(PATIENCE, self.stream.read_to_end(&mut rest)).await.expect("an end in time");
        assert!(ended.is_err() || rest.is_empty(), "{}", String::from_utf8_lossy(&rest));
    }
}

/// A message with this Call-ID and body.
pub(crate) fn message(id: &str, body: &str) -> String {
    format!("OPTIONS sip:hotline SIP/2.0\r\nCall-ID: {id}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}
