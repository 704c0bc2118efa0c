//! How loud speech is brought to: live, frame by frame, and for a whole prompt.
//!
//! Levels are those of active speech, pauses left out, as [`rms_dbfs`](crate::rms_dbfs) gives them. Nothing is brought above −1 dBFS, so
//! that nothing wraps and no codec has to clip. A 20 ms frame costs about 0.6 µs at 8 kHz and 1.2 µs at 16 kHz; a second
//! of a prompt 50 and 100 µs. Why it is ours: docs/adr/0014.

use serde::{Deserialize, Serialize};

use crate::voice::{Detector, FRAME_MS, power};
use crate::{Rate, SILENCE_DBFS, nearest};

/// The highest peak: −1 dBFS.
const PEAK_MAX: f32 = 29_204.0;
/// Full scale of a sine as a mean square.
const FULL_SCALE: f32 = 32_768.0 * 32_768.0 / 2.0;
/// What is so much weaker than the speech is a pause (ITU-T P.56 has 15.9 dB), as power.
const PAUSE: f32 = 0.025;

/// The least gain, and how much a frame may add or take: −20 dB, 0.12 dB (6 dB a second), −1 dB (50 dB a second).
const GAIN_MIN: f32 = 0.1;
const RISE: f32 = 1.014;
const FALL: f32 = 0.891;
/// The share that a frame has in the level of the speech: of a second, and of 200 ms where it is 9 dB louder.
const SHARE: f32 = 0.02;
const LOUD_SHARE: f32 = 0.1;
const LOUD: f32 = 8.0;
/// Speech of so many frames is a level that can be relied on.
const FRAMES_MIN: u32 = 5;
/// The noise of a line is not brought above −50 dBFS, as a mean square.
const NOISE_MAX: f32 = 5369.0;
/// A peak is met within so many parts of a frame, 2.5 ms; what it took comes back by 1 dB a frame.
const LIMIT_PART: usize = 8;
const LIMIT_RISE: f32 = 1.122;

/// Brings one side's speech to a level while it speaks. In pauses the gain stays as it is: noise is not pumped up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AutomaticGain {
    detector: Detector,
    /// As mean squares.
    target: f32,
    speech: f32,
    /// Frames of speech heard, up to those that have their share in the level.
    frames: u32,
    gain_max: f32,
    /// What the level asks for, and what the last frame ended with: less after a peak.
    gain: f32,
    applied: f32,
}

impl AutomaticGain {
    /// Speech is brought to `target_dbfs` (−60 to −3; −20 is usual), weak speech with at most `gain_max_db` (0 to 40).
    #[must_use]
    pub fn new(target_dbfs: f64, gain_max_db: f64) -> Self {
        let gain_max = 10_f64.powf(gain_max_db.clamp(0.0, 40.0) / 20.0) as f32;
        let target = FULL_SCALE * 10_f64.powf(target_dbfs.clamp(-60.0, -3.0) / 10.0) as f32;
        Self {
            detector: Detector::default(),
            target,
            speech: target,
            frames: 0,
            gain_max,
            gain: 1.0,
            applied: 1.0,
        }
    }

    /// Takes a frame of 20 ms at any rate.
    pub fn apply(&mut self, frame: &mut [i16]) {
        self.detector.push(frame);
        if self.detector.is_loud() {
            self.hear(power(frame));
        }
        if self.detector.is_loud() && self.frames >= FRAMES_MIN {
            let quiet = (NOISE_MAX / self.detector.noise().max(1.0)).sqrt().max(1.0);
            let wanted = (self.target / self.speech).sqrt().clamp(GAIN_MIN, self.gain_max.min(quiet));
            self.gain = wanted.clamp(self.gain * FALL, self.gain * RISE);
        }
        let before = self.applied;
        let peak = frame.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
        let highest = PEAK_MAX / f32::from(peak.max(1));
        self.applied = self.gain.min(before * LIMIT_RISE).min(highest);
        // A peak has to be met sooner than a level.
        let ramp = if before > highest { frame.len() / LIMIT_PART } else { frame.len() };
        let step = (self.applied - before) / ramp.max(1) as f32;
        for (at, sample) in frame.iter_mut().enumerate() {
            let gain = before + step * (at + 1).min(ramp) as f32;
            *sample = limited(f32::from(*sample) * gain);
        }
    }

    /// The gain that the last frame ended with, in decibels.
    #[must_use]
    pub fn gain_db(&self) -> f32 {
        20.0 * self.applied.log10()
    }

    fn hear(&mut self, power: f32) {
        if self.frames >= FRAMES_MIN && power < self.speech * PAUSE {
            return;
        }
        self.frames = (self.frames + 1).min((1.0 / SHARE) as u32);
        let is_louder = self.frames >= FRAMES_MIN && power > self.speech * LOUD;
        let share = 1.0 / self.frames as f32;
        self.speech += (power - self.speech) * if is_louder { share.max(LOUD_SHARE) } else { share };
    }
}

