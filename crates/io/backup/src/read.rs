//! Reading a backup whole, to know whether it is what was written.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Component, Path};

use flate2::read::GzDecoder;
use tar::{Archive, Entry};

use crate::digest::Digesting;
use crate::manifest::{MANIFEST, MANIFEST_BYTES_MAX};
use crate::{BackupError, Manifest, Progress};

pub(crate) type Packed = GzDecoder<BufReader<File>>;

pub(crate) fn open(file: &Path) -> Result<Archive<Packed>, BackupError> {
    let opened = File::open(file).map_err(BackupError::file(file))?;
    Ok(Archive::new(GzDecoder::new(BufReader::with_capacity(1 << 16, opened))))
}

/// Reads all of a backup and compares it with its checksums.
///
/// # Errors
/// [`BackupError::NoBackup`], [`BackupError::Unfinished`], [`BackupError::Damaged`], [`BackupError::Later`],
/// [`BackupError::File`].
pub fn inspect(file: &Path, mut progress: impl FnMut(Progress)) -> Result<Manifest, BackupError> {
    let mut archive = open(file)?;
    let mut found: BTreeMap<String, (u64, String)> = BTreeMap::new();
    let mut told = Progress::default();
    let entries = archive.entries().map_err(|_| BackupError::NoBackup(file.to_owned()))?;
    for entry in entries {
        let entry = entry.map_err(|error| broken(file, found.len(), error))?;
        let path = path_of(&entry)?;
        if path == MANIFEST {
            let mut text = Vec::new();
            let read = entry.take(MANIFEST_BYTES_MAX).read_to_end(&mut text);
            read.map_err(|error| broken(file, found.len(), error))?;
            let manifest = Manifest::parse(&text)?;
            compare(&manifest, &found)?;
            // What vouches for the manifest itself stands at the very end.
            let rest = io::copy(&mut archive.into_inner(), &mut io::sink());
            return rest.map(|_| manifest).map_err(|error| broken(file, found.len(), error));
        }
        let mut reader = Digesting::new(entry);
        io::copy(&mut reader, &mut io::sink()).map_err(|error| broken(file, found.len() + 1, error))?;
        let (bytes, sha256) = reader.finish();
        told = Progress { files: told.files + 1, bytes: told.bytes + bytes, ..told };
        progress(told);
        if found.insert(path.clone(), (bytes, sha256)).is_some() {
            return Err(BackupError::Damaged { what: path });
        }
    }
    Err(if found.is_empty() { BackupError::NoBackup(file.to_owned()) } else { BackupError::Unfinished })
}

/// The path of an entry, if it is one that a backup can have.
pub(crate) fn path_of<R: Read>(entry: &Entry<'_, R>) -> Result<String, BackupError> {
    let path = entry.path().ok();
    let path = path.as_deref().and_then(Path::to_str).unwrap_or_default();
    let damaged = || BackupError::Damaged { what: path.escape_debug().to_string() };
    let stays_inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    if path.is_empty() || !stays_inside || !entry.header().entry_type().is_file() {
        return Err(damaged());
    }
    Ok(path.to_owned())
}

fn compare(manifest: &Manifest, found: &BTreeMap<String, (u64, String)>) -> Result<(), BackupError> {
    let tables = manifest.tables.iter().map(|table| (Manifest::path_of(&table.table), None, &table.sha256));
    let files = manifest.files.iter().map(|file| (file.path.clone(), Some(file.bytes), &file.sha256));
    let mut expected = 0;
    for (path, bytes, sha256) in tables.chain(files) {
        expected += 1;
        match found.get(&path) {
            Some((length, hash)) if hash == sha256 && bytes.is_none_or(|bytes| bytes == *length) => {}
            _ => return Err(BackupError::Damaged { what: path }),
        }
    }
    if expected != found.len() {
        return Err(BackupError::Damaged { what: MANIFEST.to_owned() });
    }
    Ok(())
}

/// The archive cannot be read further.
fn broken(file: &Path, entries: usize, error: io::Error) -> BackupError {
    if entries == 0 {
        BackupError::NoBackup(file.to_owned())
    } else if error.kind() == io::ErrorKind::UnexpectedEof {
        BackupError::Unfinished
    } else {
        BackupError::Damaged { what: format!("entry {}: {error}", entries + 1) }
    }
}
