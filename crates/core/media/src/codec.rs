//! The codecs a leg can have, and from one to another.
//!
//! The engine counts time in samples at 8 kHz, the clock of G.711 and G.722; [`Codec::clock_factor`] is what a codec's own
//! timestamps count more (RFC 3551 §4.5.2, RFC 7587 §4.1). Sound is narrow, at 8 kHz, or wide, at 16 kHz.

use hotline_audio::g722::{NarrowDecoder, NarrowEncoder};
use hotline_audio::gain::AutomaticGain;
use hotline_audio::{ALAW_TO_ULAW, Doubler, Halver, Rate, ULAW_TO_ALAW, alaw, opus, ulaw};
use hotline_base::PlayId;
use serde::{Deserialize, Serialize};

use crate::PromptLibrary;
use crate::form::{Law, Wide};
use crate::opus_encoder::OpusEncoder;
use crate::player::Player;
use crate::speech::level;

/// The most samples of one packet, 120 ms of wide sound.
pub(crate) const WIDE_SAMPLES_MAX: usize = opus::PACKET_SAMPLES_MAX;
/// The same of narrow sound.
pub(crate) const NARROW_SAMPLES_MAX: usize = WIDE_SAMPLES_MAX / 2;
/// The most bytes of a payload that we make: 120 ms of linear samples.
pub(crate) const PAYLOAD_MAX: usize = 2 * WIDE_SAMPLES_MAX;

/// An audio codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Codec {
    /// G.711 μ-law, static payload type 0 (RFC 3551 §4.5.14).
    Pcmu,
    /// G.711 A-law, static payload type 8.
    Pcma,
    /// G.722 at 64 kbit/s, static payload type 9.
    G722,
    /// Opus (RFC 7587), with a clock of 48 kHz.
    Opus,
    /// Linear samples at 16 kHz (RFC 3551 §4.5.11).
    L16,
}

/// What the receiver of an Opus stream wishes of it (RFC 7587 §6.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opus {
    /// Bits a second; `None` leaves it to us.
    pub bitrate_max: Option<u32>,
    /// Forward error correction is of use.
    pub fec: bool,
    /// Silence need not be sent.
    pub dtx: bool,
}

/// Turns a codec's payloads into sound.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Decoder {
    /// Of μ-law.
    Pcmu,
    /// Of A-law.
    Pcma,
    /// Of G.722, from what came before.
    G722(Box<NarrowDecoder>),
    /// Of Opus, from what came before.
    Opus(Box<(opus::Decoder, Halver)>),
    /// Of linear samples.
    L16(Box<Halver>),
}

/// Turns sound into a codec's payloads.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Encoder {
    /// To μ-law.
    Pcmu,
    /// To A-law.
    Pcma,
    /// To G.722, from what came before.
    G722(Box<NarrowEncoder>),
    /// To Opus, from what came before.
    Opus(Box<OpusEncoder>),
    /// To linear samples.
    L16(Box<Doubler>),
}

impl Codec {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Pcmu, Self::Pcma, Self::G722, Self::Opus, Self::L16];

    /// Its registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G722 => "G722",
            Self::Opus => "opus",
            Self::L16 => "L16",
        }
    }

    /// The payload type that it usually has: the one that stands for it by itself (RFC 3551 §6), or a dynamic one.
    #[must_use]
    pub const fn usual_payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
            Self::G722 => 9,
            Self::Opus => 111,
            Self::L16 => 112,
        }
    }

    /// How many of its timestamps go into one of a clock of 8 kHz.
    #[must_use]
    pub const fn clock_factor(self) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => 1,
            Self::L16 => 2,
            Self::Opus => 6,
        }
    }

    /// True if it carries more than 8 kHz of samples.
    #[must_use]
    pub const fn is_wide(self) -> bool {
        match self {
            Self::Pcmu | Self::Pcma => false,
            Self::G722 | Self::Opus | Self::L16 => true,
        }
    }

    /// How long a payload is, in samples at 8 kHz; `None` if it is malformed, empty, or longer than 120 ms.
    #[must_use]
    pub fn span(self, payload: &[u8]) -> Option<usize> {
        let samples = match self {
            Self::Pcmu | Self::Pcma | Self::G722 => payload.len(),
            Self::L16 => payload.len() / 4,
            Self::Opus => opus::samples(payload)? / 2,
        };
        (1..=NARROW_SAMPLES_MAX).contains(&samples).then_some(samples)
    }

    /// A payload without its first samples at 8 kHz; `None` if nothing is left, and of Opus unless it is whole.
    pub(crate) fn without_beginning(self, payload: &[u8], samples: usize) -> Option<&[u8]> {
        if samples >= self.span(payload)? {
            return None;
        }
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => payload.get(samples..),
            Self::L16 => payload.get(4 * samples..),
            Self::Opus => (samples == 0).then_some(payload),
        }
    }

    /// One that has heard nothing yet.
    #[must_use]
    pub fn decoder(self) -> Decoder {
        match self {
            Self::Pcmu => Decoder::Pcmu,
            Self::Pcma => Decoder::Pcma,
            Self::G722 => Decoder::G722(Box::default()),
            Self::Opus => Decoder::Opus(Box::default()),
            Self::L16 => Decoder::L16(Box::default()),
        }
    }

    /// One that has said nothing yet; an Opus stream as its receiver wishes it.
    #[must_use]
    pub fn encoder(self, wishes: Opus) -> Encoder {
        match self {
            Self::Pcmu => Encoder::Pcmu,
            Self::Pcma => Encoder::Pcma,
            Self::G722 => Encoder::G722(Box::default()),
            Self::Opus => Encoder::Opus(Box::new(OpusEncoder::new(wishes.settings()))),
            Self::L16 => Encoder::L16(Box::default()),
        }
    }
}

