//! Everything that SIP listens at and is connected to.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use hotline_sip::{Flow, Transport};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tracing::error;

use crate::accept::{self, Door};
use crate::connection::ByteStream;
use crate::counters::Counters;
use crate::limits::{DIALS_MAX, HANDSHAKES_MAX, Limits};
use crate::names::Names;
use crate::places::Places;
use crate::socket;
use crate::table::{Posted, Table};
use crate::udp::Datagrams;
use hotline_tls::{ClientAuth, RELOAD_INTERVAL, Tls, TlsConfig, TlsError};

/// How often a free port that UDP got may be taken in TCP before the search is given up.
const SHARED_PORT_TRIES: usize = 16;

/// What comes from the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A datagram, or a message out of a connection.
    Message {
        /// The way it came.
        flow: Flow,
        /// What was sent.
        bytes: Bytes,
    },
    /// A connection is gone, or could not be opened. Whatever was sent on it before may be lost; what is sent after this is
    /// taken opens another.
    Disconnected(Flow),
}

/// An address to listen at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen {
    /// How messages come.
    pub transport: Transport,
    /// Where; port 0 takes a free one, the same for UDP and TCP.
    pub address: SocketAddr,
    /// What TLS asks of clients.
    pub client_auth: ClientAuth,
}

/// An address that is listened at, with its real port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listening {
    /// How messages come.
    pub transport: Transport,
    /// Where.
    pub local: SocketAddr,
}

/// What a network is made of.
#[derive(Clone, Debug)]
pub struct NetworkConfig {
    /// Where to listen.
    pub listen: Vec<Listen>,
    /// Certificates.
    pub tls: TlsConfig,
    /// How much strangers may hold.
    pub limits: Limits,
    /// How often the certificate's files are looked at.
    pub reload_interval: Duration,
}

impl NetworkConfig {
    /// These addresses, without certificates, with the default limits.
    #[must_use]
    pub fn new(listen: Vec<Listen>) -> Self {
        Self {
            listen,
            tls: TlsConfig::default(),
            limits: Limits::default(),
            reload_interval: RELOAD_INTERVAL,
        }
    }
}

/// The address could not be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen for SIP on {} {address}; is another server using the port?", transport.as_str().to_ascii_lowercase())]
pub struct BindError {
    /// How.
    pub transport: Transport,
    /// The address asked for.
    pub address: SocketAddr,
    /// The system's answer.
    pub source: io::Error,
}

/// Why there is no network.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// An address cannot be listened on.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The certificate's files cannot be used.
    #[error("SIP over TLS")]
    Tls(#[from] TlsError),
}

/// The handle by which messages are sent.
#[derive(Clone)]
pub struct Network {
    shared: Arc<Shared>,
}

/// What has to run so that messages come.
pub struct Receivers {
    shared: Arc<Shared>,
    doors: Vec<Door>,
    reload_interval: Duration,
}

/// What all connections have in common.
pub(crate) struct Shared {
    pub(crate) incoming: mpsc::Sender<Incoming>,
    /// Shared by who sends and by connections that begin and end; held for a look or a note, never across an await.
    table: Mutex<Table>,
    /// Shared by connections that begin and end; as above.
    places: Mutex<Places>,
    pub(crate) limits: Limits,
    pub(crate) dials: Semaphore,
    pub(crate) handshakes: Semaphore,
    pub(crate) tls: Tls,
    pub(crate) names: Arc<Names>,
    pub(crate) counters: Arc<Counters>,
    datagrams: Vec<Datagrams>,
    listening: Vec<Listening>,
}

impl Network {
    /// Listens at all addresses. What comes goes to `incoming` once the [`Receivers`] run. Must be called inside of a
    /// runtime, after the recorder of metrics is installed.
    ///
    /// # Errors
    /// [`NetworkError`] names the address or file.
    pub fn bind(
        config: NetworkConfig,
        incoming: mpsc::Sender<Incoming>,
    ) -> Result<(Self, Receivers), NetworkError> {
        let NetworkConfig { listen, tls, limits, reload_interval } = config;
        let of_tls = listen.iter().filter(|listen| listen.transport.is_secure());
        let tls = Tls::load(tls, of_tls.map(|listen| listen.client_auth).collect())?;
        let counters = Arc::new(Counters::new());
        let mut bound = Bound::default();
        for one in listen {
            bound.listen(one, &counters)?;
        }
        let Bound { datagrams, doors, listening, .. } = bound;
        let shared = Arc::new(Shared {
            incoming,
            table: Mutex::new(Table::new(limits.outbox)),
            places: Mutex::default(),
            limits,
            dials: Semaphore::new(DIALS_MAX),
            handshakes: Semaphore::new(HANDSHAKES_MAX),
            tls,
            names: Arc::default(),
            counters,
            datagrams,
            listening,
        });
        Ok((Self { shared: Arc::clone(&shared) }, Receivers { shared, doors, reload_interval }))
    }

