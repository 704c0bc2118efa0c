//! Which packets of a stream came, came twice, came late or never came.

use serde::{Deserialize, Serialize};

/// RFC 3550 §A.1. A forward jump of this many packets or more is not believed at once.
const MAX_DROPOUT: u16 = 3000;
/// RFC 3550 §A.1. A packet this far behind or farther is not believed at once. The memory for duplicates is as
/// long.
const MAX_MISORDER: u16 = 100;

/// Follows the sequence numbers of one stream (RFC 3550 §A.1, §A.3). Without the probation of §A.1: its caller
/// knows whose packets these are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SequenceTracker {
    first: u64,
    highest: u64,
    /// Bit n: the packet n before the highest came.
    seen: u128,
    /// The sequence number that would prove that the peer really jumped.
    after_jump: Option<u16>,
    received: u64,
    duplicates: u64,
    reordered: u64,
    rejected: u64,
}

/// What one packet is to its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The newest; `lost` packets before it have not come (yet).
    Newest {
        /// How many.
        lost: u16,
    },
    /// Overtaken by a later one.
    Reordered,
    /// It came before.
    Duplicate,
    /// Too far from the others to belong to them; a second one in a row is [`Arrival::Restarted`].
    Rejected,
    /// The peer's numbers began anew: this packet is the first of another stream and counts there.
    Restarted,
}

impl SequenceTracker {
    /// Begins with the first packet.
    #[must_use]
    pub fn begin(sequence: u16) -> Self {
        // One cycle ahead, so that packets overtaken by the first have a place below it.
        let first = (1 << 16) | u64::from(sequence);
        Self {
            first,
            highest: first,
            seen: 1,
            after_jump: None,
            received: 1,
            duplicates: 0,
            reordered: 0,
            rejected: 0,
        }
    }

    /// Takes one packet's sequence number.
    pub fn note(&mut self, sequence: u16) -> Arrival {
        let ahead = sequence.wrapping_sub(self.highest as u16);
        let behind = ahead.wrapping_neg();
        if behind < MAX_MISORDER {
            let bit = 1_u128 << behind;
            if self.seen & bit != 0 {
                self.duplicates += 1;
                return Arrival::Duplicate;
            }
            self.seen |= bit;
            // Overtaken by the very first packet: the stream began earlier than it seemed.
            self.first = self.first.min(self.highest - u64::from(behind));
            self.received += 1;
            self.reordered += 1;
            return Arrival::Reordered;
        }
        if ahead < MAX_DROPOUT {
            self.highest += u64::from(ahead);
            self.seen = self.seen.checked_shl(u32::from(ahead)).unwrap_or(0) | 1;
            self.after_jump = None;
            self.received += 1;
            return Arrival::Newest { lost: ahead - 1 };
        }
        if self.after_jump == Some(sequence) {
            return Arrival::Restarted;
        }
        self.after_jump = Some(sequence.wrapping_add(1));
        self.rejected += 1;
        Arrival::Rejected
    }

    /// RFC 3550 §A.3. Expected less received; late packets are not lost, and duplicates are not received.
    #[must_use]
    pub fn lost(&self) -> i64 {
        self.expected() as i64 - self.received as i64
    }

    /// The highest sequence number that came, with its wraps above it (RFC 3550 §6.4.1).
    #[must_use]
    pub fn highest(&self) -> u32 {
        // It began one cycle ahead; 65 536 of them are more than a report can say.
        (self.highest - (1 << 16)) as u32
    }

    /// How many packets there should be (RFC 3550 §A.3).
    #[must_use]
    pub fn expected(&self) -> u64 {
        self.highest - self.first + 1
    }

    /// Packets that came and were new.
    #[must_use]
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// Packets that came again.
    #[must_use]
    pub const fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// Packets that were overtaken.
    #[must_use]
    pub const fn reordered(&self) -> u64 {
        self.reordered
    }

    /// Packets too far off to be believed.
    #[must_use]
    pub const fn rejected(&self) -> u64 {
        self.rejected
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn note_all(sequences: &[u16]) -> SequenceTracker {
        let (first, others) = sequences.split_first().unwrap();
        let mut tracker = SequenceTracker::begin(*first);
        for sequence in others {
            tracker.note(*sequence);
        }
        tracker
    }

    #[test]
    fn counts_over_the_wrap() {
        let mut tracker = note_all(&[65_534, 65_535]);
        assert_eq!(tracker.note(1), Arrival::Newest { lost: 1 });
        assert_eq!(tracker.lost(), 1);
        assert_eq!(tracker.note(0), Arrival::Reordered);
        assert_eq!(tracker.note(0), Arrival::Duplicate);
        assert_eq!(
            (tracker.lost(), tracker.received(), tracker.duplicates(), tracker.reordered()),
            (0, 4, 1, 1)
        );
    }

    #[test]
    fn a_packet_overtaken_by_the_first_is_not_a_negative_loss() {
        let tracker = note_all(&[100, 99, 101]);
        assert_eq!((tracker.lost(), tracker.received()), (0, 3));
    }

    #[test]
    fn one_wild_packet_is_rejected_and_two_in_a_row_are_a_new_start() {
        let mut tracker = note_all(&[10, 11]);
        assert_eq!(tracker.note(30_000), Arrival::Rejected);
        assert_eq!(tracker.note(12), Arrival::Newest { lost: 0 });
        assert_eq!(tracker.note(30_000), Arrival::Rejected);
        assert_eq!(tracker.note(30_001), Arrival::Restarted);
        assert_eq!((tracker.lost(), tracker.received(), tracker.rejected()), (0, 3, 2));
    }

    #[test]
    fn the_limits_are_those_of_the_rfc() {
        assert_eq!(note_all(&[0, 2999]).lost(), 2998);
        assert_eq!(note_all(&[0, 3000]).rejected(), 1);
        assert_eq!(note_all(&[500, 401]).reordered(), 1);
        assert_eq!(note_all(&[500, 400]).rejected(), 1);
    }

    proptest! {
        /// Every packet is in exactly one count, and what the network did comes out of them.
        #[test]
        fn loss_and_duplicates_come_out_as_they_went_in(
            start: u16,
            fates in proptest::collection::vec(0..4_u8, 3..300),
        ) {
            let mut tracker = SequenceTracker::begin(start);
            let (mut lost, mut twice, mut pending_loss) = (0, 0, 0);
            for (index, fate) in fates.iter().enumerate() {
                let sequence = start.wrapping_add(u16::try_from(index).unwrap()).wrapping_add(1);
                match fate {
                    0 => pending_loss += 1,
                    copies => {
                        lost += std::mem::take(&mut pending_loss);
                        tracker.note(sequence);
                        if *copies == 2 {
                            twice += 1;
                            prop_assert_eq!(tracker.note(sequence), Arrival::Duplicate);
                        }
                    }
                }
            }
            prop_assert_eq!(tracker.lost(), lost);
            prop_assert_eq!(tracker.duplicates(), twice);
        }
    }
}
