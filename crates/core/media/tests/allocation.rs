//! Proof that a packet on its way through a bridge, into a recording, or made on the beat allocates nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hotline_audio::Rate;
use hotline_base::{BridgeId, CallId, LegId, Now, PlayId, RecordingId, Rng, WallTime};
use hotline_media::{
    BEAT, Behind, Channel, Chunk, Codec, Command, Engine, EngineConfig, Gain, Music, MusicStart, Opus, Party,
    PromptLibrary, Remote, Sink, Speech, Supervision, Voice,
};
use hotline_rtp::Header;

/// Counts the allocations of the thread that asks for them.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

#[expect(unsafe_code, reason = "the allocator's interface is unsafe")]
// SAFETY: every call is passed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: as our caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as our caller promised.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[derive(Default)]
struct Counts {
    sent: u64,
    recorded: u64,
    reports: u64,
    heard: u64,
}

impl Sink for Counts {
    fn send(&mut self, _: LegId, _: SocketAddr, _: &[u8]) {
        self.sent += 1;
    }

    fn report(&mut self, _: LegId, _: SocketAddr, _: bool, _: &[u8]) {
        self.reports += 1;
    }

    fn record(&mut self, _: RecordingId, _: Chunk<'_>) {
        self.recorded += 1;
    }

    fn line_heard(&mut self, _: LegId, _: &[i16]) {
        self.heard += 1;
    }

    fn line_said(&mut self, _: LegId, frame: &mut [i16]) -> bool {
        frame.fill(100);
        true
    }
}

#[test]
fn the_packet_path_allocates_nothing() {
    let bridge = BridgeId(1);
    for codecs in [
        [Codec::Pcmu, Codec::Pcma, Codec::Pcmu, Codec::Pcmu],
        [Codec::G722, Codec::Pcmu, Codec::G722, Codec::Pcma],
        [Codec::Opus, Codec::Pcmu, Codec::Opus, Codec::G722],
        [Codec::L16, Codec::Opus, Codec::L16, Codec::Opus],
    ] {
        allocates_nothing(codecs, |a, b, _| Command::Bridge { bridge, a, b });
        allocates_nothing(codecs, |a, b, d| Command::Connect {
            bridge,
            parties: Party::conference(&[a, b, d]),
        });
        allocates_nothing(codecs, |a, b, d| Command::Connect {
            bridge,
            parties: Party::supervised(a, b, d, Supervision::Listen),
        });
        let speech =
            Speech { gain: Some(Gain { target_dbfs: -20, most_db: 20 }), hides_keys: true, is_muted: false };
        packets_allocate_nothing(codecs, speech, |a, b, d| Command::Connect {
            bridge,
            parties: Party::supervised(a, b, d, Supervision::Listen),
        });
    }
}

fn allocates_nothing(codecs: [Codec; 4], how: impl Fn(LegId, LegId, LegId) -> Command) {
    packets_allocate_nothing(codecs, Speech::default(), how);
}

fn packets_allocate_nothing(
    codecs: [Codec; 4],
    speech: Speech,
    how: impl Fn(LegId, LegId, LegId) -> Command,
) {
    let (mut engine, mut out) = (engine(), Counts::default());
    let mut now = Now::default();
    let mut rng = Rng::from_number(1);
    let call = CallId::generate(WallTime(0), &mut rng);
    let recording = RecordingId::generate(WallTime(0), &mut rng);
    let (a, b, c, d) = (LegId(0), LegId(1), LegId(2), LegId(3));
    for (leg, codec) in [a, b, c, d].into_iter().zip(codecs) {
        engine.handle_command(now, Command::OpenLeg { leg, call }, &mut out);
        engine.handle_command(now, remote(leg, codec), &mut out);
        engine.handle_command(now, Command::SetSpeech { leg, speech }, &mut out);
    }
    let voices = vec![Voice::new(a, Channel::Customer, "customer"), Voice::new(b, Channel::Agent, "agent")];
    for command in [
        how(a, b, d),
        Command::StartRecording { recording, voices },
        Command::SetMusic { leg: c, prompt: Some("music/loop".into()) },
        Command::Play { leg: c, play: PlayId(1), prompts: vec!["en/hello".into()], behind: Behind::Silence },
    ] {
        engine.handle_command(now, command, &mut out);
    }
    let mut packets: Vec<(LegId, Vec<u8>)> = Vec::new();
    for sequence in 0..1000_u16 {
        for (leg, codec) in [a, b].into_iter().zip(codecs) {
            let event = sequence % 50 > 45;
            let header = Header {
                marker: false,
                payload_type: if event { 101 } else { codec.usual_payload_type() },
                sequence,
                timestamp: u32::from(if event { sequence / 50 * 50 + 46 } else { sequence })
                    * 160
                    * codec.clock_factor(),
                ssrc: 1,
            };
            let end = if sequence % 50 == 49 { 0x8a } else { 0x0a };
            let payload = if event { vec![5, end, 1, 0x40] } else { said(codec) };
            packets.push((leg, header.packet(&payload)));
        }
    }
    let before = ALLOCATIONS.get();
    for (index, (leg, packet)) in packets.iter_mut().enumerate() {
        engine.handle_packet(now, *leg, SocketAddr::from(([192, 0, 2, 1], 4000)), packet, &mut out);
        if index % 2 == 1 {
            now = now + BEAT;
            engine.handle_tick(now + Duration::from_millis(1), &mut out);
        }
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);
    assert!(out.reports > 3, "{} reports", out.reports);
    // Hidden keys are not passed on.
    let sent_min = if speech.hides_keys { 2700 } else { 2900 };
    assert!(out.sent > sent_min && out.recorded > 1800, "{} sent, {} recorded", out.sent, out.recorded);
}

