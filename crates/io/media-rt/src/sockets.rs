//! The sockets of one thread's legs, and waiting for any of them.
//!
//! `epoll` is level-triggered: a packet costs one receive, and one that waits behind it is reported again. Edge
//! triggering (mio) costs a second receive for each packet, which only finds the socket empty.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use hotline_base::LegId;
use hotline_media::{ConnectFailure, FOUND_BY_ICE, Remote};
use hotline_srtp::OVERHEAD_MAX;
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::event::{EventfdFlags, Timespec, eventfd};
use rustix::fd::OwnedFd;

use crate::browser::{BrowserGuard, Came};
use crate::connection::Connection;
use crate::desk::{Counter, Desk, Name, Reply};
use crate::doorman::Arrival;
use crate::guard::Guard;
use crate::ice::ANSWER_MAX;
use crate::names::Names;
use crate::thread::DATAGRAM_MAX;

/// Ready sockets taken in one turn; the others are reported in the next one.
const READY_MAX: usize = 256;
/// What the waker is called in the kernel. Legs are called by their ids, which count up from zero.
const WAKER: u64 = u64::MAX;
/// A leg's socket for reports is called by its id with this bit.
const REPORTS: u64 = 1 << 63;
/// A leg's connection is called by its id with this bit and its place above [`PLACE`].
const CONNECTION: u64 = 1 << 62;
const PLACE: u32 = 60;
/// Connections of one leg: a browser makes one for each of its networks. Of further ones, one that is not in use gives way.
const CONNECTIONS_MAX: usize = 4;

/// The receiving end.
pub(crate) struct Sockets {
    epoll: OwnedFd,
    waker: Waker,
    legs: BTreeMap<LegId, LegSocket>,
    handshakes: Counter,
    names: Arc<Names>,
    /// Which of the media threads this is.
    thread: usize,
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
            let carries = match (name & REPORTS, name & CONNECTION) {
                (0, 0) => Carries::Audio,
                (0, _) => Carries::Connection(((name & !CONNECTION) >> PLACE) as usize),
                _ => Carries::Reports,
            };
            (LegId(name & ((1 << PLACE) - 1)), carries)
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
    /// All of a browser, in a stream; the place among the connections of its leg.
    Connection(usize),
}

struct LegSocket {
    audio: UdpSocket,
    port: u16,
    /// From the first report on: most calls that are not answered never have one.
    reports: Option<UdpSocket>,
    guard: Guarded,
    connections: [Option<Connection>; CONNECTIONS_MAX],
    /// The name by which a browser asks for this leg.
    ufrag: Option<String>,
}

/// How a leg's packets are encrypted.
enum Guarded {
    Plain,
    Keyed(Box<Guard>),
    Browser(Box<BrowserGuard>),
    /// A browser was to come, and its handshake cannot begin: nothing comes and nothing goes.
    Closed,
}

