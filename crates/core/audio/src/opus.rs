//! Opus (RFC 6716) by libopus, one channel at 16 kHz: wide band, whatever bandwidth the stream has.
//!
//! The state of a codec is libopus' own. One that is copied, or restored from its serialized form, begins anew with the same
//! settings, as the other side of a stream does that lost packets.

use serde::{Deserialize, Serialize};

/// Samples a second on our side of the codec.
pub const SAMPLE_RATE_HZ: u32 = 16_000;
/// The most samples of one packet, 120 ms (RFC 6716 §3.2.5).
pub const PACKET_SAMPLES_MAX: usize = 1920;
/// The most bytes of one frame (RFC 6716 §3.4, R2).
const FRAME_BYTES_MAX: usize = 1275;
/// The longest frame that is encoded at once: 60 ms. 10 ms are the shortest that the speech coder of Opus takes.
const LONG_FRAME: usize = 960;
const SHORT_FRAME: usize = 160;
/// Short frames of the longest packet.
const FRAMES_MAX: usize = PACKET_SAMPLES_MAX / SHORT_FRAME;

/// How long a packet is at 16 kHz; `None` for one that is malformed.
#[must_use]
pub fn samples(packet: &[u8]) -> Option<usize> {
    let samples = opus::packet::get_nb_samples(packet, SAMPLE_RATE_HZ).ok()?;
    (1..=PACKET_SAMPLES_MAX).contains(&samples).then_some(samples)
}

/// Whether a packet says something of the one before it: forward error correction of the speech coder (RFC 6716 §4.2.3 and §4.2.4: behind
/// one flag for each of its frames of 20 ms, whether there is voice in it, comes the one for that).
#[must_use]
pub fn repeats_former(packet: &[u8]) -> bool {
    let Ok(frames) = opus::packet::parse(packet) else { return false };
    let is_of_speech_coder = packet.first().is_some_and(|configuration| configuration & 0x80 == 0);
    let (Some(first), true) = (frames.frames.first().and_then(|frame| frame.first()), is_of_speech_coder)
    else {
        return false;
    };
    let samples = samples(packet).unwrap_or(0) / frames.frames.len().max(1);
    let voices = samples.div_ceil(2 * SHORT_FRAME).clamp(1, 3);
    first >> (7 - voices) & 1 == 1
}

/// Understands one stream.
#[derive(Debug, Serialize, Deserialize)]
#[serde(from = "Fresh", into = "Fresh")]
pub struct Decoder(opus::Decoder);

/// What is kept of a decoder: that there was one.
#[derive(Serialize, Deserialize)]
struct Fresh;

impl Default for Decoder {
    fn default() -> Self {
        let decoder = opus::Decoder::new(SAMPLE_RATE_HZ, opus::Channels::Mono);
        Self(decoder.expect("libopus takes one channel at 16 kHz"))
    }
}

impl Clone for Decoder {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl From<Fresh> for Decoder {
    fn from(Fresh: Fresh) -> Self {
        Self::default()
    }
}

impl From<Decoder> for Fresh {
    fn from(_: Decoder) -> Self {
        Self
    }
}

impl Decoder {
    /// Decodes a packet; gives the number of samples in `out`, which has room for [`PACKET_SAMPLES_MAX`]. A malformed packet
    /// is as good as a lost one and gives none.
    pub fn decode(&mut self, packet: &[u8], out: &mut [i16]) -> usize {
        self.0.decode(packet, out, false).unwrap_or(0)
    }

    /// Fills the place of a lost packet, as long as `out`, with what the stream may have gone on with. False, and silence, if
    /// its length is not one of a packet: multiples of 2.5 ms.
    pub fn conceal(&mut self, out: &mut [i16]) -> bool {
        self.fill(&[], out)
    }

    /// Fills the place of a lost packet with what the one after it, `next`, says of it (forward error correction, RFC 6716
    /// §2.1.7), or conceals it if that says nothing.
    pub fn recover(&mut self, next: &[u8], out: &mut [i16]) -> bool {
        self.fill(next, out)
    }

    fn fill(&mut self, packet: &[u8], out: &mut [i16]) -> bool {
        let length = out.len();
        let is_filled = self.0.decode(packet, out, true).is_ok_and(|filled| filled == length);
        if !is_filled {
            out.fill(0);
        }
        is_filled
    }
}

/// How a stream is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Bits a second, on average.
    pub bitrate: u32,
    /// How much processor time is spent on a better sound: 0 to 10.
    pub complexity: u8,
    /// The lost packets in a hundred that the stream is made for: each packet says something of the one before it, as long as
    /// this is not zero.
    pub loss_percent: u8,
    /// Whether silence need not be sent.
    pub dtx: bool,
}

