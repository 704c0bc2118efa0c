//! From 8000 samples a second to 16 000 and back, by a half-band filter: flat to 3400 Hz, at least 66 dB down from 4500 Hz on.

use serde::{Deserialize, Serialize};

/// Every second tap beside the middle one, in 32 768ths; the others are zero. A sinc of half the band under a Kaiser window of
/// 71 taps with β = 6.8.
const TAPS: [i32; 18] =
    [10_402, -3397, 1956, -1313, 939, -690, 513, -380, 280, -202, 143, -99, 65, -41, 25, -13, 6, -2];
/// The samples on one side of the middle.
pub(crate) type Side = [i16; TAPS.len()];

/// Two samples for each. 2.2 ms behind.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Doubler {
    past: Past,
}

/// One sample for each two. 2.2 ms behind.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Halver {
    /// The first and the second of the pairs.
    firsts: Past,
    seconds: Past,
}

/// The newest samples, each side in the order of time.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Past {
    pub(crate) before: Side,
    pub(crate) after: Side,
}

impl Past {
    pub(crate) fn push(&mut self, sample: i16) {
        self.before.copy_within(1.., 0);
        self.before[TAPS.len() - 1] = self.after[0];
        self.after.copy_within(1.., 0);
        self.after[TAPS.len() - 1] = sample;
    }

    /// The newest sample before the middle.
    pub(crate) const fn middle(&self) -> i16 {
        self.before[TAPS.len() - 1]
    }

    /// What lies in the middle between both sides, halved, in 32 768ths.
    fn between(&self) -> i32 {
        let pairs = self.before.iter().rev().zip(&self.after);
        pairs.zip(TAPS).map(|((before, after), tap)| (i32::from(*before) + i32::from(*after)) * tap).sum()
    }
}

impl Doubler {
    /// Takes a sample.
    pub fn push(&mut self, sample: i16) -> [i16; 2] {
        self.past.push(sample);
        [self.past.middle(), saturate(round(self.past.between(), 14))]
    }
}

impl Halver {
    /// Takes two samples.
    pub fn push(&mut self, [first, second]: [i16; 2]) -> i16 {
        self.firsts.push(first);
        self.seconds.push(second);
        // The middle tap is one half.
        saturate(round(self.firsts.between() + (i32::from(self.seconds.middle()) << 14), 15))
    }
}

pub(crate) const fn round(value: i32, shift: u32) -> i32 {
    (value + (1 << (shift - 1))) >> shift
}

pub(crate) fn saturate(value: i32) -> i16 {
    value.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Tone, rms_dbfs, tone_dbfs};

    const WIDE_HZ: u32 = 16_000;
    const NARROW_HZ: u32 = 8000;

    fn halved(samples: &[i16]) -> Vec<i16> {
        let mut halver = Halver::default();
        samples.as_chunks().0.iter().map(|pair| halver.push(*pair)).collect()
    }

    fn doubled(samples: &[i16]) -> Vec<i16> {
        let mut doubler = Doubler::default();
        samples.iter().flat_map(|sample| doubler.push(*sample)).collect()
    }

    fn tone(hz: f64, rate_hz: u32) -> Vec<i16> {
        Tone::new(hz, -6.0, rate_hz).take(rate_hz as usize).collect()
    }

    #[test]
    fn what_a_telephone_passes_keeps_its_level_both_ways() {
        for hz in [50.0, 300.0, 1000.0, 2000.0, 3400.0] {
            let narrow = halved(&tone(hz, WIDE_HZ));
            assert!((tone_dbfs(&narrow[400..], hz, NARROW_HZ) + 6.0).abs() < 0.05, "{hz} Hz halved");
            let wide = doubled(&tone(hz, NARROW_HZ));
            assert!((tone_dbfs(&wide[400..], hz, WIDE_HZ) + 6.0).abs() < 0.05, "{hz} Hz doubled");
        }
    }

    #[test]
    fn nothing_is_mirrored_above_minus_66_decibels() {
        for hz in (4500..8000).step_by(250).map(f64::from) {
            let narrow = halved(&tone(hz, WIDE_HZ));
            assert!(rms_dbfs(&narrow[400..]) < -66.0, "{hz} Hz leaves {} dBFS", rms_dbfs(&narrow[400..]));
        }
        for hz in [300.0, 1000.0, 2000.0, 3400.0] {
            let image = tone_dbfs(&doubled(&tone(hz, NARROW_HZ))[400..], f64::from(NARROW_HZ) - hz, WIDE_HZ);
            assert!(image < -66.0, "{hz} Hz has an image of {image} dBFS");
        }
    }

    #[test]
    fn full_scale_does_not_wrap() {
        let square: Vec<i16> =
            (0..8000).map(|at| if at / 20 % 2 == 0 { i16::MAX } else { i16::MIN }).collect();
        for heard in [halved(&square), doubled(&square)] {
            let jumps =
                heard.windows(2).filter(|pair| (i32::from(pair[0]) - i32::from(pair[1])).abs() > 60_000);
            assert_eq!(jumps.count(), 0);
        }
    }
}
