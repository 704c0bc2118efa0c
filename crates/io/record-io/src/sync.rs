//! The thread that waits for the disk, so that the recorder does not.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::thread::JoinHandle;

use hotline_base::RecordingId;
use hotline_media::{Event, RecordingFailure};

use crate::failure::cause;
use crate::manifest::Manifest;
use crate::shelf::Shelf;

/// Jobs waiting for the disk. At the limit a refresh is left out (the next one a second later does as well); an
/// end waits.
const JOBS_MAX: usize = 1024;
/// Jobs that are done together: what begins in the same moment has its names put on the disk at once.
const TOGETHER_MAX: usize = 64;

/// A file shared with the sync thread, and what `fdatasync` said of it.
#[derive(Debug)]
pub(crate) struct Synced {
    pub(crate) file: File,
    /// `errno` of the first failure, or zero.
    error: AtomicI32,
}

/// A recording whose last byte is written.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) synced: Arc<Synced>,
    pub(crate) manifest: Manifest,
    pub(crate) path: PathBuf,
    pub(crate) finished: Event,
}

enum Job {
    Begin { recording: RecordingId, relative: String, synced: Arc<Synced> },
    Refresh(Arc<Synced>),
    End(Box<Ending>),
}

/// The recorder's side of the thread.
pub(crate) struct SyncThread {
    jobs: SyncSender<Job>,
    ended: Receiver<Event>,
    thread: JoinHandle<()>,
    skipped: Arc<AtomicU64>,
}

impl Synced {
    pub(crate) const fn new(file: File) -> Self {
        Self { file, error: AtomicI32::new(0) }
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
        // At most one for each recording.
        let (done, ended) = channel();
        let thread = std::thread::Builder::new()
            .name("record-sync".into())
            .spawn(move || run(&waiting, &shelf, &done))?;
        Ok(Self { jobs, ended, thread, skipped })
    }

    /// Asks for a new recording's files and their names to be put on the disk, before any of its audio.
    pub(crate) fn begin(&self, recording: RecordingId, relative: String, synced: &Arc<Synced>) {
        if self.jobs.send(Job::Begin { recording, relative, synced: Arc::clone(synced) }).is_err() {
            tracing::error!("the recorder's sync thread is gone");
        }
    }

    /// Asks for what is written to be put on the disk.
    pub(crate) fn refresh(&self, synced: &Arc<Synced>) {
        match self.jobs.try_send(Job::Refresh(Arc::clone(synced))) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                self.skipped.fetch_add(1, Ordering::Relaxed);
            }
            Err(TrySendError::Disconnected(_)) => tracing::error!("the recorder's sync thread is gone"),
        }
    }

    /// Asks for a recording to be completed and reported.
    pub(crate) fn end(&self, ending: Ending) {
        if self.jobs.send(Job::End(Box::new(ending))).is_err() {
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

fn run(jobs: &Receiver<Job>, shelf: &Shelf, done: &Sender<Event>) {
    let mut known = None;
    while let Ok(first) = jobs.recv() {
        let together = std::iter::once(first).chain(jobs.try_iter()).take(TOGETHER_MAX);
        let mut begins = Vec::new();
        let mut others = Vec::new();
        for job in together {
            match job {
                Job::Begin { recording, relative, synced } => begins.push((recording, relative, synced)),
                Job::Refresh(_) | Job::End(_) => others.push(job),
            }
        }
        // First, so that whatever ends or goes on is there by name.
        begin(&begins, shelf, &mut known);
        others.into_iter().for_each(|job| carry_on(job, shelf, done));
    }
}

/// Puts new recordings on the disk. `known` is the day whose own name is there.
fn begin(begins: &[(RecordingId, String, Arc<Synced>)], shelf: &Shelf, known: &mut Option<PathBuf>) {
    for (recording, relative, synced) in begins {
        synced.keep(shelf.sync_files(*recording, relative));
    }
    let days: BTreeSet<PathBuf> = begins.iter().map(|(_, relative, _)| shelf.day(relative)).collect();
    for day in days {
        let result = shelf.sync_names(&day, known.as_ref() == Some(&day)).and_then(|()| shelf.sync_notes());
        *known = result.is_ok().then(|| day.clone());
        let problem = result.err().map(|error| (error.raw_os_error().unwrap_or(-1), error));
        let Some((os_error, error)) = problem else { continue };
        tracing::debug!(%error, "the names of recordings are not on the disk");
        for (_, _, synced) in begins.iter().filter(|(_, relative, _)| shelf.day(relative) == day) {
            synced.keep(Err(io::Error::from_raw_os_error(os_error)));
        }
    }
}

fn carry_on(job: Job, shelf: &Shelf, done: &Sender<Event>) {
    match job {
        Job::Begin { recording, .. } => unreachable!("{recording} has begun before"),
        Job::Refresh(synced) => synced.keep(synced.file.sync_data()),
        Job::End(ending) => {
            let recording = ending.manifest.recording;
            let completed = catch_unwind(AssertUnwindSafe(|| complete(&ending, shelf)));
            let event = match completed.unwrap_or(Err(RecordingFailure::Bug)) {
                Ok(()) => ending.finished,
                Err(cause) => Event::RecordingFailed { recording, cause },
            };
            if done.send(event).is_err() {
                tracing::error!(%recording, "nobody is told of the end of a recording");
            }
        }
    }
}

fn complete(ending: &Ending, shelf: &Shelf) -> Result<(), RecordingFailure> {
    let named = |error: io::Error| cause(&ending.path, &error);
    ending.synced.file.sync_data().map_err(named)?;
    ending.manifest.write(&ending.path).map_err(named)?;
    shelf.close(ending.manifest.recording).map_err(named)
}
