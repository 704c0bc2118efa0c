//! TLS for programs that have none: what comes over TCP is passed on to the server over TLS, and back.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context, Result};
use rustls::pki_types::ServerName;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use crate::certificate::Certificate;
use crate::server::Hotline;

/// Listens until it is dropped.
#[derive(Debug)]
pub struct TlsRelay {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl TlsRelay {
    /// At an address, from which the server with this certificate is connected to as well.
    ///
    /// # Errors
    /// The center has no TLS, or nothing can be listened to there.
    pub async fn open(hotline: &Hotline, at: IpAddr, certificate: &Certificate) -> Result<Self> {
        let server = hotline.sip_over("TLS").context("the center has no TLS")?;
        let connector = certificate.connector()?;
        let listener = TcpListener::bind((at, 0)).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(pass(stream, at, server, connector.clone()));
            }
        });
        Ok(Self { address, task })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for TlsRelay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Until either side has closed its connection.
async fn pass(
    mut stream: TcpStream,
    from: IpAddr,
    server: SocketAddr,
    connector: TlsConnector,
) -> Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(from, 0))?;
    let name = ServerName::from(server.ip());
    let mut secured = connector.connect(name, socket.connect(server).await?).await?;
    copy_bidirectional(&mut stream, &mut secured).await?;
    Ok(())
}
