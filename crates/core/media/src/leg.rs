//! One leg: a peer, the stream to it and the stream from it.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::BTreeMap;

use hotline_audio::Rate;
use hotline_audio::comfort_noise::Generator;
use hotline_base::{BridgeId, CallId, LegId, Now, RecordingId, Rng, Time};
use hotline_rtp::{Digit, HEADER_LEN, Header, PeerReport, Press, REPORT_LEN_MAX, speed_event_up};
use serde::{Deserialize, Serialize};

use crate::codec::{NARROW_SAMPLES_MAX, PAYLOAD_MAX};
use crate::events::Events;
use crate::in_band::InBand;
use crate::keys::Keys;
use crate::player::Player;
use crate::playout::{Piece, Playout, PlayoutStats};
use crate::receiver::{Content, Received, Receiver};
use crate::reports::{Occasion, Outgoing, Reports};
use crate::sender::{Incoming, Sender};
use crate::timeline::samples_at;
use crate::{Channel, Codec, Decoder, Encoder, Event, LegStats, PlayOutcome, PromptLibrary, Remote, Sink};

/// A peer that said that it is silent may be so for so many times as long as one that just sends nothing.
const QUIET_PATIENCE: u32 = 5;
/// The most that waits of a mix: a packet of 60 ms and a frame of wide sound.
const MIXED_MAX: usize = 1280;
/// The most lost packets in a row whose place is filled for a phone that cannot do it itself.
const CONCEALED_MAX: u16 = 5;
/// Samples of one beat, 20 ms at 8 kHz.
const BEAT_SAMPLES: usize = 160;
/// How long the other side of a bridge may be silent before we send silence in its place, so that routers and
/// phones on the way do not take the call for dead.
const BRIDGE_SILENCE_AFTER: Duration = Duration::from_millis(500);

/// The legs of a thread. Each by itself: the nodes of a map are half empty, and a leg is large.
pub(crate) type Legs = BTreeMap<LegId, Box<Leg>>;

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
    reports: Reports,
    /// While somebody hears it in a mix.
    playout: Option<Box<Playout>>,
    /// What was heard of it in mixes that are over.
    played_out: PlayoutStats,
    /// While it hears a mix: what is due and does not fill a packet yet.
    mixed: Vec<i16>,
    /// While whom it hears is silent and has told how its line sounds (RFC 3389).
    is_noisy: bool,
    noise: Box<Generator>,
}

/// The connection to the peer.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Link {
    remote: Remote,
    receiver: Receiver,
    watch: Watch,
    /// The peer said last that it is silent (RFC 3389).
    is_quiet: bool,
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
    pub(crate) hears: Hears,
    /// Who gets its packets as they come.
    pub(crate) listener: Option<LegId>,
}

/// Whom a leg in a bridge hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Hears {
    /// Nobody.
    Nobody,
    /// One other leg, whose packets are passed on.
    Packets {
        /// When the last one came, or the bridge began.
        heard_at: Time,
    },
    /// Several together.
    Mix {
        /// How their sound comes.
        rate: Rate,
    },
}

