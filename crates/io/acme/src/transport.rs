//! Requests to the authority: by HTTPS, each bounded in time and size.

use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;

/// One answer of an authority; a chain of certificates has some kilobytes.
const RESPONSE_MAX: usize = 256 * 1024;
/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The way to an authority. Whom it trusts are the public authorities and these.
#[derive(Clone)]
pub(crate) struct Transport(legacy::Client<HttpsConnector<HttpConnector>, BodyWrapper<Bytes>>);

impl Transport {
    pub(crate) fn new(roots: &[CertificateDer<'static>]) -> Result<Self, rustls::Error> {
        let mut trusted = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for root in roots {
            trusted.add(root.clone())?;
        }
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(trusted)
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_only().enable_http1().build();
        // An authority is asked every few weeks: no connection is kept for the next time.
        let client = legacy::Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        Ok(Self(client))
    }
}

impl HttpClient for Transport {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let answer = self.0.request(request);
        Box::pin(async move {
            let whole = async {
                let (head, body) = answer.await.map_err(other)?.into_parts();
                let body = Limited::new(body, RESPONSE_MAX).collect().await.map_err(Error::Other)?;
                Ok(BytesResponse::from(Response::from_parts(head, Full::new(body.to_bytes()))))
            };
            timeout(TIMEOUT, whole).await.map_err(other)?
        })
    }
}

fn other(error: impl StdError + Send + Sync + 'static) -> Error {
    Error::Other(Box::new(error))
}
