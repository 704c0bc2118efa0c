//! What comes in on a leg: which packets are the peer's, and what each one is.

use core::net::SocketAddr;
use core::ops::Range;

use hotline_base::Time;
use hotline_rtp::{Arrival, EventReceiver, Header, InterarrivalJitter, ParseError, Press, SequenceTracker};
use serde::{Deserialize, Serialize};

use crate::source::{Source, SourceLock};
use crate::timeline::{Timeline, samples_at};
use crate::{LegStats, Remote};

/// Microseconds of one timestamp unit.
const UNIT_US: u32 = 125;

/// The receiving side of one leg.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Receiver {
    source: SourceLock,
    ssrc: Option<u32>,
    tracker: SequenceTracker,
    jitter: InterarrivalJitter,
    timeline: Timeline,
    events: EventReceiver,
}

/// A packet of the peer.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) header: Header,
    /// Where in the datagram.
    pub(crate) payload: Range<usize>,
    pub(crate) content: Content,
    /// The first packet the leg ever had.
    pub(crate) first: bool,
    /// Its stream begins here.
    pub(crate) restarted: bool,
    /// Keys let go.
    pub(crate) presses: [Option<Press>; 2],
}

/// What a packet of the peer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Audio that begins here on our clock, in samples.
    Audio { position: i64 },
    /// A telephone-event.
    Event,
    /// Nothing that was agreed; it keeps its place in the sequence only.
    Unusable,
}

impl Receiver {
    pub(crate) fn new(signalled: SocketAddr) -> Self {
        Self {
            source: SourceLock::new(signalled),
            ssrc: None,
            tracker: SequenceTracker::default(),
            jitter: InterarrivalJitter::default(),
            timeline: Timeline::default(),
            events: EventReceiver::default(),
        }
    }

    pub(crate) fn set_signalled(&mut self, signalled: SocketAddr) {
        self.source.set_signalled(signalled);
    }

    pub(crate) const fn destination(&self) -> SocketAddr {
        self.source.destination()
    }

    /// Takes a datagram. `None` if it is not to be used; `stats` says why.
    pub(crate) fn handle_packet(
        &mut self,
        now: Time,
        from: SocketAddr,
        datagram: &[u8],
        remote: &Remote,
        stats: &mut LegStats,
    ) -> Option<Received> {
        let (header, payload) = match Header::parse(datagram) {
            Ok(parsed) => parsed,
            Err(ParseError::Rtcp) => return count(&mut stats.rtcp),
            Err(ParseError::Malformed) => return count(&mut stats.malformed),
        };
        let is_audio = header.payload_type == remote.payload_type_receive && !payload.is_empty();
        let is_event = Some(header.payload_type) == remote.telephone_event_receive;
        if !is_audio && !is_event {
            stats.unknown_payload_type += 1;
            if !self.source.knows(from) || self.ssrc != Some(header.ssrc) {
                return None;
            }
        }
        let first = self.ssrc.is_none();
        if !self.takes(now, from, stats) {
            return count(&mut stats.strangers);
        }
        let switched = self.begin_stream(&header, stats);
        let arrival = self.tracker.note(header.sequence);
        match arrival {
            Arrival::First | Arrival::Newest { .. } | Arrival::Reordered => {}
            Arrival::Duplicate | Arrival::Rejected => return None,
        }
        let jumped = arrival == Arrival::First && !switched.new_stream;
        let mut presses = [switched.press, None];
        if jumped {
            presses[0] = self.restart_clocks();
        }
        let content = if is_audio {
            Content::Audio { position: self.place(now, &header, payload.len()) }
        } else if is_event {
            let [overdue, press] =
                self.events.handle_packet(now, header.timestamp, &datagram[payload.clone()]);
            // After a restart nothing is held, so at most two of the three are there.
            presses = [presses[0].or(overdue), press];
            Content::Event
        } else {
            Content::Unusable
        };
        stats.bytes_received += payload.len() as u64;
        Some(Received { header, payload, content, first, restarted: arrival == Arrival::First, presses })
    }

    /// When [`Receiver::handle_timeout`] has something to do.
    pub(crate) fn handle_timeout(&mut self, now: Time) -> Option<Press> {
        self.events.handle_timeout(now)
    }

    /// Fills in what is counted here.
    pub(crate) fn report(&self, stats: &mut LegStats) {
        stats.packets_received = self.tracker.received();
        stats.packets_lost = self.tracker.lost();
        stats.duplicates = self.tracker.duplicates();
        stats.reordered = self.tracker.reordered();
        stats.out_of_sequence = self.tracker.rejected();
        stats.jitter_us = self.jitter.current().saturating_mul(UNIT_US);
        stats.jitter_max_us = self.jitter.max().saturating_mul(UNIT_US);
    }

    fn takes(&mut self, now: Time, from: SocketAddr, stats: &mut LegStats) -> bool {
        match self.source.note(now, from) {
            Source::Learned | Source::Known => true,
            Source::Moved => {
                stats.source_changes += 1;
                true
            }
            Source::Stranger => false,
        }
    }

    /// RFC 3550 §8.2: a source may begin a new stream at any time.
    fn begin_stream(&mut self, header: &Header, stats: &mut LegStats) -> Switched {
        if self.ssrc == Some(header.ssrc) {
            return Switched { new_stream: false, press: None };
        }
        stats.ssrc_changes += u64::from(self.ssrc.is_some());
        self.ssrc = Some(header.ssrc);
        self.tracker.restart();
        Switched { new_stream: true, press: self.restart_clocks() }
    }

    fn restart_clocks(&mut self) -> Option<Press> {
        self.jitter.restart();
        self.timeline.restart();
        self.events.restart()
    }

    fn place(&mut self, now: Time, header: &Header, samples: usize) -> i64 {
        let arrival = samples_at(now);
        // Both wrap.
        self.jitter.note(arrival as u32, header.timestamp);
        self.timeline.place(arrival, header.timestamp, samples, header.marker)
    }
}

struct Switched {
    new_stream: bool,
    press: Option<Press>,
}

fn count<T>(counter: &mut u64) -> Option<T> {
    *counter += 1;
    None
}
