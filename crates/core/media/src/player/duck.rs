//! Music that goes down behind speech, and comes up again after it.

use serde::{Deserialize, Serialize};

use crate::form::Form;

/// How long music takes from its level down to the one behind speech, in samples at 8 kHz: 150 ms.
const WAY: i32 = 1200;
/// A level of 1, and that of music behind speech: −15 dB.
const FULL: i32 = 1 << 15;
const BEHIND: i32 = 5827;

/// How far music has gone down behind speech.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Duck {
    /// Samples of [`WAY`].
    depth: i32,
}

impl Duck {
    /// At its own level.
    pub(super) const UP: Self = Self { depth: 0 };
    /// As soft as it gets.
    pub(super) const DOWN: Self = Self { depth: WAY };

    pub(super) const fn is_up(self) -> bool {
        self.depth == 0
    }

    /// Lets the music in `frame` go down behind `speech` at its beginning, and come up after it.
    pub(super) fn mix<F: Form>(&mut self, form: F, speech: &[F::Unit], frame: &mut [F::Unit]) {
        let (behind, after) = frame.split_at_mut(speech.len());
        for (units, said) in behind.chunks_mut(F::DENSITY).zip(speech.chunks(F::DENSITY)) {
            self.depth = (self.depth + 1).min(WAY);
            for (unit, said) in units.iter_mut().zip(said) {
                *unit = form.encode(self.soften(form.decode(*unit)).saturating_add(form.decode(*said)));
            }
        }
        for units in after.chunks_mut(F::DENSITY) {
            if self.is_up() {
                break;
            }
            self.depth -= 1;
            for unit in units {
                *unit = form.encode(self.soften(form.decode(*unit)));
            }
        }
    }

    /// A sample of the music at the level where it is.
    pub(super) const fn soften(self, sample: i16) -> i16 {
        let level = FULL - (FULL - BEHIND) * self.depth / WAY;
        // It fits: no level is above 1.
        ((sample as i32 * level + FULL / 2) >> FULL.trailing_zeros()) as i16
    }
}
