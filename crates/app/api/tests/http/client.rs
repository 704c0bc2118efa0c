//! A small HTTP/1.1 client that hides nothing.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A test that waits longer has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.0 == name).map(|field| field.1.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// Sends a request with these fields and reads the answer to its end.
pub(crate) async fn send(
    server: SocketAddr,
    method: &str,
    path: &str,
    fields: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let exchange = async {
        let mut stream = TcpStream::connect(server).await.unwrap();
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n");
        for (name, value) in fields {
            head += &format!("{name}: {value}\r\n");
        }
        head += &format!("content-length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).await.unwrap();
        // The server may answer and close before it has read a body that is too large.
        let sent = stream.write_all(body).await;
        let mut bytes = Vec::new();
        let read = stream.read_to_end(&mut bytes).await;
        assert!(read.is_ok() || sent.is_err() || !bytes.is_empty(), "{read:?}");
        read_answer(&bytes)
    };
    timeout(PATIENCE, exchange).await.expect("an answer in time")
}

fn read_answer(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a whole head");
    let (status, fields) = read_head(&bytes[..end]);
    Answer { status, fields, body: bytes[end + 4..].to_vec() }
}

fn read_head(head: &[u8]) -> (u16, Vec<(String, String)>) {
    let head = std::str::from_utf8(head).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let fields = lines.map(|line| line.split_once(": ").unwrap());
    (status, fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// One event of a stream.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Message {
    pub(crate) event: String,
    pub(crate) id: u64,
    pub(crate) data: Value,
}

/// An open event stream.
pub(crate) struct Stream {
    pub(crate) socket: TcpStream,
    /// What was read and is not a whole message yet, chunk framing removed.
    text: String,
    raw: Vec<u8>,
    ended: bool,
}

impl Stream {
    /// Opens the stream; `query` begins with `?` or is empty.
    pub(crate) async fn open(server: SocketAddr, query: &str, fields: &[(&str, &str)]) -> Self {
        let mut socket = TcpStream::connect(server).await.unwrap();
        let mut head = format!("GET /api/v1/events{query} HTTP/1.1\r\nhost: test\r\n");
        for (name, value) in fields {
            head += &format!("{name}: {value}\r\n");
        }
        head += "\r\n";
        socket.write_all(head.as_bytes()).await.unwrap();
        let mut stream = Self { socket, text: String::new(), raw: Vec::new(), ended: false };
        loop {
            if let Some(end) = stream.raw.windows(4).position(|window| window == b"\r\n\r\n") {
                let (status, fields) = read_head(&stream.raw[..end]);
                assert_eq!(status, 200);
                assert!(fields.contains(&("content-type".to_owned(), "text/event-stream".to_owned())));
                stream.raw.drain(..end + 4);
                return stream;
            }
            assert!(stream.more().await, "the head of the answer");
        }
    }

    /// The next message; `None` when the server has ended the stream in good order.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        loop {
            self.unchunk();
            if let Some(message) = self.message() {
                return Some(message);
            }
            if self.ended {
                return None;
            }
            assert!(self.more().await, "the stream broke off");
        }
    }

    /// The next `count` messages.
    pub(crate) async fn take(&mut self, count: usize) -> Vec<Message> {
        let mut messages = Vec::new();
        while messages.len() < count {
            messages.push(self.next().await.expect("one more message"));
        }
        messages
    }

    async fn more(&mut self) -> bool {
        let mut buffer = [0; 16 * 1024];
        let count =
            timeout(PATIENCE, self.socket.read(&mut buffer)).await.expect("something in time").unwrap();
        self.raw.extend_from_slice(&buffer[..count]);
        count > 0
    }

    /// RFC 9112 §7.1.
    fn unchunk(&mut self) {
        while let Some(line) = self.raw.windows(2).position(|window| window == b"\r\n") {
            let size = usize::from_str_radix(std::str::from_utf8(&self.raw[..line]).unwrap(), 16).unwrap();
            if self.raw.len() < line + 2 + size + 2 {
                return;
            }
            self.text += std::str::from_utf8(&self.raw[line + 2..line + 2 + size]).unwrap();
            self.raw.drain(..line + 2 + size + 2);
            self.ended |= size == 0;
        }
    }

    fn message(&mut self) -> Option<Message> {
        while let Some(end) = self.text.find("\n\n") {
            let block: String = self.text.drain(..end + 2).collect();
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
            // A comment or a bare id dispatches nothing.
            if let Some(data) = field("data: ") {
                return Some(Message {
                    event: field("event: ").unwrap().to_owned(),
                    id: field("id: ").unwrap().parse().unwrap(),
                    data: serde_json::from_str(data).unwrap(),
                });
            }
        }
        None
    }
}
