//! Where one stream of the peer's is, and whether it listens there.

use std::net::{IpAddr, SocketAddr};

use crate::direction::Direction;
use crate::error::NegotiationError;
use crate::session::{Connection, Media, Session};

/// What the peer's description says of one stream's place and direction.
#[derive(Clone, Copy)]
pub(crate) struct Peer {
    pub(crate) rtp: SocketAddr,
    /// As seen from the peer; it receives nothing at an unspecified address.
    pub(crate) direction: Direction,
}

impl Peer {
    pub(crate) fn of(session: &Session, media: &Media) -> Result<Self, NegotiationError> {
        // A line's own address comes before the session's (RFC 8866 §5.7).
        let address = match media.connection.as_ref().or(session.connection.as_ref()) {
            Some(Connection::Address(address)) => address.to_canonical(),
            Some(Connection::HostName(_)) => return Err(NegotiationError::HostName),
            Some(Connection::Unusable(_)) => return Err(NegotiationError::UnusableAddress),
            None => return Err(NegotiationError::NoAddress),
        };
        if reaches_many(address) {
            return Err(NegotiationError::UnusableAddress);
        }
        Ok(Self {
            rtp: SocketAddr::new(address, media.port),
            direction: Direction::stated(session, media).at(address),
        })
    }
}

/// Addresses that reach many hosts: audio sent there would be an attack on a network.
pub(crate) const fn reaches_many(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_multicast() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_multicast(),
    }
}
