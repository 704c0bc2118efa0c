//! Keys as two sides agree on them.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::suite::Suite;

/// A master key with its salt, of the lengths that its suite wants. Prints as `***`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MasterKey {
    suite: Suite,
    key: Vec<u8>,
    salt: Vec<u8>,
}

impl MasterKey {
    /// A key for `suite`; `None` if key or salt have another length than it wants.
    #[must_use]
    pub fn new(suite: Suite, key: &[u8], salt: &[u8]) -> Option<Self> {
        let fits = key.len() == suite.key_len() && salt.len() == suite.salt_len();
        fits.then(|| Self { suite, key: key.to_vec(), salt: salt.to_vec() })
    }

    /// What it is for.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        self.suite
    }

    pub(crate) fn key(&self) -> &[u8] {
        &self.key
    }

    pub(crate) fn salt(&self) -> &[u8] {
        &self.salt
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A master key identifier (RFC 3711 §3.1): appended to each packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mki {
    /// Its value.
    pub value: u64,
    /// Its length in packets, in bytes, at most 8.
    pub bytes: u8,
}

/// What the peer encrypts with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerKey {
    /// The key.
    pub key: MasterKey,
    /// How packets name it; of several keys each has a name.
    pub mki: Option<Mki>,
}
