//! G.722 at 64 kbit/s (ITU-T G.722): 16 000 samples a second in two bands, two samples a byte. Variables are called as the
//! blocks and signals of the recommendation.

use serde::{Deserialize, Serialize};

use crate::halfband::{Doubler, Halver};

/// Samples a second.
pub const SAMPLE_RATE_HZ: u32 = 16_000;

/// Half of the 24 coefficients of the quadrature mirror filter (table 4); the other half mirrors it.
const QMF: [i32; 12] = [3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11];
const QMF_LEN: usize = 2 * QMF.len();
/// Decision levels of the lower band's quantizer (table 7).
const Q6: [i32; 30] = [
    0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121,
    1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
];
/// Output of the 4-bit and the 6-bit inverse quantizer of the lower band, of the 2-bit one of the upper (table 8).
const QM4: [i32; 16] =
    [0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0];
const QM6: [i32; 64] = [
    -136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232, -9360,
    -8576, -7856, -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032, -1688,
    -1360, -1040, -728, 24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856,
    7192, 6576, 6000, 5456, 4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136,
    -432, -136,
];
const QM2: [i32; 4] = [-7408, -1616, 7408, 1616];
/// How much each code moves the logarithm of the scale factor (table 9): of the lower band by four bits, of the upper.
const WL: [i32; 16] = [-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60];
const WH: [i32; 4] = [798, -214, 798, -214];
/// Powers of two by 32nds (table 11).
const ILB: [i32; 32] = [
    2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834, 2896,
    2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
];
/// The upper band's decision level.
const Q2: i32 = 564;

/// Turns samples into bytes. Keeps what the next ones are predicted from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Encoder {
    lower: Band,
    upper: Band,
    history: [i32; QMF_LEN],
}

/// Turns bytes into samples. Keeps what the next ones are predicted from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Decoder {
    lower: Band,
    upper: Band,
    history: [i32; QMF_LEN],
}

/// An [`Encoder`] for who speaks at 8 kHz, a byte for each sample, and now and then at 16 kHz.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct NarrowEncoder {
    doubler: Doubler,
    encoder: Encoder,
}

/// A [`Decoder`] for who listens at 8 kHz, a sample for each byte, and now and then at 16 kHz.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct NarrowDecoder {
    decoder: Decoder,
    halver: Halver,
}

/// The predictor and the scale factor of one band.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Band {
    /// The prediction, and its share of the zeros.
    s: i32,
    sz: i32,
    /// Of the two poles: coefficients, the newest reconstructed and partially reconstructed signals.
    a: [i32; 2],
    r: [i32; 2],
    p: [i32; 2],
    /// Of the six zeros: coefficients and the newest quantized differences.
    b: [i32; 6],
    d: [i32; 6],
    /// The scale factor, and its logarithm.
    det: i32,
    nb: i32,
}

impl Default for Encoder {
    fn default() -> Self {
        Self { lower: Band::new(32), upper: Band::new(8), history: [0; QMF_LEN] }
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self { lower: Band::new(32), upper: Band::new(8), history: [0; QMF_LEN] }
    }
}

impl Encoder {
    /// The byte of two samples.
    pub fn encode(&mut self, [first, second]: [i16; 2]) -> u8 {
        let (odd, even) = filter(&mut self.history, i32::from(first), i32::from(second));
        let (xl, xh) = ((even + odd) >> 14, (even - odd) >> 14);
        let el = saturate(xl - self.lower.s);
        let magnitude = if el < 0 { -(el + 1) } else { el };
        let det = self.lower.det;
        let level = Q6[1..].iter().position(|level| magnitude < (level * det) >> 12).map_or(30, |at| at + 1);
        // The codes are in the order of their levels, the smallest negative ones last (table 6).
        let il = match (el < 0, level) {
            (true, 1..=2) => 64 - level,
            (true, _) => 34 - level,
            (false, _) => 62 - level,
        };
        self.lower.adapt_lower(il >> 2);
        let eh = saturate(xh - self.upper.s);
        let magnitude = if eh < 0 { -(eh + 1) } else { eh };
        let is_large = magnitude >= (Q2 * self.upper.det) >> 12;
        let ih = match (eh < 0, is_large) {
            (true, false) => 1,
            (true, true) => 0,
            (false, false) => 3,
            (false, true) => 2,
        };
        self.upper.adapt_upper(ih);
        (ih << 6 | il) as u8
    }
}

impl Decoder {
    /// The two samples of a byte.
    pub fn decode(&mut self, code: u8) -> [i16; 2] {
        let (il, ih) = (usize::from(code & 0x3f), usize::from(code >> 6));
        let rl = limit(self.lower.s + ((self.lower.det * QM6[il]) >> 15));
        self.lower.adapt_lower(il >> 2);
        let rh = limit(self.upper.s + ((self.upper.det * QM2[ih]) >> 15));
        self.upper.adapt_upper(ih);
        let (second, first) = filter(&mut self.history, rl + rh, rl - rh);
        [saturate(first >> 11) as i16, saturate(second >> 11) as i16]
    }
}

