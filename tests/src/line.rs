//! A bare connection that sends and receives SIP as text: TCP, TLS or WebSocket, as a phone or browser opens it.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context, Result, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use hotline_sip::digest::Challenge;
use hotline_sip::{Frame, Framer};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::certificate::Certificate;
use crate::desk::{DOMAIN, sip_password};
use crate::server::Hotline;
use crate::wait::within;
use crate::wire::{field, status};

/// Bytes that are read at once.
const PIECE: usize = 4096;

/// A connection to the server. Dropping it closes it without a word of SIP.
pub struct Line {
    wire: Wire,
    here: SocketAddr,
    transport: &'static str,
}

enum Wire {
    Stream { stream: Box<dyn Stream>, framer: Framer },
    WebSocket(Box<WebSocketStream<TcpStream>>),
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl Line {
    /// Over TCP, from this host.
    ///
    /// # Errors
    /// There is no connection.
    pub async fn tcp(hotline: &Hotline, from: IpAddr) -> Result<Self> {
        let (stream, here) = connect(hotline, "TCP", from).await?;
        Ok(Self { wire: Wire::of(stream), here, transport: "TCP" })
    }

    /// Over TLS, to a server with this certificate.
    ///
    /// # Errors
    /// There is no connection, or the server has another certificate.
    pub async fn tls(hotline: &Hotline, from: IpAddr, certificate: &Certificate) -> Result<Self> {
        let (stream, here) = connect(hotline, "TLS", from).await?;
        let name = ServerName::from(hotline.addresses().server());
        let stream = certificate.connector()?.connect(name, stream).await?;
        Ok(Self { wire: Wire::of(stream), here, transport: "TLS" })
    }

    /// Over WebSocket, as a browser.
    ///
    /// # Errors
    /// There is no connection, or the server does not speak SIP on it.
    pub async fn ws(hotline: &Hotline, from: IpAddr) -> Result<Self> {
        let (stream, here) = connect(hotline, "WS", from).await?;
        let mut request = format!("ws://{}/sip", hotline.addresses().server()).into_client_request()?;
        request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("sip"));
        let (socket, _) = client_async(request, stream).await?;
        Ok(Self { wire: Wire::WebSocket(Box::new(socket)), here, transport: "WS" })
    }

    /// This end.
    #[must_use]
    pub const fn here(&self) -> SocketAddr {
        self.here
    }

    /// Sends a message, written with plain line ends; `HERE` stands for this end's address, `TRANSPORT` for what a Via
    /// says.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn send(&mut self, message: &str) -> Result<()> {
        let text = message.trim_start().replace("HERE", &self.here.to_string());
        let text = text.replace("TRANSPORT", self.transport).replace("\r\n", "\n").replace('\n', "\r\n");
        self.send_bytes(text.as_bytes()).await
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn send_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.wire {
            Wire::Stream { stream, .. } => {
                stream.write_all(bytes).await?;
                stream.flush().await?;
            }
            Wire::WebSocket(socket) => socket.send(Message::text(std::str::from_utf8(bytes)?)).await?,
        }
        Ok(())
    }

    /// The next message from the server.
    ///
    /// # Errors
    /// None comes.
    pub async fn receive(&mut self) -> Result<String> {
        let message = within("a message", async { self.next().await });
        message.await?.context("the server has closed the connection")
    }

    /// The next message that is no provisional response.
    ///
    /// # Errors
    /// None comes.
    pub async fn receive_final(&mut self) -> Result<String> {
        loop {
            let message = self.receive().await?;
            if status(&message).is_none_or(|status| status >= 200) {
                return Ok(message);
            }
        }
    }

    /// Waits until the server has closed the connection, without a further message.
    ///
    /// # Errors
    /// It does not, or says something.
    pub async fn ended(&mut self) -> Result<()> {
        let message =
            within("the end of the connection", async { Ok(self.next().await.unwrap_or(None)) }).await?;
        ensure!(message.is_none(), "the server says {message:?}");
        Ok(())
    }

    /// The bytes that come next, which are no message: as many as these are.
    ///
    /// # Errors
    /// Others come, or none.
    pub async fn expect_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        let Wire::Stream { stream, .. } = &mut self.wire else { bail!("a WebSocket has frames") };
        let mut found = vec![0; bytes.len()];
        within("bytes", async { Ok(stream.read_exact(&mut found).await?) }).await?;
        ensure!(found == bytes, "{found:?} came");
        Ok(())
    }

    /// Registers an agent by digest, with a contact that leads nowhere but back here.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn register(&mut self, agent: &str) -> Result<()> {
        self.send(&register(agent, 1, "")).await?;
        let asked = self.receive_final().await?;
        ensure!(status(&asked) == Some(401), "{asked}");
        let challenge = Challenge::parse(field(&asked, "WWW-Authenticate").context("a challenge")?)?;
        let uri = format!("sip:{DOMAIN}");
        let proof = challenge.answer(agent, &sip_password(agent), "REGISTER", &uri, "cnonce", 1);
        self.send(&register(agent, 2, &format!("Authorization: {proof}\n"))).await?;
        let granted = self.receive_final().await?;
        ensure!(status(&granted) == Some(200), "{granted}");
        Ok(())
    }

    async fn next(&mut self) -> Result<Option<String>> {
        match &mut self.wire {
            Wire::Stream { stream, framer } => loop {
                match framer.poll_frame().transpose()? {
                    Some(Frame::Message(bytes)) => {
                        return Ok(Some(String::from_utf8_lossy(&bytes).into_owned()));
                    }
                    Some(Frame::Ping) => continue,
                    None => {}
                }
                let mut piece = [0; PIECE];
                let length = stream.read(&mut piece).await?;
                if length == 0 {
                    return Ok(None);
                }
                framer.handle_bytes(&piece[..length]);
            },
            Wire::WebSocket(socket) => loop {
                match socket.next().await.transpose()? {
                    None | Some(Message::Close(_)) => return Ok(None),
                    Some(Message::Text(text)) => return Ok(Some(text.to_string())),
                    Some(Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => {}
                }
            },
        }
    }
}

impl Wire {
    fn of(stream: impl Stream + 'static) -> Self {
        Self::Stream { stream: Box::new(stream), framer: Framer::default() }
    }
}

async fn connect(hotline: &Hotline, transport: &str, from: IpAddr) -> Result<(TcpStream, SocketAddr)> {
    let server = hotline.sip_over(transport).with_context(|| format!("the center has no {transport}"))?;
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(from, 0))?;
    let stream = socket.connect(server).await?;
    let here = stream.local_addr()?;
    Ok((stream, here))
}

fn register(agent: &str, cseq: u32, proof: &str) -> String {
    format!(
        "REGISTER sip:{DOMAIN} SIP/2.0\nVia: SIP/2.0/TRANSPORT phone.invalid;branch=z9hG4bK-register-{cseq}\n\
         Max-Forwards: 70\nFrom: <sip:{agent}@{DOMAIN}>;tag=register\nTo: <sip:{agent}@{DOMAIN}>\n\
         Call-ID: register@HERE\nCSeq: {cseq} REGISTER\nContact: <sip:{agent}@phone.invalid;transport=ws>\n\
         Expires: 300\n{proof}Content-Length: 0\n\n"
    )
}
