//! Connections that we open.

use hotline_sip::{Flow, Transport};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::{TlsConnector, TlsStream};
use tracing::debug;

use crate::connection::{Opened, Wire};
use crate::counters;
use crate::ending::Ending;
use crate::network::Shared;
use crate::patience::Patience;
use crate::socket;

impl Shared {
    /// Opens a connection to the flow's remote end.
    pub(crate) async fn dial(&self, flow: Flow) -> Result<Opened, Ending> {
        let wire = match flow.transport {
            Transport::Tcp => Wire::Tcp(self.connect(flow).await?),
            Transport::Tls => {
                let stream = self.connect(flow).await?;
                let encrypted = timeout(self.limits.handshake, self.encrypt(flow, stream)).await;
                Wire::Tls(Box::new(encrypted.unwrap_or(Err(Ending::Handshake))?))
            }
            // A browser cannot be connected to (RFC 7118 §4.2), and a datagram needs no connection.
            Transport::Ws | Transport::Wss | Transport::Udp => return Err(Ending::NoConnection),
        };
        counters::dialled(flow.transport);
        Ok(Opened { wire, patience: Patience::with_callee(Instant::now(), self.limits) })
    }

    async fn connect(&self, flow: Flow) -> Result<TcpStream, Ending> {
        let connecting = timeout(self.limits.connect, async {
            // Never closed.
            let _permit = self.dials.acquire().await.map_err(|_| Ending::Shutdown)?;
            socket::connect(flow.local, flow.remote).await.map_err(|error| {
                debug!(%error, transport = %flow.transport, "no SIP connection");
                Ending::NoConnection
            })
        });
        connecting.await.unwrap_or(Err(Ending::NoConnection))
    }

    /// TLS with a peer whose certificate is for the name by which it was found.
    async fn encrypt(&self, flow: Flow, stream: TcpStream) -> Result<TlsStream<TcpStream>, Ending> {
        let name = self.names.server_name(flow.remote);
        let encrypted =
            TlsConnector::from(self.tls.client()).connect(name, stream).await.map_err(|error| {
                debug!(%error, "no TLS with a peer");
                Ending::Handshake
            })?;
        Ok(TlsStream::Client(encrypted))
    }
}
