//! The recorder from its taps to its files: what a person who listens, or an operator, would notice.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use hotline_audio::{SAMPLE_RATE_HZ, Tone, tone_dbfs, ulaw};
use hotline_base::{CallId, LegId, RecordingId, Rng, WallTime};
use hotline_media::{
    Channel, Chunk, Codec, Event, Mark, MarkKind, Opus, RecordedGap, RecordedLeg, RecordedMark, RecordingEnd,
    RecordingFailure, Voice,
};
use hotline_record_io::{
    Channels, Coding, Condition, Format, Keyring, LENGTH_MAX, Recorder, RecorderConfig, Repaired, Tap,
    inspect, recover, repair, repair_unnoted, settle,
};

const PATIENCE: Duration = Duration::from_secs(20);
/// 2026-11-23 06:30:00 UTC.
const AT: WallTime = WallTime(1_795_415_400_000_000);

struct Studio {
    root: tempfile::TempDir,
    recorder: Recorder,
    events: Receiver<Event>,
}

impl Studio {
    fn open() -> Self {
        Self::with_ring(32_768)
    }

    fn with_ring(ring_slots: usize) -> Self {
        Self::with(ring_slots, Format::default())
    }

    fn with(ring_slots: usize, format: Format) -> Self {
        let root = tempfile::tempdir().unwrap();
        let (sender, events) = channel();
        let config = RecorderConfig { ring_slots, format, ..RecorderConfig::new(root.path().to_path_buf()) };
        let recorder =
            Recorder::start(config, move |event| sender.send(event).err().map(|refused| refused.0)).unwrap();
        Self { root, recorder, events }
    }

    fn event(&self) -> Event {
        self.events.recv_timeout(PATIENCE).expect("an event comes")
    }

    fn started(&self) -> PathBuf {
        let Event::RecordingStarted { path, .. } = self.event() else { panic!("not a start") };
        self.root.path().join(path)
    }
}

fn recording(number: u64) -> RecordingId {
    RecordingId::generate(AT, &mut Rng::from_number(number))
}

fn call() -> CallId {
    CallId::generate(AT, &mut Rng::from_number(99))
}

fn start(tap: &mut Tap, number: u64) {
    tap.record(recording(number), Chunk::Start { call: call(), at: AT });
}

fn say(tap: &mut Tap, number: u64, channel: Channel, position: u64, payload: &[u8]) {
    let leg = LegId(if channel == Channel::Customer { 1 } else { 2 });
    tap.record(recording(number), Chunk::Audio { leg, channel, position, codec: Codec::Pcmu, payload });
}

fn tone(frequency_hz: f64, samples: usize) -> Vec<u8> {
    let sine = Tone::new(frequency_hz, -6.0, SAMPLE_RATE_HZ);
    sine.take(samples).map(ulaw::encode).collect()
}

/// Both channels of a WAV file, as any player reads them.
fn listen(path: &Path) -> [Vec<i16>; 2] {
    let samples: Vec<i16> = hound::WavReader::open(path).unwrap().samples().map(Result::unwrap).collect();
    [0, 1].map(|side| samples.iter().copied().skip(side).step_by(2).collect())
}

