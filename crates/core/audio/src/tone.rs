//! A sine, sample by sample.

use core::f64::consts::PI;

/// An endless sine. Two parts of one `Tone` join without a click.
#[derive(Clone, Debug)]
pub struct Tone {
    phase: f64,
    step: f64,
    amplitude: f64,
}

impl Tone {
    /// A sine of `frequency_hz` at `level_dbfs` (0 dB is full scale, so at most 0), beginning at zero.
    #[must_use]
    pub fn new(frequency_hz: f64, level_dbfs: f64, sample_rate_hz: u32) -> Self {
        let step = 2.0 * PI * frequency_hz / f64::from(sample_rate_hz);
        Self { phase: 0.0, step, amplitude: 32_767.0 * 10_f64.powf(level_dbfs.min(0.0) / 20.0) }
    }
}

impl Iterator for Tone {
    type Item = i16;

    fn next(&mut self) -> Option<i16> {
        let sample = (self.phase.sin() * self.amplitude).round();
        self.phase = (self.phase + self.step) % (2.0 * PI);
        Some(sample as i16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_its_period_and_its_peak() {
        let samples: Vec<i16> = Tone::new(1000.0, 0.0, 8000).take(17).collect();
        assert_eq!((samples[0], samples[2], samples[6]), (0, 32_767, -32_767));
        assert!((samples[16] - samples[0]).abs() <= 1);
    }
}
