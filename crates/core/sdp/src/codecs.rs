//! Codecs and the payload types that stand for them.

use crate::local::{Local, Preference};
use crate::session::{Media, RtpMap};
use serde::{Deserialize, Serialize};

/// The payload type that our offers give to telephone-events on an 8 kHz clock; most phones use the same.
const TELEPHONE_EVENT: u8 = 101;
/// The payload type of comfort noise at 8 kHz (RFC 3551 §6).
const COMFORT_NOISE: u8 = 13;
/// The payload types without a fixed meaning (RFC 3551 §6).
const DYNAMIC: core::ops::RangeInclusive<u8> = 96..=127;
/// The keys 0 to 9, `*`, `#` and A to D (RFC 4733 §3.2).
const KEYS: &str = "0-15";
/// Of those, what a peer must take for its telephone-events to be of use: all without A to D.
const NEEDED_KEYS: core::ops::RangeInclusive<u8> = 0..=11;

/// What we say of Opus streams to us (RFC 7587 §6.1): packets from 10 ms on, in which loss can be made up for.
const OPUS: &str = "minptime=10;useinbandfec=1";

/// A voice codec that this server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Codec {
    /// G.711 µ-law, 8 kHz.
    Pcmu,
    /// G.711 A-law, 8 kHz.
    Pcma,
    /// G.722 at 64 kbit/s, 16 kHz; its RTP clock says 8 kHz (RFC 3551 §4.5.2).
    G722,
    /// Opus (RFC 7587). Its RTP clock says 48 kHz and two channels, whatever is in it.
    Opus,
    /// Linear 16-bit samples at 16 kHz (RFC 3551 §4.5.11).
    L16,
}

/// What offer/answer must know of each codec, in the order that an offer lists them if nobody chose another.
const CODECS: [(Codec, Encoding); 5] = [
    (Codec::Pcmu, Encoding::of("PCMU", 8000, Some(0))),
    (Codec::Pcma, Encoding::of("PCMA", 8000, Some(8))),
    (Codec::G722, Encoding::of("G722", 8000, Some(9))),
    (Codec::Opus, Encoding { channels: 2, parameters: Some(OPUS), ..Encoding::of("opus", 48_000, None) }),
    (Codec::L16, Encoding::of("L16", 16_000, None)),
];

/// What a payload type can stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Encoding {
    /// The registered name.
    name: &'static str,
    clock_hz: u32,
    channels: u8,
    /// The payload type that stands for it without an `a=rtpmap` (RFC 3551 §6).
    fixed: Option<u8>,
    /// Our `a=fmtp`.
    parameters: Option<&'static str>,
}

impl Codec {
    /// Every codec, in the order that an offer lists them if nobody chose another.
    pub const ALL: [Self; CODECS.len()] = {
        let mut all = [CODECS[0].0; CODECS.len()];
        let mut row = 0;
        while row < CODECS.len() {
            assert!(CODECS[row].0 as usize == row, "the table is in the order of the enum");
            all[row] = CODECS[row].0;
            row += 1;
        }
        all
    };

    /// The encoding's registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.encoding().name
    }

    /// The payload type that stands for the codec without an `a=rtpmap` (RFC 3551 §6).
    #[must_use]
    pub const fn static_payload_type(self) -> Option<u8> {
        self.encoding().fixed
    }

    /// The RTP clock in hertz.
    #[must_use]
    pub const fn clock_hz(self) -> u32 {
        self.encoding().clock_hz
    }

    pub(crate) const fn encoding(self) -> Encoding {
        CODECS[self as usize].1
    }
}

impl Encoding {
    /// One channel without parameters.
    const fn of(name: &'static str, clock_hz: u32, fixed: Option<u8>) -> Self {
        Self { name, clock_hz, channels: 1, fixed, parameters: None }
    }

    /// Telephone-events (RFC 4733 §2.1), on the clock of the audio that they interrupt.
    const fn telephone_event(clock_hz: u32) -> Self {
        Self { parameters: Some(KEYS), ..Self::of("telephone-event", clock_hz, None) }
    }

    /// Comfort noise (RFC 3389 §4), on the clock of the audio whose pauses it fills.
    const fn comfort_noise(clock_hz: u32) -> Self {
        let fixed = if clock_hz == 8000 { Some(COMFORT_NOISE) } else { None };
        Self::of("CN", clock_hz, fixed)
    }

