//! Which legs are on a line.

use hotline_audio::Rate;
use hotline_base::LegId;

use super::Engine;

impl Engine {
    /// Puts a leg on a line at this rate, or takes it off. With each beat [`Sink::line_heard`](crate::Sink::line_heard) gets what
    /// it says, and it hears what [`Sink::line_said`](crate::Sink::line_said) gives; prompts go first and music stops meanwhile.
    /// A bridge takes it off. False if the leg is not there or in a bridge.
    pub fn set_line(&mut self, leg: LegId, rate: Option<Rate>) -> bool {
        self.legs.get_mut(&leg).is_some_and(|leg| leg.set_line(rate))
    }

    /// True if a leg is on a line.
    #[must_use]
    pub fn has_line(&self, leg: LegId) -> bool {
        self.legs.get(&leg).is_some_and(|leg| leg.has_line())
    }
}
