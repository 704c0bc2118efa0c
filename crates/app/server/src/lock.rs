//! Locks on what only one server at a time may write. The system lets go of them when the process ends, however it
//! ends.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Takes the lock on `directory`, which is made if need be; it is held as long as the file is open.
///
/// # Errors
/// Another process has it, or the directory cannot be written; both name the directory.
pub(crate) fn take(directory: &Path, name: &str) -> Result<File> {
    let path = directory.join(name);
    let unusable = || format!("{}: cannot be used", path.display());
    fs::create_dir_all(directory).with_context(unusable)?;
    let file = File::options().create(true).append(true).open(&path).with_context(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            bail!("{} is in use by another server (it holds {})", directory.display(), path.display())
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(unusable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_server_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("not/there/yet");
        let first = take(&root, ".lock").unwrap();
        let refused = take(&root, ".lock").unwrap_err().to_string();
        assert!(refused.contains("in use by another server"), "{refused}");
        assert!(refused.contains(&root.display().to_string()), "{refused}");
        drop(first);
        take(&root, ".lock").unwrap();
    }
}
