//! What can be measured.

use hotline_media::Codec;

use super::speech::{Says, Speech};
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
    /// The caller is a browser, both have G.711; not recorded.
    Browser,
    /// The caller is a browser with Opus, the agent has G.711; not recorded.
    BrowserOpus,
    /// Nothing but one send each 20 ms and one receive for each packet, in a process of its own.
    Sender,
    /// Callers wait in a queue with music.
    Waiting,
}

impl Scene {
    pub(super) const ALL: [Self; 9] = [
        Self::Forwarder,
        Self::Relay,
        Self::Recorded,
        Self::Transcoded,
        Self::Opus,
        Self::Browser,
        Self::BrowserOpus,
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
            Self::Browser => "browser",
            Self::BrowserOpus => "browser_opus",
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
            Self::Browser => "browser ↔ phone, G.711",
            Self::BrowserOpus => "browser, Opus ↔ G.711",
            Self::Sender => "bare sender",
            Self::Waiting => "waiting with music",
        }
    }

    /// Where the server is called; `None` for what is not the server.
    pub(super) const fn line(self) -> Option<Line> {
        match self {
            Self::Forwarder | Self::Sender => None,
            Self::Relay | Self::Transcoded | Self::Opus | Self::Browser | Self::BrowserOpus => {
                Some(Line::Unrecorded)
            }
            Self::Recorded => Some(Line::Recorded),
            Self::Waiting => Some(Line::Waiting),
        }
    }

    /// What costs as little as the kernel allows for the same packets.
    pub(super) const fn floor(self) -> Option<Self> {
        match self {
            Self::Forwarder | Self::Sender => None,
            Self::Relay
            | Self::Recorded
            | Self::Transcoded
            | Self::Opus
            | Self::Browser
            | Self::BrowserOpus => Some(Self::Forwarder),
            Self::Waiting => Some(Self::Sender),
        }
    }

    /// The most calls of it that two cores bear beside the load.
    pub(super) const fn calls_max(self) -> u32 {
        match self {
            Self::Opus | Self::BrowserOpus => OPUS_CALLS,
            Self::Forwarder
            | Self::Relay
            | Self::Recorded
            | Self::Transcoded
            | Self::Browser
            | Self::Sender
            | Self::Waiting => u32::MAX,
        }
    }

    pub(super) const fn speech(self) -> Speech {
        let (codecs, says) = match self {
            Self::Forwarder | Self::Relay | Self::Recorded | Self::Browser => {
                ([Codec::Pcmu; 2], Says::Stamps)
            }
            Self::Transcoded => ([Codec::Pcmu, Codec::G722], Says::Bursts),
            Self::Opus => ([Codec::Pcmu, Codec::Opus], Says::Bursts),
            Self::BrowserOpus => ([Codec::Opus, Codec::Pcmu], Says::Bursts),
            Self::Sender | Self::Waiting => ([Codec::Pcmu; 2], Says::Anything),
        };
        Speech { codecs, says, is_full_band: self.is_of_browsers() }
    }

    /// Whether callers are found, known and keyed as browsers are.
    pub(super) const fn is_of_browsers(self) -> bool {
        matches!(self, Self::Browser | Self::BrowserOpus)
    }

    /// Calls that begin in a second: the handshake of a browser costs both sides some milliseconds.
    pub(super) const fn ramp(self) -> u32 {
        if self.is_of_browsers() { 25 } else { 100 }
    }

    /// Ends of a call that speak and listen.
    pub(super) const fn ends(self) -> u32 {
        match self {
            Self::Forwarder
            | Self::Relay
            | Self::Recorded
            | Self::Transcoded
            | Self::Opus
            | Self::Browser
            | Self::BrowserOpus => 2,
            Self::Sender | Self::Waiting => 1,
        }
    }
}
