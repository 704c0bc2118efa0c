//! The bytes of a WAV file, whether it is plain or sealed.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::sealed::{Keyring, MAGIC, Sealed};
use crate::shelf;

/// A file that is read from any place.
pub(crate) trait Bytes {
    /// How many there are.
    fn length(&self) -> io::Result<u64>;

    /// Fills the buffer from that place on.
    fn read_exact_at(&self, buffer: &mut [u8], at: u64) -> io::Result<()>;
}

impl Bytes for File {
    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_exact_at(&self, buffer: &mut [u8], at: u64) -> io::Result<()> {
        FileExt::read_exact_at(self, buffer, at)
    }
}

/// A recording that is there.
pub(crate) enum Found {
    Plain(File),
    Sealed(Box<Sealed>),
}

impl Found {
    /// Opens the file, to write too if it `is_to_be_mended`. What a file is says its beginning; one whose name says that it is sealed
    /// is never taken for a plain one.
    pub(crate) fn open(path: &Path, keys: &Keyring, is_to_be_mended: bool) -> io::Result<Self> {
        let file = File::options().read(true).write(is_to_be_mended).open(path)?;
        if shelf::is_sealed(path) || has_magic(&file)? {
            return Sealed::open(file, keys).map(|sealed| Self::Sealed(Box::new(sealed)));
        }
        Ok(Self::Plain(file))
    }

    pub(crate) fn bytes(&self) -> &dyn Bytes {
        match self {
            Self::Plain(file) => file,
            Self::Sealed(sealed) => sealed.as_ref(),
        }
    }
}

fn has_magic(file: &File) -> io::Result<bool> {
    let mut magic = [0; MAGIC.len()];
    match FileExt::read_exact_at(file, &mut magic, 0) {
        Ok(()) => Ok(magic == MAGIC),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
