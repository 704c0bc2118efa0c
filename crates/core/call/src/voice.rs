//! How audio is agreed on: with the phones of the center, or with a trunk.

use hotline_sdp::{Codec, Policy, Preference, Security, SuiteKey};

/// What our session descriptions say of audio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    /// The codecs that may be used, the preferred first.
    pub codecs: Vec<Codec>,
    /// Codecs that may be used if the other side offers them and nothing better.
    pub also_taken: Vec<Codec>,
    /// Whose order decides when we are offered several.
    pub choice: Preference,
    /// Milliseconds of audio in a packet that we wish to get.
    pub packet_ms: u8,
    /// Whether audio is encrypted with keys in the descriptions.
    pub encryption: Encryption,
}

/// Whether audio is encrypted (SRTP) with keys in the descriptions (RFC 4568).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encryption {
    /// Never: encrypted streams are refused.
    Never,
    /// If the other side offers that; ours are offered plain.
    #[default]
    IfOffered,
    /// Always: plain streams are refused.
    Required,
}

impl Encryption {
    /// What a description says of it, with our keys.
    pub(crate) const fn security(self, keys: &[SuiteKey]) -> Security<'_> {
        match self {
            Self::Never => Security::Plain,
            Self::IfOffered => Security::IfOffered(keys),
            Self::Required => Security::Required(keys),
        }
    }
}

impl Default for Voice {
    /// Linear samples take four times what G.711 takes, so they are not asked for.
    fn default() -> Self {
        Self {
            codecs: vec![Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus],
            also_taken: vec![Codec::L16],
            choice: Preference::Ours,
            packet_ms: Policy::default().ptime_ms,
            encryption: Encryption::default(),
        }
    }
}

impl Voice {
    /// The codecs that are offered, with `first` before the others if it may be used.
    pub(crate) fn preferring(&self, first: Option<Codec>) -> Vec<Codec> {
        let may_be_used = |codec: &Codec| self.codecs.contains(codec) || self.also_taken.contains(codec);
        let first = first.filter(may_be_used);
        first.into_iter().chain(self.codecs.iter().copied().filter(|codec| Some(*codec) != first)).collect()
    }

    /// What may be taken of an offer, as [`Voice::preferring`] has it.
    pub(crate) fn taking(&self, first: Option<Codec>) -> Vec<Codec> {
        let mut codecs = self.preferring(first);
        let more: Vec<Codec> =
            self.also_taken.iter().copied().filter(|codec| !codecs.contains(codec)).collect();
        codecs.extend(more);
        codecs
    }

    /// What a description settles where both sides leave a choice. What was `agreed` stays, whoever chose it.
    pub(crate) fn policy(&self, agreed: Option<Codec>) -> Policy {
        let preference = if agreed.is_some() { Preference::Ours } else { self.choice };
        Policy { preference, ptime_ms: self.packet_ms, rtcp_mux: true, ..Policy::default() }
    }
}