impl LegSocket {
    fn socket(&self, carries: Carries) -> io::Result<&UdpSocket> {
        match carries {
            Carries::Audio | Carries::Connection(_) => Ok(&self.audio),
            Carries::Reports => self.reports.as_ref().ok_or(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Sends a packet as it is, over the connection from there if there is one.
    fn send_to(&mut self, packet: &[u8], to: SocketAddr) -> io::Result<usize> {
        let mut connection = self.connections.iter_mut().enumerate();
        let connection = connection
            .find_map(|(place, one)| Some((place, one.as_mut()?)).filter(|(_, one)| one.peer() == to));
        let Some((place, connection)) = connection else { return self.audio.send_to(packet, to) };
        if let Err(error) = connection.send(packet) {
            self.hang_up(place);
            return Err(error);
        }
        Ok(packet.len())
    }

    /// Takes one packet of a connection, as if it were a datagram. A connection that has ended, or says what is none, is closed.
    fn read(&mut self, place: usize, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        // It may have given way in this very turn.
        let connection = self.connections.get_mut(place).and_then(Option::as_mut);
        let connection = connection.ok_or(io::ErrorKind::WouldBlock)?;
        let peer = connection.peer();
        match connection.packet() {
            Ok(Some(packet)) => {
                let length = packet.len().min(buffer.len());
                buffer[..length].copy_from_slice(&packet[..length]);
                connection.take();
                Ok((length, peer))
            }
            Ok(None) => Err(io::ErrorKind::WouldBlock.into()),
            Err(_) => {
                self.hang_up(place);
                Err(io::ErrorKind::WouldBlock.into())
            }
        }
    }

    /// Closes a connection; there is no way to its browser by it any more.
    fn hang_up(&mut self, place: usize) {
        let Some(closed) = self.connections[place].take() else { return };
        if let Guarded::Browser(guard) = &mut self.guard {
            guard.forget(closed.peer());
        }
    }

    /// The place for one more connection: a free one, or that of one that is not in use.
    fn place(&self) -> usize {
        let selected = match &self.guard {
            Guarded::Browser(guard) => guard.selected(),
            Guarded::Plain | Guarded::Keyed(_) | Guarded::Closed => None,
        };
        let is_unused = |one: &Option<Connection>| one.as_ref().map(Connection::peer) != selected;
        let free = self.connections.iter().position(Option::is_none);
        free.or_else(|| self.connections.iter().position(is_unused)).unwrap_or(0)
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
    pub(crate) fn new() -> io::Result<Self> {
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

    /// Lets another queue wait for it, too.
    pub(crate) fn add_to(&self, epoll: &OwnedFd, name: u64) -> io::Result<()> {
        Ok(epoll::add(epoll, &self.0.eventfd, EventData::new_u64(name), EventFlags::IN)?)
    }

    pub(crate) fn reset(&self) {
        // It fails only when another reset came first.
        if let Err(error) = rustix::io::read(&self.0.eventfd, &mut [0; 8]) {
            tracing::debug!(%error, "a media thread's waker was not rung");
        }
        // Last, and before the thread looks for what there is to do: who rings from here on rings again.
        self.0.is_rung.swap(false, Ordering::AcqRel);
    }
}

impl Sockets {
    /// Also gives what comes back from the thread on which handshakes are made.
    pub(crate) fn new(desk: &Desk, names: Arc<Names>, thread: usize) -> io::Result<(Self, Receiver<Reply>)> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let waker = Waker::new()?;
        waker.add_to(&epoll, WAKER)?;
        let (handshakes, replies) = desk.counter(waker.clone());
        Ok((Self { epoll, waker, legs: BTreeMap::new(), handshakes, names, thread }, replies))
    }

    pub(crate) fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Adds a leg's socket.
    pub(crate) fn open(&mut self, leg: LegId, socket: UdpSocket, port: u16) -> io::Result<()> {
        epoll::add(&self.epoll, &socket, EventData::new_u64(leg.0), EventFlags::IN)?;
        let connections = Default::default();
        let opened =
            LegSocket { audio: socket, port, reports: None, guard: Guarded::Plain, connections, ufrag: None };
        self.legs.insert(leg, opened);
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

    /// From here on a leg's packets are encrypted as was agreed, or not at all.
    pub(crate) fn guard(&mut self, leg: LegId, remote: &Remote) -> Result<(), ConnectFailure> {
        let Some(known) = self.legs.get_mut(&leg) else { return Ok(()) };
        let begun = match (&mut known.guard, &remote.dtls, &remote.srtp) {
            (Guarded::Browser(guard), Some(dtls), _) => guard.renew(leg, dtls, &mut self.handshakes),
            (guard, Some(dtls), _) => BrowserGuard::new(leg, dtls, &mut self.handshakes)
                .map(|begun| *guard = Guarded::Browser(Box::new(begun))),
            (Guarded::Keyed(guard), None, Some(srtp)) => {
                guard.renew(srtp);
                Ok(())
            }
            (guard, None, Some(srtp)) => {
                *guard = Guarded::Keyed(Box::new(Guard::new(srtp)));
                Ok(())
            }
            (guard, None, None) => {
                *guard = Guarded::Plain;
                Ok(())
            }
        };
        if let Some(before) = known.ufrag.take() {
            self.names.remove(&before);
        }
        if let (Ok(()), Some(agreed)) = (&begun, &remote.dtls) {
            self.names.insert(leg, self.thread, agreed);
            known.ufrag = Some(agreed.ufrag.clone());
        }
        begun.inspect_err(|_| known.guard = Guarded::Closed)
    }

    /// Gives a leg its browser's connection; what has come by it already is to be received.
    pub(crate) fn arrive(&mut self, arrival: Arrival) -> Option<(LegId, Carries)> {
        let Arrival { leg, connection } = arrival;
        // It may have ended, or be another's, since.
        let known = self.legs.get_mut(&leg).filter(|known| matches!(known.guard, Guarded::Browser(_)))?;
        let place = known.place();
        known.hang_up(place);
        let name = leg.0 | CONNECTION | (place as u64) << PLACE;
        epoll::add(&self.epoll, connection.stream(), EventData::new_u64(name), EventFlags::IN).ok()?;
        known.connections[place] = Some(connection);
        Some((leg, Carries::Connection(place)))
    }

    /// Whether more has come than was received; a socket of datagrams tells it by itself.
    pub(crate) fn has_more(&self, leg: LegId, carries: Carries) -> bool {
        let Carries::Connection(place) = carries else { return false };
        let connection = self.legs.get(&leg).and_then(|known| known.connections.get(place)?.as_ref());
        connection.is_some_and(Connection::has_packet)
    }

    /// Takes what comes back from a handshake; gives the leg that will have no audio.
    pub(crate) fn handle_reply(&mut self, reply: Reply) -> Option<(LegId, ConnectFailure)> {
        match reply {
            Reply::Send { name, to, datagram } => {
                let is_about = self.browser(name).is_some();
                if let Some(known) = self.legs.get_mut(&name.0).filter(|_| is_about)
                    // What is lost is repeated.
                    && let Err(error) = known.send_to(&datagram, to)
                {
                    tracing::debug!(%error, "a part of a handshake was not sent");
                }
                None
            }
            Reply::Keyed { name, keys } => {
                if let Some(guard) = self.browser(name) {
                    guard.open(&keys);
                }
                None
            }
            Reply::Failed { name, cause } => self.browser(name).map(|_| (name.0, cause)),
        }
    }

    /// The leg whose handshake under way has that name.
    fn browser(&mut self, name: Name) -> Option<&mut BrowserGuard> {
        let known = self.legs.get_mut(&name.0)?;
        match &mut known.guard {
            Guarded::Browser(guard) if guard.is_about(name) => Some(guard),
            Guarded::Browser(_) | Guarded::Keyed(_) | Guarded::Plain | Guarded::Closed => None,
        }
    }

    /// Closes a leg's sockets; gives its port back. The kernel forgets a closed socket by itself.
    pub(crate) fn close(&mut self, leg: LegId) -> Option<u16> {
        let closed = self.legs.remove(&leg)?;
        if let Some(ufrag) = &closed.ufrag {
            self.names.remove(ufrag);
        }
        Some(closed.port)
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

    /// Takes one packet; `None` if it was no audio. `InvalidData` if it is not encrypted as was agreed.
    pub(crate) fn receive(
        &mut self,
        leg: LegId,
        carries: Carries,
        buffer: &mut [u8],
    ) -> io::Result<Option<(usize, SocketAddr)>> {
        let known = self.legs.get_mut(&leg).ok_or(io::ErrorKind::NotFound)?;
        let (length, source) = match carries {
            Carries::Connection(place) => known.read(place, buffer)?,
            Carries::Audio | Carries::Reports => known.socket(carries)?.recv_from(buffer)?,
        };
        let packet = &mut buffer[..length];
        match &mut known.guard {
            Guarded::Plain => Ok(Some((length, source))),
            Guarded::Closed => Err(io::ErrorKind::InvalidData.into()),
            Guarded::Keyed(guard) => match guard.open(packet) {
                Ok(length) => Ok(Some((length, source))),
                Err(_) => Err(io::ErrorKind::InvalidData.into()),
            },
            Guarded::Browser(guard) => {
                let mut room = [0; ANSWER_MAX];
                match guard.take(packet, source, &mut room, &self.handshakes) {
                    Came::Nothing => Ok(None),
                    Came::Check(length) => known.send_to(&room[..length], source).map(|_| None),
                    // Wherever it is by now, to the engine it is the same peer.
                    Came::Audio(length) => Ok(Some((length, FOUND_BY_ICE))),
                    Came::Refused => Err(io::ErrorKind::InvalidData.into()),
                }
            }
        }
    }

    /// Sends one packet. To a browser that is not known yet nothing is sent.
    pub(crate) fn send(
        &mut self,
        leg: LegId,
        carries: Carries,
        to: SocketAddr,
        packet: &[u8],
    ) -> io::Result<usize> {
        let known = self.legs.get_mut(&leg).ok_or(io::ErrorKind::NotFound)?;
        let mut room;
        let (packet, to) = match &mut known.guard {
            Guarded::Plain => (packet, to),
            Guarded::Closed => return Ok(0),
            Guarded::Keyed(guard) => {
                room = [0; DATAGRAM_MAX + OVERHEAD_MAX];
                (guard.protect(packet, &mut room).ok_or(io::ErrorKind::InvalidData)?, to)
            }
            Guarded::Browser(guard) => {
                room = [0; DATAGRAM_MAX + OVERHEAD_MAX];
                let Some(sent) = guard.protect(packet, &mut room) else { return Ok(0) };
                sent
            }
        };
        match carries {
            Carries::Audio | Carries::Connection(_) => known.send_to(packet, to),
            Carries::Reports => known.socket(carries)?.send_to(packet, to),
        }
    }
}
