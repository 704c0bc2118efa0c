//! How loud a signal is, and how loud one frequency in it.

use core::f64::consts::{PI, SQRT_2};

/// What every level of digital silence is reported as.
pub const SILENCE_DBFS: f64 = -120.0;

/// Linear full scale.
const FULL_SCALE: f64 = 32_768.0;

/// The level of a whole signal: 0 dB is a sine of full scale. Silence and an empty slice are [`SILENCE_DBFS`].
#[must_use]
pub fn rms_dbfs(samples: &[i16]) -> f64 {
    let energy: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    to_dbfs((energy / samples.len().max(1) as f64).sqrt() * SQRT_2)
}

/// The level of one frequency in a signal (Goertzel's algorithm): 0 dB is a sine of full scale. It tells
/// frequencies apart that differ by more than about `sample_rate_hz / samples.len()`.
#[must_use]
pub fn tone_dbfs(samples: &[i16], frequency_hz: f64, sample_rate_hz: u32) -> f64 {
    let turn = 2.0 * PI * frequency_hz / f64::from(sample_rate_hz);
    let factor = 2.0 * turn.cos();
    let (mut last, mut before) = (0.0, 0.0);
    for sample in samples {
        let next = f64::from(*sample) + factor * last - before;
        before = last;
        last = next;
    }
    let power = last * last + before * before - factor * last * before;
    to_dbfs(2.0 * power.max(0.0).sqrt() / samples.len().max(1) as f64)
}

fn to_dbfs(amplitude: f64) -> f64 {
    (20.0 * (amplitude / FULL_SCALE).log10()).max(SILENCE_DBFS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SAMPLE_RATE_HZ, Tone};

    #[test]
    fn finds_the_tone_and_not_its_neighbour() {
        let samples: Vec<i16> = Tone::new(440.0, -10.0, SAMPLE_RATE_HZ).take(1600).collect();
        assert!((tone_dbfs(&samples, 440.0, SAMPLE_RATE_HZ) + 10.0).abs() < 0.1);
        assert!((rms_dbfs(&samples) + 10.0).abs() < 0.1);
        assert!(tone_dbfs(&samples, 660.0, SAMPLE_RATE_HZ) < -50.0);
    }

    #[test]
    fn silence_is_quiet_and_defined() {
        assert_eq!(rms_dbfs(&[]), SILENCE_DBFS);
        assert_eq!(rms_dbfs(&[0; 160]), SILENCE_DBFS);
        assert_eq!(tone_dbfs(&[0; 160], 440.0, SAMPLE_RATE_HZ), SILENCE_DBFS);
        assert_eq!(tone_dbfs(&[], 440.0, SAMPLE_RATE_HZ), SILENCE_DBFS);
    }
}
