//! The way from a media thread to the recorder: it takes what it has room for and never makes anybody wait.
//!
//! The ring is `rtrb`: wait-free for one producer and one consumer, no dependency, made for audio threads.
//! Compared by reading: `ringbuf` (as fast, but generic over storage and ownership in ways we do not need),
//! `heapless::spsc` (its size is a type), `crossbeam::ArrayQueue` (several producers, so a compare-and-swap for
//! each push), `std::sync::mpsc` (may allocate, and wakes its receiver with a system call).

use std::collections::{BTreeMap, VecDeque};

use hotline_base::{CallId, LegId, RecordingId, WallTime};
use hotline_media::{Channel, Chunk, Codec, Mark, RecordingFailure, Voice};
use rtrb::{Consumer, Producer, PushError, RingBuffer};

use crate::index::Gaps;

/// Bytes of audio of one entry; longer payloads take several.
pub(crate) const PIECE_LEN: usize = 160;
/// Slots of the ring that is used while the recorder keeps pace: those of a thousand recorded calls for 40 ms, 800 kB. A ring
/// goes round and touches all its memory; the large one is for when the disk stalls.
const NEAR_SLOTS: usize = 4096;
/// Slots that audio leaves free for all else.
const CONTROL_SLOTS: usize = 64;
/// Beginnings and ends that wait for room. At the limit a recording is refused.
const WAITING_MAX: usize = 4096;

/// The media thread's end. One for each thread.
#[derive(Debug)]
pub struct Tap {
    near: Producer<Entry>,
    far: Producer<Entry>,
    /// All but audio for which the rings had no room.
    waiting: VecDeque<Entry>,
    /// What was refused, of recordings that had any.
    refused: BTreeMap<RecordingId, Gaps>,
    failed: VecDeque<(RecordingId, RecordingFailure)>,
}

/// The recorder's end.
#[derive(Debug)]
pub(crate) struct Rings {
    near: Consumer<Entry>,
    far: Consumer<Entry>,
}

/// One thing the recorder is told.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    Start { recording: RecordingId, call: CallId, at: WallTime },
    Join { recording: RecordingId, voice: Box<Voice>, at: u64 },
    Leave { recording: RecordingId, leg: LegId, at: u64 },
    Mark { recording: RecordingId, mark: Box<Mark>, at: u64 },
    Audio(Piece),
    Finish { recording: RecordingId, length: u64, refused: Gaps },
}

/// Some audio of one leg.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) recording: RecordingId,
    pub(crate) leg: LegId,
    pub(crate) channel: Channel,
    pub(crate) codec: Codec,
    pub(crate) position: u64,
    /// Samples at 8 kHz; none if the rest of a packet that cannot be cut is in the next piece.
    pub(crate) span: u16,
    length: u8,
    bytes: [u8; PIECE_LEN],
}

impl Entry {
    /// Which recording it is about.
    pub(crate) const fn recording(&self) -> RecordingId {
        match self {
            Self::Start { recording, .. }
            | Self::Join { recording, .. }
            | Self::Leave { recording, .. }
            | Self::Mark { recording, .. }
            | Self::Finish { recording, .. } => *recording,
            Self::Audio(piece) => piece.recording,
        }
    }
}

impl Piece {
    /// Of at most [`PIECE_LEN`] bytes.
    pub(crate) fn new(
        recording: RecordingId,
        (leg, channel): (LegId, Channel),
        codec: Codec,
        (position, span): (u64, u16),
        payload: &[u8],
    ) -> Self {
        let mut bytes = [0; PIECE_LEN];
        bytes[..payload.len()].copy_from_slice(payload);
        let length = u8::try_from(payload.len()).expect("a piece is at most PIECE_LEN long");
        Self { recording, leg, channel, codec, position, span, length, bytes }
    }

