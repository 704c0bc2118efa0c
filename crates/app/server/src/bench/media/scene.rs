//! What can be measured.

use hotline_media::Codec;

use super::voices::Speech;
use crate::bench::stage::Line;

/// With so many calls Opus takes about half of a processor.
pub(super) const OPUS_CALLS: u32 = 100;

/// What is done with the audio of a number of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scene {
    /// Nothing but one receive and one send for each packet, in a process of its own.
    Forwarder,
    /// Caller and agent are bridged, both with G.711, and not recorded.
    Relay,
    /// The same, recorded.
    Recorded,
    /// The caller has G.711, the agent G.722; not recorded.
    Transcoded,
    /// The caller has G.711, the agent Opus; not recorded.
    Opus,
    /// Nothing but one send each 20 ms and one receive for each packet, in a process of its own.
    Sender,
    /// Callers wait in a queue with music.
    Waiting,
}

impl Scene {
    pub(super) const ALL: [Self; 7] = [
        Self::Forwarder,
        Self::Relay,
        Self::Recorded,
        Self::Transcoded,
        Self::Opus,
        Self::Sender,
        Self::Waiting,
    ];

    /// For JSON.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Forwarder => "forwarder",
            Self::Relay => "relay",
            Self::Recorded => "recorded",
            Self::Transcoded => "transcoded",
            Self::Opus => "opus",
            Self::Sender => "sender",
            Self::Waiting => "music",
        }
    }

    /// For people.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Forwarder => "bare forwarder",
            Self::Relay => "bridged",
            Self::Recorded => "bridged, recorded",
            Self::Transcoded => "bridged, G.722 ↔ G.711",
            Self::Opus => "bridged, Opus ↔ G.711",
            Self::Sender => "bare sender",
            Self::Waiting => "waiting with music",
        }
    }

    /// Where the server is called; `None` for what is not the server.
    pub(super) const fn line(self) -> Option<Line> {
        match self {
            Self::Forwarder | Self::Sender => None,
            Self::Relay | Self::Transcoded | Self::Opus => Some(Line::Unrecorded),
            Self::Recorded => Some(Line::Recorded),
            Self::Waiting => Some(Line::Waiting),
        }
    }

    /// What costs as little as the kernel allows for the same packets.
    pub(super) const fn floor(self) -> Option<Self> {
        match self {
            Self::Forwarder | Self::Sender => None,
            Self::Relay | Self::Recorded | Self::Transcoded | Self::Opus => Some(Self::Forwarder),
            Self::Waiting => Some(Self::Sender),
        }
    }

    /// The most calls of it that two cores bear beside the load.
    pub(super) const fn calls_max(self) -> u32 {
        match self {
            Self::Opus => OPUS_CALLS,
            Self::Forwarder
            | Self::Relay
            | Self::Recorded
            | Self::Transcoded
            | Self::Sender
            | Self::Waiting => u32::MAX,
        }
    }

    pub(super) const fn speech(self) -> Speech {
        match self {
            Self::Forwarder | Self::Relay | Self::Recorded => {
                Speech { codecs: [Codec::Pcmu; 2], is_checked: true }
            }
            Self::Transcoded => Speech { codecs: [Codec::Pcmu, Codec::G722], is_checked: false },
            Self::Opus => Speech { codecs: [Codec::Pcmu, Codec::Opus], is_checked: false },
            Self::Sender | Self::Waiting => Speech { codecs: [Codec::Pcmu; 2], is_checked: false },
        }
    }

    /// Ends of a call that speak and listen.
    pub(super) const fn ends(self) -> u32 {
        match self {
            Self::Forwarder | Self::Relay | Self::Recorded | Self::Transcoded | Self::Opus => 2,
            Self::Sender | Self::Waiting => 1,
        }
    }
}
