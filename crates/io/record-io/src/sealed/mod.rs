//! Recordings that only who has the key can hear: AES-256-GCM, a key for each file, wrapped by a master key.
//!
//! A sealed file is a label and records that are only ever appended, so that it can be opened at every moment, as far as it goes;
//! seen through [`Sealed`] it is the WAV file that it would be if it were plain. [ADR 39](../../../../docs/adr/0039-sealed-recordings.md).

mod key;
mod label;
mod reader;
mod record;
mod writer;

use std::fs::File;
use std::io;

pub(crate) use label::MAGIC;
pub(crate) use reader::Sealed;
pub(crate) use writer::Sealer;

pub use key::{KeyId, Keyring, MasterKey};

/// Wraps the key of a file with `master` if another one of `keys` opens it. False if it needs nothing.
pub(crate) fn rewrap(file: &File, keys: &Keyring, master: &MasterKey) -> io::Result<bool> {
    label::Label::read(file, keys)?.rewrap(file, master)
}

/// Why a sealed file cannot be heard. It comes as the inner error of an [`io::Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It is sealed with a master key that is not there.
    #[error("it is sealed with the key {key}, which is not configured")]
    Locked {
        /// Which one.
        key: KeyId,
    },
    /// Something in it is not what was written: it was changed, or the disk lost it.
    #[error(
        "it was changed, or the disk lost a part of it: byte {at} and what follows are not what was recorded"
    )]
    Altered {
        /// Where in the file.
        at: u64,
    },
    /// It has no key: a crash came before one was written.
    #[error("it was begun, and nothing is in it")]
    Begun,
    /// The system has no randomness.
    #[error("the system gives no random numbers")]
    NoRandomness,
}

impl SealError {
    /// What is behind an error of reading or writing a recording, if it is about its seal.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }
}

impl From<SealError> for io::Error {
    fn from(error: SealError) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}
