//! Who sends: the four attributes, and every form of hold.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::session::{Media, Session};

/// Who sends, as seen by the side that says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Direction {
    /// Both sides send.
    #[default]
    SendReceive,
    /// Only this side sends.
    SendOnly,
    /// Only the other side sends.
    ReceiveOnly,
    /// Nobody sends.
    Inactive,
}

impl Direction {
    /// True if the side that says it sends.
    #[must_use]
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendReceive | Self::SendOnly)
    }

    /// True if the side that says it receives.
    #[must_use]
    pub const fn receives(self) -> bool {
        matches!(self, Self::SendReceive | Self::ReceiveOnly)
    }

    /// The same agreement as seen by the other side (RFC 3264 §6.1).
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self::new(self.receives(), self.sends())
    }

    /// What both directions allow, seen from the same side.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self::new(self.sends() && other.sends(), self.receives() && other.receives())
    }

    /// The attribute's name in an `a=` line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SendReceive => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::ReceiveOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// The direction that an attribute names. Attribute names are case-sensitive (RFC 8866 §5.13).
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        [Self::SendReceive, Self::SendOnly, Self::ReceiveOnly, Self::Inactive]
            .into_iter()
            .find(|direction| direction.name() == name)
    }

    /// What a description says of one of its streams: the media's own attribute, else the session's, else both
    /// send (RFC 8866 §6.7).
    pub(crate) fn stated(session: &Session, media: &Media) -> Self {
        media.direction.or(session.direction).unwrap_or_default()
    }

    /// What is left of it for a side that receives at `address`: nothing can be sent to `0.0.0.0` or `::`, the
    /// hold of RFC 2543 (RFC 3264 §8.4).
    pub(crate) const fn at(self, address: IpAddr) -> Self {
        if address.is_unspecified() { self.and(Self::SendOnly) } else { self }
    }

    const fn new(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendReceive,
            (true, false) => Self::SendOnly,
            (false, true) => Self::ReceiveOnly,
            (false, false) => Self::Inactive,
        }
    }
}
