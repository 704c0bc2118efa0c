//! A stereo 16-bit WAV file at 8 kHz that is valid at every moment, with a chunk of ours after its samples when it is
//! complete.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use sha2::{Digest, Sha256};

use crate::manifest::Manifest;

/// Bytes before the samples.
pub(crate) const HEADER_LEN: u64 = 44;
/// Where the header says the length of the samples in bytes.
const DATA_LEN_AT: usize = HEADER_LEN as usize - 4;
/// Bytes of one sample of both channels.
pub(crate) const FRAME_LEN: u64 = 4;
/// Samples of one channel a second.
pub(crate) const SAMPLE_RATE_HZ: u32 = 8000;

/// The longest recording: a day, 2.8 GB.
pub(crate) const FRAMES_MAX: u64 = 24 * 3600 * SAMPLE_RATE_HZ as u64;
/// The most frames whose length the header can say: 37 hours.
const FRAMES_SAYABLE: u64 = (u32::MAX as u64 - HEADER_LEN) / FRAME_LEN;
const _: () = assert!(FRAMES_MAX <= FRAMES_SAYABLE, "the header of the longest recording is true");

/// Names the chunk with the manifest; players skip what they do not know.
const MANIFEST: [u8; 4] = *b"hotl";
/// Name and length.
const CHUNK_HEADER_LEN: u64 = 8;
/// How many bytes of samples are read at a time.
const DIGEST_CHUNK: usize = 64 * 1024;
/// Where at the end of a file a manifest is looked for.
const MANIFEST_USUAL_MAX: u64 = 4096;
/// The longest manifest that is read.
const MANIFEST_MAX: u32 = 64 * 1024;

/// Left and right.
pub(crate) type Frame = [i16; 2];

/// Writes the header for `frames` frames. Call it after the frames are written, so that it never promises more
/// than there is. A file beyond 4 GiB, which is none of ours, gets that of the whole frames that fit.
pub(crate) fn write_header(file: &File, frames: u64) -> io::Result<()> {
    file.write_all_at(&header(frames, 0), 0)
}

/// Completes a file of so many frames: the manifest behind them, then a header that includes it. Gives the length
/// of the file in bytes.
pub(crate) fn write_manifest(file: &File, frames: u64, manifest: &Manifest) -> io::Result<u64> {
    let mut json = serde_json::to_vec(manifest)?;
    if json.len() % 2 == 1 {
        // Chunks begin at even places.
        json.push(b' ');
    }
    let mut chunk = MANIFEST.to_vec();
    chunk.extend((json.len() as u32).to_le_bytes());
    chunk.append(&mut json);
    let end = HEADER_LEN + frames * FRAME_LEN;
    file.write_all_at(&chunk, end)?;
    file.write_all_at(&header(frames, chunk.len() as u32), 0)?;
    Ok(end + chunk.len() as u64)
}

/// The manifest of a complete file, where its header says; `None` for one that was under way.
pub(crate) fn read_manifest(file: &File) -> io::Result<Option<Manifest>> {
    match frames_said(file)? {
        Some(frames) => read_chunk(file, HEADER_LEN + frames * FRAME_LEN),
        None => Ok(None),
    }
}

/// A manifest at the very end of the file, whatever the header says, and the frames before it: a loss of power may leave an
/// older header than the rest.
pub(crate) fn find_manifest(file: &File) -> io::Result<Option<(u64, Manifest)>> {
    let length = file.metadata()?.len();
    let first = length.saturating_sub(MANIFEST_USUAL_MAX).max(HEADER_LEN).next_multiple_of(FRAME_LEN);
    for begin in (first..length).step_by(FRAME_LEN as usize) {
        if let Some(manifest) = read_chunk(file, begin)? {
            return Ok(Some(((begin - HEADER_LEN) / FRAME_LEN, manifest)));
        }
    }
    Ok(None)
}

