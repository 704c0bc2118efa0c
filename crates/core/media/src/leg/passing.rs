//! Packets of another leg on their way to the peer: as they are, coded anew, or silent.

use hotline_audio::gain::AutomaticGain;
use hotline_base::{LegId, Time};
use hotline_rtp::{HEADER_LEN, Header, speed_event_up};
use serde::{Deserialize, Serialize};

use super::{Bridged, Hears, Leg};
use crate::codec::PAYLOAD_MAX;
use crate::receiver::{Content, Received};
use crate::sender::Incoming;
use crate::{Codec, Decoder, Sink};

/// The most lost packets in a row whose place is filled for a phone that cannot do it itself.
const CONCEALED_MAX: u16 = 5;
/// A packet on its way from one leg to another, in the datagram it came in.
pub(crate) struct Passing<'a> {
    pub(crate) received: &'a Received,
    pub(crate) decoder: &'a mut Decoder,
    pub(crate) gain: Option<&'a mut AutomaticGain>,
    pub(crate) datagram: &'a mut [u8],
}

/// Sound of another leg that is to be coded anew.
struct Sound<'a> {
    decoder: &'a mut Decoder,
    gain: Option<&'a mut AutomaticGain>,
    payload: &'a [u8],
    /// Samples at 8 kHz.
    span: usize,
    /// How many packets before it have not come.
    lost: u16,
}

/// A place in the stream of another leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Until {
    ssrc: u32,
    timestamp: u32,
}

impl Leg {
    /// Sends a packet of the leg this one is bridged with. False if its audio was not looked at.
    pub(crate) fn relay(&mut self, now: Time, id: LegId, packet: Passing<'_>, out: &mut impl Sink) -> bool {
        let Passing { received, decoder, gain, datagram } = packet;
        if let Some(Bridged { hears: Hears::Packets { heard_at }, .. }) = &mut self.bridged {
            *heard_at = now;
        }
        let Some(link) = self.link.as_mut().filter(|link| link.remote.direction.sends()) else {
            return false;
        };
        if self.player.goes_first() {
            return false;
        }
        if let Content::Audio { .. } = received.content {
            self.is_noisy = false;
        }
        let payload = received.payload.clone();
        let incoming = Incoming {
            header: &received.header,
            clock_factor: received.clock_factor,
            restarted: received.restarted,
        };
        match (received.content, link.remote.telephone_event_send) {
            (Content::Audio { span, .. }, _) if received.is_hidden => {
                self.hush(now, id, incoming, span, out);
                return false;
            }
            (Content::Audio { span, .. }, _) if gain.is_none() && link.encoder.passes(decoder.codec()) => {
                let payload_type = link.remote.payload_type_send;
                let header = self.sender.relay(now, incoming, payload_type, span as u32);
                self.send(id, header, &mut datagram[payload.start - HEADER_LEN..payload.end], out);
            }
            // Its place was filled, and the decoder is past it.
            (Content::Audio { .. }, _) if received.is_overtaken && decoder.codec() == Codec::Opus => {}
            (Content::Audio { span, lost, .. }, _) => {
                let sound = Sound { decoder, gain, payload: &datagram[payload], span, lost };
                self.translate(now, id, incoming, sound, out);
            }
            (Content::Event, Some(payload_type)) if !received.is_hidden => {
                speed_event_up(&mut datagram[payload.clone()], link.remote.telephone_event_clock_factor);
                let header = self.sender.relay_key(now, incoming, payload_type);
                self.send(id, header, &mut datagram[payload.start - HEADER_LEN..payload.end], out);
            }
            (Content::Noise(noise), _) => {
                self.sender.skip(&received.header);
                if !received.is_overtaken {
                    self.noise.set(noise);
                    self.is_noisy = true;
                }
            }
            (Content::Event, _) | (Content::Unusable, _) => self.sender.skip(&received.header),
        }
        true
    }

    /// Sends a packet of another codec, after what can be told of `lost` packets before it, each as long as this one.
    fn translate(
        &mut self,
        now: Time,
        id: LegId,
        incoming: Incoming<'_>,
        sound: Sound<'_>,
        out: &mut impl Sink,
    ) {
        let Sound { decoder, mut gain, payload, span, lost } = sound;
        // What was lost before this stream was joined on has no place in ours.
        let lost = if self.sender.has_joined(incoming) { lost } else { 0 };
        let mut packet = [0; HEADER_LEN + PAYLOAD_MAX];
        for back in (0..=lost.min(CONCEALED_MAX)).rev() {
            let header = Header {
                sequence: incoming.header.sequence.wrapping_sub(back),
                timestamp: incoming.header.timestamp.wrapping_sub(u32::from(back) * span as u32),
                ..*incoming.header
            };
            let held = self.go_on_with(&header, incoming.restarted);
            let Some(link) = &mut self.link else { return };
            let place = &mut packet[HEADER_LEN..];
            let gain = gain.as_deref_mut();
            let length = match back {
                0 => link.encoder.transcode(decoder, gain, payload, place),
                1 => link.encoder.conceal((decoder, gain), Some(payload), span, place),
                _ => link.encoder.conceal((decoder, gain), None, span, place),
            };
            let incoming = Incoming { header: &header, ..incoming };
            if length > 0 || back == 0 {
                self.send_translated(
                    now,
                    id,
                    incoming,
                    (held, span),
                    &mut packet[..HEADER_LEN + length],
                    out,
                );
            }
        }
    }

    /// Sends silence in the place of a packet of another leg that nobody is to hear.
    fn hush(&mut self, now: Time, id: LegId, incoming: Incoming<'_>, span: usize, out: &mut impl Sink) {
        let held = self.go_on_with(incoming.header, incoming.restarted);
        let Some(link) = &mut self.link else { return };
        let mut packet = [0; HEADER_LEN + PAYLOAD_MAX];
        let length = link.encoder.hush(span, &mut packet[HEADER_LEN..]);
        self.send_translated(now, id, incoming, (held, span), &mut packet[..HEADER_LEN + length], out);
    }

    /// How much the encoder holds of what a packet goes on with, in samples at 8 kHz. What it goes on with is all that is held.
    fn go_on_with(&mut self, header: &Header, restarted: bool) -> usize {
        let until = Until { ssrc: header.ssrc, timestamp: header.timestamp };
        let Some(link) = &mut self.link else { return 0 };
        if restarted || self.held_until != Some(until) {
            link.encoder.forget_held();
        }
        link.encoder.held()
    }

    /// Sends what the encoder made of `span` samples of another leg, and of those that it `held` before.
    fn send_translated(
        &mut self,
        now: Time,
        id: LegId,
        incoming: Incoming<'_>,
        (held, span): (usize, usize),
        packet: &mut [u8],
        out: &mut impl Sink,
    ) {
        let Some(link) = &self.link else { return };
        let still_held = link.encoder.held();
        let Header { ssrc, timestamp, .. } = *incoming.header;
        self.held_until =
            (still_held > 0).then_some(Until { ssrc, timestamp: timestamp.wrapping_add(span as u32) });
        if packet.len() == HEADER_LEN {
            return self.sender.skip(incoming.header);
        }
        let header = Header { timestamp: timestamp.wrapping_sub(held as u32), ..*incoming.header };
        let (incoming, samples) = (Incoming { header: &header, ..incoming }, held + span - still_held);
        let header = self.sender.relay(now, incoming, link.remote.payload_type_send, samples as u32);
        self.send(id, header, packet, out);
    }
}
