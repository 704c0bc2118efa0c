//! What speech sounds like behind the media engine: `quality SPEECH.wav DIRECTORY [SEEDS]`. Two simulated phones talk through the engine in
//! simulated time, over a network that loses and delays packets on the speaker's side, or for a browser that listens on its side; what the
//! other phone plays, and what the recorder writes, become WAV files of 8 kHz in the directory. `list.txt` says which: path, packets lost in a hundred, jitter in milliseconds, seed, file.
//!
//! `tests/quality/pesq_scores.py` compares them with what was said.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::{self, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::channel;

use hotline_audio::{Concealer, Rate, resampled};
use hotline_base::{BridgeId, CallId, LegId, Now, RecordingId, Rng, WallTime};
use hotline_media::{
    Channel, Chunk, Codec, Command, Direction, Engine, EngineConfig, Event, Opus, PromptLibrary, Remote,
    Sink, Voice,
};
use hotline_record_io::{Recorder, RecorderConfig, Tap};
use hotline_rtp::{REPORT_LEN_MAX, Reception, Report};

const LOSSES: [u64; 4] = [0, 1, 3, 5];
const JITTERS_MS: [u64; 4] = [0, 20, 40, 80];
const PATHS: [Path; 7] = [
    Path { recorded: Some("recorded-g711"), ..Path::new("relay-g711", Codec::Pcmu, Codec::Pcmu) },
    Path { recorded: Some("recorded-g722"), ..Path::new("g722-to-g711", Codec::G722, Codec::Pcmu) },
    Path::new("g711-to-g722", Codec::Pcmu, Codec::G722),
    Path { recorded: Some("recorded-opus"), ..Path::new("opus-to-g711", Codec::Opus, Codec::Pcmu) },
    Path {
        has_fec: true,
        recorded: Some("recorded-opus-fec"),
        ..Path::new("opus-fec-to-g711", Codec::Opus, Codec::Pcmu)
    },
    Path { is_behind: true, ..Path::new("g711-to-opus", Codec::Pcmu, Codec::Opus) },
    Path { has_fec: true, is_behind: true, ..Path::new("g711-to-opus-fec", Codec::Pcmu, Codec::Opus) },
];
/// 20 ms at 8 kHz.
const PACKET: usize = 160;
const PACKET_TIME: Duration = Duration::from_millis(20);
const SPEAKER: LegId = LegId(1);
const LISTENER: LegId = LegId(2);

/// How often a browser reports what it misses, in packets: every five seconds, the first time after one (RFC 3550 §6.2).
const REPORT_EVERY: usize = 250;
const REPORT_FIRST: usize = 50;
/// The first few are there, so that the call begins.
const SPARED: usize = 10;

type Failure = Box<dyn Error>;

/// What is said in, and what comes out.
#[derive(Clone, Copy)]
struct Path {
    name: &'static str,
    from: Codec,
    to: Codec,
    /// Opus packets say something of the one before them, as soon as there is loss.
    has_fec: bool,
    /// The network is bad on the listener's side.
    is_behind: bool,
    /// What the recorder writes is looked at by this name.
    recorded: Option<&'static str>,
}

impl Path {
    const fn new(name: &'static str, from: Codec, to: Codec) -> Self {
        Self { name, from, to, has_fec: false, is_behind: false, recorded: None }
    }
}

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

impl Network {
    const GOOD: Self = Self { loss_percent: 0, jitter_ms: 0, seed: 0 };

    /// Between the speaker and the engine.
    const fn before(self, way: Path) -> Self {
        if way.is_behind { Self::GOOD } else { self }
    }

