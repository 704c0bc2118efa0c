//! Sealed recordings: what somebody hears of them with the key, and what is told to whoever has another one, or when a file is not
//! what was recorded.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use hotline_audio::{SAMPLE_RATE_HZ, Tone, tone_dbfs, ulaw};
use hotline_base::{CallId, LegId, RecordingId, Rng, WallTime};
use hotline_media::{Channel, Chunk, Codec, Event};
use hotline_record_io::{
    Channels, Coding, Condition, Format, Keyring, MasterKey, Playback, Recorder, RecorderConfig, Rekeyed,
    SealError, Tap, inspect, peaks, rekey, repair, repair_unnoted, settle,
};

const PATIENCE: Duration = Duration::from_secs(20);
/// 2026-11-23 06:30:00 UTC.
const AT: WallTime = WallTime(1_795_415_400_000_000);
/// Before the first record.
const LABEL: usize = 1024;

fn key(digit: char) -> MasterKey {
    MasterKey::parse(&digit.to_string().repeat(64)).unwrap()
}

fn keys() -> Keyring {
    Keyring::new(key('a'), [])
}

fn recording(number: u64) -> RecordingId {
    RecordingId::generate(AT, &mut Rng::from_number(number))
}

fn path_of(number: u64) -> String {
    format!("2026/11/23/063000-{}.wav.sealed", recording(number))
}

fn start(root: &Path, format: Format) -> (Recorder, Receiver<Event>) {
    let (sender, events) = channel();
    let config = RecorderConfig { format, keys: keys(), ..RecorderConfig::new(root.to_path_buf()) };
    let tell = move |event| sender.send(event).err().map(|refused| refused.0);
    (Recorder::start(config, tell).unwrap(), events)
}

fn begin(tap: &mut Tap, number: u64) {
    let call = CallId::generate(AT, &mut Rng::from_number(99));
    tap.record(recording(number), Chunk::Start { call, at: AT });
}

fn say(tap: &mut Tap, number: u64, position: u64, payload: &[u8]) {
    let (leg, channel) = (LegId(1), Channel::Customer);
    tap.record(recording(number), Chunk::Audio { leg, channel, position, codec: Codec::Pcmu, payload });
}

fn tone(samples: usize) -> Vec<u8> {
    Tone::new(440.0, -6.0, SAMPLE_RATE_HZ).take(samples).map(ulaw::encode).collect()
}

/// So many seconds of a tone, then one of silence, and a complete file.
fn record(root: &Path, format: Format, seconds: u64) {
    let (recorder, events) = start(root, format);
    let mut tap = recorder.tap();
    begin(&mut tap, 1);
    for (index, payload) in tone(seconds as usize * 8000).chunks(160).enumerate() {
        say(&mut tap, 1, index as u64 * 160, payload);
    }
    tap.record(recording(1), Chunk::Finish { length: (seconds + 1) * 8000 });
    while !matches!(events.recv_timeout(PATIENCE).unwrap(), Event::RecordingFinished { .. }) {}
    recorder.stop();
}

fn heard(path: &Path, keys: &Keyring) -> std::io::Result<Vec<u8>> {
    let playback = Playback::open(path, keys)?;
    let mut bytes = vec![0; playback.length() as usize];
    playback.read(&mut bytes, 0)?;
    Ok(bytes)
}

fn customer(wav: Vec<u8>) -> Vec<i16> {
    hound::WavReader::new(Cursor::new(wav)).unwrap().samples().map(Result::unwrap).step_by(2).collect()
}

fn conditions(root: &Path, keys: &Keyring) -> Vec<Condition> {
    let mut all = Vec::new();
    inspect(root, keys, |_, condition| all.push(condition)).unwrap();
    all
}

