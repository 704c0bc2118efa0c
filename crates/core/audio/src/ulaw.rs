//! G.711 μ-law (PCMU).

/// The byte of the quietest positive value.
pub const SILENCE: u8 = 0xff;

/// What is added to a magnitude so that every segment begins at a power of two: 33 at 14 bits.
const BIAS: u16 = 33 << 2;
/// The largest magnitude that can be coded.
const CLIP: u16 = 0x7fff - BIAS;

/// The linear value of each byte.
pub const DECODED: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        let bits = !(code as u8);
        let segment = (bits >> 4) & 7;
        let magnitude = ((((bits & 15) as i16) << 3) + BIAS as i16) << segment;
        let value = magnitude - BIAS as i16;
        table[code] = if bits & 0x80 == 0 { value } else { -value };
        code += 1;
    }
    table
};

/// The byte of a linear value. Magnitudes above 32 635 are clipped.
#[must_use]
pub const fn encode(sample: i16) -> u8 {
    let magnitude = sample.unsigned_abs();
    let biased = if magnitude > CLIP { CLIP } else { magnitude } + BIAS;
    // The bias makes the number at least 2^7, so the segment is 0–7.
    let segment = 8 - biased.leading_zeros();
    let step = (biased >> (segment + 3)) & 15;
    let sign = if sample < 0 { 0x80 } else { 0 };
    !(sign | (segment as u8) << 4 | step as u8)
}

/// The linear value of a byte.
#[must_use]
pub const fn decode(code: u8) -> i16 {
    DECODED[code as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The decision values of G.711 table 2a at 14 bits, built from its steps: 1, then 15 of 2, then 16 each of
    /// 4, 8, … 256.
    fn decision_values() -> Vec<i32> {
        let mut values = vec![0, 1];
        for (step, count) in [(2, 15), (4, 16), (8, 16), (16, 16), (32, 16), (64, 16), (128, 16), (256, 16)] {
            for _ in 0..count {
                values.push(values[values.len() - 1] + step);
            }
        }
        values
    }

    #[test]
    fn every_sample_falls_between_the_decision_values_of_the_standard() {
        let decisions = decision_values();
        assert_eq!((decisions.len(), decisions[128]), (129, 8159));
        for sample in i16::MIN..=i16::MAX {
            let magnitude = i32::from(sample).abs();
            let interval = decisions[..128].iter().rposition(|value| value * 4 <= magnitude).unwrap();
            let sign = if sample < 0 { 0 } else { 0x80 };
            let expected = sign | (0x7f - u8::try_from(interval).unwrap());
            assert_eq!(encode(sample), expected, "sample {sample}");
        }
    }

    #[test]
    fn every_byte_has_the_middle_of_its_interval() {
        let decisions = decision_values();
        for code in 0..=255_u8 {
            let interval = usize::from(!code & 0x7f);
            let middle = if interval == 0 { 0 } else { (decisions[interval] + decisions[interval + 1]) * 2 };
            let expected = if code & 0x80 == 0 { -middle } else { middle };
            assert_eq!(i32::from(decode(code)), expected, "byte {code:#x}");
        }
    }

    #[test]
    fn a_byte_decoded_and_encoded_is_itself() {
        for code in (0..=255_u8).filter(|code| *code != 0x7f) {
            assert_eq!(encode(decode(code)), code);
        }
        assert_eq!(encode(decode(0x7f)), SILENCE, "the two zeros become one");
    }
}
