//! The codecs a leg can have. Each takes one byte for a 125th of a millisecond and counts so in its timestamps, which makes
//! packets alike; G.722 has 16 000 samples a second in it (RFC 3551 §4.5.2).

use hotline_audio::g722::{NarrowDecoder, NarrowEncoder};
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

/// A law of G.711.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Law {
    Mu,
    A,
}

impl Law {
    /// The byte of silence.
    pub(crate) const fn silence(self) -> u8 {
        match self {
            Self::Mu => ulaw::SILENCE,
            Self::A => alaw::SILENCE,
        }
    }
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

    /// What prompts are kept in for it. G.722 is made of it on the beat.
    pub(crate) const fn of_prompts(self) -> Law {
        match self {
            Self::Pcmu | Self::G722 => Law::Mu,
            Self::Pcma => Law::A,
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

    /// Takes a payload that nobody hears. What G.722 sounds like depends on all that came before.
    pub(crate) fn pass_over(&mut self, payload: &[u8]) {
        if let Self::G722(decoder) = self {
            for byte in payload {
                decoder.decode_wide(*byte);
            }
        }
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

    /// Turns a payload that `decoder` understands into its own bytes, in place. Also from G.722 to G.722: a phone that was sent
    /// the bytes of another encoder in the middle would hear a burst, since neither stands where the other does.
    pub(crate) fn transcode(&mut self, decoder: &mut Decoder, payload: &mut [u8]) {
        match (decoder, self) {
            (Decoder::Pcmu, Self::Pcmu) | (Decoder::Pcma, Self::Pcma) => {}
            (Decoder::Pcmu, Self::Pcma) => each(payload, |byte| ULAW_TO_ALAW[usize::from(byte)]),
            (Decoder::Pcma, Self::Pcmu) => each(payload, |byte| ALAW_TO_ULAW[usize::from(byte)]),
            (Decoder::Pcmu, Self::G722(to)) => each(payload, |byte| to.encode(ulaw::decode(byte))),
            (Decoder::Pcma, Self::G722(to)) => each(payload, |byte| to.encode(alaw::decode(byte))),
            (Decoder::G722(from), Self::Pcmu) => each(payload, |byte| ulaw::encode(from.decode(byte))),
            (Decoder::G722(from), Self::Pcma) => each(payload, |byte| alaw::encode(from.decode(byte))),
            (Decoder::G722(from), Self::G722(to)) => {
                each(payload, |byte| to.encode_wide(from.decode_wide(byte)));
            }
        }
    }

    /// Turns a frame of what prompts are kept in into its own bytes, in place.
    pub(crate) fn finish(&mut self, frame: &mut [u8]) {
        if let Self::G722(encoder) = self {
            frame.iter_mut().for_each(|byte| *byte = encoder.encode(ulaw::decode(*byte)));
        }
    }
}

fn each(payload: &mut [u8], mut turn: impl FnMut(u8) -> u8) {
    payload.iter_mut().for_each(|byte| *byte = turn(*byte));
}
