//! How unevenly packets arrive (RFC 3550 §6.4.1).

use serde::{Deserialize, Serialize};

/// The interarrival jitter of one stream, in timestamp units, computed in integers as in RFC 3550 §A.8.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InterarrivalJitter {
    /// Of the newest packet: arrival less timestamp.
    transit: u32,
    /// Sixteen times the estimate.
    scaled: u32,
    scaled_max: u32,
    /// Of all estimates, and how many there were.
    scaled_sum: u64,
    estimates: u64,
}

impl InterarrivalJitter {
    /// Begins with a stream's first packet: when it came and what it says, both in timestamp units, both wrapping.
    #[must_use]
    pub const fn begin(arrival: u32, timestamp: u32) -> Self {
        Self {
            transit: arrival.wrapping_sub(timestamp),
            scaled: 0,
            scaled_max: 0,
            scaled_sum: 0,
            estimates: 0,
        }
    }

    /// Takes the next packet.
    pub fn note(&mut self, arrival: u32, timestamp: u32) {
        let transit = arrival.wrapping_sub(timestamp);
        let before = core::mem::replace(&mut self.transit, transit);
        let difference = transit.wrapping_sub(before).cast_signed().unsigned_abs().min(MAX_DIFFERENCE);
        self.scaled = self.scaled + difference - ((self.scaled + 8) >> 4);
        self.scaled_max = self.scaled_max.max(self.scaled);
        self.scaled_sum += u64::from(self.scaled);
        self.estimates += 1;
    }

    /// The estimate.
    #[must_use]
    pub const fn current(&self) -> u32 {
        self.scaled >> 4
    }

    /// The mean of all estimates.
    #[must_use]
    pub const fn mean(&self) -> u32 {
        if self.estimates == 0 {
            return 0;
        }
        // No more than the largest of them.
        (self.scaled_sum / self.estimates) as u32 >> 4
    }

    /// The worst estimate.
    #[must_use]
    pub const fn max(&self) -> u32 {
        self.scaled_max >> 4
    }
}

/// A jump of the peer's clock is no jitter: at most this much of it counts (ten seconds of G.711).
const MAX_DIFFERENCE: u32 = 80_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_stream_has_none() {
        let mut jitter = InterarrivalJitter::begin(u32::MAX - 300, 0);
        for packet in 1..100_u32 {
            jitter.note((packet * 160).wrapping_add(u32::MAX - 300), packet * 160);
        }
        assert_eq!((jitter.current(), jitter.max()), (0, 0));
    }

    #[test]
    fn alternating_lateness_converges_to_its_size() {
        let mut jitter = InterarrivalJitter::begin(0, 0);
        for packet in 0..500_u32 {
            jitter.note(packet * 160 + (packet % 2) * 40, packet * 160);
        }
        assert!((39..=41).contains(&jitter.current()), "{}", jitter.current());
    }

    #[test]
    fn wild_timestamps_do_not_overflow() {
        let mut jitter = InterarrivalJitter::begin(0, 0);
        for packet in 0..1000_u32 {
            jitter.note(0, (packet % 2) << 31);
        }
        assert!(jitter.current() <= MAX_DIFFERENCE);
    }
}
