//! The phone's RTP stream: frames of speech out, what is heard in.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use hotline_audio::{alaw, ulaw};
use hotline_base::Rng;
use hotline_rtp::{Digit, EventPacket, EventSender, Header};
use hotline_sdp::{Codec, Negotiated};

use crate::speech::Speech;

/// Samples of one 20 ms frame at 8 kHz.
pub(crate) const FRAME: usize = 160;
/// How long a key is held, in samples: 100 ms.
const PRESS_SAMPLES: u16 = 800;
/// A hole in what is heard that is longer than this is filled with silence.
const HOLE: Duration = Duration::from_millis(60);
/// The most that is kept of what was heard: ten minutes.
const HEARD_MAX: usize = 8000 * 600;

/// What a phone heard so far, shared with the script that owns the phone: written by the phone's task, read by
/// the script, so a lock stands between them.
pub(crate) type Heard = Arc<Mutex<Vec<i16>>>;

/// When the first packet of the present speech left, shared like [`Heard`].
pub(crate) type SpokeAt = Arc<Mutex<Option<SystemTime>>>;

pub(crate) struct Voice {
    speech: Speech,
    spoke_at: SpokeAt,
    peer: Option<Negotiated>,
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    keys: VecDeque<Key>,
    heard: Heard,
    began: Option<Instant>,
}

/// A key being pressed: all its packets have the timestamp of the first (RFC 4733 §2.5.1.2).
struct Key {
    packets: EventSender,
    timestamp: Option<u32>,
}

impl Voice {
    pub(crate) fn new(rng: &mut Rng, speech: Speech, heard: Heard, spoke_at: SpokeAt) -> Self {
        Self {
            speech,
            spoke_at,
            peer: None,
            ssrc: rng.next_u32(),
            sequence: rng.next_u32() as u16,
            timestamp: rng.next_u32(),
            keys: VecDeque::new(),
            heard,
            began: None,
        }
    }

    pub(crate) fn say(&mut self, speech: Speech) {
        self.speech = speech;
        *self.spoke_at.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// From here on packets go to, and are taken from, this peer.
    pub(crate) fn set_peer(&mut self, peer: Negotiated) {
        self.peer = Some(peer);
    }

    pub(crate) fn stop(&mut self) {
        self.peer = None;
        self.keys.clear();
    }

    pub(crate) fn press(&mut self, digit: Digit) {
        self.keys.push_back(Key { packets: EventSender::new(digit, PRESS_SAMPLES), timestamp: None });
    }

    /// The packet of this 20 ms, and where it goes.
    pub(crate) fn tick(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        let peer = self.peer?;
        let timestamp = self.timestamp;
        self.timestamp = timestamp.wrapping_add(FRAME as u32);
        let packet = match (peer.telephone_event_send, self.next_key_packet(timestamp)) {
            (Some(payload_type), Some((event, timestamp))) => {
                let header = Header { marker: event.marker, payload_type, ..self.header(timestamp) };
                header.packet(&event.payload)
            }
            _ => {
                let mut frame = [0; FRAME];
                self.speech.fill(&mut frame);
                self.spoke_at
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .get_or_insert_with(SystemTime::now);
                let payload = frame.map(|sample| match peer.codec {
                    Codec::Pcmu => ulaw::encode(sample),
                    Codec::Pcma => alaw::encode(sample),
                });
                let header = Header { payload_type: peer.payload_type_send, ..self.header(timestamp) };
                header.packet(&payload)
            }
        };
        self.sequence = self.sequence.wrapping_add(1);
        Some((peer.remote, packet))
    }

    fn header(&self, timestamp: u32) -> Header {
        Header { marker: false, payload_type: 0, sequence: self.sequence, timestamp, ssrc: self.ssrc }
    }

    fn next_key_packet(&mut self, timestamp: u32) -> Option<(EventPacket, u32)> {
        loop {
            let key = self.keys.front_mut()?;
            let first = *key.timestamp.get_or_insert(timestamp);
            match key.packets.next() {
                Some(packet) => return Some((packet, first)),
                None => {
                    self.keys.pop_front();
                }
            }
        }
    }

    pub(crate) fn hear(&mut self, at: Instant, datagram: &[u8]) {
        let Some(peer) = &self.peer else { return };
        let Ok((header, payload)) = Header::parse(datagram) else { return };
        if header.payload_type != peer.payload_type_receive {
            return;
        }
        let decode = match peer.codec {
            Codec::Pcmu => ulaw::decode,
            Codec::Pcma => alaw::decode,
        };
        let began = *self.began.get_or_insert(at);
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = at.duration_since(began);
        let due = elapsed.as_millis() as usize * 8;
        if due > heard.len() + HOLE.as_millis() as usize * 8 {
            heard.resize(due.min(HEARD_MAX), 0);
        }
        if heard.len() < HEARD_MAX {
            heard.extend(datagram[payload].iter().map(|code| decode(*code)));
        }
    }
}
