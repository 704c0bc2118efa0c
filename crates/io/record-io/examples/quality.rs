//! What speech sounds like behind the media engine: `quality SPEECH.wav DIRECTORY [SEEDS]`. Two simulated phones talk through the engine in
//! simulated time, over a network that loses and delays packets; what the other phone plays, and what the recorder writes, become
//! WAV files of 8 kHz in the directory. `list.txt` says which: path, packets lost in a hundred, jitter in milliseconds, seed, file.
//!
//! `tests/quality/pesq_scores.py` compares them with what was said.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::channel;

use hotline_audio::{Concealer, Rate, resampled};
use hotline_base::{BridgeId, CallId, LegId, Now, RecordingId, Rng, WallTime};
use hotline_media::{
    Channel, Chunk, Codec, Command, Direction, Engine, EngineConfig, Event, Opus, PromptLibrary, Remote,
    Sink, Voice,
};
use hotline_record_io::{Recorder, RecorderConfig, Tap};

const LOSSES: [u64; 4] = [0, 1, 3, 5];
const JITTERS_MS: [u64; 4] = [0, 20, 40, 80];
/// What is said in, and what comes out.
const PATHS: [(Codec, Codec, &str, Option<&str>); 4] = [
    (Codec::Pcmu, Codec::Pcmu, "relay-g711", Some("recorded-g711")),
    (Codec::G722, Codec::Pcmu, "g722-to-g711", Some("recorded-g722")),
    (Codec::Pcmu, Codec::G722, "g711-to-g722", None),
    (Codec::Opus, Codec::Pcmu, "opus-to-g711", Some("recorded-opus")),
];
/// 20 ms at 8 kHz.
const PACKET: usize = 160;
const PACKET_TIME: Duration = Duration::from_millis(20);
const SPEAKER: LegId = LegId(1);
const LISTENER: LegId = LegId(2);

type Failure = Box<dyn Error>;

/// The engine's output: what goes to the listener, and when.
struct Wire<'a> {
    tap: &'a mut Tap,
    now: Duration,
    heard: Vec<(Duration, Vec<u8>)>,
}

impl Sink for Wire<'_> {
    fn send(&mut self, leg: LegId, _: SocketAddr, packet: &[u8]) {
        if leg == LISTENER {
            self.heard.push((self.now, packet.to_vec()));
        }
    }

    fn report(&mut self, _: LegId, _: SocketAddr, _: bool, _: &[u8]) {}

    fn record(&mut self, recording: RecordingId, chunk: Chunk<'_>) {
        self.tap.record(recording, chunk);
        self.tap.flush();
    }
}

/// How bad the network is.
#[derive(Clone, Copy)]
struct Network {
    loss_percent: u64,
    jitter_ms: u64,
    seed: u64,
}

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let speech = arguments.next().ok_or("which file is said?")?;
    let directory = PathBuf::from(arguments.next().ok_or("into which directory?")?);
    let seeds: u64 = arguments.next().map_or(Ok(2), |text| text.parse())?;
    let speech = read(Path::new(&speech))?;
    write(&directory.join("said.wav"), &speech)?;
    let mut list = String::new();
    for (from, to, name, recorded) in PATHS {
        for loss_percent in LOSSES {
            for jitter_ms in JITTERS_MS {
                for seed in 1..=seeds {
                    let network = Network { loss_percent, jitter_ms, seed };
                    let (heard, written) = talk(&directory, &speech, (from, to), network)?;
                    let mut keep = |name: &str, sound: &[i16]| -> Result<(), Failure> {
                        let file = format!("{name}-{loss_percent}-{jitter_ms}-{seed}.wav");
                        write(&directory.join(&file), sound)?;
                        writeln!(list, "{name} {loss_percent} {jitter_ms} {seed} {file}")?;
                        Ok(())
                    };
                    keep(name, &heard)?;
                    if let Some(recorded) = recorded {
                        keep(recorded, &written)?;
                    }
                }
            }
        }
    }
    std::fs::write(directory.join("list.txt"), list)?;
    Ok(())
}

/// Lets one phone say `speech` to another: what is heard there, and what is recorded.
fn talk(
    directory: &Path,
    speech: &[i16],
    codecs: (Codec, Codec),
    network: Network,
) -> Result<(Vec<i16>, Vec<i16>), Failure> {
    let root = directory.join("recordings");
    let (sender, events) = channel();
    let recorder = Recorder::start(RecorderConfig::new(root.clone()), move |event| {
        sender.send(event).err().map(|refused| refused.0)
    })?;
    let mut tap = recorder.tap();
    let heard = heard(speech, codecs, network, &mut tap);
    recorder.stop();
    let path = events.try_iter().find_map(|event| {
        if let Event::RecordingFinished { path, .. } = event { Some(root.join(path)) } else { None }
    });
    let mut recorded = hound::WavReader::open(path.ok_or("nothing was recorded")?)?;
    let left: Vec<i16> = recorded.samples().step_by(2).collect::<Result<_, _>>()?;
    std::fs::remove_dir_all(&root)?;
    Ok((heard, left))
}

