//! From and to 48 000 samples a second, and whole sounds from any usual rate.
//!
//! A stream goes between 48 and 16 kHz by a third-band filter: flat to 7000 Hz, at least 66 dB down from 9000 Hz on. To 8 kHz and
//! back it takes the half-band filter as well. 20 ms cost about 7 µs down to 16 kHz and 8 µs up.
//!
//! A whole sound is computed at once with a filter made for its rate. The crate `rubato` resamples too; the state of its streams cannot be
//! saved, and it is behind more (docs/adr/0014).

use core::f64::consts::PI;

use serde::{Deserialize, Serialize};

use crate::halfband::{Past, round, saturate};
use crate::{Rate, nearest};

/// A sinc of a third of the band under a Kaiser window of 107 taps with β = 6.8, in 16 384ths of a third: the taps at a distance of
/// 1, 4, 7 … from the middle one, and those at 2, 5, 8 …; those at 3, 6, 9 … are zero.
const NEAR: [i32; 18] =
    [13_535, -3329, 1836, -1216, 867, -639, 478, -358, 267, -196, 142, -100, 68, -45, 28, -16, 9, -4];
const FAR: [i32; 18] =
    [6746, -2638, 1580, -1080, 781, -580, 434, -325, 241, -176, 126, -88, 60, -39, 24, -13, 7, -3];

/// Three samples for each: 16 kHz becomes 48 kHz. 1.1 ms behind.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Tripler {
    past: Past,
}

/// One sample for each three: 48 kHz becomes 16 kHz. 1.1 ms behind.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Thirder {
    /// The first, the middle and the last ones of the threes.
    firsts: Past,
    middles: Past,
    lasts: Past,
    /// The newest last one, which has no place among the others yet.
    last: i16,
}

impl Tripler {
    /// Takes a sample.
    pub fn push(&mut self, sample: i16) -> [i16; 3] {
        self.past.push(sample);
        let Past { before, after } = &self.past;
        let second = weighed(before.iter().rev(), &NEAR) + weighed(after.iter(), &FAR);
        let third = weighed(before.iter().rev(), &FAR) + weighed(after.iter(), &NEAR);
        [self.past.middle(), saturate(round(second, 14)), saturate(round(third, 14))]
    }
}

impl Thirder {
    /// Takes three samples.
    pub fn push(&mut self, [first, middle, last]: [i16; 3]) -> i16 {
        self.firsts.push(first);
        self.middles.push(middle);
        self.lasts.push(core::mem::replace(&mut self.last, last));
        let near = weighed(self.firsts.before.iter().rev(), &NEAR) + weighed(self.lasts.after.iter(), &NEAR);
        let far = weighed(self.lasts.before.iter().rev(), &FAR) + weighed(self.firsts.after.iter(), &FAR);
        // Each sum fits for itself only.
        let sum = i64::from(near) + i64::from(far) + (i64::from(self.middles.middle()) << 14);
        saturate(((sum + (3 << 13)).div_euclid(3 << 14)) as i32)
    }
}

fn weighed<'s>(samples: impl Iterator<Item = &'s i16>, taps: &[i32; 18]) -> i32 {
    samples.zip(taps).map(|(sample, tap)| i32::from(*sample) * tap).sum()
}

/// The rates of the files that people have.
const FILE_RATES_HZ: [u32; 9] = [8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];
/// How far the filter of a whole sound reaches to each side, in samples of the slower rate.
const REACH: f64 = 18.0;
const BETA: f64 = 6.8;

