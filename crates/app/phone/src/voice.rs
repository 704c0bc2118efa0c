//! The phone's RTP stream: frames of speech out, what is heard in.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use hotline_base::{Rng, Time};
use hotline_media::{self as media, Decoder, Encoder};
use hotline_media_rt::BrowserEnd;
use hotline_rtp::{Digit, EventPacket, EventReceiver, EventSender, Header, speed_event_up};
use hotline_sdp::{Codec, Negotiated};

use crate::speech::Speech;

/// Samples of one 20 ms frame at 8 kHz.
pub(crate) const FRAME: usize = 160;
/// How long a key is held, in samples: 100 ms.
const PRESS_SAMPLES: u16 = 800;
/// A hole in what is heard is filled with silence up to this length, in samples; after a longer one the stream's
/// clock is taken to have been set anew. A minute.
const HOLE_MAX: usize = 8000 * 60;
/// The most that is kept of what was heard: ten minutes.
const HEARD_MAX: usize = 8000 * 600;

/// What a phone heard so far, shared with the script that owns the phone: written by the phone's task, read by
/// the script, so a lock stands between them.
pub(crate) type Heard = Arc<Mutex<Vec<i16>>>;

/// When the first packet of the present speech left, shared like [`Heard`].
pub(crate) type SpokeAt = Arc<Mutex<Option<SystemTime>>>;

/// What the phone notices for the script that owns it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Senses {
    pub(crate) heard: Heard,
    pub(crate) spoke_at: SpokeAt,
    /// The keys that the other side pressed, shared like the others.
    pub(crate) pressed: Arc<Mutex<String>>,
}

pub(crate) struct Voice {
    speech: Speech,
    senses: Senses,
    peer: Option<Peer>,
    /// How the peer was met, by its name in checks, if this is a browser's phone.
    met: Option<(String, Met)>,
    waiting: VecDeque<(SocketAddr, Vec<u8>)>,
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    keys: VecDeque<Key>,
    their_keys: EventReceiver,
    clock: Option<HeardClock>,
}

/// Where the peer is, and this side of the leg there.
pub(crate) type Met = (SocketAddr, BrowserEnd);

/// Whom it talks with.
struct Peer {
    agreed: Negotiated,
    encoder: Encoder,
    decoder: Decoder,
}

/// A key being pressed: all its packets have the timestamp of the first (RFC 4733 §2.5.1.2).
struct Key {
    packets: EventSender,
    timestamp: Option<u32>,
}

/// Where in what was heard a timestamp of the peer's stream lies.
#[derive(Clone, Copy)]
struct HeardClock {
    ssrc: u32,
    timestamp: u32,
    place: usize,
}

impl HeardClock {
    /// RFC 3550 §5.1: timestamps wrap around. One from before the clock was set is far in the future.
    const fn place(self, timestamp: u32, factor: u32) -> usize {
        self.place + (timestamp.wrapping_sub(self.timestamp) / factor) as usize
    }
}

impl Voice {
    pub(crate) fn new(rng: &mut Rng, speech: Speech, senses: Senses) -> Self {
        Self {
            speech,
            senses,
            peer: None,
            met: None,
            waiting: VecDeque::new(),
            ssrc: rng.next_u32(),
            sequence: rng.next_u32() as u16,
            timestamp: rng.next_u32(),
            keys: VecDeque::new(),
            their_keys: EventReceiver::default(),
            clock: None,
        }
    }

