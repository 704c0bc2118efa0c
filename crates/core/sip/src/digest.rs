//! Digest authentication (RFC 7616, RFC 8760 for SIP, RFC 2617 for old phones): what a server asks and checks, and
//! what a client answers. Knows no users: the password or its hash is given.
//!
//! Of RFC 7616 there is not: `-sess`, which spares a server that asks another one for hashes, `auth-int`, which no
//! phone has, and `userhash`. They are never offered, passed over in challenges, and refused in credentials.

use core::fmt;
use core::str::FromStr;

use md5::Md5;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256, Sha512_256};
use thiserror::Error;

mod challenge;
mod credentials;
mod fields;
mod nonce;
mod verifier;

pub use challenge::{Challenge, choose};
pub use credentials::{Credentials, Qop, realm_of};
pub use nonce::{NonceIssuer, NonceState};
pub use verifier::{MAX_COUNTED_NONCES, UsedNonces, Verdict, Verifier};

/// A hash algorithm (RFC 8760 §2.2), the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    /// `MD5`; weak, but all that many phones know.
    Md5,
    /// `SHA-256`.
    Sha256,
    /// `SHA-512-256`.
    Sha512_256,
}

impl Algorithm {
    /// All of them, the strongest first.
    pub const ALL: [Self; 3] = [Self::Sha512_256, Self::Sha256, Self::Md5];

    /// As on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
            Self::Sha512_256 => "SHA-512-256",
        }
    }

    /// The hash of `parts` joined by colons, in lower-case hexadecimal.
    fn hash(self, parts: &[&str]) -> String {
        let joined = parts.join(":");
        match self {
            Self::Md5 => hex(&Md5::digest(joined)),
            Self::Sha256 => hex(&Sha256::digest(joined)),
            Self::Sha512_256 => hex(&Sha512_256::digest(joined)),
        }
    }
}

impl FromStr for Algorithm {
    type Err = DigestError;

    /// Compares without case, as tokens do.
    fn from_str(name: &str) -> Result<Self, DigestError> {
        Self::ALL
            .into_iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(name))
            .ok_or(DigestError::Algorithm)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a challenge or credentials cannot be used. The peer's fault, or a method we do not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DigestError {
    /// Another scheme than `Digest`.
    #[error("the scheme is not Digest")]
    Scheme,
    /// Not a list of `name=value`.
    #[error("the value is not in the form of the grammar")]
    Syntax,
    /// A field that must be there is not.
    #[error("the field {0} is missing")]
    Missing(&'static str),
    /// An algorithm Hotline does not know.
    #[error("the algorithm is not known")]
    Algorithm,
    /// Only a quality of protection that Hotline does not have, such as `auth-int`.
    #[error("the quality of protection is not known")]
    Qop,
    /// The hash of a user name in place of the name: `userhash=true`.
    #[error("the user name is hashed")]
    Userhash,
}

/// H(user:realm:password): all that a server needs to store of a password. As good as the password itself within
/// its realm, so `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ha1 {
    algorithm: Algorithm,
    hex: Box<str>,
}

impl Ha1 {
    /// From the password.
    #[must_use]
    pub fn new(algorithm: Algorithm, user: &str, realm: &str, password: &str) -> Self {
        Self { algorithm, hex: algorithm.hash(&[user, realm, password]).into() }
    }

    /// From a stored hash in hexadecimal.
    #[must_use]
    pub fn from_hex(algorithm: Algorithm, hex: &str) -> Self {
        Self { algorithm, hex: hex.to_ascii_lowercase().into() }
    }

    /// The algorithm it was made with; only answers with this one can be checked.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// In hexadecimal, for storing.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.hex
    }
}

impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ha1({}, ***)", self.algorithm)
    }
}

/// The `response` of credentials (RFC 7616 §3.4.1); without `qop` as in RFC 2069.
#[must_use]
pub fn response(ha1: &Ha1, method: &str, uri: &str, nonce: &str, qop: Option<&Qop>) -> String {
    let ha2 = ha1.algorithm.hash(&[method, uri]);
    match qop {
        Some(Qop { nc, cnonce }) => ha1.algorithm.hash(&[&ha1.hex, nonce, nc, cnonce, "auth", &ha2]),
        None => ha1.algorithm.hash(&[&ha1.hex, nonce, &ha2]),
    }
}

/// Whether both are equal, in a time that does not tell where they differ.
fn same_secret(a: &[u8], b: &[u8]) -> bool {
    let difference = a.iter().zip(b).fold(0, |sum, (a, b)| sum | (a ^ b));
    a.len() == b.len() && core::hint::black_box(difference) == 0
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests;
