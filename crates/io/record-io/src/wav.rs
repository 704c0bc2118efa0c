//! A WAV file at 8 kHz that is valid at every moment, with a chunk of ours after its samples when it is complete.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use sha2::{Digest, Sha256};

use crate::bytes::Bytes;
use crate::format::{Coding, Format};
use crate::manifest::Manifest;

/// Samples of one channel a second.
pub(crate) const SAMPLE_RATE_HZ: u32 = 8000;

/// The longest recording: a day, 2.8 GB at most.
pub(crate) const FRAMES_MAX: u64 = 24 * 3600 * SAMPLE_RATE_HZ as u64;
const LARGEST: Format = Format { channels: crate::format::Channels::Stereo, coding: Coding::Pcm16 };
const _: () = assert!(FRAMES_MAX <= LARGEST.frames_sayable(), "the header of the longest recording is true");

/// Names the chunk with the manifest; players skip what they do not know.
const MANIFEST: [u8; 4] = *b"hotl";
/// Name and length.
const CHUNK_HEADER_LEN: u64 = 8;
/// How many bytes of samples are read at a time.
const DIGEST_CHUNK: usize = 64 * 1024;
/// The longest manifest that is read. The bounds of an index keep what is written far below.
const MANIFEST_MAX: u32 = 512 * 1024;

/// Left and right.
pub(crate) type Frame = [i16; 2];

/// Writes the header for `frames` frames. Call it after the frames are written, so that it never promises more
/// than there is. A file beyond 4 GiB, which is none of ours, gets that of the whole frames that fit.
pub(crate) fn write_header(file: &File, format: Format, frames: u64) -> io::Result<()> {
    file.write_all_at(&format.header(frames, 0), 0)
}

/// Completes a file of so many frames: the manifest behind them, then a header that includes it. Gives the length
/// of the file in bytes.
pub(crate) fn write_manifest(
    file: &File,
    format: Format,
    frames: u64,
    manifest: &Manifest,
) -> io::Result<u64> {
    let chunk = chunk(manifest)?;
    let end = format.header_len() + frames * format.frame_len();
    file.write_all_at(&chunk, end)?;
    file.write_all_at(&format.header(frames, chunk.len() as u32), 0)?;
    Ok(end + chunk.len() as u64)
}

/// The chunk with the manifest.
pub(crate) fn chunk(manifest: &Manifest) -> io::Result<Vec<u8>> {
    let mut json = serde_json::to_vec(manifest)?;
    if json.len() % 2 == 1 {
        // Chunks begin at even places.
        json.push(b' ');
    }
    let mut chunk = MANIFEST.to_vec();
    chunk.extend((json.len() as u32).to_le_bytes());
    chunk.append(&mut json);
    Ok(chunk)
}

/// The manifest of a complete file, where its header says; `None` for one that was under way.
pub(crate) fn read_manifest(file: &dyn Bytes, format: Format) -> io::Result<Option<Manifest>> {
    match frames_said(file, format)? {
        Some(frames) => read_chunk(file, format.header_len() + frames * format.frame_len()),
        None => Ok(None),
    }
}

/// A manifest at the very end of the file, whatever the header says, and the frames before it: a loss of power may leave an
/// older header than the rest.
pub(crate) fn find_manifest(file: &dyn Bytes, format: Format) -> io::Result<Option<(u64, Manifest)>> {
    let length = file.length()?;
    let begin = length.saturating_sub(u64::from(MANIFEST_MAX)).max(format.header_len()).min(length);
    // It fits: it is no more than the longest manifest.
    let mut end = vec![0; (length - begin) as usize];
    file.read_exact_at(&mut end, begin)?;
    for (place, _) in end.windows(MANIFEST.len()).enumerate().filter(|(_, name)| *name == MANIFEST) {
        let begin = begin + place as u64;
        let samples = begin - format.header_len();
        if samples.is_multiple_of(format.frame_len())
            && let Some(manifest) = read_chunk(file, begin)?
        {
            return Ok(Some((samples / format.frame_len(), manifest)));
        }
    }
    Ok(None)
}

