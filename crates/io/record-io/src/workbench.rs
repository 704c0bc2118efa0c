//! Memory that all recordings of a recorder use in turn.

use core::ops::Range;

use crate::wav::Frame;

/// Scratch space, so that a recording keeps no more than what it waits for.
#[derive(Debug, Default)]
pub(crate) struct Workbench {
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
