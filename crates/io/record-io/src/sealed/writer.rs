//! Writing a sealed file.

use std::fs::File;
use std::io;

use ring::aead::LessSafeKey;

use super::key::{MasterKey, key_of};
use super::label::{ID_LEN, LABEL_LEN, Label};
use super::record::{Kind, Record, SAMPLES_MAX};
use crate::format::Format;

/// Appends records to a file; `scratch` is space for one. After an error the file may end in half a record, and only a new one of
/// [`Sealed::cut`](super::Sealed::cut) may go on with it.
pub(crate) struct Sealer {
    key: LessSafeKey,
    id: [u8; ID_LEN],
    number: u32,
    /// Bytes of samples so far.
    samples: u64,
    /// Where the next record begins.
    end: u64,
}

impl Sealer {
    /// Gives a new file its label.
    pub(crate) fn create(file: &File, format: Format, master: &MasterKey) -> io::Result<Self> {
        let label = Label::generate(format, master)?;
        label.write(file, master)?;
        Ok(Self::at(key_of(&label.key), label.id, 0, (0, LABEL_LEN)))
    }

    /// Goes on behind so many records.
    pub(crate) const fn at(
        key: LessSafeKey,
        id: [u8; ID_LEN],
        number: u32,
        (samples, end): (u64, u64),
    ) -> Self {
        Self { key, id, number, samples, end }
    }

    /// Appends samples.
    pub(crate) fn samples(&mut self, file: &File, samples: &[u8], scratch: &mut Vec<u8>) -> io::Result<()> {
        for piece in samples.chunks(SAMPLES_MAX) {
            self.append(file, (Kind::Samples, piece.len() as u32), piece, scratch)?;
        }
        Ok(())
    }

    /// Appends so many bytes of silence.
    pub(crate) fn silence(&mut self, file: &File, length: u64) -> io::Result<()> {
        let mut left = length;
        while left > 0 {
            let piece = u32::try_from(left).unwrap_or(!7);
            self.append(file, (Kind::Silence, piece), &[], &mut Vec::new())?;
            left -= u64::from(piece);
        }
        Ok(())
    }

    /// Completes the file by the chunk behind the samples. Gives the length of the file.
    pub(crate) fn manifest(&mut self, file: &File, chunk: &[u8]) -> io::Result<u64> {
        self.append(file, (Kind::Manifest, chunk.len() as u32), chunk, &mut Vec::new())?;
        Ok(self.end)
    }

    fn append(
        &mut self,
        file: &File,
        (kind, length): (Kind, u32),
        contents: &[u8],
        scratch: &mut Vec<u8>,
    ) -> io::Result<()> {
        let record = Record::begin(kind, length, self.number, (self.samples, self.end))?;
        record.write(file, &self.key, &self.id, contents, scratch)?;
        self.number += 1;
        self.samples = record.until();
        self.end = record.end();
        Ok(())
    }
}
