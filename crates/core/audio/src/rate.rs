//! The two rates of all sound here.

use serde::{Deserialize, Serialize};

/// How many samples make a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rate {
    /// 8000, of G.711.
    Narrow,
    /// 16 000, of G.722.
    Wide,
}

impl Rate {
    /// Samples a second.
    #[must_use]
    pub const fn hz(self) -> u32 {
        match self {
            Self::Narrow => 8000,
            Self::Wide => 16_000,
        }
    }

    /// The samples of so many milliseconds.
    #[must_use]
    pub const fn samples(self, ms: usize) -> usize {
        ms * self.per_ms()
    }

    /// The samples of a millisecond.
    pub(crate) const fn per_ms(self) -> usize {
        match self {
            Self::Narrow => 8,
            Self::Wide => 16,
        }
    }
}
