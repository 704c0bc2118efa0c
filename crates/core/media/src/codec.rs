//! The codecs a leg can have.

use hotline_audio::{ALAW_TO_ULAW, ULAW_TO_ALAW, alaw, ulaw};
use serde::{Deserialize, Serialize};

/// An audio codec. Both known ones are G.711: 8000 samples a second, one byte each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Codec {
    /// G.711 μ-law, static payload type 0 (RFC 3551 §4.5.14).
    Pcmu,
    /// G.711 A-law, static payload type 8.
    Pcma,
}

impl Codec {
    /// The byte of silence.
    #[must_use]
    pub const fn silence(self) -> u8 {
        match self {
            Self::Pcmu => ulaw::SILENCE,
            Self::Pcma => alaw::SILENCE,
        }
    }

    /// The byte of a linear sample.
    #[must_use]
    pub const fn encode(self, sample: i16) -> u8 {
        match self {
            Self::Pcmu => ulaw::encode(sample),
            Self::Pcma => alaw::encode(sample),
        }
    }

    /// The linear sample of a byte.
    #[must_use]
    pub const fn decode(self, byte: u8) -> i16 {
        match self {
            Self::Pcmu => ulaw::decode(byte),
            Self::Pcma => alaw::decode(byte),
        }
    }

    /// Turns `payload` into `target`'s bytes, in place.
    pub(crate) fn transcode(self, target: Self, payload: &mut [u8]) {
        let table = match (self, target) {
            (Self::Pcmu, Self::Pcma) => &ULAW_TO_ALAW,
            (Self::Pcma, Self::Pcmu) => &ALAW_TO_ULAW,
            (Self::Pcmu, Self::Pcmu) | (Self::Pcma, Self::Pcma) => return,
        };
        for byte in payload {
            *byte = table[usize::from(*byte)];
        }
    }
}
