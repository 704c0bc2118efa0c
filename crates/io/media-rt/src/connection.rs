//! A connection of a browser whose network lets no UDP out (RFC 6544): the same packets, in a stream.
//!
//! Nothing is kept for a connection that does not take what is sent: audio that comes late is worth nothing. At most the rest of one packet waits
//! here, because a stream cannot be cut within one; and little in the kernel.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hotline_srtp::OVERHEAD_MAX;
use rustix::net::sockopt;

use crate::framing::{HEADER, Inbox};
use crate::thread::DATAGRAM_MAX;

/// The longest packet of ours, with its length before it.
const FRAME_MAX: usize = HEADER + DATAGRAM_MAX + OVERHEAD_MAX;
/// What the kernel may keep of what we send: a handshake, or less than half a second of audio.
const KERNEL_BYTES: usize = 8192;

/// What happened to connections since the start, and how many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpCounters {
    /// Connections that belong to legs at this moment.
    pub open: u64,
    /// Connections whose browser has proved who it is.
    pub proved: u64,
    /// Connections that were closed because nobody proved anything in time, or something else was said.
    pub unproved: u64,
    /// Connections for which there was no room.
    pub turned_away: u64,
    /// Packets that were dropped because a connection did not take them.
    pub dropped: u64,
}

#[derive(Debug, Default)]
pub(crate) struct TcpGauge {
    open: AtomicU64,
    pub(crate) proved: AtomicU64,
    pub(crate) unproved: AtomicU64,
    pub(crate) turned_away: AtomicU64,
    dropped: AtomicU64,
}

impl TcpGauge {
    pub(crate) fn read(&self) -> TcpCounters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        TcpCounters {
            open: read(&self.open),
            proved: read(&self.proved),
            unproved: read(&self.unproved),
            turned_away: read(&self.turned_away),
            dropped: read(&self.dropped),
        }
    }
}

/// One connection.
pub(crate) struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    inbox: Box<Inbox>,
    rest: Box<Rest>,
    gauge: Arc<TcpGauge>,
    is_open: bool,
}

/// What the kernel did not take of a packet.
struct Rest {
    bytes: [u8; FRAME_MAX],
    start: usize,
    end: usize,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream, peer: SocketAddr, gauge: Arc<TcpGauge>) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        sockopt::set_socket_send_buffer_size(&stream, KERNEL_BYTES)?;
        let rest = Box::new(Rest { bytes: [0; FRAME_MAX], start: 0, end: 0 });
        Ok(Self { stream, peer, inbox: Inbox::new(), rest, gauge, is_open: false })
    }

    /// It belongs to a leg from here on.
    pub(crate) fn open(&mut self) {
        self.is_open = true;
        self.gauge.open.fetch_add(1, Ordering::Relaxed);
        self.gauge.proved.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) const fn stream(&self) -> &TcpStream {
        &self.stream
    }

    pub(crate) const fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Whether a whole packet waits.
    pub(crate) fn has_packet(&self) -> bool {
        self.inbox.packet().is_ok_and(|packet| packet.is_some())
    }

    /// The next packet, after one look at the socket if none waits. `UnexpectedEof` and `InvalidData` end the connection.
    pub(crate) fn packet(&mut self) -> io::Result<Option<&[u8]>> {
        if self.inbox.packet().map_err(|_| io::ErrorKind::InvalidData)?.is_none() {
            match self.stream.read(self.inbox.room()) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => self.inbox.fill(length),
                Err(error) if is_patience(&error) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        self.inbox.packet().map_err(|_| io::ErrorKind::InvalidData.into())
    }

    /// The packet was taken.
    pub(crate) fn take(&mut self) {
        self.inbox.take();
    }

    /// Sends one packet, or drops it if the connection does not take it at once. An error ends the connection.
    pub(crate) fn send(&mut self, packet: &[u8]) -> io::Result<()> {
        let fits = u16::try_from(packet.len()).ok().filter(|_| HEADER + packet.len() <= FRAME_MAX);
        let (Some(length), true) = (fits, self.flush()?) else {
            self.gauge.dropped.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        };
        let mut frame = [0; FRAME_MAX];
        frame[..HEADER].copy_from_slice(&length.to_be_bytes());
        frame[HEADER..HEADER + packet.len()].copy_from_slice(packet);
        let frame = &frame[..HEADER + packet.len()];
        match self.stream.write(frame) {
            Ok(sent) => {
                let rest = &frame[sent.min(frame.len())..];
                self.rest.bytes[..rest.len()].copy_from_slice(rest);
                (self.rest.start, self.rest.end) = (0, rest.len());
                Ok(())
            }
            Err(error) if is_patience(&error) => {
                self.gauge.dropped.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Sends what is left of the packet before; false if it is not all gone.
    fn flush(&mut self) -> io::Result<bool> {
        let Rest { bytes, start, end } = &mut *self.rest;
        if start == end {
            return Ok(true);
        }
        match self.stream.write(&bytes[*start..*end]) {
            Ok(sent) => {
                *start += sent;
                Ok(start == end)
            }
            Err(error) if is_patience(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.is_open {
            self.gauge.open.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

fn is_patience(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_peer_that_reads_nothing_loses_packets_and_never_a_part_of_one() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, from) = listener.accept().unwrap();
        let gauge = Arc::new(TcpGauge::default());
        let mut connection = Connection::new(stream, from, Arc::clone(&gauge)).unwrap();
        let mut sent = 0_u32;
        while gauge.read().dropped < 100 {
            let packet = [sent.to_be_bytes().repeat(43), vec![7; 1000]].concat();
            connection.send(&packet).unwrap();
            sent += 1;
            assert!(sent < 1_000_000, "packets are dropped when nobody reads");
        }
        // What arrives is whole, in its order, and the end of it is what was sent first of what was dropped.
        drop(connection);
        let mut bytes = Vec::new();
        peer.read_to_end(&mut bytes).unwrap();
        let mut inbox = &bytes[..];
        let mut arrived = 0;
        while let Some((length, rest)) = inbox.split_first_chunk::<2>() {
            let length = usize::from(u16::from_be_bytes(*length));
            assert_eq!(length, 1172);
            let Some(packet) = rest.get(..length) else { break };
            let (numbers, filling) = packet.split_at(172);
            assert!(numbers.chunks(4).all(|number| number == &numbers[..4]) && filling == [7; 1000]);
            arrived += 1;
            inbox = &rest[length..];
        }
        assert!(arrived > 0 && arrived < sent, "{arrived} of {sent}");
    }
}
