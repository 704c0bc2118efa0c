//! Certificates and keys from PEM files, and the files watched: new connections use new ones, and a bad file never
//! replaces a good one. One implementation of cryptography: ring.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use hotline_telemetry::Metric;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{error, info};

/// How often the files are looked at.
pub const RELOAD_INTERVAL: Duration = Duration::from_secs(2);
/// Certificates in one file; more are no chain and no sensible list of authorities.
const CERTIFICATES_MAX: usize = 1000;

/// Which files hold what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsConfig {
    /// Who we are. Listeners of TLS and WSS need it; a peer that we connect to is shown it if it asks.
    pub identity: Option<Identity>,
    /// The authorities that vouch for clients; for listeners that ask for certificates.
    pub client_ca: Option<PathBuf>,
    /// The authorities that vouch for the peers that we connect to; without, those that browsers trust.
    pub server_ca: Option<PathBuf>,
}

/// A certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The certificate and those between it and the authority, in this order.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Whether a client must show a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClientAuth {
    /// It is not asked.
    #[default]
    None,
    /// It is asked; one that it shows must be good.
    Optional,
    /// Without a good one there is no connection.
    Required,
}

/// Why the files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or is no PEM.
    #[error("{path}: not readable as PEM", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: pem::Error,
    },
    /// A file has none of what is looked for.
    #[error("{path}: no certificate in it", path = path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A certificate and key that do not belong together, or are of a kind that is not known.
    #[error("{path}: the certificate and its key cannot be used", path = path.display())]
    Identity {
        /// The certificate's file.
        path: PathBuf,
        /// What is wrong.
        source: rustls::Error,
    },
    /// Authorities that cannot be used.
    #[error("{path}: the authority cannot be used", path = path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: rustls::Error,
    },
    /// A listener needs what is not configured.
    #[error(
        "a listener of TLS needs a certificate and a key, and one that asks for certificates an authority"
    )]
    Missing,
}

impl TlsError {
    /// The file that is at fault.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Unreadable { path, .. }
            | Self::Empty { path }
            | Self::Identity { path, .. }
            | Self::Authority { path, .. } => Some(path),
            Self::Missing => None,
        }
    }
}

/// What was made of the files.
struct Keys {
    servers: BTreeMap<ClientAuth, Arc<ServerConfig>>,
    client: Arc<ClientConfig>,
}

/// The keys in use, and their files.
pub struct Tls {
    config: TlsConfig,
    /// What listeners ask of clients.
    asked: Vec<ClientAuth>,
    /// Read by each handshake, replaced by the watcher.
    keys: ArcSwap<Keys>,
    /// The files as they were before they were first read.
    stamps: Vec<Stamp>,
    trouble: watch::Sender<Option<String>>,
}

/// What tells a file from another of that name.
type Stamp = Option<(SystemTime, u64)>;

/// Whether these files can be used, for listeners that ask clients for this.
///
/// # Errors
/// [`TlsError`] names the file.
pub fn check(config: &TlsConfig, asked: &[ClientAuth]) -> Result<(), TlsError> {
    Keys::load(config, asked).map(|_| ())
}

impl Tls {
    /// Reads the files, for listeners that ask clients for this.
    ///
    /// # Errors
    /// [`TlsError`] names the file.
    pub fn load(config: TlsConfig, asked: Vec<ClientAuth>) -> Result<Self, TlsError> {
        let stamps = config.stamps();
        let keys = ArcSwap::from_pointee(Keys::load(&config, &asked)?);
        Ok(Self { config, asked, keys, stamps, trouble: watch::Sender::new(None) })
    }

    /// For an accepted connection.
    #[must_use]
    pub fn server(&self, client_auth: ClientAuth) -> Option<Arc<ServerConfig>> {
        self.keys.load().servers.get(&client_auth).cloned()
    }

    /// For a connection of ours.
    #[must_use]
    pub fn client(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.keys.load().client)
    }

    /// What is wrong with the files at this moment.
    #[must_use]
    pub fn trouble(&self) -> watch::Receiver<Option<String>> {
        self.trouble.subscribe()
    }

    /// Looks at the files for ever.
    pub async fn watch(&self, every: Duration) {
        let mut beat = interval(every);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut seen = self.stamps.clone();
        loop {
            beat.tick().await;
            let stamps = self.config.stamps();
            if stamps != seen {
                // A change while they are read is seen at the next look.
                seen = stamps;
                self.reload().await;
            }
        }
    }

    async fn reload(&self) {
        let (config, asked) = (self.config.clone(), self.asked.clone());
        let loaded = tokio::task::spawn_blocking(move || Keys::load(&config, &asked)).await;
        let problem = match loaded {
            Ok(Ok(keys)) => {
                self.keys.store(Arc::new(keys));
                info!("the certificate's files have changed; new connections use them");
                Metric::TlsReloads.increment_for(["loaded"]);
                self.trouble.send_replace(None);
                return;
            }
            Ok(Err(problem)) => whole(&problem),
            Err(defect) => defect.to_string(),
        };
        error!(problem, "the certificate's files have changed and cannot be used; those before stay in use");
        Metric::TlsReloads.increment_for(["refused"]);
        self.trouble.send_replace(Some(problem));
    }
}