/// The level of the speech in a whole sound: of what is less than 16 dB below the mean of what is above −60 dBFS. [`SILENCE_DBFS`]
/// if nothing is.
#[must_use]
pub fn active_dbfs(samples: &[i16], rate: Rate) -> f64 {
    // −60 dBFS as a mean square.
    let all = active_power(samples, rate, FULL_SCALE * 1e-6);
    let speech = active_power(samples, rate, (all * PAUSE).max(FULL_SCALE * 1e-6));
    if speech > 0.0 { f64::from(10.0 * (speech / FULL_SCALE).log10()) } else { SILENCE_DBFS }
}

/// The mean square of the frames above one.
fn active_power(samples: &[i16], rate: Rate, least: f32) -> f32 {
    let frames = samples.chunks(rate.samples(FRAME_MS as usize)).map(power).filter(|power| *power >= least);
    let (sum, count) = frames.fold((0.0, 0), |(sum, count), power| (sum + power, count + 1));
    sum / count.max(1) as f32
}

/// A prompt is brought up by no more: 40 dB.
const NORMAL_GAIN_MAX_DB: f64 = 40.0;
/// The gain falls towards a peak and rises after it: times two in so long.
const PEAK_FALL_MS: usize = 5;
const PEAK_RISE_MS: usize = 50;

/// Brings the speech of a whole sound to `target_dbfs`, and peaks that would go above −1 dBFS down. The gain in decibels; silence
/// stays as it is. For files: it allocates.
pub fn normalize(samples: &mut [i16], rate: Rate, target_dbfs: f64) -> f64 {
    let active = active_dbfs(samples, rate);
    if active <= SILENCE_DBFS {
        return 0.0;
    }
    let gain_db = (target_dbfs - active).min(NORMAL_GAIN_MAX_DB);
    let gain = 10_f64.powf(gain_db / 20.0) as f32;
    let mut gains: Vec<f32> = samples.iter().map(|sample| gain.min(highest(*sample))).collect();
    let slope = |ms: usize| 2_f32.powf(1.0 / rate.samples(ms) as f32);
    let (fall, rise) = (slope(PEAK_FALL_MS), slope(PEAK_RISE_MS));
    let bounded = |next: &mut f32, gain: f32, slope: f32| {
        *next = next.min(gain * slope);
        *next
    };
    gains.iter_mut().fold(gain, |gain, next| bounded(next, gain, rise));
    gains.iter_mut().rev().fold(gain, |gain, next| bounded(next, gain, fall));
    for (sample, gain) in samples.iter_mut().zip(gains) {
        *sample = limited(f32::from(*sample) * gain);
    }
    gain_db
}

fn highest(sample: i16) -> f32 {
    PEAK_MAX / f32::from(sample.unsigned_abs().max(1))
}

fn limited(sample: f32) -> i16 {
    nearest(sample.clamp(-PEAK_MAX, PEAK_MAX))
}

#[cfg(test)]
mod tests {
    use hotline_base::Rng;

    use super::*;
    use crate::tests::{noise, speech};
    use crate::{Tone, rms_dbfs};

    const RATES: [Rate; 2] = [Rate::Narrow, Rate::Wide];
    const TARGET_DBFS: f64 = -20.0;
    const TEXT: &str = "Hello, I am calling about my order of last week. Two of the five boxes have not arrived, and one of \
                        the others is broken. Could you please send them again? My number is on the paper that came along.";

    fn scaled(sound: &[i16], rate: Rate, dbfs: f64) -> Vec<i16> {
        let gain = 10_f64.powf((dbfs - active_dbfs(sound, rate)) / 20.0);
        sound.iter().map(|sample| (f64::from(*sample) * gain) as i16).collect()
    }

    fn leveled(sound: &[i16], rate: Rate) -> Vec<i16> {
        let mut gain = AutomaticGain::new(TARGET_DBFS, 30.0);
        let mut heard = sound.to_vec();
        heard.chunks_mut(rate.samples(20)).for_each(|frame| gain.apply(frame));
        heard
    }

    fn peak(sound: &[i16]) -> u16 {
        sound.iter().map(|sample| sample.unsigned_abs()).max().unwrap()
    }

    /// Samples whose sign turned over where they were loud.
    fn wraps(sound: &[i16], heard: &[i16]) -> usize {
        let turned = |(sound, heard): &(&i16, &i16)| i32::from(**sound) * i32::from(**heard) < -1000;
        sound.iter().zip(heard).filter(turned).count()
    }

    #[test]
    fn loud_and_soft_speech_end_at_the_target() {
        for rate in RATES {
            for voice in ["en-us", "en-gb+f3"] {
                let once = speech(voice, TEXT, rate);
                for dbfs in [-45.0, -38.0, -30.0, -20.0, -12.0] {
                    let sound = scaled(&once, rate, dbfs).repeat(2);
                    let heard = leveled(&sound, rate);
                    let level = active_dbfs(&heard[once.len()..], rate);
                    // Weak parts of very soft speech are below what counts as speech.
                    let off = if dbfs < -40.0 { 1.5 } else { 0.4 };
                    assert!((level - TARGET_DBFS).abs() < off, "{voice} at {rate:?} of {dbfs}: {level} dBFS");
                    assert!(peak(&heard) <= PEAK_MAX as u16);
                    assert_eq!(wraps(&sound, &heard), 0);
                }
            }
        }
    }

