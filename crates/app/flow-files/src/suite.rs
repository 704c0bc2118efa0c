//! The tests beside a flow, run on a text that is not saved yet or on the file.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use hotline_base::FlowId;
use hotline_config::FlowText;
use hotline_flow_test::{Coverage, Outcome, TestFile, parse, run};
use hotline_ivr::{Flows, MAX_BYTES};

use crate::state::with;
use crate::{FlowError, FlowFiles, Parts, disk};

/// How the tests of a flow went.
#[derive(Clone, Debug, Default)]
pub struct SuiteResult {
    /// Each test, in the order of the file; none if there is no file of tests.
    pub outcomes: Vec<Outcome>,
    /// How much of the flow's steps and exits they reach, in percent.
    pub percent: u8,
    /// What they do not reach, in words.
    pub unreached: Vec<String>,
}

impl FlowFiles {
    /// Runs the tests in `NAME.test.yaml` beside the flow, or those in `tests` in their place, on `text` if it is given and
    /// else on the file. Nothing is changed.
    ///
    /// # Errors
    /// [`FlowError::NotFound`], and [`FlowError::Invalid`] with the mistakes of the flow or of the file of tests.
    pub async fn test(
        &self,
        flow: &FlowId,
        text: Option<String>,
        tests: Option<String>,
    ) -> Result<SuiteResult, FlowError> {
        let text = match text {
            Some(text) => text,
            None => self.read(flow).await?.text,
        };
        let text: FlowText = self.text(flow, text)?;
        let (world, texts) = {
            let state = self.state.lock().await;
            (Arc::clone(&state.world), with(&state.in_force, flow, Some(text)))
        };
        let flows = Arc::new(self.judge(&world, texts).await.map_err(FlowError::Invalid)?);
        let (parts, flow) = (Arc::clone(&self.parts), flow.clone());
        let ran = tokio::task::spawn_blocking(move || run_all(&parts, &flows, &flow, tests));
        ran.await.map_err(io::Error::other)?
    }
}

fn run_all(
    parts: &Parts,
    flows: &Arc<Flows>,
    flow: &FlowId,
    tests: Option<String>,
) -> Result<SuiteResult, FlowError> {
    let path = parts.flows().join(format!("{flow}.test.yaml"));
    let mut coverage = Coverage::new(flows);
    let file = match tests {
        Some(tests) => Some(parse(&path.display().to_string(), &tests).map_err(FlowError::Invalid)?),
        None => read(&path)?,
    };
    let outcomes = match file {
        Some(file) => file.tests().iter().map(|test| run(flows, &file, test, &*parts.center)).collect(),
        None => Vec::new(),
    };
    outcomes.iter().for_each(|outcome| coverage.add(outcome));
    let mut result = SuiteResult { outcomes, ..SuiteResult::default() };
    if let Some((_, reached)) = coverage.flows().find(|(name, _)| *name == flow) {
        result.percent = reached.percent();
        result.unreached = reached.unreached().iter().map(ToString::to_string).collect();
    }
    Ok(result)
}

fn read(path: &Path) -> Result<Option<TestFile>, FlowError> {
    let unreadable = |error: io::Error| FlowError::Invalid(vec![disk::fault(path, error.to_string())]);
    let mut text = String::new();
    match File::open(path) {
        Ok(file) => file.take(MAX_BYTES as u64 + 1).read_to_string(&mut text).map_err(unreadable)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    parse(&path.display().to_string(), &text).map(Some).map_err(FlowError::Invalid)
}