/// A whole sound at another rate, as long as before and not behind it; `None` if `from_hz` is not one of 8000, 11 025, 12 000, 16 000,
/// 22 050, 24 000, 32 000, 44 100 and 48 000. Flat to seven eighths of the slower rate's band, at least 66 dB down as far above it.
/// For files: it allocates, and a second from 44.1 to 8 kHz costs about 1.4 ms.
#[must_use]
pub fn resampled(samples: &[i16], from_hz: u32, to: Rate) -> Option<Vec<i16>> {
    if !FILE_RATES_HZ.contains(&from_hz) {
        return None;
    }
    if from_hz == to.hz() {
        return Some(samples.to_vec());
    }
    let (from, to_hz) = (u64::from(from_hz), u64::from(to.hz()));
    let filters = Filters::new(from_hz, to.hz());
    let length = (samples.len() as u64 * to_hz).div_ceil(from);
    // Silence before and after, so that every filter has its samples.
    let margin = vec![0.0; filters.side];
    let padded: Vec<f32> =
        [margin.clone(), samples.iter().map(|sample| f32::from(*sample)).collect(), margin].concat();
    let sample = |at: u64| {
        let (begin, phase) = (at * from / to_hz, at * from % to_hz / filters.step_hz);
        let window = &padded[begin as usize..][..2 * filters.side];
        nearest(filters.phase(phase as usize, window))
    };
    Some((0..length).map(sample).collect())
}

/// One filter for each place that a sample can have between two others.
struct Filters {
    taps: Vec<f32>,
    /// Samples on each side.
    side: usize,
    /// The greatest rate that divides both.
    step_hz: u64,
}

impl Filters {
    fn new(from_hz: u32, to_hz: u32) -> Self {
        let (mut step_hz, mut rest) = (from_hz, to_hz);
        while rest > 0 {
            (step_hz, rest) = (rest, step_hz % rest);
        }
        let phases = to_hz / step_hz;
        let slower = f64::from(to_hz).min(f64::from(from_hz)) / f64::from(from_hz);
        // A multiple of eight, which the sums below are made of.
        let side = ((REACH / slower).ceil() as usize + 1).next_multiple_of(4);
        let mut taps = Vec::with_capacity(phases as usize * 2 * side);
        for phase in 0..phases {
            let middle = (side - 1) as f64 + f64::from(phase) / f64::from(phases);
            let row: Vec<f64> =
                (0..2 * side).map(|at| tap((at as f64 - middle) * slower, REACH + slower)).collect();
            let sum: f64 = row.iter().sum();
            taps.extend(row.iter().map(|tap| (tap / sum) as f32));
        }
        Self { taps, side, step_hz: u64::from(step_hz) }
    }

    fn phase(&self, phase: usize, window: &[f32]) -> f32 {
        let taps = &self.taps[phase * window.len()..][..window.len()];
        let mut sums = [0.0; 8];
        for (samples, taps) in window.as_chunks::<8>().0.iter().zip(taps.as_chunks::<8>().0) {
            for ((sum, sample), tap) in sums.iter_mut().zip(samples).zip(taps) {
                *sum += sample * tap;
            }
        }
        sums.iter().sum()
    }
}

/// A sinc under a Kaiser window.
fn tap(at: f64, reach: f64) -> f64 {
    let inside = 1.0 - (at / reach).powi(2);
    if inside <= 0.0 {
        return 0.0;
    }
    let sinc = if at.abs() < 1e-9 { 1.0 } else { (PI * at).sin() / (PI * at) };
    sinc * bessel(BETA * inside.sqrt()) / bessel(BETA)
}

