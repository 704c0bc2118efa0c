//! The certificate by which browsers know this server.

use core::fmt;

use hotline_media::{Fingerprint, Hash};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// What stands in it in place of a name: nobody looks at it, only at its fingerprint in the description.
const NAME: &str = "hotline";

/// A certificate that vouches for itself, with its key. Made at each start: what counts is that the description names it.
#[derive(Clone)]
pub struct Identity {
    pub(crate) certificate: Vec<u8>,
    pub(crate) private_key: Vec<u8>,
}

/// There is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The system gives none.
    #[error("no certificate for encrypted audio with browsers can be made")]
    Made(#[from] rcgen::Error),
    /// No handshake can be made with it.
    #[error("a certificate is of no use for encrypted audio with browsers")]
    Useless(#[source] dimpl::Error),
}

impl Identity {
    /// A new one, with an ECDSA key on P-256.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub fn generate() -> Result<Self, IdentityError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, NAME);
        let certificate = params.self_signed(&key)?.der().to_vec();
        Ok(Self { certificate, private_key: key.serialize_der() })
    }

    /// What descriptions name it by.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint { hash: Hash::Sha256, value: hash(Hash::Sha256, &self.certificate) }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(***)")
    }
}

/// Whether a certificate is one of those that were described.
pub(crate) fn is_described(certificate: &[u8], fingerprints: &[Fingerprint]) -> bool {
    fingerprints.iter().any(|described| hash(described.hash, certificate) == described.value)
}

fn hash(hash: Hash, certificate: &[u8]) -> Vec<u8> {
    match hash {
        Hash::Sha256 => Sha256::digest(certificate).to_vec(),
        Hash::Sha384 => Sha384::digest(certificate).to_vec(),
        Hash::Sha512 => Sha512::digest(certificate).to_vec(),
    }
}