impl Opus {
    fn settings(self) -> opus::Settings {
        let usual = opus::Settings::default();
        let bitrate = self.bitrate_max.map_or(usual.bitrate, |most| most.min(usual.bitrate));
        opus::Settings { bitrate, dtx: self.dtx, ..usual }
    }
}

impl Decoder {
    /// Whose payloads it takes.
    #[must_use]
    pub const fn codec(&self) -> Codec {
        match self {
            Self::Pcmu => Codec::Pcmu,
            Self::Pcma => Codec::Pcma,
            Self::G722(_) => Codec::G722,
            Self::Opus(_) => Codec::Opus,
            Self::L16(_) => Codec::L16,
        }
    }

    /// Decodes a payload of at most 120 ms to narrow sound; gives the number of samples in `out`, which has room for 960.
    pub fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> usize {
        match self {
            Self::Pcmu => each(payload, out, ulaw::decode),
            Self::Pcma => each(payload, out, alaw::decode),
            Self::G722(decoder) => each(payload, out, |byte| decoder.decode(byte)),
            Self::Opus(_) | Self::L16(_) => {
                let mut wide = [0; WIDE_SAMPLES_MAX];
                let length = self.decode_wide(payload, &mut wide);
                self.narrow(&wide[..length], out)
            }
        }
    }

    /// Decodes a payload of at most 120 ms to wide sound; gives the number of samples in `out`, which has room for 1920. Of a
    /// narrow codec there is none.
    pub fn decode_wide(&mut self, payload: &[u8], out: &mut [i16]) -> usize {
        match self {
            Self::Pcmu | Self::Pcma => 0,
            Self::G722(decoder) => {
                let pairs = out.as_chunks_mut().0;
                let filled = payload.iter().zip(pairs).map(|(byte, pair)| *pair = decoder.decode_wide(*byte));
                2 * filled.count()
            }
            Self::Opus(decoder) => decoder.0.decode(payload, out),
            Self::L16(_) => {
                let samples = payload.as_chunks().0.iter().zip(out.iter_mut());
                samples.map(|(bytes, sample)| *sample = i16::from_be_bytes(*bytes)).count()
            }
        }
    }

    /// The same as [`Decoder::decode`] in memory of its own, for phones and tests.
    #[must_use]
    pub fn sound(&mut self, payload: &[u8]) -> Vec<i16> {
        let mut sound = vec![0; NARROW_SAMPLES_MAX];
        let length = self.decode(payload, &mut sound);
        sound.truncate(length);
        sound
    }

    /// Fills the place of a lost packet, `out` long, with narrow sound, if the codec can: from what came before, and from the
    /// `next` packet if that is the one after it.
    pub fn conceal(&mut self, next: Option<&[u8]>, out: &mut [i16]) -> bool {
        let mut wide = [0; WIDE_SAMPLES_MAX];
        let Some(wide) = wide.get_mut(..2 * out.len()) else { return false };
        let is_filled = self.conceal_wide(next, wide);
        is_filled && self.narrow(wide, out) == out.len()
    }

    /// Fills the place of a lost packet, `out` long, with what the `next` one says of it, as narrow sound; false if that says nothing.
    pub fn recover(&mut self, next: &[u8], out: &mut [i16]) -> bool {
        let repeats = matches!(self, Self::Opus(_)) && opus::repeats_former(next);
        repeats && self.conceal(Some(next), out)
    }

