//! A stereo 16-bit WAV file at 8 kHz that is valid at every moment.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Bytes before the samples.
pub(crate) const HEADER_LEN: u64 = 44;
/// Bytes of one sample of both channels.
pub(crate) const FRAME_LEN: u64 = 4;
/// Samples of one channel a second.
pub(crate) const SAMPLE_RATE_HZ: u32 = 8000;

/// The longest recording: a day, 2.8 GB.
pub(crate) const FRAMES_MAX: u64 = 24 * 3600 * SAMPLE_RATE_HZ as u64;
/// The most frames whose length the header can say: 37 hours.
const FRAMES_SAYABLE: u64 = (u32::MAX as u64 - HEADER_LEN) / FRAME_LEN;
const _: () = assert!(FRAMES_MAX <= FRAMES_SAYABLE, "the header of the longest recording is true");

/// Left and right.
pub(crate) type Frame = [i16; 2];

/// Writes the header for `frames` frames. Call it after the frames are written, so that it never promises more
/// than there is. A file beyond 4 GiB, which is none of ours, gets that of the whole frames that fit.
pub(crate) fn write_header(file: &File, frames: u64) -> io::Result<()> {
    file.write_all_at(&header(frames), 0)
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

fn header(frames: u64) -> [u8; HEADER_LEN as usize] {
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
    put(&(data + HEADER_LEN as u32 - 8).to_le_bytes());
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
    fn a_length_that_does_not_fit_stays_at_the_limit() {
        let lengths = |frames| {
            let header = header(frames);
            [4, 40].map(|at| u32::from_le_bytes(header[at..at + 4].try_into().unwrap()))
        };
        assert_eq!(lengths(FRAMES_MAX), [2_764_800_036, 2_764_800_000]);
        assert_eq!(lengths(FRAMES_SAYABLE), [0xffff_fff4, 0xffff_ffd0], "whole frames");
        assert_eq!(lengths(FRAMES_SAYABLE + 1), lengths(FRAMES_SAYABLE));
        assert_eq!(lengths(u64::from(u32::MAX)), lengths(FRAMES_SAYABLE));
    }
}