impl NarrowEncoder {
    /// The byte of two samples at 16 kHz.
    pub fn encode_wide(&mut self, pair: [i16; 2]) -> u8 {
        self.encoder.encode(pair)
    }

    /// The byte of a sample.
    pub fn encode(&mut self, sample: i16) -> u8 {
        self.encoder.encode(self.doubler.push(sample))
    }

    /// The next sample at 8 kHz follows silence, and not the one before it.
    pub fn forget_samples(&mut self) {
        self.doubler = Doubler::default();
    }
}

impl NarrowDecoder {
    /// The two samples at 16 kHz of a byte.
    pub fn decode_wide(&mut self, code: u8) -> [i16; 2] {
        self.decoder.decode(code)
    }

    /// The sample of a byte.
    pub fn decode(&mut self, code: u8) -> i16 {
        self.halver.push(self.decoder.decode(code))
    }
}

impl Band {
    const fn new(det: i32) -> Self {
        Self { s: 0, sz: 0, a: [0; 2], r: [0; 2], p: [0; 2], b: [0; 6], d: [0; 6], det, nb: 0 }
    }

    /// Takes the upper four bits of a code of the lower band.
    fn adapt_lower(&mut self, code: usize) {
        let difference = (self.det * QM4[code]) >> 15;
        self.nb = (((self.nb * 127) >> 7) + WL[code]).clamp(0, 18_432);
        self.det = scale(self.nb, 8);
        self.predict(difference);
    }

    /// Takes a code of the upper band.
    fn adapt_upper(&mut self, code: usize) {
        let difference = (self.det * QM2[code]) >> 15;
        self.nb = (((self.nb * 127) >> 7) + WH[code]).clamp(0, 22_528);
        self.det = scale(self.nb, 10);
        self.predict(difference);
    }

    /// Takes a quantized difference, and predicts the next sample (block 4).
    fn predict(&mut self, d: i32) {
        let (r, p) = (saturate(self.s + d), saturate(self.sz + d));
        let same = |one: i32, other: i32| (one < 0) == (other < 0);
        // UPPOL2
        let wd = saturate(self.a[0] << 2);
        let wd = if same(p, self.p[0]) { (-wd).min(32_767) } else { wd };
        let wd = (wd >> 7) + if same(p, self.p[1]) { 128 } else { -128 };
        let second = (wd + ((self.a[1] * 32_512) >> 15)).clamp(-12_288, 12_288);
        // UPPOL1
        let wd = if same(p, self.p[0]) { 192 } else { -192 };
        let first = saturate(wd + ((self.a[0] * 32_640) >> 15));
        let bound = saturate(15_360 - second);
        self.a = [first.clamp(-bound, bound), second];
        // UPZERO
        let step = if d == 0 { 0 } else { 128 };
        for (b, old) in self.b.iter_mut().zip(self.d) {
            let wd = if same(d, old) { step } else { -step };
            *b = saturate(wd + ((*b * 32_640) >> 15));
        }
        self.d.copy_within(..5, 1);
        self.d[0] = d;
        self.r = [r, self.r[0]];
        self.p = [p, self.p[0]];
        // FILTEP, FILTEZ, PREDIC
        let product = |coefficient: i32, signal: i32| (coefficient * saturate(signal + signal)) >> 15;
        let sp = saturate(product(self.a[0], self.r[0]) + product(self.a[1], self.r[1]));
        self.sz = saturate(self.b.iter().zip(self.d).map(|(b, d)| product(*b, d)).sum());
        self.s = saturate(sp + self.sz);
    }
}

/// The scale factor of a logarithm (SCALEL, SCALEH).
const fn scale(nb: i32, shift: i32) -> i32 {
    let power = ILB[((nb >> 6) & 31) as usize];
    let shift = shift - (nb >> 11);
    if shift < 0 { (power << -shift) << 2 } else { (power >> shift) << 2 }
}

/// Takes two samples; the sums of the filter's even and odd taps (blocks TRANSMIT QMF and RECEIVE QMF).
fn filter(history: &mut [i32; QMF_LEN], first: i32, second: i32) -> (i32, i32) {
    history.copy_within(2.., 0);
    history[QMF_LEN - 2] = first;
    history[QMF_LEN - 1] = second;
    let (pairs, _) = history.as_chunks::<2>();
    let mut sums = (0, 0);
    for ([even, odd], (forward, backward)) in pairs.iter().zip(QMF.iter().zip(QMF.iter().rev())) {
        sums.0 += even * forward;
        sums.1 += odd * backward;
    }
    sums
}

fn saturate(value: i32) -> i32 {
    value.clamp(-32_768, 32_767)
}

/// LIMIT: what a band may reconstruct.
fn limit(value: i32) -> i32 {
    value.clamp(-16_384, 16_383)
}

