//! Keys that a peer presses as sounds, for peers that did not agree to telephone-events (RFC 4733), and for those whose keys
//! nobody is to hear.

use hotline_audio::dtmf::Detector;
use hotline_rtp::{Digit, Press};
use serde::{Deserialize, Serialize};

use crate::codec::NARROW_SAMPLES_MAX;
use crate::{Codec, Decoder};

/// Listens to the audio of one peer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct InBand {
    decoder: Decoder,
    detector: Detector,
}

impl InBand {
    pub(crate) fn new(codec: Codec) -> Self {
        Self { decoder: codec.decoder(), detector: Detector::default() }
    }

    /// Takes the audio of a packet; `pressed` is told of every key that was let go in it. True if the sound of a key is in it.
    pub(crate) fn hear(&mut self, payload: &[u8], mut pressed: impl FnMut(Press)) -> bool {
        let mut is_key = self.detector.hears_key();
        let mut sound = [0; NARROW_SAMPLES_MAX];
        let length = self.decoder.decode(payload, &mut sound);
        for sample in &sound[..length] {
            let press = self.detector.push(*sample);
            if let Some(press) = press
                && let Some(digit) = Digit::from_char(press.key)
            {
                pressed(Press { digit, duration: press.samples });
            }
            is_key |= self.detector.hears_key();
        }
        is_key
    }

    /// Forgets a key that is held: what follows is another conversation.
    pub(crate) fn forget(&mut self) {
        self.detector = Detector::default();
    }
}
