//! A recording as somebody hears it: a WAV file as far as it goes, whether it is plain or sealed, and also while it is written.

use std::io;
use std::path::Path;

use crate::bytes::Found;
use crate::sealed::Keyring;

/// The longest header of a WAV file, in bytes: that of µ-law.
const HEAD_MAX: usize = 58;

/// What there was of a recording, or of any other file with sound, when it was opened. All of it waits for the disk.
pub struct Playback {
    found: Found,
    head: Vec<u8>,
    length: u64,
}

impl Playback {
    /// Opens the file.
    ///
    /// # Errors
    /// It cannot be read; [`SealError`](crate::SealError) if it is sealed and cannot be opened.
    pub fn open(path: &Path, keys: &Keyring) -> io::Result<Self> {
        let found = Found::open(path, keys, false)?;
        if matches!(&found, Found::Plain(file) if !file.metadata()?.is_file()) {
            return Err(io::ErrorKind::NotFound.into());
        }
        // The header says how much audio follows and is refreshed as the file grows. It is read before the length is taken: a
        // later one could announce more than there is.
        let mut head = vec![0; HEAD_MAX.min(usize::try_from(found.bytes().length()?).unwrap_or(HEAD_MAX))];
        found.bytes().read_exact_at(&mut head, 0)?;
        let length = found.bytes().length()?;
        Ok(Self { found, head, length })
    }

    /// Of the whole WAV file, in bytes.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// Fills the buffer from that byte on.
    ///
    /// # Errors
    /// There is not so much, it cannot be read, or is not what was recorded ([`SealError`](crate::SealError)).
    pub fn read(&self, buffer: &mut [u8], at: u64) -> io::Result<()> {
        let begin = usize::try_from(at).unwrap_or(usize::MAX).min(self.head.len());
        let known = buffer.len().min(self.head.len() - begin);
        let (of_head, rest) = buffer.split_at_mut(known);
        of_head.copy_from_slice(&self.head[begin..begin + known]);
        if rest.is_empty() { Ok(()) } else { self.found.bytes().read_exact_at(rest, at + known as u64) }
    }
}
