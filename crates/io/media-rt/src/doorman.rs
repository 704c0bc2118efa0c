//! The thread that takes connections of browsers by TCP (RFC 6544 §3: we wait, they connect) and gives each to the media thread of its leg,
//! once it has proved to know that leg's password. Whoever proves nothing costs some kilobytes for some seconds.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hotline_base::LegId;
use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::fd::OwnedFd;

use crate::connection::{Connection, TcpGauge};
use crate::ice::{Called, called};
use crate::names::Names;
use crate::sockets::Waker;

/// Connections that have proved nothing yet, of all and of one address; further ones are closed at once.
const WAITING_MAX: usize = 256;
const WAITING_OF_ONE_MAX: usize = 16;
/// How long a connection may take to prove something.
const PROOF_MAX: Duration = Duration::from_secs(10);
/// Checks that may come for a leg that is not settled yet: a browser repeats them.
const CHECKS_MAX: u8 = 64;
/// Connections taken at once.
const ACCEPTS_MAX: usize = 64;
/// After an accept that failed because the system lacks something (files, memory).
const PAUSE: Duration = Duration::from_millis(200);
const READY_MAX: usize = 64;

const LISTENER: u64 = u64::MAX;
const WAKER: u64 = u64::MAX - 1;

/// A connection for a leg of a media thread. Its first check has not been answered.
pub(crate) struct Arrival {
    pub(crate) leg: LegId,
    pub(crate) connection: Connection,
}

/// Where connections for a media thread go.
pub(crate) type Way = (SyncSender<Arrival>, Waker);

pub(crate) struct Doorman {
    listener: TcpListener,
    epoll: OwnedFd,
    waker: Waker,
    stopping: Arc<AtomicBool>,
    names: Arc<Names>,
    ways: Vec<Way>,
    gauge: Arc<TcpGauge>,
    waiting: BTreeMap<u64, Guest>,
    next: u64,
}

struct Guest {
    connection: Connection,
    until: Instant,
    checks: u8,
}

/// What becomes of a connection.
enum Next {
    Waits,
    Goes,
    Belongs { leg: LegId, thread: usize },
}

/// The thread, seen from its owner.
pub(crate) struct DoormanHandle {
    stopping: Arc<AtomicBool>,
    waker: Waker,
    thread: JoinHandle<()>,
}

impl DoormanHandle {
    pub(crate) fn stop(self) {
        self.stopping.store(true, Ordering::Release);
        self.waker.wake();
        if self.thread.join().is_err() {
            tracing::error!("the thread that takes connections of browsers had panicked");
        }
    }
}

impl Doorman {
    pub(crate) fn start(
        listener: TcpListener,
        names: Arc<Names>,
        ways: Vec<Way>,
        gauge: Arc<TcpGauge>,
    ) -> io::Result<DoormanHandle> {
        listener.set_nonblocking(true)?;
        let (epoll, waker) = (epoll::create(epoll::CreateFlags::CLOEXEC)?, Waker::new()?);
        epoll::add(&epoll, &listener, EventData::new_u64(LISTENER), EventFlags::IN)?;
        waker.add_to(&epoll, WAKER)?;
        let stopping = Arc::new(AtomicBool::new(false));
        let doorman = Self {
            listener,
            epoll,
            waker: waker.clone(),
            stopping: Arc::clone(&stopping),
            names,
            ways,
            gauge,
            waiting: BTreeMap::new(),
            next: 0,
        };
        let thread = std::thread::Builder::new().name("media-tcp".to_owned()).spawn(|| doorman.run())?;
        Ok(DoormanHandle { stopping, waker, thread })
    }

    fn run(mut self) {
        let mut ready = Vec::with_capacity(READY_MAX);
        while !self.stopping.load(Ordering::Acquire) {
            if let Err(error) = self.wait(&mut ready) {
                tracing::error!(%error, "connections of browsers cannot be waited for; there are none from here on");
                return;
            }
            let now = Instant::now();
            for event in &ready {
                match event.data.u64() {
                    LISTENER => self.accept(now),
                    WAKER => self.waker.reset(),
                    guest => self.hear(guest),
                }
            }
            let before = self.waiting.len();
            self.waiting.retain(|_, guest| guest.until > now);
            self.count_unproved(before - self.waiting.len());
        }
    }

    fn wait(&self, ready: &mut Vec<epoll::Event>) -> io::Result<()> {
        ready.clear();
        let first = self.waiting.values().map(|guest| guest.until).min();
        let timeout = first.map(|until| {
            let left = until.saturating_duration_since(Instant::now());
            Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() }
        });
        match epoll::wait(&self.epoll, spare_capacity(ready), timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn accept(&mut self, now: Instant) {
        for _ in 0..ACCEPTS_MAX {
            let (stream, peer) = match self.listener.accept() {
                Ok(accepted) => accepted,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => {
                    tracing::warn!(%error, "a connection of a browser could not be taken");
                    std::thread::sleep(PAUSE);
                    return;
                }
            };
            if self.is_full_for(peer.ip()) {
                self.gauge.turned_away.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            let connection = Connection::new(stream, peer, Arc::clone(&self.gauge));
            let Ok(connection) = connection else { continue };
            let name = self.next;
            self.next = (self.next + 1) % WAKER;
            let added =
                epoll::add(&self.epoll, connection.stream(), EventData::new_u64(name), EventFlags::IN);
            if added.is_ok() {
                self.waiting.insert(name, Guest { connection, until: now + PROOF_MAX, checks: 0 });
            }
        }
    }

    fn is_full_for(&self, address: IpAddr) -> bool {
        let of_one = self.waiting.values().filter(|guest| guest.connection.peer().ip() == address).count();
        self.waiting.len() >= WAITING_MAX || of_one >= WAITING_OF_ONE_MAX
    }

    fn hear(&mut self, name: u64) {
        let Some(guest) = self.waiting.get_mut(&name) else { return };
        match guest.next(&self.names) {
            Next::Waits => {}
            Next::Goes => {
                self.waiting.remove(&name);
                self.count_unproved(1);
            }
            Next::Belongs { leg, thread } => {
                let Some(Guest { mut connection, .. }) = self.waiting.remove(&name) else { return };
                // Two threads must not wait for one socket.
                let removed = epoll::delete(&self.epoll, connection.stream());
                let Some((way, waker)) = self.ways.get(thread).filter(|_| removed.is_ok()) else { return };
                connection.open();
                match way.try_send(Arrival { leg, connection }) {
                    Ok(()) => waker.wake(),
                    Err(_) => {
                        self.gauge.turned_away.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        }
    }

    fn count_unproved(&self, count: usize) {
        self.gauge.unproved.fetch_add(count as u64, Ordering::Relaxed);
    }
}

impl Guest {
    /// Reads what came, until somebody is meant.
    fn next(&mut self, names: &Names) -> Next {
        loop {
            let packet = match self.connection.packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => return Next::Waits,
                Err(_) => return Next::Goes,
            };
            match called(packet, |ufrag| names.find(ufrag)) {
                Called::Proved { leg, thread } => return Next::Belongs { leg, thread },
                // Our offer may be there before our side is settled: the browser asks again.
                Called::Unknown if self.checks < CHECKS_MAX => {
                    self.checks += 1;
                    self.connection.take();
                }
                Called::Unknown | Called::Wrong => return Next::Goes,
            }
            if !self.connection.has_packet() {
                return Next::Waits;
            }
        }
    }
}
