//! Writing into the file of a recording, plain or sealed.

use std::fs::File;
use std::io;

use crate::format::Format;
use crate::manifest::Manifest;
use crate::sealed::{Keyring, Sealer};
use crate::wav::{self, Digester};
use crate::workbench::Workbench;

/// How a recording is written.
pub(crate) enum Pen {
    /// As WAV.
    Plain,
    /// So that only who has the key can read it.
    Sealed(Box<Sealer>),
}

impl Pen {
    /// Gives a new file its beginning; with a key it is sealed.
    pub(crate) fn begin(file: &File, format: Format, keys: &Keyring) -> io::Result<Self> {
        match keys.current() {
            Some(master) => Ok(Self::Sealed(Box::new(Sealer::create(file, format, master)?))),
            None => wav::write_header(file, format, 0).map(|()| Self::Plain),
        }
    }

    /// Writes the frames of the bench, of which the file has so many already; they are in its bytes then.
    pub(crate) fn frames(
        &mut self,
        file: &File,
        format: Format,
        first: u64,
        bench: &mut Workbench,
    ) -> io::Result<()> {
        let Workbench { frames, bytes, sealed, .. } = bench;
        match self {
            Self::Plain => wav::write_frames(file, format, first, frames, bytes),
            Self::Sealed(sealer) => {
                bytes.clear();
                format.encode(frames, bytes);
                sealer.samples(file, bytes, sealed)
            }
        }
    }

    /// Writes silence from one frame to another, and digests it.
    pub(crate) fn silence(
        &mut self,
        file: &File,
        format: Format,
        (first, end): (u64, u64),
        digest: &mut Digester,
    ) -> io::Result<()> {
        match self {
            Self::Plain => wav::write_silence(file, format, (first, end), digest),
            Self::Sealed(sealer) => {
                let length = end.saturating_sub(first) * format.frame_len();
                wav::digest_silence(format, length, digest);
                sealer.silence(file, length)
            }
        }
    }

    /// So many frames can be heard from now on.
    pub(crate) fn show(&self, file: &File, format: Format, frames: u64) -> io::Result<()> {
        match self {
            Self::Plain => wav::write_header(file, format, frames),
            // Each record speaks for itself.
            Self::Sealed(_) => Ok(()),
        }
    }

    /// Completes the file. Gives its length.
    pub(crate) fn complete(
        &mut self,
        file: &File,
        format: Format,
        frames: u64,
        manifest: &Manifest,
    ) -> io::Result<u64> {
        match self {
            Self::Plain => wav::write_manifest(file, format, frames, manifest),
            Self::Sealed(sealer) => sealer.manifest(file, &wav::chunk(manifest)?),
        }
    }
}
