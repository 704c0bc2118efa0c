//! Comfort noise (RFC 3389): what a line that sends nothing while nobody speaks tells of its noise, and a noise like it.
//!
//! 20 ms of noise cost about 0.4 µs at 8 kHz, with a spectrum of ten coefficients 1.4 µs; twice as much at 16 kHz.

use serde::{Deserialize, Serialize};

use crate::{Rate, nearest};

/// RFC 3551 §6: the payload type of comfort noise at 8 kHz; at 16 kHz it is dynamic.
pub const PAYLOAD_TYPE: u8 = 13;
/// The weakest level that a payload can tell, in −dBov.
pub const LEVEL_MAX: u8 = 127;
/// Reflection coefficients beyond these are left out: RFC 3389 §3.2 leaves the order to the sender, Appendix II of G.711 has ten.
pub const ORDER_MAX: usize = 12;

/// The noise of a line.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComfortNoise {
    /// In −dBov: 0 is a square of full scale, 127 is next to nothing (RFC 3389 §3.1).
    pub level: u8,
    /// The reflection coefficients k₁ to kₙ, each between −1 and 1, of which the first `order` are told. Without, the
    /// noise is white.
    reflections: [f32; ORDER_MAX],
    order: u8,
}

impl ComfortNoise {
    /// White noise of so many −dBov.
    #[must_use]
    pub fn white(level: u8) -> Self {
        Self { level: level.min(LEVEL_MAX), reflections: [0.0; ORDER_MAX], order: 0 }
    }

    /// The noise that a frame without speech has, told as white.
    #[must_use]
    pub fn measured(frame: &[i16]) -> Self {
        let energy: f64 = frame.iter().map(|sample| f64::from(*sample).powi(2)).sum();
        let power = energy / frame.len().max(1) as f64 / 32_768_f64.powi(2);
        let level = if power > 0.0 { (-10.0 * power.log10()).round() } else { f64::from(LEVEL_MAX) };
        Self::white(level.clamp(0.0, f64::from(LEVEL_MAX)) as u8)
    }

    /// Reads the payload of a packet (RFC 3389 §3). `None` if it is empty. More than [`ORDER_MAX`] coefficients are cut off, which
    /// leaves a coarser spectrum; one that no noise can have ends them too.
    #[must_use]
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let (level, coefficients) = payload.split_first()?;
        // The highest bit is unused.
        let mut noise = Self::white(level & 0x7f);
        for (known, byte) in noise.reflections.iter_mut().zip(coefficients) {
            // 255 has no meaning.
            if *byte == u8::MAX {
                break;
            }
            *known = f32::from(i16::from(*byte) - 127) * 258.0 / 32_768.0;
            noise.order += 1;
        }
        Some(noise)
    }

    /// Writes the payload of a packet, and says how long it is; 0 if `payload` has no room for it. 1 + [`ORDER_MAX`] bytes always have.
    pub fn write(&self, payload: &mut [u8]) -> usize {
        let reflections = self.reflections();
        let Some(([level, coefficients @ ..], _)) = payload.split_at_mut_checked(1 + reflections.len())
        else {
            return 0;
        };
        *level = self.level.min(LEVEL_MAX);
        for (byte, reflection) in coefficients.iter_mut().zip(reflections) {
            *byte = ((reflection * 32_768.0 / 258.0).round() + 127.0).clamp(0.0, 254.0) as u8;
        }
        1 + reflections.len()
    }

    /// The reflection coefficients that are told.
    #[must_use]
    pub fn reflections(&self) -> &[f32] {
        &self.reflections[..usize::from(self.order)]
    }
}

/// Makes noise, sample by sample. The same seed gives the same noise.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Generator {
    /// Of a linear congruential generator; nobody gains from guessing noise.
    seed: u64,
    noise: ComfortNoise,
    /// What the next sample is made of: the deviation before the filter, the one to come, and the filter's lattice.
    deviation: f32,
    wanted: f32,
    /// How much of the distance is gone with each sample.
    pace: f32,
    lattice: [f32; ORDER_MAX],
}

/// A new level is reached within some 20 ms.
const PACE_MS: usize = 8;

impl Generator {
    /// For a line that is silent so far.
    #[must_use]
    pub fn new(seed: u64, rate: Rate) -> Self {
        let pace = 1.0 / rate.samples(PACE_MS) as f32;
        let noise = ComfortNoise::white(LEVEL_MAX);
        Self { seed, noise, deviation: 0.0, wanted: 0.0, pace, lattice: [0.0; ORDER_MAX] }
    }

    /// The noise to make from here on. The first is there at once, others are approached.
    pub fn set(&mut self, noise: ComfortNoise) {
        self.noise = noise;
        let power = 10_f32.powf(-f32::from(noise.level) / 10.0) * 32_768.0 * 32_768.0;
        // What the filter makes of white noise of one is 1 / ∏(1 − k²).
        let loss: f32 = noise.reflections().iter().map(|reflection| 1.0 - reflection * reflection).product();
        self.wanted = (power * loss).sqrt();
        if self.deviation == 0.0 {
            self.deviation = self.wanted;
        }
    }

    /// Fills a frame.
    pub fn fill(&mut self, frame: &mut [i16]) {
        for sample in frame {
            *sample = nearest(self.sample());
        }
    }

    fn sample(&mut self) -> f32 {
        self.deviation += (self.wanted - self.deviation) * self.pace;
        let mut forward = self.normal() * self.deviation;
        // The all-pole lattice: from the last coefficient to the first.
        for at in (0..usize::from(self.noise.order)).rev() {
            let reflection = self.noise.reflections[at];
            forward -= reflection * self.lattice[at];
            if at + 1 < ORDER_MAX {
                self.lattice[at + 1] = self.lattice[at] + reflection * forward;
            }
        }
        self.lattice[0] = forward;
        forward
    }

