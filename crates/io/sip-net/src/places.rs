//! How many connections others have opened, in all and by source.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use crate::ending::Refusal;
use crate::limits::Limits;

/// Leading bits of an IPv6 address that one customer has.
const CUSTOMER_BITS: u32 = 64;

/// Whom connections are counted for: an IPv4 address, or the network of an IPv6 one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Source(IpAddr);

impl Source {
    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            address @ IpAddr::V4(_) => Self(address),
            IpAddr::V6(address) => {
                let network = address.to_bits() & (u128::MAX << (128 - CUSTOMER_BITS));
                Self(Ipv6Addr::from_bits(network).into())
            }
        }
    }
}

/// Who holds how much.
#[derive(Debug, Default)]
pub(crate) struct Places {
    connections: usize,
    /// Only sources that have something.
    sources: HashMap<Source, Held>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Held {
    connections: usize,
    handshakes: usize,
}

impl Places {
    /// Takes a place for a connection, and one for its handshake if it has one.
    pub(crate) fn take(
        &mut self,
        source: Source,
        has_handshake: bool,
        limits: &Limits,
    ) -> Result<(), Refusal> {
        let held = self.sources.get(&source).copied().unwrap_or_default();
        if self.connections >= limits.connections {
            return Err(Refusal::Full);
        }
        if held.connections >= limits.connections_per_source {
            return Err(Refusal::SourceFull);
        }
        if has_handshake && held.handshakes >= limits.handshakes_per_source {
            return Err(Refusal::Handshakes);
        }
        self.connections += 1;
        let held = self.sources.entry(source).or_default();
        held.connections += 1;
        held.handshakes += usize::from(has_handshake);
        Ok(())
    }

    /// A handshake has ended.
    pub(crate) fn shake(&mut self, source: Source) {
        if let Some(held) = self.sources.get_mut(&source) {
            held.handshakes -= 1;
        }
    }

    /// A connection has ended.
    pub(crate) fn give_back(&mut self, source: Source) {
        let Some(held) = self.sources.get_mut(&source) else { return };
        held.connections -= 1;
        self.connections -= 1;
        if held.connections == 0 {
            self.sources.remove(&source);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(address: &str) -> Source {
        Source::of(address.parse().unwrap())
    }

    fn limits(connections: usize, connections_per_source: usize, handshakes_per_source: usize) -> Limits {
        Limits { connections, connections_per_source, handshakes_per_source, ..Limits::default() }
    }

    #[test]
    fn one_source_cannot_take_the_places_of_all() {
        let (mut places, limits) = (Places::default(), limits(3, 2, 9));
        let (a, b) = (source("192.0.2.1"), source("192.0.2.2"));
        assert_eq!(places.take(a, false, &limits), Ok(()));
        assert_eq!(places.take(a, false, &limits), Ok(()));
        assert_eq!(places.take(a, false, &limits), Err(Refusal::SourceFull));
        assert_eq!(places.take(b, false, &limits), Ok(()));
        assert_eq!(places.take(b, false, &limits), Err(Refusal::Full));
        places.give_back(a);
        assert_eq!(places.take(b, false, &limits), Ok(()));
        for held in [a, b, b] {
            places.give_back(held);
        }
        assert!(places.sources.is_empty() && places.connections == 0);
    }

    #[test]
    fn handshakes_are_counted_while_they_go_on() {
        let (mut places, limits) = (Places::default(), limits(9, 9, 1));
        let a = source("192.0.2.1");
        assert_eq!(places.take(a, true, &limits), Ok(()));
        assert_eq!(places.take(a, true, &limits), Err(Refusal::Handshakes));
        assert_eq!(places.take(a, false, &limits), Ok(()));
        places.shake(a);
        assert_eq!(places.take(a, true, &limits), Ok(()));
    }

    #[test]
    fn a_customer_with_a_network_of_ipv6_is_one_source() {
        assert_eq!(source("2001:db8:1:2::1"), source("2001:db8:1:2:ffff::9"));
        assert_ne!(source("2001:db8:1:2::1"), source("2001:db8:1:3::1"));
        assert_eq!(source("::ffff:192.0.2.1"), source("192.0.2.1"));
    }
}
