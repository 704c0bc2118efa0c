//! Connections that others open: counted, secured, and given their flow.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant as StdInstant;

use hotline_sip::{Flow, Transport};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::{TlsAcceptor, TlsStream};
use tracing::{debug, warn};

use crate::connection::{Adopted, Opened, Wire};
use crate::counters;
use crate::ending::Ending;
use crate::limits::{ACCEPT_PAUSE, Limits};
use crate::network::Shared;
use crate::patience::Patience;
use crate::places::Source;
use crate::quiet::Quiet;
use crate::table::Seat;
use crate::{socket, websocket};
use hotline_tls::ClientAuth;

/// An address at which connections are accepted.
pub(crate) struct Door {
    pub(crate) listener: TcpListener,
    pub(crate) transport: Transport,
    pub(crate) local: SocketAddr,
    pub(crate) client_auth: ClientAuth,
}

/// One of the places that connections of others have. Dropping it gives it back.
struct Place {
    shared: Arc<Shared>,
    source: Source,
}

/// The place of a handshake; as above.
struct Handshake<'p>(&'p Place);

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.places().give_back(self.source);
    }
}

impl Drop for Handshake<'_> {
    fn drop(&mut self) {
        self.0.shared.places().shake(self.0.source);
    }
}

impl Door {
    /// Accepts connections for ever.
    pub(crate) async fn keep(self, shared: Arc<Shared>) {
        let quiet = Quiet::default();
        loop {
            match self.listener.accept().await {
                Ok((stream, remote)) => self.admit(&shared, stream, remote),
                Err(error) => {
                    shared.counters.accept_errors.increment(1);
                    if let Some(held_back) = quiet.may_speak(StdInstant::now()) {
                        warn!(%error, held_back, transport = %self.transport, "a SIP connection could not be accepted");
                    }
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn admit(&self, shared: &Arc<Shared>, stream: TcpStream, remote: SocketAddr) {
        let (source, has_handshake) = (Source::of(remote.ip()), self.transport != Transport::Tcp);
        let taken = shared.places().take(source, has_handshake, &shared.limits);
        if let Err(refusal) = taken {
            debug!(refusal = refusal.label(), "a SIP connection was not taken");
            counters::refused(refusal);
            socket::reset(stream);
            return;
        }
        counters::accepted(self.transport);
        let place = Place { shared: Arc::clone(shared), source };
        let flow = Flow { transport: self.transport, local: self.local, remote };
        tokio::spawn(host(place, stream, flow, self.client_auth));
    }
}

/// Runs a WebSocket that somebody else has accepted to its end, if there is a place for it.
pub(crate) async fn adopt(shared: Arc<Shared>, stream: Adopted, flow: Flow) {
    let source = Source::of(flow.remote.ip());
    let taken = shared.places().take(source, false, &shared.limits);
    if let Err(refusal) = taken {
        debug!(refusal = refusal.label(), "a SIP connection was not taken");
        return counters::refused(refusal);
    }
    counters::accepted(flow.transport);
    let place = Place { shared: Arc::clone(&shared), source };
    let limits = Limits { idle: shared.limits.silence, ..shared.limits };
    let patience = Patience::with_stranger(Instant::now(), limits);
    let Some(seat) = claim(&shared, flow).await else { return };
    let opening =
        async { Ok(Opened { wire: Wire::Adopted(Box::new(websocket::adopt(stream).await)), patience }) };
    shared.live(seat, opening).await;
    drop(place);
}

/// Runs an accepted connection to its end.
async fn host(place: Place, stream: TcpStream, flow: Flow, client_auth: ClientAuth) {
    let shared = &place.shared;
    let wire = if flow.transport == Transport::Tcp {
        socket::tune(&stream).map(|()| Wire::Tcp(stream)).map_err(|_| Ending::Broken)
    } else {
        let handshake = Handshake(&place);
        let secured =
            timeout(shared.limits.handshake, secure(shared, stream, flow.transport, client_auth)).await;
        drop(handshake);
        secured.unwrap_or(Err(Ending::Handshake))
    };
    let wire = match wire {
        Ok(wire) => wire,
        // Nothing was ever sent to it or came from it.
        Err(ending) => return counters::closed(flow.transport, ending),
    };
    let limits = match flow.transport {
        // It is pinged, so it has something to say.
        Transport::Ws | Transport::Wss => Limits { idle: shared.limits.silence, ..shared.limits },
        Transport::Udp | Transport::Tcp | Transport::Tls => shared.limits,
    };
    let patience = Patience::with_stranger(Instant::now(), limits);
    let Some(seat) = claim(shared, flow).await else { return };
    shared.live(seat, async { Ok(Opened { wire, patience }) }).await;
}

/// The handshakes of TLS and WebSocket.
async fn secure(
    shared: &Shared,
    stream: TcpStream,
    transport: Transport,
    client_auth: ClientAuth,
) -> Result<Wire, Ending> {
    // Never closed.
    let _permit = shared.handshakes.acquire().await.map_err(|_| Ending::Shutdown)?;
    socket::tune(&stream).map_err(|_| Ending::Broken)?;
    let encrypt = async |stream| {
        let config = shared.tls.server(client_auth).ok_or(Ending::Handshake)?;
        let encrypted = TlsAcceptor::from(config).accept(stream).await.map_err(|error| {
            debug!(%error, "a TLS handshake failed");
            Ending::Handshake
        })?;
        Ok(TlsStream::Server(encrypted))
    };
    Ok(match transport {
        Transport::Udp | Transport::Tcp => Wire::Tcp(stream),
        Transport::Tls => Wire::Tls(Box::new(encrypt(stream).await?)),
        Transport::Ws => Wire::Ws(Box::new(websocket::accept(stream).await?)),
        Transport::Wss => Wire::Wss(Box::new(websocket::accept(encrypt(stream).await?).await?)),
    })
}

/// The flow's seat, once the end of a connection that had it before is told. `None` when the server ends.
async fn claim(shared: &Shared, flow: Flow) -> Option<Seat> {
    loop {
        let gone = match shared.table().claim(flow) {
            Ok(seat) => return Some(seat),
            Err(gone) => gone,
        };
        tokio::select! {
            () = gone.cancelled() => {}
            () = shared.incoming.closed() => return None,
        }
    }
}
