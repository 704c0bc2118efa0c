//! An authority of certificates for tests (RFC 8555): it checks signatures, nonces and addresses of every request, looks at the server itself
//! before it vouches for a name, and can be told to refuse, to talk rubbish, and to give certificates that end soon.

mod jose;
mod look;
mod orders;

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, LOCATION};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use self::jose::Nonces;
use self::orders::Orders;

/// What becomes of the next order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// A certificate that began and will end so many minutes from the time at which it is given.
    Gives {
        /// Minutes that are over.
        past: i64,
        /// Minutes that are left.
        left: i64,
    },
    /// It does not vouch for such names.
    Refuses,
}

/// An authority that runs. Dropping it ends it.
pub struct Authority {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

pub(crate) struct Shared {
    base: String,
    root: CertifiedIssuer<'static, KeyPair>,
    /// Where names lead; looking waits for it.
    server: watch::Sender<Option<SocketAddr>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    nonces: Nonces,
    orders: Orders,
    moods: VecDeque<Mood>,
    talks_rubbish: bool,
    /// Renewals are wished at once while so many certificates were given.
    wishes_renewal_of: Option<usize>,
}

/// What a request is answered.
pub(crate) struct Answer {
    status: StatusCode,
    location: Option<String>,
    body: Value,
}

impl Answer {
    pub(crate) fn new(status: StatusCode, body: Value) -> Self {
        Self { status, location: None, body }
    }

    /// RFC 8555 §6.7.
    pub(crate) fn problem(status: StatusCode, kind: &str, detail: &str) -> Self {
        let kind = format!("urn:ietf:params:acme:error:{kind}");
        Self::new(status, json!({"type": kind, "detail": detail, "status": status.as_u16()}))
    }
}

impl Authority {
    /// Listens at a free port of this address.
    ///
    /// # Errors
    /// It cannot.
    pub async fn start(at: IpAddr) -> Result<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "An authority for tests");
        let root = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let own = CertificateParams::new(vec![at.to_string()])?.signed_by(&key, &root)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![own.der().clone()], key)?;
        let listener = TcpListener::bind(SocketAddr::new(at, 0)).await?;
        let base = format!("https://{}", listener.local_addr()?);
        let shared =
            Arc::new(Shared { base, root, server: watch::Sender::new(None), state: Mutex::default() });
        let task = tokio::spawn(serve(listener, TlsAcceptor::from(Arc::new(tls)), Arc::clone(&shared)));
        Ok(Self { shared, task })
    }

    /// The address of its directory.
    #[must_use]
    pub fn directory(&self) -> String {
        format!("{}/directory", self.shared.base)
    }

    /// Its own certificate, in PEM.
    #[must_use]
    pub fn root(&self) -> String {
        self.shared.root.pem()
    }

    /// All names lead there from here on.
    pub fn looks_at(&self, server: SocketAddr) {
        self.shared.server.send_replace(Some(server));
    }

    /// What becomes of the next orders, in this order; further ones get a certificate of 90 days.
    pub fn moods(&self, moods: impl IntoIterator<Item = Mood>) {
        self.shared.state().moods = moods.into_iter().collect();
    }

    /// From here on it answers with what is no answer.
    pub fn talks_rubbish(&self) {
        self.shared.state().talks_rubbish = true;
    }

    /// RFC 9773. A renewal of the certificate with this number is wished at once.
    pub fn wishes_renewal_of(&self, number: usize) {
        self.shared.state().wishes_renewal_of = Some(number);
    }

    /// Certificates that it has given.
    #[must_use]
    pub fn given(&self) -> usize {
        self.shared.state().orders.given
    }

    /// Orders that said which certificate they replace.
    #[must_use]
    pub fn replacing(&self) -> usize {
        self.shared.state().orders.replacing
    }

    /// How many accounts were made, and how often a request was refused that did not keep to the standard.
    #[must_use]
    pub fn accounts_and_faults(&self) -> (usize, Vec<String>) {
        let state = self.shared.state();
        (state.orders.accounts.len(), state.orders.faults.clone())
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, tls: TlsAcceptor, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, shared) = (tls.clone(), Arc::clone(&shared));
        tokio::spawn(async move {
            // Whoever does not trust it goes away again.
            let Ok(stream) = tls.accept(stream).await else { return };
            let service = service_fn(move |request| answer(Arc::clone(&shared), request));
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            // The client ends it as it likes.
            drop(connection.await);
        });
    }
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    if shared.state().talks_rubbish {
        return Ok(Response::new(Full::from("<html><body>Welcome to our new portal</body></html>")));
    }
    let path = head.uri.path().to_owned();
    let answer = match (&head.method, path.as_str()) {
        (&Method::GET, "/directory") => Answer::new(StatusCode::OK, shared.directory()),
        (&Method::HEAD, "/nonce") => Answer::new(StatusCode::OK, Value::Null),
        (&Method::GET, path) if path.starts_with("/renewal/") => shared.renewal(),
        (&Method::POST, path) => shared.post(path, &head.headers, &body),
        _ => Answer::problem(StatusCode::NOT_FOUND, "malformed", "there is nothing here"),
    };
    let nonce = shared.state().nonces.fresh();
    let mut response = Response::builder().status(answer.status).header("Replay-Nonce", nonce);
    if path.starts_with("/renewal/") {
        response = response.header("Retry-After", "21600");
    }
    if let Some(location) = answer.location {
        response = response.header(LOCATION, location);
    }
    let body = match answer.body {
        Value::Null => String::new(),
        // A chain of certificates.
        Value::String(text) => text,
        body @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => body.to_string(),
    };
    let kind = if answer.status.is_success() { "application/json" } else { "application/problem+json" };
    Ok(response.header(CONTENT_TYPE, kind).body(Full::from(body))?)
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn directory(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.base);
        json!({"newNonce": at("/nonce"), "newAccount": at("/account"), "newOrder": at("/order"),
            "revokeCert": at("/revoke"), "keyChange": at("/key"), "renewalInfo": at("/renewal"), "meta": {}})
    }

    fn renewal(&self) -> Answer {
        let state = self.state();
        let is_wished = state.wishes_renewal_of == Some(state.orders.given);
        let years = if is_wished { ("2020-01-01", "2020-01-02") } else { ("2199-01-01", "2199-01-02") };
        let window =
            json!({"start": format!("{}T00:00:00Z", years.0), "end": format!("{}T00:00:00Z", years.1)});
        Answer::new(StatusCode::OK, json!({"suggestedWindow": window}))
    }

    fn post(self: &Arc<Self>, path: &str, headers: &HeaderMap, body: &[u8]) -> Answer {
        let url = format!("{}{path}", self.base);
        let is_jose = headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "application/jose+json");
        let mut state = self.state();
        let State { nonces, orders, moods, .. } = &mut *state;
        let signed = jose::verify(body, &url, nonces, &orders.accounts);
        let signed = match signed
            .and_then(|signed| if is_jose { Ok(signed) } else { Err("the type of the body") })
        {
            Ok(signed) => signed,
            Err("nonce") => {
                return Answer::problem(StatusCode::BAD_REQUEST, "badNonce", "a nonce that is none of ours");
            }
            Err(fault) => {
                orders.faults.push(format!("{path}: {fault}"));
                return Answer::problem(StatusCode::BAD_REQUEST, "malformed", fault);
            }
        };
        orders.answer(self, path, &signed, moods)
    }
}