fn read_chunk(file: &dyn Bytes, begin: u64) -> io::Result<Option<Manifest>> {
    let Some(after) = file.length()?.checked_sub(begin + CHUNK_HEADER_LEN) else { return Ok(None) };
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
pub(crate) fn frames_said(file: &dyn Bytes, format: Format) -> io::Result<Option<u64>> {
    if file.length()? < format.header_len() {
        return Ok(None);
    }
    let (mut name, mut data) = ([0; 4], [0; 4]);
    file.read_exact_at(&mut name, 0)?;
    file.read_exact_at(&mut data, format.header_len() - 4)?;
    Ok((name == *b"RIFF").then(|| u64::from(u32::from_le_bytes(data)) / format.frame_len()))
}

/// True if a crash came while the manifest of a file of so many frames was written.
pub(crate) fn has_torn_manifest(file: &dyn Bytes, format: Format, frames: u64) -> io::Result<bool> {
    let mut name = [0; MANIFEST.len()];
    match file.read_exact_at(&mut name, format.header_len() + frames * format.frame_len()) {
        Ok(()) => Ok(name == MANIFEST),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// SHA-256 of the samples of so many frames, in hexadecimal.
pub(crate) fn digest(file: &dyn Bytes, format: Format, frames: u64) -> io::Result<String> {
    let mut digest = Digester::default();
    let mut bytes = vec![0; DIGEST_CHUNK];
    let (mut at, end) = (format.header_len(), format.header_len() + frames * format.frame_len());
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

    pub(crate) fn hex(self) -> String {
        self.0.finalize().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
    }
}

/// Cuts the file to `frames` frames.
pub(crate) fn cut(file: &File, format: Format, frames: u64) -> io::Result<()> {
    file.set_len(format.header_len() + frames * format.frame_len())
}

/// Writes frames at their place; `bytes` is scratch space.
pub(crate) fn write_frames(
    file: &File,
    format: Format,
    first: u64,
    frames: &[Frame],
    bytes: &mut Vec<u8>,
) -> io::Result<()> {
    bytes.clear();
    format.encode(frames, bytes);
    file.write_all_at(bytes, format.header_len() + first * format.frame_len())
}

/// Writes silence from one frame to another, and digests it. That of 16 bits takes no space on the disk.
pub(crate) fn write_silence(
    file: &File,
    format: Format,
    (first, end): (u64, u64),
    digest: &mut Digester,
) -> io::Result<()> {
    if first >= end {
        return Ok(());
    }
    let silence = [format.silence(); DIGEST_CHUNK];
    let mut at = format.header_len() + first * format.frame_len();
    let end = format.header_len() + end * format.frame_len();
    if format.coding == Coding::Pcm16 && at < end {
        file.set_len(end)?;
    }
    while at < end {
        let piece = &silence[..(end - at).min(DIGEST_CHUNK as u64) as usize];
        if format.coding == Coding::Ulaw {
            file.write_all_at(piece, at)?;
        }
        digest.frames(piece);
        at += piece.len() as u64;
    }
    Ok(())
}

/// Digests so many bytes of silence.
pub(crate) fn digest_silence(format: Format, length: u64, digest: &mut Digester) {
    let silence = [format.silence(); DIGEST_CHUNK];
    let mut left = length;
    while left > 0 {
        let piece = left.min(DIGEST_CHUNK as u64);
        digest.frames(&silence[..piece as usize]);
        left -= piece;
    }
}

/// Milliseconds of a number of samples.
pub(crate) const fn millis(samples: u64) -> u64 {
    samples * 1000 / SAMPLE_RATE_HZ as u64
}

#[cfg(test)]
mod tests {
    use hotline_base::{CallId, RecordingId, Rng, WallTime};
    use hotline_media::RecordingIndex;

    use super::*;
    use crate::format::Channels;

    /// What a player makes of a file: channels and samples. µ-law is read as RFC 2361 says, since `hound` does not.
    fn play(path: &std::path::Path) -> (u16, Vec<i16>) {
        let bytes = std::fs::read(path).unwrap();
        let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        if bytes[20] == 1 {
            let mut reader = hound::WavReader::open(path).unwrap();
            let spec = reader.spec();
            assert_eq!((spec.sample_rate, spec.bits_per_sample), (8000, 16));
            return (spec.channels, reader.samples().map(Result::unwrap).collect());
        }
        let mut chunks = Vec::new();
        let mut at = 12;
        while at < 8 + number(4) {
            chunks.push((&bytes[at..at + 4], at + 8, number(at + 4)));
            at += 8 + number(at + 4).next_multiple_of(2);
        }
        let chunk = |name: &[u8]| *chunks.iter().find(|(known, ..)| *known == name).unwrap();
        let (_, fmt, length) = chunk(b"fmt ");
        assert_eq!((length, bytes[fmt], bytes[fmt + 14], bytes[fmt + 16]), (18, 7, 8, 0));
        assert_eq!((number(fmt + 4), number(fmt + 8)), (8000, 8000 * usize::from(bytes[fmt + 2])));
        let (_, data, length) = chunk(b"data");
        let (_, fact, _) = chunk(b"fact");
        assert_eq!(number(fact) * usize::from(bytes[fmt + 2]), length);
        let samples = bytes[data..data + length].iter().map(|byte| hotline_audio::ulaw::decode(*byte));
        (u16::from(bytes[fmt + 2]), samples.collect())
    }

    fn expected(format: Format, frames: &[Frame]) -> Vec<i16> {
        let written = |sample: i16| match format.coding {
            Coding::Pcm16 => sample,
            Coding::Ulaw => hotline_audio::ulaw::decode(hotline_audio::ulaw::encode(sample)),
        };
        let all = frames.iter().flat_map(|[left, right]| match format.channels {
            Channels::Stereo => vec![*left, *right],
            Channels::Mono => vec![left.saturating_add(*right)],
        });
        all.map(written).collect()
    }

    #[test]
    fn any_reader_understands_it() {
        for format in Format::ALL {
            let file = tempfile::NamedTempFile::new().unwrap();
            let frames: Vec<Frame> = (0..100).map(|sample| [sample * 300, 9000 - sample]).collect();
            write_header(file.as_file(), format, 0).unwrap();
            assert!(play(file.path()).1.is_empty(), "{format:?}");
            assert_eq!(Format::read(file.as_file()).unwrap(), Some(format));
            write_frames(file.as_file(), format, 0, &frames, &mut Vec::new()).unwrap();
            write_silence(file.as_file(), format, (100, 110), &mut Digester::default()).unwrap();
            write_header(file.as_file(), format, 110).unwrap();
            let (channels, samples) = play(file.path());
            assert_eq!(u64::from(channels), u64::from(format.channels == Channels::Stereo) + 1);
            assert_eq!(samples, expected(format, &[frames, vec![[0, 0]; 10]].concat()), "{format:?}");
        }
    }

    #[test]
    fn a_complete_file_says_what_it_is_and_plays_as_before() {
        for format in Format::ALL {
            complete(format);
        }
    }

    fn complete(format: Format) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let frames: Vec<Frame> = (0..102).map(|sample| [sample, -sample]).collect();
        write_frames(file.as_file(), format, 0, &frames, &mut Vec::new()).unwrap();
        write_header(file.as_file(), format, 102).unwrap();
        assert_eq!(read_manifest(file.as_file(), format).unwrap(), None, "under way");
        let at = WallTime(1_795_415_400_000_000);
        let recording = RecordingId::generate(at, &mut Rng::from_number(1));
        let call = CallId::generate(at, &mut Rng::from_number(2));
        let end = format.header_len() + 102 * format.frame_len();
        for gap_ms in [None, Some(3), Some(33)] {
            let sha256 = digest(file.as_file(), format, 102).ok();
            let index = RecordingIndex::default();
            let of = (recording, Some(call), at);
            let manifest = match gap_ms {
                Some(gap_ms) => Manifest::finished(of, format, 102, (gap_ms, 20, index), sha256.unwrap()),
                None => Manifest::mended(of, format, 102),
            };
            file.as_file().set_len(end).unwrap();
            let length = write_manifest(file.as_file(), format, 102, &manifest).unwrap();
            assert_eq!(length, file.as_file().metadata().unwrap().len());
            assert_eq!(read_manifest(file.as_file(), format).unwrap(), Some(manifest.clone()));
            assert_eq!(find_manifest(file.as_file(), format).unwrap(), Some((102, manifest)));
            let mut riff = [0; 4];
            Bytes::read_exact_at(file.as_file(), &mut riff, 4).unwrap();
            assert_eq!(u64::from(u32::from_le_bytes(riff)), length - 8);
            assert_eq!(play(file.path()).1, expected(format, &frames));
        }
        for length in (end..file.as_file().metadata().unwrap().len()).rev() {
            file.as_file().set_len(length).unwrap();
            assert_eq!(read_manifest(file.as_file(), format).unwrap(), None, "cut at {length}");
        }
    }

    #[test]
    fn a_length_that_does_not_fit_stays_at_the_limit() {
        let lengths = |format: Format, frames| {
            let header = format.header(frames, 0);
            let number = |at: usize| u32::from_le_bytes(header[at..at + 4].try_into().unwrap());
            [number(4), number(header.len() - 4)]
        };
        let [stereo, mono, stereo_ulaw, mono_ulaw] = Format::ALL;
        assert_eq!(lengths(stereo, FRAMES_MAX), [2_764_800_036, 2_764_800_000]);
        assert_eq!(lengths(mono, FRAMES_MAX), [1_382_400_036, 1_382_400_000]);
        assert_eq!(lengths(stereo_ulaw, FRAMES_MAX), [1_382_400_050, 1_382_400_000]);
        assert_eq!(lengths(mono_ulaw, FRAMES_MAX), [691_200_050, 691_200_000]);
        let most = stereo.frames_sayable();
        assert_eq!(lengths(stereo, most), [0xffff_fff4, 0xffff_ffd0], "whole frames");
        assert_eq!(lengths(stereo, most + 1), lengths(stereo, most));
        assert_eq!(lengths(stereo, u64::from(u32::MAX)), lengths(stereo, most));
    }
}
