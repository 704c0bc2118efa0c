//! How the rest of the server speaks to the shard: commands, snapshots and the live stream.

use std::sync::Arc;

use hotline_acd::{AgentView, Decision, ReasonView};
use hotline_base::{AgentId, CallId, Pii, RequestId};
use hotline_call::{
    Alarm, Command, CommandError, Event, LineQuality, MergeView, ScreenPop, Snapshot, TrunkView,
};
use hotline_sip::endpoint::Blocked;
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::request::current_request;

/// Requests that may wait for the shard; beyond it the caller is told that the server is busy.
pub const REQUESTS_MAX: usize = 1024;
/// Live items kept for a slow subscriber; beyond it the subscriber starts over from a snapshot.
pub const LIVE_MAX: usize = 4096;
/// Measures of lines kept for a slow subscriber; beyond it the oldest are left out, for each is soon followed by another.
pub const LINES_MAX: usize = 1024;

/// One item of the live stream: an event, and for an offer and an answer the screen pop of the agent concerned.
#[derive(Clone, Debug, PartialEq)]
pub struct Live {
    /// The numbered event.
    pub event: Event,
    /// With [`hotline_call::CallEvent::Offered`]: what that agent's page shows. Boxed, as few of the thousands that are kept have one.
    pub pop: Option<Box<ScreenPop>>,
}

/// Asked of the shard.
#[derive(Debug)]
pub enum Ask {
    /// Carry out a command.
    Command(Command, oneshot::Sender<Result<(), CommandError>>),
    /// Show the state.
    Snapshot(oneshot::Sender<Snapshot>),
    /// Show one agent; cheap.
    Agent(AgentId, oneshot::Sender<Option<AgentView>>),
    /// Show the configured reasons, and what is left of them to an agent; cheap.
    Reasons(AgentId, oneshot::Sender<Vec<ReasonView>>),
    /// Show that the loop turns, and the standing alarms; cheap.
    Alive(oneshot::Sender<Vec<Alarm>>),
    /// Show the counters; cheap.
    Counters(oneshot::Sender<Vec<(&'static str, u64)>>),
    /// Show how each trunk stands; cheap.
    Trunks(oneshot::Sender<Vec<TrunkView>>),
    /// Show who is not heard by SIP for a while; cheap.
    Blocked(oneshot::Sender<Vec<Blocked>>),
    /// Show why a caller waits.
    Explain(CallId, oneshot::Sender<Option<Decision>>),
    /// Show which staffs are merged; cheap.
    Merges(oneshot::Sender<Vec<MergeView>>),
    /// Make a call for an agent.
    Originate(Originate, oneshot::Sender<Result<CallId, CommandError>>),
    /// Send a text to the phones of an agent; answered when it is known whether one has it.
    Message(Message, oneshot::Sender<Result<bool, CommandError>>),
}

/// What is asked, and the request of a client for which.
#[derive(Debug)]
pub struct Asked {
    /// What.
    pub ask: Ask,
    /// For which.
    pub request: Option<RequestId>,
}

/// A call that an agent makes from the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Originate {
    /// Who: the agent's own phone is called first.
    pub agent: AgentId,
    /// Whom: an extension, a number of the center, or one outside.
    pub to: Pii<String>,
    /// The number that is shown outside, one of the center's; if absent as the routes say.
    pub caller_id: Option<Pii<String>>,
}

/// A text for the phones of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The name that the phones show.
    pub from: String,
    /// Whose phones.
    pub to: AgentId,
    /// The text.
    pub text: Pii<String>,
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
    asks: mpsc::Sender<Asked>,
    live: broadcast::Sender<Arc<Live>>,
    lines: broadcast::Sender<LineQuality>,
}

impl Handle {
    /// A handle, with the ends that the shard keeps.
    #[must_use]
    pub fn channel() -> (Self, mpsc::Receiver<Asked>, broadcast::Sender<Arc<Live>>) {
        let (asks, receiver) = mpsc::channel(REQUESTS_MAX);
        let (live, _) = broadcast::channel(LIVE_MAX);
        let (lines, _) = broadcast::channel(LINES_MAX);
        (Self { asks, live: live.clone(), lines }, receiver, live)
    }

    /// The end that the shard keeps of what is told of lines.
    #[must_use]
    pub fn lines(&self) -> broadcast::Sender<LineQuality> {
        self.lines.clone()
    }

