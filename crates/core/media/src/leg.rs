//! One leg: a peer, the stream to it and the stream from it.

use core::net::SocketAddr;
use core::ops::Range;
use core::time::Duration;

use hotline_base::{BridgeId, CallId, LegId, RecordingId, Rng, Time};
use hotline_rtp::{Digit, EVENT_LEN, HEADER_LEN, Header, Press};
use serde::{Deserialize, Serialize};

use crate::events::Events;
use crate::in_band::InBand;
use crate::keys::Keys;
use crate::player::Player;
use crate::receiver::{Content, Received, Receiver};
use crate::sender::{Incoming, Sender};
use crate::{Channel, Codec, Decoder, Direction, Encoder, Event, LegStats, PlayOutcome, PromptLibrary, Sink};

/// The longest packet that we make: 60 ms.
const FRAME_MAX: usize = 480;
/// Samples of one beat, 20 ms at 8 kHz.
const BEAT_SAMPLES: usize = 160;
/// How long the other side of a bridge may be silent before we send silence in its place, so that routers and
/// phones on the way do not take the call for dead.
const BRIDGE_SILENCE_AFTER: Duration = Duration::from_millis(500);

/// What offer and answer settled, without the address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Remote {
    pub(crate) codec: Codec,
    pub(crate) payload_type_send: u8,
    pub(crate) payload_type_receive: u8,
    pub(crate) telephone_event_send: Option<u8>,
    pub(crate) telephone_event_receive: Option<u8>,
    pub(crate) direction: Direction,
    /// Of one packet that we make.
    pub(crate) frame_samples: usize,
}

impl Remote {
    /// `ptime_ms` as a frame, 10–60 ms.
    pub(crate) fn frame_samples(ptime_ms: u8) -> usize {
        usize::from(ptime_ms.clamp(10, 60)) * 8
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Leg {
    pub(crate) call: CallId,
    pub(crate) bridged: Option<Bridged>,
    pub(crate) tap: Option<Tap>,
    pub(crate) player: Player,
    sender: Sender,
    /// From the first answer on.
    link: Option<Link>,
    stats: LegStats,
    /// Samples due that do not fill a packet yet.
    due_samples: usize,
    keys: Keys,
}

/// The connection to the peer.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Link {
    remote: Remote,
    receiver: Receiver,
    watch: Watch,
    /// All that comes is heard by the one, all that goes is said by the other: G.722 depends on what came before.
    decoder: Decoder,
    encoder: Encoder,
    /// For a peer that presses keys as sounds.
    in_band: Option<InBand>,
}

/// Whether the peer is heard.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Watch {
    /// Nothing need come.
    Off,
    /// The last packet, or the answer from which on they were due.
    HeardAt(Time),
    /// Reported as silent.
    Silent,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Bridged {
    pub(crate) bridge: BridgeId,
    pub(crate) peer: LegId,
    /// The last packet of the peer, or the beginning of the bridge.
    pub(crate) heard_at: Time,
}

/// Which recording hears this leg, and where.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Tap {
    pub(crate) recording: RecordingId,
    pub(crate) channel: Channel,
    /// Its first sample on our clock.
    pub(crate) started: u64,
    /// The first that is heard of this leg.
    pub(crate) joined: u64,
}

/// A packet on its way from one leg to another, in the datagram it came in.
pub(crate) struct Passing<'a> {
    pub(crate) received: &'a Received,
    pub(crate) decoder: &'a mut Decoder,
    pub(crate) datagram: &'a mut [u8],
}

impl Leg {
    pub(crate) fn new(call: CallId, rng: &mut Rng) -> Self {
        Self {
            call,
            bridged: None,
            tap: None,
            player: Player::default(),
            sender: Sender::new(rng),
            link: None,
            stats: LegStats::default(),
            due_samples: 0,
            keys: Keys::default(),
        }
    }

    /// Presses a key toward the peer; false if the peer takes none, or too many wait.
    pub(crate) fn press(&mut self, digit: Digit) -> bool {
        let takes = self.link.as_ref().is_some_and(|link| link.remote.telephone_event_send.is_some());
        takes && self.keys.push(digit)
    }

