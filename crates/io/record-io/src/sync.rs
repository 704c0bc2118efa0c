//! The thread that waits for the disk, so that the recorder does not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hotline_media::{Event, RecordingFailure};

use crate::failure::cause;
use crate::manifest::Manifest;
use crate::notes::{Note, Slot};
use crate::shelf::Shelf;

/// Jobs waiting for the disk. At the limit a refresh is left out (the next one a second later does as well); an
/// end waits.
const JOBS_MAX: usize = 1024;
/// Jobs that are done together: what begins or ends in the same moment has its names put on the disk at once.
const TOGETHER_MAX: usize = 64;

/// How often it is tried to complete what failed.
const MEND_RETRY: Duration = Duration::from_secs(10);
/// Failed recordings that are tried anew; the next start mends the others.
const CUT_MAX: usize = 4096;

/// A file shared with the sync thread, and what `fdatasync` said of it.
#[derive(Debug)]
pub(crate) struct Synced {
    pub(crate) file: File,
    /// The directory that has its name.
    day: PathBuf,
    /// `errno` of the first failure, or zero.
    error: AtomicI32,
}

/// A recording whose last byte is written.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) synced: Arc<Synced>,
    pub(crate) note: Note,
    pub(crate) slot: Slot,
    pub(crate) path: PathBuf,
    pub(crate) finished: Event,
}

enum Job {
    Begin(Arc<Synced>),
    Refresh(Arc<Synced>),
    End(Box<Ending>),
    Cut(Slot, Box<Note>),
}

/// The recorder's side of the thread.
pub(crate) struct SyncThread {
    jobs: SyncSender<Job>,
    ended: Receiver<Event>,
    thread: JoinHandle<()>,
    skipped: Arc<AtomicU64>,
}

impl Synced {
    pub(crate) const fn new(file: File, day: PathBuf) -> Self {
        Self { file, day, error: AtomicI32::new(0) }
    }

    fn keep(&self, result: io::Result<()>) {
        if let Err(error) = result {
            self.error.store(error.raw_os_error().unwrap_or(-1), Ordering::Relaxed);
        }
    }

    /// What went wrong behind the recorder's back.
    pub(crate) fn check(&self) -> io::Result<()> {
        match self.error.load(Ordering::Relaxed) {
            0 => Ok(()),
            os_error => Err(io::Error::from_raw_os_error(os_error)),
        }
    }
}

impl SyncThread {
    pub(crate) fn start(shelf: Shelf, skipped: Arc<AtomicU64>) -> io::Result<Self> {
        let (jobs, waiting) = sync_channel(JOBS_MAX);
        // At most two for each recording: that it failed, and that it is complete after all.
        let (done, ended) = channel();
        let thread = std::thread::Builder::new()
            .name("record-sync".into())
            .spawn(move || run(&waiting, &shelf, &done))?;
        Ok(Self { jobs, ended, thread, skipped })
    }

    /// Asks for a recording, its note and their names to be put on the disk for the first time. False if the disk is
    /// too busy for that.
    pub(crate) fn begin(&self, synced: &Arc<Synced>) -> bool {
        self.offer(Job::Begin(Arc::clone(synced)))
    }

    /// Asks for what is written to be put on the disk.
    pub(crate) fn refresh(&self, synced: &Arc<Synced>) {
        self.offer(Job::Refresh(Arc::clone(synced)));
    }

    fn offer(&self, job: Job) -> bool {
        match self.jobs.try_send(job) {
            Ok(()) => return true,
            Err(TrySendError::Full(_)) => {
                self.skipped.fetch_add(1, Ordering::Relaxed);
            }
            Err(TrySendError::Disconnected(_)) => tracing::error!("the recorder's sync thread is gone"),
        }
        false
    }

    /// Asks for a recording to be completed and reported.
    pub(crate) fn end(&self, ending: Ending) {
        if self.jobs.send(Job::End(Box::new(ending))).is_err() {
            tracing::error!(
                "the recorder's sync thread is gone; a recording will be mended at the next start"
            );
        }
    }

    /// Asks for what there is of a recording that failed to be completed, which the disk may refuse for a while.
    pub(crate) fn cut(&self, slot: Slot, note: Note) {
        if self.jobs.send(Job::Cut(slot, Box::new(note))).is_err() {
            tracing::error!(
                "the recorder's sync thread is gone; a recording will be mended at the next start"
            );
        }
    }

    /// Takes the end of a recording.
    pub(crate) fn poll_ended(&self) -> Option<Event> {
        self.ended.try_recv().ok()
    }

