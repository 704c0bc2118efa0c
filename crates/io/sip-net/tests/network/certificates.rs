//! Certificates made for one test.

use std::path::PathBuf;
use std::sync::Arc;

use hotline_sip_net::{Identity, TlsConfig};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::stage::{Peer, Stage};

/// An authority, and the files of what it vouches for.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: TempDir,
}

/// A certificate and its key, in PEM.
pub(crate) struct Certified {
    pub(crate) certificate: String,
    pub(crate) key: String,
    der: (CertificateDer<'static>, Vec<u8>),
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let authority = Self { issuer, directory: TempDir::new().unwrap() };
        authority.write("ca.pem", &authority.issuer.pem());
        authority
    }

    /// A certificate for these names or addresses.
    pub(crate) fn vouch(&self, names: &[&str]) -> Certified {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &self.issuer).unwrap();
        let der = (certificate.der().clone(), key.serialize_der());
        Certified { certificate: certificate.pem(), key: key.serialize_pem(), der }
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.directory.path().join(file)
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        std::fs::write(self.path(file), text).unwrap();
    }

    /// Puts a certificate where [`Self::config`] looks for it.
    pub(crate) fn install(&self, certified: &Certified) {
        self.write("key.pem", &certified.key);
        self.write("certificate.pem", &certified.certificate);
    }

    /// A server with a certificate for these names, that takes this authority for its clients and servers.
    pub(crate) fn config(&self, names: &[&str]) -> TlsConfig {
        self.install(&self.vouch(names));
        let identity = Identity { certificate: self.path("certificate.pem"), key: self.path("key.pem") };
        TlsConfig {
            identity: Some(identity),
            client_ca: Some(self.path("ca.pem")),
            server_ca: Some(self.path("ca.pem")),
        }
    }

    /// How a client that trusts this authority connects, with a certificate of its own or none.
    pub(crate) fn client(&self, identity: Option<Certified>) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match identity {
            None => builder.with_no_client_auth(),
            Some(Certified { der: (certificate, key), .. }) => {
                let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key));
                builder.with_client_auth_cert(vec![certificate], key).unwrap()
            }
        };
        TlsConnector::from(Arc::new(config))
    }
}

/// Connects over TLS to a server that must have a certificate for `name`.
pub(crate) async fn connect(
    stage: &Stage,
    client: &TlsConnector,
    name: &str,
) -> std::io::Result<Peer<TlsStream<TcpStream>>> {
    let Peer { stream, here } = stage.connect().await;
    let stream = client.connect(ServerName::try_from(name.to_owned()).unwrap(), stream).await?;
    Ok(Peer { stream, here })
}
