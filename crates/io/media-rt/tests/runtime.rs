//! The running media threads, with phones on loopback sockets: what a caller, an agent and a listener of the
//! recording hear.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::wildcard_enum_match_arm, reason = "a test waits for one event and passes the others over")]

mod phone;

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use hotline_audio::{Rate, SAMPLE_RATE_HZ, Tone, rms_dbfs, tone_dbfs};
use hotline_base::{BridgeId, CallId, LegId, PlayId, RecordingId, Rng, WallTime};
use hotline_media::{
    Behind, Channel, Codec, Command, EngineConfig, Event, LegFailure, PlayOutcome, PromptLibrary, Remote,
    Voice,
};
use hotline_media_rt::{
    Frame, Identity, LoadConfig, MediaConfig, MediaHandle, MediaRuntime, SendError, StartError, line,
};
use hotline_record_io::{Recorder, RecorderConfig};
use hotline_rtp::{EventSender, PeerReport, REPORT_LEN_MAX, Reception, Report};
use phone::{Heard, Phone, Say};

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PATIENCE: Duration = Duration::from_secs(20);
const CUSTOMER: LegId = LegId(1);
const AGENT: LegId = LegId(2);

struct Server {
    root: tempfile::TempDir,
    media: MediaRuntime,
    handle: MediaHandle,
    recorder: Recorder,
    events: Receiver<Event>,
}

impl Server {
    fn start() -> Self {
        Self::with_ports(0..=0)
    }

    fn with_ports(ports: std::ops::RangeInclusive<u16>) -> Self {
        let root = tempfile::tempdir().unwrap();
        let (sender, events) = channel();
        // At the end of a test nobody listens any more.
        let report = move |event| {
            drop(sender.send(event));
            None
        };
        let recorder =
            Recorder::start(RecorderConfig::new(root.path().to_path_buf()), report.clone()).unwrap();
        let config = MediaConfig {
            threads: 2,
            bind: LOCAL,
            ports,
            engine: EngineConfig::default(),
            identity: identity(),
        };
        let media = MediaRuntime::start(&config, &prompts(), &recorder, report).unwrap();
        let handle = media.handle();
        Self { root, media, handle, recorder, events }
    }

    fn send(&self, command: Command) {
        self.handle.send(command).unwrap();
    }

    /// The next event that `wanted` takes; the others are passed over.
    fn wait_for<T>(&self, mut wanted: impl FnMut(&Event) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let event = self.events.recv_timeout(left).expect("the event comes");
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
    }

    fn open(&self, leg: LegId) -> u16 {
        self.send(Command::OpenLeg { leg, call: call() });
        self.wait_for(|event| match event {
            Event::LegOpened { leg: opened, port } if *opened == leg => Some(*port),
            Event::LegFailed { cause, .. } => panic!("{cause}"),
            _ => None,
        })
    }

    fn set_remote(&self, leg: LegId, remote: SocketAddr, codec: Codec) {
        self.set_remote_with(leg, remote, codec, None);
    }

    fn set_remote_with(&self, leg: LegId, remote: SocketAddr, codec: Codec, rtcp: Option<SocketAddr>) {
        self.send(Command::SetRemote { leg, remote: Remote { rtcp, ..Remote::new(remote, codec) } });
    }

    fn close(&self, leg: LegId) -> hotline_media::LegStats {
        self.send(Command::CloseLeg { leg });
        self.wait_for(|event| match event {
            Event::LegClosed { leg: closed, stats } if *closed == leg => Some(*stats),
            _ => None,
        })
    }
}

/// Half a second of 700 Hz, and music of 300 Hz.
fn identity() -> Identity {
    Identity::generate().unwrap()
}

fn prompts() -> Arc<PromptLibrary> {
    let tone = |hz, samples| Tone::new(hz, -10.0, SAMPLE_RATE_HZ).take(samples).collect::<Vec<i16>>();
    let mut library = PromptLibrary::default();
    library.insert("en/hello".into(), &tone(700.0, 4000));
    library.insert("music/waiting".into(), &tone(300.0, 8000));
    Arc::new(library)
}

fn call() -> CallId {
    CallId::generate(WallTime(0), &mut Rng::from_number(1))
}

