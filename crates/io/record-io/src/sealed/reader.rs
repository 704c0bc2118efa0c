//! A sealed file, seen as the WAV file that it would be if it were plain.

use std::cell::RefCell;
use std::fs::File;
use std::io;

use ring::aead::LessSafeKey;

use super::SealError;
use super::key::{Keyring, key_of};
use super::label::{ID_LEN, LABEL_LEN, Label};
use super::record::{Kind, Record};
use super::writer::Sealer;
use crate::bytes::Bytes;
use crate::format::Format;

/// What there is of a sealed file at the moment at which it is opened; what is appended later is not seen.
pub(crate) struct Sealed {
    file: File,
    key: LessSafeKey,
    id: [u8; ID_LEN],
    format: Format,
    /// In their order, without that of the manifest.
    records: Vec<Record>,
    manifest: Option<Record>,
    header: Vec<u8>,
    /// There is something behind the last record: half of one, or what does not belong there.
    has_rest: bool,
    /// The record that was opened last, and what is in it.
    opened: RefCell<Option<(u32, Vec<u8>)>>,
}

impl Sealed {
    /// Opens a file; finds its records, and proves none of them yet.
    pub(crate) fn open(file: File, keys: &Keyring) -> io::Result<Self> {
        let Label { id, format, key, .. } = Label::read(&file, keys)?;
        let file_len = file.metadata()?.len();
        let (mut records, mut manifest): (Vec<Record>, _) = (Vec::new(), None);
        let (mut begin, mut at) = (0, LABEL_LEN);
        while let Some(record) = Record::read(&file, file_len, records.len() as u32, (begin, at))? {
            (begin, at) = (record.until(), record.end());
            if record.kind == Kind::Manifest {
                manifest = Some(record);
                break;
            }
            records.push(record);
        }
        let samples = records.last().map_or(0, Record::until);
        let more = manifest.map_or(0, |record| record.length);
        let header = format.header(samples / format.frame_len(), more);
        let has_rest = at < file_len;
        let (key, opened) = (key_of(&key), RefCell::default());
        Ok(Self { file, key, id, format, records, manifest, header, has_rest, opened })
    }

    /// True if it is complete and something is behind its end.
    pub(crate) const fn has_more_than_all(&self) -> bool {
        self.manifest.is_some() && self.has_rest
    }

    pub(crate) const fn is_complete(&self) -> bool {
        self.manifest.is_some()
    }

    pub(crate) const fn format(&self) -> Format {
        self.format
    }

    /// Puts it on the disk; gives the length of the file.
    pub(crate) fn sync(&self) -> io::Result<u64> {
        self.file.sync_data()?;
        Ok(self.file.metadata()?.len())
    }

    /// How many whole frames there are.
    pub(crate) fn frames(&self) -> u64 {
        self.samples() / self.format.frame_len()
    }

    /// Cuts away what is behind the last record that is as it was written, and goes on from there. Where such records follow one that
    /// is not, nothing is cut: whoever reads it is told.
    pub(crate) fn cut(self) -> io::Result<(File, Sealer, u64)> {
        let Self { file, key, id, mut records, .. } = self;
        while let Some(last) = records.last() {
            match last.open(&file, &key, &id) {
                Ok(_) => break,
                Err(error) if SealError::of(&error).is_some() => drop(records.pop()),
                Err(error) => return Err(error),
            }
        }
        let (samples, end) = records.last().map_or((0, LABEL_LEN), |last| (last.until(), last.end()));
        file.set_len(end)?;
        let sealer = Sealer::at(key, id, records.len() as u32, (samples, end));
        Ok((file, sealer, samples))
    }

    fn samples(&self) -> u64 {
        self.records.last().map_or(0, Record::until)
    }

    /// The piece of the record with the byte at that place behind the header, from there on.
    fn piece(&self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let record = if at < self.samples() {
            let place = self.records.partition_point(|record| record.until() <= at);
            self.records[place]
        } else {
            self.manifest.filter(|record| at < record.until()).ok_or(io::ErrorKind::UnexpectedEof)?
        };
        let skipped = at - record.begin;
        let length = (u64::from(record.length) - skipped).min(buffer.len() as u64) as usize;
        let mut opened = self.opened.borrow_mut();
        let contents = match &mut *opened {
            Some((number, contents)) if *number == record.number => contents,
            other => &mut other.insert((record.number, record.open(&self.file, &self.key, &self.id)?)).1,
        };
        if record.kind == Kind::Silence {
            buffer[..length].fill(self.format.silence());
        } else {
            let begin = skipped as usize;
            buffer[..length].copy_from_slice(&contents[begin..begin + length]);
        }
        Ok(length)
    }
}

impl Bytes for Sealed {
    fn length(&self) -> io::Result<u64> {
        let more = self.manifest.map_or(0, |record| u64::from(record.length));
        Ok(self.header.len() as u64 + self.samples() + more)
    }

    fn read_exact_at(&self, buffer: &mut [u8], at: u64) -> io::Result<()> {
        let (mut done, header) = (0, &self.header);
        while done < buffer.len() {
            let (at, left) = (at + done as u64, &mut buffer[done..]);
            done += if at < header.len() as u64 {
                let part = &header[at as usize..];
                let length = part.len().min(left.len());
                left[..length].copy_from_slice(&part[..length]);
                length
            } else {
                self.piece(at - header.len() as u64, left)?
            };
        }
        Ok(())
    }
}
