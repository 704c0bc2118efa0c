//! Another master key for recordings that are there: their own keys are wrapped anew, their samples stay as they are.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::archive::each;
use crate::sealed::{Keyring, SealError, rewrap};
use crate::shelf;

/// What became of a recording.
#[derive(Debug)]
pub enum Rekeyed {
    /// It opens with the current key from now on, and with no other.
    Done,
    /// It did before.
    Already,
    /// It is not sealed.
    Plain,
    /// It is as it was.
    Failed(io::Error),
}

/// Wraps the key of every sealed recording below `root` with the current key of the ring, and tells `done` of each recording with its
/// path relative to the root. A server may run, if it has the same keys. It reads a thousand bytes of each file.
///
/// # Errors
/// A directory that cannot be read, or there is no current key.
pub fn rekey(root: &Path, keys: &Keyring, mut done: impl FnMut(&str, Rekeyed)) -> io::Result<()> {
    let Some(master) = keys.current() else { return Err(io::ErrorKind::InvalidInput.into()) };
    each(root, |path| {
        let full = root.join(path);
        if !shelf::is_sealed(&full) {
            return done(path, Rekeyed::Plain);
        }
        let opened = File::options().read(true).write(true).open(&full);
        let outcome = match opened.and_then(|file| rewrap(&file, keys, master)) {
            Ok(true) => Rekeyed::Done,
            Ok(false) => Rekeyed::Already,
            // There is nothing that could be lost.
            Err(error) if SealError::of(&error) == Some(SealError::Begun) => Rekeyed::Already,
            Err(error) => Rekeyed::Failed(error),
        };
        done(path, outcome);
    })
}
