//! One leg: a peer, the stream to it and the stream from it.

mod line;
mod passing;

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::BTreeMap;

use hotline_audio::Rate;
use hotline_audio::comfort_noise::Generator;
use hotline_audio::gain::AutomaticGain;
use hotline_base::{BridgeId, CallId, LegId, Now, RecordingId, Rng, Time};
use hotline_rtp::{Digit, HEADER_LEN, Header, PeerReport, Press, REPORT_LEN_MAX, speed_event_up};
use serde::{Deserialize, Serialize};

use self::line::Line;
pub(crate) use self::passing::Passing;
use self::passing::Until;
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
use crate::{
    Channel, Codec, Decoder, Encoder, Event, Gain, LegStats, PlayOutcome, PromptLibrary, Remote, Sink, Speech,
};

/// A peer that said that it is silent may be so for so many times as long as one that just sends nothing.
const QUIET_PATIENCE: u32 = 5;
/// The most that waits of a mix: a packet of 60 ms and a frame of wide sound.
const MIXED_MAX: usize = 1280;
/// Samples of one beat, 20 ms at 8 kHz.
const BEAT_SAMPLES: usize = 160;
/// How long the other side of a bridge may be silent before we send silence in its place, so that routers and
/// phones on the way do not take the call for dead.
const BRIDGE_SILENCE_AFTER: Duration = Duration::from_millis(500);
/// How often a leg whose peer is heard tells how it sounds.
const MEASURED_EVERY: Duration = Duration::from_secs(4);

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
    /// While a service hears it and speaks to it.
    line: Option<Box<Line>>,
    /// While it hears a mix or a line: what is due and does not fill a packet yet.
    mixed: Vec<i16>,
    /// While whom it hears is silent and has told how its line sounds (RFC 3389).
    is_noisy: bool,
    noise: Box<Generator>,
    /// What is done to what the peer says, and what brings its packets to a level; a mix has its own.
    speech: Speech,
    gain: Option<Box<AutomaticGain>>,
    /// When it tells next how it sounds.
    measured_next: Time,
    /// Where the sound goes on of which the encoder holds a part.
    held_until: Option<Until>,
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
    /// For a peer that presses keys as sounds, or whose keys nobody is to hear.
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
            line: None,
            played_out: PlayoutStats::default(),
            mixed: Vec::new(),
            is_noisy: false,
            noise: Box::new(Generator::new(rng.next_u64(), Rate::Narrow)),
            speech: Speech::default(),
            gain: None,
            measured_next: Time::ZERO,
            held_until: None,
        }
    }

    /// True if its music, where there is any, is heard: neither a bridge nor a line is in its place.
    pub(crate) fn hears_music(&self) -> bool {
        self.bridged.is_none() && !self.has_line()
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
        if self.link.is_none() {
            self.measured_next = now + MEASURED_EVERY;
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
        let in_band = remote.telephone_event_receive.is_none() || self.speech.hides_keys;
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
        if self.has_line() {
            self.set_playout(self.line_rate());
        }
    }

    /// What is done to what the peer says is another from here on.
    pub(crate) fn set_speech(&mut self, speech: Speech) {
        if self.speech.gain != speech.gain {
            self.gain = speech.gain.map(|gain| Box::new(gain.begin()));
        }
        self.speech = speech;
        if let Some(playout) = &mut self.playout {
            playout.gain = speech.gain.map(Gain::begin);
        }
        if let Some(link) = &mut self.link {
            let listens = link.remote.telephone_event_receive.is_none() || speech.hides_keys;
            if listens != link.in_band.is_some() {
                link.in_band = listens.then(|| InBand::new(link.remote.codec));
            }
        }
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

    /// Gives what brings the peer to a level away for a moment; see [`Leg::put_gain`].
    pub(crate) fn take_gain(&mut self) -> Option<Box<AutomaticGain>> {
        self.gain.take()
    }

    /// Takes back what [`Leg::take_gain`] gave away.
    pub(crate) fn put_gain(&mut self, gain: Box<AutomaticGain>) {
        self.gain = Some(gain);
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
            self.line = None;
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

    /// Somebody is to hear the peer from here on: one that fell silent before is reported again if it stays so, since nobody may
    /// have minded while it waited alone.
    pub(crate) fn expect_peer(&mut self, now: Time) {
        if let Some(Link { watch: watch @ Watch::Silent, .. }) = &mut self.link {
            *watch = Watch::HeardAt(now);
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
        if let Some(playout) = &mut self.playout {
            playout.gain = self.speech.gain.map(Gain::begin);
        }
    }

    /// Lets a piece of the peer's audio wait for the mixes that hear it.
    pub(crate) fn push_to_playout(&mut self, now: Time, received: &Received, datagram: &[u8]) {
        let (Some(playout), Content::Audio { span, .. }) = (&mut self.playout, received.content) else {
            return;
        };
        let Header { ssrc, timestamp, sequence, .. } = received.header;
        let payload = if received.is_hidden { &[][..] } else { &datagram[received.payload.clone()] };
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
        let mut received = link.receiver.handle_packet(now, from, datagram, &link.remote, &mut self.stats)?;
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
        let hides = self.speech.hides_keys;
        let is_key = match (received.content, &mut link.in_band) {
            (Content::Event, _) => true,
            // In a bridge keys are for the other side, who hears them.
            (Content::Audio { .. }, Some(in_band)) if hides || self.bridged.is_none() => {
                let tells = self.bridged.is_none() && link.remote.telephone_event_receive.is_none();
                in_band.hear(&datagram[received.payload.clone()], |press| {
                    if tells {
                        report_press(&mut self.stats, id, press, events);
                    }
                })
            }
            (Content::Audio { .. } | Content::Noise(_) | Content::Unusable, _) => false,
        };
        let is_muted = self.speech.is_muted && !matches!(received.content, Content::Event);
        received.is_hidden = is_muted || (hides && is_key);
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
        if received.is_hidden {
            return;
        }
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
        let line = self.line_rate();
        self.due_samples += BEAT_SAMPLES;
        while let Some(link) = &mut self.link
            && let frame_samples = link.remote.frame_samples()
            && self.due_samples >= frame_samples
        {
            link.encoder.forget_held();
            let clock = samples_at(now).saturating_sub(self.due_samples as u64);
            self.due_samples -= frame_samples;
            let mut packet = [0; HEADER_LEN + PAYLOAD_MAX];
            let place = &mut packet[HEADER_LEN..];
            let (length, finished) = match self.bridged {
                Some(Bridged { hears: Hears::Mix { rate }, .. }) if !self.player.goes_first() => {
                    (link.encoder.say(&mut self.mixed, frame_samples, rate, place), None)
                }
                None if let Some(rate) = line
                    && !self.player.goes_first() =>
                {
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
        self.measure(now, id, events);
    }

    /// Tells how the leg sounds, if it is time and there is anything to tell.
    fn measure(&mut self, now: Time, id: LegId, events: &mut Events) {
        if now < self.measured_next {
            return;
        }
        self.measured_next = now + MEASURED_EVERY;
        if self.link.as_ref().is_some_and(|link| matches!(link.watch, Watch::HeardAt(_))) {
            events.push_measure(Event::LegMeasured { leg: id, stats: self.stats() });
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
