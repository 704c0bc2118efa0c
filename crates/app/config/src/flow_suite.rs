//! A folder of flows with the tests beside them.

use std::path::Path;
use std::sync::Arc;

use hotline_flow_test::{TestFile, parse};
use hotline_ivr::Flows;

use crate::{ConfigError, Mistakes, flows};

/// Flows, and the tests beside them.
#[derive(Clone, Debug)]
pub struct FlowSuite {
    /// The flows. They are read, and not compared with the center.
    pub flows: Arc<Flows>,
    /// The files of tests in the order of their names.
    pub tests: Vec<TestFile>,
}

/// Reads all `*.yaml` and `*.test.yaml` files of a folder.
///
/// # Errors
/// A file cannot be read, or files have mistakes: all mistakes of all files.
pub fn flow_suite(directory: &Path) -> Result<FlowSuite, ConfigError> {
    let mut mistakes = Vec::new();
    let flows = flows::parse_all(&flows::read_flows(directory)?, &mut mistakes);
    let mut tests = Vec::new();
    for name in flows::names(directory, ".test.yaml")? {
        let path = directory.join(format!("{name}.test.yaml"));
        let text = std::fs::read_to_string(&path)
            .map_err(|error| ConfigError::Unreadable { path: path.clone(), error })?;
        match parse(&path.display().to_string(), &text) {
            Ok(file) => tests.push(file),
            Err(found) => mistakes.extend(found),
        }
    }
    if mistakes.is_empty() {
        return Ok(FlowSuite { flows: Arc::new(flows), tests });
    }
    Err(ConfigError::Mistakes(Mistakes(mistakes)))
}
