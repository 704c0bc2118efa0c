//! The sockets of one thread's legs, and waiting for any of them.
//!
//! `epoll` is level-triggered: a packet costs one receive, and one that waits behind it is reported again. Edge
//! triggering (mio) costs a second receive for each packet, which only finds the socket empty.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hotline_base::LegId;
use hotline_media::Srtp;
use hotline_srtp::OVERHEAD_MAX;
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::event::{EventfdFlags, Timespec, eventfd};
use rustix::fd::OwnedFd;

use crate::guard::Guard;
use crate::thread::DATAGRAM_MAX;

/// Ready sockets taken in one turn; the others are reported in the next one.
const READY_MAX: usize = 256;
/// What the waker is called in the kernel. Legs are called by their ids, which count up from zero.
const WAKER: u64 = u64::MAX;
/// A leg's socket for reports is called by its id with this bit.
const REPORTS: u64 = 1 << 63;

/// The receiving end.
pub(crate) struct Sockets {
    epoll: OwnedFd,
    waker: Waker,
    legs: BTreeMap<LegId, LegSocket>,
}

/// What ended a wait. Made on the thread that waits, once.
pub(crate) struct ReadyList(Vec<epoll::Event>);

impl ReadyList {
    pub(crate) fn new() -> Self {
        Self(Vec::with_capacity(READY_MAX))
    }

    /// The legs that have a packet, and on which of their sockets.
    pub(crate) fn legs(&self) -> impl Iterator<Item = (LegId, Carries)> {
        self.0.iter().map(|event| event.data.u64()).filter(|name| *name != WAKER).map(|name| {
            let carries = if name & REPORTS == 0 { Carries::Audio } else { Carries::Reports };
            (LegId(name & !REPORTS), carries)
        })
    }
}

/// What a socket is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carries {
    /// RTP, and RTCP if both sides want it there (RFC 5761).
    Audio,
    /// RTCP.
    Reports,
}

struct LegSocket {
    audio: UdpSocket,
    port: u16,
    /// From the first report on: most calls that are not answered never have one.
    reports: Option<UdpSocket>,
    /// If its packets are encrypted.
    guard: Option<Box<Guard>>,
}

impl LegSocket {
    fn socket(&self, carries: Carries) -> io::Result<&UdpSocket> {
        match carries {
            Carries::Audio => Ok(&self.audio),
            Carries::Reports => self.reports.as_ref().ok_or(io::ErrorKind::NotConnected.into()),
        }
    }
}

/// Ends a thread's wait, from any thread.
#[derive(Clone, Debug)]
pub(crate) struct Waker(Arc<Bell>);

#[derive(Debug)]
struct Bell {
    eventfd: OwnedFd,
    /// Rung and not yet answered: ringing again would be a system call for nothing.
    is_rung: AtomicBool,
}

impl Waker {
    fn new() -> io::Result<Self> {
        let eventfd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self(Arc::new(Bell { eventfd, is_rung: AtomicBool::new(false) })))
    }

    /// What was done before is seen by the woken thread.
    pub(crate) fn wake(&self) {
        if self.0.is_rung.swap(true, Ordering::AcqRel) {
            return;
        }
        // It fails only when it is rung already, 2^64 times.
        if let Err(error) = rustix::io::write(&self.0.eventfd, &1_u64.to_ne_bytes()) {
            tracing::debug!(%error, "a media thread's waker is rung already");
        }
    }

    fn reset(&self) {
        // It fails only when another reset came first.
        if let Err(error) = rustix::io::read(&self.0.eventfd, &mut [0; 8]) {
            tracing::debug!(%error, "a media thread's waker was not rung");
        }
        // Last, and before the thread looks for what there is to do: who rings from here on rings again.
        self.0.is_rung.swap(false, Ordering::AcqRel);
    }
}

