//! The center's file: read, changed, brought into force, all of it together with the flows.
//!
//! As with flows, the file is the truth: a change is judged as a whole, written, given to call processing, noted as a version. What
//! is wrong changes nothing.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use hotline_base::{FlowId, Pii, WallTime};
use hotline_call::{Command, Configured};
use hotline_config::{
    ConfigError, Configuration, FLOWS_MAX, FlowText, FlowWorld, Mistakes, Unknown, reread, unmask,
};
use hotline_ivr::{Diagnostic, Language, PromptName};
use hotline_store::{CenterVersion, StoreError};
use hotline_telemetry::Metric;
use hotline_yaml::{EditError, Place, Source, place_at};
use tracing::info;

use crate::disk::{self, Piece};
use crate::state::{Recorded, State, Texts, Unrecorded, with};
use crate::{FILE, FlowError, FlowFiles, Parts};

/// What is noted as the change of a version that the start has found.
const START: &str = "start";
/// What is noted as the change of a version that was made on disk.
const ON_DISK: &str = "center.yaml";

/// Makes another text of the one on disk.
pub type Edit = Box<dyn FnOnce(&str) -> Result<String, CenterError> + Send>;

/// The center's file.
pub(crate) struct Center {
    pub(crate) on_disk: String,
    pub(crate) in_force: String,
    /// What the text in force says. Its flows are those that were in force when it came.
    pub(crate) configuration: Arc<Configuration>,
    pub(crate) version: Option<CenterVersion>,
}

/// How the center's file stands.
#[derive(Clone, Debug)]
pub struct CenterFile {
    /// The text as it lies on disk, with its passwords.
    pub text: Pii<String>,
    /// The text in force, with its passwords.
    pub in_force: Pii<String>,
    /// The version in force; `None` if the database could not be asked.
    pub version: Option<CenterVersion>,
    /// Mistakes of the text on disk, if it is not in force.
    pub mistakes: Vec<Diagnostic>,
    /// Sections in force whose change counts only after a restart.
    pub needs_restart: Vec<&'static str>,
}

impl CenterFile {
    /// Whether what is on disk is in force.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.text == self.in_force
    }
}

/// What would come of a text.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The text with the passwords that it has masked.
    pub text: Pii<String>,
    /// Sections whose change would count only after a restart.
    pub needs_restart: Vec<&'static str>,
}

