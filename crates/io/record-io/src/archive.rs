//! Looks at every recording there is: whether it is whole, and what was recorded.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use crate::bytes::Found;
use crate::format::Format;
use crate::notes::Notes;
use crate::sealed::{KeyId, Keyring, SealError};
use crate::{shelf, wav};

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
    /// It is sealed with a key that is not there.
    Locked {
        /// Which one.
        key: KeyId,
    },
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
pub fn inspect(root: &Path, keys: &Keyring, mut found: impl FnMut(&str, Condition)) -> io::Result<()> {
    each(root, |path| {
        let condition = condition(root, path, keys);
        found(path, condition.unwrap_or_else(|error| Condition::Unreadable { problem: error.to_string() }));
    })
}

/// SHA-256 of the samples of the recording at `path`, in hexadecimal: as its manifest says; if it says nothing, as after a crash, of what
/// there is, for which it is read. Whether what the manifest says is true [`inspect`] finds out.
///
/// # Errors
/// It cannot be read, is no recording, or is sealed and cannot be opened ([`SealError`]).
pub fn checksum(path: &Path, keys: &Keyring) -> io::Result<String> {
    let found = Found::open(path, keys, false)?;
    let file = found.bytes();
    let format = Format::read(file)?.ok_or(io::ErrorKind::InvalidData)?;
    let said = wav::read_manifest(file, format)?.and_then(|manifest| manifest.sha256);
    match said {
        Some(sha256) => Ok(sha256),
        None => wav::digest(file, format, wav::frames_said(file, format)?.unwrap_or(0)),
    }
}

/// Tells `found` the path of every recording below `root`, relative to it and in the order of their names.
pub(crate) fn each(root: &Path, mut found: impl FnMut(&str)) -> io::Result<()> {
    walk(root, String::new(), 0, &mut found)
}

fn condition(root: &Path, path: &str, keys: &Keyring) -> io::Result<Condition> {
    let first = look(&root.join(path), keys)?;
    if first != Condition::Unfinished {
        return Ok(first);
    }
    // It may come to its end between the looks, so the notes are read for each.
    if is_under_way(root, path)? { Ok(Condition::UnderWay) } else { look(&root.join(path), keys) }
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
        } else if depth == DEPTH && shelf::is_recording(&name) {
            found(&path);
        }
    }
    Ok(())
}

fn look(path: &Path, keys: &Keyring) -> io::Result<Condition> {
    match look_into(path, keys) {
        Ok(condition) => Ok(condition),
        Err(error) => match SealError::of(&error) {
            Some(SealError::Locked { key }) => Ok(Condition::Locked { key }),
            Some(SealError::Altered { .. }) => Ok(Condition::Altered),
            Some(SealError::Begun) => Ok(Condition::Unfinished),
            Some(SealError::NoRandomness) | None => Err(error),
        },
    }
}

fn look_into(path: &Path, keys: &Keyring) -> io::Result<Condition> {
    let found = Found::open(path, keys, false)?;
    if let Found::Sealed(sealed) = &found
        && sealed.has_more_than_all()
    {
        return Ok(Condition::Altered);
    }
    let file = found.bytes();
    let Some(format) = Format::read(file)? else { return Ok(Condition::Unfinished) };
    let Some(manifest) = wav::read_manifest(file, format)? else { return Ok(Condition::Unfinished) };
    let (frames, duration_ms) = (wav::frames_said(file, format)?.unwrap_or(0), manifest.duration_ms);
    Ok(match (manifest.is_of(file, format, frames)?, &manifest.sha256) {
        (true, Some(_)) => Condition::Whole { duration_ms },
        (true, None) => {
            // What its samples were nobody knows, but a seal can be proved.
            if let Found::Sealed(_) = &found {
                wav::digest(file, format, frames)?;
            }
            Condition::Mended { duration_ms }
        }
        (false, _) => Condition::Altered,
    })
}
