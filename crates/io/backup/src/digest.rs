//! What passes through is counted and its checksum is taken.

use std::io::{self, Read, Write};

use sha2::{Digest as _, Sha256};

/// A reader or writer whose bytes are counted and digested.
pub(crate) struct Digesting<T> {
    inner: T,
    hash: Sha256,
    bytes: u64,
}

impl<T> Digesting<T> {
    pub(crate) fn new(inner: T) -> Self {
        Self { inner, hash: Sha256::new(), bytes: 0 }
    }

    /// How much passed, and its SHA-256 in hexadecimal.
    pub(crate) fn finish(self) -> (u64, String) {
        let hash = self.hash.finalize();
        (self.bytes, hash.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    fn note(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
    }
}

impl<R: Read> Read for Digesting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.note(&buffer[..length]);
        Ok(length)
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let length = self.inner.write(buffer)?;
        self.note(&buffer[..length]);
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