/// Why the center was not changed.
#[derive(Debug, thiserror::Error)]
pub enum CenterError {
    /// Center and flows would have mistakes.
    #[error("the configuration has mistakes")]
    Invalid {
        /// All of them.
        mistakes: Vec<Diagnostic>,
        /// The text of the center that they are about, with its passwords.
        text: Pii<String>,
        /// The center's file, as mistakes name it.
        file: String,
    },
    /// Passwords are masked that are not known.
    #[error("a masked password stands for none: write it out")]
    Masked(Vec<Unknown>),
    /// The text is not what the change was made to.
    #[error("somebody else has changed the configuration")]
    Stale,
    /// Whoever asks may not change this part.
    #[error("this part may be changed by others only")]
    Forbidden,
    /// There is no such entry.
    #[error("there is no such entry")]
    NotFound,
    /// The text cannot be changed entry by entry.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// A flow of the change cannot be one.
    #[error(transparent)]
    Flow(#[from] FlowError),
    /// The file cannot be written.
    #[error("the file cannot be written")]
    File(#[from] io::Error),
}

pub(crate) async fn start(parts: &Parts, now: WallTime) -> Result<Center, StoreError> {
    let configuration = Arc::clone(&parts.configuration);
    let text = configuration.flow_world.center_text().to_owned();
    let version = parts.store.record_center(&Pii::new(text.clone()), (FILE, START), now).await?;
    Ok(Center { on_disk: text.clone(), in_force: text, configuration, version: Some(version) })
}

impl FlowFiles {
    /// How the center's file stands.
    pub async fn center(&self) -> CenterFile {
        self.center_file(&*self.state.lock().await)
    }

    /// What would come of the text that `edit` makes of the one on disk, with these flows. Nothing is changed.
    ///
    /// # Errors
    /// [`CenterError`], as the change would be refused.
    pub async fn check_center(
        &self,
        edit: Edit,
        flows: BTreeMap<FlowId, Option<String>>,
    ) -> Result<Checked, CenterError> {
        let mut state = self.state.lock().await;
        let (text, flows) = self.wanted(&mut state, edit, flows).await?;
        let judged = self.judge_change(&state, &text, &flows).await?;
        let needs_restart = judged.configuration.needs_restart(&self.parts.configuration);
        Ok(Checked { text: Pii::new(text), needs_restart })
    }

    /// Writes what `edit` makes of the text on disk, with these flows (`None` takes one away), and brings all of it into force, or
    /// does nothing. `by`: who, and what is changed in a few words. A change of nothing is none.
    ///
    /// # Errors
    /// [`CenterError`]; then nothing is changed, but for [`FlowError::Stopped`].
    pub async fn change_center(
        &self,
        edit: Edit,
        flows: BTreeMap<FlowId, Option<String>>,
        by: (&str, &str),
    ) -> Result<CenterFile, CenterError> {
        let (files, author, change) = (self.clone(), by.0.to_owned(), by.1.to_owned());
        // To the end, also if whoever asked goes away meanwhile.
        let changing =
            tokio::spawn(async move { files.change_together(edit, flows, (&author, &change)).await });
        changing.await.map_err(io::Error::other)?
    }

    /// Takes a prompt away by `remove`, which nothing in force may need: neither flows nor what queues say.
    ///
    /// # Errors
    /// [`CenterError::Invalid`] with what would be wrong without it, [`CenterError::File`].
    pub async fn remove_prompt(
        &self,
        prompt: &(Language, PromptName),
        remove: impl FnOnce() -> io::Result<()> + Send + 'static,
    ) -> Result<(), CenterError> {
        let mut state = self.state.lock().await;
        let (world, mistakes) = self.without_prompt(&state, prompt).await;
        if !mistakes.is_empty() {
            return Err(self.invalid(mistakes, &state.center.in_force));
        }
        tokio::task::spawn_blocking(remove).await.map_err(io::Error::other)??;
        state.world = world;
        Ok(())
    }

    /// Where flows and queues in force need a prompt: what would be wrong without it.
    pub async fn prompt_uses(&self, prompt: &(Language, PromptName)) -> Vec<Diagnostic> {
        let state = self.state.lock().await;
        self.without_prompt(&state, prompt).await.1
    }

    /// The sounds without a prompt, and what would be wrong then.
    async fn without_prompt(
        &self,
        state: &State,
        (language, name): &(Language, PromptName),
    ) -> (Arc<FlowWorld>, Vec<Diagnostic>) {
        let mut prompts = state.world.prompts().clone();
        if let Some(names) = prompts.get_mut(language) {
            names.remove(name);
        }
        let world = Arc::new(state.world.with_prompts(prompts));
        let (text, texts) = (&state.center.in_force, &state.in_force);
        let mut mistakes =
            self.judge_in(state, Arc::clone(&world), text, texts).await.err().unwrap_or_default();
        let music = format!("{language}/{name}");
        let source = Source::new(&self.parts.center_file().display().to_string(), text);
        let queues = &state.center.configuration.center.queues;
        let playing = queues.iter().filter(|(_, queue)| queue.music.prompt.as_str() == music);
        mistakes.extend(playing.map(|(queue, _)| {
            let place = place_at(text, &["queues", queue.as_str()]).unwrap_or(Place { line: 1, column: 1 });
            source.diagnostic(place, format!("queue `{queue}` plays `{music}`"), "other music for it first")
        }));
        (world, mistakes)
    }

    async fn change_together(
        &self,
        edit: Edit,
        flows: BTreeMap<FlowId, Option<String>>,
        by: (&str, &str),
    ) -> Result<CenterFile, CenterError> {
        let mut state = self.state.lock().await;
        let (text, flows) = self.wanted(&mut state, edit, flows).await?;
        let Judged { configuration, texts, left } = self.judge_change(&state, &text, &flows).await?;
        let mut pieces = Vec::new();
        if text != state.center.on_disk {
            pieces.push(Piece { path: self.parts.center_file().to_owned(), text: Some(text.clone()) });
        }
        for (flow, wanted) in &flows {
            if state.on_disk.get(flow) != wanted.as_ref() {
                let path = disk::path(self.parts.flows(), flow);
                pieces.push(Piece { path, text: wanted.as_ref().map(|text| text.text.clone()) });
            }
        }
        self.write_pieces(pieces).await?;
        for (flow, wanted) in flows {
            state.on_disk = with(&state.on_disk, &flow, wanted);
        }
        state.center.on_disk.clone_from(&text);
        self.put_center_in_force(&mut state, (text, configuration), texts, by).await?;
        self.tell(&mut state, left).await?;
        Ok(self.center_file(&state))
    }

    /// The text and the flows that a change is to lead to; what is on disk is looked at anew before.
    async fn wanted(
        &self,
        state: &mut State,
        edit: Edit,
        flows: BTreeMap<FlowId, Option<String>>,
    ) -> Result<(String, Changes), CenterError> {
        let unreadable = |mistake| self.invalid(vec![mistake], "");
        state.on_disk = self.read_disk().await.map_err(unreadable)?;
        state.center.on_disk = self.read_center().await.map_err(unreadable)?;
        let text = edit(&state.center.on_disk)?;
        // Passwords of a file that somebody is about to mend are in the text before.
        let text = unmask(&text, &state.center.on_disk).or_else(|_| unmask(&text, &state.center.in_force));
        let text = text.map_err(CenterError::Masked)?;
        let flows = flows.into_iter().map(|(flow, text)| {
            let text = text.map(|text| self.text(&flow, text)).transpose()?;
            Ok((flow, text))
        });
        let flows = flows.collect::<Result<Changes, FlowError>>()?;
        let more =
            flows.iter().filter(|(flow, text)| text.is_some() && !state.on_disk.contains_key(*flow)).count();
        if more > 0 && state.on_disk.len() + more > FLOWS_MAX {
            return Err(FlowError::TooMany.into());
        }
        Ok((text, flows))
    }

    /// A change is good if it is so with the flows on disk, or, while somebody is at work on these, with those in force.
    async fn judge_change(
        &self,
        state: &State,
        text: &str,
        changes: &Changes,
    ) -> Result<Judged, CenterError> {
        let over = |texts: &Texts| {
            changes.iter().fold(texts.clone(), |texts, (flow, text)| with(&texts, flow, text.clone()))
        };
        let (disk, in_force) = (over(&state.on_disk), over(&state.in_force));
        match self.judge_center(state, text, &disk).await {
            Ok(configuration) => Ok(Judged { configuration, texts: disk, left: Vec::new() }),
            Err(mistakes) if disk == in_force => Err(self.invalid(mistakes, text)),
            Err(left) => match self.judge_center(state, text, &in_force).await {
                Ok(configuration) => Ok(Judged { configuration, texts: in_force, left }),
                Err(mistakes) => Err(self.invalid(mistakes, text)),
            },
        }
    }

    /// Takes in a file that has changed on disk: with the flows there, or either of the two alone if that is good.
    pub(crate) async fn take_in_center(&self, state: &mut State) -> Result<(), FlowError> {
        let (text, disk) = (state.center.on_disk.clone(), state.on_disk.clone());
        let by = (FILE, ON_DISK);
        let left = match self.judge_center(state, &text, &disk).await {
            Ok(configuration) => {
                self.put_center_in_force(state, (text, configuration), disk, by).await?;
                return self.tell(state, Vec::new()).await;
            }
            Err(left) => left,
        };
        if let Ok(flows) = self.judge(&state.world, disk.clone()).await {
            self.put_in_force(state, disk, flows, None).await?;
        } else if let Ok(configuration) = self.judge_center(state, &text, &state.in_force).await {
            let texts = state.in_force.clone();
            self.put_center_in_force(state, (text, configuration), texts, by).await?;
        }
        self.tell(state, left).await
    }

    async fn put_center_in_force(
        &self,
        state: &mut State,
        (text, configuration): (String, Configuration),
        texts: Texts,
        (author, change): (&str, &str),
    ) -> Result<(), FlowError> {
        let same_flows = texts == state.in_force;
        if text == state.center.in_force && same_flows {
            return Ok(());
        }
        let configuration = Arc::new(configuration);
        let center = Arc::new(configuration.center.clone());
        let (trunks, users) = (configuration.trunks.clone(), configuration.sip_users.clone());
        self.command(Command::CenterChanged(Configured { center, trunks, users })).await?;
        (self.parts.publish)(&configuration);
        state.world = Arc::new(configuration.flow_world.clone());
        state.center.configuration = configuration;
        // Flows that come with the center are by whoever changed it.
        let changed: Vec<FlowId> = texts.keys().chain(state.in_force.keys()).cloned().collect();
        let mut step = state.in_force.clone();
        for flow in changed {
            step = with(&step, &flow, texts.get(&flow).cloned());
            self.note_flows(state, step.clone(), Some((&flow, author)));
        }
        if text != state.center.in_force {
            Metric::CenterChanged.increment(1);
            info!(author, change, "another configuration of the center is in force");
            state.center.in_force.clone_from(&text);
            let what = Recorded::Center { text: Pii::new(text), change: change.to_owned() };
            let since = self.parts.clock.now().wall;
            state.unrecorded.push_back(Unrecorded { what, author: author.to_owned(), since });
        }
        self.record(state).await;
        Ok(())
    }

    /// Checks beside the tasks that must not wait.
    async fn judge_center(
        &self,
        state: &State,
        text: &str,
        texts: &Texts,
    ) -> Result<Configuration, Vec<Diagnostic>> {
        self.judge_in(state, Arc::clone(&state.world), text, texts).await
    }

    /// The same with the prompts of another world.
    async fn judge_in(
        &self,
        state: &State,
        world: Arc<FlowWorld>,
        text: &str,
        texts: &Texts,
    ) -> Result<Configuration, Vec<Diagnostic>> {
        let (parts, running) = (Arc::clone(&self.parts), Arc::clone(&state.center.configuration));
        let (text, texts) = (text.to_owned(), texts.values().cloned().collect::<Vec<FlowText>>());
        let judged = tokio::task::spawn_blocking(move || {
            reread(&running, &parts.server_file, &text, &texts, world.prompts())
        });
        let fault = |problem: String| vec![disk::fault(self.parts.center_file(), problem)];
        match judged.await {
            Ok(Ok(configuration)) => Ok(configuration),
            Ok(Err(ConfigError::Mistakes(Mistakes(mistakes)))) => Err(mistakes),
            Ok(Err(error @ (ConfigError::Unreadable { .. } | ConfigError::DemoExposed { .. }))) => {
                Err(fault(error.to_string()))
            }
            Err(died) => Err(fault(died.to_string())),
        }
    }

    pub(crate) async fn read_center(&self) -> Result<String, Diagnostic> {
        let path = self.parts.center_file().to_owned();
        let read = tokio::task::spawn_blocking(move || disk::read_center(&path)).await;
        read.unwrap_or_else(|died| Err(disk::fault(self.parts.center_file(), died.to_string())))
    }

    async fn write_pieces(&self, pieces: Vec<Piece>) -> io::Result<()> {
        if pieces.is_empty() {
            return Ok(());
        }
        let center = self.parts.center_file().to_owned();
        tokio::task::spawn_blocking(move || disk::write_all(&center, &pieces))
            .await
            .map_err(io::Error::other)?
    }

    fn invalid(&self, mistakes: Vec<Diagnostic>, text: &str) -> CenterError {
        let file = self.parts.center_file().display().to_string();
        CenterError::Invalid { mistakes, text: Pii::from(text), file }
    }

    fn center_file(&self, state: &State) -> CenterFile {
        let file = self.parts.center_file().display().to_string();
        CenterFile {
            text: Pii::new(state.center.on_disk.clone()),
            in_force: Pii::new(state.center.in_force.clone()),
            version: state.center.version.clone(),
            mistakes: state.mistakes.iter().filter(|mistake| mistake.file == file).cloned().collect(),
            needs_restart: state.center.configuration.needs_restart(&self.parts.configuration),
        }
    }
}

/// Flows that are to be others; `None` for one that is to go.
type Changes = BTreeMap<FlowId, Option<FlowText>>;

/// A change that is good.
struct Judged {
    configuration: Configuration,
    /// The flows that come into force with it.
    texts: Texts,
    /// What is still wrong with flows on disk that do not.
    left: Vec<Diagnostic>,
}
