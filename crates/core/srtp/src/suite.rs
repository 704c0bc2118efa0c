//! The ways of encrypting.

use serde::{Deserialize, Serialize};

/// The most bytes by which a packet grows: the tag of an AEAD and the number of an SRTCP packet.
pub const OVERHEAD_MAX: usize = 20;

/// How packets are encrypted and authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Suite {
    /// RFC 4568 §6.2.1: AES-128 in counter mode, tags of 80 bits.
    AesCm128HmacSha1Tag80,
    /// RFC 4568 §6.2.2: AES-128 in counter mode, tags of 32 bits; of 80 bits for RTCP.
    AesCm128HmacSha1Tag32,
    /// RFC 6188 §4: AES-256 in counter mode, tags of 80 bits.
    AesCm256HmacSha1Tag80,
    /// RFC 6188 §4: AES-256 in counter mode, tags of 32 bits; of 80 bits for RTCP.
    AesCm256HmacSha1Tag32,
    /// RFC 7714: AES-128 in Galois/counter mode.
    AeadAes128Gcm,
    /// RFC 7714: AES-256 in Galois/counter mode.
    AeadAes256Gcm,
}

impl Suite {
    /// The length of a master key, and of a session's.
    #[must_use]
    pub const fn key_len(self) -> usize {
        match self {
            Self::AesCm128HmacSha1Tag80 | Self::AesCm128HmacSha1Tag32 | Self::AeadAes128Gcm => 16,
            Self::AesCm256HmacSha1Tag80 | Self::AesCm256HmacSha1Tag32 | Self::AeadAes256Gcm => 32,
        }
    }

    /// The length of a master salt, and of a session's.
    #[must_use]
    pub const fn salt_len(self) -> usize {
        if self.is_aead() { 12 } else { 14 }
    }

    /// Whether the cipher authenticates by itself.
    pub(crate) const fn is_aead(self) -> bool {
        matches!(self, Self::AeadAes128Gcm | Self::AeadAes256Gcm)
    }

    /// The length of the tag of an RTP packet.
    pub(crate) const fn rtp_tag_len(self) -> usize {
        match self {
            Self::AesCm128HmacSha1Tag80 | Self::AesCm256HmacSha1Tag80 => 10,
            Self::AesCm128HmacSha1Tag32 | Self::AesCm256HmacSha1Tag32 => 4,
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 16,
        }
    }

    /// The length of the tag of an RTCP packet.
    pub(crate) const fn rtcp_tag_len(self) -> usize {
        if self.is_aead() { 16 } else { 10 }
    }
}
