//! The recorder thread: empties the rings and keeps the files.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hotline_base::RecordingId;
use hotline_media::{Event, RecordingEnd, RecordingFailure};

use crate::format::Format;
use crate::index::Gaps;
use crate::outbox::Outbox;
use crate::recording::{Begin, Recording};
use crate::ring::{Entry, Rings, Tap, ring};
use crate::sealed::Keyring;
use crate::shelf::Shelf;
use crate::sync::SyncThread;
use crate::workbench::Workbench;
use crate::{StartError, wav};

/// How often the rings are emptied. Polling costs the media threads no system call for waking us.
const TURN: Duration = Duration::from_millis(20);

/// What an administrator may change.
#[derive(Clone, Debug)]
pub struct RecorderConfig {
    /// The directory of all recordings; it is made if need be.
    pub root: PathBuf,
    /// Pieces of 20 ms that wait for each media thread, about 200 bytes each. The default of 32 768 rides out
    /// 3 s of a stalled disk with 100 recorded calls.
    pub ring_slots: usize,
    /// How files are written.
    pub format: Format,
    /// With which key they are sealed; without any they are plain.
    pub keys: Keyring,
}

impl RecorderConfig {
    /// The defaults for a directory.
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        Self { root, ring_slots: 32_768, format: Format::default(), keys: Keyring::default() }
    }
}

/// What happened since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecorderCounters {
    /// Recordings under way.
    pub open: u64,
    /// Recordings that failed.
    pub failed: u64,
    /// Milliseconds of audio refused by a full ring, in finished recordings.
    pub refused_ms: u64,
    /// Refreshes left out because the disk was behind.
    pub syncs_skipped: u64,
    /// Recordings that were ended at [`LENGTH_MAX`](crate::LENGTH_MAX).
    pub cut: u64,
}

/// Reads the counters of a recorder, also after its end. Cheap to clone.
#[derive(Clone)]
pub struct RecorderGauge(Arc<Shared>);

impl RecorderGauge {
    /// What happened since the start.
    #[must_use]
    pub fn read(&self) -> RecorderCounters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RecorderCounters {
            open: read(&self.0.open),
            failed: read(&self.0.failed),
            refused_ms: wav::millis(read(&self.0.refused_samples)),
            syncs_skipped: read(&self.0.syncs_skipped),
            cut: read(&self.0.cut),
        }
    }
}

/// The running recorder. Stop the media threads first: what they still hold is then in the files.
pub struct Recorder {
    rings: Sender<Rings>,
    ring_slots: usize,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    stopping: AtomicBool,
    open: AtomicU64,
    failed: AtomicU64,
    refused_samples: AtomicU64,
    cut: AtomicU64,
    syncs_skipped: Arc<AtomicU64>,
}

impl Recorder {
    /// Starts the recorder. `events` is told of every recording's beginning and end, from its thread; it must not
    /// wait, and gives back an event that it has no room for, which is then offered again.
    ///
    /// # Errors
    /// A directory that cannot be written, by name.
    pub fn start<E>(config: RecorderConfig, events: E) -> Result<Self, StartError>
    where
        E: Fn(Event) -> Option<Event> + Send + 'static,
    {
        let shelf = Shelf::open(&config.root, &config.keys)?;
        let shared = Arc::new(Shared::default());
        let sync = SyncThread::start(shelf.clone(), Arc::clone(&shared.syncs_skipped))
            .map_err(StartError::Thread)?;
        let (rings, arriving) = channel();
        let mut turns = Turns {
            shelf,
            format: config.format,
            sync,
            arriving,
            rings: Vec::new(),
            recordings: BTreeMap::new(),
            bench: Workbench::default(),
            shared: Arc::clone(&shared),
            events: Outbox::new(events),
        };
        let thread = std::thread::Builder::new()
            .name("record".into())
            .spawn(move || {
                turns.run();
                turns.stop();
            })
            .map_err(StartError::Thread)?;
        Ok(Self { rings, ring_slots: config.ring_slots, shared, thread: Some(thread) })
    }

    /// A new ring into the recorder, for one media thread.
    #[must_use]
    pub fn tap(&self) -> Tap {
        let (tap, ring) = ring(self.ring_slots);
        if self.rings.send(ring).is_err() {
            // The tap notices by itself that nobody listens, and refuses recordings.
            tracing::error!("the recorder thread is gone");
        }
        tap
    }

    /// What happened since the start.
    #[must_use]
    pub fn counters(&self) -> RecorderCounters {
        self.gauge().read()
    }

    /// The counters for someone who outlives this value.
    #[must_use]
    pub fn gauge(&self) -> RecorderGauge {
        RecorderGauge(Arc::clone(&self.shared))
    }

    /// Completes all recordings and waits until they are on the disk.
    pub fn stop(mut self) {
        self.join();
    }

