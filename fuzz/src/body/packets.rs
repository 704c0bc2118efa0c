//! Machines fed with packets. An input is a row of them: a byte that says when and where, one with the length, then
//! the packet.

use core::net::SocketAddr;
use core::time::Duration;
use std::sync::Arc;

use hotline_base::{BridgeId, CallId, LegId, Now, RecordingId, Rng, Time, WallTime};
use hotline_media::{
    Channel, Chunk, Codec, Command, Engine, EngineConfig, Event, Gain, Party, PromptLibrary, Remote, Sink,
    Speech, Supervision, Voice,
};
use hotline_rtp::{EventReceiver, HEADER_LEN, Header, LOST_END_AFTER, PeerReport, REPORT_LEN_MAX, Report};

/// The customer's leg and the agent's.
const LEGS: [LegId; 2] = [LegId(0), LegId(1)];
/// Samples by which a stream may be ahead of our clock before it is moved.
const AHEAD_MAX: u64 = 2000;
/// Lost packets before one that came whose places are filled.
const CONCEALED_MAX: usize = 5;
/// Events that one packet may cause: the first packet, and two keys let go.
const EVENTS_PER_PACKET_MAX: usize = 3;

/// RTP packets with telephone-events: whatever is read must be there and print and read the same, and no packet
/// presses two keys.
pub fn rtp(input: &[u8]) {
    let mut receiver = EventReceiver::default();
    let mut now = Time::ZERO;
    let (mut packets, mut pressed) = (0, 0);
    for (wait, datagram) in pieces(input) {
        now = now + Duration::from_millis(wait.into());
        pressed += usize::from(receiver.handle_timeout(now).is_some());
        let Ok((header, payload)) = Header::parse(datagram) else { continue };
        assert!(HEADER_LEN <= payload.start && payload.start <= payload.end && payload.end <= datagram.len());
        let payload = &datagram[payload];
        let printed = header.packet(payload);
        let (again, range) = Header::parse(&printed).expect("what is printed can be read");
        assert_eq!((again, &printed[range]), (header, payload));
        packets += 1;
        pressed += receiver.handle_packet(now, header.timestamp, payload).iter().flatten().count();
        assert!(receiver.poll_timeout().is_none_or(|at| at <= now + LOST_END_AFTER));
    }
    pressed += usize::from(receiver.handle_timeout(now + LOST_END_AFTER).is_some());
    assert!(pressed <= packets, "{pressed} keys from {packets} packets");
    assert_eq!(receiver.poll_timeout(), None);
}

/// A compound of reports: it is read or not, and what was read is what its writer would say again.
pub fn rtcp(input: &[u8]) {
    let Some((ours, datagram)) = input.split_first_chunk() else { return };
    let ours = u32::from_be_bytes(*ours);
    let Some(read) = PeerReport::read(datagram, ours) else { return };
    let PeerReport { ssrc, sender, reception, bye } = read;
    let report = Report { ssrc, name: 1, sender, reception, bye };
    let mut written = [0; REPORT_LEN_MAX];
    let length = report.write(&mut written);
    assert_eq!(PeerReport::read(&written[..length], ours), Some(read));
}

/// Packets from phones and strangers to two legs in a recorded bridge: what leaves is RTP to somebody who is known,
/// one packet for each that came, nothing is recorded before or after its time, and nothing is left at the end.
pub fn media_engine(input: &[u8]) {
    for agent in [Codec::Pcma, Codec::G722, Codec::Opus, Codec::L16] {
        engine_with(agent, input);
    }
}

fn engine_with(agent: Codec, input: &[u8]) {
    let mut now = Now::default();
    let mut outlet = Outlet { agent, now: Time::ZERO, sent: 0, finished: false };
    let mut engine = bridged(now, &mut outlet);
    for (control, packet) in pieces(input) {
        let end = now + Duration::from_millis(u64::from(control >> 2) * 4);
        while let Some((at, _)) = engine.poll_timeout().filter(|(at, _)| *at <= end.mono) {
            now = now + at.since(now.mono);
            outlet.now = now.mono;
            engine.handle_tick(now, &mut outlet);
            assert!(engine.poll_timeout().is_none_or(|(next, _)| next > at), "a beat in the past would spin");
        }
        now = end;
        outlet.now = now.mono;
        drain(&mut engine);
        let leg = LEGS[usize::from(control & 1)];
        let source = if control & 2 == 0 { phone(leg) } else { stranger(leg) };
        outlet.sent = 0;
        engine.handle_packet(now, leg, source, &mut packet.to_vec(), &mut outlet);
        assert!(outlet.sent <= 1 + CONCEALED_MAX, "one packet came and {} left", outlet.sent);
        assert!(drain(&mut engine).len() <= EVENTS_PER_PACKET_MAX);
    }
    for leg in LEGS.into_iter().chain([LegId(2)]) {
        engine.handle_command(now, Command::CloseLeg { leg }, &mut outlet);
        assert!(drain(&mut engine).iter().any(|event| matches!(event, Event::LegClosed { .. })));
    }
    assert!(outlet.finished && engine.legs() == 0 && engine.poll_timeout().is_none());
}

