//! The beginning of a sealed file: what it is, and its key, wrapped by a master key.
//!
//! ```text
//!   0  "HOTLREC1" · id of the file (16) · channels (1) · coding (1) · zeros
//! 512  slot: 1 · id of the master key (8) · nonce (12) · wrapped key (48) · zeros
//! 768  a second slot
//! 1024 records
//! ```
//!
//! There are two slots so that a key can be wrapped anew without a moment in which the file cannot be opened.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use ring::aead::NONCE_LEN;

use super::SealError;
use super::key::{KEY_LEN, KeyId, Keyring, MasterKey, WRAPPED_LEN, random};
use crate::format::{Channels, Coding, Format};

pub(crate) const MAGIC: [u8; 8] = *b"HOTLREC1";
/// Names a file in the proof of each of its records.
pub(crate) const ID_LEN: usize = 16;
/// What of the label is proved with the key.
const PROVED_LEN: usize = MAGIC.len() + ID_LEN + 2;
/// A sector, which a disk writes whole or not at all.
const SLOTS_AT: u64 = 512;
const SLOT_LEN: usize = 256;
const SLOTS: usize = 2;
/// Where the records begin.
pub(crate) const LABEL_LEN: u64 = 1024;
const USED: u8 = 1;

/// What a sealed file is.
pub(crate) struct Label {
    pub(crate) id: [u8; ID_LEN],
    pub(crate) format: Format,
    pub(crate) key: [u8; KEY_LEN],
    /// Whose slot it was.
    master: KeyId,
    slot: usize,
}

impl Label {
    /// Of a new file.
    pub(crate) fn generate(format: Format, master: &MasterKey) -> Result<Self, SealError> {
        Ok(Self { id: random()?, format, key: random()?, master: master.id(), slot: 0 })
    }

    /// Writes it to a new file.
    pub(crate) fn write(&self, file: &File, master: &MasterKey) -> io::Result<()> {
        let mut bytes = vec![0; LABEL_LEN as usize];
        let proved = self.proved();
        bytes[..PROVED_LEN].copy_from_slice(&proved);
        let begin = SLOTS_AT as usize + self.slot * SLOT_LEN;
        bytes[begin..begin + SLOT_LEN].copy_from_slice(&slot(master, &self.key, &proved)?);
        file.write_all_at(&bytes, 0)
    }

    /// Reads that of a file.
    pub(crate) fn read(file: &File, keys: &Keyring) -> io::Result<Self> {
        let mut bytes = vec![0; LABEL_LEN as usize];
        match file.read_exact_at(&mut bytes, 0) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(SealError::Begun.into()),
            Err(error) => return Err(error),
        }
        if bytes[..MAGIC.len()].iter().all(|byte| *byte == 0) {
            return Err(SealError::Begun.into());
        }
        let altered = || io::Error::from(SealError::Altered { at: 0 });
        let format = format_of(&bytes).ok_or_else(altered)?;
        let mut unknown = None;
        let slots = bytes[SLOTS_AT as usize..].chunks_exact(SLOT_LEN).enumerate();
        for (place, slot) in slots.filter(|(_, slot)| slot[0] == USED) {
            let (id, nonce, wrapped) = parts(slot);
            let Some(master) = keys.find(id) else {
                unknown = Some(id);
                continue;
            };
            let key = master.unwrap(nonce, wrapped, &bytes[..PROVED_LEN]).ok_or_else(altered)?;
            let mut id = [0; ID_LEN];
            id.copy_from_slice(&bytes[MAGIC.len()..MAGIC.len() + ID_LEN]);
            return Ok(Self { id, format, key, master: master.id(), slot: place });
        }
        Err(unknown.map_or_else(altered, |key| SealError::Locked { key }.into()))
    }

    /// Wraps the key of the file anew, if it is wrapped by another key than `master`. The old one opens it until the new one is on the disk.
    pub(crate) fn rewrap(&self, file: &File, master: &MasterKey) -> io::Result<bool> {
        if self.master == master.id() {
            return Ok(false);
        }
        let place = |slot: usize| SLOTS_AT + (slot * SLOT_LEN) as u64;
        let other = (self.slot + 1) % SLOTS;
        file.write_all_at(&slot(master, &self.key, &self.proved())?, place(other))?;
        file.sync_data()?;
        file.write_all_at(&[0; SLOT_LEN], place(self.slot))?;
        file.sync_data()?;
        Ok(true)
    }

    fn proved(&self) -> [u8; PROVED_LEN] {
        let mut bytes = [0; PROVED_LEN];
        bytes[..MAGIC.len()].copy_from_slice(&MAGIC);
        bytes[MAGIC.len()..MAGIC.len() + ID_LEN].copy_from_slice(&self.id);
        bytes[PROVED_LEN - 2] = match self.format.channels {
            Channels::Mono => 1,
            Channels::Stereo => 2,
        };
        bytes[PROVED_LEN - 1] = match self.format.coding {
            Coding::Pcm16 => 1,
            Coding::Ulaw => 2,
        };
        bytes
    }
}

fn format_of(label: &[u8]) -> Option<Format> {
    if label[..MAGIC.len()] != MAGIC {
        return None;
    }
    let channels = match label[PROVED_LEN - 2] {
        1 => Channels::Mono,
        2 => Channels::Stereo,
        _ => return None,
    };
    let coding = match label[PROVED_LEN - 1] {
        1 => Coding::Pcm16,
        2 => Coding::Ulaw,
        _ => return None,
    };
    Some(Format { channels, coding })
}

fn slot(master: &MasterKey, key: &[u8; KEY_LEN], label: &[u8]) -> Result<[u8; SLOT_LEN], SealError> {
    let (nonce, wrapped) = master.wrap(key, label)?;
    let mut slot = [0; SLOT_LEN];
    slot[0] = USED;
    slot[1..9].copy_from_slice(&master.id().0);
    slot[9..9 + NONCE_LEN].copy_from_slice(&nonce);
    slot[9 + NONCE_LEN..9 + NONCE_LEN + WRAPPED_LEN].copy_from_slice(&wrapped);
    Ok(slot)
}

fn parts(slot: &[u8]) -> (KeyId, [u8; NONCE_LEN], [u8; WRAPPED_LEN]) {
    let (mut id, mut nonce, mut wrapped) = ([0; 8], [0; NONCE_LEN], [0; WRAPPED_LEN]);
    id.copy_from_slice(&slot[1..9]);
    nonce.copy_from_slice(&slot[9..9 + NONCE_LEN]);
    wrapped.copy_from_slice(&slot[9 + NONCE_LEN..9 + NONCE_LEN + WRAPPED_LEN]);
    (KeyId(id), nonce, wrapped)
}
