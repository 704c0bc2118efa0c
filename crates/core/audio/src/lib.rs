//! Sound as numbers: G.711, G.722, Opus, 8, 16 and 48 kHz, keys, tones, how loud a sound is and who speaks; filling in for lost packets,
//! stretching, levels and noise.
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
pub mod opus;
mod pitch;
mod rate;
mod resample;
pub mod stretch;
mod tone;
pub mod ulaw;
pub mod voice;

pub use conceal::{Concealer, fill_hole};
pub use fade::{fade_in, fade_in_from, fade_out};
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

/// The nearest sample; what is beyond full scale becomes full scale. `f32::round` is a call on processors that have no instruction
/// for it.
fn nearest(sample: f32) -> i16 {
    (sample + 0.5_f32.copysign(sample)) as i16
}

#[cfg(test)]
mod tests {
    use core::f64::consts::SQRT_2;
    use std::process::Command;

    use hotline_base::Rng;
    use serde::Serialize;
    use serde::de::DeserializeOwned;

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

    /// A state in the middle of a stream, and one like it that was saved and restored, make the same of what comes.
    fn goes_on<S: Clone + Serialize + DeserializeOwned>(
        mut state: S,
        mut make: impl FnMut(&mut S) -> Vec<i16>,
    ) {
        make(&mut state);
        let saved = postcard::to_allocvec(&state).unwrap();
        let mut restored: S = postcard::from_bytes(&saved).unwrap();
        for _ in 0..3 {
            assert_eq!(make(&mut restored), make(&mut state));
        }
    }

    #[test]
    fn states_that_are_saved_and_restored_go_on() {
        for rate in [Rate::Narrow, Rate::Wide] {
            let sound: Vec<i16> = Tone::new(330.0, -10.0, rate.hz()).take(rate.samples(20)).collect();
            let frame = |made: &mut dyn FnMut(&mut [i16])| {
                let mut frame = sound.clone();
                made(&mut frame);
                frame
            };
            let mut concealer = Concealer::new(rate);
            concealer.good(&mut sound.clone());
            goes_on(concealer, |state| frame(&mut |sound| state.lost(sound)));
            goes_on(gain::AutomaticGain::new(-20.0, 20.0), |state| frame(&mut |sound| state.apply(sound)));
            goes_on(voice::Detector::default(), |state| vec![i16::from(state.push(&sound))]);
            let mut noise = comfort_noise::Generator::new(1, rate);
            noise.set(comfort_noise::ComfortNoise::parse(&[40, 60, 140]).unwrap());
            goes_on(noise, |state| frame(&mut |sound| state.fill(sound)));
            let pushed =
                |state: &mut Thirder| sound.as_chunks().0.iter().map(|three| state.push(*three)).collect();
            goes_on(Thirder::default(), pushed);
            goes_on(Tripler::default(), |state| sound.iter().flat_map(|one| state.push(*one)).collect());
        }
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
