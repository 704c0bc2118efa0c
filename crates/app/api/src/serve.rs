//! Accepts connections, speaks HTTP/1.1 on each, and ends cleanly.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hotline_telemetry::Metric;
use hotline_tls::{Challenges, ClientAuth, Tls};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::server::Acceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::app::{App, Ports};
use crate::auth::Origin;
use crate::delivery::{Outbox, Wire};
use crate::hub::Hub;
use crate::listening::audit_listening;
use crate::once::look_after_keys;
use crate::pages::look_after_pages;
use crate::password::{Checker, PasswordError};
use crate::routes::{Way, router};
use crate::webhooks::{self, Parts as WebhookParts, Running};

/// Connections that are open at once; further ones wait in the kernel.
pub(crate) const CONNECTIONS_MAX: usize = 4096;
/// How long a client may take to send the head of a request, and an idle connection is kept.
pub(crate) const HEAD_MAX: Duration = Duration::from_secs(30);
/// How long a handshake of TLS may take.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// Header fields of one request.
const FIELDS_MAX: usize = 100;
/// How long requests may go on after the shutdown began.
pub const DRAIN_MAX: Duration = Duration::from_secs(5);
/// After an accept that failed because the system lacks something (files, memory).
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Why the HTTP side could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    Random(#[source] getrandom::Error),
    /// Passwords cannot be checked.
    #[error("passwords cannot be checked")]
    Password(#[source] PasswordError),
}

/// Where HTTPS is served, with the certificate that counts at each moment.
pub struct Secured {
    /// The socket.
    pub listener: TcpListener,
    /// The certificate.
    pub tls: Arc<Tls>,
}

/// Serves HTTP on `listener`, and HTTPS if there is a place for it, until `shutdown`: then event streams end, running requests get [`DRAIN_MAX`], and
/// what is left is cut off. Returns when every connection is closed.
///
/// # Errors
/// Only before the first request.
pub async fn serve(
    (listener, secured): (TcpListener, Option<Secured>),
    ports: Ports,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    webhooks::begin(&ports.webhooks, &ports.store).await;
    let passwords = Checker::new().await.map_err(ServeError::Password)?;
    let tasks = TaskTracker::new();
    let (hub, running) = Hub::new(ports.shard.clone(), shutdown.clone());
    for task in running {
        tasks.spawn(task);
    }
    let parts = WebhookParts {
        store: ports.store.clone(),
        hub: Arc::clone(&hub),
        client: ports.webhooks.client.clone(),
        closing: shutdown.clone(),
    };
    let (webhooks, running) = Running::start(&ports.webhooks, &parts);
    for task in running {
        tasks.spawn(task);
    }
    let live = ports.shard.subscribe();
    let app = App::new(ports, hub, passwords, webhooks).map_err(ServeError::Random)?;
    let app = Arc::new(app);
    tasks.spawn(audit_listening(Arc::clone(&app), live, shutdown.clone()));
    if let Err(error) = app.fields().await {
        // Until the next who looks into the address book.
        tracing::warn!(?error, "what fields customers have is not known yet");
    }
    tasks.spawn(look_after_pages(Arc::clone(&app), shutdown.clone()));
    tasks.spawn(look_after_keys(Arc::clone(&app), shutdown.clone()));
    let challenges = Arc::clone(&app.ports.challenges);
    let router = router(app);
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let cut_off = CancellationToken::new();
    let connection = || Connection {
        router: router.clone(),
        shutdown: shutdown.clone(),
        cut_off: cut_off.clone(),
        reached_at: None,
        tls: None,
        challenges: Arc::clone(&challenges),
    };
    let doors = [
        Some(Door { reached_at: listener.local_addr().ok(), listener, tls: None }),
        secured.map(|Secured { listener, tls }| Door {
            reached_at: listener.local_addr().ok(),
            listener,
            tls: Some(tls),
        }),
    ];
    let doors = doors.into_iter().flatten().map(|door| door.keep(&places, &tasks, &connection));
    futures_util::future::join_all(doors).await;
    tasks.close();
    if timeout(DRAIN_MAX, tasks.wait()).await.is_err() {
        tracing::warn!("cutting off HTTP requests that do not end");
        cut_off.cancel();
        tasks.wait().await;
    }
    Ok(())
}

/// A socket at which connections are accepted.
struct Door {
    listener: TcpListener,
    reached_at: Option<SocketAddr>,
    tls: Option<Arc<Tls>>,
}

impl Door {
    /// Accepts connections until the end of the server.
    async fn keep(self, places: &Arc<Semaphore>, tasks: &TaskTracker, connection: &impl Fn() -> Connection) {
        let shutdown = connection().shutdown;
        while let Some(Some((stream, place))) =
            shutdown.run_until_cancelled(accept(&self.listener, places)).await
        {
            let connection =
                Connection { reached_at: self.reached_at, tls: self.tls.clone(), ..connection() };
            tasks.spawn(async move {
                connection.begin(stream).await;
                drop(place);
            });
        }
    }
}

/// The next connection, with its place among [`CONNECTIONS_MAX`].
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    // Never closed.
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return Some((stream, place)),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                Metric::ApiAcceptErrors.increment(1);
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

struct Connection {
    router: Router,
    shutdown: CancellationToken,
    cut_off: CancellationToken,
    /// The socket that it came to.
    reached_at: Option<SocketAddr>,
    tls: Option<Arc<Tls>>,
    challenges: Arc<Challenges>,
}

impl Connection {
    async fn begin(self, stream: TcpStream) {
        // An event is one small write, and it must not wait for the acknowledgement of the one before.
        let ready = stream.set_nodelay(true).and_then(|()| stream.peer_addr());
        let Ok(peer) = ready else { return };
        let Some(tls) = &self.tls else { return self.run(stream, peer).await };
        let handshake = async {
            let begun = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
            // An authority looks whether a name leads here, and has nothing more to say (RFC 8737 §3).
            let looked = self.challenges.tls(&begun.client_hello());
            let is_authority = looked.is_some();
            let Some(config) = looked.or_else(|| tls.server(ClientAuth::None)) else { return Ok(None) };
            let stream = begun.into_stream(config).await?;
            Ok::<_, io::Error>(Some(stream).filter(|_| !is_authority))
        };
        match timeout(HANDSHAKE_MAX, handshake).await {
            Ok(Ok(Some(stream))) => self.run(stream, peer).await,
            Ok(Ok(None)) => {}
            Ok(Err(error)) => {
                // A browser that does not trust the certificate ends it so.
                tracing::debug!(%error, "a TLS handshake failed");
                Metric::ApiTlsFailures.increment(1);
            }
            Err(_) => Metric::ApiTlsFailures.increment(1),
        }
    }

    async fn run(self, stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, peer: SocketAddr) {
        let is_secure = self.tls.is_some();
        let (origin, outbox) = (Origin { address: peer.ip(), is_secure }, Outbox::default());
        let way = self.reached_at.map(|local| Way { is_secure, local, remote: peer });
        let wire = Wire::new(stream, outbox.clone());
        let router = self.router;
        let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(origin);
            request.extensions_mut().insert(outbox.clone());
            if let Some(way) = way {
                request.extensions_mut().insert(way);
            }
            router.clone().oneshot(request)
        });
        let mut connection = pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_MAX)
                .max_headers(FIELDS_MAX)
                .serve_connection(TokioIo::new(wire), service)
                .with_upgrades()
        );
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.shutdown.cancelled() => {
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    ended = connection => ended,
                    () = self.cut_off.cancelled() => return,
                }
            }
        };
        if let Err(error) = ended {
            // A client's doing: it went away, was too slow, or does not speak HTTP.
            tracing::debug!(%error, "a connection ended badly");
        }
    }
}