    /// As [`Decoder::conceal`] with wide sound.
    pub(crate) fn conceal_wide(&mut self, next: Option<&[u8]>, out: &mut [i16]) -> bool {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722(_) | Self::L16(_) => false,
            Self::Opus(decoder) => match next {
                Some(next) => decoder.0.recover(next, out),
                None => decoder.0.conceal(out),
            },
        }
    }

    /// Takes a payload that nobody hears. What G.722 sounds like depends on all that came before.
    pub(crate) fn pass_over(&mut self, payload: &[u8]) {
        if let Self::G722(decoder) = self {
            for byte in payload {
                decoder.decode_wide(*byte);
            }
        }
    }

    fn narrow(&mut self, wide: &[i16], out: &mut [i16]) -> usize {
        let halver = match self {
            Self::Opus(decoder) => &mut decoder.1,
            Self::L16(halver) => halver,
            Self::Pcmu | Self::Pcma | Self::G722(_) => return 0,
        };
        wide.as_chunks().0.iter().zip(out).map(|(pair, sample)| *sample = halver.push(*pair)).count()
    }
}

impl Encoder {
    /// Whose payloads it makes.
    #[must_use]
    pub const fn codec(&self) -> Codec {
        match self {
            Self::Pcmu => Codec::Pcmu,
            Self::Pcma => Codec::Pcma,
            Self::G722(_) => Codec::G722,
            Self::Opus(_) => Codec::Opus,
            Self::L16(_) => Codec::L16,
        }
    }

    /// Encodes up to 120 ms of narrow sound; gives the length in `out`, which has room for 3840 bytes. Nothing is to be sent
    /// for a silence that the receiver wishes not to get. Opus has frames of 10 ms: what does not fill one is [held](Encoder::held),
    /// and the payload begins with what was held before.
    pub fn encode(&mut self, sound: &[i16], out: &mut [u8]) -> usize {
        match self {
            Self::Pcmu => each(sound, out, ulaw::encode),
            Self::Pcma => each(sound, out, alaw::encode),
            Self::G722(encoder) => each(sound, out, |sample| encoder.encode(sample)),
            Self::Opus(_) | Self::L16(_) => {
                let mut wide = [0; WIDE_SAMPLES_MAX];
                let length = self.widen(sound, &mut wide);
                self.encode_wide(&wide[..length], out)
            }
        }
    }

    /// Encodes up to 120 ms of wide sound, as [`Encoder::encode`]. To a narrow codec there is nothing.
    pub fn encode_wide(&mut self, sound: &[i16], out: &mut [u8]) -> usize {
        match self {
            Self::Pcmu | Self::Pcma => 0,
            Self::G722(encoder) => each(sound.as_chunks().0, out, |pair| encoder.encode_wide(pair)),
            Self::Opus(encoder) => encoder.encode(sound, out),
            Self::L16(_) => 2 * each(sound, out.as_chunks_mut().0, |sample: i16| sample.to_be_bytes()),
        }
    }

    /// The same as [`Encoder::encode`] in memory of its own, for phones and tests.
    #[must_use]
    pub fn payload(&mut self, sound: &[i16]) -> Vec<u8> {
        let mut payload = vec![0; PAYLOAD_MAX];
        let length = self.encode(sound, &mut payload);
        payload.truncate(length);
        payload
    }

    /// True if it leaves the payloads of `codec` as they are. Not those of G.722: a phone that was sent the bytes of another
    /// encoder in the middle would hear a burst, since neither stands where the other does.
    pub(crate) fn passes(&self, codec: Codec) -> bool {
        self.codec() == codec && codec != Codec::G722
    }

