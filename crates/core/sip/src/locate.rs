//! Where a server is: what RFC 3263 asks of DNS, and in which order the places that it names are tried. Must not know how
//! DNS is asked.

use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use hotline_base::Rng;
use serde::{Deserialize, Serialize};

use crate::flow::Transport;
use crate::uri::Host;

/// A server as it is written in a configuration: `sip.example.net`, `192.0.2.5:5080`, `sips:sip.example.net`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Destination {
    /// Its name or address.
    pub host: Host,
    /// Its port, if it is given.
    pub port: Option<u16>,
    /// Its transport, if it is given.
    pub transport: Option<Transport>,
    /// Whether nobody on the way may read along: TLS alone will do.
    pub secure: bool,
}

/// What DNS says about a destination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Located {
    /// Where it is, at least at one place.
    pub places: Vec<Place>,
    /// How long that may be believed.
    pub ttl: Duration,
}

/// One place of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// By which transport it is reached.
    pub transport: Transport,
    /// Where.
    pub remote: SocketAddr,
    /// Places of a lower number are tried first (RFC 2782).
    pub priority: u16,
    /// Among places of equal priority, how often this one comes first, in proportion (RFC 2782).
    pub weight: u16,
}

impl Destination {
    /// Its place, if it is written as an address: DNS need not be asked (RFC 3263 §4.1, §4.2).
    #[must_use]
    pub fn numeric(&self) -> Option<Place> {
        let address: IpAddr = self.host.ip()?;
        let transport = self.transport.unwrap_or(if self.secure { Transport::Tls } else { Transport::Udp });
        let port = self.port.unwrap_or_else(|| transport.default_port());
        Some(Place { transport, remote: SocketAddr::new(address, port), priority: 0, weight: 0 })
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", if self.secure { "sips" } else { "sip" }, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        match self.transport {
            Some(transport) => write!(f, ";transport={}", transport.param()),
            None => Ok(()),
        }
    }
}

/// `entries` with their priority and weight, in the order in which they are to be tried (RFC 2782): by priority; among
/// equals at random, in proportion to the weights. Those without weight come after those with.
pub fn shuffle<T>(entries: impl IntoIterator<Item = (u16, u16, T)>, rng: &mut Rng) -> Vec<T> {
    let mut left: Vec<(u16, u16, T)> = entries.into_iter().collect();
    left.sort_by_key(|(priority, ..)| *priority);
    let mut order = Vec::with_capacity(left.len());
    while let Some(first) = left.first().map(|(priority, ..)| *priority) {
        let equals = left.iter().take_while(|(priority, ..)| *priority == first);
        let (count, total) = equals
            .fold((0_u64, 0_u64), |(count, total), (_, weight, _)| (count + 1, total + u64::from(*weight)));
        // Without any weights each is as likely as the others.
        let share = |weight: u16| if total == 0 { 1 } else { u64::from(weight) };
        let mut mark = rng.below(if total == 0 { count } else { total });
        let chosen = left.iter().position(|(_, weight, _)| {
            let is_it = mark < share(*weight);
            mark = mark.saturating_sub(share(*weight));
            is_it
        });
        order.push(left.remove(chosen.unwrap_or(0)).2);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(entries: &[(u16, u16, char)], seed: u64) -> char {
        let order = shuffle(entries.iter().copied(), &mut Rng::from_number(seed));
        assert_eq!(order.len(), entries.len());
        order[0]
    }

    #[test]
    fn priority_goes_first_and_weights_share() {
        let entries = [(2, 100, 'c'), (1, 30, 'a'), (1, 10, 'b')];
        let leads = (0..4000).filter(|seed| first(&entries, *seed) == 'a').count();
        assert!((2850..3150).contains(&leads), "{leads}");
        assert!((0..100).all(|seed| first(&entries, seed) != 'c'));
        assert!((0..100).all(|seed| first(&[(1, 0, 'a'), (1, 5, 'b')], seed) == 'b'));
        let unweighted = [(1, 0, 'a'), (1, 0, 'b'), (2, 0, 'c')];
        let leads = (0..1000).filter(|seed| first(&unweighted, *seed) == 'a').count();
        assert!((400..600).contains(&leads), "{leads}");
    }

    #[test]
    fn an_address_needs_no_dns() {
        let at = |host: &str, port, transport, secure| {
            let place = Destination { host: Host::parse(host).unwrap(), port, transport, secure }.numeric();
            place.map(|place| (place.transport, place.remote.to_string()))
        };
        let udp = |text: &str| Some((Transport::Udp, text.to_owned()));
        assert_eq!(at("192.0.2.5", None, None, false), udp("192.0.2.5:5060"));
        assert_eq!(at("192.0.2.5", Some(5080), None, false), udp("192.0.2.5:5080"));
        assert_eq!(at("[2001:db8::5]", None, None, false), udp("[2001:db8::5]:5060"));
        assert_eq!(at("192.0.2.5", None, None, true), Some((Transport::Tls, "192.0.2.5:5061".to_owned())));
        let tcp = Some(Transport::Tcp);
        assert_eq!(at("192.0.2.5", None, tcp, false), Some((Transport::Tcp, "192.0.2.5:5060".to_owned())));
        assert_eq!(at("sip.example.net", None, None, false), None);
    }
}
