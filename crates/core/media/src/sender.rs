//! What goes out on a leg: one stream with one source, one sequence and one time line, whatever feeds it.

use core::time::Duration;

use hotline_base::{Rng, Time};
use hotline_rtp::Header;
use serde::{Deserialize, Serialize};

use crate::timeline::samples_at;

/// A relayed stream whose timestamps are this far from our clock (1 s) has jumped; it is joined on anew.
const STRAY_SAMPLES: i32 = 8000;

/// A key with the timestamp of the one before is the same, unless there was a pause as long as this.
const KEY_PAUSE: Duration = Duration::from_secs(1);
/// The longest segment of a key, in timestamp units (RFC 4733 §2.5.1.3).
const SEGMENT: u32 = 0xffff;

/// Numbers outgoing packets, with timestamps of a clock of 8 kHz. They follow our clock, so that a change between prompt, bridge and music is a
/// talk spurt and not a jump.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Sender {
    ssrc: u32,
    /// The timestamp when our clock was zero.
    clock_base: u32,
    /// After the newest packet sent.
    next_sequence: u16,
    next_timestamp: u32,
    feed: Feed,
    /// The newest key that was passed on.
    key: Option<Key>,
}

/// A packet of another leg.
#[derive(Clone, Copy)]
pub(crate) struct Incoming<'a> {
    pub(crate) header: &'a Header,
    /// How much faster the clock that it came with is than the 8 kHz of its timestamp.
    pub(crate) clock_factor: u32,
    /// Its stream begins here.
    pub(crate) restarted: bool,
}

/// What the last packet came from.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Feed {
    Nothing,
    Beat,
    Relay(Splice),
}

/// How another leg's numbers become ours.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Splice {
    ssrc: u32,
    sequence_offset: u16,
    timestamp_offset: u32,
    /// The first sequence number with these offsets; earlier ones would repeat numbers already sent.
    floor: u16,
    newest: u16,
}

/// How the timestamp of a key became ours: once for all its packets, whatever happens around them.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Key {
    incoming: u32,
    outgoing: u32,
    passed_at: Time,
}

