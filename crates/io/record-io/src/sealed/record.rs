//! The pieces of a sealed file, one behind the other: each is written once and never changed.
//!
//! ```text
//! kind (1) · zeros (3) · length (4) · number (4) · nonce (12) · what is in it · proof (16)
//! ```
//!
//! The proof covers the file's id, the kind, the length, the number and the place of what is in it, so that no record can be
//! left out, moved, put twice, or taken from another file. Silence has a length and nothing in it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use ring::aead::{LessSafeKey, NONCE_LEN};

use super::SealError;
use super::key::{self, TAG_LEN, random};
use super::label::ID_LEN;

pub(crate) const HEADER_LEN: usize = 24;
/// The most that is in one record: what a proof has to be read for, and what is kept in memory for it.
pub(crate) const SAMPLES_MAX: usize = 64 * 1024;
/// The longest manifest and the header of its chunk.
pub(crate) const MANIFEST_MAX: usize = 513 * 1024;
const PROVED_LEN: usize = ID_LEN + 1 + 4 + 8 + 8;

/// What is in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Samples,
    Silence,
    /// The chunk behind the samples; the last record.
    Manifest,
}

/// A record and where it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    pub(crate) kind: Kind,
    /// Of what is in it, or of the silence.
    pub(crate) length: u32,
    /// From zero, of all records of the file.
    pub(crate) number: u32,
    /// Where what is in it is among the samples, or behind them.
    pub(crate) begin: u64,
    /// Where the record is in the file.
    pub(crate) at: u64,
    nonce: [u8; NONCE_LEN],
}

fn ends_in_zeros(file: &File, file_len: u64) -> io::Result<bool> {
    let mut end = [0; TAG_LEN];
    file.read_exact_at(&mut end, file_len.saturating_sub(TAG_LEN as u64))?;
    Ok(end == [0; TAG_LEN])
}

impl Record {
    /// A new one at that place.
    pub(crate) fn begin(
        kind: Kind,
        length: u32,
        number: u32,
        (begin, at): (u64, u64),
    ) -> Result<Self, SealError> {
        Ok(Self { kind, length, number, begin, at, nonce: random()? })
    }

    /// The record of that number at that place; `None` if there is none, or not all of it, as after a crash.
    pub(crate) fn read(
        file: &File,
        file_len: u64,
        number: u32,
        (begin, at): (u64, u64),
    ) -> io::Result<Option<Self>> {
        let mut header = [0; HEADER_LEN];
        if at + (HEADER_LEN + TAG_LEN) as u64 > file_len {
            return Ok(None);
        }
        // What a loss of power did not let onto the disk is zeros, up to the end of the file.
        let torn_or_altered = || match ends_in_zeros(file, file_len)? {
            true => Ok(None),
            false => Err(SealError::Altered { at }.into()),
        };
        file.read_exact_at(&mut header, at)?;
        let read =
            |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let (length, found) = (read(4), read(8));
        let (kind, most) = match header[0] {
            1 => (Kind::Samples, SAMPLES_MAX),
            2 => (Kind::Silence, u32::MAX as usize),
            3 => (Kind::Manifest, MANIFEST_MAX),
            _ => return torn_or_altered(),
        };
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&header[12..]);
        let record = Self { kind, length, number, begin, at, nonce };
        if found != number || header[1..4] != [0; 3] || length as usize > most {
            return torn_or_altered();
        }
        Ok((record.end() <= file_len).then_some(record))
    }

    /// Where the next one begins.
    pub(crate) fn end(&self) -> u64 {
        self.at + (HEADER_LEN + self.bytes() + TAG_LEN) as u64
    }

    /// Where what is in it ends.
    pub(crate) fn until(&self) -> u64 {
        self.begin + u64::from(self.length)
    }

    /// Writes it with what is in it, which is left unreadable in `bytes`.
    pub(crate) fn write(
        &self,
        file: &File,
        key: &LessSafeKey,
        id: &[u8; ID_LEN],
        contents: &[u8],
        bytes: &mut Vec<u8>,
    ) -> io::Result<()> {
        bytes.clear();
        let kind = match self.kind {
            Kind::Samples => 1,
            Kind::Silence => 2,
            Kind::Manifest => 3,
        };
        bytes.extend([kind, 0, 0, 0]);
        bytes.extend(self.length.to_le_bytes());
        bytes.extend(self.number.to_le_bytes());
        bytes.extend(self.nonce);
        bytes.extend(contents);
        let proof = key::seal(key, self.nonce, &self.proved(id), &mut bytes[HEADER_LEN..]);
        bytes.extend(proof);
        file.write_all_at(bytes, self.at)
    }

    /// What is in it; an error if it is not what was written. Nothing for silence.
    pub(crate) fn open(&self, file: &File, key: &LessSafeKey, id: &[u8; ID_LEN]) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; self.bytes() + TAG_LEN];
        file.read_exact_at(&mut bytes, self.at + HEADER_LEN as u64)?;
        let opened = key::open(key, self.nonce, &self.proved(id), &mut bytes).map(<[u8]>::len);
        let length = opened.ok_or(SealError::Altered { at: self.at })?;
        bytes.truncate(length);
        Ok(bytes)
    }

    /// Of what is in it in the file.
    fn bytes(&self) -> usize {
        match self.kind {
            Kind::Samples | Kind::Manifest => self.length as usize,
            Kind::Silence => 0,
        }
    }

    fn proved(&self, id: &[u8; ID_LEN]) -> [u8; PROVED_LEN] {
        let mut proved = [0; PROVED_LEN];
        proved[..ID_LEN].copy_from_slice(id);
        proved[ID_LEN] = match self.kind {
            Kind::Samples => 1,
            Kind::Silence => 2,
            Kind::Manifest => 3,
        };
        proved[ID_LEN + 1..ID_LEN + 5].copy_from_slice(&self.length.to_le_bytes());
        proved[ID_LEN + 5..ID_LEN + 13].copy_from_slice(&u64::from(self.number).to_le_bytes());
        proved[ID_LEN + 13..].copy_from_slice(&self.begin.to_le_bytes());
        proved
    }
}
