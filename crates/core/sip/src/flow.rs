//! Ways to a peer: over which transport, from which of our sockets, to which address (RFC 5626 §1.1 calls it a flow).

use core::fmt;
use core::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// How messages travel. As text it is as in a Via.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Transport {
    /// RFC 3261 §18.
    Udp,
    /// RFC 3261 §18.
    Tcp,
    /// RFC 3261 §26.2.1.
    Tls,
    /// RFC 7118.
    Ws,
    /// RFC 7118.
    Wss,
}

impl Transport {
    /// Whether browsers speak it (RFC 7118).
    #[must_use]
    pub const fn is_websocket(self) -> bool {
        matches!(self, Self::Ws | Self::Wss)
    }

    /// All of them.
    pub const ALL: [Self; 5] = [Self::Udp, Self::Tcp, Self::Tls, Self::Ws, Self::Wss];

    /// The transport of that name, in any case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(name))
    }

    /// As in a Via.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
            Self::Wss => "WSS",
        }
    }

    /// As in the `transport` parameter of a URI.
    #[must_use]
    pub const fn param(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            // RFC 7118 §5.2: a WebSocket is `ws` whether or not TLS is below it.
            Self::Ws | Self::Wss => "ws",
        }
    }

    /// Whether what is sent arrives or the connection breaks: nothing is repeated then (RFC 3261 §17).
    #[must_use]
    pub const fn is_reliable(self) -> bool {
        !matches!(self, Self::Udp)
    }

    /// Whether nobody on the way can read along.
    #[must_use]
    pub const fn is_secure(self) -> bool {
        matches!(self, Self::Tls | Self::Wss)
    }

    /// The port where a URI or Via names none (RFC 3261 §19.1.2, RFC 7118 §5).
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The two ends of the way a message takes. A connection is known by it: there is one at a time between two addresses.
/// One that we open has the address we listen at as its local end, so that it is the same whoever opened it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Flow {
    /// How.
    pub transport: Transport,
    /// Our end: an address that we listen at.
    pub local: SocketAddr,
    /// The peer's.
    pub remote: SocketAddr,
}

impl Flow {
    /// Over UDP.
    #[must_use]
    pub const fn udp(local: SocketAddr, remote: SocketAddr) -> Self {
        Self { transport: Transport::Udp, local, remote }
    }

    /// The same way as the peer sees it.
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self { transport: self.transport, local: self.remote, remote: self.local }
    }
}

/// What we call ourselves on a flow, in Via and Contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentBy {
    /// How.
    pub transport: Transport,
    /// Where.
    pub address: SocketAddr,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case_and_written_as_in_a_via() {
        for transport in Transport::ALL {
            assert_eq!(Transport::parse(&transport.as_str().to_ascii_lowercase()), Some(transport));
        }
        assert_eq!(Transport::parse("SCTP"), None);
    }

    #[test]
    fn only_datagrams_are_repeated() {
        let reliable = Transport::ALL.map(Transport::is_reliable);
        assert_eq!(reliable, [false, true, true, true, true]);
        assert_eq!(Transport::ALL.map(Transport::default_port), [5060, 5060, 5061, 80, 443]);
    }
}
