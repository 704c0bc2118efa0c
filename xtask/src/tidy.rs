//! The rules of the house, checked over the tracked files and the dependency graph.
//!
//! `layers.rs` says who may depend on whom, `purity.rs` proves that the core reaches no operating system,
//! `source.rs` reads files one by one.

mod layers;
mod purity;
mod source;

use std::fmt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use cargo_metadata::MetadataCommand;

/// One broken rule and where.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    /// The file, from the repository's root.
    path: String,
    /// Counted from 1; 0 for the file as a whole.
    line: usize,
    what: String,
}

impl Problem {
    fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.what),
            line => write!(f, "{}:{line}: {}", self.path, self.what),
        }
    }
}

/// What was found.
pub(crate) struct Report {
    /// Sorted by place.
    pub(crate) problems: Vec<Problem>,
    /// What was looked at.
    pub(crate) summary: String,
}

/// Checks the whole repository.
///
/// # Errors
/// If the files or the dependency graph cannot be read.
pub(crate) fn run() -> Result<Report> {
    let metadata = MetadataCommand::new().no_deps().exec().context("reading the workspace")?;
    let root = metadata.workspace_root.as_std_path();
    let packages = layers::packages(&metadata);
    let mut problems = layers::check(&packages);
    let proof = purity::check(root, &packages, &mut problems)?;
    let files = tracked(root)?;
    for path in &files {
        problems.extend(source::check_path(path));
        // Sounds and recorded datagrams are no texts.
        if let Ok(text) = std::fs::read_to_string(root.join(path)) {
            problems.extend(source::check_text(path, &text));
        }
    }
    problems.extend(source::stale_exceptions(&files));
    problems.sort();
    let summary = format!("{} files, {} packages, core proved pure by {proof}", files.len(), packages.len());
    Ok(Report { problems, summary })
}

/// Every file that is or would be committed.
fn tracked(root: &Path) -> Result<Vec<String>> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .context("running git")?;
    ensure!(output.status.success(), "git ls-files: {}", String::from_utf8_lossy(&output.stderr));
    let listed = String::from_utf8(output.stdout).context("a file name that is not UTF-8")?;
    let there = |path: &&str| root.join(path).is_file();
    Ok(listed.split('\0').filter(|path| !path.is_empty()).filter(there).map(str::to_owned).collect())
}
