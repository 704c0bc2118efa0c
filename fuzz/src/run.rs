//! Drives a target over a corpus for a bounded number of inputs; a seed repeats a run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::{fmt, fs, io};

use hotline_base::Rng;

use crate::Target;
use crate::mutate::mutate;

/// An input that made a target panic. `Debug` and `Display` show it so that it can be pasted into a test.
#[derive(Clone, PartialEq, Eq)]
pub struct Failure {
    /// The target.
    pub target: &'static str,
    /// The seed of the run.
    pub seed: u64,
    /// Which input it was, from 0.
    pub iteration: u64,
    /// The input.
    pub input: Vec<u8>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, seed, iteration, input } = self;
        write!(f, "{target} panicked, seed {seed}, iteration {iteration}, on b\"{}\"", input.escape_ascii())
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Failure {}

/// The seeds of a target, in the order of their names.
///
/// # Errors
/// If a folder cannot be read.
pub fn corpus(target: &Target) -> io::Result<Vec<Vec<u8>>> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in target.corpora {
        for entry in fs::read_dir(package.join(folder))? {
            files.push(entry?.path());
        }
    }
    files.sort();
    files.iter().map(fs::read).collect()
}

/// Feeds a target with the corpus as it is, then with `iterations` mutations of it.
///
/// # Errors
/// The first input that makes it panic.
///
/// # Panics
/// If the corpus is empty.
pub fn run(target: &Target, corpus: &[Vec<u8>], seed: u64, iterations: u64) -> Result<(), Failure> {
    assert!(!corpus.is_empty(), "the corpus of {} is empty", target.name);
    let mut rng = Rng::from_number(seed);
    let given = corpus.iter().cloned();
    let mutated = (0..iterations).map(|_| mutate(&mut rng, corpus, target.dictionary));
    for (iteration, input) in (0..).zip(given.chain(mutated)) {
        if catch_unwind(AssertUnwindSafe(|| (target.body)(&input))).is_err() {
            return Err(Failure { target: target.name, seed, iteration, input });
        }
    }
    Ok(())
}
