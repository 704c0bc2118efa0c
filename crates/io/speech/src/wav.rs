//! WAV files as engines write them, made into such as can be played.

use crate::Failure;

/// Bytes of a WAV file: six minutes at 22 050 samples a second.
pub const SOUND_MAX: usize = 16 * 1024 * 1024;
/// The samples a second that prompts may have.
const RATES_HZ: [u32; 9] = [8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];
const HEADER: usize = 44;

/// True if a sound with so many samples a second can be played.
#[must_use]
pub fn is_playable_rate(rate_hz: u32) -> bool {
    RATES_HZ.contains(&rate_hz)
}

/// The same sound with a true header: programs that write to a pipe do not know the length beforehand and write any.
pub(crate) fn normalized(file: &[u8]) -> Result<Vec<u8>, Failure> {
    if file.len() > SOUND_MAX {
        return Err(Failure::TooLarge);
    }
    let format = chunk(file, *b"fmt ").and_then(|format| format.first_chunk::<16>());
    let format = format.ok_or(Failure::NotPlayable)?;
    let [tag, channels] = [[format[0], format[1]], [format[2], format[3]]].map(u16::from_le_bytes);
    let rate_hz = u32::from_le_bytes([format[4], format[5], format[6], format[7]]);
    let bits = u16::from_le_bytes([format[14], format[15]]);
    if (tag, channels, bits) != (1, 1, 16) || !is_playable_rate(rate_hz) {
        return Err(Failure::NotPlayable);
    }
    let samples = chunk(file, *b"data").ok_or(Failure::NotPlayable)?;
    let samples = &samples[..samples.len() / 2 * 2];
    if samples.is_empty() {
        return Err(Failure::Silent);
    }
    let length = u32::try_from(samples.len()).map_err(|_| Failure::TooLarge)?;
    let mut wav = Vec::with_capacity(HEADER + samples.len());
    wav.extend_from_slice(b"RIFF");
    wav.extend_from_slice(&(length + 36).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt ");
    wav.extend_from_slice(&16_u32.to_le_bytes());
    wav.extend_from_slice(format);
    wav.extend_from_slice(b"data");
    wav.extend_from_slice(&length.to_le_bytes());
    wav.extend_from_slice(samples);
    Ok(wav)
}

/// The first chunk of this name in a RIFF file, as far as it is there.
fn chunk(file: &[u8], name: [u8; 4]) -> Option<&[u8]> {
    let mut rest = file.strip_prefix(b"RIFF")?.get(4..)?.strip_prefix(b"WAVE")?;
    loop {
        let (found, after) = rest.split_first_chunk::<4>()?;
        let (length, body) = after.split_first_chunk()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        if *found == name {
            return Some(&body[..length.min(body.len())]);
        }
        rest = body.get(length.checked_next_multiple_of(2)?..)?;
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A file with this length in its header.
    fn wav(channels: u16, rate_hz: u32, bits: u16, length: u32, samples: &[u8]) -> Vec<u8> {
        let mut wav = b"RIFF\xff\xff\xff\xffWAVELIST\x04\0\0\0abcdfmt \x10\0\0\0\x01\0".to_vec();
        wav.extend_from_slice(&channels.to_le_bytes());
        wav.extend_from_slice(&rate_hz.to_le_bytes());
        wav.extend_from_slice(&(rate_hz * 2).to_le_bytes());
        wav.extend_from_slice(&2_u16.to_le_bytes());
        wav.extend_from_slice(&bits.to_le_bytes());
        wav.extend_from_slice(b"data");
        wav.extend_from_slice(&length.to_le_bytes());
        wav.extend_from_slice(samples);
        wav
    }

    #[test]
    fn a_header_that_was_written_before_the_length_was_known_is_made_true() {
        let fixed = normalized(&wav(1, 22_050, 16, 0x7fff_f000, &[1, 2, 3, 4, 5])).unwrap();
        let read = hound::WavReader::new(fixed.as_slice()).unwrap();
        assert_eq!((read.spec().sample_rate, read.len()), (22_050, 2));
        assert_eq!(fixed.len(), HEADER + 4);
        let whole = wav(1, 8000, 16, 2, &[1, 2, 3, 4]);
        assert_eq!(normalized(&whole).unwrap().len(), HEADER + 2, "what follows the sound is no sound");
    }

    #[test]
    fn what_cannot_be_played_is_told() {
        let cases: [(&[u8], Failure); 7] = [
            (b"", Failure::NotPlayable),
            (b"<html>busy</html>", Failure::NotPlayable),
            (b"RIFF\0\0\0\0WAVEfmt \xff\xff\xff\xff", Failure::NotPlayable),
            (&wav(2, 8000, 16, 4, &[0; 4]), Failure::NotPlayable),
            (&wav(1, 9000, 16, 4, &[0; 4]), Failure::NotPlayable),
            (&wav(1, 8000, 24, 4, &[0; 4]), Failure::NotPlayable),
            (&wav(1, 8000, 16, 0, &[]), Failure::Silent),
        ];
        for (file, failure) in cases {
            assert_eq!(normalized(file), Err(failure), "{file:?}");
        }
        assert_eq!(normalized(&vec![0; SOUND_MAX + 1]), Err(Failure::TooLarge));
    }
}
