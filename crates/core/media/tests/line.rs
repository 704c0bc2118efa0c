//! Legs on a line: what a service outside hears of a caller, and the caller of the service.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::SocketAddr;
use std::sync::Arc;

use hotline_audio::{Rate, Tone, rms_dbfs, tone_dbfs};
use hotline_base::{BridgeId, CallId, LegId, Now, PlayId, RecordingId, Rng, Time, WallTime};
use hotline_media::{
    BEAT, Behind, Chunk, Codec, Command, Direction, Engine, EngineConfig, Opus, PromptLibrary, Remote, Sink,
};
use hotline_rtp::Header;

const CALLER: LegId = LegId(1);
const AGENT: LegId = LegId(2);

/// A service that says a tone of 1000 Hz, and all that goes back and forth.
struct Service {
    tone: Option<Tone>,
    heard: Vec<i16>,
    sent: Vec<Vec<u8>>,
}

impl Sink for Service {
    fn send(&mut self, leg: LegId, _: SocketAddr, packet: &[u8]) {
        if leg == CALLER {
            let (_, payload) = Header::parse(packet).unwrap();
            self.sent.push(packet[payload].to_vec());
        }
    }

    fn report(&mut self, _: LegId, _: SocketAddr, _: bool, _: &[u8]) {}

    fn record(&mut self, _: RecordingId, _: Chunk<'_>) {}

    fn line_heard(&mut self, leg: LegId, frame: &[i16]) {
        assert_eq!(leg, CALLER);
        self.heard.extend_from_slice(frame);
    }

    fn line_said(&mut self, _: LegId, frame: &mut [i16]) -> bool {
        let Some(tone) = &mut self.tone else { return false };
        frame.fill_with(|| tone.next().unwrap());
        true
    }
}

struct World {
    engine: Engine,
    now: Now,
    service: Service,
    codec: Codec,
    packet: u16,
}

impl World {
    fn new(codec: Codec, rate: Rate) -> Self {
        let mut library = PromptLibrary::default();
        library.insert("en/long".into(), &Tone::new(300.0, -10.0, 8000).take(8000).collect::<Vec<_>>());
        library.insert("music/loop".into(), &Tone::new(400.0, -10.0, 8000).take(8000).collect::<Vec<_>>());
        let engine = Engine::new(EngineConfig::default(), Rng::from_number(1), Arc::new(library));
        let now = Now { mono: Time(1_000), wall: WallTime(1_000) };
        let tone = Some(Tone::new(1000.0, -10.0, rate.hz()));
        let service = Service { tone, heard: Vec::new(), sent: Vec::new() };
        let mut world = Self { engine, now, service, codec, packet: 0 };
        let call = CallId::generate(WallTime(0), &mut Rng::from_number(1));
        for leg in [CALLER, AGENT] {
            world.command(Command::OpenLeg { leg, call });
            world.command(remote(leg, codec, Direction::SendReceive));
        }
        world
    }

    fn command(&mut self, command: Command) {
        self.engine.handle_command(self.now, command, &mut self.service);
    }

    /// So many beats in which the caller says 700 Hz.
    fn talk(&mut self, beats: u16) {
        let codec = self.codec;
        let mut encoder = codec.encoder(Opus::default());
        let rate = if codec.is_wide() { Rate::Wide } else { Rate::Narrow };
        let mut tone = Tone::new(700.0, -10.0, rate.hz());
        for _ in 0..beats {
            let sound: Vec<i16> = tone.by_ref().take(rate.samples(20)).collect();
            let mut payload = vec![0; 1000];
            let length = match rate {
                Rate::Narrow => encoder.encode(&sound, &mut payload),
                Rate::Wide => encoder.encode_wide(&sound, &mut payload),
            };
            let header = Header {
                marker: false,
                payload_type: codec.usual_payload_type(),
                sequence: self.packet,
                timestamp: u32::from(self.packet) * 160 * codec.clock_factor(),
                ssrc: 1,
            };
            self.packet += 1;
            let mut packet = header.packet(&payload[..length]);
            self.engine.handle_packet(self.now, CALLER, address(), &mut packet, &mut self.service);
            self.beat();
        }
    }

    fn beat(&mut self) {
        self.now.mono = self.now.mono + BEAT;
        self.engine.handle_tick(self.now, &mut self.service);
    }

