//! G.711 A-law (PCMA).

/// The byte of the quietest positive value.
pub const SILENCE: u8 = 0xd5;

/// Every second bit is sent inverted (G.711 §2, note to table 1a).
const EVEN_BITS: u8 = 0x55;

/// The linear value of each byte.
pub const DECODED: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        let bits = code as u8 ^ EVEN_BITS;
        let segment = (bits >> 4) & 7;
        let step = (((bits & 15) as i16) << 4) + 8;
        let value = if segment == 0 { step } else { (step + 0x100) << (segment - 1) };
        table[code] = if bits & 0x80 == 0 { -value } else { value };
        code += 1;
    }
    table
};

/// The byte of a linear value.
#[must_use]
pub const fn encode(sample: i16) -> u8 {
    let magnitude = sample.unsigned_abs();
    let magnitude = if magnitude > 0x7fff { 0x7fff } else { magnitude };
    let segment = 8_u32.saturating_sub(magnitude.leading_zeros());
    let step = (magnitude >> (if segment == 0 { 4 } else { segment + 3 })) & 15;
    let sign = if sample < 0 { 0 } else { 0x80 };
    (sign | (segment as u8) << 4 | step as u8) ^ EVEN_BITS
}

/// The linear value of a byte.
#[must_use]
pub const fn decode(code: u8) -> i16 {
    DECODED[code as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The decision values of G.711 table 1a at 13 bits: 32 steps of 2, then 16 each of 4, 8, … 128.
    fn decision_values() -> Vec<i32> {
        let mut values = vec![0];
        for (step, count) in [(2, 32), (4, 16), (8, 16), (16, 16), (32, 16), (64, 16), (128, 16)] {
            for _ in 0..count {
                values.push(values[values.len() - 1] + step);
            }
        }
        values
    }

    #[test]
    fn every_sample_falls_between_the_decision_values_of_the_standard() {
        let decisions = decision_values();
        assert_eq!((decisions.len(), decisions[128]), (129, 4096));
        for sample in i16::MIN..=i16::MAX {
            let magnitude = i32::from(sample).abs();
            let interval = decisions[..128].iter().rposition(|value| value * 8 <= magnitude).unwrap();
            let sign = if sample < 0 { 0 } else { 0x80 };
            let expected = (sign | u8::try_from(interval).unwrap()) ^ 0x55;
            assert_eq!(encode(sample), expected, "sample {sample}");
        }
    }

    #[test]
    fn every_byte_has_the_middle_of_its_interval() {
        let decisions = decision_values();
        for code in 0..=255_u8 {
            let interval = usize::from((code ^ 0x55) & 0x7f);
            let middle = (decisions[interval] + decisions[interval + 1]) * 4;
            let expected = if (code ^ 0x55) & 0x80 == 0 { -middle } else { middle };
            assert_eq!(i32::from(decode(code)), expected, "byte {code:#x}");
            assert_eq!(encode(decode(code)), code, "a byte decoded and encoded is itself");
        }
    }
}
