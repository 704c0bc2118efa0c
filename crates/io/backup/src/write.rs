//! Writing a backup.

use std::fs::{self, File};
use std::io::{BufWriter, ErrorKind, Read, Seek as _, Write};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use hotline_store::{Snapshot, Store, TABLES};
use tar::{Builder, EntryType, Header};

use crate::digest::Digesting;
use crate::manifest::{FORMAT, MANIFEST};
use crate::{BackupError, FileEntry, Manifest, Place, Progress, TableEntry};

type Archive = Builder<GzEncoder<BufWriter<File>>>;

/// Writes a backup to `target`, which only the owner may read: the database as it is now, and the files of `places` as long as they
/// are when they are read; what is missing of them is left out, and so are names that begin with a dot. Until it is
/// complete it has `.partial` behind its name, and on return it is on disk. `at` is the time now, in microseconds since the
/// Unix epoch.
///
/// # Errors
/// [`BackupError`]; then there is no file.
pub async fn write(
    store: &Store,
    places: &[Place],
    target: &Path,
    at: i64,
    mut progress: impl FnMut(Progress),
) -> Result<Manifest, BackupError> {
    if target.exists() {
        return Err(BackupError::There(target.to_owned()));
    }
    let mut name = target.as_os_str().to_owned();
    name.push(".partial");
    let partial = PathBuf::from(name);
    let file = match File::options().write(true).create_new(true).mode(0o600).open(&partial) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(BackupError::UnderWay(partial)),
        opened => opened.map_err(BackupError::file(&partial))?,
    };
    let mut writing = Writing {
        archive: Builder::new(GzEncoder::new(BufWriter::new(file), Compression::fast())),
        partial: partial.clone(),
        progress: Progress::default(),
        tell: &mut progress,
    };
    let written = match writing.everything(store, places, at).await {
        Ok(manifest) => writing.finish(target).map(|()| manifest),
        Err(error) => Err(error),
    };
    if written.is_err() {
        // What is told is why there is no backup, not what became of a part of one.
        drop(fs::remove_file(&partial));
    }
    written
}

struct Writing<'t> {
    archive: Archive,
    partial: PathBuf,
    progress: Progress,
    tell: &'t mut dyn FnMut(Progress),
}

impl Writing<'_> {
    async fn everything(
        &mut self,
        store: &Store,
        places: &[Place],
        at: i64,
    ) -> Result<Manifest, BackupError> {
        let mut snapshot = store.snapshot().await?;
        let mut manifest = Manifest {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            at,
            schema: snapshot.version(),
            tables: Vec::new(),
            files: Vec::new(),
        };
        for table in TABLES {
            manifest.tables.push(self.table(&mut snapshot, table).await?);
        }
        snapshot.close().await?;
        for place in places {
            self.place(place.name, &place.path, &mut manifest.files)?;
        }
        let text = serde_json::to_vec_pretty(&manifest).expect("a manifest holds only text and numbers");
        self.append(MANIFEST, text.len() as u64, 0o600, &mut text.as_slice())?;
        Ok(manifest)
    }

    /// Through a file without a name: an entry of the archive begins with its length.
    async fn table(&mut self, snapshot: &mut Snapshot, table: &str) -> Result<TableEntry, BackupError> {
        let directory =
            self.partial.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
        let file = tempfile::tempfile_in(directory).map_err(BackupError::file(directory))?;
        let failed = |source| BackupError::File { path: directory.to_owned(), source };
        let columns = snapshot.columns(table).await?;
        let mut lines = BufWriter::new(file);
        let names = serde_json::to_string(&columns).expect("names are text");
        writeln!(lines, "{names}").map_err(failed)?;
        let before = self.progress.rows;
        let each = |row: &str| {
            self.progress.rows += 1;
            (self.tell)(self.progress);
            writeln!(lines, "{row}").map_err(failed)
        };
        let rows = snapshot.rows(table, &columns, each).await?;
        debug_assert_eq!(self.progress.rows, before + rows);
        let mut file = lines.into_inner().map_err(|error| failed(error.into_error()))?;
        let bytes = file.stream_position().map_err(failed)?;
        file.rewind().map_err(failed)?;
        let sha256 = self.append(&Manifest::path_of(table), bytes, 0o600, &mut file)?;
        Ok(TableEntry { table: table.to_owned(), rows, sha256 })
    }

    /// A file, or all files of a folder in the order of their names.
    fn place(&mut self, name: &str, path: &Path, files: &mut Vec<FileEntry>) -> Result<(), BackupError> {
        let file = match File::open(path) {
            Ok(file) => file,
            // A recording may have been erased since the folder was read.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(BackupError::file(path)(error)),
        };
        let about = file.metadata().map_err(BackupError::file(path))?;
        if about.is_dir() {
            let mut names = fs::read_dir(path)
                .and_then(|entries| {
                    entries.map(|entry| Ok(entry?.file_name())).collect::<Result<Vec<_>, _>>()
                })
                .map_err(BackupError::file(path))?;
            names.sort();
            for entry in names {
                // Names that are no text are nobody's that belongs here.
                if let Some(entry) = entry.to_str().filter(|entry| !entry.starts_with('.')) {
                    self.place(&format!("{name}/{entry}"), &path.join(entry), files)?;
                }
            }
        } else if about.is_file() {
            let mode = about.permissions().mode() & 0o777;
            let mut reader = file.take(about.len());
            let sha256 = match self.append(name, about.len(), mode, &mut reader) {
                Err(BackupError::Changed(_)) => return Err(BackupError::Changed(path.to_owned())),
                appended => appended?,
            };
            files.push(FileEntry { path: name.to_owned(), bytes: about.len(), sha256 });
            self.progress.files += 1;
            self.progress.bytes += about.len();
            (self.tell)(self.progress);
        }
        Ok(())
    }

    /// One entry of the archive; its checksum.
    fn append(
        &mut self,
        path: &str,
        bytes: u64,
        mode: u32,
        reader: &mut impl Read,
    ) -> Result<String, BackupError> {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_size(bytes);
        header.set_mode(mode);
        let mut reader = Digesting::new(reader);
        self.archive.append_data(&mut header, path, &mut reader).map_err(BackupError::file(&self.partial))?;
        match reader.finish() {
            (read, sha256) if read == bytes => Ok(sha256),
            _ => Err(BackupError::Changed(PathBuf::from(path))),
        }
    }

    fn finish(self, target: &Path) -> Result<(), BackupError> {
        let finished = self.archive.into_inner().and_then(GzEncoder::finish).and_then(|buffered| {
            let file = buffered.into_inner().map_err(std::io::IntoInnerError::into_error)?;
            file.sync_all()?;
            fs::rename(&self.partial, target)?;
            let directory =
                target.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
            File::open(directory)?.sync_all()
        });
        finished.map_err(BackupError::file(&self.partial))
    }
}
