//! Sound as numbers: G.711, G.722, 8, 16 and 48 kHz, keys, tones and how loud a tone is.
//!
//! Must never know: packets, legs, files, time. Samples are 16-bit linear; levels are dB relative to a sine of
//! full scale (dBFS). Start reading at [`ulaw`].

pub mod alaw;
pub mod comfort_noise;
mod conceal;
pub mod country_tones;
pub mod dtmf;
mod fade;
pub mod g722;
pub mod gain;
mod halfband;
mod level;
mod pitch;
mod rate;
mod resample;
pub mod stretch;
mod tone;
pub mod ulaw;
pub mod voice;

pub use conceal::Concealer;
pub use fade::{fade_in, fade_out};
pub use halfband::{Doubler, Halver};
pub use level::{SILENCE_DBFS, rms_dbfs, tone_dbfs};
pub use rate::Rate;
pub use resample::{Thirder, Tripler, resampled};
pub use tone::Tone;

/// Samples a second of every G.711 signal.
pub const SAMPLE_RATE_HZ: u32 = 8000;

/// μ-law bytes as A-law bytes: decoded and encoded again.
pub const ULAW_TO_ALAW: [u8; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = alaw::encode(ulaw::DECODED[code]);
        code += 1;
    }
    table
};

/// A-law bytes as μ-law bytes: decoded and encoded again.
pub const ALAW_TO_ULAW: [u8; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = ulaw::encode(alaw::DECODED[code]);
        code += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use core::f64::consts::SQRT_2;
    use std::process::Command;

    use hotline_base::Rng;

    use super::*;

    /// What a voice of espeak-ng says.
    pub(crate) fn speech(voice: &str, text: &str, rate: Rate) -> Vec<i16> {
        let spoken = Command::new("espeak-ng")
            .args(["-v", voice, "--stdout", &format!("Text: {text}")])
            .output()
            .expect("espeak-ng can be started; is the package of that name installed?");
        assert!(spoken.status.success(), "{}", String::from_utf8_lossy(&spoken.stderr));
        wav_samples(&spoken.stdout, rate)
    }

    /// White noise.
    pub(crate) fn noise(rng: &mut Rng, dbfs: f64, length: usize) -> Vec<i16> {
        // A sine of full scale has a deviation of its amplitude over √2, four evenly spread numbers one of 1 / √3.
        let deviation = 32_768.0 * 10_f64.powf(dbfs / 20.0) / SQRT_2 * 3_f64.sqrt();
        let mut normal =
            || (0..4).map(|_| f64::from(rng.next_u32()) / f64::from(u32::MAX)).sum::<f64>() - 2.0;
        (0..length).map(|_| (normal() * deviation).round() as i16).collect()
    }

    /// The samples of a WAV file with one channel and 16 bits.
    pub(crate) fn wav_samples(wav: &[u8], rate: Rate) -> Vec<i16> {
        let from_hz = u32::from_le_bytes(wav[24..28].try_into().unwrap());
        let all: Vec<i16> = wav[44..].as_chunks().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect();
        resampled(&all, from_hz, rate).unwrap()
    }

    /// The two laws have different steps, so a value may move by half a step of each and no more.
    #[test]
    fn crossing_the_laws_keeps_each_value_within_a_step() {
        for code in 0..=255_u8 {
            let sent = i32::from(ulaw::decode(code));
            let heard = i32::from(alaw::decode(ULAW_TO_ALAW[usize::from(code)]));
            assert!((sent - heard).abs() <= 8 + sent.abs() / 32, "{code}: {sent} became {heard}");
            let sent = i32::from(alaw::decode(code));
            let heard = i32::from(ulaw::decode(ALAW_TO_ULAW[usize::from(code)]));
            assert!((sent - heard).abs() <= 8 + sent.abs() / 32, "{code}: {sent} became {heard}");
        }
    }
}
