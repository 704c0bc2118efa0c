//! All messages under way, and the way to begin one.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hotline_audio::Rate;
use hotline_base::VoiceMessageId;
use hotline_media_rt::{LegEnd, line};
use hotline_telemetry::Metric;
use tokio::sync::{Semaphore, oneshot};

use crate::session::{self, Files};
use crate::{Failure, MESSAGES_MAX};

/// What is to be recorded.
#[derive(Clone, Debug)]
pub struct Request {
    /// Names the message and, by [`path_of`](crate::path_of), its file.
    pub id: VoiceMessageId,
    /// How the caller's sound comes.
    pub rate: Rate,
    /// The longest, at most [`LONGEST_MAX`](crate::LONGEST_MAX); then it is over and kept.
    pub longest: Duration,
    /// So much silence ends it, at its beginning too.
    pub silence: Duration,
    /// Less speech is nothing.
    pub shortest: Duration,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is on the disk.
    Recorded {
        /// Path below the directory of recordings.
        path: String,
        /// Its length, without the silence at the end.
        duration: Duration,
    },
    /// Too little was said; there is no file.
    Nothing,
    /// It was not kept; there is no file, unless that cannot be deleted either.
    Failed(Failure),
}

impl Outcome {
    const fn label(&self) -> &'static str {
        match self {
            Self::Recorded { .. } => "recorded",
            Self::Nothing => "nothing",
            Self::Failed(failure) => failure.label(),
        }
    }
}

/// Ends one message. Dropping it is a [`Recorder::stop`].
#[derive(Debug)]
pub struct Recorder {
    /// The message ends when this is gone.
    _stop: oneshot::Sender<()>,
}

impl Recorder {
    /// It is enough: what was said so far is the message.
    pub fn stop(self) {
        drop(self);
    }
}

/// Records messages; cheap to clone, all clones share the limit.
#[derive(Clone)]
pub struct Messages {
    files: Arc<Files>,
    places: Arc<Semaphore>,
}

impl Messages {
    /// None yet. The files go below this directory of recordings.
    #[must_use]
    pub fn new(recordings: PathBuf) -> Self {
        Self::with_limit(recordings, MESSAGES_MAX)
    }

    /// At most so many at a time.
    #[must_use]
    pub fn with_limit(recordings: PathBuf, messages_max: usize) -> Self {
        let files = Arc::new(Files { root: recordings });
        Self { files, places: Arc::new(Semaphore::new(messages_max)) }
    }

    /// Begins a message, within the runtime: give the leg its end of the line. It ends by silence, by its length, by the recorder, or
    /// with the line, as when the caller hangs up; the outcome always comes, unless the runtime ends before.
    #[must_use]
    pub fn record(&self, request: Request) -> (LegEnd, Recorder, oneshot::Receiver<Outcome>) {
        let (leg, service) = line(request.rate);
        let (stop, stopped) = oneshot::channel();
        let (tell, outcome) = oneshot::channel();
        let files = Arc::clone(&self.files);
        match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => {
                tokio::spawn(async move {
                    let open = Open::new();
                    let outcome = session::record(files, &request, service, stopped).await;
                    drop((open, place));
                    report(&request, outcome, tell);
                });
            }
            Err(_) => report(&request, Outcome::Failed(Failure::Busy), tell),
        }
        (leg, Recorder { _stop: stop }, outcome)
    }
}

fn report(request: &Request, outcome: Outcome, tell: oneshot::Sender<Outcome>) {
    Metric::MessagesEnded.increment_for([outcome.label()]);
    match &outcome {
        Outcome::Failed(failure) => {
            let file = crate::path_of(request.id);
            tracing::error!(file, %failure, "a caller's message was not kept");
        }
        Outcome::Recorded { .. } | Outcome::Nothing => {
            tracing::debug!(message = %request.id, outcome = outcome.label(), "a message ended");
        }
    }
    // Who does not wait for it does not hear it.
    drop(tell.send(outcome));
}

/// A message that is counted.
struct Open;

impl Open {
    fn new() -> Self {
        Metric::MessagesOpen.gauge().increment(1.0);
        Self
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        Metric::MessagesOpen.gauge().decrement(1.0);
    }
}
