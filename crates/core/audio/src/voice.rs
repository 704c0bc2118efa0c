//! Whether somebody speaks, by how far a frame stands above the noise of the line; and how long both sides of a call spoke, were silent
//! and talked over each other.
//!
//! The noise is the weakest frame of the last 1.6 to 1.8 s, since no speech goes on for so long without a gap. So noise that begins, and a
//! steady tone, count as speech for so long, then no more. Tones with a cadence (ringing, busy) and music count as speech:
//! listen when the call is answered.
//!
//! A 20 ms frame costs about 0.09 µs at 8 kHz and 0.15 µs at 16 kHz. The crate `earshot` tells speech from other sounds, but costs 7 µs for 16 ms,
//! wants 16 kHz and has a state that cannot be saved; `webrtc-vad` binds C (docs/adr/0014).

use serde::{Deserialize, Serialize};

/// How long a frame is.
pub const FRAME_MS: u32 = 20;

/// How much stronger than the noise speech is, as power: 8 dB.
const ABOVE_NOISE: f32 = 6.3;
/// Weaker is no speech: −55 dBFS as a mean square.
const SPEECH_MIN: f32 = 1698.0;
/// The most that the noise is taken for before anything was heard: −30 dBFS, so that who speaks at once is heard.
const NOISE_AT_FIRST: f32 = 536_871.0;
/// Loud frames in a row until it counts as speech: a click is none.
const BEGIN_FRAMES: u32 = 2;
/// Weak frames in a row that still count: the gaps within and between words.
const HANGOVER_FRAMES: u32 = 8;
/// The noise is the weakest of so many blocks of so many frames, and of the one that grows.
const BLOCKS: usize = 8;
const BLOCK_FRAMES: u32 = 10;

/// Listens to one side, frame by frame, at any rate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Detector {
    /// The weakest frames of the last blocks, and of the one that grows.
    blocks: [f32; BLOCKS],
    growing: f32,
    frames: u32,
    /// Loud frames in a row, and weak ones since speech.
    loud: u32,
    weak: u32,
    speaks: bool,
}

impl Default for Detector {
    fn default() -> Self {
        Self {
            blocks: [NOISE_AT_FIRST; BLOCKS],
            growing: f32::MAX,
            frames: 0,
            loud: 0,
            weak: 0,
            speaks: false,
        }
    }
}

impl Detector {
    /// Takes a frame of 20 ms; true if somebody speaks.
    pub fn push(&mut self, frame: &[i16]) -> bool {
        let power = power(frame);
        self.growing = self.growing.min(power);
        let is_loud = power > (self.noise() * ABOVE_NOISE).max(SPEECH_MIN);
        self.frames += 1;
        if self.frames == BLOCK_FRAMES {
            self.blocks.rotate_left(1);
            self.blocks[BLOCKS - 1] = core::mem::replace(&mut self.growing, f32::MAX);
            self.frames = 0;
        }
        (self.loud, self.weak) =
            if is_loud { (self.loud.saturating_add(1), 0) } else { (0, self.weak.saturating_add(1)) };
        self.speaks = if self.speaks { self.weak <= HANGOVER_FRAMES } else { self.loud >= BEGIN_FRAMES };
        self.speaks
    }

    /// What it said last.
    #[must_use]
    pub const fn speaks(&self) -> bool {
        self.speaks
    }

    /// True if the newest frame was speech itself, not a gap in it.
    #[must_use]
    pub const fn is_loud(&self) -> bool {
        self.speaks && self.loud > 0
    }

    /// The noise of the line, as a mean square.
    pub(crate) fn noise(&self) -> f32 {
        self.blocks.iter().copied().fold(self.growing, f32::min)
    }
}

/// The mean square around the mean: a constant is no sound.
pub(crate) fn power(frame: &[i16]) -> f32 {
    let count = frame.len().max(1) as f32;
    let sum: i32 = frame.iter().map(|sample| i32::from(*sample)).sum();
    let mean = sum as f32 / count;
    let mut sums = [0.0_f32; 8];
    let (chunks, rest) = frame.as_chunks::<8>();
    for chunk in chunks {
        for (sum, sample) in sums.iter_mut().zip(chunk) {
            *sum += (f32::from(*sample) - mean).powi(2);
        }
    }
    let rest: f32 = rest.iter().map(|sample| (f32::from(*sample) - mean).powi(2)).sum();
    (sums.iter().sum::<f32>() + rest) / count
}

/// What two sides of a call did, summed up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// How long each side spoke, alone or not.
    pub talk_ms: [u64; 2],
    /// How long both spoke, and how often that began.
    pub over_talk_ms: u64,
    /// See [`Activity::over_talk_ms`].
    pub over_talks: u32,
    /// How long neither spoke.
    pub silence_ms: u64,
    /// The longest time in one piece that neither spoke.
    pub longest_silence_ms: u64,
    /// Of the silence and the over-talk that last.
    silent_ms: u64,
    both: bool,
}

impl Activity {
    /// Takes which of the sides spoke for so long.
    pub fn push(&mut self, speaks: [bool; 2], ms: u32) {
        let ms = u64::from(ms);
        for (talk_ms, speaks) in self.talk_ms.iter_mut().zip(speaks) {
            *talk_ms += if speaks { ms } else { 0 };
        }
        let (both, neither) = (speaks == [true; 2], speaks == [false; 2]);
        if both {
            self.over_talk_ms += ms;
            self.over_talks = self.over_talks.saturating_add(u32::from(!self.both));
        }
        self.both = both;
        self.silent_ms = if neither { self.silent_ms + ms } else { 0 };
        self.silence_ms += if neither { ms } else { 0 };
        self.longest_silence_ms = self.longest_silence_ms.max(self.silent_ms);
    }