    /// How the lines of agents who talk sound, from here on. It is no part of the numbered events.
    #[must_use]
    pub fn subscribe_lines(&self) -> broadcast::Receiver<LineQuality> {
        self.lines.subscribe()
    }

    /// Carries out `command` and returns when its effect is there.
    ///
    /// # Errors
    /// [`HandleError::Refused`] with the reason, or the shard is busy or gone.
    pub async fn command(&self, command: Command) -> Result<(), HandleError> {
        Ok(self.ask(|reply| Ask::Command(command, reply)).await??)
    }

    /// The state of everything. Subscribe first and drop the events up to [`Snapshot::seq`]: nothing is missed.
    ///
    /// # Errors
    /// The shard is busy or gone.
    pub async fn snapshot(&self) -> Result<Snapshot, HandleError> {
        self.ask(Ask::Snapshot).await
    }

    /// One agent; `None` if there is none of that id.
    ///
    /// # Errors
    /// The shard is busy or gone.
    pub async fn agent(&self, agent: AgentId) -> Result<Option<AgentView>, HandleError> {
        self.ask(|reply| Ask::Agent(agent, reply)).await
    }

    /// The configured reasons for being not ready, with what is left of them to `agent`.
    ///
    /// # Errors
    /// The shard is busy or gone.
    pub async fn reasons(&self, agent: AgentId) -> Result<Vec<ReasonView>, HandleError> {
        self.ask(|reply| Ask::Reasons(agent, reply)).await
    }

    /// A sign of life: the standing alarms.
    ///
    /// # Errors
    /// The shard is busy or gone.
    pub async fn alive(&self) -> Result<Vec<Alarm>, HandleError> {
        self.ask(Ask::Alive).await
    }

    /// The counters of the core by name.
    ///
    /// # Errors
    /// The shard is busy or gone.
    pub async fn counters(&self) -> Result<Vec<(&'static str, u64)>, HandleError> {
        self.ask(Ask::Counters).await
    }

    /// Makes a call for an agent, and returns when the agent's own phone is being called.
    ///
    /// # Errors
    /// [`HandleError::Refused`] with the reason, or the shard is busy or gone.
    pub async fn originate(&self, originate: Originate) -> Result<CallId, HandleError> {
        Ok(self.ask(|reply| Ask::Originate(originate, reply)).await??)
    }

    /// Sends a text to the phones of an agent, and returns when one has it (true), or none took it within 20 s.
    ///
    /// # Errors
    /// [`HandleError::Refused`] with the reason, or the shard is busy or gone.
    pub async fn message(&self, message: Message) -> Result<bool, HandleError> {
        Ok(self.ask(|reply| Ask::Message(message, reply)).await??)
    }

    /// Who is not heard by SIP for a while.
    ///
    /// # Errors
    /// The shard is busy or gone.
    pub async fn blocked(&self) -> Result<Vec<Blocked>, HandleError> {
        self.ask(Ask::Blocked).await
    }

    /// How each trunk stands.
    ///
    /// # Errors
    /// The shard is busy or gone.
    pub async fn trunks(&self) -> Result<Vec<TrunkView>, HandleError> {
        self.ask(Ask::Trunks).await
    }

    /// Why a caller waits; `None` if the call waits nowhere.
    ///
    /// # Errors
    /// The shard is busy or gone.
    pub async fn explain(&self, call: CallId) -> Result<Option<Decision>, HandleError> {
        self.ask(|reply| Ask::Explain(call, reply)).await
    }

    /// The merges of staffs that hold.
    ///
    /// # Errors
    /// The shard is busy or gone.
    pub async fn merges(&self) -> Result<Vec<MergeView>, HandleError> {
        self.ask(Ask::Merges).await
    }

    /// The live stream from here on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Live>> {
        self.live.subscribe()
    }

    async fn ask<T>(&self, ask: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Result<T, HandleError> {
        let (reply, answer) = oneshot::channel();
        let asked = Asked { ask: ask(reply), request: current_request() };
        self.asks.try_send(asked).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => HandleError::Busy,
            mpsc::error::TrySendError::Closed(_) => HandleError::Stopped,
        })?;
        answer.await.map_err(|_| HandleError::Stopped)
    }
}