/// The modified Bessel function of order zero.
fn bessel(x: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..40 {
        term *= (x / 2.0 / f64::from(k)).powi(2);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Doubler, Halver, Tone, rms_dbfs, tone_dbfs};

    const FAST_HZ: u32 = 48_000;

    fn tone(hz: f64, rate_hz: u32) -> Vec<i16> {
        Tone::new(hz, -6.0, rate_hz).take(rate_hz as usize).collect()
    }

    fn thirded(samples: &[i16]) -> Vec<i16> {
        let mut thirder = Thirder::default();
        samples.as_chunks().0.iter().map(|three| thirder.push(*three)).collect()
    }

    fn tripled(samples: &[i16]) -> Vec<i16> {
        let mut tripler = Tripler::default();
        samples.iter().flat_map(|sample| tripler.push(*sample)).collect()
    }

    fn halved(samples: &[i16]) -> Vec<i16> {
        let mut halver = Halver::default();
        samples.as_chunks().0.iter().map(|pair| halver.push(*pair)).collect()
    }

    fn doubled(samples: &[i16]) -> Vec<i16> {
        let mut doubler = Doubler::default();
        samples.iter().flat_map(|sample| doubler.push(*sample)).collect()
    }

    fn keeps(samples: &[i16], hz: f64, rate_hz: u32) {
        let level = tone_dbfs(&samples[800..], hz, rate_hz);
        assert!((level + 6.0).abs() < 0.05, "{hz} Hz at {level} dBFS with {rate_hz} Hz");
    }

    #[test]
    fn what_both_rates_have_keeps_its_level() {
        for hz in [50.0, 300.0, 1000.0, 3400.0, 5000.0, 7000.0] {
            keeps(&thirded(&tone(hz, FAST_HZ)), hz, 16_000);
            keeps(&tripled(&tone(hz, 16_000)), hz, FAST_HZ);
        }
        for hz in [50.0, 300.0, 1000.0, 3400.0] {
            keeps(&halved(&thirded(&tone(hz, FAST_HZ))), hz, 8000);
            keeps(&tripled(&doubled(&tone(hz, 8000))), hz, FAST_HZ);
        }
    }

    #[test]
    fn nothing_is_mirrored_above_minus_66_decibels() {
        for hz in (9000..24_000).step_by(250).map(f64::from) {
            let slow = thirded(&tone(hz, FAST_HZ));
            assert!(rms_dbfs(&slow[400..]) < -66.0, "{hz} Hz leaves {} dBFS", rms_dbfs(&slow[400..]));
        }
        for hz in [300.0, 1000.0, 3400.0, 7000.0] {
            let fast = tripled(&tone(hz, 16_000));
            for image in [16_000.0 - hz, 16_000.0 + hz] {
                let level = tone_dbfs(&fast[400..], image, FAST_HZ);
                assert!(level < -66.0, "{hz} Hz has an image of {level} dBFS");
            }
        }
    }

    #[test]
    fn full_scale_does_not_wrap() {
        let square: Vec<i16> =
            (0..8000).map(|at| if at / 60 % 2 == 0 { i16::MAX } else { i16::MIN }).collect();
        for heard in [thirded(&square), tripled(&square), resampled(&square, 44_100, Rate::Wide).unwrap()] {
            let jumps =
                heard.windows(2).filter(|pair| (i32::from(pair[0]) - i32::from(pair[1])).abs() > 65_000);
            assert_eq!(jumps.count(), 0);
        }
    }

    #[test]
    fn whole_sounds_keep_their_length_and_what_both_rates_have() {
        for from_hz in FILE_RATES_HZ {
            for to in [Rate::Narrow, Rate::Wide] {
                let band = f64::from(from_hz.min(to.hz())) / 2.0;
                for hz in [300.0, 1000.0, (band * 0.85).floor()] {
                    let heard = resampled(&tone(hz, from_hz), from_hz, to).unwrap();
                    assert_eq!(heard.len(), to.hz() as usize, "a second of {from_hz} Hz");
                    keeps(&heard, hz, to.hz());
                    let clean = rms_dbfs(&heard[800..heard.len() - 800]);
                    assert!((clean + 6.0).abs() < 0.05, "{hz} Hz of {from_hz} Hz with others: {clean} dBFS");
                }
                let above = (band * 1.125).ceil() + 1.0;
                if above < f64::from(from_hz) / 2.0 {
                    let heard = resampled(&tone(above, from_hz), from_hz, to).unwrap();
                    let rest = rms_dbfs(&heard[800..heard.len() - 800]);
                    assert!(rest < -66.0, "{above} Hz of {from_hz} Hz leaves {rest} dBFS");
                }
            }
        }
        assert_eq!(resampled(&[], 44_100, Rate::Narrow), Some(Vec::new()));
        assert_eq!(resampled(&[0; 10], 44_099, Rate::Narrow), None);
    }

    #[test]
    fn a_whole_sound_is_not_moved() {
        let mut click = vec![0; 4800];
        click[2400] = i16::MAX;
        let heard = resampled(&click, FAST_HZ, Rate::Wide).unwrap();
        let (at, _) = heard.iter().enumerate().max_by_key(|(_, sample)| **sample).unwrap();
        assert_eq!(at, 800);
    }
}