impl Bridged {
    /// What feeds the leg, whatever came of it so far.
    const fn feed(self) -> (BridgeId, core::mem::Discriminant<Hears>) {
        (self.bridge, core::mem::discriminant(&self.hears))
    }
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
            reports: Reports::new(rng),
            playout: None,
            played_out: PlayoutStats::default(),
            mixed: Vec::new(),
            is_noisy: false,
            noise: Box::new(Generator::new(rng.next_u64(), Rate::Narrow)),
        }
    }

    /// Presses a key toward the peer; false if the peer takes none, or too many wait.
    pub(crate) fn press(&mut self, digit: Digit) -> bool {
        let takes = self.link.as_ref().is_some_and(|link| link.remote.telephone_event_send.is_some());
        takes && self.keys.push(digit)
    }

    pub(crate) fn set_remote(&mut self, now: Time, remote: Remote) {
        let watch = if remote.direction.receives() { Watch::HeardAt(now) } else { Watch::Off };
        let sent = self.link.as_ref().is_some_and(|link| link.remote.direction.sends());
        if sent != remote.direction.sends() {
            // The peer held us, and time went on.
            self.sender.interrupt();
        }
        let before = self.link.as_ref().map(|link| link.remote.codec);
        if before.is_some_and(|before| before.clock_factor() != remote.codec.clock_factor()) {
            self.sender.change_stream();
            self.reports.change_stream(&self.stats);
            if let Some(link) = &mut self.link {
                link.receiver.forget_streams(&mut self.stats);
            }
        }
        self.reports.set_remote(now, &remote);
        let Remote { codec, opus, address, .. } = remote;
        let in_band = remote.telephone_event_receive.is_none();
        match &mut self.link {
            Some(link) => {
                link.receiver.set_signalled(now, address);
                if link.decoder.codec() != codec {
                    link.decoder = codec.decoder();
                    link.in_band = None;
                }
                if link.encoder.codec() != codec || link.remote.opus != opus {
                    link.encoder = codec.encoder(opus);
                }
                if in_band != link.in_band.is_some() {
                    link.in_band = in_band.then(|| InBand::new(codec));
                }
                link.remote = remote;
                link.watch = watch;
                link.is_quiet = false;
            }
            None => {
                let (decoder, encoder) = (codec.decoder(), codec.encoder(opus));
                let receiver = Receiver::new(address);
                let in_band = in_band.then(|| InBand::new(codec));
                self.link =
                    Some(Link { remote, receiver, watch, is_quiet: false, decoder, encoder, in_band });
            }
        }
        self.due_samples = 0;
        self.mixed.clear();
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
            Codec::Pcmu | Codec::G722 | Codec::Opus | Codec::L16 => Decoder::Pcmu,
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
        let is_other = self.bridged.map(|before| before.feed()) != bridged.map(|after| after.feed());
        self.bridged = bridged;
        if is_other {
            self.is_noisy = false;
            self.sender.interrupt();
        }
        if bridged.is_some() {
            self.player.mute_music();
        }
        self.mixed.clear();
        if let Some(Bridged { hears: Hears::Mix { .. }, .. }) = bridged {
            // Room at once: the beat must not allocate.
            self.mixed.reserve(MIXED_MAX);
        }
        if let Some(in_band) = self.link.as_mut().and_then(|link| link.in_band.as_mut()) {
            in_band.forget();
        }
    }

    /// Somebody hears this leg in a mix at `rate` from here on, or nobody does.
    pub(crate) fn set_playout(&mut self, rate: Option<Rate>) {
        let wanted = self.codec().zip(rate);
        let present = self.playout.as_ref().map(|playout| (playout.codec(), playout.rate()));
        if wanted == present {
            return;
        }
        if let Some(over) = self.playout.take() {
            self.played_out.add(&over.stats);
        }
        self.playout = wanted.map(|(codec, rate)| Box::new(Playout::new(codec, rate)));
    }

    /// Lets a piece of the peer's audio wait for the mixes that hear it.
    pub(crate) fn push_to_playout(&mut self, now: Time, received: &Received, datagram: &[u8]) {
        let (Some(playout), Content::Audio { span, .. }) = (&mut self.playout, received.content) else {
            return;
        };
        let Header { ssrc, timestamp, sequence, .. } = received.header;
        let payload = &datagram[received.payload.clone()];
        let piece = Piece { ssrc, timestamp, sequence, span, payload, restarted: received.restarted };
        playout.push(samples_at(now), &piece);
    }

    /// Fills the frame of a beat with what the peer says.
    pub(crate) fn play_out(&mut self, now: u64, frame: &mut [i16]) {
        match &mut self.playout {
            Some(playout) => playout.pull(now, frame),
            None => frame.fill(0),
        }
    }

    /// Takes the frame of a beat that this leg hears.
    pub(crate) fn hear_mix(&mut self, frame: &[i16]) {
        if self.mixed.len() + frame.len() <= MIXED_MAX {
            self.mixed.extend_from_slice(frame);
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
            self.reports.report(link.remote.codec.clock_factor(), &mut stats);
        }
        let mut heard = self.played_out;
        if let Some(playout) = &self.playout {
            heard.add(&playout.stats);
        }
        heard.report(&mut stats);
        stats
    }

    /// Takes a datagram from this leg's socket.
    pub(crate) fn handle_packet(
        &mut self,
        now: Time,
        id: LegId,
        from: SocketAddr,
        datagram: &mut [u8],
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
        link.is_quiet = matches!(received.content, Content::Noise(_));
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

    /// Takes a report from this leg's port for reports, or from that for audio.
    pub(crate) fn handle_report(&mut self, now: Time, from: SocketAddr, datagram: &[u8]) {
        let Some(link) = &mut self.link else {
            self.stats.unexpected += 1;
            return;
        };
        if !link.receiver.takes_reports_of(from) {
            self.stats.strangers += 1;
            return;
        }
        let Some(report) = PeerReport::read(datagram, self.sender.ssrc()) else {
            self.stats.malformed += 1;
            return;
        };
        if !link.receiver.is_addressed(&report) {
            self.stats.strangers += 1;
            return;
        }
        self.stats.reports_received += 1;
        self.reports.handle(now, from, &report);
        if link.remote.opus.fec {
            link.encoder.set_loss_percent(self.reports.loss_percent());
        }
    }

    /// Sends the report that is due, or the last one, in which this leg leaves.
    pub(crate) fn send_report(&mut self, now: Now, id: LegId, bye: bool, out: &mut impl Sink) {
        let is_wanted = if bye { self.reports.has_begun() } else { self.reports.is_due(now.mono) };
        let Some(link) = self.link.as_ref().filter(|_| is_wanted) else { return };
        let clock_factor = link.remote.codec.clock_factor();
        let occasion = Occasion {
            ssrc: self.sender.ssrc(),
            timestamp: self.sender.clock(now.mono).wrapping_mul(clock_factor),
            heard: link.receiver.heard(),
            clock_factor,
            stats: &self.stats,
            bye,
        };
        let mut packet = [0; REPORT_LEN_MAX];
        if let Some(Outgoing { to, is_muxed, length }) = self.reports.make(now, &occasion, &mut packet) {
            out.report(id, to, is_muxed, &packet[..length]);
        }
    }

    /// Hands a piece of the peer's audio to the recording that listens.
    pub(crate) fn record(&self, leg: LegId, received: &Received, datagram: &[u8], out: &mut impl Sink) {
        let (Some(tap), Some(codec), Content::Audio { position, .. }) =
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
        let Some(payload) = codec.without_beginning(payload, early) else { return };
        let position = tap.joined - tap.started + u64::try_from(since_joined).unwrap_or(0);
        let Tap { recording, channel, .. } = tap;
        out.record(recording, crate::Chunk::Audio { leg, channel, position, codec, payload });
    }

    /// Sends a packet of the leg this one is bridged with. False if its audio was not looked at.
    pub(crate) fn relay(&mut self, now: Time, id: LegId, packet: Passing<'_>, out: &mut impl Sink) -> bool {
        let Passing { received, decoder, datagram } = packet;
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
            (Content::Audio { span, .. }, _) if link.encoder.passes(decoder.codec()) => {
                let payload_type = link.remote.payload_type_send;
                let header = self.sender.relay(now, incoming, payload_type, span as u32);
                self.send(id, header, &mut datagram[payload.start - HEADER_LEN..payload.end], out);
            }
            // Its place was filled, and the decoder is past it.
            (Content::Audio { .. }, _) if received.is_overtaken && decoder.codec() == Codec::Opus => {}
            (Content::Audio { span, lost, .. }, _) => {
                self.translate(now, id, incoming, (decoder, &datagram[payload]), (span, lost), out);
            }
            (Content::Event, Some(payload_type)) => {
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
            (Content::Event, None) | (Content::Unusable, _) => self.sender.skip(&received.header),
        }
        true
    }

    /// Sends a packet of another codec, after what can be told of `lost` packets before it, each as long as this one.
    fn translate(
        &mut self,
        now: Time,
        id: LegId,
        incoming: Incoming<'_>,
        (decoder, payload): (&mut Decoder, &[u8]),
        (span, lost): (usize, u16),
        out: &mut impl Sink,
    ) {
        // What was lost before this stream was joined on has no place in ours.
        let lost = if self.sender.has_joined(incoming) { lost } else { 0 };
        let mut packet = [0; HEADER_LEN + PAYLOAD_MAX];
        for back in (0..=lost.min(CONCEALED_MAX)).rev() {
            let Some(link) = &mut self.link else { return };
            let place = &mut packet[HEADER_LEN..];
            let length = match back {
                0 => link.encoder.transcode(decoder, payload, place),
                1 => link.encoder.conceal(decoder, Some(payload), span, place),
                _ => link.encoder.conceal(decoder, None, span, place),
            };
            let header = Header {
                sequence: incoming.header.sequence.wrapping_sub(back),
                timestamp: incoming.header.timestamp.wrapping_sub(u32::from(back) * span as u32),
                ..*incoming.header
            };
            let incoming = Incoming { header: &header, ..incoming };
            if length > 0 {
                let header = self.sender.relay(now, incoming, link.remote.payload_type_send, span as u32);
                self.send(id, header, &mut packet[..HEADER_LEN + length], out);
            } else if back == 0 {
                self.sender.skip(&header);
            }
        }
    }

    /// Sends a packet whose payload is in its place, with this header if there is one.
    fn send(&mut self, id: LegId, header: Option<Header>, packet: &mut [u8], out: &mut impl Sink) {
        let (Some(header), Some(link)) = (header, &self.link) else { return };
        let timestamp = header.timestamp.wrapping_mul(link.remote.codec.clock_factor());
        let header = Header { timestamp, ..header };
        header.write(packet.first_chunk_mut().expect("every packet has room for its header"));
        out.send(id, link.receiver.destination(), packet);
        self.stats.packets_sent += 1;
        self.stats.bytes_sent += (packet.len() - HEADER_LEN) as u64;
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
        self.due_samples += BEAT_SAMPLES;
        while let Some(link) = &mut self.link
            && let frame_samples = link.remote.frame_samples()
            && self.due_samples >= frame_samples
        {
            let clock = samples_at(now).saturating_sub(self.due_samples as u64);
            self.due_samples -= frame_samples;
            let mut packet = [0; HEADER_LEN + PAYLOAD_MAX];
            let place = &mut packet[HEADER_LEN..];
            let (length, finished) = match self.bridged {
                Some(Bridged { hears: Hears::Mix { rate }, .. }) if !self.player.goes_first() => {
                    (link.encoder.say(&mut self.mixed, frame_samples, rate, place), None)
                }
                Some(_) if self.is_noisy && !self.player.goes_first() => {
                    let mut sound = [0; NARROW_SAMPLES_MAX];
                    self.noise.fill(&mut sound[..frame_samples]);
                    (link.encoder.encode(&sound[..frame_samples], place), None)
                }
                Some(_) | None => {
                    self.mixed.clear();
                    link.encoder.play(&mut self.player, prompts, clock, frame_samples, place)
                }
            };
            if length == 0 {
                self.sender.rest();
            } else if link.remote.direction.sends() {
                let header = self.sender.beat(now, link.remote.payload_type_send, frame_samples as u32);
                self.send(id, Some(header), &mut packet[..HEADER_LEN + length], out);
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
        speed_event_up(&mut packet[HEADER_LEN..], link.remote.telephone_event_clock_factor);
        let incoming = Incoming { header: &header, clock_factor: 1, restarted: false };
        let header = self.sender.relay_key(now, incoming, payload_type);
        self.send(id, header, &mut packet, out);
    }

    /// Reports keys whose end was lost, and a peer that fell silent.
    pub(crate) fn handle_timeouts(&mut self, now: Time, id: LegId, silence: Duration, events: &mut Events) {
        let Some(link) = &mut self.link else { return };
        let silence = if link.is_quiet { silence * QUIET_PATIENCE } else { silence };
        if let Watch::HeardAt(heard) = link.watch
            && now.since(heard) >= silence
        {
            link.watch = Watch::Silent;
            events.push(Event::RtpTimeout { leg: id });
        }
        if let Some(press) = link.receiver.handle_timeout(now, &link.remote) {
            report_press(&mut self.stats, id, press, events);
        }
    }

    fn hears_its_bridge(&self, now: Time) -> bool {
        let Some(Bridged { hears: Hears::Packets { heard_at }, .. }) = self.bridged else { return false };
        !self.player.goes_first() && !self.is_noisy && now.since(heard_at) < BRIDGE_SILENCE_AFTER
    }
}

fn report_press(stats: &mut LegStats, leg: LegId, press: Press, events: &mut Events) {
    stats.digits += 1;
    events.push_digit(Event::Digit { leg, digit: press.digit, duration_ms: press.duration / 8 });
}
