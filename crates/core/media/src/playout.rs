//! An even sound of packets that come unevenly: a jitter buffer that decodes.
//!
//! Sound waits as long as nearly all packets take (see [`Delays`]). What waits too long is shortened by pitch periods, what would
//! run dry is made longer; what is lost is concealed.

use std::collections::VecDeque;

use hotline_audio::gain::AutomaticGain;
use hotline_audio::{Concealer, Rate, stretch, voice};
use serde::{Deserialize, Serialize};

use crate::codec::{NARROW_SAMPLES_MAX, WIDE_SAMPLES_MAX};
use crate::delays::Delays;
use crate::{Codec, Decoder, LegStats};

/// Packets that wait at most: more than a second of the shortest usual ones.
const WAITING_MAX: usize = 128;
/// Bytes of a packet for which there is room at once: 40 ms of G.711. Longer ones make room for themselves.
const PACKET_USUAL: usize = 320;
/// Packets further from where they should be are no part of the stream, or it has begun anew: 500 ms, in samples at 8 kHz.
const JUMP: i64 = 4000;
/// So many of them in a row, and it has.
const STRAYS_MAX: u8 = 3;
/// Sound that waits so much longer than it must is shortened: 15 ms. Less is left alone.
const SLACK: i64 = 120;
/// So much less is made longer: 5 ms.
const HASTE: i64 = 40;
/// After so many frames in a row of nothing the stream is at rest.
const REST_AFTER: u8 = 4;
/// The longest piece that is concealed at once, in milliseconds.
const CONCEALED_MS: usize = 20;
/// The most that is decoded and not yet heard: a packet of 120 ms, a frame, and what a pitch period adds.
const SOUND_MAX: usize = 2 * WIDE_SAMPLES_MAX;

/// Hears one stream.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Playout {
    rate: Rate,
    decoder: Decoder,
    concealer: Concealer,
    detector: voice::Detector,
    /// Brings what is heard to a level.
    pub(crate) gain: Option<AutomaticGain>,
    delays: Delays,
    /// By their place, and room for others.
    waiting: VecDeque<Waiting>,
    spare: Vec<Vec<u8>>,
    /// Decoded, not yet heard.
    sound: Vec<i16>,
    /// From the first packet of the stream on.
    place: Option<Place>,
    pub(crate) stats: PlayoutStats,
}

/// What a listener heard of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlayoutStats {
    /// Packets that came after their sound was due.
    pub(crate) late: u64,
    /// Milliseconds that were concealed.
    pub(crate) concealed_ms: u64,
    /// The sum over all frames of how long sound waited, in milliseconds, and the number of frames.
    pub(crate) waited_ms: u64,
    pub(crate) frames: u64,
}

impl PlayoutStats {
    pub(crate) fn add(&mut self, other: &Self) {
        self.late += other.late;
        self.concealed_ms += other.concealed_ms;
        self.waited_ms += other.waited_ms;
        self.frames += other.frames;
    }

    pub(crate) fn report(&self, stats: &mut LegStats) {
        stats.late = self.late;
        stats.concealed_ms = self.concealed_ms;
        stats.buffered_ms =
            self.waited_ms.checked_div(self.frames).map(|mean| u32::try_from(mean).unwrap_or(u32::MAX));
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Waiting {
    start: i64,
    span: usize,
    sequence: u16,
    payload: Vec<u8>,
}

/// Where a stream is, in samples at 8 kHz on its own clock.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Place {
    ssrc: u32,
    /// The newest timestamp, and what it is without wraps.
    timestamp: u32,
    start: i64,
    /// What is decoded next, and the number of the packet before it.
    next: i64,
    sequence: u16,
    /// Frames in a row of which nothing had come. At [`REST_AFTER`], and before the first sound, the stream is at rest.
    dry: u8,
    /// How much was made up since the newest packet, in samples at 8 kHz: if that sound was lost, it is made up already.
    filled: i64,
    /// Packets in a row that are no part of the stream.
    strays: u8,
    /// Nothing was heard yet.
    is_new: bool,
}

/// A packet of the stream.
pub(crate) struct Piece<'a> {
    pub(crate) ssrc: u32,
    /// On a clock of 8 kHz.
    pub(crate) timestamp: u32,
    pub(crate) sequence: u16,
    /// Samples at 8 kHz.
    pub(crate) span: usize,
    /// Empty for silence in its place.
    pub(crate) payload: &'a [u8],
    /// Its stream begins here.
    pub(crate) restarted: bool,
}