    pub(crate) fn set_remote(&mut self, now: Time, address: SocketAddr, remote: Remote) {
        let watch = if remote.direction.receives() { Watch::HeardAt(now) } else { Watch::Off };
        let sent = self.link.as_ref().is_some_and(|link| link.remote.direction.sends());
        if sent != remote.direction.sends() {
            // The peer held us, and time went on.
            self.sender.interrupt();
        }
        let codec = remote.codec;
        let in_band = remote.telephone_event_receive.is_none();
        match &mut self.link {
            Some(link) => {
                link.receiver.set_signalled(now, address);
                link.remote = remote;
                link.watch = watch;
                if link.decoder.codec() != codec {
                    (link.decoder, link.encoder) = (codec.decoder(), codec.encoder());
                    link.in_band = None;
                }
                if in_band != link.in_band.is_some() {
                    link.in_band = in_band.then(|| InBand::new(codec));
                }
            }
            None => {
                let (decoder, encoder) = (codec.decoder(), codec.encoder());
                let receiver = Receiver::new(address);
                let in_band = in_band.then(|| InBand::new(codec));
                self.link = Some(Link { remote, receiver, watch, decoder, encoder, in_band });
            }
        }
        self.due_samples = 0;
    }

    /// What the peer's packets are coded in.
    pub(crate) fn codec(&self) -> Option<Codec> {
        self.link.as_ref().map(|link| link.remote.codec)
    }

    /// Gives what understands the peer away for a moment; see [`Leg::put_decoder`].
    pub(crate) fn take_decoder(&mut self) -> Option<Decoder> {
        let link = self.link.as_mut()?;
        // Without state it need not come back.
        let stateless = match link.remote.codec {
            Codec::Pcmu | Codec::G722 => Decoder::Pcmu,
            Codec::Pcma => Decoder::Pcma,
        };
        Some(std::mem::replace(&mut link.decoder, stateless))
    }

    /// Takes back what [`Leg::take_decoder`] gave away.
    pub(crate) fn put_decoder(&mut self, decoder: Decoder) {
        if let Some(link) = &mut self.link {
            link.decoder = decoder;
        }
    }

    /// A bridge began or ended.
    pub(crate) fn set_bridged(&mut self, bridged: Option<Bridged>) {
        self.bridged = bridged;
        self.sender.interrupt();
        if let Some(in_band) = self.link.as_mut().and_then(|link| link.in_band.as_mut()) {
            in_band.forget();
        }
    }

    /// Time was skipped.
    pub(crate) fn handle_skipped_beats(&mut self) {
        self.sender.interrupt();
    }

    pub(crate) fn stats(&self) -> LegStats {
        let mut stats = self.stats;
        if let Some(link) = &self.link {
            stats.codec = Some(link.remote.codec);
            link.receiver.report(&mut stats);
        }
        stats
    }

    /// Takes a datagram from this leg's socket.
    pub(crate) fn handle_packet(
        &mut self,
        now: Time,
        id: LegId,
        from: SocketAddr,
        datagram: &[u8],
        events: &mut Events,
    ) -> Option<Received> {
        let Some(link) = self.link.as_mut().filter(|link| link.remote.direction.receives()) else {
            self.stats.unexpected += 1;
            return None;
        };
        let received = link.receiver.handle_packet(now, from, datagram, &link.remote, &mut self.stats)?;
        link.watch = match link.watch {
            Watch::Off => Watch::Off,
            Watch::HeardAt(_) | Watch::Silent => Watch::HeardAt(now),
        };
        if received.first {
            events.push(Event::FirstPacket { leg: id });
        }
        for press in received.presses.iter().flatten() {
            report_press(&mut self.stats, id, *press, events);
        }
        // In a bridge keys are for the other side, who hears them.
        if let (Some(in_band), None, Content::Audio { .. }) =
            (&mut link.in_band, self.bridged, received.content)
        {
            in_band.hear(&datagram[received.payload.clone()], |press| {
                report_press(&mut self.stats, id, press, events);
            });
        }
        Some(received)
    }

    /// Hands a piece of the peer's audio to the recording that listens.
    pub(crate) fn record(&self, leg: LegId, received: &Received, datagram: &[u8], out: &mut impl Sink) {
        let (Some(tap), Some(codec), Content::Audio { position }) =
            (self.tap, self.codec(), received.content)
        else {
            return;
        };
        // A phone that does not listen holds the other, and what it sends is its own music: nobody hears it.
        if !self.link.as_ref().is_some_and(|link| link.remote.direction.sends()) {
            return;
        }
        let payload = &datagram[received.payload.clone()];
        // What was spoken before the leg joined is not in it.
        let since_joined = position - tap.joined as i64;
        let early = usize::try_from(-since_joined).unwrap_or(0);
        let Some(payload) = payload.get(early..).filter(|payload| !payload.is_empty()) else { return };
        let position = tap.joined - tap.started + u64::try_from(since_joined).unwrap_or(0);
        let Tap { recording, channel, .. } = tap;
        out.record(recording, crate::Chunk::Audio { leg, channel, position, codec, payload });
    }

