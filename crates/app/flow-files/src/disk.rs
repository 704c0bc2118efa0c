//! The directory of flow files, and the file of the center beside it.

use std::fs::{self, File, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use hotline_base::FlowId;
use hotline_config::{ConfigError, read_flows};
use hotline_yaml::{Diagnostic, MAX_BYTES, Place, Source};
use serde::{Deserialize, Serialize};

use crate::state::Texts;

/// What tells one state of the directory from another without reading any file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signature(Vec<Entry>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    name: std::ffi::OsString,
    /// Editors put another file in the place of the old one.
    inode: u64,
    bytes: u64,
    /// The last change of text or file, in nanoseconds.
    changed: (i64, i64),
}

impl Entry {
    fn of(name: std::ffi::OsString, about: &fs::Metadata) -> Self {
        let changed = (about.ctime(), about.ctime_nsec());
        Self { name, inode: about.ino(), bytes: about.size(), changed }
    }
}

/// Looks at the directory and the center's file; `None` if they cannot be read.
pub(crate) fn look(directory: &Path, center: &Path) -> Option<Signature> {
    let about = fs::metadata(center).ok()?;
    let mut entries = vec![Entry::of(center.as_os_str().to_owned(), &about)];
    for entry in fs::read_dir(directory).ok()? {
        let entry = entry.ok()?;
        let name = entry.file_name();
        if !name.as_encoded_bytes().ends_with(b".yaml") {
            continue;
        }
        // The file that a link leads to counts. One that has gone meanwhile is seen next time.
        let Ok(about) = fs::metadata(entry.path()) else { continue };
        entries.push(Entry::of(name, &about));
    }
    entries.sort();
    Some(Signature(entries))
}

pub(crate) fn read(directory: &Path) -> Result<Texts, Diagnostic> {
    let texts = read_flows(directory).map_err(|error| match error {
        ConfigError::Unreadable { path, error } => fault(&path, error.to_string()),
        ConfigError::Mistakes(_) | ConfigError::DemoExposed { .. } => fault(directory, error.to_string()),
    })?;
    Ok(texts.into_iter().map(|text| (text.flow.clone(), text)).collect())
}

/// What is wrong with a file, or the directory, as a whole.
pub(crate) fn fault(path: &Path, problem: String) -> Diagnostic {
    let source = Source::new(&path.display().to_string(), "");
    let remedy = "the files of center and flows are UTF-8 texts that the server can read";
    source.diagnostic(Place { line: 1, column: 1 }, problem, remedy)
}

pub(crate) fn path(directory: &Path, flow: &FlowId) -> PathBuf {
    directory.join(format!("{flow}.yaml"))
}

/// Writes a flow so that nobody ever sees half of it, and it is there after a crash.
pub(crate) fn write(directory: &Path, flow: &FlowId, text: &str) -> io::Result<()> {
    write_file(&path(directory, flow), text)
}

/// Reads the center's file, as far as one may be long.
pub(crate) fn read_center(path: &Path) -> Result<String, Diagnostic> {
    let read = || {
        let mut bytes = Vec::new();
        File::open(path)?.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
        io::Result::Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    read().map_err(|error| fault(path, error.to_string()))
}

/// A file that is to be written, or to be taken away (`None`).
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Piece {
    pub(crate) path: PathBuf,
    pub(crate) text: Option<String>,
}

/// Writes all of them or none: what a crash leaves is ended by [`finish_change`] before the files are read again.
pub(crate) fn write_all(center: &Path, pieces: &[Piece]) -> io::Result<()> {
    if let [piece] = pieces {
        return put(piece);
    }
    let plan = plan(center);
    write_file(&plan, &serde_json::to_string(pieces)?)?;
    finish(&plan, pieces)
}

/// Ends a change of several files that a crash has interrupted. To be called before the files are read.
///
/// # Errors
/// A file cannot be written, or the plan of the change cannot be read.
pub fn finish_change(center: &Path) -> io::Result<()> {
    let plan = plan(center);
    match fs::read_to_string(&plan) {
        Ok(text) => finish(&plan, &serde_json::from_str::<Vec<Piece>>(&text)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn plan(center: &Path) -> PathBuf {
    center.with_file_name(".change.json")
}

fn finish(plan: &Path, pieces: &[Piece]) -> io::Result<()> {
    pieces.iter().try_for_each(put)?;
    fs::remove_file(plan)?;
    folder(plan)?.sync_all()
}

fn put(piece: &Piece) -> io::Result<()> {
    match &piece.text {
        Some(text) => write_file(&piece.path, text),
        None => match fs::remove_file(&piece.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => folder(&piece.path)?.sync_all(),
        },
    }
}

fn folder(path: &Path) -> io::Result<File> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))
}

fn write_file(target: &Path, text: &str) -> io::Result<()> {
    // The file that a link leads to is the one that is kept.
    let target = fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    // Hidden, so that it is not read as a flow.
    let draft = target.with_file_name(format!(".{name}.draft"));
    let written = write_draft(&draft, &target, text).and_then(|()| fs::rename(&draft, &target));
    if let Err(error) = written {
        // Left behind it harms nobody.
        drop(fs::remove_file(&draft));
        return Err(error);
    }
    folder(&target)?.sync_all()
}

fn write_draft(draft: &Path, target: &Path, text: &str) -> io::Result<()> {
    // There are passwords in some of them, and what a crash left may have other permissions.
    drop(fs::remove_file(draft));
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(draft)?;
    let permissions =
        fs::metadata(target).map_or(Permissions::from_mode(new_mode(target)), |about| about.permissions());
    file.set_permissions(permissions)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Flows may be read by whoever may read the directory; the plan of a change holds passwords.
fn new_mode(target: &Path) -> u32 {
    if target.extension().is_some_and(|extension| extension == "yaml") { 0o644 } else { 0o600 }
}

pub(crate) fn remove(directory: &Path, flow: &FlowId) -> io::Result<()> {
    fs::remove_file(path(directory, flow))?;
    File::open(directory)?.sync_all()
}