impl Playout {
    pub(crate) fn new(codec: Codec, rate: Rate) -> Self {
        let usual = match codec {
            Codec::Pcmu | Codec::Pcma | Codec::G722 | Codec::Opus => PACKET_USUAL,
            Codec::L16 => 4 * PACKET_USUAL,
        };
        Self {
            rate,
            decoder: codec.decoder(),
            concealer: Concealer::new(rate),
            detector: voice::Detector::default(),
            gain: None,
            delays: Delays::new(),
            waiting: VecDeque::with_capacity(WAITING_MAX),
            spare: (0..WAITING_MAX).map(|_| Vec::with_capacity(usual)).collect(),
            sound: Vec::with_capacity(SOUND_MAX),
            place: None,
            stats: PlayoutStats::default(),
        }
    }

    pub(crate) fn codec(&self) -> Codec {
        self.decoder.codec()
    }

    pub(crate) const fn rate(&self) -> Rate {
        self.rate
    }

    /// Takes a packet that came at `arrival`, in samples at 8 kHz on our clock.
    pub(crate) fn push(&mut self, arrival: u64, piece: &Piece<'_>) {
        let arrival = arrival as i64;
        let start = match &mut self.place {
            Some(place) if !piece.restarted && place.ssrc == piece.ssrc => {
                let ahead = i64::from(piece.timestamp.wrapping_sub(place.timestamp).cast_signed());
                let start = place.start + ahead;
                let delay = arrival - start;
                let strays = if (delay - self.delays.in_time()).abs() > JUMP { place.strays + 1 } else { 0 };
                place.strays = strays;
                if strays >= STRAYS_MAX {
                    self.begin(piece);
                    piece.timestamp.into()
                } else if strays > 0 {
                    self.stats.late += 1;
                    return;
                } else {
                    if ahead > 0 {
                        (place.timestamp, place.start) = (piece.timestamp, start);
                    }
                    start
                }
            }
            Some(_) | None => {
                self.begin(piece);
                piece.timestamp.into()
            }
        };
        self.delays.note(arrival - start);
        let Some(place) = &mut self.place else { return };
        if start < place.next && !place.is_new {
            self.stats.late += 1;
            return;
        }
        self.insert(start, piece);
    }

    /// Fills the next frame, 20 ms that are heard from `now` on, in samples at 8 kHz on our clock. It is
    /// silent while the stream is at rest.
    pub(crate) fn pull(&mut self, now: u64, frame: &mut [i16]) {
        frame.fill(0);
        let now = now as i64;
        self.wake(now);
        if self.place.is_none_or(|place| place.dry >= REST_AFTER) {
            return;
        }
        while self.sound.len() < frame.len() && self.decode_next(now) {}
        self.keep_pace(now, frame.len());
        if self.sound.len() < frame.len() {
            self.run_dry(frame.len());
        } else if let Some(place) = &mut self.place {
            place.dry = 0;
        }
        frame.copy_from_slice(&self.sound[..frame.len()]);
        self.sound.drain(..frame.len());
        self.detector.push(frame);
        if let Some(gain) = &mut self.gain {
            gain.apply(frame);
        }
        self.stats.frames += 1;
        self.stats.waited_ms += u64::try_from(self.delays.depth() / 8).unwrap_or(0);
    }

    /// The stream's clock is another one from here on.
    fn begin(&mut self, piece: &Piece<'_>) {
        while let Some(dropped) = self.waiting.pop_front() {
            self.spare.push(dropped.payload);
        }
        self.delays.begin();
        let start = piece.timestamp.into();
        let sequence = piece.sequence.wrapping_sub(1);
        self.place = Some(Place {
            ssrc: piece.ssrc,
            timestamp: piece.timestamp,
            start,
            next: start,
            sequence,
            dry: REST_AFTER,
            filled: 0,
            strays: 0,
            is_new: true,
        });
    }

    fn insert(&mut self, start: i64, piece: &Piece<'_>) {
        if self.waiting.len() == WAITING_MAX
            && let Some(oldest) = self.waiting.pop_front()
        {
            self.spare.push(oldest.payload);
        }
        let after = self.waiting.iter().rposition(|other| other.start < start).map_or(0, |before| before + 1);
        if self.waiting.get(after).is_some_and(|other| other.start == start) {
            return;
        }
        let mut payload = self.spare.pop().unwrap_or_default();
        payload.clear();
        payload.extend_from_slice(piece.payload);
        self.waiting.insert(after, Waiting { start, span: piece.span, sequence: piece.sequence, payload });
    }

