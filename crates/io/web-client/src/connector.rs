//! Connections: names, sockets and TLS.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::vec;

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::lookup_host;
use tokio::sync::Semaphore;
use tower_service::Service;

use crate::limits::LOOKUPS_MAX;

pub(crate) type Connector = HttpsConnector<HttpConnector<Names>>;

/// A connector that trusts the roots of Mozilla's programme and these. Environment variables for proxies are not heeded.
pub(crate) fn connector(roots: &[CertificateDer<'static>]) -> Result<Connector, rustls::Error> {
    let mut trusted = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for root in roots {
        trusted.add(root.clone())?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(trusted)
        .with_no_client_auth();
    let mut http = HttpConnector::new_with_resolver(Names(Arc::new(Semaphore::new(LOOKUPS_MAX))));
    // Or it refuses `https`, which the other connector adds.
    http.enforce_http(false);
    http.set_nodelay(true);
    Ok(HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(http))
}

/// The system's way to find names, at most [`LOOKUPS_MAX`] at a time: it occupies a thread and cannot be called off.
#[derive(Clone)]
pub(crate) struct Names(Arc<Semaphore>);

impl Service<Name> for Names {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let places = Arc::clone(&self.0);
        Box::pin(async move {
            let place = places.acquire_owned().await.map_err(io::Error::other)?;
            // A task of its own keeps its place until the system has answered, also when nobody waits any more.
            let lookup = tokio::spawn(async move {
                let found: Vec<SocketAddr> = lookup_host((name.as_str(), 0)).await?.collect();
                drop(place);
                Ok(found.into_iter())
            });
            lookup.await.map_err(io::Error::other)?
        })
    }
}
