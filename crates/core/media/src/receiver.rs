//! What comes in on a leg: which packets are the peer's, and what each one is.

use core::net::SocketAddr;
use core::ops::Range;

use hotline_base::Time;
use hotline_rtp::{EventReceiver, Header, ParseError, Press};
use serde::{Deserialize, Serialize};

use crate::source::{Audible, Source, SourceLock};
use crate::streams::{Order, Streams};
use crate::{LegStats, Remote};

/// Bytes of audio that tell a peer from a stray packet: 5 ms, the shortest packets there are.
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
        Self { source: SourceLock::new(signalled), streams: Streams::new(), keys: EventReceiver::default() }
    }

    pub(crate) fn set_signalled(&mut self, now: Time, signalled: SocketAddr) {
        self.source.set_signalled(now, signalled);
    }

    pub(crate) fn destination(&self) -> SocketAddr {
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
            if !self.source.knows(from) || !self.streams.contains(header.ssrc) {
                return None;
            }
        }
        let audible = (is_audio && payload.len() >= AUDIBLE_MIN)
            .then_some(Audible { ssrc: header.ssrc, sequence: header.sequence });
        match self.source.note(now, from, audible) {
            Source::Learned | Source::Known => {}
            Source::Moved => stats.source_changes += 1,
            Source::Stranger => return count(&mut stats.strangers),
        }
        let first = self.streams.is_empty();
        let (stream, order) = self.streams.note(&header, stats)?;
        let mut presses = [None, None];
        let content = if is_audio {
            Content::Audio { position: stream.place(now, &header, payload.len(), order) }
        } else if is_event {
            presses = self.keys.handle_packet(now, header.timestamp, &datagram[payload.clone()]);
            Content::Event
        } else {
            Content::Unusable
        };
        stats.bytes_received += payload.len() as u64;
        Some(Received { header, payload, content, first, restarted: order == Order::First, presses })
    }

    /// Reports a key whose last packets were lost. It is due on every beat.
    pub(crate) fn handle_timeout(&mut self, now: Time) -> Option<Press> {
        self.keys.handle_timeout(now)
    }

    /// Adds what the streams have counted.
    pub(crate) fn report(&self, stats: &mut LegStats) {
        self.streams.report(stats);
    }
}

fn count<T>(counter: &mut u64) -> Option<T> {
    *counter += 1;
    None
}