    fn is(self, map: &RtpMap) -> bool {
        map.name.eq_ignore_ascii_case(self.name)
            && map.clock_hz == self.clock_hz
            && map.channels == self.channels
    }

    fn rtpmap(self) -> RtpMap {
        RtpMap { name: self.name.to_owned(), clock_hz: self.clock_hz, channels: self.channels }
    }
}

/// The codec of a conversation, with the payload types of both directions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Formats {
    pub(crate) codec: Codec,
    pub(crate) audio: PayloadTypes,
    /// Telephone-events and their clock in hertz.
    pub(crate) events: Option<(PayloadTypes, u32)>,
    pub(crate) noise: Option<PayloadTypes>,
}

/// What one encoding is called in each direction; the two may differ (RFC 3264 §5.1).
#[derive(Clone, Copy, Debug)]
pub(crate) struct PayloadTypes {
    /// In our packets: the peer's number.
    pub(crate) send: u8,
    /// In the peer's packets: our number.
    pub(crate) receive: u8,
}

impl Formats {
    /// What we answer to an offered line. The offer's numbers are kept (RFC 3264 §6.1), unless `earlier`, our own
    /// line in the same place, gave another to the same encoding: within a session a number keeps its meaning,
    /// and packets under way are still understood (§8.3.2).
    pub(crate) fn answering(offered: &Media, local: &Local<'_>, earlier: Option<&Media>) -> Option<Self> {
        let (codec, send) = match local.policy.preference {
            Preference::Ours => local
                .codecs
                .iter()
                .find_map(|&codec| Some((codec, offered.payload_type_of(codec.encoding())?))),
            Preference::Theirs => offered.payload_types().find_map(|payload_type| {
                let codec = offered.codec_of(payload_type)?;
                local.codecs.contains(&codec).then_some((codec, payload_type))
            }),
        }?;
        let both = |encoding, send| {
            let receive = earlier.and_then(|earlier| earlier.payload_type_of(encoding));
            let receive = receive.filter(|&number| !offered.means_else(number, encoding)).unwrap_or(send);
            PayloadTypes { send, receive }
        };
        let events = event_clocks(codec).into_iter().find_map(|clock_hz| {
            let send = offered.telephone_event(clock_hz)?;
            Some((both(Encoding::telephone_event(clock_hz), send), clock_hz))
        });
        let noise = Encoding::comfort_noise(codec.clock_hz());
        Some(Self {
            codec,
            audio: both(codec.encoding(), send),
            events,
            noise: offered.comfort_noise(codec).map(|send| both(noise, send)),
        })
    }

    /// What the answer to our line means. Of several codecs in it the first is used.
    pub(crate) fn answered(ours: &Media, theirs: &Media) -> Option<Self> {
        let (codec, audio) = theirs.payload_types().find_map(|send| {
            let codec = theirs.codec_of(send)?;
            let receive = ours.payload_type_of(codec.encoding())?;
            Some((codec, PayloadTypes { send, receive }))
        })?;
        let events = event_clocks(codec).into_iter().find_map(|clock_hz| {
            let (send, receive) = theirs.telephone_event(clock_hz).zip(ours.telephone_event(clock_hz))?;
            Some((PayloadTypes { send, receive }, clock_hz))
        });
        let noise = theirs.comfort_noise(codec).zip(ours.comfort_noise(codec));
        let noise = noise.map(|(send, receive)| PayloadTypes { send, receive });
        Some(Self { codec, audio, events, noise })
    }

    /// Writes our side of it into our line.
    pub(crate) fn announce(self, media: &mut Media) {
        media.add_format(self.audio.receive, self.codec.encoding());
        if let Some(noise) = self.noise {
            media.add_format(noise.receive, Encoding::comfort_noise(self.codec.clock_hz()));
        }
        if let Some((events, clock_hz)) = self.events {
            media.add_format(events.receive, Encoding::telephone_event(clock_hz));
        }
    }
}

/// The clocks that telephone-events may have beside a codec, the right one first (RFC 4733 §2.1): many phones that speak Opus know
/// those of 8 kHz only.
const fn event_clocks(codec: Codec) -> [u32; 2] {
    [codec.clock_hz(), 8000]
}

