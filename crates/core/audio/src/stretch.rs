//! Makes a sound shorter or longer by one pitch period without moving its pitch: what a jitter buffer that holds too much or too little
//! needs (WSOLA; NetEq of WebRTC calls it accelerate and preemptive expand).
//!
//! Only where nobody hears it: where the sound is nearly the same a period later, where it is quiet, or where the caller says
//! that nobody speaks. 30 ms cost about 4 µs at 8 kHz and 5 µs at 16 kHz. Why it is ours:
//! docs/adr/0014.

use crate::pitch::{PERIOD_MAX_MS, PERIOD_MIN_MS, Period, period};
use crate::{Rate, nearest, rms_dbfs};

/// How alike a sound must be to itself.
const LIKENESS_MIN: f32 = 0.9;
/// A sound below this level, in dBFS, is quiet.
const QUIET_DBFS: f64 = -50.0;

/// Takes 5 to 15 ms out of a sound, and says how many samples: what is left stands in `samples[..samples.len() - taken]`. Zero if
/// it would be heard, or if there are less than 10 ms; with less than 30 ms, high voices only can be shortened.
/// `is_pause` says that nobody speaks, so that there is no pitch to mind.
#[must_use]
pub fn shorten(samples: &mut [i16], rate: Rate, is_pause: bool) -> usize {
    let Some((period, compared)) = place(samples, rate, is_pause) else { return 0 };
    let begin = samples.len() - compared;
    let blend = Blend::new(period, compared);
    for at in begin..samples.len() {
        samples[at - period.samples] = blend.mixed(samples[at - period.samples], samples[at], at - begin);
    }
    period.samples
}

/// Puts 5 to 15 ms into the sound in `samples[..length]`, and says how many samples: it is `samples[..length + put]` then. Zero if it
/// would be heard, if there are less than 10 ms, or if the slice has no room for 15 ms more. `is_pause` as for [`shorten`].
#[must_use]
pub fn lengthen(samples: &mut [i16], length: usize, rate: Rate, is_pause: bool) -> usize {
    if samples.len() < length + rate.samples(PERIOD_MAX_MS) {
        return 0;
    }
    let Some((period, compared)) = place(&samples[..length], rate, is_pause) else { return 0 };
    samples.copy_within(length - period.samples..length, length);
    let begin = length - compared;
    let blend = Blend::new(period, compared);
    // Backwards, since what is a period before is needed as it was.
    for at in (begin..length).rev() {
        samples[at] = blend.mixed(samples[at], samples[at - period.samples], at - begin);
    }
    period.samples
}

/// The period that may be taken out or put in, and over how many samples at the end it was compared.
fn place(samples: &[i16], rate: Rate, is_pause: bool) -> Option<(Period, usize)> {
    let longest = rate.samples(PERIOD_MAX_MS).min(samples.len() / 2);
    if longest < rate.samples(PERIOD_MIN_MS) {
        return None;
    }
    let compared = (samples.len() - longest).min(rate.samples(PERIOD_MAX_MS));
    let found = period(samples, compared, longest, rate);
    let is_unheard = is_pause || found.likeness >= LIKENESS_MIN || rms_dbfs(samples) < QUIET_DBFS;
    is_unheard.then_some((found, compared))
}

/// Goes from one sound over into another that is more or less like it.
struct Blend {
    likeness: f32,
    length: f32,
}

impl Blend {
    fn new(period: Period, length: usize) -> Self {
        Self { likeness: period.likeness.clamp(0.0, 1.0), length: (length + 1) as f32 }
    }

    /// Two sounds with nothing in common, each at half, are 3 dB weaker than one: the level is kept.
    fn mixed(&self, one: i16, other: i16, at: usize) -> i16 {
        let share = (at + 1) as f32 / self.length;
        let rest = 1.0 - share;
        let power = share * share + rest * rest + 2.0 * self.likeness * share * rest;
        let sum = f32::from(one) * rest + f32::from(other) * share;
        nearest(sum / power.sqrt())
    }
}

#[cfg(test)]
mod tests {
    use hotline_base::Rng;
    use proptest::prelude::*;

    use super::*;
    use crate::tests::{noise, speech};
    use crate::{Tone, tone_dbfs};

    const RATES: [Rate; 2] = [Rate::Narrow, Rate::Wide];

    /// Each 40 ms shortened or lengthened where it goes, with how many samples were put in or, below zero, taken out.
    fn stretched(sound: &[i16], rate: Rate, is_longer: bool, is_pause: bool) -> (Vec<i16>, isize) {
        let (mut heard, mut moved) = (Vec::new(), 0);
        for window in sound.chunks(rate.samples(40)) {
            let mut buffer = vec![0; rate.samples(60)];
            buffer[..window.len()].copy_from_slice(window);
            let length = if is_longer {
                window.len() + lengthen(&mut buffer, window.len(), rate, is_pause)
            } else {
                window.len() - shorten(&mut buffer[..window.len()], rate, is_pause)
            };
            moved += length as isize - window.len() as isize;
            heard.extend_from_slice(&buffer[..length]);
        }
        (heard, moved)
    }