    /// How long all of it lasted.
    #[must_use]
    pub const fn total_ms(&self) -> u64 {
        self.talk_ms[0] + self.talk_ms[1] - self.over_talk_ms + self.silence_ms
    }
}

#[cfg(test)]
mod tests {
    use hotline_base::Rng;

    use super::*;
    use crate::tests::{noise, speech};
    use crate::{Rate, Tone, rms_dbfs};

    const RATES: [Rate; 2] = [Rate::Narrow, Rate::Wide];
    const PHRASES: [&str; 3] = [
        "I would like to know when the engineer will come to repair my telephone line",
        "my number is four seven one one and I have been waiting for two weeks",
        "thank you very much for your help and have a nice afternoon",
    ];

    fn heard_ms(sound: &[i16], rate: Rate) -> u64 {
        let (mut detector, mut activity) = (Detector::default(), Activity::default());
        for frame in sound.chunks(rate.samples(20)) {
            activity.push([detector.push(frame), false], FRAME_MS);
        }
        activity.talk_ms[0]
    }

    /// A phrase without the silence around it.
    fn phrase(voice: &str, text: &str, rate: Rate) -> Vec<i16> {
        let said = speech(voice, text, rate);
        let is_sound = |part: &[i16]| rms_dbfs(part) > -50.0;
        let step = rate.samples(10);
        let first = said.chunks(step).position(is_sound).unwrap();
        let last = said.chunks(step).rposition(is_sound).unwrap();
        said[first * step..(last * step).min(said.len())].to_vec()
    }

    #[test]
    fn talk_time_of_phrases_in_noise_is_right_to_a_tenth() {
        for rate in RATES {
            for (voice, loss, noise_dbfs) in
                [("en-us", 1, -70.0), ("en-us", 3, -55.0), ("en-gb+f3", 2, -45.0), ("en-us", 1, -40.0)]
            {
                let mut rng = Rng::from_number(7);
                let (mut sound, mut said) = (vec![0; rate.samples(1500)], 0);
                for text in PHRASES {
                    let phrase = phrase(voice, text, rate);
                    said += phrase.len() / rate.samples(1);
                    sound.extend(phrase.iter().map(|sample| sample / loss));
                    sound.extend(vec![0; rate.samples(2500)]);
                }
                let noise = noise(&mut rng, noise_dbfs, sound.len());
                let noisy: Vec<i16> =
                    sound.iter().zip(noise).map(|(sound, noise)| sound.saturating_add(noise)).collect();
                let off = heard_ms(&noisy, rate) as f64 / said as f64 - 1.0;
                assert!(off.abs() < 0.1, "{voice} at {rate:?} in {noise_dbfs} dBFS: {off}");
            }
        }
    }

    #[test]
    fn noise_and_silence_are_no_speech() {
        let mut rng = Rng::from_number(3);
        for rate in RATES {
            assert_eq!(heard_ms(&vec![0; rate.samples(10_000)], rate), 0);
            assert_eq!(heard_ms(&vec![9000; rate.samples(10_000)], rate), 0);
            for dbfs in [-70.0, -50.0, -35.0] {
                assert_eq!(heard_ms(&noise(&mut rng, dbfs, rate.samples(10_000)), rate), 0, "{dbfs} dBFS");
            }
            let mut clicks = vec![0; rate.samples(5000)];
            clicks.iter_mut().step_by(rate.samples(500)).for_each(|sample| *sample = i16::MAX);
            assert_eq!(heard_ms(&clicks, rate), 0);
        }
    }

    #[test]
    fn noise_that_begins_is_speech_for_two_seconds_at_most() {
        let mut rng = Rng::from_number(4);
        let mut sound = noise(&mut rng, -70.0, 8000);
        sound.extend(noise(&mut rng, -40.0, 80_000));
        let heard = heard_ms(&sound, Rate::Narrow);
        assert!((1500..=2000).contains(&heard), "{heard} ms");
    }

    #[test]
    fn tones_with_a_cadence_are_speech_and_steady_ones_soon_are_not() {
        let tone = |ms: usize| Tone::new(425.0, -15.0, 8000).take(ms * 8);
        let silence = |ms: usize| std::iter::repeat_n(0, ms * 8);
        let busy: Vec<i16> = (0..10).flat_map(|_| tone(500).chain(silence(500))).collect();
        let heard = heard_ms(&busy, Rate::Narrow);
        assert!((6000..7000).contains(&heard), "{heard} ms of 5000 and hangover");
        let steady: Vec<i16> = silence(1000).chain(tone(10_000)).collect();
        assert!(heard_ms(&steady, Rate::Narrow) <= 2000);
    }

    #[test]
    fn what_both_sides_did_adds_up() {
        let mut activity = Activity::default();
        let turns = [([true, false], 50), ([true, true], 5), ([false, true], 30), ([false, false], 100)];
        for (speaks, frames) in turns.into_iter().chain([([true, true], 10), ([false, false], 20)]) {
            for _ in 0..frames {
                activity.push(speaks, FRAME_MS);
            }
        }
        assert_eq!(activity.talk_ms, [1300, 900]);
        assert_eq!((activity.over_talk_ms, activity.over_talks), (300, 2));
        assert_eq!((activity.silence_ms, activity.longest_silence_ms), (2400, 2000));
        assert_eq!(activity.total_ms(), 215 * 20);
    }
}