    /// Between the engine and the listener.
    const fn behind(self, way: Path) -> Self {
        if way.is_behind { self } else { Self::GOOD }
    }
}

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let speech = arguments.next().ok_or("which file is said?")?;
    let directory = PathBuf::from(arguments.next().ok_or("into which directory?")?);
    let seeds: u64 = arguments.next().map_or(Ok(2), |text| text.parse())?;
    let speech = read(path::Path::new(&speech))?;
    write(&directory.join("said.wav"), &speech)?;
    let mut list = String::new();
    for path in PATHS {
        for loss_percent in LOSSES {
            for jitter_ms in JITTERS_MS {
                for seed in 1..=seeds {
                    let network = Network { loss_percent, jitter_ms, seed };
                    let (heard, written) = talk(&directory, &speech, path, network)?;
                    let mut keep = |name: &str, sound: &[i16]| -> Result<(), Failure> {
                        let file = format!("{name}-{loss_percent}-{jitter_ms}-{seed}.wav");
                        write(&directory.join(&file), sound)?;
                        writeln!(list, "{name} {loss_percent} {jitter_ms} {seed} {file}")?;
                        Ok(())
                    };
                    keep(path.name, &heard)?;
                    if let Some(recorded) = path.recorded {
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
    directory: &path::Path,
    speech: &[i16],
    way: Path,
    network: Network,
) -> Result<(Vec<i16>, Vec<i16>), Failure> {
    let root = directory.join("recordings");
    let (sender, events) = channel();
    let recorder = Recorder::start(RecorderConfig::new(root.clone()), move |event| {
        sender.send(event).err().map(|refused| refused.0)
    })?;
    let mut tap = recorder.tap();
    let heard = heard(speech, way, network, &mut tap);
    recorder.stop();
    let path = events.try_iter().find_map(|event| {
        if let Event::RecordingFinished { path, .. } = event { Some(root.join(path)) } else { None }
    });
    let mut recorded = hound::WavReader::open(path.ok_or("nothing was recorded")?)?;
    let left: Vec<i16> = recorded.samples().step_by(2).collect::<Result<_, _>>()?;
    std::fs::remove_dir_all(&root)?;
    Ok((heard, left))
}

fn heard(speech: &[i16], way: Path, network: Network, tap: &mut Tap) -> Vec<i16> {
    let mut rng = Rng::from_number(network.seed);
    let begin = Now::default();
    let mut out = Wire { tap, now: Duration::ZERO, heard: Vec::new() };
    let (mut engine, recording) = bridged(begin, way, &mut rng, &mut out);
    let mut next_beat = Duration::ZERO;
    let said = said(speech, way, network.before(way), &mut rng);
    let (mut behind, mut judged) = (Behind::default(), 0);
    for (arrival, mut packet) in said {
        while next_beat <= arrival {
            out.now = next_beat;
            engine.handle_tick(begin + next_beat, &mut out);
            next_beat += PACKET_TIME;
        }
        out.now = arrival;
        engine.handle_packet(begin + arrival, SPEAKER, address(SPEAKER), &mut packet, &mut out);
        while engine.poll_event().is_some() {}
        for (at, packet) in out.heard.get(judged..).unwrap_or_default() {
            behind.take(*at, packet, way.to, network.behind(way), &mut rng);
        }
        judged = out.heard.len();
        if let Some(mut report) = behind.report() {
            engine.handle_packet(begin + arrival, LISTENER, address(LISTENER), &mut report, &mut out);
        }
    }
    engine.handle_command(begin + next_beat, Command::StopRecording { recording }, &mut out);
    played(&behind.arrived, way.to, network)
}

/// The network between the engine and the listener, and what the listener reports of it.
#[derive(Default)]
struct Behind {
    arrived: Vec<(Duration, Vec<u8>)>,
    arrival: Duration,
    sent: usize,
    /// Of the packets since the last report.
    lost: u32,
    since: u32,
}

impl Behind {
    fn take(&mut self, at: Duration, packet: &[u8], codec: Codec, network: Network, rng: &mut Rng) {
        if packet[1] & 0x7f != codec.usual_payload_type() {
            return;
        }
        self.arrival = self.arrival.max(at + Duration::from_micros(rng.below(network.jitter_ms * 1000 + 1)));
        (self.sent, self.since) = (self.sent + 1, self.since + 1);
        if self.sent > SPARED && rng.chance(network.loss_percent, 100) {
            self.lost += 1;
        } else {
            self.arrived.push((self.arrival, packet.to_vec()));
        }
    }

    /// The report that is due.
    fn report(&mut self) -> Option<Vec<u8>> {
        let is_due =
            self.since > 0 && (self.sent == REPORT_FIRST || self.sent % REPORT_EVERY == REPORT_FIRST);
        let (_, last) = self.arrived.last().filter(|_| is_due)?;
        let ssrc = u32::from_be_bytes(*last.get(8..)?.first_chunk()?);
        let fraction_lost = u8::try_from(self.lost * 256 / self.since).unwrap_or(u8::MAX);
        (self.lost, self.since) = (0, 0);
        let reception = Some(Reception { ssrc, fraction_lost, ..Reception::default() });
        let report = Report { ssrc: 9, name: 1, sender: None, reception, bye: false };
        let mut packet = [0; REPORT_LEN_MAX];
        let length = report.write(&mut packet);
        Some(packet[..length].to_vec())
    }
}

/// The packets of a phone in the order in which they arrive, and when. A network that delays does not change their order.
fn said(speech: &[i16], way: Path, network: Network, rng: &mut Rng) -> Vec<(Duration, Vec<u8>)> {
    let codec = way.from;
    let mut encoder = codec.encoder(Opus::default());
    if way.has_fec {
        // A browser learns by our reports what is lost.
        encoder.set_loss_percent(u8::try_from(network.loss_percent).unwrap_or(100));
    }
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
        if number < SPARED || !rng.chance(network.loss_percent, 100) {
            packets.push((arrival, packet));
        }
    }
    packets
}

/// What a phone makes of the packets that it gets: it waits for as long as the jitter may be, and conceals what is missing; of Opus
/// by what the packet after it says.
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
            let next = slots.get(&(slot + 1)).copied();
            if !decoder.conceal(next, &mut frame) {
                concealer.lost(&mut frame);
            }
        } else {
            concealer.good(&mut frame);
        }
        sound.extend(frame);
    }
    sound
}

fn bridged(now: Now, way: Path, rng: &mut Rng, out: &mut Wire<'_>) -> (Engine, RecordingId) {
    let call = CallId::generate(WallTime(0), rng);
    let recording = RecordingId::generate(WallTime(0), rng);
    let mut engine = Engine::new(EngineConfig::default(), rng.fork(), Arc::new(PromptLibrary::default()));
    for (leg, codec) in [(SPEAKER, way.from), (LISTENER, way.to)] {
        engine.handle_command(now, Command::OpenLeg { leg, call }, out);
        let remote = Remote {
            address: address(leg),
            rtcp: Some(address(leg)),
            rtcp_mux: true,
            codec,
            opus: Opus { fec: way.has_fec, ..Opus::default() },
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

fn read(path: &path::Path) -> Result<Vec<i16>, Failure> {
    let mut reader = hound::WavReader::open(path)?;
    let spec = reader.spec();
    let samples: Vec<i16> = reader.samples().step_by(usize::from(spec.channels)).collect::<Result<_, _>>()?;
    Ok(resampled(&samples, spec.sample_rate, Rate::Narrow).ok_or("this rate is not read")?)
}

fn write(path: &path::Path, sound: &[i16]) -> Result<(), Failure> {
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