fn read_chunk(file: &File, begin: u64) -> io::Result<Option<Manifest>> {
    let Some(after) = file.metadata()?.len().checked_sub(begin + CHUNK_HEADER_LEN) else { return Ok(None) };
    let mut header = [0; CHUNK_HEADER_LEN as usize];
    file.read_exact_at(&mut header, begin)?;
    let (name, size) = header.split_at(MANIFEST.len());
    let size = u32::from_le_bytes(size.try_into().expect("four bytes"));
    if name != MANIFEST || size > MANIFEST_MAX || u64::from(size) > after {
        return Ok(None);
    }
    let mut json = vec![0; size as usize];
    file.read_exact_at(&mut json, begin + CHUNK_HEADER_LEN)?;
    Ok(serde_json::from_slice(&json).ok())
}

/// How many frames the header promises; `None` if a crash left none.
pub(crate) fn frames_said(file: &File) -> io::Result<Option<u64>> {
    let mut header = [0; HEADER_LEN as usize];
    if file.metadata()?.len() < HEADER_LEN {
        return Ok(None);
    }
    file.read_exact_at(&mut header, 0)?;
    let data = u32::from_le_bytes(header[DATA_LEN_AT..].try_into().expect("four bytes"));
    Ok((header[..4] == *b"RIFF").then(|| u64::from(data) / FRAME_LEN))
}

