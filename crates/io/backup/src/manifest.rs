//! What a backup says of itself.

use serde::{Deserialize, Serialize};

use crate::BackupError;

/// The form of backups that this program writes and reads.
pub(crate) const FORMAT: u32 = 1;
/// The last entry of a backup.
pub(crate) const MANIFEST: &str = "manifest.json";
/// Where the tables are.
pub(crate) const DATABASE: &str = "database";
/// The longest manifest that is read, in bytes: some ten million files.
pub(crate) const MANIFEST_BYTES_MAX: u64 = 2 << 30;

/// What a backup says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of the backup.
    pub format: u32,
    /// The version of the program that wrote it.
    pub program: String,
    /// When, in microseconds since the Unix epoch: the moment of the database.
    pub at: i64,
    /// The version of the tables.
    pub schema: i64,
    /// The tables, in the order in which they are restored.
    pub tables: Vec<TableEntry>,
    /// The files.
    pub files: Vec<FileEntry>,
}

/// A table in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableEntry {
    /// Its name.
    pub table: String,
    /// Its rows.
    pub rows: u64,
    /// SHA-256 of its lines, in hexadecimal.
    pub sha256: String,
}

/// A file in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its path in the backup.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256, in hexadecimal.
    pub sha256: String,
}

impl Manifest {
    pub(crate) fn parse(text: &[u8]) -> Result<Self, BackupError> {
        // The form first: a later one may look different in everything else.
        #[derive(Deserialize)]
        struct Form {
            format: u32,
        }
        let damaged = |_| BackupError::Damaged { what: MANIFEST.to_owned() };
        let Form { format } = serde_json::from_slice(text).map_err(damaged)?;
        if format != FORMAT {
            return Err(BackupError::Later { format });
        }
        serde_json::from_slice(text).map_err(damaged)
    }

    /// The path of a table in a backup.
    pub(crate) fn path_of(table: &str) -> String {
        format!("{DATABASE}/{table}.jsonl")
    }
}
