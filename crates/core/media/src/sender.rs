//! What goes out on a leg: one stream with one source, one sequence and one time line, whatever feeds it.

use hotline_base::{Rng, Time};
use hotline_rtp::Header;
use serde::{Deserialize, Serialize};

use crate::timeline::samples_at;

/// A relayed stream whose timestamps are this far from our clock (1 s) has jumped; it is joined on anew.
const STRAY_SAMPLES: i32 = 8000;

/// Numbers outgoing packets. Timestamps follow our clock, so that a change between prompt, bridge and music is a
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

impl Sender {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        let next_timestamp = rng.next_u32();
        Self {
            ssrc: rng.next_u32(),
            clock_base: next_timestamp,
            next_sequence: rng.next_u32() as u16,
            next_timestamp,
            feed: Feed::Nothing,
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

    /// The header of a packet of another leg, `samples` long (none for an event). `restarted` if its stream
    /// began anew. `None` if it is from before the stream was joined on.
    pub(crate) fn relay(
        &mut self,
        now: Time,
        incoming: &Header,
        payload_type: u8,
        samples: u32,
        restarted: bool,
    ) -> Option<Header> {
        let joined = match self.feed {
            Feed::Relay(splice) if !restarted && splice.ssrc == incoming.ssrc => Some(splice),
            Feed::Relay(_) | Feed::Beat | Feed::Nothing => None,
        };
        let (mut splice, fresh) = match joined {
            Some(splice) if !self.strays(now, splice, incoming) => (splice, false),
            Some(_) | None => (self.splice(now, incoming), true),
        };
        if is_before(incoming.sequence, splice.floor) {
            return None;
        }
        let sequence = incoming.sequence.wrapping_add(splice.sequence_offset);
        let timestamp = incoming.timestamp.wrapping_add(splice.timestamp_offset);
        if !is_before(incoming.sequence, splice.newest) {
            splice.newest = incoming.sequence;
            self.next_sequence = sequence.wrapping_add(1);
            self.next_timestamp = later(self.next_timestamp, timestamp.wrapping_add(samples));
        }
        self.feed = Feed::Relay(splice);
        Some(self.header(incoming.marker || fresh, payload_type, sequence, timestamp))
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

    /// The next packet begins a talk spurt: its feed changes, or time was skipped.
    pub(crate) fn interrupt(&mut self) {
        self.feed = Feed::Nothing;
    }

    fn header(&self, marker: bool, payload_type: u8, sequence: u16, timestamp: u32) -> Header {
        Header { marker, payload_type, sequence, timestamp, ssrc: self.ssrc }
    }

    fn clock(&self, now: Time) -> u32 {
        // Timestamps wrap, and so does this.
        self.clock_base.wrapping_add(samples_at(now) as u32)
    }

    fn resume_at(&self, now: Time) -> u32 {
        later(self.next_timestamp, self.clock(now))
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
        let ahead = timestamp.wrapping_sub(self.clock(now)).cast_signed();
        is_before(splice.newest, incoming.sequence) && ahead.unsigned_abs() > STRAY_SAMPLES.unsigned_abs()
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

        let joined = sender.relay(at_ms(43), &incoming(9000, 5), 8, 160, true).unwrap();
        assert_eq!((joined.marker, joined.payload_type, joined.ssrc), (true, 8, first.ssrc));
        assert_eq!(joined.sequence, second.sequence.wrapping_add(1));
        assert_eq!(joined.timestamp.wrapping_sub(second.timestamp), 160);
        let next = sender.relay(at_ms(63), &incoming(9001, 165), 8, 160, false).unwrap();
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
        let first = sender.relay(at_ms(0), &incoming(10, 0), 0, 160, true).unwrap().sequence;
        let mut relay = |sequence: u16| {
            let header = incoming(sequence, u32::from(sequence).wrapping_mul(160).wrapping_sub(1600));
            sender.relay(at_ms(0), &header, 0, 160, false).map(|sent| sent.sequence.wrapping_sub(first))
        };
        assert_eq!(relay(12), Some(2));
        assert_eq!(relay(11), Some(1), "overtaken");
        assert_eq!(relay(9), None, "from before the bridge");
        sender.skip(&incoming(13, 480));
        let after = sender.relay(at_ms(0), &incoming(14, 640), 0, 160, false).unwrap();
        assert_eq!(after.sequence.wrapping_sub(first), 3);
    }

    #[test]
    fn a_jump_of_the_peers_clock_does_not_reach_the_other_side() {
        let mut sender = Sender::new(&mut Rng::from_number(3));
        let before = sender.relay(at_ms(0), &incoming(1, 0), 0, 160, true).unwrap();
        let after = sender.relay(at_ms(20), &incoming(2, 1 << 30), 0, 160, false).unwrap();
        assert!(after.marker);
        assert_eq!(after.sequence, before.sequence.wrapping_add(1));
        assert_eq!(after.timestamp.wrapping_sub(before.timestamp), 160);
    }

    proptest! {
        /// Whatever feeds it: new packets have new numbers, and time never runs back.
        #[test]
        fn no_number_is_used_twice(seed: u64, steps in proptest::collection::vec((0..5_u8, 0..6_u16), 1..200)) {
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
                    3 => sender.relay(now, &header, 0, 160, true),
                    _ => sender.relay(now, &header, 0, 160, false),
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
