//! UDP sockets whose datagrams carry the time at which the kernel had them: what is measured must not depend on how soon
//! the generator, which shares the processors with the server, gets its turn.

use std::io::IoSliceMut;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use bytes::Bytes;
use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrIn, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// The largest message of the server that is read whole.
const DATAGRAM_MAX: usize = 8192;
/// What is asked for; the system may give less.
const RECEIVE_BUFFER_BYTES: usize = 4 * 1024 * 1024;

/// Nanoseconds since 1970, the clock of the kernel's stamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stamp(u64);

impl Stamp {
    pub(super) fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    }

    /// Nanoseconds, as they are written into a payload.
    pub(super) const fn nanos(self) -> u64 {
        self.0
    }

    pub(super) const fn of_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Zero if `earlier` is later.
    pub(super) const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl std::ops::Add<Duration> for Stamp {
    type Output = Self;

    fn add(self, time: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)))
    }
}

/// A socket that talks with the server only.
#[derive(Debug)]
pub(super) struct StampedSocket {
    socket: UdpSocket,
    local: SocketAddr,
    buffer: Vec<u8>,
    control: Vec<u8>,
}

impl StampedSocket {
    pub(super) fn connect(local: IpAddr, server: SocketAddr) -> Result<Self> {
        let opening = || format!("a socket at {local}");
        let socket = open(local).with_context(opening)?;
        socket.connect(server).with_context(opening)?;
        let local = socket.local_addr()?;
        let control = nix::cmsg_space!(TimeSpec);
        Ok(Self { socket, local, buffer: vec![0; DATAGRAM_MAX], control })
    }

    pub(super) const fn local(&self) -> SocketAddr {
        self.local
    }

    pub(super) fn send(&self, bytes: &[u8]) -> Result<()> {
        self.socket.send(bytes).context("sending to the server: has it ended?")?;
        Ok(())
    }

    /// The next datagram that is there, and when the kernel had it.
    pub(super) fn receive(&mut self) -> Result<Option<(Bytes, Stamp)>> {
        let mut room = [IoSliceMut::new(&mut self.buffer)];
        let (descriptor, control) = (self.socket.as_raw_fd(), Some(&mut self.control[..]));
        let received = match recvmsg::<()>(descriptor, &mut room, control, MsgFlags::empty()) {
            Ok(received) => received,
            Err(Errno::EAGAIN | Errno::EINTR) => return Ok(None),
            Err(error) => return Err(error).context("receiving from the server: has it ended?"),
        };
        let stamp = stamp(received.cmsgs()?)?;
        let length = received.bytes;
        Ok(Some((Bytes::copy_from_slice(&self.buffer[..length]), stamp)))
    }
}

/// A socket for the audio of all callers, or of all phones, which are told apart by the server's ports.
#[derive(Debug)]
pub(super) struct AudioSocket {
    socket: UdpSocket,
    local: SocketAddr,
    buffer: Vec<u8>,
    control: Vec<u8>,
}

/// A datagram of the server's.
#[derive(Debug)]
pub(super) struct Packet<'a> {
    /// The port that it came from.
    pub(super) port: u16,
    pub(super) bytes: &'a mut [u8],
    /// When the kernel had it.
    pub(super) stamp: Stamp,
}

impl AudioSocket {
    pub(super) fn open(local: IpAddr) -> Result<Self> {
        let socket = open(local).with_context(|| format!("a socket at {local}"))?;
        let local = socket.local_addr()?;
        Ok(Self { socket, local, buffer: vec![0; DATAGRAM_MAX], control: nix::cmsg_space!(TimeSpec) })
    }

    pub(super) const fn local(&self) -> SocketAddr {
        self.local
    }

    /// False if the system did not take it.
    pub(super) fn send(&self, to: SocketAddr, bytes: &[u8]) -> bool {
        self.socket.send_to(bytes, to).is_ok()
    }

    /// The next datagram that is there.
    pub(super) fn receive(&mut self) -> Result<Option<Packet<'_>>> {
        let mut room = [IoSliceMut::new(&mut self.buffer)];
        let (descriptor, control) = (self.socket.as_raw_fd(), Some(&mut self.control[..]));
        let received = match recvmsg::<SockaddrIn>(descriptor, &mut room, control, MsgFlags::empty()) {
            Ok(received) => received,
            Err(Errno::EAGAIN | Errno::EINTR) => return Ok(None),
            Err(error) => return Err(error).context("receiving audio"),
        };
        let port = received.address.context("a datagram without a source")?.port();
        let (stamp, length) = (stamp(received.cmsgs()?)?, received.bytes);
        Ok(Some(Packet { port, bytes: &mut self.buffer[..length], stamp }))
    }
}

/// A socket with room for what comes while the generator has no turn, whose datagrams are stamped.
fn open(local: IpAddr) -> Result<UdpSocket> {
    let socket = UdpSocket::bind((local, 0))?;
    socket.set_nonblocking(true)?;
    setsockopt(&socket, sockopt::ReceiveTimestampns, &true)?;
    // Only root may have more than the system's limit.
    setsockopt(&socket, sockopt::RcvBufForce, &RECEIVE_BUFFER_BYTES)
        .or_else(|_| setsockopt(&socket, sockopt::RcvBuf, &RECEIVE_BUFFER_BYTES))?;
    Ok(socket)
}

/// When the kernel had a datagram.
fn stamp(messages: impl Iterator<Item = ControlMessageOwned>) -> Result<Stamp> {
    let mut stamp = None;
    for message in messages {
        if let ControlMessageOwned::ScmTimestampns(time) = message {
            stamp = u64::try_from(Duration::from(time).as_nanos()).ok().map(Stamp);
        }
    }
    stamp.context("the kernel does not say when a datagram came")
}

/// Waits until one of the sockets has something, at most for `time`.
pub(super) fn wait(sockets: [&StampedSocket; 2], time: Duration) -> Result<()> {
    let [a, b] = sockets;
    let mut waited = [PollFd::new(&a.socket, PollFlags::IN), PollFd::new(&b.socket, PollFlags::IN)];
    let time = Timespec::try_from(time).context("a time to wait")?;
    match poll(&mut waited, Some(&time)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(error).context("waiting for the server"),
    }
}