/// Writes what we offer into our line: the codecs, and telephone-events on each of their clocks. What `earlier`,
/// our own line in the same place, gave a number to keeps it.
pub(crate) fn offer_formats(media: &mut Media, codecs: &[Codec], earlier: Option<&Media>) {
    let mut clocks: Vec<u32> = Vec::new();
    for codec in codecs {
        if !clocks.contains(&codec.clock_hz()) {
            clocks.push(codec.clock_hz());
        }
    }
    let audio = codecs.iter().map(|codec| codec.encoding());
    let events = clocks.into_iter().map(Encoding::telephone_event);
    for encoding in audio.chain(events) {
        let usual = encoding.fixed.unwrap_or(TELEPHONE_EVENT);
        let is_free = |number: &u8| {
            !media.rtpmaps.contains_key(number)
                && !earlier.is_some_and(|earlier| earlier.means_else(*number, encoding))
                && (*number != TELEPHONE_EVENT || encoding == Encoding::telephone_event(8000))
        };
        let number = earlier
            .and_then(|earlier| earlier.payload_type_of(encoding))
            .filter(|number| !media.rtpmaps.contains_key(number))
            .or_else(|| core::iter::once(usual).chain(DYNAMIC).find(is_free));
        // The numbers suffice for dozens of codecs; one more would not be offered.
        if let Some(number) = number {
            media.add_format(number, encoding);
        }
    }
}

impl Media {
    fn add_format(&mut self, payload_type: u8, encoding: Encoding) {
        self.formats.push(payload_type.to_string());
        self.rtpmaps.insert(payload_type, encoding.rtpmap());
        if let Some(parameters) = encoding.parameters {
            self.fmtps.insert(payload_type, parameters.to_owned());
        }
    }

    /// The first payload type that stands for `encoding`.
    fn payload_type_of(&self, encoding: Encoding) -> Option<u8> {
        self.payload_types().find(|&payload_type| self.means(payload_type, encoding))
    }

    fn codec_of(&self, payload_type: u8) -> Option<Codec> {
        Codec::ALL.into_iter().find(|codec| self.means(payload_type, codec.encoding()))
    }

    /// True if `payload_type` stands for `encoding`; an `a=rtpmap` wins over the static table.
    fn means(&self, payload_type: u8, encoding: Encoding) -> bool {
        match self.rtpmaps.get(&payload_type) {
            Some(map) => encoding.is(map),
            None => encoding.fixed == Some(payload_type),
        }
    }

    /// True if `payload_type` stands for another encoding.
    fn means_else(&self, payload_type: u8, encoding: Encoding) -> bool {
        self.payload_types().any(|listed| listed == payload_type) && !self.means(payload_type, encoding)
    }

    /// The payload type of comfort noise on the clock of `codec`, if the writer of this line takes any. Opus has its own.
    fn comfort_noise(&self, codec: Codec) -> Option<u8> {
        match codec {
            Codec::Opus => None,
            Codec::Pcmu | Codec::Pcma | Codec::G722 | Codec::L16 => {
                self.payload_type_of(Encoding::comfort_noise(codec.clock_hz()))
            }
        }
    }

    /// The payload type of telephone-events on this clock, if the writer of this line takes keys.
    fn telephone_event(&self, clock_hz: u32) -> Option<u8> {
        let encoding = Encoding::telephone_event(clock_hz);
        self.payload_types().find(|payload_type| {
            self.means(*payload_type, encoding)
                && self.fmtps.get(payload_type).is_none_or(|events| includes_keys(events))
        })
    }
}

/// True if a list of events such as `0-15,66,70` has the keys of a telephone in it (RFC 4733 §2.4.1). One that
/// cannot be read is taken for the usual one.
fn includes_keys(events: &str) -> bool {
    let mut ranges = Vec::new();
    for range in events.split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        match (first.trim().parse::<u8>(), last.trim().parse::<u8>()) {
            (Ok(first), Ok(last)) => ranges.push(first..=last),
            (Ok(_) | Err(_), Err(_)) | (Err(_), Ok(_)) => return true,
        }
    }
    NEEDED_KEYS.into_iter().all(|key| ranges.iter().any(|range| range.contains(&key)))
}
