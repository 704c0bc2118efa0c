//! What goes wrong with files, in words for an operator.

use std::io;
use std::path::{Path, PathBuf};

use hotline_media::RecordingFailure;

/// Why the recorder cannot start. The environment's fault.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The directory cannot be made or written.
    #[error("recordings directory {path}: cannot be written", path = path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused a thread.
    #[error("cannot start a recorder thread")]
    Thread(#[source] io::Error),
}

/// An error of the file system as the cause of a failed recording.
pub(crate) fn cause(path: &Path, error: &io::Error) -> RecordingFailure {
    let path = path.display().to_string();
    let kind = error.kind();
    if matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
        return RecordingFailure::DiskFull { path };
    }
    if matches!(kind, io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) {
        return RecordingFailure::NotWritable { path };
    }
    RecordingFailure::Io { path, os_error: error.raw_os_error().unwrap_or(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_named_as_such() {
        const ENOSPC: i32 = 28;
        let failure = cause(Path::new("/r/a.wav"), &io::Error::from_raw_os_error(ENOSPC));
        assert_eq!(failure.to_string(), "/r/a.wav: the disk is full");
        const EROFS: i32 = 30;
        let failure = cause(Path::new("/r/a.wav"), &io::Error::from_raw_os_error(EROFS));
        assert_eq!(failure.to_string(), "/r/a.wav: no permission to write");
        const EIO: i32 = 5;
        let failure = cause(Path::new("/r/a.wav"), &io::Error::from_raw_os_error(EIO));
        assert_eq!(failure, RecordingFailure::Io { path: "/r/a.wav".to_owned(), os_error: EIO });
    }
}