    fn steepest(sound: &[i16]) -> i32 {
        let steps = sound.windows(2).map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs());
        steps.max().unwrap()
    }

    #[test]
    fn a_tone_keeps_its_pitch_and_its_level_without_a_click() {
        for rate in RATES {
            for hz in [150.0, 440.0, 1000.0] {
                let sound: Vec<i16> = Tone::new(hz, -10.0, rate.hz()).take(rate.samples(2000)).collect();
                for is_longer in [false, true] {
                    let (heard, moved) = stretched(&sound, rate, is_longer, false);
                    assert_eq!(heard.len() as isize - sound.len() as isize, moved);
                    let least = rate.samples(2000) as isize / 10;
                    assert!(if is_longer { moved > least } else { moved < -least }, "{moved} samples");
                    // A fifth of a second tells 5 Hz apart.
                    for part in heard.chunks_exact(rate.samples(200)) {
                        let level = tone_dbfs(part, hz, rate.hz());
                        assert!((level + 10.0).abs() < 0.5, "{hz} Hz at {rate:?}: {level} dBFS");
                    }
                    assert!(steepest(&heard) < steepest(&sound) * 9 / 8, "{hz} Hz at {rate:?} clicks");
                }
            }
        }
    }

    /// The median of the periods where a voice sounds, in milliseconds.
    fn pitch_ms(sound: &[i16], rate: Rate) -> f64 {
        let mut found: Vec<usize> = sound
            .chunks_exact(rate.samples(40))
            .map(|part| period(part, rate.samples(20), rate.samples(PERIOD_MAX_MS), rate))
            .filter(|period| period.likeness > 0.9)
            .map(|period| period.samples)
            .collect();
        found.sort_unstable();
        found[found.len() / 2] as f64 / rate.samples(1) as f64
    }

    #[test]
    fn speech_keeps_its_pitch_and_has_no_click() {
        let text =
            "Your call is important to us. All our agents are busy; somebody will be with you in a moment.";
        for rate in RATES {
            for voice in ["en-us", "en-gb+f3"] {
                let sound = speech(voice, text, rate);
                let pitch = pitch_ms(&sound, rate);
                for is_longer in [false, true] {
                    let (heard, moved) = stretched(&sound, rate, is_longer, false);
                    assert_eq!(heard.len() as isize - sound.len() as isize, moved);
                    let share = moved.unsigned_abs() as f64 / sound.len() as f64;
                    assert!((0.05..0.4).contains(&share), "{voice} at {rate:?}: {share} of it");
                    let off = pitch_ms(&heard, rate) / pitch - 1.0;
                    assert!(off.abs() < 0.06, "{voice} at {rate:?}: {off}");
                    assert!((rms_dbfs(&heard) - rms_dbfs(&sound)).abs() < 1.0);
                    assert!(steepest(&heard) <= steepest(&sound) * 9 / 8, "{voice} at {rate:?} clicks");
                }
            }
        }
    }

    #[test]
    fn noise_is_left_alone_unless_it_is_quiet_or_a_pause() {
        let mut rng = Rng::from_number(1);
        for rate in RATES {
            for (dbfs, is_pause, moves) in [(-20.0, false, false), (-20.0, true, true), (-60.0, false, true)]
            {
                let sound: Vec<i16> = noise(&mut rng, dbfs, rate.samples(4000));
                for is_longer in [false, true] {
                    let (heard, moved) = stretched(&sound, rate, is_longer, is_pause);
                    assert_eq!(moved != 0, moves, "{dbfs} dBFS, a pause: {is_pause}");
                    let off = rms_dbfs(&heard) - rms_dbfs(&sound);
                    assert!(off.abs() < 0.5, "{off} dB louder");
                }
            }
        }
    }

    #[test]
    fn too_little_sound_or_room_is_left_alone() {
        for rate in RATES {
            let sound: Vec<i16> = Tone::new(400.0, -10.0, rate.hz()).take(rate.samples(40)).collect();
            for length in [0, 1, rate.samples(10) - 1] {
                let mut short = sound.clone();
                assert_eq!(shorten(&mut short[..length], rate, true), 0);
                assert_eq!(lengthen(&mut short, length, rate, true), 0);
                assert_eq!(short, sound);
            }
            let mut full = sound.clone();
            assert_eq!(lengthen(&mut full, rate.samples(30), rate, false), 0);
            assert_eq!(full, sound);
            assert!(lengthen(&mut full, rate.samples(25), rate, false) > 0);
            let mut frame = sound;
            assert!(shorten(&mut frame[..rate.samples(20)], rate, false) > 0);
        }
    }
    proptest! {
        /// Whatever sounds: the beginning stays, and so does the end.
        #[test]
        fn any_window_keeps_its_beginning_and_its_end(
            wide in any::<bool>(),
            sound in prop::collection::vec(any::<i16>(), 1..1500),
        ) {
            let rate = if wide { Rate::Wide } else { Rate::Narrow };
            let mut shorter = sound.clone();
            let taken = shorten(&mut shorter, rate, true);
            let mut longer = sound.clone();
            longer.resize(sound.len() + rate.samples(PERIOD_MAX_MS), 0);
            let put = lengthen(&mut longer, sound.len(), rate, true);
            prop_assert!(taken <= rate.samples(PERIOD_MAX_MS) && put <= rate.samples(PERIOD_MAX_MS));
            prop_assert_eq!(sound[0], longer[0]);
            prop_assert_eq!(sound[sound.len() - 1], longer[sound.len() + put - 1]);
            prop_assert!(taken == 0 || sound.len() >= rate.samples(10));
        }
    }
}