    /// Nearly normal, with a deviation of one: four evenly spread numbers have one of 1 / √3 of their range.
    fn normal(&mut self) -> f32 {
        // Knuth's constants.
        let step =
            |seed: u64| seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.seed = step(self.seed);
        let high = (self.seed >> 32) as u32;
        self.seed = step(self.seed);
        let more = (self.seed >> 32) as u32;
        let sum = [high >> 16, high & 0xffff, more >> 16, more & 0xffff].iter().sum::<u32>();
        (sum as f32 - 131_070.0) / 65_536.0 * 3_f32.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use hotline_base::Rng;

    use super::*;
    use crate::tests::noise;
    use crate::{rms_dbfs, tone_dbfs};

    const RATES: [Rate; 2] = [Rate::Narrow, Rate::Wide];
    /// A sine of full scale is 3 dB below a square.
    const SINE_DB: f64 = 3.01;

    fn made(noise: ComfortNoise, rate: Rate, ms: usize) -> Vec<i16> {
        let mut generator = Generator::new(1, rate);
        generator.set(noise);
        let mut sound = vec![0; rate.samples(ms)];
        sound.chunks_mut(rate.samples(20)).for_each(|frame| generator.fill(frame));
        sound
    }

    #[test]
    fn noise_has_the_level_that_was_told() {
        for rate in RATES {
            for level in [20, 40, 50, 60, 70] {
                let heard = made(ComfortNoise::white(level), rate, 2000);
                let off = rms_dbfs(&heard) - SINE_DB + f64::from(level);
                assert!(off.abs() < 1.0, "−{level} dBov is {off} dB off");
                assert!(ComfortNoise::measured(&heard).level.abs_diff(level) <= 1);
            }
            assert!(rms_dbfs(&made(ComfortNoise::white(200), rate, 2000)) < -90.0);
        }
    }

    #[test]
    fn a_frame_is_measured_to_a_decibel() {
        let mut rng = Rng::from_number(2);
        for level in [30, 45, 65] {
            let frame = noise(&mut rng, SINE_DB - f64::from(level), 1600);
            assert!(ComfortNoise::measured(&frame).level.abs_diff(level) <= 1, "−{level} dBov");
        }
        assert_eq!(ComfortNoise::measured(&[0; 160]).level, LEVEL_MAX);
        assert_eq!(ComfortNoise::measured(&[]).level, LEVEL_MAX);
        assert_eq!(ComfortNoise::measured(&[i16::MIN; 160]).level, 0);
    }

    #[test]
    fn payloads_are_read_and_written() {
        assert_eq!(ComfortNoise::parse(&[]), None);
        assert_eq!(ComfortNoise::parse(&[0xb2]), Some(ComfortNoise::white(50)));
        let payload = [60, 0, 127, 254, 100];
        let noise = ComfortNoise::parse(&payload).unwrap();
        assert_eq!((noise.level, noise.reflections().len()), (60, 4));
        assert!((noise.reflections()[0] + 127.0 * 258.0 / 32_768.0).abs() < 1e-6);
        assert_eq!(noise.reflections()[1], 0.0);
        assert!(noise.reflections().iter().all(|reflection| reflection.abs() < 1.0));
        let mut written = [0; 1 + ORDER_MAX];
        assert_eq!(noise.write(&mut written), 5);
        assert_eq!(written[..5], payload);
        assert_eq!(noise.write(&mut written[..4]), 0);
        let most = ComfortNoise::parse(&[127; 100]).unwrap();
        assert_eq!((most.reflections().len(), most.write(&mut written)), (ORDER_MAX, 1 + ORDER_MAX));
        assert_eq!(ComfortNoise::parse(&[40, 127, 255, 127]).unwrap().reflections(), [0.0]);
    }

    /// Any payload is of a filter that does not swing up: all its coefficients are below one.
    #[test]
    fn a_spectrum_is_made_with_the_level_that_was_told() {
        for rate in RATES {
            // The first coefficient at −0.8 is noise that is stronger in the low.
            for payload in [vec![40, 25], vec![40, 230], vec![40, 40, 160, 100, 140, 127, 90]] {
                let heard = made(ComfortNoise::parse(&payload).unwrap(), rate, 4000);
                let off = rms_dbfs(&heard) - SINE_DB + 40.0;
                assert!(off.abs() < 1.0, "{payload:?} is {off} dB off");
            }
            let low = made(ComfortNoise::parse(&[40, 25]).unwrap(), rate, 4000);
            let band = |from: u32, to: u32| {
                let levels = (from..to).step_by(10).map(|hz| tone_dbfs(&low, f64::from(hz), rate.hz()));
                levels.sum::<f64>() / f64::from((to - from) / 10)
            };
            assert!(band(100, 500) > band(3000, 3400) + 10.0);
            let worst = made(ComfortNoise::parse(&[0, 254, 0, 254, 0, 254]).unwrap(), rate, 1000);
            assert!(rms_dbfs(&worst) <= SINE_DB);
        }
    }

    #[test]
    fn a_new_level_is_approached() {
        let mut generator = Generator::new(1, Rate::Narrow);
        let mut frame = [0; 160];
        let mut level = |dbov: u8| {
            generator.set(ComfortNoise::white(dbov));
            generator.fill(&mut frame);
            rms_dbfs(&frame) - SINE_DB
        };
        assert!((level(60) + 60.0).abs() < 1.5);
        let first = level(40);
        assert!((-52.0..-40.5).contains(&first), "{first} dBov");
        level(40);
        assert!((level(40) + 40.0).abs() < 1.5);
    }
}