impl Sockets {
    pub(crate) fn new() -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let waker = Waker::new()?;
        epoll::add(&epoll, &waker.0.eventfd, EventData::new_u64(WAKER), EventFlags::IN)?;
        Ok(Self { epoll, waker, legs: BTreeMap::new() })
    }

    pub(crate) fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Adds a leg's socket.
    pub(crate) fn open(&mut self, leg: LegId, socket: UdpSocket, port: u16) -> io::Result<()> {
        epoll::add(&self.epoll, &socket, EventData::new_u64(leg.0), EventFlags::IN)?;
        self.legs.insert(leg, LegSocket { audio: socket, port, reports: None, guard: None });
        Ok(())
    }

    /// The port next to a leg's own, if it has no socket there yet.
    pub(crate) fn wants_reports_at(&self, leg: LegId) -> Option<u16> {
        self.legs.get(&leg).filter(|known| known.reports.is_none())?.port.checked_add(1)
    }

    /// Adds a leg's socket for reports.
    pub(crate) fn open_reports(&mut self, leg: LegId, socket: UdpSocket) -> io::Result<()> {
        let known = self.legs.get_mut(&leg).ok_or(io::ErrorKind::NotFound)?;
        epoll::add(&self.epoll, &socket, EventData::new_u64(leg.0 | REPORTS), EventFlags::IN)?;
        known.reports = Some(socket);
        Ok(())
    }

    /// From here on a leg's packets are encrypted with these keys, or not at all.
    pub(crate) fn guard(&mut self, leg: LegId, srtp: Option<&Srtp>) {
        let Some(known) = self.legs.get_mut(&leg) else { return };
        match (&mut known.guard, srtp) {
            (Some(guard), Some(srtp)) => guard.renew(srtp),
            (guard, srtp) => *guard = srtp.map(|srtp| Box::new(Guard::new(srtp))),
        }
    }

    /// Closes a leg's sockets; gives its port back. The kernel forgets a closed socket by itself.
    pub(crate) fn close(&mut self, leg: LegId) -> Option<u16> {
        self.legs.remove(&leg).map(|closed| closed.port)
    }

    /// All legs that have a socket.
    pub(crate) fn legs(&self) -> Vec<LegId> {
        self.legs.keys().copied().collect()
    }

    /// Waits until a leg has a packet, the waker rings, or `timeout` is over.
    pub(crate) fn wait(&self, ready: &mut ReadyList, timeout: Option<Duration>) -> io::Result<()> {
        ready.0.clear();
        let timeout = timeout.map(|timeout| Timespec {
            tv_sec: timeout.as_secs().cast_signed(),
            tv_nsec: timeout.subsec_nanos().into(),
        });
        match epoll::wait(&self.epoll, spare_capacity(&mut ready.0), timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        if ready.0.iter().any(|event| event.data.u64() == WAKER) {
            self.waker.reset();
        }
        Ok(())
    }

    /// Takes one packet. `InvalidData` if it is not encrypted as was agreed.
    pub(crate) fn receive(
        &mut self,
        leg: LegId,
        carries: Carries,
        buffer: &mut [u8],
    ) -> io::Result<(usize, SocketAddr)> {
        let known = self.legs.get_mut(&leg).ok_or(io::ErrorKind::NotFound)?;
        let (length, source) = known.socket(carries)?.recv_from(buffer)?;
        match &mut known.guard {
            None => Ok((length, source)),
            Some(guard) => match guard.open(&mut buffer[..length]) {
                Ok(length) => Ok((length, source)),
                Err(_) => Err(io::ErrorKind::InvalidData.into()),
            },
        }
    }

    /// Sends one packet.
    pub(crate) fn send(
        &mut self,
        leg: LegId,
        carries: Carries,
        to: SocketAddr,
        packet: &[u8],
    ) -> io::Result<usize> {
        let known = self.legs.get_mut(&leg).ok_or(io::ErrorKind::NotFound)?;
        let mut room;
        let packet = match &mut known.guard {
            None => packet,
            Some(guard) => {
                room = [0; DATAGRAM_MAX + OVERHEAD_MAX];
                guard.protect(packet, &mut room).ok_or(io::ErrorKind::InvalidData)?
            }
        };
        known.socket(carries)?.send_to(packet, to)
    }
}