#[test]
fn fades_and_prompts_of_all_kinds_allocate_nothing() {
    for codec in [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::L16, Codec::Opus] {
        let (mut engine, mut out) = (engine(), Counts::default());
        let mut now = Now::default();
        let leg = LegId(0);
        let call = CallId::generate(WallTime(0), &mut Rng::from_number(1));
        engine.handle_command(now, Command::OpenLeg { leg, call }, &mut out);
        engine.handle_command(now, remote(leg, codec), &mut out);
        let music = Music { prompt: "music/loop".into(), start: MusicStart::Shared };
        let play = |prompt: &str, behind| Command::Play {
            leg,
            play: PlayId(1),
            prompts: vec![prompt.into()],
            behind,
        };
        for command in [
            Command::SetMusic { leg, prompt: Some(music) },
            play("en/wide", Behind::Silence),
            play("en/hello", Behind::Silence),
            play("en/wide", Behind::Music),
            play("en/hello", Behind::Music),
            Command::StopPlay { leg },
            Command::SetMusic { leg, prompt: Some("music/loop".into()) },
            Command::SetMusic { leg, prompt: None },
        ] {
            engine.handle_command(now, command, &mut out);
            let before = ALLOCATIONS.get();
            for _ in 0..3 {
                now = now + BEAT;
                engine.handle_tick(now, &mut out);
            }
            assert_eq!(ALLOCATIONS.get() - before, 0, "{codec:?}");
            while engine.poll_event().is_some() {}
        }
        assert_eq!(out.sent, 24, "{codec:?}");
    }
}

#[test]
fn a_line_allocates_nothing() {
    for codec in [Codec::Pcmu, Codec::G722, Codec::L16, Codec::Opus] {
        for rate in [Rate::Narrow, Rate::Wide] {
            let (mut engine, mut out) = (engine(), Counts::default());
            let mut now = Now::default();
            let leg = LegId(0);
            let call = CallId::generate(WallTime(0), &mut Rng::from_number(1));
            engine.handle_command(now, Command::OpenLeg { leg, call }, &mut out);
            engine.handle_command(now, remote(leg, codec), &mut out);
            assert!(engine.set_line(leg, Some(rate)));
            let payload = said(codec);
            let mut packets: Vec<Vec<u8>> = (0..500_u16)
                .map(|sequence| {
                    let timestamp = u32::from(sequence) * 160 * codec.clock_factor();
                    let payload_type = codec.usual_payload_type();
                    Header { marker: false, payload_type, sequence, timestamp, ssrc: 1 }.packet(&payload)
                })
                .collect();
            let before = ALLOCATIONS.get();
            for packet in &mut packets {
                let source = SocketAddr::from(([192, 0, 2, 1], 4000));
                engine.handle_packet(now, leg, source, packet, &mut out);
                now = now + BEAT;
                engine.handle_tick(now, &mut out);
            }
            assert_eq!(ALLOCATIONS.get() - before, 0, "{codec:?} {rate:?}");
            assert_eq!((out.sent, out.heard), (500, 500));
        }
    }
}

/// 20 ms of something.
fn said(codec: Codec) -> Vec<u8> {
    codec.encoder(Opus::default()).payload(&[300; 160])
}

fn engine() -> Engine {
    let mut prompts = PromptLibrary::default();
    prompts.insert("music/loop".into(), &[100; 12_345]);
    prompts.insert("en/hello".into(), &[100; 4_321]);
    prompts.insert_wide("en/wide".into(), &[100; 4_321], vec![100; 8_642]);
    Engine::new(EngineConfig::default(), Rng::from_number(1), Arc::new(prompts))
}

fn remote(leg: LegId, codec: Codec) -> Command {
    let phone = |port| SocketAddr::from(([192, 0, 2, 1], port));
    Command::SetRemote { leg, remote: Remote { rtcp: Some(phone(4001)), ..Remote::new(phone(4000), codec) } }
}
