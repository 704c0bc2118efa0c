//! How audio is agreed on: with the phones of the center, or with a trunk.

use hotline_sdp::{Codec, Policy, Preference};

/// What our session descriptions say of audio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    /// The codecs that may be used, the preferred first.
    pub codecs: Vec<Codec>,
    /// Whose order decides when we are offered several.
    pub choice: Preference,
    /// Milliseconds of audio in a packet that we wish to get.
    pub packet_ms: u8,
}

impl Default for Voice {
    fn default() -> Self {
        Self { codecs: Codec::ALL.to_vec(), choice: Preference::Ours, packet_ms: Policy::default().ptime_ms }
    }
}

impl Voice {
    /// The codecs, with `first` before the others if it is one of them.
    pub(crate) fn preferring(&self, first: Option<Codec>) -> Vec<Codec> {
        let first = first.filter(|first| self.codecs.contains(first));
        first.into_iter().chain(self.codecs.iter().copied().filter(|codec| Some(*codec) != first)).collect()
    }

    /// What a description settles where both sides leave a choice. What was `agreed` stays, whoever chose it.
    pub(crate) fn policy(&self, agreed: Option<Codec>) -> Policy {
        let preference = if agreed.is_some() { Preference::Ours } else { self.choice };
        Policy { preference, ptime_ms: self.packet_ms, ..Policy::default() }
    }
}
