//! One WAV file as linear samples of one channel: PCM of 8 to 32 bits, floating point, and both laws of G.711.

use std::io;
use std::path::Path;

use hotline_audio::{alaw, ulaw};
use hound::{SampleFormat, WavReader, WavSpec};

use crate::PromptError;

/// The rates that can be turned into ours.
pub(crate) const RATES_HZ: [u32; 9] = [8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];
/// The longest prompt, in seconds: ten minutes.
const SECONDS_MAX: usize = 10 * 60;
/// Format tags of G.711 (RFC 2361, A.3 and A.4).
const ALAW: u16 = 6;
const ULAW: u16 = 7;

/// A whole sound.
#[derive(Debug)]
pub(crate) struct Wav {
    pub(crate) rate_hz: u32,
    pub(crate) samples: Vec<i16>,
}

/// Reads a file; two channels are mixed to one.
pub(crate) fn read_wav(path: &Path) -> Result<Wav, PromptError> {
    let broken = |source| PromptError::Broken { path: path.to_path_buf(), source };
    let file = std::fs::read(path).map_err(|error| broken(hound::Error::IoError(error)))?;
    let (spec, samples) = match G711::find(&file) {
        Some(g711) => {
            check(path, &g711.spec, g711.bytes.len())?;
            (g711.spec, g711.bytes.iter().map(|byte| (g711.decode)(*byte)).collect())
        }
        None => {
            let reader = WavReader::new(io::Cursor::new(&file)).map_err(broken)?;
            let spec = reader.spec();
            check(path, &spec, reader.len() as usize)?;
            (spec, linear(reader).map_err(broken)?)
        }
    };
    let samples = if spec.channels == 2 { mixed_down(&samples) } else { samples };
    Ok(Wav { rate_hz: spec.sample_rate, samples })
}

fn check(path: &Path, spec: &WavSpec, samples: usize) -> Result<(), PromptError> {
    let WavSpec { channels, sample_rate: rate_hz, bits_per_sample: bits, .. } = *spec;
    let path = path.to_path_buf();
    if !RATES_HZ.contains(&rate_hz) || !(1..=2).contains(&channels) {
        return Err(PromptError::Format { path, rate_hz, bits, channels });
    }
    if samples / usize::from(channels) > SECONDS_MAX * rate_hz as usize {
        return Err(PromptError::TooLong { path });
    }
    Ok(())
}

/// Samples of any width as 16 bits.
fn linear<R: io::Read>(reader: WavReader<R>) -> Result<Vec<i16>, hound::Error> {
    let WavSpec { bits_per_sample, sample_format, .. } = reader.spec();
    match sample_format {
        SampleFormat::Float => {
            // The cast saturates, and makes silence of what is no number.
            let scaled = |sample: f32| (sample * 32_768.0).round() as i16;
            reader.into_samples().map(|sample| sample.map(scaled)).collect()
        }
        SampleFormat::Int => {
            let fit = |sample: i32| match bits_per_sample {
                0..16 => (sample << (16 - bits_per_sample)) as i16,
                bits => (sample >> (bits - 16).min(31)) as i16,
            };
            reader.into_samples().map(|sample| sample.map(fit)).collect()
        }
    }
}

fn mixed_down(samples: &[i16]) -> Vec<i16> {
    let pairs = samples.as_chunks().0.iter();
    pairs.map(|[left, right]| ((i32::from(*left) + i32::from(*right)) / 2) as i16).collect()
}

/// The sound of a file in a law.
struct G711<'f> {
    spec: WavSpec,
    decode: fn(u8) -> i16,
    bytes: &'f [u8],
}

impl<'f> G711<'f> {
    /// `None` if the file is no WAV file, or has another format.
    fn find(file: &'f [u8]) -> Option<Self> {
        let format = chunk(file, *b"fmt ")?;
        let short = |at: usize| Some(u16::from_le_bytes(*format.get(at..)?.first_chunk()?));
        let decode = match short(0)? {
            ALAW => alaw::decode,
            ULAW => ulaw::decode,
            _ => return None,
        };
        let spec = WavSpec {
            channels: short(2)?,
            sample_rate: u32::from_le_bytes(*format.get(4..)?.first_chunk()?),
            bits_per_sample: 8,
            sample_format: SampleFormat::Int,
        };
        Some(Self { spec, decode, bytes: chunk(file, *b"data")? })
    }
}

/// The first chunk of this name in a RIFF file, as far as it is there.
fn chunk(file: &[u8], name: [u8; 4]) -> Option<&[u8]> {
    let mut rest = file.strip_prefix(b"RIFF")?.get(4..)?.strip_prefix(b"WAVE")?;
    loop {
        let (found, after) = rest.split_first_chunk::<4>()?;
        let (length, body) = after.split_first_chunk()?;
        let length = u32::from_le_bytes(*length) as usize;
        if *found == name {
            return Some(&body[..length.min(body.len())]);
        }
        rest = body.get(length.next_multiple_of(2)..)?;
    }
}

#[cfg(test)]
mod tests {
    use std::f32::consts::PI;
    use std::fs;

