//! What came of a leg and waits for its place in the file.

use std::collections::VecDeque;

use hotline_media::Codec;

use crate::ring::{PIECE_LEN, Piece};

/// Blocks that wait at most: those of 4 s are 200, and 800 of linear samples.
const BLOCKS_MAX: usize = 1024;
/// Slots that are asked for at once.
const GROWTH: usize = 8;

/// A piece as it waits: as it came, a byte for a sample or less.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    /// Its first sample.
    pub(crate) at: u64,
    /// In samples; none if the rest of the packet is in the next block.
    pub(crate) span: u16,
    pub(crate) codec: Codec,
    length: u8,
    slot: u16,
}

impl Block {
    /// The place after its last sample.
    pub(crate) fn end(&self) -> u64 {
        self.at + u64::from(self.span)
    }
}

/// Blocks in the order of their places. Their bytes lie side by side: what comes next is then where the processor has just been,
/// which is most of what a packet costs here.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    waiting: VecDeque<Block>,
    slots: Vec<[u8; PIECE_LEN]>,
    /// Slots that no block has.
    free: Vec<u16>,
}

impl Blocks {
    /// Lets a piece wait at its place, after those that are there. False if too many wait.
    pub(crate) fn push(&mut self, piece: &Piece) -> bool {
        let Some(slot) = self.take_slot() else { return false };
        let payload = piece.payload();
        self.slots[usize::from(slot)][..payload.len()].copy_from_slice(payload);
        let Piece { position: at, span, codec, .. } = *piece;
        // It fits: a piece is no longer than a slot.
        let block = Block { at, span, codec, length: payload.len() as u8, slot };
        let before = self.waiting.iter().rposition(|known| known.at <= block.at);
        self.waiting.insert(before.map_or(0, |place| place + 1), block);
        true
    }

    fn take_slot(&mut self) -> Option<u16> {
        if let Some(slot) = self.free.pop() {
            return Some(slot);
        }
        let slot = self.slots.len();
        if slot >= BLOCKS_MAX {
            return None;
        }
        if slot == self.slots.capacity() {
            self.slots.reserve_exact(GROWTH);
        }
        self.slots.push([0; PIECE_LEN]);
        u16::try_from(slot).ok()
    }

    /// The first one, without taking it out.
    pub(crate) fn first(&self) -> Option<&Block> {
        self.waiting.front()
    }

    /// Takes the first one out. What it says is there until the next [`Blocks::push`].
    pub(crate) fn pop(&mut self) -> Option<Block> {
        let block = self.waiting.pop_front()?;
        self.free.push(block.slot);
        Some(block)
    }

    /// What a block says that waits, or was taken out just now.
    pub(crate) fn payload(&self, block: &Block) -> &[u8] {
        &self.slots[usize::from(block.slot)][..usize::from(block.length)]
    }
}

#[cfg(test)]
mod tests {
    use hotline_base::{LegId, RecordingId, Rng, WallTime};
    use hotline_media::Channel;

    use super::*;

    fn piece(at: u64) -> Piece {
        let bytes = [at as u8; PIECE_LEN];
        let recording = RecordingId::generate(WallTime(0), &mut Rng::from_number(1));
        Piece::new(recording, (LegId(1), Channel::Customer), Codec::Pcmu, (at, 160), &bytes)
    }

    #[test]
    fn what_waits_comes_in_the_order_of_its_places_and_says_what_it_said() {
        let mut blocks = Blocks::default();
        for round in 0..3_u64 {
            for at in [5, 3, 4, 9, 1] {
                assert!(blocks.push(&piece(round * 10 + at)));
            }
            for at in [1, 3, 4, 5, 9] {
                let at = round * 10 + at;
                assert_eq!(blocks.first().map(|block| block.at), Some(at));
                let block = blocks.pop().unwrap();
                assert_eq!((block.at, blocks.payload(&block)), (at, &[at as u8; PIECE_LEN][..]));
            }
            assert!(blocks.pop().is_none());
        }
        assert_eq!(blocks.slots.len(), 5, "slots are used again");
    }

    #[test]
    fn no_more_wait_than_may() {
        let mut blocks = Blocks::default();
        let taken = (0..2000).filter(|at| blocks.push(&piece(*at))).count();
        assert_eq!(taken, BLOCKS_MAX);
        blocks.pop().unwrap();
        assert!(blocks.push(&piece(3)));
    }
}