    /// How much of what it was given waits for the rest of its frame, in samples at 8 kHz: less than 10 ms.
    #[must_use]
    pub fn held(&self) -> usize {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722(_) | Self::L16(_) => 0,
            Self::Opus(encoder) => encoder.held(),
        }
    }

    /// What comes next does not go on where the last sound ended: nothing of that is held any more.
    pub(crate) fn forget_held(&mut self) {
        if let Self::Opus(encoder) = self {
            encoder.forget_held();
        }
    }

    /// Turns a payload that `decoder` understands into its own, brought to a level if there is a gain; gives its length in `out`,
    /// as [`Encoder::encode`] does.
    pub(crate) fn transcode(
        &mut self,
        decoder: &mut Decoder,
        gain: Option<&mut AutomaticGain>,
        payload: &[u8],
        out: &mut [u8],
    ) -> usize {
        match (&mut *decoder, &mut *self) {
            _ if gain.is_some() => {}
            (Decoder::Pcmu, Self::Pcma) => return each(payload, out, |byte| ULAW_TO_ALAW[usize::from(byte)]),
            (Decoder::Pcma, Self::Pcmu) => return each(payload, out, |byte| ALAW_TO_ULAW[usize::from(byte)]),
            (Decoder::G722(from), Self::G722(to)) => {
                return each(payload, out, |byte| to.encode_wide(from.decode_wide(byte)));
            }
            _ => {}
        }
        if decoder.codec().is_wide() && self.codec().is_wide() {
            let mut sound = [0; WIDE_SAMPLES_MAX];
            let length = decoder.decode_wide(payload, &mut sound);
            level(gain, &mut sound[..length], Rate::Wide);
            self.encode_wide(&sound[..length], out)
        } else {
            let mut sound = [0; NARROW_SAMPLES_MAX];
            let length = decoder.decode(payload, &mut sound);
            level(gain, &mut sound[..length], Rate::Narrow);
            self.encode(&sound[..length], out)
        }
    }

    /// Writes silence of `span` samples at 8 kHz, as [`Encoder::transcode`] makes sound.
    pub(crate) fn hush(&mut self, span: usize, out: &mut [u8]) -> usize {
        if self.codec().is_wide() {
            self.encode_wide(&[0; WIDE_SAMPLES_MAX][..2 * span], out)
        } else {
            self.encode(&[0; NARROW_SAMPLES_MAX][..span], out)
        }
    }

    /// What stands in the place of a lost packet of `span` samples at 8 kHz, as [`Encoder::transcode`] makes it; nothing if
    /// the receiver conceals it better.
    pub(crate) fn conceal(
        &mut self,
        (decoder, gain): (&mut Decoder, Option<&mut AutomaticGain>),
        next: Option<&[u8]>,
        span: usize,
        out: &mut [u8],
    ) -> usize {
        let mut sound = [0; WIDE_SAMPLES_MAX];
        if self.codec().is_wide() {
            let sound = &mut sound[..2 * span];
            if !decoder.conceal_wide(next, sound) {
                return 0;
            }
            level(gain, sound, Rate::Wide);
            self.encode_wide(sound, out)
        } else {
            let sound = &mut sound[..span];
            if !decoder.conceal(next, sound) {
                return 0;
            }
            level(gain, sound, Rate::Narrow);
            self.encode(sound, out)
        }
    }

    /// Writes the next `samples` of what a player plays as a payload into `out`; `clock` is the first one's place on our clock.
    /// Gives its length and the playback that ended in it.
    pub(crate) fn play(
        &mut self,
        player: &mut Player,
        prompts: &PromptLibrary,
        clock: u64,
        samples: usize,
        out: &mut [u8],
    ) -> (usize, Option<PlayId>) {
        let law = match self {
            Self::Pcmu => Law::Mu,
            Self::Pcma => Law::A,
            Self::G722(_) | Self::Opus(_) | Self::L16(_) => {
                let mut sound = [0; WIDE_SAMPLES_MAX];
                let sound = &mut sound[..2 * samples];
                let finished = player.fill(prompts, Wide, clock, sound);
                self.forget_samples();
                return (self.encode_wide(sound, out), finished);
            }
        };
        (samples, player.fill(prompts, law, clock, &mut out[..samples]))
    }

    /// Writes the next `samples` at 8 kHz of a mix, which is wide if this codec and all others in it are, as a payload into `out`, and
    /// takes them from `mixed`; gives its length.
    pub(crate) fn say(&mut self, mixed: &mut Vec<i16>, samples: usize, rate: Rate, out: &mut [u8]) -> usize {
        let wanted = samples * rate.samples(1) / 8;
        let mut sound = [0; WIDE_SAMPLES_MAX];
        let sound = &mut sound[..wanted];
        let there = wanted.min(mixed.len());
        sound[..there].copy_from_slice(&mixed[..there]);
        mixed.drain(..there);
        match rate {
            Rate::Narrow => self.encode(sound, out),
            Rate::Wide => self.encode_wide(sound, out),
        }
    }

    /// How many packets in a hundred the receiver says are lost on the way to it.
    pub fn set_loss_percent(&mut self, percent: u8) {
        if let Self::Opus(encoder) = self {
            encoder.set_loss_percent(percent);
        }
    }

    /// The next sample at 8 kHz follows silence: what came before it was wide.
    fn forget_samples(&mut self) {
        match self {
            Self::Pcmu | Self::Pcma => {}
            Self::G722(encoder) => encoder.forget_samples(),
            Self::Opus(encoder) => encoder.doubler = Doubler::default(),
            Self::L16(doubler) => **doubler = Doubler::default(),
        }
    }

    fn widen(&mut self, sound: &[i16], out: &mut [i16]) -> usize {
        let doubler = match self {
            Self::Opus(encoder) => &mut encoder.doubler,
            Self::L16(doubler) => doubler,
            Self::Pcmu | Self::Pcma | Self::G722(_) => return 0,
        };
        2 * each(sound, out.as_chunks_mut().0, |sample| doubler.push(sample))
    }
}

/// Turns each of `from` into one of `out`, as many as there is room for; gives their number.
fn each<F: Copy, T>(from: &[F], out: &mut [T], mut turn: impl FnMut(F) -> T) -> usize {
    from.iter().zip(out).map(|(from, to)| *to = turn(*from)).count()
}