    #[test]
    fn who_is_suddenly_loud_is_brought_down_within_a_second() {
        for rate in RATES {
            let sound = speech("en-us", TEXT, rate);
            let soft = scaled(&sound, rate, -40.0);
            let mut both = soft.clone();
            both.extend(scaled(&sound, rate, -10.0));
            let heard = leveled(&both, rate);
            let level = |from_ms: usize, to_ms: usize| {
                let part = soft.len() + rate.samples(from_ms)..soft.len() + rate.samples(to_ms);
                active_dbfs(&heard[part], rate)
            };
            for (from_ms, to_ms, off) in [(900, 1200, 3.5), (1500, 4000, 2.0)] {
                let level = level(from_ms, to_ms);
                assert!((level - TARGET_DBFS).abs() < off, "{level} dBFS at {rate:?} after {from_ms} ms");
            }
            assert_eq!(wraps(&both, &heard), 0);
        }
    }

    #[test]
    fn silence_and_noise_are_not_pumped_up() {
        let mut rng = Rng::from_number(5);
        for rate in RATES {
            assert_eq!(leveled(&vec![0; rate.samples(5000)], rate), vec![0; rate.samples(5000)]);
            let hiss = noise(&mut rng, -65.0, rate.samples(10_000));
            assert_eq!(leveled(&hiss, rate), hiss);
            // Soft speech, then the noise of the line alone.
            let mut sound = scaled(&speech("en-us", TEXT, rate), rate, -42.0);
            let said = sound.len();
            sound.resize(said + rate.samples(10_000), 0);
            let line = noise(&mut rng, -65.0, sound.len());
            let noisy: Vec<i16> =
                sound.iter().zip(&line).map(|(sound, noise)| sound.saturating_add(*noise)).collect();
            let level = rms_dbfs(&leveled(&noisy, rate)[said + rate.samples(500)..]);
            assert!(level < -48.0, "{level} dBFS of noise at {rate:?}");
        }
    }

    #[test]
    fn a_frame_at_full_scale_is_limited_and_the_next_ones_come_back() {
        for rate in RATES {
            let mut gain = AutomaticGain::new(TARGET_DBFS, 30.0);
            let soft: Vec<i16> = scaled(&speech("en-us", TEXT, rate), rate, -40.0);
            soft.chunks(rate.samples(20)).for_each(|frame| gain.apply(&mut frame.to_vec()));
            let before = gain.gain_db();
            assert!(before > 15.0, "{before} dB");
            let mut frame: Vec<i16> = Tone::new(500.0, 0.0, rate.hz()).take(rate.samples(20)).collect();
            let sound = frame.clone();
            gain.apply(&mut frame);
            assert!(peak(&frame) <= PEAK_MAX as u16);
            assert_eq!(wraps(&sound, &frame), 0);
            assert!(gain.gain_db() < 0.0);
            // Who spoke before is as loud as before after less than a second.
            soft.chunks(rate.samples(20)).take(40).for_each(|frame| gain.apply(&mut frame.to_vec()));
            assert!(gain.gain_db() > before - 3.0, "{} of {before} dB", gain.gain_db());
        }
    }

    #[test]
    fn prompts_are_brought_to_the_target() {
        for rate in RATES {
            for voice in ["en-us", "de+m2", "fr+f2", "cmn+f4"] {
                for dbfs in [-40.0, -33.0, -20.0, -12.0] {
                    let mut sound = scaled(&speech(voice, "1 2 3 4 5 6 7 8 9 10", rate), rate, dbfs);
                    let gain_db = normalize(&mut sound, rate, TARGET_DBFS);
                    let level = active_dbfs(&sound, rate);
                    assert!((level - TARGET_DBFS).abs() < 1.0, "{voice} of {dbfs}: {level} dBFS");
                    assert!((gain_db - (TARGET_DBFS - dbfs)).abs() < 0.5, "{gain_db} dB");
                    assert!(peak(&sound) <= PEAK_MAX as u16);
                }
            }
            let mut silence = vec![3; rate.samples(500)];
            assert_eq!(normalize(&mut silence, rate, TARGET_DBFS), 0.0);
            assert_eq!(silence, vec![3; rate.samples(500)]);
        }
    }

    #[test]
    fn peaks_of_a_prompt_are_brought_down_without_clipping() {
        let rate = Rate::Narrow;
        let mut sound: Vec<i16> = Tone::new(400.0, -30.0, rate.hz()).take(rate.samples(2000)).collect();
        let burst: Vec<i16> = Tone::new(400.0, -6.0, rate.hz()).take(rate.samples(10)).collect();
        sound[rate.samples(1000)..rate.samples(1010)].copy_from_slice(&burst);
        normalize(&mut sound, rate, -10.0);
        assert!(peak(&sound) <= PEAK_MAX as u16);
        // A clipped sine stays at its highest for several samples.
        let highest = sound.windows(2).filter(|pair| pair[0].unsigned_abs() >= 29_000 && pair[0] == pair[1]);
        assert_eq!(highest.count(), 0);
    }
}
