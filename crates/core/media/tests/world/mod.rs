//! A virtual network around the engine: everything it sends and tells is kept for the test to look at.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hotline_audio::{SAMPLE_RATE_HZ, Tone};
use hotline_base::{BridgeId, CallId, LegId, Now, PlayId, RecordingId, Rng, Time, WallTime};
use hotline_media::{
    BEAT, Behind, Channel, Chunk, Codec, Command, Engine, EngineConfig, Event, Gain, LegStats, Mark, Party,
    PromptLibrary, Remote, Sink, Speech, Supervision, Voice,
};
use hotline_rtp::{Digit, Header};

pub(crate) const A: LegId = LegId(0);
pub(crate) const B: LegId = LegId(1);

pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) now: Now,
    pub(crate) sent: Vec<Sent>,
    pub(crate) pieces: Vec<Piece>,
    pub(crate) reports: Vec<Reported>,
    next_talk: u16,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sent {
    pub(crate) leg: LegId,
    pub(crate) to: SocketAddr,
    pub(crate) header: Header,
    pub(crate) payload: Vec<u8>,
}

/// A report that a leg sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reported {
    pub(crate) at: Time,
    pub(crate) leg: LegId,
    pub(crate) to: SocketAddr,
    pub(crate) is_muxed: bool,
    pub(crate) packet: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Piece {
    Start {
        recording: RecordingId,
        call: CallId,
        at: WallTime,
    },
    Join {
        recording: RecordingId,
        voice: Voice,
        at: u64,
    },
    Leave {
        recording: RecordingId,
        leg: LegId,
        at: u64,
    },
    Mark {
        recording: RecordingId,
        mark: Mark,
        at: u64,
    },
    Audio {
        recording: RecordingId,
        leg: LegId,
        channel: Channel,
        position: u64,
        codec: Codec,
        payload: Vec<u8>,
    },
    Finish {
        recording: RecordingId,
        length: u64,
    },
}

struct Tray<'a> {
    sent: &'a mut Vec<Sent>,
    pieces: &'a mut Vec<Piece>,
    reports: &'a mut Vec<Reported>,
    now: Time,
}

impl Sink for Tray<'_> {
    fn send(&mut self, leg: LegId, to: SocketAddr, packet: &[u8]) {
        let (header, payload) = Header::parse(packet).expect("the engine sends valid packets");
        self.sent.push(Sent { leg, to, header, payload: packet[payload].to_vec() });
    }

    fn report(&mut self, leg: LegId, to: SocketAddr, is_muxed: bool, packet: &[u8]) {
        self.reports.push(Reported { at: self.now, leg, to, is_muxed, packet: packet.to_vec() });
    }

    fn record(&mut self, recording: RecordingId, chunk: Chunk<'_>) {
        self.pieces.push(match chunk {
            Chunk::Start { call, at } => Piece::Start { recording, call, at },
            Chunk::Join { voice, at } => Piece::Join { recording, voice: voice.clone(), at },
            Chunk::Leave { leg, at } => Piece::Leave { recording, leg, at },
            Chunk::Mark { mark, at } => Piece::Mark { recording, mark: mark.clone(), at },
            Chunk::Audio { leg, channel, position, codec, payload } => {
                Piece::Audio { recording, leg, channel, position, codec, payload: payload.to_vec() }
            }
            Chunk::Finish { length } => Piece::Finish { recording, length },
        });
    }
}

impl World {
    /// Two legs with their answers, and no event waiting.
    pub(crate) fn with_two_legs(a: Codec, b: Codec) -> Self {
        let now = Now { mono: Time(1_000), wall: WallTime(1_000) };
        let engine = Engine::new(EngineConfig::default(), Rng::from_number(1), prompts());
        let mut world =
            Self { engine, now, sent: Vec::new(), pieces: Vec::new(), reports: Vec::new(), next_talk: 1 };
        for (leg, codec) in [(A, a), (B, b)] {
            world.command(Command::OpenLeg { leg, call: call() });
            world.command(remote(leg, codec));
        }
        world
    }

