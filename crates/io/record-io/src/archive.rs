//! Looks at every recording there is: whether it is whole, and what was recorded.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::notes::Notes;
use crate::wav;

/// How deep recordings lie below their root: year, month, day.
const DEPTH: usize = 3;

/// What a look at a recording found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Complete, and its samples are those that were recorded.
    Whole {
        /// How long it is.
        duration_ms: u64,
    },
    /// It is being written, or was when the server died: the next start mends it.
    UnderWay,
    /// It does not say what it is, and nobody works on it.
    Unfinished,
    /// Its samples are not those that were recorded.
    Altered,
    /// It cannot be read.
    Unreadable {
        /// What the system said.
        problem: String,
    },
}

/// Looks at every recording below `root`, in the order of their names, and tells `found` of each with its path relative to
/// the root. Reads every byte of them: it takes as long as the disk needs.
///
/// # Errors
/// A directory that cannot be read.
pub fn inspect(root: &Path, mut found: impl FnMut(&str, Condition)) -> io::Result<()> {
    let under_way: BTreeSet<String> = match Notes::look(root)? {
        Some(notes) => notes.into_iter().map(|note| note.path).collect(),
        None => BTreeSet::new(),
    };
    walk(root, String::new(), 0, &mut |path| {
        let condition = match look(&root.join(path)) {
            Ok(Condition::Unfinished) if under_way.contains(path) => Condition::UnderWay,
            Ok(condition) => condition,
            Err(error) => Condition::Unreadable { problem: error.to_string() },
        };
        found(path, condition);
    })
}

fn walk(directory: &Path, below: String, depth: usize, found: &mut impl FnMut(&str)) -> io::Result<()> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        // What has no name in Unicode is none of ours.
        let Ok(name) = entry.file_name().into_string() else { continue };
        names.insert((name, entry.file_type()?.is_dir()));
    }
    for (name, is_directory) in names {
        let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
        if is_directory && depth < DEPTH {
            walk(&directory.join(&name), path, depth + 1, found)?;
        } else if depth == DEPTH && name.ends_with(".wav") {
            found(&path);
        }
    }
    Ok(())
}

fn look(path: &Path) -> io::Result<Condition> {
    let file = File::open(path)?;
    let Some(manifest) = wav::read_manifest(&file)? else { return Ok(Condition::Unfinished) };
    let frames = wav::frames_said(&file)?.unwrap_or(0);
    let is_whole =
        wav::digest(&file, frames)? == manifest.sha256 && wav::millis(frames) == manifest.duration_ms;
    Ok(if is_whole { Condition::Whole { duration_ms: manifest.duration_ms } } else { Condition::Altered })
}
