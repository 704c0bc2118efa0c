//! The four shapes of a file: one or two channels, 16-bit samples or µ-law.

use std::io;

use hotline_audio::ulaw;
use serde::{Deserialize, Serialize};

use crate::bytes::Bytes;
use crate::wav::{Frame, SAMPLE_RATE_HZ};

/// How recordings are written. The default is what every player and every tool for speech takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Format {
    /// Who is where.
    pub channels: Channels,
    /// How a sample is written.
    pub coding: Coding,
}

/// Who is where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channels {
    /// The customer left, everybody else right.
    #[default]
    Stereo,
    /// All mixed.
    Mono,
}

/// How a sample is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coding {
    /// 16 bits, linear.
    #[default]
    Pcm16,
    /// 8 bits, µ-law (ITU-T G.711): half the size, and what G.711 phones sent is kept bit for bit as long as nobody is
    /// mixed.
    Ulaw,
}

/// Format tags of RFC 2361.
const PCM_TAG: u16 = 1;
const ULAW_TAG: u16 = 7;
/// What is read of a header to tell the format.
const PREFIX: usize = 36;

impl Format {
    /// All four.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 4] = [
        Self { channels: Channels::Stereo, coding: Coding::Pcm16 },
        Self { channels: Channels::Mono, coding: Coding::Pcm16 },
        Self { channels: Channels::Stereo, coding: Coding::Ulaw },
        Self { channels: Channels::Mono, coding: Coding::Ulaw },
    ];

    /// Bytes before the samples. What is not PCM has a longer `fmt` chunk, and a `fact` chunk (RFC 2361 §A).
    pub(crate) const fn header_len(self) -> u64 {
        match self.coding {
            Coding::Pcm16 => 44,
            Coding::Ulaw => 58,
        }
    }

    /// Bytes of one sample of all channels.
    pub(crate) const fn frame_len(self) -> u64 {
        self.channel_count() as u64 * self.sample_len()
    }

    const fn channel_count(self) -> u16 {
        match self.channels {
            Channels::Stereo => 2,
            Channels::Mono => 1,
        }
    }

    const fn sample_len(self) -> u64 {
        match self.coding {
            Coding::Pcm16 => 2,
            Coding::Ulaw => 1,
        }
    }

    /// The byte of which silence is made.
    pub(crate) const fn silence(self) -> u8 {
        match self.coding {
            Coding::Pcm16 => 0,
            Coding::Ulaw => 0xFF,
        }
    }

    /// As many frames or one less, so that the next chunk begins at an even place at every moment.
    pub(crate) const fn even(self, frames: u64) -> u64 {
        frames - (frames * self.frame_len()) % 2
    }

    /// What the manifest says of the channels, left first.
    pub(crate) fn channel_names(self) -> Vec<String> {
        match self.channels {
            Channels::Stereo => vec!["customer".to_owned(), "agent".to_owned()],
            Channels::Mono => vec!["all".to_owned()],
        }
    }

    /// Appends frames as they are in the file.
    pub(crate) fn encode(self, frames: &[Frame], bytes: &mut Vec<u8>) {
        let begin = bytes.len();
        // Room at once, so that no sample is looked at for it.
        bytes.resize(begin + frames.len() * self.frame_len() as usize, 0);
        let place = &mut bytes[begin..];
        let mixed = |[left, right]: &Frame| left.saturating_add(*right);
        match (self.channels, self.coding) {
            (Channels::Stereo, Coding::Pcm16) => {
                put(frames.as_flattened(), place.as_chunks_mut().0, |sample| sample.to_le_bytes());
            }
            (Channels::Stereo, Coding::Ulaw) => {
                put(frames.as_flattened(), place, |sample| ulaw::encode(*sample));
            }
            (Channels::Mono, Coding::Pcm16) => {
                put(frames, place.as_chunks_mut().0, |frame| mixed(frame).to_le_bytes());
            }
            (Channels::Mono, Coding::Ulaw) => put(frames, place, |frame| ulaw::encode(mixed(frame))),
        }
    }

    /// The header of a file of so many frames, with so many bytes of other chunks behind them.
    pub(crate) fn header(self, frames: u64, more: u32) -> Vec<u8> {
        let frames = frames.min(self.frames_sayable());
        let data = u32::try_from(frames * self.frame_len()).expect("so many frames can be said");
        let (tag, bits) = match self.coding {
            Coding::Pcm16 => (PCM_TAG, 16_u16),
            Coding::Ulaw => (ULAW_TAG, 8),
        };
        let mut header = Vec::with_capacity(self.header_len() as usize);
        header.extend(b"RIFF");
        header.extend((data + self.header_len() as u32 - 8).saturating_add(more).to_le_bytes());
        header.extend(b"WAVEfmt ");
        header.extend(if tag == PCM_TAG { 16_u32 } else { 18 }.to_le_bytes());
        header.extend(tag.to_le_bytes());
        header.extend(self.channel_count().to_le_bytes());
        header.extend(SAMPLE_RATE_HZ.to_le_bytes());
        header.extend((SAMPLE_RATE_HZ * self.frame_len() as u32).to_le_bytes());
        header.extend((self.frame_len() as u16).to_le_bytes());
        header.extend(bits.to_le_bytes());
        if tag != PCM_TAG {
            // Nothing more of the format, and the number of samples of each channel.
            header.extend(0_u16.to_le_bytes());
            header.extend(b"fact");
            header.extend(4_u32.to_le_bytes());
            header.extend((data / self.frame_len() as u32).to_le_bytes());
        }
        header.extend(b"data");
        header.extend(data.to_le_bytes());
        header
    }

    /// The most frames whose length a header can say: 37 hours of the largest format.
    pub(crate) const fn frames_sayable(self) -> u64 {
        (u32::MAX as u64 - self.header_len()) / self.frame_len()
    }

    /// The format of a file of ours; `None` if a crash left no header.
    pub(crate) fn read(file: &dyn Bytes) -> io::Result<Option<Self>> {
        let mut header = [0; PREFIX];
        if file.length()? < PREFIX as u64 {
            return Ok(None);
        }
        file.read_exact_at(&mut header, 0)?;
        let number = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
        let is_wave = header[..4] == *b"RIFF" && header[8..16] == *b"WAVEfmt ";
        let coding = match number(20) {
            PCM_TAG => Coding::Pcm16,
            ULAW_TAG => Coding::Ulaw,
            _ => return Ok(None),
        };
        let channels = match number(22) {
            2 => Channels::Stereo,
            1 => Channels::Mono,
            _ => return Ok(None),
        };
        Ok(is_wave.then_some(Self { channels, coding }))
    }
}

/// Turns each of `from` into one of `to`.
fn put<F, T>(from: &[F], to: &mut [T], turn: impl Fn(&F) -> T) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = turn(from));
}
