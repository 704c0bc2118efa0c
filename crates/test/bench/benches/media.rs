//! The packet path and the beat of the media engine, without sockets.
#![expect(clippy::unwrap_used, reason = "all inputs are written here")]

use core::net::SocketAddr;
use core::time::Duration;
use std::sync::Arc;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use hotline_base::{BridgeId, CallId, LegId, Now, PlayId, RecordingId, Rng, WallTime};
use hotline_media::{
    BEAT, Behind, Channel, Chunk, Codec, Command, Engine, EngineConfig, PromptLibrary, Remote, Sink, Voice,
};
use hotline_rtp::Header;

fn main() {
    divan::main();
}

/// One 20 ms packet in and out.
#[divan::bench(args = [("PCMU to PCMU", Codec::Pcmu), ("PCMU to PCMA", Codec::Pcma), ("PCMU to G.722", Codec::G722)])]
fn bridge_packet(bencher: Bencher, (_, agent): (&str, Codec)) {
    let mut bridge = Bridge::new(agent, false);
    bencher.bench_local(|| bridge.packet());
}

/// The same with the recorder's tap, whose far end takes nothing here.
#[divan::bench]
fn bridge_packet_recorded(bencher: Bencher) {
    let mut bridge = Bridge::new(Codec::Pcmu, true);
    bencher.bench_local(|| bridge.packet());
}

/// One beat with so many legs that hear music.
#[divan::bench(args = [100, 1000])]
fn tick_with_music(bencher: Bencher, legs: usize) {
    let (mut engine, mut now) = (engine(), Now::default());
    let call = CallId::generate(WallTime(0), &mut Rng::from_number(1));
    for leg in (0..legs as u64).map(LegId) {
        engine.handle_command(now, Command::OpenLeg { leg, call }, &mut Nowhere);
        engine.handle_command(now, answered(leg, Codec::Pcmu), &mut Nowhere);
        let prompt = Some("music/waiting".into());
        engine.handle_command(now, Command::SetMusic { leg, prompt }, &mut Nowhere);
    }
    bencher.counter(ItemsCount::new(legs)).bench_local(|| {
        now = now + BEAT;
        engine.handle_tick(now, &mut Nowhere);
    });
}

/// One beat with a hundred legs that are told something: in place of their music, or over it.
#[divan::bench(args = [Behind::Silence, Behind::Music])]
fn tick_with_announcements(bencher: Bencher, behind: Behind) {
    let (mut engine, mut now) = (engine(), Now::default());
    let call = CallId::generate(WallTime(0), &mut Rng::from_number(1));
    for leg in (0..100).map(LegId) {
        engine.handle_command(now, Command::OpenLeg { leg, call }, &mut Nowhere);
        engine.handle_command(now, answered(leg, Codec::Pcmu), &mut Nowhere);
        let music = Some("music/waiting".into());
        engine.handle_command(now, Command::SetMusic { leg, prompt: music }, &mut Nowhere);
        // Long enough for all beats: half an hour.
        let prompts = vec!["music/waiting".into(); 1800];
        engine.handle_command(now, Command::Play { leg, play: PlayId(leg.0), prompts, behind }, &mut Nowhere);
    }
    bencher.counter(ItemsCount::new(100_usize)).bench_local(|| {
        now = now + BEAT;
        engine.handle_tick(now, &mut Nowhere);
    });
    assert!(engine.poll_event().is_none(), "all are still told something");
}

struct Bridge {
    engine: Engine,
    now: Now,
    agent: Codec,
    packets: u32,
}

impl Bridge {
    fn new(agent: Codec, recorded: bool) -> Self {
        let (mut engine, now) = (engine(), Now::default());
        let mut rng = Rng::from_number(1);
        let call = CallId::generate(WallTime(0), &mut rng);
        let [a, b] = [LegId(0), LegId(1)];
        for (leg, codec) in [(a, Codec::Pcmu), (b, agent)] {
            engine.handle_command(now, Command::OpenLeg { leg, call }, &mut Nowhere);
            engine.handle_command(now, answered(leg, codec), &mut Nowhere);
        }
        engine.handle_command(now, Command::Bridge { bridge: BridgeId(1), a, b }, &mut Nowhere);
        if recorded {
            let recording = RecordingId::generate(WallTime(0), &mut rng);
            let voices =
                vec![Voice::new(a, Channel::Customer, "customer"), Voice::new(b, Channel::Agent, "agent")];
            let start = Command::StartRecording { recording, voices };
            engine.handle_command(now, start, &mut Nowhere);
        }
        Self { engine, now, agent, packets: 0 }
    }

    /// The two sides in turns, every 10 ms.
    fn packet(&mut self) {
        let side = self.packets % 2;
        let number = self.packets / 2;
        self.packets += 1;
        self.now = self.now + Duration::from_millis(10);
        let leg = LegId(side.into());
        let payload_type = (if side == 0 { Codec::Pcmu } else { self.agent }).usual_payload_type();
        let header = Header {
            marker: false,
            payload_type,
            sequence: number as u16,
            timestamp: number.wrapping_mul(160),
            ssrc: 0x1000 + side,
        };
        let mut packet = [0x55; 172];
        header.write(packet.first_chunk_mut().unwrap());
        self.engine.handle_packet(self.now, leg, phone(leg), &mut packet, &mut Nowhere);
    }
}

/// Music of one second; a peer may be silent for ever.
fn engine() -> Engine {
    let mut prompts = PromptLibrary::default();
    prompts.insert("music/waiting".into(), &[1000; 8000]);
    let config = EngineConfig { rtp_timeout: Duration::MAX, ..EngineConfig::default() };
    Engine::new(config, Rng::from_number(1), Arc::new(prompts))
}

fn answered(leg: LegId, codec: Codec) -> Command {
    Command::SetRemote { leg, remote: Remote::new(phone(leg), codec) }
}

fn phone(leg: LegId) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 10_000 + leg.0 as u16))
}

/// Takes everything and does nothing with it.
struct Nowhere;

impl Sink for Nowhere {
    fn send(&mut self, leg: LegId, to: SocketAddr, packet: &[u8]) {
        black_box((leg, to, packet));
    }

    fn report(&mut self, _: LegId, _: SocketAddr, _: bool, _: &[u8]) {}

    fn record(&mut self, recording: RecordingId, chunk: Chunk<'_>) {
        black_box((recording, chunk));
    }
}