    pub(crate) fn say(&mut self, speech: Speech) {
        self.speech = speech;
        *self.senses.spoke_at.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// From here on packets go to, and are taken from, this peer.
    pub(crate) fn set_peer(&mut self, agreed: Negotiated) {
        let codec = match agreed.codec {
            Codec::Pcmu => media::Codec::Pcmu,
            Codec::Pcma => media::Codec::Pcma,
            Codec::G722 => media::Codec::G722,
            Codec::Opus => media::Codec::Opus,
            Codec::L16 => media::Codec::L16,
        };
        self.peer = Some(match self.peer.take() {
            Some(peer) if peer.encoder.codec() == codec => Peer { agreed, ..peer },
            _ => Peer { agreed, encoder: codec.encoder(media::Opus::default()), decoder: codec.decoder() },
        });
    }

    /// The same for a browser: meets it, unless this is the one that was met.
    pub(crate) fn set_met(&mut self, agreed: Negotiated, name: String, meet: impl FnOnce() -> Option<Met>) {
        if self.met.as_ref().is_none_or(|(before, _)| *before != name) {
            self.met = meet().map(|met| (name, met));
        }
        self.set_peer(agreed);
        self.attend();
    }

    /// A datagram that is to be sent, and where.
    pub(crate) fn poll_transmit(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        self.waiting.pop_front()
    }

    /// Does what a browser's check and handshake want; false as long as nothing can be said.
    fn attend(&mut self) -> bool {
        let Some((_, (to, end))) = &mut self.met else { return true };
        let now = Instant::now();
        if end.is_due(now) {
            end.handle_timeout(now);
        }
        while let Some(datagram) = end.poll_transmit() {
            self.waiting.push_back((*to, datagram));
        }
        end.is_open()
    }

    pub(crate) fn stop(&mut self) {
        self.peer = None;
        self.met = None;
        self.keys.clear();
    }

    pub(crate) fn press(&mut self, digit: Digit) {
        self.keys.push_back(Key { packets: EventSender::new(digit, PRESS_SAMPLES), timestamp: None });
    }

    /// Says what there is to say in these 20 ms.
    pub(crate) fn tick(&mut self) {
        if !self.attend() {
            return;
        }
        let Some((to, packet)) = self.packet() else { return };
        match &mut self.met {
            None => self.waiting.push_back((to, packet)),
            Some((_, (to, end))) => {
                let sealed = end.protect(&packet).map(|packet| (*to, packet.to_vec()));
                self.waiting.extend(sealed);
            }
        }
    }

    /// The packet of this 20 ms, and where it goes.
    fn packet(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        let peer = self.peer.as_ref()?.agreed.clone();
        let timestamp = self.timestamp;
        self.timestamp = timestamp.wrapping_add(FRAME as u32);
        let packet = match (peer.telephone_event_send, self.next_key_packet(timestamp)) {
            (Some(payload_type), Some((mut event, timestamp))) => {
                let factor = self.peer.as_ref()?.encoder.codec().clock_factor();
                speed_event_up(&mut event.payload, (peer.telephone_event_clock_hz / 8000).max(1));
                let timestamp = timestamp.wrapping_mul(factor);
                let header = Header { marker: event.marker, payload_type, ..self.header(timestamp) };
                header.packet(&event.payload)
            }
            _ => {
                let mut frame = [0; FRAME];
                self.speech.fill(&mut frame);
                self.senses
                    .spoke_at
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .get_or_insert_with(SystemTime::now);
                let encoder = &mut self.peer.as_mut()?.encoder;
                let timestamp = timestamp.wrapping_mul(encoder.codec().clock_factor());
                let payload = encoder.payload(&frame);
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

    /// Takes what came.
    pub(crate) fn receive(&mut self, datagram: &mut [u8]) {
        let Some((_, (_, end))) = &mut self.met else { return self.hear(datagram) };
        match end.take(Instant::now(), datagram) {
            Some(length) => self.hear(&datagram[..length]),
            None => {
                self.attend();
            }
        }
    }

    /// Puts the audio of a packet where its timestamp says, so that neither a late packet nor a late phone
    /// leaves a mark on what was heard.
    fn hear(&mut self, datagram: &[u8]) {
        let Some(peer) = &mut self.peer else { return };
        let Ok((header, payload)) = Header::parse(datagram) else { return };
        if Some(header.payload_type) == peer.agreed.telephone_event_receive {
            // What has no end is not waited for, so that the time is of no matter.
            let presses = self.their_keys.handle_packet(Time::ZERO, header.timestamp, &datagram[payload]);
            let keys = presses.into_iter().flatten().map(|press| press.digit.as_char());
            self.senses.pressed.lock().unwrap_or_else(PoisonError::into_inner).extend(keys);
            return;
        }
        if header.payload_type != peer.agreed.payload_type_receive {
            return;
        }
        let mut heard = self.senses.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let factor = peer.decoder.codec().clock_factor();
        let clock = self.clock.filter(|clock| clock.ssrc == header.ssrc);
        let place = clock.map(|clock| clock.place(header.timestamp, factor));
        let start = place.filter(|place| *place <= heard.len() + HOLE_MAX).unwrap_or_else(|| {
            let clock = HeardClock { ssrc: header.ssrc, timestamp: header.timestamp, place: heard.len() };
            self.clock = Some(clock);
            heard.len()
        });
        let sound = peer.decoder.sound(&datagram[payload]);
        let end = start + sound.len();
        if end > HEARD_MAX {
            return;
        }
        if heard.len() < end {
            heard.resize(end, 0);
        }
        heard[start..end].copy_from_slice(&sound);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audio_lies_where_its_timestamp_says_across_the_wrap() {
        let clock = HeardClock { ssrc: 1, timestamp: u32::MAX - 159, place: 800 };
        assert_eq!(clock.place(u32::MAX - 159, 1), 800);
        assert_eq!(clock.place(0, 1), 960);
        assert_eq!(clock.place(1600, 1), 2560);
    }
}