    /// The same network with nothing on it, for another engine.
    pub(crate) fn with_engine(&self, engine: Engine) -> Self {
        Self {
            engine,
            now: self.now,
            sent: Vec::new(),
            pieces: Vec::new(),
            reports: Vec::new(),
            next_talk: self.next_talk,
        }
    }

    pub(crate) fn command(&mut self, command: Command) {
        let mut tray = Tray {
            sent: &mut self.sent,
            pieces: &mut self.pieces,
            reports: &mut self.reports,
            now: self.now.mono,
        };
        self.engine.handle_command(self.now, command, &mut tray);
    }

    pub(crate) fn tick(&mut self) {
        let mut tray = Tray {
            sent: &mut self.sent,
            pieces: &mut self.pieces,
            reports: &mut self.reports,
            now: self.now.mono,
        };
        self.engine.handle_tick(self.now, &mut tray);
    }

    pub(crate) fn wait_ms(&mut self, ms: u64) {
        self.now = self.now + Duration::from_millis(ms);
    }

    pub(crate) fn beat(&mut self) {
        self.now = self.now + BEAT;
        self.tick();
    }

    pub(crate) fn datagram(&mut self, leg: LegId, from: SocketAddr, datagram: &[u8]) {
        let mut tray = Tray {
            sent: &mut self.sent,
            pieces: &mut self.pieces,
            reports: &mut self.reports,
            now: self.now.mono,
        };
        self.engine.handle_packet(self.now, leg, from, &mut datagram.to_vec(), &mut tray);
    }

    /// From a phone's port for reports.
    pub(crate) fn report(&mut self, leg: LegId, from: SocketAddr, datagram: &[u8]) {
        self.engine.handle_report(self.now, leg, from, datagram);
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of a packet")]
    pub(crate) fn packet_from(
        &mut self,
        from: SocketAddr,
        leg: LegId,
        sequence: u16,
        timestamp: u32,
        payload_type: u8,
        marker: bool,
        payload: &[u8],
    ) {
        let header = Header { marker, payload_type, sequence, timestamp, ssrc: 0x100 + leg.0 as u32 };
        self.datagram(leg, from, &header.packet(payload));
    }

    pub(crate) fn packet(
        &mut self,
        leg: LegId,
        sequence: u16,
        timestamp: u32,
        kind: u8,
        marker: bool,
        payload: &[u8],
    ) {
        self.packet_from(address(leg), leg, sequence, timestamp, kind, marker, payload);
    }

    /// One audio packet with the timestamp of its sequence number.
    pub(crate) fn talk(&mut self, leg: LegId, sequence: u16, payload_type: u8, payload: &[u8]) {
        let codec = Codec::ALL.into_iter().find(|codec| codec.usual_payload_type() == payload_type);
        let step = 160 * codec.map_or(1, Codec::clock_factor);
        self.packet(leg, sequence, u32::from(sequence) * step, payload_type, false, payload);
    }

    /// One audio packet, later than any sent so.
    pub(crate) fn next_talk(&mut self, leg: LegId) {
        self.next_talk += 1;
        self.talk(leg, self.next_talk, 0, &[1; 160]);
    }

    pub(crate) fn sent_to(&self, leg: LegId) -> Vec<Sent> {
        self.sent.iter().filter(|sent| sent.leg == leg).cloned().collect()
    }

    pub(crate) fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.engine.poll_event()).collect()
    }

    pub(crate) fn close(&mut self, leg: LegId) -> LegStats {
        self.command(Command::CloseLeg { leg });
        let closed = self.events().into_iter().find_map(|event| {
            if let Event::LegClosed { leg: closed, stats } = event
                && closed == leg
            {
                return Some(stats);
            }
            None
        });
        closed.expect("a leg that is closed says so")
    }
}

/// Five beats of byte 50, two beats of byte 40, half a second of 440 Hz, and music of byte 60 (in μ-law).
pub(crate) fn prompts() -> Arc<PromptLibrary> {
    let mut library = PromptLibrary::default();
    library.insert("en/long".into(), &[hotline_audio::ulaw::decode(50); 800]);
    library.insert("en/short".into(), &[hotline_audio::ulaw::decode(40); 320]);
    library.insert("en/tone".into(), &Tone::new(440.0, -10.0, SAMPLE_RATE_HZ).take(4000).collect::<Vec<_>>());
    library.insert("music/loop".into(), &[hotline_audio::ulaw::decode(60); 1000]);
    Arc::new(library)
}

