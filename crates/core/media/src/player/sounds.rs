//! What a player plays: prompts one after the other, and a loop.

use hotline_base::PlayId;
use serde::{Deserialize, Serialize};

use crate::form::Form;
use crate::{Behind, Music, MusicStart, PromptId, PromptLibrary};

/// Prompts one after the other.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Playback {
    pub(super) play: PlayId,
    pub(super) behind: Behind,
    prompts: Vec<PromptId>,
    place: Place,
}

/// Which prompt, and where in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    current: usize,
    offset: usize,
}

/// A prompt over and over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Loop {
    pub(super) music: Music,
    offset: usize,
}

impl Playback {
    pub(super) fn new(play: PlayId, prompts: Vec<PromptId>, behind: Behind) -> Self {
        Self { play, behind, prompts, place: Place::default() }
    }

    /// Writes what is left, up to the whole frame; gives the number of units.
    pub(super) fn fill<F: Form>(&mut self, prompts: &PromptLibrary, form: F, frame: &mut [F::Unit]) -> usize {
        let mut written = 0;
        while let Some(id) = self.prompts.get(self.place.current) {
            let room = (frame.len() - written) / F::DENSITY;
            let prompt = prompts.get(id);
            let rest = prompt.map_or(0, |prompt| form.length(prompt)).saturating_sub(self.place.offset);
            let length = rest.min(room);
            let target = &mut frame[written..][..length * F::DENSITY];
            if let (Some(prompt), 1..) = (prompt, length) {
                form.copy(prompt, self.place.offset, false, target);
            }
            written += target.len();
            if length < rest {
                self.place.offset += length;
                break;
            }
            self.place.current += 1;
            self.place.offset = 0;
        }
        written
    }

    /// Writes what [`Playback::fill`] would, and stays where it is.
    pub(super) fn look_ahead<F: Form>(&mut self, prompts: &PromptLibrary, form: F, frame: &mut [F::Unit]) {
        let place = self.place;
        self.fill(prompts, form, frame);
        self.place = place;
    }

    pub(super) fn has_begun(&self) -> bool {
        self.place != Place::default()
    }

    pub(super) fn is_over(&self) -> bool {
        self.place.current >= self.prompts.len()
    }

    /// True if nothing is left to be heard.
    pub(super) fn is_empty<F: Form>(&self, prompts: &PromptLibrary, form: F) -> bool {
        let rest = self.prompts.get(self.place.current..).unwrap_or(&[]).iter();
        let mut lengths = rest.map(|id| prompts.get(id).map_or(0, |prompt| form.length(prompt)));
        lengths.all(|length| length == 0)
    }
}

impl Loop {
    pub(super) const fn new(music: Music) -> Self {
        Self { music, offset: 0 }
    }

    pub(super) fn fill<F: Form>(
        &mut self,
        prompts: &PromptLibrary,
        form: F,
        clock: u64,
        mut frame: &mut [F::Unit],
    ) {
        let prompt = prompts.get(&self.music.prompt);
        let Some((prompt, length)) =
            prompt.map(|prompt| (prompt, form.length(prompt))).filter(|(_, length)| *length > 0)
        else {
            return frame.fill(form.silence());
        };
        match self.music.start {
            MusicStart::Beginning => {}
            MusicStart::Shared => self.offset = (clock % length as u64) as usize,
        }
        while !frame.is_empty() {
            // The library may be another one, with a shorter loop, than when the offset was left here.
            self.offset %= length;
            let part = (length - self.offset).min(frame.len() / F::DENSITY);
            let (target, after) = frame.split_at_mut(part * F::DENSITY);
            form.copy(prompt, self.offset, true, target);
            self.offset += part;
            frame = after;
        }
    }

    /// True if it is not at its beginning.
    pub(super) fn begins_within(&self) -> bool {
        self.offset > 0 || self.music.start == MusicStart::Shared
    }
}