/// Waits for something the recorder does by itself.
fn wait_until(mut happened: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !happened() {
        assert!(Instant::now() < deadline, "it never happened");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

#[test]
fn each_side_is_on_its_channel_at_its_time() {
    let studio = Studio::open();
    let mut tap = studio.recorder.tap();
    start(&mut tap, 1);
    let (customer, agent) = (tone(440.0, 8000), tone(1000.0, 8000));
    for (index, (left, right)) in customer.chunks(160).zip(agent.chunks(240)).enumerate() {
        say(&mut tap, 1, Channel::Customer, 4000 + index as u64 * 160, left);
        say(&mut tap, 1, Channel::Agent, index as u64 * 240, right);
    }
    tap.record(recording(1), Chunk::Finish { length: 16_000 });
    let path = studio.started();
    assert_eq!(path, studio.root.path().join(format!("2026/11/23/063000-{}.wav", recording(1))));
    let Event::RecordingFinished { recording: ended, path: told, duration_ms, gap_ms, bytes, end, .. } =
        studio.event()
    else {
        panic!("not the end")
    };
    assert_eq!((ended, told), (recording(1), format!("2026/11/23/063000-{}.wav", recording(1))));
    assert_eq!((duration_ms, gap_ms, end), (2000, 0, RecordingEnd::Stopped));
    assert_eq!(bytes, fs::metadata(&path).unwrap().len());
    let [left, right] = listen(&path);
    assert_eq!(left.len(), 16_000);
    let level = |side: &[i16], hz| tone_dbfs(side, hz, SAMPLE_RATE_HZ);
    assert!((level(&left[4000..9000], 440.0) + 6.0).abs() < 0.5);
    assert!((level(&right[..5000], 1000.0) + 6.0).abs() < 0.5);
    assert!(level(&left, 1000.0) < -50.0 && level(&right, 440.0) < -50.0);
    assert!(left[..4000].iter().all(|sample| *sample == 0), "silence before");
    assert!(left[12_000..].iter().all(|sample| *sample == 0), "silence after");
    assert_eq!(repair(studio.root.path(), &Keyring::default()).unwrap(), [], "nothing is left to mend");
    let told = recover_first(studio.root.path());
    assert_eq!(
        (told.duration_ms, told.gap_ms, told.bytes),
        (2000, Some(0), bytes),
        "also to who missed the end"
    );
}

/// What the first recording's file says of itself to somebody who knows where it is.
fn recover_first(root: &Path) -> Repaired {
    let path = format!("2026/11/23/063000-{}.wav", recording(1));
    recover(root, &Keyring::default(), (recording(1), call(), AT), &path).unwrap()
}

#[test]
fn a_file_plays_while_it_grows_and_after_a_crash() {
    let studio = Studio::open();
    let mut tap = studio.recorder.tap();
    start(&mut tap, 1);
    say(&mut tap, 1, Channel::Customer, 0, &tone(440.0, 3000));
    let path = studio.started();
    assert_eq!(listen(&path)[0].len(), 0, "valid from the first moment");
    wait_until(|| listen(&path)[0].len() > 3000);
    let [left, _] = listen(&path);
    assert!((tone_dbfs(&left[..3000], 440.0, SAMPLE_RATE_HZ) + 6.0).abs() < 0.5);

    // What a killed process leaves is what the file system holds at that moment, cut anywhere.
    let crashed = tempfile::tempdir().unwrap();
    copy_all(studio.root.path(), crashed.path());
    let relative = path.strip_prefix(studio.root.path()).unwrap();
    let file = fs::File::options().append(true).open(crashed.path().join(relative)).unwrap();
    let whole = file.metadata().unwrap().len();
    file.set_len(whole + 4 * 1600 + 3).unwrap();
    let mended = repair(crashed.path(), &Keyring::default()).unwrap();
    assert_eq!(mended.len(), 1);
    assert_eq!((mended[0].recording, mended[0].call, mended[0].started), (recording(1), call(), AT));
    assert_eq!(Path::new(&mended[0].path), relative);
    let frames = listen(&crashed.path().join(relative))[0].len() as u64;
    assert_eq!(frames * 1000 / 8000, mended[0].duration_ms);
    assert_eq!(frames, (whole - 44) / 4 + 1600, "whole frames");
    assert_eq!(mended[0].gap_ms, None);
    assert_eq!(
        repair(crashed.path(), &Keyring::default()).unwrap(),
        mended,
        "told again until it is on record"
    );
    assert_eq!(recover_first(crashed.path()), mended[0]);
    settle(crashed.path(), &mended).unwrap();
    assert_eq!(repair(crashed.path(), &Keyring::default()).unwrap(), [], "once");
    assert_eq!(listen(&crashed.path().join(relative))[0].len() as u64, frames);
}

/// Runs itself a second time, as the process that is killed.
#[test]
fn a_killed_process_loses_at_most_two_seconds() {
    if let Some(root) = std::env::var_os(VICTIM_ROOT) {
        return record_until_killed(PathBuf::from(root));
    }
    let root = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_killed_process_loses_at_most_two_seconds"])
        .env(VICTIM_ROOT, root.path())
        .spawn()
        .unwrap();
    let path = root.path().join(format!("2026/11/23/063000-{}.wav", recording(1)));
    wait_until(|| path.exists());
    let begin = Instant::now();
    wait_until(|| fs::metadata(&path).unwrap().len() > 44 + 4 * 16_000);
    child.kill().unwrap();
    let talked_ms = begin.elapsed().as_millis() as u64;
    child.wait().unwrap();
    let mended = repair(root.path(), &Keyring::default()).unwrap();
    assert_eq!(mended[0].path, path.strip_prefix(root.path()).unwrap().to_str().unwrap());
    assert!(mended[0].duration_ms + 2000 >= talked_ms, "{} of {talked_ms} ms", mended[0].duration_ms);
    let [left, _] = listen(&path);
    assert_eq!(left.len() as u64 / 8, mended[0].duration_ms);
    assert!((tone_dbfs(&left[1600..12_000], 440.0, SAMPLE_RATE_HZ) + 6.0).abs() < 1.0);
}

/// Where the process that is killed puts its recording.
const VICTIM_ROOT: &str = "HOTLINE_TEST_VICTIM_ROOT";

fn record_until_killed(root: PathBuf) {
    let recorder = Recorder::start(RecorderConfig::new(root), |_| None).unwrap();
    let mut tap = recorder.tap();
    start(&mut tap, 1);
    let begin = Instant::now();
    let speech = tone(440.0, 8000 * 60);
    for (packet, payload) in speech.chunks(160).enumerate() {
        let due = begin + Duration::from_millis(20) * u32::try_from(packet).unwrap();
        wait_until(|| Instant::now() >= due);
        say(&mut tap, 1, Channel::Customer, packet as u64 * 160, payload);
    }
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_all(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_crash_before_the_first_byte_leaves_nothing_to_mend() {
    let studio = Studio::open();
    let mut tap = studio.recorder.tap();
    start(&mut tap, 1);
    let path = studio.started();
    let crashed = tempfile::tempdir().unwrap();
    copy_all(studio.root.path(), crashed.path());
    let file = crashed.path().join(path.strip_prefix(studio.root.path()).unwrap());
    fs::remove_file(&file).unwrap();
    assert_eq!(repair(crashed.path(), &Keyring::default()).unwrap(), []);
    fs::write(&file, "").unwrap();
    assert_eq!(repair(crashed.path(), &Keyring::default()).unwrap(), [], "its note is gone");
    assert_eq!(recover_first(crashed.path()).duration_ms, 0);
    assert_eq!(listen(&file)[0].len(), 0);
}

/// After a loss of power a file may be there and its note not; and a crash may come at any byte of the end.
#[test]
fn what_the_journal_knows_is_mended_without_a_note_and_without_noise() {
    let studio = Studio::open();
    let mut tap = studio.recorder.tap();
    start(&mut tap, 1);
    say(&mut tap, 1, Channel::Customer, 0, &tone(440.0, 8000));
    tap.record(recording(1), Chunk::Finish { length: 8000 });
    let path = studio.started();
    studio.event();
    let whole = fs::read(&path).unwrap();
    for length in (44 + 4 * 8000..whole.len()).step_by(7) {
        let crashed = tempfile::tempdir().unwrap();
        copy_all(studio.root.path(), crashed.path());
        let file = crashed.path().join(path.strip_prefix(studio.root.path()).unwrap());
        fs::write(&file, &whole[..length]).unwrap();
        let mended = recover_first(crashed.path());
        assert_eq!((mended.duration_ms, mended.gap_ms), (1000, None), "cut at {length}");
        assert_eq!(listen(&file), listen(&path), "cut at {length}");
    }
}

/// Every recording below a root with what a look at it finds.
fn conditions(root: &Path) -> Vec<(String, Condition)> {
    let mut all = Vec::new();
    inspect(root, &Keyring::default(), |path, condition| all.push((path.to_owned(), condition))).unwrap();
    all
}

#[test]
fn a_look_at_the_archive_tells_whole_from_altered_cut_and_running() {
    let studio = Studio::open();
    let root = studio.root.path();
    let mut tap = studio.recorder.tap();
    start(&mut tap, 1);
    say(&mut tap, 1, Channel::Customer, 0, &tone(440.0, 8000));
    // A hole in it, and silence at its end.
    say(&mut tap, 1, Channel::Agent, 12_000, &tone(440.0, 4000));
    tap.record(recording(1), Chunk::Finish { length: 24_000 });
    let first = studio.started();
    studio.event();
    let name = |path: &Path| path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
    assert_eq!(conditions(root), [(name(&first), Condition::Whole { duration_ms: 3000 })]);
    start(&mut tap, 2);
    let second = studio.started();
    let running = |found: Vec<(String, Condition)>| {
        found.into_iter().find(|(path, _)| *path == name(&second)).unwrap().1
    };
    assert_eq!(running(conditions(root)), Condition::UnderWay);

    let whole = fs::read(&first).unwrap();
    let broken = |bytes: &[u8], condition: Condition| {
        fs::write(&first, bytes).unwrap();
        assert!(conditions(root).contains(&(name(&first), condition.clone())), "{condition:?}");
    };
    let mut altered = whole.clone();
    altered[44 + 4000] ^= 1;
    broken(&altered, Condition::Altered);
    broken(&whole[..44 + 4 * 8000], Condition::Unfinished);
    broken(&whole[..10], Condition::Unfinished);
    // A crash: what is mended is whole.
    fs::write(&first, &whole[..44 + 4 * 8000]).unwrap();
    recover_first(root);
    assert!(conditions(root).contains(&(name(&first), Condition::Mended { duration_ms: 1000 })));
}

/// The archive is long, and meanwhile calls go on.
#[test]
fn a_recording_that_begins_during_the_look_is_under_way() {
    let studio = Studio::open();
    let root = studio.root.path();
    let mut tap = studio.recorder.tap();
    start(&mut tap, 1);
    tap.record(recording(1), Chunk::Finish { length: 800 });
    studio.started();
    studio.event();
    // The look has seen that there is a next day before anything is recorded on it.
    fs::create_dir(root.join("2026/11/24")).unwrap();
    let mut found = Vec::new();
    inspect(root, &Keyring::default(), |_, condition| {
        if found.is_empty() {
            let at = AT + Duration::from_secs(24 * 3600);
            tap.record(recording(2), Chunk::Start { call: call(), at });
            studio.started();
        }
        found.push(condition);
    })
    .unwrap();
    assert_eq!(found, [Condition::Whole { duration_ms: 100 }, Condition::UnderWay]);
}

/// A recording begins while the phone has talked for long.
#[test]
fn a_wide_band_side_is_recorded_without_a_burst_at_its_beginning() {
    let studio = Studio::open();
    let mut tap = studio.recorder.tap();
    start(&mut tap, 1);
    let mut encoder = Codec::G722.encoder(Opus::default());
    let tone: Vec<i16> = Tone::new(440.0, -6.0, SAMPLE_RATE_HZ).take(16_000).collect();
    let talk: Vec<u8> = tone.chunks(160).flat_map(|frame| encoder.payload(frame)).collect();
    for (position, payload) in (0..).step_by(160).zip(talk[8000..].chunks(160)) {
        let (leg, channel, codec) = (LegId(2), Channel::Agent, Codec::G722);
        tap.record(recording(1), Chunk::Audio { leg, channel, position, codec, payload });
    }
    tap.record(recording(1), Chunk::Finish { length: 8000 });
    let path = studio.started();
    studio.event();
    let [_, right] = listen(&path);
    // A sine of −6 dBFS has a peak of 16 423.
    let peak = right.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
    assert!((16_000..18_000).contains(&peak), "{peak}");
    assert!((tone_dbfs(&right[1600..], 440.0, SAMPLE_RATE_HZ) + 6.0).abs() < 0.5);
}

/// After a loss of power the end of a file may be on the disk and its samples or its header not.
#[test]
fn samples_that_never_reached_the_disk_are_not_told_as_recorded() {
    let studio = Studio::open();
    let mut tap = studio.recorder.tap();
    start(&mut tap, 1);
    let path = studio.started();
    say(&mut tap, 1, Channel::Customer, 0, &tone(440.0, 8000));
    let noted = tempfile::tempdir().unwrap();
    copy_all(studio.root.path(), noted.path());
    tap.record(recording(1), Chunk::Finish { length: 8000 });
    studio.event();
    let (whole, file) =
        (fs::read(&path).unwrap(), noted.path().join(path.strip_prefix(studio.root.path()).unwrap()));
    let mended = |bytes: &[u8]| {
        fs::write(&file, bytes).unwrap();
        let [mended] = &repair(noted.path(), &Keyring::default()).unwrap()[..] else {
            panic!("one recording")
        };
        (mended.duration_ms, mended.gap_ms, listen(&file)[0].len())
    };
    assert_eq!(mended(&whole), (1000, Some(0), 8000), "it came to its end");
    let mut without_samples = whole.clone();
    without_samples[44..44 + 16_000].fill(0);
    assert_eq!(mended(&without_samples), (1000, None, 8000));
    let mut older_header = whole;
    older_header[4..8].copy_from_slice(&36_u32.to_le_bytes());
    older_header[40..44].copy_from_slice(&0_u32.to_le_bytes());
    assert_eq!(mended(&older_header), (1000, None, 8000), "the end is no sound");
}

/// The listener of one event panics, as a bug in the recorder would.
#[test]
fn a_bug_in_one_recording_costs_that_one() {
    let root = tempfile::tempdir().unwrap();
    let (sender, events) = channel();
    let recorder = Recorder::start(RecorderConfig::new(root.path().to_path_buf()), move |event| {
        let is_mined =
            matches!(event, Event::RecordingStarted { recording: started, .. } if started == recording(1));
        assert!(!is_mined, "a bug, on purpose");
        sender.send(event).err().map(|refused| refused.0)
    })
    .unwrap();
    let mut tap = recorder.tap();
    for number in [1, 2] {
        start(&mut tap, number);
        say(&mut tap, number, Channel::Agent, 0, &tone(440.0, 160));
        tap.record(recording(number), Chunk::Finish { length: 160 });
    }
    let told: Vec<Event> =
        std::iter::from_fn(|| Some(events.recv_timeout(PATIENCE).unwrap())).take(4).collect();
    assert_eq!(told[0], Event::RecordingFailed { recording: recording(1), cause: RecordingFailure::Bug });
    assert!(matches!(told[1], Event::RecordingStarted { recording: started, .. } if started == recording(2)));
    // The thread that waits for the disk tells of both in its own order.
    let is_told = |about: fn(&Event) -> bool| told[2..].iter().filter(|event| about(event)).count();
    assert_eq!(
        is_told(
            |event| matches!(event, Event::RecordingFinished { recording: ended, .. } if *ended == recording(2))
        ),
        1
    );
    assert_eq!(
        is_told(
            |event| matches!(event, Event::RecordingCompleted { recording: mended, .. } if *mended == recording(1))
        ),
        1
    );
    assert_eq!(recorder.counters().failed, 1);
    // What there is of it plays.
    wait_until(|| {
        let found = conditions(root.path());
        matches!(
            found[..],
            [(_, Condition::Mended { .. }), (_, Condition::Whole { .. })]
                | [(_, Condition::Whole { .. }), (_, Condition::Mended { .. })]
        )
    });
    let told = repair(root.path(), &Keyring::default()).unwrap();
    assert_eq!(told.iter().map(|told| told.recording).collect::<Vec<_>>(), [recording(1)], "for its record");
}

/// As after a loss of power that took the notes.
#[test]
fn what_is_noted_nowhere_is_mended_when_asked_for() {
    let studio = Studio::open();
    let mut tap = studio.recorder.tap();
    start(&mut tap, 1);
    say(&mut tap, 1, Channel::Customer, 0, &tone(440.0, 8000));
    tap.record(recording(1), Chunk::Finish { length: 8000 });
    let path = studio.started();
    studio.event();
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..44 + 4 * 4000]).unwrap();
    let foreign = path.with_file_name("notes.wav");
    fs::write(&foreign, "RIFF").unwrap();
    let root = studio.root.path();
    let mut told = Vec::new();
    repair_unnoted(root, &Keyring::default(), |path, outcome| told.push((path.to_owned(), outcome.is_ok())))
        .unwrap();
    let name = |path: &Path| path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
    assert_eq!(told, [(name(&path), true), (name(&foreign), false)]);
    assert_eq!(conditions(root)[0].1, Condition::Mended { duration_ms: 500 });
    assert_eq!(fs::read(&foreign).unwrap(), b"RIFF", "what is none of ours is left alone");
}

#[test]
fn a_recording_of_a_day_ends_complete_and_its_silence_takes_no_space() {
    let studio = Studio::open();
    let mut tap = studio.recorder.tap();
    let day = LENGTH_MAX.as_secs() * 8000;
    start(&mut tap, 1);
    say(&mut tap, 1, Channel::Customer, 0, &tone(440.0, 1600));
    say(&mut tap, 1, Channel::Customer, day - 800, &tone(440.0, 1600));
    let path = studio.started();
    let Event::RecordingFinished { duration_ms, bytes, end, .. } = studio.event() else {
        panic!("not the end")
    };
    assert_eq!((duration_ms, end), (LENGTH_MAX.as_millis() as u64, RecordingEnd::Full));
    assert_eq!(bytes, fs::metadata(&path).unwrap().len());
    assert_eq!(studio.recorder.counters().cut, 1);
    let mut reader = hound::WavReader::open(&path).unwrap();
    assert_eq!(u64::from(reader.duration()), day);
    reader.seek(u32::try_from(day - 1000).unwrap()).unwrap();
    let end: Vec<i16> = reader.samples().step_by(2).map(Result::unwrap).collect();
    assert!(end[..200].iter().all(|sample| *sample == 0));
    assert!((tone_dbfs(&end[200..], 440.0, SAMPLE_RATE_HZ) + 6.0).abs() < 0.5);
    let on_disk = fs::metadata(&path).unwrap().blocks() * 512;
    assert!(on_disk < 1 << 20, "{on_disk} bytes");
    tap.record(recording(1), Chunk::Finish { length: day + 16_000 });
    start(&mut tap, 2);
    assert!(matches!(studio.event(), Event::RecordingStarted { .. }), "its end is not told twice");
}

#[test]
fn a_full_ring_leaves_silence_of_the_right_length_and_says_so() {
    let studio = Studio::with_ring(128);
    let mut tap = studio.recorder.tap();
    start(&mut tap, 1);
    for index in 0..20_000 {
        say(&mut tap, 1, Channel::Customer, index * 160, &[ulaw::encode(5000); 160]);
    }
    tap.record(recording(1), Chunk::Finish { length: 20_000 * 160 });
    let path = studio.started();
    let mut event = None;
    wait_until(|| {
        tap.flush();
        event = studio.events.try_recv().ok();
        event.is_some()
    });
    let Some(Event::RecordingFinished { duration_ms, gap_ms, index, .. }) = event else {
        panic!("not the end")
    };
    assert_eq!(duration_ms, 400_000);
    let [left, _] = listen(&path);
    let heard = left.iter().filter(|sample| **sample != 0).count() as u64;
    assert!(gap_ms > 0);
    assert_eq!(heard / 8 + gap_ms, 400_000, "what was not refused is in its place");
    assert_eq!(studio.recorder.counters().refused_ms, gap_ms);
    let gaps: &[RecordedGap] = &index.gaps;
    let silent = |ms: u64| left[ms as usize * 8..].iter().take(80).all(|sample| *sample == 0);
    assert!(gaps.iter().all(|gap| gap.channel == Channel::Customer), "{gaps:?}");
    assert!(gaps.iter().any(|gap| silent(gap.from_ms)), "a gap is where it is told: {gaps:?}");
    let told: u64 = gaps.iter().map(|gap| gap.length_ms).sum();
    assert!(gaps.len() == 100 || told >= gap_ms, "{told} of {gap_ms} ms");
}

#[test]
fn a_directory_in_the_way_costs_one_recording_and_is_named() {
    let studio = Studio::open();
    let mut tap = studio.recorder.tap();
    let obstacle = studio.root.path().join("2026");
    fs::write(&obstacle, "a file where a directory should be").unwrap();
    start(&mut tap, 1);
    say(&mut tap, 1, Channel::Agent, 0, &[1; 160]);
    tap.record(recording(1), Chunk::Finish { length: 160 });
    let Event::RecordingFailed { recording: failed, cause } = studio.event() else { panic!("it failed") };
    assert_eq!(failed, recording(1));
    let RecordingFailure::Io { path, os_error } = cause else { panic!("an error of the file system") };
    assert!(path.contains(&format!("2026/11/23/063000-{}.wav", recording(1))), "{path}");
    assert_ne!(os_error, 0);
    assert_eq!(studio.recorder.counters().failed, 1);

    fs::remove_file(obstacle).unwrap();
    start(&mut tap, 2);
    tap.record(recording(2), Chunk::Finish { length: 160 });
    studio.started();
    assert!(matches!(studio.event(), Event::RecordingFinished { duration_ms: 20, .. }));
}

#[test]
fn stopping_completes_what_is_under_way() {
    let studio = Studio::open();
    let mut tap = studio.recorder.tap();
    start(&mut tap, 1);
    let path = studio.started();
    say(&mut tap, 1, Channel::Agent, 0, &tone(440.0, 160));
    studio.recorder.stop();
    assert!(matches!(studio.events.recv_timeout(PATIENCE), Ok(Event::RecordingFinished { .. })));
    assert_eq!(
        listen(&path)[1][..160],
        tone(440.0, 160).iter().map(|byte| ulaw::decode(*byte)).collect::<Vec<_>>()
    );
    start(&mut tap, 2);
    assert_eq!(tap.poll_failed(), Some((recording(2), RecordingFailure::RecorderBusy)));
    assert_eq!(repair(studio.root.path(), &Keyring::default()).unwrap(), []);
}

fn mark(kind: MarkKind, by: Option<&str>, why: Option<&str>) -> Mark {
    Mark { kind, by: by.map(Into::into), why: why.map(str::to_owned) }
}

/// A talk with a transfer and a pause: what was heard when is in the file, for whoever has nothing else.
#[test]
fn the_file_says_who_was_heard_when_and_what_happened() {
    let studio = Studio::open();
    let mut tap = studio.recorder.tap();
    start(&mut tap, 1);
    let (customer, first, second) = (Voice::new(LegId(1), Channel::Customer, "customer"), LegId(2), LegId(3));
    let agent = |leg, name| Voice::new(leg, Channel::Agent, name);
    let mut tell = |chunk: Chunk<'_>| tap.record(recording(1), chunk);
    tell(Chunk::Join { voice: &customer, at: 0 });
    tell(Chunk::Join { voice: &agent(first, "agent:1001"), at: 0 });
    for (leg, channel, hz) in [(1, Channel::Customer, 440.0), (2, Channel::Agent, 1000.0)] {
        for (position, payload) in (0..).step_by(160).zip(tone(hz, 16_000).chunks(160)) {
            tell(Chunk::Audio { leg: LegId(leg), channel, position, codec: Codec::Pcmu, payload });
        }
    }
    let paused = mark(MarkKind::Paused, Some("agent:1001"), Some("a card number"));
    tell(Chunk::Mark { mark: &paused, at: 4000 });
    tell(Chunk::Mark { mark: &mark(MarkKind::Resumed, None, None), at: 8000 });
    tell(Chunk::Join { voice: &agent(second, "agent:1002"), at: 12_000 });
    tell(Chunk::Leave { leg: first, at: 12_000 });
    tell(Chunk::Finish { length: 16_000 });
    let path = studio.started();
    let Event::RecordingFinished { index, .. } = studio.event() else { panic!("not the end") };
    let leg = |speaker: &str, channel, from_ms, to_ms| RecordedLeg {
        speaker: speaker.into(),
        channel,
        from_ms,
        to_ms,
    };
    let legs = [
        leg("customer", Channel::Customer, 0, 2000),
        leg("agent:1001", Channel::Agent, 0, 1500),
        leg("agent:1002", Channel::Agent, 1500, 2000),
    ];
    let at = |at_ms, Mark { kind, by, why }| RecordedMark { at_ms, kind, by, why };
    assert_eq!(index.legs, legs);
    assert_eq!(index.marks, [at(500, paused), at(1000, mark(MarkKind::Resumed, None, None))]);
    let [left, right] = listen(&path);
    for side in [&left, &right] {
        // What comes at the moment of the pause was spoken a packet's length before.
        assert!(side[3200..8000].iter().all(|sample| *sample == 0), "nothing of the pause is kept");
        assert!(side[3190..3200].iter().chain(&side[8000..8010]).any(|sample| *sample != 0));
    }
    assert_eq!(left.len(), 16_000, "time went on");
    let text = fs::read(&path).unwrap();
    let chunk = text.windows(4).position(|name| name == b"hotl").unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&text[chunk + 8..]).unwrap();
    assert_eq!(manifest["index"]["legs"][1]["speaker"], "agent:1001");
    assert_eq!(manifest["index"]["marks"][0]["why"], "a card number");
    assert_eq!(manifest["index"]["marks"][0]["kind"], "paused");
}

/// Both channels of any of our files, without their first bytes that are no samples.
fn samples(path: &Path) -> (u16, Vec<u8>) {
    let bytes = fs::read(path).unwrap();
    let data = bytes.windows(4).position(|name| name == b"data").unwrap();
    let length = u32::from_le_bytes(bytes[data + 4..data + 8].try_into().unwrap()) as usize;
    (u16::from_le_bytes([bytes[20], bytes[21]]), bytes[data + 8..data + 8 + length].to_vec())
}

#[test]
fn every_format_plays_while_it_grows_is_whole_at_its_end_and_is_mended_after_a_crash() {
    for channels in [Channels::Stereo, Channels::Mono] {
        for coding in [Coding::Pcm16, Coding::Ulaw] {
            in_format(Format { channels, coding });
        }
    }
}

fn in_format(format: Format) {
    let studio = Studio::with(32_768, format);
    let mut tap = studio.recorder.tap();
    start(&mut tap, 1);
    // 0x8F and 0x0F are ±16 764: together they are silence, or too loud.
    say(&mut tap, 1, Channel::Customer, 0, &[0x8F; 3001]);
    say(&mut tap, 1, Channel::Agent, 0, &[0x8F; 1000]);
    say(&mut tap, 1, Channel::Agent, 1000, &[0x0F; 1000]);
    let path = studio.started();
    let (tag, begin) = samples(&path);
    assert_eq!((tag, begin.len()), (if format.coding == Coding::Ulaw { 7 } else { 1 }, 0));
    wait_until(|| !samples(&path).1.is_empty());
    let crashed = tempfile::tempdir().unwrap();
    copy_all(studio.root.path(), crashed.path());
    tap.record(recording(1), Chunk::Finish { length: 8001 });
    let Event::RecordingFinished { duration_ms, bytes, .. } = studio.event() else { panic!("not the end") };
    assert_eq!((duration_ms, bytes), (1000, fs::metadata(&path).unwrap().len()), "{format:?}");
    assert!(matches!(conditions(studio.root.path())[..], [(_, Condition::Whole { duration_ms: 1000 })]));
    let (_, bytes) = samples(&path);
    let heard: Vec<i16> = match format.coding {
        Coding::Pcm16 => bytes.chunks(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect(),
        Coding::Ulaw => bytes.iter().map(|byte| ulaw::decode(*byte)).collect(),
    };
    let loud = ulaw::decode(0x8F);
    match format.channels {
        Channels::Stereo => {
            assert_eq!(heard[..2], [loud, loud]);
            assert_eq!(heard[2000..2002], [loud, -loud]);
            assert_eq!(heard[6002..], vec![0; heard.len() - 6002], "silence is silence");
        }
        Channels::Mono => {
            assert!(heard[0] > 32_000, "it does not wrap: {}", heard[0]);
            assert_eq!((heard[1000], heard[2000]), (0, loud));
            assert_eq!(heard[3001..], vec![0; heard.len() - 3001], "silence is silence");
        }
    }
    let mended = repair(crashed.path(), &Keyring::default()).unwrap();
    assert_eq!(mended.len(), 1, "{format:?}");
    let file = crashed.path().join(&mended[0].path);
    let frame = if format.channels == Channels::Stereo { 2 } else { 1 }
        * if format.coding == Coding::Pcm16 { 2 } else { 1 };
    assert_eq!(samples(&file).1.len() as u64 / frame / 8, mended[0].duration_ms);
    assert!(matches!(conditions(crashed.path())[..], [(_, Condition::Mended { .. })]));
}
