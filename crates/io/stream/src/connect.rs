//! From an address to an open WebSocket.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue, Uri};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::limits::{HEADERS_MAX, MESSAGE_MAX, SEND_BUFFER, URL_MAX};
use crate::{End, StreamRequest};

/// A connection, with TLS or without.
pub(crate) trait Socket: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Socket for S {}

/// Trusts the roots of Mozilla's programme and these.
pub(crate) fn trust(roots: &[CertificateDer<'static>]) -> Result<TlsConnector, rustls::Error> {
    let mut trusted = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for root in roots {
        trusted.add(root.clone())?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(trusted)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Opens a WebSocket. Redirects are not followed.
pub(crate) async fn open(
    tls: &TlsConnector,
    lookups: &Arc<Semaphore>,
    request: &StreamRequest,
) -> Result<WebSocketStream<Box<dyn Socket>>, End> {
    let (place, handshake) = prepared(request)?;
    let found = find(lookups, &place).await.map_err(|_| End::Refused)?;
    let stream = TcpStream::connect(found.as_slice()).await.map_err(|_| End::Refused)?;
    if let Err(error) = hurry(&stream) {
        // Late, and right.
        tracing::debug!(%error, "a stream's connection collects its frames");
    }
    let socket: Box<dyn Socket> = match place.name {
        Some(name) => {
            let secured = tls.connect(name, stream).await;
            Box::new(secured.map_err(|error| End::of_tls(&error))?)
        }
        None => Box::new(stream),
    };
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_MAX))
        .max_frame_size(Some(MESSAGE_MAX))
        .write_buffer_size(0)
        .max_write_buffer_size(2 * MESSAGE_MAX);
    let opened = client_async_with_config(handshake, socket, Some(config)).await;
    opened.map(|(socket, _)| socket).map_err(|error| End::of_handshake(&error))
}

/// Small frames leave at once, and few of them wait in the system: what a slow service is sent must not be minutes old.
fn hurry(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    SockRef::from(stream).set_send_buffer_size(SEND_BUFFER)
}

/// The addresses of a host, by the system's way: it occupies a thread and cannot be called off, so a task of its own keeps one of
/// the places until the system has answered, also when nobody waits any more.
async fn find(lookups: &Arc<Semaphore>, place: &Place) -> io::Result<Vec<SocketAddr>> {
    let permit = Arc::clone(lookups).acquire_owned().await.map_err(io::Error::other)?;
    let (host, port) = (place.host.clone(), place.port);
    let lookup = tokio::spawn(async move {
        let found = lookup_host((host.as_str(), port)).await.map(Iterator::collect);
        drop(permit);
        found
    });
    lookup.await.map_err(io::Error::other)?
}

struct Place {
    host: String,
    port: u16,
    /// For `wss`.
    name: Option<ServerName<'static>>,
}

fn prepared(request: &StreamRequest) -> Result<(Place, Request), End> {
    let StreamRequest { url, headers, .. } = request;
    if url.len() > URL_MAX || headers.len() > HEADERS_MAX {
        return Err(End::BadRequest);
    }
    let uri: Uri = url.parse().map_err(|_| End::BadRequest)?;
    let authority = uri.authority().ok_or(End::BadRequest)?;
    // A name and password would end up in logs of proxies: header fields are for that.
    if authority.as_str().contains('@') || authority.host().is_empty() {
        return Err(End::BadRequest);
    }
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    let (port, name) = match uri.scheme_str() {
        Some("ws") => (80, None),
        Some("wss") => (443, Some(ServerName::try_from(host.clone()).map_err(|_| End::BadRequest)?)),
        Some(_) | None => return Err(End::BadRequest),
    };
    let port = authority.port_u16().unwrap_or(port);
    let mut handshake = uri.into_client_request().map_err(|_| End::BadRequest)?;
    for (name, value) in headers {
        let name: HeaderName = name.parse().map_err(|_| End::BadRequest)?;
        let mut value: HeaderValue = value.expose().parse().map_err(|_| End::BadRequest)?;
        // Those of the handshake are there already.
        if handshake.headers().contains_key(&name) {
            return Err(End::BadRequest);
        }
        value.set_sensitive(true);
        handshake.headers_mut().insert(name, value);
    }
    Ok((Place { host, port, name }, handshake))
}
