//! The forms in which a prompt is kept and a frame is written on the beat: bytes of a law, and wide samples.

use hotline_audio::{Doubler, alaw, ulaw};

use crate::prompts::Prompt;

/// How a frame is written. Places and lengths are in samples at 8 kHz.
pub(crate) trait Form: Copy {
    /// What a frame consists of.
    type Unit: Copy;
    /// Units of a sample at 8 kHz.
    const DENSITY: usize;

    fn silence(self) -> Self::Unit;
    fn decode(self, unit: Self::Unit) -> i16;
    fn encode(self, sample: i16) -> Self::Unit;
    fn length(self, prompt: &Prompt) -> usize;

    /// Fills `out` with the part of a prompt that begins at `at` and does not go beyond its end.
    fn copy(self, prompt: &Prompt, at: usize, is_loop: bool, out: &mut [Self::Unit]);
}

/// A law of G.711.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Law {
    Mu,
    A,
}

/// Linear samples at 16 kHz.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wide;

impl Law {
    fn bytes(self, prompt: &Prompt) -> &[u8] {
        match self {
            Self::Mu => &prompt.pcmu,
            Self::A => &prompt.pcma,
        }
    }
}

impl Form for Law {
    type Unit = u8;
    const DENSITY: usize = 1;

    fn silence(self) -> u8 {
        match self {
            Self::Mu => ulaw::SILENCE,
            Self::A => alaw::SILENCE,
        }
    }

    fn decode(self, unit: u8) -> i16 {
        match self {
            Self::Mu => ulaw::decode(unit),
            Self::A => alaw::decode(unit),
        }
    }

    fn encode(self, sample: i16) -> u8 {
        match self {
            Self::Mu => ulaw::encode(sample),
            Self::A => alaw::encode(sample),
        }
    }

    fn length(self, prompt: &Prompt) -> usize {
        self.bytes(prompt).len()
    }

    fn copy(self, prompt: &Prompt, at: usize, _: bool, out: &mut [u8]) {
        out.copy_from_slice(&self.bytes(prompt)[at..][..out.len()]);
    }
}

/// How many samples a [`Doubler`] is behind.
const DOUBLER_DELAY: usize = 18;

impl Form for Wide {
    type Unit = i16;
    const DENSITY: usize = 2;

    fn silence(self) -> i16 {
        0
    }

    fn decode(self, unit: i16) -> i16 {
        unit
    }

    fn encode(self, sample: i16) -> i16 {
        sample
    }

    fn length(self, prompt: &Prompt) -> usize {
        prompt.wide.as_ref().map_or(prompt.pcmu.len(), |wide| wide.len() / 2)
    }

    fn copy(self, prompt: &Prompt, at: usize, is_loop: bool, out: &mut [i16]) {
        match &prompt.wide {
            Some(wide) => out.copy_from_slice(&wide[2 * at..][..out.len()]),
            None => double(&prompt.pcmu, at, is_loop, out),
        }
    }
}

/// Makes wide samples of narrow ones. The whole prompt is there, so they need not come late, and prompts of both kinds join.
/// Beyond its ends is its other end if it is a loop, else what it ends with: another prompt may go on there.
fn double(narrow: &[u8], at: usize, is_loop: bool, out: &mut [i16]) {
    let begin = at as isize - DOUBLER_DELAY as isize;
    let sample = |place: isize| {
        let length = narrow.len() as isize;
        let place = if is_loop { place.rem_euclid(length) } else { place.clamp(0, length - 1) };
        ulaw::decode(narrow[place as usize])
    };
    let mut doubler = Doubler::default();
    let mut samples = (begin..).map(sample);
    for sample in samples.by_ref().take(2 * DOUBLER_DELAY) {
        doubler.push(sample);
    }
    for (pair, sample) in out.as_chunks_mut().0.iter_mut().zip(samples) {
        *pair = doubler.push(sample);
    }
}
