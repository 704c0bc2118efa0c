//! The flows and the center in force while the server runs.
//!
//! ```text
//! file saved ──► seen within a second ──► all files checked together ──► good: for new calls, kept as a version
//! API save ────► checked ──► file written ─────────────────────────┘ └► bad: nothing changes; log, alarm, metric, list
//! ```
//!
//! Calls that run go on with the flows with which they began; that is the core's doing. Must never know: HTTP, what a
//! step does. Start reading at [`FlowFiles`]; how the center changes is in `center.rs`.

mod center;
mod disk;
mod force;
mod state;
mod suite;
mod watch;

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hotline_base::FlowId;
use hotline_config::{Configuration, FlowText, FlowWorld, Prompts};
use hotline_flow_test::Center;
use hotline_ivr::{Diagnostic, FlowGraph, Flows, graph, parse};
use hotline_shard::{Clock, Handle};
use hotline_store::{FlowVersion, Store, StoreError, flow_hash};
use hotline_telemetry::Metric;
use tokio::sync::Mutex;
use tracing::info;

use crate::state::{State, Texts, with};

pub use center::{CenterError, CenterFile, Checked, Edit};
pub use disk::finish_change;
pub use suite::SuiteResult;

/// Who brought a text into force that was changed on disk.
pub const FILE: &str = "file";
/// Versions that may wait for the database; beyond it the oldest is lost and counted.
pub const UNRECORDED_MAX: usize = 1000;
/// The most characters of a flow's name.
pub const NAME_CHARS_MAX: usize = 64;

/// Tells the rest of the server of a configuration.
pub type Publish = Box<dyn Fn(&Arc<Configuration>) + Send + Sync>;

/// What it is made of.
pub struct Parts {
    /// What was read at the start: where the files are, and what is in force.
    pub configuration: Arc<Configuration>,
    /// The server's own file, for messages.
    pub server_file: PathBuf,
    /// Told of every configuration that comes into force, when call processing has it.
    pub publish: Publish,
    /// Keeps the versions.
    pub store: Store,
    /// Runs calls.
    pub shard: Handle,
    /// The time of versions.
    pub clock: Clock,
    /// What tests of flows need not say.
    pub center: Box<dyn Center + Send + Sync>,
}

impl Parts {
    /// The directory of flows.
    pub(crate) fn flows(&self) -> &Path {
        &self.configuration.server.storage.flows
    }

    /// The center's file.
    pub(crate) fn center_file(&self) -> &Path {
        &self.configuration.server.storage.center
    }
}

/// A handle on the files of flows and center. Cheap to clone.
#[derive(Clone)]
pub struct FlowFiles {
    parts: Arc<Parts>,
    /// Held during a whole change, also while it is written and checked: one change at a time.
    state: Arc<Mutex<State>>,
}

/// How a flow stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowState {
    /// The flow.
    pub flow: FlowId,
    /// What is in force; `None` if the flow is not, or if the database could not be asked.
    pub version: Option<FlowVersion>,
    /// Whether calls that begin now run on what is on disk, or there is nothing on disk nor in force.
    pub is_current: bool,
    /// Mistakes of the file on disk, if it is not in force.
    pub mistakes: Vec<Diagnostic>,
}

/// All flows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowStates {
    /// By name: those on disk and those in force.
    pub flows: Vec<FlowState>,
    /// Mistakes that are in no flow's file: a file that cannot be read, a number without its flow.
    pub mistakes: Vec<Diagnostic>,
}

/// The text of a flow as it lies on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowFile {
    /// The text.
    pub text: String,
    /// By which a change is refused that does not know this text, see [`flow_hash`].
    pub hash: String,
    /// How it stands.
    pub state: FlowState,
}

/// Which text a change is made to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// There is no such flow yet.
    Absent,
    /// The text of this hash.
    Hash(String),
}

/// Why a flow was not changed.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    /// The flows would have mistakes.
    #[error("the flow has mistakes")]
    Invalid(Vec<Diagnostic>),
    /// The file is not what the change was made to.
    #[error("somebody else has changed the flow")]
    Stale,
    /// There is no such flow.
    #[error("there is no such flow")]
    NotFound,
    /// No flow can be called this.
    #[error("a flow's name is 1 to 64 letters, digits, `-` and `_`, and begins with a letter or digit")]
    Name,
    /// There are as many flows as may be.
    #[error("there are as many flows as may be")]
    TooMany,
    /// The file cannot be written.
    #[error("the file cannot be written")]
    File(#[from] std::io::Error),
    /// Call processing is gone.
    #[error("the server is stopping")]
    Stopped,
}