    /// Where it listens, in the order of the configuration.
    #[must_use]
    pub fn listening(&self) -> &[Listening] {
        &self.shared.listening
    }

    /// The names that peers' certificates must have.
    #[must_use]
    pub fn names(&self) -> &Arc<Names> {
        &self.shared.names
    }

    /// What is wrong with the certificate's files, as long as it is.
    #[must_use]
    pub fn trouble(&self) -> watch::Receiver<Option<String>> {
        self.shared.tls.trouble()
    }

    /// Takes a WebSocket for SIP that was opened by another server of this process, as one of its own. One beyond the limits is
    /// closed and counted.
    pub fn adopt(&self, stream: Box<dyn ByteStream>, flow: Flow) {
        tokio::spawn(accept::adopt(Arc::clone(&self.shared), stream, flow));
    }

    /// Sends a message without waiting. A datagram leaves at once or not at all, which is counted and otherwise left to
    /// SIP's repetitions. On a connection it waits its turn; without one, one is opened. If it cannot be written,
    /// [`Incoming::Disconnected`] follows.
    pub fn send(&self, flow: Flow, bytes: Bytes) {
        self.shared.send(flow, bytes);
    }
}

impl Receivers {
    /// Receives until the other end of the channel is gone, or a part of this has ended by a defect.
    pub async fn run(self) {
        let Self { shared, doors, reload_interval } = self;
        let mut parts = JoinSet::new();
        for index in 0..shared.datagrams.len() {
            let shared = Arc::clone(&shared);
            parts.spawn(async move { shared.datagrams[index].receive(shared.incoming.clone()).await });
        }
        for door in doors {
            parts.spawn(door.keep(Arc::clone(&shared)));
        }
        let watched = Arc::clone(&shared);
        parts.spawn(async move { watched.tls.watch(reload_interval).await });
        tokio::select! {
            () = shared.incoming.closed() => {}
            Some(ended) = parts.join_next() => {
                if let Err(error) = ended {
                    error!(%error, "receiving SIP");
                }
            }
        }
    }
}

impl Shared {
    pub(crate) fn send(self: &Arc<Self>, flow: Flow, bytes: Bytes) {
        match flow.transport {
            Transport::Udp => match self.datagrams.iter().find(|socket| socket.local() == flow.local) {
                Some(socket) => socket.send(flow.remote, &bytes),
                // Nobody listens there, so no answer could come.
                None => self.counters.send_errors.increment(1),
            },
            Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => {
                let posted = self.table().post(flow, bytes);
                match posted {
                    Posted::Waits => {}
                    Posted::Lost => self.counters.unsent.increment(1),
                    Posted::Dial(seat) => {
                        let shared = Arc::clone(self);
                        tokio::spawn(async move { shared.live(seat, shared.dial(flow)).await });
                    }
                }
            }
        }
    }

    pub(crate) fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What listens so far.
#[derive(Default)]
struct Bound {
    datagrams: Vec<Datagrams>,
    doors: Vec<Door>,
    listening: Vec<Listening>,
    /// TCP sockets that were bound with the free port of their UDP sibling, by its host.
    siblings: HashMap<IpAddr, TcpListener>,
}

impl Bound {
    fn listen(&mut self, listen: Listen, counters: &Arc<Counters>) -> Result<(), BindError> {
        let Listen { transport, address, client_auth } = listen;
        let failed = |source| BindError { transport, address, source };
        let local = if transport == Transport::Udp {
            let socket = self.bind_datagrams(address).map_err(failed)?;
            let local = socket.local_addr().map_err(failed)?;
            self.datagrams.push(Datagrams::new(socket, local, Arc::clone(counters)));
            local
        } else {
            let is_sibling = transport == Transport::Tcp && address.port() == 0;
            let sibling = is_sibling.then(|| self.siblings.remove(&address.ip())).flatten();
            let listener = sibling.map_or_else(|| socket::listen(address), Ok).map_err(failed)?;
            let local = listener.local_addr().map_err(failed)?;
            self.doors.push(Door { listener, transport, local, client_auth });
            local
        };
        self.listening.push(Listening { transport, local });
        Ok(())
    }

    /// A UDP socket. If the port is free to choose, it is one that TCP has free too, and kept for that.
    fn bind_datagrams(&mut self, address: SocketAddr) -> io::Result<tokio::net::UdpSocket> {
        let mut tries = 0;
        loop {
            let socket = socket::bind(address)?;
            if address.port() != 0 {
                return Ok(socket);
            }
            match socket::listen(socket.local_addr()?) {
                Ok(listener) => {
                    self.siblings.insert(address.ip(), listener);
                    return Ok(socket);
                }
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && tries < SHARED_PORT_TRIES => {
                    tries += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }
}
