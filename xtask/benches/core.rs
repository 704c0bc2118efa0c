//! What the core costs: `make bench`. The minimum over many short batches, so that other work on the machine
//! hardly counts; compare figures of one machine with one another, not with those of another machine.

use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hotline_base::{BridgeId, CallId, LegId, Now, RecordingId, Rng, Time, WallTime};
use hotline_media::{Chunk, Codec, Command, Direction, Engine, EngineConfig, PromptLibrary, Sink};
use hotline_rtp::Header;
use hotline_sdp::Local;
use hotline_sim::{Act, PickUp, Rules, World};
use hotline_sip::Message;

/// How long each figure may take.
const BUDGET: Duration = Duration::from_secs(3);

fn main() {
    // cargo gives `--bench`; a filter is not worth its code for four figures.
    measure("parse an INVITE", parse_invite());
    measure("answer an offer", answer_offer());
    measure("a packet through a bridge", bridge_packet());
    measure("a whole simulated call, phones and checks included", whole_call());
}

/// Runs in batches of about a millisecond and shows the fastest.
fn measure(name: &str, mut work: impl FnMut()) {
    let began = Instant::now();
    work();
    let once = began.elapsed().max(Duration::from_nanos(20));
    let batch = (Duration::from_millis(1).as_nanos() / once.as_nanos()).max(1);
    let mut best = f64::MAX;
    while began.elapsed() < BUDGET {
        let batch_began = Instant::now();
        (0..batch).for_each(|_| work());
        best = best.min(batch_began.elapsed().as_secs_f64() / batch as f64);
    }
    show(&format!("{:>12.3} µs   {name}", best * 1e6));
}

#[expect(clippy::print_stdout, reason = "figures go to the terminal")]
fn show(line: &str) {
    println!("{line}");
}

fn parse_invite() -> impl FnMut() {
    let bytes = Bytes::from_static(include_bytes!("../../fuzz/corpus/sip_message/invite.sip"));
    assert!(Message::parse(bytes.clone()).is_ok(), "the corpus begins with good messages");
    move || drop(black_box(Message::parse(bytes.clone())))
}

fn answer_offer() -> impl FnMut() {
    let offer = include_bytes!("../../fuzz/corpus/sdp/linphone_video");
    let local = Local {
        address: "192.0.2.10".parse().expect("an address"),
        port: 20_000,
        session_id: 1,
        version: 1,
        codecs: &hotline_sdp::Codec::ALL,
        direction: hotline_sdp::Direction::SendReceive,
    };
    move || {
        let session = hotline_sdp::parse(black_box(offer)).expect("the corpus begins with good offers");
        let (answer, _) = hotline_sdp::answer(&session, &local).expect("it offers what we speak");
        black_box(answer.print());
    }
}

/// Takes packets and forgets them.
struct Nowhere;

impl Sink for Nowhere {
    fn send(&mut self, _leg: LegId, _to: SocketAddr, packet: &[u8]) {
        black_box(packet);
    }

    fn record(&mut self, _recording: RecordingId, _chunk: Chunk<'_>) {}
}

fn bridge_packet() -> impl FnMut() {
    let mut now = Now { mono: Time(1_000), wall: WallTime(1_000) };
    let mut engine =
        Engine::new(EngineConfig::default(), Rng::from_number(1), Arc::new(PromptLibrary::default()));
    let call = CallId::generate(WallTime(0), &mut Rng::from_number(1));
    let (a, b) = (LegId(0), LegId(1));
    for leg in [a, b] {
        engine.handle_command(now, Command::OpenLeg { leg, call }, &mut Nowhere);
        engine.handle_command(now, remote(leg), &mut Nowhere);
    }
    engine.handle_command(now, Command::Bridge { bridge: BridgeId(1), a, b }, &mut Nowhere);
    let mut sequence = 0_u16;
    let mut timestamp = 0_u32;
    move || {
        (sequence, timestamp) = (sequence.wrapping_add(1), timestamp.wrapping_add(160));
        now = now + Duration::from_millis(20);
        let header = Header { marker: false, payload_type: 0, sequence, timestamp, ssrc: 7 };
        let mut packet = header.packet(&[1; 160]);
        engine.handle_packet(now, a, address(a), &mut packet, &mut Nowhere);
    }
}

fn remote(leg: LegId) -> Command {
    Command::SetRemote {
        leg,
        remote: address(leg),
        codec: Codec::Pcmu,
        payload_type_send: 0,
        payload_type_receive: 0,
        telephone_event_send: Some(101),
        telephone_event_receive: Some(101),
        direction: Direction::SendReceive,
        ptime_ms: 20,
    }
}

fn address(leg: LegId) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], if leg.0 == 0 { 4000 } else { 4002 }))
}

/// From the agents' registration over an unreliable network to the record.
fn whole_call() -> impl FnMut() {
    let mut seed = 0;
    move || {
        seed += 1;
        let mut world = World::new(seed, false, Rules::default());
        world.open();
        let agent = world.agent(0);
        let pick_up = PickUp::After(world.up_to(Duration::from_secs(5)));
        world.manners(agent).pick_up = pick_up;
        let caller = world.add_caller(None);
        let dial = world.number();
        world.later(Duration::ZERO, caller, dial);
        let limit = Duration::from_secs(120);
        assert!(world.run_until(limit, |world| world.are_talking(caller, agent)), "they talk");
        world.later(Duration::from_secs(30), caller, Act::HangUp);
        assert!(world.run_until(limit, |world| world.phone(agent).talk.is_none()), "they hang up");
        assert_eq!(world.close().len(), 1, "one call, one record");
    }
}