    /// Goes on after a rest as soon as the first packet has waited long enough.
    fn wake(&mut self, now: i64) {
        let (Some(place), Some(first)) = (&mut self.place, self.waiting.front()) else { return };
        if place.dry >= REST_AFTER && now - first.start >= self.delays.in_time() {
            self.sound.clear();
            (place.next, place.sequence) = (first.start, first.sequence.wrapping_sub(1));
            (place.dry, place.filled, place.is_new) = (0, 0, false);
        }
    }

    /// Decodes or conceals what comes next. False if that has not come.
    fn decode_next(&mut self, now: i64) -> bool {
        let (Some(place), Some(first)) = (&mut self.place, self.waiting.front()) else { return false };
        let gap = first.start - place.next;
        if gap <= 0 {
            let Some(taken) = self.waiting.pop_front() else { return false };
            place.next = taken.start + taken.span as i64;
            place.sequence = taken.sequence;
            place.filled = 0;
            self.decode(&taken.payload, taken.span);
            self.spare.push(taken.payload);
            return true;
        }
        if first.sequence == place.sequence.wrapping_add(1) {
            // Nothing is lost: the peer was silent, and its sound goes on when it is due.
            if now - first.start < self.delays.in_time() {
                return false;
            }
            place.next = first.start;
            return true;
        }
        // While it was not known to be lost, its place was filled.
        let done = place.filled.min(gap);
        if done > 0 {
            place.filled -= done;
            place.next += done;
            self.stats.concealed_ms += u64::try_from(done / 8).unwrap_or(0);
            return true;
        }
        let missing = usize::try_from(gap).unwrap_or(usize::MAX).min(CONCEALED_MS * 8);
        place.next += missing as i64;
        self.conceal(missing, missing as i64 == gap);
        true
    }

    fn decode(&mut self, payload: &[u8], span: usize) {
        let mut decoded = [0; WIDE_SAMPLES_MAX];
        let length = match payload {
            [] => span * self.rate.samples(1) / 8,
            _ => self.decode_at_rate(payload, &mut decoded),
        };
        for frame in decoded[..length].chunks_mut(self.rate.samples(60)) {
            self.concealer.good(frame);
        }
        self.take_sound(&decoded[..length]);
    }

    fn decode_at_rate(&mut self, payload: &[u8], out: &mut [i16]) -> usize {
        match self.rate {
            Rate::Narrow => self.decoder.decode(payload, &mut out[..NARROW_SAMPLES_MAX]),
            Rate::Wide => self.decoder.decode_wide(payload, out),
        }
    }

    /// Fills the place of `missing` samples at 8 kHz, after which the packet that waits goes on if `is_last`.
    fn conceal(&mut self, missing: usize, is_last: bool) {
        let mut filled = [0; WIDE_SAMPLES_MAX];
        let filled = &mut filled[..missing * self.rate.samples(1) / 8];
        let next = self.waiting.front().filter(|next| is_last && !next.payload.is_empty());
        let next = next.map(|next| next.payload.as_slice());
        let knows_how = match self.rate {
            Rate::Narrow => self.decoder.conceal(next, filled),
            Rate::Wide => self.decoder.conceal_wide(next, filled),
        };
        if knows_how {
            self.concealer.good(filled);
        } else {
            self.concealer.lost(filled);
        }
        self.stats.concealed_ms += missing as u64 / 8;
        self.take_sound(filled);
    }

    /// Nothing came in time: what is there is gone on with, and what comes later is heard later.
    fn run_dry(&mut self, length: usize) {
        let Some(place) = &mut self.place else { return };
        place.dry += 1;
        let mut filled = [0; WIDE_SAMPLES_MAX];
        let filled = &mut filled[..length - self.sound.len()];
        self.concealer.lost(filled);
        place.filled += (filled.len() * 8 / self.rate.samples(1)) as i64;
        self.take_sound(filled);
    }

