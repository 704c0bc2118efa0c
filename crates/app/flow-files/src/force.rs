//! How flows come into force: call processing first, then the versions; and how operators hear what is wrong.

use std::sync::Arc;
use std::time::Duration;

use hotline_base::FlowId;
use hotline_call::{Command, FileMistake};
use hotline_ivr::{Diagnostic, Flows};
use hotline_shard::HandleError;
use hotline_store::StoreError;
use hotline_telemetry::Metric;
use tokio::time::sleep;
use tracing::{error, info, warn};

use crate::state::{Recorded, State, Texts, Unrecorded};
use crate::{FILE, FlowError, FlowFiles, UNRECORDED_MAX};

/// Before something is brought again that call processing had no time for.
const PAUSE: Duration = Duration::from_millis(200);

impl FlowFiles {
    /// Gives checked flows to call processing, and notes what has changed. `by` says who changed which; what else has
    /// changed, changed on disk.
    pub(crate) async fn put_in_force(
        &self,
        state: &mut State,
        texts: Texts,
        flows: Flows,
        by: Option<(&FlowId, &str)>,
    ) -> Result<(), FlowError> {
        if texts == state.in_force {
            return Ok(());
        }
        self.command(Command::FlowsChanged(Arc::new(flows))).await?;
        self.note_flows(state, texts, by);
        self.record(state).await;
        Ok(())
    }

    /// These flows are in force: notes what has changed.
    pub(crate) fn note_flows(&self, state: &mut State, texts: Texts, by: Option<(&FlowId, &str)>) {
        if texts == state.in_force {
            return;
        }
        Metric::FlowsChanged.increment(1);
        let before = std::mem::replace(&mut state.in_force, texts);
        let since = self.parts.clock.now().wall;
        let author = |flow: &FlowId| match by {
            Some((changed, author)) if changed == flow => author.to_owned(),
            Some(_) | None => FILE.to_owned(),
        };
        for (flow, text) in &state.in_force {
            if before.get(flow).is_none_or(|old| old.text != text.text) {
                let (what, author) = (Recorded::Flow(flow.clone(), Some(text.text.clone())), author(flow));
                info!(%flow, "another version of the flow is in force for new calls");
                state.unrecorded.push_back(Unrecorded { what, author, since });
            }
        }
        for flow in before.keys().filter(|flow| !state.in_force.contains_key(flow)) {
            info!(%flow, "the flow is taken away");
            let (what, author) = (Recorded::Flow(flow.clone(), None), author(flow));
            state.unrecorded.push_back(Unrecorded { what, author, since });
            state.versions.remove(flow);
        }
    }

    /// Writes the versions that the database has not yet; those that it does not take now are tried again.
    pub(crate) async fn record(&self, state: &mut State) {
        while state.unrecorded.len() > UNRECORDED_MAX {
            state.unrecorded.pop_front();
            Metric::FlowVersionsLost.increment(1);
        }
        while let Some(next) = state.unrecorded.front() {
            let author = next.author.as_str();
            let recorded = match &next.what {
                Recorded::Flow(flow, text) => {
                    let recorded =
                        self.parts.store.record_flow(flow, text.as_deref(), author, next.since).await;
                    recorded.map(|recorded| {
                        if !recorded.version.removed {
                            state.versions.insert(flow.clone(), recorded.version);
                        }
                    })
                }
                Recorded::Center { text, change } => {
                    let recorded = self.parts.store.record_center(text, (author, change), next.since).await;
                    recorded.map(|version| state.center.version = Some(version))
                }
            };
            match recorded {
                Ok(()) => {}
                Err(error @ StoreError::Unavailable(_)) => {
                    warn!(%error, versions = state.unrecorded.len(), "versions wait for the database");
                    return;
                }
                Err(error) => {
                    error!(%error, "a version cannot be kept");
                    Metric::FlowVersionsLost.increment(1);
                }
            }
            state.unrecorded.pop_front();
        }
    }

    /// Shows operators what is wrong with the files, or that nothing is.
    pub(crate) async fn tell(&self, state: &mut State, flows: Vec<Diagnostic>) -> Result<(), FlowError> {
        let mistakes = [state.sounds.clone(), flows].concat();
        Metric::FlowsMistakes.set(mistakes.len() as f64);
        if state.mistakes == mistakes {
            return Ok(());
        }
        let command = match mistakes.first() {
            None => {
                info!("the files of center, flows and sounds are good again");
                Command::FlowsUsable
            }
            Some(first) => {
                for mistake in &mistakes {
                    error!("not in force: {mistake}");
                }
                let Diagnostic { file, line, problem, .. } = first.clone();
                Command::FlowsUnusable(FileMistake { file, line, problem })
            }
        };
        state.mistakes = mistakes;
        self.command(command).await
    }

    pub(crate) async fn command(&self, command: Command) -> Result<(), FlowError> {
        loop {
            match self.parts.shard.command(command.clone()).await {
                Ok(()) => return Ok(()),
                Err(HandleError::Busy) => sleep(PAUSE).await,
                Err(HandleError::Refused(_) | HandleError::Stopped) => return Err(FlowError::Stopped),
            }
        }
    }
}
