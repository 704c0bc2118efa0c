//! Why a connection ended, or was never opened.

/// Why it ended. As text it is a label of the metric of closed connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The peer closed it.
    Closed,
    /// It broke.
    Broken,
    /// What came is no SIP, or breaks a limit.
    Garbage,
    /// No whole message came in time.
    NoMessage,
    /// A message did not end in time.
    SlowMessage,
    /// Nothing came for long.
    Idle,
    /// More waited to be written than may.
    Overrun,
    /// The peer took nothing for long.
    Stuck,
    /// It could not be opened in time.
    NoConnection,
    /// The handshake of TLS or WebSocket failed, or did not end in time.
    Handshake,
    /// Nobody listens to what comes any more: the server ends.
    Shutdown,
    /// A defect of ours.
    Defect,
}

impl Ending {
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Broken => "broken",
            Self::Garbage => "garbage",
            Self::NoMessage => "no_message",
            Self::SlowMessage => "slow_message",
            Self::Idle => "idle",
            Self::Overrun => "overrun",
            Self::Stuck => "stuck",
            Self::NoConnection => "no_connection",
            Self::Handshake => "handshake",
            Self::Shutdown => "shutdown",
            Self::Defect => "defect",
        }
    }
}

/// Why a connection was not taken. As text it is a label of the metric of refused connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There are as many as may be.
    Full,
    /// Its source has as many as may be.
    SourceFull,
    /// Its source has as many handshakes going on as may be.
    Handshakes,
}

impl Refusal {
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::SourceFull => "source_full",
            Self::Handshakes => "handshakes",
        }
    }
}