    /// Makes the sound that is there shorter or longer by a pitch period if it waits for too long or not long enough.
    fn keep_pace(&mut self, now: i64, frame: usize) {
        let Some(place) = &self.place else { return };
        let heard_at = place.next - (self.sound.len() * 8 / self.rate.samples(1)) as i64;
        let too_long = now - heard_at - self.delays.in_time();
        let is_pause = !self.detector.speaks();
        if too_long > SLACK {
            // It needs some sound beyond the frame.
            while self.sound.len() < frame + self.rate.samples(20) && self.decode_next(now) {}
            if self.sound.len() >= frame + self.rate.samples(15) {
                let taken = stretch::shorten(&mut self.sound, self.rate, is_pause);
                self.sound.truncate(self.sound.len() - taken);
            }
        } else if too_long < -HASTE && self.sound.len() >= frame {
            let length = self.sound.len();
            self.sound.resize((length + self.rate.samples(15)).min(SOUND_MAX), 0);
            let put = stretch::lengthen(&mut self.sound, length, self.rate, is_pause);
            self.sound.truncate(length + put);
        }
    }

    fn take_sound(&mut self, sound: &[i16]) {
        let room = SOUND_MAX - self.sound.len();
        self.sound.extend_from_slice(&sound[..sound.len().min(room)]);
    }
}

#[cfg(test)]
mod tests {
    use hotline_audio::{Tone, rms_dbfs, tone_dbfs};
    use hotline_base::Rng;

    use super::*;
    use crate::Opus;

    const FRAME: usize = 160;

    /// A stream of 20 ms packets through a network, and what is heard of it.
    struct Line {
        playout: Playout,
        codec: Codec,
        /// When each packet comes, in samples at 8 kHz on our clock, and the packet.
        coming: Vec<(u64, u16, Vec<u8>)>,
        heard: Vec<i16>,
        now: u64,
    }

    impl Line {
        /// A tone in `codec`; `delay` gives how late each packet comes, or that it does not.
        fn new(codec: Codec, seconds: usize, ppm: i64, mut delay: impl FnMut(u16) -> Option<u64>) -> Self {
            let mut encoder = codec.encoder(Opus::default());
            let sound: Vec<i16> = Tone::new(440.0, -10.0, 8000).take(seconds * 8000).collect();
            let mut coming = Vec::new();
            for (packet, frame) in (0_u16..).zip(sound.chunks(FRAME)) {
                let payload = encoder.payload(frame);
                let spoken = i64::from(packet) * (160_000_000 + 160 * ppm) / 1_000_000;
                if let Some(late) = delay(packet) {
                    coming.push((8000 + spoken.unsigned_abs() + late, packet, payload));
                }
            }
            coming.sort_by_key(|(at, ..)| *at);
            coming.reverse();
            let rate = if codec.is_wide() { Rate::Wide } else { Rate::Narrow };
            Self { playout: Playout::new(codec, rate), codec, coming, heard: Vec::new(), now: 8000 }
        }

        fn run(&mut self, seconds: usize) -> &[i16] {
            for _ in 0..seconds * 50 {
                self.now += FRAME as u64;
                while let Some((at, packet, payload)) = self.coming.pop_if(|(at, ..)| *at <= self.now) {
                    let piece = Piece {
                        ssrc: 1,
                        timestamp: u32::from(packet) * 160,
                        sequence: packet,
                        span: self.codec.span(&payload).unwrap(),
                        payload: &payload,
                        restarted: packet == 0,
                    };
                    self.playout.push(at, &piece);
                }
                let mut frame = vec![0; self.playout.rate().samples(20)];
                self.playout.pull(self.now, &mut frame);
                self.heard.extend(frame);
            }
            &self.heard
        }

        fn hz(&self) -> u32 {
            self.playout.rate().hz()
        }

        /// How loud the tone is in each fifth of a second from the second one on.
        fn levels(&self) -> Vec<f64> {
            let second = self.hz() as usize;
            let parts = self.heard[second..].chunks_exact(second / 5);
            parts.map(|part| tone_dbfs(part, 440.0, self.hz())).collect()
        }
    }

    #[test]
    fn an_even_stream_is_heard_whole_and_soon() {
        for codec in Codec::ALL {
            let mut line = Line::new(codec, 5, 0, |_| Some(160));
            line.run(5);
            assert!(line.levels().iter().all(|level| (level + 10.0).abs() < 1.0), "{codec:?}");
            let stats = line.playout.stats;
            assert!(stats.concealed_ms <= 40 && stats.late == 0, "{codec:?}: {stats:?}");
            let silent = line.heard.iter().take_while(|sample| **sample == 0).count();
            assert!(silent < line.hz() as usize / 16, "{codec:?} begins after {silent} samples");
        }
    }

