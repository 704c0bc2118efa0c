//! Who is asked, and for what.

use std::path::PathBuf;

use hotline_base::Pii;

/// The directory of Let's Encrypt.
pub const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// An authority and what it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// RFC 8555 §7.1.1. The address of the authority's directory.
    pub directory: String,
    /// What the certificate is for; at least one.
    pub names: Vec<String>,
    /// Whom the authority may write to: `mailto:` addresses.
    pub contact: Vec<String>,
    /// How it is shown that the names lead here.
    pub challenge: Challenge,
    /// The account of a customer that the authority knows from elsewhere.
    pub binding: Option<Binding>,
    /// Where certificate, account and history are kept.
    pub folder: PathBuf,
}

/// How an authority is shown that a name leads to this server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Challenge {
    /// RFC 8737: by a handshake at port 443 of the name, which the pages need as well.
    #[default]
    TlsAlpn01,
    /// RFC 8555 §8.3: by a request over HTTP at port 80 of the name.
    Http01,
}

impl Challenge {
    /// As the standard calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TlsAlpn01 => "tls-alpn-01",
            Self::Http01 => "http-01",
        }
    }

    /// The port at which the authority looks.
    #[must_use]
    pub const fn port(self) -> u16 {
        match self {
            Self::TlsAlpn01 => 443,
            Self::Http01 => 80,
        }
    }
}

/// RFC 8555 §7.3.4. An account elsewhere to which ours is bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The key's name.
    pub id: String,
    /// The key.
    pub key: Pii<Vec<u8>>,
}
