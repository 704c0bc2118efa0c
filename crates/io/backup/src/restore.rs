//! Bringing back what a backup holds.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Read};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use hotline_store::Restoring;
use tempfile::NamedTempFile;

use crate::digest::Digesting;
use crate::error::NAMED_MAX;
use crate::manifest::{DATABASE, MANIFEST};
use crate::read::{open, path_of};
use crate::{BackupError, FileEntry, Manifest, Place, Progress};

/// Rows that go into one statement, and their bytes.
const ROWS_MAX: usize = 500;
const ROW_BYTES_MAX: usize = 1 << 20;

/// What happens to a database and to files that are there already and differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Then nothing is restored.
    Keep,
    /// The backup's take their place.
    Replace,
}

/// Restores the files of `places` and the database at `url` from a backup that [`crate::inspect`] has found whole. Files of the backup
/// that belong to none of `places` are left out; files that the backup does not have stay. The database changes at the
/// end and at once: until then it is what it was.
///
/// # Errors
/// [`BackupError::Occupied`] and [`hotline_store::OpenError::Occupied`] before anything is changed, unless what is there is to
/// be replaced; after that [`BackupError::File`], [`BackupError::Store`] and [`BackupError::Open`].
pub async fn restore(
    file: &Path,
    manifest: &Manifest,
    places: &[Place],
    (url, existing): (&str, Existing),
    mut progress: impl FnMut(Progress),
) -> Result<Progress, BackupError> {
    if existing == Existing::Keep {
        refuse_differing(&manifest.files, places)?;
    }
    let mut database = Restoring::begin(url, manifest.schema, existing == Existing::Replace).await?;
    let mut done = Progress::default();
    let mut archive = open(file)?;
    for entry in archive.entries().map_err(BackupError::file(file))? {
        let entry = entry.map_err(BackupError::file(file))?;
        let path = path_of(&entry)?;
        if path == MANIFEST {
            break;
        }
        if let Some(table) = table_of(&path) {
            let damaged = || BackupError::Damaged { what: path.clone() };
            done.rows += fill(&mut database, table, entry, damaged).await?;
        } else if let Some(target) = target_of(&path, places) {
            let mode = entry.header().mode().unwrap_or(0o600);
            done.files += 1;
            done.bytes += put(&target, mode, entry)?;
        }
        progress(done);
    }
    database.finish().await?;
    Ok(done)
}

/// Restores the files of `places` alone, in the place of what is there.
///
/// # Errors
/// [`BackupError::File`], [`BackupError::Damaged`].
pub fn restore_files(file: &Path, places: &[Place]) -> Result<u64, BackupError> {
    let mut files = 0;
    for entry in open(file)?.entries().map_err(BackupError::file(file))? {
        let entry = entry.map_err(BackupError::file(file))?;
        if let Some(target) = target_of(&path_of(&entry)?, places) {
            put(&target, entry.header().mode().unwrap_or(0o600), entry)?;
            files += 1;
        }
    }
    Ok(files)
}

fn table_of(path: &str) -> Option<&str> {
    path.strip_prefix(DATABASE)?.strip_prefix('/')?.strip_suffix(".jsonl")
}

/// Where a file of the backup belongs.
fn target_of(path: &str, places: &[Place]) -> Option<PathBuf> {
    places.iter().find_map(|place| {
        let rest = path.strip_prefix(place.name)?;
        if rest.is_empty() {
            return Some(place.path.clone());
        }
        rest.strip_prefix('/').map(|rest| place.path.join(rest))
    })
}

fn refuse_differing(entries: &[FileEntry], places: &[Place]) -> Result<(), BackupError> {
    let mut differing = Vec::new();
    for entry in entries {
        if let Some(target) = target_of(&entry.path, places)
            && differs(&target, entry)?
        {
            differing.push(target);
        }
    }
    if differing.is_empty() {
        return Ok(());
    }
    let count = differing.len();
    differing.truncate(NAMED_MAX);
    Err(BackupError::Occupied { count, files: differing })
}

fn differs(target: &Path, entry: &FileEntry) -> Result<bool, BackupError> {
    let file = match fs::File::open(target) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(BackupError::file(target)(error)),
    };
    let mut reader = Digesting::new(file);
    io::copy(&mut reader, &mut io::sink()).map_err(BackupError::file(target))?;
    Ok(reader.finish() != (entry.bytes, entry.sha256.clone()))
}

/// Puts the rows of an entry into its table; how many.
async fn fill(
    database: &mut Restoring,
    table: &str,
    entry: impl Read,
    damaged: impl Fn() -> BackupError,
) -> Result<u64, BackupError> {
    let mut lines = BufReader::new(entry).lines();
    let names = lines.next().and_then(Result::ok).ok_or_else(&damaged)?;
    let columns: Vec<String> = serde_json::from_str(&names).map_err(|_| damaged())?;
    database.clear(table).await?;
    let (mut rows, mut bytes, mut count) = (Vec::new(), 0, 0);
    for line in lines {
        let line = line.map_err(|_| damaged())?;
        count += 1;
        bytes += line.len();
        rows.push(line);
        if rows.len() == ROWS_MAX || bytes > ROW_BYTES_MAX {
            database.insert(table, &columns, &rows).await?;
            rows.clear();
            bytes = 0;
        }
    }
    if !rows.is_empty() {
        database.insert(table, &columns, &rows).await?;
    }
    Ok(count)
}

/// Puts a file in its place, whole or not at all; its length.
fn put(target: &Path, mode: u32, mut entry: impl Read) -> Result<u64, BackupError> {
    let directory = target.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    let mut put = || {
        fs::create_dir_all(directory)?;
        let mut file = NamedTempFile::new_in(directory)?;
        let bytes = io::copy(&mut entry, &mut file)?;
        file.as_file().set_permissions(fs::Permissions::from_mode(mode & 0o777))?;
        file.as_file().sync_all()?;
        file.persist(target).map_err(|error| error.error)?;
        Ok(bytes)
    };
    put().map_err(BackupError::file(target))
}