#[cfg(test)]
mod tests {
    // For 16 000 samples a second: its mode for 8000 gives the same byte for every sound.
    use audio_codec::g722::{G722Decoder, G722Encoder};
    use audio_codec::{Decoder as _, Encoder as _};
    use proptest::prelude::*;

    use super::*;
    use crate::{SILENCE_DBFS, Tone, rms_dbfs, tone_dbfs};

    fn encoded(samples: &[i16]) -> Vec<u8> {
        let mut encoder = Encoder::default();
        samples.as_chunks().0.iter().map(|pair| encoder.encode(*pair)).collect()
    }

    fn decoded(bytes: &[u8]) -> Vec<i16> {
        let mut decoder = Decoder::default();
        bytes.iter().flat_map(|byte| decoder.decode(*byte)).collect()
    }

    /// A byte that, repeated, is silence.
    const SILENCE: u8 = 0xff;
    /// The implementation of others begins with other scale factors than the recommendation says; after this much
    /// silence both stand alike.
    const WARM_UP: usize = 16_000;

    fn after_silence<T: Clone>(silence: T, sound: &[T]) -> Vec<T> {
        let mut whole = vec![silence; WARM_UP];
        whole.extend_from_slice(sound);
        whole
    }

    fn agree_on_bytes(bytes: &[u8]) -> Result<(), TestCaseError> {
        let bytes = after_silence(SILENCE, bytes);
        let mut samples = vec![0; 2 * bytes.len()];
        let length = G722Decoder::new().decode_into(&bytes, &mut samples).unwrap();
        prop_assert_eq!(&decoded(&bytes)[2 * WARM_UP..], &samples[2 * WARM_UP..length]);
        Ok(())
    }

    #[test]
    fn tones_of_both_bands_come_through() {
        for hz in [300.0, 1000.0, 3400.0, 5000.0, 6800.0] {
            let heard =
                decoded(&encoded(&Tone::new(hz, -10.0, SAMPLE_RATE_HZ).take(16_000).collect::<Vec<_>>()));
            let level = tone_dbfs(&heard[1600..], hz, SAMPLE_RATE_HZ);
            assert!((level + 10.0).abs() < 1.0, "{hz} Hz at {level} dBFS");
            let power = |dbfs: f64| 10_f64.powf(dbfs / 10.0);
            let noise = 10.0 * (power(rms_dbfs(&heard[1600..])) - power(level)).max(1e-9).log10();
            // The upper band has two bits for each sample, the lower six.
            assert!(noise < if hz < 4000.0 { -40.0 } else { -24.0 }, "{hz} Hz with noise of {noise} dBFS");
        }
    }

    #[test]
    fn who_speaks_and_listens_at_8_khz_has_a_telephone_s_sound() {
        for hz in [300.0, 1000.0, 3400.0] {
            let (mut encoder, mut decoder) = (NarrowEncoder::default(), NarrowDecoder::default());
            let said = Tone::new(hz, -10.0, crate::SAMPLE_RATE_HZ).take(8000);
            let heard: Vec<i16> = said.map(|sample| decoder.decode(encoder.encode(sample))).collect();
            let level = tone_dbfs(&heard[800..], hz, crate::SAMPLE_RATE_HZ);
            assert!((level + 10.0).abs() < 0.3, "{hz} Hz at {level} dBFS");
        }
    }

    #[test]
    fn what_another_implementation_says_is_heard() {
        let said: Vec<i16> = Tone::new(1000.0, -10.0, SAMPLE_RATE_HZ).take(32_000).collect();
        let mut bytes = vec![0; said.len()];
        let length = G722Encoder::new().encode_into(&said, &mut bytes).unwrap();
        let heard = decoded(&bytes[..length]);
        assert!((tone_dbfs(&heard[16_000..], 1000.0, SAMPLE_RATE_HZ) + 10.0).abs() < 0.2);
    }

    #[test]
    fn silence_is_silent() {
        let heard = decoded(&[SILENCE; 1600]);
        assert!(rms_dbfs(&heard[800..]) < SILENCE_DBFS.max(-75.0), "{}", rms_dbfs(&heard[800..]));
        assert!(rms_dbfs(&decoded(&encoded(&[0; 3200]))) < -45.0);
    }

    proptest! {
        /// What was predicted at one end is what is predicted at the other.
        #[test]
        fn encoder_and_decoder_stay_in_step(samples in prop::collection::vec(any::<i16>(), 2..2000)) {
            let (mut encoder, mut decoder) = (Encoder::default(), Decoder::default());
            for pair in samples.as_chunks().0 {
                decoder.decode(encoder.encode(*pair));
                prop_assert_eq!((&encoder.lower, &encoder.upper), (&decoder.lower, &decoder.upper));
            }
        }

        #[test]
        fn another_implementation_hears_the_same(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            agree_on_bytes(&bytes)?;
        }
    }
}