impl Default for Settings {
    /// Speech in wide band over a network that loses nothing: to be made for loss where there is none costs half a point of PESQ.
    fn default() -> Self {
        Self { bitrate: 32_000, complexity: 3, loss_percent: 0, dtx: false }
    }
}

/// Makes one stream.
#[derive(Debug, Serialize, Deserialize)]
#[serde(from = "Settings", into = "Settings")]
pub struct Encoder {
    settings: Settings,
    encoder: opus::Encoder,
    /// Puts several short frames into one packet.
    repacketizer: opus::Repacketizer,
}

impl Clone for Encoder {
    fn clone(&self) -> Self {
        Self::new(self.settings)
    }
}

impl From<Settings> for Encoder {
    fn from(settings: Settings) -> Self {
        Self::new(settings)
    }
}

impl From<Encoder> for Settings {
    fn from(encoder: Encoder) -> Self {
        encoder.settings
    }
}

impl Encoder {
    /// A stream that has said nothing yet. Settings beyond their range are taken into it.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let Settings { bitrate, complexity, loss_percent, dtx } = settings;
        let bitrate = i32::try_from(bitrate.clamp(6000, 510_000)).expect("it fits after the clamp");
        let make = || -> opus::Result<opus::Encoder> {
            let mut encoder =
                opus::Encoder::new(SAMPLE_RATE_HZ, opus::Channels::Mono, opus::Application::Voip)?;
            encoder.set_bitrate(opus::Bitrate::Bits(bitrate))?;
            encoder.set_complexity(complexity.min(10).into())?;
            encoder.set_inband_fec(loss_percent > 0)?;
            encoder.set_packet_loss_perc(loss_percent.min(100).into())?;
            encoder.set_dtx(dtx)?;
            Ok(encoder)
        };
        Self {
            settings,
            encoder: make().expect("libopus takes settings within their range"),
            repacketizer: opus::Repacketizer::new().expect("libopus has memory for it"),
        }
    }

    /// How it encodes.
    #[must_use]
    pub const fn settings(&self) -> Settings {
        self.settings
    }

    /// Makes the stream for another loss from here on; more than a hundred in a hundred is a hundred.
    pub fn set_loss_percent(&mut self, percent: u8) {
        let percent = percent.min(100);
        if self.settings.loss_percent == percent {
            return;
        }
        self.settings.loss_percent = percent;
        let encoder = &mut self.encoder;
        let set = encoder.set_inband_fec(percent > 0);
        set.and_then(|()| encoder.set_packet_loss_perc(percent.into()))
            .expect("libopus takes any loss up to a hundred");
    }

    /// Encodes 10 to 120 ms, a multiple of 10 ms, as one packet; gives its length in `out`. Nothing is to be sent for silence
    /// if the settings say so, for another length of sound, and if `out` is too small.
    pub fn encode(&mut self, sound: &[i16], out: &mut [u8]) -> usize {
        let is_one_frame = sound.len() == SHORT_FRAME || sound.len().is_multiple_of(2 * SHORT_FRAME);
        let length = if is_one_frame && sound.len() <= LONG_FRAME {
            self.encoder.encode(sound, out)
        } else {
            self.encode_short_frames(sound, out)
        };
        // Two bytes and less stand for a silence that goes on (libopus' DTX).
        length.ok().filter(|length| !self.settings.dtx || *length > 2).unwrap_or(0)
    }

    fn encode_short_frames(&mut self, sound: &[i16], out: &mut [u8]) -> opus::Result<usize> {
        let (frames, rest) = sound.as_chunks::<SHORT_FRAME>();
        if frames.is_empty() || frames.len() > FRAMES_MAX || !rest.is_empty() {
            return Ok(0);
        }
        let mut bytes = [0; FRAMES_MAX * FRAME_BYTES_MAX];
        let mut ends = [0; FRAMES_MAX + 1];
        for (index, frame) in frames.iter().enumerate() {
            let start = ends[index];
            let room = &mut bytes[start..start + FRAME_BYTES_MAX];
            ends[index + 1] = start + self.encoder.encode(frame, room)?;
        }
        let mut packet = self.repacketizer.begin();
        for pair in ends[..=frames.len()].windows(2) {
            packet.cat(&bytes[pair[0]..pair[1]])?;
        }
        packet.out(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SILENCE_DBFS, Tone, rms_dbfs, tone_dbfs};

    fn tone(samples: usize) -> Vec<i16> {
        Tone::new(1000.0, -12.0, SAMPLE_RATE_HZ).take(samples).collect()
    }

    /// What a phone hears of `sound` in packets of so many samples over a network that loses some.
    fn heard(sound: &[i16], packet: usize, is_lost: impl Fn(usize) -> bool) -> Vec<i16> {
        let (mut encoder, mut decoder) = (Encoder::new(Settings::default()), Decoder::default());
        encoder.set_loss_percent(10);
        let mut heard = Vec::new();
        let mut missing = false;
        for (index, sound) in sound.chunks_exact(packet).enumerate() {
            let mut bytes = [0; 4000];
            let length = encoder.encode(sound, &mut bytes);
            assert_eq!(samples(&bytes[..length]), Some(packet));
            if is_lost(index) {
                assert!(!missing, "the test loses one at a time");
                missing = true;
                continue;
            }
            let mut out = [0; PACKET_SAMPLES_MAX];
            if std::mem::take(&mut missing) {
                assert!(decoder.recover(&bytes[..length], &mut out[..packet]));
                heard.extend(&out[..packet]);
            }
            let length = decoder.decode(&bytes[..length], &mut out);
            heard.extend(&out[..length]);
        }
        heard
    }

    #[test]
    fn a_tone_in_packets_of_every_length_arrives_as_it_was() {
        for ms in [10, 20, 30, 40, 50, 60, 70, 80, 100, 120] {
            let heard = heard(&tone(32_000), ms * 16, |_| false);
            let level = tone_dbfs(&heard[8000..24_000], 1000.0, SAMPLE_RATE_HZ);
            assert!((level + 12.0).abs() < 1.0, "{ms} ms: {level}");
        }
    }

    #[test]
    fn lost_packets_are_made_up_for() {
        let heard = heard(&tone(32_000), 320, |index| index % 10 == 5);
        assert_eq!(heard.len(), 32_000);
        let whole = rms_dbfs(&tone(32_000));
        for frame in heard[8000..].chunks_exact(320) {
            let level = rms_dbfs(frame);
            assert!((whole - 15.0..whole + 3.0).contains(&level), "{level} in place of {whole}: a hole");
        }
        let mut decoder = Decoder::default();
        let mut out = [7; 320];
        assert!(decoder.conceal(&mut out));
        assert!(rms_dbfs(&out) <= SILENCE_DBFS, "of nothing there is nothing to go on with");
    }

    #[test]
    fn a_packet_shows_whether_it_repeats_the_one_before() {
        let (mut encoder, mut bytes) = (Encoder::new(Settings::default()), [0; 1500]);
        // Syllables: what goes on for ever is noise.
        let sound: Vec<i16> = tone(32_000)
            .chunks(1600)
            .zip([1, 0].into_iter().cycle())
            .flat_map(|(sound, on)| sound.iter().map(move |sample| sample * on))
            .collect();
        for (percent, some) in [(0, false), (10, true)] {
            encoder.set_loss_percent(percent);
            let repeats = sound.chunks_exact(320).filter(|sound| {
                let length = encoder.encode(sound, &mut bytes);
                repeats_former(&bytes[..length])
            });
            assert_eq!(repeats.count() > 10, some, "{percent} %");
        }
        // RFC 6716 §3.1: configuration 31 is of the other coder, which has none.
        for nothing in [&[][..], &[0x08], &[0xf8, 0xff, 0xff]] {
            assert!(!repeats_former(nothing));
        }
    }

    #[test]
    fn silence_need_not_be_sent() {
        let mut encoder = Encoder::new(Settings { dtx: true, ..Settings::default() });
        let mut bytes = [0; 1500];
        let sent = (0..200).filter(|_| encoder.encode(&[0; 320], &mut bytes) > 0).count();
        assert!(sent < 60, "{sent} of 200");
    }

    #[test]
    fn any_bytes_are_taken_without_harm() {
        let mut rng = hotline_base::Rng::from_number(1);
        let mut decoder = Decoder::default();
        let mut out = [0; PACKET_SAMPLES_MAX];
        for _ in 0..2000 {
            let packet: Vec<u8> = (0..rng.below(80)).map(|_| rng.below(256) as u8).collect();
            let length = decoder.decode(&packet, &mut out);
            assert!(length <= PACKET_SAMPLES_MAX);
            assert!(samples(&packet).is_none_or(|samples| samples <= PACKET_SAMPLES_MAX));
            decoder.recover(&packet, &mut out[..320]);
            assert!(!repeats_former(&packet) || packet[0] & 0x80 == 0);
        }
        assert_eq!(Encoder::new(Settings::default()).encode(&[0; 100], &mut [0; 100]), 0, "no such length");
    }

    #[test]
    fn a_restored_codec_has_its_settings_and_begins_anew() {
        let settings = Settings { bitrate: 16_000, ..Settings::default() };
        let encoder: Settings = Encoder::new(settings).into();
        assert_eq!(Encoder::from(encoder).settings(), settings);
    }
}
