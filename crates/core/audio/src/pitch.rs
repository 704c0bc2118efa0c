//! How far a sound is like itself: the pitch period by normalised cross-correlation (ITU-T G.711 Appendix I §I.2.2).

use crate::Rate;

/// The shortest and the longest period, of 200 and of 66 Hz.
pub(crate) const PERIOD_MIN_MS: usize = 5;
pub(crate) const PERIOD_MAX_MS: usize = 15;
/// What is compared at most, in samples at 16 kHz.
const COMPARED_MAX: usize = 320;
/// What the first look at a sound sees of a millisecond, and the room for the longest period and what is compared.
const COARSE_PER_MS: usize = 4;
const COARSE_MAX: usize = (COMPARED_MAX / 16 + PERIOD_MAX_MS) * COARSE_PER_MS;

/// How much less alike than the best a period may look at first: those between are looked at closely.
const COARSE_OFF: f32 = 0.1;

/// The period at which a sound is most like itself.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Period {
    /// In samples.
    pub(crate) samples: usize,
    /// 1 for the same, 0 for nothing in common and for silence.
    pub(crate) likeness: f32,
}

/// Compares the end of `sound`, `compared` samples of it, with what was a period before, for all periods up to
/// `longest`.
pub(crate) fn period(sound: &[i16], compared: usize, longest: usize, rate: Rate) -> Period {
    debug_assert!(compared <= COMPARED_MAX && compared + longest <= sound.len());
    let (shortest, step) = (rate.samples(PERIOD_MIN_MS), rate.per_ms() / COARSE_PER_MS);
    // First among the means of a few samples, then between them.
    let mut coarse = [0; COARSE_MAX];
    let used = &sound[sound.len() - (compared + longest) / step * step..];
    let coarse = &mut coarse[..used.len() / step];
    for (mean, samples) in coarse.iter_mut().zip(used.chunks_exact(step)) {
        let sum: i32 = samples.iter().copied().map(i32::from).sum();
        *mean = (sum / step as i32) as i16;
    }
    let mut likenesses = [0.0; PERIOD_MAX_MS * COARSE_PER_MS + 1];
    let periods = shortest / step..=longest / step;
    for (likeness, period) in likenesses.iter_mut().zip(periods.clone()) {
        *likeness = at(coarse, compared / step, period).likeness;
    }
    let most = likenesses.iter().copied().fold(0.0, f32::max);
    let near = periods.zip(likenesses).filter(|(_, likeness)| *likeness >= most - COARSE_OFF);
    let between = near.flat_map(|(period, _)| period * step - step / 2..(period + 1) * step - step / 2);
    between.filter(|period| (shortest..=longest).contains(period)).fold(
        Period { samples: longest, likeness: 0.0 },
        |best, period| {
            let next = at(sound, compared, period);
            if next.likeness > best.likeness { next } else { best }
        },
    )
}

fn at(sound: &[i16], compared: usize, samples: usize) -> Period {
    let newest = sound.len() - compared;
    Period { samples, likeness: likeness(&sound[newest..], &sound[newest - samples..][..compared]) }
}

/// The normalised cross-correlation of two sounds of one length.
fn likeness(one: &[i16], other: &[i16]) -> f32 {
    // Eight sums beside each other, which the processor adds at once; sums of integers would need 64 bits.
    let mut sums = [[0.0_f32; 8]; 3];
    let (chunks, rest) = one.as_chunks::<8>();
    let (other_chunks, other_rest) = other.as_chunks::<8>();
    for (one, other) in chunks.iter().zip(other_chunks) {
        add(&mut sums, one, other);
    }
    let mut last = ([0; 8], [0; 8]);
    last.0[..rest.len()].copy_from_slice(rest);
    last.1[..other_rest.len()].copy_from_slice(other_rest);
    add(&mut sums, &last.0, &last.1);
    let [product, energy, other_energy] = sums.map(|sums| sums.iter().sum::<f32>());
    // Products of whole numbers: less than one is none.
    product / (energy * other_energy).sqrt().max(1.0)
}

fn add(sums: &mut [[f32; 8]; 3], one: &[i16; 8], other: &[i16; 8]) {
    for lane in 0..8 {
        let (one, other) = (f32::from(one[lane]), f32::from(other[lane]));
        sums[0][lane] += one * other;
        sums[1][lane] += one * one;
        sums[2][lane] += other * other;
    }
}

/// What lies between two samples: all of `one` at 0, all of `other` at `of`.
pub(crate) fn mixed(one: i16, other: i16, at: usize, of: usize) -> i16 {
    debug_assert!(at <= of && of > 0 && of <= 1 << 15);
    let sum = i32::from(one) * (of - at) as i32 + i32::from(other) * at as i32;
    (sum / of as i32) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tone;

    #[test]
    fn the_period_of_a_voice_is_found() {
        for rate in [Rate::Narrow, Rate::Wide] {
            for hz in [70.0, 100.0, 123.0, 180.0] {
                let harmonics = [1.0, 2.0, 5.0, 9.0];
                let tones: Vec<Vec<i16>> = harmonics
                    .map(|n| Tone::new(hz * n, -20.0, rate.hz()).take(rate.samples(40)).collect())
                    .into();
                let sound: Vec<i16> =
                    (0..rate.samples(40)).map(|at| tones.iter().map(|tone| tone[at]).sum()).collect();
                let longest = rate.samples(PERIOD_MAX_MS);
                let found = period(&sound, rate.samples(20), longest, rate);
                let samples = f64::from(rate.hz()) / hz;
                // A high voice has two periods in the longest.
                let off = [1.0, 2.0].map(|n| (found.samples as f64 - n * samples).abs());
                assert!(off.iter().any(|off| *off < 1.0), "{hz} Hz: {found:?}");
                assert!(found.likeness > 0.9, "{hz} Hz: {found:?}");
            }
        }
    }

    #[test]
    fn silence_is_like_nothing_and_full_scale_is_like_itself() {
        let longest = Rate::Wide.samples(PERIOD_MAX_MS);
        assert_eq!(period(&[0; 640], 320, longest, Rate::Wide).likeness, 0.0);
        let found = period(&[i16::MIN; 640], 320, longest, Rate::Wide);
        assert!((found.likeness - 1.0).abs() < 1e-3, "{found:?}");
    }
}
