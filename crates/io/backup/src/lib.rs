//! A center in one file: the database, the configuration, flows, sounds and recordings. A backup is written beside a running
//! server and holds the database as it was at one moment; it is read whole and compared with its checksums before anything is
//! restored.
//!
//! The file is a gzipped tar archive that any tool can open: `database/<table>.jsonl`, a folder for each [`Place`], and at the
//! end `manifest.json`. A file without its end is not a backup.
//!
//! Must never know: calls, configuration files' meaning. Start reading at [`write()`], then [`restore()`].

mod digest;
mod error;
mod manifest;
mod read;
mod restore;
mod write;

use std::path::PathBuf;

pub use error::BackupError;
pub use manifest::{FileEntry, Manifest, TableEntry};
pub use read::inspect;
pub use restore::{Existing, restore, restore_files};
pub use write::write;

/// Files that belong to a center.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its name in the backup: one word, such as `recordings`, or a word and a file's name.
    pub name: &'static str,
    /// Where it is: a folder, or one file.
    pub path: PathBuf,
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Rows of the database.
    pub rows: u64,
    /// Files.
    pub files: u64,
    /// Bytes of these files.
    pub bytes: u64,
}
