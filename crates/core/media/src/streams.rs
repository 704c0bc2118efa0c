//! The streams a peer sends, by their SSRC, and what each of them is like.

use hotline_base::Time;
use hotline_rtp::{Arrival, Header, InterarrivalJitter, SequenceTracker};
use serde::{Deserialize, Serialize};

use crate::LegStats;
use crate::timeline::{Timeline, samples_at};

/// Streams known at a time. Some gateways send keys with an SSRC of their own beside the audio.
const STREAMS_MAX: usize = 2;
/// Microseconds of one timestamp unit.
const UNIT_US: u32 = 125;

/// The newest streams of one peer, the one heard last first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Streams(Vec<Stream>);

/// One stream, from its first packet or from a jump of its numbers on (RFC 3550 §8.2: at any time).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Stream {
    ssrc: u32,
    tracker: SequenceTracker,
    /// The newest timestamp, and how far it is from the first one.
    timestamp: u32,
    elapsed: i64,
    /// From its first audio packet on.
    clock: Option<Clock>,
}

/// What is known of a stream's timestamps.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Clock {
    jitter: InterarrivalJitter,
    timeline: Timeline,
}

/// What a listener can say of the stream that it hears.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Heard {
    pub(crate) ssrc: u32,
    pub(crate) expected: u64,
    pub(crate) received: u64,
    pub(crate) highest: u32,
    /// In samples at 8 kHz.
    pub(crate) jitter: u32,
}

/// Where a packet is in its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The stream begins here.
    First,
    /// After all that came before; so many packets between them have not come (yet).
    Next {
        /// How many.
        lost: u16,
    },
    /// Overtaken by a later one.
    Overtaken,
}

impl Streams {
    pub(crate) fn new() -> Self {
        // Room at once: the packet path must not allocate.
        Self(Vec::with_capacity(STREAMS_MAX))
    }

    /// True before the first packet.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True if `ssrc` is a stream of the peer.
    pub(crate) fn contains(&self, ssrc: u32) -> bool {
        self.0.iter().any(|stream| stream.ssrc == ssrc)
    }

    /// Finds a packet's stream and its place in it. `None` if it came before or is too far off to be believed.
    /// Streams that end by it are counted in `stats`.
    pub(crate) fn note(&mut self, header: &Header, stats: &mut LegStats) -> Option<(&mut Stream, Order)> {
        let order = match self.0.iter().position(|stream| stream.ssrc == header.ssrc) {
            Some(index) => {
                if index > 0 {
                    self.0.swap(0, index);
                }
                match self.0[0].tracker.note(header.sequence) {
                    Arrival::Newest { lost } => Order::Next { lost },
                    Arrival::Reordered => Order::Overtaken,
                    Arrival::Duplicate | Arrival::Rejected => return None,
                    Arrival::Restarted => {
                        self.0[0].report(stats);
                        self.0[0] = Stream::begin(header);
                        Order::First
                    }
                }
            }
            None => {
                stats.ssrc_changes += u64::from(!self.is_empty());
                if self.0.len() == STREAMS_MAX
                    && let Some(oldest) = self.0.pop()
                {
                    oldest.report(stats);
                }
                self.0.insert(0, Stream::begin(header));
                Order::First
            }
        };
        Some((&mut self.0[0], order))
    }

    /// Ends all of them; they are counted in `stats`.
    pub(crate) fn forget(&mut self, stats: &mut LegStats) {
        for stream in self.0.drain(..).rev() {
            stream.report(stats);
        }
    }

    /// The stream with audio that was heard last.
    pub(crate) fn heard(&self) -> Option<Heard> {
        self.0.iter().find_map(|stream| {
            let clock = stream.clock.as_ref()?;
            Some(Heard {
                ssrc: stream.ssrc,
                expected: stream.tracker.expected(),
                received: stream.tracker.received(),
                highest: stream.tracker.highest(),
                jitter: clock.jitter.current(),
            })
        })
    }

    /// Adds what the living streams have counted.
    pub(crate) fn report(&self, stats: &mut LegStats) {
        for stream in self.0.iter().rev() {
            stream.report(stats);
        }
    }
}

impl Stream {
    fn begin(header: &Header) -> Self {
        Self {
            ssrc: header.ssrc,
            tracker: SequenceTracker::begin(header.sequence),
            timestamp: header.timestamp,
            elapsed: 0,
            clock: None,
        }
    }

    /// A timestamp on a clock of 8 kHz, `factor` times slower than the stream's. Both wrap.
    pub(crate) fn slow_down(&mut self, timestamp: u32, factor: u32) -> u32 {
        if factor == 1 {
            return timestamp;
        }
        let ahead = i64::from(timestamp.wrapping_sub(self.timestamp).cast_signed());
        let elapsed = self.elapsed + ahead;
        if ahead > 0 {
            (self.timestamp, self.elapsed) = (timestamp, elapsed);
        }
        // Timestamps wrap, and so does this.
        elapsed.div_euclid(i64::from(factor)) as u32
    }

    /// Where an audio packet of `samples` at 8 kHz begins on our clock; may be before our clock did.
    pub(crate) fn place(&mut self, now: Time, header: &Header, samples: usize, order: Order) -> i64 {
        let arrival = samples_at(now);
        // Jitter is counted in timestamps, which wrap.
        let (wrapped, timestamp) = (arrival as u32, header.timestamp);
        let Some(Clock { jitter, timeline }) = &mut self.clock else {
            let timeline = Timeline::begin(arrival, timestamp, samples);
            let position = timeline.position();
            self.clock = Some(Clock { jitter: InterarrivalJitter::begin(wrapped, timestamp), timeline });
            return position;
        };
        jitter.note(wrapped, timestamp);
        match order {
            Order::First | Order::Next { .. } => timeline.place(arrival, timestamp, samples, header.marker),
            Order::Overtaken => timeline.place_overtaken(timestamp),
        }
    }

    fn report(&self, stats: &mut LegStats) {
        stats.packets_received += self.tracker.received();
        stats.packets_lost += self.tracker.lost();
        stats.duplicates += self.tracker.duplicates();
        stats.reordered += self.tracker.reordered();
        stats.out_of_sequence += self.tracker.rejected();
        if let Some(Clock { jitter, .. }) = &self.clock {
            stats.jitter_us = jitter.current().saturating_mul(UNIT_US);
            stats.jitter_mean_us = jitter.mean().saturating_mul(UNIT_US);
            stats.jitter_max_us = stats.jitter_max_us.max(jitter.max().saturating_mul(UNIT_US));
        }
    }
}
