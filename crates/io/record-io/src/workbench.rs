//! Memory that all recordings of a recorder use in turn.

use core::ops::Range;

use hotline_media::Codec;

use crate::ring::{PIECE_LEN, Piece};
use crate::wav::Frame;

/// Blocks that wait for use, 170 bytes each: what a thousand calls say in 20 ms and more. Beyond it they are given back.
const SPARE_MAX: usize = 4096;

/// A piece as it waits for its place in the file: as it came, a byte for a sample or less.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// Its first sample.
    pub(crate) at: u64,
    /// In samples; none if the rest of the packet is in the next block.
    pub(crate) span: u16,
    pub(crate) codec: Codec,
    length: u8,
    bytes: [u8; PIECE_LEN],
}

impl Block {
    pub(crate) fn payload(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// The place after its last sample.
    pub(crate) fn end(&self) -> u64 {
        self.at + u64::from(self.span)
    }
}

/// Scratch space, so that a recording keeps no more than what it waits for.
#[derive(Debug, Default)]
pub(crate) struct Workbench {
    #[expect(clippy::vec_box, reason = "each goes to a lane by itself")]
    spare: Vec<Box<Block>>,
    /// A packet that came in several pieces.
    pub(crate) packet: Vec<u8>,
    /// What a lane says, and where something is missing in it.
    pub(crate) sound: Vec<i16>,
    pub(crate) holes: Vec<Range<usize>>,
    /// What all lanes of each side say, and both together.
    pub(crate) mixed: [Vec<i16>; 2],
    pub(crate) frames: Vec<Frame>,
    /// The same as it is in a file.
    pub(crate) bytes: Vec<u8>,
    /// The same as it is in a sealed one.
    pub(crate) sealed: Vec<u8>,
}

impl Workbench {
    /// A block of what a piece says.
    pub(crate) fn block(&mut self, piece: &Piece) -> Box<Block> {
        let Piece { position: at, span, codec, .. } = *piece;
        let payload = piece.payload();
        let length = payload.len() as u8;
        let mut block = self
            .spare
            .pop()
            .unwrap_or_else(|| Box::new(Block { at, span, codec, length, bytes: [0; PIECE_LEN] }));
        (block.at, block.span, block.codec, block.length) = (at, span, codec, length);
        block.bytes[..payload.len()].copy_from_slice(payload);
        block
    }

    /// Takes a block back.
    pub(crate) fn put_back(&mut self, block: Box<Block>) {
        if self.spare.len() < SPARE_MAX {
            self.spare.push(block);
        }
    }
}