pub(crate) fn call() -> CallId {
    CallId::generate(WallTime(0), &mut Rng::from_number(1))
}

pub(crate) fn recording(number: u64) -> RecordingId {
    RecordingId::generate(WallTime(0), &mut Rng::from_number(number))
}

/// Where the phone of a leg is.
pub(crate) fn address(leg: LegId) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 4000 + leg.0 as u16 * 2))
}

/// The answer of a leg's phone. Telephone-events have another payload type on each side.
pub(crate) fn remote(leg: LegId, codec: Codec) -> Command {
    let event = if leg == A { 101 } else { 97 };
    Command::SetRemote {
        leg,
        remote: Remote {
            telephone_event_send: Some(event),
            telephone_event_receive: Some(event),
            ..Remote::new(address(leg), codec)
        },
    }
}

pub(crate) fn voice(leg: LegId, channel: Channel) -> Voice {
    let speaker = match channel {
        Channel::Customer => "customer",
        Channel::Agent => "agent:1001",
    };
    Voice::new(leg, channel, speaker)
}

pub(crate) fn start_recording(number: u64, customer: LegId, agent: LegId) -> Command {
    let voices = vec![voice(customer, Channel::Customer), voice(agent, Channel::Agent)];
    Command::StartRecording { recording: recording(number), voices }
}

fn speech(rng: &mut Rng) -> Speech {
    let gain = rng.chance(1, 2).then_some(Gain { target_dbfs: -20, most_db: 20 });
    Speech { gain, hides_keys: rng.chance(1, 2), is_muted: false }
}

/// Any command, about few legs, so that most of them mean something.
pub(crate) fn random_command(rng: &mut Rng) -> Command {
    let leg = LegId(rng.below(4));
    let other = LegId(rng.below(4));
    let bridge = BridgeId(rng.below(2));
    let prompts = ["en/long", "en/short", "en/missing"];
    let prompt = || prompts[0].into();
    match rng.below(12) {
        0 => Command::OpenLeg { leg, call: call() },
        1 | 2 => remote(leg, if rng.chance(1, 2) { Codec::Pcmu } else { Codec::Pcma }),
        3 => Command::SetMusic { leg, prompt: rng.chance(1, 2).then(prompt) },
        4 => Command::Play {
            leg,
            play: PlayId(rng.below(9)),
            prompts: (0..rng.below(3)).map(|_| prompts[rng.below(3) as usize].into()).collect(),
            behind: if rng.chance(1, 2) { Behind::Music } else { Behind::Silence },
        },
        5 => Command::StopPlay { leg },
        6 => Command::Bridge { bridge, a: leg, b: other },
        7 => Command::Connect {
            bridge,
            parties: match rng.below(3) {
                0 => Party::supervised(
                    leg,
                    other,
                    LegId(rng.below(4)),
                    Supervision::ALL[rng.below(5) as usize],
                ),
                1 => Party::conference(&[leg, other, LegId(rng.below(4))]),
                _ => Party::conference(&[LegId(0), LegId(1), LegId(2), LegId(3)]),
            },
        },
        8 => Command::Unbridge { bridge },
        10 => Command::SendDigit { leg, digit: Digit::from_char('5').expect("a key") },
        9 => match rng.below(4) {
            0 => Command::JoinRecording {
                recording: recording(rng.below(3)),
                voice: voice(leg, [Channel::Customer, Channel::Agent][rng.below(2) as usize]),
            },
            1 => Command::SetSpeech { leg, speech: speech(rng) },
            _ => start_recording(rng.below(3), leg, other),
        },
        _ => match rng.below(2) {
            0 => Command::StopRecording { recording: recording(rng.below(3)) },
            _ => Command::CloseLeg { leg },
        },
    }
}