fn wait_until(mut happened: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !happened() {
        assert!(Instant::now() < deadline, "it never happened");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn it_plays_as_a_plain_one_does_in_every_format_and_in_any_part() {
    for channels in [Channels::Stereo, Channels::Mono] {
        for coding in [Coding::Pcm16, Coding::Ulaw] {
            let root = tempfile::tempdir().unwrap();
            let format = Format { channels, coding };
            record(root.path(), format, 3);
            let path = root.path().join(path_of(1));
            let all = heard(&path, &keys()).unwrap();
            assert_eq!(&all[..4], b"RIFF");
            assert_eq!(u32::from_le_bytes(all[4..8].try_into().unwrap()) as usize, all.len() - 8);
            let playback = Playback::open(&path, &keys()).unwrap();
            for (first, length) in
                [(0, 1), (20, 60), (44, 70_000), (all.len() - 700, 700), (all.len() - 1, 1)]
            {
                let length = length.min(all.len() - first);
                let mut part = vec![0; length];
                playback.read(&mut part, first as u64).unwrap();
                assert_eq!(part, all[first..first + length], "{format:?} from {first}");
            }
            assert!(playback.read(&mut [0; 2], all.len() as u64 - 1).is_err(), "there is no more");
            assert_eq!(conditions(root.path(), &keys()), [Condition::Whole { duration_ms: 4000 }]);
            let picture = peaks(&path, &keys(), 4).unwrap();
            assert_eq!(picture.duration_ms, 4000);
            assert!(picture.channels[0][0] > 14_000 && picture.channels[0][3] == 0, "{picture:?}");
            if format == Format::default() {
                let left = customer(all);
                assert!((tone_dbfs(&left[..24_000], 440.0, SAMPLE_RATE_HZ) + 6.0).abs() < 0.5);
            }
        }
    }
}

#[test]
fn nothing_of_it_can_be_read_without_its_key() {
    let root = tempfile::tempdir().unwrap();
    record(root.path(), Format::default(), 3);
    let path = root.path().join(path_of(1));
    let bytes = fs::read(&path).unwrap();
    let has = |what: &[u8]| bytes.windows(what.len()).any(|window| window == what);
    assert!(!has(b"RIFF") && !has(b"customer") && !has(recording(1).to_string().as_bytes()));
    // A tone that repeats itself every 200 samples leaves nothing that does.
    let pieces: std::collections::BTreeSet<&[u8]> = bytes[LABEL..].chunks(16).collect();
    assert!(pieces.len() + 2 >= (bytes.len() - LABEL).div_ceil(16), "{} pieces", pieces.len());
    assert!(bytes.len() < LABEL + 3 * 8000 * 4 + 3000, "silence takes no space: {}", bytes.len());
    let locked = Condition::Locked { key: key('a').id() };
    for other in [Keyring::default(), Keyring::new(key('b'), [])] {
        assert_eq!(conditions(root.path(), &other), std::slice::from_ref(&locked));
        let error = heard(&path, &other).unwrap_err();
        assert_eq!(SealError::of(&error), Some(SealError::Locked { key: key('a').id() }));
        assert!(peaks(&path, &other, 4).is_err());
        repair_unnoted(root.path(), &other, |_, _| panic!("nothing is to be mended")).unwrap();
    }
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn it_plays_while_it_grows_and_after_a_crash_at_any_byte() {
    let root = tempfile::tempdir().unwrap();
    let (recorder, _events) = start(root.path(), Format::default());
    let mut tap = recorder.tap();
    begin(&mut tap, 1);
    say(&mut tap, 1, 0, &tone(3000));
    let path = root.path().join(path_of(1));
    wait_until(|| path.exists());
    // From its label on it is a recording, as far as it goes.
    let frames = |path: &Path| heard(path, &keys()).map_or(0, |wav| customer(wav).len());
    wait_until(|| frames(&path) > 8000);
    let left = customer(heard(&path, &keys()).unwrap());
    assert!((tone_dbfs(&left[..3000], 440.0, SAMPLE_RATE_HZ) + 6.0).abs() < 0.5);
    assert_eq!(conditions(root.path(), &keys()), [Condition::UnderWay]);
    assert!(peaks(&path, &keys(), 4).unwrap().duration_ms >= 1000);

    let whole = fs::read(&path).unwrap();
    let lengths = (0..LABEL).step_by(97).chain((LABEL..whole.len()).step_by(331)).chain([whole.len()]);
    let crashed = tempfile::tempdir().unwrap();
    copy(root.path(), crashed.path());
    let notes = fs::read(root.path().join(".under-way")).unwrap();
    let file = crashed.path().join(path_of(1));
    let mut before = 0;
    for length in lengths {
        fs::write(crashed.path().join(".under-way"), &notes).unwrap();
        // What was not written reads as zeros after a loss of power.
        let rest: &[u8] = if length % 2 == 0 { &[] } else { &[0; 5000] };
        fs::write(&file, [&whole[..length], rest].concat()).unwrap();
        let mended = repair(crashed.path(), &keys()).unwrap();
        if (1..580).contains(&length) && length % 2 == 1 {
            // Half a label with a key that is not there any more: nobody is told that it was nothing.
            assert!(mended.is_empty(), "{length}");
            continue;
        }
        assert_eq!(mended.len(), 1, "{length}");
        let left = customer(heard(&file, &keys()).unwrap());
        assert_eq!(left.len() as u64 / 8, mended[0].duration_ms, "{length}");
        assert!(left.len() >= before, "{length}");
        before = left.len();
        let duration_ms = mended[0].duration_ms;
        assert_eq!(conditions(crashed.path(), &keys()), [Condition::Mended { duration_ms }], "{length}");
        assert_eq!(repair(crashed.path(), &keys()).unwrap(), mended, "told again until it is on record");
        settle(crashed.path(), &mended).unwrap();
    }
    assert!(before > 8000);
}

/// Runs itself a second time, as the process that is killed.
#[test]
fn a_killed_process_loses_at_most_two_seconds() {
    const VICTIM_ROOT: &str = "HOTLINE_TEST_SEALED_VICTIM_ROOT";
    if let Some(root) = std::env::var_os(VICTIM_ROOT) {
        let (recorder, _events) = start(&PathBuf::from(root), Format::default());
        let mut tap = recorder.tap();
        begin(&mut tap, 1);
        let begun = Instant::now();
        for (packet, payload) in tone(8000 * 60).chunks(160).enumerate() {
            let due = begun + Duration::from_millis(20) * u32::try_from(packet).unwrap();
            wait_until(|| Instant::now() >= due);
            say(&mut tap, 1, packet as u64 * 160, payload);
        }
        return;
    }
    let root = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_killed_process_loses_at_most_two_seconds"])
        .env(VICTIM_ROOT, root.path())
        .spawn()
        .unwrap();
    let path = root.path().join(path_of(1));
    wait_until(|| path.exists());
    let begun = Instant::now();
    wait_until(|| fs::metadata(&path).unwrap().len() > 4 * 16_000);
    child.kill().unwrap();
    let talked_ms = begun.elapsed().as_millis() as u64;
    child.wait().unwrap();
    assert!(repair(root.path(), &Keyring::default()).unwrap().is_empty(), "nobody mends it without the key");
    let mended = repair(root.path(), &keys()).unwrap();
    assert!(mended[0].duration_ms + 2000 >= talked_ms, "{} of {talked_ms} ms", mended[0].duration_ms);
    let left = customer(heard(&path, &keys()).unwrap());
    assert!((tone_dbfs(&left[1600..12_000], 440.0, SAMPLE_RATE_HZ) + 6.0).abs() < 1.0);
}

#[test]
fn a_file_that_was_cut_or_changed_is_told() {
    let root = tempfile::tempdir().unwrap();
    record(root.path(), Format::default(), 3);
    let path = root.path().join(path_of(1));
    let whole = fs::read(&path).unwrap();
    let found = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        conditions(root.path(), &keys()).pop().unwrap()
    };
    for length in (LABEL..whole.len()).step_by(1009) {
        assert_eq!(found(&whole[..length]), Condition::Unfinished, "cut at {length}");
    }
    for at in (0..26).chain(530..570).chain((LABEL..whole.len()).step_by(1009)).chain([whole.len() - 1]) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        let told = found(&bytes);
        // A header of a record that says nonsense is the end of what can be read.
        assert!(matches!(told, Condition::Altered | Condition::Unfinished), "byte {at}: {told:?}");
        let heard = heard(&path, &keys());
        assert!(heard.is_err() || heard.unwrap().len() < 3 * 8000 * 4, "byte {at} is heard");
    }
    assert_eq!(found(&[&whole[..], b"more"].concat()), Condition::Altered);
    let other = tempfile::tempdir().unwrap();
    record(other.path(), Format::default(), 3);
    let foreign = fs::read(other.path().join(path_of(1))).unwrap();
    assert_eq!(found(&[&whole[..LABEL], &foreign[LABEL..]].concat()), Condition::Altered);
    assert_eq!(found(&whole), Condition::Whole { duration_ms: 4000 });
}

#[test]
fn what_is_cut_off_and_noted_nowhere_is_completed_and_what_is_changed_stays() {
    let root = tempfile::tempdir().unwrap();
    record(root.path(), Format::default(), 3);
    let path = root.path().join(path_of(1));
    let whole = fs::read(&path).unwrap();
    let mut told = Vec::new();
    fs::write(&path, &whole[..whole.len() - 100]).unwrap();
    repair_unnoted(root.path(), &keys(), |path, outcome| told.push((path.to_owned(), outcome.is_ok())))
        .unwrap();
    assert_eq!(told, [(path_of(1), true)]);
    assert_eq!(conditions(root.path(), &keys()), [Condition::Mended { duration_ms: 4000 }]);
    let mut bytes = whole;
    bytes[LABEL + 100] ^= 1;
    fs::write(&path, &bytes).unwrap();
    repair_unnoted(root.path(), &keys(), |_, _| panic!("it is not cut off")).unwrap();
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn another_master_key_takes_the_place_of_the_one_before() {
    let root = tempfile::tempdir().unwrap();
    record(root.path(), Format::default(), 1);
    let path = root.path().join(path_of(1));
    let before = heard(&path, &keys()).unwrap();
    let both = Keyring::new(key('b'), [key('a')]);
    let (old, new) = (keys(), Keyring::new(key('b'), []));
    let run = |keys: &Keyring| {
        let mut told = Vec::new();
        rekey(root.path(), keys, |_, outcome| told.push(outcome)).unwrap();
        told.pop().unwrap()
    };
    assert!(matches!(run(&new), Rekeyed::Failed(_)), "it cannot open what it is to wrap");
    // One that plays meanwhile goes on.
    let playing = Playback::open(&path, &old).unwrap();
    assert!(matches!(run(&both), Rekeyed::Done));
    assert!(matches!(run(&both), Rekeyed::Already));
    let mut bytes = vec![0; before.len()];
    playing.read(&mut bytes, 0).unwrap();
    assert_eq!(bytes, before);
    assert_eq!(heard(&path, &new).unwrap(), before);
    assert_eq!(conditions(root.path(), &old), [Condition::Locked { key: key('b').id() }]);
    assert_eq!(conditions(root.path(), &new), [Condition::Whole { duration_ms: 2000 }]);
}
