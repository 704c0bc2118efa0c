//! Where in a stream a packet stands, and whether it was there before.

/// How many packets behind the newest one may come late; older ones count as replayed (RFC 3711 §3.3.2).
const WINDOW: u64 = 128;

/// One stream: the highest index so far, and which of those before it came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    highest: u64,
    /// The highest is the lowest bit.
    seen: u128,
}

impl Progress {
    pub(crate) const fn begin(index: u64) -> Self {
        Self { highest: index, seen: 1 }
    }

    /// The index that a sequence number presumably means: the one next to the highest (RFC 3711 §3.3.1).
    pub(crate) const fn estimate(&self, sequence: u16) -> u64 {
        let (rollovers, last) = (self.highest >> 16, self.highest as u16);
        let ahead = sequence.wrapping_sub(last);
        let rollovers = if ahead < 0x8000 {
            // After the highest, perhaps past the end of the numbers.
            if sequence < last { rollovers + 1 } else { rollovers }
        } else if sequence > last {
            rollovers.saturating_sub(1)
        } else {
            rollovers
        };
        rollovers << 16 | sequence as u64
    }

    /// True if a packet with that index came already, or is too old to say.
    pub(crate) const fn has_seen(&self, index: u64) -> bool {
        if index > self.highest {
            return false;
        }
        let age = self.highest - index;
        age >= WINDOW || self.seen >> age & 1 == 1
    }

    /// Notes a packet.
    pub(crate) fn note(&mut self, index: u64) {
        if index > self.highest {
            let ahead = index - self.highest;
            self.seen = if ahead >= WINDOW { 0 } else { self.seen << ahead };
            self.highest = index;
            self.seen |= 1;
        } else if self.highest - index < WINDOW {
            self.seen |= 1 << (self.highest - index);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_that_begin_again_go_on_and_late_ones_belong_to_before() {
        let progress = Progress::begin(0xFFFE);
        assert_eq!(progress.estimate(0xFFFF), 0xFFFF);
        assert_eq!(progress.estimate(3), 0x1_0003);
        let progress = Progress::begin(0x1_0003);
        assert_eq!(progress.estimate(0xFFFE), 0xFFFE);
        assert_eq!(Progress::begin(3).estimate(0xFFFE), 0xFFFE, "nothing was before the first");
    }

    #[test]
    fn a_packet_is_taken_once() {
        let mut progress = Progress::begin(1000);
        assert!(progress.has_seen(1000) && !progress.has_seen(1001) && !progress.has_seen(999));
        progress.note(1005);
        progress.note(1003);
        assert!([1000, 1003, 1005].into_iter().all(|index| progress.has_seen(index)));
        assert!([1001, 1002, 1004, 1006].into_iter().all(|index| !progress.has_seen(index)));
        progress.note(1005 + WINDOW);
        assert!(progress.has_seen(1005), "too old to say");
        assert!(!progress.has_seen(1006));
    }

    proptest! {
        #[test]
        fn the_index_of_what_comes_near_the_highest_is_right(highest in 0x8000_u64..1 << 40, by in -0x7FFF_i64..0x8000) {
            let wanted = highest.checked_add_signed(by).unwrap();
            prop_assert_eq!(Progress::begin(highest).estimate(wanted as u16), wanted);
        }
    }
}