    use hotline_audio::{Tone, rms_dbfs, tone_dbfs};

    use super::*;

    fn spec(channels: u16, sample_rate: u32, bits_per_sample: u16, sample_format: SampleFormat) -> WavSpec {
        WavSpec { channels, sample_rate, bits_per_sample, sample_format }
    }

    /// Half a second of 440 Hz at −12 dBFS, with amplitude 1 as full scale.
    fn wave(rate_hz: u32) -> impl Iterator<Item = f32> {
        (0..rate_hz / 2).map(move |at| (2.0 * PI * 440.0 * at as f32 / rate_hz as f32).sin() * 0.251_19)
    }

    fn sounds_as_it_should(path: &Path, rate_hz: u32) {
        let wav = read_wav(path).unwrap();
        assert_eq!((wav.rate_hz, wav.samples.len()), (rate_hz, rate_hz as usize / 2), "{path:?}");
        let (tone, all) = (tone_dbfs(&wav.samples, 440.0, rate_hz), rms_dbfs(&wav.samples));
        assert!((tone + 12.0).abs() < 0.2 && (all + 12.0).abs() < 0.2, "{path:?}: {tone} of {all} dBFS");
    }

    #[test]
    fn every_rate_width_and_number_of_channels_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tone.wav");
        for rate_hz in RATES_HZ {
            for (bits, channels) in [(8, 1), (16, 1), (16, 2), (24, 1), (24, 2), (32, 1)] {
                let spec = spec(channels, rate_hz, bits, SampleFormat::Int);
                let mut writer = hound::WavWriter::create(&path, spec).unwrap();
                for sample in wave(rate_hz) {
                    let scaled = (f64::from(sample) * 2_f64.powi(i32::from(bits) - 1)).round() as i32;
                    (0..channels).for_each(|_| writer.write_sample(scaled).unwrap());
                }
                writer.finalize().unwrap();
                sounds_as_it_should(&path, rate_hz);
            }
            let mut writer =
                hound::WavWriter::create(&path, spec(2, rate_hz, 32, SampleFormat::Float)).unwrap();
            for sample in wave(rate_hz) {
                // All of it on the left.
                writer.write_sample(2.0 * sample).unwrap();
                writer.write_sample(0.0_f32).unwrap();
            }
            writer.finalize().unwrap();
            sounds_as_it_should(&path, rate_hz);
        }
    }

    #[test]
    fn both_laws_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tone.wav");
        for (tag, law) in [(ALAW, alaw::encode as fn(i16) -> u8), (ULAW, ulaw::encode)] {
            let bytes: Vec<u8> = Tone::new(440.0, -12.0, 8000).take(4000).map(law).collect();
            fs::write(&path, g711(tag, 1, 8000, &bytes)).unwrap();
            sounds_as_it_should(&path, 8000);
            let stereo: Vec<u8> = bytes.iter().flat_map(|byte| [*byte; 2]).collect();
            fs::write(&path, g711(tag, 2, 8000, &stereo)).unwrap();
            sounds_as_it_should(&path, 8000);
        }
    }

    fn g711(tag: u16, channels: u16, rate_hz: u32, bytes: &[u8]) -> Vec<u8> {
        let format = [
            &tag.to_le_bytes()[..],
            &channels.to_le_bytes(),
            &rate_hz.to_le_bytes(),
            &(rate_hz * u32::from(channels)).to_le_bytes(),
            &channels.to_le_bytes(),
            &8_u16.to_le_bytes(),
            &0_u16.to_le_bytes(),
        ]
        .concat();
        let part =
            |name: &[u8; 4], body: &[u8]| [name, &(body.len() as u32).to_le_bytes()[..], body].concat();
        let body =
            [b"WAVE".to_vec(), part(b"fmt ", &format), part(b"fact", &[0; 4]), part(b"data", bytes)].concat();
        part(b"RIFF", &body)
    }

    #[test]
    fn what_cannot_be_used_is_told_with_what_could() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("odd.wav");
        let told = |file: Vec<u8>| {
            fs::write(&path, file).unwrap();
            read_wav(&path).unwrap_err().to_string()
        };
        let odd = told(g711(ULAW, 1, 96_000, &[0; 10]));
        assert!(odd.contains("odd.wav: is 96000 Hz, 8 bit, 1 channel(s); must be 8000, 11025,"), "{odd}");
        let many = told(g711(ULAW, 6, 8000, &[0; 12]));
        assert!(many.contains("6 channel(s)") && many.contains("with 1 or 2 channels"), "{many}");
        let long = told(g711(ALAW, 1, 8000, &vec![0; 600 * 8000 + 1]));
        assert!(long.contains("odd.wav: is longer than 10 minutes"), "{long}");
        // G.723 ADPCM.
        let coded = told(g711(0x14, 1, 8000, &[0; 10]));
        assert!(coded.contains("odd.wav: ") && coded.contains("must be PCM"), "{coded}");
        let cut = told(g711(ULAW, 1, 8000, &[0; 10])[..30].to_vec());
        assert!(cut.contains("odd.wav: "), "{cut}");
    }
}