/// The control bytes and packets of an input; a last packet that is too short is as long as it is.
fn pieces(input: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = input;
    core::iter::from_fn(move || {
        let (&[control, length], after) = rest.split_first_chunk()?;
        let (packet, after) = after.split_at(usize::from(length).min(after.len()));
        rest = after;
        Some((control, packet))
    })
}

/// μ-law on one side and another codec on the other, so that every payload is transcoded.
fn bridged(now: Now, outlet: &mut Outlet) -> Engine {
    let mut rng = Rng::from_number(1);
    let call = CallId::generate(WallTime(0), &mut rng);
    let recording = RecordingId::generate(WallTime(0), &mut rng);
    let mut engine = Engine::new(EngineConfig::default(), rng, Arc::new(PromptLibrary::default()));
    let [customer, agent] = LEGS;
    for (leg, codec) in [(customer, Codec::Pcmu), (agent, outlet.agent)] {
        // What the corpus calls the agent's audio.
        let payload_type = if leg == customer { 0 } else { 8 };
        engine.handle_command(now, Command::OpenLeg { leg, call }, outlet);
        let answered = Command::SetRemote {
            leg,
            remote: Remote {
                payload_type_send: payload_type,
                payload_type_receive: payload_type,
                ..Remote::new(phone(leg), codec)
            },
        };
        engine.handle_command(now, answered, outlet);
        // With some codecs what is said is brought to a level, and keys are hidden.
        let speech = match outlet.agent {
            Codec::Pcmu | Codec::Pcma | Codec::G722 => Speech::default(),
            Codec::Opus | Codec::L16 => Speech {
                gain: Some(Gain { target_dbfs: -20, most_db: 40 }),
                hides_keys: true,
                is_muted: false,
            },
        };
        engine.handle_command(now, Command::SetSpeech { leg, speech }, outlet);
    }
    let (bridge, supervisor) = (BridgeId(1), LegId(2));
    engine.handle_command(now, Command::OpenLeg { leg: supervisor, call }, outlet);
    // With some codecs somebody hears both in a mix.
    let connect = match outlet.agent {
        Codec::Pcmu | Codec::Pcma | Codec::L16 => Command::Bridge { bridge, a: customer, b: agent },
        Codec::G722 | Codec::Opus => {
            let parties = Party::supervised(customer, agent, supervisor, Supervision::Listen);
            Command::Connect { bridge, parties }
        }
    };
    engine.handle_command(now, connect, outlet);
    let voices =
        vec![Voice::new(customer, Channel::Customer, "customer"), Voice::new(agent, Channel::Agent, "agent")];
    engine.handle_command(now, Command::StartRecording { recording, voices }, outlet);
    engine
}

fn drain(engine: &mut Engine) -> Vec<Event> {
    core::iter::from_fn(|| engine.poll_event()).collect()
}

fn phone(leg: LegId) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, if leg == LEGS[0] { 1 } else { 2 }], 4000))
}

fn stranger(leg: LegId) -> SocketAddr {
    SocketAddr::from(([203, 0, 113, if leg == LEGS[0] { 1 } else { 2 }], 4000))
}

/// Looks at everything that leaves the engine.
struct Outlet {
    agent: Codec,
    now: Time,
    sent: usize,
    finished: bool,
}

impl Sink for Outlet {
    fn send(&mut self, leg: LegId, to: SocketAddr, packet: &[u8]) {
        self.sent += 1;
        assert!([phone(leg), stranger(leg)].contains(&to), "{leg} sends to {to}");
        let (header, _) = Header::parse(packet).expect("what leaves is RTP");
        assert!([0, 8, 101].contains(&header.payload_type), "{}", header.payload_type);
    }

    fn report(&mut self, leg: LegId, to: SocketAddr, _: bool, packet: &[u8]) {
        assert!([phone(leg), stranger(leg)].contains(&to), "{leg} reports to {to}");
        assert!(PeerReport::read(packet, 0).is_some(), "what leaves is RTCP");
    }

    fn record(&mut self, _: RecordingId, chunk: Chunk<'_>) {
        assert!(!self.finished, "the recording is over");
        // The recording begins with our clock.
        let recorded = self.now.as_micros() / 125;
        match chunk {
            Chunk::Start { .. } => {}
            Chunk::Join { at, .. } | Chunk::Leave { at, .. } | Chunk::Mark { at, .. } => {
                assert!(at <= recorded);
            }
            Chunk::Audio { leg, channel, position, codec, payload } => {
                assert_eq!(leg == LEGS[0], channel == Channel::Customer);
                assert_eq!(codec, if channel == Channel::Customer { Codec::Pcmu } else { self.agent });
                let end = position + codec.span(payload).expect("it is well-formed") as u64;
                assert!(end <= recorded + AHEAD_MAX, "{end} is recorded at {recorded}");
            }
            Chunk::Finish { length } => {
                assert!(length <= recorded);
                self.finished = true;
            }
        }
    }
}
