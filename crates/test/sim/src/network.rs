//! A network that loses, repeats, delays and reorders datagrams, but never for ever.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::BTreeMap;

use hotline_base::Rng;

/// How many datagrams in a row may be lost between two addresses. A network that loses everything proves
/// nothing; SIP sends a request seven times at least (RFC 3261 §17.1.1.2, timer B).
const LOST_IN_A_ROW_MAX: u32 = 2;

/// How bad a network is. Percentages are of datagrams.
#[derive(Clone, Copy, Debug)]
pub struct Faults {
    /// Lost.
    pub lost_percent: u64,
    /// Delivered twice.
    pub doubled_percent: u64,
    /// Held up for up to [`Faults::HELD_UP`], so that others overtake them.
    pub held_up_percent: u64,
    /// The least time a datagram takes.
    pub delay: Duration,
    /// How much longer it may take.
    pub jitter: Duration,
}

impl Faults {
    /// Longer than two repetitions of a request (RFC 3261 §17.1.1.1, T1).
    pub const HELD_UP: Duration = Duration::from_millis(1200);

    /// A quiet local network.
    pub const NONE: Self = Self {
        lost_percent: 0,
        doubled_percent: 0,
        held_up_percent: 0,
        delay: Duration::from_millis(1),
        jitter: Duration::ZERO,
    };

    /// Anything from none to bad, by chance.
    #[must_use]
    pub fn any(rng: &mut Rng) -> Self {
        if rng.chance(1, 4) {
            return Self::NONE;
        }
        Self {
            lost_percent: rng.below(25),
            doubled_percent: rng.below(20),
            held_up_percent: rng.below(15),
            delay: Duration::from_millis(rng.below(60)),
            jitter: Duration::from_millis(rng.below(80)),
        }
    }
}

/// Decides what becomes of each datagram.
#[derive(Debug)]
pub struct Network {
    faults: Faults,
    rng: Rng,
    lost_in_a_row: BTreeMap<(SocketAddr, SocketAddr), u32>,
}

impl Network {
    /// A network with these faults.
    #[must_use]
    pub const fn new(faults: Faults, rng: Rng) -> Self {
        Self { faults, rng, lost_in_a_row: BTreeMap::new() }
    }

    /// How long each copy of a datagram takes; none if it is lost.
    pub fn carry(&mut self, from: SocketAddr, to: SocketAddr) -> Vec<Duration> {
        let lost = self.lost_in_a_row.entry((from, to)).or_default();
        if *lost < LOST_IN_A_ROW_MAX && self.rng.chance(self.faults.lost_percent, 100) {
            *lost += 1;
            return Vec::new();
        }
        *lost = 0;
        let copies = if self.rng.chance(self.faults.doubled_percent, 100) { 2 } else { 1 };
        (0..copies).map(|_| self.transit()).collect()
    }

    fn transit(&mut self) -> Duration {
        let mut at_random = |most: Duration| {
            Duration::from_micros(self.rng.below(u64::try_from(most.as_micros()).unwrap_or(u64::MAX)))
        };
        let transit = self.faults.delay + at_random(self.faults.jitter);
        let held_up = at_random(Faults::HELD_UP);
        if self.rng.chance(self.faults.held_up_percent, 100) { transit + held_up } else { transit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carry_many(faults: Faults) -> Vec<Vec<Duration>> {
        let mut network = Network::new(faults, Rng::from_number(1));
        let (from, to) = ("192.0.2.1:1".parse().unwrap(), "192.0.2.2:2".parse().unwrap());
        (0..1000).map(|_| network.carry(from, to)).collect()
    }

    #[test]
    fn a_good_network_delivers_everything_once_and_in_order() {
        assert!(carry_many(Faults::NONE).iter().all(|copies| *copies == [Faults::NONE.delay]));
    }

    #[test]
    fn a_bad_network_loses_repeats_and_reorders_but_not_for_ever() {
        let faults = Faults {
            lost_percent: 50,
            doubled_percent: 10,
            held_up_percent: 10,
            delay: Duration::ZERO,
            jitter: Duration::ZERO,
        };
        let carried = carry_many(faults);
        let copies: Vec<usize> = carried.iter().map(Vec::len).collect();
        assert!(copies.contains(&0) && copies.contains(&2));
        assert!(!copies.windows(3).any(|run| run == [0, 0, 0]));
        assert!(carried.iter().flatten().any(|transit| *transit > Duration::from_millis(1000)));
    }
}
