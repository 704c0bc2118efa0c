//! A bare UDP socket that sends and receives SIP as text: for what no proper phone would send.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::server::Hotline;
use crate::wait::within;

const DATAGRAM_MAX: usize = 65_536;

/// A socket beside the server.
#[derive(Debug)]
pub struct Wire {
    socket: UdpSocket,
}

impl Wire {
    /// A free port of `address`, talking to the server only.
    ///
    /// # Errors
    /// There is none.
    pub async fn open(hotline: &Hotline, address: IpAddr) -> Result<Self> {
        let socket = UdpSocket::bind((address, 0)).await?;
        socket.connect(hotline.sip()).await?;
        Ok(Self { socket })
    }

    /// Where it is.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> Result<SocketAddr> {
        Ok(self.socket.local_addr()?)
    }

    /// Sends a message, written with plain line ends; `HERE` stands for this socket's address.
    ///
    /// # Errors
    /// The system refuses.
    pub async fn send(&self, message: &str) -> Result<()> {
        let here = self.socket.local_addr()?.to_string();
        let text = message.trim_start().replace("HERE", &here).replace("\r\n", "\n").replace('\n', "\r\n");
        self.send_bytes(text.as_bytes()).await
    }

    /// Sends a datagram as it is.
    ///
    /// # Errors
    /// The system refuses.
    pub async fn send_bytes(&self, datagram: &[u8]) -> Result<()> {
        self.socket.send(datagram).await?;
        Ok(())
    }

    /// The next message from the server.
    ///
    /// # Errors
    /// None comes.
    pub async fn receive(&self) -> Result<String> {
        within("an answer", async {
            let mut buffer = vec![0; DATAGRAM_MAX];
            let length = self.socket.recv(&mut buffer).await?;
            Ok(String::from_utf8_lossy(&buffer[..length]).into_owned())
        })
        .await
    }

    /// The next message that has not been repeated: `100` and repetitions of `but` are passed over.
    ///
    /// # Errors
    /// None comes.
    pub async fn receive_final(&self) -> Result<String> {
        loop {
            let message = self.receive().await?;
            if status(&message).is_none_or(|status| status >= 200) {
                return Ok(message);
            }
        }
    }

    /// Everything that comes within `quiet`, which is how long silence must last to count as silence.
    ///
    /// # Errors
    /// The system refuses.
    pub async fn drain(&self, quiet: Duration) -> Result<Vec<String>> {
        let mut messages = Vec::new();
        let mut buffer = vec![0; DATAGRAM_MAX];
        while let Ok(length) = timeout(quiet, self.socket.recv(&mut buffer)).await {
            let length = length.context("receiving")?;
            messages.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
        }
        Ok(messages)
    }
}

/// The status of a response; none for a request.
#[must_use]
pub fn status(message: &str) -> Option<u16> {
    message.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
}

/// The first header field of this name.
#[must_use]
pub fn field<'m>(message: &'m str, name: &str) -> Option<&'m str> {
    let head = message.split("\r\n\r\n").next()?;
    head.split("\r\n").skip(1).find_map(|line| {
        let (field, value) = line.split_once(':')?;
        field.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
