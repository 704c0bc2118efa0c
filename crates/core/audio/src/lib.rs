//! Sound as numbers: G.711, G.722, Opus, 8 kHz and 16 kHz, keys, tones and how loud a tone is.
//!
//! Must never know: packets, legs, files, time. Samples are 16-bit linear; levels are dB relative to a sine of
//! full scale (dBFS). Start reading at [`ulaw`].

pub mod alaw;
pub mod dtmf;
pub mod g722;
mod halfband;
mod level;
pub mod opus;
mod tone;
pub mod ulaw;

pub use halfband::{Doubler, Halver};
pub use level::{SILENCE_DBFS, rms_dbfs, tone_dbfs};
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
    use super::*;

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