    fn join(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        self.shared.stopping.store(true, Ordering::Release);
        thread.thread().unpark();
        if thread.join().is_err() {
            tracing::error!("the recorder thread had panicked");
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.join();
    }
}

/// What the recorder thread owns.
struct Turns<E> {
    shelf: Shelf,
    format: Format,
    sync: SyncThread,
    arriving: Receiver<Rings>,
    rings: Vec<Rings>,
    recordings: BTreeMap<RecordingId, Box<Recording>>,
    bench: Workbench,
    shared: Arc<Shared>,
    events: Outbox<E>,
}

impl<E: Fn(Event) -> Option<Event>> Turns<E> {
    fn run(&mut self) {
        loop {
            // Read first: what was in the rings before the flag was set is still emptied.
            let stopping = self.shared.stopping.load(Ordering::Acquire);
            self.turn(Instant::now());
            if stopping {
                return;
            }
            std::thread::park_timeout(TURN);
        }
    }

    /// 1. Everything that was in the rings at `now`; 2. files that are due; 3. events.
    fn turn(&mut self, now: Instant) {
        self.rings.extend(self.arriving.try_iter());
        let mut rings = std::mem::take(&mut self.rings);
        for ring in &mut rings {
            ring.empty(|entry| self.guarded(entry.recording(), |turns| turns.handle(now, entry)));
        }
        rings.retain(|ring| !ring.is_over());
        self.rings = rings;
        self.refresh(now);
        while let Some(event) = self.sync.poll_ended() {
            self.events.push(event);
        }
        self.events.flush();
        self.shared.open.store(self.recordings.len() as u64, Ordering::Relaxed);
    }

    /// A bug that panics costs the recording it happened on.
    fn guarded(&mut self, recording: RecordingId, step: impl FnOnce(&mut Self)) {
        if catch_unwind(AssertUnwindSafe(|| step(self))).is_err() {
            tracing::error!(%recording, "the recorder panicked; the recording ends");
            self.fail(recording, RecordingFailure::Bug);
        }
    }

    fn handle(&mut self, now: Instant, entry: Entry) {
        match entry {
            Entry::Start { recording, call, at } => {
                let begin = Begin { recording, call, at };
                match Recording::start(&self.shelf, self.format, begin, now) {
                    Ok(started) => {
                        let path = started.relative().to_owned();
                        self.recordings.insert(recording, Box::new(started));
                        self.events.push(Event::RecordingStarted { recording, path });
                    }
                    Err(cause) => self.fail(recording, cause),
                }
            }
            Entry::Audio(piece) => {
                // A recording that failed is not there, and its audio goes nowhere.
                let Some(recording) = self.recordings.get_mut(&piece.recording) else { return };
                if let Err(cause) = recording.place(&piece, &mut self.bench) {
                    self.fail(piece.recording, cause);
                }
            }
            Entry::Join { recording, voice, at } => self.with(recording, |known| known.join(&voice, at)),
            Entry::Leave { recording, leg, at } => self.with(recording, |known| known.leave(leg, at)),
            Entry::Mark { recording, mark, at } => self.with(recording, |known| known.mark(&mark, at)),
            Entry::Finish { recording, length, refused } => {
                self.shared.refused_samples.fetch_add(refused.samples(), Ordering::Relaxed);
                self.finish(recording, length, &refused, RecordingEnd::Stopped);
            }
        }
    }

    fn with(&mut self, recording: RecordingId, change: impl FnOnce(&mut Recording)) {
        if let Some(known) = self.recordings.get_mut(&recording) {
            change(known);
        }
    }

    fn finish(&mut self, recording: RecordingId, length: u64, refused: &Gaps, end: RecordingEnd) {
        let Some(known) = self.recordings.get_mut(&recording) else { return };
        match known.finish((length, end), refused, &self.sync, &mut self.bench) {
            Ok(()) => drop(self.recordings.remove(&recording)),
            Err(cause) => self.fail(recording, cause),
        }
    }

    fn refresh(&mut self, now: Instant) {
        let due = self.recordings.iter().filter(|(_, recording)| recording.is_due(now));
        let due: Vec<RecordingId> = due.map(|(id, _)| *id).collect();
        for recording in due {
            self.guarded(recording, |turns| turns.refresh_one(now, recording));
        }
    }

    fn refresh_one(&mut self, now: Instant, id: RecordingId) {
        let Some(recording) = self.recordings.get_mut(&id) else { return };
        if recording.is_full(now) {
            tracing::warn!(recording = %id, "a recording has its greatest length and ends");
            self.shared.cut.fetch_add(1, Ordering::Relaxed);
            return self.finish(id, wav::FRAMES_MAX, &Gaps::default(), RecordingEnd::Full);
        }
        if let Err(cause) = recording.refresh(now, &self.sync, &mut self.bench) {
            self.fail(id, cause);
        }
    }

    fn fail(&mut self, recording: RecordingId, cause: RecordingFailure) {
        if let Some(failed) = self.recordings.remove(&recording) {
            failed.cut(&self.sync);
        }
        self.shared.failed.fetch_add(1, Ordering::Relaxed);
        self.events.push(Event::RecordingFailed { recording, cause });
    }

    /// Completes what no media thread has ended.
    fn stop(mut self) {
        let now = Instant::now();
        let open: Vec<(RecordingId, u64)> =
            self.recordings.iter().map(|(id, recording)| (*id, recording.length_at(now))).collect();
        for (recording, length) in open {
            self.guarded(recording, |turns| {
                turns.finish(recording, length, &Gaps::default(), RecordingEnd::Stopped);
            });
        }
        for event in self.sync.stop() {
            self.events.push(event);
        }
        self.events.close();
    }
}
