//! What comes in on a leg: which packets are the peer's, and what each one is.

use core::net::SocketAddr;
use core::ops::Range;

use hotline_audio::comfort_noise::ComfortNoise;
use hotline_base::Time;
use hotline_rtp::{EventReceiver, Header, ParseError, PeerReport, Press, slow_event_down};
use serde::{Deserialize, Serialize};

use crate::source::{Audible, Source, SourceLock};
use crate::streams::{Heard, Order, Streams};
use crate::{LegStats, Remote};

/// Samples of audio that tell a peer from a stray packet: 5 ms, the shortest packets there are.
const AUDIBLE_MIN: usize = 40;

/// The receiving side of one leg.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Receiver {
    source: SourceLock,
    streams: Streams,
    keys: EventReceiver,
}

/// A packet of the peer.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// Its timestamp is that of a clock of 8 kHz.
    pub(crate) header: Header,
    /// How much faster the peer's own clock is.
    pub(crate) clock_factor: u32,
    /// Where in the datagram.
    pub(crate) payload: Range<usize>,
    pub(crate) content: Content,
    /// The first packet the leg ever had.
    pub(crate) first: bool,
    /// Its stream begins here.
    pub(crate) restarted: bool,
    /// A later packet came before it.
    pub(crate) is_overtaken: bool,
    /// Nobody is to hear it.
    pub(crate) is_hidden: bool,
    /// Keys let go.
    pub(crate) presses: [Option<Press>; 2],
}

/// What a packet of the peer holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Content {
    /// Audio.
    Audio {
        /// Where it begins on our clock, in samples at 8 kHz.
        position: i64,
        /// How long it is, in the same.
        span: usize,
        /// How many packets before it have not come (yet).
        lost: u16,
    },
    /// A telephone-event.
    Event,
    /// The peer is silent from here on, and its line sounds like this.
    Noise(ComfortNoise),
    /// Nothing that was agreed; it keeps its place in the sequence only.
    Unusable,
}

impl Receiver {
    pub(crate) fn new(signalled: SocketAddr) -> Self {
        Self { source: SourceLock::new(signalled), streams: Streams::new(), keys: EventReceiver::default() }
    }

    pub(crate) fn set_signalled(&mut self, now: Time, signalled: SocketAddr) {
        self.source.set_signalled(now, signalled);
    }

    pub(crate) fn destination(&self) -> SocketAddr {
        self.source.destination()
    }

    /// Takes a datagram. `None` if it is not to be used; `stats` says why. The duration of a telephone-event in it becomes one
    /// of a clock of 8 kHz.
    pub(crate) fn handle_packet(
        &mut self,
        now: Time,
        from: SocketAddr,
        datagram: &mut [u8],
        remote: &Remote,
        stats: &mut LegStats,
    ) -> Option<Received> {
        let (mut header, payload) = match Header::parse(datagram) {
            Ok(parsed) => parsed,
            // Not reached: reports are told apart before.
            Err(ParseError::Rtcp | ParseError::Malformed) => return count(&mut stats.malformed),
        };
        let span = (header.payload_type == remote.payload_type_receive)
            .then(|| remote.codec.span(&datagram[payload.clone()]))
            .flatten();
        let clock_factor = remote.codec.clock_factor();
        let is_event = Some(header.payload_type) == remote.telephone_event_receive;
        let is_noise = Some(header.payload_type) == remote.comfort_noise_receive;
        let noise = is_noise.then(|| ComfortNoise::parse(&datagram[payload.clone()])).flatten();
        if span.is_none() && !is_event && noise.is_none() {
            stats.unknown_payload_type += 1;
            if !self.source.knows(from) || !self.streams.contains(header.ssrc) {
                return None;
            }
        }
        let audible = span
            .is_some_and(|span| span >= AUDIBLE_MIN)
            .then_some(Audible { ssrc: header.ssrc, sequence: header.sequence });
        match self.source.note(now, from, audible) {
            Source::Learned | Source::Known => {}
            Source::Moved => stats.source_changes += 1,
            Source::Stranger => return count(&mut stats.strangers),
        }
        let first = self.streams.is_empty();
        let (stream, order) = self.streams.note(&header, stats)?;
        let timestamp = header.timestamp;
        header.timestamp = stream.slow_down(timestamp, clock_factor);
        let mut presses = [None, None];
        let content = if let Some(span) = span {
            let lost = if let Order::Next { lost } = order { lost } else { 0 };
            Content::Audio { position: stream.place(now, &header, span, order), span, lost }
        } else if is_event {
            let event = &mut datagram[payload.clone()];
            let factor = remote.telephone_event_clock_factor;
            presses = self.keys.handle_packet(now, timestamp, event).map(|press| slower(press, factor));
            // Durations of a fast clock fill their 16 bits soon; the segments that follow are of one press on ours.
            if factor > 1 {
                let begun = self.keys.begun(timestamp);
                header.timestamp = stream.slow_down(begun, clock_factor);
                slow_event_down(event, timestamp.wrapping_sub(begun), factor);
            }
            Content::Event
        } else if let Some(noise) = noise {
            Content::Noise(noise)
        } else {
            Content::Unusable
        };
        stats.bytes_received += payload.len() as u64;
        Some(Received {
            header,
            clock_factor,
            payload,
            content,
            first,
            is_overtaken: order == Order::Overtaken,
            restarted: order == Order::First,
            is_hidden: false,
            presses,
        })
    }

    /// Reports a key whose last packets were lost. It is due on every beat.
    pub(crate) fn handle_timeout(&mut self, now: Time, remote: &Remote) -> Option<Press> {
        slower(self.keys.handle_timeout(now), remote.telephone_event_clock_factor)
    }

    /// The peer's clock runs at another speed from here on: what it sends is another stream, whatever its name.
    pub(crate) fn forget_streams(&mut self, stats: &mut LegStats) {
        self.streams.forget(stats);
    }

    /// What can be reported to the peer of its audio.
    pub(crate) fn heard(&self) -> Option<Heard> {
        self.streams.heard()
    }

    /// True if reports from `source` may be the peer's: they come from its host.
    pub(crate) fn takes_reports_of(&self, source: SocketAddr) -> bool {
        source.ip() == self.source.destination().ip() || self.source.knows(source)
    }

    /// True if a report is of this call: one host may have many. Its writer is heard here, or says something of our stream.
    pub(crate) fn is_addressed(&self, report: &PeerReport) -> bool {
        report.reception.is_some() || self.streams.contains(report.ssrc)
    }

    /// Adds what the streams have counted.
    pub(crate) fn report(&self, stats: &mut LegStats) {
        self.streams.report(stats);
    }
}

/// A press on a clock of 8 kHz.
fn slower(press: Option<Press>, clock_factor: u32) -> Option<Press> {
    press.map(|press| Press { duration: press.duration / clock_factor, ..press })
}

fn count<T>(counter: &mut u64) -> Option<T> {
    *counter += 1;
    None
}