    /// Waits until all jobs are done; gives back the last ends.
    pub(crate) fn stop(self) -> impl Iterator<Item = Event> {
        drop(self.jobs);
        if self.thread.join().is_err() {
            tracing::error!("the recorder's sync thread had panicked");
        }
        self.ended.into_iter()
    }
}

/// Recordings that failed and wait for the disk.
struct CutOff<'a> {
    shelf: &'a Shelf,
    /// Who is told that one is complete.
    done: &'a Sender<Event>,
    waiting: Vec<(Slot, Note)>,
    next_try: Instant,
}

impl<'a> CutOff<'a> {
    fn new(shelf: &'a Shelf, done: &'a Sender<Event>) -> Self {
        Self { shelf, done, waiting: Vec::new(), next_try: Instant::now() }
    }

    /// The next job, meanwhile trying anew; `None` when there will be none.
    fn next_job(&mut self, jobs: &Receiver<Job>) -> Option<Job> {
        loop {
            if self.waiting.is_empty() {
                return jobs.recv().ok();
            }
            let left = self.next_try.saturating_duration_since(Instant::now());
            if left.is_zero() {
                self.mend();
                continue;
            }
            match jobs.recv_timeout(left) {
                Ok(job) => return Some(job),
                Err(RecvTimeoutError::Timeout) => self.mend(),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    fn add(&mut self, slot: Slot, note: Note) {
        let note = Note { is_cut: true, ..note };
        if let Err(error) = self.shelf.notes.change(slot, &note) {
            tracing::debug!(%error, "the note of a failed recording stays as it was");
        }
        self.next_try = Instant::now();
        if self.waiting.len() < CUT_MAX {
            self.waiting.push((slot, note));
        }
    }

    /// Completes what the disk lets us.
    fn mend(&mut self) {
        self.next_try = Instant::now() + MEND_RETRY;
        let (shelf, done) = (self.shelf, self.done);
        self.waiting.retain(|(slot, note)| {
            let mended = catch_unwind(AssertUnwindSafe(|| complete(shelf, *slot, note)));
            match mended.unwrap_or_else(|_| Err(io::Error::other("a bug in the recorder"))) {
                Ok(completed) => {
                    if let Some(completed) = completed
                        && done.send(completed).is_err()
                    {
                        tracing::debug!(recording = %note.recording, "the next start sets the record right");
                    }
                    false
                }
                Err(error) => {
                    tracing::debug!(recording = %note.recording, %error, "a failed recording is not complete yet");
                    true
                }
            }
        });
    }
}

/// Completes what there is; nothing is told of a recording of which there is nothing.
fn complete(shelf: &Shelf, slot: Slot, note: &Note) -> io::Result<Option<Event>> {
    match shelf.mend(note) {
        // The note stays: should nobody write that down who is told, the next start sets the call's record right.
        Ok((manifest, bytes)) => {
            shelf.sync_names(&shelf.day(&note.path), false)?;
            let (call, path) = (note.call, note.path.clone());
            let index = manifest.index_told();
            let Manifest { recording, duration_ms, gap_ms, .. } = manifest;
            Ok(Some(Event::RecordingCompleted { recording, call, path, duration_ms, gap_ms, bytes, index }))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => shelf.notes.erase(slot).map(|()| None),
        Err(error) => Err(error),
    }
}

fn run(jobs: &Receiver<Job>, shelf: &Shelf, done: &Sender<Event>) {
    let mut known = None;
    let mut cut_off = CutOff::new(shelf, done);
    while let Some(first) = cut_off.next_job(jobs) {
        let together = std::iter::once(first).chain(jobs.try_iter()).take(TOGETHER_MAX);
        let mut begun = Vec::new();
        let mut ended = Vec::new();
        for job in together {
            match job {
                Job::Begin(synced) => {
                    synced.keep(synced.file.sync_data());
                    begun.push(synced);
                }
                Job::Refresh(synced) => synced.keep(synced.file.sync_data()),
                Job::End(ending) => {
                    let result = ending.synced.file.sync_data();
                    ended.push((ending, result));
                }
                Job::Cut(slot, note) => cut_off.add(slot, *note),
            }
        }
        let unnamed = sync_names(&begun, &ended, shelf, &mut known);
        for (ending, result) in ended {
            let recording = ending.note.recording;
            let closed = catch_unwind(AssertUnwindSafe(|| close(&ending, result, shelf, &unnamed)));
            let event = match closed.unwrap_or(Err(RecordingFailure::Bug)) {
                Ok(()) => ending.finished,
                Err(cause) => {
                    cut_off.add(ending.slot, ending.note);
                    Event::RecordingFailed { recording, cause }
                }
            };
            if done.send(event).is_err() {
                tracing::error!(%recording, "nobody is told of the end of a recording");
            }
        }
    }
    cut_off.mend();
}

/// Puts the names of what began and what ended on the disk. The days that could not be are given back, with
/// `errno`; `known` is the day whose own name is there.
fn sync_names(
    begun: &[Arc<Synced>],
    ended: &[(Box<Ending>, io::Result<()>)],
    shelf: &Shelf,
    known: &mut Option<PathBuf>,
) -> BTreeMap<PathBuf, i32> {
    let ended_days = ended.iter().map(|(ending, _)| &ending.synced.day);
    let days: BTreeSet<&PathBuf> = begun.iter().map(|synced| &synced.day).chain(ended_days).collect();
    let mut failed = BTreeMap::new();
    for day in days {
        let mut result = shelf.sync_names(day, known.as_ref() == Some(day));
        *known = result.is_ok().then(|| day.clone());
        if result.is_ok() && !begun.is_empty() {
            result = shelf.notes.sync();
        }
        let Err(error) = result else { continue };
        tracing::debug!(%error, "the names of recordings are not on the disk");
        failed.insert(day.clone(), error.raw_os_error().unwrap_or(-1));
    }
    for synced in begun {
        if let Some(os_error) = failed.get(&synced.day) {
            synced.keep(Err(io::Error::from_raw_os_error(*os_error)));
        }
    }
    failed
}

/// Takes the note of a recording that is on the disk away.
fn close(
    ending: &Ending,
    written: io::Result<()>,
    shelf: &Shelf,
    unnamed: &BTreeMap<PathBuf, i32>,
) -> Result<(), RecordingFailure> {
    let named = match unnamed.get(&ending.synced.day) {
        Some(os_error) => Err(io::Error::from_raw_os_error(*os_error)),
        None => Ok(()),
    };
    let closed = written.and(named).and_then(|()| shelf.notes.erase(ending.slot));
    closed.map_err(|error| cause(&ending.path, &error))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use hotline_base::{CallId, RecordingId, Rng, WallTime};
    use hotline_media::RecordingIndex;

    use super::*;
    use crate::format::Format;
    use crate::sealed::Keyring;
    use crate::{Condition, inspect};

    #[test]
    fn what_failed_counts_as_cut_off_until_the_disk_lets_it_be_completed() {
        let root = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(root.path(), &Keyring::default()).unwrap();
        let (at, rng) = (WallTime(1_795_415_400_000_000), &mut Rng::from_number(1));
        let (recording, call) = (RecordingId::generate(at, rng), CallId::generate(at, rng));
        let (path, format) = (Shelf::relative(recording, at, false), Format::default());
        let note = Note { recording, call, started_unix_us: at, path: path.clone(), format, is_cut: false };
        let slot = shelf.notes.write(&note).unwrap();
        shelf.make_room(&path).unwrap();
        fs::write(shelf.full(&path), [format.header(400, 0), vec![1; 1600]].concat()).unwrap();
        let condition = || {
            let mut found = Vec::new();
            inspect(root.path(), &Keyring::default(), |_, condition| found.push(condition)).unwrap();
            found.remove(0)
        };
        assert_eq!(condition(), Condition::UnderWay);
        let (done, told) = channel();
        let mut cut_off = CutOff::new(&shelf, &done);
        cut_off.add(slot, note);
        assert_eq!(condition(), Condition::Unfinished);
        // A directory in its place, as a disk that refuses.
        let aside = root.path().join("aside");
        fs::rename(shelf.full(&path), &aside).unwrap();
        fs::create_dir(shelf.full(&path)).unwrap();
        cut_off.mend();
        assert_eq!(cut_off.waiting.len(), 1);
        assert!(told.try_recv().is_err());
        fs::remove_dir(shelf.full(&path)).unwrap();
        fs::rename(&aside, shelf.full(&path)).unwrap();
        cut_off.mend();
        assert!(cut_off.waiting.is_empty());
        let bytes = fs::metadata(shelf.full(&path)).unwrap().len();
        let (duration_ms, gap_ms, index) = (50, None, RecordingIndex::default());
        let completed =
            Event::RecordingCompleted { recording, call, path, duration_ms, gap_ms, bytes, index };
        assert_eq!(told.try_recv(), Ok(completed), "so that the record of its call is set right");
        assert_eq!(condition(), Condition::Mended { duration_ms: 50 });
        let kept = shelf.notes.read().unwrap();
        assert!(
            kept.len() == 1 && kept[0].1.is_cut,
            "for the next start, which sets the record right: {kept:?}"
        );
    }
}