fn start_recording() -> Command {
    let voices = vec![
        Voice::new(CUSTOMER, Channel::Customer, "customer"),
        Voice::new(AGENT, Channel::Agent, "agent:1001"),
    ];
    Command::StartRecording { recording: recording(), voices }
}

fn recording() -> RecordingId {
    RecordingId::generate(WallTime(0), &mut Rng::from_number(2))
}

/// A tone, and one loud click at the beginning of packet `click`.
fn tone_with_click(frequency_hz: f64, click: u32) -> impl FnMut(u32) -> Say + Send + 'static {
    let mut tone = Tone::new(frequency_hz, -20.0, SAMPLE_RATE_HZ);
    move |packet| {
        let mut samples: Vec<i16> = tone.by_ref().take(160).collect();
        if packet == click {
            samples[..8].fill(i16::MAX);
        }
        Say::Audio(samples)
    }
}

fn wait_until(mut happened: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !happened() {
        assert!(Instant::now() < deadline, "it never happened");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

fn decode(heard: &[Heard], codec: Codec) -> Vec<i16> {
    let mut decoder = codec.decoder();
    heard.iter().flat_map(|packet| decoder.sound(&packet.payload)).collect()
}

fn channels(path: &Path) -> [Vec<i16>; 2] {
    let samples: Vec<i16> = hound::WavReader::open(path).unwrap().samples().map(Result::unwrap).collect();
    [0, 1].map(|side| samples.iter().copied().skip(side).step_by(2).collect())
}

#[track_caller]
fn assert_hears(samples: &[i16], loud_hz: f64, quiet_hz: f64) {
    let (loud, quiet) =
        (tone_dbfs(samples, loud_hz, SAMPLE_RATE_HZ), tone_dbfs(samples, quiet_hz, SAMPLE_RATE_HZ));
    assert!((-21.5..-8.5).contains(&loud), "{loud_hz} Hz at {loud} dB");
    assert!(quiet < -45.0, "{quiet_hz} Hz at {quiet} dB");
}

#[test]
fn a_call_from_prompt_to_recording() {
    call_from_prompt_to_recording(Codec::Pcmu, Codec::Pcma);
}

#[test]
fn a_wide_band_phone_talks_with_a_telephone() {
    call_from_prompt_to_recording(Codec::G722, Codec::Pcmu);
}

/// A phone with a port of its own for reports gets ours from the port next to the audio's, and is heard there.
#[test]
fn both_sides_report_on_the_odd_port() {
    let server = Server::start();
    let port = server.open(CUSTOMER);
    let phone = Phone::new();
    let reports = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    reports.set_read_timeout(Some(PATIENCE)).unwrap();
    server.set_remote_with(CUSTOMER, phone.address, Codec::Pcmu, reports.local_addr().ok());
    let talk = phone.call(port, Codec::Pcmu, Instant::now(), tone_with_click(440.0, u32::MAX));
    let mut buffer = [0; 512];
    let mut first = None;
    for _ in 0..2 {
        let (length, source) = reports.recv_from(&mut buffer).unwrap();
        assert_eq!(source.port(), port + 1);
        let PeerReport { ssrc, sender, .. } = PeerReport::read(&buffer[..length], 0).unwrap();
        let sender = sender.expect("it sends");
        assert_eq!(*first.get_or_insert(ssrc), ssrc);
        let reception = Reception { ssrc, lost: 4, last_report: sender.middle(), ..Reception::default() };
        let answer = Report { ssrc: 9, name: 9, sender: None, reception: Some(reception), bye: false };
        let mut packet = [0; REPORT_LEN_MAX];
        let length = answer.write(&mut packet);
        reports.send_to(&packet[..length], source).unwrap();
    }
    talk.hang_up();
    let stats = server.close(CUSTOMER);
    assert_eq!((stats.reports_received, stats.peer_lost), (2, Some(4)));
    assert!(stats.round_trip_us.is_some_and(|us| us < 1_000_000), "{stats:?}");
    let (length, _) = reports.recv_from(&mut buffer).unwrap();
    assert!(PeerReport::read(&buffer[..length], 0).unwrap().bye, "it says that it leaves");
}

fn call_from_prompt_to_recording(of_customer: Codec, of_agent: Codec) {
    let server = Server::start();
    let (customer, agent) = (Phone::new(), Phone::new());
    let (customer_port, agent_port) = (server.open(CUSTOMER), server.open(AGENT));
    assert_eq!(server.handle.ports_in_use(), 2);
    server.set_remote(CUSTOMER, customer.address, of_customer);
    server.set_remote(AGENT, agent.address, of_agent);
    server.send(Command::SetMusic { leg: CUSTOMER, prompt: Some("music/waiting".into()) });
    server.send(Command::Play {
        leg: CUSTOMER,
        play: PlayId(1),
        prompts: vec!["en/hello".into()],
        behind: Behind::Silence,
    });
    let begin = Instant::now();
    let customer = customer.call(customer_port, of_customer, begin, tone_with_click(440.0, 150));
    let agent = agent.call(agent_port, of_agent, begin, tone_with_click(1000.0, 150));
    let outcome = server.wait_for(|event| match event {
        Event::PlayFinished { outcome, .. } => Some(*outcome),
        _ => None,
    });
    assert_eq!(outcome, PlayOutcome::Completed);
    wait_until(|| customer.heard() >= 50);
    server.send(Command::Bridge { bridge: BridgeId(1), a: CUSTOMER, b: AGENT });
    server.send(start_recording());
    let agent_heard = agent.heard();
    wait_until(|| agent.heard() >= agent_heard + 200);
    server.send(Command::StopRecording { recording: recording() });
    let (path, duration_ms, gap_ms) = server.wait_for(|event| match event {
        Event::RecordingFinished { path, duration_ms, gap_ms, .. } => {
            Some((path.clone(), *duration_ms, *gap_ms))
        }
        Event::RecordingFailed { cause, .. } => panic!("{cause}"),
        _ => None,
    });
    let heard_by_customer = customer.hang_up();
    let heard_by_agent = agent.hang_up();
    let stats = server.close(CUSTOMER);
    server.close(AGENT);
    assert_eq!(server.handle.ports_in_use(), 0);
    assert_eq!((stats.packets_lost, stats.strangers, stats.malformed), (0, 0, 0));
    assert!(stats.packets_received > 200);

    let ears = decode(&heard_by_customer, of_customer);
    assert_hears(&ears[800..3200], 700.0, 300.0);
    assert_hears(&ears[5000..7000], 300.0, 700.0);
    assert_hears(&ears[ears.len() - 8000..], 1000.0, 440.0);
    let ears = decode(&heard_by_agent, of_agent);
    assert_hears(&ears[ears.len() - 8000..], 440.0, 1000.0);
    assert_one_stream(&heard_by_customer);
    assert_one_stream(&heard_by_agent);

    let [left, right] = channels(&server.root.path().join(path));
    assert_eq!(left.len() as u64 * 1000 / 8000, duration_ms);
    assert!(duration_ms >= 3900 && gap_ms == 0, "{duration_ms} ms, gap {gap_ms} ms");
    assert_hears(&left[800..8000], 440.0, 1000.0);
    assert_hears(&right[800..8000], 1000.0, 440.0);
    let click = |side: &[i16]| side.iter().position(|sample| *sample > 20_000).unwrap();
    let apart = click(&left).abs_diff(click(&right));
    assert!(apart <= 160, "clicks of one moment are {apart} samples apart");
    server.media.stop();
    server.recorder.stop();
}

/// One source, every sequence number once and in order, time that never runs back.
#[track_caller]
fn assert_one_stream(heard: &[Heard]) {
    for pair in heard.windows(2) {
        let (before, after) = (pair[0].header, pair[1].header);
        assert_eq!(after.ssrc, before.ssrc);
        assert_eq!(after.sequence, before.sequence.wrapping_add(1));
        let step = after.timestamp.wrapping_sub(before.timestamp);
        assert!((160..8000).contains(&step), "a step of {step}");
    }
}

#[test]
fn keys_come_through_once_whatever_is_repeated() {
    let server = Server::start();
    let phone = Phone::new();
    let port = server.open(CUSTOMER);
    server.set_remote(CUSTOMER, phone.address, Codec::Pcmu);
    let mut packets = Vec::new();
    for (index, key) in "1#9".chars().enumerate() {
        let timestamp = 70_000 + u32::try_from(index).unwrap() * 4000;
        for packet in EventSender::new(key.try_into().unwrap(), 480) {
            packets.push((timestamp, packet.payload.to_vec()));
        }
    }
    let phone =
        phone.call(port, Codec::Pcmu, Instant::now(), move |packet| match packets.get(packet as usize) {
            Some((timestamp, payload)) => Say::Event(101, *timestamp, payload.clone()),
            None => Say::Audio(vec![0; 160]),
        });
    let mut keys = String::new();
    server.wait_for(|event| {
        if let Event::Digit { digit, duration_ms, .. } = event {
            assert_eq!(*duration_ms, 60);
            keys.push(digit.as_char());
        }
        (keys.len() == 3).then_some(())
    });
    assert_eq!(keys, "1#9");
    phone.hang_up();
    assert_eq!(server.close(CUSTOMER).digits, 3);
}

#[test]
fn strangers_and_garbage_reach_nobody() {
    let server = Server::start();
    let (customer, agent) = (Phone::new(), Phone::new());
    let (customer_port, agent_port) = (server.open(CUSTOMER), server.open(AGENT));
    server.set_remote(CUSTOMER, customer.address, Codec::Pcmu);
    server.set_remote(AGENT, agent.address, Codec::Pcmu);
    server.send(Command::Bridge { bridge: BridgeId(1), a: CUSTOMER, b: AGENT });
    let begin = Instant::now();
    let customer = customer.call(customer_port, Codec::Pcmu, begin, tone_with_click(440.0, u32::MAX));
    let agent = agent.call(agent_port, Codec::Pcmu, begin, tone_with_click(1000.0, u32::MAX));
    wait_until(|| agent.heard() > 10);
    let stranger = UdpSocket::bind((LOCAL, 0)).unwrap();
    let noise = hotline_rtp::Header { marker: true, payload_type: 0, sequence: 9, timestamp: 9, ssrc: 9 };
    let mut rng = Rng::from_number(5);
    for _ in 0..500 {
        let mut garbage = vec![0; rng.below(300) as usize];
        rng.fill(&mut garbage);
        stranger.send_to(&garbage, (LOCAL, customer_port)).unwrap();
        stranger.send_to(&noise.packet(&[0; 160]), (LOCAL, customer_port)).unwrap();
    }
    let heard = agent.heard();
    wait_until(|| agent.heard() > heard + 50);
    let ears = decode(&agent.hang_up(), Codec::Pcmu);
    customer.hang_up();
    assert_hears(&ears[ears.len() - 6000..], 440.0, 1000.0);
    assert!((rms_dbfs(&ears[ears.len() - 6000..]) + 20.0).abs() < 1.0, "the tone and nothing else");
    let stats = server.close(CUSTOMER);
    // A flooded socket loses some, as it should.
    assert!(stats.strangers > 100, "{stats:?}");
    assert!(stats.malformed > 100, "{stats:?}");
}

#[test]
fn a_missing_prompt_and_a_used_up_range_are_said() {
    let port = free_even_port();
    let server = Server::with_ports(port..=port + 1);
    assert_eq!(server.open(CUSTOMER), port);
    server.send(Command::Play {
        leg: CUSTOMER,
        play: PlayId(1),
        prompts: vec!["en/none".into()],
        behind: Behind::Silence,
    });
    let outcome = server.wait_for(|event| match event {
        Event::PlayFinished { outcome, .. } => Some(*outcome),
        _ => None,
    });
    assert_eq!(outcome, PlayOutcome::MissingPrompt);
    server.send(Command::OpenLeg { leg: AGENT, call: call() });
    let cause = server.wait_for(|event| match event {
        Event::LegFailed { cause, .. } => Some(*cause),
        _ => None,
    });
    assert_eq!(cause, LegFailure::PortsExhausted);
    server.close(CUSTOMER);
    assert_eq!(server.handle.ports_in_use(), 0);
    assert_eq!(server.open(AGENT), port);
}

fn free_even_port() -> u16 {
    loop {
        let port = UdpSocket::bind((LOCAL, 0)).unwrap().local_addr().unwrap().port();
        if port.is_multiple_of(2) {
            return port;
        }
    }
}

#[test]
fn stopping_closes_every_leg_and_completes_the_recordings() {
    let server = Server::start();
    server.open(CUSTOMER);
    server.open(AGENT);
    server.send(start_recording());
    server.wait_for(|event| matches!(event, Event::RecordingStarted { .. }).then_some(()));
    let handle = server.handle.clone();
    server.media.stop();
    server.recorder.stop();
    assert_eq!(handle.ports_in_use(), 0);
    assert_eq!(handle.send(Command::CloseLeg { leg: CUSTOMER }), Err(SendError::Stopped));
    let events: Vec<Event> = server.events.try_iter().collect();
    let closed = events.iter().filter(|event| matches!(event, Event::LegClosed { .. })).count();
    let finished = events.iter().filter(|event| matches!(event, Event::RecordingFinished { .. })).count();
    assert_eq!((closed, finished), (2, 1), "{events:?}");
}

/// A thread that is stuck: nobody waits for it, openings are refused first, and the refusal is counted.
#[test]
fn a_stuck_thread_refuses_new_legs_and_blocks_nobody() {
    let root = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(RecorderConfig::new(root.path().to_path_buf()), |_| None).unwrap();
    let config = MediaConfig {
        threads: 1,
        bind: LOCAL,
        ports: 0..=0,
        engine: EngineConfig::default(),
        identity: identity(),
    };
    let (stuck, is_stuck) = channel();
    let gate = Arc::new(Barrier::new(2));
    let at_gate = Arc::clone(&gate);
    let media = MediaRuntime::start(&config, &prompts(), &recorder, move |event| {
        if matches!(event, Event::LegOpened { .. }) {
            stuck.send(()).unwrap();
            at_gate.wait();
        }
        None
    })
    .unwrap();
    let handle = media.handle();
    handle.send(Command::OpenLeg { leg: CUSTOMER, call: call() }).unwrap();
    is_stuck.recv_timeout(PATIENCE).unwrap();
    let music = || handle.send(Command::SetMusic { leg: CUSTOMER, prompt: None });
    for _ in 0..8192 {
        music().unwrap();
    }
    let refused = handle.send(Command::OpenLeg { leg: AGENT, call: call() });
    assert_eq!((refused, handle.counters().commands_refused), (Err(SendError::Overloaded), 1));
    assert_eq!(music(), Ok(()), "there is room for a leg that lives");
    handle.send(Command::CloseLeg { leg: CUSTOMER }).unwrap();
    gate.wait();
    wait_until(|| handle.ports_in_use() == 0);
}

/// Call control has no time for a while: it still learns of every leg, in the end.
#[test]
fn a_busy_listener_loses_no_beginning_and_no_end_of_a_leg() {
    let root = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(RecorderConfig::new(root.path().to_path_buf()), |_| None).unwrap();
    let config = MediaConfig {
        threads: 1,
        bind: LOCAL,
        ports: 0..=0,
        engine: EngineConfig::default(),
        identity: identity(),
    };
    let busy = Arc::new(AtomicBool::new(true));
    let (sender, events) = channel();
    let is_busy = Arc::clone(&busy);
    let media = MediaRuntime::start(&config, &prompts(), &recorder, move |event| {
        if is_busy.load(Ordering::Relaxed) {
            return Some(event);
        }
        drop(sender.send(event));
        None
    })
    .unwrap();
    let handle = media.handle();
    let legs: Vec<LegId> = (0..100).map(LegId).collect();
    for leg in &legs {
        handle.send(Command::OpenLeg { leg: *leg, call: call() }).unwrap();
        handle
            .send(Command::Play {
                leg: *leg,
                play: PlayId(leg.0),
                prompts: vec!["en/none".into()],
                behind: Behind::Silence,
            })
            .unwrap();
        handle.send(Command::CloseLeg { leg: *leg }).unwrap();
    }
    wait_until(|| handle.ports_in_use() == 0 && handle.counters().commands_refused == 0);
    busy.store(false, Ordering::Relaxed);
    let told: Vec<Event> =
        std::iter::from_fn(|| events.recv_timeout(PATIENCE).ok()).take(3 * legs.len()).collect();
    for (leg, told) in legs.iter().zip(told.chunks(3)) {
        assert!(matches!(told[0], Event::LegOpened { leg: opened, .. } if opened == *leg), "{told:?}");
        assert!(matches!(told[1], Event::PlayFinished { play, .. } if play == PlayId(leg.0)), "{told:?}");
        assert!(matches!(told[2], Event::LegClosed { leg: closed, .. } if closed == *leg), "{told:?}");
    }
}

#[test]
fn a_wrong_configuration_is_named() {
    let root = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(RecorderConfig::new(root.path().to_path_buf()), |_| None).unwrap();
    let good = MediaConfig {
        threads: 1,
        bind: LOCAL,
        ports: 0..=0,
        engine: EngineConfig::default(),
        identity: identity(),
    };
    let message = |config: MediaConfig| -> String {
        let error: StartError = MediaRuntime::start(&config, &prompts(), &recorder, |_| None).err().unwrap();
        error.to_string()
    };
    assert_eq!(message(MediaConfig { threads: 0, ..good.clone() }), "media threads: at least one is needed");
    let odd = MediaConfig { ports: 5001..=5001, ..good.clone() };
    assert_eq!(
        message(odd),
        "media ports 5001-5001: there is no even port with the odd one after it in the range"
    );
    let foreign = MediaConfig { bind: "192.0.2.1".parse().unwrap(), ..good };
    assert_eq!(message(foreign), "media address 192.0.2.1: cannot be bound");
}

/// A service on a line hears the caller and is heard, until one of both goes.
#[test]
fn a_caller_talks_with_a_service_on_a_line() {
    let server = Server::start();
    let port = server.open(CUSTOMER);
    let phone = Phone::new();
    server.set_remote(CUSTOMER, phone.address, Codec::Pcmu);
    let (leg, mut service) = line(Rate::Wide);
    server.handle.attach(CUSTOMER, leg).unwrap();
    let call = phone.call(port, Codec::Pcmu, Instant::now(), tone_with_click(700.0, u32::MAX));
    let mut tone = Tone::new(1000.0, -10.0, 16_000);
    let mut frame = || Frame::new(Rate::Wide, &tone.by_ref().take(320).collect::<Vec<_>>());
    let mut heard: Vec<i16> = Vec::new();
    wait_until(|| {
        while service.waiting() < 5 && service.say(&frame()) {}
        while let Some(frame) = service.heard() {
            heard.extend_from_slice(frame.samples());
        }
        heard.len() > 2 * 16_000
    });
    drop(service);
    let (leg, service) = line(Rate::Narrow);
    server.handle.attach(CUSTOMER, leg).unwrap();
    let sent = server.close(CUSTOMER).packets_sent;
    assert!(sent >= 80, "{sent} packets in two seconds");
    wait_until(|| service.is_over());
    let second = &heard[16_000..];
    assert!((tone_dbfs(second, 700.0, 16_000) + 20.0).abs() < 1.5);
    let told = decode(&call.hang_up(), Codec::Pcmu);
    assert!(tone_dbfs(&told[4000..12_000], 1000.0, SAMPLE_RATE_HZ) > -12.0);
    let (late, other_end) = line(Rate::Narrow);
    server.handle.attach(CUSTOMER, late).unwrap();
    wait_until(|| other_end.is_over());
}

#[test]
fn a_prompt_that_is_added_during_a_call_is_heard_in_it() {
    let server = Server::start();
    let port = server.open(CUSTOMER);
    let phone = Phone::new();
    server.set_remote(CUSTOMER, phone.address, Codec::Pcmu);
    let call = phone.call(port, Codec::Pcmu, Instant::now(), tone_with_click(700.0, u32::MAX));
    let path = server.root.path().join("spoken.wav");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 22_050,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    Tone::new(1000.0, -10.0, 22_050).take(22_050).for_each(|sample| writer.write_sample(sample).unwrap());
    writer.finalize().unwrap();
    let ticket = server.handle.add_prompt("a1b2", &path, LoadConfig::default()).unwrap();
    let prompts = vec![ticket.id().clone(), "en/hello".into()];
    server.send(Command::Play { leg: CUSTOMER, play: PlayId(1), prompts, behind: Behind::Silence });
    let outcome = server.wait_for(|event| match event {
        Event::PlayFinished { outcome, .. } => Some(*outcome),
        _ => None,
    });
    assert_eq!(outcome, PlayOutcome::Completed);
    server.close(CUSTOMER);
    let heard = decode(&call.hang_up(), Codec::Pcmu);
    let spoken = heard.windows(4000).step_by(400).filter(|part| tone_dbfs(part, 1000.0, 8000) > -11.0);
    assert!(spoken.count() >= 9, "all of its second");
    assert_eq!(server.handle.counters().added_prompt_bytes, 48_000);
}
