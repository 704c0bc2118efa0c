//! Looks at every recording there is: whether it is whole, and what was recorded.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::format::Format;
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
    /// As [`Condition::Whole`], but a crash had cut it off and it was mended: what its samples were is not known.
    Mended {
        /// How long it is.
        duration_ms: u64,
    },
    /// It is being written, or the server died while it was: the next start mends it.
    UnderWay,
    /// It is cut off: it could not be written on, or nobody knows why.
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
    walk(root, String::new(), 0, &mut |path| {
        let condition = condition(root, path);
        found(path, condition.unwrap_or_else(|error| Condition::Unreadable { problem: error.to_string() }));
    })
}

fn condition(root: &Path, path: &str) -> io::Result<Condition> {
    let first = look(&root.join(path))?;
    if first != Condition::Unfinished {
        return Ok(first);
    }
    // It may come to its end between the looks, so the notes are read for each.
    if is_under_way(root, path)? { Ok(Condition::UnderWay) } else { look(&root.join(path)) }
}

fn is_under_way(root: &Path, path: &str) -> io::Result<bool> {
    Ok(Notes::look(root)?.is_some_and(|notes| notes.iter().any(|note| note.path == path && !note.is_cut)))
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
    let Some(format) = Format::read(&file)? else { return Ok(Condition::Unfinished) };
    let Some(manifest) = wav::read_manifest(&file, format)? else { return Ok(Condition::Unfinished) };
    let (frames, duration_ms) = (wav::frames_said(&file, format)?.unwrap_or(0), manifest.duration_ms);
    Ok(match (manifest.is_of(&file, format, frames)?, &manifest.sha256) {
        (true, Some(_)) => Condition::Whole { duration_ms },
        (true, None) => Condition::Mended { duration_ms },
        (false, _) => Condition::Altered,
    })
}
