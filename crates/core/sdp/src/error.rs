//! What can be wrong with a peer's description: whose fault it is, and the status that tells the peer.

use crate::parse::{BYTES_MAX, CRYPTO_MAX, FORMATS_MAX, LINES_MAX, MEDIA_MAX};

/// Whose fault it is that two sides do not come together. Either way an offer is refused with
/// [`Fault::status`]; after an answer there is nothing left to refuse, and the call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The peer did what the standards forbid.
    Misbehaved,
    /// The peer wants what we cannot do.
    Incompatible,
}

impl Fault {
    /// The SIP status for an offer: 400 Bad Request, or 488 Not Acceptable Here (RFC 3261 §13.3.1.3, §21.4.26).
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Misbehaved => 400,
            Self::Incompatible => 488,
        }
    }
}

/// Why bytes are no session description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// More than [`BYTES_MAX`].
    #[error("longer than {BYTES_MAX} bytes")]
    TooLong,
    /// More than [`LINES_MAX`].
    #[error("more than {LINES_MAX} lines")]
    TooManyLines,
    /// More than [`MEDIA_MAX`] `m=` lines.
    #[error("line {line}: more than {MEDIA_MAX} media lines")]
    TooManyMedia {
        /// The line, counted from 1.
        line: u32,
    },
    /// More than [`FORMATS_MAX`] formats in an `m=` line.
    #[error("line {line}: more than {FORMATS_MAX} formats")]
    TooManyFormats {
        /// The line, counted from 1.
        line: u32,
    },
    /// More than [`CRYPTO_MAX`] usable `a=crypto` lines for one `m=` line.
    #[error("line {line}: more than {CRYPTO_MAX} keys for one media line")]
    TooManyKeys {
        /// The line, counted from 1.
        line: u32,
    },
    /// The first line is not `v=0`.
    #[error("does not begin with v=0")]
    NotVersionZero,
    /// An `m=` line without kind, port, protocol or format.
    #[error("line {line}: malformed media line")]
    BadMedia {
        /// The line, counted from 1.
        line: u32,
    },
}

impl SdpError {
    /// Always the peer's.
    #[must_use]
    pub const fn fault(self) -> Fault {
        Fault::Misbehaved
    }

    /// The SIP status for an offer.
    #[must_use]
    pub const fn status(self) -> u16 {
        self.fault().status()
    }
}

/// Why two descriptions do not make a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NegotiationError {
    /// No audio stream, or only refused ones (port 0).
    #[error("no audio stream")]
    NoAudio,
    /// Audio only over a transport that we do not speak, or `RTP/SAVP` while we speak plain RTP only.
    #[error("no audio stream over a transport that is spoken here")]
    UnsupportedTransport,
    /// Audio only over plain RTP, which [`Security::Required`](crate::Security::Required) does not allow.
    #[error("no encrypted audio stream")]
    EncryptionRequired,
    /// No `a=crypto` line with a suite and parameters that both sides speak.
    #[error("no common crypto suite")]
    NoCommonSuite,
    /// No codec that both sides speak.
    #[error("no common codec")]
    NoCommonCodec,
    /// The audio stream has a host name for an address. Names are not looked up for media.
    #[error("the address for audio is a host name")]
    HostName,
    /// The audio stream has a multicast or broadcast address, or one of an unknown network.
    #[error("no usable address for audio")]
    UnusableAddress,
    /// The audio stream has no `c=` line, nor has the session (RFC 8866 §5.7).
    #[error("no address for audio")]
    NoAddress,
    /// The answer takes a key that was not offered, or several (RFC 4568 §5.1.2).
    #[error("the answer does not take one of the offered keys")]
    KeyNotOffered,
    /// A browser's stream without name or password for ICE (RFC 8839 §5.4).
    #[error("no usable ICE name and password (a=ice-ufrag, a=ice-pwd)")]
    NoIce,
    /// A browser's stream without the hash of a certificate that is understood (RFC 8122).
    #[error("no certificate fingerprint of SHA-256 or better (a=fingerprint)")]
    NoFingerprint,
    /// A browser's stream that does not say who begins the handshake (RFC 5763 §5).
    #[error("not said who begins the DTLS handshake (a=setup)")]
    NoSetup,
    /// A browser's stream with RTCP on a port of its own.
    #[error("RTCP on the port of RTP is required (a=rtcp-mux)")]
    NoRtcpMux,
}

impl NegotiationError {
    /// Whose fault it is.
    #[must_use]
    pub const fn fault(self) -> Fault {
        match self {
            Self::NoAddress | Self::KeyNotOffered => Fault::Misbehaved,
            Self::NoAudio
            | Self::UnsupportedTransport
            | Self::EncryptionRequired
            | Self::NoCommonSuite
            | Self::NoCommonCodec
            | Self::NoIce
            | Self::NoFingerprint
            | Self::NoSetup
            | Self::NoRtcpMux
            | Self::HostName
            | Self::UnusableAddress => Fault::Incompatible,
        }
    }

    /// The SIP status for an offer.
    #[must_use]
    pub const fn status(self) -> u16 {
        self.fault().status()
    }
}
