//! One stream of Opus from sound of any length: its frames are multiples of 10 ms, the packets of phones need not be.

use hotline_audio::{Doubler, opus};
use serde::{Deserialize, Serialize};

use crate::codec::WIDE_SAMPLES_MAX;

/// Wide samples of the shortest frame: 10 ms.
const FRAME: usize = 160;

/// Makes one stream.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpusEncoder {
    encoder: opus::Encoder,
    pub(crate) doubler: Doubler,
    /// What does not fill a frame yet, less than 10 ms of wide sound.
    held: Vec<i16>,
}

impl OpusEncoder {
    pub(crate) fn new(settings: opus::Settings) -> Self {
        // Room at once: the packet path must not allocate.
        Self {
            encoder: opus::Encoder::new(settings),
            doubler: Doubler::default(),
            held: Vec::with_capacity(FRAME),
        }
    }

    /// Encodes what was held and as much of the sound as fills whole frames; gives the length in `out`.
    pub(crate) fn encode(&mut self, sound: &[i16], out: &mut [u8]) -> usize {
        if self.held.is_empty() && sound.len().is_multiple_of(FRAME) {
            return self.encoder.encode(sound, out);
        }
        let mut whole = [0; WIDE_SAMPLES_MAX + FRAME];
        let (held, length) = (self.held.len(), self.held.len() + sound.len());
        let Some(whole) = whole.get_mut(..length) else { return 0 };
        whole[..held].copy_from_slice(&self.held);
        whole[held..].copy_from_slice(sound);
        let (frames, rest) = whole.split_at(length - length % FRAME);
        self.held.clear();
        self.held.extend_from_slice(rest);
        if frames.is_empty() { 0 } else { self.encoder.encode(frames, out) }
    }

    /// How much waits for the rest of its frame, in samples at 8 kHz.
    pub(crate) fn held(&self) -> usize {
        self.held.len() / 2
    }

    /// What comes next does not go on where this ended.
    pub(crate) fn forget_held(&mut self) {
        self.held.clear();
    }

    pub(crate) fn set_loss_percent(&mut self, percent: u8) {
        self.encoder.set_loss_percent(percent);
    }
}
