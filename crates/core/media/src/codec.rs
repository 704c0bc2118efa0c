//! The codecs a leg can have. Each takes one byte for a 125th of a millisecond and counts so in its timestamps, which makes
//! packets alike; G.722 has 16 000 samples a second in it (RFC 3551 §4.5.2).

use hotline_audio::g722::{self, NarrowDecoder, NarrowEncoder};
use hotline_audio::{ALAW_TO_ULAW, ULAW_TO_ALAW, alaw, ulaw};
use serde::{Deserialize, Serialize};

/// An audio codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Codec {
    /// G.711 μ-law, static payload type 0 (RFC 3551 §4.5.14).
    Pcmu,
    /// G.711 A-law, static payload type 8.
    Pcma,
    /// G.722 at 64 kbit/s, static payload type 9.
    G722,
}

/// Turns a codec's bytes into samples at 8 kHz, one for each.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Decoder {
    /// Of μ-law.
    Pcmu,
    /// Of A-law.
    Pcma,
    /// Of G.722, from what came before.
    G722(Box<NarrowDecoder>),
}

/// Turns samples at 8 kHz into a codec's bytes, one for each.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Encoder {
    /// To μ-law.
    Pcmu,
    /// To A-law.
    Pcma,
    /// To G.722, from what came before.
    G722(Box<NarrowEncoder>),
}

impl Codec {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pcmu, Self::Pcma, Self::G722];

    /// Its registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G722 => "G722",
        }
    }

    /// The payload type that stands for it by itself (RFC 3551 §6).
    #[must_use]
    pub const fn static_payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
            Self::G722 => 9,
        }
    }

    /// A byte that, repeated, is silence.
    #[must_use]
    pub const fn silence(self) -> u8 {
        match self {
            Self::Pcmu => ulaw::SILENCE,
            Self::Pcma => alaw::SILENCE,
            Self::G722 => g722::SILENCE,
        }
    }

    /// One that has heard nothing yet.
    #[must_use]
    pub fn decoder(self) -> Decoder {
        match self {
            Self::Pcmu => Decoder::Pcmu,
            Self::Pcma => Decoder::Pcma,
            Self::G722 => Decoder::G722(Box::default()),
        }
    }

    /// One that has said nothing yet.
    #[must_use]
    pub fn encoder(self) -> Encoder {
        match self {
            Self::Pcmu => Encoder::Pcmu,
            Self::Pcma => Encoder::Pcma,
            Self::G722 => Encoder::G722(Box::default()),
        }
    }
}

impl Decoder {
    /// Whose bytes it takes.
    #[must_use]
    pub const fn codec(&self) -> Codec {
        match self {
            Self::Pcmu => Codec::Pcmu,
            Self::Pcma => Codec::Pcma,
            Self::G722(_) => Codec::G722,
        }
    }

    /// The sample of a byte.
    pub fn decode(&mut self, byte: u8) -> i16 {
        match self {
            Self::Pcmu => ulaw::decode(byte),
            Self::Pcma => alaw::decode(byte),
            Self::G722(decoder) => decoder.decode(byte),
        }
    }

    /// Turns `payload` into μ-law or A-law in place, if it is neither and the listener has one of them. What it is then.
    pub(crate) fn narrow(&mut self, payload: &mut [u8], listener: Codec) -> Codec {
        let Self::G722(decoder) = self else { return self.codec() };
        let encode = match listener {
            Codec::Pcmu => ulaw::encode,
            Codec::Pcma => alaw::encode,
            Codec::G722 => return listener,
        };
        for byte in payload {
            *byte = encode(decoder.decode(*byte));
        }
        listener
    }
}

impl Encoder {
    /// Whose bytes it makes.
    #[must_use]
    pub const fn codec(&self) -> Codec {
        match self {
            Self::Pcmu => Codec::Pcmu,
            Self::Pcma => Codec::Pcma,
            Self::G722(_) => Codec::G722,
        }
    }

    /// The byte of a sample.
    pub fn encode(&mut self, sample: i16) -> u8 {
        match self {
            Self::Pcmu => ulaw::encode(sample),
            Self::Pcma => alaw::encode(sample),
            Self::G722(encoder) => encoder.encode(sample),
        }
    }

    /// Turns `payload`, which is of `source`, into its own bytes in place. False for what [`Decoder::narrow`] must have
    /// turned before.
    pub(crate) fn transcode(&mut self, source: Codec, payload: &mut [u8]) -> bool {
        let through = |payload: &mut [u8], table: &[u8; 256]| {
            payload.iter_mut().for_each(|byte| *byte = table[usize::from(*byte)]);
        };
        match (self, source) {
            (Self::Pcmu, Codec::Pcmu) | (Self::Pcma, Codec::Pcma) | (Self::G722(_), Codec::G722) => {}
            (Self::Pcma, Codec::Pcmu) => through(payload, &ULAW_TO_ALAW),
            (Self::Pcmu, Codec::Pcma) => through(payload, &ALAW_TO_ULAW),
            (Self::G722(encoder), Codec::Pcmu) => {
                payload.iter_mut().for_each(|byte| *byte = encoder.encode(ulaw::decode(*byte)));
            }
            (Self::G722(encoder), Codec::Pcma) => {
                payload.iter_mut().for_each(|byte| *byte = encoder.encode(alaw::decode(*byte)));
            }
            (Self::Pcmu | Self::Pcma, Codec::G722) => return false,
        }
        true
    }
}