/// An error with its causes.
fn whole(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

impl TlsConfig {
    fn paths(&self) -> impl Iterator<Item = &Path> {
        let identity = self.identity.iter().flat_map(|identity| [&identity.certificate, &identity.key]);
        identity.chain(&self.client_ca).chain(&self.server_ca).map(PathBuf::as_path)
    }

    fn stamps(&self) -> Vec<Stamp> {
        let stamp = |path: &Path| -> io::Result<(SystemTime, u64)> {
            let file = std::fs::metadata(path)?;
            Ok((file.modified()?, file.len()))
        };
        // One that cannot be looked at cannot be read either, which then says why.
        self.paths().map(|path| stamp(path).ok()).collect()
    }
}

impl Keys {
    fn load(config: &TlsConfig, asked: &[ClientAuth]) -> Result<Self, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let identity = config.identity.as_ref().map(Loaded::read).transpose()?;
        let mut servers = BTreeMap::new();
        for client_auth in asked {
            let identity = identity.as_ref().ok_or(TlsError::Missing)?;
            let server = server(config, *client_auth, identity, &provider)?;
            servers.insert(*client_auth, Arc::new(server));
        }
        let client = Arc::new(client(config, identity.as_ref(), &provider)?);
        Ok(Self { servers, client })
    }
}

/// An identity that was read.
struct Loaded {
    path: PathBuf,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Loaded {
    fn read(identity: &Identity) -> Result<Self, TlsError> {
        let Identity { certificate, key } = identity;
        let chain = certificates(certificate)?;
        let key = PrivateKeyDer::from_pem_file(key)
            .map_err(|source| TlsError::Unreadable { path: key.clone(), source })?;
        Ok(Self { path: certificate.clone(), chain, key })
    }
}

fn server(
    config: &TlsConfig,
    client_auth: ClientAuth,
    identity: &Loaded,
    provider: &Arc<CryptoProvider>,
) -> Result<ServerConfig, TlsError> {
    let builder = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .expect("ring can do what rustls takes for safe");
    let verifier = || -> Result<_, TlsError> {
        let path = config.client_ca.as_ref().ok_or(TlsError::Missing)?;
        let roots = Arc::new(authorities(path)?);
        Ok((path, WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(provider))))
    };
    let unusable = |path: &PathBuf, problem: &dyn std::error::Error| TlsError::Authority {
        path: path.clone(),
        source: rustls::Error::General(problem.to_string()),
    };
    let builder = match client_auth {
        ClientAuth::None => builder.with_no_client_auth(),
        ClientAuth::Optional => {
            let (path, verifier) = verifier()?;
            let verifier = verifier.allow_unauthenticated().build();
            builder.with_client_cert_verifier(verifier.map_err(|problem| unusable(path, &problem))?)
        }
        ClientAuth::Required => {
            let (path, verifier) = verifier()?;
            builder.with_client_cert_verifier(verifier.build().map_err(|problem| unusable(path, &problem))?)
        }
    };
    builder
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())
        .map_err(|source| TlsError::Identity { path: identity.path.clone(), source })
}

fn client(
    config: &TlsConfig,
    identity: Option<&Loaded>,
    provider: &Arc<CryptoProvider>,
) -> Result<ClientConfig, TlsError> {
    let roots = match &config.server_ca {
        Some(path) => authorities(path)?,
        None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
    };
    let builder = ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .expect("ring can do what rustls takes for safe")
        .with_root_certificates(roots);
    match identity {
        None => Ok(builder.with_no_client_auth()),
        Some(Loaded { path, chain, key }) => builder
            .with_client_auth_cert(chain.clone(), key.clone_key())
            .map_err(|source| TlsError::Identity { path: path.clone(), source }),
    }
}

fn authorities(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|source| TlsError::Authority { path: path.to_owned(), source })?;
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unreadable = |source| TlsError::Unreadable { path: path.to_owned(), source };
    let all = CertificateDer::pem_file_iter(path).map_err(unreadable)?.take(CERTIFICATES_MAX);
    let all = all.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    if all.is_empty() { Err(TlsError::Empty { path: path.to_owned() }) } else { Ok(all) }
}
