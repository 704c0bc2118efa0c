//! What an authority looks for before it vouches for a name: that whoever asks is who answers there (RFC 8555 §8).
//!
//! Whoever asks an authority puts the answers here, and whoever serves HTTP and HTTPS looks here. Both maps are replaced as wholes, so that a
//! handshake waits for nobody.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring::{self, sign};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::ClientHello;
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use crate::self_signed::MakeError;

/// RFC 8737 §6.2. What an authority asks for, and nobody else.
pub const ACME_TLS: &[u8] = b"acme-tls/1";
/// RFC 8555 §8.3. Where an authority looks over HTTP; the token follows.
pub const ACME_PATH: &str = "/.well-known/acme-challenge/";

/// The answers that are to be given at this moment; empty but while a certificate is being asked for.
#[derive(Default)]
pub struct Challenges {
    /// Bodies by token.
    http: ArcSwap<BTreeMap<String, String>>,
    /// Handshakes by name.
    tls: ArcSwap<BTreeMap<String, Arc<ServerConfig>>>,
}

impl Challenges {
    /// Answers over HTTP (HTTP-01): the key authorisation of a token.
    pub fn answer_http(&self, token: &str, authorization: &str) {
        let mut answers = BTreeMap::clone(&self.http.load());
        answers.insert(token.to_owned(), authorization.to_owned());
        self.http.store(Arc::new(answers));
    }

    /// Answers in handshakes (TLS-ALPN-01, RFC 8737 §3) for this name: the SHA-256 of the key authorisation.
    ///
    /// # Errors
    /// The name cannot stand in a certificate, or the system gives no randomness.
    pub fn answer_tls(&self, name: &str, digest: [u8; 32]) -> Result<(), MakeError> {
        let mut params = CertificateParams::new(vec![name.to_owned()])?;
        params.custom_extensions = vec![CustomExtension::new_acme_identifier(&digest)];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let key = sign::any_ecdsa_type(&key).expect("a key that was made a moment ago");
        // Not compared with the certificate, whose critical extension rustls does not read (RFC 8737 §3 wants it so).
        let shown = CertifiedKey::new(vec![certificate.der().clone()], key);
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring can do what rustls takes for safe")
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
        config.alpn_protocols = vec![ACME_TLS.to_vec()];
        let mut answers = BTreeMap::clone(&self.tls.load());
        answers.insert(name.to_ascii_lowercase(), Arc::new(config));
        self.tls.store(Arc::new(answers));
        Ok(())
    }

    /// Nothing is answered any more.
    pub fn clear(&self) {
        self.http.store(Arc::default());
        self.tls.store(Arc::default());
    }

    /// The answer for a token over HTTP.
    #[must_use]
    pub fn http(&self, token: &str) -> Option<String> {
        self.http.load().get(token).cloned()
    }

    /// How a handshake is made that begins so, if it is an authority's. RFC 8737 §3: it then asks for nothing else.
    #[must_use]
    pub fn tls(&self, hello: &ClientHello<'_>) -> Option<Arc<ServerConfig>> {
        let mut protocols = hello.alpn()?;
        if protocols.next() != Some(ACME_TLS) || protocols.next().is_some() {
            return None;
        }
        self.tls.load().get(&hello.server_name()?.to_ascii_lowercase()).cloned()
    }
}
