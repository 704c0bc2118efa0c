//! The thread on which handshakes with browsers are made: the mathematics of one takes longer than the media threads may
//! wait. These give it what comes for a handshake and get what is to be sent; keys come back the same way.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hotline_base::LegId;
use hotline_media::{ConnectFailure, Dtls, Srtp};

use crate::handshake::{Handshake, Outcome, Terms};
use crate::sockets::Waker;

/// What waits for the thread. Beyond, datagrams are dropped, which their senders repeat, and no handshake begins.
const ORDERS_MAX: usize = 1024;
/// What waits for a media thread; the other thread waits then.
const REPLIES_MAX: usize = 1024;
/// How often handshakes of legs that are gone are forgotten.
const SWEEP: Duration = Duration::from_secs(1);

/// A handshake: of which leg, and which one of that.
pub(crate) type Name = (LegId, u32);

/// What became of handshakes since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HandshakeCounters {
    /// Completed.
    pub done: u64,
    /// Failed, in the order of [`ConnectFailure::ALL`].
    pub failed: [u64; ConnectFailure::ALL.len()],
    /// Datagrams for which there was no room.
    pub dropped: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Gauge {
    done: AtomicU64,
    failed: [AtomicU64; ConnectFailure::ALL.len()],
    dropped: AtomicU64,
}

impl Gauge {
    pub(crate) fn read(&self) -> HandshakeCounters {
        HandshakeCounters {
            done: self.done.load(Ordering::Relaxed),
            failed: std::array::from_fn(|cause| self.failed[cause].load(Ordering::Relaxed)),
            dropped: self.dropped.load(Ordering::Relaxed),
        }
    }

    fn fail(&self, cause: ConnectFailure) {
        self.failed[cause as usize].fetch_add(1, Ordering::Relaxed);
    }
}

/// What a media thread gets.
pub(crate) enum Reply {
    Send { name: Name, to: SocketAddr, datagram: Vec<u8> },
    Keyed { name: Name, keys: Box<Srtp> },
    Failed { name: Name, cause: ConnectFailure },
}

enum Order {
    Begin { name: Name, life: Weak<()>, agreed: Box<Dtls>, replies: SyncSender<Reply>, waker: Waker },
    Reached { name: Name, at: SocketAddr },
    Datagram { name: Name, from: SocketAddr, datagram: Vec<u8> },
}

/// The thread, seen from its owner. It ends when no media thread is left.
pub(crate) struct Desk {
    orders: SyncSender<Order>,
    gauge: Arc<Gauge>,
}

impl Desk {
    pub(crate) fn start(terms: Terms, gauge: Arc<Gauge>) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (orders, waiting) = sync_channel(ORDERS_MAX);
        let clerk = Clerk::new(terms, Arc::clone(&gauge), waiting);
        let thread = std::thread::Builder::new().name("handshakes".to_owned()).spawn(move || clerk.run())?;
        Ok((Self { orders, gauge }, thread))
    }

    /// The way of one media thread to it, and what comes back.
    pub(crate) fn counter(&self, waker: Waker) -> (Counter, Receiver<Reply>) {
        let (replies, waiting) = sync_channel(REPLIES_MAX);
        let counter =
            Counter { orders: self.orders.clone(), replies, waker, gauge: Arc::clone(&self.gauge), names: 0 };
        (counter, waiting)
    }
}

/// Both ends without a thread between them.
pub(crate) fn by_hand(terms: Terms) -> Option<(Clerk, Counter, Receiver<Reply>)> {
    let (gauge, (orders, waiting)) = (Arc::new(Gauge::default()), sync_channel(ORDERS_MAX));
    let desk = Desk { orders, gauge: Arc::clone(&gauge) };
    let (counter, replies) = desk.counter(Waker::new().ok()?);
    Some((Clerk::new(terms, gauge, waiting), counter, replies))
}

/// A media thread's way to the thread.
pub(crate) struct Counter {
    orders: SyncSender<Order>,
    replies: SyncSender<Reply>,
    waker: Waker,
    gauge: Arc<Gauge>,
    names: u32,
}

/// A handshake, seen from its leg: dropping this forgets it.
pub(crate) struct Ticket {
    pub(crate) name: Name,
    _life: Arc<()>,
}

impl Counter {
    /// Begins a handshake as soon as the peer is there.
    pub(crate) fn begin(&mut self, leg: LegId, agreed: &Dtls) -> Result<Ticket, ConnectFailure> {
        self.names = self.names.wrapping_add(1);
        let (name, life) = ((leg, self.names), Arc::new(()));
        let order = Order::Begin {
            name,
            life: Arc::downgrade(&life),
            agreed: Box::new(agreed.clone()),
            replies: self.replies.clone(),
            waker: self.waker.clone(),
        };
        match self.orders.try_send(order) {
            Ok(()) => Ok(Ticket { name, _life: life }),
            Err(_) => {
                self.gauge.fail(ConnectFailure::Overloaded);
                Err(ConnectFailure::Overloaded)
            }
        }
    }

