//! One message from its beep to its end.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hotline_audio::Rate;
use hotline_media_rt::ServiceEnd;
use hotline_telemetry::Metric;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use crate::beep::Beep;
use crate::file::MessageFile;
use crate::hearing::Hearing;
use crate::limits::{BEEP_TIMEOUT, BLOCK};
use crate::messages::{Outcome, Request};
use crate::{BACKLOG_MAX, Failure, LONGEST_MAX, path_of};

/// How often sound is taken from the line and given to it.
const BEAT: Duration = Duration::from_millis(20);

/// Where the files go.
pub(crate) struct Files {
    pub(crate) root: PathBuf,
}

/// Records until the message is over, and says what became of it once that is on the disk.
pub(crate) async fn record(
    files: Arc<Files>,
    request: &Request,
    line: ServiceEnd,
    stopped: oneshot::Receiver<()>,
) -> Outcome {
    match keep(files, request, line, stopped).await {
        Ok(outcome) => outcome,
        Err(failure) => Outcome::Failed(failure),
    }
}

async fn keep(
    files: Arc<Files>,
    request: &Request,
    line: ServiceEnd,
    mut stopped: oneshot::Receiver<()>,
) -> Result<Outcome, Failure> {
    let path = path_of(request.id);
    let disk = Disk::open(files, path.clone(), request.rate).await?;
    let mut beats = interval(BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut session = Session { line, hearing: Hearing::default(), disk };
    let is_begun = tokio::select! {
        is_begun = session.beep(request.rate, &mut beats) => is_begun,
        _ = &mut stopped => false,
    };
    if is_begun {
        let heard = tokio::select! {
            heard = session.hear(request, &mut beats) => heard,
            _ = &mut stopped => Ok(()),
        };
        if let Err(failure) = heard {
            session.disk.discard().await;
            return Err(failure);
        }
        // What was said up to the last word of whoever hung up or pressed a key.
        session.take(request);
    }
    session.finish(request, path).await
}

struct Session {
    line: ServiceEnd,
    hearing: Hearing,
    disk: Disk,
}

impl Session {
    /// Says the beep. False if the line ended meanwhile.
    async fn beep(&mut self, rate: Rate, beats: &mut Interval) -> bool {
        let mut beep = Beep::new(rate);
        let begun = Instant::now();
        while !beep.say(&mut self.line) && begun.elapsed() < BEEP_TIMEOUT {
            beats.tick().await;
            while let Some(frame) = self.line.heard() {
                self.hearing.learn(frame.samples());
            }
            if self.line.is_over() {
                return false;
            }
        }
        true
    }

    /// Takes what the caller says until it is enough or the line ends.
    async fn hear(&mut self, request: &Request, beats: &mut Interval) -> Result<(), Failure> {
        let mut heard_at = Instant::now();
        loop {
            beats.tick().await;
            let is_over = self.line.is_over();
            if self.take(request) {
                heard_at = Instant::now();
            }
            // A leg that gives nothing at all is silent too.
            let is_still = heard_at.elapsed() >= request.silence;
            let is_silent = Duration::from_millis(self.hearing.silence_ms()) >= request.silence;
            if is_over || is_still || is_silent || self.is_full(request) {
                return Ok(());
            }
            self.disk.write().await?;
        }
    }

    /// Takes what is on the line, up to the longest. True if there was anything.
    fn take(&mut self, request: &Request) -> bool {
        let before = self.hearing.heard();
        while !self.is_full(request)
            && let Some(frame) = self.line.heard()
        {
            self.hearing.push(frame.samples());
            self.disk.waiting.extend(frame.samples());
        }
        self.hearing.heard() > before
    }

    fn is_full(&self, request: &Request) -> bool {
        let heard = Duration::from_millis(self.hearing.heard() * BEAT.as_millis() as u64);
        heard >= request.longest.min(LONGEST_MAX)
    }

    /// Keeps the message, or deletes the file if there is none.
    async fn finish(self, request: &Request, path: String) -> Result<Outcome, Failure> {
        Metric::MessageFramesDropped.increment(self.line.dropped());
        let speech = Duration::from_millis(self.hearing.speech_ms());
        if speech.is_zero() || speech < request.shortest {
            self.disk.discard().await;
            return Ok(Outcome::Nothing);
        }
        let spoken_ms = self.hearing.spoken() * BEAT.as_millis() as u64;
        // It fits: it is no more than the longest.
        let samples = (spoken_ms * u64::from(request.rate.hz()) / 1000) as u32;
        self.disk.finish(samples).await?;
        Ok(Outcome::Recorded { path, duration: Duration::from_millis(spoken_ms) })
    }
}

const _: () = assert!(LONGEST_MAX.as_secs() * 16_000 * 2 < u32::MAX as u64 - 44, "the longest message fits");

/// The file, and what waits to be written to it. No more than one job is under way.
struct Disk {
    files: Arc<Files>,
    path: String,
    rate: Rate,
    state: State,
    waiting: Vec<i16>,
}

type Job = JoinHandle<(MessageFile, io::Result<()>)>;

enum State {
    Idle(MessageFile),
    Writing(Job),
    /// A job died with it.
    Lost,
}

impl Disk {
    async fn open(files: Arc<Files>, path: String, rate: Rate) -> Result<Self, Failure> {
        let (of, relative) = (Arc::clone(&files), path.clone());
        let file = run(move || MessageFile::create(&of.root, &relative, rate)).await?;
        Ok(Self { files, path, rate, state: State::Idle(file), waiting: Vec::new() })
    }

    /// Writes a block if one is complete and the disk has done the one before. Does not wait.
    async fn write(&mut self) -> Result<(), Failure> {
        if let State::Writing(job) = &self.state
            && !job.is_finished()
        {
            let is_behind = self.waiting.len() >= samples(self.rate, BACKLOG_MAX);
            return if is_behind { Err(Failure::Slow) } else { Ok(()) };
        }
        self.settle().await?;
        if self.waiting.len() >= samples(self.rate, BLOCK) {
            self.begin();
        }
        Ok(())
    }

    /// Begins to write all that waits.
    fn begin(&mut self) {
        self.state = match std::mem::replace(&mut self.state, State::Lost) {
            State::Idle(mut file) => {
                let block = std::mem::take(&mut self.waiting);
                State::Writing(spawn_blocking(move || {
                    let written = file.write(&block);
                    (file, written)
                }))
            }
            state @ (State::Writing(_) | State::Lost) => state,
        };
    }

    /// Waits for the block that is being written.
    async fn settle(&mut self) -> Result<(), Failure> {
        match &mut self.state {
            State::Idle(_) => {}
            State::Writing(job) => {
                // Waited for in its place: whoever stops waiting loses nothing.
                let done = job.await;
                self.state = State::Lost;
                let (file, written) = done.map_err(|error| Failure::Io(error.to_string()))?;
                self.state = State::Idle(file);
                written?;
            }
            State::Lost => return Err(Failure::Io("its file was lost".to_owned())),
        }
        Ok(())
    }

    /// Puts so many samples on the disk for good, or deletes the file.
    async fn finish(mut self, samples: u32) -> Result<(), Failure> {
        let mut written = self.settle().await;
        if written.is_ok() {
            self.begin();
            written = self.settle().await;
        }
        if let Err(failure) = written {
            self.discard().await;
            return Err(failure);
        }
        let State::Idle(file) = self.state else { return Ok(()) };
        let (files, path) = (Arc::clone(&self.files), self.files.root.join(&self.path));
        run(move || {
            let finished = file.finish(&files.root, samples);
            if finished.is_err() {
                tell_left(std::fs::remove_file(path));
            }
            finished
        })
        .await
    }

    /// Deletes the file.
    async fn discard(mut self) {
        // What became of the last block does not matter any more.
        drop(self.settle().await);
        if let State::Idle(file) = self.state {
            tell_left(run(move || file.discard()).await);
        }
    }
}

fn tell_left<E: std::fmt::Display>(deleted: Result<(), E>) {
    if let Err(error) = deleted {
        tracing::warn!(%error, "the file of a message that is none could not be deleted");
    }
}

/// Work that waits for the disk.
async fn run<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, Failure> {
    let done = spawn_blocking(work).await.map_err(|error| Failure::Io(error.to_string()))?;
    Ok(done?)
}

fn samples(rate: Rate, time: Duration) -> usize {
    rate.samples(time.as_millis() as usize)
}
