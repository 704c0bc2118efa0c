//! The phone's way for SIP: UDP, or a WebSocket as browsers have it (RFC 7118).

use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use hotline_sip::{Flow, Transport};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

const DATAGRAM_MAX: usize = 65_536;

pub(crate) enum Wire {
    Udp { socket: UdpSocket, room: Vec<u8> },
    Web { socket: Box<WebSocketStream<TcpStream>>, server: SocketAddr },
}

impl Wire {
    /// A socket at `bind`.
    pub(crate) async fn udp(bind: SocketAddr) -> io::Result<Self> {
        Ok(Self::Udp { socket: UdpSocket::bind(bind).await?, room: vec![0; DATAGRAM_MAX] })
    }

    /// A WebSocket from `bind` to the server's `/sip`.
    pub(crate) async fn web(bind: SocketAddr, server: SocketAddr) -> io::Result<Self> {
        let socket = if bind.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.bind(bind)?;
        let stream = socket.connect(server).await?;
        let mut request = format!("ws://{server}/sip").into_client_request().map_err(io::Error::other)?;
        request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("sip"));
        let (socket, _) = client_async(request, stream).await.map_err(as_io)?;
        Ok(Self::Web { socket: Box::new(socket), server })
    }

    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Udp { socket, .. } => socket.local_addr(),
            Self::Web { socket, .. } => socket.get_ref().local_addr(),
        }
    }

    /// The way to `server`.
    pub(crate) const fn flow(&self, local: SocketAddr, server: SocketAddr) -> Flow {
        match self {
            Self::Udp { .. } => Flow::udp(local, server),
            Self::Web { server, .. } => Flow { transport: Transport::Ws, local, remote: *server },
        }
    }

    /// The next message, and from where it came. What can be called off loses none.
    pub(crate) async fn receive(&mut self) -> io::Result<(Bytes, SocketAddr)> {
        match self {
            Self::Udp { socket, room } => {
                let (length, from) = socket.recv_from(room).await?;
                Ok((Bytes::copy_from_slice(&room[..length]), from))
            }
            Self::Web { socket, server } => loop {
                match socket.next().await {
                    Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => {
                        return Ok((message.into_data(), *server));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(as_io(error)),
                    None => return Err(io::ErrorKind::ConnectionAborted.into()),
                }
            },
        }
    }

    pub(crate) async fn send(&mut self, message: &[u8], to: SocketAddr) -> io::Result<()> {
        match self {
            Self::Udp { socket, .. } => socket.send_to(message, to).await.map(drop),
            Self::Web { socket, .. } => {
                let text = std::str::from_utf8(message).map_err(io::Error::other)?;
                socket.send(Message::text(text)).await.map_err(as_io)
            }
        }
    }
}

fn as_io(error: Error) -> io::Error {
    if let Error::Io(error) = error { error } else { io::Error::other(error) }
}