impl FlowFiles {
    /// Looks after files that were read and are in force already, and notes their versions.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn start(parts: Parts) -> Result<Self, StoreError> {
        let in_force: Texts =
            parts.configuration.flows.iter().map(|text| (text.flow.clone(), text.clone())).collect();
        let mut versions = BTreeMap::new();
        let now = parts.clock.now().wall;
        for (flow, text) in &in_force {
            let recorded = parts.store.record_flow(flow, Some(&text.text), FILE, now).await?;
            if recorded.is_new {
                info!(%flow, version = recorded.version.number, "a new version of the flow");
            }
            versions.insert(flow.clone(), recorded.version);
        }
        Metric::FlowsMistakes.set(0.0);
        let center = center::start(&parts, now).await?;
        let state = State {
            center,
            on_disk: in_force.clone(),
            in_force,
            versions,
            world: Arc::new(parts.configuration.flow_world.clone()),
            sounds: Vec::new(),
            mistakes: Vec::new(),
            unrecorded: VecDeque::new(),
        };
        Ok(Self { parts: Arc::new(parts), state: Arc::new(Mutex::new(state)) })
    }

    /// How all flows stand.
    pub async fn list(&self) -> FlowStates {
        self.state.lock().await.list()
    }

    /// The text of a flow as it lies on disk.
    ///
    /// # Errors
    /// [`FlowError::NotFound`].
    pub async fn read(&self, flow: &FlowId) -> Result<FlowFile, FlowError> {
        let state = self.state.lock().await;
        let text = state.on_disk.get(flow).ok_or(FlowError::NotFound)?;
        Ok(FlowFile { text: text.text.clone(), hash: flow_hash(&text.text), state: state.of(flow) })
    }

    /// What would be wrong if this were the flow's text, and what is worth a warning in it. Nothing is changed.
    ///
    /// # Errors
    /// [`FlowError::Name`].
    pub async fn check(
        &self,
        flow: &FlowId,
        text: String,
    ) -> Result<(Vec<Diagnostic>, Option<FlowGraph>), FlowError> {
        let text = self.text(flow, text)?;
        let file = text.file.clone();
        let drawn = parse(&file, &text.text).ok().map(|flow| graph(&flow));
        let (world, texts) = {
            let state = self.state.lock().await;
            (Arc::clone(&state.world), with(&state.in_force, flow, Some(text)))
        };
        let (_, mut found) = self.examine(world, texts).await;
        // Warnings of other files are none of this one's.
        found.retain(|one| one.is_error() || one.file == file);
        Ok((found, drawn))
    }

    /// A flow as it lies on disk, to be drawn.
    ///
    /// # Errors
    /// [`FlowError::NotFound`], [`FlowError::Invalid`] if the text is no flow at all.
    pub async fn graph(&self, flow: &FlowId) -> Result<FlowGraph, FlowError> {
        let text = {
            let state = self.state.lock().await;
            state.on_disk.get(flow).cloned().ok_or(FlowError::NotFound)?
        };
        parse(&text.file, &text.text).map(|flow| graph(&flow)).map_err(FlowError::Invalid)
    }

    /// Writes a flow and brings it into force, or does neither.
    ///
    /// # Errors
    /// [`FlowError`]; then nothing is changed, but for [`FlowError::Stopped`].
    pub async fn save(
        &self,
        flow: &FlowId,
        text: String,
        expected: &Expected,
        author: &str,
    ) -> Result<FlowFile, FlowError> {
        let text = self.text(flow, text)?;
        self.change_whole(flow, Some(text), expected, author).await?;
        self.read(flow).await
    }

    /// Takes a flow away, which nothing may name.
    ///
    /// # Errors
    /// [`FlowError`], with [`FlowError::Invalid`] if a number or another flow names it.
    pub async fn delete(&self, flow: &FlowId, expected: &Expected, author: &str) -> Result<(), FlowError> {
        self.change_whole(flow, None, expected, author).await
    }

    /// Changes a flow to the end, also if whoever asked goes away meanwhile.
    async fn change_whole(
        &self,
        flow: &FlowId,
        text: Option<FlowText>,
        expected: &Expected,
        author: &str,
    ) -> Result<(), FlowError> {
        let (files, flow, expected, author) =
            (self.clone(), flow.clone(), expected.clone(), author.to_owned());
        let change = tokio::spawn(async move { files.change(&flow, text, &expected, &author).await });
        change.await.map_err(std::io::Error::other)?
    }

    fn text(&self, flow: &FlowId, text: String) -> Result<FlowText, FlowError> {
        if !is_name(flow.as_str()) {
            return Err(FlowError::Name);
        }
        let file = disk::path(self.parts.flows(), flow).display().to_string();
        Ok(FlowText { flow: flow.clone(), file, text })
    }

    async fn change(
        &self,
        flow: &FlowId,
        text: Option<FlowText>,
        expected: &Expected,
        author: &str,
    ) -> Result<(), FlowError> {
        let mut state = self.state.lock().await;
        state.on_disk = self.read_disk().await.map_err(|mistake| FlowError::Invalid(vec![mistake]))?;
        state.expect(flow, text.is_some(), expected)?;
        let disk = with(&state.on_disk, flow, text.clone());
        // Files of others that are not good yet must not keep this one from being saved.
        let (texts, flows, left) = match self.judge(&state.world, disk.clone()).await {
            Ok(flows) => (disk.clone(), flows, Vec::new()),
            Err(left) => {
                let texts = with(&state.in_force, flow, text.clone());
                let flows = self.judge(&state.world, texts.clone()).await.map_err(FlowError::Invalid)?;
                (texts, flows, left)
            }
        };
        self.write(flow, text).await?;
        state.on_disk = disk;
        self.put_in_force(&mut state, texts, flows, Some((flow, author))).await?;
        self.tell(&mut state, left).await
    }

    async fn write(&self, flow: &FlowId, text: Option<FlowText>) -> Result<(), FlowError> {
        let (directory, flow) = (self.parts.flows().to_owned(), flow.clone());
        let written = tokio::task::spawn_blocking(move || match text {
            Some(text) => disk::write(&directory, &flow, &text.text),
            None => disk::remove(&directory, &flow),
        });
        Ok(written.await.map_err(std::io::Error::other)??)
    }

    /// Reads the directory.
    async fn read_disk(&self) -> Result<Texts, Diagnostic> {
        let directory = self.parts.flows().to_owned();
        let read = tokio::task::spawn_blocking(move || disk::read(&directory)).await;
        read.unwrap_or_else(|died| Err(disk::fault(self.parts.flows(), died.to_string())))
    }

    /// Checks flows together, beside the tasks that must not wait.
    async fn examine(&self, world: Arc<FlowWorld>, texts: Texts) -> (Flows, Vec<Diagnostic>) {
        let examined = tokio::task::spawn_blocking(move || {
            let texts: Vec<FlowText> = texts.into_values().collect();
            world.check(&texts)
        });
        examined.await.unwrap_or_else(|died| {
            (Flows::default(), vec![disk::fault(self.parts.flows(), died.to_string())])
        })
    }

    /// The flows if they can be used, else the mistakes.
    async fn judge(&self, world: &Arc<FlowWorld>, texts: Texts) -> Result<Flows, Vec<Diagnostic>> {
        let (flows, mut found) = self.examine(Arc::clone(world), texts).await;
        found.retain(Diagnostic::is_error);
        if found.is_empty() { Ok(flows) } else { Err(found) }
    }

    /// Takes in what is on disk: if it is good it comes into force, else its mistakes are told.
    async fn reload(&self) -> Result<(), FlowError> {
        let mut state = self.state.lock().await;
        self.take_in(&mut state).await
    }

    /// Sound files have changed: these prompts there are, and these files cannot be used. Flows are judged anew by that, those that
    /// waited for a prompt come into force, and those that run are told of if they lack one.
    ///
    /// # Errors
    /// [`FlowError::Stopped`].
    pub async fn sounds_changed(&self, prompts: Prompts, unusable: Vec<Diagnostic>) -> Result<(), FlowError> {
        let mut state = self.state.lock().await;
        state.world = Arc::new(state.world.with_prompts(prompts));
        state.sounds = unusable;
        self.take_in(&mut state).await
    }

    async fn take_in(&self, state: &mut State) -> Result<(), FlowError> {
        match self.read_disk().await {
            Ok(texts) => state.on_disk = texts,
            Err(mistake) => return self.tell(state, vec![mistake]).await,
        }
        match self.read_center().await {
            Ok(text) => state.center.on_disk = text,
            Err(mistake) => return self.tell(state, vec![mistake]).await,
        }
        if state.center.on_disk != state.center.in_force {
            return self.take_in_center(state).await;
        }
        let texts = state.on_disk.clone();
        match self.judge(&state.world, texts.clone()).await {
            Ok(flows) => {
                self.put_in_force(state, texts, flows, None).await?;
                self.tell(state, Vec::new()).await
            }
            Err(mistakes) => self.tell(state, mistakes).await,
        }
    }
}

/// Whether a flow can be called this: the name is the file's, so nothing that leads out of the directory or that is read
/// as a test.
fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=NAME_CHARS_MAX).contains(&name.len())
        && name.bytes().all(is_plain)
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
}