fn heard(speech: &[i16], (from, to): (Codec, Codec), network: Network, tap: &mut Tap) -> Vec<i16> {
    let mut rng = Rng::from_number(network.seed);
    let begin = Now::default();
    let mut out = Wire { tap, now: Duration::ZERO, heard: Vec::new() };
    let (mut engine, recording) = bridged(begin, (from, to), &mut rng, &mut out);
    let mut next_beat = Duration::ZERO;
    for (arrival, mut packet) in said(speech, from, network, &mut rng) {
        while next_beat <= arrival {
            out.now = next_beat;
            engine.handle_tick(begin + next_beat, &mut out);
            next_beat += PACKET_TIME;
        }
        out.now = arrival;
        engine.handle_packet(begin + arrival, SPEAKER, address(SPEAKER), &mut packet, &mut out);
        while engine.poll_event().is_some() {}
    }
    engine.handle_command(begin + next_beat, Command::StopRecording { recording }, &mut out);
    played(&out.heard, to, network)
}

/// The packets of a phone in the order in which they arrive, and when. A network that delays does not change their order.
fn said(speech: &[i16], codec: Codec, network: Network, rng: &mut Rng) -> Vec<(Duration, Vec<u8>)> {
    let mut encoder = codec.encoder(Opus::default());
    let mut arrival = Duration::ZERO;
    let mut packets = Vec::new();
    for (number, sound) in speech.chunks_exact(PACKET).enumerate() {
        let mut packet = vec![0x80, codec.usual_payload_type()];
        packet.extend((number as u16).to_be_bytes());
        packet.extend((number as u32 * PACKET as u32 * codec.clock_factor()).to_be_bytes());
        packet.extend(7_u32.to_be_bytes());
        packet.extend(encoder.payload(sound));
        let left = PACKET_TIME * (number as u32 + 1);
        arrival = arrival.max(left + Duration::from_micros(rng.below(network.jitter_ms * 1000 + 1)));
        // The first few are there, so that the call begins.
        if number < 10 || !rng.chance(network.loss_percent, 100) {
            packets.push((arrival, packet));
        }
    }
    packets
}

/// What a phone makes of the packets that it gets: it waits for as long as the jitter may be, and conceals what is missing.
fn played(packets: &[(Duration, Vec<u8>)], codec: Codec, network: Network) -> Vec<i16> {
    let mut slots: BTreeMap<i64, &[u8]> = BTreeMap::new();
    let audio = |packet: &&(Duration, Vec<u8>)| packet.1[1] & 0x7f == codec.usual_payload_type();
    let timestamp = |packet: &[u8]| {
        let bytes = [packet[4], packet[5], packet[6], packet[7]];
        u32::from_be_bytes(bytes)
    };
    let Some((first_at, first)) = packets.iter().find(audio) else { return Vec::new() };
    let wait = Duration::from_millis(network.jitter_ms + 20);
    for (at, packet) in packets.iter().filter(audio) {
        let samples = timestamp(packet).wrapping_sub(timestamp(first)).cast_signed();
        let slot = i64::from(samples / codec.clock_factor() as i32) / PACKET as i64;
        let due = *first_at + wait + PACKET_TIME * u32::try_from(slot).unwrap_or(0);
        if *at <= due {
            slots.insert(slot, &packet[12..]);
        }
    }
    let (mut decoder, mut concealer) = (codec.decoder(), Concealer::new(Rate::Narrow));
    let last = slots.last_key_value().map_or(0, |(slot, _)| *slot);
    let mut sound = Vec::new();
    for slot in 0..=last {
        let mut frame = slots.get(&slot).map(|payload| decoder.sound(payload)).unwrap_or_default();
        if frame.is_empty() {
            frame = vec![0; PACKET];
            concealer.lost(&mut frame);
        } else {
            concealer.good(&mut frame);
        }
        sound.extend(frame);
    }
    sound
}

fn bridged(now: Now, (from, to): (Codec, Codec), rng: &mut Rng, out: &mut Wire<'_>) -> (Engine, RecordingId) {
    let call = CallId::generate(WallTime(0), rng);
    let recording = RecordingId::generate(WallTime(0), rng);
    let mut engine = Engine::new(EngineConfig::default(), rng.fork(), Arc::new(PromptLibrary::default()));
    for (leg, codec) in [(SPEAKER, from), (LISTENER, to)] {
        engine.handle_command(now, Command::OpenLeg { leg, call }, out);
        let remote = Remote {
            address: address(leg),
            rtcp: None,
            rtcp_mux: false,
            codec,
            opus: Opus::default(),
            payload_type_send: codec.usual_payload_type(),
            payload_type_receive: codec.usual_payload_type(),
            telephone_event_send: None,
            telephone_event_receive: Some(101),
            telephone_event_clock_factor: 1,
            comfort_noise_receive: None,
            srtp: None,
            dtls: None,
            direction: Direction::SendReceive,
            ptime_ms: 20,
        };
        engine.handle_command(now, Command::SetRemote { leg, remote }, out);
    }
    let bridge = BridgeId(1);
    engine.handle_command(now, Command::Bridge { bridge, a: SPEAKER, b: LISTENER }, out);
    let voices = vec![Voice::new(SPEAKER, Channel::Customer, "customer")];
    engine.handle_command(now, Command::StartRecording { recording, voices }, out);
    (engine, recording)
}

fn address(leg: LegId) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, leg.0 as u8], 4000))
}

fn read(path: &Path) -> Result<Vec<i16>, Failure> {
    let mut reader = hound::WavReader::open(path)?;
    let spec = reader.spec();
    let samples: Vec<i16> = reader.samples().step_by(usize::from(spec.channels)).collect::<Result<_, _>>()?;
    Ok(resampled(&samples, spec.sample_rate, Rate::Narrow).ok_or("this rate is not read")?)
}

fn write(path: &Path, sound: &[i16]) -> Result<(), Failure> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec)?;
    for sample in sound {
        writer.write_sample(*sample)?;
    }
    writer.finalize()?;
    Ok(())
}
