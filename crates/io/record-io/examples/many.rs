//! How the disk is written with many recordings at once: `many [RECORDINGS] [SECONDS] [DIRECTORY]`. Says how many writes
//! there were, how large, what it cost and what was lost. Counts all writes of the process, which makes no others.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use hotline_base::{CallId, LegId, RecordingId, Rng, WallTime};
use hotline_media::{Channel, Chunk, Codec, Event, Voice};
use hotline_record_io::{Recorder, RecorderConfig};

/// Media threads whose rings are filled in turn.
const RINGS: usize = 4;
const PACKET: Duration = Duration::from_millis(20);
const BEGIN: WallTime = WallTime(1_795_415_400_000_000);

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let count: usize = arguments.next().map_or(Ok(1000), |text| text.parse())?;
    let seconds: u64 = arguments.next().map_or(Ok(20), |text| text.parse())?;
    let temporary = tempfile::tempdir()?;
    let root = arguments.next().map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    let (sender, events) = channel();
    let recorder = Recorder::start(RecorderConfig::new(root), move |event| {
        sender.send(event).err().map(|refused| refused.0)
    })?;
    let mut taps: Vec<_> = (0..RINGS).map(|_| recorder.tap()).collect();
    let mut rng = Rng::from_number(1);
    let started = Instant::now();
    let ids: Vec<RecordingId> = (0..count).map(|_| RecordingId::generate(BEGIN, &mut rng)).collect();
    for (number, recording) in ids.iter().enumerate() {
        let tap = &mut taps[number % RINGS];
        tap.record(*recording, Chunk::Start { call: CallId::generate(BEGIN, &mut rng), at: BEGIN });
        for (leg, channel) in [(1, Channel::Customer), (2, Channel::Agent)] {
            let voice = Voice::new(LegId(leg), channel, "somebody");
            tap.record(*recording, Chunk::Join { voice: &voice, at: 0 });
        }
    }
    // Opening files is not measured.
    std::thread::sleep(Duration::from_secs(2));
    let (begin, before) = (Instant::now(), io()?);
    let first = started.elapsed().as_micros() as u64 / 125;
    let packets = seconds * 50;
    for packet in 0..packets {
        let due = begin + PACKET * u32::try_from(packet)?;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        for (number, recording) in ids.iter().enumerate() {
            for (leg, channel) in [(1, Channel::Customer), (2, Channel::Agent)] {
                let (leg, codec, position) = (LegId(leg), Codec::Pcmu, first + packet * 160);
                let payload = &[packet as u8; 160];
                let chunk = Chunk::Audio { leg, channel, position, codec, payload };
                taps[number % RINGS].record(*recording, chunk);
            }
        }
        taps.iter_mut().for_each(hotline_record_io::Tap::flush);
    }
    let (took, after) = (begin.elapsed(), io()?);
    for (number, recording) in ids.iter().enumerate() {
        taps[number % RINGS].record(*recording, Chunk::Finish { length: first + packets * 160 });
    }
    taps.iter_mut().for_each(hotline_record_io::Tap::flush);
    let counters = recorder.counters();
    recorder.stop();
    let gap = |event| if let Event::RecordingFinished { gap_ms, .. } = event { gap_ms } else { 0 };
    let gaps: u64 = events.try_iter().map(gap).sum();
    let difference = |key: &str| after.get(key).unwrap_or(&0) - before.get(key).unwrap_or(&0);
    let (writes, bytes) = (difference("syscw"), difference("wchar"));
    writeln!(
        std::io::stdout(),
        "{count} recordings, {:.1} s: {writes} writes, {bytes} bytes, {} bytes a write; \
         {:.1} MB/s; {gaps} ms missing, {} refreshes left out",
        took.as_secs_f64(),
        bytes / writes.max(1),
        bytes as f64 / took.as_secs_f64() / 1e6,
        counters.syncs_skipped,
    )?;
    Ok(())
}

/// What the kernel counts of this process.
fn io() -> std::io::Result<BTreeMap<String, u64>> {
    let text = std::fs::read_to_string("/proc/self/io")?;
    let pairs = text.lines().filter_map(|line| line.split_once(": "));
    Ok(pairs.filter_map(|(key, value)| Some((key.to_owned(), value.trim().parse().ok()?))).collect())
}