    /// Sends a packet of the leg this one is bridged with. False if its audio was not looked at.
    pub(crate) fn relay(&mut self, now: Time, id: LegId, packet: Passing<'_>, out: &mut impl Sink) -> bool {
        let Passing { received, decoder, datagram } = packet;
        if let Some(bridged) = &mut self.bridged {
            bridged.heard_at = now;
        }
        let Some(link) = self.link.as_mut().filter(|link| link.remote.direction.sends()) else {
            return false;
        };
        if self.player.is_playing() {
            return false;
        }
        let Range { start, end } = received.payload;
        let incoming = Incoming { header: &received.header, restarted: received.restarted };
        let header = match (received.content, link.remote.telephone_event_send) {
            (Content::Audio { .. }, _) => {
                link.encoder.transcode(decoder, &mut datagram[start..end]);
                // A datagram's length fits.
                let samples = (end - start) as u32;
                self.sender.relay(now, incoming, link.remote.payload_type_send, samples)
            }
            (Content::Event, Some(payload_type)) => self.sender.relay_key(now, incoming, payload_type),
            (Content::Event, None) | (Content::Unusable, _) => {
                self.sender.skip(&received.header);
                return true;
            }
        };
        let Some(header) = header else { return true };
        let packet = &mut datagram[start - HEADER_LEN..end];
        write_header(&header, packet);
        out.send(id, link.receiver.destination(), packet);
        self.stats.packets_sent += 1;
        self.stats.bytes_sent += (end - start) as u64;
        true
    }

    /// One beat of 20 ms: sends what this leg hears of us.
    pub(crate) fn handle_beat(
        &mut self,
        now: Time,
        id: LegId,
        prompts: &PromptLibrary,
        out: &mut impl Sink,
        events: &mut Events,
    ) {
        self.send_key(now, id, out);
        if self.hears_its_bridge(now) {
            return;
        }
        let Some(link) = &mut self.link else { return };
        self.due_samples += BEAT_SAMPLES;
        while self.due_samples >= link.remote.frame_samples {
            self.due_samples -= link.remote.frame_samples;
            let mut packet = [0; HEADER_LEN + FRAME_MAX];
            let packet = &mut packet[..HEADER_LEN + link.remote.frame_samples];
            let frame = &mut packet[HEADER_LEN..];
            let finished = self.player.fill(prompts, link.remote.codec.of_prompts(), frame);
            link.encoder.finish(frame);
            if link.remote.direction.sends() {
                let samples = link.remote.frame_samples as u32;
                let header = self.sender.beat(now, link.remote.payload_type_send, samples);
                write_header(&header, packet);
                out.send(id, link.receiver.destination(), packet);
                self.stats.packets_sent += 1;
                self.stats.bytes_sent += u64::from(samples);
            }
            if let Some(play) = finished {
                events.push(Event::PlayFinished { leg: id, play, outcome: PlayOutcome::Completed });
            }
        }
    }

    /// The packet of the key that is held on this beat, if one is.
    fn send_key(&mut self, now: Time, id: LegId, out: &mut impl Sink) {
        let Some(link) = self.link.as_ref().filter(|link| link.remote.direction.sends()) else { return };
        let Some(payload_type) = link.remote.telephone_event_send else { return };
        let Some((header, mut packet)) = self.keys.beat() else { return };
        let incoming = Incoming { header: &header, restarted: false };
        let Some(header) = self.sender.relay_key(now, incoming, payload_type) else { return };
        write_header(&header, &mut packet);
        out.send(id, link.receiver.destination(), &packet);
        self.stats.packets_sent += 1;
        self.stats.bytes_sent += EVENT_LEN as u64;
    }

    /// Reports keys whose end was lost, and a peer that fell silent.
    pub(crate) fn handle_timeouts(&mut self, now: Time, id: LegId, silence: Duration, events: &mut Events) {
        let Some(link) = &mut self.link else { return };
        if let Watch::HeardAt(heard) = link.watch
            && now.since(heard) >= silence
        {
            link.watch = Watch::Silent;
            events.push(Event::RtpTimeout { leg: id });
        }
        if let Some(press) = link.receiver.handle_timeout(now) {
            report_press(&mut self.stats, id, press, events);
        }
    }

    fn hears_its_bridge(&self, now: Time) -> bool {
        let Some(bridged) = self.bridged else { return false };
        !self.player.is_playing() && now.since(bridged.heard_at) < BRIDGE_SILENCE_AFTER
    }
}

fn report_press(stats: &mut LegStats, leg: LegId, press: Press, events: &mut Events) {
    stats.digits += 1;
    events.push_digit(Event::Digit { leg, digit: press.digit, duration_ms: press.duration / 8 });
}

fn write_header(header: &Header, packet: &mut [u8]) {
    header.write(packet.first_chunk_mut().expect("every packet has room for its header"));
}
