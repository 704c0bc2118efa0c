//! What we bring to an offer or an answer.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::browser::{Fingerprint, IceCredentials};
use crate::codecs::Codec;
use crate::crypto::SuiteKey;
use crate::direction::Direction;
use crate::packet_time::DEFAULT_PTIME_MS;
use crate::session::Session;

/// Our side of a stream. [`Local::new`] has what most callers want for the rest.
#[derive(Clone, Copy, Debug)]
pub struct Local<'a> {
    /// Where we receive.
    pub address: IpAddr,
    /// The RTP port where we receive.
    pub port: u16,
    /// The port where we receive RTCP, unless both sides want it on the RTP port.
    pub rtcp_port: u16,
    /// The same in every description of one dialog (`o=`).
    pub session_id: u64,
    /// The codecs that may be used, the preferred first.
    pub codecs: &'a [Codec],
    /// Who may send, as seen from us.
    pub direction: Direction,
    /// What we sent last in this dialog, whether or not it led to an agreement. Version, order of the media
    /// lines and payload types are continued from it (RFC 3264 §8).
    pub previous: Option<&'a Session>,
    /// What is chosen where both sides leave a choice.
    pub policy: Policy,
    /// Whether audio may be, or must be, encrypted.
    pub security: Security<'a>,
    /// How we meet a browser; `None` if none may come.
    pub browser: Option<Browser<'a>>,
}

/// How we meet a browser, whose streams are always encrypted with keys from a handshake.
#[derive(Clone, Copy, Debug)]
pub struct Browser<'a> {
    /// Whether the peer is one, so that our offer is for it.
    pub is_peer: bool,
    /// What checks of the peer are answered with: fresh for each dialog, and for each restart of ICE.
    pub credentials: &'a IceCredentials,
    /// That of our certificate.
    pub fingerprint: &'a Fingerprint,
    /// Where we are reached, the preferred first.
    pub addresses: &'a [IpAddr],
    /// Where it is connected to us by TCP, from networks that let no UDP out (RFC 6544).
    pub tcp: &'a [SocketAddr],
    /// Whether we began the handshake, if there was one.
    pub is_client: Option<bool>,
}

impl<'a> Local<'a> {
    /// The first description of a dialog: both sides send plain RTP, RTCP at the next port, default policy.
    #[must_use]
    pub fn new(address: IpAddr, port: u16, session_id: u64, codecs: &'a [Codec]) -> Self {
        Self {
            address,
            port,
            rtcp_port: port.saturating_add(1),
            session_id,
            codecs,
            direction: Direction::SendReceive,
            previous: None,
            policy: Policy::default(),
            security: Security::Plain,
            browser: None,
        }
    }
}

/// What is chosen where both sides leave a choice; a trunk or phone may have its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Who decides among the codecs of an offer to us.
    pub preference: Preference,
    /// Milliseconds of audio per packet that we wish to receive, and send to a peer without a wish; taken into
    /// [`PTIME_RANGE_MS`](crate::PTIME_RANGE_MS).
    pub ptime_ms: u8,
    /// The most milliseconds of audio per packet that we announce to receive; nothing is announced by `None`.
    pub maxptime_ms: Option<u8>,
    /// Whether RTCP on the RTP port is offered, and taken if offered (RFC 5761).
    pub rtcp_mux: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self { preference: Preference::Ours, ptime_ms: DEFAULT_PTIME_MS, maxptime_ms: None, rtcp_mux: false }
    }
}

/// Whose order decides among the codecs that both sides speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Preference {
    /// The first of ours that the peer offers.
    Ours,
    /// The first of the peer's that we speak, as RFC 3264 §6.1 recommends.
    Theirs,
}

/// Whether audio may be, or must be, encrypted with keys in the description (RFC 4568). The keys are ours, one for
/// each suite, the preferred first; they must be fresh for each dialog and stay the same within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security<'a> {
    /// Plain RTP. Encrypted streams are refused.
    Plain,
    /// Plain RTP is offered; encrypted streams are taken if offered.
    IfOffered(&'a [SuiteKey]),
    /// Encrypted streams are offered; plain ones are refused.
    Required(&'a [SuiteKey]),
}