/// True if a crash came while the manifest of a file of so many frames was written.
pub(crate) fn has_torn_manifest(file: &File, frames: u64) -> io::Result<bool> {
    let mut name = [0; MANIFEST.len()];
    match file.read_exact_at(&mut name, HEADER_LEN + frames * FRAME_LEN) {
        Ok(()) => Ok(name == MANIFEST),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// SHA-256 of the samples of so many frames, in hexadecimal.
pub(crate) fn digest(file: &File, frames: u64) -> io::Result<String> {
    let mut digest = Digester::default();
    let mut bytes = vec![0; DIGEST_CHUNK];
    let (mut at, end) = (HEADER_LEN, HEADER_LEN + frames * FRAME_LEN);
    while at < end {
        // It fits: it is no more than the chunk.
        let length = (end - at).min(DIGEST_CHUNK as u64) as usize;
        file.read_exact_at(&mut bytes[..length], at)?;
        digest.frames(&bytes[..length]);
        at += length as u64;
    }
    Ok(digest.hex())
}

/// SHA-256 of samples as they come.
#[derive(Default)]
pub(crate) struct Digester(Sha256);

impl Digester {
    pub(crate) fn frames(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn silence(&mut self, frames: u64) {
        static SILENCE: [u8; DIGEST_CHUNK] = [0; DIGEST_CHUNK];
        let mut left = frames * FRAME_LEN;
        while left > 0 {
            let length = left.min(DIGEST_CHUNK as u64);
            self.0.update(&SILENCE[..length as usize]);
            left -= length;
        }
    }

    pub(crate) fn hex(self) -> String {
        self.0.finalize().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
    }
}

/// Makes the file `frames` long; what is not written is silence and takes no space on the disk.
pub(crate) fn extend(file: &File, frames: u64) -> io::Result<()> {
    file.set_len(HEADER_LEN + frames * FRAME_LEN)
}

/// Writes frames at their place; `bytes` is scratch space.
pub(crate) fn write_frames(file: &File, first: u64, frames: &[Frame], bytes: &mut Vec<u8>) -> io::Result<()> {
    bytes.clear();
    bytes.extend(frames.iter().flatten().flat_map(|sample| sample.to_le_bytes()));
    file.write_all_at(bytes, HEADER_LEN + first * FRAME_LEN)
}

/// Milliseconds of a number of samples.
pub(crate) const fn millis(samples: u64) -> u64 {
    samples * 1000 / SAMPLE_RATE_HZ as u64
}

/// `more` bytes of other chunks follow the samples.
fn header(frames: u64, more: u32) -> [u8; HEADER_LEN as usize] {
    const CHANNELS: u16 = 2;
    const PCM: u16 = 1;
    let data = u32::try_from(frames.min(FRAMES_SAYABLE) * FRAME_LEN).expect("so many frames can be said");
    let mut header = [0; HEADER_LEN as usize];
    let mut at = 0;
    let mut put = |bytes: &[u8]| {
        header[at..at + bytes.len()].copy_from_slice(bytes);
        at += bytes.len();
    };
    put(b"RIFF");
    put(&(data + HEADER_LEN as u32 - 8).saturating_add(more).to_le_bytes());
    put(b"WAVEfmt ");
    put(&16_u32.to_le_bytes());
    put(&PCM.to_le_bytes());
    put(&CHANNELS.to_le_bytes());
    put(&SAMPLE_RATE_HZ.to_le_bytes());
    put(&(SAMPLE_RATE_HZ * FRAME_LEN as u32).to_le_bytes());
    put(&(FRAME_LEN as u16).to_le_bytes());
    put(&16_u16.to_le_bytes());
    put(b"data");
    put(&data.to_le_bytes());
    header
}

#[cfg(test)]
mod tests {
    use hotline_base::{CallId, RecordingId, Rng, WallTime};

    use super::*;

    #[test]
    fn any_reader_understands_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let frames: Vec<Frame> = (0..100).map(|sample| [sample, -sample]).collect();
        write_header(file.as_file(), 0).unwrap();
        assert_eq!(hound::WavReader::open(file.path()).unwrap().duration(), 0);
        write_frames(file.as_file(), 0, &frames, &mut Vec::new()).unwrap();
        write_header(file.as_file(), 100).unwrap();
        let mut reader = hound::WavReader::open(file.path()).unwrap();
        let spec = reader.spec();
        assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample), (2, 8000, 16));
        let samples: Vec<i16> = reader.samples().map(Result::unwrap).collect();
        assert_eq!(samples, frames.concat());
    }

    #[test]
    fn a_complete_file_says_what_it_is_and_plays_as_before() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let frames: Vec<Frame> = (0..101).map(|sample| [sample, -sample]).collect();
        write_frames(file.as_file(), 0, &frames, &mut Vec::new()).unwrap();
        write_header(file.as_file(), 101).unwrap();
        assert_eq!(read_manifest(file.as_file()).unwrap(), None, "under way");
        let at = WallTime(1_795_415_400_000_000);
        let recording = RecordingId::generate(at, &mut Rng::from_number(1));
        let call = CallId::generate(at, &mut Rng::from_number(2));
        for gap_ms in [None, Some(3), Some(33)] {
            let manifest = Manifest::new(recording, call, at, 101, gap_ms, digest(file.as_file(), 101).ok());
            file.as_file().set_len(HEADER_LEN + 404).unwrap();
            let length = write_manifest(file.as_file(), 101, &manifest).unwrap();
            assert_eq!(length, file.as_file().metadata().unwrap().len());
            assert_eq!(read_manifest(file.as_file()).unwrap(), Some(manifest));
            let mut riff = [0; 4];
            file.as_file().read_exact_at(&mut riff, 4).unwrap();
            assert_eq!(u64::from(u32::from_le_bytes(riff)), length - 8);
            let mut reader = hound::WavReader::open(file.path()).unwrap();
            let samples: Vec<i16> = reader.samples().map(Result::unwrap).collect();
            assert_eq!(samples, frames.concat());
        }
        for length in (HEADER_LEN + 404..file.as_file().metadata().unwrap().len()).rev() {
            file.as_file().set_len(length).unwrap();
            assert_eq!(read_manifest(file.as_file()).unwrap(), None, "cut at {length}");
        }
    }

    #[test]
    fn a_length_that_does_not_fit_stays_at_the_limit() {
        let lengths = |frames| {
            let header = header(frames, 0);
            [4, 40].map(|at| u32::from_le_bytes(header[at..at + 4].try_into().unwrap()))
        };
        assert_eq!(lengths(FRAMES_MAX), [2_764_800_036, 2_764_800_000]);
        assert_eq!(lengths(FRAMES_SAYABLE), [0xffff_fff4, 0xffff_ffd0], "whole frames");
        assert_eq!(lengths(FRAMES_SAYABLE + 1), lengths(FRAMES_SAYABLE));
        assert_eq!(lengths(u64::from(u32::MAX)), lengths(FRAMES_SAYABLE));
    }
}
