//! Why there is no backup, or nothing was restored.

use std::io;
use std::path::{Path, PathBuf};

use hotline_store::{OpenError, StoreError};

/// How many files are named at most when they are in the way.
pub(crate) const NAMED_MAX: usize = 10;

/// Why there is no backup, or nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The file that is to be written is there already.
    #[error("{} is there already; a backup is not written over another file", .0.display())]
    There(PathBuf),
    /// Another backup to the same file runs, or one was broken off.
    #[error("{} is there: another backup runs, or one was broken off; if none runs, remove it", .0.display())]
    UnderWay(PathBuf),
    /// A file was shortened while it was read.
    #[error("{} changed while it was read", .0.display())]
    Changed(PathBuf),
    /// The database.
    #[error("the database")]
    Store(#[from] StoreError),
    /// The database to be filled.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The backup is not what was written.
    #[error("the backup is damaged at {what}; nothing was restored")]
    Damaged {
        /// The entry.
        what: String,
    },
    /// The backup has no end: it was not finished, or only a part of it was copied.
    #[error(
        "the backup has no end: it was not finished, or only a part of it was copied; nothing was restored"
    )]
    Unfinished,
    /// The file is no backup.
    #[error("{} is not a backup", .0.display())]
    NoBackup(PathBuf),
    /// A later program wrote it.
    #[error("the backup has the form {format}, which only a later version of this program reads")]
    Later {
        /// Its form.
        format: u32,
    },
    /// Files are in the way.
    #[error(
        "{count} files are there already and differ from those of the backup: {}; nothing was restored",
        named(files)
    )]
    Occupied {
        /// How many.
        count: usize,
        /// The first of them.
        files: Vec<PathBuf>,
    },
}

impl BackupError {
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}

fn named(files: &[PathBuf]) -> String {
    let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    names.join(", ")
}
