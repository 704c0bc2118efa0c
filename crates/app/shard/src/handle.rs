//! How the rest of the server speaks to the shard: commands, snapshots and the live stream.

use std::sync::Arc;

use hotline_call::{Command, CommandError, Event, ScreenPop, Snapshot};
use tokio::sync::{broadcast, mpsc, oneshot};

/// Requests that may wait for the shard; beyond it the caller is told that the server is busy.
pub const REQUESTS_MAX: usize = 1024;
/// Live items kept for a slow subscriber; beyond it the subscriber starts over from a snapshot.
pub const LIVE_MAX: usize = 4096;

/// One item of the live stream: an event, and for an offer the screen pop of the agent concerned.
#[derive(Clone, Debug, PartialEq)]
pub struct Live {
    /// The numbered event.
    pub event: Event,
    /// With [`hotline_call::CallEvent::Offered`]: what that agent's page shows.
    pub pop: Option<ScreenPop>,
}

/// Asked of the shard.
#[derive(Debug)]
pub enum Ask {
    /// Carry out a command.
    Command(Command, oneshot::Sender<Result<(), CommandError>>),
    /// Show the state.
    Snapshot(oneshot::Sender<Snapshot>),
    /// Show the counters only, which is cheap.
    Counters(oneshot::Sender<Vec<(&'static str, u64)>>),
}

/// Why the shard did not do it.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// The core refused the command.
    #[error(transparent)]
    Refused(#[from] CommandError),
    /// More than [`REQUESTS_MAX`] requests wait.
    #[error("the server is busy, try again")]
    Busy,
    /// The server is going down.
    #[error("the server is stopping")]
    Stopped,
}

/// A cheap handle on the shard.
#[derive(Clone, Debug)]
pub struct Handle {
    asks: mpsc::Sender<Ask>,
    live: broadcast::Sender<Arc<Live>>,
}

impl Handle {
    /// A handle, with the ends that the shard keeps.
    #[must_use]
    pub fn channel() -> (Self, mpsc::Receiver<Ask>, broadcast::Sender<Arc<Live>>) {
        let (asks, receiver) = mpsc::channel(REQUESTS_MAX);
        let (live, _) = broadcast::channel(LIVE_MAX);
        (Self { asks, live: live.clone() }, receiver, live)
    }

    /// Carries out `command` and returns when its effect is there.
    ///
    /// # Errors
    /// [`HandleError::Refused`] with the reason, or the shard is busy or gone.
    pub async fn command(&self, command: Command) -> Result<(), HandleError> {
        let (reply, answer) = oneshot::channel();
        self.ask(Ask::Command(command, reply))?;
        Ok(answer.await.map_err(|_| HandleError::Stopped)??)
    }

    /// The state of everything. Subscribe first and drop the events up to [`Snapshot::seq`]: nothing is missed.
    ///
    /// # Errors
    /// The shard is busy or gone.
    pub async fn snapshot(&self) -> Result<Snapshot, HandleError> {
        let (reply, answer) = oneshot::channel();
        self.ask(Ask::Snapshot(reply))?;
        answer.await.map_err(|_| HandleError::Stopped)
    }

    /// The counters of the core by name.
    ///
    /// # Errors
    /// The shard is busy or gone.
    pub async fn counters(&self) -> Result<Vec<(&'static str, u64)>, HandleError> {
        let (reply, answer) = oneshot::channel();
        self.ask(Ask::Counters(reply))?;
        answer.await.map_err(|_| HandleError::Stopped)
    }

    /// The live stream from here on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Live>> {
        self.live.subscribe()
    }

    fn ask(&self, ask: Ask) -> Result<(), HandleError> {
        self.asks.try_send(ask).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => HandleError::Busy,
            mpsc::error::TrySendError::Closed(_) => HandleError::Stopped,
        })
    }
}
