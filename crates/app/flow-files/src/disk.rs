//! The directory of flow files.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use hotline_base::FlowId;
use hotline_config::{ConfigError, read_flows};
use hotline_yaml::{Diagnostic, Place, Source};

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

/// Looks at the directory; `None` if it cannot be read.
pub(crate) fn look(directory: &Path) -> Option<Signature> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(directory).ok()? {
        let entry = entry.ok()?;
        let name = entry.file_name();
        if !name.as_encoded_bytes().ends_with(b".yaml") {
            continue;
        }
        // The file that a link leads to counts. One that has gone meanwhile is seen next time.
        let Ok(about) = fs::metadata(entry.path()) else { continue };
        let changed = (about.ctime(), about.ctime_nsec());
        entries.push(Entry { name, inode: about.ino(), bytes: about.size(), changed });
    }
    entries.sort();
    Some(Signature(entries))
}

pub(crate) fn read(directory: &Path) -> Result<Texts, Diagnostic> {
    let texts = read_flows(directory).map_err(|error| match error {
        ConfigError::Unreadable { path, source } => fault(&path, source.to_string()),
        ConfigError::Mistakes(_) | ConfigError::DemoExposed { .. } => fault(directory, error.to_string()),
    })?;
    Ok(texts.into_iter().map(|text| (text.flow.clone(), text)).collect())
}

/// What is wrong with a file, or the directory, as a whole.
pub(crate) fn fault(path: &Path, problem: String) -> Diagnostic {
    let source = Source::new(&path.display().to_string(), "");
    let remedy = "flow files are UTF-8 texts that the server can read";
    source.diagnostic(Place { line: 1, column: 1 }, problem, remedy)
}

pub(crate) fn path(directory: &Path, flow: &FlowId) -> PathBuf {
    directory.join(format!("{flow}.yaml"))
}

/// Writes a flow so that nobody ever sees half of it, and it is there after a crash.
pub(crate) fn write(directory: &Path, flow: &FlowId, text: &str) -> io::Result<()> {
    let target = path(directory, flow);
    // Hidden, so that it is not read as a flow.
    let draft = directory.join(format!(".{flow}.yaml.draft"));
    let written = write_draft(&draft, &target, text).and_then(|()| fs::rename(&draft, &target));
    if let Err(error) = written {
        // Left behind it harms nobody.
        drop(fs::remove_file(&draft));
        return Err(error);
    }
    File::open(directory)?.sync_all()
}

fn write_draft(draft: &Path, target: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(draft)?;
    if let Ok(about) = fs::metadata(target) {
        file.set_permissions(about.permissions())?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

pub(crate) fn remove(directory: &Path, flow: &FlowId) -> io::Result<()> {
    fs::remove_file(path(directory, flow))?;
    File::open(directory)?.sync_all()
}
