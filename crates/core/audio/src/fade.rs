//! Sounds that begin and end softly where they are cut: a raised cosine of a few milliseconds, so that a prompt that is cut in or off
//! does not click. 5 ms cost about 0.2 µs at 8 kHz.

use core::f32::consts::PI;

use crate::nearest;

/// Lets a sound come in from silence over the whole slice: give the first 5 to 10 ms.
pub fn fade_in(samples: &mut [i16]) {
    fade_in_from(samples, 0, samples.len());
}

/// The part of a fade over `length` samples that begins with its sample `begin`, for a fade that goes over two frames.
pub fn fade_in_from(samples: &mut [i16], begin: usize, length: usize) {
    for (at, sample) in (begin..length).zip(samples) {
        *sample = faded(*sample, at, length);
    }
}

/// Lets a sound go out to silence over the whole slice: give the last 5 to 10 ms.
pub fn fade_out(samples: &mut [i16]) {
    let length = samples.len();
    for (at, sample) in samples.iter_mut().rev().enumerate() {
        *sample = faded(*sample, at, length);
    }
}

fn faded(sample: i16, at: usize, length: usize) -> i16 {
    let share = (at + 1) as f32 / (length + 1) as f32;
    nearest(f32::from(sample) * (0.5 - 0.5 * (PI * share).cos()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Rate, Tone};

    #[test]
    fn a_tone_cut_at_its_peak_does_not_click() {
        for rate in [Rate::Narrow, Rate::Wide] {
            let length = rate.samples(8);
            let mut sound: Vec<i16> = Tone::new(200.0, 0.0, rate.hz()).take(rate.samples(100)).collect();
            // Both ends are at a peak.
            sound.drain(..rate.samples(5) / 4);
            sound.truncate(rate.samples(90));
            let (before, end) = (sound.clone(), sound.len() - length);
            fade_in(&mut sound[..length]);
            fade_out(&mut sound[end..]);
            let padded = [&[0][..], &sound, &[0]].concat();
            let step = padded.windows(2).map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs()).max();
            let steepest =
                before.windows(2).map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs()).max();
            assert!(step <= steepest, "{step:?} for {steepest:?}");
            assert_eq!(sound[length..end], before[length..end]);
        }
    }

    #[test]
    fn a_fade_in_two_parts_is_the_same() {
        let (mut whole, mut parts) = ([10_000; 40], [10_000; 50]);
        fade_in(&mut whole);
        let (first, second) = parts.split_at_mut(13);
        fade_in_from(first, 0, 40);
        fade_in_from(second, 13, 40);
        assert_eq!((&parts[..40], &parts[40..]), (&whole[..], &[10_000; 10][..]));
    }

    #[test]
    fn nothing_and_full_scale_are_faded() {
        fade_in(&mut []);
        let mut sound = [i16::MIN; 79];
        fade_out(&mut sound);
        assert!(sound.is_sorted() && sound[0] < -32_700 && sound[78] > -60, "{sound:?}");
    }
}