impl Sender {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        let next_timestamp = rng.next_u32();
        Self {
            ssrc: rng.next_u32(),
            clock_base: next_timestamp,
            next_sequence: rng.next_u32() as u16,
            next_timestamp,
            feed: Feed::Nothing,
            key: None,
        }
    }

    /// The header of a packet that we make.
    pub(crate) fn beat(&mut self, now: Time, payload_type: u8, samples: u32) -> Header {
        let marker = !matches!(self.feed, Feed::Beat);
        if marker {
            self.next_timestamp = self.resume_at(now);
            self.feed = Feed::Beat;
        }
        let header = self.header(marker, payload_type, self.next_sequence, self.next_timestamp);
        self.next_sequence = self.next_sequence.wrapping_add(1);
        self.next_timestamp = self.next_timestamp.wrapping_add(samples);
        header
    }

    /// The header of an audio packet of another leg, `samples` long. `None` if it is from before the stream was
    /// joined on.
    pub(crate) fn relay(
        &mut self,
        now: Time,
        incoming: Incoming<'_>,
        payload_type: u8,
        samples: u32,
    ) -> Option<Header> {
        let header = incoming.header;
        let (splice, fresh) = match self.joined(incoming) {
            Some(splice) if !self.strays(now, splice, header) => (splice, false),
            Some(_) | None => (self.splice(now, header), true),
        };
        let sequence = self.number(splice, header.sequence)?;
        let timestamp = header.timestamp.wrapping_add(splice.timestamp_offset);
        self.next_timestamp = later(self.next_timestamp, timestamp.wrapping_add(samples));
        Some(self.header(header.marker || fresh, payload_type, sequence, timestamp))
    }

    /// The header of a telephone-event of another leg. `None` if it is from before the stream was joined on.
    pub(crate) fn relay_key(
        &mut self,
        now: Time,
        incoming: Incoming<'_>,
        payload_type: u8,
    ) -> Option<Header> {
        let header = incoming.header;
        let (sequence, aligned) = match &mut self.feed {
            // Keys with an SSRC of their own go between the packets of the audio.
            Feed::Relay(audio) if audio.ssrc != header.ssrc => {
                audio.sequence_offset = audio.sequence_offset.wrapping_add(1);
                audio.floor = audio.newest.wrapping_add(1);
                let sequence = self.next_sequence;
                self.next_sequence = sequence.wrapping_add(1);
                (sequence, None)
            }
            Feed::Relay(_) | Feed::Beat | Feed::Nothing => {
                let splice = self.joined(incoming).unwrap_or_else(|| self.splice(now, header));
                let aligned = header.timestamp.wrapping_add(splice.timestamp_offset);
                (self.number(splice, header.sequence)?, Some(aligned))
            }
        };
        let timestamp = self.key_timestamp(now, incoming, aligned);
        self.next_timestamp = later(self.next_timestamp, timestamp);
        Some(self.header(header.marker, payload_type, sequence, timestamp))
    }

    /// A packet of the relayed leg is kept back on purpose: leave no hole that looks like a loss.
    pub(crate) fn skip(&mut self, incoming: &Header) {
        if let Feed::Relay(splice) = &mut self.feed
            && splice.ssrc == incoming.ssrc
            && is_before(splice.newest, incoming.sequence)
        {
            splice.sequence_offset = splice.sequence_offset.wrapping_sub(1);
            splice.newest = incoming.sequence;
            splice.floor = incoming.sequence.wrapping_add(1);
        }
    }

    /// A packet that we would make is not sent, since nothing is to be heard: the next one begins a talk spurt (RFC 3551 §4.1).
    pub(crate) fn rest(&mut self) {
        if matches!(self.feed, Feed::Beat) {
            self.feed = Feed::Nothing;
        }
    }

    /// The next packet begins a talk spurt: its feed changes, or time was skipped.
    pub(crate) fn interrupt(&mut self) {
        self.feed = Feed::Nothing;
        self.key = None;
    }

    /// The peer's clock runs at another speed from here on, which a stream must not change (RFC 7160 §4.1): another one begins.
    pub(crate) fn change_stream(&mut self) {
        self.ssrc = self.ssrc.rotate_left(16) ^ self.clock_base;
        self.interrupt();
    }

    fn header(&self, marker: bool, payload_type: u8, sequence: u16, timestamp: u32) -> Header {
        Header { marker, payload_type, sequence, timestamp, ssrc: self.ssrc }
    }

    pub(crate) const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The timestamp of this moment.
    pub(crate) fn clock(&self, now: Time) -> u32 {
        // Timestamps wrap, and so does this.
        self.clock_base.wrapping_add(samples_at(now) as u32)
    }

    fn resume_at(&self, now: Time) -> u32 {
        later(self.next_timestamp, self.clock(now))
    }

    /// Whether packets of this stream have a place in ours already.
    pub(crate) fn has_joined(&self, incoming: Incoming<'_>) -> bool {
        self.joined(incoming).is_some()
    }

    fn joined(&self, incoming: Incoming<'_>) -> Option<Splice> {
        match self.feed {
            Feed::Relay(splice) if !incoming.restarted && splice.ssrc == incoming.header.ssrc => Some(splice),
            Feed::Relay(_) | Feed::Beat | Feed::Nothing => None,
        }
    }

    /// The outgoing sequence number of an incoming one; the stream goes on with `splice`.
    fn number(&mut self, mut splice: Splice, incoming: u16) -> Option<u16> {
        if is_before(incoming, splice.floor) {
            return None;
        }
        let sequence = incoming.wrapping_add(splice.sequence_offset);
        if !is_before(incoming, splice.newest) {
            splice.newest = incoming;
            self.next_sequence = sequence.wrapping_add(1);
        }
        self.feed = Feed::Relay(splice);
        Some(sequence)
    }

    /// The outgoing timestamp of a key; `aligned` is what the audio of its stream would have.
    fn key_timestamp(&mut self, now: Time, incoming: Incoming<'_>, aligned: Option<u32>) -> u32 {
        let longest = SEGMENT / incoming.clock_factor;
        let incoming = incoming.header.timestamp;
        let running = self.key.filter(|key| now.since(key.passed_at) < KEY_PAUSE);
        let segment = running.map(|key| (key, incoming.wrapping_sub(key.incoming)));
        let outgoing = match segment {
            Some((key, since)) if since == 0 || since.wrapping_sub(longest) <= 1 => {
                key.outgoing.wrapping_add(since)
            }
            Some(_) | None => aligned.filter(|aligned| !self.is_stray(now, *aligned)).unwrap_or_else(|| {
                let after = self.key.map_or(self.next_timestamp, |key| key.outgoing.wrapping_add(1));
                later(self.resume_at(now), after)
            }),
        };
        self.key = Some(Key { incoming, outgoing, passed_at: now });
        outgoing
    }

    fn splice(&self, now: Time, incoming: &Header) -> Splice {
        Splice {
            ssrc: incoming.ssrc,
            sequence_offset: self.next_sequence.wrapping_sub(incoming.sequence),
            timestamp_offset: self.resume_at(now).wrapping_sub(incoming.timestamp),
            floor: incoming.sequence,
            newest: incoming.sequence,
        }
    }

    fn strays(&self, now: Time, splice: Splice, incoming: &Header) -> bool {
        let timestamp = incoming.timestamp.wrapping_add(splice.timestamp_offset);
        is_before(splice.newest, incoming.sequence) && self.is_stray(now, timestamp)
    }

    fn is_stray(&self, now: Time, timestamp: u32) -> bool {
        let ahead = timestamp.wrapping_sub(self.clock(now)).cast_signed();
        ahead.unsigned_abs() > STRAY_SAMPLES.unsigned_abs()
    }
}

fn is_before(sequence: u16, than: u16) -> bool {
    sequence.wrapping_sub(than).cast_signed() < 0
}

fn later(a: u32, b: u32) -> u32 {
    if b.wrapping_sub(a).cast_signed() > 0 { b } else { a }
}

