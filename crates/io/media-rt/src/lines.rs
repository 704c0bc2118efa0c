//! The lines of one thread's legs.

use std::collections::BTreeMap;
use std::sync::mpsc::Receiver;

use hotline_base::LegId;
use hotline_media::Engine;

use crate::line::LegEnd;

/// Who is on a line, and who is about to be.
pub(crate) struct Lines {
    coming: Receiver<(LegId, LegEnd)>,
    attached: BTreeMap<LegId, LegEnd>,
}

impl Lines {
    pub(crate) const fn new(coming: Receiver<(LegId, LegEnd)>) -> Self {
        Self { coming, attached: BTreeMap::new() }
    }

    /// Gives those that came to their legs. One whose leg is not there, or in a bridge, ends.
    pub(crate) fn attach(&mut self, engine: &mut Engine) {
        while let Ok((leg, line)) = self.coming.try_recv() {
            if engine.set_line(leg, Some(line.rate())) {
                self.attached.insert(leg, line);
            } else {
                tracing::debug!(%leg, "a line came too late for its leg");
            }
        }
    }

    /// Ends those whose other end is gone, and those of legs that a bridge took. Once a beat.
    pub(crate) fn release(&mut self, engine: &mut Engine) {
        self.attached.retain(|leg, line| {
            let is_over = line.is_over();
            if is_over {
                engine.set_line(*leg, None);
            }
            !is_over && engine.has_line(*leg)
        });
    }

    /// The leg is closed.
    pub(crate) fn remove(&mut self, leg: LegId) {
        self.attached.remove(&leg);
    }

    pub(crate) fn hear(&mut self, leg: LegId, frame: &[i16]) {
        if let Some(line) = self.attached.get_mut(&leg) {
            line.hear(frame);
        }
    }

    pub(crate) fn say(&mut self, leg: LegId, frame: &mut [i16]) -> bool {
        self.attached.get_mut(&leg).is_some_and(|line| line.say(frame))
    }
}