    pub(crate) fn payload(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

/// Both ends of rings of `slots` entries.
pub(crate) fn ring(slots: usize) -> (Tap, Rings) {
    let slots = slots.max(2 * CONTROL_SLOTS);
    let near_slots = NEAR_SLOTS.min(slots / 2);
    let (near, near_end) = RingBuffer::new(near_slots);
    let (far, far_end) = RingBuffer::new(slots - near_slots);
    let (waiting, failed) = (VecDeque::new(), VecDeque::new());
    let tap = Tap { near, far, waiting, refused: BTreeMap::new(), failed };
    (tap, Rings { near: near_end, far: far_end })
}

impl Rings {
    /// Gives all that is there now to `take`, in the order in which it was put in.
    pub(crate) fn empty(&mut self, mut take: impl FnMut(Entry)) {
        // What is far came after all that is near, and nothing is put near while something is far. So what is far is counted
        // first: what comes meanwhile is not taken before what it came after.
        let far = self.far.slots();
        for (ring, count) in [(&mut self.near, None), (&mut self.far, Some(far))] {
            for _ in 0..count.unwrap_or_else(|| ring.slots()) {
                take(ring.pop().expect("the ring held that many entries, and only we take them"));
            }
        }
    }

    /// True if nothing is there and nothing will come.
    pub(crate) fn is_over(&self) -> bool {
        self.near.is_abandoned() && self.near.is_empty() && self.far.is_empty()
    }
}

impl Tap {
    /// Passes a piece on. Audio that finds the ring full is counted and left out; its place stays silent.
    pub fn record(&mut self, recording: RecordingId, chunk: Chunk<'_>) {
        match chunk {
            Chunk::Start { call, at } => self.start(recording, call, at),
            Chunk::Join { voice, at } => {
                self.control(Entry::Join { recording, voice: Box::new(voice.clone()), at });
            }
            Chunk::Leave { leg, at } => self.control(Entry::Leave { recording, leg, at }),
            Chunk::Mark { mark, at } => {
                self.control(Entry::Mark { recording, mark: Box::new(mark.clone()), at });
            }
            Chunk::Audio { leg, channel, position, codec, payload } => {
                let pieces = payload.len().div_ceil(PIECE_LEN);
                if codec == Codec::Opus && pieces > 1 && !self.has_room(pieces) {
                    // A part of a packet is worth nothing.
                    let span = codec.span(payload).unwrap_or(0) as u64;
                    return self.refused.entry(recording).or_default().add(channel, position, span);
                }
                let mut position = position;
                let mut left = payload;
                while !left.is_empty() {
                    let (bytes, rest) = left.split_at(left.len().min(PIECE_LEN));
                    let span = match codec {
                        Codec::Pcmu | Codec::Pcma | Codec::G722 | Codec::L16 => codec.span(bytes),
                        Codec::Opus if rest.is_empty() => codec.span(payload),
                        Codec::Opus => None,
                    };
                    let span = u16::try_from(span.unwrap_or(0)).expect("a packet is at most 120 ms long");
                    self.audio(Piece::new(recording, (leg, channel), codec, (position, span), bytes));
                    position += u64::from(span);
                    left = rest;
                }
            }
            Chunk::Finish { length } => {
                let refused = self.refused.remove(&recording).unwrap_or_default();
                self.control(Entry::Finish { recording, length, refused });
            }
        }
    }

    /// Passes on what waits for room. Call it once per turn of the loop.
    pub fn flush(&mut self) {
        while let Some(entry) = self.waiting.pop_front() {
            if let Err(PushError::Full(entry)) = self.ring().push(entry) {
                self.waiting.push_front(entry);
                return;
            }
        }
    }

    /// The ring whose turn it is.
    fn ring(&mut self) -> &mut Producer<Entry> {
        let is_near = self.is_far_empty() && !self.near.is_full();
        if is_near { &mut self.near } else { &mut self.far }
    }

    fn is_far_empty(&self) -> bool {
        self.far.slots() == self.far.buffer().capacity()
    }

    /// How many entries there is room for.
    fn slots(&self) -> usize {
        self.far.slots() + if self.is_far_empty() { self.near.slots() } else { 0 }
    }

    /// Takes a recording that could not begin.
    pub fn poll_failed(&mut self) -> Option<(RecordingId, RecordingFailure)> {
        self.failed.pop_front()
    }

    fn start(&mut self, recording: RecordingId, call: CallId, at: WallTime) {
        if self.near.is_abandoned() || self.waiting.len() >= WAITING_MAX {
            return self.failed.push_back((recording, RecordingFailure::RecorderBusy));
        }
        // Room at once: refusing audio must not allocate.
        self.refused.insert(recording, Gaps::with_room());
        self.control(Entry::Start { recording, call, at });
    }

    fn control(&mut self, entry: Entry) {
        self.flush();
        if !self.waiting.is_empty() {
            return self.waiting.push_back(entry);
        }
        if let Err(PushError::Full(entry)) = self.ring().push(entry) {
            self.waiting.push_back(entry);
        }
    }

    fn has_room(&self, pieces: usize) -> bool {
        self.waiting.is_empty() && self.slots() >= CONTROL_SLOTS + pieces
    }

    fn audio(&mut self, piece: Piece) {
        let Piece { recording, channel, position, span, .. } = piece;
        if !self.has_room(1) || self.ring().push(Entry::Audio(piece)).is_err() {
            self.refused.entry(recording).or_default().add(channel, position, u64::from(span));
        }
    }
}

#[cfg(test)]
mod tests {
    use hotline_base::Rng;

    use super::*;

    fn id(number: u64) -> RecordingId {
        RecordingId::generate(WallTime(0), &mut Rng::from_number(number))
    }

    fn audio(position: u64, payload: &[u8]) -> Chunk<'_> {
        Chunk::Audio { leg: LegId(1), channel: Channel::Agent, position, codec: Codec::Pcmu, payload }
    }

    fn all(ring: &mut Rings) -> Vec<Entry> {
        let mut all = Vec::new();
        ring.empty(|entry| all.push(entry));
        all
    }

    fn pieces(ring: &mut Rings) -> Vec<Piece> {
        let piece = |entry| match entry {
            Entry::Audio(piece) => piece,
            Entry::Start { .. }
            | Entry::Join { .. }
            | Entry::Leave { .. }
            | Entry::Mark { .. }
            | Entry::Finish { .. } => panic!("only audio was recorded"),
        };
        all(ring).into_iter().map(piece).collect()
    }

    /// The recorder is now before, now behind the media thread, and both rings are used.
    #[test]
    fn all_that_was_not_refused_comes_once_and_in_order() {
        const COUNT: u64 = 50_000;
        let (mut tap, mut ring) = ring(2 * CONTROL_SLOTS + 64);
        let media = std::thread::spawn(move || {
            for position in 0..COUNT {
                tap.record(id(1), audio(position, &[1]));
            }
            tap.record(id(1), Chunk::Finish { length: COUNT });
            while !tap.waiting.is_empty() {
                tap.flush();
            }
        });
        let (mut next, mut missing, mut told) = (0, 0, None);
        while told.is_none() {
            ring.empty(|entry| match entry {
                Entry::Audio(piece) => {
                    assert!(piece.position >= next, "{} after {next}", piece.position);
                    missing += piece.position - next;
                    next = piece.position + 1;
                }
                Entry::Finish { refused, .. } => told = Some(refused.samples()),
                Entry::Start { .. } | Entry::Join { .. } | Entry::Leave { .. } | Entry::Mark { .. } => {
                    panic!("there is none")
                }
            });
            std::thread::yield_now();
        }
        media.join().unwrap();
        assert_eq!(told, Some(missing + COUNT - next));
        assert!(ring.is_over());
    }

    #[test]
    fn a_full_ring_refuses_audio_but_no_end_of_a_recording() {
        let (mut tap, mut ring) = ring(2 * CONTROL_SLOTS);
        let call = CallId::generate(WallTime(0), &mut Rng::from_number(1));
        for number in 0..200 {
            tap.record(id(number), Chunk::Start { call, at: WallTime(0) });
            tap.record(id(number), audio(0, &[1; 160]));
        }
        for number in 0..200 {
            tap.record(id(number), Chunk::Finish { length: 160 });
        }
        let (mut starts, mut pieces, mut ends, mut refused) = (0, 0, 0, 0);
        loop {
            tap.flush();
            let came = all(&mut ring);
            if came.is_empty() {
                break;
            }
            for entry in came {
                match entry {
                    Entry::Start { .. } => starts += 1,
                    Entry::Audio(_) => pieces += 160,
                    Entry::Finish { refused: of_one, .. } => {
                        ends += 1;
                        refused += of_one.samples();
                    }
                    Entry::Join { .. } | Entry::Leave { .. } | Entry::Mark { .. } => panic!("there is none"),
                }
            }
        }
        assert_eq!((starts, ends, pieces + refused), (200, 200, 200 * 160));
        assert!(refused > 0);
        assert_eq!(tap.poll_failed(), None);
    }

    #[test]
    fn what_cannot_be_cut_is_one_piece_to_whoever_puts_it_together() {
        let mut encoder = Codec::Opus.encoder(hotline_media::Opus::default());
        let noise: Vec<i16> = (0..960).map(|at: i32| (at * 7919 % 20_011 - 10_005) as i16).collect();
        let packet = encoder.payload(&noise);
        assert!(packet.len() > PIECE_LEN, "{}", packet.len());
        let (mut tap, mut ring) = ring(256);
        let said = Chunk::Audio {
            leg: LegId(1),
            channel: Channel::Agent,
            position: 1000,
            codec: Codec::Opus,
            payload: &packet,
        };
        tap.record(id(1), said);
        let mut whole = Vec::new();
        for piece in pieces(&mut ring) {
            assert_eq!((piece.position, piece.codec), (1000, Codec::Opus));
            whole.extend_from_slice(piece.payload());
            assert_eq!(piece.span, if whole.len() == packet.len() { 960 } else { 0 });
        }
        assert_eq!(whole, packet);
    }

    #[test]
    fn long_payloads_become_pieces_in_a_row() {
        let (mut tap, mut ring) = ring(256);
        tap.record(id(1), audio(1000, &[7; 400]));
        let pieces: Vec<(u64, usize)> =
            pieces(&mut ring).iter().map(|piece| (piece.position, piece.payload().len())).collect();
        assert_eq!(pieces, [(1000, 160), (1160, 160), (1320, 80)]);
    }

    #[test]
    fn a_recorder_that_is_gone_refuses_recordings() {
        let (mut tap, ring) = ring(256);
        drop(ring);
        let call = CallId::generate(WallTime(0), &mut Rng::from_number(1));
        tap.record(id(1), Chunk::Start { call, at: WallTime(0) });
        assert_eq!(tap.poll_failed(), Some((id(1), RecordingFailure::RecorderBusy)));
    }
}