#[cfg(test)]
mod tests {
    use hotline_base::Rng;
    use proptest::prelude::*;

    use super::*;

    fn incoming(sequence: u16, timestamp: u32) -> Header {
        Header { marker: false, payload_type: 0, sequence, timestamp, ssrc: 77 }
    }

    fn relay(
        sender: &mut Sender,
        now: Time,
        header: Header,
        payload_type: u8,
        restarted: bool,
    ) -> Option<Header> {
        sender.relay(now, Incoming { header: &header, clock_factor: 1, restarted }, payload_type, 160)
    }

    fn at_ms(ms: u64) -> Time {
        Time(ms * 1000)
    }

    #[test]
    fn prompt_bridge_and_music_are_one_stream() {
        let mut sender = Sender::new(&mut Rng::from_number(1));
        let first = sender.beat(at_ms(20), 0, 160);
        let second = sender.beat(at_ms(40), 0, 160);
        assert_eq!((first.marker, second.marker), (true, false));
        assert_eq!(second.timestamp.wrapping_sub(first.timestamp), 160);

        let joined = relay(&mut sender, at_ms(43), incoming(9000, 5), 8, true).unwrap();
        assert_eq!((joined.marker, joined.payload_type, joined.ssrc), (true, 8, first.ssrc));
        assert_eq!(joined.sequence, second.sequence.wrapping_add(1));
        assert_eq!(joined.timestamp.wrapping_sub(second.timestamp), 160);
        let next = relay(&mut sender, at_ms(63), incoming(9001, 165), 8, false).unwrap();
        assert_eq!(next.timestamp.wrapping_sub(joined.timestamp), 160);
        assert!(!next.marker);

        sender.interrupt();
        let music = sender.beat(at_ms(1040), 0, 160);
        assert_eq!((music.marker, music.sequence), (true, next.sequence.wrapping_add(1)));
        assert_eq!(music.timestamp.wrapping_sub(first.timestamp), 8 * 1020, "the beat of our clock");
    }

    #[test]
    fn losses_stay_visible_and_kept_back_packets_do_not() {
        let mut sender = Sender::new(&mut Rng::from_number(2));
        let first = relay(&mut sender, at_ms(0), incoming(10, 0), 0, true).unwrap().sequence;
        let mut pass = |sequence: u16| {
            let header = incoming(sequence, u32::from(sequence).wrapping_mul(160).wrapping_sub(1600));
            relay(&mut sender, at_ms(0), header, 0, false).map(|sent| sent.sequence.wrapping_sub(first))
        };
        assert_eq!(pass(12), Some(2));
        assert_eq!(pass(11), Some(1), "overtaken");
        assert_eq!(pass(9), None, "from before the bridge");
        sender.skip(&incoming(13, 480));
        let after = relay(&mut sender, at_ms(0), incoming(14, 640), 0, false).unwrap();
        assert_eq!(after.sequence.wrapping_sub(first), 3);
    }

    #[test]
    fn a_jump_of_the_peers_clock_does_not_reach_the_other_side() {
        let mut sender = Sender::new(&mut Rng::from_number(3));
        let before = relay(&mut sender, at_ms(0), incoming(1, 0), 0, true).unwrap();
        let after = relay(&mut sender, at_ms(20), incoming(2, 1 << 30), 0, false).unwrap();
        assert!(after.marker);
        assert_eq!(after.sequence, before.sequence.wrapping_add(1));
        assert_eq!(after.timestamp.wrapping_sub(before.timestamp), 160);
    }

    proptest! {
        /// Whatever feeds it: new packets have new numbers, and time never runs back.
        #[test]
        fn no_number_is_used_twice(seed: u64, steps in proptest::collection::vec((0..6_u8, 0..6_u16), 1..200)) {
            let mut sender = Sender::new(&mut Rng::from_number(seed));
            let mut sequence = (seed >> 20) as u16;
            let mut sent = std::collections::BTreeSet::new();
            let mut newest: Option<Header> = None;
            for (index, (kind, jump)) in steps.into_iter().enumerate() {
                let now = at_ms(index as u64 * 20);
                sequence = sequence.wrapping_add(1 + jump);
                let header = incoming(sequence, (index as u32).wrapping_mul(160));
                let out = match kind {
                    0 => Some(sender.beat(now, 0, 160)),
                    1 => { sender.skip(&header); None }
                    2 => { sender.interrupt(); None }
                    3 => relay(&mut sender, now, header, 0, true),
                    4 => {
                        let key = Header { ssrc: 5, ..header };
                        sender.relay_key(now, Incoming { header: &key, clock_factor: 1, restarted: false }, 101)
                    }
                    _ => relay(&mut sender, now, header, 0, false),
                };
                let Some(out) = out else { continue };
                prop_assert!(sent.insert(out.sequence), "sequence number repeated");
                if let Some(before) = newest {
                    prop_assert!(is_before(before.sequence, out.sequence));
                    prop_assert!(out.timestamp.wrapping_sub(before.timestamp).cast_signed() >= 0);
                }
                newest = Some(out);
            }
        }
    }
}
