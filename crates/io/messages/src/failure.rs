//! Why a message was not kept.

use std::io;

/// Why a message was not kept. What was written of it is deleted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Capacity: [`MESSAGES_MAX`](crate::MESSAGES_MAX) are being recorded.
    #[error("too many messages are recorded at the same time")]
    Busy,
    /// Environment: nothing more fits.
    #[error("the disk is full")]
    DiskFull,
    /// Environment: the directory of recordings may not be written.
    #[error("no permission to write")]
    NotWritable,
    /// Environment: the disk is behind by [`BACKLOG_MAX`](crate::BACKLOG_MAX).
    #[error("the disk is too slow")]
    Slow,
    /// Environment: anything else that the system says.
    #[error("cannot be written: {0}")]
    Io(String),
}

impl Failure {
    /// In one word, for the metric.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::DiskFull => "disk_full",
            Self::NotWritable => "not_writable",
            Self::Slow => "slow",
            Self::Io(_) => "io",
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let kind = error.kind();
        if matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            Self::DiskFull
        } else if matches!(kind, io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) {
            Self::NotWritable
        } else {
            Self::Io(error.to_string())
        }
    }
}