    #[test]
    fn jitter_costs_waiting_and_not_sound() {
        let mut rng = Rng::from_number(1);
        for jitter_ms in [10, 40, 80] {
            let mut line = Line::new(Codec::Pcmu, 30, 0, |_| Some(160 + rng.below(jitter_ms * 8)));
            line.run(30);
            let stats = line.playout.stats;
            assert!(stats.late < 45, "{jitter_ms} ms: {stats:?}");
            assert!(stats.concealed_ms < 1500, "{jitter_ms} ms: {stats:?}");
            let waited = stats.waited_ms / stats.frames;
            assert!(waited <= jitter_ms + 10, "{jitter_ms} ms: {waited}");
            let faint = line.levels().into_iter().filter(|level| *level < -12.0).count();
            assert!(faint <= 15, "{jitter_ms} ms: {faint} of 145");
        }
    }

    #[test]
    fn what_is_lost_is_concealed() {
        for (codec, late) in
            Codec::ALL.into_iter().flat_map(|codec| [0, 40, 100, 160].map(|late| (codec, late)))
        {
            let mut line = Line::new(codec, 10, 0, |packet| (packet % 20 != 7).then_some(late));
            line.run(10);
            let stats = line.playout.stats;
            assert!((440..=580).contains(&stats.concealed_ms), "{codec:?} {late}: {stats:?}");
            let frames = line.heard[line.hz() as usize..].chunks(line.hz() as usize / 50);
            let holes = frames.filter(|frame| rms_dbfs(frame) < -30.0).count();
            assert_eq!(holes, 0, "{codec:?}");
        }
    }

    #[test]
    fn a_wrong_clock_is_kept_pace_with() {
        for ppm in [-200, 200] {
            let mut line = Line::new(Codec::Pcmu, 600, ppm, |_| Some(160));
            line.run(600);
            let stats = line.playout.stats;
            // 200 ppm of ten minutes are 120 ms.
            assert!(stats.concealed_ms < 200 && stats.late < 5, "{ppm}: {stats:?}");
            let faint = line.levels().into_iter().filter(|level| *level < -11.5).count();
            assert!(faint <= 12, "{ppm}: {faint}");
        }
    }

    #[test]
    fn silence_between_talk_spurts_is_no_loss() {
        let mut line = Line::new(Codec::Pcmu, 12, 0, |_| Some(160));
        // Numbers go on over the pauses, timestamps tell how long they are.
        let mut number = 0;
        let mut coming = std::mem::take(&mut line.coming);
        coming.reverse();
        let mut spurts: Vec<(u64, u16, Vec<u8>)> = Vec::new();
        for (at, packet, payload) in coming {
            if packet / 50 % 2 == 0 {
                spurts.push((at, packet, payload));
            }
        }
        for _ in 0..600 {
            line.now += FRAME as u64;
            while spurts.first().is_some_and(|(at, ..)| *at <= line.now) {
                let (at, packet, payload) = spurts.remove(0);
                let timestamp = u32::from(packet) * 160;
                let piece = Piece {
                    ssrc: 1,
                    timestamp,
                    sequence: number,
                    span: 160,
                    payload: &payload,
                    restarted: packet == 0,
                };
                number += 1;
                line.playout.push(at, &piece);
            }
            let mut frame = [0; FRAME];
            line.playout.pull(line.now, &mut frame);
            line.heard.extend(frame);
        }
        assert_eq!(line.playout.stats.late, 0);
        // The end of each spurt fades, nothing else is made up.
        assert!(line.playout.stats.concealed_ms <= 6 * 100, "{:?}", line.playout.stats);
        let loud = line.heard.chunks(FRAME).filter(|frame| rms_dbfs(frame) > -13.0).count();
        assert!((290..=330).contains(&loud), "{loud} of 300 frames");
    }

    #[test]
    fn a_clock_that_jumps_begins_anew() {
        let mut line = Line::new(Codec::Pcmu, 2, 0, |_| Some(160));
        line.run(2);
        let mut loud = 0;
        for packet in 0..50_u16 {
            line.now += FRAME as u64;
            let payload: Vec<u8> = (0..FRAME).map(|at| if at % 20 < 10 { 0x10 } else { 0x90 }).collect();
            let piece = Piece {
                ssrc: 1,
                timestamp: 0x8000_0000 + u32::from(packet) * 160,
                sequence: 100 + packet,
                span: FRAME,
                payload: &payload,
                restarted: false,
            };
            line.playout.push(line.now, &piece);
            let mut frame = [0; FRAME];
            line.playout.pull(line.now, &mut frame);
            loud += usize::from(rms_dbfs(&frame) > -40.0);
        }
        assert!(loud >= 45, "{loud}");
    }
}