    /// The peer is at that address.
    pub(crate) fn reach(&self, ticket: &Ticket, at: SocketAddr) {
        self.give(Order::Reached { name: ticket.name, at });
    }

    /// Something came from the peer.
    pub(crate) fn hand(&self, ticket: &Ticket, from: SocketAddr, datagram: &[u8]) {
        self.give(Order::Datagram { name: ticket.name, from, datagram: datagram.to_vec() });
    }

    fn give(&self, order: Order) {
        if self.orders.try_send(order).is_err() {
            self.gauge.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// What the thread owns.
pub(crate) struct Clerk {
    terms: Terms,
    gauge: Arc<Gauge>,
    orders: Receiver<Order>,
    /// As many as there are legs of browsers.
    at_work: BTreeMap<Name, Work>,
    /// When one of them must be woken, or those of legs that are gone be forgotten.
    next: Instant,
}

struct Work {
    handshake: Handshake,
    life: Weak<()>,
    replies: SyncSender<Reply>,
    waker: Waker,
}

impl Clerk {
    fn new(terms: Terms, gauge: Arc<Gauge>, orders: Receiver<Order>) -> Self {
        Self { terms, gauge, orders, at_work: BTreeMap::new(), next: Instant::now() }
    }

    /// Does what waits.
    pub(crate) fn catch_up(&mut self, now: Instant) {
        while let Ok(order) = self.orders.try_recv() {
            self.carry_out(now, order);
        }
    }

    fn run(mut self) {
        loop {
            let order = if self.at_work.is_empty() {
                self.orders.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                self.orders.recv_timeout(self.next.saturating_duration_since(Instant::now()))
            };
            let now = Instant::now();
            match order {
                Ok(order) => self.carry_out(now, order),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if now >= self.next {
                self.wake(now);
            }
        }
    }

    fn carry_out(&mut self, now: Instant, order: Order) {
        match order {
            Order::Begin { name, life, agreed, replies, waker } => {
                let handshake = Handshake::new(&self.terms, agreed.is_client, agreed.fingerprints, now);
                self.at_work.insert(name, Work { handshake, life, replies, waker });
                self.act(name, |_, _| Outcome::Waiting);
            }
            Order::Reached { name, at } => {
                self.act(name, |handshake, send| handshake.reach(now, at, send));
            }
            Order::Datagram { name, from, datagram } => {
                self.act(name, |handshake, send| handshake.handle_datagram(now, from, &datagram, send));
            }
        }
    }

    /// Wakes those whose time has come, and forgets those of legs that are gone.
    fn wake(&mut self, now: Instant) {
        self.next = now + SWEEP;
        self.at_work.retain(|_, work| work.life.strong_count() > 0);
        let names: Vec<Name> = self.at_work.keys().copied().collect();
        for name in names {
            if self.at_work.get(&name).is_some_and(|work| work.handshake.due() <= now) {
                self.act(name, |handshake, send| handshake.handle_timeout(now, send));
            } else if let Some(work) = self.at_work.get(&name) {
                self.next = self.next.min(work.handshake.due());
            }
        }
    }

    /// Lets a handshake go on. A bug that panics costs that one.
    fn act(
        &mut self,
        name: Name,
        step: impl FnOnce(&mut Handshake, &mut dyn FnMut(SocketAddr, &[u8])) -> Outcome,
    ) {
        let Some(work) = self.at_work.get_mut(&name) else { return };
        let (handshake, replies) = (&mut work.handshake, &work.replies);
        let mut is_gone = false;
        let mut send = |to, datagram: &[u8]| {
            is_gone |= replies.send(Reply::Send { name, to, datagram: datagram.to_vec() }).is_err();
        };
        let stepped = catch_unwind(AssertUnwindSafe(|| step(handshake, &mut send)));
        let is_lost = stepped.is_err();
        let outcome = stepped.unwrap_or_else(|_| {
            tracing::error!("a handshake with a browser panicked");
            Outcome::Failed(ConnectFailure::Handshake)
        });
        let reply = match outcome {
            Outcome::Waiting => None,
            Outcome::Keyed(keys) => {
                self.gauge.done.fetch_add(1, Ordering::Relaxed);
                Some(Reply::Keyed { name, keys })
            }
            Outcome::Failed(cause) => {
                self.gauge.fail(cause);
                Some(Reply::Failed { name, cause })
            }
        };
        let is_failed = matches!(reply, Some(Reply::Failed { .. }));
        if let Some(reply) = reply {
            is_gone |= work.replies.send(reply).is_err();
        }
        work.waker.wake();
        self.next = self.next.min(work.handshake.due());
        if is_gone || is_failed || is_lost {
            self.at_work.remove(&name);
        }
    }
}