    /// What the caller heard since it was asked last.
    fn caller_heard(&mut self) -> Vec<i16> {
        let mut decoder = self.codec.decoder();
        std::mem::take(&mut self.service.sent).iter().flat_map(|payload| decoder.sound(payload)).collect()
    }
}

fn address() -> SocketAddr {
    "192.0.2.1:4000".parse().unwrap()
}

fn remote(leg: LegId, codec: Codec, direction: Direction) -> Command {
    let remote = Remote {
        address: address(),
        rtcp: None,
        rtcp_mux: false,
        codec,
        opus: Opus::default(),
        payload_type_send: codec.usual_payload_type(),
        payload_type_receive: codec.usual_payload_type(),
        telephone_event_send: Some(101),
        telephone_event_receive: Some(101),
        telephone_event_clock_factor: 1,
        comfort_noise_receive: None,
        srtp: None,
        dtls: None,
        direction,
        ptime_ms: 20,
    };
    Command::SetRemote { leg, remote }
}

/// The second half: the first one is where jitter buffers and filters begin.
fn is_tone(samples: &[i16], hz: f64, rate_hz: u32) -> bool {
    let settled = &samples[samples.len() / 2..];
    (tone_dbfs(settled, hz, rate_hz) + 10.0).abs() < 1.5 && (rms_dbfs(settled) + 10.0).abs() < 1.5
}

#[test]
fn a_caller_and_a_service_hear_each_other_whatever_the_codec_and_the_rate() {
    for codec in [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus, Codec::L16] {
        for rate in [Rate::Narrow, Rate::Wide] {
            let mut world = World::new(codec, rate);
            assert!(world.engine.set_line(CALLER, Some(rate)));
            world.talk(100);
            assert_eq!(world.service.heard.len(), 100 * rate.samples(20), "{codec:?} {rate:?}");
            assert!(is_tone(&world.service.heard, 700.0, rate.hz()), "{codec:?} {rate:?}");
            let heard = world.caller_heard();
            assert_eq!(heard.len(), 100 * 160);
            assert!(is_tone(&heard, 1000.0, 8000), "{codec:?} {rate:?}");
        }
    }
}

#[test]
fn a_service_that_says_nothing_is_heard_as_silence_in_time() {
    let mut world = World::new(Codec::Pcmu, Rate::Narrow);
    world.command(Command::SetMusic { leg: CALLER, prompt: Some("music/loop".into()) });
    world.talk(10);
    assert!(world.engine.set_line(CALLER, Some(Rate::Narrow)));
    world.service.tone = None;
    world.talk(2);
    world.caller_heard();
    world.talk(50);
    assert_eq!(world.caller_heard(), vec![0; 50 * 160], "no music, and no hole");
    assert!(world.engine.set_line(CALLER, None));
    world.talk(10);
    assert!(tone_dbfs(&world.caller_heard(), 400.0, 8000) > -12.0, "the music is back");
}

#[test]
fn a_prompt_goes_first_and_the_line_is_where_it_would_be_after_it() {
    let mut world = World::new(Codec::Pcmu, Rate::Narrow);
    assert!(world.engine.set_line(CALLER, Some(Rate::Narrow)));
    world.command(Command::Play {
        leg: CALLER,
        play: PlayId(1),
        prompts: vec!["en/long".into()],
        behind: Behind::Silence,
    });
    world.talk(50);
    assert!(is_tone(&world.caller_heard(), 300.0, 8000));
    world.talk(50);
    assert!(is_tone(&world.caller_heard(), 1000.0, 8000));
}

#[test]
fn a_codec_that_changes_meanwhile_changes_nothing_for_the_service() {
    let mut world = World::new(Codec::Pcmu, Rate::Wide);
    assert!(world.engine.set_line(CALLER, Some(Rate::Wide)));
    world.talk(20);
    world.codec = Codec::G722;
    world.command(remote(CALLER, Codec::G722, Direction::SendReceive));
    world.service.heard.clear();
    world.caller_heard();
    world.talk(100);
    assert!(is_tone(&world.service.heard, 700.0, 16_000));
    assert!(is_tone(&world.caller_heard(), 1000.0, 8000));
}

#[test]
fn a_bridge_takes_a_leg_off_its_line_and_goes_first() {
    let mut world = World::new(Codec::Pcmu, Rate::Narrow);
    assert!(world.engine.set_line(CALLER, Some(Rate::Narrow)));
    assert!(world.engine.has_line(CALLER) && !world.engine.has_line(AGENT));
    world.command(Command::Bridge { bridge: BridgeId(1), a: CALLER, b: AGENT });
    world.talk(10);
    assert!(!world.engine.has_line(CALLER) && world.service.heard.is_empty());
    assert!(!world.engine.set_line(CALLER, Some(Rate::Narrow)));
    assert!(!world.engine.set_line(LegId(99), Some(Rate::Narrow)));
}

#[test]
fn a_caller_on_hold_says_nothing_to_a_service() {
    let mut world = World::new(Codec::Pcmu, Rate::Narrow);
    world.command(remote(CALLER, Codec::Pcmu, Direction::ReceiveOnly));
    assert!(world.engine.set_line(CALLER, Some(Rate::Narrow)));
    world.talk(50);
    assert_eq!(world.service.heard, vec![0; 50 * 160]);
}
