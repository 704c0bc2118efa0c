//! A file of any of the formats as samples of one channel.

use std::io::Cursor;

use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;

use crate::{ConvertError, SECONDS_MAX};

/// The most channels that are mixed to one.
const CHANNELS_MAX: usize = 8;
/// Packets that cannot be decoded and are passed over, as players do.
const BROKEN_MAX: usize = 16;

/// A whole sound of one channel.
pub(crate) struct Sound {
    pub(crate) rate_hz: u32,
    pub(crate) samples: Vec<i16>,
}

pub(crate) fn decode(file: Vec<u8>) -> Result<Sound, ConvertError> {
    let unreadable = |error: Error| ConvertError::Unreadable(error.to_string());
    let source = MediaSourceStream::new(Box::new(Cursor::new(file)), Default::default());
    let (reading, tags) = (FormatOptions::default(), MetadataOptions::default());
    let mut format =
        symphonia::default::get_probe().probe(&Hint::new(), source, reading, tags).map_err(unreadable)?;
    let nothing = || ConvertError::Unreadable("no track of sound".to_owned());
    let track = format.default_track(TrackType::Audio).ok_or_else(nothing)?;
    let (id, coding) =
        (track.id, track.codec_params.as_ref().and_then(|coding| coding.audio()).ok_or_else(nothing)?);
    let decoding = AudioDecoderOptions::default();
    let mut decoder =
        symphonia::default::get_codecs().make_audio_decoder(coding, &decoding).map_err(unreadable)?;
    let (mut rate_hz, mut mono, mut broken) = (0, Vec::new(), 0);
    let mut block: Vec<f32> = Vec::new();
    while let Some(packet) = next_packet(&mut *format)? {
        if packet.track_id != id {
            continue;
        }
        let decoded = match decoder.decode(&packet) {
            Ok(decoded) => decoded,
            Err(Error::DecodeError(_)) if broken < BROKEN_MAX => {
                broken += 1;
                continue;
            }
            Err(error) => return Err(unreadable(error)),
        };
        let (rate, channels) = (decoded.spec().rate(), decoded.spec().channels().count());
        if channels == 0 || channels > CHANNELS_MAX {
            return Err(ConvertError::Unreadable(format!("{channels} channels")));
        }
        if rate_hz != 0 && rate != rate_hz {
            return Err(ConvertError::Unreadable("samples a second that change".to_owned()));
        }
        rate_hz = rate;
        block.resize(decoded.samples_interleaved(), 0.0);
        decoded.copy_to_slice_interleaved(&mut block);
        mono.extend(block.chunks_exact(channels).map(mixed));
        if mono.len() > SECONDS_MAX as usize * rate_hz as usize {
            return Err(ConvertError::TooLong);
        }
    }
    Ok(Sound { rate_hz, samples: mono })
}

/// A file that is cut off ends where it ends.
fn next_packet(
    format: &mut dyn symphonia::core::formats::FormatReader,
) -> Result<Option<symphonia::core::packet::Packet>, ConvertError> {
    match format.next_packet() {
        Ok(packet) => Ok(packet),
        Err(Error::IoError(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(ConvertError::Unreadable(error.to_string())),
    }
}

fn mixed(channels: &[f32]) -> i16 {
    let mean = channels.iter().sum::<f32>() / channels.len() as f32;
    // The cast saturates, and makes silence of what is no number.
    (mean * 32_768.0).round() as i16
}
