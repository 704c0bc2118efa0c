//! What is done to what the peer of a leg says before anybody hears it.

use hotline_audio::Rate;
use hotline_audio::gain::AutomaticGain;
use serde::{Deserialize, Serialize};

/// What is done to what the peer of a leg says. By default nothing is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Speech {
    /// Brings it to a level for whom it talks with; recordings have it as it came. Who has one is decoded for everybody.
    pub gain: Option<Gain>,
    /// Whether keys that the peer presses are kept from whom it talks with, and from the recording: its telephone-events, and
    /// packets with the sound of a key. The first 20 ms of such a sound may be heard, which no receiver takes for a key (ITU-T Q.24).
    pub hides_keys: bool,
    /// Whether nobody hears what it says, recordings neither. Keys that it presses as telephone-events are passed on.
    pub is_muted: bool,
}

/// How loud speech is brought to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gain {
    /// The level of the speech, in dBFS: −60 to −3.
    pub target_dbfs: i8,
    /// By how much weak speech is brought up at most, in decibels: 0 to 40.
    pub most_db: u8,
}

impl Gain {
    pub(crate) fn begin(self) -> AutomaticGain {
        AutomaticGain::new(self.target_dbfs.into(), self.most_db.into())
    }
}

/// Brings a packet of speech to its level, if there is one. What is left of it after frames of 20 ms counts as one.
pub(crate) fn level(gain: Option<&mut AutomaticGain>, sound: &mut [i16], rate: Rate) {
    if let Some(gain) = gain {
        sound.chunks_mut(rate.samples(20)).for_each(|frame| gain.apply(frame));
    }
}
